/* SPDX-License-Identifier: ISC */
/*
 * chan.c: the channels between processes.  Runs in every program.  Trusts
 * nothing that arrives: the header is checked against the rows of msg.c
 * before memory is taken for a message.  Never blocks, but in chan_wait().
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "chan.h"
#include "ev.h"
#include "log.h"
#include "msg.h"
#include "secret.h"

#define RBUF_SIZE	(CHAN_FRAME_MAX + 4 * sizeof(struct chan_hdr) + 16384)
#define FD_QUEUE	8
/* Frames are padded to 8 bytes: structs are read where they arrived. */
#define PAD(len)	((size_t)(8 - ((len) & 7)) & 7)
/* Channels whose spent bytes are wiped. */
#define CK_SECRETS	(CK_LISTENER_AUTHD | CK_AUTHD_PWHASH | CK_CTL_ANY | \
			    CK_AUTHD_TOOLD)
#define OUT_MAX		((size_t)96 << 20)

struct held {				/* a bulk message without credit */
	struct held	*next;
	uint32_t	 type, id;
	size_t		 len;		/* fixed part and tail */
	uint8_t		 body[];
};

struct out_fd {				/* goes with the frame at off */
	size_t		 off;
	int		 fd;
};

struct chan {
	struct ev_io		 io;
	enum chan_kind		 kind;
	enum chan_side		 side;
	int			 state;
	const struct chan_ops	*ops;
	void			*arg;
	char			 name[48];
	chan_fn			*fn[MSG_MAX];

	uint8_t			*rbuf;
	size_t			 rlen;
	int			 fds[FD_QUEUE], nfds;
	struct buf		 whole;		/* a message of many frames */
	struct chan_hdr		 whole_hdr;
	int			 gathering;
	int			 paused, resume;
	int			 resting, idle;	/* idle: not read now */

	struct buf		 out;
	int			 out_dead;	/* the peer reads no more */
	struct out_fd		 out_fds[FD_QUEUE];
	int			 out_nfds;
	struct held		*held, **held_tail;
	size_t			 held_bytes;
	int64_t			 credit;	/* what the peer granted */
	size_t			 owed;		/* used up, not yet told */

	int			 ending;	/* 1 + enum chan_end */
	char			 why[96];
	int			 busy;		/* inside a handler */
	int			 closed;
	struct chan		*next, *prev;
};

static struct chan	*chans;
static struct ev_hook	 flush_hook;
static int		 hooked;
static uint64_t		 violations;

static void	chan_free(struct chan *);
static void	chan_ready(struct ev_io *, int);
static void	chans_flush(struct ev_hook *);

int
fd_nonblock(int fd)
{
	int	fl;

	if ((fl = fcntl(fd, F_GETFL)) == -1)
		return (-1);
	return (fcntl(fd, F_SETFL, fl | O_NONBLOCK));
}

int
chan_pair(int sv[2])
{
	int	i;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		return (-1);
	for (i = 0; i < 2; i++)
		if (fd_nonblock(sv[i]) == -1 ||
		    fcntl(sv[i], F_SETFD, FD_CLOEXEC) == -1) {
			close(sv[0]);
			close(sv[1]);
			return (-1);
		}
	return (0);
}

uint64_t
chan_violations(void)
{
	return (violations);
}

/* The handlers must be the receivable rows, no more, no fewer. */
static void
chan_sethandlers(struct chan *ch)
{
	const struct chan_handler	*h;
	const struct msg_row		*row;
	size_t				 i;

	for (h = ch->ops->handlers; h->fn != NULL; h++) {
		row = msg_row(h->type);
		if (row == NULL || h->type == MSG_CREDIT ||
		    !msg_allowed(row, ch->kind, ch->side, CS_ANY) ||
		    ch->fn[h->type] != NULL)
			fatalx("channel kind %d: %s has no place here",
			    ch->kind, msg_name(h->type));
		ch->fn[h->type] = h->fn;
	}
	for (i = 0; (row = msg_row_at(i)) != NULL; i++)
		if (row->type != MSG_CREDIT &&
		    msg_allowed(row, ch->kind, ch->side, CS_ANY) &&
		    ch->fn[row->type] == NULL)
			fatalx("channel kind %d: nobody handles %s",
			    ch->kind, row->name);
}

