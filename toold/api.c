/* SPDX-License-Identifier: ISC */
/*
 * api.c: APIs: paths, definitions, the endpoint, where they are used.  Runs
 * in keepd-toold.  An endpoint is a text for clients: nothing here connects
 * to it.
 */
#include <stdio.h>
#include <string.h>

#include "../common/text.h"
#include "api.h"

#define NAME_LEN	64
#define ITEMS_MAX	1000

static const struct art_field fields[] = {
	{ "endpoint", AF_TEXT, AF_SUMMARY | AF_REQUIRED, 128, "null", NULL },
	{ "apiType", AF_TEXT, AF_SUMMARY, 16, "null", "type" },
	{ "version", AF_TEXT, AF_SUMMARY, 64, "null", NULL },
	{ "apiGroup", AF_TEXT, AF_SUMMARY, 128, "null", "group" },
	{ "enableProxy", AF_BOOL, AF_SUMMARY, 0, "false", NULL },
	{ "enableTrace", AF_BOOL, AF_SUMMARY, 0, "false", NULL },
	{ "apiFormat", AF_INT, 0, 0, "0", NULL },
	{ "mediaType", AF_TEXT, 0, 256, "null", NULL },
	{ "forwardProxy", AF_BOOL, 0, 0, "false", NULL },
	{ "restrictAccess", AF_BOOL, 0, 0, "false", NULL },
	{ "enableIDE", AF_BOOL, 0, 0, "false", NULL },
	{ "enableScriptEditor", AF_BOOL, 0, 0, "false", NULL },
	{ "internalAPI", AF_BOOL, 0, 0, "false", NULL },
	{ "isPublic", AF_BOOL, 0, 0, "false", NULL },
	{ "tlsAllowUntrusted", AF_BOOL, 0, 0, "false", NULL },
	{ "useOwnProcess", AF_BOOL, 0, 0, "false", NULL },
	{ "about", AF_TEXT, 0, 65536, "null", NULL },
	{ "swaggerURI", AF_TEXT, 0, 1024, "null", NULL },
	{ "swaggerSystem", AF_TEXT, 0, 256, "null", NULL },
	{ "securitySchemes", AF_ANY, 0, 0, "null", NULL },
	{ "roles", AF_ARRAY, 0, 64, "[]", NULL },
	{ "auth", AF_ARRAY, 0, 100, "[]", NULL },
	{ "endpoints", AF_ARRAY, 0, 100, "[]", NULL },
	{ "documentation", AF_ARRAY, 0, 100, "[]", NULL },
	{ "definitions", AF_ARRAY, 0, ITEMS_MAX, "[]", NULL },
	{ "paths", AF_ARRAY, 0, ITEMS_MAX, "[]", NULL },
	{ NULL, AF_ANY, 0, 0, NULL, NULL }
};

static const struct art_ref refs[] = {
	{ "paths", "serverScript", NULL, RM_PART, ART_SCRIPT, "server script" },
	{ NULL, NULL, NULL, 0, ART_APP, NULL }
};

/* ---- endpoint ---- */

static const char *
type_of(const json_t *doc)
{
	const char	*s = json_string_value(json_object_get(doc,
			    "apiType"));

	return (s != NULL ? s : "");
}

/* Lower case, without blanks and slashes. */
static void
slug_make(const char *name, char *out)
{
	for (; *name != '\0'; name++)
		if (*name != ' ' && *name != '/')
			*out++ = *name;
	*out = '\0';
}

static enum tool_err
endpoint_bad(struct call *c, struct art_doc *d, const char *must,
    const char *type)
{
	char	why[320];

	snprintf(why, sizeof(why), "must be '%s' for %s", must, type);
	return (artifact_bad(c, d->group, why, "endpoint"));
}

static enum tool_err
script_endpoint(struct call *c, struct art_doc *d, const char *endpoint)
{
	char	slug[ART_NAME_MAX + 1], must[ART_NAME_MAX + 32];

	slug_make(d->name, slug);
	ascii_lower(slug);
	snprintf(must, sizeof(must), "%s/serverscript/%s",
	    json_is_true(json_object_get(d->doc, "isPublic")) ? "/public" :
	    "/api", slug);
	return (strcmp(endpoint, must) == 0 ? TE_OK :
	    endpoint_bad(c, d, must, "a script API of this name"));
}

