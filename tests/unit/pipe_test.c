/* SPDX-License-Identifier: ISC */
/* pipe_test.c: the stages of a call and their order (toold/pipe.c). */
/* link: toold/pipe.o toold/tools.o toold/era.o toold/session.o */
/* link: toold/mac.o toold/stream.o toold/scan.o -ljansson -lmd */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "common/chan.h"
#include "common/ev.h"
#include "toold/stream.h"
#include "toold_stub.h"

static struct handle h;
static struct buf out;
static struct call c;
static struct stream *stream;		/* of the next call */

static enum pipe_end
run(const char *tool, const char *args)
{
	enum pipe_end end;

	if (out.max == 0)
		buf_init(&out, 1000);
	buf_reset(&out);
	memset(&c, 0, sizeof(c));
	c.who = &h.who;
	c.out = &out;
	c.stream = stream;
	c.args = json_loads(args, 0, NULL);
	assert_non_null(c.args);
	end = pipe_run(&c, tool_find(tool, strlen(tool)), &h);
	json_decref(c.args);
	return (end);
}

static int
setup(void **state)
{
	stub_reset(&h);
	tools_init(stub_groups);
	return (0);
}

static int
teardown(void **state)
{
	tools_free();
	buf_free(&out);
	return (0);
}

static void
test_read(void **state)
{
	assert_int_equal(run("get_thing", "{\"id\":\"x\"}"), PIPE_OK);
	assert_string_equal(trace, "schema read package lock revision rules "
	    "hooks change audit");
	assert_int_equal(out.len, strlen("{\"id\":\"a\\\"b\"}"));
	assert_int_equal(last_event.head.event, AK_TOOL_CALL);
	assert_int_equal(last_event.head.outcome, AO_OK);
	assert_int_equal(last_event.head.num, 0);
	assert_string_equal(last_event.tool, "get_thing");
	assert_string_equal(last_event.target, "tab le");
	assert_string_equal(last_event.detail, "fields 1");
}

/* The audit row comes before the commit, the handle is asked for between. */
static void
test_write(void **state)
{
	assert_int_equal(run("save_thing", "{\"id\":\"x\"}"), PIPE_OK);
	assert_string_equal(trace, "schema begin package lock revision rules "
	    "hooks change outbox live? commit audit");
	assert_int_equal(last_event.head.event, AK_CHANGE);
	assert_int_equal(last_event.head.num, 17);
}

/* Each stage that refuses keeps all later ones from running. */
static void
test_order(void **state)
{
	static const char *const stage[] = { "package", "lock", "revision",
	    "rules", "hooks", "change" };
	char want[256], text[64];
	size_t i, k;

	for (i = 0; i < sizeof(stage) / sizeof(stage[0]); i++) {
		stub_reset(&h);
		stop_at = stage[i];
		assert_int_equal(run("save_thing", "{}"), PIPE_ERROR);
		snprintf(want, sizeof(want), "schema begin");
		for (k = 0; k <= i; k++) {
			strcat(want, " ");
			strcat(want, stage[k]);
		}
		strcat(want, " rollback audit live?");
		assert_string_equal(trace, want);
		snprintf(text, sizeof(text), "stopped by %s", stage[i]);
		assert_string_equal(c.err, text);
		snprintf(text, sizeof(text), "stopped at %s", stage[i]);
		assert_string_equal(last_event.detail, text);
		assert_int_equal(last_event.head.outcome, AO_FAILED);
	}
}

static void
test_role(void **state)
{
	h.who.display = h.who.edit = 0;
	schema_bad = 1;			/* would speak if it were asked */
	assert_int_equal(run("get_thing", "{\"id\":"
	    "\"0d370966-e266-40e7-9db4-89e5deb18a63\"}"), PIPE_ERROR);
	assert_string_equal(c.err,
	    "Access denied: no permission for tabledefinition");
	assert_string_equal(trace, "audit");
	assert_string_equal(last_event.target,
	    "0d370966-e266-40e7-9db4-89e5deb18a63");
	assert_int_equal(last_event.head.event, AK_REFUSED);
	assert_int_equal(last_event.head.outcome, AO_DENIED);
}

static void
test_levels(void **state)
{
	h.who.edit = 0;
	assert_int_equal(run("get_thing", "{}"), PIPE_OK);
	assert_int_equal(run("save_thing", "{}"), PIPE_ERROR);
	assert_string_equal(c.err,
	    "Access denied: no permission for tabledefinition");
	stub_reset(&h);
	h.who.read_only = 1;
	assert_int_equal(run("get_thing", "{}"), PIPE_OK);
	assert_int_equal(run("save_thing", "{}"), PIPE_ERROR);
	assert_string_equal(c.err, "Access denied: no permission for "
	    "tabledefinition (this connection is read only)");
}

static void
test_arguments(void **state)
{
	schema_bad = 1;
	assert_int_equal(run("save_thing", "{}"), PIPE_ERROR);
	assert_string_equal(c.err, "Input validation error: Invalid arguments "
	    "for tool save_thing: table.fields.0.id Required");
	assert_string_equal(trace, "schema audit");
	assert_int_equal(last_event.head.outcome, AO_INVALID);
	stub_reset(&h);
	schema_bad = 2;
	assert_int_equal(run("save_thing", "{}"), PIPE_ERROR);
	assert_string_equal(c.err, "Input validation error: Invalid arguments "
	    "for tool save_thing: table.fields.0 must be of type object");
}

