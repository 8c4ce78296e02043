/* SPDX-License-Identifier: ISC */
/* revision_test.c: earlier revisions: list, get, compare, restore. */
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
#include "store_rig.h"

static char	id[64], pkg[64];

static void
keep(char *out, const char *json)
{
	snprintf(out, 40, "%s", rig_id(json));
}

static void
make_three(void)
{
	keep(id, rig_run(&ann, "save_table", "{\"table\":{\"name\":\"books\","
	    "\"fields\":[{\"id\":\"11111111-1111-4111-8111-111111111111\","
	    "\"fieldName\":\"title\",\"fieldType\":\"text\"}]}}"));
	rig_ok(&bob, "save_table", "{\"table\":{\"id\":\"%s\",\"description\":"
	    "\"two\"}}", id);
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"name\":"
	    "\"tomes\","
	    "\"fields\":[{\"id\":\"11111111-1111-4111-8111-111111111111\","
	    "\"fieldName\":\"heading\",\"fieldType\":\"text\"},{\"id\":"
	    "\"22222222-2222-4222-8222-222222222222\",\"fieldName\":\"n\","
	    "\"fieldType\":\"integer\"}]}}", id);
}

static void
test_list(void **state)
{
	const char	*r;
	char		*text;

	make_three();
	r = rig_run(&bob, "list_revisions", "{\"type\":\"table\",\"id\":"
	    "\"%s\"}",
	    id);
	assert_string_equal(rig_member(r, "count"), "3");
	assert_string_equal(rig_member(r, "more"), "false");
	text = strdup(rig_member(r, "revisions"));
	assert_non_null(strstr(text, "{\"revision\":3,\"ver\":"
	    "\"26.09.21.1413\","
	    "\"name\":\"tomes\",\"updatedAt\":\"2026-09-21T14:13:20.000Z\","
	    "\"changedBy\":\"ann\",\"current\":true},{\"revision\":2,"));
	assert_non_null(strstr(text, "\"changedBy\":\"bob\",\"current\":"
	    "false}"));
	free(text);
	r = rig_run(&bob, "list_revisions", "{\"type\":\"table\",\"id\":\"%s\","
	    "\"take\":1,\"before\":3}", id);
	assert_string_equal(rig_member(r, "count"), "1");
	assert_string_equal(rig_member(r, "more"), "true");
	rig_fails("Not Found", &ann, "list_revisions", "{\"type\":\"table\","
	    "\"id\":\"12345678-1234-4234-8234-123456789012\"}");
	rig_fails("Not Found", &ann, "list_revisions", "{\"type\":\"package\","
	    "\"id\":\"%s\"}", id);
}

static void
test_get(void **state)
{
	const char	*r;

	make_three();
	r = rig_run(&bob, "get_revision", "{\"type\":\"table\",\"id\":\"%s\","
	    "\"revision\":1}", id);
	assert_string_equal(rig_member(r, "current"), "false");
	assert_string_equal(rig_member(rig_member(r, "definition"), "name"),
	    "books");
	assert_string_equal(rig_member(rig_member(rig_run(&bob,
	    "get_revision", "{\"type\":\"table\",\"id\":\"%s\",\"revision\":3}",
	    id), "definition"), "name"), "tomes");
	rig_fails("Not Found: revision 4", &bob, "get_revision",
	    "{\"type\":\"table\",\"id\":\"%s\",\"revision\":4}", id);
}

static void
test_diff(void **state)
{
	const char	*r;

	make_three();
	r = rig_run(&bob, "diff_revisions", "{\"type\":\"table\",\"id\":\"%s\","
	    "\"from\":1,\"to\":2}", id);
	assert_string_equal(rig_member(r, "changes"), "[{\"op\":\"changed\","
	    "\"path\":\"/description\",\"from\":\"\",\"to\":\"two\"}]");
	r = rig_run(&bob, "diff_revisions", "{\"type\":\"table\",\"id\":\"%s\","
	    "\"from\":2}", id);
	assert_non_null(strstr(r, "{\"op\":\"changed\",\"path\":\"/name\","
	    "\"from\":\"books\",\"to\":\"tomes\"},{\"op\":\"changed\",\"path\":"
	    "\"/fields/heading/fieldName\",\"from\":\"title\",\"to\":"
	    "\"heading\"},{\"op\":\"added\",\"path\":\"/fields/n\",\"to\":{"));
	r = rig_run(&bob, "diff_revisions", "{\"type\":\"table\",\"id\":\"%s\","
	    "\"from\":3,\"to\":3}", id);
	assert_string_equal(rig_member(r, "changes"), "[]");
}

