/* SPDX-License-Identifier: ISC */
/*
 * pkg_test.c: packages: who sees and changes what, lists that do not tell
 * of hidden things, and random sequences of an outsider.
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

#define FIELDS "\"fields\":[{\"fieldName\":\"a\",\"fieldType\":\"text\"}]"

static char	pkg[64], tab[64];

/* The id of an answer; out holds 40. */
static void
keep(char *out, const char *json)
{
	snprintf(out, 40, "%s", rig_id(json));
}

static void
set_conf(unsigned int require_package)
{
	struct msg_conf_toold	conf = { .read_ms = 2000, .ddl_ms = 30000,
				    .lock_s = 600 };

	conf.require_package = require_package;
	store_setconf(&conf);
}

/* A package of role alpha (Edit) and beta (Read) with one table in it. */
static void
make_closed(const char *beta)
{
	keep(pkg, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":\"closed\","
	    "\"roles\":[{\"name\":\"alpha\",\"accessLevel\":\"EDIT\"}%s]}}",
	    beta));
	keep(tab, rig_run(&ann, "save_table", "{\"table\":{\"name\":\"secret\","
	    "\"package\":\"%s\"," FIELDS "}}", pkg));
}

#define BETA_READS ",{\"id\":\"" ROLE_B "\",\"accessLevel\":\"READ\"}"

static void
test_save(void **state)
{
	const char	*r;

	r = rig_run(&ann, "save_package", "{\"pkg\":{\"name\":\"Base kit\"}}");
	keep(pkg, r);
	assert_string_equal(rig_member(r, "name"), "Base kit");
	assert_string_equal(rig_member(r, "revision"), "1");
	assert_string_equal(rig_member(r, "roles"), "[]");
	r = rig_run(&ann, "save_package", "{\"pkg\":{\"id\":\"%s\","
	    "\"description\":\"d\",\"git\":{\"remote\":\"ssh://x\",\"branch\":"
	    "\"main\"},\"enableCICD\":true,\"oeVersion\":\"24\"}}", pkg);
	assert_string_equal(rig_member(r, "revision"), "2");
	/* Absent keys are kept. */
	r = rig_run(&bob, "save_package", "{\"pkg\":{\"id\":\"%s\",\"name\":"
	    "\"Base\"}}", pkg);
	assert_string_equal(rig_member(r, "git"),
	    "{\"remote\":\"ssh://x\",\"branch\":\"main\"}");
	assert_string_equal(rig_member(r, "enableCICD"), "true");
	assert_string_equal(rig_member(r, "description"), "d");
	assert_string_equal(rig_member(r, "createdBy"), "ann");
	assert_string_equal(rig_member(r, "changedBy"), "bob");
	r = rig_run(&bob, "save_package", "{\"pkg\":{\"id\":\"%s\",\"git\":"
	    "null}}", pkg);
	assert_string_equal(rig_member(r, "git"), "{}");
}

static void
test_errors(void **state)
{
	keep(pkg, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":"
	    "\"One\"}}"));
	rig_fails("pkg.name Required", &ann, "save_package", "{\"pkg\":{}}");
	rig_fails("name 'one' already exists!", &ann, "save_package",
	    "{\"pkg\":{\"name\":\"one\"}}");
	rig_fails("pkg.name must be printable text without blanks at its "
	    "ends", &ann, "save_package", "{\"pkg\":{\"name\":\" one\"}}");
	rig_fails("pkg.name must be printable text without blanks at its "
	    "ends", &ann, "save_package", "{\"pkg\":{\"name\":\"a\\u202eb\"}}");
	rig_fails("pkg.name must be printable text without blanks at its "
	    "ends", &ann, "save_package", "{\"pkg\":{\"name\":\"a\\u200bb\"}}");
	rig_fails("Not Found", &ann, "save_package", "{\"pkg\":{\"id\":"
	    "\"12345678-1234-4234-8234-123456789012\",\"name\":\"x\"}}");
	rig_fails("Not Found", &ann, "get_package",
	    "{\"id\":\"12345678-1234-4234-8234-123456789012\"}");
	rig_fails("Not Found", &ann, "delete_package",
	    "{\"id\":\"12345678-1234-4234-8234-123456789012\"}");
	rig_fails("pkg.roles.0 names no role of this server: give the id or "
	    "name of an existing role", &ann, "save_package", "{\"pkg\":{"
	    "\"name\":\"x\",\"roles\":[{\"name\":\"nope\",\"accessLevel\":"
	    "\"READ\"}]}}");
	rig_fails("pkg.roles.1 names a role for the second time", &ann,
	    "save_package", "{\"pkg\":{\"name\":\"x\",\"roles\":[{\"name\":"
	    "\"alpha\",\"accessLevel\":\"READ\"},{\"id\":\"" ROLE_A
	    "\",\"accessLevel\":\"EDIT\"}]}}");
	/* Members are not listed on the package. */
	assert_int_equal(rig_run(&ann, "save_package", "{\"pkg\":{\"name\":"
	    "\"x\",\"dictionary\":[]}}")[0], '!');
	assert_non_null(strstr(rig_text, "dictionary"));
}

