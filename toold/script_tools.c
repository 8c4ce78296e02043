/* SPDX-License-Identifier: ISC */
/*
 * script_tools.c: rows of the server script tools: texts for models and JSON
 * Schemas.  Runs in keepd-toold.  Only tables, no code.
 */
#include "script.h"

#define REL(name, text, req, props)					\
	"\"" name "\":{\"type\":[\"array\",\"null\"],\"maxItems\":200,"	\
	"\"description\":\"" text " Absent: kept; given: replaced as a " \
	"whole.\",\"items\":" OBJ_OPEN "\"required\":[" req "],"	\
	"\"properties\":{" props "\"contextname\":{\"type\":[\"string\"," \
	"\"null\"]}}}}"
#define P_STR(n)	"\"" n "\":{\"type\":\"string\"},"

#define RELATIONS							\
	REL("apis", "API calls: id of the path, parent the id of the API.", \
	    "\"id\",\"parent\"", P_STR("id") P_STR("parent") P_TEXT("name") \
	    P_TEXT("method") P_TEXT("path")) ","			\
	REL("entitySets", "Tables, bound by name.", "\"name\"",		\
	    P_TEXT("id") P_STR("name")) ","				\
	REL("agents", "AI agents; kept, not looked up.", "\"id\"",	\
	    P_STR("id") P_TEXT("name")) ","				\
	REL("globalScripts", "Other scripts.", "\"id\"", P_STR("id")	\
	    P_TEXT("name")) ","						\
	REL("externalModules", "npm modules; kept, not looked up.",	\
	    "\"id\"", P_STR("id") P_TEXT("name") P_TEXT("path")		\
	    P_TEXT("subPath"))

#define SERVER_IN(n)							\
	"\"" n "\":{\"description\":\"Set by the server; another value than " \
	"the stored one is refused.\"},"

#define SAVE_IN								\
	OBJ_OPEN "\"properties\":{" SCHEMA_HEAD_IN ","			\
	SCHEMA_NAME_IN(128, "Unique name; blanks inside are fine. Required " \
	"to create.") "," SCHEMA_DESCR_IN "," SCHEMA_PACKAGE_IN ","	\
	"\"content\":{\"type\":\"string\",\"description\":\"Source text, at " \
	"most 512 KiB. Required to create; absent on update: kept.\"},"	\
	"\"language\":{\"type\":[\"string\",\"null\"],\"description\":"	\
	"\"javascript (default) or typescript.\"},"			\
	"\"projectId\":{\"type\":[\"string\",\"null\"],\"description\":" \
	"\"Id of the script project; null: none; absent: kept.\"},"	\
	"\"jsscriptGroup\":{\"type\":[\"string\",\"null\"],\"description\":" \
	"\"The same as projectId, as get_server_script returns it.\"},"	\
	"\"folder\":{\"type\":[\"string\",\"null\"],\"description\":\"Free " \
	"text.\"}," SERVER_IN("useAsGlobalScript")			\
	SERVER_IN("isTypescript") SERVER_IN("lastRunSuccessful")	\
	SERVER_IN("transpiledContent") RELATIONS ","			\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define CREATE_PROJECT_IN						\
	OBJ_OPEN "\"required\":[\"name\"],\"properties\":{"		\
	SCHEMA_NAME_IN(128, "Unique name.") "," SCHEMA_DESCR_IN ","	\
	SCHEMA_PACKAGE_IN SCHEMA_WRITE_PROPS "}}"

#define DELETE_PROJECT_IN						\
	OBJ_OPEN "\"required\":[\"id\"],\"properties\":{"		\
	SCHEMA_ID_IN("Id of the project, a UUID.")			\
	",\"ungroupScripts\":{\"type\":\"boolean\",\"description\":\"true: " \
	"keep its scripts, without a project. Default false: a project " \
	"with scripts is not deleted.\"},"				\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define DELETE_IN							\
	OBJ_OPEN "\"required\":[\"id\"],\"properties\":{"		\
	SCHEMA_ID_IN("Id of the script, a UUID.")			\
	",\"projectId\":{\"type\":\"string\",\"description\":\"If given, it " \
	"must be the script's project.\"},"				\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define STRINGS(n, text)						\
	",\"" n "\":{\"type\":\"object\",\"additionalProperties\":{\"type\":" \
	"\"string\"},\"description\":\"" text "\"}"
#define RUN_IN								\
	OBJ_OPEN "\"required\":[\"id\"],\"properties\":{"		\
	SCHEMA_ID_IN("Id of the script, a UUID.")			\
	",\"body\":{\"type\":\"object\",\"description\":\"Body for the " \
	"script.\"}" STRINGS("params", "Path parameters.")		\
	STRINGS("query", "Query parameters.") STRINGS("headers", "Headers.") \
	SCHEMA_WRITE_PROPS "}}"

#define SCRIPT_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"name\"],"		\
	"\"properties\":{" SCHEMA_HEAD_OUT ","				\
	"\"language\":{\"type\":\"string\"},"				\
	"\"content\":{\"type\":\"string\"},"				\
	"\"jsscriptGroup\":{\"type\":[\"string\",\"null\"]}"		\
	SCHEMA_OMITTED_OUT SCHEMA_DRY_RUN_OUT "}}"

#define PROJECT_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"name\"],"		\
	"\"properties\":{" SCHEMA_HEAD_OUT ","				\
	"\"scripts\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}" \
	SCHEMA_DRY_RUN_OUT "}}"

