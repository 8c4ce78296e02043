#!/bin/sh
# SPDX-License-Identifier: ISC
# The authorization server, error by error.
. "$(dirname "$0")/../lib.sh"
k_new oauth
k_start
k_users || k_die "users could not be made"
k_node oauth "$K_TESTS/regress/oauth.mjs"
k_done
