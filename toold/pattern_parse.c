/* SPDX-License-Identifier: ISC */
/*
 * Parser of patterns: text to tree.  Runs in toold, when a schema is built.
 * Trusts nothing in the text; touches no files, channels or globals.
 * Recursion goes one level for each group, at most PATTERN_NEST_MAX.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"
#include "pattern_int.h"

struct parse {
	const char	*s;
	size_t		 len, pos;
	struct pat_tree	*tree;
	unsigned int	 nest;
	char		*err;
	size_t		 errlen;
};

static int	parse_alt(struct parse *, uint32_t *);

size_t
cp_decode(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = p[0];
	size_t i, n;

	if (c < 0x80) {
		*cp = c;
		return (1);
	}
	n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	if (n == 0 || n > len)
		goto bad;
	c &= 0xffU >> (n + 1);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			goto bad;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > CP_MAX || (c >= 0xd800 && c <= 0xdfff))
		goto bad;
	*cp = c;
	return (n);
bad:
	*cp = 0xfffd;
	return (1);
}

static int refuse(struct parse *, const char *, ...)
    __attribute__((__format__(printf, 2, 3)));

/* Always -1, so that callers can return it. */
static int
refuse(struct parse *p, const char *fmt, ...)
{
	char why[128];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (p->errlen > 0)
		(void)snprintf(p->err, p->errlen, "%s, at byte %zu of the "
		    "pattern", why, p->pos);
	return (-1);
}

static int
peek(const struct parse *p)
{
	if (p->pos >= p->len)
		return (-1);
	return ((unsigned char)p->s[p->pos]);
}

static int
looking_at(const struct parse *p, const char *what)
{
	size_t n = strlen(what);

	return (p->len - p->pos >= n && memcmp(p->s + p->pos, what, n) == 0);
}

/* Take the character if it is the next one: 1 or 0. */
static int
take(struct parse *p, int c)
{
	if (peek(p) != c)
		return (0);
	p->pos++;
	return (1);
}

static int
node_add(struct parse *p, enum pat_kind kind, uint32_t *out)
{
	struct pat_tree *t = p->tree;
	struct pat_node *v;
	size_t cap;

	if (t->n == t->cap) {
		cap = t->cap == 0 ? 32 : t->cap * 2;
		if ((v = realloc(t->node, cap * sizeof(*v))) == NULL)
			return (refuse(p, "out of memory"));
		t->node = v;
		t->cap = cap;
	}
	v = &t->node[t->n];
	memset(v, 0, sizeof(*v));
	v->kind = kind;
	v->child = v->next = PAT_NONE;
	*out = (uint32_t)t->n++;
	return (0);
}

static int
set_add(struct parse *p, struct pat_ranges *rs, uint32_t *out)
{
	struct pat_tree *t = p->tree;
	struct pat_set *v;
	size_t cap;

	if (t->nset == t->setcap) {
		cap = t->setcap == 0 ? 8 : t->setcap * 2;
		if ((v = realloc(t->set, cap * sizeof(*v))) == NULL)
			return (refuse(p, "out of memory"));
		t->set = v;
		t->setcap = cap;
	}
	if (t->nrange + rs->n > PATTERN_RANGES_MAX ||
	    ranges_finish(rs, &t->set[t->nset]) == -1)
		return (refuse(p, "classes with too many ranges"));
	t->nrange += t->set[t->nset].n;
	if (node_add(p, PK_SET, out) == -1) {
		free(t->set[t->nset].r);
		return (-1);
	}
	t->node[*out].set = (uint32_t)t->nset++;
	return (0);
}

static int
hex_digit(int c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at;

	if (c <= 0 || (at = strchr(digits, c)) == NULL)
		return (-1);
	return ((int)((at - digits) % 16));
}

