// SPDX-License-Identifier: ISC
// Reads the first page only, or loops on a cursor.
// Seen: DeusData/codebase-memory-mcp#971, #1247; vercel/ai#19240.
export const title = 'one page of tools';
export async function run(k) {
	const { test, eq, ok, base, connect, rpc, MODERN } = k;
	await test('the whole list, no nextCursor, a cursor is an error',
	    async () => {
		const g = await connect(base, 'admin', process.env.K_PW_ADMIN);
		for (const era of ['2025-06-18', '2025-11-25', MODERN]) {
			const r = (await rpc(base, g.access, 'tools/list', {},
			    { era })).json.result;
			ok(r.tools.length > 10, 'tools');
			eq('nextCursor' in r, false);
			const c = await rpc(base, g.access, 'tools/list',
			    { cursor: 'x' }, { era });
			eq(c.json.error?.code, -32602, era);
		}
	});
}
