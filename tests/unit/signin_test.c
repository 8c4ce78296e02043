/* SPDX-License-Identifier: ISC */
/*
 * signin_test.c: registration, the pages and the token endpoints through a
 * whole listener: what authd is sent for a form, what a client sees for an
 * answer of authd.
 */
/* link: master/listener/accept.o master/listener/addr.o master/listener/cache.o master/listener/conn.o master/listener/form.o master/listener/http.o master/listener/lconf.o master/listener/link.o master/listener/mcp.o master/listener/meta.o master/listener/oauth.o master/listener/page.o master/listener/register.o master/listener/reply.o master/listener/req.o master/listener/route.o master/listener/signin.o master/listener/stream.o master/listener/keylink.o master/listener/keyprov.o master/listener/tls.o master/listener/tlsconf.o -lssl -lcrypto -ljansson */
#include "listener_rig.h"

#define OWN	"Origin: " URL "\r\n"
#define FLOW	"txn=T-1&csrf=C1&pending=P1"

static void
page_set(struct page_info *p)
{
	strcpy(p->client_name, "Some <client>");
	strcpy(p->redirect_host, "client.example");
	strcpy(p->scope, "mcp:tools");
}

static void
say_authorize(struct chan *ch, struct msg *m)
{
	struct msg_authorize_answer a;

	memset(&a, 0, sizeof(a));
	memcpy(&seen.q.authorize, m->data, sizeof(seen.q.authorize));
	if (strcmp(seen.q.authorize.client_id, "page") == 0) {
		a.verdict = PV_PAGE;
		page_set(&a.page);
		strcpy(a.txn, "T-1");
		strcpy(a.cookie, "COOKIE");
		strcpy(a.csrf, "CS<RF");
		strcpy(a.pending, "PEND");
	} else if (strcmp(seen.q.authorize.client_id, "away") == 0) {
		a.verdict = PV_REDIRECT;
		strcpy(a.location, "http://127.0.0.1:9/cb?error=x&state=1");
	} else if (strcmp(seen.q.authorize.client_id, "split") == 0) {
		a.verdict = PV_REDIRECT;
		strcpy(a.location, "http://a/\r\nSet-Cookie: x=y");
	} else {
		a.verdict = PV_ERROR;
		a.status = 400;
		strcpy(a.error, "invalid_client");
		strcpy(a.error_text, "Invalid client_id");
	}
	chan_send(ch, MSG_AUTHORIZE_ANSWER, m->id, &a);
}

static void
say_signin(struct chan *ch, struct msg *m)
{
	static const struct {
		const char *user;
		uint32_t verdict;
	} t[] = {
		{ "ann", SI_OK }, { "bad", SI_BAD }, { "slow", SI_LIMITED },
		{ "none", SI_NONE }, { "busy", SI_BUSY }
	};
	struct msg_signin_answer a;
	size_t i;

	memset(&a, 0, sizeof(a));
	memcpy(&seen.q.signin, m->data, sizeof(seen.q.signin));
	a.verdict = SI_BAD;
	for (i = 0; i < 5; i++) {
		if (strcmp(seen.q.signin.user, t[i].user) == 0)
			a.verdict = t[i].verdict;
	}
	page_set(&a.page);
	strcpy(a.txn, "T-1");
	strcpy(a.csrf, "C2");
	if (a.verdict == SI_OK) {
		strcpy(a.session, "SESSION");
		strcpy(a.device, "DEVICE");
	} else
		strcpy(a.text, "Not <right>");
	a.retry_after = a.verdict == SI_LIMITED ? 30 : 0;
	chan_send(ch, MSG_SIGNIN_ANSWER, m->id, &a);
}

static void
say_view(struct chan *ch, struct msg *m)
{
	struct msg_consent_page a;

	memset(&a, 0, sizeof(a));
	memcpy(&seen.q.view, m->data, sizeof(seen.q.view));
	if (strcmp(seen.q.view.session, "SESSION") == 0) {
		a.verdict = PV_PAGE;
		page_set(&a.page);
		strcpy(a.user, "ann");
		strcpy(a.csrf, "C3");
	} else {
		a.verdict = PV_ERROR;
		a.status = 400;
		strcpy(a.error_text, "No pending authorization");
	}
	chan_send(ch, MSG_CONSENT_PAGE, m->id, &a);
}

