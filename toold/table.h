/* SPDX-License-Identifier: ISC */
/*
 * table.h: user tables inside toold's store: their definition as parsed
 * from a save or from the stored record, its physical side, and values.
 *
 * A table is an artifact of type ART_TABLE (the definition, in JSON) and one
 * real table t_<n> with a column c_<n> for each field and the implicit
 * columns of enum implicit_col.  Names of fields are only in the definition;
 * the rows of tab, col, idx and fk say which number is whose.
 */
#ifndef TOOLD_TABLE_H
#define TOOLD_TABLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "sql.h"
#include "store_art.h"

#define TAB_NAME_MAX	63		/* of table, field, index, key */
#define TAB_FIELDS_MAX	150
#define TAB_INDICES_MAX	60
#define TAB_KEYS_MAX	30		/* foreign keys */
#define TAB_COLS_MAX	8		/* of one index or foreign key */
#define TAB_ENUM_MAX	200
#define TAB_ROLES_MAX	32
#define VECTOR_DIM	1536
#define DECIMAL_MAX	255		/* characters */

enum ftype {
	FT_BOOLEAN, FT_CHAR, FT_VARCHAR, FT_SMALLINT, FT_INTEGER, FT_BIGINT,
	FT_DECIMAL, FT_TINYTEXT, FT_SMALLTEXT, FT_MEDIUMTEXT, FT_TEXT,
	FT_TIMESTAMP, FT_TIMESTAMPTZ, FT_ENUM, FT_UUID, FT_JSON, FT_VECTOR,
	FT_MAX
};
#define FF_TEXT		1		/* free text: minLength, maxLength */
#define FF_LENGTH	2		/* takes length */
#define FF_COMPARE	4		/* can be compared, ordered, indexed */
enum fclass { FC_INT, FC_TEXT, FC_BLOB };
struct ftype_row {
	const char	*name;
	enum fclass	 class;
	unsigned int	 flags;		/* FF_ */
	unsigned int	 max;		/* characters of text, 0: by row size */
};
const struct ftype_row *ftype_row(enum ftype);
int		 ftype_find(const char *);	/* -1: none */

/* A column of a table: position of a field, or an implicit_col. */
typedef int colref;

struct field {
	char		 id[ID_SIZE];
	char		 name[TAB_NAME_MAX + 1];
	enum ftype	 type;
	int		 unique, nullable;
	unsigned int	 length;	/* char, varchar */
	unsigned int	 min, max;	/* minLength, maxLength; 0: none */
	json_t		*dflt;		/* normal form, owned; NULL: none */
	const json_t	*enums;		/* of tree */
	const json_t	*descr, *example;	/* of tree, may be NULL */
	unsigned int	 col;		/* c_<n>; 0: not made yet */
	int		 old;		/* position before, -1: new */
};

struct tindex {
	char		 id[ID_SIZE];	/* "" if none was given */
	char		 name[TAB_NAME_MAX + 1];
	unsigned int	 ncols;
	colref		 col[TAB_COLS_MAX];
	int		 unique, vector;
};

enum on_delete { OD_NO_ACTION, OD_RESTRICT, OD_CASCADE, OD_SET_NULL, OD_MAX };
struct fkey {
	char		 name[TAB_NAME_MAX + 1];
	char		 parent[TAB_NAME_MAX + 1];	/* table name */
	unsigned int	 ncols;
	colref		 col[TAB_COLS_MAX];
	char		 ref[TAB_COLS_MAX][TAB_NAME_MAX + 1];
	enum on_delete	 on_delete;
	/* after resolving: */
	int		 self;		/* the parent is this table */
	unsigned int	 tab;		/* t_<n> of the parent */
	int		 refcol[TAB_COLS_MAX];	/* c_<n> or implicit_col */
};

struct role_list {
	unsigned int	 n;
	char		 id[TAB_ROLES_MAX][ID_SIZE];
	char		 name[TAB_ROLES_MAX][NAME_MAX_LEN];
};

struct table {
	json_t		*tree;		/* owned: what fields point into */
	char		 id[ID_SIZE];	/* "": a new one */
	char		 name[TAB_NAME_MAX + 1];
	const char	*description;	/* of tree or c->state */
	unsigned int	 nfields, nindices, nkeys;
	struct field	*field;		/* owned */
	struct tindex	*index;		/* owned */
	struct fkey	*key;		/* owned */
	struct role_list read, write;
	int		 audit, with_data, incremental;
	unsigned int	 tab;		/* t_<n>; 0: not made yet */
	int64_t		 revision;	/* of the record it was read from */
	unsigned int	 holds;		/* table_free()s to come before */
};

void		 table_free(void *);
/* Keep it over turns of the loop, until one more table_free(). */
void		 table_hold(struct table *);

/* ---- table_parse.c ---- */

/*
 * Parse the table argument of a save over the stored definition (NULL on
 * create): absent top-level keys are taken from it.  0, or -1 and the
 * call's error.  Foreign keys are not resolved yet.
 */
int		 table_parse(struct call *, const json_t *obj,
		    const json_t *old, struct table *);
/* Implicit column or field by exact name; FIELD_NONE when there is none. */
#define FIELD_NONE	(-100)
colref		 table_col(const struct table *, const char *name);
const char	*table_colname(const struct table *, colref);
/* Number for sql_col(). */
int		 table_phys(const struct table *, colref);
/* The reverse; FIELD_NONE. */
colref		 table_byphys(const struct table *, int phys);
/* Type of a column, implicit ones included. */
enum ftype	 table_coltype(const struct table *, colref);
/* Is a column of the list, alone and in any order, unique: 1 or 0. */
int		 table_unique(const struct table *, const colref *, size_t n);
extern const char *const on_delete_names[OD_MAX];

