// SPDX-License-Identifier: ISC
// Several processes of one client refresh the same token at once.
// Seen: anthropics/claude-code#84440, #74250, #85236; anomalyco/opencode#34074.
export const title = 'refresh race';
export async function run(k) {
	const { test, eq, ok, base, connect, refresh, rpc, keepd, PW } = k;
	const works = async (t) => (await rpc(base, t, 'ping')).status;
	const refused = (r) => eq([r.status, r.json.error],
	    [400, 'invalid_grant']);
	const at = (s) => keepd.must(`k_shift ${s}`);
	await test('33 at once: all are answered, all may go on', async () => {
		const g = await connect(base, 'viewer', PW);
		const all = await Promise.all(Array.from({ length: 33 }, () =>
		    refresh(base, g)));
		for (const r of all)
			eq(r.status, 200, r.text);
		for (const r of all)
			eq(await works(r.json.access_token), 200);
		const next = await Promise.all(all.slice(0, 8).map((r) =>
		    refresh(base, g, r.json.refresh_token)));
		for (const r of next)
			eq(r.status, 200, r.text);
	});
	await test('a racer that kept the older token is still let in within ' +
	    'the grace', async () => {
		try {
			const g = await connect(base, 'viewer', PW);
			eq((await refresh(base, g)).status, 200);
			at(76);
			eq((await refresh(base, g)).status, 200, 'after 76 s');
			at(119);
			eq((await refresh(base, g)).status, 200, 'after 119 s');
		} finally {
			at(0);
		}
	});
	await test('after the grace an unused successor is cancelled', async () => {
		try {
			const g = await connect(base, 'viewer', PW);
			const lost = (await refresh(base, g)).json;
			at(121);
			const r = await refresh(base, g);
			eq(r.status, 200);
			eq(await works(lost.access_token), 401, 'cancelled');
			eq(await works(r.json.access_token), 200, 'successor');
			refused(await refresh(base, g, lost.refresh_token));
		} finally {
			at(0);
		}
	});
	await test('after the grace and once the successor was used: revoked',
	    async () => {
		try {
			const g = await connect(base, 'viewer', PW);
			const a = (await refresh(base, g)).json;
			const b = (await refresh(base, g, a.refresh_token)).json;
			at(121);
			refused(await refresh(base, g));
			eq(await works(b.access_token), 401);
			refused(await refresh(base, g, b.refresh_token));
			ok(/replay/i.test(keepd.mustCtl('audit tail -n 40')),
			    'audit event');
		} finally {
			at(0);
		}
	});
}
