/* SPDX-License-Identifier: ISC */
/*
 * authd_flow_test.c: registration, authorization, sign-in, consent, codes,
 * tokens, refresh families and revocation, message by message, on the real
 * store, keys and channels.
 */
/* link: authd/store.o authd/keys.o authd/keysign.o authd/keyfile.o authd/keyslot.o authd/keypem.o */
/* link: authd/store_format.o authd/store_steps.o */
/* link: authd/seal.o authd/pkce.o authd/scope.o authd/authtime.o */
/* link: authd/family.o authd/grant.o authd/token.o authd/client.o */
/* link: authd/handle.o authd/worker.o authd/peer.o authd/redirect.o */
/* link: authd/session.o authd/register.o authd/authorize.o */
/* link: authd/signin.o authd/consent.o authd/tokenreq.o authd/revoke.o */
/* link: authd/sweep.o -llmdb -lcrypto */
#include "authd_flow.h"

/* ---- registration ---- */

static void
test_register_public(void **state)
{
	struct msg_register	q;
	char			first[40];

	register_fill(&q, CALLBACK);
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_int_equal(registered->status, 201);
	assert_int_equal(registered->auth_method, AM_NONE);
	assert_string_equal(registered->secret, "");
	assert_int_equal(registered->secret_expires, 0);
	memcpy(first, registered->client_id, sizeof(first));
	assert_true(uuid_valid(first, strlen(first)));
	/* The same from another port is the same client, with its port. */
	register_fill(&q, "http://127.0.0.1:6001/callback");
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_string_equal(registered->client_id, first);
	assert_string_equal(registered->redirect[0],
	    "http://127.0.0.1:6001/callback");
	/* Another path, name or grant type is another client. */
	register_fill(&q, "http://127.0.0.1:6001/other");
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_string_not_equal(registered->client_id, first);
	register_fill(&q, CALLBACK);
	SET(q.client_name, "Someone else");
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_string_not_equal(registered->client_id, first);
	register_fill(&q, CALLBACK);
	q.grant_types = GT_CODE;
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_string_not_equal(registered->client_id, first);
}

static void
test_register_secret(void **state)
{
	struct msg_register	q;
	char			first[40];

	register_fill(&q, "https://app.example/cb");
	q.auth_method = AM_POST;
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_int_equal(registered->status, 201);
	assert_true(strncmp(registered->secret, "ks_", 3) == 0);
	assert_int_equal(registered->secret_expires,
	    registered->issued_at + 30 * 86400);
	memcpy(first, registered->client_id, sizeof(first));
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_string_not_equal(registered->client_id, first);
	stub_flags = CONF_REG_PUBLIC;
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	stub_flags = 0;
	assert_int_equal(registered->auth_method, AM_NONE);
	assert_string_equal(registered->secret, "");
}

static void
test_register_redirects(void **state)
{
	struct msg_register	q;

	register_fill(&q, "javascript:alert(1)");
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_int_equal(registered->status, 400);
	assert_string_equal(registered->error, "invalid_redirect_uri");
	/* A mixed one keeps what is good. */
	register_fill(&q, "http://evil.example/cb");
	q.nredirects = 4;
	SET(q.redirect[1], CALLBACK);
	SET(q.redirect[2], "cursor://anysphere.cursor-mcp/oauth/callback");
	SET(q.redirect[3], CALLBACK);
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_int_equal(registered->status, 201);
	assert_int_equal(registered->nredirects, 2);
	assert_string_equal(registered->redirect[0], CALLBACK);
	register_fill(&q, CALLBACK);
	q.nredirects = 0;
	memset(q.redirect[0], 0, sizeof(q.redirect[0]));
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_int_equal(registered->status, 400);
	/* No name: the host's. */
	register_fill(&q, "https://app.example/cb");
	memset(q.client_name, 0, sizeof(q.client_name));
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_string_equal(registered->client_name, "app.example");
}

static void
register_many(unsigned int n)
{
	struct msg_register	q;
	unsigned int		i;
	static unsigned int	number;

	for (i = 0; i < n; i++) {
		register_fill(&q, CALLBACK);
		memset(q.client_name, 0, sizeof(q.client_name));
		snprintf(q.client_name, sizeof(q.client_name), "many %u",
		    number++);
		ask(MSG_REGISTER, &q, MSG_REGISTERED);
		assert_int_equal(registered->status, 201);
	}
}

/* The cap evicts the unused, never a client with a live grant. */
static void
test_register_cap(void **state)
{
	struct flow		f;
	struct client		c;
	struct msg_register	q;

	flow_all(&f);
	stub_conf.max_clients = (uint32_t)store_count(DB_CLIENTS) + 5;
	register_many(40);
	assert_int_equal(store_count(DB_CLIENTS), stub_conf.max_clients);
	assert_int_equal(client_get(f.client, &c), 0);
	assert_int_equal(token_state(f.access), 0);
	/* Only clients with grants: no room. */
	stub_conf.max_clients = 1;
	client_sweep(INT64_MAX / 2, 1000);
	assert_int_equal(store_count(DB_CLIENTS), 1);
	register_fill(&q, CALLBACK);
	SET(q.client_name, "too much");
	ask(MSG_REGISTER, &q, MSG_REGISTERED);
	assert_int_equal(registered->status, 503);
	stub_conf.max_clients = 1000;
}

/* ---- authorize ---- */

static void
expect_page(struct msg_authorize *q, const char *text)
{
	ask(MSG_AUTHORIZE, q, MSG_AUTHORIZE_ANSWER);
	assert_int_equal(az->verdict, PV_ERROR);
	assert_int_equal(az->status, 400);
	assert_string_equal(az->location, "");
	assert_non_null(strstr(az->error_text, text));
}

static void
expect_redirect(struct msg_authorize *q, const char *error)
{
	ask(MSG_AUTHORIZE, q, MSG_AUTHORIZE_ANSWER);
	assert_int_equal(az->verdict, PV_REDIRECT);
	assert_string_equal(az->error, error);
	assert_true(strncmp(az->location, CALLBACK "?error=",
	    strlen(CALLBACK) + 7) == 0);
	assert_non_null(strstr(az->location, error));
	assert_non_null(strstr(az->location,
	    "state=a%20state%26with%3Dthings"));
	assert_non_null(strstr(az->location,
	    "iss=http%3A%2F%2F127.0.0.1%3A8080"));
}

