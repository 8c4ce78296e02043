/* SPDX-License-Identifier: ISC */
/*
 * serve_test.c: calls from workers over real channels, and whose turn it is
 * (toold/serve.c), with a protocol that takes as long as it is told.
 */
/* link: toold/serve.o toold/handle.o toold/authdchan.o toold/role.o */
/* link: toold/caller.o toold/session.o toold/opaque.o toold/mac.o */
/* link: toold/era.o */
/* link: toold/stream.o toold/scan.o -ljansson -lmd */
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "child.h"
#include "ev.h"
#include "toold/audit.h"
#include "toold/authdchan.h"
#include "toold/backup.h"
#include "toold/control.h"
#include "toold/handle.h"
#include "toold/mcp.h"
#include "toold/scan.h"
#include "toold/serve.h"
#include "toold/transfer.h"
#include "toold/stream.h"

static struct chan *listener[2], *authd;
static int audit_is_full;
static char order[4096];		/* grants of calls, as they ran */
static unsigned int served, answers, busy, unknown, health;
static unsigned int last_status, events, woken[SW_GONE + 1];
static char last_event[256];
static int release;			/* waiting calls answer at last */
static unsigned int last_text, last_text_at, texts;
static char last_body[256], last_session[64];
static int stingy;			/* grant no credit for answers */
static size_t owed;
static struct ev_timer stop_timer;
static int turns_left;

/* ---- what is not under test ---- */

static struct msg_conf_common conf;

const struct msg_conf_common *
child_conf(void)
{
	return (&conf);
}

struct chan *
child_master(void)
{
	return (NULL);
}

int
control_peer_ok(int fd, int root_only)
{
	return (1);
}

void
backup_command(struct chan *ch, uint32_t id, const struct msg_ctl *m, int fd)
{
	close(fd);
}

void
backup_gone(const struct chan *ch)
{
}

void
transfer_command(struct chan *ch, uint32_t id, const struct msg_ctl *m,
    int fd, struct handle *h)
{
	close(fd);
}

void
transfer_gone(const struct chan *ch)
{
}

void
control_done(struct chan *ch, uint32_t id, uint32_t status, const char *text)
{
}

void
control_command(struct chan *ch, uint32_t id, const struct msg_ctl *m)
{
}

void
audit_connect(struct chan *ch)
{
}

void
audit_disconnect(void)
{
}

void
audit_ack(const struct msg_audit_ack *m)
{
}

void
audit_send(void)
{
}

int
audit_full(void)
{
	return (audit_is_full);
}

/* Three events, 5 ms apart, then the answer. */
static void
wake(struct stream *s, enum stream_why why)
{
	woken[why]++;
	if (why == SW_GONE || why == SW_HANDLE || why == SW_RIGHTS)
		return;
	if (why == SW_END) {
		stream_answer(s, 200, "{\"end\":1}", 9);
		return;
	}
	if (stream_progress(s, woken[SW_TIMER], 3, "step") == -1 ||
	    woken[SW_TIMER] < 3 || !release)
		stream_wait(s, 5);
	else
		stream_answer(s, 200, "{}", 2);
}

static int
answers_later(const struct request *req, struct reply *r)
{
	static const char text[] = "{\"jsonrpc\":\"2.0\",\"id\":\"x\","
	    "\"method\":\"m\",\"params\":{\"_meta\":{"
	    "\"progressToken\":\"tok\"}}}";
	struct stream *s;
	struct scan scan;

	if (req->body.len == 0 || req->body.p[0] != 'L')
		return (0);
	assert_int_equal(scan_message(text, sizeof(text) - 1, &scan),
	    SCAN_OK);
	stream_about(req->stream, era_row(ERA_2026_07), &scan, SL_OFF,
	    (const uint8_t *)"0123456789abcdef");
	s = stream_later(req->stream, 5, wake, NULL);
	r->later = s != NULL;
	if (s != NULL && req->body.len > 1 && req->body.p[1] == 'L')
		stream_long(s);
	r->status = 503;
	return (1);
}
static struct shared shared;

#define BIG	(9U << 20)