struct chan *
chan_new(int fd, enum chan_kind kind, enum chan_side side,
    const struct chan_ops *ops, void *arg)
{
	struct chan *ch;

	if ((ch = calloc(1, sizeof(*ch))) == NULL ||
	    (ch->rbuf = malloc(RBUF_SIZE)) == NULL)
		fatal("channel");
	ch->kind = kind;
	ch->side = side;
	ch->state = CS_SETUP;
	ch->ops = ops;
	ch->arg = arg;
	ch->credit = CHAN_CREDIT;
	ch->held_tail = &ch->held;
	snprintf(ch->name, sizeof(ch->name), "channel %d", fd);
	buf_init(&ch->whole, 0);
	buf_init(&ch->out, OUT_MAX);
	ch->out.secret = ch->whole.secret = (kind & CK_SECRETS) != 0;
	chan_sethandlers(ch);
	if (!hooked) {
		ev_hook_add(&flush_hook, EV_ORDER_FLUSH, chans_flush, NULL);
		hooked = 1;
	}
	ch->next = chans;
	if (chans != NULL)
		chans->prev = ch;
	chans = ch;
	ev_io_add(&ch->io, fd, EV_READ, chan_ready, ch);
	return (ch);
}

static void
chan_free(struct chan *ch)
{
	struct held	*h;
	int		 i;

	if (ch->next != NULL)
		ch->next->prev = ch->prev;
	if (ch->prev != NULL)
		ch->prev->next = ch->next;
	else
		chans = ch->next;
	for (i = 0; i < ch->nfds; i++)
		close(ch->fds[i]);
	for (i = 0; i < ch->out_nfds; i++)
		close(ch->out_fds[i].fd);
	while ((h = ch->held) != NULL) {
		ch->held = h->next;
		secret_wipe(h->body, h->len);
		free(h);
	}
	buf_wipe(&ch->whole);
	buf_wipe(&ch->out);
	secret_wipe(ch->rbuf, RBUF_SIZE);
	free(ch->rbuf);
	free(ch);
}

static void
chan_detach(struct chan *ch)
{
	int	fd = ch->io.fd;

	if (fd == -1)
		return;
	ev_io_del(&ch->io);
	close(fd);
}

void
chan_close(struct chan *ch)
{
	if (ch == NULL || ch->closed)
		return;
	ch->closed = 1;
	chan_detach(ch);
	if (!ch->busy)
		chan_free(ch);
}

/* Marked here, reported from the loop: callers keep a valid pointer. */
static void
chan_end(struct chan *ch, enum chan_end end, const char *why)
{
	if (ch->ending || ch->closed)
		return;
	ch->ending = 1 + (int)end;
	snprintf(ch->why, sizeof(ch->why), "%s", why);
	chan_detach(ch);
	ev_hook_arm(&flush_hook);
}

void
chan_violation(struct chan *ch, const char *why)
{
	if (ch->ending || ch->closed)
		return;
	violations++;
	log_line(LC_EXCEPTIONS, LL_ERROR, "%s: violation: %s", ch->name, why);
	chan_end(ch, CE_VIOLATION, why);
}

void *
chan_arg(const struct chan *ch)
{
	return (ch->arg);
}

void
chan_setarg(struct chan *ch, void *arg)
{
	ch->arg = arg;
}

enum chan_kind
chan_getkind(const struct chan *ch)
{
	return (ch->kind);
}

int
chan_fd(const struct chan *ch)
{
	return (ch->io.fd);
}

void
chan_setstate(struct chan *ch, int cs)
{
	ch->state = cs;
}

void
chan_setname(struct chan *ch, const char *name)
{
	snprintf(ch->name, sizeof(ch->name), "%s", name);
}

