/* SPDX-License-Identifier: ISC */
/*
 * reply.c: answers of the listener.  One place writes status lines and
 * header fields, so that no value from a client can break out of one: extra
 * fields are our own text or were checked by the caller.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "secret.h"
#include "page.h"
#include "listener.h"

#define LOG_BURST	200		/* request log lines at once */
#define LOG_RATE	50		/* and a second */

static const char page_headers[] =
"Content-Security-Policy: default-src 'none'; style-src 'self'; "
"base-uri 'none'; frame-ancestors 'none'\r\n"
"X-Frame-Options: DENY\r\n"
"Referrer-Policy: same-origin\r\n"
"Cross-Origin-Opener-Policy: same-origin\r\n";

static uint64_t	 nreplies, nrefused;
static uint32_t	 ref_next;

uint64_t
reply_count(void)
{
	return (nreplies);
}

uint64_t
reply_refused(void)
{
	return (nrefused);
}

/* A number that a page shows and the log repeats; nothing hangs on it. */
static uint32_t
reference(void)
{
	if (ref_next == 0)
		random_bytes(&ref_next, sizeof(ref_next));
	return (++ref_next);
}

/* "Date: ...\r\n", made once a second. */
static const char *
date_line(void)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed",
	    "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
	    "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	static char line[64];
	static uint64_t made;
	struct tm tm;
	time_t t;

	if (line[0] != '\0' && made / 1000 == ev_now().ms / 1000)
		return (line);
	made = ev_now().ms;
	t = (time_t)wall_s();
	gmtime_r(&t, &tm);
	snprintf(line, sizeof(line),
	    "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return (line);
}

/* ---- the log of requests ---- */

/* 1 if a line may be written now; lines left out are told of later. */
static int
log_budget(void)
{
	static uint64_t credit = LOG_BURST * 1000, last;
	static unsigned int dropped;
	uint64_t now = ev_now().ms;

	credit += (now - last) * LOG_RATE;
	last = now;
	if (credit > LOG_BURST * 1000)
		credit = LOG_BURST * 1000;
	if (credit < 1000) {
		dropped++;
		return (0);
	}
	credit -= 1000;
	if (dropped > 0)
		log_line(LC_REQUESTS, LL_WARN,
		    "%u request lines left out", dropped);
	dropped = 0;
	return (1);
}

static void
log_request(const struct req *r, const struct reply *p, uint32_t ref)
{
	char addr[48];

	if (p->flags & RP_QUIET || (p->status < 400 && (r->route == NULL ||
	    (r->route->flags & RT_OAUTH) == 0)) || !log_budget())
		return;
	from_print(&r->from, addr, sizeof(addr));
	log_line(LC_REQUESTS, p->status >= 500 ? LL_WARN : LL_INFO,
	    "%s %s %s %d%s%s ref=%08x", addr, http_method_name(r->method),
	    r->path, p->status, p->why != NULL ? " " : "",
	    p->why != NULL ? p->why : "", ref);
}

/* ---- writing an answer ---- */

static void
add_cors(struct buf *b, const struct req *r)
{
	if (r->route == NULL || r->route->cors == CORS_NONE)
		return;
	if (r->route->cors == CORS_ANY)
		buf_adds(b, "Access-Control-Allow-Origin: *\r\n"
		    "Access-Control-Expose-Headers: WWW-Authenticate, "
		    "Retry-After\r\n");
	else if (r->flags & RQ_ORIGIN) {
		buf_adds(b, "Access-Control-Allow-Origin: ");
		buf_adds(b, r->origin);
		buf_adds(b, "\r\nVary: Origin\r\n"
		    "Access-Control-Expose-Headers: WWW-Authenticate, "
		    "Retry-After, Mcp-Session-Id\r\n");
	}
}

static void
add_status(struct buf *b, int status)
{
	if (status == 200) {
		buf_add(b, "HTTP/1.1 200 OK\r\n", 17);
		return;
	}
	buf_adds(b, "HTTP/1.1 ");
	buf_addu(b, (uint64_t)status);
	buf_addc(b, ' ');
	buf_adds(b, http_reason(status));
	buf_adds(b, "\r\n");
}

