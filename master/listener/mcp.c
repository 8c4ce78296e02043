/* SPDX-License-Identifier: ISC */
/*
 * mcp.c: the way of an MCP request through the listener.  The bearer token
 * goes to authd (or its digest is found in the cache), the handle that comes
 * back goes to toold with the raw bytes of the request, toold's answer goes
 * to the client.  Neither the JSON nor the token is looked into here.
 */
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "secret.h"
#include "text.h"
#include "uri.h"
#include "listener.h"

#define VALUE_MAX	1024		/* of one MCP header field */
#define AGAIN_MS	5000		/* handles of a stream: this often, */
#define AGAIN_MAX	3		/* but so many times */
#define PARAMS_MAX	4096		/* of all Mcp-Param- fields */
#define RPC_INVALID	(-32600)
#define RPC_INTERNAL	(-32603)

static void	mcp_check(struct req *);

/* ---- refusals that have to do with the token ---- */

static void
refuse_token(struct req *r, const char *text, int sent)
{
	reply_error_more(r, 401, "invalid_token", text, 0,
	    sent ? lconf->challenge_bad : lconf->challenge);
}

static void
refuse_bad(struct req *r)
{
	refuse_token(r, "Invalid or expired access token", 1);
}

/* RFC 6750 section 2.1: credentials = "Bearer" 1*SP b64token. */
static int
take_token(struct req *r, struct http_str v)
{
	struct mcp_state *m = &r->u.mcp;
	static const char form[] =
	    "Invalid Authorization header format, expected 'Bearer TOKEN'";
	struct http_str word;
	size_t i;

	if (v.p == NULL) {
		refuse_token(r, "Missing Authorization header", 0);
		return (-1);
	}
	word.p = v.p;
	word.len = v.len < 6 ? v.len : 6;
	if (!http_caseeq(word, "Bearer") || v.len < 8 || v.p[6] != ' ') {
		refuse_token(r, form, 1);
		return (-1);
	}
	for (i = 7; i < v.len && v.p[i] == ' '; i++)
		;
	v.p += i;
	v.len -= i;
	if (memchr(v.p, ' ', v.len) != NULL ||
	    memchr(v.p, '\t', v.len) != NULL || v.len == 0) {
		refuse_token(r, form, 1);
		return (-1);
	}
	if (v.len >= sizeof(m->token)) {
		refuse_bad(r);
		return (-1);
	}
	memcpy(m->token, v.p, v.len);
	m->token_len = v.len;
	return (0);
}

/* ---- the head ---- */

static void
refuse_later(struct req *r, int status, const char *why)
{
	if (r->u.mcp.refuse == 0) {
		r->u.mcp.refuse = status;
		r->u.mcp.refuse_why = why;
	}
}

/* Put a header field's text before the body. */
static uint32_t
take_value(struct req *r, struct http_str v, uint32_t flag)
{
	if (v.p == NULL)
		return (0);
	if (v.len > VALUE_MAX) {
		refuse_later(r, 431, "an MCP header field is too long");
		return (0);
	}
	r->u.mcp.flags |= flag;
	buf_add(&r->body, v.p, v.len);
	return ((uint32_t)v.len);
}

/* Arguments that the client repeats in the head; toold knows which count. */
static uint32_t
take_params(struct req *r, const struct http_head *h)
{
	static const char head[] = "mcp-param-";
	const size_t n = sizeof(head) - 1;
	const struct http_hdr *f;
	size_t i, start = r->body.len;

	for (i = 0; i < h->nhdr; i++) {
		f = &h->hdr[i];
		if (f->field != HF_OTHER || f->name.len <= n ||
		    strncasecmp(f->name.p, head, n) != 0)
			continue;
		buf_add(&r->body, f->name.p + n, f->name.len - n);
		buf_addc(&r->body, ':');
		buf_add(&r->body, f->value.p, f->value.len);
		buf_addc(&r->body, '\n');
	}
	if (r->body.len - start > PARAMS_MAX) {
		refuse_later(r, 431, "the Mcp-Param- fields are too long");
		r->body.len = start;
	}
	return ((uint32_t)(r->body.len - start));
}