static void
test_authorize_order(void **state)
{
	struct msg_authorize	q;
	struct flow		f;
	uint64_t		sessions = store_count(DB_SESSIONS);

	flow_register(&f);
	/* Everything else wrong too: client and redirect come first. */
	authorize_fill(&f, &q);
	q.has &= ~(uint32_t)(AZ_CLIENT_ID | AZ_CHALLENGE);
	expect_page(&q, "client_id is missing");
	authorize_fill(&f, &q);
	SET(q.client_id, STUB_USER);
	SET(q.response_type, "token");
	expect_page(&q, "Invalid client_id");
	authorize_fill(&f, &q);
	SET(q.redirect_uri, "http://127.0.0.1:5000/callback2");
	expect_page(&q, "Unregistered redirect_uri");
	authorize_fill(&f, &q);
	SET(q.redirect_uri, "http://localhost:5000/callback");
	expect_page(&q, "Unregistered redirect_uri");
	authorize_fill(&f, &q);
	SET(q.redirect_uri, "http://x@127.0.0.1:5000/callback");
	expect_page(&q, "Unregistered redirect_uri");
	/* From here errors go to the client. */
	authorize_fill(&f, &q);
	SET(q.response_type, "token");
	expect_redirect(&q, "unsupported_response_type");
	authorize_fill(&f, &q);
	q.has &= ~(uint32_t)AZ_TYPE;
	expect_redirect(&q, "invalid_request");
	authorize_fill(&f, &q);
	q.has &= ~(uint32_t)AZ_CHALLENGE;
	expect_redirect(&q, "invalid_request");
	authorize_fill(&f, &q);
	q.has &= ~(uint32_t)AZ_METHOD;
	expect_redirect(&q, "invalid_request");
	authorize_fill(&f, &q);
	SET(q.method, "plain");
	expect_redirect(&q, "invalid_request");
	authorize_fill(&f, &q);
	q.challenge[42] = '\0';
	expect_redirect(&q, "invalid_request");
	authorize_fill(&f, &q);
	q.has |= AZ_RESOURCE;
	SET(q.resource, "http://other.example/mcp");
	expect_redirect(&q, "invalid_target");
	authorize_fill(&f, &q);
	q.has |= AZ_MODE;
	SET(q.mode, "fragment");
	expect_redirect(&q, "invalid_request");
	/* Nothing was stored for any of it. */
	assert_int_equal(store_count(DB_SESSIONS), sessions);
}

static void
test_authorize_page(void **state)
{
	struct msg_authorize	q;
	struct flow		f;

	flow_register(&f);
	authorize_fill(&f, &q);
	q.has |= AZ_RESOURCE | AZ_SCOPE;
	SET(q.resource, "HTTP://127.0.0.1:8080/mcp/");
	SET(q.scope, "claudeai");
	SET(q.redirect_uri, "http://127.0.0.1:9999/callback");
	ask(MSG_AUTHORIZE, &q, MSG_AUTHORIZE_ANSWER);
	assert_int_equal(az->verdict, PV_PAGE);
	assert_string_equal(az->page.client_name, "Test client");
	assert_string_equal(az->page.redirect_host, "127.0.0.1");
	assert_string_equal(az->page.scope, "mcp:tools");
	assert_int_equal(az->page.flags, PG_LOOPBACK | PG_UNVERIFIED);
	/* One registered URI: it need not be said. */
	authorize_fill(&f, &q);
	q.has &= ~(uint32_t)AZ_REDIRECT;
	ask(MSG_AUTHORIZE, &q, MSG_AUTHORIZE_ANSWER);
	assert_int_equal(az->verdict, PV_PAGE);
	/* The longest state fits. */
	authorize_fill(&f, &q);
	memset(q.state, 's', sizeof(q.state) - 1);
	ask(MSG_AUTHORIZE, &q, MSG_AUTHORIZE_ANSWER);
	assert_int_equal(az->verdict, PV_PAGE);
}

/* ---- sign-in ---- */

static void
test_signin_needs_all(void **state)
{
	struct msg_signin	q;
	struct flow		f, other;

	flow_register(&f);
	flow_authorize(&f);
	other = f;
	flow_authorize(&other);
	stub_hashes = 0;
	signin_fill(&f, &q, "right");
	memcpy(q.cookie, other.cookie, sizeof(q.cookie));
	ask(MSG_SIGNIN, &q, MSG_SIGNIN_ANSWER);
	assert_int_equal(si->verdict, SI_NONE);
	signin_fill(&f, &q, "right");
	memcpy(q.csrf, other.csrf, sizeof(q.csrf));
	ask(MSG_SIGNIN, &q, MSG_SIGNIN_ANSWER);
	assert_int_equal(si->verdict, SI_NONE);
	signin_fill(&f, &q, "right");
	memcpy(q.pending, other.pending, sizeof(q.pending));
	ask(MSG_SIGNIN, &q, MSG_SIGNIN_ANSWER);
	assert_int_equal(si->verdict, SI_NONE);
	signin_fill(&f, &q, "right");
	q.pending[10] ^= 1;
	ask(MSG_SIGNIN, &q, MSG_SIGNIN_ANSWER);
	assert_int_equal(si->verdict, SI_NONE);
	/* Not one of them reached a password. */
	assert_int_equal(stub_hashes, 0);
	/* The control. */
	flow_signin(&f);
	assert_int_equal(stub_hashes, 1);
}

static void
test_signin_wrong_password(void **state)
{
	struct msg_signin	q;
	struct flow		f;

	flow_register(&f);
	flow_authorize(&f);
	signin_fill(&f, &q, "wrong");
	ask(MSG_SIGNIN, &q, MSG_SIGNIN_ANSWER);
	assert_int_equal(si->verdict, SI_BAD);
	assert_string_equal(si->session, "");
	assert_string_equal(si->page.client_name, "Test client");
	assert_string_equal(si->csrf, f.csrf);
	signin_fill(&f, &q, "right");
	SET(q.user, "limited");
	ask(MSG_SIGNIN, &q, MSG_SIGNIN_ANSWER);
	assert_int_equal(si->verdict, SI_LIMITED);
	assert_int_equal(si->retry_after, 17);
	flow_signin(&f);
}

static void
test_signin_once(void **state)
{
	struct msg_signin	q;
	struct flow		f;

	flow_register(&f);
	flow_authorize(&f);
	flow_signin(&f);
	signin_fill(&f, &q, "right");
	ask(MSG_SIGNIN, &q, MSG_SIGNIN_ANSWER);
	assert_int_equal(si->verdict, SI_NONE);
}

