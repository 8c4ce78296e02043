/* SPDX-License-Identifier: ISC */
/*
 * artifact_ref.c: what artifacts point to, and who points to them.  Runs in
 * keepd-toold.  A target that the caller may not see is answered as one that
 * does not exist; a user that may not be seen is only "in use".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "artifact.h"

/* Letters of the acl column; ids have none of these. */
static const char letters[ART_MAX] = {
	[ART_TABLE] = 'T', [ART_APP] = 'C', [ART_WEBAPP] = 'W',
	[ART_SCRIPT] = 'S', [ART_PROJECT] = 'P', [ART_ADAPTIVE] = 'D',
	[ART_API] = 'A'
};

static struct query	q_users = QUERY(
    "SELECT a.id, a.name, a.description, a.package, p.acl, p.flags"
    " FROM ref r CROSS JOIN artifact a ON a.num = r.by"
    " LEFT JOIN artifact p ON p.type = 1 AND p.id = a.package"
    " WHERE r.target = ?1 AND r.type = ?2");
static struct query	q_lock = QUERY(
    "SELECT user, at FROM lock WHERE type = ?1 AND id = ?2"
    " AND expires > ?3 AND user_id <> ?4");

/* ---- pointing ---- */

static int
ref_add(struct art_doc *d, enum art_type to, const char *id)
{
	char	entry[ACL_ENTRY];
	size_t	i;

	entry[0] = letters[to];
	memcpy(entry + 1, id, UUID_LEN);
	for (i = 0; i + ACL_ENTRY <= d->refs.len; i += ACL_ENTRY)
		if (memcmp(d->refs.data + i, entry, ACL_ENTRY) == 0)
			return (0);
	if (d->refs.len / ACL_ENTRY >= REFS_MAX)
		return (-1);
	return (buf_add(&d->refs, entry, ACL_ENTRY));
}

static int
is_empty(const json_t *v)
{
	return (v == NULL || json_is_null(v) || (json_is_string(v) &&
	    json_string_length(v) == 0));
}

/* The value in an item that names the target, and its member's name. */
static const json_t *
ref_value(const struct art_ref *r, const json_t *item, const char **member)
{
	const char	*keys[3];
	const json_t	*v;
	size_t		 i;

	*member = NULL;
	if (!json_is_object(item))
		return (item);
	keys[0] = r->mode & RM_NAME ? "name" : NULL;
	keys[1] = r->sub;
	keys[2] = r->alt;
	for (i = 0; i < 3; i++)
		if (keys[i] != NULL && !is_empty(v = json_object_get(item,
		    keys[i]))) {
			*member = keys[i];
			return (v);
		}
	return (NULL);
}

/* The record an item names: 1 found, 2 not to be seen, 0 none, -1. */
static int
ref_load(struct call *c, const struct art_ref *r, const json_t *v,
    struct art *a)
{
	const char	*s = json_string_value(v);
	int		 n;

	memset(a, 0, sizeof(*a));
	if (s == NULL)
		return (0);
	n = art_load(c->who, r->to, s, 0, a);
	if (n == 0 && (r->mode & (RM_NAME | RM_EITHER)))
		n = art_load_name(c->who, r->to, s, 0, a);
	return (n == 1 && a->level == PL_NONE ? 2 : n);
}

static int
was_there(const struct art_ref *r, const json_t *item, const json_t *old)
{
	const json_t	*v = json_object_get(old, r->field);
	size_t		 i;

	if (!json_is_array(v))
		return (v != NULL && json_equal(v, item));
	for (i = 0; i < json_array_size(v); i++)
		if (json_equal(json_array_get(v, i), item))
			return (1);
	return (0);
}

static enum tool_err
ref_item(struct call *c, struct art_doc *d, const struct art_ref *r,
    const json_t *item, const char *path, const json_t *old)
{
	const char	*member;
	const json_t	*v = ref_value(r, item, &member);
	struct art	 a;
	char		 why[96];
	int		 n, stored = was_there(r, item, old);

	if (is_empty(v))
		return (TE_OK);
	if ((n = ref_load(c, r, v, &a)) == -1)
		return (store_fail(c));
	if ((n == 1 || (n == 2 && stored)) && ref_add(d, r->to, a.id) == -1)
		return (artifact_bad(c, d->group, "is one of more than 1000 "
		    "references", "%s", path));
	/* What was stored may stay, though its target is gone or hidden. */
	if (n == 1 || (r->mode & RM_LENIENT) || stored)
		return (TE_OK);
	if (c->dropped != NULL)
		return (TE_LATER);
	snprintf(why, sizeof(why), "names no %s", r->what);
	return (artifact_bad(c, d->group, why, "%s%s%s", path,
	    member != NULL ? "." : "", member != NULL ? member : ""));
}

/*
 * An import takes a record whose targets are not here, without them.  The
 * item is ours: the tree was made for this call.
 */
static void
ref_drop(struct call *c, struct art_doc *d, const struct art_ref *r,
    json_t *items, size_t *i, size_t was)
{
	const char	*member;
	json_t		*item;
	char		 path[128];

	if (!json_is_array(items)) {
		json_array_append_new(c->dropped, json_string(r->field));
		json_object_set_new(d->doc, r->field, json_null());
		return;
	}
	item = json_array_get(items, *i);
	(void)ref_value(r, item, &member);
	snprintf(path, sizeof(path), "%s.%zu%s%s", r->field, was,
	    r->mode & RM_PART ? "." : "", r->mode & RM_PART ? member : "");
	json_array_append_new(c->dropped, json_string(path));
	if (r->mode & RM_PART)
		json_object_set_new(item, member, json_null());
	else
		json_array_remove(items, (*i)--);
}

