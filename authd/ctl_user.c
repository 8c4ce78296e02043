/* SPDX-License-Identifier: ISC */
/*
 * ctl_user.c: control commands on users and roles.
 * Runs in authd only.  Called for root or our own user (ctl.c); names, roles
 * and passwords they type are checked here.  Touches: the store, through
 * user.c; handles, through handle.c.
 *
 * What ends rights answers behind commit and acknowledgement (handle.c).
 * Ended with the password, by disabling and by removal: all grants, sign-in
 * sessions and codes of the user.  Only opened anew: handles, when roles,
 * permissions or the default package change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/ctl.h"
#include "../common/perm.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "ctlconn.h"

/* ---- users ---- */

static int
user_of(struct ctl_conn *c, const char *name, struct user *u)
{
	if (user_lookup(name, u) == 0)
		return (0);
	ctl_refuse(c, "there is no user %s", name);
	return (-1);
}

static int
role_of(struct ctl_conn *c, const char *name, struct role *r)
{
	if (role_lookup(name, r) == 0)
		return (0);
	ctl_refuse(c, "there is no role %s", name);
	return (-1);
}

/* Everything that was let in under this user ends. */
static void
user_end(struct ctl_conn *c, const struct user *u)
{
	struct audit_own	 by;
	char			 detail[160];

	ctl_by(c, &by, detail, sizeof(detail));
	ctl_wait(c);
	snprintf(c->remark, sizeof(c->remark), "grants ended: %d",
	    revoke_user(u->id, &by, ctl_closed, c));
}

/* pwhash has answered, or never will. */
static int
password_came(struct ctl_conn *c, const struct user_password *p)
{
	if (!ctl_came(c))
		return (-1);
	if (p != NULL)
		return (0);
	ctl_refuse(c, "keepd-pwhash does not answer; try again");
	return (-1);
}

static void
user_add_hashed(void *arg, const struct user_password *p)
{
	struct ctl_conn	*c = arg;
	struct user	 u;
	struct role	 r;
	const char	*why;

	if (password_came(c, p) == -1)
		return;
	if ((why = user_init(&u, c->cmd.name)) != NULL) {
		ctl_refuse(c, "user %s: %s", c->cmd.name, why);
		return;
	}
	if (c->cmd.other[0] != '\0') {
		if (role_of(c, c->cmd.other, &r) == -1)
			return;
		text_set(u.role[0], sizeof(u.role[0]), r.id);
		u.nroles = 1;
	}
	user_set_password(&u, p);
	user_put(&u);
	ctl_audit(c, u.id, u.name, c->cmd.other[0] != '\0' ? c->cmd.other :
	    NULL);
	secret_wipe(&u, sizeof(u));
	ctl_done_after(c);
}

static void
password_hash(struct ctl_conn *c, user_hashed_fn *fn)
{
	const char	*why;

	why = user_password_bad(c->cmd.secret, c->cmd.name);
	if (why != NULL) {
		ctl_refuse(c, "%s", why);
		return;
	}
	ctl_wait(c);
	if (user_hash(c->cmd.secret, fn, c) == -1) {
		(void)ctl_came(c);
		ctl_refuse(c, "too many sign-ins are under way; try again");
	}
}

static void
cmd_user_add(struct ctl_conn *c)
{
	struct user	 u;
	struct role	 r;
	const char	*why;

	if (ctl_disk_full(c))
		return;
	if ((why = user_init(&u, c->cmd.name)) != NULL) {
		ctl_refuse(c, "user %s: %s", c->cmd.name, why);
		return;
	}
	if (c->cmd.other[0] != '\0' && role_of(c, c->cmd.other, &r) == -1)
		return;
	password_hash(c, user_add_hashed);
}

static void
user_passwd_hashed(void *arg, const struct user_password *p)
{
	struct ctl_conn	*c = arg;
	struct user	 u;

	if (password_came(c, p) == -1 || user_of(c, c->cmd.name, &u) == -1)
		return;
	user_set_password(&u, p);
	user_put(&u);
	ctl_audit(c, u.id, u.name, NULL);
	user_end(c, &u);
	secret_wipe(&u, sizeof(u));
}

static void
cmd_user_passwd(struct ctl_conn *c)
{
	struct user	 u;

	if (user_of(c, c->cmd.name, &u) == -1)
		return;
	password_hash(c, user_passwd_hashed);
}

static void
cmd_user_disable(struct ctl_conn *c)
{
	struct user	 u;

	if (user_of(c, c->cmd.name, &u) == -1)
		return;
	if ((u.flags & USER_DISABLED) == 0)
		u.epoch++;
	u.flags |= USER_DISABLED;
	user_put(&u);
	ctl_audit(c, u.id, u.name, NULL);
	user_end(c, &u);
}

