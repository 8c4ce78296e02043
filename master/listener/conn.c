/* SPDX-License-Identifier: ISC */
/*
 * conn.c: connections of the listener.  Bytes come from the network and go
 * to http.c; what may be held for one connection, one address and all of
 * them is bounded here, and so is the time each may take.  Never blocks.
 *
 * One request is under way on a connection at a time; what a client sends
 * ahead waits in `in`, and reading stops when that is full.  A connection is
 * only freed from its own event, its timer or the end of the turn.
 *
 * TLS (tls.c) fits in at io_read, io_write and io_writev; a stream of
 * answers at conn_send.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "log.h"
#include "secret.h"
#include "listener.h"
#include "tls.h"

#define RBUF		65536		/* one read */
#define AHEAD_MAX	65536		/* sent ahead of an answer */
#define SKIP_MAX	65536		/* body of a refused request */
#define OUT_MAX		(256 << 10)	/* no new request beyond that */
#define TURN_MAX	32		/* requests of one connection a turn */
#define LINGER_MS	1500
/* So that a proxy can pass on the 413 of a body that is somewhat too large. */
#define LINGER_BYTES	(4 << 20)
#define DRAIN_MS	60000

enum phase {
	P_HEAD,				/* idle, or a header section comes */
	P_BODY,
	P_SKIP,				/* body of a request answered early */
	P_BUSY,				/* the request waits for its answer */
	P_LINGER			/* all said; until the client closes */
};
#define K_CLOSE		1		/* close behind what is written */
#define K_EOF		2		/* the client sends no more */
#define K_DIRTY		4		/* on the list to be written */
#define K_RESUME	8		/* on the list to be read on */
#define K_IDLE		16		/* on the list of idle ones */
#define K_CHUNKED	32
#define K_STARTED	64		/* a header section has begun */
#define K_SLOW		128		/* output did not fit the socket */
#define K_DEAD		256		/* the socket failed */
#define K_GONE		512		/* closed, freed at the turn's end */
#define K_FEED		1024		/* inside feed(): answers gather */
#define K_UNREAD	2048		/* bytes may come that nobody reads */
#define K_STREAM	4096		/* the answer under way is a stream */

struct conn {
	struct ev_io	 io;
	struct tls	*tls;		/* NULL: plain */
	struct ev_timer	 timer;
	struct mono	 deadline;	/* the timer may come earlier */
	struct mono	 write_end;	/* of a slow answer, in all */
	enum phase	 phase;
	unsigned int	 flags;		/* K_ bits */
	struct buf	 in;
	struct buf	 out;
	size_t		 out_off;	/* written of out */
	struct http_scan scan;
	struct http_chunk chunk;
	uint64_t	 left;		/* of the body, or read off so far */
	struct req	*req;
	struct addr	*addr;
	struct msg_from	 peer;
	TAILQ_ENTRY(conn) all, idle, dirty, resume;
};
TAILQ_HEAD(conn_list, conn);

static struct conn_list	 conns = TAILQ_HEAD_INITIALIZER(conns);
static struct conn_list	 idles = TAILQ_HEAD_INITIALIZER(idles);
static struct conn_list	 dirties = TAILQ_HEAD_INITIALIZER(dirties);
static struct conn_list	 resumes = TAILQ_HEAD_INITIALIZER(resumes);
static struct conn_list	 gone = TAILQ_HEAD_INITIALIZER(gone);
static unsigned int	 nconns;
static struct ev_timer	 drain_timer;
static struct ev_hook	 flush_hook, resume_hook;
static int		 draining;
static char		 rbuf[RBUF];
static struct http_head	 head;		/* of the request being parsed */

static void	conn_close(struct conn *);

/* ---- the two calls that touch the network ---- */

static ssize_t
io_read(struct conn *c, void *p, size_t n)
{
	if (c->tls != NULL)
		return (tls_read(c->tls, p, n));
	return (recv(c->io.fd, p, n, 0));
}

static ssize_t
io_write(struct conn *c, const void *p, size_t n)
{
	if (c->tls != NULL)
		return (tls_write(c->tls, p, n));
	return (send(c->io.fd, p, n, MSG_NOSIGNAL));
}

