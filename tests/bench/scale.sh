#!/bin/sh
# SPDX-License-Identifier: ISC
# scale.sh: what a store of 100,000 artifacts and a table of a million rows
# cost, against one of a thousand each, and how long one user's worst query
# holds up the calls of another.  Prints milliseconds; see README.md.
#	K_BIG=100000 K_ROWS=1000000 sh tests/bench/scale.sh
. "$(dirname "$0")/../lib.sh"
BIG=${K_BIG:-100000}
ROWS=${K_ROWS:-1000000}
k_new scale
k_start
k_users >/dev/null
k_part setup "$K_NODE" "$K_TESTS/bench/scale.mjs" setup >/dev/null
DB=$K_DIR/state/tool/keepd.db
own=$(stat -c %u:%g "$DB")

# Copies of the one app, and rows, straight into the file.
grow() {	# artifacts rows
	k_stop
	sqlite3 "$DB" "
	    BEGIN;
	    CREATE TEMP TABLE t AS SELECT * FROM artifact WHERE type = 3
	        ORDER BY num LIMIT 1;
	    CREATE TEMP TABLE n AS WITH RECURSIVE k (i) AS (SELECT 1 +
	        (SELECT count(*) FROM artifact WHERE type = 3) UNION ALL
	        SELECT i + 1 FROM k WHERE i < $1) SELECT i,
	        printf('%08x-0000-4000-8000-%012x', i, i) AS id FROM k;
	    INSERT INTO artifact (type, id, name, name_key, package, ver,
	        revision, created_at, created_by, updated_at, changed_by,
	        flags, head, acl, description, summary, def)
	        SELECT type, n.id, printf('app_%07d', i),
	        printf('app_%07d', i), package, ver, 1, created_at,
	        created_by, updated_at + i, changed_by, flags,
	        head + length(printf('app_%07d', i)) - length(name), acl,
	        description, summary, replace(replace(def, t.id, n.id),
	        '\"name\":\"' || name || '\"', '\"name\":\"' ||
	        printf('app_%07d', i) || '\"') FROM t, n;
	    UPDATE tally SET n = (SELECT count(*) FROM artifact a WHERE
	        a.type = tally.type AND a.package = tally.package);
	    INSERT INTO t_1 (r, id, ca, ua, cb, ub, c_2, c_3, c_4)
	        WITH RECURSIVE k (i) AS (SELECT 1 + coalesce((SELECT max(r)
	        FROM t_1), 0) UNION ALL SELECT i + 1 FROM k WHERE i < $2)
	        SELECT i, printf('%08x-0000-4000-8000-%012x', i, i), 0, 0,
	        'x', 'x', i % ($2 / 10), i, 'text of row ' || i FROM k;
	    UPDATE tab SET rows = (SELECT count(*) FROM t_1);
	    COMMIT; PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null ||
	    k_die "the store could not be filled"
	rm -f "$DB-wal" "$DB-shm"
	chown "$own" "$DB"
	k_start
}

grow 1000 1000
"$K_NODE" "$K_TESTS/bench/scale.mjs" measure 1000 1000 "$K_DIR/small.json"
grow "$BIG" "$ROWS"
"$K_NODE" "$K_TESTS/bench/scale.mjs" measure "$BIG" "$ROWS" "$K_DIR/big.json"
"$K_NODE" "$K_TESTS/bench/scale.mjs" compare "$K_DIR/small.json" \
    "$K_DIR/big.json"
"$K_NODE" "$K_TESTS/bench/scale.mjs" fair "$ROWS"
k_stop
k_cleanup
