/* SPDX-License-Identifier: ISC */
/*
 * table_test.c: the table tools: every error to the letter, data loss,
 * rebuilds, foreign keys, roles, and random sequences of saves.
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
#include "store_rig.h"

#define FIELDS "\"fields\":[{\"fieldName\":\"title\",\"fieldType\":\"text\"}," \
	"{\"fieldName\":\"n\",\"fieldType\":\"integer\"}]"
#define CREATE(name) "{\"table\":{\"name\":\"" name "\"," FIELDS "}}"

static char	id[64];

static void
make_books(void)
{
	snprintf(id, sizeof(id), "%s", rig_id(rig_run(&ann, "save_table",
	    CREATE("books"))));
}

static void
add_rows(void)
{
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"books\",\"rows\":["
	    "{\"title\":\"one\",\"n\":1},{\"title\":\"2\",\"n\":2},"
	    "{\"title\":null,\"n\":null}]}");
}

static void
test_create(void **state)
{
	const char	*r;

	r = rig_run(&ann, "save_table", CREATE("books"));
	snprintf(id, sizeof(id), "%s", rig_id(r));
	assert_string_equal(rig_member(r, "name"), "books");
	assert_string_equal(rig_member(r, "revision"), "1");
	assert_string_equal(rig_member(r, "package"), "null");
	assert_string_equal(rig_member(r, "createdBy"), "ann");
	assert_string_equal(rig_member(r, "createdAt"),
	    "2026-09-21T14:13:20.000Z");
	assert_string_equal(rig_member(r, "ver"), "26.09.21.1413");
	assert_string_equal(rig_member(r, "dataLoss"), "[]");
	assert_string_equal(rig_member(r, "changes"),
	    "[\"create table 'books' with 2 columns\"]");
	r = rig_run(&bob, "get_table", "{\"id\":\"%s\"}", id);
	assert_string_equal(rig_member(r, "name"), "books");
	ascii_lower(id);
	r = rig_run(&bob, "list_tables", "{}");
	assert_string_equal(rig_member(r, "total"), "1");
	/* The id in upper case is the same table. */
	{
		char	up[64];
		size_t	i;

		for (i = 0; i <= strlen(id); i++)
			up[i] = id[i] >= 'a' && id[i] <= 'z' ?
			    (char)(id[i] - 32) : id[i];
		rig_ok(&bob, "get_table", "{\"id\":\"%s\"}", up);
	}
}

/* get, change nothing, save: the definition stays as it is. */
static void
test_round_trip(void **state)
{
	json_t	*v, *args, *w;
	const char *r;

	rig_ok(&ann, "save_table", CREATE("parent"));
	r = rig_run(&ann, "save_table", "{\"table\":{\"name\":\"full\","
	    "\"description\":\"d\",\"fields\":["
	    "{\"fieldName\":\"a\",\"fieldType\":\"varchar\",\"length\":\"20\","
	    "\"default\":\"x\",\"isUnique\":true,\"isNullable\":false},"
	    "{\"fieldName\":\"b\",\"fieldType\":\"boolean\",\"default\":"
	    "\"true\"},"
	    "{\"fieldName\":\"c\",\"fieldType\":\"decimal\",\"default\":1.5},"
	    "{\"fieldName\":\"d\",\"fieldType\":\"enum\",\"enum\":[\"u\","
	    "\"v\"],"
	    "\"default\":\"v\"},"
	    "{\"fieldName\":\"e\",\"fieldType\":\"json\",\"default\":{\"k\":["
	    "1,0.1]}},"
	    "{\"fieldName\":\"f\",\"fieldType\":\"vector\"},"
	    "{\"fieldName\":\"g\",\"fieldType\":\"uuid\"},"
	    "{\"fieldName\":\"h\",\"fieldType\":\"timestamptz\",\"default\":"
	    "\"2026-01-01T01:00:00+01:00\"},"
	    "{\"fieldName\":\"From\",\"fieldType\":\"text\",\"minLength\":1,"
	    "\"maxLength\":\"9\",\"example\":{\"x\":1}}],"
	    "\"indices\":[{\"columns\":[\"From\",{\"fieldName\":\"c\"}],"
	    "\"isUnique\":true},{\"name\":\"v\",\"columns\":[\"f\"],"
	    "\"isVector\":true}],"
	    "\"foreignKeys\":[{\"referencedTable\":\"parent\",\"columns\":["
	    "\"g\"],"
	    "\"referencedTableColumns\":[\"id\"],\"onDelete\":\"cascade\"}],"
	    "\"rolesRead\":[\"alpha\"],\"rolesWrite\":[{\"id\":"
	    "\"" ROLE_A "\"}],"
	    "\"enableAudit\":true,\"includeDataInPackage\":true}}");
	snprintf(id, sizeof(id), "%s", rig_id(r));
	v = json_loads(rig_run(&ann, "get_table", "{\"id\":\"%s\"}", id), 0,
	    NULL);
	assert_string_equal(json_string_value(json_object_get(
	    json_array_get(json_object_get(v, "fields"), 7), "default")),
	    "2026-01-01T00:00:00.000Z");
	args = json_pack("{s:O}", "table", v);
	r = rig_args(&ann, "save_table", args);
	assert_string_equal(rig_member(r, "changes"), "[]");
	assert_string_equal(rig_member(r, "statements"), "[]");
	assert_string_equal(rig_member(r, "revision"), "2");
	w = json_loads(rig_run(&ann, "get_table", "{\"id\":\"%s\"}", id), 0,
	    NULL);
	json_object_del(v, "revision");
	json_object_del(w, "revision");
	assert_true(json_equal(v, w));
	json_decref(v);
	json_decref(w);
	json_decref(args);
}

#define SAVE1(f) "{\"table\":{\"name\":\"x\",\"fields\":[" f "]}}"

