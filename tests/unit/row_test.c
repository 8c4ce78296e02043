/* SPDX-License-Identifier: ISC */
/*
 * row_test.c: values by type, queries, inserts, updates and deletes.
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

static void
make(const char *fields)
{
	rig_ok(&ann, "save_table", "{\"table\":{\"name\":\"t\",\"fields\":["
	    "%s]}}", fields);
}

static void
make_types(void)
{
	make("{\"fieldName\":\"bo\",\"fieldType\":\"boolean\"},"
	    "{\"fieldName\":\"ch\",\"fieldType\":\"char\",\"length\":2},"
	    "{\"fieldName\":\"vc\",\"fieldType\":\"varchar\",\"length\":5},"
	    "{\"fieldName\":\"si\",\"fieldType\":\"smallint\"},"
	    "{\"fieldName\":\"it\",\"fieldType\":\"integer\"},"
	    "{\"fieldName\":\"bi\",\"fieldType\":\"bigint\"},"
	    "{\"fieldName\":\"de\",\"fieldType\":\"decimal\"},"
	    "{\"fieldName\":\"tt\",\"fieldType\":\"tinytext\"},"
	    "{\"fieldName\":\"st\",\"fieldType\":\"smalltext\"},"
	    "{\"fieldName\":\"mt\",\"fieldType\":\"mediumtext\"},"
	    "{\"fieldName\":\"tx\",\"fieldType\":\"text\",\"minLength\":2,"
	    "\"maxLength\":4},"
	    "{\"fieldName\":\"ts\",\"fieldType\":\"timestamp\"},"
	    "{\"fieldName\":\"tz\",\"fieldType\":\"timestamptz\"},"
	    "{\"fieldName\":\"en\",\"fieldType\":\"enum\",\"enum\":[\"u\","
	    "\"v\"]},"
	    "{\"fieldName\":\"uu\",\"fieldType\":\"uuid\"},"
	    "{\"fieldName\":\"js\",\"fieldType\":\"json\"},"
	    "{\"fieldName\":\"ve\",\"fieldType\":\"vector\"}");
}

/* What a value of a column comes back as; "!..." when it is refused. */
static const char *
store_value(const char *col, const char *value)
{
	const char	*r, *rows;
	static char	 out[65536];

	r = rig_run(&ann, "insert_entity_rows", "{\"table\":\"t\",\"rows\":[{"
	    "\"%s\":%s}]}", col, value);
	if (r[0] == '!')
		return (r);
	rows = rig_member(rig_run(&ann, "query_entity_table", "{\"table\":"
	    "\"t\",\"select\":[\"%s\"],\"order\":{\"createdAt\":\"ASC\"},"
	    "\"where\":{\"createdBy\":\"ann\"}}", col), "rows");
	snprintf(out, sizeof(out), "%s", rows);
	rig_ok(&ann, "delete_entity_rows", "{\"table\":\"t\",\"where\":{"
	    "\"createdBy\":\"ann\"}}");
	out[strlen(out) - 2] = '\0';
	return (strchr(out, ':') + 1);
}

