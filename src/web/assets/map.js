// The map of all ports: zoom, a cursor for mouse and keyboard, what a cell is, what changes.
// Without this script the picture, the table and the search form do without it.
//
// In the page: #map (its data-... say where things are), #map-view with the picture, #map-tools,
// #map-in #map-out #map-whole, #map-form with #map-q, #map-info, #map-say (announced), #map-now,
// #map-words with <li data-word="...">, [data-count="LAYER"].
import { BOX, CELL, cellAt, clampView, keyMove, layerPath, parseRuns, ringPath, words, zoomView }
	from './map-model.js';
import { fill, findEntries } from './search-model.js';

const SVG = 'http://www.w3.org/2000/svg';
const root = document.getElementById('map');
const view = document.getElementById('map-view');
const svg = view?.querySelector('svg');
const plot = svg?.querySelector('.map-plot');
const info = document.getElementById('map-info');
const say = document.getElementById('map-say');
const said = words(document.querySelectorAll('#map-words [data-word]'));

// Of what listens, as text.
const LISTED_MOST = 120;

// From which size of a cell, in pixels, there are lines between cells, numbers, names.
const GRID_FROM = 14, NUMBERED_FROM = 36, NAMED_FROM = 70;

let box = { ...BOX };       // what of the drawing is seen, as a viewBox
let cursor = -1;            // the chosen port
let pinned = false;         // it was chosen, not only pointed at
const rows = new Map();     // row -> a promise of its ports by number

function element(name, attributes, parent) {
	const e = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes))
		e.setAttribute(key, value);
	parent?.append(e);
	return e;
}

function portUrl(port) {
	return root.dataset.port + port + (root.dataset.suffix ?? '');
}

// An atlas of files may have pages of some ports only.
function hasPage(port) {
	return port >= Number(root.dataset.first ?? 0) && port <= Number(root.dataset.last ?? 65535);
}

function openPage(port) {
	if (hasPage(port))
		location.href = portUrl(port);
}

// What is said of the cells of a row. Nothing, where it cannot be had.
function fetchRow(row) {
	if (!rows.has(row)) {
		const url = root.dataset.rows + row + (root.dataset.rowsSuffix ?? '');
		rows.set(row, fetch(url)
			.then(answer => answer.ok ? answer.json() : Promise.reject(new Error(answer.status)))
			.then(json => new Map(json.ports.map(port => [port.port, port])))
			.catch(() => {
				rows.delete(row);
				return new Map();
			}));
	}
	return rows.get(row);
}

async function about(port) {
	const known = (await fetchRow(port >> 8)).get(port);
	return known ?? { port, is: [], names: [], uses: [], claims: [], here: [] };
}

// A list of words for people: of what is known of a port, in the page's language.
function describe(cell) {
	const is = new Set(cell.is);
	const lines = [];
	if (cell.claims.length)
		lines.push(`${said.claimed}: ${cell.claims.join(', ')}`);
	if (is.has('assigned'))
		lines.push(said.assigned);
	if (cell.uses.length)
		lines.push(`${said.known}: ${cell.uses.join(', ')}`);
	if (is.has('reserved'))
		lines.push(said.reserved);
	if (!lines.length)
		lines.push(cell.port >= 49152 ? said.dynamic : said.vacant);
	if (inLayer('ephemeral', cell.port))
		lines.push(said.ephemeral);
	if (inLayer('kept', cell.port))
		lines.push(said.kept);
	if (is.has('blocked'))
		lines.push(said.blocked);
	if (is.has('conflict'))
		lines.push(said.conflict);
	if (live.could_look)
		lines.push(!is.has('listening') ? said.quiet
			: cell.here.length ? `${said.listening}: ${cell.here.join(', ')}` : said.listening);
	return lines;
}

let live = { could_look: false, layers: {} };

function inLayer(name, port) {
	return parseRuns(live.layers[name]).some(([first, last]) => first <= port && port <= last);
}

const marker = plot && element('g', { class: 'map-cursor', fill: 'none', visibility: 'hidden' }, plot);
for (const part of marker ? ['map-cursor-halo', 'map-cursor-line'] : [])
	element('rect', { class: part, width: CELL, height: CELL }, marker);
const numbers = plot && element('g', { class: 'map-numbers', 'aria-hidden': 'true' }, plot);