const char *
chan_name(const struct chan *ch)
{
	return (ch->name);
}

size_t
chan_queued(const struct chan *ch)
{
	return (ch->out.len + ch->held_bytes);
}

/* ---- sending ---- */

static void
frame_add(struct chan *ch, uint32_t type, uint32_t id, uint32_t flags,
    const void *a, size_t alen, const void *b, size_t blen)
{
	static const uint8_t	zero[8];
	struct chan_hdr		h;

	h.type = type;
	h.id = id;
	h.len = (uint32_t)(alen + blen);
	h.flags = flags;
	buf_add(&ch->out, &h, sizeof(h));
	buf_add(&ch->out, a, alen);
	buf_add(&ch->out, b, blen);
	buf_add(&ch->out, zero, PAD(h.len));
}

/* As many frames as it takes; only the last one lacks CHAN_F_MORE. */
static void
message_add(struct chan *ch, uint32_t type, uint32_t id, uint32_t flags,
    const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	size_t	an, bn;

	while (alen + blen > CHAN_FRAME_MAX) {
		an = alen > CHAN_FRAME_MAX ? CHAN_FRAME_MAX : alen;
		bn = CHAN_FRAME_MAX - an;
		frame_add(ch, type, id, flags | CHAN_F_MORE, a, an, b, bn);
		flags = 0;
		a += an;
		alen -= an;
		if (b != NULL)
			b += bn;
		blen -= bn;
	}
	frame_add(ch, type, id, flags, a, alen, b, blen);
	if (ch->out.failed)
		chan_violation(ch, "peer does not read");
	else
		ev_hook_arm(&flush_hook);
}

static void
message_hold(struct chan *ch, uint32_t type, uint32_t id, const void *a,
    size_t alen, const void *b, size_t blen)
{
	struct held *h;

	if (ch->held_bytes > OUT_MAX) {
		chan_violation(ch, "peer grants no credit");
		return;
	}
	if ((h = malloc(sizeof(*h) + alen + blen)) == NULL)
		fatal("channel");
	h->next = NULL;
	h->type = type;
	h->id = id;
	h->len = alen + blen;
	memcpy(h->body, a, alen);
	if (blen != 0)
		memcpy(h->body + alen, b, blen);
	*ch->held_tail = h;
	ch->held_tail = &h->next;
	ch->held_bytes += h->len;
}

/* A bulk message may start while any credit is left, however long it is. */
static void
held_release(struct chan *ch)
{
	struct held *h;

	while ((h = ch->held) != NULL && ch->credit > 0 && !ch->ending) {
		if ((ch->held = h->next) == NULL)
			ch->held_tail = &ch->held;
		ch->held_bytes -= h->len;
		ch->credit -= (int64_t)h->len;
		message_add(ch, h->type, h->id, 0, h->body, h->len, NULL, 0);
		secret_wipe(h->body, h->len);
		free(h);
	}
}

static int
send_any(struct chan *ch, uint32_t type, uint32_t id, const void *data,
    const void *tail, size_t tail_len, int fd)
{
	const struct msg_row	*row = msg_row(type);
	enum chan_side		 peer;

	peer = ch->side == SIDE_FIRST ? SIDE_SECOND : SIDE_FIRST;
	if (row == NULL || !msg_allowed(row, ch->kind, peer, CS_ANY) ||
	    tail_len > row->tail_max || (fd != -1) != !!(row->flags & MSG_FD))
		fatalx("%s: %s must not be sent", ch->name, msg_name(type));
	if (ch->ending || ch->closed || ch->out_dead) {
		if (fd != -1)
			close(fd);
		return (-1);
	}
	if (row->flags & MSG_BULK) {
		if (ch->held != NULL || ch->credit <= 0) {
			message_hold(ch, type, id, data, row->size, tail,
			    tail_len);
			return (0);
		}
		ch->credit -= (int64_t)(row->size + tail_len);
	}
	if (fd != -1) {
		if (ch->out_nfds == FD_QUEUE && (chan_flush(ch) == -1 ||
		    ch->out_nfds == FD_QUEUE)) {
			close(fd);
			chan_violation(ch, "peer does not read");
			return (-1);
		}
		ch->out_fds[ch->out_nfds].off = ch->out.len;
		ch->out_fds[ch->out_nfds++].fd = fd;
	}
	message_add(ch, type, id, fd != -1 ? CHAN_F_FD : 0, data, row->size,
	    tail, tail_len);
	return (ch->ending ? -1 : 0);
}

