/* SPDX-License-Identifier: ISC */
/*
 * store_rig.h: a small pipeline for tests of the store: the stages of a tool
 * in their order, arguments and answers checked against the tool's schemas,
 * one transaction around a write, rolled back on any error.
 *
 * rig_run() returns the answer's text, or "!" and the error's.
 */
#ifndef TESTS_STORE_RIG_H
#define TESTS_STORE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/text.h"
#include "toold/artifact.h"
#ifdef RIG_GROUP
extern const struct tool RIG_GROUP[];	/* beside those below */
#endif
#include "toold/role.h"
#include "toold/schema.h"
#include "toold/store.h"
#include "toold/store_art.h"
#include "toold/table.h"

#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"

#define ROLE_A		"aaaaaaaa-0000-4000-8000-000000000001"
#define ROLE_B		"bbbbbbbb-0000-4000-8000-000000000002"
#define ROLE_C		"cccccccc-0000-4000-8000-000000000003"

static const char	rig_roles_a[1][40] = { ROLE_A };
static const char	rig_roles_b[1][40] = { ROLE_B };
static const char	rig_roles_ab[2][40] = { ROLE_A, ROLE_B };

/* Ann holds role a, Bob role b, Root is Global Admin without a role. */
static struct caller ann = { .user_id = "00000000-0000-4000-8000-00000000000a",
    .user = "ann", .client_id = "", .default_package = "",
    .display = PERM_ALL, .edit = PERM_ALL, .nroles = 1,
    .role = rig_roles_a };
static struct caller bob = { .user_id = "00000000-0000-4000-8000-00000000000b",
    .user = "bob", .client_id = "", .default_package = "",
    .display = PERM_ALL, .edit = PERM_ALL, .nroles = 1,
    .role = rig_roles_b };
static struct caller root = { .user_id = "00000000-0000-4000-8000-00000000000c",
    .user = "root", .client_id = "", .default_package = "",
    .display = PERM_ALL, .edit = PERM_ALL, .global_admin = 1 };

static struct buf	rig_out;
static char		rig_text[1 << 21];
static enum tool_err	rig_err;	/* verdict of the last call */
static const char	*rig_stage;	/* where it stopped */
static int64_t		rig_now = INT64_C(1790000000000);
static const char	*rig_request;	/* requestId, or NULL */

/* ---- what pipe.c has in the program ---- */

enum tool_err
call_later(struct call *c, unsigned int ms)
{
	c->later_ms = ms;
	return (TE_LATER);
}

enum tool_err
call_fail(struct call *c, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(c->err, sizeof(c->err), fmt, ap);
	va_end(ap);
	return (TE_FAIL);
}

enum tool_err
call_denied(struct call *c, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(c->err, sizeof(c->err), fmt, ap);
	va_end(ap);
	return (TE_DENIED);
}

enum tool_err
call_invalid(struct call *c, const char *path, const char *fmt, ...)
{
	char	text[640];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(c->err, sizeof(c->err), "%s %s", path, text);
	return (TE_INVALID);
}

void
call_target(struct call *c, const char *s)
{
	text_clean(c->target, sizeof(c->target), s, strlen(s));
}

void
call_detail(struct call *c, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(c->detail, sizeof(c->detail), fmt, ap);
	va_end(ap);
}

/* ---- running ---- */

static const struct tool *
rig_tool(const char *name)
{
	static const struct tool *const groups[] = { pkg_tools, table_tools,
	    row_tools, lock_tools, revision_tools, app_tools, webapp_tools,
	    script_tools, adaptive_tools, api_tools,
#ifdef RIG_GROUP
	    RIG_GROUP,
#endif
	    NULL };
	const struct tool	*t;
	size_t			 i;

	for (i = 0; groups[i] != NULL; i++)
		for (t = groups[i]; t->name != NULL; t++)
			if (strcmp(t->name, name) == 0)
				return (t);
	fail_msg("no tool %s", name);
	return (NULL);
}

/* Compiled once; kept to the end. */
static struct schema *
rig_compile(const char *text, const char *what)
{
	static struct {
		const char	*text;
		struct schema	*s;
	} cache[256];
	char	err[256];
	size_t	i;

	for (i = 0; i < 255 && cache[i].text != NULL; i++)
		if (cache[i].text == text)
			return (cache[i].s);
	cache[i].text = text;
	cache[i].s = schema_compile(text, strlen(text), err, sizeof(err));
	if (cache[i].s == NULL)
		fail_msg("%s schema: %s", what, err);
	return (cache[i].s);
}

static int
rig_schema(const char *text, const json_t *v, const char *what)
{
	struct schema_error	 e;

	if (schema_check(rig_compile(text, what), v, &e) == 0)
		return (0);
	snprintf(rig_text, sizeof(rig_text), "!schema %s %s", e.pointer,
	    e.message);
	return (-1);
}

static enum tool_err
rig_stages(struct call *c)
{
	const struct tool *t = c->tool;
	static const char *const names[] = { "package", "lock", "revision",
	    "rules", "hooks", "fn" };
	tool_fn	*fn[] = { t->package, t->lock, t->revision, t->rules,
	    t->hooks, t->fn };
	size_t	 i;
	enum tool_err e = TE_OK;

	for (i = 0; i < 6 && e == TE_OK; i++)
		if (fn[i] != NULL) {
			rig_stage = names[i];
			e = fn[i](c);
		}
	return (e);
}

