/* SPDX-License-Identifier: ISC */
/*
 * stream.h: answers that come in more than one piece.  A request may be told
 * of with events before its result, and its result may come in a later turn
 * of the loop.  The listener makes a text/event-stream of the answer at the
 * first event; without one the answer is plain JSON, as ever.
 *
 * A struct stream exists for each request while its handler runs, and costs
 * nothing until it is used.  stream_later() makes one that lives on: it
 * holds the handle, counts against the limits of its grant, and ends with
 * its answer, with the worker, or when the client takes the request back.
 * When its handle ends it stands still, from before authd is told that the
 * handle is closed, until it is given another one of the same grant, and of
 * the same rights if it is a call; a revoked grant has none.
 *
 * Nothing here waits for a client.  Events that find too much queued for
 * their worker are refused (-1): progress and logs are then left out.
 *
 * Tools use call_event(), call_progress(), call_log(), call_ask() and
 * call_later() of toold.h, which are these on the stream of the call.
 */
#ifndef TOOLD_STREAM_H
#define TOOLD_STREAM_H

#include <jansson.h>

#include "../common/chan.h"
#include "../common/ev.h"
#include "handle.h"
#include "scan.h"

#define STREAM_KEY_LEN		16
#define STREAM_QUEUE_MAX	(1U << 20)	/* bytes before events go */
#define STREAM_BUDGET_MS	45000		/* of an answer, in all */
#define STREAM_KEEP_MS		60000		/* an answer, for its client */
#define STREAM_KEEP_BYTES	(16U << 20)	/* of such answers, in all */
#define STREAM_ORPHAN_MS	20000		/* for a new handle to come */

enum stream_why {
	SW_TIMER,		/* the time given to stream_wait() is over */
	SW_REPLY,		/* the client answered stream_ask() */
	SW_LATE,		/* STREAM_BUDGET_MS are over: answer now */
	SW_HANDLE,		/* long: it has a new handle, same rights */
	SW_RIGHTS,		/* long: it has a new handle, other rights */
	SW_END,			/* long: end it with stream_answer() */
	SW_GONE			/* nobody can be answered: free arg, return */
};

/* RFC 5424 severities, as the protocol names them. */
enum stream_level { SL_DEBUG, SL_INFO, SL_NOTICE, SL_WARNING, SL_ERROR,
	SL_CRITICAL, SL_ALERT, SL_EMERGENCY, SL_OFF };
/* The level with that name, or SL_OFF. */
enum stream_level stream_level(const struct span *);

#define SF_SSE		1		/* the client takes events */
#define SF_OPEN		2		/* one was sent */
#define SF_LONG		4		/* has no end of its own */
#define SF_LATER	8		/* made by stream_later() */
#define SF_MOVED	16		/* stream_later() took it over */
#define SF_RUNNING	32		/* inside wake() */
#define SF_GONE		64		/* its handle ended in there */
#define SF_FREED	128		/* memory goes when wake() returns */
#define SF_DETACHED	256		/* nobody listens now (resume) */
#define SF_AGAIN	512		/* will get another handle */
#define SF_STASHED	1024		/* reply came meanwhile */

struct stream {
	struct chan	*ch;		/* of the worker */
	uint32_t	 id;		/* of its question */
	unsigned int	 flags;		/* SF_ bits */
	struct handle	*handle;
	const struct era_row *era;	/* NULL: not known yet */
	enum stream_level level;	/* least that is told */
	double		 progress;	/* told last */
	struct span	 rpc_id;	/* as written */
	struct span	 token;		/* progressToken, as written */
	uint8_t		 session[STREAM_KEY_LEN];	/* ids are unique in */
	/* From here on only of stream_later(). */
	LIST_ENTRY(stream) by_id, of_handle;
	struct ev_timer	 timer;
	struct mono	 until;		/* the budget's end, if not SF_LONG */
	struct mono	 due;		/* what stream_wait() was called for */
	struct handle	*first;		/* the own one of a moved call */
	void		(*wake)(struct stream *, enum stream_why);
	void		*arg;
	char		*texts;		/* what rpc_id and token point to */
	uint64_t	 asked;		/* number of the open question, or 0 */
	json_t		*reply;		/* SW_REPLY: result or error; or kept */
	int		 reply_failed;	/* it is the error */
	uint64_t	 resume;	/* id of its first event, or 0 */
	uint8_t		*kept;		/* the answer, for who comes back */
	size_t		 kept_len;
	unsigned int	 kept_status;
};

