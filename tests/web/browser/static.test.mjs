// The atlas as files: through a server that knows nothing but files, and opened as files.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, test } from 'node:test';
import { axe, browse, makeHome, open, shot, until } from './atlas.mjs';

const GENEROUS_MS = 15000;
const PAGES = ['', 'ports/22', 'ports/4', 'ports/80', 'ports/1023', 'ports/1095', 'ports/1100', 'services/ssh', 'services/http', 'ranges',
	'search'];
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.json': 'application/json',
	'.svg': 'image/svg+xml' };

let home, site, server, url, browser;

function answer(request, response) {
	const path = normalize(decodeURIComponent(new URL(request.url, 'http://files').pathname));
	let file = join(site, path);

	if (existsSync(file) && statSync(file).isDirectory())
		file = join(file, 'index.html');
	if (!existsSync(file) || file.includes('..')) {
		response.writeHead(404).end();
		return;
	}
	response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
}

before(async () => {
	home = makeHome();
	site = join(home.home, 'site');
	await home.run('atlas', site, '--range', '0-1100', '--url', 'https://ports.example.org/');
	server = createServer(answer);
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	url = `http://127.0.0.1:${server.address().port}`;
	browser = await browse();
});

after(async () => {
	await browser?.close();
	server?.closeAllConnections();
	server?.close();
	home?.remove();
});

const address = (language, page) => `${url}/${language === 'de' ? 'de/' : ''}${page === '' ? 'index' : page}.html`;

for (const language of ['en', 'de']) {
	test(`static, ${language}: pages in order, at every width, light and dark, axe-core clean`, async () => {
		const page = await open(browser);

		for (const name of PAGES) {
			await page.goto(address(language, name));
			assert.equal(await page.locator('html').getAttribute('lang'), language, name);
			assert.equal(await page.locator('h1').count(), 1, name);
			assert.equal(await page.locator('#faces, form.stake').count(), 0, `${name}: nothing that needs berth serve`);
			for (const [width, scheme] of [[390, 'dark'], [1280, 'light'], [2560, 'dark']]) {
				await page.setViewportSize({ width, height: 900 });
				await page.emulateMedia({ colorScheme: scheme });
				assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth), 0,
					`${name} at ${width}`);
				await shot(page, `static-${name.replace('/', '-') || 'map'}-${language}-${width}`);
				if (width < 2000)
					assert.deepEqual(await axe(page), [], `${name} at ${width}`);
			}
		}
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});
}

