/* SPDX-License-Identifier: ISC */
/*
 * store.c: opening, limits, transactions and failures of the artifact store.
 * Runs in keepd-toold, which alone owns keepd.db.  Trusts the pipeline to
 * have checked the caller; never sees a token, never opens another file
 * after store_open().
 */
#include <sys/stat.h>

#include <stdarg.h>
#include <stdio.h>

#include "../common/log.h"
#include "backup.h"
#include "reader.h"
#include "sql.h"
#include "store.h"

static struct {
	sqlite3		*db;
	int		 in_tx;
	int		 late;
	int		 code;		/* of the last failure */
	char		 text[256];	/* SQLite's words for it */
	char		 err[512];	/* ours */
	int		 has_limit;
	struct mono	 limit;
	struct mono	 next_poll;
	int		(*hook)(void);
	void		(*onend)(int);
} store;

static struct msg_conf_toold conf = {
	.read_ms = 2000, .ddl_ms = 30000, .max_calls_grant = 0,
	.require_package = 0, .lock_s = 600, .revisions = 0
};

static const char *const pragmas[] = {
	"PRAGMA journal_mode = WAL",
	"PRAGMA synchronous = FULL",
	"PRAGMA temp_store = MEMORY",
	"PRAGMA cache_size = -4096",
	"PRAGMA journal_size_limit = 16777216",
	"PRAGMA cell_size_check = ON",
	NULL
};

/* ---- failures ---- */

static const struct {
	int		 code;		/* primary */
	const char	*text;
} fail_rows[] = {
	{ SQLITE_FULL, "The store's disk or quota is full: nothing was "
	    "changed. Free space in the state directory, then try again" },
	{ SQLITE_IOERR, "The store could not read or write its file: nothing "
	    "was changed. See the server log" },
	{ SQLITE_NOMEM, "The work needs more memory than the store may use: "
	    "nothing was changed. Narrow it" },
	{ SQLITE_TOOBIG, "A value is larger than the store takes: nothing "
	    "was changed" },
	{ SQLITE_CONSTRAINT, "A constraint of the store refused the change: "
	    "nothing was changed" },
	{ SQLITE_CORRUPT, "The store is damaged: stop keepd and restore a "
	    "backup" },
	{ SQLITE_NOTADB, "The store is damaged: stop keepd and restore a "
	    "backup" },
	{ SQLITE_READONLY, "The store cannot be written: nothing was changed. "
	    "See the owner and mode of the state directory" }
};

int
store_failcode(void)
{
	return (store.code);
}

const char *
store_failtext(void)
{
	return (store.text);
}

const char *
store_error(void)
{
	return (store.err);
}

int
store_late(void)
{
	return (store.late);
}

void
store_setfailx(const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(store.err, sizeof(store.err), fmt, ap);
	va_end(ap);
	store.code = SQLITE_ERROR;
	store.late = 0;
	store.text[0] = '\0';
}

static void
fail_late(void)
{
	if (store.late == 2)
		snprintf(store.err, sizeof(store.err),
		    "The authorization ended while the call ran: nothing was "
		    "changed");
	else
		snprintf(store.err, sizeof(store.err),
		    "The call took longer than the time limit and was "
		    "stopped: nothing was changed");
}

void
store_setfail(int rc)
{
	store_setfail_db(store.db, rc, store.late);
}

void
store_setfail_db(sqlite3 *db, int rc, int late)
{
	size_t	i;

	store.code = rc;
	store.late = late;
	snprintf(store.text, sizeof(store.text), "%s",
	    db != NULL ? sqlite3_errmsg(db) : "");
	if ((rc & 0xff) == SQLITE_INTERRUPT && store.late) {
		fail_late();
		return;
	}
	store.late = 0;
	if ((rc & 0xff) != SQLITE_CONSTRAINT)
		log_warnx("store: %s (%d)", store.text, rc);
	for (i = 0; i < sizeof(fail_rows) / sizeof(fail_rows[0]); i++)
		if (fail_rows[i].code == (rc & 0xff)) {
			snprintf(store.err, sizeof(store.err), "%s",
			    fail_rows[i].text);
			return;
		}
	snprintf(store.err, sizeof(store.err), "The store refused the work "
	    "(error %d): nothing was changed. See the server log", rc);
}

enum tool_err
store_fail(struct call *c)
{
	if (!store.late)
		return (call_fail(c, "%s", store.err));
	snprintf(c->err, sizeof(c->err), "%s", store.err);
	return (TE_LATE);
}