// The panel below the picture.
async function tell(port) {
	const cell = await about(port);
	if (port !== cursor)
		return null;
	const link = document.createElement(hasPage(port) ? 'a' : 'span');
	if (hasPage(port))
		link.href = portUrl(port);
	link.className = 'map-port';
	link.textContent = port;
	const name = document.createElement('strong');
	name.textContent = cell.names.join(', ');
	const text = document.createElement('span');
	text.textContent = [...describe(cell), ...hasPage(port) ? [] : [said.pageless]].join(' · ');
	info.replaceChildren(link, ' ', name, name.textContent ? ' ' : '', text);
	return `${port} ${name.textContent} ${text.textContent}`;
}

function showCursor(port, isPinned) {
	cursor = port;
	pinned = isPinned;
	marker.setAttribute('transform', `translate(${(port & 255) * CELL} ${(port >> 8) * CELL})`);
	marker.setAttribute('visibility', 'visible');
	return tell(port);
}

let saying = 0;
function announce(text) {
	clearTimeout(saying);
	saying = setTimeout(() => { say.textContent = text; }, 150);
}

function setBox(next) {
	const wasZoomed = view.classList.contains('map-zoomed');
	box = clampView(next);
	svg.setAttribute('viewBox', `${box.x} ${box.y} ${box.w} ${box.h}`);
	const isWhole = box.w >= BOX.w;
	if (view.classList.toggle('map-zoomed', cellSize() >= 12) !== wasZoomed)
		drawRings();
	document.getElementById('map-out').disabled = isWhole;
	document.getElementById('map-whole').disabled = isWhole;
	document.getElementById('map-in').disabled = box.w <= BOX.w / 64;
	scheduleNumbers();
}

// The width of a cell on the screen, in pixels.
function cellSize() {
	return CELL * svg.getBoundingClientRect().width / box.w;
}

// Rings are wide to be found on the whole map, and hug their cells when those are large.
function drawRings() {
	const isZoomed = view.classList.contains('map-zoomed');
	if (!live.layers.listening)
		return;
	const d = ringPath(parseRuns(live.layers.listening), isZoomed ? 2.4 : 6);
	for (const path of svg.querySelectorAll('.map-listening > path'))
		path.setAttribute('d', d);
}

// Where on the drawing a point of the screen is; the middle without one.
function drawingPoint(x, y) {
	const r = svg.getBoundingClientRect();
	return { x: box.x + (x - r.left) / r.width * box.w, y: box.y + (y - r.top) / r.height * box.h };
}

function cellCentre(port) {
	return { x: BOX.left + ((port & 255) + 0.5) * CELL, y: BOX.top + ((port >> 8) + 0.5) * CELL };
}

function zoom(factor, centre) {
	setBox(zoomView(box, factor, centre ?? (pinned ? cellCentre(cursor)
		: { x: box.x + box.w / 2, y: box.y + box.h / 2 })));
}

// Bring a cell into view, without a jump when it is there already.
function reveal(port) {
	const c = cellCentre(port);
	const margin = 3 * CELL;
	if (c.x < box.x + margin || c.x > box.x + box.w - margin || c.y < box.y + margin ||
	    c.y > box.y + box.h - margin)
		setBox({ ...box, x: c.x - box.w / 2, y: c.y - box.h / 2 });
}

// Choose a port; `isNear`: so close that its number and name can be read.
async function go(port, isNear) {
	const c = cellCentre(port);
	const w = Math.min(box.w, CELL * svg.getBoundingClientRect().width / NAMED_FROM);
	if (isNear)
		setBox({ w, x: c.x - w / 2, y: c.y - w * BOX.h / BOX.w / 2 });
	reveal(port);
	const text = await showCursor(port, true);
	history.replaceState(null, '', `#port-${port}`);
	if (text)
		announce(text);
}

// Numbers and names inside cells that are large enough for them.
let numbering = 0;
function scheduleNumbers() {
	cancelAnimationFrame(numbering);
	numbering = requestAnimationFrame(drawNumbers);
}

