/* SPDX-License-Identifier: ISC */
/*
 * webapp_test.c: web apps: the record, lists of files that can mean one
 * thing only, single files.
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
#include "toold/webapp.h"

static const struct art_case webapp_case = { "webapp", "list_webapps",
    "get_webapp", "save_webapp", "delete_webapp", "\"webapp\":{", "}",
    "\"name\":\"one\",\"runtime\":{}", "\"description\":\"D\"", "webapp",
    PERM_WEBAPP, NULL };

#define FILE_A	"{\"path\":\"/a.js\",\"source\":\"YWxlcnQoMSk=\"}"
#define FILE_B	"{\"path\":\"/b.css\",\"source\":\"\"}"

static char	w[64];

static void
make_two(void)
{
	keep(w, rig_run(&ann, "save_webapp", "{\"webapp\":{\"name\":\"shop\","
	    "\"runtime\":{\"assets\":[" FILE_A "," FILE_B "]}}}"));
}

/* The paths of the files, in their order. */
static const char *
paths(void)
{
	static char	 out[512];
	json_t		*r, *v;
	size_t		 i;

	r = json_loads(rig_run(&ann, "get_webapp", "{\"id\":\"%s\"}", w), 0,
	    NULL);
	out[0] = '\0';
	json_array_foreach(json_object_get(json_object_get(r, "runtime"),
	    "assets"), i, v) {
		strcat(out, json_string_value(json_object_get(v, "path")));
		strcat(out, " ");
	}
	json_decref(r);
	return (out);
}

static const char *
source(const char *path)
{
	return (rig_member(rig_run(&ann, "get_webapp_asset", "{\"id\":\"%s\","
	    "\"path\":\"%s\"}", w, path), "source"));
}

static void
test_row(void **state)
{
	art_all(&webapp_case);
}

static void
test_create(void **state)
{
	const char	*r;

	rig_fails("WebApp must have a runtime", &ann, "save_webapp",
	    "{\"webapp\":{\"name\":\"shop\"}}");
	rig_fails("webapp.name Required", &ann, "save_webapp",
	    "{\"webapp\":{\"runtime\":{}}}");
	rig_fails("WebApp names can only contain letters, numbers, hyphens "
	    "(-), and underscores (_).", &ann, "save_webapp",
	    "{\"webapp\":{\"name\":\"my shop\",\"runtime\":{}}}");
	rig_fails("webapp.type must be react or vue", &ann, "save_webapp",
	    "{\"webapp\":{\"name\":\"shop\",\"type\":\"x\",\"runtime\":{}}}");
	r = rig_run(&ann, "save_webapp", "{\"webapp\":{\"name\":\"shop\","
	    "\"runtime\":{\"name\":\"shop\",\"publicAccess\":false,"
	    "\"assets\":[" FILE_A "]}}}");
	keep(w, r);
	assert_string_equal(rig_member(r, "type"), "react");
	assert_string_equal(rig_member(r, "written"), "[\"/a.js\"]");
	assert_non_null(strstr(rig_member(r, "runtime"), "Please upload "
	    "assets to your Web Application"));
	assert_string_equal(rig_member(rig_member(r, "runtime"), "id"), w);
	assert_string_equal(rig_member(rig_member(r, "runtime"), "assets"),
	    "[{\"path\":\"/a.js\",\"size\":8,\"createdAt\":"
	    "\"2026-09-21T14:13:20.000Z\",\"updatedAt\":"
	    "\"2026-09-21T14:13:20.000Z\"}]");
	assert_null(strstr(r, "YWxlcnQ"));
	assert_null(strstr(rig_run(&ann, "get_webapp",
	    "{\"id\":\"%s\",\"full\":true}", w), "assetSources"));
	rig_fails("name 'Shop' already exists!", &ann, "save_webapp",
	    "{\"webapp\":{\"name\":\"Shop\",\"runtime\":{}}}");
	r = rig_run(&ann, "delete_webapp", "{\"id\":\"%s\"}", w);
	assert_string_equal(rig_member(r, "message"),
	    "Successfully deleted WebApp");
}

