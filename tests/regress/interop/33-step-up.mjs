// SPDX-License-Identifier: ISC
// Mishandles the 403 step-up: loops.  Seen: claude-code#44652, #28258,
// #68720; typescript-sdk#1582.
export const title = 'step-up';
export async function run(k) {
	const { test, eq, has, ok, base, connect, rpc, PW } = k;
	await test('the challenge names held and needed scopes', async () => {
		const g = await connect(base, 'viewer', PW, { authorize:
		    { scope: 'openid' } });
		const r = await rpc(base, g.access, 'tools/list', {});
		eq(r.status, 403);
		eq(r.text, '{"error":"insufficient_scope","error_description":' +
		    '"Missing required scope: mcp:tools"}');
		const w = r.header('www-authenticate');
		for (const x of ['error="insufficient_scope"', 'scope="mcp:tools"',
		    'resource_metadata='])
			has(w, x);
	});
	await test('a missing role is a tool error, not a 403', async () => {
		const g = await connect(base, 'viewer', PW);
		for (let i = 0; i < 3; i++) {
			const r = await rpc(base, g.access, 'tools/call', { name:
			    'save_table', arguments: {} });
			eq(r.status, 200);
			eq(r.json.result.isError, true);
			has(r.json.result.content[0].text, 'tabledefinition');
		}
	});
	await test('stepping up with the challenged scope works', async () => {
		const g = await connect(base, 'viewer', PW, { authorize:
		    { scope: 'openid mcp:tools' } });
		eq((await rpc(base, g.access, 'tools/list', {})).status, 200);
	});
}