/* Exactly n hex digits. */
static int
parse_hex(struct parse *p, size_t n, uint32_t *cp)
{
	int d;

	*cp = 0;
	while (n-- > 0) {
		if ((d = hex_digit(peek(p))) == -1)
			return (refuse(p, "a hexadecimal digit is missing"));
		*cp = *cp * 16 + (uint32_t)d;
		p->pos++;
	}
	return (0);
}

/* After "\u{". */
static int
parse_braced(struct parse *p, uint32_t *cp)
{
	uint32_t v = 0;
	size_t start = p->pos;
	int d;

	while ((d = hex_digit(peek(p))) != -1) {
		if ((v = v * 16 + (uint32_t)d) > CP_MAX)
			return (refuse(p, "code point over 10FFFF"));
		p->pos++;
	}
	if (p->pos == start || !take(p, '}'))
		return (refuse(p, "\\u{ without hexadecimal digits and }"));
	*cp = v;
	return (0);
}

/* After "\u": four digits, a surrogate pair of twice four, or braces. */
static int
parse_unicode(struct parse *p, uint32_t *cp)
{
	uint32_t low;

	if (take(p, '{')) {
		if (parse_braced(p, cp) == -1)
			return (-1);
	} else {
		if (parse_hex(p, 4, cp) == -1)
			return (-1);
		if (*cp >= 0xd800 && *cp <= 0xdbff && looking_at(p, "\\u")) {
			p->pos += 2;
			if (parse_hex(p, 4, &low) == -1)
				return (-1);
			if (low < 0xdc00 || low > 0xdfff)
				return (refuse(p, "half a surrogate pair"));
			*cp = 0x10000 + (*cp - 0xd800) * 0x400 +
			    (low - 0xdc00);
		}
	}
	if (*cp >= 0xd800 && *cp <= 0xdfff)
		return (refuse(p, "half a surrogate pair"));
	return (0);
}

/* After "\c". */
static int
parse_control(struct parse *p, uint32_t *cp)
{
	int c = peek(p);

	if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
		return (refuse(p, "\\c without a letter"));
	p->pos++;
	*cp = (uint32_t)c % 32;
	return (0);
}

/* After "\0", which must not begin an octal number. */
static int
parse_nul(struct parse *p, uint32_t *cp)
{
	int c = peek(p);

	if (c >= '0' && c <= '9')
		return (refuse(p, "octal escapes are not supported"));
	*cp = 0;
	return (0);
}

static int
parse_hex2(struct parse *p, uint32_t *cp)
{
	return (parse_hex(p, 2, cp));
}

/* Escapes that stand for one character, with its value or its parser. */
static const struct char_escape {
	char		letter;
	uint32_t	cp;
	int		(*parse)(struct parse *, uint32_t *);
} char_escapes[] = {
	{ 't', '\t', NULL }, { 'n', '\n', NULL }, { 'v', '\v', NULL },
	{ 'f', '\f', NULL }, { 'r', '\r', NULL },
	{ '0', 0, parse_nul },
	{ 'c', 0, parse_control },
	{ 'x', 0, parse_hex2 },
	{ 'u', 0, parse_unicode },
};

/* The escape after a backslash as one character; no set, no assertion. */
static int
parse_char_escape(struct parse *p, int in_class, uint32_t *cp)
{
	const struct char_escape *e = char_escapes;
	size_t i;
	int c;

	if ((c = peek(p)) == -1)
		return (refuse(p, "a backslash at the end"));
	for (i = 0; i < sizeof(char_escapes) / sizeof(*e); i++, e++)
		if (e->letter == c) {
			p->pos++;
			*cp = e->cp;
			return (e->parse == NULL ? 0 : e->parse(p, cp));
		}
	if (c > 0 && c < 0x80 && strchr("^$\\.*+?()[]{}|/", c) != NULL) {
		p->pos++;
		*cp = (uint32_t)c;
		return (0);
	}
	if (in_class && (c == '-' || c == 'b')) {
		p->pos++;
		*cp = c == 'b' ? '\b' : '-';
		return (0);
	}
	if (c >= '1' && c <= '9')
		return (refuse(p, "back-references are not supported"));
	if (c == 'k')
		return (refuse(p, "named back-references are not supported"));
	if (c >= 0x21 && c < 0x7f)
		return (refuse(p, "\\%c is not an escape", c));
	return (refuse(p, "a backslash before something that needs none"));
}

