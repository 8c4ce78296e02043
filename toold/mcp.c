/* SPDX-License-Identifier: ISC */
/*
 * mcp.c: see mcp.h.  Runs in toold, on bytes from the network that the
 * listener only measured.  The caller is the handle's; nothing in a request
 * can widen it.
 */
#include <string.h>

#include "../common/text.h"
#include "input.h"
#include "logging.h"
#include "mcp.h"
#include "pipe.h"
#include "rpc.h"
#include "stream.h"
#include "tools.h"

#define DISCOVER_TTL_MS	300000
/* A batch begins no item with more than this behind it. */
#define BATCH_OUT_MAX	(1U << 20)
#define BATCH_MS	5000
#define INSTRUCTIONS							\
	"keepd gives access to the design-time artifacts of a platform: "\
	"tables and their rows, and development packages. Lists first, "\
	"then get by id; save tools take one object, without id to create "\
	"and with id to update, and replace nested arrays as a whole. Pass "\
	"expectedRevision from the record you read, so that nobody's work "\
	"is lost; use dryRun to see what a change would do; give a "	\
	"requestId to make a retry safe. You see only what the signed-in "\
	"user may see: Not Found may also mean not allowed."

static const struct feature *const *features;
static const struct mcp_watch *watches;

void
mcp_watches(const struct mcp_watch *w)
{
	watches = w;
}

static void	method_initialize(struct mcp *);
static void	method_ping(struct mcp *);
static void	method_discover(struct mcp *);
static void	method_tools_list(struct mcp *);
static void	note_cancelled(struct mcp *);

static const struct method methods[] = {
	{ "tools/call", ERA_ALL, MF_REQUEST | MF_NAME, mcp_tools_call },
	{ "tools/list", ERA_ALL, MF_REQUEST, method_tools_list },
	{ "server/discover", ERA_MODERN, MF_REQUEST, method_discover },
	{ "initialize", ERA_LEGACY, MF_REQUEST | MF_FIRST,
	    method_initialize },
	{ "ping", ERA_LEGACY, MF_REQUEST, method_ping },
	{ "notifications/initialized", ERA_LEGACY, MF_NOTE, NULL },
	{ "notifications/cancelled", ERA_ALL, MF_NOTE, note_cancelled },
	{ NULL, 0, 0, NULL }
};

void
mcp_features(const struct feature *const *list)
{
	features = list;
}

/* A session id was checked before; its middle is random. */
void
mcp_session_key(const struct mcp *m, uint8_t key[MCP_KEY_LEN])
{
	if (m->req->flags & CF_SESSION && m->req->session.len == SESSION_LEN)
		memcpy(key, m->req->session.p + 4, MCP_KEY_LEN);
	else
		memcpy(key, m->who.grant, MCP_KEY_LEN);
}

static const struct method *
method_in(const struct method *m, const struct span *name)
{
	for (; m->name != NULL; m++)
		if (span_is(name, m->name))
			return (m);
	return (NULL);
}

static const struct method *
method_find(const struct span *name)
{
	const struct method *m = method_in(methods, name);
	size_t i;

	for (i = 0; m == NULL && features != NULL && features[i] != NULL; i++)
		m = method_in(features[i]->methods, name);
	return (m);
}

/* What this caller is offered in this revision. */
static void
put_capabilities(struct mcp *m, const struct era_row *era)
{
	struct buf *b = m->reply->body;
	const struct feature *f;
	size_t i;

	buf_addf(b, "\"capabilities\":{\"tools\":{\"listChanged\":%s}",
	    watches != NULL && watches->offered(era) ? "true" : "false");
	for (i = 0; features != NULL && (f = features[i]) != NULL; i++)
		if (f->offered(&m->who))
			f->declare(b, era);
	buf_addc(b, '}');
}

static void
set_error(struct mcp *m, unsigned int status)
{
	m->reply->status = status;
}

/* ---- the answers that need no tool ---- */

