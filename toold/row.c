/* SPDX-License-Identifier: ISC */
/*
 * row.c: rows of user tables: query, insert, update, delete.  Runs in
 * keepd-toold.  Column names are looked up in the table's definition, values
 * are checked by type and bound; nothing of a call gets into SQL text.
 *
 * Who may: the tool's permission (tablebrowser), and the roles of the table.
 * A table whose rows the caller may not read looks like one that is not
 * there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "row.h"

#define TAKE_DEFAULT	100
#define TAKE_MAX	1000

/* ---- permission ---- */

int
role_list_allows(const struct caller *who, const struct role_list *l)
{
	unsigned int	i;

	for (i = 0; i < l->n; i++)
		if (caller_has_role(who, l->id[i]))
			return (1);
	return (l->n == 0);
}

static enum tool_err
not_found(struct call *c, const char *name)
{
	return (call_fail(c, "Not Found: table '%.100s'", name));
}

/*
 * The table of a call, if the caller may do that with its rows.  The same
 * answer for a table that is not there and one whose rows are hidden.
 */
static enum tool_err
row_table(struct call *c, int read, int write, struct table **out)
{
	const char	*name;
	int		 r;

	name = json_string_value(json_object_get(c->args, "table"));
	if (name == NULL)
		return (call_invalid(c, "table", "Required"));
	call_target(c, name);
	if ((r = table_find(c->who, name, out)) == -1)
		return (store_fail(c));
	if (r == 0)
		return (not_found(c, name));
	if (read && !role_list_allows(c->who, &(*out)->read))
		return (not_found(c, name));
	if (!write || role_list_allows(c->who, &(*out)->write))
		return (TE_OK);
	if (!role_list_allows(c->who, &(*out)->read))
		return (not_found(c, name));
	return (call_denied(c, "Access denied: table '%s' takes changes of "
	    "rows only from its rolesWrite", (*out)->name));
}

enum tool_err
row_stage_write(struct call *c)
{
	struct table	*t;

	/* Who may only add rows need not be able to read them. */
	return (row_table(c, c->tool->fn != row_insert, 1, &t));
}

/* ---- where ---- */

void
conds_free(struct conds *w)
{
	unsigned int	i;

	for (i = 0; i < w->n; i++)
		value_free(&w->cond[i].v);
	w->n = 0;
}

static const struct field *
col_field(const struct table *t, colref c)
{
	return (c >= 0 ? &t->field[c] : implicit_field(c));
}

static int
cond_parse(struct call *c, const struct table *t, const char *key,
    const json_t *j, struct conds *w)
{
	char	path[160], why[160];
	colref	col;

	snprintf(path, sizeof(path), "where.%.100s", key);
	if ((col = table_col(t, key)) == FIELD_NONE) {
		call_invalid(c, path, "is not a column of table '%s'",
		    t->name);
		return (-1);
	}
	if (!(ftype_row(table_coltype(t, col))->flags & FF_COMPARE)) {
		call_invalid(c, path, "cannot be compared: its type is %s",
		    ftype_row(table_coltype(t, col))->name);
		return (-1);
	}
	if (w->n == CONDS_MAX) {
		call_invalid(c, "where", "has more than %d columns",
		    CONDS_MAX);
		return (-1);
	}
	w->cond[w->n].col = col;
	/* A value no row can have (too long) is still a fair question. */
	if (value_from_json(col_field(t, col), j, &w->cond[w->n].v, why,
	    sizeof(why)) == -1) {
		call_invalid(c, path, "%s", why);
		return (-1);
	}
	w->n++;
	return (0);
}

static int
conds_parse(struct call *c, const struct table *t, int needed,
    struct conds *w)
{
	json_t	*o = json_object_get(c->args, "where");
	void	*it;

