/* SPDX-License-Identifier: ISC */
/*
 * keepctl_test.c: typed words into commands, and answers taken apart.
 */
/* link: master/keepctl/args.o master/keepctl/json.o */
#include "t.h"

#include <stdio.h>

#include "master/keepctl/keepctl.h"

struct options	options;
static jmp_buf	left;
static char	secret_said[SECRET_MAX];
static int	secret_stdin;

/* Wrong use ends the program; here it comes back. */
void
die(int status, const char *fmt, ...)
{
	longjmp(left, status);
}

void
quit(int status)
{
	longjmp(left, status);
}

void
secret_ask(int from_stdin, char *out, size_t size)
{
	secret_stdin = from_stdin;
	snprintf(out, size, "%s", secret_said);
}

/* The words of one command line, cut at blanks: its row, or NULL. */
static const struct ctl_row *
typed(const char *line, struct msg_ctl *m)
{
	static char	 buf[8192];
	static char	*argv[80];
	static const struct ctl_row *r;
	static int	 argc, used;

	argc = 1;
	snprintf(buf, sizeof(buf), "%s", line);
	argv[0] = buf;			/* as the word before: never read */
	for (argv[argc] = strtok(buf, " "); argv[argc] != NULL;
	    argv[argc] = strtok(NULL, " "))
		argc++;
	r = row_find(argc - 1, argv + 1, &used);
	if (r == NULL)
		return (NULL);
	if (setjmp(left) != 0)
		return (NULL);
	row_fill(r, argc - 1 - used, argv + 1 + used, m);
	return (r);
}

static void
commands_are_filled(void **state)
{
	struct msg_ctl	m;

	snprintf(secret_said, sizeof(secret_said), "geheim");
	assert_non_null(typed("user add ada designer -", &m));
	assert_int_equal(m.command, CTL_USER_ADD);
	assert_string_equal(m.name, "ada");
	assert_string_equal(m.other, "designer");
	assert_string_equal(m.secret, "geheim");
	assert_int_equal(secret_stdin, 1);
	assert_non_null(typed("user add ada", &m));
	assert_string_equal(m.other, "");
	assert_int_equal(secret_stdin, 0);
	assert_non_null(typed("role add -g boss may do all of it", &m));
	assert_int_equal(m.flags, CTLF_ROLE_GLOBAL);
	assert_string_equal(m.name, "boss");
	assert_string_equal(m.text, "may do all of it");
	assert_non_null(typed("audit tail -j -n 5", &m));
	assert_int_equal(m.flags, CTLF_AUDIT_JSON | CTLF_AUDIT_COUNT);
	assert_int_equal(m.number, 5);
	assert_non_null(typed("grant revoke -c abc", &m));
	assert_int_equal(m.flags, CTLF_GRANT_CLIENT);
	assert_string_equal(m.name, "abc");
	assert_non_null(typed("grant revoke -a", &m));
	assert_int_equal(m.flags, CTLF_GRANT_ALL);
	assert_non_null(typed("revoke --worker 1881793123123200", &m));
	assert_int_equal(m.command, CTL_REVOKE_WORKER);
	assert_int_equal(m.number, 1881793123123200);
	assert_non_null(typed("revoke --since 1d", &m));
	assert_string_equal(m.name, "1d");
	assert_non_null(typed("status", &m));
	assert_int_equal(m.command, CTL_STATUS);
	assert_non_null(typed("status authd", &m));
	assert_int_equal(m.command, CTL_AUTHD_STATUS);
	assert_non_null(typed("client add -p name https://a https://b", &m));
	assert_string_equal(m.text, "https://a https://b");
}

static void
wrong_use_is_refused(void **state)
{
	static const char *const bad[] = { "", "user", "nonsense",
	    "user add", "user add -", "user add a b c", "user list x",
	    "role grant x", "role grant x y z", "grant revoke",
	    "grant revoke -x a", "revoke --worker", "revoke --worker abc",
	    "revoke --worker 1 2", "audit tail -n", "audit tail -n x",
	    "audit tail -n -5", "client add only-a-name", "role add",
	    "status nobody" };
	struct msg_ctl	m;
	char		long_name[200];
	size_t		i;

	for (i = 0; i < COUNT(bad); i++)
		if (typed(bad[i], &m) != NULL)
			fail_msg("'%s' was taken", bad[i]);
	memset(long_name, 'x', sizeof(long_name));
	memcpy(long_name, "user disable ", 13);
	long_name[199] = '\0';
	assert_null(typed(long_name, &m));
	long_name[13 + NAME_MAX_LEN - 1] = '\0';
	assert_non_null(typed(long_name, &m));
	assert_null(typed("user disable \377", &m));
}

