/* SPDX-License-Identifier: ISC */
/*
 * client.c: the registered clients: records, authentication, eviction.  Runs
 * in authd.  Clients register themselves, so nothing here trusts a name, and
 * the number of records is bounded: the ones nobody approved go first, one
 * with a live grant never goes.
 */
#include <stdio.h>
#include <string.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "../common/uri.h"
#include "client.h"
#include "grant.h"
#include "handle.h"

#define UNUSED_KEY_LEN	(8 + UUID_LEN)

struct stored {
	struct client_rec	rec;
	char			tail[CLIENT_TAIL_MAX];
};

/* Take the tail apart; a record that does not add up is not used. */
static int
client_unpack(const void *val, size_t len, struct client *c)
{
	const char	*p, *end;
	unsigned int	 i;

	if (len < sizeof(c->rec))
		return (-1);
	memcpy(&c->rec, val, sizeof(c->rec));
	len -= sizeof(c->rec);
	if (c->rec.v != CLIENT_REC_V || c->rec.redirects_len != len ||
	    len > sizeof(c->tail) || c->rec.nredirects > REDIRECTS_MAX)
		return (-1);
	memcpy(c->tail, (const uint8_t *)val + sizeof(c->rec), len);
	memset(c->redirect, 0, sizeof(c->redirect));
	p = c->tail;
	end = c->tail + len;
	for (i = 0; i < c->rec.nredirects; i++) {
		c->redirect[i] = p;
		p += strnlen(p, (size_t)(end - p)) + 1;
		if (p > end)
			return (-1);
	}
	return (p == end ? 0 : -1);
}

int
client_get(const char *id, struct client *c)
{
	struct stored	s;
	long		n;

	if (!uuid_valid(id, strlen(id)))
		return (-1);
	n = store_get_any(DB_CLIENTS, id, UUID_LEN, &s, sizeof(s));
	return (n == -1 ? -1 : client_unpack(&s, (size_t)n, c));
}

void
client_put(const struct client *c)
{
	struct stored	s;

	s.rec = c->rec;
	memcpy(s.tail, c->tail, c->rec.redirects_len);
	store_put(DB_CLIENTS, c->rec.id, UUID_LEN, &s,
	    sizeof(s.rec) + c->rec.redirects_len);
}

int
client_add_redirect(struct client *c, const char *uri)
{
	size_t	n = strlen(uri) + 1;

	if (c->rec.nredirects == REDIRECTS_MAX ||
	    c->rec.redirects_len + n > sizeof(c->tail))
		return (-1);
	memcpy(c->tail + c->rec.redirects_len, uri, n);
	c->redirect[c->rec.nredirects++] = c->tail + c->rec.redirects_len;
	c->rec.redirects_len += (uint32_t)n;
	return (0);
}

const char *
client_redirect(const struct client *c, const char *asked)
{
	unsigned int	i;

	for (i = 0; i < c->rec.nredirects; i++)
		if (uri_redirect_match(c->redirect[i], asked))
			return (c->redirect[i]);
	return (NULL);
}

/* ---- the list of those that may go ---- */

static void
unused_key(const struct client_rec *r, uint8_t key[UNUSED_KEY_LEN])
{
	be64_put(key, (uint64_t)r->unused_key_s);
	memcpy(key + 8, r->id, UUID_LEN);
}

static void
unused_set(struct client *c, int64_t until_s)
{
	uint8_t	key[UNUSED_KEY_LEN];

	if (c->rec.flags & CR_PINNED || c->rec.unused_key_s == until_s)
		return;
	if (c->rec.unused_key_s != 0) {
		unused_key(&c->rec, key);
		store_del(DB_CLIENT_UNUSED, key, sizeof(key));
	}
	c->rec.unused_key_s = until_s;
	if (until_s != 0) {
		unused_key(&c->rec, key);
		store_put(DB_CLIENT_UNUSED, key, sizeof(key), "", 0);
	}
}

void
client_idle(const char *id, int64_t until_s)
{
	struct client	c;

	if (client_get(id, &c) == -1)
		return;
	unused_set(&c, until_s);
	client_put(&c);
}

void
client_used(struct client *c, int64_t now)
{
	unused_set(c, 0);
	c->rec.used_s = now;
	client_put(c);
}

void
client_wanted(struct client *c, int64_t until_s)
{
	if (c->rec.unused_key_s == 0 || c->rec.unused_key_s >= until_s)
		return;
	unused_set(c, until_s);
	client_put(c);
}

/* The record with all that points at it. */
static void
client_drop(struct client *c)
{
	unused_set(c, 0);
	if (c->rec.flags & CR_PUBLIC)
		store_del(DB_CLIENT_IDEM, c->rec.idem, DIGEST_LEN);
	store_del(DB_CLIENTS, c->rec.id, UUID_LEN);
}

struct evict {
	int64_t		now;		/* 0: whoever is first */
	unsigned int	left;
};

