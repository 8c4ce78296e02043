/* SPDX-License-Identifier: ISC */
/*
 * audit_rec.h: the bytes of audit records.  Pure.
 *
 * A stored value holds one or more events and the subjects they are of.  Its
 * key is the number (8 bytes, big-endian) of its first event; the others
 * follow.  Integers are little-endian.
 *
 *	value	= version 1, 0, u16 subjects, u16 events, u16 0,
 *		  subject ..., event ...
 *	subject = u8 flags (1: has a grant), u8 family, u8 user-id length,
 *		  u8 user length, u8 client-id length, 3 x 0, u64 worker,
 *		  16 grant, 16 address, the three texts
 *	event	= u64 wall milliseconds, u64 outbox number (0: none),
 *		  u32 microseconds, u16 subject, u8 kind, u8 outcome,
 *		  u8 tool length, 3 x 0, u16 target length, u16 detail length,
 *		  the three texts
 */
#ifndef AUTHD_AUDIT_REC_H
#define AUTHD_AUDIT_REC_H

#include <stddef.h>
#include <stdint.h>

#include "../common/buf.h"
#include "audit.h"

#define AR_HEAD		8
#define AR_SUBJECT	48
#define AR_EVENT	32

struct audit_subject {			/* texts are not terminated */
	int		 has_grant;
	uint8_t		 grant[GRANT_LEN];
	uint64_t	 worker;
	struct msg_from	 from;
	const char	*user_id, *user, *client_id;
	size_t		 user_id_len, user_len, client_len;
};

/* A value under construction. */
struct audit_value {
	struct buf	 subjects, events;
	unsigned int	 nsubjects, nevents;
};
#define AR_EVENTS_MAX	1024		/* then the value is full */
#define AR_BYTES_MAX	14336		/* one event more fits the store */

void	 audit_value_init(struct audit_value *);
void	 audit_value_reset(struct audit_value *);
void	 audit_value_free(struct audit_value *);
int	 audit_value_full(const struct audit_value *);
/* The number of the subject in this value. */
unsigned int audit_value_subject(struct audit_value *,
	    const struct audit_subject *);
/*
 * ev: time, outbox number, duration, kind, outcome and the lengths of tool,
 * target and detail, which lie behind each other at texts.
 */
void	 audit_value_event(struct audit_value *, unsigned int subject,
	    const struct audit_event *ev, const char *texts);
/* The whole value: appended to out. */
void	 audit_value_seal(const struct audit_value *, struct buf *out);

/* One event taken out of a stored value. */
struct audit_item {
	uint64_t	 number;
	int64_t		 time_ms;
	uint64_t	 worker;
	uint64_t	 outbox;
	uint32_t	 dur_us;
	uint32_t	 kind;		/* enum audit_kind */
	uint32_t	 outcome;	/* enum audit_outcome */
	int		 has_grant;
	uint8_t		 grant[GRANT_LEN];
	struct msg_from	 from;
	char		 user_id[40];
	char		 user[USER_MAX];
	char		 client_id[40];
	char		 tool[AUDIT_TOOL_MAX + 1];
	char		 target[AUDIT_TARGET_MAX + 1];
	char		 detail[AUDIT_DETAIL_MAX + 1];
};
/* Events in a stored value, 0 if it is damaged; time of the first. */
unsigned int audit_value_events(const void *, size_t, int64_t *first_ms);
/* The i-th event: 0, or -1 if the value is damaged. */
int	 audit_value_item(const void *, size_t, uint64_t first_number,
	    unsigned int i, struct audit_item *);

/*
 * A batch as toold sent it: the tail of MSG_AUDIT.  NULL if every event is
 * well formed and together they fill the tail, else what is wrong.
 */
const char *audit_batch_bad(const uint8_t *tail, size_t len,
	    uint32_t nevents);
/* The event at *off, which moves behind it; texts: where its texts start. */
void	 audit_batch_next(const uint8_t *tail, size_t *off,
	    struct audit_event *, const char **texts);

/* As one line of TAB-separated fields, or one JSON object; no newline. */
void	 audit_line(const struct audit_item *, struct buf *);
void	 audit_json(const struct audit_item *, struct buf *);

#endif