/* ---- table_text.c ---- */

/* The body of the record (see store_art.h). */
void		 table_body(struct buf *, const struct table *);
void		 table_put_cols(struct buf *, const struct table *,
		    const colref *, size_t n);

/* ---- table_load.c ---- */

/* From a record with its text: NULL on failure of the store. */
struct table	*table_load(const struct art *);
/*
 * For work on rows: by name, from the cache.  1, 0 when there is none or its
 * package hides it, -1.  *out lives until the call ends.
 */
int		 table_find(const struct caller *, const char *name,
		    struct table **out);
/* Has the table a row: 1, 0, -1. */
int		 table_has_rows(unsigned int tab);
/* How many: kept with the table, so that big ones need not be counted. */
int		 table_count(unsigned int tab, int64_t *n);
/*
 * n rows came (or went, n < 0).  others: a foreign key took rows of other
 * tables along; the numbers of all tables with keys are forgotten.
 */
int		 table_count_add(unsigned int tab, int64_t n, int others);

/* ---- table_plan.c: what a save does to the physical table ---- */

#define LOSS_MAX	(TAB_FIELDS_MAX * 2)
#define PLAN_NUMBERS	1024
struct loss {
	const char	*column;	/* name, of either table */
	int64_t		 rows;
	const char	*what;		/* "dropped with its values" */
};
struct plan {
	struct call	*c;
	struct table	*old, *new;	/* old NULL: create; not owned */
	int		 rows;		/* the old table has some */
	int		 rebuild;
	unsigned int	 nloss;
	struct loss	 loss[LOSS_MAX];
	unsigned int	 nchanges;	/* items of the text below */
	struct buf	 changes;	/* JSON array items, for people */
	unsigned int	 nstatements;
	struct buf	 statements;	/* JSON array items */
	unsigned int	 nseen;		/* numbers in them, in order */
	unsigned int	 seen[PLAN_NUMBERS];
};
void		 plan_init(struct plan *, struct call *, struct table *old,
		    struct table *new);
void		 plan_free(void *);
/* Compare, count what would be lost, refuse what cannot be done. */
enum tool_err	 plan_make(struct plan *);
/* ,"changes":[..],"statements":[..],"dataLoss":[..] */
void		 plan_put(struct buf *, const struct plan *);
/* One text of what would be lost, for the refusal. */
void		 plan_loss_text(const struct plan *, char *out, size_t size);

/* Numbers of the foreign keys of a table to itself. */
void		 table_resolve_self(struct table *);
/* Must values be looked at one by one to go from one field to the other. */
int		 field_converts(const struct field *from,
		    const struct field *to);

/* ---- table_ddl.c ---- */

/* Do the plan: DDL and catalogue rows of tab, col, idx and fk. */
enum tool_err	 plan_run(struct plan *);
/* Drop the old table and its catalogue rows. */
enum tool_err	 plan_drop(struct plan *);

/* ---- table.c ---- */

tool_fn		 table_list, table_get, table_save, table_delete;
tool_fn		 table_stage_save, table_stage_rules;
tool_fn		 table_stage_delete, table_stage_delete_rules;
/* The rules and the change of a restored definition (revision.c). */
enum tool_err	 table_rules(struct call *, const json_t *obj);

/* ---- row.c ---- */

tool_fn		 row_query, row_insert, row_update, row_delete;
tool_fn		 row_stage_write;

/* ---- row_value.c ---- */

enum vkind { V_NULL, V_INT, V_TEXT, V_BLOB };
struct value {
	enum vkind	 kind;
	int64_t		 n;
	const char	*s;		/* borrowed, or own */
	size_t		 len;
	char		*own;		/* freed by value_free() */
};
/*
 * A JSON value for a field, strictly: 0, or -1 and why in words that fit
 * behind the column's name ("must be an integer, not a string").  A null is
 * taken; whether it may stand is the caller's question.
 */
int		 value_from_json(const struct field *, const json_t *,
		    struct value *, char *why, size_t size);
/* From a text in the notation of the type. */
int		 value_from_text(const struct field *, const char *, size_t,
		    struct value *, char *why, size_t size);
void		 value_free(struct value *);
/* Bytes in an answer, at most. */
size_t		 value_size(const struct field *, const struct value *);
/* JSON of a stored column. */
void		 value_put(struct buf *, enum ftype, sqlite3_value *);
/* As text, for conversions: 0 or -1. */
int		 value_text(struct buf *, enum ftype, sqlite3_value *);
/* A pseudo field for an implicit column, to check values with. */
const struct field *implicit_field(colref);
/* The collation of decimals: exact by value, whatever the notation. */
int		 decimal_compare(const char *, size_t, const char *, size_t);

/* ---- row_conv.c: kd_conv(k, value) during a rebuild ---- */

struct conv {
	const struct field *from, *to;
	struct value	 dflt;
	int		 has_dflt;
	int64_t		 lost;		/* values that do not fit the type */
	int64_t		 shortened;	/* texts cut to the length */
	int64_t		 filled;	/* NULLs that got the default */
	int64_t		 empty;		/* left without a needed value */
};
/* A value as the parameter of a statement. */
void		 value_bind(struct stmt *, int, const struct value *);
/* From now on k is an index of this array; NULL: none. */
void		 conv_set(struct conv *, size_t n);

#endif
