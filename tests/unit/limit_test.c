/* SPDX-License-Identifier: ISC */
/*
 * limit_test.c: guess and rate counters of authd.
 */
/* link: authd/limit.o */
#include "t.h"

#include <stdio.h>

#include "authd/limit.h"
#include "ev.h"

static struct mono
at(uint64_t ms)
{
	struct mono	m = { 1000000 + ms };

	return (m);
}

static struct msg_from
from4(uint8_t last)
{
	struct msg_from	f;

	memset(&f, 0, sizeof(f));
	f.family = 4;
	f.addr[10] = f.addr[11] = 0xff;
	f.addr[12] = 192;
	f.addr[13] = 0;
	f.addr[14] = 2;
	f.addr[15] = last;
	return (f);
}

static int
setup(void **state)
{
	limit_init(0, 0);
	return (0);
}

static void
burst_then_one_by_one(void **state)
{
	const struct limit_row	*r = limit_row(LIM_SIGNIN_USER);
	uint64_t		 step = r->period_s * 1000ULL / r->burst;
	uint32_t		 i, wait;

	for (i = 0; i < r->burst; i++)
		assert_int_equal(limit_take(LIM_SIGNIN_USER, "burst", 5,
		    at(0)), 0);
	wait = limit_take(LIM_SIGNIN_USER, "burst", 5, at(0));
	assert_int_equal(wait, (step + 999) / 1000);
	/* Refused ones are not counted: the wait does not grow. */
	assert_int_equal(limit_take(LIM_SIGNIN_USER, "burst", 5, at(0)), wait);
	assert_int_equal(limit_take(LIM_SIGNIN_USER, "burst", 5,
	    at(step - 1)), 1);
	assert_int_equal(limit_take(LIM_SIGNIN_USER, "burst", 5, at(step)), 0);
	assert_true(limit_take(LIM_SIGNIN_USER, "burst", 5, at(step)) > 0);
	/* After the period all of it is back. */
	for (i = 0; i < r->burst; i++)
		assert_int_equal(limit_take(LIM_SIGNIN_USER, "burst", 5,
		    at(step + r->period_s * 1000ULL)), 0);
}

static void
rows_and_keys_are_apart(void **state)
{
	while (limit_take(LIM_SIGNIN_USER, "apart", 5, at(0)) == 0)
		;
	assert_int_equal(limit_peek(LIM_SIGNIN_USER, "other", 5, at(0)), 0);
	assert_int_equal(limit_peek(LIM_SIGNIN_DEVICE, "apart", 5, at(0)), 0);
	assert_int_equal(limit_peek(LIM_SIGNIN_USER, "apar", 4, at(0)), 0);
	assert_true(limit_peek(LIM_SIGNIN_USER, "apart", 5, at(0)) > 0);
}

static void
one_is_given_back(void **state)
{
	while (limit_take(LIM_SIGNIN_USER, "back", 4, at(0)) == 0)
		;
	limit_back(LIM_SIGNIN_USER, "back", 4, at(0));
	assert_int_equal(limit_take(LIM_SIGNIN_USER, "back", 4, at(0)), 0);
	assert_true(limit_take(LIM_SIGNIN_USER, "back", 4, at(0)) > 0);
	/* Nothing to give back is no credit. */
	limit_back(LIM_SIGNIN_USER, "fresh", 5, at(0));
	assert_int_equal(limit_take(LIM_SIGNIN_USER, "fresh", 5, at(0)), 0);
}

/* Bounded memory must not be a way to wipe the counter of a victim. */
static void
many_keys_do_not_wipe_a_used_up_one(void **state)
{
	uint32_t	i;

	while (limit_take(LIM_SIGNIN_USER, "victim", 6, at(0)) == 0)
		;
	for (i = 0; i < 200000; i++)
		(void)limit_take(LIM_SIGNIN_USER, &i, sizeof(i), at(0));
	assert_true(limit_take(LIM_SIGNIN_USER, "victim", 6, at(0)) > 0);
}

static struct limit_try
try_of(const char *user, uint8_t addr, uint64_t worker)
{
	struct limit_try	t;

	memset(&t, 0, sizeof(t));
	memcpy(t.user, user, strlen(user));
	t.from = from4(addr);
	t.life = worker;
	return (t);
}

static void
flood_does_not_lock_out_a_device(void **state)
{
	struct limit_try	t = try_of("anna", 1, 1), dev;
	enum limit		which = LIM_MAX;
	uint32_t		n;

	/* From many addresses, so that the user's own row fills. */
	for (n = 0; limit_signin(&t, &which) == 0; n++)
		t.from = from4((uint8_t)n);
	assert_int_equal(which, LIM_SIGNIN_USER);
	assert_int_equal(n, limit_row(LIM_SIGNIN_USER)->burst);
	/* Case folding: the same user. */
	t = try_of("ANNA", 200, 2);
	assert_true(limit_signin(&t, &which) > 0);
	/* The browser that knows her, at the same address as the flood. */
	dev = try_of("anna", 1, 1);
	dev.has_device = 1;
	memset(dev.device, 9, sizeof(dev.device));
	for (n = 0; limit_signin(&dev, &which) == 0; n++)
		;
	assert_int_equal(which, LIM_SIGNIN_DEVICE);
	assert_int_equal(n, limit_row(LIM_SIGNIN_DEVICE)->burst);
	/* A used-up device takes nothing from another, or from Bert. */
	dev.device[0] = 8;
	assert_int_equal(limit_signin(&dev, &which), 0);
	t = try_of("bert", 201, 2);
	assert_int_equal(limit_signin(&t, &which), 0);
}

