# SPDX-License-Identifier: ISC
# p12-isolation.sh: P12: what "keepctl show isolation" says of each process
# is what the kernel says of it, and its messages are the rows in force.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new isolation
k_start
k_users
iso() {	# process column
	k_ctl -j show isolation 2>/dev/null |
	    sed -n "s/^{\"process\":\"$1\".*\"$2\":\"\([^\"]*\)\".*/\1/p"
}
procs=$(k_ctl -j show isolation 2>/dev/null |
    sed -n 's/^{"process":"\([^"]*\)".*/\1/p')
k_eq "each process has a line" "$(echo "$procs" | grep -c .)" \
    "$(($(pgrep -P "$(k_pid)" | grep -c .) + 1))"
for name in $procs; do
	n=$(echo "$name" | sed 's/[][]/\\&/g')
	pid=$(iso "$n" pid)
	k_eq "$name: uid" "$(iso "$n" uid)" \
	    "$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$pid/status")"
	if [ "$(id -u)" -eq 0 ]; then
		# One of keepd's is the connection that asks.
		more=0
		[ "$name" != keepd ] || more=1
		k_eq "$name: descriptors" "$(iso "$n" descriptors)" \
		    "$(($(find "/proc/$pid/fd" -type l | grep -c .) + more))"
	fi
	case "$(iso "$n" filter)" in
	none)	k_eq "$name: no filter" \
		    "$(sed -n 's/^Seccomp:[[:space:]]*//p' \
		    "/proc/$pid/status")" 0 ;;
	*)	k_eq "$name: filter" "$(sed -n 's/^Seccomp:[[:space:]]*//p' \
		    "/proc/$pid/status")" 2 ;;
	esac
	k_true "$name: takes and sends messages" test \
	    "$(iso "$n" takes)" -gt 3 -a "$(iso "$n" sends)" -gt 3
done
k_eq "the messages are those of the manual's table" \
    "$(k_ctl -j show isolation 2>/dev/null | grep '"from"' |
    sed 's/.*"message":"\([^"]*\)".*/\1/' | sort)" \
    "$(sed -n '/generated: begin/,/generated: end/s/^\.It //p' \
    "$K_TOP/master/keepd-privsep.7" | sort)"
if [ "$(id -u)" -eq 0 ] && [ "$(uname -m)" = x86_64 ]; then
	k_eq "nobody has broken a rule" "$(iso pwhash done)" 0
	k_has "control: pwhash is made to call what it may not" \
	    "$("$K_OBJ/privsep/inject" "$(k_role_pids pwhash)" socket 2 1 0)" \
	    killed
	sleep 0.3
	k_eq "which is counted" "$(iso pwhash done)" 1
	k_has "and recorded" "$(k_ctl -j audit tail -n 5)" \
	    '"event":"violation","outcome":"denied"'
fi
k_done
