#!/bin/sh
# SPDX-License-Identifier: ISC
# The same clients through nginx with TLS, as shipped.
K_PROXY=nginx
. "$(dirname "$0")/clients.sh"