static void
test_values(void **state)
{
	static const struct {
		const char	*col, *in, *out;
	} good[] = {
		{ "bo", "true", "true" }, { "bo", "false", "false" },
		{ "ch", "\"ab\"", "\"ab\"" }, { "ch", "\"\"", "\"\"" },
		/* Characters are counted, not bytes. */
		{ "vc", "\"\\u00e4\\u00f6\\u20ac\\ud83d\\ude00x\"",
		    "\"\303\244\303\266\342\202\254\360\237\230\200x\"" },
		{ "si", "-32768", "-32768" }, { "si", "32767", "32767" },
		{ "it", "-2147483648", "-2147483648" },
		{ "bi", "9007199254740991", "9007199254740991" },
		{ "bi", "9007199254740992", "\"9007199254740992\"" },
		{ "bi", "\"-9223372036854775808\"",
		    "\"-9223372036854775808\"" },
		{ "bi", "\"9223372036854775807\"",
		    "\"9223372036854775807\"" },
		{ "de", "\"12.50\"", "\"12.50\"" },
		{ "de", "\"-0.000\"", "\"-0.000\"" }, { "de", "12", "\"12\"" },
		{ "de", "0.1", "\"0.1\"" },
		{ "de", "\"123456789012345678901234567890.123456789\"",
		    "\"123456789012345678901234567890.123456789\"" },
		{ "tx", "\"a\\nb\"", "\"a\\nb\"" },
		{ "ts", "\"2026-02-28T23:59:59\"",
		    "\"2026-02-28T23:59:59.000\"" },
		{ "ts", "\"0001-01-01 00:00:00.5\"",
		    "\"0001-01-01T00:00:00.500\"" },
		{ "tz", "\"2024-02-29T00:30:00+01:00\"",
		    "\"2024-02-28T23:30:00.000Z\"" },
		{ "tz", "\"1969-12-31T23:59:59.999Z\"",
		    "\"1969-12-31T23:59:59.999Z\"" },
		{ "en", "\"v\"", "\"v\"" },
		{ "uu", "\"AAAAAAAA-0000-4000-8000-00000000000F\"",
		    "\"AAAAAAAA-0000-4000-8000-00000000000F\"" },
		{ "js", "{\"a\":[1,2.5,null,{\"b\":\"\\u00e4\"}]}",
		    "{\"a\":[1,2.5,null,{\"b\":\"\303\244\"}]}" },
		{ "js", "\"text\"", "\"text\"" }, { "js", "0.1", "0.1" },
		{ "it", "null", "null" }, { "ve", "null", "null" }
	};
	size_t	i;

	make_types();
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_string_equal(store_value(good[i].col, good[i].in),
		    good[i].out);
}

static void
test_bad_values(void **state)
{
	static const struct {
		const char	*col, *in, *why;
	} bad[] = {
		{ "bo", "1", "must be true or false, not an integer" },
		{ "bo", "\"x\"", "must be true or false, not a string" },
		{ "ch", "\"abc\"", "must not have more than 2 characters, "
		    "has 3" },
		{ "vc", "12", "must be a string, not an integer" },
		{ "si", "32768", "must be from -32768 to 32767" },
		{ "it", "2147483648", "must be from -2147483648 to "
		    "2147483647" },
		{ "it", "1.0", "must be an integer, not a number with a "
		    "fraction" },
		{ "it", "\"1\"", "must be an integer, not a string" },
		{ "bi", "\"9223372036854775808\"", "must be an integer" },
		{ "bi", "\" 1\"", "must be an integer" },
		{ "bi", "\"01\"", "must be an integer" },
		{ "de", "\"1e5\"", "must be a decimal number such as 12.50, "
		    "of at most 255 characters" },
		{ "de", "\"\"", "must be a decimal number such as 12.50, "
		    "of at most 255 characters" },
		{ "de", "\".5\"", "must be a decimal number such as 12.50, "
		    "of at most 255 characters" },
		{ "de", "0.12345678901234567", "cannot be kept exactly as a "
		    "number: send it as a string" },
		{ "de", "true", "must be a string such as \"12.50\", not a "
		    "boolean" },
		{ "tx", "\"a\"", "must have at least 2 characters "
		    "(minLength), has 1" },
		{ "tx", "\"abcde\"", "must not have more than 4 characters "
		    "(maxLength), has 5" },
		{ "ts", "\"2026-02-29T00:00:00\"", "must be a time without "
		    "zone, to the millisecond, such as "
		    "2026-01-31T12:00:00.000" },
		{ "ts", "\"2026-02-28T00:00:00Z\"", "must be a time without "
		    "zone, to the millisecond, such as "
		    "2026-01-31T12:00:00.000" },
		{ "tz", "\"2026-02-28T00:00:00\"", "must be a time with zone, "
		    "to the millisecond, such as 2026-01-31T12:00:00.000Z" },
		{ "tz", "\"2026-02-28T00:00:00.0001Z\"", "must be a time with "
		    "zone, to the millisecond, such as "
		    "2026-01-31T12:00:00.000Z" },
		{ "tz", "1790000000000", "must be a string with a time and "
		    "zone, not an integer" },
		{ "en", "\"w\"", "must be one of the values of its enum" },
		{ "uu", "\"x\"", "must be a UUID" },
		{ "ve", "[1,2]", "must be an array of 1536 numbers" },
		{ "id", "\"x\"", "must be a UUID" },
		{ "createdAt", "1", "is set by the server" },
		{ "zz", "1", "is not a column of the table" }
	};
	char	want[300];
	size_t	i;

	make_types();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(want, sizeof(want), "!rows.0.%s %s", bad[i].col,
		    bad[i].why);
		assert_string_equal(store_value(bad[i].col, bad[i].in), want);
	}
}

