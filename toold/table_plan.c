/* SPDX-License-Identifier: ISC */
/*
 * table_plan.c: what the save of a table means for its rows: which columns
 * stay, what would be lost, what cannot be done.  Runs in keepd-toold inside
 * the transaction of the save; a dry run takes the same way and is rolled
 * back by the pipeline.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "table.h"

static struct query	q_refs = QUERY(
    "SELECT f.name, f.refs, t.id FROM fk f JOIN tab t ON t.n = f.child"
    " WHERE f.parent = ?1 AND f.child <> ?1");

void
plan_init(struct plan *p, struct call *c, struct table *old,
    struct table *new)
{
	memset(p, 0, sizeof(*p));
	p->c = c;
	p->old = old;
	p->new = new;
	buf_init(&p->changes, STORE_ANSWER_MAX);
	buf_init(&p->statements, STORE_ANSWER_MAX);
}

void
plan_free(void *arg)
{
	struct plan	*p = arg;

	buf_free(&p->changes);
	buf_free(&p->statements);
}

static void __attribute__((__format__(printf, 2, 3)))
change(struct plan *p, const char *fmt, ...)
{
	char	text[256];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (p->nchanges++ != 0)
		buf_addc(&p->changes, ',');
	buf_add_json(&p->changes, text, strlen(text));
}

static void
lose(struct plan *p, const char *column, int64_t rows, const char *what)
{
	if (rows == 0 || p->nloss == LOSS_MAX)
		return;
	p->loss[p->nloss].column = column;
	p->loss[p->nloss].rows = rows;
	p->loss[p->nloss++].what = what;
}

void
plan_put(struct buf *b, const struct plan *p)
{
	unsigned int	i;

	buf_adds(b, ",\"changes\":[");
	buf_add(b, p->changes.data, p->changes.len);
	buf_adds(b, "],\"statements\":[");
	buf_add(b, p->statements.data, p->statements.len);
	buf_adds(b, "],\"dataLoss\":[");
	for (i = 0; i < p->nloss; i++) {
		buf_adds(b, i != 0 ? ",{\"column\":" : "{\"column\":");
		buf_add_json(b, p->loss[i].column,
		    strlen(p->loss[i].column));
		buf_addf(b, ",\"rows\":%lld", (long long)p->loss[i].rows);
		json_put_str(b, "what", p->loss[i].what);
		buf_addc(b, '}');
	}
	buf_addc(b, ']');
}

void
plan_loss_text(const struct plan *p, char *out, size_t size)
{
	size_t		n = 0;
	unsigned int	i;

	out[0] = '\0';
	for (i = 0; i < p->nloss && n < size; i++)
		n += (size_t)snprintf(out + n, size - n,
		    "%scolumn '%s': %s in %lld rows", i != 0 ? "; " : "",
		    p->loss[i].column, p->loss[i].what,
		    (long long)p->loss[i].rows);
}

/* ---- matching ---- */

/* The old place of each field: by id, else by name. */
static void
match_fields(struct plan *p)
{
	struct field	*f, *o;
	unsigned int	 i, k;
	unsigned char	 taken[TAB_FIELDS_MAX] = { 0 };

	for (i = 0; i < p->new->nfields; i++) {
		f = &p->new->field[i];
		for (k = 0; k < p->old->nfields && f->id[0] != '\0'; k++)
			if (strcmp(p->old->field[k].id, f->id) == 0) {
				f->old = (int)k;
				taken[k] = 1;
			}
	}
	for (i = 0; i < p->new->nfields; i++) {
		f = &p->new->field[i];
		for (k = 0; k < p->old->nfields && f->old == -1 &&
		    f->id[0] == '\0'; k++) {
			o = &p->old->field[k];
			if (taken[k] || ascii_casecmp(o->name, f->name) != 0)
				continue;
			f->old = (int)k;
			taken[k] = 1;
			memcpy(f->id, o->id, sizeof(f->id));
		}
	}
}

static void
make_ids(struct table *t)
{
	unsigned int	i;

	for (i = 0; i < t->nfields; i++)
		if (t->field[i].id[0] == '\0')
			uuid_make(t->field[i].id);
}

static const struct field *
successor(const struct plan *p, unsigned int old)
{
	unsigned int	i;

	for (i = 0; i < p->new->nfields; i++)
		if (p->new->field[i].old == (int)old)
			return (&p->new->field[i]);
	return (NULL);
}

