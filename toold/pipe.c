/* SPDX-License-Identifier: ISC */
/*
 * pipe.c: see pipe.h.  Runs in toold.  The caller comes from authd, the
 * arguments from the network; no stage sees arguments that the schema does
 * not allow, and nothing is committed for a handle that is closed.
 */
#include <sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "../common/text.h"
#include "audit.h"
#include "authdchan.h"
#include "pipe.h"
#include "store.h"
#include "stream.h"

static const struct stage_row {
	const char	*name;
	size_t		 off;		/* of the row's function; 0: here */
} stages[ST_MAX] = {
	[ST_ROLE] = { "role", 0 },
	[ST_ARGUMENTS] = { "arguments", 0 },
	[ST_PACKAGE] = { "package", offsetof(struct tool, package) },
	[ST_LOCK] = { "lock", offsetof(struct tool, lock) },
	[ST_REVISION] = { "revision", offsetof(struct tool, revision) },
	[ST_RULES] = { "rules", offsetof(struct tool, rules) },
	[ST_HOOKS] = { "hooks", offsetof(struct tool, hooks) },
	[ST_CHANGE] = { "change", offsetof(struct tool, fn) },
	[ST_COMMIT] = { "commit", 0 },
};

#define CONFIRM_STATE	"confirm"
#define TICK_MS		1000		/* between signs of life */

static uint64_t commits;
/* The call that runs now and can be told of, if it has a progressToken. */
static struct {
	struct call	*call;
	uint64_t	 began_ms, told_ms;
} live;
static int confirm_on = 1;

void
pipe_setconfirm(int on)
{
	confirm_on = on;
}

uint64_t
pipe_commits(void)
{
	return (commits);
}

const char *
stage_name(enum stage st)
{
	return (stages[st].name);
}

/* ---- what a stage says ---- */

static void
set_err(struct call *c, const char *fmt, va_list ap)
{
	vsnprintf(c->err, sizeof(c->err), fmt, ap);
}

enum tool_err
call_fail(struct call *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_err(c, fmt, ap);
	va_end(ap);
	return (TE_FAIL);
}

enum tool_err
call_denied(struct call *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_err(c, fmt, ap);
	va_end(ap);
	return (TE_DENIED);
}