#define DELETE_PROJECT_OUT						\
	"{\"type\":\"object\",\"required\":[\"id\",\"deleted\"],"	\
	"\"properties\":{\"id\":{\"type\":\"string\"},"			\
	"\"name\":{\"type\":\"string\"},\"deleted\":{\"type\":\"boolean\"}," \
	"\"ungroupedScripts\":{\"type\":\"integer\"}" SCHEMA_DRY_RUN_OUT "}}"

#define RUN_OUT								\
	"{\"type\":\"object\",\"properties\":{\"data\":{},\"statusCode\":" \
	"{\"type\":\"integer\"},\"contentType\":{\"type\":\"string\"},"	\
	"\"filename\":{\"type\":\"string\"},\"headers\":{\"type\":"	\
	"\"object\"}" SCHEMA_DRY_RUN_OUT "}}"

const struct tool script_tools[] = {
	{
		.name = "list_script_projects",
		.title = "List script projects",
		.description = "Lists the script projects that you may see, "
		    "each with its scripts (id, name, description; not when "
		    "listOptions.select is given). Paged: 100 by default.",
		.perm = PERM_SCRIPTEDITOR, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = SCHEMA_ARTIFACT_LIST,
		.output_schema = SCHEMA_LIST_OUT("projects"),
		.fn = project_list
	},
	{
		.name = "get_script_project",
		.title = "Get a script project",
		.description = "Returns one script project with its scripts: "
		    "id, name, description of each; get_server_script has "
		    "the source. Unknown or hidden id: Not Found.",
		.perm = PERM_SCRIPTEDITOR, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = OBJ_OPEN "\"required\":[\"id\"],"
		    "\"properties\":{" SCHEMA_ID_IN("Id of the project, a "
		    "UUID.") "}}",
		.output_schema = PROJECT_OUT,
		.fn = project_get
	},
	{
		.name = "create_script_project",
		.title = "Create a script project",
		.description = "Creates an empty script project. Only name "
		    "is required.",
		.perm = PERM_SCRIPTEDITOR, .level = TL_EDIT,
		.annotations = 0, .writes = 1,
		.input_schema = CREATE_PROJECT_IN,
		.output_schema = PROJECT_OUT,
		.package = artifact_stage_save,
		.rules = artifact_stage_rules, .fn = artifact_save
	},
	{
		.name = "delete_script_project",
		.title = "Delete a script project",
		.description = "Deletes a script project. One with scripts "
		    "is refused, unless ungroupScripts says to keep them "
		    "without a project; scripts are never deleted with it.",
		.perm = PERM_SCRIPTEDITOR, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_CONFIRM, .writes = 1,
		.input_schema = DELETE_PROJECT_IN,
		.output_schema = DELETE_PROJECT_OUT,
		.package = artifact_stage_delete, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = project_stage_delete_rules, .fn = project_delete
	},
	{
		.name = "list_ungrouped_scripts",
		.title = "List scripts without a project",
		.description = "Lists the server scripts that are in no "
		    "project, without their source: the head of each, "
		    "language and useAsGlobalScript. Paged: 100 by default.",
		.perm = PERM_SCRIPTEDITOR, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = SCHEMA_ARTIFACT_LIST,
		.output_schema = SCHEMA_LIST_OUT("scripts"),
		.fn = script_list_ungrouped
	},
	{
		.name = "get_server_script",
		.title = "Get a server script",
		.description = "Returns one server script with its source in "
		    "content, and its relations. Unknown or hidden id: Not "
		    "Found.",
		.perm = PERM_SCRIPTEDITOR, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = SCHEMA_ARTIFACT_GET("script"),
		.output_schema = SCRIPT_OUT,
		.fn = artifact_get
	},
	{
		.name = "save_server_script",
		.title = "Create or update a server script",
		.description = "Creates (no id; needs name and content) or "
		    "updates (id) a server script. What is absent is kept: "
		    "relations, description and project too; an array, when "
		    "given, replaces the whole array, and [] clears it. "
		    "Relations must name what exists. The project gets a new "
		    "ver. Unknown keys are errors.",
		.perm = PERM_SCRIPTEDITOR, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE, .writes = 1,
		.input_schema = SAVE_IN, .output_schema = SCRIPT_OUT,
		.package = artifact_stage_save, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = artifact_stage_rules, .fn = artifact_save
	},
	{
		.name = "delete_server_script",
		.title = "Delete a server script",
		.description = "Deletes a server script; its project gets a "
		    "new ver. Refused while an API, an adaptive entity or "
		    "another script uses it. Unknown id: Not Found.",
		.perm = PERM_SCRIPTEDITOR, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_CONFIRM, .writes = 1,
		.input_schema = DELETE_IN,
		.output_schema = SCHEMA_DELETED_OUT,
		.package = artifact_stage_delete, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = artifact_stage_delete_rules, .fn = artifact_delete
	},
	{
		.name = "run_server_script",
		.title = "Run a server script",
		.description = "Would run a server script; scripts are not "
		    "enabled on this server, and every call says so.",
		.perm = PERM_SCRIPTEDITOR, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE, .writes = 1,
		.input_schema = RUN_IN, .output_schema = RUN_OUT,
		.package = script_run_stage, .fn = script_run
	},
	{ .name = NULL }
};
