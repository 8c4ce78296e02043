/* SPDX-License-Identifier: ISC */
/* uri_test.c: redirect URIs, resources, origins and forms (common/uri.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "uri.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static void
test_parse_good(void **state)
{
	struct uri u;

	assert_null(uri_parse("HTTPS://Example.ORG:8443/a/B?x=1&y", &u));
	assert_string_equal(u.scheme, "https");
	assert_string_equal(u.host, "example.org");
	assert_int_equal(u.port, 8443);
	assert_string_equal(u.path, "/a/B");
	assert_string_equal(u.query, "x=1&y");
	assert_true(u.has_authority && u.has_query);

	assert_null(uri_parse("http://[::1]:3000/cb", &u));
	assert_string_equal(u.host, "[::1]");
	assert_int_equal(u.port, 3000);

	assert_null(uri_parse("cursor://anysphere.cursor-mcp/oauth/cb", &u));
	assert_string_equal(u.host, "anysphere.cursor-mcp");
	assert_null(uri_parse("com.example.app:/cb", &u));
	assert_false(u.has_authority);
	assert_string_equal(u.path, "/cb");
	assert_null(uri_parse("https://example.org", &u));
	assert_string_equal(u.path, "");
	assert_int_equal(u.port, -1);
	assert_false(u.has_query);
}

static void
test_parse_bad(void **state)
{
	static const char *const bad[] = {
		"", "x", "/path", "//host/x", "1http://a/", ":a", "http:",
		"http://", "http:///x", "https://?x", "http://a b/",
		"http://a/\tx", "http://a/\x7f", "http://\xc3\xa4/",
		"http://a\\@b/", "http://a/#f", "http://a/x#",
		"http://u@a/", "http://u:p@a/", "http://a@127.0.0.1/",
		"http://a:/", "http://a:0/", "http://a:080/",
		"http://a:65536/", "http://a:1x/", "http://a:-1/",
		"http://a..b/", "http://.a/", "http://a./", "http://a%2eb/",
		"http://[::1/", "http://[::1]x/", "http://[g::1]/",
		"http://[]/", "http://[127.0.0.1]/",
		"http://a/%", "http://a/%2", "http://a/%zz", "http://a/%00",
		"http://a/%0a", "http://a/../b", "http://a/./b",
		"http://a/b/..", "http://a/%2e%2E/b", "http://a/.%2e",
		"http://a/<x>", "http://a/{x}", "http://a/?q=\"",
		"averyveryveryverylongschemenameofmorethan31:/x"
	};
	struct uri u;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		if (uri_parse(bad[i], &u) == NULL)
			fail_msg("accepted: %s", bad[i]);
	}
}

static void
test_parse_long(void **state)
{
	char s[2048];
	struct uri u;

	memset(s, 'a', sizeof(s));
	memcpy(s, "http://", 7);
	s[7 + 255] = '\0';
	assert_null(uri_parse(s, &u));
	s[7 + 255] = 'a';
	s[7 + 256] = '\0';
	assert_non_null(uri_parse(s, &u));
	memset(s, 'a', sizeof(s));
	memcpy(s, "http://a/", 9);
	s[8 + 511] = '\0';
	assert_null(uri_parse(s, &u));
	s[8 + 511] = 'a';
	s[8 + 512] = '\0';
	assert_non_null(uri_parse(s, &u));
}

static void
test_loopback(void **state)
{
	static const char *const yes[] = { "http://localhost:1/",
		"http://127.0.0.1", "https://[::1]:443/x" };
	static const char *const no[] = { "http://127.0.0.2/",
		"http://127.1/", "http://localhost.example/", "http://0/",
		"http://2130706433/", "http://[::ffff:127.0.0.1]/",
		"app://localhost/" };
	struct uri u;
	size_t i;

	for (i = 0; i < COUNT(yes); i++) {
		assert_null(uri_parse(yes[i], &u));
		assert_int_equal(uri_is_loopback(&u), 1);
	}
	for (i = 0; i < COUNT(no); i++) {
		assert_null(uri_parse(no[i], &u));
		assert_int_equal(uri_is_loopback(&u), 0);
	}
}

static void
test_redirect_ok(void **state)
{
	static const char *const list[] = { "cursor",
		"vscode://one.two/cb" };
	static const char *const yes[] = { "https://a.example/cb?x=1",
		"http://localhost/cb", "http://127.0.0.1:9/cb",
		"http://[::1]/", "cursor://x/y", "CURSOR://x/y",
		"vscode://one.two/cb" };
	static const char *const no[] = { "http://a.example/cb",
		"javascript:alert(1)", "data:text/html,x",
		"file:///etc/passwd", "blob:https://a/x", "vbscript:x",
		"about:blank", "vscode://one.two/cb2", "other:/cb",
		"https://a.example/cb#f", "https://u@a.example/" };
	size_t i;

	for (i = 0; i < COUNT(yes); i++) {
		if (uri_redirect_ok(yes[i], list, COUNT(list)) != NULL)
			fail_msg("refused: %s", yes[i]);
	}
	for (i = 0; i < COUNT(no); i++) {
		if (uri_redirect_ok(no[i], list, COUNT(list)) == NULL)
			fail_msg("accepted: %s", no[i]);
	}
	/* The list cannot allow what is never allowed. */
	{
		static const char *const evil[] = { "javascript" };

		assert_non_null(uri_redirect_ok("javascript:x", evil, 1));
	}
}

