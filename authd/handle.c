/* SPDX-License-Identifier: ISC */
/*
 * handle.c: grant handles.  Runs in authd.  Trusts no listener: a handle is
 * opened only for a token whose digest is in the store, only on the channel
 * that showed it.  Trusts toold to drop what it acknowledged as closed.
 *
 * The order of a revocation is the property of this file: refused in memory,
 * committed, CLOSE, acknowledged, answered.  It is the model checked as the
 * grant-handle protocol; two things go beyond the model.  An OPEN waits for
 * the commit of its turn, so that no right leaves this process that a failed
 * commit takes back.  And a closing that finds no toold waits for the next
 * one: taking our channel, it has dropped every handle there was, which says
 * the same as an acknowledgement.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/child.h"
#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "family.h"
#include "grant.h"
#include "handle.h"

#define BUCKETS		4096
#define AGAIN_MS	2000		/* the same for the same asking */
#define LAST_MS		30000		/* a handle this old ends by itself */

struct handle {
	TAILQ_ENTRY(handle)	 entry;		/* of its worker */
	LIST_ENTRY(handle)	 chain;		/* by token digest */
	uint64_t		 worker;	/* 0: keepctl */
	uint8_t			 id[HANDLE_LEN];
	uint8_t			 token[DIGEST_LEN];
	uint8_t			 grant[GRANT_LEN];
	char			 user_id[40];
	char			 client_id[40];
	struct mono		 opened, expires;
	int64_t			 expires_ms;	/* wall: a jump ends it */
};
LIST_HEAD(handle_chain, handle);

/* What is refused in memory, and why: the closing that put it there. */
struct mark {
	LIST_ENTRY(mark)	 chain;
	enum close_what		 what;
	enum refusal		 refusal;
	int			 owned;		/* by a closing under way */
	char			 subject[40];
	uint64_t		 worker;
};
LIST_HEAD(mark_chain, mark);

struct closing {
	TAILQ_ENTRY(closing)	 entry;
	struct msg_close	 msg;
	enum close_mode		 mode;
	uint32_t		 number;
	int			 committed, durable, sent;
	struct mono		 since;
	struct mark		**marks;
	size_t			 nmarks, cap;
	close_fn		*done;
	void			*arg;
};
TAILQ_HEAD(closing_list, closing);

/* A TOKEN_CHECK or an operator's asking that waits for the turn's commit. */
struct opening {
	uint64_t	 worker;
	uint32_t	 id;
	uint8_t		 token[DIGEST_LEN];
	struct msg_open	 open;
	operator_fn	*op_done;
	void		*op_arg;
	const char	*why;		/* op_done: refused from the start */
};

/* TOKEN_OK that waits until its OPEN is in toold's socket. */
struct ready {
	TAILQ_ENTRY(ready)	 entry;
	uint64_t		 worker;
	uint32_t		 id;
	struct msg_token_ok	 ok;
	operator_fn		*op_done;
	void			*op_arg;
};
TAILQ_HEAD(ready_list, ready);

static struct handle_chain	 by_token[BUCKETS];
static struct mark_chain	 by_mark[BUCKETS];
static struct handle_list	 op_handles =
    TAILQ_HEAD_INITIALIZER(op_handles);
static struct closing_list	 closings = TAILQ_HEAD_INITIALIZER(closings);
static struct ready_list	 readies = TAILQ_HEAD_INITIALIZER(readies);
static unsigned int		 nmarks, nhandles, nops;
static uint32_t			 close_number;
static struct ev_timer		 close_timer, drain_timer, expire_timer;
static struct ev_hook		 ready_hook;
static int			 told_stuck;

/* ---- refusals in memory ---- */

static size_t
subject_size(enum close_what what)
{
	switch (what) {
	case CL_HANDLE:			/* one token, by its digest */
		return (DIGEST_LEN);
	case CL_GRANT:
		return (GRANT_LEN);
	case CL_USER:
	case CL_CLIENT:
		return (40);
	default:
		return (0);
	}
}

