#!/bin/sh
# SPDX-License-Identifier: ISC
# Clients as they are: the rows of request shapes.  With K_PROXY (nginx,
# caddy or haproxy) the same shapes go through that proxy.
. "$(dirname "$0")/../../lib.sh"
. "$K_TESTS/proxy.sh"
k_new interop
[ -z "${K_PROXY:-}" ] || k_proxy "$K_PROXY"
k_clock
k_start
k_users || k_die "users could not be made"
k_node interop "$K_TESTS/regress/interop/rows.mjs"
[ -z "${K_PROXY:-}" ] || k_proxy_stop
k_done
