#!/bin/sh
# SPDX-License-Identifier: ISC
# Reads that take long: others are answered meanwhile, what is written
# meanwhile is not seen by them, and they end with their time, their client
# and their grant.
# as: both
. "$(dirname "$0")/../lib.sh"
k_new fair
k_start
k_users >/dev/null
"$K_NODE" -e 'let s = "n,t\n";
    for (let i = 0; i < 400000; i++) s +=
        `${i},${i % 500 == 0 ? "one of 800" : `text of row ${i}`}\n`;
    require("fs").writeFileSync(process.argv[1], s)' "$K_DIR/rows.csv"
chmod 644 "$K_DIR/rows.csv"
k_ctl call save_table '{"table":{"name":"big","fields":[{"fieldName":"n",
    "fieldType":"integer","isUnique":true},{"fieldName":"t","fieldType":
    "text"}]}}' >/dev/null
k_true "a table of 400,000 rows" k_ctl import -t big "$K_DIR/rows.csv"
k_node fair "$K_TESTS/regress/fair.mjs"
k_eq "no read is left behind" "$(k_ctl status toold |
    sed -n 's/.*reads in slices *//p')" 0
k_done