static void
test_members(void **state)
{
	const char	*r;
	char		 other[64];

	make_closed(BETA_READS);
	r = rig_run(&bob, "get_package", "{\"id\":\"%s\"}", pkg);
	snprintf(other, sizeof(other), "%s", tab);
	{
		char	want[256];

		snprintf(want, sizeof(want), "[{\"id\":\"%s\",\"name\":"
		    "\"secret\",\"description\":\"\"}]", tab);
		assert_string_equal(rig_member(r, "dictionary"), want);
	}
	assert_string_equal(rig_member(r, "apps"), "[]");
	assert_string_equal(rig_member(r, "webapp"), "[]");
	assert_string_equal(rig_member(r, "jsclass"), "[]");
	assert_string_equal(rig_member(r, "jsscript_group"), "[]");
	assert_string_equal(rig_member(r, "reports"), "[]");
	assert_string_equal(rig_member(r, "api"), "[]");
	/* Moving a table out clears the link. */
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"package\":"
	    "null}}",
	    tab);
	r = rig_run(&bob, "get_package", "{\"id\":\"%s\"}", pkg);
	assert_string_equal(rig_member(r, "dictionary"), "[]");
}

/* Read shows, and changes nothing. */
static void
test_read(void **state)
{
	make_closed(BETA_READS);
	rig_ok(&bob, "get_table", "{\"id\":\"%s\"}", tab);
	rig_ok(&bob, "get_package", "{\"id\":\"%s\"}", pkg);
	rig_fails("No edit access to artifact", &bob, "save_table",
	    "{\"table\":{\"id\":\"%s\",\"description\":\"x\"}}", tab);
	rig_fails("No edit access to artifact", &bob, "delete_table",
	    "{\"id\":\"%s\"}", tab);
	rig_fails("No edit access to artifact", &bob, "save_package",
	    "{\"pkg\":{\"id\":\"%s\",\"roles\":[]}}", pkg);
	rig_fails("No edit access to artifact", &bob, "delete_package",
	    "{\"id\":\"%s\"}", pkg);
	rig_fails("No edit access to artifact", &bob, "save_table",
	    "{\"table\":{\"name\":\"new\",\"package\":\"%s\"," FIELDS "}}",
	    pkg);
	rig_fails("No edit access to artifact", &bob, "acquire_lock",
	    "{\"type\":\"table\",\"id\":\"%s\"}", tab);
}

