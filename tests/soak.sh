#!/bin/sh
# SPDX-License-Identifier: ISC
# soak.sh: the long tests with their full counts; what `make soak` calls.
# Leaves the result, with commit, machine and date, in tests/soak/RESULT.
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.." || exit 2
out=obj/soak.out
mkdir -p obj
K_SHARE=1 sh tests/soak/run.sh >"$out" 2>obj/soak.err
status=$?
{
	echo "commit	$(git rev-parse HEAD 2>/dev/null)"
	echo "date	$(date -u +%Y-%m-%dT%H:%M:%SZ)"
	echo "machine	$(nproc) cores, $(uname -sr), user $(id -u)"
	grep '^ok \|^not ok \|^# ' "$out"
	echo "$(grep -c '^ok ' "$out") passed," \
	    "$(grep -c '^not ok ' "$out") failed"
} | tee tests/soak/RESULT
[ $status -eq 0 ] && ! grep -q '^not ok ' "$out"
