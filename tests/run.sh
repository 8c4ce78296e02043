#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh: install what the tests need, build, run every layer, print each
# result, end with "N passed, N failed".  What `make test` calls.
#
#	run.sh [layer...]	unit fuzz lint regress interop privsep e2e soak
#
# A script prints "ok NAME" or "not ok NAME: WHY" for each statement and
# "# done N" last; anything else is counted as a failure.  As root, scripts
# with "# as: both" in their head run a second time as uid 65534.
#	K_JOBS		scripts at a time, default 2
#	K_NO_INSTALL	set: install nothing, only say what is missing

K_TESTS=$(cd "$(dirname "$0")" && pwd)
cd "$K_TESTS/.." || exit 2
K_OBJ=${K_OBJ:-$PWD/obj}
K_TMP=${TMPDIR:-/tmp}/keepd-test.$(id -u)
export K_TESTS K_OBJ
LAYERS=${*:-unit fuzz lint regress interop privsep e2e soak}
LOG=$K_OBJ/test
mkdir -p "$LOG" "$K_TMP" && chmod 1777 "$K_TMP" || exit 2
rm -rf "$LOG"/*.out "$K_TMP"/port.*
: >"$LOG/results"

wants() {
	case " $LAYERS " in
	*" $1 "*)	return 0 ;;
	esac
	return 1
}

# Statements of a file of output, checked for its last line, to results.
take() {	# name file
	sed -n "s|^\(\(not \)\{0,1\}ok\) |\1 $1: |p" "$2" |
	    tee -a "$LOG/results"
	sed -n -e '/^# done /d' -e "s|^# |# $1: |p" "$2"
	_n=$(grep -c '^\(not \)\{0,1\}ok ' "$2")
	if [ "$_n" -eq 0 ] || ! grep -q "^# done $_n\$" "$2"; then
		echo "not ok $1: stopped early after $_n statements:" \
		    "$(tail -n 3 "$2.err" 2>/dev/null | tr '\n' ' ')" |
		    tee -a "$LOG/results"
	fi
}

one() {	# name command...: one statement, by exit status
	_name=$1; shift
	if "$@" >"$LOG/one.out" 2>&1; then
		echo "ok $_name" | tee -a "$LOG/results"
	else
		echo "not ok $_name: status $?:" \
		    "$(tail -n 5 "$LOG/one.out" | tr '\n' ' ' | cut -c1-1000)" |
		    tee -a "$LOG/results"
	fi
}

# ---- what is needed ----
NEED="gcc make byacc libc6-dev libseccomp-dev libssl-dev libjansson-dev
    liblmdb-dev libsqlite3-dev libmd-dev libcmocka-dev curl iproute2 procps
    util-linux perl-base patchelf sqlite3 git
    libtest-json-schema-acceptance-perl openssl"
[ -z "$(wants e2e && echo 1)" ] || NEED="$NEED chromium fonts-dejavu-core
    nginx caddy haproxy openssl"
[ -z "$(wants interop && echo 1)" ] || NEED="$NEED nginx openssl"
[ -z "$(wants lint && echo 1)" ] || NEED="$NEED clang clang-tidy cppcheck
    mandoc"
need_packages() {
	MISSING=
	for _p in $NEED; do
		dpkg-query -W -f '${Status}' "$_p" 2>/dev/null |
		    grep -q 'ok installed' || MISSING="$MISSING $_p"
	done
	command -v npm >/dev/null || MISSING="$MISSING nodejs npm"
	[ -n "$MISSING" ] || return 0
	if [ "$(id -u)" -ne 0 ] || [ -n "${K_NO_INSTALL:-}" ]; then
		echo "missing; as root: apt-get install$MISSING" >&2
		exit 2
	fi
	echo "# installing$MISSING"
	apt-get update -q >"$LOG/apt.log" 2>&1
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	    --no-install-recommends $MISSING >>"$LOG/apt.log" 2>&1 || {
		tail -n 5 "$LOG/apt.log" >&2
		exit 2
	}
}
command -v dpkg-query >/dev/null && need_packages

one "build" make -j2 all unit-bins
if wants e2e || wants regress || wants interop; then
	one "packages of the end-to-end tests" sh tests/e2e/setup.sh
fi

# ---- unit tests and fuzz corpora ----
if wants unit; then
	for t in "$K_OBJ"/unit/*_test; do
		[ -x "$t" ] || continue
		n=unit/$(basename "$t")
		CMOCKA_MESSAGE_OUTPUT=TAP "$t" >"$LOG/unit.out" 2>"$LOG/unit.out.err"
		s=$?
		sed -n 's/^\(\(not \)\{0,1\}ok\) [0-9]* - /\1 /p' "$LOG/unit.out" \
		    >"$LOG/u.out"
		[ -s "$LOG/u.out" ] || [ $s -ne 0 ] || echo "ok all" >"$LOG/u.out"
		[ $s -eq 0 ] || grep -q '^not ok' "$LOG/u.out" ||
		    echo "not ok ended with status $s" >>"$LOG/u.out"
		echo "# done $(grep -c . "$LOG/u.out")" >>"$LOG/u.out"
		cp "$LOG/unit.out.err" "$LOG/u.out.err"
		take "$n" "$LOG/u.out"
	done
fi
if wants fuzz; then
	for t in "$K_OBJ"/fuzz/*_fuzz; do
		[ -x "$t" ] || continue
		n=$(basename "$t" _fuzz)
		one "fuzz/$n corpus" "$t" "tests/fuzz/corpus/$n"
	done
fi
if wants lint && [ -f tests/lint.sh ]; then
	one "lint" sh tests/lint.sh
fi

# ---- scripts, K_JOBS at a time ----
run_one() {	# script as
	_n=${1#tests/}
	_n=${_n%.sh}
	[ "$2" = nobody ] && _n="$_n as 65534"
	_o=$LOG/$(echo "$_n" | tr '/ ' '__').out
	K_AS=$2 timeout "${K_TIMEOUT:-600}" sh "$1" >"$_o" 2>"$_o.err"
	_s=$?
	# A browser and other people's programs run in these, on a machine that
	# does much else meanwhile: once more, and said so.  What fails twice
	# has failed.
	case $1 in
	tests/e2e/*)
		if grep -q '^not ok ' "$_o" || ! grep -q '^# done ' "$_o"; then
			grep '^not ok ' "$_o" | sed 's/^/# first try: /'
			cp "$_o" "$_o.first"
			K_AS=$2 timeout "${K_TIMEOUT:-600}" sh "$1" >"$_o" \
			    2>"$_o.err"
			_s=$?
		fi ;;
	esac
	# A script with its own way of counting is one statement, by its status.
	if ! grep -q 'lib\.sh"*$' "$1" && ! grep -q '^# done ' "$_o"; then
		sed -i 's/^/| /' "$_o"
		if [ $_s -eq 0 ]; then
			echo "ok $(tail -n 1 "$_o" | cut -c3-200)" >>"$_o"
		else
			echo "not ok all: status $_s: $(cat "$_o" "$_o.err" |
			    tail -n 5 | tr '\n' ' ' | cut -c1-1000)" >>"$_o"
		fi
		echo "# done 1" >>"$_o"
	fi
	# Print in one piece, though others run beside.
	(
		flock 9
		take "$_n" "$_o"
	) 9>"$LOG/lock"
}
list() {
	for l in regress interop privsep e2e soak; do
		wants $l || continue
		case $l in
		interop)	_d=tests/regress/interop ;;
		*)	_d=tests/$l ;;
		esac
		for s in "$_d"/*.sh; do
			[ -f "$s" ] || continue
			[ "$(sed -n 's/^# layer: //p' "$s")" = no ] && continue
			[ "$s" = tests/e2e/setup.sh ] && continue
			if [ "$(id -u)" -ne 0 ]; then
				echo "$s self"
				continue
			fi
			echo "$s root"
			if grep -q '^# as: both' "$s"; then
				echo "$s nobody"
			fi
		done
	done
}

# Shell job control differs between shells: each runner is a loop of its own
# that takes the next line of the list under a lock.
runner() {
	while :; do
		_line=$({
			flock 8
			head -n 1 "$LOG/list"
			sed -i 1d "$LOG/list"
		} 8>"$LOG/list.lock")
		[ -n "$_line" ] || return 0
		run_one ${_line}
	done
}
list >"$LOG/list"
i=0
while [ $i -lt "${K_JOBS:-2}" ]; do
	runner &
	i=$((i + 1))
done
wait

passed=$(grep -c '^ok ' "$LOG/results")
failed=$(grep -c '^not ok ' "$LOG/results")
if [ "$failed" -gt 0 ]; then
	echo "# failed:"
	grep '^not ok ' "$LOG/results"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
