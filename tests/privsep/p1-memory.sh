# SPDX-License-Identifier: ISC
# p1-memory.sh: P1 and P10: whose memory holds what.  The signing key is in
# authd and nowhere else; a password is nowhere after the sign-in, a code, a
# refresh token and a client secret nowhere after they were sent.  Controls:
# authd has the key, and a process that was given the secrets has them.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
if [ "$(id -u)" -ne 0 ]; then
	k_ok "reading the memory of the roles needs root: not run"
	k_done
fi
k_new memory
k_start
# A password that is in no environment of ours.
pw=scanned-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
k_user designer "$pw" designer || k_die "the user could not be made"
SCAN=$K_OBJ/privsep/memscan

hits() {	# file pid
	"$SCAN" "$1" "$2" | awk '{ print $3 }'
}
pids_of() {	# role, or keepd for the master
	if [ "$1" = keepd ]; then
		k_pid
	else
		k_role_pids "$1"
	fi
}

# ---- the signing key: its private number, as OpenSSL prints it ----
# Files that wait for the keys to come are empty.
key=$(find "$K_DIR/state" -name 'sign-*.pem' -size +0 | head -n 1)
openssl pkey -in "$key" -noout -text | sed -n '/^priv:/,/^pub:/p' |
    grep '^ ' | tr -d ' :\n' | sed 's/^00//' >"$K_DIR/key"
echo >>"$K_DIR/key"
k_true "the key has a private number" test "$(wc -c <"$K_DIR/key")" -ge 62
K_PW_DESIGNER=$pw "$K_NODE" "$K_TESTS/privsep/memory.mjs" "$K_DIR/secrets" ||
    k_bad "sign-ins" "memory.mjs failed"
k_true "control: authd holds its key" \
    test "$(hits "$K_DIR/key" "$(pids_of authd)")" -gt 0
for role in keepd listener pwhash toold; do
	for p in $(pids_of $role); do
		k_eq "$role $p: not the signing key" \
		    "$(hits "$K_DIR/key" "$p")" 0
	done
done

# ---- what people and clients sent ----
perl -e 'open F, "<", $ARGV[0]; local $/; $s = <F>; @a = map { pack "H*", $_ }
    split /\n/, $s; print "ready\n"; $| = 1; sleep 60' "$K_DIR/secrets" \
    >"$K_DIR/perl" &
planted=$!
sleep 0.5
k_true "control: a process that has the secrets is found out" \
    test "$(hits "$K_DIR/secrets" $planted)" -gt 0
kill $planted
for role in keepd listener authd pwhash toold; do
	for p in $(pids_of $role); do
		k_eq "$role $p: no password, code, refresh token or secret" \
		    "$(hits "$K_DIR/secrets" "$p")" 0
	done
done
k_done
