/* SPDX-License-Identifier: ISC */
/*
 * store.h: authd's LMDB store.  One file, one owner, one write transaction a
 * turn of the loop, committed by the EV_ORDER_COMMIT hook; nothing that
 * depends on a write leaves the process before its commit (store_after).
 *
 * Reads inside a turn see the turn's writes.  Values are copied out: no
 * pointer into the map survives a call.  Every record starts with its
 * version byte and has an exact size; store_get() compares it.
 *
 * Errors: a put that fails (disk, map) makes the whole turn fail; the caller
 * goes on as if it had worked and hears of it in its store_after callback.
 * So a handler checks everything first, then writes, then asks to be told.
 */
#ifndef AUTHD_STORE_H
#define AUTHD_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "../common/msg.h"

#define STORE_VALUE_MAX	16384
#define STORE_KEY_MAX	128

/* The databases; their names and what the keys are stand in store.c. */
enum store_db {
	DB_META,		/* text -> bytes */
	DB_USERS,		/* user id -> struct user (user.h), cut */
	DB_USER_NAMES,		/* folded name -> user id (char[40]) */
	DB_ROLES,		/* role id -> struct role (user.h) */
	DB_ROLE_NAMES,		/* folded name -> role id (char[40]) */
	DB_CLIENTS,		/* client id -> struct client_rec + tail */
	DB_CLIENT_IDEM,		/* digest of a registration -> client id */
	DB_CLIENT_UNUSED,	/* BE expiry, client id -> nothing */
	DB_GRANTS,		/* grant id -> struct grant_rec */
	DB_FAMILIES,		/* grant id -> struct family_rec */
	DB_GRANT_INDEX,		/* enum gi, subject, grant id -> nothing */
	DB_ACCESS,		/* digest -> struct access_rec */
	DB_REFRESH,		/* digest -> struct refresh_rec */
	DB_CODES,		/* digest -> struct code_rec */
	DB_SESSIONS,		/* digest -> struct session_rec + tail */
	DB_CONSUMED,		/* txn of a used pending -> BE expiry */
	DB_EXPIRY,		/* BE seconds, counter -> struct expiry_rec */
	DB_AUDIT,		/* BE number -> audit record (audit.c) */
	DB_MAX
};

/*
 * ---- records: version first, padding explicit and zero ----
 * era: of the clock in which the record was made (auth_era).
 */

#define CR_PUBLIC	1			/* no secret */
#define CR_PINNED	2			/* by keepctl: never evicted */
#define CLIENT_REC_V	1
struct client_rec {	/* tail: nredirects strings, each with its NUL */
	uint8_t		v;
	uint8_t		zero[3];
	uint32_t	flags;			/* CR_ bits */
	uint32_t	auth_method;		/* enum auth_method */
	uint32_t	grant_types;		/* GT_ bits */
	uint32_t	nredirects;
	uint32_t	redirects_len;		/* bytes of the tail */
	uint32_t	digest_gen;		/* of secret and idem */
	uint16_t	era;			/* of created_s */
	uint16_t	zero2;
	char		id[40];
	char		name[NAME_MAX_LEN];
	uint8_t		secret[DIGEST_LEN];	/* digest; zero if public */
	uint8_t		idem[DIGEST_LEN];	/* its key in CLIENT_IDEM */
	int64_t		secret_expires_s;
	int64_t		created_s;
	int64_t		used_s;
	int64_t		unused_key_s;		/* its key in CLIENT_UNUSED,
						 * 0: not listed there */
};
#define CLIENT_TAIL_MAX	(REDIRECTS_MAX * URI_MAX)

enum grant_kind { GK_OAUTH = 1, GK_OPERATOR };
enum grant_state { GS_LIVE = 1, GS_REVOKED };
#define GF_READ_ONLY	1
#define GRANT_REC_V	1
struct grant_rec {
	uint8_t		v;
	uint8_t		kind;			/* enum grant_kind */
	uint8_t		state;			/* enum grant_state */
	uint8_t		zero;
	uint32_t	flags;			/* GF_ bits */
	uint32_t	scope;			/* SCOPE_ bits (authd.h) */
	uint32_t	npackages;		/* 0: all of the user's */
	uint16_t	era;			/* of created_s */
	uint16_t	zero2[3];
	uint8_t		id[GRANT_LEN];
	char		user_id[40];
	char		client_id[40];
	uint64_t	worker;			/* generation that carried it */
	int64_t		created_s;
	int64_t		end_s;			/* absolute end */
	int64_t		revoked_s;		/* 0: not */
	char		redirect[URI_MAX];
	char		package[16][40];
};

