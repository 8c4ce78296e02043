#!/bin/sh
# SPDX-License-Identifier: ISC
# keepd.conf: each error by file and line, the rules of the public URL, what
# refuses to start, and what every setting may be.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
k_new config

check() {	# reads the file on stdin: out and status
	cat >"$K_DIR/t.conf"
	[ "$(k_as)" != nobody ] || chown 65534 "$K_DIR/t.conf"
	out=$(k_run env $env "$K_OBJ/keepd" $flags -n -f "$K_DIR/t.conf" 2>&1)
	status=$?
}
env= flags=
rest() {
	cat <<-EOT
	state "$K_DIR/state"
	logs "$K_DIR/logs"
	run "$K_DIR/run"
	EOT
	if [ "$(k_as)" = root ]; then
		echo "user { listener 61001, authd 61002, pwhash 61003, toold 61004 }"
	fi
}
head_() {
	echo 'listen on 127.0.0.1 port 8080'
	echo 'public-url "http://127.0.0.1:8080"'
	rest
}
good() {	# name; lines on stdin
	{ head_; cat; } >"$K_DIR/in"
	check <"$K_DIR/in"
	if [ $status -eq 0 ]; then
		k_ok "takes $1"
	else
		k_bad "takes $1" "status $status: $out"
	fi
}
# name, part of the message, line it must be blamed on; lines on stdin
bad() {
	{ head_; cat; } >"$K_DIR/in"
	n=$(head_ | wc -l)
	check <"$K_DIR/in"
	if [ $status -eq 0 ]; then
		k_bad "refuses $1" "it was taken"
		return
	fi
	k_has "refuses $1" "$out" "$2"
	[ -z "${3:-}" ] || k_has "refuses $1 with file and line" "$out" \
	    "$K_DIR/t.conf:$((n + $3)):"
}
alone() {	# name part: the whole file is stdin
	check
	if [ $status -eq 0 ]; then
		k_bad "refuses $1" "it was taken"
	else
		k_has "refuses $1" "$out" "$2"
	fi
}

good "the smallest file" </dev/null
good "comments, macros, empty lines and include" <<EOF
# a comment
many = "3"

