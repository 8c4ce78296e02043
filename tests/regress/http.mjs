// SPDX-License-Identifier: ISC
// http.mjs: HTTP/1.1 as the listener must take it and refuse it: framing,
// limits, hosts, origins, routes, and what every answer carries.  Bare
// sockets throughout, so that nothing is repaired on the way.

import { test, done, ok, eq, ne, has, hasNot, oneOf, Conn, http, get, postForm,
    postJson, requestBytes, mcpRequest, MODERN, connect, form } from './kit.mjs';

const base = process.env.K_URL;
const host = new URL(base).host;
const H = `Host: ${host}\r\n`;
const g = await connect(base, 'viewer', process.env.K_PW_VIEWER);

export function jsonError(r, status, error) {
	eq(r.status, status, 'status');
	has(r.header('content-type') ?? '', /^application\/json/, 'content type');
	const j = r.json;
	eq(typeof j.error, 'string', 'member error');
	if (error !== undefined)
		eq(j.error, error, 'error');
	eq(typeof j.error_description, 'string', 'member error_description');
	ok(j.error_description.length > 3, 'error_description says something');
}

// ---- keep-alive, pipelining, chunks: the good cases are the controls ----

const ping = (id) => {
	const q = mcpRequest('ping', {}, { id, token: g.access });
	return requestBytes(base, 'POST', '/mcp', q.headers, q.body);
};
const chunked = (pieces, tail = '\r\n', head = {}) => {
	const q = mcpRequest('ping', {}, { id: 7, token: g.access });
	const whole = Buffer.from(q.body);
	const out = [requestBytes(base, 'POST', '/mcp', { ...q.headers,
	    'Transfer-Encoding': 'chunked', ...head })];
	let at = 0;
	for (const n of pieces) {
		const part = whole.subarray(at, n === 0 ? undefined : at + n);
		out.push(`${part.length.toString(16)}\r\n`, part, '\r\n');
		at += part.length;
	}
	out.push('0\r\n', tail);
	return Buffer.concat(out.map((x) => Buffer.from(x)));
};

await test('two requests on one connection', async () => {
	const c = await Conn.open(base);
	for (const id of [1, 2]) {
		const r = await c.send(ping(id)).read('POST');
		eq([r.status, r.json.id], [200, id]);
	}
	c.close();
});
await test('pipelined requests are answered in their order', async () => {
	const c = await Conn.open(base);
	c.send(Buffer.concat([ping(1), requestBytes(base, 'GET', '/healthz'),
	    ping(2), requestBytes(base, 'GET', '/robots.txt'), ping(3)]));
	const got = [];
	for (let i = 0; i < 5; i++) {
		const r = await c.read('GET');
		got.push(r.status === 200 && /"id"/.test(r.text) ? r.json.id :
		    r.status);
	}
	eq(got, [1, 200, 2, 200, 3]);
	c.close();
});
await test('a request byte by byte', async () => {
	const c = await Conn.open(base);
	for (const b of ping(5))
		c.s.write(Buffer.from([b]));
	eq((await c.read('POST')).json.id, 5);
	c.close();
});
await test('a chunked body in one, in many and in tiny chunks', async () => {
	for (const p of [[0], [5, 7, 0], [1, 1, 1, 1, 1, 0]]) {
		const c = await Conn.open(base);
		const r = await c.send(chunked(p)).read('POST');
		eq([r.status, r.json.id], [200, 7], `chunks ${p}`);
		// and the connection goes on behind it
		eq((await c.send(ping(8)).read('POST')).json.id, 8);
		c.close();
	}
});
await test('Connection: close and HTTP/1.0 end the connection', async () => {
	for (const q of [`GET /healthz HTTP/1.1\r\n${H}Connection: close\r\n\r\n`,
	    `GET /healthz HTTP/1.0\r\n${H}\r\n`]) {
		const c = await Conn.open(base);
		eq((await c.send(q).read()).status, 200, q.slice(0, 22));
		eq(await c.closed(), true, 'closed');
	}
});
await test('Expect: 100-continue is answered or overlooked, never refused',
    async () => {
	const q = mcpRequest('ping', {}, { id: 9, token: g.access });
	const c = await Conn.open(base);
	c.send(requestBytes(base, 'POST', '/mcp', { ...q.headers,
	    Expect: '100-continue', 'Content-Length': q.body.length }));
	setTimeout(() => c.send(q.body), 200);
	eq((await c.read('POST')).json.id, 9);
	c.close();
});

