/* SPDX-License-Identifier: ISC */
/*
 * family_test.c: rotation of refresh tokens, every rule of it.
 */
/* link: authd/family.o */
#include "t.h"

#include "authd/family.h"

#define GRACE	120000
#define LIFE	3600

static int64_t			now_ms;
static struct family_rec	f;
static uint32_t			first, out;

static enum family_verdict
use(uint32_t serial)
{
	struct family_time	t = { now_ms, 1, now_ms - f.rotated_ms, GRACE,
	    LIFE };

	out = 0;
	return (family_use(&f, serial, &t, &out));
}

static int
setup(void **state)
{
	now_ms = 1000000000;
	family_init(&f, now_ms, 1, &first);
	return (0);
}

static void
test_rotates(void **state)
{
	uint32_t	i, serial = first;

	for (i = 0; i < 1000; i++) {
		now_ms += 1000000;
		assert_int_equal(use(serial), FV_ROTATE);
		assert_int_equal(out, serial + 1);
		assert_false(family_cancelled(&f, serial));
		serial = out;
	}
	assert_int_equal(f.generation, 1001);
}

static void
test_racers_converge(void **state)
{
	uint32_t	i, last = 0;

	assert_int_equal(use(first), FV_ROTATE);
	for (i = 0; i < 32; i++) {
		now_ms += 1000;
		assert_int_equal(use(first), FV_SIBLING);
		assert_int_equal(f.generation, 2);
		last = out;
	}
	assert_int_equal(f.graced, 32);
	/* Any sibling moves the family on; the others follow in the grace. */
	assert_int_equal(use(last), FV_ROTATE);
	assert_int_equal(f.generation, 3);
	assert_int_equal(use(last - 1), FV_SIBLING);
	assert_int_equal(f.generation, 3);
	/* The first generation is two behind now. */
	assert_int_equal(use(first), FV_REPLAY);
}

static void
test_grace_ends_exactly(void **state)
{
	uint32_t	second;

	assert_int_equal(use(first), FV_ROTATE);
	second = out;
	now_ms += GRACE;
	assert_int_equal(use(first), FV_SIBLING);
	now_ms += 1;
	assert_int_equal(use(first), FV_LOST);
	assert_true(family_cancelled(&f, second));
}

/* The answer was lost: the owner comes back late and gets in once. */
static void
test_lost_answer(void **state)
{
	uint32_t	lost, again;

	assert_int_equal(use(first), FV_ROTATE);
	lost = out;
	now_ms += GRACE + 1;
	assert_int_equal(use(first), FV_LOST);
	again = out;
	assert_true(family_cancelled(&f, lost));
	assert_false(family_cancelled(&f, again));
	assert_false(family_cancelled(&f, first));
	/* Whoever holds the cancelled one is found out. */
	assert_int_equal(use(lost), FV_REPLAY);
	assert_int_equal(use(again), FV_ROTATE);
	assert_true(family_cancelled(&f, lost));
}

static void
test_late_after_use_is_replay(void **state)
{
	assert_int_equal(use(first), FV_ROTATE);
	assert_int_equal(use(out), FV_ROTATE);
	now_ms += GRACE + 1;
	assert_int_equal(use(first), FV_REPLAY);
}

static void
test_within_grace_but_two_behind_is_replay(void **state)
{
	assert_int_equal(use(first), FV_ROTATE);
	assert_int_equal(use(out), FV_ROTATE);
	assert_int_equal(use(first), FV_REPLAY);
}

static void
test_unknown_serials_are_replay(void **state)
{
	struct family_rec	before;

	assert_int_equal(use(first), FV_ROTATE);
	before = f;
	assert_int_equal(use(0), FV_REPLAY);
	assert_int_equal(use(f.next), FV_REPLAY);
	assert_int_equal(use(UINT32_MAX), FV_REPLAY);
	assert_memory_equal(&before, &f, sizeof(f));
	assert_true(family_cancelled(&f, f.next));
}

static void
test_sibling_cap(void **state)
{
	uint32_t	oldest, i;

	assert_int_equal(use(first), FV_ROTATE);
	oldest = out;
	for (i = 1; i < SIBLINGS_MAX; i++)
		assert_int_equal(use(first), FV_SIBLING);
	assert_false(family_cancelled(&f, oldest));
	assert_int_equal(use(first), FV_SIBLING);
	assert_true(family_cancelled(&f, oldest));
	assert_false(family_cancelled(&f, oldest + 1));
	assert_int_equal(f.next - f.cur, SIBLINGS_MAX);
	assert_int_equal(use(oldest + 1), FV_ROTATE);
	assert_int_equal(use(oldest), FV_REPLAY);
	assert_true(family_cancelled(&f, oldest));
}

static void
test_cancelled_is_forgotten_when_expired(void **state)
{
	uint32_t	i;

	for (i = 0; i < 100; i++) {
		assert_int_equal(use(first), i == 0 ? FV_ROTATE : FV_LOST);
		now_ms += GRACE + 1 + LIFE * 1000;
		assert_true(f.nranges <= 1);
	}
}

/* More ranges than fit: too much is cancelled, never too little. */
static void
test_ranges_overflow_is_strict(void **state)
{
	uint32_t	gone[64], n = 0, serial = first, lost, i;

	while (n < 64) {
		assert_int_equal(use(serial), FV_ROTATE);
		lost = out;
		now_ms += GRACE + 1;
		assert_int_equal(use(serial), FV_LOST);
		gone[n++] = lost;
		serial = out;
		now_ms += 1;
	}
	for (i = 0; i < n; i++)
		if ((n - i) * (GRACE + 2) < LIFE * 1000)
			assert_true(family_cancelled(&f, gone[i]));
	assert_false(family_cancelled(&f, serial));
}

static void
test_serials_run_out_closed(void **state)
{
	f.cur = UINT32_MAX - 1;
	f.next = UINT32_MAX;
	assert_int_equal(use(UINT32_MAX - 1), FV_REPLAY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rotates, setup),
		cmocka_unit_test_setup(test_racers_converge, setup),
		cmocka_unit_test_setup(test_grace_ends_exactly, setup),
		cmocka_unit_test_setup(test_lost_answer, setup),
		cmocka_unit_test_setup(test_late_after_use_is_replay, setup),
		cmocka_unit_test_setup(
		    test_within_grace_but_two_behind_is_replay, setup),
		cmocka_unit_test_setup(test_unknown_serials_are_replay, setup),
		cmocka_unit_test_setup(test_sibling_cap, setup),
		cmocka_unit_test_setup(
		    test_cancelled_is_forgotten_when_expired, setup),
		cmocka_unit_test_setup(test_ranges_overflow_is_strict, setup),
		cmocka_unit_test_setup(test_serials_run_out_closed, setup)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
