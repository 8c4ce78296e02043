/* SPDX-License-Identifier: ISC */
/*
 * listener_test.c: HTTP and MCP through a whole listener: what a client
 * sees, and what authd and toold are sent.
 */
/* link: master/listener/accept.o master/listener/addr.o master/listener/cache.o master/listener/conn.o master/listener/form.o master/listener/http.o master/listener/lconf.o master/listener/link.o master/listener/mcp.o master/listener/meta.o master/listener/oauth.o master/listener/page.o master/listener/register.o master/listener/reply.o master/listener/req.o master/listener/route.o master/listener/signin.o master/listener/stream.o master/listener/keylink.o master/listener/keyprov.o master/listener/tls.o master/listener/tlsconf.o -lssl -lcrypto -ljansson */
#include "listener_rig.h"

#define CALL(x)		"POST /mcp HTTP/1.1\r\n" HOST JSON BEARER("goodA") x
#define PING		CALL("Content-Length: 4\r\n\r\n") "ping"
#define RO		"POST /mcp?mode=ro HTTP/1.1\r\n" HOST JSON \
			BEARER("goodA") "Content-Length: 4\r\n\r\nping"

static int
fake_authd_more(struct chan *ch, struct msg *m)
{
	return (m->type == MSG_TOKEN);
}

/* ---- documents ---- */

static void
test_documents(void **state)
{
	static const char *const same[] = {
		"oauth-protected-resource", "oauth-authorization-server",
		"openid-configuration"
	};
	static const char *const forms[] = { "/.well-known/%s",
		"/.well-known/%s/mcp", "/mcp/.well-known/%s" };
	char first[4096], path[128], text[512];
	const char *a;
	size_t i, k;

	for (i = 0; i < 3; i++) {
		for (k = 0; k < 3; k++) {
			snprintf(path, sizeof(path), forms[k], same[i]);
			snprintf(text, sizeof(text),
			    "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
			a = talk(text);
			assert_status(a, 200);
			assert_has(a, "Access-Control-Allow-Origin: *\r\n");
			if (i == 0)
				assert_has(a, "\"resource\":\"" URL "/mcp\"");
			else
				assert_has(a, "\"issuer\":\"" URL "\"");
			if (k == 0)
				strcpy(first, body_of(a));
			assert_string_equal(first, body_of(a));
		}
	}
}

static void
test_small_files(void **state)
{
	static const char head[] = "HEAD /robots.txt HTTP/1.0\r\n" HOST
	    "\r\n";
	const char *a;

	assert_status(talk("GET /robots.txt HTTP/1.1\r\n" HOST "\r\n"), 200);
	assert_status(talk("GET /style.css HTTP/1.1\r\n" HOST "\r\n"), 200);
	assert_status(talk("GET /favicon.ico HTTP/1.1\r\n" HOST "\r\n"), 200);
	a = talk("GET /healthz HTTP/1.1\r\nHost: 10.9.9.9\r\n\r\n");
	assert_string_equal(body_of(a), "{\"status\":\"ok\"}");
	a = talk("GET /jwks.json HTTP/1.1\r\n" HOST "\r\n");
	assert_status(a, 503);
	a = talk_n(head, sizeof(head) - 1, 0);
	assert_has(a, "Content-Length: 26\r\n");
	assert_has(a, "Connection: close\r\n");
	assert_string_equal(body_of(a), "");
}

static void
test_jwks(void **state)
{
	struct msg_jwks j;

	memset(&j, 0, sizeof(j));
	j.len = 11;
	chan_send_tail(fake_authd, MSG_JWKS, 0, &j, "{\"keys\":[]}", 11);
	assert_string_equal(body_of(talk("GET /.well-known/jwks.json "
	    "HTTP/1.1\r\n" HOST "\r\n")), "{\"keys\":[]}");
}

static void
test_health_parts(void **state)
{
	const char *a;

	seen.mute_toold = 1;
	a = talk("GET /healthz HTTP/1.1\r\n" HOST "\r\n");
	assert_status(a, 503);
	assert_has(a, "toold does not answer");
	seen.mute_authd = 1;
	seen.mute_toold = 0;
	a = talk("GET /healthz HTTP/1.1\r\n" HOST "\r\n");
	assert_has(a, "authd does not answer");
	link_cut();
	rig_turns();
	a = talk("GET /healthz HTTP/1.1\r\n" HOST "\r\n");
	assert_has(a, "authd and toold do not answer");
}

static void
test_unknown_paths(void **state)
{
	const char *a;

	a = talk("GET /nope HTTP/1.1\r\n" HOST "\r\n");
	assert_status(a, 404);
	assert_has(a, "application/json");
	a = talk("GET / HTTP/1.1\r\n" HOST "Accept: text/html\r\n\r\n");
	assert_status(a, 404);
	assert_has(a, "text/html");
	assert_has(post("//mcp", "", ""), "two slashes");
	a = talk("PUT /token HTTP/1.1\r\n" HOST "\r\n");
	assert_status(a, 405);
	assert_has(a, "Allow: POST, OPTIONS\r\n");
	assert_has(a, "\"error\":\"method_not_allowed\"");
	a = talk("GET /%2e%2e/mcp HTTP/1.1\r\n" HOST "\r\n");
	assert_status(a, 400);
	/* Every row has a handler and says what it needs. */
	{
		size_t i;
		const struct route *rt;

		for (i = 0; (rt = route_at(i)) != NULL; i++) {
			assert_non_null(rt->run);
			assert_true(rt->methods != 0 && rt->path[0] == '/');
			assert_ptr_equal(route_find(rt->path), rt);
			if (strncmp(rt->path, "/mcp", 4) == 0 &&
			    strstr(rt->path, "well-known") == NULL)
				assert_int_equal(rt->authority, AUTH_BEARER);
		}
	}
}

/* ---- who may ask ---- */

static void
test_host(void **state)
{
	static const struct {
		const char *host;
		int status;
	} t[] = {
		{ "127.0.0.1:8080", 200 }, { "127.0.0.1", 421 },
		{ "127.0.0.1:80", 421 }, { "localhost:8080", 421 },
		{ "evil.example", 421 }, { "ALT.example", 200 },
		{ "alt.example:9999", 200 }, { "alt.example.evil", 421 },
		{ "alt.example:1:2", 421 }, { "port.example:81", 200 },
		{ "port.example", 421 }, { "port.example:82", 421 }
	};
	char text[256];
	const char *a;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(text, sizeof(text), "GET /robots.txt HTTP/1.1\r\n"
		    "Host: %s\r\n\r\n", t[i].host);
		a = talk(text);
		if (status_of(a) != t[i].status)
			fail_msg("Host %s: %s", t[i].host, a);
	}
	a = talk("GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_has(a, "application/json");
	assert_has(a, "setting hosts");
}

static void
test_origin(void **state)
{
	static const struct {
		const char *origin;
		int status;
	} t[] = {
		{ URL, 200 }, { "https://app.example", 200 },
		{ "http://localhost:5173", 200 }, { "http://[::1]:1", 200 },
		{ "null", 403 }, { "https://app.example:444", 403 },
		{ "http://app.example", 403 }, { "https://evil.example", 403 },
		{ "http://localhost.evil.example", 403 },
		{ "http://127.0.0.1:1/x", 403 }
	};
	char h[256];
	const char *a;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(h, sizeof(h), JSON BEARER("goodA") "Origin: %s\r\n",
		    t[i].origin);
		a = post("/mcp", h, "ping");
		if (status_of(a) != t[i].status)
			fail_msg("Origin %s: %s", t[i].origin, a);
		if (status_of(a) == 200)
			assert_has(a, "Access-Control-Allow-Origin: ");
		else
			assert_has(a, "allow-origin");
	}
	a = talk("OPTIONS /mcp HTTP/1.1\r\n" HOST
	    "Origin: https://app.example\r\n\r\n");
	assert_status(a, 204);
	assert_has(a, "Access-Control-Allow-Methods: ");
	assert_has(a, "Access-Control-Expose-Headers: WWW-Authenticate, "
	    "Retry-After, Mcp-Session-Id");
	assert_status(talk("OPTIONS /mcp HTTP/1.1\r\n" HOST
	    "Origin: https://evil.example\r\n\r\n"), 403);
	a = talk("OPTIONS /authorize HTTP/1.1\r\n" HOST
	    "Origin: https://evil.example\r\n\r\n");
	assert_hasnt(a, "Access-Control");
	assert_int_equal(seen.calls, 4);
}

