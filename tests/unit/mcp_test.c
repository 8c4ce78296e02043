/* SPDX-License-Identifier: ISC */
/* mcp_test.c: both eras of the protocol on one endpoint (toold/mcp.c). */
/* link: toold/mcp.o toold/call.o toold/rpc.o toold/era.o toold/scan.o */
/* link: toold/pipe.o toold/tools.o toold/session.o toold/mac.o */
/* link: toold/stream.o toold/logging.o toold/input.o toold/opaque.o */
/* link: toold/mirror.o -ljansson -lmd */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "toold_stub.h"

#include "toold/mcp.h"
#include "toold/rpc.h"

#define MODERN_META "\"_meta\":{"					\
	"\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","	\
	"\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define MODERN(id, method, more)					\
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method	\
	"\",\"params\":{" MODERN_META more "}}"
#define LEGACY(id, method, params)					\
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method	\
	"\",\"params\":{" params "}}"

static struct handle h;
static struct reply r;
static struct buf body;
static json_t *answer;			/* of the last request */
static const uint8_t key[MAC_LEN] = { 1, 2, 3 };

struct headers {
	const char *version, *method, *name, *session;
};

static void
header(struct request *req, unsigned int flag, struct span *sp,
    const char *value)
{
	if (value == NULL)
		return;
	req->flags |= flag;
	sp->p = value;
	sp->len = strlen(value);
}

/* The shared text in its place, as the listener puts it. */
static void
body_join(void)
{
	struct buf whole;

	if (r.text == NULL)
		return;
	buf_init(&whole, 0);
	buf_add(&whole, body.data, r.text_at);
	buf_add(&whole, r.text->text.data, r.text->text.len);
	buf_add(&whole, body.data + r.text_at, body.len - r.text_at);
	buf_free(&body);
	body = whole;
}

static void
serve(enum call_method method, struct headers hd, const char *text)
{
	struct request req;
	json_error_t err;

	memset(&req, 0, sizeof(req));
	req.handle = &h;
	req.method = method;
	header(&req, CF_VERSION, &req.version, hd.version);
	header(&req, CF_METHOD, &req.mcp_method, hd.method);
	header(&req, CF_NAME, &req.mcp_name, hd.name);
	header(&req, CF_SESSION, &req.session, hd.session);
	req.body.p = text;
	req.body.len = strlen(text);
	if (body.max == 0)
		buf_init(&body, 0);
	buf_reset(&body);
	r.body = &body;
	r.text = NULL;
	mcp_serve(&req, &r);
	body_join();
	json_decref(answer);
	answer = NULL;
	if (body.len > 0) {
		answer = json_loadb((const char *)body.data, body.len,
		    JSON_REJECT_DUPLICATES, &err);
		if (answer == NULL)
			fail_msg("answer is not JSON: %s", err.text);
	}
}

static void
post(const char *version, const char *text)
{
	struct headers hd = { version, NULL, NULL, NULL };

	serve(HM_POST, hd, text);
}

static void
modern(const char *method, const char *name, const char *text)
{
	struct headers hd = { "2026-07-28", method, name, NULL };

	serve(HM_POST, hd, text);
}

static const json_t *
at(const json_t *v, const char *path)
{
	char copy[128], *p, *word;

	snprintf(copy, sizeof(copy), "%s", path);
	for (p = copy; v != NULL && (word = strsep(&p, "|")) != NULL; )
		v = word[0] >= '0' && word[0] <= '9' ?
		    json_array_get(v, (size_t)atoi(word)) :
		    json_object_get(v, word);
	return (v);
}

static const char *
text_at(const char *path)
{
	const char *s = json_string_value(at(answer, path));

	return (s != NULL ? s : "(none)");
}

static void
assert_rpc_error(unsigned int status, int code)
{
	assert_int_equal(r.status, status);
	assert_non_null(answer);
	assert_int_equal(json_integer_value(at(answer, "error|code")), code);
	assert_string_equal(text_at("jsonrpc"), "2.0");
	assert_true(json_is_string(at(answer, "error|message")));
}