static int
absolute_url(const char *s)
{
	const char	*host = strncmp(s, "https://", 8) == 0 ? s + 8 :
			    strncmp(s, "http://", 7) == 0 ? s + 7 : NULL;

	return (host != NULL && strcspn(host, "/?#") != 0 &&
	    strpbrk(s, " \"<>\\^`{|}") == NULL &&
	    text_printable(s, strlen(s)));
}

static enum tool_err
endpoint_check(struct call *c, struct art_doc *d)
{
	struct art_call	*ac = art_call(c);
	const char	*type = type_of(d->doc);
	const char	*endpoint = json_string_value(json_object_get(d->doc,
			    "endpoint"));

	if (type[0] != '\0' && strcmp(type, "script") != 0 &&
	    strcmp(type, "table") != 0)
		return (artifact_bad(c, d->group, "must be script, table, or "
		    "empty for an external API", "apiType"));
	if (ac->has_old && strcmp(type_of(ac->tree), type) != 0)
		return (artifact_bad(c, d->group, "cannot change once the API "
		    "is there", "apiType"));
	if (strcmp(type, "script") == 0)
		return (script_endpoint(c, d, endpoint));
	if (strcmp(type, "table") == 0)
		return (strcmp(endpoint, "/api/entity") == 0 ? TE_OK :
		    endpoint_bad(c, d, "/api/entity", "a table API"));
	return (absolute_url(endpoint) ? TE_OK : artifact_bad(c, d->group,
	    "must be an absolute http or https URL for an external API",
	    "endpoint"));
}

/* ---- paths and definitions ---- */

/* Every item has a UUID of its own; key is the set of those seen. */
static enum tool_err
item_id(struct call *c, struct art_doc *d, json_t *seen, const char *list,
    size_t i, const json_t *item)
{
	const char	*id = json_string_value(json_object_get(item, "id"));
	char		 key[ID_SIZE];

	if (id == NULL)
		return (artifact_bad(c, d->group, "Required", "%s.%zu.id",
		    list, i));
	if (id_lower(key, id) == -1)
		return (artifact_bad(c, d->group, "Invalid uuid", "%s.%zu.id",
		    list, i));
	if (json_object_get(seen, key) != NULL)
		return (artifact_bad(c, d->group, "is there for the second "
		    "time", "%s.%zu.id", list, i));
	json_object_set_new(seen, key, json_true());
	return (TE_OK);
}

static int
listed(const char *const *list, const char *s)
{
	for (; *list != NULL; list++)
		if (s != NULL && strcmp(*list, s) == 0)
			return (1);
	return (0);
}

static enum tool_err
path_check(struct call *c, struct art_doc *d, json_t *seen, size_t i,
    const json_t *item)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH",
	    "TRACE", "OPTIONS", "HEAD", "DELETE", "CONNECT", NULL };
	const char	*path, *method;
	char		 key[640];
	enum tool_err	 e;

	if ((e = item_id(c, d, seen, "paths", i, item)) != TE_OK)
		return (e);
	path = json_string_value(json_object_get(item, "path"));
	method = json_string_value(json_object_get(item, "method"));
	if (!listed(methods, method))
		return (artifact_bad(c, d->group, "must be one of GET, POST, "
		    "PUT, PATCH, TRACE, OPTIONS, HEAD, DELETE, CONNECT",
		    "paths.%zu.method", i));
	if (path == NULL || strlen(path) > 512)
		return (artifact_bad(c, d->group, "must be a string of at "
		    "most 512 bytes", "paths.%zu.path", i));
	if (strpbrk(path, "{}") != NULL)
		return (artifact_bad(c, d->group, "has braces: path "
		    "parameters are written (id), not {id}", "paths.%zu.path",
		    i));
	snprintf(key, sizeof(key), "%s %s", method, path);
	if (json_object_get(seen, key) != NULL)
		return (artifact_bad(c, d->group, "is there with this method "
		    "for the second time", "paths.%zu.path", i));
	json_object_set_new(seen, key, json_true());
	return (TE_OK);
}

