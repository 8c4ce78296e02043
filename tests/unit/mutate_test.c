/* SPDX-License-Identifier: ISC */
/*
 * mutate_test.c: 10,000 mutated messages into each end of every kind of
 * channel.  Whatever comes, a handler only ever sees what its row allows, a
 * channel that was given anything else has ended, and no descriptor is lost.
 * Meant for the build with sanitizers, too.
 */
#include "t.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "ev.h"
#include "log.h"
#include "msg.h"

#define ROUNDS		10000
#define BODY_MAX	20000

static struct chan_handler	 handlers[MSG_MAX];
static struct chan		*ch;
static enum chan_kind		 kind;
static enum chan_side		 side;
static unsigned long		 handled, ended, sent, all_handled;
static uint64_t			 seed = 88172645463325252ULL;

/* xorshift64: the same messages in every run. */
static uint32_t
rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((uint32_t)(seed >> 16) % below);
}

static void
quiet(enum log_cat cat, enum log_level level, const char *text)
{
}

static void
on_any(struct chan *c, struct msg *m)
{
	const struct msg_row	*row = msg_row(m->type);
	static uint8_t		 whole[BODY_MAX + 65536];

	assert_non_null(row);
	assert_true(msg_allowed(row, kind, side, CS_RUN));
	assert_true(m->tail_len <= row->tail_max);
	assert_int_equal(m->fd != -1, (row->flags & MSG_FD) != 0);
	assert_true(row->size + m->tail_len <= sizeof(whole));
	memcpy(whole, m->data, row->size);
	if (m->tail_len != 0)
		memcpy(whole + row->size, m->tail, m->tail_len);
	assert_null(msg_check(row, row->size + m->tail_len, m->fd != -1,
	    whole));
	if (m->fd != -1)
		close(m->fd);
	if (m->type != MSG_CREDIT && row->flags & MSG_BULK)
		chan_credit(c, msg_bulk_len(m));
	handled++;
}

static void
on_end(struct chan *c, enum chan_end end, const char *why)
{
	ended++;
	ch = NULL;
}

static const struct chan_ops ops = { handlers, on_end };

static void
handlers_fill(void)
{
	const struct msg_row	*row;
	size_t			 i, n = 0;

	memset(handlers, 0, sizeof(handlers));
	for (i = 0; (row = msg_row_at(i)) != NULL; i++) {
		if (row->type == MSG_CREDIT ||
		    !msg_allowed(row, kind, side, CS_ANY))
			continue;
		handlers[n].type = row->type;
		handlers[n++].fn = on_any;
	}
}

static int
peer_make(void)
{
	int	sv[2];

	assert_int_equal(chan_pair(sv), 0);
	ch = chan_new(sv[0], kind, side, &ops, NULL);
	chan_setstate(ch, CS_RUN);
	return (sv[1]);
}

static void
turn_stop(struct ev_timer *t)
{
	ev_stop(0);
}

static void
turn(void)
{
	static struct ev_timer	t;

	ev_timer_init(&t, turn_stop, NULL);
	ev_timer_set(&t, 0);
	ev_run();
}

/* A row that may come here, now and then any. */
static const struct msg_row *
row_choose(void)
{
	const struct msg_row	*row;
	size_t			 n = msg_rows();

	do
		row = msg_row_at(rnd((uint32_t)n));
	while (rnd(16) != 0 && !msg_allowed(row, kind, side, CS_RUN));
	return (row);
}

static void
send_raw(int fd, const void *p, size_t len, int nfds)
{
	union {
		struct cmsghdr	hdr;
		char		space[CMSG_SPACE(sizeof(int) * 2)];
	}		 ctl;
	struct msghdr	 mh;
	struct iovec	 iov;
	int		 fds[2] = { 0, 0 };

	memset(&mh, 0, sizeof(mh));
	iov.iov_base = (void *)(uintptr_t)p;
	iov.iov_len = len;
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	if (nfds > 0) {
		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control = ctl.space;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)nfds);
		ctl.hdr.cmsg_level = SOL_SOCKET;
		ctl.hdr.cmsg_type = SCM_RIGHTS;
		ctl.hdr.cmsg_len = CMSG_LEN(sizeof(int) * (size_t)nfds);
		memcpy(CMSG_DATA(&ctl.hdr), fds, sizeof(int) * (size_t)nfds);
	}
	(void)sendmsg(fd, &mh, MSG_NOSIGNAL);
}

/* The good one, then one or more things about it changed. */
static void
mutant_send(int fd)
{
	static uint8_t		 f[BODY_MAX + 64];
	const struct msg_row	*row = row_choose();
	struct chan_hdr		 h;
	size_t			 len, i;
	int			 nfds = (row->flags & MSG_FD) != 0;

	memset(f, 0, sizeof(f));
	h.type = row->type;
	h.len = (uint32_t)(row->size + (row->tail_max != 0 ? rnd(64) : 0));
	h.id = rnd(4);
	h.flags = nfds ? CHAN_F_FD : 0;
	for (i = rnd(4); i > 0; i--)
		f[sizeof(h) + rnd(h.len + 8)] = (uint8_t)rnd(256);
	switch (rnd(10)) {
	case 0: h.type = rnd(MSG_MAX + 8); break;
	case 1: h.len += rnd(3) - 1; break;
	case 2: h.len = rnd(70000); break;
	case 3: h.flags ^= 1U << rnd(6); break;
	case 4: nfds = (int)rnd(3); break;
	default: break;
	}
	memcpy(f, &h, sizeof(h));
	len = sizeof(h) + (((size_t)h.len + 7) & ~(size_t)7);
	if (len > sizeof(f))
		len = sizeof(f);
	if (rnd(50) == 0)
		len = rnd((uint32_t)len) + 1;
	send_raw(fd, f, len, nfds);
}

static int
descriptors(void)
{
	int	n = 0, fd;

	for (fd = 0; fd < 256; fd++)
		n += lseek(fd, 0, SEEK_CUR) != -1 || errno != EBADF;
	return (n);
}

static void
one_end(void)
{
	int	fd, i, open_before;

	handlers_fill();
	if (handlers[0].fn == NULL)
		return;
	handled = ended = 0;
	open_before = descriptors();
	fd = peer_make();
	for (i = 0; i < ROUNDS; i++) {
		mutant_send(fd);
		turn();
		if (ch == NULL) {
			close(fd);
			fd = peer_make();
		}
	}
	chan_close(ch);
	close(fd);
	assert_int_equal(descriptors(), open_before);
	assert_true(ended > ROUNDS / 10);
	sent += ROUNDS;
	all_handled += handled;
}

static void
every_channel(void **state)
{
	unsigned int	bit;

	for (bit = 0; bit < 13; bit++) {
		kind = (enum chan_kind)(1U << bit);
		side = SIDE_FIRST;
		one_end();
		side = SIDE_SECOND;
		one_end();
	}
	/* Some must get through, or the mutants are too mad. */
	assert_true(all_handled > sent / 20);
	print_message("%lu mutants, %lu were good messages\n", sent,
	    all_handled);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_channel)
	};

	ev_init();
	log_to_func(quiet);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
