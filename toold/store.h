/* SPDX-License-Identifier: ISC */
/*
 * store.h: the store of keepd-toold as the pipeline sees it: one SQLite
 * file, keepd.db, in toold's own directory.  Transactions, the audit outbox,
 * the memory of requestIds, time limits.  Runs in toold only; nothing here
 * is reached before the pipeline has checked the caller.
 *
 * One connection, one transaction at a time, one thread.  A write is
 *
 *	store_begin(); stages and change; store_outbox_add();
 *	store_request_add(); store_commit();
 *
 * and any other end is store_rollback().  Everything a tool changes, DDL of
 * user tables included, is inside that transaction.  Reads need none.
 *
 * Failures set store_error(), a sentence for the user that says what
 * happened and that nothing was changed; details go to the log.
 */
#ifndef TOOLD_STORE_H
#define TOOLD_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "toold.h"

#define STORE_FILE		"keepd.db"
#define STORE_FORMAT		4		/* user_version of the file */
#define STORE_APPLICATION	0x6b656570	/* "keep", application_id */
#define STORE_TEXT_MAX		(8U << 20)	/* one value or definition */
#define STORE_ROW_MAX		(1U << 20)	/* one row of a user table, as
						 * an answer shows it */
#define STORE_TRIGGER_DEPTH	200		/* of ON DELETE CASCADE */
#define STORE_HEAP_MAX		(256U << 20)	/* SQLite's memory */
#define STORE_REQUEST_S		86400		/* a requestId is remembered */
#define STORE_ANSWER_SOFT	64000		/* bytes of rows, list items or
						 * members that were not asked
						 * for: clients take 25,000
						 * tokens, ids cost most */
#define STORE_ANSWER_MAX	900000		/* and when one was: the
						 * pipeline takes a row */
#define STORE_PROGRESS_OPS	1000		/* between looks at the clock */
#define STORE_POLL_MS		5		/* between calls of the hook */

/*
 * Open or make dir/keepd.db; "" or NULL: a store in memory (tests).  Ends
 * the process with a reason when it cannot: another owner, a newer format,
 * not a store.  Touches the write-ahead log, so that no file need be opened
 * later; call before sandbox_seal().
 */
void	store_open(const char *dir);
/* Checkpoint and close; waiting statements are freed.  May be repeated. */
void	store_close(void);
/* No statement and nothing read is kept: the file is about to be replaced. */
void	store_forget(void);
/* Limits; before the first call defaults hold (2 s, 30 s, 600 s). */
void	store_setconf(const struct msg_conf_toold *);
const struct msg_conf_toold *store_conf(void);
/*
 * Called at most every STORE_POLL_MS while a statement runs: serve authd's
 * channel there, never the store.  Non-zero: stop the work in hand.
 * NULL: nothing.  toold's is pipe_poll().
 */
void	store_sethook(int (*)(void));
/* Called when a transaction has ended: 1 committed, 0 rolled back. */
void	store_onend(void (*)(int committed));
/* At most n pages of 4 KiB; 0: no bound.  SQLite counts whole pages. */
void	store_setquota(unsigned int pages);

int	store_begin(void);		/* 0; -1: see store_error() */
int	store_commit(void);		/* 0; -1: nothing was changed */
void	store_rollback(void);		/* harmless outside a transaction */
int	store_in_tx(void);
/* For a read: the time limit of reads starts now. */
void	store_read_begin(void);
/* "Error saving ...": the last failure, one line, for the user. */
const char *store_error(void);
/* Was the last failure a time limit or the hook's wish: 1 or 0. */
int	store_late(void);
/*
 * Turn the last failure of the store into the call's: TE_LATE, or TE_FAIL,
 * with its text.
 */
enum tool_err	store_fail(struct call *);

/*
 * Outbox: events of changes, numbered upwards without reuse.  add: inside
 * the transaction of the change, sets head.num.  next: the lowest numbered
 * above after: 1, 0 none, -1.  del: those up to a number, in an own
 * transaction (or, when one is open, in that).
 */
int	store_outbox_add(struct event *);
int	store_outbox_next(uint64_t after, struct event *);
int	store_outbox_del(uint64_t upto);

/*
 * requestId, by user.  find: 1 and the first answer appended, 0 if there is
 * none, -1 if it was used with another tool or other arguments, or the store
 * failed; store_error() says which.  add: inside the transaction.
 */
int	store_request_find(const struct caller *, const char *request_id,
	    const char *tool, uint64_t args_hash, struct buf *answer);
int	store_request_add(const struct caller *, const char *request_id,
	    const char *tool, uint64_t args_hash, const struct buf *answer);

/* For keepctl status. */
struct store_stat {
	uint64_t	artifacts;
	uint64_t	tables;
	uint64_t	packages;
	uint64_t	outbox;
	uint64_t	pages;		/* of 4 KiB, the whole file */
	uint64_t	free_pages;
	uint64_t	memory;		/* bytes held by SQLite */
};
int	store_getstat(struct store_stat *);
/*
 * Every row of every table as text in a fixed order, for tests that compare
 * the store before and after.
 */
int	store_dump(struct buf *);

#endif