	w->n = 0;
	if (o != NULL && !json_is_null(o) && !json_is_object(o)) {
		call_invalid(c, "where", "must be an object of columns and "
		    "values");
		return (-1);
	}
	if (needed && json_object_size(o) == 0) {
		call_invalid(c, "where", "must name at least one column: "
		    "changing every row at once is not offered");
		return (-1);
	}
	for (it = json_object_iter(o); it != NULL;
	    it = json_object_iter_next(o, it))
		if (cond_parse(c, t, json_object_iter_key(it),
		    json_object_iter_value(it), w) == -1)
			return (-1);
	return (0);
}

/* WHERE with parameters from first on. */
static void
conds_put(struct buf *b, const struct table *t, const struct conds *w,
    unsigned int first, int aliased)
{
	unsigned int	i;

	for (i = 0; i < w->n; i++) {
		if (i == 0)
			SQL(b, " WHERE ");
		else
			SQL(b, " AND ");
		if (aliased)
			SQL(b, "y.");
		sql_col(b, table_phys(t, w->cond[i].col));
		if (w->cond[i].v.kind == V_NULL)
			SQL(b, " IS NULL");
		else {
			SQL(b, " = ");
			sql_par(b, first + i);
		}
	}
}

static void
conds_bind(struct stmt *st, const struct conds *w, unsigned int first)
{
	unsigned int	i;

	for (i = 0; i < w->n; i++)
		if (w->cond[i].v.kind != V_NULL)
			value_bind(st, (int)(first + i), &w->cond[i].v);
}

/* ---- failures in words ---- */

static int
col_indexed(const struct table *t, colref c)
{
	unsigned int	i;

	if (c == IC_ID || (c >= 0 && t->field[c].unique))
		return (1);
	for (i = 0; i < t->nindices; i++)
		if (!t->index[i].vector && t->index[i].col[0] == c)
			return (1);
	for (i = 0; i < t->nkeys; i++)
		if (t->key[i].col[0] == c)
			return (1);
	return (0);
}

/* The store failed; a time limit gets the advice what to index. */
static enum tool_err
row_fail(struct call *c, const struct table *t, const struct conds *w,
    colref order)
{
	const char	*name = NULL;
	enum tool_err	 e = store_fail(c);
	unsigned int	 i;

	if (!store_late() || strstr(c->err, "authorization") != NULL)
		return (e);
	for (i = 0; w != NULL && i < w->n && name == NULL; i++)
		if (!col_indexed(t, w->cond[i].col))
			name = table_colname(t, w->cond[i].col);
	if (name == NULL && order != FIELD_NONE && !col_indexed(t, order))
		name = table_colname(t, order);
	if (name != NULL)
		snprintf(c->err, sizeof(c->err), "The call took longer than "
		    "its time limit and was stopped: nothing was changed. Add "
		    "an index on field '%s' of table '%s'", name, t->name);
	else
		snprintf(c->err, sizeof(c->err), "The call took longer than "
		    "its time limit and was stopped: nothing was changed. "
		    "Narrow it by `where' on table '%s' or take fewer rows",
		    t->name);
	return (e);
}

/* "UNIQUE constraint failed: t_5.c_7, t_5.c_8" to names. */
static void
failed_columns(const struct table *t, char *out, size_t size)
{
	const char	*s = strchr(store_failtext(), ':');
	size_t		 n = 0, len;
	colref		 c;
	int		 phys;

	out[0] = '\0';
	while (s != NULL && (s = strchr(s, '.')) != NULL && n < size) {
		len = strcspn(++s, ",");
		phys = sql_parse_col(s, len);
		c = phys != 0 ? table_byphys(t, phys) : FIELD_NONE;
		if (c != FIELD_NONE)
			n += (size_t)snprintf(out + n, size - n, "%s%s",
			    n != 0 ? ", " : "", table_colname(t, c));
		s += len;
	}
}

