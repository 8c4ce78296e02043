/* SPDX-License-Identifier: ISC */
/*
 * worker.c: introduces each listener to toold, then to authd, each
 * acknowledged, then gives it its two ends; again under a new generation
 * whenever one of the two channels ended.  The channel to signd comes and
 * goes by itself, under generations of its own: no handle hangs on it.
 * Runs in master.  A listener cannot say which generation it is: it never
 * sends one that counts for anything but the end of its own channels.
 */
#include <string.h>
#include <unistd.h>

#include "keepd.h"

#define RETRY_FIRST	20		/* ms */
#define RETRY_MAX	2000
#define RETRY_RESET	5000

static void	on_retry(struct ev_timer *);
static void	on_key_retry(struct ev_timer *);
static void	ready_check(void);
static void	worker_broke(const struct proc *, struct proc *);

void
worker_init(struct proc *p)
{
	p->worker.authd_fd = p->worker.toold_fd = -1;
	ev_timer_init(&p->worker.timer, on_retry, p);
	p->worker.key.fd = -1;
	ev_timer_init(&p->worker.key.timer, on_key_retry, p);
}

static void
worker_reset(struct proc *p)
{
	struct worker	*w = &p->worker;

	if (w->authd_fd != -1)
		close(w->authd_fd);
	if (w->toold_fd != -1)
		close(w->toold_fd);
	w->authd_fd = w->toold_fd = -1;
	w->state = WS_NONE;
	if (w->generation != 0)
		w->last = w->generation;
	w->generation = 0;
}

static void
worker_send(struct proc *to, uint32_t type, const struct proc *p,
    uint64_t generation, int fd)
{
	struct msg_worker m;

	memset(&m, 0, sizeof(m));
	m.generation = generation;
	m.slot = p->slot;
	m.life = p->life;
	chan_send_fd(to->ch, type, 0, &m, fd);
	(void)chan_flush(to->ch);
}

/* Introduce p to one of the two; the listener's end waits with us. */
static int
worker_offer(struct proc *p, struct proc *to, int *mine)
{
	int	sv[2];

	if (chan_pair(sv) == -1) {
		log_warn("%s: no channel to %s", p->name, to->name);
		worker_reset(p);
		ev_timer_set(&p->worker.timer, RETRY_MAX);
		return (-1);
	}
	*mine = sv[0];
	worker_send(to, MSG_WORKER_NEW, p, p->worker.generation, sv[1]);
	return (0);
}

static void
worker_introduce(struct proc *p)
{
	struct worker	*w = &p->worker;
	struct proc	*toold = proc_get(CR_TOOLD);

	if (w->state != WS_NONE || w->timer.pos != 0 || !proc_serves(p) ||
	    toold->state != PS_RUN || toold->ch == NULL ||
	    proc_get(CR_AUTHD)->state != PS_RUN)
		return;
	w->generation = generation_next();
	w->state = WS_TOOLD;
	(void)worker_offer(p, toold, &w->toold_fd);
}

static void
worker_finish(struct proc *p)
{
	struct worker	*w = &p->worker;
	int		 fd;

	w->state = WS_UP;
	w->up_since = ev_now();
	fd = w->authd_fd;
	w->authd_fd = -1;
	worker_send(p, MSG_WORKER_ENDS, p, w->generation, fd);
	fd = w->toold_fd;
	w->toold_fd = -1;
	worker_send(p, MSG_WORKER_ENDT, p, w->generation, fd);
	log_debug("%s: introduced as %llu", p->name,
	    (unsigned long long)w->generation);
}

/* ---- the channel to signd ---- */

static void
key_reset(struct proc *p)
{
	struct keyend	*k = &p->worker.key;

	if (k->fd != -1)
		close(k->fd);
	k->fd = -1;
	k->state = KS_NONE;
	if (k->generation != 0)
		k->last = k->generation;
	k->generation = 0;
}