/* What others drop without a word. */
static void
test_dropped(void **state)
{
	assert_non_null(strstr(rig_run(&ann, "save_webapp", "{\"webapp\":{"
	    "\"name\":\"x\",\"runtime\":{},\"assets\":[" FILE_A "]}}"),
	    "/webapp/assets is not a known property"));
	assert_non_null(strstr(rig_run(&ann, "save_webapp", "{\"webapp\":{"
	    "\"name\":\"x\",\"runtime\":{},\"fileSystemObjects\":[]}}"),
	    "/webapp/fileSystemObjects is not a known property"));
	make_two();
	rig_fails("webapp.runtime.name must be the name of the web app, "
	    "'shop': it would be served under another name", &ann,
	    "save_webapp", "{\"webapp\":{\"id\":\"%s\",\"runtime\":{\"name\":"
	    "\"other\"}}}", w);
	rig_fails("webapp.runtime.id is not the id of this web app", &ann,
	    "save_webapp", "{\"webapp\":{\"id\":\"%s\",\"runtime\":{\"id\":\""
	    MISSING "\"}}}", w);
	rig_fails("WebApp must have a runtime", &ann, "save_webapp",
	    "{\"webapp\":{\"id\":\"%s\",\"runtime\":null}}", w);
	rig_fails("webapp.roles.0 names no role of this server: give the id "
	    "or name of an existing role", &ann, "save_webapp", "{\"webapp\":"
	    "{\"id\":\"%s\",\"roles\":[\"nobody\"]}}", w);
	assert_string_equal(rig_member(rig_run(&ann, "save_webapp",
	    "{\"webapp\":{\"id\":\"%s\",\"roles\":[\"alpha\"]}}", w),
	    "roles"), "[{\"id\":\"" ROLE_A "\",\"name\":\"alpha\"}]");
}

static void
test_partial(void **state)
{
	const char	*r;

	make_two();
	/* No runtime, no assets: files and page stay. */
	rig_ok(&ann, "save_webapp", "{\"webapp\":{\"id\":\"%s\",\"type\":"
	    "\"vue\"}}", w);
	rig_ok(&ann, "save_webapp", "{\"webapp\":{\"id\":\"%s\",\"runtime\":{"
	    "\"page\":\"<p>\"}}}", w);
	rig_ok(&ann, "save_webapp", "{\"webapp\":{\"id\":\"%s\",\"runtime\":{"
	    "\"publicAccess\":true}}}", w);
	r = rig_run(&ann, "get_webapp", "{\"id\":\"%s\"}", w);
	assert_string_equal(rig_member(rig_member(r, "runtime"), "page"),
	    "<p>");
	assert_string_equal(rig_member(rig_member(r, "runtime"),
	    "publicAccess"), "true");
	assert_string_equal(paths(), "/a.js /b.css ");
	assert_string_equal(source("/a.js"), "YWxlcnQoMSk=");
	/* A new name goes to the runtime too. */
	r = rig_run(&ann, "save_webapp", "{\"webapp\":{\"id\":\"%s\",\"name\":"
	    "\"store\"}}", w);
	assert_string_equal(rig_member(rig_member(r, "runtime"), "name"),
	    "store");
}

static void
test_files(void **state)
{
	const char	*r;

	make_two();
	/* All that is there, and more: nothing to ask. */
	r = rig_run(&ann, "save_webapp", "{\"webapp\":{\"id\":\"%s\","
	    "\"runtime\":{\"assets\":[{\"path\":\"/a.js\"},{\"path\":"
	    "\"/b.css\",\"source\":\"eA==\"},{\"path\":\"/c\",\"source\":"
	    "\"eXo=\"}]}}}", w);
	assert_string_equal(rig_member(r, "written"),
	    "[\"/b.css\",\"/c\"]");
	assert_string_equal(source("/a.js"), "YWxlcnQoMSk=");
	assert_string_equal(source("/b.css"), "eA==");
	rig_fails("webapp.runtime.assets leaves out '/a.js', which is there: "
	    "say assetMode replace to remove what is not listed, or merge to "
	    "keep it", &ann, "save_webapp", "{\"webapp\":{\"id\":\"%s\","
	    "\"runtime\":{\"assets\":[]}}}", w);
	r = rig_run(&ann, "save_webapp", "{\"webapp\":{\"id\":\"%s\","
	    "\"runtime\":{\"assets\":[{\"path\":\"/d\",\"source\":\"eA==\"}]}},"
	    "\"assetMode\":\"merge\"}", w);
	assert_string_equal(rig_member(r, "written"), "[\"/d\"]");
	assert_string_equal(rig_member(r, "removed"), "[]");
	assert_string_equal(paths(), "/d /a.js /b.css /c ");
	r = rig_run(&ann, "save_webapp", "{\"webapp\":{\"id\":\"%s\","
	    "\"runtime\":{\"assets\":[{\"path\":\"/a.js\"}]}},\"assetMode\":"
	    "\"replace\"}", w);
	assert_string_equal(rig_member(r, "removed"),
	    "[\"/d\",\"/b.css\",\"/c\"]");
	assert_string_equal(paths(), "/a.js ");
	/* An earlier revision brings its files back. */
	rig_ok(&ann, "restore_revision", "{\"type\":\"webapp\",\"id\":\"%s\","
	    "\"revision\":2}", w);
	assert_string_equal(paths(), "/a.js /b.css /c ");
	assert_string_equal(source("/c"), "eXo=");
}

