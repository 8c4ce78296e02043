/* SPDX-License-Identifier: ISC */
/*
 * broke.c: what master saw of broken rules, for authd's audit records.
 * Runs in master as root.  What cannot be told at once, because authd is
 * away, waits here; the log has it in any case.
 */
#include <string.h>

#include "keepd.h"

#define WAITING_MAX	32

static struct msg_broke	waiting[WAITING_MAX];
static unsigned int	nwaiting;
static uint64_t		all;

uint64_t
broke_count(void)
{
	return (all);
}

void
broke_flush(void)
{
	struct proc	*authd = proc_get(CR_AUTHD);
	unsigned int	 i;

	if (!proc_serves(authd) || authd->state != PS_RUN)
		return;
	for (i = 0; i < nwaiting; i++)
		chan_send(authd->ch, MSG_BROKE, 0, &waiting[i]);
	nwaiting = 0;
}

void
broke_tell(struct proc *p, const char *why)
{
	struct msg_broke	*m;

	all++;
	p->broke++;
	if (nwaiting == WAITING_MAX) {
		log_warnx("%s: no room to record: %s", p->name, why);
		return;
	}
	m = &waiting[nwaiting++];
	memset(m, 0, sizeof(*m));
	m->generation = p->worker.generation != 0 ? p->worker.generation :
	    p->worker.last;
	snprintf(m->who, sizeof(m->who), "%s", p->name);
	snprintf(m->why, sizeof(m->why), "%s", why);
	broke_flush();
}
