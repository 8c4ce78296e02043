/* SPDX-License-Identifier: ISC */
/*
 * row_change.c: insert, update and delete of rows: checked value by value,
 * all or nothing.  Runs in keepd-toold inside the pipeline's transaction;
 * see row_cond.c for who may.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "row.h"

enum tool_err
row_stage_write(struct call *c)
{
	struct table	*t;

	/* Who may only add rows need not be able to read them. */
	return (row_table(c, c->tool->fn != row_insert, 1, &t));
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

	snprintf(path, sizeof(path), "rows.%zu%s%.100s", in->row,
	    key[0] != '\0' ? "." : "", key);
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
		size += value_size(&in->t->field[i], &in->val[i]);
	}
	if (size > STORE_ROW_MAX)
		return (insert_bad(in, "", "is larger than 1 MiB "
		    "as JSON"));
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
	return (row_is_constraint() ? row_constraint(in->c, in->t, in->ptr,
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
	if (e == TE_OK && table_count_add(in->t->tab, (int64_t)n, 0) == -1)
		return (store_fail(in->c));
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
		size += value_size(&t->field[col], &u->val[u->n]);
		u->ptr[col] = &u->val[u->n];
		u->col[u->n++] = col;
	}
	if (size > STORE_ROW_MAX) {
		call_invalid(c, "set", "is larger than 1 MiB as JSON");
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
	if (!row_is_constraint())
		return (row_fail(c, t, &u->where, FIELD_NONE));
	e = row_constraint(c, t, u->ptr, "");
	/* No key of ours: then rows of another table hang on the old value. */
	if ((store_failcode() == SQLITE_CONSTRAINT_FOREIGNKEY ||
	    store_failcode() == SQLITE_CONSTRAINT_TRIGGER) &&
	    strstr(c->err, "referenced table") == NULL)
		e = row_in_use(c, t, &u->where);
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
delete_failed(struct call *c, const struct table *t, const struct conds *w)
{
	enum tool_err	e = row_fail(c, t, w, FIELD_NONE);

	/* SQLite has no code for it, only this text. */
	if (strstr(store_failtext(), "trigger recursion") != NULL)
		snprintf(c->err, sizeof(c->err), "Rows that hang on these, by "
		    "foreign keys with onDelete, hang on one another more "
		    "than %d deep: nothing was changed. Delete the last of "
		    "them first", STORE_TRIGGER_DEPTH);
	return (e);
}

static enum tool_err
delete_run(struct call *c, const struct table *t, const struct conds *w)
{
	struct stmt	*st;
	struct buf	 b;
	int64_t		 before, n;
	int		 others;

	buf_init(&b, 65536);
	SQL(&b, "DELETE FROM ");
	sql_tab(&b, t->tab);
	conds_put(&b, t, w, 1, 0);
	st = sql_get(SP_ROW, &b);
	buf_free(&b);
	if (st == NULL)
		return (store_fail(c));
	conds_bind(st, w, 1);
	before = sqlite3_total_changes64(store_db());
	if (sql_run(st) == -1)
		return (row_is_constraint() ? row_in_use(c, t, w) :
		    delete_failed(c, t, w));
	n = sql_changes();
	/* More changes than rows deleted: keys took others along. */
	others = sqlite3_total_changes64(store_db()) - before > n;
	if (table_count_add(t->tab, -n, 0) == -1 ||
	    (others && table_count_add(t->tab, 0, 1) == -1))
		return (store_fail(c));
	return (change_answer(c, t, n));
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