static void
method_ping(struct mcp *m)
{
	rpc_open(m->reply->body, m->era, &m->scan.id);
	rpc_close(m->reply->body);
}

static void
method_initialize(struct mcp *m)
{
	struct buf *b = m->reply->body;
	const struct era_row *era;
	char version[32];
	long n;

	if (span_type(&m->scan.version) != '"') {
		mcp_error(m, RPC_INVALID_PARAMS, NULL,
		    "Invalid params: protocolVersion is required, a string");
		return;
	}
	n = span_string(&m->scan.version, version, sizeof(version));
	era = era_negotiate(version, n == -1 ? 0 : (size_t)n);
	if (session_make(m->who.user_id, m->who.client_id, era->era,
	    input_capabilities(&m->scan.capabilities), m->reply->session) ==
	    -1)
		m->reply->session[0] = '\0';
	rpc_open(b, era, &m->scan.id);
	buf_addf(b, "\"protocolVersion\":\"%s\",", era->version);
	put_capabilities(m, era);
	buf_addf(b, ",\"serverInfo\":%s,\"instructions\":",
	    era->flags & EF_STRUCTURED ? SERVER_INFO : SERVER_INFO_PLAIN);
	buf_add_json(b, INSTRUCTIONS, sizeof(INSTRUCTIONS) - 1);
	rpc_close(b);
}

static void
method_discover(struct mcp *m)
{
	struct buf *b = m->reply->body;

	rpc_open(b, m->era, &m->scan.id);
	buf_adds(b, "\"supportedVersions\":" ERA_VERSIONS_JSON ",");
	put_capabilities(m, m->era);
	buf_adds(b, ",\"instructions\":");
	buf_add_json(b, INSTRUCTIONS, sizeof(INSTRUCTIONS) - 1);
	mcp_cache_hints(m, DISCOVER_TTL_MS);
	rpc_close(b);
}

/* An answer has room for one shared text: more of a batch are copied. */
static void
put_tools(struct mcp *m)
{
	const struct shared *list = tools_list(&m->who, m->era);
	struct buf *b = m->reply->body;

	if (m->reply->text != NULL) {
		buf_add(b, list->text.data, list->text.len);
		return;
	}
	m->reply->text = list;
	m->reply->text_at = b->len;
}

int
mcp_first_page(struct mcp *m, const char *what)
{
	if (m->scan.cursor.p == NULL)
		return (0);
	mcp_error(m, RPC_INVALID_PARAMS, NULL, "Invalid params: no such "
	    "cursor; the list of %s has one page", what);
	return (-1);
}

static void
method_tools_list(struct mcp *m)
{
	struct buf *b = m->reply->body;

	if (mcp_first_page(m, "tools") == -1)
		return;
	rpc_open(b, m->era, &m->scan.id);
	buf_adds(b, "\"tools\":");
	put_tools(m);
	mcp_cache_hints(m, MCP_LIST_TTL_MS);
	rpc_close(b);
}

void
mcp_cache_hints(struct mcp *m, unsigned int ttl_ms)
{
	if (m->era->flags & EF_RESULT_TYPE)
		buf_addf(m->reply->body, ",\"ttlMs\":%u,\"cacheScope\":"
		    "\"private\"", ttl_ms);
}

/* Up to 2025-11-25; later a request is cancelled by closing its stream. */
static void
note_cancelled(struct mcp *m)
{
	uint8_t key[MCP_KEY_LEN];

	mcp_session_key(m, key);
	stream_cancelled(m->req->handle, key, &m->scan.request_id);
}

/* ---- 2026-07-28: headers and _meta (Streamable HTTP, 3.6) ---- */

static int
header_mismatch(struct mcp *m, const char *header, const char *what)
{
	m->era = era_row(ERA_2026_07);
	set_error(m, 400);
	mcp_error(m, RPC_HEADER_MISMATCH, NULL, "Header mismatch: %s %s",
	    header, what);
	return (-1);
}