static void
key_introduce(struct proc *p)
{
	struct keyend	*k = &p->worker.key;
	struct proc	*signd = proc_signd();
	int		 sv[2];

	if (signd == NULL || k->state != KS_NONE || k->timer.pos != 0 ||
	    !proc_serves(p) || signd->state != PS_RUN || signd->ch == NULL)
		return;
	if (chan_pair(sv) == -1) {
		log_warn("%s: no channel to %s", p->name, signd->name);
		ev_timer_set(&k->timer, RETRY_MAX);
		return;
	}
	k->generation = generation_next();
	k->state = KS_SIGND;
	k->fd = sv[0];
	worker_send(signd, MSG_WORKER_NEW, p, k->generation, sv[1]);
}

static struct proc *
key_find(uint64_t generation)
{
	struct proc	*p;
	unsigned int	 i;

	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (p->role == CR_LISTENER && generation != 0 &&
		    p->worker.key.generation == generation)
			return (p);
	return (NULL);
}

static void
key_ack(const struct proc *from, const struct msg_worker *m)
{
	struct proc	*p;
	struct keyend	*k;
	int		 fd;

	if ((p = key_find(m->generation)) == NULL)
		return;
	k = &p->worker.key;
	if (k->state != KS_SIGND) {
		chan_violation(from->ch, "WORKER_ACK out of turn");
		return;
	}
	if (!proc_serves(p)) {
		key_reset(p);
		return;
	}
	k->state = KS_UP;
	k->up_since = ev_now();
	fd = k->fd;
	k->fd = -1;
	worker_send(p, MSG_WORKER_ENDK, p, k->generation, fd);
	workers_update();
}

/* How long to wait before a channel that ended is made again. */
static uint32_t
retry_wait(uint32_t wait_ms, struct mono up_since)
{
	if (up_since.ms != 0 &&
	    mono_before(mono_add(up_since, RETRY_RESET), ev_now()))
		wait_ms = 0;
	wait_ms = wait_ms == 0 ? RETRY_FIRST : wait_ms * 2;
	return (wait_ms > RETRY_MAX ? RETRY_MAX : wait_ms);
}

static void
on_key_retry(struct ev_timer *t)
{
	key_introduce(t->arg);
}

/* Its own word that the channel ended may have come first. */
static int
key_broke_late(const struct proc *from, const struct msg_worker *m)
{
	struct proc	*p;
	unsigned int	 i;

	if (from->role != CR_SIGND)
		return (0);
	for (i = 0; m->broke && (p = proc_at(i)) != NULL; i++)
		if (p->role == CR_LISTENER && m->generation != 0 &&
		    p->worker.key.last == m->generation && p->pid != 0) {
			p->worker.key.last = 0;
			worker_broke(from, p);
		}
	return (1);
}

/* 1 if it was a channel to signd that ended. */
static int
key_gone(const struct proc *from, const struct msg_worker *m)
{
	struct proc	*p;
	struct keyend	*k;

	if ((p = key_find(m->generation)) == NULL)
		return (key_broke_late(from, m));
	k = &p->worker.key;
	if (from->role != CR_SIGND && from != p) {
		chan_violation(from->ch, "WORKER_GONE of another worker");
		return (1);
	}
	key_reset(p);
	if (m->broke && from->role == CR_SIGND) {
		worker_broke(from, p);
		return (1);
	}
	k->wait_ms = retry_wait(k->wait_ms, k->up_since);
	if (!master.stopping)
		ev_timer_set(&k->timer, k->wait_ms);
	return (1);
}

static void
keys_lost(const struct proc *gone)
{
	struct proc	*p;
	unsigned int	 i;

	for (i = 0; (p = proc_at(i)) != NULL; i++) {
		if (p->role != CR_LISTENER ||
		    (p != gone && gone->role != CR_SIGND))
			continue;
		key_reset(p);
		if (p == gone)
			p->worker.key.last = 0;
		ev_timer_del(&p->worker.key.timer);
		p->worker.key.wait_ms = 0;
	}
}

/* ---- the channels to toold and authd ---- */

static struct proc *
worker_find(uint64_t generation)
{
	struct proc	*p;
	unsigned int	 i;

	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (p->role == CR_LISTENER && generation != 0 &&
		    p->worker.generation == generation)
			return (p);
	return (NULL);
}

