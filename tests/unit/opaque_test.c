/* SPDX-License-Identifier: ISC */
/* opaque_test.c: what a client is handed to bring back (toold/opaque.c). */
/* link: toold/opaque.o toold/mac.o -lmd */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "toold/mac.h"
#include "toold/opaque.h"

static const uint8_t key[MAC_LEN] = { 9, 8, 7 }, other[MAC_LEN] = { 1 };
static struct caller ann = { .user_id = "u1", .client_id = "c1" };

static long
open_as(const char *purpose, const struct caller *who, const char *text)
{
	char data[OPAQUE_DATA_MAX];

	return (opaque_open(purpose, who, text, strlen(text), data,
	    sizeof(data)));
}

static void
test_round(void **state)
{
	char text[OPAQUE_TEXT_MAX + 1], data[OPAQUE_DATA_MAX + 1];

	opaque_setkey(key);
	assert_int_equal(opaque_make("p", &ann, "abc", 3, text), 0);
	assert_int_equal(opaque_open("p", &ann, text, strlen(text), data,
	    sizeof(data)), 3);
	assert_memory_equal(data, "abc", 3);
	assert_int_equal(opaque_open("p", &ann, text, strlen(text), data, 2),
	    -1);
	assert_int_equal(opaque_make("p", &ann, "", 0, text), 0);
	assert_int_equal(open_as("p", &ann, text), 0);
	memset(data, 'x', sizeof(data));
	assert_int_equal(opaque_make("p", &ann, data, OPAQUE_DATA_MAX, text),
	    0);
	assert_int_equal(open_as("p", &ann, text), OPAQUE_DATA_MAX);
	assert_int_equal(opaque_make("p", &ann, data, OPAQUE_DATA_MAX + 1,
	    text), -1);
}

static void
test_others(void **state)
{
	struct caller who;
	char text[OPAQUE_TEXT_MAX + 1];
	size_t i;

	opaque_setkey(key);
	assert_int_equal(opaque_make("p", &ann, "abc", 3, text), 0);
	assert_int_equal(open_as("q", &ann, text), -1);
	who = ann;
	who.user_id = "u2";
	assert_int_equal(open_as("p", &who, text), -1);
	who = ann;
	who.client_id = "c2";
	assert_int_equal(open_as("p", &who, text), -1);
	who = ann;
	who.grant[3] = 1;
	assert_int_equal(open_as("p", &who, text), -1);
	for (i = 0; i < strlen(text); i++) {
		text[i] ^= 1;
		assert_int_equal(open_as("p", &ann, text), -1);
		text[i] ^= 1;
	}
	assert_int_equal(open_as("p", &ann, ""), -1);
	assert_int_equal(open_as("p", &ann, "abcd"), -1);
	opaque_setkey(other);
	assert_int_equal(open_as("p", &ann, text), -1);
	opaque_setkey(NULL);
	assert_int_equal(open_as("p", &ann, text), -1);
	assert_int_equal(opaque_make("p", &ann, "abc", 3, text), -1);
	opaque_setkey(key);
	assert_int_equal(open_as("p", &ann, text), -1 + 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_others),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
