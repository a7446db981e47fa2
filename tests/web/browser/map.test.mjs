// The map of all ports: by mouse, by keyboard, by its search box, and while listeners come and go.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { browse, listener, open, serve, until } from './atlas.mjs';

const GENEROUS_MS = 15000;

let atlas, browser, page;

before(async () => {
	atlas = await serve();
	browser = await browse();
	page = await open(browser);
});

after(async () => {
	await browser?.close();
	await atlas?.close();
});

beforeEach(async () => {
	page.faults.length = 0;
	await page.setViewportSize({ width: 1400, height: 1000 });
	await page.goto(`${atlas.url}/`);
	await page.locator('#map[data-ready="yes"]').waitFor();
});

// Where the cell of a port is in the window; scrolls it there.
async function pointOf(port) {
	await page.evaluate(() => document.getElementById('map-view').scrollIntoView({ block: 'center', behavior: 'instant' }));
	return page.evaluate((n) => {
		const matrix = document.querySelector('#map-view .map-plot').getScreenCTM();
		const at = new DOMPoint((n & 255) * 4 + 2, (n >> 8) * 4 + 2).matrixTransform(matrix);

		return { x: at.x, y: at.y };
	}, port);
}

// How many ports the picture shows across.
const cellsAcross = () => page.evaluate(() => Number(document.querySelector('#map-view svg').getAttribute('viewBox').split(' ')[2]) / 4);
const infoSays = (pattern) => until(async () => pattern.test(await page.locator('#map-info').innerText()), GENEROUS_MS,
	`the panel says ${pattern}`);
const announces = (pattern) => until(async () => pattern.test(await page.locator('#map-say').textContent()), GENEROUS_MS,
	`it is announced: ${pattern}`);
const isCellInView = (port) => page.evaluate((n) => {
	const r = document.querySelector('#map-view svg').getBoundingClientRect();
	const at = new DOMPoint((n & 255) * 4 + 2, (n >> 8) * 4 + 2)
		.matrixTransform(document.querySelector('#map-view .map-plot').getScreenCTM());

	return at.x > r.left && at.x < r.right && at.y > r.top && at.y < r.bottom;
}, port);

async function hover(port) {
	const at = await pointOf(port);

	await page.mouse.move(at.x, at.y);
	return at;
}

test('map, mouse: a cell says its number and its name', async () => {
	await hover(3476);
	await infoSays(/\b3476\b[^]*nppmp[^]*Permify/);
	await hover(22);
	await infoSays(/\b22\b[^]*ssh/);
	await hover(50000);
	await infoSays(/\b50000\b[^]*never assigned/);
	assert.deepEqual(page.faults, []);
});

test('map, mouse: a click opens the page of the port', async () => {
	const at = await hover(3476);

	await infoSays(/\b3476\b/);
	await page.mouse.click(at.x, at.y);
	await page.waitForURL(`${atlas.url}/ports/3476`);
	assert.match(await page.locator('h1').innerText(), /3476/);
	assert.deepEqual(page.faults, []);
});

test('map, mouse: buttons and ctrl+wheel zoom, the wheel alone scrolls, the whole map comes back', async () => {
	const whole = await cellsAcross();

	await page.locator('#map-in').click();
	const closer = await cellsAcross();
	assert.ok(closer < whole, `${closer} cells after Closer, ${whole} before`);
	await page.locator('#map-out').click();
	assert.equal(await cellsAcross(), whole);

	const at = await hover(8080);
	await page.keyboard.down('Control');
	await page.mouse.wheel(0, -600);
	await page.keyboard.up('Control');
	await until(async () => await cellsAcross() < whole, GENEROUS_MS, 'ctrl+wheel zooms');
	const wheeled = await cellsAcross();
	// What was under the pointer stays there: within its cell, since pointers are where whole pixels are.
	const size = await page.evaluate(() => 4 * document.querySelector('#map-view .map-plot').getScreenCTM().a);
	const now = await page.evaluate(() => {
		const m = document.querySelector('#map-view .map-plot').getScreenCTM();
		const p = new DOMPoint((8080 & 255) * 4 + 2, (8080 >> 8) * 4 + 2).matrixTransform(m);

		return { x: p.x, y: p.y };
	});
	assert.ok(Math.hypot(now.x - at.x, now.y - at.y) < size, `8080 went from ${at.x},${at.y} to ${now.x},${now.y}`);
	await page.mouse.wheel(0, 200);
	assert.equal(await cellsAcross(), wheeled, 'the wheel alone does not zoom');
	await page.locator('#map-whole').click();
	assert.equal(await cellsAcross(), whole);
	assert.ok(await page.locator('#map-out').isDisabled());
	assert.deepEqual(page.faults, []);
});