/* A body of digits is how many ms of work it is; b has a big answer. */
void
mcp_serve(const struct request *req, struct reply *r)
{
	char text[16];
	size_t n = req->body.len < 15 ? req->body.len : 15, len;
	uint64_t until;

	memcpy(text, req->body.p, n);
	text[n] = '\0';
	until = mono_us() + (uint64_t)atoi(text) * 1000;
	while (mono_us() < until)
		;
	len = strlen(order);
	snprintf(order + len, sizeof(order) - len, "%c",
	    'a' + handle_caller(req->handle)->grant[0]);
	served++;
	r->later = 0;
	memset(r->session, 0, sizeof(r->session));
	if (req->flags & CF_SESSION)
		snprintf(r->session, sizeof(r->session), "S%.*s",
		    (int)req->session.len, req->session.p);
	r->status = 200;
	r->retry_after = 0;
	r->gone = n > 0 && text[0] == 'g';
	if (n > 0 && text[0] == 'b') {
		memset(buf_reserve(r->body, BIG), ' ', BIG);
		r->body->len += BIG;
	}
	if (answers_later(req, r))
		return;
	buf_addf(r->body, "[%.*s|%.*s|%.*s|%.*s]", (int)req->version.len,
	    req->version.p, (int)req->mcp_method.len, req->mcp_method.p,
	    (int)req->mcp_name.len, req->mcp_name.p, (int)n, text);
	if (text[0] == 't') {
		r->text = &shared;
		r->text_at = 1;
	}
}

/* ---- the other ends ---- */

static void
on_answer(struct chan *ch, struct msg *msg)
{
	const struct msg_answer *m = msg->data;

	answers++;
	last_status = m->status;
	busy += m->status == 503;
	snprintf(last_session, sizeof(last_session), "%.*s",
	    (int)m->session_len, (const char *)msg->tail);
	snprintf(last_body, sizeof(last_body), "%.*s", (int)m->body_len,
	    (const char *)msg->tail + m->session_len);
	last_text = m->text;
	last_text_at = m->text_at;
	chan_credit(ch, msg_bulk_len(msg));
}

static void
on_text(struct chan *ch, struct msg *msg)
{
	const struct msg_text *m = msg->data;

	texts++;
	assert_int_equal(m->slot, shared.slot);
	assert_int_equal(msg->tail_len, shared.text.len);
	assert_memory_equal(msg->tail, shared.text.data, shared.text.len);
	chan_credit(ch, msg_bulk_len(msg));
}

static void
on_event(struct chan *ch, struct msg *msg)
{
	events++;
	snprintf(last_event, sizeof(last_event), "%.*s", (int)msg->tail_len,
	    (const char *)msg->tail);
	chan_credit(ch, msg_bulk_len(msg));
}

static void
on_unknown(struct chan *ch, struct msg *msg)
{
	unknown++;
}

static void
on_health_ok(struct chan *ch, struct msg *msg)
{
	health++;
}

static void
ignore(struct chan *ch, struct msg *msg)
{
}

static const struct chan_handler listener_handlers[] = {
	{ MSG_ANSWER, on_answer },
	{ MSG_EVENT, on_event },
	{ MSG_HANDLE_UNKNOWN, on_unknown },
	{ MSG_HEALTH_OK, on_health_ok },
	{ MSG_TEXT, on_text },
	{ 0, NULL }
};
static const struct chan_handler authd_handlers[] = {
	{ MSG_HELLO_ACK, ignore },
	{ MSG_CLOSE_ACK, ignore },
	{ MSG_AUDIT, ignore },
	{ 0, NULL }
};

static const struct chan_handler keepctl_handlers[] = {
	{ MSG_ANSWER, on_answer },
	{ MSG_HANDLE_UNKNOWN, on_unknown },
	{ MSG_CTL_LINE, ignore },
	{ MSG_CTL_DONE, ignore },
	{ 0, NULL }
};

static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	int i;

	for (i = 0; i < 2; i++)
		if (listener[i] == ch)
			listener[i] = NULL;
	if (authd == ch)
		authd = NULL;
}

static const struct chan_ops listener_ops = { listener_handlers, on_end };
static const struct chan_ops keepctl_ops = { keepctl_handlers, on_end };
static const struct chan_ops authd_ops = { authd_handlers, on_end };