static struct mark_chain *
mark_list(enum close_what what, const char subject[40], uint64_t worker)
{
	uint64_t	h = 1469598103934665603ULL ^ (uint64_t)what ^ worker;
	size_t		i;

	for (i = 0; i < 40; i++)
		h = (h ^ (uint8_t)subject[i]) * 1099511628211ULL;
	return (&by_mark[(h >> 20) % BUCKETS]);
}

static void
subject_set(char out[40], enum close_what what, const void *subject)
{
	size_t	n = subject_size(what);

	memset(out, 0, 40);
	if (n == GRANT_LEN || n == DIGEST_LEN)
		memcpy(out, subject, n);
	else if (n != 0 && text_set(out, 40, subject) == -1)
		fatalx("%s: subject too long", __func__);
}

static enum refusal
mark_find(enum close_what what, const void *subject, uint64_t worker)
{
	struct mark	*m;
	char		 key[40];
	enum refusal	 worst = RF_NONE;

	subject_set(key, what, subject);
	LIST_FOREACH(m, mark_list(what, key, worker), chain)
		if (m->what == what && m->worker == worker &&
		    memcmp(m->subject, key, sizeof(key)) == 0 &&
		    m->refusal > worst)
			worst = m->refusal;
	return (worst);
}

static enum refusal
worse(enum refusal a, enum refusal b)
{
	return (a > b ? a : b);
}

enum refusal
handle_refused(const struct refused_by *q)
{
	enum refusal	r;

	if (nmarks == 0)
		return (RF_NONE);
	r = mark_find(CL_ALL, NULL, 0);
	r = worse(r, mark_find(CL_WORKER, NULL, q->worker));
	r = worse(r, mark_find(CL_USER, q->user_id, 0));
	r = worse(r, mark_find(CL_CLIENT, q->client_id, 0));
	if (q->grant != NULL)
		r = worse(r, mark_find(CL_GRANT, q->grant, 0));
	if (q->token != NULL)
		r = worse(r, mark_find(CL_HANDLE, q->token, 0));
	return (r);
}

static enum refusal
opening_refused(const struct opening *o)
{
	struct refused_by	q = { o->open.user_id, o->open.client_id,
	    o->worker, o->open.grant, o->token };

	return (handle_refused(&q));
}

static void
mark_free(struct mark *m)
{
	LIST_REMOVE(m, chain);
	free(m);
	nmarks--;
}

void
closing_mark(struct closing *c, enum close_what what, const void *subject,
    uint64_t worker)
{
	struct mark	*m, **p;
	size_t		 cap;

	if (c->nmarks == c->cap) {
		cap = c->cap != 0 ? c->cap * 2 : 4;
		if ((p = realloc(c->marks, cap * sizeof(*p))) == NULL)
			fatal("closing");
		c->marks = p;
		c->cap = cap;
	}
	if ((m = calloc(1, sizeof(*m))) == NULL)
		fatal("closing");
	m->what = what;
	m->refusal = c->mode == HC_REVOKE ? RF_GONE : RF_BUSY;
	m->owned = 1;
	m->worker = worker;
	subject_set(m->subject, what, subject);
	LIST_INSERT_HEAD(mark_list(what, m->subject, worker), m, chain);
	c->marks[c->nmarks++] = m;
	nmarks++;
}

static void
closing_unmark(struct closing *c)
{
	while (c->nmarks > 0)
		mark_free(c->marks[--c->nmarks]);
}

void
handle_unrefuse_user(const char *user_id)
{
	struct mark	*m, *next;
	char		 key[40];

	subject_set(key, CL_USER, user_id);
	LIST_FOREACH_SAFE(m, mark_list(CL_USER, key, 0), chain, next)
		if (m->what == CL_USER && !m->owned &&
		    memcmp(m->subject, key, sizeof(key)) == 0)
			mark_free(m);
}

/* ---- handles ---- */

static struct handle_chain *
token_chain(const uint8_t token[DIGEST_LEN])
{
	uint32_t	h;

	memcpy(&h, token, sizeof(h));
	return (&by_token[h % BUCKETS]);
}

