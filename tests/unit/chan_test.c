/* SPDX-License-Identifier: ISC */
/*
 * chan_test.c: the channel as both ends see it: listener and toold on a
 * socketpair.  Good traffic first (the control), then everything a
 * hijacked peer could write.
 */
#include <sys/socket.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "t.h"

#include "chan.h"
#include "ev.h"
#include "log.h"
#include "msg.h"

static struct chan	*a, *b;		/* listener, toold */
static int		 raw[2];
static unsigned int	 calls, answers, small, order_bad;
static size_t		 last_len;
static uint32_t		 last_id;
static enum chan_end	 a_end, b_end;
static int		 a_ended, b_ended, credit_on;
static char		 b_why[96];

static void
on_call(struct chan *ch, struct msg *m)
{
	size_t	i;

	calls++;
	last_len = m->tail_len;
	if (m->id < last_id)
		order_bad++;
	last_id = m->id;
	assert_int_equal((uintptr_t)m->data & 7, 0);
	for (i = 0; raw[0] == 0 && i < m->tail_len; i += 997)
		assert_int_equal(m->tail[i], (uint8_t)(i + m->id));
	if (credit_on)
		chan_credit(ch, msg_bulk_len(m));
}

static void
on_small(struct chan *ch, struct msg *m)
{
	small++;
}

static void
on_answer(struct chan *ch, struct msg *m)
{
	answers++;
}

static void
on_end_a(struct chan *ch, enum chan_end end, const char *why)
{
	a_ended++;
	a_end = end;
	a = NULL;
}

static void
on_end_b(struct chan *ch, enum chan_end end, const char *why)
{
	b_ended++;
	b_end = end;
	snprintf(b_why, sizeof(b_why), "%s", why);
	b = NULL;
}

static struct chan_handler a_handlers[MSG_MAX], b_handlers[MSG_MAX];

/* All that the rows let a side take; the two bulk ones are looked into. */
static void
handlers_fill(struct chan_handler *h, enum chan_side side)
{
	const struct msg_row	*row;
	size_t			 i;

	for (i = 0; (row = msg_row_at(i)) != NULL; i++) {
		if (row->type == MSG_CREDIT ||
		    !msg_allowed(row, CK_LISTENER_TOOLD, side, CS_ANY))
			continue;
		h->type = row->type;
		h++->fn = row->type == MSG_ANSWER ? on_answer :
		    row->type == MSG_CALL ? on_call : on_small;
	}
}

static const struct chan_ops a_ops = { a_handlers, on_end_a };
static const struct chan_ops b_ops = { b_handlers, on_end_b };

static void
tick(struct ev_timer *t)
{
	ev_stop(0);
}

static void
spin(unsigned int ms)
{
	struct ev_timer	t;

	ev_timer_init(&t, tick, NULL);
	ev_timer_set(&t, ms);
	ev_run();
	ev_timer_del(&t);
}

/* Until so many have come, on a machine however slow. */
static void
spin_calls(unsigned int n)
{
	int	i;

	for (i = 0; i < 500 && calls < n; i++)
		spin(20);
	spin(20);
}

static void
quiet(enum log_cat c, enum log_level l, const char *text)
{
}

static void
reset(void)
{
	calls = answers = small = order_bad = 0;
	a_ended = b_ended = 0;
	last_id = 0;
	credit_on = 1;
	b_why[0] = '\0';
}

static int
setup(void **state)
{
	int	sv[2];

	reset();
	assert_int_equal(chan_pair(sv), 0);
	a = chan_new(sv[0], CK_LISTENER_TOOLD, SIDE_FIRST, &a_ops, NULL);
	b = chan_new(sv[1], CK_LISTENER_TOOLD, SIDE_SECOND, &b_ops, NULL);
	chan_setstate(a, CS_RUN);
	chan_setstate(b, CS_RUN);
	return (0);
}

