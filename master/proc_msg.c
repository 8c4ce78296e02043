/* SPDX-License-Identifier: ISC */
/*
 * proc_msg.c: what children say to master, one handler a message, one table
 * a role.  Runs in master as root.  Trusts the channel for who speaks and
 * msg.c for shapes; a message that has no place in the child's state is a
 * violation and the child is killed.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "keepd.h"

static void
on_log(struct chan *ch, struct msg *m)
{
	logfile_child(chan_arg(ch), m->data);
}

static void
on_conf_ready(struct chan *ch, struct msg *m)
{
	struct proc	*p = chan_arg(ch);

	if (p->conf_stale > 0)
		p->conf_stale--;
	else if (p->conf_due)
		reload_answer(p, NULL);
	else if (p->state == PS_CONF)
		proc_event(p, PE_CONF_READY);
	else if (p->state != PS_STOP)
		chan_violation(ch, "CONF_READY was not asked for");
}

static void
on_conf_refused(struct chan *ch, struct msg *m)
{
	const struct msg_conf_refused *no = m->data;
	struct proc	*p = chan_arg(ch);
	char		 why[512];

	log_vis(why, sizeof(why), no->why);
	if (p->conf_stale > 0)
		p->conf_stale--;
	else if (p->conf_due)
		reload_answer(p, why);
	else if (p->state == PS_CONF) {
		log_line(LC_EXCEPTIONS, LL_ERROR, "%s: %s", p->name, why);
		proc_event(p, PE_CONF_REFUSED);
	} else if (p->state != PS_STOP)
		chan_violation(ch, "CONF_REFUSED was not asked for");
}

static void
on_layers(struct chan *ch, struct msg *m)
{
	struct proc	*p = chan_arg(ch);

	if (p->have_layers) {
		chan_violation(ch, "LAYERS twice");
		return;
	}
	memcpy(&p->layers, m->data, sizeof(p->layers));
	p->have_layers = 1;
}

static void
on_ready(struct chan *ch, struct msg *m)
{
	struct proc	*p = chan_arg(ch);

	if (p->state == PS_START && p->have_layers)
		proc_event(p, PE_READY);
	else if (p->state != PS_STOP)
		chan_violation(ch, "READY has no place here");
}

static void
on_stat(struct chan *ch, struct msg *m)
{
	struct proc	*p = chan_arg(ch);

	memcpy(&p->stat, m->data, sizeof(p->stat));
	p->stat_due = 0;
	stat_answered();
}

static void
on_worker_ack(struct chan *ch, struct msg *m)
{
	worker_ack(chan_arg(ch), m->data);
}

static void
on_worker_gone(struct chan *ch, struct msg *m)
{
	worker_gone(chan_arg(ch), m->data);
}

static void
on_tls_info(struct chan *ch, struct msg *m)
{
	tls_info(m->data);
}

/* It broke a rule; or, toold, did not acknowledge: its death does. */
static void
on_peer_stuck(struct chan *ch, struct msg *m)
{
	const struct msg_peer *peer = m->data;
	enum conf_role	 role;

	if (peer->role != PR_TOOLD && peer->role != PR_PWHASH) {
		chan_violation(ch, "PEER_STUCK is for toold and pwhash");
		return;
	}
	role = peer->role == PR_TOOLD ? CR_TOOLD : CR_PWHASH;
	/* One that was started anew meanwhile has done nothing. */
	if (!peer_current(role, peer->generation))
		return;
	proc_get(role)->broke += peer->broke;
	proc_kill(proc_get(role), peer->broke ? "authd saw it break a rule" :
	    "it did not acknowledge a revocation");
}

/*
 * The end of the channel is the end of the child, whoever ended it: one
 * that still runs can do nothing useful and must not linger.
 */
static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	struct proc	*p = chan_arg(ch);

	p->ch = NULL;
	if (end == CE_VIOLATION) {
		broke_tell(p, why);
		proc_kill(p, why);
	}
	else if (p->pid != 0 && p->state != PS_STOP &&
	    kill(p->pid, SIGKILL) == -1 && errno != ESRCH)
		log_warn("%s: SIGKILL", p->name);
	if (p->pid == 0)
		proc_event(p, PE_GONE);
}

#define HANDLERS_OF_ALL							\
	{ MSG_LOG, on_log },						\
	{ MSG_CONF_READY, on_conf_ready },				\
	{ MSG_CONF_REFUSED, on_conf_refused },				\
	{ MSG_LAYERS, on_layers },					\
	{ MSG_READY, on_ready },					\
	{ MSG_STAT, on_stat }

static const struct chan_handler listener_handlers[] = {
	HANDLERS_OF_ALL,
	{ MSG_WORKER_GONE, on_worker_gone },
	{ 0, NULL }
};
static const struct chan_handler authd_handlers[] = {
	HANDLERS_OF_ALL,
	{ MSG_WORKER_ACK, on_worker_ack },
	{ MSG_WORKER_GONE, on_worker_gone },
	{ MSG_PEER_STUCK, on_peer_stuck },
	{ 0, NULL }
};
static const struct chan_handler pwhash_handlers[] = {
	HANDLERS_OF_ALL,
	{ 0, NULL }
};
static const struct chan_handler toold_handlers[] = {
	HANDLERS_OF_ALL,
	{ MSG_WORKER_ACK, on_worker_ack },
	{ MSG_WORKER_GONE, on_worker_gone },
	{ 0, NULL }
};
static const struct chan_handler signd_handlers[] = {
	HANDLERS_OF_ALL,
	{ MSG_WORKER_ACK, on_worker_ack },
	{ MSG_WORKER_GONE, on_worker_gone },
	{ MSG_TLS_INFO, on_tls_info },
	{ 0, NULL }
};

const struct chan_ops *
proc_ops(enum conf_role role)
{
	static const struct chan_ops ops[CR_MAX] = {
		[CR_LISTENER] = { listener_handlers, on_end },
		[CR_AUTHD] = { authd_handlers, on_end },
		[CR_PWHASH] = { pwhash_handlers, on_end },
		[CR_TOOLD] = { toold_handlers, on_end },
		[CR_SIGND] = { signd_handlers, on_end }
	};

	return (&ops[role]);
}
