/* SPDX-License-Identifier: ISC */
/* pattern_test.c: patterns of JSON Schema (toold/pattern.c). */
/* link: toold/pattern.o toold/pattern_parse.o toold/pattern_class.o */
/* link: toold/pattern_ucd.o */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "toold/pattern.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define WORK		1000000

static struct pattern *
build(const char *text)
{
	char err[160] = "";
	struct pattern *p;

	if ((p = pattern_compile(text, strlen(text), err,
	    sizeof(err))) == NULL)
		fail_msg("%s: %s", text, err);
	return (p);
}

static int
matches(const char *pattern, const char *text, size_t len)
{
	struct pattern *p = build(pattern);
	uint64_t work = WORK;
	enum pattern_verdict v;

	v = pattern_match(p, text, len, &work);
	pattern_free(p);
	assert_int_not_equal(v, PATTERN_LIMIT);
	return (v == PATTERN_YES);
}

static const struct {
	const char	*pattern, *text;
	int		 want;
} cases[] = {
	{ "", "", 1 }, { "", "x", 1 }, { "a", "", 0 }, { "a", "bab", 1 },
	{ "^a", "ba", 0 }, { "a$", "ab", 0 }, { "^$", "", 1 },
	{ "^$", "x", 0 }, { "^a$", "a\n", 0 }, { "a^b", "ab", 0 },
	{ "a|b", "xb", 1 }, { "^(a|b)$", "ab", 0 }, { "^a|b$", "ax", 1 },
	{ "^a|b$", "xb", 1 }, { "^a|b$", "xbx", 0 }, { "a||b", "", 1 },
	{ "^(|a)$", "a", 1 }, { "^(|a)$", "aa", 0 },
	{ "^a*$", "aaaa", 1 }, { "^a*$", "aab", 0 }, { "^a+$", "", 0 },
	{ "^a?$", "aa", 0 }, { "^a*?b$", "aab", 1 }, { "^a+?$", "aa", 1 },
	{ "^a{2}$", "aa", 1 }, { "^a{2}$", "a", 0 }, { "^a{2}$", "aaa", 0 },
	{ "^a{2,}$", "aaaaa", 1 }, { "^a{2,}$", "a", 0 },
	{ "^a{2,3}?$", "aaa", 1 }, { "^a{2,3}$", "aaaa", 0 },
	{ "^a{0}b$", "b", 1 }, { "^a{0}b$", "ab", 0 },
	{ "^a{0,2}$", "", 1 }, { "^(ab){2,3}$", "ababab", 1 },
	{ "^(a*)*$", "aaaa", 1 }, { "^(a*)+$", "", 1 },
	{ "^(a?){3}$", "aaaa", 0 }, { "^(?:a|ab)(?:c|bcd)$", "abcd", 1 },
	{ "^.$", "\n", 0 }, { "^.$", "\r", 0 }, { "^.$", "x", 1 },
	{ "^.$", "\xe2\x80\xa8", 0 }, { "^.$", "\xe2\x80\xa7", 1 },
	{ "^.$", "\xf0\x9f\x98\x80", 1 }, { "^..$", "\xf0\x9f\x98\x80", 0 },
	{ "^[a-c]$", "b", 1 }, { "^[a-c]$", "d", 0 }, { "^[^a-c]$", "d", 1 },
	{ "^[^a-c]$", "b", 0 }, { "^[^a-c]$", "\n", 1 },
	{ "^[]$", "]", 0 }, { "[]", "x", 0 }, { "^[^]$", "\n", 1 },
	{ "^[-a]$", "-", 1 }, { "^[a-]$", "-", 1 }, { "^[a\\-z]$", "b", 0 },
	{ "^[a\\-z]$", "-", 1 }, { "^[.]$", "x", 0 }, { "^[\\]]$", "]", 1 },
	{ "^[\\b]$", "\b", 1 }, { "^[\\d-]+$", "1-2", 1 },
	{ "^[\\w\\s]+$", "a b_9", 1 }, { "^[^\\W]$", "_", 1 },
	{ "^[\\D\\d]$", "x", 1 }, { "^[\\x00-\\x1f]$", "\x01", 1 },
	{ "^\\d+$", "0123456789", 1 }, { "^\\d$", "\xd9\xa3", 0 },
	{ "^\\w+$", "aZ_09", 1 }, { "^\\w$", "\xc3\xa9", 0 },
	{ "^\\W$", "\xc3\xa9", 1 }, { "^\\D$", "x", 1 },
	{ "^\\s+$", " \t\r\n\v\f\xc2\xa0\xef\xbb\xbf\xe2\x80\xa8", 1 },
	{ "^\\s$", "\xe2\x80\x8b", 0 }, { "^\\S$", " ", 0 },
	{ "\\bab\\b", "x ab y", 1 }, { "\\bab\\b", "xab y", 0 },
	{ "\\bab\\b", "ab", 1 }, { "\\Bb", "ab", 1 }, { "\\Bb", "b", 0 },
	{ "^\\B$", "", 1 }, { "^\\b$", "", 0 }, { "^\\b", "-", 0 },
	{ "^\\t\\n\\v\\f\\r$", "\t\n\v\f\r", 1 },
	{ "^\\cA\\cj$", "\x01\n", 1 }, { "^\\x41\\u0042$", "AB", 1 },
	{ "^\\u{1F600}$", "\xf0\x9f\x98\x80", 1 },
	{ "^\\uD83D\\uDE00$", "\xf0\x9f\x98\x80", 1 },
	{ "^\\/\\.\\*\\{\\}$", "/.*{}", 1 },
	{ "^[\xf0\x9f\x98\x80-\xf0\x9f\x98\x82]$", "\xf0\x9f\x98\x81", 1 },
	{ "^\xc3\xa1", "\xc3\xa1x", 1 }, { "^\xc3\xa1", "\xc3\xa0", 0 },
	{ "^\\p{L}+$", "a\xc3\xa9\xe4\xb8\xad", 1 },
	{ "^\\p{L}$", "1", 0 }, { "^\\P{L}$", "1", 1 },
	{ "^[^\\p{L}]$", "a", 0 }, { "^[\\P{L}]$", "a", 0 },
	{ "^[\\p{Lu}\\p{Nd}]+$", "A7", 1 }, { "^\\p{Lu}$", "a", 0 },
	{ "^\\p{Lu}$", "\xc4\x80", 1 }, { "^\\p{Ll}$", "\xc4\x80", 0 },
	{ "^\\p{Lu}$", "\xc4\x81", 0 }, { "^\\p{Ll}$", "\xc4\x81", 1 },
	{ "^\\p{LC}+$", "\xc4\x80\xc4\x81", 1 },
	{ "^\\p{Letter}cole$", "\xc3\x89" "cole", 1 },
	{ "^\\p{digit}+$", "\xd9\xa3" "5", 1 },
	{ "^\\p{gc=Nd}$", "5", 1 }, { "^\\p{General_Category=Sc}$",
	    "\xe2\x82\xac", 1 }, { "^\\p{Zs}$", " ", 1 },
	{ "^\\p{Cc}$", "\x7f", 1 }, { "^\\p{Cn}$", "\xcd\xb8", 1 },
	{ "^\\p{Any}$", "\n", 1 }, { "^\\p{ASCII}+$", "a\xc3\xa9", 0 },
	{ "^\\p{Lo}$", "\xf0\xa0\x80\x80", 1 },
	{ "^\\p{So}$", "\xf0\x9f\x98\x80", 1 },
};

