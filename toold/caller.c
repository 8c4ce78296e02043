/* SPDX-License-Identifier: ISC */
/*
 * caller.c: questions about a caller.  Runs in toold; pure.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "toold.h"

static int
by_text(const void *a, const void *b)
{
	return (strcmp(a, b));
}

/* In a sorted list of lower-case ids, whatever the case of the id. */
static int
list_has(const char (*list)[40], unsigned int n, const char *id)
{
	char key[40];

	if (text_set(key, sizeof(key), id) == -1)
		return (0);
	ascii_lower(key);
	return (n > 0 && bsearch(key, list, n, sizeof(*list), by_text) !=
	    NULL);
}

int
caller_has_role(const struct caller *who, const char *id)
{
	return (list_has(who->role, who->nroles, id));
}

int
caller_in_subset(const struct caller *who, const char *id)
{
	return (who->npackages == 0 ||
	    list_has(who->package, who->npackages, id));
}
