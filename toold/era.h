/* SPDX-License-Identifier: ISC */
/*
 * era.h: the revisions of the Model Context Protocol that are spoken, one
 * row each, and what differs between them.
 */
#ifndef TOOLD_ERA_H
#define TOOLD_ERA_H

#include <stddef.h>

/* A bit each: rows of methods hold masks. */
enum era {
	ERA_2025_03	= 1,
	ERA_2025_06	= 2,
	ERA_2025_11	= 4,
	ERA_2026_07	= 8
};
#define ERA_LEGACY	(ERA_2025_03 | ERA_2025_06 | ERA_2025_11)
#define ERA_MODERN	ERA_2026_07
#define ERA_ALL		(ERA_LEGACY | ERA_MODERN)

#define EF_BATCH	1	/* takes JSON-RPC batches */
#define EF_STRUCTURED	2	/* title, outputSchema, structuredContent */
#define EF_ID_OPTIONAL	4	/* an error without a known id has no id */
#define EF_RESULT_TYPE	8	/* resultType and _meta in each result */
#define EF_STATELESS	16	/* no initialize, no session */

struct era_row {
	enum era	 era;
	const char	*version;
	unsigned int	 flags;		/* EF_ bits */
};

/* Newest first; ended by a row without a version. */
extern const struct era_row era_rows[];
/* A JSON array of all versions, newest first. */
#define ERA_VERSIONS_JSON						\
	"[\"2026-07-28\",\"2025-11-25\",\"2025-06-18\",\"2025-03-26\"]"

const struct era_row *era_find(const char *version, size_t len);
const struct era_row *era_row(enum era);
/*
 * The answer to the version a client asks for in `initialize': that one if
 * it is a handshake revision, else the newest of those.
 */
const struct era_row *era_negotiate(const char *version, size_t len);

#endif
