/* SPDX-License-Identifier: ISC */
/*
 * authd.c: keepd-authd: the OAuth 2.1 authorization server without the
 * network.  Runs as _keepauth in its own directory.  Trusts master (a
 * malformed message from it ends the process), no listener, and toold and
 * pwhash only for what peer.c lets them say.  Never has a network socket, an
 * HTTP or JSON parser, or the body of a request.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "../common/child.h"
#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "authd.h"
#include "authtime.h"
#include "handle.h"
#include "keys.h"
#include "policy.h"
#include "seal.h"
#include "sweep.h"
#include "worker.h"

#define SCHEMES_MAX	32

struct config {
	struct msg_conf_authd	authd;
	int			have_authd;
	char			scheme[SCHEMES_MAX][32];
	const char		*schemes[SCHEMES_MAX];
	size_t			nschemes;
	int			bad_scheme;
};
static struct config		staged, current;
static struct msg_conf_common	common;
static uint32_t			tag;
static int			ctl_socket = -1;	/* until we serve */

/* ---- the configuration in force ---- */

const struct msg_conf_authd *
auth_conf(void)
{
	return (&current.authd);
}

uint32_t
auth_flags(void)
{
	return (common.flags);
}

const char *
auth_issuer(void)
{
	return (common.public_url);
}

const char *
auth_resource(void)
{
	return (common.resource);
}

const char *const *
auth_schemes(size_t *n)
{
	*n = current.nschemes;
	return (current.schemes);
}

uint32_t
resource_tag(void)
{
	return (tag);
}

static uint32_t
tag_make(const char *resource)
{
	uint8_t		d[EVP_MAX_MD_SIZE];
	uint32_t	t;
	unsigned int	n;

	if (EVP_Digest(resource, strlen(resource), d, &n, EVP_sha256(),
	    NULL) != 1)
		fatalx("libcrypto: SHA-256");
	memcpy(&t, d, sizeof(t));
	return (t);
}

/* ---- staging ---- */

static void
conf_begin(void)
{
	memset(&staged, 0, sizeof(staged));
}

static void
on_conf_authd(struct chan *ch, struct msg *m)
{
	memcpy(&staged.authd, m->data, sizeof(staged.authd));
	staged.have_authd = 1;
}

static void
on_conf_name(struct chan *ch, struct msg *msg)
{
	const struct msg_conf_name	*m = msg->data;

	if (m->what != CN_SCHEME)
		return;
	if (staged.nschemes == SCHEMES_MAX ||
	    text_set(staged.scheme[staged.nschemes], sizeof(staged.scheme[0]),
	    m->text) == -1) {
		staged.bad_scheme = 1;
		return;
	}
	staged.nschemes++;
}

static const char *
conf_check(const struct msg_conf_common *c)
{
	const struct msg_conf_authd	*a = &staged.authd;

	if (!staged.have_authd)
		return ("incomplete configuration");
	if (staged.bad_scheme)
		return ("redirect-scheme: too many, or too long a name");
	if (a->secret_s == 0 || a->family_s == 0 || a->grace_s > a->refresh_s)
		return ("lifetimes: must not be 0, and the grace no longer "
		    "than a refresh token lives");
	if (a->max_clients == 0 || a->max_grants == 0)
		return ("limits of clients and grants must not be 0");
	if (current.have_authd &&
	    strcmp(a->keys_dir, current.authd.keys_dir) != 0)
		return ("the directory of the keys needs a restart");
	return (NULL);
}

/* ---- start and end ---- */

static void
admin_audit(enum audit_kind kind, const char *detail)
{
	struct audit_own	a;

	memset(&a, 0, sizeof(a));
	a.kind = kind;
	a.outcome = AO_OK;
	a.detail = detail;
	audit_add(&a);
}

