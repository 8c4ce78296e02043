/* SPDX-License-Identifier: ISC */
/*
 * call.c: tools/call: from the spans of the request to the pipeline and
 * back to the text of the answer.  Runs in toold.  Only `arguments' is ever
 * made into a tree, and only after the scan bounded it.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "../common/text.h"
#include "mcp.h"
#include "pipe.h"
#include "rpc.h"
#include "stream.h"

#define LITERAL(b, s)	buf_add((b), (s), sizeof(s) - 1)

#define RESULT_KEEP	(256U << 10)

static struct buf result;		/* of the call that runs; kept */

/* The bytes of w that are c have their high bit set; others may above them. */
static uint64_t
has_byte(uint64_t w, uint8_t c)
{
	w ^= 0x0101010101010101ULL * c;
	return ((w - 0x0101010101010101ULL) & ~w & 0x8080808080808080ULL);
}

/*
 * JSON text as the content of a JSON string.  The text is our own and valid,
 * so only two characters need a backslash; eight bytes without one are taken
 * at once.
 */
static void
quote_json(struct buf *b, const uint8_t *p, size_t len)
{
	uint8_t *out;
	uint64_t w;
	size_t i = 0, n = 0;

	if ((out = buf_reserve(b, 2 * len)) == NULL)
		return;
	while (i < len) {
		if (len - i >= sizeof(w)) {
			memcpy(&w, p + i, sizeof(w));
			if ((has_byte(w, '"') | has_byte(w, '\\')) == 0) {
				memcpy(out + n, &w, sizeof(w));
				i += sizeof(w);
				n += sizeof(w);
				continue;
			}
		}
		if (p[i] == '"' || p[i] == '\\')
			out[n++] = '\\';
		out[n++] = p[i++];
	}
	b->len += n;
}

static void
answer_result(struct mcp *m, const struct buf *out)
{
	struct buf *b = m->reply->body;

	rpc_open(b, m->era, &m->scan.id);
	LITERAL(b, "\"content\":[{\"type\":\"text\",\"text\":\"");
	quote_json(b, out->data, out->len);
	LITERAL(b, "\"}]");
	if (m->era->flags & EF_STRUCTURED) {
		LITERAL(b, ",\"structuredContent\":");
		buf_add(b, out->data, out->len);
	}
	rpc_close(b);
}

static void
answer_error(struct mcp *m, const char *text)
{
	struct buf *b = m->reply->body;

	rpc_open(b, m->era, &m->scan.id);
	LITERAL(b, "\"content\":[{\"type\":\"text\",\"text\":");
	buf_add_json(b, text, strlen(text));
	LITERAL(b, "}],\"isError\":true");
	rpc_close(b);
}

/* The arguments as a tree; absent or null ones are an empty object. */
static json_t *
parse_arguments(struct mcp *m)
{
	const struct span *a = &m->scan.arguments;
	json_error_t err;
	json_t *args;

	if (a->p == NULL || span_type(a) == 'n')
		return (json_object());
	if (span_type(a) != '{') {
		mcp_error(m, RPC_INVALID_PARAMS, NULL,
		    "Invalid params: arguments is not an object");
		return (NULL);
	}
	args = json_loadb(a->p, a->len, JSON_REJECT_DUPLICATES, &err);
	if (args == NULL)
		mcp_error(m, RPC_INVALID_PARAMS, NULL,
		    "Invalid params: arguments: %s",
		    json_error_code(&err) == json_error_null_character ?
		    "a string holds U+0000" : err.text);
	return (args);
}

static const struct tool_entry *
named_tool(struct mcp *m)
{
	const struct tool_entry *t;
	char name[256];
	long n;

	if (span_type(&m->scan.name) != '"') {
		mcp_error(m, RPC_INVALID_PARAMS, NULL,
		    "Invalid params: name is required, a string");
		return (NULL);
	}
	n = span_string(&m->scan.name, name, sizeof(name));
	if (n == -1)
		text_clean(name, sizeof(name), m->scan.name.p,
		    m->scan.name.len);
	else if ((t = tool_find(name, (size_t)n)) != NULL)
		return (t);
	mcp_error(m, RPC_INVALID_PARAMS, NULL, "Tool %s not found", name);
	return (NULL);
}

