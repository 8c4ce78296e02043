/* SPDX-License-Identifier: ISC */
/*
 * json.c: takes the answer of a tool apart, without building anything.
 * Runs in keepctl as the admin.  Trusts nothing of its input: bounded depth,
 * every read behind a length.  Pure.
 */
#include <string.h>

#include "keepctl.h"

#define DEPTH_MAX	64

static const char *value_skip(const char *, const char *, int);

static const char *
blank_skip(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' ||
	    *p == '\r'))
		p++;
	return (p);
}

/* p is behind the opening quote; returns behind the closing one. */
static const char *
string_skip(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '"')
			return (p + 1);
		if (*p == '\\')
			p++;
	}
	return (NULL);
}

/*
 * Members of an object or elements of an array; p is behind the bracket.
 * With a name or a number to look for, *found is set when it is met.
 */
static const char *
list_walk(const char *p, const char *end, char close, int depth,
    const char *name, unsigned int want, struct json *found)
{
	const char	*key = NULL, *val;
	unsigned int	 i = 0;
	size_t		 keylen = 0;

	for (p = blank_skip(p, end); p < end && *p != close; i++) {
		if (close == '}') {
			if (*p++ != '"' || (val = string_skip(p, end)) == NULL)
				return (NULL);
			key = p;
			keylen = (size_t)(val - p) - 1;
			p = blank_skip(val, end);
			if (p == end || *p++ != ':')
				return (NULL);
		}
		val = blank_skip(p, end);
		if ((p = value_skip(val, end, depth)) == NULL)
			return (NULL);
		if (found != NULL && found->p == NULL && (name != NULL ?
		    key != NULL && strlen(name) == keylen &&
		    memcmp(name, key, keylen) == 0 : i == want)) {
			found->p = val;
			found->len = (size_t)(p - val);
		}
		p = blank_skip(p, end);
		if (p < end && *p == ',') {
			p = blank_skip(p + 1, end);
			if (p < end && *p == close)
				return (NULL);
		} else if (p < end && *p != close)
			return (NULL);
	}
	return (p < end ? p + 1 : NULL);
}

static const char *
value_skip(const char *p, const char *end, int depth)
{
	const char	*start = p;

	if (p == end || depth > DEPTH_MAX)
		return (NULL);
	if (*p == '"')
		return (string_skip(p + 1, end));
	if (*p == '{' || *p == '[')
		return (list_walk(p + 1, end, *p == '{' ? '}' : ']',
		    depth + 1, NULL, 0, NULL));
	while (p < end && strchr(" \t\r\n,]}:", *p) == NULL)
		p++;
	return (p > start ? p : NULL);
}

static int
list_find(struct json j, char open, const char *name, unsigned int want,
    struct json *out)
{
	const char	*end = j.p + j.len;

	out->p = NULL;
	out->len = 0;
	if (j.len == 0 || *j.p != open || list_walk(j.p + 1, end,
	    open == '{' ? '}' : ']', 1, name, want, out) == NULL)
		return (-1);
	return (out->p != NULL ? 0 : -1);
}

int
json_member(struct json j, const char *name, struct json *out)
{
	return (list_find(j, '{', name, 0, out));
}

int
json_element(struct json j, unsigned int i, struct json *out)
{
	return (list_find(j, '[', NULL, i, out));
}

int
json_is(struct json j, const char *literal)
{
	return (j.len == strlen(literal) && memcmp(j.p, literal, j.len) == 0);
}

int
json_valid(struct json j)
{
	const char	*end = j.p + j.len, *p;

	p = value_skip(blank_skip(j.p, end), end, 0);
	return (p != NULL && blank_skip(p, end) == end);
}

/* \uXXXX at p as a code unit, or -1. */
static long
hex_unit(const char *p, const char *end)
{
	static const char digits[] = "0123456789abcdef";
	const char	*d;
	long		 n = 0;
	int		 i;

	if (end - p < 4)
		return (-1);
	for (i = 0; i < 4; i++) {
		d = strchr(digits, p[i] | 0x20);
		if (p[i] == '\0' || d == NULL)
			return (-1);
		n = n * 16 + (d - digits);
	}
	return (n);
}

static size_t
utf8_put(char *out, unsigned long c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return (1);
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return (2);
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return (3);
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return (4);
}

/* The escape behind a backslash at *p into out (4 bytes): bytes, or 0. */
static size_t
escape_put(const char **p, const char *end, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char	*e;
	long		 hi, lo;

	if (*p < end && **p != '\0' && (e = strchr(from, **p)) != NULL) {
		(*p)++;
		out[0] = to[e - from];
		return (1);
	}
	if (*p == end || **p != 'u' || (hi = hex_unit(*p + 1, end)) == -1)
		return (0);
	*p += 5;
	if (hi < 0xd800 || hi > 0xdfff)
		return (utf8_put(out, (unsigned long)hi));
	if (hi > 0xdbff || end - *p < 6 || (*p)[0] != '\\' ||
	    (*p)[1] != 'u' || (lo = hex_unit(*p + 2, end)) < 0xdc00 ||
	    lo > 0xdfff)
		return (utf8_put(out, 0xfffd));
	*p += 6;
	return (utf8_put(out, (unsigned long)(0x10000 +
	    ((hi - 0xd800) << 10) + (lo - 0xdc00))));
}

int
json_string(struct json j, char *out, size_t size)
{
	const char	*p = j.p + 1, *end = j.p + j.len - 1;
	char		 one[4];
	size_t		 o = 0, n;

	if (j.len < 2 || *j.p != '"')
		return (-1);
	while (p < end) {
		if (*p != '\\') {
			one[0] = *p++;
			n = 1;
		} else {
			p++;
			if ((n = escape_put(&p, end, one)) == 0)
				return (-1);
		}
		if (o + n >= size)
			break;
		memcpy(out + o, one, n);
		o += n;
	}
	out[o] = '\0';
	return (0);
}