static void
test_file_errors(void **state)
{
	static const struct {
		const char	*files, *err;
	} t[] = {
		{ "{\"path\":\"/x\",\"source\":\"a b\"}", "source is not "
		    "base64 (RFC 4648 section 4, with padding, without line "
		    "breaks)" },
		{ "{\"path\":\"/x\",\"source\":\"YWE\"}", "source is not "
		    "base64 (RFC 4648 section 4, with padding, without line "
		    "breaks)" },
		{ "{\"path\":\"/x\"}", "source Required: there is no such "
		    "file yet" },
		{ "{\"path\":\"x\",\"source\":\"\"}", "path must begin with / "
		    "and have 2 to 256 bytes" },
		{ "{\"path\":\"/../x\",\"source\":\"\"}", "path must not have "
		    "empty, . or .. parts" },
		{ "{\"path\":\"/a//b\",\"source\":\"\"}", "path must not have "
		    "empty, . or .. parts" },
		{ "{\"path\":\"/a?b\",\"source\":\"\"}", "path must be "
		    "printable text without \\, ? and #" }
	};
	char	want[256];
	size_t	i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(want, sizeof(want), "!webapp.runtime.assets.0.%s",
		    t[i].err);
		assert_string_equal(rig_run(&ann, "save_webapp", "{\"webapp\":"
		    "{\"name\":\"x\",\"runtime\":{\"assets\":[%s]}}}",
		    t[i].files), want);
	}
	rig_fails("webapp.runtime.assets.1.path is there for the second time",
	    &ann, "save_webapp", "{\"webapp\":{\"name\":\"x\",\"runtime\":{"
	    "\"assets\":[" FILE_A "," FILE_A "]}}}");
}

static void
test_asset(void **state)
{
	const char	*r;

	make_two();
	r = rig_run(&ann, "get_webapp_asset", "{\"id\":\"%s\",\"path\":"
	    "\"/a.js\",\"encoding\":\"text\"}", w);
	assert_string_equal(rig_member(r, "source"), "alert(1)");
	assert_string_equal(rig_member(r, "size"), "8");
	assert_null(strstr(r, "next"));
	r = rig_run(&ann, "get_webapp_asset", "{\"id\":\"%s\",\"path\":"
	    "\"/a.js\",\"length\":3}", w);
	assert_string_equal(rig_member(r, "source"), "YWxl");
	assert_string_equal(rig_member(r, "next"), "3");
	r = rig_run(&ann, "get_webapp_asset", "{\"id\":\"%s\",\"path\":"
	    "\"/a.js\",\"length\":3,\"offset\":6}", w);
	assert_string_equal(rig_member(r, "source"), "MSk=");
	r = rig_run(&ann, "get_webapp_asset", "{\"id\":\"%s\",\"path\":"
	    "\"/a.js\",\"length\":4,\"offset\":1,\"encoding\":\"text\"}", w);
	assert_string_equal(rig_member(r, "source"), "lert");
	assert_string_equal(rig_member(r, "next"), "5");
	rig_fails("offset must be divisible by 3 for base64", &ann,
	    "get_webapp_asset", "{\"id\":\"%s\",\"path\":\"/a.js\",\"offset\":"
	    "1}", w);
	assert_string_equal(source("/b.css"), "");
	rig_fails("Not Found: asset '/A.js'", &ann, "get_webapp_asset",
	    "{\"id\":\"%s\",\"path\":\"/A.js\"}", w);
	rig_fails("Not Found", &ann, "get_webapp_asset", "{\"id\":\"" MISSING
	    "\",\"path\":\"/a.js\"}");
}

