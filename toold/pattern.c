/* SPDX-License-Identifier: ISC */
/*
 * Patterns as programs for all threads at once (K. Thompson, "Regular
 * expression search algorithm", CACM 11(6), 1968): no backtracking, so the
 * time is at most text times program.  Runs in toold.  The text comes from
 * clients and is not trusted; touches no files, channels or globals.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"
#include "pattern_int.h"

/* No code point: before the first and behind the last character. */
#define CP_NONE		UINT32_MAX

enum op {
	OP_CHAR,		/* x is the code point */
	OP_SET,			/* x is the index of the set */
	OP_MATCH,
	OP_SPLIT,		/* go on at x and at y */
	OP_JUMP,		/* go on at x */
	OP_BEGIN, OP_END, OP_WORD, OP_NOWORD
};

struct inst {
	enum op		op;
	uint32_t	x, y;
};

struct pattern {
	struct inst	*code;
	size_t		 n, cap;
	struct pat_tree	 tree;		/* its sets are used, its nodes gone */
	int		 anchored;	/* begins with ^ */
	/* Scratch, one entry for each instruction. */
	uint32_t	*mark;		/* generation of the last visit */
	uint32_t	*stack;		/* to be visited */
	uint32_t	*ready;		/* wait for a character */
	uint32_t	*next;		/* go on behind it */
	uint32_t	 gen;
	/* While code is made. */
	size_t		 steps;
	const char	*why;
};

/* One place in the text, between two characters. */
struct place {
	uint32_t	before, after;
	size_t		nready;
	int		matched;
};

static int	emit_node(struct pattern *, uint32_t);

/* Where the new instruction is, or PAT_NONE. */
static uint32_t
emit(struct pattern *p, enum op op, uint32_t x, uint32_t y)
{
	struct inst *v;
	size_t cap;

	if (p->n == p->cap) {
		cap = p->cap == 0 ? 64 : p->cap * 2;
		if (cap > PATTERN_CODE_MAX) {
			p->why = "too large once its repeats are unrolled";
			return (PAT_NONE);
		}
		if ((v = realloc(p->code, cap * sizeof(*v))) == NULL) {
			p->why = "out of memory";
			return (PAT_NONE);
		}
		p->code = v;
		p->cap = cap;
	}
	p->code[p->n].op = op;
	p->code[p->n].x = x;
	p->code[p->n].y = y;
	return ((uint32_t)p->n++);
}

static int
emit_one(struct pattern *p, enum op op, uint32_t x)
{
	return (emit(p, op, x, 0) == PAT_NONE ? -1 : 0);
}

static int
emit_seq(struct pattern *p, const struct pat_node *n)
{
	uint32_t i;

	for (i = n->child; i != PAT_NONE; i = p->tree.node[i].next)
		if (emit_node(p, i) == -1)
			return (-1);
	return (0);
}

/* The instructions of a list, linked by x, go on here. */
static void
patch_jumps(struct pattern *p, uint32_t at)
{
	uint32_t next;

	for (; at != PAT_NONE; at = next) {
		next = p->code[at].x;
		p->code[at].x = (uint32_t)p->n;
	}
}

static int
emit_alt(struct pattern *p, const struct pat_node *n)
{
	uint32_t i, split, jump, jumps = PAT_NONE;

	for (i = n->child; p->tree.node[i].next != PAT_NONE;
	    i = p->tree.node[i].next) {
		split = emit(p, OP_SPLIT, (uint32_t)p->n + 1, 0);
		if (split == PAT_NONE || emit_node(p, i) == -1)
			return (-1);
		if ((jump = emit(p, OP_JUMP, jumps, 0)) == PAT_NONE)
			return (-1);
		jumps = jump;
		p->code[split].y = (uint32_t)p->n;
	}
	if (emit_node(p, i) == -1)
		return (-1);
	patch_jumps(p, jumps);
	return (0);
}

/* At most `times` more: each copy may be left out with all behind it. */
static int
emit_optional(struct pattern *p, uint32_t child, uint32_t times)
{
	uint32_t split, skips = PAT_NONE;

	while (times-- > 0) {
		split = emit(p, OP_SPLIT, skips, (uint32_t)p->n + 1);
		if (split == PAT_NONE || emit_node(p, child) == -1)
			return (-1);
		skips = split;
	}
	patch_jumps(p, skips);
	return (0);
}

/* Any number of times. */
static int
emit_star(struct pattern *p, uint32_t child)
{
	uint32_t split;

	split = emit(p, OP_SPLIT, PAT_NONE, (uint32_t)p->n + 1);
	if (split == PAT_NONE || emit_node(p, child) == -1 ||
	    emit_one(p, OP_JUMP, split) == -1)
		return (-1);
	patch_jumps(p, split);
	return (0);
}

static int
emit_repeat(struct pattern *p, const struct pat_node *n)
{
	uint32_t child = n->child, min = n->min, max = n->max, i, at = 0;

	for (i = 0; i < min; i++) {
		at = (uint32_t)p->n;
		if (emit_node(p, child) == -1)
			return (-1);
	}
	if (max != PAT_INF)
		return (emit_optional(p, child, max - min));
	if (min == 0)
		return (emit_star(p, child));
	if (emit(p, OP_SPLIT, at, (uint32_t)p->n + 1) == PAT_NONE)
		return (-1);
	return (0);
}