static void
test_cases(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		if (matches(cases[i].pattern, cases[i].text,
		    strlen(cases[i].text)) != cases[i].want)
			fail_msg("%s against \"%s\" must be %d",
			    cases[i].pattern, cases[i].text, cases[i].want);
}

static const struct {
	const char	*pattern, *why;
} refused[] = {
	{ "(a)\\1", "back-references" }, { "(?<n>a)\\k<n>", "named group" },
	{ "\\k<n>", "named back-references" },
	{ "a(?=b)", "lookahead" }, { "a(?!b)", "lookahead" },
	{ "(?<=a)b", "lookbehind" }, { "(?<!a)b", "lookbehind" },
	{ "(?i)a", "kind of group" }, { "(a", "( without )" },
	{ "a)", ") without (" }, { "[a", "[ without ]" },
	{ "[b-a]", "before it begins" }, { "[\\d-z]", "end of a range" },
	{ "[a-\\d]", "end of a range" }, { "*a", "nothing to repeat" },
	{ "a**", "nothing to repeat" }, { "a|+", "nothing to repeat" },
	{ "^*", "cannot be repeated" }, { "\\b+", "cannot be repeated" },
	{ "a{", "without a number" }, { "a{,2}", "without a number" },
	{ "a{2", "{ without }" }, { "a{3,2}", "wrong order" },
	{ "a{5000}", "repeat count" }, { "a{99999999999}", "repeat count" },
	{ "}", "needs a backslash" }, { "]", "needs a backslash" },
	{ "{1}", "needs a backslash" }, { "\\", "at the end" },
	{ "\\Z", "\\Z is not" }, { "\\a", "\\a is not" },
	{ "\\-", "\\- is not" }, { "\\01", "octal" },
	{ "\\x4", "hexadecimal" }, { "\\u12", "hexadecimal" },
	{ "\\u{}", "hexadecimal" }, { "\\u{110000}", "10FFFF" },
	{ "\\uD83D", "surrogate" }, { "\\uD83D\\u0041", "surrogate" },
	{ "\\uDE00", "surrogate" }, { "\\c1", "without a letter" },
	{ "\\p", "without {" }, { "\\p{L", "without }" },
	{ "\\p{}", "property" }, { "\\p{Nope}", "property" },
	{ "\\p{Script=Latin}", "property" },
	{ "(a{4096}){4096}", "too large" },
	{ "((){4096}){4096}", "too large" },
	{ "((((){4096}){4096}){4096}){4096}", "too large" },
};

