/* SPDX-License-Identifier: ISC */
/*
 * ev.c: the event loop, all but the waiting itself (ev_epoll.c, ev_kqueue.c,
 * ev_poll.c).  Runs in every daemon; trusts only its own process.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ev.h"
#include "ev_back.h"
#include "log.h"

#define EV_SIGNALS	65

static struct mono	  turn_start;
static int		  running, run_status;

static struct ev_timer	**heap;
static int		in_timers;
static int		  heap_n, heap_cap;

static struct ev_hook	 *hooks;

static struct ev_io	**slots;	/* slot -> object, NULL when free */
static int		  slots_n, slots_cap, *free_slots, free_n;

static void		(*sig_cb[EV_SIGNALS])(int);
static volatile sig_atomic_t sig_seen[EV_SIGNALS];
static int		  sig_pipe[2] = { -1, -1 };
static struct ev_io	  sig_io;

/* ---- timers: a binary heap; pos is the index plus one ---- */

static void
heap_put(int i, struct ev_timer *t)
{
	heap[i] = t;
	t->pos = i + 1;
}

static void
heap_up(int i, struct ev_timer *t)
{
	int	up;

	while (i > 0) {
		up = (i - 1) / 2;
		if (!mono_before(t->at, heap[up]->at))
			break;
		heap_put(i, heap[up]);
		i = up;
	}
	heap_put(i, t);
}

static void
heap_down(int i, struct ev_timer *t)
{
	int	kid;

	while ((kid = 2 * i + 1) < heap_n) {
		if (kid + 1 < heap_n &&
		    mono_before(heap[kid + 1]->at, heap[kid]->at))
			kid++;
		if (!mono_before(heap[kid]->at, t->at))
			break;
		heap_put(i, heap[kid]);
		i = kid;
	}
	heap_put(i, t);
}

void
ev_timer_init(struct ev_timer *t, void (*cb)(struct ev_timer *), void *arg)
{
	memset(t, 0, sizeof(*t));
	t->cb = cb;
	t->arg = arg;
}

void
ev_timer_del(struct ev_timer *t)
{
	struct ev_timer	*last;
	int		 i;

	if (t->pos == 0)
		return;
	i = t->pos - 1;
	t->pos = 0;
	last = heap[--heap_n];
	if (last == t)
		return;
	if (i > 0 && mono_before(last->at, heap[(i - 1) / 2]->at))
		heap_up(i, last);
	else
		heap_down(i, last);
}

void
ev_timer_set(struct ev_timer *t, uint64_t ms)
{
	struct ev_timer **p;

	ev_timer_del(t);
	/* Set by a timer, it is for a later turn: others come in between. */
	t->at = mono_add(ev_now(), ms == 0 && in_timers ? 1 : ms);
	if (heap_n == heap_cap) {
		heap_cap = heap_cap != 0 ? heap_cap * 2 : 64;
		p = realloc(heap, (size_t)heap_cap * sizeof(*heap));
		if (p == NULL)
			fatal("timers");
		heap = p;
	}
	heap_up(heap_n++, t);
}

static void
timers_run(void)
{
	struct ev_timer	*t;

	in_timers = 1;
	while (heap_n > 0 && !mono_before(turn_start, heap[0]->at)) {
		t = heap[0];
		ev_timer_del(t);
		t->cb(t);
	}
	in_timers = 0;
}

static int
timers_wait(void)
{
	uint64_t	left;

	if (heap_n == 0)
		return (-1);
	turn_start = mono_now();
	if (!mono_before(turn_start, heap[0]->at))
		return (0);
	left = heap[0]->at.ms - turn_start.ms;
	return (left > 3600000 ? 3600000 : (int)left);
}

/* ---- descriptors: the back end knows a slot, so a removed one is seen ---- */

static void
slots_grow(void)
{
	struct ev_io	**p;
	int		 *f, i, cap;

	cap = slots_cap != 0 ? slots_cap * 2 : 64;
	p = realloc(slots, (size_t)cap * sizeof(*slots));
	f = realloc(free_slots, (size_t)cap * sizeof(*free_slots));
	if (p == NULL || f == NULL)
		fatal("event slots");
	slots = p;
	free_slots = f;
	for (i = cap - 1; i >= slots_cap; i--) {
		slots[i] = NULL;
		free_slots[free_n++] = i;
	}
	slots_cap = cap;
}

void
ev_io_add(struct ev_io *io, int fd, int want, void (*cb)(struct ev_io *, int),
    void *arg)
{
	io->fd = fd;
	io->cb = cb;
	io->arg = arg;
	io->want = want;
	if (free_n == 0)
		slots_grow();
	io->slot = free_slots[--free_n];
	slots[io->slot] = io;
	slots_n++;
	back_add(fd, want, io->slot);
}

