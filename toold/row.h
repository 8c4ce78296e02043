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

/* Does a role list of a table let the caller in; an empty one lets all. */
int	role_list_allows(const struct caller *, const struct role_list *);

#endif
