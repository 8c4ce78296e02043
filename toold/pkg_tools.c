/* SPDX-License-Identifier: ISC */
/*
 * pkg_tools.c: rows of the package tools: texts for models and JSON Schemas.
 * Runs in keepd-toold.  Only tables, no code.
 */
#include "pkg.h"

#define LIST_IN								\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"properties\":{" SCHEMA_LIST_OPTIONS "}}"

#define GET_IN								\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"id\"],\"properties\":{"			\
	SCHEMA_ID_IN("Id of the package, a UUID.") "}}"

#define PKG_PROPS							\
	",\"git\":{\"type\":[\"object\",\"null\"],\"description\":"	\
	"\"Git remote of the package; null clears it.\","		\
	"\"additionalProperties\":false,\"properties\":{"		\
	"\"remote\":{\"type\":\"string\",\"maxLength\":512,"		\
	"\"description\":\"URL of the repository.\"},"			\
	"\"branch\":{\"type\":\"string\",\"maxLength\":512,"		\
	"\"description\":\"Branch of the repository.\"}}},"		\
	"\"enableCICD\":{\"type\":\"boolean\",\"description\":"		\
	"\"Flag only, default false.\"},"				\
	"\"internalReadOnly\":{\"type\":\"boolean\",\"description\":"	\
	"\"true: nobody can change the members, default false.\"},"	\
	"\"oeVersion\":{\"type\":\"string\",\"maxLength\":512,"		\
	"\"description\":\"Free text: version of the platform.\"},"	\
	"\"excludeTemplateFiles\":{\"type\":\"boolean\","		\
	"\"description\":\"Flag only, default false.\"},"		\
	"\"isSystem\":{\"type\":\"boolean\",\"description\":"		\
	"\"System package: takes no artifacts. Only Global Admins set "	\
	"it.\"},"							\
	"\"isTemplate\":{\"type\":\"boolean\",\"description\":"		\
	"\"Template package: only Global Admins put artifacts into it "	\
	"and set this.\"},"

#define SAVE_IN								\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"pkg\"],\"properties\":{"			\
	"\"pkg\":{\"type\":\"object\",\"additionalProperties\":false,"	\
	"\"description\":\"The package. Without id it is created, with " \
	"id updated. On update absent keys are kept; roles, when given, " \
	"replace all roles.\",\"properties\":{"				\
	SCHEMA_HEAD_IN ","						\
	"\"name\":{\"type\":\"string\",\"minLength\":1,"		\
	"\"maxLength\":128,\"description\":\"Unique name; upper and "	\
	"lower case of ASCII letters do not make two names. Required "	\
	"to create.\"},"						\
	"\"description\":{\"type\":\"string\",\"maxLength\":1024,"	\
	"\"description\":\"Free text.\"}"				\
	PKG_PROPS							\
	"\"roles\":{\"type\":\"array\",\"maxItems\":64,"		\
	"\"description\":\"Who may see (READ) and change (EDIT) the "	\
	"package and its members. Empty: everybody with the tool's "	\
	"permission; only a Global Admin may remove the last role.\","	\
	"\"items\":{\"type\":\"object\",\"additionalProperties\":false," \
	"\"required\":[\"accessLevel\"],\"properties\":{"		\
	"\"id\":{\"type\":\"string\",\"description\":\"Id of an "	\
	"existing role; or give name.\"},"				\
	"\"name\":{\"type\":\"string\",\"description\":\"Name of an "	\
	"existing role; or give id.\"},"				\
	"\"accessLevel\":{\"type\":\"string\",\"enum\":[\"READ\","	\
	"\"EDIT\"],\"description\":\"READ or EDIT.\"}}}}}},"		\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define DELETE_IN							\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"id\"],\"properties\":{"			\
	SCHEMA_ID_IN("Id of the package, a UUID.") ","			\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"

#define BUCKET(name)							\
	",\"" name "\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"

