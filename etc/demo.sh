#!/bin/sh
# SPDX-License-Identifier: ISC
# demo.sh: what "make demo" runs: install what is missing, build, start a
# server with demo users and tables in the foreground.  Interrupt ends it.
#
#	DEMO_PORT	default 8080, on 127.0.0.1
#	DEMO_DIR	where everything lies; default obj/demo
#	DEMO_PASSWORD	of the three users; made up and printed if unset
#	DEMO_CONF	a file of configuration lines, read last
#
# As root it runs the arrangement of a service, with numeric users that need
# no account.  Nothing outside DEMO_DIR and obj/ is touched, but for the
# packages that a build needs.
set -u

cd "$(dirname "$0")/.." || exit 1
port=${DEMO_PORT:-8080}
dir=${DEMO_DIR:-$PWD/obj/demo}
password=${DEMO_PASSWORD:-}
more=${DEMO_CONF:-}
unset DEMO_PASSWORD DEMO_CONF
uid=$(id -u)
server=
parent=$PPID

say() {
	echo "demo: $*" >&2
}

fail() {
	say "$*"
	stop 1
}

# ---- what a build needs ----

packages="gcc make byacc libc6-dev libseccomp-dev libssl-dev libjansson-dev
    liblmdb-dev libsqlite3-dev libmd-dev"

missing() {
	for p in $packages; do
		case $p in
		gcc)	! command -v cc >/dev/null 2>&1 || continue ;;
		make)	! command -v make >/dev/null 2>&1 || continue ;;
		byacc)	! command -v yacc >/dev/null 2>&1 || continue ;;
		esac
		case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) in
		"install ok installed")	;;
		*)	printf ' %s' "$p" ;;
		esac
	done
}

install_missing() {
	command -v dpkg-query >/dev/null 2>&1 || return 0
	need=$(missing)
	[ -n "$need" ] || return 0
	say "installing$need"
	as=
	[ "$uid" -eq 0 ] || as="sudo -n"
	# shellcheck disable=SC2086
	if $as env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	    --no-install-recommends $need >&2; then
		return 0
	fi
	# shellcheck disable=SC2086
	if $as apt-get update -q >&2 && $as env \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	    --no-install-recommends $need >&2; then
		return 0
	fi
	say "these packages are missing; install them and try again:"
	echo "apt-get install$need" >&2
	exit 1
}

# ---- the end ----

# Master ends its processes in at most 5 seconds, in order.
stop() {
	trap '' INT TERM HUP
	if [ -n "$server" ]; then
		kill -TERM "$server" 2>/dev/null
		wait "$server" 2>/dev/null
	fi
	exit "$1"
}

# make waits for us when only it was interrupted: its handler is gone then.
make_interrupted() {
	mask=$(sed -n 's/^SigCgt:.*\(.\)$/\1/p' "/proc/$parent/status" \
	    2>/dev/null)
	case $mask in
	''|2|3|6|7|a|b|e|f)	return 1 ;;
	esac
	return 0
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

# ---- start ----

first_line() {
	head -n 1
}

make_password() {
	LC_ALL=C tr -dc 'a-km-z2-9' </dev/urandom 2>/dev/null |
	    dd bs=1 count=20 2>/dev/null
}

prepare() {
	umask 022
	mkdir -p "$dir" || exit 1
	dir=$(cd "$dir" && pwd) || exit 1
	[ "$uid" -ne 0 ] || chmod go+rx "$dir"
	mkdir -p "$dir/bin" || exit 1
	# The checkout may lie where other users cannot go.
	for b in keepd keepd-listener keepd-authd keepd-pwhash keepd-toold \
	    keepd-signd keepctl; do
		rm -f "$dir/bin/$b"
		cp "obj/$b" "$dir/bin/$b" && chmod 755 "$dir/bin/$b" || exit 1
	done
	: >"$dir/more.conf"
	if [ -n "$more" ]; then
		cat "$more" >"$dir/more.conf" || exit 1
	fi
	cat >"$dir/keepd.conf" <<EOT
listen on 127.0.0.1 port $port
public-url "http://127.0.0.1:$port"
hosts { "localhost:$port" }
state "$dir/state"
logs "$dir/logs"
run "$dir/run"
user {
	listener 64010
	authd 64011
	pwhash 64012
	toold 64013
	signd 64014
}
include "$dir/more.conf"
EOT
	chmod 644 "$dir/keepd.conf" "$dir/more.conf"
	"$dir/bin/keepd" -n -f "$dir/keepd.conf" >/dev/null || exit 1
}

ctl() {
	"$dir/bin/keepctl" -s "$dir/run" "$@"
}

running() {
	ctl status 2>/dev/null | grep -q '^keepd  *[0-9]* *[0-9]* *running'
}