static void
say_consent(struct chan *ch, struct msg *m)
{
	struct msg_consent_answer a;

	memset(&a, 0, sizeof(a));
	memcpy(&seen.q.consent, m->data, sizeof(seen.q.consent));
	a.verdict = PV_REDIRECT;
	strcpy(a.location, "http://127.0.0.1:9/cb?code=kc_1&iss=x");
	chan_send(ch, MSG_CONSENT_ANSWER, m->id, &a);
}

static void
say_token(struct chan *ch, struct msg *m)
{
	struct msg_token_answer a;

	memset(&a, 0, sizeof(a));
	memcpy(&seen.q.token, m->data, sizeof(seen.q.token));
	a.status = 200;
	a.expires_in = 3600;
	strcpy(a.access, "AT");
	strcpy(a.scope, "mcp:tools");
	if (strcmp(seen.q.token.code, "nofresh") != 0)
		strcpy(a.refresh, "RT");
	if (strcmp(seen.q.token.code, "no") == 0) {
		a.status = 401;
		strcpy(a.error, "invalid_client");
		strcpy(a.error_text, "who?");
	}
	chan_send(ch, MSG_TOKEN_ANSWER, m->id, &a);
}

static void
say_revoke(struct chan *ch, struct msg *m)
{
	struct msg_revoke_answer a;

	memset(&a, 0, sizeof(a));
	memcpy(&seen.q.revoke, m->data, sizeof(seen.q.revoke));
	a.status = 200;
	chan_send(ch, MSG_REVOKE_ANSWER, m->id, &a);
}

static void
say_registered(struct chan *ch, struct msg *m)
{
	struct msg_registered a;

	memset(&a, 0, sizeof(a));
	memcpy(&seen.q.reg, m->data, sizeof(seen.q.reg));
	a.status = 201;
	a.issued_at = 17;
	a.auth_method = seen.q.reg.auth_method;
	a.grant_types = GT_CODE | GT_REFRESH;
	a.nredirects = seen.q.reg.nredirects;
	memcpy(a.redirect, seen.q.reg.redirect, sizeof(a.redirect));
	strcpy(a.client_id, "CID");
	strcpy(a.client_name, "N\"");
	if (a.auth_method == AM_POST) {
		strcpy(a.secret, "ks_1");
		a.secret_expires = 99;
	}
	chan_send(ch, MSG_REGISTERED, m->id, &a);
}

static int
fake_authd_more(struct chan *ch, struct msg *m)
{
	static const struct {
		uint32_t type;
		chan_fn *fn;
	} t[] = {
		{ MSG_AUTHORIZE, say_authorize }, { MSG_SIGNIN, say_signin },
		{ MSG_CONSENT_VIEW, say_view }, { MSG_CONSENT, say_consent },
		{ MSG_TOKEN, say_token }, { MSG_REVOKE, say_revoke },
		{ MSG_REGISTER, say_registered }
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (t[i].type == m->type) {
			seen.checks++;
			t[i].fn(ch, m);
			return (1);
		}
	}
	return (0);
}

/* ---- /authorize ---- */

#define AUTHORIZE(q) "GET /authorize?" q " HTTP/1.1\r\n" HOST "\r\n"

static void
test_authorize(void **state)
{
	const struct msg_authorize *q = &seen.q.authorize;
	const char *a;

	a = talk(AUTHORIZE("client_id=page&redirect_uri=http%3A%2F%2Fl%3A1%2F"
	    "cb&response_type=code&scope=a+b&state=s%26t&code_challenge=cc&"
	    "code_challenge_method=S256&resource=r&other=1"));
	assert_status(a, 200);
	assert_int_equal(q->has, AZ_ALL & ~AZ_MODE);
	assert_string_equal(q->redirect_uri, "http://l:1/cb");
	assert_string_equal(q->scope, "a b");
	assert_string_equal(q->state, "s&t");
	assert_string_equal(q->method, "S256");
	assert_has(a, "Set-Cookie: keepd-T-1=COOKIE; Path=/; HttpOnly; "
	    "SameSite=Lax; Max-Age=600\r\n");
	assert_has(a, "Content-Security-Policy: default-src 'none'; "
	    "style-src 'self'; base-uri 'none'; frame-ancestors 'none'\r\n");
	assert_has(a, "X-Frame-Options: DENY\r\n");
	assert_has(a, "Referrer-Policy: same-origin\r\n");
	assert_has(a, "Cache-Control: no-store\r\n");
	assert_hasnt(a, "Access-Control");
	assert_hasnt(a, "form-action");
	assert_has(a, "Some &lt;client&gt;");
	assert_has(a, "value=\"CS&lt;RF\"");
	/* The same by POST. */
	a = post("/authorize", FORM, "client_id=page");
	assert_status(a, 200);
	assert_int_equal(q->has, AZ_CLIENT_ID);
}

