/* SPDX-License-Identifier: ISC */
/*
 * handle_test.c: grant handles against an authd at the other end of a real
 * channel (toold/handle.c, toold/authdchan.c, toold/audit.c).
 */
/* link: toold/handle.o toold/authdchan.o toold/audit.o toold/role.o */
/* link: toold/caller.o toold/session.o toold/opaque.o toold/mac.o */
/* link: toold/era.o */
/* link: -ljansson -lmd */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "ev.h"
#include "toold/audit.h"
#include "toold/authdchan.h"
#include "toold/handle.h"
#include "toold/session.h"
#include "toold/store.h"

static struct chan *authd;		/* the other end */
static unsigned int acks, hello_acks, closed;
static uint64_t generation;
static struct worker *one, *two;
static unsigned int batches, events;
static uint64_t last_batch;
static char texts[4096];
static unsigned int broken;

/* the outbox */
static struct event outbox[4];
static unsigned int noutbox;
static uint64_t deleted;

int
store_outbox_next(uint64_t after, struct event *ev)
{
	unsigned int i;

	for (i = 0; i < noutbox; i++)
		if (outbox[i].head.num > after) {
			*ev = outbox[i];
			return (1);
		}
	return (0);
}

int
store_outbox_del(uint64_t upto)
{
	deleted = upto;
	return (0);
}

const char *
store_error(void)
{
	return ("none");
}

static void
on_hello_ack(struct chan *ch, struct msg *msg)
{
	hello_acks++;
}

static void
on_close_ack(struct chan *ch, struct msg *msg)
{
	const struct msg_close_ack *m = msg->data;

	acks++;
	closed += m->closed;
}

static void
on_audit(struct chan *ch, struct msg *msg)
{
	const struct msg_audit *m = msg->data;
	struct audit_event ev;
	size_t off = 0, n;
	unsigned int i;

	batches++;
	last_batch = m->batch;
	for (i = 0; i < m->nevents; i++) {
		assert_true(msg->tail_len - off >= sizeof(ev));
		memcpy(&ev, msg->tail + off, sizeof(ev));
		off += sizeof(ev);
		n = (size_t)ev.tool_len + ev.target_len + ev.detail_len;
		assert_true(msg->tail_len - off >= n);
		snprintf(texts + strlen(texts), sizeof(texts) -
		    strlen(texts), "%.*s;", (int)n, (const char *)msg->tail +
		    off);
		off += n;
		events++;
	}
	assert_int_equal(off, msg->tail_len);
}

static const struct chan_handler handlers[] = {
	{ MSG_HELLO_ACK, on_hello_ack },
	{ MSG_CLOSE_ACK, on_close_ack },
	{ MSG_AUDIT, on_audit },
	{ 0, NULL }
};

static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	authd = NULL;
}

static const struct chan_ops ops = { handlers, on_end };

static void
on_broken(const char *why)
{
	broken++;
}

/* Both ends read what waits. */
static void
pump(void)
{
	int i;

	for (i = 0; i < 8; i++) {
		if (authd != NULL)
			chan_wait(authd, 0);
		authd_drain();
	}
}

static void
authd_start(void)
{
	struct msg_hello hello;
	int sv[2];

	assert_int_equal(chan_pair(sv), 0);
	authd_peer(sv[0], ++generation);
	authd = chan_new(sv[1], CK_AUTHD_TOOLD, SIDE_FIRST, &ops, NULL);
	chan_setstate(authd, CS_RUN);
	hello.generation = generation;
	chan_send(authd, MSG_HELLO, 0, &hello);
}

static void
authd_kill(void)
{
	chan_close(authd);
	authd = NULL;
}

/* Open handle n (its bytes) on a worker, for a grant and a user. */
static void
open_handle(uint8_t n, uint64_t worker, uint8_t grant, const char *user)
{
	struct msg_open m;

	memset(&m, 0, sizeof(m));
	memset(m.handle, n, sizeof(m.handle));
	memset(m.grant, grant, sizeof(m.grant));
	m.worker = worker;
	m.expires_ms = wall_ms() + 300000;
	m.ttl_ms = 300000;
	m.display = PERM_BIT(PERM_TABLEBROWSER);
	m.edit = PERM_BIT(PERM_PACKAGE);
	m.nroles = 2;
	snprintf(m.role[0], sizeof(m.role[0]), "ROLE-B");
	snprintf(m.role[1], sizeof(m.role[1]), "role-a");
	m.npackages = 1;
	snprintf(m.package[0], sizeof(m.package[0]), "Pkg-1");
	snprintf(m.user_id, sizeof(m.user_id), "%s", user);
	snprintf(m.user, sizeof(m.user), "name of %s", user);
	snprintf(m.client_id, sizeof(m.client_id), "client-%d", grant);
	chan_send(authd, MSG_OPEN, 0, &m);
	chan_flush(authd);
}

