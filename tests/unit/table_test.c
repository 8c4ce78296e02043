/* SPDX-License-Identifier: ISC */
/* table_test.c: the table tools, every error to the letter, rebuilds. */
/* link: toold/store.o toold/store_art.o toold/store_auth.o */
/* link: toold/store_event.o toold/store_json.o toold/store_list.o */
/* link: toold/sql.o toold/pkg.o toold/pkg_tools.o toold/lock.o */
/* link: toold/table.o toold/table_ddl.o toold/table_load.o */
/* link: toold/table_parse.o toold/table_plan.o toold/table_text.o */
/* link: toold/table_tools.o toold/row.o toold/row_conv.o */
/* link: toold/row_tools.o toold/row_value.o toold/caller.o toold/role.o */
/* link: toold/schema.o toold/schema_apply.o toold/schema_build.o */
/* link: toold/schema_key.o toold/schema_rule.o toold/schema_uri.o */
/* link: toold/schema_value.o toold/pattern.o toold/pattern_class.o */
/* link: toold/pattern_parse.o toold/pattern_ucd.o */
/* link: -lsqlite3 -ljansson -lm */
#include "store_rig.h"

#define FIELDS "\"fields\":[{\"fieldName\":\"title\",\"fieldType\":\"text\"}," \
	"{\"fieldName\":\"n\",\"fieldType\":\"integer\"}]"

static void
test_create(void **state)
{
	const char	*r;
	char		 id[64];

	r = rig_run(&ann, "save_table", "{\"table\":{\"name\":\"books\","
	    FIELDS "}}");
	printf("%s\n", r);
	snprintf(id, sizeof(id), "%s", rig_id(r));
	printf("%s\n", rig_run(&ann, "get_table", "{\"id\":\"%s\"}", id));
	printf("%s\n", rig_run(&ann, "list_tables", "{}"));
	printf("%s\n", rig_run(&ann, "insert_entity_rows",
	    "{\"table\":\"books\",\"rows\":[{\"title\":\"a\",\"n\":1},"
	    "{\"title\":\"b\",\"n\":2}]}"));
	printf("%s\n", rig_run(&ann, "query_entity_table",
	    "{\"table\":\"books\"}"));
	printf("%s\n", rig_run(&ann, "save_table", "{\"dryRun\":true,\"table\":"
	    "{\"id\":\"%s\",\"fields\":[{\"fieldName\":\"title\","
	    "\"fieldType\":\"integer\"}]}}", id));
	printf("%s\n", rig_run(&ann, "save_table", "{\"ignoreWarning\":true,"
	    "\"table\":{\"id\":\"%s\",\"fields\":[{\"fieldName\":\"title\","
	    "\"fieldType\":\"integer\"}]}}", id));
	printf("%s\n", rig_run(&ann, "delete_table", "{\"id\":\"%s\"}", id));
	printf("%s\n", rig_run(&ann, "delete_table",
	    "{\"id\":\"%s\",\"ignoreWarning\":true}", id));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_create),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
