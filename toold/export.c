/* SPDX-License-Identifier: ISC */
/*
 * export.c: a package as a file: its record, its artifacts by type and name,
 * the rows of tables that say so.  Runs in keepd-toold under a user's handle:
 * a type or a table that this user may not see ends the export, since a file
 * that lacks something without saying so would be taken for whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "audit.h"
#include "pipe.h"
#include "row.h"
#include "transfer.h"

#define IDS_MAX		(1U << 20)	/* artifacts of one package */

struct member {
	enum art_type	 type;
	char		 id[ID_SIZE];
};

struct work {
	struct art	 pkg;
	struct member	*list;
	size_t		 n, cap, at;
	size_t		 tables, table_at;	/* with rows, at the end */
	int64_t		 last;		/* row written last */
	uint64_t	 from;		/* rows of it that were written */
	int		 items;		/* written into the array */
	uint64_t	 began;
};

static struct query	q_members = QUERY(
    "SELECT id FROM artifact WHERE package = ?1 AND type = ?2"
    " ORDER BY name_key");

static void
work_free(struct transfer *t)
{
	struct work	*w = t->state;

	art_free(&w->pkg);
	free(w->list);
	free(w);
}

static int
member_add(struct work *w, enum art_type type, const char *id)
{
	struct member	*p;

	if (w->n == w->cap) {
		w->cap = w->cap != 0 ? w->cap * 2 : 256;
		if (w->cap > IDS_MAX || (p = realloc(w->list, w->cap *
		    sizeof(*p))) == NULL)
			return (-1);
		w->list = p;
	}
	w->list[w->n].type = type;
	text_set(w->list[w->n++].id, ID_SIZE, id);
	return (0);
}

/* The members of a type: NULL, or why not. */
static const char *
members_find(struct transfer *t, enum art_type type)
{
	static char	 why[96];
	struct work	*w = t->state;
	struct stmt	*st;
	size_t		 before = w->n;
	int		 r;

	if ((st = query_get(&q_members)) == NULL)
		return (store_error());
	sql_bind_str(st, 1, w->pkg.id);
	sql_bind_int(st, 2, type);
	while ((r = sql_step(st)) == 1)
		if (member_add(w, type, sql_str(st, 0)) == -1) {
			sql_done(st);
			return ("the package has too many artifacts");
		}
	if (r == -1)
		return (store_error());
	if (w->n != before && !(t->who->display &
	    PERM_BIT(art_kind(type)->perm))) {
		snprintf(why, sizeof(why), "Access denied: no permission for "
		    "%s", perm_row(art_kind(type)->perm)->name);
		return (why);
	}
	return (NULL);
}

/* An item of the array, on a line of its own. */
static void
item_begin(struct transfer *t, const char *word)
{
	struct work	*w = t->state;

	buf_addf(&t->out, "%s\n{\"artifact\":\"%s\"",
	    w->items++ != 0 ? "," : "", word);
}

static const char *
kind_word(enum art_type type)
{
	const struct transfer_kind	*k;

	for (k = transfer_kinds; k->type != type; k++)
		;
	return (k->word);
}

static void
record_put(struct transfer *t, enum art_type type, json_t *tree)
{
	const char	*key;
	json_t		*v;

	item_begin(t, kind_word(type));
	json_object_foreach(tree, key, v) {
		buf_addf(&t->out, ",\"%s\":", key);
		json_put(&t->out, v);
	}
	buf_addc(&t->out, '}');
}

/* ---- rows ---- */

static void
row_put(struct buf *b, const struct table *tab, struct stmt *st)
{
	unsigned int	i;

	buf_adds(b, "{\"id\":");
	value_put(b, implicit_field(IC_ID)->type,
	    sqlite3_column_value(st->s, 1));
	for (i = 0; i < tab->nfields; i++) {
		buf_addc(b, ',');
		buf_add_json(b, tab->field[i].name,
		    strlen(tab->field[i].name));
		buf_addc(b, ':');
		value_put(b, tab->field[i].type,
		    sqlite3_column_value(st->s, (int)i + 2));
	}
	buf_addc(b, '}');
}