static struct handle *
find(struct worker *w, uint8_t n)
{
	uint8_t id[HANDLE_LEN];

	memset(id, n, sizeof(id));
	return (handle_find(w, id));
}

static void
send_close(enum close_what what, uint8_t n, uint64_t worker,
    const char *subject)
{
	struct msg_close m;

	memset(&m, 0, sizeof(m));
	m.what = what;
	m.worker = worker;
	memset(m.handle, n, sizeof(m.handle));
	memset(m.grant, n, sizeof(m.grant));
	snprintf(m.subject, sizeof(m.subject), "%s", subject);
	chan_send(authd, MSG_CLOSE, 9, &m);
	chan_flush(authd);
}

static int
setup(void **state)
{
	static const struct msg_conf_toold conf = { .max_calls_grant = 3 };

	handles_setconf(&conf);
	acks = hello_acks = closed = batches = events = broken = 0;
	authd_onbroken(on_broken);
	texts[0] = '\0';
	authd_start();
	pump();
	assert_int_equal(hello_acks, 1);
	one = worker_new(1);
	two = worker_new(2);
	return (0);
}

static int
teardown(void **state)
{
	if (authd != NULL)
		authd_kill();
	authd_close();
	worker_free(one);
	worker_free(two);
	audit_clear();
	handles_clear();
	return (0);
}

static void
test_open(void **state)
{
	const struct caller *who;
	struct handle *h;

	/* Not read yet: looking for it reads authd's channel first. */
	open_handle(1, 1, 5, "u1");
	h = find(one, 1);
	assert_non_null(h);
	who = handle_caller(h);
	assert_string_equal(who->user_id, "u1");
	assert_string_equal(who->user, "name of u1");
	assert_int_equal(who->display, PERM_BIT(PERM_TABLEBROWSER) |
	    PERM_BIT(PERM_PACKAGE));
	assert_int_equal(who->edit, PERM_BIT(PERM_PACKAGE));
	assert_true(caller_has_role(who, "role-A"));
	assert_true(caller_has_role(who, "Role-b"));
	assert_false(caller_has_role(who, "role-c"));
	assert_true(caller_in_subset(who, "pkg-1"));
	assert_false(caller_in_subset(who, "pkg-2"));
	assert_false(who->operator);
	/* another worker's channel does not know it, nor other bytes */
	assert_null(find(two, 1));
	assert_null(find(one, 2));
	assert_int_equal(handles_count(), 1);
}

static void
test_close_each_way(void **state)
{
	static const struct {
		enum close_what	 what;
		uint8_t		 n;
		uint64_t	 worker;
		const char	*subject;
		int		 left;	/* bits: handle 1, 2, 3 */
	} t[] = {
		{ CL_HANDLE, 1, 1, "", 2 | 4 },
		{ CL_HANDLE, 1, 2, "", 1 | 2 | 4 },
		{ CL_GRANT, 5, 0, "", 4 },
		{ CL_USER, 0, 0, "U1", 2 | 4 },
		{ CL_CLIENT, 0, 0, "client-6", 1 | 2 },
		{ CL_WORKER, 0, 1, "", 2 },
		{ CL_ALL, 0, 0, "", 0 },
	};
	size_t i;
	int left;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		open_handle(1, 1, 5, "u1");
		open_handle(2, 2, 5, "u2");
		open_handle(3, 1, 6, "u3");
		pump();
		assert_int_equal(handles_count(), 3);
		send_close(t[i].what, t[i].n, t[i].worker, t[i].subject);
		acks = 0;
		pump();
		assert_int_equal(acks, 1);
		left = (find(one, 1) != NULL) | (find(two, 2) != NULL) << 1 |
		    (find(one, 3) != NULL) << 2;
		assert_int_equal(left, t[i].left);
		send_close(CL_ALL, 0, 0, "");
		pump();
		assert_int_equal(handles_count(), 0);
	}
}

