/* SPDX-License-Identifier: ISC */
/*
 * oauth.c: /token and /revoke, as far as the listener goes: the form and the
 * Authorization header become one fixed struct, authd's decision becomes
 * JSON (RFC 6749 5, RFC 7009).  Nothing is decided here; secrets are wiped
 * when they are sent.
 */
#include <stdio.h>
#include <string.h>

#include "secret.h"
#include "text.h"
#include "uri.h"
#include "listener.h"

static const struct form_field token_fields[] = {
	FORM_FIELD("grant_type", TR_GRANT_TYPE, msg_token, grant_type),
	FORM_FIELD("client_id", TR_CLIENT_ID, msg_token, client_id),
	FORM_FIELD("client_secret", TR_SECRET, msg_token, secret),
	FORM_FIELD("code", TR_CODE, msg_token, code),
	FORM_FIELD("redirect_uri", TR_REDIRECT, msg_token, redirect_uri),
	FORM_FIELD("code_verifier", TR_VERIFIER, msg_token, verifier),
	FORM_FIELD("refresh_token", TR_REFRESH, msg_token, refresh),
	FORM_FIELD("scope", TR_SCOPE, msg_token, scope),
	FORM_FIELD("resource", TR_RESOURCE, msg_token, resource),
	{ NULL, 0, 0, 0 }
};

static const struct form_field revoke_fields[] = {
	FORM_FIELD("token", RV_TOKEN, msg_revoke, token),
	FORM_FIELD("token_type_hint", RV_HINT, msg_revoke, hint),
	FORM_FIELD("client_id", RV_CLIENT_ID, msg_revoke, client_id),
	FORM_FIELD("client_secret", RV_SECRET, msg_revoke, secret),
	{ NULL, 0, 0, 0 }
};

/* ---- Authorization: Basic (RFC 6749 2.3.1: both halves form-encoded) ---- */

struct half {
	char	*out;
	int	 filled;
};

static int
half_pair(void *arg, const char *key, const char *val, size_t len)
{
	struct half	*h = arg;

	if (len != 0 || h->filled)
		return (-1);
	h->filled = 1;
	return (text_set(h->out, SECRET_MAX, key));
}

/* "%3A" and "+" stand for themselves in too many clients to refuse. */
static int
half_decode(const char *text, size_t len, char *out)
{
	char		scratch[SECRET_MAX * 3 + 8];
	struct half	h = { out, 0 };
	int		rv;

	if (memchr(text, '&', len) != NULL || memchr(text, '=', len) != NULL)
		return (text_setn(out, SECRET_MAX, text, len));
	if (len == 0)
		return (text_set(out, SECRET_MAX, ""));
	rv = form_parse(text, len, scratch, sizeof(scratch), 1, half_pair,
	    &h);
	secret_wipe(scratch, sizeof(scratch));
	return (rv == 0 && h.filled ? 0 : -1);
}

static int
basic_take(struct req *r, struct http_str v)
{
	char		 text[SECRET_MAX * 6 + 8], *colon;
	struct http_str	 word = { v.p, v.len < 5 ? v.len : 5 };
	int		 n, rv = -1;

	if (!http_caseeq(word, "Basic") || v.len < 7 || v.p[5] != ' ')
		return (-1);
	n = b64_decode(v.p + 6, v.len - 6, text, sizeof(text) - 1);
	if (n == -1)
		return (-1);
	text[n] = '\0';
	if ((size_t)n == strlen(text) && (colon = strchr(text, ':')) != NULL)
		rv = half_decode(text, (size_t)(colon - text),
		    r->u.oauth.basic_id) == 0 &&
		    half_decode(colon + 1, strlen(colon + 1),
		    r->u.oauth.basic_secret) == 0 ? 0 : -1;
	secret_wipe(text, sizeof(text));
	if (rv == 0)
		r->flags |= RQ_BASIC;
	return (rv);
}

