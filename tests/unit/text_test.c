/* SPDX-License-Identifier: ISC */
/* text_test.c: encodings, names for people, fixed arrays, buffers. */
#include "t.h"

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "perm.h"
#include "text.h"

static void
b64url_roundtrip(void **state)
{
	uint8_t	in[64], out[64];
	char	text[100];
	size_t	n, i;

	for (n = 0; n <= sizeof(in); n++) {
		for (i = 0; i < n; i++)
			in[i] = (uint8_t)(i * 37 + n);
		b64url_encode(in, n, text);
		assert_int_equal(strlen(text), B64URL_LEN(n));
		assert_int_equal(b64url_decode(text, strlen(text), out,
		    sizeof(out)), n);
		assert_memory_equal(in, out, n);
	}
}

static void
b64url_refuses(void **state)
{
	uint8_t	out[8];

	/* Unused bits, padding, the other alphabet, a lone letter, no room. */
	assert_int_equal(b64url_decode("AB", 2, out, 8), -1);
	assert_int_equal(b64url_decode("AA==", 4, out, 8), -1);
	assert_int_equal(b64url_decode("+/AA", 4, out, 8), -1);
	assert_int_equal(b64url_decode("A", 1, out, 8), -1);
	assert_int_equal(b64url_decode("AAAAAAAAAAAA", 12, out, 8), -1);
	assert_int_equal(b64url_decode("AA", 2, out, 8), 1);
	assert_int_equal(b64_decode("AA==", 4, out, 8), 1);
	assert_int_equal(b64_decode("AAA=", 4, out, 8), 2);
	assert_int_equal(b64_decode("A===", 4, out, 8), -1);
	assert_int_equal(b64_decode("AA", 2, out, 8), -1);
}

static void
utf8_cases(void **state)
{
	static const struct { const char *s; int ok; } c[] = {
		{ "plain", 1 }, { "\xc3\xa9", 1 }, { "\xe2\x82\xac", 1 },
		{ "\xf0\x9f\x98\x80", 1 }, { "\xc0\xaf", 0 },
		{ "\xed\xa0\x80", 0 }, { "\xf4\x90\x80\x80", 0 },
		{ "\xe2\x82", 0 }, { "\x80", 0 }, { "\xe0\x80\xaf", 0 },
		{ "\xf8\x88\x80\x80\x80", 0 }
	};
	size_t	i;

	for (i = 0; i < COUNT(c); i++)
		assert_int_equal(utf8_valid(c[i].s, strlen(c[i].s)), c[i].ok);
}

static void
names_for_people(void **state)
{
	char		out[16];
	const char	*evil = "a\xe2\x80\xae" "b\xe2\x80\x8b" "c\x01\x7f";

	assert_int_equal(text_printable(evil, strlen(evil)), 0);
	text_clean(out, sizeof(out), evil, strlen(evil));
	assert_string_equal(out, "abc");
	text_clean(out, sizeof(out), "  two \t\n words ", 15);
	assert_string_equal(out, "two words");
	/* A cut never splits a character. */
	text_clean(out, 4, "ab\xe2\x82\xac", 5);
	assert_string_equal(out, "ab");
}

static void
fixed_arrays(void **state)
{
	char	f[8];

	assert_int_equal(text_set(f, sizeof(f), "1234567"), 0);
	assert_int_equal(text_field_ok(f, sizeof(f)), 1);
	assert_int_equal(text_set(f, sizeof(f), "12345678"), -1);
	memset(f, 'x', sizeof(f));
	assert_int_equal(text_field_ok(f, sizeof(f)), 0);
	f[3] = '\0';
	assert_int_equal(text_field_ok(f, sizeof(f)), 0);
	memset(f + 3, 0, 5);
	assert_int_equal(text_field_ok(f, sizeof(f)), 1);
	f[0] = (char)0xff;
	assert_int_equal(text_field_ok(f, sizeof(f)), 0);
}

