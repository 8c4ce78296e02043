/* SPDX-License-Identifier: ISC */
/*
 * api_test.c: APIs: the endpoint by its formula, paths and definitions, no
 * record made by a wrong id, where-used.
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
#include "toold/api.h"

#define ID1	"11111111-1111-4111-8111-111111111111"
#define ID2	"22222222-2222-4222-8222-222222222222"
#define EXT	"\"endpoint\":\"https://x.example/v1\""

static const struct art_case api_case = { "api", "list_apis", "get_api",
    "save_api", "delete_api", "\"api\":{", "}", "\"name\":\"one\"," EXT,
    "\"version\":\"2\"", "apidesigner", PERM_APIDESIGNER, "api" };

static char	a[64], s[64], other[64];

static void
test_row(void **state)
{
	art_all(&api_case);
}

static void
test_create(void **state)
{
	const char	*r;

	rig_fails("api.name Required", &ann, "save_api", "{\"api\":{" EXT "}}");
	rig_fails("api.endpoint Required", &ann, "save_api",
	    "{\"api\":{\"name\":\"x\"}}");
	r = art_create(&ann, &api_case, "");
	keep(a, r);
	assert_string_equal(rig_member(r, "apiType"), "null");
	assert_string_equal(rig_member(r, "apiFormat"), "0");
	assert_string_equal(rig_member(r, "paths"), "[]");
	/* No ghosts, no twins. */
	rig_fails("Not Found", &ann, "save_api", "{\"api\":{\"id\":\"" MISSING
	    "\",\"name\":\"ghost\"," EXT "}}");
	rig_fails("name 'One' already exists!", &ann, "save_api",
	    "{\"api\":{\"name\":\"One\"," EXT "}}");
	rig_fails("api.apiFormat must be 0 (Swagger 2) or 1 (OpenAPI 3)", &ann,
	    "save_api", "{\"api\":{\"id\":\"%s\",\"apiFormat\":3}}", a);
	r = rig_run(&ann, "list_apis", "{}");
	assert_non_null(strstr(r, "\"endpoint\":\"https://x.example/v1\","
	    "\"type\":null,\"version\":null,\"group\":null,\"enableProxy\":"
	    "false,\"enableTrace\":false"));
	assert_null(strstr(r, "paths"));
	r = rig_run(&ann, "delete_api", "{\"id\":\"%s\"}", a);
	assert_non_null(strstr(rig_member(r, "message"), a));
	assert_int_equal(strncmp(rig_member(r, "message"), "API '", 5), 0);
	assert_non_null(strstr(rig_member(r, "message"), "' deleted"));
}

static void
test_endpoint(void **state)
{
	static const struct {
		const char	*members, *err;
	} t[] = {
		{ "\"apiType\":\"script\",\"endpoint\":\"/api/serverscript/"
		    "car_hire_scriptapi\"", NULL },
		{ "\"apiType\":\"script\",\"endpoint\":\"/api/serverscript/"
		    "other\"", "api.endpoint must be '/api/serverscript/"
		    "car_hire_scriptapi' for a script API of this name" },
		{ "\"apiType\":\"script\",\"isPublic\":true,\"endpoint\":"
		    "\"/public/serverscript/car_hire_scriptapi\"", NULL },
		{ "\"apiType\":\"script\",\"isPublic\":true,\"endpoint\":"
		    "\"/api/serverscript/car_hire_scriptapi\"",
		    "api.endpoint must be '/public/serverscript/"
		    "car_hire_scriptapi' for a script API of this name" },
		{ "\"apiType\":\"table\",\"endpoint\":\"/api/entity\"", NULL },
		{ "\"apiType\":\"table\",\"endpoint\":\"/api/entity/\"",
		    "api.endpoint must be '/api/entity' for a table API" },
		{ "\"endpoint\":\"http://h:1/x?y=1\"", NULL },
		{ "\"apiType\":\"\",\"endpoint\":\"https://h\"", NULL },
		{ "\"endpoint\":\"https:///x\"", "api.endpoint must be an "
		    "absolute http or https URL for an external API" },
		{ "\"endpoint\":\"/api/entity\"", "api.endpoint must be an "
		    "absolute http or https URL for an external API" },
		{ "\"endpoint\":\"javascript:x\"", "api.endpoint must be an "
		    "absolute http or https URL for an external API" },
		{ "\"apiType\":\"soap\",\"endpoint\":\"https://h\"",
		    "api.apiType must be script, table, or empty for an "
		    "external API" }
	};
	const char	*r;
	size_t		 i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		r = rig_run(&ann, "save_api", "{\"dryRun\":true,\"api\":{"
		    "\"name\":\"car_hire_script API\",%s}}", t[i].members);
		if (t[i].err == NULL)
			assert_int_equal(r[0], '{');
		else
			assert_string_equal(r + 1, t[i].err);
	}
	keep(a, art_create(&ann, &api_case, ""));
	rig_fails("api.apiType cannot change once the API is there", &ann,
	    "save_api", "{\"api\":{\"id\":\"%s\",\"apiType\":\"table\","
	    "\"endpoint\":\"/api/entity\"}}", a);
}