static void
test_restore(void **state)
{
	const char	*r;

	make_three();
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"tomes\",\"rows\":[{"
	    "\"heading\":\"x\",\"n\":7}]}");
	rig_fails("This save would lose data and was not done: column 'n': "
	    "values dropped in 1 rows. Pass ignoreWarning true to do it all "
	    "the same, or dryRun true to see all of it", &ann,
	    "restore_revision", "{\"type\":\"table\",\"id\":\"%s\","
	    "\"revision\":"
	    "2}", id);
	rig_fails("tomes has revision 3 already", &ann, "restore_revision",
	    "{\"type\":\"table\",\"id\":\"%s\",\"revision\":3}", id);
	rig_fails("Not Found: revision 9", &ann, "restore_revision",
	    "{\"type\":\"table\",\"id\":\"%s\",\"revision\":9}", id);
	rig_fails("tomes has revision 3, not 2 as expectedRevision says: it "
	    "was changed by ann; read it again", &ann, "restore_revision",
	    "{\"type\":\"table\",\"id\":\"%s\",\"revision\":2,"
	    "\"expectedRevision\":2}", id);
	r = rig_run(&bob, "restore_revision", "{\"type\":\"table\",\"id\":"
	    "\"%s\","
	    "\"revision\":2,\"ignoreWarning\":true}", id);
	assert_string_equal(rig_member(r, "revision"), "4");
	assert_string_equal(rig_member(r, "name"), "books");
	assert_string_equal(rig_member(r, "description"), "two");
	assert_string_equal(rig_member(r, "changedBy"), "bob");
	/* The column was renamed back, with what was in it. */
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"books\",\"select\":[\"title\"]}"), "rows"),
	    "[{\"title\":\"x\"}]");
}

static void
test_package(void **state)
{
	keep(pkg, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":\"p\","
	    "\"roles\":[{\"name\":\"alpha\",\"accessLevel\":\"EDIT\"}]}}"));
	rig_ok(&ann, "save_package", "{\"pkg\":{\"id\":\"%s\",\"name\":\"q\","
	    "\"roles\":[{\"name\":\"alpha\",\"accessLevel\":\"EDIT\"},{"
	    "\"name\":"
	    "\"beta\",\"accessLevel\":\"READ\"}]}}", pkg);
	rig_fails("No edit access to artifact", &bob, "restore_revision",
	    "{\"type\":\"package\",\"id\":\"%s\",\"revision\":1}", pkg);
	rig_ok(&ann, "restore_revision", "{\"type\":\"package\",\"id\":\"%s\","
	    "\"revision\":1}", pkg);
	assert_string_equal(rig_member(rig_text, "name"), "p");
	rig_fails("Not Found", &bob, "list_revisions",
	    "{\"type\":\"package\",\"id\":\"%s\"}", pkg);
}

/* What lay in a closed package then is not shown to everybody now. */
static void
test_hidden(void **state)
{
	keep(pkg, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":\"p\","
	    "\"roles\":[{\"name\":\"alpha\",\"accessLevel\":\"EDIT\"}]}}"));
	keep(id, rig_run(&ann, "save_table", "{\"table\":{\"name\":\"t\","
	    "\"package\":\"%s\",\"description\":\"topsecret\",\"fields\":[{"
	    "\"fieldName\":\"a\",\"fieldType\":\"text\"}]}}", pkg));
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"package\":null,"
	    "\"description\":\"\"}}", id);
	assert_string_equal(rig_member(rig_run(&bob, "list_revisions",
	    "{\"type\":\"table\",\"id\":\"%s\"}", id), "count"), "1");
	assert_string_equal(rig_member(rig_run(&ann, "list_revisions",
	    "{\"type\":\"table\",\"id\":\"%s\"}", id), "count"), "2");
	rig_fails("Not Found: revision 1", &bob, "get_revision",
	    "{\"type\":\"table\",\"id\":\"%s\",\"revision\":1}", id);
	rig_fails("Not Found: revision 1", &bob, "diff_revisions",
	    "{\"type\":\"table\",\"id\":\"%s\",\"from\":1}", id);
	rig_fails("Not Found: revision 1", &bob, "restore_revision",
	    "{\"type\":\"table\",\"id\":\"%s\",\"revision\":1}", id);
	rig_ok(&root, "get_revision",
	    "{\"type\":\"table\",\"id\":\"%s\",\"revision\":1}", id);
	/* The tool's permission is that of the type. */
	bob.display &= ~PERM_BIT(PERM_TABLEDEFINITION);
	rig_fails("Access denied: no permission for tabledefinition", &bob,
	    "list_revisions", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	bob.display = PERM_ALL;
}

