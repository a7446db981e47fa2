// Claims in the browser: what is shown, what can be staked, and from where not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { browse, makeHome, open, openWithToken, serve, sockets, until } from './atlas.mjs';

const GENEROUS_MS = 15000;
const FILE = `gateway 8443/tcp owner=infra
shop 18080/tcp owner="the shop" program=nginx # the <b>storefront</b>
rival 18080/tcp owner=rivals
metrics 19100-19110/tcp 127.0.0.1 owner=sre until=2036-06-30
`;

let home, atlas, browser, intruder;

before(async () => {
	home = makeHome();
	writeFileSync(join(home.work, 'ports.claims'), FILE);
	await home.run('claim', 'mine', '17001/tcp', '--to', 'ledger', '--reason', 'for the browser');
	intruder = await sockets(['tcp:127.0.0.1:18080:listen']);
	atlas = await serve({ home });
	browser = await browse();
});

after(async () => {
	await browser?.close();
	await atlas?.close();
	await intruder?.close();
	home?.remove();
});

const listed = async () => JSON.parse(await home.run('claims', '--json'));
const claimsOf = (record) => Array.isArray(record) ? record : record.claims;
const isClaimed = async (name) => claimsOf(await listed()).some((claim) => claim.name === name);

async function fill(page, fields) {
	for (const [name, value] of Object.entries(fields))
		await page.locator(`form.stake [name="${name}"]`).fill(value);
	await page.locator('form.stake [type="submit"]').click();
}