static void
take_fields(struct req *r, const struct http_head *h)
{
	struct mcp_state *m = &r->u.mcp;
	const struct http_str *v = &h->one[HF_MCP_VERSION];

	m->version_len = take_value(r, *v, CF_VERSION);
	m->method_len = take_value(r, h->one[HF_MCP_METHOD], CF_METHOD);
	m->name_len = take_value(r, h->one[HF_MCP_NAME], CF_NAME);
	m->session_len = take_value(r, h->one[HF_MCP_SESSION], CF_SESSION);
	m->params_len = take_params(r, h);
	if (h->minor > 0 && r->method != HTTP_HEAD &&
	    http_accepts(h, "text/event-stream"))
		m->flags |= CF_SSE;
	/* Versions are dates, so they sort as text. */
	m->modern = v->p != NULL && v->len == 10 &&
	    memcmp(v->p, "2026-07-28", 10) >= 0;
	r->skip = r->body.len;
}

static int
mode_pair(void *arg, const char *key, const char *val, size_t len)
{
	struct req *r = arg;

	if (strcmp(key, "mode") != 0)
		return (0);
	if (strcmp(val, "ro") == 0)
		r->u.mcp.flags |= CF_READ_ONLY;
	else if (strcmp(val, "rw") != 0)
		refuse_later(r, 400, "mode in the address is ro or rw");
	return (0);
}

static void
check_query(struct req *r, const struct http_head *h)
{
	char scratch[256];

	if (h->query.p != NULL && form_parse(h->query.p, h->query.len,
	    scratch, sizeof(scratch), 16, mode_pair, r) == -1)
		refuse_later(r, 400, "the query of the address is not a form");
}

/* Methods that change nothing, by the client's own word. */
static int
says_read(struct http_str v)
{
	static const char *const reads[] = { "server/discover", "tools/list",
	    "ping", "resources/list", "prompts/list" };
	size_t i;

	for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		if (http_eq(v, reads[i]))
			return (1);
	}
	return (0);
}

static void
check_body(struct req *r, const struct http_head *h)
{
	if (r->method != HTTP_POST) {
		if (conn_unread(r->c)) {
			r->flags |= RQ_CLOSE;
			refuse_later(r, 400, "this method takes no body");
		}
		return;
	}
	if (!http_media_is(h->one[HF_CONTENT_TYPE], "application/json"))
		refuse_later(r, 415, "Content-Type must be application/json");
	if ((r->flags & RQ_LENGTH) == 0) {
		r->flags |= RQ_CLOSE;
		refuse_later(r, 411, "a body with Content-Length is needed");
	}
	if (h->has_length && h->length > route_max_body(r->route))
		refuse_later(r, 413, "the body is too large");
}

/* A GET or HEAD that is answered here. */
static int
no_stream(const struct mcp_state *m)
{
	return (m->method == HM_GET &&
	    (m->modern || (m->flags & CF_SSE) == 0));
}

int
mcp_head(struct req *r, const struct http_head *h)
{
	struct mcp_state *m = &r->u.mcp;

	memset(m, 0, offsetof(struct mcp_state, token));
	r->flags |= RQ_SECRET;
	if (take_token(r, h->one[HF_AUTHORIZATION]) == -1)
		return (-1);
	take_fields(r, h);
	check_query(r, h);
	check_body(r, h);
	if (r->method == HTTP_GET && h->one[HF_LAST_EVENT].len <= VALUE_MAX)
		buf_add(&r->body, h->one[HF_LAST_EVENT].p,
		    h->one[HF_LAST_EVENT].len);
	m->method = r->method == HTTP_POST ? HM_POST :
	    r->method == HTTP_DELETE ? HM_DELETE : HM_GET;
	/* Nobody else would see that the handle is not good any more. */
	m->fresh = no_stream(m);
	m->repeatable = m->flags & CF_READ_ONLY ||
	    (m->modern && says_read(h->one[HF_MCP_METHOD]));
	if (h->has_length && m->refuse == 0 &&
	    mem_take(r, (size_t)h->length) == -1)
		refuse_later(r, 503, "no memory for this body now");
	cache_digest(m->token, m->token_len, m->digest);
	req_step(r, mcp_check);
	return (-1);
}

