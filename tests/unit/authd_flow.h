/* SPDX-License-Identifier: ISC */
/*
 * authd_flow.h: authd's OAuth files in one process with both ends of their
 * channels: the test is the listener and toold.  ask() sends what a listener
 * would and runs the loop until the answer is there.
 */
#ifndef TESTS_UNIT_AUTHD_FLOW_H
#define TESTS_UNIT_AUTHD_FLOW_H

#include "t.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>

#include <openssl/evp.h>

#include "authd_stub.h"
#include "authd/authtime.h"
#include "authd/client.h"
#include "authd/handle.h"
#include "authd/keys.h"
#include "authd/seal.h"
#include "authd/sweep.h"
#include "authd/worker.h"
#include "child.h"
#include "ev.h"
#include "log.h"
#include "secret.h"

/* Messages carry zeroes behind each text. */
#define SET(field, text)	\
	assert_int_equal(text_set(field, sizeof(field), text), 0)

#define CALLBACK	"http://127.0.0.1:5000/callback"
#define VERIFIER	"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE	"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

/* ---- stubs of users and limits ---- */

struct stub_try {
	struct ev_timer	 t;
	user_done_fn	*done;
	void		*arg;
	int		 good;
};
static unsigned int	stub_hashes;
static uint64_t		stub_hash_ms = 1;
static struct stub_try	*stub_last;

static void
stub_try_done(struct ev_timer *t)
{
	struct stub_try	*s = t->arg;
	struct user	 u;

	user_get(STUB_USER, &u);
	if (s->done != NULL)
		s->done(s->arg, s->good ? UV_OK : UV_BAD, s->good ? &u : NULL);
	if (stub_last == s)
		stub_last = NULL;
	free(s);
}

int
user_signin(const struct user_try *t, user_done_fn *done, void *arg,
    uint32_t *retry_after)
{
	struct stub_try	*s;

	stub_hashes++;
	if (strcmp(t->name, "limited") == 0) {
		*retry_after = 17;
		return (UV_LIMITED);
	}
	assert_non_null(s = calloc(1, sizeof(*s)));
	s->done = done;
	s->arg = arg;
	s->good = strcmp(t->name, "anna") == 0 &&
	    strcmp(t->password, "right") == 0;
	ev_timer_init(&s->t, stub_try_done, s);
	ev_timer_set(&s->t, stub_hash_ms);
	stub_last = s;
	return (0);
}

void
user_signin_forget(void *arg)
{
	if (stub_last != NULL && stub_last->arg == arg)
		stub_last->done = NULL;
}

void
user_device_make(const char *user_id, char out[96])
{
	text_set(out, 96, "device");
}

void
role_each(int (*fn)(const struct role *, void *), void *arg)
{
}

void
user_pwhash_up(struct chan *ch)
{
}

void
user_pwhash_down(void)
{
}

void
user_on_hashed(struct chan *ch, struct msg *m)
{
}

void
audit_on_batch(struct chan *ch, struct msg *m)
{
}

void
audit_peer_gone(struct chan *ch)
{
}

uint32_t
limit_request(enum limit_request q, uint64_t worker,
    const struct msg_from *from, const char *client, enum limit *which)
{
	return (0);
}

uint32_t
limit_refresh(const uint8_t grant[GRANT_LEN])
{
	return (0);
}

static uint32_t stub_approve_wait;

uint32_t
limit_approve(uint64_t worker, const char *user_id, enum limit *which)
{
	return (stub_approve_wait);
}

/* ---- the other ends ---- */

#define OPENS_MAX	256
static struct chan	*listener, *toold, *master;
static uint32_t		 got_type, got_id, want_id;
static uint8_t		 got[sizeof(struct msg_authorize_answer)];
static struct msg_open	 opens[OPENS_MAX];
static unsigned int	 nopens, ncloses, nstuck;
static struct msg_close	 last_close;
static int		 toold_mute;	/* acknowledges nothing */
static uint32_t		 mute_ids[64];
static unsigned int	 nmute;

static void
on_answer(struct chan *ch, struct msg *m)
{
	if (m->id != want_id)
		return;
	got_type = m->type;
	got_id = m->id;
	memcpy(got, m->data, msg_row(m->type)->size);
	ev_stop(1);
}

static void
on_ignored(struct chan *ch, struct msg *m)
{
}

static void
on_hello(struct chan *ch, struct msg *m)
{
	chan_setstate(ch, CS_RUN);
	if (!toold_mute)
		chan_send(ch, MSG_HELLO_ACK, 0, m->data);
}

static void
on_open(struct chan *ch, struct msg *m)
{
	assert_true(nopens < OPENS_MAX);
	memcpy(&opens[nopens++], m->data, sizeof(opens[0]));
}