int
chan_send(struct chan *ch, uint32_t type, uint32_t id, const void *data)
{
	return (send_any(ch, type, id, data, NULL, 0, -1));
}

int
chan_send_fd(struct chan *ch, uint32_t type, uint32_t id, const void *data,
    int fd)
{
	return (send_any(ch, type, id, data, NULL, 0, fd));
}

int
chan_send_tail(struct chan *ch, uint32_t type, uint32_t id, const void *data,
    const void *tail, size_t tail_len)
{
	return (send_any(ch, type, id, data, tail, tail_len, -1));
}

/* One sendmsg: up to the next frame that carries a descriptor. */
static ssize_t
write_some(struct chan *ch)
{
	union {
		struct cmsghdr	hdr;
		char		space[CMSG_SPACE(sizeof(int))];
	}		 ctl;
	struct msghdr	 mh;
	struct iovec	 iov;
	struct cmsghdr	*cm;

	memset(&mh, 0, sizeof(mh));
	memset(&ctl, 0, sizeof(ctl));
	iov.iov_base = ch->out.data;
	iov.iov_len = ch->out.len;
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	if (ch->out_nfds > 0 && ch->out_fds[0].off > 0)
		iov.iov_len = ch->out_fds[0].off;
	else if (ch->out_nfds > 0) {
		if (ch->out_nfds > 1)
			iov.iov_len = ch->out_fds[1].off;
		mh.msg_control = ctl.space;
		mh.msg_controllen = sizeof(ctl.space);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(cm), &ch->out_fds[0].fd, sizeof(int));
	}
	return (sendmsg(ch->io.fd, &mh, MSG_NOSIGNAL));
}

static void
written(struct chan *ch, size_t n)
{
	int	i;

	if (ch->out_nfds > 0 && ch->out_fds[0].off == 0) {
		close(ch->out_fds[0].fd);
		ch->out_nfds--;
		memmove(&ch->out_fds[0], &ch->out_fds[1],
		    (size_t)ch->out_nfds * sizeof(ch->out_fds[0]));
	}
	for (i = 0; i < ch->out_nfds; i++)
		ch->out_fds[i].off -= n;
	buf_consume(&ch->out, n);
	if (ch->kind & CK_SECRETS)
		secret_wipe(ch->out.data + ch->out.len, n);
	if (ch->out.len == 0 && ch->out.cap > 4 * CHAN_FRAME_MAX)
		buf_free(&ch->out);
}

static void
credit_tell(struct chan *ch)
{
	struct msg_credit m;

	if (ch->owed < CHAN_CREDIT / 4)
		return;
	memset(&m, 0, sizeof(m));
	m.bytes = (uint32_t)ch->owed;
	ch->owed = 0;
	chan_send(ch, MSG_CREDIT, 0, &m);
}

/*
 * The peer is gone for writing.  What it sent before is still read: its last
 * words may be audit records.  The end comes from the reading side.
 */
static void
out_kill(struct chan *ch)
{
	ch->out_dead = 1;
	while (ch->out_nfds > 0)
		close(ch->out_fds[--ch->out_nfds].fd);
	buf_wipe(&ch->out);
	if (ch->paused)
		chan_end(ch, CE_EOF, "closed by the peer");
}

static int
chan_want(const struct chan *ch)
{
	return ((ch->paused || ch->idle ? 0 : EV_READ) |
	    (ch->out.len > 0 ? EV_WRITE : 0));
}

static void
chan_idle(struct chan *ch, int on)
{
	if (ch->ending || ch->closed)
		return;
	ch->idle = on;
	ev_io_want(&ch->io, chan_want(ch));
}

