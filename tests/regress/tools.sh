#!/bin/sh
# SPDX-License-Identifier: ISC
# Tables, rows and packages, seen by three users.
# as: both
. "$(dirname "$0")/../lib.sh"
k_new tools
k_start
k_users || k_die "users could not be made"
k_node tools "$K_TESTS/regress/tools.mjs"
k_done
