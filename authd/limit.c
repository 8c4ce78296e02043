/* SPDX-License-Identifier: ISC */
/*
 * limit.c: guess and rate counters.
 * Runs in authd only.  Everything counted comes from workers and so from the
 * network: keys are hashed with a random key, memory is fixed.  Touches no
 * file, no channel and no record.
 */
#include <stdlib.h>
#include <string.h>

#include "ev.h"
#include "limit.h"
#include "log.h"
#include "secret.h"
#include "text.h"

#define HOUR	3600
#define QUARTER	900
#define WAYS	4			/* cells a key may lie in */

/*
 * Addresses are shared (offices, carriers), so their rows are ceilings
 * against floods; what a person or client may do is bounded by its own row.
 */
static const struct limit_row rows[LIM_MAX] = {
	[LIM_REGISTER_ADDR] =	{ "register-address", 60, HOUR, 4096 },
	[LIM_REGISTER_WORKER] =	{ "register-worker", 600, HOUR, 64 },
	[LIM_AUTHORIZE_ADDR] =	{ "authorize-address", 200, QUARTER, 4096 },
	[LIM_AUTHORIZE_WORKER] = { "authorize-worker", 6000, QUARTER, 64 },
	[LIM_TOKEN_CLIENT] =	{ "token-client", 300, QUARTER, 4096 },
	[LIM_TOKEN_ADDR] =	{ "token-address", 3000, QUARTER, 4096 },
	[LIM_REVOKE_ADDR] =	{ "revoke-address", 200, QUARTER, 4096 },
	[LIM_REFRESH_GRANT] =	{ "refresh-grant", 240, QUARTER, 8192 },
	[LIM_APPROVE_WORKER] =	{ "approve-worker", 240, HOUR, 64 },
	[LIM_APPROVE_USER] =	{ "approve-user", 60, HOUR, 1024 },
	[LIM_SIGNIN_USER] =	{ "signin-user", 20, QUARTER, 4096 },
	[LIM_SIGNIN_DEVICE] =	{ "signin-device", 10, QUARTER, 4096 },
	[LIM_SIGNIN_ADDR] =	{ "signin-address", 50, QUARTER, 4096 },
	[LIM_SIGNIN_WORKER] =	{ "signin-worker", 600, QUARTER, 64 },
};

struct cell {
	uint64_t	key;		/* keyed hash; 0: never used */
	uint64_t	at;		/* ms: full burst is back by then */
};

/* One question to one row. */
struct ask {
	enum limit	 lim;
	const void	*key;
	size_t		 len;
};
#define ASKS_MAX	3

static struct cell	*cells[LIM_MAX];
static uint64_t		 sip_key[2];
static int		 limits_off;
static uint32_t		 approvals_hour;	/* 0: as in the table */

#define ROTL(x, n)	(((x) << (n)) | ((x) >> (64 - (n))))

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1]; v[2] += v[3];
	v[1] = ROTL(v[1], 13) ^ v[0];
	v[3] = ROTL(v[3], 16) ^ v[2];
	v[0] = ROTL(v[0], 32);
	v[2] += v[1]; v[0] += v[3];
	v[1] = ROTL(v[1], 17) ^ v[2];
	v[3] = ROTL(v[3], 21) ^ v[0];
	v[2] = ROTL(v[2], 32);
}

static void
sip_word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
}

/* SipHash-2-4 of the key; never 0, which marks an unused cell. */
static uint64_t
key_hash(const void *data, size_t len)
{
	const uint8_t	*p = data;
	uint64_t	 m, v[4];
	size_t		 n;
	int		 i;

	v[0] = sip_key[0] ^ 0x736f6d6570736575ULL;
	v[1] = sip_key[1] ^ 0x646f72616e646f6dULL;
	v[2] = sip_key[0] ^ 0x6c7967656e657261ULL;
	v[3] = sip_key[1] ^ 0x7465646279746573ULL;
	for (n = len; n >= 8; n -= 8, p += 8) {
		memcpy(&m, p, sizeof(m));
		sip_word(v, m);
	}
	m = 0;
	memcpy(&m, p, n);
	sip_word(v, m ^ ((uint64_t)len << 56));
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	m = v[0] ^ v[1] ^ v[2] ^ v[3];
	return (m == 0 ? 1 : m);
}

