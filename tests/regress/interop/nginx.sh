#!/bin/sh
# SPDX-License-Identifier: ISC
# The rows of request shapes once more, all of them, through nginx with TLS
# and the configuration that is shipped.
K_PROXY=nginx
. "$(dirname "$0")/all.sh"
