/* SPDX-License-Identifier: ISC */
/*
 * row_conv.c: values from one field type to another while a table is
 * rebuilt, counting what does not survive.  Runs in keepd-toold, called by
 * SQLite for each value; the same function counts for a refusal, for a dry
 * run and for the change itself.
 */
#include <stdlib.h>
#include <string.h>

#include "table.h"

static struct conv	*convs;
static size_t		 nconvs;

void
conv_set(struct conv *list, size_t n)
{
	convs = list;
	nconvs = n;
}

void
value_bind(struct stmt *st, int i, const struct value *v)
{
	switch (v->kind) {
	case V_NULL:
		sql_bind_null(st, i);
		break;
	case V_INT:
		sql_bind_int(st, i, v->n);
		break;
	case V_TEXT:
		sql_bind_text(st, i, v->s, v->len);
		break;
	case V_BLOB:
		sql_bind_blob(st, i, v->s, v->len);
		break;
	}
}

static void
give(sqlite3_context *ctx, const struct value *v)
{
	switch (v->kind) {
	case V_NULL:
		sqlite3_result_null(ctx);
		break;
	case V_INT:
		sqlite3_result_int64(ctx, v->n);
		break;
	case V_TEXT:
		sqlite3_result_text(ctx, v->s, (int)v->len, SQLITE_TRANSIENT);
		break;
	case V_BLOB:
		sqlite3_result_blob(ctx, v->s, (int)v->len, SQLITE_TRANSIENT);
		break;
	}
}

/* What stands where a value was lost or never was. */
static void
give_default(sqlite3_context *ctx, struct conv *c)
{
	if (c->has_dflt && !c->to->nullable)
		give(ctx, &c->dflt);
	else {
		c->empty += !c->to->nullable;
		sqlite3_result_null(ctx);
	}
}

/* Bytes of the first n characters. */
static size_t
first_chars(const char *s, size_t len, unsigned int n)
{
	size_t	i;

	for (i = 0; i < len; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return (i);
}

/* A text that is too long for the new length is cut; that is a loss. */
static int
shorten(struct conv *c, struct buf *b, struct value *v)
{
	const struct ftype_row	*row = ftype_row(c->to->type);
	unsigned int		 max = row->max;
	char			 why[128];

	if (!(row->flags & FF_TEXT) || b->data == NULL)
		return (-1);
	if (row->flags & FF_LENGTH && c->to->length != 0)
		max = c->to->length;
	if (c->to->max != 0 && (max == 0 || c->to->max < max))
		max = c->to->max;
	if (max == 0)
		return (-1);
	b->len = first_chars((const char *)b->data, b->len, max);
	if (value_from_text(c->to, (const char *)b->data, b->len, v, why,
	    sizeof(why)) == -1)
		return (-1);
	c->shortened++;
	return (0);
}

/* Notations that differ though the value is the same. */
static void
adapt(const struct conv *c, sqlite3_value *in, struct buf *b)
{
	enum ftype	from = c->from->type, to = c->to->type;
	int		to_num, from_num;

	to_num = to == FT_SMALLINT || to == FT_INTEGER || to == FT_BIGINT ||
	    to == FT_DECIMAL;
	from_num = from == FT_SMALLINT || from == FT_INTEGER ||
	    from == FT_BIGINT;
	if (from == FT_BOOLEAN && to_num) {
		buf_reset(b);
		buf_addc(b, sqlite3_value_int(in) ? '1' : '0');
	} else if (from_num && to == FT_BOOLEAN && b->len == 1 &&
	    (b->data[0] == '0' || b->data[0] == '1')) {
		to_num = b->data[0] == '1';
		buf_reset(b);
		buf_adds(b, to_num ? "true" : "false");
	}
}

/* kd_conv(k, value) */
static void
fn_conv(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	struct conv	*c;
	struct value	 v;
	struct buf	 b;
	char		 why[128];
	size_t		 k = (size_t)sqlite3_value_int(argv[0]);

	(void)argc;
	if (convs == NULL || k >= nconvs) {
		sqlite3_result_error(ctx, "no conversion is under way", -1);
		return;
	}
	c = &convs[k];
	if (sqlite3_value_type(argv[1]) == SQLITE_NULL) {
		c->filled += c->has_dflt && !c->to->nullable;
		give_default(ctx, c);
		return;
	}
	memset(&v, 0, sizeof(v));
	buf_init(&b, STORE_TEXT_MAX);
	if (value_text(&b, c->from->type, argv[1]) == -1)
		sqlite3_result_error_toobig(ctx);
	else {
		adapt(c, argv[1], &b);
		if (value_from_text(c->to, b.data != NULL ?
		    (const char *)b.data : "", b.len, &v, why,
		    sizeof(why)) == 0 || shorten(c, &b, &v) == 0)
			give(ctx, &v);
		else {
			c->lost++;
			give_default(ctx, c);
		}
	}
	value_free(&v);
	buf_free(&b);
}

static int
collate_decimal(void *arg, int alen, const void *a, int blen, const void *b)
{
	(void)arg;
	return (decimal_compare(a, (size_t)alen, b, (size_t)blen));
}

int
conv_functions(sqlite3 *db)
{
	int	rc;

	rc = sqlite3_create_function_v2(db, "kd_conv", 2, SQLITE_UTF8 |
	    SQLITE_DIRECTONLY, NULL, fn_conv, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_collation_v2(db, "kd_dec", SQLITE_UTF8,
		    NULL, collate_decimal, NULL);
	return (rc);
}