/* Every row can be typed as its own help says. */
static void
rows_can_be_typed(void **state)
{
	const struct ctl_row *r, *found;
	char	 words[80], *argv[4];
	int	 argc, used;
	size_t	 i;

	for (i = 0; (r = ctl_row_at((unsigned int)i)) != NULL; i++) {
		if (r->words == NULL)
			continue;
		snprintf(words, sizeof(words), "%s", r->words);
		argc = 0;
		for (argv[argc] = strtok(words, " "); argv[argc] != NULL;
		    argv[argc] = strtok(NULL, " "))
			argc++;
		found = row_find(argc, argv, &used);
		assert_ptr_equal(found, r);
		assert_int_equal(used, argc);
	}
}

static struct json
text(const char *s)
{
	struct json	j = { s, strlen(s) };

	return (j);
}

static void
json_is_taken_apart(void **state)
{
	struct json	j = text("{ \"a\" : [1, {\"b\":\"x\"} ,null],"
			    "\"c\":{\"a\":true}, \"d\":\"q\\\"}\" }");
	struct json	v, w;
	char		out[64];

	assert_true(json_valid(j));
	assert_int_equal(json_member(j, "a", &v), 0);
	assert_int_equal(json_element(v, 1, &w), 0);
	assert_int_equal(json_member(w, "b", &v), 0);
	assert_int_equal(json_string(v, out, sizeof(out)), 0);
	assert_string_equal(out, "x");
	assert_int_equal(json_member(j, "c", &v), 0);
	assert_int_equal(json_member(v, "a", &w), 0);
	assert_true(json_is(w, "true"));
	assert_int_equal(json_member(j, "d", &v), 0);
	assert_int_equal(json_string(v, out, sizeof(out)), 0);
	assert_string_equal(out, "q\"}");
	assert_int_equal(json_member(j, "b", &v), -1);
	assert_int_equal(json_element(j, 0, &v), -1);
	assert_int_equal(json_string(text("\"\\u00e9\\ud83d\\ude00\\n\""), out,
	    sizeof(out)), 0);
	assert_string_equal(out, "\xc3\xa9\xf0\x9f\x98\x80\n");
	assert_int_equal(json_string(text("\"\\ud83d\""), out, sizeof(out)),
	    0);
	assert_string_equal(out, "\xef\xbf\xbd");
	assert_int_equal(json_string(text("\"\\x\""), out, sizeof(out)), -1);
	assert_int_equal(json_string(text("\"long\""), out, 3), 0);
	assert_string_equal(out, "lo");
}

static void
json_that_is_none(void **state)
{
	static const char *const bad[] = { "", "{", "}", "[1,]", "{\"a\"}",
	    "{\"a\":}", "{\"a\":1,}", "{a:1}", "\"open", "[1 2]", "{} {}",
	    "{\"a\":1", "[", "\"\\" };
	char		deep[400];
	size_t		i;

	for (i = 0; i < COUNT(bad); i++)
		if (json_valid(text(bad[i])))
			fail_msg("'%s' was taken", bad[i]);
	memset(deep, '[', 200);
	memset(deep + 200, ']', 199);
	deep[399] = '\0';
	assert_false(json_valid(text(deep)));
}

static void
cut_json(const uint8_t *p, size_t len, void *arg)
{
	struct json	j = { (const char *)p, len }, v;
	char		out[16];

	(void)json_valid(j);
	if (json_member(j, "a", &v) == 0)
		(void)json_string(v, out, sizeof(out));
	(void)json_element(j, 1, &v);
	(void)json_string(j, out, sizeof(out));
}

static void
json_cut_anywhere(void **state)
{
	static const char s[] = "{\"a\":\"\\ud83d\\ude00\",\"b\":[1,{}]}";

	each_cut(s, sizeof(s) - 1, cut_json, NULL);
	each_flip(s, sizeof(s) - 1, cut_json, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_filled),
		cmocka_unit_test(wrong_use_is_refused),
		cmocka_unit_test(rows_can_be_typed),
		cmocka_unit_test(json_is_taken_apart),
		cmocka_unit_test(json_that_is_none),
		cmocka_unit_test(json_cut_anywhere)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
