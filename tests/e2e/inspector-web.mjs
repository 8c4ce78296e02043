// SPDX-License-Identifier: ISC
// inspector-web.mjs: the MCP Inspector's web page in headless Chromium, used
// by what is visible on it: connect, sign in at keepd, call a tool, get a
// prompt, read a resource, in both eras.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Browser } from './browser.mjs';
import { test, done, ok, eq, has, until, sleep, connect, call } from './kit.mjs';

const base = process.env.K_URL;
const here = path.dirname(new URL(import.meta.url).pathname);
const home = mkdtempSync(path.join(tmpdir(), 'keepd-inspector-web-'));
const bin = path.join(here, 'node_modules/@modelcontextprotocol/inspector/' +
    'clients/launcher/build/index.js');
const trust = process.env.K_CA ? { NODE_EXTRA_CA_CERTS: process.env.K_CA } : {};
let port = Number(process.env.K_PORT) + 70;

const D = (await connect(base, 'designer', process.env.K_PW_DESIGNER)).access;
await call(base, D, 'save_table', { table: { name: 'seen_by_inspector',
    fields: [{ fieldName: 'a', fieldType: 'text' }] } });

// The page of an Inspector that was told of our server.
async function inspector(era) {
	const p = spawn(process.execPath, [bin, '--web', '--server-url',
	    base + '/mcp', '--transport', 'http', '--protocol-era', era], {
	    stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH,
	    HOME: path.join(home, era), CLIENT_PORT: String(port++),
	    MCP_SANDBOX_PORT: String(port++), MCP_APP_ORIGIN_PORT:
	    String(port++), HOST: '127.0.0.1', MCP_AUTO_OPEN_ENABLED: 'false',
	    MCP_INSPECTOR_SECRET_STORE: 'file', ...trust } });
	p.said = '';
	p.stdout.on('data', (d) => { p.said += d; });
	p.stderr.on('data', (d) => { p.said += d; });
	const m = await until(() => /at:\s+(http:\S+)\s/.exec(p.said) ||
	    p.exitCode !== null, 'the address of the page', 30000);
	ok(Array.isArray(m), `no address; it said ${p.said}`);
	const browser = await Browser.launch();
	const person = await browser.open(m[1]);
	return { p, browser, person, page: person.page };
}

for (const [era, revision] of [['legacy', '2025-11-25'],
    ['modern', '2026-07-28']]) {
	let i;
	const sees = (what) => until(async () => what.test(await
	    i.person.text()), `${what} on the page`, 15000).catch(async (e) => {
		throw new Error(`${e.message}: ${(await i.person.text())
		    .slice(0, 800)}`);
	});
	// The page is drawn anew now and then: press until it shows.
	const go = (tab, what) => until(async () => {
		await click(tab);
		await sleep(300);
		return what.test(await i.person.text());
	}, `${what} behind ${tab}`, 15000);
	const click = (text) => i.page.getByText(text, { exact: true }).first()
	    .click({ force: true });
	await test(`${era}: connects after sign-in and approval`, async () => {
		i = await inspector(era);
		await sees(/Disconnected/);
		const [, r] = await Promise.all([i.page.waitForURL((u) =>
		    u.href.startsWith(`${base}/authorize?`)),
		    i.page.getByRole('switch').first().click({ force: true })]);
		await i.person.connect('designer', process.env.K_PW_DESIGNER);
		await sees(new RegExp(`Connected[^]*${revision}`));
		await i.person.shot(`inspector-${era}`);
	});
	await test(`${era}: lists tools and calls one`, async () => {
		await go('Tools', /Tools \(\d\d\)/);
		await click('List table definitions');
		await i.page.getByRole('button', { name: 'Execute Tool' }).click();
		await sees(/seen_by_inspector/);
	});
	await test(`${era}: reads a resource`, async () => {
		await go('Resources', /URIs \([1-9]/);
		await click('Table definition seen_by_inspector');
		await sees(/fieldName/);
	});
	await test(`${era}: gets a prompt`, async () => {
		await go('Prompts', /Prompts \([1-9]/);
		await click('Design a table');
		await sees(/purpose/i);
	});
	if (i) {
		await i.person.shot(`inspector-${era}-end`);
		await i.browser.close();
		i.p.kill('SIGTERM');
		await until(() => i.p.exitCode !== null || i.p.signalCode !== null,
		    'the end of the Inspector').catch(() => i.p.kill('SIGKILL'));
	}
}
rmSync(home, { recursive: true, force: true });
done();
