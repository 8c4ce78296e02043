/* SPDX-License-Identifier: ISC */
/*
 * table.c: the table tools: semantic rules that need other artifacts, the
 * change, the answers.  Runs in keepd-toold.  Definitions are checked by
 * table_parse.c, rows judged by table_plan.c, DDL made by table_ddl.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "artifact.h"
#include "row.h"

/* What the stages of one save or delete hand on. */
struct work {
	struct table	*old, *new;
	struct plan	 plan;
	const char	*name, *description;
	int64_t		 rows;		/* delete */
};

static struct query	q_children = QUERY(
    "SELECT DISTINCT t.id FROM fk f JOIN tab t ON t.n = f.child"
    " WHERE f.parent = ?1 AND f.child <> ?1");

static void
work_free(void *p)
{
	struct work	*w = p;

	plan_free(&w->plan);
	table_free(w->old);
	table_free(w->new);
	free(w);
}

static struct work *
work_get(struct call *c)
{
	struct art_call	*ac = art_call(c);

	if (ac == NULL)
		return (NULL);
	if (ac->more == NULL) {
		ac->more = calloc(1, sizeof(struct work));
		ac->more_free = work_free;
	}
	return (ac->more);
}

static int
ignore_warning(const struct call *c)
{
	return (json_is_true(json_object_get(c->args, "ignoreWarning")));
}

/* ---- roles of the table ---- */

static int
has_both(const struct caller *who, const struct table *t)
{
	return (role_list_allows(who, &t->read) &&
	    role_list_allows(who, &t->write));
}

/* ---- foreign keys ---- */

static int
is_int(enum ftype t)
{
	return (t == FT_SMALLINT || t == FT_INTEGER || t == FT_BIGINT);
}

static int
compatible(enum ftype child, colref pc, enum ftype parent)
{
	unsigned int	text;

	text = ftype_row(child)->flags & FF_TEXT;
	if (pc == IC_ID)
		return (child == FT_UUID || text);
	return (child == parent || (text && (ftype_row(parent)->flags &
	    FF_TEXT)) || (is_int(child) && is_int(parent)));
}

/* The columns a key points to, in the parent's definition. */
static enum tool_err
key_columns(struct call *c, unsigned int n, const struct table *t,
    struct fkey *k, const struct table *parent)
{
	colref		cols[TAB_COLS_MAX];
	char		path[96];
	unsigned int	i;

	for (i = 0; i < k->ncols; i++) {
		snprintf(path, sizeof(path), "table.foreignKeys.%u."
		    "referencedTableColumns.%u", n, i);
		cols[i] = table_col(parent, k->ref[i]);
		if (cols[i] == FIELD_NONE)
			return (call_invalid(c, path, "'%s' is not a column "
			    "of table '%s'", k->ref[i], k->parent));
		if (!compatible(table_coltype(t, k->col[i]), cols[i],
		    table_coltype(parent, cols[i])))
			return (call_invalid(c, path, "'%s' has another "
			    "type than '%s'", k->ref[i],
			    table_colname(t, k->col[i])));
		k->refcol[i] = table_phys(parent, cols[i]);
	}
	if (table_unique(parent, cols, k->ncols))
		return (TE_OK);
	snprintf(path, sizeof(path), "table.foreignKeys.%u."
	    "referencedTableColumns", n);
	return (call_invalid(c, path, "must be id, or unique in table '%s'",
	    k->parent));
}

/* A key that was there before as it is stands without another look. */
static int
key_kept(const struct table *old, const struct table *t, struct fkey *k)
{
	const struct fkey	*o;
	unsigned int		 i, n;

	for (i = 0; old != NULL && i < old->nkeys; i++) {
		o = &old->key[i];
		if (strcmp(o->name, k->name) != 0 || o->ncols != k->ncols ||
		    o->on_delete != k->on_delete || o->self ||
		    ascii_casecmp(o->parent, k->parent) != 0)
			continue;
		for (n = 0; n < k->ncols; n++)
			if (strcmp(o->ref[n], k->ref[n]) != 0 ||
			    strcmp(table_colname(old, o->col[n]),
			    table_colname(t, k->col[n])) != 0 ||
			    table_coltype(old, o->col[n]) !=
			    table_coltype(t, k->col[n]))
				break;
		if (n < k->ncols)
			continue;
		k->tab = o->tab;
		memcpy(k->refcol, o->refcol, sizeof(k->refcol));
		return (1);
	}
	return (0);
}