long
mcp_header_value(const struct span *h, char *out, size_t cap)
{
	static const char head[] = "=?base64?", tail[] = "?=";
	size_t hl = sizeof(head) - 1, tl = sizeof(tail) - 1;
	long n;

	if (h->len >= hl + tl && memcmp(h->p, head, hl) == 0 &&
	    memcmp(h->p + h->len - tl, tail, tl) == 0) {
		n = b64_decode(h->p + hl, h->len - hl - tl, out, cap);
		return (n);
	}
	if (h->len > cap)
		return (-1);
	memcpy(out, h->p, h->len);
	return ((long)h->len);
}

static int
check_name_header(struct mcp *m, const struct method *row)
{
	const struct span *body = row->flags & MF_NAME_URI ? &m->scan.uri :
	    &m->scan.name;
	char want[1024], got[1024];
	long nwant, ngot;

	if ((row->flags & (MF_NAME | MF_NAME_URI)) == 0)
		return (0);
	if ((m->req->flags & CF_NAME) == 0)
		return (header_mismatch(m, "Mcp-Name", "is required"));
	nwant = span_string(body, want, sizeof(want));
	ngot = mcp_header_value(&m->req->mcp_name, got, sizeof(got));
	if (nwant == -1 || nwant != ngot ||
	    memcmp(want, got, (size_t)nwant) != 0)
		return (header_mismatch(m, "Mcp-Name", "is not what the body "
		    "names"));
	return (0);
}

static int
check_method_header(struct mcp *m)
{
	char want[256];
	long n;

	if ((m->req->flags & CF_METHOD) == 0)
		return (header_mismatch(m, "Mcp-Method", "is required"));
	n = span_string(&m->scan.method, want, sizeof(want));
	if (n == -1 || (size_t)n != m->req->mcp_method.len ||
	    memcmp(want, m->req->mcp_method.p, (size_t)n) != 0)
		return (header_mismatch(m, "Mcp-Method", "is not the method "
		    "of the body"));
	return (0);
}

static int
missing_meta(struct mcp *m, const char *key, const char *type)
{
	set_error(m, 400);
	mcp_error(m, RPC_INVALID_PARAMS, NULL,
	    "Invalid params: params._meta.%s is required, %s", key, type);
	return (-1);
}

static int
check_meta(struct mcp *m)
{
	const struct scan *s = &m->scan;

	if (span_type(&s->meta) != '{' || span_type(&s->meta_version) != '"')
		return (missing_meta(m,
		    "io.modelcontextprotocol/protocolVersion", "a string"));
	if (span_type(&s->meta_capabilities) != '{')
		return (missing_meta(m,
		    "io.modelcontextprotocol/clientCapabilities",
		    "an object"));
	if (s->meta_client_info.p != NULL &&
	    span_type(&s->meta_client_info) != '{')
		return (missing_meta(m, "io.modelcontextprotocol/clientInfo",
		    "an object, where it is given"));
	if (s->meta_log_level.p != NULL &&
	    stream_level(&s->meta_log_level) == SL_OFF)
		return (missing_meta(m, "io.modelcontextprotocol/logLevel",
		    "a log level, where it is given"));
	return (0);
}

static int
check_modern(struct mcp *m, const struct method *row)
{
	if (check_method_header(m) == -1)
		return (-1);
	if (row != NULL && check_name_header(m, row) == -1)
		return (-1);
	if (row == NULL || (row->eras & ERA_MODERN) == 0)
		return (0);		/* the dispatcher says 404 */
	return (check_meta(m));
}

/* ---- which revision ---- */

static int
unsupported_version(struct mcp *m, const char *asked, size_t len)
{
	struct buf data;

	buf_init(&data, 0);
	buf_adds(&data, "{\"supported\":" ERA_VERSIONS_JSON
	    ",\"requested\":");
	buf_add_json(&data, asked, len);
	buf_addc(&data, '}');
	buf_addc(&data, '\0');
	m->era = era_row(ERA_2026_07);
	set_error(m, 400);
	mcp_error(m, RPC_NO_VERSION, data.failed ? NULL :
	    (const char *)data.data, "Unsupported protocol version "
	    "(supported versions: 2026-07-28, 2025-11-25, 2025-06-18, "
	    "2025-03-26)");
	buf_free(&data);
	return (-1);
}