static int
setup(void **state)
{
	stub_reset(&h);
	tools_init(stub_groups);
	session_setkey(key);
	return (0);
}

static int
teardown(void **state)
{
	tools_free();
	buf_free(&body);
	json_decref(answer);
	answer = NULL;
	return (0);
}

/* ---- handshake revisions ---- */

static void
initialize(const char *asked, const char *want)
{
	char text[512];

	snprintf(text, sizeof(text), LEGACY("1", "initialize",
	    "\"protocolVersion\":\"%s\",\"capabilities\":{},\"clientInfo\":"
	    "{\"name\":\"t\",\"version\":\"1\"}"), asked);
	post(NULL, text);
	assert_int_equal(r.status, 200);
	assert_string_equal(text_at("result|protocolVersion"), want);
	assert_string_equal(text_at("result|serverInfo|name"), "keepd");
	assert_true(json_is_object(at(answer, "result|capabilities|tools")));
	assert_null(at(answer, "result|capabilities|resources"));
	assert_null(at(answer, "result|resultType"));
	assert_int_equal(strlen(r.session), SESSION_LEN);
}

static void
test_initialize(void **state)
{
	initialize("2025-11-25", "2025-11-25");
	initialize("2025-06-18", "2025-06-18");
	initialize("2025-03-26", "2025-03-26");
	initialize("2024-11-05", "2025-11-25");
	initialize("2026-07-28", "2025-11-25");
	initialize("2099-01-01", "2025-11-25");
	post(NULL, LEGACY("1", "initialize", ""));
	assert_rpc_error(200, RPC_INVALID_PARAMS);
}

static void
test_notifications(void **state)
{
	post("2025-11-25", "{\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/initialized\"}");
	assert_int_equal(r.status, 202);
	assert_null(answer);
	post("2025-11-25", "{\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/whatever\",\"params\":{}}");
	assert_int_equal(r.status, 202);
	/* a response to a question we never ask */
	post("2025-06-18", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
	assert_int_equal(r.status, 202);
	assert_null(answer);
}

static void
test_ping_and_ids(void **state)
{
	post("2025-11-25", LEGACY("\"a\\u00e9\"", "ping", ""));
	assert_int_equal(r.status, 200);
	assert_string_equal(text_at("id"), "a\xc3\xa9");
	assert_true(json_is_object(at(answer, "result")));
	post("2025-11-25", LEGACY("-12", "ping", ""));
	assert_int_equal(json_integer_value(at(answer, "id")), -12);
	post("2025-11-25", LEGACY("null", "ping", ""));
	assert_rpc_error(400, RPC_INVALID_REQUEST);
	assert_null(at(answer, "id"));
	post("2025-06-18", LEGACY("1.5", "ping", ""));
	assert_rpc_error(400, RPC_INVALID_REQUEST);
	assert_true(json_is_null(at(answer, "id")));
	post("2025-11-25", LEGACY("999999999999999999", "ping", ""));
	assert_int_equal(r.status, 200);
	post("2025-11-25", LEGACY("9999999999999999999", "ping", ""));
	assert_rpc_error(400, RPC_INVALID_REQUEST);
	post("2025-11-25", LEGACY("[1]", "ping", ""));
	assert_rpc_error(400, RPC_INVALID_REQUEST);
}

static void
test_bad_messages(void **state)
{
	static const struct {
		const char	*text;
		int		 code;
	} t[] = {
		{ "", RPC_PARSE }, { "{", RPC_PARSE }, { "nope", RPC_PARSE },
		{ "{\"a\":\"\xff\"}", RPC_PARSE },
		{ "1", RPC_INVALID_REQUEST }, { "{}", RPC_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
		    RPC_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1}", RPC_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}",
		    RPC_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\","
		    "\"params\":[]}", RPC_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":"
		    "\"ping\"}", RPC_INVALID_REQUEST },
		{ "[]", RPC_INVALID_REQUEST },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		post("2025-11-25", t[i].text);
		assert_rpc_error(400, t[i].code);
	}
}

