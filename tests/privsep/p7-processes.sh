# SPDX-License-Identifier: ISC
# p7-processes.sh: P7: who is root, what the processes that read the network
# hold, and that no two of them have the same addresses.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new processes
k_start
k_users

fds() {	# pid: each descriptor's target, kinds counted
	find "/proc/$1/fd" -type l -exec readlink {} \; |
	    sed 's/:\[.*//; s/^anon_inode:\[eventpoll\]/epoll/' | sort |
	    uniq -c | tr -s ' \n' ' '
}
for p in $(pgrep -P "$(k_pid)"); do
	n=$(basename "$(readlink "/proc/$p/exe")")
	[ "$(k_as)" = root ] || break
	k_hasnot "$n $p is not root" " $(sed -n 's/^[UG]id://p' \
	    "/proc/$p/status" | tr '\t\n' '  ') " " 0 "
done
if [ "$(k_as)" = root ]; then
	k_eq "control: keepd itself is root" \
	    "$(stat -c %u "/proc/$(k_pid)")" 0
fi
if [ "$(id -u)" -eq 0 ]; then
	for p in $(k_role_pids listener); do
		# its channel to master, to authd, to toold; what it listens on
		k_eq "listener $p: four sockets and its loop" "$(fds "$p" |
		    tr ' ' '\n' | grep -A1 '^4$' | tail -n 1)" socket
		k_eq "listener $p: no file but /dev/null" \
		    "$(find "/proc/$p/fd" -type l -exec readlink {} \; |
		    grep '^/' | sort -u)" /dev/null
		k_eq "listener $p: its root is empty" \
		    "$(ls -A "/proc/$p/root" 2>/dev/null | grep -c .)" 0
	done
	before=$(fds "$(k_role_pids listener | head -n 1)")
	i=0
	while [ $i -lt 50 ]; do
		curl -s -o /dev/null "$K_URL/healthz"
		i=$((i + 1))
	done
	sleep 0.3
	k_eq "and none is left over from connections" \
	    "$(fds "$(k_role_pids listener | head -n 1)")" "$before"
	exec 7>"$K_DIR/opened-by-the-caller"
	for p in $(pgrep -P "$(k_pid)"); do
		find "/proc/$p/fd" -type l -exec readlink {} \;
	done >"$K_DIR/all"
	exec 7>&-
	k_true "control: the descriptors could be read" \
	    test "$(grep -c socket "$K_DIR/all")" -gt 8
	# Layouts: of all, then of a role before and after a restart.
	layout() {	# pid
		awk 'NR == 1 || /libc\.so|\[stack\]|\[heap\]/ { split($1, a,
		    "-"); print a[1] }' "/proc/$1/maps"
	}
	for p in $(k_pid) $(pgrep -P "$(k_pid)"); do
		layout "$p" | sort -u
	done | sort | uniq -d >"$K_DIR/same"
	k_eq "no two processes share an address" "$(cat "$K_DIR/same")" ""
	old=$(k_role_pids toold)
	layout "$old" | sort -u >"$K_DIR/old"
	kill -9 "$old"
	while new=$(k_role_pids toold); [ -z "$new" ] || [ "$new" = "$old" ]; do
		sleep 0.05
	done
	k_wait_ready
	layout "$(k_role_pids toold)" | sort -u >"$K_DIR/new"
	k_eq "nor does a role with the one before it" \
	    "$(sort "$K_DIR/old" "$K_DIR/new" | uniq -d)" ""
	k_true "control: the layouts were read" test -s "$K_DIR/new"
else
	k_ok "descriptors and layouts: need root to be read: not run"
fi
k_done
