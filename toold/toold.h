/* SPDX-License-Identifier: ISC */
/*
 * toold.h: what the parts of keepd-toold share: who calls (struct caller),
 * one call under way (struct call), a tool's row (struct tool), the stages
 * of the pipeline and the helpers with which a stage says what is wrong.
 *
 * Order of the stages, the same for every tool:
 *
 *   role        the tool's permission at its level (pipe.c, from the row)
 *   arguments   the tool's JSON Schema (pipe.c, schema.c)
 *   package     row.package: find the stored record, check its package,
 *               then the target package; both must allow
 *   lock        row.lock: somebody else's edit lock
 *   revision    row.revision: expectedRevision against the stored one
 *   rules       row.rules: semantic rules of the artifact
 *   hooks       row.hooks: before-save hooks
 *   change      row.fn: does it and appends the answer to c->out
 *
 * The stages of a tool that writes run inside one transaction: pipe.c calls
 * store_begin() before `package', adds the audit row and the remembered
 * answer of a requestId after `change', asks once more whether the handle
 * still lives, then store_commit().  Any other end is store_rollback(), and
 * so is every dry run.  A NULL stage is passed over.  Stages hand their
 * findings on in c->state.
 *
 * What may not be seen must look like what does not exist, so `package'
 * comes before all that could tell the two apart.
 */
#ifndef TOOLD_TOOLD_H
#define TOOLD_TOOLD_H

#include <sys/types.h>

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/buf.h"
#include "../common/clock.h"
#include "../common/msg.h"
#include "../common/perm.h"

/* ---- who calls ---- */

/*
 * A grant handle's user as authd described it in MSG_OPEN: fixed while the
 * handle lives, valid until the call that got it returns.  All ids are lower
 * case.  Never build one from anything a listener sent.
 */
struct caller {
	const char	*user_id;
	const char	*user;			/* name, for locks and stamps */
	const char	*client_id;		/* "" from the control socket */
	const char	*default_package;	/* id, "" if none */
	uint8_t		 grant[GRANT_LEN];
	uint32_t	 display;		/* PERM_BIT masks */
	uint32_t	 edit;			/* within display */
	int		 global_admin;
	int		 read_only;		/* the grant, or this call */
	int		 operator;		/* keepctl, control socket */
	unsigned int	 nroles;
	const char	(*role)[40];		/* ids, sorted */
	unsigned int	 npackages;		/* grant's subset, 0: all */
	const char	(*package)[40];		/* ids, sorted */
	/*
	 * The store's own notes about this caller (what the packages allow),
	 * made at first use and freed with the handle by view_free.
	 */
	void		**view;
	void		(**view_free)(void *);
};

/* Does the caller hold the role with this id (any case): 1 or 0. */
int	 caller_has_role(const struct caller *, const char *id);
/* Is this package id inside the grant's subset ("": no package): 1 or 0. */
int	 caller_in_subset(const struct caller *, const char *id);

/* Roles as authd lists them (id or name, any case). */
int	 role_known(const char *id);
const char *role_name(const char *id);		/* NULL if unknown */
const char *role_id(const char *name);		/* NULL if unknown */

/* ---- one call ---- */

enum tool_err {
	TE_OK,
	TE_FAIL,	/* isError result with c->err */
	TE_DENIED,	/* the same, audited as denied: a right is missing */
	TE_INVALID,	/* the same, audited as invalid: the arguments */
	TE_BUSY,	/* nothing was done; the client is told to come back */
	TE_LATE,	/* interrupted by a time limit; c->err says which */
	TE_LATER,	/* fn runs again: only by return (call_later(c, ms)) */
	TE_INPUT,	/* the user is asked: only by call_input() */
	TE_NEEDS	/* the client lacks what c->needs names (CC_) */
};

/* What a client said it can. */
#define CC_ELICITATION	1	/* ask its user, by a form */
#define CC_SAMPLING	2
#define CC_ROOTS	4

