/* SPDX-License-Identifier: ISC */
/* sql_test.c: text of statements, authorizer, limits, transactions, outbox. */
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
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "store_rig.h"

static int
try_sql(enum sql_profile profile, const char *sql)
{
	struct buf	b;
	int		r;

	buf_init(&b, 0);
	buf_adds(&b, sql);
	r = sql_exec(profile, &b);
	buf_free(&b);
	return (r);
}

static void
make_table(void)
{
	rig_ok(&root, "save_table", "{\"table\":{\"name\":\"t\",\"fields\":["
	    "{\"fieldName\":\"a\",\"fieldType\":\"integer\"}]}}");
}

static void
test_text(void **state)
{
	struct buf	b;

	buf_init(&b, 0);
	SQL(&b, "SELECT ");
	sql_col(&b, 7);
	SQL(&b, ", ");
	sql_col(&b, IC_CREATED_BY);
	SQL(&b, " FROM ");
	sql_tab(&b, 3);
	SQL(&b, " WHERE ");
	sql_idx(&b, 4);
	SQL(&b, " = ");
	sql_par(&b, 12);
	sql_num(&b, -5);
	buf_addc(&b, '\0');
	assert_string_equal(b.data,
	    "SELECT c_7, cb FROM t_3 WHERE i_4 = ?12-5");
	buf_free(&b);
	assert_int_equal(sql_parse_col("c_7", 3), 7);
	assert_int_equal(sql_parse_col("id", 2), IC_ID);
	assert_int_equal(sql_parse_col("ub", 2), IC_UPDATED_BY);
	assert_int_equal(sql_parse_col("c_", 2), 0);
	assert_int_equal(sql_parse_col("c_x", 3), 0);
	assert_int_equal(sql_parse_col("def", 3), 0);
}

static void
test_authorizer(void **state)
{
	static const char *const row_no[] = {
		"ATTACH ':memory:' AS x", "PRAGMA user_version",
		"PRAGMA writable_schema = 1", "DROP TABLE t_1",
		"CREATE TABLE t_99 (a)", "CREATE TEMP TABLE t_9 (a)",
		"SELECT * FROM artifact", "UPDATE meta SET v = 0",
		"SELECT * FROM sqlite_master", "SELECT * FROM "
		"pragma_table_info('t_1')",
		"SELECT load_extension('x')", "SELECT fts3_tokenizer('x')",
		"VACUUM INTO '/tmp/x'", "SELECT printf('%1000d', 1)",
		"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM "
		"c)"
		    " SELECT x FROM c LIMIT 3",
		"CREATE TRIGGER g AFTER INSERT ON t_1 BEGIN SELECT 1; END",
		"CREATE VIEW v AS SELECT 1", "SELECT kd_conv(0, a) FROM t_1",
		"ALTER TABLE t_1 RENAME TO t_2", "REINDEX", "ANALYZE",
		"DELETE FROM tab", "SELECT zeroblob(100)", "BEGIN", NULL
	};
	static const char *const ddl_no[] = {
		"DROP TABLE artifact", "CREATE TABLE x (a)",
		"SELECT * FROM artifact", "DELETE FROM revision",
		"DROP INDEX artifact_id", "PRAGMA foreign_keys = 0",
		"ATTACH ':memory:' AS x", "CREATE INDEX i_9 ON meta (k)",
		"ALTER TABLE meta RENAME TO t_8", "CREATE TEMP TABLE t_9 (a)",
		"CREATE TABLE sqlite_x (a)", "SELECT load_extension('x')",
		"CREATE VIRTUAL TABLE t_7 USING fts3(a)", NULL
	};
	static const char *const own_no[] = {
		"SELECT * FROM t_1", "DROP TABLE artifact",
		"SELECT * FROM sqlite_master", "PRAGMA user_version",
		"SELECT load_extension('x')", "DELETE FROM t_1", NULL
	};
	size_t	i;

	make_table();
	for (i = 0; row_no[i] != NULL; i++)
		assert_int_equal(try_sql(SP_ROW, row_no[i]), -1);
	for (i = 0; ddl_no[i] != NULL; i++)
		assert_int_equal(try_sql(SP_DDL, ddl_no[i]), -1);
	for (i = 0; own_no[i] != NULL; i++)
		assert_int_equal(try_sql(SP_OWN, own_no[i]), -1);
	assert_int_equal(try_sql(SP_NONE, "SELECT 1"), -1);
	/* The same ways work for what they are for. */
	assert_int_equal(try_sql(SP_ROW, "SELECT count(*) FROM t_1"), 0);
	assert_int_equal(try_sql(SP_ROW, "DELETE FROM t_1"), 0);
	assert_int_equal(try_sql(SP_DDL, "CREATE TABLE t_99 (a)"), 0);
	assert_int_equal(try_sql(SP_DDL, "DROP TABLE t_99"), 0);
	assert_int_equal(try_sql(SP_OWN, "SELECT count(*) FROM artifact"), 0);
}