static void
test_unknown_method(void **state)
{
	post("2025-11-25", LEGACY("3", "resources/list", ""));
	assert_rpc_error(200, RPC_NO_METHOD);
	assert_int_equal(json_integer_value(at(answer, "id")), 3);
	/* the other era's */
	post("2025-11-25", LEGACY("3", "server/discover", ""));
	assert_rpc_error(200, RPC_NO_METHOD);
}

static void
test_sessions(void **state)
{
	struct headers hd = { NULL, NULL, NULL, NULL };
	char id[SESSION_LEN + 1], bad[SESSION_LEN + 1];

	initialize("2025-11-25", "2025-11-25");
	memcpy(id, r.session, sizeof(id));
	hd.session = id;
	serve(HM_POST, hd, LEGACY("1", "tools/list", ""));
	assert_int_equal(r.status, 200);
	/* without a version header the session's revision holds */
	assert_non_null(at(answer, "result|tools|0|outputSchema"));
	/* another's user or client, a changed one, none of ours: 404 */
	h.who.client_id = "client-2";
	serve(HM_POST, hd, LEGACY("1", "tools/list", ""));
	assert_rpc_error(404, RPC_INVALID_REQUEST);
	h.who.client_id = "client-1";
	memcpy(bad, id, sizeof(bad));
	bad[20] = bad[20] == 'A' ? 'B' : 'A';
	hd.session = bad;
	serve(HM_POST, hd, LEGACY("1", "ping", ""));
	assert_rpc_error(404, RPC_INVALID_REQUEST);
	hd.session = "1868a90c";
	serve(HM_POST, hd, LEGACY("1", "ping", ""));
	assert_rpc_error(404, RPC_INVALID_REQUEST);
	/* initialize with a dead one gets a new one */
	serve(HM_POST, hd, LEGACY("1", "initialize",
	    "\"protocolVersion\":\"2025-06-18\""));
	assert_int_equal(r.status, 200);
	/* the new era does not look at it */
	hd.version = "2026-07-28";
	hd.method = "tools/list";
	serve(HM_POST, hd, MODERN("1", "tools/list", ""));
	assert_int_equal(r.status, 200);
}

static void
test_delete(void **state)
{
	struct headers hd = { "2025-11-25", NULL, NULL, NULL };
	char id[SESSION_LEN + 1];

	serve(HM_DELETE, hd, "");
	assert_rpc_error(400, RPC_INVALID_REQUEST);
	hd.session = "nope";
	serve(HM_DELETE, hd, "");
	assert_rpc_error(404, RPC_INVALID_REQUEST);
	initialize("2025-11-25", "2025-11-25");
	memcpy(id, r.session, sizeof(id));
	hd.session = id;
	serve(HM_DELETE, hd, "");
	assert_int_equal(r.status, 200);
	serve(HM_POST, hd, LEGACY("1", "ping", ""));
	assert_rpc_error(404, RPC_INVALID_REQUEST);
	serve(HM_DELETE, hd, "");
	assert_rpc_error(404, RPC_INVALID_REQUEST);
	hd.version = "2026-07-28";
	serve(HM_DELETE, hd, "");
	assert_int_equal(r.status, 405);
	serve(HM_GET, hd, "");
	assert_int_equal(r.status, 405);
}

/* ---- tools ---- */

