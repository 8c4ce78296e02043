/* SPDX-License-Identifier: ISC */
/*
 * pkg.c: development packages: their rules, roles and members.  Runs in
 * keepd-toold.  A package says who may see and change what lies in it;
 * which roles a user holds comes from authd and is never changed here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "pkg.h"

#define PKG_ROLES_MAX	64
#define PKG_TEXT_MAX	512		/* git.remote and the like */

static const char *const pkg_keys[] = { HEAD_KEYS, "git", "enableCICD",
	"internalReadOnly", "oeVersion", "excludeTemplateFiles", "isSystem",
	"isTemplate", "roles", NULL };

/* A package as it will be stored. */
struct pkg {
	const char	*name, *description;
	const char	*remote, *branch, *oe;
	int		 cicd, exclude, read_only, system, template;
	unsigned int	 nroles;
	struct {
		char		 id[ID_SIZE];
		const char	*name;
		int		 edit;
	} role[PKG_ROLES_MAX];
};

static struct query	q_members = QUERY(
    "SELECT type, id, name, description FROM artifact WHERE package = ?1"
    " ORDER BY type, name_key");
static struct query	q_member = QUERY(
    "SELECT type, id FROM artifact WHERE package = ?1 LIMIT 1");
static struct query	q_member_count = QUERY(
    "SELECT count(*) FROM artifact WHERE package = ?1");
static struct query	q_member_lock = QUERY(
    "SELECT a.name, l.user, l.at FROM artifact a JOIN lock l"
    " ON l.type = a.type AND l.id = a.id WHERE a.package = ?1"
    " AND l.expires > ?2 AND l.user_id <> ?3 LIMIT 1");

/* ---- reading the argument ---- */

static int
bad(struct call *c, const char *path, const char *why)
{
	call_invalid(c, path, "%s", why);
	return (-1);
}

/* accessLevel of a roles entry: 1 Edit, 0 Read, -1 neither. */
static int
level_parse(const char *s)
{
	if (s != NULL && ascii_casecmp(s, "EDIT") == 0)
		return (1);
	return (s != NULL && ascii_casecmp(s, "READ") == 0 ? 0 : -1);
}

static int
role_parse(struct call *c, struct pkg *p, const json_t *o, size_t n)
{
	static const char *const known[] = { "id", "name", "accessLevel",
	    NULL };
	const char	*s, *id;
	char		 path[64];
	unsigned int	 i;
	int		 level;

	snprintf(path, sizeof(path), "pkg.roles.%zu", n);
	if (!json_is_object(o))
		return (bad(c, path, "must be an object with id or name, and "
		    "accessLevel"));
	if ((s = json_unknown(o, known)) != NULL) {
		snprintf(path, sizeof(path), "pkg.roles.%zu.%.30s", n, s);
		return (bad(c, path, "is not a known key"));
	}
	id = role_resolve(json_string_value(json_object_get(o, "id")),
	    json_string_value(json_object_get(o, "name")));
	if (id == NULL)
		return (bad(c, path, "names no role of this server: give the "
		    "id or name of an existing role"));
	level = level_parse(json_string_value(json_object_get(o,
	    "accessLevel")));
	if (level == -1) {
		snprintf(path, sizeof(path), "pkg.roles.%zu.accessLevel", n);
		return (bad(c, path, "must be READ or EDIT"));
	}
	for (i = 0; i < p->nroles; i++)
		if (ascii_casecmp(p->role[i].id, id) == 0)
			return (bad(c, path, "names a role for the second "
			    "time"));
	if (id_lower(p->role[p->nroles].id, id) == -1)
		return (bad(c, path, "names a role with a bad id"));
	p->role[p->nroles].name = role_name(id);
	p->role[p->nroles++].edit = level;
	return (0);
}

