/* SPDX-License-Identifier: ISC */
/*
 * worker.c: the channels to the listeners.  Runs in authd.  A listener may
 * be hijacked: what it may send is the table below, its identity is its
 * channel, and a broken rule ends the channel.  Nothing it says about itself
 * is believed, for it has no field to say it in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/child.h"
#include "../common/log.h"
#include "../common/secret.h"
#include "handle.h"
#include "keys.h"
#include "oauth.h"
#include "worker.h"

/* A listener that does not read its answers is not asked for more. */
#define QUEUE_STOP	((size_t)4 << 20)
#define QUEUE_GO	((size_t)1 << 20)
#define QUEUE_LOOK_MS	10

struct answer {
	uint64_t	worker;
	uint32_t	type, id;
	size_t		size;
	void		(*spoil)(void *);
	uint64_t	body[];
};

struct worker_list workers = TAILQ_HEAD_INITIALIZER(workers);
static struct ev_timer queue_timer;
static int queue_stopped;

struct worker *
worker_find(uint64_t generation)
{
	struct worker	*w;

	TAILQ_FOREACH(w, &workers, entry)
		if (w->generation == generation)
			return (w);
	return (NULL);
}

struct worker *
worker_of(const struct chan *ch)
{
	return (chan_arg(ch));
}

/* ---- answers ---- */

/* toold's queue holds all of them back, its own only the one. */
static int
queue_full(const struct worker *w, size_t toold)
{
	size_t	n = chan_queued(w->chan);

	if (toold > n)
		n = toold;
	return (n > (w->stopped ? QUEUE_GO : QUEUE_STOP));
}

/* Only new requests wait; acknowledgements come on another channel. */
static void
queue_look(struct ev_timer *t)
{
	struct worker	*w;
	size_t		 toold;

	toold = auth_toold() != NULL ? chan_queued(auth_toold()) : 0;
	queue_stopped = 0;
	TAILQ_FOREACH(w, &workers, entry) {
		w->stopped = queue_full(w, toold);
		chan_pause(w->chan, w->stopped);
		queue_stopped |= w->stopped;
	}
	if (queue_stopped)
		ev_timer_set(t, QUEUE_LOOK_MS);
}

void
answer_now(struct worker *w, uint32_t type, uint32_t id, const void *body)
{
	chan_send(w->chan, type, id, body);
	if (!w->stopped && chan_queued(w->chan) > QUEUE_STOP)
		ev_timer_set(&queue_timer, 0);
}

static void
answer_go(void *arg, int ok)
{
	struct answer	*a = arg;
	struct worker	*w;

	if (!ok)
		a->spoil(a->body);
	if ((w = worker_find(a->worker)) != NULL)
		answer_now(w, a->type, a->id, a->body);
	secret_wipe(a->body, a->size);
	free(a);
}

void
answer_after(struct worker *w, uint32_t type, uint32_t id, const void *body,
    size_t size, void (*spoil)(void *))
{
	struct answer	*a;

	if ((a = malloc(sizeof(*a) + size)) == NULL)
		fatal("answer");
	a->worker = w->generation;
	a->type = type;
	a->id = id;
	a->size = size;
	a->spoil = spoil;
	memcpy(a->body, body, size);
	store_after(answer_go, a);
}

/* ---- their coming and going ---- */

static void
on_health(struct chan *ch, struct msg *m)
{
	answer_now(worker_of(ch), MSG_HEALTH_OK, m->id, NULL);
}

static const struct chan_handler worker_handlers[] = {
	{ MSG_HEALTH, on_health },
	{ MSG_TOKEN_CHECK, handle_on_check },
	{ MSG_REGISTER, register_on_msg },
	{ MSG_AUTHORIZE, authorize_on_msg },
	{ MSG_SIGNIN, signin_on_msg },
	{ MSG_CONSENT_VIEW, consent_view_on_msg },
	{ MSG_CONSENT, consent_on_msg },
	{ MSG_TOKEN, token_on_msg },
	{ MSG_REVOKE, revoke_on_msg },
	{ 0, NULL }
};

static void
worker_end(struct chan *ch, enum chan_end end, const char *why)
{
	struct worker		*w = chan_arg(ch);
	struct msg_worker	 m;
	struct audit_own	 a;
	char			 who[32];

	memset(&m, 0, sizeof(m));
	m.generation = w->generation;
	m.slot = w->slot;
	TAILQ_REMOVE(&workers, w, entry);
	if (end == CE_VIOLATION) {
		m.broke = 1;
		snprintf(who, sizeof(who), "listener[%u]", w->slot);
		memset(&a, 0, sizeof(a));
		a.kind = AK_VIOLATION;
		a.outcome = AO_DENIED;
		a.worker = w->generation;
		a.target = who;
		a.detail = why;
		audit_add(&a);
	}
	signin_worker_gone(w->generation);
	handle_worker_gone(w);
	if (child_master() != NULL)
		chan_send(child_master(), MSG_WORKER_GONE, 0, &m);
	free(w);
}

static const struct chan_ops worker_ops = { worker_handlers, worker_end };

static void
jwks_send(struct worker *w, const struct buf *b)
{
	struct msg_jwks	m;

	memset(&m, 0, sizeof(m));
	m.len = (uint32_t)b->len;
	chan_send_tail(w->chan, MSG_JWKS, 0, &m, b->data, b->len);
}

void
workers_jwks(void)
{
	struct worker	*w;
	struct buf	 b;

	buf_init(&b, 16384);
	sign_jwks(&b);
	TAILQ_FOREACH(w, &workers, entry)
		jwks_send(w, &b);
	buf_free(&b);
}

void
worker_new(const struct msg_worker *m, int fd)
{
	struct worker	*w;
	struct buf	 b;

	if (m->generation == 0 || worker_find(m->generation) != NULL)
		fatalx("master: worker %llu twice",
		    (unsigned long long)m->generation);
	if ((w = calloc(1, sizeof(*w))) == NULL)
		fatal("worker");
	w->generation = m->generation;
	w->slot = m->slot;
	w->life = m->life;
	TAILQ_INIT(&w->handles);
	w->chan = chan_new(fd, CK_LISTENER_AUTHD, SIDE_SECOND, &worker_ops, w);
	chan_setname(w->chan, "listener");
	chan_setstate(w->chan, CS_RUN);
	TAILQ_INSERT_TAIL(&workers, w, entry);
	buf_init(&b, 16384);
	sign_jwks(&b);
	jwks_send(w, &b);
	buf_free(&b);
	chan_send(child_master(), MSG_WORKER_ACK, 0, m);
}

void
worker_init(void)
{
	ev_timer_init(&queue_timer, queue_look, NULL);
}
