# SPDX-License-Identifier: ISC
# p11-worker-life.sh: P3, P11: what a hijacked listener has is bounded in
# time and number: listeners are started anew without a connection dropped,
# approvals of one life are counted over all its channels, and
# "revoke --worker" ends what one carried.
# as: both
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/privsep/puppet.sh"
k_need_build
k_new life
k_conf "lifetimes { worker 2s }"
k_start
k_users
cat >"$K_DIR/life.mjs" <<MJS
import { test, done, eq, ok, connect, call, Conn, requestBytes, mcpRequest,
    sleep, instance } from '$K_TESTS/regress/kit.mjs';
const base = process.env.K_URL;
const keepd = instance();
const pids = () => new Set(keepd.must('k_role_pids listener').trim()
    .split('\n'));
const g = await connect(base, 'designer', process.env.K_PW_DESIGNER);
const first = pids(), seen = new Set(first);
let good = 0, closes = 0;
const bad = new Map();
const note = (e) => bad.set(String(e.message ?? e).slice(0, 80),
    (bad.get(String(e.message ?? e).slice(0, 80)) ?? 0) + 1);
const end = Date.now() + 9000;
// Short connections, and long ones that keep asking.
const short = async () => {
	while (Date.now() < end) {
		try {
			await call(base, g.access, 'list_tables');
			good++;
		} catch (e) { note(e); }
	}
};
const long = async () => {
	let c = null;
	while (Date.now() < end) {
		try {
			c ??= await Conn.open(base);
			const q = mcpRequest('tools/list', {}, { token: g.access });
			c.send(requestBytes(base, 'POST', '/mcp', q.headers, q.body));
			const r = await c.read('POST');
			if (r === null)
				throw new Error('closed without an answer');
			eq(r.status, 200);
			good++;
			if (/close/i.test(r.header('connection') ?? '')) {
				closes++;
				c.close();
				c = null;
			}
		} catch (e) {
			note(e);
			c?.close();
			c = null;
		}
		await sleep(20);
	}
	c?.close();
};
const watch = async () => {
	while (Date.now() < end) {
		for (const p of pids())
			seen.add(p);
		await sleep(300);
	}
};
await Promise.all([short(), short(), short(), long(), long(), long(), long(),
    watch()]);
await test('both listeners were replaced, more than once', () =>
    ok(seen.size >= first.size + 3, seen.size + ' processes'));
await test('no request failed, of ' + good, () => {
	eq([...bad], []);
	ok(good > 100, 'requests');
});
await test('long connections were asked to come again', () =>
    ok(closes > 0, 'closes'));
await test('a fresh sign-in works', async () =>
    ok((await connect(base, 'viewer', process.env.K_PW_VIEWER)).access));
done();
MJS
k_node life "$K_DIR/life.mjs"
k_eq "nobody had to be killed" "$(grep -c 'killed:' "$K_DIR/out")" 0
k_has "the log says who followed whom" "$(cat "$K_DIR/out")" " follows "
k_stop

# ---- a hijacked one that tries to use its time ----
k_new hijacked
k_puppets listener
k_conf "listen on unix \"$K_DIR/http.sock\"" "prefork 2" \
    "limits { approvals-of-life 3 }"
k_start
k_users
k_part "a hijacked one" puppet_run listener \
    "$K_OBJ/privsep/attack_listener" life
k_done
