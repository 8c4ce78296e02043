/* SPDX-License-Identifier: ISC */
/*
 * chan_fuzz.c: bytes as a hijacked process would write them into its end of
 * a channel.  The first byte chooses channel, end and state.  A handler only
 * sees what its row allows.
 */
#include <sys/socket.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "ev.h"
#include "log.h"
#include "msg.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define KINDS	13

static struct chan_handler	 handlers[MSG_MAX];
static struct chan		*ch;
static enum chan_kind		 kind;
static enum chan_side		 side;

static void
quiet(enum log_cat cat, enum log_level level, const char *text)
{
}

static void
on_any(struct chan *c, struct msg *m)
{
	const struct msg_row *row = msg_row(m->type);

	if (row == NULL || !msg_allowed(row, kind, side, CS_ANY) ||
	    m->tail_len > row->tail_max ||
	    (m->fd != -1) != ((row->flags & MSG_FD) != 0))
		abort();
	if (m->fd != -1)
		close(m->fd);
	if (row->flags & MSG_BULK)
		chan_credit(c, msg_bulk_len(m));
}

static void
on_end(struct chan *c, enum chan_end end, const char *why)
{
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int	ready;
	size_t		n;
	ssize_t		w;
	int		sv[2];

	if (len < 1)
		return (0);
	if (!ready) {
		ev_init();
		log_to_func(quiet);
		ready = 1;
	}
	kind = (enum chan_kind)(1U << (data[0] >> 2) % KINDS);
	side = data[0] & 1 ? SIDE_FIRST : SIDE_SECOND;
	handlers_fill();
	if (handlers[0].fn == NULL || chan_pair(sv) == -1)
		return (0);
	ch = chan_new(sv[0], kind, side, &ops, NULL);
	chan_setstate(ch, data[0] & 2 ? CS_RUN : CS_SETUP);
	for (n = 1; n < len && ch != NULL; n += (size_t)w) {
		w = send(sv[1], data + n, len - n, MSG_NOSIGNAL);
		if (w <= 0)
			break;
		turn();
	}
	if (ch != NULL)
		chan_close(ch);
	turn();
	close(sv[1]);
	return (0);
}