static void
test_refused(void **state)
{
	char err[160];
	size_t i;

	for (i = 0; i < COUNT(refused); i++) {
		err[0] = '\0';
		assert_null(pattern_compile(refused[i].pattern,
		    strlen(refused[i].pattern), err, sizeof(err)));
		if (strstr(err, refused[i].why) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"",
			    refused[i].pattern, err, refused[i].why);
	}
}

static char *
repeated(const char *what, size_t times, const char *middle)
{
	size_t n = strlen(what);
	char *s = malloc(2 * n * times + strlen(middle) + 1), *p = s;
	size_t i;

	assert_non_null(s);
	for (i = 0; i < times; i++, p += n)
		memcpy(p, what, n);
	memcpy(p, middle, strlen(middle) + 1);
	return (s);
}

static void
test_bounds(void **state)
{
	char err[160], *s;
	size_t i;

	s = repeated("a", PATTERN_TEXT_MAX, "");
	pattern_free(build(s));
	free(s);
	s = repeated("a", PATTERN_TEXT_MAX + 1, "");
	assert_null(pattern_compile(s, strlen(s), err, sizeof(err)));
	free(s);

	s = repeated("(", PATTERN_NEST_MAX, "x");
	for (i = 0; i < PATTERN_NEST_MAX; i++)
		strcat(s, ")");
	pattern_free(build(s));
	free(s);
	s = repeated("(", PATTERN_NEST_MAX + 1, "x");
	assert_null(pattern_compile(s, strlen(s), err, sizeof(err)));
	assert_non_null(strstr(err, "groups within groups"));
	free(s);

	/* Many classes of many ranges stay under a bound, too. */
	s = repeated("[\\p{L}\\P{M}]", 300, "");
	assert_null(pattern_compile(s, strlen(s), err, sizeof(err)));
	assert_non_null(strstr(err, "ranges"));
	free(s);
}

/* Steps for n times "a" against a pattern that backtracking cannot take. */
static uint64_t
steps(const char *pattern, size_t n)
{
	struct pattern *p = build(pattern);
	char *s = repeated("a", n, "!");
	uint64_t work = UINT64_MAX;

	assert_int_equal(pattern_match(p, s, strlen(s), &work), PATTERN_NO);
	free(s);
	pattern_free(p);
	return (UINT64_MAX - work);
}

static void
test_linear(void **state)
{
	static const char *const evil[] = {
		"^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(a*)*b", "(.*)(.*)(.*)x",
		"^([a-z]+)*\\.$", "a{0,20}a{0,20}a{0,20}b"
	};
	uint64_t one, two;
	size_t i;

	for (i = 0; i < COUNT(evil); i++) {
		one = steps(evil[i], 1000);
		two = steps(evil[i], 2000);
		if (one < 1000 || two > one * 2 + one / 16 + 1000)
			fail_msg("%s: %llu, then %llu steps", evil[i],
			    (unsigned long long)one, (unsigned long long)two);
	}
}

