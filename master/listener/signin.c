/* SPDX-License-Identifier: ISC */
/*
 * signin.c: the pages a person walks through: /authorize, /signin, /consent.
 * The listener carries forms and cookies to authd and renders what authd
 * says; it keeps nothing between requests.  Each flow has a cookie of its
 * own, named by the flow, so that two windows do not disturb each other.
 */
#include <stdio.h>
#include <string.h>

#include "secret.h"
#include "text.h"
#include "page.h"
#include "listener.h"

#define FLOW_AGE	600		/* seconds; as long as a flow lives */
#define DEVICE_AGE	(180 * 86400)
#define NONE_TEXT	"No pending authorization"
#define NONE_MORE	"This sign-in is over, was used already, or began in " \
	"another browser. Start again from the application that sent you here."

/* ---- what a request brings ---- */

struct signin_form {
	char	txn[24], csrf[48], pending[BLOB_MAX];
	char	user[USER_MAX], password[SECRET_MAX];
};
#define SF_TXN		1
#define SF_CSRF		2
#define SF_PENDING	4
#define SF_USER		8
#define SF_PASSWORD	16
static const struct form_field signin_fields[] = {
	FORM_FIELD("txn", SF_TXN, signin_form, txn),
	FORM_FIELD("csrf", SF_CSRF, signin_form, csrf),
	FORM_FIELD("pending", SF_PENDING, signin_form, pending),
	FORM_FIELD("username", SF_USER, signin_form, user),
	FORM_FIELD("password", SF_PASSWORD, signin_form, password),
	{ NULL, 0, 0, 0 }
};

struct consent_form {
	char	txn[24], csrf[48], decision[16], read_only[8];
};
#define CF_TXN		1
#define CF_CSRF		2
#define CF_DECISION	4
#define CF_READONLY	8
static const struct form_field consent_fields[] = {
	FORM_FIELD("txn", CF_TXN, consent_form, txn),
	FORM_FIELD("csrf", CF_CSRF, consent_form, csrf),
	FORM_FIELD("decision", CF_DECISION, consent_form, decision),
	FORM_FIELD("read_only", CF_READONLY, consent_form, read_only),
	{ NULL, 0, 0, 0 }
};

static const struct form_field authorize_fields[] = {
	FORM_FIELD("client_id", AZ_CLIENT_ID, msg_authorize, client_id),
	FORM_FIELD("redirect_uri", AZ_REDIRECT, msg_authorize, redirect_uri),
	FORM_FIELD("response_type", AZ_TYPE, msg_authorize, response_type),
	FORM_FIELD("scope", AZ_SCOPE, msg_authorize, scope),
	FORM_FIELD("state", AZ_STATE, msg_authorize, state),
	FORM_FIELD("code_challenge", AZ_CHALLENGE, msg_authorize, challenge),
	FORM_FIELD("code_challenge_method", AZ_METHOD, msg_authorize, method),
	FORM_FIELD("resource", AZ_RESOURCE, msg_authorize, resource),
	FORM_FIELD("response_mode", AZ_MODE, msg_authorize, mode),
	{ NULL, 0, 0, 0 }
};

/*
 * Cookies go before the body, for they have names that only the body knows:
 * all of them, for a browser sends those of other programs on this host too,
 * in front of ours, and header-size bounds them.  The query of a GET takes
 * the place of the body.
 */
int
signin_head(struct req *r, const struct http_head *h)
{
	size_t	i;

	if (r->method == HTTP_POST &&
	    !http_media_is(h->one[HF_CONTENT_TYPE],
	    "application/x-www-form-urlencoded")) {
		reply_error(r, 400, "invalid_request", "The form must be sent "
		    "as application/x-www-form-urlencoded.");
		return (-1);
	}
	for (i = 0; i < h->nhdr; i++) {
		if (h->hdr[i].field != HF_COOKIE)
			continue;
		if (r->body.len > 0)
			buf_add(&r->body, "; ", 2);
		buf_add(&r->body, h->hdr[i].value.p, h->hdr[i].value.len);
	}
	r->skip = r->body.len;
	if (r->method != HTTP_POST && h->query.p != NULL)
		buf_add(&r->body, h->query.p, h->query.len);
	return (0);
}

