/* SPDX-License-Identifier: ISC */
/*
 * script_test.c: server scripts and projects: what is absent stays, what is
 * named exists, projects change with their scripts, nothing runs.
 */
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
#include "toold/script.h"

static const struct art_case script_case = { "script",
    "list_ungrouped_scripts", "get_server_script", "save_server_script",
    "delete_server_script", "", "", "\"name\":\"one\",\"content\":\"1\"",
    "\"content\":\"2\"", "scripteditor", PERM_SCRIPTEDITOR, NULL };

static char	p[64], s[64], o[64];

static void
make_script(void)
{
	keep(p, rig_run(&ann, "create_script_project", "{\"name\":\"Proj\"}"));
	keep(s, rig_run(&ann, "save_server_script", "{\"name\":\"get cars\","
	    "\"content\":\"result.data = 1;\",\"projectId\":\"%s\","
	    "\"description\":\"d\"}", p));
}

static void
test_row(void **state)
{
	art_all(&script_case);
}

static void
test_create(void **state)
{
	const char	*r;

	rig_fails("name Required", &ann, "save_server_script",
	    "{\"content\":\"x\"}");
	rig_fails("content Required", &ann, "save_server_script",
	    "{\"name\":\"x\"}");
	rig_fails("language must be javascript or typescript", &ann,
	    "save_server_script", "{\"name\":\"x\",\"content\":\"\","
	    "\"language\":\"perl\"}");
	assert_non_null(strstr(rig_run(&ann, "save_server_script", "{\"name\":"
	    "\"x\",\"content\":\"\",\"bogus\":1}"),
	    "/bogus is not a known property"));
	make_script();
	r = rig_run(&ann, "get_server_script", "{\"id\":\"%s\"}", s);
	assert_string_equal(rig_member(r, "language"), "javascript");
	assert_string_equal(rig_member(r, "isTypescript"), "false");
	assert_string_equal(rig_member(r, "jsscriptGroup"), p);
	assert_string_equal(rig_member(r, "content"), "result.data = 1;");
	rig_fails("name 'Get Cars' already exists!", &ann,
	    "save_server_script", "{\"name\":\"Get Cars\",\"content\":\"\"}");
	rig_fails("jsscriptGroup names no script project", &ann,
	    "save_server_script", "{\"name\":\"x\",\"content\":\"\","
	    "\"projectId\":\"" MISSING "\"}");
	rig_fails("projectId is another than jsscriptGroup: they are one, "
	    "give one of them", &ann, "save_server_script", "{\"id\":\"%s\","
	    "\"projectId\":null,\"jsscriptGroup\":\"%s\"}", s, p);
	rig_fails("useAsGlobalScript is set by the server and is not what is "
	    "stored now: leave it out", &ann, "save_server_script",
	    "{\"id\":\"%s\",\"useAsGlobalScript\":true}", s);
}

/* A save of name and content alone clears nothing. */
static void
test_relations(void **state)
{
	const char	*r;

	make_script();
	rig_ok(&ann, "save_table", "{\"table\":{\"name\":\"cars\",\"fields\":[{"
	    "\"fieldName\":\"a\",\"fieldType\":\"text\"}]}}");
	keep(o, rig_run(&ann, "save_server_script", "{\"name\":\"lib\","
	    "\"content\":\"\"}"));
	rig_ok(&ann, "save_server_script", "{\"id\":\"%s\",\"entitySets\":[{"
	    "\"name\":\"cars\",\"contextname\":\"cars\"}],\"globalScripts\":[{"
	    "\"id\":\"%s\",\"name\":\"lib\"}],\"externalModules\":[{\"id\":"
	    "\"m\",\"name\":\"lodash\"}]}", s, o);
	r = rig_run(&ann, "save_server_script", "{\"id\":\"%s\",\"name\":"
	    "\"get cars\",\"content\":\"new\"}", s);
	assert_string_equal(rig_member(r, "description"), "d");
	assert_string_equal(rig_member(r, "jsscriptGroup"), p);
	assert_string_equal(rig_member(r, "entitySets"), "[{\"name\":\"cars\","
	    "\"contextname\":\"cars\"}]");
	assert_string_equal(rig_member(r, "externalModules"),
	    "[{\"id\":\"m\",\"name\":\"lodash\"}]");
	rig_fails("entitySets.0.name names no table", &ann,
	    "save_server_script", "{\"id\":\"%s\",\"entitySets\":[{\"name\":"
	    "\"boats\"}]}", s);
	rig_fails("globalScripts.0.id names no server script", &ann,
	    "save_server_script", "{\"id\":\"%s\",\"globalScripts\":[{\"id\":\""
	    MISSING "\"}]}", s);
	rig_fails("apis.0.parent names no API", &ann, "save_server_script",
	    "{\"id\":\"%s\",\"apis\":[{\"id\":\"" MISSING "\",\"parent\":\""
	    MISSING "\"}]}", s);
	rig_fails("Server script 'lib' is in use by server script 'get cars': "
	    "remove that use first", &ann, "delete_server_script",
	    "{\"id\":\"%s\"}", o);
	/* [] clears, and then it is free. */
	rig_ok(&ann, "save_server_script", "{\"id\":\"%s\",\"globalScripts\":"
	    "[]}", s);
	rig_ok(&ann, "delete_server_script", "{\"id\":\"%s\"}", o);
}

