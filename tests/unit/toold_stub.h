/* SPDX-License-Identifier: ISC */
/*
 * toold_stub.h: stands in for the store, the schema checker, handles and
 * the channel to authd, so that the pipeline and the protocol can be tested
 * alone.  Everything that happens is written to `trace', a word each.
 */
#ifndef UNIT_TOOLD_STUB_H
#define UNIT_TOOLD_STUB_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toold/audit.h"
#include "toold/authdchan.h"
#include "toold/handle.h"
#include "toold/pipe.h"
#include "toold/session.h"
#include "toold/store.h"
#include "toold/tools.h"

struct handle {				/* ours: the real one is opaque */
	struct caller	who;
	int		live;
	unsigned int	wait, nstreams;
	struct stream_list streams;
};

static char trace[1024];
static struct event last_event;
static int begin_fails, commit_fails, request_known, schema_bad;
static const char *const store_text = "Error saving table: disk full";

static void
note(const char *word)
{
	size_t n = strlen(trace);

	snprintf(trace + n, sizeof(trace) - n, "%s%s", n > 0 ? " " : "", word);
}

/* handles */
const struct caller *
handle_caller(const struct handle *h)
{
	return (&h->who);
}

void
handle_hold(struct handle *h)
{
}

void
handle_release(struct handle *h)
{
}

int
handle_live(struct handle *h)
{
	note("live?");
	return (h->live);
}

int
handle_ended(const struct handle *h)
{
	return (!h->live);
}

struct stream_list *
handle_streams(struct handle *h)
{
	return (&h->streams);
}

unsigned int *
handle_nstreams(struct handle *h)
{
	return (&h->nstreams);
}

int
handle_check(struct handle *h)
{
	return (!h->live);
}

void
handles_onclose(void (*fn)(struct handle *))
{
}

void
audit_send(void)
{
}

unsigned int
handle_count_call(struct handle *h)
{
	return (h->wait);
}

enum era
handle_session(struct handle *h, const char *id, size_t len)
{
	enum era e = session_check(h->who.user_id, h->who.client_id, id, len);

	return (e != 0 && !session_ended(id) ? e : 0);
}

unsigned int
handle_session_can(struct handle *h, const char *id, size_t len)
{
	return (handle_session(h, id, len) != 0 ? session_can(id) : 0);
}

void
authd_watch(const struct handle *h, struct mono deadline)
{
}

int
authd_poll(void)
{
	return (0);
}

void
audit_add(const struct event *ev)
{
	last_event = *ev;
	note("audit");
}

/* store */
int
store_begin(void)
{
	note("begin");
	return (begin_fails ? -1 : 0);
}

int
store_commit(void)
{
	note("commit");
	return (commit_fails ? -1 : 0);
}

void
store_rollback(void)
{
	note("rollback");
}

void
store_read_begin(void)
{
	note("read");
}

const char *
store_error(void)
{
	return (store_text);
}

int
store_outbox_add(struct event *ev)
{
	note("outbox");
	ev->head.num = 17;
	return (0);
}

int
store_request_find(const struct caller *who, const char *request_id,
    const char *tool, uint64_t hash, struct buf *out)
{
	note("find");
	if (request_known == 1)
		buf_adds(out, "{\"first\":true}");
	return (request_known);
}

int
store_request_add(const struct caller *who, const char *request_id,
    const char *tool, uint64_t hash, const struct buf *out)
{
	note("remember");
	return (0);
}

/* schemas: any text compiles, schema_bad says what a check finds */
struct schema *
schema_compile(const char *json, size_t len, char *err, size_t errlen)
{
	return (malloc(1));
}

int
schema_check(const struct schema *s, const json_t *v, struct schema_error *e)
{
	note("schema");
	if (!schema_bad)
		return (0);
	snprintf(e->pointer, sizeof(e->pointer), "/table/fields/0");
	snprintf(e->message, sizeof(e->message), schema_bad == 1 ?
	    "property \"id\" is missing" : "must be of type object");
	e->rule = schema_bad == 1 ? "required" : "type";
	e->type = "object";
	return (-1);
}

