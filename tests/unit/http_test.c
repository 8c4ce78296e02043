/* SPDX-License-Identifier: ISC */
/* http_test.c: the request parser (master/listener/http.c). */
/* link: master/listener/http.o */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "master/listener/http.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define H		"Host: h\r\n"

static const struct http_limits limits = { 4096, 1024, 16 };

/* Scan byte by byte, each time in an exact-size copy; then parse. */
static int
slow(const char *in, size_t len, struct http_head *h, size_t *used)
{
	struct http_scan s;
	struct http_error e = { 0, NULL };
	enum http_verdict v = HTTP_MORE;
	size_t n;
	char *copy;

	memset(&s, 0, sizeof(s));
	for (n = 1; n <= len && v == HTTP_MORE; n++) {
		copy = malloc(n);
		assert_non_null(copy);
		memcpy(copy, in, n);
		v = http_scan(&s, &limits, copy, n, &e);
		free(copy);
	}
	*used = s.pos;
	if (v == HTTP_BAD)
		return (e.status);
	if (v == HTTP_MORE)
		return (0);
	return (http_parse(in, s.pos, h, &e) == 0 ? 200 : e.status);
}

static int
fast(const char *in, size_t len, struct http_head *h, size_t *used)
{
	struct http_scan s;
	struct http_error e = { 0, NULL };
	enum http_verdict v;

	memset(&s, 0, sizeof(s));
	v = http_scan(&s, &limits, in, len, &e);
	*used = s.pos;
	if (v == HTTP_BAD)
		return (e.status);
	if (v == HTTP_MORE)
		return (0);
	return (http_parse(in, s.pos, h, &e) == 0 ? 200 : e.status);
}

static int
both(const char *in, size_t len, struct http_head *h, size_t *used)
{
	size_t u1, u2;
	int a, b;

	a = slow(in, len, h, &u1);
	b = fast(in, len, h, &u2);
	if (a != b)
		fail_msg("in pieces %d, at once %d: %s", a, b, in);
	if (a == 200)
		assert_int_equal(u1, u2);
	*used = u2;
	return (b);
}

static void
test_good(void **state)
{
	static const char in[] = "POST /mcp?mode=ro HTTP/1.1\r\n"
	    "hOsT:  keep.example:8443 \r\nContent-Length: 12\r\n"
	    "Authorization: Bearer abc\r\nX-Other: \xc3\xa4\r\n"
	    "Accept: application/json, text/event-stream\r\n\r\nleftover";
	struct http_head h;
	size_t used;

	assert_int_equal(both(in, sizeof(in) - 1, &h, &used), 200);
	assert_int_equal(used, sizeof(in) - 1 - 8);
	assert_int_equal(h.method, HTTP_POST);
	assert_int_equal(h.minor, 1);
	assert_true(http_eq(h.path, "/mcp"));
	assert_true(http_eq(h.query, "mode=ro"));
	assert_true(http_eq(h.one[HF_HOST], "keep.example:8443"));
	assert_true(http_eq(h.one[HF_AUTHORIZATION], "Bearer abc"));
	assert_true(h.has_length);
	assert_int_equal(h.length, 12);
	assert_false(h.chunked || h.close || h.expect);
	assert_int_equal(h.nhdr, 5);
}

static void
test_forms(void **state)
{
	struct http_head h;
	size_t n;
	const char *s;

	s = "\r\nGET / HTTP/1.1\r\n" H "\r\n";
	assert_int_equal(both(s, strlen(s), &h, &n), 200);
	s = "OPTIONS * HTTP/1.1\r\n" H "\r\n";
	assert_int_equal(both(s, strlen(s), &h, &n), 200);
	assert_true(http_eq(h.path, "*"));
	s = "GET http://H?x HTTP/1.1\r\n" H "\r\n";
	assert_int_equal(both(s, strlen(s), &h, &n), 200);
	assert_true(http_eq(h.path, "/"));
	assert_true(http_eq(h.query, "x"));
	s = "GET / HTTP/1.0\r\n\r\n";
	assert_int_equal(both(s, strlen(s), &h, &n), 200);
	assert_true(h.close);
	s = "GET / HTTP/1.1\r\n" H "Connection: x, CLOSE\r\n\r\n";
	assert_int_equal(both(s, strlen(s), &h, &n), 200);
	assert_true(h.close);
	s = "POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\n"
	    "Transfer-Encoding: Chunked\r\n\r\n";
	assert_int_equal(both(s, strlen(s), &h, &n), 200);
	assert_true(h.expect && h.chunked);
	s = "GET / HTTP/1.1\r\n" H "\r";
	assert_int_equal(both(s, strlen(s), &h, &n), 0);
}

