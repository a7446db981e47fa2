// The tests' own eyes: what they are to find is found.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { axe, browse, open } from './atlas.mjs';

const BAD = `<!DOCTYPE html><html lang="en"><title>bad</title><main><h1>bad</h1>
<p style="color:#999;background:#fff">hardly to be read</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></main>
<script>console.warn('warned'); console.error('cried'); fetch('/missing'); setTimeout(() => { throw new Error('thrown'); });
fetch('http://192.0.2.1/', { mode: 'no-cors', signal: AbortSignal.timeout(50) }).catch(() => {}); alert('dialog');</script></html>`;

let server, browser;

before(async () => {
	server = createServer((request, response) => {
		response.writeHead(request.url === '/' ? 200 : 404, { 'Content-Type': 'text/html' });
		response.end(request.url === '/' ? BAD : '');
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	browser = await browse();
});

after(async () => {
	await browser?.close();
	server?.closeAllConnections();
	server?.close();
});

test('axe-core finds faint text and a picture without words', async () => {
	const page = await open(browser);

	await page.goto(`http://127.0.0.1:${server.address().port}/`);
	const found = await axe(page);

	assert.ok(found.some((line) => line.startsWith('color-contrast:')), found.join('\n'));
	assert.ok(found.some((line) => line.startsWith('image-alt:')), found.join('\n'));
	await page.context().close();
});

test('errors of the console, exceptions, dialogs, failed and foreign requests are noticed', async () => {
	const page = await open(browser);

	await page.goto(`http://127.0.0.1:${server.address().port}/`, { waitUntil: 'networkidle' });
	for (const fault of [/console: warned/, /console: cried/, /exception: thrown/, /dialog: dialog/,
		/404 .*\/missing/, /request to elsewhere: http:\/\/192\.0\.2\.1\//])
		assert.ok(page.faults.some((line) => fault.test(line)), `${fault} in ${page.faults}`);
	await page.context().close();
});