static void
test_transactions(void **state)
{
	struct buf	a, b;

	buf_init(&a, 0);
	buf_init(&b, 0);
	make_table();
	assert_int_equal(store_dump(&a), 0);
	assert_int_equal(store_begin(), 0);
	assert_true(store_in_tx());
	assert_int_equal(try_sql(SP_OWN, "DELETE FROM artifact"), 0);
	assert_int_equal(try_sql(SP_DDL, "DROP TABLE t_1"), 0);
	store_rollback();
	assert_false(store_in_tx());
	assert_int_equal(store_dump(&b), 0);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	store_rollback();
	buf_free(&a);
	buf_free(&b);
}

static void
test_outbox(void **state)
{
	struct event	e, o;
	uint64_t	first;
	int		i;

	memset(&e, 0, sizeof(e));
	assert_int_equal(store_outbox_next(0, &o), 0);
	e.head.event = AK_CHANGE;
	snprintf(e.tool, sizeof(e.tool), "save_table");
	snprintf(e.detail, sizeof(e.detail), "one");
	assert_int_equal(store_begin(), 0);
	assert_int_equal(store_outbox_add(&e), 0);
	store_rollback();
	assert_int_equal(store_outbox_next(0, &o), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(store_begin(), 0);
		assert_int_equal(store_outbox_add(&e), 0);
		assert_int_equal(store_commit(), 0);
	}
	assert_int_equal(store_outbox_next(0, &o), 1);
	first = o.head.num;
	assert_string_equal(o.tool, "save_table");
	assert_string_equal(o.detail, "one");
	assert_int_equal(o.head.event, AK_CHANGE);
	assert_int_equal(store_outbox_next(first, &o), 1);
	assert_int_equal(o.head.num, first + 1);
	assert_int_equal(store_outbox_del(first + 2), 0);
	assert_int_equal(store_outbox_next(0, &o), 0);
	/* Numbers are not used again when the outbox was emptied. */
	assert_int_equal(store_begin(), 0);
	assert_int_equal(store_outbox_add(&e), 0);
	assert_int_equal(store_commit(), 0);
	assert_int_equal(e.head.num, first + 3);
}

static void
test_request(void **state)
{
	struct buf	in, out;

	buf_init(&in, 0);
	buf_init(&out, 0);
	buf_adds(&in, "{\"id\":1}");
	assert_int_equal(store_request_find(&ann, "r1", "save_table", 5,
	    &out), 0);
	assert_int_equal(store_begin(), 0);
	assert_int_equal(store_request_add(&ann, "r1", "save_table", 5, &in),
	    0);
	assert_int_equal(store_commit(), 0);
	assert_int_equal(store_request_find(&ann, "r1", "save_table", 5,
	    &out), 1);
	assert_int_equal(out.len, in.len);
	assert_memory_equal(out.data, in.data, in.len);
	/* Another user, other arguments, another tool. */
	assert_int_equal(store_request_find(&bob, "r1", "save_table", 5,
	    &out), 0);
	assert_int_equal(store_request_find(&ann, "r1", "save_table", 6,
	    &out), -1);
	assert_string_equal(store_error(), "requestId 'r1' was already used "
	    "for another call: take a new one for each change");
	assert_int_equal(store_request_find(&ann, "r1", "delete_table", 5,
	    &out), -1);
	buf_free(&in);
	buf_free(&out);
}

/* ---- limits ---- */

static int	hook_calls, hook_answer;

static int
hook(void)
{
	hook_calls++;
	return (hook_answer);
}

static void
fill(int n)
{
	int	i;

	make_table();
	for (i = 0; i < n; i++)
		rig_ok(&root, "insert_entity_rows", "{\"table\":\"t\","
		    "\"rows\":[{\"a\":1},{\"a\":2},{\"a\":3},{\"a\":4},"
		    "{\"a\":5},{\"a\":6},{\"a\":7},{\"a\":8},{\"a\":9},{}]}");
}

#define CROSS "SELECT count(*) FROM t_1 a, t_1 b, t_1 c, t_1 d"

