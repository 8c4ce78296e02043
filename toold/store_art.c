/* SPDX-License-Identifier: ISC */
/*
 * store_art.c: records of artifacts: finding, permission by package, stages
 * of the pipeline, saving with revisions.  Runs in keepd-toold.  Trusts the
 * pipeline for the caller and for roles of tools; never builds SQL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "store_art.h"

static const struct art_kind kinds[ART_MAX] = {
	[ART_PACKAGE] =	{ "package", "pkg", "packages", NULL, PERM_PACKAGE },
	[ART_TABLE] =	{ "table", "table", "tables", "dictionary",
			    PERM_TABLEDEFINITION },
	[ART_APP] =	{ "app", "app", "apps", "apps", PERM_APPDESIGNER },
	[ART_WEBAPP] =	{ "webapp", "webapp", "webapps", "webapp",
			    PERM_WEBAPP },
	[ART_SCRIPT] =	{ "script", "script", "scripts", "jsclass",
			    PERM_SCRIPTEDITOR },
	[ART_PROJECT] =	{ "project", "project", "projects", "jsscript_group",
			    PERM_SCRIPTEDITOR },
	[ART_ADAPTIVE] = { "adaptive", "adaptive", "adaptives", "reports",
			    PERM_ADAPTIVEDESIGNER },
	[ART_API] =	{ "api", "api", "apis", "api", PERM_APIDESIGNER }
};

#define SEL_ART "SELECT a.num, a.id, a.package, a.name, a.ver, a.revision," \
	" a.created_at, a.created_by, a.updated_at, a.changed_by, a.flags," \
	" p.acl, p.flags, a.head"
/* The package that decides: of a package, itself. */
#define FROM_ART " FROM artifact a LEFT JOIN artifact p ON p.type = 1"	\
	" AND p.id = CASE a.type WHEN 1 THEN a.id ELSE a.package END"
#define BY_ID	" WHERE a.type = ?1 AND a.id = ?2"
#define BY_NAME	" WHERE a.type = ?1 AND a.name_key = ?2"

static struct query	q_id = QUERY(SEL_ART FROM_ART BY_ID);
static struct query	q_name = QUERY(SEL_ART FROM_ART BY_NAME);
static struct query	q_seen = QUERY(
    "SELECT a.num, a.package, p.acl, p.flags" FROM_ART BY_ID);
static struct query	q_def = QUERY(
    "SELECT def FROM artifact WHERE num = ?1");
static struct query	q_echo = QUERY(
    "SELECT def FROM artifact WHERE type = ?1 AND id = ?2");
static struct query	q_revision_def = QUERY(
    "SELECT def FROM revision WHERE type = ?1 AND id = ?2"
    " AND revision = ?3");
static struct query	q_locked = QUERY(
    "SELECT user, at FROM lock WHERE type = ?1 AND id = ?2"
    " AND expires > ?3 AND user_id <> ?4");
static struct query	q_unlock = QUERY(
    "DELETE FROM lock WHERE type = ?1 AND id = ?2");
static struct query	q_last = QUERY(
    "SELECT coalesce(max(revision), 0) FROM revision"
    " WHERE type = ?1 AND id = ?2");
static struct query	q_taken = QUERY(
    "SELECT id FROM artifact WHERE type = ?1 AND name_key = ?2");
static struct query	q_keep = QUERY(
    "INSERT INTO revision (type, id, revision, ver, name, package,"
    " updated_at, changed_by, flags, head, acl, description, def)"
    " SELECT type, id, revision, ver, name, package, updated_at,"
    " changed_by, flags, head, acl, description, def"
    " FROM artifact WHERE num = ?1");
static struct query	q_prune = QUERY(
    "DELETE FROM revision WHERE type = ?1 AND id = ?2 AND revision <= ?3"
    " AND (flags & 2) = 0");
static struct query	q_insert = QUERY(
    "INSERT INTO artifact (type, id, name, name_key, package, ver, revision,"
    " created_at, created_by, updated_at, changed_by, flags, head, acl,"
    " description, def, summary) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
    " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, coalesce(?17, ''))");
static struct query	q_update = QUERY(
    "UPDATE artifact SET type = ?1, id = ?2, name = ?3, name_key = ?4,"
    " package = ?5, ver = ?6, revision = ?7, created_at = ?8,"
    " created_by = ?9, updated_at = ?10, changed_by = ?11, flags = ?12,"
    " head = ?13, acl = ?14, description = ?15, def = ?16,"
    " summary = coalesce(?17, summary) WHERE num = ?18");
static struct query	q_unref = QUERY("DELETE FROM ref WHERE by = ?1");
static struct query	q_ref = QUERY(
    "INSERT INTO ref (target, type, by) VALUES (?1, ?2, ?3)");
