# SPDX-License-Identifier: ISC
# p13-audit.sh: P13: each sign-in, consent, issue, refresh, revocation, tool
# call and change leaves one record of the process that decided; refusals
# without a known subject are counted together; no log line and no record
# holds a secret.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new audit
k_start
k_users
cat >"$K_DIR/audit.mjs" <<MJS
import { test, done, eq, ok, connect, refresh, call, postForm, rpc, until,
    instance, sleep } from '$K_TESTS/regress/kit.mjs';
import { writeFileSync } from 'node:fs';
const base = process.env.K_URL;
const keepd = instance();
const count = () => {
	const n = new Map();
	for (const l of keepd.mustCtl('-j audit tail -n 100000').trim()
	    .split('\n')) {
		const j = JSON.parse(l);
		const k = j.event;
		n.set(k, (n.get(k) ?? 0) + 1);
	}
	return n;
};
const delta = async (what, want, fn) => test(what, async () => {
	const before = count();
	const v = await fn();
	// Reads are gathered for a tenth of a second.
	await sleep(250);
	const after = count();
	const got = {};
	for (const [k, n] of after)
		if (n !== (before.get(k) ?? 0))
			got[k] = n - (before.get(k) ?? 0);
	eq(got, want);
	return v;
});
const secrets = [process.env.K_PW_DESIGNER, process.env.K_PW_ADMIN];
let g;
await delta('a connection: registration, sign-in, consent, issue, one each',
    { register: 1, 'sign-in': 1, consent: 1, issue: 1 }, async () => {
	g = await connect(base, 'designer', process.env.K_PW_DESIGNER, { meta: {
	    token_endpoint_auth_method: 'client_secret_post' } });
});
secrets.push(g.access, g.refresh, g.code, g.client.client_secret,
    g.verifier, ...g.agent.jar.values());
let r;
await delta('a refresh: one', { refresh: 1 }, async () => {
	r = (await refresh(base, g)).json;
});
secrets.push(r.access_token, r.refresh_token);
await delta('a read: one', { 'tool-call': 1 }, () =>
    call(base, r.access_token, 'list_tables'));
await delta('five reads: five', { 'tool-call': 5 }, async () => {
	for (let i = 0; i < 5; i++)
		await call(base, r.access_token, 'list_tables');
});
await delta('a change: one', { change: 1 }, () => call(base, r.access_token,
    'save_table', { table: { name: 'audited', fields: [
    { fieldName: 'f', fieldType: 'text' }] } }));
let v;
await test('control: another grant', async () => {
	v = await connect(base, 'viewer', process.env.K_PW_VIEWER);
	secrets.push(v.access, v.refresh, v.code, process.env.K_PW_VIEWER);
});
await delta('a call that the role does not allow: one', { refused: 1 },
    () => rpc(base, v.access, 'tools/call', { name: 'save_table',
    arguments: { table: { name: 'no', fields: [
    { fieldName: 'f', fieldType: 'text' }] } } }));
await delta('a revocation by the client: one', { revoke: 1 }, () =>
    postForm(base, '/revoke', { token: r.refresh_token, client_id:
    g.client.client_id, client_secret: g.client.client_secret }));
await delta('a wrong password of a known user: one', { 'bad-sign-in': 1 },
    async () => {
	try {
		await connect(base, 'viewer', 'not-the-password');
	} catch {}
}).catch(() => {});
const bad = count();
for (let i = 0; i < 300; i++)
	await rpc(base, 'guess-' + i, 'tools/list');
await test('300 guessed tokens do not make 300 records', async () => {
	await sleep(250);
	let n = 0;
	for (const [k, c] of count())
		n += c - (bad.get(k) ?? 0);
	ok(n < 10, n + ' records');
});
writeFileSync(process.env.K_DIR + '/secrets', secrets.filter((s) => s)
    .join('\n') + '\n');
done();
MJS
k_node audit "$K_DIR/audit.mjs"
k_ctl -j audit tail -n 100000 >"$K_DIR/records"
k_true "control: there are records, log lines and secrets" sh -c "
    test \$(grep -c . '$K_DIR/records') -gt 20 &&
    test -n \"\$(cat '$K_DIR'/logs/*)\" &&
    test \$(grep -c . '$K_DIR/secrets') -gt 10"
k_eq "no record holds a secret" \
    "$(grep -c -F -f "$K_DIR/secrets" "$K_DIR/records")" 0
k_eq "no log line holds one" \
    "$(cat "$K_DIR"/logs/* "$K_DIR/out" | grep -c -F -f "$K_DIR/secrets")" 0
k_eq "control: the search finds one that is there" \
    "$(head -n 3 "$K_DIR/secrets" | grep -c -F -f "$K_DIR/secrets")" 3
k_done
