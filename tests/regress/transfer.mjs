// SPDX-License-Identifier: ISC
// transfer.mjs: what transfer.sh fills in and looks at through a client.

import fs from 'node:fs';
import { randomUUID } from 'node:crypto';
import { test, done, ok, eq, has, hasNot, connect, call, instance, TESTS }
    from './kit.mjs';

const base = process.env.K_URL;
const out = process.env.K_OUT;
const keepd = instance();
const admin = async () => (await connect(base, 'admin',
    process.env.K_PW_ADMIN)).access;
const ctl = (args) => { const r = keepd.ctl(args); return r.out + r.err; };
const read = (f) => fs.readFileSync(`${out}/${f}`, 'utf8');
const write = (f, v) => {
	fs.writeFileSync(`${out}/${f}`, typeof v === 'string' ? v :
	    JSON.stringify(v));
	fs.chmodSync(`${out}/${f}`, 0o644);
};
const b64 = (s) => Buffer.from(s).toString('base64');
const notes = (name) => ({ table: { name, fields: [
    { fieldName: 'n', fieldType: 'integer' },
    { fieldName: 't', fieldType: 'text' },
    { fieldName: 'b', fieldType: 'boolean' },
    { fieldName: 'big', fieldType: 'bigint' },
    { fieldName: 'd', fieldType: 'decimal' },
    { fieldName: 'j', fieldType: 'json' },
    { fieldName: 'ts', fieldType: 'timestamptz' }] } });
let t;