static enum tool_err
key_parent(struct call *c, unsigned int n, struct table *t, struct fkey *k)
{
	struct table	*parent;
	struct art	 a;
	enum tool_err	 e;
	char		 path[96];
	int		 r;

	r = uuid_valid(k->parent, strlen(k->parent)) ?
	    art_load(c->who, ART_TABLE, k->parent, ART_DEF, &a) : 0;
	if (r == 0)
		r = art_load_name(c->who, ART_TABLE, k->parent, ART_DEF, &a);
	if (r == -1)
		return (store_fail(c));
	snprintf(path, sizeof(path), "table.foreignKeys.%u.referencedTable",
	    n);
	if (r == 0 || a.level == PL_NONE) {
		art_free(&a);
		return (call_invalid(c, path, "'%s' is not a table",
		    k->parent));
	}
	parent = table_load(&a);
	art_free(&a);
	if (parent == NULL)
		return (store_fail(c));
	text_set(k->parent, sizeof(k->parent), parent->name);
	k->tab = parent->tab;
	if (!has_both(c->who, parent))
		e = call_denied(c, "A foreign key to table '%s' needs its "
		    "rolesRead and rolesWrite", parent->name);
	else
		e = key_columns(c, n, t, k, parent);
	table_free(parent);
	return (e);
}

static enum tool_err
resolve_keys(struct call *c, struct table *old, struct table *t)
{
	struct fkey	*k;
	enum tool_err	 e;
	unsigned int	 i;

	for (i = 0; i < t->nkeys; i++) {
		k = &t->key[i];
		k->self = ascii_casecmp(k->parent, t->name) == 0 ||
		    (old != NULL && (ascii_casecmp(k->parent, old->id) == 0 ||
		    ascii_casecmp(k->parent, old->name) == 0));
		if (k->self) {
			text_set(k->parent, sizeof(k->parent), t->name);
			e = key_columns(c, i, t, k, t);
		} else if (key_kept(old, t, k))
			continue;
		else if (old != NULL && !has_both(c->who, old))
			e = call_denied(c, "A foreign key of table '%s' needs "
			    "its rolesRead and rolesWrite", old->name);
		else
			e = key_parent(c, i, t, k);
		if (e != TE_OK)
			return (e);
	}
	return (TE_OK);
}

/* ---- save ---- */

enum tool_err
table_stage_save(struct call *c)
{
	const json_t	*obj = json_object_get(c->args, "table");

	if (!json_is_object(obj))
		return (call_invalid(c, "table", "Required"));
	return (art_stage_package(c, ART_TABLE, obj));
}

static enum tool_err
rules_roles(struct call *c, struct work *w)
{
	int	rows;

	if ((rows = table_has_rows(w->old->tab)) == -1)
		return (store_fail(c));
	if (rows && !has_both(c->who, w->old))
		return (call_denied(c, "Table '%s' has rows: to change it "
		    "takes its rolesRead and rolesWrite", w->old->name));
	return (TE_OK);
}

static enum tool_err
rules_loss(struct call *c, struct work *w)
{
	char	text[700];

	if (w->plan.nloss == 0 || ignore_warning(c) || c->dry_run)
		return (TE_OK);
	plan_loss_text(&w->plan, text, sizeof(text));
	return (call_fail(c, "This save would lose data and was not done: "
	    "%s. Pass ignoreWarning true to do it all the same, or dryRun "
	    "true to see all of it", text));
}

