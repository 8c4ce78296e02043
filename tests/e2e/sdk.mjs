// SPDX-License-Identifier: ISC
// sdk.mjs: the two official SDK clients, from nothing but a URL and a
// password: challenged, discover, register, browser, tools, rows, revoked.
// argv[2]: v1 (2025-11-25, handshake) or v2 (2026-07-28, stateless).

import { Browser } from './browser.mjs';
import { Callback, Provider } from './client.mjs';
import { test, done, ok, eq, has, instance } from './kit.mjs';

const which = process.argv[2];
const URL0 = process.env.K_URL + '/mcp';
const keepd = instance();

let Client, Transport, Unauthorized, clientOptions;
if (which === 'v1') {
	({ Client } = await import('@modelcontextprotocol/sdk/client/index.js'));
	({ StreamableHTTPClientTransport: Transport } = await import(
	    '@modelcontextprotocol/sdk/client/streamableHttp.js'));
	({ UnauthorizedError: Unauthorized } = await import(
	    '@modelcontextprotocol/sdk/client/auth.js'));
	clientOptions = {};
} else {
	({ Client, StreamableHTTPClientTransport: Transport,
	    UnauthorizedError: Unauthorized } = await import(
	    '@modelcontextprotocol/client'));
	clientOptions = { versionNegotiation: { mode: { pin: '2026-07-28' } } };
}

// What went over the wire, as the SDK's own fetch saw it.
function recorder() {
	const log = [];
	const f = async (url, init) => {
		const r = await fetch(url, init);
		log.push({ method: init?.method ?? 'GET', status: r.status,
		    path: new URL(url).pathname, headers: r.headers,
		    sent: new Headers(init?.headers), body: init?.body });
		return r;
	};
	return { log, fetch: f };
}

class App {
	constructor(callback, name) {
		this.provider = new Provider(callback, name);
		this.callback = callback;
		this.wire = recorder();
	}
	transport() {
		return this.t = new Transport(new URL(URL0), {
		    authProvider: this.provider, fetch: this.wire.fetch });
	}
	async connect() {
		this.client = new Client({ name: 'walk', version: '1.0' },
		    clientOptions);
		await this.client.connect(this.transport());
	}
	// Must end with the browser being wanted; gives the URL to open.
	async wantBrowser() {
		const n = this.provider.asked.length;
		let err;
		try {
			await this.connect();
		} catch (e) {
			err = e;
		}
		ok(err, 'connect without a token is refused');
		eq(err instanceof Unauthorized, true, `error ${err}`);
		eq(this.provider.asked.length, n + 1, 'browsers opened');
		return String(this.provider.asked[n]);
	}
	async finish(params) {
		eq(params.get('state'), this.provider.saved.state, 'state');
		eq(params.get('iss'), process.env.K_URL, 'iss');
		if (which === 'v1')
			await this.t.finishAuth(params.get('code'));
		else
			await this.t.finishAuth(params);
	}
	async tool(name, args) {
		const r = await this.client.callTool({ name, arguments: args });
		if (r.isError)
			throw new Error(`${name}: ${r.content[0].text}`);
		return r.structuredContent;
	}
}

const browser = await Browser.launch();
const callback = await Callback.listen();
const app = new App(callback, `Walk ${which}`);
let url, person;

await test('is challenged, discovers, registers and wants a browser',
    async () => {
	url = await app.wantBrowser();
	const first = app.wire.log.find((x) => x.path === '/mcp');
	eq(first.status, 401, 'first answer');
	has(first.headers.get('www-authenticate'), 'resource_metadata=',
	    'challenge');
	ok(app.provider.saved.client?.client_id, 'registered');
	const u = new URL(url);
	eq(u.pathname, '/authorize');
	eq(u.searchParams.get('code_challenge_method'), 'S256');
	eq(u.searchParams.get('resource'), URL0, 'resource');
});