/* Does the parent of a key have a row with these values: 1, 0, -1. */
static int
parent_has(const struct fkey *k, const struct value *const *v)
{
	struct stmt	*st;
	struct buf	 b;
	unsigned int	 i;
	int		 r = -1;

	buf_init(&b, 4096);
	SQL(&b, "SELECT EXISTS (SELECT 1 FROM ");
	sql_tab(&b, k->tab);
	for (i = 0; i < k->ncols; i++) {
		if (i == 0)
			SQL(&b, " WHERE ");
		else
			SQL(&b, " AND ");
		sql_col(&b, k->refcol[i]);
		SQL(&b, " = ");
		sql_par(&b, i + 1);
	}
	SQL(&b, ")");
	if ((st = sql_get(SP_ROW, &b)) != NULL) {
		for (i = 0; i < k->ncols; i++)
			value_bind(st, (int)i + 1, v[i]);
		if (sql_step(st) == 1) {
			r = (int)sql_int(st, 0);
			sql_done(st);
		}
	}
	buf_free(&b);
	return (r);
}

/*
 * Which key refused: val has a value for each field that is known, else
 * NULL.  The name of the referenced table is not told: it may be hidden.
 */
static enum tool_err
key_failed(struct call *c, const struct table *t,
    const struct value *const *val, const char *row)
{
	const struct value	*v[TAB_COLS_MAX];
	const struct fkey	*k;
	unsigned int		 i, n;

	for (i = 0; i < t->nkeys; i++) {
		k = &t->key[i];
		for (n = 0; n < k->ncols; n++) {
			v[n] = k->col[n] >= 0 ? val[k->col[n]] : NULL;
			if (v[n] == NULL || v[n]->kind == V_NULL)
				break;
		}
		if (n < k->ncols || parent_has(k, v) != 0)
			continue;
		return (call_fail(c, "%sno row of the referenced table has "
		    "this value of '%s' (foreign key '%s'): nothing was "
		    "changed", row, table_colname(t, k->col[0]), k->name));
	}
	return (call_fail(c, "%sa foreign key of table '%s' does not allow "
	    "it: nothing was changed", row, t->name));
}

static struct query	q_children = QUERY(
    "SELECT f.child, f.name, f.cols, f.refs, t.id FROM fk f"
    " JOIN tab t ON t.n = f.child WHERE f.parent = ?1");

/* SELECT EXISTS of a child's row that hangs on one of the rows chosen. */
static int
child_has(const struct table *t, unsigned int child, const char *cols,
    const char *refs, const struct conds *w)
{
	struct stmt	*st;
	struct buf	 b;
	char		*end;
	int		 n = 0, r = -1;

	buf_init(&b, 8192);
	SQL(&b, "SELECT EXISTS (SELECT 1 FROM ");
	sql_tab(&b, child);
	SQL(&b, " x JOIN ");
	sql_tab(&b, t->tab);
	SQL(&b, " y ON ");
	while (*cols != '\0' && *refs != '\0') {
		if (n++ != 0)
			SQL(&b, " AND ");
		SQL(&b, "y.");
		sql_col(&b, (int)strtol(refs, &end, 10));
		refs = *end == ',' ? end + 1 : end;
		SQL(&b, " = x.");
		sql_col(&b, (int)strtol(cols, &end, 10));
		cols = *end == ',' ? end + 1 : end;
	}
	conds_put(&b, t, w, 1, 1);
	SQL(&b, ")");
	if ((st = sql_get(SP_ROW, &b)) != NULL) {
		conds_bind(st, w, 1);
		if (sql_step(st) == 1) {
			r = (int)sql_int(st, 0);
			sql_done(st);
		}
	}
	buf_free(&b);
	return (r);
}