static ssize_t
io_writev(struct conn *c, const struct iovec *iov, int n)
{
	struct msghdr mh;

	if (c->tls != NULL)
		return (tls_writev(c->tls, iov, n));
	memset(&mh, 0, sizeof(mh));
	/* The system only reads what it points to. */
	mh.msg_iov = (struct iovec *)(uintptr_t)iov;
	mh.msg_iovlen = (size_t)n;
	return (sendmsg(c->io.fd, &mh, MSG_NOSIGNAL));
}

/* ---- time ---- */

static void
deadline_set(struct conn *c, uint64_t ms)
{
	c->deadline = mono_add(ev_now(), ms);
	if (c->timer.pos == 0 || mono_before(c->deadline, c->timer.at))
		ev_timer_set(&c->timer, ms);
}

static void
idle_enter(struct conn *c)
{
	if ((c->flags & K_IDLE) == 0) {
		TAILQ_INSERT_TAIL(&idles, c, idle);
		c->flags |= K_IDLE;
	}
	deadline_set(c, lconf->l.idle_timeout_ms);
}

static void
idle_leave(struct conn *c)
{
	if (c->flags & K_IDLE) {
		TAILQ_REMOVE(&idles, c, idle);
		c->flags &= ~(unsigned int)K_IDLE;
	}
}

/* ---- lists that are worked off at the end of the turn ---- */

static void
dirty(struct conn *c)
{
	if ((c->flags & K_DIRTY) == 0) {
		TAILQ_INSERT_TAIL(&dirties, c, dirty);
		c->flags |= K_DIRTY;
	}
	ev_hook_arm(&flush_hook);
}

static void
resume(struct conn *c)
{
	if ((c->flags & K_RESUME) == 0) {
		TAILQ_INSERT_TAIL(&resumes, c, resume);
		c->flags |= K_RESUME;
	}
	ev_hook_arm(&resume_hook);
}

/* Answers wait for a client that does not read them. */
static int
out_full(const struct conn *c)
{
	return (c->out.len - c->out_off > OUT_MAX);
}

/* There is room for what is sent ahead. */
static int
may_read(const struct conn *c)
{
	return ((c->flags & K_EOF) == 0 && (c->phase != P_BUSY ||
	    c->in.len < AHEAD_MAX) && c->out.len - c->out_off < OUT_MAX);
}

static void
want(struct conn *c)
{
	int w = 0;

	if (may_read(c))
		w |= EV_READ;
	if (c->flags & K_SLOW)
		w |= EV_WRITE;
	if (c->tls != NULL) {
		/* What OpenSSL holds already makes no event. */
		if (w & EV_READ && tls_more(c->tls))
			resume(c);
		w = tls_want(c->tls, w);
	}
	ev_io_want(&c->io, w);
}

/* ---- a request from its first byte to its handler ---- */

static void
busy(struct conn *c)
{
	c->phase = P_BUSY;
	deadline_set(c, lconf->l.answer_timeout_ms + LINK_WAIT_MS);
}

static void
bad_request(struct conn *c, const struct http_error *e)
{
	struct req *r = c->req;

	if (r == NULL) {
		r = c->req = req_new(c);
		r->from = c->peer;
	}
	c->flags |= K_CLOSE;
	r->flags |= RQ_CLOSE;
	reply_error(r, e->status, "invalid_request", e->why);
}

static void
take_head(struct conn *c)
{
	struct req *r;

	r = c->req = req_new(c);
	r->from = c->peer;
	r->method = head.method;
	if (head.close)
		r->flags |= RQ_CLOSE | RQ_ASKED;
	if (draining)
		r->flags |= RQ_CLOSE;
	if (head.expect)
		r->flags |= RQ_EXPECT;
	memset(&c->chunk, 0, sizeof(c->chunk));
	c->left = head.length;
	c->flags &= ~(unsigned int)K_CHUNKED;
	if (head.chunked)
		c->flags |= K_CHUNKED;
	if (head.chunked || head.has_length)
		r->flags |= RQ_LENGTH;
	busy(c);
	route_request(r, &head);
}

/* Bytes of a header section: consumed, or 0 for more. */
static size_t
feed_head(struct conn *c, const char *p, size_t len)
{
	struct http_error e;
	size_t n;

	if ((c->flags & K_STARTED) == 0) {
		idle_leave(c);
		c->flags |= K_STARTED;
		deadline_set(c, lconf->l.header_timeout_ms);
	}
	switch (http_scan(&c->scan, &lconf->limits, p, len, &e)) {
	case HTTP_MORE:
		return (0);
	case HTTP_BAD:
		bad_request(c, &e);
		return (len);
	case HTTP_DONE:
		break;
	}
	n = c->scan.pos;
	memset(&c->scan, 0, sizeof(c->scan));
	c->flags &= ~(unsigned int)K_STARTED;
	if (http_parse(p, n, &head, &e) == -1) {
		bad_request(c, &e);
		return (len);
	}
	take_head(c);
	return (n);
}

