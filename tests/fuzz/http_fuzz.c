/* SPDX-License-Identifier: ISC */
/*
 * http_fuzz.c: the request parser.  First byte 'c': a chunked body, fed
 * whole and byte by byte, both must agree.  Else: a header section, the
 * same way, and everything that reads fields of it.  What is refused whole
 * must be refused in pieces.
 */
/* link: master/listener/http.o */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "master/listener/http.h"

static const struct http_limits limits = { 8192, 2048, 64 };

static int
chunk_run(const char *p, size_t len, size_t step, size_t *sum)
{
	struct http_chunk c;
	struct http_error e;
	struct http_str d;
	enum http_verdict v = HTTP_MORE;
	size_t off = 0, n, used;

	memset(&c, 0, sizeof(c));
	*sum = 0;
	while (off < len && v == HTTP_MORE) {
		n = len - off < step ? len - off : step;
		v = http_chunk(&c, p + off, n, &used, &d, &e);
		if (v == HTTP_BAD)
			return (-1);
		if (used == 0 || used > n || d.len > used)
			abort();
		*sum += d.len;
		off += used;
	}
	return (v == HTTP_DONE ? (int)off : 0);
}

static int
head_run(const char *p, size_t len, size_t step, struct http_head *h)
{
	struct http_scan s;
	struct http_error e = { 0, NULL };
	enum http_verdict v = HTTP_MORE;
	size_t n = 0;

	memset(&s, 0, sizeof(s));
	while (n < len && v == HTTP_MORE) {
		n = len - n < step ? len : n + step;
		v = http_scan(&s, &limits, p, n, &e);
	}
	if (v == HTTP_MORE)
		return (0);
	if (v == HTTP_DONE && s.pos > n)
		abort();
	if (v == HTTP_DONE && http_parse(p, s.pos, h, &e) == 0)
		return (200);
	if (e.status < 400 || e.why == NULL)
		abort();
	return (e.status);
}

static void
head_read(const struct http_head *h)
{
	char out[256];

	if (h->has_length && h->chunked)
		abort();
	if (h->minor == 1 && h->one[HF_HOST].len == 0)
		abort();
	if (http_path(h->path, out, sizeof(out)) == 0 &&
	    (strstr(out, "/../") != NULL || strlen(out) >= sizeof(out)))
		abort();
	http_accepts(h, "text/html");
	http_cookie(h, "a", out, sizeof(out));
	http_media_is(h->one[HF_CONTENT_TYPE], "application/json");
}

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct http_head h;
	const char *p = (const char *)data;
	size_t a, b;
	int x, y;

	if (len == 0)
		return (0);
	if (p[0] == 'c') {
		x = chunk_run(p + 1, len - 1, len, &a);
		y = chunk_run(p + 1, len - 1, 1, &b);
		if (x != y || (x >= 0 && a != b))
			abort();
		return (0);
	}
	x = head_run(p + 1, len - 1, len, &h);
	y = head_run(p + 1, len - 1, 1, &h);
	/* Which of two faults is seen first may depend on the pieces. */
	if (x != y && (x < 400 || y < 400))
		abort();
	if (x == 200)
		head_read(&h);
	return (0);
}