/* Only toold's end is a channel; the test writes the other by hand. */
static int
setup_raw(void **state)
{
	reset();
	assert_int_equal(chan_pair(raw), 0);
	b = chan_new(raw[1], CK_LISTENER_TOOLD, SIDE_SECOND, &b_ops, NULL);
	chan_setstate(b, CS_RUN);
	return (0);
}

static int
teardown(void **state)
{
	chan_close(a);
	chan_close(b);
	a = b = NULL;
	if (raw[0] > 0)
		close(raw[0]);
	raw[0] = 0;
	return (0);
}

static void
call_send(uint32_t id, size_t len)
{
	struct msg_call	 m;
	uint8_t		*body;
	size_t		 i;

	memset(&m, 0, sizeof(m));
	m.method = HM_POST;
	m.body_len = (uint32_t)len;
	body = malloc(len != 0 ? len : 1);
	assert_non_null(body);
	for (i = 0; i < len; i++)
		body[i] = (uint8_t)(i + id);
	assert_int_equal(chan_send_tail(a, MSG_CALL, id, &m, body, len), 0);
	free(body);
}

static void
sizes_arrive(void **state)
{
	static const size_t len[] = { 0, 1, 7, 8, 100, 65535 - 56, 65536 - 56,
	    65537, 200001, 4U << 20 };
	size_t	i;

	for (i = 0; i < COUNT(len); i++) {
		call_send((uint32_t)i + 1, len[i]);
		spin_calls((unsigned int)i + 1);
		assert_int_equal(calls, i + 1);
		assert_int_equal(last_len, len[i]);
	}
	assert_int_equal(a_ended + b_ended, 0);
}

static void
many_in_one_turn(void **state)
{
	uint32_t	i;

	for (i = 1; i <= 5000; i++)
		call_send(i, i % 300);
	spin_calls(5000);
	assert_int_equal(calls, 5000);
	assert_int_equal(order_bad, 0);
}

/* Without credit bulk waits at the sender, and small messages overtake. */
static void
credit_holds(void **state)
{
	uint32_t	i;

	credit_on = 0;
	for (i = 1; i <= 10; i++)
		call_send(i, 1U << 20);
	chan_send(a, MSG_HEALTH, 0, NULL);
	spin(300);
	assert_int_equal(small, 1);
	assert_in_range(calls, 4, 5);
	assert_true(chan_queued(a) >= 5U << 20);
	chan_credit(b, 4U << 20);
	spin(300);
	assert_in_range(calls, 8, 9);
	assert_int_equal(a_ended + b_ended, 0);
}

static void
pause_keeps_order(void **state)
{
	uint32_t	i;

	call_send(1, 10);
	spin(30);
	chan_pause(b, 1);
	for (i = 2; i < 100; i++)
		call_send(i, 5000);
	spin(50);
	assert_int_equal(calls, 1);
	chan_pause(b, 0);
	spin(100);
	assert_int_equal(calls, 99);
	assert_int_equal(order_bad, 0);
}

static void
end_is_seen(void **state)
{
	call_send(1, 100);
	chan_flush(a);
	chan_close(a);
	a = NULL;
	spin(50);
	/* What was sent before the end is still handed on. */
	assert_int_equal(calls, 1);
	assert_int_equal(b_ended, 1);
	assert_int_equal(b_end, CE_EOF);
}

/* Last words are read even if writing to the peer has failed already. */
static void
last_words_survive_a_broken_pipe(void **state)
{
	struct msg_answer	m;

	call_send(1, 100);
	call_send(2, 70000);
	chan_flush(a);
	chan_close(a);
	a = NULL;
	memset(&m, 0, sizeof(m));
	m.status = 200;
	chan_send_tail(b, MSG_ANSWER, 1, &m, NULL, 0);
	chan_flush(b);
	spin(50);
	assert_int_equal(calls, 2);
	assert_int_equal(b_ended, 1);
}

static void
paused_end_is_seen(void **state)
{
	chan_pause(b, 1);
	chan_close(a);
	a = NULL;
	spin(50);
	assert_int_equal(b_ended, 1);
}

