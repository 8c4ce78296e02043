/* SPDX-License-Identifier: ISC */
/*
 * api_tools.c: rows of the API tools: texts for models and JSON Schemas.
 * Runs in keepd-toold.  Only tables, no code.
 */
#include "api.h"

#define PARAMS								\
	"{\"type\":[\"array\",\"null\"],\"items\":" OBJ_OPEN		\
	"\"properties\":{" P_ANY("id") P_TEXT("name") P_TEXT("description") \
	P_ANY("required") P_ANY("inPath") P_ANY("type") P_ANY("default") \
	P_ANY("example") "\"value\":{}}}}"

#define PATH_IN								\
	OBJ_OPEN "\"required\":[\"id\",\"path\",\"method\"],\"properties\":{" \
	"\"id\":{\"type\":\"string\",\"description\":\"A UUID you make.\"}," \
	"\"path\":{\"type\":\"string\",\"description\":\"Parameters as (id), " \
	"not {id}.\"},\"method\":{\"type\":\"string\",\"description\":\"GET, " \
	"POST, PUT, PATCH, TRACE, OPTIONS, HEAD, DELETE or CONNECT.\"}," \
	P_TEXT("summary") P_TEXT("description") P_ANY("tags")		\
	"\"parameters\":" PARAMS ",\"headers\":" PARAMS ","		\
	P_LIST("content")						\
	"\"responses\":{\"type\":[\"array\",\"null\"],\"items\":" OBJ_OPEN \
	"\"properties\":{" P_ANY("id") P_ANY("status") P_TEXT("description") \
	P_LIST("headers") "\"content\":{\"type\":[\"array\",\"null\"]}}}}," \
	P_LIST("auth") P_LIST("endpoints") P_TEXT("endpoint")		\
	"\"serverScript\":{\"type\":[\"string\",\"null\"],\"description\":" \
	"\"Id of the server script behind it.\"},"			\
	P_LIST("operAccess") P_BOOL("enableTrace")			\
	"\"captureBody\":{\"type\":[\"boolean\",\"null\"]}}}"

#define PROPERTY_IN							\
	OBJ_OPEN "\"required\":[\"name\"],\"properties\":{"		\
	P_TEXT("id") P_TEXT("name")					\
	"\"objectType\":{\"type\":[\"string\",\"null\"],\"description\":" \
	"\"uuid, boolean, object, number, string, integer, array, "	\
	"reference (default) or vector.\"},"				\
	P_ANY("required") P_ANY("example") P_TEXT("description")	\
	P_ANY("parent") P_ANY("isParent") P_ANY("reference")		\
	P_ANY("default") P_ANY("maxLength") P_ANY("minLength")		\
	"\"children\":{\"type\":[\"array\",\"null\"]}}}"

#define DEFINITION_IN							\
	OBJ_OPEN "\"required\":[\"id\",\"name\"],\"properties\":{"	\
	"\"id\":{\"type\":\"string\",\"description\":\"A UUID you make.\"}," \
	P_TEXT("name")							\
	"\"type\":{\"type\":[\"string\",\"null\"],\"description\":\"object, " \
	"array, boolean, string or number.\"},"				\
	P_TEXT("description") P_BOOL("isInclude")			\
	"\"properties\":{\"type\":[\"array\",\"null\"],\"items\":"	\
	PROPERTY_IN "}}}"

