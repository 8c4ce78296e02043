// SPDX-License-Identifier: ISC
// rows.mjs: how clients behave in the field, one file a row, replayed.
//
// NN-name.json holds request shapes: { row, title, seen, cases: [{ name,
// needs, request: { method, target, headers, json | form | text }, expect:
// { status, headers, absent, json, text, html, redirect } }] }.  {{name}} in
// any text stands for what "needs" made: base, host, client_id, access,
// refresh, code, verifier, challenge and so on.  In expect a text between
// slashes is a regular expression; json is a part of the answer, where null
// says that the member must be absent.
// NN-name.mjs holds what takes more than one request: it exports run(kit).

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as kit from '../kit.mjs';

const { test, done, ok, eq, has, http, form, register, connect, pkce, Agent,
    authorizeUrl, instance, Fail, REDIRECT } = kit;
// Every case goes through a proxy too (nginx.sh): none is left out.
const base = process.env.K_URL;
const here = path.dirname(fileURLToPath(import.meta.url));
const PW = process.env.K_PW_VIEWER;

const fresh = {
	async client(v) {
		const c = await register(base);
		return { client_id: c.client_id };
	},
	async secret(v) {
		const c = await register(base, { client_name: 'With a secret',
		    token_endpoint_auth_method: 'client_secret_basic' });
		return { client_id: c.client_id, client_secret: c.client_secret,
		    basic: Buffer.from(`${c.client_id}:${c.client_secret}`)
		    .toString('base64') };
	},
	async grant(v) {
		const g = await connect(base, 'viewer', PW);
		return { client_id: g.client.client_id, access: g.access,
		    refresh: g.refresh };
	},
	async secretGrant(v) {
		const c = await register(base, { client_name: 'With a secret',
		    token_endpoint_auth_method: 'client_secret_basic' });
		const g = await connect(base, 'viewer', PW, { client: c });
		return { client_id: c.client_id, client_secret: c.client_secret,
		    basic: Buffer.from(`${c.client_id}:${c.client_secret}`)
		    .toString('base64'), refresh: g.refresh };
	},
	async code(v) {
		const c = await register(base);
		const p = pkce();
		const u = await new Agent(base).approve(authorizeUrl(base,
		    { client_id: c.client_id, code_challenge: p.challenge }),
		    'viewer', PW);
		return { client_id: c.client_id, verifier: p.verifier,
		    code: u.searchParams.get('code') };
	},
};

function fill(x, v) {
	if (typeof x === 'string')
		return x.replace(/\{\{(\w+)\}\}/g, (_, k) => {
			if (!(k in v))
				throw new Fail(`nothing made {{${k}}}`);
			return v[k];
		});
	if (Array.isArray(x))
		return x.map((y) => fill(y, v));
	if (x && typeof x === 'object')
		return Object.fromEntries(Object.entries(x).map(([k, y]) =>
		    [fill(k, v), fill(y, v)]));
	return x;
}
function same(got, want, what) {
	if (typeof want === 'string' && /^\/.*\/$/s.test(want))
		has(String(got), new RegExp(want.slice(1, -1)), what);
	else if (want && typeof want === 'object' && !Array.isArray(want)) {
		ok(got && typeof got === 'object', `${what} is an object`);
		for (const [k, w] of Object.entries(want))
			if (w === null)
				eq(k in got, false, `${what}.${k} is there`);
			else
				same(got[k], w, `${what}.${k}`);
	} else
		eq(got, want, what);
}

async function replay(c) {
	const p = pkce();
	let v = { base, host: new URL(base).host, redirect: REDIRECT,
	    SCHEME: new URL(base).protocol.slice(0, -1).toUpperCase(),
	    challenge: p.challenge };
	for (const n of [c.needs ?? []].flat())
		v = { ...v, ...await fresh[n](v) };
	const q = fill(c.request, v), e = fill(c.expect, v);
	const headers = { ...q.headers };
	let body = q.text;
	if (q.json !== undefined) {
		body = JSON.stringify(q.json);
		headers['Content-Type'] ??= 'application/json';
	} else if (q.form !== undefined) {
		body = form(q.form);
		headers['Content-Type'] ??= 'application/x-www-form-urlencoded';
	}
	let target = q.target;
	if (q.query)
		target += '?' + form(q.query);
	const r = await http(base, q.method, target, headers, body);
	const say = `status of ${r.text.slice(0, 200)}`;
	if (Array.isArray(e.status))
		kit.oneOf(r.status, e.status, say);
	else
		eq(r.status, e.status, say);
	for (const [k, w] of Object.entries(e.headers ?? {}))
		same(r.header(k), w, `header ${k}`);
	for (const k of e.absent ?? [])
		eq(r.header(k), undefined, `header ${k}`);
	if (e.text !== undefined)
		same(r.text, e.text, 'body');
	if (e.json !== undefined) {
		has(r.header('content-type') ?? '', 'application/json');
		same(r.json, e.json, 'body');
	}
	if (e.html)
		has(r.header('content-type') ?? '', 'text/html');
	if (e.redirect) {
		const u = new URL(r.header('location'));
		same(Object.fromEntries(u.searchParams), e.redirect, 'redirect');
	}
}

const rows = readdirSync(here).filter((f) => /^\d\d-.*\.(json|mjs)$/.test(f))
    .sort();
for (const f of rows) {
	const n = Number(f.slice(0, 2));
	if (f.endsWith('.json')) {
		const d = JSON.parse(readFileSync(path.join(here, f)));
		for (const c of d.cases)
			await test(`row ${n} ${d.title}: ${c.name}`, () => replay(c));
	} else {
		const m = await import('./' + f);
		await m.run({ ...kit, base, keepd: instance(), PW,
		    test: (name, fn) => test(`row ${n} ${m.title}: ${name}`, fn) });
	}
}
await test('every row from 1 to 37 has its file', () => {
	const have = new Set(rows.map((f) => Number(f.slice(0, 2))));
	const lack = [];
	for (let i = 1; i <= 37; i++)
		if (!have.has(i))
			lack.push(i);
	eq(lack, [], 'rows without a file');
});
done();
