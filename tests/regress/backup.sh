#!/bin/sh
# SPDX-License-Identifier: ISC
# keepctl backup and restore: while calls run, onto a fresh state directory,
# with the keys and without them, and cut off at any place.
# as: both
. "$(dirname "$0")/../lib.sh"
call() { k_ctl call "$@"; }
try() { k_ctl "$@" 2>&1; }
rows() {
	call query_entity_table '{"table":"orders","take":1,"select":["n"]}' |
	    sed 's/.*"total":\([0-9]*\).*/\1/'
}

k_new backup
k_start
k_users >/dev/null
call save_package '{"pkg":{"name":"sales"}}' >/dev/null
call save_table '{"table":{"name":"orders","fields":[{"fieldName":"n",
    "fieldType":"integer"},{"fieldName":"t","fieldType":"text"}]}}' >/dev/null
K_OUT=$K_DIR/out.d
mkdir "$K_OUT" && chmod 777 "$K_OUT"
export K_OUT
k_node fill "$K_TESTS/regress/backup.mjs" fill

# ---- while calls run ----
k_node busy "$K_TESTS/regress/backup.mjs" busy
B=$K_OUT/one
k_eq "the directory holds both stores and the mark" "$(ls "$B" | tr '\n' ' ')" \
    "auth.dump complete tool.db "
k_eq "nobody else may read it" "$(find "$B" -perm /077 | wc -l)" 0
keyless() {
	"$K_NODE" -e 'const fs = require("fs"), [s, b] = process.argv.slice(1);
	    let n = 0;
	    for (const k of fs.readdirSync(s)) {
	        const v = fs.readFileSync(`${s}/${k}`);
	        if (v.length === 0) continue;	// a place for one to come
	        n++;
	        for (const f of fs.readdirSync(b))
	            if (fs.readFileSync(`${b}/${f}`).includes(v))
	                throw new Error(`${k} is in ${f}`); }
	    if (n < 4) throw new Error(`${n} keys in ${s}`)' "$1" "$2"
}
k_true "no key file's bytes are in it" keyless "$K_DIR/state/auth/keys" "$B"
cp "$K_DIR/state/auth/keys/digest-1" "$B/planted"
k_false "(the search finds a key that is there)" keyless \
    "$K_DIR/state/auth/keys" "$B"
rm "$B/planted"
k_has "it is audited" "$(try audit tail -n 5000 | grep admin)" \
    "backup of authd"
k_has "an existing directory is not taken" "$(try backup "$B")" "exists"
k_has "nor one that cannot be made" "$(try backup "$K_OUT/no/such")" \
    "No such file"
at_backup=$(sed -n 's/^rows //p' "$K_OUT/busy")
k_true "rows were written before, in and after it" test "$(rows)" -gt \
    "$at_backup"

# ---- refused ----
k_has "a server that holds something is not replaced unasked" \
    "$(try restore "$B")" "-f replaces"
k_true "and nothing changed" test "$(rows)" -gt "$at_backup"
bad() {	# name words command...
	_n=$1 _w=$2
	shift 2
	rm -rf "$K_OUT/bad"
	cp -rp "$B" "$K_OUT/bad"
	"$@"
	k_has "$_n" "$(try restore -f "$K_OUT/bad")" "$_w"
}
short() { truncate -s -"$2" "$K_OUT/bad/$1"; }
flip() {
	printf 'KEEPKEEP' | dd of="$K_OUT/bad/$1" bs=1 seek="$2" conv=notrunc \
	    2>/dev/null
}
bad "a backup without its mark" "no complete backup" rm "$K_OUT/bad/complete"
bad "one without a store" "no complete backup" rm "$K_OUT/bad/tool.db"
bad "a cut dump of authd" "cut short" short auth.dump 1
bad "a dump that lacks half" "cut short" short auth.dump 4000
bad "a changed place in it" "is damaged" flip auth.dump 3000
bad "more behind its end" "behind the end" sh -c \
    "echo >>'$K_OUT/bad/auth.dump'"
bad "a cut store of toold" "damaged" short tool.db 8192
bad "another file as toold's" "store" sh -c "echo no >'$K_OUT/bad/tool.db'"
bad "another file as authd's" "not a backup" sh -c \
    "head -c 5000 /dev/zero >'$K_OUT/bad/auth.dump'"
format() {	# N: user_version of a SQLite file, at byte 60
	printf "\\000\\000\\000\\$1" | dd of="$K_OUT/bad/tool.db" bs=1 \
	    seek=60 conv=notrunc 2>/dev/null
}
bad "a newer store of toold" "has store format 99" format 143
bad "a newer store of authd" "has store format 99" sh -c \
    "printf c | dd of='$K_OUT/bad/auth.dump' bs=1 seek=20 conv=notrunc 2>&-"
k_true "all the while nothing changed" test "$(rows)" -gt "$at_backup"

# ---- over the same server ----
k_true "restore -f" k_ctl restore -f "$B"
k_eq "the rows of the backup are there, no later one" "$(rows)" "$at_backup"
k_has "and its users" "$(try user list)" designer
k_has "it is audited" "$(try audit tail -n 50)" "restore of authd"
k_wait_ready
k_node restored "$K_TESTS/regress/backup.mjs" restored

