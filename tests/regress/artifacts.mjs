// SPDX-License-Identifier: ISC
// artifacts.mjs: the tools beside tables, rows and packages, through the
// network: each success, each refusal to the letter, each right.

import { test, done, ok, eq, has, hasNot, connect, call, refusal, rpc,
    instance, ToolError } from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const A = (await connect(base, 'admin', process.env.K_PW_ADMIN)).access;
const D = (await connect(base, 'designer', process.env.K_PW_DESIGNER)).access;
const V = (await connect(base, 'viewer', process.env.K_PW_VIEWER)).access;

// ---- system logs ----

await test('list_system_logs: names of files by category', async () => {
	const l = await call(base, V, 'list_system_logs');
	eq(Object.keys(l), ['serverFiles', 'exceptionFiles', 'scriptFiles',
	    'requestFiles', 'vaultFiles']);
	has(l.serverFiles[0].name, /^\d{4}-\d\d-\d\d-keepd\.log$/);
	ok(l.serverFiles[0].size > 0, 'size');
	const none = await call(base, V, 'list_system_logs',
	    { type: 'server', dateTo: '2001-01-01' });
	eq(none.serverFiles, []);
});
await test('get_system_log: entries, filtered and paged', async () => {
	const name = (await call(base, V, 'list_system_logs',
	    { type: 'server' })).serverFiles[0].name;
	const get = (more) => call(base, V, 'get_system_log',
	    { type: 'server', name, ...more });
	const all = await get({});
	ok(all.total > 5 && all.count === Math.min(all.total, 100), 'total');
	ok(all.entries.some((e) => e.message === 'MCP server registered at /mcp'),
	    'the line of the manual');
	eq((await get({ start: 1, end: 3 })).entries, all.entries.slice(1, 3));
	const one = await get({ message: 'mcp SERVER registered' });
	eq([one.total, one.entries[0].level], [1, 'info']);
	eq((await get({ level: ['silly'] })).total, 0);
});
await test('get_system_log: refusals', async () => {
	const no = (args) => refusal(base, V, 'get_system_log', args);
	for (const name of ['../keepd.conf', '/etc/passwd', 'keepd.conf', '.',
	    '2026-01-01-keepd.log', '2026-01-01-keepd.log/../../keepd.conf'])
		eq(await no({ type: 'server', name }), 'Not Found');
	eq(await no({ type: 'vault', name: '2026-01-01-keepd.log' }),
	    'Not Found');
	has(await no({ type: 'audit', name: 'x' }), 'Input validation error');
	has(await no({ type: 'server' }), 'name');
	eq(await refusal(base, D, 'list_system_logs'),
	    'Access denied: no permission for system-logs');
	eq(await refusal(base, D, 'get_system_log', { type: 'server',
	    name: 'x' }), 'Access denied: no permission for system-logs');
});
await test('get_system_log: a link in the directory is not followed',
    async () => {
	keepd.must('ln -s "$K_DIR/keepd.conf" "$K_DIR/logs/2001-02-03-keepd.log"');
	eq(await refusal(base, A, 'get_system_log', { type: 'server',
	    name: '2001-02-03-keepd.log' }), 'Not Found');
	const l = await call(base, A, 'list_system_logs', { type: 'server' });
	eq(l.serverFiles.filter((f) => f.name.startsWith('2001')), []);
});
await test('get_system_log: no password and no token is in any file',
    async () => {
	const l = await call(base, A, 'list_system_logs');
	let text = '', n = 0;
	for (const [key, type] of [['serverFiles', 'server'], ['exceptionFiles',
	    'exceptions'], ['requestFiles', 'requests']])
		for (const f of l[key]) {
			text += JSON.stringify(await call(base, A,
			    'get_system_log', { type, name: f.name, end: 1000 }));
			n++;
		}
	ok(n > 1, 'files');
	has(text, 'MCP server registered', 'control');
	for (const secret of [A, D, V, process.env.K_PW_ADMIN])
		hasNot(text, secret);
});

// ---- who there is ----

// A role of the same name for each user here.
const login = async (name) => (await connect(base, name,
    `${name}-password-1`)).access;
const sh = [];
const role = (name, ...allow) => sh.push(`k_ctl role add ${name}`,
    ...allow.map((a) => `k_ctl role allow ${name} ${a}`),
    `k_user ${name} ${name}-password-1 ${name}`);