/* A flow's name becomes part of a cookie's name. */
static int
txn_ok(const char *txn)
{
	size_t	n = strspn(txn, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return (n > 0 && txn[n] == '\0');
}

static void
cookie_name(char *out, size_t size, const char *what)
{
	snprintf(out, size, "%skeepd-%s", lconf->https ? "__Host-" : "",
	    what);
}

static void
cookie_get(const struct req *r, const char *what, char *out, size_t size)
{
	struct http_str	all = { (const char *)r->body.data, r->skip };
	char		name[64];

	memset(out, 0, size);
	cookie_name(name, sizeof(name), what);
	if (all.p == NULL || http_cookie_in(all, name, out, size) == -1 ||
	    !text_field_ok(out, size))
		memset(out, 0, size);
}

static void
cookie_add(struct buf *b, const char *what, const char *value,
    unsigned int age)
{
	char	name[64];

	cookie_name(name, sizeof(name), what);
	buf_addf(b, "Set-Cookie: %s=%s; Path=/; HttpOnly; SameSite=Lax; "
	    "Max-Age=%u%s\r\n", name, value, age,
	    lconf->https ? "; Secure" : "");
}

/* Values that authd made go into headers: visible ASCII and no separator. */
static int
header_ok(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f)
			return (0);
	return (1);
}

static int
cookie_ok(const char *s)
{
	return (header_ok(s) && strpbrk(s, "\",;\\") == NULL);
}

/* ---- answers ---- */

static void
page_send(struct req *r, int status, struct buf *b, const char *extra,
    unsigned int retry, const char *why)
{
	struct reply	p;

	memset(&p, 0, sizeof(p));
	p.status = status;
	p.type = "text/html; charset=utf-8";
	p.body = b->data;
	p.len = b->len;
	p.flags = RP_PAGE;
	p.extra = extra;
	p.retry_after = retry;
	p.why = why;
	reply_send(r, &p);
	buf_wipe(b);
}

static void
redirect_send(struct req *r, int status, const char *location,
    const char *cookies)
{
	struct reply	p;
	struct buf	b;

	if (!header_ok(location) || location[0] == '\0') {
		reply_error(r, 500, "server_error",
		    "The redirect cannot be written.");
		return;
	}
	buf_init(&b, 0);
	b.secret = 1;
	buf_addf(&b, "Location: %s\r\nReferrer-Policy: no-referrer\r\n%s",
	    location, cookies != NULL ? cookies : "");
	buf_addc(&b, '\0');
	memset(&p, 0, sizeof(p));
	p.status = status;
	p.extra = (const char *)b.data;
	reply_send(r, &p);
	buf_wipe(&b);
}

static void
none_send(struct req *r)
{
	if (r->flags & RQ_HTML)
		reply_page(r, 400, NONE_TEXT, NONE_MORE, 0);
	else
		reply_error(r, 400, "invalid_request", NONE_TEXT);
}

static void
error_send(struct req *r, uint32_t status, const char *error,
    const char *text, uint32_t retry)
{
	if (strcmp(text, NONE_TEXT) == 0)
		none_send(r);
	else
		reply_error_more(r, (int)status, error[0] != '\0' ? error :
		    "invalid_request", text, retry, NULL);
}

/* ---- /authorize ---- */

static void
authorize_go(struct req *r)
{
	struct msg_authorize	m;

	memset(&m, 0, sizeof(m));
	if (form_refused(r, authorize_fields, &m, &m.has))
		return;
	m.from = r->from;
	link_ask_authd(r, MSG_AUTHORIZE, &m);
}

void
signin_authorize(struct req *r)
{
	req_step(r, authorize_go);
}