static void
test_work(void **state)
{
	struct pattern *p = build("^a*$");
	char *s = repeated("a", 100, "");
	uint64_t work = 50, all = 10000;

	assert_int_equal(pattern_match(p, s, 100, &work), PATTERN_LIMIT);
	assert_int_equal(pattern_match(p, s, 100, &all), PATTERN_YES);
	assert_true(all < 10000);
	free(s);
	pattern_free(p);
}

static void
test_bytes(void **state)
{
	static const char *const wrong[] = {
		"\x80", "\xc0\x80", "\xc3", "\xe2\x82", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xff", "\xf0\x80\x80\x80"
	};
	struct pattern *p;
	uint64_t work = WORK;
	char err[160];
	size_t i;

	/* Each wrong byte is one U+FFFD, whatever was meant. */
	for (i = 0; i < COUNT(wrong); i++) {
		assert_true(matches("^\\u{FFFD}+$", wrong[i],
		    strlen(wrong[i])));
		assert_false(matches("[\\0-\\u{D7FF}]", wrong[i],
		    strlen(wrong[i])));
	}
	assert_true(matches("^a\\0b$", "a\0b", 3));
	assert_true(matches("^a[^b]b$", "a\0b", 3));
	assert_non_null(p = pattern_compile("a\0b", 3, err, sizeof(err)));
	assert_int_equal(pattern_match(p, "a\0b", 3, &work), PATTERN_YES);
	assert_int_equal(pattern_match(p, "ab", 2, &work), PATTERN_NO);
	pattern_free(p);
	/* A generation counter that wraps must not bring marks back. */
	p = build("^(a|b)*$");
	for (i = 0; i < 70000; i++)
		if (pattern_match(p, i % 2 ? "ab" : "ax", 2,
		    &(uint64_t){ WORK }) != (i % 2 ? PATTERN_YES : PATTERN_NO))
			fail_msg("round %zu", i);
	pattern_free(p);
}

static uint32_t seed = 20260727;

static uint32_t
pick(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return ((seed >> 8) % n);
}

/* A pattern that POSIX and ECMA-262 read the same way. */
static char *
random_pattern(char *out, int depth)
{
	static const char *const atoms[] = { "a", "b", "c", ".", "[ab]",
	    "[^a]", "[a-c]" };
	static const char *const repeats[] = { "*", "+", "?", "{2}", "{1,2}",
	    "{0,3}", "{2,}" };
	uint32_t i, n = 1 + pick(3);

	for (i = 0; i < n; i++) {
		if (depth > 0 && pick(3) == 0) {
			*out++ = '(';
			out = random_pattern(out, depth - 1);
			if (pick(2)) {
				*out++ = '|';
				out = random_pattern(out, depth - 1);
			}
			*out++ = ')';
		} else
			out += sprintf(out, "%s", atoms[pick(COUNT(atoms))]);
		if (pick(3) == 0)
			out += sprintf(out, "%s",
			    repeats[pick(COUNT(repeats))]);
	}
	return (out);
}

static void
test_oracle(void **state)
{
	char pattern[1024], body[1000], text[16];
	unsigned int yes = 0, no = 0;
	regex_t re;
	uint32_t i, j, k, n;
	int got;

	for (i = 0; i < 2000; i++) {
		*random_pattern(body, 2) = '\0';
		(void)snprintf(pattern, sizeof(pattern), "%s%s%s",
		    pick(2) ? "^" : "", body, pick(2) ? "$" : "");
		assert_int_equal(regcomp(&re, pattern,
		    REG_EXTENDED | REG_NOSUB), 0);
		for (j = 0; j < 8; j++) {
			n = pick(10);
			for (k = 0; k < n; k++)
				text[k] = (char)('a' + pick(4));
			text[n] = '\0';
			got = matches(pattern, text, n);
			if (got != (regexec(&re, text, 0, NULL, 0) == 0))
				fail_msg("%s against \"%s\" must not be %d",
				    pattern, text, got);
			yes += got != 0;
			no += got == 0;
		}
		regfree(&re);
	}
	assert_true(yes > 1000 && no > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_oracle),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