await test('sign-in page: the wrong password is refused in words',
    async () => {
	person = await browser.open(url);
	await person.shot(`${which}-signin`);
	await person.signIn('designer', 'not the password');
	await person.shot(`${which}-wrong-password`);
	const text = await person.text();
	has(text, /password/i);
	eq(await person.onConsent(), false, 'consent page shown');
	eq(await person.page.getByRole('alert').count(), 1, 'alerts');
});

await test('sign-in page again: the right password leads to consent',
    async () => {
	await person.signIn('designer', process.env.K_PW_DESIGNER);
	ok(await person.onConsent(), 'consent page');
	const text = await person.text();
	await person.shot(`${which}-consent`);
	has(text, `Walk ${which}`, 'client name');
	has(text, 'mcp:tools', 'scope');
	has(text, '127.0.0.1', 'redirect host');
	has(text, 'designer', 'who is signed in');
});

await test('Approve brings the browser back with a code that works',
    async () => {
	const back = callback.next();
	await person.approve();
	await app.finish(await back);
	ok(app.provider.saved.tokens.access_token, 'access token');
	ok(app.provider.saved.tokens.refresh_token, 'refresh token');
	await app.connect();
	const v = which === 'v1' ? app.t.protocolVersion :
	    app.client.getNegotiatedProtocolVersion?.() ??
	    app.wire.log.at(-1).sent.get('mcp-protocol-version');
	eq(v, which === 'v1' ? '2025-11-25' : '2026-07-28', 'revision');
});

await test('lists the tools', async () => {
	const { tools } = await app.client.listTools();
	const names = tools.map((t) => t.name);
	for (const n of ['list_tables', 'get_table', 'save_table',
	    'delete_table', 'query_entity_table', 'insert_entity_rows',
	    'update_entity_rows', 'delete_entity_rows', 'list_packages',
	    'get_package', 'save_package', 'delete_package'])
		ok(names.includes(n), `tool ${n} listed`);
});

const table = `walk_${which}`;
await test('creates a table, puts rows in, queries them', async () => {
	const t = await app.tool('save_table', { table: { name: table,
	    fields: [
		{ fieldName: 'title', fieldType: 'text' },
		{ fieldName: 'count', fieldType: 'integer' },
	] } });
	ok(JSON.stringify(t).includes(table), 'record of the table');
	const ins = await app.tool('insert_entity_rows', { table,
	    rows: [{ title: 'one', count: 1 }, { title: 'two', count: 2 },
	    { title: 'zwölf', count: 12 }] });
	eq(ins.table, table);
	eq(ins.count, 3, 'inserted');
	eq(new Set(ins.ids).size, 3, 'ids');
	const q = await app.tool('query_entity_table', { table,
	    order: { count: 'DESC' } });
	eq([q.table, q.total, q.count, q.skip, q.take], [table, 3, 3, 0, 100]);
	eq(q.rows.map((r) => [r.title, r.count]), [['zwölf', 12], ['two', 2],
	    ['one', 1]], 'rows');
	eq(q.rows.map((r) => r.id).sort(), [...ins.ids].sort(), 'ids');
	const one = await app.tool('query_entity_table', { table,
	    where: { title: 'two' }, select: ['count'] });
	eq(one.rows.map((r) => r.count), [2], 'rows with a condition');
});