/* A double click: both get the same session, one hash is made. */
static void
test_signin_twice_at_once(void **state)
{
	struct msg_signin	q;
	struct flow		f;
	char			session[48];

	flow_register(&f);
	flow_authorize(&f);
	signin_fill(&f, &q, "right");
	stub_hashes = 0;
	chan_send(listener, MSG_SIGNIN, 999999, &q);
	ask(MSG_SIGNIN, &q, MSG_SIGNIN_ANSWER);
	assert_int_equal(si->verdict, SI_OK);
	assert_int_equal(stub_hashes, 1);
	memcpy(session, si->session, sizeof(session));
	memcpy(f.session, session, sizeof(session));
	flow_view(&f);
}

/* The worker of the first form ends: the second one is answered. */
static void
test_signin_twice_first_worker_gone(void **state)
{
	struct chan		*first = listener;
	struct msg_signin	 q;
	struct flow		 f;

	flow_register(&f);
	flow_authorize(&f);
	signin_fill(&f, &q, "right");
	stub_hash_ms = 150;
	stub_hashes = 0;
	chan_send(first, MSG_SIGNIN, 999999, &q);
	run_ms(20);
	listener_start();
	want_id = 888888;
	got_type = 0;
	chan_send(listener, MSG_SIGNIN, want_id, &q);
	run_ms(20);
	assert_int_equal(stub_hashes, 1);
	chan_close(first);
	run_ms(1000);
	stub_hash_ms = 1;
	assert_int_equal(got_type, MSG_SIGNIN_ANSWER);
	assert_int_equal(si->verdict, SI_OK);
	memcpy(f.session, si->session, sizeof(f.session));
	flow_view(&f);
}

/* ---- consent ---- */

static void
test_consent_is_bound(void **state)
{
	struct msg_consent	q;
	struct msg_consent_view	v;
	struct flow		f, other;

	flow_register(&f);
	flow_authorize(&f);
	other = f;
	flow_authorize(&other);
	flow_signin(&f);
	flow_signin(&other);
	flow_view(&f);
	flow_view(&other);
	memset(&v, 0, sizeof(v));
	memcpy(v.txn, other.txn, sizeof(v.txn));
	memcpy(v.session, f.session, sizeof(v.session));
	ask(MSG_CONSENT_VIEW, &v, MSG_CONSENT_PAGE);
	assert_int_equal(page->verdict, PV_ERROR);
	assert_string_equal(page->error_text, "No pending authorization");
	consent_fill(&f, &q, CD_APPROVE);
	memcpy(q.csrf, other.csrf, sizeof(q.csrf));
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_ERROR);
	consent_fill(&f, &q, CD_APPROVE);
	memcpy(q.session, other.session, sizeof(q.session));
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_ERROR);
	/* The sign-in form's value does not approve. */
	flow_authorize(&other);
	consent_fill(&f, &q, CD_APPROVE);
	memcpy(q.csrf, other.csrf, sizeof(q.csrf));
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_ERROR);
	flow_approve(&f);
}

static void
test_deny(void **state)
{
	struct msg_consent	q;
	struct flow		f;

	flow_register(&f);
	flow_authorize(&f);
	flow_signin(&f);
	flow_view(&f);
	consent_fill(&f, &q, CD_DENY);
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_REDIRECT);
	assert_non_null(strstr(ca->location, "?error=access_denied&"));
	assert_non_null(strstr(ca->location, "&state=a%20state"));
	assert_non_null(strstr(ca->location, "&iss=http%3A"));
	/* No way back to a code. */
	consent_fill(&f, &q, CD_APPROVE);
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_ERROR);
	assert_string_equal(ca->error_text, "No pending authorization");
}

static void
test_approve_twice(void **state)
{
	struct msg_consent	q;
	struct flow		f;

	flow_register(&f);
	flow_authorize(&f);
	flow_signin(&f);
	flow_view(&f);
	flow_approve(&f);
	consent_fill(&f, &q, CD_APPROVE);
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_REDIRECT);
	assert_string_equal(ca->location, f.location);
	/* Another answer is not the same approval. */
	q.options = CO_READ_ONLY;
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_ERROR);
	consent_fill(&f, &q, CD_DENY);
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_ERROR);
	/* Nor is there one once the code was redeemed. */
	flow_redeem(&f);
	consent_fill(&f, &q, CD_APPROVE);
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_ERROR);
}

static void
test_approvals_are_limited(void **state)
{
	struct msg_consent	q;
	struct flow		f;

	flow_register(&f);
	flow_authorize(&f);
	flow_signin(&f);
	flow_view(&f);
	stub_approve_wait = 60;
	consent_fill(&f, &q, CD_APPROVE);
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	stub_approve_wait = 0;
	assert_int_equal(ca->verdict, PV_ERROR);
	assert_int_equal(ca->status, 429);
	assert_int_equal(ca->retry_after, 60);
	flow_approve(&f);
}

/* ---- codes ---- */

static void
expect_token(struct msg_token *q, uint32_t status, const char *error)
{
	ask(MSG_TOKEN, q, MSG_TOKEN_ANSWER);
	assert_int_equal(ta->status, status);
	assert_string_equal(ta->error, error);
	assert_string_equal(ta->access, "");
	assert_string_equal(ta->refresh, "");
}

static void
flow_to_code(struct flow *f)
{
	flow_register(f);
	flow_authorize(f);
	flow_signin(f);
	flow_view(f);
	flow_approve(f);
}

static void
test_code_is_bound(void **state)
{
	struct msg_register	r;
	struct msg_token	q;
	struct flow		f;

	flow_to_code(&f);
	register_fill(&r, "https://app.example/cb");
	ask(MSG_REGISTER, &r, MSG_REGISTERED);
	code_fill(&f, &q);
	memset(q.client_id, 0, sizeof(q.client_id));
	SET(q.client_id, registered->client_id);
	expect_token(&q, 400, "invalid_grant");
	code_fill(&f, &q);
	SET(q.redirect_uri, "http://127.0.0.1:5001/callback");
	expect_token(&q, 400, "invalid_grant");
	code_fill(&f, &q);
	q.has &= ~(uint32_t)TR_REDIRECT;
	expect_token(&q, 400, "invalid_grant");
	code_fill(&f, &q);
	q.verifier[0] ^= 1;
	expect_token(&q, 400, "invalid_grant");
	assert_string_equal(ta->error_text,
	    "code_verifier does not match the challenge");
	code_fill(&f, &q);
	memset(q.verifier, 0, sizeof(q.verifier));
	expect_token(&q, 400, "invalid_request");
	code_fill(&f, &q);
	q.has |= TR_RESOURCE;
	SET(q.resource, "http://127.0.0.1:8080/other");
	expect_token(&q, 400, "invalid_target");
	code_fill(&f, &q);
	q.code[10] ^= 1;
	expect_token(&q, 400, "invalid_grant");
	/* None of it used the code up. */
	flow_redeem(&f);
	assert_int_equal(token_state(f.access), 0);
}