/* \p{name} or \P{name}, from the letter on. */
static int
parse_property(struct parse *p, struct pat_ranges *rs)
{
	struct pat_ranges part;
	const char *name, *end;
	int inverse, rv = -1;

	inverse = peek(p) == 'P';
	p->pos++;
	if (!take(p, '{'))
		return (refuse(p, "\\p without {"));
	name = p->s + p->pos;
	if ((end = memchr(name, '}', p->len - p->pos)) == NULL)
		return (refuse(p, "\\p{ without }"));
	memset(&part, 0, sizeof(part));
	if (ranges_add_property(&part, name, (size_t)(end - name)) == -1) {
		(void)refuse(p, "this property is not supported (general "
		    "categories are)");
		goto out;
	}
	if (inverse)
		ranges_negate(&part);
	ranges_add_all(rs, &part);
	p->pos += (size_t)(end - name) + 1;
	rv = 0;
out:
	ranges_free(&part);
	return (rv);
}

/* A set after a backslash: 1 if there is one, 0 if not, -1 if it is bad. */
static int
parse_set_escape(struct parse *p, struct pat_ranges *rs)
{
	int c = peek(p);

	if (c <= 0)
		return (0);
	if (strchr("dDwWsS", c) != NULL) {
		p->pos++;
		ranges_add_escape(rs, (char)c);
		return (1);
	}
	if (c == 'p' || c == 'P')
		return (parse_property(p, rs) == -1 ? -1 : 1);
	return (0);
}

/*
 * One end of a range: 0 and *cp, 1 if it was a whole set (added to rs), or
 * -1.
 */
static int
parse_class_atom(struct parse *p, struct pat_ranges *rs, uint32_t *cp)
{
	int rv;

	if (peek(p) == -1)
		return (refuse(p, "[ without ]"));
	if (take(p, '\\')) {
		if ((rv = parse_set_escape(p, rs)) != 0)
			return (rv);
		return (parse_char_escape(p, 1, cp));
	}
	p->pos += cp_decode(p->s + p->pos, p->len - p->pos, cp);
	return (0);
}

static int
parse_class_range(struct parse *p, struct pat_ranges *rs)
{
	uint32_t lo = 0, hi = 0;
	int set;

	if ((set = parse_class_atom(p, rs, &lo)) == -1)
		return (-1);
	if (peek(p) != '-' || looking_at(p, "-]")) {
		if (!set)
			ranges_add(rs, lo, lo);
		return (0);
	}
	p->pos++;
	if (set)
		return (refuse(p, "a class as the end of a range"));
	if ((set = parse_class_atom(p, rs, &hi)) == -1)
		return (-1);
	if (set)
		return (refuse(p, "a class as the end of a range"));
	if (hi < lo)
		return (refuse(p, "a range that ends before it begins"));
	ranges_add(rs, lo, hi);
	return (0);
}

/* After "[". */
static int
parse_class(struct parse *p, uint32_t *out)
{
	struct pat_ranges rs;
	int inverse, rv = -1;

	memset(&rs, 0, sizeof(rs));
	inverse = take(p, '^');
	while (!take(p, ']'))
		if (parse_class_range(p, &rs) == -1)
			goto out;
	if (inverse)
		ranges_negate(&rs);
	rv = set_add(p, &rs, out);
out:
	ranges_free(&rs);
	return (rv);
}