// The SDK holds each answer against the output schema of tools/list.
await test('makes, changes, lists and deletes what each group keeps',
    async () => {
	const n = `walk_${which}`, id = '11111111-1111-4111-8111-111111111111';
	const rows = [
	    ['app', 'list_apps', 'get_app', 'save_app', 'delete_app',
		(o) => ({ app: o }), { application: n }],
	    ['webapp', 'list_webapps', 'get_webapp', 'save_webapp',
		'delete_webapp', (o) => ({ webapp: o }), { name: n, runtime:
		{ assets: [{ path: '/a.js', source: 'YQ==' }] } }],
	    ['script', 'list_ungrouped_scripts', 'get_server_script',
		'save_server_script', 'delete_server_script', (o) => o,
		{ name: n, content: 'x' }],
	    ['adaptive', 'list_adaptive', 'get_adaptive', 'save_adaptive',
		'delete_adaptive', (o) => ({ adaptive: o }), { name: n, type: 'C',
		connectorid: id, settings: {} }],
	    ['api', 'list_apis', 'get_api', 'save_api', 'delete_api',
		(o) => ({ api: o }), { name: n, endpoint: 'https://a/' }]];
	for (const [type, list, get, save, del, wrap, o] of rows) {
		const a = await app.tool(save, wrap(o));
		const dry = await app.tool(save, { ...wrap({ id: a.id,
		    description: 'Two' }), dryRun: true });
		eq([dry.revision, dry.dryRun], [2, true], save);
		await app.tool(save, wrap({ id: a.id, description: 'Two' }));
		const g = await app.tool(get, { id: a.id });
		eq((g.api ?? g).description, 'Two', get);
		eq((await app.tool(list, { listOptions: { where: { name: n } } }))
		    .total, 1, list);
		if (type === 'app')
			eq((await app.tool('activate_app', { id: a.id })).status,
			    'activated');
		if (type === 'webapp')
			eq((await app.tool('get_webapp_asset', { id: a.id,
			    path: '/a.js' })).source, 'YQ==');
		await app.tool('acquire_lock', { type, id: a.id });
		ok((await app.tool('list_locks', {})).count >= 1, 'locks');
		await app.tool('release_lock', { id: a.id });
		const d = await app.tool('diff_revisions', { type, id: a.id,
		    from: 1, to: 2 });
		eq(d.changes.map((c) => c.path), ['/description'], type);
		await app.tool('get_revision', { type, id: a.id, revision: 1 });
		await app.tool('restore_revision', { type, id: a.id,
		    revision: 1 });
		eq((await app.tool(del, type === 'app' ? { id: a.id, purge: true }
		    : { id: a.id })).deleted, true, del);
	}
	const p = await app.tool('create_script_project', { name: n });
	await app.tool('get_script_project', { id: p.id });
	await app.tool('list_script_projects', {});
	await app.tool('delete_script_project', { id: p.id });
});

await test('lists and reads resources, completes their names', async () => {
	const { resources } = await app.client.listResources();
	const uri = `keepd://table/${table}`;
	ok(resources.some((r) => r.uri === uri), 'the table is a resource');
	const { contents } = await app.client.readResource({ uri });
	eq(JSON.parse(contents[0].text).fields.length, 2, 'fields');
	const { resourceTemplates: t } = await app.client
	    .listResourceTemplates();
	eq(t.length, 8, 'templates');
	const { completion } = await app.client.complete({ ref: { type:
	    'ref/resource', uri: 'keepd://table/{name}' }, argument: { name:
	    'name', value: 'walk_' } });
	ok(completion.values.includes(table), 'completed');
});

await test('lists and gets prompts', async () => {
	const { prompts } = await app.client.listPrompts();
	ok(prompts.some((p) => p.name === 'explain_artifact'), 'listed');
	const p = await app.client.getPrompt({ name: 'explain_artifact',
	    arguments: { type: 'table', name: table } });
	eq(p.messages[1].content.resource.uri, `keepd://table/${table}`);
});

await test('is asked before a table is deleted, and its user decides',
    async () => {
	const asked = [];
	let say = false;
	const c = new Client({ name: 'walk', version: '1.0' }, { ...clientOptions,
	    capabilities: { elicitation: {} } });
	const answer = async (q) => {
		asked.push(q.params.message);
		return { action: 'accept', content: { confirm: say } };
	};
	if (which === 'v1') {
		const { ElicitRequestSchema } = await import(
		    '@modelcontextprotocol/sdk/types.js');
		c.setRequestHandler(ElicitRequestSchema, answer);
	} else
		c.setRequestHandler('elicitation/create', answer);
	await c.connect(app.transport());
	const t = await app.tool('save_table', { table: { name: `asked_${which}`,
	    fields: [{ fieldName: 'a', fieldType: 'text' }] } });
	const no = await c.callTool({ name: 'delete_table', arguments:
	    { id: t.id } });
	eq(no.isError, true);
	has(no.content[0].text, 'did not confirm');
	say = true;
	const yes = await c.callTool({ name: 'delete_table', arguments:
	    { id: t.id } });
	eq(yes.structuredContent?.deleted, true, 'deleted');
	eq(asked.length, 2, 'questions');
	has(asked[0], `asked_${which}`);
	await c.close();
});