const PERMS = ['appdesigner', 'webapp', 'scripteditor', 'adaptivedesigner',
    'tabledefinition', 'tablebrowser', 'apidesigner', 'package', 'npmmodules',
    'system-logs', 'locks'];
const DESIGN = PERMS.filter((p) => p !== 'system-logs');
// Of the package: Edit, Read, out.  All three hold every design permission.
for (const n of ['ann', 'bob', 'eve'])
	role(n, ...DESIGN);
for (const p of PERMS) {
	role(`d-${p}`, `${p} display`);
	role(`e-${p}`, `${p} edit`);
}
keepd.must(sh.join(' && '));
const [ANN, BOB, EVE] = [await login('ann'), await login('bob'),
    await login('eve')];
const NONE = '12345678-1234-4234-8234-123456789012';
const OTHER = '11111111-1111-4111-8111-111111111111';
let seq = 0;
const unique = (s) => `${s}_${++seq}`;
const closed = (await call(base, A, 'save_package', { pkg: { name: 'closed',
    roles: [{ name: 'ann', accessLevel: 'EDIT' },
    { name: 'bob', accessLevel: 'READ' }] } })).id;

// ---- what each type is made of ----

const uuid = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const KINDS = [
	{ type: 'package', save: 'save_package', get: 'get_package',
	    list: 'list_packages', del: 'delete_package', arg: 'pkg',
	    plural: 'packages', perm: 'package', alone: true,
	    make: () => ({}) },
	{ type: 'table', save: 'save_table', get: 'get_table',
	    list: 'list_tables', del: 'delete_table', arg: 'table',
	    plural: 'tables', perm: 'tabledefinition',
	    make: () => ({ fields: [{ fieldName: 'a', fieldType: 'text' }] }) },
	{ type: 'app', save: 'save_app', get: 'get_app', list: 'list_apps',
	    del: 'delete_app', arg: 'app', plural: 'apps', perm: 'appdesigner',
	    make: (n) => ({ application: n, name: n }),
	    taken: (n) => `An application named "${n}" already exists` },
	{ type: 'webapp', save: 'save_webapp', get: 'get_webapp',
	    list: 'list_webapps', del: 'delete_webapp', arg: 'webapp',
	    plural: 'webapps', perm: 'webapp', make: (n) => ({ runtime: { name: n,
	    assets: [{ path: '/a.js', source: 'YQ==' }] } }) },
	{ type: 'script', save: 'save_server_script', get: 'get_server_script',
	    list: 'list_ungrouped_scripts', del: 'delete_server_script',
	    plural: 'scripts', perm: 'scripteditor',
	    make: () => ({ content: 'x' }) },
	{ type: 'project', save: 'create_script_project',
	    get: 'get_script_project', list: 'list_script_projects',
	    del: 'delete_script_project', plural: 'projects',
	    perm: 'scripteditor', noUpdate: true, make: () => ({}) },
	{ type: 'adaptive', save: 'save_adaptive', get: 'get_adaptive',
	    list: 'list_adaptive', del: 'delete_adaptive', arg: 'adaptive',
	    plural: 'adaptives', perm: 'adaptivedesigner', make: () => ({
	    type: 'C', connectorid: OTHER, settings: {} }) },
	{ type: 'api', save: 'save_api', get: 'get_api', list: 'list_apis',
	    del: 'delete_api', arg: 'api', plural: 'apis', perm: 'apidesigner',
	    make: () => ({ endpoint: 'https://example.org/' }),
	    record: (r) => r.api },
];
for (const k of KINDS) {
	k.args = (o, more = {}) => k.arg ? { [k.arg]: o, ...more } :
	    { ...o, ...more };
	k.create = (who, o = {}, more) => {
		const name = o.name ?? unique(k.type);
		return call(base, who, k.save, k.args({ name, ...k.make(name),
		    ...o }, more));
	};
	k.read = async (who, id) => (k.record ?? ((r) => r))(await call(base,
	    who, k.get, { id }));
	k.path = k.arg ? `${k.arg}.` : '';
}
const kind = (t) => KINDS.find((k) => k.type === t);
const fine = Symbol('no error');
// [tool, arguments, the whole text of the error]
async function errors(who, rows) {
	for (const [tool, args, text] of rows) {
		let got = fine;
		try {
			await call(base, who, tool, args);
		} catch (e) {
			if (!(e instanceof ToolError))
				throw e;
			got = e.message;
		}
		const what = `${tool} ${JSON.stringify(args).slice(0, 200)}`;
		if (text instanceof RegExp)
			has(String(got), text, what);
		else
			eq(got, text, what);
	}
}