static int
roles_parse(struct call *c, struct pkg *p, const json_t *v)
{
	size_t	i;

	if (!json_is_array(v))
		return (bad(c, "pkg.roles", "must be an array"));
	if (json_array_size(v) > PKG_ROLES_MAX)
		return (bad(c, "pkg.roles", "must not have more than 64 "
		    "entries"));
	for (i = 0; i < json_array_size(v); i++)
		if (role_parse(c, p, json_array_get(v, i), i) == -1)
			return (-1);
	return (0);
}

/* Roles as stored: a role that is gone from authd stays, under its name. */
static int
roles_stored(struct pkg *p, const json_t *v)
{
	const json_t	*o;
	size_t		 i;

	for (i = 0; i < json_array_size(v) && i < PKG_ROLES_MAX; i++) {
		o = json_array_get(v, i);
		if (id_lower(p->role[p->nroles].id, json_string_value(
		    json_object_get(o, "id"))) == -1)
			continue;
		p->role[p->nroles].name =
		    json_string_value(json_object_get(o, "name"));
		p->role[p->nroles++].edit = level_parse(json_string_value(
		    json_object_get(o, "accessLevel"))) == 1;
	}
	return (0);
}

static int
git_parse(struct call *c, struct pkg *p, const json_t *v)
{
	static const char *const known[] = { "remote", "branch", NULL };
	const char	*s;
	char		 path[64];

	if (v == NULL || json_is_null(v))
		return (0);
	if (!json_is_object(v))
		return (bad(c, "pkg.git", "must be an object"));
	if ((s = json_unknown(v, known)) != NULL) {
		snprintf(path, sizeof(path), "pkg.git.%.40s", s);
		return (bad(c, path, "is not a known key"));
	}
	if (json_str(c, v, "pkg.git", "remote", PKG_TEXT_MAX,
	    &p->remote) == -1 || json_str(c, v, "pkg.git", "branch",
	    PKG_TEXT_MAX, &p->branch) == -1)
		return (-1);
	return (0);
}

/* Where a key is read from: the argument if it is there, else the old. */
static const json_t *
source(const json_t *obj, const json_t *old, const char *key)
{
	return (json_object_get(obj, key) != NULL ? obj : old);
}

static int
pkg_parse(struct call *c, const json_t *obj, const json_t *old,
    struct pkg *p)
{
	const char	*s;
	char		 path[128];

	if ((s = json_unknown(obj, pkg_keys)) != NULL) {
		snprintf(path, sizeof(path), "pkg.%.100s", s);
		return (bad(c, path, "is not a known key; members are not "
		    "listed here, membership is the `package' of the "
		    "artifact"));
	}
	if (json_bool(c, source(obj, old, "enableCICD"), "pkg", "enableCICD",
	    &p->cicd) == -1 ||
	    json_bool(c, source(obj, old, "internalReadOnly"), "pkg",
	    "internalReadOnly", &p->read_only) == -1 ||
	    json_bool(c, source(obj, old, "excludeTemplateFiles"), "pkg",
	    "excludeTemplateFiles", &p->exclude) == -1 ||
	    json_bool(c, source(obj, old, "isSystem"), "pkg", "isSystem",
	    &p->system) == -1 ||
	    json_bool(c, source(obj, old, "isTemplate"), "pkg", "isTemplate",
	    &p->template) == -1 ||
	    json_str(c, source(obj, old, "oeVersion"), "pkg", "oeVersion",
	    PKG_TEXT_MAX, &p->oe) == -1 ||
	    git_parse(c, p, json_object_get(source(obj, old, "git"),
	    "git")) == -1)
		return (-1);
	if (json_object_get(obj, "roles") != NULL)
		return (roles_parse(c, p, json_object_get(obj, "roles")));
	return (roles_stored(p, json_object_get(old, "roles")));
}

/* ---- writing ---- */

