/* SPDX-License-Identifier: ISC */
/*
 * artifact.c: saving and deleting the artifacts of artifact.h.  Runs in
 * keepd-toold, behind the pipeline: the caller holds the permission, the
 * arguments match the tool's schema.  Definitions that come from an earlier
 * revision or an import take the same way.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "artifact.h"

static const struct art_group *const groups[] = { &app_group, &webapp_group,
	&script_group, &project_group, &adaptive_group, &api_group };

static const char *const head_keys[] = { HEAD_KEYS, "package", NULL };
/* Of a tool with flat arguments, beside those of the record. */
static const char *const tool_keys[] = { "dryRun", "requestId",
	"expectedRevision", NULL };

/* ---- which group ---- */

static int
noun_is(const struct art_group *g, const char *noun)
{
	size_t	i;

	for (i = 0; i < 4 && g->nouns[i] != NULL; i++)
		if (strcmp(g->nouns[i], noun) == 0)
			return (1);
	return (0);
}

const struct art_group *
artifact_group_of(enum art_type t)
{
	size_t	i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (groups[i]->type == t)
			return (groups[i]);
	return (NULL);
}

const struct art_group *
artifact_group(struct call *c)
{
	const struct art_call	*ac = c->state;
	const char		*noun = strchr(c->tool->name, '_');
	size_t			 i;

	if (ac != NULL && ac->has_old)
		return (artifact_group_of(ac->old.type));
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (noun != NULL && noun_is(groups[i], noun + 1))
			return (groups[i]);
	return (NULL);
}

enum tool_err
artifact_bad(struct call *c, const struct art_group *g, const char *why,
    const char *fmt, ...)
{
	char	path[256];
	size_t	n = 0;
	va_list	ap;

	if (g->arg != NULL)
		n = (size_t)snprintf(path, sizeof(path), "%s.", g->arg);
	va_start(ap, fmt);
	vsnprintf(path + n, sizeof(path) - n, fmt, ap);
	va_end(ap);
	return (call_invalid(c, path, "%s", why));
}

/* ---- merging ---- */

static void
doc_free(void *p)
{
	struct art_doc	*d = p;

	json_decref(d->obj);
	json_decref(d->doc);
	json_decref(d->echo);
	buf_free(&d->refs);
	free(d);
}

static struct art_doc *
doc_get(struct call *c)
{
	struct art_call	*ac = art_call(c);
	struct art_doc	*d;

	if (ac == NULL)
		return (NULL);
	if (ac->more != NULL)
		return (ac->more);
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	buf_init(&d->refs, 0);
	ac->more = d;
	ac->more_free = doc_free;
	if ((d->doc = json_object()) == NULL)
		return (NULL);
	return (d);
}

static int
known(const struct art_group *g, const char *key)
{
	const char *const	*lists[3] = { head_keys, g->more_keys,
				    g->arg == NULL ? tool_keys : NULL };
	const struct art_field	*f;
	size_t			 i, k;

	for (f = g->fields; f->name != NULL; f++)
		if (strcmp(f->name, key) == 0)
			return (1);
	for (i = 0; i < 3; i++)
		for (k = 0; lists[i] != NULL && lists[i][k] != NULL; k++)
			if (strcmp(lists[i][k], key) == 0)
				return (1);
	return (g->hidden != NULL && strcmp(g->hidden, key) == 0);
}

static enum tool_err
keys_check(struct call *c, const struct art_group *g, json_t *obj)
{
	const char	*key;
	json_t		*v;

	json_object_foreach(obj, key, v)
		if (!known(g, key))
			return (artifact_bad(c, g, "is not a known key", "%s",
			    key));
	return (TE_OK);
}

static const char *
kind_wrong(const struct art_field *f, const json_t *v)
{
	switch (f->kind) {
	case AF_TEXT:
		return (json_is_string(v) ? NULL : "must be a string");
	case AF_BOOL:
		return (json_is_boolean(v) ? NULL : "must be true or false");
	case AF_INT:
		return (json_is_integer(v) ? NULL : "must be an integer");
	case AF_ID:
		return (json_is_string(v) && uuid_valid(json_string_value(v),
		    json_string_length(v)) ? NULL : "must be an id, a UUID");
	case AF_ARRAY:
		return (json_is_array(v) ? NULL : "must be an array");
	case AF_OBJECT:
		return (json_is_object(v) ? NULL : "must be an object");
	default:
		return (NULL);
	}
}

