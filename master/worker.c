/* SPDX-License-Identifier: ISC */
/*
 * worker.c: introduces each listener to toold, then to authd, each
 * acknowledged, then gives it its two ends; again under a new generation
 * whenever one of the two channels ended.
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
static void	ready_check(void);

void
worker_init(struct proc *p)
{
	p->worker.authd_fd = p->worker.toold_fd = -1;
	ev_timer_init(&p->worker.timer, on_retry, p);
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
worker_send(struct proc *to, uint32_t type, const struct proc *p, int fd)
{
	struct msg_worker m;

	memset(&m, 0, sizeof(m));
	m.generation = p->worker.generation;
	m.slot = p->slot;
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
	worker_send(to, MSG_WORKER_NEW, p, sv[1]);
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
	worker_send(p, MSG_WORKER_ENDS, p, fd);
	fd = w->toold_fd;
	w->toold_fd = -1;
	worker_send(p, MSG_WORKER_ENDT, p, fd);
	log_debug("%s: introduced as %llu", p->name,
	    (unsigned long long)w->generation);
}

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

	if (w->up_since.ms != 0 &&
	    mono_before(mono_add(w->up_since, RETRY_RESET), ev_now()))
		w->wait_ms = 0;
	w->wait_ms = w->wait_ms == 0 ? RETRY_FIRST : w->wait_ms * 2;
	if (w->wait_ms > RETRY_MAX)
		w->wait_ms = RETRY_MAX;
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
	if (from->role != CR_AUTHD) {
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
		if (p->role == CR_LISTENER)
			worker_introduce(p);
	ready_check();
}

static void
ready_check(void)
{
	const struct proc *p;
	unsigned int	 i;

	if (master.ready)
		return;
	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (p->state != PS_RUN || (p->role == CR_LISTENER &&
		    p->worker.state != WS_UP))
			return;
	master.ready = 1;
	master_ready();
}
