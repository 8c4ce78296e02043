/* SPDX-License-Identifier: ISC */
/*
 * schema_int.h: shared by the files of the schema checker only.
 *	schema.c	limits, errors, and the walk over rules of a check
 *	schema_build.c	document to nodes: index, references, rules
 *	schema_uri.c	base URIs
 *	schema_key.c	the table of keywords with their compile functions
 *	schema_rule.c	check functions of assertions
 *	schema_apply.c	check functions of applicators
 *	schema_value.c	numbers, equality and hashes of JSON values
 */
#ifndef TOOLD_SCHEMA_INT_H
#define TOOLD_SCHEMA_INT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "pattern.h"
#include "schema.h"

#define SCHEMA_NEST_MAX		128	/* subschemas within subschemas */
#define SCHEMA_URI_MAX		2048
#define SCHEMA_VALUE_DEPTH	2048	/* what jansson reads at most */
#define STEP_LOOKUP		4	/* of a name in an object */
#define STEP_ALLOC		16
#define EVAL_WORDS		512	/* of SCHEMA_EVAL_SMALL / 64 each */

/* Bits of rule.types and type masks: 1 << json_typeof(), and one more. */
#define T(type)		(1U << (type))
#define T_INTEGRAL	(1U << 8)	/* a real without a fraction */
#define T_NUMBER	(T(JSON_INTEGER) | T(JSON_REAL))
#define T_BOOLEAN	(T(JSON_TRUE) | T(JSON_FALSE))
#define T_ANY		0xffU

struct keyword;
struct rule;

enum node_kind { NODE_RULES, NODE_TRUE, NODE_FALSE };

/* One subschema. */
struct node {
	enum node_kind		 kind;
	unsigned int		 nrules;
	unsigned int		 uneval;	/* types that need marks */
	struct rule		*rules;		/* in the table's order */
	const struct resource	*res;		/* innermost $id around it */
	json_t			*src;		/* borrowed from the document */
	/* Place in the document, for messages. */
	const struct node	*up;
	const char		*via;		/* keyword of up, or NULL */
	const char		*key;		/* name below it, or NULL */
	size_t			 index;		/* or index, SIZE_MAX: none */
};

struct anchor {
	struct anchor		*next;
	const char		*name;
	const struct node	*node;
	int			 dynamic;
};

/* A schema resource: the document or a part of it with its own $id. */
struct resource {
	struct resource		*next;
	const char		*uri;		/* without fragment */
	const struct node	*node;
	struct anchor		*anchors;
};

/* A named member of a rule; sorted by name where looked up. */
struct entry {
	const char		*key;		/* borrowed from the document */
	size_t			 len;
	const struct node	*node;		/* NULL for required names */
	struct pattern		*pattern;	/* patternProperties */
	struct entry		*names;		/* dependentRequired */
	size_t			 nnames;
};

/* One keyword of one subschema. */
struct rule {
	const struct keyword	*kw;
	unsigned int		 types;		/* it says nothing on others */
	unsigned int		 mask;		/* type */
	uint64_t		 min, max;	/* lengths, counts, indices */
	json_t			*value;		/* enum, const, numbers */
	const struct node	*node;		/* single subschema, target */
	const struct node	*yes, *no;	/* then and else */
	const struct node	**list;		/* prefixItems, allOf ... */
	struct entry		*entries;	/* properties, required ... */
	size_t			 n;		/* of list or entries */
	struct pattern		*pattern;
	const char		*anchor;	/* $dynamicRef, or NULL */
	const struct rule	*named, *matched; /* siblings of the
					 * additionalProperties */
};

/* Where a check is in the value. */
struct at {
	const struct at	*up;
	json_t		*value;
	const char	*key;		/* member of up, or NULL */
	size_t		 keylen;
	size_t		 index;		/* item of up if key is NULL */
};

/* Marks on the members or items of one container that were evaluated. */
struct eval {
	uint64_t	*bits;
	size_t		 n;		/* members */
	size_t		 used;		/* words taken from the pool */
	int		 heap;
};

struct scope {
	const struct scope	*up;
	const struct resource	*res;
};

/* One check under way. */
struct run {
	struct schema_error	*err;
	const struct scope	*scope;	/* dynamic scope, innermost first */
	const char		*rule;	/* keyword being checked */
	uint64_t		 work;	/* steps left */
	unsigned int		 depth;
	unsigned int		 quiet;	/* failures are no errors yet */
	int			 limited; /* past a limit: all fails */
	size_t			 used;
	uint64_t		 pool[EVAL_WORDS];
};

