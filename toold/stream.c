/* SPDX-License-Identifier: ISC */
/*
 * stream.c: see stream.h.  Runs in toold.  What is sent is our own text but
 * for ids and tokens of the client, which are echoed to it as they were
 * scanned; a client's response is looked at only when it names a question
 * that is open for the same user, client and session.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/buf.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "audit.h"
#include "era.h"
#include "stream.h"

#define BUCKETS		4096
#define ASK_PREFIX	"keepd-"

LIST_HEAD(bucket, stream);
static struct bucket by_id[BUCKETS];
static unsigned int nstreams;
static unsigned int max_all, max_grant;
static int resumable;			/* GET opens streams */
static size_t kept_bytes;
static uint64_t last_asked;
static struct buf line;			/* the event being made; kept */

static const char *const level_names[] = { "debug", "info", "notice",
	"warning", "error", "critical", "alert", "emergency" };

enum stream_level
stream_level(const struct span *sp)
{
	int l;

	for (l = SL_DEBUG; l < SL_OFF; l++)
		if (span_is(sp, level_names[l]))
			break;
	return ((enum stream_level)l);
}

/* ---- a request that begins ---- */

void
stream_begin(struct stream *s, struct chan *ch, uint32_t id,
    unsigned int flags, struct handle *h)
{
	s->ch = ch;
	s->id = id;
	s->flags = flags;
	s->handle = h;
	s->era = NULL;
	s->level = SL_OFF;
	s->progress = -1;
	s->token.p = s->rpc_id.p = NULL;
}

void
stream_about(struct stream *s, const struct era_row *era,
    const struct scan *scan, enum stream_level level,
    const uint8_t session[STREAM_KEY_LEN])
{
	memcpy(s->session, session, sizeof(s->session));
	s->era = era;
	s->rpc_id = scan->id;
	s->token = scan->meta_progress;
	if (span_type(&s->token) != '"' && span_type(&s->token) != '0')
		s->token.p = NULL;
	s->level = level;
}

/* ---- events ---- */

static int
event_open(struct stream *s, const char *method)
{
	if (s == NULL || (s->flags & SF_SSE) == 0 ||
	    s->flags & (SF_MOVED | SF_GONE | SF_DETACHED) ||
	    s->era == NULL || chan_queued(s->ch) > STREAM_QUEUE_MAX)
		return (-1);
	if (line.max == 0)
		buf_init(&line, EVENT_MAX);
	buf_reset(&line);
	buf_adds(&line, "{\"jsonrpc\":\"2.0\",\"method\":\"");
	buf_adds(&line, method);
	buf_adds(&line, "\"");
	return (0);
}

/* Open it with its id, which the client needs to come back. */
static void
event_prime(struct stream *s)
{
	struct msg_event m = { 0, EVF_HANDLE, s->resume };

	chan_send_tail(s->ch, MSG_EVENT, s->id, &m, NULL, 0);
	s->flags |= SF_OPEN | SF_AGAIN;
}

static int
event_close(struct stream *s)
{
	struct msg_event m;

	buf_addc(&line, '}');
	if (line.failed)
		return (-1);
	if (s->flags & SF_LATER && s->resume != 0 &&
	    (s->flags & SF_OPEN) == 0)
		event_prime(s);
	m.len = (uint32_t)line.len;
	m.flags = s->flags & SF_LONG ? EVF_LONG :
	    s->flags & SF_LATER ? EVF_HANDLE : 0;
	m.id = 0;
	if (chan_send_tail(s->ch, MSG_EVENT, s->id, &m, line.data,
	    line.len) == -1)
		return (-1);
	s->flags |= SF_OPEN | (s->flags & SF_LATER ? SF_AGAIN : 0);
	return (0);
}

int
stream_event(struct stream *s, const char *method, const char *params)
{
	if (event_open(s, method) == -1)
		return (-1);
	if (params != NULL) {
		buf_adds(&line, ",\"params\":");
		buf_adds(&line, params);
	}
	return (event_close(s));
}

