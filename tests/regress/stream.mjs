// SPDX-License-Identifier: ISC
// stream.mjs: subscriptions/listen, the stream of GET, who is told of what
// change, and each way in which a stream ends.

import { test, done, ok, eq, has, connect, call, rpc, http, instance,
    Conn, requestBytes, mcpRequest, MODERN, until } from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const LEGACY = '2025-11-25';

// A request whose answer is a stream: head, events, comments, the end.
class Stream {
	static async open(method, headers, body) {
		const s = new Stream();
		s.events = [];
		s.ids = [];
		s.comments = 0;
		s.ended = null;		// 'end', or 'cut'
		s.c = await Conn.open(base);
		s.c.send(requestBytes(base, method, '/mcp', headers, body));
		const first = await s.c.line('status');
		s.status = Number(first.split(' ')[1]);
		s.head = '';
		for (let l; (l = await s.c.line('head')) !== '';)
			s.head += l + '\r\n';
		s.c.timeout = 600000;
		if (/chunked/i.test(s.head))
			s.run = s.read().catch((e) => { s.ended = 'cut'; });
		return s;
	}
	static listen(token, notifications, opts = {}) {
		const q = mcpRequest('subscriptions/listen', { notifications },
		    { era: MODERN, token, ...opts });
		return Stream.open('POST', q.headers, q.body);
	}
	static get(token, session, headers = {}) {
		return Stream.open('GET', { Authorization: 'Bearer ' + token,
		    Accept: 'text/event-stream', 'MCP-Protocol-Version': LEGACY,
		    ...(session ? { 'Mcp-Session-Id': session } : {}),
		    ...headers });
	}
	async read() {
		let text = '';
		for (;;) {
			const l = await this.c.line('chunk');
			if (l === null)
				break;
			const n = parseInt(l, 16);
			const part = n > 0 ? await this.c.take(n, 'chunk') : '';
			await this.c.line('end of chunk');
			if (n === 0) {
				this.ended = 'end';
				return;
			}
			text += part.toString('utf8');
			for (let i; (i = text.indexOf('\n\n')) >= 0;) {
				this.event(text.slice(0, i));
				text = text.slice(i + 2);
			}
		}
		this.ended = 'cut';
	}
	event(text) {
		const data = text.split('\n').filter((l) => l.startsWith('data: '))
		    .map((l) => l.slice(6));
		const id = /^id: (.*)$/m.exec(text);
		if (id)
			this.ids.push(id[1]);
		if (data.length === 0)
			this.comments++;
		else if (data.join('') !== '')
			this.events.push(JSON.parse(data.join('\n')));
	}
	next(n = 1) {
		return until(() => this.events.length >= n, `event ${n}, not ` +
		    JSON.stringify(this.events) + this.ended, 5000);
	}
	close() {
		this.c.close();
	}
}
const updated = (s) => s.events.filter((e) =>
    e.method === 'notifications/resources/updated').map((e) => e.params.uri);
const listed = (s, what = 'resources') => s.events.filter((e) =>
    e.method === `notifications/${what}/list_changed`).length;
// A change that everybody sees, to know that what is before it came or not.
let marks = 0;
const mark = async (...streams) => {
	const before = streams.map((s) => listed(s));
	await call(base, D, 'save_package', { pkg: { name: `mark ${++marks}` } });
	for (const [i, s] of streams.entries())
		await until(() => listed(s) > before[i], 'the mark', 5000);
};
const F = (fieldName, fieldType = 'text') => ({ fieldName, fieldType });
const ALL = { toolsListChanged: true, promptsListChanged: true,
    resourcesListChanged: true };

const gA = await connect(base, 'admin', process.env.K_PW_ADMIN);
const gD = await connect(base, 'designer', process.env.K_PW_DESIGNER);
const gV = await connect(base, 'viewer', process.env.K_PW_VIEWER);
const A = gA.access, D = gD.access, V = gV.access;
const shut = await call(base, A, 'save_package', { pkg: { name: 'shut',
    roles: [{ name: 'administrator', accessLevel: 'EDIT' }] } });
const table = await call(base, D, 'save_table', { table: { name: 'cars',
    fields: [F('plate')] } });
const hidden = await call(base, A, 'save_table', { table: { name: 'plans',
    fields: [F('x')], package: shut.id } });
const save = (token, t, description) => call(base, token, 'save_table',
    { table: { id: t.id, description } });