const parts = {
	async fill() {
		t = await admin();
		await test('artifacts of every kind', async () => {
			const pkg = (await call(base, t, 'save_package', { pkg: {
			    name: 'sales', description: 'All of it',
			    git: { remote: 'https://example.org/x.git' },
			    roles: [{ name: 'sellers', accessLevel: 'EDIT' }] },
			    })).id;
			write('id', pkg);
			await call(base, t, 'save_table', { table: {
			    name: 'customers', package: pkg, fields: [
			    { fieldName: 'name', fieldType: 'varchar',
			    length: '80', isUnique: true }] } });
			const orders = (await call(base, t, 'save_table', { table: {
			    name: 'orders', package: pkg, includeDataInPackage:
			    true, rolesRead: [{ name: 'sellers' }], fields: [
			    { fieldName: 'customer', fieldType: 'varchar',
			    length: '80' }, { fieldName: 'sum', fieldType:
			    'decimal', default: '0.00' }, { fieldName: 'From',
			    fieldType: 'timestamptz' }], indices: [{ columns:
			    ['sum'], name: 'by_sum' }], foreignKeys: [{
			    referencedTable: 'customers', columns: ['customer'],
			    referencedTableColumns: ['name'] }] } })).id;
			const project = (await call(base, t,
			    'create_script_project', { name: 'Sales scripts',
			    package: pkg })).id;
			const script = (await call(base, t, 'save_server_script', {
			    name: 'total it', package: pkg, projectId: project,
			    content: '// "quotes" and \\ and \u00fc\n\treturn 1;',
			    entitySets: [{ name: 'orders' }] })).id;
			await call(base, t, 'save_api', { api: { name: 'Sales API',
			    package: pkg, endpoint: '/api/serverscript/salesapi',
			    apiType: 'script', paths: [{ id: randomUUID(),
			    path: '/total', method: 'GET', serverScript: script }],
			    } });
			const app = (await call(base, t, 'save_app', { app: {
			    application: 'shop', title: 'Shop', package: pkg,
			    objects: [{ fieldNo: 1, fieldParent: 0, fieldName:
			    'oApp', fieldType: 'sap.m.App', attributes: [
			    { attribute: 'title', value: 'x' }] }] } })).id;
			await call(base, t, 'activate_app', { id: app });
			await call(base, t, 'save_webapp', { webapp: { name: 'web',
			    package: pkg, runtime: { page: '<html></html>',
			    assets: [{ path: '/a.js', source: b64('let a;') },
			    { path: '/b/\u00e4.css', source: b64('b{}') }] } } });
			await call(base, t, 'save_adaptive', { adaptive: {
			    name: 'Orders', type: 'T', package: pkg, tableid:
			    orders, settings: { properties: { report: {} },
			    fieldCatalog: [{ name: 'sum', type: 'text' }] } } });
			write('orders', orders);
		});
		await test('rows', async () => {
			keepd.must('k_ctl role grant sellers admin');
			t = await admin();
			// A key's rows come from elsewhere: customers is not exported.
			const id = read('orders');
			await call(base, t, 'save_table', { table: { id,
			    foreignKeys: [] } });
			await call(base, t, 'insert_entity_rows', { table: 'orders',
			    rows: [{ customer: 'a', sum: '12.50' }, { customer:
			    null, From: '2026-01-01T00:00:00.000Z' }] });
			await call(base, t, 'save_table', notes('notes'));
			await call(base, t, 'insert_entity_rows', { table: 'notes',
			    rows: [
			    { n: 1, t: 'plain', b: true, big: '9007199254740993',
			    d: '1.10', j: { a: [1, 'x'] },
			    ts: '2026-01-31T12:00:00.000Z' },
			    { n: null, t: '', b: false },
			    { n: -5, t: 'a "quoted", text\r\nof two lines', b: null },
			    { n: 0, t: ' blanks ', j: null },
			    { n: 7, t: '\u00e9\u{1f600}' }] });
			write('notes2.json', notes('notes2'));
		});
	},
	async looks() {
		const text = read('a.json'), d = JSON.parse(text);
		await test('the file: kinds in order, one a line', () => {
			eq([d.format, d.version], ['keepd package', 1]);
			eq(d.artifacts.map((a) => a.artifact + ' ' + (a.name ??
			    a.table)), ['project Sales scripts', 'table customers',
			    'table orders', 'script total it', 'api Sales API',
			    'app shop', 'webapp web', 'adaptive Orders',
			    'rows orders']);
			eq(text.split('\n').length, 4 + d.artifacts.length + 1);
		});
		await test('nothing that this server sets, no role of the package',
		    () => {
			for (const a of [d.package, ...d.artifacts])
				for (const k of ['ver', 'revision', 'createdAt',
				    'updatedAt', 'createdBy', 'changedBy', 'status',
				    'activation'])
					ok(!(k in a), `${k} of ${a.name}`);
			ok(!('roles' in d.package), 'roles of the package');
		});
		await test('files with their content, rows with their ids', () => {
			const w = d.artifacts.find((a) => a.artifact === 'webapp');
			eq(w.runtime.assets, [{ path: '/a.js', source:
			    b64('let a;') }, { path: '/b/\u00e4.css', source:
			    b64('b{}') }]);
			const r = d.artifacts.at(-1);
			eq(r.rows.map((x) => [typeof x.id, x.customer, x.sum]),
			    [['string', 'a', '12.50'], ['string', null, '0.00']]);
		});
	},
	async changed() {
		t = await admin();
		const one = async (list, key) => (await call(base, t, list))[key][0];
		await test('change one, delete another', async () => {
			const s = await call(base, t, 'list_ungrouped_scripts');
			eq(s.total, 0);
			const p = (await one('list_script_projects', 'projects'));
			await call(base, t, 'save_server_script', { id:
			    p.scripts[0].id, content: 'return 2;' });
			const a = await one('list_adaptives', 'adaptives').catch(() =>
			    one('list_adaptive', 'adaptives'));
			await call(base, t, 'delete_adaptive', { id: a.id });
		});
	},
	async roles() {
		t = await admin();
		const id = read('id');
		const roles = async () => (await call(base, t, 'get_package',
		    { id })).roles;
		await test('an import never changes the roles of a package',
		    async () => {
			const before = await roles();
			const d = JSON.parse(read('a.json'));
			d.package.roles = [];
			d.package.description = 'Another';
			write('open.json', d);
			has(ctl(`import "${out}/open.json"`), '1 saved');
			eq(await roles(), before);
			d.package.roles = [{ name: 'strangers', accessLevel:
			    'EDIT' }];
			d.package.description = 'All of it';
			write('open.json', d);
			has(ctl(`import "${out}/open.json"`), '1 saved');
			eq(await roles(), before);
		});
		await test('nor those of an artifact that is here', async () => {
			const d = JSON.parse(read('a.json'));
			const o = d.artifacts.find((a) => a.name === 'orders');
			o.rolesRead = [];
			write('open.json', d);
			const said = ctl(`import "${out}/open.json"`);
			has(said, "table 'orders': not kept: rolesRead");
			eq((await call(base, t, 'get_table', { id: read('orders') }))
			    .rolesRead.map((r) => r.name), ['sellers']);
		});
		await test('a new artifact whose role is not here is refused',
		    async () => {
			write('one.json', [{ artifact: 'table', name: 'secret',
			    fields: [{ fieldName: 'x', fieldType: 'text' }],
			    rolesRead: [{ id: randomUUID(), name: 'gone' }] }]);
			const said = ctl(`import -p sales "${out}/one.json"`);
			has(said, 'rolesRead.0 names no role of this server');
			has(ctl(`import -p sales -r strangers "${out}/one.json"`),
			    '1 saved');
			const l = (await call(base, t, 'list_tables', { listOptions:
			    { where: { name: 'secret' } } })).tables[0];
			eq((await call(base, t, 'get_table', { id: l.id }))
			    .rolesRead.map((r) => r.name), ['strangers']);
			await call(base, t, 'delete_table', { id: l.id });
		});
		await test('what lies in another package stays there', async () => {
			const other = (await call(base, t, 'save_package', { pkg:
			    { name: 'other' } })).id;
			const d = JSON.parse(read('a.json')).artifacts
			    .filter((a) => a.artifact !== 'rows');
			write('list.json', d);
			has(ctl(`import -p other "${out}/list.json"`),
			    'it is here, in another package, and stays there');
			eq((await call(base, t, 'get_table', { id: read('orders') }))
			    .package, read('id'));
			await call(base, t, 'delete_package', { id: other });
		});
		await test('an id that is in the trash comes back', async () => {
			const d = JSON.parse(read('a.json'));
			const c = d.artifacts.find((a) => a.name === 'customers');
			await call(base, t, 'delete_table', { id: c.id });
			has(ctl(`import "${out}/a.json"`), '1 saved');
			const got = await call(base, t, 'get_table', { id: c.id });
			ok(got.revision > 1, `revision ${got.revision} goes on`);
		});
	},
	async family() {
		t = await admin();
		await call(base, t, 'save_package', { pkg: { name: 'family',
		    roles: [{ name: 'designer', accessLevel: 'EDIT' }] } });
		const stamp = { createdAt: '2023-02-20T22:46:29.000Z', createdBy:
		    'someone', ver: '23.1.1.1', package: randomUUID() };
		const ids = {};
		for (const k of ['project', 'script', 'table', 'app', 'webapp',
		    'adaptive', 'api', 'group'])
			ids[k] = randomUUID();
		const files = {
			'project.json': { id: ids.project, ...stamp, name: 'Forms',
			    description: null },
			'group.json': { id: ids.group, ...stamp, name: 'Forms',
			    description: null },
			'script.json': { id: ids.script, ...stamp, name: 'form Get',
			    content: 'file:///code.js', language: 'javascript',
			    isTypescript: false, transpiledContent: null,
			    useAsGlobalScript: false, lastRunSuccessful: true,
			    folder: null, description: null, jsscriptGroup:
			    ids.project, globalScripts: [], externalModules: [],
			    entitySets: [{ id: ids.table, name: 'fam_forms',
			    contextname: 'fam_forms' }, { id: randomUUID(),
			    name: 'not_here' }], apis: [], agents: [] },
			'table.json': { id: ids.table, ...stamp, name: 'fam_forms',
			    fields: [{ id: randomUUID(), fieldName: 'From',
			    fieldType: 'smalltext', isUnique: false, isNullable:
			    true, description: 'x', default: '', length: '',
			    enum: [] }, { id: randomUUID(), fieldName: 'n',
			    fieldType: 'integer', isNullable: false, default: '1',
			    vectorSize: 3 }], indices: [{ id: randomUUID(), name:
			    'IDX_0a1b', columns: [{ fieldName: 'n', fieldType:
			    'integer' }], isUnique: false, isVector: false }],
			    foreignKeys: [], enableAudit: false,
			    includeDataInPackage: false, rolesRead: [],
			    rolesWrite: [], vectorStoreConfig: { useVectorizer:
			    true }, generationStrategy: 'uuid' },
			'app.json': { id: ids.app, ...stamp, application: 'fam_app',
			    title: 'Fam', appType: 'A', objects: [{ fieldNo: 1,
			    fieldName: 'oApp', fieldParent: 0, fieldType:
			    'sap.m.App', script: '', customComponent: false,
			    request: [], response: [], attributes: [], data: [],
			    extra: 1 }], componentInterface: { attributes: [1] },
			    compilerTarget: 3, compiledCss: 'a{}', deleted: false,
			    ui5_m: true, apis: [{ id: randomUUID(), parent:
			    randomUUID(), name: 'gone' }] },
			'webapp.json': { id: ids.webapp, ...stamp, name: 'fam-web',
			    type: 'react', settings: { mainFilePath: 'i.html' },
			    onlyRuntime: false, roles: [], description: '',
			    runtime: { id: ids.webapp.toUpperCase(), createdAt: 1,
			    name: 'fam-web', ver: 'x', page: '<p>', publicAccess:
			    false, assets: [{ id: randomUUID(), path: '/x.js',
			    source: b64('x') }] } },
			'adaptive.json': { id: ids.adaptive, ...stamp, name:
			    'fam list', type: 'C', connectorid: randomUUID(),
			    tableid: null, scriptSel: null, scriptRun: null,
			    appType: 'A', application: 'planet9_adaptive_list',
			    disabled: false, group: 'g', roles: [], settings:
			    { properties: {}, fieldCatalog: [] }, scriptSelObj:
			    null, scriptRunObj: null, tableObj: { a: 1 } },
			'api.json': { id: ids.api, ...stamp, name: 'fam API ',
			    endpoint: '/api/serverscript/famapi', apiType: 'script',
			    apiFormat: 0, apiGroup: ids.group, roles: [], auth: [],
			    endpoints: [], documentation: [], definitions: [],
			    paths: [{ id: randomUUID(), path: '/x', method: 'GET',
			    serverScript: ids.script, brandNew: true, parameters:
			    [] }] },
			'tile.json': { id: randomUUID(), ...stamp, name: 'tile',
			    actionType: 'A' },
		};
		files['api.json'].name = 'fam API';
		for (const [f, v] of Object.entries(files))
			write(f, v);
		write('code.js', 'return "from a file";\n');
		const names = Object.keys(files).map((f) => `"${out}/${f}"`)
		    .join(' ');
		let said;
		await test('real exports: all kinds are taken', () => {
			said = ctl(`import -p family ${names}`);
			has(said, '7 saved, 0 as they were, 0 rows, 2 not imported');
			has(said, "'tile' is not imported: it is a tile");
			has(said, "'Forms' is not imported: it is a group of APIs");
		});
		await test('every field that is not kept is named', () => {
			const named = (what, ...paths) => {
				const lines = said.split('\n').filter((l) =>
				    l.startsWith(`${what}: not kept: `)).join(', ');
				for (const p of ['ver', 'createdAt', 'createdBy',
				    ...paths])
					ok(lines.split(/[,:] /).includes(p),
					    `${p} of ${what} in: ${lines}`);
			};
			named("project 'Forms'");
			named("script 'form Get'", 'lastRunSuccessful',
			    'entitySets.1');
			named("table 'fam_forms'", 'fields.1.vectorSize',
			    'vectorStoreConfig');
			named("app 'fam_app'", 'objects.0.extra',
			    'componentInterface', 'compiledCss', 'apis.0');
			named("webapp 'fam-web'", 'runtime.createdAt',
			    'runtime.ver', 'runtime.assets.0.id');
			named("adaptive 'fam list'", 'tableObj');
			named("api 'fam API'", 'paths.0.brandNew');
		});
		await test('what they are now', async () => {
			const s = await call(base, t, 'get_server_script',
			    { id: ids.script });
			eq([s.content, s.jsscriptGroup, s.entitySets.length],
			    ['return "from a file";\n', ids.project, 1]);
			const tab = await call(base, t, 'get_table', { id:
			    ids.table });
			eq([tab.fields[1].default, tab.indices[0].columns],
			    [1, ['n']]);
			const a = await call(base, t, 'get_app', { id: ids.app });
			eq([a.compilerTarget, a.ui5_m, a.apis], ['3', true, []]);
			const w = await call(base, t, 'get_webapp', { id:
			    ids.webapp });
			eq(w.runtime.assets.map((x) => [x.path, x.size]),
			    [['/x.js', 1]]);
			eq((await call(base, t, 'get_adaptive', { id:
			    ids.adaptive })).type, 'C');
			const p = (await call(base, t, 'get_api', { id: ids.api }));
			eq((p.api ?? p).paths[0].serverScript, ids.script);
		});
		await test('a file that is pointed to must lie below', () => {
			write('up.json', { ...files['script.json'], id: randomUUID(),
			    name: 'up', content: 'file:///../../../etc/passwd' });
			ctl(`import -p family "${out}/up.json"`);
			hasNot(ctl('call list_ungrouped_scripts'), 'root:');
		});
	},
	async csv() {
		await test('the rows as CSV', () => {
			const lines = read('a.csv').split('\r\n');
			eq(lines[0], 'id,n,t,b,big,d,j,ts');
			const rest = lines.slice(1).map((l) => l.slice(37));
			eq(rest.slice(0, 2), ['1,plain,true,9007199254740993,1.10,' +
			    '"{""a"":[1,""x""]}",2026-01-31T12:00:00.000Z',
			    ',"",false,,,,']);
			has(read('a.csv'),
			    ',-5,"a ""quoted"", text\r\nof two lines",,,,,\r\n');
			has(read('a.csv'), ',0," blanks ",,,,,');
		});
	},
	async arrived() {
		t = await admin();
		await test('the new package is for the role that was given',
		    async () => {
			const p = (await call(base, t, 'list_packages')).packages[0];
			const d = await call(base, t, 'get_package', { id: p.id });
			eq(p.name, 'sales');
			ok(d.roles.length === 1, JSON.stringify(d.roles));
			eq(d.git.remote, 'https://example.org/x.git');
		});
		await test('no app is active that nobody activated', async () => {
			const a = (await call(base, t, 'list_apps')).apps[0];
			eq(a.status, null);
		});
	},
};

await parts[process.argv[2]]();
done();