static void
test_bearer(void **state)
{
	static const char meta[] = "resource_metadata=\"" URL
	    "/.well-known/oauth-protected-resource/mcp\", "
	    "scope=\"mcp:tools\"\r\n";
	const char *a;

	a = post("/mcp", JSON, "ping");
	assert_status(a, 401);
	assert_has(a, "WWW-Authenticate: Bearer resource_metadata=");
	assert_has(a, meta);
	assert_string_equal(body_of(a), "{\"error\":\"invalid_token\","
	    "\"error_description\":\"Missing Authorization header\"}");
	a = post("/mcp", JSON BEARER("bad"), "ping");
	assert_status(a, 401);
	assert_has(a, "WWW-Authenticate: Bearer error=\"invalid_token\"");
	assert_has(a, meta);
	assert_string_equal(body_of(a), "{\"error\":\"invalid_token\","
	    "\"error_description\":\"Invalid or expired access token\"}");
	a = post("/mcp", JSON BEARER("scope"), "ping");
	assert_status(a, 403);
	assert_has(a, "error=\"insufficient_scope\"");
	assert_string_equal(body_of(a), "{\"error\":\"insufficient_scope\","
	    "\"error_description\":\"Missing required scope: mcp:tools\"}");
	a = post("/mcp", JSON "Authorization: Basic YTpi\r\n", "ping");
	assert_has(a, "Invalid Authorization header format, expected "
	    "'Bearer TOKEN'");
	a = post("/mcp", JSON "Authorization: Bearer \r\n", "ping");
	assert_status(a, 401);
	a = post("/mcp", JSON "Authorization: Bearer a b\r\n", "ping");
	assert_status(a, 401);
	/* Only in the header, and only there. */
	a = post("/mcp?access_token=goodA", JSON, "ping");
	assert_status(a, 401);
	assert_int_equal(seen.checks, 2);
	assert_int_equal(seen.calls, 0);
	a = post("/mcp", JSON "authorization: bearer   goodA\r\n", "ping");
	assert_status(a, 200);
}

