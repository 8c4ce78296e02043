// SPDX-License-Identifier: ISC
// conformance.mjs: the official suite in front of an authenticated server,
// through a proxy that adds the token.  Every scenario of a requirement set
// must end as conformance.json says: "pass", or "needs ...", which is
// printed; a scenario that is not listed, or that passes although it was
// listed as needing something, fails this test, so that the list stays true.
// In each scenario every message of the server must fit the schema.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Browser } from './browser.mjs';
import { Proxy } from './proxy.mjs';
import { test, done, ok, eq, has, connect, register, until, rpc, http,
    mcpRequest, Conn, requestBytes } from './kit.mjs';

const base = process.env.K_URL;
const here = path.dirname(new URL(import.meta.url).pathname);
const suite = path.join(here, 'node_modules/@modelcontextprotocol/' +
    'conformance/dist/index.js');
const want = JSON.parse(readFileSync(process.env.K_TESTS +
    '/e2e/conformance.json'));

function run(args) {
	const p = spawn(process.execPath, [suite, ...args],
	    { stdio: ['ignore', 'pipe', 'pipe'] });
	p.text = '';
	p.stdout.on('data', (d) => { p.text += d; });
	p.stderr.on('data', (d) => { p.text += d; });
	p.ended = new Promise((r) => p.on('close', (code) => r(code)));
	return p;
}

const g = await connect(base, 'designer', process.env.K_PW_DESIGNER);
const proxy = await Proxy.listen(base, g.access);

await test('control: the proxy adds the token only where none is, and ' +
    'rewrites only its own name', async () => {
	const q = mcpRequest('ping', {}, { id: 1 });
	const r = await http(proxy.url, 'POST', '/mcp', q.headers, q.body);
	eq([r.status, r.json.id], [200, 1]);
	const bad = await http(proxy.url, 'POST', '/mcp', { ...q.headers,
	    Authorization: 'Bearer x' }, q.body);
	eq(bad.status, 401, 'its own bad token');
	const evil = await http(proxy.url, 'POST', '/mcp', { ...q.headers,
	    Host: 'evil.example' }, q.body);
	eq(evil.status, 421, 'foreign Host');
	const c = await Conn.open(proxy.url);
	for (let i = 2; i < 5; i++) {
		const k = mcpRequest('ping', {}, { id: i });
		c.send(requestBytes(proxy.url, 'POST', '/mcp', k.headers, k.body));
		eq((await c.read('POST')).json.id, i, 'kept-alive');
	}
	c.close();
});

await test('custom headers: each type, nested, absent, twice', async () => {
	const args = { region: 'us', place: { floor: 3, lift: true } };
	const good = [['Mcp-Param-Region', 'us'], ['mcp-param-floor', '3'],
	    ['MCP-PARAM-LIFT', 'true']];
	const send = async (headers, a = args) => {
		const q = mcpRequest('tools/call', { name: 'test_custom_header',
		    arguments: a }, { era: '2026-07-28', token: g.access });
		const r = await http(base, 'POST', '/mcp', [...Object.entries(
		    q.headers), ...headers], q.body);
		return [r.status, r.json.error?.code];
	};
	eq(await send(good), [200, undefined]);
	eq(await send([...good, ['Mcp-Param-Other', 'x']]), [200, undefined]);
	eq(await send([good[0], ['Mcp-Param-Floor', '3.0'], good[2]]),
	    [200, undefined], 'numbers as numbers');
	eq(await send([], {}), [200, undefined], 'nothing to repeat');
	eq(await send([], { region: null }), [200, undefined], 'null is not sent');
	for (const h of [good.slice(1), good.slice(0, 2), [...good, good[0]],
	    [['Mcp-Param-Region', 'US'], ...good.slice(1)],
	    [good[0], ['Mcp-Param-Floor', '4'], good[2]],
	    [good[0], ['Mcp-Param-Floor', '3x'], good[2]],
	    [...good.slice(0, 2), ['Mcp-Param-Lift', 'True']]])
		eq(await send(h), [400, -32020], JSON.stringify(h));
	eq(await send([...good, ['Mcp-Param-X', 'y'.repeat(5000)]]),
	    [431, -32600], 'too long');
});

