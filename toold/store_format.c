/* SPDX-License-Identifier: ISC */
/*
 * store_format.c: the tables of the artifact store, and the way from those
 * of an earlier keepd.  Runs in keepd-toold while the store is opened, before
 * the sandbox is sealed: it may still make a file then.
 *
 * A store of an earlier format is copied beside itself, durably, and then
 * changed in one transaction that also sets its number.  Killed anywhere, the
 * next start finds the old store or the new one, and begins again or goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "backup.h"
#include "sql.h"
#include "store.h"

/* def comes last: short columns are read without its pages. */
#define ARTIFACT							\
	"(num INTEGER PRIMARY KEY,"					\
	" type INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,"	\
	" name_key TEXT NOT NULL, package TEXT NOT NULL,"		\
	" ver TEXT NOT NULL, revision INTEGER NOT NULL,"		\
	" created_at INTEGER NOT NULL, created_by TEXT NOT NULL,"	\
	" updated_at INTEGER NOT NULL, changed_by TEXT NOT NULL,"	\
	" flags INTEGER NOT NULL, head INTEGER NOT NULL,"		\
	" acl TEXT NOT NULL, description TEXT NOT NULL,"		\
	" summary TEXT NOT NULL, def TEXT NOT NULL) STRICT"
#define ARTIFACT_INDICES						\
	"CREATE UNIQUE INDEX artifact_id ON artifact (type, id)",	\
	"CREATE UNIQUE INDEX artifact_name ON artifact (type, name_key)", \
	"CREATE INDEX artifact_package"					\
	    " ON artifact (package, type, name_key)"
/* RF_GROUPED, as list_ungrouped_scripts asks for it. */
#define UNGROUPED_INDEX							\
	"CREATE INDEX artifact_ungrouped ON artifact (name_key, package)" \
	    " WHERE type = 5 AND (flags & 4) = 0"
/*
 * Who points to what: target is an entry of acl, artifact.num is `by'.  A
 * number is used again when the newest record is deleted, so its rows go
 * with the record.
 */
#define REF								\
	"CREATE TABLE ref (target TEXT NOT NULL, type INTEGER NOT NULL," \
	    " by INTEGER NOT NULL, PRIMARY KEY (target, type, by))"	\
	    " STRICT, WITHOUT ROWID",					\
	"CREATE INDEX ref_by ON ref (by)",				\
	"CREATE INDEX revision_name ON revision (type, name)"

static const char *const schema[] = {
	"CREATE TABLE meta (k TEXT PRIMARY KEY, v INTEGER NOT NULL) STRICT",
	"INSERT INTO meta VALUES ('opened', 0), ('seq', 0), ('outbox', 0)",
	"CREATE TABLE artifact " ARTIFACT,
	ARTIFACT_INDICES,
	"CREATE INDEX artifact_updated ON artifact (type, updated_at)",
	UNGROUPED_INDEX,
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
	/* Physical side of tables: which t_<n>, c_<n>, i_<n> is whose. */
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
	REF,
	NULL
};

/*
 * Steps to each format from the one before, as constant statements.  What is
 * here was released: it is never changed, and the schema above is what one
 * arrives at.
 */
/* From format 1: no table of references, no summaries. */
static const char *const to_2[] = {
	"CREATE TABLE artifact_new " ARTIFACT,
	"INSERT INTO artifact_new SELECT num, type, id, name, name_key,"
	    " package, ver, revision, created_at, created_by, updated_at,"
	    " changed_by, flags, head, acl, description, '', def"
	    " FROM artifact",
	"DROP TABLE artifact",
	"ALTER TABLE artifact_new RENAME TO artifact",
	ARTIFACT_INDICES,
	REF,
	"INSERT OR IGNORE INTO ref WITH RECURSIVE e (num, type, at, acl) AS"
	    " (SELECT num, type, 1, acl FROM artifact"
	    " WHERE type <> 1 AND acl <> '' UNION ALL"
	    " SELECT num, type, at + 37, acl FROM e"
	    " WHERE at + 37 < length(acl))"
	    " SELECT substr(acl, at, 37), type, num FROM e",
	/* RF_ACTIVATED: what run time is must not be pruned. */
	"UPDATE revision SET flags = flags | 2 WHERE type = 3"
	    " AND json_extract(def, '$.activation.revision') = revision",
	"UPDATE artifact SET flags = flags | 2 WHERE type = 3"
	    " AND json_extract(def, '$.activation.revision') = revision",
	NULL
};
/* To list by the time of the last change. */
static const char *const to_3[] = {
	"CREATE INDEX artifact_updated ON artifact (type, updated_at)",
	NULL
};
static const char *const to_4[] = {
	"UPDATE artifact SET flags = flags | 4 WHERE type = 5 AND num IN"
	    " (SELECT by FROM ref WHERE type = 5"
	    " AND substr(target, 1, 1) = 'P')",
	UNGROUPED_INDEX,
	NULL
};
static const char *const *const steps[STORE_FORMAT + 1] = {
	[2] = to_2, [3] = to_3, [4] = to_4
};