const struct limit_row *
limit_row(enum limit lim)
{
	return (&rows[lim]);
}

void
limit_init(int off, uint32_t approvals)
{
	int	 i;

	limits_off = off;
	approvals_hour = approvals;
	if (cells[0] != NULL)
		return;
	random_bytes(sip_key, sizeof(sip_key));
	for (i = 0; i < LIM_MAX; i++) {
		cells[i] = calloc(rows[i].cells, sizeof(struct cell));
		if (cells[i] == NULL)
			fatal("memory for limit %s", rows[i].name);
	}
}

/* The cell of a key, or NULL; *spare is the one it would take. */
static struct cell *
cell_find(enum limit lim, uint64_t hash, struct cell **spare)
{
	struct cell	*set, *best;
	uint32_t	 i;

	set = cells[lim] + hash % (rows[lim].cells / WAYS) * WAYS;
	best = set;
	for (i = 0; i < WAYS; i++) {
		if (set[i].key == hash)
			return (&set[i]);
		if (set[i].at < best->at)
			best = &set[i];
	}
	*spare = best;
	return (NULL);
}

static uint64_t
row_burst(enum limit lim)
{
	if (lim == LIM_APPROVE_WORKER && approvals_hour != 0)
		return (approvals_hour);
	return (rows[lim].burst);
}

static uint64_t
row_step(enum limit lim)
{
	return ((uint64_t)rows[lim].period_s * 1000 / row_burst(lim));
}

static uint32_t
cell_wait(enum limit lim, const struct cell *c, struct mono now)
{
	uint64_t	 ahead, room;

	if (c == NULL || c->at <= now.ms)
		return (0);
	ahead = c->at - now.ms;
	room = (row_burst(lim) - 1) * row_step(lim);
	if (ahead <= room)
		return (0);
	return ((uint32_t)((ahead - room + 999) / 1000));
}

uint32_t
limit_peek(enum limit lim, const void *key, size_t len, struct mono now)
{
	struct cell	*spare;

	if (limits_off)
		return (0);
	return (cell_wait(lim, cell_find(lim, key_hash(key, len), &spare),
	    now));
}

uint32_t
limit_take(enum limit lim, const void *key, size_t len, struct mono now)
{
	struct cell	*c, *spare;
	uint64_t	 hash;
	uint32_t	 wait;

	if (limits_off)
		return (0);
	hash = key_hash(key, len);
	c = cell_find(lim, hash, &spare);
	if ((wait = cell_wait(lim, c, now)) != 0)
		return (wait);
	if (c == NULL) {
		c = spare;
		c->key = hash;
		c->at = 0;
	}
	if (c->at < now.ms)
		c->at = now.ms;
	c->at += row_step(lim);
	return (0);
}

void
limit_back(enum limit lim, const void *key, size_t len, struct mono now)
{
	struct cell	*c, *spare;
	uint64_t	 step;

	if (limits_off)
		return;
	step = row_step(lim);
	c = cell_find(lim, key_hash(key, len), &spare);
	if (c != NULL && c->at >= now.ms + step)
		c->at -= step;
	else if (c != NULL)
		c->at = 0;
}

size_t
limit_prefix(const struct msg_from *from, uint8_t out[9])
{
	if (from == NULL || (from->family != 4 && from->family != 6))
		return (0);
	out[0] = (uint8_t)from->family;
	if (from->family == 4) {
		memcpy(out + 1, from->addr + 12, 4);
		return (5);
	}
	memcpy(out + 1, from->addr, 8);
	return (9);
}

/* All of them or none: count in each row, or tell the longest wait. */
static uint32_t
asks_take(const struct ask *asks, int n, enum limit *which)
{
	struct mono	 now = ev_now();
	uint32_t	 wait, longest = 0;
	int		 i;

	for (i = 0; i < n; i++) {
		wait = limit_peek(asks[i].lim, asks[i].key, asks[i].len, now);
		if (wait <= longest)
			continue;
		longest = wait;
		if (which != NULL)
			*which = asks[i].lim;
	}
	if (longest != 0)
		return (longest);
	for (i = 0; i < n; i++)
		(void)limit_take(asks[i].lim, asks[i].key, asks[i].len, now);
	return (0);
}

