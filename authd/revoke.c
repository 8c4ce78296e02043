/* SPDX-License-Identifier: ISC */
/*
 * revoke.c: token revocation (RFC 7009).  Runs in authd.  Only the client a
 * token was given to can revoke it; a token nobody knows is as good as
 * revoked.  The answer leaves when toold has acknowledged, so that whoever
 * reads it knows: this token is accepted nowhere.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "../common/text.h"
#include "grant.h"
#include "handle.h"
#include "oauth.h"

struct asking {
	uint64_t	worker;
	uint32_t	id;
};

static void
revoke_answer(struct worker *w, uint32_t id, uint32_t status,
    const char *error, const char *text, uint32_t retry_after)
{
	struct msg_revoke_answer	m;

	memset(&m, 0, sizeof(m));
	m.status = status;
	m.retry_after = retry_after;
	text_set(m.error, sizeof(m.error), error);
	text_set(m.error_text, sizeof(m.error_text), text);
	answer_now(w, MSG_REVOKE_ANSWER, id, &m);
}

static void
revoke_done(void *arg, enum close_result res)
{
	struct asking	*a = arg;
	struct worker	*w = worker_find(a->worker);

	if (w == NULL)
		;
	else if (res == CLOSED_DONE)
		revoke_answer(w, a->id, 200, "", "", 0);
	else if (res == CLOSED_NOT_DURABLE)
		revoke_answer(w, a->id, 503, "temporarily_unavailable",
		    "revoked, but not durable: the store could not be "
		    "written; ask again", 5);
	else
		revoke_answer(w, a->id, 503, "temporarily_unavailable",
		    "revoked, but not acknowledged everywhere: ask again", 5);
	free(a);
}

static struct asking *
asking_new(const struct worker *w, uint32_t id)
{
	struct asking	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal("revoke");
	a->worker = w->generation;
	a->id = id;
	return (a);
}

static void
by_fill(struct audit_own *by, const struct worker *w,
    const struct msg_revoke *q, const char *detail)
{
	memset(by, 0, sizeof(*by));
	by->kind = AK_REVOKE;
	by->outcome = AO_OK;
	by->worker = w->generation;
	by->from = &q->from;
	by->detail = detail;
}

/* A refresh token: the grant ends, with every access token under it. */
static void
revoke_refresh(struct worker *w, uint32_t id, const struct msg_revoke *q,
    const struct grant_rec *g)
{
	struct audit_own	 by;
	struct asking		*a = asking_new(w, id);

	by_fill(&by, w, q, "refresh token, by the client");
	if (revoke_grant(g->id, &by, revoke_done, a) != -1)
		return;
	free(a);
	revoke_answer(w, id, 200, "", "", 0);
}

/*
 * One access token: its record says so from the commit on.  The handles of
 * the whole grant are closed; its other tokens open new ones.
 */
static void
revoke_access(struct worker *w, uint32_t id, const struct msg_revoke *q,
    const struct grant_rec *g, struct access_rec *t,
    const uint8_t key[DIGEST_LEN])
{
	struct audit_own	 by;
	struct closing		*c;
	struct user		 u;

	if ((t->flags & AR_REVOKED) == 0) {
		t->flags |= AR_REVOKED;
		store_put(DB_ACCESS, key, DIGEST_LEN, t, sizeof(*t));
		by_fill(&by, w, q, "access token, by the client");
		by.grant = g->id;
		by.user_id = g->user_id;
		by.user = user_get(g->user_id, &u) == 0 ? u.name : NULL;
		by.client_id = g->client_id;
		audit_add(&by);
	}
	c = closing_new(HC_REVOKE, revoke_done, asking_new(w, id));
	closing_mark(c, CL_HANDLE, key, 0);
	closing_name(c, CL_GRANT, g->id, 0);
	closing_go(c);
}

/* Not its own: nothing happens, and it cannot tell that from unknown. */
static int
own(const struct client *c, const uint8_t grant[GRANT_LEN],
    struct grant_rec *g)
{
	return (grant_get(grant, g, NULL) == 0 &&
	    strcmp(g->client_id, c->rec.id) == 0);
}

static void
revoke_token(struct worker *w, uint32_t id, const struct msg_revoke *q,
    const struct client *c)
{
	struct refresh_rec	r;
	struct access_rec	t;
	struct grant_rec	g;
	uint8_t			key[DIGEST_LEN];
	size_t			n = strlen(q->token);

	if (digest_find(DB_REFRESH, DK_REFRESH, q->token, n, &r, sizeof(r),
	    key) == 0) {
		if (own(c, r.grant, &g)) {
			revoke_refresh(w, id, q, &g);
			return;
		}
	} else if (digest_find(DB_ACCESS, DK_ACCESS, q->token, n, &t,
	    sizeof(t), key) == 0) {
		if (own(c, t.grant, &g)) {
			revoke_access(w, id, q, &g, &t, key);
			return;
		}
	} else {
		revoke_answer(w, id, 200, "", "", 0);
		return;
	}
	audit_refused(AK_REFUSED, AO_DENIED, &q->from,
	    "revocation of another client's token");
	revoke_answer(w, id, 200, "", "", 0);
}

void
revoke_on_msg(struct chan *ch, struct msg *msg)
{
	const struct msg_revoke	*q = msg->data;
	struct worker		*w = worker_of(ch);
	struct client_claim	 claim;
	struct client		 c;
	const char		*why;
	uint32_t		 wait, status;

	wait = limit_request(LQ_REVOKE, w->life, &q->from, NULL, NULL);
	if (wait != 0) {
		revoke_answer(w, msg->id, 429, "too_many_requests",
		    "too many requests", wait);
		return;
	}
	claim.has_id = (q->has & RV_CLIENT_ID) != 0;
	claim.has_secret = (q->has & RV_SECRET) != 0;
	claim.has_basic = (q->has & RV_BASIC) != 0;
	claim.id = q->client_id;
	claim.secret = q->secret;
	claim.basic_id = q->basic_id;
	claim.basic_secret = q->basic_secret;
	if ((why = client_authenticate(&claim, &c, &status)) != NULL) {
		audit_refused(AK_REFUSED, AO_DENIED, &q->from, why);
		revoke_answer(w, msg->id, status, status == 401 ?
		    "invalid_client" : "invalid_request", why, 0);
	} else if (*q->token == '\0')
		revoke_answer(w, msg->id, 400, "invalid_request",
		    "token is missing", 0);
	else
		revoke_token(w, msg->id, q, &c);
}
