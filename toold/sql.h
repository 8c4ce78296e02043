/* SPDX-License-Identifier: ISC */
/*
 * sql.h: SQL text and statements, for the files of the store only.
 *
 * The text of a statement is either a constant of ours (struct query) or is
 * built by the sql_ functions below, which know literals of this source,
 * numbers of tables, columns, indices and parameters, and nothing else:
 * there is no way to bring a string that came from outside into it.  Names
 * of users live in catalogue rows; their values are bound.
 *
 * Every statement belongs to a profile of the authorizer (store_auth.c).
 * It is in force while the statement is prepared and while it steps, since
 * SQLite may prepare it again there.
 */
#ifndef TOOLD_SQL_H
#define TOOLD_SQL_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/buf.h"

enum sql_profile {
	SP_NONE,	/* nothing is allowed */
	SP_OPEN,	/* while the store is opened and closed */
	SP_OWN,		/* rows of the store's own tables */
	SP_ROW,		/* rows of user tables, t_<n> */
	SP_DDL		/* shape of user tables, copies between them */
};

struct stmt {
	sqlite3_stmt		*s;
	enum sql_profile	 profile;
};

/* A constant statement on our own tables, prepared at its first use. */
struct query {
	const char	*text;
	struct stmt	 st;
	struct query	*next;
};
#define QUERY(t)	{ (t), { NULL, SP_OWN }, NULL }

/* NULL when it cannot be prepared; store_error() is set. */
struct stmt	*query_get(struct query *);
/*
 * A statement for a built text, from a cache of the last SQL_CACHE ones.
 * Valid until sql_done(); NULL on failure.
 */
#define SQL_CACHE	64
struct stmt	*sql_get(enum sql_profile, const struct buf *text);
/* Run a built text without parameters or rows: 0 or -1. */
int		 sql_exec(enum sql_profile, const struct buf *text);

/* Text and blobs are borrowed until sql_done(). */
void		 sql_bind_int(struct stmt *, int, int64_t);
void		 sql_bind_str(struct stmt *, int, const char *);
void		 sql_bind_text(struct stmt *, int, const char *, size_t);
void		 sql_bind_blob(struct stmt *, int, const void *, size_t);
void		 sql_bind_null(struct stmt *, int);
/* 1: a row; 0: no more; -1: store_error().  Done by itself but after 1. */
int		 sql_step(struct stmt *);
/* Step a statement without rows to its end: 0 or -1. */
int		 sql_run(struct stmt *);
void		 sql_done(struct stmt *);
/* Rows changed by the last statement. */
int64_t		 sql_changes(void);

/* Column helpers: never NULL, "" for NULL. */
const char	*sql_str(struct stmt *, int col);
size_t		 sql_len(struct stmt *, int col);
int64_t		 sql_int(struct stmt *, int col);

/* ---- text ---- */

/* Only string literals: anything else does not compile. */
#define SQL(b, lit)	buf_add((b), "" lit, sizeof("" lit) - 1)

/* Implicit columns of user tables have negative numbers. */
enum implicit_col {
	IC_ROWID = -1, IC_ID = -2, IC_CREATED_AT = -3, IC_UPDATED_AT = -4,
	IC_CREATED_BY = -5, IC_UPDATED_BY = -6, IC_LAST = -6
};
void		 sql_tab(struct buf *, unsigned int n);	/* t_<n> */
void		 sql_col(struct buf *, int n);		/* c_<n>, implicit */
void		 sql_idx(struct buf *, unsigned int n);	/* i_<n> */
void		 sql_par(struct buf *, unsigned int n);	/* ?<n> */
void		 sql_num(struct buf *, int64_t);
/*
 * The number behind "t_", "c_" or the implicit column behind a name that
 * SQLite gave back in a message; 0 when it is none.
 */
int		 sql_parse_col(const char *, size_t);

/* ---- shared by store*.c ---- */

sqlite3		*store_db(void);
/* The first value of a constant statement, on any database: 0 or -1. */
int		 sql_one(sqlite3 *, const char *, int64_t *);
/* A statement without rows while a store is opened: done, or the end. */
void		 store_must(sqlite3 *, const char *);
/* Make the tables of a new store, or bring those of an old one up to date. */
void		 store_format(sqlite3 *, const char *path);
void		 sql_profile(enum sql_profile);
enum sql_profile sql_profile_now(void);
int		 sql_authorize(void *, int, const char *, const char *,
		    const char *, const char *);
/* Remember why something failed; rc is SQLite's. */
void		 store_setfail(int rc);
/* The same of another connection to the store; late as store_late(). */
void		 store_setfail_db(sqlite3 *, int rc, int late);
/* A further connection, with all limits and functions; or the end. */
sqlite3		*store_connect(const char *path);
void		 store_setfailx(const char *, ...)
		    __attribute__((__format__(printf, 1, 2)));
int		 store_failcode(void);		/* SQLite's, extended */
const char	*store_failtext(void);		/* SQLite's own message */
void		 sql_forget(void);		/* drop all statements */
/* The next number of tables, columns and indices; 0 on failure. */
unsigned int	 store_seq(void);
/* A time limit for what follows, in ms; 0: none. */
void		 store_deadline(uint32_t ms);
/* Called when a transaction was rolled back or changed the catalogue. */
void		 table_forget(void);
/* SQL functions and collations of the modules: 0 or SQLite's code. */
int		 art_functions(sqlite3 *);
int		 conv_functions(sqlite3 *);

#endif
