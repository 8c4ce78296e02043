/* SPDX-License-Identifier: ISC */
/*
 * consent.c: the consent page and its two buttons.  Runs in authd.  Only the
 * session of this very authorization answers here; it is used up in the same
 * commit that makes the code, and the code leaves after that commit.
 *
 * The code's text is a MAC over the session's: so a form that was sent twice
 * gets the same redirect again without any code being kept anywhere.
 */
#include <string.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "grant.h"
#include "oauth.h"

#define AGAIN_MS	30000
#define LIVES		1024
#define NONE_TEXT	"No pending authorization"

void
consent_view_on_msg(struct chan *ch, struct msg *msg)
{
	const struct msg_consent_view	*q = msg->data;
	struct msg_consent_page		 m;
	struct session			 s;
	struct client			 c;
	struct user			 u;

	memset(&m, 0, sizeof(m));
	if (session_find(q->session, q->txn, &s) == -1 ||
	    s.rec.state != SS_OPEN || client_get(s.rec.client_id, &c) == -1 ||
	    user_get(s.rec.user_id, &u) == -1) {
		m.verdict = PV_ERROR;
		m.status = 400;
		text_set(m.error_text, sizeof(m.error_text), NONE_TEXT);
	} else {
		m.verdict = PV_PAGE;
		m.status = 200;
		page_fill(&m.page, &c, s.redirect, s.rec.scope);
		text_set(m.user, sizeof(m.user), u.name);
		csrf_make(FA_CONSENT, s.rec.txn, q->session, m.csrf);
	}
	answer_now(worker_of(ch), MSG_CONSENT_PAGE, msg->id, &m);
	secret_wipe(&m, sizeof(m));
}

static void
consent_error(struct msg_consent_answer *m, uint32_t status, const char *text)
{
	memset(m, 0, sizeof(*m));
	m->verdict = PV_ERROR;
	m->status = status;
	text_set(m->error_text, sizeof(m->error_text), text);
}

static void
consent_spoil(void *body)
{
	secret_wipe(body, sizeof(struct msg_consent_answer));
	consent_error(body, 503,
	    "The server cannot store anything just now. Try again.");
}

/* The code of this session, and its key in the store. */
static void
code_make(const struct session *s, const char *session, uint32_t options,
    char text[64], uint8_t key[DIGEST_LEN])
{
	uint8_t	in[TXN_LEN + 4 + 48], mac[DIGEST_LEN];

	memset(in, 0, sizeof(in));
	memcpy(in, s->rec.txn, TXN_LEN);
	memcpy(in + TXN_LEN, &options, sizeof(options));
	memcpy(in + TXN_LEN + 4, session, strnlen(session, 48));
	mac_make(MK_CODE, in, sizeof(in), mac);
	memset(text, 0, 64);
	memcpy(text, "kc_", 3);
	b64url_encode(mac, sizeof(mac), text + 3);
	digest_make(s->rec.digest_gen, DK_CODE, text, strlen(text), key);
	secret_wipe(in, sizeof(in));
	secret_wipe(mac, sizeof(mac));
}

static void
code_store(const struct session *s, const struct worker *w, uint32_t options,
    const uint8_t key[DIGEST_LEN], int64_t now)
{
	struct code_rec	c;

	memset(&c, 0, sizeof(c));
	c.v = CODE_REC_V;
	c.era = auth_era();
	c.flags = s->rec.flags & KF_URI_GIVEN;
	c.digest_gen = s->rec.digest_gen;
	c.scope = s->rec.scope;
	c.grant_flags = options & CO_READ_ONLY ? GF_READ_ONLY : 0;
	memcpy(c.user_id, s->rec.user_id, sizeof(c.user_id));
	memcpy(c.client_id, s->rec.client_id, sizeof(c.client_id));
	c.worker = w->generation;
	c.created_s = now;
	c.expires_s = now + auth_conf()->code_s;
	memcpy(c.challenge, s->rec.challenge, sizeof(c.challenge));
	memcpy(c.redirect, s->redirect, sizeof(c.redirect));
	store_put(DB_CODES, key, DIGEST_LEN, &c, sizeof(c));
	store_expire(c.expires_s, DB_CODES, key, DIGEST_LEN);
}

/*
 * Approvals in the life of a process, whatever channels it has had.  Of the
 * last processes only: there are fewer at a time.
 */
static struct life {
	uint64_t	life;
	uint32_t	approvals;
} lives[LIVES];
static unsigned int lives_turn;

/* One more approval, unless it has had all of them: 0, or 1. */
static int
life_used_up(const struct worker *w)
{
	uint32_t	most = auth_conf()->approvals_life;
	unsigned int	i;

	for (i = 0; i < LIVES && lives[i].life != w->life; i++)
		;
	if (i == LIVES) {
		i = lives_turn++ % LIVES;
		lives[i].life = w->life;
		lives[i].approvals = 0;
	}
	if (most != 0 && lives[i].approvals >= most)
		return (1);
	lives[i].approvals++;
	return (0);
}

