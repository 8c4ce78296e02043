/* SPDX-License-Identifier: ISC */
/* adaptive_test.c: adaptive entities: types and what each is bound by. */
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
#include "toold/adaptive.h"

#define CONN	"\"connectorid\":\"11111111-1111-4111-8111-111111111111\""

static const struct art_case adaptive_case = { "adaptive", "list_adaptive",
    "get_adaptive", "save_adaptive", "delete_adaptive", "\"adaptive\":{", "}",
    "\"name\":\"one\",\"type\":\"C\",\"settings\":{}," CONN,
    "\"group\":\"G\"", "adaptivedesigner", PERM_ADAPTIVEDESIGNER, NULL };

static char	d[64], t[64], s[64];

static void
test_row(void **state)
{
	art_all(&adaptive_case);
}

static void
test_required(void **state)
{
	rig_fails("adaptive.name Required", &ann, "save_adaptive",
	    "{\"adaptive\":{\"type\":\"C\",\"settings\":{}}}");
	rig_fails("adaptive.type Required", &ann, "save_adaptive",
	    "{\"adaptive\":{\"name\":\"x\",\"settings\":{}}}");
	rig_fails("adaptive.settings Required", &ann, "save_adaptive",
	    "{\"adaptive\":{\"name\":\"x\",\"type\":\"C\"," CONN "}}");
	rig_fails("adaptive.type must be T (table), S (script) or C "
	    "(connector)", &ann, "save_adaptive", "{\"adaptive\":{\"name\":"
	    "\"x\",\"type\":\"X\",\"settings\":{}}}");
	keep(d, art_create(&ann, &adaptive_case, ""));
	rig_fails("name 'ONE' already exists!", &ann, "save_adaptive",
	    "{\"adaptive\":{\"name\":\"ONE\",\"type\":\"C\",\"settings\":{},"
	    CONN "}}");
}

static void
test_bindings(void **state)
{
	const char	*r;

	keep(t, rig_run(&ann, "save_table", "{\"table\":{\"name\":\"cars\","
	    "\"fields\":[{\"fieldName\":\"a\",\"fieldType\":\"text\"}]}}"));
	keep(s, rig_run(&ann, "save_server_script", "{\"name\":\"sel\","
	    "\"content\":\"\"}"));
	rig_fails("adaptive.tableid Required for type T", &ann,
	    "save_adaptive", "{\"adaptive\":{\"name\":\"x\",\"type\":\"T\","
	    "\"settings\":{}}}");
	rig_fails("adaptive.tableid names no table", &ann, "save_adaptive",
	    "{\"adaptive\":{\"name\":\"x\",\"type\":\"T\",\"settings\":{},"
	    "\"tableid\":\"" MISSING "\"}}");
	rig_fails("adaptive.scriptRun Required for type S", &ann,
	    "save_adaptive", "{\"adaptive\":{\"name\":\"x\",\"type\":\"S\","
	    "\"settings\":{},\"scriptSel\":\"%s\"}}", s);
	rig_fails("adaptive.connectorid Required for type C", &ann,
	    "save_adaptive", "{\"adaptive\":{\"name\":\"x\",\"type\":\"C\","
	    "\"settings\":{}}}");
	rig_fails("adaptive.connectorid must be an id, a UUID", &ann,
	    "save_adaptive", "{\"adaptive\":{\"name\":\"x\",\"type\":\"C\","
	    "\"settings\":{},\"connectorid\":\"c\"}}");
	rig_fails("adaptive.scriptSel is only for type S: set it to null", &ann,
	    "save_adaptive", "{\"adaptive\":{\"name\":\"x\",\"type\":\"T\","
	    "\"settings\":{},\"tableid\":\"%s\",\"scriptSel\":\"%s\"}}", t, s);
	keep(d, rig_run(&ann, "save_adaptive", "{\"adaptive\":{\"name\":\"x\","
	    "\"type\":\"S\",\"settings\":{},\"scriptSel\":\"%s\","
	    "\"scriptRun\":\"%s\"}}", s, s));
	rig_fails("Server script 'sel' is in use by adaptive entity 'x': "
	    "remove that use first", &ann, "delete_server_script",
	    "{\"id\":\"%s\"}", s);
	/* To another type: the old binding has to go. */
	rig_fails("adaptive.scriptSel is only for type S: set it to null",
	    &ann, "save_adaptive", "{\"adaptive\":{\"id\":\"%s\",\"type\":"
	    "\"T\",\"tableid\":\"%s\"}}", d, t);
	r = rig_run(&ann, "save_adaptive", "{\"adaptive\":{\"id\":\"%s\","
	    "\"type\":\"T\",\"tableid\":\"%s\",\"scriptSel\":null,"
	    "\"scriptRun\":null}}", d, t);
	assert_string_equal(rig_member(r, "tableid"), t);
	rig_ok(&ann, "delete_server_script", "{\"id\":\"%s\"}", s);
}

