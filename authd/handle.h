/* SPDX-License-Identifier: ISC */
/*
 * handle.h: grant handles towards toold, and closings, inside authd.  The
 * functions for other callers are in authd.h.
 */
#ifndef AUTHD_HANDLE_H
#define AUTHD_HANDLE_H

#include "authd.h"

#define HANDLES_MAX	4096		/* of one worker */
#define HANDLE_TTL_MS	300000
#define CLOSE_WAIT_MS	2000		/* then toold is stuck */
#define HELLO_WAIT_MS	8000		/* for one that is starting */
#define TOOLD_WAIT_MS	10000		/* for one that is away */

void	handle_init(void);
/* TOKEN_CHECK of a listener. */
void	handle_on_check(struct chan *, struct msg *);
/* CLOSE_ACK of toold. */
void	handle_on_close_ack(struct chan *, struct msg *);
/* toold took our channel (HELLO_ACK), or its channel ended. */
void	handle_toold_up(void);
void	handle_toold_down(void);
void	handle_worker_gone(struct worker *);
uint64_t handle_count(void);

/* Is something named here refused in memory?  grant, token may be NULL. */
enum refusal { RF_NONE, RF_BUSY, RF_GONE };
struct refused_by {
	const char	*user_id, *client_id;
	uint64_t	 worker;
	const uint8_t	*grant;
	const uint8_t	*token;		/* digest of an access token */
};
enum refusal handle_refused(const struct refused_by *);

/*
 * A closing of many things at once: new, mark each, name the CLOSE, go.
 * closing_go() registers it behind the turn's commit; done is called once.
 * A mark of CL_HANDLE refuses one access token, by its digest.
 */
struct closing;
/* 1 while the answer of toold to a closing is awaited. */
int	 handle_closing(void);
struct closing *closing_new(enum close_mode, close_fn *done, void *arg);
void	closing_mark(struct closing *, enum close_what, const void *subject,
	    uint64_t worker);
void	closing_name(struct closing *, enum close_what, const void *subject,
	    uint64_t worker);
void	closing_go(struct closing *);

#endif
