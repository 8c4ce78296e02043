# SPDX-License-Identifier: ISC
# p10-store-at-rest.sh: P10: after sign-ins of all kinds the files of the
# stores, the logs and the records are searched for every credential that
# went through: as text, and the bytes behind it raw, reversed, in hex and in
# base64.  Then a copy of them without keys/ is tried.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new rest
k_start
# Words of our own, so that a hit is a hit.
pw=at-rest-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
k_user designer "$pw" designer || k_die "the user could not be made"
marker=planted-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
cat >"$K_DIR/rest.mjs" <<MJS
import { connect, refresh, call, authorizeUrl, Agent, register, pkce, forms }
    from '$K_TESTS/regress/kit.mjs';
import { writeFileSync } from 'node:fs';
const base = process.env.K_URL, out = [];
const all = (...v) => out.push(...v.filter((x) => x));
all('$pw');
for (const method of ['none', 'client_secret_post', 'client_secret_basic']) {
	const g = await connect(base, 'designer', '$pw', { meta: {
	    client_name: method, token_endpoint_auth_method: method } }).catch(
	    () => null);
	if (!g)
		continue;
	all(g.access, g.refresh, g.code, g.client.client_secret, g.verifier,
	    ...g.agent.jar.values());
	const r = await refresh(base, g);
	if (r.status === 200)
		all(r.json.access_token, r.json.refresh_token);
}
// A flow that stops before the consent, and a code that nobody redeems.
const c = await register(base), p = pkce(), a = new Agent(base);
const url = authorizeUrl(base, { client_id: c.client_id, code_challenge:
    p.challenge });
const page = await a.get(url);
for (const [k, v] of forms(page.text)[0].fields)
	if (k === 'csrf' || k === 'pending')
		all(v);
const s = await a.signIn(url, 'designer', '$pw');
all(...a.jar.values());
const cb = await new Agent(base).approve(url, 'designer', '$pw');
all(cb.searchParams.get('code'));
const g = await connect(base, 'designer', '$pw');
all(g.access, g.refresh);
await call(base, g.access, 'save_table', { table: { name: 'kept', fields: [
    { fieldName: 'f', fieldType: 'text' }] } });
await call(base, g.access, 'save_table', { table: { name: 'kept', 
    description: '$marker', fields: [{ fieldName: 'f', fieldType: 'text' }] },
    }).catch(() => {});
writeFileSync(process.env.K_DIR + '/secrets', out.join('\n') + '\n');
writeFileSync(process.env.K_DIR + '/live', g.access + '\n');
process.exit(0);
MJS
"$K_NODE" "$K_DIR/rest.mjs" || k_bad "sign-ins" "rest.mjs failed"
k_true "control: credentials were used ($(grep -c . "$K_DIR/secrets"))" \
    test "$(grep -c . "$K_DIR/secrets")" -gt 20
k_ctl -j audit tail -n 100000 >"$K_DIR/records"

cat >"$K_DIR/search.pl" <<'PL'
# search.pl SECRETS FILE...: files that hold one, in any form.
use MIME::Base64;
open my $f, "<", shift or die; chomp(my @s = <$f>);
my @n;
for my $s (@s) {
	my @b = ($s);
	(my $t = $s) =~ s/^k[a-z]_//;
	if ($t =~ /^[A-Za-z0-9_-]{20,}$/) {
		(my $u = $t) =~ tr{_-}{/+};
		push @b, decode_base64($u . "=" x (-length($u) % 4));
	}
	for (@b) {
		next if length($_) < 8;
		push @n, $_, scalar(reverse), unpack("H*", $_),
		    uc unpack("H*", $_);
		my $e = encode_base64($_, ""); $e =~ s/..?=*$//;
		(my $w = $e) =~ tr{/+}{_-};
		push @n, $e, $w;
	}
}
for my $p (@ARGV) {
	local $/; open my $h, "<", $p or die "$p: $!"; my $c = <$h>;
	for (@n) {
		if (index($c, $_) >= 0) { print "$p\n"; last }
	}
}
PL
files() {
	find "$K_DIR/state" -type f ! -path '*/keys/*'
	find "$K_DIR/logs" -type f
	echo "$K_DIR/records"
	echo "$K_DIR/out"
}
k_true "control: both stores are among the files" sh -c "
    test \$(find '$K_DIR/state' -name '*.mdb' | wc -l) -ge 1 &&
    test \$(find '$K_DIR/state' -name 'keepd.db*' | wc -l) -ge 1"
search() {	# secrets
	# shellcheck disable=SC2046
	perl "$K_DIR/search.pl" "$1" $(files)
}
k_eq "no file, log or record holds a credential" "$(search "$K_DIR/secrets")" ""
k_stop
k_eq "nor when all is written and closed" "$(search "$K_DIR/secrets")" ""
echo kept >"$K_DIR/marker"
echo "$marker" >>"$K_DIR/marker"
echo 'designer' >>"$K_DIR/marker"
k_has "control: the same search finds a name in authd's store" \
    "$(search "$K_DIR/marker")" .mdb
k_has "control: and a description in toold's" \
    "$(search "$K_DIR/marker")" keepd.db
cp "$K_DIR/live" "$K_DIR/planted"
K_ONE=$K_DIR/planted
k_eq "control: and a token that lies in a file" "$(perl "$K_DIR/search.pl" \
    "$K_DIR/secrets" "$K_ONE")" "$K_ONE"

# ---- a copy without keys/ ----
keys=$(find "$K_DIR/state" -type d -name keys)
mv "$keys" "$K_DIR/keys.aside"
k_start_only
k_true "without keys/ keepd does not start on that store" \
    k_gone "$(k_pid)" 20
rm -f "$K_DIR/pid"
k_has "and says so" "$(cat "$K_DIR/out")" "keys: "
# Keys of another installation are no better.
k_old=$K_DIR
k_new other
k_start
k_stop
cp -Rp "$(find "$K_DIR/state" -type d -name keys)" "$keys"
k_use "$k_old"
k_start_only
k_true "nor with the keys of another" k_gone "$(k_pid)" 20
rm -f "$K_DIR/pid"
rm -rf "$keys"
mv "$K_DIR/keys.aside" "$keys"
k_start
k_eq "control: with its own it does, and knows the token" \
    "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $(cat \
    "$K_DIR/live")" -H 'Content-Type: application/json' -H \
    'Accept: application/json, text/event-stream' -d \
    '{"jsonrpc":"2.0","id":1,"method":"ping"}' "$K_URL/mcp")" 200
k_done
