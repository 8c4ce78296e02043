// SPDX-License-Identifier: ISC
// ddl.mjs: SIGKILL of toold in the middle of saves and changes of tables:
// nothing acknowledged is lost, nothing is half made, and what a table's
// record says is what the table is.  argv[2]: kills.
//
// A call without an answer is asked again with its requestId until one comes,
// as a client would; so each change happens once, and the model here knows
// what the store must hold.

import { spawnSync } from 'node:child_process';
import { test, done, ok, eq, has, http, mcpRequest, connect, call, instance,
    sleep, until, Fail } from '../regress/kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const KILLS = Number(process.argv[2] ?? 10);
const TABLES = 3, SCRIPTS = 3;
const t = (await connect(base, 'admin', process.env.K_PW_ADMIN)).access;
let stop = false, asked = 0, unanswered = 0, n = 0;

// Until it is known: the structured answer, or the text of a refusal.
async function sure(name, args) {
	const requestId = `r${++n}`;
	for (;;) {
		const q = mcpRequest('tools/call', { name, arguments: { ...args,
		    requestId } }, { token: t });
		asked++;
		let r = null;
		try {
			r = await http(base, 'POST', '/mcp', q.headers, q.body,
			    { timeout: 30000 });
		} catch {
		}
		if (r?.status === 200 && r.json.result)
			return r.json.result.isError ?
			    { error: r.json.result.content[0].text } :
			    r.json.result.structuredContent;
		if (r?.status === 401)
			throw new Fail('logged out');
		unanswered++;
		await sleep(20);
	}
}

// A table whose columns come, go, and change their names, and its rows.
const types = ['text', 'integer', 'boolean', 'decimal', 'varchar'];
async function designer(k) {
	let name = `ddl_${k}`;
	const first = await sure('save_table', { table: { name, fields: [
	    { fieldName: 'tag', fieldType: 'text', isUnique: true }] } });
	const m = { id: first.id, name, fields: first.fields, tags: new Set() };
	for (let i = 0; !stop; i++) {
		const what = i % 5;
		let fields = m.fields.map((f) => ({ ...f })), indices = [];
		if (what === 0)
			fields.push({ fieldName: `f${i}`, fieldType:
			    types[i % types.length] });
		else if (what === 1 && fields.length > 3)
			fields.splice(1, 1);
		else if (what === 2 && fields.length > 1)
			fields.at(-1).fieldName = `g${i}`;
		else if (what === 3)
			indices = [{ columns: [fields.at(-1).fieldName] }];
		if (what === 4) {
			const tag = `t${k}-${i}`;
			const r = await sure('insert_entity_rows', { table: m.name,
			    rows: [{ tag }] });
			if (r.error)
				throw new Fail(`insert: ${r.error}`);
			m.tags.add(tag);
			continue;
		}
		const r = await sure('save_table', { ignoreWarning: true, table:
		    { id: m.id, fields, indices } });
		if (r.error)
			throw new Fail(`save_table: ${r.error}`);
		m.fields = r.fields;
	}
	return m;
}
async function programmer(k) {
	const first = await sure('save_server_script', { name: `ddl ${k}`,
	    content: '0' });
	const m = { id: first.id, content: '0', revision: first.revision };
	for (let i = 1; !stop; i++) {
		const r = await sure('save_server_script', { id: m.id, content:
		    String(i), expectedRevision: m.revision });
		if (r.error)
			throw new Fail(`save_server_script: ${r.error}`);
		m.content = String(i);
		m.revision = r.revision;
	}
	return m;
}
// Tables that are made and dropped: none may stay without the other half.
async function comer() {
	let made = 0;
	for (let i = 0; !stop; i++) {
		const r = await sure('save_table', { table: { name: `come_${i}`,
		    fields: [{ fieldName: 'x', fieldType: 'text' }],
		    indices: [{ columns: ['x'] }] } });
		const d = await sure('delete_table', { id: r.id });
		if (r.error || d.error)
			throw new Fail(`come and go: ${r.error ?? d.error}`);
		made++;
	}
	return made;
}

const pid = () => keepd.must('k_role_pids toold').trim();
async function killer() {
	let last = '';
	for (let i = 0; i < KILLS; i++) {
		await until(() => pid() !== '' && pid() !== last, 'a new toold');
		last = pid();
		await until(async () => { try { await call(base, t, 'list_tables',
		    { listOptions: { take: 1 } }); return true; } catch {
		    return false; } }, 'service');
		await sleep(Math.random() * 120);
		keepd.sh(`kill -KILL ${last}`);
	}
	stop = true;
}

