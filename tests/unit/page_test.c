/* SPDX-License-Identifier: ISC */
/*
 * page_test.c: the pages people see: nothing a client says gets out of its
 * place, and what the pages promise to browsers and readers is there.
 */
/* link: master/listener/page.o */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "master/listener/page.h"

#define EVIL	"\"'><script>alert(1)</script>&amp;<b x=\""
#define EVIL_OUT "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;&lt;b x="

static struct buf	 out;
static struct page_info	 info;
static struct page_view	 view;

static int
setup(void **state)
{
	buf_init(&out, 0);
	memset(&info, 0, sizeof(info));
	memset(&view, 0, sizeof(view));
	strcpy(info.client_name, "Some client");
	strcpy(info.redirect_host, "client.example");
	strcpy(info.scope, "mcp:tools");
	view.host = "keep.example";
	view.info = &info;
	view.txn = "TXN";
	view.csrf = "CSRF";
	view.pending = "PENDING";
	return (0);
}

static int
teardown(void **state)
{
	buf_free(&out);
	return (0);
}

static const char *
text(void)
{
	buf_addc(&out, '\0');
	assert_false(out.failed);
	return ((const char *)out.data);
}

static void
has(const char *t, const char *part)
{
	if (strstr(t, part) == NULL)
		fail_msg("no %s in %s", part, t);
}

static void
has_not(const char *t, const char *part)
{
	if (strstr(t, part) != NULL)
		fail_msg("%s in %s", part, t);
}

/* In that order, each behind the one before. */
static void
in_order(const char *t, const char *const *parts)
{
	for (; *parts != NULL; parts++) {
		if ((t = strstr(t, *parts)) == NULL)
			fail_msg("%s is not there, or too early", *parts);
		t += strlen(*parts);
	}
}

static void
common(const char *t)
{
	has(t, "<!DOCTYPE html>\n<html lang=\"en\">");
	has(t, " - keepd</title>");
	has(t, "<meta name=\"viewport\"");
	has(t, "<link rel=\"stylesheet\" href=\"/style.css\">");
	has(t, "</body>\n</html>\n");
	has_not(t, "<script");
	has_not(t, "style=");
	has_not(t, "http://");
	has_not(t, "https://");
	has_not(t, " onc");
	has_not(t, "%h");
}

static void
test_signin(void **state)
{
	static const char *const order[] = { "<h1>Sign in</h1>",
		"Some client", "action=\"/signin\"", "for=\"username\"",
		"id=\"username\"", "for=\"password\"", "id=\"password\"",
		"type=\"submit\"", NULL };
	const char *t;

	assert_int_equal(page_signin(&out, &view), 0);
	t = text();
	common(t);
	in_order(t, order);
	has(t, "<form method=\"post\" action=\"/signin\">");
	has(t, "name=\"txn\" value=\"TXN\"");
	has(t, "name=\"csrf\" value=\"CSRF\"");
	has(t, "name=\"pending\" value=\"PENDING\"");
	has(t, "autocomplete=\"username\"");
	has(t, "autocomplete=\"current-password\"");
	has(t, "type=\"password\"");
	has_not(t, "role=\"alert\"");
	has_not(t, "unverified name");
}

static void
test_signin_again(void **state)
{
	const char *t;

	view.user = EVIL;
	view.text = "Wrong " EVIL;
	info.flags = PG_UNVERIFIED;
	assert_int_equal(page_signin(&out, &view), 0);
	t = text();
	common(t);
	has(t, "role=\"alert\"");
	has(t, "Wrong ");
	has(t, EVIL_OUT);
	has(t, "aria-describedby=\"why\"");
	has(t, "unverified name");
	/* What was typed stays, but never a password. */
	has(t, "name=\"password\" maxlength=\"255\" "
	    "autocomplete=\"current-password\" required autofocus");
}

static void
test_consent(void **state)
{
	static const char *const order[] = { "Some client",
		"class=\"host\">client.example<", "<code>mcp:tools</code>",
		"Ann", "name=\"read_only\"", "for=\"read_only\"",
		"value=\"approve\">Approve", "value=\"deny\">Deny", NULL };
	const char *t;

	view.user = "Ann";
	assert_int_equal(page_consent(&out, &view), 0);
	t = text();
	common(t);
	in_order(t, order);
	has(t, "<form method=\"post\" action=\"/consent\">");
	has(t, "name=\"txn\" value=\"TXN\"");
	has(t, "name=\"csrf\" value=\"CSRF\"");
	has_not(t, "PENDING");
	has_not(t, "this computer");
	has_not(t, " checked");
}

static void
test_consent_notes(void **state)
{
	const char *t;

	view.user = "Ann";
	info.client_name[0] = '\0';
	info.flags = PG_LOOPBACK | PG_UNVERIFIED;
	page_consent(&out, &view);
	t = text();
	has(t, "An application");
	has(t, "A program on this computer");
	has(t, "unverified name");
	buf_reset(&out);
	info.flags = PG_CUSTOM;
	info.scope[0] = '\0';
	page_consent(&out, &view);
	t = text();
	has(t, "Opens an application on this computer");
	has(t, "<code>nothing</code>");
	has_not(t, "Use the tools");
}

static void
test_escapes(void **state)
{
	const char *t;

	strcpy(info.client_name, EVIL);
	strcpy(info.redirect_host, EVIL);
	strcpy(info.scope, EVIL);
	view.host = view.txn = view.csrf = view.pending = view.user = EVIL;
	page_signin(&out, &view);
	page_consent(&out, &view);
	page_error(&out, EVIL, EVIL, EVIL, EVIL);
	t = text();
	has_not(t, "<script");
	has_not(t, "<b x");
	has_not(t, "\"'>");
	has(t, EVIL_OUT);
	/* A value is not a template. */
	buf_reset(&out);
	page_error(&out, "h", "%h%h", "%s %h", NULL);
	t = text();
	has(t, "<h1>%h%h</h1>");
	has(t, "<p>%s %h</p>");
}

static void
test_error(void **state)
{
	const char *t;

	assert_int_equal(page_error(&out, "keep.example",
	    "No pending authorization", "It is over.", "12ab34cd"), 0);
	t = text();
	common(t);
	has(t, "<title>No pending authorization - keepd</title>");
	has(t, "<h1>No pending authorization</h1>");
	has(t, "12ab34cd");
	buf_reset(&out);
	page_error(&out, "keep.example", "Heading", "Text", NULL);
	has_not(text(), "Reference");
}

static void
test_full(void **state)
{
	buf_init(&out, 512);
	assert_int_equal(page_signin(&out, &view), -1);
	buf_free(&out);
	buf_init(&out, 0);
}

static void
test_files(void **state)
{
	const unsigned char *p;
	const char *s;
	size_t n;

	p = page_icon(&n);
	assert_true(n > 22 + 8);
	assert_memory_equal(p, "\0\0\1\0\1\0", 6);
	assert_memory_equal(p + 22, "\x89PNG\r\n\x1a\n", 8);
	s = page_style(&n);
	assert_int_equal(strlen(s), n);
	has(s, "prefers-color-scheme:dark");
	has(s, ":focus-visible");
	/* The policy of the pages allows nothing from elsewhere. */
	has_not(s, "url(");
	has_not(s, "@import");
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_signin), T(test_signin_again), T(test_consent),
		T(test_consent_notes), T(test_escapes), T(test_error),
		T(test_full), T(test_files)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
