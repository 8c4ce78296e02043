# SPDX-License-Identifier: ISC
# p4-roles.sh: P4: no message of a listener has a field for a user or role;
# no tool changes a role, an account or who holds what, whoever calls it.
# (A toold that is hijacked is p4-hostile-toold.sh.)
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new roles
k_start
k_users
# What a listener may say to toold, by the structs themselves.
sed -n '/^struct msg_call {/,/^};/p' "$K_TOP/common/msg.h" >"$K_DIR/call"
k_true "control: the struct was found" grep -q handle "$K_DIR/call"
k_false "a call has no field for a user or a role" \
    grep -q -i -e user -e role "$K_DIR/call"
before=$(k_ctl -j user list; k_ctl -j role list)
cat >"$K_DIR/roles.mjs" <<MJS
import { test, done, eq, ok, connect, rpc, call, refusal } from
    '$K_TESTS/regress/kit.mjs';
const base = process.env.K_URL;
const a = await connect(base, 'admin', process.env.K_PW_ADMIN);
const v = await connect(base, 'viewer', process.env.K_PW_VIEWER);
const names = [];
let cursor;
do {
	const r = (await rpc(base, a.access, 'tools/list', cursor ?
	    { cursor } : {})).json.result;
	names.push(...r.tools.map((t) => t.name));
	cursor = r.nextCursor;
} while (cursor);
await test('control: the administrator sees tools', () =>
    ok(names.length > 10, 'tools'));
await test('no tool is named after changing users, roles or grants', () =>
    eq(names.filter((n) => /user|role|grant|password|account/.test(n) &&
	!/^(list|get|find|search)_/.test(n)), []));
await test('extra members that name a user or role change nothing', async () => {
	const r = await rpc(base, v.access, 'tools/call', { name: 'save_table',
	    user: 'admin', role: 'administrator', roles: ['administrator'],
	    arguments: { table: { name: 'mine', fields: [] } } });
	ok(r.json.result?.isError || r.json.error, 'refused');
	const s = await rpc(base, v.access, 'tools/call', { name: 'save_table',
	    arguments: { table: { name: 'mine', fields: [] }, user: 'admin',
	    _meta: { user: 'admin', roles: ['administrator'] } } });
	ok(s.json.result?.isError || s.json.error, 'refused');
});
await test('nor do headers', async () => {
	const r = await rpc(base, v.access, 'tools/call', { name: 'save_table',
	    arguments: { table: { name: 'mine', fields: [] } } }, { headers: {
	    'X-User': 'admin', 'X-Remote-User': 'admin', Remote_User: 'admin',
	    'X-Roles': 'administrator' } });
	ok(r.json.result?.isError || r.json.error, 'refused');
});
await test('control: who has the role may', async () =>
    ok(await call(base, a.access, 'save_table', { table: { name: 'mine',
	fields: [{ fieldName: 'f', fieldType: 'text' }] } })));
done();
MJS
k_node roles "$K_DIR/roles.mjs"
k_eq "users and roles are what they were" "$(k_ctl -j user list |
    sed 's/"failed":"[^"]*"//'; k_ctl -j role list)" "$(echo "$before" |
    sed 's/"failed":"[^"]*"//')"
k_done