test('claims: those of the file and of the ledger, with owner, last day and reason', async () => {
	const page = await open(browser);

	await page.goto(`${atlas.url}/claims`);
	const text = await page.locator('main table').first().innerText();

	for (const said of [/8443\b[^]*gateway[^]*infra/, /18080[^]*shop[^]*the shop[^]*the <b>storefront<\/b>/, /19100–19110[^]*metrics[^]*30 June 2036/,
		/17001[^]*mine[^]*for the browser/])
		assert.match(text, said);
	assert.equal(await page.locator('main b', { hasText: /^storefront$/ }).count(), 0, 'what stands in a claim is text');
	await page.locator('main a[href="/ports/17001"]').first().click();
	await page.waitForURL(`${atlas.url}/ports/17001`);
	assert.match(await page.locator('#claimed').innerText(), /mine/);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('claims: two that want the same, and who listens there instead', async () => {
	const page = await openWithToken(browser, atlas);

	await page.goto(`${atlas.url}/claims`);
	const told = page.locator('main ul.plain').first();

	await until(async () => /mksock/.test(await told.innerText()), GENEROUS_MS, 'who listens on the shop\'s port');
	assert.match(await told.innerText(), /rival[^]*shop|shop[^]*rival/);
	await page.goto(`${atlas.url}/ports/18080`);
	assert.equal(await page.locator('#verdict [data-verdict="conflict"]').count(), 1);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

for (const [javaScriptEnabled, prefix, name, port] of [[true, '', 'from-browser', 17010], [false, '/de', 'without-script', 17020]]) {
	test(`claims: one is staked with the token, ${javaScriptEnabled ? 'with' : 'without'} JavaScript, and berth claims has it`, async () => {
		const page = await openWithToken(browser, atlas, { javaScriptEnabled });

		await page.goto(`${atlas.url}${prefix}/claims`);
		await fill(page, { name, ports: `${port}/tcp`, owner: 'somebody', reason: 'a "reason" & <more>', until: '2036-01-31' });
		await page.waitForURL(`${atlas.url}${prefix}/claims`);
		await until(async () => {
			await page.goto(`${atlas.url}${prefix}/claims`);
			return await page.locator('main table tr', { hasText: name }).count() > 0;
		}, GENEROUS_MS, 'the page lists it');
		assert.match(await page.locator('main table tr', { hasText: name }).innerText(), /a "reason" & <more>/);
		const claim = claimsOf(await listed()).find((one) => one.name === name);

		assert.deepEqual(claim.ports, [port, port]);
		assert.equal(claim.owner, 'somebody');
		assert.equal(claim.until, '2036-01-31');
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});
}

test('claims: what cannot be is said with the reason, and what was taken already, too', async () => {
	const page = await openWithToken(browser, atlas);

	page.expected = [400, 409];
	await page.goto(`${atlas.url}/claims`);
	await fill(page, { name: 'wrong', ports: '70000/tcp' });
	await page.locator('h1', { hasText: '400' }).waitFor();
	assert.notEqual((await page.locator('main p').first().innerText()).trim(), '');
	await page.goto(`${atlas.url}/claims`);
	await fill(page, { name: 'second', ports: '17001/tcp' });
	await page.locator('h1', { hasText: '409' }).waitFor();
	assert.match(await page.locator('main').innerText(), /mine/);
	await page.goto(`${atlas.url}/claims`);
	await fill(page, { name: 'no name!', ports: '17030/tcp' });
	assert.equal(page.url(), `${atlas.url}/claims`, 'the browser holds a bad name back');
	assert.equal(await page.locator('form.stake [name="name"]').evaluate((input) => input.validity.valid), false);
	assert.equal(await isClaimed('second'), false);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('claims: without the token there is no form, and a POST is refused', async () => {
	const page = await open(browser);

	page.expected = [403];
	await page.goto(`${atlas.url}/claims`);
	assert.equal(await page.locator('form.stake').count(), 0);
	assert.match(await page.locator('#stake').innerText(), /token/);
	const status = await page.evaluate(async () => (await fetch('/claims', { method: 'POST',
		body: new URLSearchParams({ name: 'thief', ports: '17040/tcp' }) })).status);

	assert.equal(status, 403);
	assert.equal(await isClaimed('thief'), false);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

// A page of somebody else, from another port of this machine, with a form that goes to the atlas.
async function foreign(action, fields) {
	const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`).join('');
	const server = createServer((request, response) => {
		response.setHeader('Content-Type', 'text/html');
		response.end(`<!DOCTYPE html><title>elsewhere</title><form method="post" action="${action}">${inputs}<button>go</button></form>`);
	});

	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return { url: `http://127.0.0.1:${server.address().port}/`, close: () => { server.closeAllConnections(); server.close(); } };
}

test('another origin: its form and its script are refused, although the browser has the token', async () => {
	const page = await openWithToken(browser, atlas);
	const page_ = await foreign(`${atlas.url}/claims`, { name: 'foreign', ports: '17050/tcp' });

	try {
		page.expected = [403];
		await page.goto(page_.url);
		await page.locator('button').click();
		await page.locator('h1', { hasText: '403' }).waitFor();
		assert.equal(await isClaimed('foreign'), false);
		await page.goto(page_.url);
		const said = await page.evaluate(async (url) => {
			const post = await fetch(`${url}/claims`, { method: 'POST', credentials: 'include', mode: 'no-cors',
				body: new URLSearchParams({ name: 'foreign', ports: '17050/tcp' }) }).then((answer) => answer.type, () => 'failed');
			const read = await fetch(`${url}/api/v1/here`, { credentials: 'include' }).then(() => 'read', () => 'refused');

			return { post, read };
		}, atlas.url);

		assert.equal(said.read, 'refused', 'no other origin reads the API');
		assert.equal(await isClaimed('foreign'), false);
		// The same for faces.
		await page.goto(`${atlas.url}/ports/17050`);
		const before = await page.locator('#faces .count').allInnerTexts();

		await page.goto(page_.url);
		await page.evaluate((url) => fetch(`${url}/ports/17050/face`, { method: 'POST', credentials: 'include', mode: 'no-cors',
			body: new URLSearchParams({ face: 'yes' }) }).catch(() => {}), atlas.url);
		await page.goto(`${atlas.url}/ports/17050`);
		assert.deepEqual(await page.locator('#faces .count').allInnerTexts(), before);
	} finally {
		page_.close();
		await page.context().close();
	}
});

test('another origin: no frame of it shows the atlas', async () => {
	const page = await open(browser);
	const server = createServer((request, response) => {
		response.setHeader('Content-Type', 'text/html');
		response.end(`<!DOCTYPE html><title>frame</title><iframe src="${atlas.url}/claims"></iframe>`);
	});

	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	try {
		await page.goto(`http://127.0.0.1:${server.address().port}/`, { waitUntil: 'load' });
		assert.equal(await page.frameLocator('iframe').locator('h1', { hasText: 'Claims' }).count(), 0);
		assert.ok(page.faults.some((fault) => /frame/i.test(fault)), page.faults.join('\n'));
	} finally {
		server.closeAllConnections();
		server.close();
		await page.context().close();
	}
});