static void
consent_audit(const struct worker *w, const struct msg_consent *q,
    const struct session *s, enum audit_kind kind)
{
	struct audit_own	a;
	struct user		u;
	char			scope[SCOPE_MAX];

	memset(&a, 0, sizeof(a));
	scope_text(s->rec.scope, scope, sizeof(scope));
	a.kind = kind;
	a.outcome = kind == AK_CONSENT ? AO_OK : AO_DENIED;
	a.worker = w->generation;
	a.from = &q->from;
	a.user_id = s->rec.user_id;
	a.user = user_get(s->rec.user_id, &u) == 0 ? u.name : NULL;
	a.client_id = s->rec.client_id;
	a.target = s->redirect;
	a.detail = q->options & CO_READ_ONLY ? "read only" : scope;
	audit_add(&a);
}

static void
consent_redirect(const struct session *s, const char *code, const char *error,
    struct msg_consent_answer *m)
{
	struct redirect	r = { s->redirect, code, error,
	    error != NULL ? "The user did not approve" : NULL,
	    s->rec.state_len != 0 ? s->state : NULL };

	memset(m, 0, sizeof(*m));
	if (redirect_build(&r, m->location, sizeof(m->location)) == -1) {
		consent_error(m, 400, "The redirect is too long");
		return;
	}
	m->verdict = PV_REDIRECT;
	m->status = 302;
}

static void
session_decided(struct session *s, enum session_state state, uint32_t options)
{
	s->rec.state = (uint8_t)state;
	s->rec.options = options;
	s->rec.decided_ms = auth_now_ms();
	session_put(s);
}

static void
approve(struct worker *w, const struct msg_consent *q, struct session *s,
    struct msg_consent_answer *m)
{
	struct client	c;
	char		code[64];
	uint8_t		key[DIGEST_LEN];
	uint32_t	wait;
	int64_t		now = auth_now();

	if (store_writable() == -1) {
		consent_error(m, 503,
		    "The server's disk is full. Tell its administrator.");
		return;
	}
	if (client_get(s->rec.client_id, &c) == -1) {
		consent_error(m, 400, NONE_TEXT);
		return;
	}
	wait = limit_approve(w->life, s->rec.user_id, NULL);
	if (wait != 0) {
		consent_error(m, 429, "Too many approvals. Wait a while.");
		m->retry_after = wait;
		return;
	}
	if (life_used_up(w)) {
		consent_error(m, 503, "This part of the server is about to "
		    "be replaced. Try again in a while.");
		return;
	}
	code_make(s, q->session, q->options, code, key);
	session_decided(s, SS_APPROVED, q->options);
	code_store(s, w, q->options, key, now);
	client_wanted(&c, now + CLIENT_IDLE_S);
	consent_audit(w, q, s, AK_CONSENT);
	consent_redirect(s, code, NULL, m);
	secret_wipe(code, sizeof(code));
}

static int
decided_now(const struct session *s)
{
	return (auth_now_ms() - s->rec.decided_ms <= AGAIN_MS &&
	    auth_era() == s->rec.era);
}

/* interop: the same approval again, while its code is unredeemed. */
static void
approve_again(const struct msg_consent *q, const struct session *s,
    struct msg_consent_answer *m)
{
	struct code_rec	c;
	char		code[64];
	uint8_t		key[DIGEST_LEN];

	code_make(s, q->session, q->options, code, key);
	if (s->rec.options != q->options ||
	    !decided_now(s) ||
	    store_get(DB_CODES, key, sizeof(key), &c, sizeof(c)) == -1 ||
	    c.flags & KF_REDEEMED || auth_over(c.era, c.expires_s))
		consent_error(m, 400, NONE_TEXT);
	else
		consent_redirect(s, code, NULL, m);
	secret_wipe(code, sizeof(code));
}

static void
decide(struct worker *w, const struct msg_consent *q, struct session *s,
    struct msg_consent_answer *m)
{
	if (s->rec.state == SS_OPEN && q->decision == CD_APPROVE)
		approve(w, q, s, m);
	else if (s->rec.state == SS_OPEN) {
		session_decided(s, SS_DENIED, 0);
		consent_audit(w, q, s, AK_DENY);
		consent_redirect(s, NULL, "access_denied", m);
	} else if (s->rec.state == SS_APPROVED && q->decision == CD_APPROVE)
		approve_again(q, s, m);
	else if (s->rec.state == SS_DENIED && q->decision == CD_DENY &&
	    decided_now(s))
		consent_redirect(s, NULL, "access_denied", m);
	else
		consent_error(m, 400, NONE_TEXT);
}

void
consent_on_msg(struct chan *ch, struct msg *msg)
{
	const struct msg_consent	*q = msg->data;
	struct worker			*w = worker_of(ch);
	struct msg_consent_answer	 m;
	struct session			 s;

	if (session_find(q->session, q->txn, &s) == -1 ||
	    !csrf_ok(FA_CONSENT, s.rec.txn, q->session, q->csrf)) {
		audit_refused(AK_REFUSED, AO_INVALID, &q->from, "consent");
		consent_error(&m, 400, NONE_TEXT);
		answer_now(w, MSG_CONSENT_ANSWER, msg->id, &m);
		return;
	}
	decide(w, q, &s, &m);
	answer_after(w, MSG_CONSENT_ANSWER, msg->id, &m, sizeof(m),
	    consent_spoil);
	secret_wipe(&m, sizeof(m));
	secret_wipe(&s, sizeof(s));
}