/* What is hidden answers as what is missing, in every tool. */
static void
test_hidden(void **state)
{
	static const char *const missing =
	    "12345678-1234-4234-8234-123456789012";
	static const struct {
		const char	*tool, *args;
	} t[] = {
		{ "get_table", "{\"id\":\"%s\"}" },
		{ "delete_table", "{\"id\":\"%s\",\"ignoreWarning\":true}" },
		{ "save_table", "{\"table\":{\"id\":\"%s\"," FIELDS "}}" },
		{ "save_table", "{\"expectedRevision\":1,\"table\":{\"id\":"
		    "\"%s\"}}" },
		{ "get_package", "{\"id\":\"%s\"}" },
		{ "delete_package", "{\"id\":\"%s\"}" },
		{ "save_package", "{\"pkg\":{\"id\":\"%s\",\"name\":\"x\"}}" },
		{ "save_table", "{\"table\":{\"name\":\"mine\",\"package\":"
		    "\"%s\"," FIELDS "}}" },
		{ "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}" },
		{ "release_lock", "{\"type\":\"table\",\"id\":\"%s\"}" },
		{ "acquire_lock", "{\"type\":\"package\",\"id\":\"%s\"}" },
		{ "list_tables", "{\"listOptions\":{\"where\":{\"id\":"
		    "\"%s\"}}}" },
		{ "list_tables", "{\"listOptions\":{\"where\":{\"package\":"
		    "\"%s\"}}}" },
		{ "save_table", "{\"table\":{\"name\":\"mine\",\"fields\":[{"
		    "\"fieldName\":\"a\",\"fieldType\":\"uuid\"}],"
		    "\"foreignKeys\":[{\"columns\":[\"a\"],"
		    "\"referencedTable\":\"%s\"}]}}" }
	};
	char	first[1024], arg[512], *p;
	size_t	i, k;

	make_closed("");
	/* A lock and a revision must not show either. */
	rig_ok(&ann, "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}", tab);
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\"}}", tab);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(arg, sizeof(arg), t[i].args, missing);
		snprintf(first, sizeof(first), "%s", rig_run(&bob, t[i].tool,
		    "%s", arg));
		while ((p = strstr(first, missing)) != NULL)
			memset(p, '#', 36);
		for (k = 0; k < 2; k++) {
			snprintf(arg, sizeof(arg), t[i].args, k ? pkg : tab);
			rig_run(&bob, t[i].tool, "%s", arg);
			while ((p = strstr(rig_text, k ? pkg : tab)) != NULL)
				memset(p, '#', 36);
			assert_string_equal(rig_text, first);
		}
		/* And for whom it is not hidden, something else happens. */
		if (strcmp(t[i].tool, "get_table") == 0)
			rig_ok(&ann, t[i].tool, t[i].args, tab);
	}
	/* Nor are its rows, by the name somebody may have heard. */
	rig_ok(&ann, "insert_entity_rows",
	    "{\"table\":\"secret\",\"rows\":[{}]}");
	rig_fails("Not Found: table 'secret'", &bob, "query_entity_table",
	    "{\"table\":\"secret\"}");
	rig_fails("Not Found: table 'secret'", &bob, "insert_entity_rows",
	    "{\"table\":\"secret\",\"rows\":[{}]}");
	rig_ok(&root, "query_entity_table", "{\"table\":\"secret\"}");
	assert_string_equal(rig_member(rig_run(&bob, "list_tables", "{}"),
	    "total"), "0");
	assert_string_equal(rig_member(rig_run(&bob, "list_packages", "{}"),
	    "total"), "0");
	assert_string_equal(rig_member(rig_run(&bob, "list_locks", "{}"),
	    "count"), "0");
	assert_string_equal(rig_member(rig_run(&ann, "list_tables", "{}"),
	    "total"), "1");
	assert_string_equal(rig_member(rig_run(&root, "list_packages", "{}"),
	    "total"), "1");
}