int
chan_flush(struct chan *ch)
{
	ssize_t	n;

	if (ch->ending || ch->closed)
		return (-1);
	credit_tell(ch);
	held_release(ch);
	while (ch->out.len > 0 && !ch->ending) {
		if ((n = write_some(ch)) == -1) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN || errno == ENOBUFS)
				break;
			if (errno == EPIPE || errno == ECONNRESET)
				out_kill(ch);
			else
				chan_end(ch, CE_ERROR, strerror(errno));
			return (-1);
		}
		written(ch, (size_t)n);
	}
	if (ch->ending)
		return (-1);
	ev_io_want(&ch->io, chan_want(ch));
	return (0);
}

void
chan_credit(struct chan *ch, size_t n)
{
	ch->owed += n;
	if (ch->owed >= CHAN_CREDIT / 4)
		ev_hook_arm(&flush_hook);
}

size_t
msg_bulk_len(const struct msg *m)
{
	return (msg_row(m->type)->size + m->tail_len);
}

/* ---- receiving ---- */

static void
on_credit(struct chan *ch, const struct msg *m)
{
	const struct msg_credit *c = m->data;

	ch->credit += c->bytes;
	if (ch->credit > CHAN_CREDIT)
		chan_violation(ch, "more credit than was used");
	else if (ch->held != NULL)
		ev_hook_arm(&flush_hook);
}

static int
take_fd(struct chan *ch)
{
	int	fd;

	if (ch->nfds == 0)
		return (-1);
	fd = ch->fds[0];
	ch->nfds--;
	memmove(&ch->fds[0], &ch->fds[1],
	    (size_t)ch->nfds * sizeof(ch->fds[0]));
	return (fd);
}

static void
deliver(struct chan *ch, const struct msg_row *row, const struct chan_hdr *h,
    uint8_t *body, size_t len)
{
	struct msg	 m;
	const char	*bad;
	char		 why[96];

	bad = msg_check(row, len, (h->flags & CHAN_F_FD) != 0, body);
	m.fd = -1;
	if (bad == NULL && h->flags & CHAN_F_FD &&
	    (m.fd = take_fd(ch)) == -1)
		bad = "descriptor";
	if (bad != NULL) {
		snprintf(why, sizeof(why), "%s: bad %s", row->name, bad);
		chan_violation(ch, why);
		return;
	}
	m.type = h->type;
	m.id = h->id;
	m.data = body;
	m.tail = body + row->size;
	m.tail_len = len - row->size;
	if (m.type == MSG_CREDIT)
		on_credit(ch, &m);
	else
		ch->fn[m.type](ch, &m);
	if (row->flags & MSG_SECRET)
		secret_wipe(body, len);
}

/* The header against the rows: before a byte of the body is kept. */
static const char *
header_bad(const struct chan *ch, const struct chan_hdr *h,
    const struct msg_row *row)
{
	size_t	have = ch->gathering ? ch->whole.len : 0;

	if (row == NULL)
		return ("no such message");
	if (h->flags & ~(uint32_t)(CHAN_F_FD | CHAN_F_MORE))
		return ("flags");
	if (!msg_allowed(row, ch->kind, ch->side, ch->state))
		return ("not allowed here");
	if (ch->gathering && (h->type != ch->whole_hdr.type ||
	    h->id != ch->whole_hdr.id || h->flags & CHAN_F_FD))
		return ("broken continuation");
	if (h->len > CHAN_FRAME_MAX ||
	    have + h->len > row->size + row->tail_max)
		return ("too long");
	if (h->flags & CHAN_F_MORE && h->len != CHAN_FRAME_MAX)
		return ("short frame");
	return (NULL);
}