static void
body_done(struct conn *c)
{
	struct req *r = c->req;

	r->flags |= RQ_BODY;
	busy(c);
	r->route->run(r);
}

/* Keep a piece of a body: -1 when it was refused for it. */
static int
body_keep(struct conn *c, const char *p, size_t n)
{
	struct req *r = c->req;
	struct http_error e;

	if (c->flags & K_CHUNKED) {
		if (r->body.len - r->skip + n > route_max_body(r->route)) {
			e.status = 413;
			e.why = "the body is too large";
			bad_request(c, &e);
			return (-1);
		}
		if (mem_take(r, n) == -1) {
			reply_error_more(r, 503, "temporarily_unavailable",
			    "no memory for this body now", 1, NULL);
			return (-1);
		}
	}
	if (buf_add(&r->body, p, n) == -1)
		fatalx("body buffer");
	return (0);
}

static size_t
feed_chunks(struct conn *c, const char *p, size_t len)
{
	struct http_error e;
	struct http_str data;
	size_t used = 0;

	switch (http_chunk(&c->chunk, p, len, &used, &data, &e)) {
	case HTTP_BAD:
		if (c->phase == P_SKIP) {
			c->flags |= K_CLOSE | K_UNREAD;
			dirty(c);
		} else
			bad_request(c, &e);
		return (len);
	case HTTP_MORE:
	case HTTP_DONE:
		break;
	}
	if (c->phase == P_SKIP)
		c->left += used;
	else if (data.len > 0 && body_keep(c, data.p, data.len) == -1)
		return (used);
	return (used);
}

/* Was the end of the chunks seen by the last feed. */
static int
chunks_ended(struct conn *c)
{
	struct http_error e;
	struct http_str data;
	size_t used = 0;

	return (http_chunk(&c->chunk, "", 0, &used, &data, &e) == HTTP_DONE);
}

static size_t
feed_body(struct conn *c, const char *p, size_t len)
{
	size_t n;

	if (c->flags & K_CHUNKED) {
		n = feed_chunks(c, p, len);
		if (c->phase == P_BODY && chunks_ended(c))
			body_done(c);
		return (n);
	}
	n = c->left < len ? (size_t)c->left : len;
	c->left -= n;
	if (body_keep(c, p, n) == 0 && c->left == 0)
		body_done(c);
	return (n);
}

static void
skip_done(struct conn *c)
{
	c->phase = P_HEAD;
	idle_enter(c);
}

static size_t
feed_skip(struct conn *c, const char *p, size_t len)
{
	size_t n;

	if (c->flags & K_CHUNKED) {
		n = feed_chunks(c, p, len);
		if (c->flags & K_CLOSE)
			return (len);
		if (chunks_ended(c))
			skip_done(c);
		else if (c->left > SKIP_MAX) {
			c->flags |= K_CLOSE | K_UNREAD;
			dirty(c);
		}
		return (n);
	}
	n = c->left < len ? (size_t)c->left : len;
	c->left -= n;
	if (c->left == 0)
		skip_done(c);
	return (n);
}

/* Give bytes to the request under way: how many were used up. */
static size_t
feed(struct conn *c, const char *p, size_t len)
{
	size_t off = 0, n;
	int turns = 0;

	c->flags |= K_FEED;
	while (off < len && c->phase != P_BUSY &&
	    (c->flags & (K_CLOSE | K_DEAD)) == 0) {
		if (c->phase == P_HEAD && out_full(c))
			break;		/* conn_write goes on */
		if (c->phase == P_HEAD && turns++ == TURN_MAX) {
			resume(c);
			break;
		}
		if (c->phase == P_HEAD)
			n = feed_head(c, p + off, len - off);
		else if (c->phase == P_BODY)
			n = feed_body(c, p + off, len - off);
		else
			n = feed_skip(c, p + off, len - off);
		if (n == 0)
			break;
		off += n;
	}
	c->flags &= ~(unsigned int)K_FEED;
	return (c->flags & K_CLOSE ? len : off);
}

