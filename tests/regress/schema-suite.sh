#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The required cases of the JSON Schema Test Suite, draft 2020-12, against
# toold's own checker.  The suite is that of the Debian package
# libtest-json-schema-acceptance-perl; SCHEMA_SUITE names another copy.  What
# needs a document that is not in the suite is in schema-suite.skip by name.
set -eu
cd "$(dirname "$0")/../.."
here=tests/regress
suite=${SCHEMA_SUITE:-/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance}
obj=${OBJ:-obj}
limit=60

if [ ! -d "$suite/tests/draft2020-12" ]; then
	echo "schema-suite: no suite in $suite; install" \
	    "libtest-json-schema-acceptance-perl or set SCHEMA_SUITE" >&2
	exit 1
fi
listed=$(grep -cv -e '^#' -e '^$' $here/schema-suite.skip || true)
if [ "$listed" -gt $limit ]; then
	echo "schema-suite: $listed cases are listed, at most $limit may be" >&2
	exit 1
fi
mkdir -p "$obj/regress"
# All of it with the sanitizers: the suite is small.
${CC:-cc} -std=c11 -g -O1 -Wall -Wextra -Wno-unused-parameter -D_GNU_SOURCE \
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -Itoold \
    -o "$obj/regress/schema_suite" $here/schema_suite.c \
    toold/schema*.c toold/pattern*.c -ljansson -lm
# Control: without the list the runner must find that cases are not built.
if "$obj/regress/schema_suite" "$suite/tests/draft2020-12" \
    "$suite/remotes" /dev/null >/dev/null; then
	echo "schema-suite: the runner does not fail when it must" >&2
	exit 1
fi
exec "$obj/regress/schema_suite" "$suite/tests/draft2020-12" \
    "$suite/remotes" $here/schema-suite.skip
