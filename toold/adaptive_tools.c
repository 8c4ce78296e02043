/* SPDX-License-Identifier: ISC */
/*
 * adaptive_tools.c: rows of the adaptive entity tools: texts for models and
 * JSON Schemas.  Runs in keepd-toold.  Only tables, no code.
 */
#include "adaptive.h"

#define FIELDS(n, text)							\
	"\"" n "\":{\"type\":[\"array\",\"null\"],\"maxItems\":2000,"	\
	"\"items\":{\"type\":\"object\"},\"description\":\"" text "\"},"

#define SETTINGS_IN							\
	OBJ_OPEN "\"description\":\"Replaced as a whole. Required to "	\
	"create.\",\"properties\":{"					\
	"\"properties\":" OBJ_OPEN "\"properties\":{"			\
	"\"report\":{\"type\":[\"object\",\"null\"]},"			\
	"\"form\":{\"type\":[\"object\",\"null\"]},"			\
	"\"table\":{\"type\":[\"object\",\"null\"]}}},"			\
	FIELDS("fieldCatalog", "Fields: name (unique), label, type, usage.") \
	FIELDS("fieldsSel", "Fields of the selection: name (unique), text, " \
	"fieldPos, visible and display options.")			\
	FIELDS("fieldsRun", "Fields of the result, as fieldsSel.")	\
	"\"defaultVariant\":{\"type\":[\"object\",\"null\"]},"		\
	"\"translation\":{}}}"

#define ADAPTIVE_IN							\
	OBJ_OPEN "\"description\":\"The entity. Without id it is created " \
	"(needs name, type, settings), with id updated. Absent keys are " \
	"kept, null puts the default back, unknown keys are errors.\","	\
	"\"properties\":{" SCHEMA_HEAD_IN ","				\
	SCHEMA_NAME_IN(128, "Unique name. Required to create.") ","	\
	SCHEMA_DESCR_IN "," SCHEMA_PACKAGE_IN ","			\
	"\"type\":{\"type\":\"string\",\"description\":\"T table, S script, " \
	"C connector. Required to create.\"},"				\
	"\"settings\":" SETTINGS_IN ","					\
	"\"tableid\":{\"type\":[\"string\",\"null\"],\"description\":\"Id of " \
	"the table: required for T, only for T.\"},"			\
	"\"scriptSel\":{\"type\":[\"string\",\"null\"],\"description\":\"Id " \
	"of the selection script: required for S, only for S.\"},"	\
	"\"scriptRun\":{\"type\":[\"string\",\"null\"],\"description\":\"Id " \
	"of the script that runs: required for S, only for S.\"},"	\
	"\"connectorid\":{\"type\":[\"string\",\"null\"],\"description\":" \
	"\"Id of the connector: required for C, only for C; connectors are " \
	"not kept here, so it is not looked up.\"},"			\
	"\"group\":{\"type\":[\"string\",\"null\"],\"description\":\"Free " \
	"text.\"},\"disabled\":{\"type\":[\"boolean\",\"null\"],"	\
	"\"description\":\"Default false.\"},"				\
	"\"appType\":{\"type\":[\"string\",\"null\"],\"description\":"	\
	"\"Default A.\"},\"application\":{\"type\":[\"string\",\"null\"]," \
	"\"description\":\"Name or id of the adaptive template app.\"}," \
	SCHEMA_ROLES_IN "}}"

#define SAVE_IN								\
	OBJ_OPEN "\"required\":[\"adaptive\"],\"properties\":{"		\
	"\"adaptive\":" ADAPTIVE_IN "," SCHEMA_EXPECTED_REVISION	\
	SCHEMA_WRITE_PROPS "}}"

#define GET_IN								\
	OBJ_OPEN "\"properties\":{"					\
	SCHEMA_ID_IN("Id of the entity, a UUID.")			\
	",\"name\":{\"type\":\"string\",\"description\":\"Name of the "	\
	"entity, instead of id; with both, they must fit.\"}"		\
	SCHEMA_SELECT "}}"

#define ADAPTIVE_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"name\"],"		\
	"\"properties\":{" SCHEMA_HEAD_OUT ","				\
	"\"type\":{\"type\":\"string\"},\"settings\":{\"type\":\"object\"}" \
	SCHEMA_OMITTED_OUT SCHEMA_DRY_RUN_OUT "}}"

const struct tool adaptive_tools[] = {
	{
		.name = "list_adaptive",
		.title = "List adaptive entities",
		.description = "Lists the adaptive entities that you may "
		    "see: id, name, description, type, group, disabled, "
		    "package, ver, revision, who and when. Paged: 100 by "
		    "default, listOptions.take up to 1000.",
		.perm = PERM_ADAPTIVEDESIGNER, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = SCHEMA_ARTIFACT_LIST,
		.output_schema = SCHEMA_LIST_OUT("adaptives"),
		.fn = artifact_list
	},
	{
		.name = "get_adaptive",
		.title = "Get an adaptive entity",
		.description = "Returns one adaptive entity, by id or by "
		    "name, with its settings and field definitions. Unknown "
		    "or hidden: Not Found.",
		.perm = PERM_ADAPTIVEDESIGNER, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = GET_IN, .output_schema = ADAPTIVE_OUT,
		.fn = adaptive_get
	},
	{
		.name = "save_adaptive",
		.title = "Create or update an adaptive entity",
		.description = "Creates (no id; needs name, type and "
		    "settings) or updates (id) an adaptive entity. Absent "
		    "keys are kept; settings, when given, are replaced as a "
		    "whole. The binding must fit the type and name what "
		    "exists. Unknown keys are errors.",
		.perm = PERM_ADAPTIVEDESIGNER, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE, .writes = 1,
		.input_schema = SAVE_IN, .output_schema = ADAPTIVE_OUT,
		.package = artifact_stage_save, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = artifact_stage_rules, .fn = artifact_save
	},
	{
		.name = "delete_adaptive",
		.title = "Delete an adaptive entity",
		.description = "Deletes an adaptive entity. Unknown id: Not "
		    "Found.",
		.perm = PERM_ADAPTIVEDESIGNER, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_CONFIRM, .writes = 1,
		.input_schema = SCHEMA_ARTIFACT_DELETE("entity"),
		.output_schema = SCHEMA_DELETED_OUT,
		.package = artifact_stage_delete, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = artifact_stage_delete_rules, .fn = artifact_delete
	},
	{ .name = NULL }
};