static void
on_close(struct chan *ch, struct msg *m)
{
	struct msg_close_ack	a = { 1, 0 };

	ncloses++;
	memcpy(&last_close, m->data, sizeof(last_close));
	if (toold_mute) {
		mute_ids[nmute++ % COUNT(mute_ids)] = m->id;
		return;
	}
	chan_send(ch, MSG_CLOSE_ACK, m->id, &a);
}

static void
unmute(void)
{
	struct msg_close_ack	a = { 1, 0 };
	unsigned int		i;

	toold_mute = 0;
	for (i = 0; i < nmute; i++)
		chan_send(toold, MSG_CLOSE_ACK, mute_ids[i], &a);
	nmute = 0;
}

static void
on_gone(struct chan *ch, enum chan_end end, const char *why)
{
	if (ch == listener)
		listener = NULL;
	if (ch == toold)
		toold = NULL;
}

static const struct chan_handler listener_handlers[] = {
	{ MSG_HEALTH_OK, on_answer }, { MSG_TOKEN_OK, on_answer },
	{ MSG_TOKEN_BAD, on_answer }, { MSG_REGISTERED, on_answer },
	{ MSG_AUTHORIZE_ANSWER, on_answer }, { MSG_SIGNIN_ANSWER, on_answer },
	{ MSG_CONSENT_PAGE, on_answer }, { MSG_CONSENT_ANSWER, on_answer },
	{ MSG_TOKEN_ANSWER, on_answer }, { MSG_REVOKE_ANSWER, on_answer },
	{ MSG_JWKS, on_ignored }, { 0, NULL }
};
static const struct chan_ops listener_ops = { listener_handlers, on_gone };

static const struct chan_handler toold_end_handlers[] = {
	{ MSG_HELLO, on_hello }, { MSG_MACKEYS, on_ignored },
	{ MSG_ROLE, on_ignored }, { MSG_ROLES_END, on_ignored },
	{ MSG_OPEN, on_open }, { MSG_CLOSE, on_close },
	{ MSG_AUDIT_ACK, on_ignored }, { 0, NULL }
};
static const struct chan_ops toold_end_ops = { toold_end_handlers, on_gone };

static void
on_timeout(struct ev_timer *t)
{
	ev_stop(0);
}

/* Run the loop for so long; a first turn sets its clock. */
static void
run_ms(uint64_t ms)
{
	struct ev_timer	t;

	ev_timer_init(&t, on_timeout, NULL);
	ev_timer_set(&t, 0);
	ev_run();
	ev_timer_set(&t, ms);
	ev_run();
	ev_timer_del(&t);
}

/* Send, and wait for the answer of that type (at most 3 s): 1 or 0. */
static int
ask_until(uint32_t type, const void *q, uint32_t answer, uint64_t ms)
{
	static uint32_t	id;
	struct ev_timer	t;

	want_id = ++id;
	got_type = 0;
	assert_non_null(listener);
	chan_send(listener, type, want_id, q);
	ev_timer_init(&t, on_timeout, NULL);
	ev_timer_set(&t, ms);
	ev_run();
	ev_timer_del(&t);
	return (got_type == answer);
}

static void
ask(uint32_t type, const void *q, uint32_t answer)
{
	assert_true(ask_until(type, q, answer, 3000));
}

static uint64_t	next_generation = 1000;

static void
listener_start(void)
{
	struct msg_worker	w = { .slot = 1 };
	int			sv[2];

	w.generation = ++next_generation;
	assert_int_equal(chan_pair(sv), 0);
	listener = chan_new(sv[0], CK_LISTENER_AUTHD, SIDE_FIRST,
	    &listener_ops, NULL);
	chan_setstate(listener, CS_RUN);
	worker_new(&w, sv[1]);
}

static void
toold_start(void)
{
	struct msg_peer	p = { PR_TOOLD, 0, 0 };
	int		sv[2];

	p.generation = ++next_generation;
	assert_int_equal(chan_pair(sv), 0);
	toold = chan_new(sv[0], CK_AUTHD_TOOLD, SIDE_SECOND, &toold_end_ops,
	    NULL);
	peer_new(&p, sv[1]);
	run_ms(50);
}

static void
toold_stop(void)
{
	chan_close(toold);
	toold = NULL;
	run_ms(50);
}

/* authd tells master of lost workers and of a stuck toold. */
static void
on_stuck(struct chan *ch, struct msg *m)
{
	nstuck++;
}

struct chan *
child_master(void)
{
	return (master);
}

