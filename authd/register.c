/* SPDX-License-Identifier: ISC */
/*
 * register.c: dynamic client registration (RFC 7591).  Runs in authd on the
 * fields of an unauthenticated request: everything is bounded, a repeated
 * registration of a public client finds the first one, and a full store
 * evicts what nobody uses.
 */
#include <string.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "../common/uri.h"
#include "grant.h"
#include "oauth.h"

#define AUDIT_MINUTE	20		/* registrations with a record each */
#define MINUTE_MS	60000

static void
register_fail(struct worker *w, uint32_t id, uint32_t status,
    const char *error, const char *text, uint32_t retry_after)
{
	struct msg_registered	m;

	memset(&m, 0, sizeof(m));
	m.status = status;
	m.retry_after = retry_after;
	text_set(m.error, sizeof(m.error), error);
	text_set(m.error_text, sizeof(m.error_text), text);
	answer_now(w, MSG_REGISTERED, id, &m);
}

static void
register_spoil(void *body)
{
	struct msg_registered	*m = body;

	secret_wipe(m, sizeof(*m));
	m->status = 503;
	m->retry_after = 5;
	text_set(m->error, sizeof(m->error), "temporarily_unavailable");
	text_set(m->error_text, sizeof(m->error_text),
	    "the registration could not be stored");
}

/*
 * Only what the policy allows and the request can be registered with; the
 * rest is dropped (a mixed registration is common).  NULL, or why none.
 */
static const char *
redirects_keep(const struct msg_register *q, struct client *c)
{
	const char *const	*schemes;
	const char		*why, *first = NULL;
	size_t			 n;
	unsigned int		 i, k;

	schemes = auth_schemes(&n);
	for (i = 0; i < q->nredirects; i++) {
		why = uri_redirect_ok(q->redirect[i], schemes, n);
		if (why != NULL) {
			if (first == NULL)
				first = why;
			continue;
		}
		for (k = 0; k < c->rec.nredirects; k++)
			if (strcmp(c->redirect[k], q->redirect[i]) == 0)
				break;
		if (k == c->rec.nredirects)
			client_add_redirect(c, q->redirect[i]);
	}
	if (c->rec.nredirects != 0)
		return (NULL);
	return (first != NULL ? first : "redirect_uris is missing");
}

/* A client without a name is called after where it sends people. */
static void
name_set(const struct msg_register *q, struct client *c)
{
	struct uri	u;

	text_clean(c->rec.name, sizeof(c->rec.name), q->client_name,
	    strlen(q->client_name));
	if (c->rec.name[0] != '\0' || uri_parse(c->redirect[0], &u) != NULL)
		return;
	text_clean(c->rec.name, sizeof(c->rec.name),
	    u.host[0] != '\0' ? u.host : u.scheme,
	    strlen(u.host[0] != '\0' ? u.host : u.scheme));
}

static void
fields_set(const struct msg_register *q, struct client *c, int64_t now)
{
	c->rec.v = CLIENT_REC_V;
	c->rec.digest_gen = digest_gen();
	c->rec.created_s = now;
	c->rec.era = auth_era();
	c->rec.grant_types = q->grant_types != 0 ? q->grant_types | GT_CODE :
	    GT_CODE | GT_REFRESH;
	c->rec.auth_method = q->auth_method;
	if (q->auth_method == AM_ABSENT || auth_flags() & CONF_REG_PUBLIC)
		c->rec.auth_method = AM_NONE;
	if (c->rec.auth_method == AM_NONE)
		c->rec.flags |= CR_PUBLIC;
	name_set(q, c);
}

/*
 * Two installations that differ in their loopback port only are one, where
 * uri_redirect_match lets the port differ: not with a query.
 */
static void
idem_redirect(struct buf *b, const char *uri)
{
	struct uri	u;

	if (uri_parse(uri, &u) == NULL && uri_is_loopback(&u) &&
	    strcmp(u.scheme, "http") == 0 && !u.has_query)
		buf_addf(b, "%s://%s%s", u.scheme, u.host, u.path);
	else
		buf_adds(b, uri);
	buf_addc(b, '\n');
}

static void
idem_make(struct client *c)
{
	struct buf	b;
	unsigned int	i;

	buf_init(&b, 0);
	buf_addf(&b, "%u\n%s\n", c->rec.grant_types, c->rec.name);
	for (i = 0; i < c->rec.nredirects; i++)
		idem_redirect(&b, c->redirect[i]);
	digest_make(c->rec.digest_gen, DK_IDEM, b.data, b.len, c->rec.idem);
	buf_free(&b);
}

/* The answer says what was asked and kept, not an earlier port. */
static void
registered_fill(const struct client *c, const struct client *kept,
    struct msg_registered *m)
{
	unsigned int	i;

