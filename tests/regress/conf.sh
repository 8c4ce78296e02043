#!/bin/sh
# SPDX-License-Identifier: ISC
# The grammar of keepd.conf: conf/X.in must give conf/X.ok, which holds the
# configuration as it is printed, or the messages; what is printed is read
# again and must print the same; the manual names every setting with its
# default.  conf.sh -w writes the .ok files anew.
# as: both
. "$(dirname "$0")/../lib.sh"
k_need_build
mkdir -p "$K_TMP" && chmod 1777 "$K_TMP"
dir=$(mktemp -d "$K_TMP/conf.XXXXXX")
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
cp "$K_TESTS"/regress/conf/* "$dir"
chmod 644 "$dir"/*
[ "$(k_as)" != nobody ] || chown -R 65534 "$dir"

show() {	# file: printed configuration or messages, without the paths
	_out=$(k_run "$K_OBJ/keepd" -n -v -f "$1" 2>&1)
	printf "%s\n" "$_out" | sed -e "s,$dir/,,g" -e '/^configuration OK$/d' \
	    -e 's/^prefork [0-9]*$/prefork N/'
}
for in in "$dir"/*.in; do
	name=$(basename "$in" .in)
	show "$in" >"$dir/out"
	if [ "${1:-}" = -w ]; then
		cp "$dir/out" "$K_TESTS/regress/conf/$name.ok"
	fi
	if diff "$dir/$name.ok" "$dir/out" >"$dir/diff" 2>&1; then
		k_ok "$name"
	else
		k_bad "$name" "$(cat "$dir/diff")"
	fi
	k_run "$K_OBJ/keepd" -n -v -f "$in" >"$dir/again" 2>/dev/null || continue
	chmod 644 "$dir/again"
	[ "$(k_as)" != nobody ] || chown 65534 "$dir/again"
	show "$dir/again" >"$dir/twice"
	k_true "$name: what is printed reads the same" \
	    cmp "$dir/out" "$dir/twice"
done

# ---- the manual ----
man=$K_TOP/master/keepd.conf.5
k_run "$K_OBJ/keepd" -n -v -f "$dir/smallest.in" 2>/dev/null |
    sed -n -e 's/^	*\([a-z-]*\) \([^ {]*\)$/\1 \2/p' >"$dir/settings"
k_true "settings were found" test "$(wc -l <"$dir/settings")" -gt 40
missing=
while read -r name value; do
	case $name in
	public-url|prefork)	value='' ;;
	esac
	awk -v name="$name" -v value="$value" '
	    /^\.It/ { on = index(" " $0 " ", " " name " ") > 0; hit += on }
	    on && /^Default:/ { on = 2; next }
	    on == 2 { gsub(/^\.[A-Z][a-z] /, ""); sub(/ \.$/, "");
	        if ($0 == value || value == "") ok = 1; on = 0 }
	    END { exit !(hit && (ok || value == "")) }' "$man" ||
	    missing="$missing $name=$value"
done <"$dir/settings"
k_eq "keepd.conf(5) has every setting with its default" "$missing" ""
rm -rf "$dir"
k_done