static enum tool_err
rows_in_use(struct call *c, const struct table *t, const struct conds *w)
{
	struct stmt	*st;
	struct art	 a;
	enum tool_err	 e;

	if ((st = query_get(&q_children)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, t->tab);
	while (sql_step(st) == 1) {
		if (child_has(t, (unsigned int)sql_int(st, 0),
		    sql_str(st, 2), sql_str(st, 3), w) != 1)
			continue;
		if (art_load(c->who, ART_TABLE, sql_str(st, 4), 0, &a) == 1 &&
		    a.level != PL_NONE)
			e = call_fail(c, "Rows of '%s' are in use by table "
			    "'%s' (foreign key '%s'): nothing was changed",
			    t->name, a.name, sql_str(st, 1));
		else
			e = call_fail(c, "Rows of '%s' are in use by a "
			    "foreign key: nothing was changed", t->name);
		sql_done(st);
		return (e);
	}
	return (call_fail(c, "Rows of '%s' are in use by a foreign key: "
	    "nothing was changed", t->name));
}

/* A constraint refused a row; row is "" or "rows.3: ". */
static enum tool_err
constraint_failed(struct call *c, const struct table *t,
    const struct value *const *val, const char *row)
{
	char	names[256];

	switch (store_failcode()) {
	case SQLITE_CONSTRAINT_UNIQUE:
		failed_columns(t, names, sizeof(names));
		return (call_fail(c, "%sanother row has this value of '%s' "
		    "already, which must be unique: nothing was changed",
		    row, names));
	case SQLITE_CONSTRAINT_NOTNULL:
		failed_columns(t, names, sizeof(names));
		return (call_fail(c, "%s'%s' must have a value: nothing was "
		    "changed", row, names));
	case SQLITE_CONSTRAINT_FOREIGNKEY:
	case SQLITE_CONSTRAINT_TRIGGER:
		return (key_failed(c, t, val, row));
	default:
		return (store_fail(c));
	}
}

static int
is_constraint(void)
{
	return ((store_failcode() & 0xff) == SQLITE_CONSTRAINT);
}

/* ---- query ---- */

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
		    (long long)(q->skip + n));
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

/* ---- insert ---- */

static struct query	q_next_id = QUERY(
    "UPDATE tab SET next_id = next_id + ?2 WHERE n = ?1"
    " RETURNING next_id - ?2");

struct insert {
	struct call	*c;
	const struct table *t;
	struct stmt	*st;
	int64_t		 next_id;	/* incremental tables */
	struct value	 val[TAB_FIELDS_MAX];
	const struct value *ptr[TAB_FIELDS_MAX];
	char		 id[ID_SIZE];
	size_t		 row;
};

static enum tool_err
insert_bad(struct insert *in, const char *key, const char *why)
{
	char	path[160];

	snprintf(path, sizeof(path), "rows.%zu.%.100s", in->row, key);
	return (call_invalid(in->c, path, "%s", why));
}

/* Every key of a row is a field, or id. */
static enum tool_err
insert_keys(struct insert *in, json_t *o)
{
	const char	*key;
	void		*it;
	colref		 c;

	for (it = json_object_iter(o); it != NULL;
	    it = json_object_iter_next(o, it)) {
		key = json_object_iter_key(it);
		c = table_col(in->t, key);
		if (c == FIELD_NONE)
			return (insert_bad(in, key,
			    "is not a column of the table"));
		if (c < 0 && c != IC_ID)
			return (insert_bad(in, key,
			    "is set by the server"));
	}
	return (TE_OK);
}

static enum tool_err
insert_id(struct insert *in, const json_t *v)
{
	if (in->t->incremental) {
		if (v != NULL)
			return (insert_bad(in, "id", "is counted by the "
			    "server (generationStrategy incremental)"));
		snprintf(in->id, sizeof(in->id), "%lld",
		    (long long)in->next_id++);
		return (TE_OK);
	}
	if (v == NULL)
		uuid_make(in->id);
	else if (id_lower(in->id, json_string_value(v)) == -1)
		return (insert_bad(in, "id", "must be a UUID"));
	return (TE_OK);
}

