/* SPDX-License-Identifier: ISC */
/*
 * serve.c: see serve.h.  Runs in toold.  A listener may be hijacked: what it
 * sends is bytes of a request under a handle, and a handle is looked for
 * only among those of its own channel.  The control socket is root's.
 */
#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/buf.h"
#include "../common/chan.h"
#include "../common/child.h"
#include "../common/ctl.h"
#include "../common/ev.h"
#include "../common/log.h"
#include "../common/text.h"
#include "audit.h"
#include "backup.h"
#include "control.h"
#include "handle.h"
#include "mcp.h"
#include "serve.h"
#include "transfer.h"
#include "stream.h"

struct peer {				/* a worker, or one keepctl */
	LIST_ENTRY(peer) all;
	struct chan	*ch;
	struct worker	*worker;
	struct msg_worker id;
	int		 control;
	uint64_t	 has[TEXT_SLOTS];	/* versions of texts, 0: none */
};

struct waiting {			/* a call that came too early */
	STAILQ_ENTRY(waiting) next;
	struct peer	*peer;
	struct mono	 since;
	uint32_t	 id;
	size_t		 bulk;		/* to be credited */
	struct msg_call	 head;
	size_t		 tail_len;
	uint8_t		 tail[];
};

struct lane {				/* waiting calls of one grant */
	TAILQ_ENTRY(lane) next;
	uint8_t		 grant[GRANT_LEN];
	unsigned int	 n;
	STAILQ_HEAD(, waiting) calls;
};

static LIST_HEAD(, peer) peers = LIST_HEAD_INITIALIZER(peers);
static TAILQ_HEAD(, lane) lanes = TAILQ_HEAD_INITIALIZER(lanes);
static size_t waiting_calls, waiting_bytes;
static uint64_t spent_us;		/* on calls in this turn */
static int in_run;			/* waiting calls are being run */
static struct ev_hook run_hook;
static struct ev_timer run_timer;
static struct serve_stat stat;
static struct buf body;			/* of the answer being made; kept */
static struct worker *control_worker;
static struct ev_io control_io = { .fd = -1 };

/* ---- one call ---- */

static void
answer_unknown(struct peer *p, uint32_t id, const uint8_t *handle)
{
	struct msg_handle m;

	memcpy(m.handle, handle, sizeof(m.handle));
	stat.refused++;
	chan_send(p->ch, MSG_HANDLE_UNKNOWN, id, &m);
}

/* A text that the peer has not yet goes ahead of the answer with it. */
static void
text_tell(struct peer *p, const struct shared *t)
{
	struct msg_text m;

	if (p->has[t->slot] == t->version)
		return;
	memset(&m, 0, sizeof(m));
	m.slot = t->slot;
	chan_send_tail(p->ch, MSG_TEXT, 0, &m, t->text.data, t->text.len);
	p->has[t->slot] = t->version;
}

/* For keepctl, which keeps none. */
static void
text_insert(const struct reply *r)
{
	struct buf *b = r->body;
	size_t tail = b->len - r->text_at;

	if (buf_reserve(b, r->text->text.len) == NULL)
		return;
	memmove(b->data + r->text_at + r->text->text.len,
	    b->data + r->text_at, tail);
	memcpy(b->data + r->text_at, r->text->text.data, r->text->text.len);
	b->len += r->text->text.len;
}

static void
answer(struct peer *p, uint32_t id, const struct reply *r)
{
	struct msg_answer m;
	struct buf both;

	memset(&m, 0, sizeof(m));
	if (r->text != NULL && p->control) {
		text_insert(r);
	} else if (r->text != NULL) {
		text_tell(p, r->text);
		m.text = r->text->slot + 1;
		m.text_at = (uint32_t)r->text_at;
	}
	m.status = r->status;
	m.retry_after = r->retry_after;
	m.session_len = (uint32_t)strlen(r->session);
	m.body_len = (uint32_t)r->body->len;
	m.flags = (r->body->len > 0 ? AF_JSON : 0) |
	    (m.session_len > 0 ? AF_SESSION : 0);
	if (m.session_len == 0) {
		chan_send_tail(p->ch, MSG_ANSWER, id, &m, r->body->data,
		    r->body->len);
		return;
	}
	buf_init(&both, 0);
	buf_add(&both, r->session, m.session_len);
	buf_add(&both, r->body->data, r->body->len);
	if (both.failed)
		fatalx("no memory for an answer");
	chan_send_tail(p->ch, MSG_ANSWER, id, &m, both.data, both.len);
	buf_free(&both);
}