static void
rig_answer(const struct tool *t)
{
	json_error_t	 je;
	json_t		*v;

	v = json_loadb((const char *)rig_out.data, rig_out.len,
	    JSON_REJECT_DUPLICATES, &je);
	if (v == NULL)
		fail_msg("%s: not JSON: %s: %.*s", t->name, je.text,
		    (int)rig_out.len, (const char *)rig_out.data);
	if (rig_schema(t->output_schema, v, "output") == -1)
		fail_msg("%s answer: %s", t->name, rig_text);
	json_decref(v);
	assert_true(rig_out.len < sizeof(rig_text));
	memcpy(rig_text, rig_out.data, rig_out.len);
	rig_text[rig_out.len] = '\0';
}

static const char *
rig_args(const struct caller *who, const char *name, json_t *args)
{
	struct call	 c;
	struct event	 ev;

	memset(&c, 0, sizeof(c));
	c.who = who;
	c.tool = rig_tool(name);
	c.args = args;
	c.now_ms = rig_now;
	buf_reset(&rig_out);
	c.out = &rig_out;
	c.dry_run = json_is_true(json_object_get(args, "dryRun"));
	rig_err = TE_INVALID;
	rig_stage = "arguments";
	if (rig_schema(c.tool->input_schema, args, "input") == -1)
		return (rig_text);
	if (c.tool->writes)
		assert_int_equal(store_begin(), 0);
	else
		store_read_begin();
	rig_err = rig_stages(&c);
	if (rig_err == TE_OK && c.tool->writes && !c.dry_run) {
		memset(&ev, 0, sizeof(ev));
		if (store_outbox_add(&ev) == -1 || store_commit() == -1) {
			rig_err = call_fail(&c, "%s", store_error());
			rig_stage = "commit";
		}
	}
	store_rollback();
	if (c.state != NULL)
		c.state_free(c.state);
	if (rig_err == TE_OK)
		rig_answer(c.tool);
	else
		snprintf(rig_text, sizeof(rig_text), "!%s", c.err);
	return (rig_text);
}

/* Arguments as JSON text in a printf format. */
static const char * __attribute__((__format__(printf, 3, 4)))
rig_run(const struct caller *who, const char *name, const char *fmt, ...)
{
	static char	 text[1 << 21];
	json_error_t	 je;
	json_t		*args;
	const char	*r;
	va_list		 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	args = json_loads(text, JSON_REJECT_DUPLICATES, &je);
	if (args == NULL)
		fail_msg("bad test JSON: %s: %s", je.text, text);
	r = rig_args(who, name, args);
	json_decref(args);
	return (r);
}

/* Must succeed; returns a member of the answer as text (static). */
static const char *
rig_member(const char *json, const char *key)
{
	static char	 out[4][65536];
	static int	 turn;
	char		*o = out[turn++ & 3];
	json_t		*v = json_loads(json, JSON_DISABLE_EOF_CHECK, NULL), *m;
	struct buf	 b;

	if (v == NULL)
		fail_msg("failed: %s", json);
	m = json_object_get(v, key);
	if (m == NULL)
		fail_msg("no %s in %s", key, json);
	if (json_is_string(m))
		snprintf(o, 65536, "%s", json_string_value(m));
	else {
		buf_init(&b, 0);
		json_put(&b, m);
		assert_true(b.len < 65536);
		memcpy(o, b.data, b.len);
		o[b.len] = '\0';
		buf_free(&b);
	}
	json_decref(v);
	return (o);
}

#define rig_id(json)	rig_member(json, "id")

/* The call must fail with exactly this text. */
#define rig_fails(text, ...)						\
	do {								\
		struct buf	before_, after_;			\
		buf_init(&before_, 0);					\
		buf_init(&after_, 0);					\
		assert_int_equal(store_dump(&before_), 0);		\
		assert_string_equal(rig_run(__VA_ARGS__), "!" text);	\
		assert_int_equal(store_dump(&after_), 0);		\
		assert_int_equal(before_.len, after_.len);		\
		assert_memory_equal(before_.data, after_.data,		\
		    before_.len);					\
		buf_free(&before_);					\
		buf_free(&after_);					\
	} while (0)

#define rig_ok(...)							\
	do {								\
		const char *r_ = rig_run(__VA_ARGS__);			\
		if (r_[0] == '!')					\
			fail_msg("failed: %s", r_);			\
	} while (0)

static int
rig_setup(void **state)
{
	static const char *const roles[][2] = { { ROLE_A, "alpha" },
	    { ROLE_B, "beta" }, { ROLE_C, "gamma" } };
	struct role_ref	r;
	size_t		i;

	(void)state;
	for (i = 0; i < 3; i++) {
		memset(&r, 0, sizeof(r));
		text_set(r.id, sizeof(r.id), roles[i][0]);
		text_set(r.name, sizeof(r.name), roles[i][1]);
		role_stage(&r);
	}
	roles_commit();
	if (rig_out.max == 0)
		buf_init(&rig_out, 16 << 20);
	store_open(NULL);
	return (0);
}

static int
rig_teardown(void **state)
{
	struct msg_conf_toold	conf = { .read_ms = 2000, .ddl_ms = 30000,
				    .lock_s = 600 };

	(void)state;
	store_setconf(&conf);
	store_close();
	return (0);
}

#define RIG_TEST(f)	cmocka_unit_test_setup_teardown(f, rig_setup,	\
			    rig_teardown)

#endif