static struct handle_list *
handle_owner(uint64_t worker, unsigned int **count)
{
	struct worker	*w;

	if (worker == 0) {
		*count = &nops;
		return (&op_handles);
	}
	if ((w = worker_find(worker)) == NULL)
		return (NULL);
	*count = &w->nhandles;
	return (&w->handles);
}

static void
handle_free(struct handle *h, struct handle_list *list, unsigned int *count)
{
	TAILQ_REMOVE(list, h, entry);
	LIST_REMOVE(h, chain);
	secret_wipe(h, sizeof(*h));
	free(h);
	(*count)--;
	nhandles--;
}

/* Nobody waits for these: the FIFO puts them before any later OPEN. */
static void
close_send(enum close_what what, uint64_t worker, const uint8_t *handle)
{
	struct msg_close	m;

	if (!auth_ready())
		return;
	memset(&m, 0, sizeof(m));
	m.what = what;
	m.worker = worker;
	if (handle != NULL)
		memcpy(m.handle, handle, sizeof(m.handle));
	chan_send(auth_toold(), MSG_CLOSE, ++close_number, &m);
}

static struct handle *
handle_find(uint64_t worker, const uint8_t token[DIGEST_LEN])
{
	struct handle	*h;

	LIST_FOREACH(h, token_chain(token), chain)
		if (h->worker == worker &&
		    secret_eq(h->token, token, sizeof(h->token)))
			return (h);
	return (NULL);
}

static void
handles_forget(struct handle_list *list, unsigned int *count,
    const struct msg_close *m)
{
	struct handle	*h, *next;
	int		 hit;

	TAILQ_FOREACH_SAFE(h, list, entry, next) {
		hit = m->what == CL_ALL ||
		    (m->what == CL_WORKER && h->worker == m->worker) ||
		    (m->what == CL_GRANT &&
		    memcmp(h->grant, m->grant, GRANT_LEN) == 0) ||
		    (m->what == CL_USER &&
		    strcmp(h->user_id, m->subject) == 0) ||
		    (m->what == CL_CLIENT &&
		    strcmp(h->client_id, m->subject) == 0);
		if (hit)
			handle_free(h, list, count);
	}
}

/* What CLOSE says is also true of our own table. */
static void
handles_drop(const struct msg_close *m)
{
	struct worker	*w;

	TAILQ_FOREACH(w, &workers, entry)
		handles_forget(&w->handles, &w->nhandles, m);
	handles_forget(&op_handles, &nops, m);
}

static void
list_expire(struct handle_list *list, unsigned int *count)
{
	struct handle	*h, *next;

	TAILQ_FOREACH_SAFE(h, list, entry, next) {
		if (mono_before(ev_now(), h->expires))
			break;
		handle_free(h, list, count);
	}
}

static void
handles_expire(struct ev_timer *t)
{
	struct worker	*w;

	TAILQ_FOREACH(w, &workers, entry)
		list_expire(&w->handles, &w->nhandles);
	list_expire(&op_handles, &nops);
	ev_timer_set(t, 10000);
}

/*
 * A handle that is asked for again is replaced: toold may have lost it.  The
 * old one is closed unless it is about to end by itself, so that the last
 * calls under it can finish.
 */
static void
handle_replace(struct handle *old, struct handle_list *list,
    unsigned int *count)
{
	if (mono_before(mono_add(ev_now(), LAST_MS), old->expires))
		close_send(CL_HANDLE, old->worker, old->id);
	handle_free(old, list, count);
}