/* Resting it reads what is there, then waits until it is told to go on. */
static void
rest_takes_what_is_there(void **state)
{
	chan_rest(b, 1);
	chan_send(a, MSG_HEALTH, 0, NULL);
	chan_send(a, MSG_HEALTH, 0, NULL);
	spin(20);
	assert_int_equal(small, 2);
	chan_send(a, MSG_HEALTH, 0, NULL);
	spin(20);
	assert_int_equal(small, 2);
	chan_rest(b, 0);
	spin(20);
	assert_int_equal(small, 3);
}

static void
rest_loses_no_last_words(void **state)
{
	chan_rest(b, 1);
	chan_send(a, MSG_HEALTH, 0, NULL);
	spin(20);
	chan_send(a, MSG_HEALTH, 0, NULL);
	assert_int_equal(chan_flush(a), 0);
	chan_close(a);
	a = NULL;
	spin(50);
	assert_int_equal(small, 2);
	assert_int_equal(b_ended, 1);
}

/* ---- what a hijacked listener may write ---- */

static void
raw_write(const void *p, size_t n)
{
	assert_int_equal(write(raw[0], p, n), n);
	spin(20);
}

static void
raw_frame(uint32_t type, uint32_t flags, uint32_t len, const void *body,
    size_t n)
{
	struct chan_hdr	h = { type, len, 1, flags };
	uint8_t		out[4096];

	memset(out, 0, sizeof(out));
	memcpy(out, &h, sizeof(h));
	if (n != 0)
		memcpy(out + sizeof(h), body, n);
	raw_write(out, sizeof(h) + (n + 7) / 8 * 8);
}

static void
good_call(struct msg_call *m)
{
	memset(m, 0, sizeof(*m));
	m->method = HM_POST;
}

static void
raw_good_passes(void **state)
{
	struct msg_call	m;

	good_call(&m);
	raw_frame(MSG_CALL, 0, sizeof(m), &m, sizeof(m));
	assert_int_equal(calls, 1);
	raw_frame(MSG_HEALTH, 0, 0, NULL, 0);
	assert_int_equal(small, 1);
	assert_int_equal(b_ended, 0);
}

static void
expect_violation(void)
{
	assert_int_equal(b_ended, 1);
	assert_int_equal(b_end, CE_VIOLATION);
	assert_int_equal(calls, 0);
}

static void
raw_wrong_size(void **state)
{
	struct msg_call	m;

	good_call(&m);
	raw_frame(MSG_CALL, 0, sizeof(m) - 8, &m, sizeof(m) - 8);
	expect_violation();
}

static void
raw_lengths_do_not_add_up(void **state)
{
	struct msg_call	m;

	good_call(&m);
	m.body_len = 1;
	raw_frame(MSG_CALL, 0, sizeof(m), &m, sizeof(m));
	expect_violation();
}

static void
raw_unlisted_type(void **state)
{
	raw_frame(9999, 0, 0, NULL, 0);
	expect_violation();
}

static void
raw_other_channels_type(void **state)
{
	struct msg_open	m;

	memset(&m, 0, sizeof(m));
	m.ttl_ms = 1;
	raw_frame(MSG_OPEN, 0, sizeof(m), &m, 2000);
	expect_violation();
}

static void
raw_wrong_direction(void **state)
{
	struct msg_answer m;

	memset(&m, 0, sizeof(m));
	m.status = 200;
	raw_frame(MSG_ANSWER, 0, sizeof(m), &m, sizeof(m));
	expect_violation();
}

static void
raw_unknown_flag(void **state)
{
	raw_frame(MSG_HEALTH, 4, 0, NULL, 0);
	expect_violation();
}

static void
raw_claims_descriptor(void **state)
{
	struct msg_call	m;

	good_call(&m);
	raw_frame(MSG_CALL, CHAN_F_FD, sizeof(m), &m, sizeof(m));
	expect_violation();
}

static void
raw_huge_length(void **state)
{
	raw_frame(MSG_CALL, CHAN_F_MORE, 0xfffffff0U, NULL, 0);
	expect_violation();
}

