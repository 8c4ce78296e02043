#!/bin/sh
# SPDX-License-Identifier: ISC
# MCP of both eras.
. "$(dirname "$0")/../lib.sh"
k_new protocol
k_start
k_users || k_die "users could not be made"
k_node protocol "$K_TESTS/regress/protocol.mjs"
k_done