static enum tool_err
insert_value(struct insert *in, unsigned int i, const json_t *v)
{
	const struct field	*f = &in->t->field[i];
	char			 why[160];

	if (v == NULL)
		v = f->dflt;
	if (v == NULL || json_is_null(v)) {
		if (f->nullable)
			return (TE_OK);
		return (insert_bad(in, f->name, "must have a value"));
	}
	if (value_from_json(f, v, &in->val[i], why, sizeof(why)) == -1)
		return (insert_bad(in, f->name, why));
	return (TE_OK);
}

static enum tool_err
insert_row(struct insert *in, json_t *o)
{
	const struct caller	*who = in->c->who;
	enum tool_err		 e;
	size_t			 size = 0;
	unsigned int		 i;
	char			 row[32];

	if (!json_is_object(o))
		return (insert_bad(in, "", "must be an object"));
	if ((e = insert_keys(in, o)) != TE_OK || (e = insert_id(in,
	    json_object_get(o, "id"))) != TE_OK)
		return (e);
	for (i = 0; i < in->t->nfields; i++) {
		e = insert_value(in, i, json_object_get(o,
		    in->t->field[i].name));
		if (e != TE_OK)
			return (e);
		size += value_size(&in->val[i]);
	}
	if (size > STORE_ROW_MAX)
		return (insert_bad(in, "", "is larger than 1 MiB"));
	sql_bind_str(in->st, 1, in->id);
	sql_bind_int(in->st, 2, in->c->now_ms);
	sql_bind_int(in->st, 3, in->c->now_ms);
	sql_bind_str(in->st, 4, who->user);
	sql_bind_str(in->st, 5, who->user);
	for (i = 0; i < in->t->nfields; i++)
		value_bind(in->st, (int)i + 6, &in->val[i]);
	if (sql_step(in->st) == 0)
		return (TE_OK);
	snprintf(row, sizeof(row), "rows.%zu: ", in->row);
	return (is_constraint() ? constraint_failed(in->c, in->t, in->ptr,
	    row) : row_fail(in->c, in->t, NULL, FIELD_NONE));
}

static struct stmt *
insert_stmt(const struct table *t)
{
	struct stmt	*st;
	struct buf	 b;
	unsigned int	 i;

	buf_init(&b, 65536);
	SQL(&b, "INSERT INTO ");
	sql_tab(&b, t->tab);
	SQL(&b, " (id, ca, ua, cb, ub");
	for (i = 0; i < t->nfields; i++) {
		SQL(&b, ", ");
		sql_col(&b, (int)t->field[i].col);
	}
	SQL(&b, ") VALUES (?1, ?2, ?3, ?4, ?5");
	for (i = 0; i < t->nfields; i++) {
		SQL(&b, ", ");
		sql_par(&b, i + 6);
	}
	SQL(&b, ")");
	st = sql_get(SP_ROW, &b);
	buf_free(&b);
	return (st);
}

static int
insert_numbers(struct insert *in, size_t n)
{
	struct stmt	*st;

	if (!in->t->incremental)
		return (0);
	if ((st = query_get(&q_next_id)) == NULL)
		return (-1);
	sql_bind_int(st, 1, in->t->tab);
	sql_bind_int(st, 2, (int64_t)n);
	if (sql_step(st) != 1)
		return (-1);
	in->next_id = sql_int(st, 0);
	sql_done(st);
	return (0);
}

static enum tool_err
insert_all(struct insert *in, const json_t *rows)
{
	struct buf	*out = in->c->out;
	enum tool_err	 e = TE_OK;
	size_t		 n = json_array_size(rows);
	unsigned int	 i;

	buf_adds(out, "{\"table\":");
	buf_add_json(out, in->t->name, strlen(in->t->name));
	buf_addf(out, ",\"count\":%zu,\"ids\":[", n);
	for (in->row = 0; in->row < n && e == TE_OK; in->row++) {
		e = insert_row(in, json_array_get(rows, in->row));
		for (i = 0; i < in->t->nfields; i++)
			value_free(&in->val[i]);
		if (in->row != 0)
			buf_addc(out, ',');
		buf_add_json(out, in->id, strlen(in->id));
	}
	buf_adds(out, "]}");
	return (e);
}

