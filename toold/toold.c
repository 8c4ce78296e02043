/* SPDX-License-Identifier: ISC */
/*
 * toold.c: keepd-toold, the process that owns the artifact store and speaks
 * the Model Context Protocol.  Takes its configuration and its channels from
 * master, handles from authd, requests from listeners.  Has no network, no
 * key that signs, no token, no way to change a role or a user.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../common/child.h"
#include "../common/log.h"
#include "audit.h"
#include "authdchan.h"
#include "backup.h"
#include "extension.h"
#include "handle.h"
#include "logdir.h"
#include "mcp.h"
#include "pipe.h"
#include "policy.h"
#include "serve.h"
#include "session.h"
#include "store.h"
#include "stream.h"
#include "tools.h"
#include "transfer.h"
#include "watch.h"

static struct msg_conf_toold staged, conf;
static int have_staged;
static int ctl_socket = -1;		/* until we serve */
static int serving;

/* ---- configuration ---- */

static void
conf_begin(void)
{
	have_staged = 0;
}

static void
on_conf(struct chan *ch, struct msg *msg)
{
	memcpy(&staged, msg->data, sizeof(staged));
	have_staged = 1;
}

static const char *
conf_check(const struct msg_conf_common *common)
{
	if (!have_staged)
		return ("toold: no limits were given");
	if (staged.lock_s < 10)
		return ("toold: an edit lock must last 10 seconds or more");
	return (NULL);
}

static void
store_start(void)
{
	const char *root = sandbox_root();

	store_sethook(pipe_poll);
	store_setconf(&conf);
	/* "" would be a store in memory. */
	store_open(root[0] == '\0' ? "/" : root);
}

/* Both must be introduced again, and only an end makes master do that. */
static void
on_broken(const char *why)
{
	log_warnx("the channel to authd broke (%s): starting anew", why);
	child_exit(1);
}

static void
conf_commit(const struct msg_conf_common *common, int first)
{
	conf = staged;
	if (common->flags & CONF_RATE_OFF)
		conf.max_calls_grant = 0;
	handles_setconf(&conf);
	pipe_setconfirm(conf.confirm != 0);
	streams_setconf(&conf);
	watch_setconf(&conf);
	if (!first) {
		store_setconf(&conf);
		return;
	}
	authd_onbroken(on_broken);
	tools_init(tool_groups);
	tools_more(extension_tools());
	mcp_features(feature_groups);
	store_start();
	audit_init();
	serve_init();
	watch_init();
	/* Not earlier: a call must find all of the above. */
	if (ctl_socket != -1)
		serve_control(ctl_socket);
	serving = 1;
	log_info("%zu tools", tools_count());
	/* It alone keeps what can be opened below that directory. */
	if (child_missing() & LAYER_LANDLOCK) {
		log_warnx("without Landlock the log tools have no directory");
		log_dir_set(-1);
	}
	child_ready();
}

/* ---- master's messages ---- */

static void
on_peer(struct chan *ch, struct msg *msg)
{
	const struct msg_peer *m = msg->data;

	if (m->role != PR_AUTHD) {
		close(msg->fd);
		fatalx("master sent a channel to the wrong process");
	}
	authd_peer(msg->fd, m->generation);
}

static void
on_worker_new(struct chan *ch, struct msg *msg)
{
	serve_worker(msg->fd, msg->data);
	chan_send(ch, MSG_WORKER_ACK, msg->id, msg->data);
}

static void
on_ctl_listen(struct chan *ch, struct msg *msg)
{
	if (serving)
		serve_control(msg->fd);
	else
		ctl_socket = msg->fd;
}

static void
on_log_dir(struct chan *ch, struct msg *msg)
{
	log_dir_set(msg->fd);
}

static void
on_stat_ask(struct chan *ch, struct msg *msg)
{
	struct msg_stat m;

	memset(&m, 0, sizeof(m));
	m.violations = chan_violations();
	m.handles = handles_count();
	m.calls = serve_getstat()->calls;
	m.refused = serve_getstat()->refused;
	m.writes = pipe_commits();
	m.descriptors = child_descriptors();
	chan_send(ch, MSG_STAT, msg->id, &m);
}

static void
stop(void)
{
	audit_flush();
	if (authd_chan() != NULL)
		chan_flush(authd_chan());
	backup_stop();
	transfer_stop();
	store_close();
}

/* Things that would open a file later. */
static void
early(void)
{
	json_object_seed(0);
	tzset();			/* gmtime_r looks for a zone too */
}

static const struct chan_handler handlers[] = {
	{ MSG_CONF_TOOLD, on_conf },
	{ MSG_PEER, on_peer },
	{ MSG_WORKER_NEW, on_worker_new },
	{ MSG_CTL_LISTEN, on_ctl_listen },
	{ MSG_LOG_DIR, on_log_dir },
	{ MSG_STAT_ASK, on_stat_ask },
	{ 0, NULL }
};

static const struct child_role role = {
	.name = "keepd-toold",
	.kind = CK_MASTER_TOOLD,
	.policy = &toold_policy,
	.handlers = handlers,
	.conf_begin = conf_begin,
	.conf_check = conf_check,
	.conf_commit = conf_commit,
	.stop = stop,
	.early = early,
};

int
main(int argc, char **argv)
{
	child_run(&role, argc, argv);
}
