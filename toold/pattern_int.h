/* SPDX-License-Identifier: ISC */
/*
 * pattern_int.h: shared by the files of the pattern matcher only.
 * pattern_parse.c makes a tree of the text, pattern.c a program of the tree,
 * pattern_class.c holds the sets of code points.
 */
#ifndef TOOLD_PATTERN_INT_H
#define TOOLD_PATTERN_INT_H

#include <stddef.h>
#include <stdint.h>

#define CP_MAX		0x10ffffU	/* largest code point */
#define PAT_NONE	UINT32_MAX	/* no node */
#define PAT_INF		UINT32_MAX	/* no upper bound of a repeat */

/* Values of the low byte of ucd_runs; below 30 the general category. */
enum ucd_cat {
	UCD_CC, UCD_CF, UCD_CN, UCD_CO, UCD_CS, UCD_LL, UCD_LM, UCD_LO,
	UCD_LT, UCD_LU, UCD_MC, UCD_ME, UCD_MN, UCD_ND, UCD_NL, UCD_NO,
	UCD_PC, UCD_PD, UCD_PE, UCD_PF, UCD_PI, UCD_PO, UCD_PS, UCD_SC,
	UCD_SK, UCD_SM, UCD_SO, UCD_ZL, UCD_ZP, UCD_ZS,
	UCD_ALT_UPPER,		/* single Lu and Ll in turn, Lu first */
	UCD_ALT_LOWER		/* the same, Ll first */
};

extern const uint32_t	ucd_runs[];
extern const size_t	ucd_nruns;

struct pat_range {
	uint32_t	lo, hi;		/* both included */
};

/* A set under construction: ranges in any order.  Owned vector. */
struct pat_ranges {
	struct pat_range *v;
	size_t		 n, cap;
	int		 failed;	/* too many, or out of memory */
};

/* A finished set: ASCII as bits, all of it as sorted disjoint ranges. */
struct pat_set {
	uint64_t	 ascii[2];
	struct pat_range *r;
	size_t		 n;
};

void	ranges_add(struct pat_ranges *, uint32_t lo, uint32_t hi);
void	ranges_add_all(struct pat_ranges *, const struct pat_ranges *);
/* Sort, join, and turn into the complement over all code points. */
void	ranges_negate(struct pat_ranges *);
/* The set of \d, \w or \s; an upper case letter is the complement. */
void	ranges_add_escape(struct pat_ranges *, char);
/* \p{name}: 0, or -1 if the name is not known. */
int	ranges_add_property(struct pat_ranges *, const char *, size_t len);
void	ranges_free(struct pat_ranges *);
/* Takes the vector over; the builder is empty afterwards.  0 or -1. */
int	ranges_finish(struct pat_ranges *, struct pat_set *);
int	set_has(const struct pat_set *, uint32_t);
int	cp_is_word(uint32_t);

enum pat_kind {
	PK_CHAR,		/* code point cp */
	PK_SET,			/* one code point of sets[set] */
	PK_SEQ,			/* children one after the other */
	PK_ALT,			/* one of the children */
	PK_REPEAT,		/* the one child min to max times */
	PK_BEGIN, PK_END, PK_WORD, PK_NOWORD
};

struct pat_node {
	enum pat_kind	kind;
	uint32_t	child;		/* first child or PAT_NONE */
	uint32_t	next;		/* next sibling or PAT_NONE */
	uint32_t	cp, set;
	uint32_t	min, max;
};

struct pat_tree {
	struct pat_node	*node;
	size_t		 n, cap;
	struct pat_set	*set;
	size_t		 nset, setcap;
	size_t		 nrange;	/* ranges of all sets */
	uint32_t	 root;
};

/* 0, or -1 with a message; the tree is to be freed either way. */
int	pattern_parse(struct pat_tree *, const char *, size_t, char *err,
	    size_t errlen);
void	pattern_tree_free(struct pat_tree *);

#endif