static void
test_long_token(void **state)
{
	char h[4096];

	memset(h, 'a', sizeof(h));
	memcpy(h, "Authorization: Bearer ", 22);
	strcpy(h + 22 + TOKEN_MAX - 1, "\r\n");
	assert_status(post("/mcp", h, ""), 401);
	assert_int_equal(seen.checks, 1);
	memset(h + 22, 'a', TOKEN_MAX);
	strcpy(h + 22 + TOKEN_MAX, "\r\n");
	assert_status(post("/mcp", h, ""), 401);
	assert_int_equal(seen.checks, 1);
}

/* ---- calls ---- */

static void
test_call(void **state)
{
	const char *a;

	a = post("/mcp?mode=ro&x=y", JSON BEARER("goodA")
	    "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method:  tools/call \r\n"
	    "Mcp-Name: list_tables\r\nMcp-Session-Id: s1\r\n"
	    "Accept: application/json, text/event-stream\r\n", "{body}");
	assert_status(a, 200);
	assert_has(a, "Content-Type: application/json\r\n");
	assert_has(a, "Cache-Control: no-store\r\n");
	assert_int_equal(seen.call.method, HM_POST);
	assert_int_equal(seen.call.flags, CF_ALL);
	assert_int_equal(seen.call.handle[0], 'A');
	assert_int_equal(seen.call.version_len, 10);
	assert_int_equal(seen.call.body_len, 6);
	assert_string_equal(seen.tail,
	    "2026-07-28tools/calllist_tabless1{body}");
	assert_int_equal(seen.checks, 1);
	/* The same token again needs no question; another one does. */
	assert_status(post("/mcp/", JSON BEARER("goodA"), "x"), 200);
	assert_int_equal(seen.call.flags, 0);
	assert_int_equal(seen.checks, 1);
	assert_status(post("/mcp", JSON BEARER("goodB"), "x"), 200);
	assert_int_equal(seen.call.handle[0], 'B');
	assert_int_equal(seen.checks, 2);
}

static void
test_answers(void **state)
{
	const char *a;

	a = post("/mcp", JSON BEARER("goodA"), "note");
	assert_status(a, 202);
	assert_has(a, "Content-Length: 0\r\n");
	assert_hasnt(a, "Content-Type");
	a = post("/mcp", JSON BEARER("goodA"), "sess");
	assert_has(a, "Mcp-Session-Id: id-123\r\n");
	a = post("/mcp", JSON BEARER("goodA"), "evil");
	assert_status(a, 200);
	assert_hasnt(a, "Set-Cookie");
	a = post("/mcp", JSON BEARER("goodA"), "huge");
	assert_has(a, "Content-Length: 300000\r\n");
	assert_int_equal(strlen(body_of(a)), 300000);
	a = post("/mcp", JSON BEARER("goodA"), "stop");
	assert_status(a, 405);
	assert_has(a, "Allow: POST, OPTIONS, DELETE\r\n");
	a = talk("DELETE /mcp HTTP/1.1\r\n" HOST BEARER("goodA")
	    "Mcp-Session-Id: s\r\n\r\n");
	assert_status(a, 200);
	assert_int_equal(seen.call.method, HM_DELETE);
}

static void
test_get(void **state)
{
	static const char head[] = "HEAD /mcp HTTP/1.1\r\n" HOST
	    BEARER("goodA") "Connection: close\r\n"
	    "MCP-Protocol-Version: 2026-07-28\r\n\r\n";
	const char *a;

	a = talk("GET /mcp HTTP/1.1\r\n" HOST "\r\n");
	assert_status(a, 401);
	a = talk("GET /mcp HTTP/1.1\r\n" HOST BEARER("goodA") "\r\n");
	assert_status(a, 405);
	assert_has(a, "Allow: POST, OPTIONS, DELETE\r\n");
	/* Without body, so it is read to the end of the connection. */
	a = talk_n(head, sizeof(head) - 1, 0);
	assert_status(a, 405);
	assert_string_equal(body_of(a), "");
	assert_has(a, "Allow: POST, OPTIONS\r\n");
	/* A GET is never judged by the cache. */
	assert_int_equal(seen.checks, 2);
	assert_int_equal(seen.calls, 0);
}

/* What is wrong is said after the token was found good, never before. */
static void
test_refused(void **state)
{
	static const struct {
		int status;
		const char *head;
	} t[] = {
		{ 415, "POST /mcp HTTP/1.1\r\n" HOST "Content-Length: 2\r\n"
		    "Content-Type: text/plain\r\n" },
		{ 415, "POST /mcp HTTP/1.1\r\n" HOST
		    "Content-Length: 2\r\n" },
		{ 411, "POST /mcp HTTP/1.1\r\n" HOST JSON },
		{ 413, "POST /mcp HTTP/1.1\r\n" HOST JSON
		    "Content-Length: 1048577\r\n" },
		{ 400, "POST /mcp?mode=rx HTTP/1.1\r\n" HOST JSON
		    "Content-Length: 2\r\n" },
		{ 400, "GET /mcp HTTP/1.1\r\n" HOST "Content-Length: 2\r\n" },
		{ 405, "PATCH /mcp HTTP/1.1\r\n" HOST
		    "Content-Length: 2\r\n" }
	};
	char text[512];
	const char *a;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(text, sizeof(text), "%s" BEARER("goodA") "\r\n",
		    t[i].head);
		a = talk(text);
		if (status_of(a) != t[i].status)
			fail_msg("%s -> %s", text, a);
		if (t[i].status == 405)
			continue;
		snprintf(text, sizeof(text), "%s" BEARER("bad") "\r\n",
		    t[i].head);
		assert_status(talk(text), 401);
	}
	assert_int_equal(seen.calls, 0);
}

