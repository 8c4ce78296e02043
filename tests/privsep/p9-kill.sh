# SPDX-License-Identifier: ISC
# p9-kill.sh: P9: each role is killed under load; then the books are checked:
# every row, token and record that was acknowledged is there, once.  The
# long run of this is tests/soak.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new kill
k_start
k_users || k_die "users could not be made"
k_node kill "$K_TESTS/soak/kills.mjs" 1
k_done
