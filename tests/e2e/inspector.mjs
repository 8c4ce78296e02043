// SPDX-License-Identifier: ISC
// inspector.mjs: the MCP Inspector's command line, which signs in by itself
// through a browser, in both eras, with its own check of tool schemas.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, readFileSync, existsSync }
    from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Browser } from './browser.mjs';
import { test, done, ok, eq, has, until } from './kit.mjs';

const base = process.env.K_URL;
const here = path.dirname(new URL(import.meta.url).pathname);
const home = mkdtempSync(path.join(tmpdir(), 'keepd-inspector-'));
const asked = path.join(home, 'asked');
const opener = path.join(home, 'browser');
writeFileSync(opener, `#!/bin/sh\nprintf '%s\\n' "$1" >>"${asked}"\n`,
    { mode: 0o755 });
const trust = process.env.K_CA ? { NODE_EXTRA_CA_CERTS: process.env.K_CA } : {};
const port = Number(process.env.K_PORT) + 62;
const bin = path.join(here, 'node_modules/@modelcontextprotocol/inspector/' +
    'clients/launcher/build/index.js');

function cli(...args) {
	const p = spawn(process.execPath, [bin, '--cli', base + '/mcp',
	    '--transport', 'http', '--format', 'json', '--callback-url',
	    `http://127.0.0.1:${port}/oauth/callback`, ...args],
	    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH,
	    HOME: home, BROWSER: opener, MCP_AUTO_OPEN_ENABLED: 'true',
	    MCP_INSPECTOR_SECRET_STORE: 'file', ...trust } });
	p.out = '';
	p.err = '';
	p.stdout.on('data', (d) => { p.out += d; });
	p.stderr.on('data', (d) => { p.err += d; });
	p.ended = new Promise((r) => p.on('close', (c) => r(c)));
	return p;
}
const urls = () => existsSync(asked) ? readFileSync(asked, 'utf8').trim()
    .split('\n') : [];
const result = (p) => {
	const j = JSON.parse(p.out);
	return j.result ?? j;
};

await test('signs in through the browser and lists the tools', async () => {
	const p = cli('--method', 'tools/list', '--strict');
	const url = await until(() => urls()[0] ?? /https?:\S+\/authorize\?\S+(?=\s)/
	    .exec(p.out + p.err)?.[0] ?? (p.exitCode !== null ? 'ended' : null),
	    'the authorization URL', 40000);
	has(url, base + '/authorize?', `said ${p.out} ${p.err}`);
	const b = await Browser.launch();
	const person = await b.open(url);
	await person.connect('designer', process.env.K_PW_DESIGNER);
	await b.close();
	eq(await p.ended, 0, `exit status; said ${p.out.slice(0, 500)} ` +
	    p.err.slice(0, 1500));
	const { tools } = result(p);
	ok(tools.some((t) => t.name === 'save_table'), 'save_table');
});
await test('finds nothing to mend in the tool schemas', async () => {
	const p = cli('--method', 'tools/list', '--strict', '--stored-auth-only');
	eq(await p.ended, 0, `exit status; said ${p.err.slice(0, 1500)}`);
});
for (const era of ['legacy', 'modern', 'auto'])
	await test(`calls tools in the era it calls ${era}`, async () => {
		const p = cli('--method', 'tools/call', '--tool-name',
		    'list_tables', '--tool-args-json', '{}', '--protocol-era', era,
		    '--stored-auth-only');
		eq(await p.ended, 0, `exit status; said ${p.err.slice(0, 800)}`);
		const r = result(p);
		ok(Array.isArray(r.structuredContent?.tables), `answer ${p.out
		    .slice(0, 300)}`);
	});
await test('control: without its stored token it is refused', async () => {
	rmSync(path.join(home, '.mcp-inspector'), { recursive: true,
	    force: true });
	const p = cli('--method', 'tools/list', '--stored-auth-only');
	const code = await p.ended;
	ok(code !== 0, `exit status ${code}`);
	has(p.out + p.err, /auth|401/i);
});
rmSync(home, { recursive: true, force: true });
done();
