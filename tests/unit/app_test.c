/* SPDX-License-Identifier: ISC */
/* app_test.c: applications: names, objects, activation, run time, trash. */
/* link: toold/store.o toold/store_art.o toold/store_auth.o */
/* link: toold/backup_file.o toold/store_format.o toold/reader.o */
/* link: toold/store_event.o toold/store_json.o toold/store_list.o */
/* link: toold/sql.o toold/pkg.o toold/pkg_tools.o toold/lock.o */
/* link: toold/revision.o */
/* link: toold/artifact.o toold/artifact_read.o toold/artifact_ref.o */
/* link: toold/app.o toold/app_run.o toold/app_tools.o toold/webapp.o */
/* link: toold/webapp_asset.o toold/webapp_tools.o toold/script.o */
/* link: toold/script_project.o toold/script_tools.o toold/adaptive.o */
/* link: toold/adaptive_tools.o toold/api.o toold/api_tools.o */
/* link: toold/table.o toold/table_ddl.o toold/table_load.o */
/* link: toold/table_parse.o toold/table_plan.o toold/table_text.o */
/* link: toold/table_tools.o toold/row.o toold/row_cond.o */
/* link: toold/row_change.o toold/row_conv.o */
/* link: toold/row_tools.o toold/row_value.o toold/caller.o toold/role.o */
/* link: toold/schema.o toold/schema_apply.o toold/schema_build.o */
/* link: toold/schema_key.o toold/schema_rule.o toold/schema_uri.o */
/* link: toold/schema_value.o toold/pattern.o toold/pattern_class.o */
/* link: toold/pattern_parse.o toold/pattern_ucd.o */
/* link: -lsqlite3 -ljansson -lm */
#include "art_rig.h"
#include "toold/app.h"

static const struct art_case app_case = { "app", "list_apps", "get_app",
    "save_app", "delete_app", "\"app\":{", "}", "\"application\":\"one\"",
    "\"title\":\"T\"", "appdesigner", PERM_APPDESIGNER, NULL };

static char	a[64], b[64], e[64];

static void
test_row(void **state)
{
	art_all(&app_case);
}

static void
test_create(void **state)
{
	const char	*r;

	r = rig_run(&ann, "save_app", "{\"app\":{\"application\":\"shop\","
	    "\"title\":\"Shop\"}}");
	keep(a, r);
	assert_string_equal(rig_member(r, "name"), "shop");
	assert_string_equal(rig_member(r, "application"), "shop");
	assert_string_equal(rig_member(r, "appType"), "A");
	assert_string_equal(rig_member(r, "status"), "null");
	assert_string_equal(rig_member(r, "objects"), "[]");
	r = rig_run(&ann, "save_app", "{\"app\":{\"id\":\"%s\",\"ui5_m\":true,"
	    "\"objects\":[{\"fieldNo\":1,\"fieldParent\":0,\"fieldType\":"
	    "\"sap.m.App\"}]}}", a);
	assert_string_equal(rig_member(r, "title"), "Shop");
	/* Absent keys are kept, null puts the default back. */
	r = rig_run(&ann, "save_app", "{\"app\":{\"id\":\"%s\",\"title\":"
	    "null}}", a);
	assert_string_equal(rig_member(r, "title"), "");
	assert_string_equal(rig_member(r, "ui5_m"), "true");
	assert_string_equal(rig_member(r, "objects"), "[{\"fieldNo\":1,"
	    "\"fieldParent\":0,\"fieldType\":\"sap.m.App\"}]");
	r = rig_run(&ann, "list_apps", "{\"listOptions\":{\"select\":[\"name\","
	    "\"title\",\"type\",\"status\",\"disabled\"]}}");
	assert_string_equal(rig_member(r, "apps"), "[{\"name\":\"shop\","
	    "\"title\":\"\",\"type\":\"A\",\"status\":null,\"disabled\":"
	    "false}]");
	r = rig_run(&ann, "list_apps", "{}");
	assert_non_null(strstr(r, "\"type\":\"A\",\"status\":null"));
	rig_fails("listOptions.select.objects is not a field of this list; "
	    "there are: id, name, description, package, ver, revision, "
	    "createdAt, updatedAt, createdBy, changedBy, title, type, status, "
	    "disabled", &ann, "list_apps", "{\"listOptions\":{\"select\":["
	    "\"objects\"]}}");
}

