/* SPDX-License-Identifier: ISC */
/* scan_test.c: the pass over JSON-RPC messages (toold/scan.c). */
/* link: toold/scan.o -ljansson */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "toold/scan.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const char good[] =
    "{\"jsonrpc\":\"2.0\", \"id\" : 7,\"method\":\"tools/call\",\n"
    "\"params\":{\"name\":\"get_table\",\"arguments\":{\"id\":\"x\\u00e9\","
    "\"a\":[1,-2.5e3,true,false,null,{}]},\"_meta\":{"
    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
    "\"io.modelcontextprotocol/clientCapabilities\":{},"
    "\"progressToken\":1}}}";

static void
assert_span(const struct span *s, const char *text)
{
	assert_non_null(s->p);
	assert_int_equal(s->len, strlen(text));
	assert_memory_equal(s->p, text, s->len);
}

static void
test_spans(void **state)
{
	struct scan s;

	assert_int_equal(scan_message(good, sizeof(good) - 1, &s), SCAN_OK);
	assert_span(&s.jsonrpc, "\"2.0\"");
	assert_span(&s.id, "7");
	assert_span(&s.method, "\"tools/call\"");
	assert_span(&s.name, "\"get_table\"");
	assert_span(&s.arguments, "{\"id\":\"x\\u00e9\","
	    "\"a\":[1,-2.5e3,true,false,null,{}]}");
	assert_span(&s.meta_version, "\"2026-07-28\"");
	assert_span(&s.meta_capabilities, "{}");
	assert_span(&s.meta_progress, "1");
	assert_null(s.cursor.p);
	assert_null(s.result.p);
	assert_false(s.batch);
}

/* A key is the same key however it is written. */
static void
test_escaped_key(void **state)
{
	static const char text[] = "{\"meth\\u006fd\":\"ping\",\"id\":1}";
	static const char twice[] =
	    "{\"meth\\u006fd\":\"ping\",\"method\":\"x\"}";
	struct scan s;

	assert_int_equal(scan_message(text, sizeof(text) - 1, &s), SCAN_OK);
	assert_span(&s.method, "\"ping\"");
	assert_int_equal(scan_message(twice, sizeof(twice) - 1, &s),
	    SCAN_DUPLICATE);
}

static void
test_verdicts(void **state)
{
	static const struct {
		const char		*text;
		enum scan_verdict	 v;
	} t[] = {
		{ "", SCAN_SYNTAX }, { "  ", SCAN_SYNTAX },
		{ "{", SCAN_SYNTAX }, { "{}", SCAN_OK },
		{ "{}x", SCAN_SYNTAX }, { "{} \n", SCAN_OK },
		{ "[]", SCAN_BATCH }, { "[1]", SCAN_OK },
		{ "1", SCAN_SHAPE }, { "\"a\"", SCAN_SHAPE },
		{ "null", SCAN_SHAPE }, { "nul", SCAN_SYNTAX },
		{ "{\"a\":01}", SCAN_SYNTAX }, { "{\"a\":-}", SCAN_SYNTAX },
		{ "{\"a\":1.}", SCAN_SYNTAX }, { "{\"a\":.5}", SCAN_SYNTAX },
		{ "{\"a\":1e}", SCAN_SYNTAX }, { "{\"a\":1e+2}", SCAN_OK },
		{ "{\"a\":+1}", SCAN_SYNTAX }, { "{a:1}", SCAN_SYNTAX },
		{ "{\"a\":1,}", SCAN_SYNTAX }, { "{,}", SCAN_SYNTAX },
		{ "{\"a\" 1}", SCAN_SYNTAX }, { "{\"a\":[1,]}", SCAN_SYNTAX },
		{ "{\"a\":\"\t\"}", SCAN_SYNTAX },
		{ "{\"a\":\"\\x\"}", SCAN_SYNTAX },
		{ "{\"a\":\"\\u12\"}", SCAN_SYNTAX },
		{ "{\"a\":\"\\ud800\"}", SCAN_SYNTAX },
		{ "{\"a\":\"\\udc00\"}", SCAN_SYNTAX },
		{ "{\"a\":\"\\ud83d\\ude00\"}", SCAN_OK },
		{ "{\"a\":\"\xc3\xa9\"}", SCAN_OK },
		{ "{\"a\":\"\xc0\xaf\"}", SCAN_UTF8 },
		{ "{\"a\":\"\xed\xa0\x80\"}", SCAN_UTF8 },
		{ "{\"a\":\"\xf4\x90\x80\x80\"}", SCAN_UTF8 },
		{ "{\"a\":\"\xff\"}", SCAN_UTF8 },
		{ "{\"a\":1,\"a\":2}", SCAN_DUPLICATE },
		{ "{\"params\":{\"x\":1,\"x\":2}}", SCAN_DUPLICATE },
		{ "{\"params\":{\"_meta\":{\"x\":1,\"x\":2}}}",
		    SCAN_DUPLICATE },
		/* not looked at: the parser that reads it refuses it */
		{ "{\"params\":{\"arguments\":{\"x\":1,\"x\":2}}}", SCAN_OK },
		{ "{'a':1}", SCAN_SYNTAX }, { "/**/{}", SCAN_SYNTAX },
		{ "\xef\xbb\xbf{}", SCAN_SYNTAX },
	};
	struct scan s;
	size_t i;

	for (i = 0; i < COUNT(t); i++)
		if (scan_message(t[i].text, strlen(t[i].text), &s) != t[i].v)
			fail_msg("%s: %d, not %d", t[i].text,
			    scan_message(t[i].text, strlen(t[i].text), &s),
			    t[i].v);
}