static enum tool_err
property_check(struct call *c, struct art_doc *d, size_t i, size_t k,
    const json_t *p)
{
	static const char *const types[] = { "uuid", "boolean", "object",
	    "number", "string", "integer", "array", "reference", "vector",
	    NULL };
	const json_t	*type = json_object_get(p, "objectType");
	const char	*name = json_string_value(json_object_get(p, "name"));

	if (name == NULL || name[0] == '\0')
		return (artifact_bad(c, d->group, "Required",
		    "definitions.%zu.properties.%zu.name", i, k));
	if (type != NULL && !json_is_null(type) &&
	    !listed(types, json_string_value(type)))
		return (artifact_bad(c, d->group, "must be one of uuid, "
		    "boolean, object, number, string, integer, array, "
		    "reference, vector",
		    "definitions.%zu.properties.%zu.objectType", i, k));
	return (TE_OK);
}

static enum tool_err
definition_check(struct call *c, struct art_doc *d, json_t *seen, size_t i,
    const json_t *item)
{
	static const char *const types[] = { "object", "array", "boolean",
	    "string", "number", NULL };
	const json_t	*props = json_object_get(item, "properties");
	const json_t	*type = json_object_get(item, "type");
	enum tool_err	 e;
	size_t		 k;

	if ((e = item_id(c, d, seen, "definitions", i, item)) != TE_OK)
		return (e);
	if (type != NULL && !json_is_null(type) &&
	    !listed(types, json_string_value(type)))
		return (artifact_bad(c, d->group, "must be one of object, "
		    "array, boolean, string, number", "definitions.%zu.type",
		    i));
	for (k = 0; k < json_array_size(props); k++)
		if ((e = property_check(c, d, i, k, json_array_get(props,
		    k))) != TE_OK)
			return (e);
	return (TE_OK);
}

static enum tool_err
each_check(struct call *c, struct art_doc *d, const char *list,
    enum tool_err (*fn)(struct call *, struct art_doc *, json_t *, size_t,
    const json_t *))
{
	const json_t	*items = json_object_get(d->doc, list);
	json_t		*seen = json_object();
	enum tool_err	 e = TE_OK;
	size_t		 i;

	if (seen == NULL)
		return (call_fail(c, "out of memory"));
	for (i = 0; e == TE_OK && i < json_array_size(items); i++)
		e = fn(c, d, seen, i, json_array_get(items, i));
	json_decref(seen);
	return (e);
}

static enum tool_err
check(struct call *c, struct art_doc *d)
{
	json_int_t	format = json_integer_value(json_object_get(d->doc,
			    "apiFormat"));
	enum tool_err	e;

	if (strlen(d->name) > NAME_LEN)
		return (artifact_bad(c, d->group, "must not be longer than "
		    "64 bytes", "name"));
	if (format != 0 && format != 1)
		return (artifact_bad(c, d->group, "must be 0 (Swagger 2) or "
		    "1 (OpenAPI 3)", "apiFormat"));
	if ((e = endpoint_check(c, d)) != TE_OK ||
	    (e = each_check(c, d, "paths", path_check)) != TE_OK ||
	    (e = each_check(c, d, "definitions", definition_check)) != TE_OK)
		return (e);
	return (artifact_roles(c, d));
}

const struct art_group api_group = {
	.type = ART_API,
	.nouns = { "api", "apis" },
	.arg = "api",
	.what = "API",
	.deleted = "API '%s' deleted",
	.fields = fields,
	.refs = refs,
	.check = check
};

/* ---- get ---- */

enum tool_err
api_get(struct call *c)
{
	struct art	a;
	enum tool_err	e;

	store_read_begin();
	e = artifact_find(c, ART_API,
	    json_string_value(json_object_get(c->args, "id")), &a);
	if (e != TE_OK)
		return (e);
	buf_adds(c->out, "{\"api\":");
	if ((e = artifact_show(c, &api_group, &a)) == TE_OK) {
		buf_addc(c->out, '}');
		e = artifact_put_users(c, "apps", ART_APP, ART_API, a.id);
	}
	if (e == TE_OK)
		e = artifact_put_users(c, "scripts", ART_SCRIPT, ART_API,
		    a.id);
	if (e == TE_OK)
		e = artifact_put_users(c, "webapps", ART_WEBAPP, ART_API,
		    a.id);
	buf_addc(c->out, '}');
	art_free(&a);
	return (e);
}
