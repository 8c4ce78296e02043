#!/bin/sh
# SPDX-License-Identifier: ISC
# Every page that people see, in headless Chromium.
. "$(dirname "$0")/../lib.sh"
k_new pages
k_start
k_users || k_die "users could not be made"
export K_SHOTS=$K_OBJ/shots
k_e2e pages pages.mjs
k_done