static int
emit_node(struct pattern *p, uint32_t i)
{
	const struct pat_node n = p->tree.node[i];

	/* Repeats of nothing emit nothing but take time all the same. */
	if (++p->steps > 4 * PATTERN_CODE_MAX) {
		p->why = "too large once its repeats are unrolled";
		return (-1);
	}
	switch (n.kind) {
	case PK_CHAR:
		return (emit_one(p, OP_CHAR, n.cp));
	case PK_SET:
		return (emit_one(p, OP_SET, n.set));
	case PK_SEQ:
		return (emit_seq(p, &n));
	case PK_ALT:
		return (emit_alt(p, &n));
	case PK_REPEAT:
		return (emit_repeat(p, &n));
	case PK_BEGIN:
		return (emit_one(p, OP_BEGIN, 0));
	case PK_END:
		return (emit_one(p, OP_END, 0));
	case PK_WORD:
		return (emit_one(p, OP_WORD, 0));
	case PK_NOWORD:
		return (emit_one(p, OP_NOWORD, 0));
	}
	return (-1);
}

static int
scratch_make(struct pattern *p)
{
	if ((p->mark = calloc(p->n * 4, sizeof(*p->mark))) == NULL) {
		p->why = "out of memory";
		return (-1);
	}
	p->stack = p->mark + p->n;
	p->ready = p->stack + p->n;
	p->next = p->ready + p->n;
	return (0);
}

struct pattern *
pattern_compile(const char *s, size_t len, char *err, size_t errlen)
{
	struct pattern *p;

	if ((p = calloc(1, sizeof(*p))) == NULL) {
		(void)snprintf(err, errlen, "out of memory");
		return (NULL);
	}
	if (pattern_parse(&p->tree, s, len, err, errlen) == -1)
		goto fail;
	if (emit_node(p, p->tree.root) == -1 ||
	    emit_one(p, OP_MATCH, 0) == -1 || scratch_make(p) == -1) {
		(void)snprintf(err, errlen, "%s", p->why);
		goto fail;
	}
	p->anchored = p->code[0].op == OP_BEGIN;
	free(p->tree.node);
	p->tree.node = NULL;
	return (p);
fail:
	pattern_free(p);
	return (NULL);
}

void
pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	pattern_tree_free(&p->tree);
	free(p->code);
	free(p->mark);
	free(p);
}

static int
word_edge(const struct place *at)
{
	/* CP_NONE is no word character. */
	return (cp_is_word(at->before) != cp_is_word(at->after));
}

static int
assertion_holds(enum op op, const struct place *at)
{
	switch (op) {
	case OP_BEGIN:
		return (at->before == CP_NONE);
	case OP_END:
		return (at->after == CP_NONE);
	case OP_WORD:
		return (word_edge(at));
	default:
		return (!word_edge(at));
	}
}

/* Put an instruction on the stack unless it was there at this place. */
static size_t
visit(struct pattern *p, size_t depth, uint32_t pc)
{
	if (p->mark[pc] == p->gen)
		return (depth);
	p->mark[pc] = p->gen;
	p->stack[depth] = pc;
	return (depth + 1);
}

/*
 * Follow everything that takes no character from pc on; what waits for one
 * goes to p->ready.  Returns the number of instructions looked at.
 */
static uint64_t
follow(struct pattern *p, struct place *at, uint32_t pc)
{
	const struct inst *in;
	uint64_t seen = 0;
	size_t depth;

	depth = visit(p, 0, pc);
	while (depth > 0) {
		pc = p->stack[--depth];
		in = &p->code[pc];
		seen++;
		switch (in->op) {
		case OP_CHAR:
		case OP_SET:
			p->ready[at->nready++] = pc;
			break;
		case OP_MATCH:
			at->matched = 1;
			return (seen);
		case OP_SPLIT:
			depth = visit(p, depth, in->y);
			depth = visit(p, depth, in->x);
			break;
		case OP_JUMP:
			depth = visit(p, depth, in->x);
			break;
		default:
			if (assertion_holds(in->op, at))
				depth = visit(p, depth, pc + 1);
			break;
		}
	}
	return (seen);
}

/* Take the character behind the place: how many threads are left. */
static size_t
advance(struct pattern *p, const struct place *at)
{
	const struct inst *in;
	size_t i, n = 0;

	for (i = 0; i < at->nready; i++) {
		in = &p->code[p->ready[i]];
		if (in->op == OP_CHAR ? in->x == at->after :
		    set_has(&p->tree.set[in->x], at->after))
			p->next[n++] = p->ready[i] + 1;
	}
	return (n);
}

static void
generation_next(struct pattern *p)
{
	if (++p->gen == 0) {
		memset(p->mark, 0, p->n * sizeof(*p->mark));
		p->gen = 1;
	}
}

enum pattern_verdict
pattern_match(struct pattern *p, const char *s, size_t len, uint64_t *work)
{
	struct place at = { CP_NONE, CP_NONE, 0, 0 };
	size_t pos = 0, i, n = 0;
	uint64_t seen;

	for (;; at.before = at.after) {
		at.after = CP_NONE;
		if (pos < len)
			pos += cp_decode(s + pos, len - pos, &at.after);
		generation_next(p);
		at.nready = 0;
		seen = 1;
		for (i = 0; i < n && !at.matched; i++)
			seen += follow(p, &at, p->next[i]);
		if (!at.matched && (!p->anchored || at.before == CP_NONE))
			seen += follow(p, &at, 0);
		if (at.matched)
			return (PATTERN_YES);
		if (at.after == CP_NONE || (p->anchored && at.nready == 0))
			return (PATTERN_NO);
		if (*work < seen)
			return (PATTERN_LIMIT);
		*work -= seen;
		n = advance(p, &at);
	}
}