// ---- roles and levels: every tool against every permission ----

const LEVEL = { display: 'd', edit: 'e' };
// tool: [permissions of which one will do, level]
const any = ['tabledefinition', 'appdesigner', 'webapp', 'scripteditor',
    'adaptivedesigner', 'apidesigner', 'package'];
const MATRIX = { list_revisions: [any, 'd'], get_revision: [any, 'd'],
    diff_revisions: [any, 'd'], restore_revision: [any, 'e'],
    list_locks: [['locks'], 'd'], acquire_lock: [['locks'], 'e'],
    release_lock: [['locks'], 'e'], delete_lock: [['locks'], 'e'],
    query_entity_table: [['tablebrowser'], 'd'],
    insert_entity_rows: [['tablebrowser'], 'e'],
    update_entity_rows: [['tablebrowser'], 'e'],
    delete_entity_rows: [['tablebrowser'], 'e'],
    get_webapp_asset: [['webapp'], 'd'], delete_webapp_asset: [['webapp'], 'e'],
    activate_app: [['appdesigner'], 'e'],
    save_server_script: [['scripteditor'], 'e'],
    run_server_script: [['scripteditor'], 'e'],
    list_system_logs: [['system-logs'], 'd'],
    get_system_log: [['system-logs'], 'd'] };
for (const k of KINDS) {
	MATRIX[k.list] = MATRIX[k.get] = [[k.perm], 'd'];
	MATRIX[k.save] = MATRIX[k.del] = [[k.perm], 'e'];
}
const listed = async (who) => (await rpc(base, who, 'tools/list', {})).json
    .result.tools.map((t) => t.name).sort();
await test('every tool has its row in this test', async () => {
	eq(await listed(A), Object.keys(MATRIX).sort());
});
for (const p of PERMS) {
	for (const level of ['display', 'edit']) {
		await test(`role ${p} at ${level}: sees and calls its tools, ` +
		    'is denied all others', async () => {
			const who = await login(`${LEVEL[level]}-${p}`);
			const may = ([perms, l]) => perms.includes(p) &&
			    (l === 'd' || level === 'edit');
			eq(await listed(who), Object.keys(MATRIX).filter((t) =>
			    may(MATRIX[t])).sort(), 'tools/list');
			for (const [tool, row] of Object.entries(MATRIX)) {
				// Wrong arguments: what is told first is the role.
				const r = await rpc(base, who, 'tools/call',
				    { name: tool, arguments: { 'zz': 1 } });
				const text = r.json.result.content[0].text;
				if (may(row))
					hasNot(text, 'Access denied', tool);
				else
					eq(text, 'Access denied: no permission ' +
					    `for ${row[0][0]}`, tool);
			}
		});
	}
}
await test('tools of any type: the permission of that type counts', async () => {
	const t = await kind('table').create(A);
	for (const [who, tool, args] of [['d-webapp', 'list_revisions', {}],
	    ['d-webapp', 'get_revision', { revision: 1 }],
	    ['d-webapp', 'diff_revisions', { from: 1 }],
	    ['e-webapp', 'restore_revision', { revision: 1 }],
	    ['e-locks', 'acquire_lock', {}]])
		eq(await refusal(base, await login(who), tool, { type: 'table',
		    id: t.id, ...args }),
		    'Access denied: no permission for tabledefinition', tool);
});

// ---- each type: the same rows for all ----

