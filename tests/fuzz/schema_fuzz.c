/* SPDX-License-Identifier: ISC */
/*
 * schema_fuzz.c: the first line is a schema, the rest a value.  A check must
 * say the same twice, the opposite within "not", and its errors must keep
 * what schema.h promises of them.
 */
/* link: toold/schema.o toold/schema_build.o toold/schema_uri.o */
/* link: toold/schema_key.o toold/schema_rule.o toold/schema_apply.o */
/* link: toold/schema_value.o toold/pattern.o toold/pattern_parse.o */
/* link: toold/pattern_class.o toold/pattern_ucd.o -ljansson -lm */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "toold/schema.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
line_good(const char *s, size_t size)
{
	if (memchr(s, '\0', size) == NULL || !utf8_valid(s, strlen(s)))
		abort();
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			abort();
}

static void
error_good(const struct schema_error *e)
{
	line_good(e->pointer, sizeof(e->pointer));
	line_good(e->message, sizeof(e->message));
	if (e->rule == NULL || e->type == NULL || e->message[0] == '\0' ||
	    (e->pointer[0] != '\0' && e->pointer[0] != '/'))
		abort();
}

/* {"not": schema}, where the schema's root has no name to be lost. */
static void
opposite(const char *text, size_t len, const json_t *v, int rv)
{
	char err[256], *not;
	struct schema_error e;
	struct schema *s;

	if ((not = malloc(len + 16)) == NULL)
		abort();
	memcpy(not, "{\"not\":", 7);
	memcpy(not + 7, text, len);
	not[len + 7] = '}';
	s = schema_compile(not, len + 8, err, sizeof(err));
	free(not);
	if (s == NULL)
		return;		/* "#/..." leads elsewhere now */
	memset(&e, 0, sizeof(e));
	if (schema_check(s, v, &e) == rv && (e.rule == NULL ||
	    strcmp(e.rule, "limit") != 0))
		abort();
	schema_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data, *rest;
	struct schema_error e;
	struct schema *s;
	json_error_t je;
	json_t *v = NULL;
	char err[256] = "";
	size_t n;
	int rv;

	rest = len == 0 ? NULL : memchr(text, '\n', len);
	n = rest == NULL ? len : (size_t)(rest - text);
	s = schema_compile(text, n, err, sizeof(err));
	if (s == NULL) {
		if (err[0] == '\0' || strlen(err) >= sizeof(err))
			abort();
		return (0);
	}
	if (rest != NULL)
		v = json_loadb(rest, len - n, JSON_DECODE_ANY |
		    JSON_ALLOW_NUL, &je);
	if (v != NULL) {
		memset(&e, 0, sizeof(e));
		if ((rv = schema_check(s, v, &e)) == -1)
			error_good(&e);
		if (schema_check(s, v, NULL) != rv)
			abort();
		if (rv == 0 || strcmp(e.rule, "limit") != 0)
			if (memmem(text, n, "ef\"", 3) == NULL)
				opposite(text, n, v, rv);
	}
	json_decref(v);
	schema_free(s);
	return (0);
}
