/* SPDX-License-Identifier: ISC */
/*
 * flow.h: the honest use of a listener's channels: what a hijacked one can
 * do with a password that it was shown.  The positive controls of the
 * attacks.
 */
#ifndef TESTS_PRIVSEP_FLOW_H
#define TESTS_PRIVSEP_FLOW_H

#include "rig.h"

#define CALLBACK	"http://127.0.0.1:5000/callback"
#define VERIFIER	"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE	"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

struct flow {
	char	client[40];
	struct msg_authorize_answer page;
	char	session[48];
	char	csrf[48];
	char	code[SECRET_MAX];
	char	access[TOKEN_MAX];
	char	refresh[SECRET_MAX];
};

static struct msg_from	flow_from = { { 0 }, 4, 0 };

static int
flow_register(struct puppet *p, struct flow *f)
{
	struct msg_register	q;
	struct msg_registered	a;

	memset(&q, 0, sizeof(q));
	flow_from.addr[10] = flow_from.addr[11] = 0xff;
	flow_from.addr[12] = 127;
	flow_from.addr[15] = 1;
	q.from = flow_from;
	q.auth_method = AM_NONE;
	q.nredirects = 1;
	text_set(q.client_name, sizeof(q.client_name), "Attacker");
	text_set(q.redirect[0], sizeof(q.redirect[0]), CALLBACK);
	if (frame_ask(p, PC_AUTHD, MSG_REGISTER, &q, sizeof(q), &a,
	    sizeof(a)) != MSG_REGISTERED || a.status != 201)
		return (-1);
	memcpy(f->client, a.client_id, sizeof(f->client));
	return (0);
}

static int
flow_authorize(struct puppet *p, struct flow *f)
{
	struct msg_authorize	q;

	memset(&q, 0, sizeof(q));
	q.from = flow_from;
	q.has = AZ_CLIENT_ID | AZ_REDIRECT | AZ_TYPE | AZ_STATE |
	    AZ_CHALLENGE | AZ_METHOD;
	text_set(q.client_id, sizeof(q.client_id), f->client);
	text_set(q.redirect_uri, sizeof(q.redirect_uri), CALLBACK);
	text_set(q.response_type, sizeof(q.response_type), "code");
	text_set(q.state, sizeof(q.state), "s");
	text_set(q.challenge, sizeof(q.challenge), CHALLENGE);
	text_set(q.method, sizeof(q.method), "S256");
	if (frame_ask(p, PC_AUTHD, MSG_AUTHORIZE, &q, sizeof(q), &f->page,
	    sizeof(f->page)) != MSG_AUTHORIZE_ANSWER ||
	    f->page.verdict != PV_PAGE)
		return (-1);
	return (0);
}

/* A verdict of enum signin_verdict; 0: no answer. */
static uint32_t
flow_signin(struct puppet *p, struct flow *f, const char *user,
    const char *password)
{
	struct msg_signin		q;
	struct msg_signin_answer	a;

	memset(&q, 0, sizeof(q));
	memset(&a, 0, sizeof(a));
	q.from = flow_from;
	memcpy(q.cookie, f->page.cookie, sizeof(q.cookie));
	memcpy(q.csrf, f->page.csrf, sizeof(q.csrf));
	memcpy(q.pending, f->page.pending, sizeof(q.pending));
	text_set(q.user, sizeof(q.user), user);
	text_set(q.password, sizeof(q.password), password);
	if (frame_ask(p, PC_AUTHD, MSG_SIGNIN, &q, sizeof(q), &a,
	    sizeof(a)) != MSG_SIGNIN_ANSWER)
		return (0);
	memcpy(f->session, a.session, sizeof(f->session));
	return (a.verdict);
}

static int
flow_view(struct puppet *p, struct flow *f)
{
	struct msg_consent_view	q;
	struct msg_consent_page	a;

	memset(&q, 0, sizeof(q));
	memcpy(q.txn, f->page.txn, sizeof(q.txn));
	memcpy(q.session, f->session, sizeof(q.session));
	if (frame_ask(p, PC_AUTHD, MSG_CONSENT_VIEW, &q, sizeof(q), &a,
	    sizeof(a)) != MSG_CONSENT_PAGE || a.verdict != PV_PAGE)
		return (-1);
	memcpy(f->csrf, a.csrf, sizeof(f->csrf));
	return (0);
}

