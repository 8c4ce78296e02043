#!/bin/sh
# SPDX-License-Identifier: ISC
# Start, the two lines that prove MCP is up, SIGHUP, SIGUSR1, SIGTERM, and
# processes that die.
# as: both
. "$(dirname "$0")/../lib.sh"
k_new signals
k_conf 'log { level info, syslog no }'
k_start
k_users || k_die "users could not be made"

# ---- start ----
log=$(k_server_log)
k_has "log: MCP server registered" "$log" "MCP server registered at /mcp"
k_has "log: OAuth provider" "$log" "MCP OAuth provider initialized"
k_eq "each start-up line once" "$(echo "$log" |
    grep -c 'MCP server registered at /mcp\|MCP OAuth provider initialized')" 2
for r in listener authd toold pwhash; do
	n=$(k_role_pids $r | grep -c .)
	case $r in
	listener)	k_eq "processes of $r" "$n" 2 ;;
	*)		k_eq "processes of $r" "$n" 1 ;;
	esac
	k_true "log: layers of $r" sh -c \
	    "grep -h . '$K_DIR'/logs/*-keepd.log | grep '$r' | grep -qi \
	    'seccomp\|landlock\|sandbox'"
done
f=$(ls "$K_DIR"/logs)
k_has "log file named by day" "$f" "$(date -u +%Y-%m-%d)-keepd.log"
k_false "log files are nobody else's" sh -c \
    "find '$K_DIR/logs' -name '*.log' -perm /007 | grep ."

# ---- SIGHUP ----
reload() {
	n0=$(k_server_log | grep -c -i 'configuration')
	kill -HUP "$(k_pid)"
	_i=0
	while [ "$(k_server_log | grep -c -i 'configuration')" -le "$n0" ] &&
	    [ $_i -lt 100 ]; do
		sleep 0.1
		_i=$((_i + 1))
	done
}
before=$(k_role_pids authd; k_role_pids toold)
code() {
	curl -s -o /dev/null -w '%{http_code}' -H "Host: $1" "$K_URL/robots.txt"
}
k_eq "before: another host is refused" "$(code other.example)" 421
k_conf 'log { level info, syslog no }' 'hosts { "other.example" }'
reload
k_eq "SIGHUP: the new host is taken" "$(code other.example)" 200
k_conf 'nonsense 1'
reload
k_eq "SIGHUP with an error keeps the old settings" "$(code other.example)" 200
k_has "and the error is logged with its line" "$(k_server_log)" "more.conf:1"
k_conf 'log { level info, syslog no }' "state \"$K_DIR/elsewhere\""
reload
k_eq "SIGHUP with a path keeps the old settings" "$(code other.example)" 200
k_has "and says that it needs a restart" "$(k_server_log)" "restart"
k_conf 'log { level info, syslog no }'
reload
k_eq "SIGHUP: the host is refused again" "$(code other.example)" 421
k_eq "no process was replaced by a reload" \
    "$(k_role_pids authd; k_role_pids toold)" "$before"
k_true "still in service" k_healthy

# ---- SIGUSR1 ----
day=$(date -u +%Y-%m-%d)
mv "$K_DIR/logs/$day-keepd.log" "$K_DIR/logs/old.log"
kill -USR1 "$(k_pid)"
_i=0
until [ -f "$K_DIR/logs/$day-keepd.log" ] || [ $_i -gt 50 ]; do
	sleep 0.1
	_i=$((_i + 1))
done
k_true "SIGUSR1: a new log file is there" test -f "$K_DIR/logs/$day-keepd.log"
k_conf 'log { level info, syslog no }' 'prefork_wrong 1'
kill -HUP "$(k_pid)"
_i=0
until grep -q prefork_wrong "$K_DIR/logs/$day-keepd.log" || [ $_i -gt 50 ]; do
	sleep 0.1
	_i=$((_i + 1))
done
k_true "and new lines go to it" grep -q prefork_wrong \
    "$K_DIR/logs/$day-keepd.log"
k_false "and not to the old one" grep -q prefork_wrong "$K_DIR/logs/old.log"
k_conf 'log { level info, syslog no }'

# ---- deaths ----
for r in listener authd pwhash toold; do
	old=$(k_role_pids $r | head -n 1)
	kill -KILL "$old"
	k_true "SIGKILL of $r: back in service" k_wait_ready 10
	_i=0
	want=1
	[ $r != listener ] || want=2
	until [ "$(k_role_pids $r | grep -c .)" -eq $want ] || [ $_i -gt 100 ]; do
		sleep 0.1
		_i=$((_i + 1))
	done
	k_eq "SIGKILL of $r: as many processes as before" \
	    "$(k_role_pids $r | grep -c .)" $want
	k_false "SIGKILL of $r: another process" test \
	    "$(k_role_pids $r | head -n 1)" = "$old"
done
k_node "sign-in after every role died" "$K_TESTS/regress/alive.mjs"

# ---- SIGTERM ----
kids=$(pgrep -P "$(k_pid)")
pid=$(k_pid)
kill -TERM "$pid"
k_true "SIGTERM: the master ends within 5 s" k_gone "$pid" 5
left=
for k in $kids; do
	k_gone "$k" 1 || left="$left $k"
done
k_eq "SIGTERM: no process is left" "$left" ""
rm -f "$K_DIR/pid"
k_start
K_WANT_ROWS=1 k_node "everything is still there after a restart" "$K_TESTS/regress/alive.mjs"
pid=$(k_pid)
kids=$(pgrep -P "$pid")
kill -INT "$pid"
k_true "SIGINT ends it too" k_gone "$pid" 5
rm -f "$K_DIR/pid"

# ---- the master dies ----
k_start
kids=$(pgrep -P "$(k_pid)")
kill -KILL "$(k_pid)"
left=
for k in $kids; do
	k_gone "$k" 5 || left="$left $k"
done
k_eq "SIGKILL of the master takes every process along" "$left" ""
rm -f "$K_DIR/pid"
k_start
k_true "and it starts again" k_healthy
k_done
