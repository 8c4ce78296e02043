// SPDX-License-Identifier: ISC
// kit.mjs: what the outside-in tests share.  Node's own modules only.
//
// A test program calls test(NAME, FN) for each statement it checks and
// done() at its end.  Every statement prints one line, "ok NAME" or
// "not ok NAME: WHY"; the last line is "# done N".  tests/run.sh counts the
// lines and takes a program without its last line, or with no statement at
// all, for a failure: a test that stops early cannot pass.

import { createHash, randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, inspect } from 'node:util';

export const TESTS = process.env.K_TESTS ??
    path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

// ---- statements ----

let passed = 0, failed = 0;
const prefix = process.env.K_PREFIX ? process.env.K_PREFIX + ' ' : '';
const only = process.env.K_ONLY ? new RegExp(process.env.K_ONLY) : null;

const flat = (s) => String(s).replace(/\s+/g, ' ').slice(0, 1500);

export async function test(name, fn) {
	if (only && !only.test(name))
		return undefined;
	const t0 = Date.now();
	try {
		const v = await fn();
		passed++;
		console.log(`ok ${prefix}${name}`);
		return v;
	} catch (e) {
		failed++;
		console.log(`not ok ${prefix}${name}: ${flat(e?.message ?? e)}`);
		if (process.env.K_TRACE && e?.stack)
			console.error(e.stack);
		return undefined;
	} finally {
		const ms = Date.now() - t0;
		if (process.env.K_TIMES && ms > 500)
			console.error(`# ${name}: ${ms} ms`);
	}
}

export function done() {
	console.log(`# done ${passed + failed}`);
	process.exitCode = failed ? 1 : 0;
	// Leftover keep-alive sockets must not hold the program.
	setTimeout(() => process.exit(), 50).unref();
}

process.on('unhandledRejection', (e) => {
	console.log(`not ok ${prefix}unhandled rejection: ${flat(e?.stack ?? e)}`);
	process.exit(1);
});

export class Fail extends Error {}
const show = (v) => typeof v === 'string' ? JSON.stringify(v) :
    inspect(v, { depth: 6, breakLength: Infinity });

export function ok(v, what = 'condition') {
	if (!v)
		throw new Fail(`${what} does not hold`);
}
export function eq(got, want, what = 'value') {
	if (!isDeepStrictEqual(got, want))
		throw new Fail(`${what}: got ${show(got)}, want ${show(want)}`);
}
export function ne(got, bad, what = 'value') {
	if (isDeepStrictEqual(got, bad))
		throw new Fail(`${what}: got ${show(got)}, which it must not be`);
}
export function has(text, part, what = 'text') {
	const hit = part instanceof RegExp ? part.test(text) :
	    String(text).includes(part);
	if (!hit)
		throw new Fail(`${what}: ${show(part)} is not in ${show(text)}`);
}
export function hasNot(text, part, what = 'text') {
	const hit = part instanceof RegExp ? part.test(text) :
	    String(text).includes(part);
	if (hit)
		throw new Fail(`${what}: ${show(part)} is in ${show(text)}`);
}
export function oneOf(got, list, what = 'value') {
	if (!list.includes(got))
		throw new Fail(`${what}: got ${show(got)}, want one of ${show(list)}`);
}
export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

// Wait until fn() is true; what is waited for must happen, when does not
// matter to the verdict.
export async function until(fn, what, ms = 20000) {
	const end = Date.now() + ms;
	for (;;) {
		const v = await fn();
		if (v)
			return v;
		if (Date.now() > end)
			throw new Fail(`waited ${ms} ms in vain for ${what}`);
		await sleep(50);
	}
}

// ---- HTTP on a bare socket ----

export class Response {
	constructor(status, reason, headers, body, rawHead) {
		this.status = status;
		this.reason = reason;
		this.headers = headers;		// [[name, value]] as sent
		this.body = body;		// Buffer
		this.rawHead = rawHead;
	}
	all(name) {
		name = name.toLowerCase();
		return this.headers.filter(([n]) => n.toLowerCase() === name)
		    .map(([, v]) => v);
	}
	header(name) {
		const v = this.all(name);
		if (v.length > 1 && name.toLowerCase() !== 'set-cookie')
			throw new Fail(`header ${name} sent ${v.length} times`);
		return v[0];
	}
	get text() {
		return this.body.toString('utf8');
	}
	get json() {
		try {
			return JSON.parse(this.text);
		} catch {
			throw new Fail(`status ${this.status} with a body that is ` +
			    `not JSON: ${show(this.text.slice(0, 300))}`);
		}
	}
}

