/* SPDX-License-Identifier: ISC */
/*
 * signd.c: the program keepd-signd.
 * Holds the TLS private keys and signs TLS 1.3 server handshakes with them,
 * at the asking of listeners, each on a channel of its own.  Trusts master;
 * takes listeners for hijacked: what is signed is judged here (certverify.c)
 * and how often is counted here.  Touches: keys, memory.  Never touches:
 * files by name, the network, the store.
 *
 * It is a process apart from authd because a commit of authd's store waits
 * for the disk, and no handshake should wait for that.
 */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/child.h"
#include "../../common/clock.h"
#include "../../common/ev.h"
#include "../../common/log.h"
#include "../../common/msg.h"
#include "../../common/secret.h"
#include "slot.h"
#include "signd.h"

#define WORKERS_MAX	1024

/*
 * What a worker may still have signed.  By its place, not by its channel: a
 * new channel must not give a new allowance.
 */
struct budget {
	uint64_t		 life;		/* of the process counted */
	uint64_t		 signatures;	/* in that life */
	struct mono		 window;	/* of the rate, a second long */
	uint32_t		 in_window;
	int			 told;		/* once in the log */
};

struct worker {
	TAILQ_ENTRY(worker)	 entry;
	struct chan		*chan;
	struct msg_worker	 id;
};
TAILQ_HEAD(worker_list, worker);

static void	on_sign(struct chan *, struct msg *);
static void	on_worker_end(struct chan *, enum chan_end, const char *);

static const struct chan_handler worker_handlers[] = {
	{ MSG_SIGN, on_sign },
	{ 0, NULL }
};
static const struct chan_ops worker_ops = { worker_handlers, on_worker_end };

static struct worker_list	workers = TAILQ_HEAD_INITIALIZER(workers);
static struct budget		budgets[WORKERS_MAX];
static struct ev_timer		retire_timer;
static struct msg_conf_signd	conf, conf_staged;
static char			stage_bad[400];
static uint64_t			signatures, refused;

/* ---- configuration ---- */

static void
conf_begin(void)
{
	memset(&conf_staged, 0, sizeof(conf_staged));
	stage_bad[0] = '\0';
	slot_stage_begin();
}

static void
on_conf_signd(struct chan *c, struct msg *m)
{
	memcpy(&conf_staged, m->data, sizeof(conf_staged));
}

static void
on_tls_file(struct chan *c, struct msg *m)
{
	const struct msg_tls_file	*q = m->data;
	const char			*bad;

	bad = m->type == MSG_TLS_KEY ? slot_stage_key(q->slot, m->fd) :
	    slot_stage_cert(q->slot, m->fd);
	if (bad != NULL && stage_bad[0] == '\0')
		snprintf(stage_bad, sizeof(stage_bad), "%s: %s", q->path, bad);
}

static const char *
conf_check(const struct msg_conf_common *common)
{
	if (conf_staged.nslots == 0)
		return ("no certificates");
	if (stage_bad[0] != '\0')
		return (stage_bad);
	return (slot_stage_check(conf_staged.base, conf_staged.nslots));
}

/* No handshake can have begun with the keys of before any more. */
static void
on_retire(struct ev_timer *t)
{
	slot_retire(conf.base == 0 ? TLS_CERTS : 0);
}

static void
conf_commit(const struct msg_conf_common *common, int first)
{
	struct msg_tls_info	info;
	unsigned int		i;

	conf = conf_staged;
	slot_commit(conf.base);
	if (first) {
		ev_timer_init(&retire_timer, on_retire, NULL);
		child_ready();
	} else
		ev_timer_set(&retire_timer, conf.grace_ms);
	for (i = 0; i < conf.nslots; i++)
		if (slot_info(conf.base + i, &info) == 0)
			chan_send(child_master(), MSG_TLS_INFO, 0, &info);
}

/* ---- workers ---- */

