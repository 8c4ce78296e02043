/* SPDX-License-Identifier: ISC */
/*
 * grant.c: grants: who let which client in, where they are found, how they
 * end.  Runs in authd.  Trusts its callers to have checked; touches the
 * store, never a channel.
 *
 * A grant that was revoked keeps its record until its last token would have
 * expired: a replay is still recognised, and asking to revoke it again still
 * takes the way of a revocation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "client.h"
#include "grant.h"
#include "handle.h"

#define GI_KEY_MAX	(1 + UUID_LEN + GRANT_LEN)
#define GI_NUM_KEY	(1 + 8 + GRANT_LEN)

/* Many grants at once: what one command ends. */
struct many {
	const struct audit_own	*by;
	struct closing		*closing;
	const char		*subject;
	uint64_t		 worker;
	int64_t			 since_s;
	int			 mark_each;
	int			 count;
};

/* ---- where grants are found ---- */

static size_t
index_text(enum gi gi, const char *subject, const uint8_t *id, uint8_t *key)
{
	size_t	n = strnlen(subject, UUID_LEN);

	key[0] = (uint8_t)gi;
	memset(key + 1, 0, UUID_LEN);
	memcpy(key + 1, subject, n);
	if (id == NULL)
		return (1 + UUID_LEN);
	memcpy(key + 1 + UUID_LEN, id, GRANT_LEN);
	return (GI_KEY_MAX);
}

static size_t
index_number(enum gi gi, uint64_t number, const uint8_t *id, uint8_t *key)
{
	key[0] = (uint8_t)gi;
	be64_put(key + 1, number);
	if (id == NULL)
		return (1 + 8);
	memcpy(key + 1 + 8, id, GRANT_LEN);
	return (GI_NUM_KEY);
}

static void
index_set(const uint8_t *key, size_t len, int there)
{
	if (there)
		store_put(DB_GRANT_INDEX, key, len, "", 0);
	else
		store_del(DB_GRANT_INDEX, key, len);
}

static void
grant_index(const struct grant_rec *g, int there)
{
	uint8_t	key[GI_KEY_MAX];

	index_set(key, index_text(GI_USER, g->user_id, g->id, key), there);
	index_set(key, index_text(GI_CLIENT, g->client_id, g->id, key), there);
	index_set(key, index_text(GI_ALL, "", g->id, key), there);
	index_set(key, index_number(GI_WORKER, g->worker, g->id, key), there);
	index_set(key, index_number(GI_TIME, (uint64_t)g->created_s, g->id,
	    key), there);
}

void
grant_carried(const struct grant_rec *g, uint64_t before, uint64_t now)
{
	uint8_t	key[GI_KEY_MAX];

	if (before == now)
		return;
	if (before != g->worker)
		index_set(key, index_number(GI_WORKER, before, g->id, key), 0);
	index_set(key, index_number(GI_WORKER, now, g->id, key), 1);
}

static void
grant_put(const struct grant_rec *g)
{
	store_put(DB_GRANTS, g->id, sizeof(g->id), g, sizeof(*g));
}

int
grant_get(const uint8_t id[GRANT_LEN], struct grant_rec *g,
    struct family_rec *f)
{
	if (store_get(DB_GRANTS, id, GRANT_LEN, g, sizeof(*g)) == -1)
		return (-1);
	if (f == NULL)
		return (0);
	if (store_get(DB_FAMILIES, id, GRANT_LEN, f, sizeof(*f)) == 0)
		return (0);
	if (g->kind != GK_OPERATOR)
		return (-1);
	memset(f, 0, sizeof(*f));
	return (0);
}

void
grant_create(struct grant_rec *g, const struct code_rec *c, int64_t now,
    int64_t end_s)
{
	memset(g, 0, sizeof(*g));
	g->v = GRANT_REC_V;
	g->kind = GK_OAUTH;
	g->state = GS_LIVE;
	g->flags = c->grant_flags;
	g->scope = c->scope;
	random_bytes(g->id, sizeof(g->id));
	memcpy(g->user_id, c->user_id, sizeof(g->user_id));
	memcpy(g->client_id, c->client_id, sizeof(g->client_id));
	memcpy(g->redirect, c->redirect, sizeof(g->redirect));
	g->worker = c->worker;
	g->created_s = now;
	g->era = auth_era();
	g->end_s = end_s;
	grant_put(g);
	grant_index(g, 1);
}