await test('listen: the answer is a stream and begins with what is agreed',
    async () => {
	const s = await Stream.listen(D, { ...ALL, resourceSubscriptions:
	    ['keepd://table/cars', 'keepd://table/plans', 'keepd://table/no',
	    'file:///etc/passwd'] }, { id: 'sub-1' });
	eq(s.status, 200);
	has(s.head, /Content-Type: text\/event-stream\r\n/);
	has(s.head, /X-Accel-Buffering: no\r\n/);
	await s.next();
	const e = s.events[0];
	eq(e.method, 'notifications/subscriptions/acknowledged');
	eq(e.params._meta['io.modelcontextprotocol/subscriptionId'], 'sub-1');
	eq(e.params.notifications, { ...ALL,
	    resourceSubscriptions: ['keepd://table/cars'] });
	await save(D, table, 'one');
	await s.next(2);
	eq(s.events[1].method, 'notifications/resources/updated');
	eq(s.events[1].params, { _meta:
	    { 'io.modelcontextprotocol/subscriptionId': 'sub-1' },
	    uri: 'keepd://table/cars' });
	s.close();
});

await test('listen: nothing that was not asked for', async () => {
	const s = await Stream.listen(D, { resourcesListChanged: true });
	await save(D, table, 'two');
	await mark(s);
	eq(s.events.slice(1).map((e) => e.method),
	    ['notifications/resources/list_changed']);
	s.close();
});

await test('an id that is a number, a filter that is none', async () => {
	const s = await Stream.listen(D, {}, { id: 7 });
	await s.next();
	eq(s.events[0].params, { _meta:
	    { 'io.modelcontextprotocol/subscriptionId': 7 },
	    notifications: {} });
	s.close();
	for (const bad of [undefined, [], 'x', { resourceSubscriptions: 'x' },
	    { resourceSubscriptions: [1] }, { toolsListChanged: 1 }]) {
		const r = await rpc(base, D, 'subscriptions/listen',
		    { notifications: bad }, { era: MODERN });
		eq(r.status, 400);
		eq(r.json.error.code, -32602);
	}
});

await test('bug: a filter of thousands of URIs kept toold busy for seconds',
    async () => {
	const uris = (n) => ({ resourceSubscriptions:
	    Array.from({ length: n }, (_, i) => `keepd://table/none${i}`) });
	const many = await Stream.listen(D, uris(65));
	many.close();
	eq(many.status, 400);
	const s = await Stream.listen(D, uris(64));
	await s.next();
	eq(s.events[0].params.notifications, {});
	s.close();
});

await test('a client that takes no stream is told so, not with 406',
    async () => {
	const r = await rpc(base, D, 'subscriptions/listen',
	    { notifications: ALL }, { era: MODERN,
	    headers: { Accept: 'application/json' } });
	eq(r.status, 400);
	has(r.json.error.message, 'text/event-stream');
});

await test('who may not read an artifact hears nothing of it', async () => {
	const a = await Stream.listen(A, { resourcesListChanged: true,
	    resourceSubscriptions: ['keepd://table/plans'] });
	const v = await Stream.listen(V, { resourcesListChanged: true,
	    resourceSubscriptions: ['keepd://table/plans',
	    `keepd://table/${hidden.id}`] });
	await v.next();
	eq(v.events[0].params.notifications, { resourcesListChanged: true });
	await save(A, hidden, 'secret');
	const t = await call(base, A, 'save_table', { table: { name: 'plans2',
	    fields: [F('x')], package: shut.id } });
	await call(base, A, 'delete_table', { id: t.id });
	await until(() => updated(a).length > 0, 'the admin\'s event', 5000);
	await mark(v);
	eq(v.events.length, 2);
	eq(listed(v), 1);
	a.close();
	v.close();
});

await test('the right to read is asked for again at delivery', async () => {
	const pkg = await call(base, A, 'save_package', { pkg: { name: 'ajar',
	    roles: [{ name: 'administrator', accessLevel: 'EDIT' },
	    { name: 'designer', accessLevel: 'READ' }] } });
	const t = await call(base, A, 'save_table', { table: { name: 'doors',
	    fields: [F('x')], package: pkg.id } });
	const d = await Stream.listen(D, { resourcesListChanged: true,
	    resourceSubscriptions: ['keepd://table/doors'] });
	await save(A, t, 'seen');
	await until(() => updated(d).length === 1, 'the event', 5000);
	await call(base, A, 'save_package', { pkg: { id: pkg.id, roles:
	    [{ name: 'administrator', accessLevel: 'EDIT' }] } });
	await save(A, t, 'not seen');
	await mark(d);
	eq(updated(d).length, 1);
	d.close();
});

