/* SPDX-License-Identifier: ISC */
/*
 * audit.c: the audit records of keepd.
 * Runs in authd only.  Trusts its store and what the other files of authd
 * decided.  Touches: the store, toold's channel (acknowledgements).
 *
 * Own events go into the transaction of the decision they tell of.  All
 * others are gathered into one value, so that thousands of events cost one
 * put: it is sealed within 100 ms, and at once when it holds a change.  A
 * batch of toold is acknowledged, and its bytes credited, only behind the
 * commit, so a disk that is full holds toold up and loses nothing.
 */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "audit_gather.h"
#include "authd.h"

#define RETRY_MS	1000		/* when the store cannot take them */
#define HELD_MAX	(16U << 20)	/* bytes that wait for a commit */
#define REFUSALS_MAX	256

/* A sealed value on its way to the disk. */
struct held {
	TAILQ_ENTRY(held) entry;
	struct buf	 val;
	unsigned int	 nevents;	/* 0: only an acknowledgement */
	int		 put;		/* in the transaction of this turn */
	struct gather_after after;
};
TAILQ_HEAD(held_list, held);

struct refusal {
	enum audit_kind	 kind;
	enum audit_outcome outcome;
	const char	*why;		/* constant */
	size_t		 plen;
	uint32_t	 count;
	uint8_t		 prefix[9];
};

static struct audit_value	 own;
struct audit_value		 gather;
struct gather_after		 gather_after;
uint32_t			 gather_seal = 1;

static uint64_t			 next_number = 1, stored;
static struct held_list		 held = TAILQ_HEAD_INITIALIZER(held);
static size_t			 held_bytes;
static int			 held_armed;	/* held_stored is asked for */
static struct ev_timer		 gather_timer, refusal_timer;
static struct refusal		 refusals[REFUSALS_MAX];
static unsigned int		 nrefusals;
static void			(*watcher)(void);

/* Numbers given in a turn that failed were never seen: give them again. */
static void
numbers_stored(void *arg, int ok)
{
	if (!ok)
		next_number = audit_next_number();
	else if (watcher != NULL)
		watcher();
}

static void
value_append(const void *val, size_t len, unsigned int nevents)
{
	uint8_t	 key[8];

	be64_put(key, next_number);
	store_append(DB_AUDIT, key, sizeof(key), val, len);
	store_after(numbers_stored, NULL);
	next_number += nevents;
	stored += nevents;
}

/* ---- own events ---- */

static size_t
len_of(const char *s, size_t max)
{
	size_t	 len;

	if (s == NULL)
		return (0);
	len = strnlen(s, max + 1);
	if (len <= max)
		return (len);
	/* A cut never splits a character. */
	for (len = max; len > 0 && ((uint8_t)s[len] & 0xc0) == 0x80; len--)
		;
	return (len);
}

static void
own_subject(const struct audit_own *o, struct audit_subject *s)
{
	memset(s, 0, sizeof(*s));
	s->worker = o->worker;
	if (o->from != NULL)
		s->from = *o->from;
	if (o->grant != NULL) {
		s->has_grant = 1;
		memcpy(s->grant, o->grant, GRANT_LEN);
	}
	s->user_id = o->user_id;
	s->user_id_len = len_of(o->user_id, 39);
	s->user = o->user;
	s->user_len = len_of(o->user, USER_MAX - 1);
	s->client_id = o->client_id;
	s->client_len = len_of(o->client_id, 39);
}

static void
own_event(struct audit_value *v, const struct audit_own *o)
{
	struct audit_subject	 s;
	struct audit_event	 e;
	char			 texts[AUDIT_TARGET_MAX + AUDIT_DETAIL_MAX];

	own_subject(o, &s);
	memset(&e, 0, sizeof(e));
	e.time_ms = auth_now_ms();
	e.event = (uint16_t)o->kind;
	e.outcome = (uint16_t)o->outcome;
	e.target_len = (uint16_t)len_of(o->target, AUDIT_TARGET_MAX);
	e.detail_len = (uint16_t)len_of(o->detail, AUDIT_DETAIL_MAX);
	if (o->target != NULL)
		memcpy(texts, o->target, e.target_len);
	if (o->detail != NULL)
		memcpy(texts + e.target_len, o->detail, e.detail_len);
	audit_value_event(v, audit_value_subject(v, &s), &e, texts);
}