static void
address_and_worker_bound_guessing_over_users(void **state)
{
	struct limit_try	t;
	char			name[16];
	enum limit		which = LIM_MAX;
	uint32_t		n;

	for (n = 0;; n++) {
		snprintf(name, sizeof(name), "user%u", n);
		t = try_of(name, 77, 3);
		if (limit_signin(&t, &which) != 0)
			break;
	}
	assert_int_equal(which, LIM_SIGNIN_ADDR);
	assert_int_equal(n, limit_row(LIM_SIGNIN_ADDR)->burst);
	for (n = 0;; n++) {
		snprintf(name, sizeof(name), "u%u", n);
		t = try_of(name, 0, 4);
		t.from.family = 6;
		memcpy(t.from.addr, &n, sizeof(n));
		if (limit_signin(&t, &which) != 0)
			break;
	}
	assert_int_equal(which, LIM_SIGNIN_WORKER);
	assert_int_equal(n, limit_row(LIM_SIGNIN_WORKER)->burst);
}

static void
good_signins_cost_nothing(void **state)
{
	struct limit_try	t = try_of("carla", 90, 5);
	uint32_t		n;

	for (n = 0; n < 1000; n++) {
		assert_int_equal(limit_signin(&t, NULL), 0);
		limit_signin_good(&t);
	}
}

static void
prefixes(void **state)
{
	struct msg_from	a, b;
	uint8_t		ka[9], kb[9];

	a = from4(1);
	b = from4(2);
	assert_int_equal(limit_prefix(&a, ka), 5);
	assert_int_equal(limit_prefix(&b, kb), 5);
	assert_memory_not_equal(ka, kb, 5);
	memset(&a, 0, sizeof(a));
	a.family = 6;
	memset(a.addr, 0x20, 16);
	b = a;
	b.addr[15] = 1;
	assert_int_equal(limit_prefix(&a, ka), 9);
	assert_int_equal(limit_prefix(&b, kb), 9);
	assert_memory_equal(ka, kb, 9);
	b.addr[7] = 1;
	(void)limit_prefix(&b, kb);
	assert_memory_not_equal(ka, kb, 9);
	memset(&a, 0, sizeof(a));
	assert_int_equal(limit_prefix(&a, ka), 0);
	assert_int_equal(limit_prefix(NULL, ka), 0);
}

static void
requests_ask_all_their_rows_or_count_in_none(void **state)
{
	struct msg_from	f = from4(120), other = from4(121), none;
	enum limit	which = LIM_MAX;
	uint32_t	n;

	for (n = 0; limit_request(LQ_TOKEN, 6, &f, "client-1", &which) == 0;
	    n++)
		;
	assert_int_equal(which, LIM_TOKEN_CLIENT);
	assert_int_equal(n, limit_row(LIM_TOKEN_CLIENT)->burst);
	/* Not the owner's budget when a stranger uses the id elsewhere. */
	assert_int_equal(limit_request(LQ_TOKEN, 6, &other, "client-1",
	    NULL), 0);
	assert_int_equal(limit_request(LQ_TOKEN, 6, &f, "client-2", NULL), 0);
	/* Refused ones took nothing from the address. */
	assert_int_equal(limit_request(LQ_TOKEN, 6, &f, NULL, NULL), 0);
	for (n = 0; limit_request(LQ_REGISTER, 6, &f, NULL, &which) == 0; n++)
		;
	assert_int_equal(which, LIM_REGISTER_ADDR);
	/* Without an address only the worker's row is left. */
	memset(&none, 0, sizeof(none));
	for (n = 0; limit_request(LQ_REGISTER, 7, &none, NULL, &which) == 0;
	    n++)
		;
	assert_int_equal(which, LIM_REGISTER_WORKER);
	assert_int_equal(n, limit_row(LIM_REGISTER_WORKER)->burst);
}

static void
approvals_follow_the_configuration(void **state)
{
	char		user[16];
	enum limit	which = LIM_MAX;
	uint32_t	n;

	limit_init(0, 7);
	for (n = 0;; n++) {
		snprintf(user, sizeof(user), "approver%u", n);
		if (limit_approve(8, user, &which) != 0)
			break;
	}
	assert_int_equal(n, 7);
	assert_int_equal(which, LIM_APPROVE_WORKER);
	limit_init(0, 0);
}

static void
off_is_off(void **state)
{
	uint32_t	n;

	limit_init(1, 0);
	for (n = 0; n < 5000; n++)
		assert_int_equal(limit_take(LIM_SIGNIN_USER, "off", 3, at(0)),
		    0);
	limit_init(0, 0);
	assert_int_equal(limit_peek(LIM_SIGNIN_USER, "off", 3, at(0)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_then_one_by_one),
		cmocka_unit_test(rows_and_keys_are_apart),
		cmocka_unit_test(one_is_given_back),
		cmocka_unit_test(many_keys_do_not_wipe_a_used_up_one),
		cmocka_unit_test(flood_does_not_lock_out_a_device),
		cmocka_unit_test(address_and_worker_bound_guessing_over_users),
		cmocka_unit_test(good_signins_cost_nothing),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(requests_ask_all_their_rows_or_count_in_none),
		cmocka_unit_test(approvals_follow_the_configuration),
		cmocka_unit_test(off_is_off),
	};

	ev_init();
	return (cmocka_run_group_tests(tests, setup, NULL));
}