static void
pkg_body(struct buf *b, const struct pkg *p)
{
	unsigned int	i;

	buf_adds(b, ",\"git\":{");
	if (p->remote != NULL) {
		buf_adds(b, "\"remote\":");
		buf_add_json(b, p->remote, strlen(p->remote));
	}
	if (p->branch != NULL) {
		buf_addf(b, "%s\"branch\":", p->remote != NULL ? "," : "");
		buf_add_json(b, p->branch, strlen(p->branch));
	}
	buf_addf(b, "},\"enableCICD\":%s,\"internalReadOnly\":%s",
	    p->cicd ? "true" : "false", p->read_only ? "true" : "false");
	json_put_str(b, "oeVersion", p->oe != NULL ? p->oe : "");
	buf_addf(b, ",\"excludeTemplateFiles\":%s,\"isSystem\":%s,"
	    "\"isTemplate\":%s,\"roles\":[", p->exclude ? "true" : "false",
	    p->system ? "true" : "false", p->template ? "true" : "false");
	for (i = 0; i < p->nroles; i++) {
		buf_addf(b, "%s{\"id\":\"%s\"", i != 0 ? "," : "",
		    p->role[i].id);
		json_put_str(b, "name", p->role[i].name != NULL ?
		    p->role[i].name : "");
		buf_addf(b, ",\"accessLevel\":\"%s\"}",
		    p->role[i].edit ? "EDIT" : "READ");
	}
	buf_addc(b, ']');
}

/* acl holds PKG_ROLES_MAX entries and a NUL. */
static void
pkg_acl(char *acl, const struct pkg *p)
{
	unsigned int	i;

	for (i = 0; i < p->nroles; i++) {
		acl[i * ACL_ENTRY] = p->role[i].edit ? ACL_EDIT : ACL_READ;
		memcpy(acl + i * ACL_ENTRY + 1, p->role[i].id, UUID_LEN);
	}
	acl[i * ACL_ENTRY] = '\0';
}

/* ---- stages ---- */

enum tool_err
pkg_stage_save(struct call *c)
{
	const json_t	*obj = json_object_get(c->args, "pkg");
	const json_t	*id = json_object_get(obj, "id");
	const char	*name;

	if (!json_is_object(obj))
		return (call_invalid(c, "pkg", "Required"));
	if (id != NULL && !json_is_null(id))
		return (art_stage_find(c, ART_PACKAGE,
		    json_string_value(id)));
	name = json_string_value(json_object_get(obj, "name"));
	call_target(c, name != NULL ? name : "");
	/* A grant that is limited to some packages makes no new one. */
	if (!pkg_allows(c->who, "", PL_EDIT))
		return (call_denied(c, "No access to artifact"));
	return (TE_OK);
}

static enum tool_err
rules_roles(struct call *c, const struct pkg *p, const json_t *old)
{
	if (json_array_size(json_object_get(old, "roles")) != 0 &&
	    p->nroles == 0 && !c->who->global_admin)
		return (call_denied(c, "Only Global Admins can remove the "
		    "last role of a package: it would be open to everybody"));
	return (TE_OK);
}

enum tool_err
pkg_stage_rules(struct call *c)
{
	return (pkg_rules(c, json_object_get(c->args, "pkg")));
}

enum tool_err
pkg_rules(struct call *c, const json_t *obj)
{
	struct art_call	*ac = art_call(c);
	struct pkg	*p;
	enum tool_err	 e;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return (call_fail(c, "out of memory"));
	ac->more = p;
	ac->more_free = free;
	e = art_head(c, ART_PACKAGE, obj, &p->name, &p->description);
	if (e != TE_OK)
		return (e);
	if (pkg_parse(c, obj, ac->tree, p) == -1)
		return (TE_INVALID);
	if (c->who->global_admin)
		return (TE_OK);
	if (ac->has_old && (ac->old.flags & PF_SYSTEM))
		return (call_denied(c, "No edit access to artifact"));
	if (p->system != (ac->has_old && (ac->old.flags & PF_SYSTEM)) ||
	    p->template != (ac->has_old &&
	    (ac->old.flags & PF_TEMPLATE) != 0))
		return (call_denied(c, "Only Global Admins can set isSystem "
		    "or isTemplate"));
	return (rules_roles(c, p, ac->tree));
}