static struct query	q_patch = QUERY(
    "UPDATE artifact SET def = ?2 WHERE num = ?1");
static struct query	q_moved = QUERY(
    "SELECT description, acl FROM artifact WHERE num = ?1");
static struct query	q_delete = QUERY("DELETE FROM artifact WHERE num = ?1");
static struct query	q_tally = QUERY(
    "INSERT INTO tally (type, package, n) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (type, package) DO UPDATE SET n = n + excluded.n");
static struct query	q_tally_purge = QUERY(
    "DELETE FROM tally WHERE type = ?1 AND package = ?2 AND n <= 0");

const struct art_kind *
art_kind(enum art_type t)
{
	return (&kinds[t]);
}

enum art_type
art_find(const char *word)
{
	int	t;

	for (t = ART_PACKAGE; t < ART_MAX; t++)
		if (word != NULL && strcmp(kinds[t].word, word) == 0)
			return ((enum art_type)t);
	return ((enum art_type)0);
}

enum tool_err
art_perm(struct call *c, enum art_type t, int level)
{
	uint32_t	mask = level == TL_EDIT ? c->who->edit :
			    c->who->display;

	if (mask & PERM_BIT(kinds[t].perm))
		return (TE_OK);
	return (call_denied(c, "Access denied: no permission for %s",
	    perm_row(kinds[t].perm)->name));
}

void
art_free(struct art *a)
{
	free(a->def);
	a->def = NULL;
}

/* ---- permission by package ---- */

int
roles_allow(const struct caller *who, const char *ids, size_t len)
{
	char	id[ID_SIZE];
	size_t	i;

	if (len == 0)
		return (1);
	for (i = 0; i + UUID_LEN <= len; i += UUID_LEN) {
		memcpy(id, ids + i, UUID_LEN);
		id[UUID_LEN] = '\0';
		if (caller_has_role(who, id))
			return (1);
	}
	return (0);
}

const char *
role_resolve(const char *id, const char *name)
{
	if (id != NULL && role_name(id) != NULL)
		return (role_id(role_name(id)));
	if (id != NULL)
		name = id;
	return (name != NULL ? role_id(name) : NULL);
}

static enum pkg_level
acl_level(const struct caller *who, const char *acl, size_t len)
{
	enum pkg_level	level = PL_NONE;
	char		id[ID_SIZE];
	size_t		i;

	for (i = 0; i + ACL_ENTRY <= len; i += ACL_ENTRY) {
		memcpy(id, acl + i + 1, UUID_LEN);
		id[UUID_LEN] = '\0';
		if (!caller_has_role(who, id))
			continue;
		if (acl[i] == ACL_EDIT)
			return (PL_EDIT);
		level = PL_READ;
	}
	return (level);
}

enum pkg_level
pkg_level(const struct caller *who, const char *id, const char *acl,
    size_t len, unsigned int flags, int own)
{
	enum pkg_level	level = PL_EDIT;

	if (!caller_in_subset(who, id))
		return (PL_NONE);
	if (len != 0 && !who->global_admin)
		level = acl_level(who, acl, len);
	if (level == PL_EDIT && !own && (flags & PF_READ_ONLY))
		level = PL_READ;
	return (level);
}

/* ---- finding ---- */

static void
art_fill(const struct caller *who, enum art_type type, struct stmt *st,
    struct art *a)
{
	const char	*acl;

	memset(a, 0, sizeof(*a));
	a->type = type;
	a->num = sql_int(st, 0);
	text_set(a->id, sizeof(a->id), sql_str(st, 1));
	text_set(a->package, sizeof(a->package), sql_str(st, 2));
	text_set(a->name, sizeof(a->name), sql_str(st, 3));
	text_set(a->ver, sizeof(a->ver), sql_str(st, 4));
	a->revision = sql_int(st, 5);
	a->created_at = sql_int(st, 6);
	text_set(a->created_by, sizeof(a->created_by), sql_str(st, 7));
	a->updated_at = sql_int(st, 8);
	text_set(a->changed_by, sizeof(a->changed_by), sql_str(st, 9));
	a->flags = (unsigned int)sql_int(st, 10);
	acl = sql_str(st, 11);
	a->level = pkg_level(who, type == ART_PACKAGE ? a->id : a->package,
	    acl, sql_len(st, 11), (unsigned int)sql_int(st, 12),
	    type == ART_PACKAGE);
	a->head = (size_t)sql_int(st, 13);
}

/* Its text from the one row of a statement. */
static int
def_take(struct stmt *st, struct art *a)
{
	int	r;

	if ((r = sql_step(st)) != 1)
		return (r);
	a->def_len = sql_len(st, 0);
	if ((a->def = malloc(a->def_len + 1)) != NULL) {
		memcpy(a->def, sql_str(st, 0), a->def_len);
		a->def[a->def_len] = '\0';
	}
	sql_done(st);
	if (a->def != NULL)
		return (1);
	store_setfail(SQLITE_NOMEM);
	return (-1);
}

