// SPDX-License-Identifier: ISC
// keepctl.mjs: what each command of the admin does to those who are
// connected: by the time keepctl returns, it has happened.

import { test, done, ok, eq, ne, has, hasNot, connect, call, refusal, refresh,
    rpc, register, Agent, authorizeUrl, pkce, instance, postForm }
    from './kit.mjs';

const base = process.env.K_URL;
const keepd = instance();
const ctl = (...a) => keepd.mustCtl(a.map((x) => `'${x}'`).join(' '));
const works = async (t) => (await rpc(base, t, 'ping')).status;
let n = 0;
const newUser = (role = 'designer') => {
	const u = `user${++n}`;
	keepd.must(`k_user ${u} ${u}-password-1 ${role}`);
	return [u, `${u}-password-1`];
};
const grantOf = (user) => ctl('grant', 'list').split('\n').filter((l) =>
    l.includes(user)).map((l) => l.trim().split(/\s+/)[0]);
const ends = async (name, act) => test(`${name} ends what was granted, ` +
    'at once', async () => {
	const [u, p] = newUser();
	const g = await connect(base, u, p);
	// Registration is idempotent: another name makes it another client.
	const other = await connect(base, 'viewer', process.env.K_PW_VIEWER,
	    { meta: { client_name: 'Another' } });
	for (let i = 0; i < 4; i++)
		eq(await works(g.access), 200, 'before');
	await act(u, p, g);
	for (let i = 0; i < 4; i++)
		eq(await works(g.access), 401, 'after');
	eq((await refresh(base, g)).json.error !== undefined, true, 'refresh');
	eq(await works(other.access), 200, "another user's");
});

await ends('grant revoke', (u) => {
	const ids = grantOf(u);
	eq(ids.length, 1, 'grants');
	ctl('grant', 'revoke', ids[0]);
	// asking again for what is revoked already is harmless
	keepd.ctl(`grant revoke ${ids[0]}`);
	eq(grantOf(u).length, 0, 'listed afterwards');
});
await ends('grant revoke -u', (u) => ctl('grant', 'revoke', '-u', u));
await ends('grant revoke -c', (u, p, g) =>
    ctl('grant', 'revoke', '-c', g.client.client_id));
await ends('client remove', async (u, p, g) => {
	ctl('client', 'remove', g.client.client_id);
	const r = await postForm(base, '/token', { grant_type: 'refresh_token',
	    refresh_token: g.refresh, client_id: g.client.client_id });
	eq([r.status, r.json.error], [401, 'invalid_client']);
});
await ends('user disable', async (u, p) => {
	ctl('user', 'disable', u);
	const c = await register(base);
	const s = await new Agent(base).signIn(authorizeUrl(base, { client_id:
	    c.client_id, code_challenge: pkce().challenge }), u, p);
	ne(s.status, 303, 'sign-in');
});
await ends('user passwd', (u) => {
	const r = keepd.ctl(`user passwd ${u} -`, 'another-password-2\n');
	eq(r.status, 0, r.err);
});
await test('bug: what is not UTF-8 was sent, and its fate called unknown',
    async () => {
	for (const [cmd, input] of [['user passwd viewer -', Buffer.from(
	    'not-utf8-\xff-password\n', 'latin1')],
	    ["lock list -u $(printf '\\377')"], ["call -u $(printf '\\377') x"]]) {
		const r = keepd.ctl(cmd, input);
		eq(r.status, 2, cmd);
		has(r.err, 'is not valid UTF-8', cmd);
	}
});
await ends('user remove', (u) => ctl('user', 'remove', u));
await test('user enable lets in again; passwd changes the password',
    async () => {
	const [u, p] = newUser();
	ctl('user', 'disable', u);
	ctl('user', 'enable', u);
	eq(await works((await connect(base, u, p)).access), 200);
	keepd.ctl(`user passwd ${u} -`, 'another-password-2\n');
	eq(await works((await connect(base, u, 'another-password-2')).access),
	    200);
	const c = await register(base);
	const s = await new Agent(base).signIn(authorizeUrl(base, { client_id:
	    c.client_id, code_challenge: pkce().challenge }), u, p);
	ne(s.status, 303, 'the old password');
});
await test('grant list: user, client, scope and read only', async () => {
	const [u, p] = newUser();
	const g = await connect(base, u, p, { readOnly: true });
	const l = ctl('grant', 'list').split('\n').find((x) => x.includes(u));
	for (const w of [u, g.client.client_id, 'mcp:tools'])
		has(l, w, 'line');
	has(l, /read.?only/i, 'line');
	eq(ctl('grant', 'list', u).split('\n').filter((x) =>
	    x.includes(g.client.client_id)).length, 1, 'by user');
});
await test('client list and client add', async () => {
	const out = ctl('client', 'add', '-p', 'By hand',
	    'http://127.0.0.1:1/cb');
	has(ctl('client', 'list'), 'By hand');
	has(out + ctl('client', 'list'),
	    /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i);
});
await test('revoke --worker ends what that worker carried', async () => {
	const [u, p] = newUser();
	const g = await connect(base, u, p);
	const head = ctl('grant', 'list').split('\n')[0].trim().split(/\s+/);
	const l = ctl('grant', 'list').split('\n').find((x) => x.includes(u));
	const w = /\b\d{15,}\b/.exec(l)?.[0];
	ok(w, `worker generation in ${l} under ${head}`);
	eq(await works(g.access), 200, 'before');
	ctl('revoke', '--worker', w);
	eq(await works(g.access), 401, 'after');
});
await test('revoke --since ends what was granted since', async () => {
	const [u, p] = newUser();
	const g = await connect(base, u, p);
	eq(await works(g.access), 200, 'before');
	ctl('revoke', '--since', '5m');
	eq(await works(g.access), 401, 'after');
	const h = await connect(base, u, p);
	eq(await works(h.access), 200, 'a new one');
});
await test('role changes count at the next call, the grant lives on',
    async () => {
	const [u, p] = newUser('viewer');
	const g = await connect(base, u, p);
	const names = async () => (await rpc(base, g.access, 'tools/list'))
	    .json.result.tools.map((t) => t.name);
	ok(!(await names()).includes('save_table'), 'before');
	ctl('role', 'grant', 'designer', u);
	ok((await names()).includes('save_table'), 'after grant');
	ctl('role', 'revoke', 'designer', u);
	ok(!(await names()).includes('save_table'), 'after revoke');
	eq(await works(g.access), 200);
});
await test('locks: list and remove', async () => {
	const r = keepd.ctl('lock list');
	eq(r.status, 0, r.err);
});
await test('keepctl call works as a user, by name', async () => {
	const r = keepd.ctl(`call -u designer list_tables '{}'`);
	if (r.status !== 0)
		throw new Error(`status ${r.status}: ${r.err || r.out}`);
	has(r.out, 'tables');
	has(ctl('audit', 'tail', '-n', '10'), 'list_tables');
});
await test('everything an admin did is in the audit', () => {
	const log = ctl('audit', 'tail', '-n', '1000');
	for (const w of ['user', 'role', 'grant', 'client'])
		has(log, w);
	hasNot(log, '-password-', 'audit');
});
done();