static void
test_call(void **state)
{
	post("2025-11-25", LEGACY("1", "tools/call",
	    "\"name\":\"get_thing\",\"arguments\":{\"id\":\"x\"}"));
	assert_int_equal(r.status, 200);
	assert_string_equal(text_at("result|structuredContent|id"), "a\"b");
	assert_string_equal(text_at("result|content|0|text"),
	    "{\"id\":\"a\\\"b\"}");
	assert_string_equal(text_at("result|content|0|type"), "text");
	assert_null(at(answer, "result|isError"));
	/* escapes in the name, arguments left out or null */
	post("2025-11-25", LEGACY("1", "tools/call",
	    "\"name\":\"get\\u005fthing\""));
	assert_string_equal(text_at("result|structuredContent|id"), "a\"b");
	post("2025-11-25", LEGACY("1", "tools/call",
	    "\"name\":\"get_thing\",\"arguments\":null"));
	assert_string_equal(text_at("result|structuredContent|id"), "a\"b");
	/* 2025-03-26 has text only */
	post(NULL, LEGACY("1", "tools/call", "\"name\":\"get_thing\""));
	assert_null(at(answer, "result|structuredContent"));
	assert_string_equal(text_at("result|content|0|text"),
	    "{\"id\":\"a\\\"b\"}");
}

static void
test_call_refused(void **state)
{
	post("2025-11-25", LEGACY("1", "tools/call", "\"name\":\"no_tool\""));
	assert_rpc_error(200, RPC_INVALID_PARAMS);
	assert_string_equal(text_at("error|message"),
	    "Tool no_tool not found");
	post("2025-11-25", LEGACY("1", "tools/call", "\"arguments\":{}"));
	assert_rpc_error(200, RPC_INVALID_PARAMS);
	post("2025-11-25", LEGACY("1", "tools/call",
	    "\"name\":\"get_thing\",\"arguments\":[]"));
	assert_rpc_error(200, RPC_INVALID_PARAMS);
	post("2025-11-25", LEGACY("1", "tools/call", "\"name\":\"get_thing\","
	    "\"arguments\":{\"a\":1,\"a\":2}"));
	assert_rpc_error(200, RPC_INVALID_PARAMS);
	post("2025-11-25", LEGACY("1", "tools/call", "\"name\":\"get_thing\","
	    "\"arguments\":{\"a\":\"\\u0000\"}"));
	assert_rpc_error(200, RPC_INVALID_PARAMS);
	post("2025-11-25", LEGACY("1", "tools/call", "\"name\":\"get_thing\","
	    "\"arguments\":{\"a\":99999999999999999999}"));
	assert_rpc_error(200, RPC_INVALID_PARAMS);
	h.who.display = 0;
	post("2025-11-25", LEGACY("1", "tools/call",
	    "\"name\":\"get_thing\""));
	assert_int_equal(r.status, 200);
	assert_true(json_is_true(at(answer, "result|isError")));
	assert_string_equal(text_at("result|content|0|text"),
	    "Access denied: no permission for tabledefinition");
	h.wait = 7;
	post("2025-11-25", LEGACY("1", "tools/call",
	    "\"name\":\"get_thing\""));
	assert_int_equal(r.status, 429);
	assert_int_equal(r.retry_after, 7);
}

static void
test_call_gone(void **state)
{
	h.live = 0;
	post("2025-11-25", LEGACY("1", "tools/call",
	    "\"name\":\"save_thing\""));
	assert_int_equal(r.gone, 1);
}

static void
test_list(void **state)
{
	post("2025-11-25", LEGACY("1", "tools/list", ""));
	assert_int_equal(json_array_size(at(answer, "result|tools")), 2);
	assert_null(at(answer, "result|nextCursor"));
	assert_null(at(answer, "result|ttlMs"));
	assert_true(json_is_false(at(answer,
	    "result|tools|0|annotations|openWorldHint")));
	post("2025-11-25", LEGACY("1", "tools/list", "\"cursor\":\"x\""));
	assert_rpc_error(200, RPC_INVALID_PARAMS);
}

/* ---- versions ---- */

