/* SPDX-License-Identifier: ISC */
/*
 * row.c: query_entity_table: rows of a user table by equality, in a fixed
 * order, a page at a time.  Runs in keepd-toold; see row_cond.c for who may.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "row.h"

#define TAKE_DEFAULT	100
#define TAKE_MAX	1000

struct query_args {
	struct conds	 where;
	colref		 select[TAB_FIELDS_MAX + 5];
	unsigned int	 nselect;
	colref		 order[TAB_COLS_MAX];
	int		 desc[TAB_COLS_MAX];
	unsigned int	 norder;
	int64_t		 take, skip;
	int		 take_given;
};

static int
select_all(const struct table *t, struct query_args *q)
{
	unsigned int	i;
	colref		c;

	q->select[q->nselect++] = IC_ID;
	for (i = 0; i < t->nfields; i++)
		q->select[q->nselect++] = (colref)i;
	for (c = IC_CREATED_AT; c >= IC_LAST; c--)
		q->select[q->nselect++] = c;
	return (0);
}

static int
select_parse(struct call *c, const struct table *t, struct query_args *q)
{
	const json_t	*v = json_object_get(c->args, "select");
	const char	*s;
	char		 path[64];
	size_t		 i, k;
	colref		 col;

	if (v == NULL || json_is_null(v))
		return (select_all(t, q));
	if (!json_is_array(v) || json_array_size(v) == 0) {
		call_invalid(c, "select", "must name at least one column; "
		    "leave it out for all");
		return (-1);
	}
	for (i = 0; i < json_array_size(v); i++) {
		snprintf(path, sizeof(path), "select.%zu", i);
		s = json_string_value(json_array_get(v, i));
		if (s == NULL || (col = table_col(t, s)) == FIELD_NONE) {
			call_invalid(c, path, "'%.64s' is not a column of "
			    "table '%s'", s != NULL ? s : "?", t->name);
			return (-1);
		}
		for (k = 0; k < q->nselect && q->select[k] != col; k++)
			;
		if (k == q->nselect)
			q->select[q->nselect++] = col;
	}
	return (0);
}

static int
order_parse(struct call *c, const struct table *t, struct query_args *q)
{
	json_t		*o = json_object_get(c->args, "order");
	const char	*s, *key;
	char		 path[160];
	void		*it;
	colref		 col;

	if (o != NULL && !json_is_null(o) && !json_is_object(o)) {
		call_invalid(c, "order", "must be an object such as "
		    "{\"createdAt\":\"DESC\"}");
		return (-1);
	}
	for (it = json_object_iter(o); it != NULL;
	    it = json_object_iter_next(o, it)) {
		key = json_object_iter_key(it);
		s = json_string_value(json_object_iter_value(it));
		snprintf(path, sizeof(path), "order.%.100s", key);
		if ((col = table_col(t, key)) == FIELD_NONE ||
		    !(ftype_row(table_coltype(t, col))->flags & FF_COMPARE)) {
			call_invalid(c, path, "is not a column of table "
			    "'%s' that can be ordered by", t->name);
			return (-1);
		}
		if (s == NULL || (ascii_casecmp(s, "ASC") != 0 &&
		    ascii_casecmp(s, "DESC") != 0)) {
			call_invalid(c, path, "must be ASC or DESC");
			return (-1);
		}
		if (q->norder == TAB_COLS_MAX) {
			call_invalid(c, "order", "has more than %d columns",
			    TAB_COLS_MAX);
			return (-1);
		}
		q->desc[q->norder] = ascii_casecmp(s, "DESC") == 0;
		q->order[q->norder++] = col;
	}
	return (0);
}

static int
number_parse(struct call *c, const char *key, int64_t max, int64_t *out)
{
	const json_t	*v = json_object_get(c->args, key);

	if (v == NULL || json_is_null(v))
		return (0);
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    json_integer_value(v) > max) {
		call_invalid(c, key, "must be an integer from 0 to %lld",
		    (long long)max);
		return (-1);
	}
	*out = (int64_t)json_integer_value(v);
	return (1);
}

static void
query_text(struct buf *b, const struct table *t, const struct query_args *q)
{
	unsigned int	i;
	int		by_id = 0;

	SQL(b, "SELECT ");
	for (i = 0; i < q->nselect; i++) {
		if (i != 0)
			SQL(b, ", ");
		sql_col(b, table_phys(t, q->select[i]));
	}
	SQL(b, " FROM ");
	sql_tab(b, t->tab);
	conds_put(b, t, &q->where, 3, 0);
	SQL(b, " ORDER BY ");
	for (i = 0; i < q->norder; i++) {
		sql_col(b, table_phys(t, q->order[i]));
		if (q->desc[i])
			SQL(b, " DESC");
		SQL(b, ", ");
		by_id |= q->order[i] == IC_ID;
	}
	/* Equal rows by id; without an order, as they were inserted. */
	if (q->norder != 0 && !by_id)
		sql_col(b, IC_ID);
	else
		sql_col(b, IC_ROWID);
	SQL(b, " LIMIT ?1 OFFSET ?2");
}

