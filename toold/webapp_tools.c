/* SPDX-License-Identifier: ISC */
/*
 * webapp_tools.c: rows of the web app tools: texts for models and JSON
 * Schemas.  Runs in keepd-toold.  Only tables, no code.
 */
#include "webapp.h"

#define API_IN								\
	"{\"type\":[\"object\",\"string\"],\"additionalProperties\":false," \
	"\"properties\":{" P_TEXT("id") P_TEXT("parent") P_TEXT("name")	\
	P_TEXT("contextname") P_TEXT("path") "\"method\":{\"type\":"	\
	"[\"string\",\"null\"]}}}"

/* createdAt, updatedAt and size are what get_webapp shows of a file. */
#define ASSET_IN							\
	OBJ_OPEN "\"required\":[\"path\"],\"properties\":{"		\
	"\"path\":{\"type\":\"string\",\"description\":\"Begins with /, case " \
	"counts.\"},\"source\":{\"type\":\"string\",\"description\":\"The " \
	"content in base64; without it the stored content stays.\"},"	\
	"\"size\":{\"description\":\"Ignored.\"},"			\
	"\"createdAt\":{\"description\":\"Ignored.\"},"			\
	"\"updatedAt\":{\"description\":\"Ignored.\"}}}"

#define RUNTIME_IN							\
	"{\"type\":[\"object\",\"null\"],\"additionalProperties\":false," \
	"\"description\":\"What is served. Required to create; absent on " \
	"update: kept.\",\"properties\":{"				\
	"\"id\":{\"type\":[\"string\",\"null\"],\"description\":\"The id of " \
	"the web app.\"},\"name\":{\"type\":[\"string\",\"null\"],"	\
	"\"description\":\"The name of the web app.\"},"		\
	"\"publicAccess\":{\"type\":[\"boolean\",\"null\"],\"description\":" \
	"\"true: served without sign-in. Default false.\"},"		\
	"\"page\":{\"type\":[\"string\",\"null\"],\"description\":\"The " \
	"entry page, HTML text; absent: kept.\"},"			\
	"\"assets\":{\"type\":\"array\",\"maxItems\":2000,\"description\":" \
	"\"Files. Absent: untouched. A list that has every file that is " \
	"there changes and adds; one that leaves a file out needs "	\
	"assetMode.\",\"items\":" ASSET_IN "}}}"

#define WEBAPP_IN							\
	OBJ_OPEN "\"description\":\"The web app. Without id it is created, " \
	"with id updated. Absent keys are kept, null puts the default back, " \
	"unknown keys are errors.\",\"properties\":{" SCHEMA_HEAD_IN "," \
	SCHEMA_NAME_IN(128, "Unique name of letters, digits, - and _. "	\
	"Required to create.") ","					\
	SCHEMA_DESCR_IN "," SCHEMA_PACKAGE_IN ","			\
	"\"type\":{\"type\":\"string\",\"description\":\"react (default) or " \
	"vue: a label.\"}," P_BOOL("onlyRuntime")			\
	"\"settings\":{\"type\":[\"object\",\"null\"],\"description\":\"Free " \
	"settings; mainFilePath is index.html by default.\"},"		\
	"\"apis\":{\"type\":[\"array\",\"null\"],\"items\":" API_IN ","	\
	"\"description\":\"APIs it uses: parent, or else id, is the id of " \
	"the API.\"}," SCHEMA_ROLES_IN ",\"runtime\":" RUNTIME_IN "}}"

#define SAVE_IN								\
	OBJ_OPEN "\"required\":[\"webapp\"],\"properties\":{\"webapp\":" \
	WEBAPP_IN ",\"assetMode\":{\"type\":\"string\",\"enum\":[\"replace\"," \
	"\"merge\"],\"description\":\"What becomes of files that "	\
	"runtime.assets leaves out: replace removes them, merge keeps "	\
	"them. Without it such a list is refused.\"},"			\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define PATH_IN								\
	",\"path\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":256," \
	"\"description\":\"Path of the file, as in runtime.assets.\"}"

#define ASSET_GET_IN							\
	OBJ_OPEN "\"required\":[\"id\",\"path\"],\"properties\":{"	\
	SCHEMA_ID_IN("Id of the web app, a UUID.") PATH_IN		\
	",\"encoding\":{\"type\":\"string\",\"enum\":[\"base64\",\"text\"]," \
	"\"description\":\"How to return the content; default base64.\"}," \
	"\"offset\":{\"type\":\"integer\",\"minimum\":0,\"description\":" \
	"\"First byte, default 0; for base64 divisible by 3.\"},"	\
	"\"length\":{\"type\":\"integer\",\"minimum\":3,\"maximum\":600000," \
	"\"description\":\"Most bytes, default 30000. `next' of the answer " \
	"is the offset to go on with.\"}}}"

