// SPDX-License-Identifier: ISC
// alive.mjs: one sign-in and one call of each kind; a table made on the first
// run must be there on the next.

import { test, done, ok, eq, connect, call, refresh } from './kit.mjs';

const base = process.env.K_URL;
await test('signs in, refreshes, writes and reads', async () => {
	const g = await connect(base, 'designer', process.env.K_PW_DESIGNER);
	const r = await refresh(base, g);
	eq(r.status, 200);
	const t = r.json.access_token;
	const { tables } = await call(base, t, 'list_tables', {});
	const there = tables.some((x) => x.name === 'alive');
	if (!there)
		await call(base, t, 'save_table', { table: { name: 'alive',
		    fields: [{ fieldName: 'n', fieldType: 'integer' }] } });
	const { total } = await call(base, t, 'query_entity_table',
	    { table: 'alive' });
	await call(base, t, 'insert_entity_rows', { table: 'alive',
	    rows: [{ n: total + 1 }] });
	const q = await call(base, t, 'query_entity_table', { table: 'alive',
	    order: { n: 'ASC' } });
	eq(q.rows.map((x) => x.n), Array.from({ length: total + 1 },
	    (_, i) => i + 1), 'rows so far');
	if (process.env.K_WANT_ROWS)
		ok(q.total > Number(process.env.K_WANT_ROWS), 'earlier rows');
});
done();
