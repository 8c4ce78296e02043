/* SPDX-License-Identifier: ISC */
/*
 * oauth.h: the handlers of listeners' OAuth messages, and what they share.
 * Inside authd.
 */
#ifndef AUTHD_OAUTH_H
#define AUTHD_OAUTH_H

#include "authd.h"
#include "client.h"
#include "seal.h"

void	authorize_on_msg(struct chan *, struct msg *);
void	signin_on_msg(struct chan *, struct msg *);
void	signin_worker_gone(uint64_t generation);
void	consent_view_on_msg(struct chan *, struct msg *);
void	consent_on_msg(struct chan *, struct msg *);
void	token_on_msg(struct chan *, struct msg *);
void	revoke_on_msg(struct chan *, struct msg *);

/* ---- redirect.c ---- */

/*
 * The redirect of RFC 6749 4.1.2 with RFC 9207's iss: code, or error and its
 * description.  state NULL: none was sent.  0, or -1: too long.
 */
struct redirect {
	const char	*uri, *code, *error, *description, *state;
};
int	redirect_build(const struct redirect *, char *out, size_t size);
/* What the pages show of a request. */
void	page_fill(struct page_info *, const struct client *,
	    const char *redirect, uint32_t scope);

/*
 * The value of a form: a MAC over the action, the transaction and the
 * cookie or session that may take the action.  out holds 48.
 */
enum form_action { FA_SIGNIN = 1, FA_CONSENT };
void	csrf_make(enum form_action, const uint8_t txn[TXN_LEN],
	    const char *secret, char out[48]);
int	csrf_ok(enum form_action, const uint8_t txn[TXN_LEN],
	    const char *secret, const char *given);

/* ---- session.c ---- */

struct session {			/* a record with its tail apart */
	struct session_rec rec;
	char		 redirect[URI_MAX];
	char		 state[STATE_MAX];
	uint8_t		 key[DIGEST_LEN];
};
/* A new one for a pending that was signed in to: text holds 48. */
void	session_make(const struct pending *, const char *user_id,
	    uint64_t worker, char text[48]);
/* The session of a cookie and transaction, unexpired: 0, or -1. */
int	session_find(const char *text, const char *txn, struct session *);
void	session_put(const struct session *);

#endif