static const struct chan_handler master_end_handlers[] = {
	{ MSG_LOG, on_ignored }, { MSG_CONF_READY, on_ignored },
	{ MSG_CONF_REFUSED, on_ignored }, { MSG_LAYERS, on_ignored },
	{ MSG_WORKER_ACK, on_ignored }, { MSG_WORKER_GONE, on_ignored },
	{ MSG_STAT, on_ignored }, { MSG_PEER_STUCK, on_stuck },
	{ MSG_READY, on_ignored }, { 0, NULL }
};
static const struct chan_ops master_end_ops = { master_end_handlers, on_gone };

static const struct chan_handler master_own_handlers[] = {
	{ MSG_CONF_BEGIN, on_ignored }, { MSG_CONF_COMMON, on_ignored },
	{ MSG_CONF_NAME, on_ignored }, { MSG_CONF_AUTHD, on_ignored },
	{ MSG_CONF_END, on_ignored }, { MSG_CONF_COMMIT, on_ignored },
	{ MSG_CONF_ABORT, on_ignored }, { MSG_CTL_LISTEN, on_ignored },
	{ MSG_PEER, on_ignored }, { MSG_WORKER_NEW, on_ignored },
	{ MSG_STAT_ASK, on_ignored }, { MSG_BROKE, on_ignored },
	{ 0, NULL }
};
static const struct chan_ops master_own_ops = { master_own_handlers, on_gone };

static void
master_start(void)
{
	struct chan	*far;
	int		 sv[2];

	assert_int_equal(chan_pair(sv), 0);
	far = chan_new(sv[0], CK_MASTER_AUTHD, SIDE_FIRST, &master_end_ops,
	    NULL);
	chan_setstate(far, CS_RUN);
	master = chan_new(sv[1], CK_MASTER_AUTHD, SIDE_SECOND,
	    &master_own_ops, NULL);
	chan_setstate(master, CS_RUN);
}

static int
flow_setup(void **state)
{
	char	path[128];

	stub_tmp();
	keys_early();
	seal_early();
	snprintf(path, sizeof(path), "%s/keys", stub_dir);
	keys_open(path);
	store_open(stub_dir, stub_conf.map_mb);
	keys_bind_store();
	time_start();
	store_commit();
	handle_init();
	worker_init();
	sweep_start();
	master_start();
	listener_start();
	toold_start();
	return (0);
}

static int
flow_teardown(void **state)
{
	store_close();
	keys_close();
	stub_clean();
	return (0);
}

/* ---- the steps of a flow ---- */

static struct msg_registered	*registered = (void *)got;
static struct msg_authorize_answer *az = (void *)got;
static struct msg_signin_answer	*si = (void *)got;
static struct msg_consent_page	*page = (void *)got;
static struct msg_consent_answer *ca = (void *)got;
static struct msg_token_answer	*ta = (void *)got;
static struct msg_revoke_answer	*ra = (void *)got;
static struct msg_token_ok	*tok = (void *)got;
static struct msg_token_bad	*tbad = (void *)got;

struct flow {
	char	client[40], secret[72];
	char	pending[BLOB_MAX], cookie[48], csrf[48], txn[24];
	char	session[48], code[64], location[8192];
	char	access[TOKEN_MAX], refresh[SECRET_MAX];
};

static void
register_fill(struct msg_register *q, const char *redirect)
{
	memset(q, 0, sizeof(*q));
	q->grant_types = GT_CODE | GT_REFRESH;
	q->nredirects = 1;
	SET(q->redirect[0], redirect);
	SET(q->client_name, "Test client");
}

static void
flow_register(struct flow *f)
{
	struct msg_register	q;

	memset(f, 0, sizeof(*f));
	register_fill(&q, CALLBACK);
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_int_equal(registered->status, 201);
	memcpy(f->client, registered->client_id, sizeof(f->client));
}

static void
authorize_fill(const struct flow *f, struct msg_authorize *q)
{
	memset(q, 0, sizeof(*q));
	q->has = AZ_CLIENT_ID | AZ_REDIRECT | AZ_TYPE | AZ_STATE |
	    AZ_CHALLENGE | AZ_METHOD;
	SET(q->client_id, f->client);
	SET(q->redirect_uri, CALLBACK);
	SET(q->response_type, "code");
	SET(q->state, "a state&with=things");
	SET(q->challenge, CHALLENGE);
	SET(q->method, "S256");
}

static void
flow_authorize(struct flow *f)
{
	struct msg_authorize	q;

	authorize_fill(f, &q);
	ask(MSG_AUTHORIZE, &q, MSG_AUTHORIZE_ANSWER);
	assert_int_equal(az->verdict, PV_PAGE);
	memcpy(f->pending, az->pending, sizeof(f->pending));
	memcpy(f->cookie, az->cookie, sizeof(f->cookie));
	memcpy(f->csrf, az->csrf, sizeof(f->csrf));
	memcpy(f->txn, az->txn, sizeof(f->txn));
}