/* ---- the token ---- */

static void
answer_get(struct req *r)
{
	reply_error_more(r, 405, "method_not_allowed",
	    "There is no stream to GET here; requests are sent by POST.", 0,
	    r->u.mcp.modern ? "Allow: POST, OPTIONS\r\n" :
	    "Allow: POST, OPTIONS, DELETE\r\n");
}

static void
call(struct req *r)
{
	struct mcp_state *m = &r->u.mcp;
	struct msg_call c;

	if (link_crowded()) {
		reply_rpc(r, 503, RPC_INTERNAL, "The server is busy.", 1);
		return;
	}
	memset(&c, 0, sizeof(c));
	memcpy(c.handle, m->handle, sizeof(c.handle));
	c.method = m->method;
	c.flags = m->flags;
	c.version_len = m->version_len;
	c.mcp_method_len = m->method_len;
	c.mcp_name_len = m->name_len;
	c.session_len = m->session_len;
	c.params_len = m->params_len;
	c.body_len = (uint32_t)(r->body.len - r->skip);
	link_call(r, &c);
}

/* The token is good, and handle is of this worker. */
static void
authorized(struct req *r)
{
	struct mcp_state *m = &r->u.mcp;

	m->generation = link_generation();
	if (m->refuse != 0) {
		reply_rpc(r, m->refuse, RPC_INVALID, m->refuse_why,
		    m->refuse == 503 ? 1 : 0);
		return;
	}
	if (no_stream(m))
		answer_get(r);
	else if (r->flags & RQ_BODY || m->method == HM_GET)
		call(r);
	else
		conn_body(r->c);
}

static void
mcp_check(struct req *r)
{
	struct mcp_state *m = &r->u.mcp;
	struct msg_token_check q;

	if (!m->fresh && cache_get(m->digest, m->handle) == 0) {
		authorized(r);
		return;
	}
	memset(&q, 0, sizeof(q));
	q.len = (uint32_t)m->token_len;
	memcpy(q.token, m->token, m->token_len);
	if (strlen(q.token) != m->token_len ||
	    !utf8_valid(q.token, m->token_len))
		refuse_bad(r);
	else
		link_ask_authd(r, MSG_TOKEN_CHECK, &q);
	secret_wipe(q.token, m->token_len);
}

/* The body is here; the worker may be another than when its head came. */
void
mcp_run(struct req *r)
{
	if (link_up() && r->u.mcp.generation == link_generation()) {
		r->go = mcp_check;
		call(r);
	} else
		req_step(r, mcp_check);
}

void
mcp_token_ok(struct req *r, const struct msg_token_ok *m)
{
	memcpy(r->u.mcp.handle, m->handle, HANDLE_LEN);
	cache_put(r->u.mcp.digest, m->handle, m->ttl_s);
	if (r->flags & RQ_STREAM) {
		link_handle_new(r);
		stream_quiet(r);
	} else
		authorized(r);
}

/* A stream ends with its token; a long one has a last word to come. */
static void
give_up(struct req *r)
{
	link_cancel(r->id);
	if ((r->flags & RQ_LONG) == 0)
		stream_end(r, NULL, 0);
}

void
mcp_token_bad(struct req *r, const struct msg_token_bad *m)
{
	cache_drop(r->u.mcp.digest);
	if (r->flags & RQ_STREAM) {
		r->state = RS_STREAM;
		r->u.mcp.recheck = m->why == TB_BUSY;
		if (m->why == TB_BUSY)
			conn_wait(r->c, RETRY_MS);
		else
			give_up(r);
		return;
	}
	switch (m->why) {
	case TB_BUSY:
		req_retry(r, mcp_check);
		break;
	case TB_SCOPE:
		reply_error_more(r, 403, "insufficient_scope",
		    "Missing required scope: " SCOPE, 0,
		    lconf->challenge_scope);
		break;
	default:
		refuse_bad(r);
		break;
	}
}