static void
test_denied_by_stage(void **state)
{
	stop_at = "package";
	stop_with = TE_DENIED;
	assert_int_equal(run("save_thing", "{}"), PIPE_ERROR);
	assert_int_equal(last_event.head.outcome, AO_DENIED);
}

static void
test_busy(void **state)
{
	stop_at = "rules";
	stop_with = TE_BUSY;
	assert_int_equal(run("save_thing", "{}"), PIPE_BUSY);
	assert_null(strstr(trace, "audit"));
	assert_null(strstr(trace, "commit"));
}

static void
test_dry_run(void **state)
{
	assert_int_equal(run("save_thing",
	    "{\"dryRun\":true,\"requestId\":\"r\"}"), PIPE_OK);
	assert_string_equal(trace, "schema begin package lock revision rules "
	    "hooks change rollback audit live?");
	buf_addc(&out, '\0');
	assert_string_equal((char *)out.data,
	    "{\"id\":\"a\\\"b\",\"dryRun\":true}");
	assert_int_equal(last_event.head.event, AK_TOOL_CALL);
	assert_string_equal(last_event.detail, "dry run: fields 1");
}

static void
test_request_id(void **state)
{
	assert_int_equal(run("save_thing", "{\"requestId\":\"r\"}"), PIPE_OK);
	assert_string_equal(trace, "schema begin find package lock revision "
	    "rules hooks change outbox remember live? commit audit");
	stub_reset(&h);
	request_known = 1;
	assert_int_equal(run("save_thing", "{\"requestId\":\"r\"}"), PIPE_OK);
	assert_string_equal(trace, "schema begin find rollback audit live?");
	buf_addc(&out, '\0');
	assert_string_equal((char *)out.data, "{\"first\":true}");
	stub_reset(&h);
	request_known = -1;
	assert_int_equal(run("save_thing", "{\"requestId\":\"r\"}"),
	    PIPE_ERROR);
	assert_string_equal(c.err, store_text);
}

/* Closed while it ran: nothing is committed, and nothing is answered. */
static void
test_handle_closed(void **state)
{
	h.live = 0;
	assert_int_equal(run("save_thing", "{}"), PIPE_GONE);
	assert_null(strstr(trace, "commit"));
	assert_non_null(strstr(trace, "rollback"));
}

static void
test_store_fails(void **state)
{
	begin_fails = 1;
	assert_int_equal(run("save_thing", "{}"), PIPE_ERROR);
	assert_string_equal(c.err, store_text);
	assert_null(strstr(trace, "package"));
	stub_reset(&h);
	commit_fails = 1;
	assert_int_equal(run("save_thing", "{}"), PIPE_ERROR);
	assert_string_equal(c.err, store_text);
	assert_int_equal(last_event.head.num, 0);
	assert_string_equal(last_event.detail, "stopped at commit");
}

static enum tool_err
stub_long(struct call *cp)
{
	char block[600];

	memset(block, 'x', sizeof(block));
	buf_add(cp->out, block, sizeof(block));
	buf_add(cp->out, block, sizeof(block));
	return (TE_OK);
}

static void
test_answer_too_long(void **state)
{
	struct tool t = stub_tools[0];
	struct tool_entry e = { &t, NULL, NULL };

	t.fn = stub_long;
	buf_init(&out, 1000);
	memset(&c, 0, sizeof(c));
	c.who = &h.who;
	c.out = &out;
	c.args = json_object();
	assert_int_equal(pipe_run(&c, &e, &h), PIPE_ERROR);
	assert_non_null(strstr(c.err, "larger than"));
	json_decref(c.args);
}

/* ---- rows ---- */

static void
lint(const char *want, struct tool t)
{
	const char *got = tool_lint(&t);

	if (want == NULL) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_non_null(strstr(got, want));
}

static void
test_lint(void **state)
{
	struct tool t = stub_tools[1], x;

	lint(NULL, t);
	x = t; x.name = "Save"; lint("name", x);
	x = t; x.level = 0; lint("permission and level", x);
	x = t; x.perm = PERM_MAX; lint("permission and level", x);
	x = t; x.fn = NULL; lint("function", x);
	x = t; x.description = "Saves."; lint("description", x);
	x = t; x.level = TL_DISPLAY; lint("Edit", x);
	x = t; x.annotations = TA_READ_ONLY; lint("readOnlyHint", x);
	x = t; x.input_schema = STUB_IN(""); lint("dryRun", x);
	x = t; x.input_schema = STUB_OUT; lint("additionalProperties", x);
	x = t; x.output_schema = NULL; lint("output schema", x);
	x = t; x.output_schema = "{\"type\":\"array\",\"properties\":{}}";
	lint("root of a schema", x);
	x = t; x.output_schema = "{\"type\":\"object\"}";
	lint("properties", x);
	x = t; x.output_schema = "{\"type\":\"object\",\"properties\":{},"
	    "\"oneOf\":[]}";
	lint("combining", x);
	x = t; x.output_schema = "{\"type\":\"object\",\"properties\":{"
	    "\"a\":{\"items\":{\"$ref\":\"#\"}}}}";
	lint("$ref", x);
	x = t; x.input_schema = "{\"type\":\"object\",\"properties\":{"
	    "\"a\":{}},\"additionalProperties\":false}";
	lint("without a description", x);
}