static enum tool_err
value_check(struct call *c, const struct art_group *g,
    const struct art_field *f, const json_t *v)
{
	const char	*why = kind_wrong(f, v);
	char		 text[64];

	if (why != NULL)
		return (artifact_bad(c, g, why, "%s", f->name));
	if (f->max != 0 && f->kind == AF_TEXT &&
	    json_string_length(v) > f->max) {
		snprintf(text, sizeof(text), "must not be longer than %zu "
		    "bytes", f->max);
		return (artifact_bad(c, g, text, "%s", f->name));
	}
	if (f->max != 0 && f->kind == AF_ARRAY &&
	    json_array_size(v) > f->max) {
		snprintf(text, sizeof(text), "must not have more than %zu "
		    "items", f->max);
		return (artifact_bad(c, g, text, "%s", f->name));
	}
	if (json_is_string(v) && strlen(json_string_value(v)) !=
	    json_string_length(v))
		return (artifact_bad(c, g, "must not hold U+0000", "%s",
		    f->name));
	return (TE_OK);
}

/* What a field that is ours may say: the stored value, nothing else. */
static enum tool_err
server_check(struct call *c, const struct art_group *g,
    const struct art_field *f, const json_t *given, const json_t *stored)
{
	if (given == NULL || json_equal(given, stored))
		return (TE_OK);
	return (artifact_bad(c, g, "is set by the server and is not what is "
	    "stored now: leave it out", "%s", f->name));
}

static enum tool_err
field_merge(struct call *c, struct art_doc *d, const struct art_field *f,
    const json_t *old)
{
	json_t		*given = json_object_get(d->obj, f->name), *stored;
	enum tool_err	 e;

	if ((stored = json_incref(json_object_get(old, f->name))) == NULL)
		stored = json_loads(f->dflt, JSON_DECODE_ANY, NULL);
	if ((f->flags & AF_SERVER) && art_call(c)->given == NULL) {
		e = server_check(c, d->group, f, given, stored);
		if (e != TE_OK) {
			json_decref(stored);
			return (e);
		}
		given = NULL;
	} else if (f->flags & AF_SERVER)
		given = NULL;	/* an earlier revision's: not ours to keep */
	if (given != NULL && json_is_null(given)) {
		if (f->flags & AF_REQUIRED) {
			json_decref(stored);
			return (artifact_bad(c, d->group, "must not be null",
			    "%s", f->name));
		}
		json_decref(stored);
		stored = json_loads(f->dflt, JSON_DECODE_ANY, NULL);
	} else if (given != NULL) {
		json_decref(stored);
		e = value_check(c, d->group, f, given);
		if (e != TE_OK)
			return (e);
		stored = json_incref(given);
	}
	if ((f->flags & AF_REQUIRED) && json_is_null(stored)) {
		json_decref(stored);
		return (artifact_bad(c, d->group, "Required", "%s", f->name));
	}
	if (json_object_set_new(d->doc, f->name, stored) == -1)
		return (call_fail(c, "out of memory"));
	return (TE_OK);
}

static json_t *
shallow(const json_t *obj)
{
	json_t	*o;

	memcpy(&o, &obj, sizeof(o));	/* jansson copies non-const only */
	return (json_copy(o));
}