/*
 * Before the body is looked at: what the headers say.  No version header:
 * that of the session, else 2025-03-26.
 */
static void
era_of_headers(struct mcp *m)
{
	const struct request *req = m->req;
	enum era e = 0;

	m->era = NULL;
	if (req->flags & CF_VERSION)
		m->era = era_find(req->version.p, req->version.len);
	else if (req->flags & CF_SESSION)
		e = handle_session(req->handle, req->session.p,
		    req->session.len);
	if (m->era == NULL && e != 0)
		m->era = era_row(e);
	if (m->era == NULL)
		m->era = era_row(req->flags & CF_VERSION ? ERA_2026_07 :
		    ERA_2025_03);
}

/* The version of _meta and that of the header must be one. */
static int
check_version(struct mcp *m)
{
	const struct request *req = m->req;
	char meta[64];
	long n;

	if (m->scan.meta_version.p != NULL) {
		n = span_string(&m->scan.meta_version, meta, sizeof(meta));
		if ((req->flags & CF_VERSION) == 0)
			return (header_mismatch(m, "MCP-Protocol-Version",
			    "is required"));
		if (n == -1 || (size_t)n != req->version.len ||
		    memcmp(meta, req->version.p, (size_t)n) != 0)
			return (header_mismatch(m, "MCP-Protocol-Version",
			    "is not the version of _meta"));
	}
	if (req->flags & CF_VERSION &&
	    era_find(req->version.p, req->version.len) == NULL)
		return (unsupported_version(m, req->version.p,
		    req->version.len));
	return (0);
}

/* A session id that is not ours is 404: its client then starts anew. */
static int
check_session(struct mcp *m, const struct method *row)
{
	const struct request *req = m->req;

	if (m->era->flags & EF_STATELESS || (req->flags & CF_SESSION) == 0 ||
	    (row != NULL && row->flags & MF_FIRST))
		return (0);
	if (handle_session(req->handle, req->session.p, req->session.len))
		return (0);
	set_error(m, 404);
	mcp_error(m, RPC_INVALID_REQUEST, NULL, "Session not found: start "
	    "anew with initialize, without Mcp-Session-Id");
	return (-1);
}

/* ---- one message ---- */

static int
invalid_request(struct mcp *m, const char *why)
{
	set_error(m, 400);
	mcp_error(m, RPC_INVALID_REQUEST, NULL, "Invalid Request: %s", why);
	return (-1);
}

/*
 * An id: a string, or an integer that every parser can hold; of a length
 * that can be echoed.
 */
static int
id_ok(const struct span *id)
{
	if (span_type(id) == '"')
		return (id->len <= 256);
	return (span_type(id) == '0' && id->len <= 18 &&
	    memchr(id->p, '.', id->len) == NULL &&
	    memchr(id->p, 'e', id->len) == NULL &&
	    memchr(id->p, 'E', id->len) == NULL);
}

/* JSON-RPC 2.0 section 4, and what MCP adds to it. */
static int
check_shape(struct mcp *m)
{
	struct scan *s = &m->scan;

	if (s->id.p != NULL && !id_ok(&s->id)) {
		s->id.p = NULL;
		return (invalid_request(m, "id is no string of at most 256 "
		    "bytes and no integer of at most 18 digits"));
	}
	if (!span_is(&s->jsonrpc, "2.0"))
		return (invalid_request(m, "jsonrpc is not \"2.0\""));
	if (s->method.p == NULL && (s->result.p != NULL ||
	    s->error.p != NULL) && s->id.p != NULL)
		return (0);		/* a response */
	if (span_type(&s->method) != '"')
		return (invalid_request(m, "method is not a string"));
	if (s->params.p != NULL && span_type(&s->params) != '{')
		return (invalid_request(m, "params is not an object"));
	return (0);
}

