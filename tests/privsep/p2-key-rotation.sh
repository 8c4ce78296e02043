# SPDX-License-Identifier: ISC
# p2-key-rotation.sh: P1, P2: signing keys come and go: by command and by
# schedule; the JWK set shows old and new; the retired key is wiped from
# authd's memory and from the disk; a backup of the keys is a command of its
# own, on record, and is enough to serve the store elsewhere.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new rotation
k_clock
k_conf "lifetimes { access 60s }"
k_start
k_users
SCAN=$K_OBJ/privsep/memscan
kids() {
	curl -s "$K_URL/jwks.json" | grep -o '"kid":"[^"]*"' | cut -d'"' -f4
}
token() {	# of a new sign-in
	"$K_NODE" "$K_TESTS/privsep/signin.mjs" viewer "$K_PW_VIEWER"
}
kid_of() {	# token
	perl -MMIME::Base64 -e '($h) = split /\./, shift; $h =~ tr{_-}{/+};
	    print decode_base64($h)' "$1" | sed 's/.*"kid":"\([^"]*\)".*/\1/'
}
good() {	# token: does keepd accept it?
	[ "$(curl -s -o /dev/null -w '%{http_code}' -H \
	    "Authorization: Bearer $1" -H 'Content-Type: application/json' \
	    -H 'Accept: application/json, text/event-stream' -d \
	    '{"jsonrpc":"2.0","id":1,"method":"ping"}' "$K_URL/mcp")" = 200 ]
}
wait_for() {	# seconds command...
	_s=$(($1 * 10)); shift
	while ! "$@" && [ $_s -gt 0 ]; do
		sleep 0.1
		_s=$((_s - 1))
	done
}
many() {	# number of keys in the set
	[ "$(kids | grep -c .)" -eq "$1" ]
}
private() {	# the private number in a key file, in hex
	openssl pkey -in "$1" -noout -text | sed -n '/^priv:/,/^pub:/p' |
	    grep '^ ' | tr -d ' :\n' | sed 's/^00//'
	echo
}
held() {	# is the old private number in authd's memory?
	[ "$("$SCAN" "$K_DIR/old.key" "$(k_role_pids authd)" |
	    awk '{ print $3 }')" -gt 0 ]
}
old=$(kids)
keys=$(find "$K_DIR/state" -type d -name keys)
private "$keys/sign-1.pem" >"$K_DIR/old.key"
k_true "the key has a private number" test "$(wc -c <"$K_DIR/old.key")" -ge 62
t1=$(token)
k_eq "control: one key, and it signs" "$(kid_of "$t1")" "$old"

k_true "a new key by command" k_ctl key rotate
wait_for 5 many 2
new=$(kids | grep -v -e "$old")
k_eq "the set shows old and new" "$(kids | grep -c .)" 2
t2=$(token)
k_eq "the new one signs" "$(kid_of "$t2")" "$new"
k_true "what the old one signed is still good" good "$t1"
k_has "on record" "$(k_ctl -j audit tail -n 20)" '"detail":"key rotate"'
k_eq "one is used, the other known" "$(k_ctl -j key list |
    sed -n 's/.*"kind":"sign".*"state":"\([^"]*\)".*/\1/p' | tr '\n' ' ')" \
    "used known "

# ---- over a restart ----
k_stop
k_start
k_eq "a restart knows both" "$(kids | sort)" "$(printf '%s\n' "$old" "$new" |
    sort)"
k_eq "and signs with the new one" "$(kid_of "$(token)")" "$new"
if [ "$(id -u)" -eq 0 ]; then
	k_true "control: the old one is in authd's memory" held
fi

# ---- retired ----
k_shift 130
wait_for 10 many 1
k_eq "after twice the life of a token only the new one is shown" "$(kids)" \
    "$new"
k_has "on record" "$(k_ctl -j audit tail -n 20)" "retired and wiped"
if [ "$(id -u)" -eq 0 ]; then
	k_false "the old one is wiped from authd's memory" held
fi
k_eq "and from the disk" "$(stat -c %s "$keys/sign-1.pem")" 0
k_eq "control: the new one is there" "$(test -s "$keys/sign-2.pem" &&
    echo yes)" yes

# ---- as many as there are places ----
for i in 1 2 3 4 5 6 7; do
	k_ctl key rotate >/dev/null || k_bad "rotation $i" "refused"
done
wait_for 5 many 8
private "$keys/sign-2.pem" >"$K_DIR/old.key"
if [ "$(id -u)" -eq 0 ]; then
	k_true "control: one that was made here is in authd's memory" held
fi
k_eq "eight keys are known" "$(kids | grep -c .)" 8
k_false "a ninth is refused until the oldest has ended" k_ctl key rotate
k_shift 270
wait_for 10 many 1
k_eq "then seven are retired" "$(kids | grep -c .)" 1
if [ "$(id -u)" -eq 0 ]; then
	k_false "and leaves nothing there either" held
fi
k_true "and there is room" k_ctl key rotate

# ---- backup of the keys ----
k_true "the keys are written to a new file" k_ctl key backup "$K_DIR/keys.tar"
k_eq "which is its owner's" "$(stat -c %a "$K_DIR/keys.tar")" 600
k_false "never over one that is there" k_ctl key backup "$K_DIR/keys.tar"
k_has "on record" "$(k_ctl -j audit tail -n 20)" '"detail":"key backup"'
mkdir "$K_DIR/unpacked"
tar -xmf "$K_DIR/keys.tar" -C "$K_DIR/unpacked"
for f in "$keys"/*; do
	[ -s "$f" ] || continue
	k_true "it holds $(basename "$f") byte by byte" cmp "$f" \
	    "$K_DIR/unpacked/keys/$(basename "$f")"
done
t3=$(token)
k_stop
rm -rf "$keys"
cp -R "$K_DIR/unpacked/keys" "$keys"
chmod 700 "$keys"
chown -R --reference="$K_DIR/state/auth/store.mdb" "$keys"
k_start
k_true "with keys from the backup the tokens are good" good "$t3"

# ---- by schedule ----
k_conf "lifetimes { access 60s" "signing-key 1h }"
k_ctl reload
k_shift 4000
scheduled() {
	k_ctl -j audit tail -n 1000 | grep -q 'new, by schedule'
}
wait_for 10 scheduled
k_true "by schedule there is a new one, on record" scheduled

# ---- a machine that stops in the middle of writing a key ----
k_stop
used=$(for f in "$keys"/sign-*.pem; do [ -s "$f" ] || echo "$f"; done |
    head -n 1)
printf 'keepd signing key 99 made 1\n-----BEGIN PRIVATE KEY-----\nMIGH' \
    >"$used"
k_start
k_true "half a key is no key" k_healthy
k_has "and is said" "$(cat "$K_DIR/out")" "no whole key"
k_done
