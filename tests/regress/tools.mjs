// SPDX-License-Identifier: ISC
// tools.mjs: tables, rows and packages as their users meet them: three users
// of different rights, every success, every refusal with the words that help.

import { test, done, ok, eq, ne, has, hasNot, oneOf, connect, call, refusal,
    rpc, instance, ToolError, Fail } from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const A = (await connect(base, 'admin', process.env.K_PW_ADMIN)).access;
const D = (await connect(base, 'designer', process.env.K_PW_DESIGNER)).access;
const V = (await connect(base, 'viewer', process.env.K_PW_VIEWER)).access;
const d = (name, args) => call(base, D, name, args);
const dno = (name, args) => refusal(base, D, name, args);
const F = (fieldName, fieldType = 'text', more = {}) =>
    ({ fieldName, fieldType, ...more });
let seq = 0;
const unique = (stem) => `${stem}x${++seq}`;
const make = (fields, more = {}) => d('save_table', { table: { name:
    unique('t'), fields, ...more } });
const rows = async (table, q = {}) => (await d('query_entity_table',
    { table, ...q })).rows;

// ---- tables ----

await test('save_table: creates, with the fields a record has', async () => {
	const t = await make([F('a'), F('b', 'integer', { isNullable: false })],
	    { description: 'Two fields' });
	has(t.id, /^[0-9a-f-]{36}$/i, 'id');
	has(t.ver, /^\d\d\.\d\d\.\d\d\.\d{4}$/, 'ver');
	eq(t.revision, 1);
	has(t.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'createdAt');
	eq([t.createdBy, t.changedBy, t.description], ['designer', 'designer',
	    'Two fields']);
	eq(t.fields.map((f) => [f.fieldName, f.fieldType]),
	    [['a', 'text'], ['b', 'integer']]);
	ok(t.fields.every((f) => f.id), 'ids of fields');
	eq([t.indices, t.foreignKeys, t.rolesRead, t.rolesWrite],
	    [[], [], [], []]);
	const g = await d('get_table', { id: t.id });
	for (const k of Object.keys(g))
		eq(g[k], t[k], `get_table: ${k}`);
	eq(g.fields.length, 2, 'get_table');
	const up = await d('get_table', { id: t.id.toUpperCase() });
	eq(up.name, t.name, 'id in upper case');
	const l = (await d('list_tables', {})).tables.find((x) =>
	    x.id === t.id);
	eq([l.name, l.revision], [t.name, 1], 'list_tables');
	eq('fields' in l, false, 'fields in the list');
});
await test('save_table: an update keeps absent keys, counts the revision',
    async () => {
	const t = await make([F('a')], { description: 'keep me' });
	const u = await d('save_table', { table: { id: t.id,
	    fields: [...t.fields, F('c', 'boolean')] } });
	eq([u.revision, u.description, u.name], [2, 'keep me', t.name]);
	eq(u.fields.map((f) => f.fieldName), ['a', 'c']);
	eq(u.fields[0].id, t.fields[0].id, 'id of a kept field');
	const v = await d('save_table', { table: { id: t.id,
	    description: 'new' }, expectedRevision: 2 });
	eq([v.revision, v.fields.length], [3, 2]);
});
await test('save_table: a stale revision is refused, naming both', async () => {
	const t = await make([F('a')]);
	await d('save_table', { table: { id: t.id, description: 'x' } });
	const e = await dno('save_table', { table: { id: t.id,
	    description: 'y' }, expectedRevision: 1 });
	has(e, /revision/i);
	has(e, '2');
	eq((await d('get_table', { id: t.id })).description, 'x', 'unchanged');
});
await test('save_table: every field type there is', async () => {
	const types = ['boolean', 'char', 'varchar', 'smallint', 'integer',
	    'bigint', 'decimal', 'tinytext', 'smalltext', 'mediumtext', 'text',
	    'timestamp', 'timestamptz', 'enum', 'uuid', 'json', 'vector'];
	const t = await make(types.map((x) => F('f_' + x, x,
	    x === 'enum' ? { enum: ['red', 'green'] } :
	    x === 'char' || x === 'varchar' ? { length: '20' } : {})));
	eq(t.fields.map((f) => f.fieldType), types);
});
await test('save_table: an unknown type is named with its column', async () => {
	const e = await dno('save_table', { table: { name: unique('t'),
	    fields: [F('colour', 'rainbow')] } });
	has(e, "Invalid field type 'rainbow' for column 'colour'");
});
await test('save_table: what is missing, unknown or wrong is named',
    async () => {
	const cases = [
	    [{ table: { fields: [F('a')] } }, 'name'],
	    [{ table: { name: unique('t') } }, 'fields'],
	    [{}, 'table'],
	    [{ table: [] }, 'table'],
	    [{ table: 'x' }, 'table'],
	    [{ table: { name: unique('t'), fields: [F('a')], colour: 1 } },
		'colour'],
	    [{ table: { name: unique('t'), fields: [F('a', 'text',
		{ wide: true })] } }, 'wide'],
	    [{ table: { name: unique('t'), fields: [F('a')] }, extra: 1 },
		'extra'],
	    [{ table: { name: unique('t'), fields: [{ fieldType: 'text' }] } },
		'fieldName'],
	    [{ table: { name: unique('t'), fields: [{ fieldName: 'a' }] } },
		'fieldType'],
	    [{ table: { name: 5, fields: [F('a')] } }, 'name'],
	    [{ table: { name: '', fields: [F('a')] } }, 'name'],
	    [{ table: { name: 'a'.repeat(200), fields: [F('a')] } }, 'name'],
	    [{ table: { name: 'bad name!', fields: [F('a')] } }, 'name'],
	    [{ table: { name: unique('t'), fields: [F('a'), F('A')] } }, 'A'],
	    [{ table: { name: unique('t'), fields: [F('')] } }, 'fieldName'],
	    [{ table: { name: unique('t'), fields: [F('a', 'vector',
		{ length: '3' })] } }, 'length'],
	    [{ table: { name: unique('t'), fields: [F('a', 'integer',
		{ default: 'x' })] } }, 'a'],
	    [{ table: { name: unique('t'), fields: [F('a')], package:
		'00000000-0000-4000-8000-000000000000' } }, /package|No access/i],
	    [{ table: { name: unique('t'), fields: [F('a')], rolesRead:
		[{ name: 'no-such-role' }] } }, 'rolesRead'],
	    [{ table: { name: unique('t'), fields: [F('a')], indices:
		[{ name: 'i', columns: ['zzz'] }] } }, 'zzz'],
	    [{ table: { name: unique('t'), fields: [F('a')], foreignKeys:
		[{ name: 'k', referencedTable: 'no_table', columns: ['a'],
		referencedTableColumns: ['id'] }] } }, 'no_table'],
	];
	for (const [args, word] of cases)
		has(await dno('save_table', args), word, JSON.stringify(args));
});
await test('save_table: the names of implicit columns are refused', async () => {
	for (const n of ['id', 'createdAt', 'updatedAt', 'createdBy',
	    'updatedBy', 'CREATEDAT'])
		has(await dno('save_table', { table: { name: unique('t'),
		    fields: [F(n)] } }), n);
});
await test('save_table: SQL words and quotes are only names', async () => {
	const t = await make([F('From'), F('To'), F('select'), F('order'),
	    F('Group')]);
	const r = await d('insert_entity_rows', { table: t.name,
	    rows: [{ From: "'; DROP TABLE x; --", To: '"', select: '`' }] });
	eq(r.count, 1);
	const [row] = await rows(t.name, { where: { From: "'; DROP TABLE x; --" },
	    order: { select: 'DESC' } });
	eq([row.To, row.select, row.order], ['"', '`', null]);
});
await test('save_table: a name can be had once, whatever the case', async () => {
	const t = await make([F('a')]);
	for (const n of [t.name, t.name.toUpperCase()])
		has(await dno('save_table', { table: { name: n,
		    fields: [F('a')] } }), 'already exists');
});
await test('save_table: unknown id creates nothing', async () => {
	const id = '11111111-1111-4111-8111-111111111111';
	has(await dno('save_table', { table: { id, name: unique('t'),
	    fields: [F('a')] } }), 'Not Found');
	has(await dno('get_table', { id }), 'Not Found');
	for (const bad of ['x', '', 5])
		await dno('get_table', { id: bad });
});
await test('save_table: dropping a column with data says what would be lost',
    async () => {
	const t = await make([F('a'), F('b')]);
	await d('insert_entity_rows', { table: t.name,
	    rows: [{ a: '1', b: 'x' }, { a: '2', b: null }, { a: '3', b: 'y' }] });
	const less = { id: t.id, fields: [t.fields[0]] };
	const e = await dno('save_table', { table: less });
	has(e, 'b');
	has(e, '2');
	has(e, 'ignoreWarning');
	eq((await rows(t.name)).filter((r) => r.b).length, 2, 'still there');
	const dry = await d('save_table', { table: less, ignoreWarning: true,
	    dryRun: true });
	eq(dry.dryRun, true);
	eq((await d('get_table', { id: t.id })).fields.length, 2, 'dry run');
	await d('save_table', { table: less, ignoreWarning: true });
	eq(Object.keys((await rows(t.name))[0]).includes('b'), false, 'dropped');
	eq((await rows(t.name)).length, 3, 'rows');
});
await test('save_table: a new type that fits keeps values, one that does not ' +
    'is refused', async () => {
	const t = await make([F('n', 'text')]);
	await d('insert_entity_rows', { table: t.name, rows: [{ n: '12' },
	    { n: '7' }] });
	const to = (type) => ({ id: t.id, fields: [{ ...t.fields[0],
	    fieldType: type }] });
	const u = await d('save_table', { table: to('integer'),
	    ignoreWarning: true });
	eq(u.fields[0].fieldType, 'integer');
	eq((await rows(t.name, { order: { n: 'ASC' } })).map((r) => r.n), [7, 12]);
	const w = await make([F('n', 'text')]);
	await d('insert_entity_rows', { table: w.name, rows: [{ n: 'words' }] });
	const e = await dno('save_table', { table: { id: w.id, fields:
	    [{ ...w.fields[0], fieldType: 'integer' }] } });
	has(e, 'n');
	eq((await rows(w.name))[0].n, 'words');
});
await test('save_table: a required field on filled rows needs a default',
    async () => {
	const t = await make([F('a')]);
	await d('insert_entity_rows', { table: t.name, rows: [{ a: 'x' }] });
	const bad = { id: t.id, fields: [...t.fields, F('must', 'integer',
	    { isNullable: false })] };
	has(await dno('save_table', { table: bad }), 'must');
	bad.fields[1].default = 5;
	const e = await d('save_table', { table: bad }).catch(async (x) => {
		if (!(x instanceof ToolError))
			throw x;
		bad.fields[1].default = '5';
		return d('save_table', { table: bad });
	});
	ok(e.id, 'saved');
	eq((await rows(t.name))[0].must, 5, 'default in the old row');
});
await test('save_table: unique index is made, and refused over doubles',
    async () => {
	const t = await make([F('k')], { indices: [{ name: 'by_k',
	    columns: ['k'], isUnique: true }] });
	await d('insert_entity_rows', { table: t.name, rows: [{ k: 'a' }] });
	has(await dno('insert_entity_rows', { table: t.name,
	    rows: [{ k: 'b' }, { k: 'a' }] }), 'k');
	eq((await rows(t.name)).length, 1, 'all or nothing');
	const u = await make([F('k')]);
	await d('insert_entity_rows', { table: u.name, rows: [{ k: 'a' },
	    { k: 'a' }] });
	const e = await dno('save_table', { table: { id: u.id, indices:
	    [{ name: 'by_k', columns: ['k'], isUnique: true }] } });
	has(e, /by_k|k/);
});
await test('save_table: a foreign key holds rows together', async () => {
	const p = await make([F('code', 'text', { isUnique: true })]);
	const c = await make([F('parent', 'text')], { foreignKeys: [{
	    name: 'to_parent', referencedTable: p.name, columns: ['parent'],
	    referencedTableColumns: ['code'], onDelete: 'CASCADE' }] });
	await d('insert_entity_rows', { table: p.name, rows: [{ code: 'A' }] });
	await d('insert_entity_rows', { table: c.name, rows: [{ parent: 'A' }] });
	has(await dno('insert_entity_rows', { table: c.name,
	    rows: [{ parent: 'B' }] }), /to_parent|foreign key|parent/i);
	has(await dno('delete_table', { id: p.id }), c.name);
	await d('delete_entity_rows', { table: p.name, where: { code: 'A' } });
	eq((await rows(c.name)).length, 0, 'cascade');
});
await test('delete_table: with rows only by ignoreWarning, then all is gone',
    async () => {
	const t = await make([F('a')]);
	await d('insert_entity_rows', { table: t.name, rows: [{ a: 'x' },
	    { a: 'y' }] });
	const e = await dno('delete_table', { id: t.id });
	has(e, '2');
	has(e, 'ignoreWarning');
	await d('delete_table', { id: t.id, ignoreWarning: true });
	has(await dno('get_table', { id: t.id }), 'Not Found');
	has(await dno('query_entity_table', { table: t.name }), t.name);
	has(await dno('delete_table', { id: t.id }), 'Not Found');
	// the name is free again, and empty
	const n = await d('save_table', { table: { name: t.name,
	    fields: [F('a')] } });
	ne(n.id, t.id);
	eq((await rows(t.name)).length, 0);
});