enum tool_err
table_rules(struct call *c, const json_t *obj)
{
	struct art_call	*ac = art_call(c);
	struct work	*w = work_get(c);
	enum tool_err	 e;

	if (w == NULL || (w->new = calloc(1, sizeof(*w->new))) == NULL)
		return (call_fail(c, "out of memory"));
	e = art_head(c, ART_TABLE, obj, &w->name, &w->description);
	if (e != TE_OK)
		return (e);
	if (ac->has_old && (w->old = table_load(&ac->old)) == NULL)
		return (store_fail(c));
	if (table_parse(c, obj, ac->tree, w->new) == -1)
		return (c->err[0] != '\0' ? TE_INVALID :
		    call_fail(c, "out of memory"));
	if (w->old != NULL) {
		text_set(w->new->id, sizeof(w->new->id), w->old->id);
		if ((e = rules_roles(c, w)) != TE_OK)
			return (e);
	} else if (c->import_id == NULL || id_lower(w->new->id,
	    c->import_id) == -1)
		uuid_make(w->new->id);
	if ((e = resolve_keys(c, w->old, w->new)) != TE_OK)
		return (e);
	plan_init(&w->plan, c, w->old, w->new);
	if ((e = plan_make(&w->plan)) != TE_OK)
		return (e);
	return (rules_loss(c, w));
}

enum tool_err
table_stage_rules(struct call *c)
{
	return (table_rules(c, json_object_get(c->args, "table")));
}

/* Names of ours that stand in the foreign keys of another table. */
static int
patch_child(struct call *c, const struct table *us, const char *id)
{
	struct table	*t;
	struct fkey	*k;
	struct art	 a;
	struct buf	 body;
	unsigned int	 i, n;
	int		 r = -1;

	if (art_load(c->who, ART_TABLE, id, ART_DEF | ART_HIDDEN, &a) != 1)
		return (-1);
	if ((t = table_load(&a)) == NULL)
		goto out;
	for (i = 0; i < t->nkeys; i++) {
		k = &t->key[i];
		if (k->tab != us->tab)
			continue;
		text_set(k->parent, sizeof(k->parent), us->name);
		for (n = 0; n < k->ncols; n++)
			text_set(k->ref[n], sizeof(k->ref[n]), table_colname(
			    us, table_byphys(us, k->refcol[n])));
	}
	buf_init(&body, STORE_TEXT_MAX);
	table_body(&body, t);
	r = art_patch(&a, &body);
	buf_free(&body);
out:
	table_free(t);
	art_free(&a);
	return (r);
}

static int
renamed(const struct work *w)
{
	const struct field	*f;
	unsigned int		 i;

	if (strcmp(w->old->name, w->new->name) != 0)
		return (1);
	for (i = 0; i < w->new->nfields; i++) {
		f = &w->new->field[i];
		if (f->old != -1 && strcmp(w->old->field[f->old].name,
		    f->name) != 0)
			return (1);
	}
	return (0);
}

#define CHILDREN_MAX	1000

static enum tool_err
patch_children(struct call *c, struct work *w)
{
	struct stmt	*st;
	char		(*id)[ID_SIZE];
	size_t		 n = 0, i;
	int		 r;

	if (w->old == NULL || !renamed(w))
		return (TE_OK);
	if ((id = calloc(CHILDREN_MAX, sizeof(*id))) == NULL)
		return (call_fail(c, "out of memory"));
	if ((st = query_get(&q_children)) == NULL) {
		free(id);
		return (store_fail(c));
	}
	sql_bind_int(st, 1, w->new->tab);
	while ((r = sql_step(st)) == 1)
		if (n < CHILDREN_MAX)
			text_set(id[n++], sizeof(*id), sql_str(st, 0));
	for (i = 0; i < n && r == 0; i++)
		r = patch_child(c, w->new, id[i]);
	free(id);
	return (r == -1 ? store_fail(c) : TE_OK);
}

static enum tool_err
save_record(struct call *c, struct work *w)
{
	struct art_call	*ac = art_call(c);
	struct art_save	 s;
	struct buf	 body;
	enum tool_err	 e;

	buf_init(&body, STORE_TEXT_MAX);
	table_body(&body, w->new);
	memset(&s, 0, sizeof(s));
	s.type = ART_TABLE;
	s.id = w->new->id;
	s.name = w->name;
	s.description = w->description;
	s.package = ac->target_set || !ac->has_old ? ac->target :
	    ac->old.package;
	s.body = &body;
	e = art_put(c, &s, ac->has_old ? &ac->old : NULL, w->new->id);
	buf_free(&body);
	return (e);
}

