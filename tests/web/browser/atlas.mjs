// What every browser test needs: a `berth serve` of its own, a browser, and listeners to look at.
//
// A server runs in a folder of its own (state, claims, ledger), so that tests see nothing of whoever runs them, and
// leave nothing behind. All processes are ended by close(), also when a test fails: use `after(() => atlas.close())`.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { chromium } = require(process.env.PLAYWRIGHT);

const START_MS = 20000;
const END_MS = 20000;

// Flags without which a browser without network asks for hosts of its maker all the time.
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync'];

// Wait for the end of a child process that was asked to end. One that does not is killed, and that is an error.
async function endOf(child, ended, what) {
	let timer;
	const late = new Promise((resolve) => { timer = setTimeout(() => resolve('late'), END_MS); });

	if (await Promise.race([ended, late]) === 'late') {
		child.kill('SIGKILL');
		throw new Error(`${what} (pid ${child.pid}) does not end`);
	}
	clearTimeout(timer);
}

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

// Sockets of another process: mksock's SPECs (tests/helpers/mksock.c). Returns {pid, ports, close()}.
export async function sockets(specs, options = []) {
	const child = spawn(join(process.env.BERTH_BUILD, 'tests', 'mksock'), [...options, ...specs],
		{ stdio: ['pipe', 'pipe', 'inherit'] });
	const ended = once(child, 'exit');
	let said = '';

	child.stdin.on('error', () => {});
	await new Promise((resolve, reject) => {
		child.stdout.on('data', (bytes) => {
			said += bytes;
			if (said.includes('ready\n'))
				resolve();
		});
		ended.then(() => reject(new Error(`mksock ended: ${said}`)));
	});
	return { pid: child.pid, ports: [...said.matchAll(/ port=(\d+)/g)].map((match) => Number(match[1])),
		close: async () => { child.stdin.end(); await endOf(child, ended, 'mksock'); } };
}

// A home of its own for berth: environment, folder to work in. Root writes into /var/lib, whatever the environment
// says: a mount that only berth sees puts a folder of the home there.
export function makeHome() {
	const home = mkdtempSync(join(tmpdir(), 'berth-web-'));
	const environment = { ...process.env, HOME: home, XDG_STATE_HOME: join(home, 'state'),
		XDG_DATA_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config'), LC_ALL: 'C.UTF-8', LANGUAGE: '' };
	const work = join(home, 'work'), lib = join(home, 'lib');

	mkdirSync(work);
	mkdirSync(lib);
	// The programs and arguments that run `berth ...`.
	const berth = (...words) => process.getuid() !== 0 ? [process.env.BERTH, ...words]
		: ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', 'mount --bind "$0" /var/lib && exec "$@"', lib,
			process.env.BERTH, ...words];

	return { home, work, environment, berth,
		run: async (...words) => {
			const [program, ...rest] = berth(...words);

			return (await promisify(execFile)(program, rest, { cwd: work, env: environment })).stdout;
		},
		remove: () => rmSync(home, { recursive: true, force: true }) };
}

// Start `berth serve`. `options.arguments` are put behind it; `options.home` of makeHome() is used and kept, for more
// than one run. Returns {url, tokenUrl, home, port, child, close()}: `url` ends without a slash.
export async function serve(options = {}) {
	const home = options.home ?? makeHome();
	const port = options.port ?? await freePort();
	const [program, ...words] = home.berth('serve', '--listen', `127.0.0.1:${port}`, ...(options.arguments ?? []));
	let said = '';

	// It ends with these tests, even when they are killed.
	const child = spawn('setpriv', ['--pdeathsig', 'TERM', program, ...words],
		{ cwd: home.work, env: home.environment, stdio: ['ignore', 'pipe', 'pipe'] });
	const ended = once(child, 'exit');
	const close = async () => {
		if (child.exitCode === null && child.signalCode === null)
			child.kill('SIGTERM');
		await endOf(child, ended, 'berth serve');
		if (!options.home)
			home.remove();
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

// A fresh page that collects what must not happen: errors of the console, uncaught exceptions, dialogs, requests to
// elsewhere, answers of 400 and above that `page.expected` does not list. `page.faults` has them.
export async function open(browser, options = {}) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US', ...options });
	const page = await context.newPage();

	page.faults = [];
	page.on('console', (message) => {
		// What the console says of answers is told by 'response' and 'requestfailed'.
		if ((message.type() === 'error' || message.type() === 'warning') &&
			!message.text().startsWith('Failed to load resource'))
			page.faults.push(`console: ${message.text()}`);
	});
	page.on('dialog', (dialog) => { page.faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
	page.on('requestfailed', (request) => {
		if (request.failure()?.errorText !== 'net::ERR_ABORTED')
			page.faults.push(`${request.failure()?.errorText} ${request.url()}`);
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

// A page that has opened the address with the token.
export async function openWithToken(browser, atlas, options = {}) {
	const page = await open(browser, options);

	await page.goto(atlas.tokenUrl);
	return page;
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