/* Not begun: it is safe to come back. */
static void
answer_busy(struct peer *p, uint32_t id)
{
	static const char text[] = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":"
	    "-32603,\"message\":\"Busy: the call was not begun, try again\"}"
	    "}";
	struct msg_answer m;

	memset(&m, 0, sizeof(m));
	m.status = 503;
	m.retry_after = 1;
	m.flags = AF_JSON;
	m.body_len = sizeof(text) - 1;
	chan_send_tail(p->ch, MSG_ANSWER, id, &m, text, sizeof(text) - 1);
}

/*
 * Much waits to be written: let the listener have it now, behind the audit
 * records of this turn, rather than gather megabytes.
 */
static void
relieve(struct chan *ch)
{
	if (chan_queued(ch) < SERVE_QUEUE_BYTES)
		return;
	audit_send();
	chan_flush(ch);
}

static const char *
take_span(const char *p, uint32_t len, struct span *out)
{
	out->p = p;
	out->len = len;
	return (p + len);
}

/* The tail's parts; msg.c saw that their lengths add up. */
static void
request_fill(struct request *r, const struct msg_call *m,
    const uint8_t *tail)
{
	const char *p = (const char *)tail;

	r->method = (enum call_method)m->method;
	r->flags = m->flags;
	p = take_span(p, m->version_len, &r->version);
	p = take_span(p, m->mcp_method_len, &r->mcp_method);
	p = take_span(p, m->mcp_name_len, &r->mcp_name);
	p = take_span(p, m->session_len, &r->session);
	p = take_span(p, m->params_len, &r->params);
	take_span(p, m->body_len, &r->body);
}

static void
call_run(struct peer *p, uint32_t id, const struct msg_call *m,
    const uint8_t *tail, struct handle *h)
{
	uint64_t began = mono_us();
	struct request req;
	struct stream st;
	struct reply r;

	request_fill(&req, m, tail);
	req.handle = h;
	req.stream = &st;
	stream_begin(&st, p->ch, id, m->flags & CF_SSE && !p->control ?
	    SF_SSE : 0, h);
	buf_reset(&body);
	r.body = &body;
	r.text = NULL;
	stat.calls++;
	handle_hold(h);
	mcp_serve(&req, &r);
	handle_release(h);
	if (body.failed)
		fatalx("no memory for an answer");
	if (r.gone)
		answer_unknown(p, id, m->handle);
	else if (!r.later)
		answer(p, id, &r);
	relieve(p->ch);
	if (body.cap > (1U << 20))
		buf_free(&body);
	spent_us += mono_us() - began;
	/* Armed in its own callback it would run again in this turn. */
	if (!in_run)
		ev_hook_arm(&run_hook);
}

/* ---- waiting ---- */

static struct lane *
lane_find(const uint8_t *grant)
{
	struct lane *l;

	TAILQ_FOREACH(l, &lanes, next)
		if (memcmp(l->grant, grant, GRANT_LEN) == 0)
			return (l);
	return (NULL);
}

static struct lane *
lane_get(const uint8_t *grant)
{
	struct lane *l = lane_find(grant);

	if (l != NULL)
		return (l);
	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("waiting calls");
	memcpy(l->grant, grant, sizeof(l->grant));
	STAILQ_INIT(&l->calls);
	TAILQ_INSERT_TAIL(&lanes, l, next);
	return (l);
}

static void
waiting_free(struct waiting *w)
{
	waiting_calls--;
	waiting_bytes -= w->tail_len;
	explicit_bzero(w, sizeof(*w));
	free(w);
}

static void
lane_free(struct lane *l)
{
	TAILQ_REMOVE(&lanes, l, next);
	free(l);
}

static void
call_wait(struct peer *p, struct msg *msg, const struct caller *who)
{
	struct lane *l = lane_get(who->grant);
	struct waiting *w;

	if (l->n >= SERVE_WAIT_GRANT || waiting_calls >= SERVE_WAIT_ALL ||
	    waiting_bytes + msg->tail_len > SERVE_WAIT_BYTES) {
		if (l->n == 0)
			lane_free(l);
		chan_credit(p->ch, msg_bulk_len(msg));
		answer_busy(p, msg->id);
		return;
	}
	if ((w = malloc(sizeof(*w) + msg->tail_len)) == NULL)
		fatal("waiting call");
	w->peer = p;
	w->since = mono_now();
	w->id = msg->id;
	w->bulk = msg_bulk_len(msg);
	memcpy(&w->head, msg->data, sizeof(w->head));
	w->tail_len = msg->tail_len;
	memcpy(w->tail, msg->tail, msg->tail_len);
	STAILQ_INSERT_TAIL(&l->calls, w, next);
	l->n++;
	waiting_calls++;
	waiting_bytes += w->tail_len;
	stat.waited++;
	ev_hook_arm(&run_hook);
}

