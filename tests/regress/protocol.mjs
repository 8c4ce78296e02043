// SPDX-License-Identifier: ISC
// protocol.mjs: both eras of MCP on one endpoint, message by message.

import { test, done, ok, eq, ne, has, hasNot, oneOf, http, get, rpc, mcpRequest,
    connect, MODERN, instance } from './kit.mjs';

const base = process.env.K_URL;
const OLD = ['2025-11-25', '2025-06-18', '2025-03-26'];
const ALL = [MODERN, ...OLD];
const g = await connect(base, 'designer', process.env.K_PW_DESIGNER);
const v = await connect(base, 'viewer', process.env.K_PW_VIEWER);
const T = g.access;
const raw = (body, headers = {}, token = T) => http(base, 'POST', '/mcp',
    { 'Content-Type': 'application/json', Accept:
    'application/json, text/event-stream', ...(token ? { Authorization:
    `Bearer ${token}` } : {}), ...headers }, typeof body === 'string' ? body :
    JSON.stringify(body));
const rpcError = (r, status, code) => {
	eq(r.status, status, `status, body ${r.text.slice(0, 300)}`);
	has(r.header('content-type'), 'application/json');
	eq(r.json.jsonrpc, '2.0');
	eq(r.json.error?.code, code, `error ${r.text.slice(0, 300)}`);
	eq(typeof r.json.error.message, 'string');
	eq('result' in r.json, false, 'a result beside the error');
};
const good = (r) => {
	eq(r.status, 200, `status, body ${r.text.slice(0, 300)}`);
	ok(!r.json.error, `error ${JSON.stringify(r.json.error)}`);
	return r.json.result;
};
const init = (version, headers = {}) => raw({ jsonrpc: '2.0', id: 1,
    method: 'initialize', params: { protocolVersion: version, capabilities: {},
    clientInfo: { name: 't', version: '1' } } }, headers);

// ---- handshake revisions ----