static int
evict_step(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct evict	*e = arg;
	struct client	 c;
	char		 id[40];

	if (keylen != UNUSED_KEY_LEN)
		return (0);
	if (e->now != 0 && be64_get(key) > (uint64_t)e->now)
		return (1);
	memset(id, 0, sizeof(id));
	memcpy(id, (const uint8_t *)key + 8, UUID_LEN);
	if (client_get(id, &c) == 0 && !grant_any(GI_CLIENT, id))
		client_drop(&c);
	else
		store_del(DB_CLIENT_UNUSED, key, keylen);
	return (--e->left == 0);
}

int
client_evict(void)
{
	struct evict	e = { 0, 1 };
	uint64_t	before = store_count(DB_CLIENTS);

	store_walk(DB_CLIENT_UNUSED, NULL, 0, NULL, 0, 0, evict_step, &e);
	return (store_count(DB_CLIENTS) < before ? 0 : -1);
}

void
client_sweep(int64_t now, unsigned int most)
{
	struct evict	e = { now, most };

	store_walk(DB_CLIENT_UNUSED, NULL, 0, NULL, 0, 0, evict_step, &e);
}

/* ---- for keepctl ---- */

struct walk {
	int	(*fn)(void *, const struct client *);
	void	*arg;
};

static int
walk_step(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct walk	*w = arg;
	struct client	 c;

	if (client_unpack(val, vallen, &c) == -1)
		return (0);
	return (w->fn(w->arg, &c));
}

int
client_walk(int (*fn)(void *, const struct client *), void *arg)
{
	struct walk	w = { fn, arg };

	return (store_walk(DB_CLIENTS, NULL, 0, NULL, 0, 0, walk_step, &w));
}

const char *
client_add(const char *name, const char *const *redirect,
    unsigned int nredirects, char *secret, size_t secret_size, char id[40])
{
	static struct client	c;
	const char *const	*schemes;
	const char		*why;
	size_t			 nschemes;
	unsigned int		 i;

	if (!text_printable(name, strlen(name)) || *name == '\0' ||
	    strlen(name) >= sizeof(c.rec.name))
		return ("client name: not printable, or too long");
	memset(&c, 0, sizeof(c));
	schemes = auth_schemes(&nschemes);
	for (i = 0; i < nredirects; i++) {
		if ((why = uri_redirect_ok(redirect[i], schemes, nschemes)) !=
		    NULL)
			return (why);
		if (client_add_redirect(&c, redirect[i]) == -1)
			return ("redirect URIs: too many, or too long");
	}
	if (nredirects == 0)
		return ("redirect URI: at least one is needed");
	c.rec.v = CLIENT_REC_V;
	c.rec.flags = CR_PINNED;
	c.rec.grant_types = GT_CODE | GT_REFRESH;
	c.rec.digest_gen = digest_gen();
	c.rec.created_s = auth_now();
	c.rec.era = auth_era();
	c.rec.auth_method = secret != NULL ? AM_POST : AM_NONE;
	text_set(c.rec.name, sizeof(c.rec.name), name);
	uuid_make(c.rec.id);
	if (secret != NULL) {
		secret_make("ks_", secret, secret_size);
		digest_make(c.rec.digest_gen, DK_SECRET, secret,
		    strlen(secret), c.rec.secret);
	} else
		c.rec.flags |= CR_PUBLIC;
	client_put(&c);
	memcpy(id, c.rec.id, sizeof(c.rec.id));
	return (NULL);
}

int
client_remove(const char *id, const struct audit_own *by, close_fn *done,
    void *arg)
{
	struct client	c;

	if (client_get(id, &c) == -1)
		return (-1);
	revoke_client(id, by, done, arg);
	/* Its last grant's end has put it on the list: read it again. */
	if (client_get(id, &c) == 0)
		client_drop(&c);
	return (0);
}

/* ---- authentication ---- */

static int
secret_right(const struct client *c, const char *secret)
{
	uint8_t	d[DIGEST_LEN];

	return (digest_make(c->rec.digest_gen, DK_SECRET, secret,
	    strlen(secret), d) == 0 &&
	    secret_eq(d, c->rec.secret, sizeof(d)));
}

/*
 * Basic with an equal client_id in the body is one method; two secrets are
 * two methods.  A public client may send an empty secret, as some do.
 */
const char *
client_authenticate(const struct client_claim *q, struct client *c,
    uint32_t *status)
{
	const char	*id = q->has_basic ? q->basic_id : q->id;
	const char	*secret = q->has_basic ? q->basic_secret : q->secret;
	int		 given;

	*status = 400;
	if (!q->has_basic && !q->has_id)
		return ("client_id is missing");
	if (q->has_basic && q->has_id && strcmp(q->id, q->basic_id) != 0)
		return ("client_id differs from the one in Authorization");
	if (q->has_basic && q->has_secret && *q->secret != '\0')
		return ("client_secret was sent in two ways");
	*status = 401;
	if (client_get(id, c) == -1)
		return ("Invalid client_id");
	given = (q->has_basic || q->has_secret) && *secret != '\0';
	if (c->rec.flags & CR_PUBLIC)
		return (given ? "this client has no client_secret" : NULL);
	if (!given)
		return ("Client secret is required");
	if (!secret_right(c, secret))
		return ("Invalid client_secret");
	if (c->rec.secret_expires_s != 0 &&
	    auth_over(c->rec.era, c->rec.secret_expires_s))
		return ("Client secret has expired");
	return (NULL);
}
