#!/bin/sh
# SPDX-License-Identifier: ISC
# The rows of request shapes once more, all of them, over keepd's own TLS.
K_PROXY=none
. "$(dirname "$0")/all.sh"