static void
test_field_errors(void **state)
{
	rig_fails("Invalid field type 'blob' for column 'a'", &ann,
	    "save_table", SAVE1("{\"fieldName\":\"a\",\"fieldType\":"
	    "\"blob\"}"));
	rig_fails("Column 'a' does not support length property", &ann,
	    "save_table", SAVE1("{\"fieldName\":\"a\",\"fieldType\":\"vector\","
	    "\"length\":\"3\"}"));
	rig_fails("Column 'a' does not support length property", &ann,
	    "save_table", SAVE1("{\"fieldName\":\"a\",\"fieldType\":\"text\","
	    "\"length\":3}"));
	rig_fails("Column 'a' needs an enum of 1 to 200 strings", &ann,
	    "save_table", SAVE1("{\"fieldName\":\"a\",\"fieldType\":"
	    "\"enum\"}"));
	rig_fails("Column 'a' does not support enum: its type is not enum",
	    &ann, "save_table", SAVE1("{\"fieldName\":\"a\",\"fieldType\":"
	    "\"text\",\"enum\":[\"x\"]}"));
	rig_fails("Column 'a' has an enum value twice", &ann, "save_table",
	    SAVE1("{\"fieldName\":\"a\",\"fieldType\":\"enum\",\"enum\":[\"x\","
	    "\"x\"]}"));
	rig_fails("Column 'a' cannot be unique: its type is json", &ann,
	    "save_table", SAVE1("{\"fieldName\":\"a\",\"fieldType\":\"json\","
	    "\"isUnique\":true}"));
	rig_fails("Column 'a' does not support default: its type is vector",
	    &ann, "save_table", SAVE1("{\"fieldName\":\"a\",\"fieldType\":"
	    "\"vector\",\"default\":[1]}"));
	rig_fails("Invalid default for column 'a': it must be an integer",
	    &ann, "save_table", SAVE1("{\"fieldName\":\"a\",\"fieldType\":"
	    "\"integer\",\"default\":\"x\"}"));
	rig_fails("Column 'a' does not support minLength and maxLength", &ann,
	    "save_table", SAVE1("{\"fieldName\":\"a\",\"fieldType\":"
	    "\"integer\",\"minLength\":1}"));
	rig_fails("Column 'a' has a minLength above its maxLength", &ann,
	    "save_table", SAVE1("{\"fieldName\":\"a\",\"fieldType\":"
	    "\"text\",\"minLength\":5,\"maxLength\":4}"));
	rig_fails("table.fields.0.fieldName 'createdAt' is a column that every"
	    " table has: take another name", &ann, "save_table",
	    SAVE1("{\"fieldName\":\"createdAt\",\"fieldType\":\"text\"}"));
	rig_fails("table.fields.0.fieldName 'ID' is a column that every"
	    " table has: take another name", &ann, "save_table",
	    SAVE1("{\"fieldName\":\"ID\",\"fieldType\":\"text\"}"));
	rig_fails("table.fields.1.fieldName 'A' stands twice: upper and lower "
	    "case do not make two columns", &ann, "save_table",
	    SAVE1("{\"fieldName\":\"a\",\"fieldType\":\"text\"},"
	    "{\"fieldName\":\"A\",\"fieldType\":\"text\"}"));
	rig_fails("table.fields.0.fieldName must be 1 to 63 ASCII letters, "
	    "digits and _", &ann, "save_table",
	    SAVE1("{\"fieldName\":\"a b\",\"fieldType\":\"text\"}"));
	/* A Cyrillic a looks like a Latin one and is refused. */
	rig_fails("table.fields.0.fieldName must be 1 to 63 ASCII letters, "
	    "digits and _", &ann, "save_table",
	    SAVE1("{\"fieldName\":\"n\\u0430me\",\"fieldType\":\"text\"}"));
}

static void
test_table_errors(void **state)
{
	make_books();
	rig_fails("table.name Required", &ann, "save_table",
	    "{\"table\":{" FIELDS "}}");
	rig_fails("table.fields Required", &ann, "save_table",
	    "{\"table\":{\"name\":\"x\"}}");
	rig_fails("name 'books' already exists!", &ann, "save_table",
	    CREATE("books"));
	rig_fails("name 'BOOKS' already exists!", &ann, "save_table",
	    CREATE("BOOKS"));
	rig_fails("table.name must be 1 to 63 ASCII letters, digits, _ and -",
	    &ann, "save_table", CREATE("a\\\"; DROP TABLE artifact; --"));
	rig_fails("table.name must be 1 to 63 ASCII letters, digits, _ and -",
	    &ann, "save_table", CREATE("b\\u043eoks"));
	rig_fails("Not Found", &ann, "save_table", "{\"table\":{\"id\":"
	    "\"12345678-1234-4234-8234-123456789012\"," FIELDS "}}");
	rig_fails("Not Found", &ann, "save_table", "{\"table\":{\"id\":"
	    "\"nonsense\"," FIELDS "}}");
	rig_fails("Not Found", &ann, "get_table",
	    "{\"id\":\"12345678-1234-4234-8234-123456789012\"}");
	rig_fails("Not Found", &ann, "delete_table",
	    "{\"id\":\"12345678-1234-4234-8234-123456789012\"}");
	rig_fails("table.rolesRead.0 names no role of this server: give the "
	    "id or name of an existing role", &ann, "save_table",
	    "{\"table\":{\"name\":\"x\"," FIELDS ",\"rolesRead\":[\"nope\"]}}");
	rig_fails("table.indices.0.columns.0 'zz' is not a column of the "
	    "table", &ann, "save_table", "{\"table\":{\"name\":\"x\"," FIELDS
	    ",\"indices\":[{\"columns\":[\"zz\"]}]}}");
	rig_fails("table.foreignKeys.0.referencedTable 'zz' is not a table",
	    &ann, "save_table", "{\"table\":{\"name\":\"x\"," FIELDS
	    ",\"foreignKeys\":[{\"referencedTable\":\"zz\",\"columns\":"
	    "[\"title\"]}]}}");
	rig_fails("table.foreignKeys.0.referencedTableColumns must be id, or "
	    "unique in table 'books'", &ann, "save_table", "{\"table\":{"
	    "\"name\":\"x\"," FIELDS ",\"foreignKeys\":[{\"referencedTable\":"
	    "\"books\",\"columns\":[\"title\"],\"referencedTableColumns\":"
	    "[\"title\"]}]}}");
	rig_fails("table.foreignKeys.0.referencedTableColumns.0 'id' has "
	    "another type than 'n'", &ann, "save_table", "{\"table\":{"
	    "\"name\":\"x\"," FIELDS ",\"foreignKeys\":[{\"referencedTable\":"
	    "\"books\",\"columns\":[\"n\"]}]}}");
	rig_fails("expectedRevision is only for a record that exists: give "
	    "its id", &ann, "save_table", "{\"expectedRevision\":1,\"table\":{"
	    "\"name\":\"x\"," FIELDS "}}");
	/* Unknown keys never pass, at any depth. */
	assert_int_equal(rig_run(&ann, "save_table", "{\"table\":{\"name\":"
	    "\"x\",\"colour\":1," FIELDS "}}")[0], '!');
	assert_non_null(strstr(rig_text, "colour"));
	assert_int_equal(rig_run(&ann, "save_table", SAVE1("{\"fieldName\":"
	    "\"a\",\"fieldType\":\"text\",\"colour\":1}"))[0], '!');
	assert_non_null(strstr(rig_text, "colour"));
}