// ---- rows ----

const R = await make([F('s'), F('n', 'integer'), F('b', 'boolean'),
    F('x', 'decimal'), F('j', 'json'), F('t', 'timestamptz'),
    F('e', 'enum', { enum: ['red', 'green'] }), F('u', 'uuid'),
    F('big', 'bigint'), F('must', 'text', { isNullable: false,
    default: 'dflt' })]);
await test('insert_entity_rows: values come back as they went in', async () => {
	const v = { s: 'ä\u0000"\\\n\u{1F600}'.replace('\u0000', ''), n: -5,
	    b: true, x: '12.3400', j: { a: [1, null, 'x'] },
	    e: 'green', u: '9f3b6a0e-59f0-4f4c-9a0e-0d0b6f3b1c11',
	    big: 9007199254740991, must: 'm' };
	const r = await d('insert_entity_rows', { table: R.name, rows: [v] });
	eq([r.table, r.count, r.ids.length], [R.name, 1, 1]);
	const [row] = await rows(R.name, { where: { id: r.ids[0] } });
	for (const k of ['s', 'n', 'b', 'j', 'e', 'u', 'must'])
		eq(row[k], v[k], k);
	eq(Number(row.x), 12.34, 'x');
	eq(Number(row.big), 9007199254740991, 'big');
	eq([row.createdBy, row.updatedBy], ['designer', 'designer']);
	eq(Number.isInteger(row.createdAt), true, 'createdAt');
	ok(Math.abs(row.createdAt - Date.now()) < 60000, 'createdAt is now, ms');
});
await test('insert_entity_rows: defaults and nulls', async () => {
	const r = await d('insert_entity_rows', { table: R.name, rows: [{}] });
	const [row] = await rows(R.name, { where: { id: r.ids[0] } });
	eq([row.must, row.s, row.n, row.j], ['dflt', null, null, null]);
});
await test('insert_entity_rows: what is wrong is named, nothing goes in',
    async () => {
	const before = (await d('query_entity_table', { table: R.name })).total;
	const cases = [
	    [[{ zzz: 1 }], 'zzz'], [[{ n: 'five' }], 'n'], [[{ n: 1.5 }], 'n'],
	    [[{ n: 99999999999 }], 'n'], [[{ b: 'yes' }], 'b'],
	    [[{ s: 5 }], 's'], [[{ x: 'abc' }], 'x'], [[{ e: 'blue' }], 'rows.0.e'],
	    [[{ u: 'nope' }], 'u'], [[{ t: 'yesterday' }], 't'],
	    [[{ must: null }], 'must'], [[{ createdAt: 5 }], 'createdAt'],
	    [[{ s: 'ok' }, { n: 'bad' }], 'n'], [[5], /row/i], [[[]], /row/i],
	    [{}, 'rows'], ['x', 'rows'], [[], 'rows'],
	    [Array.from({ length: 1001 }, () => ({})), 'rows'],
	];
	for (const [rs, word] of cases)
		has(await dno('insert_entity_rows', { table: R.name, rows: rs }),
		    word, JSON.stringify(rs).slice(0, 60));
	has(await dno('insert_entity_rows', { table: 'no_table',
	    rows: [{}] }), 'no_table');
	eq((await d('query_entity_table', { table: R.name })).total, before,
	    'rows');
});
await test('insert_entity_rows: a thousand at once', async () => {
	const t = await make([F('n', 'integer')]);
	const r = await d('insert_entity_rows', { table: t.name,
	    rows: Array.from({ length: 1000 }, (_, n) => ({ n })) });
	eq([r.count, new Set(r.ids).size], [1000, 1000]);
});
await test('bug: a row was taken that no answer could ever hold', async () => {
	const t = await make([F('s'), F('u'), F('j', 'json')]);
	for (const s of ['x'.repeat(1048000), '"'.repeat(520000), '\n'.repeat(
	    500000), '\u007f'.repeat(170000), 'ä'.repeat(520000)]) {
		const { ids } = await d('insert_entity_rows', { table: t.name,
		    rows: [{ s }] });
		const [row] = await rows(t.name, { where: { id: ids[0] } });
		ok(row.s === s, 'the text comes back');
		await d('delete_entity_rows', { table: t.name, where: { id:
		    ids[0] } });
	}
	await d('insert_entity_rows', { table: t.name, rows: [{ j:
	    '"'.repeat(520000) }] });
	for (const s of ['"'.repeat(700000), '\u0001'.repeat(250000)]) {
		has(await dno('insert_entity_rows', { table: t.name,
		    rows: [{ s }] }), 'rows.0 is larger than 1 MiB as JSON');
		has(await dno('update_entity_rows', { table: t.name,
		    where: { s: null }, set: { s } }), 'set is larger than');
	}
	eq((await rows(t.name)).length, 1);
});
await test('query_entity_table: take, skip, order, select, where', async () => {
	const t = await make([F('n', 'integer'), F('s')]);
	await d('insert_entity_rows', { table: t.name, rows: Array.from(
	    { length: 250 }, (_, n) => ({ n, s: n % 2 ? 'odd' : 'even' })) });
	const q = (o) => d('query_entity_table', { table: t.name, ...o });
	let r = await q({ order: { n: 'ASC' } });
	eq([r.total, r.count, r.take, r.skip, r.rows.length],
	    [250, 100, 100, 0, 100]);
	r = await q({ order: { n: 'ASC' }, take: 5, skip: 240 });
	eq(r.rows.map((x) => x.n), [240, 241, 242, 243, 244]);
	r = await q({ order: { n: 'DESC' }, take: 2 });
	eq(r.rows.map((x) => x.n), [249, 248]);
	r = await q({ where: { s: 'odd' }, order: { n: 'ASC' }, take: 3 });
	eq([r.total, ...r.rows.map((x) => x.n)], [125, 1, 3, 5]);
	r = await q({ where: { s: 'odd', n: 7 }, select: ['n'] });
	eq(r.rows.map((x) => [x.n, 's' in x]), [[7, false]]);
	r = await q({ where: { s: null } });
	eq(r.total, 0);
	r = await q({ take: 0 });
	eq([r.count, r.total], [0, 250]);
	r = await q({ skip: 1000 });
	eq([r.count, r.total], [0, 250]);
	r = await q({ take: 1000 });
	eq(r.count, 250);
});
await test('query_entity_table: what is wrong is named', async () => {
	const q = (o) => dno('query_entity_table', { table: R.name, ...o });
	has(await q({ where: { zzz: 1 } }), 'zzz');
	has(await q({ select: ['zzz'] }), 'zzz');
	has(await q({ order: { zzz: 'ASC' } }), 'zzz');
	has(await q({ order: { n: 'SIDEWAYS' } }), 'order');
	has(await q({ take: 1001 }), 'take');
	has(await q({ take: -1 }), 'take');
	has(await q({ take: '5' }), 'take');
	has(await q({ skip: -1 }), 'skip');
	has(await q({ where: 'n=1' }), 'where');
	has(await q({ where: { n: { operation: 'Like', value: '%' } } }), 'n');
	has(await q({ where: { n: 'x' } }), 'n');
	has(await q({ zzz: 1 }), 'zzz');
	has(await dno('query_entity_table', {}), 'table');
	for (const n of ['role', 'dictionary', 'sqlite_master', 't_1', 'artifact',
	    "x'; --"])
		has(await dno('query_entity_table', { table: n }), n);
});
await test('update_entity_rows: where, set, expectedCount', async () => {
	const t = await make([F('n', 'integer'), F('s')]);
	await d('insert_entity_rows', { table: t.name, rows: [{ n: 1, s: 'a' },
	    { n: 2, s: 'a' }, { n: 3, s: 'b' }] });
	const u = (o) => d('update_entity_rows', { table: t.name, ...o });
	const un = (o) => dno('update_entity_rows', { table: t.name, ...o });
	eq((await u({ where: { s: 'a' }, set: { n: 9 } })).count, 2);
	eq((await rows(t.name, { order: { n: 'ASC' } })).map((r) => r.n),
	    [3, 9, 9]);
	has(await un({ where: { s: 'a' }, set: { n: 7 }, expectedCount: 1 }),
	    'expectedCount');
	eq((await rows(t.name, { where: { n: 7 } })).length, 0, 'unchanged');
	eq((await u({ where: { s: 'a' }, set: { n: 7 }, expectedCount: 2 }))
	    .count, 2);
	eq((await u({ where: { s: 'zz' }, set: { n: 1 } })).count, 0);
	has(await un({ where: {}, set: { n: 1 } }), 'where');
	has(await un({ set: { n: 1 } }), 'where');
	has(await un({ where: { s: 'a' } }), 'set');
	has(await un({ where: { s: 'a' }, set: {} }), 'set');
	has(await un({ where: { s: 'a' }, set: { zzz: 1 } }), 'zzz');
	has(await un({ where: { s: 'a' }, set: { id: 'x' } }), 'id');
	has(await un({ where: { s: 'a' }, set: { n: 'x' } }), 'n');
	has(await un({ where: { zzz: 1 }, set: { n: 1 } }), 'zzz');
	const [one] = await rows(t.name, { where: { s: 'b' } });
	await u({ where: { id: one.id }, set: { s: null } });
	const [two] = await rows(t.name, { where: { id: one.id } });
	eq(two.s, null);
	ok(two.updatedAt >= one.updatedAt, 'updatedAt');
	eq(two.createdAt, one.createdAt, 'createdAt');
});
await test('delete_entity_rows: where, expectedCount', async () => {
	const t = await make([F('n', 'integer')]);
	await d('insert_entity_rows', { table: t.name, rows: [{ n: 1 }, { n: 1 },
	    { n: 2 }] });
	const x = (o) => d('delete_entity_rows', { table: t.name, ...o });
	const xn = (o) => dno('delete_entity_rows', { table: t.name, ...o });
	has(await xn({ where: {} }), 'where');
	has(await xn({}), 'where');
	has(await xn({ where: { n: 1 }, expectedCount: 1 }), 'expectedCount');
	eq((await rows(t.name)).length, 3);
	eq((await x({ where: { n: 1 }, expectedCount: 2 })).count, 2);
	eq((await rows(t.name)).map((r) => r.n), [2]);
	eq((await x({ where: { n: 1 } })).count, 0);
});
await test('dryRun changes nothing and says what would be', async () => {
	const t = await make([F('n', 'integer')]);
	const r = await d('insert_entity_rows', { table: t.name,
	    rows: [{ n: 1 }, { n: 2 }], dryRun: true });
	eq([r.count, r.dryRun], [2, true]);
	eq((await rows(t.name)).length, 0);
	const name = unique('t');
	eq((await d('save_table', { table: { name, fields: [F('a')] },
	    dryRun: true })).dryRun, true);
	ok(!(await d('list_tables', {})).tables.some((x) => x.name === name),
	    'listed');
});
await test('requestId: a retry gets the first answer and does nothing again',
    async () => {
	const t = await make([F('n', 'integer')]);
	const args = { table: t.name, rows: [{ n: 1 }], requestId: unique('rq') };
	const one = await d('insert_entity_rows', args);
	const two = await d('insert_entity_rows', args);
	eq(two.ids, one.ids, 'ids');
	eq((await rows(t.name)).length, 1, 'rows');
	has(await dno('insert_entity_rows', { ...args, rows: [{ n: 2 }] }),
	    'requestId');
	// another user's requestId is another one
	const k = await call(base, A, 'insert_entity_rows', args);
	ne(k.ids, one.ids);
});