async function drawNumbers() {
	const size = cellSize();
	numbers.replaceChildren();
	if (size < GRID_FROM)
		return;
	const drawn = box;
	const first = { col: Math.max(0, Math.floor((box.x - BOX.left) / CELL)),
		row: Math.max(0, Math.floor((box.y - BOX.top) / CELL)) };
	const last = { col: Math.min(255, Math.floor((box.x + box.w - BOX.left) / CELL)),
		row: Math.min(255, Math.floor((box.y + box.h - BOX.top) / CELL)) };
	let grid = '';
	for (let row = first.row; row <= last.row + 1; row++)
		grid += `M${first.col * CELL} ${row * CELL}h${(last.col + 1 - first.col) * CELL}`;
	for (let col = first.col; col <= last.col + 1; col++)
		grid += `M${col * CELL} ${first.row * CELL}v${(last.row + 1 - first.row) * CELL}`;
	element('path', { class: 'map-grid', fill: 'none', d: grid }, numbers);
	if (size < NUMBERED_FROM)
		return;
	for (let row = first.row; row <= last.row; row++)
		fetchRow(row); // all of them at once
	for (let row = first.row; row <= last.row; row++) {
		const known = await fetchRow(row);
		if (box !== drawn)
			return;
		for (let col = first.col; col <= last.col; col++) {
			const port = row * 256 + col;
			const number = element('text', { x: (col + 0.5) * CELL, y: (row + 0.42) * CELL,
				class: 'map-number' }, numbers);
			number.textContent = port;
			const name = known.get(port)?.claims[0] ?? known.get(port)?.names[0] ??
				known.get(port)?.uses[0];
			if (name && size >= NAMED_FROM - 6)
				element('text', { x: (col + 0.5) * CELL, y: (row + 0.78) * CELL,
					class: 'map-name' }, numbers).textContent =
					name.length > 11 ? `${name.slice(0, 10)}…` : name;
		}
	}
}

// What listens, what is claimed: drawn anew, counted anew.
async function refresh() {
	const answer = await fetch(root.dataset.layers).catch(() => null);
	if (!answer?.ok)
		return;
	live = await answer.json();
	rows.clear();
	for (const [name, flat] of Object.entries(live.layers)) {
		const runs = parseRuns(flat);
		const n = runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);
		for (const path of svg.querySelectorAll(`.map-${name} > path`))
			if (name !== 'listening')
				path.setAttribute('d', layerPath(runs));
		for (const count of document.querySelectorAll(`[data-count="${name}"]`))
			count.textContent = n;
	}
	drawRings();
	await listNow();
	scheduleNumbers();
	if (cursor >= 0)
		tell(cursor);
}

// The list of what listens, as text.
async function listNow() {
	const list = document.getElementById('map-now');
	const all = parseRuns(live.layers.listening)
		.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
	const ports = all.slice(0, LISTED_MOST);
	const items = [];
	for (const port of ports) {
		const cell = await about(port);
		const item = document.createElement('li');
		const link = document.createElement('a');
		link.href = portUrl(port);
		link.textContent = port;
		item.append(link, ' ', [cell.claims[0] ?? cell.names[0] ?? cell.uses[0], cell.here.join(', ')]
			.filter(Boolean).join(' · '));
		items.push(item);
	}
	list?.replaceChildren(...items);
	const more = document.getElementById('map-now-more');
	if (more) {
		const link = document.createElement('a');
		link.href = more.dataset.here;
		link.textContent = fill(more.dataset.more, { n: all.length - ports.length });
		more.replaceChildren(...all.length > ports.length ? [link] : []);
	}
}

function listenForEvents() {
	let source = null;
	let pending = 0;
	const soon = () => {
		pending ||= setTimeout(() => {
			pending = 0;
			if (!document.hidden)
				refresh();
		}, 100);
	};
	const follow = () => {
		if (document.hidden) {
			source?.close();
			source = null;
		} else if (!source) {
			source = new EventSource(root.dataset.events);
			source.addEventListener('reset', soon);
			source.addEventListener('changed', soon);
		}
	};
	document.addEventListener('visibilitychange', follow);
	follow();
}

const pointers = new Map();
let drag = null;