static void
test_vector(void **state)
{
	struct buf	b;
	int		i;

	make_types();
	buf_init(&b, 0);
	buf_addc(&b, '[');
	for (i = 0; i < VECTOR_DIM; i++)
		buf_addf(&b, "%s%d.25", i ? "," : "", i);
	buf_adds(&b, "]");
	buf_addc(&b, '\0');
	assert_string_equal(store_value("ve", (char *)b.data),
	    (char *)b.data);
	buf_free(&b);
}

static void
test_decimals(void **state)
{
	static const struct {
		const char	*a, *b;
		int		 want;
	} t[] = {
		{ "0", "-0", 0 }, { "0.0", "-0.000", 0 }, { "1", "1.00", 0 },
		{ "1.5", "1.50", 0 }, { "10", "9", 1 }, { "-10", "-9", -1 },
		{ "1.05", "1.5", -1 }, { "-1.05", "-1.5", 1 },
		{ "0.1", "0.01", 1 }, { "-0.1", "0", -1 }, { "2", "10", -1 },
		{ "99999999999999999999", "100000000000000000000", -1 },
		{ "1.00000000000000000001", "1", 1 }, { "-1", "1", -1 }
	};
	size_t	i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(decimal_compare(t[i].a, strlen(t[i].a),
		    t[i].b, strlen(t[i].b)), t[i].want);
		assert_int_equal(decimal_compare(t[i].b, strlen(t[i].b),
		    t[i].a, strlen(t[i].a)), -t[i].want);
	}
	make("{\"fieldName\":\"d\",\"fieldType\":\"decimal\"}");
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"t\",\"rows\":[{\"d\":"
	    "\"10\"},{\"d\":\"9.5\"},{\"d\":\"-3\"},{\"d\":\"9.50\"}]}");
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"t\",\"where\":{\"d\":\"9.500\"}}"), "total"), "2");
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"t\",\"select\":[\"d\"],\"order\":{\"d\":\"DESC\"},"
	    "\"take\":1}"), "rows"), "[{\"d\":\"10\"}]");
}

static void
fill(int n)
{
	struct buf	b;
	int		i;

	make("{\"fieldName\":\"a\",\"fieldType\":\"integer\"},"
	    "{\"fieldName\":\"s\",\"fieldType\":\"text\"}");
	buf_init(&b, 0);
	for (i = 0; i < n; i++)
		buf_addf(&b, "%s{\"a\":%d,\"s\":\"row %d\"}", i ? "," : "",
		    i % 3, i);
	buf_addc(&b, '\0');
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"t\",\"rows\":[%s]}",
	    (char *)b.data);
	buf_free(&b);
}

static void
test_query(void **state)
{
	const char	*r;

	fill(250);
	r = rig_run(&ann, "query_entity_table", "{\"table\":\"T\"}");
	assert_string_equal(rig_member(r, "table"), "t");
	assert_string_equal(rig_member(r, "total"), "250");
	assert_string_equal(rig_member(r, "count"), "100");
	assert_string_equal(rig_member(r, "take"), "100");
	r = rig_run(&ann, "query_entity_table", "{\"table\":\"t\",\"skip\":240,"
	    "\"select\":[\"s\"]}");
	assert_string_equal(rig_member(r, "count"), "10");
	assert_string_equal(rig_member(r, "total"), "250");
	assert_non_null(strstr(r, "[{\"s\":\"row 240\"},{\"s\":\"row 241\"}"));
	r = rig_run(&ann, "query_entity_table", "{\"table\":\"t\",\"skip\":"
	    "300}");
	assert_string_equal(rig_member(r, "total"), "250");
	assert_string_equal(rig_member(r, "rows"), "[]");
	r = rig_run(&ann, "query_entity_table", "{\"table\":\"t\",\"take\":0}");
	assert_string_equal(rig_member(r, "total"), "250");
	r = rig_run(&ann, "query_entity_table", "{\"table\":\"t\",\"where\":{"
	    "\"a\":1,\"s\":\"row 4\"},\"select\":[\"s\",\"a\"]}");
	assert_string_equal(rig_member(r, "rows"),
	    "[{\"s\":\"row 4\",\"a\":1}]");
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"t\",\"rows\":[{}]}");
	r = rig_run(&ann, "query_entity_table", "{\"table\":\"t\",\"where\":{"
	    "\"a\":null}}");
	assert_string_equal(rig_member(r, "total"), "1");
	rig_fails("where.zz is not a column of table 't'", &ann,
	    "query_entity_table", "{\"table\":\"t\",\"where\":{\"zz\":1}}");
	rig_fails("where.a must be an integer, not a string", &ann,
	    "query_entity_table", "{\"table\":\"t\",\"where\":{\"a\":\"1\"}}");
	rig_fails("select.0 'zz' is not a column of table 't'", &ann,
	    "query_entity_table", "{\"table\":\"t\",\"select\":[\"zz\"]}");
	rig_fails("order.a must be ASC or DESC", &ann,
	    "query_entity_table", "{\"table\":\"t\",\"order\":{\"a\":\"up\"}}");
	rig_fails("Not Found: table 'artifact'", &ann,
	    "query_entity_table", "{\"table\":\"artifact\"}");
	rig_fails("Not Found: table 't_1'", &ann,
	    "query_entity_table", "{\"table\":\"t_1\"}");
	assert_int_equal(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"t\",\"take\":1001}")[0], '!');
}

