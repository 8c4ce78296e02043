/* SPDX-License-Identifier: ISC */
/*
 * serve.h: the channels that calls come on: one a worker, and the control
 * socket.  A call runs as soon as it arrives while there is time left in
 * this turn; after that calls wait in one line a grant, and the lines take
 * turns, so that nobody's heap of work keeps the others out.
 */
#ifndef TOOLD_SERVE_H
#define TOOLD_SERVE_H

#include "../common/msg.h"

#define SERVE_SLICE_US		20000	/* of calls in one turn */
#define SERVE_QUEUE_BYTES	(128U << 10)	/* written within the turn */
/* Bytes of answers that wait for one peer; calls then get 503. */
#define SERVE_QUEUED_MAX	(32U << 20)
#define SERVE_WAIT_GRANT	64	/* calls of one grant that may wait */
#define SERVE_WAIT_ALL		4096
#define SERVE_WAIT_BYTES	(64U << 20)
#define SERVE_WAIT_MS		10000	/* then 503: it was not begun */

void	serve_init(void);
/* A worker's channel from master; takes fd. */
void	serve_worker(int fd, const struct msg_worker *);
/* The control socket, listening; takes fd.  -1 closes it. */
void	serve_control(int fd);
/* Leave (tests, orderly end). */
void	serve_close(void);

struct serve_stat {
	uint64_t	calls;
	uint64_t	refused;	/* handles not known */
	uint64_t	waited;		/* calls that had to wait */
	uint64_t	workers;
};
const struct serve_stat *serve_getstat(void);

#endif
