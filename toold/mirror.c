/* SPDX-License-Identifier: ISC */
/*
 * mirror.c: see mirror.h.  Runs in toold; the schema is our own, the rest
 * comes from the network.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "mirror.h"
#include "rpc.h"

#define VALUE_MAX	4096

/* The one field of that name: 1, 0 none, -1 more. */
static int
field_find(const struct span *fields, const char *name, struct span *value)
{
	const char *p = fields->p, *end = p + fields->len, *nl, *colon;
	char key[128];
	int n = 0;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			break;
		colon = memchr(p, ':', (size_t)(nl - p));
		if (colon == NULL || text_setn(key, sizeof(key), p,
		    (size_t)(colon - p)) == -1 || ascii_casecmp(key, name) != 0)
			continue;
		value->p = colon + 1;
		value->len = (size_t)(nl - colon) - 1;
		n++;
	}
	return (n > 1 ? -1 : n);
}

static int
printable(const struct span *v)
{
	size_t i;

	for (i = 0; i < v->len; i++)
		if (v->p[i] != '\t' && (v->p[i] < ' ' || v->p[i] > '~'))
			return (0);
	return (1);
}

/* Is the text what this value is written as. */
static int
value_is(const json_t *v, const char *text, size_t len)
{
	char *end;

	if (json_is_string(v))
		return (json_string_length(v) == len &&
		    memcmp(json_string_value(v), text, len) == 0);
	if (json_is_boolean(v))
		return (strcmp(text, json_is_true(v) ? "true" : "false") == 0);
	if (!json_is_number(v) || len == 0 || text[0] == ' ')
		return (0);
	return (json_number_value(v) == strtod(text, &end) && *end == '\0');
}

static int
mismatch(struct mcp *m, const char *name, const char *what)
{
	m->reply->status = 400;
	mcp_error(m, RPC_HEADER_MISMATCH, NULL, "Header mismatch: Mcp-Param-%s "
	    "%s", name, what);
	return (-1);
}

static int
check_one(struct mcp *m, const char *name, const json_t *v)
{
	char text[VALUE_MAX + 1];
	struct span field;
	long n;

	switch (field_find(&m->req->params, name, &field)) {
	case 0:
		return (mismatch(m, name, "is required"));
	case -1:
		return (mismatch(m, name, "is there more than once"));
	}
	if (!printable(&field))
		return (mismatch(m, name, "has a character that must be "
		    "encoded"));
	n = mcp_header_value(&field, text, VALUE_MAX);
	if (n == -1)
		return (mismatch(m, name, "is not well encoded"));
	text[n] = '\0';
	if (!value_is(v, text, (size_t)n))
		return (mismatch(m, name, "is not what the arguments say"));
	return (0);
}

int
mirror_check(struct mcp *m, const json_t *mirrors, const json_t *args)
{
	const json_t *v;
	json_t *all, *path, *key;
	const char *name;
	size_t i;

	memcpy(&all, &mirrors, sizeof(all));	/* it is only read */
	json_object_foreach(all, name, path) {
		v = args;
		json_array_foreach(path, i, key)
			v = json_object_get(v, json_string_value(key));
		if (v != NULL && !json_is_null(v) &&
		    check_one(m, name, v) == -1)
			return (-1);
	}
	return (0);
}
