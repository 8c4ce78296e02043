/* SPDX-License-Identifier: ISC */
/*
 * schema.h: JSON Schema 2020-12 for jansson values, pure: no files, no
 * network, no globals.  Runs in toold only.
 *
 * A schema is compiled once (all references resolved inside its document,
 * every pattern built) and then checks any number of values.  A check takes
 * memory only where a container of more than SCHEMA_EVAL_SMALL members meets
 * unevaluatedItems or unevaluatedProperties, or an array of more than
 * SCHEMA_UNIQUE_SMALL items meets uniqueItems.
 * Depth and work are bounded: past a bound a check fails with the rule
 * "limit"; it never hangs and never overruns the stack.
 *
 * "format" and the content keywords are annotations only.  Keywords that the
 * specification does not know are ignored; known keywords with a value of
 * the wrong shape, patterns outside the supported syntax (see pattern.h),
 * references that leave the document and other dialects in "$schema" are
 * refused by schema_compile().
 */
#ifndef TOOLD_SCHEMA_H
#define TOOLD_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define SCHEMA_TEXT_MAX		(1024 * 1024)	/* bytes of a schema */
#define SCHEMA_NODES_MAX	16384		/* subschemas of a schema */
#define SCHEMA_DEPTH_MAX	256		/* nested subschema checks */
#define SCHEMA_WORK_MAX		8000000		/* steps of one check */
#define SCHEMA_EVAL_SMALL	4096		/* members, see above */
#define SCHEMA_UNIQUE_SMALL	16

#define SCHEMA_POINTER_MAX	256
#define SCHEMA_MESSAGE_MAX	256

struct schema;				/* opaque, immutable once compiled */

/*
 * The first thing found wrong.  All text is valid UTF-8 on one line without
 * control characters, and terminated.
 */
struct schema_error {
	char		 pointer[SCHEMA_POINTER_MAX];	/* RFC 6901, "" is the
							 * root; a cut ends in
							 * "..." */
	const char	*rule;		/* failed keyword, or "limit"; static */
	const char	*type;		/* JSON type of the value at pointer;
					 * static: null boolean integer number
					 * string array object */
	char		 message[SCHEMA_MESSAGE_MAX];	/* what to do */
};

/*
 * Compile len bytes of JSON text.  Returns the schema (to be freed with
 * schema_free), or NULL with a message of at most errlen - 1 bytes that
 * names the place in the schema and the keyword.
 */
struct schema	*schema_compile(const char *json, size_t len, char *err,
		    size_t errlen);
/*
 * Check a value (borrowed, unchanged).  0: valid, the error is not touched;
 * -1: not valid or past a limit, the error (may be NULL) is filled in.
 * Not for two threads at once on one schema: patterns own scratch memory.
 */
int		 schema_check(const struct schema *, const json_t *,
		    struct schema_error *);
/* Frees a schema; NULL is allowed. */
void		 schema_free(struct schema *);

#endif
