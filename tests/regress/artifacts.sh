#!/bin/sh
# SPDX-License-Identifier: ISC
# The tools beside tables, rows and packages, seen by users of many rights.
# as: both
. "$(dirname "$0")/../lib.sh"
k_new artifacts
k_start
k_users || k_die "users could not be made"
k_node artifacts "$K_TESTS/regress/artifacts.mjs"
k_done