static void
test_handle_unknown(void **state)
{
	seen.unknowns = 1;
	assert_status(talk(PING), 200);
	assert_int_equal(seen.checks, 2);
	assert_int_equal(seen.calls, 2);
	seen.unknowns = 9;
	assert_has(talk(PING), "Invalid or expired access token");
	assert_int_equal(seen.calls, 4);
}

static void
test_busy(void **state)
{
	seen.busy = 3;
	assert_status(talk(PING), 200);
	assert_int_equal(seen.checks, 4);
}

/* ---- framing on a live connection ---- */

static void
test_pipeline(void **state)
{
	static const char text[] = PING
	    CALL("Transfer-Encoding: chunked\r\n\r\n")
	    "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n"
	    "GET /robots.txt HTTP/1.1\r\n" HOST "\r\n"
	    "GET /nope HTTP/1.1\r\n" HOST "\r\n" PING;
	const char *a, *p;

	a = talk_n(text, sizeof(text) - 1, 5);
	p = strstr(a, "{\"n\":1,\"len\":4}");
	assert_non_null(p);
	p = strstr(p, "{\"n\":2,\"len\":5}");
	assert_non_null(p);
	p = strstr(p, "User-agent");
	assert_non_null(p);
	p = strstr(p, "HTTP/1.1 404");
	assert_non_null(p);
	assert_non_null(strstr(p, "{\"n\":3,\"len\":4}"));
}

static void
test_pipeline_many(void **state)
{
	static char text[200000];
	size_t n = 0, i;

	for (i = 0; i < 400; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s",
		    i % 3 == 0 ? "GET /nope HTTP/1.1\r\n" HOST "\r\n" : PING);
	talk_n(text, n, 400);
	assert_int_equal(seen.calls, 266);
}

static void
test_slow_pieces(void **state)
{
	static const char text[] = CALL("Transfer-Encoding: chunked\r\n\r\n")
	    "3\r\nabc\r\n0\r\n\r\n" PING;
	struct client *c = client_open(0);
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		assert_int_equal(send(c->fd, text + i, 1, 0), 1);
		rig_run(1);
	}
	client_wait(c, 2);
	assert_int_equal(seen.calls, 2);
	client_close(c);
}

/* Nothing behind a refused message is taken for a request. */
static void
test_smuggling(void **state)
{
	static const char *const t[] = {
		CALL("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n")
		    "0\r\n\r\n" PING,
		CALL("Content-Length: 4\r\nContent-Length: 5\r\n\r\n")
		    "abcd" PING,
		CALL("Transfer-Encoding: xchunked\r\n\r\n") "0\r\n\r\n" PING,
		CALL("Transfer-Encoding: chunked\r\n\r\n") "4\nabcd" PING,
		CALL("Transfer-Encoding: chunked\r\n\r\n") "0\r\nX\r\n\r\n"
		    PING,
		"GET / HTTP/1.1\r\n" HOST "\n" PING,
		"GET / HTTP/1.1\r\n" HOST " x: y\r\n\r\n" PING,
		"GET / HTTP/1.1\r\n" HOST "Host: b\r\n\r\n" PING
	};
	size_t i;
	const char *a;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		a = talk_n(t[i], strlen(t[i]), 0);
		if (status_of(a) < 400 || strstr(a + 9, "HTTP/1.1 ") != NULL)
			fail_msg("%s -> %s", t[i], a);
		assert_has(a, "Connection: close\r\n");
	}
	assert_int_equal(seen.calls, 0);
}

static void
test_expect(void **state)
{
	static const char head[] = CALL("Expect: 100-continue\r\n"
	    "Content-Length: 4\r\n\r\n");
	static const char bad[] = "POST /mcp HTTP/1.1\r\n" HOST JSON
	    "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n";
	struct client *c = client_open(0);

	client_send(c, head, sizeof(head) - 1);
	client_wait(c, 1);
	assert_string_equal(c->in, "HTTP/1.1 100 Continue\r\n\r\n");
	client_send(c, "ping", 4);
	client_wait(c, 2);
	assert_has(c->in, "HTTP/1.1 200 OK");
	client_close(c);
	/* Refused: the body was never asked for, so the line must end. */
	assert_has(talk_n(bad, sizeof(bad) - 1, 0), "HTTP/1.1 401");
}

static void
test_skip(void **state)
{
	static const char text[] =
	    "POST /mcp HTTP/1.1\r\n" HOST JSON "Content-Length: 4\r\n\r\nabcd"
	    "POST /nope HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	    "\r\n3\r\nabc\r\n0\r\n\r\n" PING;
	const char *a = talk_n(text, sizeof(text) - 1, 3);

	assert_status(a, 401);
	assert_has(a, "HTTP/1.1 404");
	assert_has(a, "{\"n\":1,\"len\":4}");
}