static void
test_code_twice(void **state)
{
	struct msg_token	q;
	struct flow		f;
	unsigned int		replays;

	flow_to_code(&f);
	flow_redeem(&f);
	assert_int_equal(token_state(f.access), 0);
	replays = stub_audits[AK_REPLAY];
	code_fill(&f, &q);
	expect_token(&q, 400, "invalid_grant");
	assert_int_equal(stub_audits[AK_REPLAY], replays + 1);
	assert_int_equal(token_state(f.access), TB_INVALID);
	refresh_with(&f, f.refresh);
	assert_int_equal(ta->status, 400);
	assert_int_equal(last_close.what, CL_GRANT);
}

static void
test_code_expires(void **state)
{
	struct msg_token	q;
	struct flow		f;

	stub_conf.code_s = 1;
	flow_to_code(&f);
	run_ms(1100);
	code_fill(&f, &q);
	expect_token(&q, 400, "invalid_grant");
	stub_conf.code_s = 60;
}

static void
test_token_answer(void **state)
{
	struct msg_register	r;
	struct msg_token	q;
	struct flow		f;

	flow_to_code(&f);
	code_fill(&f, &q);
	q.has |= TR_RESOURCE;
	SET(q.resource, "http://127.0.0.1:8080/");
	ask(MSG_TOKEN, &q, MSG_TOKEN_ANSWER);
	assert_int_equal(ta->status, 200);
	assert_int_equal(ta->expires_in, 3600);
	assert_string_equal(ta->scope, "mcp:tools");
	assert_true(strncmp(ta->refresh, "kr_", 3) == 0);
	/* A registration without refresh_token gets none. */
	register_fill(&r, CALLBACK);
	r.grant_types = GT_CODE;
	ask(MSG_REGISTER, &r, MSG_REGISTERED);
	memset(&f, 0, sizeof(f));
	memcpy(f.client, registered->client_id, sizeof(f.client));
	flow_authorize(&f);
	flow_signin(&f);
	flow_view(&f);
	flow_approve(&f);
	flow_redeem(&f);
	assert_string_equal(f.refresh, "");
	assert_int_equal(token_state(f.access), 0);
}

static void
test_scope_without_tools(void **state)
{
	struct msg_authorize	q;
	struct flow		f;

	flow_register(&f);
	authorize_fill(&f, &q);
	q.has |= AZ_SCOPE;
	SET(q.scope, "openid profile");
	ask(MSG_AUTHORIZE, &q, MSG_AUTHORIZE_ANSWER);
	memcpy(f.pending, az->pending, sizeof(f.pending));
	memcpy(f.cookie, az->cookie, sizeof(f.cookie));
	memcpy(f.csrf, az->csrf, sizeof(f.csrf));
	memcpy(f.txn, az->txn, sizeof(f.txn));
	flow_signin(&f);
	flow_view(&f);
	flow_approve(&f);
	flow_redeem(&f);
	assert_string_equal(ta->scope, "openid profile");
	assert_int_equal(token_state(f.access), TB_SCOPE);
}

static void
test_read_only_reaches_toold(void **state)
{
	struct msg_consent	q;
	struct flow		f;
	const char		*p;

	flow_register(&f);
	flow_authorize(&f);
	flow_signin(&f);
	flow_view(&f);
	consent_fill(&f, &q, CD_APPROVE);
	q.options = CO_READ_ONLY;
	ask(MSG_CONSENT, &q, MSG_CONSENT_ANSWER);
	assert_non_null(p = strstr(ca->location, "code="));
	memcpy(f.code, p + 5, strcspn(p + 5, "&"));
	flow_redeem(&f);
	nopens = 0;
	assert_int_equal(token_state(f.access), 0);
	assert_int_equal(nopens, 1);
	assert_int_equal(opens[0].flags, OF_READ_ONLY);
	assert_string_equal(opens[0].user_id, STUB_USER);
	assert_string_equal(opens[0].client_id, f.client);
	assert_true(opens[0].worker == TAILQ_FIRST(&workers)->generation);
	assert_memory_equal(opens[0].handle, tok->handle, HANDLE_LEN);
	assert_true(opens[0].ttl_ms <= 300000);
}

/* ---- client authentication ---- */

static void
test_client_authentication(void **state)
{
	struct msg_register	r;
	struct msg_token	q;
	struct flow		f;
	char			secret[72], id[40];

	flow_to_code(&f);
	/* Unknown client: before any code is looked at. */
	code_fill(&f, &q);
	SET(q.client_id, STUB_USER);
	expect_token(&q, 401, "invalid_client");
	code_fill(&f, &q);
	q.has &= ~(uint32_t)TR_CLIENT_ID;
	expect_token(&q, 400, "invalid_request");
	/* A public client: an empty secret is nothing, another is wrong. */
	code_fill(&f, &q);
	q.has |= TR_SECRET;
	SET(q.secret, "stray");
	expect_token(&q, 401, "invalid_client");
	code_fill(&f, &q);
	q.has |= TR_BASIC;
	SET(q.basic_id, STUB_OTHER);
	expect_token(&q, 400, "invalid_request");
	code_fill(&f, &q);
	q.has |= TR_SECRET | TR_BASIC;
	SET(q.basic_id, f.client);
	ask(MSG_TOKEN, &q, MSG_TOKEN_ANSWER);
	assert_int_equal(ta->status, 200);
	/* One with a secret. */
	register_fill(&r, "https://app.example/cb");
	r.auth_method = AM_BASIC;
	ask(MSG_REGISTER, &r, MSG_REGISTERED);
	memcpy(secret, registered->secret, sizeof(secret));
	memcpy(id, registered->client_id, sizeof(id));
	memset(&f, 0, sizeof(f));
	memcpy(f.client, id, sizeof(id));
	strcpy(f.code, "kc_nothing");
	code_fill(&f, &q);
	expect_token(&q, 401, "invalid_client");
	assert_string_equal(ta->error_text, "Client secret is required");
	q.has |= TR_SECRET;
	memcpy(q.secret, secret, sizeof(secret));
	expect_token(&q, 400, "invalid_grant");
	q.secret[5] ^= 1;
	expect_token(&q, 401, "invalid_client");
	assert_string_equal(ta->error_text, "Invalid client_secret");
	code_fill(&f, &q);
	q.has = (q.has & ~(uint32_t)TR_CLIENT_ID) | TR_BASIC;
	memcpy(q.basic_id, id, sizeof(id));
	memcpy(q.basic_secret, secret, sizeof(secret));
	expect_token(&q, 400, "invalid_grant");
	q.has |= TR_SECRET;
	memcpy(q.secret, secret, sizeof(secret));
	expect_token(&q, 400, "invalid_request");
}