/* ---- limits ---- */

static int
progress(void *arg)
{
	struct mono	now = mono_now();

	(void)arg;
	if (store.hook != NULL && !mono_before(now, store.next_poll)) {
		store.next_poll = mono_add(now, STORE_POLL_MS);
		if (store.hook() != 0) {
			store.late = 2;
			return (1);
		}
	}
	if (store.has_limit && !mono_before(now, store.limit)) {
		store.late = 1;
		return (1);
	}
	return (0);
}

void
store_deadline(uint32_t ms)
{
	struct mono	now = mono_now();

	store.late = 0;
	store.has_limit = ms != 0;
	store.limit = mono_add(now, ms);
	store.next_poll = mono_add(now, STORE_POLL_MS);
}

void
store_setconf(const struct msg_conf_toold *c)
{
	conf = *c;
}

const struct msg_conf_toold *
store_conf(void)
{
	return (&conf);
}

void
store_onend(void (*fn)(int committed))
{
	store.onend = fn;
}

void
store_sethook(int (*hook)(void))
{
	store.hook = hook;
}

void
store_read_begin(void)
{
	if (!store.in_tx)
		store_deadline(conf.read_ms);
}

sqlite3 *
store_db(void)
{
	return (store.db);
}

/* ---- opening ---- */

static void
db_limits(sqlite3 *db)
{
	static const struct {
		int	id, value;
	} limits[] = {
		{ SQLITE_LIMIT_LENGTH, (int)STORE_TEXT_MAX + 65536 },
		{ SQLITE_LIMIT_SQL_LENGTH, 65536 },
		{ SQLITE_LIMIT_COLUMN, 200 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 50 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 5 },
		{ SQLITE_LIMIT_VDBE_OP, 25000 },
		{ SQLITE_LIMIT_FUNCTION_ARG, 8 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50 },
		{ SQLITE_LIMIT_VARIABLE_NUMBER, 250 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, STORE_TRIGGER_DEPTH },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 }
	};
	size_t	i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(db, limits[i].id, limits[i].value);
}

static void
db_config(sqlite3 *db)
{
	static const struct {
		int	id, on;
	} switches[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 0 },
		/*
		 * Plans do not hang on bound values: else a partial index
		 * makes every step of a statement on its table begin with
		 * the parser again.
		 */
		{ SQLITE_DBCONFIG_ENABLE_QPSG, 1 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 }
	};
	size_t	i;
	int	got;

	for (i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		got = -1;
		if (sqlite3_db_config(db, switches[i].id, switches[i].on,
		    &got) != SQLITE_OK || got != switches[i].on)
			fatalx("store: SQLite refuses switch %d: use a "
			    "SQLite of at least 3.40", switches[i].id);
	}
}

/* What SQLite takes only before its first use. */
static void
sqlite_start(void)
{
	static int	started;

	if (started)
		return;
	started = 1;
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	if (sqlite3_initialize() != SQLITE_OK)
		fatalx("store: SQLite does not start");
	sqlite3_hard_heap_limit64(STORE_HEAP_MAX);
	backup_init();
}

/*
 * unix-excl: the first connection takes the file for this process and keeps
 * it; those of the process share an index of the log that is in memory.
 */
static sqlite3 *
db_open(const char *path)
{
	struct stat	 st;
	sqlite3		*db = NULL;
	int		 rc;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		fatalx("store: %s is not a regular file", path);
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_EXRESCODE, sqlite3_vfs_find("unix-excl") != NULL ?
	    "unix-excl" : NULL);
	if (rc != SQLITE_OK)
		fatalx("store: %s: %s: see the owner and mode of its "
		    "directory", path, sqlite3_errmsg(db));
	return (db);
}

/* Limits, functions, and the authorizer, for each connection. */
static void
db_prepare(sqlite3 *db)
{
	db_limits(db);
	db_config(db);
	if (art_functions(db) != SQLITE_OK || conv_functions(db) !=
	    SQLITE_OK || sqlite3_set_authorizer(db, sql_authorize, NULL) !=
	    SQLITE_OK)
		fatalx("store: %s", sqlite3_errmsg(db));
}

sqlite3 *
store_connect(const char *path)
{
	sqlite3	*db = db_open(path);

	db_prepare(db);
	return (db);
}