enum tool_err
pkg_save(struct call *c)
{
	struct art_call	*ac = art_call(c);
	struct pkg	*p = ac->more;
	struct art_save	 s;
	struct buf	 body;
	char		 acl[PKG_ROLES_MAX * ACL_ENTRY + 1], id[ID_SIZE];
	enum tool_err	 e;

	buf_init(&body, STORE_TEXT_MAX);
	pkg_body(&body, p);
	pkg_acl(acl, p);
	memset(&s, 0, sizeof(s));
	s.type = ART_PACKAGE;
	s.name = p->name;
	s.description = p->description;
	s.package = "";
	s.body = &body;
	s.acl = acl;
	s.flags = (p->system ? PF_SYSTEM : 0) |
	    (p->template ? PF_TEMPLATE : 0) |
	    (p->read_only ? PF_READ_ONLY : 0);
	e = art_put(c, &s, ac->has_old ? &ac->old : NULL, id);
	if (e == TE_OK)
		e = art_echo(c, ART_PACKAGE, id);
	if (e == TE_OK)
		buf_addc(c->out, '}');
	buf_free(&body);
	return (e);
}

/* ---- get ---- */

/* Close the bucket before and open that of the next type. */
static void
next_bucket(struct buf *b, int *t)
{
	if (*t != ART_PACKAGE)
		buf_addc(b, ']');
	buf_addf(b, ",\"%s\":[", art_kind((enum art_type)++*t)->bucket);
}

/* Members by bucket, those of all types, cut at the size bound. */
static int
put_members(struct call *c, const char *id)
{
	struct stmt	*st;
	size_t		 start = c->out->len;
	int		 t = ART_PACKAGE, type, n = 0, cut = 0, r;

	if ((st = query_get(&q_members)) == NULL)
		return (-1);
	sql_bind_str(st, 1, id);
	while ((r = sql_step(st)) == 1) {
		if ((cut = c->out->len - start > STORE_ANSWER_SOFT)) {
			sql_done(st);
			break;
		}
		for (type = (int)sql_int(st, 0); t < type; n = 0)
			next_bucket(c->out, &t);
		buf_addf(c->out, "%s{\"id\":\"%s\"", n++ != 0 ? "," : "",
		    sql_str(st, 1));
		json_put_str(c->out, "name", sql_str(st, 2));
		json_put_str(c->out, "description", sql_str(st, 3));
		buf_addc(c->out, '}');
	}
	while (t < ART_MAX - 1)
		next_bucket(c->out, &t);
	buf_addc(c->out, ']');
	if (cut)
		buf_adds(c->out, ",\"truncated\":true,\"note\":\"Members were "
		    "cut at the size limit: list them with the list tool of "
		    "their type and listOptions.where.package.\"");
	return (r == -1 ? -1 : 0);
}

enum tool_err
pkg_get(struct call *c)
{
	const char	*id;
	char		 key[ID_SIZE];
	enum tool_err	 e;

	id = json_string_value(json_object_get(c->args, "id"));
	store_read_begin();
	if ((e = art_send(c, ART_PACKAGE, id)) != TE_OK)
		return (e);
	if (id_lower(key, id) == -1 || put_members(c, key) == -1)
		return (store_fail(c));
	buf_addc(c->out, '}');
	return (c->out->failed ? call_fail(c, "The answer is too large") :
	    TE_OK);
}

enum tool_err
pkg_list(struct call *c)
{
	return (art_list(c, ART_PACKAGE, NULL, 0));
}

/* ---- delete ---- */

enum tool_err
pkg_stage_delete(struct call *c)
{
	return (art_stage_find(c, ART_PACKAGE,
	    json_string_value(json_object_get(c->args, "id"))));
}