static void
frame_take(struct chan *ch, const struct chan_hdr *h, uint8_t *body)
{
	const struct msg_row *row = msg_row(h->type);

	if (!ch->gathering && !(h->flags & CHAN_F_MORE)) {
		deliver(ch, row, h, body, h->len);
		return;
	}
	if (!ch->gathering) {
		ch->whole_hdr = *h;
		ch->gathering = 1;
		buf_reset(&ch->whole);
	}
	if (buf_add(&ch->whole, body, h->len) == -1)
		fatalx("%s: no memory for a message", ch->name);
	if (h->flags & CHAN_F_MORE)
		return;
	ch->gathering = 0;
	deliver(ch, row, &ch->whole_hdr, ch->whole.data, ch->whole.len);
	if (!ch->ending && !ch->closed)
		buf_free(&ch->whole);
}

static void
parsed(struct chan *ch, size_t off)
{
	if (off == 0)
		return;
	ch->rlen -= off;
	if (ch->rlen != 0)
		memmove(ch->rbuf, ch->rbuf + off, ch->rlen);
	if (ch->kind & CK_SECRETS)
		secret_wipe(ch->rbuf + ch->rlen, off);
}

static void
chan_parse(struct chan *ch)
{
	struct chan_hdr	 h;
	size_t		 off = 0;
	const char	*bad;
	char		 why[96];

	while (!ch->ending && !ch->closed && !ch->paused &&
	    ch->rlen - off >= sizeof(h)) {
		memcpy(&h, ch->rbuf + off, sizeof(h));
		bad = header_bad(ch, &h, msg_row(h.type));
		if (bad != NULL) {
			snprintf(why, sizeof(why), "%s (%u): %s",
			    msg_name(h.type), h.type, bad);
			chan_violation(ch, why);
			return;
		}
		if (ch->rlen - off - sizeof(h) < h.len + PAD(h.len))
			break;
		off += sizeof(h);
		frame_take(ch, &h, ch->rbuf + off);
		off += h.len + PAD(h.len);
	}
	if (ch->ending || ch->closed)
		return;
	parsed(ch, off);
	/* Descriptors come with the first byte of their frame, or later. */
	if (ch->nfds > 0 && ch->rlen == 0)
		chan_violation(ch, "descriptor without a message");
}

static int
fds_take(struct chan *ch, struct msghdr *mh)
{
	struct cmsghdr	*cm;
	size_t		 n, i;
	int		 fd, rv = mh->msg_flags & MSG_CTRUNC ? -1 : 0;

	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int),
			    sizeof(int));
			if (ch->nfds < FD_QUEUE)
				ch->fds[ch->nfds++] = fd;
			else {
				close(fd);
				rv = -1;
			}
		}
	}
	return (rv);
}

static ssize_t
read_some(struct chan *ch)
{
	union {
		struct cmsghdr	hdr;
		char		space[CMSG_SPACE(sizeof(int) * FD_QUEUE)];
	}		 ctl;
	struct msghdr	 mh;
	struct iovec	 iov;
	ssize_t		 n;

	memset(&mh, 0, sizeof(mh));
	iov.iov_base = ch->rbuf + ch->rlen;
	iov.iov_len = RBUF_SIZE - ch->rlen;
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	mh.msg_control = ctl.space;
	mh.msg_controllen = sizeof(ctl.space);
	n = recvmsg(ch->io.fd, &mh, MSG_CMSG_CLOEXEC);
	if (n > 0 && fds_take(ch, &mh) == -1) {
		chan_violation(ch, "too many descriptors");
		return (-2);
	}
	return (n);
}

/* Returns 1 if more may wait in the socket, else 0. */
static int
chan_read(struct chan *ch)
{
	size_t	room = RBUF_SIZE - ch->rlen;
	ssize_t	n;

	n = read_some(ch);
	if (n == -2)
		return (0);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			chan_end(ch, errno == ECONNRESET ? CE_EOF : CE_ERROR,
			    strerror(errno));
		return (0);
	}
	if (n == 0) {
		if (ch->rlen != 0 || ch->gathering)
			log_debug("%s: ended inside a message", ch->name);
		chan_end(ch, CE_EOF, "closed by the peer");
		return (0);
	}
	ch->rlen += (size_t)n;
	chan_parse(ch);
	return ((size_t)n == room);
}