void
audit_add(const struct audit_own *o)
{
	struct buf	 out;

	audit_value_reset(&own);
	own_event(&own, o);
	buf_init(&out, 0);
	audit_value_seal(&own, &out);
	if (own.subjects.failed || own.events.failed || out.failed)
		fatalx("no memory for an audit record");
	value_append(out.data, out.len, 1);
	buf_free(&out);
}

void
audit_later(const struct audit_own *o)
{
	if (held_bytes > HELD_MAX) {
		audit_refused(o->kind, o->outcome, o->from, "store is full");
		return;
	}
	own_event(&gather, o);
	gather_due();
}

/* ---- refusals without a subject ---- */

static struct refusal *
refusal_find(enum audit_kind kind, enum audit_outcome outcome,
    const uint8_t *prefix, size_t plen, const char *why)
{
	struct refusal	*r;
	unsigned int	 i;

	for (i = 0; i < nrefusals; i++) {
		r = &refusals[i];
		if (r->kind == kind && r->outcome == outcome &&
		    r->plen == plen && r->why == why &&
		    memcmp(r->prefix, prefix, plen) == 0)
			return (r);
	}
	return (NULL);
}

void
audit_refused(enum audit_kind kind, enum audit_outcome outcome,
    const struct msg_from *from, const char *why)
{
	struct refusal	*r;
	uint8_t		 prefix[9];
	size_t		 plen;

	plen = limit_prefix(from, prefix);
	if ((r = refusal_find(kind, outcome, prefix, plen, why)) == NULL &&
	    nrefusals >= REFUSALS_MAX / 2) {
		/* Many addresses: from here on all of them together. */
		plen = 0;
		r = refusal_find(kind, outcome, prefix, 0, why);
	}
	if (r == NULL && nrefusals < REFUSALS_MAX) {
		r = &refusals[nrefusals++];
		memset(r, 0, sizeof(*r));
		r->kind = kind;
		r->outcome = outcome;
		r->why = why;
		memcpy(r->prefix, prefix, plen);
		r->plen = plen;
	}
	if (r == NULL)
		r = &refusals[REFUSALS_MAX - 1];
	r->count++;
	if (refusal_timer.pos == 0)
		ev_timer_set(&refusal_timer, AUDIT_REFUSALS_MS);
}

static void
refusal_add(const struct refusal *r)
{
	struct audit_own	 o;
	struct msg_from		 from;
	char			 detail[256];

	memset(&from, 0, sizeof(from));
	if (r->plen != 0)
		from.family = r->prefix[0];
	if (from.family == 4) {
		from.addr[10] = from.addr[11] = 0xff;
		memcpy(from.addr + 12, r->prefix + 1, 4);
	} else if (from.family == 6)
		memcpy(from.addr, r->prefix + 1, 8);
	snprintf(detail, sizeof(detail), "%s, %u time%s within a minute%s",
	    r->why, r->count, r->count == 1 ? "" : "s",
	    from.family == 6 ? ", /64" : "");
	memset(&o, 0, sizeof(o));
	o.kind = r->kind;
	o.outcome = r->outcome;
	o.from = &from;
	o.detail = detail;
	own_event(&gather, &o);
}

static void
refusals_flush(struct ev_timer *t)
{
	unsigned int	 i;

	for (i = 0; i < nrefusals; i++) {
		refusal_add(&refusals[i]);
		gather_due();
	}
	nrefusals = 0;
}

/* ---- gathered events ---- */

static void
after_init(struct gather_after *a)
{
	memset(a, 0, sizeof(*a));
	buf_init(&a->outbox, 0);
}

static void
held_tell(const struct held *h)
{
	struct msg_audit_ack	 a;

	if (h->after.peer == NULL)
		return;
	memset(&a, 0, sizeof(a));
	a.batch = h->after.batch;
	a.num = h->after.num;
	chan_send(h->after.peer, MSG_AUDIT_ACK, 0, &a);
	chan_credit(h->after.peer, h->after.credit);
}

static void
held_free(struct held *h)
{
	TAILQ_REMOVE(&held, h, entry);
	held_bytes -= h->val.len;
	buf_free(&h->val);
	buf_free(&h->after.outbox);
	free(h);
}

static void
held_stored(void *arg, int ok)
{
	struct held	*h, *next;

	held_armed = 0;
	for (h = TAILQ_FIRST(&held); h != NULL; h = next) {
		next = TAILQ_NEXT(h, entry);
		if (!h->put)
			continue;
		h->put = 0;
		if (!ok)
			continue;
		held_tell(h);
		held_free(h);
	}
	if (!TAILQ_EMPTY(&held))
		ev_timer_set(&gather_timer, ok ? 1 : RETRY_MS);
}