static void
test_revision(void **state)
{
	make_books();
	rig_ok(&ann, "save_table", "{\"expectedRevision\":1,\"table\":{\"id\":"
	    "\"%s\",\"description\":\"d\"}}", id);
	rig_fails("books has revision 2, not 1 as expectedRevision says: it "
	    "was changed by ann; read it again", &bob, "save_table",
	    "{\"expectedRevision\":1,\"table\":{\"id\":\"%s\","
	    "\"description\":\"e\"}}", id);
	/* The revision inside the record counts too. */
	rig_fails("books has revision 2, not 1 as expectedRevision says: it "
	    "was changed by ann; read it again", &bob, "save_table",
	    "{\"table\":{\"id\":\"%s\",\"revision\":1}}", id);
	rig_fails("books has revision 2, not 1 as expectedRevision says: it "
	    "was changed by ann; read it again", &bob, "delete_table",
	    "{\"id\":\"%s\",\"expectedRevision\":1}", id);
	/* Absent keys are kept. */
	rig_ok(&bob, "save_table", "{\"expectedRevision\":2,\"table\":{\"id\":"
	    "\"%s\",\"enableAudit\":true}}", id);
	assert_string_equal(rig_member(rig_run(&bob, "get_table",
	    "{\"id\":\"%s\"}", id), "description"), "d");
	assert_string_equal(rig_member(rig_run(&bob, "get_table",
	    "{\"id\":\"%s\"}", id), "changedBy"), "bob");
}

#define UPDATE(f) "{\"table\":{\"id\":\"%s\",\"fields\":[" f "]}}"
#define UPDATE_IGNORE(f) "{\"ignoreWarning\":true,\"table\":{\"id\":\"%s\"," \
	"\"fields\":[" f "]}}"
#define LOSS "This save would lose data and was not done: "
#define LOSS_END ". Pass ignoreWarning true to do it all the same, or " \
	"dryRun true to see all of it"

static void
test_loss(void **state)
{
	make_books();
	add_rows();
	rig_fails(LOSS "column 'n': values dropped in 2 rows" LOSS_END, &ann,
	    "save_table", UPDATE("{\"fieldName\":\"title\",\"fieldType\":"
	    "\"text\"}"), id);
	rig_fails(LOSS "column 'title': values that do not fit the new type "
	    "in 1 rows" LOSS_END, &ann, "save_table",
	    UPDATE("{\"fieldName\":\"title\",\"fieldType\":\"integer\"},"
	    "{\"fieldName\":\"n\",\"fieldType\":\"integer\"}"), id);
	rig_fails(LOSS "column 'title': texts cut to the new length in 1 rows"
	    LOSS_END, &ann, "save_table", UPDATE("{\"fieldName\":\"title\","
	    "\"fieldType\":\"varchar\",\"length\":2},{\"fieldName\":\"n\","
	    "\"fieldType\":\"integer\"}"), id);
	rig_fails("Column 'n' must not be null, but 1 rows would be without a "
	    "value: give it a default or isNullable", &ann, "save_table",
	    UPDATE("{\"fieldName\":\"title\",\"fieldType\":\"text\"},"
	    "{\"fieldName\":\"n\",\"fieldType\":\"integer\",\"isNullable\":"
	    "false}"), id);
	rig_fails("Column 'x' must not be null, but the table has rows: give "
	    "it a default or isNullable", &ann, "save_table",
	    UPDATE("{\"fieldName\":\"title\",\"fieldType\":\"text\"},"
	    "{\"fieldName\":\"n\",\"fieldType\":\"integer\"},"
	    "{\"fieldName\":\"x\",\"fieldType\":\"text\",\"isNullable\":"
	    "false}"),
	    id);
	rig_fails("generationStrategy cannot change while the table has rows",
	    &ann, "save_table", "{\"table\":{\"id\":\"%s\","
	    "\"generationStrategy\":\"incremental\"}}", id);
	/* A dry run says the same and changes nothing. */
	{
		const char	*r;

		r = rig_run(&ann, "save_table", "{\"dryRun\":true,\"table\":{"
		    "\"id\":\"%s\",\"fields\":[{\"fieldName\":\"n\","
		    "\"fieldType\":\"integer\"}]}}", id);
		assert_string_equal(rig_member(r, "dataLoss"), "[{\"column\":"
		    "\"title\",\"rows\":2,\"what\":\"values dropped\"}]");
		assert_string_equal(rig_member(r, "changes"),
		    "[\"drop column 'title'\"]");
	}
	assert_string_equal(rig_member(rig_run(&ann, "get_table",
	    "{\"id\":\"%s\"}", id), "revision"), "1");
	rig_fails("Table 'books' has 3 rows that would be lost; it was not "
	    "deleted. Pass ignoreWarning true to delete it all the same",
	    &ann, "delete_table", "{\"id\":\"%s\"}", id);
	rig_ok(&ann, "delete_table", "{\"id\":\"%s\",\"ignoreWarning\":true}",
	    id);
	assert_string_equal(rig_member(rig_run(&ann, "list_tables", "{}"),
	    "total"), "0");
}