// ---- who may ----

await test('viewer: reads, and each write is refused by its permission',
    async () => {
	const t = await make([F('a')]);
	await d('insert_entity_rows', { table: t.name, rows: [{ a: 'x' }] });
	eq((await call(base, V, 'get_table', { id: t.id })).name, t.name);
	eq((await call(base, V, 'query_entity_table', { table: t.name })).total,
	    1);
	const no = (n, a) => refusal(base, V, n, a);
	for (const [n, a, role] of [
	    ['save_table', { table: { name: unique('t'), fields: [F('a')] } },
		'tabledefinition'],
	    ['save_table', { table: { id: t.id, description: 'x' } },
		'tabledefinition'],
	    ['delete_table', { id: t.id, ignoreWarning: true },
		'tabledefinition'],
	    ['insert_entity_rows', { table: t.name, rows: [{ a: 'y' }] },
		'tablebrowser'],
	    ['update_entity_rows', { table: t.name, where: { a: 'x' },
		set: { a: 'y' } }, 'tablebrowser'],
	    ['delete_entity_rows', { table: t.name, where: { a: 'x' } },
		'tablebrowser'],
	    ['save_package', { pkg: { name: unique('p') } }, 'package'],
	    ['delete_package', { id: t.id }, 'package'],
	    // role before arguments: nothing is told of them
	    ['save_table', { nonsense: 1 }, 'tabledefinition']])
		has(await no(n, a), `Access denied: no permission for ${role}`, n);
	eq((await rows(t.name)).map((r) => r.a), ['x'], 'rows');
});
await test('a user without roles can call nothing', async () => {
	keepd.must('k_user lonely lonely-password-1');
	const L = (await connect(base, 'lonely', 'lonely-password-1')).access;
	const l = (await rpc(base, L, 'tools/list', {})).json.result.tools;
	eq(l, [], 'tools');
	has(await refusal(base, L, 'list_tables', {}),
	    'Access denied: no permission for tabledefinition');
	has(await refusal(base, L, 'query_entity_table', { table: 'x' }),
	    'Access denied: no permission for tablebrowser');
});
await test('a role granted or revoked counts from the next call on', async () => {
	keepd.must('k_user riser riser-password-1 viewer');
	const g = await connect(base, 'riser', 'riser-password-1');
	const name = unique('t');
	const args = { table: { name, fields: [F('a')] } };
	has(await refusal(base, g.access, 'save_table', args), 'Access denied');
	keepd.mustCtl('role grant designer riser');
	ok((await call(base, g.access, 'save_table', args)).id, 'saved');
	keepd.mustCtl('role revoke designer riser');
	has(await refusal(base, g.access, 'insert_entity_rows',
	    { table: name, rows: [{}] }), 'Access denied');
});
await test('rolesRead and rolesWrite of a table', async () => {
	keepd.mustCtl('role add clerks "May write one table"');
	keepd.mustCtl('role allow clerks tablebrowser edit');
	keepd.must('k_user clerk clerk-password-1 clerks');
	const C = (await connect(base, 'clerk', 'clerk-password-1')).access;
	const open = await make([F('a')]);
	const shut = await call(base, A, 'save_table', { table: { name:
	    unique('t'), fields: [F('a')], rolesRead: [{ name: 'clerks' }],
	    rolesWrite: [{ name: 'clerks' }] } });
	const ins = (who, t) => call(base, who, 'insert_entity_rows',
	    { table: t, rows: [{ a: 'x' }] });
	eq((await ins(C, open.name)).count, 1);
	eq((await ins(C, shut.name)).count, 1);
	const e = await refusal(base, D, 'query_entity_table',
	    { table: shut.name });
	ok(e.length > 5, 'refused');
	const w = await refusal(base, D, 'insert_entity_rows',
	    { table: shut.name, rows: [{ a: 'x' }] });
	ok(w.length > 5, 'refused');
	hasNot(await refusal(base, V, 'query_entity_table',
	    { table: shut.name }), /clerk-password/);
	has(await refusal(base, D, 'delete_table', { id: shut.id,
	    ignoreWarning: true }), /role|rolesRead|rolesWrite|Not Found|denied/i);
	// A Global Admin passes packages, not the roles on data.
	ok((await refusal(base, A, 'query_entity_table', { table: shut.name }))
	    .length > 5, 'refused');
	eq((await call(base, C, 'query_entity_table', { table: shut.name }))
	    .total, 1);
});

