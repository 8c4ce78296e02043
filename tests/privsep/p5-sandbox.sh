# SPDX-License-Identifier: ISC
# p5-sandbox.sh: P5, P7, P12, P14: what each running role is and may do.
# Reads the kernel's own word on each process, then makes each role do
# forbidden system calls, as an attacker inside it would.  The controls: an
# allowed call works, and the same calls work in a process without a list.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new sandbox
k_start

ROLES="listener authd pwhash toold"
INJECT=$K_OBJ/privsep/inject

status() {	# pid field
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# A role that was killed comes back under another process id.  It is in
# service when its list is on; empty-filter.sh has none to wait for.
READY=${K_READY:-Seccomp:.*2}
role_pid() {	# role
	_i=0
	while [ $_i -lt 200 ]; do
		_pid=$(k_role_pids "$1" | head -n 1)
		# One that is started anew has master's list before its own.
		[ -z "$_pid" ] || ! grep -q "$READY" \
		    "/proc/$_pid/status" 2>/dev/null ||
		    ! k_ctl -j status 2>/dev/null | grep -q \
		    "\"pid\":\"$_pid\".*\"state\":\"running\"" || {
			echo "$_pid"
			return
		}
		sleep 0.1
		_i=$((_i + 1))
	done
}

for role in $ROLES; do
	pid=$(role_pid "$role")
	[ -n "$pid" ] || { k_bad "$role runs" "no such process"; continue; }
	k_eq "$role: seccomp filter mode" "$(status "$pid" Seccomp)" 2
	k_eq "$role: no_new_privs" "$(status "$pid" NoNewPrivs)" 1
	k_eq "$role: no capabilities" "$(status "$pid" CapEff)" \
	    0000000000000000
	k_eq "$role: none to be had" "$(status "$pid" CapPrm)" \
	    0000000000000000
	k_eq "$role: no core" \
	    "$(awk '/Max core/ {print $6}' "/proc/$pid/limits")" 0
	k_eq "$role: no new processes" \
	    "$(awk '/Max processes/ {print $4}' "/proc/$pid/limits")" 0
	k_eq "$role: not dumpable" "$(stat -c %u "/proc/$pid/environ")" 0
	k_eq "$role: empty environment" \
	    "$(tr '\0' '\n' <"/proc/$pid/environ" | grep -c .)" 0
	if [ "$(k_as)" = root ]; then
		k_has "$role: own uid" "6100" \
		    "$(status "$pid" Uid | cut -c1-4)"
		k_eq "$role: no groups" "$(status "$pid" Groups | tr -d ' ')" ""
		k_hasnot "$role: own root" ":$(readlink "/proc/$pid/root"):" \
		    ":/:"
	fi
	k_false "$role: own network namespace" test \
	    "$(readlink "/proc/$pid/ns/net")" = \
	    "$(readlink /proc/self/ns/net)"
	others=$(find "/proc/$pid/fd" -type l -exec readlink {} \; |
	    grep -v -e '^socket:' -e '^pipe:' -e '^anon_inode:' \
	    -e '^/dev/null' -e "^$K_DIR" -e '/store.mdb' -e '/keepd.db' \
	    -e '/keys' | tr '\n' ' ')
	k_eq "$role: no foreign files open" "$others" ""
	n=$(find "/proc/$pid/fd" -type l | wc -l)
	# toold reads its store by a dozen connections, of two files each.
	k_true "$role: few descriptors ($n)" test "$n" -lt 48
done

uids=$(for role in $ROLES; do status "$(role_pid $role)" Uid | cut -f1; done |
    sort -u | wc -l)
if [ "$(k_as)" = root ]; then
	k_eq "each role has its own uid" "$uids" 4
fi
bases=$(for role in $ROLES; do
	sed -n '1s/-.*//p' "/proc/$(role_pid $role)/maps"
	awk '/libc\.so/ {print $1; exit}' "/proc/$(role_pid $role)/maps"
done | sort | uniq -d | wc -l)
k_eq "no two roles share an address layout" "$bases" 0

# The forbidden: each kills the role, or at the least is refused.
calls() {
	cat <<-EOT
	openat -100 /etc/passwd 0
	socket 2 1 0
	socket 1 1 0
	execve /bin/sh 0 0
	clone 17 0 0
	fork
	kill 1 0
	kill $(k_pid) 9
	ptrace 16 $(k_pid)
	mount none /tmp tmpfs
	unshare 268435456
	setuid 0
	chroot /
	mprotect 0 4096 4
	mmap 0 4096 4 34 -1 0
	memfd_create x 0
	io_uring_setup 8 @
	bpf 0 @ 64
	process_vm_readv $(k_pid) @ 1 @ 1 0
	finit_module 3 x 0
	EOT
}
# One line a call: what came of it.  The roles are attacked side by side, for
# each dies many times and master lets it wait before it comes back.
attack() {	# role
	while read -r _line; do
		_p=$(role_pid "$1")
		# shellcheck disable=SC2086
		echo "$_line: $("$INJECT" "$_p" $_line 2>&1)"
	done <"$K_DIR/calls" >"$K_DIR/attack.$1"
}
judge() {	# role
	while IFS= read -r _line; do
		_call=${_line%: *}
		case $_line in
		*": killed")
			k_ok "$1: $_call kills it" ;;
		"openat "*": errno 13 "*|"openat "*": errno 1 "*|"openat "*": errno 2 "*)
			k_ok "$1: $_call is refused" ;;
		*)	k_bad "$1: $_call" "$_line" ;;
		esac
	done <"$K_DIR/attack.$1"
	k_eq "$1: every call was tried" "$(grep -c . "$K_DIR/attack.$1")" \
	    "$(grep -c . "$K_DIR/calls")"
}
if [ "$(id -u)" -eq 0 ] && [ "$(uname -m)" = x86_64 ]; then
	for role in $ROLES; do
		k_has "$role: control: an allowed call works" \
		    "$("$INJECT" "$(role_pid $role)" brk 0)" "ok "
	done
	sleep 60 &
	free=$!
	sleep 0.2
	k_has "control: a process without a list may open files" \
	    "$("$INJECT" $free openat -100 /etc/passwd 0)" "ok "
	k_has "control: and make sockets" \
	    "$("$INJECT" $free socket 2 1 0)" "ok "
	kill $free
	# toold may open log files, below their directory's descriptor; what
	# else a path could name from there is kept out by Landlock.
	pid=$(role_pid toold)
	fd=$(find "/proc/$pid/fd" -lname "$K_DIR/logs" -printf '%f\n')
	in_toold() {
		"$INJECT" "$(role_pid toold)" openat "$fd" "$@" 2>&1
	}
	log=$(basename "$(echo "$K_DIR"/logs/*-keepd.log)")
	k_has "toold: control: opens a log file" \
	    "$(in_toold "+$log" 131072)" "ok "
	: >"$K_DIR/secret" && chmod 644 "$K_DIR/secret"
	for path in +../secret +../keepd.conf /etc/passwd /proc/self/maps \
	    "+../state/auth/store.mdb" "+../../../../../etc/passwd"; do
		case $path in
		+*)	no=13 ;;	# it is there, and denied
		*)	no=2 ;;		# another root: it is not there
		esac
		k_has "toold: no $path from there" \
		    "$(in_toold "$path" 131072)" "errno $no "
	done
	k_eq "toold: not without O_NOFOLLOW" "$(in_toold "+$log" 0)" killed
	k_eq "toold: not to write" "$(in_toold "+$log" 131073)" killed
	k_eq "toold: not to make files" "$(in_toold +x 131136)" killed
	k_eq "toold: not from another directory" "$("$INJECT" \
	    "$(role_pid toold)" openat -100 /store/keepd.db 131072)" killed
	calls >"$K_DIR/calls"
	attackers=
	for role in $ROLES; do
		attack "$role" &
		attackers="$attackers $!"
	done
	wait $attackers
	for role in $ROLES; do
		judge "$role"
	done
	k_true "service is back after all that" k_wait_ready 30
fi
k_done
