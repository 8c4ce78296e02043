/* SPDX-License-Identifier: ISC */
/*
 * sweep.c: removes what has expired, in small bites from a timer, through
 * the index of ends (DB_EXPIRY).  Runs in authd.  It is a broom, not a lock:
 * every look-up compares times for itself, so nothing lives on because the
 * sweep is late.
 */
#include <string.h>

#include "../common/secret.h"
#include "authtime.h"
#include "client.h"
#include "grant.h"
#include "sweep.h"

#define BITE		256		/* records */
#define REST_MS		1000
#define HURRY_MS	25		/* when a bite was not enough */
#define REDEEMED_S	86400		/* see tokenreq.c */

static struct ev_timer sweep_timer;

/* A redeemed code stays for its second use, under a later entry. */
static int
code_kept(const uint8_t *key, int64_t now)
{
	struct code_rec	c;

	return (store_get(DB_CODES, key, DIGEST_LEN, &c, sizeof(c)) == 0 &&
	    c.flags & KF_REDEEMED && c.created_s + REDEEMED_S > now);
}

static void
record_sweep(const struct expiry_rec *r, int64_t now)
{
	if (r->db >= DB_MAX || r->keylen > sizeof(r->key))
		return;
	if (r->db == DB_GRANTS)
		grant_sweep(r->key, now);
	else if (r->db != DB_CODES || !code_kept(r->key, now))
		store_del((enum store_db)r->db, r->key, r->keylen);
}

struct bite {
	int64_t		now;
	unsigned int	left;
};

static int
sweep_step(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct bite		*b = arg;
	struct expiry_rec	 r;

	if (keylen != 16 || be64_get(key) > (uint64_t)b->now)
		return (1);
	store_del(DB_EXPIRY, key, keylen);
	if (vallen == sizeof(r)) {
		memcpy(&r, val, sizeof(r));
		record_sweep(&r, b->now);
	}
	return (--b->left == 0);
}

static void
sweep(struct ev_timer *t)
{
	struct bite	b = { auth_now(), BITE };

	store_walk(DB_EXPIRY, NULL, 0, NULL, 0, 0, sweep_step, &b);
	client_sweep(b.now, BITE);
	time_note(0);
	ev_timer_set(t, b.left == 0 ? HURRY_MS : REST_MS);
}

void
sweep_start(void)
{
	ev_timer_init(&sweep_timer, sweep, NULL);
	ev_timer_set(&sweep_timer, REST_MS);
}
