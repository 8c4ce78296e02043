#!/bin/sh
# SPDX-License-Identifier: ISC
# keepctl, command by command, and what each does to those who are connected.
# as: both
. "$(dirname "$0")/../lib.sh"
k_new keepctl
k_start

# ---- a fresh install ----
k_eq "a fresh install has no user" "$(k_ctl user list | grep -c @ )" 0
for u in admin root keepd; do
	k_hasnot "no default user $u" "$(k_ctl user list)" "$u"
done
k_has "status names every role" "$(k_ctl status)" listener
for r in listener authd toold pwhash; do
	k_has "status names $r" "$(k_ctl status)" "$r"
done
iso=$(k_ctl show isolation)
for w in seccomp landlock authd; do
	k_has "show isolation names $w" "$(echo "$iso" | tr A-Z a-z)" "$w"
done
for r in administrator designer viewer; do
	k_has "role $r is there" "$(k_ctl role list)" "$r"
done

# ---- users ----
try() { k_ctl "$@" 2>&1; }
k_true "user add" k_user anna anna-password-1 viewer
k_has "user list" "$(k_ctl user list)" anna
k_has "user add: a second of that name" "$(echo x-password-12 |
    try user add anna -)" "anna"
k_false "user add: a second of that name fails" sh -c \
    "echo x-password-12 | $(k_bin)/keepctl -d '$K_DIR/run' user add anna -"
for bad in '' 'a b' 'a:b' '../x' "$(printf 'a\tb')" "$(printf '%0100d' 0)"; do
	if echo some-password-1 | k_ctl user add "$bad" - >/dev/null 2>&1; then
		k_bad "user add refuses the name '$bad'" "it was taken"
	else
		k_ok "user add refuses the name '$bad'"
	fi
done
if echo short | k_ctl user add shorty - >/dev/null 2>&1; then
	k_bad "user add refuses a short password" "it was taken"
else
	k_ok "user add refuses a short password"
fi
if printf '' | k_ctl user add empty - >/dev/null 2>&1; then
	k_bad "user add refuses an empty password" "it was taken"
else
	k_ok "user add refuses an empty password"
fi
k_hasnot "no password is shown" "$(k_ctl user list)" anna-password

# ---- roles ----
k_true "role add" k_ctl role add testers "For tests"
k_true "role allow" k_ctl role allow testers tabledefinition display
k_true "role allow by acl key" k_ctl role allow testers toolsdbbrowser edit
k_true "role grant" k_ctl role grant testers anna
k_has "role list" "$(k_ctl role list)" testers
k_has "user list shows roles" "$(k_ctl user list)" testers
k_has "role allow: unknown permission" "$(try role allow testers flying)" flying
k_has "role grant: unknown role" "$(try role grant fliers anna)" fliers
k_has "role grant: unknown user" "$(try role grant testers nobody9)" nobody9
k_true "role deny" k_ctl role deny testers toolsdbbrowser
k_true "role revoke" k_ctl role revoke testers anna
k_hasnot "role revoke took it" "$(k_ctl user list | grep anna)" testers
k_true "role remove" k_ctl role remove testers
k_hasnot "role remove took it" "$(k_ctl role list)" testers

# ---- what it does to those who are connected ----
k_users
k_node keepctl "$K_TESTS/regress/keepctl.mjs"

# ---- words ----
for w in '' nonsense 'user' 'user nonsense' 'user add' 'grant revoke' \
    'role grant x' 'client remove'; do
	out=$(try $w); s=$?
	k_true "keepctl $w: fails" test $s -ne 0
	k_has "keepctl $w: says how to use it" "$out" "usage: "
done
k_has "unknown user by name" "$(try user disable nobody9)" nobody9
k_has "unknown client by name" "$(try client remove nothere)" nothere
k_has "unknown grant by name" "$(try grant revoke nothere)" nothere
k_has "audit tail" "$(k_ctl audit tail -n 5)" keepctl
k_eq "audit tail -n counts" "$(k_ctl audit tail -j -n 5 | grep -c '^{')" 5
k_ctl audit tail -j -n 50 >"$K_DIR/audit.json"
k_true "audit tail -j is JSON, a record a line" "$K_NODE" -e '
    for (const l of require("fs").readFileSync(process.argv[1], "utf8")
        .trim().split("\n")) JSON.parse(l)' "$K_DIR/audit.json"

# ---- who may talk to the sockets ----
if [ "$(id -u)" -eq 0 ] && [ "$(k_as)" = root ]; then
	k_false "another user cannot use keepctl" setpriv --reuid 65533 \
	    --regid 65533 --clear-groups "$K_OBJ/keepctl" -d "$K_DIR/run" \
	    user list
	k_false "nor a child's user" setpriv --reuid 61001 \
	    --regid 61001 --clear-groups "$K_OBJ/keepctl" -d "$K_DIR/run" \
	    user list
fi
k_stop
out=$(try status); s=$?
k_true "without a server: fails" test $s -ne 0
k_true "without a server: says so" test -n "$out"
k_done
