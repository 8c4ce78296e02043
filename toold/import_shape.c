/* SPDX-License-Identifier: ISC */
/*
 * import_shape.c: artifacts as exports of the platform have them, made into
 * arguments of our save tools.  Runs in keepd-toold; pure but for the lists
 * of tools and roles.  What a tool takes is read from its own input schema,
 * so the two cannot drift apart; all that is taken out is named.
 */
#include <stdio.h>
#include <string.h>

#include "tools.h"
#include "transfer.h"

/* Keys that tell a kind by being there, and the type they must have. */
struct sign {
	const char	*word;		/* of transfer_kinds */
	const char	*key;
	json_type	 type;
	const char	*also[4];	/* one of these, too */
};
static const struct sign signs[] = {
	{ "webapp", "runtime", JSON_OBJECT, { "settings", "onlyRuntime",
	    "name", NULL } },
	{ "table", "fields", JSON_ARRAY, { "indices", "foreignKeys",
	    "rolesRead", "enableAudit" } },
	{ "app", "application", JSON_STRING, { "objects", "appType",
	    "componentInterface", NULL } },
	{ "script", "content", JSON_STRING, { "language", "isTypescript",
	    "jsscriptGroup", "useAsGlobalScript" } },
	{ "api", "endpoint", JSON_STRING, { "paths", "definitions",
	    "apiType", NULL } },
	{ "package", "git", JSON_OBJECT, { "enableCICD", "oeVersion",
	    "apps", "dictionary" } },
	{ "package", "enableCICD", JSON_TRUE, { "name", NULL, NULL, NULL } },
	{ "package", "enableCICD", JSON_FALSE, { "name", NULL, NULL, NULL } }
};

/* A project has these and nothing else. */
static const char *const project_keys[] = { "artifact", "id", "name",
	"description", "ver", "package", "createdAt", "createdBy",
	"updatedAt", "changedBy", "updatedBy", NULL };

/* Other things that such files hold, for the message. */
static const struct {
	const char	*key, *what;
} others[] = {
	{ "acl", "a role: roles are made with keepctl role add" },
	{ "documentation", "a connector" },
	{ "metadata", "a code snippet" },
	{ "tileApplication", "a tile" },
	{ "actionType", "a tile" },
	{ "tilegroups", "a tile group" },
	{ "tiles", "a tile group" },
	{ "rules", "a rules engine" },
	{ "actionURL", "a tile" }
};

static const struct transfer_kind *
kind_find(const char *word)
{
	const struct transfer_kind	*k;

	for (k = transfer_kinds; k->type != 0; k++)
		if (strcmp(k->word, word) == 0)
			return (k);
	return (NULL);
}

static int
sign_fits(const struct sign *s, const json_t *o)
{
	const json_t	*v = json_object_get(o, s->key);
	size_t		 i;

	if (v == NULL || json_typeof(v) != s->type)
		return (0);
	for (i = 0; i < 4 && s->also[i] != NULL; i++)
		if (json_object_get(o, s->also[i]) != NULL)
			return (1);
	return (0);
}

/* A connector has type and settings as well, but no binding beside them. */
static int
is_adaptive(const json_t *o)
{
	const char	*type = json_string_value(json_object_get(o, "type"));

	return (type != NULL && strlen(type) == 1 && strchr("TSC",
	    type[0]) != NULL && json_is_object(json_object_get(o,
	    "settings")) && (json_object_get(o, "connectorid") != NULL ||
	    json_object_get(o, "tableid") != NULL ||
	    json_object_get(o, "scriptSel") != NULL));
}

const struct transfer_kind *
shape_kind(const json_t *o, const char **what)
{
	const char	*word;
	size_t		 i;

	*what = "no kind of artifact that is kept here";
	word = json_string_value(json_object_get(o, "artifact"));
	if (word != NULL)
		return (kind_find(word));
	if (is_adaptive(o))
		return (kind_find("adaptive"));
	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (sign_fits(&signs[i], o))
			return (kind_find(signs[i].word));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (json_object_get(o, others[i].key) != NULL) {
			*what = others[i].what;
			return (NULL);
		}
	if (json_is_string(json_object_get(o, "name")) &&
	    json_is_string(json_object_get(o, "id")) &&
	    json_unknown(o, project_keys) == NULL)
		return (kind_find("project"));
	return (NULL);
}

/* ---- fitting ---- */

/* Nothing is lost with nothing. */
static int
says_nothing(const json_t *v)
{
	return (json_is_null(v) || json_is_false(v) ||
	    (json_is_array(v) && json_array_size(v) == 0) ||
	    (json_is_object(v) && json_object_size(v) == 0) ||
	    (json_is_string(v) && json_string_length(v) == 0));
}

static void
drop(json_t *dropped, const char *path, const json_t *v)
{
	if (!says_nothing(v))
		json_array_append_new(dropped, json_string(path));
}