// ---- what could be read in two ways is refused, and ends the connection ----

const body = 'a=b';
const after = `GET /healthz HTTP/1.1\r\n${H}\r\n`;
const post = (headers, b = body) =>
    `POST /token HTTP/1.1\r\n${H}Content-Type: ` +
    `application/x-www-form-urlencoded\r\n${headers}\r\n${b}`;
await test('control: the same request without the defect is answered, and ' +
    'the one behind it too', async () => {
	const c = await Conn.open(base);
	c.send(post('Content-Length: 3\r\n') + after);
	oneOf((await c.read('POST')).status, [400, 401], 'status of /token');
	eq((await c.read()).status, 200, 'status of /healthz');
	c.close();
});
const smuggling = {
	'Content-Length and Transfer-Encoding':
	    post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n',
	    '0\r\n\r\n'),
	'Transfer-Encoding and Content-Length':
	    post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n',
	    '0\r\n\r\n'),
	'two different Content-Lengths':
	    post('Content-Length: 3\r\nContent-Length: 4\r\n'),
	'two equal Content-Lengths':
	    post('Content-Length: 3\r\nContent-Length: 3\r\n'),
	'Content-Length 3, 3': post('Content-Length: 3, 3\r\n'),
	'Content-Length +3': post('Content-Length: +3\r\n'),
	'Content-Length -3': post('Content-Length: -3\r\n'),
	'Content-Length 0x3': post('Content-Length: 0x3\r\n'),
	'Content-Length 3 behind a form feed': post('Content-Length: \f3\r\n'),
	'Content-Length empty': post('Content-Length: \r\n'),
	'Content-Length with words behind': post('Content-Length: 3 abc\r\n'),
	'Content-Length past 64 bits':
	    post('Content-Length: 18446744073709551619\r\n'),
	'Transfer-Encoding xchunked':
	    post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'),
	'Transfer-Encoding identity':
	    post('Transfer-Encoding: identity\r\n'),
	'Transfer-Encoding gzip, chunked':
	    post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'),
	'Transfer-Encoding chunked, chunked':
	    post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n'),
	'Transfer-Encoding twice':
	    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
	    '0\r\n\r\n'),
	'Transfer-Encoding with a vertical tab':
	    post('Transfer-Encoding: \vchunked\r\n', '0\r\n\r\n'),
	'Transfer-Encoding in HTTP/1.0':
	    post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n')
	    .replace('HTTP/1.1', 'HTTP/1.0'),
	'blank before the colon': post('Content-Length : 3\r\n'),
	'blank in a header name': post('Content Length: 3\r\n'),
	'folded header': post('X-A: b\r\n c\r\nContent-Length: 3\r\n'),
	'header without a name': post(': x\r\nContent-Length: 3\r\n'),
	'header without a colon': post('nonsense\r\nContent-Length: 3\r\n'),
	'NUL in a header value': post('X-A: b\0c\r\nContent-Length: 3\r\n'),
	'bare CR in a header value': post('X-A: b\rc\r\nContent-Length: 3\r\n'),
	'bare LF for a line end': post('X-A: b\nContent-Length: 3\r\n'),
	'bare LF for the empty line':
	    `POST /token HTTP/1.1\r\n${H}Content-Length: 3\r\n\n` + body,
	'high bytes in a header name':
	    post('X-\xe4: b\r\nContent-Length: 3\r\n'),
	'chunk size that is no number':
	    post('Transfer-Encoding: chunked\r\n', 'zz\r\n' + '0\r\n\r\n'),
	'chunk size with 0x':
	    post('Transfer-Encoding: chunked\r\n', '0x3\r\na=b\r\n0\r\n\r\n'),
	'chunk size with a sign':
	    post('Transfer-Encoding: chunked\r\n', '+3\r\na=b\r\n0\r\n\r\n'),
	'chunk size with a blank':
	    post('Transfer-Encoding: chunked\r\n', ' 3\r\na=b\r\n0\r\n\r\n'),
	'chunk size past 64 bits':
	    post('Transfer-Encoding: chunked\r\n',
	    '10000000000000003\r\na=b\r\n0\r\n\r\n'),
	'chunk size line ended by LF':
	    post('Transfer-Encoding: chunked\r\n', '3\na=b\r\n0\r\n\r\n'),
	'chunk longer than its size':
	    post('Transfer-Encoding: chunked\r\n', '2\r\na=b\r\n0\r\n\r\n'),
	'chunk data ended by LF':
	    post('Transfer-Encoding: chunked\r\n', '3\r\na=b\n0\r\n\r\n'),
	'no Host': post('Content-Length: 3\r\n').replace(H, ''),
	'two Hosts': post(`${H}Content-Length: 3\r\n`),
	'empty Host': post('Content-Length: 3\r\n').replace(H, 'Host: \r\n'),
	'Host with a user': post('Content-Length: 3\r\n').replace(H,
	    `Host: x@${host}\r\n`),
	'request line with two blanks':
	    post('Content-Length: 3\r\n').replace('POST /token', 'POST  /token'),
	'request line with a tab':
	    post('Content-Length: 3\r\n').replace('POST /token', 'POST\t/token'),
	'request line without a version':
	    post('Content-Length: 3\r\n').replace(' HTTP/1.1', ''),
	'version http/1.1':
	    post('Content-Length: 3\r\n').replace('HTTP/1.1', 'http/1.1'),
	'version HTTP/1.10':
	    post('Content-Length: 3\r\n').replace('HTTP/1.1', 'HTTP/1.10'),
	'target with a blank in it':
	    post('Content-Length: 3\r\n').replace('/token', '/tok en'),
	'target without a slash':
	    post('Content-Length: 3\r\n').replace('/token', 'token'),
	'NUL in the target':
	    post('Content-Length: 3\r\n').replace('/token', '/token\0'),
	'high bytes in the target':
	    post('Content-Length: 3\r\n').replace('/token', '/tok\xe4n'),
	'fragment in the target':
	    post('Content-Length: 3\r\n').replace('/token', '/token#x'),
	'leading blank': ' ' + post('Content-Length: 3\r\n'),
	'body on GET with both framings':
	    `GET /healthz HTTP/1.1\r\n${H}Content-Length: 3\r\n` +
	    'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
};
// Refusals for which HTTP has a better number than 400 (RFC 9112 6.1, RFC
// 9110 15.5.14).
const instead = {
	'Content-Length past 64 bits': 413, 'chunk size past 64 bits': 413,
	'Transfer-Encoding xchunked': 501, 'Transfer-Encoding identity': 501,
	'Transfer-Encoding gzip, chunked': 501,
	'Transfer-Encoding chunked, chunked': 501,
};
for (const [name, bytes] of Object.entries(smuggling)) {
	await test(`refuses ${name}`, async () => {
		const c = await Conn.open(base);
		c.send(Buffer.from(bytes + after, 'latin1'));
		const r = await c.read('POST');
		ok(r !== null, 'an answer came');
		oneOf(r.status, [400, instead[name]], 'status');
		eq((r.header('connection') ?? '').toLowerCase(), 'close',
		    'connection');
		has(r.header('content-type') ?? '', 'application/json');
		ok(r.json.error, 'member error');
		eq(await c.closed(), true, 'closed with nothing more');
		c.close();
	});
}
await test('a framing header in a trailer frames nothing', async () => {
	const c = await Conn.open(base);
	c.send(post('Transfer-Encoding: chunked\r\n',
	    '3\r\na=b\r\n0\r\nContent-Length: 40\r\n\r\n') + after);
	const r = await c.read('POST');
	if (r.status !== 400 || r.header('connection') !== 'close')
		eq((await c.read()).status, 200, 'the next request');
	c.close();
});
await test('refuses HTTP/2.0 and HTTP/0.9 versions', async () => {
	for (const v of ['HTTP/2.0', 'HTTP/0.9', 'HTTP/3.1']) {
		const c = await Conn.open(base);
		const r = await c.send(`GET /healthz ${v}\r\n${H}\r\n`).read();
		oneOf(r.status, [400, 505], v);
		eq(await c.closed(), true, 'closed');
	}
});
await test('a binary greeting (TLS) is refused and ended', async () => {
	const c = await Conn.open(base);
	c.send(Buffer.from('16030100a5010000a10303', 'hex'));
	c.send(Buffer.alloc(200, 7));
	const r = await c.read().catch(() => null);
	if (r !== null)
		eq(r.status, 400);
	ok(await c.closed(), 'closed');
});
await test('chunk extensions and harmless trailers do not change the body',
    async () => {
	const q = mcpRequest('ping', {}, { id: 7, token: g.access });
	const c = await Conn.open(base);
	c.send(Buffer.concat([requestBytes(base, 'POST', '/mcp', { ...q.headers,
	    'Transfer-Encoding': 'chunked' }), Buffer.from(
	    `${q.body.length.toString(16)}\r\n${q.body}\r\n0\r\nX-T: 1\r\n\r\n`)]));
	const r = await c.read('POST');
	oneOf(r.status, [200, 400], 'status');
	c.close();
});

