/* SPDX-License-Identifier: ISC */
/*
 * authd_rules_test.c: what names, passwords and times may be.
 */
/* link: authd/pwrules.o authd/ctl_when.o */
#include "t.h"

#include "authd/ctlconn.h"

static void
names(void **state)
{
	char	long_name[USER_MAX + 1];

	assert_null(user_name_bad("anna"));
	assert_null(user_name_bad("Anna.Ångström"));
	assert_non_null(user_name_bad("Anna Ångström"));
	assert_non_null(user_name_bad("a:b"));
	assert_non_null(user_name_bad("../x"));
	assert_non_null(user_name_bad("a/b"));
	assert_null(user_name_bad("anna@example.org"));
	memset(long_name, 'a', sizeof(long_name));
	long_name[USER_MAX - 1] = '\0';
	assert_null(user_name_bad(long_name));
	long_name[USER_MAX - 1] = 'a';
	long_name[USER_MAX] = '\0';
	assert_non_null(user_name_bad(long_name));
	assert_non_null(user_name_bad(""));
	assert_non_null(user_name_bad(" anna"));
	assert_non_null(user_name_bad("anna "));
	assert_non_null(user_name_bad("-anna"));
	assert_non_null(user_name_bad("an\tna"));
	assert_non_null(user_name_bad("an\nna"));
	assert_non_null(user_name_bad("an\xc3"));
	assert_non_null(user_name_bad("an\xe2\x80\xae" "na"));	/* bidi */
	assert_null(role_name_bad("table designer"));
	assert_non_null(role_name_bad(""));
}

static void
passwords(void **state)
{
	char	long_password[SECRET_MAX + 1];

	assert_null(user_password_bad("tr0ub4dor&3", "anna"));
	assert_null(user_password_bad("correct horse", "anna"));
	assert_string_equal(user_password_bad("short-one", "anna"),
	    "the password needs at least 10 characters");
	/* Ten characters, twenty bytes. */
	assert_null(user_password_bad("åäöåäöéüßø", "anna"));
	assert_non_null(user_password_bad("åäöåäöéüß", "anna"));
	assert_non_null(user_password_bad("", "anna"));
	assert_non_null(user_password_bad("aaaaaaaaaaaa", "anna"));
	assert_non_null(user_password_bad("abababababab", "anna"));
	assert_non_null(user_password_bad("anna.admin12", "anna.admin"));
	assert_non_null(user_password_bad("ANNA.ADMINxy", "anna.admin"));
	assert_non_null(user_password_bad("bertbertbert1", "bert"));
	assert_null(user_password_bad("danger in the night", "dan"));
	assert_non_null(user_password_bad("ten chars\nx", "anna"));
	assert_non_null(user_password_bad("ten chars\xff\xfe", "anna"));
	memset(long_password, 'a', sizeof(long_password));
	memcpy(long_password, "bcdefgh", 7);
	long_password[SECRET_MAX - 1] = '\0';
	assert_null(user_password_bad(long_password, "x"));
	long_password[SECRET_MAX - 1] = 'a';
	long_password[SECRET_MAX] = '\0';
	assert_non_null(user_password_bad(long_password, "x"));
}

static void
times(void **state)
{
	const int64_t	 now = 1800000000;
	static const char *const bad[] = { "", "m", "yesterday", "-5m", "5w",
	    "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
	    "2026-01-31T24:00:00Z", "2026-01-31T12:00:00", "2026-01-31",
	    "2026-01-31T12:00:00Zx", "2026-01-31 12:00:00Z",
	    "99999999999999999999", "1969-12-31T23:59:59Z",
	    "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z" };
	size_t		 i;

	assert_int_equal(ctl_when("0", now), 0);
	assert_int_equal(ctl_when("1769860800", now), 1769860800);
	assert_int_equal(ctl_when("90s", now), now - 90);
	assert_int_equal(ctl_when("90m", now), now - 5400);
	assert_int_equal(ctl_when("2h", now), now - 7200);
	assert_int_equal(ctl_when("1d", now), now - 86400);
	assert_int_equal(ctl_when("90000d", now), 0);
	assert_int_equal(ctl_when("1970-01-01T00:00:00Z", now), 0);
	assert_int_equal(ctl_when("2000-02-29T00:00:00Z", now), 951782400);
	assert_int_equal(ctl_when("2026-01-31T12:00:00Z", now), 1769860800);
	assert_int_equal(ctl_when("2024-12-31T23:59:59Z", now), 1735689599);
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(ctl_when(bad[i], now), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(passwords),
		cmocka_unit_test(times),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