/* ---- reading ---- */

/* What a secret was read into does not keep it. */
static void
rbuf_clean(struct conn *c, size_t n)
{
	if (c->req != NULL && c->req->flags & RQ_SECRET)
		secret_wipe(rbuf, n);
}

static void
keep_rest(struct conn *c, const char *p, size_t n)
{
	if (n > 0 && buf_add(&c->in, p, n) == -1)
		c->flags |= K_DEAD;
}

static ssize_t
read_fresh(struct conn *c)
{
	ssize_t n;
	size_t used;

	if ((n = io_read(c, rbuf, sizeof(rbuf))) <= 0)
		return (n);
	used = feed(c, rbuf, (size_t)n);
	keep_rest(c, rbuf + used, (size_t)n - used);
	rbuf_clean(c, (size_t)n);
	return (n);
}

static ssize_t
read_more(struct conn *c)
{
	uint8_t *p;
	ssize_t n;

	if ((p = buf_reserve(&c->in, 16384)) == NULL) {
		errno = ENOMEM;
		return (-1);
	}
	if ((n = io_read(c, p, 16384)) <= 0)
		return (n);
	c->in.len += (size_t)n;
	buf_consume(&c->in, feed(c, (const char *)c->in.data, c->in.len));
	if (c->in.len == 0)
		buf_wipe(&c->in);
	return (n);
}

/* The rest of a body of known length goes where it belongs. */
static ssize_t
read_body(struct conn *c)
{
	struct req *r = c->req;
	uint8_t *p;
	ssize_t n;
	size_t room = c->left < (1 << 20) ? (size_t)c->left : 1 << 20;

	if ((p = buf_reserve(&r->body, room)) == NULL)
		fatalx("body buffer");
	if ((n = io_read(c, p, room)) <= 0)
		return (n);
	r->body.len += (size_t)n;
	c->left -= (uint64_t)n;
	if (c->left == 0)
		body_done(c);
	return (n);
}

static ssize_t
read_off(struct conn *c)
{
	ssize_t n;

	if ((n = io_read(c, rbuf, sizeof(rbuf))) > 0) {
		c->left += (uint64_t)n;
		if (c->left > LINGER_BYTES)
			c->flags |= K_DEAD;
	}
	return (n);
}

/*
 * The client sends no more.  Up to 2025-11-25 a closed connection does not
 * cancel a request, and a half-closed one may still want its answer; from
 * 2026-07-28 on it is the way to cancel.
 */
static void
at_eof(struct conn *c)
{
	c->flags |= K_EOF;
	if (c->phase == P_BUSY && c->req != NULL && !req_ends(c->req)) {
		want(c);
		return;
	}
	/* What was sent ahead of the end is still answered. */
	if (c->phase == P_HEAD && c->in.len > 0) {
		resume(c);
		want(c);
		return;
	}
	if (c->out.len > c->out_off) {
		c->flags |= K_CLOSE;
		want(c);
		return;
	}
	conn_close(c);
}

static void
conn_read(struct conn *c)
{
	ssize_t n;

	if (c->phase == P_LINGER)
		n = read_off(c);
	else if (c->in.len > 0)
		n = read_more(c);
	else if (c->phase == P_BODY && (c->flags & K_CHUNKED) == 0)
		n = read_body(c);
	else
		n = read_fresh(c);
	if (n == 0) {
		at_eof(c);
		return;
	}
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		c->flags |= K_DEAD;
	if (c->flags & K_DEAD)
		conn_close(c);
	else
		want(c);
}

static void
resume_run(struct ev_hook *h)
{
	struct conn_list now = TAILQ_HEAD_INITIALIZER(now);
	struct conn *c;

	TAILQ_CONCAT(&now, &resumes, resume);
	while ((c = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, c, resume);
		c->flags &= ~(unsigned int)K_RESUME;
		if (c->in.len > 0)
			buf_consume(&c->in, feed(c,
			    (const char *)c->in.data, c->in.len));
		if (c->in.len == 0)
			buf_wipe(&c->in);
		if (c->flags & K_EOF && c->phase != P_BUSY &&
		    (c->flags & K_RESUME) == 0 &&
		    (c->in.len == 0 || !out_full(c))) {
			c->flags |= K_CLOSE;
			dirty(c);
		}
		if (c->tls != NULL && tls_more(c->tls) && may_read(c))
			conn_read(c);
		else
			want(c);
	}
}

