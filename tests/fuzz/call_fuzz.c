/* SPDX-License-Identifier: ISC */
/*
 * call_fuzz.c: whole requests through the protocol and the pipeline, with
 * tools that do nothing.  The first byte chooses the headers.  Whatever
 * comes in, the answer is one JSON text (or none), of a status that the
 * transport knows, and nothing is committed that was not audited.
 */
/* link: toold/mcp.o toold/call.o toold/rpc.o toold/era.o toold/scan.o */
/* link: toold/pipe.o toold/tools.o toold/session.o toold/mac.o */
/* link: toold/stream.o toold/logging.o toold/input.o toold/opaque.o */
/* link: toold/mirror.o -ljansson -lmd */
#include "tests/unit/toold_stub.h"

#include "toold/mcp.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const versions[] = { NULL, "2025-03-26", "2025-06-18",
    "2025-11-25", "2026-07-28", "2031-01-01", "", "2026-07-28" };
static const char *const names[] = { "tools/call", "tools/list",
    "server/discover", NULL };

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
text_join(const struct reply *r)
{
	struct buf whole;

	if (r->text == NULL)
		return;
	buf_init(&whole, 0);
	buf_add(&whole, r->body->data, r->text_at);
	buf_add(&whole, r->text->text.data, r->text->text.len);
	buf_add(&whole, r->body->data + r->text_at,
	    r->body->len - r->text_at);
	buf_free(r->body);
	*r->body = whole;
}

static void
check(const struct reply *r)
{
	static const unsigned int known[] = { 200, 202, 400, 404, 405, 429,
	    503 };
	size_t i, n = sizeof(known) / sizeof(known[0]);
	json_t *j;

	for (i = 0; i < n && known[i] != r->status; i++)
		;
	if (i == n || r->body->failed)
		abort();
	if (r->body->len == 0)
		return;
	j = json_loadb((const char *)r->body->data, r->body->len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (j == NULL)
		abort();
	json_decref(j);
	if (strstr(trace, "commit") != NULL &&
	    strstr(trace, "outbox") == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t key[MAC_LEN];
	static struct handle h;
	static struct buf body;
	struct request req;
	struct reply r;

	if (len == 0)
		return (0);
	if (body.max == 0) {
		buf_init(&body, 0);
		tools_init(stub_groups);
		session_setkey(key);
	}
	stub_reset(&h);
	buf_reset(&body);
	memset(&req, 0, sizeof(req));
	req.handle = &h;
	req.method = data[0] == 0xff ? HM_DELETE : HM_POST;
	header(&req, CF_VERSION, &req.version, versions[data[0] & 7]);
	header(&req, CF_METHOD, &req.mcp_method, names[data[0] >> 3 & 3]);
	header(&req, CF_NAME, &req.mcp_name, data[0] & 32 ? "get_thing" :
	    "=?base64?Z2V0X3RoaW5n?=");
	if (data[0] & 64)
		header(&req, CF_SESSION, &req.session, "0123456789");
	req.body.p = (const char *)data + 1;
	req.body.len = len - 1;
	memset(&r, 0, sizeof(r));
	r.body = &body;
	mcp_serve(&req, &r);
	text_join(&r);
	if (!r.gone)
		check(&r);
	return (0);
}
