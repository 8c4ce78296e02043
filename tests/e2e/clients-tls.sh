#!/bin/sh
# SPDX-License-Identifier: ISC
# An SDK with its browser, and the Inspector in Chromium, over keepd's own
# TLS.  (clients.sh has all of them; set K_PROXY=none to run those so.)
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/proxy.sh"
k_new clients-tls
k_proxy none
k_clock
k_start
k_users || k_die "users could not be made"
K_PREFIX=v2 k_e2e "sdk v2" sdk.mjs v2
K_PREFIX=inspector-web k_e2e inspector-web inspector-web.mjs
k_proxy_stop
k_done
