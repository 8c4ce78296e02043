/* SPDX-License-Identifier: ISC */
/*
 * audit_toold.c: the events toold reports.
 * Runs in authd only.  toold is believed in what was called and when, never
 * in whose call it was: user and client are those of the grant's record, and
 * a grant without a record is toold's violation.  Touches: the store.
 */
#include <string.h>

#include "../common/log.h"
#include "audit_gather.h"
#include "authd.h"

#define AHEAD_MS	300000		/* toold's clock may be ahead */
#define GRANT_SETS	256		/* remembered grants: sets and ways */
#define GRANT_WAYS	4
#define OUTBOX_BEHIND	65536		/* older numbers are forgotten */

#define START_SHIFT	40		/* above it: which start of toold */

struct known_grant {
	uint8_t		 grant[GRANT_LEN];
	int		 used;
	uint32_t	 seal;		/* value in which subject is ours */
	unsigned int	 subject;
	char		 user_id[40], user[USER_MAX], client_id[40];
};

static struct known_grant	 known[GRANT_SETS][GRANT_WAYS];
static unsigned int		 known_turn;
static uint64_t			 unknown_grants;
static struct chan		*newest_peer;	/* who sent newest_batch */
static uint64_t			 newest_batch;
static uint64_t			 stored_batch;	/* when we started */

static struct known_grant *
grant_slot(const uint8_t *grant, int *hit)
{
	struct known_grant	*set;
	unsigned int		 i;

	/* Grant ids are random: any byte of them is a hash. */
	set = known[grant[0] % GRANT_SETS];
	for (i = 0; i < GRANT_WAYS; i++)
		if (set[i].used &&
		    memcmp(set[i].grant, grant, GRANT_LEN) == 0) {
			*hit = 1;
			return (&set[i]);
		}
	*hit = 0;
	for (i = 0; i < GRANT_WAYS; i++)
		if (!set[i].used)
			return (&set[i]);
	return (&set[known_turn++ % GRANT_WAYS]);
}

/* Who holds a grant; NULL: there is no such grant. */
static struct known_grant *
grant_known(const uint8_t *grant)
{
	struct known_grant	*k;
	struct grant_rec	 g;
	struct user		 u;
	int			 hit;

	k = grant_slot(grant, &hit);
	if (hit)
		return (k);
	if (store_get(DB_GRANTS, grant, GRANT_LEN, &g, sizeof(g)) == -1)
		return (NULL);
	memset(k, 0, sizeof(*k));
	memcpy(k->grant, grant, GRANT_LEN);
	memcpy(k->user_id, g.user_id, sizeof(k->user_id));
	memcpy(k->client_id, g.client_id, sizeof(k->client_id));
	if (user_get(g.user_id, &u) == 0)
		memcpy(k->user, u.name, sizeof(k->user));
	k->used = 1;
	return (k);
}

void
audit_forget_grant(const uint8_t grant[GRANT_LEN])
{
	struct known_grant	*k;
	int			 hit;

	k = grant_slot(grant, &hit);
	if (hit)
		k->used = 0;
}

static unsigned int
grant_subject(struct known_grant *k)
{
	struct audit_subject	 s;

	if (k->seal == gather_seal)
		return (k->subject);
	memset(&s, 0, sizeof(s));
	s.has_grant = 1;
	memcpy(s.grant, k->grant, GRANT_LEN);
	s.user_id = k->user_id;
	s.user_id_len = strlen(k->user_id);
	s.user = k->user;
	s.user_len = strlen(k->user);
	s.client_id = k->client_id;
	s.client_len = strlen(k->client_id);
	k->subject = audit_value_subject(&gather, &s);
	k->seal = gather_seal;
	return (k->subject);
}

