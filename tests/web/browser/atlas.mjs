// What every browser test needs: a `berth serve` of its own, a browser, and listeners to look at.
//
// A server runs in a folder of its own (state, claims, ledger), so that tests see nothing of whoever runs them. All
// processes are ended by close(), also when a test fails: use `after(() => atlas.close())`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { chromium } = require(process.env.PLAYWRIGHT);

const START_MS = 20000;

// Flags without which a browser without network asks for hosts of its maker all the time.
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync'];

// A TCP listener of this very process. Returns {port, close()}.
export async function listener(port = 0, host = '127.0.0.1') {
	const server = createServer((socket) => socket.on('error', () => {}));

	server.listen(port, host);
	await once(server, 'listening');
	return { port: server.address().port, close: () => new Promise((done) => server.close(done)) };
}

// A port that nothing listens on at this moment.
export async function freePort() {
	const one = await listener();

	await one.close();
	return one.port;
}

// Start `berth serve`. `options.arguments` are put behind it, `options.environment` over the inherited one. Returns
// {url, tokenUrl, home, child, close()}: `url` ends without a slash.
export async function serve(options = {}) {
	const home = mkdtempSync(join(tmpdir(), 'berth-web-'));
	const port = await freePort();
	const environment = { ...process.env, HOME: home, XDG_STATE_HOME: join(home, 'state'),
		XDG_DATA_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config'), LC_ALL: 'C.UTF-8', LANGUAGE: '',
		...options.environment };
	let said = '';

	mkdirSync(join(home, 'work'));
	const child = spawn(process.env.BERTH, ['serve', '--listen', `127.0.0.1:${port}`, ...(options.arguments ?? [])],
		{ cwd: join(home, 'work'), env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
	const ended = once(child, 'exit');
	const close = async () => {
		if (child.exitCode === null && child.signalCode === null)
			child.kill('SIGTERM');
		await ended;
		rmSync(home, { recursive: true, force: true });
	};

	child.stderr.on('data', (bytes) => { said += bytes; });
	const found = await new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`berth serve says nothing: ${said}`)), START_MS);

		child.stdout.on('data', (bytes) => {
			said += bytes;
			const match = said.match(/http:\/\/\S+[?&]token=[0-9a-f]+/);

			if (match) {
				clearTimeout(timer);
				resolve(match[0]);
			}
		});
		child.on('exit', (code) => { clearTimeout(timer); reject(new Error(`berth serve ended (${code}): ${said}`)); });
	}).catch(async (error) => { await close(); throw error; });
	return { url: `http://127.0.0.1:${port}`, tokenUrl: found, home, port, child, close, said: () => said };
}

// A browser. `close()` ends it.
export function browse() {
	return chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS, headless: true });
}

// A fresh page that collects what must not happen: errors of the console, uncaught exceptions, requests to elsewhere,
// answers of 400 and above. `page.faults` has them.
export async function open(browser, options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US', ...options });
	const page = await context.newPage();

	page.faults = [];
	page.on('console', (message) => {
		if (message.type() === 'error' || message.type() === 'warning')
			page.faults.push(`console: ${message.text()}`);
	});
	page.on('pageerror', (error) => page.faults.push(`exception: ${error.message}`));
	page.on('request', (request) => {
		if (!/^(http:\/\/127\.0\.0\.1:|data:|blob:|about:|file:)/.test(request.url()))
			page.faults.push(`request to elsewhere: ${request.url()}`);
	});
	page.on('response', (response) => {
		if (response.status() >= 400 && !(page.expected ?? []).includes(response.status()))
			page.faults.push(`${response.status()} ${response.url()}`);
	});
	return page;
}

// What axe-core finds on a page, as readable lines; [] is clean. Rules: WCAG 2.0 to 2.2, A and AA, and good practice.
export async function axe(page) {
	await page.evaluate(readFileSync(join(process.env.AXE, 'axe.min.js'), 'utf8'));
	const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: { type: 'tag', values: ['wcag2a',
		'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } }));

	return found.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(' ')).slice(0, 5).join(', ')})`);
}

// Wait until `probe()` is true, looking often; returns the milliseconds it took, or fails.
export async function until(probe, milliseconds, what) {
	const start = performance.now();

	for (;;) {
		if (await probe())
			return performance.now() - start;
		if (performance.now() - start > milliseconds)
			throw new Error(`${what}: not within ${milliseconds} ms`);
		await new Promise((done) => setTimeout(done, 20));
	}
}

// A picture of the whole page, when BERTH_SCREENS names a folder for them.
export async function shot(page, name) {
	if (!process.env.BERTH_SCREENS)
		return;
	mkdirSync(process.env.BERTH_SCREENS, { recursive: true });
	await page.screenshot({ path: join(process.env.BERTH_SCREENS, `${name}.png`), fullPage: true });
}
