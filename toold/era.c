/* SPDX-License-Identifier: ISC */
/*
 * era.c: see era.h.  Runs in toold; pure.
 */
#include <string.h>

#include "era.h"

const struct era_row era_rows[] = {
	{ ERA_2026_07, "2026-07-28", EF_STRUCTURED | EF_ID_OPTIONAL |
	    EF_RESULT_TYPE | EF_STATELESS },
	{ ERA_2025_11, "2025-11-25", EF_STRUCTURED | EF_ID_OPTIONAL },
	{ ERA_2025_06, "2025-06-18", EF_STRUCTURED },
	{ ERA_2025_03, "2025-03-26", EF_BATCH },
	{ 0, NULL, 0 }
};

const struct era_row *
era_find(const char *version, size_t len)
{
	const struct era_row *r;

	for (r = era_rows; r->version != NULL; r++)
		if (strlen(r->version) == len &&
		    memcmp(r->version, version, len) == 0)
			return (r);
	return (NULL);
}

const struct era_row *
era_row(enum era era)
{
	const struct era_row *r;

	for (r = era_rows; r->version != NULL; r++)
		if (r->era == era)
			return (r);
	return (NULL);
}

const struct era_row *
era_negotiate(const char *version, size_t len)
{
	const struct era_row *r = era_find(version, len);

	if (r != NULL && (r->flags & EF_STATELESS) == 0)
		return (r);
	return (era_row(ERA_2025_11));
}
