// SPDX-License-Identifier: ISC
// clock.mjs: lifetimes, by a wall clock that is moved while keepd runs
// (tests/regress/clock.c), forwards and back.

import { test, done, ok, eq, has, ne, get, postForm, register, connect,
    refresh, rpc, Agent, authorizeUrl, pkce, instance, REDIRECT, call,
    refusal }
    from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const PW = process.env.K_PW_VIEWER;
const MIN = 60, HOUR = 3600, DAY = 86400;
let now = 0;
const at = (s) => { keepd.must(`k_shift ${s}`); now = s; };
const works = async (t) => (await rpc(base, t, 'ping')).status;
const client = await register(base);
const grant = () => connect(base, 'viewer', PW, { client });
const clocked = (name, fn) => test(name, async () => {
	try {
		at(0);
		await fn();
	} finally {
		at(0);
	}
});
const refused = (r) => eq([r.status, r.json.error], [400, 'invalid_grant'],
    r.text);

await clocked('control: the clock of the token endpoint moves', async () => {
	const iat = (t) => JSON.parse(Buffer.from(t.split('.')[1],
	    'base64url')).iat;
	const a = iat((await grant()).access);
	at(10 * DAY);
	const b = iat((await grant()).access);
	ok(Math.abs(b - a - 10 * DAY) < 60, `moved by ${b - a}`);
});
await clocked('access token: good for an hour, warm or cold', async () => {
	const cold = await grant(), warm = await grant();
	for (let i = 0; i < 8; i++)
		eq(await works(warm.access), 200, 'warm');
	at(HOUR - 60);
	eq(await works(cold.access), 200, 'before the end');
	eq(await works(warm.access), 200, 'before the end, warm');
	at(HOUR + 2);
	for (let i = 0; i < 8; i++)
		eq(await works(warm.access), 401, 'after the end, warm');
	eq(await works(cold.access), 401, 'after the end');
	const r = await rpc(base, warm.access, 'ping');
	eq(r.text, '{"error":"invalid_token","error_description":"Invalid or ' +
	    'expired access token"}');
	eq((await refresh(base, cold)).status, 200, 'refreshed');
});
await clocked('authorization code: a minute', async () => {
	const take = async (s) => {
		at(0);
		const p = pkce();
		const u = await new Agent(base).approve(authorizeUrl(base,
		    { client_id: client.client_id, code_challenge: p.challenge }),
		    'viewer', PW);
		at(s);
		return postForm(base, '/token', { grant_type:
		    'authorization_code', code: u.searchParams.get('code'),
		    redirect_uri: REDIRECT, client_id: client.client_id,
		    code_verifier: p.verifier });
	};
	eq((await take(50)).status, 200, 'in time');
	refused(await take(62));
});
await clocked('refresh token: seven days, fresh with each use, thirty at most',
    async () => {
	let g = await grant();
	at(7 * DAY + 2);
	refused(await refresh(base, g));
	at(0);
	g = await grant();
	let t = g.refresh;
	for (const d of [6, 12, 18, 24, 29]) {
		at(d * DAY);
		const r = await refresh(base, g, t);
		eq(r.status, 200, `day ${d}: ${r.text}`);
		eq(await works(r.json.access_token), 200, `day ${d}`);
		t = r.json.refresh_token;
	}
	at(30 * DAY + 2);
	refused(await refresh(base, g, t));
});
await clocked('an access token does not outlive its family', async () => {
	const g = await grant();
	let t = g.refresh;
	for (const d of [6, 12, 18, 24]) {
		at(d * DAY);
		t = (await refresh(base, g, t)).json.refresh_token;
	}
	at(30 * DAY - 10 * MIN);
	const r = await refresh(base, g, t);
	eq(r.status, 200);
	ok(r.json.expires_in <= 601, `expires_in ${r.json.expires_in}`);
	at(30 * DAY + 2);
	eq(await works(r.json.access_token), 401);
});
await clocked('client secret: thirty days, then invalid_client in words',
    async () => {
	const c = await register(base, { token_endpoint_auth_method:
	    'client_secret_post', client_name: 'Old' });
	const g = await connect(base, 'viewer', PW, { client: c });
	at(30 * DAY + 2);
	const r = await refresh(base, g);
	eq([r.status, r.json.error, r.json.error_description],
	    [401, 'invalid_client', 'Client secret has expired']);
});
await clocked('racing refreshes within the grace all win and converge',
    async () => {
	const g = await grant();
	const one = await refresh(base, g);
	eq(one.status, 200);
	const many = await Promise.all(Array.from({ length: 33 }, () =>
	    refresh(base, g)));
	for (const r of many)
		eq(r.status, 200, r.text);
	for (const r of [one, ...many])
		eq(await works(r.json.access_token), 200, 'sibling works');
	at(100);
	eq((await refresh(base, g)).status, 200, 'at 100 s');
	// Any sibling may go on.
	const next = await refresh(base, g, many[7].json.refresh_token);
	eq(next.status, 200, 'next generation');
	eq((await refresh(base, g, many[8].json.refresh_token)).status, 200,
	    'sibling of the next generation');
});
await clocked('a lost answer: the old token after the grace, the new unused',
    async () => {
	const g = await grant();
	const lost = await refresh(base, g);
	eq(lost.status, 200);
	at(121);
	const again = await refresh(base, g);
	eq(again.status, 200, again.text);
	eq(await works(again.json.access_token), 200, 'new one');
	eq(await works(lost.json.access_token), 401, 'cancelled one');
	// The cancelled one is a replay now: it ends the family.
	refused(await refresh(base, g, lost.json.refresh_token));
	eq(await works(again.json.access_token), 401, 'family ended');
	refused(await refresh(base, g, again.json.refresh_token));
});
await clocked('a stolen old token after the grace ends the family', async () => {
	const g = await grant();
	const one = await refresh(base, g);
	eq(await works(one.json.access_token), 200);
	const two = await refresh(base, g, one.json.refresh_token);
	eq(two.status, 200);
	at(121);
	refused(await refresh(base, g));
	eq(await works(two.json.access_token), 401, 'newest access token');
	refused(await refresh(base, g, two.json.refresh_token));
	const log = keepd.mustCtl('audit tail -n 50');
	has(log, /replay/i, 'audit');
});
await clocked('a token two generations old is a replay within the grace too',
    async () => {
	const g = await grant();
	const one = await refresh(base, g);
	const two = await refresh(base, g, one.json.refresh_token);
	eq(two.status, 200);
	refused(await refresh(base, g));
	eq(await works(two.json.access_token), 401);
});
await clocked('past 64 siblings the oldest unused goes, nobody is logged out',
    async () => {
	const g = await grant();
	const all = [];
	for (let i = 0; i < 70; i++) {
		const r = await refresh(base, g);
		eq(r.status, 200, `sibling ${i}`);
		all.push(r.json);
	}
	eq(await works(all[0].access_token), 401, 'oldest');
	eq(await works(all[69].access_token), 200, 'newest');
	eq((await refresh(base, g, all[69].refresh_token)).status, 200);
});
await clocked('a clock that goes back keeps everything working', async () => {
	const g = await grant();
	eq(await works(g.access), 200);
	at(-DAY);
	eq((await get(base, '/healthz')).status, 200, 'health');
	eq(await works(g.access), 200, 'old token');
	const h = await grant();
	eq(await works(h.access), 200, 'new token');
	eq((await refresh(base, h)).status, 200, 'refresh');
	at(0);
	// one issued "in the past" lives its hour and no longer
	eq(await works(h.access), 401, 'a day after');
	eq(await works(g.access), 200, 'old token');
});
await clocked('a jump of a year forth and back breaks nothing', async () => {
	const g = await grant();
	at(365 * DAY);
	eq((await get(base, '/healthz')).status, 200);
	eq(await works(g.access), 401);
	const h = await grant();
	eq(await works(h.access), 200);
	at(0);
	eq((await get(base, '/healthz')).status, 200);
	const i = await grant();
	eq(await works(i.access), 200);
	eq((await refresh(base, i)).status, 200);
});
await clocked('records carry the moved time in ver', async () => {
	const g = await connect(base, 'designer', process.env.K_PW_DESIGNER,
	    { client });
	const T = { name: 'clocked', fields: [{ fieldName: 'a',
	    fieldType: 'text' }] };
	const one = await call(base, g.access, 'save_table', { table: T });
	at(2 * MIN);
	const id = one.id ?? one.table?.id;
	const two = await call(base, g.access, 'save_table', { table: { ...T, id,
	    description: 'later' } });
	ne((two.ver ?? two.table?.ver), (one.ver ?? one.table?.ver), 'ver');
	has(two.ver ?? two.table?.ver, /^\d\d\.\d\d\.\d\d\.\d{4}$/, 'ver');
});
await clocked('an edit lock lasts a day, then is another\'s to take',
    async () => {
	const login = async (u, pw) => (await connect(base, u, pw,
	    { client })).access;
	const design = () => login('designer', process.env.K_PW_DESIGNER);
	const admin = () => login('admin', process.env.K_PW_ADMIN);
	const a = await call(base, await design(), 'save_app', { app:
	    { application: 'locked' } });
	const lock = { type: 'app', id: a.id };
	const l = await call(base, await design(), 'acquire_lock', lock);
	const edit = { app: { id: a.id, title: 't' } };
	const held = `locked is locked by designer since ${l.since}`;
	at(DAY - MIN);
	eq(await refusal(base, await admin(), 'save_app', edit), held);
	// Taken again by its holder, it lasts a day from then.
	const again = await call(base, await design(), 'acquire_lock', lock);
	eq(again.since, l.since);
	at(2 * DAY - 2 * MIN);
	eq(await refusal(base, await admin(), 'save_app', edit), held);
	at(2 * DAY);
	eq((await call(base, await admin(), 'list_locks')).count, 0);
	await call(base, await admin(), 'save_app', edit);
	eq((await call(base, await admin(), 'acquire_lock', lock)).user,
	    'admin');
	eq(await refusal(base, await design(), 'release_lock', lock),
	    'locked is locked by admin since ' + (await call(base,
	    await admin(), 'list_locks')).locks[0].since);
});
await clocked('a sign-in page lives ten minutes', async () => {
	const a = new Agent(base);
	const u = () => authorizeUrl(base, { client_id: client.client_id,
	    code_challenge: pkce().challenge });
	let p = await a.get(u());
	at(9 * MIN + 50);
	eq((await a.submit(p, { username: 'viewer', password: PW })).status, 303,
	    'in time');
	at(0);
	p = await a.get(u());
	at(10 * MIN + 2);
	const r = await a.submit(p, { username: 'viewer', password: PW });
	ok(r.status >= 400, `status ${r.status}`);
	has(r.text, 'No pending authorization');
});
done();