static size_t
repeat(char *out, const char *what, size_t n)
{
	size_t len = strlen(what), i;

	for (i = 0; i < n; i++)
		memcpy(out + i * len, what, len);
	return (n * len);
}

static enum scan_verdict
scan_nested(char *buf, size_t depth)
{
	struct scan s;
	size_t n = 0;

	n += repeat(buf, "{\"a\":", 1);
	n += repeat(buf + n, "[", depth - 1);
	n += repeat(buf + n, "]", depth - 1);
	buf[n++] = '}';
	return (scan_message(buf, n, &s));
}

static void
test_depth(void **state)
{
	static char buf[200000];

	assert_int_equal(scan_nested(buf, SCAN_DEPTH_MAX), SCAN_OK);
	assert_int_equal(scan_nested(buf, SCAN_DEPTH_MAX + 1), SCAN_DEPTH);
	assert_int_equal(scan_nested(buf, 90000), SCAN_DEPTH);
}

static enum scan_verdict
scan_values(char *buf, size_t values, const char *more)
{
	struct scan s;
	size_t n;

	n = repeat(buf, "{\"params\":{\"arguments\":[1", 1);
	n += repeat(buf + n, more, values - 1);
	n += repeat(buf + n, "]}}", 1);
	return (scan_message(buf, n, &s));
}

static void
test_tokens(void **state)
{
	static char buf[2000000];

	/* two keys, three containers */
	assert_int_equal(scan_values(buf, SCAN_TOKENS_MIN - 5, ",1"),
	    SCAN_OK);
	assert_int_equal(scan_values(buf, SCAN_TOKENS_MIN - 4, ",1"),
	    SCAN_TOKENS);
	/* values with something in them: more of them, but not any number */
	assert_int_equal(scan_values(buf, 50000, ",\"1234567\""), SCAN_OK);
	assert_int_equal(scan_values(buf, 50000, ",123456"), SCAN_TOKENS);
	assert_int_equal(scan_values(buf, SCAN_TOKENS_MAX - 5,
	    ",\"123456789\""), SCAN_OK);
	assert_int_equal(scan_values(buf, SCAN_TOKENS_MAX - 4,
	    ",\"123456789\""), SCAN_TOKENS);
}

static void
test_many_keys(void **state)
{
	char buf[8192];
	struct scan s;
	size_t n = 0;
	int i;

	buf[n++] = '{';
	for (i = 0; i <= SCAN_KEYS_MAX; i++)
		n += (size_t)snprintf(buf + n, sizeof(buf) - n,
		    "%s\"k%d\":1", i > 0 ? "," : "", i);
	buf[n++] = '}';
	assert_int_equal(scan_message(buf, n, &s), SCAN_KEYS);
}

static void
test_batch(void **state)
{
	static const char text[] = " [ {\"id\":1} ,2, {\"id\":3}]";
	char buf[1024];
	struct scan s;
	size_t n;

	assert_int_equal(scan_message(text, sizeof(text) - 1, &s), SCAN_OK);
	assert_true(s.batch);
	assert_int_equal(s.nitems, 3);
	assert_span(&s.item[0], "{\"id\":1}");
	assert_span(&s.item[1], "2");
	assert_span(&s.item[2], "{\"id\":3}");
	n = repeat(buf, "[1", 1);
	n += repeat(buf + n, ",1", SCAN_BATCH_MAX);
	buf[n++] = ']';
	assert_int_equal(scan_message(buf, n, &s), SCAN_BATCH);
}

static void
test_string(void **state)
{
	static const char text[] = "\"a\\n\\u00e9\\ud83d\\ude00\\/\\\"\"";
	struct span sp = { text, sizeof(text) - 1 };
	static const char nul[] = "\"a\\u0000\"";
	struct span with_nul = { nul, sizeof(nul) - 1 };
	struct span number = { "12", 2 };
	char out[16];

	assert_int_equal(span_string(&sp, out, sizeof(out)), 10);
	assert_string_equal(out, "a\n\xc3\xa9\xf0\x9f\x98\x80/\"");
	assert_int_equal(span_string(&sp, out, 11), 10);
	assert_int_equal(span_string(&sp, out, 10), -1);
	assert_int_equal(span_string(&with_nul, out, sizeof(out)), -1);
	assert_int_equal(span_string(&number, out, sizeof(out)), -1);
}

/* Bytes behind the end are never read: copies of exact size, cut anywhere. */
static void
test_cuts_and_flips(void **state)
{
	size_t len = sizeof(good) - 1, i, b;
	struct scan s;
	char *copy;

	for (i = 0; i < len; i++) {
		assert_non_null(copy = malloc(i + 1));
		memcpy(copy, good, i);
		copy = realloc(copy, i > 0 ? i : 1);
		assert_int_equal(scan_message(copy, i, &s), SCAN_SYNTAX);
		free(copy);
	}
	assert_non_null(copy = malloc(len));
	for (i = 0; i < len; i++)
		for (b = 0; b < 8; b++) {
			json_t *j;
			int ok;

			memcpy(copy, good, len);
			copy[i] ^= (char)(1 << b);
			ok = scan_message(copy, len, &s) == SCAN_OK;
			j = json_loadb(copy, len, 0, NULL);
			/* Not JSON for one is not JSON for the other. */
			if (j == NULL && ok)
				fail_msg("byte %zu bit %zu let through", i, b);
			json_decref(j);
		}
	free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_escaped_key),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_string),
		cmocka_unit_test(test_cuts_and_flips),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