/* ---- writing ---- */

/* All is written: close, linger, or wait for the next request. */
static void
write_done(struct conn *c)
{
	mem_give(c->out.len);
	buf_free(&c->out);
	c->out.secret = 0;
	c->out_off = 0;
	c->flags &= ~(unsigned int)K_SLOW;
	if (c->flags & K_CLOSE &&
	    (c->flags & K_EOF || (c->flags & K_UNREAD) == 0)) {
		conn_close(c);
		return;
	}
	if (c->flags & K_CLOSE) {
		if (c->tls != NULL)
			tls_goodbye(c->tls);
		/* Bytes not read would turn the answer into a reset. */
		c->phase = P_LINGER;
		c->left = 0;
		ev_timer_del(&c->timer);
		deadline_set(c, lconf->l.write_timeout_ms < LINGER_MS ?
		    lconf->l.write_timeout_ms : LINGER_MS);
	} else if (c->flags & K_STREAM)
		deadline_set(c, lconf->l.keepalive_ms);
	else if (c->phase == P_HEAD && (c->flags & K_STARTED) == 0)
		idle_enter(c);
	want(c);
}

static void
conn_write(struct conn *c)
{
	ssize_t n;
	size_t len = c->out.len - c->out_off;

	if (c->flags & K_DEAD) {
		conn_close(c);
		return;
	}
	if (len == 0) {
		write_done(c);
		return;
	}
	n = io_write(c, c->out.data + c->out_off, len);
	if (n == -1 && errno != EAGAIN && errno != EINTR &&
	    errno != ENOBUFS) {
		conn_close(c);
		return;
	}
	if (n > 0)
		c->out_off += (size_t)n;
	if (n > 0 && c->in.len > 0 && !out_full(c))
		resume(c);
	if (c->out_off == c->out.len) {
		write_done(c);
		return;
	}
	if ((c->flags & K_SLOW) == 0)
		c->write_end = mono_add(ev_now(),
		    (uint64_t)lconf->l.write_timeout_ms * 10);
	if (((c->flags & K_SLOW) == 0 || n > 0) && (c->phase != P_BUSY ||
	    c->flags & K_STREAM))
		deadline_set(c, lconf->l.write_timeout_ms);
	c->flags |= K_SLOW;
	want(c);
}

static void
flush_run(struct ev_hook *h)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&dirties)) != NULL) {
		TAILQ_REMOVE(&dirties, c, dirty);
		c->flags &= ~(unsigned int)K_DIRTY;
		if ((c->flags & K_SLOW) == 0 || c->flags & K_DEAD)
			conn_write(c);
	}
	while ((c = TAILQ_FIRST(&gone)) != NULL) {
		TAILQ_REMOVE(&gone, c, all);
		free(c);
	}
	if (draining && nconns == 0)
		child_exit(0);
}

/* ---- events ---- */

static void
conn_ready(struct ev_io *io, int got)
{
	struct conn *c = io->arg;

	if (got & EV_WRITE && c->flags & K_SLOW)
		conn_write(c);
	else if (got & EV_WRITE)
		got |= EV_READ;		/* TLS had to write to read on */
	if (c->flags & K_GONE)
		return;
	if (got & EV_READ)
		conn_read(c);
	else if (got & EV_HUP)
		conn_close(c);
}

/* Where the time went, for the answer; NULL: just close. */
static void
timed_out(struct conn *c)
{
	struct http_error e = { 408, NULL };

	if (c->flags & K_SLOW || c->phase == P_LINGER ||
	    c->phase == P_SKIP) {
		conn_close(c);
	} else if (c->phase == P_BUSY) {
		if (c->req != NULL)
			req_timeout(c->req);
	} else if (c->phase == P_BODY || c->flags & K_STARTED) {
		e.why = c->phase == P_BODY ?
		    "the body took too long" : "the request took too long";
		bad_request(c, &e);
	} else
		conn_close(c);
}

static void
conn_timer(struct ev_timer *t)
{
	struct conn *c = t->arg;

	if (c->flags & K_SLOW && mono_before(c->write_end, ev_now())) {
		conn_close(c);
		return;
	}
	if (mono_before(ev_now(), c->deadline)) {
		ev_timer_set(t, c->deadline.ms - ev_now().ms);
		return;
	}
	timed_out(c);
}