static int
members_count(const char *id, int64_t *n)
{
	struct stmt	*st;

	if ((st = query_get(&q_member_count)) == NULL)
		return (-1);
	sql_bind_str(st, 1, id);
	if (sql_step(st) != 1)
		return (-1);
	*n = sql_int(st, 0);
	sql_done(st);
	return (0);
}

/* Members are changed too: somebody else's lock on one of them counts. */
static enum tool_err
members_locked(struct call *c, const char *id)
{
	struct stmt	*st;
	enum tool_err	 e;
	char		 when[32];
	int		 r;

	if ((st = query_get(&q_member_lock)) == NULL)
		return (store_fail(c));
	sql_bind_str(st, 1, id);
	sql_bind_int(st, 2, c->now_ms);
	sql_bind_str(st, 3, c->who->user_id);
	if ((r = sql_step(st)) != 1)
		return (r == 0 ? TE_OK : store_fail(c));
	iso_print(sql_int(st, 2), 1, when);
	e = call_fail(c, "%s is locked by %s since %s", sql_str(st, 0),
	    sql_str(st, 1), when);
	sql_done(st);
	return (e);
}

enum tool_err
pkg_stage_delete_rules(struct call *c)
{
	struct art_call	*ac = art_call(c);
	json_t		*tree;
	size_t		 nroles;
	int64_t		 n;

	if ((ac->old.flags & PF_SYSTEM) && !c->who->global_admin)
		return (call_denied(c, "No edit access to artifact"));
	if (members_count(ac->old.id, &n) == -1)
		return (store_fail(c));
	if (n == 0)
		return (TE_OK);
	if (ac->old.flags & PF_READ_ONLY)
		return (call_denied(c, "Package '%s' is internalReadOnly and "
		    "has members: clear internalReadOnly first",
		    ac->old.name));
	if (store_conf()->require_package)
		return (call_fail(c, "Package is a required field: move the "
		    "%lld members of '%s' to another package first",
		    (long long)n, ac->old.name));
	if ((tree = art_tree(&ac->old)) == NULL)
		return (store_fail(c));
	nroles = json_array_size(json_object_get(tree, "roles"));
	json_decref(tree);
	if (nroles != 0 && !c->who->global_admin)
		return (call_denied(c, "Only Global Admins can delete a "
		    "package with roles while it has members: they would be "
		    "open to everybody"));
	return (members_locked(c, ac->old.id));
}

/* Take the first member out: 1, 0 when there is none, -1. */
static int
member_clear(struct call *c, const char *id)
{
	struct stmt	*st;
	struct art	 a;
	enum art_type	 type;
	char		 member[ID_SIZE];
	int		 r;

	if ((st = query_get(&q_member)) == NULL)
		return (-1);
	sql_bind_str(st, 1, id);
	if ((r = sql_step(st)) != 1)
		return (r);
	type = (enum art_type)sql_int(st, 0);
	text_set(member, sizeof(member), sql_str(st, 1));
	sql_done(st);
	if ((r = art_load(c->who, type, member, ART_DEF, &a)) == 1)
		r = art_move(c, &a, "") == -1 ? -1 : 1;
	art_free(&a);
	return (r);
}

enum tool_err
pkg_delete(struct call *c)
{
	struct art_call	*ac = art_call(c);
	int64_t		 n = 0;
	int		 r;

	while ((r = member_clear(c, ac->old.id)) == 1)
		n++;
	if (r == -1 || art_delete(c, &ac->old) == -1)
		return (store_fail(c));
	call_detail(c, "members cleared: %lld", (long long)n);
	buf_addf(c->out, "{\"id\":\"%s\"", ac->old.id);
	json_put_str(c->out, "name", ac->old.name);
	buf_addf(c->out, ",\"deleted\":true,\"clearedMembers\":%lld}",
	    (long long)n);
	return (TE_OK);
}