/* What the pipeline came to, as the reply; not for PIPE_LATER. */
static void
answer_end(struct mcp *m, const struct call *c, enum pipe_end end)
{
	switch (end) {
	case PIPE_OK:
		answer_result(m, c->out);
		break;
	case PIPE_ERROR:
		answer_error(m, c->err);
		break;
	case PIPE_GONE:
		m->reply->gone = 1;
		break;
	case PIPE_BUSY:
	case PIPE_LATER:
		m->reply->status = 503;
		m->reply->retry_after = 1;
		mcp_error(m, RPC_INTERNAL, NULL,
		    "Busy: nothing was done, try again");
		break;
	}
}

/* ---- calls that are answered in a later turn ---- */

struct later {
	struct call	 call;
	struct caller	 who;
	struct buf	 out;
};

static void
later_free(struct later *l)
{
	json_decref(l->call.args);
	buf_free(&l->out);
	free(l);
}

/* Its last turn is over: write the answer as if it were the first. */
static void
later_answer(struct stream *s, struct later *l, enum pipe_end end)
{
	static struct buf text;
	struct reply r;
	struct mcp m;

	if (text.max == 0)
		buf_init(&text, 0);
	buf_reset(&text);
	memset(&r, 0, sizeof(r));
	r.status = 200;
	r.body = &text;
	m.reply = &r;
	m.era = s->era;
	m.scan.id = s->rpc_id;
	answer_end(&m, &l->call, end);
	if (text.failed)
		fatalx("no memory for an answer");
	if (r.gone)
		stream_unknown(s);
	else
		stream_answer(s, r.status, text.data, text.len);
	if (text.cap > RESULT_KEEP)
		buf_free(&text);
	later_free(l);
}

static void
later_wake(struct stream *s, enum stream_why why)
{
	struct later *l = s->arg;
	enum pipe_end end;

	if (why == SW_GONE) {
		pipe_drop(&l->call);
		later_free(l);
		return;
	}
	l->call.reply = why == SW_REPLY ? s->reply : NULL;
	l->call.reply_failed = why == SW_REPLY && s->reply_failed;
	l->call.late = why == SW_LATE;
	end = handle_live(s->handle) ? pipe_again(&l->call, s->handle) :
	    PIPE_GONE;
	if (end == PIPE_LATER)
		stream_wait(s, l->call.later_ms);
	else
		later_answer(s, l, end);
}

/* Let the call live on: 0, or -1 when there are too many. */
static int
later_make(struct mcp *m, const struct call *c)
{
	struct later *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("call");
	l->call = *c;
	l->who = *c->who;
	buf_init(&l->out, PIPE_OUT_MAX);
	l->call.who = &l->who;
	l->call.out = &l->out;
	l->call.stream = stream_later(m->stream, c->later_ms, later_wake, l);
	if (l->call.stream == NULL) {
		free(l);
		return (-1);
	}
	json_incref(c->args);
	m->reply->later = 1;
	return (0);
}

static void
run(struct mcp *m, const struct tool_entry *t, json_t *args)
{
	struct call c;
	enum pipe_end end;

	if (result.max == 0)
		buf_init(&result, PIPE_OUT_MAX);
	buf_reset(&result);
	c.who = &m->who;
	c.args = args;
	c.out = &result;
	c.stream = m->stream;
	end = pipe_run(&c, t, m->req->handle);
	if (end == PIPE_LATER && later_make(m, &c) == 0)
		return;
	if (end == PIPE_LATER)
		pipe_drop(&c);
	answer_end(m, &c, end);
}

int
mcp_count_call(struct mcp *m)
{
	unsigned int wait = handle_count_call(m->req->handle);

	if (wait == 0)
		return (0);
	m->reply->status = 429;
	m->reply->retry_after = wait;
	mcp_error(m, RPC_INTERNAL, NULL, "Too many calls: this connection "
	    "may call again in %u s", wait);
	return (-1);
}

void
mcp_tools_call(struct mcp *m)
{
	const struct tool_entry *t;
	json_t *args;

	if (mcp_count_call(m) == -1)
		return;
	if ((t = named_tool(m)) == NULL ||
	    (args = parse_arguments(m)) == NULL)
		return;
	run(m, t, args);
	json_decref(args);
	if (result.cap > RESULT_KEEP)
		buf_free(&result);
}
