// SPDX-License-Identifier: ISC
// artifacts.mjs: the tools beside tables, rows and packages, through the
// network: each success, each refusal to the letter, each right.

import { test, done, ok, eq, has, hasNot, connect, call, refusal, rpc, http,
    mcpRequest, instance, ToolError } from './kit.mjs';

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
// Permissions and their keys in role artifacts, where _D and _E follow.
const ACL = { appdesigner: 'developmentappdesigner', webapp: 'runwebapp',
    scripteditor: 'toolsscripteditor',
    adaptivedesigner: 'developmentadaptivedesigner',
    tabledefinition: 'toolsdbdefinition', tablebrowser: 'toolsdbbrowser',
    apidesigner: 'connectivityapidesigner', package: 'developmentpackage',
    npmmodules: 'toolsnpmmodules', 'system-logs': 'monitorsystemlogs',
    locks: 'monitorlocking' };
const PERMS = Object.keys(ACL);
const DESIGN = PERMS.filter((p) => p !== 'system-logs');
// Of the package: Edit, Read, out.  All three hold every design permission.
for (const n of ['ann', 'bob', 'eve'])
	role(n, ...DESIGN);
for (const p of PERMS) {
	role(`d-${p}`, `${ACL[p]}_D`);
	role(`e-${p}`, `${ACL[p]}_E`);
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
// [tool, arguments, the whole text of the error]; "!": as all errors of
// arguments begin.
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
			eq(got, typeof text === 'string' && text[0] === '!' ?
			    'Input validation error: Invalid arguments for tool ' +
			    `${tool}: ${text.slice(1)}` : text, what);
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
await test('the whole list of tools is what a client can take', async () => {
	const n = (await rpc(base, A, 'tools/list', {})).text.length;
	ok(n < 23500 * 4, `${n} bytes, at 4 a token under 23,500 tokens,`);
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
await test('role entries: _D and _E, two names for the logs, taken away',
    async () => {
	const who = await login('e-webapp');
	const tools = async () => (await listed(who)).filter((t) =>
	    t.includes('webapp') || t.includes('system_log'));
	const all = ['delete_webapp', 'delete_webapp_asset', 'get_webapp',
	    'get_webapp_asset', 'list_webapps', 'save_webapp'];
	const see = ['get_webapp', 'get_webapp_asset', 'list_webapps'];
	const logs = ['get_system_log', 'list_system_logs'];
	eq(await tools(), all);
	keepd.mustCtl('role deny e-webapp runwebapp_E');
	eq(await tools(), see);
	keepd.mustCtl('role allow e-webapp syslog display');
	eq(await tools(), [...see, ...logs].sort());
	keepd.mustCtl('role deny e-webapp system-logs');
	keepd.mustCtl('role deny e-webapp webapp');
	eq(await listed(who), []);
	// Edit implies Display.
	keepd.mustCtl('role allow e-webapp runwebapp_E');
	eq(await tools(), all);
});
await test('two roles add up; Global Admin is no permission', async () => {
	keepd.must('k_ctl role add -g global && k_user gina gina-password-1 ' +
	    'global && k_ctl role grant d-package gina');
	const g = await login('gina');
	eq(await listed(g), ['diff_revisions', 'get_package', 'get_revision',
	    'list_packages', 'list_revisions']);
	eq((await call(base, g, 'get_package', { id: closed })).name, 'closed');
	eq(await refusal(base, g, 'save_package', { pkg: { id: closed } }),
	    'Access denied: no permission for package');
	keepd.mustCtl('role grant e-package gina');
	ok((await listed(g)).includes('save_package'), 'added up');
});
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
		const opt = { where: { name: a.name } };
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

// ---- each group's own rules ----

const table = (o) => kind('table').create(ANN, o);
const script = (o) => kind('script').create(ANN, o);
const api = (o) => kind('api').create(ANN, o);
const webapp = (o) => kind('webapp').create(ANN, o);
const app = (o) => kind('app').create(ANN, o);
const adaptive = (o) => kind('adaptive').create(ANN, o);
const project = (o) => kind('project').create(ANN, o);
const ann = (tool, args) => call(base, ANN, tool, args);

await test('app: errors to the letter', async () => {
	const a = await app();
	const gone = await app();
	await ann('delete_app', { id: gone.id });
	const save = (o) => ['save_app', { app: { id: a.id, ...o } }];
	const css = await app({ css: 'a { b: c' });
	const uses = await app({ objects: [{ fieldNo: 1,
	    customComponent: 'nosuch' }] });
	await errors(ANN, [
	    ['save_app', { app: {} }, 'save_app requires an "application" ' +
		'field for new apps'],
	    ['save_app', { app: { application: 'Shop' } },
		"!app.application must be lower case: use 'shop'"],
	    ['save_app', { app: { application: 'a-b' } },
		'!app.application must be 1 to 64 of a to z, 0 to 9 and _'],
	    ['save_app', { app: { application: a.name } },
		`An application named "${a.name}" already exists`],
	    ['save_app', { app: { application: gone.name } },
		`An application named "${gone.name}" already exists ` +
		'(soft-deleted)'],
	    [...save({ appType: 'X' }), '!app.appType must be A (application), ' +
		'C (building block), L (launchpad), F (adaptive) or E (custom ' +
		'component)'],
	    [...save({ appType: null }), /app\/appType|app\.appType/],
	    [...save({ status: 'Active' }), '!app.status is set by the server ' +
		'and is not what is stored now: leave it out'],
	    [...save({ objects: [{ fieldNo: 1, fieldParent: 2 }] }),
		'!app.objects.0.fieldParent is no fieldNo of objects'],
	    [...save({ objects: [{ fieldNo: 1, fieldParent: 1 }] }),
		'!app.objects.0.fieldParent leads back to the object itself'],
	    [...save({ objects: [{ fieldNo: 1 }, { fieldNo: '1' }] }),
		'!app.objects.1.fieldNo is there for the second time'],
	    [...save({ apis: [{ parent: NONE }] }),
		'!app.apis.0.parent names no API'],
	    ['get_app', { id: a.id, runtime: true }, `${a.name} was never ` +
		'activated: it has no run-time version'],
	    ['get_app', { id: a.id, select: ['zzz'] },
		"!select.0 'zzz' is not a member of this record"],
	    ['activate_app', { id: NONE }, 'Not Found'],
	    ['activate_app', { id: css.id }, 'sass_compilation_error: css ' +
		'line 1: a { without a }'],
	    ['activate_app', { id: uses.id },
		'missing_custom_component: nosuch'],
	    ['list_apps', { deleted: true, listOptions: {} },
		'!listOptions cannot be combined with deleted']]);
	eq(await refusal(base, EVE, 'activate_app', { id: a.id }),
	    `multi_dev_conflict: ${a.name} was last changed by ann at ` +
	    `${a.updatedAt}: look at it, then activate with ` +
	    'expectedRevision 1');
	await call(base, EVE, 'activate_app', { id: a.id,
	    expectedRevision: 1 });
});
await test('app: design time and run time apart, trash and back',
    async () => {
	const a = await app({ title: 'first' });
	eq([a.appType, a.status], ['A', null]);
	const act = await ann('activate_app', { id: a.id });
	eq([act.id, act.application, act.status, act.revision],
	    [a.id, a.name, 'activated', 2]);
	eq((await ann('get_app', { id: a.id })).status, 'Active');
	const u = await ann('save_app', { app: { id: a.id, title: 'second' } });
	eq(u.status, 'Inactive (Revised)');
	eq((await ann('get_app', { id: a.id, runtime: true })).title, 'first');
	const where = { name: a.name, status: 'Inactive (Revised)', type: 'A' };
	eq((await ann('list_apps', { listOptions: { where } })).total, 1);
	eq((await ann('list_apps', { listOptions: { where: { ...where,
	    type: 'E' } } })).total, 0);
	await ann('delete_app', { id: a.id });
	const t = (await ann('list_apps', { deleted: true })).apps.find((x) =>
	    x.id === a.id);
	eq([t.name, t.revision], [a.name, 3]);
	const b = await ann('restore_revision', { type: 'app', id: a.id,
	    revision: 1 });
	eq([b.revision, b.title, b.createdBy], [4, 'first', 'ann']);
	await ann('delete_app', { id: a.id, purge: true });
	eq(await refusal(base, ANN, 'restore_revision', { type: 'app',
	    id: a.id, revision: 1 }), 'Not Found');
	await ann('save_app', { app: { application: a.name } });
});
await test('web app: errors to the letter', async () => {
	const w = await webapp();
	const file = (assets, o = {}) => ['save_webapp', { webapp: { id: w.id,
	    runtime: { assets } }, ...o }];
	await errors(ANN, [
	    ['save_webapp', { webapp: { name: 'x' } },
		'WebApp must have a runtime'],
	    ['save_webapp', { webapp: { name: 'a b', runtime: {} } },
		'WebApp names can only contain letters, numbers, hyphens (-), ' +
		'and underscores (_).'],
	    ['save_webapp', { webapp: { id: w.id, type: 'angular' } },
		'!webapp.type must be react or vue'],
	    ['save_webapp', { webapp: { id: w.id, runtime: { name: 'other' } } },
		`!webapp.runtime.name must be the name of the web app, ` +
		`'${w.name}': it would be served under another name`],
	    ['save_webapp', { webapp: { id: w.id, runtime: { id: NONE } } },
		'!webapp.runtime.id is not the id of this web app'],
	    [...file([]), "!webapp.runtime.assets leaves out '/a.js', which is " +
		'there: say assetMode replace to remove what is not listed, or ' +
		'merge to keep it'],
	    [...file([{ path: '/b', source: 'a' }], { assetMode: 'merge' }),
		'!webapp.runtime.assets.0.source is not base64 (RFC 4648 ' +
		'section 4, with padding, without line breaks)'],
	    [...file([{ path: '/b' }], { assetMode: 'merge' }),
		'!webapp.runtime.assets.0.source Required: there is no such ' +
		'file yet'],
	    [...file([{ path: '/a.js' }, { path: '/a.js' }]),
		'!webapp.runtime.assets.1.path is there for the second time'],
	    ['save_webapp', { webapp: { id: w.id, apis: [{ parent: NONE }] } },
		'!webapp.apis.0.parent names no API'],
	    ['save_webapp', { webapp: { id: w.id, roles: ['nobody'] } },
		'!webapp.roles.0 names no role of this server: give the id or ' +
		'name of an existing role'],
	    ['get_webapp_asset', { id: w.id, path: '/no' },
		"Not Found: asset '/no'"],
	    ['get_webapp_asset', { id: NONE, path: '/a.js' }, 'Not Found'],
	    ['delete_webapp_asset', { id: w.id, path: '/no' },
		"Not Found: asset '/no'"],
	    ['delete_webapp_asset', { id: w.id, path: '/a.js',
		expectedRevision: 3 }, /has revision 1, not 3/]]);
});
await test('scripts and projects: errors to the letter', async () => {
	const p = await project();
	const s = await script({ projectId: p.id });
	const save = (o) => ['save_server_script', { id: s.id, ...o }];
	await errors(ANN, [
	    ['save_server_script', { content: 'x' }, '!name Required'],
	    ['save_server_script', { name: unique('s') }, '!content Required'],
	    [...save({ language: 'cobol' }),
		'!language must be javascript or typescript'],
	    [...save({ projectId: NONE }),
		'!jsscriptGroup names no script project'],
	    [...save({ projectId: p.id, jsscriptGroup: NONE }), '!projectId is ' +
		'another than jsscriptGroup: they are one, give one of them'],
	    [...save({ entitySets: [{ name: 'no_table' }] }),
		'!entitySets.0.name names no table'],
	    [...save({ apis: [{ id: NONE, parent: NONE }] }),
		'!apis.0.parent names no API'],
	    [...save({ globalScripts: [{ id: NONE }] }),
		'!globalScripts.0.id names no server script'],
	    [...save({ useAsGlobalScript: true }), '!useAsGlobalScript is set ' +
		'by the server and is not what is stored now: leave it out'],
	    ['delete_server_script', { id: s.id, projectId: NONE },
		'!projectId is not the project of this script'],
	    ['delete_script_project', { id: p.id }, `Script project ` +
		`'${p.name}' has 1 scripts: move or delete them first, or ` +
		'pass ungroupScripts true to keep them without a project'],
	    ['run_server_script', { id: s.id }, 'Scripts are not enabled on ' +
		'this server: they can be kept and changed, not run'],
	    ['run_server_script', { id: NONE }, 'Not Found']]);
	await call(base, EVE, 'acquire_lock', { type: 'project', id: p.id });
	has(await refusal(base, ANN, ...save({ content: 'y' })),
	    `${p.name} is locked by eve since `);
	await call(base, EVE, 'release_lock', { id: p.id });
	const before = (await ann('get_script_project', { id: p.id })).revision;
	await ann(...save({ content: 'y' }));
	const g = await ann('get_script_project', { id: p.id });
	eq([g.revision, g.scripts.map((x) => x.id)], [before + 1, [s.id]]);
	eq((await ann('delete_script_project', { id: p.id,
	    ungroupScripts: true })).ungroupedScripts, 1);
	eq((await ann('get_server_script', { id: s.id })).jsscriptGroup, null);
});
await test('adaptive: errors to the letter', async () => {
	const a = await adaptive();
	const save = (o) => ['save_adaptive', { adaptive: { name: unique('a'),
	    settings: {}, ...o } }];
	await errors(ANN, [
	    ['get_adaptive', {}, 'Either id or name is required'],
	    ['get_adaptive', { id: a.id, name: 'another' }, 'Not Found'],
	    ['get_adaptive', { name: 'another' }, 'Not Found'],
	    ['save_adaptive', { adaptive: { type: 'C', settings: {} } },
		'!adaptive.name Required'],
	    [...save({}), '!adaptive.type Required'],
	    [...save({ type: 'C', settings: undefined, connectorid: OTHER }),
		'!adaptive.settings Required'],
	    [...save({ type: 'X' }),
		'!adaptive.type must be T (table), S (script) or C (connector)'],
	    [...save({ type: 'T' }), '!adaptive.tableid Required for type T'],
	    [...save({ type: 'S' }), '!adaptive.scriptSel Required for type S'],
	    [...save({ type: 'C' }),
		'!adaptive.connectorid Required for type C'],
	    [...save({ type: 'T', tableid: NONE }),
		'!adaptive.tableid names no table'],
	    [...save({ type: 'C', connectorid: OTHER, tableid: NONE }),
		'!adaptive.tableid is only for type T: set it to null'],
	    ['save_adaptive', { adaptive: { id: a.id, settings: { fieldsSel:
		[{ name: 'a' }, { name: 'a' }] } } },
		'!adaptive.settings.fieldsSel.1.name is there for the second ' +
		'time']]);
	eq((await ann('get_adaptive', { name: a.name.toUpperCase() })).id, a.id);
});
await test('API: errors to the letter', async () => {
	const name = unique('Two Words');
	const slug = name.toLowerCase().replace(/ /g, '');
	const save = (o) => ['save_api', { api: { name, ...o } }];
	const a = await api();
	const path = (o) => ['save_api', { api: { id: a.id, paths:
	    [{ id: uuid(1), path: '/x', method: 'GET', ...o }] } }];
	await errors(ANN, [
	    [...save({}), '!api.endpoint Required'],
	    ['save_api', { api: { endpoint: 'https://a/' } },
		'!api.name Required'],
	    [...save({ apiType: 'script', endpoint: '/x' }), '!api.endpoint ' +
		`must be '/api/serverscript/${slug}' for a script API of this ` +
		'name'],
	    [...save({ apiType: 'script', isPublic: true, endpoint: '/x' }),
		`!api.endpoint must be '/public/serverscript/${slug}' for a ` +
		'script API of this name'],
	    [...save({ apiType: 'table', endpoint: '/x' }),
		"!api.endpoint must be '/api/entity' for a table API"],
	    [...save({ endpoint: '/x' }), '!api.endpoint must be an absolute ' +
		'http or https URL for an external API'],
	    [...save({ endpoint: 'https://a/', apiType: 'soap' }), '!api.' +
		'apiType must be script, table, or empty for an external API'],
	    ['save_api', { api: { id: a.id, apiType: 'table', endpoint:
		'/api/entity' } },
		'!api.apiType cannot change once the API is there'],
	    [...save({ endpoint: 'https://a/', apiFormat: 2 }),
		'!api.apiFormat must be 0 (Swagger 2) or 1 (OpenAPI 3)'],
	    ['save_api', { api: { name: 'x'.repeat(65), endpoint:
		'https://a/' } }, /api.name/],
	    [...path({ id: undefined }), /api.paths.0.id/],
	    [...path({ id: 'x' }), '!api.paths.0.id Invalid uuid'],
	    [...path({ method: 'FETCH' }), /paths.0.method/],
	    [...path({ path: '/{id}' }), '!api.paths.0.path has braces: path ' +
		'parameters are written (id), not {id}'],
	    [...path({ serverScript: NONE }),
		'!api.paths.0.serverScript names no server script'],
	    ['save_api', { api: { id: a.id, definitions: [{ id: uuid(1),
		name: 'D', properties: [{ id: uuid(2) }] }] } },
		/definitions.0.properties.0.name/]]);
	const d = await ann('delete_api', { id: a.id });
	eq(d.message, `API '${a.id}' deleted`);
	await ann(...save({ apiType: 'script', endpoint:
	    `/api/serverscript/${slug}` }));
});
await test('locks and revisions: errors to the letter', async () => {
	const t = await table();
	const R = (o) => ({ type: 'table', id: t.id, ...o });
	await errors(ANN, [
	    ['release_lock', R(), `${t.name} is not locked`],
	    ['release_lock', { id: t.id }, 'Not Found'],
	    ['acquire_lock', { type: 'table', id: NONE }, 'Not Found'],
	    ['acquire_lock', { type: 'zebra', id: t.id },
		/Input validation error/],
	    ['get_revision', R({ revision: 2 }), 'Not Found: revision 2'],
	    ['diff_revisions', R({ from: 2 }), 'Not Found: revision 2'],
	    ['restore_revision', R({ revision: 1 }),
		`${t.name} has revision 1 already`],
	    ['restore_revision', R({ revision: 3 }), 'Not Found: revision 3'],
	    ['list_revisions', { type: 'table', id: NONE }, 'Not Found']]);
	await errors(A, [['delete_lock', { id: NONE }, 'Not Found']]);
});

// ---- packages and accounts ----

await test('package roles: who may change them, and who may open one',
    async () => {
	const save = (who, o, more = {}) => call(base, who, 'save_package',
	    { pkg: o, ...more });
	const roles = (...r) => r.map(([name, accessLevel]) =>
	    ({ name, accessLevel }));
	const p = await save(ANN, { name: unique('p'), roles:
	    roles(['ann', 'EDIT'], ['bob', 'READ']) });
	// Edit under the old roles counts, not under the new.
	eq(await refusal(base, BOB, 'save_package', { pkg: { id: p.id, roles:
	    roles(['bob', 'EDIT']) } }), 'No edit access to artifact');
	eq(await refusal(base, EVE, 'save_package', { pkg: { id: p.id, roles:
	    roles(['eve', 'EDIT']) } }), 'Not Found');
	eq(await refusal(base, ANN, 'save_package', { pkg: { id: p.id,
	    roles: [] } }), 'Only Global Admins can remove the last role of ' +
	    'a package: it would be open to everybody');
	const x = await app({ package: p.id });
	eq(await refusal(base, ANN, 'delete_package', { id: p.id }), 'Only ' +
	    'Global Admins can delete a package with roles while it has ' +
	    'members: they would be open to everybody');
	// A restored revision takes the same way.
	const open = await save(A, { name: unique('p') });
	await save(A, { id: open.id, roles: roles(['ann', 'EDIT']) });
	eq(await refusal(base, ANN, 'restore_revision', { type: 'package',
	    id: open.id, revision: 1 }), 'Only Global Admins can remove the ' +
	    'last role of a package: it would be open to everybody');
	// One may give the package away, and is out from then on.
	await save(ANN, { id: p.id, roles: roles(['bob', 'EDIT']) });
	eq(await refusal(base, ANN, 'get_package', { id: p.id }), 'Not Found');
	eq(await refusal(base, ANN, 'get_app', { id: x.id }), 'Not Found');
	await call(base, BOB, 'save_app', { app: { id: x.id, title: 'b' } });
	await save(A, { id: p.id, roles: [] });
	await call(base, EVE, 'save_app', { app: { id: x.id, title: 'e' } });
});
await test('system, template and read-only packages', async () => {
	const pkg = (o) => call(base, A, 'save_package', { pkg: { name:
	    unique('p'), ...o } });
	const put = (id) => ['save_app', { app: { application: unique('a'),
	    package: id } }];
	const sys = await pkg({ isSystem: true });
	const tem = await pkg({ isTemplate: true });
	const ro = await pkg({});
	const inside = await app({ package: ro.id });
	await call(base, A, 'save_package', { pkg: { id: ro.id,
	    internalReadOnly: true } });
	const flag = 'Only Global Admins can set isSystem or isTemplate';
	await errors(ANN, [
	    ['save_package', { pkg: { name: unique('p'), isSystem: true } },
		flag],
	    ['save_package', { pkg: { id: tem.id, isTemplate: false } }, flag],
	    ['save_package', { pkg: { id: sys.id, description: 'x' } },
		'No edit access to artifact'],
	    ['delete_package', { id: sys.id }, 'No edit access to artifact'],
	    [...put(sys.id), 'Cannot assign artifact to system package'],
	    [...put(tem.id), 'Only Global Admins can assign artifacts to ' +
		'template packages'],
	    [...put(ro.id), 'No edit access to artifact'],
	    ['save_app', { app: { id: inside.id, title: 'x' } },
		'No edit access to artifact'],
	    ['delete_app', { id: inside.id }, 'No edit access to artifact'],
	    ['delete_package', { id: ro.id }, `Package '${ro.name}' is ` +
		'internalReadOnly and has members: clear internalReadOnly ' +
		'first']]);
	await errors(A, [
	    [...put(sys.id), 'Cannot assign artifact to system package'],
	    [...put(tem.id), fine],
	    ['save_app', { app: { id: inside.id, title: 'x' } },
		'No edit access to artifact']]);
});
await test('default package: taken on create, and only if it can be',
    async () => {
	const mine = await call(base, A, 'save_package', { pkg: { name:
	    unique('p'), roles: [{ name: 'eve', accessLevel: 'EDIT' }] } });
	const set = (id) => keepd.mustCtl(`user package eve ${id}`);
	set(mine.id);
	const a = await kind('app').create(EVE);
	eq(a.package, mine.id);
	eq((await kind('app').create(EVE, { package: null })).package, null);
	// An update stays where it is.
	eq((await call(base, EVE, 'save_app', { app: { id: a.id, title: 't',
	    package: null } })).package, null);
	eq((await call(base, EVE, 'save_app', { app: { id: a.id,
	    title: 'u' } })).package, null);
	set(closed);
	eq(await refusal(base, EVE, 'save_app', { app: { application:
	    unique('a') } }), 'Your default package cannot be used: ' +
	    'No access to artifact');
	set('');
	eq((await kind('app').create(EVE)).package, null);
});
await test('a hidden artifact gives away one bit: its name, its use',
    async () => {
	const t = await table({ package: closed });
	const a = await app({ package: closed });
	const open = await table();
	await adaptive({ type: 'T', connectorid: undefined, tableid: open.id,
	    package: closed });
	await errors(EVE, [
	    ['save_table', { table: { name: t.name.toUpperCase(), fields:
		[{ fieldName: 'a', fieldType: 'text' }] } },
		`name '${t.name.toUpperCase()}' already exists!`],
	    ['save_app', { app: { application: a.name } },
		`An application named "${a.name}" already exists`],
	    ['delete_table', { id: open.id },
		`Table '${open.name}' is in use`],
	    ['save_adaptive', { adaptive: { name: unique('x'), type: 'T',
		settings: {}, tableid: t.id } },
		'!adaptive.tableid names no table']]);
	// In the trash of a package that is hidden, the same.
	await ann('delete_app', { id: a.id });
	await errors(EVE, [
	    ['save_app', { app: { application: a.name } },
		`An application named "${a.name}" already exists`],
	    ['delete_app', { id: a.id, purge: true }, 'Not Found'],
	    ['list_revisions', { type: 'app', id: a.id }, 'Not Found'],
	    ['restore_revision', { type: 'app', id: a.id, revision: 1 },
		'Not Found']]);
	hasNot(JSON.stringify(await call(base, EVE, 'list_apps',
	    { deleted: true })), a.id);
});

// ---- mistakes of others, not to be repeated ----

await test('mistake 1: keys and filters dropped silently', async () => {
	const n = unique('w');
	await errors(ANN, [
	    ['save_webapp', { webapp: { name: n, runtime: {}, assets: [{ path:
		'/a', source: 'YQ==' }] } }, /assets is not a known property/],
	    ['save_webapp', { webapp: { name: n, runtime: {},
		fileSystemObjects: [] } },
		/fileSystemObjects is not a known property/],
	    ['save_api', { api: { name: n, endpoint: 'https://a/', title: 'x' } },
		/title is not a known property/],
	    ['list_apis', { listOptions: { where: { createdby: 'ann' } } },
		/: listOptions\.where\.createdby is not a field to filter by/],
	    ['list_apis', { listOptions: { where: { name: { operation: 'Near',
		value: 'x' } } } },
		/listOptions.where.name has an unknown operation/]]);
	hasNot(JSON.stringify(await ann('list_webapps')), n);
});
await test('mistake 2: ghosts made and deleted by unknown ids', async () => {
	for (const k of KINDS.filter((x) => !x.noUpdate)) {
		const n = unique('ghost');
		const made = k.make(n);
		eq(await refusal(base, ANN, k.save, k.args({ id: NONE, name: n,
		    ...made })), 'Not Found', k.save);
		eq(await refusal(base, ANN, k.del, { id: NONE }), 'Not Found');
		hasNot(JSON.stringify(await call(base, A, k.list,
		    { listOptions: { take: 1000 } })), n);
	}
});
await test('mistake 3: partial updates that lose what they do not name',
    async () => {
	const t = await table();
	const a = await api({ definitions: [{ id: uuid(1), name: 'D', type:
	    'object', properties: [{ id: uuid(2), name: 'p', objectType:
	    'array', children: [] }] }], paths: [{ id: uuid(3), path: '/(id)',
	    method: 'GET' }] });
	const s = await script({ description: 'Keep', entitySets: [{ name:
	    t.name }], apis: [{ id: uuid(3), parent: a.id }], agents: [{ id:
	    OTHER }], externalModules: [{ id: OTHER }] });
	const u = await ann('save_server_script', { id: s.id, name: s.name,
	    content: 'y' });
	for (const key of ['description', 'entitySets', 'apis', 'agents',
	    'externalModules', 'globalScripts'])
		eq(u[key], s[key], key);
	const g = (await ann('get_api', { id: a.id })).api;
	const b = await ann('save_api', { api: g });
	eq([b.definitions, b.paths], [a.definitions, a.paths]);
	const w = await webapp();
	const v = await ann('save_webapp', { webapp: { id: w.id,
	    description: 'x', runtime: { page: '<p>' } } });
	eq(v.runtime.assets.map((x) => x.path), ['/a.js']);
});
await test('mistake 4: DDL without a dry run; a vector length that wedges',
    async () => {
	const t = await table();
	await ann('insert_entity_rows', { table: t.name, rows: [{ a: 'x' }] });
	const dry = await ann('save_table', { table: { id: t.id, fields:
	    [{ fieldName: 'b', fieldType: 'text' }] }, dryRun: true,
	    ignoreWarning: true });
	ok(dry.dataLoss.length === 1 && dry.statements.length > 0, 'announced');
	eq((await ann('query_entity_table', { table: t.name })).rows[0].a, 'x');
	has(await refusal(base, ANN, 'save_table', { table: { id: t.id, fields:
	    [...t.fields, { fieldName: 'v', fieldType: 'vector',
	    length: '3' }] } }), 'length');
	await ann('save_table', { table: { id: t.id, description: 'fine' } });
});
await test('mistake 5: no check of the version', async () => {
	const s = await script();
	await call(base, EVE, 'save_server_script', { id: s.id, content: 'e' });
	has(await refusal(base, ANN, 'save_server_script', { id: s.id,
	    content: 'a', expectedRevision: s.revision }),
	    'it was changed by eve; read it again');
});
await test('mistake 6: files that cannot be read, removed or trusted',
    async () => {
	const w = await webapp();
	eq((await ann('get_webapp_asset', { id: w.id, path: '/a.js' })).source,
	    'YQ==');
	eq((await ann('get_webapp_asset', { id: w.id, path: '/a.js',
	    encoding: 'text' })).source, 'a');
	has(await refusal(base, ANN, 'save_webapp', { webapp: { id: w.id,
	    runtime: { assets: [{ path: '/a.js', source: 'no base64' }] } } }),
	    'is not base64');
	has(await refusal(base, ANN, 'save_webapp', { webapp: { id: w.id,
	    runtime: { name: 'elsewhere' } } }), 'webapp.runtime.name');
	eq((await ann('delete_webapp_asset', { id: w.id, path: '/a.js' }))
	    .remaining, 0);
	eq(await refusal(base, ANN, 'get_webapp_asset', { id: w.id,
	    path: '/a.js' }), "Not Found: asset '/a.js'");
});
await test('mistake 7: names and types changed or nulled silently',
    async () => {
	eq((await app()).appType, 'A');
	has(await refusal(base, ANN, 'save_app', { app: { application:
	    'MyApp' } }), "use 'myapp'");
	const n = unique('with two  blanks');
	eq((await script({ name: n })).name, n);
	has(await refusal(base, ANN, 'save_server_script', { name: ' edge',
	    content: '' }), 'without blanks at its ends');
});
await test('mistake 8: errors that say nothing', async () => {
	for (const k of KINDS.filter((x) => !x.noUpdate)) {
		const a = await k.create(ANN);
		// An update without a name is no matter of names.
		eq((await call(base, ANN, k.save, k.args({ id: a.id,
		    description: 'x' }))).name, a.name);
		const e = await refusal(base, ANN, k.save, k.args({ id: a.id,
		    description: 5 }));
		has(e, 'description');
		hasNot(e, /^Error saving|undefined/);
	}
});
await test('mistake 9: roles that cannot be named; one name twice',
    async () => {
	const a = await api({ roles: ['bob', { name: 'eve' }] });
	eq(a.roles.map((r) => r.name), ['bob', 'eve']);
	ok(a.roles.every((r) => /^[0-9a-f-]{36}$/.test(r.id)), 'ids');
	eq(await refusal(base, ANN, 'save_api', { api: { name:
	    a.name.toUpperCase(), endpoint: 'https://a/' } }),
	    `name '${a.name.toUpperCase()}' already exists!`);
});
await test('mistake 10: what is in use deleted without a word', async () => {
	const t = await table(), s = await script(), a = await api();
	const p = await project(), c = await app({ appType: 'E' });
	const e = await adaptive({ type: 'T', connectorid: undefined,
	    tableid: t.id });
	const q = await adaptive({ type: 'S', connectorid: undefined,
	    scriptSel: s.id, scriptRun: s.id });
	const u = await script({ apis: [{ id: OTHER, parent: a.id }],
	    entitySets: [{ name: t.name }] });
	const m = await app({ objects: [{ fieldNo: 1,
	    customComponent: c.name }] });
	await script({ projectId: p.id });
	const use = (what, x, by) => `${what} '${x.name}' is in use by ${by}: ` +
	    'remove that use first';
	await errors(ANN, [
	    ['delete_table', { id: t.id, ignoreWarning: true }, use('Table', t,
		`server script '${u.name}', adaptive entity '${e.name}'`)],
	    ['delete_server_script', { id: s.id }, use('Server script', s,
		`adaptive entity '${q.name}'`)],
	    ['delete_api', { id: a.id }, use('API', a,
		`server script '${u.name}'`)],
	    ['delete_app', { id: c.id }, use('App', c, `app '${m.name}'`)],
	    ['delete_script_project', { id: p.id }, /has 1 scripts/]]);
	eq((await ann('get_api', { id: a.id })).scripts.children,
	    [{ id: u.id, name: u.name }]);
	// A new reference counts, one that is gone does not.
	await ann('save_server_script', { id: u.id, apis: [], entitySets: [] });
	await ann('delete_api', { id: a.id });
	await ann('delete_adaptive', { id: e.id });
	await ann('delete_table', { id: t.id });
});
await test('mistake 11: locks that nobody sees and that never end',
    async () => {
	const t = await table();
	const l = await ann('acquire_lock', { type: 'table', id: t.id });
	const ms = new Date(l.expires) - new Date(l.since);
	eq(ms, 86400000, 'a day');
	const s = (await call(base, BOB, 'list_locks')).locks.find((x) =>
	    x.id === t.id);
	eq([s.user, s.since, s.expires, s.own],
	    ['ann', l.since, l.expires, false]);
});

// ---- answers that a client can take ----

await test('no answer is large unless it was asked for', async () => {
	const big = 'x'.repeat(500000), MAX = 70000;
	const within = async (tool, args, has) => {
		const r = await ann(tool, args);
		const n = JSON.stringify(r).length;
		ok(n < MAX, `${tool}: ${n} bytes`);
		for (const k of has)
			ok(k in r || k in (r.definition ?? r.api ?? {}),
			    `${tool}: ${k}`);
		return r;
	};
	const s = await script({ content: big });
	const a = await app({ globalScript: big });
	const w = await webapp();
	await ann('save_webapp', { webapp: { id: w.id, runtime: { page: big,
	    assets: [{ path: '/a.js', source: 'QUFB'.repeat(200000) }] } } });
	await ann('save_server_script', { id: s.id, content: big + 'y' });
	const cut = ['omitted', 'truncated', 'note'];
	await within('get_server_script', { id: s.id }, cut);
	await within('get_app', { id: a.id }, cut);
	await within('get_webapp', { id: w.id }, cut);
	await within('get_revision', { type: 'script', id: s.id, revision: 1 },
	    cut);
	await within('get_revision', { type: 'webapp', id: w.id, revision: 2 },
	    cut);
	const d = await within('diff_revisions', { type: 'script', id: s.id,
	    from: 1 }, ['truncated']);
	eq(d.changes.map((c) => [c.path, c.fromBytes, c.toBytes]),
	    [['/content', 500002, 500003]]);
	await within('diff_revisions', { type: 'webapp', id: w.id, from: 1 }, []);
	for (const k of KINDS)
		await within(k.list, {}, []);
	await within('list_locks', {}, []);
	await within('get_webapp_asset', { id: w.id, path: '/a.js' }, ['next']);
	// Asked for, all of it comes.
	eq((await ann('get_server_script', { id: s.id, full: true })).content,
	    big + 'y');
	eq((await ann('get_revision', { type: 'script', id: s.id, revision: 1,
	    select: ['content'] })).definition.content, big);
	// And what was left out is kept by a save of the rest.
	const { omitted, truncated, note, ...rest } = await ann(
	    'get_server_script', { id: s.id });
	eq('content' in rest, false);
	await ann('save_server_script', { ...rest, description: 'z' });
	eq((await ann('get_server_script', { id: s.id, full: true })).content,
	    big + 'y');
});

// ---- hostile content ----

const raw = async (who, tool, text) => {
	const q = mcpRequest('tools/call', { name: tool, arguments: 0 },
	    { token: who });
	const r = await http(base, 'POST', '/mcp', q.headers,
	    Buffer.isBuffer(text) ? text : q.body.replace('"arguments":0',
	    `"arguments":${text}`));
	return r.status !== 200 ? `status ${r.status}` : r.json.error ?
	    `error ${r.json.error.code}` : r.json.result.isError ? r.json.result.content[0].text : fine;
};
const counts = async () => {
	const n = {};
	for (const k of KINDS)
		n[k.type] = (await call(base, A, k.list)).total;
	return n;
};
await test('hostile: JSON that is deep, huge, doubled, broken', async () => {
	const before = await counts();
	const settings = (s) => `{"adaptive":{"name":"deep","type":"C",` +
	    `"connectorid":"${OTHER}","settings":${s}}}`;
	const nest = (n) => '{"properties":{"report":{"x":' + '['.repeat(n) +
	    ']'.repeat(n) + '}}}';
	for (const [what, text] of [
	    ['deep', settings(nest(40))],
	    ['very deep', settings(nest(100000))],
	    ['many values', settings(`{"properties":{"report":{"x":[${'0,'.repeat(2e5)}` +
		'0]}}}')],
	    ['doubled key', '{"app":{"application":"aa","application":"bb"}}'],
	    ['doubled key by an escape',
		'{"app":{"application":"aa","\\u0061pplication":"bb"}}'],
	    ['half a surrogate', '{"app":{"application":"aa","title":"\\ud800"}}'],
	    ['NaN', '{"app":{"application":"aa","tabWidth":NaN}}'],
	    ['a comment', '{"app":{"application":"aa"/**/}}'],
	    ['half', '{"app":{"application":"aa"']]) {
		const r = await raw(ANN, what.includes('d') && text.includes(
		    'adaptive') ? 'save_adaptive' : 'save_app', text);
		has(String(r), /^status 4\d\d$|^error -32\d+$/, what);
	}
	const q = mcpRequest('tools/call', { name: 'save_app', arguments:
	    { app: { application: 'aa', title: 'TITLE' } } }, { token: ANN });
	const [x, y] = q.body.split('TITLE');
	for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80],
	    [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x00], [0x1f]])
		has(String(await raw(ANN, 'save_app', Buffer.concat([Buffer.from(
		    x), Buffer.from(bytes), Buffer.from(y)]))),
		    /^status 4\d\d$|^error -32\d+$/, bytes.join(' '));
	eq(await counts(), before, 'what there is');
	// The controls: as deep as it may be, and the same text whole.
	eq(await raw(ANN, 'save_adaptive', settings(nest(20))), fine);
	eq(await raw(ANN, 'save_app', '{"app":{"application":"aa"}}'), fine);
});
await test('hostile: U+0000 in any string is refused, changing nothing',
    async () => {
	for (const k of KINDS.filter((x) => !x.noUpdate)) {
		const a = await k.create(ANN);
		for (const key of ['description', 'name']) {
			const r = await rpc(base, ANN, 'tools/call', { name: k.save,
			    arguments: k.args({ id: a.id, [key]: 'a\0b' }) });
			eq([r.json.error.code, r.json.error.message], [-32602,
			    'Invalid params: arguments: a string holds U+0000'],
			    `${k.type} ${key}`);
		}
		eq((await k.read(ANN, a.id)).revision, 1);
	}
});
const SQL = ["'; DROP TABLE artifact; --", '" OR 1=1 --', "x' UNION SELECT " +
    'acl FROM artifact --', '${7*7}{{7*7}}', '%', '_', '\\', '`id`', '?1',
    'kd_sees(1,1)', ');--', '\u0027\u2019', 'NULL', '-1', '1e999'];
