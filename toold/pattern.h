/* SPDX-License-Identifier: ISC */
/*
 * pattern.h: regular expressions of JSON Schema ("pattern",
 * "patternProperties"), matched in time linear in the text.  Pure; runs in
 * toold only.
 *
 * The syntax is that of ECMA-262 with the "u" flag, without its lookaround,
 * back-references and named groups, which pattern_compile() refuses by name:
 *	a  .  [a-z]  [^a-z]  (a)  (?:a)  a|b  ^  $  \b  \B
 *	* + ? {n} {n,} {n,m}, each also with a lazy "?"
 *	\d \D \w \W \s \S  \p{L} \P{L}  \p{Lu} \p{Letter} \p{gc=L} ...
 *	\t \n \v \f \r \0 \cA \x41 \u0041 \u{1F600}, \ before a syntax sign
 * A match may start anywhere in the text unless the pattern has "^".
 */
#ifndef TOOLD_PATTERN_H
#define TOOLD_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define PATTERN_TEXT_MAX	4096	/* bytes of a pattern */
#define PATTERN_NEST_MAX	64	/* groups within groups */
#define PATTERN_REPEAT_MAX	4096	/* largest number within {} */
#define PATTERN_CODE_MAX	16384	/* instructions, repeats unrolled */
#define PATTERN_RANGES_MAX	65536	/* ranges of all classes together */

struct pattern;

enum pattern_verdict {
	PATTERN_NO,
	PATTERN_YES,
	PATTERN_LIMIT		/* *work is used up */
};

/*
 * Build a pattern from len bytes of UTF-8: to be freed with pattern_free, or
 * NULL with a message of at most errlen - 1 bytes.
 */
struct pattern	*pattern_compile(const char *, size_t len, char *err,
		    size_t errlen);
/*
 * Does len bytes of text hold a match?  Each state looked at takes one off
 * *work.  Text that is not UTF-8 is read as if each wrong byte were U+FFFD.
 * Takes no memory; the scratch lists belong to the pattern, so one pattern
 * serves one thread.
 */
enum pattern_verdict pattern_match(struct pattern *, const char *,
		    size_t len, uint64_t *work);
void		 pattern_free(struct pattern *);
/*
 * Decode one code point at s (at least one byte) and return its length; a
 * wrong byte counts as one U+FFFD.
 */
size_t		 cp_decode(const char *s, size_t len, uint32_t *cp);

#endif