static struct handle *
handle_new(const struct opening *o, struct handle_list *list,
    unsigned int *count)
{
	struct handle	*h;

	if (*count >= HANDLES_MAX) {
		h = TAILQ_FIRST(list);
		close_send(CL_HANDLE, h->worker, h->id);
		handle_free(h, list, count);
	}
	if ((h = calloc(1, sizeof(*h))) == NULL)
		fatal("handle");
	h->worker = o->worker;
	random_bytes(h->id, sizeof(h->id));
	memcpy(h->token, o->token, sizeof(h->token));
	memcpy(h->grant, o->open.grant, sizeof(h->grant));
	memcpy(h->user_id, o->open.user_id, sizeof(h->user_id));
	memcpy(h->client_id, o->open.client_id, sizeof(h->client_id));
	h->opened = ev_now();
	h->expires = mono_add(ev_now(), o->open.ttl_ms);
	h->expires_ms = o->open.expires_ms;
	LIST_INSERT_HEAD(token_chain(h->token), h, chain);
	TAILQ_INSERT_TAIL(list, h, entry);
	(*count)++;
	nhandles++;
	return (h);
}

/*
 * The token's handle on this worker; *fresh: toold must be told of it.  One
 * that was opened just now is given again: two askings at once must not take
 * each other's handle away.
 */
static struct handle *
handle_take(const struct opening *o, int *fresh)
{
	struct handle_list	*list;
	struct handle		*h;
	unsigned int		*count;

	*fresh = 0;
	if ((list = handle_owner(o->worker, &count)) == NULL)
		return (NULL);
	if ((h = handle_find(o->worker, o->token)) != NULL) {
		if (mono_before(ev_now(), mono_add(h->opened, AGAIN_MS)) &&
		    mono_before(ev_now(), h->expires) &&
		    wall_ms() < h->expires_ms)
			return (h);
		handle_replace(h, list, count);
	}
	*fresh = 1;
	return (handle_new(o, list, count));
}

/* ---- opening ---- */

static void
check_bad(struct worker *w, uint32_t id, enum token_bad why)
{
	struct msg_token_bad	m;

	memset(&m, 0, sizeof(m));
	m.why = why;
	answer_now(w, MSG_TOKEN_BAD, id, &m);
}

static void
opening_refuse(struct opening *o, enum token_bad bad, const char *why)
{
	struct worker	*w;

	if (o->op_done != NULL)
		o->op_done(o->op_arg, NULL, why);
	else if ((w = worker_find(o->worker)) != NULL)
		check_bad(w, o->id, bad);
}

static void
ready_add(struct opening *o, const struct handle *h)
{
	struct ready	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		fatal("handle");
	r->worker = o->worker;
	r->id = o->id;
	memcpy(r->ok.handle, h->id, sizeof(r->ok.handle));
	r->ok.ttl_s = (uint32_t)((h->expires.ms - ev_now().ms) / 1000);
	if (r->ok.ttl_s == 0)
		r->ok.ttl_s = 1;
	r->op_done = o->op_done;
	r->op_arg = o->op_arg;
	TAILQ_INSERT_TAIL(&readies, r, entry);
	ev_hook_arm(&ready_hook);
}

/* The turn is durable: send OPEN, unless it was revoked meanwhile. */
static void
opening_go(void *arg, int ok)
{
	struct opening	*o = arg;
	struct handle	*h;
	enum refusal	 rf;
	int		 fresh;

	o->open.expires_ms = wall_ms() + o->open.ttl_ms;
	rf = opening_refused(o);
	if (o->why != NULL)
		opening_refuse(o, TB_INVALID, o->why);
	else if (rf == RF_GONE)
		opening_refuse(o, TB_INVALID, "the grant was revoked");
	else if (!ok || rf == RF_BUSY || !auth_ready())
		opening_refuse(o, TB_BUSY, "busy, try again");
	else if ((h = handle_take(o, &fresh)) != NULL) {
		memcpy(o->open.handle, h->id, sizeof(o->open.handle));
		if (fresh)
			chan_send(auth_toold(), MSG_OPEN, 0, &o->open);
		ready_add(o, h);
	}
	secret_wipe(o, sizeof(*o));
	free(o);
}

