/* SPDX-License-Identifier: ISC */
/*
 * row_value.c: values of user tables: from JSON and text to what is stored,
 * and back.  Runs in keepd-toold on values from the network; strict, and
 * exact both ways.  Pure.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "../common/utf8.h"
#include "table.h"

#define SAFE_INT	INT64_C(9007199254740991)	/* 2^53 - 1 */

static const struct ftype_row ftypes[FT_MAX] = {
	[FT_BOOLEAN] =	  { "boolean",	   FC_INT,  FF_COMPARE, 0 },
	[FT_CHAR] =	  { "char",	   FC_TEXT, FF_TEXT | FF_LENGTH |
	    FF_COMPARE, 1 },
	[FT_VARCHAR] =	  { "varchar",	   FC_TEXT, FF_TEXT | FF_LENGTH |
	    FF_COMPARE, 255 },
	[FT_SMALLINT] =	  { "smallint",	   FC_INT,  FF_COMPARE, 0 },
	[FT_INTEGER] =	  { "integer",	   FC_INT,  FF_COMPARE, 0 },
	[FT_BIGINT] =	  { "bigint",	   FC_INT,  FF_COMPARE, 0 },
	[FT_DECIMAL] =	  { "decimal",	   FC_TEXT, FF_COMPARE, 0 },
	[FT_TINYTEXT] =	  { "tinytext",	   FC_TEXT, FF_TEXT | FF_COMPARE,
	    255 },
	[FT_SMALLTEXT] =  { "smalltext",   FC_TEXT, FF_TEXT | FF_COMPARE,
	    65535 },
	[FT_MEDIUMTEXT] = { "mediumtext",  FC_TEXT, FF_TEXT | FF_COMPARE,
	    0 },
	[FT_TEXT] =	  { "text",	   FC_TEXT, FF_TEXT | FF_COMPARE,
	    0 },
	[FT_TIMESTAMP] =  { "timestamp",   FC_INT,  FF_COMPARE, 0 },
	[FT_TIMESTAMPTZ] = { "timestamptz", FC_INT, FF_COMPARE, 0 },
	[FT_ENUM] =	  { "enum",	   FC_TEXT, FF_COMPARE, 0 },
	[FT_UUID] =	  { "uuid",	   FC_TEXT, FF_COMPARE, 0 },
	[FT_JSON] =	  { "json",	   FC_TEXT, 0, 0 },
	[FT_VECTOR] =	  { "vector",	   FC_BLOB, 0, 0 }
};

const struct ftype_row *
ftype_row(enum ftype t)
{
	return (&ftypes[t]);
}

int
ftype_find(const char *name)
{
	int	t;

	for (t = 0; t < FT_MAX; t++)
		if (strcmp(ftypes[t].name, name) == 0)
			return (t);
	return (-1);
}

static const struct field implicit_fields[] = {
	{ .name = "id", .type = FT_TEXT, .unique = 1 },
	{ .name = "createdAt", .type = FT_BIGINT },
	{ .name = "updatedAt", .type = FT_BIGINT },
	{ .name = "createdBy", .type = FT_TEXT },
	{ .name = "updatedBy", .type = FT_TEXT }
};

const struct field *
implicit_field(colref c)
{
	return (&implicit_fields[IC_ID - c]);
}

void
value_free(struct value *v)
{
	free(v->own);
	memset(v, 0, sizeof(*v));
}

/* As buf_add_json() writes it: one byte may become six. */
static size_t
text_size(const char *s, size_t len)
{
	size_t	i, n = len + 2;

	for (i = 0; i < len; i++)
		if (s[i] == '"' || s[i] == '\\' ||
		    strchr("\b\f\n\r\t", s[i]) != NULL)
			n++;
		else if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			n += 5;
	return (n);
}

size_t
value_size(const struct field *f, const struct value *v)
{
	switch (v->kind) {
	case V_TEXT:
		return (f->type == FT_JSON ? v->len :
		    text_size(v->s, v->len));
	case V_BLOB:
		return (4 * v->len);	/* of 8 bytes, up to 24 characters */
	default:
		return (32);
	}
}

