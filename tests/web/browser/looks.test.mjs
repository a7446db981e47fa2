// Other eyes: on paper, without motion, with forced colours, at 200 and 400 per cent, with wider text.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, browse, listener, openWithToken, serve, shot, sockets } from './atlas.mjs';

const PATHS = ['/', '/ports/3476', '/ports/50000', '/here', '/claims', '/ranges', '/services/ssh', '/search?q=ssh'];

let atlas, browser, guest;

before(async () => {
	guest = await sockets(['tcp:127.0.0.1:0:listen']);
	atlas = await serve();
	browser = await browse();
});

after(async () => {
	await browser?.close();
	await atlas?.close();
	await guest?.close();
});

const paths = () => [...PATHS, `/ports/${guest.ports[0]}`];
const fileName = (path) => path.replace(/[^a-z0-9]+/g, '-').replace(String(guest.ports[0]), 'guest');

// Text that is cut off: its box is smaller than it and hides the rest. What is hidden on purpose, or can be scrolled,
// is none.
const cutOff = (page) => page.evaluate(() => [...document.querySelectorAll('body *')].filter((element) => {
	const style = getComputedStyle(element);

	if (element.closest('svg, .unseen, select') || element.matches('input') || style.display === 'none')
		return false;
	return (style.overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1) ||
		(style.overflowY === 'hidden' && element.scrollHeight > element.clientHeight + 1);
}).map((element) => `${element.localName}.${element.className}`));
const sideways = (page) => page.evaluate(() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth);

test('on paper: the content and nothing to click, black on white', async () => {
	const page = await openWithToken(browser, atlas);

	for (const path of paths()) {
		await page.goto(atlas.url + path);
		await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
		await page.setViewportSize({ width: 720, height: 1000 }); // about the width of A4 without its margins
		for (const part of ['header nav', 'header form', 'a.language', 'button.copy', '#faces', '#here-tools', '#map-tools', 'form.stake'])
			assert.equal(await page.locator(part).filter({ visible: true }).count(), 0, `${path}: ${part} is not printed`);
		assert.ok(await page.locator('h1').isVisible());
		const colours = await page.evaluate(() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]);

		assert.deepEqual(colours, ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'], `${path}: whatever the scheme of the screen`);
		assert.equal(await sideways(page), 0, path);
		assert.deepEqual((await axe(page)).filter((line) => line.startsWith('color-contrast')), [], `${path}: readable on paper`);
		await shot(page, `print${fileName(path)}`);
		await page.emulateMedia({ media: null, colorScheme: null });
	}
	await page.goto(`${atlas.url}/ports/3476`);
	await page.emulateMedia({ media: 'print' });
	for (const text of ['nppmp', 'Gilbert Yeung', 'Permify', 'ss -ltnp'])
		assert.ok(await page.locator('main', { hasText: text }).isVisible(), text);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('without motion: nothing moves, nothing scrolls by itself', async () => {
	const page = await openWithToken(browser, atlas, { reducedMotion: 'reduce' });

	for (const path of paths()) {
		await page.goto(atlas.url + path);
		assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), 'auto', path);
		assert.equal(await page.evaluate(() => document.getAnimations().length), 0, path);
		const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
			const style = getComputedStyle(element);

			return style.animationName !== 'none' || parseFloat(style.transitionDuration) > 0;
		}).length);

		assert.equal(moving, 0, path);
	}
	await page.goto(`${atlas.url}/here`);
	await page.locator('#here[data-ready="yes"]').waitFor();
	const one = await listener();

	await page.locator(`#here-rows a[href$="/ports/${one.port}"]`).waitFor();
	assert.equal(await page.evaluate(() => document.getAnimations().length), 0, 'a new row');
	await one.close();
	await page.context().close();
});

test('forced colours: verdicts keep a border, the map its colours, links their difference', async () => {
	const page = await openWithToken(browser, atlas, { forcedColors: 'active', colorScheme: 'dark' });

	for (const path of paths()) {
		await page.goto(atlas.url + path);
		const bare = await page.evaluate(() => [...document.querySelectorAll('main .verdict, main .full, main .tag, main button:not(th button)')]
			.filter((element) => getComputedStyle(element).borderTopStyle === 'none' && element.offsetParent).length);

		assert.equal(bare, 0, `${path}: what has a colour has a border`);
		await shot(page, `forced${fileName(path)}`);
	}
	await page.goto(`${atlas.url}/`);
	assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.map-picture')).forcedColorAdjust), 'none');
	await page.goto(`${atlas.url}/ports/3476`);
	const mark = page.locator('header a[aria-current], .contents a').first();

	assert.ok(await mark.isVisible());
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('at 200 per cent: a window of 1280 has room for 640, and nothing is lost', async () => {
	const page = await openWithToken(browser, atlas, { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 });

	for (const path of paths()) {
		await page.goto(atlas.url + path);
		assert.equal(await sideways(page), 0, path);
		assert.deepEqual(await cutOff(page), [], path);
	}
	await page.context().close();
});

test('at 400 per cent: 320 px wide, and no page is scrolled sideways', async () => {
	const page = await openWithToken(browser, atlas, { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 });

	for (const path of [...paths(), ...paths().map((path) => `/de${path}`)]) {
		await page.goto(atlas.url + path);
		assert.equal(await sideways(page), 0, path);
		assert.deepEqual(await cutOff(page), [], path);
	}
	await page.context().close();
});

test('letters twice as large, in the same window: nothing is lost', async () => {
	const page = await openWithToken(browser, atlas);

	for (const path of paths()) {
		await page.goto(atlas.url + path);
		await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
		assert.equal(await sideways(page), 0, path);
		assert.deepEqual(await cutOff(page), [], path);
	}
	await page.context().close();
});

// WCAG 2.2, 1.4.12: lines of 1.5, paragraphs of 2, letters of 0.12 and words of 0.16 times the size.
test('text spaced as readers may want it: nothing is lost', async () => {
	const page = await openWithToken(browser, atlas);

	for (const path of paths()) {
		for (const width of [390, 1280]) {
			await page.setViewportSize({ width, height: 900 });
			await page.goto(atlas.url + path);
			await page.evaluate(() => {
				const sheet = new CSSStyleSheet();

				sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
					p { margin-bottom: 2em !important; }`);
				document.adoptedStyleSheets = [sheet];
			});
			assert.equal(await sideways(page), 0, `${path} at ${width}`);
			assert.deepEqual(await cutOff(page), [], `${path} at ${width}`);
		}
	}
	await page.context().close();
});

test('axe-core: what is opened, filtered, sorted and zoomed is as clean', async () => {
	const page = await openWithToken(browser, atlas);

	await page.goto(`${atlas.url}/here`);
	await page.locator('#here[data-ready="yes"]').waitFor();
	await page.locator('#here-filter').fill(String(guest.ports[0]));
	await page.locator('#here-table th a').first().click();
	await page.locator('#here-heads [aria-sort="descending"]').waitFor();
	assert.deepEqual(await axe(page), []);
	await page.goto(`${atlas.url}/`);
	await page.locator('#map[data-ready="yes"]').waitFor();
	await page.locator('#map-rows summary').click();
	await page.locator('#map-view').focus();
	await page.keyboard.press('End');
	await page.locator('#map-info .map-port').waitFor();
	await page.locator('#map-in').click();
	assert.deepEqual(await axe(page), []);
	await page.goto(`${atlas.url}/ports/3476`);
	for (const summary of await page.locator('details summary').all()) {
		await summary.click();
		assert.deepEqual(await axe(page), []);
	}
	await page.context().close();
});
