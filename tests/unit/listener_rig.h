/* SPDX-License-Identifier: ISC */
/*
 * listener_rig.h: a whole listener in one process, between a client socket
 * and stand-ins for master, authd and toold that speak over real channels.
 * Included by one test file each; everything is static.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "chan.h"
#include "child.h"
#include "log.h"
#include "text.h"
#include "master/listener/listener.h"

#define URL		"http://127.0.0.1:8080"
#define HOST		"Host: 127.0.0.1:8080\r\n"
#define JSON		"Content-Type: application/json\r\n"
#define FORM		"Content-Type: application/x-www-form-urlencoded\r\n"
#define BEARER(t)	"Authorization: Bearer " t "\r\n"

/* What the stand-ins saw, and how they behave. */
static struct {
	unsigned int	checks, calls, cancels, gone, unknowns, handles;
	int		busy;		/* answers that say so first */
	int		mute_authd, mute_toold;
	uint32_t	last_call, last_ask;
	struct msg_call	call;
	char		tail[8192];
	size_t		tail_len;
	int		exited;
	union {
		struct msg_authorize	authorize;
		struct msg_signin	signin;
		struct msg_consent_view	view;
		struct msg_consent	consent;
		struct msg_token	token;
		struct msg_revoke	revoke;
		struct msg_register	reg;
	} q;
} seen;

static struct chan	*rig_master, *rig_master_end;
static struct chan	*fake_authd, *fake_toold;
static uint64_t		 rig_generation;
static struct msg_worker rig_worker;
static char		 rig_dir[64], rig_path[96];
static int		 rig_port;

/* The start of every role is not under test here. */
struct chan *
child_master(void)
{
	return (rig_master);
}

void
child_exit(int status)
{
	seen.exited = 1 + status;
	ev_stop(0);
	/* The caller expects no return: go back to the loop's caller. */
	extern jmp_buf rig_exit;
	longjmp(rig_exit, 1);
}
jmp_buf rig_exit;

/* ---- stand-ins ---- */

static void
on_master(struct chan *ch, struct msg *m)
{
	if (m->type == MSG_WORKER_GONE)
		seen.gone++;
}

static void
on_nothing(struct chan *ch, struct msg *m)
{
	if (m->fd != -1)
		close(m->fd);
}

static int	fake_authd_more(struct chan *, struct msg *);

static void
fake_token(struct chan *ch, struct msg *m)
{
	const struct msg_token_check *q = m->data;
	struct msg_token_ok ok;
	struct msg_token_bad bad;

	seen.checks++;
	if (strncmp(q->token, "good", 4) == 0 && seen.busy == 0) {
		memset(&ok, 0, sizeof(ok));
		memset(ok.handle, q->token[4], sizeof(ok.handle));
		ok.ttl_s = 300;
		chan_send(ch, MSG_TOKEN_OK, m->id, &ok);
		return;
	}
	memset(&bad, 0, sizeof(bad));
	bad.why = strcmp(q->token, "scope") == 0 ? TB_SCOPE : TB_INVALID;
	if (seen.busy > 0) {
		seen.busy--;
		bad.why = TB_BUSY;
	}
	chan_send(ch, MSG_TOKEN_BAD, m->id, &bad);
}

static void
on_authd(struct chan *ch, struct msg *m)
{
	seen.last_ask = m->id;
	if (seen.mute_authd)
		return;
	if (m->type == MSG_HEALTH)
		chan_send(ch, MSG_HEALTH_OK, m->id, NULL);
	else if (m->type == MSG_TOKEN_CHECK)
		fake_token(ch, m);
	else if (!fake_authd_more(ch, m))
		fail_msg("authd was sent %s", msg_name(m->type));
}

static void
fake_answer(struct chan *ch, uint32_t id, int status, const char *session,
    const char *body, size_t len)
{
	struct msg_answer a;
	char *tail;
	size_t n = strlen(session);

	memset(&a, 0, sizeof(a));
	a.status = (uint32_t)status;
	a.flags = (len > 0 ? AF_JSON : 0U) | (n > 0 ? AF_SESSION : 0U);
	a.session_len = (uint32_t)n;
	a.body_len = (uint32_t)len;
	tail = malloc(n + len + 1);
	assert_non_null(tail);
	memcpy(tail, session, n);
	memcpy(tail + n, body, len);
	chan_send_tail(ch, MSG_ANSWER, id, &a, tail, n + len);
	free(tail);
}

