/* SPDX-License-Identifier: ISC */
/*
 * ev.h: the event loop of a process: descriptors, timers, signals, and work
 * to do at the end of each turn (flush queues, commit a group of writes).
 * One loop a process.  Back ends: epoll, kqueue, poll.
 *
 * A turn: wait; run timers that are due; run descriptor callbacks; run the
 * turn hooks in order of their number.  Objects are embedded in the
 * caller's structs and may be removed inside any callback, also of another
 * object of the same turn.
 */
#ifndef COMMON_EV_H
#define COMMON_EV_H

#include <stdint.h>

#include "clock.h"

#define EV_READ		1
#define EV_WRITE	2
#define EV_HUP		4	/* only reported, never asked for */

struct ev_io {
	int	 fd;		/* -1: not in use */
	int	 want;		/* EV_READ | EV_WRITE; 0: parked */
	void	(*cb)(struct ev_io *, int got);
	void	*arg;
	int	 slot;		/* ev.c's */
};

struct ev_timer {
	void	(*cb)(struct ev_timer *);
	void	*arg;
	struct mono at;
	int	 pos;		/* heap position + 1; 0: not set */
};

struct ev_hook {
	void	(*cb)(struct ev_hook *);
	void	*arg;
	int	 order;		/* lower runs first */
	int	 armed;		/* set by ev_hook_arm, cleared before cb */
	struct ev_hook *next;	/* ev.c's */
};

/* Once, before anything else here.  Ends the process on failure. */
void	ev_init(void);
/* Until ev_stop(); returns its argument. */
int	ev_run(void);
void	ev_stop(int status);
/* The time this turn began; outside the loop, now. */
struct mono ev_now(void);

/* Start watching fd (made non-blocking by the caller). */
void	ev_io_add(struct ev_io *, int fd, int want,
	    void (*)(struct ev_io *, int), void *arg);
void	ev_io_want(struct ev_io *, int want);
/* Stop watching; the descriptor stays open and is the caller's. */
void	ev_io_del(struct ev_io *);

void	ev_timer_init(struct ev_timer *, void (*)(struct ev_timer *),
	    void *arg);
void	ev_timer_set(struct ev_timer *, uint64_t ms_from_now);
void	ev_timer_del(struct ev_timer *);

/* A hook runs at the end of each turn in which it was armed. */
void	ev_hook_add(struct ev_hook *, int order, void (*)(struct ev_hook *),
	    void *arg);
void	ev_hook_arm(struct ev_hook *);
#define EV_ORDER_COMMIT	10	/* group commits */
#define EV_ORDER_AUDIT	20	/* audit before answers */
#define EV_ORDER_FLUSH	30	/* channels and connections */

/* sig is caught and cb runs inside the loop, never in signal context. */
void	ev_signal(int sig, void (*cb)(int sig));

#endif
