/* SPDX-License-Identifier: ISC */
/*
 * table_tools.c: rows of the table tools: texts for models and JSON Schemas.
 * Runs in keepd-toold.  Only tables, no code.
 *
 * fieldType has no enum in the schema: an unknown type gets the message of
 * the platform, which names the column.
 */
#include "table.h"

#define LIST_IN								\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"properties\":{" SCHEMA_LIST_OPTIONS "}}"

#define GET_IN								\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"id\"],\"properties\":{"			\
	SCHEMA_ID_IN("Id of the table, a UUID.") "}}"

#define IGNORE_IN							\
	"\"ignoreWarning\":{\"type\":\"boolean\",\"description\":\"true: do " \
	"it although data is lost. Default false: such a change is refused " \
	"with what would be lost.\"}"

#define FIELD_IN							\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"fieldName\",\"fieldType\"],\"properties\":{"	\
	"\"id\":{\"type\":\"string\",\"description\":\"Id of an existing " \
	"field: send it back to rename the field and keep its data.\"}," \
	"\"fieldName\":{\"type\":\"string\",\"description\":\"1 to 63 ASCII " \
	"letters, digits and _. Not id, createdAt, updatedAt, createdBy, " \
	"updatedBy: every table has these.\"},"				\
	"\"fieldType\":{\"type\":\"string\",\"description\":\"One of "	\
	"boolean, "							\
	"char, varchar, smallint, integer, bigint, decimal, tinytext, "	\
	"smalltext, mediumtext, text, timestamp, timestamptz, enum, uuid, " \
	"json, vector (1536 numbers).\"},"				\
	"\"isUnique\":{\"type\":\"boolean\",\"description\":\"Default "	\
	"false.\"},"							\
	"\"isNullable\":{\"type\":\"boolean\",\"description\":\"Default " \
	"true.\"},"							\
	"\"description\":{\"type\":[\"string\",\"null\"],\"description\":" \
	"\"Free text.\"},"						\
	"\"default\":{\"description\":\"Value of the field's type for rows " \
	"that give none; null: no default.\"},"				\
	"\"length\":{\"type\":[\"string\",\"integer\",\"null\"],"	\
	"\"description\":\"Characters of char (default 1) and varchar "	\
	"(default 255); other types take none.\"},"			\
	"\"minLength\":{\"type\":[\"string\",\"integer\",\"null\"],"	\
	"\"description\":\"Fewest characters of a text.\"},"		\
	"\"maxLength\":{\"type\":[\"string\",\"integer\",\"null\"],"	\
	"\"description\":\"Most characters of a text.\"},"		\
	"\"example\":{\"description\":\"An example value, kept as it is.\"}," \
	"\"enum\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":"	\
	"\"string\"},\"description\":\"The values of a field of type "	\
	"enum.\"}}}"

#define COLUMNS_IN							\
	"\"columns\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":8," \
	"\"items\":{\"type\":[\"string\",\"object\"]},\"description\":"	\
	"\"Field "							\
	"names, or field objects with fieldName.\"}"

#define INDEX_IN							\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"columns\"],\"properties\":{"			\
	"\"id\":{\"type\":[\"string\",\"null\"],\"description\":\"Kept if " \
	"given.\"},"							\
	"\"name\":{\"type\":[\"string\",\"null\"],\"description\":\"Name; " \
	"made "								\
	"from the columns when absent.\"}," COLUMNS_IN ","		\
	"\"isUnique\":{\"type\":\"boolean\",\"description\":\"Default "	\
	"false.\"},"							\
	"\"isVector\":{\"type\":\"boolean\",\"description\":\"For a vector " \
	"column: kept in the definition, not used by queries.\"}}}"

#define KEY_IN								\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"referencedTable\",\"columns\"],\"properties\":{" \
	"\"id\":{\"type\":[\"string\",\"null\"],\"description\":\"Not "	\
	"kept.\"},"							\
	"\"name\":{\"type\":[\"string\",\"null\"],\"description\":\"Name; " \
	"made "								\
	"from the columns when absent.\"},"				\
	"\"referencedTable\":{\"type\":\"string\",\"description\":\"Name or " \
	"id of the table pointed to.\"}," COLUMNS_IN ","		\
	"\"referencedTableColumns\":{\"type\":\"array\",\"maxItems\":8," \
	"\"items\":{\"type\":[\"string\",\"object\"]},\"description\":\"As " \
	"many columns of that table, unique together; default id.\"},"	\
	"\"onDelete\":{\"type\":[\"string\",\"null\"],\"description\":\"NO " \
	"ACTION (default), RESTRICT, CASCADE or SET NULL.\"}}}"

#define ROLES_IN(what)							\
	"{\"type\":\"array\",\"maxItems\":32,\"items\":{\"type\":"	\
	"[\"string\",\"object\"],\"additionalProperties\":false,"	\
	"\"properties\":{\"id\":{\"type\":\"string\"},\"name\":{\"type\":" \
	"\"string\"},\"ver\":{\"type\":\"string\"}}},\"description\":\"Roles " \
	"(id, name, or object with one of them) that may " what		\
	" rows; empty: everybody with the permission tablebrowser.\"}"

