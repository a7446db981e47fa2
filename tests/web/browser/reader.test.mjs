// What a reader does on the pages: changes the language, searches, copies a command, judges a page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browse, makeHome, open, openWithToken, serve, until } from './atlas.mjs';

const GENEROUS_MS = 15000;

let atlas, browser;

before(async () => {
	atlas = await serve();
	browser = await browse();
});

after(async () => {
	await browser?.close();
	await atlas?.close();
});

const language = (page) => page.locator('html').getAttribute('lang');

for (const javaScriptEnabled of [true, false]) {
	test(`language: the switch leads to the twin, and is remembered, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
		const page = await open(browser, { javaScriptEnabled });

		await page.goto(`${atlas.url}/ports/3476`);
		assert.equal(await language(page), 'en');
		await page.locator('a.language').click();
		await page.waitForURL(`${atlas.url}/de/ports/3476`);
		assert.equal(await language(page), 'de');
		await page.goto(`${atlas.url}/ranges`);
		assert.equal(page.url(), `${atlas.url}/de/ranges`, 'the choice holds for other pages');
		assert.deepEqual((await page.context().cookies()).map(({ name, value, sameSite }) => ({ name, value, sameSite })),
			[{ name: 'berth-language', value: 'de', sameSite: 'Lax' }]);
		await page.locator('a.language').click();
		await page.waitForURL(`${atlas.url}/ranges`);
		await page.goto(`${atlas.url}/`);
		assert.equal(await language(page), 'en');
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});
}

test('language: that of the browser without a choice; the path is stronger than both', async () => {
	const page = await open(browser, { locale: 'de-AT' });

	await page.goto(`${atlas.url}/services/ssh`);
	assert.equal(page.url(), `${atlas.url}/de/services/ssh`);
	await page.goto(`${atlas.url}/search?q=http`);
	assert.equal(page.url(), `${atlas.url}/de/search?q=http`, 'the query comes along');
	await page.locator('a.language').click();
	await page.waitForURL((at) => !at.pathname.startsWith('/de'));
	assert.equal(page.url(), `${atlas.url}/search?q=http`, 'the search comes along');
	assert.equal(await language(page), 'en', 'a choice is stronger than the browser');
	await page.goto(`${atlas.url}/de/ranges`);
	assert.equal(await language(page), 'de', 'the path is stronger than the choice');
	await page.context().close();
	const french = await open(browser, { locale: 'fr-FR' });

	await french.goto(`${atlas.url}/`);
	assert.equal(await language(french), 'en');
	await french.context().close();
});

for (const javaScriptEnabled of [true, false]) {
	test(`search from the head of a page, ${javaScriptEnabled ? 'with' : 'without'} JavaScript, in both languages`, async () => {
		const page = await open(browser, { javaScriptEnabled });

		for (const prefix of ['', '/de']) {
			await page.goto(`${atlas.url}${prefix}/ports/22`);
			await page.locator('header [name="q"]').fill('nppmp');
			await page.locator('header [name="q"]').press('Enter');
			await page.waitForURL(`${atlas.url}${prefix}/search?q=nppmp`);
			assert.equal(await page.locator('main [name="q"]').inputValue(), 'nppmp');
			await page.locator('main a[href$="/ports/3476"]').first().click();
			await page.waitForURL(`${atlas.url}${prefix}/ports/3476`);
			await page.locator('header [name="q"]').fill('8080');
			await page.locator('header [type="submit"]').click();
			await page.waitForURL(new RegExp(`${prefix}/(search\\?q=8080|ports/8080)`));
			assert.ok(page.url().includes('/ports/') || await page.locator('main .direct a[href$="/ports/8080"]').isVisible());
		}
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});
}

test('search: what was typed is shown as text, whatever it is', async () => {
	const page = await open(browser);

	for (const typed of ['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', '\u202eevil', '%00%ff', '&lt;b&gt;', 'ü'.repeat(200)]) {
		await page.goto(`${atlas.url}/search?q=${encodeURIComponent(typed)}`);
		// Marks that turn the direction of text round stand in no name: they are not looked for.
		assert.equal(await page.locator('main [name="q"]').inputValue(), typed.replace('\u202e', ''));
		assert.equal(await page.locator('main img, main script').count(), 0);
	}
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('the copy buttons put their commands into the clipboard, and say so', async () => {
	const page = await open(browser, { permissions: ['clipboard-read', 'clipboard-write'] });

	await page.goto(`${atlas.url}/ports/3476`);
	await page.locator('html[data-ready="yes"]').waitFor();
	for (const [system, id] of [['Linux', 'ss'], ['macOS', 'lsof'], ['Windows', 'netstat'], ['Windows', 'powershell']]) {
		const details = page.locator('details', { has: page.locator('summary').filter({ hasText: system }) });
		const button = details.locator(`button[data-copy="${id}"]`);

		if (!await button.isVisible())
			await details.locator('summary').click();
		const label = await button.innerText();

		await button.click();
		await until(async () => await button.innerText() !== label, GENEROUS_MS, 'the button says it');
		assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.locator(`code#${id}`).innerText());
		assert.match(await page.locator(`code#${id}`).innerText(), /3476/);
	}
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('without a clipboard the command is selected', async () => {
	const page = await open(browser);

	await page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
	await page.goto(`${atlas.url}/ports/3476`);
	await page.locator('button[data-copy="ss"]').click();
	assert.equal((await page.evaluate(() => String(getSelection()))).trim(), await page.locator('code#ss').innerText());
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

const FACES = ['yes', 'so-so', 'no'];
const counts = async (page) => (await page.locator('#faces .count').allInnerTexts()).map(Number);

async function judge(page, path, face) {
	await page.goto(atlas.url + path);
	await page.locator('#faces button').nth(face).click();
}

test('faces: each of the three is counted, said, and there after a restart of berth serve', async () => {
	const home = makeHome();
	let own = await serve({ home });
	let page = await openWithToken(browser, own);

	try {
		for (let face = 0; face < FACES.length; face++) {
			await page.goto(`${own.url}/ports/3476`);
			await page.locator('html[data-ready="yes"]').waitFor();
			await page.locator('#faces button').nth(face).click();
			await page.locator('#faces [aria-pressed="true"]').waitFor();
			assert.equal(await page.locator('#faces-said').innerText(), await page.locator('#faces-said').getAttribute('data-thanks'),
				FACES[face]);
			assert.equal(await page.locator('#faces [aria-pressed="true"]').count(), 1);
			assert.equal(page.url(), `${own.url}/ports/3476`, 'no new page');
		}
		await page.goto(`${own.url}/ports/3476`);
		assert.deepEqual(await counts(page), [1, 1, 1]);
		await page.goto(`${own.url}/de/ports/3477`);
		assert.deepEqual(await counts(page), [0, 0, 0], 'other ports are judged for themselves');
		assert.deepEqual(page.faults, []);
		await page.context().close();
		await own.close();
		own = await serve({ home });
		page = await openWithToken(browser, own);
		await page.goto(`${own.url}/ports/3476`);
		assert.deepEqual(await counts(page), [1, 1, 1], 'after a restart');
	} finally {
		await page.context().close();
		await own.close();
		home.remove();
	}
});

test('faces: counted without JavaScript, in both languages', async () => {
	const page = await openWithToken(browser, atlas, { javaScriptEnabled: false });

	for (let face = 0; face < FACES.length; face++) {
		await judge(page, '/ports/4711', face);
		await page.waitForURL(`${atlas.url}/ports/4711`);
		await judge(page, '/de/ports/4711', face);
		await page.waitForURL(`${atlas.url}/de/ports/4711`);
	}
	assert.deepEqual(await counts(page), [2, 2, 2]);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});