static void
ready_send(struct ready *r, int good)
{
	struct worker	*w;

	TAILQ_REMOVE(&readies, r, entry);
	if (r->op_done != NULL)
		r->op_done(r->op_arg, good ? r->ok.handle : NULL,
		    good ? NULL : "toold is restarting, try again");
	else if ((w = worker_find(r->worker)) != NULL) {
		if (good)
			answer_now(w, MSG_TOKEN_OK, r->id, &r->ok);
		else
			check_bad(w, r->id, TB_BUSY);
	}
	secret_wipe(r, sizeof(*r));
	free(r);
}

/* Before the answers of the turn are written: OPEN must be ahead of them. */
static void
readies_run(struct ev_hook *hook)
{
	struct ready	*r;
	int		 up = auth_ready();

	if (up && chan_flush(auth_toold()) == 0 &&
	    chan_queued(auth_toold()) != 0) {
		ev_timer_set(&drain_timer, 2);
		return;
	}
	while ((r = TAILQ_FIRST(&readies)) != NULL)
		ready_send(r, up);
}

static void
drain_again(struct ev_timer *t)
{
	ev_hook_arm(&ready_hook);
}

static uint32_t
ttl_ms(uint16_t era, int64_t until_s)
{
	int64_t	left = until_s * 1000 - auth_judge_ms(era);

	if (left > HANDLE_TTL_MS)
		return (HANDLE_TTL_MS);
	return (left < 1000 ? 1000 : (uint32_t)left);
}

static void
open_fill(struct msg_open *m, const struct grant_rec *g, uint64_t worker)
{
	uint32_t	i;

	memcpy(m->grant, g->id, sizeof(m->grant));
	m->worker = worker;
	if (g->flags & GF_READ_ONLY)
		m->flags |= OF_READ_ONLY;
	memcpy(m->client_id, g->client_id, sizeof(m->client_id));
	m->npackages = g->npackages;
	for (i = 0; i < g->npackages && i < 16; i++)
		memcpy(m->package[i], g->package[i], sizeof(m->package[i]));
}

/*
 * Everything that makes a token good but memory's refusals: 0 and what it
 * opens, or why not.  Constant work, whatever the store holds.
 */
static enum token_bad
token_judge(const struct access_rec *a, struct msg_open *m, uint64_t worker)
{
	struct grant_rec	g;
	struct family_rec	f;

	if (a->flags & AR_REVOKED || auth_over(a->era, a->expires_s) ||
	    a->audience != resource_tag() ||
	    grant_get(a->grant, &g, &f) == -1 || g.state != GS_LIVE ||
	    auth_over(g.era, g.end_s) || family_cancelled(&f, a->serial))
		return (TB_INVALID);
	open_fill(m, &g, worker);
	if (user_perms(g.user_id, m) == -1)
		return (TB_INVALID);
	if ((a->scope & SCOPE_TOOLS) == 0)
		return (TB_SCOPE);
	m->ttl_ms = ttl_ms(a->era, a->expires_s);
	return (0);
}

void
handle_on_check(struct chan *c, struct msg *msg)
{
	const struct msg_token_check	*q = msg->data;
	struct worker			*w = worker_of(c);
	struct access_rec		 a;
	struct opening			*o;
	enum token_bad			 bad = TB_INVALID;
	enum refusal			 rf;

	if (!auth_ready()) {
		check_bad(w, msg->id, TB_BUSY);
		return;
	}
	if ((o = calloc(1, sizeof(*o))) == NULL)
		fatal("handle");
	o->worker = w->generation;
	o->id = msg->id;
	if (digest_find(DB_ACCESS, DK_ACCESS, q->token, q->len, &a, sizeof(a),
	    o->token) == 0)
		bad = token_judge(&a, &o->open, w->generation);
	if (bad == 0) {
		rf = opening_refused(o);
		bad = rf == RF_GONE ? TB_INVALID : rf == RF_BUSY ? TB_BUSY : 0;
	}
	if (bad == 0) {
		store_after(opening_go, o);
		return;
	}
	if (bad == TB_INVALID)
		audit_refused(AK_REFUSED, AO_DENIED, NULL, "access token");
	check_bad(w, msg->id, bad);
	free(o);
}

/* ---- closing ---- */

int
handle_closing(void)
{
	return (!TAILQ_EMPTY(&closings));
}