static void
test_names(void **state)
{
	keep(a, rig_run(&ann, "save_app",
	    "{\"app\":{\"application\":\"shop\"}}"));
	rig_fails("save_app requires an \"application\" field for new apps",
	    &ann, "save_app", "{\"app\":{\"title\":\"x\"}}");
	rig_fails("An application named \"shop\" already exists", &ann,
	    "save_app", "{\"app\":{\"application\":\"shop\"}}");
	rig_fails("app.application must be lower case: use 'myapp'", &ann,
	    "save_app", "{\"app\":{\"application\":\"MyApp\"}}");
	rig_fails("app.application must be 1 to 64 of a to z, 0 to 9 and _",
	    &ann, "save_app", "{\"app\":{\"application\":\"my-app\"}}");
}

static void
test_fields(void **state)
{
	keep(a, rig_run(&ann, "save_app",
	    "{\"app\":{\"application\":\"shop\"}}"));
	rig_fails("app.name is another than application: they are one, give "
	    "application only", &ann, "save_app", "{\"app\":{\"id\":\"%s\","
	    "\"application\":\"x\",\"name\":\"y\"}}", a);
	rig_fails("app.appType must be A (application), C (building block), "
	    "L (launchpad), F (adaptive) or E (custom component)", &ann,
	    "save_app", "{\"app\":{\"id\":\"%s\",\"appType\":\"X\"}}", a);
	assert_non_null(strstr(rig_run(&ann, "save_app", "{\"app\":{\"id\":"
	    "\"%s\",\"appType\":null}}", a), "appType"));
	rig_fails("app.status is set by the server and is not what is stored "
	    "now: leave it out", &ann, "save_app", "{\"app\":{\"id\":\"%s\","
	    "\"status\":\"Active\"}}", a);
	rig_fails("app.apis.0.parent names no API", &ann, "save_app",
	    "{\"app\":{\"id\":\"%s\",\"apis\":[{\"id\":\"" MISSING "\","
	    "\"parent\":\"" MISSING "\"}]}}", a);
	assert_non_null(strstr(rig_run(&ann, "save_app", "{\"app\":{\"id\":"
	    "\"%s\",\"objects\":[{\"fieldNo\":1,\"colour\":1}]}}", a),
	    "/app/objects/0/colour is not a known property"));
}

static void
test_objects(void **state)
{
	keep(a, rig_run(&ann, "save_app",
	    "{\"app\":{\"application\":\"shop\"}}"));
	rig_fails("app.objects.0.fieldNo Required", &ann, "save_app",
	    "{\"app\":{\"id\":\"%s\",\"objects\":[{\"fieldNo\":0}]}}", a);
	rig_fails("app.objects.1.fieldNo is there for the second time", &ann,
	    "save_app", "{\"app\":{\"id\":\"%s\",\"objects\":[{\"fieldNo\":7},"
	    "{\"fieldNo\":\"7\"}]}}", a);
	rig_fails("app.objects.1.fieldParent is no fieldNo of objects", &ann,
	    "save_app", "{\"app\":{\"id\":\"%s\",\"objects\":[{\"fieldNo\":7},"
	    "{\"fieldNo\":8,\"fieldParent\":9}]}}", a);
	rig_fails("app.objects.0.fieldParent leads back to the object itself",
	    &ann, "save_app", "{\"app\":{\"id\":\"%s\",\"objects\":[{"
	    "\"fieldNo\":1,\"fieldParent\":2},{\"fieldNo\":2,\"fieldParent\":"
	    "3},{\"fieldNo\":3,\"fieldParent\":1}]}}", a);
	rig_ok(&ann, "save_app", "{\"app\":{\"id\":\"%s\",\"objects\":[{"
	    "\"fieldNo\":3,\"fieldParent\":2},{\"fieldNo\":2,\"fieldParent\":"
	    "1},{\"fieldNo\":1,\"fieldParent\":0}]}}", a);
}

