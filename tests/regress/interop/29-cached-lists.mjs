// SPDX-License-Identifier: ISC
// Ignores list_changed, caches lists.  Seen: anthropics/claude-ai-mcp#45;
// maximhq/bifrost#6885; strands-agents/harness-sdk#4112.
export const title = 'cached lists';
export async function run(k) {
	const { test, eq, ok, has, base, connect, rpc, refusal, keepd, MODERN } = k;
	await test('lists are private and short lived', async () => {
		const g = await connect(base, 'admin', process.env.K_PW_ADMIN);
		for (const m of ['tools/list', 'server/discover']) {
			const r = (await rpc(base, g.access, m, {}, { era: MODERN }))
			    .json.result;
			eq(r.cacheScope, 'private', m);
			ok(r.ttlMs > 0 && r.ttlMs <= 300000, `${m} ttlMs ${r.ttlMs}`);
		}
		const h = await rpc(base, g.access, 'tools/list', {});
		has(h.header('cache-control') ?? '', /no-store/);
	});
	await test('a tool that left the list answers which role is missing',
	    async () => {
		keepd.must('k_user cacher cacher-password-1 designer');
		const g = await connect(base, 'cacher', 'cacher-password-1');
		keepd.mustCtl('role revoke designer cacher');
		const l = (await rpc(base, g.access, 'tools/list', {})).json.result;
		eq(l.tools.length, 0, 'list');
		has(await refusal(base, g.access, 'save_table', { table:
		    { name: 'x', fields: [] } }),
		    'Access denied: no permission for tabledefinition');
	});
}