// ---- hosts and origins, before any body ----

await test('a foreign Host is 421 in JSON, naming the setting', async () => {
	for (const h of ['evil.example', '127.0.0.1', `127.0.0.1:1`,
	    'localhost:99', 'localhost', `${host}.evil.example`, `evil.example:${
	    new URL(base).port}`])
		for (const [m, t] of [['GET', '/robots.txt'], ['POST', '/mcp'],
		    ['GET', '/.well-known/oauth-authorization-server'],
		    ['POST', '/token']]) {
			const r = await http(base, m, t, { Host: h,
			    Authorization: `Bearer ${g.access}` },
			    m === 'POST' ? 'x' : undefined);
			jsonError(r, 421);
			has(r.json.error_description, 'hosts', `${m} ${t} ${h}`);
		}
});
await test('only /healthz answers whatever the Host, for balancers', async () => {
	eq((await get(base, '/healthz', { Host: '10.0.0.7' })).status, 200);
});
await test('a foreign Host is refused before the body is there', async () => {
	const c = await Conn.open(base);
	c.send('POST /mcp HTTP/1.1\r\nHost: evil.example\r\n' +
	    'Content-Length: 1000\r\n\r\n');
	eq((await c.read('POST')).status, 421);
	c.close();
});
await test('an absolute target counts like a Host', async () => {
	const good = await http(base, 'GET', `${base}/healthz`);
	oneOf(good.status, [200, 400], 'own');
	const bad = await http(base, 'GET', 'http://evil.example/robots.txt');
	oneOf(bad.status, [421, 400], 'foreign');
});
await test('a foreign or null Origin is 403 on /mcp, token or not',
    async () => {
	for (const o of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example',
	    'http://localhost.evil.example', 'file://', 'http://169.254.169.254'])
		for (const t of [g.access, undefined]) {
			const q = mcpRequest('ping', {}, { token: t,
			    headers: { Origin: o } });
			const r = await http(base, 'POST', '/mcp', q.headers, q.body);
			eq(r.status, 403, `status with ${o}`);
			has(r.header('content-type'), 'application/json');
			eq(r.header('access-control-allow-origin'), undefined,
			    `CORS for ${o}`);
		}
});
await test('its own and any loopback Origin pass on /mcp', async () => {
	for (const o of [base, 'http://localhost:6274', 'http://127.0.0.1:5173',
	    'http://[::1]:8000']) {
		const q = mcpRequest('ping', {}, { token: g.access,
		    headers: { Origin: o } });
		const r = await http(base, 'POST', '/mcp', q.headers, q.body);
		eq(r.status, 200, `status with ${o}`);
		eq(r.header('access-control-allow-origin'), o, 'CORS');
		has(r.header('vary') ?? '', /origin/i, 'vary');
		const ex = (r.header('access-control-expose-headers') ?? '')
		    .toLowerCase();
		for (const h of ['www-authenticate', 'retry-after',
		    'mcp-session-id'])
			has(ex, h, 'exposed headers');
	}
});

