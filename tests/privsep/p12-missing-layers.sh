# SPDX-License-Identifier: ISC
# p12-missing-layers.sh: P12: on a kernel that lacks a layer keepd does not
# start, and says which; with "sandbox degraded" it starts and lists, by
# number, the promises that are not kept.  What is claimed is what the kernel
# says.  (That it is in force is p5-sandbox.sh.)
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
W=$K_OBJ/privsep/without

# keepd on a kernel without a layer, in the foreground.
run_without() {	# layer
	(
		exec >>"$K_DIR/out" 2>&1 </dev/null
		k_run sh -c 'd=$1; shift; echo $$ >"$d/pid"; exec "$@"' sh \
		    "$K_DIR" "$W" "$1" "$(k_bin)/keepd" -d -f \
		    "$K_DIR/keepd.conf"
	) &
	_w=0
	while [ ! -s "$K_DIR/pid" ] && [ $_w -lt 250 ]; do
		sleep 0.02
		_w=$((_w + 1))
	done
}
lost() {	# from status: "P5 P7", of all processes
	k_ctl -j status 2>/dev/null | sed -n 's/.*"promises_not_kept":"\([^"]*\)".*/\1/p' |
	    tr ' ' '\n' | grep '^P' | sort -u -V | tr '\n' ' '
}
claims() {	# layer: of how many processes it is claimed
	k_ctl -j status 2>/dev/null | grep '"layers"' | grep -c "\"layers\":\"[^\"]*$1"
}
in_force() {	# of how many the kernel has a filter beside ours
	for _p in $(k_pid) $(pgrep -P "$(k_pid)"); do
		awk '/^Seccomp_filters:/ && $2 > 1' "/proc/$_p/status"
	done | grep -c .
}

k_new whole
run_without none
k_true "control: with all layers it starts" k_wait_ready
n=$(k_ctl -j status 2>/dev/null | grep -c '"layers"')
# An ordinary user's master has nothing to give up.
[ "$(k_as)" = root ] || n=$((n - 1))
k_eq "all of them are claimed of all $n" "$(claims landlock) $(claims \
    seccomp)" "$n $n"
k_eq "and the kernel agrees" "$(in_force)" "$n"
if [ "$(k_as)" = root ]; then
	k_eq "and no promise is broken" "$(lost)" ""
fi
base=$(lost)
k_stop

for layer in landlock seccomp; do
	k_new strict-$layer
	run_without $layer
	k_true "without $layer: keepd ends" k_gone "$(k_pid)" 20
	rm -f "$K_DIR/pid"
	k_has "and says why" "$(tr 'A-Z' 'a-z' <"$K_DIR/out")" \
	    "no $layer"
	k_has "and what to do" "$(cat "$K_DIR/out")" "sandbox degraded"
	k_false "and serves nobody" k_healthy

	k_new degraded-$layer
	k_conf "sandbox degraded"
	run_without $layer
	k_true "degraded without $layer: it starts" k_wait_ready
	k_eq "without claiming it" "$(claims $layer)" 0
	k_has "the promises not kept are listed" " $(lost)" " P5 "
	k_has "with those it did not keep before" "$(lost)" "$base"
	k_has "in the log, too" "$(k_server_log)" "not kept"
	k_has "and in show isolation" "$(k_ctl -j show isolation 2>/dev/null)" "P5"
	[ $layer = landlock ] || k_eq "the kernel agrees: no filter" \
	    "$(for p in $(pgrep -P "$(k_pid)"); do
		grep '^Seccomp_filters:' "/proc/$p/status"; done |
		awk '{ print $2 }' | sort -u)" 1
	k_stop
done

k_new spaceless
run_without namespaces
if [ "$(k_as)" = root ]; then
	k_true "without namespaces root starts: uid and root are its own" \
	    k_wait_ready
	k_eq "without claiming them" "$(claims namespaces)" 0
else
	k_true "without namespaces an ordinary user starts, on loopback" \
	    k_wait_ready
	k_eq "without claiming them, or a root" \
	    "$(claims namespaces)$(claims chroot)" 00
fi
k_done