# ---- cut off ----
killed() {	# SIGKILL for keepctl in the middle
	( k_exec_ctl backup "$K_OUT/killed" >/dev/null 2>&1 ) &
	_p=$!
	while [ ! -e "$K_OUT/killed/tool.db.part" ]; do :; done
	kill -KILL $_p
	wait $_p
	[ ! -e "$K_OUT/killed/complete" ]
} 2>/dev/null
k_true "a killed backup is not complete" killed
k_has "and cannot be restored" "$(try restore -f "$K_OUT/killed")" \
    "no complete backup"
rm -rf "$K_OUT/killed"
k_true "another can be made at once" k_ctl backup "$K_OUT/killed"
call insert_entity_rows '{"table":"orders","rows":[{"n":-1}]}' >/dev/null
old=$(rows)
for delay in 0.01 0.03 0.06 0.1; do
	( k_exec_ctl restore -f "$B" >/dev/null 2>&1 ) &
	_p=$!
	sleep $delay
	kill -KILL "$(k_role_pids toold)"
	wait $_p
	k_wait_ready
	now=$(rows)
	case $now in
	"$old"|"$at_backup")
		k_ok "toold killed $delay s into a restore: all or nothing" ;;
	*)	k_bad "toold killed $delay s into a restore" "$now rows" ;;
	esac
done

# ---- revoked since ----
k_node revoke "$K_TESTS/regress/backup.mjs" revoke
k_true "a backup from before a revocation" k_ctl restore -f "$K_OUT/revoked"
k_wait_ready
k_node revoked "$K_TESTS/regress/backup.mjs" revoked
k_true "(and back)" k_ctl restore -f "$B"
k_wait_ready

# ---- a broken store ----
k_stop
sqlite3 "$K_DIR/state/tool/keepd.db" "DROP TABLE tally;
    PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
k_start
k_has "a store that lost a table is not replaced unasked" \
    "$(try restore "$B")" "-f replaces"
k_true "a store that lost a table can be replaced" k_ctl restore -f "$B"
k_wait_ready

# ---- formats ----
DB=$K_DIR/state/tool/keepd.db
older() {	# the file, as the release before wrote it
	sqlite3 "$1" "DROP INDEX artifact_updated; DROP INDEX artifact_ungrouped;
	    PRAGMA user_version = 2;
	    PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
}
version() { sqlite3 -readonly "$1" "PRAGMA user_version"; }
now=$(rows)
k_stop
own=$(stat -c %u:%g "$DB")
new=$(version "$B/tool.db")
older "$DB"
rm -f "$DB-wal" "$DB-shm"
chown "$own" "$DB"
k_start
k_has "a store of an earlier format is upgraded" "$(cat "$K_DIR/out")" \
    "upgraded from format 2 to $new"
k_eq "after a copy" "$(version "$DB.format-2")" 2
k_eq "with its rows" "$(rows)" "$now"
cp -Rp "$B" "$K_OUT/older"
older "$K_OUT/older/tool.db"
sqlite3 "$K_OUT/older/tool.db" "PRAGMA journal_mode = DELETE" >/dev/null
rm -f "$DB.format-2"
k_true "a backup of an earlier format is restored" k_ctl restore -f \
    "$K_OUT/older"
k_wait_ready
k_eq "and upgraded" "$(grep -c "upgraded from format 2 to $new" \
    "$K_DIR/out")" 2
k_eq "after a copy, too" "$(version "$DB.format-2")" 2
k_eq "with the rows" "$(rows)" "$at_backup"
k_stop
sqlite3 "$DB" "PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)" \
    >/dev/null
rm -f "$DB-wal" "$DB-shm"
chown "$own" "$DB"
k_start_only
k_true "a newer one ends the start" k_gone "$(k_pid)" 10
k_has "which names it and its format" "$(cat "$K_DIR/out")" \
    "keepd.db has format 99, this keepd knows formats up to $new: install"
sqlite3 "$DB" "PRAGMA user_version = $new; PRAGMA wal_checkpoint(TRUNCATE)" \
    >/dev/null
rm -f "$DB-wal" "$DB-shm"
chown "$own" "$DB"
k_start

# ---- onto a fresh state directory ----
first=$K_DIR
keys=$first/state/auth/keys
k_stop
k_new backup2
k_start
k_has "with other keys it is refused" "$(try restore "$B")" "other keys"
k_eq "and nobody came" "$(try user list | grep -c designer)" 0
k_true "-k takes it all the same" k_ctl restore -k "$B"
k_wait_ready
k_eq "the rows are there" "$(rows)" "$at_backup"
k_has "and the users" "$(try user list)" designer
k_node otherkeys "$K_TESTS/regress/backup.mjs" otherkeys
echo new-password-12 | k_ctl user passwd designer - >/dev/null
k_node newpassword "$K_TESTS/regress/backup.mjs" newpassword
k_stop
k_new backup3
mkdir -p "$K_DIR/state/auth"
cp -Rp "$keys" "$K_DIR/state/auth/keys"
chown --reference="$keys" "$K_DIR/state/auth"
chmod 700 "$K_DIR/state/auth"
k_start
k_true "with the keys beside, a fresh server takes it" k_ctl restore "$B"
k_wait_ready
k_eq "all rows" "$(rows)" "$at_backup"
k_node samekeys "$K_TESTS/regress/backup.mjs" samekeys
k_done