test('map, mouse: zoomed in, it is dragged, and numbers stand in the cells', async () => {
	await page.locator('#map-q').fill('8080');
	await page.locator('#map-q').press('Enter');
	await infoSays(/\b8080\b/);
	for (let i = 0; i < 6 && await page.locator('.map-number').count() === 0; i++)
		await page.locator('#map-in').click();
	await until(async () => (await page.locator('.map-number').allTextContents()).includes('8080'), GENEROUS_MS, 'numbers');
	const before = await page.locator('#map-view svg').getAttribute('viewBox');
	const at = await pointOf(8080);

	await page.mouse.move(at.x, at.y);
	await page.mouse.down();
	await page.mouse.move(at.x - 60, at.y - 40, { steps: 5 });
	await page.mouse.up();
	assert.notEqual(await page.locator('#map-view svg').getAttribute('viewBox'), before);
	assert.equal(page.url().replace(/#.*/, ''), `${atlas.url}/`, 'a drag is no click');
	assert.deepEqual(page.faults, []);
});

test('map, keyboard: every key moves as it is said, and is announced', async () => {
	const view = page.locator('#map-view');

	await view.focus();
	assert.equal(await view.getAttribute('role'), 'application');
	assert.notEqual((await page.locator(`#${await view.getAttribute('aria-describedby')}`).textContent()).trim(), '');
	assert.ok(await page.evaluate(() => parseFloat(getComputedStyle(document.getElementById('map-view')).outlineWidth) >= 2),
		'focus is seen');
	const steps = [['ArrowRight', 0], ['ArrowRight', 1], ['ArrowDown', 257], ['ArrowLeft', 256], ['ArrowUp', 0], ['ArrowUp', 0],
		['End', 255], ['Home', 0], ['PageDown', 4096], ['PageUp', 0], ['Control+End', 65535], ['ArrowRight', 65535],
		['PageDown', 65535], ['Control+Home', 0], ['ArrowLeft', 0]];

	for (const [key, port] of steps) {
		await page.keyboard.press(key);
		await infoSays(new RegExp(`^\\s*${port}\\b`));
	}
	for (let i = 0; i < 22; i++)
		await page.keyboard.press('ArrowRight');
	await announces(/^22 ssh\b/);
	assert.deepEqual(page.faults, []);
});

test('map, keyboard: plus and minus zoom where the cursor is, Escape shows all, Enter opens the port', async () => {
	const whole = await cellsAcross();

	await page.locator('#map-view').focus();
	await page.keyboard.press('Control+End');
	for (let i = 0; i < 4; i++)
		await page.keyboard.press('+');
	assert.ok(await cellsAcross() < whole / 8);
	assert.ok(await isCellInView(65535), 'the chosen cell is in view');
	await page.keyboard.press('Control+Home');
	await until(() => isCellInView(0), GENEROUS_MS, 'the view follows the cursor');
	await page.keyboard.press('-');
	await page.keyboard.press('Escape');
	assert.equal(await cellsAcross(), whole);
	await page.keyboard.press('End');
	await page.keyboard.press('Enter');
	await page.waitForURL(`${atlas.url}/ports/255`);
	assert.deepEqual(page.faults, []);
});

test('map, keyboard: Tab leaves it', async () => {
	await page.locator('#map-view').focus();
	await page.keyboard.press('ArrowRight');
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.getElementById('map-view') === document.activeElement), false);
});

