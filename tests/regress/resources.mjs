// SPDX-License-Identifier: ISC
// resources.mjs: artifacts as resources, prompts and completion, in both
// eras: what is listed, what is read, what is hidden.

import { test, done, ok, eq, ne, has, hasNot, connect, call, rpc, instance,
    MODERN, until } from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const A = (await connect(base, 'admin', process.env.K_PW_ADMIN)).access;
const D = (await connect(base, 'designer', process.env.K_PW_DESIGNER)).access;
const V = (await connect(base, 'viewer', process.env.K_PW_VIEWER)).access;
const N = (await connect(base, 'nobody1', process.env.K_PW_VIEWER)).access;
const ERAS = [MODERN, '2025-11-25', '2025-06-18', '2025-03-26'];

const good = async (token, method, params = {}, opts = {}) => {
	const r = await rpc(base, token, method, params, opts);
	eq(r.status, 200, `${method}: ${r.text.slice(0, 300)}`);
	ok(!r.json.error, `${method}: ${JSON.stringify(r.json.error)}`);
	return r.json.result;
};
const bad = async (token, method, params = {}, opts = {}) => {
	const r = await rpc(base, token, method, params, opts);
	ok(r.json.error, `${method}: an error, not ${r.text.slice(0, 300)}`);
	return r.json.error;
};
// Every page of a list.
const every = async (token, opts = {}) => {
	const all = [];
	let cursor, pages = 0;
	do {
		const r = await good(token, 'resources/list',
		    cursor ? { cursor } : {}, opts);
		all.push(...r.resources);
		ne(r.nextCursor, cursor ?? '', 'cursor');
		cursor = r.nextCursor;
		ok(++pages < 50, 'an end');
	} while (cursor);
	all.pages = pages;
	return all;
};
const F = (fieldName, fieldType = 'text') => ({ fieldName, fieldType });
const capabilities = async (token, era) => era === MODERN ?
    (await good(token, 'server/discover', {}, { era })).capabilities :
    (await good(token, 'initialize', { protocolVersion: era,
	capabilities: {}, clientInfo: { name: 't', version: '1' } },
	{ era: null })).capabilities;

// ---- what there is ----

const pkg = await call(base, A, 'save_package', { pkg: { name: 'Closed box',
    roles: [{ name: 'administrator', accessLevel: 'EDIT' }] } });
const open = await call(base, D, 'save_package', { pkg: { name: 'Open box',
    description: 'For everybody' } });
const t1 = await call(base, D, 'save_table', { table: { name: 'cars',
    description: 'What drives', fields: [F('plate')], package: open.id } });
const t2 = await call(base, A, 'save_table', { table: { name: 'carats',
    fields: [F('x')], package: pkg.id } });
const script = await call(base, D, 'save_server_script', { name:
    'Wash & dry/100%', content: 'return 1' });
const scriptUri = 'keepd://script/Wash%20%26%20dry%2F100%25';

