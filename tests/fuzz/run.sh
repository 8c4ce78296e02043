#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh: libFuzzer on the bodies of this folder, with clang's sanitizers.
#	run.sh SECONDS [NAME...]	each of NAME (all) for so long
# What is new and good lies in obj/lf/corpus/NAME afterwards; a crash in
# obj/lf/crash-*.  An input that found something goes to corpus/NAME, which
# `make test` replays.
cd "$(dirname "$0")/../.." || exit 2
secs=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- $(ls tests/fuzz/*_fuzz.c |
    sed 's,.*/\(.*\)_fuzz\.c,\1,')
flags="-O1 -g -fno-omit-frame-pointer -DLIBFUZZER -DKEEPD_SANITIZED"
flags="$flags -fsanitize=fuzzer-no-link,address,undefined"
flags="$flags -fno-sanitize-recover=undefined"
status=0
for n; do
	make -s OBJ=obj/lf CC=clang HARDEN=-fPIE \
	    CFLAGS="$flags" \
	    LDFLAGS=-fsanitize=fuzzer,address,undefined \
	    "obj/lf/fuzz/${n}_fuzz" >/dev/null || exit 2
	mkdir -p "obj/lf/corpus/$n"
	if "obj/lf/fuzz/${n}_fuzz" -max_total_time="$secs" -print_final_stats=1 \
	    -artifact_prefix="obj/lf/crash-$n-" "obj/lf/corpus/$n" \
	    "tests/fuzz/corpus/$n" >"obj/lf/$n.out" 2>&1; then
		r="nothing found"
	else
		r="see obj/lf/$n.out"
		status=1
	fi
	echo "$n: $(sed -n 's/^stat::number_of_executed_units: *//p' \
	    "obj/lf/$n.out") executions, $(grep -o 'cov: [0-9]*' \
	    "obj/lf/$n.out" | tail -n 1), $r"
done
exit $status
