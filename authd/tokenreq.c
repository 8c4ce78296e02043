/* SPDX-License-Identifier: ISC */
/*
 * tokenreq.c: the token endpoint (OAuth 2.1, 3.2 and 4; RFC 8707).  Runs in
 * authd on the fields of a request.  The client is authenticated before any
 * code or token is looked up, and what is found must be that client's before
 * anything is written.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "../common/uri.h"
#include "family.h"
#include "grant.h"
#include "handle.h"
#include "oauth.h"
#include "pkce.h"

/* A code that was redeemed is remembered so long: a second use of it must
 * still end what the first one gave. */
#define REDEEMED_S	86400
#define SIBLING_TEXT	"refresh within grace"

struct request {
	struct worker		*w;
	uint32_t		 id;
	const struct msg_token	*q;
	struct client		 client;
	int64_t			 now;
};

static void
fail(const struct request *r, uint32_t status, const char *error,
    const char *text, uint32_t retry_after)
{
	struct msg_token_answer	m;

	memset(&m, 0, sizeof(m));
	m.status = status;
	m.retry_after = retry_after;
	text_set(m.error, sizeof(m.error), error);
	text_set(m.error_text, sizeof(m.error_text), text);
	answer_now(r->w, MSG_TOKEN_ANSWER, r->id, &m);
}

static void
invalid_grant(const struct request *r, const char *text)
{
	audit_refused(AK_REFUSED, AO_DENIED, &r->q->from, text);
	fail(r, 400, "invalid_grant", text, 0);
}

static void
token_spoil(void *body)
{
	struct msg_token_answer	*m = body;

	secret_wipe(m, sizeof(*m));
	m->status = 503;
	m->retry_after = 2;
	text_set(m->error, sizeof(m->error), "temporarily_unavailable");
	text_set(m->error_text, sizeof(m->error_text),
	    "the tokens could not be stored, try again");
}

static void
issue_audit(const struct request *r, const struct grant_rec *g,
    enum audit_kind kind, const char *detail)
{
	struct audit_own	a;
	struct user		u;

	memset(&a, 0, sizeof(a));
	a.kind = kind;
	a.outcome = kind == AK_REPLAY ? AO_DENIED : AO_OK;
	a.worker = r->w->generation;
	a.from = &r->q->from;
	a.grant = g->id;
	a.user_id = g->user_id;
	a.user = user_get(g->user_id, &u) == 0 ? u.name : NULL;
	a.client_id = g->client_id;
	a.detail = detail;
	audit_add(&a);
}

/* ---- replay: revoke, and answer when that is done ---- */

struct replay {
	uint64_t	worker;
	uint32_t	id;
	const char	*text;
};

static void
replay_done(void *arg, enum close_result res)
{
	struct replay		*p = arg;
	struct request		 r;

	memset(&r, 0, sizeof(r));
	r.id = p->id;
	if ((r.w = worker_find(p->worker)) != NULL)
		fail(&r, 400, "invalid_grant", p->text, 0);
	free(p);
}

static void
replay_end(const struct request *r, const uint8_t grant[GRANT_LEN],
    const char *text)
{
	struct audit_own	 by;
	struct replay		*p;

	memset(&by, 0, sizeof(by));
	by.kind = AK_REPLAY;
	by.outcome = AO_DENIED;
	by.worker = r->w->generation;
	by.from = &r->q->from;
	by.detail = text;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		fatal("token");
	p->worker = r->w->generation;
	p->id = r->id;
	p->text = text;
	if (revoke_grant(grant, &by, replay_done, p) == -1) {
		fail(r, 400, "invalid_grant", text, 0);
		free(p);
	}
}

/* ---- what both grants need ---- */

/* 503 when the disk is full, 429 by the limits: -1, answered. */
static int
may_issue(const struct request *r)
{
	if (store_writable() == -1) {
		fail(r, 503, "temporarily_unavailable",
		    "the server's disk is full", 30);
		return (-1);
	}
	if (r->q->has & TR_RESOURCE &&
	    !uri_resource_match(auth_resource(), r->q->resource)) {
		fail(r, 400, "invalid_target",
		    "resource is not this server's", 0);
		return (-1);
	}
	return (0);
}

/* Also what is refused in memory only: a revocation that is not durable. */
static int
user_live(const struct request *r, const char *id, const uint8_t *grant)
{
	struct refused_by	q = { id, r->client.rec.id, r->w->generation,
	    grant, NULL };
	struct user		u;

	return (user_get(id, &u) == 0 && (u.flags & USER_DISABLED) == 0 &&
	    handle_refused(&q) != RF_GONE);
}