/* A batch of rows as an item: how many, or -1. */
static int
rows_put(struct transfer *t, const struct table *tab)
{
	struct work	*w = t->state;
	struct stmt	*st;
	int		 n = 0, r;

	if ((st = transfer_select(tab, w->last)) == NULL)
		return (-1);
	while ((r = sql_step(st)) == 1) {
		if (n++ == 0) {
			item_begin(t, "rows");
			json_put_str(&t->out, "table", tab->name);
			buf_addf(&t->out, ",\"from\":%llu,\"rows\":[",
			    (unsigned long long)w->from);
		} else
			buf_addc(&t->out, ',');
		row_put(&t->out, tab, st);
		w->last = sql_int(st, 0);
		/* A batch must be a call's arguments. */
		if (t->out.len > (2U << 20)) {
			sql_done(st);
			break;
		}
	}
	if (n != 0)
		buf_adds(&t->out, "]}");
	w->from += (uint64_t)n;
	t->done += (uint64_t)n;
	return (r == -1 ? -1 : n);
}

/* The next batch of the tables with rows: 1 when there is none left. */
static int
rows_step(struct transfer *t)
{
	struct work	*w = t->state;
	struct table	*tab;
	struct art	 a;
	int		 n;

	if (w->table_at == w->tables)
		return (1);
	n = art_load(t->who, ART_TABLE, w->list[w->table_at].id, 0, &a);
	if (n == 1)
		n = table_find(t->who, a.name, &tab);
	if (n != 1)
		return (transfer_fail(t, "%s", n == -1 ? store_error() :
		    "a table went away meanwhile: begin again"));
	if (!(t->who->display & PERM_BIT(PERM_TABLEBROWSER)) ||
	    !role_list_allows(t->who, &tab->read))
		return (transfer_fail(t, "Access denied: the rows of table "
		    "'%s' belong to the package and are not for this user",
		    tab->name));
	if ((n = rows_put(t, tab)) == -1)
		return (transfer_fail(t, "%s", store_error()));
	if (n == 0) {
		w->table_at++;
		w->last = 0;
		w->from = 0;
	}
	return (0);
}

/* ---- steps ---- */

static int
finish(struct transfer *t)
{
	struct work	*w = t->state;

	if (t->failed)
		return (1);
	buf_adds(&t->out, "\n]}\n");
	pipe_audit(t->who, "export", w->pkg.name, AO_OK, w->began);
	snprintf(t->text, sizeof(t->text), "package '%s': %zu artifacts",
	    w->pkg.name, w->n);
	return (1);
}

static int
step(struct transfer *t)
{
	struct work	*w = t->state;
	struct member	*m;
	struct art	 a;
	json_t		*tree;
	int		 r;

	if (w->at == w->n)
		return (rows_step(t) ? finish(t) : 0);
	m = &w->list[w->at++];
	r = art_load(t->who, m->type, m->id, ART_DEF, &a);
	if (r != 1 || a.level == PL_NONE) {
		if (r == 1)
			art_free(&a);
		return (transfer_fail(t, "%s", r == -1 ? store_error() :
		    "an artifact went away meanwhile: begin again"));
	}
	tree = transfer_tree(&a);
	art_free(&a);
	if (tree == NULL)
		return (transfer_fail(t, "%s", store_error()));
	record_put(t, m->type, tree);
	if (m->type == ART_TABLE && json_is_true(json_object_get(tree,
	    "includeDataInPackage")))
		w->list[w->tables++] = *m;
	json_decref(tree);
	t->done++;
	return (0);
}

const char *
export_package(struct transfer *t)
{
	const struct transfer_kind	*k;
	struct work			*w;
	const char			*why;
	json_t				*tree;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return ("out of memory");
	t->state = w;
	t->end = work_free;
	t->step = step;
	t->unit = "artifacts and rows";
	w->began = mono_us();
	if (transfer_package(t, t->cmd.text, &w->pkg) == -1)
		return (t->text);
	for (k = transfer_kinds; k->type != 0; k++)
		if (k->type != ART_PACKAGE &&
		    (why = members_find(t, k->type)) != NULL)
			return (why);
	t->all = w->n;
	buf_addf(&t->out, "{\"format\":\"%s\",\"version\":%d,\n\"package\":",
	    TRANSFER_FORMAT, TRANSFER_VERSION);
	if ((tree = transfer_tree(&w->pkg)) == NULL)
		return (store_error());
	json_put(&t->out, tree);
	json_decref(tree);
	buf_adds(&t->out, ",\n\"artifacts\":[");
	return (NULL);
}
