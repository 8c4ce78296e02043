/* SPDX-License-Identifier: ISC */
/*
 * audit_rec.c: audit records made, checked, taken apart and shown.
 * Runs in authd only.  Batches come from toold, which may be hijacked: each
 * length and text is checked before a field is used.  Pure: bytes in, bytes
 * or verdict out.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "../common/clock.h"
#include "../common/log.h"
#include "../common/text.h"
#include "audit_rec.h"

static const char *const kind_names[AK_MAX] = {
	[AK_TOOL_CALL] = "tool-call",	[AK_CHANGE] = "change",
	[AK_REFUSED] = "refused",	[AK_SIGNIN] = "sign-in",
	[AK_SIGNIN_BAD] = "bad-sign-in", [AK_CONSENT] = "consent",
	[AK_DENY] = "deny",		[AK_REGISTER] = "register",
	[AK_ISSUE] = "issue",		[AK_REFRESH] = "refresh",
	[AK_REPLAY] = "replay",		[AK_REVOKE] = "revoke",
	[AK_ADMIN] = "admin",		[AK_LIMITED] = "limited",
	[AK_START] = "start",		[AK_STOP] = "stop",
	[AK_VIOLATION] = "violation",
};
static const char *const outcome_names[AO_MAX] = {
	[AO_OK] = "ok",			[AO_DENIED] = "denied",
	[AO_INVALID] = "invalid",	[AO_FAILED] = "failed",
};

/* ---- little-endian integers ---- */