static void
test_big_body(void **state)
{
	static char text[(1 << 20) + 1024];
	int n;

	n = snprintf(text, sizeof(text),
	    CALL("Content-Length: 1048576\r\n\r\n"));
	memset(text + n, 'b', 1 << 20);
	talk_n(text, (size_t)n + (1 << 20), 1);
	assert_int_equal(seen.call.body_len, 1 << 20);
	/* In chunks: one byte more than allowed. */
	n = snprintf(text, sizeof(text),
	    CALL("Transfer-Encoding: chunked\r\n\r\n") "100001\r\n");
	memset(text + n, 'b', sizeof(text) - (size_t)n);
	assert_has(talk_n(text, sizeof(text), 0), "HTTP/1.1 413");
	assert_int_equal(seen.calls, 1);
}

static void
test_half_close(void **state)
{
	struct client *c = client_open(0);

	assert_int_equal(send(c->fd, PING PING, strlen(PING PING), 0),
	    strlen(PING PING));
	shutdown(c->fd, SHUT_WR);
	client_wait(c, 2);
	assert_int_equal(answers_in(c->in, c->in_len), 2);
	client_close(c);
}

/* ---- limits ---- */

static void
test_header_limits(void **state)
{
	static char text[16384];
	size_t n;

	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /", 5);
	assert_has(talk_n(text, 8200, 0), "HTTP/1.1 414");
	n = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST
	    "X: ");
	memset(text + n, 'a', sizeof(text) - n);
	assert_has(talk_n(text, 8200, 0), "HTTP/1.1 431");
}

static void
test_timeouts(void **state)
{
	static const char body[] = CALL("Content-Length: 4\r\n\r\npi");
	const char *a;

	rig_limits.header_timeout_ms = rig_limits.body_timeout_ms = 100;
	assert_null(rig_conf());
	a = talk_n("GET / HTT", 9, 0);
	assert_status(a, 408);
	a = talk_n(body, sizeof(body) - 1, 0);
	assert_status(a, 408);
	/* No byte at all: closed without a word. */
	assert_string_equal(talk_n("", 0, 0), "");
	rig_limits.header_timeout_ms = 4000;
	rig_limits.body_timeout_ms = 1500;
	rig_limits.idle_timeout_ms = 100;
	assert_null(rig_conf());
	a = talk_n(PING, strlen(PING), 0);
	assert_status(a, 200);
	rig_limits.idle_timeout_ms = 20000;
	assert_null(rig_conf());
}

static void
test_answer_timeout(void **state)
{
	const char *a;

	rig_limits.answer_timeout_ms = 100;
	assert_null(rig_conf());
	talk(PING);
	seen.mute_toold = 1;
	a = talk(PING);
	assert_status(a, 502);
	assert_has(a, "outcome is unknown");
	assert_int_equal(seen.cancels, 1);
	a = talk(RO);
	assert_status(a, 503);
	assert_has(a, "Retry-After: 1\r\n");
	seen.mute_authd = 1;
	a = post("/token", FORM, "a=b");
	assert_status(a, 503);
	assert_has(a, "\"error\":\"temporarily_unavailable\"");
	rig_limits.answer_timeout_ms = 4000;
	assert_null(rig_conf());
}

static void
test_conns_per_address(void **state)
{
	struct client *c[9];
	int i;

	for (i = 0; i < 9; i++) {
		c[i] = client_open(1);
		rig_turns();
	}
	client_wait(c[8], 1);
	assert_status(c[8]->in, 429);
	client_send(c[0], PING, strlen(PING));
	client_wait(c[0], 1);
	assert_status(c[0]->in, 200);
	client_close(c[1]);
	rig_turns();
	client_close(c[8]);
	c[8] = client_open(1);
	client_send(c[8], PING, strlen(PING));
	client_wait(c[8], 1);
	assert_status(c[8]->in, 200);
	for (i = 0; i < 9; i++) {
		if (i != 1)
			client_close(c[i]);
	}
	rig_turns();
}

/* All places taken: idle ones go first, busy ones never. */
static void
test_conns_total(void **state)
{
	struct client *c[3], *x;
	int i;

	rig_limits.max_conns = 3;
	assert_null(rig_conf());
	for (i = 0; i < 3; i++) {
		c[i] = client_open(0);
		client_send(c[i], PING, strlen(PING));
		client_wait(c[i], 1);
	}
	x = client_open(0);
	client_send(x, PING, strlen(PING));
	client_wait(x, 1);
	assert_status(x->in, 200);
	rig_turns();
	assert_true(c[0]->eof && !c[1]->eof && !c[2]->eof);
	seen.mute_toold = 1;
	client_send(x, PING, strlen(PING));
	client_send(c[1], PING, strlen(PING));
	client_send(c[2], PING, strlen(PING));
	rig_turns();
	client_close(c[0]);
	c[0] = client_open(0);
	client_wait(c[0], 1);
	assert_status(c[0]->in, 503);
	for (i = 0; i < 3; i++)
		client_close(c[i]);
	client_close(x);
	link_make();
	rig_turns();
	rig_limits.max_conns = 64;
	assert_null(rig_conf());
}

static void
test_rate(void **state)
{
	static const char a1[] = "GET /robots.txt HTTP/1.1\r\n" HOST
	    "X-Forwarded-For: 192.0.2.7, 203.0.113.1\r\n\r\n";
	static const char a2[] = "GET /robots.txt HTTP/1.1\r\n" HOST
	    "X-Forwarded-For: 203.0.113.1, 192.0.2.7\r\n\r\n";
	int i, good = 0;
	const char *a = "";

	rig_limits.rate_addr = 12;
	assert_null(rig_conf());
	for (i = 0; i < 14; i++) {
		a = talk(a1);
		good += status_of(a) == 200;
	}
	/* The burst is ten; the prefix is that of the last hop. */
	assert_in_range(good, 10, 11);
	assert_status(a, 429);
	assert_has(a, "Retry-After: ");
	assert_status(talk(a2), 200);
	rig_limits.rate_addr = 0;
	assert_null(rig_conf());
}

