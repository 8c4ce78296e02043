/* SPDX-License-Identifier: ISC */
/*
 * tools.h: the registry: every tool there is, found by name, and the lists
 * that callers see.  Filled once at start from the groups; constant after.
 *
 * Rules of a row (clients drop tools that break the ones about schemas):
 * a name of [a-z0-9_]{1,48}, unique; title and description; a level; a
 * function; schemas that are objects with "properties" at the root, without
 * oneOf, anyOf, allOf, not or if there and without $ref, $schema or
 * x-mcp-header anywhere, all properties described, no unknown keys taken;
 * tools that write need Edit and take dryRun and requestId.
 */
#ifndef TOOLD_TOOLS_H
#define TOOLD_TOOLS_H

#include "era.h"
#include "rpc.h"
#include "schema.h"
#include "toold.h"

#define TOOLS_MAX	128

struct tool_entry {
	const struct tool	*tool;
	struct schema		*input;
	json_t			*mirrors;	/* mirror.h; NULL: none */
};

/* Tables of rows, ended by NULL: the whole surface of this program. */
extern const struct tool *const tool_groups[];

/* A name as rows of tools and prompts have it, [a-z0-9_]{1,48}: 1 or 0. */
int	 row_name_ok(const char *);
/* NULL if the row keeps the rules, else what is wrong with it. */
const char *tool_lint(const struct tool *);
/* Ends the process, naming the tool, when a row breaks the rules. */
void	 tools_init(const struct tool *const groups[]);
/* Rows of an extension, which the rules do not bind; NULL: none. */
void	 tools_more(const struct tool *);
void	 tools_free(void);
size_t	 tools_count(void);
const struct tool_entry *tool_find(const char *name, size_t len);
/* PERM_BITs of what the caller may do at this level (TL_) in this request. */
uint32_t level_mask(const struct caller *, int level);
/* Does the caller hold what the row asks for: 1 or 0. */
int	 tool_allowed(const struct tool *, const struct caller *);
/*
 * The JSON array of the tools this caller may call, in the form of the
 * revision.  Made once for each set of rights; valid until the next call.
 */
const struct shared *tools_list(const struct caller *, const struct era_row *);

#endif