test('map, search box: a number and a name jump to their cells, nonsense goes to the search', async () => {
	await page.locator('#map-q').fill('3476');
	await page.locator('#map-q').press('Enter');
	await infoSays(/\b3476\b[^]*nppmp/);
	assert.equal(await page.evaluate(() => document.activeElement.id), 'map-view');
	assert.ok(await isCellInView(3476));
	await page.locator('#map-q').fill('postgresql');
	await page.locator('#map-q').press('Enter');
	await infoSays(/\b5432\b/);
	await announces(/^5432 postgresql/);
	await page.locator('#map-q').fill('qqqqzzzz');
	await page.locator('#map-q').press('Enter');
	await page.waitForURL(/\/search\?q=qqqqzzzz/);
	assert.deepEqual(page.faults, []);
});

test('map: a new listener appears as listening, in the picture, the numbers and the list, and leaves again', async () => {
	const picture = () => page.locator('.map-listening > path').first().getAttribute('d');
	const count = async () => Number(await page.locator('.map-key [data-count="listening"]').textContent());
	const isListed = (port) => page.locator(`#map-now a[href="/ports/${port}"]`).count();
	const one = await listener();
	const { port } = one;

	try {
		await until(() => isListed(port), GENEROUS_MS, 'the list has it');
		assert.ok(await count() >= 1);
		await hover(port);
		await infoSays(new RegExp(`\\b${port}\\b[^]*somebody listens`));
	} finally {
		await one.close();
	}
	const before = await picture();

	await until(async () => !await isListed(port), GENEROUS_MS, 'the list has it no more');
	assert.notEqual(await picture(), before, 'the picture has changed');
	await infoSays(new RegExp(`\\b${port}\\b[^]*nobody listens`));
	assert.deepEqual(page.faults, []);
});

test('map, touch: a tap tells, a tap more opens', async () => {
	const touch = await open(browser, { hasTouch: true, viewport: { width: 390, height: 844 } });

	try {
		await touch.goto(`${atlas.url}/`);
		await touch.locator('#map[data-ready="yes"]').waitFor();
		await touch.evaluate(() => document.getElementById('map-view').scrollIntoView({ block: 'center', behavior: 'instant' }));
		const at = await touch.evaluate(() => {
			const m = document.querySelector('#map-view .map-plot').getScreenCTM();
			const p = new DOMPoint(100 * 4 + 2, 100 * 4 + 2).matrixTransform(m);

			return { x: p.x, y: p.y };
		});

		await touch.touchscreen.tap(at.x, at.y);
		await touch.locator('#map-info .map-port').waitFor();
		const port = await touch.locator('#map-info .map-port').innerText();
		await touch.touchscreen.tap(at.x, at.y);
		await touch.waitForURL(`${atlas.url}/ports/${port}`);
		assert.deepEqual(touch.faults, []);
	} finally {
		await touch.context().close();
	}
});

test('map without JavaScript: the picture leads to its rows, the table says the same', async () => {
	const plain = await open(browser, { javaScriptEnabled: false });

	try {
		await plain.goto(`${atlas.url}/`);
		assert.ok(await plain.locator('#map-view svg').isVisible());
		assert.equal(await plain.locator('#map-rows tbody tr').count(), 256);
		assert.ok(await plain.locator('#map-ranges tbody tr').count() >= 4);
		await plain.locator('#map-q').fill('ssh');
		await plain.locator('#map-q').press('Enter');
		await plain.waitForURL(/\/search\?q=ssh/);
		assert.deepEqual(plain.faults, []);
	} finally {
		await plain.context().close();
	}
});

test('map: the picture is one of its own, too', async () => {
	await page.goto(`${atlas.url}/map.svg`);
	assert.equal(await page.evaluate(() => document.documentElement.localName), 'svg');
	assert.deepEqual(page.faults, []);
});
