#!/bin/sh
# SPDX-License-Identifier: ISC
# lint.sh: what a compiler does not say: cppcheck, clang-tidy, mandoc, shell
# syntax, BSD files by syntax, and the rules of the house.  Silent when all
# is well; each finding is a line, and the status is 1.
cd "$(dirname "$0")/.." || exit 2
bad=0
say() {
	echo "lint: $*"
	bad=1
}
have() {
	command -v "$1" >/dev/null || { say "no $1: install it"; return 1; }
}
SRC=$(git ls-files 'master/*.c' 'authd/*.c' 'toold/*.c' 'common/*.c')
HDR=$(git ls-files 'master/*.h' 'authd/*.h' 'toold/*.h' 'common/*.h')
FLAGS="-std=c11 -D_GNU_SOURCE -DKEEPD_VERSION=\"0\" -DLIBEXECDIR=\"/l\"
    -DSYSCONFDIR=\"/etc\" -DSBINDIR=\"/s\" -Icommon -Iobj/master
    -Imaster -Itoold -Iauthd -DOPENSSL_NO_DEPRECATED"

# ---- the house ----
for f in $(git ls-files | cut -d/ -f1 | sort -u); do
	case $f in
	Makefile|README.md|LICENSE|master|authd|toold|common|tests|etc|rc.d|.*) ;;
	*)	say "$f: no such top-level entry in this house" ;;
	esac
done
for f in $SRC $HDR; do
	awk -v f="$f" '{ s = $0; n = 0
	    while (match(s, /\t/)) {
		n += RSTART - 1; n += 8 - n % 8; s = substr(s, RSTART + 1) }
	    if (n + length(s) > 80)
		printf "lint: %s:%d: longer than 80 columns\n", f, NR }' "$f"
done >obj/lint.long
[ ! -s obj/lint.long ] || { cat obj/lint.long; bad=1; }
for f in $SRC; do
	[ "$(head -n 1 "$f")" = "/* SPDX-License-Identifier: ISC */" ] ||
	    say "$f: does not begin with its licence line"
done
git grep -nwE 'TODO|FIXME|XXX|not implemented|unimplemented' -- '*.c' '*.h' \
    '*.y' '*.sh' ':!tests/lint.sh' && say "unfinished by its own words"
awk 'FNR == 1 { in_f = 0 }
    /^{$/ { in_f = 1; from = FNR }
    /^}/ { if (in_f && FNR - from + 1 > 100)
	printf "lint: %s:%d: function of %d lines\n", FILENAME, from,
	    FNR - from + 1
	in_f = 0 }' $SRC >obj/lint.fn
[ ! -s obj/lint.fn ] || { cat obj/lint.fn; bad=1; }

# ---- who links what: by source, before the linker says it again ----
grep -ln 'lmdb\.h' $SRC $HDR | grep -v '^authd/' &&
    say "only authd may know LMDB"
grep -ln 'openssl/ssl\.h' $SRC $HDR | grep -v '^master/listener/' &&
    say "only the listener may know libssl"
grep -ln 'openssl/' $SRC $HDR | grep -v -e '^master/listener/' -e '^authd/' &&
    say "no libcrypto outside authd, pwhash and the listener"
grep -ln 'sqlite3\.h' $SRC $HDR | grep -v '^toold/' &&
    say "only toold may know SQLite"

# ---- BSD: written, not run; at least its grammar is checked ----
for os in OpenBSD FreeBSD NetBSD; do
	sh tests/bsdcheck.sh $os || say "$os files do not parse"
done

# ---- the manual's table of messages is the one in force ----
[ ! -x obj/privsep/msgtable ] ||
    obj/privsep/msgtable master/keepd-privsep.7 ||
    say "keepd-privsep.7: message table"

# ---- shell, manuals, C ----
for f in $(git ls-files '*.sh' .ci/run); do
	sh -n "$f" || say "$f: syntax"
done
if have mandoc; then
	for f in $(git ls-files '*.[578]'); do
		mandoc -Tlint -W warning "$f" || say "$f: mandoc"
	done
fi
if have cppcheck; then
	# The list macros are the system's; the rest of its headers is not read.
	mkdir -p obj/lint/sys
	cp "$(${CC:-cc} -E -x c -include sys/queue.h /dev/null |
	    sed -n 's,^# 1 "\(.*sys/queue\.h\)".*,\1,p' | head -n 1)" \
	    obj/lint/sys/queue.h
	cppcheck -q -j 2 --std=c11 --enable=warning,portability \
	    --inline-suppr --suppress=missingIncludeSystem \
	    --suppress=internalAstError --error-exitcode=1 \
	    -Icommon -Iobj/lint -D__linux__ -D_GNU_SOURCE -D__x86_64__ $SRC ||
	    say "cppcheck"
fi
if [ -z "${NO_TIDY:-}" ] && have clang-tidy; then
	printf '%s\n' $SRC | xargs -n 4 -P 2 sh -c 'flags=$1; shift
	    clang-tidy --quiet "$@" -- $flags 2>/dev/null' sh "$FLAGS" \
	    >obj/lint.tidy || { grep -E 'error|warning' obj/lint.tidy; \
	    say "clang-tidy"; }
fi
exit $bad
