/* SPDX-License-Identifier: ISC */
/*
 * Numbers, equality and hashes of JSON values as JSON Schema has them: a
 * number is its mathematical value, whatever it was written like.  Runs in
 * toold.  Values come from clients and are not trusted; pure.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema_int.h"

#define TWO63	9223372036854775808.0

/* Steps, so that each is worth about the same time. */
#define COST_DECIMAL	256	/* two numbers printed and read */
#define COST_TIMES_TEN	4
#define COST_LOOKUP	8	/* a name in an object */
#define COST_HASH	8

/* A positive decimal fraction: mant * 10^exp. */
struct decimal {
	uint64_t	mant;
	int		exp;
};

/* Take n steps off the work: 0, or -1 if so many are not left. */
static int
spend(uint64_t *work, uint64_t n)
{
	if (*work < n)
		return (-1);
	*work -= n;
	return (0);
}

/* An int64 against a finite double, exactly. */
static int
int_real_cmp(json_int_t i, double d)
{
	double whole;
	json_int_t w;

	if (d >= TWO63)
		return (-1);
	if (d < -TWO63)
		return (1);
	whole = trunc(d);
	w = (json_int_t)whole;
	if (i != w)
		return (i < w ? -1 : 1);
	return (d > whole ? -1 : d < whole ? 1 : 0);
}

/* Less than 0, 0 or more than 0 as strcmp; both are numbers. */
int
number_cmp(const json_t *a, const json_t *b)
{
	json_int_t i, j;
	double d, e;

	if (json_is_integer(a) && json_is_integer(b)) {
		i = json_integer_value(a);
		j = json_integer_value(b);
		return (i < j ? -1 : i > j);
	}
	if (json_is_integer(a))
		return (int_real_cmp(json_integer_value(a),
		    json_real_value(b)));
	if (json_is_integer(b))
		return (-int_real_cmp(json_integer_value(b),
		    json_real_value(a)));
	d = json_real_value(a);
	e = json_real_value(b);
	return (d < e ? -1 : d > e);
}

/* A real without a fraction is an integer too. */
int
number_integral(const json_t *v)
{
	double d;

	if (!json_is_real(v))
		return (json_is_integer(v));
	d = json_real_value(v);
	return (d == trunc(d));
}

/*
 * The shortest decimal fraction that reads back as |d|: what its author
 * wrote, unless that had more than 17 digits.
 */
static void
decimal_of_real(double d, struct decimal *out)
{
	char text[40];
	const char *p;
	int digits = 0, prec;

	d = fabs(d);
	for (prec = 14; prec <= 16; prec++) {
		(void)snprintf(text, sizeof(text), "%.*e", prec, d);
		if (strtod(text, NULL) == d)
			break;
	}
	out->mant = 0;
	for (p = text; *p != 'e' && *p != '\0'; p++)
		if (*p >= '0' && *p <= '9') {
			out->mant = out->mant * 10 + (uint64_t)(*p - '0');
			digits++;
		}
	out->exp = (*p == 'e' ? atoi(p + 1) : 0) - (digits - 1);
}

static void
decimal_of(const json_t *v, struct decimal *out)
{
	json_int_t i;

	if (json_is_integer(v)) {
		i = json_integer_value(v);
		out->mant = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
		out->exp = 0;
	} else
		decimal_of_real(json_real_value(v), out);
	while (out->mant != 0 && out->mant % 10 == 0) {
		out->mant /= 10;
		out->exp++;
	}
}

/* a * 10 mod m without overflow; a < m. */
static uint64_t
times_ten_mod(uint64_t a, uint64_t m)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < 10; i++)
		sum = sum >= m - a ? sum - (m - a) : sum + a;
	return (sum);
}

int
number_multiple(const json_t *a, const json_t *b, uint64_t *work)
{
	struct decimal x, y;
	uint64_t rest;
	int d;

	if (spend(work, COST_DECIMAL) == -1)
		return (-1);
	decimal_of(a, &x);
	decimal_of(b, &y);
	if (x.mant == 0)
		return (1);
	if (y.mant == 0)
		return (0);
	/* x has no factor 10 left: y times 10 never divides it. */
	if ((d = x.exp - y.exp) < 0)
		return (0);
	if (spend(work, (uint64_t)d * COST_TIMES_TEN) == -1)
		return (-1);
	for (rest = x.mant % y.mant; d > 0 && rest != 0; d--)
		rest = times_ten_mod(rest, y.mant);
	return (rest == 0);
}

static int	equal_deep(json_t *, json_t *, unsigned int, uint64_t *);

static int
array_equal(json_t *a, json_t *b, unsigned int depth, uint64_t *work)
{
	size_t i, n = json_array_size(a);
	int rv;

	if (n != json_array_size(b))
		return (0);
	for (i = 0; i < n; i++)
		if ((rv = equal_deep(json_array_get(a, i),
		    json_array_get(b, i), depth, work)) != 1)
			return (rv);
	return (1);
}

