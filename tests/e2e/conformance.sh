#!/bin/sh
# SPDX-License-Identifier: ISC
# The official MCP conformance suite.
. "$(dirname "$0")/../lib.sh"
k_new conformance
k_fixture
k_conf "get-stream yes"
k_start
k_users || k_die "users could not be made"
k_e2e conformance conformance.mjs
k_done