static const char *
rows_text(void)
{
	return (rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"books\",\"select\":[\"title\",\"n\"]}"), "rows"));
}

static void
test_rebuild(void **state)
{
	char	ids[4096];

	make_books();
	add_rows();
	snprintf(ids, sizeof(ids), "%s", rig_member(rig_run(&ann,
	    "query_entity_table", "{\"table\":\"books\",\"select\":[\"id\","
	    "\"createdAt\",\"createdBy\"]}"), "rows"));
	/* Lossless: integers to text, a default where nothing was. */
	rig_ok(&ann, "save_table", UPDATE("{\"fieldName\":\"title\","
	    "\"fieldType\":\"varchar\",\"length\":10,\"isNullable\":false,"
	    "\"default\":\"-\"},{\"fieldName\":\"n\",\"fieldType\":\"text\"},"
	    "{\"fieldName\":\"x\",\"fieldType\":\"decimal\",\"default\":"
	    "\"1.50\","
	    "\"isNullable\":false}"), id);
	assert_string_equal(rows_text(), "[{\"title\":\"one\",\"n\":\"1\"},"
	    "{\"title\":\"2\",\"n\":\"2\"},{\"title\":\"-\",\"n\":null}]");
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"books\",\"where\":{\"x\":\"1.5\"}}"), "total"), "3");
	/* And with loss: what does not fit goes, the rest stays. */
	rig_ok(&ann, "save_table", UPDATE_IGNORE("{\"fieldName\":\"title\","
	    "\"fieldType\":\"bigint\"},{\"fieldName\":\"n\",\"fieldType\":"
	    "\"boolean\"}"), id);
	assert_string_equal(rows_text(), "[{\"title\":null,\"n\":null},"
	    "{\"title\":2,\"n\":null},{\"title\":null,\"n\":null}]");
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"books\",\"select\":[\"id\",\"createdAt\","
	    "\"createdBy\"]}"), "rows"), ids);
	/* No leftover of the physical side. */
	{
		struct buf	b;

		char		*p;
		int		 n = 0;

		buf_init(&b, 0);
		store_dump(&b);
		buf_addc(&b, '\0');
		for (p = (char *)b.data; (p = strstr(p, "FROM t_")) != NULL;
		    p++)
			n++;
		assert_int_equal(n, 1);
		buf_free(&b);
	}
}

/* Columns that are added to rows: nothing is copied where it need not be. */
static void
test_add(void **state)
{
	make_books();
	add_rows();
	rig_ok(&ann, "save_table", UPDATE("{\"fieldName\":\"title\","
	    "\"fieldType\":\"text\"},{\"fieldName\":\"n\",\"fieldType\":"
	    "\"integer\"},{\"fieldName\":\"x\",\"fieldType\":\"text\","
	    "\"default\":\"d\"}"), id);
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"books\",\"where\":{\"x\":\"d\"}}"), "total"), "3");
	rig_ok(&ann, "save_table", UPDATE("{\"fieldName\":\"title\","
	    "\"fieldType\":\"text\"},{\"fieldName\":\"n\",\"fieldType\":"
	    "\"integer\"},{\"fieldName\":\"x\",\"fieldType\":\"text\"},"
	    "{\"fieldName\":\"y\",\"fieldType\":\"smallint\",\"isUnique\":"
	    "true}"), id);
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"books\",\"where\":{\"y\":null}}"), "total"), "3");
}

static void
test_rename(void **state)
{
	const char	*r;
	char		 f[64];
	json_t		*v;

	make_books();
	add_rows();
	v = json_loads(rig_run(&ann, "get_table", "{\"id\":\"%s\"}", id), 0,
	    NULL);
	snprintf(f, sizeof(f), "%s", json_string_value(json_object_get(
	    json_array_get(json_object_get(v, "fields"), 0), "id")));
	json_decref(v);
	r = rig_run(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"name\":"
	    "\"Novels\",\"fields\":[{\"id\":\"%s\",\"fieldName\":\"heading\","
	    "\"fieldType\":\"text\"},{\"fieldName\":\"n\",\"fieldType\":"
	    "\"integer\"}]}}", id, f);
	assert_string_equal(rig_member(r, "changes"), "[\"rename table 'books' "
	    "to 'Novels'\",\"rename column 'title' to 'heading'\"]");
	assert_string_equal(rig_member(r, "statements"), "[]");
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"novels\",\"select\":[\"heading\"],\"take\":1}"),
	    "rows"), "[{\"heading\":\"one\"}]");
	rig_fails("Not Found: table 'books'", &ann, "query_entity_table",
	    "{\"table\":\"books\"}");
}

