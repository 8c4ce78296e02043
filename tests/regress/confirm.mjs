// SPDX-License-Identifier: ISC
// confirm.mjs: elicitation before something is destroyed, in both eras: what
// is asked, what each answer does, and that a state fits only its request.

import { readFileSync, writeFileSync } from 'node:fs';
import { test, done, ok, eq, has, connect, call, rpc, instance, MODERN,
    until } from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const D = (await connect(base, 'designer', process.env.K_PW_DESIGNER)).access;
const A = (await connect(base, 'admin', process.env.K_PW_ADMIN)).access;
let seq = 0;
const table = async () => (await call(base, D, 'save_table', { table: {
    name: `gone${++seq}`, fields: [{ fieldName: 'a', fieldType: 'text' }] } }));
const there = async (t) => (await call(base, D, 'list_tables', { listOptions:
    { where: { id: t.id } } })).total === 1;

// ---- 2026-07-28 ----

const CAN = { 'io.modelcontextprotocol/clientCapabilities':
    { elicitation: {} } };
const modern = async (token, name, args, more = {}, meta = CAN) => (await rpc(
    base, token, 'tools/call', { name, arguments: args, ...more, _meta: meta },
    { era: MODERN })).json;
const yes = { confirm: { action: 'accept', content: { confirm: true } } };

await test('2026-07-28: asked, then done', async () => {
	const t = await table();
	const r = (await modern(D, 'delete_table', { id: t.id })).result;
	eq(r.resultType, 'input_required');
	eq(Object.keys(r.inputRequests), ['confirm']);
	const q = r.inputRequests.confirm;
	eq(q.method, 'elicitation/create');
	has(q.params.message, t.name);
	eq(q.params.requestedSchema.properties.confirm.default, false);
	eq(await there(t), true, 'before the answer');
	const e = (await modern(D, 'delete_table', { id: t.id }, {
	    inputResponses: yes, requestState: r.requestState })).result;
	eq([e.resultType, e.isError, e.structuredContent.deleted],
	    ['complete', undefined, true]);
	eq(await there(t), false);
});
for (const [what, answer] of [['decline', { action: 'decline' }],
    ['cancel', { action: 'cancel' }], ['accept without a yes',
    { action: 'accept', content: { confirm: false } }],
    ['accept without content', { action: 'accept' }]])
	await test(`2026-07-28: ${what}: not done`, async () => {
		const t = await table();
		const r = (await modern(D, 'delete_table', { id: t.id })).result;
		const e = (await modern(D, 'delete_table', { id: t.id }, {
		    inputResponses: { confirm: answer }, requestState:
		    r.requestState })).result;
		eq(e.isError, true);
		has(e.content[0].text, 'did not confirm');
		eq(await there(t), true);
	});
await test('2026-07-28: a state fits only its user, tool and arguments',
    async () => {
	const t = await table(), u = await table();
	const s = (await modern(D, 'delete_table', { id: t.id })).result
	    .requestState;
	const bad = async (token, name, args, state) => {
		const r = await modern(token, name, args, { inputResponses: yes,
		    requestState: state });
		eq(r.error?.code, -32602, JSON.stringify(r).slice(0, 200));
	};
	await bad(D, 'delete_table', { id: u.id }, s);
	await bad(A, 'delete_table', { id: t.id }, s);
	await bad(D, 'delete_api', { id: t.id }, s);
	await bad(D, 'delete_table', { id: t.id }, s.slice(0, -1));
	await bad(D, 'delete_table', { id: t.id }, s + 'x');
	await bad(D, 'delete_table', { id: t.id }, 'x'.repeat(2000));
	eq([await there(t), await there(u)], [true, true]);
	// answers without the state are only asked for again
	const r = (await modern(D, 'delete_table', { id: t.id },
	    { inputResponses: yes })).result;
	eq(r.resultType, 'input_required');
	for (const x of [7, null, [], { confirm: 7 }])
		eq((await modern(D, 'delete_table', { id: t.id },
		    { inputResponses: x, requestState: s })).error?.code, -32602);
	eq((await modern(D, 'delete_table', { id: t.id }, { inputResponses:
	    yes, requestState: s })).result.structuredContent.deleted, true,
	    'control');
});
await test('2026-07-28: nobody is asked about what is refused, or by a ' +
    'client that cannot', async () => {
	const t = await table();
	const gone = (await modern(D, 'delete_table', { id:
	    '00000000-0000-4000-8000-000000000000' })).result;
	eq(gone.content[0].text, 'Not Found');
	const stale = (await modern(D, 'delete_table', { id: t.id,
	    expectedRevision: 9 })).result;
	eq(stale.isError, true);
	const dry = (await modern(D, 'delete_table', { id: t.id,
	    dryRun: true })).result;
	eq(dry.structuredContent.dryRun, true);
	for (const c of [{}, { sampling: {} }, { elicitation: { url: {} } }]) {
		const x = await table();
		const r = (await modern(D, 'delete_table', { id: x.id }, {},
		    { 'io.modelcontextprotocol/clientCapabilities': c })).result;
		eq(r.structuredContent.deleted, true, JSON.stringify(c));
	}
});
await test('2026-07-28: a change that loses data asks, another does not',
    async () => {
	const t = await table();
	await call(base, D, 'insert_entity_rows', { table: t.name,
	    rows: [{ a: 'x' }] });
	const less = { table: { id: t.id, fields: [{ fieldName: 'b',
	    fieldType: 'text' }] }, ignoreWarning: true };
	eq((await modern(D, 'save_table', less)).result.resultType,
	    'input_required');
	eq((await modern(D, 'save_table', { table: { id: t.id,
	    description: 'x' } })).result.resultType, 'complete');
});