static void
test_project(void **state)
{
	const char	*r;
	char		 want[512];

	make_script();
	rig_fails("name 'proj' already exists!", &ann,
	    "create_script_project", "{\"name\":\"proj\"}");
	snprintf(want, sizeof(want), "[{\"id\":\"%s\",\"name\":\"get cars\","
	    "\"description\":\"d\"}]", s);
	r = rig_run(&ann, "get_script_project", "{\"id\":\"%s\"}", p);
	assert_string_equal(rig_member(r, "scripts"), want);
	/* It was changed by the script that joined it. */
	assert_string_equal(rig_member(r, "revision"), "2");
	r = rig_run(&ann, "list_script_projects", "{}");
	assert_non_null(strstr(r, want));
	assert_string_equal(rig_member(r, "total"), "1");
	rig_ok(&bob, "save_server_script", "{\"id\":\"%s\",\"content\":\"x\"}",
	    s);
	r = rig_run(&ann, "get_script_project", "{\"id\":\"%s\"}", p);
	assert_string_equal(rig_member(r, "revision"), "3");
	assert_string_equal(rig_member(r, "changedBy"), "bob");
	rig_fails("projectId is not the project of this script", &ann,
	    "delete_server_script", "{\"id\":\"%s\",\"projectId\":\"" MISSING
	    "\"}", s);
	rig_ok(&ann, "delete_server_script", "{\"id\":\"%s\",\"projectId\":"
	    "\"%s\"}", s, p);
	r = rig_run(&ann, "get_script_project", "{\"id\":\"%s\"}", p);
	assert_string_equal(rig_member(r, "revision"), "4");
	assert_string_equal(rig_member(r, "scripts"), "[]");
	rig_fails("Not Found", &ann, "get_script_project", "{\"id\":\"" MISSING
	    "\"}");
	rig_fails("Not Found", &ann, "delete_script_project", "{\"id\":\""
	    MISSING "\"}");
}

static void
test_project_delete(void **state)
{
	const char	*r;

	make_script();
	rig_fails("Script project 'Proj' has 1 scripts: move or delete them "
	    "first, or pass ungroupScripts true to keep them without a "
	    "project", &ann, "delete_script_project", "{\"id\":\"%s\"}", p);
	rig_ok(&bob, "acquire_lock", "{\"type\":\"script\",\"id\":\"%s\"}", s);
	rig_fails("get cars is locked by bob since 2026-09-21T14:13:20.000Z",
	    &ann, "delete_script_project", "{\"id\":\"%s\","
	    "\"ungroupScripts\":true}", p);
	rig_ok(&bob, "release_lock", "{\"type\":\"script\",\"id\":\"%s\"}", s);
	r = rig_run(&ann, "delete_script_project", "{\"id\":\"%s\","
	    "\"ungroupScripts\":true}", p);
	assert_string_equal(rig_member(r, "ungroupedScripts"), "1");
	r = rig_run(&ann, "get_server_script", "{\"id\":\"%s\"}", s);
	assert_string_equal(rig_member(r, "jsscriptGroup"), "null");
	assert_string_equal(rig_member(r, "content"), "result.data = 1;");
	assert_string_equal(rig_member(r, "description"), "d");
}