static void
test_authorize_else(void **state)
{
	const char *a;

	a = talk(AUTHORIZE("client_id=away"));
	assert_status(a, 302);
	assert_has(a, "Location: http://127.0.0.1:9/cb?error=x&state=1\r\n");
	a = talk(AUTHORIZE("client_id=other"));
	assert_status(a, 400);
	assert_has(a, "text/html");
	assert_has(a, "Invalid client_id");
	a = talk("GET /authorize?client_id=other HTTP/1.1\r\n" HOST
	    "Accept: application/json\r\n\r\n");
	assert_string_equal(body_of(a), "{\"error\":\"invalid_client\","
	    "\"error_description\":\"Invalid client_id\"}");
	/* Not even authd can split a header. */
	a = talk(AUTHORIZE("client_id=split"));
	assert_status(a, 500);
	assert_hasnt(a, "Set-Cookie");
	seen.checks = 0;
	a = talk(AUTHORIZE("client_id=a&client_id=a"));
	assert_status(a, 400);
	assert_has(a, "parameter client_id is given twice");
	a = talk(AUTHORIZE("client_id=%ff"));
	assert_status(a, 400);
	assert_status(post("/authorize", JSON, "{}"), 400);
	assert_int_equal(seen.checks, 0);
}

/* ---- /signin ---- */

static void
test_signin(void **state)
{
	const struct msg_signin *q = &seen.q.signin;
	const char *a;

	a = post("/signin", FORM OWN "Sec-Fetch-Site: same-origin\r\n"
	    "Cookie: x=1; keepd-T-1=FLOWCOOKIE; keepd-device=DEV\r\n",
	    FLOW "&username=ann&password=p%26w+1");
	assert_status(a, 303);
	assert_has(a, "Location: /consent?txn=T-1\r\n");
	assert_has(a, "Set-Cookie: keepd-T-1=SESSION; Path=/; HttpOnly; "
	    "SameSite=Lax; Max-Age=600\r\n");
	assert_has(a, "Set-Cookie: keepd-device=DEVICE; Path=/; HttpOnly; "
	    "SameSite=Lax; Max-Age=15552000\r\n");
	assert_string_equal(q->user, "ann");
	assert_string_equal(q->password, "p&w 1");
	assert_string_equal(q->csrf, "C1");
	assert_string_equal(q->pending, "P1");
	assert_string_equal(q->cookie, "FLOWCOOKIE");
	assert_string_equal(q->device, "DEV");
}

static void
test_signin_again(void **state)
{
	const char *a;

	a = post("/signin", FORM, FLOW "&username=bad&password=secret-1");
	assert_status(a, 403);
	assert_has(a, "Not &lt;right&gt;");
	assert_has(a, "name=\"pending\" value=\"P1\"");
	assert_has(a, "name=\"csrf\" value=\"C2\"");
	assert_has(a, "value=\"bad\"");
	assert_hasnt(a, "secret-1");
	assert_hasnt(a, "Set-Cookie");
	a = post("/signin", FORM, FLOW "&username=slow&password=x");
	assert_status(a, 429);
	assert_has(a, "Retry-After: 30\r\n");
	a = post("/signin", FORM, FLOW "&username=none&password=x");
	assert_status(a, 400);
	assert_has(a, "<h1>No pending authorization</h1>");
	a = post("/signin", FORM, FLOW "&username=busy&password=x");
	assert_status(a, 503);
	assert_has(a, "Retry-After: 1\r\n");
}

