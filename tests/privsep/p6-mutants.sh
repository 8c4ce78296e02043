# SPDX-License-Identifier: ISC
# p6-mutants.sh: P6: 10,000 messages of good shape and bad content from a
# hijacked listener to each of authd, toold and master, whose handlers are
# the real ones.  With a build with sanitizers (K_OBJ=obj/san) it says more.
# as: both
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/privsep/puppet.sh"
k_need_build
k_new mutants
k_puppets listener
k_conf "listen on unix \"$K_DIR/http.sock\"" "prefork 4" "${K_MORE:-}"
k_start
k_users
k_part "mutants" puppet_run listener "$K_OBJ/privsep/attack_listener" mutate
k_eq "no sanitizer complained" \
    "$(grep -c -e 'runtime error' -e AddressSanitizer "$K_DIR/out")" 0
k_done