enum tool_err
artifact_rules(struct call *c, const json_t *obj)
{
	const struct art_group	*g = artifact_group(c);
	struct art_call		*ac = art_call(c);
	struct art_doc		*d = doc_get(c);
	const struct art_field	*f;
	enum tool_err		 e;

	if (d == NULL)
		return (call_fail(c, "out of memory"));
	d->group = g;
	if (d->obj == NULL && (d->obj = shallow(obj)) == NULL)
		return (call_fail(c, "out of memory"));
	if (ac->given != NULL && g->prepare != NULL &&
	    (e = g->prepare(c, d->obj)) != TE_OK)
		return (e);
	if ((e = keys_check(c, g, d->obj)) != TE_OK ||
	    (e = art_head(c, g->type, d->obj, &d->name,
	    &d->description)) != TE_OK)
		return (e);
	for (f = g->fields; f->name != NULL; f++)
		if ((e = field_merge(c, d, f, ac->tree)) != TE_OK)
			return (e);
	if (g->check != NULL && (e = g->check(c, d)) != TE_OK)
		return (e);
	return (artifact_refs(c, d, ac->tree));
}

/* ---- stages of a save ---- */

enum tool_err
artifact_stage_save(struct call *c)
{
	const struct art_group	*g = artifact_group(c);
	struct art_doc		*d = doc_get(c);
	const json_t		*obj = c->args;
	enum tool_err		 e;

	if (d == NULL)
		return (call_fail(c, "out of memory"));
	if (g->arg != NULL && !json_is_object(obj = json_object_get(c->args,
	    g->arg)))
		return (call_invalid(c, g->arg, "Required"));
	if ((d->obj = shallow(obj)) == NULL)
		return (call_fail(c, "out of memory"));
	if (g->prepare != NULL && (e = g->prepare(c, d->obj)) != TE_OK)
		return (e);
	return (art_stage_package(c, g->type, d->obj));
}

enum tool_err
artifact_stage_rules(struct call *c)
{
	return (artifact_rules(c, doc_get(c)->obj));
}

size_t
artifact_body(struct buf *b, const struct art_group *g, const json_t *doc)
{
	const struct art_field	*f;
	const json_t		*v;
	size_t			 summary = 0;

	for (f = g->fields; f->name != NULL; f++) {
		buf_addf(b, ",\"%s\":", f->name);
		if ((v = json_object_get(doc, f->name)) != NULL)
			json_put(b, v);
		else
			buf_adds(b, f->dflt);
		if (f->flags & AF_SUMMARY)
			summary = b->len;
	}
	if (g->hidden == NULL)
		return (summary);
	buf_addf(b, ",\"%s\":", g->hidden);
	if ((v = json_object_get(doc, g->hidden)) != NULL)
		json_put(b, v);
	else
		buf_adds(b, "{}");
	return (summary);
}

static enum tool_err
doc_put(struct call *c, struct art_doc *d, char *id)
{
	struct art_call	*ac = art_call(c);
	struct art_save	 s;
	struct buf	 body;
	enum tool_err	 e;

	buf_init(&body, STORE_TEXT_MAX);
	memset(&s, 0, sizeof(s));
	s.summary = artifact_body(&body, d->group, d->doc);
	buf_addc(&d->refs, '\0');
	s.type = d->group->type;
	s.id = d->id[0] != '\0' ? d->id : NULL;
	s.name = d->name;
	s.description = d->description;
	s.package = ac->target_set || !ac->has_old ? ac->target :
	    ac->old.package;
	s.body = &body;
	s.acl = (const char *)d->refs.data;
	s.flags = d->flags;
	if (d->refs.failed)
		e = call_fail(c, "out of memory");
	else
		e = art_put(c, &s, ac->has_old ? &ac->old : NULL, id);
	buf_free(&body);
	return (e);
}

static void
put_echo(struct buf *b, json_t *echo)
{
	const char	*key;
	json_t		*v;

	json_object_foreach(echo, key, v) {
		buf_addf(b, ",\"%s\":", key);
		json_put(b, v);
	}
}

enum tool_err
artifact_save(struct call *c)
{
	struct art_doc	*d = doc_get(c);
	struct art	 a;
	enum tool_err	 e;
	char		 id[ID_SIZE];

	if ((e = doc_put(c, d, id)) != TE_OK)
		return (e);
	if (d->group->saved != NULL &&
	    (e = d->group->saved(c, d, id)) != TE_OK)
		return (e);
	if ((e = artifact_find(c, d->group->type, id, &a)) != TE_OK)
		return (e);
	e = artifact_show(c, d->group, &a);
	art_free(&a);
	if (e == TE_OK) {
		put_echo(c->out, d->echo);
		buf_addc(c->out, '}');
	}
	return (e);
}

