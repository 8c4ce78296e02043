/* SPDX-License-Identifier: ISC */
/*
 * script_project.c: script projects with their scripts, and scripts without
 * a project.  Runs in keepd-toold.  A project's scripts are those that point
 * to it; the caller sees the ones whose package it may read.
 */
#include <stdlib.h>

#include "../common/text.h"
#include "script.h"

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

/* ---- projects with scripts ---- */

static int
add_script(const struct art_user *u, void *list)
{
	if (u->seen)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "id",
		    u->id, "name", u->name, "description", u->description));
	return (0);
}

static enum tool_err
add_scripts(struct call *c, json_t *items, void *arg)
{
	json_t	*item, *list;
	size_t	 i;

	(void)arg;
	json_array_foreach(items, i, item) {
		json_object_set_new(item, "scripts", list = json_array());
		if (artifact_users(c->who, ART_SCRIPT, ART_PROJECT,
		    json_string_value(json_object_get(item, "id")),
		    add_script, list) == -1)
			return (store_fail(c));
	}
	return (TE_OK);
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

enum tool_err
script_list_ungrouped(struct call *c)
{
	return (artifact_list_without(c, RF_GROUPED));
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
