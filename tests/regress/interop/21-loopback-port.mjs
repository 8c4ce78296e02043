// SPDX-License-Identifier: ISC
// Loopback redirects with a random port, portless in the registration.
// Seen: claude-code#90370; fastmcp#3588, #4152; vscode#278512.
export const title = 'loopback port';
export async function run(k) {
	const { test, eq, ok, base, register, Agent, authorizeUrl, pkce, postForm,
	    get, PW } = k;
	for (const host of ['127.0.0.1', 'localhost', '[::1]'])
		await test(`${host}: any port, then redeemed with that one`,
		    async () => {
			const c = await register(base, { redirect_uris:
			    [`http://${host}/callback`] });
			const uri = `http://${host}:33418/callback`;
			const p = pkce();
			const u = await new Agent(base).approve(authorizeUrl(base,
			    { client_id: c.client_id, code_challenge: p.challenge,
			    redirect_uri: uri }), 'viewer', PW);
			eq(u.origin + u.pathname, uri, 'where to');
			const r = await postForm(base, '/token', { grant_type:
			    'authorization_code', code: u.searchParams.get('code'),
			    redirect_uri: uri, client_id: c.client_id,
			    code_verifier: p.verifier });
			eq(r.status, 200, r.text);
		});
	await test('nothing else varies', async () => {
		const c = await register(base, { redirect_uris:
		    ['http://127.0.0.1:7000/callback',
		    'https://app.example:8443/cb'] });
		for (const uri of ['https://127.0.0.1:7000/callback',
		    'http://127.0.0.1:7000/callback/', 'http://127.0.0.2:7000/callback',
		    'http://127.0.0.1:7000/Callback', 'http://127.0.0.1:7000/callback?a',
		    'http://127.0.0.1:7000/callback#a', 'http://x@127.0.0.1:7000/callback',
		    'http://127.0.0.1:7000/a/../callback',
		    'http://127.0.0.1:70000/callback', 'http://127.1:7000/callback',
		    'http://2130706433:7000/callback', 'https://app.example:8444/cb',
		    'https://app.example/cb']) {
			const r = await get(base, authorizeUrl(base, { client_id:
			    c.client_id, code_challenge: pkce().challenge,
			    redirect_uri: uri }).slice(base.length));
			eq(r.status, 400, uri);
			eq(r.header('location'), undefined, uri);
		}
	});
}