#define CANCEL_RANGES	8
#define FAMILY_REC_V	1
/*
 * The part of a grant that every refresh rewrites.  Tokens of a family are
 * numbered by serial; the current generation is [cur, next), the one before
 * it [prev, prev_end).  See token.c for the rules.
 */
struct family_rec {
	uint8_t		v;
	uint8_t		zero;
	uint16_t	era;			/* of rotated_ms */
	uint32_t	generation;		/* shown to people */
	uint32_t	cur, next;
	uint32_t	prev, prev_end;
	uint32_t	graced;			/* uses inside the grace */
	uint32_t	nranges;
	int64_t		rotated_ms;		/* when cur began */
	int64_t		used_s;			/* last issue */
	int64_t		until_s;		/* its last token ends then */
	uint64_t	worker;			/* carried the last refresh */
	struct {				/* access tokens cancelled */
		uint32_t	from, to;
		int64_t		until_s;	/* may be forgotten then */
	} range[CANCEL_RANGES];
};

#define AR_REVOKED	1
#define ACCESS_REC_V	1
struct access_rec {
	uint8_t		v;
	uint8_t		zero;
	uint16_t	era;
	uint32_t	flags;			/* AR_ bits */
	uint32_t	digest_gen;
	uint32_t	serial;			/* in its family */
	uint32_t	scope;			/* SCOPE_ bits */
	uint32_t	audience;		/* resource_tag() of its aud */
	uint8_t		grant[GRANT_LEN];
	int64_t		issued_s;
	int64_t		expires_s;
};

#define REFRESH_REC_V	1
struct refresh_rec {
	uint8_t		v;
	uint8_t		zero;
	uint16_t	era;
	uint32_t	digest_gen;
	uint32_t	serial;
	uint32_t	zero2;
	uint8_t		grant[GRANT_LEN];
	int64_t		issued_s;
	int64_t		expires_s;
};

#define KF_REDEEMED	1			/* grant is what it gave */
#define KF_URI_GIVEN	2		/* redirect_uri was in the request */
#define CODE_REC_V	1
struct code_rec {
	uint8_t		v;
	uint8_t		zero;
	uint16_t	era;
	uint32_t	flags;			/* KF_ bits */
	uint32_t	digest_gen;
	uint32_t	scope;
	uint32_t	grant_flags;		/* GF_ bits to give it */
	uint32_t	zero2;
	uint8_t		grant[GRANT_LEN];
	char		user_id[40];
	char		client_id[40];
	uint64_t	worker;			/* that carried the approval */
	int64_t		created_s;
	int64_t		expires_s;
	uint8_t		challenge[DIGEST_LEN];	/* decoded S256 */
	char		redirect[URI_MAX];
};

enum session_state { SS_OPEN = 1, SS_APPROVED, SS_DENIED };
#define SESSION_REC_V	1
struct session_rec {	/* tail: redirect NUL state NUL */
	uint8_t		v;
	uint8_t		state;			/* enum session_state */
	uint16_t	era;
	uint32_t	flags;			/* KF_URI_GIVEN */
	uint32_t	digest_gen;
	uint32_t	scope;
	uint32_t	zero2;
	uint32_t	options;		/* as approved */
	uint32_t	redirect_len;		/* with NUL */
	uint32_t	state_len;		/* with NUL; 0: none sent */
	uint8_t		txn[16];
	char		user_id[40];
	char		client_id[40];
	uint64_t	worker;
	int64_t		created_s;
	int64_t		expires_s;
	int64_t		decided_ms;
	uint8_t		challenge[DIGEST_LEN];
};

/* What the sweep removes: a key of one of the databases. */
#define EXPIRY_REC_V	1
struct expiry_rec {
	uint8_t		v;
	uint8_t		db;			/* enum store_db */
	uint8_t		keylen;
	uint8_t		zero;
	uint8_t		key[40];
};

/* ---- opening ---- */