int
stream_progress(struct stream *s, double progress, double total,
    const char *message)
{
	if (s == NULL || s->token.p == NULL || progress <= s->progress ||
	    event_open(s, "notifications/progress") == -1)
		return (-1);
	buf_adds(&line, ",\"params\":{\"progressToken\":");
	buf_add(&line, s->token.p, s->token.len);
	buf_addf(&line, ",\"progress\":%.15g", progress);
	if (total > 0)
		buf_addf(&line, ",\"total\":%.15g", total);
	/* 2025-03-26 has the message too. */
	if (message != NULL) {
		buf_adds(&line, ",\"message\":");
		buf_add_json(&line, message, strlen(message));
	}
	buf_addc(&line, '}');
	if (event_close(s) == -1)
		return (-1);
	s->progress = progress;
	return (0);
}

void
stream_alive(struct stream *s, double progress, const char *message)
{
	if (chan_queued(s->ch) == 0 &&
	    stream_progress(s, progress, 0, message) == 0)
		chan_flush(s->ch);
}

int
stream_log(struct stream *s, enum stream_level level, const char *logger,
    const char *data)
{
	if (s == NULL || level < s->level || level >= SL_OFF ||
	    event_open(s, "notifications/message") == -1)
		return (-1);
	buf_addf(&line, ",\"params\":{\"level\":\"%s\"", level_names[level]);
	if (logger != NULL) {
		buf_adds(&line, ",\"logger\":");
		buf_add_json(&line, logger, strlen(logger));
	}
	buf_adds(&line, ",\"data\":");
	buf_adds(&line, data);
	buf_addc(&line, '}');
	return (event_close(s));
}

/* ---- answers that come later ---- */

static struct bucket *
bucket_of(uint32_t id)
{
	return (&by_id[id % BUCKETS]);
}

static void
stream_free(struct stream *s)
{
	LIST_REMOVE(s, by_id);
	LIST_REMOVE(s, of_handle);
	nstreams--;
	--*handle_nstreams(s->handle);
	ev_timer_del(&s->timer);
	handle_release(s->handle);
	if (s->first != NULL)
		handle_release(s->first);
	if (s->flags & SF_STASHED)
		json_decref(s->reply);
	free(s->texts);
	s->texts = NULL;
	kept_bytes -= s->kept_len;
	free(s->kept);
	s->kept = NULL;
	if (s->flags & SF_RUNNING)
		s->flags |= SF_FREED;
	else
		free(s);
}

/*
 * A handler may serve authd's channel and so meet the end of its own
 * handle: it is told of that afterwards, when it waits again or answers.
 */
static void
stream_run(struct stream *s, enum stream_why why)
{
	s->flags |= SF_RUNNING;
	s->wake(s, why);
	s->flags &= ~(unsigned int)SF_RUNNING;
	if (s->flags & SF_FREED)
		free(s);
}

/* Open it, if only with nothing. */
void
stream_long(struct stream *s)
{
	struct msg_event m = { 0, EVF_LONG, 0 };

	s->flags |= SF_LONG | SF_OPEN;
	s->resume = 0;
	ev_timer_del(&s->timer);
	chan_send_tail(s->ch, MSG_EVENT, s->id, &m, NULL, 0);
}

int
stream_ready(struct stream *s)
{
	return ((s->flags & SF_GONE) == 0 && !handle_check(s->handle) &&
	    chan_queued(s->ch) <= STREAM_QUEUE_MAX);
}

static void
stream_gone(struct stream *s)
{
	s->wake(s, SW_GONE);
	stream_free(s);
}

/* Without an answer: its handle ended and no other came. */
static void
end_bare(struct stream *s)
{
	s->wake(s, SW_GONE);
	s->flags &= ~(unsigned int)(SF_GONE | SF_DETACHED);
	stream_answer(s, 200, NULL, 0);
}

