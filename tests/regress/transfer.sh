#!/bin/sh
# SPDX-License-Identifier: ISC
# keepctl export and import: packages as JSON, byte for byte the same after a
# round trip; rows as CSV; artifacts as the platform exports them; what an
# import must never do.
# as: both
. "$(dirname "$0")/../lib.sh"
try() { k_ctl "$@" 2>&1; }
call() { k_ctl call "$@"; }
k_new transfer
k_start
k_users >/dev/null
k_ctl role add sellers "Sales" >/dev/null
k_ctl role add strangers "Others" >/dev/null
K_OUT=$K_DIR/files
mkdir "$K_OUT" && chmod 777 "$K_OUT"
export K_OUT
look() { k_node "$1" "$K_TESTS/regress/transfer.mjs" "$1"; }
look fill

# ---- out and in again ----
k_true "export a package" k_ctl export sales "$K_OUT/a.json"
k_eq "only its owner may read the file" "$(stat -c %a "$K_OUT/a.json")" 600
look looks
k_true "by its id, too" k_ctl export "$(cat "$K_OUT/id")" "$K_OUT/b.json"
k_true "the same bytes" cmp "$K_OUT/a.json" "$K_OUT/b.json"
k_has "import of what is there changes nothing" \
    "$(try import "$K_OUT/a.json")" "0 saved, 9 as they were, 0 rows, 0 not"
look changed
k_has "import puts back what was changed" \
    "$(try import "$K_OUT/a.json")" "2 saved, 7 as they were"
k_ctl export sales "$K_OUT/b.json" >/dev/null
k_true "and the bytes are the same again" cmp "$K_OUT/a.json" "$K_OUT/b.json"
look roles

# ---- who may ----
k_has "a viewer imports nothing" "$(try import -u viewer "$K_OUT/a.json")" \
    "not imported"
k_has "nobody exports what is hidden from them" \
    "$(try export -u viewer sales "$K_OUT/v.json")" "hidden from the user"
k_false "and no file is left" test -e "$K_OUT/v.json" -o -e \
    "$K_OUT/v.json.part"
k_has "a user that is not there" "$(try export -u nobody9 sales \
    "$K_OUT/v.json")" "no such user"
k_has "it is audited, by whom and what" "$(try audit tail -n 400)" export

# ---- files that are none ----
bad() {	# name words file-content
	printf '%s' "$3" >"$K_OUT/bad.json"
	k_has "$1" "$(try import -p sales "$K_OUT/bad.json")" "$2"
}
bad "an empty file" "not JSON" ''
bad "no JSON" "not JSON" 'hello'
bad "cut JSON" "not JSON" '{"format":"keepd package","version":1,"artifacts":['
bad "cut inside a string" "not JSON" '[{"artifact":"tab'
bad "something behind its end" "not JSON" '[] []'
bad "something behind the end of a package" "not JSON" \
    '{"format":"keepd package","version":1,"artifacts":[]} []'
bad "no comma between two artifacts" "not JSON" \
    '[{"artifact":"rocket"} {"artifact":"rocket"}]'
bad "a comma and nothing behind it" "not JSON" '[{"artifact":"rocket"},]'
bad "a key twice" "not JSON" '[{"artifact":"script","name":"x","name":"y"}]'
bad "a newer format" "another version" '{"format":"keepd package","version":2,'
bad "a kind there is none of" "no kind of artifact" \
    '[{"artifact":"rocket","name":"x"}]'
bad "an array of numbers" "not imported" '[1]'
bad "a role" "keepctl role add" '[{"name":"x","id":"y","acl":[]}]'
printf '[%0200d' 0 | tr 0 '[' >"$K_OUT/bad.json"
k_has "too deep" "$(try import -p sales "$K_OUT/bad.json")" "too deep"
k_has "a package that is not there" "$(try import -p nothere \
    "$K_OUT/a.json")" "no such package"
k_has "a role that is not there" "$(try import -r nothere "$K_OUT/a.json")" \
    "no role"
k_eq "no role was made" "$(k_ctl role list | grep -c 'sellers\|strangers')" 2