void
store_must(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fatalx("store: %s: %s", sql, sqlite3_errmsg(db));
}

static int64_t
must_int(sqlite3 *db, const char *sql)
{
	int64_t	v;

	if (sql_one(db, sql, &v) == -1)
		fatalx("store: %s: %s", sql, sqlite3_errmsg(db));
	return (v);
}

static void
set_number(sqlite3 *db, const char *pragma, int n)
{
	char	sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA %s = %d", pragma, n);
	store_must(db, sql);
}

static void
schema_make(sqlite3 *db)
{
	const char *const	*s;

	store_must(db, "BEGIN IMMEDIATE");
	for (s = schema; *s != NULL; s++)
		store_must(db, *s);
	set_number(db, "application_id", STORE_APPLICATION);
	set_number(db, "user_version", STORE_FORMAT);
	store_must(db, "COMMIT");
}

/* ---- the copy ---- */

static void
file_sync(const char *path)
{
	int	fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || fsync(fd) == -1)
		fatal("store: %s", path);
	close(fd);
}

static void
dir_sync(const char *path)
{
	char	dir[512], *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	if ((slash = strrchr(dir, '/')) == NULL)
		return;
	slash[slash == dir] = '\0';
	file_sync(dir);
}

/* PATH.format-N, whole under that name or not there. */
static void
copy_make(sqlite3 *db, const char *path, int64_t format)
{
	char	 name[544], part[560];
	sqlite3	*to;
	int	 fd, rc;

	snprintf(name, sizeof(name), "%s.format-%lld", path,
	    (long long)format);
	snprintf(part, sizeof(part), "%s.part", name);
	if (unlink(part) == -1 && errno != ENOENT)
		fatal("store: %s", part);
	fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1 || (to = backup_open(fd, 1)) == NULL)
		fatal("store: %s: no copy before the upgrade", part);
	rc = backup_all(to, db, NULL);
	sqlite3_close(to);
	if (rc != SQLITE_OK) {
		(void)unlink(part);
		fatalx("store: %s: no copy before the upgrade: %s: make room "
		    "for one, the store was not changed", part,
		    sqlite3_errstr(rc));
	}
	file_sync(part);
	if (rename(part, name) == -1)
		fatal("store: %s", name);
	dir_sync(name);
	log_info("store: copied to %s before its upgrade", name);
}

/* ---- old and new ---- */

static void
upgrade(sqlite3 *db, int64_t from)
{
	const char *const	*s;
	int			 n;

	store_must(db, "BEGIN IMMEDIATE");
	for (n = (int)from + 1; n <= STORE_FORMAT; n++)
		for (s = steps[n]; s != NULL && *s != NULL; s++)
			store_must(db, *s);
	set_number(db, "user_version", STORE_FORMAT);
	store_must(db, "COMMIT");
	log_info("store: upgraded from format %lld to %d", (long long)from,
	    STORE_FORMAT);
}

void
store_format(sqlite3 *db, const char *path)
{
	int64_t	format;

	if (must_int(db, "SELECT count(*) FROM sqlite_schema") == 0) {
		schema_make(db);
		return;
	}
	if (must_int(db, "PRAGMA application_id") != STORE_APPLICATION)
		fatalx("store: %s is not a store of keepd: move it away",
		    path);
	format = must_int(db, "PRAGMA user_version");
	if (format > STORE_FORMAT)
		fatalx("store: %s has format %lld, this keepd knows formats "
		    "up to %d: install the newer keepd that wrote it", path,
		    (long long)format, STORE_FORMAT);
	if (format < 1)
		fatalx("store: %s has no format number: restore a backup",
		    path);
	if (format == STORE_FORMAT)
		return;
	copy_make(db, path, format);
	upgrade(db, format);
}
