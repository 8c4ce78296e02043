#!/bin/sh
# SPDX-License-Identifier: ISC
# The long tests: revocation under load, kills, refresh storms, stops.
# K_SHARE divides the full counts (1,000 rounds, 100 kills of each role, 200
# kills of toold in DDL, 200 storms, 10 rounds of stops, 200 clients over
# restarts, a million registrations): `make test` runs a twentieth, `make soak` all.
. "$(dirname "$0")/../lib.sh"
SHARE=${K_SHARE:-20}
part() {	# full count, at least 1
	_c=$(($1 / SHARE))
	[ $_c -ge 1 ] || _c=1
	echo $_c
}

k_new revoke
# A disk of its own can be full without harm.
if [ "$(k_as)" = root ] &&
    mount -t tmpfs -o size=400m,mode=755 tmpfs "$K_DIR/state" 2>/dev/null; then
	trap 'umount "$_mounted" 2>/dev/null; k_cleanup' EXIT
	_mounted=$K_DIR/state
	export K_FULL_DISK=1
fi
k_start
k_users || k_die "users could not be made"
k_node revoke "$K_TESTS/soak/revoke.mjs" "$(part 1000)"
k_stop
[ -z "${_mounted:-}" ] || umount "$_mounted"

k_new kills
k_start
k_users || k_die "users could not be made"
k_node kills "$K_TESTS/soak/kills.mjs" "$(part 100)"
k_stop

k_new ddl
k_start
k_users || k_die "users could not be made"
k_node ddl "$K_TESTS/soak/ddl.mjs" "$(part 200)"
k_stop

k_new storm
k_clock
k_start
k_users || k_die "users could not be made"
k_node storm "$K_TESTS/soak/storm.mjs" "$(part 200)"
k_stop

k_new stops
k_start
k_users || k_die "users could not be made"
k_node stops "$K_TESTS/soak/stops.mjs" "$(part 10)"
k_stop

k_new restart
k_copies
k_start
k_users || k_die "users could not be made"
k_node restart "$K_TESTS/soak/restart.mjs" "$(part 200)"
k_stop

k_new register
k_start
k_users || k_die "users could not be made"
k_node register "$K_TESTS/soak/register.mjs" "$(part 1000000)"
k_done