enum tool_err
call_invalid(struct call *c, const char *path, const char *fmt, ...)
{
	char text[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	call_fail(c, "Input validation error: Invalid arguments for tool %s:"
	    " %s%s%s", c->tool->name, path, path[0] != '\0' ? " " : "", text);
	return (TE_INVALID);
}

enum tool_err
call_input(struct call *c, const char *state)
{
	if (text_set(c->ask_state, sizeof(c->ask_state), state) == -1)
		return (call_fail(c, "the state of a question is too long"));
	call_detail(c, "asked the user");
	return (TE_INPUT);
}

void
call_target(struct call *c, const char *target)
{
	text_clean(c->target, sizeof(c->target), target, strlen(target));
}

void
call_detail(struct call *c, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean(c->detail, sizeof(c->detail), text, strlen(text));
}

/* ---- the stages that are the same for all ---- */

static enum tool_err
stage_role(struct call *c)
{
	const char *role = perm_row(c->tool->perm)->name;

	if (tool_allowed(c->tool, c->who))
		return (TE_OK);
	if (c->who->read_only && c->who->edit & PERM_BIT(c->tool->perm))
		return (call_denied(c, "Access denied: no permission for %s "
		    "(this connection is read only)", role));
	return (call_denied(c, "Access denied: no permission for %s", role));
}

/* RFC 6901 pointer as people write it: /table/fields/0/id, table.fields.0.id */
static void
pointer_path(const char *ptr, char *out, size_t cap)
{
	size_t n = 0;

	for (; *ptr != '\0' && n + 1 < cap; ptr++) {
		if (*ptr == '/') {
			if (n > 0)
				out[n++] = '.';
		} else if (*ptr == '~' && ptr[1] != '\0')
			out[n++] = *++ptr == '1' ? '/' : '~';
		else
			out[n++] = *ptr;
	}
	out[n] = '\0';
}

/*
 * A member that is missing is named by its own path, as clients of the
 * platform know it: "table.name Required".
 */
static int
missing_member(const struct schema_error *e, char *path, size_t cap)
{
	static const char head[] = "property \"", tail[] = "\" is missing";
	size_t len = strlen(e->message), n = strlen(path);

	if (strcmp(e->rule, "required") != 0 || len <= sizeof(head) +
	    sizeof(tail) - 2 || strncmp(e->message, head,
	    sizeof(head) - 1) != 0 || strcmp(e->message + len -
	    (sizeof(tail) - 1), tail) != 0)
		return (0);
	len -= sizeof(head) + sizeof(tail) - 2;
	snprintf(path + n, cap - n, "%s%.*s", n > 0 ? "." : "", (int)len,
	    e->message + sizeof(head) - 1);
	return (1);
}

static enum tool_err
stage_arguments(struct call *c, const struct schema *schema)
{
	struct schema_error e;
	char path[SCHEMA_POINTER_MAX + SCHEMA_MESSAGE_MAX];

	if (schema_check(schema, c->args, &e) == 0)
		return (TE_OK);
	pointer_path(e.pointer, path, sizeof(path));
	if (missing_member(&e, path, sizeof(path)))
		return (call_invalid(c, path, "Required"));
	return (call_invalid(c, path, "%s", e.message));
}

static enum tool_err
run_stage(struct call *c, enum stage st, const struct schema *schema)
{
	tool_fn *fn;

	if (st == ST_ROLE)
		return (stage_role(c));
	if (st == ST_ARGUMENTS)
		return (stage_arguments(c, schema));
	memcpy(&fn, (const char *)c->tool + stages[st].off, sizeof(fn));
	return (fn != NULL ? fn(c) : TE_OK);
}

/* For a client that asks for it: how far its call has come. */
static void
log_stage(struct call *c, enum stage at)
{
	char data[128];

	snprintf(data, sizeof(data), "{\"tool\":\"%s\",\"stage\":\"%s\"}",
	    c->tool->name, stage_name(at));
	call_log(c, SL_DEBUG, "keepd", data);
}

static enum tool_err
run_stages(struct call *c, const struct schema *schema, enum stage from,
    enum stage to, enum stage *at)
{
	enum tool_err e = TE_OK;
	int st;

	for (st = (int)from; st <= (int)to && e == TE_OK; st++) {
		*at = (enum stage)st;
		if (c->stream != NULL && c->stream->level == SL_DEBUG)
			log_stage(c, *at);
		e = run_stage(c, *at, schema);
	}
	if (e == TE_OK && to == ST_CHANGE && c->out->failed)
		return (call_fail(c, "The answer is larger than %u bytes: "
		    "select fewer fields or take fewer entries",
		    PIPE_OUT_MAX));
	return (e);
}

/* ---- audit ---- */

static void
make_event(const struct call *c, uint64_t began, enum audit_kind kind,
    enum audit_outcome outcome, const char *detail, struct event *ev)
{
	memset(&ev->head, 0, sizeof(ev->head));
	ev->head.time_ms = c->now_ms;
	memcpy(ev->head.grant, c->who->grant, sizeof(ev->head.grant));
	ev->head.dur_us = (uint32_t)(mono_us() - began);
	ev->head.event = (uint16_t)kind;
	ev->head.outcome = (uint16_t)outcome;
	text_set(ev->tool, sizeof(ev->tool), c->tool->name);
	memcpy(ev->target, c->target, sizeof(ev->target));
	text_set(ev->detail, sizeof(ev->detail), detail);
}

static enum audit_outcome
outcome_of(enum tool_err e)
{
	switch (e) {
	case TE_OK:
	case TE_INPUT:
		return (AO_OK);
	case TE_DENIED:
		return (AO_DENIED);
	case TE_INVALID:
		return (AO_INVALID);
	default:
		return (AO_FAILED);
	}
}

/* Stopped before the tool said what it is about: the id it was given. */
static void
default_target(struct call *c)
{
	const char *id = json_string_value(json_object_get(c->args, "id"));

	if (c->target[0] == '\0' && id != NULL && uuid_valid(id, strlen(id)))
		call_target(c, id);
}

/* A read, or a write that changed nothing; at is where it stopped. */
static void
audit_result(struct call *c, uint64_t began, enum tool_err e, enum stage at)
{
	char text[AUDIT_DETAIL_MAX + 16], detail[AUDIT_DETAIL_MAX];
	struct event ev;

	if (e != TE_OK && e != TE_INPUT)
		snprintf(text, sizeof(text), "stopped at %s", stage_name(at));
	else if (c->dry_run)
		snprintf(text, sizeof(text), "dry run: %s", c->detail);
	else
		memcpy(text, c->detail, sizeof(c->detail));
	text_clean(detail, sizeof(detail), text, strlen(text));
	default_target(c);
	make_event(c, began, e == TE_DENIED ? AK_REFUSED : AK_TOOL_CALL,
	    outcome_of(e), detail, &ev);
	audit_add(&ev);
}

void
pipe_audit(const struct caller *who, const char *method, const char *target,
    enum audit_outcome outcome, uint64_t began)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.head.time_ms = wall_ms();
	memcpy(ev.head.grant, who->grant, sizeof(ev.head.grant));
	ev.head.dur_us = (uint32_t)(mono_us() - began);
	ev.head.event = AK_TOOL_CALL;
	ev.head.outcome = (uint16_t)outcome;
	text_set(ev.tool, sizeof(ev.tool), method);
	text_clean(ev.target, sizeof(ev.target), target, strlen(target));
	audit_add(&ev);
}