static void
on_timer(struct ev_timer *t)
{
	struct stream *s = t->arg;
	int late = (s->flags & SF_LONG) == 0 &&
	    !mono_before(mono_now(), s->until);

	/* One that has expired is seen here first: this may free s. */
	if ((s->flags & (SF_GONE | SF_LONG)) == 0 && s->kept == NULL &&
	    handle_check(s->handle))
		return;
	if (s->flags & SF_GONE && s->flags & SF_LONG)
		s->wake(s, SW_END);
	else if (s->flags & SF_GONE && s->flags & SF_AGAIN)
		end_bare(s);
	else if (s->flags & SF_GONE) {
		s->wake(s, SW_GONE);
		stream_unknown(s);
	} else
		stream_run(s, late ? SW_LATE : SW_TIMER);
}

/* The texts that the request's spans point to live no longer than it. */
static int
keep_texts(struct stream *s)
{
	size_t n = s->rpc_id.p != NULL ? s->rpc_id.len : 0;
	size_t m = s->token.p != NULL ? s->token.len : 0;

	if ((s->texts = malloc(n + m + 1)) == NULL)
		return (-1);
	if (n > 0) {
		memcpy(s->texts, s->rpc_id.p, n);
		s->rpc_id.p = s->texts;
	}
	if (m > 0) {
		memcpy(s->texts + n, s->token.p, m);
		s->token.p = s->texts + n;
	}
	return (0);
}

