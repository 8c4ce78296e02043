/* SPDX-License-Identifier: ISC */
/*
 * row_tools.c: rows of the tools for table rows: texts for models and JSON
 * Schemas.  Runs in keepd-toold.  Only tables, no code.
 */
#include "table.h"

#define TABLE_IN							\
	"\"table\":{\"type\":\"string\",\"minLength\":1,\"description\":" \
	"\"Name of the table (not its id).\"}"

#define WHERE_TEXT							\
	"Column to value: rows that are equal in all of them. null means " \
	"no value. Columns of type json and vector cannot be compared."

#define EXPECTED_IN							\
	"\"expectedCount\":{\"type\":\"integer\",\"minimum\":0,"	\
	"\"description\":\"Refuse unless exactly so many rows match.\"}"

#define QUERY_IN							\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"table\"],\"properties\":{" TABLE_IN ","	\
	"\"where\":{\"type\":\"object\",\"description\":\"" WHERE_TEXT "\"}," \
	"\"select\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}," \
	"\"minItems\":1,\"description\":\"Columns to return; all when "	\
	"absent.\"},"							\
	"\"take\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000," \
	"\"description\":\"At most so many rows, default 100.\"},"	\
	"\"skip\":{\"type\":\"integer\",\"minimum\":0,\"description\":"	\
	"\"Leave out so many rows first, default 0.\"},"		\
	"\"order\":{\"type\":\"object\",\"description\":\"Column to ASC or " \
	"DESC, such as {\\\"createdAt\\\":\\\"DESC\\\"}; equal rows come " \
	"by id. Without it rows come as they were inserted.\"}}}"

#define INSERT_IN							\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"table\",\"rows\"],\"properties\":{" TABLE_IN "," \
	"\"rows\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":1000," \
	"\"items\":{\"type\":\"object\"},\"description\":\"Rows as objects " \
	"of "								\
	"column to value; absent columns get their default or null. id may " \
	"be given as a UUID.\"}" SCHEMA_WRITE_PROPS "}}"

#define UPDATE_IN							\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"table\",\"where\",\"set\"],\"properties\":{"	\
	TABLE_IN ",\"where\":{\"type\":\"object\",\"minProperties\":1,"	\
	"\"description\":\"" WHERE_TEXT "\"},"				\
	"\"set\":{\"type\":\"object\",\"minProperties\":1,\"description\":" \
	"\"Column to new value.\"}," EXPECTED_IN SCHEMA_WRITE_PROPS "}}"

#define DELETE_IN							\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"table\",\"where\"],\"properties\":{"		\
	TABLE_IN ",\"where\":{\"type\":\"object\",\"minProperties\":1,"	\
	"\"description\":\"" WHERE_TEXT "\"}," EXPECTED_IN		\
	SCHEMA_WRITE_PROPS "}}"

#define QUERY_OUT							\
	"{\"type\":\"object\",\"required\":[\"table\",\"total\",\"count\"," \
	"\"skip\",\"take\",\"rows\"],\"properties\":{"			\
	"\"table\":{\"type\":\"string\"},\"total\":{\"type\":\"integer\"}," \
	"\"count\":{\"type\":\"integer\"},\"skip\":{\"type\":\"integer\"}," \
	"\"take\":{\"type\":\"integer\"},"				\
	"\"rows\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}," \
	"\"truncated\":{\"type\":\"boolean\"},"				\
	"\"note\":{\"type\":\"string\"}}}"

#define INSERT_OUT							\
	"{\"type\":\"object\",\"required\":[\"table\",\"count\",\"ids\"]," \
	"\"properties\":{\"table\":{\"type\":\"string\"},"		\
	"\"count\":{\"type\":\"integer\"},\"ids\":{\"type\":\"array\","	\
	"\"items\":{\"type\":\"string\"}}" SCHEMA_DRY_RUN_OUT "}}"

#define CHANGE_OUT							\
	"{\"type\":\"object\",\"required\":[\"table\",\"count\"],"	\
	"\"properties\":{\"table\":{\"type\":\"string\"},"		\
	"\"count\":{\"type\":\"integer\"}" SCHEMA_DRY_RUN_OUT "}}"

const struct tool row_tools[] = {
	{
		.name = "query_entity_table",
		.title = "Query rows of a table",
		.description = "Returns rows of a user table by equality, "
		    "with total and page. At most 1000 rows and about 1 MiB "
		    "(100 kB without take) in one answer; truncated says "
		    "when it was cut. Rows have id, createdAt, updatedAt "
		    "(epoch ms), createdBy and updatedBy besides the table's "
		    "columns. decimal comes as a string, bigint beyond 2^53 "
		    "too. A table whose package or rolesRead do not let you in "
		    "is Not Found.",
		.perm = PERM_TABLEBROWSER, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = QUERY_IN, .output_schema = QUERY_OUT,
		.fn = row_query
	},
	{
		.name = "insert_entity_rows",
		.title = "Insert rows into a table",
		.description = "Inserts 1 to 1000 rows, all or none, and "
		    "returns their ids in order. Values are checked by type: "
		    "decimal as a string, timestamptz as ISO 8601 with zone, "
		    "timestamp without. Unknown columns are errors.",
		.perm = PERM_TABLEBROWSER, .level = TL_EDIT,
		.annotations = 0, .writes = 1,
		.input_schema = INSERT_IN, .output_schema = INSERT_OUT,
		.package = row_stage_write, .fn = row_insert
	},
	{
		.name = "update_entity_rows",
		.title = "Update rows of a table",
		.description = "Sets columns of all rows that match where, "
		    "all or none, and returns their count. where must not be "
		    "empty; expectedCount guards against matching more than "
		    "meant.",
		.perm = PERM_TABLEBROWSER, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_IDEMPOTENT, .writes = 1,
		.input_schema = UPDATE_IN, .output_schema = CHANGE_OUT,
		.package = row_stage_write, .fn = row_update
	},
	{
		.name = "delete_entity_rows",
		.title = "Delete rows of a table",
		.description = "Deletes all rows that match where, all or "
		    "none, and returns their count. where must not be empty; "
		    "expectedCount guards against matching more than meant. "
		    "Foreign keys with onDelete CASCADE delete further rows.",
		.perm = PERM_TABLEBROWSER, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_CONFIRM, .writes = 1,
		.input_schema = DELETE_IN, .output_schema = CHANGE_OUT,
		.package = row_stage_write, .fn = row_delete
	},
	{ .name = NULL }
};