struct closing *
closing_new(enum close_mode mode, close_fn *done, void *arg)
{
	struct closing *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal("closing");
	c->mode = mode;
	c->done = done;
	c->arg = arg;
	return (c);
}

void
closing_name(struct closing *c, enum close_what what, const void *subject,
    uint64_t worker)
{
	c->msg.what = what;
	c->msg.worker = worker;
	if (what == CL_GRANT)
		memcpy(c->msg.grant, subject, GRANT_LEN);
	else if (what == CL_USER || what == CL_CLIENT)
		subject_set(c->msg.subject, what, subject);
}

/*
 * A revocation that is durable is refused by the store from now on; one that
 * is not stays refused here as long as this process lives.
 */
static void
closing_finish(struct closing *c, int acked)
{
	enum close_result	 res = CLOSED_DONE;

	TAILQ_REMOVE(&closings, c, entry);
	if (c->mode == HC_CHANGE || c->durable)
		closing_unmark(c);
	while (c->nmarks > 0)
		c->marks[--c->nmarks]->owned = 0;
	if (!c->durable)
		res = CLOSED_NOT_DURABLE;
	else if (!acked)
		res = CLOSED_NO_TOOLD;
	if (c->done != NULL)
		c->done(c->arg, res);
	free(c->marks);
	free(c);
}

static void
closing_send(struct closing *c)
{
	c->number = ++close_number;
	c->sent = 1;
	c->since = ev_now();
	handles_drop(&c->msg);
	auth_toold_wake();
	chan_send(auth_toold(), MSG_CLOSE, c->number, &c->msg);
	/* Rights changed: what is opened behind this CLOSE has the new ones. */
	if (c->mode == HC_CHANGE)
		closing_unmark(c);
}

static void
closing_committed(void *arg, int ok)
{
	struct closing *c = arg;

	c->committed = 1;
	c->durable = ok;
	c->since = ev_now();
	if (auth_ready())
		closing_send(c);
	else
		handles_drop(&c->msg);
	if (close_timer.pos == 0)
		ev_timer_set(&close_timer, CLOSE_WAIT_MS);
}

void
closing_go(struct closing *c)
{
	TAILQ_INSERT_TAIL(&closings, c, entry);
	store_after(closing_committed, c);
}

void
handle_on_close_ack(struct chan *ch, struct msg *m)
{
	struct closing	*c;

	if (m->id == 0 || m->id > close_number) {
		chan_violation(ch, "acknowledges what was not closed");
		return;
	}
	TAILQ_FOREACH(c, &closings, entry)
		if (c->sent && c->number == m->id)
			break;
	if (c != NULL)
		closing_finish(c, 1);
}

/* Once for each toold: master kills it, and its end acknowledges. */
static void
stuck_tell(void)
{
	struct msg_peer	m;

	if (told_stuck || child_master() == NULL)
		return;
	told_stuck = 1;
	memset(&m, 0, sizeof(m));
	m.role = PR_TOOLD;
	m.generation = auth_toold_generation();
	log_warnx("toold does not acknowledge: asking master to end it");
	chan_send(child_master(), MSG_PEER_STUCK, 0, &m);
}

static void
closings_check(struct ev_timer *t)
{
	struct closing	*c, *next;
	uint64_t	 age;

	TAILQ_FOREACH_SAFE(c, &closings, entry, next) {
		if (!c->committed)
			continue;
		age = ev_now().ms - c->since.ms;
		if (age >= (c->sent ? CLOSE_WAIT_MS : HELLO_WAIT_MS) &&
		    auth_toold() != NULL)
			stuck_tell();
		if (!c->sent && age >= TOOLD_WAIT_MS)
			closing_finish(c, 0);
	}
	if (!TAILQ_EMPTY(&closings))
		ev_timer_set(t, CLOSE_WAIT_MS / 4);
}

/*
 * It has dropped every handle of earlier channels before it took this one:
 * that acknowledges every closing that waited, also those never sent.
 */