struct stream *
stream_later(struct stream *from, unsigned int ms,
    void (*wake)(struct stream *, enum stream_why), void *arg)
{
	struct stream *s;

	if (from == NULL || from->era == NULL || nstreams >= max_all ||
	    *handle_nstreams(from->handle) >= max_grant ||
	    (s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	memcpy(s, from, offsetof(struct stream, by_id));
	if (keep_texts(s) == -1) {
		free(s);
		return (NULL);
	}
	from->flags |= SF_MOVED;
	s->flags |= SF_LATER;
	if (resumable && s->era->era == ERA_2025_11 &&
	    (s->flags & (SF_SSE | SF_OPEN)) == SF_SSE)
		random_bytes(&s->resume, sizeof(s->resume));
	s->wake = wake;
	s->arg = arg;
	s->until = mono_add(mono_now(), STREAM_BUDGET_MS);
	handle_hold(s->handle);
	++*handle_nstreams(s->handle);
	nstreams++;
	LIST_INSERT_HEAD(bucket_of(s->id), s, by_id);
	LIST_INSERT_HEAD(handle_streams(s->handle), s, of_handle);
	ev_timer_init(&s->timer, on_timer, s);
	stream_wait(s, ms);
	return (s);
}

void
stream_wait(struct stream *s, unsigned int ms)
{
	uint64_t now = mono_now().ms, left = ms;

	if ((s->flags & SF_GONE) == 0)
		s->due = mono_add(mono_now(), ms);
	if (s->flags & SF_GONE)
		left = s->flags & (SF_LONG | SF_AGAIN) ?
		    STREAM_ORPHAN_MS : 0;
	else if ((s->flags & SF_LONG) == 0 && now + ms > s->until.ms)
		left = s->until.ms > now ? s->until.ms - now : 0;
	ev_timer_set(&s->timer, left);
}

/* Nobody came back for it. */
static void
wake_kept(struct stream *s, enum stream_why why)
{
	if (why != SW_GONE)
		stream_free(s);
}

static void
answer_keep(struct stream *s, unsigned int status, const void *p, size_t n)
{
	if (kept_bytes + n > STREAM_KEEP_BYTES ||
	    (s->kept = malloc(n + 1)) == NULL) {
		stream_free(s);
		return;
	}
	if (n > 0)
		memcpy(s->kept, p, n);
	s->kept_len = n;
	s->kept_status = status;
	kept_bytes += n;
	s->wake = wake_kept;
	s->arg = NULL;
	ev_timer_set(&s->timer, STREAM_KEEP_MS);
}

void
stream_answer(struct stream *s, unsigned int status, const void *p, size_t n)
{
	struct msg_answer m;

	if (s->flags & SF_GONE && (s->flags & SF_LONG) == 0) {
		stream_unknown(s);
		return;
	}
	if (s->flags & SF_DETACHED) {
		answer_keep(s, status, p, n);
		return;
	}
	memset(&m, 0, sizeof(m));
	m.status = status;
	m.body_len = (uint32_t)n;
	m.flags = n > 0 ? AF_JSON : 0;
	chan_send_tail(s->ch, MSG_ANSWER, s->id, &m, p, n);
	stream_free(s);
}

static void
tell_unknown(const struct stream *s)
{
	struct msg_handle m;

	memset(&m, 0, sizeof(m));
	chan_send(s->ch, MSG_HANDLE_UNKNOWN, s->id, &m);
}

void
stream_unknown(struct stream *s)
{
	tell_unknown(s);
	stream_free(s);
}

/* ---- questions to the client ---- */

static int
same_client(const struct handle *a, const struct handle *b)
{
	const struct caller *x = handle_caller(a), *y = handle_caller(b);

	return (strcmp(x->user_id, y->user_id) == 0 &&
	    strcmp(x->client_id, y->client_id) == 0);
}

int
stream_ask(struct stream *s, const char *method, const char *params)
{
	if ((s->flags & SF_LATER) == 0 || s->era->flags & EF_STATELESS ||
	    event_open(s, method) == -1)
		return (-1);
	s->asked = ++last_asked;
	buf_addf(&line, ",\"id\":\"" ASK_PREFIX "%llu\",\"params\":%s",
	    (unsigned long long)s->asked, params);
	if (event_close(s) == 0)
		return (0);
	s->asked = 0;
	return (-1);
}

static struct stream *
stream_asking(const struct handle *h, const uint8_t *session, uint64_t num)
{
	struct stream *s;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(s, &by_id[i], by_id)
			if (s->asked == num && same_client(s->handle, h) &&
			    memcmp(s->session, session, STREAM_KEY_LEN) == 0)
				return (s);
	return (NULL);
}

void
stream_reply(const struct handle *h, const uint8_t *session,
    const struct scan *scan)
{
	const struct span *v = scan->error.p != NULL ? &scan->error :
	    &scan->result;
	struct stream *s;
	json_t *reply;
	char id[48];
	uint64_t num;
	long n;

	n = span_string(&scan->id, id, sizeof(id));
	if (n <= (long)sizeof(ASK_PREFIX) - 1 ||
	    memcmp(id, ASK_PREFIX, sizeof(ASK_PREFIX) - 1) != 0 ||
	    num_parse(id + sizeof(ASK_PREFIX) - 1,
	    (size_t)n - (sizeof(ASK_PREFIX) - 1), UINT64_MAX - 1, &num) ==
	    -1 || num == 0 || (s = stream_asking(h, session, num)) == NULL)
		return;
	/* Expired: it stands still now, or is gone. */
	if (handle_check(s->handle) && (s = stream_asking(h, session, num)) ==
	    NULL)
		return;
	s->asked = 0;
	reply = json_loadb(v->p, v->len, JSON_REJECT_DUPLICATES |
	    JSON_DECODE_ANY, NULL);
	s->reply = reply;
	s->reply_failed = v == &scan->error || reply == NULL;
	if (s->flags & SF_GONE) {
		s->flags |= SF_STASHED;
		return;
	}
	/* It may be answered, and freed, in there. */
	stream_run(s, SW_REPLY);
	json_decref(reply);
}

/* ---- ends ---- */

void
stream_cancel(struct chan *ch, uint32_t id)
{
	struct stream *s;

	LIST_FOREACH(s, bucket_of(id), by_id)
		if (s->ch == ch && s->id == id) {
			if (s->flags & SF_LONG)
				s->wake(s, SW_END);
			else if (s->resume != 0 && (s->flags & (SF_OPEN |
			    SF_GONE)) == SF_OPEN)
				s->flags |= SF_DETACHED;
			else
				stream_gone(s);
			return;
		}
}

/* ---- an answer on another stream ---- */

static void
answer_nothing(struct chan *ch, uint32_t id)
{
	struct msg_answer m;

	memset(&m, 0, sizeof(m));
	m.status = 200;
	chan_send_tail(ch, MSG_ANSWER, id, &m, NULL, 0);
}

int
stream_detach(struct stream *s)
{
	if (s == NULL || (s->flags & SF_LATER) == 0 || s->resume == 0 ||
	    s->flags & (SF_GONE | SF_DETACHED))
		return (-1);
	if ((s->flags & SF_OPEN) == 0)
		event_prime(s);
	answer_nothing(s->ch, s->id);
	s->flags |= SF_DETACHED;
	return (0);
}

static struct stream *
stream_resumable(const struct stream *from, const uint8_t *session,
    uint64_t resume)
{
	const uint8_t *grant = handle_caller(from->handle)->grant;
	struct stream *s;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(s, &by_id[i], by_id)
			if (s->resume == resume &&
			    memcmp(handle_caller(s->handle)->grant, grant,
			    GRANT_LEN) == 0 &&
			    memcmp(s->session, session, STREAM_KEY_LEN) == 0)
				return (s);
	return (NULL);
}

/*
 * The handle stays that of the call: whoever may have the answer has the
 * same grant and session, and a revoked grant takes the call along.
 */
int
stream_resume(struct stream *from, const uint8_t *session,
    const struct span *last_event)
{
	struct stream *s;
	uint8_t raw[8];
	uint64_t id = 0;
	size_t i;

	if (hex_decode(last_event->p, last_event->len, raw, sizeof(raw)) ==
	    -1)
		return (0);
	for (i = 0; i < sizeof(raw); i++)
		id = id << 8 | raw[i];
	if (id == 0 || (s = stream_resumable(from, session, id)) == NULL)
		return (0);
	stream_detach(s);
	LIST_REMOVE(s, by_id);
	s->ch = from->ch;
	s->id = from->id;
	LIST_INSERT_HEAD(bucket_of(s->id), s, by_id);
	from->flags |= SF_MOVED;
	s->flags &= ~(unsigned int)SF_DETACHED;
	event_prime(s);
	if (s->kept != NULL)
		stream_answer(s, s->kept_status, s->kept, s->kept_len);
	return (1);
}

/* What a caller may see: lists differ where this does. */
static int
same_rights(const struct caller *a, const struct caller *b)
{
	return (a->display == b->display && a->edit == b->edit &&
	    a->global_admin == b->global_admin &&
	    a->read_only == b->read_only && a->nroles == b->nroles &&
	    a->npackages == b->npackages &&
	    memcmp(a->role, b->role, a->nroles * sizeof(*a->role)) == 0 &&
	    memcmp(a->package, b->package,
	    a->npackages * sizeof(*a->package)) == 0);
}

/* The old handle is let go, but for the first: a call points into it. */
static void
handle_move(struct stream *s, struct handle *h)
{
	handle_hold(h);
	++*handle_nstreams(h);
	LIST_REMOVE(s, of_handle);
	LIST_INSERT_HEAD(handle_streams(h), s, of_handle);
	--*handle_nstreams(s->handle);
	if (s->first == NULL && (s->flags & SF_LONG) == 0)
		s->first = s->handle;
	else
		handle_release(s->handle);
	s->handle = h;
	s->flags &= ~(unsigned int)SF_GONE;
	ev_timer_del(&s->timer);
}

/* A call goes on where it stood. */
static void
call_goes_on(struct stream *s)
{
	uint64_t now = mono_now().ms;
	json_t *reply = s->reply;

	stream_wait(s, s->due.ms > now ? (unsigned int)(s->due.ms - now) : 0);
	if ((s->flags & SF_STASHED) == 0)
		return;
	s->flags &= ~(unsigned int)SF_STASHED;
	stream_run(s, SW_REPLY);
	json_decref(reply);
}

void
stream_handle(struct chan *ch, uint32_t id, struct handle *h)
{
	const struct caller *was, *is = handle_caller(h);
	struct stream *s;
	int same, alike;

	LIST_FOREACH(s, bucket_of(id), by_id)
		if (s->ch == ch && s->id == id)
			break;
	if (s == NULL || (s->flags & (SF_LONG | SF_AGAIN)) == 0) {
		answer_nothing(ch, id);
		return;
	}
	was = handle_caller(s->handle);
	alike = memcmp(was->grant, is->grant, GRANT_LEN) == 0 &&
	    same_client(s->handle, h);
	same = same_rights(was, is);
	if (s->flags & SF_LONG) {
		if (alike)
			handle_move(s, h);
		s->wake(s, !alike ? SW_END : same ? SW_HANDLE : SW_RIGHTS);
	} else if (alike && same) {
		handle_move(s, h);
		call_goes_on(s);
	} else
		end_bare(s);
}

void
streams_setconf(const struct msg_conf_toold *conf)
{
	max_all = conf->max_streams;
	max_grant = conf->max_streams_grant;
	resumable = conf->get_stream != 0;
}

/* No response is sent for it: an open stream just ends, else 202. */
static void
end_silently(struct stream *s)
{
	s->wake(s, SW_GONE);
	s->flags &= ~(unsigned int)SF_DETACHED;
	stream_answer(s, 202, NULL, 0);
}

void
stream_cancelled(const struct handle *h, const uint8_t *session,
    const struct span *rpc_id)
{
	struct stream *s;
	size_t i;

	if (rpc_id->p == NULL)
		return;
	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(s, &by_id[i], by_id)
			if ((s->flags & SF_LONG) == 0 &&
			    (s->era->flags & EF_STATELESS) == 0 &&
			    memcmp(s->session, session, STREAM_KEY_LEN) == 0
			    && s->rpc_id.len == rpc_id->len &&
			    memcmp(s->rpc_id.p, rpc_id->p, rpc_id->len) == 0
			    && same_client(s->handle, h)) {
				end_silently(s);
				return;
			}
}

/*
 * The listener hears of it before authd does.  What is long stands still
 * until it has another handle.
 */
static void
on_handle_closed(struct handle *h)
{
	struct chan *ch = NULL;		/* of one worker, but for resumed */
	struct stream *s, *next;
	int again;

	audit_send();
	for (s = LIST_FIRST(handle_streams(h)); s != NULL; s = next) {
		next = LIST_NEXT(s, of_handle);
		if (s->flags & SF_GONE)
			continue;
		again = s->flags & SF_LONG || (s->flags & (SF_AGAIN |
		    SF_DETACHED | SF_RUNNING)) == SF_AGAIN;
		if (again || s->flags & SF_RUNNING)
			s->flags |= SF_GONE;
		if (s->flags & SF_RUNNING && !again)
			continue;
		if (ch != NULL && ch != s->ch)
			chan_flush(ch);
		ch = s->ch;
		if (again) {
			tell_unknown(s);
			stream_wait(s, 0);
			continue;
		}
		s->wake(s, SW_GONE);
		stream_unknown(s);
	}
	if (ch != NULL)
		chan_flush(ch);
}

void
streams_drop(const struct chan *ch)
{
	struct stream *s, *next;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		for (s = LIST_FIRST(&by_id[i]); s != NULL; s = next) {
			next = LIST_NEXT(s, by_id);
			if (s->ch == ch)
				stream_gone(s);
		}
}

void
streams_init(void)
{
	handles_onclose(on_handle_closed);
}

unsigned int
streams_count(void)
{
	return (nstreams);
}
