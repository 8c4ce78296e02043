/* SPDX-License-Identifier: ISC */
/*
 * signin.c: the sign-in form.  Runs in authd on what a browser sent: a
 * sealed pending authorization, the cookie it was given with it, the form's
 * value, a name and a password.  All but the last are checked before a
 * password is looked at; nothing is stored before it was right.
 *
 * A pending is used up by a right password, and that is remembered until it
 * would have ended.  A form sent twice (a double click) while the first is
 * under way waits for the same answer.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "grant.h"
#include "oauth.h"

#define WAITERS_MAX	4

struct waiter {
	uint64_t	worker;
	uint32_t	id;
};
struct attempt {
	TAILQ_ENTRY(attempt) entry;
	struct pending	 pending;
	char		 cookie[48];
	uint8_t		 who[DIGEST_LEN];	/* MAC of name and password */
	struct waiter	 waiter[WAITERS_MAX];
	unsigned int	 nwaiters;
};
static TAILQ_HEAD(, attempt) attempts = TAILQ_HEAD_INITIALIZER(attempts);

static void
signin_spoil(void *body)
{
	struct msg_signin_answer	*m = body;

	secret_wipe(m, sizeof(*m));
	m->verdict = SI_BUSY;
	m->retry_after = 2;
	text_set(m->text, sizeof(m->text),
	    "The server cannot store anything just now. Try again.");
}

static void
verdict_send(struct worker *w, uint32_t id, enum signin_verdict v,
    const char *text)
{
	struct msg_signin_answer	m;

	memset(&m, 0, sizeof(m));
	m.verdict = v;
	text_set(m.text, sizeof(m.text), text);
	answer_now(w, MSG_SIGNIN_ANSWER, id, &m);
}

/* The same page again, with what was wrong. */
static void
page_again(struct msg_signin_answer *m, const struct pending *p,
    const char *cookie, enum signin_verdict v, const char *text)
{
	struct client	c;

	memset(m, 0, sizeof(*m));
	m->verdict = v;
	text_set(m->text, sizeof(m->text), text);
	if (client_get(p->client_id, &c) == -1) {
		m->verdict = SI_NONE;
		return;
	}
	b64url_encode(p->txn, sizeof(p->txn), m->txn);
	page_fill(&m->page, &c, p->redirect, p->scope);
	csrf_make(FA_SIGNIN, p->txn, cookie, m->csrf);
}

static int
pending_used(const struct pending *p)
{
	return (store_has(DB_CONSUMED, p->txn, sizeof(p->txn)) ||
	    auth_over(p->era, p->expires_s));
}

/* Sealed by us, for this browser, by our form, not over and not used. */
static int
pending_check(const struct msg_signin *q, struct pending *p)
{
	uint8_t		d[DIGEST_LEN];
	uint32_t	g;

	if (pending_open(q->pending, p) == -1 || pending_used(p) ||
	    !csrf_ok(FA_SIGNIN, p->txn, q->cookie, q->csrf))
		return (-1);
	for (g = digest_gen(); g > 0; g--)
		if (digest_make(g, DK_COOKIE, q->cookie, strlen(q->cookie),
		    d) == 0 && secret_eq(d, p->cookie, sizeof(d)))
			return (0);
	return (-1);
}

/* Remembered for longer than it would have lived: clocks are put back. */
static void
pending_consume(const struct pending *p)
{
	uint8_t	until[8];

	be64_put(until, (uint64_t)p->expires_s);
	store_put(DB_CONSUMED, p->txn, sizeof(p->txn), until, sizeof(until));
	store_expire(p->expires_s + 86400, DB_CONSUMED, p->txn,
	    sizeof(p->txn));
}

/* ---- the password was judged ---- */

static void
attempt_good(struct attempt *a, const struct user *u,
    struct msg_signin_answer *m)
{
	struct client	c;

	if (pending_used(&a->pending) ||
	    client_get(a->pending.client_id, &c) == -1) {
		m->verdict = SI_NONE;
		return;
	}
	pending_consume(&a->pending);
	client_wanted(&c, auth_now() + CLIENT_FRESH_S);
	session_make(&a->pending, u->id, a->waiter[0].worker, m->session);
	user_device_make(u->id, m->device);
	b64url_encode(a->pending.txn, sizeof(a->pending.txn), m->txn);
	m->verdict = SI_OK;
}

static void
attempt_done(void *arg, enum user_verdict v, const struct user *u)
{
	struct attempt			*a = arg;
	struct msg_signin_answer	 m;
	struct worker			*w;
	unsigned int			 i;

	memset(&m, 0, sizeof(m));
	if (v == UV_OK && store_writable() == -1)
		page_again(&m, &a->pending, a->cookie, SI_BUSY,
		    "The server's disk is full. Tell its administrator.");
	else if (v == UV_OK)
		attempt_good(a, u, &m);
	else if (v == UV_BAD)
		page_again(&m, &a->pending, a->cookie, SI_BAD,
		    "That user name and password do not go together.");
	else
		page_again(&m, &a->pending, a->cookie, SI_BUSY,
		    "The server is busy. Go back and try again in a moment.");
	for (i = 0; i < a->nwaiters; i++)
		if ((w = worker_find(a->waiter[i].worker)) != NULL)
			answer_after(w, MSG_SIGNIN_ANSWER, a->waiter[i].id, &m,
			    sizeof(m), signin_spoil);
	secret_wipe(&m, sizeof(m));
	TAILQ_REMOVE(&attempts, a, entry);
	secret_wipe(a, sizeof(*a));
	free(a);
}

