# SPDX-License-Identifier: ISC
# p5-trap-report.sh: P5, P12: the service under work of all kinds in the mode
# that reports a system call outside a role's list instead of killing: the
# report is empty.  The control: a call that is made to happen is in it.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new trap
k_conf "lifetimes { worker 3s" "signing-key 10s }"
k_start -T
k_users
report() {
	grep -a -h 'forbidden system call' "$K_DIR/out" | sort | uniq -c
}
k_has "control: the mode is on" "$(k_ctl -j show isolation 2>/dev/null)" \
    "calls, trap"
cat >"$K_DIR/work.mjs" <<MJS
import { connect, refresh, call, postForm, get } from
    '$K_TESTS/regress/kit.mjs';
const base = process.env.K_URL;
for (let i = 0; i < 3; i++) {
	const g = await connect(base, 'designer', process.env.K_PW_DESIGNER, {
	    meta: { token_endpoint_auth_method: 'client_secret_post' } });
	await connect(base, 'viewer', 'wrong').catch(() => {});
	await call(base, g.access, 'save_table', { table: { name: 't' + i,
	    fields: [{ fieldName: 'f', fieldType: 'text' }] } }).catch(() => {});
	await call(base, g.access, 'list_tables');
	const r = await refresh(base, g);
	await postForm(base, '/revoke', { token: r.json.refresh_token,
	    client_id: g.client.client_id,
	    client_secret: g.client.client_secret });
	await get(base, '/jwks.json');
	await get(base, '/.well-known/oauth-authorization-server');
}
process.exit(0);
MJS
"$K_NODE" "$K_DIR/work.mjs"
k_ctl key rotate >/dev/null
k_ctl key backup "$K_DIR/keys.tar" >/dev/null
k_ctl backup "$K_DIR/backup" >/dev/null
k_ctl status >/dev/null 2>&1
k_ctl log reopen
k_ctl reload
sleep 5
"$K_NODE" "$K_DIR/work.mjs"
k_eq "no role made a call outside its list" "$(report)" ""
k_eq "nobody had to be started again" "$(k_ctl -j status 2>/dev/null |
    grep -c '"restarts":"[1-9]')" 0
if [ "$(id -u)" -eq 0 ] && [ "$(uname -m)" = x86_64 ]; then
	"$K_OBJ/privsep/inject" "$(k_role_pids pwhash)" socket 2 1 0 >/dev/null
	sleep 0.5
	k_has "control: one that was made to happen is reported, by number" \
	    "$(report)" "forbidden system call 0041"
fi
k_stop
k_has "and the end is orderly" "$(tail -n 5 "$K_DIR/out")" "stopping"
k_done
