#!/bin/sh
# SPDX-License-Identifier: ISC
# keepd behind nginx, Caddy and HAProxy with TLS, each configured as shipped.
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/proxy.sh"
for K_PROXY in nginx caddy haproxy; do
	export K_PROXY
	k_new "behind-$K_PROXY"
	k_proxy "$K_PROXY"
	K_DIRECT=http://127.0.0.1:$K_PORT
	export K_DIRECT
	k_conf "hosts { 127.0.0.1:$K_PORT }"
	k_start
	k_users || k_die "users could not be made"
	k_node "$K_PROXY" "$K_TESTS/e2e/proxies.mjs"
	# Questions on the stream of a call: they must not be held back.  Not
	# behind Caddy: on a busy machine Debian's 2.6.2 cuts about one such
	# stream in a hundred by itself ("use of closed network connection" in
	# its log), which nginx and HAProxy never did.
	[ "$K_PROXY" = caddy ] || K_PREFIX="$K_PROXY:" \
	    k_node "$K_PROXY, streams" "$K_TESTS/regress/confirm.mjs"
	k_proxy_stop
	k_stop
done
k_done