static void
test_versions(void **state)
{
	struct headers hd = { "v999.0.0", "server/discover", NULL, NULL };

	/* unknown: 400 with what there is, in either era */
	post("2024-11-05", LEGACY("4", "tools/list", ""));
	assert_rpc_error(400, RPC_NO_VERSION);
	assert_int_equal(json_integer_value(at(answer, "id")), 4);
	assert_string_equal(text_at("error|data|requested"), "2024-11-05");
	assert_string_equal(text_at("error|data|supported|0"), "2026-07-28");
	assert_string_equal(text_at("error|data|supported|3"), "2025-03-26");
	serve(HM_POST, hd, "{\"jsonrpc\":\"2.0\",\"id\":301,\"method\":"
	    "\"server/discover\",\"params\":{\"_meta\":{"
	    "\"io.modelcontextprotocol/protocolVersion\":\"v999.0.0\","
	    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}");
	assert_rpc_error(400, RPC_NO_VERSION);
	/* the header and _meta name two versions */
	hd.version = "2026-07-28";
	serve(HM_POST, hd, "{\"jsonrpc\":\"2.0\",\"id\":302,\"method\":"
	    "\"server/discover\",\"params\":{\"_meta\":{"
	    "\"io.modelcontextprotocol/protocolVersion\":\"v999.0.0\","
	    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}");
	assert_rpc_error(400, RPC_HEADER_MISMATCH);
	hd.version = "2025-11-25";
	serve(HM_POST, hd, MODERN("1", "server/discover", ""));
	assert_rpc_error(400, RPC_HEADER_MISMATCH);
	/* _meta of the new era, and no header at all */
	hd.version = NULL;
	serve(HM_POST, hd, MODERN("1", "server/discover", ""));
	assert_rpc_error(400, RPC_HEADER_MISMATCH);
}

/* ---- 2026-07-28 ---- */

static void
test_discover(void **state)
{
	modern("server/discover", NULL, MODERN("\"d\"", "server/discover",
	    ""));
	assert_int_equal(r.status, 200);
	assert_string_equal(text_at("id"), "d");
	assert_string_equal(text_at("result|resultType"), "complete");
	assert_string_equal(text_at("result|cacheScope"), "private");
	assert_true(json_is_integer(at(answer, "result|ttlMs")));
	assert_int_equal(json_array_size(at(answer,
	    "result|supportedVersions")), 4);
	assert_string_equal(text_at("result|_meta|"
	    "io.modelcontextprotocol/serverInfo|name"), "keepd");
	assert_string_equal(r.session, "");
}

static void
test_modern_list_and_call(void **state)
{
	modern("tools/list", NULL, MODERN("1", "tools/list", ""));
	assert_int_equal(r.status, 200);
	assert_string_equal(text_at("result|resultType"), "complete");
	assert_string_equal(text_at("result|cacheScope"), "private");
	assert_true(json_is_integer(at(answer, "result|ttlMs")));
	modern("tools/call", "get_thing", MODERN("1", "tools/call",
	    ",\"name\":\"get_thing\",\"arguments\":{}"));
	assert_string_equal(text_at("result|resultType"), "complete");
	assert_string_equal(text_at("result|structuredContent|id"), "a\"b");
	assert_null(at(answer, "result|ttlMs"));
	/* the name may travel in base64 */
	modern("tools/call", "=?base64?Z2V0X3RoaW5n?=", MODERN("1",
	    "tools/call", ",\"name\":\"get_thing\""));
	assert_string_equal(text_at("result|structuredContent|id"), "a\"b");
	modern("tools/call", "no_tool", MODERN("1", "tools/call",
	    ",\"name\":\"no_tool\""));
	assert_rpc_error(200, RPC_INVALID_PARAMS);
}

