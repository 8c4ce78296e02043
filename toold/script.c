/* SPDX-License-Identifier: ISC */
/*
 * script.c: server scripts and script projects as records.  Runs in
 * keepd-toold.  Source text is kept as it is: nothing here reads, compiles
 * or runs it.  A script that changes gives its project a new `ver' too.
 */
#include <stdio.h>
#include <string.h>

#include "../common/text.h"
#include "script.h"

#define CONTENT_MAX	524288

static const struct art_field fields[] = {
	{ "language", AF_TEXT, AF_SUMMARY | AF_REQUIRED, 16,
	    "\"javascript\"", NULL },
	{ "useAsGlobalScript", AF_BOOL, AF_SUMMARY | AF_SERVER, 0, "false",
	    NULL },
	{ "jsscriptGroup", AF_ID, AF_SUMMARY, 0, "null", NULL },
	{ "isTypescript", AF_BOOL, AF_SERVER, 0, "false", NULL },
	{ "lastRunSuccessful", AF_BOOL, AF_SERVER, 0, "null", NULL },
	{ "transpiledContent", AF_TEXT, AF_SERVER, 0, "null", NULL },
	{ "folder", AF_TEXT, 0, 256, "null", NULL },
	{ "apis", AF_ARRAY, 0, 200, "[]", NULL },
	{ "entitySets", AF_ARRAY, 0, 200, "[]", NULL },
	{ "agents", AF_ARRAY, 0, 200, "[]", NULL },
	{ "globalScripts", AF_ARRAY, 0, 200, "[]", NULL },
	{ "externalModules", AF_ARRAY, 0, 200, "[]", NULL },
	{ "content", AF_TEXT, AF_REQUIRED, CONTENT_MAX, "null", NULL },
	{ NULL, AF_ANY, 0, 0, NULL, NULL }
};

static const struct art_ref refs[] = {
	{ "jsscriptGroup", NULL, NULL, 0, ART_PROJECT, "script project" },
	{ "apis", "parent", NULL, 0, ART_API, "API" },
	{ "entitySets", "id", NULL, RM_NAME, ART_TABLE, "table" },
	{ "globalScripts", "id", NULL, 0, ART_SCRIPT, "server script" },
	{ NULL, NULL, NULL, 0, ART_APP, NULL }
};

static const char *const more_keys[] = { "projectId", NULL };

/* projectId of the tool is jsscriptGroup of the record. */
static enum tool_err
prepare(struct call *c, json_t *obj)
{
	json_t	*project = json_object_get(obj, "projectId");
	json_t	*group = json_object_get(obj, "jsscriptGroup");
	json_t	*id = json_object_get(obj, "id");

	if (project != NULL && group != NULL && !json_equal(project, group))
		return (call_invalid(c, "projectId", "is another than "
		    "jsscriptGroup: they are one, give one of them"));
	if (project != NULL) {
		json_object_set(obj, "jsscriptGroup", project);
		json_object_del(obj, "projectId");
	}
	if ((id == NULL || json_is_null(id)) &&
	    json_object_get(obj, "name") == NULL)
		return (call_invalid(c, "name", "Required"));
	return (TE_OK);
}

/* The project of a script changes with it: may it, and is it free? */
static enum tool_err
project_check(struct call *c, const char *id)
{
	struct art	a;
	enum tool_err	e = TE_OK;
	int		r;

	if (id == NULL)
		return (TE_OK);
	if ((r = art_load(c->who, ART_PROJECT, id, 0, &a)) == -1)
		return (store_fail(c));
	/* One that is missing or hidden is the reference's to refuse. */
	if (r == 1 && a.level == PL_READ)
		e = call_denied(c, "No edit access to artifact: the project "
		    "'%s' changes with its scripts", a.name);
	if (r == 1 && a.level == PL_EDIT)
		e = artifact_locked(c, &a);
	return (e);
}

static enum tool_err
project_touch(struct call *c, const char *id)
{
	struct art	a;
	int		r;

	if (id == NULL)
		return (TE_OK);
	r = art_load(c->who, ART_PROJECT, id, ART_DEF, &a);
	if (r == 1 && a.level == PL_EDIT)
		r = art_move(c, &a, a.package);
	art_free(&a);
	return (r == -1 ? store_fail(c) : TE_OK);
}

static const char *
group_of(const json_t *o)
{
	return (json_string_value(json_object_get(o, "jsscriptGroup")));
}

static enum tool_err
check(struct call *c, struct art_doc *d)
{
	const char	*lang = json_string_value(json_object_get(d->doc,
			    "language"));
	enum tool_err	 e;

	if (strcmp(lang, "javascript") != 0 &&
	    strcmp(lang, "typescript") != 0)
		return (artifact_bad(c, d->group, "must be javascript or "
		    "typescript", "language"));
	json_object_set_new(d->doc, "isTypescript",
	    json_boolean(lang[0] == 't'));
	d->flags = group_of(d->doc) != NULL ? RF_GROUPED : 0;
	if ((e = project_check(c, group_of(d->doc))) != TE_OK)
		return (e);
	return (project_check(c, group_of(art_call(c)->tree)));
}

static enum tool_err
saved(struct call *c, struct art_doc *d, const char *id)
{
	const char	*now = group_of(d->doc);
	const char	*then = group_of(art_call(c)->tree);
	enum tool_err	 e;

	(void)id;
	if ((e = project_touch(c, now)) != TE_OK)
		return (e);
	if (then != NULL && now != NULL && ascii_casecmp(then, now) == 0)
		return (TE_OK);
	return (project_touch(c, then));
}

static enum tool_err
delete_check(struct call *c)
{
	const json_t	*project = json_object_get(c->args, "projectId");
	struct art_call	*ac = art_call(c);
	const char	*id, *group;

	if ((ac->tree = art_tree(&ac->old)) == NULL)
		return (store_fail(c));
	group = group_of(ac->tree);
	id = json_string_value(project);
	if (id != NULL && (group == NULL || ascii_casecmp(group, id) != 0))
		return (call_invalid(c, "projectId", "is not the project of "
		    "this script"));
	return (project_check(c, group));
}

static enum tool_err
deleting(struct call *c)
{
	return (project_touch(c, group_of(art_call(c)->tree)));
}

const struct art_group script_group = {
	.type = ART_SCRIPT,
	.nouns = { "server_script", "server_scripts", "ungrouped_scripts" },
	.what = "Server script",
	.fields = fields,
	.refs = refs,
	.more_keys = more_keys,
	.prepare = prepare,
	.check = check,
	.saved = saved,
	.delete_check = delete_check,
	.deleting = deleting
};

/* ---- running ---- */

/* The script must be there and seen: what is hidden looks missing here too. */
enum tool_err
script_run_stage(struct call *c)
{
	struct art	a;
	enum tool_err	e;

	e = artifact_find(c, ART_SCRIPT,
	    json_string_value(json_object_get(c->args, "id")), &a);
	if (e == TE_OK)
		art_free(&a);
	return (e);
}

enum tool_err
script_run(struct call *c)
{
	return (call_fail(c, "Scripts are not enabled on this server: they "
	    "can be kept and changed, not run"));
}
