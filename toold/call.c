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
#include "input.h"
#include "mcp.h"
#include "mirror.h"
#include "pipe.h"
#include "rpc.h"
#include "stream.h"

#define LITERAL(b, s)	buf_add((b), (s), sizeof(s) - 1)

#define ASK_ROUNDS	8
#define ASK_BYTES_MAX	(64U << 20)	/* arguments of all that wait */
#define RESULT_KEEP	(256U << 10)

static struct buf result;		/* of the call that runs; kept */

/*
 * JSON text as the content of a JSON string.  The text is our own and valid,
 * so only two characters need a backslash.
 */
static void
quote_json(struct buf *b, const uint8_t *p, size_t len)
{
	uint8_t *out;
	size_t i, n = 0;

	if ((out = buf_reserve(b, 2 * len)) == NULL)
		return;
	for (i = 0; i < len; i++) {
		if (p[i] == '"' || p[i] == '\\')
			out[n++] = '\\';
		out[n++] = p[i];
	}
	b->len += n;
}

static void
answer_result(struct mcp *m, const struct buf *out, int raw)
{
	struct buf *b = m->reply->body;

	rpc_open(b, m->era, &m->scan.id);
	if (raw) {
		buf_add(b, out->data, out->len);
		rpc_close(b);
		return;
	}
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

/* 2026-07-28: the client calls again with the answers. */
static void
answer_input(struct mcp *m, const struct call *c)
{
	char sealed[INPUT_TEXT_MAX] = "";

	if (c->ask_state[0] != '\0' && input_seal(c->who, "tools/call",
	    c->tool->name, args_hash(c->args), c->ask_state, sealed) == -1) {
		mcp_error(m, RPC_INTERNAL, NULL, "no state can be made");
		return;
	}
	input_answer(m, (const char *)c->out->data, c->out->len, sealed);
}

void
mcp_busy(struct mcp *m)
{
	m->reply->status = 503;
	m->reply->retry_after = 1;
	mcp_error(m, RPC_INTERNAL, NULL, "Busy: nothing was done, try again");
}

/* What the pipeline came to, as the reply; not for PIPE_LATER. */
static void
answer_end(struct mcp *m, const struct call *c, enum pipe_end end)
{
	switch (end) {
	case PIPE_OK:
		answer_result(m, c->out, c->raw);
		break;
	case PIPE_ERROR:
		answer_error(m, c->err);
		break;
	case PIPE_INPUT:
		answer_input(m, c);
		break;
	case PIPE_NEEDS:
		input_needs(m, c->needs);
		break;
	case PIPE_GONE:
		m->reply->gone = 1;
		break;
	case PIPE_BUSY:
	case PIPE_LATER:
		mcp_busy(m);
		break;
	}
}

/* ---- calls that are answered in a later turn ---- */

struct later {
	struct call	 call;
	struct caller	 who;
	struct buf	 out;
	/* Of calls that ask the client's user. */
	const struct tool_entry *tool;
	json_t		*questions, *answers;	/* by key */
	void		*next;		/* question to be asked */
	unsigned int	 rounds;
	int		 waits;		/* one was asked */
	char		 given[INPUT_STATE_MAX];
	char		*text;		/* arguments, while it waits */
	size_t		 text_len;
};

static size_t asking_bytes;		/* of those texts */

static void
later_free(struct later *l)
{
	json_decref(l->questions);
	json_decref(l->answers);
	json_decref(l->call.args);
	buf_free(&l->out);
	asking_bytes -= l->text_len;
	free(l->text);
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
	if (handle_live(s->handle))
		end = pipe_again(&l->call, s->handle);
	else {
		/* It ended while we asked. */
		pipe_drop(&l->call);
		end = PIPE_GONE;
	}
	if (end == PIPE_LATER)
		stream_wait(s, l->call.later_ms);
	else
		later_answer(s, l, end);
}

/* Let the call live on; NULL when there are too many. */
static struct later *
later_new(struct mcp *m, const struct call *c, unsigned int ms,
    void (*wake)(struct stream *, enum stream_why))
{
	struct later *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("call");
	l->call = *c;
	l->who = *c->who;
	buf_init(&l->out, PIPE_OUT_MAX);
	l->call.who = &l->who;
	l->call.out = &l->out;
	l->call.stream = stream_later(m->stream, ms, wake, l);
	if (l->call.stream == NULL) {
		free(l);
		return (NULL);
	}
	json_incref(c->args);
	m->reply->later = 1;
	return (l);
}

static int
later_make(struct mcp *m, const struct call *c)
{
	return (later_new(m, c, c->later_ms, later_wake) != NULL ? 0 : -1);
}

/* ---- questions on the stream (up to 2025-11-25) ---- */

/* The questions of a round are in out: take them over. */
static int
asking_begin(struct later *l, const struct buf *out)
{
	json_decref(l->questions);
	json_decref(l->answers);
	l->answers = json_object();
	l->questions = json_loadb((const char *)out->data, out->len, 0, NULL);
	l->next = json_object_iter(l->questions);
	l->waits = 0;
	text_set(l->given, sizeof(l->given), l->call.ask_state);
	return (l->next != NULL && l->answers != NULL &&
	    l->rounds++ < ASK_ROUNDS ? 0 : -1);
}

/* Put the next question: 0, or -1 when the client takes none. */
static int
asking_put(struct stream *s, struct later *l)
{
	const json_t *q = json_object_iter_value(l->next);
	const char *method = json_string_value(json_object_get(q, "method"));
	char *params;
	int r;

	params = json_dumps(json_object_get(q, "params"), JSON_COMPACT);
	if (params == NULL || method == NULL) {
		free(params);
		return (-1);
	}
	r = stream_ask(s, method, params);
	free(params);
	l->waits = r == 0;
	if (r == 0)
		stream_wait(s, STREAM_BUDGET_MS);
	return (r);
}

/* As a tree the arguments can take twenty times the room of their text. */
static void
args_fold(struct later *l)
{
	json_decref(l->call.args);
	l->call.args = NULL;
}

static void
args_unfold(struct later *l)
{
	l->call.args = l->text_len == 0 ? json_object() :
	    json_loadb(l->text, l->text_len, 0, NULL);
	if (l->call.args == NULL)
		fatalx("no memory for the arguments of a call");
}

/* All is answered: the call runs again, from the start. */
static void
asking_done(struct stream *s, struct later *l)
{
	enum pipe_end end = PIPE_GONE;

	buf_reset(&l->out);
	l->call.input = l->answers;
	l->call.given = l->given;
	args_unfold(l);
	if (handle_live(s->handle))
		end = pipe_run(&l->call, l->tool, s->handle);
	if (end == PIPE_LATER)
		pipe_drop(&l->call);
	args_fold(l);
	if (end == PIPE_INPUT && asking_begin(l, &l->out) == 0)
		stream_wait(s, 0);
	else {
		if (end == PIPE_INPUT) {
			call_fail(&l->call, "It asks too often");
			end = PIPE_ERROR;
		}
		later_answer(s, l, end);
	}
}

static void
asking_wake(struct stream *s, enum stream_why why)
{
	struct later *l = s->arg;

	if (why == SW_GONE) {
		later_free(l);
		return;
	}
	if (why == SW_REPLY && !s->reply_failed && l->waits &&
	    json_is_object(s->reply)) {
		json_object_set(l->answers, json_object_iter_key(l->next),
		    s->reply);
		l->next = json_object_iter_next(l->questions, l->next);
		l->waits = 0;
	} else if (why != SW_TIMER || l->waits) {
		call_fail(&l->call, why == SW_REPLY ? "Not done: the client "
		    "could not ask its user" : "Not done: nobody answered "
		    "the question in time");
		later_answer(s, l, PIPE_ERROR);
		return;
	}
	if (l->next == NULL)
		asking_done(s, l);
	else if (asking_put(s, l) == -1) {
		call_fail(&l->call, "Not done: the client takes no question");
		later_answer(s, l, PIPE_ERROR);
	}
}

/* One alone may have an eighth of what is left, so that small ones pass. */
static void
asking_make(struct mcp *m, struct call *c, const struct tool_entry *t)
{
	const struct span *a = &m->scan.arguments;
	size_t len = span_type(a) == '{' ? a->len : 0;
	struct later *l = NULL;

	if (len <= (ASK_BYTES_MAX - asking_bytes) / 8)
		l = later_new(m, c, 0, asking_wake);
	if (l == NULL) {
		answer_error(m, "Not done: its user must be asked, and too "
		    "many calls wait already");
		return;
	}
	l->tool = t;
	if (len > 0 && (l->text = malloc(len)) == NULL)
		fatal("call");
	if (len > 0)
		memcpy(l->text, a->p, len);
	l->text_len = len;
	asking_bytes += len;
	args_fold(l);
	if (asking_begin(l, c->out) == -1)
		fatalx("tool %s asks nothing", t->tool->name);
}

static void
run(struct mcp *m, const struct tool_entry *t, json_t *args,
    const char *given, const json_t *input)
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
	c.era = m->era;
	c.can = input_can(m);
	c.given = given;
	c.input = input;
	end = pipe_run(&c, t, m->req->handle);
	if (end == PIPE_INPUT && (m->era->flags & EF_STATELESS) == 0)
		asking_make(m, &c, t);
	else if (end == PIPE_LATER && later_make(m, &c) == 0)
		return;
	else {
		if (end == PIPE_LATER)
			pipe_drop(&c);
		answer_end(m, &c, end);
	}
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
	char given[INPUT_STATE_MAX];
	json_t *args, *input = NULL;

	if (mcp_count_call(m) == -1)
		return;
	if ((t = named_tool(m)) == NULL ||
	    (args = parse_arguments(m)) == NULL)
		return;
	if (t->mirrors != NULL && m->era->flags & EF_STATELESS &&
	    mirror_check(m, t->mirrors, args) == -1) {
		json_decref(args);
		return;
	}
	/* Up to 2025-11-25 answers come as responses, not so. */
	if ((m->era->flags & EF_STATELESS) == 0 ||
	    (m->scan.input_responses.p == NULL &&
	    m->scan.request_state.p == NULL))
		run(m, t, args, "", NULL);
	else if (input_take(m, "tools/call", t->tool->name, args_hash(args),
	    given, &input) == 0)
		run(m, t, args, given, input);
	json_decref(input);
	json_decref(args);
	if (result.cap > RESULT_KEEP)
		buf_free(&result);
}