function pinch() {
	const [a, b] = [...pointers.values()];
	return { d: Math.hypot(a.x - b.x, a.y - b.y) || 1, x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function portUnder(event) {
	return cellAt(drawingPoint(event.clientX, event.clientY));
}

function onDown(event) {
	if (event.button !== 0)
		return;
	pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
	drag = { x: event.clientX, y: event.clientY, box, moved: false,
		pinch: pointers.size === 2 ? pinch() : null };
}

function onMove(event) {
	if (pointers.has(event.pointerId))
		pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
	if (drag?.pinch && pointers.size === 2) {
		const now = pinch();
		drag.moved = true;
		setBox(zoomView(box, now.d / drag.pinch.d, drawingPoint(now.x, now.y)));
		drag.pinch = now;
	} else if (drag && pointers.size === 1 && box.w < BOX.w) {
		const r = svg.getBoundingClientRect();
		const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
		if (!drag.moved && Math.hypot(dx, dy) < 4)
			return;
		if (!drag.moved)
			view.setPointerCapture(event.pointerId);
		drag.moved = true;
		setBox({ ...box, x: drag.box.x - dx / r.width * box.w, y: drag.box.y - dy / r.height * box.h });
	} else if (!drag && event.pointerType === 'mouse') {
		const port = portUnder(event);
		if (port >= 0 && port !== cursor)
			showCursor(port, false);
	}
}

function onUp(event) {
	const wasClick = drag && !drag.moved && pointers.size === 1 && event.type === 'pointerup';
	pointers.delete(event.pointerId);
	if (!pointers.size)
		drag = null;
	const port = wasClick ? portUnder(event) : -1;
	if (port < 0)
		return;
	/* A mouse was told what is there before it clicks; a finger is told by its first tap. */
	if (port === cursor && (pinned || event.pointerType === 'mouse'))
		openPage(port);
	else
		go(port);
}

function onKey(event) {
	if (event.altKey || event.metaKey)
		return;
	const at = cursor < 0 ? 0 : cursor;
	const next = keyMove(event.key, event.ctrlKey, at);
	if (next >= 0)
		go(cursor < 0 && event.key.startsWith('Arrow') ? 0 : next);
	else if (event.key === 'Enter' && cursor >= 0)
		openPage(cursor);
	else if (event.key === '+' || event.key === '=')
		zoom(2);
	else if (event.key === '-')
		zoom(1 / 2);
	else if (event.key === '0' || (event.key === 'Escape' && box.w < BOX.w))
		setBox(BOX);
	else
		return;
	event.preventDefault();
}

// The same in the lists of a static atlas.
async function findInIndex(text) {
	const hits = await findEntries(root.dataset.index, text).catch(() => []);
	return hits.find(hit => hit.entry[0] >= 0)?.entry[0] ?? -1;
}

// A name: the first port that search knows for it.
async function findPort(text) {
	if (/^\d{1,5}$/.test(text) && Number(text) < 65536)
		return Number(text);
	if (root.dataset.index)
		return findInIndex(text);
	if (!root.dataset.find)
		return -1;
	const answer = await fetch(root.dataset.find + encodeURIComponent(text)).catch(() => null);
	if (!answer?.ok)
		return -1;
	const found = await answer.json();
	const hit = (Array.isArray(found) ? found : found.found ?? [])
		.map(one => one.claim ?? one.assignment ?? one.known_use)
		.find(one => Array.isArray(one?.ports) && one.ports.length);
	return hit ? hit.ports[0] : -1;
}

async function onSearch(event) {
	const form = event.target;
	event.preventDefault();
	const port = await findPort(form.elements.q.value.trim());
	if (port < 0) {
		form.submit();
		return;
	}
	await go(port, true);
	view.focus({ preventScroll: true });
	view.scrollIntoView({ block: 'nearest' });
}

function fromHash() {
	const port = /^#port-(\d{1,5})$/.exec(location.hash);
	if (port && Number(port[1]) < 65536)
		go(Number(port[1]), true);
}

function begin() {
	svg.querySelector('.map-rows')?.remove();
	document.getElementById('map-tools').hidden = false;
	view.tabIndex = 0;
	view.setAttribute('role', 'application');
	view.setAttribute('aria-label', said.label);
	view.setAttribute('aria-describedby', 'map-keys');
	view.addEventListener('pointerdown', onDown);
	view.addEventListener('pointermove', onMove);
	view.addEventListener('pointerup', onUp);
	view.addEventListener('pointercancel', onUp);
	view.addEventListener('keydown', onKey);
	view.addEventListener('focus', () => {
		if (cursor >= 0)
			announce(info.textContent);
	});
	view.addEventListener('wheel', event => {
		if (!event.ctrlKey)
			return;
		event.preventDefault();
		zoom(2 ** (-event.deltaY / 120), drawingPoint(event.clientX, event.clientY));
	}, { passive: false });
	document.getElementById('map-in').addEventListener('click', () => zoom(2));
	document.getElementById('map-out').addEventListener('click', () => zoom(1 / 2));
	document.getElementById('map-whole').addEventListener('click', () => setBox(BOX));
	document.getElementById('map-form')?.addEventListener('submit', onSearch);
	addEventListener('hashchange', fromHash);
	addEventListener('resize', scheduleNumbers);
	setBox(BOX);
	fromHash();
	root.dataset.ready = 'yes';
	if (root.dataset.events)
		listenForEvents();
}

if (root && svg && plot)
	begin();