static void
test_unique(void **state)
{
	make_books();
	add_rows();
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"books\",\"rows\":["
	    "{\"title\":\"one\",\"n\":1}]}");
	rig_fails("Column 'title' cannot be unique: several rows have the "
	    "same value", &ann, "save_table", UPDATE("{\"fieldName\":"
	    "\"title\",\"fieldType\":\"text\",\"isUnique\":true},"
	    "{\"fieldName\":\"n\",\"fieldType\":\"integer\"}"), id);
	rig_fails("Index 'both' cannot be unique: several rows have the same "
	    "values", &ann, "save_table", "{\"table\":{\"id\":\"%s\","
	    "\"indices\":[{\"name\":\"both\",\"columns\":[\"title\",\"n\"],"
	    "\"isUnique\":true}]}}", id);
	rig_ok(&ann, "delete_entity_rows", "{\"table\":\"books\",\"where\":{"
	    "\"title\":\"one\"}}");
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"indices\":[{"
	    "\"name\":\"both\",\"columns\":[\"title\",\"n\"],\"isUnique\":"
	    "true}]"
	    "}}", id);
	rig_fails("rows.0: another row has this value of 'title, n' already, "
	    "which must be unique: nothing was changed", &ann,
	    "insert_entity_rows", "{\"table\":\"books\",\"rows\":[{\"title\":"
	    "\"2\",\"n\":2}]}");
	/* The index goes with its line in the definition. */
	assert_string_equal(rig_member(rig_run(&ann, "save_table",
	    "{\"table\":{\"id\":\"%s\",\"indices\":[]}}", id), "changes"),
	    "[\"drop index 'both'\"]");
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"books\",\"rows\":[{"
	    "\"title\":\"2\",\"n\":2}]}");
}

static char	child[64];

static void
make_family(const char *on_delete)
{
	make_books();
	snprintf(child, sizeof(child), "%s", rig_id(rig_run(&ann,
	    "save_table", "{\"table\":{\"name\":\"loans\",\"fields\":[{"
	    "\"fieldName\":\"book\",\"fieldType\":\"uuid\"}],\"foreignKeys\":[{"
	    "\"name\":\"of\",\"referencedTable\":\"books\",\"columns\":["
	    "\"book\"],\"onDelete\":\"%s\"}]}}", on_delete)));
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"books\",\"rows\":["
	    "{\"id\":\"11111111-1111-4111-8111-111111111111\",\"n\":1},"
	    "{\"id\":\"22222222-2222-4222-8222-222222222222\",\"n\":2}]}");
	/* Case of a UUID does not count. */
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"loans\",\"rows\":["
	    "{\"book\":\"11111111-1111-4111-8111-111111111111\"},"
	    "{\"book\":\"22222222-2222-4222-8222-222222222222\"},{}]}");
}

static void
test_keys(void **state)
{
	make_family("RESTRICT");
	rig_fails("rows.0: no row of the referenced table has this value of "
	    "'book' (foreign key 'of'): nothing was changed", &ann,
	    "insert_entity_rows", "{\"table\":\"loans\",\"rows\":[{\"book\":"
	    "\"33333333-1111-4111-8111-111111111111\"}]}");
	rig_fails("no row of the referenced table has this value of 'book' "
	    "(foreign key 'of'): nothing was changed", &ann,
	    "update_entity_rows", "{\"table\":\"loans\",\"where\":{\"book\":"
	    "null},\"set\":{\"book\":"
	    "\"33333333-1111-4111-8111-111111111111\"}}");
	rig_fails("Rows of 'books' are in use by table 'loans' (foreign key "
	    "'of'): nothing was changed", &ann, "delete_entity_rows",
	    "{\"table\":\"books\",\"where\":{\"n\":1}}");
	rig_fails("Table 'books' is in use by a foreign key of table 'loans': "
	    "delete that key first", &ann, "delete_table",
	    "{\"id\":\"%s\",\"ignoreWarning\":true}", id);
	/* A parent that is rebuilt keeps its children. */
	rig_ok(&ann, "save_table", UPDATE("{\"fieldName\":\"title\","
	    "\"fieldType\":\"text\"},{\"fieldName\":\"n\",\"fieldType\":"
	    "\"bigint\"}"), id);
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"loans\"}"), "total"), "3");
	rig_fails("Rows of 'books' are in use by table 'loans' (foreign key "
	    "'of'): nothing was changed", &ann, "delete_entity_rows",
	    "{\"table\":\"books\",\"where\":{\"n\":1}}");
	/* Renamed parents are renamed in their children. */
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"name\":"
	    "\"tomes\"}}", id);
	assert_non_null(strstr(rig_run(&ann, "get_table", "{\"id\":\"%s\"}",
	    child), "\"referencedTable\":\"tomes\""));
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"description\":"
	    "\"x\"}}", child);
	/* The key goes, then the parent may. */
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"foreignKeys\":"
	    "[]}}", child);
	rig_ok(&ann, "delete_table", "{\"id\":\"%s\",\"ignoreWarning\":true}",
	    id);
	/* And it cannot come back over rows that have no parent. */
	rig_ok(&ann, "save_table", CREATE("books"));
	rig_fails("Foreign key 'of' does not hold: 2 rows have a value that "
	    "table 'books' does not have", &ann, "save_table", "{\"table\":{"
	    "\"id\":\"%s\",\"foreignKeys\":[{\"name\":\"of\","
	    "\"referencedTable\":\"books\",\"columns\":[\"book\"]}]}}", child);
}

static void
test_cascade(void **state)
{
	make_family("CASCADE");
	rig_ok(&ann, "delete_entity_rows", "{\"table\":\"books\",\"where\":{"
	    "\"n\":1}}");
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"loans\"}"), "total"), "2");
	/* A rebuild of the parent must not cascade. */
	rig_ok(&ann, "save_table", UPDATE("{\"fieldName\":\"title\","
	    "\"fieldType\":\"text\"},{\"fieldName\":\"n\",\"fieldType\":"
	    "\"bigint\"}"), id);
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"loans\"}"), "total"), "2");
}

static void
test_set_null(void **state)
{
	make_family("SET NULL");
	rig_ok(&ann, "delete_entity_rows", "{\"table\":\"books\",\"where\":{"
	    "\"n\":1}}");
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"loans\",\"where\":{\"book\":null}}"), "total"), "2");
	rig_fails("table.foreignKeys.0 onDelete SET NULL needs columns with "
	    "isNullable", &ann, "save_table", "{\"table\":{\"name\":\"x\","
	    "\"fields\":[{\"fieldName\":\"b\",\"fieldType\":\"uuid\","
	    "\"isNullable\":false}],\"foreignKeys\":[{\"referencedTable\":"
	    "\"books\",\"columns\":[\"b\"],\"onDelete\":\"SET NULL\"}]}}");
}

