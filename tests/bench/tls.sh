#!/bin/sh
# SPDX-License-Identifier: ISC
# tls.sh: what TLS with the key in another process costs.
#  1. handshakes a second and CPU for each (all processes of the server),
#     beside the same listener with the key in its own memory;
#  2. how long a handshake takes while refresh tokens rotate at full rate;
#  3. requests a second over TLS and their CPU, beside nginx with the same key.
# Rounds are interleaved, medians printed; absolute rates belong to the machine.
#	BENCH_ROUNDS	default 5
#	BENCH_SECONDS	of each measurement, default 3
#	BENCH_KEYS	kinds of keys for 1, default "p256 rsa"
K_PORTS=${K_PORTS:-27800}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../certs.sh"
ROUNDS=${BENCH_ROUNDS:-5}
SECS=${BENCH_SECONDS:-3}
KEYS=${BENCH_KEYS:-p256 rsa}
for p in wrk nginx; do
	command -v $p >/dev/null || k_die "install $p to run the benchmarks"
done
make -s -C "$K_TOP" all unit-bins || exit 2
TICK=$(getconf CLK_TCK)

pids() {	# master: it and its children
	echo "$1"
	pgrep -P "$1"
}
cpu() {		# ticks of a server so far
	for _p in $(pids "$1"); do
		cut -d ' ' -f 14,15 "/proc/$_p/stat" 2>/dev/null
	done | awk '{ n += $1 + $2 } END { print n + 0 }'
}
# one NAME MASTER COMMAND...: "name count rate failures p50 p99 cpu-us"
one() {
	_n=$1 _m=$2
	shift 2
	_a=$(cpu "$_m")
	_r=$("$@" 2>>"$B/err")
	_b=$(cpu "$_m")
	echo "$_n $_r $_a $_b" | awk -v t="$TICK" \
	    'NF == 8 { printf "%s %d %d %d %d %d %.1f\n", $1, $2, $3, $4, $5,
	    $6, ($8 - $7) * 1e6 / t / $2 }' >>"$B/results"
}
shake() {	# port connections
	"$K_OBJ/bench/handshake" 127.0.0.1 "$1" "$SECS" "$2"
}
median() {	# name column
	awk -v n="$1" -v c="$2" '$1 == n { print $c }' "$B/results" | sort -n |
	    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
quotient() {	# a b
	echo "$1 $2" | awk '{ printf "%.2f", $1 / $2 }'
}
head_print() {
	printf '%-22s %10s %8s %8s %8s %6s\n' what a-second p50-us p99-us \
	    CPU-us failed
}
line() {	# name
	printf '%-22s %10s %8s %8s %8s %6s\n' "$1" "$(median "$1" 3)" \
	    "$(median "$1" 5)" "$(median "$1" 6)" "$(median "$1" 7)" \
	    "$(median "$1" 4)"
}

# ---- an instance with a kind of key, isolated or local ----
serve() {	# kind local?
	T_PORT=
	k_new "bench-$1-$2"
	k_ca
	case $1 in
	p256)	k_cert srv DNS:localhost $EC256 ;;
	p384)	k_cert srv DNS:localhost $EC384 ;;
	rsa)	k_cert srv DNS:localhost $RSA2048 ;;
	ed)	k_cert srv DNS:localhost -algorithm ED25519 ;;
	esac
	k_tls_conf srv
	{
		echo 'limits { calls-per-grant 100000000 }'
		echo 'limits { signatures-per-worker 1000000 }'
		echo "hosts { \"127.0.0.1\" }"
	} >>"$K_DIR/more.conf"
	if [ "$2" = local ]; then
		mkdir "$K_DIR/programs"
		cp "$K_OBJ"/keepd-* "$K_DIR/programs"
		${CC:-cc} -std=c11 -O2 -fPIE -pie -D_GNU_SOURCE \
		    "-DLOCAL_KEY=\"$C/srv.key\"" -I"$K_TOP/common" \
		    -Wl,--wrap=SSL_CTX_ctrl,-z,relro,-z,now \
		    -o "$K_DIR/programs/keepd-listener" \
		    "$K_TESTS/bench/local/keyprov.c" \
		    $(ls "$K_OBJ"/master/listener/*.o | grep -v keyprov.o) \
		    "$K_OBJ/libcommon.a" -lssl -lcrypto -ljansson -lseccomp ||
		    k_die "the listener with a local key does not build"
		echo "programs \"$K_DIR/programs\"" >>"$K_DIR/more.conf"
	fi
	k_start
}
for k in $KEYS; do
	serve "$k" isolated
	[ -n "${B:-}" ] || { B=$K_DIR/bench; mkdir "$B"; : >"$B/results"; }
	iso_port=$T_PORT iso_pid=$(k_pid) iso_dir=$K_DIR
	serve "$k" local
	shake "$iso_port" 16 >/dev/null
	shake "$T_PORT" 16 >/dev/null
	i=0
	while [ $i -lt "$ROUNDS" ]; do
		one "$k-isolated" "$iso_pid" shake "$iso_port" 16
		one "$k-local" "$(k_pid)" shake "$T_PORT" 16
		i=$((i + 1))
	done
	k_stop
	k_use "$iso_dir"
	[ "$k" = p256 ] || k_stop
	[ "$k" != p256 ] || keep=$K_DIR
done
echo "handshakes, 16 at a time:"
head_print
for k in $KEYS; do
	line "$k-isolated"
	line "$k-local"
	# Each round by itself: what else the machine does changes slowly.
	awk -v k="$k" '$1 == k "-isolated" { r = $3; c = $7 }
	    $1 == k "-local" { printf "%.3f %.3f\n", r / $3, c / $7 }' \
	    "$B/results" >"$B/ratios"
	echo "$k: isolated / local: $(sort -n "$B/ratios" | awk '{ v[NR] = $1 }
	    END { print v[int((NR + 1) / 2)] }') of the rate," \
	    "$(awk '{ print $2 }' "$B/ratios" | sort -n | awk '{ v[NR] = $1 }
	    END { print v[int((NR + 1) / 2)] }') of the CPU (medians of rounds)"
done

# ---- handshakes while tokens rotate ----
[ -n "${keep:-}" ] || exit 0
k_use "$keep"
C=$K_DIR/certs K_CA=$C/ca.pem T_PORT=$(cat "$K_DIR/port.tls")
T_URL=https://localhost:$T_PORT
export C K_CA T_PORT T_URL
k_users >/dev/null
plain=$K_URL
K_URL=$T_URL "$K_NODE" "$K_TESTS/bench/prepare.mjs" "$B" || exit 2
one quiet "$(k_pid)" shake "$T_PORT" 1
"$K_OBJ/bench/refresh" 127.0.0.1 "$K_PORT" $((SECS * (ROUNDS + 2))) \
    "$B/families" >"$B/refreshed" &
load=$!
sleep 1
i=0
while [ $i -lt "$ROUNDS" ]; do
	one rotating "$(k_pid)" shake "$T_PORT" 1
	i=$((i + 1))
done
wait $load
i=1
while [ $i -lt "$ROUNDS" ]; do
	one quiet "$(k_pid)" shake "$T_PORT" 1
	i=$((i + 1))
done
echo
echo "handshakes one by one, beside rotating refresh tokens:"
head_print
# Their CPU would be that of the refreshes, too.
for w in quiet rotating; do
	line $w | awk '{ printf "%-22s %10s %8s %8s %8s %6s\n", $1, $2, $3,
	    $4, "-", $6 }'
done
echo "refreshes meanwhile: $(awk '{ print $2 " a second, p99 " $5 " us" }' \
    "$B/refreshed")"

# ---- requests, beside nginx ----
NPORT=$(k_free_port)
cat >"$B/nginx.conf" <<-EOT
	daemon off; worker_processes 2; pid $B/nginx.pid;
	error_log $B/nginx.err; events { worker_connections 1024; }
	http {
	    access_log off; keepalive_requests 100000000;
	    client_body_temp_path $B/t1; proxy_temp_path $B/t2;
	    fastcgi_temp_path $B/t3; uwsgi_temp_path $B/t4;
	    scgi_temp_path $B/t5; default_type application/json;
	    server {
		listen 127.0.0.1:$NPORT ssl; ssl_protocols TLSv1.3;
		ssl_certificate $C/srv.pem; ssl_certificate_key $C/srv.key;
		ssl_session_tickets off;
		location / { return 200 '$(head -c 700 /dev/zero | tr '\0' x)'; }
	    }
	}
EOT
nginx -c "$B/nginx.conf" -p "$B" 2>/dev/null &
NGINX=$!
trap 'kill $NGINX 2>/dev/null; k_cleanup' EXIT
sleep 1
load() {	# conns url
	BENCH_FILE=$B/calls BENCH_WHAT=call wrk -t 1 -c "$1" -d "${SECS}s" \
	    --timeout 10s -s "$K_TESTS/bench/call.lua" "$2" |
	    sed -n 's/^RESULT //p' | awk '{ print $1, $2, $5, $3, $4 }'
}
shaken() {	# nginx: port
	shake "$NPORT" 16
}
load 64 "$T_URL" >/dev/null
i=0
while [ $i -lt "$ROUNDS" ]; do
	one nginx-64 $NGINX load 64 "https://localhost:$NPORT"
	one call-64 "$(k_pid)" load 64 "$T_URL"
	one call-64-plain "$(k_pid)" load 64 "$plain"
	one nginx-handshake $NGINX shaken
	i=$((i + 1))
done
echo
echo "requests over TLS, 64 connections:"
head_print
for w in nginx-64 call-64 call-64-plain nginx-handshake; do
	line $w
done
echo "call-64 / nginx-64: $(quotient "$(median call-64 7)" \
    "$(median nginx-64 7)") of the CPU"
cat "$B/err" >&2