static void
test_time(void **state)
{
	struct msg_conf_toold	conf = { .read_ms = 30, .ddl_ms = 30,
				    .lock_s = 600 };
	struct call		c;

	memset(&c, 0, sizeof(c));
	fill(30);
	store_setconf(&conf);
	store_read_begin();
	assert_int_equal(try_sql(SP_ROW, CROSS), -1);
	assert_int_equal(store_late(), 1);
	assert_int_equal(store_fail(&c), TE_LATE);
	assert_string_equal(c.err, "The call took longer than the time limit "
	    "and was stopped: nothing was changed");
	/* Work within the limit goes on, in the same store. */
	store_read_begin();
	assert_int_equal(try_sql(SP_ROW, "SELECT count(*) FROM t_1"), 0);
	/* A write that is stopped is rolled back whole. */
	assert_int_equal(store_begin(), 0);
	assert_int_equal(try_sql(SP_ROW, "UPDATE t_1 SET c_2 = 0"), 0);
	assert_int_equal(try_sql(SP_ROW, "UPDATE t_1 SET c_2 = (" CROSS ")"),
	    -1);
	assert_int_equal(store_commit(), -1);
	assert_string_equal(rig_member(rig_run(&root, "query_entity_table",
	    "{\"table\":\"t\",\"where\":{\"a\":0}}"), "total"), "0");
}

static void
test_hook(void **state)
{
	struct msg_conf_toold	conf = { .read_ms = 200, .ddl_ms = 200,
				    .lock_s = 600 };

	fill(30);
	store_setconf(&conf);
	hook_calls = hook_answer = 0;
	store_sethook(hook);
	store_read_begin();
	assert_int_equal(try_sql(SP_ROW, CROSS), -1);
	assert_true(hook_calls > 1);
	hook_answer = 1;
	store_read_begin();
	assert_int_equal(try_sql(SP_ROW, CROSS), -1);
	assert_true(store_late());
	assert_string_equal(store_error(), "The authorization ended while "
	    "the call ran: nothing was changed");
	store_sethook(NULL);
}

static void
test_full(void **state)
{
	struct store_stat	st;
	struct buf		a, b;

	buf_init(&a, 0);
	buf_init(&b, 0);
	fill(1);
	assert_int_equal(store_getstat(&st), 0);
	store_setquota((unsigned int)st.pages + 2);
	assert_int_equal(store_dump(&a), 0);
	memset(rig_text, 'x', 60000);
	rig_text[60000] = '\0';
	{
		char *big = strdup(rig_text);

		assert_string_equal(rig_run(&root, "save_table", "{\"table\":{"
		    "\"name\":\"u\",\"fields\":[{\"fieldName\":\"a\","
		    "\"fieldType\":\"text\",\"example\":\"%s\"}]}}", big),
		    "!The store's disk or quota is full: nothing was changed. "
		    "Free space in the state directory, then try again");
		free(big);
	}
	assert_int_equal(store_dump(&b), 0);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	/* Reads go on, and so do writes once there is room. */
	rig_ok(&root, "query_entity_table", "{\"table\":\"t\"}");
	store_setquota(0);
	rig_ok(&root, "save_table", "{\"table\":{\"name\":\"u\",\"fields\":["
	    "{\"fieldName\":\"a\",\"fieldType\":\"text\"}]}}");
	buf_free(&a);
	buf_free(&b);
}

/* ---- files ---- */