enum tool_err
table_save(struct call *c)
{
	struct work	*w = work_get(c);
	enum tool_err	 e;

	if ((e = save_record(c, w)) != TE_OK ||
	    (e = plan_run(&w->plan)) != TE_OK ||
	    (e = patch_children(c, w)) != TE_OK ||
	    (e = art_echo(c, ART_TABLE, w->new->id)) != TE_OK)
		return (e);
	call_detail(c, "%u changes, %u columns with data loss",
	    w->plan.nchanges, w->plan.nloss);
	plan_put(c->out, &w->plan);
	buf_addc(c->out, '}');
	return (TE_OK);
}

/* ---- delete ---- */

enum tool_err
table_stage_delete(struct call *c)
{
	return (art_stage_find(c, ART_TABLE,
	    json_string_value(json_object_get(c->args, "id"))));
}

/* Tables with a foreign key to this one hold it. */
static enum tool_err
check_children(struct call *c, const struct table *t)
{
	struct stmt	*st;
	struct art	 a;
	int		 r;

	if ((st = query_get(&q_children)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, t->tab);
	if ((r = sql_step(st)) != 1)
		return (r == 0 ? TE_OK : store_fail(c));
	r = art_load(c->who, ART_TABLE, sql_str(st, 0), 0, &a);
	sql_done(st);
	if (r != 1)
		return (store_fail(c));
	if (a.level == PL_NONE)
		return (call_fail(c, "Table '%s' is in use by a foreign key",
		    t->name));
	return (call_fail(c, "Table '%s' is in use by a foreign key of table "
	    "'%s': delete that key first", t->name, a.name));
}

enum tool_err
table_stage_delete_rules(struct call *c)
{
	struct art_call	*ac = art_call(c);
	struct work	*w = work_get(c);
	enum tool_err	 e;

	if (w == NULL)
		return (call_fail(c, "out of memory"));
	if ((w->old = table_load(&ac->old)) == NULL)
		return (store_fail(c));
	plan_init(&w->plan, c, w->old, NULL);
	if ((e = rules_roles(c, w)) != TE_OK ||
	    (e = check_children(c, w->old)) != TE_OK ||
	    (e = artifact_unused(c, ART_TABLE, ac->old.id, "Table",
	    ac->old.name)) != TE_OK)
		return (e);
	if (table_count(w->old->tab, &w->rows) == -1)
		return (store_fail(c));
	if (w->rows == 0 || ignore_warning(c) || c->dry_run)
		return (TE_OK);
	return (call_fail(c, "Table '%s' has %lld rows that would be lost; it "
	    "was not deleted. Pass ignoreWarning true to delete it all the "
	    "same", w->old->name, (long long)w->rows));
}

enum tool_err
table_delete(struct call *c)
{
	struct art_call	*ac = art_call(c);
	struct work	*w = work_get(c);
	enum tool_err	 e;

	if ((e = plan_drop(&w->plan)) != TE_OK)
		return (e);
	if (art_delete(c, &ac->old) == -1)
		return (store_fail(c));
	call_detail(c, "%lld rows deleted with it", (long long)w->rows);
	buf_addf(c->out, "{\"id\":\"%s\"", ac->old.id);
	json_put_str(c->out, "name", ac->old.name);
	buf_addf(c->out, ",\"deleted\":true,\"rows\":%lld",
	    (long long)w->rows);
	buf_adds(c->out, ",\"statements\":[");
	buf_add(c->out, w->plan.statements.data, w->plan.statements.len);
	buf_adds(c->out, "]}");
	return (TE_OK);
}

/* ---- reading ---- */

enum tool_err
table_list(struct call *c)
{
	return (art_list(c, ART_TABLE, NULL, 0));
}

enum tool_err
table_get(struct call *c)
{
	enum tool_err	e;

	e = art_send(c, ART_TABLE,
	    json_string_value(json_object_get(c->args, "id")));
	if (e == TE_OK)
		buf_addc(c->out, '}');
	return (e);
}