/*
 * A text of its own statement: what is hidden is not read, or the time would
 * tell that there is something, and how large it is.
 */
static int
def_load(struct art *a, int flags)
{
	struct stmt	*st;

	if (!(flags & ART_DEF) || (a->level == PL_NONE &&
	    !(flags & ART_HIDDEN)))
		return (1);
	if ((st = query_get(a->num != 0 ? &q_def : &q_revision_def)) == NULL)
		return (-1);
	if (a->num != 0)
		sql_bind_int(st, 1, a->num);
	else {
		sql_bind_int(st, 1, a->type);
		sql_bind_str(st, 2, a->id);
		sql_bind_int(st, 3, a->revision);
	}
	return (def_take(st, a));
}

static int
art_query(const struct caller *who, enum art_type type, struct query *q,
    const char *key, int flags, struct art *a)
{
	struct stmt	*st;
	int		 r;

	memset(a, 0, sizeof(*a));
	if ((st = query_get(q)) == NULL)
		return (-1);
	sql_bind_int(st, 1, type);
	sql_bind_str(st, 2, key);
	if ((r = sql_step(st)) != 1)
		return (r);
	art_fill(who, type, st, a);
	sql_done(st);
	return (def_load(a, flags));
}

int
art_load(const struct caller *who, enum art_type type, const char *id,
    int flags, struct art *a)
{
	char	key[ID_SIZE];
	int	bad = id_lower(key, id);	/* id may lie in *a */

	memset(a, 0, sizeof(*a));
	if (bad)
		return (0);
	return (art_query(who, type, &q_id, key, flags, a));
}

static struct query	q_deleted = QUERY(
    "SELECT 0, r.id, r.package, r.name, r.ver, r.revision, 0, '',"
    " r.updated_at, r.changed_by, r.flags, p.acl, p.flags, r.head,"
    " coalesce(p.num, 0) FROM revision r LEFT JOIN artifact p"
    " ON p.type = 1 AND p.id = r.package"
    " WHERE r.type = ?1 AND r.id = ?2 AND NOT EXISTS (SELECT 1"
    " FROM artifact a WHERE a.type = ?1 AND a.id = ?2)"
    " ORDER BY r.revision DESC LIMIT 1");

/* Who made it and when is only in its text. */
static int
deleted_made(struct art *a)
{
	json_t		*t;
	const char	*at, *by;

	if ((t = art_tree(a)) == NULL)
		return (-1);
	at = json_string_value(json_object_get(t, "createdAt"));
	by = json_string_value(json_object_get(t, "createdBy"));
	if (at == NULL || iso_parse(at, strlen(at), 1, &a->created_at) == -1)
		a->created_at = a->updated_at;
	text_set(a->created_by, sizeof(a->created_by), by != NULL ? by : "");
	json_decref(t);
	return (1);
}

int
art_load_deleted(const struct caller *who, enum art_type type,
    const char *id, int flags, struct art *a)
{
	struct stmt	*st;
	char		 key[ID_SIZE];
	int		 r, homeless;

	memset(a, 0, sizeof(*a));
	if (type < ART_APP || id_lower(key, id) == -1)
		return (0);
	if ((st = query_get(&q_deleted)) == NULL)
		return (-1);
	sql_bind_int(st, 1, type);
	sql_bind_str(st, 2, key);
	if ((r = sql_step(st)) != 1)
		return (r);
	art_fill(who, type, st, a);
	homeless = sql_int(st, 14) == 0 && a->package[0] != '\0';
	sql_done(st);
	if (homeless) {
		a->package[0] = '\0';
		a->level = who->global_admin ? pkg_level(who, "", "", 0, 0,
		    0) : PL_NONE;
	}
	if (a->flags & RF_GIVEN_UP)
		return (0);
	a->flags = 0;
	if (a->level == PL_NONE)
		return (1);
	if ((r = def_load(a, ART_DEF)) == 1)
		r = deleted_made(a);
	if (r != 1 || !(flags & ART_DEF))
		art_free(a);
	return (r);
}

static int
name_key(char *out, size_t size, const char *name)
{
	if (text_set(out, size, name) == -1)
		return (-1);
	ascii_lower(out);
	return (0);
}

int
art_load_name(const struct caller *who, enum art_type type, const char *name,
    int flags, struct art *a)
{
	char	key[ART_NAME_MAX + 1];
	int	bad;

	bad = name == NULL || name_key(key, sizeof(key), name) == -1;
	memset(a, 0, sizeof(*a));
	if (bad)
		return (0);
	return (art_query(who, type, &q_name, key, flags, a));
}

