/* SPDX-License-Identifier: ISC */
/* ev_epoll.c: the Linux back end of the event loop. */
#ifdef __linux__
#include <sys/epoll.h>

#include <errno.h>
#include <string.h>

#include "ev.h"
#include "ev_back.h"
#include "log.h"

#define BATCH	512

static int			ep = -1, got_n;
static struct epoll_event	got[BATCH];

void
back_init(void)
{
	if ((ep = epoll_create1(EPOLL_CLOEXEC)) == -1)
		fatal("epoll_create1");
}

static void
back_ctl(int op, int fd, int want, int slot)
{
	struct epoll_event e;

	memset(&e, 0, sizeof(e));
	e.events = (want & EV_READ ? EPOLLIN : 0U) |
	    (want & EV_WRITE ? EPOLLOUT : 0U);
	e.data.u32 = (uint32_t)slot;
	if (epoll_ctl(ep, op, fd, &e) == -1 && op != EPOLL_CTL_DEL)
		fatal("epoll_ctl");
}

void
back_add(int fd, int want, int slot)
{
	back_ctl(EPOLL_CTL_ADD, fd, want, slot);
}

void
back_mod(int fd, int was, int want, int slot)
{
	back_ctl(EPOLL_CTL_MOD, fd, want, slot);
}

void
back_del(int fd, int want, int slot)
{
	back_ctl(EPOLL_CTL_DEL, fd, 0, slot);
}

void
back_wait(int ms)
{
	got_n = epoll_wait(ep, got, BATCH, ms);
	if (got_n == -1) {
		if (errno != EINTR)
			fatal("epoll_wait");
		got_n = 0;
	}
}

void
back_dispatch(void)
{
	uint32_t	e;
	int		i, ev;

	for (i = 0; i < got_n; i++) {
		e = got[i].events;
		ev = (e & EPOLLIN ? EV_READ : 0) |
		    (e & EPOLLOUT ? EV_WRITE : 0);
		/* An end or error wakes whoever reads or writes. */
		if (e & (EPOLLHUP | EPOLLERR))
			ev |= EV_READ | EV_WRITE | EV_HUP;
		ev_slot_ready((int)got[i].data.u32, ev);
	}
	got_n = 0;
}
#else
typedef int ev_epoll_unused;
#endif