#define PATH(id, path, method)						\
	"{\"id\":\"" id "\",\"path\":\"" path "\",\"method\":\"" method "\"}"

static void
test_paths(void **state)
{
	static const struct {
		const char	*paths, *err;
	} t[] = {
		{ PATH(ID1, "/cars/(id)", "GET") "," PATH(ID2, "/cars/(id)",
		    "PUT"), NULL },
		{ PATH("x", "/", "GET"), "api.paths.0.id Invalid uuid" },
		{ PATH(ID1, "/a", "GET") "," PATH(ID1, "/b", "GET"),
		    "api.paths.1.id is there for the second time" },
		{ PATH(ID1, "/a", "GET") "," PATH(ID2, "/a", "GET"),
		    "api.paths.1.path is there with this method for the "
		    "second time" },
		{ PATH(ID1, "/cars/{id}", "GET"), "api.paths.0.path has "
		    "braces: path parameters are written (id), not {id}" },
		{ PATH(ID1, "/a", "get"), "api.paths.0.method must be one of "
		    "GET, POST, PUT, PATCH, TRACE, OPTIONS, HEAD, DELETE, "
		    "CONNECT" },
		{ "{\"id\":\"" ID1 "\",\"path\":\"/\",\"method\":\"GET\","
		    "\"serverScript\":\"" MISSING "\"}",
		    "api.paths.0.serverScript names no server script" }
	};
	const char	*r;
	size_t		 i;

	keep(a, art_create(&ann, &api_case, ""));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		r = rig_run(&ann, "save_api", "{\"api\":{\"id\":\"%s\","
		    "\"paths\":[%s]}}", a, t[i].paths);
		if (t[i].err == NULL)
			assert_int_equal(r[0], '{');
		else
			assert_string_equal(r + 1, t[i].err);
	}
	assert_non_null(strstr(rig_run(&ann, "save_api", "{\"api\":{\"id\":"
	    "\"%s\",\"paths\":[{\"path\":\"/\",\"method\":\"GET\"}]}}", a),
	    "\"id\" is missing"));
	/* Absent: kept.  Given: replaced.  null: cleared, and says so. */
	r = rig_run(&ann, "save_api", "{\"api\":{\"id\":\"%s\",\"about\":"
	    "\"x\"}}", a);
	assert_non_null(strstr(rig_member(r, "paths"), ID2));
	r = rig_run(&ann, "save_api", "{\"api\":{\"id\":\"%s\",\"paths\":["
	    PATH(ID1, "/", "GET") "]}}", a);
	assert_null(strstr(rig_member(r, "paths"), ID2));
	r = rig_run(&ann, "save_api", "{\"api\":{\"id\":\"%s\",\"paths\":"
	    "null}}", a);
	assert_string_equal(rig_member(r, "paths"), "[]");
}