static void
raw_mixed_continuation(void **state)
{
	static uint8_t	 out[sizeof(struct chan_hdr) + CHAN_FRAME_MAX];
	struct chan_hdr	 h = { MSG_CALL, CHAN_FRAME_MAX, 1, CHAN_F_MORE };

	memcpy(out, &h, sizeof(h));
	raw_write(out, sizeof(out));
	assert_int_equal(b_ended, 0);
	raw_frame(MSG_HEALTH, 0, 0, NULL, 0);
	expect_violation();
}

static void
raw_too_much_credit(void **state)
{
	struct msg_credit m = { 1U << 20, 0 };

	raw_frame(MSG_CREDIT, 0, sizeof(m), &m, sizeof(m));
	expect_violation();
}

/* Descriptors nobody asked for: none may stay behind. */
static void
raw_stray_descriptors(void **state)
{
	union {
		struct cmsghdr	hdr;
		char		space[CMSG_SPACE(sizeof(int) * 12)];
	}		 ctl;
	struct chan_hdr	 h = { MSG_HEALTH, 0, 1, 0 };
	struct iovec	 iov = { &h, sizeof(h) };
	struct msghdr	 mh;
	struct cmsghdr	*cm;
	int		 fds[12], i, before, after;

	for (i = 0; i < 12; i++)
		fds[i] = raw[0];
	memset(&mh, 0, sizeof(mh));
	memset(&ctl, 0, sizeof(ctl));
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	mh.msg_control = ctl.space;
	mh.msg_controllen = sizeof(ctl.space);
	cm = CMSG_FIRSTHDR(&mh);
	cm->cmsg_len = CMSG_LEN(sizeof(fds));
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(cm), fds, sizeof(fds));
	before = dup(0);
	close(before);
	assert_int_equal(sendmsg(raw[0], &mh, 0), sizeof(h));
	spin(20);
	expect_violation();
	after = dup(0);
	close(after);
	/* The channel's own descriptor went too. */
	assert_true(after <= before);
}

static void
flip_one(const uint8_t *p, size_t n, void *arg)
{
	if (b == NULL) {
		close(raw[0]);
		setup_raw(NULL);
	}
	if (write(raw[0], p, n) != (ssize_t)n)
		return;
	spin(1);
}

/* Whatever is turned, nothing worse than an ended channel comes of it. */
static void
raw_bit_flips(void **state)
{
	struct {
		struct chan_hdr	h;
		struct msg_call	m;
		uint8_t		tail[16];
	}	good;

	memset(&good, 0, sizeof(good));
	good.h.type = MSG_CALL;
	good.h.len = sizeof(good.m) + sizeof(good.tail);
	good.m.method = HM_POST;
	good.m.body_len = sizeof(good.tail);
	good.tail[0] = 0;
	each_flip(&good, sizeof(good.h) + sizeof(good.m), flip_one, NULL);
}

#define RAW(t)	cmocka_unit_test_setup_teardown(t, setup_raw, teardown)
#define PAIR(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR(sizes_arrive), PAIR(many_in_one_turn),
		PAIR(credit_holds), PAIR(pause_keeps_order),
		PAIR(end_is_seen), PAIR(last_words_survive_a_broken_pipe),
		PAIR(paused_end_is_seen), PAIR(rest_takes_what_is_there),
		PAIR(rest_loses_no_last_words),
		RAW(raw_good_passes), RAW(raw_wrong_size),
		RAW(raw_lengths_do_not_add_up), RAW(raw_unlisted_type),
		RAW(raw_other_channels_type), RAW(raw_wrong_direction),
		RAW(raw_unknown_flag), RAW(raw_claims_descriptor),
		RAW(raw_huge_length), RAW(raw_mixed_continuation),
		RAW(raw_too_much_credit), RAW(raw_stray_descriptors),
		RAW(raw_bit_flips),
	};

	ev_init();
	log_to_func(quiet);
	handlers_fill(a_handlers, SIDE_FIRST);
	handlers_fill(b_handlers, SIDE_SECOND);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