static void
chan_ready(struct ev_io *io, int got)
{
	struct chan	*ch = io->arg;
	int		 i;

	ch->busy = 1;
	if (got & EV_WRITE)
		chan_flush(ch);
	if (got & EV_HUP && ch->idle) {
		chan_rest(ch, 0);
		got |= EV_READ;
	}
	if (got & EV_HUP && ch->paused)
		chan_end(ch, CE_EOF, "closed by the peer");
	/* A few rounds at most, so that no peer keeps the others waiting. */
	for (i = 0; got & EV_READ && i < 4 && !ch->ending && !ch->closed &&
	    !ch->paused; i++) {
		if (chan_read(ch))
			continue;
		/* All there was is taken: the moment to rest. */
		if (ch->resting && (got & EV_HUP) == 0)
			chan_idle(ch, 1);
		break;
	}
	ch->busy = 0;
	if (ch->closed)
		chan_free(ch);
}

/* Ends that were marked in this turn are reported here, once. */
static void
chan_report(struct chan *ch)
{
	enum chan_end end = (enum chan_end)(ch->ending - 1);

	ch->busy = 1;
	ch->closed = 1;
	if (ch->ops->on_end != NULL)
		ch->ops->on_end(ch, end, ch->why);
	chan_free(ch);
}

static void
chans_resume(void)
{
	struct chan	*ch, *next;

	for (ch = chans; ch != NULL; ch = next) {
		next = ch->next;
		if (!ch->resume || ch->paused || ch->ending || ch->closed)
			continue;
		ch->resume = 0;
		ch->busy = 1;
		chan_parse(ch);
		ch->busy = 0;
		next = ch->next;
		if (ch->closed)
			chan_free(ch);
	}
}

static void
chans_flush(struct ev_hook *hook)
{
	struct chan	*ch, *next;
	int		 again = 1;

	chans_resume();
	for (ch = chans; ch != NULL; ch = ch->next)
		if (!ch->closed && !ch->ending && (ch->out.len > 0 ||
		    ch->held != NULL || ch->owed >= CHAN_CREDIT / 4 ||
		    ch->io.want != chan_want(ch)))
			chan_flush(ch);
	/* on_end may close or end others: start over after each report. */
	while (again) {
		again = 0;
		for (ch = chans; ch != NULL && !again; ch = next) {
			next = ch->next;
			if (ch->ending && !ch->closed && !ch->busy) {
				chan_report(ch);
				again = 1;
			}
		}
	}
}

void
chan_pause(struct chan *ch, int on)
{
	if (ch->ending || ch->closed || ch->paused == !!on)
		return;
	ch->paused = !!on;
	ev_io_want(&ch->io, chan_want(ch));
	/* What came before the pause is handed on from the loop. */
	if (!on) {
		ch->resume = 1;
		ev_hook_arm(&flush_hook);
	}
}

void
chan_rest(struct chan *ch, int on)
{
	ch->resting = !!on;
	if (!on)
		chan_idle(ch, 0);
}

int
chan_wait(struct chan *ch, int ms)
{
	struct pollfd	p;
	int		n, status = 1;

	if (chan_flush(ch) == -1)
		goto ended;
	memset(&p, 0, sizeof(p));
	p.fd = ch->io.fd;
	p.events = (short)(POLLIN | (ch->out.len > 0 ? POLLOUT : 0));
	if ((n = poll(&p, 1, ms)) == 0)
		return (0);
	if (n == -1)
		return (errno == EINTR ? 1 : -1);
	ch->busy = 1;
	if (p.revents & POLLOUT)
		chan_flush(ch);
	if (p.revents & (POLLIN | POLLHUP | POLLERR) && !ch->ending)
		chan_read(ch);
	ch->busy = 0;
	if (ch->closed) {
		chan_free(ch);
		return (-1);
	}
	if (!ch->ending)
		return (status);
 ended:
	chan_report(ch);
	return (-1);
}