static void
issue(const struct request *r, struct issue *i, enum audit_kind kind,
    const char *detail)
{
	struct msg_token_answer	m;

	i->worker = r->w->generation;
	i->now = r->now;
	i->refresh = (r->client.rec.grant_types & GT_REFRESH) != 0;
	if (token_issue(i, &m) == -1) {
		fail(r, 500, "server_error", "no token could be made", 0);
		return;
	}
	issue_audit(r, i->grant, kind, detail);
	answer_after(r->w, MSG_TOKEN_ANSWER, r->id, &m, sizeof(m),
	    token_spoil);
	secret_wipe(&m, sizeof(m));
}

/* ---- authorization_code ---- */

/* NULL, or what of the request does not fit the code. */
static const char *
code_bound(const struct request *r, const struct code_rec *c)
{
	const struct msg_token	*q = r->q;

	if (auth_over(c->era, c->expires_s))
		return ("the code has expired");
	if (q->has & TR_REDIRECT ? strcmp(q->redirect_uri, c->redirect) != 0 :
	    (c->flags & KF_URI_GIVEN) != 0)
		return ("redirect_uri is not the one of the authorization");
	if (!pkce_ok(q->verifier, c->challenge))
		return ("code_verifier does not match the challenge");
	if (!user_live(r, c->user_id, NULL))
		return ("the user may not sign in any more");
	return (NULL);
}

static void
code_redeem(struct request *r, struct code_rec *c,
    const uint8_t key[DIGEST_LEN])
{
	struct family_rec	f;
	struct grant_rec	g;
	struct issue		i;

	memset(&i, 0, sizeof(i));
	grant_create(&g, c, r->now, r->now + auth_conf()->family_s);
	family_init(&f, auth_now_ms(), auth_era(), &i.serial);
	i.grant = &g;
	i.family = &f;
	i.scope = g.scope;
	c->flags |= KF_REDEEMED;
	memcpy(c->grant, g.id, sizeof(c->grant));
	store_put(DB_CODES, key, DIGEST_LEN, c, sizeof(*c));
	store_expire(r->now + REDEEMED_S, DB_CODES, key, DIGEST_LEN);
	client_used(&r->client, r->now);
	issue(r, &i, AK_ISSUE, NULL);
}

static void
grant_code(struct request *r)
{
	const struct msg_token	*q = r->q;
	struct code_rec		 c;
	uint8_t			 key[DIGEST_LEN];
	const char		*why;

	if (*q->code == '\0' || *q->verifier == '\0') {
		fail(r, 400, "invalid_request", *q->code != '\0' ?
		    "code_verifier is missing" : "code is missing", 0);
		return;
	}
	if (may_issue(r) == -1)
		return;
	if (digest_find(DB_CODES, DK_CODE, q->code, strlen(q->code), &c,
	    sizeof(c), key) == -1 ||
	    strcmp(c.client_id, r->client.rec.id) != 0)
		invalid_grant(r, "the code is unknown or has expired");
	else if (c.flags & KF_REDEEMED)
		replay_end(r, c.grant, "the code was used before");
	else if ((why = code_bound(r, &c)) != NULL)
		invalid_grant(r, why);
	else if (store_count(DB_GRANTS) >= auth_conf()->max_grants) {
		log_warnx("no room for another grant (limit grants)");
		fail(r, 503, "temporarily_unavailable",
		    "the server has no room for another grant", 600);
	} else
		code_redeem(r, &c, key);
}

/* ---- refresh_token ---- */

/* Narrower if asked so; never wider, and never an error. */
static uint32_t
scope_narrow(const struct request *r, uint32_t have)
{
	uint32_t	want;

	if ((r->q->has & TR_SCOPE) == 0)
		return (have);
	want = scope_parse(r->q->scope) & have;
	return (want != 0 ? want : have);
}

static void
refresh_use(struct request *r, const struct grant_rec *g,
    struct family_rec *f, uint32_t serial)
{
	struct family_time	t = { auth_now_ms(), auth_era(),
	    auth_judge_ms(f->era) - f->rotated_ms,
	    (int64_t)auth_conf()->grace_s * 1000, auth_conf()->access_s };
	struct issue		i;
	enum family_verdict	v;
	uint32_t		wait;

