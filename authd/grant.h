/* SPDX-License-Identifier: ISC */
/*
 * grant.h: grants and the tokens under them, inside authd.  What keepctl
 * needs of it is in authd.h.
 */
#ifndef AUTHD_GRANT_H
#define AUTHD_GRANT_H

#include "authd.h"

/* ---- grant.c ---- */

/* How long a client stays that nobody has ever approved, and one whose last
 * grant ended. */
#define CLIENT_FRESH_S	86400
#define CLIENT_IDLE_S	(30 * 86400)
#define OPERATOR_S	((int64_t)10 * 365 * 86400)

/* Fills g from a code and puts it and its index entries. */
void	grant_create(struct grant_rec *g, const struct code_rec *, int64_t now,
	    int64_t end_s);
/* The grant under which keepctl of that user works. */
void	grant_operator(const char *user_id, struct grant_rec *);
/* A later worker carries the family: revoke --worker finds it by both. */
void	grant_carried(const struct grant_rec *, uint64_t before,
	    uint64_t now);
/* The sweep: the last token is over, or not yet. */
void	grant_sweep(const uint8_t id[GRANT_LEN], int64_t now);

/* ---- token.c ---- */

struct issue {
	const struct grant_rec	*grant;
	struct family_rec	*family;
	uint32_t		 serial;
	uint32_t		 scope;		/* of this access token */
	int			 refresh;	/* give a refresh token */
	uint64_t		 worker;
	int64_t			 now;
};
/*
 * Make the tokens, put their records and the family, fill the answer (200).
 * -1 if signing failed: then nothing was written.
 */
int	token_issue(const struct issue *, struct msg_token_answer *);

#endif