for (const ver of OLD) {
	await test(`${ver}: initialize, initialized, ping, list, call`, async () => {
		const r = await init(ver);
		const i = good(r);
		eq(i.protocolVersion, ver, 'revision');
		eq(i.serverInfo.name, 'keepd');
		eq(typeof i.serverInfo.version, 'string');
		ok(i.capabilities.tools, 'tools capability');
		const sid = r.header('mcp-session-id');
		const H = { ...(ver === '2025-03-26' ? {} :
		    { 'MCP-Protocol-Version': ver }),
		    ...(sid ? { 'Mcp-Session-Id': sid } : {}) };
		const n = await raw({ jsonrpc: '2.0',
		    method: 'notifications/initialized' }, H);
		eq([n.status, n.body.length], [202, 0], 'initialized');
		eq(good(await raw({ jsonrpc: '2.0', id: 'p', method: 'ping' }, H)),
		    {}, 'ping');
		const l = good(await raw({ jsonrpc: '2.0', id: 2,
		    method: 'tools/list', params: {} }, H));
		ok(l.tools.length >= 12, `tools ${l.tools.length}`);
		eq('nextCursor' in l, false, 'nextCursor');
		eq('resultType' in l, false, 'resultType in an old revision');
		const c = good(await raw({ jsonrpc: '2.0', id: 3,
		    method: 'tools/call', params: { name: 'list_tables',
		    arguments: {} } }, H));
		eq(c.content[0].type, 'text');
		ok(JSON.parse(c.content[0].text), 'text is the JSON');
		if (ver >= '2025-06-18') {
			eq(JSON.parse(c.content[0].text), c.structuredContent,
			    'structuredContent');
			ok(l.tools.every((t) => t.outputSchema?.type === 'object'),
			    'outputSchema');
			ok(l.tools.every((t) => t.title), 'title');
		} else {
			eq('structuredContent' in c, false, 'structuredContent');
			ok(l.tools.every((t) => !('outputSchema' in t)),
			    'outputSchema in 2025-03-26');
		}
		ok(l.tools.every((t) => t.annotations), 'annotations');
	});
}
await test('initialize with an unknown revision offers the newest handshake one',
    async () => {
	for (const ver of ['2024-11-05', '1999-01-01', '2099-01-01', 'x', MODERN])
		eq(good(await init(ver)).protocolVersion, '2025-11-25', ver);
});
await test('initialize without protocolVersion names it', async () => {
	const r = await raw({ jsonrpc: '2.0', id: 1, method: 'initialize',
	    params: {} });
	eq(r.json.error?.code, -32602);
	has(r.json.error.message, 'protocolVersion');
});
await test('no version header means 2025-03-26', async () => {
	const r = good(await raw({ jsonrpc: '2.0', id: 1, method: 'tools/list' }));
	ok(r.tools.every((t) => !('outputSchema' in t)), 'outputSchema');
});
await test('an unknown version header: 400 with the list', async () => {
	for (const ver of ['2099-01-01', '2024-11-05', 'x', '1']) {
		const r = await raw({ jsonrpc: '2.0', id: 5, method: 'tools/list' },
		    { 'MCP-Protocol-Version': ver });
		rpcError(r, 400, -32022);
		for (const w of ALL)
			has(r.text, w, 'supported versions');
		eq([...r.json.error.data.supported].sort(), [...ALL].sort());
		eq(r.json.error.data.requested, ver);
		eq(r.json.id, 5);
	}
});
await test('unknown methods of the old era: -32601 in 200', async () => {
	for (const m of ['resources/lists', 'prompts/lists', 'nothing',
	    'server/discover', 'tools', 'tools/list/x', 'rpc.discover'])
		rpcError(await raw({ jsonrpc: '2.0', id: 1, method: m },
		    { 'MCP-Protocol-Version': '2025-11-25' }), 200, -32601);
});
await test('notifications and responses are 202 without a body', async () => {
	for (const m of [{ jsonrpc: '2.0', method: 'notifications/initialized' },
	    { jsonrpc: '2.0', method: 'notifications/cancelled',
	    params: { requestId: 1 } },
	    { jsonrpc: '2.0', method: 'notifications/unheard-of' },
	    { jsonrpc: '2.0', id: 1, result: {} },
	    { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x' } }]) {
		const r = await raw(m, { 'MCP-Protocol-Version': '2025-11-25' });
		eq([r.status, r.body.length], [202, 0], JSON.stringify(m));
	}
});
await test('batches: in 2025-03-26 only', async () => {
	const b = [{ jsonrpc: '2.0', id: 1, method: 'ping' },
	    { jsonrpc: '2.0', method: 'notifications/initialized' },
	    { jsonrpc: '2.0', id: 2, method: 'nothing' },
	    { jsonrpc: '2.0', id: 3, method: 'ping' }];
	const r = await raw(b);
	eq(r.status, 200, r.text);
	eq(r.json.map((x) => x.id).sort(), [1, 2, 3]);
	eq(r.json.find((x) => x.id === 2).error.code, -32601);
	for (const ver of ['2025-06-18', '2025-11-25', MODERN])
		rpcError(await raw(b, { 'MCP-Protocol-Version': ver }), 400, -32600);
	rpcError(await raw([]), 400, -32600);
	const n = await raw([b[1]]);
	eq([n.status, n.body.length], [202, 0], 'notifications only');
	const i = await raw([{ jsonrpc: '2.0', id: 1, method: 'initialize',
	    params: { protocolVersion: '2025-03-26', capabilities: {},
	    clientInfo: { name: 'x', version: '1' } } }]);
	ok(i.status === 400 || i.json[0]?.error, 'initialize in a batch');
});

// ---- session ids of the old era ----

await test('a session id: lives, is refused when changed, carries no right',
    async () => {
	const r = await init('2025-11-25');
	const sid = r.header('mcp-session-id');
	if (sid === undefined)
		return;			// none given is allowed
	const ping = (s, t) => raw({ jsonrpc: '2.0', id: 1, method: 'ping' },
	    { 'MCP-Protocol-Version': '2025-11-25', 'Mcp-Session-Id': s }, t);
	good(await ping(sid));
	const bad = await ping(sid.slice(0, -2) +
	    (sid.endsWith('AA') ? 'BB' : 'AA'));
	eq(bad.status, 404, 'changed');
	has(bad.header('content-type'), 'application/json');
	ok(bad.json.error, 'JSON-RPC error');
	eq((await ping('x'.repeat(300))).status >= 400, true, 'nonsense');
	eq((await ping(sid, null)).status, 401, 'without a token');
	eq((await ping(sid, v.access)).status, 404, "another user's");
	const d = await http(base, 'DELETE', '/mcp', { Authorization:
	    `Bearer ${T}`, 'Mcp-Session-Id': sid, 'MCP-Protocol-Version':
	    '2025-11-25' });
	oneOf(d.status, [200, 202, 204, 405], 'DELETE');
});
await test('DELETE without a session id', async () => {
	const d = await http(base, 'DELETE', '/mcp', { Authorization:
	    `Bearer ${T}` });
	oneOf(d.status, [400, 405], 'status');
});

// ---- 2026-07-28 ----

const modern = (method, params, opts) => rpc(base, T, method, params,
    { era: MODERN, ...opts });
await test('2026-07-28: server/discover', async () => {
	const r = good(await modern('server/discover', {}));
	eq(r.resultType, 'complete');
	ok(r.supportedVersions.includes(MODERN), 'supportedVersions');
	ok(r.capabilities.tools, 'tools capability');
	eq(r._meta?.['io.modelcontextprotocol/serverInfo']?.name, 'keepd');
	eq(typeof r.ttlMs, 'number');
	eq(r.cacheScope, 'private');
});
await test('2026-07-28: tools/list and tools/call carry their new members',
    async () => {
	const l = good(await modern('tools/list', {}));
	eq([l.resultType, l.cacheScope, typeof l.ttlMs],
	    ['complete', 'private', 'number']);
	const c = good(await modern('tools/call', { name: 'list_tables',
	    arguments: {} }));
	eq(c.resultType, 'complete');
	ok(c.structuredContent, 'structuredContent');
});
await test('2026-07-28: unknown and removed methods: 404 and -32601',
    async () => {
	for (const m of ['nothing', 'initialize', 'ping', 'logging/setLevel',
	    'resources/lists', 'roots/list'])
		rpcError(await modern(m, {}), 404, -32601);
});
await test('2026-07-28: headers must say what the body says', async () => {
	const call = { name: 'list_tables', arguments: {} };
	const H = (h) => modern('tools/call', call, { headers: h });
	good(await H({}));
	for (const h of [{ 'Mcp-Method': 'tools/list' }, { 'Mcp-Method': null },
	    { 'Mcp-Name': 'get_table' }, { 'Mcp-Name': null },
	    { 'Mcp-Name': 'LIST_TABLES' }, { 'Mcp-Method': 'TOOLS/CALL' },
	    { 'MCP-Protocol-Version': null },
	    { 'MCP-Protocol-Version': '2025-11-25' }]) {
		const r = await H(h);
		rpcError(r, 400, -32020);
		has(r.json.error.message, Object.keys(h)[0], 'message');
	}
	good(await H({ 'Mcp-Name': '=?base64?' +
	    Buffer.from('list_tables').toString('base64') + '?=' }));
	rpcError(await H({ 'Mcp-Name': '=?base64?' +
	    Buffer.from('get_table').toString('base64') + '?=' }), 400, -32020);
});
await test('2026-07-28: _meta is required', async () => {
	const H = { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'tools/list' };
	for (const params of [undefined, {}, { _meta: {} }, { _meta: {
	    'io.modelcontextprotocol/clientCapabilities': {} } }, { _meta: {
	    'io.modelcontextprotocol/protocolVersion': MODERN } }]) {
		const r = await raw({ jsonrpc: '2.0', id: 1, method: 'tools/list',
		    ...(params ? { params } : {}) }, H);
		eq(r.status, 400, JSON.stringify(params));
		oneOf(r.json.error.code, [-32602, -32020], 'code');
	}
});
await test('2026-07-28: a session id is overlooked', async () => {
	good(await modern('tools/list', {}, { headers: { 'Mcp-Session-Id':
	    'x' } }));
});
await test('2026-07-28: notifications are 202', async () => {
	const r = await modern('notifications/cancelled', { requestId: 1 },
	    { id: undefined });
	eq([r.status, r.body.length], [202, 0]);
});

// ---- messages that are none ----

for (const era of [undefined, '2025-11-25', MODERN]) {
	const H = era ? { 'MCP-Protocol-Version': era, ...(era === MODERN ?
	    { 'Mcp-Method': 'ping' } : {}) } : {};
	await test(`bodies that are no message (${era ?? 'no header'})`,
	    async () => {
		const deep = '['.repeat(40) + ']'.repeat(40);
		for (const b of ['', '{', 'x', '{"a":}', '{"jsonrpc":"2.0"',
		    '\ufeff{}', '{"jsonrpc":"2.0","id":1,"method":"ping"} x',
		    '{\'a\':1}', '{"a":1,}', '{"a":01}', '{"a":"\u0001"}',
		    Buffer.from('{"jsonrpc":"2.0","id":1,"method":"\xff"}',
		    'latin1'), '{"a":"\\ud800"}']) {
			const r = await http(base, 'POST', '/mcp',
			    { 'Content-Type': 'application/json',
			    Authorization: `Bearer ${T}`, ...H }, b);
			eq(r.status, 400, `status for ${b}`);
			oneOf(r.json.error.code, [-32700, -32600, -32020],
			    `code for ${b}`);
		}
		for (const b of ['1', '"x"', 'null', '{}', '{"id":1}',
		    '{"jsonrpc":"1.0","id":1,"method":"ping"}',
		    '{"jsonrpc":"2.0","id":1,"method":5}',
		    '{"jsonrpc":"2.0","id":{},"method":"ping"}',
		    '{"jsonrpc":"2.0","id":null,"method":"ping"}',
		    '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
		    '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}',
		    '{"jsonrpc":"2.0","id":1,"method":"ping","params":5}']) {
			const r = await raw(b, H);
			eq(r.status, 400, `status for ${b}: ${r.text}`);
			oneOf(r.json.error.code, [-32600, -32020, -32602],
			    `code for ${b}`);
		}
		// deep, wide, doubled: before anything is built from it
		for (const p of [`{"x":${deep}}`,
		    `{"x":[${'0,'.repeat(25000)}0]}`, '{"a":1,"a":2}']) {
			const r = await raw(`{"jsonrpc":"2.0","id":1,"method":` +
			    `"ping","params":${p}}`, H);
			eq(r.status, 400, `status for ${p.slice(0, 30)}`);
			ok(r.json.error, 'error');
		}
	});
}
await test('ids come back as they were sent', async () => {
	for (const id of [0, 1, -7, 9007199254740991, '', 'x', 'ä"\\\u0000',
	    '\u2028', 'x'.repeat(200)]) {
		const r = await raw({ jsonrpc: '2.0', id, method: 'ping' },
		    { 'MCP-Protocol-Version': '2025-11-25' });
		eq(r.json.id, id);
	}
});

// ---- Accept ----

await test('any Accept is answered in JSON, never 406', async () => {
	for (const a of [null, '*/*', 'application/json', 'text/event-stream',
	    'text/html', 'application/*', 'image/png',
	    'application/json, text/event-stream', ''])
		for (const era of ALL) {
			const q = mcpRequest('tools/list', {}, { era, token: T,
			    headers: { Accept: a } });
			const r = await http(base, 'POST', '/mcp', q.headers, q.body);
			eq(r.status, 200, `status for Accept ${a} in ${era}`);
			has(r.header('content-type'), 'application/json');
		}
});

// ---- the list of tools ----

const list = async (t, era = '2025-11-25') => good(await rpc(base, t,
    'tools/list', {}, { era })).tools;
await test('schemas are of the kind every client takes', async () => {
	const walk = (s, f, at = '') => {
		if (s === null || typeof s !== 'object')
			return;
		f(s, at);
		for (const [k, x] of Object.entries(s))
			walk(x, f, `${at}/${k}`);
	};
	for (const t of await list(T)) {
		has(t.name, /^[a-z0-9_]{1,48}$/, 'name');
		ok(t.description.length > 20, `description of ${t.name}`);
		for (const s of [t.inputSchema, t.outputSchema]) {
			eq(s.type, 'object', t.name);
			eq(typeof s.properties, 'object', t.name);
			for (const k of ['oneOf', 'anyOf', 'allOf', 'not', 'if'])
				eq(k in s, false, `${k} at the root of ${t.name}`);
			walk(s, (o, at) => {
				for (const k of ['$ref', '$schema', 'definitions'])
					eq(Object.hasOwn(o, k) &&
					    !at.endsWith('/properties'), false,
					    `${k} in ${t.name}${at}`);
			});
		}
		for (const k of ['readOnlyHint', 'idempotentHint',
		    'openWorldHint'])
			eq(typeof t.annotations[k], 'boolean', `${t.name} ${k}`);
		if (!t.annotations.readOnlyHint)
			eq(typeof t.annotations.destructiveHint, 'boolean', t.name);
	}
	const byName = new Map((await list(T)).map((t) => [t.name, t]));
	for (const n of ['list_tables', 'get_table', 'query_entity_table',
	    'list_packages', 'get_package'])
		eq(byName.get(n).annotations.readOnlyHint, true, n);
	for (const n of ['delete_table', 'delete_package', 'delete_entity_rows'])
		eq([byName.get(n).annotations.readOnlyHint,
		    byName.get(n).annotations.destructiveHint], [false, true], n);
});
await test('the whole list stays under what clients take at once',
    async () => {
	const r = await rpc(base, T, 'tools/list');
	ok(r.text.length < 100000, `${r.text.length} bytes: 25,000 tokens ` +
	    'at 4 bytes each');
});
await test('the list holds only what the caller may call, in a stable order',
    async () => {
	const d = (await list(T)).map((t) => t.name);
	const w = (await list(v.access)).map((t) => t.name);
	for (const n of ['save_table', 'delete_table', 'insert_entity_rows',
	    'update_entity_rows', 'delete_entity_rows', 'save_package',
	    'delete_package']) {
		ok(d.includes(n), `designer: ${n}`);
		ok(!w.includes(n), `viewer: ${n}`);
	}
	for (const n of ['list_tables', 'get_table', 'query_entity_table',
	    'list_packages', 'get_package'])
		ok(w.includes(n), `viewer: ${n}`);
	eq((await list(T)).map((t) => t.name), d, 'order');
	eq(w.filter((n) => d.includes(n)), d.filter((n) => w.includes(n)),
	    'order for both');
});
await test('unknown tool and bad params', async () => {
	for (const era of ALL) {
		const opt = { era };
		const u = await rpc(base, T, 'tools/call', { name: 'nothing',
		    arguments: {} }, opt);
		ok(u.json.error?.code === -32602 || u.json.result?.isError,
		    `answer ${u.text}`);
		has(u.text, 'nothing');
	}
	for (const p of [{}, { name: 5 }, { name: 'list_tables', arguments: [] },
	    { name: 'list_tables', arguments: 'x' }]) {
		const r = await rpc(base, T, 'tools/call', p);
		eq(r.json.error?.code, -32602, JSON.stringify(p));
	}
});
await test('?mode=ro can only narrow', async () => {
	const r = await rpc(base, T, 'tools/list', {}, { target: '/mcp?mode=ro' });
	const names = good(r).tools.map((t) => t.name);
	ok(names.includes('list_tables'), 'list_tables');
	ok(!names.includes('save_table'), 'save_table listed');
	const w = await rpc(base, T, 'tools/call', { name: 'save_table',
	    arguments: { table: { name: 'roro', fields: [{ fieldName: 'a',
	    fieldType: 'text' }] } } }, { target: '/mcp?mode=ro' });
	ok(w.json.error || w.json.result.isError, 'a write');
	const x = await rpc(base, v.access, 'tools/list', {},
	    { target: '/mcp?mode=rw' });
	if (x.status === 200)
		ok(!good(x).tools.some((t) => t.name === 'save_table'),
		    'widened');
});
await test('control characters and markup in arguments come back escaped',
    async () => {
	const r = await rpc(base, T, 'tools/call', { name: 'get_table',
	    arguments: { id: '<script>"\u0001\\\u2028' } });
	JSON.parse(r.text);
	ok(r.json.result?.isError || r.json.error, 'an error');
});
done();