static void
signin_page_send(struct req *r, int status, const struct page_view *v,
    const char *cookies, unsigned int retry)
{
	struct buf	b;

	buf_init(&b, 0);
	b.secret = 1;
	page_signin(&b, v);
	page_send(r, status, &b, cookies, retry,
	    status == 200 ? NULL : "sign-in refused");
}

void
signin_authorize_answer(struct req *r, const struct msg_authorize_answer *m)
{
	struct page_view	v;
	struct buf		cookies;

	if (m->verdict == PV_ERROR) {
		error_send(r, m->status, m->error, m->error_text,
		    m->retry_after);
		return;
	}
	if (m->verdict == PV_REDIRECT) {
		redirect_send(r, 302, m->location, NULL);
		return;
	}
	if (!txn_ok(m->txn) || !cookie_ok(m->cookie)) {
		reply_error(r, 500, "server_error", "The page cannot be made.");
		return;
	}
	memset(&v, 0, sizeof(v));
	v.host = lconf->host;
	v.info = &m->page;
	v.txn = m->txn;
	v.csrf = m->csrf;
	v.pending = m->pending;
	buf_init(&cookies, 0);
	cookies.secret = 1;
	cookie_add(&cookies, m->txn, m->cookie, FLOW_AGE);
	buf_addc(&cookies, '\0');
	signin_page_send(r, 200, &v, (const char *)cookies.data, 0);
	buf_wipe(&cookies);
}

/* ---- /signin ---- */

static void
signin_go(struct req *r)
{
	struct signin_form	f;
	struct msg_signin	m;
	uint32_t		has;

	memset(&f, 0, sizeof(f));
	memset(&m, 0, sizeof(m));
	if (form_refused(r, signin_fields, &f, &has))
		goto out;
	if ((has & (SF_TXN | SF_CSRF | SF_PENDING)) !=
	    (SF_TXN | SF_CSRF | SF_PENDING) || !txn_ok(f.txn)) {
		none_send(r);
		goto out;
	}
	m.from = r->from;
	cookie_get(r, f.txn, m.cookie, sizeof(m.cookie));
	cookie_get(r, "device", m.device, sizeof(m.device));
	memcpy(m.csrf, f.csrf, sizeof(m.csrf));
	memcpy(m.pending, f.pending, sizeof(m.pending));
	memcpy(m.user, f.user, sizeof(m.user));
	memcpy(m.password, f.password, sizeof(m.password));
	link_ask_authd(r, MSG_SIGNIN, &m);
 out:
	secret_wipe(&f, sizeof(f));
	secret_wipe(&m, sizeof(m));
}

void
signin_post(struct req *r)
{
	req_step(r, signin_go);
}

static void
signin_done(struct req *r, const struct msg_signin_answer *m)
{
	struct buf	cookies;
	char		location[64];

	if (!txn_ok(m->txn) || !cookie_ok(m->session) ||
	    !cookie_ok(m->device)) {
		reply_error(r, 500, "server_error", "The page cannot be made.");
		return;
	}
	buf_init(&cookies, 0);
	cookies.secret = 1;
	cookie_add(&cookies, m->txn, m->session, FLOW_AGE);
	if (m->device[0] != '\0')
		cookie_add(&cookies, "device", m->device, DEVICE_AGE);
	buf_addc(&cookies, '\0');
	snprintf(location, sizeof(location), "/consent?txn=%s", m->txn);
	redirect_send(r, 303, location, (const char *)cookies.data);
	buf_wipe(&cookies);
}

/* The same page with what was typed, but for the password. */
static void
signin_again(struct req *r, const struct msg_signin_answer *m, int status)
{
	struct page_view	v;
	struct signin_form	f;
	const char		*text, *why;
	uint32_t		has;
	size_t			len;

	memset(&f, 0, sizeof(f));
	text = req_body(r, &len);
	if (form_fill(signin_fields, text, len, &f, &has, &why) == -1) {
		none_send(r);
		return;
	}
	memset(&v, 0, sizeof(v));
	v.host = lconf->host;
	v.info = &m->page;
	v.txn = f.txn;
	v.csrf = m->csrf;
	v.pending = f.pending;
	v.user = f.user;
	v.text = m->text;
	signin_page_send(r, status, &v, NULL, m->retry_after);
	secret_wipe(&f, sizeof(f));
}