static void
test_memory(void **state)
{
	struct client *c = client_open(0);
	static const char part[] = CALL("Content-Length: 60000\r\n\r\nabc");

	rig_limits.max_memory = 65536;
	assert_null(rig_conf());
	client_send(c, part, sizeof(part) - 1);
	rig_turns();
	assert_status(talk(CALL("Content-Length: 6000\r\n\r\n")), 503);
	assert_status(talk(PING), 200);
	client_close(c);
	rig_turns();
	assert_status(talk_n(part, sizeof(part) - 1 - 3, 0), 408);
	rig_limits.max_memory = 4 << 20;
	assert_null(rig_conf());
}

/* ---- authd and toold come and go ---- */

static void
test_no_link(void **state)
{
	struct client *c = client_open(0);

	link_cut();
	rig_turns();
	assert_int_equal(seen.gone, 1);
	client_send(c, PING, strlen(PING));
	rig_turns();
	assert_int_equal(c->in_len, 0);
	link_make();
	client_wait(c, 1);
	assert_status(c->in, 200);
	client_close(c);
	link_cut();
	rig_turns();
	/* Nobody comes: it ends by itself. */
	assert_status(talk(PING), 503);
}

static void
test_link_lost(void **state)
{
	struct client *c = client_open(0), *ro = client_open(0);

	seen.mute_toold = 1;
	client_send(c, PING, strlen(PING));
	client_send(ro, RO, strlen(RO));
	rig_turns();
	assert_int_equal(seen.calls, 2);
	chan_close(fake_toold);
	fake_toold = NULL;
	client_wait(c, 1);
	assert_status(c->in, 502);
	assert_int_equal(ro->in_len, 0);
	rig_turns();
	assert_int_equal(seen.gone, 1);
	/* authd's end went with it. */
	assert_null(fake_authd);
	seen.mute_toold = 0;
	link_make();
	client_wait(ro, 1);
	assert_status(ro->in, 200);
	client_close(c);
	client_close(ro);
}

static void
test_cancel(void **state)
{
	static const char modern[] = CALL("Content-Length: 4\r\n"
	    "MCP-Protocol-Version: 2026-07-28\r\n\r\nping");
	struct client *c = client_open(0);

	seen.mute_toold = 1;
	client_send(c, PING, strlen(PING));
	rig_turns();
	client_close(c);
	rig_turns();
	assert_int_equal(seen.cancels, 0);
	/* Its answer comes to nobody. */
	fake_answer(fake_toold, seen.last_call, 200, "", "{}", 2);
	rig_turns();
	c = client_open(0);
	client_send(c, modern, sizeof(modern) - 1);
	rig_turns();
	client_close(c);
	rig_turns();
	assert_int_equal(seen.cancels, 1);
	fake_answer(fake_toold, seen.last_call, 200, "", "{}", 2);
	rig_turns();
	seen.mute_toold = 0;
	assert_status(talk(PING), 200);
}

/* Does a number come again within so many questions. */
static int
comes_again(uint32_t id, unsigned int questions)
{
	struct req *r = req_new(NULL);
	int found = 0;

	while (!found && questions-- > 0)
		found = req_ask(r, RS_HEALTH, MSG_HEALTH) == id;
	req_free(r);
	return (found);
}

/*
 * The answer to a call whose client went away would be given to whoever
 * asked next under its number.
 */
static void
test_bug_number_of_left_call(void **state)
{
	struct client *c = client_open(0);
	uint32_t left;

	seen.mute_toold = 1;
	client_send(c, PING, strlen(PING));
	rig_turns();
	client_close(c);
	rig_turns();
	left = seen.last_call;
	assert_false(comes_again(left, 5000000));
	/* Answered, it is a number like others. */
	fake_answer(fake_toold, left, 200, "", "{}", 2);
	rig_turns();
	assert_true(comes_again(left, 5000000));
	/* The end of the link settles all. */
	c = client_open(0);
	client_send(c, PING, strlen(PING));
	rig_turns();
	client_close(c);
	rig_turns();
	link_make();
	assert_true(comes_again(seen.last_call, 5000000));
	seen.mute_toold = 0;
	assert_status(talk(PING), 200);
}

#define STREAM(more) "POST /mcp HTTP/1.1\r\n" HOST JSON BEARER("goodA")	\
	"Accept: text/event-stream\r\nContent-Length: 4\r\n" more "\r\nping"

static uint32_t fake_long;		/* flags of events */

static void
fake_event(struct chan *ch, uint32_t id, const char *text)
{
	struct msg_event e = { (uint32_t)strlen(text), fake_long, 0 };

	chan_send_tail(ch, MSG_EVENT, id, &e, text, e.len);
}

