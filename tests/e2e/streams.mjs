// SPDX-License-Identifier: ISC
// streams.mjs: changes as the official SDK clients hear of them.
// argv[2]: v1 (2025-11-25: GET, resources/subscribe) or v2 (2026-07-28:
// subscriptions/listen).

import { test, done, ok, eq, connect, call, instance, until, sleep } from
    './kit.mjs';

const which = process.argv[2];
const base = process.env.K_URL;
const keepd = instance();

const S = await import(which === 'v1' ?
    '@modelcontextprotocol/sdk/client/index.js' :
    '@modelcontextprotocol/client');
const T = which === 'v1' ? await import(
    '@modelcontextprotocol/sdk/client/streamableHttp.js') : S;
const types = which === 'v1' ?
    await import('@modelcontextprotocol/sdk/types.js') : null;

const user = `streamer-${which}`;
keepd.must(`k_user ${user} ${user}-password-1 designer`);
const token = (await connect(base, user, `${user}-password-1`)).access;
const other = (await connect(base, 'designer',
    process.env.K_PW_DESIGNER)).access;
const F = (fieldName, fieldType = 'text') => ({ fieldName, fieldType });
const table = await call(base, other, 'save_table', { table: {
    name: `cars_${which}`, fields: [F('plate')] } });
const uri = `keepd://table/cars_${which}`;
const save = (description) => call(base, other, 'save_table',
    { table: { id: table.id, description } });

const heard = { updated: [], tools: 0, prompts: 0, resources: 0, log: [] };
const client = new S.Client({ name: 'streams', version: '1' }, which === 'v1' ?
    {} : { versionNegotiation: { mode: { pin: '2026-07-28' } } });
const on = (method, schema, fn) => client.setNotificationHandler(
    types ? types[schema] : method, fn);
on('notifications/resources/updated', 'ResourceUpdatedNotificationSchema',
    (n) => { heard.updated.push(n.params.uri); });
for (const [l, schema] of [['tools', 'ToolListChangedNotificationSchema'],
    ['prompts', 'PromptListChangedNotificationSchema'],
    ['resources', 'ResourceListChangedNotificationSchema']])
	on(`notifications/${l}/list_changed`, schema, () => { heard[l]++; });
on('notifications/message', 'LoggingMessageNotificationSchema',
    (n) => { heard.log.push(n.params); });

await client.connect(new T.StreamableHTTPClientTransport(
    new URL(base + '/mcp'), { requestInit: { headers:
    { Authorization: 'Bearer ' + token } } }));
let sub;

await test('is told what there is to be told of', async () => {
	const c = client.getServerCapabilities();
	eq(c.tools.listChanged, true);
	eq(c.resources, { listChanged: true, subscribe: true });
	ok(c.logging, 'logging');
});

await test('subscribes to a resource and hears of its change', async () => {
	if (which === 'v1')
		await client.subscribeResource({ uri });
	else {
		sub = await client.listen({ toolsListChanged: true,
		    promptsListChanged: true, resourcesListChanged: true,
		    resourceSubscriptions: [uri, 'keepd://table/none'] });
		eq(sub.honoredFilter.resourceSubscriptions, [uri]);
	}
	await save('one');
	await until(() => heard.updated.length === 1, 'the change', 5000);
	eq(heard.updated, [uri]);
});

await test('hears that the list changed', async () => {
	await call(base, other, 'save_package', { pkg: {
	    name: `new ${which}` } });
	await until(() => heard.resources === 1, 'list_changed', 5000);
});

await test('stays through quiet, kept alive by comments', async () => {
	await sleep(2000);
	await save('two');
	await until(() => heard.updated.length === 2, 'the change', 5000);
});

await test('a role more: all lists are said to have changed', async () => {
	const before = { ...heard };
	keepd.mustCtl(`role grant administrator ${user}`);
	await until(() => heard.tools > before.tools && heard.prompts >
	    before.prompts && heard.resources > before.resources,
	    'list_changed', 5000);
	const { tools } = await client.listTools();
	ok(tools.length > 0, 'tools');
});

await test('stages of a call at level debug', async () => {
	let r;
	if (which === 'v1') {
		await client.setLoggingLevel('debug');
		r = await client.callTool({ name: 'list_tables', arguments: {} });
	} else
		r = await client.callTool({ name: 'list_tables', arguments: {},
		    _meta: { 'io.modelcontextprotocol/logLevel': 'debug' } });
	ok(r.structuredContent, 'the result');
	eq(heard.log.map((l) => l.data.stage).slice(0, 2),
	    ['role', 'arguments']);
	eq(heard.log.every((l) => l.level === 'debug'), true);
});

if (which === 'v1')
	await test('unsubscribes', async () => {
		const n = heard.updated.length, l = heard.resources;
		await client.unsubscribeResource({ uri });
		await save('three');
		await call(base, other, 'save_package', { pkg: {
		    name: 'the mark' } });
		await until(() => heard.resources > l, 'the mark', 5000);
		eq(heard.updated.length, n);
	});
else
	await test('the end of the grant ends the subscription in good order',
	    async () => {
		keepd.mustCtl(`grant revoke -u ${user}`);
		eq(await sub.closed, 'graceful');
		const n = heard.updated.length;
		await save('three');
		await sleep(300);
		eq(heard.updated.length, n);
	});

await client.close().catch(() => {});
done();