static int
enum_lacks(const struct field *o, const struct field *f)
{
	size_t	i, k;

	for (i = 0; i < json_array_size(o->enums); i++) {
		for (k = 0; k < json_array_size(f->enums); k++)
			if (json_equal(json_array_get(o->enums, i),
			    json_array_get(f->enums, k)))
				break;
		if (k == json_array_size(f->enums))
			return (1);
	}
	return (0);
}

/* Characters a text field takes; 0: no limit of its own. */
static unsigned int
text_limit(const struct field *f)
{
	const struct ftype_row	*row = ftype_row(f->type);
	unsigned int		 n = row->max;

	if (row->flags & FF_LENGTH && f->length != 0)
		n = f->length;
	return (n);
}

int
field_converts(const struct field *o, const struct field *f)
{
	unsigned int	was, is;

	if (o->type == f->type && o->type == FT_ENUM)
		return (enum_lacks(o, f));
	if (o->type != f->type && !(ftype_row(o->type)->flags &
	    ftype_row(f->type)->flags & FF_TEXT))
		return (1);
	was = text_limit(o);
	is = text_limit(f);
	return (is != 0 && (was == 0 || is < was));
}

void
table_resolve_self(struct table *t)
{
	struct fkey	*k;
	unsigned int	 i, n;

	for (i = 0; i < t->nkeys; i++) {
		k = &t->key[i];
		if (!k->self)
			continue;
		k->tab = t->tab;
		for (n = 0; n < k->ncols; n++)
			k->refcol[n] = table_phys(t, table_col(t, k->ref[n]));
	}
}

/* ---- listing the changes for people ---- */

static void
list_field(struct plan *p, const struct field *f)
{
	const struct field	*o;

	if (f->old == -1) {
		change(p, "add column '%s' (%s)", f->name,
		    ftype_row(f->type)->name);
		return;
	}
	o = &p->old->field[f->old];
	if (strcmp(o->name, f->name) != 0)
		change(p, "rename column '%s' to '%s'", o->name, f->name);
	if (o->type != f->type)
		change(p, "change column '%s' from %s to %s", f->name,
		    ftype_row(o->type)->name, ftype_row(f->type)->name);
	if (o->nullable != f->nullable)
		change(p, "column '%s' %s be null", f->name,
		    f->nullable ? "may" : "must not");
	if (o->unique != f->unique)
		change(p, "column '%s' %s unique", f->name,
		    f->unique ? "becomes" : "is no longer");
	if (text_limit(o) != text_limit(f) && o->type == f->type)
		change(p, "column '%s' takes up to %u characters", f->name,
		    text_limit(f));
	if (!json_equal(o->dflt, f->dflt) && (o->dflt != NULL ||
	    f->dflt != NULL))
		change(p, "change the default of column '%s'", f->name);
	if (f->type == FT_ENUM && o->type == FT_ENUM &&
	    !json_equal(o->enums, f->enums))
		change(p, "change the values of column '%s'", f->name);
}

static int
same_index(const struct table *a, const struct tindex *x,
    const struct table *b, const struct tindex *y)
{
	unsigned int	i;

	if (ascii_casecmp(x->name, y->name) != 0 || x->ncols != y->ncols ||
	    x->unique != y->unique || x->vector != y->vector)
		return (0);
	for (i = 0; i < x->ncols; i++)
		if (table_phys(a, x->col[i]) != table_phys(b, y->col[i]))
			return (0);
	return (1);
}

static int
has_index(const struct table *a, const struct tindex *x,
    const struct table *b)
{
	unsigned int	i;

	for (i = 0; i < b->nindices; i++)
		if (same_index(a, x, b, &b->index[i]))
			return (1);
	return (0);
}

static int
same_key(const struct table *a, const struct fkey *x, const struct table *b,
    const struct fkey *y)
{
	unsigned int	i;

	if (ascii_casecmp(x->name, y->name) != 0 || x->tab != y->tab ||
	    x->ncols != y->ncols || x->on_delete != y->on_delete)
		return (0);
	for (i = 0; i < x->ncols; i++)
		if (table_phys(a, x->col[i]) != table_phys(b, y->col[i]) ||
		    x->refcol[i] != y->refcol[i])
			return (0);
	return (1);
}

static int
has_key(const struct table *a, const struct fkey *x, const struct table *b)
{
	unsigned int	i;

	for (i = 0; i < b->nkeys; i++)
		if (same_key(a, x, b, &b->key[i]))
			return (1);
	return (0);
}

/* Numbers of kept columns, before indices and keys are compared. */
static void
keep_numbers(struct plan *p)
{
	unsigned int	i;

	for (i = 0; i < p->new->nfields; i++)
		if (p->new->field[i].old != -1)
			p->new->field[i].col =
			    p->old->field[p->new->field[i].old].col;
	p->new->tab = p->old->tab;
	table_resolve_self(p->new);
}

