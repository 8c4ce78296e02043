/* SPDX-License-Identifier: ISC */
/*
 * authorize.c: the authorization request (OAuth 2.1, 4.1.1).  Runs in authd
 * on the parameters of anyone who follows a link.  Client and redirect URI
 * first: until both are right nobody is redirected, a page says what is
 * wrong.  After that, errors go to the client.  Nothing is stored: what was
 * asked travels sealed through the browser.
 */
#include <stdio.h>
#include <string.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "../common/uri.h"
#include "grant.h"
#include "oauth.h"

struct asked {
	const struct msg_authorize *q;
	struct client		 client;
	const char		*redirect;
	uint8_t			 challenge[DIGEST_LEN];
	uint32_t		 scope;
};

static void
page_error(struct msg_authorize_answer *m, uint32_t status, const char *error,
    const char *text)
{
	m->verdict = PV_ERROR;
	m->status = status;
	text_set(m->error, sizeof(m->error), error);
	text_set(m->error_text, sizeof(m->error_text), text);
}

/* The two checks before which nobody is sent anywhere: 0, or -1. */
static int
check_client(struct asked *a, struct msg_authorize_answer *m)
{
	const struct msg_authorize	*q = a->q;

	if ((q->has & AZ_CLIENT_ID) == 0)
		page_error(m, 400, "invalid_request", "client_id is missing");
	else if (client_get(q->client_id, &a->client) == -1)
		page_error(m, 400, "invalid_client", "Invalid client_id: this "
		    "client is not registered here, or no longer. Clear its "
		    "stored authentication for this server, then connect "
		    "again: it will register anew.");
	else if ((q->has & AZ_REDIRECT) == 0 &&
	    a->client.rec.nredirects != 1)
		page_error(m, 400, "invalid_request", "redirect_uri must be "
		    "specified when client has multiple registered URIs");
	else if (q->has & AZ_REDIRECT &&
	    client_redirect(&a->client, q->redirect_uri) == NULL)
		page_error(m, 400, "invalid_request",
		    "Unregistered redirect_uri");
	else {
		a->redirect = q->has & AZ_REDIRECT ? q->redirect_uri :
		    a->client.redirect[0];
		return (0);
	}
	return (-1);
}

/* The rest: NULL, or the error code and its description. */
static const char *
check_rest(struct asked *a, const char **text)
{
	const struct msg_authorize	*q = a->q;

	*text = NULL;
	if ((q->has & AZ_TYPE) == 0) {
		*text = "response_type is missing";
		return ("invalid_request");
	}
	if (strcmp(q->response_type, "code") != 0) {
		*text = "response_type must be code";
		return ("unsupported_response_type");
	}
	if (q->has & AZ_MODE && strcmp(q->mode, "query") != 0) {
		*text = "response_mode must be query";
		return ("invalid_request");
	}
	if ((q->has & AZ_CHALLENGE) == 0) {
		*text = "code_challenge is missing (PKCE is required)";
		return ("invalid_request");
	}
	if ((q->has & AZ_METHOD) == 0 || strcmp(q->method, "S256") != 0) {
		*text = "code_challenge_method must be S256";
		return ("invalid_request");
	}
	if (b64url_decode(q->challenge, strlen(q->challenge), a->challenge,
	    sizeof(a->challenge)) != (int)sizeof(a->challenge)) {
		*text = "code_challenge is not a SHA-256 in base64url";
		return ("invalid_request");
	}
	if (q->has & AZ_RESOURCE &&
	    !uri_resource_match(auth_resource(), q->resource)) {
		*text = "resource is not this server's";
		return ("invalid_target");
	}
	a->scope = scope_parse(q->has & AZ_SCOPE ? q->scope : NULL);
	return (NULL);
}

/*
 * Anyone may register any https URI, so an error alone must not send people
 * there (OAuth 2.1, 7.12.2): only if an administrator or a user has let the
 * client in, or it lies on the person's own computer.
 */
static int
redirect_trusted(const struct asked *a)
{
	struct uri	u;

	return (a->client.rec.flags & CR_PINNED ||
	    uri_parse(a->redirect, &u) != NULL || uri_is_loopback(&u) ||
	    strcmp(u.scheme, "https") != 0 ||
	    grant_any(GI_CLIENT, a->client.rec.id));
}

static void
error_redirect(const struct asked *a, const char *error, const char *text,
    struct msg_authorize_answer *m)
{
	struct redirect	r = { a->redirect, NULL, error, text,
	    a->q->has & AZ_STATE ? a->q->state : NULL };

	if (!redirect_trusted(a)) {
		page_error(m, 400, error, text);
		return;
	}
	text_set(m->error, sizeof(m->error), error);
	text_set(m->error_text, sizeof(m->error_text), text);
	if (redirect_build(&r, m->location, sizeof(m->location)) == -1)
		page_error(m, 400, "invalid_request", "state is too long");
	else
		m->verdict = PV_REDIRECT;
}

static void
signin_page(const struct asked *a, struct msg_authorize_answer *m)
{
	struct pending	p;

	memset(&p, 0, sizeof(p));
	p.created_s = auth_now();
	p.era = auth_era();
	p.expires_s = p.created_s + PENDING_S;
	p.scope = a->scope;
	p.flags = a->q->has & AZ_REDIRECT ? KF_URI_GIVEN : 0;
	random_bytes(p.txn, sizeof(p.txn));
	memcpy(p.challenge, a->challenge, sizeof(p.challenge));
	memcpy(p.client_id, a->client.rec.id, sizeof(p.client_id));
	text_set(p.redirect, sizeof(p.redirect), a->redirect);
	p.has_state = (a->q->has & AZ_STATE) != 0;
	memcpy(p.state, a->q->state, sizeof(p.state));
	secret_make("kb_", m->cookie, sizeof(m->cookie));
	digest_make(digest_gen(), DK_COOKIE, m->cookie, strlen(m->cookie),
	    p.cookie);
	b64url_encode(p.txn, sizeof(p.txn), m->txn);
	csrf_make(FA_SIGNIN, p.txn, m->cookie, m->csrf);
	page_fill(&m->page, &a->client, a->redirect, a->scope);
	if (pending_seal(&p, m->pending, sizeof(m->pending)) == -1)
		page_error(m, 400, "invalid_request", "state is too long");
	else
		m->verdict = PV_PAGE;
	secret_wipe(&p, sizeof(p));
}

void
authorize_on_msg(struct chan *ch, struct msg *msg)
{
	struct worker			*w = worker_of(ch);
	struct msg_authorize_answer	 m;
	struct asked			 a;
	const char			*error, *text;

	memset(&m, 0, sizeof(m));
	memset(&a, 0, sizeof(a));
	a.q = msg->data;
	m.retry_after = limit_request(LQ_AUTHORIZE, w->life, &a.q->from,
	    NULL, NULL);
	if (m.retry_after != 0)
		page_error(&m, 429, "too_many_requests",
		    "Too many requests. Try again in a little while.");
	else if (check_client(&a, &m) == -1)
		audit_refused(AK_REFUSED, AO_INVALID, &a.q->from,
		    "client or redirect_uri");
	else if ((error = check_rest(&a, &text)) != NULL)
		error_redirect(&a, error, text, &m);
	else
		signin_page(&a, &m);
	answer_now(w, MSG_AUTHORIZE_ANSWER, msg->id, &m);
	secret_wipe(&m, sizeof(m));
}
