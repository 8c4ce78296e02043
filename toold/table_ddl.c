/* SPDX-License-Identifier: ISC */
/*
 * table_ddl.c: the physical side of user tables: CREATE, ALTER, rebuild and
 * DROP, and the catalogue rows that go with them.  Runs in keepd-toold
 * inside the transaction of a save.  Every identifier is a number of ours;
 * defaults are bound, never written into a statement.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "table.h"

static struct query	q_tab_add = QUERY(
    "INSERT INTO tab (n, id, next_id, rows) VALUES (?1, ?2, 1, 0)");
static struct query	q_tab_del = QUERY("DELETE FROM tab WHERE n = ?1");
static struct query	q_col_add = QUERY(
    "INSERT INTO col (n, tab, field) VALUES (?1, ?2, ?3)");
static struct query	q_col_del = QUERY("DELETE FROM col WHERE tab = ?1");
static struct query	q_fk_add = QUERY(
    "INSERT INTO fk (child, name, parent, cols, refs)"
    " VALUES (?1, ?2, ?3, ?4, ?5)");
static struct query	q_fk_del = QUERY("DELETE FROM fk WHERE child = ?1");
static struct query	q_idx_list = QUERY(
    "SELECT n, sig FROM idx WHERE tab = ?1 ORDER BY n");
static struct query	q_idx_add = QUERY(
    "INSERT INTO idx (n, tab, kind, ref, sig)"
    " VALUES (?1, ?2, ?3, ?4, ?5)");
static struct query	q_idx_del = QUERY("DELETE FROM idx WHERE n = ?1");
static struct query	q_idx_clear = QUERY("DELETE FROM idx WHERE tab = ?1");

/* ---- statements ---- */

/* Counted from 1 in the order of the answer. */
static unsigned int
number_shown(struct plan *p, unsigned int n)
{
	unsigned int	i;

	for (i = 0; i < p->nseen; i++)
		if (p->seen[i] == n)
			return (i + 1);
	if (p->nseen < PLAN_NUMBERS)
		p->seen[p->nseen++] = n;
	return (p->nseen);
}

