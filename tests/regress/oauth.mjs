// SPDX-License-Identifier: ISC
// oauth.mjs: every answer of /register, /authorize, the forms, /token and
// /revoke: the good ones, and each error by name.  No clock is moved here
// (clock.mjs does), no limit reached (limits.mjs).

import { createHash, createPublicKey, verify } from 'node:crypto';
import { test, done, ok, eq, ne, has, hasNot, oneOf, http, get, postForm,
    postJson, forms, form, Agent, register, authorizeUrl, pkce, connect,
    refresh, rpc, instance, REDIRECT, b64u, Fail } from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const PW = process.env.K_PW_VIEWER;

const jsonError = (r, status, error) => {
	eq([r.status, r.json.error], [status, error], `answer ${r.text}`);
	has(r.header('content-type'), 'application/json');
	has(r.header('cache-control') ?? '', 'no-store');
	ok((r.json.error_description ?? '').length > 3, 'error_description');
};
const works = async (token) => (await rpc(base, token, 'ping')).status;

// ---- /register ----

const reg = (meta, headers) => postJson(base, '/register', meta, headers);
await test('register: a public client', async () => {
	const r = await reg({ client_name: 'Plain', redirect_uris: [REDIRECT],
	    token_endpoint_auth_method: 'none' });
	eq(r.status, 201);
	has(r.header('cache-control') ?? '', 'no-store');
	const j = r.json;
	has(j.client_id, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
	    'client_id');
	eq(j.client_name, 'Plain');
	eq(j.redirect_uris, [REDIRECT]);
	eq(j.token_endpoint_auth_method, 'none');
	eq('client_secret' in j, false, 'a secret');
	ok(Math.abs(j.client_id_issued_at - Date.now() / 1000) < 60, 'issued at');
});
await test('register: asking for nothing is public', async () => {
	const j = (await reg({ redirect_uris: [REDIRECT] })).json;
	eq(j.token_endpoint_auth_method, 'none');
	eq('client_secret' in j, false, 'a secret');
	eq(j.grant_types, ['authorization_code', 'refresh_token']);
	eq(j.response_types, ['code']);
});
await test('register: asking for a secret gets one for 30 days', async () => {
	for (const m of ['client_secret_post', 'client_secret_basic']) {
		const j = (await reg({ client_name: 'Secret', redirect_uris:
		    [REDIRECT], token_endpoint_auth_method: m })).json;
		eq(j.token_endpoint_auth_method, m);
		ok(j.client_secret.length >= 40, 'length of the secret');
		const days = (j.client_secret_expires_at - Date.now() / 1000) / 86400;
		ok(Math.abs(days - 30) < 0.1, `days ${days}`);
	}
});
await test('register: redirect URIs it takes', async () => {
	for (const u of ['https://app.example/cb', 'https://app.example:8443/cb?x=1',
	    'http://localhost:3000/cb', 'http://127.0.0.1/cb', 'http://[::1]:9/cb',
	    'cursor://anysphere.cursor-mcp/oauth/callback']) {
		const r = await reg({ redirect_uris: [u] });
		eq(r.status, 201, `${u}: ${r.text}`);
	}
});
const BAD_URIS = ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd',
    'blob:https://x/y', 'vbscript:x', 'about:blank', 'JavaScript:alert(1)',
    ' https://app.example/cb', 'https://app.example/cb ',
    'http://app.example/cb', 'https://user@app.example/cb',
    'https://user:pw@app.example/cb', 'https://app.example/cb#frag',
    'https://app.example/a/../cb', 'https://app.example/./cb',
    'https://app.example/%2e%2e/cb', 'https://app.exämple/cb',
    'https://app.example/c\\b', 'https:///cb', 'https:app.example', '//x/cb',
    '/cb', '', 'https://app.example:0/cb', 'https://app.example:65536/cb',
    'https://app.example/\u0007', 'https://app.example/%zz',
    'http://127.0.0.1.evil.example/cb', 'http://127.0.0.1@evil.example/cb',
    'http://localhost.evil.example/cb', 'unlisted-scheme://x/cb',
    'https://app.example/' + 'a'.repeat(500)];