	memset(&i, 0, sizeof(i));
	v = family_use(f, serial, &t, &i.serial);
	/* A replay ends the grant: no thief's refreshes may hold that up. */
	if ((v != FV_REPLAY || auth_flags() & CONF_REPLAY_REJECT) &&
	    (wait = limit_refresh(g->id)) != 0) {
		fail(r, 429, "too_many_requests",
		    "too many refreshes of one grant", wait);
		return;
	}
	if (v == FV_REPLAY && auth_flags() & CONF_REPLAY_REJECT) {
		issue_audit(r, g, AK_REPLAY, "refused only");
		fail(r, 400, "invalid_grant",
		    "the refresh token was used before", 0);
		return;
	}
	if (v == FV_REPLAY) {
		replay_end(r, g->id, "the refresh token was used before; "
		    "the grant is revoked");
		return;
	}
	i.grant = g;
	i.family = f;
	i.scope = scope_narrow(r, g->scope);
	issue(r, &i, AK_REFRESH, v == FV_SIBLING ? SIBLING_TEXT :
	    v == FV_LOST ? "an unused generation was cancelled" : NULL);
}

/* NULL and the records, or why the token is no good. */
static const char *
refresh_load(const struct request *r, struct refresh_rec *t,
    struct grant_rec *g, struct family_rec *f)
{
	uint8_t	key[DIGEST_LEN];

	if (digest_find(DB_REFRESH, DK_REFRESH, r->q->refresh,
	    strlen(r->q->refresh), t, sizeof(*t), key) == -1 ||
	    grant_get(t->grant, g, f) == -1 ||
	    strcmp(g->client_id, r->client.rec.id) != 0)
		return ("the refresh token is unknown or has expired");
	if (g->state != GS_LIVE)
		return ("the grant was revoked");
	if (auth_over(t->era, t->expires_s) || auth_over(g->era, g->end_s))
		return ("the refresh token has expired");
	if (!user_live(r, g->user_id, g->id))
		return ("the grant was revoked");
	return (NULL);
}

static void
grant_refresh(struct request *r)
{
	struct refresh_rec	 t;
	struct grant_rec	 g;
	struct family_rec	 f;
	const char		*why;

	if (*r->q->refresh == '\0') {
		fail(r, 400, "invalid_request", "refresh_token is missing", 0);
		return;
	}
	if (may_issue(r) == -1)
		return;
	if ((why = refresh_load(r, &t, &g, &f)) != NULL)
		invalid_grant(r, why);
	else
		refresh_use(r, &g, &f, t.serial);
}

/* ---- the request ---- */

struct grant_row {
	const char	*name;
	void		(*fn)(struct request *);
};
static const struct grant_row grant_rows[] = {
	{ "authorization_code", grant_code },
	{ "refresh_token", grant_refresh },
};

static void
dispatch(struct request *r)
{
	size_t	i;

	if ((r->q->has & TR_GRANT_TYPE) == 0) {
		fail(r, 400, "invalid_request", "grant_type is missing", 0);
		return;
	}
	for (i = 0; i < sizeof(grant_rows) / sizeof(grant_rows[0]); i++)
		if (strcmp(grant_rows[i].name, r->q->grant_type) == 0) {
			grant_rows[i].fn(r);
			return;
		}
	fail(r, 400, "unsupported_grant_type", "The grant type is not "
	    "supported by this authorization server.", 0);
}

void
token_on_msg(struct chan *ch, struct msg *msg)
{
	struct client_claim	 claim;
	struct request		 r;
	const char		*why;
	uint32_t		 wait, status;

	memset(&r, 0, sizeof(r));
	r.w = worker_of(ch);
	r.id = msg->id;
	r.q = msg->data;
	r.now = auth_now();
	wait = limit_request(LQ_TOKEN, r.w->life, &r.q->from,
	    r.q->has & TR_BASIC ? r.q->basic_id : r.q->client_id, NULL);
	if (wait != 0) {
		fail(&r, 429, "too_many_requests", "too many requests", wait);
		return;
	}
	claim.has_id = (r.q->has & TR_CLIENT_ID) != 0;
	claim.has_secret = (r.q->has & TR_SECRET) != 0;
	claim.has_basic = (r.q->has & TR_BASIC) != 0;
	claim.id = r.q->client_id;
	claim.secret = r.q->secret;
	claim.basic_id = r.q->basic_id;
	claim.basic_secret = r.q->basic_secret;
	if ((why = client_authenticate(&claim, &r.client, &status)) != NULL) {
		audit_refused(AK_REFUSED, AO_DENIED, &r.q->from, why);
		fail(&r, status, status == 401 ? "invalid_client" :
		    "invalid_request", why, 0);
		return;
	}
	dispatch(&r);
}