void
grant_operator(const char *user_id, struct grant_rec *g)
{
	memset(g, 0, sizeof(*g));
	g->v = GRANT_REC_V;
	g->kind = GK_OPERATOR;
	g->state = GS_LIVE;
	g->scope = SCOPE_TOOLS;
	random_bytes(g->id, sizeof(g->id));
	text_set(g->user_id, sizeof(g->user_id), user_id);
	text_set(g->client_id, sizeof(g->client_id), "keepctl");
	g->created_s = auth_now();
	g->era = auth_era();
	g->end_s = g->created_s + OPERATOR_S;
	grant_put(g);
	grant_index(g, 1);
}

/* ---- walking ---- */

struct walk {
	int	(*fn)(void *, const struct grant_rec *,
		    const struct family_rec *);
	void	*arg;
};

static int
walk_step(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct walk		*w = arg;
	struct grant_rec	 g;
	struct family_rec	 f;
	const uint8_t		*id;

	if (keylen <= GRANT_LEN)
		return (0);
	id = (const uint8_t *)key + keylen - GRANT_LEN;
	if (grant_get(id, &g, &f) == -1 || g.state != GS_LIVE)
		return (0);
	return (w->fn(w->arg, &g, &f));
}

static int
walk_from(const uint8_t *prefix, size_t len, const uint8_t *from,
    size_t fromlen, int (*fn)(void *, const struct grant_rec *,
    const struct family_rec *), void *arg)
{
	struct walk	w = { fn, arg };

	return (store_walk(DB_GRANT_INDEX, prefix, len, from, fromlen, 0,
	    walk_step, &w));
}

int
grant_walk(enum gi gi, const char *subject, int (*fn)(void *,
    const struct grant_rec *, const struct family_rec *), void *arg)
{
	uint8_t	key[GI_KEY_MAX];
	size_t	len;

	len = index_text(gi, subject != NULL ? subject : "", NULL, key);
	return (walk_from(key, len, NULL, 0, fn, arg));
}

static int
found(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	return (1);
}

int
grant_any(enum gi gi, const char *subject)
{
	uint8_t	key[GI_KEY_MAX];
	size_t	len;

	len = index_text(gi, subject, NULL, key);
	return (store_walk(DB_GRANT_INDEX, key, len, NULL, 0, 0, found,
	    NULL));
}

/* ---- ending ---- */

static void
grant_audit(const struct grant_rec *g, const struct audit_own *by)
{
	struct audit_own	a = *by;
	struct user		u;

	a.grant = g->id;
	a.user_id = g->user_id;
	a.client_id = g->client_id;
	a.user = user_get(g->user_id, &u) == 0 ? u.name : NULL;
	audit_add(&a);
}

static void
grant_unlist(const struct grant_rec *g, const struct family_rec *f)
{
	uint8_t	key[GI_KEY_MAX];

	grant_index(g, 0);
	index_set(key, index_number(GI_WORKER, f->worker, g->id, key), 0);
}

/* Out of the lists, kept as revoked; its tokens are refused through it. */
static void
grant_end(struct grant_rec *g, const struct audit_own *by)
{
	struct grant_rec	same;
	struct family_rec	f;

	if (grant_get(g->id, &same, &f) == 0)
		grant_unlist(g, &f);
	g->state = GS_REVOKED;
	g->revoked_s = auth_now();
	grant_put(g);
	if (g->kind == GK_OPERATOR)
		store_expire(g->revoked_s, DB_GRANTS, g->id, sizeof(g->id));
	grant_audit(g, by);
	if (!grant_any(GI_CLIENT, g->client_id))
		client_idle(g->client_id, g->revoked_s + CLIENT_IDLE_S);
}

int
revoke_grant(const uint8_t id[GRANT_LEN], const struct audit_own *by,
    close_fn *done, void *arg)
{
	struct grant_rec	g;
	int			n = 0;

	if (grant_get(id, &g, NULL) == -1)
		return (-1);
	if (g.state == GS_LIVE) {
		grant_end(&g, by);
		n = 1;
	}
	handle_close_grant(id, HC_REVOKE, done, arg);
	return (n);
}

static int
many_end(void *arg, const struct grant_rec *rec, const struct family_rec *f)
{
	struct many		*m = arg;
	struct grant_rec	 g = *rec;

	grant_end(&g, m->by);
	if (m->mark_each)
		closing_mark(m->closing, CL_GRANT, g.id, 0);
	m->count++;
	return (0);
}