/* A table that is hidden looks like one that is not there. */
static void
test_hidden_table(void **state)
{
	keep(art_pkg, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":"
	    "\"closed\",\"roles\":[{\"name\":\"alpha\",\"accessLevel\":"
	    "\"EDIT\"}]}}"));
	keep(t, rig_run(&ann, "save_table", "{\"table\":{\"name\":\"cars\","
	    "\"package\":\"%s\",\"fields\":[{\"fieldName\":\"a\","
	    "\"fieldType\":\"text\"}]}}", art_pkg));
	rig_fails("adaptive.tableid names no table", &bob, "save_adaptive",
	    "{\"adaptive\":{\"name\":\"x\",\"type\":\"T\",\"settings\":{},"
	    "\"tableid\":\"%s\"}}", t);
	keep(d, rig_run(&ann, "save_adaptive", "{\"adaptive\":{\"name\":\"x\","
	    "\"type\":\"T\",\"settings\":{},\"tableid\":\"%s\"}}", t));
	/* What was stored may stay, and still counts. */
	rig_ok(&bob, "save_adaptive", "{\"adaptive\":{\"id\":\"%s\","
	    "\"group\":\"g\"}}", d);
	rig_fails("Table 'cars' is in use by adaptive entity 'x': remove that "
	    "use first", &ann, "delete_table", "{\"id\":\"%s\"}", t);
}

static void
test_settings(void **state)
{
	const char	*r;

	keep(d, art_create(&ann, &adaptive_case, ""));
	rig_fails("adaptive.settings.fieldCatalog.0.name Required", &ann,
	    "save_adaptive", "{\"adaptive\":{\"id\":\"%s\",\"settings\":{"
	    "\"fieldCatalog\":[{\"label\":\"x\"}]}}}", d);
	rig_fails("adaptive.settings.fieldsRun.1.name is there for the second "
	    "time", &ann, "save_adaptive", "{\"adaptive\":{\"id\":\"%s\","
	    "\"settings\":{\"fieldsRun\":[{\"name\":\"a\"},{\"name\":\"a\"}]"
	    "}}}", d);
	assert_non_null(strstr(rig_run(&ann, "save_adaptive",
	    "{\"adaptive\":{\"id\":\"%s\",\"settings\":{\"bogus\":1}}}", d),
	    "/adaptive/settings/bogus is not a known property"));
	rig_ok(&ann, "save_adaptive", "{\"adaptive\":{\"id\":\"%s\","
	    "\"settings\":{\"fieldsSel\":[{\"name\":\"a\",\"editable\":true}]}"
	    "}}", d);
	/* settings are replaced as a whole, and kept when absent. */
	r = rig_run(&ann, "save_adaptive", "{\"adaptive\":{\"id\":\"%s\","
	    "\"settings\":{\"properties\":{\"report\":{}}}}}", d);
	assert_string_equal(rig_member(r, "settings"),
	    "{\"properties\":{\"report\":{}}}");
	r = rig_run(&ann, "save_adaptive", "{\"adaptive\":{\"id\":\"%s\","
	    "\"disabled\":true}}", d);
	assert_string_equal(rig_member(r, "settings"),
	    "{\"properties\":{\"report\":{}}}");
}

static void
test_get(void **state)
{
	keep(d, art_create(&ann, &adaptive_case, ""));
	rig_fails("Either id or name is required", &ann, "get_adaptive", "{}");
	assert_string_equal(rig_id(rig_run(&ann, "get_adaptive",
	    "{\"name\":\"ONE\"}")), d);
	assert_string_equal(rig_id(rig_run(&ann, "get_adaptive",
	    "{\"name\":\"one\",\"id\":\"%s\"}", d)), d);
	rig_fails("Not Found", &ann, "get_adaptive", "{\"name\":\"two\","
	    "\"id\":\"%s\"}", d);
	rig_fails("Not Found", &ann, "get_adaptive", "{\"name\":\"two\"}");
	assert_non_null(strstr(rig_run(&ann, "list_adaptive", "{}"),
	    "\"type\":\"C\",\"group\":null,\"disabled\":false"));
}

static void
test_get_hidden(void **state)
{
	art_closed(&adaptive_case, "");
	rig_fails("Not Found", &bob, "get_adaptive", "{\"name\":\"one\"}");
	rig_ok(&ann, "get_adaptive", "{\"name\":\"one\"}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_row),
		RIG_TEST(test_required),
		RIG_TEST(test_bindings),
		RIG_TEST(test_hidden_table),
		RIG_TEST(test_settings),
		RIG_TEST(test_get),
		RIG_TEST(test_get_hidden),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