/* A project in a package that may only be read takes no scripts. */
static void
test_project_level(void **state)
{
	keep(art_pkg, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":"
	    "\"closed\",\"roles\":[{\"name\":\"alpha\",\"accessLevel\":"
	    "\"EDIT\"},{\"name\":\"beta\",\"accessLevel\":\"READ\"}]}}"));
	keep(p, rig_run(&ann, "create_script_project", "{\"name\":\"Proj\","
	    "\"package\":\"%s\"}", art_pkg));
	rig_fails("No edit access to artifact: the project 'Proj' changes "
	    "with its scripts", &bob, "save_server_script", "{\"name\":\"x\","
	    "\"content\":\"\",\"projectId\":\"%s\"}", p);
	keep(s, rig_run(&ann, "save_server_script", "{\"name\":\"x\","
	    "\"content\":\"\",\"projectId\":\"%s\"}", p));
	rig_fails("No edit access to artifact: the project 'Proj' changes "
	    "with its scripts", &bob, "save_server_script", "{\"id\":\"%s\","
	    "\"projectId\":null}", s);
	rig_ok(&ann, "acquire_lock", "{\"type\":\"project\",\"id\":\"%s\"}",
	    p);
	rig_fails("Proj is locked by ann since 2026-09-21T14:13:20.000Z",
	    &root, "save_server_script", "{\"id\":\"%s\",\"content\":\"y\"}",
	    s);
}

static void
test_ungrouped(void **state)
{
	const char	*r;

	make_script();
	rig_ok(&ann, "save_server_script", "{\"name\":\"b\",\"content\":\"\"}");
	rig_ok(&ann, "save_server_script", "{\"name\":\"a\",\"content\":\"\"}");
	r = rig_run(&ann, "list_ungrouped_scripts", "{}");
	assert_string_equal(rig_member(r, "total"), "2");
	assert_null(strstr(r, "get cars"));
	assert_null(strstr(r, "\"content\""));
	assert_true(strstr(r, "\"name\":\"a\"") < strstr(r, "\"name\":\"b\""));
	r = rig_run(&ann, "list_ungrouped_scripts", "{\"listOptions\":{"
	    "\"take\":1,\"skip\":1}}");
	assert_string_equal(rig_member(r, "count"), "1");
	assert_string_equal(rig_member(r, "total"), "2");
	assert_non_null(strstr(r, "\"name\":\"b\""));
	r = rig_run(&ann, "list_ungrouped_scripts", "{\"listOptions\":{"
	    "\"where\":{\"name\":\"a\",\"language\":\"javascript\"},"
	    "\"select\":[\"name\"]}}");
	assert_string_equal(rig_member(r, "scripts"), "[{\"name\":\"a\"}]");
	/* Into a project, by a save; out of it, with the project. */
	keep(s, rig_run(&ann, "save_server_script", "{\"name\":\"c\","
	    "\"content\":\"\"}"));
	rig_ok(&ann, "save_server_script", "{\"id\":\"%s\",\"projectId\":"
	    "\"%s\"}", s, p);
	assert_string_equal(rig_member(rig_run(&ann,
	    "list_ungrouped_scripts", "{}"), "total"), "2");
	rig_ok(&ann, "save_server_script", "{\"id\":\"%s\",\"content\":"
	    "\"x\"}", s);
	assert_string_equal(rig_member(rig_run(&ann,
	    "list_ungrouped_scripts", "{}"), "total"), "2");
	rig_ok(&ann, "delete_script_project", "{\"id\":\"%s\","
	    "\"ungroupScripts\":true}", p);
	assert_string_equal(rig_member(rig_run(&ann,
	    "list_ungrouped_scripts", "{}"), "total"), "4");
}

static void
test_run(void **state)
{
	make_script();
	rig_fails("Scripts are not enabled on this server: they can be kept "
	    "and changed, not run", &ann, "run_server_script",
	    "{\"id\":\"%s\",\"query\":{\"a\":\"b\"}}", s);
	rig_fails("Not Found", &ann, "run_server_script", "{\"id\":\"" MISSING
	    "\"}");
	assert_int_equal(rig_tool("run_server_script")->level, TL_EDIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_row),
		RIG_TEST(test_create),
		RIG_TEST(test_relations),
		RIG_TEST(test_project),
		RIG_TEST(test_project_delete),
		RIG_TEST(test_project_level),
		RIG_TEST(test_ungrouped),
		RIG_TEST(test_run),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
