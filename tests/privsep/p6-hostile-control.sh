# SPDX-License-Identifier: ISC
# p6-hostile-control.sh: P4, P6, P8: hostile clients of the three control
# sockets: who is let in may send commands and nothing else; everybody else
# is not let in, whatever the modes of the socket say, and is counted.
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new hostile-control
k_start
k_users
K_CTL="$(k_bin)/keepctl -d $K_DIR/run"
export K_CTL
k_part "as who may" "$K_OBJ/privsep/attack_ctl" root
for p in authd toold; do
	k_true "$p is still the process it was" test -n "$(k_role_pids $p)"
done
k_eq "nobody was restarted" "$(k_ctl -j status |
    grep -c "\"restarts\":\"[1-9]")" 0
if [ "$(id -u)" -eq 0 ]; then
	# As if somebody had opened the directory and the sockets to all.
	chmod -R a+rwX "$K_DIR/run"
	cp "$K_OBJ/privsep/attack_ctl" "$K_DIR/attack_ctl"
	chmod 755 "$K_DIR/attack_ctl"
	other() {
		exec setpriv --reuid 61777 --regid 61777 --clear-groups -- \
		    "$K_DIR/attack_ctl" other
	}
	k_part "as who may not" other
	k_has "the refusal is in the log" "$(cat "$K_DIR"/logs/*)" \
	    "control socket"
else
	k_ok "another user: needs root to be tried: not run"
fi
k_done
