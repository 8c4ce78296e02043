/* SPDX-License-Identifier: ISC */
/*
 * scan_fuzz.c: JSON-RPC messages.  What the scan lets through must be JSON
 * for jansson too, and what jansson refuses as syntax the scan must refuse;
 * the spans must lie inside the input and be JSON values by themselves.
 */
/* link: toold/scan.o -ljansson */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "toold/scan.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
span_check(const struct span *sp, const char *text, size_t len)
{
	struct scan inner;
	char out[64];

	if (sp->p == NULL)
		return;
	if (sp->p < text || sp->len == 0 || sp->p + sp->len > text + len)
		abort();
	span_string(sp, out, sizeof(out));
	switch (scan_message(sp->p, sp->len, &inner)) {
	case SCAN_SYNTAX:
	case SCAN_UTF8:
		abort();
	default:
		break;
	}
}

/* Refusals that are jansson's own limits, not syntax. */
static int
is_limit(const json_error_t *e)
{
	enum json_error_code code = json_error_code(e);

	return (code == json_error_numeric_overflow ||
	    code == json_error_null_character ||
	    code == json_error_null_byte_in_key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	enum scan_verdict v;
	json_error_t err;
	struct scan s;
	json_t *j;
	size_t i;

	v = scan_message(text, len, &s);
	if (scan_text(v) == NULL || s.at > len)
		abort();
	j = json_loadb(text, len, JSON_ALLOW_NUL, &err);
	if (v == SCAN_OK && j == NULL && !is_limit(&err))
		abort();
	/* jansson passes over a NUL byte that follows a number. */
	if ((v == SCAN_SYNTAX || v == SCAN_UTF8) && j != NULL &&
	    memchr(text, '\0', len) == NULL)
		abort();
	json_decref(j);
	if (v != SCAN_OK)
		return (0);
	span_check(&s.id, text, len);
	span_check(&s.method, text, len);
	span_check(&s.params, text, len);
	span_check(&s.name, text, len);
	span_check(&s.arguments, text, len);
	span_check(&s.meta, text, len);
	span_check(&s.meta_version, text, len);
	for (i = 0; i < s.nitems; i++)
		span_check(&s.item[i], text, len);
	return (0);
}