static void
on_stop(struct ev_timer *t)
{
	if (--turns_left > 0)
		ev_timer_set(t, 2);
	else
		ev_stop(0);
}

/* Turn the loop for a while, and often enough however slow the machine is. */
static void
turn(unsigned int ms)
{
	turns_left = ms > 1 ? 8 : 1;
	/* A statement that failed in a callback left it set. */
	ev_timer_del(&stop_timer);
	ev_timer_init(&stop_timer, on_stop, NULL);
	ev_timer_set(&stop_timer, ms);
	ev_run();
}

static void
open_handle(uint64_t worker, uint8_t grant)
{
	struct msg_open m;

	memset(&m, 0, sizeof(m));
	memset(m.handle, grant + 1, sizeof(m.handle));
	memset(m.grant, grant, sizeof(m.grant));
	m.worker = worker;
	m.ttl_ms = 300000;
	m.expires_ms = wall_ms() + 300000;
	chan_send(authd, MSG_OPEN, 0, &m);
}

static void
call(int who, uint8_t grant, uint32_t id, const char *body)
{
	struct msg_call m;
	char tail[256];
	int n;

	memset(&m, 0, sizeof(m));
	memset(m.handle, grant + 1, sizeof(m.handle));
	m.method = HM_POST;
	m.flags = CF_VERSION | CF_METHOD | CF_NAME;
	m.version_len = 1;
	m.mcp_method_len = 2;
	m.mcp_name_len = 3;
	if (body[0] == 'L')
		m.flags |= CF_SSE;
	if (body[0] == 's') {
		m.flags |= CF_SESSION;
		m.session_len = 4;
	}
	m.body_len = (uint32_t)strlen(body);
	n = snprintf(tail, sizeof(tail), "vmmnnn%s%s",
	    m.session_len ? "sess" : "", body);
	chan_send_tail(listener[who], MSG_CALL, id, &m, tail, (size_t)n);
}

static int
setup(void **state)
{
	static const struct msg_conf_toold limits = {
		.max_streams = 100, .max_streams_grant = 32
	};
	struct msg_worker w = { .slot = 0 };
	struct msg_hello hello = { 1 };
	int sv[2], i;

	events = 0;
	release = 1;
	memset(woken, 0, sizeof(woken));
	served = answers = busy = unknown = health = 0;
	order[0] = '\0';
	audit_is_full = stingy = 0;
	owed = 0;
	handles_setconf(&limits);
	streams_setconf(&limits);
	assert_int_equal(chan_pair(sv), 0);
	authd_peer(sv[0], 1);
	authd = chan_new(sv[1], CK_AUTHD_TOOLD, SIDE_FIRST, &authd_ops, NULL);
	chan_setstate(authd, CS_RUN);
	chan_send(authd, MSG_HELLO, 0, &hello);
	for (i = 0; i < 2; i++) {
		assert_int_equal(chan_pair(sv), 0);
		w.generation = (uint64_t)i + 1;
		w.slot = (uint32_t)i;
		serve_worker(sv[0], &w);
		listener[i] = chan_new(sv[1], CK_LISTENER_TOOLD, SIDE_FIRST,
		    &listener_ops, NULL);
		chan_setstate(listener[i], CS_RUN);
	}
	return (0);
}

static int
teardown(void **state)
{
	int i;

	serve_close();
	authd_close();
	if (authd != NULL)
		chan_close(authd);
	for (i = 0; i < 2; i++)
		if (listener[i] != NULL)
			chan_close(listener[i]);
	handles_clear();
	return (0);
}

static void
test_call(void **state)
{
	open_handle(1, 0);
	call(0, 0, 77, "0");
	turn(20);
	assert_int_equal(answers, 1);
	assert_int_equal(last_status, 200);
	assert_string_equal(last_body, "[v|mm|nnn|0]");
	assert_string_equal(last_session, "");
	call(0, 0, 78, "s");
	turn(20);
	assert_string_equal(last_session, "Ssess");
	assert_string_equal(last_body, "[v|mm|nnn|s]");
}