static void
add_headers(struct buf *b, const struct req *r, const struct reply *p)
{
	add_status(b, p->status);
	buf_adds(b, date_line());
	if (p->type != NULL) {
		buf_adds(b, "Content-Type: ");
		buf_adds(b, p->type);
		buf_adds(b, "\r\nX-Content-Type-Options: nosniff\r\n");
	}
	if (p->flags & RP_STORE)
		buf_adds(b, "Cache-Control: public, max-age=300\r\n");
	else
		buf_adds(b, "Cache-Control: no-store\r\n");
	if (p->flags & RP_PRAGMA)
		buf_adds(b, "Pragma: no-cache\r\n");
	if (p->flags & RP_PAGE)
		buf_adds(b, page_headers);
	if (lconf->hsts && conn_tls(r->c))
		buf_adds(b, "Strict-Transport-Security: "
		    "max-age=31536000\r\n");
	add_cors(b, r);
	if (p->retry_after > 0) {
		buf_adds(b, "Retry-After: ");
		buf_addu(b, p->retry_after);
		buf_adds(b, "\r\n");
	}
	if (p->extra != NULL)
		buf_adds(b, p->extra);
}

static struct iovec
part(const void *p, size_t len)
{
	struct iovec v;

	v.iov_base = (void *)(uintptr_t)p;	/* only read */
	v.iov_len = len;
	return (v);
}

/* The header in b, and the body with the shared text in its place. */
static void
parts_send(struct req *r, const struct reply *p, struct buf *b)
{
	struct iovec v[3];
	int n = 0;

	if (r->method == HTTP_HEAD || p->status == 204) {
		v[n++] = part(b->data, b->len);
	} else if (p->text == NULL) {
		v[n++] = part(b->data, b->len);
		if (p->len > 0)
			v[n++] = part(p->body, p->len);
	} else {
		buf_add(b, p->body, p->text_at);
		v[n++] = part(b->data, b->len);
		v[n++] = part(p->text->data, p->text->len);
		v[n++] = part((const char *)p->body + p->text_at,
		    p->len - p->text_at);
	}
	if (b->failed)
		fatalx("answer header");
	conn_send(r->c, v, n);
}

static void
answer_write(struct req *r, const struct reply *p, int last)
{
	static struct buf b;
	int secret = r->route != NULL && r->route->flags & RT_SECRET;

	b.secret = 1;
	buf_reset(&b);
	/* What cannot be written at once waits where it will be wiped. */
	if (secret)
		conn_secret(r->c);
	add_headers(&b, r, p);
	if (last)
		buf_adds(&b, "Connection: close\r\n");
	if (p->status != 204) {
		buf_adds(&b, "Content-Length: ");
		buf_addu(&b, p->len + (p->text != NULL ? p->text->len : 0));
		buf_adds(&b, "\r\n");
	}
	buf_adds(&b, "\r\n");
	parts_send(r, p, &b);
	if (secret)
		secret_wipe(b.data, b.len);
}

static void
reply_done(struct req *r, const struct reply *p, uint32_t ref)
{
	int last = (r->flags & RQ_CLOSE) != 0 || conn_draining();

	/* There is no second answer to one request. */
	if (r->flags & RQ_STREAM) {
		conn_cut(r->c);
		return;
	}
	nreplies++;
	if (p->status >= 400)
		nrefused++;
	log_request(r, p, ref);
	answer_write(r, p, last);
	conn_answered(r->c, last);
}

void
reply_send(struct req *r, const struct reply *p)
{
	reply_done(r, p, p->status >= 400 ? reference() : ref_next);
}

/* ---- streams ---- */

void
reply_stream(struct req *r)
{
	struct reply p;
	struct buf b;

	buf_init(&b, 0);
	memset(&p, 0, sizeof(p));
	p.status = 200;
	p.type = "text/event-stream";
	/* Proxies are to pass each event on at once. */
	p.extra = "X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n";
	add_headers(&b, r, &p);
	if (r->flags & RQ_CLOSE || conn_draining()) {
		r->flags |= RQ_CLOSE;
		buf_adds(&b, "Connection: close\r\n");
	}
	buf_adds(&b, "\r\n");
	if (b.failed)
		fatalx("answer header");
	log_request(r, &p, ref_next);
	conn_secret(r->c);
	conn_put(r->c, b.data, b.len);
	buf_free(&b);
}

