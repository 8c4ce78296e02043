# SPDX-License-Identifier: ISC
# p14-debuggers.sh: P14: no debugger of the same user, no core file, and no
# start of a role that is traced.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new debuggers
k_start
roles="listener authd pwhash toold"
for r in $roles; do
	p=$(k_role_pids $r | head -n 1)
	k_eq "$r: no core, and no way to more" \
	    "$(awk '/Max core/ { print $5 $6 }' "/proc/$p/limits")" 00
	# Its memory, environment and maps belong to root, not to its user.
	k_eq "$r: what is in /proc is root's" \
	    "$(stat -c %u "/proc/$p/mem")$(stat -c %u "/proc/$p/maps")" 00
done
uid_of() {
	if [ "$(k_as)" = root ]; then
		sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' \
		    "/proc/$(k_role_pids "$1" | head -n 1)/status"
	else
		id -u nobody
	fi
}
cp "$K_OBJ/privsep/peek" "$K_DIR/peek"
chmod 755 "$K_DIR/peek"
peek() {	# uid pid
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid "$1" --regid "$1" --clear-groups -- \
		    "$K_DIR/peek" "$2"
	else
		"$K_DIR/peek" "$2"
	fi
}
for r in $roles; do
	k_eq "$r: its own user can neither trace nor read it" \
	    "$(peek "$(uid_of $r)" "$(k_role_pids $r | head -n 1)")" \
	    "refused closed hidden"
done
u=$(uid_of listener)
if [ "$(id -u)" -eq 0 ]; then
	setpriv --reuid "$u" --regid "$u" --clear-groups -- sleep 30 &
else
	sleep 30 &
fi
free=$!
sleep 0.2
# Where only descendants may be traced, memory is the control.
want="attached opened listed"
[ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" = 0 ] ||
    want="listed"
k_has "control: another process of that user is open to all that" \
    "$(peek "$u" $free)" "$want"
kill $free
# A core that is asked for by signal is not written.
kill -ABRT "$(k_role_pids pwhash)"
sleep 0.3
k_eq "no core file is left" "$(find "$K_DIR" -name 'core*' | grep -c .)" 0
k_true "and the role is back" k_wait_ready
for r in $roles; do
	k_eq "$r: refuses to start when traced" \
	    "$("$K_OBJ/privsep/peek" -t "$K_OBJ/keepd-$r" 2>/dev/null)" "ended 1"
done
k_eq "control: untraced it starts" \
    "$("$K_OBJ/privsep/peek" -n "$K_OBJ/keepd-toold" 2>/dev/null)" runs
k_done