for (const era of ERAS) {
	await test(`${era}: capabilities, lists, templates`, async () => {
		const c = await capabilities(D, era);
		ok(c.resources && c.prompts && c.completions, 'declared');
		const l = await every(D, { era });
		const car = l.find((r) => r.uri === 'keepd://table/cars');
		eq([car.name, car.description, car.mimeType], ['cars',
		    'What drives', 'application/json']);
		eq('title' in car, era !== '2025-03-26', 'title');
		ok(l.find((r) => r.uri === scriptUri), 'script, encoded');
		ok(l.every((r) => r.description), 'descriptions');
		eq(new Set(l.map((r) => r.uri)).size, l.length, 'once each');
		const t = await good(D, 'resources/templates/list', {}, { era });
		eq(t.resourceTemplates.length, 8);
		ok(t.resourceTemplates.some((x) => x.uriTemplate ===
		    'keepd://table/{name}'), 'template of tables');
		const p = await good(D, 'prompts/list', {}, { era });
		ok(p.prompts.length >= 5 && p.prompts.every((x) =>
		    x.description), 'prompts');
		for (const r of [t, p, await good(D, 'resources/list', {},
		    { era }), await good(D, 'resources/read', { uri:
		    scriptUri }, { era })])
			eq([r.cacheScope, Number.isInteger(r.ttlMs)],
			    era === MODERN ? ['private', true] :
			    [undefined, false], 'caching hints');
	});
	await test(`${era}: read by name, by id, in any case`, async () => {
		const want = await call(base, D, 'get_table', { id: t1.id });
		for (const uri of ['keepd://table/cars', 'keepd://table/CARS',
		    `keepd://table/${t1.id}`]) {
			const r = await good(D, 'resources/read', { uri }, { era });
			eq(r.contents.length, 1);
			eq([r.contents[0].uri, r.contents[0].mimeType],
			    [uri, 'application/json']);
			eq(JSON.parse(r.contents[0].text), want, uri);
		}
		const s = await good(D, 'resources/read', { uri: scriptUri },
		    { era });
		eq(JSON.parse(s.contents[0].text).content, 'return 1');
	});
	await test(`${era}: missing, hidden and senseless are the same`,
	    async () => {
		for (const uri of ['keepd://table/carats', `keepd://table/${t2.id}`,
		    'keepd://package/Closed%20box', 'keepd://table/none',
		    'keepd://table/', 'keepd://table/a/b', 'keepd://table/%zz',
		    'keepd://table/%00', 'keepd://row/cars', 'file:///etc/passwd',
		    'keepd://table/cars?x', 'KEEPD:table', '']) {
			const e = await bad(D, 'resources/read', { uri }, { era });
			eq([e.code, e.message, e.data], [era === MODERN ? -32602 :
			    -32002, 'Resource not found', { uri }], uri);
		}
		eq((await bad(D, 'resources/read', { uri: 7 }, { era })).code,
		    era === MODERN ? -32020 : -32602, 'no string');
	});
}
await test('control: those who may, read what is hidden to others',
    async () => {
	const r = await good(A, 'resources/read', { uri:
	    'keepd://table/carats' });
	eq(JSON.parse(r.contents[0].text).id, t2.id);
	ok((await every(A)).find((x) => x.uri === 'keepd://table/carats'),
	    'listed');
	const l = await every(D);
	eq(l.filter((x) => /carats|Closed/.test(JSON.stringify(x))), [],
	    'listed for others');
});
await test('a user without a role is offered nothing and finds nothing',
    async () => {
	for (const era of ERAS) {
		const c = await capabilities(N, era);
		eq([c.resources, c.prompts], [undefined, undefined]);
	}
	eq(await every(N).then((x) => [...x]), []);
	eq((await good(N, 'prompts/list')).prompts, []);
	eq((await bad(N, 'resources/read', { uri: 'keepd://table/cars' })).code,
	    -32002);
	eq((await good(N, 'completion/complete', { ref: { type: 'ref/resource',
	    uri: 'keepd://table/{name}' }, argument: { name: 'name',
	    value: '' } })).completion.values, []);
});

// ---- pages ----

await test('pages: each artifact once, in order, cursors of the grant only',
    async () => {
	for (let i = 0; i < 215; i++)
		await call(base, D, 'save_package', { pkg: { name: `p${i}` } });
	const l = await every(D);
	ok(l.pages >= 3, `pages ${l.pages}`);
	eq(l.filter((x) => /^keepd:..package.p\d/.test(x.uri)).length, 215);
	eq(new Set(l.map((x) => x.uri)).size, l.length, 'once each');
	const cursor = (await good(D, 'resources/list')).nextCursor;
	await good(D, 'resources/list', { cursor });
	for (const c of [cursor.slice(0, -2), 'x' + cursor.slice(1), '', 'abc'])
		eq((await bad(D, 'resources/list', { cursor: c })).code, -32602,
		    'bent');
	eq((await bad(V, 'resources/list', { cursor })).code, -32602,
	    'somebody else\'s');
	eq((await bad(D, 'prompts/list', { cursor })).code, -32602);
	eq((await bad(D, 'resources/templates/list', { cursor })).code, -32602);
});

// ---- prompts ----

