/* SPDX-License-Identifier: ISC */
/*
 * table_load.c: tables as stored: definition text plus the numbers of their
 * columns, and a cache of those whose rows are worked on.  Runs in
 * keepd-toold; reads only what this store wrote.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "table.h"

#define CACHE	32

static struct {
	struct table	*t;
	uint64_t	 used;
} cache[CACHE];
static uint64_t	cache_turn;

static struct query	q_tab = QUERY("SELECT n FROM tab WHERE id = ?1");
static struct query	q_cols = QUERY(
    "SELECT n, field FROM col WHERE tab = ?1");
static struct query	q_keys = QUERY(
    "SELECT name, parent, refs FROM fk WHERE child = ?1");

void
table_forget(void)
{
	size_t	i;

	for (i = 0; i < CACHE; i++) {
		table_free(cache[i].t);
		cache[i].t = NULL;
	}
}

static int
load_cols(struct table *t)
{
	struct stmt	*st;
	const char	*id;
	unsigned int	 i;
	int		 r;

	if ((st = query_get(&q_cols)) == NULL)
		return (-1);
	sql_bind_int(st, 1, t->tab);
	while ((r = sql_step(st)) == 1) {
		id = sql_str(st, 1);
		for (i = 0; i < t->nfields; i++)
			if (strcmp(t->field[i].id, id) == 0)
				t->field[i].col =
				    (unsigned int)sql_int(st, 0);
	}
	return (r);
}

/* "5,-2" into k->refcol. */
static void
parse_refs(struct fkey *k, const char *s)
{
	unsigned int	 i;
	char		*end;

	for (i = 0; i < k->ncols && *s != '\0'; i++) {
		k->refcol[i] = (int)strtol(s, &end, 10);
		s = *end == ',' ? end + 1 : end;
	}
}

static int
load_keys(struct table *t)
{
	struct stmt	*st;
	unsigned int	 i;
	int		 r;

	if (t->nkeys == 0)
		return (0);
	if ((st = query_get(&q_keys)) == NULL)
		return (-1);
	sql_bind_int(st, 1, t->tab);
	while ((r = sql_step(st)) == 1)
		for (i = 0; i < t->nkeys; i++)
			if (strcmp(t->key[i].name, sql_str(st, 0)) == 0) {
				t->key[i].tab =
				    (unsigned int)sql_int(st, 1);
				parse_refs(&t->key[i], sql_str(st, 2));
			}
	return (r);
}

static int
load_numbers(struct table *t)
{
	struct stmt	*st;
	unsigned int	 i;

	if ((st = query_get(&q_tab)) == NULL)
		return (-1);
	sql_bind_str(st, 1, t->id);
	if (sql_step(st) != 1)
		return (-1);
	t->tab = (unsigned int)sql_int(st, 0);
	sql_done(st);
	if (load_cols(t) == -1 || load_keys(t) == -1)
		return (-1);
	for (i = 0; i < t->nfields; i++)
		if (t->field[i].col == 0) {
			store_setfailx("Column '%s' of table '%s' has no "
			    "place in the store", t->field[i].name, t->name);
			return (-1);
		}
	return (0);
}

struct table *
table_load(const struct art *a)
{
	struct table	*t;
	struct call	 c;
	struct tool	 no_tool;
	json_t		*tree;

	/* A call only to catch a message: stored text breaks no rule. */
	memset(&c, 0, sizeof(c));
	memset(&no_tool, 0, sizeof(no_tool));
	no_tool.name = "store";
	c.tool = &no_tool;
	if ((tree = art_tree(a)) == NULL)
		return (NULL);
	if ((t = calloc(1, sizeof(*t))) == NULL) {
		json_decref(tree);
		store_setfail(SQLITE_NOMEM);
		return (NULL);
	}
	text_set(t->id, sizeof(t->id), a->id);
	t->revision = a->revision;
	if (table_parse(&c, tree, tree, t) == -1)
		store_setfailx("The stored definition of '%s' cannot be "
		    "used: %s", a->name, c.err);
	else if (load_numbers(t) == 0) {
		json_decref(tree);
		return (t);
	}
	json_decref(tree);
	table_free(t);
	return (NULL);
}

