/* SPDX-License-Identifier: ISC */
/*
 * limit.h: all guess and rate counters of keepd, in authd's memory.
 *
 * A counter is one deadline (the generic cell rate algorithm): it allows a
 * burst and then one more every period / burst.  Nothing is locked out for
 * ever, nothing survives a restart, and the memory is bounded: each row of
 * the table in limit.c has a fixed number of cells, and when they run out
 * the cell nearest to being unused is taken.
 *
 * Workers count by the life of their process, not by the generation of their
 * channels: one that was taken over could have new channels at will.
 *
 * Addresses count by prefix: /32 of IPv4, /64 of IPv6.  A peer without an
 * address (Unix socket) is not counted by address.
 */
#ifndef AUTHD_LIMIT_H
#define AUTHD_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "msg.h"

enum limit {
	LIM_REGISTER_ADDR,		/* registrations */
	LIM_REGISTER_WORKER,
	LIM_AUTHORIZE_ADDR,		/* authorize requests */
	LIM_AUTHORIZE_WORKER,
	LIM_TOKEN_CLIENT,		/* token requests: client and prefix */
	LIM_TOKEN_ADDR,
	LIM_REVOKE_ADDR,
	LIM_REFRESH_GRANT,		/* refreshes of one grant */
	LIM_APPROVE_WORKER,		/* approved consents */
	LIM_APPROVE_USER,
	LIM_SIGNIN_USER,		/* wrong passwords */
	LIM_SIGNIN_DEVICE,
	LIM_SIGNIN_ADDR,
	LIM_SIGNIN_WORKER,
	LIM_MAX
};

struct limit_row {
	const char	*name;		/* as in logs and audit records */
	uint32_t	 burst;
	uint32_t	 period_s;	/* in which burst comes back */
	uint32_t	 cells;		/* a multiple of 4 */
};
const struct limit_row *limit_row(enum limit);

/*
 * off: every question is answered with yes ("rate-limits off").
 * approvals: burst of LIM_APPROVE_WORKER for each hour; 0: as in the table.
 * May be called again at a reload; counters are kept.
 */
void	 limit_init(int off, uint32_t approvals);

/* 0: allowed and counted.  Else: not counted, wait so many seconds. */
uint32_t limit_take(enum limit, const void *key, size_t len, struct mono now);
/* The same without counting. */
uint32_t limit_peek(enum limit, const void *key, size_t len, struct mono now);
/* Give back one that limit_take() counted. */
void	 limit_back(enum limit, const void *key, size_t len, struct mono now);

/*
 * The same for the requests as they come: address, worker and client rows
 * together.  client may be NULL.  0 or seconds to wait; when several rows
 * refuse, the longest.  *which, if not NULL, is the row that refused.
 */
enum limit_request { LQ_REGISTER, LQ_AUTHORIZE, LQ_TOKEN, LQ_REVOKE, LQ_MAX };
uint32_t limit_request(enum limit_request, uint64_t life,
	    const struct msg_from *, const char *client, enum limit *which);
/* One refresh of this grant. */
uint32_t limit_refresh(const uint8_t grant[GRANT_LEN]);
/* One approved consent. */
uint32_t limit_approve(uint64_t life, const char *user_id,
	    enum limit *which);

/*
 * A password try.  limit_signin() counts it as wrong beforehand (so that
 * tries under way at once count too); limit_signin_good() takes that back.
 * device: identifier out of a device cookie valid for this user, or NULL;
 * with it only the budget of that device counts, so that a flood of tries
 * from elsewhere does not keep its owner out.
 */
struct limit_try {
	uint64_t	worker;		/* for the records */
	uint64_t	life;		/* what is counted */
	struct msg_from	from;
	char		user[USER_MAX];	/* as typed */
	uint8_t		device[16];
	int		has_device;
};
uint32_t limit_signin(const struct limit_try *, enum limit *which);
void	 limit_signin_good(const struct limit_try *);

/* Prefix of an address: length of the key written, 0 if there is none. */
size_t	 limit_prefix(const struct msg_from *, uint8_t out[9]);

#endif