await test('what is rolled back is not told: dry runs, refused changes',
    async () => {
	const d = await Stream.listen(D, { resourceSubscriptions:
	    ['keepd://table/cars'], resourcesListChanged: true });
	await call(base, D, 'save_table', { table: { id: table.id,
	    description: 'dry' }, dryRun: true });
	await mark(d);
	eq(updated(d), []);
	d.close();
});

await test('a new name and the end of an artifact change the list',
    async () => {
	const t = await call(base, D, 'save_table', { table: { name: 'short',
	    fields: [F('x')] } });
	const d = await Stream.listen(D, { resourcesListChanged: true,
	    resourceSubscriptions: ['keepd://table/short'] });
	await save(D, t, 'same name');
	await until(() => updated(d).length === 1, 'update', 5000);
	eq(listed(d), 0);
	await call(base, D, 'save_table', { table: { id: t.id,
	    name: 'shorter' } });
	await until(() => updated(d).length === 2 && listed(d) === 1,
	    'new name', 5000);
	await call(base, D, 'delete_table', { id: t.id });
	await until(() => updated(d).length === 3 && listed(d) === 2, 'end',
	    5000);
	d.close();
});

await test('streams of a grant are bounded, and a closed one gives way',
    async () => {
	const all = [];
	for (let i = 0; i < 6; i++)
		all.push(await Stream.listen(V, {}));
	const r = await rpc(base, V, 'subscriptions/listen',
	    { notifications: {} }, { era: MODERN });
	eq(r.status, 429);
	has(r.json.error.message, 'streams-per-grant');
	ok(r.header('retry-after'), 'Retry-After');
	const other = await Stream.listen(D, {});
	eq(other.status, 200);
	other.close();
	all.pop().close();
	await until(async () => {
		const s = await Stream.listen(V, {});
		all.push(s);
		return s.status === 200;
	}, 'a place');
	for (const s of all)
		s.close();
});

await test('an idle stream is kept alive by comments', async () => {
	const s = await Stream.listen(D, {});
	await until(() => s.comments >= 3, 'comments', 5000);
	eq(s.events.length, 1);
	eq(s.ended, null);
	s.close();
});

// ---- the era of sessions ----

const initialize = async (token, era = LEGACY) => {
	const r = await rpc(base, token, 'initialize', { protocolVersion: era,
	    capabilities: {}, clientInfo: { name: 't', version: '1' } },
	    { era: null });
	eq(r.status, 200);
	return { id: r.header('mcp-session-id'), result: r.json.result };
};
const within = (session) => ({ headers: { 'Mcp-Session-Id': session } });

await test('capabilities say that changes are told of', async () => {
	const c = (await initialize(D)).result.capabilities;
	eq(c.tools, { listChanged: true });
	eq(c.resources, { listChanged: true, subscribe: true });
	eq(c.prompts, { listChanged: true });
});

await test('GET: a stream of the session, and what it subscribed to',
    async () => {
	const { id } = await initialize(D), other = await initialize(D);
	const s = await Stream.get(D, id), o = await Stream.get(D, other.id);
	eq(s.status, 200);
	has(s.head, /Content-Type: text\/event-stream\r\n/);
	let r = await rpc(base, D, 'resources/subscribe',
	    { uri: 'keepd://table/cars' }, within(id));
	eq(r.json.result, {});
	await save(D, table, 'three');
	await s.next();
	eq(s.events[0], { jsonrpc: '2.0',
	    method: 'notifications/resources/updated',
	    params: { uri: 'keepd://table/cars' } });
	r = await rpc(base, D, 'resources/unsubscribe',
	    { uri: 'keepd://table/cars' }, within(id));
	eq(r.json.result, {});
	await save(D, table, 'four');
	await mark(s, o);
	eq(updated(s).length, 1);
	eq(updated(o).length, 0);
	eq(s.events[1], { jsonrpc: '2.0',
	    method: 'notifications/resources/list_changed' });
	s.close();
	o.close();
});

await test('what changes between two streams of a session is told then',
    async () => {
	const { id } = await initialize(D);
	await rpc(base, D, 'resources/subscribe',
	    { uri: 'keepd://table/cars' }, within(id));
	await save(D, table, 'five');
	const s = await Stream.get(D, id, { 'Last-Event-ID': 'x' });
	await s.next();
	eq(updated(s), ['keepd://table/cars']);
	// A second stream takes the place of the first.
	const t = await Stream.get(D, id);
	await until(() => s.ended === 'end', 'the end of the first');
	await save(D, table, 'six');
	await t.next();
	eq(updated(t).length, 1);
	// DELETE ends both.
	await http(base, 'DELETE', '/mcp', { Authorization: 'Bearer ' + D,
	    'Mcp-Session-Id': id, 'MCP-Protocol-Version': LEGACY });
	await until(() => t.ended === 'end', 'the end of the session');
});