# ---- rows that are not the package's ----
call save_package '{"pkg":{"name":"pay"}}' >/dev/null
pay() {	# id of the package as keepctl call shows it
	call list_packages '{"listOptions":{"where":{"name":"pay"}}}' |
	    sed 's/.*"packages":\[{"id":"\([^"]*\)".*/\1/'
}
call save_table '{"table":{"name":"wages","package":"'"$(pay)"'","fields":[
    {"fieldName":"n","fieldType":"integer"}]}}' >/dev/null
bad "rows for a table of another package" "in another package" \
    '[{"artifact":"rows","table":"wages","from":0,"rows":[{"n":1}]}]'
call insert_entity_rows '{"table":"orders","rows":[{"customer":"b"}]}' \
    >/dev/null
orders=$(call query_entity_table '{"table":"orders","take":1}' |
    sed 's/.*"total":\([0-9]*\).*/\1/')
k_has "rows that say they go on, into a table with rows" "$(printf %s '[{
    "artifact":"rows","table":"orders","from":1,"rows":[{"customer":"c"}]}]' \
    >"$K_OUT/bad.json"; try import -p sales "$K_OUT/bad.json")" \
    "which stay as they are"
k_eq "no row came in" "$(call query_entity_table '{"table":"orders",
    "take":1}' | sed 's/.*"total":\([0-9]*\).*/\1/')" "$orders"
fields='"fields":[{"fieldName":"n","fieldType":"integer","isUnique":true}'
cat >"$K_OUT/late.json" <<EOF
[{"artifact":"table","name":"late_b",$fields]},
{"artifact":"table","name":"late_a",$fields,{"fieldName":"b",
 "fieldType":"integer"}],"foreignKeys":[{"referencedTable":"late_b",
 "columns":["b"],"referencedTableColumns":["n"]}]},
{"artifact":"rows","table":"late_a","from":0,"rows":[{"n":1,"b":1}]},
{"artifact":"rows","table":"late_a","from":1,"rows":[{"n":2,"b":null}]},
{"artifact":"rows","table":"late_b","from":0,"rows":[{"n":1}]}]
EOF
k_has "rows that must wait for others are not lost to those behind them" \
    "$(try import -p sales "$K_OUT/late.json")" "2 saved, 0 as they were, 3 rows, 0"

# ---- files that point out of the checkout ----
mkdir -p "$K_OUT/co/in" "$K_OUT/away"
echo "of the checkout" >"$K_OUT/co/in/a.js"
echo "not of the checkout" >"$K_OUT/away/secret.js"
ln -s ../away "$K_OUT/co/link"
cat >"$K_OUT/co/x.json" <<EOF
[{"artifact":"script","name":"p1","content":"file:///in/a.js"},
{"artifact":"script","name":"p2","content":"file:///link/secret.js"}]
EOF
chmod -R a+rX "$K_OUT/co" "$K_OUT/away"
try import -p sales "$K_OUT/co/x.json" >/dev/null
k_ctl export sales "$K_OUT/p.json" >/dev/null
k_true "a file that an artifact points to" grep -q '"of the checkout' \
    "$K_OUT/p.json"
k_false "but not through a link to a directory" grep -q "not of the checkout" \
    "$K_OUT/p.json"

# ---- artifacts of the platform ----
look family

