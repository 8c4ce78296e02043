#!/bin/sh
# SPDX-License-Identifier: ISC
# `make demo`, the way in for everybody: foreground, ready within 30 s of a
# built tree, users and data as promised, nothing left outside its directory,
# Ctrl-C ends it all within 5 s.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
mkdir -p "$K_TMP" && chmod 1777 "$K_TMP"
d=$(mktemp -d "$K_TMP/demo.XXXXXX")
port=$(k_free_port)
chmod 755 "$d"
[ "$(k_as)" != nobody ] || chown 65534:65534 "$d"
K_DIR=$d
demo=$d/not/there/yet
end() {
	[ ! -s "$d/pid" ] || kill -KILL "-$(cat "$d/pid")" 2>/dev/null
	rmdir "$K_TMP/port.$port" 2>/dev/null
	rm -rf "$d"
}
trap end EXIT

cat >"$d/more.conf" <<EOF
rate-limits off
hosts { "demo.example:$port" }
EOF
[ "$(k_as)" != nobody ] || chown 65534 "$d/more.conf"

# What must stay as it is.
outside() {
	cksum /etc/passwd /etc/group
	ls -d /var/lib/keepd /var/log/keepd /run/keepd /etc/keepd.conf 2>&1
}
start() {	# [variable=value...]
	: >"$d/out"
	( cd "$K_TOP" && k_run setsid sh -c 'echo $$ >"$1"; shift
	    exec env "$@"' sh "$d/pid" DEMO_PORT="$port" DEMO_DIR="$demo" \
	    HOME="$d" "$@" make -s demo >"$d/out" 2>"$d/err" </dev/null ) >/dev/null 2>&1 &
	_i=0
	until grep -q '^ready: ' "$d/out" || [ $_i -ge 300 ]; do
		sleep 0.1
		_i=$((_i + 1))
	done
	grep -q "^ready: http://127.0.0.1:$port/mcp\$" "$d/out"
}
# k_true runs these in a shell of its own: the process group is in a file.
stop() {	# signal: gone, all of it, in 5 s
	pid=$(cat "$d/pid")
	pgrep -s "$pid" >/dev/null || return 1
	kill "-$1" "-$pid"
	_i=0
	while pgrep -s "$pid" >/dev/null 2>&1 && [ $_i -lt 50 ]; do
		sleep 0.1
		_i=$((_i + 1))
	done
	! pgrep -s "$pid" >/dev/null 2>&1
}

touch "$d/out" "$d/err" "$d/pid"
[ "$(k_as)" != nobody ] || chown 65534 "$d/out" "$d/err" "$d/pid"
outside >"$d/before"
k_true "ready within 30 s, in a directory that was not there" start \
    DEMO_PASSWORD=demo-password-77 DEMO_CONF="$d/more.conf"
text=$(cat "$d/out" "$d/err")
for w in "claude mcp add" inspector mcp-remote; do
	k_has "says how to connect $w" "$(echo "$text" | tr A-Z a-z)" "$w"
done
K_URL=http://127.0.0.1:$port K_PORT=$port
export K_URL K_PORT
k_eq "DEMO_CONF is obeyed" "$(curl -s -o /dev/null -w '%{http_code}' \
    -H "Host: demo.example:$port" "$K_URL/robots.txt")" 200
found=
looked=0
for p in $(pgrep -s "$(cat "$d/pid")"); do
	# Not by exe: a process without dumps hides that from its own user.
	case $(cat "/proc/$p/comm" 2>/dev/null) in
	keepd|keepd-*|keepctl)
		looked=$((looked + 1))
		cat "/proc/$p/environ" "/proc/$p/cmdline" 2>/dev/null |
		    grep -q demo-password-77 && found="$found $p" ;;
	esac
done
k_true "control: keepd's processes were found" test $looked -ge 6
k_eq "the password is in no process's environment or arguments" "$found" ""
k_e2e "users and data" demo.mjs demo-password-77
k_true "Ctrl-C ends everything within 5 s" stop INT
outside >"$d/after"
k_true "touched nothing outside its directory" cmp "$d/before" "$d/after"
k_true "starts again on what is there" start DEMO_PASSWORD=demo-password-77
k_e2e "users and data again" demo.mjs demo-password-77 again
k_true "SIGTERM ends everything too" stop TERM

rm -rf "$demo"
k_true "without DEMO_PASSWORD" start
pw=$(sed -n 's/.*[Pp]assword[^:]*: *\([^ ]\{8,\}\).*/\1/p' "$d/out" "$d/err" |
    head -n 1)
k_true "a password was made up and shown" test -n "$pw"
k_e2e "the password shown works" demo.mjs "$pw"
k_true "ends" stop INT
trap - EXIT
end
k_done