int
pkg_allows(const struct caller *who, const char *id, enum pkg_level level)
{
	struct art	a;

	if (id == NULL || id[0] == '\0')
		return (pkg_level(who, "", "", 0, 0, 0) >= level);
	/* What lay in one that is gone since is for Global Admins. */
	if (art_load(who, ART_PACKAGE, id, 0, &a) != 1)
		return (who->global_admin &&
		    pkg_level(who, id, "", 0, 0, 0) >= level);
	if (level == PL_EDIT && (a.flags & PF_READ_ONLY))
		return (0);
	return (a.level >= level);
}

/* Append def without its last brace. */
static enum tool_err
def_copy(struct call *c, const char *def, size_t len)
{
	if (len < 2 || buf_add(c->out, def, len - 1) == -1)
		return (call_fail(c, "The answer is too large"));
	return (TE_OK);
}

/*
 * What the get of a small record is made of, so only what decides is read
 * first; and that row is held until the text is read: both statements then
 * share one look at the log.
 */
enum tool_err
art_send(struct call *c, enum art_type type, const char *id)
{
	struct stmt	*st, *def;
	enum tool_err	 e;
	char		 key[ID_SIZE];
	int		 r;

	call_target(c, id != NULL ? id : "");
	if (id_lower(key, id) == -1)
		return (call_fail(c, "Not Found"));
	if ((st = query_get(&q_seen)) == NULL ||
	    (def = query_get(&q_def)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, type);
	sql_bind_str(st, 2, key);
	if ((r = sql_step(st)) != 1)
		return (r == 0 ? call_fail(c, "Not Found") : store_fail(c));
	sql_bind_int(def, 1, sql_int(st, 0));
	if (pkg_level(c->who, type == ART_PACKAGE ? key : sql_str(st, 1),
	    sql_str(st, 2), sql_len(st, 2), (unsigned int)sql_int(st, 3),
	    type == ART_PACKAGE) == PL_NONE)
		e = call_fail(c, "Not Found");
	else if (sql_step(def) != 1)
		e = store_fail(c);
	else {
		e = def_copy(c, sql_str(def, 0), sql_len(def, 0));
		sql_done(def);
	}
	sql_done(st);
	return (e);
}

enum tool_err
art_echo(struct call *c, enum art_type type, const char *id)
{
	struct stmt	*st;
	enum tool_err	 e;

	if ((st = query_get(&q_echo)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, type);
	sql_bind_str(st, 2, id);
	if (sql_step(st) != 1)
		return (store_fail(c));
	e = def_copy(c, sql_str(st, 0), sql_len(st, 0));
	sql_done(st);
	return (e);
}

const char *
art_body(const struct art *a, size_t *len)
{
	if (a->def == NULL || a->head + 1 > a->def_len) {
		*len = 0;
		return ("");
	}
	*len = a->def_len - a->head - 1;
	return (a->def + a->head);
}

/* ---- stages ---- */

static void
art_call_free(void *p)
{
	struct art_call	*ac = p;

	if (ac->more_free != NULL)
		ac->more_free(ac->more);
	json_decref(ac->tree);
	json_decref(ac->given);
	art_free(&ac->old);
	free(ac);
}

struct art_call *
art_call(struct call *c)
{
	if (c->state == NULL) {
		c->state = calloc(1, sizeof(struct art_call));
		c->state_free = art_call_free;
	}
	return (c->state);
}

static enum tool_err
stage_find(struct call *c, enum art_type type, const char *id, int deleted)
{
	struct art_call	*ac = art_call(c);
	int		 r;

	if (ac == NULL)
		return (call_fail(c, "out of memory"));
	call_target(c, id != NULL ? id : "");
	r = art_load(c->who, type, id, ART_DEF, &ac->old);
	if (r == 0 && deleted)
		r = art_load_deleted(c->who, type, id, ART_DEF, &ac->old);
	if (r == -1)
		return (store_fail(c));
	if (r == 0 || ac->old.level == PL_NONE)
		return (call_fail(c, "Not Found"));
	ac->has_old = 1;
	call_target(c, ac->old.name);
	if (ac->old.level < PL_EDIT)
		return (call_denied(c, "No edit access to artifact"));
	text_set(ac->target, sizeof(ac->target), ac->old.package);
	return (TE_OK);
}

enum tool_err
art_stage_find(struct call *c, enum art_type type, const char *id)
{
	return (stage_find(c, type, id, 0));
}

/*
 * May artifacts be put into this package?  NULL, or why not in the words of
 * the platform.  Missing and hidden packages look the same.
 */
static const char *
target_refused(const struct caller *who, const char *id)
{
	struct art	p;

	if (id[0] == '\0')
		return (pkg_allows(who, "", PL_EDIT) ? NULL :
		    "No access to artifact");
	if (art_load(who, ART_PACKAGE, id, 0, &p) != 1 || p.level == PL_NONE)
		return ("No access to artifact");
	if (p.flags & PF_SYSTEM)
		return ("Cannot assign artifact to system package");
	if ((p.flags & PF_TEMPLATE) && !who->global_admin)
		return ("Only Global Admins can assign artifacts to template "
		    "packages");
	if (p.level < PL_EDIT || (p.flags & PF_READ_ONLY))
		return ("No edit access to artifact");
	return (NULL);
}

/* One that comes back is put into its package as any other. */
enum tool_err
art_stage_find_deleted(struct call *c, enum art_type type, const char *id)
{
	struct art_call	*ac = art_call(c);
	enum tool_err	 e;
	const char	*why;

	if ((e = stage_find(c, type, id, 1)) != TE_OK || ac->old.num != 0)
		return (e);
	if (ac->old.package[0] == '\0' && store_conf()->require_package)
		return (call_fail(c, "Package is a required field, and that "
		    "of '%s' is gone", ac->old.name));
	if ((why = target_refused(c->who, ac->old.package)) != NULL)
		return (call_denied(c, "%s", why));
	return (TE_OK);
}

static enum tool_err
target_default(struct call *c, struct art_call *ac)
{
	const char	*id = c->who->default_package, *why;

	if (id == NULL || id[0] == '\0') {
		if (store_conf()->require_package)
			return (call_fail(c, "Package is a required field"));
		if (!pkg_allows(c->who, "", PL_EDIT))
			return (call_denied(c, "No access to artifact"));
		return (TE_OK);
	}
	if ((why = target_refused(c->who, id)) != NULL)
		return (call_denied(c, "Your default package cannot be used: "
		    "%s", why));
	ac->target_set = 1;
	text_set(ac->target, sizeof(ac->target), id);
	ascii_lower(ac->target);
	return (TE_OK);
}

static enum tool_err
target_given(struct call *c, enum art_type type, const json_t *v,
    struct art_call *ac)
{
	const char	*why, *id = json_string_value(v);
	char		 path[64];

	ac->target_set = 1;
	ac->target[0] = '\0';
	if (!json_is_null(v) && (id == NULL || (id[0] != '\0' &&
	    id_lower(ac->target, id) == -1))) {
		snprintf(path, sizeof(path), "%s.package", kinds[type].arg);
		return (call_invalid(c, path, "must be the id of a package, "
		    "or null"));
	}
	if (ac->target[0] == '\0' && store_conf()->require_package)
		return (call_fail(c, "Package is a required field"));
	if (ac->has_old && strcmp(ac->old.package, ac->target) == 0)
		return (TE_OK);
	if ((why = target_refused(c->who, ac->target)) != NULL)
		return (call_denied(c, "%s", why));
	return (TE_OK);
}

enum tool_err
art_stage_package(struct call *c, enum art_type type, const json_t *obj)
{
	struct art_call	*ac = art_call(c);
	const json_t	*id = json_object_get(obj, "id");
	const json_t	*v = json_object_get(obj, "package");
	const char	*name;
	enum tool_err	 e;

	if (ac == NULL)
		return (call_fail(c, "out of memory"));
	if (id != NULL && !json_is_null(id)) {
		e = art_stage_find(c, type, json_string_value(id));
		if (e != TE_OK)
			return (e);
	} else if ((name = json_string_value(json_object_get(obj,
	    "name"))) != NULL)
		call_target(c, name);
	if (v != NULL)
		return (target_given(c, type, v, ac));
	if (!ac->has_old)
		return (target_default(c, ac));
	return (TE_OK);
}

enum tool_err
art_stage_lock(struct call *c)
{
	struct art_call	*ac = art_call(c);
	struct stmt	*st;
	enum tool_err	 e;
	char		 when[32];
	int		 r;

	if (ac == NULL || !ac->has_old)
		return (TE_OK);
	if ((st = query_get(&q_locked)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, ac->old.type);
	sql_bind_str(st, 2, ac->old.id);
	sql_bind_int(st, 3, c->now_ms);
	sql_bind_str(st, 4, c->who->user_id);
	if ((r = sql_step(st)) != 1)
		return (r == 0 ? TE_OK : store_fail(c));
	iso_print(sql_int(st, 1), 1, when);
	e = call_fail(c, "%s is locked by %s since %s", ac->old.name,
	    sql_str(st, 0), when);
	sql_done(st);
	return (e);
}

enum tool_err
art_stage_revision(struct call *c)
{
	struct art_call	*ac = art_call(c);
	const json_t	*v = json_object_get(c->args, "expectedRevision");
	int64_t		 want;

	if (ac != NULL && ac->has_old && (v == NULL || json_is_null(v)))
		v = json_object_get(json_object_get(c->args,
		    kinds[ac->old.type].arg), "revision");
	if (v == NULL || json_is_null(v))
		return (TE_OK);
	if (!json_is_integer(v))
		return (call_invalid(c, "expectedRevision",
		    "must be an integer"));
	if (ac == NULL || !ac->has_old)
		return (call_invalid(c, "expectedRevision",
		    "is only for a record that exists: give its id"));
	want = (int64_t)json_integer_value(v);
	if (want != ac->old.revision)
		return (call_fail(c, "%s has revision %lld, not %lld as "
		    "expectedRevision says: it was changed by %s; read it "
		    "again", ac->old.name, (long long)ac->old.revision,
		    (long long)want, ac->old.changed_by));
	return (TE_OK);
}

json_t *
art_tree(const struct art *a)
{
	json_t	*t;

	t = json_loadb(a->def, a->def_len, JSON_DECODE_ANY, NULL);
	if (t == NULL)
		store_setfailx("The stored definition of '%s' cannot be read",
		    a->name);
	return (t);
}

static int
blank_ends(const char *s)
{
	size_t	len = strlen(s);

	return (len == 0 || s[0] == ' ' || s[len - 1] == ' ');
}

enum tool_err
art_head(struct call *c, enum art_type type, const json_t *obj,
    const char **name, const char **descr)
{
	struct art_call	*ac = art_call(c);
	const char	*arg = kinds[type].arg;
	char		 path[64];

	if (ac == NULL)
		return (call_fail(c, "out of memory"));
	if (ac->has_old && ac->tree == NULL &&
	    (ac->tree = art_tree(&ac->old)) == NULL)
		return (store_fail(c));
	if (json_str(c, obj, arg, "name", ART_NAME_MAX, name) == -1 ||
	    json_str(c, obj, arg, "description", ART_DESCR_MAX, descr) == -1)
		return (TE_INVALID);
	snprintf(path, sizeof(path), "%s.name", arg);
	if (*name == NULL && json_object_get(obj, "name") == NULL &&
	    ac->has_old)
		*name = ac->old.name;
	if (*name == NULL)
		return (call_invalid(c, path, "Required"));
	if (blank_ends(*name) || !text_printable(*name, strlen(*name)))
		return (call_invalid(c, path, "must be printable text "
		    "without blanks at its ends"));
	if (*descr == NULL && json_object_get(obj, "description") == NULL)
		*descr = json_string_value(json_object_get(ac->tree,
		    "description"));
	if (*descr == NULL)
		*descr = "";
	return (TE_OK);
}

/* ---- changes ---- */

static int
tally_add(enum art_type type, const char *package, int n)
{
	struct stmt	*st;

	if ((st = query_get(&q_tally)) == NULL)
		return (-1);
	sql_bind_int(st, 1, type);
	sql_bind_str(st, 2, package);
	sql_bind_int(st, 3, n);
	if (sql_run(st) == -1)
		return (-1);
	if (n > 0)
		return (0);
	if ((st = query_get(&q_tally_purge)) == NULL)
		return (-1);
	sql_bind_int(st, 1, type);
	sql_bind_str(st, 2, package);
	return (sql_run(st));
}

static int
keep_revision(const struct art *a)
{
	struct stmt	*st;

	if ((st = query_get(&q_keep)) == NULL)
		return (-1);
	sql_bind_int(st, 1, a->num);
	if (sql_run(st) == -1)
		return (-1);
	if (store_conf()->revisions == 0)
		return (0);
	/* What was activated is the run time of its time: it stays. */
	if ((st = query_get(&q_prune)) == NULL)
		return (-1);
	sql_bind_int(st, 1, a->type);
	sql_bind_str(st, 2, a->id);
	sql_bind_int(st, 3, a->revision - (int64_t)store_conf()->revisions);
	return (sql_run(st));
}

/* Is the name another one's?  1 yes, 0 no, -1 store failure. */
static int
name_taken(enum art_type type, const char *key, const struct art *old)
{
	struct stmt	*st;
	int		 r;

	if ((st = query_get(&q_taken)) == NULL)
		return (-1);
	sql_bind_int(st, 1, type);
	sql_bind_str(st, 2, key);
	if ((r = sql_step(st)) != 1)
		return (r);
	r = old == NULL || strcmp(sql_str(st, 0), old->id) != 0;
	sql_done(st);
	return (r);
}

static void
put_time(struct buf *b, const char *key, int64_t ms)
{
	char	iso[32];

	iso_print(ms, 1, iso);
	json_put_str(b, key, iso);
}

/* The head of a record's text; see store_art.h. */
static void
put_head(struct buf *b, const struct art *a, const char *description)
{
	buf_adds(b, "{\"id\":\"");
	buf_adds(b, a->id);
	buf_addc(b, '"');
	json_put_str(b, "name", a->name);
	json_put_str(b, "description", description);
	if (a->type != ART_PACKAGE) {
		if (a->package[0] != '\0')
			json_put_str(b, "package", a->package);
		else
			buf_adds(b, ",\"package\":null");
	}
	json_put_str(b, "ver", a->ver);
	buf_addf(b, ",\"revision\":%lld", (long long)a->revision);
	put_time(b, "createdAt", a->created_at);
	put_time(b, "updatedAt", a->updated_at);
	json_put_str(b, "createdBy", a->created_by);
	json_put_str(b, "changedBy", a->changed_by);
}

static int
refs_drop(int64_t num)
{
	struct stmt	*st;

	if ((st = query_get(&q_unref)) == NULL)
		return (-1);
	sql_bind_int(st, 1, num);
	return (sql_run(st));
}

/* What a record points to, so that who points to a record is looked up. */
static int
refs_write(enum art_type type, int64_t num, const char *acl)
{
	struct stmt	*st;

	if (type == ART_PACKAGE)
		return (0);
	if (refs_drop(num) == -1)
		return (-1);
	for (; strlen(acl) >= ACL_ENTRY; acl += ACL_ENTRY) {
		if ((st = query_get(&q_ref)) == NULL)
			return (-1);
		sql_bind_text(st, 1, acl, ACL_ENTRY);
		sql_bind_int(st, 2, type);
		sql_bind_int(st, 3, num);
		if (sql_run(st) == -1)
			return (-1);
	}
	return (0);
}

/*
 * Write a whole row: insert, or update when num is set.  summary: so many
 * bytes of the body; SIZE_MAX: as it was.
 */
static int
art_write(const struct art *a, const char *key, const char *acl,
    const char *description, const struct buf *def, size_t summary)
{
	struct stmt	*st;

	if (def->failed) {
		store_setfail(SQLITE_TOOBIG);
		return (-1);
	}
	if ((st = query_get(a->num != 0 ? &q_update : &q_insert)) == NULL)
		return (-1);
	sql_bind_int(st, 1, a->type);
	sql_bind_str(st, 2, a->id);
	sql_bind_str(st, 3, a->name);
	sql_bind_str(st, 4, key);
	sql_bind_str(st, 5, a->package);
	sql_bind_str(st, 6, a->ver);
	sql_bind_int(st, 7, a->revision);
	sql_bind_int(st, 8, a->created_at);
	sql_bind_str(st, 9, a->created_by);
	sql_bind_int(st, 10, a->updated_at);
	sql_bind_str(st, 11, a->changed_by);
	sql_bind_int(st, 12, a->flags);
	sql_bind_int(st, 13, (int64_t)a->head);
	sql_bind_str(st, 14, acl);
	sql_bind_str(st, 15, description);
	sql_bind_text(st, 16, (const char *)def->data, def->len);
	if (summary != SIZE_MAX)
		sql_bind_text(st, 17, (const char *)def->data + a->head,
		    summary);
	else
		sql_bind_null(st, 17);
	if (a->num != 0)
		sql_bind_int(st, 18, a->num);
	if (sql_run(st) == -1)
		return (-1);
	return (refs_write(a->type, a->num != 0 ? a->num :
	    sqlite3_last_insert_rowid(store_db()), acl));
}

/* Stamp a record that is about to be written. */
static void
art_stamp(const struct call *c, struct art *a)
{
	wall_ver(c->now_ms, a->ver);
	a->updated_at = c->now_ms;
	text_set(a->changed_by, sizeof(a->changed_by), c->who->user);
	a->revision++;
	if (a->created_at == 0) {
		a->created_at = c->now_ms;
		text_set(a->created_by, sizeof(a->created_by), c->who->user);
	}
}

static int
art_store(struct art *a, const struct art *old, const char *acl,
    const char *description, const char *body, size_t len, size_t summary)
{
	struct buf	def;
	char		key[ART_NAME_MAX + 1];
	int		r = -1;

	buf_init(&def, STORE_TEXT_MAX);
	put_head(&def, a, description);
	a->head = def.len;
	buf_add(&def, body, len);
	buf_addc(&def, '}');
	name_key(key, sizeof(key), a->name);
	if ((old != NULL && keep_revision(old) == -1) ||
	    art_write(a, key, acl, description, &def, summary) == -1)
		goto out;
	if (a->num == 0 || old == NULL ||
	    strcmp(old->package, a->package) != 0) {
		if (a->num != 0 && old != NULL &&
		    tally_add(a->type, old->package, -1) == -1)
			goto out;
		if (tally_add(a->type, a->package, 1) == -1)
			goto out;
	}
	r = 0;
out:
	buf_free(&def);
	return (r);
}

/* An id that was here before goes on counting. */
static int
last_revision(struct art *a)
{
	struct stmt	*st;

	if ((st = query_get(&q_last)) == NULL)
		return (-1);
	sql_bind_int(st, 1, a->type);
	sql_bind_str(st, 2, a->id);
	if (sql_step(st) != 1)
		return (-1);
	a->revision = sql_int(st, 0);
	sql_done(st);
	return (0);
}

static void (*onchange)(const struct art *, const struct art *);

void
art_onchange(void (*fn)(const struct art *was, const struct art *is))
{
	onchange = fn;
}

static void
changed(const struct art *was, const struct art *is)
{
	if (onchange != NULL)
		onchange(was, is);
}

enum tool_err
art_put(struct call *c, const struct art_save *s, const struct art *old,
    char *id_out)
{
	struct art	a;
	const char	*id = s->id != NULL ? s->id : c->import_id;
	char		key[ART_NAME_MAX + 1];
	int		r;

	memset(&a, 0, sizeof(a));
	if (old != NULL)
		a = *old;
	a.type = s->type;
	if (old == NULL && (id == NULL || id_lower(a.id, id) == -1))
		uuid_make(a.id);
	else if (old == NULL && last_revision(&a) == -1)
		return (store_fail(c));
	if (text_set(a.name, sizeof(a.name), s->name) == -1 ||
	    name_key(key, sizeof(key), s->name) == -1)
		return (call_fail(c, "name is longer than %d bytes",
		    ART_NAME_MAX));
	if ((r = name_taken(s->type, key, old)) != 0)
		return (r == -1 ? store_fail(c) :
		    call_fail(c, "name '%s' already exists!", s->name));
	text_set(a.package, sizeof(a.package), s->package);
	a.flags = s->flags;
	art_stamp(c, &a);
	if (art_store(&a, old, s->acl != NULL ? s->acl : "", s->description,
	    (const char *)s->body->data, s->body->len, s->summary) == -1)
		return (store_fail(c));
	changed(old != NULL && old->num != 0 ? old : NULL, &a);
	text_set(id_out, ID_SIZE, a.id);
	return (TE_OK);
}

int
art_patch(const struct art *a, const struct buf *body)
{
	struct stmt	*st;
	struct buf	 def;
	int		 r = -1;

	buf_init(&def, STORE_TEXT_MAX);
	buf_add(&def, a->def, a->head);
	buf_add(&def, body->data, body->len);
	buf_addc(&def, '}');
	if (def.failed || body->failed)
		store_setfail(SQLITE_TOOBIG);
	else if ((st = query_get(&q_patch)) != NULL) {
		sql_bind_int(st, 1, a->num);
		sql_bind_text(st, 2, (const char *)def.data, def.len);
		r = sql_run(st);
	}
	if (r != -1)
		changed(a, a);
	buf_free(&def);
	return (r);
}

int
art_move(struct call *c, struct art *old, const char *package)
{
	struct stmt	*st;
	struct art	 a = *old;
	struct buf	 text;
	const char	*body;
	size_t		 len, descr;
	int		 r;

	if ((st = query_get(&q_moved)) == NULL)
		return (-1);
	sql_bind_int(st, 1, old->num);
	if (sql_step(st) != 1)
		return (-1);
	buf_init(&text, 0);
	buf_add(&text, sql_str(st, 0), sql_len(st, 0) + 1);
	descr = text.len;
	buf_add(&text, sql_str(st, 1), sql_len(st, 1) + 1);
	sql_done(st);
	if (text.failed) {
		store_setfail(SQLITE_NOMEM);
		r = -1;
	} else {
		text_set(a.package, sizeof(a.package), package);
		art_stamp(c, &a);
		body = art_body(old, &len);
		r = art_store(&a, old, (const char *)text.data + descr,
		    (const char *)text.data, body, len, SIZE_MAX);
		if (r != -1)
			changed(old, &a);
	}
	buf_free(&text);
	return (r);
}

int
art_delete(struct call *c, const struct art *a)
{
	struct stmt	*st;

	(void)c;
	if (keep_revision(a) == -1 || refs_drop(a->num) == -1 ||
	    (st = query_get(&q_delete)) == NULL)
		return (-1);
	sql_bind_int(st, 1, a->num);
	if (sql_run(st) == -1 || tally_add(a->type, a->package, -1) == -1 ||
	    (st = query_get(&q_unlock)) == NULL)
		return (-1);
	sql_bind_int(st, 1, a->type);
	sql_bind_str(st, 2, a->id);
	changed(a, NULL);
	return (sql_run(st));
}
