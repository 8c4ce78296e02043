/* SPDX-License-Identifier: ISC */
/*
 * audit_read.c: audit records read back, and removed when they are old.
 * Runs in authd only.  Trusts its store as far as the checks of audit_rec.c
 * go: a damaged record is passed over, and said so once.  Touches: the store.
 */
#include <string.h>

#include "../common/log.h"
#include "audit_gather.h"
#include "authd.h"

#define PRUNE_FIRST_MS	500
#define PRUNE_IDLE_MS	60000
#define PRUNE_BUSY_MS	100		/* while there is more to remove */
#define PRUNE_BITE	32		/* values removed in one turn */
#define DAY_MS		86400000LL

static uint32_t		 days;
static struct ev_timer	 prune_timer;
static int		 damage_said;

static void
damaged(uint64_t number)
{
	if (damage_said++ == 0)
		log_warnx("audit record %llu is damaged and passed over",
		    (unsigned long long)number);
}

/* ---- reading ---- */

static int
last_number(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	uint64_t	*next = arg;
	unsigned int	 n;

	if (keylen != 8)
		return (0);
	if ((n = audit_value_events(val, vallen, NULL)) == 0) {
		damaged(be64_get(key));
		n = AR_EVENTS_MAX;	/* whatever it held */
	}
	*next = be64_get(key) + n;
	return (1);
}

uint64_t
audit_next_number(void)
{
	uint64_t	 next = 1;

	(void)store_walk(DB_AUDIT, NULL, 0, NULL, 0, 1, last_number, &next);
	return (next);
}

struct tail {
	uint64_t	 start;
	struct audit_place *place;
};

static int
tail_step(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct tail	*t = arg;
	uint64_t	 first;

	if (keylen != 8)
		return (0);
	first = be64_get(key);
	if (first + audit_value_events(val, vallen, NULL) <= t->start)
		return (0);
	t->place->key = first;
	t->place->skip = first < t->start ?
	    (unsigned int)(t->start - first) : 0;
	return (1);
}

/* Numbers have no gaps: the value that holds one is close before it. */
void
audit_tail(uint64_t n, struct audit_place *p)
{
	struct tail	 t;
	uint8_t		 key[8];

	p->key = audit_next_number();
	p->skip = 0;
	if (n == 0)
		return;
	t.start = p->key > n ? p->key - n : 1;
	t.place = p;
	be64_put(key, t.start > AR_EVENTS_MAX ? t.start - AR_EVENTS_MAX : 0);
	(void)store_walk(DB_AUDIT, NULL, 0, key, sizeof(key), 0, tail_step,
	    &t);
}

struct reader {
	struct audit_place *place;
	unsigned int	 max, done;
	void		(*fn)(const struct audit_item *, void *);
	void		 *arg;
};

static int
read_value(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct reader		*r = arg;
	struct audit_item	 it;
	uint64_t		 first;
	unsigned int		 n;

	if (keylen != 8)
		return (0);
	first = be64_get(key);
	/* The value we stood in was removed: go on with the next. */
	if (first != r->place->key)
		r->place->skip = 0;
	r->place->key = first;
	n = audit_value_events(val, vallen, NULL);
	if (n == 0)
		damaged(first);
	while (r->place->skip < n && r->done < r->max) {
		if (audit_value_item(val, vallen, first, r->place->skip,
		    &it) == 0)
			r->fn(&it, r->arg);
		else
			damaged(first + r->place->skip);
		r->place->skip++;
		r->done++;
	}
	if (r->place->skip < n)
		return (1);
	r->place->key = first + (n != 0 ? n : 1);
	r->place->skip = 0;
	return (r->done >= r->max);
}

unsigned int
audit_read(struct audit_place *p, unsigned int max,
    void (*fn)(const struct audit_item *, void *), void *arg)
{
	struct reader	 r = { p, max, 0, fn, arg };
	uint8_t		 key[8];

	be64_put(key, p->key);
	(void)store_walk(DB_AUDIT, NULL, 0, key, sizeof(key), 0, read_value,
	    &r);
	return (r.done);
}

/* ---- retention ---- */

struct bite {
	int64_t		 before_ms;
	unsigned int	 n;
	uint8_t		 key[PRUNE_BITE][8];
};

static int
prune_step(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct bite	*b = arg;
	int64_t		 first = 0;

	if (keylen != 8 || b->n == PRUNE_BITE)
		return (1);
	/* A damaged value goes when what is before it goes. */
	if (audit_value_events(val, vallen, &first) != 0 &&
	    first >= b->before_ms)
		return (1);
	memcpy(b->key[b->n++], key, 8);
	return (0);
}

static void
prune(struct ev_timer *t)
{
	struct bite	 b;
	unsigned int	 i;

	memset(&b, 0, sizeof(b));
	b.before_ms = auth_now_ms() - days * DAY_MS;
	(void)store_walk(DB_AUDIT, NULL, 0, NULL, 0, 0, prune_step, &b);
	for (i = 0; i < b.n; i++)
		store_del(DB_AUDIT, b.key[i], sizeof(b.key[i]));
	ev_timer_set(t, b.n == PRUNE_BITE ? PRUNE_BUSY_MS : PRUNE_IDLE_MS);
}

void
audit_prune_start(uint32_t keep_days)
{
	days = keep_days;
	if (prune_timer.cb == NULL)
		ev_timer_init(&prune_timer, prune, NULL);
	ev_timer_del(&prune_timer);
	if (days != 0)
		ev_timer_set(&prune_timer, PRUNE_FIRST_MS);
}