enum tool_err
artifact_rewrite(struct call *c, const struct art_group *g,
    const struct art *a, json_t *tree, unsigned int flags)
{
	struct art_doc	 d;
	struct art_save	 s;
	struct buf	 body;
	enum tool_err	 e;
	char		 id[ID_SIZE];

	memset(&d, 0, sizeof(d));
	d.group = g;
	d.doc = tree;
	buf_init(&d.refs, 0);
	buf_init(&body, STORE_TEXT_MAX);
	memset(&s, 0, sizeof(s));
	s.summary = artifact_body(&body, g, tree);
	e = artifact_refs(c, &d, tree);
	buf_addc(&d.refs, '\0');
	s.type = g->type;
	s.name = a->name;
	s.description = json_string_value(json_object_get(tree,
	    "description"));
	if (s.description == NULL)
		s.description = "";
	s.package = a->package;
	s.body = &body;
	s.acl = (const char *)d.refs.data;
	s.flags = flags;
	if (e == TE_OK)
		e = d.refs.failed ? call_fail(c, "out of memory") :
		    art_put(c, &s, a, id);
	buf_free(&body);
	buf_free(&d.refs);
	return (e);
}

/* ---- delete ---- */

enum tool_err
artifact_stage_delete(struct call *c)
{
	const struct art_group	*g = artifact_group(c);

	return (art_stage_find(c, g->type,
	    json_string_value(json_object_get(c->args, "id"))));
}

enum tool_err
artifact_stage_delete_rules(struct call *c)
{
	const struct art_group	*g = artifact_group(c);
	struct art_call		*ac = art_call(c);
	enum tool_err		 e;

	e = artifact_unused(c, g->type, ac->old.id, g->what, ac->old.name);
	if (e == TE_OK && g->delete_check != NULL)
		e = g->delete_check(c);
	return (e);
}

enum tool_err
artifact_delete(struct call *c)
{
	const struct art_group	*g = artifact_group(c);
	struct art_call		*ac = art_call(c);
	enum tool_err		 e;
	char			 text[160];

	if (g->deleting != NULL && (e = g->deleting(c)) != TE_OK)
		return (e);
	if (art_delete(c, &ac->old) == -1)
		return (store_fail(c));
	buf_addf(c->out, "{\"id\":\"%s\"", ac->old.id);
	json_put_str(c->out, "name", ac->old.name);
	buf_adds(c->out, ",\"deleted\":true");
	if (g->deleted != NULL) {
		snprintf(text, sizeof(text), g->deleted, ac->old.id);
		json_put_str(c->out, "message", text);
	}
	buf_addc(c->out, '}');
	return (TE_OK);
}

/* ---- roles ---- */

static json_t *
role_item(const char *id)
{
	const char	*name = role_name(id);

	return (json_pack("{s:s, s:s}", "id", id, "name",
	    name != NULL ? name : ""));
}

enum tool_err
artifact_roles(struct call *c, struct art_doc *d)
{
	json_t		*list = json_object_get(d->doc, "roles"), *out, *v;
	const json_t	*old = json_object_get(art_call(c)->tree, "roles");
	const char	*id;
	size_t		 i;

	/* Kept as they were: a role that is gone since stays named. */
	if (list == NULL || list == old)
		return (TE_OK);
	if ((out = json_array()) == NULL)
		return (call_fail(c, "out of memory"));
	json_array_foreach(list, i, v) {
		id = json_is_string(v) ? role_resolve(json_string_value(v),
		    NULL) : role_resolve(json_string_value(json_object_get(v,
		    "id")), json_string_value(json_object_get(v, "name")));
		if (id == NULL) {
			json_decref(out);
			return (artifact_bad(c, d->group, "names no role of "
			    "this server: give the id or name of an existing "
			    "role", "roles.%zu", i));
		}
		json_array_append_new(out, role_item(id));
	}
	json_object_set_new(d->doc, "roles", out);
	return (TE_OK);
}