void
ev_io_want(struct ev_io *io, int want)
{
	if (io->fd == -1 || io->want == want)
		return;
	back_mod(io->fd, io->want, want, io->slot);
	io->want = want;
}

void
ev_io_del(struct ev_io *io)
{
	if (io->fd == -1)
		return;
	back_del(io->fd, io->want, io->slot);
	slots[io->slot] = NULL;
	/* Reused only in the next turn: see io_recycle. */
	slots_n--;
	back_dead(io->slot);
	io->fd = -1;
}

void
ev_slot_ready(int slot, int got)
{
	struct ev_io	*io;

	if (slot < 0 || slot >= slots_cap || (io = slots[slot]) == NULL)
		return;
	got &= io->want | EV_HUP;
	if (got != 0)
		io->cb(io, got);
}

void
ev_slot_free(int slot)
{
	free_slots[free_n++] = slot;
}

/* ---- hooks ---- */

void
ev_hook_add(struct ev_hook *h, int order, void (*cb)(struct ev_hook *),
    void *arg)
{
	struct ev_hook **pp;

	h->cb = cb;
	h->arg = arg;
	h->order = order;
	h->armed = 0;
	for (pp = &hooks; *pp != NULL && (*pp)->order <= order;
	    pp = &(*pp)->next)
		;
	h->next = *pp;
	*pp = h;
}

void
ev_hook_arm(struct ev_hook *h)
{
	h->armed = 1;
}

/*
 * A hook may arm others: of a later order they run in this pass, of an
 * earlier one in the next.  Hooks that keep arming each other are a bug,
 * so the passes are bounded and the rest waits for the next turn.
 */
static int
hooks_run(void)
{
	struct ev_hook	*h;
	int		 pass, again = 1;

	for (pass = 0; pass < 8 && again; pass++) {
		again = 0;
		for (h = hooks; h != NULL; h = h->next) {
			if (!h->armed)
				continue;
			h->armed = 0;
			h->cb(h);
		}
		for (h = hooks; h != NULL; h = h->next)
			again |= h->armed;
	}
	return (again);
}

/* ---- signals: a byte in a pipe wakes the loop ---- */

static void
signal_catch(int sig)
{
	int	saved = errno;

	sig_seen[sig] = 1;
	if (write(sig_pipe[1], "", 1) == -1)
		errno = saved;	/* full: the loop wakes anyway */
	errno = saved;
}

static void
signal_ready(struct ev_io *io, int got)
{
	char	drop[64];
	int	sig;

	while (read(io->fd, drop, sizeof(drop)) > 0)
		;
	for (sig = 1; sig < EV_SIGNALS; sig++) {
		if (!sig_seen[sig])
			continue;
		sig_seen[sig] = 0;
		if (sig_cb[sig] != NULL)
			sig_cb[sig](sig);
	}
}

static void
signal_pipe(void)
{
	int	i;

	if (pipe(sig_pipe) == -1)
		fatal("pipe");
	for (i = 0; i < 2; i++)
		if (fcntl(sig_pipe[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(sig_pipe[i], F_SETFL, O_NONBLOCK) == -1)
			fatal("fcntl");
	ev_io_add(&sig_io, sig_pipe[0], EV_READ, signal_ready, NULL);
}

void
ev_signal(int sig, void (*cb)(int))
{
	struct sigaction sa;

	if (sig <= 0 || sig >= EV_SIGNALS)
		fatalx("signal %d", sig);
	if (sig_pipe[0] == -1)
		signal_pipe();
	sig_cb[sig] = cb;
	memset(&sa, 0, sizeof(sa));
	sigfillset(&sa.sa_mask);
	sa.sa_flags = SA_RESTART;
	sa.sa_handler = signal_catch;
	if (sigaction(sig, &sa, NULL) == -1)
		fatal("sigaction");
}

/* ---- the loop ---- */

void
ev_init(void)
{
	turn_start = mono_now();
	back_init();
}

struct mono
ev_now(void)
{
	/* Outside the loop the last turn may be long over. */
	return (running ? turn_start : mono_now());
}

void
ev_stop(int status)
{
	running = 0;
	run_status = status;
}

int
ev_run(void)
{
	int	more;

	running = 1;
	more = hooks_run();	/* what was armed before the loop */
	while (running) {
		back_wait(more ? 0 : timers_wait());
		turn_start = mono_now();
		timers_run();
		back_dispatch();
		more = hooks_run();
		back_recycle();
	}
	return (run_status);
}
