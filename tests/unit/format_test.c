/* SPDX-License-Identifier: ISC */
/*
 * format_test.c: stores of an earlier format: copied, then upgraded at the
 * open, whole or not at all; newer and foreign ones refused.
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
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "store_rig.h"

/* As the first release wrote it: never to be changed. */
static const char *const format_1[] = {
	"CREATE TABLE meta (k TEXT PRIMARY KEY, v INTEGER NOT NULL) STRICT",
	"INSERT INTO meta VALUES ('opened', 0), ('seq', 0), ('outbox', 0)",
	"CREATE TABLE artifact (num INTEGER PRIMARY KEY,"
	    " type INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,"
	    " name_key TEXT NOT NULL, package TEXT NOT NULL,"
	    " ver TEXT NOT NULL, revision INTEGER NOT NULL,"
	    " created_at INTEGER NOT NULL, created_by TEXT NOT NULL,"
	    " updated_at INTEGER NOT NULL, changed_by TEXT NOT NULL,"
	    " flags INTEGER NOT NULL, head INTEGER NOT NULL,"
	    " acl TEXT NOT NULL, description TEXT NOT NULL,"
	    " def TEXT NOT NULL) STRICT",
	"CREATE UNIQUE INDEX artifact_id ON artifact (type, id)",
	"CREATE UNIQUE INDEX artifact_name ON artifact (type, name_key)",
	"CREATE INDEX artifact_package ON artifact (package, type, name_key)",
	"CREATE TABLE revision (type INTEGER NOT NULL, id TEXT NOT NULL,"
	    " revision INTEGER NOT NULL, ver TEXT NOT NULL,"
	    " name TEXT NOT NULL, package TEXT NOT NULL,"
	    " updated_at INTEGER NOT NULL, changed_by TEXT NOT NULL,"
	    " flags INTEGER NOT NULL, head INTEGER NOT NULL,"
	    " acl TEXT NOT NULL, description TEXT NOT NULL,"
	    " def TEXT NOT NULL) STRICT",
	"CREATE UNIQUE INDEX revision_id ON revision (type, id, revision)",
	"CREATE TABLE tally (type INTEGER NOT NULL, package TEXT NOT NULL,"
	    " n INTEGER NOT NULL, PRIMARY KEY (type, package))"
	    " STRICT, WITHOUT ROWID",
	"CREATE TABLE outbox (num INTEGER PRIMARY KEY, head BLOB NOT NULL,"
	    " tool TEXT NOT NULL, target TEXT NOT NULL,"
	    " detail TEXT NOT NULL) STRICT",
	"CREATE TABLE request (user TEXT NOT NULL, id TEXT NOT NULL,"
	    " tool TEXT NOT NULL, args INTEGER NOT NULL,"
	    " expires INTEGER NOT NULL, answer TEXT NOT NULL,"
	    " PRIMARY KEY (user, id)) STRICT",
	"CREATE INDEX request_expires ON request (expires)",
	"CREATE TABLE lock (type INTEGER NOT NULL, id TEXT NOT NULL,"
	    " name TEXT NOT NULL, user_id TEXT NOT NULL, user TEXT NOT NULL,"
	    " at INTEGER NOT NULL, expires INTEGER NOT NULL,"
	    " PRIMARY KEY (type, id)) STRICT, WITHOUT ROWID",
	"CREATE TABLE tab (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	    " next_id INTEGER NOT NULL, rows INTEGER NOT NULL) STRICT",
	"CREATE TABLE col (n INTEGER PRIMARY KEY, tab INTEGER NOT NULL,"
	    " field TEXT NOT NULL) STRICT",
	"CREATE INDEX col_tab ON col (tab)",
	"CREATE TABLE idx (n INTEGER PRIMARY KEY, tab INTEGER NOT NULL,"
	    " kind TEXT NOT NULL, ref TEXT NOT NULL, sig TEXT NOT NULL)"
	    " STRICT",
	"CREATE INDEX idx_tab ON idx (tab)",
	"CREATE TABLE fk (child INTEGER NOT NULL, name TEXT NOT NULL,"
	    " parent INTEGER NOT NULL, cols TEXT NOT NULL,"
	    " refs TEXT NOT NULL) STRICT",
	"CREATE INDEX fk_child ON fk (child)",
	"CREATE INDEX fk_parent ON fk (parent)",
	"PRAGMA application_id = 1801807216",
	"PRAGMA user_version = 1",
	NULL
};

static char	dir[64], path[96], copy[128], part[160];