enum tool_err
row_insert(struct call *c)
{
	const json_t	*rows = json_object_get(c->args, "rows");
	struct insert	*in;
	struct table	*t;
	enum tool_err	 e;
	unsigned int	 i;

	if ((e = row_table(c, 0, 1, &t)) != TE_OK)
		return (e);
	if (!json_is_array(rows) || json_array_size(rows) == 0 ||
	    json_array_size(rows) > ROWS_MAX)
		return (call_invalid(c, "rows", "must be an array of 1 to %d "
		    "rows", ROWS_MAX));
	if ((in = calloc(1, sizeof(*in))) == NULL)
		return (call_fail(c, "out of memory"));
	in->c = c;
	in->t = t;
	for (i = 0; i < t->nfields; i++)
		in->ptr[i] = &in->val[i];
	if (insert_numbers(in, json_array_size(rows)) == -1 ||
	    (in->st = insert_stmt(t)) == NULL)
		e = store_fail(c);
	else
		e = insert_all(in, rows);
	if (in->st != NULL)
		sql_done(in->st);
	free(in);
	call_detail(c, "%zu rows", json_array_size(rows));
	return (e);
}

/* ---- update and delete ---- */

/* expectedCount against what was changed. */
static enum tool_err
check_count(struct call *c, int64_t n)
{
	const json_t	*v = json_object_get(c->args, "expectedCount");

	if (v == NULL || json_is_null(v))
		return (TE_OK);
	if (!json_is_integer(v))
		return (call_invalid(c, "expectedCount",
		    "must be an integer"));
	if (json_integer_value(v) != n)
		return (call_fail(c, "where matches %lld rows, not %lld as "
		    "expectedCount says: nothing was changed", (long long)n,
		    (long long)json_integer_value(v)));
	return (TE_OK);
}

static enum tool_err
change_answer(struct call *c, const struct table *t, int64_t n)
{
	enum tool_err	e;

	if ((e = check_count(c, n)) != TE_OK)
		return (e);
	buf_adds(c->out, "{\"table\":");
	buf_add_json(c->out, t->name, strlen(t->name));
	buf_addf(c->out, ",\"count\":%lld}", (long long)n);
	call_detail(c, "%lld rows", (long long)n);
	return (TE_OK);
}

struct update {
	struct conds	 where;
	colref		 col[TAB_FIELDS_MAX];
	struct value	 val[TAB_FIELDS_MAX];
	const struct value *ptr[TAB_FIELDS_MAX];	/* by field */
	unsigned int	 n;
};

static int
set_parse(struct call *c, const struct table *t, struct update *u)
{
	json_t		*o = json_object_get(c->args, "set");
	const char	*key;
	char		 path[160], why[160];
	size_t		 size = 0;
	void		*it;
	colref		 col;

	if (!json_is_object(o) || json_object_size(o) == 0) {
		call_invalid(c, "set", "must be an object with at least one "
		    "column");
		return (-1);
	}
	for (it = json_object_iter(o); it != NULL;
	    it = json_object_iter_next(o, it)) {
		key = json_object_iter_key(it);
		snprintf(path, sizeof(path), "set.%.100s", key);
		snprintf(why, sizeof(why), "is not a column of the table");
		if ((col = table_col(t, key)) != FIELD_NONE && col < 0)
			snprintf(why, sizeof(why), "is set by the server");
		else if (col != FIELD_NONE && !t->field[col].nullable &&
		    json_is_null(json_object_iter_value(it))) {
			snprintf(why, sizeof(why), "must have a value");
			col = FIELD_NONE;
		}
		if (col < 0 || value_from_json(&t->field[col],
		    json_object_iter_value(it), &u->val[u->n], why,
		    sizeof(why)) == -1) {
			call_invalid(c, path, "%s", why);
			return (-1);
		}
		size += value_size(&u->val[u->n]);
		u->ptr[col] = &u->val[u->n];
		u->col[u->n++] = col;
	}
	if (size > STORE_ROW_MAX) {
		call_invalid(c, "set", "is larger than 1 MiB");
		return (-1);
	}
	return (0);
}