void
schema_free(struct schema *s)
{
	free(s);
}

/* ---- tools whose stages say what was told to them ---- */

static const char *stop_at;		/* stage that refuses, or NULL */
static enum tool_err stop_with;

static enum tool_err
stub_stage(struct call *c, const char *name)
{
	note(name);
	if (stop_at == NULL || strcmp(stop_at, name) != 0)
		return (TE_OK);
	call_fail(c, "stopped by %s", name);
	return (stop_with);
}

static enum tool_err
stub_package(struct call *c)
{
	call_target(c, "tab\nle");
	return (stub_stage(c, "package"));
}

static enum tool_err
stub_lock(struct call *c)
{
	return (stub_stage(c, "lock"));
}

static enum tool_err
stub_revision(struct call *c)
{
	return (stub_stage(c, "revision"));
}

static enum tool_err
stub_rules(struct call *c)
{
	return (stub_stage(c, "rules"));
}

static enum tool_err
stub_hooks(struct call *c)
{
	return (stub_stage(c, "hooks"));
}

static struct handle *stub_handle;
static int stub_ends;			/* the handle, in the n-th change */
static size_t stub_more;		/* bytes of white space in answers */
static unsigned int stub_ms;		/* of work, with looks around */

static enum tool_err
stub_fn(struct call *c)
{
	uint64_t until = mono_us() + stub_ms * 1000;
	size_t i;

	while (stub_ms > 0 && mono_us() < until)
		pipe_poll();
	if (c->tool->writes && stub_ends > 0 && --stub_ends == 0)
		stub_handle->live = 0;
	buf_adds(c->out, "{\"id\":\"a\\\"b\"");
	for (i = 0; i < stub_more; i++)
		buf_addc(c->out, ' ');
	buf_addc(c->out, '}');
	call_detail(c, "fields 1");
	return (stub_stage(c, "change"));
}

#define STUB_OUT "{\"type\":\"object\",\"properties\":{}}"
#define STUB_IN(more) "{\"type\":\"object\",\"additionalProperties\":false,"\
	"\"properties\":{\"id\":{\"type\":\"string\",\"description\":\"d\"}"\
	more "}}"
#define STUB_STAGES .package = stub_package, .lock = stub_lock,		\
	.revision = stub_revision, .rules = stub_rules,			\
	.hooks = stub_hooks, .fn = stub_fn

static const struct tool stub_tools[] = {
	{ .name = "get_thing", .title = "Get", .description =
	    "Reads one thing by its id.", .perm = PERM_TABLEDEFINITION,
	    .level = TL_DISPLAY, .annotations = TA_READ_ONLY,
	    .input_schema = STUB_IN(""), .output_schema = STUB_OUT,
	    STUB_STAGES },
	{ .name = "save_thing", .title = "Save", .description =
	    "Makes or changes one thing.", .perm = PERM_TABLEDEFINITION,
	    .level = TL_EDIT, .writes = 1,
	    .input_schema = STUB_IN(SCHEMA_WRITE_PROPS),
	    .output_schema = STUB_OUT, STUB_STAGES },
	{ .name = NULL }
};

static const struct tool *const stub_groups[] = { stub_tools, NULL };

static void
stub_reset(struct handle *h)
{
	memset(h, 0, sizeof(*h));
	h->live = 1;
	h->who.user_id = "11111111-2222-4333-8444-555555555555";
	h->who.user = "ada";
	h->who.client_id = "client-1";
	h->who.default_package = "";
	h->who.display = h->who.edit = PERM_BIT(PERM_TABLEDEFINITION);
	trace[0] = '\0';
	stop_at = NULL;
	stop_with = TE_FAIL;
	stub_handle = h;
	stub_ends = 0;
	stub_more = 0;
	begin_fails = commit_fails = request_known = schema_bad = 0;
	memset(&last_event, 0, sizeof(last_event));
}

#endif