await test('hostile: SQL in every string is text', async () => {
	const before = await counts();
	for (const k of KINDS.filter((x) => !x.noUpdate)) {
		const a = await k.create(ANN);
		for (const text of SQL) {
			const u = await call(base, ANN, k.save, k.args({ id: a.id,
			    description: text }));
			eq(u.description, text, k.type);
			const l = await call(base, ANN, k.list, { listOptions:
			    { where: { description: text }, take: 5 } });
			eq([l.total, l[k.plural][0].id], [1, a.id], text);
			const none = await call(base, ANN, k.list, { listOptions:
			    { where: { name: text } } });
			eq(none.total, 0, `name ${text}`);
			for (const id of [text, a.id + text])
				eq(await refusal(base, ANN, k.get, { id }),
				    'Not Found', id);
		}
		await call(base, ANN, k.del, { id: a.id });
	}
	const w = await webapp();
	for (const text of SQL)
		eq(await refusal(base, ANN, 'get_webapp_asset', { id: w.id,
		    path: '/' + text }), `Not Found: asset '/${text}'`);
	await ann('delete_webapp', { id: w.id });
	eq(await counts(), before);
});
await test('hostile: names with quotes, case twins, look-alikes', async () => {
	for (const n of [`O'Hara`, 'say "hi"', 'a`b', 'x; y', '<b>', 'null',
	    '__proto__', 'constructor', '%_%']) {
		const s = await script({ name: n });
		eq(s.name, n);
		eq(await refusal(base, ANN, 'save_server_script', { name:
		    n.toUpperCase(), content: '' }),
		    `name '${n.toUpperCase()}' already exists!`);
		const a = await adaptive({ name: n });
		eq((await ann('get_adaptive', { name: n })).id, a.id);
	}
	// Letters that look alike are other letters: no confusion, no merging.
	const twins = ['paypal', 'p\u0430ypal', 'payp\u0430l', 'pаypаl'];
	const ids = [];
	for (const n of twins)
		ids.push((await adaptive({ name: n })).id);
	for (const [i, n] of twins.entries())
		eq((await ann('get_adaptive', { name: n })).id, ids[i]);
	for (const [t, text] of [['table', /name/], ['webapp', /names/],
	    ['app', /application/]]) {
		const k = kind(t);
		has(await refusal(base, ANN, k.save, k.args({ ...k.make(
		    'p\u0430y'), name: 'p\u0430y' })), text, t);
	}
	// What cannot be seen is in no name.
	for (const n of ['a\u202eb', 'a\u200bb', 'a\u2800b', '\ufeffa', 'a\u0007',
	    'a\nb', ' a', 'a ', '', '\u00ad', 'a\u{e0041}'])
		for (const k of [kind('script'), kind('adaptive'), kind('api'),
		    kind('package')])
			has(await refusal(base, ANN, k.save, k.args({ name: n,
			    ...k.make(n) })), /name/, JSON.stringify(n));
	has(await refusal(base, ANN, 'save_server_script', { name:
	    'x'.repeat(129), content: '' }), /name/);
});
await test('hostile: definitions that use themselves', async () => {
	const props = (name, to) => [{ id: uuid(9), name, objectType:
	    'reference', reference: to, children: [{ id: uuid(8), name: 'c',
	    objectType: 'reference', reference: to }] }];
	const a = await api({ definitions: [
	    { id: uuid(1), name: 'A', type: 'object', properties: props('a',
		uuid(2)) },
	    { id: uuid(2), name: 'B', type: 'object', properties: props('b',
		uuid(1)) },
	    { id: uuid(3), name: 'C', type: 'array', properties: props('c',
		uuid(3)) }] });
	eq((await ann('get_api', { id: a.id })).api.definitions,
	    a.definitions);
	const s = await script();
	const t = await script({ globalScripts: [{ id: s.id }] });
	await ann('save_server_script', { id: s.id, globalScripts:
	    [{ id: t.id }, { id: s.id }] });
	has(await refusal(base, ANN, 'delete_server_script', { id: s.id }),
	    'is in use by');
	// Breaking the circle makes both go.
	await ann('save_server_script', { id: t.id, globalScripts: [] });
	await ann('delete_server_script', { id: s.id });
	await ann('delete_server_script', { id: t.id });
	const e = await app({ appType: 'E' });
	await ann('save_app', { app: { id: e.id, objects: [{ fieldNo: 1,
	    customComponent: e.name }] } });
	eq(await refusal(base, ANN, 'activate_app', { id: e.id }),
	    `cyclic_dependency: ${e.name} -> ${e.name}`);
	// It is its own user, and nobody else's.
	await ann('delete_app', { id: e.id });
});
await test('hostile: values at and over every edge', async () => {
	const a = await api();
	for (const [tool, args] of [
	    ['save_api', { api: { id: a.id, apiFormat: 2 ** 53 } }],
	    ['save_api', { api: { id: a.id, apiFormat: -1 } }],
	    ['save_app', { app: { application: 'edge', tabWidth: 1e300 } }],
	    ['list_apis', { listOptions: { take: 1001 } }],
	    ['list_apis', { listOptions: { take: -1 } }],
	    ['list_apis', { listOptions: { skip: 2 ** 40 } }],
	    ['list_apis', { listOptions: { where: { name: { operation: 'In',
		value: [] } } } }],
	    ['list_apis', { listOptions: { where: { name: { operation: 'In',
		value: Array(101).fill('x') } } } }],
	    ['list_apis', { listOptions: { where: { name: { operation:
		'Between', value: ['a'] } } } }],
	    ['list_apis', { listOptions: { where: { name: { operation: 'Like',
		value: '%'.repeat(300) } } } }],
	    ['list_apis', { listOptions: { order: { name: 'UP' } } }],
	    ['get_api', { id: 'x'.repeat(100000) }],
	    ['save_server_script', { name: 'big', content:
		'x'.repeat(524289) }],
	    ['save_webapp', { webapp: { name: 'big', runtime: { assets:
		[{ path: '/' + 'x'.repeat(256), source: '' }] } } }],
	    ['save_webapp', { webapp: { name: 'big', runtime: { assets:
		[{ path: 'x', source: '' }] } } }],
	    ['acquire_lock', { type: 'api', id: a.id, requestId: '' }],
	    ['get_revision', { type: 'api', id: a.id, revision: 2 ** 60 }]])
		ok((await refusal(base, ANN, tool, args)).length > 5, tool);
	// Patterns that could take for ever do not.
	const evil = '%a'.repeat(120);
	await adaptive({ description: 'a'.repeat(1000) + 'b' });
	eq((await ann('list_adaptive', { listOptions: { where: { description:
	    { operation: 'Like', value: evil + 'c' } } } })).total, 0);
	eq((await ann('get_api', { id: a.id })).api.revision, 1);
});
done();