static void
test_activate(void **state)
{
	const char	*r;

	keep(a, rig_run(&ann, "save_app", "{\"app\":{\"application\":\"shop\","
	    "\"title\":\"first\",\"css\":\"a { color: red; }\"}}"));
	rig_fails("shop was never activated: it has no run-time version", &ann,
	    "get_app", "{\"id\":\"%s\",\"runtime\":true}", a);
	r = rig_run(&ann, "activate_app", "{\"id\":\"%s\"}", a);
	assert_string_equal(rig_member(r, "application"), "shop");
	assert_string_equal(rig_member(r, "status"), "activated");
	assert_string_equal(rig_member(r, "ver"), "26.09.21.1413");
	assert_string_equal(rig_member(r, "revision"), "2");
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\"}", a);
	assert_string_equal(rig_member(r, "status"), "Active");
	assert_string_equal(rig_member(r, "compiledCss"),
	    "a { color: red; }");
	/* Design time goes on, run time stays. */
	r = rig_run(&ann, "save_app", "{\"app\":{\"id\":\"%s\",\"title\":"
	    "\"second\"}}", a);
	assert_string_equal(rig_member(r, "status"), "Inactive (Revised)");
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\",\"runtime\":true}", a);
	assert_string_equal(rig_member(r, "title"), "first");
	assert_string_equal(rig_member(r, "status"), "Active");
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\"}", a);
	assert_string_equal(rig_member(r, "title"), "second");
	/* Restoring the activated design does not make it active. */
	r = rig_run(&ann, "restore_revision", "{\"type\":\"app\",\"id\":\"%s\","
	    "\"revision\":2}", a);
	assert_string_equal(rig_member(r, "title"), "first");
	assert_string_equal(rig_member(r, "status"), "Inactive (Revised)");
	rig_ok(&ann, "activate_app", "{\"id\":\"%s\"}", a);
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\"}", a);
	assert_string_equal(rig_member(r, "activationHistoryCount"), "2");
	rig_fails("Not Found", &ann, "activate_app", "{\"id\":\"" MISSING
	    "\"}");
}

static void
test_conflict(void **state)
{
	keep(a, rig_run(&ann, "save_app",
	    "{\"app\":{\"application\":\"shop\"}}"));
	rig_ok(&bob, "save_app", "{\"app\":{\"id\":\"%s\",\"title\":"
	    "\"bob's\"}}", a);
	rig_fails("multi_dev_conflict: shop was last changed by bob at "
	    "2026-09-21T14:13:20.000Z: look at it, then activate with "
	    "expectedRevision 2", &ann, "activate_app", "{\"id\":\"%s\"}", a);
	rig_fails("shop has revision 2, not 1 as expectedRevision says: it "
	    "was changed by bob; read it again", &ann, "activate_app",
	    "{\"id\":\"%s\",\"expectedRevision\":1}", a);
	rig_ok(&ann, "activate_app", "{\"id\":\"%s\",\"expectedRevision\":2}",
	    a);
}

#define USES(who)							\
	"\"objects\":[{\"fieldNo\":1,\"customComponent\":\"" who "\"}]"

static void
test_components(void **state)
{
	keep(a, rig_run(&ann, "save_app", "{\"app\":{\"application\":\"shop\","
	    "\"objects\":[{\"fieldNo\":1,\"customComponent\":\"grid\"},{"
	    "\"fieldNo\":2,\"customComponent\":\"menu\"}]}}"));
	rig_fails("missing_custom_component: grid, menu", &ann,
	    "activate_app", "{\"id\":\"%s\"}", a);
	keep(b, rig_run(&ann, "save_app", "{\"app\":{\"application\":\"grid\","
	    "\"appType\":\"E\"}}"));
	/* An app that is no component does not count. */
	keep(e, rig_run(&ann, "save_app",
	    "{\"app\":{\"application\":\"menu\"}}"));
	rig_fails("missing_custom_component: menu", &ann, "activate_app",
	    "{\"id\":\"%s\"}", a);
	rig_ok(&ann, "save_app", "{\"app\":{\"id\":\"%s\",\"appType\":\"E\","
	    USES("grid") "}}", e);
	rig_ok(&ann, "activate_app", "{\"id\":\"%s\"}", a);
	rig_ok(&ann, "save_app", "{\"app\":{\"id\":\"%s\"," USES("menu") "}}",
	    b);
	rig_fails("cyclic_dependency: shop -> grid -> menu -> grid", &ann,
	    "activate_app", "{\"id\":\"%s\"}", a);
	rig_fails("cyclic_dependency: grid -> menu -> grid", &ann,
	    "activate_app", "{\"id\":\"%s\"}", b);
	/* What is used is not deleted. */
	rig_fails("App 'menu' is in use by app 'shop', app 'grid': remove that "
	    "use first", &ann, "delete_app", "{\"id\":\"%s\"}", e);
}