static int __attribute__((__format__(printf, 3, 4)))
bad(char *why, size_t size, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return (-1);
}

static const char *
json_type_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:	return ("an object");
	case JSON_ARRAY:	return ("an array");
	case JSON_STRING:	return ("a string");
	case JSON_INTEGER:	return ("an integer");
	case JSON_REAL:		return ("a number with a fraction");
	case JSON_NULL:		return ("null");
	default:		return ("a boolean");
	}
}

/* ---- numbers ---- */

static int
int_value(enum ftype t, int64_t n, struct value *v, char *why, size_t size)
{
	if (t == FT_SMALLINT && (n < INT16_MIN || n > INT16_MAX))
		return (bad(why, size, "must be from -32768 to 32767"));
	if (t == FT_INTEGER && (n < INT32_MIN || n > INT32_MAX))
		return (bad(why, size, "must be from -2147483648 to "
		    "2147483647"));
	v->kind = V_INT;
	v->n = n;
	return (0);
}

/* -?(0|[1-9][0-9]*) within int64: 0 or -1. */
static int
int_parse(const char *s, size_t len, int64_t *out)
{
	uint64_t	n;
	int		neg = len > 0 && *s == '-';

	s += neg;
	len -= (size_t)neg;
	if (len > 1 && *s == '0')
		return (-1);
	if (num_parse(s, len, (uint64_t)INT64_MAX + (uint64_t)neg, &n) == -1)
		return (-1);
	*out = neg ? (int64_t)(0 - n) : (int64_t)n;
	return (0);
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)? */
static int
decimal_ok(const char *s, size_t len)
{
	size_t	i = 0, first;

	if (len > DECIMAL_MAX)
		return (0);
	if (i < len && s[i] == '-')
		i++;
	first = i;
	while (i < len && s[i] >= '0' && s[i] <= '9')
		i++;
	if (i == first || (s[first] == '0' && i - first > 1))
		return (0);
	if (i == len)
		return (1);
	if (s[i++] != '.' || i == len)
		return (0);
	while (i < len && s[i] >= '0' && s[i] <= '9')
		i++;
	return (i == len);
}

struct dec {
	int		 neg;
	const char	*in, *fr;
	size_t		 nin, nfr;
};

static void
dec_split(struct dec *d, const char *s, size_t len)
{
	const char	*dot, *p;

	d->neg = len > 0 && *s == '-';
	s += d->neg;
	len -= (size_t)d->neg;
	dot = memchr(s, '.', len);
	d->in = s;
	d->nin = dot != NULL ? (size_t)(dot - s) : len;
	d->fr = dot != NULL ? dot + 1 : s + len;
	d->nfr = dot != NULL ? len - d->nin - 1 : 0;
	while (d->nin > 0 && *d->in == '0') {
		d->in++;
		d->nin--;
	}
	while (d->nfr > 0 && d->fr[d->nfr - 1] == '0')
		d->nfr--;
	for (p = d->fr; d->nin == 0 && p < d->fr + d->nfr; p++)
		if (*p != '0')
			return;
	if (d->nin == 0)
		d->neg = 0;		/* zero has no sign */
}

int
decimal_compare(const char *a, size_t alen, const char *b, size_t blen)
{
	struct dec	x, y;
	size_t		n;
	int		r, sign;

	dec_split(&x, a, alen);
	dec_split(&y, b, blen);
	if (x.neg != y.neg)
		return (x.neg ? -1 : 1);
	sign = x.neg ? -1 : 1;
	if (x.nin != y.nin)
		return (x.nin < y.nin ? -sign : sign);
	if ((r = memcmp(x.in, y.in, x.nin)) != 0)
		return (r < 0 ? -sign : sign);
	n = x.nfr < y.nfr ? x.nfr : y.nfr;
	if ((r = memcmp(x.fr, y.fr, n)) != 0)
		return (r < 0 ? -sign : sign);
	if (x.nfr == y.nfr)
		return (0);
	return (x.nfr < y.nfr ? -sign : sign);
}

