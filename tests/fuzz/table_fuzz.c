/* SPDX-License-Identifier: ISC */
/*
 * table_fuzz.c: definitions of tables: what is taken must come out of its
 * own text unchanged.
 */
/* link: toold/table_parse.o toold/table_text.o toold/row_value.o */
/* link: toold/store_json.o -lsqlite3 -ljansson -lm */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toold/table.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static enum tool_err
say(struct call *c, enum tool_err e, const char *fmt, va_list ap)
{
	vsnprintf(c->err, sizeof(c->err), fmt, ap);
	if (c->err[0] == '\0')
		abort();		/* an error without a word */
	return (e);
}

enum tool_err
call_fail(struct call *c, const char *fmt, ...)
{
	enum tool_err	e;
	va_list		ap;

	va_start(ap, fmt);
	e = say(c, TE_FAIL, fmt, ap);
	va_end(ap);
	return (e);
}

enum tool_err
call_invalid(struct call *c, const char *path, const char *fmt, ...)
{
	enum tool_err	e;
	va_list		ap;

	va_start(ap, fmt);
	e = say(c, TE_INVALID, fmt, ap);
	va_end(ap);
	return (e);
}

const char *
role_resolve(const char *id, const char *name)
{
	return ("aaaaaaaa-0000-4000-8000-000000000001");
}

const char *
role_name(const char *id)
{
	return ("alpha");
}

/* Parse a text: its canonical body, or nothing. */
static int
body_of(const char *text, size_t len, struct buf *out)
{
	struct table	*t = calloc(1, sizeof(*t));
	struct call	 c;
	json_t		*v;
	unsigned int	 i;
	int		 r = -1;

	memset(&c, 0, sizeof(c));
	v = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (v != NULL && t != NULL && table_parse(&c, v, NULL, t) == 0) {
		for (i = 0; i < t->nfields; i++)
			if (t->field[i].id[0] == '\0')
				snprintf(t->field[i].id, ID_SIZE, "%08x-0000-"
				    "4000-8000-000000000000", i);
		buf_adds(out, "{\"name\":");
		buf_add_json(out, t->name, strlen(t->name));
		table_body(out, t);
		buf_addc(out, '}');
		r = 0;
	} else if (v != NULL && c.err[0] == '\0')
		abort();
	table_free(t);
	json_decref(v);
	return (r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf	a, b;

	buf_init(&a, 0);
	buf_init(&b, 0);
	if (body_of((const char *)data, len, &a) == 0 &&
	    (body_of((const char *)a.data, a.len, &b) == -1 ||
	    a.len != b.len || memcmp(a.data, b.data, a.len) != 0))
		abort();
	buf_free(&a);
	buf_free(&b);
	return (0);
}