/* Both the package a table is in and the one it goes to must allow. */
static void
test_move(void **state)
{
	char	open[64], other[64];

	make_closed(BETA_READS);
	keep(open, rig_run(&bob, "save_package", "{\"pkg\":{\"name\":"
	    "\"open\"}}"));
	keep(other, rig_run(&bob, "save_package", "{\"pkg\":{\"name\":"
	    "\"bobs\",\"roles\":[{\"name\":\"beta\",\"accessLevel\":"
	    "\"EDIT\"}]}}"));
	rig_fails("No edit access to artifact", &bob, "save_table",
	    "{\"table\":{\"id\":\"%s\",\"package\":\"%s\"}}", tab, open);
	rig_fails("No access to artifact", &ann, "save_table",
	    "{\"table\":{\"id\":\"%s\",\"package\":\"%s\"}}", tab, other);
	rig_fails("table.package must be the id of a package, or null", &ann,
	    "save_table", "{\"table\":{\"id\":\"%s\",\"package\":\"x\"}}", tab);
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"package\":"
	    "\"%s\"}}", tab, open);
	rig_ok(&bob, "save_table", "{\"table\":{\"id\":\"%s\",\"package\":"
	    "\"%s\"}}", tab, other);
	rig_fails("Not Found", &ann, "get_table", "{\"id\":\"%s\"}", tab);
	rig_ok(&root, "get_table", "{\"id\":\"%s\"}", tab);
}

static void
test_kinds(void **state)
{
	char	sys[64], tmpl[64], ro[64];

	rig_fails("Only Global Admins can set isSystem or isTemplate", &ann,
	    "save_package", "{\"pkg\":{\"name\":\"s\",\"isSystem\":true}}");
	rig_fails("Only Global Admins can set isSystem or isTemplate", &ann,
	    "save_package", "{\"pkg\":{\"name\":\"s\",\"isTemplate\":true}}");
	keep(sys, rig_run(&root, "save_package", "{\"pkg\":{\"name\":\"s\","
	    "\"isSystem\":true}}"));
	keep(tmpl, rig_run(&root, "save_package", "{\"pkg\":{\"name\":\"t\","
	    "\"isTemplate\":true}}"));
	keep(ro, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":\"r\"}}"));
	rig_fails("Cannot assign artifact to system package", &root,
	    "save_table", "{\"table\":{\"name\":\"x\",\"package\":"
	    "\"%s\"," FIELDS
	    "}}", sys);
	rig_fails("No edit access to artifact", &ann, "save_package",
	    "{\"pkg\":{\"id\":\"%s\",\"description\":\"x\"}}", sys);
	rig_fails("No edit access to artifact", &ann, "delete_package",
	    "{\"id\":\"%s\"}", sys);
	rig_fails("Only Global Admins can assign artifacts to template "
	    "packages", &ann, "save_table", "{\"table\":{\"name\":\"x\","
	    "\"package\":\"%s\"," FIELDS "}}", tmpl);
	rig_ok(&root, "save_table", "{\"table\":{\"name\":\"x\",\"package\":"
	    "\"%s\"," FIELDS "}}", tmpl);
	/* Read-only members: for everybody, until it is cleared. */
	keep(tab, rig_run(&ann, "save_table", "{\"table\":{\"name\":\"y\","
	    "\"package\":\"%s\"," FIELDS "}}", ro));
	rig_ok(&ann, "save_package", "{\"pkg\":{\"id\":\"%s\","
	    "\"internalReadOnly\":true}}", ro);
	rig_fails("No edit access to artifact", &root, "save_table",
	    "{\"table\":{\"id\":\"%s\"}}", tab);
	rig_fails("No edit access to artifact", &root, "save_table",
	    "{\"table\":{\"name\":\"z\",\"package\":\"%s\"," FIELDS "}}", ro);
	rig_fails("Package 'r' is internalReadOnly and has members: clear "
	    "internalReadOnly first", &root, "delete_package",
	    "{\"id\":\"%s\"}", ro);
	rig_ok(&ann, "save_package", "{\"pkg\":{\"id\":\"%s\","
	    "\"internalReadOnly\":false}}", ro);
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\"}}", tab);
}