static void
test_grant_types(void **state)
{
	struct msg_token	q;
	struct flow		f;

	flow_register(&f);
	token_fill(&f, &q);
	SET(q.grant_type, "password");
	expect_token(&q, 400, "unsupported_grant_type");
	q.has &= ~(uint32_t)TR_GRANT_TYPE;
	expect_token(&q, 400, "invalid_request");
	token_fill(&f, &q);
	SET(q.grant_type, "refresh_token");
	expect_token(&q, 400, "invalid_request");
}

/* ---- refresh ---- */

static void
test_refresh_rotates(void **state)
{
	struct flow	f;
	char		old[SECRET_MAX], access[TOKEN_MAX];
	int		i;

	flow_all(&f);
	memcpy(access, f.access, sizeof(access));
	for (i = 0; i < 5; i++) {
		memcpy(old, f.refresh, sizeof(old));
		refresh_with(&f, f.refresh);
		assert_int_equal(ta->status, 200);
		assert_string_not_equal(ta->refresh, old);
		memcpy(f.refresh, ta->refresh, sizeof(f.refresh));
		memcpy(f.access, ta->access, sizeof(f.access));
		assert_int_equal(token_state(f.access), 0);
	}
	/* Access tokens of left generations live until they expire. */
	assert_int_equal(token_state(access), 0);
}

static void
test_refresh_of_another_client(void **state)
{
	struct msg_register	r;
	struct flow		f, g;

	flow_all(&f);
	register_fill(&r, "https://app.example/cb");
	ask(MSG_REGISTER, &r, MSG_REGISTERED);
	g = f;
	memcpy(g.client, registered->client_id, sizeof(g.client));
	refresh_with(&g, f.refresh);
	assert_int_equal(ta->status, 400);
	/* And it did nothing to the family. */
	refresh_with(&f, f.refresh);
	assert_int_equal(ta->status, 200);
}

static void
test_refresh_racers(void **state)
{
	struct flow	f;
	char		sibling[33][SECRET_MAX];
	int		i;

	flow_all(&f);
	for (i = 0; i < 33; i++) {
		refresh_with(&f, f.refresh);
		assert_int_equal(ta->status, 200);
		memcpy(sibling[i], ta->refresh, SECRET_MAX);
		assert_int_equal(token_state(ta->access), 0);
	}
	/* Each racer goes on with what it got. */
	for (i = 0; i < 33; i++) {
		refresh_with(&f, sibling[i]);
		assert_int_equal(ta->status, 200);
	}
}

static void
test_refresh_replay_revokes(void **state)
{
	struct flow	f;
	char		first[SECRET_MAX], second[SECRET_MAX];

	flow_all(&f);
	memcpy(first, f.refresh, sizeof(first));
	refresh_with(&f, first);
	memcpy(second, ta->refresh, sizeof(second));
	refresh_with(&f, second);
	memcpy(f.refresh, ta->refresh, sizeof(f.refresh));
	memcpy(f.access, ta->access, sizeof(f.access));
	assert_int_equal(token_state(f.access), 0);
	ncloses = 0;
	refresh_with(&f, first);
	assert_int_equal(ta->status, 400);
	assert_string_equal(ta->error, "invalid_grant");
	assert_int_equal(ncloses, 1);
	assert_int_equal(token_state(f.access), TB_INVALID);
	refresh_with(&f, f.refresh);
	assert_int_equal(ta->status, 400);
	assert_string_equal(ta->error, "invalid_grant");
}

static void
test_refresh_replay_reject_only(void **state)
{
	struct flow	f;
	char		first[SECRET_MAX], second[SECRET_MAX];

	stub_flags = CONF_REPLAY_REJECT;
	flow_all(&f);
	memcpy(first, f.refresh, sizeof(first));
	refresh_with(&f, first);
	memcpy(second, ta->refresh, sizeof(second));
	refresh_with(&f, second);
	memcpy(f.refresh, ta->refresh, sizeof(f.refresh));
	refresh_with(&f, first);
	assert_int_equal(ta->status, 400);
	refresh_with(&f, f.refresh);
	assert_int_equal(ta->status, 200);
	stub_flags = 0;
}

static void
test_refresh_lost_answer(void **state)
{
	struct flow	f;
	char		lost[TOKEN_MAX], lost_refresh[SECRET_MAX];

	stub_conf.grace_s = 1;
	flow_all(&f);
	refresh_with(&f, f.refresh);
	memcpy(lost, ta->access, sizeof(lost));
	memcpy(lost_refresh, ta->refresh, sizeof(lost_refresh));
	assert_int_equal(token_state(lost), 0);
	run_ms(1100);
	refresh_with(&f, f.refresh);
	stub_conf.grace_s = 120;
	assert_int_equal(ta->status, 200);
	memcpy(f.access, ta->access, sizeof(f.access));
	/* The cancelled generation's tokens are refused, the new ones good. */
	assert_int_equal(token_state(lost), TB_INVALID);
	assert_int_equal(token_state(f.access), 0);
	/* The cancelled refresh token tells of a thief. */
	refresh_with(&f, lost_refresh);
	assert_int_equal(ta->status, 400);
	assert_int_equal(token_state(f.access), TB_INVALID);
}

static void
test_refresh_expires(void **state)
{
	struct flow	f;

	stub_conf.refresh_s = 1;
	flow_all(&f);
	run_ms(1100);
	refresh_with(&f, f.refresh);
	stub_conf.refresh_s = 7 * 86400;
	assert_int_equal(ta->status, 400);
	assert_string_equal(ta->error, "invalid_grant");
	/* Not a replay: the access token goes on. */
	assert_int_equal(token_state(f.access), 0);
}