// ---- packages ----

await test('packages: made, listed, read, changed, deleted', async () => {
	const p = await d('save_package', { pkg: { name: unique('p'),
	    description: 'One' } });
	has(p.ver, /^\d\d\.\d\d\.\d\d\.\d{4}$/, 'ver');
	eq(p.revision, 1);
	const t = await make([F('a')], { package: p.id });
	eq(t.package, p.id);
	const g = await d('get_package', { id: p.id });
	eq(g.dictionary.map((x) => [x.id, x.name]), [[t.id, t.name]]);
	for (const b of ['apps', 'webapp', 'jsclass', 'jsscript_group',
	    'reports', 'api'])
		eq(g[b], [], b);
	const u = await d('save_package', { pkg: { id: p.id,
	    description: 'Two' }, expectedRevision: 1 });
	eq([u.description, u.revision, u.name], ['Two', 2, p.name]);
	ok((await d('list_packages', {})).packages.some((x) => x.id === p.id),
	    'listed');
	const x = await d('delete_package', { id: p.id });
	eq(x.deleted, true);
	const after = await d('get_table', { id: t.id });
	ok(!after.package, `package of the member ${after.package}`);
	has(await dno('get_package', { id: p.id }), 'Not Found');
});
await test('packages: what is wrong is named', async () => {
	const p = await d('save_package', { pkg: { name: unique('p') } });
	for (const [a, w] of [[{}, 'pkg'], [{ pkg: {} }, 'name'],
	    [{ pkg: { name: '' } }, 'name'], [{ pkg: { name: 5 } }, 'name'],
	    [{ pkg: { name: unique('p'), zzz: 1 } }, 'zzz'],
	    [{ pkg: { name: unique('p'), roles: [{ name: 'nobody',
	    accessLevel: 'EDIT' }] } }, 'roles'],
	    [{ pkg: { name: unique('p'), roles: [{ name: 'viewer',
	    accessLevel: 'OWN' }] } }, 'accessLevel'],
	    [{ pkg: { name: p.name } }, 'already exists'],
	    [{ pkg: { name: p.name.toUpperCase() } }, 'already exists'],
	    [{ pkg: { id: '11111111-1111-4111-8111-111111111111',
	    description: 'x' } }, 'Not Found'],
	    [{ pkg: { id: p.id, description: 'x' }, expectedRevision: 7 },
	    /revision/i]])
		has(await dno('save_package', a), w, JSON.stringify(a));
});
await test('packages with roles: who is not in sees and changes nothing',
    async () => {
	keepd.mustCtl('role add team "A team"');
	keepd.mustCtl('role allow team tabledefinition edit');
	keepd.mustCtl('role allow team tablebrowser edit');
	keepd.mustCtl('role allow team package edit');
	keepd.mustCtl('role add readers "Read only"');
	keepd.mustCtl('role allow readers tabledefinition edit');
	keepd.mustCtl('role allow readers package edit');
	keepd.must('k_user member member-password-1 team');
	keepd.must('k_user reader reader-password-1 readers');
	const M = (await connect(base, 'member', 'member-password-1')).access;
	const Rd = (await connect(base, 'reader', 'reader-password-1')).access;
	const p = await call(base, A, 'save_package', { pkg: { name: unique('p'),
	    roles: [{ name: 'team', accessLevel: 'EDIT' },
	    { name: 'readers', accessLevel: 'READ' }] } });
	const t = await call(base, M, 'save_table', { table: { name: unique('t'),
	    fields: [F('a')], package: p.id } });
	// in, with EDIT
	await call(base, M, 'save_table', { table: { id: t.id,
	    description: 'x' } });
	// in, with READ
	const seen = await call(base, Rd, 'get_table', { id: t.id });
	eq(seen.name, t.name);
	has(await refusal(base, Rd, 'save_table', { table: { id: t.id,
	    description: 'y' } }), 'No edit access to artifact');
	has(await refusal(base, Rd, 'delete_table', { id: t.id }),
	    'No edit access to artifact');
	has(await refusal(base, Rd, 'save_package', { pkg: { id: p.id,
	    description: 'y' } }), 'No edit access');
	// out: as if it were not there
	const ghost = '22222222-2222-4222-8222-222222222222';
	for (const [n, mk] of [['get_table', (id) => ({ id })],
	    ['save_table', (id) => ({ table: { id, description: 'z' } })],
	    ['delete_table', (id) => ({ id })]])
		eq(await dno(n, mk(t.id)), await dno(n, mk(ghost)),
		    `${n} of a hidden and of no record`);
	for (const [n, mk] of [['get_package', (id) => ({ id })],
	    ['save_package', (id) => ({ pkg: { id, description: 'z' } })],
	    ['delete_package', (id) => ({ id })]])
		eq(await dno(n, mk(p.id)), await dno(n, mk(ghost)),
		    `${n} of a hidden and of no record`);
	ok(!(await d('list_tables', {})).tables.some((x) => x.id === t.id),
	    'listed to one who is out');
	ok(!(await d('list_packages', {})).packages.some((x) => x.id === p.id),
	    'package listed to one who is out');
	ok((await call(base, A, 'list_tables', {})).tables.some((x) =>
	    x.id === t.id), 'listed to a Global Admin');
	// nobody puts a record into a package he has no edit in
	const mine = await make([F('a')]);
	ok((await dno('save_table', { table: { id: mine.id, package: p.id } }))
	    .length > 5, 'moved in');
	has(await refusal(base, Rd, 'save_table', { table: { name: unique('t'),
	    fields: [F('a')], package: p.id } }), /No edit access/);
});
await test('list options filter, and an unknown key is an error', async () => {
	const t = await make([F('a')]);
	const l = await d('list_tables', { listOptions: { where: { name:
	    t.name } } });
	eq(l.tables.map((x) => x.id), [t.id]);
	const e = await dno('list_tables', { listOptions: { where: { zzz: 1 } } });
	has(e, 'zzz');
	const s = await d('list_tables', { listOptions: { where: { name: {
	    operation: 'Like', value: t.name.slice(0, -1) + '%' } }, take: 1,
	    select: ['name'] } });
	eq(s.tables.length, 1);
});
await test('every call and change left one audit record with its user',
    async () => {
	const name = unique('t');
	const t = await d('save_table', { table: { name, fields: [F('a')] } });
	await d('insert_entity_rows', { table: name, rows: [{ a: 'secretrow' }] });
	await refusal(base, V, 'delete_table', { id: t.id });
	let log = '';
	for (let i = 0; i < 50; i++) {
		log = keepd.mustCtl('audit tail -n 30');
		if (/viewer.*delete_table/.test(log))
			break;
		await new Promise((r) => setTimeout(r, 100));
	}
	const line = (re) => log.split('\n').filter((l) => re.test(l));
	eq(line(/save_table/).filter((l) => l.includes('designer') &&
	    (l.includes(name) || l.includes(t.id))).length, 1, `save in ${log}`);
	eq(line(/insert_entity_rows/).filter((l) => l.includes(name) ||
	    l.includes(t.id)).length, 1, 'insert');
	ok(line(/delete_table/).some((l) => l.includes('viewer')), 'refusal');
	hasNot(log, 'secretrow', 'audit');
});
done();
