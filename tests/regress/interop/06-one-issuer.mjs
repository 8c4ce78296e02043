// SPDX-License-Identifier: ISC
// The issuer is compared byte for byte.  Seen: python-sdk#1919,
// anomalyco/opencode#50036, github/copilot-cli#4606, expo/expo#49054.
export const title = 'one issuer string';
export async function run(k) {
	const { test, eq, ok, base, get, http, connect, PW, postForm } = k;
	await test('is the same bytes wherever it stands', async () => {
		const g = await connect(base, 'viewer', PW);
		const claims = JSON.parse(Buffer.from(g.access.split('.')[1],
		    'base64url'));
		eq(claims.iss, base, 'token');
		eq(g.callback.searchParams.get('iss'), base, 'redirect');
		const prm = (await get(base,
		    '/.well-known/oauth-protected-resource/mcp')).json;
		eq(prm.authorization_servers, [base]);
		for (const d of ['oauth-authorization-server',
		    'openid-configuration'])
			eq((await get(base, '/.well-known/' + d)).json.issuer, base);
	});
	await test('no answer holds another form of it', async () => {
		const u = new URL(base);
		const seen = [];
		for (const [m, t] of [['GET', '/.well-known/oauth-protected-resource'],
		    ['GET', '/.well-known/oauth-authorization-server'],
		    ['POST', '/mcp'], ['GET', '/mcp'], ['GET', '/authorize'],
		    ['POST', '/token'], ['POST', '/register'], ['GET', '/jwks.json']]) {
			const r = await http(base, m, t, {}, m === 'POST' ? '' :
			    undefined);
			const all = r.rawHead + r.text;
			for (const x of all.matchAll(
			    /https?:\/\/(?:localhost|127\.0\.0\.1)[^"'\s,<]*/g))
				seen.push(x[0]);
		}
		ok(seen.length > 5, 'control: URLs were found');
		for (const s of seen)
			ok(s === base || s.startsWith(base + '/') &&
			    s !== base + '/', `URL ${s}`);
	});
}