void
store_open(const char *dir)
{
	const char *const	*p;
	char			 path[512], seed[4];

	if (store.db != NULL)
		fatalx("store: opened twice");
	snprintf(path, sizeof(path), ":memory:");
	if (dir != NULL && dir[0] != '\0' && snprintf(path, sizeof(path),
	    "%s/%s", dir, STORE_FILE) >= (int)sizeof(path))
		fatalx("store: the path of the state directory is too long");
	sqlite_start();
	umask(077);
	/*
	 * SQLite reads its seed when it first begins a log anew: behind a log
	 * left by a killed process that would be inside the sandbox.
	 */
	sqlite3_randomness((int)sizeof(seed), seed);
	store.db = db_open(path);
	sql_profile(SP_OPEN);
	db_prepare(store.db);
	for (p = pragmas; *p != NULL; p++)
		if (sqlite3_exec(store.db, *p, NULL, NULL, NULL) != SQLITE_OK)
			fatalx("store: %s: %s: another keepd may be using it",
			    path, sqlite3_errmsg(store.db));
	store_format(store.db, path);
	store_must(store.db, "BEGIN IMMEDIATE");
	store_must(store.db, "UPDATE meta SET v = v + 1 WHERE k = 'opened'");
	store_must(store.db, "COMMIT");
	sqlite3_progress_handler(store.db, STORE_PROGRESS_OPS, progress,
	    NULL);
	if (path[0] != ':')
		reader_open(path);
	sql_profile(SP_NONE);
}

void
store_forget(void)
{
	store_rollback();
	sql_forget();
	table_forget();
	store_deadline(0);
}

void
store_close(void)
{
	if (store.db == NULL)
		return;
	store_forget();
	reader_close();
	sql_profile(SP_OPEN);
	if (sqlite3_close(store.db) != SQLITE_OK)
		log_warnx("store: closed with work left: %s",
		    sqlite3_errmsg(store.db));
	store.db = NULL;
	sql_profile(SP_NONE);
}

void
store_setquota(unsigned int pages)
{
	char	sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %u",
	    pages != 0 ? pages : 1073741823U);
	sql_profile(SP_OPEN);
	sqlite3_exec(store.db, sql, NULL, NULL, NULL);
	sql_profile(SP_NONE);
}

/* ---- transactions ---- */

static struct query	q_begin = QUERY("BEGIN IMMEDIATE");
static struct query	q_commit = QUERY("COMMIT");
static struct query	q_rollback = QUERY("ROLLBACK");
static struct query	q_seq = QUERY(
    "UPDATE meta SET v = v + 1 WHERE k = 'seq' RETURNING v");

int
store_begin(void)
{
	struct stmt	*st;

	if (store.in_tx)
		fatalx("store: a transaction inside another");
	store_deadline(0);
	if ((st = query_get(&q_begin)) == NULL || sql_run(st) == -1)
		return (-1);
	store.in_tx = 1;
	store_deadline(conf.ddl_ms);
	return (0);
}

int
store_commit(void)
{
	struct stmt	*st;

	if (!store.in_tx)
		fatalx("store: a commit without a transaction");
	if (sqlite3_get_autocommit(store.db)) {
		/* An earlier failure made SQLite roll back by itself. */
		store_rollback();
		return (-1);
	}
	store_deadline(0);
	if ((st = query_get(&q_commit)) == NULL || sql_run(st) == -1) {
		store_rollback();
		return (-1);
	}
	store.in_tx = 0;
	if (store.onend != NULL)
		store.onend(1);
	return (0);
}

void
store_rollback(void)
{
	struct stmt	*st;
	int		 late = store.late;

	if (!store.in_tx)
		return;
	store.in_tx = 0;
	store_deadline(0);
	store.late = late;
	if (store.onend != NULL)
		store.onend(0);
	table_forget();
	if (sqlite3_get_autocommit(store.db))
		return;
	if ((st = query_get(&q_rollback)) == NULL || sql_run(st) == -1)
		fatalx("store: cannot roll back: %s", store.text);
}

int
store_in_tx(void)
{
	return (store.in_tx);
}

unsigned int
store_seq(void)
{
	struct stmt	*st;
	unsigned int	 n = 0;

	if ((st = query_get(&q_seq)) == NULL || sql_step(st) != 1)
		return (0);
	n = (unsigned int)sql_int(st, 0);
	sql_done(st);
	return (n);
}
