/* SPDX-License-Identifier: ISC */
/*
 * audit.h: the audit records.  They lie in the LMDB store under increasing
 * numbers and are only ever added, read, and removed at the end of their
 * retention.  No record holds a secret.
 *
 * Own events are added in the transaction of the decision.  Events of toold
 * come in batches; user and client are looked up here by the grant, never
 * taken from toold, and an event of a grant that does not exist is recorded
 * as toold's violation.  Reads are gathered and committed within 100 ms.
 */
#ifndef AUTHD_AUDIT_H
#define AUTHD_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "chan.h"
#include "msg.h"

#define AUDIT_TOOL_MAX	64

/* An own event.  Pointers are borrowed; NULL or 0: does not apply. */
struct audit_own {
	enum audit_kind	 kind;
	enum audit_outcome outcome;
	uint64_t	 worker;	/* generation it came through */
	const struct msg_from *from;
	const uint8_t	*grant;		/* GRANT_LEN bytes */
	const char	*user_id;
	const char	*user;		/* name */
	const char	*client_id;
	const char	*target;	/* what it was done to */
	const char	*detail;
};

#define AUDIT_GATHER_MS	80	/* what can wait is committed after this */
#define AUDIT_REFUSALS_MS 60000	/* refusals are counted so long */

/* Databases are open: read the last number, start the timers. */
void	 audit_start(uint32_t keep_days);
void	 audit_conf(uint32_t keep_days);
/* Orderly end: gathered reads and aggregates go into the last transaction. */
void	 audit_stop(void);

/* Add to the transaction of this turn. */
void	 audit_add(const struct audit_own *);
/*
 * The same with the reads, within 100 ms: for refusals whose answer must not
 * wait for a commit.
 */
void	 audit_later(const struct audit_own *);
/*
 * A refusal without a known subject: counted, one record a minute for each
 * kind, reason and address prefix.  why is a constant text.
 */
void	 audit_refused(enum audit_kind, enum audit_outcome,
	    const struct msg_from *, const char *why);

/* Handler of MSG_AUDIT; acknowledged after the commit. */
void	 audit_on_batch(struct chan *, struct msg *);
/* toold's channel ended: nothing more is acknowledged on it. */
void	 audit_peer_gone(struct chan *);
/* Forget what is remembered of a grant (it was removed). */
void	 audit_forget_grant(const uint8_t grant[GRANT_LEN]);

/* The store was replaced: number on behind its last record. */
void	 audit_restored(void);

/* Records stored since start, for MSG_STAT. */
uint64_t audit_count(void);

/* ---- reading, for the control socket ---- */

struct audit_item;			/* audit_rec.h */
/* A place between two events. */
struct audit_place {
	uint64_t	 key;		/* of the value it is in */
	unsigned int	 skip;		/* events of it that lie before */
};
/* Before the last n events, or at the end (0). */
void	 audit_tail(uint64_t n, struct audit_place *);
/*
 * At most max events from the place on, which moves behind them: fn for
 * each.  Returns how many there were.
 */
unsigned int audit_read(struct audit_place *, unsigned int max,
	    void (*fn)(const struct audit_item *, void *), void *arg);
/* What is gathered goes into this turn, so that a reader sees it. */
void	 audit_sync(void);
/* Called after each commit that stored events; NULL: nobody. */
void	 audit_watch(void (*fn)(void));

#endif
