/* SPDX-License-Identifier: ISC */
/*
 * pattern_fuzz.c: the first line is a pattern, the rest a text.  A pattern
 * that builds must say the same twice, within a group, beside itself and
 * after "any text", and must spend no more than text times program.
 */
/* link: toold/pattern.o toold/pattern_parse.o toold/pattern_class.o */
/* link: toold/pattern_ucd.o */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toold/pattern.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static enum pattern_verdict
verdict(struct pattern *p, const char *text, size_t len)
{
	uint64_t work, all = ((uint64_t)len + 1) * (PATTERN_CODE_MAX + 1);

	work = all;
	switch (pattern_match(p, text, len, &work)) {
	case PATTERN_YES:
		return (PATTERN_YES);
	case PATTERN_NO:
		return (PATTERN_NO);
	case PATTERN_LIMIT:
		break;
	}
	abort();
}

/* The pattern within other text must come to the same verdict. */
static void
same_within(const char *fmt, const char *pattern, size_t plen,
    const char *text, size_t len, enum pattern_verdict want)
{
	char err[160], all[2 * 512 + 32];
	struct pattern *p;
	int n;

	if (memchr(pattern, '\0', plen) != NULL || plen > 512)
		return;
	n = snprintf(all, sizeof(all), fmt, (int)plen, pattern, (int)plen,
	    pattern);
	if ((p = pattern_compile(all, (size_t)n, err, sizeof(err))) == NULL)
		return;		/* too large by now */
	if (verdict(p, text, len) != want)
		abort();
	pattern_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *s = (const char *)data, *text;
	enum pattern_verdict v;
	struct pattern *p;
	char err[160] = "";
	size_t plen;

	text = len == 0 ? NULL : memchr(s, '\n', len);
	plen = text == NULL ? len : (size_t)(text - s);
	if (text != NULL) {
		text++;
		len -= plen + 1;
	} else {
		text = "";
		len = 0;
	}
	if ((p = pattern_compile(s, plen, err, sizeof(err))) == NULL) {
		if (err[0] == '\0' || strlen(err) >= sizeof(err))
			abort();
		return (0);
	}
	v = verdict(p, text, len);
	if (verdict(p, text, len) != v)
		abort();
	pattern_free(p);
	same_within("(?:%.*s)", s, plen, text, len, v);
	same_within("(%.*s)|(?:%.*s)", s, plen, text, len, v);
	same_within("^[^]*?(%.*s)", s, plen, text, len, v);
	return (0);
}
