// SPDX-License-Identifier: ISC
// Registered one loopback name, uses another.  Seen: apify/mcpc#269.
export const title = 'loopback names';
export async function run(k) {
	const { test, eq, base, register, authorizeUrl, pkce, get } = k;
	await test('are not taken for one another', async () => {
		const names = ['127.0.0.1', 'localhost', '[::1]'];
		for (const a of names)
			for (const b of names) {
				const c = await register(base, { redirect_uris:
				    [`http://${a}:1/cb`] });
				const r = await get(base, authorizeUrl(base, { client_id:
				    c.client_id, code_challenge: pkce().challenge,
				    redirect_uri: `http://${b}:1/cb` })
				    .slice(base.length));
				eq(r.status, a === b ? 200 : 400, `${a} and ${b}`);
			}
	});
}
