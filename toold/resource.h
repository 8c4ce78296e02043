/* SPDX-License-Identifier: ISC */
/*
 * resource.h: artifacts as MCP resources: keepd://TYPE/NAME, the name with
 * percent-encoding; an id does too.  What the caller may not see does not
 * exist here either: reading goes through the pipeline of the get tool, with
 * its checks and its audit record.
 */
#ifndef TOOLD_RESOURCE_H
#define TOOLD_RESOURCE_H

#include "mcp.h"
#include "store_art.h"

#define RESOURCE_URI_MAX	512	/* bytes, with a NUL */
#define RESOURCE_PAGE		100

extern const struct feature resource_feature;

/* May the caller see artifacts of the type at all: 1 or 0. */
int	resource_type_allowed(const struct caller *, enum art_type);
/*
 * What a URI names, if the caller may see it: 1, its type (0: no artifact)
 * and id (ID_SIZE); else 0, or -1 (store failure).
 */
int	resource_watch(const struct caller *, const char *uri,
	    enum art_type *, char *id);
/* May the caller see this artifact: 1 or 0. */
int	resource_visible(const struct caller *, enum art_type, const char *id);
/* URI of an artifact: out holds RESOURCE_URI_MAX. */
void	resource_uri(enum art_type, const char *name, char *out);
/* The type of a template as it is listed, or 0. */
enum art_type resource_template(const char *uri, size_t len);

enum resource_end {
	RES_OK,				/* its JSON text is in out */
	RES_NONE,			/* there is none, or it is hidden */
	RES_ERROR,			/* err says why */
	RES_BUSY,			/* nothing was done: 503 */
	RES_GONE			/* the handle ended: no answer */
};
/* By name or id; err holds 1024. */
enum resource_end resource_load(struct mcp *, enum art_type,
	    const char *name, struct buf *out, char *err);
/* The whole error answer of a load that was not RES_OK. */
void	resource_refuse(struct mcp *, enum resource_end, const char *uri,
	    const char *err);

/*
 * Resources that are not artifacts, looked for first; a program of tests
 * links a row of its own, the installed one has none.
 */
struct resource_more {
	/* Append items, each with a comma behind it. */
	void		(*list)(struct buf *, const struct era_row *);
	void		(*templates)(struct buf *, const struct era_row *);
	/* 1 and the members of an entry of contents, or 0. */
	int		(*read)(const char *uri, struct buf *);
};

#endif