await test('an error of a tool names the field that is wrong', async () => {
	const r = await app.client.callTool({ name: 'save_table', arguments: {
	    table: { name: table + '_b', fields: [
	    { fieldName: 'colour', fieldType: 'rainbow' }] } } });
	eq(r.isError, true, 'isError');
	has(r.content[0].text, 'rainbow');
	has(r.content[0].text, 'colour');
});

await test('refreshes its token by itself when it is refused', async () => {
	const t = app.provider.saved.tokens;
	const old = t.refresh_token;
	app.provider.saved.tokens = { ...t, access_token: t.access_token
	    .slice(0, -4) + 'AAAA' };
	const asked = app.provider.asked.length;
	const q = await app.tool('query_entity_table', { table, take: 1 });
	eq(q.count, 1);
	eq(app.provider.asked.length, asked, 'browsers opened');
	ok(app.provider.saved.tokens.refresh_token !== old, 'rotated');
});

await test('once an admin revoked the grant, the very next call is refused',
    async () => {
	const before = await app.tool('query_entity_table', { table, take: 1 });
	eq(before.count, 1, 'the call before');
	const list = keepd.mustCtl('grant list');
	const row = list.split('\n').filter((l) => l.includes(`Walk ${which}`) ||
	    l.includes(app.provider.saved.client.client_id));
	eq(row.length, 1, `rows of the grant in ${list}`);
	const id = row[0].split(/\s+/)[0];
	keepd.mustCtl(`grant revoke ${id}`);
	const n = app.wire.log.length;
	let err;
	try {
		await app.tool('query_entity_table', { table, take: 1 });
	} catch (e) {
		err = e;
	}
	ok(err instanceof Unauthorized, `error is ${err}`);
	const after = app.wire.log.slice(n);
	eq([after[0].path, after[0].method, after[0].status],
	    ['/mcp', 'POST', 401], 'the very next call');
	const tok = after.find((x) => x.path === '/token');
	eq(tok?.status, 400, 'refresh with the revoked grant');
});

await test('Deny sends the client away with access_denied and no code',
    async () => {
	const a = new App(callback, `Denied ${which}`);
	const p = await browser.open(await a.wantBrowser());
	const back = callback.next();
	await p.signIn('designer', process.env.K_PW_DESIGNER);
	await p.deny();
	const q = await back;
	eq(q.get('error'), 'access_denied');
	eq(q.get('code'), null, 'code');
	eq(q.get('state'), a.provider.saved.state, 'state');
	eq(q.get('iss'), process.env.K_URL, 'iss');
	await p.page.close();
});

await test('an expired request answers No pending authorization', async () => {
	const a = new App(callback, `Late ${which}`);
	const p = await browser.open(await a.wantBrowser());
	try {
		keepd.must('k_shift 601');
		await p.signIn('designer', process.env.K_PW_DESIGNER);
		has(await p.text(), 'No pending authorization');
		await p.shot(`${which}-expired`);
	} finally {
		keepd.must('k_shift 0');
	}
	await p.page.close();
});

await test('a consent page left open too long answers the same', async () => {
	const a = new App(callback, `Later ${which}`);
	const p = await browser.open(await a.wantBrowser());
	await p.signIn('designer', process.env.K_PW_DESIGNER);
	ok(await p.onConsent(), 'consent page');
	try {
		keepd.must('k_shift 601');
		await p.approve();
		has(await p.text(), 'No pending authorization');
	} finally {
		keepd.must('k_shift 0');
	}
	await p.page.close();
});

await browser.close();
callback.close();
done();