// The certificate of a proxy in front of the instance (tests/proxy.sh).
const CA = process.env.K_CA ? readFileSync(process.env.K_CA) : undefined;

// One connection.  send() writes bytes as they are; read() returns the next
// response, or null where the peer closed instead.
export class Conn {
	static open(base, opts = {}) {
		const u = new URL(base);
		const c = new Conn();
		c.timeout = opts.timeout ?? 15000;
		c.buf = Buffer.alloc(0);
		c.ended = false;
		c.error = null;
		c.waiters = [];
		const where = opts.socketPath ? { path: opts.socketPath } :
		    { host: opts.host ?? u.hostname.replace(/^\[|\]$/g, ''),
			port: Number(u.port || (u.protocol === 'https:' ? 443 : 80)),
			localAddress: opts.localAddress };
		return new Promise((resolve, reject) => {
			c.s = u.protocol === 'https:' && !opts.socketPath ?
			    tls.connect({ ...where, ca: CA }, () => resolve(c)) :
			    net.connect(where, () => resolve(c));
			c.s.setNoDelay(true);
			c.s.on('data', (d) => {
				c.buf = Buffer.concat([c.buf, d]);
				c.wake();
			});
			c.s.on('end', () => { c.ended = true; c.wake(); });
			c.s.on('close', () => { c.ended = true; c.wake(); });
			c.s.on('error', (e) => {
				c.error = e;
				c.ended = true;
				c.wake();
				reject(e);
			});
		});
	}
	wake() {
		const w = this.waiters;
		this.waiters = [];
		for (const f of w)
			f();
	}
	more(what) {
		return new Promise((resolve, reject) => {
			const t = setTimeout(() => reject(new Fail(
			    `no answer in ${this.timeout} ms (${what})`)),
			    this.timeout);
			this.waiters.push(() => { clearTimeout(t); resolve(); });
		});
	}
	send(data) {
		this.s.write(data);
		return this;
	}
	end() {
		this.s.end();
	}
	close() {
		this.s.destroy();
	}
	async take(n, what) {
		while (this.buf.length < n) {
			if (this.ended)
				return null;
			await this.more(what);
		}
		const b = this.buf.subarray(0, n);
		this.buf = this.buf.subarray(n);
		return b;
	}
	async line(what) {
		for (;;) {
			const i = this.buf.indexOf('\r\n');
			if (i >= 0) {
				const l = this.buf.subarray(0, i).toString('latin1');
				this.buf = this.buf.subarray(i + 2);
				return l;
			}
			if (this.ended)
				return null;
			await this.more(what);
		}
	}
	// Is the connection closed by the peer, with nothing more sent?
	async closed(ms = 10000) {
		const keep = this.timeout;
		this.timeout = ms;
		try {
			while (!this.ended && this.buf.length === 0)
				await this.more('close');
		} finally {
			this.timeout = keep;
		}
		return this.buf.length === 0;
	}
	async read(method = 'GET') {
		const what = `response to ${method}`;
		const first = await this.line(what);
		if (first === null)
			return null;
		const m = /^HTTP\/1\.([01]) (\d{3}) ?(.*)$/.exec(first);
		if (!m)
			throw new Fail(`bad status line ${show(first)}`);
		const headers = [];
		let raw = first + '\r\n';
		for (;;) {
			const l = await this.line(what);
			if (l === null)
				throw new Fail('connection closed inside a header section');
			raw += l + '\r\n';
			if (l === '')
				break;
			const i = l.indexOf(':');
			if (i < 1)
				throw new Fail(`bad header line ${show(l)}`);
			headers.push([l.slice(0, i), l.slice(i + 1).trim()]);
		}
		const r = new Response(Number(m[2]), m[3], headers,
		    Buffer.alloc(0), raw);
		if (r.status === 100)
			return this.read(method);
		if (method === 'HEAD' || r.status === 204 || r.status === 304)
			return r;
		if (/chunked/i.test(r.header('transfer-encoding') ?? '')) {
			const parts = [];
			for (;;) {
				const l = await this.line(what);
				const n = parseInt(l, 16);
				if (n > 0)
					parts.push(Buffer.from(await this.take(n, what)));
				await this.line(what);
				if (n === 0)
					break;
			}
			r.body = Buffer.concat(parts);
			return r;
		}
		const len = r.header('content-length');
		if (len !== undefined) {
			const b = await this.take(Number(len), what);
			if (b === null)
				throw new Fail('connection closed inside a body');
			r.body = Buffer.from(b);
			return r;
		}
		while (!this.ended)
			await this.more(what);
		r.body = this.buf;
		this.buf = Buffer.alloc(0);
		return r;
	}
}