/* ---- for handlers ---- */

/*
 * A JSON-RPC notification of this request: params is the text of a JSON
 * object on one line, or NULL.  0: queued; -1: the client takes no events,
 * or too much waits, or it is too long.  s may be NULL (-1).
 */
int	 stream_event(struct stream *, const char *method,
	    const char *params);
/*
 * notifications/progress, if the request has a progressToken and progress
 * has grown since.  total 0 and message NULL: not known.
 */
int	 stream_progress(struct stream *, double progress, double total,
	    const char *message);
/*
 * The same in the middle of a turn, written at once.  Only while nothing
 * else waits for the worker: answers of this turn go behind their audit
 * records, which cannot be sent from inside a transaction.
 */
void	 stream_alive(struct stream *, double progress, const char *message);
/*
 * notifications/message, if the client wants this level: data is JSON text
 * on one line, logger may be NULL.
 */
int	 stream_log(struct stream *, enum stream_level, const char *logger,
	    const char *data);

/*
 * The answer comes later: wake() runs after ms, and again whenever
 * stream_wait() is called for.  The handler sets reply->later and returns.
 * NULL when the request cannot wait (a batch, or too many of the grant or in
 * all): then nothing changed, and the handler answers that.
 */
struct stream *stream_later(struct stream *, unsigned int ms,
	    void (*wake)(struct stream *, enum stream_why), void *arg);
void	 stream_wait(struct stream *, unsigned int ms);
/*
 * It has no end of its own: no time, and no end with its handle.  While it
 * waits for another one events are refused; then wake() says SW_HANDLE or
 * SW_RIGHTS.  Opens it; wake() must know what to do at SW_END.
 */
void	 stream_long(struct stream *);
/* Can events be sent now: it has a live handle, and not too much waits. */
int	 stream_ready(struct stream *);
/*
 * Ask the client something (elicitation/create, sampling/createMessage;
 * handshake revisions only, client must take events): wake() is called with
 * SW_REPLY, or with what comes before.  0 or -1.  One question at a time.
 */
int	 stream_ask(struct stream *, const char *method, const char *params);
/* The answer, a whole JSON-RPC message; frees the stream.  No wake(). */
void	 stream_answer(struct stream *, unsigned int status, const void *,
	    size_t);

/* The handle ended meanwhile: frees the stream.  No wake(). */
void	 stream_unknown(struct stream *);

/*
 * 2025-11-25 can go on with the answer on another stream: the first event
 * then has an id, which GET gives as Last-Event-ID.  When the client is lost,
 * or by stream_detach(), the call goes on without one; its answer is kept
 * for STREAM_KEEP_MS.  Events are not kept.  0; -1: this stream cannot.
 */
int	 stream_detach(struct stream *);
/* The request from asks for that: 1 taken over, 0 there is none such. */
int	 stream_resume(struct stream *from, const uint8_t *session,
	    const struct span *last_event);

/* ---- for serve.c and mcp.c ---- */

/* Fill in the stream of a call that begins. */
void	 stream_begin(struct stream *, struct chan *, uint32_t id,
	    unsigned int flags, struct handle *);
/* Which request it is: spans that live as long as the handler runs. */
void	 stream_about(struct stream *, const struct era_row *,
	    const struct scan *, enum stream_level,
	    const uint8_t session[STREAM_KEY_LEN]);
/* The client takes back the request with this number. */
void	 stream_cancel(struct chan *, uint32_t id);
/* A long stream gets a new handle, of the same grant. */
void	 stream_handle(struct chan *, uint32_t id, struct handle *);
/* Limits from now on. */
void	 streams_setconf(const struct msg_conf_toold *);
/*
 * notifications/cancelled of the handshake revisions: the request of the
 * same user, client and session with this id ends without a response.
 */
void	 stream_cancelled(const struct handle *, const uint8_t *session,
	    const struct span *rpc_id);
/* A response of the client to stream_ask(), in the session of the call. */
void	 stream_reply(const struct handle *, const uint8_t *session,
	    const struct scan *);
/* The worker's channel is gone. */
void	 streams_drop(const struct chan *);
void	 streams_init(void);
unsigned int streams_count(void);

#endif
