/* SPDX-License-Identifier: ISC */
/*
 * client.h: records of OAuth clients, inside authd.  What keepctl needs of
 * it is in authd.h.
 */
#ifndef AUTHD_CLIENT_H
#define AUTHD_CLIENT_H

#include "authd.h"

/* Put rec and tail; rec.redirects_len measures the tail. */
void	client_put(const struct client *);
/* Nobody needs it now: it may be evicted, and goes at that time. */
void	client_idle(const char *id, int64_t until_s);
/* It has a live grant: it stays. */
void	client_used(struct client *, int64_t now);
/* A sign-in is under way: not before then. */
void	client_wanted(struct client *, int64_t until_s);
/* Remove one whose time is over, or the one nearest to it: 0, or -1: none.
 * Never one with a live grant. */
int	client_evict(void);
void	client_sweep(int64_t now, unsigned int most);
/* Append a redirect to the tail: 0, or -1 if there is no room. */
int	client_add_redirect(struct client *, const char *);
/* The registered URI that fits what was asked, or NULL. */
const char *client_redirect(const struct client *, const char *asked);

/*
 * Client authentication (RFC 6749, 2.3) for /token and /revoke: which parts
 * came, as in struct msg_token.
 */
struct client_claim {
	int		 has_id, has_secret, has_basic;
	const char	*id, *secret, *basic_id, *basic_secret;
};
/*
 * NULL and the client, or the error_description; *status is then 401
 * (invalid_client), or 400 (invalid_request: parts that contradict).
 */
const char *client_authenticate(const struct client_claim *,
	    struct client *, uint32_t *status);

/* ---- register.c ---- */
void	register_on_msg(struct chan *, struct msg *);

#endif