/* Pages of equal rows neither overlap nor leave one out. */
static void
test_order(void **state)
{
	json_t	*v, *seen = json_object();
	const char *s, *last = "";
	size_t	 i, k;
	char	 prev[64] = "";

	fill(200);
	for (i = 0; i < 200; i += 50) {
		v = json_loads(rig_run(&ann, "query_entity_table",
		    "{\"table\":\"t\",\"where\":{\"createdBy\":\"ann\"},"
		    "\"order\":{\"createdAt\":\"DESC\"},\"skip\":%zu,"
		    "\"take\":50}", i), 0, NULL);
		for (k = 0; k < 50; k++) {
			s = json_string_value(json_object_get(json_array_get(
			    json_object_get(v, "rows"), k), "id"));
			assert_null(json_object_get(seen, s));
			assert_true(strcmp(prev, s) < 0);
			snprintf(prev, sizeof(prev), "%s", s);
			json_object_set_new(seen, s, json_true());
		}
		json_decref(v);
	}
	assert_int_equal(json_object_size(seen), 200);
	json_decref(seen);
	(void)last;
}

static void
test_bounds(void **state)
{
	struct buf	b;
	const char	*r;
	int		i;

	make("{\"fieldName\":\"s\",\"fieldType\":\"text\"}");
	buf_init(&b, 0);
	for (i = 0; i < 5000; i++)
		buf_addc(&b, 'x');
	buf_addc(&b, '\0');
	for (i = 0; i < 60; i++)
		rig_ok(&ann, "insert_entity_rows", "{\"table\":\"t\",\"rows\":"
		    "[{\"s\":\"%s\"}]}", (char *)b.data);
	buf_free(&b);
	r = rig_run(&ann, "query_entity_table", "{\"table\":\"t\"}");
	assert_string_equal(rig_member(r, "truncated"), "true");
	i = atoi(rig_member(r, "count"));
	assert_true(i > 10 && i < 25);
	assert_string_equal(rig_member(r, "total"), "60");
	r = strstr(rig_text, "go on with skip ");
	assert_non_null(r);
	assert_int_equal(atoi(r + 16), i);
	/* Whoever asks for many gets many. */
	r = rig_run(&ann, "query_entity_table", "{\"table\":\"t\",\"take\":"
	    "60}");
	assert_null(strstr(r, "truncated"));
	assert_string_equal(rig_member(r, "count"), "60");
}