static int
word_char(char ch)
{
	return ((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
	    (ch >= 'A' && ch <= 'Z') || ch == '_');
}

/*
 * Numbers behind t_, c_ and i_ are counted over all tables of the server:
 * shown as they are, they would tell how many others make.
 */
static void
put_shown(struct plan *p, struct buf *out, const char *s)
{
	unsigned int	n;
	int		quoted = 0, in_word = 0;

	while (*s != '\0') {
		if (!quoted && !in_word && strchr("tci", *s) != NULL &&
		    s[1] == '_' && s[2] >= '0' && s[2] <= '9') {
			buf_addf(out, "%c_", *s);
			n = (unsigned int)strtoul(s + 2, NULL, 10);
			buf_addf(out, "%u", number_shown(p, n));
			for (s += 2; *s >= '0' && *s <= '9'; s++)
				;
			in_word = 1;
			continue;
		}
		quoted ^= *s == '\'';
		in_word = word_char(*s);
		buf_addc(out, (uint8_t)*s++);
	}
}

static void
announce(struct plan *p, const struct buf *b)
{
	struct buf	text, shown;

	buf_init(&text, STORE_ANSWER_MAX);
	buf_init(&shown, STORE_ANSWER_MAX);
	buf_add(&text, b->data, b->len);
	buf_addc(&text, '\0');
	if (!text.failed)
		put_shown(p, &shown, (const char *)text.data);
	if (p->nstatements++ != 0)
		buf_addc(&p->statements, ',');
	buf_add_json(&p->statements, (const char *)shown.data, shown.len);
	buf_free(&text);
	buf_free(&shown);
}

/* Run a built statement, free its text. */
static int
run(struct plan *p, struct buf *b)
{
	int	r;

	announce(p, b);
	r = sql_exec(SP_DDL, b);
	buf_free(b);
	return (r);
}

static int
run_number(struct query *q, unsigned int n)
{
	struct stmt	*st;

	if ((st = query_get(q)) == NULL)
		return (-1);
	sql_bind_int(st, 1, n);
	return (sql_run(st));
}

/*
 * Foreign keys are off while a table is replaced: dropping it would else
 * count as deleting its rows.  What must hold is checked afterwards.
 */
static void
enforce_keys(int on)
{
	sqlite3_db_config(store_db(), SQLITE_DBCONFIG_ENABLE_FKEY, on, NULL);
}

/* ---- CREATE TABLE ---- */

static void
put_check(struct buf *b, const struct field *f)
{
	switch (f->type) {
	case FT_BOOLEAN:
		SQL(b, " CHECK (");
		sql_col(b, (int)f->col);
		SQL(b, " IN (0, 1))");
		break;
	case FT_SMALLINT:
		SQL(b, " CHECK (");
		sql_col(b, (int)f->col);
		SQL(b, " BETWEEN -32768 AND 32767)");
		break;
	case FT_INTEGER:
		SQL(b, " CHECK (");
		sql_col(b, (int)f->col);
		SQL(b, " BETWEEN -2147483648 AND 2147483647)");
		break;
	default:
		break;
	}
}

static void
put_column(struct buf *b, const struct field *f)
{
	sql_col(b, (int)f->col);
	switch (ftype_row(f->type)->class) {
	case FC_INT: SQL(b, " INTEGER"); break;
	case FC_TEXT: SQL(b, " TEXT"); break;
	case FC_BLOB: SQL(b, " BLOB"); break;
	}
	if (!f->nullable)
		SQL(b, " NOT NULL");
	if (f->type == FT_DECIMAL)
		SQL(b, " COLLATE kd_dec");
	else if (f->type == FT_UUID)
		SQL(b, " COLLATE NOCASE");
	put_check(b, f);
}

static void
put_key(struct buf *b, const struct table *t, const struct fkey *k)
{
	unsigned int	i;

	SQL(b, ", FOREIGN KEY (");
	for (i = 0; i < k->ncols; i++) {
		if (i != 0)
			SQL(b, ", ");
		sql_col(b, table_phys(t, k->col[i]));
	}
	SQL(b, ") REFERENCES ");
	sql_tab(b, k->tab);
	SQL(b, " (");
	for (i = 0; i < k->ncols; i++) {
		if (i != 0)
			SQL(b, ", ");
		sql_col(b, k->refcol[i]);
	}
	switch (k->on_delete) {
	case OD_RESTRICT: SQL(b, ") ON DELETE RESTRICT"); break;
	case OD_CASCADE: SQL(b, ") ON DELETE CASCADE"); break;
	case OD_SET_NULL: SQL(b, ") ON DELETE SET NULL"); break;
	default: SQL(b, ") ON DELETE NO ACTION"); break;
	}
}

/* The table under any number; its keys name the final one. */
static int
create_table(struct plan *p, unsigned int n)
{
	const struct table	*t = p->new;
	struct buf		 b;
	unsigned int		 i;

	buf_init(&b, 65536);
	SQL(&b, "CREATE TABLE ");
	sql_tab(&b, n);
	SQL(&b, " (r INTEGER PRIMARY KEY, id TEXT NOT NULL COLLATE NOCASE"
	    " UNIQUE, ca INTEGER NOT NULL, ua INTEGER NOT NULL,"
	    " cb TEXT NOT NULL, ub TEXT NOT NULL");
	for (i = 0; i < t->nfields; i++) {
		SQL(&b, ", ");
		put_column(&b, &t->field[i]);
	}
	for (i = 0; i < t->nkeys; i++)
		put_key(&b, t, &t->key[i]);
	SQL(&b, ") STRICT");
	return (run(p, &b));
}

/* ---- indices ---- */

/* One index that must be there, and what it is for. */
struct want {
	const char	*kind;		/* "u" field, "i" index, "f" key */
	const char	*ref;		/* field id, or name */
	const char	*shown;		/* for messages */
	int		 unique;
	unsigned int	 ncols;
	const colref	*cols;
	colref		 one;
	char		 sig[160];
	int		 there;
};

static void
want_add(struct plan *p, struct want *w, unsigned int *n, const char *kind,
    const char *ref, const char *shown, int unique, const colref *cols,
    unsigned int ncols)
{
	struct want	*o = &w[(*n)++];
	size_t		 len;
	unsigned int	 i;

	o->kind = kind;
	o->ref = ref;
	o->shown = shown;
	o->unique = unique;
	o->ncols = ncols;
	if (ncols == 1) {
		o->one = cols[0];
		cols = &o->one;
	}
	o->cols = cols;
	len = (size_t)snprintf(o->sig, sizeof(o->sig), "%s%c", kind,
	    unique ? 'U' : 'N');
	for (i = 0; i < ncols && len < sizeof(o->sig); i++)
		len += (size_t)snprintf(o->sig + len, sizeof(o->sig) - len,
		    ",%d", table_phys(p->new, cols[i]));
}

#define WANT_MAX	(TAB_FIELDS_MAX + TAB_INDICES_MAX + TAB_KEYS_MAX)

static unsigned int
want_list(struct plan *p, struct want *w)
{
	struct table	*t = p->new;
	unsigned int	 i, n = 0;
	colref		 c;

	for (i = 0; i < t->nfields; i++) {
		c = (colref)i;
		if (t->field[i].unique)
			want_add(p, w, &n, "u", t->field[i].id,
			    t->field[i].name, 1, &c, 1);
	}
	for (i = 0; i < t->nindices; i++)
		if (!t->index[i].vector)
			want_add(p, w, &n, "i", t->index[i].name,
			    t->index[i].name, t->index[i].unique,
			    t->index[i].col, t->index[i].ncols);
	/* So that the parent's rows can be deleted without a full scan. */
	for (i = 0; i < t->nkeys; i++)
		want_add(p, w, &n, "f", t->key[i].name, t->key[i].name, 0,
		    t->key[i].col, t->key[i].ncols);
	return (n);
}

static enum tool_err
index_failed(struct plan *p, const struct want *w)
{
	if (store_failcode() != SQLITE_CONSTRAINT_UNIQUE)
		return (store_fail(p->c));
	if (w->kind[0] == 'u')
		return (call_fail(p->c, "Column '%s' cannot be unique: "
		    "several rows have the same value", w->shown));
	return (call_fail(p->c, "Index '%s' cannot be unique: several rows "
	    "have the same values", w->shown));
}

static enum tool_err
index_make(struct plan *p, const struct want *w)
{
	struct stmt	*st;
	struct buf	 b;
	unsigned int	 n, i;

	if ((n = store_seq()) == 0)
		return (store_fail(p->c));
	buf_init(&b, 4096);
	if (w->unique)
		SQL(&b, "CREATE UNIQUE INDEX ");
	else
		SQL(&b, "CREATE INDEX ");
	sql_idx(&b, n);
	SQL(&b, " ON ");
	sql_tab(&b, p->new->tab);
	SQL(&b, " (");
	for (i = 0; i < w->ncols; i++) {
		if (i != 0)
			SQL(&b, ", ");
		sql_col(&b, table_phys(p->new, w->cols[i]));
	}
	SQL(&b, ")");
	if (run(p, &b) == -1)
		return (index_failed(p, w));
	if ((st = query_get(&q_idx_add)) == NULL)
		return (store_fail(p->c));
	sql_bind_int(st, 1, n);
	sql_bind_int(st, 2, p->new->tab);
	sql_bind_str(st, 3, w->kind);
	sql_bind_str(st, 4, w->ref);
	sql_bind_str(st, 5, w->sig);
	return (sql_run(st) == -1 ? store_fail(p->c) : TE_OK);
}

static int
index_drop(struct plan *p, unsigned int n)
{
	struct buf	b;

	buf_init(&b, 64);
	SQL(&b, "DROP INDEX ");
	sql_idx(&b, n);
	return (run(p, &b) == -1 || run_number(&q_idx_del, n) == -1 ? -1 : 0);
}

/* Which of the indices that exist are still wanted; drop the others. */
static int
index_sweep(struct plan *p, struct want *w, unsigned int n)
{
	struct stmt	*st;
	unsigned int	 drop[WANT_MAX], ndrop = 0, i;
	int		 r;

	if ((st = query_get(&q_idx_list)) == NULL)
		return (-1);
	sql_bind_int(st, 1, p->new->tab);
	while ((r = sql_step(st)) == 1) {
		for (i = 0; i < n; i++)
			if (!w[i].there && strcmp(w[i].sig,
			    sql_str(st, 1)) == 0)
				break;
		if (i < n)
			w[i].there = 1;
		else if (ndrop < WANT_MAX)
			drop[ndrop++] = (unsigned int)sql_int(st, 0);
	}
	for (i = 0; i < ndrop && r == 0; i++)
		r = index_drop(p, drop[i]);
	return (r);
}

static enum tool_err
sync_indices(struct plan *p)
{
	struct want	*w;
	enum tool_err	 e = TE_OK;
	unsigned int	 n, i;

	if ((w = calloc(WANT_MAX, sizeof(*w))) == NULL)
		return (call_fail(p->c, "out of memory"));
	n = want_list(p, w);
	if (index_sweep(p, w, n) == -1)
		e = store_fail(p->c);
	for (i = 0; i < n && e == TE_OK; i++)
		if (!w[i].there)
			e = index_make(p, &w[i]);
	free(w);
	return (e);
}

/* ---- catalogue ---- */

static int
number_columns(struct plan *p)
{
	unsigned int	i;

	for (i = 0; i < p->new->nfields; i++)
		if (p->new->field[i].col == 0 &&
		    (p->new->field[i].col = store_seq()) == 0)
			return (-1);
	table_resolve_self(p->new);
	return (0);
}

static int
record_columns(struct plan *p)
{
	struct stmt	*st;
	unsigned int	 i;

	if (run_number(&q_col_del, p->new->tab) == -1)
		return (-1);
	for (i = 0; i < p->new->nfields; i++) {
		if ((st = query_get(&q_col_add)) == NULL)
			return (-1);
		sql_bind_int(st, 1, p->new->field[i].col);
		sql_bind_int(st, 2, p->new->tab);
		sql_bind_str(st, 3, p->new->field[i].id);
		if (sql_run(st) == -1)
			return (-1);
	}
	return (0);
}

static int
record_key(struct plan *p, const struct fkey *k)
{
	struct stmt	*st;
	struct buf	 cols, refs;
	unsigned int	 i;
	int		 r = -1;

	buf_init(&cols, 256);
	buf_init(&refs, 256);
	for (i = 0; i < k->ncols; i++) {
		buf_addf(&cols, "%s%d", i != 0 ? "," : "",
		    table_phys(p->new, k->col[i]));
		buf_addf(&refs, "%s%d", i != 0 ? "," : "", k->refcol[i]);
	}
	if (!cols.failed && !refs.failed &&
	    (st = query_get(&q_fk_add)) != NULL) {
		sql_bind_int(st, 1, p->new->tab);
		sql_bind_str(st, 2, k->name);
		sql_bind_int(st, 3, k->tab);
		sql_bind_text(st, 4, (const char *)cols.data, cols.len);
		sql_bind_text(st, 5, (const char *)refs.data, refs.len);
		r = sql_run(st);
	}
	buf_free(&cols);
	buf_free(&refs);
	return (r);
}

static int
record_keys(struct plan *p)
{
	unsigned int	i;

	if (run_number(&q_fk_del, p->new->tab) == -1)
		return (-1);
	for (i = 0; i < p->new->nkeys; i++)
		if (record_key(p, &p->new->key[i]) == -1)
			return (-1);
	return (0);
}

/* ---- foreign keys over rows that are there ---- */

static int
count_orphans(struct plan *p, const struct fkey *k, int64_t *n)
{
	struct stmt	*st;
	struct buf	 b;
	unsigned int	 i;
	int		 r = -1;

	buf_init(&b, 8192);
	SQL(&b, "SELECT count(*) FROM ");
	sql_tab(&b, p->new->tab);
	SQL(&b, " x WHERE ");
	for (i = 0; i < k->ncols; i++) {
		SQL(&b, "x.");
		sql_col(&b, table_phys(p->new, k->col[i]));
		SQL(&b, " IS NOT NULL AND ");
	}
	SQL(&b, "NOT EXISTS (SELECT 1 FROM ");
	sql_tab(&b, k->tab);
	SQL(&b, " y WHERE ");
	for (i = 0; i < k->ncols; i++) {
		if (i != 0)
			SQL(&b, " AND ");
		SQL(&b, "y.");
		sql_col(&b, k->refcol[i]);
		SQL(&b, " = x.");
		sql_col(&b, table_phys(p->new, k->col[i]));
	}
	SQL(&b, ")");
	if ((st = sql_get(SP_ROW, &b)) != NULL && sql_step(st) == 1) {
		*n = sql_int(st, 0);
		sql_done(st);
		r = 0;
	}
	buf_free(&b);
	return (r);
}

static enum tool_err
check_keys(struct plan *p)
{
	int64_t		n;
	unsigned int	i;

	for (i = 0; i < p->new->nkeys; i++) {
		if (count_orphans(p, &p->new->key[i], &n) == -1)
			return (store_fail(p->c));
		if (n > 0)
			return (call_fail(p->c, "Foreign key '%s' does not "
			    "hold: %lld rows have a value that table '%s' "
			    "does not have", p->new->key[i].name,
			    (long long)n, p->new->key[i].parent));
	}
	return (TE_OK);
}

/* ---- rebuild ---- */

static void
put_select(struct plan *p, struct buf *b, struct conv *cv)
{
	const struct field	*f, *o;
	unsigned int		 i;

	for (i = 0; i < p->new->nfields; i++) {
		f = &p->new->field[i];
		SQL(b, ", ");
		if (f->old == -1) {
			if (f->dflt != NULL)
				sql_par(b, i + 1);
			else
				SQL(b, "NULL");
			continue;
		}
		o = &p->old->field[f->old];
		if (field_converts(o, f) || (o->nullable && !f->nullable)) {
			cv[i].from = o;
			cv[i].to = f;
			SQL(b, "kd_conv(");
			sql_num(b, i);
			SQL(b, ", ");
			sql_col(b, (int)o->col);
			SQL(b, ")");
		} else
			sql_col(b, (int)o->col);
	}
}

static void
put_copy(struct plan *p, struct buf *b, unsigned int to, struct conv *cv)
{
	unsigned int	i;

	SQL(b, "INSERT INTO ");
	sql_tab(b, to);
	SQL(b, " (r, id, ca, ua, cb, ub");
	for (i = 0; i < p->new->nfields; i++) {
		SQL(b, ", ");
		sql_col(b, (int)p->new->field[i].col);
	}
	SQL(b, ") SELECT r, id, ca, ua, cb, ub");
	put_select(p, b, cv);
	SQL(b, " FROM ");
	sql_tab(b, p->old->tab);
}

static int
copy_rows(struct plan *p, unsigned int to)
{
	struct stmt	*st;
	struct conv	*cv;
	struct buf	 b;
	char		 why[128];
	unsigned int	 i;
	int		 r = -1;

	if ((cv = calloc(p->new->nfields, sizeof(*cv))) == NULL) {
		store_setfail(SQLITE_NOMEM);
		return (-1);
	}
	buf_init(&b, 65536);
	put_copy(p, &b, to, cv);
	announce(p, &b);
	for (i = 0; i < p->new->nfields; i++)
		if (p->new->field[i].dflt != NULL && value_from_json(
		    &p->new->field[i], p->new->field[i].dflt, &cv[i].dflt,
		    why, sizeof(why)) == 0)
			cv[i].has_dflt = 1;
	if ((st = sql_get(SP_DDL, &b)) != NULL) {
		for (i = 0; i < p->new->nfields; i++)
			if (p->new->field[i].old == -1 && cv[i].has_dflt)
				value_bind(st, (int)i + 1, &cv[i].dflt);
		conv_set(cv, p->new->nfields);
		r = sql_run(st);
		conv_set(NULL, 0);
	}
	for (i = 0; i < p->new->nfields; i++)
		value_free(&cv[i].dflt);
	free(cv);
	buf_free(&b);
	return (r);
}

static int
drop_table(struct plan *p, unsigned int n)
{
	struct buf	b;

	buf_init(&b, 64);
	SQL(&b, "DROP TABLE ");
	sql_tab(&b, n);
	return (run(p, &b));
}

/* New table, copy, drop, rename: the old number stays. */
static int
rebuild_table(struct plan *p)
{
	struct buf	b;
	unsigned int	n;
	int		r;

	if ((n = store_seq()) == 0 || run_number(&q_idx_clear,
	    p->old->tab) == -1)
		return (-1);
	enforce_keys(0);
	r = create_table(p, n);
	if (r == 0)
		r = copy_rows(p, n);
	if (r == 0)
		r = drop_table(p, p->old->tab);
	if (r == 0) {
		buf_init(&b, 128);
		SQL(&b, "ALTER TABLE ");
		sql_tab(&b, n);
		SQL(&b, " RENAME TO ");
		sql_tab(&b, p->old->tab);
		r = run(p, &b);
	}
	enforce_keys(1);
	return (r);
}

/* ---- columns that can be added in place ---- */

static int
fill_column(struct plan *p, const struct field *f)
{
	struct stmt	*st;
	struct value	 v;
	struct buf	 b;
	char		 why[128];
	int		 r = -1;

	if (f->dflt == NULL || !p->rows)
		return (0);
	if (value_from_json(f, f->dflt, &v, why, sizeof(why)) == -1)
		return (-1);
	buf_init(&b, 256);
	SQL(&b, "UPDATE ");
	sql_tab(&b, p->new->tab);
	SQL(&b, " SET ");
	sql_col(&b, (int)f->col);
	SQL(&b, " = ?1");
	announce(p, &b);
	if ((st = sql_get(SP_ROW, &b)) != NULL) {
		value_bind(st, 1, &v);
		r = sql_run(st);
	}
	buf_free(&b);
	value_free(&v);
	return (r);
}

static int
add_columns(struct plan *p)
{
	struct buf	b;
	unsigned int	i;

	for (i = 0; i < p->new->nfields; i++) {
		if (p->new->field[i].old != -1)
			continue;
		buf_init(&b, 512);
		SQL(&b, "ALTER TABLE ");
		sql_tab(&b, p->new->tab);
		SQL(&b, " ADD COLUMN ");
		put_column(&b, &p->new->field[i]);
		if (run(p, &b) == -1 ||
		    fill_column(p, &p->new->field[i]) == -1)
			return (-1);
	}
	return (0);
}

/* ---- the whole ---- */

static enum tool_err
run_create(struct plan *p)
{
	struct stmt	*st;

	if ((p->new->tab = store_seq()) == 0 || number_columns(p) == -1 ||
	    (st = query_get(&q_tab_add)) == NULL)
		return (store_fail(p->c));
	sql_bind_int(st, 1, p->new->tab);
	sql_bind_str(st, 2, p->new->id);
	if (sql_run(st) == -1 || create_table(p, p->new->tab) == -1 ||
	    record_columns(p) == -1 || record_keys(p) == -1)
		return (store_fail(p->c));
	return (sync_indices(p));
}

enum tool_err
plan_run(struct plan *p)
{
	enum tool_err	e;

	table_forget();
	if (p->old == NULL)
		return (run_create(p));
	if (number_columns(p) == -1)
		return (store_fail(p->c));
	if ((p->rebuild ? rebuild_table(p) : add_columns(p)) == -1 ||
	    record_columns(p) == -1 || record_keys(p) == -1)
		return (store_fail(p->c));
	if ((e = sync_indices(p)) != TE_OK)
		return (e);
	return (p->rebuild && p->rows ? check_keys(p) : TE_OK);
}

enum tool_err
plan_drop(struct plan *p)
{
	int	r;

	table_forget();
	enforce_keys(0);
	r = drop_table(p, p->old->tab);
	enforce_keys(1);
	if (r == -1 || run_number(&q_idx_clear, p->old->tab) == -1 ||
	    run_number(&q_fk_del, p->old->tab) == -1 ||
	    run_number(&q_col_del, p->old->tab) == -1 ||
	    run_number(&q_tab_del, p->old->tab) == -1)
		return (store_fail(p->c));
	return (TE_OK);
}
