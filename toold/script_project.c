/* SPDX-License-Identifier: ISC */
/*
 * script_project.c: script projects with their scripts, and scripts without
 * a project.  Runs in keepd-toold.  A project's scripts are those that point
 * to it; the caller sees the ones whose package it may read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "script.h"

#define TAKE_DEFAULT	100
#define TAKE_MAX	1000

static const struct art_field fields[] = {
	{ NULL, AF_ANY, 0, 0, NULL, NULL }
};

static enum tool_err
prepare(struct call *c, json_t *obj)
{
	if (art_call(c)->given == NULL &&
	    json_object_get(obj, "name") == NULL)
		return (call_invalid(c, "name", "Required"));
	return (TE_OK);
}

const struct art_group project_group = {
	.type = ART_PROJECT,
	.nouns = { "script_project", "script_projects" },
	.what = "Script project",
	.fields = fields,
	.prepare = prepare
};

static struct query	q_scripts = QUERY(
    "SELECT a.id, a.name, a.description, a.package, p.acl, p.flags,"
    " a.created_at, a.updated_at, a.changed_by, a.ver, a.acl, a.revision"
    " FROM artifact a LEFT JOIN artifact p ON p.type = 1"
    " AND p.id = a.package WHERE a.type = 5 ORDER BY a.name_key");

/* May the caller see the script of this row. */
static int
row_seen(const struct caller *who, struct stmt *st)
{
	return (pkg_level(who, sql_str(st, 3), sql_str(st, 4),
	    sql_len(st, 4), (unsigned int)sql_int(st, 5), 0) >= PL_READ);
}

/* The project a row points to, or NULL. */
static const char *
row_project(struct stmt *st, char *id)
{
	const char	*acl = sql_str(st, 10);
	size_t		 i, len = sql_len(st, 10);

	for (i = 0; i + ACL_ENTRY <= len; i += ACL_ENTRY)
		if (acl[i] == 'P') {
			memcpy(id, acl + i + 1, UUID_LEN);
			id[UUID_LEN] = '\0';
			return (id);
		}
	return (NULL);
}

/* ---- projects with scripts ---- */

static json_t *
script_item(struct stmt *st)
{
	return (json_pack("{s:s, s:s, s:s}", "id", sql_str(st, 0), "name",
	    sql_str(st, 1), "description", sql_str(st, 2)));
}

/* One pass over all scripts, whatever the number of projects. */
static enum tool_err
add_scripts(struct call *c, json_t *items, void *arg)
{
	json_t		*by = json_object(), *item, *list;
	struct stmt	*st;
	char		 id[ID_SIZE];
	size_t		 i;
	int		 r = -1;

	(void)arg;
	json_array_foreach(items, i, item) {
		json_object_set_new(item, "scripts", list = json_array());
		json_object_set(by, json_string_value(json_object_get(item,
		    "id")), list);
	}
	if ((st = query_get(&q_scripts)) != NULL)
		while ((r = sql_step(st)) == 1)
			if (row_project(st, id) != NULL &&
			    (list = json_object_get(by, id)) != NULL &&
			    row_seen(c->who, st))
				json_array_append_new(list, script_item(st));
	json_decref(by);
	return (r == -1 ? store_fail(c) : TE_OK);
}

enum tool_err
project_list(struct call *c)
{
	const json_t	*select;
	size_t		 start = c->out->len;
	enum tool_err	 e;

	if ((e = artifact_list(c)) != TE_OK)
		return (e);
	select = json_object_get(json_object_get(c->args, "listOptions"),
	    "select");
	return (select != NULL ? TE_OK : artifact_relist(c, start,
	    add_scripts, NULL));
}

struct put_scripts {
	struct buf	*b;
	int		 n;
};

static int
put_script(const struct art_user *u, void *arg)
{
	struct put_scripts	*p = arg;

	if (!u->seen)
		return (0);
	buf_addf(p->b, "%s{\"id\":\"%s\"", p->n++ != 0 ? "," : "", u->id);
	json_put_str(p->b, "name", u->name);
	json_put_str(p->b, "description", u->description);
	buf_addc(p->b, '}');
	return (p->b->len > STORE_ANSWER_SOFT);
}

enum tool_err
project_get(struct call *c)
{
	struct put_scripts	p = { c->out, 0 };
	struct art		a;
	enum tool_err		e;
	int			r;

	store_read_begin();
	e = artifact_find(c, ART_PROJECT,
	    json_string_value(json_object_get(c->args, "id")), &a);
	if (e != TE_OK)
		return (e);
	if ((e = artifact_show(c, &project_group, &a)) == TE_OK) {
		buf_adds(c->out, ",\"scripts\":[");
		r = artifact_users(c->who, ART_SCRIPT, ART_PROJECT, a.id,
		    put_script, &p);
		buf_adds(c->out, "]}");
		if (r == -1)
			e = store_fail(c);
	}
	art_free(&a);
	return (e);
}

/* ---- scripts without a project ---- */

static void
put_ungrouped(struct buf *b, int64_t n, struct stmt *st)
{
	char	iso[32];

	buf_addf(b, "%s{\"id\":\"%s\"", n != 0 ? "," : "", sql_str(st, 0));
	json_put_str(b, "name", sql_str(st, 1));
	json_put_str(b, "description", sql_str(st, 2));
	json_put_str(b, "changedBy", sql_str(st, 8));
	iso_print(sql_int(st, 6), 1, iso);
	json_put_str(b, "createdAt", iso);
	iso_print(sql_int(st, 7), 1, iso);
	json_put_str(b, "updatedAt", iso);
	buf_adds(b, ",\"useAsGlobalScript\":false,\"jsscriptGroup\":null");
	json_put_str(b, "ver", sql_str(st, 9));
	buf_addf(b, ",\"revision\":%lld}", (long long)sql_int(st, 11));
}

