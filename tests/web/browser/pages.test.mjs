// Each kind of page, in both languages: well-formed for people and programs, at every width, light and dark, with and
// without JavaScript.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, browse, open, openWithToken, serve, shot, sockets } from './atlas.mjs';
import { inLanguage, kinds, LANGUAGES, SCHEMES, wordsOf, WIDTHS } from './kinds.mjs';

const PAGE_MOST = 50000;
const HEIGHT = 900;
// Contrast depends on the scheme, sizes and order on the width: these two see both of each.
const EXAMINED = new Set(['light-1280', 'dark-390']);
// Words that English and German have in common.
const SHARED = new Set(['Claims', 'Name', 'Port', 'Ports']);

let atlas, browser, other;

before(async () => {
	other = await sockets(['tcp:127.0.0.1:0:listen']);
	atlas = await serve();
	browser = await browse();
});

after(async () => {
	await browser?.close();
	await atlas?.close();
	await other?.close();
});

const all = () => kinds(other.ports[0]);
// Names of the kinds are needed before there is a listener.
const names = kinds(0).map((kind) => kind.name);
const find = (name) => all().find((kind) => kind.name === name);

// The elements that stand out of the window at the right, when the page can be scrolled sideways.
function overflow(page) {
	return page.evaluate(() => {
		const root = document.scrollingElement, width = document.documentElement.clientWidth;

		if (root.scrollWidth <= width)
			return [];
		return [`page of ${root.scrollWidth} px in ${width}`, ...[...document.body.querySelectorAll('*')]
			.filter((element) => element.getBoundingClientRect().right > width + 1).slice(0, 6)
			.map((element) => `${element.localName}#${element.id}.${element.className?.baseVal ?? element.className}`)];
	});
}

// Title, heading, language, alternates, landmarks: what stands in the document.
function outline(page) {
	return page.evaluate(() => ({
		title: document.title,
		language: document.documentElement.lang,
		h1: [...document.querySelectorAll('h1')].map((h1) => h1.textContent.trim().replace(/\s+/g, ' ')),
		viewport: document.querySelector('meta[name="viewport"]')?.content,
		canonical: [...document.querySelectorAll('link[rel="canonical"]')].map((link) => new URL(link.href).pathname),
		alternates: Object.fromEntries([...document.querySelectorAll('link[rel="alternate"][hreflang]')]
			.map((link) => [link.hreflang, new URL(link.href).pathname])),
		robots: document.querySelector('meta[name="robots"]')?.content ?? '',
		banners: document.querySelectorAll('body > header').length,
		mains: document.querySelectorAll('main').length,
		footers: document.querySelectorAll('body > footer').length,
		searches: document.querySelectorAll('[role="search"], search').length,
		nameless: [...document.querySelectorAll('nav')].filter((nav) => !nav.getAttribute('aria-label')).length,
		inline: document.querySelectorAll('[style], [onclick], script:not([src]), style').length,
	}));
}

// What the document says of itself, beside what it is.
function checkOutline(kind, language, said) {
	const path = new URL(`http://berth${kind.path}`).pathname;

	assert.equal(said.language, language, 'lang');
	assert.equal(said.h1.length, 1, `one h1: ${said.h1}`);
	if (kind.h1)
		assert.match(said.h1[0], kind.h1);
	assert.notEqual(said.title, '', 'a title');
	assert.ok(said.title.startsWith(said.h1[0]) || said.h1[0].endsWith(said.title), `title ${said.title}, h1 ${said.h1[0]}`);
	assert.match(said.viewport, /width=device-width/);
	assert.equal(said.mains, 1, 'one main');
	assert.equal(said.banners, 1, 'one banner');
	assert.equal(said.footers, 1, 'one footer');
	assert.equal(said.searches, 1, 'one search');
	assert.equal(said.nameless, 0, 'every nav has a name');
	assert.equal(said.inline, 0, 'neither inline script nor inline style');
	if (kind.isNameless) {
		assert.match(said.robots, /noindex/);
		assert.deepEqual(said.alternates, {});
		return;
	}
	assert.deepEqual(said.canonical, [inLanguage(path, language)], 'canonical');
	assert.deepEqual(said.alternates, { en: path, de: inLanguage(path, 'de'), 'x-default': path }, 'hreflang');
}

// Load a page and count the bytes that it takes; events, which go on, are none of it.
async function load(page, kind, language) {
	const bodies = [];
	const count = (response) => {
		if (!response.url().includes('/events'))
			bodies.push(response.body().then((body) => body.length).catch(() => 0));
	};

	page.expected = [kind.status ?? 200];
	page.on('response', count);
	const response = await page.goto(atlas.url + inLanguage(kind.path, language), { waitUntil: 'load' });
	page.off('response', count);
	assert.equal(response.status(), kind.status ?? 200);
	return (await Promise.all(bodies)).reduce((sum, n) => sum + n, 0);
}