/* ---- life ---- */

static void
conn_close(struct conn *c)
{
	int fd = c->io.fd;

	if (c->flags & K_GONE)
		return;
	ev_io_del(&c->io);
	tls_free(c->tls);
	c->tls = NULL;
	close(fd);
	ev_timer_del(&c->timer);
	idle_leave(c);
	if (c->flags & K_DIRTY)
		TAILQ_REMOVE(&dirties, c, dirty);
	if (c->flags & K_RESUME)
		TAILQ_REMOVE(&resumes, c, resume);
	if (c->req != NULL)
		req_cancel(c->req);
	if (c->addr != NULL)
		addr_leave(c->addr);
	mem_give(c->out.len);
	buf_free(&c->out);
	buf_wipe(&c->in);
	TAILQ_REMOVE(&conns, c, all);
	TAILQ_INSERT_TAIL(&gone, c, all);
	c->flags |= K_GONE;
	nconns--;
	ev_hook_arm(&flush_hook);
}

/* The connection that has been idle longest goes. */
int
conn_room(void)
{
	struct conn *c;

	if (nconns < lconf->l.max_conns)
		return (0);
	if ((c = TAILQ_FIRST(&idles)) == NULL)
		return (-1);
	conn_close(c);
	return (0);
}

void
conn_new(int fd, uint32_t lflags, const struct msg_from *f, struct addr *a)
{
	struct conn *c;
	int on = 1;

	if ((c = calloc(1, sizeof(*c))) == NULL || (lflags & LISTEN_TLS &&
	    (c->tls = tls_new(fd, c)) == NULL)) {
		free(c);
		if (a != NULL)
			addr_leave(a);
		close(fd);
		return;
	}
	c->peer = *f;
	c->addr = a;
	buf_init(&c->in, lconf->limits.max_header + AHEAD_MAX + RBUF);
	c->in.secret = 1;
	buf_init(&c->out, 0);
	if ((lflags & LISTEN_UNIX) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		log_debug("TCP_NODELAY: %s", strerror(errno));
	ev_timer_init(&c->timer, conn_timer, c);
	ev_io_add(&c->io, fd, EV_READ, conn_ready, c);
	TAILQ_INSERT_TAIL(&conns, c, all);
	nconns++;
	/* The first request has to begin soon. */
	TAILQ_INSERT_TAIL(&idles, c, idle);
	c->flags |= K_IDLE;
	deadline_set(c, lconf->l.header_timeout_ms);
}

static void
drain_over(struct ev_timer *t)
{
	const struct conn *c;
	unsigned int	 cut = 0;

	TAILQ_FOREACH(c, &conns, all)
		cut += c->req != NULL;
	if (cut != 0)
		log_warnx("%u requests cut at the end of draining", cut);
	child_exit(0);
}

void
conn_drain(void)
{
	struct conn *c, *next;

	if (draining)
		return;
	draining = 1;
	lsock_close();
	ev_timer_set(&drain_timer, DRAIN_MS);
	for (c = TAILQ_FIRST(&conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, all);
		/* An idle one may be about to ask: its answer closes it. */
		if (c->req != NULL) {
			c->req->flags |= RQ_CLOSE;
			/* It would not end before the process has to. */
			if (c->req->flags & RQ_LONG)
				stream_drop(c->req);
		}
	}
	ev_hook_arm(&flush_hook);
}

void
conn_init(void)
{
	lsock_init();
	ev_timer_init(&drain_timer, drain_over, NULL);
	/* Reading on may send to channels, so it comes before their flush. */
	ev_hook_add(&resume_hook, EV_ORDER_FLUSH - 5, resume_run, NULL);
	ev_hook_add(&flush_hook, EV_ORDER_FLUSH + 5, flush_run, NULL);
}

/* ---- for the rest of the listener ---- */

void
conn_secret(struct conn *c)
{
	c->out.secret = 1;
}

unsigned int
conn_count(void)
{
	return (nconns);
}

void
conn_stat(struct msg_stat *s)
{
	s->conns = nconns;
	s->requests = reply_count();
	s->refused = reply_refused() + lsock_refused();
	tls_stat(s);
}

static void
out_add(struct conn *c, const void *p, size_t n)
{
	if (buf_add(&c->out, p, n) == -1)
		fatalx("output buffer");
	mem_force(n);
}

/*
 * An answer that comes alone is written from where it lies; answers to
 * requests that were sent ahead gather and go out together.
 */
void
conn_send(struct conn *c, const struct iovec *iov, int n)
{
	size_t len = 0, done = 0;
	ssize_t w;
	int i;

	for (i = 0; i < n; i++)
		len += iov[i].iov_len;
	if (c->out.len == 0 && (c->flags & (K_FEED | K_DEAD)) == 0) {
		w = io_writev(c, iov, n);
		if (w > 0)
			done = (size_t)w;
		else if (errno != EAGAIN && errno != EINTR &&
		    errno != ENOBUFS) {
			c->flags |= K_DEAD;
			done = len;
		}
	}
	if (done < len)
		buf_reserve(&c->out, len - done);
	for (i = 0; i < n; done -= iov[i++].iov_len) {
		if (done < iov[i].iov_len) {
			out_add(c, (const char *)iov[i].iov_base + done,
			    iov[i].iov_len - done);
			done = iov[i].iov_len;
		}
	}
	dirty(c);
}

void
conn_put(struct conn *c, const void *p, size_t n)
{
	struct iovec v;

	v.iov_base = (void *)(uintptr_t)p;
	v.iov_len = n;
	conn_send(c, &v, 1);
}

int
conn_draining(void)
{
	return (draining);
}

const struct msg_from *
conn_peer(const struct conn *c)
{
	return (&c->peer);
}

int
conn_over_proxy(const struct conn *c)
{
	return (proxy_trusted(&c->peer));
}

void
conn_wake(struct conn *c)
{
	conn_ready(&c->io, EV_READ);
}

int
conn_tls(const struct conn *c)
{
	return (c->tls != NULL);
}

int
conn_unread(const struct conn *c)
{
	return (c->req != NULL && (c->req->flags & RQ_BODY) == 0 &&
	    (c->left > 0 || c->flags & K_CHUNKED));
}

int
conn_stream(struct conn *c)
{
	size_t behind = c->out.len - c->out_off;

	c->flags |= K_STREAM;
	if (behind > STREAM_OUT_MAX || (behind > 0 && mem_full())) {
		conn_cut(c);
		return (-1);
	}
	if ((c->flags & K_SLOW) == 0)
		deadline_set(c, lconf->l.keepalive_ms);
	return (0);
}

void
conn_cut(struct conn *c)
{
	c->flags |= K_DEAD;
	dirty(c);
}

void
conn_wait(struct conn *c, uint64_t ms)
{
	if (c->phase == P_BUSY)
		deadline_set(c, ms);
}

void
conn_body(struct conn *c)
{
	struct req *r = c->req;

	if ((c->flags & K_CHUNKED) == 0 && c->left == 0) {
		r->flags |= RQ_BODY;
		r->route->run(r);
		return;
	}
	if (r->flags & RQ_EXPECT) {
		r->flags &= ~(unsigned int)RQ_EXPECT;
		out_add(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
		dirty(c);
	}
	c->phase = P_BODY;
	deadline_set(c, lconf->l.body_timeout_ms);
	resume(c);
}

/*
 * Whether the body of a request that was refused early can be read off, so
 * that the connection lives on.
 */
static int
can_skip(const struct conn *c, const struct req *r)
{
	if (r->flags & RQ_EXPECT || c->flags & K_EOF)
		return (0);
	return (c->flags & K_CHUNKED || c->left <= SKIP_MAX);
}

void
conn_answered(struct conn *c, int last)
{
	struct req *r = c->req;
	int unread = conn_unread(c);

	if (unread && (c->phase == P_BODY || !can_skip(c, r)))
		last = 1;
	c->phase = P_HEAD;
	c->flags &= ~(unsigned int)K_STREAM;
	memset(&c->scan, 0, sizeof(c->scan));
	if (last) {
		c->flags |= K_CLOSE;
		if (unread || (r->flags & RQ_ASKED) == 0)
			c->flags |= K_UNREAD;
	} else if (unread) {
		c->phase = P_SKIP;
		if (c->flags & K_CHUNKED)
			c->left = 0;
		deadline_set(c, lconf->l.body_timeout_ms);
	}
	c->req = NULL;
	req_free(r);
	if (c->in.len > 0 || c->flags & K_EOF)
		resume(c);
	dirty(c);
}
