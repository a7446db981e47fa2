// What is looked up live: the table of this machine and the page of a port follow what happens, within two seconds.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { browse, freePort, listener, open, openWithToken, serve, sockets, until } from './atlas.mjs';

const PROMISED_MS = 2000;
const GENEROUS_MS = 15000;
const TIMES = 5;

let atlas, browser;

before(async () => {
	// Whatever else runs on this machine in namespaces of its own: the table has one page.
	atlas = await serve({ arguments: ['--netns', 'here'] });
	browser = await browse();
});

after(async () => {
	await browser?.close();
	await atlas?.close();
});

const row = (page, port) => page.locator(`#here-rows th a[href$="/ports/${port}"]`);
const wholeRow = (page, port) => page.locator('#here-rows tr', { has: page.locator(`th a[href$="/ports/${port}"]`) });

async function openHere(options = {}) {
	const page = await openWithToken(browser, atlas, options);

	await page.goto(`${atlas.url}/here`);
	await page.locator('#here[data-ready="yes"]').waitFor();
	return page;
}

// The promise: every one of them; the figures are told.
function checkPromise(t, what, figures) {
	const sorted = [...figures].sort((a, b) => a - b);

	t.diagnostic(`${what}: ${sorted.map(Math.round).join(', ')} ms`);
	assert.ok(sorted.at(-1) <= PROMISED_MS, `${what} within ${PROMISED_MS} ms: ${sorted.map(Math.round)}`);
}

// `make()` returns something with {port(s), close()}; how long the table takes to show it and to drop it.
async function comeAndGo(t, page, make) {
	const shown = [], dropped = [];

	for (let i = 0; i < TIMES; i++) {
		const one = await make();
		const port = one.port ?? one.ports[0];

		try {
			shown.push(await until(() => row(page, port).count(), GENEROUS_MS, `the row of ${port}`));
		} finally {
			await one.close();
		}
		dropped.push(await until(async () => await row(page, port).count() === 0, GENEROUS_MS, `no row of ${port}`));
	}
	checkPromise(t, 'shown', shown);
	checkPromise(t, 'dropped', dropped);
}