/* A shared text crosses each channel once, and again when it is another. */
static void
test_shared_text(void **state)
{
	buf_init(&shared.text, 0);
	buf_adds(&shared.text, "THE TEXT");
	shared.slot = 3;
	shared.version = 1;
	open_handle(1, 0);
	call(0, 0, 1, "t");
	call(0, 0, 2, "t");
	turn(20);
	assert_int_equal(answers, 2);
	assert_int_equal(texts, 1);
	assert_int_equal(last_text, 4);
	assert_int_equal(last_text_at, 1);
	assert_string_equal(last_body, "[v|mm|nnn|t]");
	shared.version = 2;
	buf_adds(&shared.text, " TOO");
	call(0, 0, 3, "t");
	call(0, 0, 4, "0");
	turn(20);
	assert_int_equal(answers, 4);
	assert_int_equal(texts, 2);
	assert_int_equal(last_text, 0);
	buf_free(&shared.text);
}

static void
test_unknown_handle(void **state)
{
	open_handle(1, 0);
	call(1, 0, 1, "0");		/* another worker's */
	call(0, 5, 2, "0");		/* nobody's */
	call(0, 0, 3, "gone");		/* closed while it ran */
	turn(20);
	assert_int_equal(unknown, 3);
	assert_int_equal(answers, 0);
	chan_send(listener[0], MSG_HEALTH, 4, NULL);
	turn(20);
	assert_int_equal(health, 1);
}

/*
 * One grant brings a heap of work, then another one call: that call does not
 * wait for the whole heap.
 */
static void
test_turns(void **state)
{
	char *one;
	int i;

	open_handle(1, 0);
	open_handle(2, 1);
	for (i = 0; i < 20; i++)
		call(0, 0, (uint32_t)i + 1, "10");
	turn(1);
	call(1, 1, 99, "0");
	turn(600);
	assert_int_equal(served, 21);
	assert_int_equal(answers, 21);
	one = strchr(order, 'b');
	assert_non_null(one);
	assert_true(one - order < 12);
}

static void
test_too_many_wait(void **state)
{
	int i;

	open_handle(1, 0);
	call(0, 0, 500, "25");		/* uses up its turn */
	for (i = 0; i < SERVE_WAIT_GRANT + 10; i++)
		call(0, 0, (uint32_t)i + 1, "0");
	turn(200);
	assert_int_equal(answers, SERVE_WAIT_GRANT + 11);
	assert_int_equal(busy, 10);
	assert_int_equal(served, SERVE_WAIT_GRANT + 1);
}

static void
test_cancel(void **state)
{
	open_handle(1, 0);
	call(0, 0, 1, "25");
	call(0, 0, 2, "0");
	call(0, 0, 3, "0");
	chan_send(listener[0], MSG_CANCEL, 2, NULL);
	turn(100);
	assert_int_equal(served, 2);
	assert_int_equal(answers, 2);
}

static void
test_worker_leaves(void **state)
{
	open_handle(1, 0);
	open_handle(2, 1);
	call(0, 0, 1, "25");
	call(0, 0, 2, "0");
	call(0, 0, 3, "0");
	chan_flush(listener[0]);
	serve_close();			/* our ends go while two wait */
	turn(50);
	assert_int_equal(handles_count(), 0);
}

static void
test_audit_full(void **state)
{
	open_handle(1, 0);
	audit_is_full = 1;
	call(0, 0, 1, "0");
	turn(20);
	assert_int_equal(busy, 1);
	assert_int_equal(served, 0);
}

/*
 * Answers that are made faster than the worker takes them: it was held to
 * break the rules of its channel, and killed.
 */
static void
test_bug_worker_killed_for_large_answers(void **state)
{
	int i;

	open_handle(1, 0);
	stingy = 1;
	for (i = 0; i < 20; i++)
		call(0, 0, (uint32_t)i + 1, "big");
	for (i = 0; i < 50 && listener[0] != NULL && served < 20; i++)
		turn(20);
	assert_non_null(listener[0]);
	stingy = 0;
	chan_credit(listener[0], owed);
	owed = 0;
	for (i = 0; i < 500 && answers < 20; i++)
		turn(20);
	assert_int_equal(answers, 20);
	assert_true(busy > 0 && busy < 19);
	call(0, 0, 99, "0");
	for (i = 0; i < 500 && answers < 21; i++)
		turn(20);
	assert_int_equal(last_status, 200);
}

