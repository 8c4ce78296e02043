/* SPDX-License-Identifier: ISC */
/*
 * stop.c: the end, in stages: first who takes requests, then who works on
 * them, last who keeps the records of both.  Runs in master.  Each stage
 * has its time; what still runs after four seconds is killed, so that all
 * is over within five.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "keepd.h"

static const struct stage {
	unsigned int	roles;		/* bits 1 << enum conf_role */
	uint64_t	ms;		/* at the latest, after the first */
} stages[] = {
	{ 1U << CR_LISTENER,				1000 },
	{ 1U << CR_TOOLD,				2500 },
	{ 1U << CR_AUTHD | 1U << CR_PWHASH | 1U << CR_SIGND,		4000 }
};
#define NSTAGES	(sizeof(stages) / sizeof(stages[0]))

static struct ev_timer	timer;
static struct mono	began;
static size_t		stage;

/* Still running, of the roles of a mask. */
static int
running(unsigned int mask)
{
	const struct proc *p;
	unsigned int	 i;
	int		 n = 0;

	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (((1U << p->role) & mask) && p->state != PS_DOWN)
			n++;
	return (n);
}

static void
stage_start(void)
{
	struct proc	*p;
	unsigned int	 i;
	uint64_t	 past = ev_now().ms - began.ms;

	for (i = 0; (p = proc_at(i)) != NULL; i++) {
		if (((1U << p->role) & stages[stage].roles) == 0)
			continue;
		ev_timer_del(&p->timer);
		ev_timer_del(&p->worker.timer);
		ev_timer_del(&p->worker.key.timer);
		proc_event(p, PE_STOP);
	}
	ev_timer_set(&timer, stages[stage].ms > past ?
	    stages[stage].ms - past : 0);
}

static void
kill_rest(void)
{
	struct proc	*p;
	unsigned int	 i;

	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (p->pid != 0)
			proc_kill(p, "it did not end in time");
}

void
stop_child_gone(void)
{
	while (stage < NSTAGES && running(stages[stage].roles) == 0)
		if (++stage < NSTAGES)
			stage_start();
	if (stage == NSTAGES && running(~0U) == 0) {
		ev_timer_del(&timer);
		ev_stop(master.status);
	}
}

static void
on_late(struct ev_timer *t)
{
	if (stage + 1 < NSTAGES) {
		stage++;
		stage_start();
		return;
	}
	stage = NSTAGES;
	kill_rest();
}

void
stop_all(int status)
{
	if (master.stopping)
		return;
	master.stopping = 1;
	master.status = status;
	notify_stopping();
	log_info("stopping");
	ev_timer_init(&timer, on_late, NULL);
	began = ev_now();
	stage = 0;
	stage_start();
	stop_child_gone();
}
