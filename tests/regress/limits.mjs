// SPDX-License-Identifier: ISC
// limits.mjs: sizes, deadlines and rates, on an instance with small ones
// (see privsep/p11-limits.sh).  What is asserted is the answer, never how fast it came.

import { test, done, ok, eq, has, oneOf, Conn, http, get, postForm, postJson,
    requestBytes, mcpRequest, connect, Agent, authorizeUrl, register, pkce,
    until, instance, sleep } from './kit.mjs';
import { readdirSync, readlinkSync } from 'node:fs';

const base = process.env.K_URL;
const host = new URL(base).host;
const H = `Host: ${host}\r\n`;
const g = await connect(base, 'viewer', process.env.K_PW_VIEWER);

const json = (r, status, error) => {
	eq(r.status, status, 'status');
	has(r.header('content-type') ?? '', 'application/json');
	// on /mcp it may be a JSON-RPC error
	oneOf(typeof r.json.error, ['string', 'object'], 'member error');
	ok(r.json.error, 'member error');
	if (error)
		eq(r.json.error, error, 'error');
};

await test('a header section over the limit: 431, then closed', async () => {
	for (const h of ['X-A: ' + 'a'.repeat(4000) + '\r\n',
	    'X-A: aaaaaaaa\r\n'.repeat(400)]) {
		const c = await Conn.open(base);
		c.send(`GET /healthz HTTP/1.1\r\n${H}${h}\r\n`);
		json(await c.read(), 431);
		eq(await c.closed(), true, 'closed');
	}
});
await test('a target over the limit: 414 or 431', async () => {
	const r = await get(base, '/healthz?' + 'a'.repeat(5000));
	oneOf(r.status, [414, 431], 'status');
	ok(r.json.error, 'member error');
});
await test('control: just under the limit passes', async () => {
	const r = await get(base, '/healthz', { 'X-A': 'a'.repeat(1500) });
	eq(r.status, 200);
});
await test('a body over the limit: 413, by length and by chunks', async () => {
	const q = mcpRequest('ping', {}, { token: g.access });
	const c = await Conn.open(base);
	c.send(requestBytes(base, 'POST', '/mcp', { ...q.headers,
	    'Content-Length': 5000 }));
	json(await c.read('POST'), 413);
	eq(await c.closed(), true, 'closed');
	const d = await Conn.open(base);
	d.send(requestBytes(base, 'POST', '/mcp', { ...q.headers,
	    'Transfer-Encoding': 'chunked' }));
	for (let i = 0; i < 5; i++)
		d.send('400\r\n' + 'a'.repeat(1024) + '\r\n');
	json(await d.read('POST'), 413);
	d.close();
	const f = await postForm(base, '/token', 'x='.padEnd(5000, 'a'));
	json(f, 413);
	const r = await postJson(base, '/register', { client_name:
	    'a'.repeat(9000), redirect_uris: ['http://127.0.0.1/x'] });
	json(r, 413);
});
await test('a header that never ends: 408, then closed', async () => {
	const c = await Conn.open(base);
	c.send(`GET /healthz HTTP/1.1\r\n${H}X-A: `);
	const t = setInterval(() => c.s.destroyed || c.s.write('a'), 100);
	const r = await c.read();
	clearInterval(t);
	json(r, 408);
	eq(await c.closed(), true, 'closed');
});
await test('a body that never ends: 408, then closed', async () => {
	const q = mcpRequest('ping', {}, { token: g.access });
	const c = await Conn.open(base);
	c.send(requestBytes(base, 'POST', '/mcp', { ...q.headers,
	    'Content-Length': 500 }));
	const t = setInterval(() => c.s.destroyed || c.s.write('a'), 100);
	const r = await c.read('POST');
	clearInterval(t);
	json(r, 408);
	eq(await c.closed(), true, 'closed');
});
await test('an idle connection is closed without a word', async () => {
	const fresh = await Conn.open(base);
	const used = await Conn.open(base);
	eq((await used.send(requestBytes(base, 'GET', '/healthz')).read())
	    .status, 200);
	eq(await used.closed(15000), true, 'used connection closed');
	const r = await fresh.read().catch((e) => e);
	ok(r === null || r.status === 408, 'unused connection closed');
});
await test('a reader that stops reading does not hold others up',
    async () => {
	const c = await Conn.open(base);
	c.s.pause();
	const q = mcpRequest('tools/list', {}, { token: g.access });
	const one = requestBytes(base, 'POST', '/mcp', q.headers, q.body);
	for (let i = 0; i < 200; i++)
		c.s.write(one);
	for (let i = 0; i < 20; i++)
		eq((await get(base, '/healthz')).status, 200);
	c.close();
});
await test('too many connections of one address: refused or closed, and ' +
    'room again afterwards', async () => {
	const all = [];
	for (let i = 0; i < 60; i++)
		all.push(await Conn.open(base).catch(() => null));
	let over = 0;
	for (const c of all) {
		if (!c || c.ended) {
			over++;
			continue;
		}
		c.send(requestBytes(base, 'GET', '/healthz'));
		const r = await c.read().catch(() => null);
		if (r === null || r.status === 429 || r.status === 503)
			over++;
		else
			eq(r.status, 200);
	}
	ok(over > 0, 'none of 60 was over the limit of 20 a worker');
	ok(over < 60, 'all of 60 were over the limit');
	for (const c of all)
		c?.close();
	await until(async () => (await get(base, '/healthz').catch(() => null))
	    ?.status === 200, 'room for a new connection');
});
await test('more requests than the rate: 429, Retry-After, JSON', async () => {
	const c = await Conn.open(base);
	let limited = null;
	for (let i = 0; i < 3000 && !limited; i++) {
		const r = await c.send(requestBytes(base, 'GET',
		    '/.well-known/oauth-authorization-server')).read();
		if (r === null)
			break;
		if (r.status === 429)
			limited = r;
		else
			eq(r.status, 200);
	}
	c.close();
	ok(limited, 'limited within 3000 requests');
	json(limited, 429);
	has(limited.header('retry-after') ?? '', /^[1-9]\d*$/, 'Retry-After');
});
done();
