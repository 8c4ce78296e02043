// SPDX-License-Identifier: ISC
// demo.mjs: what a demo server holds.  argv: password [again]

import { test, done, ok, eq, has, connect, call, refusal, rpc } from './kit.mjs';

const base = process.env.K_URL;
const pw = process.argv[2], again = process.argv[3];

await test('admin, designer and viewer may what they should', async () => {
	const names = async (u) => {
		const g = await connect(base, u, pw);
		return (await rpc(base, g.access, 'tools/list', {})).json.result
		    .tools.map((t) => t.name);
	};
	const [a, d, v] = [await names('admin'), await names('designer'),
	    await names('viewer')];
	ok(a.includes('save_table') && a.includes('save_package'), 'admin');
	ok(d.includes('save_table') && d.includes('insert_entity_rows'),
	    'designer');
	ok(v.includes('query_entity_table') && !v.includes('save_table'),
	    'viewer');
});
await test('three tables with rows, packages with and without roles',
    async () => {
	const g = await connect(base, 'admin', pw);
	const { tables } = await call(base, g.access, 'list_tables', {});
	ok(tables.length >= 3, `tables ${tables.length}`);
	let filled = 0;
	for (const t of tables) {
		const q = await call(base, g.access, 'query_entity_table',
		    { table: t.name, take: 5 });
		if (q.total > 0)
			filled++;
	}
	ok(filled >= 3, `tables with rows ${filled}`);
	const { packages } = await call(base, g.access, 'list_packages', {});
	const full = [];
	for (const p of packages)
		full.push(await call(base, g.access, 'get_package', { id: p.id }));
	ok(full.some((p) => p.roles.length), 'a package with roles');
	ok(full.some((p) => !p.roles.length), 'a package without roles');
	ok(full.some((p) => p.dictionary.length), 'a package with a table in it');
});
await test('a designer works', async () => {
	const g = await connect(base, 'designer', pw);
	const { tables } = await call(base, g.access, 'list_tables', {});
	const name = 'made_in_demo';
	eq(tables.some((t) => t.name === name), Boolean(again),
	    'table of an earlier run');
	if (!again)
		await call(base, g.access, 'save_table', { table: { name, fields:
		    [{ fieldName: 'a', fieldType: 'text' }] } });
	eq((await call(base, g.access, 'insert_entity_rows', { table: name,
	    rows: [{ a: 'x' }] })).count, 1);
});
done();