// ---- CORS ----

const preflight = (t, o, m = 'POST', h = 'authorization,content-type,' +
    'mcp-protocol-version,mcp-method,mcp-name,mcp-session-id,last-event-id') =>
    http(base, 'OPTIONS', t, { Origin: o, 'Access-Control-Request-Method': m,
    'Access-Control-Request-Headers': h });
await test('metadata, /register, /token, /revoke: any origin, no credentials',
    async () => {
	for (const t of ['/register', '/token', '/revoke', '/jwks.json',
	    '/.well-known/oauth-protected-resource/mcp',
	    '/.well-known/oauth-authorization-server',
	    '/.well-known/openid-configuration']) {
		const p = await preflight(t, 'https://app.example');
		oneOf(p.status, [200, 204], `OPTIONS ${t}`);
		eq(p.header('access-control-allow-origin'), '*', t);
		eq(p.header('access-control-allow-credentials'), undefined, t);
		has((p.header('access-control-allow-headers') ?? '').toLowerCase(),
		    'content-type', t);
		const m = t.startsWith('/.') || t === '/jwks.json' ? 'GET' : 'POST';
		has(p.header('access-control-allow-methods') ?? '', m, t);
		const r = m === 'GET' ? await get(base, t,
		    { Origin: 'https://app.example' }) :
		    await postForm(base, t, 'x=y', { Origin: 'https://app.example' });
		eq(r.header('access-control-allow-origin'), '*', `${m} ${t}`);
		eq(r.header('access-control-allow-credentials'), undefined, t);
	}
});
await test('/mcp preflight: before any authority, listed origins only',
    async () => {
	const p = await preflight('/mcp', 'http://localhost:6274');
	oneOf(p.status, [200, 204], 'status');
	eq(p.header('access-control-allow-origin'), 'http://localhost:6274');
	const hs = (p.header('access-control-allow-headers') ?? '')
	    .toLowerCase();
	for (const h of ['authorization', 'content-type', 'mcp-protocol-version',
	    'mcp-method', 'mcp-name', 'mcp-session-id'])
		has(hs, h, 'allowed headers');
	for (const m of ['POST', 'GET', 'DELETE'])
		has(p.header('access-control-allow-methods') ?? '', m);
	const bad = await preflight('/mcp', 'https://evil.example');
	eq(bad.header('access-control-allow-origin'), undefined, 'foreign');
	oneOf(bad.status, [403, 200, 204], 'status');
});
await test('/authorize, /signin, /consent: no CORS at all', async () => {
	for (const t of ['/authorize', '/signin', '/consent'])
		for (const r of [await preflight(t, 'https://app.example'),
		    await get(base, t, { Origin: 'https://app.example' })])
			for (const [n] of r.headers)
				hasNot(n.toLowerCase(), 'access-control-', t);
});