/* ---- toold ---- */

/* What is kept for the token, unless it is newer than what failed. */
static void
forget_handle(const struct mcp_state *m)
{
	uint8_t kept[HANDLE_LEN];

	if (cache_get(m->digest, kept) == 0 &&
	    memcmp(kept, m->handle, sizeof(kept)) == 0)
		cache_drop(m->digest);
}

void
mcp_recheck(struct req *r)
{
	struct mcp_state *m = &r->u.mcp;
	struct msg_token_check q;

	m->recheck = 0;
	if (cache_get(m->digest, m->handle) == 0) {
		link_handle_new(r);
		return;
	}
	memset(&q, 0, sizeof(q));
	q.len = (uint32_t)m->token_len;
	memcpy(q.token, m->token, m->token_len);
	link_recheck(r, &q);
	secret_wipe(q.token, m->token_len);
}

/*
 * A stream needs a new handle.  One that needs it all the time is
 * given up: there are more tokens than a worker may have handles.
 */
static void
again(struct req *r)
{
	int soon = r->until.ms != 0 && mono_before(ev_now(), r->until);

	r->u.mcp.retried = soon ? r->u.mcp.retried + 1 : 0;
	r->until = mono_add(ev_now(), AGAIN_MS);
	if (r->u.mcp.retried > AGAIN_MAX) {
		r->state = RS_STREAM;
		give_up(r);
	} else
		mcp_recheck(r);
}

void
mcp_unknown(struct req *r)
{
	struct mcp_state *m = &r->u.mcp;

	forget_handle(m);
	if (r->flags & (RQ_LONG | RQ_HANDLE)) {
		again(r);
		return;
	}
	if (r->flags & RQ_STREAM) {
		stream_end(r, NULL, 0);
		return;
	}
	if (m->retried) {
		refuse_bad(r);
		return;
	}
	m->retried = 1;
	req_step(r, mcp_check);
}

/* A session id goes into a header: visible ASCII only. */
static int
session_ok(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] <= 0x20 || p[i] >= 0x7f)
			return (0);
	}
	return (len > 0);
}

void
mcp_answer(struct req *r, const struct msg_answer *a, const uint8_t *tail,
    const struct buf *text)
{
	struct reply p;
	char extra[320];
	int n = 0;

	if (r->flags & RQ_STREAM) {
		stream_end(r, tail + a->session_len, a->body_len);
		return;
	}
	if (a->status == 405 && r->u.mcp.method == HM_GET) {
		answer_get(r);
		return;
	}
	memset(&p, 0, sizeof(p));
	p.status = (int)a->status;
	if (a->flags & AF_JSON) {
		p.type = "application/json";
		p.body = tail + a->session_len;
		p.len = a->body_len;
		p.text = text;
		p.text_at = a->text_at;
	}
	if (a->flags & AF_SESSION && session_ok(tail, a->session_len))
		n = snprintf(extra, sizeof(extra), "Mcp-Session-Id: %.*s\r\n",
		    (int)a->session_len, (const char *)tail);
	if (a->status == 405)
		n += snprintf(extra + n, sizeof(extra) - (size_t)n,
		    r->u.mcp.modern ? "Allow: POST, OPTIONS\r\n" :
		    "Allow: POST, OPTIONS, DELETE\r\n");
	p.extra = n > 0 ? extra : NULL;
	p.retry_after = a->retry_after;
	reply_send(r, &p);
}

void
mcp_lost(struct req *r)
{
	if (r->flags & RQ_STREAM)
		conn_cut(r->c);
	else if (r->u.mcp.repeatable)
		reply_rpc(r, 503, RPC_INTERNAL, "The part that does the work "
		    "did not answer. Nothing was changed; try again.", 1);
	else
		reply_rpc(r, 502, RPC_INTERNAL, "The outcome is unknown: the "
		    "part that does the work did not answer. Look whether "
		    "the change was made before trying again, or repeat it "
		    "with the same requestId.", 0);
}