static void
test_insert(void **state)
{
	const char	*r;

	make("{\"fieldName\":\"a\",\"fieldType\":\"integer\",\"isUnique\":"
	    "true},"
	    "{\"fieldName\":\"b\",\"fieldType\":\"text\",\"isNullable\":false,"
	    "\"default\":\"dflt\"},{\"fieldName\":\"c\",\"fieldType\":"
	    "\"text\"}");
	r = rig_run(&ann, "insert_entity_rows", "{\"table\":\"t\",\"rows\":["
	    "{\"a\":1},{\"a\":2,\"b\":\"x\",\"id\":"
	    "\"AAAAAAAA-1111-4111-8111-111111111111\"}]}");
	assert_string_equal(rig_member(r, "count"), "2");
	assert_non_null(strstr(r,
	    "\"aaaaaaaa-1111-4111-8111-111111111111\"]"));
	r = rig_run(&ann, "query_entity_table", "{\"table\":\"t\",\"select\":["
	    "\"a\",\"b\",\"c\",\"createdAt\",\"updatedAt\",\"createdBy\","
	    "\"updatedBy\"],\"where\":{\"a\":1}}");
	assert_string_equal(rig_member(r, "rows"), "[{\"a\":1,\"b\":\"dflt\","
	    "\"c\":null,\"createdAt\":1790000000000,\"updatedAt\":"
	    "1790000000000,\"createdBy\":\"ann\",\"updatedBy\":\"ann\"}]");
	/* All or nothing, and the row is named. */
	rig_fails("rows.1: another row has this value of 'a' already, which "
	    "must be unique: nothing was changed", &ann,
	    "insert_entity_rows", "{\"table\":\"t\",\"rows\":[{\"a\":3},"
	    "{\"a\":2}]}");
	rig_fails("rows.0.b must have a value", &ann, "insert_entity_rows",
	    "{\"table\":\"t\",\"rows\":[{\"b\":null}]}");
	rig_fails("rows.1.a must be an integer, not a string", &ann,
	    "insert_entity_rows", "{\"table\":\"t\",\"rows\":[{\"a\":3},"
	    "{\"a\":\"4\"}]}");
	rig_fails("rows.0: another row has this value of 'id' already, which "
	    "must be unique: nothing was changed", &ann,
	    "insert_entity_rows", "{\"table\":\"t\",\"rows\":[{\"id\":"
	    "\"aaaaaaaa-1111-4111-8111-111111111111\"}]}");
	/* A dry run checks the same and leaves nothing. */
	rig_ok(&ann, "insert_entity_rows", "{\"dryRun\":true,\"table\":\"t\","
	    "\"rows\":[{\"a\":9}]}");
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"t\",\"where\":{\"a\":9}}"), "total"), "0");
}

static void
test_incremental(void **state)
{
	rig_ok(&ann, "save_table", "{\"table\":{\"name\":\"t\","
	    "\"generationStrategy\":\"incremental\",\"fields\":[{"
	    "\"fieldName\":\"a\",\"fieldType\":\"integer\"}]}}");
	assert_string_equal(rig_member(rig_run(&ann, "insert_entity_rows",
	    "{\"table\":\"t\",\"rows\":[{},{}]}"), "ids"), "[\"1\",\"2\"]");
	rig_ok(&ann, "delete_entity_rows", "{\"table\":\"t\",\"where\":{"
	    "\"id\":\"2\"}}");
	assert_string_equal(rig_member(rig_run(&ann, "insert_entity_rows",
	    "{\"table\":\"t\",\"rows\":[{}]}"), "ids"), "[\"3\"]");
	rig_fails("rows.0.id is counted by the server (generationStrategy "
	    "incremental)", &ann, "insert_entity_rows",
	    "{\"table\":\"t\",\"rows\":[{\"id\":\"7\"}]}");
}

static void
test_update(void **state)
{
	fill(9);
	rig_now += 5;
	assert_string_equal(rig_member(rig_run(&bob, "update_entity_rows",
	    "{\"table\":\"t\",\"where\":{\"a\":1},\"set\":{\"s\":\"new\"},"
	    "\"expectedCount\":3}"), "count"), "3");
	rig_now -= 5;
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"t\",\"take\":1,\"where\":{\"s\":\"new\"},\"select\":["
	    "\"createdAt\",\"updatedAt\",\"createdBy\",\"updatedBy\"]}"),
	    "rows"), "[{\"createdAt\":1790000000000,\"updatedAt\":"
	    "1790000000005,\"createdBy\":\"ann\",\"updatedBy\":\"bob\"}]");
	rig_fails("where matches 3 rows, not 1 as expectedCount says: nothing "
	    "was changed", &ann, "update_entity_rows", "{\"table\":\"t\","
	    "\"where\":{\"a\":1},\"set\":{\"s\":\"x\"},\"expectedCount\":1}");
	rig_fails("set.createdAt is set by the server", &ann,
	    "update_entity_rows", "{\"table\":\"t\",\"where\":{\"a\":1},"
	    "\"set\":{\"createdAt\":1}}");
	rig_fails("set.id is set by the server", &ann,
	    "update_entity_rows", "{\"table\":\"t\",\"where\":{\"a\":1},"
	    "\"set\":{\"id\":\"aaaaaaaa-1111-4111-8111-111111111111\"}}");
	rig_fails("set.zz is not a column of the table", &ann,
	    "update_entity_rows", "{\"table\":\"t\",\"where\":{\"a\":1},"
	    "\"set\":{\"zz\":1}}");
	rig_fails("where.zz is not a column of table 't'", &ann,
	    "update_entity_rows", "{\"table\":\"t\",\"where\":{\"zz\":1},"
	    "\"set\":{\"a\":1}}");
	assert_int_equal(rig_run(&ann, "update_entity_rows", "{\"table\":"
	    "\"t\",\"where\":{},\"set\":{\"a\":1}}")[0], '!');
	assert_int_equal(rig_run(&ann, "update_entity_rows", "{\"table\":"
	    "\"t\",\"where\":{\"a\":1},\"set\":{}}")[0], '!');
	/* No row matches: that is no error unless a count was expected. */
	assert_string_equal(rig_member(rig_run(&bob, "update_entity_rows",
	    "{\"table\":\"t\",\"where\":{\"a\":77},\"set\":{\"s\":\"new\"}}"),
	    "count"), "0");
}

