/* SPDX-License-Identifier: ISC */
/*
 * row.h: what the row tools share: conditions and limits.  For row*.c and
 * tests only.
 */
#ifndef TOOLD_ROW_H
#define TOOLD_ROW_H

#include "table.h"

#define ROWS_MAX	1000		/* of one insert */
#define CONDS_MAX	64		/* columns of one where */

/* where: equality, all of them; a null is IS NULL. */
struct conds {
	unsigned int	 n;
	struct {
		colref		 col;
		struct value	 v;
	} cond[CONDS_MAX];
};
void	conds_free(struct conds *);

/*
 * The call's table, if the caller may read or change its rows; else the
 * call's error.  A hidden table answers as one that is not there.
 */
enum tool_err	row_table(struct call *, int read, int write,
		    struct table **);
/* args.where: 0 or -1 and the call's error; needed: it must not be empty. */
int	conds_parse(struct call *, const struct table *, int needed,
	    struct conds *);
/* WHERE with parameters from first on; aliased: of table y. */
void	conds_put(struct buf *, const struct table *, const struct conds *,
	    unsigned int first, int aliased);
void	conds_bind(struct stmt *, const struct conds *, unsigned int first);

/*
 * The store's failure as the call's; a time limit names the field to index,
 * of the conditions (may be NULL) or the order (may be FIELD_NONE).
 */
enum tool_err	row_fail(struct call *, const struct table *,
		    const struct conds *, colref order);
int	row_is_constraint(void);
/*
 * A constraint refused a row: which field.  val has the value of each field
 * that is known, else NULL; row is "" or "rows.3: ".
 */
enum tool_err	row_constraint(struct call *, const struct table *,
		    const struct value *const *val, const char *row);
/* Rows of other tables hang on those chosen. */
enum tool_err	row_in_use(struct call *, const struct table *,
		    const struct conds *);

/* Does a role list of a table let the caller in; an empty one lets all. */
int	role_list_allows(const struct caller *, const struct role_list *);

#endif