struct enabling {
	struct ctl_conn	*conn;
	char		 user_id[40];
};

static void
user_enabled(void *arg, int ok)
{
	struct enabling	*e = arg;

	if (ok)
		handle_unrefuse_user(e->user_id);
	free(e);
}

static void
cmd_user_enable(struct ctl_conn *c)
{
	struct enabling	*e;
	struct user	 u;

	if (user_of(c, c->cmd.name, &u) == -1)
		return;
	if ((e = calloc(1, sizeof(*e))) == NULL) {
		ctl_refuse(c, "no memory");
		return;
	}
	u.flags &= ~(uint32_t)USER_DISABLED;
	user_put(&u);
	ctl_audit(c, u.id, u.name, NULL);
	text_set(e->user_id, sizeof(e->user_id), u.id);
	store_after(user_enabled, e);
	ctl_done_after(c);
}

static void
cmd_user_remove(struct ctl_conn *c)
{
	struct user	 u;

	if (user_of(c, c->cmd.name, &u) == -1)
		return;
	ctl_audit(c, u.id, u.name, NULL);
	user_end(c, &u);
	user_del(&u);
}

static void
cmd_user_package(struct ctl_conn *c)
{
	struct user	 u;
	const char	*id = c->cmd.other;

	if (user_of(c, c->cmd.name, &u) == -1 || ctl_disk_full(c))
		return;
	if (strcmp(id, "-") == 0)
		id = "";
	if (id[0] != '\0' && !uuid_valid(id, strlen(id))) {
		ctl_refuse(c, "a package is named by its id (a UUID), or by - "
		    "for none");
		return;
	}
	text_set(u.package, sizeof(u.package), id);
	user_put(&u);
	ctl_audit(c, u.id, u.name, id[0] != '\0' ? id : "none");
	ctl_wait(c);
	handle_close_user(u.id, HC_CHANGE, ctl_closed, c);
}

const struct ctl_handler ctl_user_handlers[] = {
	{ CTL_USER_ADD, cmd_user_add, 1 },
	{ CTL_USER_PASSWD, cmd_user_passwd, 1 },
	{ CTL_USER_DISABLE, cmd_user_disable, 1 },
	{ CTL_USER_ENABLE, cmd_user_enable, 1 },
	{ CTL_USER_REMOVE, cmd_user_remove, 1 },
	{ CTL_USER_PACKAGE, cmd_user_package, 1 },
	{ 0, NULL, 0 }
};

/* ---- roles ---- */

/* toold shows roles by name: it is told what there is, once that is so. */
static void
roles_changed(void *arg, int ok)
{
	if (ok)
		auth_send_roles();
}

static void
cmd_role_add(struct ctl_conn *c)
{
	struct role	 r;
	const char	*why;
	uint32_t	 flags;

	if (ctl_disk_full(c))
		return;
	flags = c->cmd.flags & CTLF_ROLE_GLOBAL ? ROLE_GLOBAL : 0;
	why = role_init(&r, c->cmd.name, c->cmd.text, flags);
	if (why != NULL) {
		ctl_refuse(c, "role %s: %s", c->cmd.name, why);
		return;
	}
	role_put(&r);
	ctl_audit(c, NULL, r.name, flags ? "with Global Admin" : NULL);
	store_after(roles_changed, NULL);
	ctl_done_after(c);
}

/* Anybody may hold it: all handles are opened anew. */
static void
role_close(struct ctl_conn *c)
{
	ctl_wait(c);
	handle_close_all(HC_CHANGE, ctl_closed, c);
}

static void
cmd_role_remove(struct ctl_conn *c)
{
	struct role	 r;

	if (role_of(c, c->cmd.name, &r) == -1)
		return;
	role_del(&r);
	ctl_audit(c, NULL, r.name, NULL);
	store_after(roles_changed, NULL);
	role_close(c);
}

/*
 * A permission as typed: its name, alias or acl key, or "all"; an acl key may
 * carry its level (_D or _E) itself.  The mask, or 0.
 */
static uint32_t
perm_parse(const char *s, int *level)
{
	size_t	 len = strlen(s);
	int	 p;

	if (strcmp(s, "all") == 0)
		return (PERM_ALL);
	if ((p = perm_find(s, len)) != -1)
		return (PERM_BIT(p));
	if (len < 3 || s[len - 2] != '_' ||
	    (s[len - 1] != 'D' && s[len - 1] != 'E'))
		return (0);
	if ((p = perm_find(s, len - 2)) == -1)
		return (0);
	*level = s[len - 1] == 'E' ? 'E' : 'D';
	return (PERM_BIT(p));
}

