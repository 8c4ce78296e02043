/* SPDX-License-Identifier: ISC */
/*
 * rotate.c: when signing keys come and go, and the commands for it.
 * Runs in authd only.  Touches no key byte: keysign.c makes, keeps and wipes
 * them, keybackup.c writes them.
 *
 * keepd itself looks tokens up and verifies none, so what the overlap is for
 * are others who check them by the JWK set: an old key is shown for twice the
 * life of an access token after it last signed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/ctl.h"
#include "../common/log.h"
#include "ctlconn.h"
#include "keys.h"
#include "worker.h"

#define LOOK_MS		2000

static struct ev_timer	look_timer;

static int64_t
overlap(void)
{
	return (2 * (int64_t)auth_conf()->access_s);
}

static void
key_audit(const char *kid, const char *what)
{
	struct audit_own	a;

	memset(&a, 0, sizeof(a));
	a.kind = AK_ADMIN;
	a.outcome = AO_OK;
	a.target = kid;
	a.detail = what;
	audit_add(&a);
}

static void
rotate_due(int64_t now)
{
	const char	*why;
	char		 kid[48];

	if (auth_conf()->sign_key_s == 0 ||
	    now < sign_made() + (int64_t)auth_conf()->sign_key_s)
		return;
	if ((why = sign_rotate(now, kid)) != NULL) {
		log_warnx("keys: no new signing key: %s", why);
		return;
	}
	key_audit(kid, "signing key is new, by schedule");
	workers_jwks();
}

static void
look(struct ev_timer *t)
{
	int64_t	now = auth_now();
	char	kid[48];
	int	gone = 0;

	rotate_due(now);
	for (; sign_retire(now, overlap(), kid); gone++)
		key_audit(kid, "signing key is retired and wiped");
	if (gone)
		workers_jwks();
	ev_timer_set(t, LOOK_MS);
}

void
rotate_start(void)
{
	ev_timer_init(&look_timer, look, NULL);
	ev_timer_set(&look_timer, LOOK_MS);
}

static void
cmd_rotate(struct ctl_conn *c)
{
	const char	*why;
	char		 kid[48];

	if (ctl_disk_full(c))
		return;
	if ((why = sign_rotate(auth_now(), kid)) != NULL) {
		ctl_refuse(c, "%s", why);
		return;
	}
	workers_jwks();
	ctl_audit(c, NULL, kid, NULL);
	snprintf(c->remark, sizeof(c->remark), "%s signs; the one before is "
	    "shown for %lld s", kid, (long long)overlap());
	ctl_done_after(c);
}

static void
cmd_backup(struct ctl_conn *c)
{
	int	n;

	/* On record, and durable, before a key byte leaves. */
	ctl_audit(c, NULL, NULL, NULL);
	if (store_commit() == -1) {
		ctl_done(c, CTL_FAILED, "the record of it cannot be written");
		return;
	}
	if ((n = keys_archive(c->fd)) == -1)
		ctl_refuse(c, "the file cannot be written: %s",
		    strerror(errno));
	else
		ctl_done(c, CTL_OK, "%d keys", n);
}

const struct ctl_handler ctl_key_handlers[] = {
	{ CTL_KEY_ROTATE, cmd_rotate, 1 },
	{ CTL_KEY_BACKUP, cmd_backup, 1 },
	{ 0, NULL, 0 }
};