/* After ".": all but the line terminators. */
static int
parse_dot(struct parse *p, uint32_t *out)
{
	struct pat_ranges rs;
	int rv;

	memset(&rs, 0, sizeof(rs));
	ranges_add(&rs, '\n', '\n');
	ranges_add(&rs, '\r', '\r');
	ranges_add(&rs, 0x2028, 0x2029);
	ranges_negate(&rs);
	rv = set_add(p, &rs, out);
	ranges_free(&rs);
	return (rv);
}

static int
parse_char(struct parse *p, uint32_t cp, uint32_t *out)
{
	if (node_add(p, PK_CHAR, out) == -1)
		return (-1);
	p->tree->node[*out].cp = cp;
	return (0);
}

/* After a backslash outside of a class. */
static int
parse_escape(struct parse *p, uint32_t *out)
{
	struct pat_ranges rs;
	uint32_t cp = 0;
	int rv;

	if (take(p, 'b'))
		return (node_add(p, PK_WORD, out));
	if (take(p, 'B'))
		return (node_add(p, PK_NOWORD, out));
	memset(&rs, 0, sizeof(rs));
	if ((rv = parse_set_escape(p, &rs)) == 1)
		rv = set_add(p, &rs, out);
	else if (rv == 0 && (rv = parse_char_escape(p, 0, &cp)) == 0)
		rv = parse_char(p, cp, out);
	ranges_free(&rs);
	return (rv);
}

/* After "(". */
static int
parse_group(struct parse *p, uint32_t *out)
{
	static const struct {
		const char *text, *what;
	} refused[] = {
		{ "?=", "lookahead" }, { "?!", "lookahead" },
		{ "?<=", "lookbehind" }, { "?<!", "lookbehind" },
		{ "?<", "a named group" }, { "?", "this kind of group" },
	};
	size_t i;

	if (looking_at(p, "?:"))
		p->pos += 2;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (p->s[p->pos - 1] == '(' && looking_at(p, refused[i].text))
			return (refuse(p, "%s is not supported",
			    refused[i].what));
	if (++p->nest > PATTERN_NEST_MAX)
		return (refuse(p, "more than %d groups within groups",
		    PATTERN_NEST_MAX));
	if (parse_alt(p, out) == -1)
		return (-1);
	p->nest--;
	if (!take(p, ')'))
		return (refuse(p, "( without )"));
	return (0);
}

static int
parse_begin(struct parse *p, uint32_t *out)
{
	return (node_add(p, PK_BEGIN, out));
}

static int
parse_end(struct parse *p, uint32_t *out)
{
	return (node_add(p, PK_END, out));
}

static int
parse_misplaced(struct parse *p, uint32_t *out)
{
	(void)out;
	return (refuse(p, "%c with nothing to repeat", p->s[--p->pos]));
}

static int
parse_unescaped(struct parse *p, uint32_t *out)
{
	(void)out;
	p->pos--;
	return (refuse(p, "%c needs a backslash here", p->s[p->pos]));
}

static const struct sign {
	char	c;
	int	(*parse)(struct parse *, uint32_t *);
} signs[] = {
	{ '[', parse_class }, { '(', parse_group }, { '.', parse_dot },
	{ '\\', parse_escape }, { '^', parse_begin }, { '$', parse_end },
	{ '*', parse_misplaced }, { '+', parse_misplaced },
	{ '?', parse_misplaced },
	{ '{', parse_unescaped }, { '}', parse_unescaped },
	{ ']', parse_unescaped },
};

static int
parse_atom(struct parse *p, uint32_t *out)
{
	uint32_t cp;
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (take(p, signs[i].c))
			return (signs[i].parse(p, out));
	p->pos += cp_decode(p->s + p->pos, p->len - p->pos, &cp);
	return (parse_char(p, cp, out));
}

static int
parse_count(struct parse *p, uint32_t *n)
{
	size_t start = p->pos;
	int c;

	*n = 0;
	while ((c = peek(p)) >= '0' && c <= '9') {
		*n = *n * 10 + (uint32_t)(c - '0');
		if (*n > PATTERN_REPEAT_MAX)
			return (refuse(p, "a repeat count over %d",
			    PATTERN_REPEAT_MAX));
		p->pos++;
	}
	if (p->pos == start)
		return (refuse(p, "{ without a number"));
	return (0);
}