static void
test_default(void **state)
{
	struct caller	eve = ann;

	set_conf(1);
	rig_fails("Package is a required field", &ann, "save_table",
	    "{\"table\":{\"name\":\"x\"," FIELDS "}}");
	rig_fails("Package is a required field", &ann, "save_table",
	    "{\"table\":{\"name\":\"x\",\"package\":null," FIELDS "}}");
	keep(pkg, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":\"p\"}}"));
	eve.default_package = pkg;
	keep(tab, rig_run(&eve, "save_table", "{\"table\":{\"name\":\"x\","
	    FIELDS "}}"));
	assert_string_equal(rig_member(rig_text, "package"), pkg);
	rig_fails("Package is a required field", &ann, "save_table",
	    "{\"table\":{\"id\":\"%s\",\"package\":null}}", tab);
	rig_fails("Package is a required field: move the 1 members of 'p' to "
	    "another package first", &ann, "delete_package",
	    "{\"id\":\"%s\"}", pkg);
	set_conf(0);
	/* A default that cannot be used is said, not passed over. */
	rig_ok(&root, "save_package", "{\"pkg\":{\"id\":\"%s\",\"roles\":[{"
	    "\"name\":\"beta\",\"accessLevel\":\"EDIT\"}]}}", pkg);
	rig_fails("Your default package cannot be used: No access to "
	    "artifact", &eve, "save_table", "{\"table\":{\"name\":\"y\"," FIELDS
	    "}}");
	rig_ok(&eve, "save_table", "{\"table\":{\"name\":\"y\",\"package\":"
	    "null,"
	    FIELDS "}}");
}

static void
test_roles(void **state)
{
	make_closed(BETA_READS);
	/* Edit under the old roles, and no way to open it to everybody. */
	rig_fails("Only Global Admins can remove the last role of a package: "
	    "it would be open to everybody", &ann, "save_package",
	    "{\"pkg\":{\"id\":\"%s\",\"roles\":[]}}", pkg);
	rig_ok(&ann, "save_package", "{\"pkg\":{\"id\":\"%s\",\"roles\":[{"
	    "\"name\":\"beta\",\"accessLevel\":\"EDIT\"}]}}", pkg);
	rig_fails("Not Found", &ann, "save_package",
	    "{\"pkg\":{\"id\":\"%s\",\"roles\":[]}}", pkg);
	rig_ok(&bob, "save_table", "{\"table\":{\"id\":\"%s\"}}", tab);
	rig_ok(&root, "save_package", "{\"pkg\":{\"id\":\"%s\",\"roles\":[]}}",
	    pkg);
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\"}}", tab);
}

static void
test_delete(void **state)
{
	make_closed(BETA_READS);
	rig_fails("Only Global Admins can delete a package with roles while "
	    "it has members: they would be open to everybody", &ann,
	    "delete_package", "{\"id\":\"%s\"}", pkg);
	rig_ok(&bob, "list_tables", "{}");
	/* Members that somebody edits stop it. */
	rig_ok(&ann, "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}", tab);
	rig_fails("secret is locked by ann since 2026-09-21T14:13:20.000Z",
	    &root, "delete_package", "{\"id\":\"%s\"}", pkg);
	rig_ok(&ann, "release_lock", "{\"type\":\"table\",\"id\":\"%s\"}", tab);
	assert_string_equal(rig_member(rig_run(&root, "delete_package",
	    "{\"id\":\"%s\",\"dryRun\":true}", pkg), "clearedMembers"), "1");
	assert_string_equal(rig_member(rig_run(&root, "delete_package",
	    "{\"id\":\"%s\"}", pkg), "clearedMembers"), "1");
	/* The member is kept, free of any package, and a revision further. */
	assert_string_equal(rig_member(rig_run(&bob, "get_table",
	    "{\"id\":\"%s\"}", tab), "package"), "null");
	assert_string_equal(rig_member(rig_text, "revision"), "2");
	assert_string_equal(rig_member(rig_run(&bob, "list_tables", "{}"),
	    "total"), "1");
	assert_string_equal(rig_member(rig_run(&root, "list_packages", "{}"),
	    "total"), "0");
}