static void
test_signin_refused(void **state)
{
	static const char good[] = FLOW "&username=ann&password=x";
	static const char *const origins[] = { "null", "http://evil.example",
	    "https://127.0.0.1:8080", "http://127.0.0.1:8081",
	    "https://app.example", "http://alt.example" };
	char h[256];
	size_t i;

	for (i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		snprintf(h, sizeof(h), FORM "Origin: %s\r\n", origins[i]);
		assert_status(post("/signin", h, good), 403);
		assert_status(post("/consent", h, good), 403);
	}
	assert_status(post("/signin", FORM "Sec-Fetch-Site: cross-site\r\n",
	    good), 403);
	assert_has(post("/signin", FORM, "username=ann&password=x"),
	    "No pending authorization");
	assert_has(post("/signin", FORM, "txn=a;b&csrf=C&pending=P"
	    "&username=ann&password=x"), "No pending authorization");
	assert_status(post("/signin", JSON, good), 400);
	assert_status(talk("GET /signin HTTP/1.1\r\n" HOST "\r\n"), 405);
	assert_int_equal(seen.checks, 0);
	/* The same without the wrong headers goes through. */
	assert_status(post("/signin", FORM OWN, good), 303);
	assert_int_equal(seen.checks, 1);
}

/* ---- /consent ---- */

static void
test_consent(void **state)
{
	const char *a;

	a = talk("GET /consent?txn=T-1 HTTP/1.1\r\n" HOST
	    "Cookie: keepd-T-1=SESSION\r\n\r\n");
	assert_status(a, 200);
	assert_has(a, "name=\"csrf\" value=\"C3\"");
	assert_has(a, "name=\"txn\" value=\"T-1\"");
	assert_string_equal(seen.q.view.txn, "T-1");
	a = talk("GET /consent?txn=T-1 HTTP/1.1\r\n" HOST "\r\n");
	assert_status(a, 400);
	assert_has(a, "<h1>No pending authorization</h1>");
	/* Two cookies of one name: whose is it? */
	a = talk("GET /consent?txn=T-1 HTTP/1.1\r\n" HOST
	    "Cookie: keepd-T-1=SESSION; keepd-T-1=OTHER\r\n\r\n");
	assert_status(a, 400);
	a = talk("GET /consent HTTP/1.1\r\n" HOST "\r\n");
	assert_has(a, "No pending authorization");
}

static void
test_decide(void **state)
{
	const struct msg_consent *q = &seen.q.consent;
	static const char cookie[] = FORM OWN
	    "Cookie: keepd-T-1=SESSION\r\n";
	const char *a;

	a = post("/consent", cookie, "txn=T-1&csrf=C&decision=approve");
	assert_status(a, 302);
	assert_has(a, "Location: http://127.0.0.1:9/cb?code=kc_1&iss=x\r\n");
	assert_int_equal(q->decision, CD_APPROVE);
	assert_int_equal(q->options, 0);
	assert_string_equal(q->session, "SESSION");
	post("/consent", cookie,
	    "txn=T-1&csrf=C&read_only=1&decision=approve");
	assert_int_equal(q->options, CO_READ_ONLY);
	post("/consent", cookie, "txn=T-1&csrf=C&decision=deny");
	assert_int_equal(q->decision, CD_DENY);
	seen.checks = 0;
	assert_status(post("/consent", cookie,
	    "txn=T-1&csrf=C&decision=maybe"), 400);
	assert_status(post("/consent", cookie, "txn=T-1&decision=approve"),
	    400);
	assert_status(post("/consent", cookie, "txn=T-1&csrf=C"), 400);
	assert_int_equal(seen.checks, 0);
}

static void
test_https_cookies(void **state)
{
	const char *a;

	rig_url = "https://keep.example";
	assert_null(rig_conf());
	a = talk("GET /authorize?client_id=page HTTP/1.1\r\n"
	    "Host: keep.example:443\r\n\r\n");
	assert_has(a, "Set-Cookie: __Host-keepd-T-1=COOKIE; Path=/; HttpOnly;"
	    " SameSite=Lax; Max-Age=600; Secure\r\n");
	rig_url = URL;
	assert_null(rig_conf());
}

/* ---- /token and /revoke ---- */

