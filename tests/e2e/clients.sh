#!/bin/sh
# SPDX-License-Identifier: ISC
# The official SDKs of both eras, mcp-remote and the Inspector against one
# instance; with K_PROXY through that proxy.
# as: both
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/proxy.sh"
k_new clients
[ -z "${K_PROXY:-}" ] || k_proxy "$K_PROXY"
k_clock
k_start
k_users || k_die "users could not be made"
export K_SHOTS=$K_OBJ/shots
for p in v1 v2; do
	K_PREFIX=$p k_e2e "sdk $p" sdk.mjs $p
done
K_PREFIX=mcp-remote k_e2e mcp-remote remote.mjs
K_PREFIX=inspector k_e2e inspector inspector.mjs
# Its page takes half a minute, and who runs keepd is nothing to it.
[ "$(k_as)" = nobody ] ||
    K_PREFIX=inspector-web k_e2e inspector-web inspector-web.mjs
[ -z "${K_PROXY:-}" ] || k_proxy_stop
k_done