/* store_open() in a child: its exit status and message. */
static int
open_status(const char *dir, char *msg, size_t size)
{
	int	sv[2], status;
	pid_t	pid;
	ssize_t	n;

	assert_int_equal(pipe(sv), 0);
	if ((pid = fork()) == 0) {
		dup2(sv[1], 2);
		store_open(dir);
		_exit(0);
	}
	close(sv[1]);
	n = read(sv[0], msg, size - 1);
	msg[n > 0 ? n : 0] = '\0';
	close(sv[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* Another process that owns the store. */
static pid_t
holder(const char *dir)
{
	int	sv[2];
	char	ch;
	pid_t	pid;

	assert_int_equal(pipe(sv), 0);
	if ((pid = fork()) == 0) {
		store_open(dir);
		if (write(sv[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(sv[0], &ch, 1), 1);
	close(sv[0]);
	close(sv[1]);
	return (pid);
}

static void
raw_sql(const char *dir, const char *sql)
{
	sqlite3	*db;
	char	 path[300];

	snprintf(path, sizeof(path), "%s/keepd.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
test_files(void **state)
{
	char	dir[] = "/tmp/keepd-sql-XXXXXX", msg[512], path[300];
	pid_t	pid;

	store_close();
	assert_non_null(mkdtemp(dir));
	store_open(dir);
	make_table();
	store_close();
	assert_int_equal(open_status(dir, msg, sizeof(msg)), 0);
	pid = holder(dir);
	assert_int_equal(open_status(dir, msg, sizeof(msg)), 1);
	assert_non_null(strstr(msg, "another keepd may be using it"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* It kept what was in it. */
	store_open(dir);
	assert_string_equal(rig_member(rig_run(&root, "list_tables", "{}"),
	    "total"), "1");
	store_close();
	raw_sql(dir, "PRAGMA user_version = 99");
	assert_int_equal(open_status(dir, msg, sizeof(msg)), 1);
	assert_non_null(strstr(msg, "has format 99, this keepd knows formats "
	    "up to 4"));
	raw_sql(dir, "PRAGMA user_version = 1; PRAGMA application_id = 5");
	assert_int_equal(open_status(dir, msg, sizeof(msg)), 1);
	assert_non_null(strstr(msg, "is not a store of keepd"));
	snprintf(path, sizeof(path), "%s/keepd.db", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/tmp/nowhere", path), 0);
	assert_int_equal(open_status(dir, msg, sizeof(msg)), 1);
	assert_non_null(strstr(msg, "is not a regular file"));
	unlink(path);
	rmdir(dir);
}

/* A store of format 1 gets its references, and keeps its run time. */
static void
test_upgrade(void **state)
{
	struct msg_conf_toold	conf = { .read_ms = 2000, .ddl_ms = 30000,
				    .lock_s = 600, .revisions = 1 };
	char	dir[] = "/tmp/keepd-sql-XXXXXX", path[300], tab[40], app[40];
	int	i;

	store_close();
	assert_non_null(mkdtemp(dir));
	store_open(dir);
	snprintf(tab, sizeof(tab), "%s", rig_id(rig_run(&root, "save_table",
	    "{\"table\":{\"name\":\"t\",\"fields\":[{\"fieldName\":\"a\","
	    "\"fieldType\":\"text\"}]}}")));
	rig_ok(&root, "save_adaptive", "{\"adaptive\":{\"name\":\"x\","
	    "\"type\":\"T\",\"settings\":{},\"group\":\"\u00e9\","
	    "\"description\":\"\u00e9\",\"tableid\":\"%s\"}}", tab);
	snprintf(app, sizeof(app), "%s", rig_id(rig_run(&root, "save_app",
	    "{\"app\":{\"application\":\"shop\",\"title\":\"first\"}}")));
	rig_ok(&root, "activate_app", "{\"id\":\"%s\"}", app);
	rig_ok(&root, "save_app", "{\"app\":{\"id\":\"%s\",\"title\":"
	    "\"second\"}}", app);
	store_close();
	raw_sql(dir, "ALTER TABLE artifact DROP COLUMN summary;"
	    "DROP TABLE ref; DROP INDEX revision_name;"
	    "UPDATE revision SET flags = 0; PRAGMA user_version = 1");
	store_open(dir);
	rig_fails("Table 't' is in use by adaptive entity 'x': remove that "
	    "use first", &root, "delete_table", "{\"id\":\"%s\"}", tab);
	assert_string_equal(rig_member(rig_run(&root, "list_adaptive",
	    "{\"listOptions\":{\"where\":{\"group\":\"\u00e9\"},"
	    "\"select\":[\"type\"]}}"), "adaptives"), "[{\"type\":\"T\"}]");
	store_setconf(&conf);
	for (i = 0; i < 3; i++)
		rig_ok(&root, "save_app", "{\"app\":{\"id\":\"%s\","
		    "\"title\":\"t%d\"}}", app, i);
	assert_string_equal(rig_member(rig_run(&root, "get_app",
	    "{\"id\":\"%s\",\"runtime\":true}", app), "title"), "first");
	store_close();
	/* The file as it was is beside it. */
	snprintf(path, sizeof(path), "cd %s && mv keepd.db.format-1 keepd.db",
	    dir);
	assert_int_equal(system(path), 0);
	raw_sql(dir, "SELECT acl FROM artifact");
	store_open(dir);
	assert_string_equal(rig_member(rig_run(&root, "list_apps", "{}"),
	    "total"), "1");
	store_close();
	snprintf(path, sizeof(path), "rm -rf %s", dir);
	assert_int_equal(system(path), 0);
}

/* A process that is killed between commits loses none of them. */
static void
test_kill(void **state)
{
	char	dir[] = "/tmp/keepd-sql-XXXXXX", path[300];
	int	sv[2], n = 0, status;
	pid_t	pid;
	char	ch;

	store_close();
	assert_non_null(mkdtemp(dir));
	assert_int_equal(pipe(sv), 0);
	if ((pid = fork()) == 0) {
		store_open(dir);
		make_table();
		for (;;) {
			rig_ok(&root, "insert_entity_rows", "{\"table\":"
			    "\"t\",\"rows\":[{\"a\":1}]}");
			if (write(sv[1], "x", 1) != 1)
				_exit(1);
		}
	}
	close(sv[1]);
	while (n < 25 && read(sv[0], &ch, 1) == 1)
		n++;
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	while (read(sv[0], &ch, 1) == 1)
		n++;
	close(sv[0]);
	store_open(dir);
	assert_true(atoi(rig_member(rig_run(&root, "query_entity_table",
	    "{\"table\":\"t\",\"take\":1}"), "total")) >= n);
	store_close();
	snprintf(path, sizeof(path), "rm -rf %s", dir);
	assert_int_equal(system(path), 0);
}

static void
check_integrity(const char *dir)
{
	sqlite3_stmt	*s;
	sqlite3		*db;
	char		 path[300];

	snprintf(path, sizeof(path), "%s/keepd.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1,
	    &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(s, 0), "ok");
	sqlite3_finalize(s);
	sqlite3_close(db);
}

static void
alter_forever(const char *dir, int fd)
{
	char	id[64];
	int	i;

	store_open(dir);
	snprintf(id, sizeof(id), "%s", rig_id(rig_member(rig_run(&root,
	    "list_tables", "{}"), "tables") + 1));
	for (i = 0;; i++) {
		rig_ok(&root, "save_table", "{\"ignoreWarning\":true,"
		    "\"table\":{\"id\":\"%s\",\"fields\":[{\"fieldName\":"
		    "\"a\",\"fieldType\":\"%s\"}%s],\"indices\":[%s]}}", id,
		    i % 3 ? "integer" : "text", i % 2 ? ",{\"fieldName\":"
		    "\"b\",\"fieldType\":\"text\"}" : "", i % 5 ? "" :
		    "{\"columns\":[\"a\"]}");
		if (write(fd, "x", 1) != 1)
			_exit(1);
	}
}

/* Killed in the middle of DDL: definition and table always agree. */
static void
test_kill_ddl(void **state)
{
	char	dir[] = "/tmp/keepd-sql-XXXXXX", cmd[300], ch;
	int	sv[2], i, n, done = 1, revision;
	pid_t	pid;

	store_close();
	assert_non_null(mkdtemp(dir));
	store_open(dir);
	make_table();
	rig_ok(&root, "insert_entity_rows", "{\"table\":\"t\",\"rows\":["
	    "{\"a\":1},{\"a\":2},{}]}");
	for (i = 0; i < 12; i++) {
		store_close();
		assert_int_equal(pipe(sv), 0);
		if ((pid = fork()) == 0)
			alter_forever(dir, sv[1]);
		close(sv[1]);
		for (n = 0; n < 2 + i && read(sv[0], &ch, 1) == 1; n++)
			;
		usleep((unsigned int)i * 150);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(sv[0], &ch, 1) == 1)
			n++;
		close(sv[0]);
		check_integrity(dir);
		store_open(dir);
		assert_string_equal(rig_member(rig_run(&root,
		    "query_entity_table", "{\"table\":\"t\"}"), "count"),
		    "3");
		revision = atoi(rig_member(rig_member(rig_run(&root,
		    "list_tables", "{}"), "tables") + 1, "revision"));
		/* Each acknowledged save is there, and at most one more. */
		done += n;
		assert_true(revision == done || revision == done + 1);
		done = revision;
	}
	store_close();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	assert_int_equal(system(cmd), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_text),
		RIG_TEST(test_authorizer),
		RIG_TEST(test_transactions),
		RIG_TEST(test_outbox),
		RIG_TEST(test_request),
		RIG_TEST(test_time),
		RIG_TEST(test_hook),
		RIG_TEST(test_full),
		RIG_TEST(test_files),
		RIG_TEST(test_kill),
		RIG_TEST(test_upgrade),
		RIG_TEST(test_kill_ddl),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
