# SPDX-License-Identifier: ISC
# empty-filter.sh: the control of p5-sandbox.sh: a build whose system call list
# is empty, but claimed, must fail it, in each role.
. "$(dirname "$0")/../lib.sh"
k_need_build
if [ "$(id -u)" -ne 0 ] || [ "$(uname -m)" != x86_64 ]; then
	k_ok "needs root and x86-64: not run"
	k_done
fi
E=$K_OBJ/empty
rm -rf "$E"
mkdir -p "$E" "$K_TMP"
for part in common master authd toold; do
	cp -Rp "$K_OBJ/$part" "$E/$part"
done
rm -f "$E/common/sandbox_seccomp.o"
if CPPFLAGS=-DSANDBOX_EMPTY_FILTER make -s -C "$K_TOP" "OBJ=$E" all \
    >"$E/make.out" 2>&1; then
	k_ok "the build without a list is made"
else
	k_bad "the build without a list is made" "$(tail -n 3 "$E/make.out")"
fi
mkdir -p "$E/privsep"
cp -p "$K_OBJ/privsep/inject" "$E/privsep/"
K_READY='NoNewPrivs:.*1' K_OBJ=$E sh "$K_TESTS/privsep/p5-sandbox.sh" >"$E/out" 2>"$E/err"
for role in listener authd pwhash toold; do
	k_true "$role: its filter mode is seen to be missing" \
	    grep -q "^not ok $role: seccomp filter mode" "$E/out"
	k_true "$role: socket is seen to be allowed" \
	    grep -q "^not ok $role: socket 2 1 0" "$E/out"
done
k_has "the test ran to its end" "$(tail -n 1 "$E/out")" "# done"
k_done