// ---- before: on the stream of the call ----

const headers = (sid, era) => ({ Authorization: `Bearer ${D}`,
    'Content-Type': 'application/json', Accept:
    'application/json, text/event-stream', 'MCP-Protocol-Version': era,
    ...(sid ? { 'Mcp-Session-Id': sid } : {}) });
const post = (body, h) => fetch(`${base}/mcp`, { method: 'POST', headers: h,
    body: JSON.stringify({ jsonrpc: '2.0', ...body }) });
const session = async (era, capabilities) => (await post({ id: 1,
    method: 'initialize', params: { protocolVersion: era, capabilities,
    clientInfo: { name: 't', version: '1' } } }, headers(null, era)))
    .headers.get('mcp-session-id');
// The messages of an answer; on is called with each as it comes.
const messages = async (r, on) => {
	const all = [];
	if (!/event-stream/.test(r.headers.get('content-type')))
		return [await r.json()];
	let text = '';
	for await (const d of r.body) {
		text += Buffer.from(d).toString();
		const parts = text.split('\n\n');
		text = parts.pop();
		for (const p of parts) {
			const data = p.split('\n').filter((l) =>
			    l.startsWith('data:')).map((l) => l.slice(5)).join('');
			if (!data.trim())
				continue;
			const m = JSON.parse(data);
			all.push(m);
			if (m.method === 'elicitation/create')
				await on(m);
		}
	}
	return all;
};
const remove = async (era, sid, t, answer) => {
	const h = headers(sid, era);
	const r = await post({ id: 'd', method: 'tools/call', params: { name:
	    'delete_table', arguments: { id: t.id } } }, h);
	return messages(r, async (q) => {
		eq(await there(t), true, 'before the answer');
		const a = await post({ id: q.id, ...await answer(q) }, h);
		eq(a.status, 202);
	});
};
for (const era of ['2025-11-25', '2025-06-18']) {
	const sid = await session(era, { elicitation: {} });
	await test(`${era}: asked on the stream, then done`, async () => {
		const t = await table();
		const m = await remove(era, sid, t, (q) => {
			has(q.params.message, t.name);
			eq('mode' in q.params, era === '2025-11-25', 'mode');
			return { result: { action: 'accept', content:
			    { confirm: true } } };
		});
		eq(m.length, 2);
		eq(m[1].id, 'd');
		eq(m[1].result.structuredContent.deleted, true);
		eq(await there(t), false);
	});
	await test(`${era}: declined, refused: not done`, async () => {
		for (const a of [{ result: { action: 'decline' } }, { error: {
		    code: -1, message: 'no' } }, { result: { action: 'accept' } },
		    { result: 7 }]) {
			const t = await table();
			const m = await remove(era, sid, t, () => a);
			eq(m.length, 2, JSON.stringify([a, m]));
			eq(m[1].result.isError, true, JSON.stringify(a));
			has(m[1].result.content[0].text, 'Not done');
			eq(await there(t), true);
		}
	});
	await test(`${era}: somebody else's answer is none`, async () => {
		const t = await table();
		const m = await remove(era, sid, t, (q) => {
			post({ id: q.id, result: { action: 'accept', content:
			    { confirm: true } } }, { ...headers(null, era),
			    Authorization: `Bearer ${A}` });
			return { result: { action: 'decline' } };
		});
		eq(m[1].result.isError, true);
		eq(await there(t), true);
	});
	await test(`${era}: bug: an answer in another session was taken`,
	    async () => {
		const other = await session(era, { elicitation: {} });
		const t = await table();
		const m = await remove(era, sid, t, async (q) => {
			for (const s of [other, null])
				eq((await post({ id: q.id, result: { action:
				    'accept', content: { confirm: true } } },
				    headers(s, era))).status, 202);
			return { result: { action: 'decline' } };
		});
		eq(m[1].result.isError, true);
		eq(await there(t), true);
	});
	await test(`${era}: not asked without the capability or the stream`,
	    async () => {
		const plain = await session(era, {});
		for (const [s, accept] of [[plain], [null],
		    [sid, 'application/json']]) {
			const t = await table();
			const r = await post({ id: 1, method: 'tools/call', params:
			    { name: 'delete_table', arguments: { id: t.id } } },
			    { ...headers(s, era), ...(accept ? { Accept: accept } :
			    {}) });
			has(r.headers.get('content-type'), 'application/json');
			eq((await r.json()).result.structuredContent.deleted, true);
		}
	});
}
await test('a call that its client cancels is not done by a later yes',
    async () => {
	const sid = await session('2025-11-25', { elicitation: {} });
	const t = await table();
	const h = headers(sid, '2025-11-25');
	const r = await post({ id: 1, method: 'tools/call', params: { name:
	    'delete_table', arguments: { id: t.id } } }, h);
	const m = await messages(r, async (q) => {
		await post({ method: 'notifications/cancelled', params:
		    { requestId: 1 } }, h);
		await post({ id: q.id, result: { action: 'accept', content:
		    { confirm: true } } }, h);
	});
	eq(m.length, 1, 'no result');
	eq(await there(t), true);
});