/* A grant for some packages: nothing outside of them, admin or not. */
static void
test_subset(void **state)
{
	char		sub[1][40];
	struct caller	eve = root;

	make_closed("");
	keep(sub[0], rig_run(&ann, "save_package", "{\"pkg\":{\"name\":"
	    "\"sub\"}}"));
	eve.npackages = 1;
	eve.package = (const char (*)[40])sub;
	rig_fails("Not Found", &eve, "get_table", "{\"id\":\"%s\"}", tab);
	rig_fails("No access to artifact", &eve, "save_table",
	    "{\"table\":{\"name\":\"x\"," FIELDS "}}");
	rig_fails("No access to artifact", &eve, "save_package",
	    "{\"pkg\":{\"name\":\"x\"}}");
	rig_ok(&eve, "save_table", "{\"table\":{\"name\":\"x\",\"package\":"
	    "\"%s\"," FIELDS "}}", sub[0]);
	rig_fails("No access to artifact", &eve, "save_table",
	    "{\"table\":{\"id\":\"%s\",\"package\":null}}", rig_id(rig_text));
	assert_string_equal(rig_member(rig_run(&eve, "list_tables", "{}"),
	    "total"), "1");
	assert_string_equal(rig_member(rig_run(&eve, "list_packages", "{}"),
	    "total"), "1");
}

static void
test_list(void **state)
{
	const char	*r;
	int		 i;

	for (i = 0; i < 130; i++) {
		rig_now += 60000;
		rig_ok(i % 2 ? &ann : &bob, "save_table", "{\"table\":{"
		    "\"name\":\"T%03d\",\"description\":\"%s\"," FIELDS "}}",
		    i, i % 10 ? "" : "ten 100%%");
	}
	rig_now -= 130 * 60000;
	r = rig_run(&ann, "list_tables", "{}");
	assert_string_equal(rig_member(r, "total"), "130");
	assert_string_equal(rig_member(r, "count"), "100");
	r = rig_run(&ann, "list_tables", "{\"listOptions\":{\"take\":2,"
	    "\"skip\":1,\"select\":[\"name\"],\"order\":{\"createdAt\":"
	    "\"DESC\"}}}");
	assert_string_equal(rig_member(r, "tables"),
	    "[{\"name\":\"T128\"},{\"name\":\"T127\"}]");
#define WHERE(w, n)							\
	assert_string_equal(rig_member(rig_run(&ann, "list_tables",	\
	    "{\"listOptions\":{\"where\":{" w "}}}"), "total"), n)
	WHERE("\"name\":\"T005\"", "1");
	WHERE("\"name\":\"t005\"", "0");
	WHERE("\"createdBy\":\"ann\",\"name\":{\"operation\":\"Like\","
	    "\"value\":\"T00%%\"}", "5");
	WHERE("\"name\":{\"operation\":\"ILike\",\"value\":\"t_0%%\"}", "20");
	WHERE("\"name\":{\"operation\":\"Like\",\"value\":\"t%%\"}", "0");
	WHERE("\"name\":{\"operation\":\"In\",\"value\":[\"T001\","
	    "\"T002\"]}", "2");
	WHERE("\"createdBy\":{\"operation\":\"Not\",\"value\":\"ann\"}", "65");
	WHERE("\"package\":{\"operation\":\"IsNull\"}", "130");
	WHERE("\"package\":null", "130");
	WHERE("\"revision\":{\"operation\":\"MoreThan\",\"value\":1}", "0");
	WHERE("\"createdAt\":{\"operation\":\"Between\",\"value\":["
	    "\"2026-09-21T14:15:00Z\",\"2026-09-21T14:20:00Z\"]}", "5");
	WHERE("\"createdAt\":{\"operation\":\"LessThan\",\"value\":"
	    "\"2026-09-21T14:14:21Z\"}", "1");
	WHERE("\"name\":{\"operation\":\"MoreThanOrEqual\",\"value\":"
	    "\"T120\"}", "10");
	WHERE("\"description\":{\"operation\":\"Like\",\"value\":\"%%100%%\"}",
	    "13");
	rig_fails("listOptions.where.nome is not a field to filter by; there "
	    "are: id, name, description, package, ver, revision, createdAt, "
	    "updatedAt, createdBy, changedBy", &ann, "list_tables",
	    "{\"listOptions\":{\"where\":{\"nome\":\"x\"}}}");
	rig_fails("listOptions.where.name has an unknown operation; see the "
	    "tool's description", &ann, "list_tables", "{\"listOptions\":{"
	    "\"where\":{\"name\":{\"operation\":\"Regex\",\"value\":\"x\"}}}}");
	rig_fails("listOptions.select.x is not a field of this list; there "
	    "are: "
	    "id, name, description, package, ver, revision, createdAt, "
	    "updatedAt, createdBy, changedBy", &ann, "list_tables",
	    "{\"listOptions\":{\"select\":[\"x\"]}}");
}

