// The table of what listens: kept true by events, filtered while somebody types, sorted without a new
// page. The server does the filtering and sorting, for the whole list; without this script its form
// and links do the same.
import { follow, refetch } from './parts.js';

const root = document.getElementById('here');
const form = document.getElementById('here-tools');
const input = document.getElementById('here-filter');
let nAsked = 0; // of several questions under way the newest counts

const rows = () => [...document.querySelectorAll('#here-rows > tr')];
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

async function load() {
	const mine = ++nAsked;
	const changed = await refetch(root.dataset.rows, () => mine === nAsked);
	if (!changed)
		root.dataset.lost = 'yes';
	else
		delete root.dataset.lost;
	return changed;
}

async function refresh() {
	const before = keys();
	if ((await load())?.length)
		markNew(before);
}

// Other rows from now on: in this table, in its address, and after the next event.
async function ask(query) {
	root.dataset.rows = `${root.dataset.rows.split('?')[0]}?${query}`;
	history.replaceState(null, '', query.size ? `?${query}` : location.pathname);
	await load();
}

function filter() {
	const query = new URLSearchParams();
	for (const [key, value] of new FormData(form)) {
		if (value)
			query.set(key, value);
	}
	return ask(query);
}

// The order that is asked for goes with the words that are typed next.
function keepSort(query) {
	let hidden = form.querySelector('input[name="sort"]');
	if (!hidden) {
		hidden = document.createElement('input');
		hidden.type = 'hidden';
		hidden.name = 'sort';
		form.append(hidden);
	}
	hidden.value = query.get('sort') ?? '';
}

function sort(event) {
	const link = event.target.closest?.('a.sort');
	if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
		return;
	event.preventDefault();
	const query = new URL(link.href).searchParams;
	keepSort(query);
	ask(query);
}

function begin() {
	form.addEventListener('submit', event => {
		event.preventDefault();
		filter();
	});
	input.addEventListener('input', filter);
	document.getElementById('here-table').addEventListener('click', sort);
	follow(root.dataset.events, 0, refresh);
	root.dataset.ready = 'yes';
}

if (root && form && input)
	begin();