static void
test_delete(void **state)
{
	fill(9);
	rig_fails("where matches 3 rows, not 2 as expectedCount says: nothing "
	    "was changed", &ann, "delete_entity_rows", "{\"table\":\"t\","
	    "\"where\":{\"a\":1},\"expectedCount\":2}");
	assert_string_equal(rig_member(rig_run(&bob, "delete_entity_rows",
	    "{\"table\":\"t\",\"where\":{\"a\":1},\"dryRun\":true}"),
	    "count"), "3");
	assert_string_equal(rig_member(rig_run(&bob, "delete_entity_rows",
	    "{\"table\":\"t\",\"where\":{\"a\":1}}"), "count"), "3");
	assert_string_equal(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"t\"}"), "total"), "6");
	assert_int_equal(rig_run(&ann, "delete_entity_rows",
	    "{\"table\":\"t\",\"where\":{}}")[0], '!');
}

static int
counted(const char *table)
{
	return (atoi(rig_member(rig_run(&ann, "query_entity_table",
	    "{\"table\":\"%s\",\"take\":0}", table), "total")));
}

/* Counts are kept, also when keys delete rows of other tables. */
static void
test_counts(void **state)
{
	static const char id[] = "11111111-1111-4111-8111-111111111111";

	make("{\"fieldName\":\"up\",\"fieldType\":\"uuid\"}],"
	    "\"foreignKeys\":[{\"columns\":[\"up\"],\"referencedTable\":"
	    "\"t\",\"onDelete\":\"CASCADE\"}");
	rig_ok(&ann, "save_table", "{\"table\":{\"name\":\"c\",\"fields\":[{"
	    "\"fieldName\":\"up\",\"fieldType\":\"uuid\"}],\"foreignKeys\":"
	    "[{\"columns\":[\"up\"],\"referencedTable\":\"t\",\"onDelete\":"
	    "\"CASCADE\"}]}}");
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"t\",\"rows\":[{"
	    "\"id\":\"%s\"},{\"up\":\"%s\"},{\"up\":\"%s\"},{}]}", id, id, id);
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"c\",\"rows\":[{"
	    "\"up\":\"%s\"},{\"up\":\"%s\"},{}]}", id, id);
	assert_int_equal(counted("t"), 4);
	assert_int_equal(counted("c"), 3);
	assert_string_equal(rig_member(rig_run(&ann, "delete_entity_rows",
	    "{\"table\":\"t\",\"where\":{\"id\":\"%s\"}}", id), "count"), "1");
	assert_int_equal(counted("t"), 1);
	assert_int_equal(counted("c"), 1);
	rig_ok(&ann, "insert_entity_rows", "{\"table\":\"c\",\"rows\":[{},{"
	    "}]}");
	rig_ok(&ann, "delete_entity_rows", "{\"table\":\"t\",\"where\":{"
	    "\"up\":null}}");
	assert_int_equal(counted("t"), 0);
	assert_int_equal(counted("c"), 3);
}

