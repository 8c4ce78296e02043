#!/bin/sh
# SPDX-License-Identifier: ISC
# The toold of the conformance suite is the installed one and one object
# more; the installed one has nothing of it.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$K_TMP"
A=$K_OBJ/keepd-toold.map B=$K_OBJ/fixture/keepd-toold.map
for m in "$A" "$B"; do
	[ -s "$m" ] || k_die "no $m: run make unit-bins first"
done
loads() {
	sed -n "s,^LOAD .*\(obj/.*\.[oa]\)\$,\1,p;s,^LOAD \([a-z].*\.[oa]\)\$,\1,p" \
	    "$1" | sort -u
}
loads "$A" >"$K_TMP/a.loads"
loads "$B" >"$K_TMP/b.loads"
k_true "control: the map names the objects of toold" \
    grep -q 'toold/pipe\.o$' "$K_TMP/a.loads"
k_eq "one object more, nothing less" \
    "$(diff "$K_TMP/a.loads" "$K_TMP/b.loads" | sed -n 's,^\([<>]\) .*obj/,\1 ,p')" \
    "> tests/e2e/fixture.o"
k_eq "the installed program leaves the extension undefined" \
    "$(nm "$K_OBJ/keepd-toold" | sed -n 's/^ *\(.*\) toold_extension$/\1/p')" w
k_has "control: the other one defines it" \
    "$(nm "$K_OBJ/fixture/keepd-toold" | grep toold_extension)" " V "
k_false "no name of a fixture in the installed program" \
    grep -q test_simple_text "$K_OBJ/keepd-toold"
k_true "control: it is in the other one" \
    grep -q test_simple_text "$K_OBJ/fixture/keepd-toold"
k_false "make install does not install it" \
    grep -E '^	.*install .*fixture' "$K_TOP/Makefile"
rm -f "$K_TMP/a.loads" "$K_TMP/b.loads"
k_done