/* After "{". */
static int
parse_bounds(struct parse *p, uint32_t *min, uint32_t *max)
{
	if (parse_count(p, min) == -1)
		return (-1);
	*max = *min;
	if (take(p, ',')) {
		*max = PAT_INF;
		if (peek(p) != '}' && parse_count(p, max) == -1)
			return (-1);
	}
	if (!take(p, '}'))
		return (refuse(p, "{ without }"));
	if (*max < *min)
		return (refuse(p, "repeat bounds in the wrong order"));
	return (0);
}

/* A repeat if one follows: 1, 0, or -1 if it is bad. */
static int
parse_repeat(struct parse *p, uint32_t *min, uint32_t *max)
{
	*min = 0;
	*max = PAT_INF;
	if (take(p, '{')) {
		if (parse_bounds(p, min, max) == -1)
			return (-1);
	} else if (take(p, '+'))
		*min = 1;
	else if (take(p, '?'))
		*max = 1;
	else if (!take(p, '*'))
		return (0);
	(void)take(p, '?');	/* lazy or not is one when only asked if */
	return (1);
}

static int
parse_term(struct parse *p, uint32_t *out)
{
	struct pat_node *n;
	uint32_t atom, min, max;
	int rv;

	if (parse_atom(p, &atom) == -1)
		return (-1);
	*out = atom;
	if ((rv = parse_repeat(p, &min, &max)) != 1)
		return (rv);
	if (p->tree->node[atom].kind >= PK_BEGIN)
		return (refuse(p, "an assertion cannot be repeated"));
	if (node_add(p, PK_REPEAT, out) == -1)
		return (-1);
	n = &p->tree->node[*out];
	n->child = atom;
	n->min = min;
	n->max = max;
	return (0);
}

/* Put child behind the last one of parent. */
static void
node_append(struct parse *p, uint32_t parent, uint32_t *last, uint32_t child)
{
	struct pat_node *v = p->tree->node;

	if (*last == PAT_NONE)
		v[parent].child = child;
	else
		v[*last].next = child;
	*last = child;
}

static int
parse_seq(struct parse *p, uint32_t *out)
{
	uint32_t last = PAT_NONE, term = PAT_NONE;
	int c;

	if (node_add(p, PK_SEQ, out) == -1)
		return (-1);
	while ((c = peek(p)) != -1 && c != '|' && c != ')') {
		if (parse_term(p, &term) == -1)
			return (-1);
		node_append(p, *out, &last, term);
	}
	return (0);
}

static int
parse_alt(struct parse *p, uint32_t *out)
{
	uint32_t last = PAT_NONE, seq = PAT_NONE;

	if (node_add(p, PK_ALT, out) == -1)
		return (-1);
	do {
		if (parse_seq(p, &seq) == -1)
			return (-1);
		node_append(p, *out, &last, seq);
	} while (take(p, '|'));
	return (0);
}

int
pattern_parse(struct pat_tree *t, const char *s, size_t len, char *err,
    size_t errlen)
{
	struct parse p = { s, len, 0, t, 0, err, errlen };

	memset(t, 0, sizeof(*t));
	if (len > PATTERN_TEXT_MAX)
		return (refuse(&p, "longer than %d bytes", PATTERN_TEXT_MAX));
	if (parse_alt(&p, &t->root) == -1)
		return (-1);
	if (p.pos < len)
		return (refuse(&p, ") without ("));
	return (0);
}

void
pattern_tree_free(struct pat_tree *t)
{
	size_t i;

	for (i = 0; i < t->nset; i++)
		free(t->set[i].r);
	free(t->set);
	free(t->node);
	memset(t, 0, sizeof(*t));
}