struct tool;
struct stream;
struct era_row;
struct call {
	const struct caller *who;
	const struct tool *tool;
	json_t		*args;		/* borrowed; schema-checked object */
	struct buf	*out;		/* fn appends one JSON object's text */
	int		 dry_run;	/* will be rolled back; say what would
					 * change. pipe.c adds "dryRun":true */
	const char	*request_id;	/* NULL: none. pipe.c deals with it */
	int64_t		 now_ms;	/* wall clock of this call */
	char		 err[1024];	/* names the field, role or setting */
	char		 target[AUDIT_TARGET_MAX];	/* audit: id or name */
	char		 detail[AUDIT_DETAIL_MAX];	/* audit: what */
	/* How often fn ran before, and what the client answered since. */
	unsigned int	 turn;
	json_t		*reply;		/* of call_ask(): result or error */
	int		 reply_failed;	/* it is the error, or NULL */
	int		 late;		/* no more time: answer now */
	struct stream	*stream;	/* stream.h; NULL: cannot be told of */
	unsigned int	 later_ms;
	uint64_t	 began_us;
	const struct era_row *era;
	unsigned int	 can;		/* CC_ bits of this request */
	unsigned int	 needs;
	const json_t	*input;		/* answers by key; NULL: none */
	const char	*given;		/* state of call_input(), or "" */
	char		 ask_state[128];
	int		 raw;		/* out holds members of the result */
	/*
	 * Of an import (keepctl): the id that a new record gets, and a list
	 * for the paths of references that name nothing here: they are left
	 * out then.  NULL: as ever.
	 */
	const char	*import_id;
	json_t		*dropped;
	/* Findings of the stages; freed by pipe.c at the end of the call. */
	void		*state;
	void		(*state_free)(void *);
};

/* Say what is wrong and return the verdict: return (call_fail(c, ...)); */
enum tool_err	 call_fail(struct call *, const char *, ...)
		    __attribute__((__format__(printf, 2, 3)));
enum tool_err	 call_denied(struct call *, const char *, ...)
		    __attribute__((__format__(printf, 2, 3)));
/* "Input validation error: PATH TEXT", path such as table.fields.0.id */
enum tool_err	 call_invalid(struct call *, const char *path,
		    const char *, ...)
		    __attribute__((__format__(printf, 3, 4)));
/*
 * Ask the client's user before going on: out holds the text of an object,
 * keys to requests ({"method":..,"params":..}), only such as the client can.
 * The tool runs again from the start, in a new transaction, with the answers
 * in c->input and this state (up to 127 bytes) in c->given.
 */
enum tool_err	 call_input(struct call *, const char *state);
/* For the audit record; control characters and overlong ends are dropped. */
void		 call_target(struct call *, const char *);
void		 call_detail(struct call *, const char *, ...)
		    __attribute__((__format__(printf, 2, 3)));

/*
 * Events before the result (stream.h).  0: on their way; -1: left out,
 * because the client did not ask for them or takes none; a tool goes on
 * either way.  params and data are JSON text on one line.
 */
int		 call_event(struct call *, const char *method,
		    const char *params);
int		 call_progress(struct call *, double progress, double total,
		    const char *message);
/* level: enum stream_level; logger may be NULL. */
int		 call_log(struct call *, int level, const char *logger,
		    const char *data);
/*
 * A tool that does not write may stop and go on in a later turn of the loop:
 * return (call_later(c, 50)) makes its fn run again in 50 ms, with turn one
 * higher, the same args and state, and an empty out.  When the client or its
 * handle goes away meanwhile, state is freed and fn runs no more.  Ends
 * with TE_FAIL where it cannot be (a batch, keepctl, too many already).
 */
enum tool_err	 call_later(struct call *, unsigned int ms);
/*
 * Let the stream of the call end while the call goes on: the client comes
 * back for the answer (stream_detach).  Not before the second turn.
 */
int		 call_detach(struct call *);
/*
 * Ask the client (elicitation/create, sampling/createMessage; handshake
 * revisions, and only with a client that said it can): 0 or -1.  Not before
 * the second turn: return (call_later(c, 0)) first.  Follow it with
 * return (call_later(c, 45000)); fn runs again with reply set, or late.
 */
