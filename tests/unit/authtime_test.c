/* SPDX-License-Identifier: ISC */
/*
 * authtime_test.c: lives over clock jumps, on a clock of the test's own.
 */
/* link: authd/authtime.o */
#include "t.h"

#include "authd/authd.h"
#include "authd/authtime.h"
#include "log.h"

#define HOUR	3600
#define DAY	86400
#define T0	((int64_t)1800000000)

static int64_t	real_ms;	/* passes */
static int64_t	offset_ms;	/* of the wall clock */
static uint8_t	noted[512];
static size_t	have_note;

struct mono
mono_now(void)
{
	struct mono	m = { (uint64_t)(real_ms - T0 * 1000) };

	return (m);
}

uint64_t
mono_us(void)
{
	return (mono_now().ms * 1000);
}

int64_t
wall_ms(void)
{
	return (real_ms + offset_ms);
}

int64_t
wall_s(void)
{
	return (wall_ms() / 1000);
}

void
wall_iso(int64_t ms, char *out)
{
	out[0] = '\0';
}

void
wall_ver(int64_t ms, char *out)
{
	out[0] = '\0';
}

int
store_get(enum store_db db, const void *key, size_t keylen, void *rec,
    size_t size)
{
	if (have_note != size)
		return (-1);
	memcpy(rec, noted, size);
	return (0);
}

void
store_put(enum store_db db, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	assert_true(vallen <= sizeof(noted));
	memcpy(noted, val, vallen);
	have_note = vallen;
}

/* Seconds pass, looked at every second as the sweep does. */
static void
pass(int64_t s)
{
	while (s-- > 0) {
		real_ms += 1000;
		(void)auth_now();
	}
}

static void
set_clock(int64_t s)
{
	offset_ms = s * 1000;
	(void)auth_now();
}

static int
setup(void **state)
{
	real_ms = T0 * 1000;
	offset_ms = 0;
	have_note = 0;
	time_start();
	return (0);
}

/* A life: its era and its begin. */
struct life {
	uint16_t	era;
	int64_t		began;
};

static struct life
born(void)
{
	struct life	l;

	l.began = auth_now();
	l.era = auth_era();
	return (l);
}

static int
over(struct life l, int64_t life)
{
	return (auth_over(l.era, l.began + life));
}

/* How long, in true seconds, until it is over. */
static int64_t
left(struct life l, int64_t life)
{
	int64_t	n = 0;

	while (!over(l, life)) {
		pass(1);
		assert_true(++n < 10 * DAY);
	}
	return (n);
}

static void
test_no_jump(void **state)
{
	assert_int_equal(left(born(), HOUR), HOUR);
}

static void
test_back_lengthens_nothing(void **state)
{
	const int64_t	back[] = { 1, 3, 60, HOUR / 2, HOUR, DAY };
	struct life	l;
	size_t		i;

	for (i = 0; i < COUNT(back); i++) {
		setup(NULL);
		l = born();
		pass(100);
		set_clock(-back[i]);
		assert_in_range(left(l, HOUR), HOUR - 102, HOUR - 98);
	}
}

/* Also in many small steps: eras are forgotten then, and it ends early. */
static void
test_many_steps_back(void **state)
{
	struct life	l = born();
	int64_t		i, n = 0;

	for (i = 1; !over(l, HOUR); i++) {
		set_clock(-i);
		pass(1);
		assert_true(++n < 2 * HOUR);
	}
	assert_true(n <= HOUR + 3);
}

static void
test_new_lives_follow_the_clock(void **state)
{
	struct life	old = born(), young;

	set_clock(-DAY);
	young = born();
	assert_int_equal(young.began, T0 - DAY);
	pass(10);
	assert_false(over(young, HOUR));
	assert_false(over(old, HOUR));
	/* Put right again: one began a day ago, the other just now. */
	set_clock(0);
	assert_true(over(young, HOUR));
	assert_false(over(old, HOUR));
}

static void
test_forward_ends_and_return(void **state)
{
	struct life	l = born(), wrong;

	set_clock(365 * DAY);
	assert_true(over(l, HOUR));
	wrong = born();
	pass(60);
	set_clock(0);
	/* Issued a year ahead: an hour is an hour all the same. */
	assert_in_range(left(wrong, HOUR), HOUR - 62, HOUR - 59);
	assert_int_equal(left(born(), HOUR), HOUR);
}

static void
test_each_by_its_own_era(void **state)
{
	struct life	far, near;

	set_clock(30 * DAY);
	far = born();
	pass(10);
	set_clock(0);
	near = born();
	pass(10);
	set_clock(-DAY);
	assert_false(over(near, HOUR));
	assert_false(over(far, HOUR));
	pass(HOUR - 30);
	assert_false(over(near, HOUR));
	pass(30);
	assert_true(over(near, HOUR));
	assert_true(over(far, HOUR));
}

/* Eras that are forgotten are over; the present one goes on. */
static void
test_forgotten_eras(void **state)
{
	struct life	l = born();
	int		i;

	for (i = 0; i < 100; i++)
		set_clock(i % 2 == 0 ? DAY * (200 - i) : 0);
	set_clock(-HOUR);
	assert_true(over(l, HOUR));
	assert_int_equal(left(born(), HOUR), HOUR);
}

static void
test_restart(void **state)
{
	struct life	l = born(), later;

	pass(600);
	time_note(1);
	/* Down and up again, the clock an hour behind. */
	offset_ms = -(int64_t)HOUR * 1000;
	time_start();
	later = born();
	assert_in_range(left(l, HOUR), HOUR - 602, HOUR - 598);
	assert_in_range(left(later, HOUR), 598, 602);
}

static void
test_restart_keeps_the_era(void **state)
{
	struct life	l = born();
	int		i;

	for (i = 0; i < 50; i++)
		time_start();
	assert_int_equal(auth_era(), l.era);
	assert_int_equal(left(l, HOUR), HOUR);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(test_no_jump), T(test_back_lengthens_nothing),
		T(test_many_steps_back), T(test_new_lives_follow_the_clock),
		T(test_forward_ends_and_return), T(test_each_by_its_own_era),
		T(test_forgotten_eras), T(test_restart),
		T(test_restart_keeps_the_era)
	};

	log_init("test", LL_CRIT);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