static void
test_redirect_match(void **state)
{
	static const struct {
		const char *reg, *asked;
		int want;
	} t[] = {
		{ "https://a/cb", "https://a/cb", 1 },
		{ "https://a/cb", "https://A/cb", 0 },
		{ "https://a/cb", "https://a:443/cb", 0 },
		{ "https://a/cb", "https://a/cb/", 0 },
		{ "https://127.0.0.1/cb", "https://127.0.0.1:5/cb", 0 },
		{ "http://127.0.0.1/cb", "http://127.0.0.1:5/cb", 1 },
		{ "http://127.0.0.1:7/cb", "http://127.0.0.1:5/cb", 1 },
		{ "http://localhost:7/cb", "http://localhost/cb", 1 },
		{ "http://[::1]:7/cb", "http://[::1]:8/cb", 1 },
		{ "http://localhost:7/cb", "http://127.0.0.1:7/cb", 0 },
		{ "http://localhost:7/cb", "http://localhost:8/CB", 0 },
		{ "http://localhost:7/cb", "http://localhost:8/cb?x", 0 },
		{ "http://localhost:7/cb?x", "http://localhost:7/cb?x", 1 },
		{ "http://localhost:7/cb?x", "http://localhost:8/cb?x", 0 },
		{ "http://localhost:7/cb", "http://u@localhost:8/cb", 0 },
		{ "http://localhost:7/cb", "http://localhost:8/cb#f", 0 },
		{ "http://localhost:7/cb", "http://localhost:8/x/../cb", 0 },
		{ "app:/cb", "app:/cb", 1 }, { "app:/cb", "app:/cb2", 0 }
	};
	size_t i;

	for (i = 0; i < COUNT(t); i++) {
		if (uri_redirect_match(t[i].reg, t[i].asked) != t[i].want)
			fail_msg("%s against %s", t[i].asked, t[i].reg);
	}
}

static void
test_resource(void **state)
{
	static const char ours[] = "https://keep.example/mcp";
	static const char *const yes[] = { "https://keep.example/mcp",
		"https://keep.example/mcp/", "HTTPS://KEEP.example/mcp",
		"https://keep.example:443/mcp", "https://keep.example",
		"https://keep.example/" };
	static const char *const no[] = { "http://keep.example/mcp",
		"https://keep.example:8443/mcp", "https://keep.example/MCP",
		"https://keep.example/mcp//", "https://keep.example/mcp?x",
		"https://keep.example/mcp#x", "https://keep.example/other",
		"https://other.example/mcp", "keep.example/mcp", "" };
	size_t i;

	for (i = 0; i < COUNT(yes); i++) {
		if (!uri_resource_match(ours, yes[i]))
			fail_msg("refused: %s", yes[i]);
	}
	for (i = 0; i < COUNT(no); i++) {
		if (uri_resource_match(ours, no[i]))
			fail_msg("accepted: %s", no[i]);
	}
	assert_int_equal(uri_resource_match("http://127.0.0.1:8080/mcp",
	    "http://127.0.0.1:8080"), 1);
	assert_int_equal(uri_resource_match("http://127.0.0.1:8080/mcp",
	    "http://127.0.0.1/mcp"), 0);
}

static void
test_origin(void **state)
{
	struct uri u;
	char out[64], tiny[8];

	assert_null(uri_parse("HTTPS://A.example:443/x", &u));
	assert_int_equal(uri_origin(&u, out, sizeof(out)), 0);
	assert_string_equal(out, "https://a.example");
	assert_int_equal(uri_origin(&u, tiny, sizeof(tiny)), -1);
	assert_null(uri_parse("http://[::1]:8080", &u));
	assert_int_equal(uri_origin(&u, out, sizeof(out)), 0);
	assert_string_equal(out, "http://[::1]:8080");
	assert_null(uri_parse("http://a:443/", &u));
	assert_int_equal(uri_origin(&u, out, sizeof(out)), 0);
	assert_string_equal(out, "http://a:443");
	assert_null(uri_parse("app://a/", &u));
	assert_int_equal(uri_origin(&u, out, sizeof(out)), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_good),
		cmocka_unit_test(test_parse_bad),
		cmocka_unit_test(test_parse_long),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_redirect_ok),
		cmocka_unit_test(test_redirect_match),
		cmocka_unit_test(test_resource),
		cmocka_unit_test(test_origin)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