# ---- rows ----
k_true "export rows" k_ctl export -t notes "$K_OUT/a.csv"
look csv
call save_table "$(cat "$K_OUT/notes2.json")" >/dev/null
k_true "import rows" k_ctl import -t notes2 "$K_OUT/a.csv"
k_ctl export -t notes2 "$K_OUT/b.csv" >/dev/null
k_true "the same bytes come back" cmp "$K_OUT/a.csv" "$K_OUT/b.csv"
badcsv() {	# name words content
	printf '%b' "$3" >"$K_OUT/bad.csv"
	k_has "$1" "$(try import -t notes2 "$K_OUT/bad.csv")" "$2"
}
badcsv "a column there is none of" "line 1: 'nope' is not a column" 'nope\n1\n'
badcsv "a column that the server sets" "createdAt" 'createdAt\n1\n'
badcsv "a NUL in a column's name" "is not a column" 'n\0000x\n1\n'
badcsv "no line at all" "names no columns" ''
badcsv "a column twice" "twice" 'n,n\n1,1\n'
badcsv "too few values" "line 3 has 1 values" 'n,t\n1,a\n2\n'
badcsv "a wrong value" "line 3" 'n,t\n1,a\nx,b\n'
badcsv "a quote inside" "line 2 has a quote" 'n,t\n1,a"b\n'
badcsv "a quote without an end" "line 2 has a quote without" 'n,t\n1,"a\n'
badcsv "something behind a quote" "behind a closing" 'n,t\n1,"a"b\n'
badcsv "what the table refuses" "refused" 'id,n\nno-uuid,1\n'
k_has "a table there is none of" "$(try import -t nothere "$K_OUT/a.csv")" \
    "Not Found"
k_has "a viewer inserts nothing" "$(try import -u viewer -t notes2 \
    "$K_OUT/a.csv")" "Access denied"

# ---- progress, and an end in the middle ----
"$K_NODE" -e 'let s = "n,t\r\n";
    for (let i = 0; i < 60000; i++) s += `${i},text of row ${i}\r\n`;
    require("fs").writeFileSync(process.argv[1], s)' "$K_OUT/long.csv"
chmod 644 "$K_OUT/long.csv"
cat >"$K_OUT/tty.sh" <<EOF
. "$K_TESTS/lib.sh"; k_exec_ctl import -t notes2 "$K_OUT/long.csv"
EOF
k_has "long work shows how far it is" "$(script -qec "sh '$K_OUT/tty.sh'" \
    /dev/null </dev/null)" " bytes"
count() {
	call query_entity_table '{"table":"notes2","take":1,"select":["n"]}' |
	    sed 's/.*"total":\([0-9]*\).*/\1/'
}
n=$(count)
k_true "all rows are in" test "$n" -ge 60000
( k_exec_ctl import -t notes2 "$K_OUT/long.csv" >/dev/null 2>&1 ) &
_p=$!
sleep 0.15
kill -KILL $_p 2>/dev/null
wait $_p 2>/dev/null
m=$(count)
sleep 0.2
k_eq "a killed keepctl ends its import" "$(count)" "$m"
k_true "another may begin" k_ctl export -t notes "$K_OUT/c.csv"

# ---- onto another server ----
first=$K_DIR
k_new transfer2
k_start
k_users >/dev/null
cp "$first/files/a.json" "$K_DIR/a.json"
chmod 644 "$K_DIR/a.json"
k_has "a package that is new must not be open" "$(try import \
    "$K_DIR/a.json")" "must not be open to everybody"
k_eq "nothing came in" "$(call list_tables | sed 's/.*"total"://; s/,.*//')" 0
out=$(try import -r designer "$K_DIR/a.json")
k_has "import onto another server" "$out" "9 saved, 0 as they were, 2 rows, 0"
k_has "roles that are not here have a stand-in, which is said" "$out" \
    "table 'orders': not kept: rolesRead.0"
look arrived
mkdir "$K_DIR/copies" && chmod 777 "$K_DIR/copies"
k_has "the rows are for those roles only" "$(try export sales \
    "$K_DIR/copies/c.json")" "not for this user"
k_ctl role grant designer admin >/dev/null
k_ctl export sales "$K_DIR/copies/c.json" >/dev/null
k_true "export from there: the same but for those roles" "$K_NODE" -e '
    const [a, b] = process.argv.slice(1).map((f) => JSON.parse(
        require("fs").readFileSync(f, "utf8"), (k, v) =>
        k === "rolesRead" ? [] : v));
    require("assert").deepStrictEqual(a, b)' "$K_DIR/a.json" \
    "$K_DIR/copies/c.json"
k_ctl import "$K_DIR/copies/c.json" >/dev/null
k_ctl export sales "$K_DIR/copies/d.json" >/dev/null
k_true "and from then on byte for byte" cmp "$K_DIR/copies/c.json" \
    "$K_DIR/copies/d.json"
k_done