static void
test_modern_headers(void **state)
{
	static const char call[] = MODERN("9", "tools/call",
	    ",\"name\":\"get_thing\"");
	static const char list[] = MODERN("9", "tools/list", "");

	modern(NULL, NULL, list);
	assert_rpc_error(400, RPC_HEADER_MISMATCH);
	assert_int_equal(json_integer_value(at(answer, "id")), 9);
	modern("prompts/list", NULL, list);
	assert_rpc_error(400, RPC_HEADER_MISMATCH);
	modern("TOOLS/LIST", NULL, list);
	assert_rpc_error(400, RPC_HEADER_MISMATCH);
	modern("tools/call", NULL, call);
	assert_rpc_error(400, RPC_HEADER_MISMATCH);
	modern("tools/call", "wrong", call);
	assert_rpc_error(400, RPC_HEADER_MISMATCH);
	modern("tools/call", "=?base64?***?=", call);
	assert_rpc_error(400, RPC_HEADER_MISMATCH);
	modern("tools/call", "GET_THING", call);
	assert_rpc_error(400, RPC_HEADER_MISMATCH);
	assert_null(strstr(trace, "audit"));
	/* control: the same message with its headers is taken */
	modern("tools/call", "get_thing", call);
	assert_int_equal(r.status, 200);
}

static void
test_modern_meta(void **state)
{
	modern("server/discover", NULL, LEGACY("101", "server/discover", ""));
	assert_rpc_error(400, RPC_INVALID_PARAMS);
	assert_int_equal(json_integer_value(at(answer, "id")), 101);
	modern("server/discover", NULL, LEGACY("1", "server/discover",
	    "\"_meta\":{\"io.modelcontextprotocol/clientCapabilities\":{}}"));
	assert_rpc_error(400, RPC_INVALID_PARAMS);
	modern("server/discover", NULL, LEGACY("1", "server/discover",
	    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":"
	    "\"2026-07-28\"}"));
	assert_rpc_error(400, RPC_INVALID_PARAMS);
	modern("server/discover", NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,"
	    "\"method\":\"server/discover\"}");
	assert_rpc_error(400, RPC_INVALID_PARAMS);
}

static void
test_modern_methods(void **state)
{
	static const char *const gone[] = { "initialize", "ping",
	    "logging/setLevel", "resources/subscribe", "unknown/method" };
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":500,"
		    "\"method\":\"%s\",\"params\":{" MODERN_META "}}",
		    gone[i]);
		modern(gone[i], NULL, text);
		assert_rpc_error(404, RPC_NO_METHOD);
		assert_int_equal(json_integer_value(at(answer, "id")), 500);
	}
	modern("notifications/cancelled", NULL, "{\"jsonrpc\":\"2.0\","
	    "\"method\":\"notifications/cancelled\",\"params\":{}}");
	assert_int_equal(r.status, 202);
	modern("x", NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
	assert_rpc_error(400, RPC_INVALID_REQUEST);
}

/* ---- batches ---- */

static void
test_batch(void **state)
{
	static const char text[] = "[" LEGACY("1", "ping", "") ","
	    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"},"
	    LEGACY("2", "tools/call", "\"name\":\"get_thing\"") ",3,"
	    LEGACY("4", "initialize", "\"protocolVersion\":\"2025-03-26\"")
	    "]";

	post(NULL, text);
	assert_int_equal(r.status, 200);
	assert_int_equal(json_array_size(answer), 4);
	assert_int_equal(json_integer_value(at(answer, "0|id")), 1);
	assert_int_equal(json_integer_value(at(answer, "1|id")), 2);
	assert_int_equal(json_integer_value(at(answer, "2|error|code")),
	    RPC_INVALID_REQUEST);
	assert_int_equal(json_integer_value(at(answer, "3|error|code")),
	    RPC_INVALID_REQUEST);
	assert_string_equal(r.session, "");
	post(NULL, "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}]");
	assert_int_equal(r.status, 202);
	assert_null(answer);
	post("2025-03-26", "[" LEGACY("1", "ping", "") "]");
	assert_int_equal(r.status, 200);
	post("2025-06-18", "[" LEGACY("1", "ping", "") "]");
	assert_rpc_error(400, RPC_INVALID_REQUEST);
	modern("ping", NULL, "[" LEGACY("1", "ping", "") "]");
	assert_rpc_error(400, RPC_INVALID_REQUEST);
}