/* Columns that other tables point to are held. */
static void
test_referenced(void **state)
{
	rig_ok(&ann, "save_table", "{\"table\":{\"name\":\"p\",\"fields\":[{"
	    "\"fieldName\":\"code\",\"fieldType\":\"varchar\",\"isUnique\":"
	    "true}]}}");
	snprintf(id, sizeof(id), "%s", rig_id(rig_text));
	rig_ok(&ann, "save_table", "{\"table\":{\"name\":\"c\",\"fields\":[{"
	    "\"fieldName\":\"code\",\"fieldType\":\"varchar\"},{\"fieldName\":"
	    "\"up\",\"fieldType\":\"uuid\"}],\"foreignKeys\":[{\"name\":\"k\","
	    "\"referencedTable\":\"p\",\"columns\":[\"code\"],"
	    "\"referencedTableColumns\":[\"code\"]},{\"name\":\"self\","
	    "\"referencedTable\":\"c\",\"columns\":[\"up\"]}]}}");
	snprintf(child, sizeof(child), "%s", rig_id(rig_text));
	rig_fails("Foreign key 'k' of table 'c' needs a column of 'p' as it "
	    "is: change that key first", &ann, "save_table",
	    UPDATE("{\"fieldName\":\"code\",\"fieldType\":\"varchar\"}"), id);
	rig_fails("Foreign key 'k' of table 'c' needs a column of 'p' as it "
	    "is: change that key first", &ann, "save_table",
	    UPDATE("{\"fieldName\":\"x\",\"fieldType\":\"text\"}"), id);
	/* A table may point to itself, be rebuilt and deleted. */
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"c\",\"rows\":[{"
	    "\"id\":\"11111111-1111-4111-8111-111111111111\"},{\"up\":"
	    "\"11111111-1111-4111-8111-111111111111\"}]}");
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"name\":\"cc\","
	    "\"fields\":[{\"fieldName\":\"code\",\"fieldType\":\"varchar\"},{"
	    "\"fieldName\":\"up\",\"fieldType\":\"uuid\"},{\"fieldName\":\"z\","
	    "\"fieldType\":\"text\",\"isNullable\":false,\"default\":\"q\"}]}}",
	    child);
	rig_fails("Rows of 'cc' are in use by table 'cc' (foreign key "
	    "'self'): nothing was changed", &ann, "delete_entity_rows",
	    "{\"table\":\"cc\",\"where\":{\"up\":null}}");
	rig_ok(&ann, "delete_table", "{\"id\":\"%s\",\"ignoreWarning\":true}",
	    child);
	rig_ok(&ann, "delete_table", "{\"id\":\"%s\"}", id);
}

/* rolesRead and rolesWrite of tables with rows. */
static void
test_roles(void **state)
{
	char	other[64];

	rig_ok(&ann, "save_table", "{\"table\":{\"name\":\"books\"," FIELDS
	    ",\"rolesRead\":[\"alpha\"],\"rolesWrite\":[\"alpha\"]}}");
	snprintf(id, sizeof(id), "%s", rig_id(rig_text));
	/* Empty: bob may change it, and not yet point to it. */
	rig_ok(&bob, "save_table", "{\"table\":{\"id\":\"%s\",\"description\":"
	    "\"x\"}}", id);
	rig_fails("A foreign key to table 'books' needs its rolesRead and "
	    "rolesWrite", &bob, "save_table", "{\"table\":{\"name\":\"x\","
	    "\"fields\":[{\"fieldName\":\"b\",\"fieldType\":\"uuid\"}],"
	    "\"foreignKeys\":[{\"referencedTable\":\"books\",\"columns\":["
	    "\"b\"]}]}}");
	add_rows();
	rig_fails("Table 'books' has rows: to change it takes its rolesRead "
	    "and rolesWrite", &bob, "save_table", "{\"table\":{\"id\":\"%s\","
	    "\"rolesRead\":[],\"rolesWrite\":[]}}", id);
	rig_fails("Table 'books' has rows: to change it takes its rolesRead "
	    "and rolesWrite", &bob, "delete_table", "{\"id\":\"%s\","
	    "\"ignoreWarning\":true}", id);
	/* Neither does a Global Admin get at rows without the role. */
	rig_fails("Table 'books' has rows: to change it takes its rolesRead "
	    "and rolesWrite", &root, "delete_table", "{\"id\":\"%s\","
	    "\"ignoreWarning\":true}", id);
	/* A hidden table answers as one that is not there. */
	rig_fails("Not Found: table 'books'", &bob, "query_entity_table",
	    "{\"table\":\"books\"}");
	rig_fails("Not Found: table 'bookz'", &bob, "query_entity_table",
	    "{\"table\":\"bookz\"}");
	rig_fails("Not Found: table 'books'", &bob, "insert_entity_rows",
	    "{\"table\":\"books\",\"rows\":[{}]}");
	rig_fails("Not Found: table 'books'", &bob, "update_entity_rows",
	    "{\"table\":\"books\",\"where\":{\"n\":1},\"set\":{\"n\":2}}");
	rig_fails("Not Found: table 'books'", &bob, "delete_entity_rows",
	    "{\"table\":\"books\",\"where\":{\"n\":1}}");
	/* Readers who may not write are told so. */
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"rolesRead\":["
	    "\"alpha\",\"beta\"]}}", id);
	rig_ok(&bob, "query_entity_table", "{\"table\":\"books\"}");
	rig_fails("Access denied: table 'books' takes changes of rows only "
	    "from its rolesWrite", &bob, "insert_entity_rows",
	    "{\"table\":\"books\",\"rows\":[{}]}");
	/* Who may only add may not look. */
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"rolesRead\":["
	    "\"alpha\"],\"rolesWrite\":[\"alpha\",\"beta\"]}}", id);
	rig_ok(&bob, "insert_entity_rows", "{\"table\":\"books\",\"rows\":[{"
	    "\"n\":9}]}");
	rig_fails("Not Found: table 'books'", &bob, "delete_entity_rows",
	    "{\"table\":\"books\",\"where\":{\"n\":9}}");
	(void)other;
}

