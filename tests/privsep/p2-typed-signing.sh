# SPDX-License-Identifier: ISC
# p2-typed-signing.sh: P2: nothing signs what it is handed.  No message to
# authd carries claims or bytes to sign; the claims of a token are those of
# authd's records, whatever the request said; one file of each program signs.
# (That a hijacked listener or toold gets no more is p3 and p4.)
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
signs() {	# object files that refer to a signing function
	for _f in "$1"/*.o; do
		nm -u "$_f" | grep -q -e EVP_DigestSign -e EVP_PKEY_sign &&
		    basename "$_f"
	done | tr '\n' ' '
}
k_eq "authd: only keysign.c signs" "$(signs "$K_OBJ/authd")" "keysign.o "
k_eq "control: the same search finds signd's" \
    "$([ -n "$(signs "$K_OBJ/authd/signd")" ] && echo found)" found
for d in authd/pwhash toold common master master/keepctl; do
	k_eq "$d: nothing signs" "$(signs "$K_OBJ/$d")" ""
done

k_new typed
k_start
k_users
k_ctl -j show isolation >"$K_DIR/isolation"
k_eq "no message to authd is for signing" \
    "$(grep '"to":"authd"' "$K_DIR/isolation" | grep -c -i sign\")" 0
k_true "control: the list has the messages to authd" \
    grep -q '"to":"authd","message":"TOKEN"' "$K_DIR/isolation"
cat >"$K_DIR/claims.mjs" <<MJS
import { test, done, eq, ok, connect, authorizeUrl, Agent, register, pkce,
    postForm } from '$K_TESTS/regress/kit.mjs';
const base = process.env.K_URL;
// A request that carries claims as if it were asked for them.
const wish = { sub: 'admin', role: 'administrator', roles: 'administrator',
    user_id: '1', aud: 'https://elsewhere.example', iss: 'https://x.example',
    exp: '9999999999', claims: '{"id_token":{"role":"administrator"}}' };
const c = await register(base, { ...wish, client_name: 'Wishes' });
const p = pkce();
const cb = await new Agent(base).approve(authorizeUrl(base, { ...wish,
    client_id: c.client_id, code_challenge: p.challenge }), 'viewer',
    process.env.K_PW_VIEWER);
const r = await postForm(base, '/token', { ...wish, resource: base + '/mcp',
    grant_type: 'authorization_code', code: cb.searchParams.get('code'),
    redirect_uri: c.redirect_uris[0], client_id: c.client_id,
    code_verifier: p.verifier });
const part = (i) => JSON.parse(Buffer.from(
    r.json.access_token.split('.')[i], 'base64url'));
await test('control: a token was issued', () => eq(r.status, 200));
await test('its claims are the records\u0027, not the request\u0027s', () => {
	const t = part(1);
	eq(Object.keys(t).sort(), ['aud', 'client_id', 'exp', 'iat', 'iss',
	    'jti', 'scope', 'sub']);
	eq(t.iss, base);
	eq(t.aud, base + '/mcp');
	eq(t.client_id, c.client_id);
	ok(t.exp - t.iat <= 3600, 'life');
	ok(/^[0-9a-f-]{36}\$/.test(t.sub), 'subject');
});
await test('its header names key and type, and nothing to fetch', () =>
    eq(Object.keys(part(0)).sort(), ['alg', 'kid', 'typ']));
done();
MJS
k_node claims "$K_DIR/claims.mjs"
k_done