static int
holds(const struct shared *t, const char *what)
{
	return (memmem(t->text.data, t->text.len, what, strlen(what)) !=
	    NULL);
}

static void
test_lists(void **state)
{
	const struct shared *all, *old, *t;
	uint64_t version;

	all = tools_list(&h.who, era_row(ERA_2025_11));
	version = all->version;
	assert_int_not_equal(version, 0);
	assert_true(holds(all, "save_thing") && holds(all, "outputSchema"));
	assert_ptr_equal(all, tools_list(&h.who, era_row(ERA_2026_07)));
	assert_int_equal(all->version, version);
	old = tools_list(&h.who, era_row(ERA_2025_03));
	assert_false(holds(old, "outputSchema"));
	assert_int_not_equal(old->slot, all->slot);
	h.who.read_only = 1;
	t = tools_list(&h.who, era_row(ERA_2025_11));
	assert_false(holds(t, "save_thing"));
	assert_true(holds(t, "get_thing"));
	h.who.display = h.who.edit = 0;
	t = tools_list(&h.who, era_row(ERA_2025_11));
	assert_int_equal(t->text.len, 2);
}

/* More sets of rights than slots: another text, another version. */
static void
test_lists_many(void **state)
{
	const struct shared *t;
	uint64_t version;
	uint32_t i;

	h.who.edit = 0;
	t = tools_list(&h.who, era_row(ERA_2025_11));
	version = t->version;
	for (i = 1; i <= TEXT_SLOTS; i++) {
		h.who.edit = i << 8;
		t = tools_list(&h.who, era_row(ERA_2025_11));
		assert_true(t->slot < TEXT_SLOTS);
	}
	h.who.edit = 0;
	t = tools_list(&h.who, era_row(ERA_2025_11));
	assert_true(t->version > version);
}

/* ---- events ---- */

static void
ignore(struct chan *ch, struct msg *msg)
{
}

static void
no_end(struct chan *ch, enum chan_end end, const char *why)
{
}

static const struct chan_handler worker_handlers[] = {
	{ MSG_CALL, ignore }, { MSG_CANCEL, ignore }, { MSG_HEALTH, ignore },
	{ MSG_HANDLE_NEW, ignore }, { 0, NULL }
};
static const struct chan_ops worker_ops = { worker_handlers, no_end };

/* What was written by then: the end of the turn is not waited for. */
static size_t
written(int fd, char *text, size_t cap)
{
	ssize_t n = read(fd, text, cap - 1);
	ssize_t i;

	for (i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	text[n > 0 ? n : 0] = '\0';
	return (n > 0 ? (size_t)n : 0);
}

static size_t
run_told(unsigned int flags, const char *token, unsigned int ms, char *text,
    size_t cap)
{
	struct stream s;
	struct chan *ch;
	size_t n;
	int sv[2];

	assert_int_equal(chan_pair(sv), 0);
	ch = chan_new(sv[0], CK_LISTENER_TOOLD, SIDE_SECOND, &worker_ops,
	    NULL);
	chan_setstate(ch, CS_RUN);
	stream_begin(&s, ch, 9, flags, &h);
	s.era = era_row(ERA_2026_07);
	s.token.p = token;
	s.token.len = token != NULL ? strlen(token) : 0;
	stream = &s;
	stub_ms = ms;
	assert_int_equal(run("get_thing", "{\"id\":\"x\"}"), PIPE_OK);
	stub_ms = 0;
	stream = NULL;
	n = written(sv[1], text, cap);
	chan_close(ch);
	close(sv[1]);
	return (n);
}

/* A call that takes long says so while it runs, to those who ask for it. */
static void
test_alive(void **state)
{
	char text[4096];

	assert_true(run_told(SF_SSE, "\"t\"", 1200, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "{\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/progress\",\"params\":{\"progressToken\":"
	    "\"t\",\"progress\":1"));
	assert_non_null(strstr(text, "get_thing: at work for 1 s"));
	assert_int_equal(run_told(SF_SSE, NULL, 1200, text, sizeof(text)), 0);
	assert_int_equal(run_told(0, "\"t\"", 1200, text, sizeof(text)), 0);
	assert_int_equal(run_told(SF_SSE, "\"t\"", 1, text, sizeof(text)),
	    0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_read), T(test_write), T(test_order), T(test_role),
		T(test_levels), T(test_arguments), T(test_denied_by_stage),
		T(test_busy), T(test_dry_run), T(test_request_id),
		T(test_handle_closed), T(test_store_fails),
		T(test_answer_too_long), T(test_lint), T(test_lists),
		T(test_lists_many), T(test_alive),
	};

	ev_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