test('static: every link and file that pages name is there', async () => {
	const page = await open(browser), seen = new Set(), missing = [];

	for (const language of ['en', 'de']) {
		for (const name of PAGES) {
			await page.goto(address(language, name));
			const links = await page.evaluate(() => [...document.querySelectorAll('a[href], link[href]:not([rel="canonical"]):not([rel="alternate"]), script[src]')]
				.map((element) => (element.href ?? element.src).replace(/#.*/, '')));

			for (const link of links.filter((one) => one.startsWith(url) && !seen.has(one))) {
				seen.add(link);
				if (!existsSync(join(site, decodeURIComponent(new URL(link).pathname))))
					missing.push(`${name}: ${link}`);
			}
		}
	}
	assert.ok(seen.size > 100, `${seen.size} links`);
	assert.deepEqual(missing, []);
	await page.context().close();
});

test('static: what is beyond the range that was asked for leads nowhere, and says so', async () => {
	const page = await open(browser);

	for (const [language, pageless] of [['en', 'no page in this atlas'], ['de', 'keine Seite in diesem Atlas']]) {
		await page.goto(`${address(language, '')}#port-3476`);
		await page.locator('#map-info .map-port').waitFor();
		assert.equal(await page.locator('#map-info .map-port').innerText(), '3476');
		assert.match(await page.locator('#map-info').innerText(), new RegExp(`nppmp.*${pageless}`), 'what it is, all the same');
		assert.equal(await page.locator('#map-info a').count(), 0);
		const before = page.url();

		await page.locator('#map-view').focus();
		await page.keyboard.press('Enter');
		assert.equal(page.url(), before);
		await page.goto(`${address(language, 'search')}?q=3476`);
		await page.locator('#results[data-ready="yes"]').waitFor();
		assert.ok((await page.locator('#results li').count()) > 0);
		assert.equal(await page.locator('#results a').count(), 0);
		await page.goto(`${address(language, 'search')}?q=ssh`);
		await page.locator('#results a[href$="ports/22.html"]').first().waitFor();
		await page.goto(`${address(language, 'search')}?q=a`); // more than are shown at once
		await page.locator('#results[data-ready="yes"]').waitFor();
		const said = Number((await page.locator('#results p').innerText()).match(/\d+/)[0]), shown = page.locator('#results li');

		assert.ok(said > 400, `${said} things`);
		assert.equal(await shown.count(), 200);
		assert.match(await page.locator('#results button').innerText(), new RegExp(`\\b${said - 200}\\b`), 'the rest is counted');
		await page.locator('#results button').click();
		assert.equal(await shown.count(), 400, 'and can be had');
		await page.goto(address(language, 'ports/1100'));
		assert.equal(await page.locator('.pager a[rel="next"]').count(), 0, 'the last one has none behind it');
		assert.equal(await page.locator('.pager a[rel="prev"]').count(), 1);
	}
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('static: the languages lead to each other, and hreflang says where', async () => {
	const page = await open(browser);

	await page.goto(address('en', 'ports/22'));
	assert.deepEqual(await page.evaluate(() => Object.fromEntries([...document.querySelectorAll('link[hreflang]')]
		.map((link) => [link.hreflang, new URL(link.href).pathname]))),
	{ en: '/ports/22.html', de: '/de/ports/22.html', 'x-default': '/ports/22.html' });
	await page.locator('a.language').click();
	await page.waitForURL(address('de', 'ports/22'));
	await page.locator('a.language').click();
	await page.waitForURL(address('en', 'ports/22'));
	await page.context().close();
});

test('static: search finds names and numbers, in both languages', async () => {
	const page = await open(browser);

	for (const language of ['en', 'de']) {
		await page.goto(address(language, 'ports/22'));
		await page.locator('header [name="q"]').fill('ssh');
		await page.locator('header [name="q"]').press('Enter');
		await page.locator('#results[data-ready="yes"]').waitFor();
		const link = page.locator('#results a[href$="ports/22.html"]').first();

		await until(() => link.isVisible(), GENEROUS_MS, 'ssh is found');
		assert.deepEqual(await axe(page), []);
		await shot(page, `static-search-${language}`);
		await link.click();
		await page.waitForURL(address(language, 'ports/22'));
	}
	await page.goto(`${url}/search.html?q=${encodeURIComponent('<img src=x onerror=alert(1)>')}`);
	await page.locator('#results[data-ready="yes"]').waitFor();
	assert.equal(await page.locator('#results img').count(), 0);
	await page.goto(`${url}/search.html?q=qqqqzzzz`);
	await page.locator('#results[data-ready="yes"]').waitFor();
	assert.notEqual((await page.locator('#results').innerText()).trim(), '', 'it says that there is nothing');
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('static: the map zooms, tells and leads to pages', async () => {
	const page = await open(browser);

	await page.goto(address('en', ''));
	await page.locator('#map[data-ready="yes"]').waitFor();
	await page.locator('#map-view').focus();
	await page.keyboard.press('Control+Home');
	for (let i = 0; i < 22; i++)
		await page.keyboard.press('ArrowRight');
	await until(async () => /\b22\b[^]*ssh/.test(await page.locator('#map-info').innerText()), GENEROUS_MS, 'the cell of ssh');
	await page.locator('#map-q').fill('http');
	await page.locator('#map-q').press('Enter');
	await until(async () => /\b80\b[^]*http/.test(await page.locator('#map-info').innerText()), GENEROUS_MS, 'the cell of http');
	await page.keyboard.press('Enter');
	await page.waitForURL(address('en', 'ports/80'));
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('static, opened as files: pages, style, links and languages', async () => {
	const page = await open(browser);
	const file = (path) => pathToFileURL(join(site, path)).href;

	await page.goto(file('ports/22.html'));
	assert.match(await page.locator('h1').innerText(), /22/);
	assert.equal(await page.evaluate(() => document.styleSheets.length > 0 &&
		getComputedStyle(document.querySelector('.banner')).display), 'flex', 'the style is there');
	await page.locator('main a[href$="23.html"]').first().click();
	await page.waitForURL(file('ports/23.html'));
	await page.locator('a.language').click();
	await page.waitForURL(file('de/ports/23.html'));
	await page.locator('header nav a').first().click();
	await page.waitForURL(file('de/index.html'));
	assert.ok(await page.locator('#map-view svg').isVisible());
	await page.locator('header [name="q"]').fill('ssh');
	await page.locator('header [name="q"]').press('Enter');
	await page.waitForURL((at) => at.pathname.endsWith('/de/search.html'));
	assert.notEqual((await page.locator('main').innerText()).trim(), '', 'search says what it needs');
	// Browsers load no module from a file; nothing else may be wrong.
	assert.deepEqual(page.faults.filter((fault) => !/from origin 'null'|net::ERR_FAILED file:/.test(fault)), []);
	assert.deepEqual(await axe(page), []); // it complains of files on the console itself
	await page.context().close();
});