for (const era of ERAS)
	await test(`${era}: prompts with arguments`, async () => {
		const p = await good(D, 'prompts/get', { name: 'design_table',
		    arguments: { name: 'rent "al" {purpose}', purpose:
		    'Who has\nwhich car' } }, { era });
		eq(p.messages.length, 1);
		eq([p.messages[0].role, p.messages[0].content.type],
		    ['user', 'text']);
		has(p.messages[0].content.text,
		    'named rent "al" {purpose}. Purpose: Who has\nwhich car');
		has(p.messages[0].content.text, 'Package: (not given)');
		const e = await good(D, 'prompts/get', { name:
		    'explain_artifact', arguments: { type: 'table',
		    name: 'cars' } }, { era });
		eq(e.messages.length, 2);
		eq(e.messages[1].content.type, 'resource');
		eq(e.messages[1].content.resource.uri, 'keepd://table/cars');
		eq(JSON.parse(e.messages[1].content.resource.text).id, t1.id);
		for (const [name, args] of [['none', {}], ['design_table', {}],
		    ['design_table', { name: 'a', purpose: 7 }],
		    ['design_table', { name: 'a', purpose: 'b', extra: 'c' }],
		    ['explain_artifact', { type: 'row', name: 'cars' }]])
			eq((await bad(D, 'prompts/get', { name, arguments: args },
			    { era })).code, -32602, name);
		eq((await bad(D, 'prompts/get', { name: 'explain_artifact',
		    arguments: { type: 'table', name: 'carats' } }, { era }))
		    .message, 'Resource not found', 'hidden');
	});
await test('prompts of tasks that the caller may not do are not there',
    async () => {
	const names = (await good(V, 'prompts/list')).prompts.map((p) => p.name);
	ok(names.includes('explain_artifact'), 'explain');
	eq(names.includes('design_table'), false);
	has((await bad(V, 'prompts/get', { name: 'design_table', arguments: {
	    name: 'a', purpose: 'b' } })).message, 'not found');
});

// ---- completion ----

await test('completion: names of what the caller may read', async () => {
	const complete = async (token, ref, name, value, context, opts) =>
	    (await good(token, 'completion/complete', { ref, argument: { name,
	    value }, ...(context ? { context: { arguments: context } } : {}) },
	    opts)).completion;
	const table = { type: 'ref/resource', uri: 'keepd://table/{name}' };
	eq((await complete(D, table, 'name', 'CA')).values, ['cars']);
	eq((await complete(A, table, 'name', 'ca')).values, ['carats', 'cars']);
	eq(await complete(D, table, 'name', 'zz'), { values: [], total: 0,
	    hasMore: false });
	eq((await complete(D, table, 'other', '')).values, []);
	const explain = { type: 'ref/prompt', name: 'explain_artifact' };
	eq((await complete(D, explain, 'type', 'ta')).values, ['table']);
	for (const era of [MODERN, '2025-11-25'])
		eq((await complete(D, explain, 'name', 'c', { type: 'table' },
		    { era })).values, ['cars']);
	eq((await complete(D, explain, 'name', 'c')).values, []);
	eq((await complete(D, { type: 'ref/prompt', name: 'review_package' },
	    'package', '')).values.length, 100, 'at most');
	eq((await complete(D, { type: 'ref/prompt', name: 'review_package' },
	    'package', '')).hasMore, true);
	for (const p of [{}, { ref: { type: 'ref/prompt', name: 'none' },
	    argument: { name: 'a', value: '' } }, { ref: { type: 'ref/resource',
	    uri: 'keepd://none/{name}' }, argument: { name: 'name', value: '' } },
	    { ref: table, argument: { name: 'name' } }])
		eq((await bad(D, 'completion/complete', p)).code, -32602,
		    JSON.stringify(p));
});

// ---- audit ----

await test('audit: reading a resource leaves the record of its tool',
    async () => {
	await good(D, 'resources/read', { uri: 'keepd://table/cars' });
	await until(() => {
		const a = keepd.mustCtl('audit tail -n 400');
		return /get_table/.test(a) && /resources\/list/.test(a);
	}, 'the records');
});
done();