await test('GET in other ways is refused as ever', async () => {
	const { id } = await initialize(D);
	const auth = { Authorization: 'Bearer ' + D };
	const sse = { Accept: 'text/event-stream' };
	eq((await http(base, 'GET', '/mcp', { ...auth,
	    Accept: 'application/json' })).status, 405);
	eq((await http(base, 'GET', '/mcp', { ...auth, ...sse,
	    'MCP-Protocol-Version': MODERN })).status, 405);
	eq((await http(base, 'HEAD', '/mcp', { ...auth, ...sse,
	    'MCP-Protocol-Version': LEGACY })).status, 405);
	eq((await http(base, 'GET', '/mcp', sse)).status, 401);
	eq((await http(base, 'GET', '/mcp', { ...auth, ...sse,
	    'Mcp-Session-Id': id.replace(/^./, (c) => c === 'A' ? 'B' : 'A'),
	    'MCP-Protocol-Version': LEGACY })).status, 404);
	// Another user's session is none.
	eq((await http(base, 'GET', '/mcp', { ...sse, 'Mcp-Session-Id': id,
	    Authorization: 'Bearer ' + V, 'MCP-Protocol-Version': LEGACY }))
	    .status, 404);
});

await test('subscribe to what is hidden is as to what is not there',
    async () => {
	const { id } = await initialize(V);
	const errors = [];
	for (const uri of ['keepd://table/plans', 'keepd://table/none']) {
		const r = await rpc(base, V, 'resources/subscribe', { uri },
		    within(id));
		errors.push(JSON.stringify(r.json.error).replaceAll(uri, 'U'));
	}
	eq(errors[0], errors[1]);
});

await test('logging/setLevel: stages of a call at debug, and none above',
    async () => {
	const { id } = await initialize(D);
	const listTables = () => rpc(base, D, 'tools/call',
	    { name: 'list_tables', arguments: {} }, within(id));
	let r = await listTables();
	has(r.header('content-type'), 'application/json');
	r = await rpc(base, D, 'logging/setLevel', { level: 'debug' },
	    within(id));
	eq(r.json.result, {});
	r = await listTables();
	has(r.header('content-type'), 'text/event-stream');
	const e = r.text.trim().split('\n\n').map((t) =>
	    JSON.parse(t.replace(/^data: /, '')));
	eq(e[0].method, 'notifications/message');
	eq(e[0].params, { level: 'debug', logger: 'keepd',
	    data: { tool: 'list_tables', stage: 'role' } });
	ok(e.at(-1).result.structuredContent, 'the result is last');
	r = await rpc(base, D, 'logging/setLevel', { level: 'loud' },
	    within(id));
	eq(r.json.error.code, -32602);
	// Not for another session, nor where a client takes no stream.
	r = await rpc(base, D, 'tools/call',
	    { name: 'list_tables', arguments: {} }, { headers:
	    { 'Mcp-Session-Id': id, Accept: 'application/json' } });
	has(r.header('content-type'), 'application/json');
	r = await rpc(base, D, 'tools/call',
	    { name: 'list_tables', arguments: {} },
	    within((await initialize(D)).id));
	has(r.header('content-type'), 'application/json');
});

await test('2026-07-28: the level is in the request', async () => {
	const go = (level) => rpc(base, D, 'tools/call', { name: 'list_tables',
	    arguments: {}, _meta: { 'io.modelcontextprotocol/logLevel': level } },
	    { era: MODERN });
	has((await go('debug')).header('content-type'), 'text/event-stream');
	has((await go('info')).header('content-type'), 'application/json');
	const r = await go('loud');
	eq(r.status, 400);
	eq(r.json.error.code, -32602);
	eq((await rpc(base, D, 'logging/setLevel', { level: 'debug' },
	    { era: MODERN })).status, 404);
});

// ---- calls that wait ----