static void
test_control(void **state)
{
	struct chan *keepctl, *worker;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(sa_family_t);
	int fd, peer;

	memset(&ss, 0, sizeof(ss));
	ss.ss_family = AF_UNIX;
	assert_int_not_equal(fd = socket(AF_UNIX, SOCK_STREAM, 0), -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(listen(fd, 4), 0);
	len = sizeof(ss);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	serve_control(fd);
	assert_int_not_equal(peer = socket(AF_UNIX, SOCK_STREAM, 0), -1);
	assert_int_equal(connect(peer, (struct sockaddr *)&ss, len), 0);
	keepctl = chan_new(peer, CK_CTL_TOOLD, SIDE_FIRST,
	    &keepctl_ops, NULL);
	chan_setstate(keepctl, CS_RUN);
	worker = listener[1];
	listener[1] = keepctl;
	open_handle(0, 3);		/* the operator's */
	open_handle(1, 0);
	call(1, 3, 1, "0");
	call(1, 0, 2, "0");		/* a listener's is not good here */
	call(0, 3, 3, "0");		/* nor the other way round */
	turn(50);
	assert_int_equal(answers, 1);
	assert_int_equal(unknown, 2);
	/* It keeps no texts: what a worker gets by name is put in for it. */
	buf_init(&shared.text, 0);
	buf_adds(&shared.text, "TEXT");
	call(1, 3, 4, "t");
	turn(50);
	assert_string_equal(last_body, "[TEXTv|mm|nnn|t]");
	assert_int_equal(last_text, 0);
	buf_free(&shared.text);
	serve_control(-1);
	listener[1] = worker;
	chan_close(keepctl);
	turn(20);
	/* Its handle stays, good only there, until authd closes it. */
	assert_int_equal(handles_count(), 2);
}

static void
open_again(uint8_t grant, uint8_t id, uint32_t display)
{
	struct msg_open m;

	memset(&m, 0, sizeof(m));
	memset(m.handle, id, sizeof(m.handle));
	memset(m.grant, grant, sizeof(m.grant));
	m.worker = 1;
	m.display = display;
	m.ttl_ms = 300000;
	m.expires_ms = wall_ms() + 300000;
	chan_send(authd, MSG_OPEN, 0, &m);
}

static void
handle_new(uint32_t stream, uint8_t id)
{
	struct msg_handle m;

	memset(m.handle, id, sizeof(m.handle));
	chan_send(listener[0], MSG_HANDLE_NEW, stream, &m);
	turn(20);
}

static void
test_later(void **state)
{
	int i;

	open_handle(1, 0);
	call(0, 0, 9, "L");
	for (i = 0; i < 100 && answers == 0; i++)
		turn(20);
	assert_int_equal(events, 3);
	assert_string_equal(last_event, "{\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/progress\",\"params\":{\"progressToken\":"
	    "\"tok\",\"progress\":3,\"total\":3,\"message\":\"step\"}}");
	assert_int_equal(answers, 1);
	assert_string_equal(last_body, "{}");
	assert_int_equal(streams_count(), 0);
	assert_int_equal(woken[SW_GONE], 0);
}

/* Each of the ways in which a waiting call ends without an answer. */
static void
test_later_ends(void **state)
{
	struct msg_close m;
	int i;

	release = 0;
	open_handle(1, 0);
	open_handle(1, 1);
	for (i = 0; i < 3; i++)
		call(0, 0, (uint32_t)i + 1, "L");
	call(0, 1, 4, "L");
	turn(30);
	assert_int_equal(streams_count(), 4);
	chan_send(listener[0], MSG_CANCEL, 2, NULL);
	turn(10);
	assert_int_equal(woken[SW_GONE], 1);
	assert_int_equal(streams_count(), 3);
	memset(&m, 0, sizeof(m));
	m.what = CL_GRANT;
	chan_send(authd, MSG_CLOSE, 1, &m);
	turn(20);
	/* They stand still, for the listener to find another handle. */
	assert_int_equal(unknown, 2);
	assert_int_equal(streams_count(), 3);
	/* One of other rights, or of another grant, is none for a call. */
	open_again(0, 60, 7);
	handle_new(1, 60);
	assert_int_equal(streams_count(), 2);
	assert_int_equal(answers, 1);
	handle_new(3, 2);
	assert_int_equal(woken[SW_GONE], 3);
	assert_int_equal(streams_count(), 1);
	assert_int_equal(answers, 2);
	serve_close();
	assert_int_equal(woken[SW_GONE], 4);
	assert_int_equal(streams_count(), 0);
	assert_int_equal(answers, 2);
}

/* A call under another handle, of the same rights, goes on. */
static void
test_later_goes_on(void **state)
{
	struct msg_close m;

	release = 0;
	open_handle(1, 0);
	call(0, 0, 1, "L");
	turn(30);
	memset(&m, 0, sizeof(m));
	m.what = CL_HANDLE;
	m.worker = 1;
	memset(m.handle, 1, sizeof(m.handle));
	chan_send(authd, MSG_CLOSE, 1, &m);
	turn(20);
	assert_int_equal(unknown, 1);
	release = 1;
	turn(30);
	assert_int_equal(answers, 0);
	open_again(0, 60, 0);
	handle_new(1, 60);
	turn(30);
	assert_int_equal(answers, 1);
	assert_string_equal(last_body, "{}");
	assert_int_equal(streams_count(), 0);
	/* There is nothing for this number: its listener is told so. */
	handle_new(1, 60);
	assert_int_equal(answers, 2);
	assert_string_equal(last_body, "");
}

/*
 * A long stream goes on under another handle of its grant, and of no other;
 * in between it stands still.
 */
static void
test_long(void **state)
{
	struct msg_close m;

	release = 0;
	open_handle(1, 0);
	open_handle(1, 1);
	call(0, 0, 7, "LL");
	call(0, 0, 8, "LL");
	turn(20);
	assert_int_equal(events, 2);		/* they are open */
	assert_int_equal(woken[SW_TIMER], 0);	/* no time runs */
	memset(&m, 0, sizeof(m));
	m.what = CL_GRANT;
	chan_send(authd, MSG_CLOSE, 1, &m);
	turn(20);
	assert_int_equal(unknown, 2);
	assert_int_equal(streams_count(), 2);
	assert_int_equal(woken[SW_GONE], 0);
	/* A handle that is none, then one of the grant. */
	handle_new(7, 77);
	assert_int_equal(unknown, 3);
	open_again(0, 50, 0);
	handle_new(7, 50);
	assert_int_equal(woken[SW_HANDLE], 1);
	/* The same with another right, while nothing was closed. */
	open_again(0, 51, 1);
	handle_new(7, 51);
	assert_int_equal(woken[SW_RIGHTS], 1);
	assert_int_equal(answers, 0);
	/* Another grant's ends it. */
	handle_new(8, 2);
	assert_int_equal(woken[SW_END], 1);
	assert_int_equal(answers, 1);
	assert_string_equal(last_body, "{\"end\":1}");
	assert_int_equal(streams_count(), 1);
	/* So does the listener; a number that is none is answered so. */
	handle_new(99, 51);
	assert_int_equal(answers, 2);
	chan_send(listener[0], MSG_CANCEL, 7, NULL);
	turn(20);
	assert_int_equal(answers, 3);
	assert_int_equal(streams_count(), 0);
}

/* A grant has so many, and no more; others have theirs. */
static void
test_later_limit(void **state)
{
	int i;

	release = 0;
	open_handle(1, 0);
	open_handle(1, 1);
	for (i = 0; i < 40; i++)
		call(0, 0, (uint32_t)i + 1, "L");
	call(0, 1, 99, "L");
	turn(30);
	assert_int_equal(streams_count(), 33);
	assert_int_equal(busy, 8);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_call), T(test_shared_text), T(test_unknown_handle),
		T(test_turns), T(test_too_many_wait), T(test_cancel), T(test_worker_leaves),
		T(test_audit_full), T(test_control),
		T(test_bug_worker_killed_for_large_answers), T(test_later),
		T(test_later_ends), T(test_later_limit), T(test_later_goes_on),
		T(test_long),
	};

	ev_init();
	serve_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