/* By a key with CASCADE bob would have deleted rows that are alpha's. */
static void
test_bug_foreign_key_without_the_roles_of_its_table(void **state)
{
	rig_ok(&ann, "save_table", "{\"table\":{\"name\":\"books\"," FIELDS
	    ",\"rolesRead\":[\"alpha\"],\"rolesWrite\":[\"alpha\"]}}");
	snprintf(id, sizeof(id), "%s", rig_id(rig_text));
	rig_ok(&bob, "save_table", CREATE("bait"));
	rig_fails("A foreign key of table 'books' needs its rolesRead and "
	    "rolesWrite", &bob, "save_table", "{\"table\":{\"id\":\"%s\","
	    "\"foreignKeys\":[{\"referencedTable\":\"bait\",\"columns\":["
	    "\"title\"],\"onDelete\":\"CASCADE\"}]}}", id);
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\","
	    "\"foreignKeys\":[{\"referencedTable\":\"bait\",\"columns\":["
	    "\"title\"]}]}}", id);
	/* A key that was there before stands in nobody's way. */
	rig_ok(&bob, "save_table", "{\"table\":{\"id\":\"%s\","
	    "\"description\":\"x\"}}", id);
}

/* Who may not list tables was told their names by their locks. */
static void
test_bug_locks_named_what_may_not_be_seen(void **state)
{
	struct caller	eve = bob;

	make_books();
	rig_ok(&ann, "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	eve.display = eve.edit = PERM_BIT(PERM_LOCKS);
	assert_string_equal(rig_member(rig_run(&eve, "list_locks", "{}"),
	    "count"), "0");
	eve.display |= PERM_BIT(PERM_TABLEDEFINITION);
	assert_string_equal(rig_member(rig_run(&eve, "list_locks", "{}"),
	    "count"), "1");
}

static void
test_lock(void **state)
{
	make_books();
	rig_ok(&ann, "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	rig_fails("books is locked by ann since 2026-09-21T14:13:20.000Z",
	    &bob, "save_table", "{\"table\":{\"id\":\"%s\"}}", id);
	rig_fails("books is locked by ann since 2026-09-21T14:13:20.000Z",
	    &bob, "delete_table", "{\"id\":\"%s\"}", id);
	rig_fails("books is locked by ann since 2026-09-21T14:13:20.000Z",
	    &bob, "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	rig_fails("books is locked by ann since 2026-09-21T14:13:20.000Z",
	    &bob, "release_lock", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	rig_fails("Only Global Admins can delete locks; release_lock gives "
	    "back your own", &bob, "delete_lock",
	    "{\"type\":\"table\",\"id\":\"%s\"}", id);
	assert_string_equal(rig_member(rig_run(&bob, "list_locks", "{}"),
	    "count"), "1");
	/* The own lock passes. */
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\"}}", id);
	rig_ok(&ann, "release_lock", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	rig_fails("books is not locked", &ann, "release_lock",
	    "{\"type\":\"table\",\"id\":\"%s\"}", id);
	rig_ok(&bob, "save_table", "{\"table\":{\"id\":\"%s\"}}", id);
	rig_ok(&bob, "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	rig_ok(&root, "delete_lock", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	/* The id of what is locked is enough to let go. */
	rig_fails("Not Found", &root, "delete_lock", "{\"id\":\"%s\"}", id);
	rig_ok(&bob, "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	rig_ok(&root, "delete_lock", "{\"id\":\"%s\"}", id);
	/* A lock ends by itself. */
	rig_ok(&bob, "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	rig_now += 601000;
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\"}}", id);
	rig_now -= 601000;
	/* A role without Edit of the type takes no lock. */
	bob.edit &= ~PERM_BIT(PERM_TABLEDEFINITION);
	rig_fails("Access denied: no permission for tabledefinition", &bob,
	    "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}", id);
	bob.edit = PERM_ALL;
}

/* Strings that would be SQL are only strings. */
static void
test_injection(void **state)
{
	static const char *const evil[] = { "'; DROP TABLE artifact; --",
	    "\\\" OR 1=1 --", "t_1", "c_1; SELECT", "\\u0027||sqlite_version()",
	    "%s%n", "?1", "1) UNION SELECT def FROM artifact --" };
	size_t	i;

	make_books();
	for (i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		rig_ok(&ann, "insert_entity_rows", "{\"table\":\"books\","
		    "\"rows\":[{\"title\":\"%s\"}]}", evil[i]);
		assert_string_equal(rig_member(rig_run(&ann,
		    "query_entity_table", "{\"table\":\"books\",\"where\":{"
		    "\"title\":\"%s\"}}", evil[i]), "total"), "1");
		assert_int_equal(rig_run(&ann, "query_entity_table",
		    "{\"table\":\"%s\"}", evil[i])[0], '!');
		assert_int_equal(rig_run(&ann, "query_entity_table",
		    "{\"table\":\"books\",\"where\":{\"%s\":1}}",
		    evil[i])[0], '!');
		assert_int_equal(rig_run(&ann, "query_entity_table",
		    "{\"table\":\"books\",\"select\":[\"%s\"]}",
		    evil[i])[0], '!');
		assert_int_equal(rig_run(&ann, "query_entity_table",
		    "{\"table\":\"books\",\"order\":{\"%s\":\"ASC\"}}",
		    evil[i])[0], '!');
		assert_int_equal(rig_run(&ann, "query_entity_table",
		    "{\"table\":\"books\",\"order\":{\"n\":\"%s\"}}",
		    evil[i])[0], '!');
		rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\","
		    "\"description\":\"%s\"}}", id, evil[i]);
	}
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"fields\":[{"
	    "\"fieldName\":\"title\",\"fieldType\":\"text\",\"default\":"
	    "\"'; DROP TABLE artifact; --\"},{\"fieldName\":\"n\","
	    "\"fieldType\":\"integer\"},{\"fieldName\":\"select\","
	    "\"fieldType\":\"enum\",\"enum\":[\"') --\",\"x\"],\"default\":"
	    "\"') --\",\"isNullable\":false}]}}", id);
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"books\",\"where\":{\"select\":\"') --\"}}"),
	    "total"), "8");
}