/* Which acknowledgement is due in which state, and what follows. */
void
worker_ack(const struct proc *from, const struct msg_worker *m)
{
	struct proc	*p, *authd = proc_get(CR_AUTHD);

	if (from->role == CR_SIGND) {
		key_ack(from, m);
		return;
	}
	/* Of an introduction that ended meanwhile: nothing to do. */
	if ((p = worker_find(m->generation)) == NULL)
		return;
	if (p->worker.state == WS_TOOLD && from->role == CR_TOOLD) {
		if (authd->state != PS_RUN || authd->ch == NULL) {
			worker_reset(p);
			return;
		}
		p->worker.state = WS_AUTHD;
		(void)worker_offer(p, authd, &p->worker.authd_fd);
	} else if (p->worker.state == WS_AUTHD && from->role == CR_AUTHD) {
		if (!proc_serves(p)) {
			worker_reset(p);
			return;
		}
		worker_finish(p);
		workers_update();
	} else
		chan_violation(from->ch, "WORKER_ACK out of turn");
}

static void
worker_retry(struct proc *p)
{
	struct worker	*w = &p->worker;

	w->wait_ms = retry_wait(w->wait_ms, w->up_since);
	ev_timer_set(&w->timer, w->wait_ms);
}

static void
on_retry(struct ev_timer *t)
{
	worker_introduce(t->arg);
}

static void
worker_broke(const struct proc *from, struct proc *p)
{
	char	why[96];

	/* authd has recorded what it saw itself. */
	if (from->role == CR_AUTHD)
		p->broke++;
	else {
		snprintf(why, sizeof(why), "a rule of its channel to %s",
		    from->name);
		broke_tell(p, why);
	}
	p->worker.last = 0;
	proc_kill(p, "it broke a rule of its channel");
}

/* Its own word that a channel ended may have come first. */
static void
worker_broke_late(const struct proc *from, uint64_t generation)
{
	struct proc	*p;
	unsigned int	 i;

	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (p->role == CR_LISTENER && p->worker.last == generation &&
		    p->pid != 0)
			worker_broke(from, p);
}

/*
 * One of its channels ended.  The others see that for themselves; here it
 * is introduced again, or killed if authd or toold saw it break a rule.
 */
void
worker_gone(const struct proc *from, const struct msg_worker *m)
{
	struct proc	*p;

	if (key_gone(from, m))
		return;
	if ((p = worker_find(m->generation)) == NULL) {
		if (m->broke && m->generation != 0 &&
		    from->role != CR_LISTENER)
			worker_broke_late(from, m->generation);
		return;
	}
	if (from->role == CR_LISTENER && from != p) {
		chan_violation(from->ch, "WORKER_GONE of another worker");
		return;
	}
	worker_reset(p);
	if (m->broke && from->role != CR_LISTENER) {
		worker_broke(from, p);
		return;
	}
	if (!master.stopping)
		worker_retry(p);
}

void
workers_lost(const struct proc *gone)
{
	struct proc	*p;
	unsigned int	 i;

	keys_lost(gone);
	for (i = 0; (p = proc_at(i)) != NULL; i++) {
		if (p->role != CR_LISTENER)
			continue;
		if (p != gone && gone->role != CR_AUTHD &&
		    gone->role != CR_TOOLD)
			continue;
		worker_reset(p);
		if (p == gone)
			p->worker.last = 0;
		/* Not its fault: it is introduced as soon as all serve. */
		ev_timer_del(&p->worker.timer);
		p->worker.wait_ms = 0;
	}
}

void
workers_update(void)
{
	struct proc	*p;
	unsigned int	 i;

	if (master.stopping)
		return;
	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (p->role == CR_LISTENER) {
			worker_introduce(p);
			key_introduce(p);
		}
	ready_check();
}

int
worker_complete(const struct proc *p)
{
	return (p->worker.state == WS_UP && (proc_signd() == NULL ||
	    p->worker.key.state == KS_UP));
}

static void
ready_check(void)
{
	const struct proc *p;
	unsigned int	 i;

	if (master.ready)
		return;
	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (!p->parked && (p->state != PS_RUN ||
		    (p->role == CR_LISTENER && !worker_complete(p))))
			return;
	master.ready = 1;
	master_ready();
}