await test('bug: calls that wait for their user held trees of arguments',
    async () => {
	const rss = () => Number(keepd.must('awk "/VmRSS/{print \\$2}" ' +
	    '/proc/$(k_role_pids toold)/status'));
	const sid = await session('2025-11-25', { elicitation: {} });
	const h = headers(sid, '2025-11-25');
	const t = await table();
	const wide = Array(25000).fill({ a: 'x'.repeat(18) });
	const args = { ignoreWarning: true, table: { id: t.id, fields: [{
	    fieldName: 'a', fieldType: 'text', example: wide }] } };
	const open = (id) => post({ id, method: 'tools/call', params: { name:
	    'save_table', arguments: args } }, h);
	const waiting = [];
	const ask = async (n) => {
		while (waiting.length < n) {
			const r = await open(`w${waiting.length}`);
			has(r.headers.get('content-type'), 'event-stream',
			    'what is answered');
			waiting.push(r);
		}
	};
	await ask(2);
	const before = rss();
	await ask(22);
	ok(rss() - before < 60 << 10, `${rss() - before} KiB more for 20`);
	// and they are not lost: one is done as it was asked for
	const m = await messages(waiting[21], async (q) => {
		await post({ id: q.id, result: { action: 'accept', content:
		    { confirm: true } } }, h);
	});
	eq(m[1].result.structuredContent.fields[0].example.length, 25000);
	await Promise.all(waiting.map((_, i) => post({ method:
	    'notifications/cancelled', params: { requestId: `w${i}` } }, h)));
});

// ---- the setting ----

await test('confirm-destructive no: nobody is asked', async () => {
	const f = `${keepd.dir}/more.conf`;
	writeFileSync(f, readFileSync(f) + 'confirm-destructive no\n');
	keepd.mustCtl('reload');
	await until(async () => {
		const t = await table();
		const r = (await modern(D, 'delete_table', { id: t.id })).result;
		return r.structuredContent?.deleted === true;
	}, 'the setting');
});
done();
