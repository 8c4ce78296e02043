/* SPDX-License-Identifier: ISC */
/* authtime.h: start and notes of the time in authd.h. */
#ifndef AUTHD_AUTHTIME_H
#define AUTHD_AUTHTIME_H

/* The store is open: take up the time the last process noted. */
void	time_start(void);
/* Note the time in the store; without must, about once a minute. */
void	time_note(int must);

#endif