static void
test_family_ends(void **state)
{
	struct flow	f;

	stub_conf.family_s = 4;
	flow_all(&f);
	refresh_with(&f, f.refresh);
	assert_int_equal(ta->status, 200);
	assert_true(ta->expires_in <= 4);
	memcpy(f.refresh, ta->refresh, sizeof(f.refresh));
	memcpy(f.access, ta->access, sizeof(f.access));
	run_ms(4100);
	stub_conf.family_s = 30 * 86400;
	refresh_with(&f, f.refresh);
	assert_int_equal(ta->status, 400);
	assert_int_equal(token_state(f.access), TB_INVALID);
}

static void
test_disabled_user(void **state)
{
	struct flow	f;

	flow_all(&f);
	stub_user_disabled = 1;
	assert_int_equal(token_state(f.access), TB_INVALID);
	refresh_with(&f, f.refresh);
	stub_user_disabled = 0;
	assert_int_equal(ta->status, 400);
}

/* ---- handles ---- */

static void
test_handles(void **state)
{
	struct flow	f;
	uint8_t		h[HANDLE_LEN];

	flow_all(&f);
	nopens = 0;
	assert_int_equal(token_state(f.access), 0);
	memcpy(h, tok->handle, sizeof(h));
	assert_int_equal(nopens, 1);
	/* Two askings at once have the same handle, opened once. */
	assert_int_equal(token_state(f.access), 0);
	assert_memory_equal(h, tok->handle, sizeof(h));
	assert_int_equal(nopens, 1);
	/* Later toold may have lost it: a new one, the old one closed. */
	run_ms(2100);
	ncloses = 0;
	assert_int_equal(token_state(f.access), 0);
	assert_memory_not_equal(h, tok->handle, sizeof(h));
	run_ms(50);
	assert_int_equal(nopens, 2);
	assert_int_equal(ncloses, 1);
	assert_int_equal(last_close.what, CL_HANDLE);
	assert_memory_equal(last_close.handle, h, sizeof(h));
	/* Forged and foreign strings. */
	f.access[strlen(f.access) - 1] ^= 1;
	assert_int_equal(token_state(f.access), TB_INVALID);
	assert_int_equal(token_state("x"), TB_INVALID);
	assert_int_equal(token_state(f.refresh), TB_INVALID);
	assert_int_equal(token_state(f.code), TB_INVALID);
}

static void
test_nothing_before_hello_ack(void **state)
{
	struct flow	f;

	flow_all(&f);
	assert_int_equal(token_state(f.access), 0);
	toold_stop();
	assert_int_equal(token_state(f.access), TB_BUSY);
	toold_mute = 1;
	toold_start();
	assert_int_equal(token_state(f.access), TB_BUSY);
	toold_mute = 0;
	toold_stop();
	toold_start();
	assert_int_equal(token_state(f.access), 0);
}

static void
test_worker_end_takes_its_handles(void **state)
{
	struct flow	f;
	uint64_t	worker = TAILQ_FIRST(&workers)->generation;

	flow_all(&f);
	assert_int_equal(token_state(f.access), 0);
	assert_true(handle_count() > 0);
	chan_close(listener);
	run_ms(50);
	assert_int_equal(handle_count(), 0);
	assert_int_equal(last_close.what, CL_WORKER);
	assert_true(last_close.worker == worker);
	listener_start();
	assert_int_equal(token_state(f.access), 0);
}

/* ---- revocation ---- */

static void
test_revoke_refresh(void **state)
{
	struct msg_revoke	q;
	struct flow		f;

	flow_all(&f);
	assert_int_equal(token_state(f.access), 0);
	ncloses = 0;
	revoke_fill(&f, &q, f.refresh);
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
	assert_int_equal(ncloses, 1);
	assert_int_equal(last_close.what, CL_GRANT);
	assert_int_equal(token_state(f.access), TB_INVALID);
	refresh_with(&f, f.refresh);
	assert_int_equal(ta->status, 400);
	/* Asking again takes the same way. */
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
	assert_int_equal(ncloses, 2);
}

static void
test_revoke_access_only(void **state)
{
	struct msg_revoke	q;
	struct flow		f;
	char			second[TOKEN_MAX];

	flow_all(&f);
	refresh_with(&f, f.refresh);
	memcpy(second, ta->access, sizeof(second));
	assert_int_equal(token_state(f.access), 0);
	assert_int_equal(token_state(second), 0);
	ncloses = 0;
	revoke_fill(&f, &q, f.access);
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
	assert_int_equal(ncloses, 1);
	assert_int_equal(token_state(f.access), TB_INVALID);
	assert_int_equal(token_state(second), 0);
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
}

static void
test_revoke_only_own(void **state)
{
	struct msg_register	r;
	struct msg_revoke	q;
	struct flow		f, g;

	flow_all(&f);
	register_fill(&r, "https://app.example/cb");
	ask(MSG_REGISTER, &r, MSG_REGISTERED);
	memset(&g, 0, sizeof(g));
	memcpy(g.client, registered->client_id, sizeof(g.client));
	revoke_fill(&g, &q, f.refresh);
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
	revoke_fill(&g, &q, f.access);
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
	assert_int_equal(token_state(f.access), 0);
	refresh_with(&f, f.refresh);
	assert_int_equal(ta->status, 200);
	/* Unknown tokens are as good as revoked; unknown clients are not. */
	revoke_fill(&g, &q, "kr_unknown");
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
	SET(q.client_id, STUB_USER);
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 401);
}

static void
test_revoke_waits_for_toold(void **state)
{
	struct msg_revoke	q;
	struct flow		f;

	flow_all(&f);
	assert_int_equal(token_state(f.access), 0);
	toold_mute = 1;
	revoke_fill(&f, &q, f.refresh);
	assert_false(ask_until(MSG_REVOKE, &q, MSG_REVOKE_ANSWER, 200));
	/* Not answered, but refused already. */
	assert_int_equal(token_state(f.access), TB_INVALID);
	unmute();
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
}