// A question is open: the call waits for its client (elicitation).
const asking = async (token, t) => {
	const r = await rpc(base, token, 'initialize', { protocolVersion: LEGACY,
	    capabilities: { elicitation: {} }, clientInfo: { name: 't',
	    version: '1' } }, { era: null });
	const session = within(r.header('mcp-session-id'));
	const q = mcpRequest('tools/call', { name: 'delete_table',
	    arguments: { id: t.id } }, { token, id: 'call-7', ...session });
	const s = await Stream.open('POST', q.headers, q.body);
	await s.next();
	eq(s.events[0].method, 'elicitation/create');
	return { s, session };
};
const there = async (t) => (await call(base, D, 'list_tables',
    { listOptions: { where: { id: t.id } } })).total === 1;
const doomed = async (name) => call(base, D, 'save_table', { table: { name,
    fields: [F('x')] } });

await test('notifications/cancelled takes a waiting call back, and only the ' +
    'client\'s own', async () => {
	const t = await doomed('doomed1');
	const { s, session } = await asking(D, t);
	const cancel = async (token, requestId, opts) => eq((await rpc(base,
	    token, 'notifications/cancelled', { requestId, reason: 'x' },
	    { id: undefined, ...opts })).status, 202);
	await cancel(V, 'call-7', within((await initialize(V)).id));
	await cancel(D, 'call-8', session);
	await cancel(D, 7, session);
	// The same id in another session is another call.
	const { s: s2, session: other } = await asking(D,
	    await doomed('doomed2'));
	await cancel(D, 'call-7', other);
	await until(() => s2.ended, 'the end of the other', 5000);
	eq(s.ended, null);
	await cancel(D, 'call-7', session);
	await until(() => s.ended, 'the end', 5000);
	eq(s.ended, 'end');
	eq(s.events.length, 1);
	eq(await there(t), true);
	// The answer that comes now is for nobody.
	eq((await http(base, 'POST', '/mcp', { Authorization: 'Bearer ' + D,
	    'Content-Type': 'application/json', 'MCP-Protocol-Version': LEGACY,
	    ...session.headers }, JSON.stringify({ jsonrpc: '2.0',
	    id: s.events[0].id, result: { action: 'accept',
	    content: { confirm: true } } }))).status, 202);
	eq(await there(t), true);
});

await test('bug: an answer went to a grant that could be revoked before it',
    async () => {
	const t = await doomed('doomed3b');
	const { s, session } = await asking(D, t);
	const sid = session.headers['Mcp-Session-Id'];
	const g = await connect(base, 'designer', process.env.K_PW_DESIGNER,
	    { client: gD.client });
	const other = await Stream.get(g.access, sid,
	    { 'Last-Event-ID': s.ids[0] });
	await mark(other);
	eq(other.ids, []);
	other.close();
	s.close();
});

await test('2025-11-25: the answer of a lost stream can be had on another',
    async () => {
	const t = await doomed('doomed4');
	const { s, session } = await asking(D, t);
	const sid = session.headers['Mcp-Session-Id'];
	eq(s.ids.length, 1);
	s.close();
	const answer = () => http(base, 'POST', '/mcp', { 'Content-Type':
	    'application/json', Authorization: 'Bearer ' + D,
	    'MCP-Protocol-Version': LEGACY, ...session.headers },
	    JSON.stringify({ jsonrpc: '2.0', id: s.events[0].id,
	    result: { action: 'accept', content: { confirm: true } } }));
	const back = (token, session, id) => Stream.get(token, session,
	    { 'Last-Event-ID': id });
	// Before the answer, and lost again; not by another's token, nor in
	// another session, nor with another id.
	const first = await back(D, sid, s.ids[0]);
	await until(() => first.ids.length === 1, 'the id');
	eq(first.ids, s.ids);
	first.close();
	const vid = (await initialize(V)).id, did = (await initialize(D)).id;
	const wrong = [await back(V, vid, s.ids[0]), await back(D, did,
	    s.ids[0]), await back(D, sid, s.ids[0].replace(/^./,
	    (c) => c === '0' ? '1' : '0')), await back(D, did, 'x')];
	eq((await answer()).status, 202);
	await until(async () => !await there(t), 'the change');
	const last = await back(D, sid, s.ids[0]);
	await last.next();
	eq(last.events[0].id, 'call-7');
	eq(last.events[0].result.structuredContent.deleted, true);
	await until(() => last.ended, 'the end', 5000);
	eq(last.ended, 'end');
	for (const w of wrong) {
		eq(w.ids, []);
		eq(w.events.filter((e) => e.id).length, 0);
		w.close();
	}
	// It was had: once.
	const gone = await back(D, sid, s.ids[0]);
	await mark(gone);
	eq(gone.ids, []);
	gone.close();
});

