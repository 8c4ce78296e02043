/* SPDX-License-Identifier: ISC */
/*
 * ctlconn.h: between the files of authd's control socket.
 *
 * A command is one call of its row's function.  It ends with exactly one
 * ctl_done(): at once, from a callback, or from the end of a list.  While a
 * command is under way the connection takes no other.
 */
#ifndef AUTHD_CTLCONN_H
#define AUTHD_CTLCONN_H

#include <sys/types.h>

#include "authd.h"

/* Exit status of keepctl, in CTL_DONE. */
#define CTL_OK		0
#define CTL_FAILED	1
#define CTL_USAGE	2
#define CTL_NOT_DURABLE	4		/* in force, but not on the disk */
#define CTL_NO_TOOLD	5		/* on the disk, toold did not say so */

struct ctl_conn {
	TAILQ_ENTRY(ctl_conn) entry;
	struct chan	*chan;		/* NULL: keepctl is gone */
	uid_t		 uid;		/* who asks, by the kernel's word */
	char		 actor[24];	/* "uid 0", for records */
	int		 busy;		/* a command is under way */
	unsigned int	 waits;		/* callbacks that will still come */
	struct msg_ctl	 cmd;
	/* remark that goes with success */
	char		 remark[256];
	char		 shown[96];	/* a secret to show once */
	int		 fd;		/* of MSG_CTL_FILE, or -1 */
	char		 failure[128];	/* how a list ended, if badly */
	/* a list under way */
	int		(*step)(struct ctl_conn *);	/* 1: at its end */
	struct ev_timer	 timer;
	uint8_t		 key[96];	/* go on from here */
	size_t		 keylen;
	char		 subject[40];
	struct audit_place place;
	uint64_t	 left;
	int		 follow;	/* parked at the end of the records */
};

typedef void ctl_fn(struct ctl_conn *);
struct ctl_handler {
	uint32_t	 command;
	ctl_fn		*fn;
	int		 changes;	/* leaves a record when it fails, too */
};
/* Ended by { 0, NULL, 0 }. */
extern const struct ctl_handler ctl_user_handlers[];
extern const struct ctl_handler ctl_role_handlers[];
extern const struct ctl_handler ctl_grant_handlers[];
extern const struct ctl_handler ctl_list_handlers[];
extern const struct ctl_handler ctl_backup_handlers[];
extern const struct ctl_handler ctl_key_handlers[];

/* ctl.c */
void	 ctl_line(struct ctl_conn *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
void	 ctl_line_buf(struct ctl_conn *, const struct buf *);
void	 ctl_done(struct ctl_conn *, int status, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
/* Refuse: CTL_FAILED, and an audit record if the command would change. */
void	 ctl_refuse(struct ctl_conn *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
/*
 * The record of an admin command, in this turn's transaction: by the uid,
 * done to target; user_id is that of the user concerned, or NULL.
 */
void	 ctl_audit(struct ctl_conn *, const char *user_id, const char *target,
	    const char *detail);
/* For revoke_*: the record that each ended grant leaves. */
void	 ctl_by(struct ctl_conn *, struct audit_own *, char *detail,
	    size_t size);
/* ctl_done() behind the commit, with c->remark. */
void	 ctl_done_after(struct ctl_conn *);
/*
 * The close_fn of revocations: arg is the connection, on which ctl_wait()
 * was called before.
 */
void	 ctl_wait(struct ctl_conn *);
void	 ctl_closed(void *arg, enum close_result);
/* A callback came: 1 if the connection is still there, else it is freed. */
int	 ctl_came(struct ctl_conn *);
/* 1 and a refusal if the store takes no ordinary writes now. */
int	 ctl_disk_full(struct ctl_conn *);
/* Run step until it returns 1. */
void	 ctl_list(struct ctl_conn *, int (*step)(struct ctl_conn *));

/* backup.c: the connection ended. */
void	 backup_gone(struct ctl_conn *);

/* ctl_list.c: records were stored. */
void	 ctl_pump_followers(void);
void	 ctl_each(void (*fn)(struct ctl_conn *));
void	 ctl_pump(struct ctl_conn *);

/*
 * When somebody means by "2026-01-31T12:00:00Z", "1769860800", "90s", "90m",
 * "2h" or "1d" (ago): wall seconds, or -1.
 */
int64_t	 ctl_when(const char *, int64_t now);

#endif
