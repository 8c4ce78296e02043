/* SPDX-License-Identifier: ISC */
/*
 * syslog_test.c: log files by category and day, lines taken apart, filters
 * and windows, names that try to lead elsewhere.
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
/* link: toold/syslog.o toold/syslog_tools.o toold/logdir.o */
#define RIG_GROUP syslog_tools
#include "store_rig.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "common/perm.h"
#include "toold/logdir.h"
#include "toold/systemlog.h"

static char	dir[64];

static void
file_make(const char *name, const char *text)
{
	int	fd = openat(log_dir(), name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd != -1);
	assert_int_equal(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	close(fd);
}

#define LINE(h, level, text)						\
	"2026-05-11T" h ":00:00.000Z " level " toold: " text "\n"

static int
setup(void **state)
{
	rig_setup(state);
	snprintf(dir, sizeof(dir), "/tmp/syslog_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	log_dir_set(open(dir, O_RDONLY | O_DIRECTORY));
	file_make("2026-05-11-keepd.log", LINE("08", "info", "one")
	    LINE("09", "warn", "Two: of them") "no form at all\n"
	    LINE("10", "error", "three \"quoted\"") LINE("11", "info", "ONE"));
	file_make("2026-05-12-keepd.log", "");
	file_make("2026-05-12-exceptions.log", LINE("08", "crit", "x"));
	file_make("2026-05-12-scripts.log", LINE("08", "info", "[p/a] x")
	    LINE("08", "info", "[q/b] y"));
	file_make("2026-13-12-keepd.log", "bad date");
	file_make("keepd.conf", "secret");
	file_make("2026-05-10-keepd.log.gz", "z");
	assert_int_equal(mkdirat(log_dir(), "2026-05-13-keepd.log", 0700), 0);
	assert_int_equal(symlinkat("keepd.conf", log_dir(),
	    "2026-05-14-keepd.log"), 0);
	return (0);
}

static int
teardown(void **state)
{
	static const char *const names[] = { "2026-05-11-keepd.log",
	    "2026-05-12-keepd.log", "2026-05-12-exceptions.log",
	    "2026-05-12-scripts.log", "2026-13-12-keepd.log", "keepd.conf",
	    "2026-05-10-keepd.log.gz", "2026-05-14-keepd.log",
	    "2026-05-15-keepd.log" };
	size_t	i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlinkat(log_dir(), names[i], 0);
	unlinkat(log_dir(), "2026-05-13-keepd.log", AT_REMOVEDIR);
	log_dir_set(-1);
	rmdir(dir);
	return (rig_teardown(state));
}

#define NO(k)	",\"" k "\":[]"

static void
test_list(void **state)
{
	assert_string_equal(rig_run(&ann, "list_system_logs", "{}"),
	    "{\"serverFiles\":[{\"name\":\"2026-05-12-keepd.log\",\"size\":0},"
	    "{\"name\":\"2026-05-11-keepd.log\",\"size\":200}],"
	    "\"exceptionFiles\":[{\"name\":\"2026-05-12-exceptions.log\","
	    "\"size\":39}],\"scriptFiles\":[{\"name\":"
	    "\"2026-05-12-scripts.log\",\"size\":90}]" NO("requestFiles")
	    NO("vaultFiles") "}");
	assert_string_equal(rig_run(&ann, "list_system_logs",
	    "{\"type\":\"server\",\"dateTo\":\"2026-05-11\"}"),
	    "{\"serverFiles\":[{\"name\":\"2026-05-11-keepd.log\",\"size\":"
	    "200}]" NO("exceptionFiles") NO("scriptFiles") NO("requestFiles")
	    NO("vaultFiles") "}");
	assert_string_equal(rig_member(rig_run(&ann, "list_system_logs",
	    "{\"dateFrom\":\"2026-05-13T00:00:00Z\"}"), "serverFiles"), "[]");
	rig_fails("dateFrom must be a day such as 2026-01-31, or a time such "
	    "as 2026-01-31T12:00:00Z", &ann, "list_system_logs",
	    "{\"dateFrom\":\"yesterday\"}");
	assert_non_null(strstr(rig_run(&ann, "list_system_logs",
	    "{\"type\":\"audit\"}"), "/type"));
}

static const char *
messages(const char *more)
{
	static char	 out[1024];
	json_t		*r, *v;
	const char	*s;
	size_t		 i;

	s = rig_run(&ann, "get_system_log", "{\"type\":\"server\",\"name\":"
	    "\"2026-05-11-keepd.log\"%s}", more);
	if (s[0] == '!')
		fail_msg("%s", s);
	r = json_loads(s, 0, NULL);
	out[0] = '\0';
	json_array_foreach(json_object_get(r, "entries"), i, v) {
		strcat(out, json_string_value(json_object_get(v, "message")));
		strcat(out, "|");
	}
	json_decref(r);
	return (out);
}

static void
test_get(void **state)
{
	const char	*r;

	r = rig_run(&ann, "get_system_log", "{\"type\":\"server\",\"name\":"
	    "\"2026-05-11-keepd.log\",\"end\":1}");
	assert_string_equal(r, "{\"type\":\"server\",\"name\":"
	    "\"2026-05-11-keepd.log\",\"entries\":[{\"timestamp\":"
	    "\"2026-05-11T08:00:00.000Z\",\"level\":\"info\",\"process\":"
	    "\"toold\",\"message\":\"one\"}],\"total\":5,\"count\":1,"
	    "\"start\":0,\"end\":1}");
	assert_string_equal(messages(""), "one|Two: of them|no form at all|"
	    "three \"quoted\"|ONE|");
	assert_string_equal(messages(",\"start\":1,\"end\":3"),
	    "Two: of them|no form at all|");
	assert_string_equal(messages(",\"level\":[\"warn\",\"error\"]"),
	    "Two: of them|three \"quoted\"|");
	assert_string_equal(messages(",\"level\":[\"silly\"]"), "");
	assert_string_equal(messages(",\"message\":\"oNe\""), "one|ONE|");
	assert_string_equal(messages(",\"dateFrom\":"
	    "\"2026-05-11T09:00:00Z\",\"dateTo\":\"2026-05-11T10:00:00Z\""),
	    "Two: of them|three \"quoted\"|");
	assert_string_equal(messages(",\"dateTo\":\"2026-05-10\""), "");
	/* The window counts what matches. */
	assert_string_equal(messages(",\"message\":\"one\",\"start\":1"),
	    "ONE|");
	rig_fails("end must be start or up to 1000 above it", &ann,
	    "get_system_log", "{\"type\":\"server\",\"name\":"
	    "\"2026-05-11-keepd.log\",\"end\":1001}");
	rig_fails("scriptName is only for type scripts", &ann,
	    "get_system_log", "{\"type\":\"server\",\"name\":"
	    "\"2026-05-11-keepd.log\",\"scriptName\":\"x\"}");
	assert_non_null(strstr(rig_run(&ann, "get_system_log", "{\"type\":"
	    "\"scripts\",\"name\":\"2026-05-12-scripts.log\","
	    "\"scriptGroup\":[\"q\"]}"), "\"total\":1"));
}

/* Only names that the server gives, of that category, of regular files. */
static void
test_names(void **state)
{
	static const char *const names[] = { "keepd.conf", "../keepd.conf",
	    "2026-05-11-keepd.log/../keepd.conf", "2026-05-12-exceptions.log",
	    "2026-05-13-keepd.log", "2026-05-14-keepd.log", "2026-05-10-keepd.log.gz",
	    "2026-13-12-keepd.log", "2026-05-15-keepd.log", "", ".",
	    "2026-05-11" };
	size_t	i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		rig_fails("Not Found", &ann, "get_system_log", "{\"type\":"
		    "\"server\",\"name\":\"%s\"}", names[i]);
	rig_ok(&ann, "get_system_log", "{\"type\":\"exceptions\",\"name\":"
	    "\"2026-05-12-exceptions.log\"}");
}

/* Many lines, long ones, one without an end: bounded and whole. */
static void
test_large(void **state)
{
	static char	text[700000];
	const char	*r;
	size_t		n = 0;
	int		i;

	for (i = 0; i < 3000; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "2026-05-15T08:00:00.%03dZ info toold: line %d%s\n",
		    i % 1000, i, i % 100 != 1 ? " ....................."
		    "................................................" : "");
	memset(text + n, 'x', 100000);
	text[n + 100000] = '\0';
	file_make("2026-05-15-keepd.log", text);
	r = rig_run(&ann, "get_system_log", "{\"type\":\"server\",\"name\":"
	    "\"2026-05-15-keepd.log\",\"start\":2990,\"end\":3000}");
	assert_string_equal(rig_member(r, "count"), "10");
	assert_non_null(strstr(r, "\"message\":\"line 2999 ."));
	r = rig_run(&ann, "get_system_log", "{\"type\":\"server\",\"name\":"
	    "\"2026-05-15-keepd.log\",\"end\":1000}");
	assert_string_equal(rig_member(r, "truncated"), "true");
	assert_true(strlen(r) < STORE_ANSWER_SOFT + 20000);
	assert_non_null(strstr(r, "go on with start "));
}

/*
 * Texts that match almost everywhere: looked for one place at a time, this
 * would not end within a day.
 */
static void
test_search_of_texts_that_almost_match(void **state)
{
	static char	text[1600000], args[1600000];
	const char	*r;
	size_t		n = 0;
	int		i;

	for (i = 0; i < 25; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "2026-05-16T08:00:00.%03dZ info toold: ", i);
		memset(text + n, 'a', 60000);
		n += 60000;
		text[n++] = '\n';
	}
	text[n] = '\0';
	file_make("2026-05-16-scripts.log", text);
	n = 0;
	for (i = 0; i < 64; i++) {
		args[n++] = i == 0 ? ' ' : ',';
		args[n++] = '"';
		memset(args + n, i % 2 == 0 ? 'a' : 'A', 20000);
		n += 20000;
		n += (size_t)snprintf(args + n, sizeof(args) - n, "%c\"",
		    i == 63 ? 'A' : 'b');
	}
	r = rig_run(&ann, "get_system_log", "{\"type\":\"scripts\","
	    "\"name\":\"2026-05-16-scripts.log\",\"scriptGroup\":[%s]}",
	    args);
	assert_string_equal(rig_member(r, "count"), "1");
	assert_string_equal(rig_member(r, "truncated"), "true");
	args[n - 2] = 'b';
	r = rig_run(&ann, "get_system_log", "{\"type\":\"scripts\","
	    "\"name\":\"2026-05-16-scripts.log\",\"scriptGroup\":[%s]}",
	    args);
	assert_string_equal(rig_member(r, "count"), "0");
}

/* More than one call looks at: the answer says where to go on. */
static void
test_huge(void **state)
{
	char	 line[256];
	FILE	*f;
	long	 i;
	int	 fd;
	const char *r;

	fd = openat(log_dir(), "2026-05-15-keepd.log", O_WRONLY | O_CREAT |
	    O_EXCL, 0600);
	assert_non_null(f = fdopen(fd, "w"));
	snprintf(line, sizeof(line), "%0199d", 0);
	for (i = 0; i < 86400; i++)
		fprintf(f, "2026-05-15T%02ld:%02ld:%02ld.000Z info toold: "
		    "line %ld %s\n", i / 3600, i / 60 % 60, i % 60, i, line);
	fclose(f);
	r = rig_run(&ann, "get_system_log", "{\"type\":\"server\",\"name\":"
	    "\"2026-05-15-keepd.log\",\"message\":\"line 86399\"}");
	assert_string_equal(rig_member(r, "total"), "0");
	assert_string_equal(rig_member(r, "truncated"), "true");
	assert_non_null(strstr(r, "go on with that as dateFrom"));
	for (i = 0; i < 86400; i += 8639) {
		r = rig_run(&ann, "get_system_log", "{\"type\":\"server\","
		    "\"name\":\"2026-05-15-keepd.log\",\"end\":1,"
		    "\"dateFrom\":\"2026-05-15T%02ld:%02ld:%02ldZ\"}",
		    i / 3600, i / 60 % 60, i % 60);
		snprintf(line, sizeof(line), "\"message\":\"line %ld 0", i);
		if (strstr(r, line) == NULL)
			fail_msg("%ld: %.300s", i, r);
	}
	r = rig_run(&ann, "get_system_log", "{\"type\":\"server\",\"name\":"
	    "\"2026-05-15-keepd.log\",\"dateFrom\":\"2026-05-16\"}");
	assert_string_equal(rig_member(r, "total"), "0");
}

static void
test_parse(void **state)
{
	static const struct {
		const char	*line, *process, *message;
	} t[] = {
		{ "2026-01-31T12:00:00.123Z info listener[0]: a: b",
		    "listener[0]", "a: b" },
		{ "2026-01-31T12:00:00.123Z info keepd: ", NULL,
		    "2026-01-31T12:00:00.123Z info keepd: " },
		{ "2026-01-31T12:00:00.123Z info", NULL,
		    "2026-01-31T12:00:00.123Z info" },
		{ "2026-01-32T12:00:00.123Z info x: y", NULL,
		    "2026-01-32T12:00:00.123Z info x: y" },
		{ "", NULL, "" }, { " ", NULL, " " }
	};
	struct log_entry	e;
	size_t			i;
	int			rv;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		rv = log_entry_parse(t[i].line, strlen(t[i].line), &e);
		if (i == 1) {
			assert_int_equal(rv, 0);
			assert_int_equal(e.message.len, 0);
			continue;
		}
		assert_int_equal(rv, t[i].process != NULL ? 0 : -1);
		if (rv == 0)
			assert_memory_equal(e.process.s, t[i].process,
			    e.process.len);
		assert_int_equal(e.message.len, strlen(t[i].message));
		assert_memory_equal(e.message.s, t[i].message, e.message.len);
	}
}

/* Both names of the permission are one. */
static void
test_role(void **state)
{
	assert_int_equal(perm_find("system-logs", 11), PERM_SYSTEMLOGS);
	assert_int_equal(perm_find("syslog", 6), PERM_SYSTEMLOGS);
	assert_int_equal(rig_tool("get_system_log")->perm, PERM_SYSTEMLOGS);
	assert_int_equal(rig_tool("list_system_logs")->perm,
	    PERM_SYSTEMLOGS);
	log_dir_set(-1);
	rig_fails("The log directory cannot be read", &ann,
	    "list_system_logs", "{}");
	log_dir_set(open(dir, O_RDONLY | O_DIRECTORY));
}

#define LOG_TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(test_list),
		LOG_TEST(test_get),
		LOG_TEST(test_names),
		LOG_TEST(test_large),
		LOG_TEST(test_search_of_texts_that_almost_match),
		LOG_TEST(test_huge),
		LOG_TEST(test_parse),
		LOG_TEST(test_role),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
