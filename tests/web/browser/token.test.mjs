// The token: how it comes, and what is seen with it and without it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browse, open, openWithToken, serve, sockets, until } from './atlas.mjs';

const GENEROUS_MS = 15000;

let atlas, browser, guest, port;

before(async () => {
	guest = await sockets(['tcp:127.0.0.1:0:listen'], ['--name=berth-secret']);
	[port] = guest.ports;
	atlas = await serve();
	browser = await browse();
});

after(async () => {
	await browser?.close();
	await atlas?.close();
	await guest?.close();
});

test('token: its address sets a cookie for this server alone, and leaves nothing in the address bar', async () => {
	const page = await open(browser);
	const token = new URL(atlas.tokenUrl).searchParams.get('token');

	await page.goto(atlas.tokenUrl);
	assert.equal(page.url(), `${atlas.url}/`);
	const cookies = await page.context().cookies();

	assert.equal(cookies.length, 1);
	assert.deepEqual([cookies[0].value, cookies[0].httpOnly, cookies[0].sameSite, cookies[0].path], [token, true, 'Strict', '/']);
	assert.equal(await page.evaluate(() => document.cookie), '', 'no script reads it');
	assert.ok(!(await page.content()).includes(token), 'no page repeats it');
	assert.equal(await page.evaluate(() => performance.getEntriesByType('navigation')[0].name.includes('token')), false);
	await page.goto(`${atlas.url}/de/ports/22?token=${token}`);
	assert.equal(page.url(), `${atlas.url}/de/ports/22`, 'the same on any page');
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('token: a wrong one is refused and sets nothing', async () => {
	const page = await open(browser);

	page.expected = [403];
	await page.goto(`${atlas.url}/?token=00000000000000000000000000000000`);
	assert.match(await page.locator('h1').innerText(), /403/);
	assert.deepEqual(await page.context().cookies(), []);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

// What a stranger must not see of the guest, when berth sees more than a stranger does.
const secrets = () => [`pid ${guest.pid}`, `PID ${guest.pid}`, 'tests/mksock', 'berth-secret', process.cwd()];

const textOf = async (page, path) => (await page.request.get(atlas.url + path)).text();

test('token: without it a privileged berth shows no process, command, directory or parent; with it all of them',
	{ skip: process.getuid() === 0 ? false : 'left out: it needs root' }, async () => {
		const stranger = await open(browser), owner = await openWithToken(browser, atlas);
		const paths = [`/ports/${port}`, `/de/ports/${port}`, `/ports/${port}/live`, '/here', '/here/rows', '/', '/claims',
			`/map/row/${port >> 8}.json`, `/api/v1/ports/${port}`, '/api/v1/here', '/metrics'];

		for (const path of paths) {
			const text = await textOf(stranger, path);

			for (const secret of secrets())
				assert.ok(!text.includes(secret), `${path} shows ${secret} to strangers`);
		}
		await stranger.goto(`${atlas.url}/ports/${port}`);
		assert.ok(await stranger.locator('#live .resident').isVisible(), 'that somebody listens is no secret');
		assert.match(await stranger.locator('#live').innerText(), /token|berth serve/, 'it says what is left out');
		await owner.goto(`${atlas.url}/ports/${port}`);
		await until(async () => (await owner.locator('#live').innerText()).includes(`pid ${guest.pid}`), GENEROUS_MS, 'the owner');
		const seen = await owner.locator('#live').innerText();

		assert.match(seen, /mksock/);
		assert.match(seen, /tests\/mksock .*tcp:127\.0\.0\.1:0:listen/, 'its command');
		assert.match(seen, /started by/, 'its parents');
		assert.deepEqual([...stranger.faults, ...owner.faults], []);
		await stranger.context().close();
		await owner.context().close();
	});

test('token: faces and claims are offered to who has it, and to nobody else', async () => {
	const stranger = await open(browser), owner = await openWithToken(browser, atlas);

	for (const language of ['', '/de']) {
		for (const [path, form] of [[`/ports/${port}`, 'form#faces'], ['/claims', 'form.stake']]) {
			await owner.goto(atlas.url + language + path);
			assert.ok(await owner.locator(form).isVisible(), `${language}${path}`);
			await stranger.goto(atlas.url + language + path);
			assert.equal(await stranger.locator('main form').count(), 0, `${language}${path}: nothing that would be refused`);
			assert.ok(await stranger.locator('main code', { hasText: 'berth serve' }).first().isVisible(), 'it says how');
		}
	}
	// Whoever loses the token while the page is open is told, and nothing is counted.
	owner.expected = [403];
	await owner.goto(`${atlas.url}/ports/${port}`);
	await owner.locator('html[data-ready="yes"]').waitFor();
	await owner.context().clearCookies();
	await owner.locator('#faces button').first().click();
	await owner.locator('#faces-denied').waitFor();
	assert.match(await owner.locator('#faces-denied').innerText(), /not counted.*berth serve/);
	assert.equal(await owner.locator('#faces [aria-pressed="true"]').count(), 0);
	await stranger.context().close();
	assert.deepEqual([...stranger.faults, ...owner.faults], []);
	await owner.context().close();
});

test('token: events tell strangers no more than pages do',
	{ skip: process.getuid() === 0 ? false : 'left out: it needs root' }, async () => {
		const page = await open(browser);

		await page.goto(`${atlas.url}/ranges`);
		await page.evaluate(() => {
			globalThis.heard = [];
			const source = new EventSource('/events');

			for (const name of ['reset', 'changed', 'listener', 'queues'])
				source.addEventListener(name, (event) => globalThis.heard.push(`${name} ${event.data}`));
		});
		await until(() => page.evaluate(() => globalThis.heard.length > 0), GENEROUS_MS, 'the first event');
		const one = await sockets(['tcp:127.0.0.1:0:listen'], ['--name=berth-secret']);

		await until(() => page.evaluate((n) => globalThis.heard.some((line) => line.includes(`"port":${n}`)), one.ports[0]), GENEROUS_MS,
			'the event of the listener');
		const heard = (await page.evaluate(() => globalThis.heard)).join('\n');

		await one.close();
		for (const secret of [`"pid":${one.pid}`, 'mksock', 'berth-secret'])
			assert.ok(!heard.includes(secret), `events tell ${secret}`);
		await page.context().close();
	});