static void
test_token(void **state)
{
	const struct msg_token *q = &seen.q.token;
	const char *a;

	a = post("/token", FORM "Origin: https://any.example\r\n",
	    "grant_type=authorization_code&code=kc&redirect_uri=http%3A%2F%2F"
	    "l&code_verifier=v&client_id=c&client_secret=s&resource=r&scope="
	    "mcp%3Atools&x=y");
	assert_status(a, 200);
	assert_int_equal(q->has, TR_ALL & ~(TR_BASIC | TR_REFRESH));
	assert_string_equal(q->redirect_uri, "http://l");
	assert_string_equal(q->secret, "s");
	assert_string_equal(body_of(a), "{\"access_token\":\"AT\","
	    "\"token_type\":\"Bearer\",\"expires_in\":3600,"
	    "\"refresh_token\":\"RT\",\"scope\":\"mcp:tools\"}");
	assert_has(a, "Cache-Control: no-store\r\n");
	assert_has(a, "Pragma: no-cache\r\n");
	assert_has(a, "Access-Control-Allow-Origin: *\r\n");
	a = post("/token", FORM, "code=nofresh");
	assert_hasnt(a, "refresh_token");
}

static void
test_token_refused(void **state)
{
	const char *a;

	a = post("/token", FORM, "code=no");
	assert_status(a, 401);
	assert_string_equal(body_of(a), "{\"error\":\"invalid_client\","
	    "\"error_description\":\"who?\"}");
	assert_hasnt(a, "WWW-Authenticate:");
	a = post("/token", FORM "Authorization: Basic YTpi\r\n", "code=no");
	assert_has(a, "WWW-Authenticate: Basic realm=\"keepd\"\r\n");
	seen.checks = 0;
	a = post("/token", FORM, "code=a&code=a");
	assert_status(a, 400);
	assert_has(a, "\"error\":\"invalid_request\"");
	assert_has(a, "code is given twice");
	assert_status(post("/token", FORM, "code=%00"), 400);
	assert_status(post("/token", FORM, "code=%zz"), 400);
	assert_status(post("/token", JSON, "{}"), 400);
	assert_status(post("/token", FORM "Authorization: Basic !\r\n",
	    "code=a"), 401);
	assert_status(post("/token", FORM "Authorization: Bearer x\r\n",
	    "code=a"), 401);
	a = talk("GET /token HTTP/1.1\r\n" HOST "\r\n");
	assert_status(a, 405);
	assert_has(a, "application/json");
	assert_int_equal(seen.checks, 0);
}

static void
test_basic(void **state)
{
	const struct msg_token *q = &seen.q.token;

	/* "id%2F1:s+e%3Ac": both halves are form-encoded. */
	post("/token", FORM "Authorization: basic aWQlMkYxOnMrZSUzQWM=\r\n",
	    "code=a&client_id=id");
	assert_int_equal(q->has, TR_BASIC | TR_CODE | TR_CLIENT_ID);
	assert_string_equal(q->basic_id, "id/1");
	assert_string_equal(q->basic_secret, "s e:c");
	post("/token", FORM "Authorization: Basic aWQ6\r\n", "code=a");
	assert_string_equal(q->basic_id, "id");
	assert_string_equal(q->basic_secret, "");
}

static void
test_revoke(void **state)
{
	const struct msg_revoke *q = &seen.q.revoke;
	const char *a;

	a = post("/revoke", FORM, "token=kr_1&token_type_hint=refresh_token"
	    "&client_id=c");
	assert_status(a, 200);
	assert_string_equal(body_of(a), "{}");
	assert_string_equal(q->token, "kr_1");
	assert_int_equal(q->has, RV_TOKEN | RV_HINT | RV_CLIENT_ID);
}

/* ---- /register ---- */

