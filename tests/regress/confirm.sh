#!/bin/sh
# SPDX-License-Identifier: ISC
# Users are asked before something is destroyed, where their client can ask.
# as: both
. "$(dirname "$0")/../lib.sh"
k_new confirm
k_start
k_users || k_die "users could not be made"
k_node confirm "$K_TESTS/regress/confirm.mjs"
k_done
