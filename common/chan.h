/* SPDX-License-Identifier: ISC */
/*
 * chan.h: the channels between processes, imsg-style: typed messages with
 * at most one descriptor each over a SOCK_STREAM socketpair.
 *
 * Wire: struct chan_hdr, len bytes, zeroes up to a multiple of 8 (host
 * order, same machine only), so that structs can be read where they lie.  A
 * message longer than CHAN_FRAME_MAX travels as several frames that follow
 * each other, all but the last flagged CHAN_F_MORE; handlers only ever see
 * whole messages.  What may travel is decided by the rows of msg.c: type,
 * exact size of the fixed part, bound of the tail, descriptor, direction,
 * channel kind, state.  A frame that breaks a row ends the channel before
 * its handler is reached.
 *
 * Nothing here blocks.  chan_send only queues; the queue is written once at
 * the end of the turn (EV_ORDER_FLUSH), or by chan_flush.  Bulk rows are
 * under byte credit: what the peer has not yet granted stays here, and
 * small messages overtake it.
 *
 * The channel is the identity: handlers ask chan_arg(), never the message.
 */
#ifndef COMMON_CHAN_H
#define COMMON_CHAN_H

#include <stddef.h>
#include <stdint.h>

#define CHAN_FRAME_MAX	65536		/* body bytes of one frame */
#define CHAN_CREDIT	(4U << 20)	/* bulk bytes under way each way */

#define CHAN_F_FD	1		/* a descriptor comes with it */
#define CHAN_F_MORE	2		/* the message goes on */

struct chan_hdr {
	uint32_t	type;
	uint32_t	len;
	uint32_t	id;		/* request number, 0 where unused */
	uint32_t	flags;
};

enum chan_kind {			/* a bit each: rows hold masks */
	CK_MASTER_LISTENER	= 1,
	CK_MASTER_AUTHD		= 2,
	CK_MASTER_PWHASH	= 4,
	CK_MASTER_TOOLD		= 8,
	CK_LISTENER_AUTHD	= 16,
	CK_LISTENER_TOOLD	= 32,
	CK_AUTHD_TOOLD		= 64,
	CK_AUTHD_PWHASH		= 128,
	CK_CTL_MASTER		= 256,	/* keepctl is the first-named side */
	CK_CTL_AUTHD		= 512,
	CK_CTL_TOOLD		= 1024,
	CK_MASTER_SIGND		= 2048,
	CK_LISTENER_SIGND	= 4096
};
#define CK_MASTER_ANY	(CK_MASTER_LISTENER | CK_MASTER_AUTHD | \
			    CK_MASTER_PWHASH | CK_MASTER_TOOLD | \
			    CK_MASTER_SIGND)
#define CK_CTL_ANY	(CK_CTL_MASTER | CK_CTL_AUTHD | CK_CTL_TOOLD)

/*
 * Which end we hold.  FIRST is the first-named role of the kind (master,
 * listener; authd towards toold and pwhash; keepctl), SECOND the other.
 */
enum chan_side { SIDE_FIRST = 1, SIDE_SECOND = 2 };

/* States of a channel, a bit each; a new one is in CS_SETUP. */
#define CS_SETUP	1		/* before the channel is in service */
#define CS_RUN		2
#define CS_ANY		3

enum chan_end {
	CE_EOF,				/* the peer closed or died */
	CE_ERROR,			/* errno from the socket */
	CE_VIOLATION,			/* the peer broke a rule */
	CE_CLOSED			/* chan_close by ourselves */
};

struct chan;
struct msg {
	uint32_t	 type;
	uint32_t	 id;
	const void	*data;		/* fixed part, size of the row */
	const uint8_t	*tail;		/* what follows it, tail_len bytes */
	size_t		 tail_len;
	int		 fd;		/* -1, or the handler's to close */
};

typedef void chan_fn(struct chan *, struct msg *);

/* One row a message this side takes; ended by { 0, NULL }. */
struct chan_handler {
	uint32_t	 type;
	chan_fn		*fn;
};

struct chan_ops {
	const struct chan_handler *handlers;
	/*
	 * Called once from the loop, never from inside chan_send or
	 * chan_close by ourselves.  The channel is freed when it returns.
	 */
	void		(*on_end)(struct chan *, enum chan_end,
			    const char *why);
};

/*
 * Takes fd, which must be non-blocking (chan_pair and accept_nb make it so;
 * a listener may not call fcntl).  Needs ev_init.  Checks at once that the
 * handlers are exactly the messages that
 * msg.c lets this side receive on this kind: fatalx if one is missing or too
 * many.
 */
struct chan *chan_new(int fd, enum chan_kind, enum chan_side,
	    const struct chan_ops *, void *arg);
/* Close now; queued messages are lost (chan_flush first).  No on_end. */
void	 chan_close(struct chan *);
/* End it as a violation of the peer: logged once, counted, on_end called. */
void	 chan_violation(struct chan *, const char *why);

void	*chan_arg(const struct chan *);
void	 chan_setarg(struct chan *, void *);
enum chan_kind chan_getkind(const struct chan *);
int	 chan_fd(const struct chan *);
void	 chan_setstate(struct chan *, int cs);
/* A name for logs ("listener 2"), copied. */
void	 chan_setname(struct chan *, const char *);
const char *chan_name(const struct chan *);

/*
 * Queue a message.  Size is checked against the row (fatalx: our own bug).
 * chan_send_fd takes fd on every path.  Returns 0, or -1 when the channel is
 * already ending (the message is dropped).
 */
int	 chan_send(struct chan *, uint32_t type, uint32_t id, const void *);
int	 chan_send_fd(struct chan *, uint32_t type, uint32_t id, const void *,
	    int fd);
int	 chan_send_tail(struct chan *, uint32_t type, uint32_t id,
	    const void *, const void *tail, size_t tail_len);

/* Write what the socket takes now: 0, or -1 when the channel is ending. */
int	 chan_flush(struct chan *);
/* Bytes that wait in our queues. */
size_t	 chan_queued(const struct chan *);
/*
 * Stop or resume taking new messages (the socket then pushes back).  The
 * wait is counted by nobody: whoever pauses must resume.
 */
void	 chan_pause(struct chan *, int on);
/*
 * Rest: read what is there, then nothing more until told to, or until the
 * peer ends: what it wrote before that is still taken.
 */
void	 chan_rest(struct chan *, int on);
/*
 * Tell the peer that n bulk bytes were used up.  Until then they count
 * against its credit.  Received bulk messages are NOT credited by chan.c:
 * msg_bulk_len() of the message says how many they were.
 */
void	 chan_credit(struct chan *, size_t n);
size_t	 msg_bulk_len(const struct msg *);

/*
 * Synchronous use, for keepctl only: wait up to ms for the next message of
 * the channel and hand it to its handler: 1, 0 on timeout, -1 at its end.
 */
int	 chan_wait(struct chan *, int ms);

/* AF_UNIX SOCK_STREAM pair, close-on-exec, non-blocking: 0 or -1. */
int	 chan_pair(int sv[2]);
int	 fd_nonblock(int fd);

/* Violations seen by this process since it started. */
uint64_t chan_violations(void);

#endif