static int
type_is(const json_t *v, const char *name)
{
	static const struct {
		const char	*name;
		json_type	 type[2];
	} names[] = {
		{ "object", { JSON_OBJECT, JSON_OBJECT } },
		{ "array", { JSON_ARRAY, JSON_ARRAY } },
		{ "string", { JSON_STRING, JSON_STRING } },
		{ "boolean", { JSON_TRUE, JSON_FALSE } },
		{ "integer", { JSON_INTEGER, JSON_INTEGER } },
		{ "number", { JSON_INTEGER, JSON_REAL } },
		{ "null", { JSON_NULL, JSON_NULL } }
	};
	size_t	i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name != NULL && strcmp(names[i].name, name) == 0)
			return (json_typeof(v) == names[i].type[0] ||
			    json_typeof(v) == names[i].type[1]);
	return (0);
}

/* Does the value have a type that the schema allows. */
static int
type_fits(const json_t *schema, const json_t *v)
{
	const json_t	*t = json_object_get(schema, "type");
	size_t		 i;

	if (t == NULL)
		return (1);
	if (json_is_string(t))
		return (type_is(v, json_string_value(t)));
	for (i = 0; i < json_array_size(t); i++)
		if (type_is(v, json_string_value(json_array_get(t, i))))
			return (1);
	return (0);
}

static void	fit(const json_t *, json_t *, const char *, json_t *);

/* A number where we keep a text: the same digits. */
static json_t *
as_text(const json_t *schema, const json_t *v)
{
	json_t	*s = json_string("");
	char	 digits[24];
	int	 fits = type_fits(schema, s);

	json_decref(s);
	if (!fits || !json_is_integer(v))
		return (NULL);
	snprintf(digits, sizeof(digits), "%lld",
	    (long long)json_integer_value(v));
	return (json_string(digits));
}

/* Members of an object; path is where it stands, "" at the top. */
static void
fit_object(const json_t *schema, json_t *o, const char *path, json_t *dropped)
{
	const json_t	*props = json_object_get(schema, "properties"), *s;
	const char	*key;
	json_t		*v, *text;
	void		*tmp;
	char		 where[256];

	json_object_foreach_safe(o, tmp, key, v) {
		snprintf(where, sizeof(where), "%s%s%.80s", path,
		    path[0] != '\0' ? "." : "", key);
		s = json_object_get(props, key);
		if (s == NULL && !json_is_false(json_object_get(schema,
		    "additionalProperties")))
			continue;
		if (s != NULL && !type_fits(s, v) && (text = as_text(s,
		    v)) != NULL) {
			json_object_set_new(o, key, text);
			continue;
		}
		if (s == NULL || !type_fits(s, v)) {
			drop(dropped, where, v);
			json_object_del(o, key);
			continue;
		}
		fit(s, v, where, dropped);
	}
}

static void
fit(const json_t *schema, json_t *v, const char *path, json_t *dropped)
{
	const json_t	*items;
	json_t		*item;
	char		 where[256];
	size_t		 i;

	if (json_is_object(v)) {
		fit_object(schema, v, path, dropped);
		return;
	}
	if (!json_is_array(v) || (items = json_object_get(schema,
	    "items")) == NULL)
		return;
	json_array_foreach(v, i, item) {
		snprintf(where, sizeof(where), "%s.%zu", path, i);
		fit(items, item, where, dropped);
	}
}

/* Members that the schema explains, and that only the server sets. */
static const char *const set_here[] = { "ver", "revision", "createdAt",
	"updatedAt", "createdBy", "changedBy", NULL };

static void
key_out(json_t *o, const char *key, json_t *dropped)
{
	const json_t	*v = json_object_get(o, key);

	if (v == NULL)
		return;
	if (dropped != NULL)
		drop(dropped, key, v);
	json_object_del(o, key);
}

void
shape_strip(enum art_type type, json_t *o, json_t *dropped)
{
	const struct art_group	*g = artifact_group_of(type);
	const struct art_field	*f;
	size_t			 i;

	for (i = 0; set_here[i] != NULL; i++)
		key_out(o, set_here[i], dropped);
	for (f = g != NULL ? g->fields : NULL; f != NULL && f->name != NULL;
	    f++)
		if (f->flags & AF_SERVER)
			key_out(o, f->name, dropped);
}

/* The platform gives members of a web app's run time that are the app's. */
static void
webapp_fit(json_t *o)
{
	json_t	*r = json_object_get(o, "runtime");

	json_object_del(r, "id");
	if (json_is_string(json_object_get(o, "name")))
		json_object_del(r, "name");
}

void
shape_fit(const struct transfer_kind *k, json_t *o, json_t *dropped)
{
	const struct tool_entry	*e = tool_find(k->tool, strlen(k->tool));
	json_t			*schema, *s;

	json_object_del(o, "artifact");
	shape_strip(k->type, o, dropped);
	if (k->type == ART_WEBAPP)
		webapp_fit(o);
	if (e == NULL || (schema = json_loads(e->tool->input_schema, 0,
	    NULL)) == NULL)
		return;
	s = schema;
	if (k->arg != NULL)
		s = json_object_get(json_object_get(schema, "properties"),
		    k->arg);
	fit_object(s, o, "", dropped);
	json_decref(schema);
}