static void
raw(const char *file, const char *sql)
{
	sqlite3	*db;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* The rows of a statement, one a line. */
static const char *
rows(const char *file, const char *sql)
{
	static char	 out[16384];
	sqlite3_stmt	*s;
	sqlite3		*db;
	size_t		 n = 0;

	out[0] = '\0';
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL),
	    SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s\n",
		    (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	sqlite3_close(db);
	return (out);
}

static void
old_store(void)
{
	const char *const	*s;

	for (s = format_1; *s != NULL; s++)
		raw(path, *s);
	raw(path, "INSERT INTO artifact VALUES (1, 1,"
	    " '11111111-0000-4000-8000-000000000001', 'sales', 'sales', '',"
	    " '20260101000000', 1, 5, 'ann', 5, 'ann', 0, 258, '', '',"
	    " '{\"id\":\"11111111-0000-4000-8000-000000000001\",\"name\":"
	    "\"sales\"}')");
	raw(path, "INSERT INTO tally VALUES (1, '', 1)");
}

static int
setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/keepd-unit.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/keepd.db", dir);
	snprintf(copy, sizeof(copy), "%s.format-1", path);
	snprintf(part, sizeof(part), "%s.part", copy);
	return (0);
}

static int
teardown(void **state)
{
	char	cmd[96];

	store_close();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return (system(cmd));
}

/* Open in a child: its status, and what it said. */
static int
open_status(char *msg, size_t size)
{
	ssize_t	n;
	pid_t	pid;
	int	p[2], status;

	assert_int_equal(pipe(p), 0);
	if ((pid = fork()) == 0) {
		dup2(p[1], STDERR_FILENO);
		store_open(dir);
		store_close();
		_exit(0);
	}
	close(p[1]);
	n = read(p[0], msg, size - 1);
	msg[n > 0 ? n : 0] = '\0';
	close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void
test_upgrade(void **state)
{
	char		fresh[16384], sql[64];
	struct stat	st;

	old_store();
	store_open(dir);
	assert_string_equal(rig_member(rig_run(&root, "list_packages", "{}"),
	    "total"), "1");
	rig_ok(&root, "save_package", "{\"pkg\":{\"name\":\"more\"}}");
	store_close();
	snprintf(sql, sizeof(sql), "%d\n", STORE_FORMAT);
	assert_string_equal(rows(path, "PRAGMA user_version"), sql);
	/* Mode, format and content of the copy. */
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_string_equal(rows(copy, "PRAGMA user_version"), "1\n");
	assert_string_equal(rows(copy, "PRAGMA integrity_check"), "ok\n");
	assert_string_equal(rows(copy, "SELECT name FROM artifact"),
	    "sales\n");
	/* What one arrives at is what a new store has. */
	snprintf(fresh, sizeof(fresh), "%s", rows(path, "SELECT replace("
	    "sql, '\"', '') FROM sqlite_schema WHERE sql IS NOT NULL"
	    " ORDER BY name"));
	assert_int_equal(unlink(path), 0);
	store_open(dir);
	store_close();
	assert_string_equal(rows(path, "SELECT replace(sql, '\"', '')"
	    " FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"), fresh);
}

static void
test_only_once(void **state)
{
	old_store();
	store_open(dir);
	store_close();
	assert_int_equal(unlink(copy), 0);
	store_open(dir);
	store_close();
	assert_int_equal(access(copy, F_OK), -1);
}

/* Left behind by a start that was killed in the copy. */
static void
test_half_a_copy(void **state)
{
	int	fd;

	old_store();
	fd = open(part, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "half", 4), 4);
	close(fd);
	store_open(dir);
	store_close();
	assert_int_equal(access(part, F_OK), -1);
	assert_string_equal(rows(copy, "PRAGMA integrity_check"), "ok\n");
}

/* Without room for the copy the store stays as it is. */
static void
test_no_copy(void **state)
{
	char	msg[512];

	old_store();
	assert_int_equal(mkdir(copy, 0700), 0);
	assert_int_equal(open_status(msg, sizeof(msg)), 1);
	assert_non_null(strstr(msg, "format-1"));
	assert_string_equal(rows(path, "PRAGMA user_version"), "1\n");
	assert_int_equal(rmdir(copy), 0);
	assert_int_equal(open_status(msg, sizeof(msg)), 0);
}

/* A step that fails is not half done. */
static void
test_failed_step(void **state)
{
	char	msg[512];

	old_store();
	raw(path, "CREATE TABLE artifact_updated (x)");
	assert_int_equal(open_status(msg, sizeof(msg)), 1);
	assert_string_equal(rows(path, "PRAGMA user_version"), "1\n");
	raw(path, "DROP TABLE artifact_updated");
	assert_int_equal(open_status(msg, sizeof(msg)), 0);
}

static void
test_refused(void **state)
{
	char	msg[512];

	old_store();
	raw(path, "PRAGMA user_version = 99");
	assert_int_equal(open_status(msg, sizeof(msg)), 1);
	assert_non_null(strstr(msg, path));
	assert_non_null(strstr(msg, "has format 99"));
	assert_non_null(strstr(msg, "install the newer keepd"));
	raw(path, "PRAGMA user_version = 0");
	assert_int_equal(open_status(msg, sizeof(msg)), 1);
	assert_non_null(strstr(msg, "no format number"));
	assert_int_equal(access(copy, F_OK), -1);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_upgrade), T(test_only_once), T(test_half_a_copy),
		T(test_no_copy), T(test_failed_step), T(test_refused)
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