static void
test_text(void **state)
{
	keep(w, rig_run(&ann, "save_webapp", "{\"webapp\":{\"name\":\"x\","
	    "\"runtime\":{\"assets\":[{\"path\":\"/u\",\"source\":"
	    "\"YcOkYg==\"},{\"path\":\"/bin\",\"source\":\"AP/+\"},{\"path\":"
	    "\"/q\\\"uote\",\"source\":\"eA==\"}]}}}"));
	/* A piece never ends inside a character. */
	assert_string_equal(rig_member(rig_run(&ann, "get_webapp_asset",
	    "{\"id\":\"%s\",\"path\":\"/u\",\"encoding\":\"text\"}", w),
	    "source"), "a\xc3\xa4" "b");
	assert_string_equal(rig_member(rig_run(&ann, "get_webapp_asset",
	    "{\"id\":\"%s\",\"path\":\"/q\\\"uote\"}", w), "source"), "eA==");
	assert_string_equal(rig_member(rig_run(&ann, "get_webapp_asset",
	    "{\"id\":\"%s\",\"path\":\"/u\",\"encoding\":\"text\",\"length\":"
	    "3}", w), "source"), "a\xc3\xa4");
	assert_string_equal(rig_member(rig_run(&ann, "get_webapp_asset",
	    "{\"id\":\"%s\",\"path\":\"/u\",\"encoding\":\"text\",\"length\":"
	    "3,\"offset\":1}", w), "source"), "\xc3\xa4" "b");
	rig_fails("The file is not UTF-8 text here: read it with encoding "
	    "base64", &ann, "get_webapp_asset", "{\"id\":\"%s\",\"path\":"
	    "\"/bin\",\"encoding\":\"text\"}", w);
}

static void
test_asset_delete(void **state)
{
	const char	*r;

	make_two();
	rig_fails("Not Found: asset '/x'", &ann, "delete_webapp_asset",
	    "{\"id\":\"%s\",\"path\":\"/x\"}", w);
	rig_fails("shop has revision 1, not 2 as expectedRevision says: it "
	    "was changed by ann; read it again", &ann, "delete_webapp_asset",
	    "{\"id\":\"%s\",\"path\":\"/a.js\",\"expectedRevision\":2}", w);
	r = rig_run(&ann, "delete_webapp_asset", "{\"id\":\"%s\",\"path\":"
	    "\"/a.js\",\"dryRun\":true}", w);
	assert_string_equal(rig_member(r, "remaining"), "1");
	assert_string_equal(paths(), "/a.js /b.css ");
	r = rig_run(&ann, "delete_webapp_asset", "{\"id\":\"%s\",\"path\":"
	    "\"/a.js\"}", w);
	assert_string_equal(rig_member(r, "revision"), "2");
	assert_string_equal(paths(), "/b.css ");
	rig_fails("Not Found: asset '/a.js'", &ann, "get_webapp_asset",
	    "{\"id\":\"%s\",\"path\":\"/a.js\"}", w);
	rig_ok(&bob, "acquire_lock", "{\"type\":\"webapp\",\"id\":\"%s\"}",
	    w);
	rig_fails("shop is locked by bob since 2026-09-21T14:13:20.000Z", &ann,
	    "delete_webapp_asset", "{\"id\":\"%s\",\"path\":\"/b.css\"}", w);
}

/* settings may hold anything, also what looks like our hidden member. */
static void
test_hidden_member(void **state)
{
	keep(w, rig_run(&ann, "save_webapp", "{\"webapp\":{\"name\":\"x\","
	    "\"settings\":{\"a\":1,\"assetSources\":{\"/a.js\":\"no\"}},"
	    "\"runtime\":{\"assets\":[" FILE_A "]}}}"));
	assert_string_equal(source("/a.js"), "YWxlcnQoMSk=");
	assert_null(strstr(rig_run(&ann, "get_webapp", "{\"id\":\"%s\"}", w),
	    "YWxlcnQ"));
	assert_non_null(strstr(rig_text, "\"/a.js\":\"no\""));
	assert_non_null(strstr(rig_run(&ann, "save_webapp", "{\"webapp\":{"
	    "\"id\":\"%s\",\"assetSources\":{}}}", w),
	    "assetSources is not a known property"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_row),
		RIG_TEST(test_create),
		RIG_TEST(test_dropped),
		RIG_TEST(test_partial),
		RIG_TEST(test_files),
		RIG_TEST(test_file_errors),
		RIG_TEST(test_asset),
		RIG_TEST(test_text),
		RIG_TEST(test_asset_delete),
		RIG_TEST(test_hidden_member),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
