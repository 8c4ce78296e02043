#!/bin/sh
# SPDX-License-Identifier: ISC
# Streams: subscriptions of both eras, who is told what, how they end.
# as: both
. "$(dirname "$0")/../lib.sh"
k_new stream
k_conf "get-stream yes" "limits {" "	streams-per-grant 6" \
    "	stream-keepalive 300ms" "}"
k_clock
k_start
k_users || k_die "users could not be made"
k_node stream "$K_TESTS/regress/stream.mjs"
k_done
