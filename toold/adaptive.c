/* SPDX-License-Identifier: ISC */
/*
 * adaptive.c: adaptive entities: a view over a table (T), over scripts (S)
 * or over a connector (C).  Runs in keepd-toold.  The binding must fit the
 * type and name what exists; what the settings show is the client's.
 */
#include <string.h>

#include "../common/text.h"
#include "adaptive.h"

#define FIELDS_MAX	2000

static const struct art_field fields[] = {
	{ "type", AF_TEXT, AF_SUMMARY | AF_REQUIRED, 1, "null", NULL },
	{ "group", AF_TEXT, AF_SUMMARY, 128, "null", NULL },
	{ "disabled", AF_BOOL, AF_SUMMARY, 0, "false", NULL },
	{ "appType", AF_TEXT, 0, 1, "\"A\"", NULL },
	{ "application", AF_TEXT, 0, 128, "null", NULL },
	{ "tableid", AF_ID, 0, 0, "null", NULL },
	{ "scriptSel", AF_ID, 0, 0, "null", NULL },
	{ "scriptRun", AF_ID, 0, 0, "null", NULL },
	{ "connectorid", AF_ID, 0, 0, "null", NULL },
	{ "roles", AF_ARRAY, 0, 64, "[]", NULL },
	{ "settings", AF_OBJECT, AF_REQUIRED, 0, "null", NULL },
	{ NULL, AF_ANY, 0, 0, NULL, NULL }
};

/* Templates come from elsewhere too: an application need not be here. */
static const struct art_ref refs[] = {
	{ "tableid", NULL, NULL, 0, ART_TABLE, "table" },
	{ "scriptSel", NULL, NULL, 0, ART_SCRIPT, "server script" },
	{ "scriptRun", NULL, NULL, 0, ART_SCRIPT, "server script" },
	{ "application", NULL, NULL, RM_EITHER | RM_LENIENT, ART_APP, "app" },
	{ NULL, NULL, NULL, 0, ART_APP, NULL }
};

/* What each type is bound by. */
static const struct binding {
	const char	*field;
	char		 type;
	const char	*required;	/* message when it is missing */
	const char	*foreign;	/* when it is there and should not be */
} bindings[] = {
	{ "tableid", 'T', "Required for type T",
	    "is only for type T: set it to null" },
	{ "scriptSel", 'S', "Required for type S",
	    "is only for type S: set it to null" },
	{ "scriptRun", 'S', "Required for type S",
	    "is only for type S: set it to null" },
	{ "connectorid", 'C', "Required for type C",
	    "is only for type C: set it to null" }
};

static enum tool_err
bindings_check(struct call *c, struct art_doc *d, char type)
{
	const struct binding	*b;
	const json_t		*v;
	size_t			 i;

	for (i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++) {
		b = &bindings[i];
		v = json_object_get(d->doc, b->field);
		if (b->type == type && json_is_null(v))
			return (artifact_bad(c, d->group, b->required, "%s",
			    b->field));
		if (b->type != type && !json_is_null(v))
			return (artifact_bad(c, d->group, b->foreign, "%s",
			    b->field));
	}
	return (TE_OK);
}

/* Lists of fields: each named, no name twice. */
static enum tool_err
names_check(struct call *c, struct art_doc *d, const char *key)
{
	const json_t	*list = json_object_get(json_object_get(d->doc,
			    "settings"), key), *o;
	json_t		*seen;
	const char	*name;
	enum tool_err	 e = TE_OK;
	size_t		 i;

	if (json_array_size(list) > FIELDS_MAX)
		return (artifact_bad(c, d->group, "must not have more than "
		    "2000 items", "settings.%s", key));
	if ((seen = json_object()) == NULL)
		return (call_fail(c, "out of memory"));
	json_array_foreach(list, i, o) {
		name = json_string_value(json_object_get(o, "name"));
		if (name == NULL || name[0] == '\0')
			e = artifact_bad(c, d->group, "Required",
			    "settings.%s.%zu.name", key, i);
		else if (json_object_get(seen, name) != NULL)
			e = artifact_bad(c, d->group, "is there for the "
			    "second time", "settings.%s.%zu.name", key, i);
		if (e != TE_OK)
			break;
		json_object_set_new(seen, name, json_true());
	}
	json_decref(seen);
	return (e);
}

static enum tool_err
check(struct call *c, struct art_doc *d)
{
	static const char *const lists[] = { "fieldCatalog", "fieldsSel",
	    "fieldsRun" };
	const char	*type = json_string_value(json_object_get(d->doc,
			    "type"));
	enum tool_err	 e;
	size_t		 i;

	if (strlen(type) != 1 || strchr("TSC", type[0]) == NULL)
		return (artifact_bad(c, d->group, "must be T (table), S "
		    "(script) or C (connector)", "type"));
	if ((e = bindings_check(c, d, type[0])) != TE_OK)
		return (e);
	for (i = 0; i < 3; i++)
		if ((e = names_check(c, d, lists[i])) != TE_OK)
			return (e);
	return (artifact_roles(c, d));
}

const struct art_group adaptive_group = {
	.type = ART_ADAPTIVE,
	.nouns = { "adaptive" },
	.arg = "adaptive",
	.what = "Adaptive entity",
	.fields = fields,
	.refs = refs,
	.check = check
};

/* ---- get, by id or name ---- */

enum tool_err
adaptive_get(struct call *c)
{
	const char	*id, *name;
	struct art	 a;
	enum tool_err	 e;
	int		 r;

	id = json_string_value(json_object_get(c->args, "id"));
	name = json_string_value(json_object_get(c->args, "name"));
	if (id == NULL && name == NULL)
		return (call_fail(c, "Either id or name is required"));
	store_read_begin();
	call_target(c, id != NULL ? id : name);
	r = id != NULL ? art_load(c->who, ART_ADAPTIVE, id, ART_DEF, &a) :
	    art_load_name(c->who, ART_ADAPTIVE, name, ART_DEF, &a);
	if (r == -1)
		return (store_fail(c));
	/* Both given must mean the same. */
	if (r == 0 || a.level == PL_NONE ||
	    (name != NULL && ascii_casecmp(name, a.name) != 0)) {
		art_free(&a);
		return (call_fail(c, "Not Found"));
	}
	call_target(c, a.name);
	if ((e = artifact_show(c, &adaptive_group, &a)) == TE_OK)
		buf_addc(c->out, '}');
	art_free(&a);
	return (e);
}
