// SPDX-License-Identifier: ISC
// The consent page is loaded twice, or approved twice.
// Seen: dinglebear-ai/unraid#14; PrefectHQ/fastmcp#4818; metamcp#170.
export const title = 'double submit';
export async function run(k) {
	const { test, eq, ok, has, base, register, Agent, authorizeUrl, pkce,
	    postForm, REDIRECT, PW } = k;
	const start = async () => {
		const c = await register(base);
		const p = pkce();
		const a = new Agent(base);
		const s = await a.signIn(authorizeUrl(base, { client_id:
		    c.client_id, code_challenge: p.challenge }), 'viewer', PW);
		return { c, p, a, where: s.header('location') };
	};
	await test('loaded twice: either copy can be sent', async () => {
		const f = await start();
		const one = await f.a.get(f.where);
		const two = await f.a.get(f.where);
		eq([one.status, two.status], [200, 200]);
		const r = await f.a.submit(one, {}, ['decision', 'approve']);
		eq(r.status, 302);
	});
	await test('approved twice: the same redirect, one grant', async () => {
		const f = await start();
		const page = await f.a.get(f.where);
		const jar = new Map(f.a.jar);
		const r1 = await f.a.submit(page, {}, ['decision', 'approve']);
		f.a.jar = new Map(jar);
		const r2 = await f.a.submit(page, {}, ['decision', 'approve']);
		eq([r1.status, r2.status], [302, 302]);
		eq(r1.header('location'), r2.header('location'));
		const code = new URL(r1.header('location')).searchParams.get('code');
		const t = await postForm(base, '/token', { grant_type:
		    'authorization_code', code, redirect_uri: REDIRECT,
		    client_id: f.c.client_id, code_verifier: f.p.verifier });
		eq(t.status, 200);
		f.a.jar = new Map(jar);
		const r3 = await f.a.submit(page, {}, ['decision', 'approve']);
		ok(r3.status >= 400, `status ${r3.status} once redeemed`);
	});
	await test('both at once: the same redirect', async () => {
		const f = await start();
		const page = await f.a.get(f.where);
		const b = new Agent(base);
		b.jar = new Map(f.a.jar);
		const [r1, r2] = await Promise.all([
		    f.a.submit(page, {}, ['decision', 'approve']),
		    b.submit(page, {}, ['decision', 'approve'])]);
		eq([r1.status, r2.status], [302, 302]);
		eq(r1.header('location'), r2.header('location'));
	});
	await test('approved, then denied: the approval stands or nothing does, ' +
	    'never a second code', async () => {
		const f = await start();
		const page = await f.a.get(f.where);
		const jar = new Map(f.a.jar);
		const r1 = await f.a.submit(page, {}, ['decision', 'approve']);
		f.a.jar = jar;
		const r2 = await f.a.submit(page, {}, ['decision', 'deny']);
		if (r2.status === 302)
			eq(new URL(r2.header('location')).searchParams.get('code'),
			    null, 'a code on Deny');
		else
			has(r2.text, 'No pending authorization');
	});
}
