# SPDX-License-Identifier: ISC
# p8-root-parses.sh: P8: root parses keepd.conf and fixed structs: no message
# to it has a tail, its program carries no parser of anything else, and it
# cannot read what it has no business with.
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new root
k_start
k_ctl -j show isolation | grep '"to":"keepd"' >"$K_DIR/to-root"
k_true "control: there are messages to root" \
    test "$(grep -c . "$K_DIR/to-root")" -gt 10
k_eq "each of them has one size, and nothing behind it" \
    "$(grep -v -c '"tail_at_most":"0"' "$K_DIR/to-root")" 0
libs=$(readelf -d "$K_OBJ/keepd" |
    sed -n 's/.*Shared library: \[\(.*\)\]/\1/p' | tr '\n' ' ')
k_eq "it links libc and libseccomp" "$(echo "$libs" | tr ' ' '\n' |
    grep -v -e '^libc\.' -e '^libseccomp\.' -e '^ld-' -e '^$')" ""
for s in json_loadb SSL_read d2i_ PEM_ sqlite3_ mdb_ http_ \
    scan_; do
	k_eq "no $s in it" "$(nm "$K_OBJ/keepd" | grep -c " $s")" 0
done
k_true "control: the search finds its own parser" \
    sh -c "nm '$K_OBJ/keepd' | grep -q ' yyparse'"
if [ "$(id -u)" -eq 0 ] && [ "$(uname -m)" = x86_64 ]; then
	inject() {
		"$K_OBJ/privsep/inject" "$(k_pid)" "$@"
	}
	k_has "control: it may open its configuration" \
	    "$(inject openat -100 "$K_DIR/keepd.conf" 0)" "ok "
	for f in /etc/shadow /root /tmp; do
		k_has "it may not open $f" "$(inject openat -100 $f 0)" \
		    "errno 13"
	done
	k_has "nor make a network socket" "$(inject socket 2 1 0)" "errno 1 "
	k_has "nor trace its children" "$(inject ptrace 16 \
	    "$(k_role_pids authd)")" "errno 1 "
	k_has "nor load code into the kernel" \
	    "$(inject finit_module 3 x 0)" "errno 1 "
	k_has "nor map executable files of others" \
	    "$(inject execve /bin/sh 0 0)" "errno "
	k_true "and serves on" k_healthy
else
	k_ok "its own limits: need root and x86-64: not run"
fi
k_done