static void
test_register(void **state)
{
	const struct msg_register *q = &seen.q.reg;
	const char *a;

	a = post("/register", JSON, "{\"client_name\":\" A \\u202e b\\n\","
	    "\"redirect_uris\":[\"http://127.0.0.1:1/cb\",\"app:/x\"],"
	    "\"grant_types\":[\"authorization_code\",\"refresh_token\","
	    "\"urn:x\"],\"response_types\":[\"code\"],\"logo_uri\":null,"
	    "\"token_endpoint_auth_method\":\"client_secret_post\","
	    "\"contacts\":{\"a\":[1,2,{}]},\"scope\":null}");
	assert_status(a, 201);
	assert_string_equal(q->client_name, "A b");
	assert_int_equal(q->nredirects, 2);
	assert_string_equal(q->redirect[1], "app:/x");
	assert_int_equal(q->grant_types, GT_CODE | GT_REFRESH);
	assert_int_equal(q->auth_method, AM_POST);
	assert_string_equal(body_of(a), "{\"client_id\":\"CID\","
	    "\"client_id_issued_at\":17,\"client_secret\":\"ks_1\","
	    "\"client_secret_expires_at\":99,\"client_name\":\"N\\\"\","
	    "\"redirect_uris\":[\"http://127.0.0.1:1/cb\",\"app:/x\"],"
	    "\"grant_types\":[\"authorization_code\",\"refresh_token\"],"
	    "\"response_types\":[\"code\"],"
	    "\"token_endpoint_auth_method\":\"client_secret_post\","
	    "\"scope\":\"mcp:tools\"}");
	a = post("/register", JSON, "{\"redirect_uris\":[\"https://a/\"],"
	    "\"client_name\":null,\"grant_types\":null,"
	    "\"response_types\":null,\"token_endpoint_auth_method\":null}");
	assert_status(a, 201);
	assert_int_equal(q->auth_method, AM_ABSENT);
	assert_int_equal(q->grant_types, 0);
	assert_hasnt(a, "client_secret\"");
	assert_hasnt(a, "null");
}

static void
test_register_refused(void **state)
{
	static const struct {
		const char *error, *body;
	} t[] = {
		{ "invalid_client_metadata", "" },
		{ "invalid_client_metadata", "[]" },
		{ "invalid_client_metadata", "{" },
		{ "invalid_client_metadata", "{} x" },
		{ "invalid_client_metadata", "{\"redirect_uris\":"
		    "[\"https://a/\"],\"redirect_uris\":[\"https://a/\"]}" },
		{ "invalid_client_metadata",
		    "{\"a\":[[[[[[[[[[]]]]]]]]]]}" },
		{ "invalid_redirect_uri", "{}" },
		{ "invalid_redirect_uri", "{\"redirect_uris\":[]}" },
		{ "invalid_redirect_uri", "{\"redirect_uris\":\"x\"}" },
		{ "invalid_redirect_uri", "{\"redirect_uris\":[1]}" },
		{ "invalid_redirect_uri", "{\"redirect_uris\":[\"a\",\"a\","
		    "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]}" },
		{ "invalid_client_metadata", "{\"redirect_uris\":"
		    "[\"https://a/\"],\"client_name\":7}" },
		{ "invalid_client_metadata", "{\"redirect_uris\":"
		    "[\"https://a/\"],\"grant_types\":[\"implicit\"]}" },
		{ "invalid_client_metadata", "{\"redirect_uris\":"
		    "[\"https://a/\"],\"response_types\":[\"token\"]}" },
		{ "invalid_client_metadata", "{\"redirect_uris\":"
		    "[\"https://a/\"],\"token_endpoint_auth_method\":"
		    "\"private_key_jwt\"}" }
	};
	char many[4096];
	const char *a;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		a = post("/register", JSON, t[i].body);
		if (status_of(a) != 400 || strstr(a, t[i].error) == NULL)
			fail_msg("%s -> %s", t[i].body, a);
	}
	strcpy(many, "{\"a\":[0");
	for (i = 0; i < 600; i++)
		strcat(many, ",0");
	strcat(many, "]}");
	assert_status(post("/register", JSON, many), 400);
	assert_status(post("/register", FORM, "{}"), 400);
	a = talk("POST /register HTTP/1.1\r\n" HOST JSON
	    "Content-Length: 8193\r\n\r\n");
	assert_status(a, 413);
	assert_has(a, "application/json");
	assert_int_equal(seen.checks, 0);
}

#define T(f)	cmocka_unit_test_setup(f, rig_fresh)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_authorize), T(test_authorize_else), T(test_signin),
		T(test_signin_again), T(test_signin_refused),
		T(test_consent), T(test_decide), T(test_https_cookies),
		T(test_token), T(test_token_refused), T(test_basic),
		T(test_revoke), T(test_register), T(test_register_refused)
	};

	return (cmocka_run_group_tests(tests, rig_setup, rig_teardown));
}
