# SPDX-License-Identifier: ISC
# p3-hostile-listener.sh: P3, P5, P6, P13: a listener under an attacker's
# control, in its real sandbox, with its real channels (puppet.c): messages
# of every kind and shape to authd, toold and master, handles of others,
# floods, system calls.  Each costs the worker its life, is counted and
# recorded; one honest worker serves on.
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/privsep/puppet.sh"
k_need_build
k_new hostile
k_puppets listener
k_conf "listen on unix \"$K_DIR/http.sock\"" "prefork 60"
k_start
k_users
k_part "attacks" puppet_run listener "$K_OBJ/privsep/attack_listener"
k_stop

k_new short
k_puppets listener
k_conf "listen on unix \"$K_DIR/http.sock\"" "prefork 2" \
    "lifetimes { access 10s }"
k_start
k_users
k_part "expiry" puppet_run listener "$K_OBJ/privsep/attack_listener" expired
k_done