/* FNV-1a: tells an event sent again from another one of the same number. */
static uint64_t
event_hash(const struct audit_event *e, const char *texts)
{
	const uint8_t	*p = (const uint8_t *)e;
	uint64_t	 h = 0xcbf29ce484222325ULL;
	size_t		 i, n;

	for (i = 0; i < sizeof(*e); i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	n = (size_t)e->tool_len + e->target_len + e->detail_len;
	for (i = 0; i < n; i++)
		h = (h ^ (uint8_t)texts[i]) * 0x100000001b3ULL;
	return (h);
}

struct oldest {
	uint8_t		 key[OUTBOX_KEYLEN];
	uint64_t	 num;
};

static int
outbox_first(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct oldest	*o = arg;

	if (keylen != OUTBOX_KEYLEN)
		return (0);
	memcpy(o->key, key, sizeof(o->key));
	o->num = be64_get(o->key + OUTBOX_NAMELEN);
	return (1);
}

/* For each number remembered two old ones may go. */
static void
outbox_forget(uint64_t num)
{
	struct oldest	 o;
	int		 i;

	for (i = 0; i < 2; i++) {
		if (store_walk(DB_META, OUTBOX_NAME, OUTBOX_NAMELEN, NULL, 0,
		    0, outbox_first, &o) == 0 || o.num + OUTBOX_BEHIND >= num)
			return;
		store_del(DB_META, o.key, sizeof(o.key));
	}
}

/*
 * An event of toold's outbox is known by its number and its bytes, so that
 * a store of toold that was put back in time does not lose its new events.
 * Returns 1 if it is stored, or about to be; else it is remembered.
 */
static int
outbox_seen(const struct audit_event *e, const char *texts)
{
	uint8_t	 key[OUTBOX_KEYLEN];

	memcpy(key, OUTBOX_NAME, OUTBOX_NAMELEN);
	be64_put(key + OUTBOX_NAMELEN, e->num);
	be64_put(key + OUTBOX_NAMELEN + 8, event_hash(e, texts));
	if (store_has(DB_META, key, sizeof(key)) || gather_has_outbox(key))
		return (1);
	buf_add(&gather_after.outbox, key, sizeof(key));
	outbox_forget(e->num);
	return (0);
}

/* toold names a grant that does not exist: its event is kept as its own. */
static void
event_unknown(struct audit_event *e, const char *texts)
{
	struct audit_subject	 s;

	if (unknown_grants++ == 0)
		log_warnx("toold reports a call of a grant that does not "
		    "exist; recorded as violation");
	if (e->num == 0) {
		audit_refused(AK_VIOLATION, AO_DENIED, NULL,
		    "call of a grant that does not exist, from toold");
		return;
	}
	memset(&s, 0, sizeof(s));
	s.has_grant = 1;
	memcpy(s.grant, e->grant, GRANT_LEN);
	e->event = AK_VIOLATION;
	e->outcome = AO_DENIED;
	audit_value_event(&gather, audit_value_subject(&gather, &s), e,
	    texts);
}

static void
event_store(struct audit_event *e, const char *texts, int64_t now)
{
	struct known_grant	*k;

	if (e->num != 0 && outbox_seen(e, texts))
		return;
	if (e->time_ms > now + AHEAD_MS)
		e->time_ms = now;
	if ((k = grant_known(e->grant)) == NULL) {
		event_unknown(e, texts);
		return;
	}
	audit_value_event(&gather, grant_subject(k), e, texts);
}

void
batch_start(void)
{
	uint8_t	val[8];

	stored_batch = 0;
	if (store_get(DB_META, BATCH_NAME, BATCH_NAMELEN, val,
	    sizeof(val)) == 0)
		stored_batch = be64_get(val);
}

/*
 * A batch that was stored before we ended, and is sent again because we did
 * not come to say so: its reads are records already.  Numbers of another
 * start of toold say nothing, so one that lies harms only itself.
 */
static int
batch_stored(uint64_t batch)
{
	return (stored_batch >> START_SHIFT == batch >> START_SHIFT &&
	    batch <= stored_batch);
}

void
audit_on_batch(struct chan *c, struct msg *m)
{
	const struct msg_audit	*q = m->data;
	struct audit_event	 e;
	const char		*texts, *why;
	size_t			 off = 0;
	uint64_t		 num = 0;
	uint32_t		 i;
	int64_t			 now = auth_now_ms();
	int			 again;

	why = audit_batch_bad(m->tail, m->tail_len, q->nevents);
	if (c == newest_peer && q->batch <= newest_batch)
		why = "batch out of order";
	if (why != NULL) {
		chan_violation(c, why);
		return;
	}
	newest_peer = c;
	newest_batch = q->batch;
	again = batch_stored(q->batch);
	for (i = 0; i < q->nevents; i++) {
		if (audit_value_full(&gather))
			gather_close();
		audit_batch_next(m->tail, &off, &e, &texts);
		if (e.num > num)
			num = e.num;
		if (e.num != 0 || !again)
			event_store(&e, texts, now);
	}
	gather_after.peer = c;
	gather_after.batch = q->batch;
	gather_after.credit += msg_bulk_len(m);
	if (num > gather_after.num)
		gather_after.num = num;
	/* A change waits for its acknowledgement, a read for nothing. */
	if (num != 0)
		gather_flush();
	else {
		gather_due();
		auth_toold_rest();
	}
}

void
audit_peer_gone(struct chan *c)
{
	newest_peer = NULL;
	gather_peer_gone(c);
}