static void
start(void)
{
	char	path[600];

	snprintf(path, sizeof(path), "%s/%s", sandbox_root(),
	    current.authd.keys_dir);
	keys_open(path);
	store_open(*sandbox_root() != '\0' ? sandbox_root() : "/",
	    current.authd.map_mb);
	keys_bind_store();
	time_start();
	handle_init();
	worker_init();
	limit_init((common.flags & CONF_RATE_OFF) != 0,
	    current.authd.approvals_worker);
	audit_start(current.authd.audit_keep_days);
	user_start(current.authd.scrypt_ln);
	admin_audit(AK_START, "keepd-authd " KEEPD_VERSION);
	if (store_commit() == -1)
		fatalx("store: cannot be written");
	sweep_start();
	rotate_start();
	/* Not earlier: a command must find all of the above. */
	if (ctl_socket != -1)
		ctl_listen(ctl_socket);
	child_ready();
}

static void
conf_commit(const struct msg_conf_common *c, int first)
{
	size_t	i;

	common = *c;
	current = staged;
	for (i = 0; i < current.nschemes; i++)
		current.schemes[i] = current.scheme[i];
	tag = tag_make(common.resource);
	if (first) {
		start();
		return;
	}
	limit_init((common.flags & CONF_RATE_OFF) != 0,
	    current.authd.approvals_worker);
	audit_conf(current.authd.audit_keep_days);
	user_conf(current.authd.scrypt_ln);
	admin_audit(AK_ADMIN, "configuration reloaded");
}

static void
stop(void)
{
	admin_audit(AK_STOP, NULL);
	time_note(1);
	audit_stop();
	store_close();
	keys_close();
}

static void
early(void)
{
	keys_early();
	seal_early();
	(void)tag_make("");
}

/* ---- master's messages ---- */

static void
on_peer(struct chan *ch, struct msg *m)
{
	peer_new(m->data, m->fd);
}

static void
on_worker_new(struct chan *ch, struct msg *m)
{
	worker_new(m->data, m->fd);
}

/* What others saw; what we saw ourselves is recorded already. */
static void
on_broke(struct chan *ch, struct msg *msg)
{
	const struct msg_broke	*m = msg->data;
	struct audit_own	 a;

	memset(&a, 0, sizeof(a));
	a.kind = AK_VIOLATION;
	a.outcome = AO_DENIED;
	a.worker = m->generation;
	a.target = m->who;
	a.detail = m->why;
	audit_add(&a);
}

static void
on_ctl_listen(struct chan *ch, struct msg *m)
{
	if (common.dir[0] != '\0')
		ctl_listen(m->fd);
	else
		ctl_socket = m->fd;
}

static void
on_stat_ask(struct chan *ch, struct msg *m)
{
	struct store_stat	st;
	struct msg_stat		s;

	memset(&s, 0, sizeof(s));
	store_stat(&st);
	s.violations = chan_violations();
	s.handles = handle_count();
	s.tokens = store_count(DB_ACCESS);
	s.grants = store_count(DB_GRANTS);
	s.clients = store_count(DB_CLIENTS);
	s.users = user_count();
	s.commits = st.commits;
	s.audits = audit_count();
	s.descriptors = child_descriptors();
	chan_send(ch, MSG_STAT, m->id, &s);
}

static const struct chan_handler master_handlers[] = {
	{ MSG_CONF_AUTHD, on_conf_authd },
	{ MSG_CONF_NAME, on_conf_name },
	{ MSG_PEER, on_peer },
	{ MSG_WORKER_NEW, on_worker_new },
	{ MSG_CTL_LISTEN, on_ctl_listen },
	{ MSG_BROKE, on_broke },
	{ MSG_STAT_ASK, on_stat_ask },
	{ 0, NULL }
};

static const struct child_role role = {
	.name = "keepd-authd",
	.kind = CK_MASTER_AUTHD,
	.policy = &authd_policy,
	.handlers = master_handlers,
	.conf_begin = conf_begin,
	.conf_check = conf_check,
	.conf_commit = conf_commit,
	.stop = stop,
	.early = early
};

int
main(int argc, char **argv)
{
	child_run(&role, argc, argv);
}