static void
waiting_run(struct waiting *w)
{
	struct handle *h;

	chan_credit(w->peer->ch, w->bulk);
	if (mono_now().ms - w->since.ms > SERVE_WAIT_MS ||
	    chan_queued(w->peer->ch) > SERVE_QUEUED_MAX)
		answer_busy(w->peer, w->id);
	else if ((h = handle_find(w->peer->worker, w->head.handle)) == NULL)
		answer_unknown(w->peer, w->id, w->head.handle);
	else
		call_run(w->peer, w->id, &w->head, w->tail, h);
}

/* One call of the first lane, which then goes to the end of the line. */
static void
lanes_step(void)
{
	struct lane *l = TAILQ_FIRST(&lanes);
	struct waiting *w = STAILQ_FIRST(&l->calls);

	STAILQ_REMOVE_HEAD(&l->calls, next);
	l->n--;
	TAILQ_REMOVE(&lanes, l, next);
	if (l->n > 0)
		TAILQ_INSERT_TAIL(&lanes, l, next);
	else
		free(l);
	waiting_run(w);
	waiting_free(w);
}

static void
on_run(struct ev_hook *hook)
{
	in_run = 1;
	while (!TAILQ_EMPTY(&lanes) && spent_us < SERVE_SLICE_US)
		lanes_step();
	in_run = 0;
	spent_us = 0;
	if (!TAILQ_EMPTY(&lanes))
		ev_timer_set(&run_timer, 0);
}

static void
on_run_timer(struct ev_timer *t)
{
	ev_hook_arm(&run_hook);
}

/* Calls of a peer that left, or one that it takes back (id not 0). */
static void
lanes_drop(const struct peer *p, uint32_t id)
{
	struct waiting *w, *next;
	struct lane *l, *lnext;

	for (l = TAILQ_FIRST(&lanes); l != NULL; l = lnext) {
		lnext = TAILQ_NEXT(l, next);
		for (w = STAILQ_FIRST(&l->calls); w != NULL; w = next) {
			next = STAILQ_NEXT(w, next);
			if (w->peer != p || (id != 0 && w->id != id))
				continue;
			STAILQ_REMOVE(&l->calls, w, waiting, next);
			l->n--;
			if (id != 0)
				chan_credit(p->ch, w->bulk);
			waiting_free(w);
		}
		if (l->n == 0)
			lane_free(l);
	}
}

/* ---- messages ---- */

static void
on_call(struct chan *ch, struct msg *msg)
{
	const struct msg_call *m = msg->data;
	struct peer *p = chan_arg(ch);
	struct handle *h;

	if ((h = handle_find(p->worker, m->handle)) == NULL) {
		chan_credit(ch, msg_bulk_len(msg));
		answer_unknown(p, msg->id, m->handle);
	} else if (audit_full() || chan_queued(ch) > SERVE_QUEUED_MAX) {
		chan_credit(ch, msg_bulk_len(msg));
		answer_busy(p, msg->id);
	} else if (TAILQ_EMPTY(&lanes) && spent_us < SERVE_SLICE_US) {
		chan_credit(ch, msg_bulk_len(msg));
		call_run(p, msg->id, m, msg->tail, h);
	} else
		call_wait(p, msg, handle_caller(h));
}

static void
on_cancel(struct chan *ch, struct msg *msg)
{
	if (msg->id == 0)
		return;
	lanes_drop(chan_arg(ch), msg->id);
	stream_cancel(ch, msg->id);
}

static void
on_handle_new(struct chan *ch, struct msg *msg)
{
	const struct msg_handle *m = msg->data;
	struct peer *p = chan_arg(ch);
	struct handle *h = handle_find(p->worker, m->handle);

	if (h == NULL)
		answer_unknown(p, msg->id, m->handle);
	else
		stream_handle(ch, msg->id, h);
}

static void
on_health(struct chan *ch, struct msg *msg)
{
	chan_send(ch, MSG_HEALTH_OK, msg->id, NULL);
}

static void
on_ctl(struct chan *ch, struct msg *msg)
{
	control_command(ch, msg->id, msg->data);
}