/* Deeper than SQLite follows a cascade: said in words, nothing changed. */
static void
test_bug_deep_cascade_failed_without_a_reason(void **state)
{
	char		 args[32768] = "{\"table\":\"t\",\"rows\":[{\"k\":0}";
	size_t		 n = strlen(args);
	int		 i;

	make("{\"fieldName\":\"k\",\"fieldType\":\"integer\",\"isUnique\":"
	    "true},{\"fieldName\":\"up\",\"fieldType\":\"integer\"}],"
	    "\"foreignKeys\":[{\"columns\":[\"up\"],\"referencedTable\":"
	    "\"t\",\"referencedTableColumns\":[\"k\"],\"onDelete\":"
	    "\"CASCADE\"}");
	for (i = 1; i < STORE_TRIGGER_DEPTH + 50; i++)
		n += (size_t)snprintf(args + n, sizeof(args) - n,
		    ",{\"k\":%d,\"up\":%d}", i, i - 1);
	snprintf(args + n, sizeof(args) - n, "]}");
	rig_ok(&ann, "insert_entity_rows", "%s", args);
	rig_fails("Rows that hang on these, by foreign keys with onDelete, "
	    "hang on one another more than 200 deep: nothing was changed. "
	    "Delete the last of them first", &ann, "delete_entity_rows",
	    "{\"table\":\"t\",\"where\":{\"k\":0}}");
	assert_int_equal(counted("t"), STORE_TRIGGER_DEPTH + 50);
	rig_ok(&ann, "delete_entity_rows", "{\"table\":\"t\",\"where\":{"
	    "\"k\":100}}");
	assert_int_equal(counted("t"), 100);
}

/* A query that takes too long names the field to index. */
static void
test_slow(void **state)
{
	struct msg_conf_toold	conf = { .read_ms = 1, .ddl_ms = 30000,
				    .lock_s = 600 };
	struct buf		b;
	int			i;

	make("{\"fieldName\":\"a\",\"fieldType\":\"integer\"},"
	    "{\"fieldName\":\"s\",\"fieldType\":\"text\"}");
	buf_init(&b, 0);
	for (i = 0; i < 1000; i++)
		buf_addf(&b, "%s{\"a\":%d,\"s\":\"x\"}", i ? "," : "", i);
	buf_addc(&b, '\0');
	for (i = 0; i < 40; i++)
		rig_ok(&ann, "insert_entity_rows", "{\"table\":\"t\",\"rows\":"
		    "[%s]}", (char *)b.data);
	buf_free(&b);
	store_setconf(&conf);
	assert_string_equal(rig_run(&ann, "query_entity_table", "{\"table\":"
	    "\"t\",\"where\":{\"s\":\"nothing\"}}"), "!The call took longer "
	    "than its time limit and was stopped: nothing was changed. Add an "
	    "index on field 's' of table 't'");
	assert_int_equal(rig_err, TE_LATE);
	assert_string_equal(rig_run(&ann, "query_entity_table", "{\"table\":"
	    "\"t\",\"order\":{\"a\":\"ASC\"}}"), "!The call took longer "
	    "than its time limit and was stopped: nothing was changed. Add an "
	    "index on field 'a' of table 't'");
}

/* The grant of some packages reaches no row outside of them. */
static void
test_subset(void **state)
{
	static const char	sub[1][40] = {
	    "aaaaaaaa-1111-4111-8111-111111111111" };
	struct caller		eve = ann;

	fill(3);
	eve.npackages = 1;
	eve.package = sub;
	rig_fails("Not Found: table 't'", &eve, "query_entity_table",
	    "{\"table\":\"t\"}");
	rig_fails("Not Found: table 't'", &eve, "insert_entity_rows",
	    "{\"table\":\"t\",\"rows\":[{}]}");
}

/* Rows looked at one by one, and sorts, by the statements on user tables. */
static void
effort(int *scanned, int *sorted)
{
	sqlite3_stmt	*s = NULL;

	*scanned = *sorted = 0;
	while ((s = sqlite3_next_stmt(store_db(), s)) != NULL) {
		if (strstr(sqlite3_sql(s), " FROM t_") == NULL)
			continue;
		*scanned += sqlite3_stmt_status(s,
		    SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
		*sorted += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_SORT, 1);
	}
}

