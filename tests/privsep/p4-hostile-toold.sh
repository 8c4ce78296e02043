# SPDX-License-Identifier: ISC
# p4-hostile-toold.sh: P2, P4, P6, P13: a toold under an attacker's control
# gets no token, speaks for nobody it was not shown, holds up no revocation.
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/privsep/puppet.sh"
k_need_build
for part in frames audit revocation system before; do
	k_new hostile-toold
	k_puppets toold
	k_start
	k_user designer "$K_PW_DESIGNER" designer
	k_part "$part" puppet_run toold "$K_OBJ/privsep/attack_toold" $part
	k_stop
done
k_done