#define ASSET_DELETE_IN							\
	OBJ_OPEN "\"required\":[\"id\",\"path\"],\"properties\":{"	\
	SCHEMA_ID_IN("Id of the web app, a UUID.") PATH_IN ","		\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define WEBAPP_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"name\"],"		\
	"\"properties\":{" SCHEMA_HEAD_OUT ","				\
	"\"type\":{\"type\":\"string\"},\"runtime\":{\"type\":\"object\"}," \
	"\"written\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}," \
	"\"removed\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}" \
	SCHEMA_OMITTED_OUT SCHEMA_DRY_RUN_OUT "}}"

#define ASSET_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"path\"],"		\
	"\"properties\":{\"id\":{\"type\":\"string\"},"			\
	"\"path\":{\"type\":\"string\"},\"size\":{\"type\":\"integer\"}," \
	"\"offset\":{\"type\":\"integer\"},"				\
	"\"encoding\":{\"type\":\"string\"},"			\
	"\"source\":{\"type\":\"string\"},\"next\":{\"type\":\"integer\"}}}"

#define ASSET_DELETE_OUT						\
	"{\"type\":\"object\",\"required\":[\"id\",\"path\",\"deleted\"]," \
	"\"properties\":{\"id\":{\"type\":\"string\"},"			\
	"\"path\":{\"type\":\"string\"},\"deleted\":{\"type\":\"boolean\"}," \
	"\"revision\":{\"type\":\"integer\"},\"remaining\":{\"type\":"	\
	"\"integer\"}" SCHEMA_DRY_RUN_OUT "}}"

const struct tool webapp_tools[] = {
	{
		.name = "list_webapps",
		.title = "List web apps",
		.description = "Lists the web apps that you may see: id, "
		    "name, description, type, package, ver, revision, who "
		    "and when. Paged: 100 by default, listOptions.take up to "
		    "1000.",
		.perm = PERM_WEBAPP, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = SCHEMA_ARTIFACT_LIST,
		.output_schema = SCHEMA_LIST_OUT("webapps"),
		.fn = artifact_list
	},
	{
		.name = "get_webapp",
		.title = "Get a web app",
		.description = "Returns one web app with settings and "
		    "runtime: name, page, publicAccess, and assets with "
		    "path, size and times, without their content: that is "
		    "get_webapp_asset. It can be changed and sent back to "
		    "save_webapp. Unknown or hidden id: Not Found.",
		.perm = PERM_WEBAPP, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = SCHEMA_ARTIFACT_GET("web app"),
		.output_schema = WEBAPP_OUT,
		.fn = artifact_get
	},
	{
		.name = "save_webapp",
		.title = "Create or update a web app",
		.description = "Creates (no id; needs name and runtime) or "
		    "updates (id) a web app; it is live at once. Absent keys "
		    "are kept, also those of runtime. Files: no assets key "
		    "leaves them alone; entries with source write, entries "
		    "with path only keep; a list that leaves a file out is "
		    "refused unless assetMode says replace or merge. source "
		    "must be base64. The answer names the files written and "
		    "removed. Unknown keys are errors.",
		.perm = PERM_WEBAPP, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE, .writes = 1,
		.input_schema = SAVE_IN, .output_schema = WEBAPP_OUT,
		.package = artifact_stage_save, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = artifact_stage_rules, .fn = artifact_save
	},
	{
		.name = "delete_webapp",
		.title = "Delete a web app",
		.description = "Deletes a web app with its runtime and all "
		    "files. Refused while another artifact uses it. Unknown "
		    "id: Not Found.",
		.perm = PERM_WEBAPP, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_CONFIRM, .writes = 1,
		.input_schema = SCHEMA_ARTIFACT_DELETE("web app"),
		.output_schema = SCHEMA_DELETED_OUT,
		.package = artifact_stage_delete, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = artifact_stage_delete_rules, .fn = artifact_delete
	},
	{
		.name = "get_webapp_asset",
		.title = "Read a file of a web app",
		.description = "Returns the content of one file of a web "
		    "app, in base64 or as text, in pieces: 30000 bytes by "
		    "default, go on at offset `next'.",
		.perm = PERM_WEBAPP, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = ASSET_GET_IN, .output_schema = ASSET_OUT,
		.fn = webapp_asset_get
	},
	{
		.name = "delete_webapp_asset",
		.title = "Remove a file of a web app",
		.description = "Removes one file of a web app and leaves "
		    "everything else as it is.",
		.perm = PERM_WEBAPP, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_CONFIRM, .writes = 1,
		.input_schema = ASSET_DELETE_IN,
		.output_schema = ASSET_DELETE_OUT,
		.package = webapp_stage_find, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = webapp_stage_asset, .fn = webapp_asset_delete
	},
	{ .name = NULL }
};
