# SPDX-License-Identifier: ISC
# p2-hostile-pwhash.sh: P2, P6: a pwhash under an attacker's control can
# refuse, but signs in nobody whose right bytes it never saw, and gets
# nothing from authd but salts and the passwords that are tried.
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/privsep/puppet.sh"
k_need_build
k_new hostile-pwhash
k_puppets pwhash
k_start
k_users
k_part "attacks" puppet_run pwhash "$K_OBJ/privsep/attack_pwhash"
k_done
