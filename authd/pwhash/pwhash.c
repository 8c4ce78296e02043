/* SPDX-License-Identifier: ISC */
/*
 * pwhash.c: the program keepd-pwhash.
 * Takes salt, parameters and a password from authd, gives derived bytes
 * back.  Trusts master; takes nothing from authd that is out of range.
 * Touches: memory.  Never touches: files, keys, the pepper, a verifier, the
 * network.  It does not learn whose password it was or whether it fits.
 *
 * One thing at a time: authd keeps the queue and has few requests under way,
 * so that an orderly end never waits for more than those.
 */
#include <openssl/evp.h>

#include <string.h>

#include "child.h"
#include "ev.h"
#include "log.h"
#include "msg.h"
#include "pwhash.h"
#include "secret.h"

static void	on_conf(struct chan *, struct msg *);
static void	on_peer(struct chan *, struct msg *);
static void	on_stat(struct chan *, struct msg *);
static void	on_hash(struct chan *, struct msg *);
static void	on_authd_end(struct chan *, enum chan_end, const char *);

static const struct chan_handler authd_handlers[] = {
	{ MSG_HASH, on_hash },
	{ 0, NULL }
};
static const struct chan_ops authd_ops = { authd_handlers, on_authd_end };

static struct chan	*authd;
static uint32_t		 ln_max, ln_staged;
static uint64_t		 hashed, refused;

static void
on_conf(struct chan *c, struct msg *m)
{
	const struct msg_conf_pwhash *q = m->data;

	ln_staged = q->ln_max;
}

static void
conf_begin(void)
{
	ln_staged = 0;
}

static const char *
conf_check(const struct msg_conf_common *common)
{
	if (ln_staged < HASH_LN_MIN || ln_staged > HASH_LN_MAX)
		return ("scrypt cost must be from 2^15 to 2^20");
	return (NULL);
}

static void
conf_commit(const struct msg_conf_common *common, int first)
{
	ln_max = ln_staged;
	if (first)
		child_ready();
}

/* A new authd takes the place of an old one whose end was not seen yet. */
static void
on_peer(struct chan *c, struct msg *m)
{
	const struct msg_peer *q = m->data;

	if (q->role != PR_AUTHD)
		fatalx("%s from master for role %u", msg_name(m->type),
		    q->role);
	if (authd != NULL)
		chan_close(authd);
	authd = chan_new(m->fd, CK_AUTHD_PWHASH, SIDE_SECOND, &authd_ops,
	    NULL);
	chan_setname(authd, "authd");
	chan_setstate(authd, CS_RUN);
}

static void
on_authd_end(struct chan *c, enum chan_end how, const char *why)
{
	if (how != CE_EOF)
		log_warnx("channel to authd ended: %s", why);
	if (c == authd)
		authd = NULL;
}

static void
on_stat(struct chan *c, struct msg *m)
{
	struct msg_stat	 st;

	memset(&st, 0, sizeof(st));
	st.violations = chan_violations();
	st.requests = hashed;
	st.refused = refused;
	st.descriptors = child_descriptors();
	chan_send(c, MSG_STAT, m->id, &st);
}

static void
on_hash(struct chan *c, struct msg *m)
{
	const struct msg_hash *q = m->data;
	struct msg_hashed	 a;

	memset(&a, 0, sizeof(a));
	if (hash_password(q, ln_max, a.hash) == 0) {
		a.ok = 1;
		hashed++;
	} else
		refused++;
	chan_send(c, MSG_HASHED, m->id, &a);
	/* The next request takes a tenth of a second: do not wait for it. */
	(void)chan_flush(c);
	secret_wipe(&a, sizeof(a));
}

static const struct chan_handler master_handlers[] = {
	{ MSG_CONF_PWHASH, on_conf },
	{ MSG_PEER, on_peer },
	{ MSG_STAT_ASK, on_stat },
	{ 0, NULL }
};

static const struct child_role role = {
	.name = "keepd-pwhash",
	.kind = CK_MASTER_PWHASH,
	.policy = &pwhash_policy,
	.handlers = master_handlers,
	.conf_begin = conf_begin,
	.conf_check = conf_check,
	.conf_commit = conf_commit,
	.early = hash_init,
};

int
main(int argc, char **argv)
{
	child_run(&role, argc, argv);
}