/* Notifications and responses, which are not answered. */
static void
take_note(struct mcp *m, const struct method *row)
{
	uint8_t key[MCP_KEY_LEN];

	m->reply->status = 202;
	if (m->era->flags & EF_STATELESS)
		return;
	if (m->scan.method.p == NULL) {
		mcp_session_key(m, key);
		stream_reply(m->req->handle, key, &m->scan);
	} else if (row != NULL && row->flags & MF_NOTE && row->fn != NULL)
		row->fn(m);
}

/* Requests are answered, notifications and responses are 202. */
static void
dispatch(struct mcp *m, const struct method *row)
{
	uint8_t key[MCP_KEY_LEN];
	char name[128];

	if (m->scan.id.p == NULL || m->scan.method.p == NULL) {
		take_note(m, row);
		return;
	}
	if (row != NULL && row->eras & m->era->era && row->flags & MF_REQUEST
	    && row->fn != NULL) {
		if (m->stream != NULL) {
			mcp_session_key(m, key);
			stream_about(m->stream, m->era, &m->scan,
			    logging_level(m), key);
		}
		row->fn(m);
		return;
	}
	if (span_string(&m->scan.method, name, sizeof(name)) == -1)
		text_set(name, sizeof(name), "?");
	if (m->era->flags & EF_STATELESS)
		set_error(m, 404);
	mcp_error(m, RPC_NO_METHOD, NULL, "Method not found: %s", name);
}

static void
serve_message(struct mcp *m, int batched)
{
	const struct method *row;

	m->reply->status = 200;
	if (check_shape(m) == -1 || check_version(m) == -1)
		return;
	row = m->scan.method.p != NULL ? method_find(&m->scan.method) : NULL;
	if (batched && row != NULL && row->flags & MF_FIRST) {
		invalid_request(m, "initialize cannot be part of a batch");
		return;
	}
	if (m->era->flags & EF_STATELESS) {
		if (m->scan.method.p == NULL) {
			invalid_request(m, "responses are not taken");
			return;
		}
		if (m->scan.id.p != NULL && check_modern(m, row) == -1)
			return;
	} else if (check_session(m, row) == -1)
		return;
	dispatch(m, row);
}

static void
scan_failed(struct mcp *m, enum scan_verdict v)
{
	int code = v == SCAN_SYNTAX || v == SCAN_UTF8 ? RPC_PARSE :
	    RPC_INVALID_REQUEST;

	m->scan.id.p = NULL;
	set_error(m, 400);
	mcp_error(m, code, NULL, "%s", scan_text(v));
}

/* ---- batches (2025-03-26 only) ---- */

/*
 * Why no further item of a batch is begun.  Its handle ended: the listener
 * cannot be told to come back with another, for it would bring the whole
 * batch, and what was changed before would be changed twice.  Or all that
 * one channel message carries, and the time one client has, is used up.
 */
static const char *
batch_over(const struct mcp *m, struct mono until)
{
	if (m->reply->gone)
		return ("the rights of this connection changed meanwhile");
	if (m->reply->body->len > BATCH_OUT_MAX)
		return ("the answers of this batch are too large together");
	if (!mono_before(mono_now(), until))
		return ("this batch takes too long");
	return (NULL);
}

static void
refuse_item(struct mcp *m, const char *why)
{
	if (check_shape(m) == 0 && m->scan.id.p != NULL &&
	    m->scan.method.p != NULL)
		mcp_error(m, RPC_INTERNAL, NULL, "Not begun, %s: send it "
		    "again", why);
}

