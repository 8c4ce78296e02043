/* SPDX-License-Identifier: ISC */
/* ev_kqueue.c: the BSD back end of the event loop. */
#if defined(__OpenBSD__) || defined(__FreeBSD__) || defined(__NetBSD__)
#include <sys/types.h>
#include <sys/event.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "ev.h"
#include "ev_back.h"
#include "log.h"

#define BATCH	512

static int		kq = -1, got_n;
static struct kevent	got[BATCH];

void
back_init(void)
{
	if ((kq = kqueue()) == -1)
		fatal("kqueue");
	fcntl(kq, F_SETFD, FD_CLOEXEC);
}

static void
back_set(int fd, short filter, unsigned short flags, int slot)
{
	struct kevent	k;

	EV_SET(&k, fd, filter, flags, 0, 0, (void *)(intptr_t)slot);
	if (kevent(kq, &k, 1, NULL, 0, NULL) == -1 && !(flags & EV_DELETE))
		fatal("kevent");
}

void
back_add(int fd, int want, int slot)
{
	if (want & EV_READ)
		back_set(fd, EVFILT_READ, EV_ADD, slot);
	if (want & EV_WRITE)
		back_set(fd, EVFILT_WRITE, EV_ADD, slot);
}

void
back_mod(int fd, int was, int want, int slot)
{
	if ((was ^ want) & EV_READ)
		back_set(fd, EVFILT_READ,
		    want & EV_READ ? EV_ADD : EV_DELETE, slot);
	if ((was ^ want) & EV_WRITE)
		back_set(fd, EVFILT_WRITE,
		    want & EV_WRITE ? EV_ADD : EV_DELETE, slot);
}

void
back_del(int fd, int want, int slot)
{
	back_mod(fd, want, 0, slot);
}

void
back_wait(int ms)
{
	struct timespec	ts, *tp = NULL;

	if (ms >= 0) {
		ts.tv_sec = ms / 1000;
		ts.tv_nsec = (long)(ms % 1000) * 1000000;
		tp = &ts;
	}
	got_n = kevent(kq, NULL, 0, got, BATCH, tp);
	if (got_n == -1) {
		if (errno != EINTR)
			fatal("kevent");
		got_n = 0;
	}
}

void
back_dispatch(void)
{
	int	i, ev;

	for (i = 0; i < got_n; i++) {
		ev = got[i].filter == EVFILT_READ ? EV_READ : EV_WRITE;
		if (got[i].flags & EV_EOF)
			ev |= EV_HUP;
		ev_slot_ready((int)(intptr_t)got[i].udata, ev);
	}
	got_n = 0;
}
#else
typedef int ev_kqueue_unused;
#endif
