/* SPDX-License-Identifier: ISC */
/*
 * user.c: the records of users and roles.
 * Runs in authd only.  Trusts its store; names come from keepctl and from
 * sign-in forms and are checked here.  Touches: the store.  Never touches:
 * files, passwords (pwcheck.c).
 */
#include <string.h>

#include "../common/log.h"
#include "../common/perm.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "authd.h"

#define ALL_DESIGN	(PERM_BIT(PERM_APPDESIGNER) | PERM_BIT(PERM_WEBAPP) | \
			    PERM_BIT(PERM_SCRIPTEDITOR) | \
			    PERM_BIT(PERM_ADAPTIVEDESIGNER) | \
			    PERM_BIT(PERM_TABLEDEFINITION) | \
			    PERM_BIT(PERM_TABLEBROWSER) | \
			    PERM_BIT(PERM_APIDESIGNER) | \
			    PERM_BIT(PERM_PACKAGE) | \
			    PERM_BIT(PERM_NPMMODULES) | PERM_BIT(PERM_LOCKS))

/* Roles of a fresh install. */
static const struct {
	const char	*name, *description;
	uint32_t	 flags, display, edit;
} builtin[] = {
	{ "administrator", "Everything, in every package", ROLE_GLOBAL,
	    PERM_ALL, PERM_ALL },
	{ "designer", "All design tools and table rows", 0, ALL_DESIGN,
	    ALL_DESIGN },
	{ "viewer", "See everything, change nothing", 0, PERM_ALL, 0 }
};

void
user_start(uint32_t scrypt_ln)
{
	struct role	 r;
	const char	*why;
	size_t		 i;

	user_conf(scrypt_ln);
	if (store_count(DB_ROLES) != 0)
		return;
	for (i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++) {
		why = role_init(&r, builtin[i].name, builtin[i].description,
		    builtin[i].flags);
		if (why != NULL)
			fatalx("built-in role %s: %s", builtin[i].name, why);
		r.display = builtin[i].display;
		r.edit = builtin[i].edit;
		role_put(&r);
	}
	if (store_commit() == -1)
		fatalx("the first roles cannot be stored");
}

/* The key of a name: folded, without its NUL. */
static size_t
name_fold(const char *name, char *out, size_t size)
{
	if (text_set(out, size, name) == -1)
		return (0);
	ascii_lower(out);
	return (strlen(out));
}

/* ---- users ---- */

static size_t
user_size(const struct user *u)
{
	return (offsetof(struct user, role) + u->nroles * sizeof(u->role[0]));
}

int
user_get(const char *id, struct user *u)
{
	long	 n;

	memset(u, 0, sizeof(*u));
	n = store_get_any(DB_USERS, id, strlen(id), u, sizeof(*u));
	if (n < (long)offsetof(struct user, role) || u->v != USER_REC_V ||
	    u->nroles > ROLES_MAX || (size_t)n != user_size(u))
		return (-1);
	return (0);
}

static int
id_of_name(enum store_db db, const char *name, size_t size, char id[40])
{
	char	 key[NAME_MAX_LEN];
	size_t	 len;

	len = name_fold(name, key, size);
	if (len == 0)
		return (-1);
	if (store_get_any(db, key, len, id, 40) != 40 || id[39] != '\0')
		return (-1);
	return (0);
}

int
user_lookup(const char *name, struct user *u)
{
	char	 id[40];

	if (id_of_name(DB_USER_NAMES, name, sizeof(u->name), id) == -1)
		return (-1);
	return (user_get(id, u));
}

uint64_t
user_count(void)
{
	return (store_count(DB_USERS));
}

/* A removed role leaves its id behind; it goes with the next write. */
static void
roles_tidy(struct user *u)
{
	struct role	 r;
	uint32_t	 i, n = 0;

	for (i = 0; i < u->nroles; i++) {
		if (role_get(u->role[i], &r) == -1)
			continue;
		if (n != i)
			memcpy(u->role[n], u->role[i], sizeof(u->role[n]));
		n++;
	}
	for (i = n; i < u->nroles; i++)
		memset(u->role[i], 0, sizeof(u->role[i]));
	u->nroles = n;
}

void
user_put(struct user *u)
{
	char	 key[USER_MAX];
	size_t	 len;

	roles_tidy(u);
	len = name_fold(u->name, key, sizeof(key));
	store_put(DB_USERS, u->id, strlen(u->id), u, user_size(u));
	store_put(DB_USER_NAMES, key, len, u->id, sizeof(u->id));
}

void
user_del(const struct user *u)
{
	char	 key[USER_MAX];
	size_t	 len;

	len = name_fold(u->name, key, sizeof(key));
	store_del(DB_USERS, u->id, strlen(u->id));
	store_del(DB_USER_NAMES, key, len);
}