/* All that waits goes into this turn's transaction, in order. */
static void
held_put(void)
{
	struct held	*h;
	uint8_t		 batch[8];
	size_t		 i;

	TAILQ_FOREACH(h, &held, entry) {
		if (h->put)
			continue;
		for (i = 0; i < h->after.outbox.len; i += OUTBOX_KEYLEN)
			store_put(DB_META, h->after.outbox.data + i,
			    OUTBOX_KEYLEN, "", 1);
		if (h->after.peer != NULL) {
			be64_put(batch, h->after.batch);
			store_put(DB_META, BATCH_NAME, BATCH_NAMELEN, batch,
			    sizeof(batch));
		}
		if (h->nevents != 0)
			value_append(h->val.data, h->val.len, h->nevents);
		h->put = 1;
	}
	if (!held_armed && !TAILQ_EMPTY(&held)) {
		held_armed = 1;
		store_after(held_stored, NULL);
	}
}

void
gather_close(void)
{
	struct held	*h;

	if (gather.nevents == 0 && gather_after.peer == NULL)
		return;
	if ((h = calloc(1, sizeof(*h))) == NULL)
		fatal("audit records");
	buf_init(&h->val, 0);
	audit_value_seal(&gather, &h->val);
	if (h->val.failed || gather.subjects.failed || gather.events.failed ||
	    gather_after.outbox.failed)
		fatalx("no memory for audit records");
	h->nevents = gather.nevents;
	h->after = gather_after;
	TAILQ_INSERT_TAIL(&held, h, entry);
	held_bytes += h->val.len;
	after_init(&gather_after);
	audit_value_reset(&gather);
	gather_seal++;
}

void
gather_flush(void)
{
	ev_timer_del(&gather_timer);
	gather_close();
	if (TAILQ_EMPTY(&held))
		return;
	if (store_writable() == -1)
		ev_timer_set(&gather_timer, RETRY_MS);
	else
		held_put();
}

static void
gather_timeout(struct ev_timer *t)
{
	gather_flush();
}

void
audit_sync(void)
{
	gather_flush();
}

void
gather_due(void)
{
	if (audit_value_full(&gather))
		gather_close();
	if (gather_timer.pos == 0)
		ev_timer_set(&gather_timer, AUDIT_GATHER_MS);
}

static int
keys_have(const struct buf *keys, const uint8_t *key)
{
	size_t	 i;

	for (i = 0; i < keys->len; i += OUTBOX_KEYLEN)
		if (memcmp(keys->data + i + OUTBOX_NAMELEN,
		    key + OUTBOX_NAMELEN, OUTBOX_KEYLEN - OUTBOX_NAMELEN) == 0)
			return (1);
	return (0);
}

int
gather_has_outbox(const uint8_t key[OUTBOX_KEYLEN])
{
	struct held	*h;

	if (keys_have(&gather_after.outbox, key))
		return (1);
	TAILQ_FOREACH(h, &held, entry)
		if (keys_have(&h->after.outbox, key))
			return (1);
	return (0);
}

void
gather_peer_gone(struct chan *c)
{
	struct held	*h;

	if (gather_after.peer == c) {
		gather_after.peer = NULL;
		gather_after.batch = gather_after.num = 0;
		gather_after.credit = 0;
	}
	TAILQ_FOREACH(h, &held, entry)
		if (h->after.peer == c)
			h->after.peer = NULL;
}

/* ---- start and end ---- */

void
audit_start(uint32_t keep_days)
{
	audit_value_init(&own);
	audit_value_init(&gather);
	after_init(&gather_after);
	ev_timer_init(&gather_timer, gather_timeout, NULL);
	ev_timer_init(&refusal_timer, refusals_flush, NULL);
	next_number = audit_next_number();
	audit_prune_start(keep_days);
	batch_start();
}

void
audit_conf(uint32_t keep_days)
{
	audit_prune_start(keep_days);
}

void
audit_stop(void)
{
	refusals_flush(NULL);
	gather_close();
	held_put();
	ev_timer_del(&gather_timer);
	ev_timer_del(&refusal_timer);
	audit_prune_start(0);
	audit_value_free(&own);
	audit_value_free(&gather);
}

void
audit_restored(void)
{
	next_number = audit_next_number();
}

uint64_t
audit_count(void)
{
	return (stored);
}

void
audit_watch(void (*fn)(void))
{
	watcher = fn;
}