static void
put_row(struct buf *b, const struct table *t, const struct query_args *q,
    struct stmt *st)
{
	const char	*name;
	unsigned int	 i;

	buf_addc(b, '{');
	for (i = 0; i < q->nselect; i++) {
		name = table_colname(t, q->select[i]);
		if (i != 0)
			buf_addc(b, ',');
		buf_add_json(b, name, strlen(name));
		buf_addc(b, ':');
		value_put(b, table_coltype(t, q->select[i]),
		    sqlite3_column_value(st->s, (int)i));
	}
	buf_addc(b, '}');
}

/* The page's rows into b: how many, -1.  *cut: the size bound was met. */
static int64_t
query_rows(const struct table *t, const struct query_args *q, struct buf *b,
    int *cut)
{
	struct stmt	*st;
	struct buf	 text;
	size_t		 max, before;
	int64_t		 n = 0;
	int		 r;

	max = q->take_given ? STORE_ANSWER_MAX : STORE_ANSWER_SOFT;
	buf_init(&text, 65536);
	query_text(&text, t, q);
	st = sql_get(SP_ROW, &text);
	buf_free(&text);
	if (st == NULL)
		return (-1);
	sql_bind_int(st, 1, q->take);
	sql_bind_int(st, 2, q->skip);
	conds_bind(st, &q->where, 3);
	while ((r = sql_step(st)) == 1) {
		before = b->len;
		if (n != 0)
			buf_addc(b, ',');
		put_row(b, t, q, st);
		/* At least one row, or nobody could ever see it. */
		if (b->len > max && n != 0) {
			b->len = before;
			*cut = 1;
			sql_done(st);
			return (n);
		}
		n++;
	}
	return (r == -1 ? -1 : n);
}

static int
query_total(const struct table *t, const struct conds *w, int64_t *total)
{
	struct stmt	*st;
	struct buf	 b;
	int		 r = -1;

	if (w->n == 0)
		return (table_count(t->tab, total));
	buf_init(&b, 65536);
	SQL(&b, "SELECT count(*) FROM ");
	sql_tab(&b, t->tab);
	conds_put(&b, t, w, 1, 0);
	if ((st = sql_get(SP_ROW, &b)) != NULL) {
		conds_bind(st, w, 1);
		if (sql_step(st) == 1) {
			*total = sql_int(st, 0);
			sql_done(st);
			r = 0;
		}
	}
	buf_free(&b);
	return (r);
}

static enum tool_err
query_run(struct call *c, const struct table *t, struct query_args *q)
{
	struct buf	rows;
	int64_t		n, total;
	colref		order = q->norder != 0 ? q->order[0] : FIELD_NONE;
	int		cut = 0;

	buf_init(&rows, 4 * STORE_ANSWER_MAX);
	n = query_rows(t, q, &rows, &cut);
	total = q->skip + n;
	if (n == -1 || ((cut || n == q->take || (n == 0 && q->skip != 0)) &&
	    query_total(t, &q->where, &total) == -1)) {
		buf_free(&rows);
		return (row_fail(c, t, &q->where, order));
	}
	buf_adds(c->out, "{\"table\":");
	buf_add_json(c->out, t->name, strlen(t->name));
	buf_addf(c->out, ",\"total\":%lld,\"count\":%lld,\"skip\":%lld,"
	    "\"take\":%lld,\"rows\":[", (long long)total, (long long)n,
	    (long long)q->skip, (long long)q->take);
	buf_add(c->out, rows.data, rows.len);
	buf_addc(c->out, ']');
	if (cut)
		buf_addf(c->out, ",\"truncated\":true,\"note\":\"The answer "
		    "was cut at its size limit: go on with skip %lld, or "
		    "narrow it by select, where or take.\"",
		    (long long)q->skip + (long long)n);
	buf_addc(c->out, '}');
	cut = rows.failed;
	buf_free(&rows);
	return (cut ? call_fail(c, "A row is larger than an answer may be: "
	    "select fewer columns") : TE_OK);
}

enum tool_err
row_query(struct call *c)
{
	static const char *const known[] = { "table", "where", "select",
	    "take", "skip", "order", NULL };
	struct query_args *q;
	struct table	*t;
	const char	*s;
	enum tool_err	 e;

	if ((s = json_unknown(c->args, known)) != NULL)
		return (call_invalid(c, s, "is not a known key"));
	store_read_begin();
	if ((e = row_table(c, 1, 0, &t)) != TE_OK)
		return (e);
	if ((q = calloc(1, sizeof(*q))) == NULL)
		return (call_fail(c, "out of memory"));
	q->take = TAKE_DEFAULT;
	q->take_given = number_parse(c, "take", TAKE_MAX, &q->take);
	if (q->take_given == -1 ||
	    number_parse(c, "skip", INT32_MAX, &q->skip) == -1 ||
	    conds_parse(c, t, 0, &q->where) == -1 ||
	    select_parse(c, t, q) == -1 || order_parse(c, t, q) == -1)
		e = TE_INVALID;
	else
		e = query_run(c, t, q);
	conds_free(&q->where);
	free(q);
	return (e);
}