/* ---- the form came in ---- */

static void
who_make(const struct msg_signin *q, uint8_t out[DIGEST_LEN])
{
	uint8_t	in[2 + USER_MAX + SECRET_MAX];

	memset(in, 0, sizeof(in));
	in[0] = 'w';
	memcpy(in + 2, q->user, USER_MAX);
	memcpy(in + 2 + USER_MAX, q->password, SECRET_MAX);
	mac_make(MK_CSRF, in, sizeof(in), out);
	secret_wipe(in, sizeof(in));
}

/* The same form, sent twice: 1 if it waits with the first. */
static int
attempt_join(const struct msg_signin *q, const struct pending *p,
    const struct worker *w, uint32_t id)
{
	struct attempt	*a;
	uint8_t		 who[DIGEST_LEN];

	TAILQ_FOREACH(a, &attempts, entry)
		if (memcmp(a->pending.txn, p->txn, sizeof(p->txn)) == 0)
			break;
	if (a == NULL || a->nwaiters == WAITERS_MAX)
		return (0);
	who_make(q, who);
	if (!secret_eq(who, a->who, sizeof(who)))
		return (0);
	a->waiter[a->nwaiters].worker = w->generation;
	a->waiter[a->nwaiters++].id = id;
	return (1);
}

static struct attempt *
attempt_new(const struct msg_signin *q, const struct pending *p,
    const struct worker *w, uint32_t id)
{
	struct attempt	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal("sign-in");
	a->pending = *p;
	memcpy(a->cookie, q->cookie, sizeof(a->cookie));
	who_make(q, a->who);
	a->waiter[0].worker = w->generation;
	a->waiter[0].id = id;
	a->nwaiters = 1;
	TAILQ_INSERT_TAIL(&attempts, a, entry);
	return (a);
}

/* Refused before a password was hashed. */
static void
attempt_refuse(struct attempt *a, enum user_verdict v, uint32_t wait,
    struct worker *w, uint32_t id)
{
	struct msg_signin_answer	m;

	if (v == UV_LIMITED)
		page_again(&m, &a->pending, a->cookie, SI_LIMITED,
		    "Too many tries. Wait a little before the next one.");
	else
		page_again(&m, &a->pending, a->cookie, SI_BUSY,
		    "The server is busy. Go back and try again in a moment.");
	m.retry_after = wait;
	answer_now(w, MSG_SIGNIN_ANSWER, id, &m);
	TAILQ_REMOVE(&attempts, a, entry);
	secret_wipe(a, sizeof(*a));
	free(a);
}

void
signin_on_msg(struct chan *ch, struct msg *msg)
{
	const struct msg_signin	*q = msg->data;
	struct worker		*w = worker_of(ch);
	struct user_try		 t;
	struct pending		 p;
	struct attempt		*a;
	uint32_t		 wait = 0;
	int			 rc;

	if (pending_check(q, &p) == -1) {
		audit_refused(AK_SIGNIN_BAD, AO_INVALID, &q->from,
		    "no pending authorization");
		verdict_send(w, msg->id, SI_NONE, "");
		return;
	}
	if (attempt_join(q, &p, w, msg->id))
		return;
	a = attempt_new(q, &p, w, msg->id);
	memset(&t, 0, sizeof(t));
	t.worker = w->generation;
	t.life = w->life;
	t.from = q->from;
	t.client_id = a->pending.client_id;
	t.name = q->user;
	t.password = q->password;
	t.device = q->device;
	rc = user_signin(&t, attempt_done, a, &wait);
	if (rc != 0)
		attempt_refuse(a, (enum user_verdict)rc, wait, w, msg->id);
	secret_wipe(&p, sizeof(p));
}

static void
waiters_drop(struct attempt *a, uint64_t generation)
{
	unsigned int	i, n = 0;

	for (i = 0; i < a->nwaiters; i++)
		if (a->waiter[i].worker != generation)
			a->waiter[n++] = a->waiter[i];
	a->nwaiters = n;
}

/*
 * A worker that ended gets no answer, and its password opens nothing.  The
 * same form that came through another worker is still answered.
 */
void
signin_worker_gone(uint64_t generation)
{
	struct attempt	*a, *next;

	TAILQ_FOREACH_SAFE(a, &attempts, entry, next) {
		waiters_drop(a, generation);
		if (a->nwaiters != 0)
			continue;
		user_signin_forget(a);
		TAILQ_REMOVE(&attempts, a, entry);
		secret_wipe(a, sizeof(*a));
		free(a);
	}
}
