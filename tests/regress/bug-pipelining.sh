#!/bin/sh
# SPDX-License-Identifier: ISC
# What is sent ahead of the answers: a reader that stops, and a half-close.
. "$(dirname "$0")/../lib.sh"
k_new pipelining
k_start
k_node pipelining "$K_TESTS/regress/bug-pipelining.mjs"
k_done