/* Only one list of a batch crosses as a shared text. */
static void
test_bug_batch_with_two_lists_lost_the_first(void **state)
{
	post(NULL, "[" LEGACY("1", "tools/list", "") ","
	    LEGACY("2", "tools/list", "") "]");
	assert_int_equal(json_array_size(at(answer, "0|result|tools")),
	    json_array_size(at(answer, "1|result|tools")));
	assert_true(json_array_size(at(answer, "0|result|tools")) > 0);
}

#define CALL(id, tool)							\
	LEGACY(id, "tools/call", "\"name\":\"" tool "\"")

/* An item in the words of 2026-07-28 is refused; it spoils no other. */
static void
test_bug_batch_item_changed_the_revision_of_all(void **state)
{
	post(NULL, "[" MODERN("1", "ping", "") "," LEGACY("2", "ping", "")
	    "]");
	assert_int_equal(json_integer_value(at(answer, "0|error|code")),
	    RPC_HEADER_MISMATCH);
	assert_non_null(at(answer, "1|result"));
}

/*
 * The handle ends with the second change.  To be asked for another handle
 * the listener would bring all again, and the first change be made twice.
 */
static void
test_bug_batch_done_twice_when_its_handle_ends(void **state)
{
	post(NULL, "[" CALL("1", "get_thing") "," CALL("2", "save_thing")
	    "]");
	assert_int_equal(json_array_size(answer), 2);
	stub_reset(&h);
	stub_ends = 1;
	post(NULL, "[" CALL("1", "get_thing") "," CALL("2", "save_thing")
	    "]");
	assert_int_equal(r.gone, 1);	/* nothing was changed: again */
	stub_reset(&h);
	stub_ends = 2;
	post(NULL, "[" CALL("1", "save_thing") "," CALL("2", "save_thing")
	    "," CALL("3", "get_thing") "]");
	assert_int_equal(r.gone, 0);
	assert_int_equal(r.status, 200);
	assert_int_equal(json_array_size(answer), 3);
	assert_non_null(at(answer, "0|result"));
	assert_int_equal(json_integer_value(at(answer, "1|id")), 2);
	assert_int_equal(json_integer_value(at(answer, "1|error|code")),
	    RPC_INTERNAL);
	assert_int_equal(json_integer_value(at(answer, "2|error|code")),
	    RPC_INTERNAL);
	assert_null(strstr(trace, "read"));
}

/* What one message of the channel carries is 16 MiB: toold ended over it. */
static void
test_bug_batch_answers_larger_than_a_message(void **state)
{
	char text[8192] = "[";
	size_t i, n;

	stub_more = 900000;
	for (i = 0; i < 32; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%s" CALL("7", "get_thing"), i > 0 ? "," : "");
	n = strlen(text);
	memcpy(text + n, "]", 2);
	post(NULL, text);
	assert_int_equal(r.status, 200);
	assert_true(body.len < (4U << 20));
	assert_int_equal(json_array_size(answer), 32);
	assert_non_null(at(answer, "1|result"));
	assert_int_equal(json_integer_value(at(answer, "31|id")), 7);
	assert_int_equal(json_integer_value(at(answer, "31|error|code")),
	    RPC_INTERNAL);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_initialize), T(test_notifications),
		T(test_ping_and_ids), T(test_bad_messages),
		T(test_unknown_method), T(test_sessions), T(test_delete),
		T(test_call), T(test_call_refused), T(test_call_gone),
		T(test_list), T(test_versions), T(test_discover),
		T(test_modern_list_and_call), T(test_modern_headers),
		T(test_modern_meta), T(test_modern_methods), T(test_batch),
		T(test_bug_batch_with_two_lists_lost_the_first),
		T(test_bug_batch_item_changed_the_revision_of_all),
		T(test_bug_batch_done_twice_when_its_handle_ends),
		T(test_bug_batch_answers_larger_than_a_message),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