int
oauth_head(struct req *r, const struct http_head *h)
{
	memset(&r->u.oauth, 0, sizeof(r->u.oauth));
	if (h->one[HF_AUTHORIZATION].p != NULL &&
	    basic_take(r, h->one[HF_AUTHORIZATION]) == -1) {
		reply_error_more(r, 401, "invalid_client",
		    "The Authorization header is not Basic client "
		    "credentials", 0,
		    "WWW-Authenticate: Basic realm=\"keepd\"\r\n");
		return (-1);
	}
	if (!http_media_is(h->one[HF_CONTENT_TYPE],
	    "application/x-www-form-urlencoded")) {
		reply_error(r, 400, "invalid_request", "Content-Type must be "
		    "application/x-www-form-urlencoded");
		return (-1);
	}
	return (0);
}

static void
token_go(struct req *r)
{
	struct msg_token	m;

	memset(&m, 0, sizeof(m));
	if (form_refused(r, token_fields, &m, &m.has))
		goto out;
	m.from = r->from;
	if (r->flags & RQ_BASIC) {
		m.has |= TR_BASIC;
		memcpy(m.basic_id, r->u.oauth.basic_id, sizeof(m.basic_id));
		memcpy(m.basic_secret, r->u.oauth.basic_secret,
		    sizeof(m.basic_secret));
	}
	link_ask_authd(r, MSG_TOKEN, &m);
 out:
	secret_wipe(&m, sizeof(m));
}

void
oauth_token(struct req *r)
{
	req_step(r, token_go);
}

/* RFC 6749 5.2; a 401 names the scheme only to those who used it. */
static void
oauth_refused(struct req *r, uint32_t status, const char *error,
    const char *text, uint32_t retry)
{
	reply_error_more(r, (int)status, error, text, retry,
	    status == 401 && r->flags & RQ_BASIC ?
	    "WWW-Authenticate: Basic realm=\"keepd\"\r\n" : NULL);
}

static void
json_send(struct req *r, int status, struct buf *b)
{
	struct reply	p;

	memset(&p, 0, sizeof(p));
	p.status = status;
	p.type = "application/json";
	p.body = b->data;
	p.len = b->len;
	p.flags = RP_PRAGMA;
	reply_send(r, &p);
	buf_wipe(b);
}

void
oauth_token_answer(struct req *r, const struct msg_token_answer *m)
{
	struct buf	b;

	if (m->error[0] != '\0' || m->status != 200) {
		oauth_refused(r, m->status, m->error, m->error_text,
		    m->retry_after);
		return;
	}
	buf_init(&b, 16384);
	b.secret = 1;
	buf_addc(&b, '{');
	buf_add_member(&b, "access_token", m->access);
	buf_add_member(&b, "token_type", "Bearer");
	buf_addf(&b, ",\"expires_in\":%u", m->expires_in);
	if (m->refresh[0] != '\0')
		buf_add_member(&b, "refresh_token", m->refresh);
	buf_add_member(&b, "scope", m->scope);
	buf_addc(&b, '}');
	json_send(r, 200, &b);
}

static void
revoke_go(struct req *r)
{
	struct msg_revoke	m;

	memset(&m, 0, sizeof(m));
	if (form_refused(r, revoke_fields, &m, &m.has))
		goto out;
	m.from = r->from;
	if (r->flags & RQ_BASIC) {
		m.has |= RV_BASIC;
		memcpy(m.basic_id, r->u.oauth.basic_id, sizeof(m.basic_id));
		memcpy(m.basic_secret, r->u.oauth.basic_secret,
		    sizeof(m.basic_secret));
	}
	link_ask_authd(r, MSG_REVOKE, &m);
 out:
	secret_wipe(&m, sizeof(m));
}

void
oauth_revoke(struct req *r)
{
	req_step(r, revoke_go);
}

/* RFC 7009 2.2: 200 also for a token that is not there. */
void
oauth_revoke_answer(struct req *r, const struct msg_revoke_answer *m)
{
	struct buf	b;

	if (m->error[0] != '\0' || m->status != 200) {
		oauth_refused(r, m->status, m->error, m->error_text,
		    m->retry_after);
		return;
	}
	buf_init(&b, 0);
	b.secret = 1;
	buf_adds(&b, "{}");
	json_send(r, 200, &b);
}
