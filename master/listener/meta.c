/* SPDX-License-Identifier: ISC */
/*
 * meta.c: what the listener says about itself: OAuth metadata (RFC 9728,
 * RFC 8414), the key set, health, and the small files browsers ask for.
 * Metadata is constant text made from public-url when the configuration is
 * checked; nothing of a request goes into it.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "text.h"
#include "page.h"
#include "listener.h"

#define HEALTH_AUTHD	1
#define HEALTH_TOOLD	2

static struct buf jwks;			/* as authd sent it last */

/* Adds ,"key":"public-url suffix". */
static void
add_url(struct buf *b, const struct lconf *l, const char *key,
    const char *suffix)
{
	buf_addf(b, "\"%s\":\"", key);
	buf_add_json_body(b, l->public_url, strlen(l->public_url));
	buf_addf(b, "%s\"", suffix);
}

static void
build_resource(struct lconf *l)
{
	struct buf *b = &l->resource_doc;

	buf_addc(b, '{');
	add_url(b, l, "resource", "/mcp");
	buf_adds(b, ",\"authorization_servers\":[\"");
	buf_add_json_body(b, l->public_url, strlen(l->public_url));
	buf_adds(b, "\"],\"scopes_supported\":[\"" SCOPE "\"],"
	    "\"bearer_methods_supported\":[\"header\"],"
	    "\"resource_name\":\"keepd\"}");
}

static void
build_server(struct lconf *l)
{
	static const char auth[] =
	    "[\"none\",\"client_secret_post\",\"client_secret_basic\"]";
	struct buf *b = &l->server_doc;

	buf_addc(b, '{');
	add_url(b, l, "issuer", "");
	buf_addc(b, ',');
	add_url(b, l, "authorization_endpoint", "/authorize");
	buf_addc(b, ',');
	add_url(b, l, "token_endpoint", "/token");
	buf_addc(b, ',');
	add_url(b, l, "registration_endpoint", "/register");
	buf_addc(b, ',');
	add_url(b, l, "revocation_endpoint", "/revoke");
	buf_addc(b, ',');
	add_url(b, l, "jwks_uri", "/jwks.json");
	buf_addf(b, ",\"scopes_supported\":[\"" SCOPE "\"],"
	    "\"response_types_supported\":[\"code\"],"
	    "\"response_modes_supported\":[\"query\"],"
	    "\"grant_types_supported\":[\"authorization_code\","
	    "\"refresh_token\"],"
	    "\"token_endpoint_auth_methods_supported\":%s,"
	    "\"revocation_endpoint_auth_methods_supported\":%s,"
	    "\"code_challenge_methods_supported\":[\"S256\"],"
	    "\"authorization_response_iss_parameter_supported\":true}",
	    auth, auth);
}

/* Values of a challenge, RFC 6750 section 3 and RFC 9728 section 5.1. */
static void
build_challenges(struct lconf *l)
{
	static const char form[] = "WWW-Authenticate: Bearer %s"
	    "resource_metadata=\"%s/.well-known/oauth-protected-resource/"
	    "mcp\", scope=\"" SCOPE "\"\r\n";
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, form, l->l.challenge_error ?
	    "error=\"invalid_token\", " : "", l->public_url);
	text_setn(l->challenge, sizeof(l->challenge), (char *)b.data, b.len);
	buf_reset(&b);
	buf_addf(&b, form, "error=\"invalid_token\", error_description="
	    "\"Invalid or expired access token\", ", l->public_url);
	text_setn(l->challenge_bad, sizeof(l->challenge_bad), (char *)b.data,
	    b.len);
	buf_reset(&b);
	buf_addf(&b, form, "error=\"insufficient_scope\", error_description="
	    "\"Missing required scope: " SCOPE "\", ", l->public_url);
	text_setn(l->challenge_scope, sizeof(l->challenge_scope),
	    (char *)b.data, b.len);
	buf_free(&b);
}

int
meta_build(struct lconf *l)
{
	build_resource(l);
	build_server(l);
	build_challenges(l);
	return (l->resource_doc.failed || l->server_doc.failed ||
	    l->challenge[0] == '\0' || l->challenge_bad[0] == '\0' ||
	    l->challenge_scope[0] == '\0' ? -1 : 0);
}

static void
answer(struct req *r, const char *type, const void *body, size_t len,
    unsigned int flags)
{
	struct reply p;

	memset(&p, 0, sizeof(p));
	p.status = 200;
	p.type = type;
	p.body = body;
	p.len = len;
	p.flags = flags;
	reply_send(r, &p);
}

void
meta_resource(struct req *r)
{
	answer(r, "application/json", lconf->resource_doc.data,
	    lconf->resource_doc.len, RP_STORE);
}

void
meta_server(struct req *r)
{
	answer(r, "application/json", lconf->server_doc.data,
	    lconf->server_doc.len, RP_STORE);
}

int
meta_set_jwks(const uint8_t *text, size_t len)
{
	if (len < 2 || text[0] != '{' || !utf8_valid(text, len))
		return (-1);
	buf_reset(&jwks);
	return (buf_add(&jwks, text, len));
}

void
meta_jwks(struct req *r)
{
	if (jwks.len == 0) {
		reply_error_more(r, 503, "temporarily_unavailable",
		    "The key set is not here yet.", 1, NULL);
		return;
	}
	answer(r, "application/json", jwks.data, jwks.len, RP_STORE);
}

/* ---- health: both daemons behind us answer, now ---- */

void
meta_health_failed(struct req *r)
{
	static const char *const part[] = {
		"authd and toold do not answer",
		"toold does not answer", "authd does not answer"
	};
	unsigned int have = r->health;

	reply_error_more(r, 503, "unavailable",
	    part[have & HEALTH_AUTHD ? 1 : have & HEALTH_TOOLD ? 2 : 0], 1,
	    NULL);
}

void
meta_health(struct req *r)
{
	if (!link_up()) {
		meta_health_failed(r);
		return;
	}
	link_health(r);
	conn_wait(r->c, HEALTH_MS);
}

void
meta_health_answer(struct req *r, unsigned int who)
{
	static const char ok[] = "{\"status\":\"ok\"}";

	r->health |= who;
	if (r->health == (HEALTH_AUTHD | HEALTH_TOOLD))
		answer(r, "application/json", ok, sizeof(ok) - 1, 0);
}

/* ---- small files ---- */

void
meta_icon(struct req *r)
{
	size_t len;
	const void *p = page_icon(&len);

	answer(r, "image/x-icon", p, len, RP_STORE);
}

void
meta_robots(struct req *r)
{
	static const char text[] = "User-agent: *\nDisallow: /\n";

	answer(r, "text/plain; charset=utf-8", text, sizeof(text) - 1,
	    RP_STORE);
}

void
meta_style(struct req *r)
{
	size_t len;
	const char *p = page_style(&len);

	answer(r, "text/css; charset=utf-8", p, len, RP_STORE);
}
