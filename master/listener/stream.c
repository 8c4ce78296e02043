/* SPDX-License-Identifier: ISC */
/*
 * stream.c: answers as text/event-stream, in chunks of HTTP/1.1.  Runs in
 * the listener, on messages of toold, whose events are lines already.  An
 * event has an id only where toold gave it one: then the answer can be had
 * on another stream.
 *
 * A client that is behind by more than STREAM_OUT_MAX, or does not read for
 * the write timeout, is cut off; toold hears of it as of every client that
 * goes.
 */
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "listener.h"

#define CHUNK_HEAD	16		/* bytes of hex and CRLF before data */
#define END		"0\r\n\r\n"
#define RETRY		"500"		/* ms, for a stream that can go on */

static struct buf chunk;		/* the one being made; kept */

static void
chunk_begin(void)
{
	if (chunk.max == 0)
		buf_init(&chunk, 0);
	chunk.secret = 1;
	buf_reset(&chunk);
	buf_add(&chunk, "                ", CHUNK_HEAD);
}

/* The size goes right before the data, and the rest behind. */
static void
chunk_send(struct req *r, int last)
{
	char head[CHUNK_HEAD + 1];
	size_t off;
	int n;

	n = snprintf(head, sizeof(head), "%zx\r\n", chunk.len - CHUNK_HEAD);
	off = CHUNK_HEAD - (size_t)n;
	buf_adds(&chunk, last ? "\r\n" END : "\r\n");
	if (chunk.failed)
		fatalx("no memory for an event");
	memcpy(chunk.data + off, head, (size_t)n);
	conn_put(r->c, chunk.data + off, chunk.len - off);
	if (chunk.cap > STREAM_OUT_MAX)
		buf_wipe(&chunk);
}

/* The standard's event: a line that begins with data: for each line. */
static void
add_event(const uint8_t *p, size_t len)
{
	const uint8_t *nl;
	size_t n;

	do {
		nl = memchr(p, '\n', len);
		n = nl != NULL ? (size_t)(nl - p) : len;
		buf_adds(&chunk, "data: ");
		buf_add(&chunk, p, n);
		buf_addc(&chunk, '\n');
		n += nl != NULL;
		p += n;
		len -= n;
	} while (len > 0);
	buf_addc(&chunk, '\n');
}

/* What was asked is not needed any more; the token is. */
static void
stream_open(struct req *r)
{
	r->state = RS_STREAM;
	r->flags |= RQ_STREAM;
	buf_wipe(&r->body);
	mem_give(r->taken);
	r->taken = r->skip = 0;
	reply_stream(r);
}

void
stream_event(struct req *r, const struct msg_event *e, const uint8_t *p)
{
	if ((r->flags & RQ_STREAM) == 0)
		stream_open(r);
	if (e->flags & EVF_LONG)
		r->flags |= RQ_LONG;
	if (e->flags & EVF_HANDLE)
		r->flags |= RQ_HANDLE;
	if (e->id != 0)
		r->flags |= RQ_RESUME;
	if (conn_stream(r->c) == -1 || (e->len == 0 && e->id == 0))
		return;
	chunk_begin();
	if (e->id != 0)
		buf_addf(&chunk, "id: %016llx\nretry: " RETRY "\n",
		    (unsigned long long)e->id);
	add_event(p, e->len);
	chunk_send(r, 0);
}

void
stream_end(struct req *r, const uint8_t *p, size_t len)
{
	if (len > 0) {
		chunk_begin();
		add_event(p, len);
		chunk_send(r, 1);
	} else
		conn_put(r->c, END, sizeof(END) - 1);
	reply_stream_end(r);
}

void
stream_drop(struct req *r)
{
	link_cancel(r->id);
	stream_end(r, NULL, 0);
}

void
stream_quiet(struct req *r)
{
	if (conn_stream(r->c) == -1)
		return;
	if (r->u.mcp.recheck) {
		mcp_recheck(r);
		return;
	}
	chunk_begin();
	buf_adds(&chunk, ":\n\n");
	chunk_send(r, 0);
}