static void
signin_fill(const struct flow *f, struct msg_signin *q, const char *password)
{
	memset(q, 0, sizeof(*q));
	memcpy(q->cookie, f->cookie, sizeof(q->cookie));
	memcpy(q->csrf, f->csrf, sizeof(q->csrf));
	memcpy(q->pending, f->pending, sizeof(q->pending));
	SET(q->user, "anna");
	SET(q->password, password);
}

static void
flow_signin(struct flow *f)
{
	struct msg_signin	q;

	signin_fill(f, &q, "right");
	ask(MSG_SIGNIN, &q, MSG_SIGNIN_ANSWER);
	assert_int_equal(si->verdict, SI_OK);
	memcpy(f->session, si->session, sizeof(f->session));
}

static void
flow_view(struct flow *f)
{
	struct msg_consent_view	q;

	memset(&q, 0, sizeof(q));
	memcpy(q.txn, f->txn, sizeof(q.txn));
	memcpy(q.session, f->session, sizeof(q.session));
	ask(MSG_CONSENT_VIEW, &q, MSG_CONSENT_PAGE);
	assert_int_equal(page->verdict, PV_PAGE);
	memcpy(f->csrf, page->csrf, sizeof(f->csrf));
}

static void
consent_fill(const struct flow *f, struct msg_consent *q, uint32_t decision)
{
	memset(q, 0, sizeof(*q));
	q->decision = decision;
	memcpy(q->txn, f->txn, sizeof(q->txn));
	memcpy(q->session, f->session, sizeof(q->session));
	memcpy(q->csrf, f->csrf, sizeof(q->csrf));
}

static void
flow_approve(struct flow *f)
{
	struct msg_consent	q;
	const char		*p;

	consent_fill(f, &q, CD_APPROVE);
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_REDIRECT);
	strcpy(f->location, ca->location);
	assert_non_null(p = strstr(ca->location, "code="));
	memset(f->code, 0, sizeof(f->code));
	memcpy(f->code, p + 5, strcspn(p + 5, "&"));
}

static void
token_fill(const struct flow *f, struct msg_token *q)
{
	memset(q, 0, sizeof(*q));
	q->has = TR_GRANT_TYPE | TR_CLIENT_ID;
	SET(q->client_id, f->client);
}

static void
code_fill(const struct flow *f, struct msg_token *q)
{
	token_fill(f, q);
	q->has |= TR_CODE | TR_VERIFIER | TR_REDIRECT;
	SET(q->grant_type, "authorization_code");
	SET(q->code, f->code);
	SET(q->verifier, VERIFIER);
	SET(q->redirect_uri, CALLBACK);
}

static void
flow_redeem(struct flow *f)
{
	struct msg_token	q;

	code_fill(f, &q);
	ask(MSG_TOKEN, &q, MSG_TOKEN_ANSWER);
	assert_int_equal(ta->status, 200);
	memcpy(f->access, ta->access, sizeof(f->access));
	memcpy(f->refresh, ta->refresh, sizeof(f->refresh));
}

static void
flow_all(struct flow *f)
{
	flow_register(f);
	flow_authorize(f);
	flow_signin(f);
	flow_view(f);
	flow_approve(f);
	flow_redeem(f);
}

static void
refresh_with(const struct flow *f, const char *refresh)
{
	struct msg_token	q;

	token_fill(f, &q);
	q.has |= TR_REFRESH;
	SET(q.grant_type, "refresh_token");
	SET(q.refresh, refresh);
	ask(MSG_TOKEN, &q, MSG_TOKEN_ANSWER);
}

/* 0: good; else enum token_bad. */
static int
token_state(const char *access)
{
	struct msg_token_check	q;

	memset(&q, 0, sizeof(q));
	q.len = (uint32_t)strlen(access);
	SET(q.token, access);
	ask_until(MSG_TOKEN_CHECK, &q, MSG_TOKEN_OK, 3000);
	if (got_type == MSG_TOKEN_OK)
		return (0);
	assert_int_equal(got_type, MSG_TOKEN_BAD);
	return ((int)tbad->why);
}

static void
revoke_fill(const struct flow *f, struct msg_revoke *q, const char *token)
{
	memset(q, 0, sizeof(*q));
	q->has = RV_TOKEN | RV_CLIENT_ID;
	SET(q->client_id, f->client);
	SET(q->token, token);
}

#endif