static void
test_definitions(void **state)
{
	const char	*r;

	keep(a, art_create(&ann, &api_case, ""));
	/* Nesting of imported APIs is kept. */
	r = rig_run(&ann, "save_api", "{\"api\":{\"id\":\"%s\",\"definitions\":"
	    "[{\"id\":\"" ID1 "\",\"name\":\"Car\",\"type\":\"object\","
	    "\"properties\":[{\"name\":\"a\",\"objectType\":\"object\","
	    "\"isParent\":true,\"maxLength\":3,\"children\":[{\"x\":1}]}]}]}}",
	    a);
	assert_non_null(strstr(rig_member(r, "definitions"), "\"isParent\":"
	    "true,\"maxLength\":3,\"children\":[{\"x\":1}]"));
	rig_fails("api.definitions.0.type must be one of object, array, "
	    "boolean, string, number", &ann, "save_api", "{\"api\":{\"id\":"
	    "\"%s\",\"definitions\":[{\"id\":\"" ID1 "\",\"name\":\"x\","
	    "\"type\":\"date\"}]}}", a);
	rig_fails("api.definitions.0.properties.0.objectType must be one of "
	    "uuid, boolean, object, number, string, integer, array, "
	    "reference, vector", &ann, "save_api", "{\"api\":{\"id\":\"%s\","
	    "\"definitions\":[{\"id\":\"" ID1 "\",\"name\":\"x\","
	    "\"properties\":[{\"name\":\"a\",\"objectType\":\"date\"}]}]}}",
	    a);
	/* What others strip without a word is an error here. */
	assert_non_null(strstr(rig_run(&ann, "save_api", "{\"api\":{\"id\":"
	    "\"%s\",\"accessLevel\":\"EDIT\"}}", a),
	    "/api/accessLevel is not a known property"));
}

static void
test_where_used(void **state)
{
	const char	*r;
	char		 want[256];

	keep(a, art_create(&ann, &api_case, ""));
	r = rig_run(&ann, "get_api", "{\"id\":\"%s\"}", a);
	assert_string_equal(rig_member(r, "apps"), "{\"children\":[]}");
	keep(s, rig_run(&ann, "save_server_script", "{\"name\":\"caller\","
	    "\"content\":\"\",\"apis\":[{\"id\":\"" ID1 "\",\"parent\":"
	    "\"%s\"}]}", a));
	keep(other, rig_run(&ann, "save_app", "{\"app\":{\"application\":"
	    "\"shop\",\"apis\":[{\"id\":\"%s\"}]}}", a));
	rig_ok(&ann, "save_webapp", "{\"webapp\":{\"name\":\"web\","
	    "\"runtime\":{},\"apis\":[\"%s\"]}}", a);
	r = rig_run(&ann, "get_api", "{\"id\":\"%s\"}", a);
	snprintf(want, sizeof(want), "{\"children\":[{\"id\":\"%s\",\"name\":"
	    "\"caller\"}]}", s);
	assert_string_equal(rig_member(r, "scripts"), want);
	snprintf(want, sizeof(want), "{\"children\":[{\"id\":\"%s\",\"name\":"
	    "\"shop\"}]}", other);
	assert_string_equal(rig_member(r, "apps"), want);
	rig_fails("API 'one' is in use by app 'shop', web app 'web', server "
	    "script 'caller': remove that use first", &ann, "delete_api",
	    "{\"id\":\"%s\"}", a);
	r = rig_member(rig_run(&ann, "get_api", "{\"id\":\"%s\",\"select\":["
	    "\"endpoint\"]}", a), "api");
	assert_string_equal(rig_member(r, "endpoint"),
	    "https://x.example/v1");
	assert_null(strstr(r, "paths"));
}

/* A user that is hidden is only "in use", and listed nowhere. */
static void
test_used_hidden(void **state)
{
	keep(a, art_create(&bob, &api_case, ""));
	keep(art_pkg, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":"
	    "\"closed\",\"roles\":[{\"name\":\"alpha\",\"accessLevel\":"
	    "\"EDIT\"}]}}"));
	rig_ok(&ann, "save_server_script", "{\"name\":\"caller\",\"content\":"
	    "\"\",\"package\":\"%s\",\"apis\":[{\"id\":\"" ID1 "\","
	    "\"parent\":\"%s\"}]}", art_pkg, a);
	assert_string_equal(rig_member(rig_run(&bob, "get_api",
	    "{\"id\":\"%s\"}", a), "scripts"), "{\"children\":[]}");
	rig_fails("API 'one' is in use", &bob, "delete_api", "{\"id\":\"%s\"}",
	    a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_row),
		RIG_TEST(test_create),
		RIG_TEST(test_endpoint),
		RIG_TEST(test_paths),
		RIG_TEST(test_definitions),
		RIG_TEST(test_where_used),
		RIG_TEST(test_used_hidden),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