/* The handle that authd made for keepctl, in the command. */
static struct handle *
ctl_handle(const struct msg_ctl *m)
{
	uint8_t id[HANDLE_LEN];
	struct handle *h;

	if (hex_decode(m->secret, strlen(m->secret), id, sizeof(id)) == -1)
		return (NULL);
	h = handle_find(control_worker, id);
	explicit_bzero(id, sizeof(id));
	return (h);
}

static void
on_ctl_file(struct chan *ch, struct msg *msg)
{
	const struct msg_ctl *m = msg->data;
	struct handle *h;

	if (m->command != CTL_TOOLD_EXPORT && m->command != CTL_TOOLD_IMPORT)
		backup_command(ch, msg->id, m, msg->fd);
	else if ((h = ctl_handle(m)) != NULL)
		transfer_command(ch, msg->id, m, msg->fd, h);
	else {
		close(msg->fd);
		control_done(ch, msg->id, 1, "the handle is not known here: "
		    "try again");
	}
}

static void
peer_free(struct peer *p)
{
	if (p->control) {
		backup_gone(p->ch);
		transfer_gone(p->ch);
	}
	lanes_drop(p, 0);
	streams_drop(p->ch);
	LIST_REMOVE(p, all);
	if (!p->control) {
		worker_free(p->worker);
		stat.workers--;
	}
	free(p);
}

static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	struct peer *p = chan_arg(ch);

	if (!p->control) {
		log_info("%s: channel ended: %s", chan_name(ch), why);
		p->id.broke = end == CE_VIOLATION;
		chan_send(child_master(), MSG_WORKER_GONE, 0, &p->id);
	}
	peer_free(p);
}

static const struct chan_handler worker_handlers[] = {
	{ MSG_CALL, on_call },
	{ MSG_CANCEL, on_cancel },
	{ MSG_HANDLE_NEW, on_handle_new },
	{ MSG_HEALTH, on_health },
	{ 0, NULL }
};

static const struct chan_handler control_handlers[] = {
	{ MSG_CALL, on_call },
	{ MSG_CANCEL, on_cancel },
	{ MSG_CTL, on_ctl },
	{ MSG_CTL_FILE, on_ctl_file },
	{ 0, NULL }
};

static const struct chan_ops worker_ops = { worker_handlers, on_end };
static const struct chan_ops control_ops = { control_handlers, on_end };

static struct peer *
peer_new(int fd, enum chan_kind kind, const struct chan_ops *ops)
{
	struct peer *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		fatal("peer");
	p->ch = chan_new(fd, kind, SIDE_SECOND, ops, p);
	chan_setstate(p->ch, CS_RUN);
	LIST_INSERT_HEAD(&peers, p, all);
	return (p);
}

void
serve_worker(int fd, const struct msg_worker *id)
{
	char name[48];
	struct peer *p;

	if (id->generation == 0)
		fatalx("master introduced a worker of generation 0");
	p = peer_new(fd, CK_LISTENER_TOOLD, &worker_ops);
	p->id = *id;
	p->worker = worker_new(id->generation);
	stat.workers++;
	snprintf(name, sizeof(name), "listener %u", id->slot);
	chan_setname(p->ch, name);
}

/* ---- the control socket ---- */

static void
on_accept(struct ev_io *io, int got)
{
	struct peer *p;
	int fd;

	fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_warn("control socket");
		return;
	}
	if (!control_peer_ok(fd,
	    child_conf()->flags & CONF_PRIVILEGED)) {
		log_warnx("control socket: caller is not root, refused");
		close(fd);
		return;
	}
	p = peer_new(fd, CK_CTL_TOOLD, &control_ops);
	p->control = 1;
	p->worker = control_worker;
	chan_setname(p->ch, "keepctl");
}

void
serve_control(int fd)
{
	int old = control_io.fd;

	if (old != -1) {
		ev_io_del(&control_io);
		close(old);
	}
	if (fd == -1)
		return;
	if (control_worker == NULL)
		control_worker = worker_new(0);
	if (fd_nonblock(fd) == -1)
		fatal("control socket");
	ev_io_add(&control_io, fd, EV_READ, on_accept, NULL);
}

void
serve_init(void)
{
	buf_init(&body, 0);
	streams_init();
	ev_hook_add(&run_hook, EV_ORDER_COMMIT, on_run, NULL);
	ev_timer_init(&run_timer, on_run_timer, NULL);
}

void
serve_close(void)
{
	struct peer *p;
	struct chan *ch;

	while ((p = LIST_FIRST(&peers)) != NULL) {
		ch = p->ch;
		peer_free(p);
		chan_close(ch);
	}
}

const struct serve_stat *
serve_getstat(void)
{
	return (&stat);
}