/* Closed while a call runs: memory stays until the call ends. */
static void
test_close_while_held(void **state)
{
	struct handle *h;

	open_handle(1, 1, 5, "u1");
	h = find(one, 1);
	handle_hold(h);
	assert_int_equal(handle_live(h), 1);
	authd_watch(h, mono_add(mono_now(), 1000));
	assert_int_equal(authd_poll(), 0);
	send_close(CL_USER, 0, 0, "u1");
	assert_int_equal(authd_poll(), 1);
	assert_int_equal(handle_live(h), 0);
	assert_string_equal(handle_caller(h)->user_id, "u1");
	authd_watch(NULL, mono_now());
	handle_release(h);
	assert_null(find(one, 1));
}

static void
test_authd_dies(void **state)
{
	struct handle *h;

	open_handle(1, 1, 5, "u1");
	h = find(one, 1);
	assert_non_null(h);
	handle_hold(h);
	authd_kill();
	/* Seen no later than the question before the commit. */
	assert_int_equal(handle_live(h), 0);
	handle_release(h);
	assert_null(authd_chan());
	assert_int_equal(handles_count(), 0);
	/* A new one starts without handles. */
	authd_start();
	pump();
	assert_non_null(authd_chan());
	assert_null(find(one, 1));
	open_handle(1, 1, 5, "u1");
	assert_non_null(find(one, 1));
}

/* A new channel while the old one still stands: the old handles go first. */
static void
test_authd_replaced(void **state)
{
	struct chan *old;

	open_handle(1, 1, 5, "u1");
	assert_non_null(find(one, 1));
	old = authd;
	authd_start();
	assert_int_equal(handles_count(), 0);
	chan_close(old);
	pump();
	assert_non_null(authd_chan());
}

static void
test_wrong_generation(void **state)
{
	struct msg_hello hello;

	authd_kill();
	authd_start();
	pump();
	hello.generation = generation + 1;
	chan_send(authd, MSG_HELLO, 0, &hello);
	assert_int_equal(broken, 0);
	pump();
	assert_null(authd_chan());
	assert_int_equal(broken, 1);
}

static void
test_same_handle_twice(void **state)
{
	open_handle(1, 1, 5, "u1");
	open_handle(1, 1, 6, "u2");
	pump();
	assert_null(authd_chan());
	assert_int_equal(handles_count(), 0);
}

static void
test_expiry(void **state)
{
	struct msg_open m;

	memset(&m, 0, sizeof(m));
	memset(m.handle, 7, sizeof(m.handle));
	m.worker = 1;
	m.ttl_ms = 300000;
	m.expires_ms = wall_ms() - 1;	/* one clock is enough */
	snprintf(m.user_id, sizeof(m.user_id), "u");
	chan_send(authd, MSG_OPEN, 0, &m);
	memset(m.handle, 8, sizeof(m.handle));
	m.expires_ms = wall_ms() + 300000;
	m.ttl_ms = 1;
	chan_send(authd, MSG_OPEN, 0, &m);
	pump();
	usleep(3000);
	assert_null(find(one, 7));
	assert_null(find(one, 8));
	assert_int_equal(handles_count(), 0);
}

static void
test_bound(void **state)
{
	struct msg_open m;
	uint8_t id[HANDLE_LEN];
	uint32_t i, n = HANDLES_WORKER_MAX + 10;

	memset(&m, 0, sizeof(m));
	m.worker = 1;
	m.ttl_ms = 300000;
	m.expires_ms = wall_ms() + 300000;
	for (i = 0; i < n; i++) {
		/* All in one place of the table: a long run of neighbours. */
		memset(m.handle, 0, sizeof(m.handle));
		memcpy(m.handle + 8, &i, sizeof(i));
		chan_send(authd, MSG_OPEN, 0, &m);
		if (i % 64 == 0)
			pump();
	}
	pump();
	assert_int_equal(handles_count(), HANDLES_WORKER_MAX);
	memset(id, 0, sizeof(id));
	for (i = 0; i < n; i++) {
		memcpy(id + 8, &i, sizeof(i));
		if ((handle_find(one, id) != NULL) != (i >= 10))
			fail_msg("handle %u", i);
	}
	/* A worker of unknown generation has none. */
	m.worker = 99;
	chan_send(authd, MSG_OPEN, 0, &m);
	pump();
	assert_int_equal(handles_count(), HANDLES_WORKER_MAX);
}

