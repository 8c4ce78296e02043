/* SPDX-License-Identifier: ISC */
/*
 * audit_gather.h: between audit.c, which gathers and stores, and
 * audit_toold.c, which judges what toold sends.
 */
#ifndef AUTHD_AUDIT_GATHER_H
#define AUTHD_AUDIT_GATHER_H

#include <stddef.h>
#include <stdint.h>

#include "../common/buf.h"
#include "audit_rec.h"

/* Key in DB_META of an event of toold's outbox. */
#define OUTBOX_NAME	"outbox"
#define OUTBOX_NAMELEN	6
#define OUTBOX_KEYLEN	(OUTBOX_NAMELEN + 8 + 8)	/* number, hash */

/* Key in DB_META of the newest batch of toold's that is stored, be64. */
#define BATCH_NAME	"audit batch"
#define BATCH_NAMELEN	11

/* What follows when the gathered events are stored. */
struct gather_after {
	struct chan	*peer;		/* to acknowledge to, or NULL */
	uint64_t	 batch, num;
	size_t		 credit;	/* bulk bytes to give back */
	struct buf	 outbox;	/* keys to store with them */
};

extern struct audit_value	gather;
extern struct gather_after	gather_after;
extern uint32_t			gather_seal;	/* number of this value */

/* Close the value that is gathered, begin the next. */
void	 gather_close(void);
/* See to all of it within 100 ms, or (gather_flush) in this turn. */
void	 gather_due(void);
void	 gather_flush(void);
/* Is this outbox key among those that wait for their commit? */
int	 gather_has_outbox(const uint8_t key[OUTBOX_KEYLEN]);
void	 gather_peer_gone(struct chan *);

/* audit_toold.c: the store is open; nothing was taken yet. */
void	 batch_start(void);

/* audit_read.c */
uint64_t audit_next_number(void);	/* from the store */
void	 audit_prune_start(uint32_t keep_days);

#endif