enum tool_err
artifact_refs(struct call *c, struct art_doc *d, const json_t *old)
{
	const struct art_ref	*r;
	json_t			*v;
	char			 path[96];
	enum tool_err		 e = TE_OK;
	size_t			 i, was;

	for (r = d->group->refs; r != NULL && r->field != NULL; r++) {
		v = json_object_get(d->doc, r->field);
		if (!json_is_array(v))
			e = ref_item(c, d, r, v, r->field, old);
		for (i = was = 0; e == TE_OK && i < json_array_size(v);
		    i++, was++) {
			snprintf(path, sizeof(path), "%s.%zu", r->field, was);
			e = ref_item(c, d, r, json_array_get(v, i), path,
			    old);
			if (e != TE_LATER)
				continue;
			ref_drop(c, d, r, v, &i, was);
			e = TE_OK;
		}
		if (e == TE_LATER) {
			ref_drop(c, d, r, v, &i, 0);
			e = TE_OK;
		}
		if (e != TE_OK)
			return (e);
	}
	return (TE_OK);
}

/* ---- pointed to ---- */

int
artifact_users(const struct caller *who, enum art_type by, enum art_type to,
    const char *id, int (*fn)(const struct art_user *, void *), void *arg)
{
	struct art_user	 u;
	struct stmt	*st;
	char		 target[ACL_ENTRY + 1];
	int		 r;

	snprintf(target, sizeof(target), "%c%s", letters[to], id);
	if ((st = query_get(&q_users)) == NULL)
		return (-1);
	sql_bind_str(st, 1, target);
	sql_bind_int(st, 2, by);
	while ((r = sql_step(st)) == 1) {
		u.type = by;
		text_set(u.id, sizeof(u.id), sql_str(st, 0));
		text_set(u.name, sizeof(u.name), sql_str(st, 1));
		u.description = sql_str(st, 2);
		u.seen = pkg_level(who, sql_str(st, 3), sql_str(st, 4),
		    sql_len(st, 4), (unsigned int)sql_int(st, 5),
		    0) >= PL_READ;
		if (fn(&u, arg) != 0) {
			sql_done(st);
			break;
		}
	}
	return (r == -1 ? -1 : 0);
}

struct in_use {
	const char	*self;
	int		 hidden, seen;
	char		 text[256];
};

static const char *
type_word(enum art_type t)
{
	static const char *const words[ART_MAX] = { [ART_APP] = "app",
	    [ART_WEBAPP] = "web app", [ART_SCRIPT] = "server script",
	    [ART_PROJECT] = "script project", [ART_ADAPTIVE] =
	    "adaptive entity", [ART_API] = "API", [ART_TABLE] = "table" };

	return (words[t]);
}

static int
note_user(const struct art_user *u, void *arg)
{
	struct in_use	*in = arg;
	size_t		 n = strlen(in->text);

	if (strcmp(u->id, in->self) == 0)
		return (0);
	if (!u->seen) {
		in->hidden = 1;
		return (0);
	}
	if (in->seen++ < 3)
		snprintf(in->text + n, sizeof(in->text) - n, "%s%s '%.48s'",
		    n != 0 ? ", " : "", type_word(u->type), u->name);
	return (in->seen > 3);
}

enum tool_err
artifact_unused(struct call *c, enum art_type to, const char *id,
    const char *what, const char *name)
{
	struct in_use	in;
	int		t;

	memset(&in, 0, sizeof(in));
	in.self = id;
	for (t = ART_TABLE; t < ART_MAX; t++)
		if (artifact_users(c->who, (enum art_type)t, to, id,
		    note_user, &in) == -1)
			return (store_fail(c));
	if (in.seen != 0)
		return (call_fail(c, "%s '%s' is in use by %s%s: remove that "
		    "use first", what, name, in.text, in.seen > 3 ||
		    in.hidden ? " and others" : ""));
	if (in.hidden)
		return (call_fail(c, "%s '%s' is in use", what, name));
	return (TE_OK);
}

struct put_users {
	struct buf	*b;
	int		 n;
};

static int
put_user(const struct art_user *u, void *arg)
{
	struct put_users	*p = arg;

	if (!u->seen)
		return (0);
	buf_addf(p->b, "%s{\"id\":\"%s\"", p->n++ != 0 ? "," : "", u->id);
	json_put_str(p->b, "name", u->name);
	buf_addc(p->b, '}');
	return (p->n >= 100);
}

enum tool_err
artifact_put_users(struct call *c, const char *key, enum art_type by,
    enum art_type to, const char *id)
{
	struct put_users	p = { c->out, 0 };

	buf_addf(c->out, ",\"%s\":{\"children\":[", key);
	if (artifact_users(c->who, by, to, id, put_user, &p) == -1)
		return (store_fail(c));
	buf_addf(c->out, "]%s}", p.n >= 100 ? ",\"truncated\":true" : "");
	return (TE_OK);
}

enum tool_err
artifact_locked(struct call *c, const struct art *a)
{
	struct stmt	*st;
	enum tool_err	 e;
	char		 when[32];
	int		 r;

	if ((st = query_get(&q_lock)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, a->type);
	sql_bind_str(st, 2, a->id);
	sql_bind_int(st, 3, c->now_ms);
	sql_bind_str(st, 4, c->who->user_id);
	if ((r = sql_step(st)) != 1)
		return (r == 0 ? TE_OK : store_fail(c));
	iso_print(sql_int(st, 1), 1, when);
	e = call_fail(c, "%s is locked by %s since %s", a->name,
	    sql_str(st, 0), when);
	sql_done(st);
	return (e);
}
