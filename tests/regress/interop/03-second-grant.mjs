// SPDX-License-Identifier: ISC
// The client authorizes anew although its refresh token is valid.
// Seen: anthropics/claude-code#82513; PrefectHQ/fastmcp#4265.
export const title = 'authorizes again';
export async function run(k) {
	const { test, eq, base, connect, register, refresh, rpc, PW } = k;
	await test('a new grant stands beside the old one', async () => {
		const client = await register(base);
		const a = await connect(base, 'viewer', PW, { client });
		const b = await connect(base, 'viewer', PW, { client });
		for (const g of [a, b])
			eq((await rpc(base, g.access, 'ping')).status, 200);
		eq((await refresh(base, a)).status, 200, 'the older');
		eq((await refresh(base, b)).status, 200, 'the newer');
	});
}
