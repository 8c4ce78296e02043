// SPDX-License-Identifier: ISC
// No progress token and a limit of 60 s.  Seen: opencode#28186;
// typescript-sdk#2250.
export const title = 'sixty seconds';
export async function run(k) {
	const { test, eq, ok, base, connect, call, refusal } = k;
	await test('the heaviest calls answer well inside it', async () => {
		const g = await connect(base, 'designer', process.env.K_PW_DESIGNER);
		const F = (n) => ({ fieldName: n, fieldType: 'text' });
		await call(base, g.access, 'save_table', { table: { name: 'heavy',
		    fields: Array.from({ length: 40 }, (_, i) => F(`f${i}`)) } });
		const row = Object.fromEntries(Array.from({ length: 40 }, (_, i) =>
		    [`f${i}`, 'x'.repeat(20)]));
		const t0 = Date.now();
		for (let i = 0; i < 5; i++)
			await call(base, g.access, 'insert_entity_rows', { table:
			    'heavy', rows: Array.from({ length: 1000 }, () => row) });
		const q = await call(base, g.access, 'query_entity_table', { table:
		    'heavy', take: 500, order: { f39: 'DESC' }, where: { f0:
		    'x'.repeat(20) } });
		ok(q.total === 5000, `total ${q.total}`);
		await call(base, g.access, 'delete_entity_rows', { table: 'heavy',
		    where: { f1: 'x'.repeat(20) }, expectedCount: 5000 });
		ok(Date.now() - t0 < 45000, `took ${Date.now() - t0} ms`);
	});
	await test('a progress token does no harm', async () => {
		const g = await connect(base, 'viewer', process.env.K_PW_VIEWER);
		const r = await k.rpc(base, g.access, 'tools/call', { name:
		    'list_tables', arguments: {}, _meta: { progressToken: 'p' } });
		eq(r.status, 200);
		ok(r.json.result.structuredContent, 'result');
	});
}
