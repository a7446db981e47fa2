// What the scripts of the pages know without a page. Run by scripts.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOX, cellAt, clampView, keyMove, layerPath, parseRuns, ringPath, zoomView } from './map-model.js';
import { fill, rank, splitWords } from './search-model.js';

test('cells: corners, edges, beside', () => {
	assert.equal(cellAt({ x: 92, y: 10 }), 0);
	assert.equal(cellAt({ x: 92 + 1023.9, y: 10 }), 255);
	assert.equal(cellAt({ x: 92, y: 14 }), 256);
	assert.equal(cellAt({ x: 92 + 1023.9, y: 10 + 1023.9 }), 65535);
	assert.equal(cellAt({ x: 91.9, y: 10 }), -1);
	assert.equal(cellAt({ x: 92 + 1024, y: 10 }), -1);
	assert.equal(cellAt({ x: 200, y: 9 }), -1);
});

test('keys: every one, and the edges hold', () => {
	assert.equal(keyMove('ArrowRight', false, 3476), 3477);
	assert.equal(keyMove('ArrowLeft', false, 0), 0);
	assert.equal(keyMove('ArrowRight', false, 65535), 65535);
	assert.equal(keyMove('ArrowUp', false, 255), 255);
	assert.equal(keyMove('ArrowDown', false, 255), 511);
	assert.equal(keyMove('ArrowDown', false, 65500), 65500);
	assert.equal(keyMove('PageUp', false, 300), 44);
	assert.equal(keyMove('PageDown', false, 0), 4096);
	assert.equal(keyMove('PageDown', false, 65000), 65000 + 256 * (255 - (65000 >> 8)));
	assert.equal(keyMove('Home', false, 3476), 3328);
	assert.equal(keyMove('End', false, 3476), 3583);
	assert.equal(keyMove('Home', true, 3476), 0);
	assert.equal(keyMove('End', true, 3476), 65535);
	assert.equal(keyMove('x', false, 1), -1);
});

test('every key from every cell stays on the map and in its column or row', () => {
	for (let port = 0; port < 65536; port += 97) {
		for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End']) {
			const to = keyMove(key, false, port);
			assert.ok(to >= 0 && to < 65536, `${key} from ${port}`);
			if (['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown'].includes(key))
				assert.equal(to & 255, port & 255);
			if (['Home', 'End'].includes(key))
				assert.equal(to >> 8, port >> 8);
		}
	}
});

test('zoom: the centre stays, and nothing is seen from outside', () => {
	const whole = { x: 0, y: 0, w: BOX.w, h: BOX.h };
	const near = zoomView(whole, 4, { x: 400, y: 300 });
	assert.ok(Math.abs((400 - near.x) / near.w - 400 / BOX.w) < 1e-9);
	assert.ok(Math.abs((300 - near.y) / near.h - 300 / BOX.h) < 1e-9);
	assert.deepEqual(zoomView(near, 1 / 100, { x: 0, y: 0 }), { x: 0, y: 0, w: BOX.w, h: BOX.h });
	const corner = zoomView(whole, 1e9, { x: BOX.w, y: BOX.h });
	assert.equal(corner.w, BOX.w / 64);
	assert.ok(corner.x + corner.w <= BOX.w + 1e-9 && corner.y + corner.h <= BOX.h + 1e-9);
	const pushed = clampView({ x: -50, y: 5000, w: 100 });
	assert.equal(pushed.x, 0);
	assert.ok(Math.abs(pushed.y + pushed.h - BOX.h) < 1e-9);
});

test('runs: pairs, paths as the server draws them', () => {
	assert.deepEqual(parseRuns([1, 2, 5, 5]), [[1, 2], [5, 5]]);
	assert.deepEqual(parseRuns(undefined), []);
	assert.deepEqual(parseRuns([1]), []);
	assert.equal(layerPath([[3476, 3476]]), 'M592 52h4v4h-4z');
	assert.equal(layerPath([[254, 257]]), 'M1016 0h8v4h-8zM0 4h8v4h-8z');
	assert.equal(layerPath([[256, 1023]]), 'M0 4h1024v12h-1024z');
	assert.equal(ringPath([[3476, 3476]], 6), 'M594 48h0a6 6 0 0 1 0 12h-0a6 6 0 0 1 0-12z');
	const crowd = Array.from({ length: 5000 }, (_, i) => [i * 2, i * 2]);
	assert.ok(!ringPath(crowd, 6).includes('a'));
});

test('search: what turns the direction of writing is not looked for', () => {
	assert.deepEqual(splitWords('\u200essh \u202etcp\u202c'), ['ssh', 'tcp']);
});

test('places of a text', () => {
	assert.equal(fill('{n} of {all} shown', { n: 1, all: 2 }), '1 of 2 shown');
	assert.equal(fill('{other}', { n: 1 }), '{other}');
});

test('search: rank of a name, a port, a beginning, a word, a part', () => {
	const entry = [3476, 3476, 'tcp udp', 'nppmp', 'NVIDIA Mgmt Protocol'];
	assert.equal(rank(entry, splitWords('NPPMP')), 0);
	assert.equal(rank(entry, splitWords('3476')), 0);
	assert.equal(rank(entry, splitWords('npp')), 1);
	assert.equal(rank(entry, splitWords('nvidia')), 2);
	assert.equal(rank(entry, splitWords('vidi')), 3);
	assert.equal(rank(entry, splitWords('nvidia nothing')), -1);
	assert.equal(rank(entry, splitWords('347')), -1);
	assert.equal(rank([6000, 6063, 'tcp', 'x11', 'X Window System'], splitWords('6001')), 0);
	assert.equal(rank([-1, -1, '', 'rdp', 'Remote'], splitWords('0')), -1);
	assert.equal(splitWords(' a  b '.repeat(40)).length, 16);
});