// The page at every width, in both schemes.
async function checkLooks(page, name) {
	for (const scheme of SCHEMES) {
		await page.emulateMedia({ colorScheme: scheme });
		for (const width of WIDTHS) {
			await page.setViewportSize({ width, height: HEIGHT });
			assert.deepEqual(await overflow(page), [], `overflow at ${width} px`);
			await shot(page, `${name}-${scheme}-${width}`);
			if (EXAMINED.has(`${scheme}-${width}`))
				assert.deepEqual(await axe(page), [], `axe-core at ${width} px, ${scheme}`);
		}
	}
}

const english = new Map(); // kind -> its words

function checkWords(name, language, words) {
	if (language === 'en') {
		assert.ok(words.length > 5, 'there are words');
		english.set(name, words);
		return;
	}
	const german = new Set(words);

	assert.deepEqual((english.get(name) ?? []).filter((word) => german.has(word) && !SHARED.has(word)), [],
		'German where English has words');
}

for (const name of names) {
	for (const language of LANGUAGES) {
		test(`page ${name}, ${language}: in order at ${WIDTHS.join(', ')} px, light and dark`, async () => {
			const kind = find(name);
			const page = await openWithToken(browser, atlas);

			try {
				const bytes = await load(page, kind, language);

				checkOutline(kind, language, await outline(page));
				checkWords(name, language, await wordsOf(page));
				if (!kind.isMap)
					assert.ok(bytes < PAGE_MOST, `${bytes} bytes with style and script`);
				await checkLooks(page, `${name}-${language}`);
				assert.deepEqual(page.faults, []);
			} finally {
				await page.context().close();
			}
		});
	}
}

test('every page stands without JavaScript, in both languages', async () => {
	const page = await open(browser, { javaScriptEnabled: false });

	try {
		for (const kind of all()) {
			for (const language of LANGUAGES) {
				await load(page, kind, language);
				assert.notEqual((await page.locator('h1').innerText()).trim(), '', kind.name);
				assert.equal(await page.locator('main').count(), 1, kind.name);
				assert.equal(await page.locator('html').getAttribute('lang'), language, kind.name);
				// A control that needs a script is not shown.
				for (const id of ['#map-tools', 'button.copy'])
					assert.equal(await page.locator(id).filter({ visible: true }).count(), 0, `${kind.name} ${id}`);
			}
		}
		assert.deepEqual(page.faults, []);
	} finally {
		await page.context().close();
	}
});

test('the pages that hreflang names are there, and name each other', async () => {
	const page = await open(browser);

	try {
		for (const path of ['/', '/ports/3476', '/services/ssh', '/ranges', '/here', '/claims', '/search']) {
			const english = await (await page.request.get(atlas.url + path)).text();
			const german = await (await page.request.get(`${atlas.url}/de${path}`)).text();
			const links = (text) => [...text.matchAll(/<link rel="alternate"[^>]*>/g)].map((match) => match[0]);

			assert.equal(links(english).length, 3, path);
			assert.deepEqual(links(english), links(german), path);
		}
	} finally {
		await page.context().close();
	}
});

test('a missing service says what could have been meant', async () => {
	const page = await open(browser);

	try {
		page.expected = [404];
		await page.goto(`${atlas.url}/services/sssh`);
		await page.locator('main a', { hasText: /^ssh$/ }).first().click();
		await page.waitForURL(`${atlas.url}/services/ssh`);
		assert.deepEqual(page.faults, []);
	} finally {
		await page.context().close();
	}
});

test('a page leads with the keyboard: skip link first, then the banner, all with a visible focus', async () => {
	const page = await open(browser);

	try {
		await page.goto(`${atlas.url}/ports/3476`);
		await page.keyboard.press('Tab');
		assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '#main');
		assert.ok(await page.evaluate(() => document.activeElement.getBoundingClientRect().top >= 0), 'the skip link is seen');
		for (let i = 0; i < 30; i++) {
			const seen = await page.evaluate(() => {
				const style = getComputedStyle(document.activeElement);

				return { what: document.activeElement.outerHTML.slice(0, 80), outline: style.outlineStyle,
					width: parseFloat(style.outlineWidth) };
			});

			assert.ok(seen.outline !== 'none' && seen.width >= 2, `focus on ${seen.what} is seen`);
			await page.keyboard.press('Tab');
			if (await page.evaluate(() => document.activeElement === document.body))
				break;
		}
		await page.locator('.skip').focus();
		await page.keyboard.press('Enter');
		assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
	} finally {
		await page.context().close();
	}
});
