/* SPDX-License-Identifier: ISC */
/*
 * Sets of code points for the pattern matcher.  Runs in toold.  Trusts the
 * table of categories only; touches no files, channels or globals.
 */
#include <stdlib.h>
#include <string.h>

#include "pattern.h"
#include "pattern_int.h"

#define BIT(c)		(1U << (c))
#define CASED		(BIT(UCD_LU) | BIT(UCD_LL) | BIT(UCD_LT))
#define LETTERS		(CASED | BIT(UCD_LM) | BIT(UCD_LO))
#define MARKS		(BIT(UCD_MC) | BIT(UCD_ME) | BIT(UCD_MN))
#define NUMBERS		(BIT(UCD_ND) | BIT(UCD_NL) | BIT(UCD_NO))
#define PUNCTUATION	(BIT(UCD_PC) | BIT(UCD_PD) | BIT(UCD_PE) | \
			BIT(UCD_PF) | BIT(UCD_PI) | BIT(UCD_PO) | BIT(UCD_PS))
#define SYMBOLS		(BIT(UCD_SC) | BIT(UCD_SK) | BIT(UCD_SM) | BIT(UCD_SO))
#define SEPARATORS	(BIT(UCD_ZL) | BIT(UCD_ZP) | BIT(UCD_ZS))
#define OTHERS		(BIT(UCD_CC) | BIT(UCD_CF) | BIT(UCD_CN) | \
			BIT(UCD_CO) | BIT(UCD_CS))

/* Values of General_Category, PropertyValueAliases of UAX #44. */
static const struct property {
	const char	*brief, *name;
	uint32_t	 cats;
} properties[] = {
	{ "Any",	"Any",			UINT32_MAX },
	{ "C",		"Other",		OTHERS },
	{ "Cc",		"Control",		BIT(UCD_CC) },
	{ "cntrl",	"Control",		BIT(UCD_CC) },
	{ "Cf",		"Format",		BIT(UCD_CF) },
	{ "Cn",		"Unassigned",		BIT(UCD_CN) },
	{ "Co",		"Private_Use",		BIT(UCD_CO) },
	{ "Cs",		"Surrogate",		BIT(UCD_CS) },
	{ "L",		"Letter",		LETTERS },
	{ "LC",		"Cased_Letter",		CASED },
	{ "Ll",		"Lowercase_Letter",	BIT(UCD_LL) },
	{ "Lm",		"Modifier_Letter",	BIT(UCD_LM) },
	{ "Lo",		"Other_Letter",		BIT(UCD_LO) },
	{ "Lt",		"Titlecase_Letter",	BIT(UCD_LT) },
	{ "Lu",		"Uppercase_Letter",	BIT(UCD_LU) },
	{ "M",		"Mark",			MARKS },
	{ "Combining_Mark", "Mark",		MARKS },
	{ "Mc",		"Spacing_Mark",		BIT(UCD_MC) },
	{ "Me",		"Enclosing_Mark",	BIT(UCD_ME) },
	{ "Mn",		"Nonspacing_Mark",	BIT(UCD_MN) },
	{ "N",		"Number",		NUMBERS },
	{ "Nd",		"Decimal_Number",	BIT(UCD_ND) },
	{ "digit",	"Decimal_Number",	BIT(UCD_ND) },
	{ "Nl",		"Letter_Number",	BIT(UCD_NL) },
	{ "No",		"Other_Number",		BIT(UCD_NO) },
	{ "P",		"Punctuation",		PUNCTUATION },
	{ "punct",	"Punctuation",		PUNCTUATION },
	{ "Pc",		"Connector_Punctuation", BIT(UCD_PC) },
	{ "Pd",		"Dash_Punctuation",	BIT(UCD_PD) },
	{ "Pe",		"Close_Punctuation",	BIT(UCD_PE) },
	{ "Pf",		"Final_Punctuation",	BIT(UCD_PF) },
	{ "Pi",		"Initial_Punctuation",	BIT(UCD_PI) },
	{ "Po",		"Other_Punctuation",	BIT(UCD_PO) },
	{ "Ps",		"Open_Punctuation",	BIT(UCD_PS) },
	{ "S",		"Symbol",		SYMBOLS },
	{ "Sc",		"Currency_Symbol",	BIT(UCD_SC) },
	{ "Sk",		"Modifier_Symbol",	BIT(UCD_SK) },
	{ "Sm",		"Math_Symbol",		BIT(UCD_SM) },
	{ "So",		"Other_Symbol",		BIT(UCD_SO) },
	{ "Z",		"Separator",		SEPARATORS },
	{ "Zl",		"Line_Separator",	BIT(UCD_ZL) },
	{ "Zp",		"Paragraph_Separator",	BIT(UCD_ZP) },
	{ "Zs",		"Space_Separator",	BIT(UCD_ZS) },
};