#define API_IN								\
	OBJ_OPEN "\"description\":\"The API, as `api' of get_api. Without id " \
	"it is created (needs name and endpoint), with id updated. Absent " \
	"keys are kept, arrays are replaced as a whole, null puts the "	\
	"default back (an empty array), unknown keys are errors.\","	\
	"\"properties\":{" SCHEMA_HEAD_IN ","				\
	SCHEMA_NAME_IN(64, "Unique name. Required to create.") ","	\
	SCHEMA_DESCR_IN "," SCHEMA_PACKAGE_IN ","			\
	"\"endpoint\":{\"type\":\"string\",\"maxLength\":128,\"description\":" \
	"\"script: /api/serverscript/ or, if isPublic, /public/serverscript/ " \
	"and the name in lower case without blanks and slashes; table: " \
	"/api/entity; external: an absolute URL. Required to create.\"}," \
	"\"apiType\":{\"type\":[\"string\",\"null\"],\"description\":"	\
	"\"script, table, or empty for external; never changes.\"},"	\
	"\"apiFormat\":{\"type\":[\"integer\",\"null\"],\"description\":\"0 " \
	"Swagger 2 (default), 1 OpenAPI 3.\"},"				\
	P_TEXT("version") P_TEXT("apiGroup") P_TEXT("mediaType")	\
	P_TEXT("about") P_TEXT("swaggerURI") P_TEXT("swaggerSystem")	\
	P_ANY("securitySchemes") P_BOOL("enableProxy")			\
	P_BOOL("forwardProxy") P_BOOL("restrictAccess")			\
	P_BOOL("enableTrace") P_BOOL("enableIDE")			\
	P_BOOL("enableScriptEditor") P_BOOL("internalAPI")		\
	P_BOOL("isPublic") P_BOOL("tlsAllowUntrusted")			\
	P_BOOL("useOwnProcess")						\
	"\"auth\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":"	\
	"\"object\"},\"description\":\"id, apiAuth, authName, role.\"}," \
	"\"endpoints\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":" \
	"\"object\"},\"description\":\"id, role (DEV, TST, ..), "	\
	"endpoint.\"}," P_LIST("documentation") SCHEMA_ROLES_IN ","	\
	"\"paths\":{\"type\":[\"array\",\"null\"],\"maxItems\":1000,"	\
	"\"description\":\"All operations.\",\"items\":" PATH_IN "},"	\
	"\"definitions\":{\"type\":[\"array\",\"null\"],\"maxItems\":1000," \
	"\"description\":\"All schemas.\",\"items\":" DEFINITION_IN "}}}"

#define SAVE_IN								\
	OBJ_OPEN "\"required\":[\"api\"],\"properties\":{\"api\":" API_IN "," \
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define USERS	"{\"type\":\"object\",\"properties\":{\"children\":{"	\
		"\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}"

#define GET_OUT								\
	"{\"type\":\"object\",\"required\":[\"api\",\"apps\",\"scripts\"," \
	"\"webapps\"],\"properties\":{\"api\":{\"type\":\"object\"},"	\
	"\"apps\":" USERS ",\"scripts\":" USERS ",\"webapps\":" USERS "}}"

#define SAVE_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"name\"],"		\
	"\"properties\":{" SCHEMA_HEAD_OUT ","				\
	"\"endpoint\":{\"type\":\"string\"}" SCHEMA_OMITTED_OUT		\
	SCHEMA_DRY_RUN_OUT "}}"

const struct tool api_tools[] = {
	{
		.name = "list_apis",
		.title = "List APIs",
		.description = "Lists the APIs that you may see: id, name, "
		    "description, endpoint, type, version, group, "
		    "enableProxy, enableTrace, package, ver, revision, who "
		    "and when; never paths or definitions. Paged: 100 by "
		    "default, listOptions.take up to 1000.",
		.perm = PERM_APIDESIGNER, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = SCHEMA_ARTIFACT_LIST,
		.output_schema = SCHEMA_LIST_OUT("apis"),
		.fn = artifact_list
	},
	{
		.name = "get_api",
		.title = "Get an API",
		.description = "Returns one API under `api', with paths, "
		    "definitions, auth, endpoints and roles, and where it is "
		    "used: apps, scripts, webapps, each with children (those "
		    "you may see). `api' can be changed and sent back to "
		    "save_api. Unknown or hidden id: Not Found.",
		.perm = PERM_APIDESIGNER, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = SCHEMA_ARTIFACT_GET("API"),
		.output_schema = GET_OUT,
		.fn = api_get
	},
	{
		.name = "save_api",
		.title = "Create or update an API",
		.description = "Creates (no id; needs name and endpoint) or "
		    "updates (id) an API; it is live at once. Absent keys "
		    "are kept, paths and definitions are replaced as a whole "
		    "when given, each item with a UUID you make. An unknown "
		    "id is Not Found, a name that is taken an error. Unknown "
		    "keys are errors.",
		.perm = PERM_APIDESIGNER, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE, .writes = 1,
		.input_schema = SAVE_IN, .output_schema = SAVE_OUT,
		.package = artifact_stage_save, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = artifact_stage_rules, .fn = artifact_save
	},
	{
		.name = "delete_api",
		.title = "Delete an API",
		.description = "Deletes an API. Refused while an app, a "
		    "script or a web app uses it. Unknown id: Not Found.",
		.perm = PERM_APIDESIGNER, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_CONFIRM, .writes = 1,
		.input_schema = SCHEMA_ARTIFACT_DELETE("API"),
		.output_schema = SCHEMA_DELETED_OUT,
		.package = artifact_stage_delete, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = artifact_stage_delete_rules, .fn = artifact_delete
	},
	{ .name = NULL }
};