/* ---- events, and answers in a later turn ---- */

int
call_event(struct call *c, const char *method, const char *params)
{
	return (stream_event(c->stream, method, params));
}

int
call_progress(struct call *c, double progress, double total,
    const char *message)
{
	return (stream_progress(c->stream, progress, total, message));
}

int
call_log(struct call *c, int level, const char *logger, const char *data)
{
	return (stream_log(c->stream, (enum stream_level)level, logger,
	    data));
}

enum tool_err
call_later(struct call *c, unsigned int ms)
{
	if (c->stream == NULL || c->tool->writes || c->late)
		return (call_fail(c, "Tool %s cannot be answered later here",
		    c->tool->name));
	c->later_ms = ms;
	return (TE_LATER);
}

int
call_detach(struct call *c)
{
	return (stream_detach(c->stream));
}

int
call_ask(struct call *c, const char *method, const char *params)
{
	return (c->stream == NULL ? -1 : stream_ask(c->stream, method,
	    params));
}

static void
live_begin(struct call *c)
{
	live.call = c->stream != NULL && c->stream->token.p != NULL ? c :
	    NULL;
	live.began_ms = live.told_ms = mono_now().ms;
}

/*
 * While SQLite works: a progress event a second, which keeps clients from
 * giving up, written at once.
 */
int
pipe_poll(void)
{
	uint64_t now;
	char text[96];

	if (live.call != NULL &&
	    (now = mono_now().ms) >= live.told_ms + TICK_MS) {
		live.told_ms = now;
		snprintf(text, sizeof(text), "%s: at work for %llu s",
		    live.call->tool->name,
		    (unsigned long long)(now - live.began_ms) / 1000);
		stream_alive(live.call->stream, (double)(now -
		    live.began_ms) / 1000, text);
	}
	return (authd_poll());
}

/* ---- writes ---- */

uint64_t
args_hash(const json_t *args)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	uint64_t h = 0;
	SHA2_CTX ctx;
	char *text;

	text = json_dumps(args, JSON_COMPACT | JSON_SORT_KEYS);
	if (text == NULL)
		fatalx("no memory for the arguments of a call");
	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)text, strlen(text));
	SHA256Final(digest, &ctx);
	memcpy(&h, digest, sizeof(h));
	free(text);
	return (h);
}

/* Of the arguments without requestId. */
static uint64_t
repeat_hash(json_t *args)
{
	json_t *copy = json_copy(args);
	uint64_t h;

	if (copy == NULL)
		fatalx("no memory for the arguments of a call");
	json_object_del(copy, "requestId");
	h = args_hash(copy);
	json_decref(copy);
	return (h);
}

/* Say in the result of a dry run that it was one. */
static void
mark_dry_run(struct buf *out)
{
	if (out->len < 2 || out->data[out->len - 1] != '}')
		return;
	out->len--;
	buf_adds(out, out->data[out->len - 1] == '{' ? "\"dryRun\":true}" :
	    ",\"dryRun\":true}");
}

/*
 * The end of a change: its audit row and its remembered answer go into the
 * same transaction, then the handle is asked for once more.
 */
