/* SPDX-License-Identifier: ISC */
/*
 * app_tools.c: rows of the application tools: texts for models and JSON
 * Schemas.  Runs in keepd-toold.  Only tables, no code.
 */
#include "app.h"

#define LIST_IN								\
	OBJ_OPEN "\"properties\":{" SCHEMA_LIST_OPTIONS			\
	",\"deleted\":{\"type\":\"boolean\",\"description\":\"true: the apps " \
	"in the trash instead, whose names are still taken.\"}}}"

#define GET_IN								\
	OBJ_OPEN "\"required\":[\"id\"],\"properties\":{"		\
	SCHEMA_ID_IN("Id of the app, a UUID.")				\
	",\"runtime\":{\"type\":\"boolean\",\"description\":\"true: the " \
	"version that was activated last, not the design.\"}"		\
	SCHEMA_SELECT "}}"

#define NO(n)	"\"" n "\":{\"type\":[\"integer\",\"string\",\"null\"]},"

/* One node of the tree of controls. */
#define OBJECT_IN							\
	OBJ_OPEN "\"required\":[\"fieldNo\"],\"properties\":{"		\
	NO("fieldNo") NO("fieldParent") P_TEXT("fieldName")		\
	P_TEXT("fieldType") P_TEXT("script") P_TEXT("customComponent")	\
	P_LIST("request") P_LIST("response") P_LIST("data")		\
	"\"attributes\":{\"type\":[\"array\",\"null\"],\"items\":"	\
	OBJ_OPEN "\"properties\":{" P_TEXT("attribute")			\
	P_TEXT("grouping") P_ANY("value") P_TEXT("script")		\
	"\"translation\":{}}}}}}"

#define API_IN								\
	"{\"type\":[\"object\",\"string\"],\"additionalProperties\":false," \
	"\"properties\":{" P_TEXT("id") P_TEXT("parent") P_TEXT("name")	\
	P_TEXT("contextname") P_TEXT("path") "\"method\":{\"type\":"	\
	"[\"string\",\"null\"]}}}"

#define APP_IN								\
	OBJ_OPEN "\"description\":\"The app. Without id it is created, with " \
	"id updated. Absent keys are kept; arrays, when given, replace the " \
	"whole array; null puts the default back. Unknown keys are errors.\"," \
	"\"properties\":{" SCHEMA_HEAD_IN ","				\
	"\"application\":{\"type\":\"string\",\"description\":\"Technical " \
	"name, unique: 1 to 64 of a to z, 0 to 9 and _. Required to "	\
	"create.\"},"							\
	"\"name\":{\"type\":\"string\",\"description\":\"The same as "	\
	"application, as get_app returns it.\"},"			\
	SCHEMA_DESCR_IN "," SCHEMA_PACKAGE_IN ","			\
	P_TEXT("title")							\
	"\"appType\":{\"type\":\"string\",\"description\":\"A application " \
	"(default), C building block, L launchpad, F adaptive, E custom " \
	"component.\"},"						\
	"\"status\":{\"type\":[\"string\",\"null\"],\"description\":\"Set by " \
	"activate_app; another value than the stored one is refused.\"}," \
	"\"activation\":{\"description\":\"As status.\"},"		\
	"\"activationHistoryCount\":{\"description\":\"As status.\"},"	\
	"\"compiledCss\":{\"description\":\"As status.\"},"		\
	P_BOOL("disabled") P_BOOL("enableFileStorage")			\
	P_BOOL("enableManifest") P_BOOL("enableStylesheet")		\
	P_BOOL("enableObfuscate") P_BOOL("onlyRunLaunchpad")		\
	P_BOOL("loadLaunchpadCode") P_BOOL("loadApplicationCode")	\
	P_BOOL("publicAccess") P_BOOL("generateVersionOnActivation")	\
	P_BOOL("useV2AppHandler") P_BOOL("libHighchart")		\
	P_BOOL("libHighmap") P_BOOL("ui5_m") P_BOOL("ui5_f")		\
	P_BOOL("ui5_table") P_BOOL("ui5_tnt") P_BOOL("ui5_uxap")	\
	P_BOOL("ui5_chart") P_BOOL("ui5_bootstrap") P_BOOL("ui5_ionic")	\
	P_BOOL("ui5_integration") P_TEXT("ui5_theme")			\
	P_TEXT("ui5_version") P_TEXT("ui5_language") P_TEXT("ui5_url")	\
	P_TEXT("compilerTarget") P_INT("tabWidth") P_INT("printWidth")	\
	P_ANY("cus_theme") P_ANY("manifest") P_ANY("i18n")		\
	P_TEXT("header") P_TEXT("globalScript")				\
	"\"css\":{\"type\":[\"string\",\"null\"],\"description\":\"Plain " \
	"CSS; activation refuses what would need a Sass compiler.\"},"	\
	"\"apis\":{\"type\":[\"array\",\"null\"],\"items\":" API_IN ","	\
	"\"description\":\"APIs the app uses: parent, or else id, is the id " \
	"of the API.\"}," P_LIST("componentInterface")			\
	"\"objects\":{\"type\":[\"array\",\"null\"],\"maxItems\":20000," \
	"\"description\":\"The tree of controls as a flat list: fieldNo " \
	"unique, fieldParent 0 at the root.\",\"items\":" OBJECT_IN "}}}"