/* ---- cache ---- */

static struct table *
cache_get(const char *id, int64_t revision)
{
	size_t	i;

	for (i = 0; i < CACHE; i++)
		if (cache[i].t != NULL && cache[i].t->revision == revision &&
		    strcmp(cache[i].t->id, id) == 0) {
			cache[i].used = ++cache_turn;
			return (cache[i].t);
		}
	return (NULL);
}

static void
cache_put(struct table *t)
{
	size_t	i, best = 0;

	for (i = 0; i < CACHE; i++) {
		if (cache[i].t == NULL) {
			best = i;
			break;
		}
		if (cache[i].used < cache[best].used)
			best = i;
	}
	table_free(cache[best].t);
	cache[best].t = t;
	cache[best].used = ++cache_turn;
}

int
table_find(const struct caller *who, const char *name, struct table **out)
{
	struct art	a;
	int		r;

	if ((r = art_load_name(who, ART_TABLE, name, 0, &a)) != 1)
		return (r);
	/* A table that is hidden by its package has no rows to be seen. */
	if (a.level == PL_NONE)
		return (0);
	if ((*out = cache_get(a.id, a.revision)) != NULL)
		return (1);
	if ((r = art_load(who, ART_TABLE, a.id, ART_DEF, &a)) != 1)
		return (r);
	*out = table_load(&a);
	art_free(&a);
	if (*out == NULL)
		return (-1);
	cache_put(*out);
	return (1);
}

/* ---- rows ---- */

static int
get_number(unsigned int tab, int count, int64_t *n)
{
	struct stmt	*st;
	struct buf	 b;
	int		 r = -1;

	buf_init(&b, 256);
	if (count) {
		SQL(&b, "SELECT count(*) FROM ");
		sql_tab(&b, tab);
	} else {
		SQL(&b, "SELECT EXISTS (SELECT 1 FROM ");
		sql_tab(&b, tab);
		SQL(&b, ")");
	}
	if ((st = sql_get(SP_ROW, &b)) != NULL && sql_step(st) == 1) {
		*n = sql_int(st, 0);
		sql_done(st);
		r = 0;
	}
	buf_free(&b);
	return (r);
}

int
table_has_rows(unsigned int tab)
{
	int64_t	n;

	return (get_number(tab, 0, &n) == -1 ? -1 : n != 0);
}

static struct query	q_rows = QUERY("SELECT rows FROM tab WHERE n = ?1");
static struct query	q_rows_add = QUERY(
    "UPDATE tab SET rows = rows + ?2 WHERE n = ?1 AND rows >= 0"
    " RETURNING rows");
static struct query	q_rows_set = QUERY(
    "UPDATE tab SET rows = ?2 WHERE n = ?1");
static struct query	q_rows_lost = QUERY(
    "UPDATE tab SET rows = -1 WHERE n IN (SELECT child FROM fk)");

int
table_count(unsigned int tab, int64_t *n)
{
	struct stmt	*st;

	if ((st = query_get(&q_rows)) == NULL)
		return (-1);
	sql_bind_int(st, 1, tab);
	if (sql_step(st) != 1)
		return (-1);
	*n = sql_int(st, 0);
	sql_done(st);
	return (*n >= 0 ? 0 : get_number(tab, 1, n));
}

int
table_count_add(unsigned int tab, int64_t n, int others)
{
	struct stmt	*st;
	int64_t		 rows;
	int		 r;

	if ((st = query_get(others ? &q_rows_lost : &q_rows_add)) == NULL)
		return (-1);
	if (others)
		return (sql_run(st));
	sql_bind_int(st, 1, tab);
	sql_bind_int(st, 2, n);
	if ((r = sql_step(st)) == 1)
		sql_done(st);
	if (r != 0)
		return (r == 1 ? 0 : -1);
	/* It was unknown: count once. */
	if (get_number(tab, 1, &rows) == -1 ||
	    (st = query_get(&q_rows_set)) == NULL)
		return (-1);
	sql_bind_int(st, 1, tab);
	sql_bind_int(st, 2, rows);
	return (sql_run(st));
}