static const struct pat_range digits[] = { { '0', '9' } };
static const struct pat_range word[] = {
	{ '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' }
};
/* WhiteSpace and LineTerminator of ECMA-262, 12.2 and 12.3. */
static const struct pat_range space[] = {
	{ 0x09, 0x0d }, { 0x20, 0x20 }, { 0xa0, 0xa0 }, { 0x1680, 0x1680 },
	{ 0x2000, 0x200a }, { 0x2028, 0x2029 }, { 0x202f, 0x202f },
	{ 0x205f, 0x205f }, { 0x3000, 0x3000 }, { 0xfeff, 0xfeff }
};

#define NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

static const struct escape {
	char			 letter, inverse;
	const struct pat_range	*v;
	size_t			 n;
} escapes[] = {
	{ 'd', 'D', digits, NITEMS(digits) },
	{ 'w', 'W', word, NITEMS(word) },
	{ 's', 'S', space, NITEMS(space) },
};

/* One range more; past the limit the builder is marked as failed. */
void
ranges_add(struct pat_ranges *rs, uint32_t lo, uint32_t hi)
{
	struct pat_range *v;
	size_t cap;

	if (rs->failed)
		return;
	if (rs->n == rs->cap) {
		cap = rs->cap == 0 ? 16 : rs->cap * 2;
		if (cap > PATTERN_RANGES_MAX ||
		    (v = realloc(rs->v, cap * sizeof(*v))) == NULL) {
			rs->failed = 1;
			return;
		}
		rs->v = v;
		rs->cap = cap;
	}
	rs->v[rs->n].lo = lo;
	rs->v[rs->n++].hi = hi;
}

void
ranges_add_all(struct pat_ranges *rs, const struct pat_ranges *from)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		ranges_add(rs, from->v[i].lo, from->v[i].hi);
	rs->failed |= from->failed;
}

void
ranges_free(struct pat_ranges *rs)
{
	free(rs->v);
	memset(rs, 0, sizeof(*rs));
}

static int
range_cmp(const void *va, const void *vb)
{
	const struct pat_range *a = va, *b = vb;

	if (a->lo != b->lo)
		return (a->lo < b->lo ? -1 : 1);
	return (0);
}

/* Sort the ranges and join those that touch. */
static void
ranges_sort(struct pat_ranges *rs)
{
	size_t i, n = 0;

	if (rs->n == 0)
		return;
	qsort(rs->v, rs->n, sizeof(*rs->v), range_cmp);
	for (i = 1; i < rs->n; i++) {
		if (rs->v[i].lo > rs->v[n].hi + 1)
			rs->v[++n] = rs->v[i];
		else if (rs->v[i].hi > rs->v[n].hi)
			rs->v[n].hi = rs->v[i].hi;
	}
	rs->n = n + 1;
}

void
ranges_negate(struct pat_ranges *rs)
{
	struct pat_ranges out;
	uint32_t next = 0;
	size_t i;

	ranges_sort(rs);
	memset(&out, 0, sizeof(out));
	out.failed = rs->failed;
	for (i = 0; i < rs->n; i++) {
		if (rs->v[i].lo > next)
			ranges_add(&out, next, rs->v[i].lo - 1);
		next = rs->v[i].hi + 1;
	}
	if (next <= CP_MAX)
		ranges_add(&out, next, CP_MAX);
	free(rs->v);
	*rs = out;
}

