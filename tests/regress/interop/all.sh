#!/bin/sh
# SPDX-License-Identifier: ISC
# Clients as they are: the rows of request shapes.  With K_INTEROP_URL the
# same shapes go through a proxy that stands there.
. "$(dirname "$0")/../../lib.sh"
k_new interop
k_clock
k_start
k_users || k_die "users could not be made"
k_node interop "$K_TESTS/regress/interop/rows.mjs"
k_done