static void
list_things(struct plan *p)
{
	struct table	*o = p->old, *n = p->new;
	unsigned int	 i;

	for (i = 0; i < o->nindices; i++)
		if (!has_index(o, &o->index[i], n))
			change(p, "drop index '%s'", o->index[i].name);
	for (i = 0; i < n->nindices; i++)
		if (!has_index(n, &n->index[i], o))
			change(p, "add index '%s'", n->index[i].name);
	for (i = 0; i < o->nkeys; i++)
		if (!has_key(o, &o->key[i], n)) {
			change(p, "drop foreign key '%s'", o->key[i].name);
			p->rebuild = 1;
		}
	for (i = 0; i < n->nkeys; i++)
		if (!has_key(n, &n->key[i], o)) {
			change(p, "add foreign key '%s' to table '%s'",
			    n->key[i].name, n->key[i].parent);
			p->rebuild = 1;
		}
}

static void
list_changes(struct plan *p)
{
	unsigned int	i;

	if (p->old == NULL) {
		change(p, "create table '%s' with %u columns", p->new->name,
		    p->new->nfields);
		return;
	}
	if (strcmp(p->old->name, p->new->name) != 0)
		change(p, "rename table '%s' to '%s'", p->old->name,
		    p->new->name);
	for (i = 0; i < p->old->nfields; i++)
		if (successor(p, i) == NULL)
			change(p, "drop column '%s'", p->old->field[i].name);
	for (i = 0; i < p->new->nfields; i++)
		list_field(p, &p->new->field[i]);
	list_things(p);
}

/* ---- what hangs on us ---- */

/* The tables with foreign keys to the columns that go or change. */
static enum tool_err
ref_check(struct plan *p, const char *key, const char *refs, const char *id)
{
	const struct field	*f, *o;
	const char		*s = refs;
	colref			 cols[TAB_COLS_MAX], c;
	char			*end;
	struct art		 a;
	size_t			 n = 0;
	int			 broken = 0;

	while (*s != '\0' && n < TAB_COLS_MAX) {
		c = table_byphys(p->old, (int)strtol(s, &end, 10));
		s = *end == ',' ? end + 1 : end;
		cols[n] = c;
		if (c >= 0) {
			o = &p->old->field[c];
			f = successor(p, (unsigned int)c);
			if (f == NULL || f->type != o->type)
				broken = 1;
			else
				cols[n] = (colref)(f - p->new->field);
		}
		n++;
	}
	if (!broken && table_unique(p->new, cols, n))
		return (TE_OK);
	if (art_load(p->c->who, ART_TABLE, id, 0, &a) != 1)
		return (store_fail(p->c));
	if (a.level == PL_NONE)
		return (call_fail(p->c, "A column of '%s' that this changes "
		    "is in use by a foreign key", p->old->name));
	return (call_fail(p->c, "Foreign key '%s' of table '%s' needs a "
	    "column of '%s' as it is: change that key first", key, a.name,
	    p->old->name));
}

static enum tool_err
check_referenced(struct plan *p)
{
	struct stmt	*st;
	enum tool_err	 e = TE_OK;
	int		 r;

	if ((st = query_get(&q_refs)) == NULL)
		return (store_fail(p->c));
	sql_bind_int(st, 1, p->old->tab);
	while ((r = sql_step(st)) == 1)
		if ((e = ref_check(p, sql_str(st, 0), sql_str(st, 1),
		    sql_str(st, 2))) != TE_OK) {
			sql_done(st);
			return (e);
		}
	return (r == -1 ? store_fail(p->c) : TE_OK);
}

/* ---- data ---- */

static int
count_values(struct plan *p, unsigned int col, int null, int64_t *n)
{
	struct stmt	*st;
	struct buf	 b;
	int		 r = -1;

	buf_init(&b, 256);
	SQL(&b, "SELECT count(*) FROM ");
	sql_tab(&b, p->old->tab);
	SQL(&b, " WHERE ");
	sql_col(&b, (int)col);
	if (null)
		SQL(&b, " IS NULL");
	else
		SQL(&b, " IS NOT NULL");
	if ((st = sql_get(SP_ROW, &b)) != NULL && sql_step(st) == 1) {
		*n = sql_int(st, 0);
		sql_done(st);
		r = 0;
	}
	buf_free(&b);
	return (r);
}

static enum tool_err
count_dropped(struct plan *p)
{
	int64_t		n;
	unsigned int	i;

	for (i = 0; i < p->old->nfields; i++) {
		if (successor(p, i) != NULL)
			continue;
		if (count_values(p, p->old->field[i].col, 0, &n) == -1)
			return (store_fail(p->c));
		lose(p, p->old->field[i].name, n, "values dropped");
	}
	return (TE_OK);
}

