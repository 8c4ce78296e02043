#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh: what a request costs, beside nginx's fixed answer in the same run.
# CPU is summed over all processes of a server.  Ratios decide; absolute
# rates belong to the machine.  Rounds are interleaved, medians printed.
#	BENCH_ROUNDS	default 5
#	BENCH_SECONDS	of each measurement, default 4
K_PORTS=${K_PORTS:-27800}
. "$(dirname "$0")/../lib.sh"
ROUNDS=${BENCH_ROUNDS:-5}
SECS=${BENCH_SECONDS:-4}
for p in wrk nginx; do
	command -v $p >/dev/null || k_die "install $p to run the benchmarks"
done
make -s -C "$K_TOP" all unit-bins || exit 2
k_new bench
k_conf 'limits { calls-per-grant 100000000 }'
k_start
k_users >/dev/null
B=$K_DIR/bench
mkdir "$B"
pids() {	# master: it and its children
	echo "$1"
	pgrep -P "$1"
}
private() {	# KiB that no other process shares, master and children
	for _p in $(pids "$(k_pid)"); do
		awk '/^Private_/ { n += $2 } END { print n }' \
		    "/proc/$_p/smaps_rollup"
	done | awk '{ n += $1 } END { print n }'
}
sleep 12	# what hashing the users' passwords took is given back
rest=$(private)
"$K_NODE" "$K_TESTS/bench/prepare.mjs" "$B" || exit 2

cp "$B/list.json" "$B/mcp"	# there for POST to be refused: 405, then it
NPORT=$(k_free_port)
NPORT_LIST=$(k_free_port)
USER_LINE=
[ "$(id -u)" -ne 0 ] || USER_LINE='user root;'	# may read the list
cat >"$B/nginx.conf" <<-EOT
	$USER_LINE
	daemon off; worker_processes 2; pid $B/nginx.pid;
	error_log $B/nginx.err; events { worker_connections 1024; }
	http {
	    access_log off; keepalive_requests 100000000;
	    client_body_temp_path $B/t1; proxy_temp_path $B/t2;
	    fastcgi_temp_path $B/t3; uwsgi_temp_path $B/t4;
	    scgi_temp_path $B/t5; default_type application/json;
	    server {
		listen 127.0.0.1:$NPORT;
		location / { return 200 '$(head -c 700 /dev/zero | tr '\0' x)'; }
	    }
	    server {
		listen 127.0.0.1:$NPORT_LIST; root $B;
		sendfile on; open_file_cache max=4;
		location /mcp { error_page 405 =200 /list.json; }
	    }
	}
EOT
nginx -c "$B/nginx.conf" -p "$B" 2>/dev/null &
NGINX=$!
trap 'kill $NGINX 2>/dev/null; k_cleanup' EXIT
sleep 1

cpu() {		# ticks of a server so far
	for _p in $(pids "$1"); do
		cut -d ' ' -f 14,15 "/proc/$_p/stat" 2>/dev/null
	done | awk '{ n += $1 + $2 } END { print n + 0 }'
}
TICK=$(getconf CLK_TCK)

# one NAME MASTER CONNS COMMAND...: "name requests rate p50 p99 bad cpu-us"
one() {
	_n=$1 _m=$2
	shift 2
	_a=$(cpu "$_m")
	_r=$("$@" 2>>"$B/err" | sed -n 's/^RESULT //p')
	_b=$(cpu "$_m")
	echo "$_n $_r $_a $_b" | awk -v t="$TICK" \
	    'NF == 8 { printf "%s %d %d %d %d %d %.2f\n", $1, $2, $3, $4, $5,
	    $6, ($8 - $7) * 1e6 / t / $2 }' >>"$B/results"
}
load() {	# conns port what
	BENCH_FILE=$B/calls BENCH_WHAT=$3 wrk -t 1 -c "$1" -d "${SECS}s" \
	    --timeout 10s -s "$K_TESTS/bench/call.lua" "http://127.0.0.1:$2"
}
refresh() {
	"$K_OBJ/bench/refresh" 127.0.0.1 "$K_PORT" "$SECS" "$B/families" |
	    awk '{ print "RESULT", $1, $2, $4, $5, $3 }'
}

: >"$B/results"
load 64 "$K_PORT" call >/dev/null 2>&1	# warm
i=0
while [ $i -lt "$ROUNDS" ]; do
	one nginx-64 $NGINX load 64 "$NPORT" call
	one call-64 "$(k_pid)" load 64 "$K_PORT" call
	one nginx-list-64 $NGINX load 64 "$NPORT_LIST" list
	one list-64 "$(k_pid)" load 64 "$K_PORT" list
	one nginx-1 $NGINX load 1 "$NPORT" call
	one call-1 "$(k_pid)" load 1 "$K_PORT" call
	i=$((i + 1))
done
one refresh-64 "$(k_pid)" refresh

median() {	# name column
	awk -v n="$1" -v c="$2" '$1 == n { print $c }' "$B/results" | sort -n |
	    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
printf '%-14s %10s %8s %8s %8s %6s\n' what req/s p50-us p99-us CPU-us bad
for w in nginx-64 call-64 nginx-list-64 list-64 nginx-1 call-1 refresh-64; do
	printf '%-14s %10s %8s %8s %8s %6s\n' $w "$(median $w 3)" \
	    "$(median $w 4)" "$(median $w 5)" "$(median $w 7)" \
	    "$(median $w 6)"
done
echo "call-64 / nginx-64: $(echo "$(median call-64 7) $(median nginx-64 7)" |
    awk '{ printf "%.2f", $1 / $2 }') of the CPU"
echo "list-64 / nginx-list-64: $(echo "$(median list-64 7)" \
    "$(median nginx-list-64 7)" | awk '{ printf "%.2f", $1 / $2 }')," \
    "$(wc -c <"$B/list.json") bytes"
echo "memory: $((rest / 1024)) MiB private at rest," \
    "$(($(private) / 1024)) MiB after the load"
if [ "$(id -u)" -eq 0 ] && command -v strace >/dev/null; then
	strace -f -c -o "$B/strace" $(pids "$(k_pid)" | sed 's/^/-p /') &
	S=$!
	sleep 0.5
	n=$(load 64 "$K_PORT" call | sed -n 's/^RESULT \([0-9]*\).*/\1/p')
	kill -INT $S 2>/dev/null
	wait $S 2>/dev/null
	awk -v n="$n" '/total$/ { printf "system calls a request: %.2f\n",
	    $(NF == 5 ? 3 : 4) / n }' "$B/strace"
fi
cat "$B/err" >&2
