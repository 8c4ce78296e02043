// SPDX-License-Identifier: ISC
// One connect registers twice, from two addresses.
// Seen: anthropics/claude-ai-mcp#546; samanhappy/mcphub#1174.
export const title = 'registers twice';
export async function run(k) {
	const { test, eq, ne, base, postJson, keepd } = k;
	const reg = (m, opts) => postJson(base, '/register', { client_name: 'Twice',
	    token_endpoint_auth_method: 'none', redirect_uris:
	    ['http://127.0.0.1:41000/callback'], ...m }, {}, opts);
	await test('the same public client is the same id', async () => {
		const a = await reg({});
		const b = await reg({}, { localAddress: '127.0.0.2' });
		eq([a.status, b.status], [201, 201]);
		eq(b.json.client_id, a.json.client_id);
	});
	await test('loopback ports do not make a new one', async () => {
		const a = await reg({});
		const b = await reg({ redirect_uris:
		    ['http://127.0.0.1:52345/callback'] });
		eq(b.json.client_id, a.json.client_id);
		eq(b.json.redirect_uris, ['http://127.0.0.1:52345/callback']);
	});
	await test('another name, path or host does; a secret always does',
	    async () => {
		const ids = new Set();
		for (const m of [{}, { client_name: 'Other' }, { redirect_uris:
		    ['http://127.0.0.1:1/other'] }, { redirect_uris:
		    ['http://localhost:1/callback'] }, { redirect_uris:
		    ['https://app.example/callback'] },
		    { token_endpoint_auth_method: 'client_secret_post' },
		    { token_endpoint_auth_method: 'client_secret_post' }])
			ids.add((await reg(m)).json.client_id);
		eq(ids.size, 7);
	});
	await test('a hundred repeats leave one record', async () => {
		for (let i = 0; i < 100; i++)
			await reg({ client_name: 'Hundred', redirect_uris:
			    [`http://127.0.0.1:${20000 + i}/cb`] });
		eq(keepd.mustCtl('client list').split('\n').filter((l) =>
		    l.includes('Hundred')).length, 1);
	});
}