	memset(m, 0, sizeof(*m));
	m->status = 201;
	m->auth_method = c->rec.auth_method;
	m->grant_types = c->rec.grant_types;
	m->nredirects = kept->rec.nredirects;
	m->issued_at = c->rec.created_s;
	m->secret_expires = c->rec.secret_expires_s;
	memcpy(m->client_id, c->rec.id, sizeof(m->client_id));
	memcpy(m->client_name, c->rec.name, sizeof(m->client_name));
	for (i = 0; i < kept->rec.nredirects; i++)
		text_set(m->redirect[i], sizeof(m->redirect[i]),
		    kept->redirect[i]);
}

/*
 * Anybody may register, so a flood may not fill the disk with records of it:
 * beyond AUDIT_MINUTE in a minute the rest is counted.
 */
static int
register_counted(const struct msg_register *q)
{
	static struct mono	since;
	static unsigned int	n;
	struct mono		now = ev_now();

	if (now.ms - since.ms >= MINUTE_MS) {
		since = now;
		n = 0;
	}
	if (n++ < AUDIT_MINUTE)
		return (0);
	audit_refused(AK_REGISTER, AO_OK, &q->from, "registered");
	return (1);
}

static void
register_audit(const struct worker *w, const struct msg_register *q,
    const struct client *c)
{
	struct audit_own	a;

	if (register_counted(q))
		return;
	memset(&a, 0, sizeof(a));
	a.kind = AK_REGISTER;
	a.outcome = AO_OK;
	a.worker = w->generation;
	a.from = &q->from;
	a.client_id = c->rec.id;
	a.target = c->rec.id;
	a.detail = c->rec.name;
	audit_add(&a);
}

static void
register_new(struct worker *w, uint32_t id, const struct msg_register *q,
    struct client *c, int64_t now)
{
	struct msg_registered	m;
	char			secret[72] = "";

	uuid_make(c->rec.id);
	if ((c->rec.flags & CR_PUBLIC) == 0) {
		secret_make("ks_", secret, sizeof(secret));
		digest_make(c->rec.digest_gen, DK_SECRET, secret,
		    strlen(secret), c->rec.secret);
		c->rec.secret_expires_s = now + auth_conf()->secret_s;
	} else
		store_put(DB_CLIENT_IDEM, c->rec.idem, DIGEST_LEN, c->rec.id,
		    sizeof(c->rec.id));
	client_put(c);
	client_idle(c->rec.id, now + CLIENT_FRESH_S);
	register_audit(w, q, c);
	registered_fill(c, c, &m);
	memcpy(m.secret, secret, sizeof(m.secret));
	answer_after(w, MSG_REGISTERED, id, &m, sizeof(m), register_spoil);
	secret_wipe(secret, sizeof(secret));
	secret_wipe(&m, sizeof(m));
}

static int
register_again(struct worker *w, uint32_t id, const struct client *kept,
    int64_t now)
{
	struct msg_registered	m;
	struct client		c;
	char			have[40];

	if ((kept->rec.flags & CR_PUBLIC) == 0 ||
	    store_get(DB_CLIENT_IDEM, kept->rec.idem, DIGEST_LEN, have,
	    sizeof(have)) == -1 || client_get(have, &c) == -1)
		return (0);
	client_wanted(&c, now + CLIENT_FRESH_S);
	registered_fill(&c, kept, &m);
	answer_after(w, MSG_REGISTERED, id, &m, sizeof(m), register_spoil);
	return (1);
}

void
register_on_msg(struct chan *ch, struct msg *msg)
{
	const struct msg_register	*q = msg->data;
	struct worker			*w = worker_of(ch);
	struct client			 c;
	const char			*why;
	uint32_t			 wait;
	int64_t				 now = auth_now();

	wait = limit_request(LQ_REGISTER, w->life, &q->from, NULL, NULL);
	if (wait != 0) {
		register_fail(w, msg->id, 429, "too_many_requests",
		    "too many registrations, try again later", wait);
		return;
	}
	memset(&c, 0, sizeof(c));
	if ((why = redirects_keep(q, &c)) != NULL) {
		audit_refused(AK_REGISTER, AO_INVALID, &q->from,
		    "redirect_uris");
		register_fail(w, msg->id, 400, "invalid_redirect_uri", why, 0);
		return;
	}
	fields_set(q, &c, now);
	idem_make(&c);
	if (register_again(w, msg->id, &c, now))
		return;
	if (store_writable() == -1) {
		register_fail(w, msg->id, 503, "temporarily_unavailable",
		    "the server's disk is full", 30);
		return;
	}
	if (store_count(DB_CLIENTS) >= auth_conf()->max_clients &&
	    client_evict() == -1) {
		log_warnx("registration refused: %u clients with grants "
		    "(limit clients)", auth_conf()->max_clients);
		register_fail(w, msg->id, 503, "temporarily_unavailable",
		    "the server has no room for another client", 3600);
		return;
	}
	register_new(w, msg->id, q, &c, now);
}
