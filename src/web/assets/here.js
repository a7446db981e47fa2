// The table of what listens: kept true by events, filtered, sorted. Without this script it is a table
// in the order of ports.
import { follow, refetch } from './parts.js';
import { compare, fill, parseFilter, passes } from './table.js';

const root = document.getElementById('here');
const input = document.getElementById('here-filter');
const language = document.documentElement.lang;
let sort = null; // { column, kind, isDown }; at first what the headers say

const table = () => document.getElementById('here-table');
const bodies = () => [...table().tBodies];
const rows = () => bodies().flatMap(body => [...body.rows]);

function cellText(row, column) {
	const cell = row.cells[column];
	return cell?.dataset.value ?? cell?.textContent.trim() ?? '';
}

function applyFilter() {
	const filter = parseFilter(input?.value ?? '');
	const all = rows();
	let n = 0;
	for (const row of all) {
		row.hidden = !passes(filter, row.textContent);
		n += Number(!row.hidden);
	}
	const shown = document.getElementById('here-shown');
	if (shown && root.dataset.shown) {
		const text = filter.length ? fill(root.dataset.shown, { n, all: all.length }) : '';
		if (shown.textContent !== text)
			shown.textContent = text;
	}
}

function applySort() {
	if (!sort)
		return;
	const active = document.activeElement; // what is moved loses the focus
	for (const body of bodies()) {
		const sorted = [...body.rows].sort((a, b) =>
			compare(sort.kind, cellText(a, sort.column), cellText(b, sort.column), language) *
			(sort.isDown ? -1 : 1));
		body.append(...sorted);
	}
	if (active !== document.activeElement)
		active.focus({ preventScroll: true });
}

function markHeaders() {
	for (const th of table().tHead.querySelectorAll('th[data-sort]')) {
		if (sort?.column === th.cellIndex)
			th.setAttribute('aria-sort', sort.isDown ? 'descending' : 'ascending');
		else
			th.removeAttribute('aria-sort');
	}
}

function offerSorting() {
	for (const th of table().tHead.querySelectorAll('th[data-sort]')) {
		const button = document.createElement('button');
		button.type = 'button';
		button.className = 'sort';
		button.append(...th.childNodes);
		th.append(button);
		button.addEventListener('click', () => {
			sort = { column: th.cellIndex, kind: th.dataset.sort,
				isDown: sort?.column === th.cellIndex && !sort.isDown };
			markHeaders();
			applySort();
		});
	}
}

const keys = () => new Set(rows().map(row => row.dataset.key).filter(Boolean));

// New rows are marked for a while; the style decides how, and whether anything moves.
function markNew(before) {
	for (const row of rows()) {
		if (row.dataset.key && !before.has(row.dataset.key)) {
			row.classList.add('is-new');
			setTimeout(() => row.classList.remove('is-new'), 4000);
		}
	}
}

async function refresh() {
	const before = keys();
	const changed = await refetch(root.dataset.rows);
	if (!changed)
		root.dataset.lost = 'yes';
	else
		delete root.dataset.lost;
	if (!changed?.length)
		return;
	applySort();
	applyFilter();
	markNew(before);
}

function sortedAtFirst() {
	const th = table().tHead?.querySelector('th[data-sort][aria-sort]');
	return th ? { column: th.cellIndex, kind: th.dataset.sort,
		isDown: th.getAttribute('aria-sort') === 'descending' } : null;
}

function begin() {
	sort = sortedAtFirst();
	const tools = document.getElementById('here-tools');
	if (tools)
		tools.hidden = false;
	if (input) {
		input.hidden = false;
		input.addEventListener('input', applyFilter);
		applyFilter();
	}
	if (table().tHead)
		offerSorting();
	if (root.dataset.rows)
		follow(root.dataset.events, 0, refresh);
	root.dataset.ready = 'yes';
}

if (root && table())
	begin();