await test('register: redirect URIs it refuses', async () => {
	for (const u of BAD_URIS)
		jsonError(await reg({ redirect_uris: [u] }), 400,
		    'invalid_redirect_uri');
});
await test('register: the good ones of a mixed list are kept', async () => {
	const j = (await reg({ redirect_uris: [REDIRECT, 'javascript:x',
	    'https://app.example/cb', 'http://evil.example/cb'] })).json;
	eq(j.redirect_uris, [REDIRECT, 'https://app.example/cb']);
});
await test('register: bodies that are no registration', async () => {
	for (const b of ['', 'x', '[]', '"x"', 'null', '{"redirect_uris":',
	    '{"redirect_uris":["http://127.0.0.1/cb"],' +
	    '"client_name":{"a":1}}', '{"a":'.repeat(200) + '1' +
	    '}'.repeat(200), '{"redirect_uris":["http://127.0.0.1/cb"]} x'])
		jsonError(await reg(b), 400, 'invalid_client_metadata');
	for (const b of ['{"redirect_uris":"http://127.0.0.1/cb"}',
	    '{"redirect_uris":[1]}', '{"redirect_uris":{}}', '{}',
	    '{"redirect_uris":[]}', '{"redirect_uris":null}']) {
		const r = await reg(b);
		eq(r.status, 400, b);
		oneOf(r.json.error, ['invalid_redirect_uri',
		    'invalid_client_metadata'], b);
	}
});
await test('register: unsupported methods and grants are named', async () => {
	const m = await reg({ redirect_uris: [REDIRECT],
	    token_endpoint_auth_method: 'private_key_jwt' });
	jsonError(m, 400, 'invalid_client_metadata');
	has(m.json.error_description, 'token_endpoint_auth_method');
	const t = await reg({ redirect_uris: [REDIRECT], grant_types: ['password'] });
	jsonError(t, 400, 'invalid_client_metadata');
	const r = await reg({ redirect_uris: [REDIRECT], response_types: ['token'] });
	jsonError(r, 400, 'invalid_client_metadata');
});
await test('register: more than 8 URIs and repeated members are refused',
    async () => {
	const many = Array.from({ length: 9 }, (_, i) => `https://a.example/${i}`);
	const r = await reg({ redirect_uris: many });
	eq(r.status, 400);
	const d = await reg('{"redirect_uris":["http://127.0.0.1/a"],' +
	    '"redirect_uris":["http://127.0.0.1/b"]}');
	eq(d.status, 400, 'repeated member');
});
await test('register: needs JSON', async () => {
	const r = await postForm(base, '/register', { redirect_uris: REDIRECT });
	oneOf(r.status, [400, 415], 'status');
	eq(typeof r.json.error, 'string');
});
await test('register: a name with markup and bidi controls is tamed',
    async () => {
	const j = (await reg({ redirect_uris: [REDIRECT], client_name:
	    'Good\u202eEvil\u0007\u2066<b>' })).json;
	hasNot(j.client_name, /[\u0000-\u001f\u202a-\u202e\u2066-\u2069]/,
	    'client_name');
});

// ---- /authorize ----

const client = await register(base);
const two = await register(base, { client_name: 'Two', redirect_uris: [REDIRECT,
    'https://app.example/cb'] });
const P = pkce();
const authz = (fields, headers) => get(base, authorizeUrl(base, { client_id:
    client.client_id, code_challenge: P.challenge, state: 's1', ...fields })
    .slice(base.length), headers);
