// SPDX-License-Identifier: ISC
// A token that was rotated days ago comes back.  Seen: anthropics/claude-code#66210.
export const title = 'token rotated days ago';
export async function run(k) {
	const { test, eq, base, connect, refresh, rpc, keepd, PW } = k;
	await test('is refused and ends the family', async () => {
		try {
			const g = await connect(base, 'viewer', PW);
			let r = await refresh(base, g);
			keepd.must('k_shift 86400');
			r = await refresh(base, g, r.json.refresh_token);
			keepd.must('k_shift 259200');
			r = await refresh(base, g, r.json.refresh_token);
			eq(r.status, 200);
			const old = await refresh(base, g);
			eq([old.status, old.json.error], [400, 'invalid_grant']);
			eq((await rpc(base, r.json.access_token, 'ping')).status, 401);
		} finally {
			keepd.must('k_shift 0');
		}
	});
}