/* 0; else the HTTP status of the refusal, or -1. */
static int
flow_consent(struct puppet *p, struct flow *f)
{
	static struct msg_consent_answer a;
	struct msg_consent		 q;
	char				*code;

	memset(&q, 0, sizeof(q));
	memset(&a, 0, sizeof(a));
	q.from = flow_from;
	q.decision = CD_APPROVE;
	memcpy(q.txn, f->page.txn, sizeof(q.txn));
	memcpy(q.session, f->session, sizeof(q.session));
	memcpy(q.csrf, f->csrf, sizeof(q.csrf));
	if (frame_ask(p, PC_AUTHD, MSG_CONSENT, &q, sizeof(q), &a,
	    sizeof(a)) != MSG_CONSENT_ANSWER)
		return (-1);
	if (a.verdict != PV_REDIRECT ||
	    (code = strstr(a.location, "code=")) == NULL)
		return (a.status != 0 ? (int)a.status : -1);
	text_setn(f->code, sizeof(f->code), code + 5,
	    strcspn(code + 5, "&"));
	return (0);
}

static int
flow_token(struct puppet *p, struct flow *f)
{
	static struct msg_token		q;
	static struct msg_token_answer	a;

	memset(&q, 0, sizeof(q));
	q.from = flow_from;
	q.has = TR_GRANT_TYPE | TR_CODE | TR_REDIRECT | TR_VERIFIER |
	    TR_CLIENT_ID;
	text_set(q.grant_type, sizeof(q.grant_type), "authorization_code");
	text_set(q.client_id, sizeof(q.client_id), f->client);
	text_set(q.redirect_uri, sizeof(q.redirect_uri), CALLBACK);
	text_set(q.verifier, sizeof(q.verifier), VERIFIER);
	memcpy(q.code, f->code, sizeof(q.code));
	if (frame_ask(p, PC_AUTHD, MSG_TOKEN, &q, sizeof(q), &a,
	    sizeof(a)) != MSG_TOKEN_ANSWER || a.status != 200)
		return (-1);
	memcpy(f->access, a.access, sizeof(f->access));
	memcpy(f->refresh, a.refresh, sizeof(f->refresh));
	return (0);
}

/* Register, sign in, approve, redeem: 0 with tokens in f. */
static UNUSED int
flow_all(struct puppet *p, struct flow *f, const char *user,
    const char *password)
{
	memset(f, 0, sizeof(*f));
	if (flow_register(p, f) == -1 || flow_authorize(p, f) == -1 ||
	    flow_signin(p, f, user, password) != SI_OK ||
	    flow_view(p, f) == -1 || flow_consent(p, f) != 0)
		return (-1);
	return (flow_token(p, f));
}

/* A handle for a token: 0, or -1. */
static UNUSED int
flow_handle(struct puppet *p, const char *token, uint8_t out[HANDLE_LEN])
{
	struct msg_token_check	q;
	struct msg_token_ok	a;

	memset(&q, 0, sizeof(q));
	text_set(q.token, sizeof(q.token), token);
	q.len = (uint32_t)strlen(token);
	if (frame_ask(p, PC_AUTHD, MSG_TOKEN_CHECK, &q, sizeof(q), &a,
	    sizeof(a)) != MSG_TOKEN_OK)
		return (-1);
	memcpy(out, a.handle, HANDLE_LEN);
	return (0);
}

/*
 * A call under a handle, that of the tool or tools/list: MSG_ANSWER with the
 * body, MSG_HANDLE_UNKNOWN, or 0.
 */
static UNUSED uint32_t
flow_call(struct puppet *p, const uint8_t handle[HANDLE_LEN],
    const char *body, char *out, size_t cap)
{
	static uint8_t	 q[sizeof(struct msg_call) + 4096];
	static uint8_t	 a[65536];
	struct msg_call	 m;
	struct msg_answer r;
	uint32_t	 type;
	size_t		 n;

	memset(&m, 0, sizeof(m));
	memcpy(m.handle, handle, HANDLE_LEN);
	m.method = HM_POST;
	m.flags = CF_VERSION;
	m.version_len = 10;
	m.body_len = (uint32_t)strlen(body);
	memcpy(q, &m, sizeof(m));
	memcpy(q + sizeof(m), "2025-11-25", 10);
	memcpy(q + sizeof(m) + 10, body, m.body_len);
	memset(a, 0, sizeof(a));
	type = frame_ask(p, PC_TOOLD, MSG_CALL, q,
	    sizeof(m) + 10 + m.body_len, a, sizeof(a));
	if (type == MSG_ANSWER && out != NULL) {
		memcpy(&r, a, sizeof(r));
		n = r.session_len + r.body_len < cap - 1 ?
		    r.session_len + r.body_len : cap - 1;
		memcpy(out, a + sizeof(r), n);
		out[n] = '\0';
	}
	return (type);
}

#endif