/* Each of these must be refused, whole and byte by byte, with its status. */
static void
test_refused(void **state)
{
	static const struct {
		int status;
		const char *in;
	} t[] = {
	{ 400, "\x16\x03\x01" },
	{ 400, "GET / HTTP/1.1\n" H "\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: h\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: h\r\n\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n" },
	{ 400, "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n" },
	{ 400, " GET / HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET  / HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /  HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET / HTTP/1.1 \r\n" H "\r\n" },
	{ 400, "GET\t/ HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /\r\n" H "\r\n" },
	{ 400, "GET\r\n\r\n" },
	{ 400, "GET / http/1.1\r\n" H "\r\n" },
	{ 400, "GET / HTTP/11\r\n" H "\r\n" },
	{ 505, "GET / HTTP/2.0\r\n" H "\r\n" },
	{ 505, "GET / HTTP/1.2\r\n" H "\r\n" },
	{ 505, "GET / HTTP/0.9\r\n" H "\r\n" },
	{ 505, "PRI * HTTP/2.0\r\n\r\n" },
	{ 501, "get / HTTP/1.1\r\n" H "\r\n" },
	{ 501, "BREW / HTTP/1.1\r\n" H "\r\n" },
	{ 501, "CONNECT h:1 HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GE(T / HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET x HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET * HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET ftp://h/ HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET http:///x HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET http://other/ HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET http://u@h/ HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /#f HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /a\\b HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /a?\"x HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /\x80 HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /% HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /%4 HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET /?a=%x1 HTTP/1.1\r\n" H "\r\n" },
	{ 400, "GET / HTTP/1.1\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H H "\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "Host : h\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X\t: h\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H " folded\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H ": x\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X(: x\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X: \x01\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "X\x80: y\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "Origin: \xc3\xa4\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "Origin: a\r\nOrigin: a\r\n\r\n" },
	{ 400, "GET / HTTP/1.1\r\n" H "Authorization: a\r\n"
	    "authorization: b\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\n"
	    "Content-Length: 1\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H "Content-Length: 1 2\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n" },
	{ 413, "POST / HTTP/1.1\r\n" H
	    "Content-Length: 99999999999999999999\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H "Content-Length: 4\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n"
	    "Content-Length: 4\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n" },
	{ 400, "POST / HTTP/1.0\r\n" H
	    "Transfer-Encoding: chunked\r\n\r\n" },
	{ 501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n" },
	{ 501, "POST / HTTP/1.1\r\n" H
	    "Transfer-Encoding: chunked, chunked\r\n\r\n" },
	{ 501, "POST / HTTP/1.1\r\n" H
	    "Transfer-Encoding: gzip, chunked\r\n\r\n" },
	{ 501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n" },
	{ 501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n" },
	{ 400, "POST / HTTP/1.1\r\n" H
	    "Transfer-Encoding: \x0b" "chunked\r\n\r\n" },
	{ 415, "POST / HTTP/1.1\r\n" H "Content-Encoding: gzip\r\n\r\n" },
	{ 417, "POST / HTTP/1.1\r\n" H "Expect: bribe\r\n\r\n" }
	};
	struct http_head h;
	size_t i, n;
	int got;

	for (i = 0; i < COUNT(t); i++) {
		got = both(t[i].in, strlen(t[i].in), &h, &n);
		if (got != t[i].status)
			fail_msg("%d, not %d: %s", got, t[i].status, t[i].in);
	}
}

static void
test_nul(void **state)
{
	static const char a[] = "GET / HTTP/1.1\r\nHost: h\0x\r\n\r\n";
	static const char b[] = "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n";
	static const char c[] = "GET / HTTP/1.1\r\nHo\0st: h\r\n\r\n";
	struct http_head h;
	size_t n;

	assert_int_equal(both(a, sizeof(a) - 1, &h, &n), 400);
	assert_int_equal(both(b, sizeof(b) - 1, &h, &n), 400);
	assert_int_equal(both(c, sizeof(c) - 1, &h, &n), 400);
}

/* Each byte at each place of a long value: values are read by eights. */
static void
test_value_bytes(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: h\r\nX-A: ";
	struct http_error e;
	struct http_head h;
	char in[128];
	size_t at, n = sizeof(head) - 1;
	int c, good;

	for (c = 0; c < 256; c++) {
		if (c == '\r' || c == '\n')
			continue;
		good = c == '\t' || (c >= 0x20 && c != 0x7f);
		for (at = 0; at < 24; at++) {
			memset(in, 'v', sizeof(in));
			memcpy(in, head, n);
			in[n + at] = (char)c;
			memcpy(in + n + 24, "\r\n\r\n", 4);
			assert_int_equal(http_parse(in, n + 28, &h, &e),
			    good ? 0 : -1);
		}
	}
}

static void
test_limits(void **state)
{
	char in[8192];
	struct http_head h;
	size_t n, i;

	memset(in, 'a', sizeof(in));
	memcpy(in, "GET /", 5);
	assert_int_equal(both(in, 1025, &h, &n), 0);
	assert_int_equal(both(in, 1026, &h, &n), 414);
	strcpy(in, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (i = 1; i < 16; i++)
		strcat(in, "X: y\r\n");
	n = strlen(in);
	strcat(in, "\r\n");
	assert_int_equal(both(in, strlen(in), &h, &i), 200);
	strcpy(in + n, "X: y\r\n\r\n");
	assert_int_equal(both(in, strlen(in), &h, &i), 431);
	memset(in + n, 'b', 4096);
	assert_int_equal(both(in, 4096, &h, &i), 0);
	assert_int_equal(both(in, 4097, &h, &i), 431);
}

static void
test_path(void **state)
{
	static const char *const bad[] = { "/a%00", "/%2f", "/%5C", "/%25",
		"/a%2", "/%0d", "/%7f", "/%ff", "/./a", "/a/..", "/%2e%2e/a",
		"/.%2e" };
	struct http_str s;
	char out[16];
	size_t i;

	s.p = "/%6dcp/%C3%A4";
	s.len = strlen(s.p);
	assert_int_equal(http_path(s, out, sizeof(out)), 0);
	assert_string_equal(out, "/mcp/\xc3\xa4");
	for (i = 0; i < COUNT(bad); i++) {
		s.p = bad[i];
		s.len = strlen(s.p);
		if (http_path(s, out, sizeof(out)) == 0)
			fail_msg("accepted: %s", bad[i]);
	}
	s.p = "/23456789012345";
	s.len = 15;
	assert_int_equal(http_path(s, out, sizeof(out)), 0);
	s.p = "/234567890123456";
	s.len = 16;
	assert_int_equal(http_path(s, out, sizeof(out)), -1);
}

/* Feed in pieces of step bytes: 200 with the text, 0, or a status. */
static int
chunks(const char *in, size_t len, size_t step, char *out, size_t *total)
{
	struct http_chunk c;
	struct http_error e;
	struct http_str d;
	enum http_verdict v;
	size_t off = 0, n, used;

	memset(&c, 0, sizeof(c));
	*total = 0;
	while (off < len) {
		n = len - off < step ? len - off : step;
		v = http_chunk(&c, in + off, n, &used, &d, &e);
		if (v == HTTP_BAD)
			return (e.status);
		memcpy(out + *total, d.p == NULL ? "" : d.p, d.len);
		*total += d.len;
		off += used;
		if (v == HTTP_DONE)
			return (off == len ? 200 : 201);
	}
	return (0);
}

static void
test_chunks_good(void **state)
{
	static const char in[] = "4\r\nWiki\r\n00B;a=b;c=\"d\"\r\n"
	    "pedia in pi\r\n0\r\nX-T: v\r\n\r\n";
	char out[64];
	size_t step, n;

	for (step = 1; step < sizeof(in); step++) {
		assert_int_equal(chunks(in, sizeof(in) - 1, step, out, &n),
		    200);
		assert_int_equal(n, 15);
		assert_memory_equal(out, "Wikipedia in pi", 15);
	}
	assert_int_equal(chunks("0\r\n\r\nGET", 8, 8, out, &n), 201);
	assert_int_equal(chunks("4\r\nWi", 5, 1, out, &n), 0);
}

static void
test_chunks_bad(void **state)
{
	static const struct {
		int status;
		const char *in;
	} t[] = {
		{ 400, "\r\n" }, { 400, "g\r\n" }, { 400, "-1\r\n" },
		{ 400, "0x4\r\n" }, { 400, " 4\r\n" }, { 400, "4 \r\n" },
		{ 400, "4\n" }, { 400, "4\rx" }, { 400, "4;a\nWiki" },
		{ 400, "4;a\x01" }, { 413, "100000000\r\n" },
		{ 413, "000000004\r\n" }, { 400, "4\r\nWikiX" },
		{ 400, "4\r\nWiki\n0" }, { 400, "4\r\nWiki\rX" },
		{ 400, "0\r\n\n" }, { 400, "0\r\nX\r\n\r\n" },
		{ 400, "0\r\n X: y\r\n\r\n" }, { 400, "0\r\nX : y\r\n\r\n" },
		{ 400, "0\r\n: y\r\n\r\n" }, { 400, "0\r\nX: y\n\r\n" }
	};
	char out[64], big[2 * HTTP_CHUNK_LINE];
	size_t i, n;
	int a, b;

	for (i = 0; i < COUNT(t); i++) {
		a = chunks(t[i].in, strlen(t[i].in), 1, out, &n);
		b = chunks(t[i].in, strlen(t[i].in), 64, out, &n);
		if (a != t[i].status || b != t[i].status)
			fail_msg("%d %d: %s", a, b, t[i].in);
	}
	memset(big, 'e', sizeof(big));
	big[0] = '4';
	big[1] = ';';
	assert_int_equal(chunks(big, 2 + HTTP_CHUNK_LINE, 9, out, &n), 0);
	assert_int_equal(chunks(big, 3 + HTTP_CHUNK_LINE, 9, out, &n), 413);
}

static struct http_str
str(const char *s)
{
	struct http_str r = { s, strlen(s) };

	return (r);
}

static void
test_fields(void **state)
{
	static const char in[] = "GET / HTTP/1.1\r\n" H
	    "Accept: text/html;q=0.9, application/json;q=0\r\n"
	    "Accept: Text/Event-Stream\r\n"
	    "Cookie: a=1; keepd-x=abc; b=\r\nCookie: keepd-y=2\r\n"
	    "Cookie: d=1; d=2; e=3; e=3\r\n\r\n";
	struct http_head h;
	char out[4];
	size_t n;

	assert_int_equal(both(in, sizeof(in) - 1, &h, &n), 200);
	assert_true(http_accepts(&h, "text/html"));
	assert_true(http_accepts(&h, "text/event-stream"));
	assert_false(http_accepts(&h, "application/json"));
	assert_false(http_accepts(&h, "text/plain"));
	assert_int_equal(http_cookie(&h, "keepd-x", out, sizeof(out)), 0);
	assert_string_equal(out, "abc");
	assert_int_equal(http_cookie(&h, "keepd-y", out, sizeof(out)), 0);
	assert_string_equal(out, "2");
	assert_int_equal(http_cookie(&h, "b", out, sizeof(out)), 0);
	assert_string_equal(out, "");
	assert_int_equal(http_cookie(&h, "keepd", out, sizeof(out)), -1);
	assert_int_equal(http_cookie(&h, "keepd-x", out, 3), -1);
	assert_int_equal(http_cookie(&h, "d", out, sizeof(out)), -1);
	assert_int_equal(http_cookie(&h, "e", out, sizeof(out)), 0);

	assert_true(http_media_is(str("application/json"),
	    "application/json"));
	assert_true(http_media_is(str("Application/JSON ; charset=\"UTF-8\""),
	    "application/json"));
	assert_false(http_media_is(str("application/json; charset=latin1"),
	    "application/json"));
	assert_false(http_media_is(str("application/jsonx"),
	    "application/json"));
	assert_false(http_media_is(str(""), "application/json"));
	assert_true(http_list_has(str("a, B ,c"), "b"));
	assert_false(http_list_has(str("ab"), "b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_value_bytes),
		cmocka_unit_test(test_chunks_good),
		cmocka_unit_test(test_chunks_bad),
		cmocka_unit_test(test_fields)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