void
ranges_add_escape(struct pat_ranges *rs, char letter)
{
	struct pat_ranges part;
	const struct escape *e;
	size_t i;

	memset(&part, 0, sizeof(part));
	for (e = escapes; e->letter != letter && e->inverse != letter; e++)
		;
	for (i = 0; i < e->n; i++)
		ranges_add(&part, e->v[i].lo, e->v[i].hi);
	if (letter == e->inverse)
		ranges_negate(&part);
	ranges_add_all(rs, &part);
	ranges_free(&part);
}

/* Upper and lower case in turn: both, or every other one. */
static void
ranges_add_turns(struct pat_ranges *rs, uint32_t cats, uint32_t lo,
    uint32_t hi, int upper_first)
{
	uint32_t first, second, cp;

	first = cats & BIT(upper_first ? UCD_LU : UCD_LL);
	second = cats & BIT(upper_first ? UCD_LL : UCD_LU);
	if (first && second) {
		ranges_add(rs, lo, hi);
		return;
	}
	if (!first && !second)
		return;
	for (cp = first ? lo : lo + 1; cp <= hi; cp += 2)
		ranges_add(rs, cp, cp);
}

static void
ranges_add_cats(struct pat_ranges *rs, uint32_t cats)
{
	uint32_t lo, hi, cat;
	size_t i;

	for (i = 0; i < ucd_nruns; i++) {
		cat = ucd_runs[i] & 0xff;
		lo = ucd_runs[i] >> 8;
		hi = i + 1 < ucd_nruns ? (ucd_runs[i + 1] >> 8) - 1 : CP_MAX;
		if (cat >= UCD_ALT_UPPER)
			ranges_add_turns(rs, cats, lo, hi,
			    cat == UCD_ALT_UPPER);
		else if (cats & BIT(cat))
			ranges_add(rs, lo, hi);
	}
}

static int
name_is(const char *want, const char *name, size_t len)
{
	return (strlen(want) == len && memcmp(want, name, len) == 0);
}

int
ranges_add_property(struct pat_ranges *rs, const char *name, size_t len)
{
	static const char *const prefixes[] = { "gc=", "General_Category=" };
	size_t i, n;

	if (name_is("ASCII", name, len)) {
		ranges_add(rs, 0, 0x7f);
		return (0);
	}
	for (i = 0; i < NITEMS(prefixes); i++) {
		n = strlen(prefixes[i]);
		if (len > n && memcmp(name, prefixes[i], n) == 0) {
			name += n;
			len -= n;
			break;
		}
	}
	for (i = 0; i < NITEMS(properties); i++)
		if (name_is(properties[i].brief, name, len) ||
		    name_is(properties[i].name, name, len)) {
			ranges_add_cats(rs, properties[i].cats);
			return (0);
		}
	return (-1);
}

int
ranges_finish(struct pat_ranges *rs, struct pat_set *set)
{
	uint32_t cp;
	size_t i;

	memset(set, 0, sizeof(*set));
	if (rs->failed)
		return (-1);
	ranges_sort(rs);
	for (i = 0; i < rs->n && rs->v[i].lo < 0x80; i++)
		for (cp = rs->v[i].lo; cp <= rs->v[i].hi && cp < 0x80; cp++)
			set->ascii[cp / 64] |= UINT64_C(1) << cp % 64;
	set->r = rs->v;
	set->n = rs->n;
	memset(rs, 0, sizeof(*rs));
	return (0);
}

int
set_has(const struct pat_set *set, uint32_t cp)
{
	size_t lo = 0, hi = set->n, mid;

	if (cp < 0x80)
		return (set->ascii[cp / 64] >> cp % 64 & 1);
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (cp > set->r[mid].hi)
			lo = mid + 1;
		else if (cp < set->r[mid].lo)
			hi = mid;
		else
			return (1);
	}
	return (0);
}

/* A character of \w, which decides where \b is. */
int
cp_is_word(uint32_t cp)
{
	size_t i;

	for (i = 0; i < NITEMS(word); i++)
		if (cp >= word[i].lo && cp <= word[i].hi)
			return (1);
	return (0);
}
