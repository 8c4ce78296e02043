/* SPDX-License-Identifier: ISC */
/*
 * audit.c: see audit.h.  Runs in toold.  Speaks to authd only.
 */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "../common/buf.h"
#include "../common/ev.h"
#include "../common/log.h"
#include "../common/secret.h"
#include "audit.h"
#include "store.h"

#define BATCH_BYTES	(64U << 10)	/* a new batch from here on */
#define BATCH_EVENTS	1024
#define TRIM_MS		2000		/* outbox rows go this much later */

struct batch {
	STAILQ_ENTRY(batch) next;
	struct msg_audit head;
	struct buf	 events;
};

static STAILQ_HEAD(, batch) sent = STAILQ_HEAD_INITIALIZER(sent);
static struct batch *current;		/* being filled; not yet sent */
static size_t waiting;			/* bytes in both */
static uint64_t next_batch;
static uint64_t trim_to, trimmed;	/* outbox numbers */
static struct chan *authd;
static struct ev_hook turn_hook;
static struct ev_timer trim_timer;

static struct batch *
batch_get(void)
{
	if (current != NULL)
		return (current);
	if ((current = calloc(1, sizeof(*current))) == NULL)
		fatal("audit");
	buf_init(&current->events, 0);
	current->head.batch = next_batch++;
	return (current);
}

static void
batch_send(const struct batch *b)
{
	if (authd != NULL)
		chan_send_tail(authd, MSG_AUDIT, 0, &b->head, b->events.data,
		    b->events.len);
}

void
audit_flush(void)
{
	struct batch *b = current;

	if (b == NULL)
		return;
	current = NULL;
	b->head.bytes = (uint32_t)b->events.len;
	STAILQ_INSERT_TAIL(&sent, b, next);
	batch_send(b);
}

void
audit_send(void)
{
	audit_flush();
	if (authd != NULL)
		chan_flush(authd);
}

/* Before the answers of this turn go out. */
static void
on_turn(struct ev_hook *h)
{
	audit_send();
}

void
audit_add(const struct event *ev)
{
	struct audit_event head = ev->head;
	struct batch *b = batch_get();
	size_t before = b->events.len;

	head.tool_len = (uint16_t)strlen(ev->tool);
	head.target_len = (uint16_t)strlen(ev->target);
	head.detail_len = (uint16_t)strlen(ev->detail);
	buf_add(&b->events, &head, sizeof(head));
	buf_add(&b->events, ev->tool, head.tool_len);
	buf_add(&b->events, ev->target, head.target_len);
	buf_add(&b->events, ev->detail, head.detail_len);
	if (b->events.failed)
		fatalx("no memory for audit events");
	b->head.nevents++;
	waiting += b->events.len - before;
	if (b->events.len >= BATCH_BYTES || b->head.nevents >= BATCH_EVENTS)
		audit_flush();
	ev_hook_arm(&turn_hook);
}

int
audit_full(void)
{
	return (waiting > AUDIT_WAIT_MAX);
}

size_t
audit_waiting(void)
{
	return (waiting);
}

void
audit_connect(struct chan *ch)
{
	struct batch *b;

	authd = ch;
	STAILQ_FOREACH(b, &sent, next)
		batch_send(b);
}

void
audit_disconnect(void)
{
	authd = NULL;
}

static void
batch_free(struct batch *b)
{
	waiting -= b->events.len;
	buf_free(&b->events);
	free(b);
}

void
audit_ack(const struct msg_audit_ack *m)
{
	struct batch *b;

	while ((b = STAILQ_FIRST(&sent)) != NULL &&
	    b->head.batch <= m->batch) {
		STAILQ_REMOVE_HEAD(&sent, next);
		batch_free(b);
	}
	if (m->num > trim_to) {
		trim_to = m->num;
		if (trim_timer.pos == 0)
			ev_timer_set(&trim_timer, TRIM_MS);
	}
}

/* Stored by authd: the outbox need not keep them.  Later is early enough. */
static void
on_trim(struct ev_timer *t)
{
	if (trim_to <= trimmed)
		return;
	if (store_outbox_del(trim_to) == -1) {
		log_warnx("audit outbox: %s", store_error());
		ev_timer_set(t, TRIM_MS * 10);
		return;
	}
	trimmed = trim_to;
}

void
audit_init(void)
{
	struct event ev;
	uint64_t num = 0;
	uint8_t start[3];
	int n;

	/* authd knows a start of ours by the bits above. */
	random_bytes(start, sizeof(start));
	next_batch = (uint64_t)start[0] << 56 | (uint64_t)start[1] << 48 |
	    (uint64_t)start[2] << 40 | 1;
	ev_hook_add(&turn_hook, EV_ORDER_AUDIT, on_turn, NULL);
	ev_timer_init(&trim_timer, on_trim, NULL);
	while ((n = store_outbox_next(num, &ev)) == 1) {
		num = ev.head.num;
		audit_add(&ev);
	}
	if (n == -1)
		fatalx("audit outbox: %s", store_error());
}

void
audit_clear(void)
{
	struct batch *b;

	audit_flush();
	while ((b = STAILQ_FIRST(&sent)) != NULL) {
		STAILQ_REMOVE_HEAD(&sent, next);
		batch_free(b);
	}
}
