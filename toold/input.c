/* SPDX-License-Identifier: ISC */
/*
 * input.c: see input.h.  Runs in toold.  Answers and states come from the
 * network: a state is believed when its seal is right, an answer is one word
 * of a user who could as well have called without asking.
 */
#include <string.h>

#include "../common/log.h"
#include "../common/text.h"
#include "input.h"
#include "opaque.h"
#include "rpc.h"
#include "stream.h"

static const struct {
	const char	*name;
	unsigned int	 bit;
} capabilities[] = {
	{ "elicitation", CC_ELICITATION },
	{ "sampling", CC_SAMPLING },
	{ "roots", CC_ROOTS },
};
#define NCAPABILITIES	(sizeof(capabilities) / sizeof(capabilities[0]))

unsigned int
input_capabilities(const struct span *sp)
{
	const json_t *v;
	unsigned int can = 0;
	json_t *o;
	size_t i;

	if (span_type(sp) != '{' || sp->len <= 2 ||
	    (o = json_loadb(sp->p, sp->len, 0, NULL)) == NULL)
		return (0);
	for (i = 0; i < NCAPABILITIES; i++) {
		v = json_object_get(o, capabilities[i].name);
		if (json_is_object(v))
			can |= capabilities[i].bit;
	}
	/* One who says which modes, and not form, shows only addresses. */
	v = json_object_get(o, "elicitation");
	if (json_object_size(v) > 0 && json_object_get(v, "form") == NULL &&
	    json_object_get(v, "url") != NULL)
		can &= ~(unsigned int)CC_ELICITATION;
	json_decref(o);
	return (can);
}

unsigned int
input_can(struct mcp *m)
{
	const struct request *req = m->req;

	if (m->era->flags & EF_STATELESS)
		return (input_capabilities(&m->scan.meta_capabilities));
	/* Questions go out on the stream of the call. */
	if (m->stream == NULL || (m->stream->flags & SF_SSE) == 0)
		return (0);
	if (req->flags & CF_SESSION)
		return (handle_session_can(req->handle, req->session.p,
		    req->session.len));
	return (0);
}

/* ---- states ---- */

struct sealed {
	int64_t		until_ms;
	uint64_t	hash;
	char		state[INPUT_STATE_MAX];
};

static void
purpose(const char *method, const char *name, char *out, size_t cap)
{
	size_t n = strlen(method);

	if (text_set(out, cap, method) == -1 || n + 1 >= cap ||
	    text_set(out + n + 1, cap - n - 1, name) == -1)
		fatalx("state for %s: name too long", name);
	out[n] = ':';
}

int
input_seal(const struct caller *who, const char *method, const char *name,
    uint64_t hash, const char *state, char *out)
{
	struct sealed s;
	char what[128], text[OPAQUE_TEXT_MAX + 1];

	memset(&s, 0, sizeof(s));
	s.until_ms = wall_ms() + INPUT_TTL_MS;
	s.hash = hash;
	if (text_set(s.state, sizeof(s.state), state) == -1)
		return (-1);
	purpose(method, name, what, sizeof(what));
	if (opaque_make(what, who, &s, sizeof(s), text) == -1)
		return (-1);
	return (text_set(out, INPUT_TEXT_MAX, text));
}

/* The state in a good text (out holds INPUT_STATE_MAX): 0, or -1. */
static int
input_open(const struct caller *who, const char *method, const char *name,
    uint64_t hash, const char *text, size_t len, char *out)
{
	struct sealed s;
	char what[128];

	purpose(method, name, what, sizeof(what));
	if (opaque_open(what, who, text, len, &s, sizeof(s)) != sizeof(s) ||
	    s.hash != hash || s.until_ms < wall_ms())
		return (-1);
	return (text_set(out, INPUT_STATE_MAX, s.state));
}

/* Each answer is an object; those of keys we did not ask for do no harm. */
static json_t *
read_answers(struct mcp *m)
{
	const struct span *sp = &m->scan.input_responses;
	const char *key;
	json_t *o = NULL, *v;

	if (span_type(sp) == '{')
		o = json_loadb(sp->p, sp->len, JSON_REJECT_DUPLICATES, NULL);
	if (o == NULL) {
		mcp_error(m, RPC_INVALID_PARAMS, NULL,
		    "Invalid params: inputResponses is not an object");
		return (NULL);
	}
	json_object_foreach(o, key, v)
		if (!json_is_object(v)) {
			mcp_error(m, RPC_INVALID_PARAMS, NULL, "Invalid "
			    "params: inputResponses.%.64s is not an object",
			    key);
			json_decref(o);
			return (NULL);
		}
	return (o);
}

int
input_take(struct mcp *m, const char *method, const char *name,
    uint64_t hash, char *state, json_t **input)
{
	char text[INPUT_TEXT_MAX];
	long n;

	*input = NULL;
	state[0] = '\0';
	if (m->scan.request_state.p != NULL) {
		n = span_string(&m->scan.request_state, text, sizeof(text));
		if (n == -1 || input_open(&m->who, method, name, hash, text,
		    (size_t)n, state) == -1) {
			mcp_error(m, RPC_INVALID_PARAMS, NULL, "Invalid "
			    "params: requestState is not what was given out "
			    "for this request, or too old: start anew "
			    "without it");
			return (-1);
		}
	}
	if (m->scan.input_responses.p == NULL)
		return (0);
	return ((*input = read_answers(m)) != NULL ? 0 : -1);
}

/* ---- answers ---- */

void
input_answer(struct mcp *m, const char *requests, size_t len,
    const char *sealed)
{
	struct buf *b = m->reply->body;

	rpc_open_as(b, m->era, &m->scan.id, "input_required");
	buf_adds(b, "\"inputRequests\":");
	buf_add(b, requests, len);
	if (sealed[0] != '\0')
		buf_addf(b, ",\"requestState\":\"%s\"", sealed);
	rpc_close(b);
}

void
input_needs(struct mcp *m, unsigned int can)
{
	struct buf data;
	size_t i, n = 0;

	buf_init(&data, 0);
	buf_adds(&data, "{\"requiredCapabilities\":{");
	for (i = 0; i < NCAPABILITIES; i++)
		if (can & capabilities[i].bit)
			buf_addf(&data, "%s\"%s\":{}", n++ > 0 ? "," : "",
			    capabilities[i].name);
	buf_adds(&data, "}}");
	buf_addc(&data, '\0');
	m->reply->status = m->era->flags & EF_STATELESS ? 400 : 200;
	mcp_error(m, RPC_NO_CAPABILITY, data.failed ? NULL :
	    (const char *)data.data, "The client did not declare a "
	    "capability that this call needs");
	buf_free(&data);
}
