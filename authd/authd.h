/* SPDX-License-Identifier: ISC */
/*
 * authd.h: what the files of keepd-authd share.  One process, one thread,
 * one loop; all of it runs as _keepauth without network or fork.
 *
 * A handler's order is always: check the fields (done by msg.c and the
 * handler's first lines), check the limits, check the store, write, audit,
 * and answer from store_after().
 */
#ifndef AUTHD_AUTHD_H
#define AUTHD_AUTHD_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "../common/buf.h"
#include "../common/chan.h"
#include "../common/clock.h"
#include "../common/ev.h"
#include "../common/msg.h"
#include "audit.h"
#include "limit.h"
#include "store.h"
#include "user.h"

#ifndef TAILQ_FOREACH_SAFE		/* glibc has not got it */
#define TAILQ_FOREACH_SAFE(var, head, field, next)			\
	for ((var) = TAILQ_FIRST(head);					\
	    (var) != NULL && ((next) = TAILQ_NEXT(var, field), 1);	\
	    (var) = (next))
#endif
#ifndef LIST_FOREACH_SAFE
#define LIST_FOREACH_SAFE(var, head, field, next)			\
	for ((var) = LIST_FIRST(head);					\
	    (var) != NULL && ((next) = LIST_NEXT(var, field), 1);	\
	    (var) = (next))
#endif

/* ---- scope (scope.c) ---- */

#define SCOPE_TOOLS	1		/* mcp:tools */
#define SCOPE_OPENID	2		/* accepted, and worth nothing */
#define SCOPE_PROFILE	4
#define SCOPE_EMAIL	8
#define SCOPE_OFFLINE	16
/* What to grant for a scope parameter (NULL: none was sent). */
uint32_t scope_parse(const char *);
/* The names of granted bits: out holds SCOPE_MAX. */
void	scope_text(uint32_t, char *out, size_t size);

/* ---- time (authtime.c) ---- */

/* The wall clock, for what begins now; and which era of it this is: each
 * time the clock is put back another one begins.  Records keep theirs. */
int64_t	auth_now(void);
int64_t	auth_now_ms(void);
uint16_t auth_era(void);
/*
 * What the clock of that era would show now: the wall clock for the present
 * one; for an earlier one, what it showed when it was put back plus the time
 * since.  Far ahead when nothing is known of it.
 */
int64_t	auth_judge_ms(uint16_t era);
/* Is a life over that began in that era and ends at that second?  1 or 0. */
int	auth_over(uint16_t era, int64_t ends_s);

/* ---- configuration (authd.c) ---- */

const struct msg_conf_authd *auth_conf(void);
uint32_t auth_flags(void);		/* CONF_ bits */
const char *auth_issuer(void);		/* public-url, byte for byte */
const char *auth_resource(void);
/* Custom schemes allowed in redirect URIs. */
const char *const *auth_schemes(size_t *n);
/* A 32-bit mark of the current resource, kept in each access token's record:
 * tokens of an earlier public-url are not of this server. */
uint32_t resource_tag(void);

/* ---- workers (authd.c) ---- */

struct handle;
TAILQ_HEAD(handle_list, handle);
struct worker {
	TAILQ_ENTRY(worker) entry;
	uint64_t	 generation;	/* its identity; from master only */
	uint64_t	 life;		/* of its process, over generations */
	uint32_t	 slot;
	struct chan	*chan;
	struct handle_list handles;	/* oldest first */
	unsigned int	 nhandles;
	int		 stopped;	/* does not read its answers */
};
TAILQ_HEAD(worker_list, worker);
extern struct worker_list workers;
struct worker *worker_find(uint64_t generation);	/* NULL: gone */
/* The worker behind a listener channel: chan_arg, never a message field. */
struct worker *worker_of(const struct chan *);

/* Channel to toold; NULL while it is away. */
struct chan *auth_toold(void);
/* Nothing more from toold for a moment, unless an answer of it is awaited. */
void	 auth_toold_rest(void);
void	 auth_toold_wake(void);
uint64_t auth_toold_generation(void);
/* Has toold taken our channel (HELLO_ACK)? Nothing is answered before. */
int	auth_ready(void);
/* Tell toold the roles anew (after a change of roles): ROLE rows, ROLES_END. */
void	auth_send_roles(void);

/*
 * Answer a worker behind the turn's commit.  body (size bytes) is copied.
 * When the commit failed, spoil is called on the copy first and turns it
 * into the error answer of its type.  A worker that is gone gets nothing.
 */
void	answer_after(struct worker *, uint32_t type, uint32_t id,
	    const void *body, size_t size, void (*spoil)(void *));
/* Answer at once: only for what depends on no write of this turn. */
void	answer_now(struct worker *, uint32_t type, uint32_t id,
	    const void *body);

/* ---- keys and digests (keys.c) ---- */

enum digest_kind { DK_ACCESS = 1, DK_REFRESH, DK_CODE, DK_SECRET, DK_SESSION,
	DK_COOKIE, DK_DEVICE, DK_IDEM };
/* Newest generation of the digest key, and how many are still known. */
uint32_t digest_gen(void);
/* HMAC-SHA256(digest key gen, kind || text): 0, or -1 if gen is unknown. */
int	digest_make(uint32_t gen, enum digest_kind, const void *, size_t,
	    uint8_t out[DIGEST_LEN]);
/*
 * Look a presented secret up under every known generation: 0 and the record
 * and its key in key[], or -1.
 */
int	digest_find(enum store_db, enum digest_kind, const char *secret,
	    size_t len, void *rec, size_t size, uint8_t key[DIGEST_LEN]);
/* 256 random bits as prefix + base64url; out holds at least 47. */
#define SECRET_TEXT_LEN	46		/* prefix of 3, 43 characters */
void	secret_make(const char *prefix, char *out, size_t size);