static void
numbers(void **state)
{
	uint64_t	v;

	assert_int_equal(num_parse("18446744073709551615", 20, UINT64_MAX,
	    &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(num_parse("18446744073709551616", 20, UINT64_MAX,
	    &v), -1);
	assert_int_equal(num_parse("", 0, 9, &v), -1);
	assert_int_equal(num_parse("+1", 2, 9, &v), -1);
	assert_int_equal(num_parse("10", 2, 9, &v), -1);
}

static void
uuids(void **state)
{
	char	u[UUID_LEN + 1];

	uuid_make(u);
	assert_int_equal(strlen(u), UUID_LEN);
	assert_int_equal(uuid_valid(u, UUID_LEN), 1);
	assert_int_equal(u[14], '4');
	u[8] = '0';
	assert_int_equal(uuid_valid(u, UUID_LEN), 0);
}

static void
escapes(void **state)
{
	struct buf	b;

	buf_init(&b, 0);
	buf_add_json(&b, "a\"\\\n\x01\xff\xc3\xa9", 8);
	buf_addc(&b, '\0');
	assert_string_equal((char *)b.data,
	    "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\"");
	buf_reset(&b);
	buf_adds(&b, "[{");
	buf_add_member(&b, "a", "{");
	buf_add_member(&b, "b", "x");
	buf_adds(&b, ",\"c\":{");
	buf_add_member(&b, "d", "y");
	buf_adds(&b, "}}]");
	buf_addc(&b, '\0');
	assert_string_equal((char *)b.data,
	    "[{\"a\":\"{\",\"b\":\"x\",\"c\":{\"d\":\"y\"}}]");
	buf_reset(&b);
	buf_add_html(&b, "<a href=\"x\">'&'</a>");
	buf_addc(&b, '\0');
	assert_string_equal((char *)b.data, "&lt;a href=&quot;x&quot;&gt;"
	    "&#39;&amp;&#39;&lt;/a&gt;");
	buf_reset(&b);
	buf_add_urlenc(&b, "a b/~\xc3\xa9");
	buf_addc(&b, '\0');
	assert_string_equal((char *)b.data, "a%20b%2F~%C3%A9");
	buf_free(&b);
}

static void
buffers_are_bounded(void **state)
{
	struct buf	b;

	buf_init(&b, 10);
	assert_int_equal(buf_add(&b, "0123456789", 10), 0);
	assert_int_equal(buf_addc(&b, 'x'), -1);
	assert_int_equal(b.len, 10);
	assert_int_equal(buf_addc(&b, 'x'), -1);
	buf_reset(&b);
	assert_int_equal(buf_addf(&b, "%d", 42), 0);
	assert_int_equal(buf_addu(&b, 0), 0);
	assert_memory_equal(b.data, "420", 3);
	buf_consume(&b, 2);
	assert_int_equal(b.len, 1);
	buf_free(&b);
}

static void
log_lines_cannot_break(void **state)
{
	char	out[64];

	log_vis(out, sizeof(out), "a\nb\\\x1b[0m\xc3\xa9\xff");
	assert_string_equal(out, "a\\nb\\\\\\033[0m\xc3\xa9\\377");
	log_vis(out, 4, "abcdef");
	assert_string_equal(out, "abc");
}

static void
clock_texts(void **state)
{
	char	out[32];

	wall_ver(1785856860000, out);
	assert_string_equal(out, "26.08.04.1521");
	wall_iso(1785856860007, out);
	assert_string_equal(out, "2026-08-04T15:21:00.007Z");
}

static void
permissions(void **state)
{
	assert_int_equal(perm_find("syslog", 6), PERM_SYSTEMLOGS);
	assert_int_equal(perm_find("system-logs", 11), PERM_SYSTEMLOGS);
	assert_int_equal(perm_find("toolsdbbrowser", 14), PERM_TABLEBROWSER);
	assert_int_equal(perm_find("tablebrowse", 11), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b64url_roundtrip),
		cmocka_unit_test(b64url_refuses),
		cmocka_unit_test(utf8_cases),
		cmocka_unit_test(names_for_people),
		cmocka_unit_test(fixed_arrays),
		cmocka_unit_test(numbers),
		cmocka_unit_test(uuids),
		cmocka_unit_test(escapes),
		cmocka_unit_test(buffers_are_bounded),
		cmocka_unit_test(log_lines_cannot_break),
		cmocka_unit_test(clock_texts),
		cmocka_unit_test(permissions),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