#define TABLE_IN							\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"description\":\"The definition. Without id it is created, with id " \
	"updated. On update absent keys are kept; fields, indices, "	\
	"foreignKeys, rolesRead and rolesWrite are replaced as a whole when " \
	"given.\",\"properties\":{" SCHEMA_HEAD_IN ","			\
	"\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":63," \
	"\"description\":\"Unique name of ASCII letters, digits, _ and -; " \
	"upper and lower case do not make two tables. Required to "	\
	"create.\"},"							\
	"\"description\":{\"type\":[\"string\",\"null\"],\"maxLength\":1024," \
	"\"description\":\"Free text.\"}," SCHEMA_PACKAGE_IN ","	\
	"\"fields\":{\"type\":\"array\",\"maxItems\":150,\"description\":" \
	"\"All "							\
	"columns. Required to create. On update a field that is left out is " \
	"dropped.\",\"items\":" FIELD_IN "},"				\
	"\"indices\":{\"type\":[\"array\",\"null\"],\"maxItems\":60,"	\
	"\"description\":\"All indices besides those of isUnique.\","	\
	"\"items\":" INDEX_IN "},"					\
	"\"foreignKeys\":{\"type\":[\"array\",\"null\"],\"maxItems\":30," \
	"\"description\":\"All foreign keys; a new one takes rolesRead and " \
	"rolesWrite of both tables.\",\"items\":" KEY_IN "},"		\
	"\"enableAudit\":{\"type\":\"boolean\",\"description\":\"Flag only, " \
	"default false.\"},"						\
	"\"includeDataInPackage\":{\"type\":\"boolean\",\"description\":" \
	"\"Export the rows with the package, default false.\"},"	\
	"\"generationStrategy\":{\"type\":[\"string\",\"null\"],\"enum\":" \
	"[\"uuid\",\"incremental\",null],\"description\":\"Row ids: uuid " \
	"(default) or incremental, numbers counted by the server. Fixed " \
	"once there are rows.\"},"					\
	"\"rolesRead\":" ROLES_IN("read") ","				\
	"\"rolesWrite\":" ROLES_IN("change") "}}"

#define SAVE_IN								\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"table\"],\"properties\":{\"table\":" TABLE_IN "," \
	IGNORE_IN "," SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define DELETE_IN							\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"id\"],\"properties\":{"			\
	SCHEMA_ID_IN("Id of the table, a UUID.") "," IGNORE_IN ","	\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define OBJECTS	"{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
#define STRINGS	"{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"

#define TABLE_OUT_PROPS							\
	SCHEMA_HEAD_OUT ",\"fields\":" OBJECTS ",\"indices\":" OBJECTS	\
	",\"foreignKeys\":" OBJECTS					\
	",\"enableAudit\":{\"type\":\"boolean\"},"			\
	"\"includeDataInPackage\":{\"type\":\"boolean\"},"		\
	"\"generationStrategy\":{\"type\":\"string\"},"			\
	"\"rolesRead\":" OBJECTS ",\"rolesWrite\":" OBJECTS

#define GET_OUT								\
	"{\"type\":\"object\",\"required\":[\"id\",\"name\",\"fields\"]," \
	"\"properties\":{" TABLE_OUT_PROPS "}}"

#define SAVE_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"name\",\"fields\"," \
	"\"changes\",\"dataLoss\"],\"properties\":{" TABLE_OUT_PROPS	\
	",\"changes\":" STRINGS ",\"statements\":" STRINGS		\
	",\"dataLoss\":" OBJECTS SCHEMA_DRY_RUN_OUT "}}"

#define DELETE_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"deleted\"],"	\
	"\"properties\":{\"id\":{\"type\":\"string\"},"			\
	"\"name\":{\"type\":\"string\"},\"deleted\":{\"type\":\"boolean\"}," \
	"\"rows\":{\"type\":\"integer\"},\"statements\":" STRINGS	\
	SCHEMA_DRY_RUN_OUT "}}"

const struct tool table_tools[] = {
	{
		.name = "list_tables",
		.title = "List table definitions",
		.description = "Lists the user tables that you may see: id, "
		    "name, description, package, ver, revision, who and "
		    "when; get_table returns the fields. Paged: 100 by "
		    "default, listOptions.take up to 1000.",
		.perm = PERM_TABLEDEFINITION, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = LIST_IN,
		.output_schema = SCHEMA_LIST_OUT("tables"),
		.fn = table_list
	},
	{
		.name = "get_table",
		.title = "Get a table definition",
		.description = "Returns the definition of one table: fields, "
		    "indices, foreign keys, roles. It can be changed and "
		    "sent back to save_table as it is. Unknown or hidden id: "
		    "Not Found.",
		.perm = PERM_TABLEDEFINITION, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = GET_IN, .output_schema = GET_OUT,
		.fn = table_get
	},
	{
		.name = "save_table",
		.title = "Create or update a table",
		.description = "Creates (no id; needs name and fields) or "
		    "updates (id) a table and changes the real table with "
		    "it. On update absent top-level keys are kept, but "
		    "fields, indices, foreignKeys and roles are replaced as "
		    "a whole when given: send every field, with its id, or "
		    "it is dropped. A change that would lose data is refused "
		    "with what would be lost unless ignoreWarning; dryRun "
		    "shows the changes, the SQL statements and the data "
		    "loss. Unknown keys are errors. Changing a table with "
		    "rows takes its rolesRead and rolesWrite.",
		.perm = PERM_TABLEDEFINITION, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE, .writes = 1,
		.input_schema = SAVE_IN, .output_schema = SAVE_OUT,
		.package = table_stage_save, .lock = art_stage_lock,
		.revision = art_stage_revision, .rules = table_stage_rules,
		.fn = table_save
	},
	{
		.name = "delete_table",
		.title = "Delete a table",
		.description = "Deletes the definition and drops the table "
		    "with its rows; with rows it is refused unless "
		    "ignoreWarning. Refused while a foreign key, an adaptive "
		    "entity or a script uses it.",
		.perm = PERM_TABLEDEFINITION, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_CONFIRM, .writes = 1,
		.input_schema = DELETE_IN, .output_schema = DELETE_OUT,
		.package = table_stage_delete, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = table_stage_delete_rules, .fn = table_delete
	},
	{ .name = NULL }
};
