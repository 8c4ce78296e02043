// SPDX-License-Identifier: ISC
// fair.mjs: see fair.sh.  No statement here depends on how fast anything is,
// only on what is answered before what.

import { test, done, ok, eq, has, Conn, connect, call, refusal, mcpRequest,
    requestBytes, rpc, instance, until, http } from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const admin = (await connect(base, 'admin', process.env.K_PW_ADMIN)).access;
const viewer = await connect(base, 'viewer', process.env.K_PW_VIEWER);
// Every row is looked at, in a bad order, and none is found.
const worst = { table: 'big', where: { t: 'no such text' },
    order: { n: 'DESC' } };
const reads = () => Number(/reads in slices\s+(\d+)/.exec(
    keepd.mustCtl('status toold'))[1]);
const slow = (token = viewer.access) => {
	const s = { over: false };
	s.end = call(base, token, 'query_entity_table', worst,
	    { timeout: 60000 }).then((v) => v, (e) => e).finally(() => {
		s.over = true;
	});
	return s;
};

await test("others' calls are answered while a long read runs", async () => {
	const s = slow();
	await until(() => s.over || reads() > 0, 'a read in slices');
	let n = 0;
	while (!s.over && n < 20) {
		await call(base, admin, 'query_entity_table', { table: 'big',
		    where: { n: 5 } });
		await call(base, admin, 'insert_entity_rows', { table: 'big',
		    rows: [{ n: -1 - n, t: 'no such text' }] });
		n++;
	}
	const v = await s.end;
	const after = (await call(base, admin, 'query_entity_table',
	    { ...worst })).total;
	await call(base, admin, 'delete_entity_rows', { table: 'big', where:
	    { t: 'no such text' } });
	ok(n > 0, `${n} calls of each kind in its time`);
	// It sees the table as it was: not one of the rows written meanwhile.
	eq([v.total, after], [0, n]);
});
await test('a read of many rows does not keep others waiting between them',
    async () => {
	// No row takes a slice by itself, all of them take many.
	let over = false, n = 0;
	const end = call(base, viewer.access, 'query_entity_table', {
	    table: 'big', where: { t: 'one of 800' }, select: ['n'],
	    take: 1000 }, { timeout: 60000 }).finally(() => {
		over = true;
	});
	while (!over && n < 20) {
		await call(base, admin, 'query_entity_table', { table: 'big',
		    where: { n: 5 } });
		n++;
	}
	eq((await end).count, 800);
	ok(n > 2, `${n} calls in its time`);
});
await test('the table may be changed under a long read', async () => {
	const id = (await call(base, admin, 'list_tables')).tables[0].id;
	const t = await call(base, admin, 'get_table', { id });
	const s = slow();
	await until(() => s.over || reads() > 0, 'a read in slices');
	await call(base, admin, 'save_table', { table: { id, fields:
	    [...t.fields, { fieldName: 'more', fieldType: 'text' }] } });
	eq((await s.end).total, 0);
	eq((await call(base, admin, 'query_entity_table', { table: 'big',
	    where: { n: 7 } })).rows[0].more, null);
});
await test('several at once, of one user: all are answered', async () => {
	const all = await Promise.all(Array.from({ length: 6 }, () =>
	    slow().end));
	for (const v of all)
		ok(v.total === 0 || /time limit/.test(v.message), v.message);
});
await test('a list that takes long gives the same as one that does not',
    async () => {
	const v = await call(base, viewer.access, 'list_tables', { listOptions:
	    { where: { name: { operation: 'ILike', value: '%B%g%' } } } });
	eq([v.total, v.tables[0].name], [1, 'big']);
});
await test('a client that leaves takes its read along', async () => {
	const c = await Conn.open(base);
	const q = mcpRequest('tools/call', { name: 'query_entity_table',
	    arguments: worst }, { token: viewer.access });
	c.send(requestBytes(base, 'POST', '/mcp', q.headers, q.body));
	await until(() => reads() > 0, 'a read in slices');
	c.close();
	await until(() => reads() === 0, 'its end');
});
await test('a grant that ends takes its read along', async () => {
	// More than may run at once, so that some are there for certain.
	const all = Array.from({ length: 8 }, () => slow());
	await until(() => all.every((s) => s.over) || reads() > 0,
	    'a read in slices');
	keepd.mustCtl('grant revoke -u viewer');
	await until(() => reads() === 0, 'its end');
	const ends = await Promise.all(all.map((s) => s.end));
	ok(ends.some((e) => !('total' in e)), 'one was ended');
	eq((await rpc(base, viewer.access, 'ping')).status, 401);
});
await test('time is limited, and the message says what to index',
    async () => {
	keepd.must('k_conf "limits { read-time 300ms }"; k_ctl reload');
	const v = (await connect(base, 'viewer', process.env.K_PW_VIEWER))
	    .access;
	let e;
	for (let i = 0; i < 5 && !e; i++)
		e = (await slow(v).end).message;
	if (e)
		has(e, "Add an index on field 't' of table 'big'");
});
done();