static void
on_worker_new(struct chan *c, struct msg *m)
{
	const struct msg_worker	*q = m->data;
	struct budget		*b = &budgets[q->slot];
	struct worker		*w;
	char			 name[48];

	if ((w = calloc(1, sizeof(*w))) == NULL)
		fatal("worker");
	w->id = *q;
	w->chan = chan_new(m->fd, CK_LISTENER_SIGND, SIDE_SECOND,
	    &worker_ops, w);
	snprintf(name, sizeof(name), "listener %u", q->slot);
	chan_setname(w->chan, name);
	chan_setstate(w->chan, CS_RUN);
	TAILQ_INSERT_TAIL(&workers, w, entry);
	/* An older one that still finishes counts with its successor. */
	if (q->life > b->life) {
		b->life = q->life;
		b->signatures = 0;
		b->told = 0;
	}
	chan_send(c, MSG_WORKER_ACK, 0, &w->id);
}

static void
on_worker_end(struct chan *c, enum chan_end how, const char *why)
{
	struct worker		*w = chan_arg(c);
	struct msg_worker	 gone = w->id;

	gone.broke = how == CE_VIOLATION;
	TAILQ_REMOVE(&workers, w, entry);
	free(w);
	chan_send(child_master(), MSG_WORKER_GONE, 0, &gone);
}

/* ---- signing ---- */

/* 1 if this worker may have one more in this second. */
static int
budget_within(struct budget *b)
{
	if (!mono_before(ev_now(), mono_add(b->window, 1000))) {
		b->window = ev_now();
		b->in_window = 0;
	}
	return (++b->in_window <= conf.rate);
}

static void
sign_refuse(struct worker *w, const char *why)
{
	refused++;
	if (budgets[w->id.slot].told++ == 0)
		log_line(LC_EXCEPTIONS, LL_ERROR, "%s: signature refused: %s",
		    chan_name(w->chan), why);
}

static void
on_sign(struct chan *c, struct msg *m)
{
	static const char *const why[] = {
		[CV_SCHEME] = "scheme does not fit the key",
		[CV_CONTENT] = "not a TLS 1.3 server CertificateVerify"
	};
	const struct msg_sign	*q = m->data;
	struct worker		*w = chan_arg(c);
	struct budget		*b = &budgets[w->id.slot];
	struct msg_signature	 a;
	enum cv_verdict		 v;
	size_t			 n = 0;

	if (conf.most != 0 && b->signatures >= conf.most) {
		refused++;
		/* Master ends it and starts another, with a new life. */
		chan_violation(c, "over the signatures of a worker's life");
		return;
	}
	memset(&a, 0, sizeof(a));
	v = certverify_judge(slot_kind(q->slot), q->scheme, q->tbs,
	    q->tbs_len);
	if (v != CV_GOOD)
		sign_refuse(w, why[v]);
	else if (!budget_within(b))
		sign_refuse(w, "over the limit of signatures");
	else if (slot_sign(q->slot, q->scheme, q->tbs, q->tbs_len, a.sig,
	    sizeof(a.sig), &n) == 0) {
		a.ok = 1;
		a.sig_len = (uint16_t)n;
		b->signatures++;
		signatures++;
	} else
		memset(a.sig, 0, sizeof(a.sig));
	chan_send(c, MSG_SIGNATURE, m->id, &a);
	/*
	 * Slow ones go out at once: the next would make them wait.  Of fast
	 * ones those of a turn go together, and wake the listener once.
	 */
	if (slot_kind(q->slot) == KEY_RSA)
		(void)chan_flush(c);
}

static void
on_stat(struct chan *c, struct msg *m)
{
	struct msg_stat	st;

	memset(&st, 0, sizeof(st));
	st.violations = chan_violations();
	st.requests = signatures;
	st.refused = refused;
	st.descriptors = child_descriptors();
	chan_send(c, MSG_STAT, m->id, &st);
}

static const struct chan_handler master_handlers[] = {
	{ MSG_CONF_SIGND, on_conf_signd },
	{ MSG_TLS_KEY, on_tls_file },
	{ MSG_TLS_CERT, on_tls_file },
	{ MSG_WORKER_NEW, on_worker_new },
	{ MSG_STAT_ASK, on_stat },
	{ 0, NULL }
};

static const struct child_role role = {
	.name = "keepd-signd",
	.kind = CK_MASTER_SIGND,
	.policy = &signd_policy,
	.handlers = master_handlers,
	.conf_begin = conf_begin,
	.conf_check = conf_check,
	.conf_commit = conf_commit,
	.early = slot_init,
};

int
main(int argc, char **argv)
{
	child_run(&role, argc, argv);
}