test('here: a listener is shown within 2 s of its start, and dropped within 2 s of its end', async (t) => {
	const page = await openHere();

	await comeAndGo(t, page, () => listener());
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('here: the same for the listener of another process, with its owner', async (t) => {
	const page = await openHere();

	await comeAndGo(t, page, () => sockets(['tcp:127.0.0.1:0:listen']));
	const one = await sockets(['tcp:127.0.0.1:0:listen'], ['--name=berth-guest']);

	try {
		await until(async () => await row(page, one.ports[0]).count() &&
			(await wholeRow(page, one.ports[0]).innerText()).includes(`pid ${one.pid}`),
		GENEROUS_MS, 'its owner');
	} finally {
		await one.close();
	}
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('here: UDP, and IPv6, too', async () => {
	const page = await openHere();
	const one = await sockets(['udp:127.0.0.1:5353', 'tcp:[::1]:0:listen']);

	try {
		await row(page, 5353).first().waitFor();
		await row(page, one.ports[1]).waitFor();
	} finally {
		await one.close();
	}
	await page.context().close();
});

test('here: the filter leaves rows out, says how many, and lives on over a refresh', async () => {
	const page = await openHere();
	const one = await sockets(['tcp:127.0.0.1:0:listen']), two = await sockets(['tcp:127.0.0.1:0:listen']);
	let three;

	try {
		await row(page, one.ports[0]).waitFor();
		await row(page, two.ports[0]).waitFor();
		await page.locator('#here-filter').pressSequentially(String(one.ports[0]));
		await row(page, two.ports[0]).waitFor({ state: 'detached' });
		assert.ok(await row(page, one.ports[0]).isVisible());
		const before = Number((await page.locator('#here-shown').innerText()).match(/^1 of (\d+)/)[1]);

		assert.equal(new URL(page.url()).search, `?q=${one.ports[0]}`, 'the address says it');
		three = await listener();
		await until(async () => Number((await page.locator('#here-shown').innerText()).match(/^1 of (\d+)/)?.[1]) > before,
			GENEROUS_MS, 'one more of them');
		assert.equal(await row(page, three.port).count(), 0, 'a new row obeys the filter');
		assert.equal(await page.locator('#here-filter').inputValue(), String(one.ports[0]));
		await page.locator('#here-filter').fill(`-${one.ports[0]}`);
		await row(page, two.ports[0]).waitFor();
		await row(page, one.ports[0]).waitFor({ state: 'detached' });
		await page.reload();
		assert.equal(await page.locator('#here-filter').inputValue(), `-${one.ports[0]}`, 'a new page keeps it');
		assert.equal(await row(page, one.ports[0]).count(), 0);
		await page.locator('#here[data-ready="yes"]').waitFor();
		await page.locator('#here-filter').fill('');
		await row(page, one.ports[0]).waitFor();
		assert.ok(await row(page, three.port).isVisible());
		assert.equal(page.url(), `${atlas.url}/here`);
	} finally {
		await one.close();
		await two.close();
		await three?.close();
	}
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

// The numbers of the rows from above.
const portsShown = async (page) => (await page.locator('#here-rows tr th a').allTextContents()).map(Number);
const isSorted = (numbers, sign) => numbers.every((n, i) => i === 0 || sign * (n - numbers[i - 1]) >= 0);

test('here: sorted by mouse and by keyboard, and says so', async () => {
	const made = [await listener(), await listener(), await listener()];
	const page = await openHere();
	const port = page.locator('#here-table th[data-sort]').first();
	const user = page.locator('#here-table th[data-sort]').nth(4);

	try {
		for (const one of made)
			await row(page, one.port).waitFor();
		assert.equal(await port.getAttribute('aria-sort'), 'ascending', 'at first by port');
		assert.ok(isSorted(await portsShown(page), 1));
		const becomes = (th, order) => until(async () => await th.getAttribute('aria-sort') === order, GENEROUS_MS, order);

		await port.locator('a').click();
		await becomes(port, 'descending');
		assert.ok(isSorted(await portsShown(page), -1), 'one click turns it round');
		assert.equal(page.url(), `${atlas.url}/here?sort=-port`, 'no new page, but its address');
		await port.locator('a').click();
		await becomes(port, 'ascending');
		await user.locator('a').focus();
		await page.keyboard.press('Enter');
		await becomes(user, 'ascending');
		assert.equal(await port.getAttribute('aria-sort'), null, 'one column at a time');
		assert.ok(await page.evaluate(() => document.activeElement.id === 'sort-user'), 'the focus stays');
		await page.keyboard.press('Enter');
		await becomes(user, 'descending');
		await port.locator('a').focus();
		await page.keyboard.press('Enter');
		await becomes(port, 'ascending');
		await page.keyboard.press('Enter');
		await becomes(port, 'descending');
		const last = await listener();

		made.push(last);
		await row(page, last.port).waitFor();
		assert.ok(isSorted(await portsShown(page), -1), 'new rows find their place');
		assert.equal(await port.getAttribute('aria-sort'), 'descending');
	} finally {
		for (const one of made)
			await one.close();
	}
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

// The rows of all pages, by following "next".
async function walk(page) {
	const ports = [];

	for (;;) {
		ports.push(...await portsShown(page));
		const next = page.locator('#here-pages a[rel="next"]');

		if (await next.count() === 0)
			return ports;
		const href = await next.getAttribute('href');

		await next.click();
		await page.waitForURL(atlas.url + href);
	}
}

test('here: a long table has pages, and the one that is looked at stays true', async (t) => {
	const many = await sockets(Array.from({ length: 250 }, () => 'tcp:127.0.0.1:0:listen'), ['--name=many']);
	const page = await openHere();
	let last;

	try {
		let ports;

		// A look may be a second old, and others on this machine may begin and end between two pages.
		await until(async () => {
			await page.goto(`${atlas.url}/here?q=127.0.0.1&sort=-port`);
			ports = await walk(page);
			return new Set(ports).size === ports.length && many.ports.every((port) => ports.includes(port));
		}, GENEROUS_MS, 'every one of them on a page');
		assert.ok(isSorted(ports, -1), 'in one order over all pages');
		assert.match(page.url(), /page=[3-9]$/);
		assert.equal(await page.locator('#here-filter').inputValue(), '127.0.0.1', 'the words are kept');
		await page.locator('#here[data-ready="yes"]').waitFor();
		const shown = await portsShown(page), first = await page.locator('#here-pages span').innerText();

		last = await sockets(['tcp:127.0.0.1:65000:listen']); // on the first page: it moves all others
		await until(async () => await page.locator('#here-pages span').innerText() !== first, PROMISED_MS, 'one row more');
		assert.notDeepEqual(await portsShown(page), shown);
		assert.equal(await row(page, 65000).count(), 0, 'and this is still the last page');
		const plain = await openWithToken(browser, atlas, { javaScriptEnabled: false });

		await plain.goto(`${atlas.url}/de/here`);
		await plain.locator('#here-filter').fill(`127.0.0.1 ${many.ports[7]}`);
		await plain.locator('#here-tools button').click();
		assert.deepEqual(await portsShown(plain), [many.ports[7]], 'without a script, too');
		await plain.locator('#sort-user').click();
		assert.match(plain.url(), /\/de\/here\?q=127\.0\.0\.1%20\d+&sort=user$/);
		assert.deepEqual([...page.faults, ...plain.faults], []);
		await plain.context().close();
	} finally {
		await many.close();
		await last?.close();
	}
	await page.context().close();
});

test('here: how far a listener can be reached is told', async () => {
	const page = await openHere();
	const one = await sockets(['tcp:127.0.0.1:0:listen', 'tcp:0.0.0.0:0:listen', 'tcp:[::]:0:listen,dual']);

	try {
		const said = [/127\.0\.0\.1[^]*this machine only/, /every IPv4 address/, /every address, IPv4 and IPv6/];

		for (let i = 0; i < said.length; i++) {
			await row(page, one.ports[i]).waitFor();
			assert.match(await wholeRow(page, one.ports[i]).innerText(), said[i]);
		}
	} finally {
		await one.close();
	}
	await page.context().close();
});

// Connections until nobody answers: the queue of a listener that never accepts is full.
async function fillQueue(port, n) {
	const made = [];

	for (let i = 0; i < n; i++) {
		const socket = connect(port, '127.0.0.1');

		socket.on('error', () => {});
		made.push(socket);
	}
	return () => made.forEach((socket) => socket.destroy());
}

test('here and port: a full queue is shown, without a new listener, and goes when it is empty', async () => {
	const one = await sockets(['tcp:127.0.0.1:0:listen,backlog=1']);
	const page = await openHere();
	const cell = wholeRow(page, one.ports[0]);
	let drain = () => {};

	try {
		await row(page, one.ports[0]).waitFor();
		assert.equal(await cell.locator('.full').count(), 0);
		drain = await fillQueue(one.ports[0], 4);
		await cell.locator('.full').waitFor({ timeout: GENEROUS_MS });
		assert.match(await cell.locator('.full').innerText(), /full/i);
		assert.ok(await page.locator('#here-summary .full').isVisible(), 'the summary says it');
		await page.goto(`${atlas.url}/ports/${one.ports[0]}`);
		assert.ok(await page.locator('#live .full').first().isVisible(), 'so does the page of the port');
	} finally {
		drain();
		await one.close();
	}
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('port: who lives here changes within 2 s, without a new page', async (t) => {
	const page = await openWithToken(browser, atlas);
	const port = await freePort();
	const shown = [], dropped = [];

	await page.goto(`${atlas.url}/ports/${port}`);
	await page.locator('html[data-ready="yes"]').waitFor();
	await page.evaluate(() => { globalThis.isSamePage = true; });
	for (let i = 0; i < TIMES; i++) {
		const one = await sockets([`tcp:127.0.0.1:${port}:listen`]);

		try {
			shown.push(await until(() => page.locator('#live .resident').count(), GENEROUS_MS, 'a resident'));
			assert.match(await page.locator('#live .resident').innerText(), /mksock/);
			await page.locator('#verdict [data-verdict="unclaimed"], #verdict [data-verdict="occupied"]').first().waitFor();
			await page.locator('#bind [data-judged="no"]').first().waitFor();
		} finally {
			await one.close();
		}
		dropped.push(await until(async () => await page.locator('#live .resident').count() === 0, GENEROUS_MS, 'no resident'));
	}
	checkPromise(t, 'shown', shown);
	checkPromise(t, 'dropped', dropped);
	assert.ok(await page.evaluate(() => globalThis.isSamePage), 'it was never loaded anew');
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('here: focus stays on its row over a refresh', async () => {
	const page = await openHere();
	const one = await listener();
	let two;

	try {
		await row(page, one.port).waitFor();
		await row(page, one.port).focus();
		two = await listener();
		await row(page, two.port).waitFor();
		assert.ok(await page.evaluate((port) => document.activeElement.getAttribute('href')?.endsWith(`/ports/${port}`), one.port));
	} finally {
		await one.close();
		await two?.close();
	}
	await page.context().close();
});

test('port: focus and an open <details> stay over a refresh', async () => {
	const page = await openWithToken(browser, atlas);
	const port = await freePort();

	await page.goto(`${atlas.url}/ports/${port}`);
	const summary = page.locator('details summary', { hasText: 'macOS' });

	await summary.click();
	await summary.focus();
	const one = await listener(port);

	try {
		await page.locator('#live .resident').waitFor();
		assert.ok(await summary.evaluate((element) => element.parentElement.open));
		assert.ok(await summary.evaluate((element) => element === document.activeElement));
	} finally {
		await one.close();
	}
	await page.context().close();
});

// As a tab behind others is: hidden, and told so.
const setHidden = (page, isHidden) => page.evaluate((hidden) => {
	Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
	Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => hidden ? 'hidden' : 'visible' });
	document.dispatchEvent(new Event('visibilitychange'));
}, isHidden);

test('here, port, map: a hidden tab asks for nothing, and is up to date when it is looked at again', async () => {
	const seen = await openHere();
	const port = await freePort();

	for (const [path, isThere] of [['/here', (page) => row(page, port).count()],
		[`/ports/${port}`, (page) => page.locator('#live .resident').count()],
		['/', (page) => page.locator(`#map-now a[href="/ports/${port}"]`).count()]]) {
		const page = await openWithToken(browser, atlas);

		await page.goto(atlas.url + path, { waitUntil: 'load' });
		await page.locator('[data-ready="yes"]').first().waitFor({ state: 'attached' });
		await setHidden(page, true);
		const asked = [];
		let n;

		page.on('request', (request) => asked.push(request.url()));
		await until(async () => { // whatever was under way comes to its end
			n = asked.length;
			await page.evaluate(() => new Promise((done) => { setTimeout(done, 300); }));
			return asked.length === n;
		}, GENEROUS_MS, 'it is quiet');
		asked.length = 0;
		const one = await listener(port);

		try {
			// Another window shows it; so would this one, twice over, if it looked.
			await until(() => row(seen, port).count(), GENEROUS_MS, 'the window that is seen');
			const two = await listener();

			await until(() => row(seen, two.port).count(), GENEROUS_MS, 'the window that is seen');
			await two.close();
			await until(async () => await row(seen, two.port).count() === 0, GENEROUS_MS, 'the window that is seen');
			assert.deepEqual(asked, [], `${path} while it is hidden`);
			assert.equal(await isThere(page), 0);
			await setHidden(page, false);
			await until(() => isThere(page), GENEROUS_MS, `${path} after it is seen again`);
		} finally {
			await one.close();
		}
		await until(async () => await row(seen, port).count() === 0, GENEROUS_MS, 'the window that is seen');
		await page.context().close();
	}
	await seen.context().close();
});

test('here: a server that ends and comes back is found again', async () => {
	const own = await serve();
	const page = await open(browser);
	let again;

	try {
		await page.goto(`${own.url}/here`);
		await page.locator('#here[data-ready="yes"]').waitFor();
		await own.close();
		again = await serve({ port: own.port });
		const one = await listener();

		try {
			await until(() => row(page, one.port).count(), 30000, 'the row after the server came back');
		} finally {
			await one.close();
		}
	} finally {
		await page.context().close();
		await again?.close();
	}
});
