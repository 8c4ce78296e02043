/* SPDX-License-Identifier: ISC */
/* form_test.c: form and query decoding (form_parse of common/uri.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "uri.h"

struct seen {
	char	 text[512];
	int	 refuse;
};

static int
note(void *arg, const char *key, const char *val, size_t len)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);

	assert_int_equal(strlen(val), len);
	snprintf(s->text + n, sizeof(s->text) - n, "[%s|%s]", key, val);
	return (s->refuse && strcmp(key, "stop") == 0);
}

static int
run(const char *in, struct seen *s)
{
	char scratch[128];

	memset(s, 0, sizeof(*s));
	return (form_parse(in, strlen(in), scratch, sizeof(scratch), 4, note,
	    s));
}

static void
test_good(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "", "" }, { "a=1", "[a|1]" }, { "a=1&b=2", "[a|1][b|2]" },
		{ "a", "[a|]" }, { "a=", "[a|]" }, { "=x", "[|x]" },
		{ "a=b=c", "[a|b=c]" }, { "a+b=c+d", "[a b|c d]" },
		{ "a%20b=%C3%A4", "[a b|\xc3\xa4]" }, { "&&a=1&", "[a|1]" },
		{ "x=%2B%26%3d", "[x|+&=]" }
	};
	struct seen s;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(run(t[i].in, &s), 0);
		assert_string_equal(s.text, t[i].out);
	}
}

static void
test_bad(void **state)
{
	static const char *const bad[] = { "a=%", "a=%1", "a=%zz", "%g1=x",
		"a=%00", "%00=a", "a=%ff", "a=%c3", "a=%ed%a0%80",
		"a=1&b=2&c=3&d=4&e=5" };
	struct seen s;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (run(bad[i], &s) == 0)
			fail_msg("accepted: %s", bad[i]);
	}
	assert_int_equal(run("a=1&b=2&c=3&d=4", &s), 0);
}

static void
test_raw_nul(void **state)
{
	char scratch[32];
	struct seen s;

	memset(&s, 0, sizeof(s));
	assert_int_equal(form_parse("a=\0b", 4, scratch, sizeof(scratch), 4,
	    note, &s), -1);
}

static void
test_space(void **state)
{
	char scratch[8];
	struct seen s;

	memset(&s, 0, sizeof(s));
	/* key, NUL, value, NUL: exactly eight bytes, then one too many. */
	assert_int_equal(form_parse("abc=def", 7, scratch, 8, 4, note, &s),
	    0);
	assert_int_equal(form_parse("abc=defg", 8, scratch, 8, 4, note, &s),
	    -1);
	assert_int_equal(form_parse("abcdefgh=", 9, scratch, 8, 4, note, &s),
	    -1);
	assert_int_equal(form_parse("a=b", 3, scratch, 0, 4, note, &s), -1);
}

static void
test_stop(void **state)
{
	char scratch[64];
	struct seen s;

	memset(&s, 0, sizeof(s));
	s.refuse = 1;
	assert_int_equal(form_parse("a=1&stop=2&b=3", 14, scratch,
	    sizeof(scratch), 9, note, &s), -1);
	assert_string_equal(s.text, "[a|1][stop|2]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_raw_nul),
		cmocka_unit_test(test_space),
		cmocka_unit_test(test_stop)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
