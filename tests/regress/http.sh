#!/bin/sh
# SPDX-License-Identifier: ISC
# HTTP/1.1 on the wire.
# as: both
. "$(dirname "$0")/../lib.sh"
k_new http
k_start
k_users || k_die "users could not be made"
k_node http "$K_TESTS/regress/http.mjs"
k_done