static enum pipe_end
commit_change(struct call *c, struct handle *h, uint64_t began, uint64_t hash,
    struct event *ev)
{
	make_event(c, began, AK_CHANGE, AO_OK, c->detail, ev);
	if (store_outbox_add(ev) == -1 || (c->request_id != NULL &&
	    store_request_add(c->who, c->request_id, c->tool->name, hash,
	    c->out) == -1)) {
		call_fail(c, "%s", store_error());
		return (PIPE_ERROR);
	}
	if (!handle_live(h))
		return (PIPE_GONE);
	if (store_commit() == -1) {
		call_fail(c, "%s", store_error());
		return (PIPE_ERROR);
	}
	return (PIPE_OK);
}

/* 1: the answer of an earlier call with this requestId is in c->out. */
static int
find_request(struct call *c, uint64_t *hash, enum tool_err *e)
{
	*hash = 0;
	*e = TE_OK;
	if (c->request_id == NULL)
		return (0);
	*hash = repeat_hash(c->args);
	switch (store_request_find(c->who, c->request_id, c->tool->name,
	    *hash, c->out)) {
	case 0:
		return (0);
	case 1:
		call_detail(c, "repeated requestId, answered as before");
		return (1);
	default:
		*e = call_fail(c, "%s", store_error());
		return (0);
	}
}

static enum pipe_end
end_of(enum tool_err e)
{
	switch (e) {
	case TE_OK:
		return (PIPE_OK);
	case TE_BUSY:
		return (PIPE_BUSY);
	case TE_INPUT:
		return (PIPE_INPUT);
	case TE_NEEDS:
		return (PIPE_NEEDS);
	default:
		return (PIPE_ERROR);
	}
}

/* ---- asking before something is destroyed ---- */

static int
confirm_wanted(const struct call *c)
{
	unsigned int a = c->tool->annotations;

	if (!confirm_on || c->dry_run || (c->can & CC_ELICITATION) == 0)
		return (0);
	return ((a & TA_CONFIRM) != 0 || ((a & TA_DESTRUCTIVE) != 0 &&
	    json_is_true(json_object_get(c->args, "ignoreWarning"))));
}

static enum tool_err
confirm_ask(struct call *c)
{
	char text[AUDIT_TARGET_MAX + 128];

	snprintf(text, sizeof(text), "%s: %s. Really do it?", c->tool->title,
	    c->target[0] != '\0' ? c->target : "what the call names");
	buf_reset(c->out);
	buf_adds(c->out, "{\"confirm\":{\"method\":\"elicitation/create\","
	    "\"params\":{");
	if (c->era->flags & EF_ID_OPTIONAL)
		buf_adds(c->out, "\"mode\":\"form\",");
	buf_adds(c->out, "\"message\":");
	buf_add_json(c->out, text, strlen(text));
	buf_adds(c->out, ",\"requestedSchema\":{\"type\":\"object\","
	    "\"properties\":{\"confirm\":{\"type\":\"boolean\",\"title\":"
	    "\"Yes, do it\",\"default\":false}},\"required\":[\"confirm\"]"
	    "}}}}");
	return (call_input(c, CONFIRM_STATE));
}

/* Behind all checks: nobody is asked about what would be refused. */
static enum tool_err
confirm(struct call *c)
{
	const json_t *v = json_object_get(c->input, "confirm");
	const char *action = json_string_value(json_object_get(v, "action"));

	if (!confirm_wanted(c))
		return (TE_OK);
	if (action == NULL || c->given == NULL ||
	    strcmp(c->given, CONFIRM_STATE) != 0)
		return (confirm_ask(c));
	if (strcmp(action, "accept") == 0 && json_is_true(json_object_get(
	    json_object_get(v, "content"), "confirm")))
		return (TE_OK);
	return (call_fail(c, "Not done: the user did not confirm it"));
}

static enum pipe_end
run_write(struct call *c, struct handle *h, uint64_t began)
{
	enum stage at = ST_PACKAGE;
	enum pipe_end end;
	enum tool_err e;
	struct event ev;
	uint64_t hash;

	if (store_begin() == -1) {
		e = call_fail(c, "%s", store_error());
		goto out;
	}
	if (find_request(c, &hash, &e))
		goto out;
	if (e == TE_OK)
		e = run_stages(c, NULL, ST_PACKAGE, ST_HOOKS, &at);
	if (e == TE_OK)
		e = confirm(c);
	if (e == TE_OK)
		e = run_stages(c, NULL, ST_CHANGE, ST_CHANGE, &at);
	if (e == TE_OK && !c->dry_run) {
		at = ST_COMMIT;
		end = commit_change(c, h, began, hash, &ev);
		if (end == PIPE_OK) {
			commits++;
			audit_add(&ev);
			return (PIPE_OK);
		}
		store_rollback();
		if (end == PIPE_GONE)
			snprintf(c->err, sizeof(c->err), "handle closed");
		audit_result(c, began, TE_FAIL, at);
		return (end);
	}
	if (e == TE_OK)
		mark_dry_run(c->out);
 out:
	store_rollback();
	if (e != TE_BUSY)
		audit_result(c, began, e, at);
	return (handle_live(h) ? end_of(e) : PIPE_GONE);
}