void
reply_stream_end(struct req *r)
{
	nreplies++;
	conn_answered(r->c, (r->flags & RQ_CLOSE) != 0 || conn_draining());
}

/* ---- errors ---- */

/* A body that has to be refused although it was not read ends all. */
static void
reply_page_why(struct req *r, int status, const char *heading,
    const char *text, unsigned int retry, const char *extra, const char *why)
{
	struct reply p;
	struct buf b;
	char ref[12];
	uint32_t n = reference();

	snprintf(ref, sizeof(ref), "%08x", n);
	buf_init(&b, 0);
	page_error(&b, lconf->host, heading, text, ref);
	memset(&p, 0, sizeof(p));
	p.status = status;
	p.type = "text/html; charset=utf-8";
	p.body = b.data;
	p.len = b.len;
	p.flags = RP_PAGE;
	p.retry_after = retry;
	p.extra = extra;
	p.why = why;
	reply_done(r, &p, n);
	buf_free(&b);
}

void
reply_page(struct req *r, int status, const char *heading, const char *text,
    unsigned int retry)
{
	reply_page_why(r, status, heading, text, retry, NULL, heading);
}

static const char *
error_heading(int status)
{
	static const struct {
		int		 status;
		const char	*text;
	} t[] = {
		{ 400, "This request cannot be used" },
		{ 403, "Not allowed" },
		{ 404, "Nothing here" },
		{ 405, "This address is used in another way" },
		{ 413, "Too much was sent" },
		{ 421, "Wrong address" },
		{ 429, "Too many requests" },
		{ 503, "Not available right now" }
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (t[i].status == status)
			return (t[i].text);
	}
	return (status >= 500 ? "Something went wrong" :
	    "This request cannot be used");
}

void
reply_error_more(struct req *r, int status, const char *code,
    const char *text, unsigned int retry, const char *extra)
{
	struct reply p;
	struct buf b;

	if (r->flags & RQ_HTML) {
		reply_page_why(r, status, error_heading(status), text, retry,
		    extra, code);
		return;
	}
	buf_init(&b, 0);
	buf_adds(&b, "{\"error\":");
	buf_add_json(&b, code, strlen(code));
	buf_adds(&b, ",\"error_description\":");
	buf_add_json(&b, text, strlen(text));
	buf_addc(&b, '}');
	memset(&p, 0, sizeof(p));
	p.status = status;
	p.type = "application/json";
	p.body = b.data;
	p.len = b.len;
	p.flags = r->route != NULL && r->route->flags & RT_OAUTH ?
	    RP_PRAGMA : 0;
	p.retry_after = retry;
	p.extra = extra;
	p.why = r->route != NULL && r->route->authority == AUTH_BEARER ?
	    text : code;
	reply_send(r, &p);
	buf_free(&b);
}

void
reply_error(struct req *r, int status, const char *code, const char *text)
{
	reply_error_more(r, status, code, text, 0, NULL);
}

void
reply_rpc(struct req *r, int status, int code, const char *text,
    unsigned int retry)
{
	struct reply p;
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":%d,"
	    "\"message\":", code);
	buf_add_json(&b, text, strlen(text));
	buf_adds(&b, "}}");
	memset(&p, 0, sizeof(p));
	p.status = status;
	p.type = "application/json";
	p.body = b.data;
	p.len = b.len;
	p.retry_after = retry;
	p.why = text;
	reply_send(r, &p);
	buf_free(&b);
}

#define FULL(status, code, text)					\
	"HTTP/1.1 " status "\r\nContent-Type: application/json\r\n"	\
	"Cache-Control: no-store\r\nRetry-After: 1\r\n"			\
	"Connection: close\r\n\r\n"					\
	"{\"error\":\"" code "\",\"error_description\":\"" text "\"}"

const char *
reply_full(int status, size_t *len)
{
	static const char busy[] = FULL("503 Service Unavailable",
	    "temporarily_unavailable", "Too many connections.");
	static const char many[] = FULL("429 Too Many Requests",
	    "too_many_requests", "Too many connections from this address.");

	*len = (status == 429 ? sizeof(many) : sizeof(busy)) - 1;
	return (status == 429 ? many : busy);
}