export function requestBytes(base, method, target, headers = {}, body) {
	const u = new URL(base);
	const lines = [`${method} ${target} HTTP/1.1`];
	const h = Array.isArray(headers) ? headers : Object.entries(headers);
	const names = new Set(h.map(([n]) => n.toLowerCase()));
	if (!names.has('host'))
		lines.push(`Host: ${u.host}`);
	for (const [n, v] of h)
		if (v !== undefined && v !== null)
			lines.push(`${n}: ${v}`);
	const b = body === undefined ? null : Buffer.from(body);
	if (b && !names.has('content-length') && !names.has('transfer-encoding'))
		lines.push(`Content-Length: ${b.length}`);
	const head = Buffer.from(lines.join('\r\n') + '\r\n\r\n', 'latin1');
	return b ? Buffer.concat([head, b]) : head;
}

// One request on a connection of its own.
export async function http(base, method, target, headers = {}, body, opts) {
	const c = await Conn.open(base, opts);
	try {
		c.send(requestBytes(base, method, target, headers, body));
		const r = await c.read(method);
		if (r === null)
			throw new Fail(`${method} ${target}: closed without an answer` +
			    (c.error ? ` (${c.error.code})` : ''));
		return r;
	} finally {
		c.close();
	}
}

export const get = (base, target, headers, opts) =>
    http(base, 'GET', target, headers, undefined, opts);
export function form(fields) {
	const list = Array.isArray(fields) ? fields : Object.entries(fields);
	return list.filter(([, v]) => v !== undefined && v !== null)
	    .map(([k, v]) => encodeURIComponent(k) + '=' +
	    encodeURIComponent(v)).join('&');
}
export const postForm = (base, target, fields, headers = {}, opts) =>
    http(base, 'POST', target, { 'Content-Type':
    'application/x-www-form-urlencoded', ...headers },
    typeof fields === 'string' ? fields : form(fields), opts);
export const postJson = (base, target, value, headers = {}, opts) =>
    http(base, 'POST', target, { 'Content-Type': 'application/json',
    ...headers }, typeof value === 'string' || Buffer.isBuffer(value) ?
    value : JSON.stringify(value), opts);

// ---- a person without a browser: follows the pages by their forms ----