static void
test_css(void **state)
{
	static const struct {
		const char	*css, *why;
		unsigned int	 line;
	} t[] = {
		{ "", NULL, 1 },
		{ "a { b: url(\"x}\") } /* } */", NULL, 1 },
		{ "@media (min-width: 1px) { a { b: c } }", NULL, 1 },
		{ "a { content: \"\\\"\" }", NULL, 1 },
		{ "@font-face { src: x }", NULL, 1 },
		{ "a {\n b: c", "a { without a }", 2 },
		{ "a }", "a } without a {", 1 },
		{ "\n\na { b: c(d; }", "a ( without a )", 3 },
		{ "a { b: c) }", "a ) without a (", 1 },
		{ "/* x", "a comment does not end", 1 },
		{ "a { b: \"c\n\" }", "a string does not end", 1 },
		{ "\n$c: red;", "a Sass variable: this server takes plain CSS",
		    2 },
		{ "@mixin a { }", "a Sass rule: this server takes plain CSS",
		    1 },
		{ ".a-#{b} { }", "a Sass interpolation: this server takes "
		    "plain CSS", 1 }
	};
	const char	*why;
	unsigned int	 line;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		why = app_css_check(t[i].css, &line);
		if (t[i].why == NULL)
			assert_null(why);
		else {
			assert_non_null(why);
			assert_string_equal(why, t[i].why);
			assert_int_equal(line, t[i].line);
		}
	}
	keep(a, rig_run(&ann, "save_app", "{\"app\":{\"application\":\"shop\","
	    "\"css\":\"a {\"}}"));
	rig_fails("sass_compilation_error: css line 1: a { without a }", &ann,
	    "activate_app", "{\"id\":\"%s\"}", a);
}

static void
test_trash(void **state)
{
	const char	*r;

	keep(a, rig_run(&ann, "save_app",
	    "{\"app\":{\"application\":\"shop\"}}"));
	r = rig_run(&ann, "delete_app", "{\"id\":\"%s\"}", a);
	assert_string_equal(rig_member(r, "purged"), "false");
	assert_string_equal(rig_member(rig_run(&ann, "list_apps", "{}"),
	    "count"), "0");
	r = rig_run(&ann, "list_apps", "{\"deleted\":true}");
	assert_string_equal(rig_member(r, "count"), "1");
	assert_non_null(strstr(r, "\"name\":\"shop\""));
	rig_fails("An application named \"shop\" already exists "
	    "(soft-deleted)", &ann, "save_app",
	    "{\"app\":{\"application\":\"shop\"}}");
	rig_fails("Not Found", &ann, "delete_app", "{\"id\":\"%s\"}", a);
	r = rig_run(&ann, "delete_app", "{\"id\":\"%s\",\"purge\":true}", a);
	assert_string_equal(rig_member(r, "purged"), "true");
	assert_string_equal(rig_member(rig_run(&ann, "list_apps",
	    "{\"deleted\":true}"), "count"), "0");
	rig_fails("Not Found", &ann, "delete_app", "{\"id\":\"%s\",\"purge\":"
	    "true}", a);
	keep(a, rig_run(&ann, "save_app",
	    "{\"app\":{\"application\":\"shop\"}}"));
	rig_ok(&ann, "delete_app", "{\"id\":\"%s\",\"purge\":true}", a);
	rig_ok(&ann, "save_app", "{\"app\":{\"application\":\"shop\"}}");
}

