/* SPDX-License-Identifier: ISC */
/*
 * user.h: users, roles and passwords.  Records lie in the LMDB store:
 * "user" by id, "username" by folded name, "role" and "rolename" likewise.
 *
 * A password is kept as HMAC-SHA256(pepper, scrypt(password, salt)); scrypt
 * is done by keepd-pwhash, which sees neither pepper nor verifier.
 */
#ifndef AUTHD_USER_H
#define AUTHD_USER_H

#include <stddef.h>
#include <stdint.h>

#include "chan.h"
#include "msg.h"

#define USER_DISABLED	1
#define USER_FLAGS_ALL	1

#define USER_REC_V	1
struct user {			/* as stored, cut behind role[nroles] */
	uint8_t		v;
	uint8_t		zero[3];
	uint32_t	flags;		/* USER_ bits */
	uint32_t	epoch;		/* moves when the password changes and
					 * when disabled: sign-in sessions and
					 * codes of an earlier one are void */
	uint32_t	zero2;
	char		id[40];		/* UUID */
	char		name[USER_MAX];
	char		package[40];	/* default package or "" */
	int64_t		created;	/* wall seconds */
	int64_t		password_at;
	int64_t		signin_at;	/* last good one */
	int64_t		failed_at;
	uint32_t	failed;		/* wrong tries since the last good */
	uint32_t	ln, r, p;	/* scrypt */
	uint32_t	pepper;		/* generation of the pepper */
	uint32_t	nroles;
	uint8_t		salt[16];
	uint8_t		verifier[DIGEST_LEN];
	char		role[ROLES_MAX][40];	/* ids */
};

#define ROLE_GLOBAL	1		/* Global Admin */
#define ROLE_FLAGS_ALL	1
#define ROLE_REC_V	1
struct role {
	uint8_t		v;
	uint8_t		zero[3];
	uint32_t	flags;		/* ROLE_ bits */
	char		id[40];
	char		name[NAME_MAX_LEN];
	char		description[256];
	int64_t		created;
	uint32_t	display;	/* PERM_ bits; Edit implies Display */
	uint32_t	edit;
};

/* Databases are open; the built-in roles are made if there is no role. */
void	 user_start(uint32_t scrypt_ln);
void	 user_conf(uint32_t scrypt_ln);

/* 0 and the record, or -1. */
int	 user_get(const char *id, struct user *);
int	 user_lookup(const char *name, struct user *);	/* ASCII case folded */
int	 role_get(const char *id, struct role *);
int	 role_lookup(const char *name, struct role *);
/* For each role: fn until it returns non-zero. */
void	 role_each(int (*fn)(const struct role *, void *), void *arg);
/*
 * What a user may do, out of the roles held now: user_id, user, roles,
 * masks, default_package, OF_GLOBAL_ADMIN.  Other fields are left alone.
 * -1: no such user, or disabled.
 */
int	 user_perms(const char *id, struct msg_open *);
uint64_t user_count(void);

/* Write into the turn's transaction: the caller has checked everything. */
void	 user_put(struct user *);
void	 user_del(const struct user *);
void	 role_put(struct role *);
/* Users keep the id of a removed role: it is never used again, and counts
 * for nothing. */
void	 role_del(const struct role *);
/* Fill a new record, id and times too: NULL, or what is wrong. */
const char *user_init(struct user *, const char *name);
const char *role_init(struct role *, const char *name,
	    const char *description, uint32_t flags);
/* 0 if the user holds a role of that id. */
int	 user_has_role(const struct user *, const char *role_id);

/* ---- pwcheck.c: passwords ---- */

/*
 * Sign-in: limits, pwhash, verifier, counters and audit records in one.
 * Returns 0: under way, done is called later, once (never from inside this
 * call).  Else nothing is under way: UV_LIMITED with *retry_after, or UV_BUSY.
 * An unknown or disabled user takes the same time and gives UV_BAD.
 */
enum user_verdict { UV_OK = 1, UV_BAD, UV_LIMITED, UV_BUSY };
struct user_try {
	uint64_t	 worker, life;
	struct msg_from	 from;
	const char	*client_id;	/* for the audit record */
	const char	*name, *password;	/* copied; wipe yours */
	const char	*device;	/* device cookie as sent, or "" */
};
typedef void user_done_fn(void *arg, enum user_verdict,
	    const struct user *);	/* NULL unless UV_OK */
int	 user_signin(const struct user_try *, user_done_fn *done, void *arg,
	    uint32_t *retry_after);
/* The asker is gone: its done functions will not be called. */
void	 user_signin_forget(void *arg);

/* A device cookie for this user, to be set after a good sign-in. */
void	 user_device_make(const char *user_id, char out[96]);

/* The channel to keepd-pwhash came up or went down (work is kept). */
void	 user_pwhash_up(struct chan *);
void	 user_pwhash_down(void);
void	 user_on_hashed(struct chan *, struct msg *);	/* MSG_HASHED */

/*
 * A new password: hashed with the current cost, then handed to done (never
 * from inside this call), which puts it into a record; NULL: pwhash is busy
 * or gone.  Returns -1 if there is no room in the queue.
 */
struct user_password {
	uint32_t	ln, r, p, pepper;
	uint8_t		salt[16];
	uint8_t		verifier[DIGEST_LEN];
};
typedef void user_hashed_fn(void *arg, const struct user_password *);
int	 user_hash(const char *password, user_hashed_fn *done, void *arg);
void	 user_hash_forget(void *arg);	/* done will not be called */
/* Put it into a record: password_at, epoch and failures move too. */
void	 user_set_password(struct user *, const struct user_password *);

/* Rules for names and passwords: NULL if good, else what is wrong. */
const char *user_name_bad(const char *);
const char *role_name_bad(const char *);
const char *user_password_bad(const char *password, const char *name);

#endif