static int
level_parse(const char *s)
{
	if (s[0] == '\0')
		return (0);
	if (strcmp(s, "display") == 0)
		return ('D');
	return (strcmp(s, "edit") == 0 ? 'E' : -1);
}

static uint32_t
perm_of(struct ctl_conn *c, int *level)
{
	uint32_t	 mask;

	if ((mask = perm_parse(c->cmd.other, level)) == 0)
		ctl_refuse(c, "there is no permission %s; keepctl role list "
		    "shows their names", c->cmd.other);
	return (mask);
}

static void
cmd_role_allow(struct ctl_conn *c)
{
	struct role	 r;
	uint32_t	 mask;
	char		 detail[NAME_MAX_LEN + 16];
	int		 level = 0, said;

	if (role_of(c, c->cmd.name, &r) == -1 || ctl_disk_full(c) ||
	    (mask = perm_of(c, &level)) == 0)
		return;
	said = level_parse(c->cmd.text);
	if (said == -1 || (said != 0 && level != 0 && said != level)) {
		ctl_refuse(c, "the level is display or edit, not %s",
		    c->cmd.text);
		return;
	}
	if (said == 0)
		said = level != 0 ? level : 'E';
	r.display |= mask;
	if (said == 'E')
		r.edit |= mask;
	else
		r.edit &= ~mask;
	role_put(&r);
	snprintf(detail, sizeof(detail), "%s %s", c->cmd.other,
	    said == 'E' ? "edit" : "display");
	ctl_audit(c, NULL, r.name, detail);
	role_close(c);
}

static void
cmd_role_deny(struct ctl_conn *c)
{
	struct role	 r;
	uint32_t	 mask;
	int		 level = 0;

	if (role_of(c, c->cmd.name, &r) == -1 ||
	    (mask = perm_of(c, &level)) == 0)
		return;
	r.edit &= ~mask;
	/* key_E takes Edit alone. */
	if (level != 'E')
		r.display &= ~mask;
	role_put(&r);
	ctl_audit(c, NULL, r.name, c->cmd.other);
	role_close(c);
}

static void
cmd_role_grant(struct ctl_conn *c)
{
	struct role	 r;
	struct user	 u;

	if (role_of(c, c->cmd.name, &r) == -1 ||
	    user_of(c, c->cmd.other, &u) == -1 || ctl_disk_full(c))
		return;
	if (user_has_role(&u, r.id) == 0) {
		ctl_done(c, CTL_OK, "%s has it already", u.name);
		return;
	}
	if (u.nroles == ROLES_MAX) {
		ctl_refuse(c, "a user holds at most %d roles", ROLES_MAX);
		return;
	}
	text_set(u.role[u.nroles++], sizeof(u.role[0]), r.id);
	user_put(&u);
	ctl_audit(c, u.id, u.name, r.name);
	ctl_wait(c);
	handle_close_user(u.id, HC_CHANGE, ctl_closed, c);
}

static void
cmd_role_revoke(struct ctl_conn *c)
{
	struct role	 r;
	struct user	 u;
	uint32_t	 i;

	if (role_of(c, c->cmd.name, &r) == -1 ||
	    user_of(c, c->cmd.other, &u) == -1)
		return;
	for (i = 0; i < u.nroles; i++)
		if (strcmp(u.role[i], r.id) == 0)
			break;
	/* Asked again, it takes the same way. */
	if (i < u.nroles) {
		u.nroles--;
		memmove(u.role[i], u.role[i + 1],
		    (u.nroles - i) * sizeof(u.role[0]));
		memset(u.role[u.nroles], 0, sizeof(u.role[0]));
		user_put(&u);
	} else
		snprintf(c->remark, sizeof(c->remark), "%s did not have it",
		    u.name);
	ctl_audit(c, u.id, u.name, r.name);
	ctl_wait(c);
	handle_close_user(u.id, HC_CHANGE, ctl_closed, c);
}

const struct ctl_handler ctl_role_handlers[] = {
	{ CTL_ROLE_ADD, cmd_role_add, 1 },
	{ CTL_ROLE_REMOVE, cmd_role_remove, 1 },
	{ CTL_ROLE_ALLOW, cmd_role_allow, 1 },
	{ CTL_ROLE_DENY, cmd_role_deny, 1 },
	{ CTL_ROLE_GRANT, cmd_role_grant, 1 },
	{ CTL_ROLE_REVOKE, cmd_role_revoke, 1 },
	{ 0, NULL, 0 }
};