static void
fake_call(struct chan *ch, struct msg *m)
{
	struct msg_handle h;
	static char big[300000];
	char body[256];
	int n;

	seen.calls++;
	seen.last_call = m->id;
	memcpy(&seen.call, m->data, sizeof(seen.call));
	seen.tail_len = m->tail_len;
	n = (int)(m->tail_len < sizeof(seen.tail) - 1 ? m->tail_len :
	    sizeof(seen.tail) - 1);
	memcpy(seen.tail, m->tail, (size_t)n);
	seen.tail[n] = '\0';
	chan_credit(ch, msg_bulk_len(m));
	if (seen.unknowns > 0) {
		seen.unknowns--;
		memcpy(h.handle, seen.call.handle, sizeof(h.handle));
		chan_send(ch, MSG_HANDLE_UNKNOWN, m->id, &h);
	} else if (strstr(seen.tail, "note") != NULL)
		fake_answer(ch, m->id, 202, "", "", 0);
	else if (strstr(seen.tail, "sess") != NULL)
		fake_answer(ch, m->id, 200, "id-123", "{}", 2);
	else if (strstr(seen.tail, "evil") != NULL)
		fake_answer(ch, m->id, 200, "x\r\nSet-Cookie: a", "{}", 2);
	else if (strstr(seen.tail, "huge") != NULL) {
		memset(big, 'h', sizeof(big));
		fake_answer(ch, m->id, 200, "", big, sizeof(big));
	} else if (strstr(seen.tail, "stop") != NULL)
		fake_answer(ch, m->id, 405, "", "{}", 2);
	else {
		n = snprintf(body, sizeof(body), "{\"n\":%u,\"len\":%u}",
		    seen.calls, seen.call.body_len);
		fake_answer(ch, m->id, 200, "", body, (size_t)n);
	}
}

static void
on_toold(struct chan *ch, struct msg *m)
{
	if (m->type == MSG_CANCEL) {
		seen.cancels++;
		ev_stop(0);
	} else if (m->type == MSG_HANDLE_NEW) {
		seen.handles++;
	} else if (seen.mute_toold) {
		if (m->type == MSG_CALL) {
			seen.calls++;
			seen.last_call = m->id;
			chan_credit(ch, msg_bulk_len(m));
		}
	} else if (m->type == MSG_HEALTH)
		chan_send(ch, MSG_HEALTH_OK, m->id, NULL);
	else if (m->type == MSG_CALL)
		fake_call(ch, m);
}

static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	if (ch == fake_authd)
		fake_authd = NULL;
	if (ch == fake_toold)
		fake_toold = NULL;
}

/* Every message that side may receive on that kind goes to fn. */
static struct chan *
rig_chan(int fd, enum chan_kind kind, enum chan_side side, chan_fn *fn)
{
	static struct chan_handler tables[4][MSG_MAX];
	static struct chan_ops ops_of[4];
	struct chan_handler *h;
	struct chan_ops *ops;
	const struct msg_row *row;
	struct chan *ch;
	size_t i, n = 0;

	i = fn == on_authd ? 0 : fn == on_toold ? 1 : fn == on_master ? 2 : 3;
	h = tables[i];
	ops = &ops_of[i];
	for (i = 0; (row = msg_row_at(i)) != NULL; i++) {
		if (row->type != MSG_CREDIT &&
		    msg_allowed(row, kind, side, CS_ANY)) {
			h[n].type = row->type;
			h[n++].fn = fn;
		}
	}
	h[n].fn = NULL;
	ops->handlers = h;
	ops->on_end = on_end;
	ch = chan_new(fd, kind, side, ops, NULL);
	chan_setstate(ch, CS_RUN);
	return (ch);
}

/* ---- the pair of channels of a worker ---- */

static void
link_cut(void)
{
	if (fake_authd != NULL)
		chan_close(fake_authd);
	if (fake_toold != NULL)
		chan_close(fake_toold);
	fake_authd = fake_toold = NULL;
}

static void
link_make(void)
{
	int a[2], t[2];

	link_cut();
	assert_int_equal(chan_pair(a), 0);
	assert_int_equal(chan_pair(t), 0);
	memset(&rig_worker, 0, sizeof(rig_worker));
	rig_worker.generation = ++rig_generation;
	link_authd(a[0], &rig_worker);
	link_toold(t[0], &rig_worker);
	fake_authd = rig_chan(a[1], CK_LISTENER_AUTHD, SIDE_SECOND,
	    on_authd);
	fake_toold = rig_chan(t[1], CK_LISTENER_TOOLD, SIDE_SECOND,
	    on_toold);
}

/* ---- running the loop ---- */

static void
guard_run(struct ev_timer *t)
{
	ev_stop(1);
}