#define SAVE_IN								\
	OBJ_OPEN "\"required\":[\"app\"],\"properties\":{\"app\":" APP_IN "," \
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define ACTIVATE_IN							\
	OBJ_OPEN "\"required\":[\"id\"],\"properties\":{"		\
	SCHEMA_ID_IN("Id of the app, a UUID.") ","			\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define DELETE_IN							\
	OBJ_OPEN "\"required\":[\"id\"],\"properties\":{"		\
	SCHEMA_ID_IN("Id of the app, a UUID.")				\
	",\"purge\":{\"type\":\"boolean\",\"description\":\"true: free the " \
	"name too; also for an app that lies in the trash.\"},"		\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define APP_OUT								\
	"{\"type\":\"object\",\"required\":[\"id\",\"name\"],"		\
	"\"properties\":{" SCHEMA_HEAD_OUT ","				\
	"\"application\":{\"type\":\"string\"},"			\
	"\"appType\":{\"type\":\"string\"},"				\
	"\"status\":{\"type\":[\"string\",\"null\"]},"			\
	"\"objects\":{\"type\":\"array\"}" SCHEMA_OMITTED_OUT		\
	SCHEMA_DRY_RUN_OUT "}}"

#define ACTIVATE_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"application\"," \
	"\"status\",\"ver\"],\"properties\":{\"id\":{\"type\":\"string\"}," \
	"\"application\":{\"type\":\"string\"},\"status\":{\"type\":"	\
	"\"string\"},\"ver\":{\"type\":\"string\"},\"revision\":{\"type\":" \
	"\"integer\"}" SCHEMA_DRY_RUN_OUT "}}"

#define DELETE_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"deleted\"],"	\
	"\"properties\":{\"id\":{\"type\":\"string\"},"			\
	"\"name\":{\"type\":\"string\"},\"deleted\":{\"type\":\"boolean\"}," \
	"\"purged\":{\"type\":\"boolean\"},\"message\":{\"type\":\"string\"}" \
	SCHEMA_DRY_RUN_OUT "}}"

const struct tool app_tools[] = {
	{
		.name = "list_apps",
		.title = "List applications",
		.description = "Lists the applications that you may see: id, "
		    "name (the technical name), title, type, status, "
		    "disabled, package, ver, revision, who and when; get_app "
		    "returns the content. status is Active, Inactive "
		    "(Revised) or null (never activated). Paged: 100 by "
		    "default, listOptions.take up to 1000.",
		.perm = PERM_APPDESIGNER, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = LIST_IN,
		.output_schema = SCHEMA_LIST_OUT("apps"),
		.fn = app_list
	},
	{
		.name = "get_app",
		.title = "Get an application",
		.description = "Returns the design of one application: "
		    "objects, component interface, resources, title, status; "
		    "with runtime true the version that was activated last. "
		    "It can be changed and sent back to save_app. Large "
		    "members are left out unless asked for. Unknown or "
		    "hidden id: Not Found.",
		.perm = PERM_APPDESIGNER, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = GET_IN, .output_schema = APP_OUT,
		.fn = app_get
	},
	{
		.name = "save_app",
		.title = "Create or update an application",
		.description = "Creates (no id; needs application) or "
		    "updates (id) the design of an application; run time "
		    "changes with activate_app only. Absent keys are kept, "
		    "arrays are replaced as a whole, unknown keys are "
		    "errors. A saved app that was active gets the status "
		    "Inactive (Revised).",
		.perm = PERM_APPDESIGNER, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE, .writes = 1,
		.input_schema = SAVE_IN, .output_schema = APP_OUT,
		.package = artifact_stage_save, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = artifact_stage_rules, .fn = artifact_save
	},
	{
		.name = "activate_app",
		.title = "Activate an application",
		.description = "Makes the design of an application its "
		    "run-time version. Refused as cyclic_dependency (custom "
		    "components that use each other), "
		    "missing_custom_component (names follow), "
		    "sass_compilation_error (css is not plain CSS) and "
		    "multi_dev_conflict (somebody else made the last change: "
		    "name its expectedRevision to activate it).",
		.perm = PERM_APPDESIGNER, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE, .writes = 1,
		.input_schema = ACTIVATE_IN, .output_schema = ACTIVATE_OUT,
		.package = app_stage_activate, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = app_stage_activate_rules, .fn = app_activate
	},
	{
		.name = "delete_app",
		.title = "Delete an application",
		.description = "Deletes design and run time of an "
		    "application. Its name stays taken, in the trash, until "
		    "purge. Refused while another artifact uses it. Unknown "
		    "id: Not Found.",
		.perm = PERM_APPDESIGNER, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_CONFIRM, .writes = 1,
		.input_schema = DELETE_IN, .output_schema = DELETE_OUT,
		.package = app_stage_delete, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = app_stage_delete_rules, .fn = app_delete
	},
	{ .name = NULL }
};
