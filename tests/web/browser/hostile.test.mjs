// Names made to deceive: of programs, arguments and folders of a real process, and of a recorded world. They are text;
// nothing of them runs, nothing breaks out of its place.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { axe, browse, open, openWithToken, serve, shot, until } from './atlas.mjs';

const GENEROUS_MS = 15000;
const WORLD = join(process.env.BERTH_SOURCE, 'tests', 'worlds', 'hostile.world');
// Linux keeps 15 bytes of a name; a path has no slash inside a name, so that elements here close themselves.
const PROGRAM = '<img src=x onerror=alert(1)>';
const FOLDER = '"><svg onload=alert(2)>\u202e';
const ARGUMENTS = ['<script>alert(3)</script>', '</code></li></ul></section></main><h1>owned</h1>', '\u202egnp.exe\u2066', '&lt;b&gt;',
	'javascript:alert(4)', '\u001b]0;owned\u0007', ...Array(9).fill('W'.repeat(120000))];

let browser, folder;

before(async () => {
	browser = await browse();
	folder = mkdtempSync(join(tmpdir(), 'berth-hostile-'));
});

after(async () => {
	await browser?.close();
	rmSync(folder, { recursive: true, force: true });
});

// A shell under a hostile name that was handed a listener, with an argument list of more than a megabyte.
async function hostileListener() {
	const server = createServer();
	const directory = join(folder, FOLDER), program = join(directory, PROGRAM);

	mkdirSync(directory, { recursive: true });
	copyFileSync(realpathSync('/bin/sh'), program);
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address();
	const child = spawn(program, ['-c', 'echo ready; read line', ...ARGUMENTS],
		{ cwd: directory, stdio: ['pipe', 'pipe', 'inherit', server._handle.fd] });
	const ended = once(child, 'exit');

	await Promise.race([once(child.stdout, 'data'), ended.then(() => Promise.reject(new Error('the shell ended')))]);
	server.close();
	return { port, pid: child.pid, close: async () => { child.stdin.on('error', () => {}); child.stdin.end(); await ended; } };
}

// Nothing that names brought is an element of the document; nothing stands out of the window.
async function checkHarmless(page, what) {
	const found = await page.evaluate(() => ({
		foreign: document.querySelectorAll('img, main script, iframe, object, embed, [onerror], [onload]').length,
		owned: [...document.querySelectorAll('h1, title')].filter((element) => element.textContent.includes('owned')).length,
		links: [...document.querySelectorAll('a[href]')].filter((a) => !/^(https?|mailto):/.test(a.href)).map((a) => a.href),
		width: document.scrollingElement.scrollWidth - document.documentElement.clientWidth,
		// Marks that turn the direction of text stay inside their own element, or are shown as what they are.
		astray: [...document.querySelectorAll('main *')].filter((element) => element.children.length === 0 &&
			/[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u001b\u007f]/.test(element.textContent)).length,
		mains: document.querySelectorAll('main').length,
	}));

	assert.deepEqual(found, { foreign: 0, owned: 0, links: [], width: 0, astray: 0, mains: 1 }, what);
}

test('hostile: names, folder and a megabyte of arguments of a real process are text, and short', async () => {
	const atlas = await serve();
	const page = await openWithToken(browser, atlas);
	const one = await hostileListener();

	try {
		for (const prefix of ['', '/de']) {
			await page.goto(`${atlas.url}${prefix}/ports/${one.port}`);
			await until(async () => (await page.locator('#live').innerText()).includes(String(one.pid)), GENEROUS_MS, 'its owner');
			const said = await page.locator('#live').innerText();

			assert.ok(said.includes('<img src=x'), 'its name is shown as it is');
			assert.ok(said.includes('<script>alert(3)</script>'), 'so are its arguments');
			assert.ok(said.length < 4000, `${said.length} characters of it`);
			for (const width of [390, 1280]) {
				await page.setViewportSize({ width, height: 900 });
				await checkHarmless(page, `${prefix}/ports/${one.port} at ${width}`);
				await shot(page, `hostile-process${prefix.replace('/', '-')}-${width}`);
			}
			assert.deepEqual(await axe(page), []);
		}
		for (const path of ['/here', '/de/here', '/', '/de/']) {
			await page.goto(atlas.url + path);
			await page.locator(`main a[href$="/ports/${one.port}"]`).first().waitFor({ state: 'attached' });
			await until(async () => (await page.locator('main').innerText()).includes('<img src=x'), GENEROUS_MS, `${path} shows its name`);
			await checkHarmless(page, path);
		}
		assert.deepEqual(page.faults, []);
	} finally {
		await one.close();
		await page.context().close();
		await atlas.close();
	}
});

test('hostile: a recorded world, every page of it', async () => {
	const atlas = await serve({ arguments: ['--replay', WORLD] });
	const page = await open(browser);

	try {
		for (const prefix of ['', '/de']) {
			for (const path of ['/here', '/', ...[1, 2, 3, 4, 5, 6, 7, 9, 10].map((n) => `/ports/600${n}`.replace('60010', '6010'))]) {
				await page.goto(atlas.url + prefix + path);
				for (const width of [390, 1280]) {
					await page.setViewportSize({ width, height: 900 });
					await checkHarmless(page, `${prefix}${path} at ${width}`);
				}
				await shot(page, `hostile-world${prefix.replace('/', '-')}${path.replaceAll('/', '-')}`);
			}
		}
		await page.goto(`${atlas.url}/ports/6005`);
		assert.match(await page.locator('#live').innerText(), /<script>alert\(1\)<\/script>/);
		assert.match(await page.locator('#live').innerText(), /invoice-\\u\{?202e|invoice-.*202e/i, 'the mark is shown as what it is');
		await page.goto(`${atlas.url}/ports/6004`);
		assert.match(await page.locator('#live').innerText(), /caf\\xe9/, 'bytes that are no UTF-8 are shown as such');
		assert.deepEqual(page.faults, []);
	} finally {
		await page.context().close();
		await atlas.close();
	}
});
