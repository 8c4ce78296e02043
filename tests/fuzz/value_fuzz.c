/* SPDX-License-Identifier: ISC */
/*
 * value_fuzz.c: values of rows: the first byte chooses the type, the rest is
 * the text.  What is taken must be stored and read back as the same value.
 */
/* link: toold/row_value.o toold/store_json.o -lsqlite3 -ljansson -lm */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "toold/table.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum tool_err
call_invalid(struct call *c, const char *path, const char *fmt, ...)
{
	return (TE_INVALID);
}

static void
check_time(const struct field *f, const struct value *v)
{
	struct value	w;
	char		iso[32], why[128];

	iso_print(v->n, f->type == FT_TIMESTAMPTZ, iso);
	if (value_from_text(f, iso, strlen(iso), &w, why, sizeof(why)) ==
	    -1 || w.n != v->n)
		abort();
}

/* An order must hold whatever is compared: here, with neighbours. */
static void
check_decimal(const struct value *v)
{
	static const char *const other[] = { "0", "-0.0", "1", "-1", "0.5",
	    "9999999999999999999999", "-0.0000000000000000001" };
	size_t			 i;

	if (decimal_compare(v->s, v->len, v->s, v->len) != 0)
		abort();
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (decimal_compare(v->s, v->len, other[i],
		    strlen(other[i])) != -decimal_compare(other[i],
		    strlen(other[i]), v->s, v->len))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct field	 f;
	struct value	 v;
	char		 why[128] = "";

	if (len == 0)
		return (0);
	memset(&f, 0, sizeof(f));
	f.type = (enum ftype)(data[0] % FT_MAX);
	f.length = 20;
	if (value_from_text(&f, (const char *)data + 1, len - 1, &v, why,
	    sizeof(why)) == -1) {
		if (why[0] == '\0')
			abort();
	} else if (f.type == FT_TIMESTAMP || f.type == FT_TIMESTAMPTZ)
		check_time(&f, &v);
	else if (f.type == FT_DECIMAL)
		check_decimal(&v);
	value_free(&v);
	return (0);
}
