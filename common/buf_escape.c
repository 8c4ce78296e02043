/* SPDX-License-Identifier: ISC */
/*
 * buf_escape.c: the one place where text is escaped for JSON, HTML and URIs.
 * Runs in every program; input is untrusted text, output is always safe in
 * its own syntax.
 */
#include <string.h>

#include "buf.h"
#include "utf8.h"

/* 1: the byte stands for itself inside a JSON string. */
static inline int
json_plain(uint8_t c)
{
	return (c >= 0x20 && c < 0x7f && c != '"' && c != '\\');
}

static int
json_escape(struct buf *b, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	static const char shortc[] = "\b\f\n\r\t\"\\";
	static const char name[] = "bfnrt\"\\";
	const char	*p;
	char		 out[6] = { '\\', 'u', '0', '0', 0, 0 };

	if (c != '\0' && (p = strchr(shortc, c)) != NULL) {
		out[1] = name[p - shortc];
		return (buf_add(b, out, 2));
	}
	out[4] = hex[c >> 4];
	out[5] = hex[c & 15];
	return (buf_add(b, out, 6));
}

int
buf_add_json_body(struct buf *b, const char *s, size_t len)
{
	const uint8_t	*p = (const uint8_t *)s, *end = p + len, *run;
	uint32_t	 cp;
	size_t		 n;

	while (p < end) {
		for (run = p; p < end && json_plain(*p); p++)
			;
		if (buf_add(b, run, (size_t)(p - run)) == -1)
			return (-1);
		if (p == end)
			break;
		if (*p < 0x80) {
			if (json_escape(b, *p++) == -1)
				return (-1);
			continue;
		}
		n = utf8_next(p, (size_t)(end - p), &cp);
		if (n == 0)
			buf_add(b, "\xef\xbf\xbd", 3);
		else
			buf_add(b, p, n);
		p += n == 0 ? 1 : n;
	}
	return (b->failed ? -1 : 0);
}

int
buf_add_json(struct buf *b, const char *s, size_t len)
{
	buf_addc(b, '"');
	buf_add_json_body(b, s, len);
	return (buf_addc(b, '"'));
}

int
buf_add_member(struct buf *b, const char *key, const char *val)
{
	int	first = b->len == 0 || b->data[b->len - 1] == '{';

	buf_addf(b, "%s\"%s\":", first ? "" : ",", key);
	return (buf_add_json(b, val, strlen(val)));
}

int
buf_add_html(struct buf *b, const char *s)
{
	static const char special[] = "&<>\"'";
	static const char *const name[] = {
		"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"
	};
	size_t	n;

	while (*s != '\0') {
		n = strcspn(s, special);
		buf_add(b, s, n);
		s += n;
		if (*s != '\0')
			buf_adds(b, name[strchr(special, *s++) - special]);
	}
	return (b->failed ? -1 : 0);
}

int
buf_add_urlenc(struct buf *b, const char *s)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";
	char	out[3];

	for (; *s != '\0'; s++) {
		if (strchr(plain, *s) != NULL) {
			buf_addc(b, *s);
			continue;
		}
		out[0] = '%';
		out[1] = hex[(uint8_t)*s >> 4];
		out[2] = hex[(uint8_t)*s & 15];
		buf_add(b, out, 3);
	}
	return (b->failed ? -1 : 0);
}
