#!/bin/sh
# SPDX-License-Identifier: ISC
# Lifetimes across clock jumps.
. "$(dirname "$0")/../lib.sh"
k_new clock
k_clock
k_start
k_users || k_die "users could not be made"
k_node clock "$K_TESTS/regress/clock.mjs"
k_done