static void
test_stream(void **state)
{
	struct client *c = client_open(0);

	seen.mute_toold = 1;
	client_send(c, STREAM(""), sizeof(STREAM("")) - 1);
	rig_turns();
	fake_event(fake_toold, seen.last_call, "{\"a\":1}");
	rig_turns();
	assert_status(c->in, 200);
	assert_has(c->in, "Content-Type: text/event-stream\r\n");
	assert_has(c->in, "X-Accel-Buffering: no\r\n");
	assert_has(c->in, "Transfer-Encoding: chunked\r\n");
	assert_hasnt(c->in, "Content-Length");
	assert_has(c->in, "\r\n\r\nf\r\ndata: {\"a\":1}\n\n\r\n");
	/* The answer ends it, and may have lines. */
	fake_answer(fake_toold, seen.last_call, 200, "", "{\n}", 3);
	rig_turns();
	assert_has(c->in, "data: {\ndata: }\n\n\r\n0\r\n\r\n");
	/* The connection goes on. */
	assert_false(c->eof);
	seen.mute_toold = 0;
	c->in_len = 0;
	client_send(c, PING, strlen(PING));
	client_wait(c, 1);
	assert_status(c->in, 200);
	assert_has(c->in, "Content-Type: application/json");
	client_close(c);
}

/* A client that does not read is cut off, and toold told. */
static void
test_stream_unread(void **state)
{
	static const char req[] = STREAM(
	    "MCP-Protocol-Version: 2026-07-28\r\n");
	struct client *c = client_open(0);
	static char big[200000];
	int i;

	memset(big, 'x', sizeof(big) - 1);
	seen.mute_toold = 1;
	client_send(c, req, sizeof(req) - 1);
	rig_turns();
	ev_io_want(&c->io, 0);
	for (i = 0; i < 10 && seen.cancels == 0; i++) {
		fake_event(fake_toold, seen.last_call, big);
		rig_turns();
	}
	assert_int_equal(seen.cancels, 1);
	assert_in_range(i, 2, 6);
	client_close(c);
	/* One that reads a little late only waits. */
	c = client_open(0);
	client_send(c, req, sizeof(req) - 1);
	rig_turns();
	ev_io_want(&c->io, 0);
	fake_event(fake_toold, seen.last_call, big);
	rig_turns();
	ev_io_want(&c->io, EV_READ);
	rig_turns();
	fake_event(fake_toold, seen.last_call, big);
	rig_turns();
	fake_answer(fake_toold, seen.last_call, 200, "", "{}", 2);
	rig_turns();
	assert_has(c->in, "data: {}\n\n\r\n0\r\n\r\n");
	assert_int_equal(seen.cancels, 1);
	client_close(c);
	seen.mute_toold = 0;
}

/* Ends without a result: the handle ended, toold died. */
static void
test_stream_lost(void **state)
{
	struct msg_handle h;
	struct client *c = client_open(0), *d = client_open(0);

	memset(&h, 0, sizeof(h));
	seen.mute_toold = 1;
	client_send(c, STREAM(""), sizeof(STREAM("")) - 1);
	rig_turns();
	fake_event(fake_toold, seen.last_call, "{}");
	chan_send(fake_toold, MSG_HANDLE_UNKNOWN, seen.last_call, &h);
	rig_turns();
	assert_has(c->in, "data: {}\n\n\r\n0\r\n\r\n");
	client_send(d, STREAM(""), sizeof(STREAM("")) - 1);
	rig_turns();
	fake_event(fake_toold, seen.last_call, "{}");
	rig_turns();
	chan_close(fake_toold);
	fake_toold = NULL;
	rig_turns();
	assert_true(d->eof);
	assert_hasnt(d->in, "\r\n0\r\n");
	client_close(c);
	client_close(d);
	seen.mute_toold = 0;
}

/* A stream without an end of its own outlives its handle, not its token. */
static void
test_stream_long(void **state)
{
	static const char req[] = "GET /mcp HTTP/1.1\r\n" HOST
	    BEARER("goodA") "Accept: text/event-stream\r\n"
	    "Mcp-Session-Id: s\r\n\r\n";
	struct msg_handle h;
	struct client *c = client_open(0);

	memset(&h, 0, sizeof(h));
	fake_long = EVF_LONG;
	seen.mute_toold = 1;
	client_send(c, req, sizeof(req) - 1);
	rig_turns();
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.checks, 1);
	fake_event(fake_toold, seen.last_call, "");
	chan_send(fake_toold, MSG_HANDLE_UNKNOWN, seen.last_call, &h);
	rig_turns();
	assert_has(c->in, "text/event-stream");
	assert_int_equal(seen.checks, 2);
	assert_int_equal(seen.handles, 1);
	fake_event(fake_toold, seen.last_call, "{\"later\":1}");
	rig_turns();
	assert_has(c->in, "data: {\"later\":1}\n\n");
	/* Time and again is too often: it is taken back. */
	for (h.handle[0] = 0; h.handle[0] < 5; h.handle[0]++) {
		chan_send(fake_toold, MSG_HANDLE_UNKNOWN, seen.last_call, &h);
		rig_turns();
	}
	assert_int_equal(seen.cancels, 2);
	assert_int_equal(seen.handles, 4);
	fake_answer(fake_toold, seen.last_call, 200, "", "", 0);
	rig_turns();
	assert_has(c->in, "\r\n0\r\n\r\n");
	client_close(c);
	fake_long = 0;
	seen.mute_toold = 0;
}