/* ---- an outsider ---- */

static unsigned int	seed = 1;

static unsigned int
rnd(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return ((seed >> 16) % n);
}

/*
 * No sequence of calls by a user without the right changes the closed part
 * or shows any of its text.
 */
static void
test_outsider(void **state)
{
	static const char *const calls[][2] = {
		{ "get_table", "{\"id\":\"%s\"}" },
		{ "save_table", "{\"ignoreWarning\":true,\"table\":{\"id\":"
		    "\"%s\"," FIELDS "}}" },
		{ "save_table", "{\"table\":{\"id\":\"%s\",\"package\":"
		    "null}}" },
		{ "delete_table", "{\"id\":\"%s\",\"ignoreWarning\":true}" },
		{ "get_package", "{\"id\":\"%s\"}" },
		{ "save_package", "{\"pkg\":{\"id\":\"%s\",\"roles\":[]}}" },
		{ "delete_package", "{\"id\":\"%s\"}" },
		{ "acquire_lock", "{\"type\":\"table\",\"id\":\"%s\"}" },
		{ "release_lock", "{\"type\":\"package\",\"id\":\"%s\"}" },
		{ "delete_lock", "{\"type\":\"table\",\"id\":\"%s\"}" },
		{ "save_table", "{\"table\":{\"name\":\"q%.3s\",\"package\":"
		    "null,"
		    FIELDS "}}" },
		{ "save_package", "{\"pkg\":{\"name\":\"q%.3s\"}}" },
		{ "list_tables", "{\"listOptions\":{\"where\":{\"id\":{"
		    "\"operation\":\"Like\",\"value\":\"%s\"}}}}" },
		{ "list_packages", "{}" }, { "list_locks", "{}" }
	};
	struct buf	before, after;
	char		arg[512], saved[2][64];
	unsigned int	i, k;

	make_closed("");
	rig_ok(&ann, "save_table", "{\"table\":{\"id\":\"%s\",\"description\":"
	    "\"topsecret\"}}", tab);
	snprintf(saved[0], 64, "%s", pkg);
	snprintf(saved[1], 64, "%s", tab);
	buf_init(&before, 0);
	buf_init(&after, 0);
	rig_ok(&ann, "get_table", "{\"id\":\"%s\"}", tab);
	buf_adds(&before, rig_text);
	rig_ok(&ann, "get_package", "{\"id\":\"%s\"}", pkg);
	buf_adds(&before, rig_text);
	for (i = 0; i < 1500; i++) {
		k = rnd(sizeof(calls) / sizeof(calls[0]));
		snprintf(arg, sizeof(arg), calls[k][1], saved[rnd(2)]);
		rig_run(&bob, calls[k][0], "%s", arg);
		assert_null(strstr(rig_text, "topsecret"));
		assert_null(strstr(rig_text, "closed"));
		assert_null(strstr(rig_text, "ann"));
	}
	rig_ok(&ann, "get_table", "{\"id\":\"%s\"}", tab);
	buf_adds(&after, rig_text);
	rig_ok(&ann, "get_package", "{\"id\":\"%s\"}", pkg);
	buf_adds(&after, rig_text);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, before.len);
	buf_free(&before);
	buf_free(&after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_save),
		RIG_TEST(test_errors),
		RIG_TEST(test_members),
		RIG_TEST(test_read),
		RIG_TEST(test_hidden),
		RIG_TEST(test_move),
		RIG_TEST(test_kinds),
		RIG_TEST(test_default),
		RIG_TEST(test_roles),
		RIG_TEST(test_delete),
		RIG_TEST(test_subset),
		RIG_TEST(test_list),
		RIG_TEST(test_outsider),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