/* toold does not answer: master is told; its end acknowledges. */
static void
test_revoke_stuck_toold(void **state)
{
	struct msg_revoke	q;
	struct flow		f;

	flow_all(&f);
	assert_int_equal(token_state(f.access), 0);
	toold_mute = 1;
	nstuck = 0;
	revoke_fill(&f, &q, f.refresh);
	assert_false(ask_until(MSG_REVOKE, &q, MSG_REVOKE_ANSWER, 3000));
	assert_int_equal(nstuck, 1);
	got_type = 0;
	toold_mute = 0;
	nmute = 0;
	toold_stop();
	assert_int_equal(got_type, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
	toold_start();
	assert_int_equal(token_state(f.access), TB_INVALID);
}

/* No toold: answered when the next one has taken the channel. */
static void
test_revoke_without_toold(void **state)
{
	struct msg_revoke	q;
	struct flow		f;

	flow_all(&f);
	toold_stop();
	revoke_fill(&f, &q, f.refresh);
	assert_false(ask_until(MSG_REVOKE, &q, MSG_REVOKE_ANSWER, 100));
	got_type = 0;
	toold_start();
	run_ms(50);
	assert_int_equal(got_type, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
	assert_int_equal(token_state(f.access), TB_INVALID);
}

static void
file_limit(int full)
{
	struct rlimit	r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = full ? 8192 : r.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

/* The commit fails: told so, and refused all the same. */
static void
test_revoke_not_durable(void **state)
{
	struct msg_revoke	q;
	struct flow		f;

	flow_all(&f);
	assert_int_equal(token_state(f.access), 0);
	file_limit(1);
	revoke_fill(&f, &q, f.refresh);
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	file_limit(0);
	assert_int_equal(ra->status, 503);
	assert_non_null(strstr(ra->error_text, "not durable"));
	assert_int_equal(token_state(f.access), TB_INVALID);
	refresh_with(&f, f.refresh);
	assert_int_equal(ta->status, 400);
	/* Asked again with room: durable. */
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	assert_int_equal(ra->status, 200);
	/* The same for one access token. */
	flow_all(&f);
	file_limit(1);
	revoke_fill(&f, &q, f.access);
	ask(MSG_REVOKE, &q, MSG_REVOKE_ANSWER);
	file_limit(0);
	assert_int_equal(ra->status, 503);
	assert_int_equal(token_state(f.access), TB_INVALID);
}

/* A failed commit gives no token, code, session or client away. */
static void
test_nothing_leaves_a_failed_turn(void **state)
{
	struct msg_register	r;
	struct msg_signin	s;
	struct msg_consent	c;
	struct msg_token	q;
	struct flow		f;

	file_limit(1);
	register_fill(&r, "https://failing.example/cb");
	ask(MSG_REGISTER, &r, MSG_REGISTERED);
	file_limit(0);
	assert_int_equal(registered->status, 503);
	assert_string_equal(registered->client_id, "");
	flow_register(&f);
	flow_authorize(&f);
	file_limit(1);
	signin_fill(&f, &s, "right");
	ask(MSG_SIGNIN, &s, MSG_SIGNIN_ANSWER);
	file_limit(0);
	assert_int_equal(si->verdict, SI_BUSY);
	assert_string_equal(si->session, "");
	flow_signin(&f);
	flow_view(&f);
	file_limit(1);
	consent_fill(&f, &c, CD_APPROVE);
	ask(MSG_CONSENT, &c, MSG_CONSENT_ANSWER);
	file_limit(0);
	assert_int_equal(ca->verdict, PV_ERROR);
	assert_int_equal(ca->status, 503);
	assert_string_equal(ca->location, "");
	flow_approve(&f);
	file_limit(1);
	code_fill(&f, &q);
	ask(MSG_TOKEN, &q, MSG_TOKEN_ANSWER);
	file_limit(0);
	assert_int_equal(ta->status, 503);
	assert_string_equal(ta->access, "");
	assert_string_equal(ta->refresh, "");
	flow_redeem(&f);
	assert_int_equal(token_state(f.access), 0);
}

/* ---- keepctl's revocations ---- */

static enum close_result	admin_res;
static int			admin_done;

static void
on_admin(void *arg, enum close_result r)
{
	admin_res = r;
	admin_done = 1;
	ev_stop(1);
}

static void
admin_wait(void)
{
	if (!admin_done)
		run_ms(2000);
	assert_true(admin_done);
	assert_int_equal(admin_res, CLOSED_DONE);
	admin_done = 0;
}

static const struct audit_own by_admin = {
	.kind = AK_REVOKE, .outcome = AO_OK, .detail = "keepctl"
};

static void
test_admin_revocations(void **state)
{
	struct flow	f, g;
	uint8_t		id[GRANT_LEN];

	flow_all(&f);
	nopens = 0;
	assert_int_equal(token_state(f.access), 0);
	memcpy(id, opens[0].grant, sizeof(id));
	assert_int_equal(revoke_grant(id, &by_admin, on_admin, NULL), 1);
	admin_wait();
	assert_int_equal(token_state(f.access), TB_INVALID);
	assert_int_equal(revoke_grant(id, &by_admin, on_admin, NULL), 0);
	admin_wait();
	memset(id, 9, sizeof(id));
	assert_int_equal(revoke_grant(id, &by_admin, on_admin, NULL), -1);

	flow_all(&f);
	flow_all(&g);
	assert_true(revoke_user(STUB_USER, &by_admin, on_admin, NULL) >= 2);
	admin_wait();
	assert_int_equal(last_close.what, CL_USER);
	assert_string_equal(last_close.subject, STUB_USER);
	assert_int_equal(token_state(f.access), TB_INVALID);
	assert_int_equal(token_state(g.access), TB_INVALID);
	assert_int_equal(grant_any(GI_USER, STUB_USER), 0);

	flow_all(&f);
	assert_int_equal(client_remove(f.client, &by_admin, on_admin, NULL),
	    0);
	admin_wait();
	assert_int_equal(token_state(f.access), TB_INVALID);
	assert_int_equal(client_remove(f.client, &by_admin, on_admin, NULL),
	    -1);
}

static void
test_revoke_worker_and_since(void **state)
{
	struct flow	f, g;
	uint64_t	worker;

	flow_all(&f);
	worker = TAILQ_FIRST(&workers)->generation;
	chan_close(listener);
	run_ms(50);
	listener_start();
	flow_all(&g);
	assert_int_equal(token_state(f.access), 0);
	assert_true(revoke_worker(worker, &by_admin, on_admin, NULL) >= 1);
	admin_wait();
	assert_int_equal(token_state(f.access), TB_INVALID);
	assert_int_equal(token_state(g.access), 0);
	/* A family refreshed through a worker was carried by it, too. */
	worker = TAILQ_FIRST(&workers)->generation;
	flow_all(&f);
	chan_close(listener);
	run_ms(50);
	listener_start();
	refresh_with(&f, f.refresh);
	assert_int_equal(ta->status, 200);
	memcpy(f.access, ta->access, sizeof(f.access));
	assert_true(revoke_worker(TAILQ_FIRST(&workers)->generation,
	    &by_admin, on_admin, NULL) == 1);
	admin_wait();
	assert_int_equal(token_state(f.access), TB_INVALID);
	assert_int_equal(token_state(g.access), 0);
	assert_int_equal(revoke_since(auth_now() + 100, &by_admin, on_admin,
	    NULL), 0);
	admin_wait();
	assert_int_equal(token_state(g.access), 0);
	assert_true(revoke_since(auth_now() - 100, &by_admin, on_admin,
	    NULL) >= 1);
	admin_wait();
	assert_int_equal(token_state(g.access), TB_INVALID);
}

/* A password change ends what is under way, too. */
static void
test_revoke_user_ends_codes_and_sessions(void **state)
{
	struct msg_token	q;
	struct msg_consent	c;
	struct flow		f, g;

	flow_to_code(&f);
	flow_register(&g);
	flow_authorize(&g);
	flow_signin(&g);
	flow_view(&g);
	revoke_user(STUB_USER, &by_admin, on_admin, NULL);
	admin_wait();
	code_fill(&f, &q);
	expect_token(&q, 400, "invalid_grant");
	consent_fill(&g, &c, CD_APPROVE);
	ask(MSG_CONSENT, &c, MSG_CONSENT_ANSWER);
	assert_int_equal(ca->verdict, PV_ERROR);
}

/* Rights changed: handles close, tokens stay good. */
static void
test_change_closes_handles(void **state)
{
	struct flow	f;

	flow_all(&f);
	assert_int_equal(token_state(f.access), 0);
	nopens = 0;
	handle_close_user(STUB_USER, HC_CHANGE, on_admin, NULL);
	admin_wait();
	assert_int_equal(last_close.what, CL_USER);
	assert_int_equal(token_state(f.access), 0);
	assert_int_equal(nopens, 1);
}

static uint8_t	op_handle[HANDLE_LEN];
static const char *op_why;

static void
on_operator(void *arg, const uint8_t *h, const char *why)
{
	op_why = why;
	if (h != NULL)
		memcpy(op_handle, h, sizeof(op_handle));
	ev_stop(1);
}

static void
test_operator(void **state)
{
	nopens = 0;
	handle_operator("anna", on_operator, NULL);
	run_ms(2000);
	run_ms(50);
	assert_null(op_why);
	assert_int_equal(nopens, 1);
	assert_int_equal(opens[0].worker, 0);
	assert_memory_equal(opens[0].handle, op_handle, HANDLE_LEN);
	assert_string_equal(opens[0].client_id, "keepctl");
	handle_operator("nobody", on_operator, NULL);
	run_ms(2000);
	assert_non_null(op_why);
}

/* ---- the sweep ---- */

static void
test_sweep_leaves_nothing(void **state)
{
	struct flow	f;
	int		i;

	revoke_all(&by_admin, on_admin, NULL);
	admin_wait();
	stub_conf.access_s = stub_conf.refresh_s = 5;
	for (i = 0; i < 3; i++) {
		flow_all(&f);
		refresh_with(&f, f.refresh);
		assert_int_equal(ta->status, 200);
	}
	stub_conf.access_s = 3600;
	stub_conf.refresh_s = 7 * 86400;
	run_ms(7500);
	assert_int_equal(grant_any(GI_USER, STUB_USER), 0);
	/* The client is idle again, and may be evicted. */
	client_sweep(auth_now() + 40 * 86400, 1000);
	assert_int_equal(store_count(DB_CLIENTS), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_register_public),
		cmocka_unit_test(test_register_secret),
		cmocka_unit_test(test_register_redirects),
		cmocka_unit_test(test_register_cap),
		cmocka_unit_test(test_authorize_order),
		cmocka_unit_test(test_authorize_page),
		cmocka_unit_test(test_signin_needs_all),
		cmocka_unit_test(test_signin_wrong_password),
		cmocka_unit_test(test_signin_once),
		cmocka_unit_test(test_signin_twice_at_once),
		cmocka_unit_test(test_signin_twice_first_worker_gone),
		cmocka_unit_test(test_consent_is_bound),
		cmocka_unit_test(test_deny),
		cmocka_unit_test(test_approve_twice),
		cmocka_unit_test(test_approvals_are_limited),
		cmocka_unit_test(test_code_is_bound),
		cmocka_unit_test(test_code_twice),
		cmocka_unit_test(test_code_expires),
		cmocka_unit_test(test_token_answer),
		cmocka_unit_test(test_scope_without_tools),
		cmocka_unit_test(test_read_only_reaches_toold),
		cmocka_unit_test(test_client_authentication),
		cmocka_unit_test(test_grant_types),
		cmocka_unit_test(test_refresh_rotates),
		cmocka_unit_test(test_refresh_of_another_client),
		cmocka_unit_test(test_refresh_racers),
		cmocka_unit_test(test_refresh_replay_revokes),
		cmocka_unit_test(test_refresh_replay_reject_only),
		cmocka_unit_test(test_refresh_lost_answer),
		cmocka_unit_test(test_refresh_expires),
		cmocka_unit_test(test_family_ends),
		cmocka_unit_test(test_disabled_user),
		cmocka_unit_test(test_handles),
		cmocka_unit_test(test_nothing_before_hello_ack),
		cmocka_unit_test(test_worker_end_takes_its_handles),
		cmocka_unit_test(test_revoke_refresh),
		cmocka_unit_test(test_revoke_access_only),
		cmocka_unit_test(test_revoke_only_own),
		cmocka_unit_test(test_revoke_waits_for_toold),
		cmocka_unit_test(test_revoke_stuck_toold),
		cmocka_unit_test(test_revoke_without_toold),
		cmocka_unit_test(test_revoke_not_durable),
		cmocka_unit_test(test_nothing_leaves_a_failed_turn),
		cmocka_unit_test(test_admin_revocations),
		cmocka_unit_test(test_revoke_worker_and_since),
		cmocka_unit_test(test_revoke_user_ends_codes_and_sessions),
		cmocka_unit_test(test_change_closes_handles),
		cmocka_unit_test(test_operator),
		cmocka_unit_test(test_sweep_leaves_nothing)
	};

	signal(SIGXFSZ, SIG_IGN);
	log_init("test", LL_CRIT);
	ev_init();
	return (cmocka_run_group_tests(tests, flow_setup, flow_teardown));
}