/* MAC under a key derived from the seal key: forms, derived codes. */
enum mac_kind { MK_CSRF = 1, MK_CODE, MK_DEVICE };
void	mac_make(enum mac_kind, const void *, size_t,
	    uint8_t out[DIGEST_LEN]);
/*
 * Password records hold HMAC-SHA256(pepper, derived bytes), so that a copy
 * of the store alone cannot even be guessed at.
 */
uint32_t pepper_gen(void);
int	pepper_mac(uint32_t gen, const uint8_t derived[DIGEST_LEN],
	    uint8_t out[DIGEST_LEN]);

/* ---- closing handles (handle.c) ---- */

enum close_result {
	CLOSED_DONE,		/* revoked, durable, acknowledged by toold */
	CLOSED_NOT_DURABLE,	/* acknowledged, but the commit failed: it is
				 * refused until this process ends */
	CLOSED_NO_TOOLD		/* durable, but toold did not come back in
				 * time to say so: ask again */
};
typedef void close_fn(void *arg, enum close_result);

/*
 * design.md 2, step 5.  Called after the caller has put its change into the
 * turn's transaction.  At once: what is named is refused in memory.  After
 * the commit: CLOSE to toold; after its acknowledgement (or its death):
 * done, never from inside this call.  done may be NULL.
 *
 * HC_REVOKE: what is named ends (revoked, disabled, removed, password
 * changed); if the commit fails the refusal in memory stays.
 * HC_CHANGE: rights changed; new handles are opened under the new rights as
 * soon as CLOSE is on its way; if the commit fails the old rights hold.
 */
enum close_mode { HC_REVOKE = 1, HC_CHANGE };
void	handle_close_grant(const uint8_t grant[GRANT_LEN], enum close_mode,
	    close_fn *done, void *arg);
void	handle_close_user(const char *user_id, enum close_mode,
	    close_fn *done, void *arg);
void	handle_close_client(const char *client_id, enum close_mode,
	    close_fn *done, void *arg);
void	handle_close_worker(uint64_t generation, enum close_mode,
	    close_fn *done, void *arg);
void	handle_close_all(enum close_mode, close_fn *done, void *arg);
/* A user whose refused-in-memory mark must go (enabled again, committed). */
void	handle_unrefuse_user(const char *user_id);

/*
 * CTL_OPERATOR: a handle of worker 0 for a user of keepctl.  Makes (or finds)
 * the grant of kind operator, OPENs after the commit, then calls done with
 * the handle; NULL: why says what is wrong.
 */
typedef void operator_fn(void *arg, const uint8_t *handle, const char *why);
void	handle_operator(const char *user_name, operator_fn *, void *arg);

/* ---- grants and clients, for keepctl (grant.c, client.c) ---- */

/*
 * Revoke: marks records, writes the audit records, and takes the path of
 * handle_close.  by: kind, outcome, worker, from, target and detail of the
 * record that each ended grant leaves; grant, user and client are filled in
 * here.  Returns how many live grants were ended; revoke_grant returns -1
 * (and never calls done) when there is no such grant; asking again for a
 * revoked one takes the same path and returns 0.
 */
int	revoke_grant(const uint8_t grant[GRANT_LEN],
	    const struct audit_own *by, close_fn *done, void *arg);
int	revoke_user(const char *user_id, const struct audit_own *by,
	    close_fn *done, void *arg);
int	revoke_client(const char *client_id, const struct audit_own *by,
	    close_fn *done, void *arg);
int	revoke_worker(uint64_t generation, const struct audit_own *by,
	    close_fn *done, void *arg);
int	revoke_since(int64_t since_s, const struct audit_own *by,
	    close_fn *done, void *arg);
int	revoke_all(const struct audit_own *by, close_fn *done, void *arg);
/* Ends the grants, then removes the client: -1 if there is none. */
int	client_remove(const char *client_id, const struct audit_own *by,
	    close_fn *done, void *arg);

int	grant_get(const uint8_t id[GRANT_LEN], struct grant_rec *,
	    struct family_rec *);
enum gi { GI_USER = 'u', GI_CLIENT = 'c', GI_WORKER = 'w', GI_TIME = 't',
	GI_ALL = 'a' };
/*
 * Live grants: GI_ALL (subject NULL), of a user id, of a client id.  Ends
 * when the callback returns non-zero, and returns that.
 */
int	grant_walk(enum gi, const char *subject,
	    int (*)(void *, const struct grant_rec *,
	    const struct family_rec *), void *arg);
/* Has the user, or client, a live grant? */
int	grant_any(enum gi, const char *subject);

struct client {				/* a record with its tail taken apart */
	struct client_rec rec;
	char		 tail[CLIENT_TAIL_MAX];
	const char	*redirect[REDIRECTS_MAX];	/* into tail */
};
int	client_get(const char *id, struct client *);
int	client_walk(int (*)(void *, const struct client *), void *arg);
/*
 * keepctl client add: a pinned client.  secret: out, or NULL for a public
 * one.  NULL, or what is wrong.
 */
const char *client_add(const char *name, const char *const *redirect,
	    unsigned int nredirects, char *secret, size_t secret_size,
	    char id[40]);

/* One line for each key: kind, generation, kid, made; TABs (keys.c). */
int	keys_line(unsigned int index, char *out, size_t size);

/* ---- control socket (ctl.c) ---- */

/* Takes fd, a listening Unix socket from master. */
void	ctl_listen(int fd);

/*
 * What authd.c calls in the files of users, audit, limits: user_start and
 * audit_start when the store is open, audit_stop before the last commit,
 * user_conf, audit_conf and limit_init at each configuration, the *_up,
 * *_down and *_gone functions as channels come and go.
 */

#endif