/* Until something stops it: 0, or -1 when nothing did in time. */
static int
rig_run(uint64_t ms)
{
	static struct ev_timer guard;
	int rv;

	if (setjmp(rig_exit) != 0)
		return (0);
	if (guard.cb == NULL)
		ev_timer_init(&guard, guard_run, NULL);
	ev_timer_set(&guard, ms);
	rv = ev_run();
	ev_timer_del(&guard);
	return (rv == 0 ? 0 : -1);
}

/* A few turns, for what needs no answer. */
static void
rig_turns(void)
{
	rig_run(30);
}

/* ---- a client ---- */

struct client {
	struct ev_io	 io;
	int		 fd;
	const char	*out;
	size_t		 out_len;
	char		*in;
	size_t		 in_len, in_cap;
	int		 eof;
	unsigned int	 want;		/* answers to stop at */
};

/* Whole answers in the input; 100 counts as one. */
static unsigned int
answers_in(const char *p, size_t len)
{
	const char *end, *cl;
	unsigned int n = 0;
	size_t head, body;

	while ((end = memmem(p, len, "\r\n\r\n", 4)) != NULL) {
		head = (size_t)(end - p) + 4;
		cl = memmem(p, head, "\r\nContent-Length: ", 18);
		body = cl != NULL ? strtoul(cl + 18, NULL, 10) : 0;
		if (len < head + body)
			break;
		n++;
		p += head + body;
		len -= head + body;
	}
	return (n);
}

static void
client_ready(struct ev_io *io, int got)
{
	struct client *c = io->arg;
	ssize_t n;

	if (got & EV_WRITE && c->out_len > 0) {
		n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
		if (n > 0) {
			c->out += n;
			c->out_len -= (size_t)n;
		} else if (errno != EAGAIN)
			c->out_len = 0;
		ev_io_want(io, EV_READ | (c->out_len > 0 ? EV_WRITE : 0));
	}
	if ((got & (EV_READ | EV_HUP)) == 0)
		return;
	if (c->in_cap - c->in_len < 65536) {
		c->in_cap += 1 << 20;
		c->in = realloc(c->in, c->in_cap + 1);
		assert_non_null(c->in);
	}
	n = recv(c->fd, c->in + c->in_len, 65536, 0);
	if (n > 0)
		c->in_len += (size_t)n;
	else if (n == 0 || errno != EAGAIN) {
		c->eof = 1;
		ev_io_want(io, 0);
	}
	c->in[c->in_len] = '\0';
	if (c->eof || (c->want > 0 &&
	    answers_in(c->in, c->in_len) >= c->want))
		ev_stop(0);
}

static struct client *
client_open(int tcp)
{
	struct sockaddr_un un;
	struct sockaddr_in in;
	struct client *c;

	c = calloc(1, sizeof(*c));
	assert_non_null(c);
	memset(&un, 0, sizeof(un));
	un.sun_family = AF_UNIX;
	strcpy(un.sun_path, rig_path);
	memset(&in, 0, sizeof(in));
	in.sin_family = AF_INET;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((uint16_t)rig_port);
	c->fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM, 0);
	assert_int_not_equal(c->fd, -1);
	assert_int_equal(connect(c->fd, tcp ? (struct sockaddr *)&in :
	    (struct sockaddr *)&un, tcp ? sizeof(in) : sizeof(un)), 0);
	assert_int_equal(fd_nonblock(c->fd), 0);
	c->in = calloc(1, 1);
	ev_io_add(&c->io, c->fd, EV_READ, client_ready, c);
	return (c);
}

static void
client_send(struct client *c, const char *p, size_t len)
{
	c->out = p;
	c->out_len = len;
	ev_io_want(&c->io, EV_READ | EV_WRITE);
}

static void
client_close(struct client *c)
{
	ev_io_del(&c->io);
	close(c->fd);
	free(c->in);
	free(c);
}

/* Until n answers (0: none is enough) or the end; else the test fails. */
static void
client_wait(struct client *c, unsigned int n)
{
	c->want = n;
	/* Others may stop the loop too. */
	while (!c->eof && (n == 0 || answers_in(c->in, c->in_len) < n)) {
		if (rig_run(8000) != 0)
			fail_msg("no answer; so far: %s", c->in);
	}
}

static char	talk_text[1 << 20];

/* One connection, some bytes, n answers (0: until the server closes). */
static const char *
talk_n(const char *p, size_t len, unsigned int n)
{
	struct client *c = client_open(0);

	client_send(c, p, len);
	client_wait(c, n);
	snprintf(talk_text, sizeof(talk_text), "%s", c->in);
	client_close(c);
	rig_turns();
	return (talk_text);
}

static const char *
talk(const char *text)
{
	return (talk_n(text, strlen(text), 1));
}