int		 call_ask(struct call *, const char *method,
		    const char *params);

/*
 * Let authd's channel be served while something long runs: the progress
 * handler of SQLite calls it.  Returns 1 when the work in hand must stop
 * (its handle was closed, or its time is over), else 0.
 */
int		 authd_poll(void);

/* ---- tools ---- */

typedef enum tool_err tool_fn(struct call *);

#define TA_READ_ONLY	1		/* annotations: readOnlyHint ... */
#define TA_DESTRUCTIVE	2
#define TA_IDEMPOTENT	4
#define TA_CONFIRM	8		/* its user is asked first, if it can */

#define TL_DISPLAY	1		/* level the tool needs of its perm */
#define TL_EDIT		2

struct tool {
	const char	*name;		/* [a-z0-9_]{1,48} */
	const char	*title;
	const char	*description;	/* for a model: what, when, limits */
	enum perm	 perm;
	uint32_t	 any;		/* PERM_BITs of which one will do too;
					 * fn then checks the one that counts */
	int		 level;		/* TL_; 0 does not build */
	unsigned int	 annotations;	/* TA_ bits */
	int		 writes;	/* runs in a transaction */
	const char	*input_schema;	/* texts; rules: tools.c */
	const char	*output_schema;
	tool_fn		*package;	/* stages; NULL: nothing to check */
	tool_fn		*lock;
	tool_fn		*revision;
	tool_fn		*rules;
	tool_fn		*hooks;
	tool_fn		*fn;		/* never NULL */
};

/*
 * Members of the input schema's "properties" that every tool that writes
 * has, with a comma in front.
 */
#define SCHEMA_WRITE_PROPS						\
	",\"dryRun\":{\"type\":\"boolean\",\"description\":"		\
	"\"Say what would change, change nothing.\"}"			\
	",\"requestId\":{\"type\":\"string\",\"minLength\":1,"		\
	"\"maxLength\":64,\"description\":\"A call repeated with the "	\
	"same one gets the first answer.\"}"
/* The same for the output schema, where pipe.c may add it. */
#define SCHEMA_DRY_RUN_OUT						\
	",\"dryRun\":{\"type\":\"boolean\"}"

/* Groups, each ended by a row without a name. */
extern const struct tool table_tools[];
extern const struct tool row_tools[];
extern const struct tool pkg_tools[];
extern const struct tool lock_tools[];
extern const struct tool revision_tools[];

/* ---- what is asked of store.h ---- */

/*
 * An audit event as it waits in the outbox or in the queue of reads.
 * Texts are UTF-8 without control characters and hold no secret.
 */
struct event {
	struct audit_event head;	/* lengths are filled in when sent */
	char		 tool[64];
	char		 target[AUDIT_TARGET_MAX];
	char		 detail[AUDIT_DETAIL_MAX];
};

/*
 * store.h declares at least:
 *
 *   void store_open(const char *dir);	 fatal when it cannot
 *   void store_close(void);
 *   void store_setconf(const struct msg_conf_toold *);
 *   int  store_begin(void);		 0; -1: c->err text in store_error()
 *   int  store_commit(void);		 0; -1: nothing was changed
 *   void store_rollback(void);
 *   const char *store_error(void);	 "Error saving ..." for the user
 *   int  store_outbox_add(struct event *);	 sets head.num; -1
 *   int  store_outbox_next(uint64_t after, struct event *);  1, 0 none, -1
 *   int  store_outbox_del(uint64_t upto);	 0, -1 (own transaction)
 *   int  store_request_find(const struct caller *, const char *request_id,
 *	      const char *tool, uint64_t args_hash, struct buf *answer);
 *					 1 found, 0 none, -1 other arguments
 *   int  store_request_add(const struct caller *, const char *request_id,
 *	      const char *tool, uint64_t args_hash, const struct buf *answer);
 */

#endif
