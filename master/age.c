/* SPDX-License-Identifier: ISC */
/*
 * age.c: listeners are started anew now and then, so that one that was taken
 * over does not stay so.  Runs in master as root.
 *
 * The one that follows is started first, on the same listening sockets; when
 * it serves, the old one is told to finish: it takes no new connection,
 * answers what is under way, and ends.  One after the other, never two slots
 * at once.  There is one entry more in the table of processes than there are
 * slots: the one that is free is parked.
 */
#include <string.h>

#include "keepd.h"

#define TICK_MIN	200		/* ms */
#define TICK_MAX	10000
#define FINISH_MS	90000		/* then the old one is killed */

static struct ev_timer	tick_timer, finish_timer;
static struct proc	*old, *next;	/* of the slot that changes, or NULL */

static void
on_finish(struct ev_timer *t)
{
	if (old != NULL && old->draining)
		proc_kill(old, "it did not finish in time");
}

static void
tick_set(void)
{
	uint64_t	ms = (uint64_t)master.conf->worker_s * 1000 / 8;

	if (ms < TICK_MIN || ms > TICK_MAX)
		ms = ms < TICK_MIN && ms != 0 ? TICK_MIN : TICK_MAX;
	ev_timer_set(&tick_timer, ms);
}

/* The oldest that is due; slots come due one after the other, not at once. */
static struct proc *
due_find(void)
{
	struct proc	*p, *oldest = NULL;
	uint64_t	 age;
	unsigned int	 i;

	for (i = 0; (p = proc_at(i)) != NULL; i++) {
		if (p->role != CR_LISTENER || p->state != PS_RUN)
			continue;
		age = (ev_now().ms - p->since.ms) / 1000;
		if (age >= master.conf->worker_s && (oldest == NULL ||
		    mono_before(p->since, oldest->since)))
			oldest = p;
	}
	return (oldest);
}

static struct proc *
parked_find(void)
{
	struct proc	*p;
	unsigned int	 i;

	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (p->parked)
			return (p);
	return (NULL);
}

static void
change_begin(void)
{
	if ((old = due_find()) == NULL || (next = parked_find()) == NULL) {
		old = next = NULL;
		return;
	}
	next->parked = 0;
	next->slot = old->slot;
	next->broke = old->broke;
	snprintf(next->name, sizeof(next->name), "%s", old->name);
	proc_event(next, PE_TIMEOUT);
}

static void
change_finish(void)
{
	if (next->state != PS_RUN || !worker_complete(next) ||
	    old->state != PS_RUN || old->ch == NULL)
		return;
	log_info("%s: process %d follows %d", next->name, (int)next->pid,
	    (int)old->pid);
	old->draining = 1;
	chan_send(old->ch, MSG_WORKER_DRAIN, 0, NULL);
	ev_timer_set(&finish_timer, FINISH_MS);
}

static void
on_tick(struct ev_timer *t)
{
	tick_set();
	if (master.stopping || reload_active())
		return;
	if (old == NULL && master.conf->worker_s != 0)
		change_begin();
	else if (old != NULL && !old->draining)
		change_finish();
}

/*
 * One of the two ended.  The old one, as it should, or before its time: the
 * other one has the slot.  The new one before it served: the old one keeps
 * it, and another is tried later.
 */
int
age_parks(struct proc *p)
{
	if (old == NULL || (p != old && p != next))
		return (0);
	ev_timer_del(&finish_timer);
	p->draining = 0;
	p->parked = 1;
	old = next = NULL;
	return (1);
}

void
age_start(void)
{
	ev_timer_init(&tick_timer, on_tick, NULL);
	ev_timer_init(&finish_timer, on_finish, NULL);
	tick_set();
}