/*
 * Open (or make) DIR/store.mdb and take its lock.  map_mb: first size of the
 * map.  Ends the process when the store cannot be had, is held by another
 * process, or is of a newer format.
 */
void	store_open(const char *dir, uint32_t map_mb);
/* Commit what is open, close. */
void	store_close(void);

/* ---- reading ---- */

/* Copies the record if its size and version byte fit: 0; -1: none. */
int	store_get(enum store_db, const void *key, size_t keylen,
	    void *rec, size_t size);
/* For records with a tail or of free form: length, or -1 (none, too long). */
long	store_get_any(enum store_db, const void *key, size_t keylen,
	    void *out, size_t cap);
int	store_has(enum store_db, const void *key, size_t keylen);
/* Number of records, from LMDB's own count: constant time. */
uint64_t store_count(enum store_db);

/*
 * Walk keys that begin with prefix, in order, from the key `from` on (NULL:
 * the first); backwards if `back` (then from the last key, `from` unused).
 * The callback gets copies that live during the call and may write; it
 * returns 0 to go on, anything else ends the walk and is returned.
 */
typedef int store_walk_fn(void *arg, const void *key, size_t keylen,
	    const void *val, size_t vallen);
int	store_walk(enum store_db, const void *prefix, size_t prefixlen,
	    const void *from, size_t fromlen, int back,
	    store_walk_fn *, void *arg);

/* ---- writing ---- */

/*
 * May ordinary writes be taken?  0, or -1 when the disk is nearly full (the
 * reserve is kept for revocations and removals): answer 503, say so.
 */
int	store_writable(void);
void	store_put(enum store_db, const void *key, size_t keylen,
	    const void *val, size_t vallen);
/* The same for keys that grow (audit, expiry): fills pages completely. */
void	store_append(enum store_db, const void *key, size_t keylen,
	    const void *val, size_t vallen);
void	store_del(enum store_db, const void *key, size_t keylen);
/* Let the sweep remove this key at that time (seconds, auth_now). */
void	store_expire(int64_t when_s, enum store_db, const void *key,
	    size_t keylen);

/* Has this turn written? */
int	store_dirty(void);
/*
 * Called after the turn's commit, in the order of registration: ok is 1 when
 * everything of the turn is durable, 0 when nothing of it is.  With nothing
 * written, it is called with 1 at the end of the turn all the same.  The
 * callback may write: that belongs to a next commit.
 */
typedef void store_after_fn(void *arg, int ok);
void	store_after(store_after_fn *, void *arg);
/* Commit now (start-up and orderly end only): 0 or -1. */
int	store_commit(void);

/* ---- formats: store_format.c ---- */

/*
 * The number of the records' format.  A store of an earlier one is copied to
 * DIR/store.mdb.format-N, then each step from N on is done in one turn with
 * the new number, so that a kill leaves the old store or the new one.  steps
 * are those of store_steps.c: ended by a row without a function.
 */
struct store_step {
	uint32_t	from;		/* to from + 1 */
	int		(*fn)(void);	/* 0, or -1: the store stays */
};
extern const uint32_t		 store_format;
extern const struct store_step	 store_steps[];
void	store_format_check(const char *dir);
/* The file as it was committed last, to a descriptor: 0 or -1. */
int	store_copy(int fd);

/* ---- a whole store, for backup.c ---- */

const char *store_db_name(enum store_db);
/* DB_MAX if there is none of that name. */
enum store_db store_db_find(const char *name, size_t len);
/*
 * Replace everything in one transaction: begin empties the store (in that
 * transaction only), put adds, end commits or gives it all up.  Nothing else
 * may be done with the store in between.  size: bytes about to come, so that
 * the map is made large enough.  0, or -1 (logged): call end(0).
 */
int	store_load_begin(uint64_t size);
int	store_load_put(enum store_db, const void *key, size_t keylen,
	    const void *val, size_t vallen);
int	store_load_end(int commit);

/* ---- for status ---- */
struct store_stat {
	uint64_t	commits, failed, grown;
	uint64_t	used_bytes, map_bytes, reserve_bytes;
	int		low;			/* refusing ordinary writes */
};
void	store_stat(struct store_stat *);

/* Big-endian numbers for keys that sort. */
void	be64_put(uint8_t out[8], uint64_t);
uint64_t be64_get(const uint8_t in[8]);

#endif