/* What was deleted comes back as its next revision, with its creator. */
static void
test_deleted(void **state)
{
	const char	*r;

	keep(id, rig_run(&ann, "save_webapp", "{\"webapp\":{\"name\":\"w\","
	    "\"runtime\":{\"name\":\"w\",\"assets\":[{\"path\":\"/a\","
	    "\"source\":\"YQ==\"}]}}}"));
	rig_ok(&bob, "save_webapp", "{\"webapp\":{\"id\":\"%s\","
	    "\"description\":\"two\"}}", id);
	rig_ok(&bob, "delete_webapp", "{\"id\":\"%s\"}", id);
	r = rig_run(&ann, "list_revisions", "{\"type\":\"webapp\",\"id\":"
	    "\"%s\"}", id);
	assert_string_equal(rig_member(r, "count"), "2");
	assert_null(strstr(r, "\"current\":true"));
	rig_fails("Not Found", &ann, "save_webapp", "{\"webapp\":{\"id\":"
	    "\"%s\",\"description\":\"x\"}}", id);
	r = rig_run(&ann, "restore_revision", "{\"type\":\"webapp\",\"id\":"
	    "\"%s\",\"revision\":2}", id);
	assert_string_equal(rig_member(r, "revision"), "3");
	assert_string_equal(rig_member(r, "createdBy"), "ann");
	assert_string_equal(rig_member(r, "description"), "two");
	assert_string_equal(rig_member(rig_run(&ann, "get_webapp_asset",
	    "{\"id\":\"%s\",\"path\":\"/a\"}", id), "source"), "YQ==");
	assert_string_equal(rig_member(rig_run(&ann, "list_webapps", "{}"),
	    "total"), "1");
	/* Not under a name that is another's by now. */
	rig_ok(&ann, "delete_webapp", "{\"id\":\"%s\"}", id);
	rig_ok(&ann, "save_webapp", "{\"webapp\":{\"name\":\"W\","
	    "\"runtime\":{\"name\":\"W\",\"assets\":[]}}}");
	rig_fails("name 'w' already exists!", &ann, "restore_revision",
	    "{\"type\":\"webapp\",\"id\":\"%s\",\"revision\":2}", id);
	/* Tables and packages are gone for good. */
	make_three();
	rig_ok(&ann, "delete_table", "{\"id\":\"%s\"}", id);
	rig_fails("Not Found", &ann, "restore_revision",
	    "{\"type\":\"table\",\"id\":\"%s\",\"revision\":1}", id);
}

static void
test_trash(void **state)
{
	const char	*r;

	keep(id, rig_run(&ann, "save_app",
	    "{\"app\":{\"application\":\"shop\"}}"));
	rig_ok(&ann, "activate_app", "{\"id\":\"%s\"}", id);
	rig_ok(&ann, "delete_app", "{\"id\":\"%s\"}", id);
	r = rig_run(&ann, "list_apps", "{\"deleted\":true}");
	assert_non_null(strstr(r, "\"revision\":2"));
	r = rig_run(&ann, "restore_revision", "{\"type\":\"app\",\"id\":"
	    "\"%s\",\"revision\":2,\"dryRun\":true}", id);
	assert_string_equal(rig_member(r, "revision"), "3");
	rig_fails("Not Found", &ann, "get_app", "{\"id\":\"%s\"}", id);
	r = rig_run(&ann, "restore_revision", "{\"type\":\"app\",\"id\":"
	    "\"%s\",\"revision\":2}", id);
	assert_string_equal(rig_member(r, "status"), "Inactive (Revised)");
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\",\"runtime\":true}", id);
	assert_string_equal(rig_member(r, "revision"), "2");
	rig_ok(&ann, "delete_app", "{\"id\":\"%s\",\"purge\":true}", id);
	rig_fails("Not Found", &ann, "restore_revision", "{\"type\":\"app\","
	    "\"id\":\"%s\",\"revision\":2}", id);
}

/* Of a closed package, and of one that is gone, only who may sees it. */
static void
test_deleted_hidden(void **state)
{
	keep(pkg, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":\"p\","
	    "\"roles\":[{\"name\":\"alpha\",\"accessLevel\":\"EDIT\"}]}}"));
	keep(id, rig_run(&ann, "save_app", "{\"app\":{\"application\":\"shop\","
	    "\"package\":\"%s\"}}", pkg));
	rig_ok(&ann, "delete_app", "{\"id\":\"%s\"}", id);
	rig_fails("Not Found", &bob, "list_revisions", "{\"type\":\"app\","
	    "\"id\":\"%s\"}", id);
	rig_fails("Not Found", &bob, "restore_revision", "{\"type\":\"app\","
	    "\"id\":\"%s\",\"revision\":1}", id);
	rig_ok(&ann, "list_revisions", "{\"type\":\"app\",\"id\":\"%s\"}",
	    id);
	rig_ok(&root, "delete_package", "{\"id\":\"%s\"}", pkg);
	rig_fails("Not Found", &ann, "restore_revision", "{\"type\":\"app\","
	    "\"id\":\"%s\",\"revision\":1}", id);
	assert_string_equal(rig_member(rig_run(&bob, "list_apps",
	    "{\"deleted\":true}"), "total"), "0");
	assert_string_equal(rig_member(rig_run(&root, "restore_revision",
	    "{\"type\":\"app\",\"id\":\"%s\",\"revision\":1}", id),
	    "package"), "null");
}

