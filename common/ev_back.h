/* SPDX-License-Identifier: ISC */
/*
 * ev_back.h: what a back end of ev.c provides, and the two calls it makes.
 * A slot that dies in a turn is not used again before the turn ends, so a
 * late event for it cannot reach another object.
 */
#ifndef COMMON_EV_BACK_H
#define COMMON_EV_BACK_H

void	back_init(void);
void	back_add(int fd, int want, int slot);
void	back_mod(int fd, int was, int want, int slot);
void	back_del(int fd, int want, int slot);
/* Collect what is ready, waiting at most ms (-1: for ever). */
void	back_wait(int ms);
/* Hand what was collected to ev_slot_ready. */
void	back_dispatch(void);

/* ev_dead.c: the slots that died in this turn. */
void	back_dead(int slot);
void	back_recycle(void);

void	ev_slot_ready(int slot, int got);
void	ev_slot_free(int slot);

#endif
