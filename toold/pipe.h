/* SPDX-License-Identifier: ISC */
/*
 * pipe.h: the stages of one tools/call, in the one order of toold.h.
 */
#ifndef TOOLD_PIPE_H
#define TOOLD_PIPE_H

#include "handle.h"
#include "tools.h"

#define PIPE_BUDGET_MS	45000		/* clients give up at 60 s */
/* Bytes of one result: the largest row and the names of its columns. */
#define PIPE_OUT_MAX	((1U << 20) + (64U << 10))

enum stage { ST_ROLE, ST_ARGUMENTS, ST_PACKAGE, ST_LOCK, ST_REVISION,
	ST_RULES, ST_HOOKS, ST_CHANGE, ST_COMMIT, ST_MAX };
const char *stage_name(enum stage);

enum pipe_end {
	PIPE_OK,			/* c->out is the result */
	PIPE_ERROR,			/* isError with c->err */
	PIPE_BUSY,			/* nothing was done, try again */
	PIPE_LATER,			/* pipe_again() goes on, in later_ms */
	PIPE_INPUT,			/* nothing yet; c->out asks */
	PIPE_NEEDS,			/* nothing; c->needs says what for */
	PIPE_GONE			/* the handle ended: nothing was done */
};

/* Are users asked before something is destroyed, where clients can. */
void	 pipe_setconfirm(int on);
/*
 * Run a call whose who, args, out, stream, era, can, input and given are
 * set; the rest is filled in here.  Leaves the audit event behind in every
 * case but PIPE_BUSY.
 */
enum pipe_end pipe_run(struct call *, const struct tool_entry *,
	    struct handle *);
/*
 * The same for an import: id is what a new record gets (NULL: a new one);
 * dropped as in struct call.
 */
enum pipe_end pipe_import(struct call *, const struct tool_entry *,
	    struct handle *, const char *id, json_t *dropped);
/* The next turn of a call that ended with PIPE_LATER. */
enum pipe_end pipe_again(struct call *, struct handle *);
/* It will have none: its client or handle is gone. */
void	 pipe_drop(struct call *);
/* authd_poll(), and word to the client that its call goes on. */
int	 pipe_poll(void);
/* Digest of the arguments of a call, whatever the order of their keys. */
uint64_t args_hash(const json_t *);
/* Changes committed since the process started. */
uint64_t pipe_commits(void);

/* An audit record of what the caller did without a tool. */
void	pipe_audit(const struct caller *, const char *method,
	    const char *target, enum audit_outcome, uint64_t began_us);

#endif