void
handle_toold_up(void)
{
	struct closing	*c, *next;

	told_stuck = 0;
	TAILQ_FOREACH_SAFE(c, &closings, entry, next)
		if (c->committed)
			closing_finish(c, 1);
}

void
handle_toold_down(void)
{
	struct msg_close	 all;
	struct closing		*c, *next;

	memset(&all, 0, sizeof(all));
	all.what = CL_ALL;
	handles_drop(&all);
	ev_hook_arm(&ready_hook);
	told_stuck = 0;
	TAILQ_FOREACH_SAFE(c, &closings, entry, next)
		if (c->sent)
			closing_finish(c, 1);
}

void
handle_worker_gone(struct worker *w)
{
	struct handle	*h, *next;

	TAILQ_FOREACH_SAFE(h, &w->handles, entry, next)
		handle_free(h, &w->handles, &w->nhandles);
	close_send(CL_WORKER, w->generation, NULL);
}

uint64_t
handle_count(void)
{
	return (nhandles);
}

void
handle_init(void)
{
	ev_timer_init(&close_timer, closings_check, NULL);
	ev_timer_init(&drain_timer, drain_again, NULL);
	ev_timer_init(&expire_timer, handles_expire, NULL);
	ev_timer_set(&expire_timer, 10000);
	ev_hook_add(&ready_hook, EV_ORDER_FLUSH - 5, readies_run, NULL);
}

static void
close_one(enum close_what what, const void *subject, uint64_t worker,
    enum close_mode mode, close_fn *done, void *arg)
{
	struct closing *c = closing_new(mode, done, arg);

	closing_mark(c, what, subject, worker);
	closing_name(c, what, subject, worker);
	closing_go(c);
}

void
handle_close_grant(const uint8_t grant[GRANT_LEN], enum close_mode mode,
    close_fn *done, void *arg)
{
	close_one(CL_GRANT, grant, 0, mode, done, arg);
}

void
handle_close_user(const char *user_id, enum close_mode mode, close_fn *done,
    void *arg)
{
	close_one(CL_USER, user_id, 0, mode, done, arg);
}

void
handle_close_client(const char *client_id, enum close_mode mode,
    close_fn *done, void *arg)
{
	close_one(CL_CLIENT, client_id, 0, mode, done, arg);
}

void
handle_close_worker(uint64_t generation, enum close_mode mode,
    close_fn *done, void *arg)
{
	close_one(CL_WORKER, NULL, generation, mode, done, arg);
}

void
handle_close_all(enum close_mode mode, close_fn *done, void *arg)
{
	close_one(CL_ALL, NULL, 0, mode, done, arg);
}

/* ---- operators ---- */

/* The operator's grant: one for each user, remembered by name in meta. */
static int
operator_grant(const char *user_id, struct grant_rec *g)
{
	char	key[64];
	uint8_t	id[GRANT_LEN];

	snprintf(key, sizeof(key), "operator %s", user_id);
	if (store_get(DB_META, key, strlen(key), id, sizeof(id)) == 0 &&
	    grant_get(id, g, NULL) == 0 && g->state == GS_LIVE)
		return (0);
	if (store_writable() == -1)
		return (-1);
	grant_operator(user_id, g);
	store_put(DB_META, key, strlen(key), g->id, sizeof(g->id));
	return (0);
}

void
handle_operator(const char *name, operator_fn *done, void *arg)
{
	struct opening		*o;
	struct grant_rec	 g;
	struct user		 u;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		fatal("handle");
	o->op_done = done;
	o->op_arg = arg;
	random_bytes(o->token, sizeof(o->token));
	if (user_lookup(name, &u) == -1 || user_perms(u.id, &o->open) == -1)
		o->why = "no such user, or disabled";
	else if (!auth_ready())
		o->why = "toold is not there, try again";
	else if (operator_grant(u.id, &g) == -1)
		o->why = "the disk is full";
	else {
		open_fill(&o->open, &g, 0);
		o->open.ttl_ms = HANDLE_TTL_MS;
	}
	store_after(opening_go, o);
}
