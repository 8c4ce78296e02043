/* SPDX-License-Identifier: ISC */
/*
 * route.c: the one table of what the listener answers to.  Path, methods,
 * required authority, cross-origin class and handler are one row; what has
 * no row is not there.  Everything that can be refused by looking at the
 * head is refused here, before a byte of the body is read.
 */
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "uri.h"
#include "listener.h"

#define GET	(HTTP_BIT(HTTP_GET) | HTTP_BIT(HTTP_HEAD))
#define POST	HTTP_BIT(HTTP_POST)
#define MCP	(GET | POST | HTTP_BIT(HTTP_DELETE))
#define DOC(p, fn) { (p), GET, AUTH_NONE, CORS_ANY, 0, 0, NULL, fn }
#define OAUTH	(RT_OAUTH | RT_SECRET)
#define PEOPLE	(RT_OAUTH | RT_PEOPLE)
#define FORM	(PEOPLE | RT_SAME_SITE | RT_SECRET)

static const struct route routes[] = {
	{ "/mcp", MCP, AUTH_BEARER, CORS_LIST, 0, 0, mcp_head, mcp_run },
	{ "/mcp/", MCP, AUTH_BEARER, CORS_LIST, 0, 0, mcp_head, mcp_run },

	DOC("/.well-known/oauth-protected-resource", meta_resource),
	DOC("/.well-known/oauth-protected-resource/mcp", meta_resource),
	DOC("/.well-known/oauth-protected-resource/mcp/", meta_resource),
	DOC("/mcp/.well-known/oauth-protected-resource", meta_resource),
	DOC("/.well-known/oauth-authorization-server", meta_server),
	DOC("/.well-known/oauth-authorization-server/mcp", meta_server),
	DOC("/.well-known/oauth-authorization-server/mcp/", meta_server),
	DOC("/mcp/.well-known/oauth-authorization-server", meta_server),
	DOC("/.well-known/openid-configuration", meta_server),
	DOC("/.well-known/openid-configuration/mcp", meta_server),
	DOC("/.well-known/openid-configuration/mcp/", meta_server),
	DOC("/mcp/.well-known/openid-configuration", meta_server),
	DOC("/jwks.json", meta_jwks),
	DOC("/.well-known/jwks.json", meta_jwks),

	{ "/register", POST, AUTH_NONE, CORS_ANY, OAUTH, 8192,
	    register_head, register_run },
	{ "/authorize", GET | POST, AUTH_NONE, CORS_NONE, PEOPLE, 16384,
	    signin_head, signin_authorize },
	{ "/signin", POST, AUTH_FORM, CORS_NONE, FORM, 16384,
	    signin_head, signin_post },
	{ "/consent", HTTP_BIT(HTTP_GET) | POST, AUTH_FORM, CORS_NONE, FORM,
	    4096, signin_head, signin_consent },
	{ "/token", POST, AUTH_CLIENT, CORS_ANY, OAUTH, 16384,
	    oauth_head, oauth_token },
	{ "/revoke", POST, AUTH_CLIENT, CORS_ANY, OAUTH, 16384,
	    oauth_head, oauth_revoke },

	{ "/healthz", GET, AUTH_NONE, CORS_NONE, RT_ANY_HOST, 0, NULL,
	    meta_health },
	{ "/favicon.ico", GET, AUTH_NONE, CORS_NONE, 0, 0, NULL, meta_icon },
	{ "/robots.txt", GET, AUTH_NONE, CORS_NONE, 0, 0, NULL,
	    meta_robots },
	{ "/style.css", GET, AUTH_NONE, CORS_NONE, 0, 0, NULL, meta_style }
};
#define NROUTES	(sizeof(routes) / sizeof(routes[0]))

const struct route *
route_at(size_t i)
{
	return (i < NROUTES ? &routes[i] : NULL);
}

const struct route *
route_find(const char *path)
{
	size_t i;

	for (i = 0; i < NROUTES; i++) {
		if (strcmp(routes[i].path, path) == 0)
			return (&routes[i]);
	}
	return (NULL);
}

size_t
route_max_body(const struct route *rt)
{
	if (rt->max_body == 0 || rt->max_body > lconf->l.max_body)
		return (lconf->l.max_body);
	return (rt->max_body);
}