/* Run kd_conv over every value of one column, only to count. */
static int
count_conversion(struct plan *p, struct conv *cv)
{
	struct stmt	*st;
	struct buf	 b;
	int		 r = -1;

	buf_init(&b, 256);
	SQL(&b, "SELECT count(kd_conv(0, ");
	sql_col(&b, (int)cv->from->col);
	SQL(&b, ")) FROM ");
	sql_tab(&b, p->old->tab);
	conv_set(cv, 1);
	if ((st = sql_get(SP_DDL, &b)) != NULL && (r = sql_step(st)) == 1) {
		sql_done(st);
		r = 0;
	}
	conv_set(NULL, 0);
	buf_free(&b);
	return (r);
}

static enum tool_err
judge_conversion(struct plan *p, const struct conv *cv)
{
	const char	*name = cv->from->name;

	if (cv->empty > 0)
		return (call_fail(p->c, "Column '%s' must not be null, but "
		    "%lld rows would be without a value: give it a default "
		    "or isNullable", cv->to->name, (long long)cv->empty));
	lose(p, name, cv->lost, "values that do not fit the new type");
	lose(p, name, cv->shortened, "texts cut to the new length");
	if (cv->filled > 0)
		change(p, "fill column '%s' with its default in %lld rows",
		    cv->to->name, (long long)cv->filled);
	return (TE_OK);
}

static enum tool_err
count_field(struct plan *p, const struct field *f)
{
	const struct field	*o = &p->old->field[f->old];
	struct conv		 cv;
	enum tool_err		 e = TE_OK;
	char			 why[128];

	if (!field_converts(o, f) && !(o->nullable && !f->nullable))
		return (TE_OK);
	memset(&cv, 0, sizeof(cv));
	cv.from = o;
	cv.to = f;
	if (f->dflt != NULL && value_from_json(f, f->dflt, &cv.dflt, why,
	    sizeof(why)) == 0)
		cv.has_dflt = 1;
	if (count_conversion(p, &cv) == -1)
		e = store_fail(p->c);
	else
		e = judge_conversion(p, &cv);
	value_free(&cv.dflt);
	return (e);
}

/* A new column that must not be null needs a default where rows are. */
static enum tool_err
check_new(struct plan *p, const struct field *f)
{
	if (f->nullable || f->dflt != NULL)
		return (TE_OK);
	return (call_fail(p->c, "Column '%s' must not be null, but the table "
	    "has rows: give it a default or isNullable", f->name));
}

static enum tool_err
count_losses(struct plan *p)
{
	const struct field	*f;
	enum tool_err		 e;
	unsigned int		 i;

	if ((e = count_dropped(p)) != TE_OK)
		return (e);
	for (i = 0; i < p->new->nfields; i++) {
		f = &p->new->field[i];
		e = f->old == -1 ? check_new(p, f) : count_field(p, f);
		if (e != TE_OK)
			return (e);
	}
	return (TE_OK);
}

/* ---- the whole ---- */

/* Does the physical shape change in a way only a rebuild can follow. */
static int
shape_changes(const struct plan *p)
{
	const struct field	*f, *o;
	unsigned int		 i;

	for (i = 0; i < p->old->nfields; i++)
		if (successor(p, i) == NULL)
			return (1);
	for (i = 0; i < p->new->nfields; i++) {
		f = &p->new->field[i];
		if (f->old == -1) {
			if (!f->nullable)
				return (1);
			continue;
		}
		o = &p->old->field[f->old];
		if (o->type != f->type || o->nullable != f->nullable ||
		    (p->rows && field_converts(o, f)))
			return (1);
	}
	return (0);
}

enum tool_err
plan_make(struct plan *p)
{
	enum tool_err	e;
	int		rows;

	if (p->old == NULL) {
		make_ids(p->new);
		list_changes(p);
		return (TE_OK);
	}
	if ((rows = table_has_rows(p->old->tab)) == -1)
		return (store_fail(p->c));
	p->rows = rows;
	match_fields(p);
	make_ids(p->new);
	keep_numbers(p);
	list_changes(p);
	if ((e = check_referenced(p)) != TE_OK)
		return (e);
	if (rows && p->old->incremental != p->new->incremental)
		return (call_fail(p->c, "generationStrategy cannot change "
		    "while the table has rows"));
	if (shape_changes(p))
		p->rebuild = 1;
	return (rows ? count_losses(p) : TE_OK);
}