static struct stmt *
update_stmt(const struct table *t, const struct update *u)
{
	struct stmt	*st;
	struct buf	 b;
	unsigned int	 i;

	buf_init(&b, 65536);
	SQL(&b, "UPDATE ");
	sql_tab(&b, t->tab);
	SQL(&b, " SET ua = ?1, ub = ?2");
	for (i = 0; i < u->n; i++) {
		SQL(&b, ", ");
		sql_col(&b, table_phys(t, u->col[i]));
		SQL(&b, " = ");
		sql_par(&b, i + 3);
	}
	conds_put(&b, t, &u->where, u->n + 3, 0);
	st = sql_get(SP_ROW, &b);
	buf_free(&b);
	return (st);
}

static enum tool_err
update_run(struct call *c, const struct table *t, struct update *u)
{
	struct stmt	*st;
	enum tool_err	 e;
	unsigned int	 i;

	if ((st = update_stmt(t, u)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, c->now_ms);
	sql_bind_str(st, 2, c->who->user);
	for (i = 0; i < u->n; i++)
		value_bind(st, (int)i + 3, &u->val[i]);
	conds_bind(st, &u->where, u->n + 3);
	if (sql_run(st) == 0)
		return (change_answer(c, t, sql_changes()));
	if (!is_constraint())
		return (row_fail(c, t, &u->where, FIELD_NONE));
	e = constraint_failed(c, t, u->ptr, "");
	/* No key of ours: then rows of another table hang on the old value. */
	if (store_failcode() == SQLITE_CONSTRAINT_FOREIGNKEY &&
	    strstr(c->err, "referenced table") == NULL)
		e = rows_in_use(c, t, &u->where);
	return (e);
}

enum tool_err
row_update(struct call *c)
{
	struct update	*u;
	struct table	*t;
	enum tool_err	 e;
	unsigned int	 i;

	if ((e = row_table(c, 1, 1, &t)) != TE_OK)
		return (e);
	if ((u = calloc(1, sizeof(*u))) == NULL)
		return (call_fail(c, "out of memory"));
	if (conds_parse(c, t, 1, &u->where) == -1 ||
	    set_parse(c, t, u) == -1)
		e = TE_INVALID;
	else
		e = update_run(c, t, u);
	for (i = 0; i < TAB_FIELDS_MAX; i++)
		value_free(&u->val[i]);
	conds_free(&u->where);
	free(u);
	return (e);
}

static enum tool_err
delete_run(struct call *c, const struct table *t, const struct conds *w)
{
	struct stmt	*st;
	struct buf	 b;

	buf_init(&b, 65536);
	SQL(&b, "DELETE FROM ");
	sql_tab(&b, t->tab);
	conds_put(&b, t, w, 1, 0);
	st = sql_get(SP_ROW, &b);
	buf_free(&b);
	if (st == NULL)
		return (store_fail(c));
	conds_bind(st, w, 1);
	if (sql_run(st) == 0)
		return (change_answer(c, t, sql_changes()));
	if (is_constraint())
		return (rows_in_use(c, t, w));
	return (row_fail(c, t, w, FIELD_NONE));
}

enum tool_err
row_delete(struct call *c)
{
	struct conds	*w;
	struct table	*t;
	enum tool_err	 e;

	if ((e = row_table(c, 1, 1, &t)) != TE_OK)
		return (e);
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return (call_fail(c, "out of memory"));
	e = conds_parse(c, t, 1, w) == -1 ? TE_INVALID : delete_run(c, t, w);
	conds_free(w);
	free(w);
	return (e);
}