/* Sign-ins and codes under way that the command means, too. */
static int
session_end(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	const struct many	*m = arg;
	struct session_rec	 s;

	if (vallen < sizeof(s))
		return (0);
	memcpy(&s, val, sizeof(s));
	if ((m->subject != NULL && strcmp(s.user_id, m->subject) != 0 &&
	    strcmp(s.client_id, m->subject) != 0) ||
	    (m->worker != 0 && s.worker != m->worker) ||
	    s.created_s < m->since_s)
		return (0);
	store_del(DB_SESSIONS, key, keylen);
	return (0);
}

static int
code_end(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	const struct many	*m = arg;
	struct code_rec		 c;

	if (vallen != sizeof(c))
		return (0);
	memcpy(&c, val, sizeof(c));
	if (c.flags & KF_REDEEMED ||
	    (m->subject != NULL && strcmp(c.user_id, m->subject) != 0 &&
	    strcmp(c.client_id, m->subject) != 0) ||
	    (m->worker != 0 && c.worker != m->worker) ||
	    c.created_s < m->since_s)
		return (0);
	store_del(DB_CODES, key, keylen);
	return (0);
}

static void
many_rest(struct many *m)
{
	store_walk(DB_SESSIONS, NULL, 0, NULL, 0, 0, session_end, m);
	store_walk(DB_CODES, NULL, 0, NULL, 0, 0, code_end, m);
	closing_go(m->closing);
}

static int
revoke_subject(enum gi gi, enum close_what what, const char *subject,
    const struct audit_own *by, close_fn *done, void *arg)
{
	struct many	m;

	memset(&m, 0, sizeof(m));
	m.by = by;
	m.subject = subject;
	m.closing = closing_new(HC_REVOKE, done, arg);
	closing_mark(m.closing, what, subject, 0);
	closing_name(m.closing, what, subject, 0);
	grant_walk(gi, subject, many_end, &m);
	many_rest(&m);
	return (m.count);
}

int
revoke_user(const char *user_id, const struct audit_own *by, close_fn *done,
    void *arg)
{
	return (revoke_subject(GI_USER, CL_USER, user_id, by, done, arg));
}

int
revoke_client(const char *client_id, const struct audit_own *by,
    close_fn *done, void *arg)
{
	return (revoke_subject(GI_CLIENT, CL_CLIENT, client_id, by, done,
	    arg));
}

/*
 * Grants of many users: each is refused for itself, and the CLOSE names all
 * handles, for a grant is used through any worker.  Others open anew.
 */
static void
many_start(struct many *m, const struct audit_own *by, close_fn *done,
    void *arg)
{
	memset(m, 0, sizeof(*m));
	m->by = by;
	m->mark_each = 1;
	m->closing = closing_new(HC_REVOKE, done, arg);
	closing_name(m->closing, CL_ALL, NULL, 0);
}

int
revoke_worker(uint64_t generation, const struct audit_own *by,
    close_fn *done, void *arg)
{
	struct many	m;
	uint8_t		key[GI_KEY_MAX];
	size_t		len;

	many_start(&m, by, done, arg);
	m.worker = generation;
	len = index_number(GI_WORKER, generation, NULL, key);
	walk_from(key, len, NULL, 0, many_end, &m);
	many_rest(&m);
	return (m.count);
}

int
revoke_since(int64_t since_s, const struct audit_own *by, close_fn *done,
    void *arg)
{
	struct many	m;
	uint8_t		key[GI_KEY_MAX];
	size_t		len;

	many_start(&m, by, done, arg);
	m.since_s = since_s < 0 ? 0 : since_s;
	len = index_number(GI_TIME, (uint64_t)m.since_s, NULL, key);
	walk_from(key, 1, key, len, many_end, &m);
	many_rest(&m);
	return (m.count);
}

int
revoke_all(const struct audit_own *by, close_fn *done, void *arg)
{
	return (revoke_since(0, by, done, arg));
}

/* ---- the sweep ---- */

void
grant_sweep(const uint8_t id[GRANT_LEN], int64_t now)
{
	struct grant_rec	g;
	struct family_rec	f;

	if (grant_get(id, &g, &f) == -1)
		return;
	if (g.kind == GK_OAUTH && f.until_s > now) {
		store_expire(f.until_s, DB_GRANTS, id, GRANT_LEN);
		return;
	}
	if (g.state == GS_LIVE)
		grant_unlist(&g, &f);
	store_del(DB_GRANTS, id, GRANT_LEN);
	store_del(DB_FAMILIES, id, GRANT_LEN);
	audit_forget_grant(id);
	if (g.state == GS_LIVE && g.kind == GK_OAUTH &&
	    !grant_any(GI_CLIENT, g.client_id))
		client_idle(g.client_id, now + CLIENT_IDLE_S);
}