void
route_allow(const struct route *rt, char *out, size_t size)
{
	size_t n;
	int m;

	out[0] = '\0';
	for (m = HTTP_GET; m < HTTP_METHODS; m++) {
		if ((rt->methods & HTTP_BIT(m)) == 0)
			continue;
		n = strlen(out);
		snprintf(out + n, size - n, "%s, ",
		    http_method_name((enum http_method)m));
	}
	n = strlen(out);
	snprintf(out + n, size - n, "OPTIONS");
}

/* The last hop that a trusted proxy named; else the socket's address. */
static void
client_address(struct req *r, const struct http_head *h)
{
	struct http_str v = h->one[HF_FORWARDED_FOR];
	size_t i;

	if (v.p == NULL || !conn_over_proxy(r->c))
		return;
	for (i = v.len; i > 0 && v.p[i - 1] != ','; i--)
		;
	v.p += i;
	v.len -= i;
	while (v.len > 0 && (v.p[0] == ' ' || v.p[0] == '\t')) {
		v.p++;
		v.len--;
	}
	if (from_text(&r->from, v) == -1)
		r->from = *conn_peer(r->c);
}

static int
check_host(struct req *r, const struct http_head *h)
{
	if (host_allowed(h->one[HF_HOST]) ||
	    (r->route != NULL && r->route->flags & RT_ANY_HOST))
		return (0);
	reply_error(r, 421, "misdirected_request",
	    "This Host is not public-url's and not listed in the setting "
	    "hosts.");
	return (-1);
}

/* Pages of ours only: Origin where sent, and what browsers say of it. */
static int
check_same_site(const struct req *r, const struct http_head *h)
{
	struct http_str site = h->one[HF_FETCH_SITE];

	if (r->method != HTTP_POST)
		return (0);
	if (h->one[HF_ORIGIN].p != NULL && !origin_own(h->one[HF_ORIGIN]))
		return (-1);
	if (site.p != NULL && !http_eq(site, "same-origin") &&
	    !http_eq(site, "none"))
		return (-1);
	return (0);
}

static int
check_origin(struct req *r, const struct http_head *h)
{
	struct http_str o = h->one[HF_ORIGIN];

	if (r->route == NULL)
		return (0);
	if (r->route->flags & RT_SAME_SITE && check_same_site(r, h) == -1) {
		reply_error(r, 403, "invalid_origin",
		    "This form was not sent by a page of this server.");
		return (-1);
	}
	if (r->route->cors != CORS_LIST || o.p == NULL)
		return (0);
	if (!origin_allowed(o) ||
	    text_setn(r->origin, sizeof(r->origin), o.p, o.len) == -1) {
		reply_error(r, 403, "invalid_origin",
		    "This Origin is not listed in the setting "
		    "allow-origin.");
		return (-1);
	}
	r->flags |= RQ_ORIGIN;
	return (0);
}

static int
check_rate(struct req *r)
{
	struct addr *a;
	unsigned int wait;

	if (lconf->rate_off || lconf->l.rate_addr == 0 ||
	    r->from.family == 0 ||
	    (r->route != NULL && r->route->authority == AUTH_BEARER))
		return (0);
	if ((a = addr_get(&r->from)) == NULL ||
	    (wait = addr_rate(a, lconf->l.rate_addr)) == 0)
		return (0);
	reply_error_more(r, 429, "too_many_requests",
	    "Too many requests from this address.", wait, NULL);
	return (-1);
}

static void
answer_options(struct req *r)
{
	struct reply p;
	char allow[128], extra[512];

	memset(&p, 0, sizeof(p));
	p.status = 204;
	snprintf(allow, sizeof(allow), "GET, HEAD, POST, DELETE, OPTIONS");
	if (r->route != NULL)
		route_allow(r->route, allow, sizeof(allow));
	if (r->route == NULL || r->route->cors == CORS_NONE ||
	    (r->route->cors == CORS_LIST && (r->flags & RQ_ORIGIN) == 0))
		snprintf(extra, sizeof(extra), "Allow: %s\r\n", allow);
	else
		snprintf(extra, sizeof(extra), "Allow: %s\r\n"
		    "Access-Control-Allow-Methods: %s\r\n"
		    "Access-Control-Allow-Headers: Authorization, "
		    "Content-Type, Accept, MCP-Protocol-Version, "
		    "Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID\r\n"
		    "Access-Control-Max-Age: 7200\r\n", allow, allow);
	p.extra = extra;
	p.flags = RP_QUIET;
	reply_send(r, &p);
}