where = "$K_DIR"
prefork \$many			# behind a line too
include "$K_DIR/more.conf"
EOF
good "every kind of setting" <<EOF
listen on ::1 port 8081
listen on unix "$K_DIR/sock"
hosts { "mcp.example.org" "localhost:8080" }
allow-origin { "https://app.example.org" }
trusted-proxy { 127.0.0.1 10.0.0.0/8 }
prefork 3
registration public-only
replay reject-only
rate-limits off
challenge-style error
lifetimes { access 30m, refresh 1d, client-secret 7d, family 10d, grace 60s }
limits { body-size 1M, header-timeout 5s, connections 50 }
scrypt-cost 2^15
mcp off
EOF
bad "an unknown keyword" "colour" 1 <<EOF
colour blue
EOF
bad "a keyword that is nearly one" "prefork" 1 <<EOF
prefrok 3
EOF
bad "an unknown setting in a block" "accses" 2 <<EOF
lifetimes {
	accses 1h
}
EOF
bad "a missing value" "prefork" 1 <<EOF
prefork
EOF
bad "a value too many" "prefork" 1 <<EOF
prefork 2 3
EOF
bad "a count out of range" "prefork" 1 <<EOF
prefork 0
EOF
bad "a number that is none" "prefork" 1 <<EOF
prefork many
EOF
bad "a scrypt cost under the floor" "scrypt-cost" 1 <<EOF
scrypt-cost 2^14
EOF
bad "a time without sense" "access" 1 <<EOF
lifetimes { access soon }
EOF
bad "a size over its range" "body-size" 1 <<EOF
limits { body-size 900G }
EOF
bad "a word that is not one of the choices" "sandbox" 1 <<EOF
sandbox maybe
EOF
bad "tls without a certificate" "certificate" 1 <<EOF
listen on 127.0.0.1 port 8443 tls
EOF
bad "a certificate without a key" "key" 1 <<EOF
certificate "/etc/keepd/cert.pem"
EOF
bad "a port out of range" "port" 1 <<EOF
listen on 127.0.0.1 port 70000
EOF
bad "a name for an address" "listen" 1 <<EOF
listen on example.org port 80
EOF
bad "the same address twice" "twice" 1 <<EOF
listen on 127.0.0.1 port 8080
EOF
bad "an unclosed block" "limits" <<EOF
limits {
	connections 5
EOF
bad "an unclosed quote" "t.conf:" <<EOF
hosts { "mcp.example.org }
EOF
bad "an include that is not there" "no-such-file" 1 <<EOF
include "$K_DIR/no-such-file"
EOF
bad "a macro nobody set" "nobody_set" 1 <<EOF
prefork \$nobody_set
EOF
bad "a redirect scheme that runs code" "javascript" 1 <<EOF
redirect-scheme { javascript }
EOF
bad "several errors at once" "second_wrong" 2 <<EOF
first_wrong 1
second_wrong 2
EOF
k_has "several errors at once, all named" "$out" "first_wrong"

printf 'include "%s/loop.conf"\n' "$K_DIR" >"$K_DIR/loop.conf"
[ "$(k_as)" != nobody ] || chown 65534 "$K_DIR/loop.conf"
bad "an include of itself" "loop.conf" <<EOF
include "$K_DIR/loop.conf"
EOF

# ---- the public URL ----
url() {	# value; prints a file
	echo "listen on 127.0.0.1 port 8080"
	echo "public-url \"$1\""
	rest
}
may() {	# name; whole file on stdin
	check
	if [ $status -eq 0 ]; then
		k_ok "takes $1"
	else
		k_bad "takes $1" "status $status: $out"
	fi
}
for u in https://mcp.example.org http://localhost:8080 http://127.0.0.1:8080 \
    https://mcp.example.org:8443; do
	# a run with fewer rights takes loopback URLs only
	case $(k_as)$u in
	root*|*localhost*|*127.0.0.1*)	url "$u" | {
			cat >"$K_DIR/in"
		}
		may "public-url $u" <"$K_DIR/in" ;;
	esac
done
for u in http://mcp-dev.internal ftp://x.example 'https://x.example/path' \
    https:// 'https://u@x.example' x; do
	url "$u" >"$K_DIR/in"
	alone "public-url $u" public-url <"$K_DIR/in"
done
url http://mcp-dev.internal >"$K_DIR/in"
alone "plain http on another host" "Issuer URL must be HTTPS" <"$K_DIR/in"
url 'https://x.example/#f' >"$K_DIR/in"
alone "a fragment" "Issuer URL must not have a fragment" <"$K_DIR/in"
url 'https://x.example/?q=1' >"$K_DIR/in"
alone "a query" "Issuer URL must not have a query string" <"$K_DIR/in"
{ url http://mcp-dev.internal; echo "development yes"; } >"$K_DIR/in"
alone "one development switch of two" "HTTPS" <"$K_DIR/in"
{ url http://mcp-dev.internal
    echo "dangerously-allow-insecure-issuer-url yes"; } >"$K_DIR/in"
alone "the other switch of two" "HTTPS" <"$K_DIR/in"
{ url http://mcp-dev.internal; echo "development yes"
    echo "dangerously-allow-insecure-issuer-url yes"; } >"$K_DIR/in"
if [ "$(k_as)" = root ]; then
	may "both development switches" <"$K_DIR/in"
	url http://mcp-dev.internal >"$K_DIR/in"
	env="NODE_ENV=development MCP_DANGEROUSLY_ALLOW_INSECURE_ISSUER_URL=1"
	may "both switches from the environment" <"$K_DIR/in"
	env=
	{ echo "listen on 127.0.0.1 port 8080"
	    echo 'mcpPublicUrl "https://mcp.example.org"'; rest; } >"$K_DIR/in"
	may "mcpPublicUrl for public-url" <"$K_DIR/in"
else
	url https://mcp.example.org >"$K_DIR/in"
	alone "a public URL elsewhere in a run with fewer rights" "public-url" \
	    <"$K_DIR/in"
	{ url https://mcp.example.org; echo "sandbox degraded"; } >"$K_DIR/in"
	may "the same with sandbox degraded" <"$K_DIR/in"
fi

# ---- plain HTTP stays at home ----
bad "plain http beyond loopback" "loopback" <<EOF
listen on 0.0.0.0 port 8082
EOF
bad "rate-limits off with a listener beyond loopback" "loopback" <<EOF
rate-limits off
listen on 10.0.0.1 port 8082
EOF

# ---- files others may write ----
head_ >"$K_DIR/t.conf"
chmod 666 "$K_DIR/t.conf"
[ "$(k_as)" != nobody ] || chown 65534 "$K_DIR/t.conf"
out=$(k_run "$K_OBJ/keepd" -n -f "$K_DIR/t.conf" 2>&1)
k_has "refuses a file that others may write" "$out" "write"
chmod 644 "$K_DIR/t.conf"

# ---- command line ----
flags="-D many=7"
good "-D over a macro of the file" <<EOF
many = "nonsense"
prefork \$many
EOF
flags=
out=$(k_run "$K_OBJ/keepd" -n -f "$K_DIR/not-there" 2>&1)
k_has "a file that is not there" "$out" "not-there"
out=$("$K_OBJ/keepd" -Z 2>&1)
k_has "an unknown flag prints the usage" "$out" "usage: "
out=$(k_run "$K_OBJ/keepd" -n -f "$K_DIR/t.conf" extra 2>&1)
k_has "a stray argument prints the usage" "$out" "usage: "

# ---- and what starts ----
printf 'nonsense 1\n' >"$K_DIR/more.conf"
k_start_only
_pid=$(k_pid)
k_true "does not start with a bad file" k_gone "$_pid" 10
rm -f "$K_DIR/pid"
k_has "does not start with a bad file, and says where" "$(cat "$K_DIR/out")" \
    "$K_DIR/more.conf:1:"
: >"$K_DIR/out"
printf 'mcp off\n' >"$K_DIR/more.conf"
k_start_only
_i=0
until [ "$(curl -s -o /dev/null -w '%{http_code}' "$K_URL/robots.txt")" != 000 ] ||
    [ $_i -gt 100 ]; do
	sleep 0.1
	_i=$((_i + 1))
done
code=$(curl -s -o /dev/null -w '%{http_code}' -X POST "$K_URL/mcp")
k_true "mcp off: /mcp is not served ($code)" test "$code" = 404 -o "$code" = 503
k_hasnot "mcp off: no start-up line says otherwise" "$(k_server_log)" \
    "MCP server registered"
k_true "stops" k_stop
k_done
