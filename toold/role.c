/* SPDX-License-Identifier: ISC */
/*
 * role.c: see role.h.  Runs in toold; filled by authd only.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "../common/text.h"
#include "role.h"
#include "toold.h"

struct role_list {
	struct role_ref	*row;
	size_t		 n, cap;
};

static struct role_list current, staged;

void
role_stage(const struct role_ref *r)
{
	size_t cap = staged.cap == 0 ? 16 : staged.cap * 2;

	if (staged.n == staged.cap) {
		staged.row = reallocarray(staged.row, cap,
		    sizeof(*staged.row));
		if (staged.row == NULL)
			fatal("roles");
		staged.cap = cap;
	}
	staged.row[staged.n] = *r;
	ascii_lower(staged.row[staged.n].id);
	staged.n++;
}

void
roles_commit(void)
{
	free(current.row);
	current = staged;
	memset(&staged, 0, sizeof(staged));
}

static const struct role_ref *
find_id(const char *id)
{
	size_t i;

	for (i = 0; i < current.n; i++)
		if (ascii_casecmp(current.row[i].id, id) == 0)
			return (&current.row[i]);
	return (NULL);
}

int
role_known(const char *id)
{
	return (find_id(id) != NULL);
}

const char *
role_name(const char *id)
{
	const struct role_ref *r = find_id(id);

	return (r != NULL ? r->name : NULL);
}

const char *
role_id(const char *name)
{
	size_t i;

	for (i = 0; i < current.n; i++)
		if (ascii_casecmp(current.row[i].name, name) == 0)
			return (current.row[i].id);
	return (NULL);
}
