/* SPDX-License-Identifier: ISC */
/* form_fuzz.c: form bodies; every pair must be clean UTF-8 without NUL. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "uri.h"

static int
pair(void *arg, const char *key, const char *val, size_t len)
{
	unsigned int *n = arg;

	if (++*n > 16 || strlen(val) != len || !utf8_valid(val, len) ||
	    !utf8_valid(key, strlen(key)))
		abort();
	return (0);
}

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char scratch[64];
	unsigned int n = 0;

	form_parse((const char *)data, len, scratch, sizeof(scratch), 16,
	    pair, &n);
	return (0);
}