static void
serve_item(struct mcp *m, const struct span *item, struct mono until)
{
	const struct era_row *era = m->era;
	enum scan_verdict v;
	const char *why;

	m->reply->gone |= handle_ended(m->req->handle);
	if (span_type(item) != '{') {
		memset(&m->scan, 0, sizeof(m->scan));
		invalid_request(m, "a message is not an object");
	} else if ((v = scan_message(item->p, item->len, &m->scan)) !=
	    SCAN_OK)
		scan_failed(m, v);
	else if ((why = batch_over(m, until)) != NULL)
		refuse_item(m, why);
	else {
		serve_message(m, 1);
		if (m->reply->gone)
			refuse_item(m, batch_over(m, until));
	}
	m->era = era;		/* some errors are said in another's words */
}

/* The same with its comma; nothing where there is no answer. */
static void
add_item(struct mcp *m, const struct span *item, struct mono until,
    unsigned int *answers)
{
	struct buf *b = m->reply->body;
	size_t before = b->len;

	if (*answers > 0)
		buf_addc(b, ',');
	serve_item(m, item, until);
	if (b->len > before + (*answers > 0))
		(*answers)++;
	else
		b->len = before;
}

static void
serve_batch(struct mcp *m)
{
	struct span item[SCAN_BATCH_MAX];
	unsigned int i, n = m->scan.nitems, answers = 0;
	uint64_t commits = pipe_commits();
	struct mono until = mono_add(mono_now(), BATCH_MS);

	if ((m->era->flags & EF_BATCH) == 0) {
		invalid_request(m, "this revision has no batches");
		return;
	}
	memcpy(item, m->scan.item, sizeof(item));
	m->stream = NULL;
	buf_addc(m->reply->body, '[');
	for (i = 0; i < n; i++) {
		add_item(m, &item[i], until, &answers);
		if (m->reply->gone && pipe_commits() == commits) {
			buf_reset(m->reply->body);
			return;		/* nothing done: all of it again */
		}
	}
	m->reply->gone = 0;
	buf_addc(m->reply->body, ']');
	m->reply->status = answers > 0 ? 200 : 202;
	if (answers == 0)
		buf_reset(m->reply->body);
}

/* ---- DELETE: the client is done with its session ---- */

static void
serve_delete(struct mcp *m)
{
	const struct request *req = m->req;

	if (m->era->flags & EF_STATELESS) {
		m->reply->status = 405;
		return;
	}
	if ((req->flags & CF_SESSION) == 0) {
		invalid_request(m, "DELETE needs Mcp-Session-Id");
		return;
	}
	if (handle_session(req->handle, req->session.p, req->session.len) ==
	    0) {
		set_error(m, 404);
		mcp_error(m, RPC_INVALID_REQUEST, NULL, "Session not found");
		return;
	}
	session_end(req->session.p);
	if (watches != NULL)
		watches->session_end(m);
	m->reply->status = 200;
}

/* The stream of a session, before 2026-07-28. */
static void
serve_get(struct mcp *m)
{
	memset(&m->scan, 0, sizeof(m->scan));
	if (check_session(m, NULL) == -1)
		return;
	m->reply->status = 405;
	if (watches != NULL)
		watches->get(m);
}

void
mcp_serve(const struct request *req, struct reply *reply)
{
	struct mcp m;
	enum scan_verdict v;

	m.req = req;
	m.reply = reply;
	m.stream = req->stream;
	reply->later = 0;
	m.who = *handle_caller(req->handle);
	m.who.read_only |= (req->flags & CF_READ_ONLY) != 0;
	reply->status = 200;
	reply->retry_after = 0;
	reply->gone = 0;
	reply->session[0] = '\0';
	era_of_headers(&m);
	m.scan.id.p = NULL;
	if (req->method == HM_DELETE)
		serve_delete(&m);
	else if (req->method == HM_GET)
		serve_get(&m);
	else if ((v = scan_message(req->body.p, req->body.len, &m.scan)) !=
	    SCAN_OK)
		scan_failed(&m, v);
	else if (m.scan.batch)
		serve_batch(&m);
	else
		serve_message(&m, 0);
}