static void
test_calls_a_minute(void **state)
{
	struct handle *a, *b;

	open_handle(1, 1, 5, "u1");
	open_handle(2, 1, 5, "u1");
	open_handle(3, 1, 6, "u1");
	pump();
	a = find(one, 1);
	b = find(one, 2);
	assert_int_equal(handle_count_call(a), 0);
	assert_int_equal(handle_count_call(b), 0);
	assert_int_equal(handle_count_call(a), 0);
	assert_in_range(handle_count_call(b), 1, 60);
	assert_in_range(handle_count_call(a), 1, 60);
	assert_int_equal(handle_count_call(find(one, 3)), 0);
}

static void
test_sessions(void **state)
{
	struct msg_mackeys keys;
	char id[SESSION_LEN + 1];
	struct handle *h;

	memset(&keys, 3, sizeof(keys));
	chan_send(authd, MSG_MACKEYS, 0, &keys);
	open_handle(1, 1, 5, "u1");
	h = find(one, 1);
	assert_int_equal(session_make("u1", "client-5", ERA_2025_06, 5, id), 0);
	assert_int_equal(handle_session(h, id, SESSION_LEN), ERA_2025_06);
	assert_int_equal(handle_session(h, id, SESSION_LEN), ERA_2025_06);
	assert_int_equal(handle_session(h, id, SESSION_LEN - 1), 0);
	session_make("u1", "client-6", ERA_2025_06, 0, id);
	assert_int_equal(handle_session(h, id, SESSION_LEN), 0);
}

static void
test_roles(void **state)
{
	struct msg_role m;
	struct msg_hello end = { 1 };

	memset(&m, 0, sizeof(m));
	snprintf(m.role.id, sizeof(m.role.id), "AB-1");
	snprintf(m.role.name, sizeof(m.role.name), "Designer");
	chan_send(authd, MSG_ROLE, 0, &m);
	pump();
	assert_false(role_known("ab-1"));
	chan_send(authd, MSG_ROLES_END, 0, &end);
	pump();
	assert_true(role_known("ab-1"));
	assert_string_equal(role_name("AB-1"), "Designer");
	assert_string_equal(role_id("designer"), "ab-1");
	assert_null(role_id("nobody"));
}

static void
make_event(const char *tool, uint64_t num, struct event *ev)
{
	memset(ev, 0, sizeof(*ev));
	ev->head.num = num;
	ev->head.event = AK_TOOL_CALL;
	ev->head.outcome = AO_OK;
	snprintf(ev->tool, sizeof(ev->tool), "%s", tool);
	snprintf(ev->target, sizeof(ev->target), "-t");
}

static void
test_audit_again(void **state)
{
	struct msg_audit_ack ack = { 0, 0 };
	uint64_t first;
	struct event ev;

	make_event("a", 0, &ev);
	audit_add(&ev);
	make_event("b", 5, &ev);
	audit_add(&ev);
	audit_flush();
	pump();
	assert_int_equal(batches, 1);
	assert_int_equal(events, 2);
	assert_string_equal(texts, "a-t;b-t;");
	first = last_batch;
	/* Not acknowledged: a new authd gets the same again. */
	authd_kill();
	authd_drain();
	authd_start();
	pump();
	assert_int_equal(batches, 2);
	assert_int_equal(last_batch, first);
	assert_string_equal(texts, "a-t;b-t;a-t;b-t;");
	assert_true(audit_waiting() > 0);
	ack.batch = first;
	ack.num = 5;
	chan_send(authd, MSG_AUDIT_ACK, 0, &ack);
	pump();
	assert_int_equal(audit_waiting(), 0);
	/* Acknowledged: the next one does not. */
	authd_kill();
	authd_drain();
	authd_start();
	pump();
	assert_int_equal(batches, 2);
}

/* What an earlier process left in the outbox is sent to the first authd. */
static void
test_outbox_at_start(void **state)
{
	authd_kill();
	authd_drain();
	make_event("c", 8, &outbox[0]);
	make_event("d", 9, &outbox[1]);
	noutbox = 2;
	audit_init();
	noutbox = 0;
	audit_flush();
	authd_start();
	pump();
	assert_string_equal(texts, "c-t;d-t;");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_open), T(test_close_each_way),
		T(test_close_while_held), T(test_authd_dies),
		T(test_authd_replaced), T(test_wrong_generation),
		T(test_same_handle_twice), T(test_expiry), T(test_bound),
		T(test_calls_a_minute), T(test_sessions), T(test_roles),
		T(test_audit_again), T(test_outbox_at_start),
	};

	ev_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