await test('a revoked grant ends a call that waits: nothing is done',
    async () => {
	keepd.must('k_user waiter waiter-password-1 designer');
	const g = await connect(base, 'waiter', 'waiter-password-1');
	const t = await doomed('doomed3');
	const { s } = await asking(g.access, t);
	keepd.mustCtl('grant revoke -u waiter');
	await until(() => s.ended, 'the end', 5000);
	eq(s.events.length, 1);
	eq(await there(t), true);
});

// ---- rights ----

await test('a change of roles is told as a change of the lists; the stream ' +
    'goes on', async () => {
	keepd.must('k_user mover mover-password-1 viewer');
	const g = await connect(base, 'mover', 'mover-password-1');
	const s = await Stream.listen(g.access, { ...ALL, resourceSubscriptions:
	    ['keepd://table/cars'] });
	await s.next();
	keepd.mustCtl('role grant designer mover');
	await until(() => listed(s, 'tools') === 1 && listed(s, 'prompts') === 1
	    && listed(s) === 1, 'list_changed', 5000);
	await save(D, table, 'seven');
	await until(() => updated(s).length === 1, 'update', 5000);
	eq(s.ended, null);
	s.close();
});

await test('a stream outlives its handle, which is good for five minutes',
    async () => {
	const s = await Stream.listen(D, { resourcesListChanged: true,
	    resourceSubscriptions: ['keepd://table/cars'] });
	const l = await Stream.get(D, (await initialize(D)).id);
	await mark(s, l);
	keepd.must('k_shift 400');
	await save(D, table, 'eight');
	await mark(s, l);
	eq(updated(s), ['keepd://table/cars']);
	eq(listed(s), 2);
	eq(listed(s, 'tools'), 0);
	s.close();
	l.close();
});

await test('a question stays open when its handle ends; so does its answer ' +
    'count', async () => {
	const t = await doomed('doomed5');
	const { s, session } = await asking(D, t);
	keepd.must('k_shift 800');
	eq((await http(base, 'POST', '/mcp', { 'Content-Type':
	    'application/json', Authorization: 'Bearer ' + D,
	    'MCP-Protocol-Version': LEGACY, ...session.headers },
	    JSON.stringify({ jsonrpc: '2.0', id: s.events[0].id,
	    result: { action: 'accept', content: { confirm: true } } })))
	    .status, 202);
	await s.next(2);
	eq(s.events[1].id, 'call-7');
	eq(s.events[1].result.structuredContent.deleted, true);
	eq(await there(t), false);
});

await test('grant revoke ends its streams; nothing is told after it',
    async () => {
	keepd.must('k_user leaver leaver-password-1 designer');
	const g = await connect(base, 'leaver', 'leaver-password-1');
	const s = await Stream.listen(g.access, { resourcesListChanged: true },
	    { id: 5 });
	const l = await Stream.get(g.access, (await initialize(g.access)).id);
	const d = await Stream.listen(D, { resourcesListChanged: true });
	await mark(s, l, d);
	keepd.mustCtl('grant revoke -u leaver');
	await mark(d);
	await until(() => s.ended && l.ended, 'the end', 5000);
	eq(listed(s), 1);
	eq(listed(l), 1);
	eq(s.ended, 'end');
	eq(s.events.at(-1), { jsonrpc: '2.0', id: 5, result: {
	    resultType: 'complete', _meta:
	    { 'io.modelcontextprotocol/subscriptionId': 5 } } });
	eq(d.ended, null);
	d.close();
	const r = await Stream.listen(g.access, {});
	eq(r.status, 401);
});

await test('a change of the password ends streams too', async () => {
	keepd.must('k_user shifty shifty-password-1 designer');
	const g = await connect(base, 'shifty', 'shifty-password-1');
	const s = await Stream.listen(g.access, {});
	keepd.mustCtl('user passwd shifty -', 'shifty-password-2\n');
	await until(() => s.ended, 'the end', 5000);
	s.close();
});

for (const role of ['toold', 'authd'])
	await test(`when ${role} dies streams are cut, and can be opened again`,
	    async () => {
		const s = await Stream.listen(D, { resourcesListChanged: true });
		await s.next();
		keepd.must(`kill -KILL $(k_role_pids ${role})`);
		await until(() => s.ended === 'cut', 'the cut', 5000);
		await until(() => keepd.sh('k_healthy').status === 0, 'health');
		const t = await Stream.listen(D, { resourcesListChanged: true });
		await mark(t);
		t.close();
	});

done();