/* An event for a client that takes none is a violation. */
static void
test_stream_refused(void **state)
{
	struct client *c = client_open(0);

	seen.mute_toold = 1;
	client_send(c, PING, strlen(PING));
	rig_turns();
	fake_event(fake_toold, seen.last_call, "{}");
	rig_turns();
	assert_int_equal(seen.gone, 1);
	client_close(c);
	seen.mute_toold = 0;
}

static void
test_wrong_answer(void **state)
{
	struct client *c = client_open(0);
	struct msg_token_bad bad;

	seen.mute_authd = 1;
	client_send(c, "GET /healthz HTTP/1.1\r\n" HOST "\r\n",
	    strlen("GET /healthz HTTP/1.1\r\n" HOST "\r\n"));
	rig_turns();
	memset(&bad, 0, sizeof(bad));
	bad.why = TB_INVALID;
	chan_send(fake_authd, MSG_TOKEN_BAD, seen.last_ask, &bad);
	client_wait(c, 1);
	assert_status(c->in, 503);
	rig_turns();
	assert_int_equal(seen.gone, 1);
	client_close(c);
}

/* Handles of one worker are not those of the next. */
static void
test_new_worker(void **state)
{
	assert_status(talk(PING), 200);
	assert_status(talk(PING), 200);
	assert_int_equal(seen.checks, 1);
	assert_int_equal(cache_count(), 1);
	link_make();
	assert_int_equal(cache_count(), 0);
	assert_status(talk(PING), 200);
	assert_int_equal(seen.checks, 2);
}

static void
test_cache(void **state)
{
	uint8_t d[DIGEST_LEN], h[HANDLE_LEN], got[HANDLE_LEN];
	char t[16];
	int i;

	cache_flush();
	for (i = 0; i < 4097; i++) {
		snprintf(t, sizeof(t), "t%d", i);
		cache_digest(t, strlen(t), d);
		memset(h, i & 0xff, sizeof(h));
		cache_put(d, h, 300);
		/* t0 is used all the time, so it stays. */
		cache_digest("t0", 2, d);
		assert_int_equal(cache_get(d, got), 0);
	}
	assert_int_equal(cache_count(), 4096);
	cache_digest("t1", 2, d);
	assert_int_equal(cache_get(d, got), -1);
	cache_digest("t4096", 5, d);
	assert_int_equal(cache_get(d, got), 0);
	cache_drop(d);
	assert_int_equal(cache_get(d, got), -1);
	cache_flush();
	assert_int_equal(cache_count(), 0);
}

static void
test_bad_conf(void **state)
{
	static const char *const bad[] = { "http://127.0.0.1:8080/x",
		"ftp://a", "http://127.0.0.1:8080?x", "", "http://a b" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rig_url = bad[i];
		assert_non_null(rig_conf());
	}
	rig_url = URL;
	assert_null(rig_conf());
}

/* Last: the listener is gone behind it. */
static void
test_drain(void **state)
{
	struct client *idle = client_open(0), *busy = client_open(0);
	struct client *c = client_open(0);
	uint32_t long_call;

	client_send(idle, PING, strlen(PING));
	client_wait(idle, 1);
	seen.mute_toold = 1;
	client_send(c, STREAM(""), sizeof(STREAM("")) - 1);
	rig_turns();
	fake_long = EVF_LONG;
	fake_event(fake_toold, long_call = seen.last_call, "{}");
	rig_turns();
	client_send(busy, PING, strlen(PING));
	rig_turns();
	conn_drain();
	rig_turns();
	rig_turns();
	/* A stream without an end is ended, so that it is opened again. */
	assert_int_equal(seen.cancels, 1);
	client_wait(c, 0);
	assert_has(c->in, "data: {}\n\n\r\n0\r\n\r\n");
	/* What toold says to that comes too late. */
	fake_answer(fake_toold, long_call, 200, "", "{}", 2);
	assert_true(c->eof);
	client_close(c);
	/* It may be about to ask; its next answer would be its last. */
	assert_false(idle->eof);
	client_close(idle);
	assert_int_equal(seen.exited, 0);
	fake_answer(fake_toold, seen.last_call, 200, "", "{}", 2);
	client_wait(busy, 1);
	assert_status(busy->in, 200);
	assert_has(busy->in, "Connection: close\r\n");
	client_close(busy);
	rig_run(3000);
	assert_int_equal(seen.exited, 1);

}

#define T(f)	cmocka_unit_test_setup(f, rig_fresh)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_documents), T(test_small_files), T(test_jwks),
		T(test_health_parts), T(test_unknown_paths), T(test_host),
		T(test_origin), T(test_bearer), T(test_long_token),
		T(test_call), T(test_answers), T(test_get), T(test_refused),
		T(test_handle_unknown), T(test_busy), T(test_pipeline),
		T(test_pipeline_many), T(test_slow_pieces),
		T(test_smuggling), T(test_expect), T(test_skip),
		T(test_big_body), T(test_half_close), T(test_header_limits),
		T(test_timeouts), T(test_answer_timeout),
		T(test_conns_per_address), T(test_conns_total), T(test_rate),
		T(test_memory), T(test_no_link), T(test_link_lost),
		T(test_cancel), T(test_bug_number_of_left_call),
		T(test_wrong_answer), T(test_new_worker),
		T(test_cache), T(test_bad_conf), T(test_stream),
		T(test_stream_unread), T(test_stream_lost),
		T(test_stream_refused), T(test_stream_long), T(test_drain)
	};

	return (cmocka_run_group_tests(tests, rig_setup, rig_teardown));
}