static int
check_method(struct req *r, const struct http_head *h)
{
	char allow[128], extra[160];

	if (r->method == HTTP_OPTIONS && (r->route != NULL ||
	    http_eq(h->path, "*"))) {
		answer_options(r);
		return (-1);
	}
	if (r->route == NULL) {
		reply_error(r, 404, "not_found",
		    r->path[0] == '/' && r->path[1] == '/' ?
		    "Nothing is here. The path begins with two slashes: "
		    "the server's address in the client ends with one too "
		    "many." :
		    "Nothing is here. The MCP endpoint is /mcp.");
		return (-1);
	}
	if (r->route->methods & HTTP_BIT(r->method))
		return (0);
	route_allow(r->route, allow, sizeof(allow));
	snprintf(extra, sizeof(extra), "Allow: %s\r\n", allow);
	reply_error_more(r, 405, "method_not_allowed",
	    "This method is not allowed here.", 0, extra);
	return (-1);
}

/* Before any body, of every method. */
static int
check_length(struct req *r, const struct http_head *h)
{
	if (r->method != HTTP_POST && conn_unread(r->c)) {
		r->flags |= RQ_CLOSE;
		reply_error(r, 400, "invalid_request",
		    "This method takes no body.");
		return (-1);
	}
	if (h->has_length && h->length > route_max_body(r->route)) {
		reply_error(r, 413, "invalid_request",
		    "The body is too large.");
		return (-1);
	}
	return (0);
}

/* The row, and how its errors look: a page for people, else JSON. */
static int
find_route(struct req *r, const struct http_head *h)
{
	int bad = 0;

	if (http_eq(h->path, "*"))
		r->path = "*";
	else if (http_path(h->path, r->path_text, sizeof(r->path_text)) == -1)
		bad = h->path.len < sizeof(r->path_text);
	else {
		r->path = r->path_text;
		r->route = route_find(r->path_text);
		if (lconf->mcp_off && r->route != NULL &&
		    !(r->route->flags & RT_ANY_HOST))
			r->route = NULL;
	}
	if (r->route != NULL) {
		r->path = r->route->path;
		if (r->route->flags & RT_SECRET) {
			r->flags |= RQ_SECRET;
			r->body.secret = 1;
		}
	}
	if (r->route != NULL ? r->route->flags & RT_PEOPLE &&
	    !(http_accepts(h, "application/json") &&
	    !http_accepts(h, "text/html")) :
	    r->method == HTTP_GET && http_accepts(h, "text/html"))
		r->flags |= RQ_HTML;
	return (bad ? -1 : 0);
}

void
route_request(struct req *r, const struct http_head *h)
{
	int bad;

	bad = find_route(r, h);
	client_address(r, h);
	if (check_host(r, h) == -1 || check_origin(r, h) == -1 ||
	    check_rate(r) == -1)
		return;
	if (bad == -1) {
		reply_error(r, 400, "invalid_request",
		    "The path has bad percent-encoding or dot segments.");
		return;
	}
	if (check_method(r, h) == -1)
		return;
	if (r->route->authority == AUTH_BEARER) {
		/* The token comes first, then what is wrong with the rest. */
		r->route->head(r, h);
		return;
	}
	if (check_length(r, h) == -1)
		return;
	if (r->method == HTTP_POST && (r->flags & RQ_LENGTH) == 0) {
		r->flags |= RQ_CLOSE;
		reply_error(r, 411, "invalid_request",
		    "A body with Content-Length is needed.");
		return;
	}
	if (r->route->head != NULL && r->route->head(r, h) == -1)
		return;
	if (h->has_length && mem_take(r, (size_t)h->length) == -1) {
		reply_error_more(r, 503, "temporarily_unavailable",
		    "No memory for this body now.", 1, NULL);
		return;
	}
	conn_body(r->c);
}