const page = (r, status) => {
	eq(r.status, status, `status, body ${r.text.slice(0, 200)}`);
	has(r.header('content-type'), 'text/html');
	eq(r.header('location'), undefined, 'location');
	has(r.text, /<h1/, 'page');
};
const redirected = (r, error, state = 's1') => {
	eq(r.status, 302, `status, body ${r.text.slice(0, 200)}`);
	const u = new URL(r.header('location'));
	eq(u.origin + u.pathname, REDIRECT, 'where to');
	eq(u.searchParams.get('error'), error);
	eq(u.searchParams.get('state'), state);
	eq(u.searchParams.get('iss'), base, 'iss');
	eq(u.searchParams.get('code'), null);
	ok((u.searchParams.get('error_description') ?? '').length > 3,
	    'error_description');
	has(r.header('cache-control') ?? '', 'no-store');
};
await test('register: again with another port and a query is usable',
    async () => {
	for (const port of [41001, 41002]) {
		const uri = `http://127.0.0.1:${port}/callback?from=here`;
		const c = await register(base, { client_name: 'Port and query',
		    redirect_uris: [uri] });
		eq(c.redirect_uris, [uri], 'redirect_uris');
		const r = await get(base, authorizeUrl('', {
		    client_id: c.client_id, redirect_uri: uri,
		    code_challenge: pkce().challenge,
		    resource: base + '/mcp' }));
		eq(r.status, 200, `authorize with port ${port}`);
	}
});
await test('register: a name that shows nothing is no name', async () => {
	for (const name of ['\u2800\u2800', '\u3164', '\u200b \u2060',
	    '\u{1bca0}\u{1bca3}']) {
		const c = await register(base, { client_name: name,
		    redirect_uris: ['https://blank.example/cb'] });
		eq(c.client_name, 'blank.example', 'client_name');
	}
});
await test('authorize: unknown or missing client: a page, no redirect',
    async () => {
	for (const id of ['nobody', '00000000-0000-4000-8000-000000000000',
	    undefined, '', 'a'.repeat(300)])
		page(await authz({ client_id: id }), 400);
	const r = await authz({ client_id: 'nobody' });
	has(r.text, /client/i);
});
await test('authorize: an unregistered redirect: a page, no redirect',
    async () => {
	for (const u of ['https://evil.example/cb', REDIRECT + '/', REDIRECT + '?x',
	    'http://127.0.0.1:19876/other', 'http://localhost:19876/callback',
	    'https://127.0.0.1:19876/callback', REDIRECT.toUpperCase(),
	    'http://127.0.0.1:19876@evil.example/callback', REDIRECT + '#x'])
		page(await authz({ redirect_uri: u }), 400);
});
await test('authorize: any port of a loopback redirect', async () => {
	page(await authz({ redirect_uri: 'http://127.0.0.1:5/callback' }), 200);
	page(await authz({ redirect_uri: 'http://127.0.0.1/callback' }), 200);
});
await test('authorize: redirect_uri may be left out only if there is one',
    async () => {
	page(await authz({ redirect_uri: undefined }), 200);
	const r = await authz({ client_id: two.client_id,
	    redirect_uri: undefined });
	page(r, 400);
	has(r.text, 'redirect_uri');
});
await test('authorize: errors that go to the client', async () => {
	redirected(await authz({ response_type: undefined }), 'invalid_request');
	redirected(await authz({ response_type: 'token' }),
	    'unsupported_response_type');
	redirected(await authz({ response_type: 'code token' }),
	    'unsupported_response_type');
	redirected(await authz({ code_challenge: undefined }), 'invalid_request');
	redirected(await authz({ code_challenge_method: 'plain' }),
	    'invalid_request');
	redirected(await authz({ code_challenge_method: undefined }),
	    'invalid_request');
	redirected(await authz({ code_challenge: 'short' }), 'invalid_request');
	redirected(await authz({ code_challenge: P.challenge + '=' }),
	    'invalid_request');
	redirected(await authz({ code_challenge: 'ä'.repeat(43) }),
	    'invalid_request');
	redirected(await authz({ resource: 'https://other.example/mcp' }),
	    'invalid_target');
	redirected(await authz({ resource: base + '/other' }), 'invalid_target');
	redirected(await authz({ response_type: 'token', state: undefined }),
	    'unsupported_response_type', null);
});
await test('authorize: an error sends nobody to a client no one approved',
    async () => {
	const away = 'https://away.example/cb';
	const c = await register(base, { client_name: 'Away', redirect_uris:
	    [away] });
	const wrong = { client_id: c.client_id, redirect_uri: away,
	    response_type: 'token' };
	const r = await authz(wrong);
	page(r, 400);
	has(r.text, 'response_type must be code', 'what is wrong');
	await connect(base, 'viewer', PW, { client: c });
	const after = await authz(wrong);
	eq(after.status, 302, 'status once a user approved it');
	has(after.header('location'), away + '?error=unsupported_response_type&');
});
await test('authorize: resource in every form of ours', async () => {
	const host = new URL(base).host;
	for (const r of [undefined, base + '/mcp', base + '/mcp/', base, base + '/',
	    `HTTP://${host}/mcp`])
		page(await authz({ resource: r }), 200);
});
await test('authorize: a repeated parameter is refused', async () => {
	const t = authorizeUrl(base, { client_id: client.client_id,
	    code_challenge: P.challenge }).slice(base.length);
	for (const more of ['&client_id=' + client.client_id, '&state=a&state=b',
	    '&redirect_uri=https%3A%2F%2Fevil.example%2F',
	    '&code_challenge=' + P.challenge])
		page(await get(base, t + more), 400);
});
await test('authorize: bad encodings are refused', async () => {
	const t = authorizeUrl(base, { client_id: client.client_id,
	    code_challenge: P.challenge }).slice(base.length);
	for (const more of ['&state=%00', '&state=%ff', '&state=%c0%af'])
		page(await get(base, t + more), 400);
	// no URI at all: refused before anybody asks what it is for
	for (const more of ['&state=%', '&state=%zz'])
		eq((await get(base, t + more)).status, 400, more);
});
await test('authorize: unknown parameters and prompt are ignored', async () => {
	page(await authz({ prompt: 'consent', foo: 'bar', nonce: 'n' }), 200);
});
await test('authorize: POST with a form does the same', async () => {
	const r = await postForm(base, '/authorize', { response_type: 'code',
	    client_id: client.client_id, redirect_uri: REDIRECT, state: 's1',
	    code_challenge: P.challenge, code_challenge_method: 'S256' });
	page(r, 200);
});
await test('authorize: a state of 1,900 bytes comes back as it was',
    async () => {
	const state = 'äß&=+% '.repeat(190);
	const a = new Agent(base);
	const u = await a.approve(authorizeUrl(base, { client_id:
	    client.client_id, code_challenge: P.challenge, state }), 'viewer', PW);
	eq(u.searchParams.get('state'), state);
	eq(u.searchParams.get('iss'), base);
});
await test('authorize: wrong method', async () => {
	const r = await http(base, 'PUT', '/authorize');
	eq(r.status, 405);
	has(r.header('allow') ?? '', 'GET');
});

// ---- sign-in and consent ----

const flow = (more) => authorizeUrl(base, { client_id: client.client_id,
    code_challenge: P.challenge, state: 'x', ...more });
