/* SPDX-License-Identifier: ISC */
/*
 * authdchan.h: toold's end of the channel to authd.  One at a time; when it
 * ends, every handle ends with it, before another is taken.
 */
#ifndef TOOLD_AUTHDCHAN_H
#define TOOLD_AUTHDCHAN_H

#include "../common/chan.h"
#include "../common/clock.h"

struct handle;

/* MSG_PEER of master: the channel to this authd; takes fd. */
void	 authd_peer(int fd, uint64_t generation);
/* Read what waits on the channel, without blocking. */
void	 authd_drain(void);
/* Did it greet: then its channel, else NULL. */
struct chan *authd_chan(void);
/* The call that runs now and its end, for authd_poll(); NULL: none. */
void	 authd_watch(const struct handle *, struct mono deadline);
void	 authd_close(void);
/*
 * What to do when the channel ends while authd lives (it broke a rule, or
 * the socket failed): master knows of nothing, so the process must end for
 * the two to be introduced anew.
 */
void	 authd_onbroken(void (*)(const char *why));

#endif