/* ---- text ---- */

static size_t
characters(const char *s, size_t len)
{
	size_t	i, n = 0;

	for (i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return (n);
}

static int
text_value(const struct field *f, const char *s, size_t len,
    struct value *v, char *why, size_t size)
{
	unsigned int	max = ftypes[f->type].max;
	size_t		n = characters(s, len);

	if (ftypes[f->type].flags & FF_LENGTH && f->length != 0)
		max = f->length;
	if (max != 0 && n > max)
		return (bad(why, size, "must not have more than %u "
		    "characters, has %zu", max, n));
	if (f->max != 0 && n > f->max)
		return (bad(why, size, "must not have more than %u "
		    "characters (maxLength), has %zu", f->max, n));
	if (n < f->min)
		return (bad(why, size, "must have at least %u characters "
		    "(minLength), has %zu", f->min, n));
	if (memchr(s, '\0', len) != NULL)
		return (bad(why, size, "must not hold U+0000"));
	v->kind = V_TEXT;
	v->s = s;
	v->len = len;
	return (0);
}

static int
enum_value(const struct field *f, const char *s, size_t len, struct value *v,
    char *why, size_t size)
{
	const json_t	*e;
	size_t		 i;

	for (i = 0; i < json_array_size(f->enums); i++) {
		e = json_array_get(f->enums, i);
		if (json_string_length(e) == len &&
		    memcmp(json_string_value(e), s, len) == 0) {
			v->kind = V_TEXT;
			v->s = s;
			v->len = len;
			return (0);
		}
	}
	return (bad(why, size, "must be one of the values of its enum"));
}

/* ---- structured ---- */

static int
json_value(const json_t *j, struct value *v, char *why, size_t size)
{
	struct buf	b;

	buf_init(&b, STORE_ROW_MAX);
	json_put(&b, j);
	if (b.failed) {
		buf_free(&b);
		return (bad(why, size, "is larger than %u bytes",
		    STORE_ROW_MAX));
	}
	v->kind = V_TEXT;
	v->own = (char *)b.data;	/* the buffer's memory is ours now */
	v->s = v->own;
	v->len = b.len;
	return (0);
}

static int
vector_value(const json_t *j, struct value *v, char *why, size_t size)
{
	const json_t	*e;
	double		*d;
	size_t		 i;

	if (!json_is_array(j) || json_array_size(j) != VECTOR_DIM)
		return (bad(why, size, "must be an array of %d numbers",
		    VECTOR_DIM));
	if ((d = calloc(VECTOR_DIM, sizeof(*d))) == NULL)
		return (bad(why, size, "is too large"));
	for (i = 0; i < VECTOR_DIM; i++) {
		e = json_array_get(j, i);
		if (!json_is_number(e)) {
			free(d);
			return (bad(why, size, "must hold only numbers; item "
			    "%zu is %s", i, json_type_name(e)));
		}
		d[i] = json_number_value(e);
	}
	v->kind = V_BLOB;
	v->own = (char *)d;
	v->s = v->own;
	v->len = VECTOR_DIM * sizeof(*d);
	return (0);
}

static int
parsed_json(const struct field *f, const char *s, size_t len, struct value *v,
    char *why, size_t size)
{
	json_t	*j;
	int	 r;

	j = json_loadb(s, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
	    NULL);
	if (j == NULL)
		return (bad(why, size, "must be JSON text"));
	r = f->type == FT_JSON ? json_value(j, v, why, size) :
	    vector_value(j, v, why, size);
	json_decref(j);
	return (r);
}

/* ---- from outside ---- */

static int
time_value(enum ftype t, const char *s, size_t len, struct value *v,
    char *why, size_t size)
{
	v->kind = V_INT;
	if (iso_parse(s, len, t == FT_TIMESTAMPTZ, &v->n) == 0)
		return (0);
	return (bad(why, size, t == FT_TIMESTAMPTZ ? "must be a time with "
	    "zone, to the millisecond, such as 2026-01-31T12:00:00.000Z" :
	    "must be a time without zone, to the millisecond, such as "
	    "2026-01-31T12:00:00.000"));
}

int
value_from_text(const struct field *f, const char *s, size_t len,
    struct value *v, char *why, size_t size)
{
	int64_t	n;

	memset(v, 0, sizeof(*v));
	switch (f->type) {
	case FT_BOOLEAN:
		v->kind = V_INT;
		v->n = len == 4 && memcmp(s, "true", 4) == 0;
		if (v->n || (len == 5 && memcmp(s, "false", 5) == 0))
			return (0);
		return (bad(why, size, "must be true or false"));
	case FT_SMALLINT:
	case FT_INTEGER:
	case FT_BIGINT:
		if (int_parse(s, len, &n) == -1)
			return (bad(why, size, "must be an integer"));
		return (int_value(f->type, n, v, why, size));
	case FT_DECIMAL:
		if (!decimal_ok(s, len))
			return (bad(why, size, "must be a decimal number such "
			    "as 12.50, of at most %d characters",
			    DECIMAL_MAX));
		v->kind = V_TEXT;
		v->s = s;
		v->len = len;
		return (0);
	case FT_TIMESTAMP:
	case FT_TIMESTAMPTZ:
		return (time_value(f->type, s, len, v, why, size));
	case FT_UUID:
		if (!uuid_valid(s, len))
			return (bad(why, size, "must be a UUID"));
		v->kind = V_TEXT;
		v->s = s;
		v->len = len;
		return (0);
	case FT_ENUM:
		return (enum_value(f, s, len, v, why, size));
	case FT_JSON:
	case FT_VECTOR:
		return (parsed_json(f, s, len, v, why, size));
	default:
		return (text_value(f, s, len, v, why, size));
	}
}

/* A number that is not an integer: only if its shortest form is exact. */
static int
decimal_from_number(const json_t *j, struct value *v, char *why, size_t size)
{
	char	s[64];
	double	d;

	if (json_is_integer(j))
		snprintf(s, sizeof(s), "%lld",
		    (long long)json_integer_value(j));
	else {
		d = json_real_value(j);
		snprintf(s, sizeof(s), "%.15g", d);
		if (strtod(s, NULL) != d || !decimal_ok(s, strlen(s)))
			return (bad(why, size, "cannot be kept exactly as a "
			    "number: send it as a string"));
	}
	if ((v->own = strdup(s)) == NULL)
		return (bad(why, size, "is too large"));
	v->kind = V_TEXT;
	v->s = v->own;
	v->len = strlen(v->own);
	return (0);
}

static int
mismatch(const struct field *f, const json_t *j, char *why, size_t size)
{
	static const char *const wanted[FT_MAX] = {
		[FT_BOOLEAN] = "true or false", [FT_CHAR] = "a string",
		[FT_VARCHAR] = "a string", [FT_SMALLINT] = "an integer",
		[FT_INTEGER] = "an integer",
		[FT_BIGINT] = "an integer, or a string of digits",
		[FT_DECIMAL] = "a string such as \"12.50\"",
		[FT_TINYTEXT] = "a string", [FT_SMALLTEXT] = "a string",
		[FT_MEDIUMTEXT] = "a string", [FT_TEXT] = "a string",
		[FT_TIMESTAMP] = "a string with a time",
		[FT_TIMESTAMPTZ] = "a string with a time and zone",
		[FT_ENUM] = "a string", [FT_UUID] = "a string with a UUID",
		[FT_JSON] = "JSON", [FT_VECTOR] = "an array of numbers"
	};

	return (bad(why, size, "must be %s, not %s", wanted[f->type],
	    json_type_name(j)));
}

int
value_from_json(const struct field *f, const json_t *j, struct value *v,
    char *why, size_t size)
{
	memset(v, 0, sizeof(*v));
	if (json_is_null(j))
		return (0);
	switch (f->type) {
	case FT_BOOLEAN:
		if (!json_is_boolean(j))
			return (mismatch(f, j, why, size));
		v->kind = V_INT;
		v->n = json_is_true(j);
		return (0);
	case FT_SMALLINT:
	case FT_INTEGER:
	case FT_BIGINT:
		if (json_is_integer(j))
			return (int_value(f->type,
			    (int64_t)json_integer_value(j), v, why, size));
		if (f->type != FT_BIGINT || !json_is_string(j))
			return (mismatch(f, j, why, size));
		break;
	case FT_DECIMAL:
		if (json_is_number(j))
			return (decimal_from_number(j, v, why, size));
		break;
	case FT_JSON:
		return (json_value(j, v, why, size));
	case FT_VECTOR:
		return (vector_value(j, v, why, size));
	default:
		break;
	}
	if (!json_is_string(j))
		return (mismatch(f, j, why, size));
	return (value_from_text(f, json_string_value(j),
	    json_string_length(j), v, why, size));
}

/* ---- back ---- */

static void
put_vector(struct buf *b, sqlite3_value *v)
{
	const char	*p = sqlite3_value_blob(v);
	double		 d;
	size_t		 i, n = (size_t)sqlite3_value_bytes(v) / sizeof(d);

	buf_addc(b, '[');
	for (i = 0; i < n; i++) {
		memcpy(&d, p + i * sizeof(d), sizeof(d));
		if (i != 0)
			buf_addc(b, ',');
		json_put_real(b, d);
	}
	buf_addc(b, ']');
}

void
value_put(struct buf *b, enum ftype t, sqlite3_value *v)
{
	char	iso[32];
	int64_t	n;

	if (sqlite3_value_type(v) == SQLITE_NULL) {
		buf_adds(b, "null");
		return;
	}
	switch (t) {
	case FT_BOOLEAN:
		buf_adds(b, sqlite3_value_int(v) ? "true" : "false");
		break;
	case FT_SMALLINT:
	case FT_INTEGER:
	case FT_BIGINT:
		n = sqlite3_value_int64(v);
		/* What a double cannot hold goes as a string of digits. */
		buf_addf(b, n > SAFE_INT || n < -SAFE_INT ? "\"%lld\"" :
		    "%lld", (long long)n);
		break;
	case FT_TIMESTAMP:
	case FT_TIMESTAMPTZ:
		iso_print(sqlite3_value_int64(v), t == FT_TIMESTAMPTZ, iso);
		buf_add_json(b, iso, strlen(iso));
		break;
	case FT_JSON:
		buf_add(b, sqlite3_value_text(v),
		    (size_t)sqlite3_value_bytes(v));
		break;
	case FT_VECTOR:
		put_vector(b, v);
		break;
	default:
		buf_add_json(b, (const char *)sqlite3_value_text(v),
		    (size_t)sqlite3_value_bytes(v));
		break;
	}
}

int
value_text(struct buf *b, enum ftype t, sqlite3_value *v)
{
	char	iso[32];

	switch (t) {
	case FT_SMALLINT:
	case FT_INTEGER:
	case FT_BIGINT:
		buf_addf(b, "%lld", (long long)sqlite3_value_int64(v));
		break;
	case FT_TIMESTAMP:
	case FT_TIMESTAMPTZ:
		iso_print(sqlite3_value_int64(v), t == FT_TIMESTAMPTZ, iso);
		buf_adds(b, iso);
		break;
	case FT_BOOLEAN:
	case FT_JSON:
	case FT_VECTOR:
		value_put(b, t, v);
		break;
	default:
		buf_add(b, sqlite3_value_text(v),
		    (size_t)sqlite3_value_bytes(v));
		break;
	}
	return (b->failed ? -1 : 0);
}