const unescapeHtml = (s) => s.replace(/&quot;/g, '"').replace(/&#0*39;/g, "'")
    .replace(/&#x27;/gi, "'").replace(/&lt;/g, '<').replace(/&gt;/g, '>')
    .replace(/&#(\d+);/g, (_, n) => String.fromCodePoint(Number(n)))
    .replace(/&amp;/g, '&');

function attributes(tag) {
	const out = {};
	for (const m of tag.matchAll(/\s([a-zA-Z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g))
		out[m[1].toLowerCase()] = unescapeHtml(m[2] ?? m[3] ?? m[4] ?? '');
	return out;
}

export function forms(html) {
	const out = [];
	for (const m of html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)) {
		const a = attributes(m[1]);
		const f = { action: a.action ?? '', method: (a.method ?? 'get')
		    .toLowerCase(), fields: [], buttons: [], inputs: [] };
		for (const i of m[2].matchAll(/<(input|button)\b([^>]*)>/gi)) {
			const t = attributes(i[2]);
			const type = (t.type ?? (i[1].toLowerCase() === 'button' ?
			    'submit' : 'text')).toLowerCase();
			f.inputs.push({ ...t, type });
			if (type === 'submit')
				f.buttons.push({ name: t.name, value: t.value });
			else if (type !== 'checkbox' || 'checked' in t)
				f.fields.push([t.name, t.value ??
				    (type === 'checkbox' ? 'on' : '')]);
		}
		out.push(f);
	}
	return out;
}

export class Agent {
	constructor(base, opts = {}) {
		this.base = base.replace(/\/$/, '');
		this.jar = new Map();
		this.opts = opts;
		this.origin = new URL(base).origin;
		this.sendOrigin = true;
	}
	cookies() {
		return [...this.jar].map(([k, v]) => `${k}=${v}`).join('; ');
	}
	absorb(r) {
		for (const c of r.all('set-cookie')) {
			const [kv, ...attrs] = c.split(';').map((s) => s.trim());
			const i = kv.indexOf('=');
			const dead = attrs.some((a) => /^max-age=0$/i.test(a));
			if (dead)
				this.jar.delete(kv.slice(0, i));
			else
				this.jar.set(kv.slice(0, i), kv.slice(i + 1));
		}
		return r;
	}
	target(url) {
		const u = new URL(url, this.base + '/');
		return u.pathname + u.search;
	}
	async get(url, headers = {}) {
		const c = this.cookies();
		return this.absorb(await http(this.base, 'GET', this.target(url),
		    { ...(c ? { Cookie: c } : {}), ...headers }, undefined,
		    this.opts));
	}
	async post(url, fields, headers = {}) {
		const c = this.cookies();
		return this.absorb(await postForm(this.base, this.target(url),
		    fields, { ...(c ? { Cookie: c } : {}),
		    ...(this.sendOrigin ? { Origin: this.origin } : {}),
		    ...headers }, this.opts));
	}
	// Fill in the one form of a page; fields named in set must exist in it.
	async submit(page, set, button, headers) {
		const f = forms(page.text).find((x) => x.method === 'post');
		if (!f)
			throw new Fail(`status ${page.status}: no form in ` +
			    show(page.text.slice(0, 400)));
		const fields = f.fields.map(([k, v]) => [k, k in set ? set[k] : v]);
		for (const k of Object.keys(set)) {
			if (f.fields.some(([n]) => n === k))
				continue;
			if (f.inputs.some((i) => i.name === k))
				fields.push([k, set[k]]);	// a checkbox
			else
				throw new Fail(`the form has no field ${k}`);
		}
		if (button) {
			if (!f.buttons.some((b) => b.name === button[0] &&
			    b.value === button[1]))
				throw new Fail(`the form has no button ${button}`);
			fields.push(button);
		}
		return this.post(f.action, fields, headers);
	}
	async signIn(authorizeUrl, user, password) {
		const page = await this.get(authorizeUrl);
		if (page.status !== 200)
			return page;
		return this.submit(page, { username: user, password });
	}
	// The whole way: returns the redirect to the client as a URL.
	async approve(authorizeUrl, user, password, opts = {}) {
		const r = await this.signIn(authorizeUrl, user, password);
		if (r.status !== 303)
			throw new Fail(`sign-in gave ${r.status}: ` +
			    show(r.text.slice(0, 600)));
		const page = await this.get(r.header('location'));
		if (page.status !== 200)
			throw new Fail(`consent page gave ${page.status}`);
		const set = opts.readOnly ? { read_only: '1' } : {};
		const a = await this.submit(page, set,
		    ['decision', opts.decision ?? 'approve']);
		if (a.status !== 302)
			throw new Fail(`consent gave ${a.status}: ` +
			    show(a.text.slice(0, 600)));
		return new URL(a.header('location'));
	}
}

// ---- OAuth client ----

export const b64u = (b) => Buffer.from(b).toString('base64url');
export function pkce() {
	const verifier = b64u(randomBytes(32));
	return { verifier, challenge: b64u(createHash('sha256')
	    .update(verifier).digest()) };
}
export const REDIRECT = 'http://127.0.0.1:19876/callback';

export async function register(base, meta = {}) {
	const r = await postJson(base, '/register', { client_name: 'Test client',
	    redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none',
	    grant_types: ['authorization_code', 'refresh_token'],
	    response_types: ['code'], scope: 'mcp:tools', ...meta });
	if (r.status !== 201)
		throw new Fail(`registration gave ${r.status}: ${r.text}`);
	return r.json;
}

export function authorizeUrl(base, fields) {
	const b = base.replace(/\/$/, '');
	const all = { response_type: 'code', scope: 'mcp:tools',
	    code_challenge_method: 'S256', redirect_uri: REDIRECT,
	    resource: b + '/mcp', ...fields };
	return b + '/authorize?' + form(all);
}

// Sign in and redeem: { client, tokens, verifier, code, callback }.
export async function connect(base, user, password, opts = {}) {
	const client = opts.client ?? await register(base, opts.meta);
	const redirect = opts.redirect ?? client.redirect_uris[0];
	const p = pkce();
	const state = b64u(randomBytes(8));
	const agent = opts.agent ?? new Agent(base);
	const fields = { client_id: client.client_id, redirect_uri: redirect,
	    code_challenge: p.challenge, state, ...opts.authorize };
	const callback = await agent.approve(authorizeUrl(base, fields), user,
	    password, opts);
	const code = callback.searchParams.get('code');
	if (!code)
		throw new Fail(`no code in ${callback}`);
	if (callback.searchParams.get('state') !== state)
		throw new Fail('state changed');
	const tr = await postForm(base, '/token', {
	    grant_type: 'authorization_code', code, redirect_uri: redirect,
	    client_id: client.client_id, code_verifier: p.verifier,
	    client_secret: client.client_secret, resource: fields.resource ??
	    base.replace(/\/$/, '') + '/mcp' });
	if (tr.status !== 200)
		throw new Fail(`token endpoint gave ${tr.status}: ${tr.text}`);
	return { client, tokens: tr.json, access: tr.json.access_token,
	    refresh: tr.json.refresh_token, verifier: p.verifier, code, callback,
	    redirect, state, agent };
}

export const refresh = (base, g, token = g.refresh, more = {}) =>
    postForm(base, '/token', { grant_type: 'refresh_token',
    refresh_token: token, client_id: g.client.client_id,
    client_secret: g.client.client_secret, ...more });

// ---- MCP ----

export const MODERN = '2026-07-28';
const META = {
	'io.modelcontextprotocol/protocolVersion': MODERN,
	'io.modelcontextprotocol/clientInfo': { name: 'kit', version: '1' },
	'io.modelcontextprotocol/clientCapabilities': {},
};
let nextId = 1;

// The bytes of a request in either era: { headers, body }.
export function mcpRequest(method, params = {}, opts = {}) {
	const era = opts.era ?? '2025-11-25';
	const id = 'id' in opts ? opts.id : nextId++;
	const msg = { jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method };
	const headers = { 'Content-Type': 'application/json',
	    Accept: 'application/json, text/event-stream' };
	if (era)
		headers['MCP-Protocol-Version'] = era;
	if (era === MODERN) {
		params = { ...params, _meta: { ...META, ...params._meta } };
		headers['Mcp-Method'] = method;
		if (method === 'tools/call' || method === 'prompts/get')
			headers['Mcp-Name'] = params.name;
		if (method === 'resources/read')
			headers['Mcp-Name'] = params.uri;
	}
	if (Object.keys(params).length || !opts.bare)
		msg.params = params;
	if (opts.token)
		headers.Authorization = 'Bearer ' + opts.token;
	return { headers: { ...headers, ...opts.headers },
	    body: JSON.stringify(msg) };
}

export async function rpc(base, token, method, params, opts = {}) {
	const q = mcpRequest(method, params, { ...opts, token });
	return http(base, 'POST', opts.target ?? '/mcp', q.headers, q.body, opts);
}

// Call a tool: the structured result, or a Fail with the tool's own text.
export class ToolError extends Error {}
export async function call(base, token, name, args = {}, opts = {}) {
	const r = await rpc(base, token, 'tools/call', { name, arguments: args },
	    opts);
	if (r.status !== 200)
		throw new Fail(`${name} gave ${r.status}: ${r.text.slice(0, 300)}`);
	const j = r.json;
	if (j.error)
		throw new Fail(`${name}: JSON-RPC error ${show(j.error)}`);
	if (j.result?.isError)
		throw new ToolError(j.result.content?.[0]?.text ?? '(no text)');
	if (j.result?.structuredContent === undefined)
		throw new Fail(`${name}: no structuredContent in ${show(j)}`);
	return j.result.structuredContent;
}
// The text of the error a call must end with.
export async function refusal(base, token, name, args = {}, opts = {}) {
	let v;
	try {
		v = await call(base, token, name, args, opts);
	} catch (e) {
		if (e instanceof ToolError)
			return e.message;
		throw e;
	}
	throw new Fail(`${name} succeeded with ${show(v).slice(0, 300)}`);
}

// ---- the instance under test, by tests/lib.sh ----

export class Instance {
	constructor(dir, env = {}) {
		this.dir = dir;
		this.env = env;
	}
	sh(script, input) {
		const r = spawnSync('sh', ['-c', `. "${TESTS}/lib.sh"; ${script}`], {
		    env: { ...process.env, ...this.env, K_DIR: this.dir,
		    K_TESTS: TESTS }, input, encoding: 'utf8', timeout: 120000,
		    maxBuffer: 1 << 28 });
		return { status: r.status, out: r.stdout ?? '', err: r.stderr ?? '' };
	}
	must(script, input) {
		const r = this.sh(script, input);
		if (r.status !== 0)
			throw new Fail(`${script}: status ${r.status}: ` +
			    `${r.err || r.out}`);
		return r.out;
	}
	ctl(args, input) {
		return this.sh(`k_ctl ${args}`, input);
	}
	mustCtl(args, input) {
		return this.must(`k_ctl ${args}`, input);
	}
}
export const instance = () => new Instance(process.env.K_DIR);
export const URL_ = () => process.env.K_URL;