static void
le_put(uint8_t *p, unsigned int n, uint64_t v)
{
	unsigned int	 i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
le_get(const uint8_t *p, unsigned int n)
{
	uint64_t	 v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return (v);
}

/* ---- making ---- */

void
audit_value_init(struct audit_value *v)
{
	memset(v, 0, sizeof(*v));
	buf_init(&v->subjects, 0);
	buf_init(&v->events, 0);
}

void
audit_value_reset(struct audit_value *v)
{
	buf_reset(&v->subjects);
	buf_reset(&v->events);
	v->nsubjects = v->nevents = 0;
}

void
audit_value_free(struct audit_value *v)
{
	buf_free(&v->subjects);
	buf_free(&v->events);
	v->nsubjects = v->nevents = 0;
}

int
audit_value_full(const struct audit_value *v)
{
	return (v->nevents >= AR_EVENTS_MAX ||
	    v->subjects.len + v->events.len >= AR_BYTES_MAX);
}

unsigned int
audit_value_subject(struct audit_value *v, const struct audit_subject *s)
{
	uint8_t	 h[AR_SUBJECT];

	memset(h, 0, sizeof(h));
	h[0] = s->has_grant != 0;
	h[1] = (uint8_t)s->from.family;
	h[2] = (uint8_t)s->user_id_len;
	h[3] = (uint8_t)s->user_len;
	h[4] = (uint8_t)s->client_len;
	le_put(h + 8, 8, s->worker);
	memcpy(h + 16, s->grant, GRANT_LEN);
	memcpy(h + 32, s->from.addr, sizeof(s->from.addr));
	buf_add(&v->subjects, h, sizeof(h));
	buf_add(&v->subjects, s->user_id, s->user_id_len);
	buf_add(&v->subjects, s->user, s->user_len);
	buf_add(&v->subjects, s->client_id, s->client_len);
	return (v->nsubjects++);
}

void
audit_value_event(struct audit_value *v, unsigned int subject,
    const struct audit_event *e, const char *texts)
{
	uint8_t	*p;
	size_t	 len;

	len = (size_t)e->tool_len + e->target_len + e->detail_len;
	if ((p = buf_reserve(&v->events, AR_EVENT + len)) == NULL)
		return;
	memset(p, 0, AR_EVENT);
	le_put(p, 8, (uint64_t)e->time_ms);
	le_put(p + 8, 8, e->num);
	le_put(p + 16, 4, e->dur_us);
	le_put(p + 20, 2, subject);
	p[22] = (uint8_t)e->event;
	p[23] = (uint8_t)e->outcome;
	p[24] = (uint8_t)e->tool_len;
	le_put(p + 28, 2, e->target_len);
	le_put(p + 30, 2, e->detail_len);
	if (len != 0)
		memcpy(p + AR_EVENT, texts, len);
	v->events.len += AR_EVENT + len;
	v->nevents++;
}

void
audit_value_seal(const struct audit_value *v, struct buf *out)
{
	uint8_t	 h[AR_HEAD];

	memset(h, 0, sizeof(h));
	h[0] = 1;
	le_put(h + 2, 2, v->nsubjects);
	le_put(h + 4, 2, v->nevents);
	buf_add(out, h, sizeof(h));
	buf_add(out, v->subjects.data, v->subjects.len);
	buf_add(out, v->events.data, v->events.len);
}

/* ---- taking apart ---- */

/* Length of the subject or event at p, 0 if it does not fit into n bytes. */
static size_t
subject_len(const uint8_t *p, size_t n)
{
	size_t	 len;

	if (n < AR_SUBJECT)
		return (0);
	len = AR_SUBJECT + (size_t)p[2] + p[3] + p[4];
	return (len <= n ? len : 0);
}

static size_t
event_len(const uint8_t *p, size_t n)
{
	size_t	 len;

	if (n < AR_EVENT)
		return (0);
	len = AR_EVENT + (size_t)p[24] + le_get(p + 28, 2) +
	    le_get(p + 30, 2);
	return (len <= n ? len : 0);
}

/* Offset of the i-th event, 0 if there is none. */
static size_t
event_offset(const uint8_t *p, size_t n, unsigned int i)
{
	size_t		 off = AR_HEAD, len;
	unsigned int	 k, nsub;

	if (n < AR_HEAD || p[0] != 1 || i >= le_get(p + 4, 2))
		return (0);
	nsub = (unsigned int)le_get(p + 2, 2);
	for (k = 0; k < nsub; k++) {
		if ((len = subject_len(p + off, n - off)) == 0)
			return (0);
		off += len;
	}
	for (k = 0; k <= i; k++) {
		if ((len = event_len(p + off, n - off)) == 0)
			return (0);
		if (k < i)
			off += len;
	}
	return (off);
}

unsigned int
audit_value_events(const void *val, size_t n, int64_t *first_ms)
{
	const uint8_t	*p = val;
	size_t		 off;

	if ((off = event_offset(p, n, 0)) == 0)
		return (0);
	if (first_ms != NULL)
		*first_ms = (int64_t)le_get(p + off, 8);
	return ((unsigned int)le_get(p + 4, 2));
}

static int
text_take(char *out, size_t size, const uint8_t **p, size_t len)
{
	if (len >= size)
		return (-1);
	memcpy(out, *p, len);
	out[len] = '\0';
	*p += len;
	return (0);
}

static int
subject_take(const uint8_t *p, struct audit_item *it)
{
	const uint8_t	*t = p + AR_SUBJECT;

	it->has_grant = p[0] & 1;
	it->from.family = p[1];
	it->worker = le_get(p + 8, 8);
	memcpy(it->grant, p + 16, GRANT_LEN);
	memcpy(it->from.addr, p + 32, sizeof(it->from.addr));
	if (text_take(it->user_id, sizeof(it->user_id), &t, p[2]) == -1 ||
	    text_take(it->user, sizeof(it->user), &t, p[3]) == -1)
		return (-1);
	return (text_take(it->client_id, sizeof(it->client_id), &t, p[4]));
}

static int
event_take(const uint8_t *p, struct audit_item *it)
{
	const uint8_t	*t = p + AR_EVENT;

	it->time_ms = (int64_t)le_get(p, 8);
	it->outbox = le_get(p + 8, 8);
	it->dur_us = (uint32_t)le_get(p + 16, 4);
	it->kind = p[22];
	it->outcome = p[23];
	if (text_take(it->tool, sizeof(it->tool), &t, p[24]) == -1 ||
	    text_take(it->target, sizeof(it->target), &t,
	    (size_t)le_get(p + 28, 2)) == -1)
		return (-1);
	return (text_take(it->detail, sizeof(it->detail), &t,
	    (size_t)le_get(p + 30, 2)));
}

int
audit_value_item(const void *val, size_t n, uint64_t first, unsigned int i,
    struct audit_item *it)
{
	const uint8_t	*p = val;
	size_t		 off, sub, len;
	unsigned int	 k, want;

	memset(it, 0, sizeof(*it));
	if ((off = event_offset(p, n, i)) == 0)
		return (-1);
	it->number = first + i;
	if (event_take(p + off, it) == -1)
		return (-1);
	want = (unsigned int)le_get(p + off + 20, 2);
	if (want >= le_get(p + 2, 2))
		return (-1);
	for (sub = AR_HEAD, k = 0; k < want; k++) {
		if ((len = subject_len(p + sub, n - sub)) == 0)
			return (-1);
		sub += len;
	}
	return (subject_take(p + sub, it));
}

/* ---- toold's batches ---- */

static const char *
event_bad(const struct audit_event *e)
{
	size_t	 i;

	for (i = 0; i < sizeof(e->zero) / sizeof(e->zero[0]); i++)
		if (e->zero[i] != 0)
			return ("padding");
	if (e->event != AK_TOOL_CALL && e->event != AK_CHANGE &&
	    e->event != AK_REFUSED)
		return ("event that is not toold's");
	if (e->outcome < AO_OK || e->outcome >= AO_MAX)
		return ("outcome");
	if (e->time_ms <= 0)
		return ("time");
	if (e->tool_len > AUDIT_TOOL_MAX ||
	    e->target_len > AUDIT_TARGET_MAX ||
	    e->detail_len > AUDIT_DETAIL_MAX)
		return ("length of a text");
	return (NULL);
}

/*
 * Each text is valid UTF-8 by itself and holds no NUL; what is not printable
 * is escaped when shown.
 */
static int
texts_ok(const struct audit_event *e, const uint8_t *t)
{
	size_t	 len;

	len = (size_t)e->tool_len + e->target_len + e->detail_len;
	if (len == 0)
		return (1);
	if (memchr(t, '\0', len) != NULL)
		return (0);
	return (utf8_valid(t, e->tool_len) &&
	    utf8_valid(t + e->tool_len, e->target_len) &&
	    utf8_valid(t + e->tool_len + e->target_len, e->detail_len));
}

const char *
audit_batch_bad(const uint8_t *tail, size_t len, uint32_t nevents)
{
	struct audit_event	 e;
	const char		*why;
	size_t			 off = 0, texts;
	uint32_t		 i;

	for (i = 0; i < nevents; i++) {
		if (len - off < sizeof(e))
			return ("batch is cut");
		memcpy(&e, tail + off, sizeof(e));
		off += sizeof(e);
		if ((why = event_bad(&e)) != NULL)
			return (why);
		texts = (size_t)e.tool_len + e.target_len + e.detail_len;
		if (len - off < texts)
			return ("batch is cut");
		if (!texts_ok(&e, tail + off))
			return ("text is not UTF-8");
		off += texts;
	}
	return (off == len ? NULL : "bytes behind the last event");
}

void
audit_batch_next(const uint8_t *tail, size_t *off, struct audit_event *e,
    const char **texts)
{
	memcpy(e, tail + *off, sizeof(*e));
	*off += sizeof(*e);
	*texts = (const char *)tail + *off;
	*off += (size_t)e->tool_len + e->target_len + e->detail_len;
}

/* ---- showing ---- */

static const char *
kind_name(const struct audit_item *it)
{
	return (it->kind > 0 && it->kind < AK_MAX ? kind_names[it->kind] :
	    "unknown");
}

static const char *
outcome_name(const struct audit_item *it)
{
	return (it->outcome > 0 && it->outcome < AO_MAX ?
	    outcome_names[it->outcome] : "unknown");
}

/* Where it came from: address and worker, each if there is one. */
static void
from_text(const struct audit_item *it, char *out, size_t size)
{
	char	 addr[INET6_ADDRSTRLEN] = "";

	if (it->from.family == 4)
		inet_ntop(AF_INET, it->from.addr + 12, addr, sizeof(addr));
	else if (it->from.family == 6)
		inet_ntop(AF_INET6, it->from.addr, addr, sizeof(addr));
	if (it->worker != 0)
		snprintf(out, size, "%s%sworker %llu", addr,
		    addr[0] != '\0' ? " " : "",
		    (unsigned long long)it->worker);
	else
		snprintf(out, size, "%s", addr);
}

static void
field_add(struct buf *b, const char *s)
{
	char	 vis[4 * AUDIT_DETAIL_MAX + 1];

	log_vis(vis, sizeof(vis), s);
	buf_addc(b, '\t');
	buf_adds(b, vis[0] != '\0' ? vis : "-");
}

void
audit_line(const struct audit_item *it, struct buf *b)
{
	char	 when[25], grant[2 * GRANT_LEN + 1] = "", from[80];

	wall_iso(it->time_ms, when);
	if (it->has_grant)
		hex_encode(it->grant, GRANT_LEN, grant);
	from_text(it, from, sizeof(from));
	buf_addu(b, it->number);
	field_add(b, when);
	field_add(b, kind_name(it));
	field_add(b, outcome_name(it));
	field_add(b, it->user[0] != '\0' ? it->user : it->user_id);
	field_add(b, it->client_id);
	field_add(b, grant);
	field_add(b, from);
	field_add(b, it->tool);
	field_add(b, it->target);
	buf_addf(b, "\t%u", it->dur_us);
	field_add(b, it->detail);
}

static void
member_add(struct buf *b, const char *name, const char *s)
{
	if (s[0] == '\0')
		return;
	buf_addf(b, ",\"%s\":", name);
	buf_add_json(b, s, strlen(s));
}

void
audit_json(const struct audit_item *it, struct buf *b)
{
	char	 when[25], grant[2 * GRANT_LEN + 1] = "", from[80];
	struct audit_item	 addr = *it;

	addr.worker = 0;
	wall_iso(it->time_ms, when);
	if (it->has_grant)
		hex_encode(it->grant, GRANT_LEN, grant);
	from_text(&addr, from, sizeof(from));
	buf_addf(b, "{\"number\":%llu,\"time\":\"%s\"",
	    (unsigned long long)it->number, when);
	member_add(b, "event", kind_name(it));
	member_add(b, "outcome", outcome_name(it));
	member_add(b, "userId", it->user_id);
	member_add(b, "user", it->user);
	member_add(b, "clientId", it->client_id);
	member_add(b, "grant", grant);
	member_add(b, "address", from);
	/* Generations pass 2^53, so they are text. */
	if (it->worker != 0)
		buf_addf(b, ",\"worker\":\"%llu\"",
		    (unsigned long long)it->worker);
	member_add(b, "tool", it->tool);
	member_add(b, "target", it->target);
	if (it->dur_us != 0)
		buf_addf(b, ",\"microseconds\":%u", it->dur_us);
	if (it->outbox != 0)
		buf_addf(b, ",\"outbox\":%llu",
		    (unsigned long long)it->outbox);
	member_add(b, "detail", it->detail);
	buf_addc(b, '}');
}