/* What lists show of a record can be filtered and ordered by too. */
static void
test_filters(void **state)
{
	static const struct {
		const char	*options, *count;
	} t[] = {
		{ "\"where\":{\"type\":\"E\"}", "2" },
		{ "\"where\":{\"type\":\"E\",\"status\":\"Active\"}", "1" },
		{ "\"where\":{\"status\":{\"operation\":\"IsNull\"}}", "3" },
		{ "\"where\":{\"status\":{\"operation\":\"Not\",\"value\":"
		    "\"Active\"}}", "3" },
		{ "\"where\":{\"disabled\":true}", "1" },
		{ "\"where\":{\"disabled\":{\"operation\":\"In\",\"value\":"
		    "[true,false]}}", "4" },
		{ "\"where\":{\"title\":{\"operation\":\"ILike\",\"value\":"
		    "\"%%\\\"Q%%\"}}", "1" },
		{ "\"where\":{\"title\":\"' OR 1=1 --\"}", "0" }
	};
	const char	*r;
	size_t		 i;

	keep(a, rig_run(&ann, "save_app", "{\"app\":{\"application\":\"a\","
	    "\"appType\":\"E\",\"title\":\"x, \\\"q\\\"\"}}"));
	rig_ok(&ann, "activate_app", "{\"id\":\"%s\"}", a);
	rig_ok(&ann, "save_app", "{\"app\":{\"application\":\"b\","
	    "\"appType\":\"E\",\"disabled\":true}}");
	rig_ok(&ann, "save_app", "{\"app\":{\"application\":\"c\","
	    "\"title\":\"z\"}}");
	rig_ok(&ann, "save_app", "{\"app\":{\"application\":\"d\"}}");
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		r = rig_run(&ann, "list_apps", "{\"listOptions\":{%s}}",
		    t[i].options);
		if (strcmp(rig_member(r, "total"), t[i].count) != 0 ||
		    strcmp(rig_member(r, "count"), t[i].count) != 0)
			fail_msg("%s: %s", t[i].options, r);
	}
	r = rig_run(&ann, "list_apps", "{\"listOptions\":{\"order\":{"
	    "\"title\":\"DESC\"},\"take\":1,\"select\":[\"name\"]}}");
	assert_string_equal(rig_member(r, "apps"), "[{\"name\":\"c\"}]");
	rig_fails("listOptions.where.title must be a string, an integer or a "
	    "boolean", &ann, "list_apps", "{\"listOptions\":{\"where\":{"
	    "\"title\":[1]}}}");
}

/* The trash of a closed package is nobody else's to see or to empty. */
static void
test_trash_hidden(void **state)
{
	art_closed(&app_case, "");
	rig_ok(&ann, "delete_app", "{\"id\":\"%s\"}", art_id);
	assert_string_equal(rig_member(rig_run(&bob, "list_apps",
	    "{\"deleted\":true}"), "total"), "0");
	rig_fails("Not Found", &bob, "delete_app", "{\"id\":\"%s\",\"purge\":"
	    "true}", art_id);
	rig_fails("An application named \"one\" already exists", &bob,
	    "save_app", "{\"app\":{\"application\":\"one\"}}");
	rig_ok(&ann, "delete_app", "{\"id\":\"%s\",\"purge\":true}", art_id);
}

/* Large members are left out, named, and can be had. */
static void
test_large(void **state)
{
	static char	script[150001];
	const char	*r;

	memset(script, 'x', sizeof(script) - 1);
	r = rig_run(&ann, "save_app", "{\"app\":{\"application\":\"shop\","
	    "\"globalScript\":\"%s\"}}", script);
	keep(a, r);
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\"}", a);
	assert_true(strlen(r) < STORE_ANSWER_SOFT);
	assert_string_equal(rig_member(r, "truncated"), "true");
	assert_string_equal(rig_member(r, "omitted"), "[{\"member\":"
	    "\"globalScript\",\"bytes\":150002}]");
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\",\"select\":["
	    "\"globalScript\"]}", a);
	assert_non_null(strstr(r, script));
	assert_null(strstr(r, "objects"));
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\",\"full\":true}", a);
	assert_non_null(strstr(r, script));
	rig_fails("select.0 'bogus' is not a member of this record", &ann,
	    "get_app", "{\"id\":\"%s\",\"select\":[\"bogus\"]}", a);
	/* Saving what get returned of it loses nothing. */
	rig_ok(&ann, "save_app", "{\"app\":{\"id\":\"%s\",\"title\":\"t\"}}",
	    a);
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\",\"full\":true}", a);
	assert_non_null(strstr(r, script));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_row),
		RIG_TEST(test_create),
		RIG_TEST(test_names),
		RIG_TEST(test_fields),
		RIG_TEST(test_objects),
		RIG_TEST(test_activate),
		RIG_TEST(test_conflict),
		RIG_TEST(test_components),
		RIG_TEST(test_css),
		RIG_TEST(test_trash),
		RIG_TEST(test_filters),
		RIG_TEST(test_trash_hidden),
		RIG_TEST(test_large),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
