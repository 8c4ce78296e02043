/* SPDX-License-Identifier: ISC */
/*
 * row.c: query_entity_table: rows of a user table by equality, in a fixed
 * order, a page at a time.  Runs in keepd-toold; see row_cond.c for who may.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "reader.h"
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

/* A query under way, over several turns if it takes long. */
struct work {
	struct read	 read;
	struct query_args q;
	struct table	*t;		/* held */
	struct stmt	*st;		/* that is being stepped; NULL: none */
	int		 counting;	/* rows are done, total is wanted */
	struct buf	 rows;
	int64_t		 n, total;
	int		 cut;		/* the size bound was met */
};

static void
work_free(void *p)
{
	struct work	*w = p;

	read_end(&w->read);
	conds_free(&w->q.where);
	table_free(w->t);
	buf_free(&w->rows);
	free(w);
}

static int
rows_begin(struct work *w)
{
	struct buf	text;

	buf_init(&text, 65536);
	query_text(&text, w->t, &w->q);
	w->st = read_get(w->read.r, SP_ROW, &text);
	buf_free(&text);
	if (w->st == NULL)
		return (-1);
	sql_bind_int(w->st, 1, w->q.take);
	sql_bind_int(w->st, 2, w->q.skip);
	conds_bind(w->st, &w->q.where, 3);
	return (0);
}

/* The page's rows: 0 when they are there, -1, or READ_ON. */
static int
query_rows(struct work *w)
{
	size_t	max, before;
	int	r;

	max = w->q.take_given ? STORE_ANSWER_MAX : STORE_ANSWER_SOFT;
	if (w->st == NULL && rows_begin(w) == -1)
		return (-1);
	while ((r = read_step(w->read.r, w->st)) == 1) {
		before = w->rows.len;
		if (w->n != 0)
			buf_addc(&w->rows, ',');
		put_row(&w->rows, w->t, &w->q, w->st);
		/* At least one row, or nobody could ever see it. */
		if (w->rows.len > max && w->n != 0) {
			w->rows.len = before;
			w->cut = 1;
			sql_done(w->st);
			r = 0;
			break;
		}
		w->n++;
	}
	if (r != READ_ON)
		w->st = NULL;
	return (r);
}

static int
total_begin(struct work *w)
{
	struct buf	b;

	buf_init(&b, 65536);
	SQL(&b, "SELECT count(*) FROM ");
	sql_tab(&b, w->t->tab);
	conds_put(&b, w->t, &w->q.where, 1, 0);
	w->st = read_get(w->read.r, SP_ROW, &b);
	buf_free(&b);
	if (w->st == NULL)
		return (-1);
	conds_bind(w->st, &w->q.where, 1);
	return (0);
}

/* The same for how many rows match in all. */
static int
query_total(struct work *w)
{
	int	r;

	if (w->q.where.n == 0)
		return (table_count(w->t->tab, &w->total));
	if (w->st == NULL && total_begin(w) == -1)
		return (-1);
	if ((r = read_step(w->read.r, w->st)) == READ_ON)
		return (r);
	if (r == 1) {
		w->total = sql_int(w->st, 0);
		sql_done(w->st);
	}
	w->st = NULL;
	return (r == 1 ? 0 : -1);
}

/* Does the page not tell by itself how many rows there are. */
static int
total_wanted(const struct work *w)
{
	return (w->cut || w->n == w->q.take ||
	    (w->n == 0 && w->q.skip != 0));
}

static enum tool_err
query_answer(struct call *c, struct work *w)
{
	buf_adds(c->out, "{\"table\":");
	buf_add_json(c->out, w->t->name, strlen(w->t->name));
	buf_addf(c->out, ",\"total\":%lld,\"count\":%lld,\"skip\":%lld,"
	    "\"take\":%lld,\"rows\":[", (long long)w->total, (long long)w->n,
	    (long long)w->q.skip, (long long)w->q.take);
	buf_add(c->out, w->rows.data, w->rows.len);
	buf_addc(c->out, ']');
	if (w->cut)
		buf_addf(c->out, ",\"truncated\":true,\"note\":\"The answer "
		    "was cut at its size limit: go on with skip %lld, or "
		    "narrow it by select, where or take.\"",
		    (long long)w->q.skip + (long long)w->n);
	buf_addc(c->out, '}');
	return (w->rows.failed ? call_fail(c, "A row is larger than an "
	    "answer may be: select fewer columns") : TE_OK);
}

/* From the start, on a reader. */
static enum tool_err
query_anew(struct call *c, struct work *w)
{
	buf_reset(&w->rows);
	w->st = NULL;
	w->n = 0;
	w->cut = w->counting = 0;
	return (read_later(c, &w->read));
}

static enum tool_err
query_run(struct call *c, struct work *w)
{
	const struct query_args	*q = &w->q;
	int			 r = 0;

	if (read_begin(c, &w->read) == -1)
		return (read_later(c, &w->read));
	if (!w->counting && (r = query_rows(w)) == 0) {
		w->total = q->skip + w->n;
		w->counting = total_wanted(w);
	}
	if (r == 0 && w->counting)
		r = query_total(w);
	if (r == READ_ON)
		return (read_later(c, &w->read));
	if (r == 0)
		return (query_answer(c, w));
	if (read_again(c, &w->read))
		return (query_anew(c, w));
	return (row_fail(c, w->t, &q->where, q->norder != 0 ? q->order[0] :
	    FIELD_NONE));
}

/* The arguments: TE_OK and a query in c->state. */
static enum tool_err
query_parse(struct call *c)
{
	struct work	*w;
	struct table	*t;
	enum tool_err	 e;

	if ((e = row_table(c, 1, 0, &t)) != TE_OK)
		return (e);
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return (call_fail(c, "out of memory"));
	buf_init(&w->rows, 4 * STORE_ANSWER_MAX);
	w->t = t;
	table_hold(t);
	c->state = w;
	c->state_free = work_free;
	w->q.take = TAKE_DEFAULT;
	w->q.take_given = number_parse(c, "take", TAKE_MAX, &w->q.take);
	if (w->q.take_given == -1 ||
	    number_parse(c, "skip", INT32_MAX, &w->q.skip) == -1 ||
	    conds_parse(c, t, 0, &w->q.where) == -1 ||
	    select_parse(c, t, &w->q) == -1 || order_parse(c, t, &w->q) == -1)
		return (TE_INVALID);
	return (TE_OK);
}

enum tool_err
row_query(struct call *c)
{
	static const char *const known[] = { "table", "where", "select",
	    "take", "skip", "order", NULL };
	const char	*s;
	enum tool_err	 e;

	if (c->turn != 0)
		return (query_run(c, c->state));
	if ((s = json_unknown(c->args, known)) != NULL)
		return (call_invalid(c, s, "is not a known key"));
	store_read_begin();
	if ((e = query_parse(c)) != TE_OK)
		return (e);
	return (query_run(c, c->state));
}
