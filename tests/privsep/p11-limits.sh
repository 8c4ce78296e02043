#!/bin/sh
# SPDX-License-Identifier: ISC
# p11-limits.sh: P11: small limits, so that each can be reached; then
# password guesses.
. "$(dirname "$0")/../lib.sh"
k_new limits
sed -i '/^rate-limits/d' "$K_DIR/keepd.conf"
k_conf 'limits {' '	header-size 2k' '	body-size 4k' \
    '	header-timeout 1s' '	body-timeout 1s' '	idle-timeout 2s' \
    '	connections-per-address 20' '	requests-per-address 1000' '}'
k_start
k_users || k_die "users could not be made"
k_node limits "$K_TESTS/regress/limits.mjs"
k_new guesses
sed -i '/^rate-limits/d' "$K_DIR/keepd.conf"
k_start
k_users || k_die "users could not be made"
k_node guesses "$K_TESTS/regress/guesses.mjs"
k_done