/* To come back is to be put into a package. */
static void
test_deleted_package(void **state)
{
	struct msg_conf_toold	conf = { .read_ms = 2000, .ddl_ms = 30000,
				    .lock_s = 600, .require_package = 1 };

	keep(pkg, rig_run(&ann, "save_package",
	    "{\"pkg\":{\"name\":\"p\"}}"));
	keep(id, rig_run(&ann, "save_app", "{\"app\":{\"application\":\"shop\","
	    "\"package\":\"%s\"}}", pkg));
	rig_ok(&ann, "delete_app", "{\"id\":\"%s\"}", id);
	rig_ok(&root, "save_package", "{\"pkg\":{\"id\":\"%s\",\"isSystem\":"
	    "true}}", pkg);
	rig_fails("Cannot assign artifact to system package", &root,
	    "restore_revision", "{\"type\":\"app\",\"id\":\"%s\","
	    "\"revision\":1}", id);
	rig_ok(&root, "save_package", "{\"pkg\":{\"id\":\"%s\",\"isSystem\":"
	    "false,\"internalReadOnly\":true}}", pkg);
	rig_fails("No edit access to artifact", &root, "restore_revision",
	    "{\"type\":\"app\",\"id\":\"%s\",\"revision\":1}", id);
	rig_ok(&root, "delete_package", "{\"id\":\"%s\"}", pkg);
	store_setconf(&conf);
	rig_fails("Package is a required field, and that of 'shop' is gone",
	    &root, "restore_revision", "{\"type\":\"app\",\"id\":\"%s\","
	    "\"revision\":1}", id);
	conf.require_package = 0;
	store_setconf(&conf);
	rig_ok(&root, "restore_revision", "{\"type\":\"app\",\"id\":\"%s\","
	    "\"revision\":1}", id);
}

/* The oldest go, but not what run time is or was. */
static void
test_prune(void **state)
{
	struct msg_conf_toold	conf = { .read_ms = 2000, .ddl_ms = 30000,
				    .lock_s = 600, .revisions = 3 };
	const char		*r;
	int			 i;

	keep(id, rig_run(&ann, "save_app",
	    "{\"app\":{\"application\":\"shop\",\"title\":\"first\"}}"));
	rig_ok(&ann, "activate_app", "{\"id\":\"%s\"}", id);
	store_setconf(&conf);
	for (i = 0; i < 6; i++)
		rig_ok(&ann, "save_app", "{\"app\":{\"id\":\"%s\",\"title\":"
		    "\"t%d\"}}", id, i);
	r = rig_run(&ann, "list_revisions", "{\"type\":\"app\",\"id\":"
	    "\"%s\"}", id);
	assert_string_equal(rig_member(r, "count"), "5");
	rig_fails("Not Found: revision 1", &ann, "get_revision",
	    "{\"type\":\"app\",\"id\":\"%s\",\"revision\":1}", id);
	rig_fails("Not Found: revision 4", &ann, "get_revision",
	    "{\"type\":\"app\",\"id\":\"%s\",\"revision\":4}", id);
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\",\"runtime\":true}", id);
	assert_string_equal(rig_member(r, "title"), "first");
	rig_ok(&ann, "delete_app", "{\"id\":\"%s\"}", id);
	rig_ok(&ann, "restore_revision", "{\"type\":\"app\",\"id\":\"%s\","
	    "\"revision\":2}", id);
	r = rig_run(&ann, "get_app", "{\"id\":\"%s\",\"runtime\":true}", id);
	assert_string_equal(rig_member(r, "title"), "first");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_list),
		RIG_TEST(test_get),
		RIG_TEST(test_diff),
		RIG_TEST(test_restore),
		RIG_TEST(test_package),
		RIG_TEST(test_hidden),
		RIG_TEST(test_deleted),
		RIG_TEST(test_trash),
		RIG_TEST(test_deleted_hidden),
		RIG_TEST(test_deleted_package),
		RIG_TEST(test_prune),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
