/* SPDX-License-Identifier: ISC */
/*
 * listener.c: the program keepd-listener.
 * Speaks HTTP with the network and passes what it learns on: tokens and
 * forms to authd, requests under a handle to toold.  Trusts master; must be
 * taken as hijacked by everyone else.  Touches: connections, its channels.
 * Never touches: a file, a key, a password hash, the name of a user but to
 * show it.
 */
#include <jansson.h>
#include <openssl/crypto.h>

#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "child.h"
#include "log.h"
#include "listener.h"
#include "tls.h"

static void
on_conf_listener(struct chan *c, struct msg *m)
{
	lconf_listener(m->data);
}

static void
on_conf_name(struct chan *c, struct msg *m)
{
	lconf_name(m->data);
}

static void
on_listen(struct chan *c, struct msg *m)
{
	lsock_stage(m->fd, m->data);
}

static void
on_ends(struct chan *c, struct msg *m)
{
	link_authd(m->fd, m->data);
}

static void
on_endt(struct chan *c, struct msg *m)
{
	link_toold(m->fd, m->data);
}

static void
on_endk(struct chan *c, struct msg *m)
{
	keylink(m->fd, m->data);
}

static void
on_tls_cert(struct chan *c, struct msg *m)
{
	tls_stage_cert(m->data, m->fd);
}

static void
on_tls_ocsp(struct chan *c, struct msg *m)
{
	tls_stage_ocsp(m->data, m->fd);
}

static void
on_drain(struct chan *c, struct msg *m)
{
	conn_drain();
}

static void
on_stat(struct chan *c, struct msg *m)
{
	struct msg_stat	st;

	memset(&st, 0, sizeof(st));
	st.violations = chan_violations();
	conn_stat(&st);
	st.descriptors = child_descriptors();
	chan_send(c, MSG_STAT, m->id, &st);
}

static void
conf_begin(void)
{
	lsock_forget();
	lconf_begin();
	tls_stage_begin();
}

static const char *
conf_check(const struct msg_conf_common *c)
{
	const char	*why;

	if ((why = lconf_check(c)) != NULL)
		return (why);
	return (tls_stage_check(lsock_tls()));
}

static void
conf_commit(const struct msg_conf_common *c, int first)
{
	lconf_commit();
	tls_commit();
	if (conn_draining())
		lsock_forget();
	else
		lsock_commit();
	if (!first)
		return;
	/* One worker speaks for all: the lines that prove it is up. */
	if (c->worker == 0 && !(c->flags & CONF_MCP_OFF)) {
		log_info("MCP server registered at /mcp");
		log_info("MCP OAuth provider initialized");
	}
	child_ready();
}

/* Lazy set-up of the libraries: nothing is opened once the list is on. */
static void
early(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	json_object_seed(0);
	cache_init();
	conn_init();
	req_init();
}

static const struct chan_handler master_handlers[] = {
	{ MSG_CONF_LISTENER, on_conf_listener },
	{ MSG_CONF_NAME, on_conf_name },
	{ MSG_LISTEN, on_listen },
	{ MSG_WORKER_ENDS, on_ends },
	{ MSG_WORKER_ENDT, on_endt },
	{ MSG_WORKER_ENDK, on_endk },
	{ MSG_TLS_CERT, on_tls_cert },
	{ MSG_TLS_OCSP, on_tls_ocsp },
	{ MSG_WORKER_DRAIN, on_drain },
	{ MSG_STAT_ASK, on_stat },
	{ 0, NULL }
};

static struct child_role role = {
	.name = "keepd-listener",
	.kind = CK_MASTER_LISTENER,
	.handlers = master_handlers,
	.conf_begin = conf_begin,
	.conf_check = conf_check,
	.conf_commit = conf_commit,
	.early = early,
};

int
main(int argc, char **argv)
{
	role.policy = listener_policy();
	child_run(&role, argc, argv);
}
