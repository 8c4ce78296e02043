#!/bin/sh
# SPDX-License-Identifier: ISC
# Streams with the official SDK clients of both eras: plain, over keepd's own
# TLS, and through nginx.
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/proxy.sh"
for way in direct none nginx; do
	k_new streams
	[ $way = direct ] || k_proxy $way
	k_conf "get-stream yes" "limits { stream-keepalive 500ms }"
	k_start
	k_users || k_die "users could not be made"
	for p in v1 v2; do
		K_PREFIX="$p $way" k_e2e "streams $p $way" streams.mjs $p
	done
	[ $way = direct ] || k_proxy_stop
done
k_done