static int
ask_add(struct ask *asks, int n, enum limit lim, const void *key, size_t len)
{
	if (len == 0 || lim == LIM_MAX)
		return (n);
	asks[n].lim = lim;
	asks[n].key = key;
	asks[n].len = len;
	return (n + 1);
}

/* Which rows a request asks; LIM_MAX: none. */
static const struct {
	enum limit	 addr, worker, client;
} request_rows[LQ_MAX] = {
	[LQ_REGISTER] =	{ LIM_REGISTER_ADDR, LIM_REGISTER_WORKER, LIM_MAX },
	[LQ_AUTHORIZE] = { LIM_AUTHORIZE_ADDR, LIM_AUTHORIZE_WORKER, LIM_MAX },
	[LQ_TOKEN] =	{ LIM_TOKEN_ADDR, LIM_MAX, LIM_TOKEN_CLIENT },
	[LQ_REVOKE] =	{ LIM_REVOKE_ADDR, LIM_MAX, LIM_MAX },
};

/*
 * The client's row is keyed by prefix too: a client id is no secret, and a
 * stranger must not use up the budget of its owner.
 */
uint32_t
limit_request(enum limit_request what, uint64_t worker,
    const struct msg_from *from, const char *client, enum limit *which)
{
	struct ask	 asks[ASKS_MAX];
	uint8_t		 prefix[9], both[9 + SECRET_MAX];
	size_t		 plen, clen;
	int		 n = 0;

	plen = limit_prefix(from, prefix);
	n = ask_add(asks, n, request_rows[what].addr, prefix, plen);
	n = ask_add(asks, n, request_rows[what].worker, &worker,
	    sizeof(worker));
	if (client != NULL && (clen = strnlen(client, SECRET_MAX)) != 0) {
		if (plen != 0)
			memcpy(both, prefix, plen);
		memcpy(both + plen, client, clen);
		n = ask_add(asks, n, request_rows[what].client, both,
		    plen + clen);
	}
	return (asks_take(asks, n, which));
}

uint32_t
limit_refresh(const uint8_t grant[GRANT_LEN])
{
	return (limit_take(LIM_REFRESH_GRANT, grant, GRANT_LEN, ev_now()));
}

uint32_t
limit_approve(uint64_t worker, const char *user_id, enum limit *which)
{
	struct ask	 asks[ASKS_MAX];
	int		 n = 0;

	n = ask_add(asks, n, LIM_APPROVE_WORKER, &worker, sizeof(worker));
	n = ask_add(asks, n, LIM_APPROVE_USER, user_id, strlen(user_id));
	return (asks_take(asks, n, which));
}

/* Key material of one try, which its asks point into. */
struct try_keys {
	char		user[USER_MAX];
	uint8_t		prefix[9];
	uint8_t		device[16 + USER_MAX];
};

static int
try_asks(const struct limit_try *t, struct try_keys *k, struct ask *asks)
{
	size_t	 len;
	int	 n = 0;

	memcpy(k->user, t->user, sizeof(k->user));
	k->user[sizeof(k->user) - 1] = '\0';
	ascii_lower(k->user);
	len = strlen(k->user);
	if (t->has_device) {
		memcpy(k->device, t->device, sizeof(t->device));
		memcpy(k->device + sizeof(t->device), k->user, len);
		return (ask_add(asks, n, LIM_SIGNIN_DEVICE, k->device,
		    sizeof(t->device) + len));
	}
	n = ask_add(asks, n, LIM_SIGNIN_USER, k->user, len);
	n = ask_add(asks, n, LIM_SIGNIN_ADDR, k->prefix,
	    limit_prefix(&t->from, k->prefix));
	return (ask_add(asks, n, LIM_SIGNIN_WORKER, &t->life,
	    sizeof(t->life)));
}

uint32_t
limit_signin(const struct limit_try *t, enum limit *which)
{
	struct try_keys	 keys;
	struct ask	 asks[ASKS_MAX];

	return (asks_take(asks, try_asks(t, &keys, asks), which));
}

void
limit_signin_good(const struct limit_try *t)
{
	struct try_keys	 keys;
	struct ask	 asks[ASKS_MAX];
	struct mono	 now = ev_now();
	int		 i, n;

	n = try_asks(t, &keys, asks);
	for (i = 0; i < n; i++)
		limit_back(asks[i].lim, asks[i].key, asks[i].len, now);
}
