#!/bin/sh
# SPDX-License-Identifier: ISC
# Resources, prompts and completion, seen by users of different rights.
# as: both
. "$(dirname "$0")/../lib.sh"
k_new resources
k_start
k_users || k_die "users could not be made"
k_user nobody1 "$K_PW_VIEWER" || k_die "no user without a role"
k_node resources "$K_TESTS/regress/resources.mjs"
k_done