// ---- routes ----

const known = {
	'/.well-known/oauth-protected-resource': 'GET',
	'/.well-known/oauth-protected-resource/mcp': 'GET',
	'/mcp/.well-known/oauth-protected-resource': 'GET',
	'/.well-known/oauth-authorization-server': 'GET',
	'/.well-known/oauth-authorization-server/mcp': 'GET',
	'/mcp/.well-known/oauth-authorization-server': 'GET',
	'/.well-known/openid-configuration': 'GET',
	'/.well-known/openid-configuration/mcp': 'GET',
	'/mcp/.well-known/openid-configuration': 'GET',
	'/jwks.json': 'GET', '/.well-known/jwks.json': 'GET',
	'/register': 'POST', '/token': 'POST', '/revoke': 'POST',
};
await test('wrong methods on OAuth and metadata paths: 405, Allow, JSON',
    async () => {
	for (const [t, good] of Object.entries(known))
		for (const m of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE',
		    'CONNECT', 'BREW', 'get']) {
			if (m === good)
				continue;
			const r = await http(base, m, t, {}, m === 'POST' ? '' :
			    undefined);
			// RFC 9110 9.1: a method that is known nowhere is 501.
			if (['CONNECT', 'BREW', 'get'].includes(m) &&
			    r.status !== 405) {
				oneOf(r.status, [400, 501], m);
				ok(r.json.error, m);
				continue;
			}
			jsonError(r, 405, 'method_not_allowed');
			const allow = (r.header('allow') ?? '').split(/, */);
			ok(allow.includes(good), `Allow ${allow} of ${m} ${t}`);
			ok(!allow.includes(m), `Allow ${allow} of ${m} ${t}`);
		}
});
await test('unknown paths: 404 in JSON', async () => {
	for (const t of ['/nothing', '/.well-known/nothing', '/mcpx', '//mcp',
	    '/MCP', '/token/', '/register/x', '/.well-known/', '/mcp/x',
	    '/.well-known/oauth-authorization-server/other', '/a/../mcp',
	    '/mcp/..', '/keys', '/consent/'])
		for (const m of ['GET', 'POST']) {
			const r = await http(base, m, t, {}, m === 'POST' ? '{}' :
			    undefined);
			oneOf(r.status, [404, 400], `${m} ${t}`);
			has(r.header('content-type') ?? '', 'application/json',
			    `${m} ${t}`);
			ok(r.json.error, 'member error');
		}
	eq((await get(base, '/nothing')).status, 404, 'status of /nothing');
	eq((await get(base, '//mcp')).status, 404, 'status of //mcp');
});
await test('/ answers something a person can read', async () => {
	const r = await get(base, '/', { Accept: 'text/html' });
	oneOf(r.status, [200, 404], 'status');
});
await test('/mcp: PUT, PATCH and unknown methods are 405 with Allow',
    async () => {
	for (const m of ['PUT', 'PATCH']) {
		const r = await http(base, m, '/mcp', { Authorization:
		    `Bearer ${g.access}` });
		eq(r.status, 405, m);
		has(r.header('allow') ?? '', 'POST');
		has(r.header('content-type') ?? '', 'application/json');
	}
});
await test('HEAD is GET without the body', async () => {
	for (const t of [...Object.keys(known).filter((k) => known[k] === 'GET'),
	    '/healthz', '/robots.txt', '/favicon.ico', '/style.css']) {
		const a = await get(base, t);
		const c = await Conn.open(base);
		const b = await c.send(requestBytes(base, 'HEAD', t)).read('HEAD');
		eq(b.status, a.status, `status of HEAD ${t}`);
		eq(b.header('content-length'), String(a.body.length), t);
		eq(b.header('content-type'), a.header('content-type'), t);
		// no byte of a body behind it: the next answer is readable
		eq((await c.send(requestBytes(base, 'GET', '/healthz')).read())
		    .status, 200, 'next on the connection');
		c.close();
	}
});
await test('/healthz says yes, /robots.txt no, /favicon.ico is there',
    async () => {
	const h = await get(base, '/healthz');
	eq(h.status, 200);
	has(h.header('cache-control') ?? '', 'no-store');
	const r = await get(base, '/robots.txt');
	eq([r.status, r.header('content-type').split(';')[0]],
	    [200, 'text/plain']);
	has(r.text, /User-agent: \*\s+Disallow: \/\s*$/);
	const f = await get(base, '/favicon.ico');
	oneOf(f.status, [200, 204], 'favicon');
	const s = await get(base, '/style.css');
	eq([s.status, s.header('content-type').split(';')[0]],
	    [200, 'text/css']);
	hasNot(s.text, /url\(|@import/, 'style.css');
});

// ---- metadata ----

const J = async (t) => (await get(base, t)).json;
await test('metadata: identical bytes at all forms of each document',
    async () => {
	for (const d of ['oauth-protected-resource', 'oauth-authorization-server',
	    'openid-configuration']) {
		const forms = [`/.well-known/${d}`, `/.well-known/${d}/mcp`,
		    `/mcp/.well-known/${d}`];
		const all = [];
		for (const t of forms) {
			const r = await get(base, t);
			eq(r.status, 200, t);
			eq(r.header('content-type').split(';')[0],
			    'application/json', t);
			all.push(r.text);
		}
		eq(new Set(all).size, 1, `different texts of ${d}`);
	}
});
await test('protected resource metadata says what RFC 9728 wants',
    async () => {
	const m = await J('/.well-known/oauth-protected-resource/mcp');
	eq(m.resource, base + '/mcp', 'resource');
	eq(m.authorization_servers, [base]);
	eq(m.scopes_supported, ['mcp:tools']);
	eq(m.bearer_methods_supported, ['header']);
	eq(typeof m.resource_name, 'string');
});
await test('authorization server metadata says what keepd does', async () => {
	for (const d of ['oauth-authorization-server', 'openid-configuration']) {
		const m = await J('/.well-known/' + d);
		eq(m.issuer, base, 'issuer');
		eq(m.authorization_endpoint, base + '/authorize');
		eq(m.token_endpoint, base + '/token');
		eq(m.registration_endpoint, base + '/register');
		eq(m.revocation_endpoint, base + '/revoke');
		eq(m.jwks_uri, base + '/jwks.json');
		eq(m.response_types_supported, ['code']);
		eq(m.code_challenge_methods_supported, ['S256']);
		eq([...m.grant_types_supported].sort(),
		    ['authorization_code', 'refresh_token']);
		eq([...m.token_endpoint_auth_methods_supported].sort(),
		    ['client_secret_basic', 'client_secret_post', 'none']);
		eq(m.scopes_supported, ['mcp:tools']);
		eq(m.authorization_response_iss_parameter_supported, true);
		for (const k of ['registration_client_uri', 'userinfo_endpoint',
		    'id_token_signing_alg_values_supported',
		    'end_session_endpoint', 'introspection_endpoint'])
			ok(!(k in m), `claims ${k}`);
		hasNot(JSON.stringify(m), 'null', 'metadata');
	}
});
await test('metadata does not follow the Host header', async () => {
	const a = await get(base, '/.well-known/oauth-authorization-server',
	    { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https',
	    Forwarded: 'host=evil.example' });
	hasNot(a.text, 'evil.example');
});
await test('every answer carries nosniff and never names a version',
    async () => {
	for (const t of ['/healthz', '/nothing', '/mcp', '/jwks.json',
	    '/authorize']) {
		const r = await get(base, t);
		eq(r.header('x-content-type-options'), 'nosniff', t);
		hasNot(r.header('server') ?? '', /\d/, 'server');
		ok(r.header('date'), 'date');
		eq(r.header('x-powered-by'), undefined);
	}
});

// ---- the endpoint ----

const NO_TOKEN = '{"error":"invalid_token","error_description":' +
    '"Missing Authorization header"}';
const BAD_TOKEN = '{"error":"invalid_token","error_description":' +
    '"Invalid or expired access token"}';
const NO_SCOPE = '{"error":"insufficient_scope","error_description":' +
    '"Missing required scope: mcp:tools"}';
const PRM = `resource_metadata="${base}/.well-known/oauth-protected-` +
    'resource/mcp"';
await test('no token: 401, the bare challenge and the exact body',
    async () => {
	for (const m of ['POST', 'GET', 'DELETE'])
		for (const t of ['/mcp', '/mcp/']) {
			const r = await http(base, m, t, { Accept: '*/*' },
			    m === 'POST' ? '{}' : undefined);
			eq(r.status, 401, `${m} ${t}`);
			eq(r.header('www-authenticate'),
			    `Bearer ${PRM}, scope="mcp:tools"`);
			eq(r.text, NO_TOKEN, 'body');
			has(r.header('content-type'), 'application/json');
		}
});
await test('a bad token: 401, error in the challenge and the exact body',
    async () => {
	const t = g.access;
	const flip = (i) => t.slice(0, i) + (t[i] === 'A' ? 'B' : 'A') +
	    t.slice(i + 1);
	const [h, p, s] = t.split('.');
	const none = Buffer.from('{"alg":"none","typ":"at+jwt"}')
	    .toString('base64url');
	for (const bad of ['x', flip(0), flip(t.length - 1),
	    flip(t.length >> 1), t + 'A', t.slice(0, -1), `${none}.${p}.`,
	    `${h}.${p}`, `${h}.${p}.${s}.${s}`, 'A'.repeat(1900),
	    'A'.repeat(2500), g.refresh]) {
		const q = mcpRequest('ping', {}, { token: bad });
		const r = await http(base, 'POST', '/mcp', q.headers, q.body);
		eq(r.status, 401, `status for ${bad.slice(0, 20)}…`);
		eq(r.text, BAD_TOKEN, 'body');
		has(r.header('www-authenticate'), 'error="invalid_token"');
		has(r.header('www-authenticate'), PRM);
		has(r.header('www-authenticate'), 'scope="mcp:tools"');
	}
});
await test('other schemes, empty tokens and two headers are refused',
    async () => {
	for (const a of ['Basic dmlld2VyOng=', 'Bearer', 'Bearer ',
	    `Token ${g.access}`, g.access, `Bearer ${g.access} x`]) {
		const q = mcpRequest('ping', {}, { headers: { Authorization: a } });
		const r = await http(base, 'POST', '/mcp', q.headers, q.body);
		eq(r.status, 401, `status for ${a.slice(0, 12)}`);
		has(r.header('www-authenticate'), PRM);
	}
	const q = mcpRequest('ping', {}, { token: g.access });
	const r = await http(base, 'POST', '/mcp', [...Object.entries(q.headers),
	    ['Authorization', `Bearer ${g.access}`]], q.body);
	oneOf(r.status, [400, 401], 'status for two headers');
});
await test('the scheme is read without regard to case', async () => {
	for (const s of ['bearer', 'BEARER']) {
		const q = mcpRequest('ping', {}, { headers: { Authorization:
		    `${s} ${g.access}` } });
		eq((await http(base, 'POST', '/mcp', q.headers, q.body)).status,
		    200, s);
	}
});
await test('a token in the query or the body is no token', async () => {
	const q = mcpRequest('ping', {});
	const r = await http(base, 'POST', `/mcp?access_token=${g.access}`,
	    q.headers, q.body);
	eq(r.status, 401);
	const f = await postForm(base, '/mcp', { access_token: g.access });
	eq(f.status, 401);
});
await test('a token without mcp:tools: 403 and the exact body', async () => {
	const o = await connect(base, 'viewer', process.env.K_PW_VIEWER,
	    { authorize: { scope: 'openid offline_access' } });
	const q = mcpRequest('ping', {}, { token: o.access });
	const r = await http(base, 'POST', '/mcp', q.headers, q.body);
	eq(r.status, 403);
	eq(r.text, NO_SCOPE, 'body');
	has(r.header('www-authenticate'), 'error="insufficient_scope"');
	has(r.header('www-authenticate'), 'scope="mcp:tools"');
	has(r.header('www-authenticate'), PRM);
});
await test('GET with a good token: 405 and Allow', async () => {
	const r = await get(base, '/mcp', { Authorization:
	    `Bearer ${g.access}`, Accept: 'text/event-stream' });
	eq(r.status, 405);
	const allow = (r.header('allow') ?? '').split(/, */);
	ok(allow.includes('POST') && allow.includes('OPTIONS'), `Allow ${allow}`);
	ok(!allow.includes('GET'), `Allow ${allow}`);
});
await test('/mcp/ answers like /mcp, without a redirect', async () => {
	const q = mcpRequest('ping', {}, { id: 4, token: g.access });
	const r = await http(base, 'POST', '/mcp/', q.headers, q.body);
	eq([r.status, r.json.id], [200, 4]);
});
await test('the wrong Content-Type on POST /mcp is refused', async () => {
	for (const t of ['text/plain', 'application/x-www-form-urlencoded',
	    'multipart/form-data; boundary=x', 'application/jsonx']) {
		const q = mcpRequest('ping', {}, { token: g.access,
		    headers: { 'Content-Type': t } });
		const r = await http(base, 'POST', '/mcp', q.headers, q.body);
		oneOf(r.status, [400, 415], `status for ${t}`);
	}
	const q = mcpRequest('ping', {}, { id: 3, token: g.access,
	    headers: { 'Content-Type': 'application/json; charset=UTF-8' } });
	eq((await http(base, 'POST', '/mcp', q.headers, q.body)).json.id, 3);
});
done();
