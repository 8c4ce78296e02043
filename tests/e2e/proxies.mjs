// SPDX-License-Identifier: ISC
// proxies.mjs: what must hold behind a proxy: one issuer, the whole way to a
// token, refusals that stay as they are, the client's address, answers that
// are not held back, JSON also when the server is away.

import { test, done, ok, eq, has, hasNot, http, get, postForm, connect, call,
    rpc, Conn, requestBytes, mcpRequest, instance, until, Agent, authorizeUrl,
    register, pkce, refresh, MODERN } from '../regress/kit.mjs';

const base = process.env.K_URL, direct = process.env.K_DIRECT;
const name = process.env.K_PROXY;
const keepd = instance();
const say = (t, f) => test(`${name}: ${t}`, f);
const g = await connect(base, 'designer', process.env.K_PW_DESIGNER);
const audit = () => keepd.mustCtl('audit tail -n 200');

await say('control: it is the proxy that answers', async () => {
	has(base, 'https:');
	const r = await get(base, '/healthz');
	eq(r.status, 200);
});
await say('metadata names the public URL, whoever asks', async () => {
	for (const u of [base, direct])
		for (const p of ['/.well-known/oauth-protected-resource/mcp',
		    '/.well-known/oauth-authorization-server']) {
			const t = (await get(u, p)).text;
			has(t, base);
			hasNot(t, direct.slice(7));
		}
});
await say('challenge, 405, 421, 413, JSON errors pass unchanged', async () => {
	const q = mcpRequest('ping', {}, { id: 1 });
	const r = await http(base, 'POST', '/mcp', q.headers, q.body);
	eq(r.status, 401);
	has(r.header('www-authenticate'), `resource_metadata="${base}/`);
	eq((await http(base, 'GET', '/mcp', { Authorization:
	    `Bearer ${g.access}` })).status, 405);
	const h = await get(base, '/none');
	eq(h.status, 404);
	has(h.header('content-type'), 'application/json');
	const big = await rpc(base, g.access, 'tools/call', { name: 'x',
	    arguments: { a: 'x'.repeat(3 << 20) } });
	eq(big.status, 413);
	has(big.header('content-type'), 'application/json');
	eq((await get(base, '/mcp/', { Authorization: `Bearer ${g.access}` }))
	    .status, 405, 'with a slash');
});
await say('a foreign Host does not get an answer of ours', async () => {
	const r = await get(base, '/.well-known/oauth-authorization-server',
	    { Host: 'evil.example' });
	ok(r.status === 421 || !r.text.includes('issuer'), `status ${r.status}`);
	const own = await get(base, '/.well-known/oauth-authorization-server');
	has(own.text, 'issuer', 'control');
});
await say('sign-in, tokens, refresh; calls large and many on one connection',
    async () => {
	ok((await refresh(base, g)).json.access_token, 'refresh');
	const fields = Array.from({ length: 40 }, (_, i) =>
	    ({ fieldName: `f${i}`, fieldType: 'text' }));
	const t = await call(base, g.access, 'save_table', { table: { name:
	    'wide', fields } });
	const rows = Array.from({ length: 200 }, (_, i) => ({ f0: 'é'.repeat(300) +
	    i }));
	await call(base, g.access, 'insert_entity_rows', { table: 'wide', rows });
	const got = await call(base, g.access, 'query_entity_table', { table:
	    'wide', take: 200 });
	eq(got.rows.length, 200);
	const c = await Conn.open(base);
	for (let i = 1; i < 20; i++) {
		const q = mcpRequest('ping', {}, { id: i, token: g.access });
		c.send(requestBytes(base, 'POST', '/mcp', q.headers, q.body));
		eq((await c.read('POST')).json.id, i);
	}
	c.close();
});
await say('a subscription: each event comes when it happens', async () => {
	const q = mcpRequest('subscriptions/listen', { notifications:
	    { resourcesListChanged: true } }, { era: MODERN, token: g.access });
	const r = await fetch(`${base}/mcp`, { method: 'POST', headers: q.headers,
	    body: q.body });
	has(r.headers.get('content-type'), 'text/event-stream');
	const read = r.body.getReader();
	let text = '';
	const sees = async (what) => {
		while (!text.includes(what)) {
			const { value, done: end } = await read.read();
			ok(!end, `an end before ${what}`);
			text += Buffer.from(value).toString();
		}
	};
	await sees('notifications/subscriptions/acknowledged');
	hasNot(text, 'list_changed', 'before anything changed');
	await call(base, g.access, 'save_package', { pkg: { name: 'new here' } });
	await sees('notifications/resources/list_changed');
	await read.cancel();
});
const badSignIn = async (opts, headers, user, to = base) => {
	const c = await register(base);
	const a = new Agent(to, opts);
	a.origin = new URL(base).origin;
	const page = await a.get(authorizeUrl(base, { client_id: c.client_id,
	    code_challenge: pkce().challenge }), headers);
	await a.submit(page, { username: user, password: 'wrong' }, undefined,
	    headers);
};
await say('the client\'s address is the one the proxy saw', async () => {
	await badSignIn({ localAddress: '127.0.0.9' },
	    { 'X-Forwarded-For': '203.0.113.7' }, 'viewer');
	await until(() => /127\.0\.0\.9/.test(audit()), 'the address');
	hasNot(audit(), '203.0.113.7', 'what the client wrote');
});
await say('past the proxy nobody is believed', async () => {
	await badSignIn({ localAddress: '127.0.0.8' },
	    { 'X-Forwarded-For': '203.0.113.8' }, 'viewer', direct);
	await until(() => /127\.0\.0\.8/.test(audit()), 'the address');
	hasNot(audit(), '203.0.113.8', 'what the client wrote');
	await badSignIn({ localAddress: '127.0.0.1' },
	    { 'X-Forwarded-For': '203.0.113.9' }, 'viewer', direct);
	await until(() => /203\.0\.113\.9/.test(audit()),
	    'control: from the trusted address it is believed');
});
await say('while the server is away: 503, JSON; then it goes on', async () => {
	keepd.must('k_stop');
	const q = mcpRequest('ping', {}, { id: 1, token: g.access });
	const r = await http(base, 'POST', '/mcp', q.headers, q.body);
	eq(r.status, 503);
	has(r.header('content-type'), 'application/json');
	eq(r.json.error, 'temporarily_unavailable');
	keepd.must('k_start');
	await until(async () => (await http(base, 'POST', '/mcp', q.headers,
	    q.body)).status === 200, 'service');
});
done();