static enum pipe_end
run_read(struct call *c, struct handle *h, uint64_t began)
{
	enum stage at = ST_PACKAGE;
	enum tool_err e;

	store_read_begin();
	e = run_stages(c, NULL, c->turn == 0 ? ST_PACKAGE : ST_CHANGE,
	    ST_CHANGE, &at);
	if (e == TE_LATER)
		return (PIPE_LATER);
	if (e != TE_BUSY)
		audit_result(c, began, e, at);
	/* A read that was told to stop because its handle ended. */
	if (e == TE_LATE && !handle_live(h))
		return (PIPE_GONE);
	return (end_of(e));
}

static void
call_prepare(struct call *c, const struct tool_entry *t)
{
	c->tool = t->tool;
	c->now_ms = wall_ms();
	c->err[0] = '\0';
	memset(c->target, 0, sizeof(c->target));
	memset(c->detail, 0, sizeof(c->detail));
	c->state = NULL;
	c->state_free = NULL;
	c->turn = 0;
	c->reply = NULL;
	c->reply_failed = c->late = 0;
	c->dry_run = 0;
	c->request_id = NULL;
	c->raw = 0;
	c->import_id = NULL;
	c->dropped = NULL;
}

static void
call_options(struct call *c)
{
	if (!c->tool->writes)
		return;
	c->dry_run = json_is_true(json_object_get(c->args, "dryRun"));
	if (!c->dry_run)
		c->request_id = json_string_value(json_object_get(c->args,
		    "requestId"));
}

static enum pipe_end
run(struct call *c, const struct tool_entry *t, struct handle *h)
{
	uint64_t began = mono_us();
	struct mono began_at = { began / 1000 };
	enum stage at = ST_ROLE;
	enum pipe_end end;
	enum tool_err e;

	live_begin(c);
	handle_hold(h);
	authd_watch(h, mono_add(began_at, PIPE_BUDGET_MS));
	e = run_stages(c, t->input, ST_ROLE, ST_ARGUMENTS, &at);
	if (e != TE_OK) {
		audit_result(c, began, e, at);
		end = PIPE_ERROR;
	} else {
		call_options(c);
		end = t->tool->writes ? run_write(c, h, began) :
		    run_read(c, h, began);
	}
	c->began_us = began;
	if (end != PIPE_LATER && c->state_free != NULL)
		c->state_free(c->state);
	live.call = NULL;
	authd_watch(NULL, began_at);
	handle_release(h);
	return (end);
}

enum pipe_end
pipe_run(struct call *c, const struct tool_entry *t, struct handle *h)
{
	call_prepare(c, t);
	return (run(c, t, h));
}

enum pipe_end
pipe_import(struct call *c, const struct tool_entry *t, struct handle *h,
    const char *id, json_t *dropped)
{
	call_prepare(c, t);
	c->import_id = id;
	c->dropped = dropped;
	return (run(c, t, h));
}

enum pipe_end
pipe_again(struct call *c, struct handle *h)
{
	struct mono began_at = mono_now();
	enum pipe_end end;

	c->turn++;
	c->now_ms = wall_ms();
	buf_reset(c->out);
	live_begin(c);
	authd_watch(h, mono_add(began_at, PIPE_BUDGET_MS));
	end = run_read(c, h, c->began_us);
	if (end != PIPE_LATER && c->state_free != NULL)
		c->state_free(c->state);
	live.call = NULL;
	authd_watch(NULL, began_at);
	return (end);
}

void
pipe_drop(struct call *c)
{
	call_fail(c, "taken back");
	audit_result(c, c->began_us, TE_FAIL, ST_CHANGE);
	if (c->state_free != NULL)
		c->state_free(c->state);
}