static int
object_equal(json_t *a, json_t *b, unsigned int depth, uint64_t *work)
{
	json_t *other;
	void *it;
	int rv;

	if (json_object_size(a) != json_object_size(b))
		return (0);
	if (spend(work, json_object_size(a) * COST_LOOKUP) == -1)
		return (-1);
	for (it = json_object_iter(a); it != NULL;
	    it = json_object_iter_next(a, it)) {
		other = json_object_getn(b, json_object_iter_key(it),
		    json_object_iter_key_len(it));
		if (other == NULL)
			return (0);
		if ((rv = equal_deep(json_object_iter_value(it), other,
		    depth, work)) != 1)
			return (rv);
	}
	return (1);
}

static int
string_equal(const json_t *a, const json_t *b, uint64_t *work)
{
	size_t n = json_string_length(a);

	if (n != json_string_length(b))
		return (0);
	if (spend(work, n / 64) == -1)
		return (-1);
	return (memcmp(json_string_value(a), json_string_value(b), n) == 0);
}

static int
equal_deep(json_t *a, json_t *b, unsigned int depth, uint64_t *work)
{
	if (depth == 0 || spend(work, 1) == -1)
		return (-1);
	if (json_is_number(a) && json_is_number(b))
		return (number_cmp(a, b) == 0);
	if (json_typeof(a) != json_typeof(b))
		return (0);
	switch (json_typeof(a)) {
	case JSON_STRING:
		return (string_equal(a, b, work));
	case JSON_ARRAY:
		return (array_equal(a, b, depth - 1, work));
	case JSON_OBJECT:
		return (object_equal(a, b, depth - 1, work));
	default:
		return (1);
	}
}

int
value_equal(json_t *a, json_t *b, uint64_t *work)
{
	return (equal_deep(a, b, SCHEMA_VALUE_DEPTH, work));
}

/* FNV-1a, folded once more at the end by mix(). */
static uint64_t
bytes_hash(const char *s, size_t n, uint64_t h)
{
	while (n-- > 0)
		h = (h ^ (unsigned char)*s++) * UINT64_C(0x100000001b3);
	return (h);
}

/* Finaliser of splitmix64: spreads every bit over all. */
static uint64_t
mix(uint64_t h)
{
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return (h ^ h >> 31);
}

static uint64_t
number_hash(const json_t *v)
{
	json_int_t i;
	double d;
	uint64_t bits;

	if (json_is_real(v)) {
		d = json_real_value(v);
		if (d != trunc(d) || d >= TWO63 || d < -TWO63) {
			memcpy(&bits, &d, sizeof(bits));
			return (bits);
		}
		i = (json_int_t)d;
	} else
		i = json_integer_value(v);
	return ((uint64_t)i);
}

static int	hash_deep(json_t *, uint64_t *, unsigned int, uint64_t *);

static int
array_hash(json_t *v, uint64_t *h, unsigned int depth, uint64_t *work)
{
	uint64_t one;
	size_t i;

	for (i = 0; i < json_array_size(v); i++) {
		if (hash_deep(json_array_get(v, i), &one, depth, work) == -1)
			return (-1);
		*h = mix(*h + one);
	}
	return (0);
}

/* A sum, for the order of members does not matter. */
static int
object_hash(json_t *v, uint64_t *h, unsigned int depth, uint64_t *work)
{
	uint64_t one;
	void *it;

	for (it = json_object_iter(v); it != NULL;
	    it = json_object_iter_next(v, it)) {
		if (hash_deep(json_object_iter_value(it), &one, depth,
		    work) == -1)
			return (-1);
		*h += mix(bytes_hash(json_object_iter_key(it),
		    json_object_iter_key_len(it), one));
	}
	return (0);
}

static int
hash_deep(json_t *v, uint64_t *out, unsigned int depth, uint64_t *work)
{
	uint64_t h = (uint64_t)json_typeof(v);
	int rv = 0;

	if (depth == 0 || spend(work, COST_HASH) == -1)
		return (-1);
	if (json_is_number(v))
		h = number_hash(v);
	else if (json_is_string(v)) {
		rv = spend(work, json_string_length(v) / 4);
		h = bytes_hash(json_string_value(v), json_string_length(v), h);
	} else if (json_is_array(v))
		rv = array_hash(v, &h, depth - 1, work);
	else if (json_is_object(v))
		rv = object_hash(v, &h, depth - 1, work);
	*out = mix(h);
	return (rv);
}

int
value_hash(json_t *v, uint64_t *out, uint64_t *work)
{
	return (hash_deep(v, out, SCHEMA_VALUE_DEPTH, work));
}

const struct entry *
entry_find(const struct entry *v, size_t n, const char *key, size_t len)
{
	size_t lo = 0, hi = n, mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (v[mid].len != len)
			c = v[mid].len < len ? -1 : 1;
		else
			c = memcmp(v[mid].key, key, len);
		if (c == 0)
			return (&v[mid]);
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (NULL);
}