/* A query is answered by the indices that the table has. */
static void
test_indices_are_used(void **state)
{
	int	i, scanned, sorted;

	rig_ok(&root, "save_table", "{\"table\":{\"name\":\"t\",\"fields\":["
	    "{\"fieldName\":\"a\",\"fieldType\":\"integer\"},"
	    "{\"fieldName\":\"b\",\"fieldType\":\"text\"},"
	    "{\"fieldName\":\"u\",\"fieldType\":\"uuid\",\"isUnique\":true},"
	    "{\"fieldName\":\"n\",\"fieldType\":\"text\"}],"
	    "\"indices\":[{\"columns\":[\"a\",\"b\"]}]}}");
	for (i = 0; i < 40; i++)
		rig_ok(&root, "insert_entity_rows", "{\"table\":\"t\",\"rows\":"
		    "[{\"a\":%d,\"b\":\"%d\",\"n\":\"%d\"}]}", i % 4, i, i);
	effort(&scanned, &sorted);
	rig_ok(&root, "query_entity_table", "{\"table\":\"t\","
	    "\"where\":{\"a\":1},\"take\":2}");
	rig_ok(&root, "query_entity_table", "{\"table\":\"t\","
	    "\"where\":{\"a\":1,\"b\":\"5\"}}");
	rig_ok(&root, "query_entity_table", "{\"table\":\"t\",\"where\":"
	    "{\"u\":\"11111111-0000-4000-8000-000000000001\"}}");
	rig_ok(&root, "query_entity_table", "{\"table\":\"t\",\"where\":"
	    "{\"id\":\"11111111-0000-4000-8000-000000000001\"}}");
	rig_ok(&root, "query_entity_table", "{\"table\":\"t\",\"where\":"
	    "{\"u\":null},\"take\":1}");
	effort(&scanned, &sorted);
	assert_int_equal(scanned, 0);
	rig_ok(&root, "query_entity_table", "{\"table\":\"t\","
	    "\"order\":{\"id\":\"ASC\"},\"take\":1}");
	effort(&scanned, &sorted);
	assert_int_equal(sorted, 0);
	/* The measure sees what has no index. */
	rig_ok(&root, "query_entity_table", "{\"table\":\"t\","
	    "\"where\":{\"n\":\"5\"}}");
	effort(&scanned, &sorted);
	assert_true(scanned > 0);
	rig_ok(&root, "query_entity_table", "{\"table\":\"t\","
	    "\"order\":{\"n\":\"ASC\"}}");
	effort(&scanned, &sorted);
	assert_true(sorted > 0);
}

/* Values that are bound may not send a statement through the parser again. */
static void
test_bug_each_get_was_prepared_again(void **state)
{
	sqlite3_stmt *st = NULL;
	char a[64], b[64];
	int i, again = 0, steps = 0;

	snprintf(a, sizeof(a), "%s", rig_id(rig_run(&ann, "save_table",
	    "{\"table\":{\"name\":\"one\",\"fields\":[{\"fieldName\":\"a\","
	    "\"fieldType\":\"text\"}]}}")));
	snprintf(b, sizeof(b), "%s", rig_id(rig_run(&ann, "save_table",
	    "{\"table\":{\"name\":\"two\",\"fields\":[{\"fieldName\":\"a\","
	    "\"fieldType\":\"text\"}]}}")));
	rig_run(&ann, "get_table", "{\"id\":\"%s\"}", a);
	while ((st = sqlite3_next_stmt(store_db(), st)) != NULL) {
		sqlite3_stmt_status(st, SQLITE_STMTSTATUS_REPREPARE, 1);
		sqlite3_stmt_status(st, SQLITE_STMTSTATUS_RUN, 1);
	}
	for (i = 0; i < 10; i++)
		rig_run(&ann, "get_table", "{\"id\":\"%s\"}", i & 1 ? a : b);
	while ((st = sqlite3_next_stmt(store_db(), st)) != NULL) {
		again += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_REPREPARE,
		    0);
		steps += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_RUN, 0);
	}
	assert_true(steps >= 10);
	assert_int_equal(again, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_bug_each_get_was_prepared_again),
		RIG_TEST(test_values),
		RIG_TEST(test_bad_values),
		RIG_TEST(test_vector),
		RIG_TEST(test_decimals),
		RIG_TEST(test_query),
		RIG_TEST(test_order),
		RIG_TEST(test_bounds),
		RIG_TEST(test_insert),
		RIG_TEST(test_incremental),
		RIG_TEST(test_update),
		RIG_TEST(test_delete),
		RIG_TEST(test_counts),
		RIG_TEST(test_bug_deep_cascade_failed_without_a_reason),
		RIG_TEST(test_slow),
		RIG_TEST(test_indices_are_used),
		RIG_TEST(test_subset),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
