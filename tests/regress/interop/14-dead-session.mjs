// SPDX-License-Identifier: ISC
// A client keeps its session id over a restart of the server.
// Seen: python-sdk#1676; affine-mcp-server#301; neotoma#2100.
export const title = 'session id of the old era';
export async function run(k) {
	const { test, eq, ok, base, connect, rpc, http, keepd, PW, mcpRequest } = k;
	await test('lives on over a restart, and conveys no right', async () => {
		const g = await connect(base, 'viewer', PW);
		const init = await rpc(base, g.access, 'initialize',
		    { protocolVersion: '2025-11-25', capabilities: {},
		    clientInfo: { name: 'x', version: '1' } });
		const sid = init.header('mcp-session-id');
		ok(sid, 'session id');
		const ping = (s, t = g.access, era = '2025-11-25') => rpc(base, t,
		    'ping', {}, { era, headers: { 'Mcp-Session-Id': s } });
		eq((await ping(sid)).status, 200, 'before');
		keepd.must('k_stop && k_start');
		eq((await ping(sid)).status, 200, 'after a restart');
		const bad = await ping(sid.slice(0, 8) + (sid[8] === 'A' ? 'B' : 'A') +
		    sid.slice(9));
		eq(bad.status, 404, 'changed');
		ok(bad.json.error, 'JSON-RPC body');
		const other = await connect(base, 'designer',
		    process.env.K_PW_DESIGNER);
		eq((await ping(sid, other.access)).status, 404, "another's");
		eq((await ping(sid, null)).status, 401, 'alone');
	});
	await test('a made-up one is 404 with a JSON-RPC body', async () => {
		const g = await connect(base, 'viewer', PW);
		for (const s of ['1868a90c-2d17-4b3a-9d3c-55c0c2d1f001', 'x']) {
			const r = await rpc(base, g.access, 'tools/list', {},
			    { headers: { 'Mcp-Session-Id': s } });
			eq(r.status, 404, s);
			eq(r.json.jsonrpc, '2.0');
			ok(r.json.error, 'error');
		}
	});
}