static int
status_of(const char *answer)
{
	return (strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0);
}

static const char *
body_of(const char *answer)
{
	const char *p = strstr(answer, "\r\n\r\n");

	return (p == NULL ? "" : p + 4);
}

/* POST with a body. */
static const char *
post(const char *path, const char *headers, const char *body)
{
	static char text[65536];

	snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\n" HOST "%s"
	    "Content-Length: %zu\r\n\r\n%s", path, headers, strlen(body),
	    body);
	return (talk(text));
}

#define assert_has(text, part)						\
	do {								\
		if (strstr((text), (part)) == NULL)			\
			fail_msg("no \"%s\" in: %s", (part), (text));	\
	} while (0)
#define assert_hasnt(text, part)					\
	do {								\
		if (strstr((text), (part)) != NULL)			\
			fail_msg("\"%s\" in: %s", (part), (text));	\
	} while (0)
#define assert_status(text, want)					\
	do {								\
		if (status_of(text) != (want))				\
			fail_msg("not %d: %s", (want), (text));		\
	} while (0)

/* ---- configuration ---- */

static struct msg_conf_listener rig_limits = {
	.max_conns = 64, .max_conns_addr = 8, .max_header = 8192,
	.max_body = 1 << 20, .max_memory = 4 << 20,
	.header_timeout_ms = 4000, .body_timeout_ms = 1500,
	.idle_timeout_ms = 20000, .write_timeout_ms = 200,
	.answer_timeout_ms = 4000, .rate_addr = 0, .keepalive_ms = 15000
};
static const char *rig_url = URL;

static const char *
rig_conf(void)
{
	static const struct {
		uint32_t what;
		const char *text;
	} names[] = {
		{ CN_HOST, "Alt.Example" }, { CN_HOST, "port.example:81" },
		{ CN_ORIGIN, "https://app.example" }, { CN_PROXY, "unix" },
		{ CN_PROXY, "10.1.0.0/16" }, { CN_SCHEME, "cursor" }
	};
	struct msg_conf_common c;
	struct msg_conf_name n;
	const char *why;
	size_t i;

	memset(&c, 0, sizeof(c));
	strcpy(c.public_url, rig_url);
	lconf_begin();
	lconf_listener(&rig_limits);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(&n, 0, sizeof(n));
		n.what = names[i].what;
		strcpy(n.text, names[i].text);
		lconf_name(&n);
	}
	if ((why = lconf_check(&c)) == NULL)
		lconf_commit();
	return (why);
}

static int
rig_bind(int family, struct sockaddr *sa, socklen_t len)
{
	int fd;

	fd = socket(family, SOCK_STREAM, 0);
	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, sa, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(fd_nonblock(fd), 0);
	return (fd);
}

static void
rig_listen(void)
{
	struct sockaddr_un un;
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	struct msg_listen l;
	int fd;

	strcpy(rig_dir, "/tmp/keepd-test.XXXXXX");
	assert_non_null(mkdtemp(rig_dir));
	snprintf(rig_path, sizeof(rig_path), "%s/s", rig_dir);
	memset(&un, 0, sizeof(un));
	un.sun_family = AF_UNIX;
	strcpy(un.sun_path, rig_path);
	memset(&l, 0, sizeof(l));
	l.flags = LISTEN_UNIX;
	lsock_stage(rig_bind(AF_UNIX, (struct sockaddr *)&un, sizeof(un)),
	    &l);
	memset(&in, 0, sizeof(in));
	in.sin_family = AF_INET;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = rig_bind(AF_INET, (struct sockaddr *)&in, sizeof(in));
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	rig_port = ntohs(in.sin_port);
	l.flags = LISTEN_LOOPBACK;
	lsock_stage(fd, &l);
	lsock_commit();
}

static int
rig_setup(void **state)
{
	int m[2];

	log_init("test", LL_MAX);
	ev_init();
	cache_init();
	conn_init();
	req_init();
	assert_null(rig_conf());
	rig_listen();
	assert_int_equal(chan_pair(m), 0);
	rig_master = rig_chan(m[0], CK_MASTER_LISTENER, SIDE_SECOND,
	    on_nothing);
	rig_master_end = rig_chan(m[1], CK_MASTER_LISTENER, SIDE_FIRST,
	    on_master);
	return (0);
}

static int
rig_teardown(void **state)
{
	unlink(rig_path);
	rmdir(rig_dir);
	return (0);
}

/* Before each test: a fresh pair of channels, nothing seen. */
static int
rig_fresh(void **state)
{
	memset(&seen, 0, sizeof(seen));
	link_make();
	rig_turns();
	memset(&seen, 0, sizeof(seen));
	return (0);
}
