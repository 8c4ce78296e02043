/* SPDX-License-Identifier: ISC */
/*
 * store_auth.c: the authorizer, the second wall behind statements that hold
 * no text of users anyway.  Runs in keepd-toold.  Denies by default; a
 * profile is a list of operations, of tables and of functions.  Nothing here
 * depends on who calls: that was decided before.
 */
#include <string.h>

#include "../common/log.h"
#include "../common/text.h"
#include "sql.h"

static const char *const own_tables[] = {
	"meta", "artifact", "revision", "tally", "outbox", "request", "lock",
	"tab", "col", "idx", "fk", "ref", NULL
};
/* The names of an ALTER or DROP, as SQLite passes them for its own tables. */
static const char *const schema_tables[] = {
	"sqlite_master", "sqlite_schema", NULL
};
static const char *const temp_schema_tables[] = {
	"sqlite_temp_master", "sqlite_temp_schema", NULL
};

static const char *const own_functions[] = {
	"count", "sum", "max", "coalesce", "substr", "length", "kd_sees",
	"kd_like", "kd_summary", NULL
};
static const char *const row_functions[] = {
	"count", NULL
};
/*
 * The sqlite_ names are what ALTER TABLE RENAME calls on the text of the
 * schema, glob and quick_check are how ADD COLUMN looks at a STRICT table;
 * no statement of ours names them.
 */
static const char *const ddl_functions[] = {
	"count", "kd_conv", "coalesce", "substr", "like", "printf", "length",
	"sqlite_rename_table", "sqlite_rename_test", "sqlite_rename_quotefix",
	"glob", NULL
};

static enum sql_profile	current;

void
sql_profile(enum sql_profile profile)
{
	current = profile;
}

enum sql_profile
sql_profile_now(void)
{
	return (current);
}

static int
listed(const char *const *list, const char *name)
{
	if (name == NULL)
		return (0);
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return (1);
	return (0);
}

/* t_<n> or i_<n>; what SQLite makes for UNIQUE is named after the table. */
static int
made_here(const char *name, char kind)
{
	uint64_t	n;

	return (name != NULL && name[0] == kind && name[1] == '_' &&
	    num_parse(name + 2, strlen(name + 2), UINT32_MAX, &n) == 0);
}

static int
index_ok(const char *name)
{
	static const char auto_index[] = "sqlite_autoindex_t_";

	return (made_here(name, 'i') || (name != NULL &&
	    strncmp(name, auto_index, sizeof(auto_index) - 1) == 0));
}

static int
ok(int yes)
{
	return (yes ? SQLITE_OK : SQLITE_DENY);
}

static int
authorize_own(int op, const char *a1, const char *a2)
{
	switch (op) {
	case SQLITE_SELECT:
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
		return (SQLITE_OK);
	case SQLITE_READ:
	case SQLITE_INSERT:
	case SQLITE_UPDATE:
	case SQLITE_DELETE:
		return (ok(listed(own_tables, a1)));
	case SQLITE_FUNCTION:
		return (ok(listed(own_functions, a2)));
	default:
		return (SQLITE_DENY);
	}
}

static int
authorize_row(int op, const char *a1, const char *a2)
{
	switch (op) {
	case SQLITE_SELECT:
		return (SQLITE_OK);
	case SQLITE_READ:
	case SQLITE_INSERT:
	case SQLITE_UPDATE:
	case SQLITE_DELETE:
		return (ok(made_here(a1, 't')));
	case SQLITE_FUNCTION:
		return (ok(listed(row_functions, a2)));
	default:
		return (SQLITE_DENY);
	}
}

static int
authorize_ddl(int op, const char *a1, const char *a2)
{
	switch (op) {
	case SQLITE_SELECT:
		return (SQLITE_OK);
	case SQLITE_READ:
		return (ok(made_here(a1, 't') || listed(schema_tables, a1) ||
		    (a1 != NULL && strcmp(a1, "pragma_quick_check") == 0)));
	case SQLITE_INSERT:
	case SQLITE_UPDATE:
	case SQLITE_DELETE:
		return (ok(made_here(a1, 't') || listed(schema_tables, a1)));
	case SQLITE_PRAGMA:
		return (ok(a1 != NULL && strcmp(a1, "quick_check") == 0));
	case SQLITE_CREATE_TABLE:
	case SQLITE_DROP_TABLE:
		return (ok(made_here(a1, 't')));
	case SQLITE_CREATE_INDEX:
	case SQLITE_DROP_INDEX:
		return (ok(index_ok(a1) && made_here(a2, 't')));
	case SQLITE_REINDEX:
		return (ok(index_ok(a1)));
	case SQLITE_ALTER_TABLE:		/* database, table */
		return (ok(made_here(a2, 't')));
	case SQLITE_FUNCTION:
		return (ok(listed(ddl_functions, a2)));
	default:
		return (SQLITE_DENY);
	}
}

static int
authorize(int op, const char *a1, const char *a2, const char *db)
{
	if (current == SP_OPEN)
		return (SQLITE_OK);
	/* RENAME goes over views and triggers of the temporary schema too. */
	if (current == SP_DDL && db != NULL && strcmp(db, "temp") == 0)
		return (ok((op == SQLITE_READ || op == SQLITE_UPDATE) &&
		    listed(temp_schema_tables, a1)));
	if (db != NULL && strcmp(db, "main") != 0 && op != SQLITE_ALTER_TABLE)
		return (SQLITE_DENY);
	switch (current) {
	case SP_OWN:
		return (authorize_own(op, a1, a2));
	case SP_ROW:
		return (authorize_row(op, a1, a2));
	case SP_DDL:
		return (authorize_ddl(op, a1, a2));
	default:
		return (SQLITE_DENY);
	}
}

/*
 * For sqlite3_set_authorizer().  The database is always main: there is no
 * attached one and nothing may be temporary.  A refusal is a fault of ours
 * or somebody's attempt, so it is always logged.
 */
int
sql_authorize(void *arg, int op, const char *a1, const char *a2,
    const char *db, const char *trigger)
{
	(void)arg;
	(void)trigger;
	if (authorize(op, a1, a2, db) == SQLITE_OK)
		return (SQLITE_OK);
	log_warnx("store: operation %d on %s %s denied in profile %d", op,
	    a1 != NULL ? a1 : "-", a2 != NULL ? a2 : "-", (int)current);
	return (SQLITE_DENY);
}
