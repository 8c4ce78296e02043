#!/bin/sh
# SPDX-License-Identifier: ISC
# streams.sh: what idle streams cost: private memory of all processes, for
# each stream, above what they have at rest; CPU of their keep-alive comments;
# how long it takes to tell all of them of a change.
#	STREAMS		how many, default 10000
#	STREAMS_TLS	set: over keepd's own TLS, without a bound
K_PORTS=${K_PORTS:-27800}
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/proxy.sh"
N=${STREAMS:-10000}
k_new streams
[ -z "${STREAMS_TLS:-}" ] || k_proxy none
k_conf "limits {" "	connections $((N + 200))" \
    "	connections-per-address $((N + 200))" \
    "	streams $((N + 100))" "	streams-per-grant $((N / 20 + 50))" \
    "	calls-per-grant 100000000" "}"
k_start
k_users >/dev/null
ulimit -n $((N + 1000)) || k_die "the limit of open files is too low"
k_node streams "$K_TESTS/bench/streams.mjs" "$N"
[ -z "${STREAMS_TLS:-}" ] || k_proxy_stop
k_done