const work = [...Array.from({ length: TABLES }, (_, k) => designer(k)),
    ...Array.from({ length: SCRIPTS }, (_, k) => programmer(k)), comer()];
let all;
await test(`${KILLS} kills in the middle of saves and DDL`, async () => {
	const [, ...rest] = await Promise.all([killer(), ...work]);
	all = rest;
	ok(unanswered > 0, 'some calls were cut off by a kill');
	ok(all.at(-1) > 0, 'tables came and went');
});
const tables = all.slice(0, TABLES), scripts = all.slice(TABLES, -1);
await test('every acknowledged row is there, once', async () => {
	for (const m of tables) {
		const got = [];
		for (let skip = 0; ; skip += 1000) {
			const r = await call(base, t, 'query_entity_table', {
			    table: m.name, select: ['tag'], take: 1000, skip });
			got.push(...r.rows.map((x) => x.tag));
			if (r.rows.length < 1000)
				break;
		}
		eq(got.sort(), [...m.tags].sort(), `rows of ${m.name}`);
	}
});
await test('every record is as it was acknowledged last', async () => {
	for (const m of tables)
		eq((await call(base, t, 'get_table', { id: m.id })).fields
		    .map((f) => [f.id, f.fieldName]), m.fields.map((f) =>
		    [f.id, f.fieldName]), m.name);
	for (const m of scripts) {
		const s = await call(base, t, 'get_server_script', { id: m.id });
		eq([s.content, s.revision], [m.content, m.revision]);
	}
});
await test('no table is left of those that went', async () => {
	const r = await call(base, t, 'list_tables', { listOptions: { take:
	    1000 } });
	eq(r.total, TABLES);
});

keepd.must('k_stop');
const sql = (q) => spawnSync('sqlite3', ['-json',
    `${process.env.K_DIR}/state/tool/keepd.db`, q], { encoding: 'utf8',
    maxBuffer: 1 << 26 });
const rows = (q) => { const r = sql(q); if (r.status !== 0)
    throw new Fail(`${q}: ${r.stderr}`); return JSON.parse(r.stdout || '[]'); };
// The catalogue against the record and the real table, from the file.
function disagreement() {
	const tabs = rows('SELECT n, id FROM tab');
	const real = rows("SELECT name FROM sqlite_schema WHERE type = 'table'" +
	    " AND name GLOB 't_[0-9]*'").map((x) => x.name);
	if (real.sort().join() !== tabs.map((x) => `t_${x.n}`).sort().join())
		return `tables ${real} against ${JSON.stringify(tabs)}`;
	for (const { n: tab, id } of tabs) {
		const def = JSON.parse(rows('SELECT def FROM artifact WHERE type' +
		    ` = 2 AND id = '${id}'`)[0]?.def ?? 'null');
		if (!def)
			return `t_${tab} without a record`;
		const cols = rows(`SELECT n, field FROM col WHERE tab = ${tab}`);
		const have = rows(`SELECT name FROM pragma_table_info('t_${tab}')`)
		    .map((x) => x.name).filter((x) => /^c_/.test(x));
		if (cols.map((x) => `c_${x.n}`).sort().join() !==
		    have.sort().join())
			return `t_${tab}: columns ${have}`;
		if (cols.map((x) => x.field).sort().join() !==
		    def.fields.map((f) => f.id).sort().join())
			return `t_${tab}: fields of the record`;
		const idx = rows(`SELECT n FROM idx WHERE tab = ${tab}`)
		    .map((x) => `i_${x.n}`).sort().join();
		const made = rows("SELECT name FROM sqlite_schema WHERE type =" +
		    ` 'index' AND tbl_name = 't_${tab}' AND name GLOB 'i_*'`)
		    .map((x) => x.name).sort().join();
		if (idx !== made)
			return `t_${tab}: indices ${made} against ${idx}`;
	}
	const tally = rows('SELECT count(*) AS bad FROM (SELECT type, package,' +
	    ' count(*) AS c FROM artifact GROUP BY 1, 2) a LEFT JOIN tally t' +
	    ' USING (type, package) WHERE t.n IS NOT a.c')[0].bad;
	return tally === 0 ? null : `${tally} wrong counts`;
}
await test('the file is whole; records, catalogue and tables agree', () => {
	eq(sql('PRAGMA integrity_check').stdout.trim(),
	    '[{"integrity_check":"ok"}]');
	eq(disagreement(), null);
	eq(rows('PRAGMA foreign_key_check'), []);
});
await test('(the check finds a column too many)', () => {
	sql('ALTER TABLE t_1 ADD COLUMN c_999999 TEXT');
	has(disagreement() ?? 'nothing', 'columns');
});
console.log(`# ${asked} calls, ${unanswered} without an answer`);
done();