start() {
	env -i PATH="$PATH" "$dir/bin/keepd" -d -f "$dir/keepd.conf" \
	    >&2 </dev/null &
	server=$!
	n=0
	until running; do
		if gone "$server"; then
			wait "$server"
			server=
			fail "keepd did not start: see above"
		fi
		n=$((n + 1))
		[ $n -lt 250 ] || fail "keepd is not in service after 25 s"
		sleep 0.1
	done
}

# ---- users, packages, tables ----

user() {	# name role
	if ctl user list | grep -q "^$1 "; then
		printf '%s\n' "$password" | ctl user passwd "$1" - >/dev/null
	else
		printf '%s\n' "$password" |
		    ctl user add "$1" "$2" - >/dev/null
	fi || fail "user $1 could not be made"
}

call() {	# tool json
	ctl call -u admin "$1" "$2" || fail "$1 failed"
}

id_of() {
	grep -o '"id":"[0-9a-f-]*"' | first_line | cut -d '"' -f 4
}

data() {
	if ctl call -u admin list_tables | grep -q '"demo_customers"'; then
		return 0
	fi
	open=$(call save_package '{"pkg":{"name":"Demo: open",
	    "description":"No roles: everybody with the tool may use it."}}' |
	    id_of)
	closed=$(call save_package '{"pkg":{"name":"Demo: designers",
	    "description":"Only its roles get in.",
	    "roles":[{"name":"designer","accessLevel":"EDIT"}]}}' | id_of)
	[ -n "$open" ] && [ -n "$closed" ] || fail "no packages"
	call save_table '{"table":{"name":"demo_customers",
	    "description":"Customers, open to everybody",
	    "package":"'"$open"'","fields":[
	    {"fieldName":"name","fieldType":"varchar","length":100,
	        "isNullable":false},
	    {"fieldName":"city","fieldType":"varchar","length":60},
	    {"fieldName":"active","fieldType":"boolean","default":true}]}}' \
	    >/dev/null
	call save_table '{"table":{"name":"demo_orders",
	    "description":"Orders, open to everybody",
	    "package":"'"$open"'","fields":[
	    {"fieldName":"number","fieldType":"integer","isNullable":false,
	        "isUnique":true},
	    {"fieldName":"customer","fieldType":"varchar","length":100},
	    {"fieldName":"state","fieldType":"enum",
	        "enum":["open","paid","shipped"],"default":"open"},
	    {"fieldName":"total","fieldType":"decimal"}]}}' >/dev/null
	call save_table '{"table":{"name":"demo_salaries",
	    "description":"In a package for designers only",
	    "package":"'"$closed"'","fields":[
	    {"fieldName":"person","fieldType":"varchar","length":100},
	    {"fieldName":"amount","fieldType":"decimal"}]}}' >/dev/null
	call insert_entity_rows '{"table":"demo_customers","rows":[
	    {"name":"Acme","city":"Oslo"},{"name":"Birch","city":"Bergen"},
	    {"name":"Cedar","city":"Kyoto","active":false},
	    {"name":"Dune","city":"Lima"}]}' >/dev/null
	call insert_entity_rows '{"table":"demo_orders","rows":[
	    {"number":1001,"customer":"Acme","state":"paid","total":"120.50"},
	    {"number":1002,"customer":"Acme","total":"80.00"},
	    {"number":1003,"customer":"Dune","state":"shipped",
	        "total":"9.90"}]}' >/dev/null
	call insert_entity_rows '{"table":"demo_salaries","rows":[
	    {"person":"Ada","amount":"5100.00"},
	    {"person":"Linus","amount":"5000.00"}]}' >/dev/null
}

instructions() {
	cat <<EOT
ready: http://127.0.0.1:$port/mcp

Sign in as admin (everything), designer (all design roles, Edit) or viewer
(Display only).  Password: $shown

  Claude Code    claude mcp add --transport http keepd http://127.0.0.1:$port/mcp
                 then /mcp inside it, to sign in
  Inspector      npx @modelcontextprotocol/inspector
                 transport Streamable HTTP, URL http://127.0.0.1:$port/mcp
  mcp-remote     npx mcp-remote http://127.0.0.1:$port/mcp

  Administer     $dir/bin/keepctl -s $dir/run help
Interrupt (^C) ends the server.
EOT
}

install_missing
${MAKE:-make} -s all >&2 || { say "the build failed"; exit 1; }
shown="(the one you gave)"
if [ -z "$password" ]; then
	password=$(make_password)
	shown=$password
fi
prepare
trap 'stop 0' INT TERM HUP
start
user admin administrator
user designer designer
user viewer viewer
data
password=
instructions
watch_make=0
[ ! -r "/proc/$parent/status" ] || make_interrupted || watch_make=1
while ! gone "$server"; do
	sleep 1 &
	wait $!
	[ $watch_make -eq 0 ] || ! make_interrupted || stop 0
	[ ! -d /proc/self ] || ! gone "$parent" || stop 0
done
wait "$server"
status=$?
[ $status -ne 0 ] || exit 0
server=
fail "keepd ended with status $status"
