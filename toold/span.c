/* SPDX-License-Identifier: ISC */
/*
 * span.c: where a JSON value ends, without taking memory.  Pure.  Finds the
 * artifacts of a file, each of which is then parsed alone; it is the parser
 * that judges the syntax in between.
 */
#include "transfer.h"

#define DEPTH_MAX	64

/* Behind the closing quote of a string that begins at p. */
static const char *
string_end(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\') {
			if (++p == end)
				return (NULL);
		} else if (*p == '"')
			return (p + 1);
	}
	return (NULL);
}

static int
ends_scalar(char c)
{
	return (c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' ||
	    c == '\n' || c == '\r' || c == ':');
}

const char *
value_end(const char *p, const char *end)
{
	unsigned int	depth = 0, tokens = 0;

	for (; p < end; p++) {
		switch (*p) {
		case '{':
		case '[':
			if (++depth > DEPTH_MAX || ++tokens >
			    TRANSFER_TOKENS_MAX)
				return (NULL);
			continue;
		case '}':
		case ']':
			if (depth == 0 || --depth == 0)
				return (depth == 0 ? p + 1 : NULL);
			continue;
		case ',':
		case ':':
		case ' ':
		case '\t':
		case '\n':
		case '\r':
			continue;
		case '"':
			if ((p = string_end(p, end)) == NULL)
				return (NULL);
			break;
		default:
			while (p < end && !ends_scalar(*p))
				p++;
			break;
		}
		if (depth == 0)
			return (p);
		if (++tokens > TRANSFER_TOKENS_MAX)
			return (NULL);
		p--;
	}
	return (NULL);
}
