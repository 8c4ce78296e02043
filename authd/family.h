/* SPDX-License-Identifier: ISC */
/*
 * family.h: refresh families: which refresh token of a grant is good, what
 * it does to the family, and which access tokens die with it.  Pure.
 */
#ifndef AUTHD_FAMILY_H
#define AUTHD_FAMILY_H

#include <stdint.h>

#include "store.h"

#define SIBLINGS_MAX	64

enum family_verdict {
	FV_ROTATE = 1,		/* current: the family moves on */
	FV_SIBLING,		/* the one before, within the grace */
	FV_LOST,		/* the one before, after the grace, while the
				 * current one is unused: an answer was lost */
	FV_REPLAY		/* older, or cancelled: refuse and revoke */
};

struct family_time {
	int64_t		now_ms;
	uint16_t	era;		/* of the clock, see authd.h */
	int64_t		since_ms;	/* the family last rotated */
	int64_t		grace_ms;
	int64_t		cancel_s;	/* remember cancelled access tokens */
};
/* A fresh family; *serial is of its first token. */
void	family_init(struct family_rec *, int64_t now_ms, uint16_t era,
	    uint32_t *serial);
/*
 * A refresh token of that serial is presented.  Unless FV_REPLAY, f moves on
 * and *out is the serial for the new tokens.
 */
enum family_verdict family_use(struct family_rec *f, uint32_t serial,
	    const struct family_time *, uint32_t *out);
/* Was the access token of that serial cancelled?  1 or 0. */
int	family_cancelled(const struct family_rec *, uint32_t serial);

#endif