for (const [set, expected] of Object.entries(want.server)) {
	const dir = mkdtempSync(path.join(tmpdir(), 'keepd-conformance-'));
	const found = {};
	let text = '';
	await test(`${set}: the suite ran`, async () => {
		const p = run(['server', '--url', proxy.url + '/mcp',
		    '--requirements', set, '-o', dir]);
		await p.ended;
		text = p.text;
		has(text, '=== SUMMARY ===', 'output of the suite');
		for (const d of readdirSync(dir)) {
			const m = /^server-(.*)-\d{4}-\d\d-\d\dT/.exec(d);
			found[m[1]] = JSON.parse(readFileSync(
			    path.join(dir, d, 'checks.json')));
		}
		ok(Object.keys(found).length > 25, 'scenarios');
	});
	rmSync(dir, { recursive: true, force: true });
	const all = new Set([...Object.keys(found), ...Object.keys(expected)]);
	const free = new Set(want.unscored[set]);
	const must = [...all].filter((n) => !free.has(n)).length;
	let scored = 0, others = 0;
	const waits = [];
	for (const name of [...all].sort()) {
		const e = expected[name];
		const checks = found[name] ?? [];
		const failed = checks.filter((c) => c.status === 'FAILURE');
		const say = failed.map((c) => `${c.id}: ${c.errorMessage ?? ''}`)
		    .join('; ').slice(0, 500);
		if (e === undefined || e === 'pass') {
			await test(`${set}: ${name}`, () => {
				ok(checks.length, 'ran');
				eq(failed.length, 0, `failures ${say}`);
			});
			if (!failed.length)
				free.has(name) ? others++ : scored++;
			continue;
		}
		waits.push(`${name} (${e})`);
		await test(`${set}: ${name} is not there yet, and every message ` +
		    'fits the schema', () => {
			ok(checks.length, 'ran');
			ok(failed.some((c) => c.id !== 'wire-schema-valid') ||
			    e.startsWith('empty pass'),
			    'it passes now: say so in conformance.json');
			eq(failed.filter((c) => c.id === 'wire-schema-valid')
			    .map((c) => c.errorMessage), [], 'wire-schema-valid');
		});
	}
	await test(`${set}: all that is scored passes`, () => eq(scored, must));
	console.log(`# ${set}: ${scored} of ${must} scored scenarios pass, ` +
	    `${others} of ${free.size} others; not there: ` +
	    (waits.join(', ') || 'none'));
	for (const [name, checks] of Object.entries(found))
		for (const c of checks.filter((x) => x.status === 'WARNING'))
			console.log(`# ${set}: warning in ${name}: ${c.id}: ` +
			    `${c.errorMessage ?? ''}`.slice(0, 300));
	for (const l of text.split('\n').filter((x) => /^Total:|Scored|scored/
	    .test(x)))
		console.log(`# ${set}: ${l}`);
}
proxy.close();

// ---- the authorization server scenarios ----

await test('authorization server: metadata and code grant', async () => {
	const port = Number(process.env.K_PORT) + 61;
	const c = await register(base, { client_name: 'Conformance',
	    redirect_uris: [`http://127.0.0.1:${port}/callback`] });
	const p = run(['authorization', '--url', base, '--client-id',
	    c.client_id, '--port', String(port), '--resource', base + '/mcp',
	    '--verbose']);
	// whole only once something follows it
	const m = await until(() => /https?:\/\/\S+\/authorize\?\S+(?=\s)/
	    .exec(p.text.replace(/\u001b\[[0-9;]*m/g, '')) || p.exitCode !== null,
	    'the authorization URL', 30000);
	ok(Array.isArray(m), `no authorization URL in ${p.text.slice(-800)}`);
	const b = await Browser.launch();
	const person = await b.open(m[0]);
	await person.connect('viewer', process.env.K_PW_VIEWER);
	await b.close();
	const code = await p.ended;
	console.log(p.text.split('\n').filter((l) => /✓|✗|passed|failed/.test(l))
	    .map((l) => `# authorization: ${l}`).join('\n'));
	eq(code, 0, `exit status; output ${p.text.slice(p.text.search(
	    /FAILURE|✗/)).slice(0, 1500)}`);
	has(p.text, /authorization-code-grant/, 'output');
});
done();
