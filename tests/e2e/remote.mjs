// SPDX-License-Identifier: ISC
// remote.mjs: mcp-remote, as a desktop client starts it: a stdio server that
// is given a URL.  Its browser is ours: BROWSER is a script that writes the
// address down.

import { mkdtempSync, rmSync, writeFileSync, readFileSync, existsSync }
    from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport }
    from '@modelcontextprotocol/sdk/client/stdio.js';
import { Browser } from './browser.mjs';
import { test, done, ok, eq, has, until, sleep, instance } from './kit.mjs';

const keepd = instance();
const home = mkdtempSync(path.join(tmpdir(), 'keepd-remote-'));
const asked = path.join(home, 'asked');
const opener = path.join(home, 'browser');
writeFileSync(opener, `#!/bin/sh\nprintf '%s\\n' "$1" >>"${asked}"\n`,
    { mode: 0o755 });
const here = path.dirname(new URL(import.meta.url).pathname);
const trust = process.env.K_CA ? { NODE_EXTRA_CA_CERTS: process.env.K_CA } : {};
const port = Number(process.env.K_PORT) + 60;

const started = [];
function start() {
	const t = new StdioClientTransport({ command: process.execPath,
	    args: [path.join(here, 'node_modules/mcp-remote/dist/proxy.js'),
	    process.env.K_URL + '/mcp', String(port)], stderr: 'pipe',
	    env: { PATH: process.env.PATH, HOME: home, BROWSER: opener,
	    MCP_REMOTE_CONFIG_DIR: path.join(home, 'auth'), ...trust } });
	t.said = '';
	started.push(t);
	t.stderr.on('data', (d) => { t.said += d; });
	return t;
}
const urls = () => existsSync(asked) ?
    readFileSync(asked, 'utf8').trim().split('\n') : [];

let client, transport;

await test('opens the browser at /authorize and connects after Approve',
    async () => {
	transport = start();
	client = new Client({ name: 'desktop', version: '1.0' });
	const up = client.connect(transport, { timeout: 60000 });
	up.catch(() => {});
	try {
		await until(() => urls().length > 0, 'the browser', 30000);
	} catch (e) {
		throw new Error(`${e.message}; mcp-remote said ${transport.said}`);
	}
	const u = new URL(urls()[0]);
	eq(u.origin + u.pathname, process.env.K_URL + '/authorize');
	eq(new URL(u.searchParams.get('redirect_uri')).hostname, 'localhost',
	    'redirect host');
	const browser = await Browser.launch();
	const p = await browser.open(urls()[0]);
	await p.signIn('designer', process.env.K_PW_DESIGNER);
	ok(await p.onConsent(), 'consent page');
	has(await p.text(), 'localhost', 'redirect host on the page');
	await p.approve();
	await p.shot('remote-after-approve');
	await browser.close();
	await up;
});

await test('lists tools and works on rows', async () => {
	const { tools } = await client.listTools();
	ok(tools.some((t) => t.name === 'query_entity_table'), 'tools listed');
	const call = async (name, args) => {
		const r = await client.callTool({ name, arguments: args });
		if (r.isError)
			throw new Error(r.content[0].text);
		return r.structuredContent;
	};
	await call('save_table', { table: { name: 'walk_remote', fields: [
	    { fieldName: 'v', fieldType: 'text' }] } });
	eq((await call('insert_entity_rows', { table: 'walk_remote',
	    rows: [{ v: 'a' }, { v: 'b' }] })).count, 2, 'inserted');
	eq((await call('query_entity_table', { table: 'walk_remote' })).total, 2,
	    'rows');
});

await test('started again it needs no browser', async () => {
	await client.close();
	const n = urls().length;
	transport = start();
	client = new Client({ name: 'desktop', version: '1.0' });
	await client.connect(transport, { timeout: 60000 });
	const r = await client.callTool({ name: 'query_entity_table',
	    arguments: { table: 'walk_remote', take: 1 } });
	eq(r.isError ?? false, false, 'isError');
	eq(urls().length, n, 'browsers opened');
});

await test('after the grant is revoked the next call asks for the browser',
    async () => {
	const client_id = new URL(urls()[0]).searchParams.get('client_id');
	const ids = keepd.mustCtl('grant list').split('\n').filter((l) =>
	    l.includes(client_id)).map((l) => l.split(/\s+/)[0]);
	eq(ids.length, 1, `grants of mcp-remote in ${keepd.ctl('grant list').out}`);
	const n = urls().length;
	keepd.mustCtl(`grant revoke ${ids[0]}`);
	let r, err;
	const c = client.callTool({ name: 'query_entity_table',
	    arguments: { table: 'walk_remote', take: 1 } }, undefined,
	    { timeout: 8000 }).then((x) => { r = x; }, (e) => { err = e; });
	await until(() => err || r || urls().length > n, 'a refusal', 20000);
	ok(!r || r.isError, `the call succeeded: ${JSON.stringify(r)}`);
	await Promise.race([c, sleep(100)]);
	ok(err || urls().length > n, 'no refusal seen');
});

await client.close().catch(() => {});
// One that did not end would hold the callback port of the next run.
for (const t of started)
	try {
		if (t.pid)
			process.kill(t.pid, 'SIGKILL');
	} catch {
		// ended by itself
	}
rmSync(home, { recursive: true, force: true });
done();
