#!/bin/sh
# SPDX-License-Identifier: ISC
# The harness must be able to fail: each helper, told something untrue, says
# so, and a program that stops early is not taken for one that passed.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$K_TMP"
d=$(mktemp -d "$K_TMP/harness.XXXXXX")
sub() {	# statements of a script with lib.sh; prints them
	printf '. "%s/lib.sh"\n%s\nk_done\n' "$K_TESTS" "$1" >"$d/s.sh"
	sh "$d/s.sh" 2>/dev/null
}
says() {	# name script want
	k_eq "$1" "$(sub "$2" | cut -c1-60 | grep -v '^#' | cut -d: -f1)" "$3"
}
says "k_eq fails" "k_eq a 1 2" "not ok a"
says "k_has fails" "k_has a xyz q" "not ok a"
says "k_hasnot fails" "k_hasnot a xyz y" "not ok a"
says "k_true fails" "k_true a false" "not ok a"
says "k_false fails" "k_false a true" "not ok a"
says "k_eq passes" "k_eq a 1 1" "ok a"
sub "k_eq a 1 2" >/dev/null
k_eq "a failed statement is the status" $? 1
sub "k_eq a 1 1" >/dev/null
k_eq "a passed one too" $? 0

cat >"$d/early.mjs" <<-EOT
import { test, done, eq } from '$K_TESTS/regress/kit.mjs';
await test('one', () => eq(1, 1));
process.exit(0);
EOT
k_has "a program that stops early fails" \
    "$(sub "k_node early $d/early.mjs")" "not ok early: stopped early"
cat >"$d/none.mjs" <<-EOT
import { done } from '$K_TESTS/regress/kit.mjs';
done();
EOT
k_has "a program without a statement fails" \
    "$(sub "k_node none $d/none.mjs")" "not ok none: stopped early"
cat >"$d/bad.mjs" <<-EOT
import { test, done, eq, has, hasNot, ok, ne, oneOf, until }
    from '$K_TESTS/regress/kit.mjs';
await test('eq', () => eq({ a: [1] }, { a: [2] }));
await test('ok', () => ok(0));
await test('has', () => has('abc', 'x'));
await test('hasNot', () => hasNot('abc', /b/));
await test('ne', () => ne(1, 1));
await test('oneOf', () => oneOf(1, [2, 3]));
await test('throws', async () => { throw new Error('x'); });
await test('until', () => until(() => false, 'never', 100));
done();
EOT
k_eq "every assertion of the kit can fail" \
    "$(sub "k_node bad $d/bad.mjs" | grep -c '^not ok')" 8
rm -rf "$d"
k_done