static int64_t
option(const struct call *c, const char *key, int64_t dflt)
{
	const json_t	*v = json_object_get(json_object_get(c->args,
			    "listOptions"), key);

	return (json_is_integer(v) ? (int64_t)json_integer_value(v) : dflt);
}

enum tool_err
script_list_ungrouped(struct call *c)
{
	int64_t		 take = option(c, "take", TAKE_DEFAULT);
	int64_t		 skip = option(c, "skip", 0), total = 0, n = 0;
	size_t		 max;
	struct stmt	*st;
	char		 id[ID_SIZE];
	int		 r, cut = 0;

	max = option(c, "take", -1) == -1 ? STORE_ANSWER_SOFT :
	    STORE_ANSWER_MAX;
	store_read_begin();
	if ((st = query_get(&q_scripts)) == NULL)
		return (store_fail(c));
	buf_adds(c->out, "{\"scripts\":[");
	while ((r = sql_step(st)) == 1) {
		if (row_project(st, id) != NULL || !row_seen(c->who, st) ||
		    total++ < skip || n >= take || cut)
			continue;
		if (c->out->len > max)
			cut = 1;
		else
			put_ungrouped(c->out, n++, st);
	}
	if (r == -1)
		return (store_fail(c));
	buf_addf(c->out, "],\"total\":%lld,\"count\":%lld,\"skip\":%lld,"
	    "\"take\":%lld%s}", (long long)total, (long long)n,
	    (long long)skip, (long long)take, cut ? ",\"truncated\":true" :
	    "");
	return (TE_OK);
}

/* ---- delete ---- */

struct members {
	char	(*id)[ID_SIZE];
	size_t	 n, cap;
	int	 hidden, failed;
};

static int
take_member(const struct art_user *u, void *arg)
{
	struct members	*m = arg;
	void		*p;

	if (!u->seen)
		m->hidden = 1;
	if (m->n == m->cap) {
		m->cap = m->cap != 0 ? m->cap * 2 : 16;
		if ((p = reallocarray(m->id, m->cap, ID_SIZE)) == NULL) {
			m->failed = 1;
			return (1);
		}
		m->id = p;
	}
	text_set(m->id[m->n++], ID_SIZE, u->id);
	return (0);
}

static void
members_free(void *p)
{
	struct members	*m = p;

	free(m->id);
	free(m);
}

/* Each script that is to be ungrouped: may it be changed? */
static enum tool_err
members_check(struct call *c, const struct members *m)
{
	struct art	a;
	enum tool_err	e = TE_OK;
	size_t		i;

	for (i = 0; i < m->n && e == TE_OK; i++) {
		if (art_load(c->who, ART_SCRIPT, m->id[i], 0, &a) != 1)
			return (store_fail(c));
		if (a.level < PL_EDIT)
			return (call_denied(c, "No edit access to artifact: "
			    "the script '%s' of the project", a.name));
		e = artifact_locked(c, &a);
	}
	return (e);
}

enum tool_err
project_stage_delete_rules(struct call *c)
{
	struct art_call	*ac = art_call(c);
	struct members	*m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return (call_fail(c, "out of memory"));
	ac->more = m;
	ac->more_free = members_free;
	if (artifact_users(c->who, ART_SCRIPT, ART_PROJECT, ac->old.id,
	    take_member, m) == -1)
		return (store_fail(c));
	if (m->failed)
		return (call_fail(c, "out of memory"));
	if (m->hidden)
		return (call_fail(c, "Script project '%s' is in use",
		    ac->old.name));
	if (m->n != 0 && !json_is_true(json_object_get(c->args,
	    "ungroupScripts")))
		return (call_fail(c, "Script project '%s' has %zu scripts: "
		    "move or delete them first, or pass ungroupScripts true "
		    "to keep them without a project", ac->old.name, m->n));
	return (members_check(c, m));
}

static enum tool_err
ungroup(struct call *c, const char *id)
{
	struct art	 a;
	json_t		*tree;
	enum tool_err	 e;

	if (art_load(c->who, ART_SCRIPT, id, ART_DEF, &a) != 1 ||
	    (tree = art_tree(&a)) == NULL) {
		art_free(&a);
		return (store_fail(c));
	}
	json_object_set_new(tree, "jsscriptGroup", json_null());
	e = artifact_rewrite(c, &script_group, &a, tree, 0);
	json_decref(tree);
	art_free(&a);
	return (e);
}

enum tool_err
project_delete(struct call *c)
{
	struct art_call	*ac = art_call(c);
	struct members	*m = ac->more;
	enum tool_err	 e;
	size_t		 i;

	for (i = 0; i < m->n; i++)
		if ((e = ungroup(c, m->id[i])) != TE_OK)
			return (e);
	if (art_delete(c, &ac->old) == -1)
		return (store_fail(c));
	call_detail(c, "scripts ungrouped: %zu", m->n);
	buf_addf(c->out, "{\"id\":\"%s\"", ac->old.id);
	json_put_str(c->out, "name", ac->old.name);
	buf_addf(c->out, ",\"deleted\":true,\"ungroupedScripts\":%zu}", m->n);
	return (TE_OK);
}