const NONE = 'No pending authorization';
await test('sign-in: wrong password, unknown and disabled user look alike',
    async () => {
	keepd.must('k_user sleeper sleeper-password-1 viewer');
	keepd.mustCtl('user disable sleeper');
	const seen = new Set();
	for (const [u, p] of [['viewer', 'wrong'], ['no-such-user', 'wrong'],
	    ['sleeper', 'sleeper-password-1'], ['sleeper', 'x'], ['', ''],
	    ['viewer', ''], ['viewer', PW + ' '], ['VIEWER', PW]]) {
		const a = new Agent(base);
		const r = await a.signIn(flow(), u, p);
		if (u === 'VIEWER' && r.status === 303)
			continue;	// names may fold case
		ok(r.status !== 303, `signed in as ${u}`);
		const f = forms(r.text);
		eq(f.length, 1, `forms for ${u}/${p}`);
		seen.add(r.status + r.text.replace(/value="[^"]*"/g, '')
		    .replace(/ autofocus/g, ''));
	}
	eq(seen.size, 1, `answers that differ: ${[...seen].map((s) =>
	    s.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').slice(0, 300))}`);
});
await test('sign-in: long and odd names and passwords are only wrong',
    async () => {
	for (const [u, p] of [['a'.repeat(63), 'x'], ['a'.repeat(500), 'x'],
	    ['viewer', 'x'.repeat(255)], ['viewer', 'x'.repeat(2000)],
	    ["' or 1=1 --", 'x'], ['viewer\u0007', 'x'], ['vi ewer', 'x']]) {
		const r = await new Agent(base).signIn(flow(), u, p);
		ok(r.status >= 200 && r.status < 500 && r.status !== 303,
		    `status ${r.status} for ${u.slice(0, 20)}`);
		has(r.header('content-type'), 'text/html');
	}
});
await test('sign-in: cookies of other programs do not crowd ours out',
    async () => {
	const a = new Agent(base);
	const page = await a.get(flow());
	a.jar = new Map([['other', 'x'.repeat(12000)], ...a.jar]);
	const r = await a.submit(page, { username: 'viewer', password: PW });
	eq(r.status, 303, 'sign-in');
	eq((await a.get(r.header('location'))).status, 200, 'consent page');
});
await test('sign-in: the form of another browser is worth nothing',
    async () => {
	const a = new Agent(base), b = new Agent(base);
	const pa = await a.get(flow());
	await b.get(flow());
	const f = forms(pa.text)[0];
	const r = await b.post(f.action, [...f.fields.filter(([k]) =>
	    !['username', 'password'].includes(k)), ['username', 'viewer'],
	    ['password', PW]]);
	ok(r.status >= 400, `status ${r.status}`);
	has(r.text, NONE);
	// control: it was good for its own browser
	eq((await a.submit(pa, { username: 'viewer', password: PW })).status, 303);
});
await test('sign-in: a changed hidden field is worth nothing', async () => {
	for (const name of ['pending', 'csrf', 'txn']) {
		const a = new Agent(base);
		const p = await a.get(flow());
		const f = forms(p.text)[0];
		const old = f.fields.find(([k]) => k === name);
		ok(old, `field ${name}`);
		const v = old[1];
		for (const bad of ['', v.slice(0, -1), v + 'A', 'A' + v.slice(1) === v ?
		    'B' + v.slice(1) : 'A' + v.slice(1), 'x'.repeat(7000)]) {
			const r = await a.submit(p, { username: 'viewer',
			    password: PW, [name]: bad });
			ok(r.status >= 400 && r.status < 500, `status ${r.status} ` +
			    `with ${name} changed`);
		}
		eq((await a.submit(p, { username: 'viewer', password: PW })).status,
		    303, 'control');
	}
});
await test('forms: a foreign or null Origin is refused, none is taken',
    async () => {
	const a = new Agent(base);
	const p = await a.get(flow());
	for (const o of ['https://evil.example', 'null', 'http://localhost:1']) {
		const r = await a.submit(p, { username: 'viewer', password: PW },
		    null, { Origin: o });
		eq(r.status, 403, `status with ${o}`);
		has(r.header('content-type'), 'text/html');
	}
	a.sendOrigin = false;
	const r = await a.submit(p, { username: 'viewer', password: PW });
	eq(r.status, 303, 'no Origin');
});
await test('sign-in: the same form again after it was used', async () => {
	const a = new Agent(base);
	const p = await a.get(flow());
	eq((await a.submit(p, { username: 'viewer', password: PW })).status, 303);
	const r = await a.submit(p, { username: 'viewer', password: PW });
	ok(r.status >= 400, `status ${r.status}`);
	has(r.text, NONE);
});
await test('consent: with a wrong csrf, in another browser, without a cookie',
    async () => {
	const a = new Agent(base);
	const s = await a.signIn(flow(), 'viewer', PW);
	const where = s.header('location');
	has(where, /^\/consent\?txn=[A-Za-z0-9_-]+$/, 'location');
	const c = await a.get(where);
	eq(c.status, 200);
	const other = new Agent(base);
	has((await other.get(where)).text, NONE, 'another browser');
	const bad = await a.submit(c, { csrf: 'A'.repeat(43) },
	    ['decision', 'approve']);
	ok(bad.status >= 400, `status ${bad.status} for a wrong csrf`);
	const f = forms(c.text)[0];
	const r = await other.post(f.action, [...f.fields,
	    ['decision', 'approve']]);
	ok(r.status >= 400, `status ${r.status} in another browser`);
	has(r.text, NONE);
	const odd = await a.post(f.action, [...f.fields, ['decision', 'maybe']]);
	eq(odd.status, 400, 'a third decision');
	const no = await a.post(f.action, f.fields);
	eq(no.status, 400, 'no decision');
	const good = await a.submit(c, {}, ['decision', 'approve']);
	eq(good.status, 302, 'control');
});
await test('consent: cannot be reached on a cookie without the password',
    async () => {
	const a = new Agent(base);
	const p = await a.get(flow());
	const txn = forms(p.text)[0].fields.find(([k]) => k === 'txn')[1];
	const r = await a.get('/consent?txn=' + txn);
	ok(r.status >= 400, `status ${r.status}`);
	has(r.text, NONE);
});
await test('consent: approved twice gives the same redirect while unredeemed',
    async () => {
	const a = new Agent(base);
	const s = await a.signIn(flow(), 'viewer', PW);
	const c = await a.get(s.header('location'));
	const jar = new Map(a.jar);
	const one = await a.submit(c, {}, ['decision', 'approve']);
	eq(one.status, 302);
	a.jar = jar;
	const again = await a.submit(c, {}, ['decision', 'approve']);
	eq(again.status, 302, 'second approval');
	eq(again.header('location'), one.header('location'), 'redirect');
	const code = new URL(one.header('location')).searchParams.get('code');
	const t = await postForm(base, '/token', { grant_type:
	    'authorization_code', code, redirect_uri: REDIRECT,
	    client_id: client.client_id, code_verifier: P.verifier });
	eq(t.status, 200, 'redeemed');
	a.jar = jar;
	const third = await a.submit(c, {}, ['decision', 'approve']);
	ok(third.status >= 400, `status ${third.status} once redeemed`);
	has(third.text, NONE);
	eq(await works(t.json.access_token), 200, 'the token goes on working');
});
await test('consent: Deny ends it; Approve afterwards is too late', async () => {
	const a = new Agent(base);
	const s = await a.signIn(flow(), 'viewer', PW);
	const c = await a.get(s.header('location'));
	const jar = new Map(a.jar);
	const d = await a.submit(c, {}, ['decision', 'deny']);
	redirected(d, 'access_denied', 'x');
	a.jar = jar;
	const r = await a.submit(c, {}, ['decision', 'approve']);
	ok(r.status >= 400, `status ${r.status}`);
	has(r.text, NONE);
});
await test('consent: two flows in one browser do not disturb each other',
    async () => {
	const a = new Agent(base);
	const p1 = await a.get(flow({ state: 'one' }));
	const p2 = await a.get(flow({ state: 'two' }));
	const fin = async (p) => {
		const s = await a.submit(p, { username: 'viewer', password: PW });
		const c = await a.get(s.header('location'));
		return new URL((await a.submit(c, {}, ['decision', 'approve']))
		    .header('location')).searchParams.get('state');
	};
	eq(await fin(p2), 'two');
	eq(await fin(p1), 'one');
});
await test('consent: the page names client, host, scope and user', async () => {
	const a = new Agent(base);
	const s = await a.signIn(flow(), 'viewer', PW);
	const c = await a.get(s.header('location'));
	for (const w of ['Test client', '127.0.0.1', 'mcp:tools', 'viewer'])
		has(c.text, w, 'page');
});