for (const k of KINDS) {
	const name = (what) => `${k.type}: ${what}`;
	const upd = (o, more) => [k.save, k.args(o, more)];
	await test(name('made, read, listed, changed, deleted'), async () => {
		const a = await k.create(ANN, { description: 'One' });
		has(a.id, /^[0-9a-f-]{36}$/);
		has(a.ver, /^\d\d\.\d\d\.\d\d\.\d{4}$/);
		eq([a.revision, a.createdBy, a.changedBy, a.description],
		    [1, 'ann', 'ann', 'One']);
		const g = await k.read(EVE, a.id.toUpperCase());
		eq([g.name, g.revision], [a.name, 1]);
		const opt = k.type === 'script' ? { take: 1000 } :
		    { where: { name: a.name } };
		const l = await call(base, EVE, k.list, { listOptions: opt });
		ok(l[k.plural].some((x) => x.id === a.id), 'listed');
		if (!k.noUpdate) {
			const u = await call(base, EVE, ...upd({ id: a.id,
			    description: 'Two' }));
			eq([u.revision, u.description, u.name, u.createdBy,
			    u.changedBy], [2, 'Two', a.name, 'ann', 'eve']);
			// What get returned is taken back as it is.
			const back = await k.read(ANN, a.id);
			for (const x of ['omitted', 'jsclass', 'apps', 'api',
			    'webapp', 'jsscript_group', 'reports', 'dictionary'])
				if (k.type === 'package')
					delete back[x];
			const s = await call(base, ANN, ...upd(back));
			eq(s.revision, 3);
			for (const key of Object.keys(back))
				if (!['ver', 'revision', 'updatedAt', 'changedBy']
				    .includes(key))
					eq(s[key], back[key], key);
		}
		const d = await call(base, EVE, k.del, { id: a.id });
		eq([d.id, d.deleted], [a.id, true]);
		eq(await refusal(base, ANN, k.get, { id: a.id }), 'Not Found');
	});
	await test(name('errors to the letter'), async () => {
		const a = await k.create(ANN);
		const need = k.make(unique('n'));
		const rows = [
		    [k.get, { id: NONE }, 'Not Found'],
		    [k.get, { id: 'none' }, 'Not Found'],
		    [k.del, { id: NONE }, 'Not Found'],
		    [...upd({ ...need, name: a.name, application: k.type ===
			'app' ? a.name : undefined, ...(need.runtime ? { runtime:
			{ name: a.name, assets: [] } } : {}) }),
			k.taken ? k.taken(a.name) :
			`name '${a.name}' already exists!`],
		    [...upd({ ...need, name: unique('n'), application: undefined,
			bogus: 1 }), /bogus is not a known property/],
		    [k.list, { listOptions: { bogus: 1 } },
			/bogus is not a known property/],
		    [k.list, { bogus: 1 }, /bogus is not a known property/],
		    [k.get, { id: a.id, bogus: 1 },
			/bogus is not a known property/],
		    [k.del, { id: a.id, bogus: 1 },
			/bogus is not a known property/],
		    [k.get, {}, /id/],
		    [k.get, { id: 5 }, /Input validation error/],
		];
		if (!k.noUpdate)
			rows.push([...upd({ id: NONE, description: 'x' }),
			    'Not Found'],
			[...upd({ id: a.id, description: 'x' },
			    { expectedRevision: 7 }), `${a.name} has revision 1, ` +
			    'not 7 as expectedRevision says: it was changed by ' +
			    'ann; read it again']);
		rows.push([k.del, { id: a.id, expectedRevision: 7 },
		    `${a.name} has revision 1, not 7 as expectedRevision ` +
		    'says: it was changed by ann; read it again']);
		if (!k.alone)
			rows.push([...upd({ ...k.make(unique('n')), name:
			    undefined, ...(k.type === 'app' ? { application:
			    unique('n') } : { name: unique('n') }), ...(k.type ===
			    'webapp' ? { runtime: { assets: [] } } : {}),
			    package: NONE }), 'No access to artifact']);
		await errors(ANN, rows);
		eq((await k.read(ANN, a.id)).revision, 1, 'unchanged');
	});
	await test(name('Read of a package reads, Edit edits'), async () => {
		const a = k.alone ? { id: closed, name: 'closed' } :
		    await k.create(ANN, { package: closed });
		const rev = (await k.read(BOB, a.id)).revision;
		const rows = [[k.del, { id: a.id }, 'No edit access to artifact'],
		    ['acquire_lock', { type: k.type, id: a.id },
			'No edit access to artifact']];
		if (!k.noUpdate)
			rows.push([...upd({ id: a.id, description: 'x' }),
			    'No edit access to artifact']);
		if (!k.alone)
			rows.push(['restore_revision', { type: k.type, id: a.id,
			    revision: 1 }, 'No edit access to artifact'],
			    [...upd({ ...k.make(unique('n')), name: undefined,
			    ...(k.type === 'app' ? { application: unique('n') } :
			    { name: unique('n') }), ...(k.type === 'webapp' ?
			    { runtime: { assets: [] } } : {}), package: closed }),
			    'No edit access to artifact']);
		await errors(BOB, rows);
		await call(base, BOB, 'list_revisions', { type: k.type,
		    id: a.id });
		eq((await k.read(ANN, a.id)).revision, rev, 'unchanged');
		if (!k.noUpdate)
			eq((await call(base, ANN, ...upd({ id: a.id,
			    description: 'y' }))).revision, rev + 1);
	});
	await test(name('hidden is as missing, byte for byte'), async () => {
		const a = k.alone ? { id: closed } :
		    await k.create(ANN, { package: closed });
		const whole = async (tool, args) => {
			const r = await rpc(base, EVE, 'tools/call',
			    { name: tool, arguments: args }, { id: 7 });
			return [r.status, r.headers.filter(([n]) => n.toLowerCase()
			    !== 'date'), r.text];
		};
		const tools = [[k.get, (id) => ({ id })],
		    [k.del, (id) => ({ id })],
		    [k.del, (id) => ({ id, expectedRevision: 1 })],
		    ['acquire_lock', (id) => ({ type: k.type, id })],
		    ['release_lock', (id) => ({ type: k.type, id })],
		    ['release_lock', (id) => ({ id })],
		    ['list_revisions', (id) => ({ type: k.type, id })],
		    ['get_revision', (id) => ({ type: k.type, id, revision: 1 })],
		    ['diff_revisions', (id) => ({ type: k.type, id, from: 1 })],
		    ['restore_revision', (id) => ({ type: k.type, id,
			revision: 1 })]];
		if (!k.noUpdate)
			tools.push([k.save, (id) => k.args({ id,
			    description: 'x' })], [k.save, (id) => k.args({ id,
			    description: 'x' }, { dryRun: true })]);
		if (!k.alone) {
			const n = unique('n');
			tools.push([k.save, (id) => k.args({ ...k.make(n), name: n,
			    package: id === NONE ? NONE : closed })]);
		}
		if (k.type === 'webapp')
			for (const t of ['get_webapp_asset', 'delete_webapp_asset'])
				tools.push([t, (id) => ({ id, path: '/a.js' })]);
		if (k.type === 'app')
			tools.push(['activate_app', (id) => ({ id })]);
		if (k.type === 'script')
			tools.push(['run_server_script', (id) => ({ id })]);
		if (k.type === 'adaptive')
			tools.push([k.get, (id) => ({ name: id === NONE ?
			    'nosuchname' : a.name })]);
		for (const [tool, args] of tools)
			eq(await whole(tool, args(a.id)), await whole(tool,
			    args(NONE)), tool);
		const count = async (who) => (await call(base, who, k.list)).total;
		const l = JSON.stringify(await call(base, EVE, k.list,
		    { listOptions: { take: 1000 } }));
		hasNot(l, a.id);
		ok(await count(EVE) < await count(BOB), 'total');
		await k.read(BOB, a.id);	// the control
	});
	await test(name('locks: the holder works on, others wait'), async () => {
		const a = await k.create(ANN);
		const l = await call(base, ANN, 'acquire_lock', { type: k.type,
		    id: a.id });
		eq([l.name, l.user, l.own, l.locked], [a.name, 'ann', true, true]);
		const text = `${a.name} is locked by ann since ${l.since}`;
		const rows = [[k.del, { id: a.id }, text],
		    ['acquire_lock', { type: k.type, id: a.id }, text],
		    ['release_lock', { id: a.id }, text],
		    ['delete_lock', { id: a.id }, 'Only Global Admins can delete ' +
			'locks; release_lock gives back your own']];
		if (!k.noUpdate)
			rows.push([...upd({ id: a.id, description: 'x' }), text]);
		if (k.type === 'app')
			rows.push(['activate_app', { id: a.id }, text]);
		if (k.type === 'webapp')
			rows.push(['delete_webapp_asset', { id: a.id,
			    path: '/a.js' }, text]);
		await errors(EVE, rows);
		ok((await call(base, EVE, 'list_locks')).locks.some((x) =>
		    x.id === a.id && x.user === 'ann' && !x.own), 'listed');
		if (!k.noUpdate)
			await call(base, ANN, ...upd({ id: a.id,
			    description: 'mine' }));
		eq((await call(base, A, 'delete_lock', { id: a.id })).locked,
		    false);
		await errors(ANN, [['release_lock', { type: k.type, id: a.id },
		    `${a.name} is not locked`]]);
		await call(base, EVE, k.del, { id: a.id });
	});
	await test(name('a dry run is what happens, and changes nothing'),
	    async () => {
		const plain = (r) => {
			const { dryRun, ...o } = r;
			for (const x of ['createdAt', 'updatedAt', 'ver'])
				delete o[x];
			return o;
		};
		const twice = async (tool, args, fresh) => {
			const before = JSON.stringify(await call(base, ANN, k.list,
			    { listOptions: { take: 1000 } }));
			const dry = await call(base, ANN, tool, { ...args,
			    dryRun: true });
			eq(dry.dryRun, true);
			eq(JSON.stringify(await call(base, ANN, k.list,
			    { listOptions: { take: 1000 } })), before, 'list');
			const real = await call(base, ANN, tool, args);
			// What no two calls have in common: ids made, times.
			const text = (r) => JSON.stringify(plain(r))
			    .replace(/"20\d\d-[-0-9T:.]+Z"/g, '"TIME"')
			    .replace(/"id":"[0-9a-f-]{36}"/g, (m) => fresh ?
			    '"id":"ID"' : m);
			eq(text(real), text(dry), tool);
			eq('dryRun' in real, false);
			return real;
		};
		const n = unique(k.type);
		const a = await twice(k.save, k.args({ ...k.make(n), name: n }),
		    true);
		if (!k.noUpdate)
			await twice(...upd({ id: a.id, description: 'x' }));
		if (k.type === 'app')
			await twice('activate_app', { id: a.id });
		if (k.type === 'webapp')
			await twice('delete_webapp_asset', { id: a.id,
			    path: '/a.js' });
		if (!k.noUpdate)
			await twice('restore_revision', { type: k.type, id: a.id,
			    revision: 1 });
		await twice('acquire_lock', { type: k.type, id: a.id });
		await twice('release_lock', { type: k.type, id: a.id });
		await twice(k.del, { id: a.id });
	});
	if (k.noUpdate)
		continue;
	await test(name('two users at once: one save wins, none is lost'),
	    async () => {
		const a = await k.create(ANN);
		const save = (who, description) => call(base, who, ...upd({
		    id: a.id, description, revision: k.arg ? 1 : undefined },
		    k.arg ? {} : { expectedRevision: 1 })).then((r) => r,
		    (e) => e.message);
		const r = await Promise.all([save(ANN, 'ann'), save(EVE, 'eve')]);
		const won = r.filter((x) => typeof x === 'object');
		const lost = r.filter((x) => typeof x === 'string');
		eq([won.length, lost.length], [1, 1]);
		eq(lost[0], `${a.name} has revision 2, not 1 as ` +
		    'expectedRevision says: it was changed by ' +
		    `${won[0].changedBy}; read it again`);
		eq((await k.read(ANN, a.id)).description, won[0].description);
		// Without a revision both count, one after the other.
		const [x, y] = await Promise.all([call(base, ANN, ...upd({
		    id: a.id, description: 'p' })), call(base, EVE, ...upd({
		    id: a.id, description: 'q' }))]);
		eq([x.revision, y.revision].sort(), [3, 4]);
		const l = await call(base, ANN, 'list_revisions',
		    { type: k.type, id: a.id });
		eq(l.revisions.map((v) => v.revision), [4, 3, 2, 1]);
		const diff = await call(base, ANN, 'diff_revisions',
		    { type: k.type, id: a.id, from: 1, to: 2 });
		eq(diff.changes.map((c) => [c.path, c.to]), [['/description',
		    won[0].description]]);
		eq((await call(base, ANN, 'restore_revision', { type: k.type,
		    id: a.id, revision: 2 })).description, won[0].description);
	});
}
done();