#define PKG_OUT_PROPS							\
	SCHEMA_HEAD_OUT							\
	",\"git\":{\"type\":\"object\"},"				\
	"\"enableCICD\":{\"type\":\"boolean\"},"			\
	"\"internalReadOnly\":{\"type\":\"boolean\"},"			\
	"\"oeVersion\":{\"type\":\"string\"},"				\
	"\"excludeTemplateFiles\":{\"type\":\"boolean\"},"		\
	"\"isSystem\":{\"type\":\"boolean\"},"				\
	"\"isTemplate\":{\"type\":\"boolean\"},"			\
	"\"roles\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"

#define GET_OUT								\
	"{\"type\":\"object\",\"required\":[\"id\",\"name\"],"		\
	"\"properties\":{" PKG_OUT_PROPS				\
	BUCKET("apps") BUCKET("webapp") BUCKET("jsclass")		\
	BUCKET("jsscript_group") BUCKET("reports")			\
	BUCKET("dictionary") BUCKET("api")				\
	",\"truncated\":{\"type\":\"boolean\"},"			\
	"\"note\":{\"type\":\"string\"}}}"

#define SAVE_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"name\"],"		\
	"\"properties\":{" PKG_OUT_PROPS SCHEMA_DRY_RUN_OUT "}}"

#define DELETE_OUT							\
	"{\"type\":\"object\",\"required\":[\"id\",\"deleted\"],"	\
	"\"properties\":{\"id\":{\"type\":\"string\"},"			\
	"\"name\":{\"type\":\"string\"},"				\
	"\"deleted\":{\"type\":\"boolean\"},"				\
	"\"clearedMembers\":{\"type\":\"integer\"}"			\
	SCHEMA_DRY_RUN_OUT "}}"

const struct tool pkg_tools[] = {
	{
		.name = "list_packages",
		.title = "List development packages",
		.description = "Lists the development packages that you may "
		    "see: id, name, description, ver, revision, who and when. "
		    "Paged: 100 by default, listOptions.take up to 1000.",
		.perm = PERM_PACKAGE, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = LIST_IN,
		.output_schema = SCHEMA_LIST_OUT("packages"),
		.fn = pkg_list
	},
	{
		.name = "get_package",
		.title = "Get a development package",
		.description = "Returns one package with its roles and its "
		    "members, bucketed by artifact type: apps, webapp, "
		    "jsclass (scripts), jsscript_group (script projects), "
		    "reports (adaptive), dictionary (tables), api. Unknown "
		    "or hidden id: Not Found.",
		.perm = PERM_PACKAGE, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = GET_IN, .output_schema = GET_OUT,
		.fn = pkg_get
	},
	{
		.name = "save_package",
		.title = "Create or update a development package",
		.description = "Creates (no id) or updates (id) a development "
		    "package. Creating needs only name. On update absent keys "
		    "keep their value and roles, when given, replace all "
		    "roles. An artifact joins a package through its own "
		    "`package' field, not here. Unknown keys are errors.",
		.perm = PERM_PACKAGE, .level = TL_EDIT,
		.annotations = 0, .writes = 1,
		.input_schema = SAVE_IN, .output_schema = SAVE_OUT,
		.package = pkg_stage_save, .lock = art_stage_lock,
		.revision = art_stage_revision, .rules = pkg_stage_rules,
		.fn = pkg_save
	},
	{
		.name = "delete_package",
		.title = "Delete a development package",
		.description = "Deletes a package. Its members are kept and "
		    "lie in no package afterwards, open to everybody with "
		    "the tool's permission; so for a package with roles and "
		    "members it takes a Global Admin.",
		.perm = PERM_PACKAGE, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE | TA_CONFIRM, .writes = 1,
		.input_schema = DELETE_IN, .output_schema = DELETE_OUT,
		.package = pkg_stage_delete, .lock = art_stage_lock,
		.revision = art_stage_revision,
		.rules = pkg_stage_delete_rules, .fn = pkg_delete
	},
	{ .name = NULL }
};