/* All memory of a schema, freed together. */
struct chunk {
	struct chunk		*next;
	max_align_t		 data[];
};

struct schema {
	json_t			*doc;
	const struct node	*root;
	struct resource		*resources;
	struct chunk		*chunks;
	struct pattern		**patterns;
	size_t			 npatterns;
};

/* A schema being compiled. */
struct build {
	struct schema		*s;
	struct node		**nodes;	/* sorted by src once indexed */
	size_t			 n, cap;
	char			*err;
	size_t			 errlen;
};

typedef int	compile_fn(struct build *, const struct node *, struct rule *,
		    json_t *);
typedef int	check_fn(struct run *, const struct rule *, const struct at *,
		    struct eval *);

/* Where a keyword holds subschemas. */
enum sub { SUB_NONE, SUB_ONE, SUB_LIST, SUB_MAP };

struct keyword {
	const char	*name;
	unsigned int	 types;
	enum sub	 sub;
	compile_fn	*compile;	/* NULL: subschemas only */
	check_fn	*check;		/* NULL: checked by another keyword */
};

/* Ended by a row without a name; checked in this order. */
extern const struct keyword schema_keywords[];

/* schema.c */
int	run_step(struct run *, const struct at *, uint64_t);
int	run_fail(struct run *, const struct at *, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
int	run_limit(struct run *, const struct at *, const char *);
/*
 * A string for messages: quoted, without control characters, cut with "..."
 * to fit out (of 8 bytes or more).
 */
void	schema_quote(char *out, size_t size, const char *, size_t);
int	node_check(struct run *, const struct node *, const struct at *,
	    struct eval *);
/* As node_check, but a failure is no error and leaves no marks. */
int	branch_check(struct run *, const struct node *, const struct at *,
	    struct eval *);
int	eval_open(struct run *, const struct at *, struct eval *, size_t n);
void	eval_close(struct run *, struct eval *);
void	eval_merge(struct eval *, const struct eval *);
void	eval_mark(struct eval *, size_t);
int	eval_has(const struct eval *, size_t);
const char *schema_type_name(const json_t *);

/* schema_build.c, for the compile functions: all memory is the schema's. */
int	build_fail(struct build *, const struct node *, const char *kw,
	    const char *, ...) __attribute__((__format__(printf, 4, 5)));
void	*build_alloc(struct build *, size_t n, size_t size);
struct pattern *build_pattern(struct build *, const struct node *,
	    const char *kw, const char *, size_t);
const struct node *build_node(struct build *, const json_t *);
const struct node *build_target(struct build *, const struct node *,
	    const char *kw, const char *ref, const char **anchor);
/* The rule that an earlier row of the table made, or NULL. */
const struct rule *node_rule(const struct node *, const char *kw);
int	schema_build(struct build *);

/* schema_uri.c */
/*
 * RFC 3986 section 5.2.2: resolve ref against base.  out gets the result
 * without its fragment, *fragment the part of ref behind '#' or "".
 * 0, or -1 if it does not fit.
 */
int	ref_resolve(const char *base, const char *ref, char *out, size_t size,
	    const char **fragment);
/* Percent-decoding in place of a fragment: 0, or -1 if it is bad. */
int	ref_unescape(char *);

/* schema_value.c */
int	number_cmp(const json_t *, const json_t *);
int	number_integral(const json_t *);
/*
 * Is a an integer times b, both taken as decimal fractions: 1, 0, or -1 when
 * *work is used up.  b > 0.
 */
int	number_multiple(const json_t *a, const json_t *b, uint64_t *work);
/* 1, 0, or -1 when *work is used up. */
int	value_equal(json_t *, json_t *, uint64_t *work);
/* Equal values have equal hashes.  0, or -1 when *work is used up. */
int	value_hash(json_t *, uint64_t *hash, uint64_t *work);
const struct entry *entry_find(const struct entry *, size_t n,
	    const char *, size_t len);

/* schema_rule.c and schema_apply.c */
check_fn check_type, check_enum, check_const, check_min, check_max,
	check_xmin, check_xmax, check_multiple, check_min_length,
	check_max_length, check_pattern, check_min_items, check_max_items,
	check_unique, check_min_props, check_max_props, check_required,
	check_dep_required;
check_fn check_properties, check_pattern_props, check_additional,
	check_names, check_prefix, check_items, check_contains,
	check_dep_schemas, check_all, check_any, check_one, check_not,
	check_if, check_ref, check_dynref, check_uneval_items,
	check_uneval_props;

#endif