const char *
user_init(struct user *u, const char *name)
{
	struct user	 other;
	const char	*why;

	if ((why = user_name_bad(name)) != NULL)
		return (why);
	if (user_lookup(name, &other) == 0)
		return ("there is a user of that name");
	memset(u, 0, sizeof(*u));
	u->v = USER_REC_V;
	uuid_make(u->id);
	if (text_set(u->name, sizeof(u->name), name) == -1)
		return ("the user name is too long");
	u->created = auth_now();
	return (NULL);
}

int
user_has_role(const struct user *u, const char *role_id)
{
	uint32_t	 i;

	for (i = 0; i < u->nroles; i++)
		if (strcmp(u->role[i], role_id) == 0)
			return (0);
	return (-1);
}

int
user_perms(const char *id, struct msg_open *o)
{
	struct user	 u;
	struct role	 r;
	uint32_t	 i;

	if (user_get(id, &u) == -1 || (u.flags & USER_DISABLED) != 0)
		return (-1);
	o->flags &= ~(uint32_t)OF_GLOBAL_ADMIN;
	o->display = o->edit = o->nroles = 0;
	memset(o->role, 0, sizeof(o->role));
	memcpy(o->user_id, u.id, sizeof(o->user_id));
	memcpy(o->user, u.name, sizeof(o->user));
	memcpy(o->default_package, u.package, sizeof(o->default_package));
	for (i = 0; i < u.nroles; i++) {
		if (role_get(u.role[i], &r) == -1)
			continue;
		memcpy(o->role[o->nroles++], r.id, sizeof(r.id));
		o->display |= r.display | r.edit;
		o->edit |= r.edit;
		if (r.flags & ROLE_GLOBAL)
			o->flags |= OF_GLOBAL_ADMIN;
	}
	return (0);
}

/* ---- roles ---- */

static int
role_ok(const struct role *r)
{
	return (r->v == ROLE_REC_V &&
	    (r->flags & ~(uint32_t)ROLE_FLAGS_ALL) == 0 &&
	    text_field_ok(r->id, sizeof(r->id)) &&
	    text_field_ok(r->name, sizeof(r->name)) &&
	    text_field_ok(r->description, sizeof(r->description)));
}

int
role_get(const char *id, struct role *r)
{
	if (store_get_any(DB_ROLES, id, strlen(id), r, sizeof(*r)) !=
	    sizeof(*r) || !role_ok(r))
		return (-1);
	return (0);
}

int
role_lookup(const char *name, struct role *r)
{
	char	 id[40];

	if (id_of_name(DB_ROLE_NAMES, name, sizeof(r->name), id) == -1)
		return (-1);
	return (role_get(id, r));
}

struct each {
	int	(*fn)(const struct role *, void *);
	void	 *arg;
};

static int
role_visit(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct each	*e = arg;
	struct role	 r;

	if (vallen != sizeof(r))
		return (0);
	memcpy(&r, val, sizeof(r));
	return (role_ok(&r) ? e->fn(&r, e->arg) : 0);
}

void
role_each(int (*fn)(const struct role *, void *), void *arg)
{
	struct each	 e = { fn, arg };

	(void)store_walk(DB_ROLES, NULL, 0, NULL, 0, 0, role_visit, &e);
}

void
role_put(struct role *r)
{
	char	 key[NAME_MAX_LEN];
	size_t	 len;

	r->display |= r->edit;
	len = name_fold(r->name, key, sizeof(key));
	store_put(DB_ROLES, r->id, strlen(r->id), r, sizeof(*r));
	store_put(DB_ROLE_NAMES, key, len, r->id, sizeof(r->id));
}

void
role_del(const struct role *r)
{
	char	 key[NAME_MAX_LEN];
	size_t	 len;

	len = name_fold(r->name, key, sizeof(key));
	store_del(DB_ROLES, r->id, strlen(r->id));
	store_del(DB_ROLE_NAMES, key, len);
}

const char *
role_init(struct role *r, const char *name, const char *description,
    uint32_t flags)
{
	struct role	 other;
	const char	*why;

	if ((why = role_name_bad(name)) != NULL)
		return (why);
	if (role_lookup(name, &other) == 0)
		return ("there is a role of that name");
	memset(r, 0, sizeof(*r));
	r->v = ROLE_REC_V;
	r->flags = flags;
	uuid_make(r->id);
	if (text_set(r->name, sizeof(r->name), name) == -1)
		return ("the role name is too long");
	text_clean(r->description, sizeof(r->description), description,
	    strlen(description));
	r->created = auth_now();
	return (NULL);
}
