// The map without the page: where cells are, what keys mean, what layers look like. Pure; the unit
// tests run it in node. Numbers of the drawing are those of src/render/map-svg.c.

export const CELL = 4;
export const SIDE = 256;
// The drawing as a whole, and where the cells begin in it.
export const BOX = { x: 0, y: 0, w: 1160, h: 1048, left: 92, top: 10 };
const DEEPEST = 64;
const RINGS_MOST = 4000;

// The port at a point of the drawing; -1 beside the cells.
export function cellAt({ x, y }) {
	const col = Math.floor((x - BOX.left) / CELL);
	const row = Math.floor((y - BOX.top) / CELL);
	return col >= 0 && col < SIDE && row >= 0 && row < SIDE ? row * SIDE + col : -1;
}

// A view that is neither outside the drawing nor closer than can be drawn.
export function clampView(view) {
	const w = Math.min(BOX.w, Math.max(BOX.w / DEEPEST, view.w));
	const h = w * BOX.h / BOX.w;
	return { x: Math.min(BOX.w - w, Math.max(0, view.x)), y: Math.min(BOX.h - h, Math.max(0, view.y)), w, h };
}

// The view that is `factor` times closer, with `centre` where it was.
export function zoomView(view, factor, centre) {
	const w = Math.min(BOX.w, Math.max(BOX.w / DEEPEST, view.w / factor));
	const real = view.w / w;
	return clampView({ x: centre.x - (centre.x - view.x) / real, y: centre.y - (centre.y - view.y) / real, w });
}

// Where a key leads from a port; -1: it is no key of movement. Edges hold.
export function keyMove(key, hasCtrl, port) {
	const row = port >> 8;
	const within = n => Math.min(SIDE * SIDE - 1, Math.max(0, n));
	switch (key) {
	case 'ArrowLeft': return within(port - 1);
	case 'ArrowRight': return within(port + 1);
	case 'ArrowUp': return row > 0 ? port - SIDE : port;
	case 'ArrowDown': return row < SIDE - 1 ? port + SIDE : port;
	case 'PageUp': return port - SIDE * Math.min(row, 16);
	case 'PageDown': return port + SIDE * Math.min(SIDE - 1 - row, 16);
	case 'Home': return hasCtrl ? 0 : row * SIDE;
	case 'End': return hasCtrl ? SIDE * SIDE - 1 : row * SIDE + SIDE - 1;
	default: return -1;
	}
}

// [first, last, first, last, ...] as pairs.
export function parseRuns(flat) {
	const runs = [];
	for (let i = 0; i + 1 < (flat?.length ?? 0); i += 2)
		runs.push([flat[i], flat[i + 1]]);
	return runs;
}

// Call draw(x, y, w, h), in cells, for each rectangle of runs: parts of rows, whole rows together.
function forEachBox(runs, draw) {
	for (const [first, last] of runs) {
		for (let at = first; at <= last;) {
			const x = at % SIDE, n = last + 1 - at;
			const rows = x === 0 && n >= SIDE ? Math.floor(n / SIDE) : 1;
			const w = rows > 1 ? SIDE : Math.min(n, SIDE - x);
			draw(x, Math.floor(at / SIDE), w, rows);
			at += rows > 1 ? rows * SIDE : w;
		}
	}
}

// Full cells, as a path.
export function layerPath(runs) {
	let d = '';
	forEachBox(runs, (x, y, w, h) => {
		d += `M${x * CELL} ${y * CELL}h${w * CELL}v${h * CELL}h-${w * CELL}z`;
	});
	return d;
}

// Rings around cells, longer ones around neighbours; too many of them are cells again.
export function ringPath(runs, radius) {
	let d = '';
	if (runs.length > RINGS_MOST)
		return layerPath(runs);
	forEachBox(runs, (x, y, w, h) => {
		const length = (w - 1) * CELL, height = 2 * radius + (h - 1) * CELL;
		const arc = `a${radius} ${radius} 0 0 1 0`;
		d += `M${x * CELL + 2} ${y * CELL + 2 - radius}h${length}${arc} ${height}h-${length}${arc}-${height}z`;
	});
	return d;
}

// The page's words by their keys.
export function words(elements) {
	const out = {};
	for (const element of elements)
		out[element.dataset.word] = element.textContent;
	return out;
}