// ---- /token ----

const newCode = async (more = {}, opts = {}) => {
	const p = pkce();
	const c = opts.client ?? client;
	const u = await new Agent(base).approve(authorizeUrl(base, { client_id:
	    c.client_id, code_challenge: p.challenge, ...more }), 'viewer', PW);
	return { code: u.searchParams.get('code'), verifier: p.verifier, c };
};
const redeem = (k, more = {}, headers) => postForm(base, '/token', {
    grant_type: 'authorization_code', code: k.code, redirect_uri: REDIRECT,
    client_id: k.c.client_id, code_verifier: k.verifier, ...more }, headers);

await test('token: the good answer', async () => {
	const r = await redeem(await newCode());
	eq(r.status, 200, r.text);
	has(r.header('content-type'), 'application/json');
	eq(r.header('cache-control'), 'no-store');
	eq(r.json.token_type, 'Bearer');
	eq(r.json.expires_in, 3600);
	eq(r.json.scope, 'mcp:tools');
	has(r.json.refresh_token, /^kr_[A-Za-z0-9_-]{43}$/, 'refresh token');
	eq(await works(r.json.access_token), 200, 'access token');
});
await test('token: the access token is an RFC 9068 JWT under the JWKS',
    async () => {
	const r = await redeem(await newCode());
	const [h, p, s] = r.json.access_token.split('.');
	const D = (x) => JSON.parse(Buffer.from(x, 'base64url').toString());
	const head = D(h), claims = D(p);
	eq([head.alg, head.typ], ['ES256', 'at+jwt']);
	const { keys } = (await get(base, '/jwks.json')).json;
	const jwk = keys.find((k) => k.kid === head.kid);
	ok(jwk, 'kid is in the JWKS');
	eq([jwk.kty, jwk.crv, jwk.use, jwk.alg], ['EC', 'P-256', 'sig', 'ES256']);
	eq('d' in jwk, false, 'a private key');
	eq(verify('sha256', Buffer.from(`${h}.${p}`), { key: createPublicKey({
	    key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
	    Buffer.from(s, 'base64url')), true, 'signature');
	eq(claims.iss, base);
	eq(claims.aud, base + '/mcp');
	eq(claims.client_id, client.client_id);
	eq(claims.scope, 'mcp:tools');
	eq(claims.exp - claims.iat, 3600);
	ok(claims.jti && claims.sub, 'jti and sub');
	hasNot(JSON.stringify(claims), 'viewer', 'claims');
});
await test('token: unknown client is 401 invalid_client before all else',
    async () => {
	const k = await newCode();
	jsonError(await redeem(k, { client_id: 'nobody' }), 401,
	    'invalid_client');
	jsonError(await postForm(base, '/token', { grant_type: 'refresh_token',
	    refresh_token: 'x', client_id: 'nobody' }), 401, 'invalid_client');
	// and the code was not spent by it
	eq((await redeem(k)).status, 200, 'control');
});
await test('token: no client at all', async () => {
	const r = await postForm(base, '/token', { grant_type:
	    'authorization_code', code: 'x', code_verifier: P.verifier });
	oneOf(r.json.error, ['invalid_client', 'invalid_request'], 'error');
	oneOf(r.status, [400, 401], 'status');
});
await test('token: grant types', async () => {
	jsonError(await postForm(base, '/token', { client_id: client.client_id }),
	    400, 'invalid_request');
	const r = await postForm(base, '/token', { client_id: client.client_id,
	    grant_type: 'password', username: 'viewer', password: PW });
	jsonError(r, 400, 'unsupported_grant_type');
	eq(r.json.error_description, 'The grant type is not supported by this ' +
	    'authorization server.');
	for (const t of ['client_credentials', 'AUTHORIZATION_CODE', '', 'x'
	    .repeat(200)]) {
		const q = await postForm(base, '/token', { client_id:
		    client.client_id, grant_type: t });
		eq(q.status, 400, `status for ${t}`);
		oneOf(q.json.error, ['unsupported_grant_type',
		    'invalid_request'], `error for ${t}`);
	}
});
await test('token: wrong code, verifier, redirect', async () => {
	const k = await newCode();
	jsonError(await redeem(k, { code: 'kc_' + 'A'.repeat(43) }), 400,
	    'invalid_grant');
	jsonError(await redeem(k, { code: undefined }), 400, 'invalid_request');
	for (const v of [pkce().verifier, 'short', k.verifier + 'A']) {
		const n = await newCode();
		const r = await redeem(n, { code_verifier: v });
		eq(r.status, 400);
		oneOf(r.json.error, ['invalid_grant', 'invalid_request']);
	}
	const w = await newCode();
	const r = await redeem(w, { code_verifier: pkce().verifier });
	eq(r.json.error_description,
	    'code_verifier does not match the challenge');
	const m = await redeem(await newCode(), { code_verifier: undefined });
	eq(m.status, 400, 'no verifier');
	oneOf(m.json.error, ['invalid_grant', 'invalid_request']);
	jsonError(await redeem(await newCode(), { redirect_uri:
	    'http://127.0.0.1:1/callback' }), 400, 'invalid_grant');
});
await test("token: another client's code", async () => {
	const k = await newCode();
	jsonError(await redeem(k, { client_id: two.client_id }), 400,
	    'invalid_grant');
});
await test('token: a second redemption is refused and ends what the first gave',
    async () => {
	const k = await newCode();
	const one = await redeem(k);
	eq(one.status, 200);
	eq(await works(one.json.access_token), 200, 'before');
	jsonError(await redeem(k), 400, 'invalid_grant');
	eq(await works(one.json.access_token), 401, 'access token after');
	jsonError(await postForm(base, '/token', { grant_type: 'refresh_token',
	    refresh_token: one.json.refresh_token, client_id: client.client_id }),
	    400, 'invalid_grant');
});
await test('token: resource forms', async () => {
	jsonError(await redeem(await newCode(), { resource:
	    'https://other.example/mcp' }), 400, 'invalid_target');
	for (const res of [base, base + '/', base + '/mcp/', undefined])
		eq((await redeem(await newCode({ resource: undefined }),
		    { resource: res })).status, 200, `resource ${res}`);
});
await test('token: form errors', async () => {
	const k = await newCode();
	const good = form({ grant_type: 'authorization_code', code: k.code,
	    redirect_uri: REDIRECT, client_id: k.c.client_id,
	    code_verifier: k.verifier });
	for (const b of [good + '&code=x', good + '&client_id=' + k.c.client_id,
	    good + '&grant_type=refresh_token', '%', good + '&x=%00',
	    good + '&x=%ff', good + '&a=1'.repeat(200)])
		jsonError(await postForm(base, '/token', b), 400,
		    'invalid_request');
	const j = await postJson(base, '/token', { grant_type: 'x' });
	oneOf(j.status, [400, 415], 'JSON body');
	eq(j.json.error, 'invalid_request');
	eq((await postForm(base, '/token', good)).status, 200, 'control');
});
await test('token: parameters in the query do not count', async () => {
	const k = await newCode();
	const q = form({ grant_type: 'authorization_code', code: k.code,
	    redirect_uri: REDIRECT, client_id: k.c.client_id,
	    code_verifier: k.verifier });
	const r = await postForm(base, '/token?' + q, '');
	oneOf(r.status, [400, 401], 'status');
	eq((await redeem(k)).status, 200, 'control');
});
await test('token: ways of client authentication', async () => {
	const post = await register(base, { client_name: 'Post',
	    token_endpoint_auth_method: 'client_secret_post' });
	const basic = await register(base, { client_name: 'Basic',
	    token_endpoint_auth_method: 'client_secret_basic' });
	const B = (id, s) => ({ Authorization: 'Basic ' + Buffer.from(
	    `${encodeURIComponent(id)}:${encodeURIComponent(s)}`)
	    .toString('base64') });
	const none = { client_id: undefined };
	const code = (c) => newCode({}, { client: c });
	eq((await redeem(await code(post), { client_secret:
	    post.client_secret })).status, 200, 'post');
	eq((await redeem(await code(basic), none, B(basic.client_id,
	    basic.client_secret))).status, 200, 'basic');
	eq((await redeem(await code(basic), {}, B(basic.client_id,
	    basic.client_secret))).status, 200, 'basic and client_id');
	const no = await redeem(await code(post));
	jsonError(no, 401, 'invalid_client');
	eq(no.json.error_description, 'Client secret is required');
	const bad = await redeem(await code(post), { client_secret: 'x' });
	jsonError(bad, 401, 'invalid_client');
	eq(bad.json.error_description, 'Invalid client_secret');
	const wb = await redeem(await code(basic), none, B(basic.client_id, 'x'));
	jsonError(wb, 401, 'invalid_client');
	has(wb.header('www-authenticate') ?? '', /^Basic /, 'challenge');
	const two_ids = await redeem(await code(basic), { client_id:
	    post.client_id }, B(basic.client_id, basic.client_secret));
	oneOf(two_ids.status, [400, 401], 'two different clients');
	oneOf(two_ids.json.error, ['invalid_request', 'invalid_client'],
	    'two different clients');
	const mixed = await redeem(await code(post), { client_secret:
	    post.client_secret }, B(post.client_id, post.client_secret));
	eq(mixed.status >= 400, true, 'two methods at once');
	for (const a of ['Basic', 'Basic !!!', 'Basic ' +
	    Buffer.from('nocolon').toString('base64'), 'Bearer x']) {
		const r = await redeem(await code(basic), none,
		    { Authorization: a });
		oneOf(r.status, [400, 401], a);
		oneOf(r.json.error, ['invalid_client', 'invalid_request'], a);
	}
	eq((await redeem(await newCode(), { client_secret: '' })).status, 200,
	    'public client with an empty secret');
	jsonError(await redeem(await newCode(), { client_secret: 'x' }), 401,
	    'invalid_client');
});

// ---- refresh ----

await test('refresh: rotates, keeps the scope, answers no-store', async () => {
	const g = await connect(base, 'viewer', PW, { client });
	const r = await refresh(base, g);
	eq(r.status, 200, r.text);
	ne(r.json.refresh_token, g.refresh, 'refresh token');
	ne(r.json.access_token, g.access, 'access token');
	eq(r.json.scope, 'mcp:tools');
	eq(r.header('cache-control'), 'no-store');
	eq(await works(r.json.access_token), 200);
});
await test('refresh: works without resource, fails with a foreign one',
    async () => {
	const g = await connect(base, 'viewer', PW, { client });
	jsonError(await refresh(base, g, g.refresh, { resource:
	    'https://other.example/' }), 400, 'invalid_target');
	eq((await refresh(base, g)).status, 200);
});
await test("refresh: another client's token, unknown tokens", async () => {
	const g = await connect(base, 'viewer', PW, { client });
	jsonError(await refresh(base, g, g.refresh, { client_id:
	    two.client_id }), 400, 'invalid_grant');
	for (const t of ['x', 'kr_' + 'A'.repeat(43), g.access.slice(0, 200)])
		jsonError(await refresh(base, g, t), 400, 'invalid_grant');
	jsonError(await refresh(base, g, ''), 400, 'invalid_request');
	eq((await refresh(base, g)).status, 200, 'control');
});
await test('refresh: a wider scope than granted gives nothing more',
    async () => {
	const g = await connect(base, 'viewer', PW, { client, authorize:
	    { scope: 'openid' } });
	const r = await refresh(base, g, g.refresh, { scope: 'mcp:tools' });
	if (r.status === 200)
		eq(await works(r.json.access_token), 403, 'widened');
	else
		jsonError(r, 400, 'invalid_scope');
});

// ---- /revoke ----

await test('revoke: a refresh token takes its access token along at once',
    async () => {
	const g = await connect(base, 'viewer', PW, { client });
	eq(await works(g.access), 200, 'before');
	const r = await postForm(base, '/revoke', { token: g.refresh,
	    token_type_hint: 'refresh_token', client_id: client.client_id });
	eq([r.status, r.text.trim()], [200, '{}']);
	eq(await works(g.access), 401, 'access token');
	jsonError(await refresh(base, g), 400, 'invalid_grant');
});
await test('revoke: an access token, with the wrong hint too', async () => {
	const g = await connect(base, 'viewer', PW, { client });
	const r = await postForm(base, '/revoke', { token: g.access,
	    token_type_hint: 'refresh_token', client_id: client.client_id });
	eq(r.status, 200);
	eq(await works(g.access), 401, 'access token');
});
await test('revoke: another client cannot', async () => {
	const g = await connect(base, 'viewer', PW, { client });
	for (const t of [g.refresh, g.access]) {
		const r = await postForm(base, '/revoke', { token: t,
		    client_id: two.client_id });
		// RFC 7009 2.1: "the request is refused"
		oneOf(r.status, [200, 400], 'status');
	}
	eq(await works(g.access), 200, 'access token');
	eq((await refresh(base, g)).status, 200, 'refresh token');
});
await test('revoke: unknown token is 200, again is 200, errors have names',
    async () => {
	const R = (f) => postForm(base, '/revoke', f);
	eq((await R({ token: 'x', client_id: client.client_id })).status, 200);
	const g = await connect(base, 'viewer', PW, { client });
	for (let i = 0; i < 2; i++)
		eq((await R({ token: g.refresh, client_id: client.client_id }))
		    .status, 200);
	jsonError(await R({ client_id: client.client_id }), 400,
	    'invalid_request');
	jsonError(await R({ token: 'x', client_id: 'nobody' }), 401,
	    'invalid_client');
	const s = await register(base, { token_endpoint_auth_method:
	    'client_secret_post', client_name: 'Rev' });
	jsonError(await R({ token: 'x', client_id: s.client_id }), 401,
	    'invalid_client');
	eq((await R({ token: 'x', client_id: s.client_id,
	    client_secret: s.client_secret })).status, 200);
});

// ---- scopes ----

await test('scope: absent, unknown and mixed ask for mcp:tools', async () => {
	for (const s of [undefined, 'claudeai', 'mcp:tools openid profile',
	    'foo bar mcp:tools']) {
		const g = await connect(base, 'viewer', PW, { client,
		    authorize: { scope: s } });
		has(` ${g.tokens.scope} `, ' mcp:tools ', `scope for ${s}`);
		eq(await works(g.access), 200, `ping for ${s}`);
	}
});

// ---- a grant is for what it was given ----

await test('read only, chosen on the consent page, cannot write', async () => {
	const g = await connect(base, 'designer', process.env.K_PW_DESIGNER,
	    { client, readOnly: true });
	const r = await rpc(base, g.access, 'tools/call', { name: 'save_table',
	    arguments: { table: { name: 'ro_x', fields: [{ fieldName: 'a',
	    fieldType: 'text' }] } } });
	const j = r.json;
	ok(j.error || j.result?.isError, `written: ${r.text.slice(0, 200)}`);
	const w = await connect(base, 'designer', process.env.K_PW_DESIGNER,
	    { client });
	const c = await rpc(base, w.access, 'tools/call', { name: 'save_table',
	    arguments: { table: { name: 'ro_x', fields: [{ fieldName: 'a',
	    fieldType: 'text' }] } } });
	ok(!c.json.error && !c.json.result.isError, `control ${c.text}`);
});
await test('no secret of this test is in a log or an audit record', async () => {
	const g = await connect(base, 'viewer', PW, { client });
	const all = keepd.must('k_server_log; k_ctl audit tail -n 1000; ' +
	    'k_ctl audit tail -j -n 1000; cat "$K_DIR/out"; ' +
	    'cat "$K_DIR"/logs/*');
	ok(all.includes('viewer'), 'control: the user is in it');
	for (const [n, v] of Object.entries({ access: g.access, refresh: g.refresh,
	    code: g.code, verifier: g.verifier, password: PW }))
		eq(all.includes(v), false, `${n} is in a record`);
});
await test('no token, code or secret stands in the store as it is', async () => {
	const g = await connect(base, 'viewer', PW, { client });
	const s = await register(base, { token_endpoint_auth_method:
	    'client_secret_post', client_name: 'Kept' });
	for (const v of [g.refresh, g.access.split('.')[2], g.code,
	    s.client_secret, PW]) {
		const r = keepd.sh(`grep -rlF -e '${v}' "$K_DIR/state"`);
		eq(r.out, '', 'files that hold it');
	}
	ok(keepd.sh(`grep -rlF -e '${client.client_id}' "$K_DIR/state"`).out,
	    'control: the client is in it');
});
done();
