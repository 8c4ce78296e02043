/* SPDX-License-Identifier: ISC */
/*
 * row_cond.c: what all row tools share: the table and who may touch its
 * rows, where, and failures of the store in words.  Runs in keepd-toold.
 * Column names are looked up in the table's definition, values are checked
 * by type and bound; nothing of a call gets into SQL text.
 *
 * Who may: the tool's permission (tablebrowser), Read of the table's package
 * and the roles of the table.  A table whose rows the caller may not read
 * looks like one that is not there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "row.h"

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
enum tool_err
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

int
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
void
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

void
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
enum tool_err
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

enum tool_err
row_in_use(struct call *c, const struct table *t, const struct conds *w)
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
enum tool_err
row_constraint(struct call *c, const struct table *t,
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

int
row_is_constraint(void)
{
	return ((store_failcode() & 0xff) == SQLITE_CONSTRAINT);
}