/* ---- random sequences ---- */

static unsigned int	seed;

static unsigned int
rnd(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return ((seed >> 16) % n);
}

static void
random_fields(struct buf *b)
{
	unsigned int	i, n = 1 + rnd(5), type;

	for (i = 0; i < n; i++) {
		type = rnd(FT_MAX);
		/* Mostly the same names, so that columns are kept. */
		buf_addf(b, "%s{\"fieldName\":\"%c%u\",\"fieldType\":\"%s\"",
		    i != 0 ? "," : "", 'a' + (int)(rnd(4) == 0), i,
		    ftype_row((enum ftype)type)->name);
		if (type == FT_ENUM)
			buf_adds(b, ",\"enum\":[\"1\",\"x\",\"true\"]");
		if (rnd(4) == 0)
			buf_adds(b, ",\"isUnique\":true");
		if (rnd(4) == 0)
			buf_adds(b, ",\"isNullable\":false");
		if (rnd(3) == 0)
			buf_adds(b, ",\"default\":\"1\"");
		buf_addc(b, '}');
	}
}

static void
random_save(struct buf *b, const char *table, unsigned int name)
{
	buf_adds(b, "{\"table\":{");
	if (table[0] != '\0')
		buf_addf(b, "\"id\":\"%s\",", table);
	buf_addf(b, "\"name\":\"t%u\",\"fields\":[", name);
	random_fields(b);
	if (rnd(4) == 0)
		buf_addf(b, "],\"indices\":[{\"columns\":[\"a0\"%s],"
		    "\"isUnique\":%s}]}", rnd(2) ? ",\"createdAt\"" : "",
		    rnd(2) ? "true" : "false");
	else
		buf_adds(b, "]}");
	if (rnd(2))
		buf_adds(b, ",\"ignoreWarning\":true");
}

static void
dump(struct buf *b)
{
	buf_init(b, 0);
	assert_int_equal(store_dump(b), 0);
}

/*
 * A dry run changes nothing; applying after it yields what it announced;
 * a refused save leaves the store as it was to the byte.
 */
static void
test_random(void **state)
{
	static char	 tables[4][64], want[3][65536];
	static const char *const keys[] = { "changes", "dataLoss",
	    "statements" };
	struct buf	 b, before, after;
	unsigned int	 i, k, t, applied = 0, refused = 0;
	const char	*r;

	for (i = 0; i < 600; i++) {
		seed = i * 7919;
		t = rnd(4);
		if (tables[t][0] != '\0' && rnd(2))
			rig_run(&ann, "insert_entity_rows", "{\"table\":"
			    "\"t%u\",\"rows\":[{\"a0\":%s},{}]}", t,
			    rnd(2) ? "1" : "\"x\"");
		buf_init(&b, 0);
		random_save(&b, tables[t], t);
		dump(&before);
		r = rig_run(&ann, "save_table", "%.*s,\"dryRun\":true}",
		    (int)b.len, (char *)b.data);
		for (k = 0; k < 3 && r[0] != '!'; k++)
			snprintf(want[k], sizeof(want[k]), "%s",
			    rig_member(rig_text, keys[k]));
		k = r[0] == '!';
		dump(&after);
		assert_int_equal(before.len, after.len);
		assert_memory_equal(before.data, after.data, before.len);
		buf_free(&after);
		r = rig_run(&ann, "save_table", "%.*s}", (int)b.len,
		    (char *)b.data);
		if (r[0] != '!') {
			assert_int_equal(k, 0);
			for (k = 0; k < 3; k++)
				assert_string_equal(want[k],
				    rig_member(rig_text, keys[k]));
			snprintf(tables[t], sizeof(tables[t]), "%s",
			    rig_id(rig_text));
			applied++;
		} else {
			/* Only for data loss may the two differ. */
			assert_true(k || strncmp(r, "!" LOSS,
			    strlen("!" LOSS)) == 0);
			dump(&after);
			assert_int_equal(before.len, after.len);
			assert_memory_equal(before.data, after.data,
			    before.len);
			buf_free(&after);
			refused++;
		}
		buf_free(&before);
		buf_free(&b);
	}
	assert_true(applied > 100);
	assert_true(refused > 100);
	memset(tables, 0, sizeof(tables));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_create),
		RIG_TEST(test_round_trip),
		RIG_TEST(test_field_errors),
		RIG_TEST(test_table_errors),
		RIG_TEST(test_revision),
		RIG_TEST(test_loss),
		RIG_TEST(test_rebuild),
		RIG_TEST(test_add),
		RIG_TEST(test_rename),
		RIG_TEST(test_unique),
		RIG_TEST(test_keys),
		RIG_TEST(test_cascade),
		RIG_TEST(test_set_null),
		RIG_TEST(test_referenced),
		RIG_TEST(test_roles),
		RIG_TEST(test_bug_foreign_key_without_the_roles_of_its_table),
		RIG_TEST(test_bug_locks_named_what_may_not_be_seen),
		RIG_TEST(test_lock),
		RIG_TEST(test_injection),
		RIG_TEST(test_random),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
