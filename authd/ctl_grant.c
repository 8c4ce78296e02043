/* SPDX-License-Identifier: ISC */
/*
 * ctl_grant.c: control commands on clients and grants.
 * Runs in authd only.  Called for root or our own user (ctl.c).  Touches:
 * the store, through client.c and grant.c.
 *
 * A revocation is answered when it is refused in memory, committed, closed
 * and acknowledged by toold, and says so when one of these is missing.
 */
#include <stdio.h>
#include <string.h>

#include "../common/ctl.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "ctlconn.h"

static void
remark_ended(struct ctl_conn *c, int n)
{
	snprintf(c->remark, sizeof(c->remark), "grants ended: %d", n);
}

/* ---- clients ---- */

static void
cmd_client_remove(struct ctl_conn *c)
{
	struct audit_own	 by;
	char			 detail[160];

	ctl_by(c, &by, detail, sizeof(detail));
	ctl_wait(c);
	if (client_remove(c->cmd.name, &by, ctl_closed, c) == -1) {
		(void)ctl_came(c);
		ctl_refuse(c, "there is no client %s", c->cmd.name);
		return;
	}
	ctl_audit(c, NULL, c->cmd.name, NULL);
}

/* Words apart by blanks, in place: how many, or -1 if more than max. */
static int
words_split(char *s, const char **word, int max)
{
	char	*p, *rest = s;
	int	 n = 0;

	while ((p = strsep(&rest, " ")) != NULL) {
		if (*p == '\0')
			continue;
		if (n == max)
			return (-1);
		word[n++] = p;
	}
	return (n);
}

/* The secret is shown once, behind the commit; only a digest is stored. */
static void
client_added(void *arg, int ok)
{
	struct ctl_conn	*c = arg;

	if (!ctl_came(c))
		return;
	if (!ok) {
		ctl_done(c, CTL_FAILED, "nothing was changed: the store "
		    "cannot be written");
		return;
	}
	ctl_line(c, "client id\t%s", c->subject);
	if (c->shown[0] != '\0')
		ctl_line(c, "client secret\t%s", c->shown);
	ctl_done(c, CTL_OK, "%s", c->shown[0] != '\0' ?
	    "the secret is not shown again" : "");
	secret_wipe(c->shown, sizeof(c->shown));
}

static void
cmd_client_add(struct ctl_conn *c)
{
	const char	*redirect[REDIRECTS_MAX], *why;
	int		 n, public;

	if (ctl_disk_full(c))
		return;
	n = words_split(c->cmd.text, redirect, REDIRECTS_MAX);
	if (n <= 0) {
		ctl_refuse(c, "a client has 1 to %d redirect URIs",
		    REDIRECTS_MAX);
		return;
	}
	public = (c->cmd.flags & CTLF_CLIENT_PUBLIC) != 0;
	why = client_add(c->cmd.name, redirect, (unsigned int)n,
	    public ? NULL : c->shown, sizeof(c->shown), c->subject);
	if (why != NULL) {
		ctl_refuse(c, "%s", why);
		return;
	}
	ctl_audit(c, NULL, c->subject, c->cmd.name);
	ctl_wait(c);
	store_after(client_added, c);
}

/* ---- grants ---- */

static int
revoke_named(struct ctl_conn *c, struct audit_own *by)
{
	uint8_t	 id[GRANT_LEN];
	int	 n;

	if (hex_decode(c->cmd.name, strlen(c->cmd.name), id, sizeof(id)) ==
	    -1) {
		ctl_refuse(c, "there is no grant %s: a grant is named by 32 "
		    "hex digits, as keepctl grant list shows them",
		    c->cmd.name);
		return (-1);
	}
	ctl_wait(c);
	if ((n = revoke_grant(id, by, ctl_closed, c)) == -1) {
		(void)ctl_came(c);
		ctl_refuse(c, "there is no grant %s", c->cmd.name);
	}
	return (n);
}

static int
revoke_of_user(struct ctl_conn *c, struct audit_own *by)
{
	struct user	 u;

	if (user_lookup(c->cmd.name, &u) == -1) {
		ctl_refuse(c, "there is no user %s", c->cmd.name);
		return (-1);
	}
	ctl_wait(c);
	return (revoke_user(u.id, by, ctl_closed, c));
}

static int
revoke_of_client(struct ctl_conn *c, struct audit_own *by)
{
	struct client	 cl;

	if (client_get(c->cmd.name, &cl) == -1) {
		ctl_refuse(c, "there is no client %s", c->cmd.name);
		return (-1);
	}
	ctl_wait(c);
	return (revoke_client(c->cmd.name, by, ctl_closed, c));
}

static int
revoke_every(struct ctl_conn *c, struct audit_own *by)
{
	if (c->cmd.name[0] != '\0') {
		ctl_refuse(c, "-a takes no name");
		return (-1);
	}
	ctl_wait(c);
	return (revoke_all(by, ctl_closed, c));
}

static void
cmd_grant_revoke(struct ctl_conn *c)
{
	struct audit_own	 by;
	char			 detail[160];
	int			 n;

	ctl_by(c, &by, detail, sizeof(detail));
	switch (c->cmd.flags) {
	case 0:
		n = revoke_named(c, &by);
		break;
	case CTLF_GRANT_USER:
		n = revoke_of_user(c, &by);
		break;
	case CTLF_GRANT_CLIENT:
		n = revoke_of_client(c, &by);
		break;
	case CTLF_GRANT_ALL:
		n = revoke_every(c, &by);
		break;
	default:
		ctl_refuse(c, "one of -u, -c and -a");
		return;
	}
	if (n == -1)
		return;
	ctl_audit(c, NULL, c->cmd.flags == CTLF_GRANT_ALL ? "all grants" :
	    c->cmd.name, NULL);
	remark_ended(c, n);
}

static void
cmd_revoke_worker(struct ctl_conn *c)
{
	struct audit_own	 by;
	char			 detail[160], target[32];

	if (c->cmd.number <= 0) {
		ctl_refuse(c, "a worker is named by its generation, as "
		    "keepctl grant list and audit tail show it");
		return;
	}
	ctl_by(c, &by, detail, sizeof(detail));
	ctl_wait(c);
	remark_ended(c, revoke_worker((uint64_t)c->cmd.number, &by,
	    ctl_closed, c));
	snprintf(target, sizeof(target), "%lld", (long long)c->cmd.number);
	ctl_audit(c, NULL, target, NULL);
}

static void
cmd_revoke_since(struct ctl_conn *c)
{
	struct audit_own	 by;
	char			 detail[160], iso[25];
	int64_t			 when;

	if ((when = ctl_when(c->cmd.name, auth_now())) == -1) {
		ctl_refuse(c, "%s: a time is 2026-01-31T12:00:00Z, or 90m, "
		    "2h, 1d ago", c->cmd.name);
		return;
	}
	ctl_by(c, &by, detail, sizeof(detail));
	ctl_wait(c);
	remark_ended(c, revoke_since(when, &by, ctl_closed, c));
	wall_iso(when * 1000, iso);
	ctl_audit(c, NULL, iso, NULL);
}

const struct ctl_handler ctl_grant_handlers[] = {
	{ CTL_CLIENT_REMOVE, cmd_client_remove, 1 },
	{ CTL_CLIENT_ADD, cmd_client_add, 1 },
	{ CTL_GRANT_REVOKE, cmd_grant_revoke, 1 },
	{ CTL_REVOKE_WORKER, cmd_revoke_worker, 1 },
	{ CTL_REVOKE_SINCE, cmd_revoke_since, 1 },
	{ 0, NULL, 0 }
};