void
signin_answer(struct req *r, const struct msg_signin_answer *m)
{
	switch ((enum signin_verdict)m->verdict) {
	case SI_OK:
		signin_done(r, m);
		break;
	case SI_BAD:
		signin_again(r, m, 403);
		break;
	case SI_LIMITED:
		signin_again(r, m, 429);
		break;
	case SI_NONE:
		none_send(r);
		break;
	case SI_BUSY:
		reply_error_more(r, 503, "temporarily_unavailable",
		    m->text[0] != '\0' ? m->text :
		    "The server is busy. Try again in a moment.",
		    m->retry_after != 0 ? m->retry_after : 1, NULL);
		break;
	}
}

/* ---- /consent ---- */

static void
view_go(struct req *r)
{
	struct msg_consent_view	m;
	struct consent_form	f;
	uint32_t		has;

	memset(&m, 0, sizeof(m));
	memset(&f, 0, sizeof(f));
	if (form_refused(r, consent_fields, &f, &has))
		return;
	if (!(has & CF_TXN) || !txn_ok(f.txn)) {
		none_send(r);
		return;
	}
	memcpy(m.txn, f.txn, sizeof(m.txn));
	cookie_get(r, f.txn, m.session, sizeof(m.session));
	link_ask_authd(r, MSG_CONSENT_VIEW, &m);
	secret_wipe(&m, sizeof(m));
}

static void
consent_go(struct req *r)
{
	struct msg_consent	m;
	struct consent_form	f;
	uint32_t		has;

	memset(&m, 0, sizeof(m));
	memset(&f, 0, sizeof(f));
	if (form_refused(r, consent_fields, &f, &has))
		return;
	if ((has & (CF_TXN | CF_CSRF)) != (CF_TXN | CF_CSRF) ||
	    !txn_ok(f.txn)) {
		none_send(r);
		return;
	}
	m.decision = strcmp(f.decision, "approve") == 0 ? CD_APPROVE :
	    strcmp(f.decision, "deny") == 0 ? CD_DENY : 0;
	if (m.decision == 0) {
		reply_error(r, 400, "invalid_request",
		    "decision must be approve or deny");
		return;
	}
	m.from = r->from;
	m.options = has & CF_READONLY ? CO_READ_ONLY : 0;
	memcpy(m.txn, f.txn, sizeof(m.txn));
	memcpy(m.csrf, f.csrf, sizeof(m.csrf));
	cookie_get(r, f.txn, m.session, sizeof(m.session));
	link_ask_authd(r, MSG_CONSENT, &m);
	secret_wipe(&m, sizeof(m));
}

void
signin_consent(struct req *r)
{
	req_step(r, r->method == HTTP_POST ? consent_go : view_go);
}

void
signin_consent_page(struct req *r, const struct msg_consent_page *m)
{
	struct page_view	v;
	struct consent_form	f;
	struct buf		b;
	const char		*text, *why;
	uint32_t		has;
	size_t			len;

	memset(&f, 0, sizeof(f));
	text = req_body(r, &len);
	if (m->verdict != PV_PAGE ||
	    form_fill(consent_fields, text, len, &f, &has, &why) == -1) {
		error_send(r, m->status, "", m->error_text, 0);
		return;
	}
	memset(&v, 0, sizeof(v));
	v.host = lconf->host;
	v.info = &m->page;
	v.txn = f.txn;
	v.csrf = m->csrf;
	v.user = m->user;
	buf_init(&b, 0);
	b.secret = 1;
	page_consent(&b, &v);
	page_send(r, 200, &b, NULL, 0, NULL);
}

void
signin_consent_answer(struct req *r, const struct msg_consent_answer *m)
{
	if (m->verdict == PV_REDIRECT)
		redirect_send(r, 302, m->location, NULL);
	else
		error_send(r, m->status, "", m->error_text, m->retry_after);
}
