/* SPDX-License-Identifier: ISC */
/*
 * store_json.c: small JSON and date helpers of the store's tools.  Runs in
 * keepd-toold, on values that the tool's JSON Schema let through and on text
 * from the store.  Pure; never touches the store itself.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "store_art.h"

/*
 * The shortest of 15, 16 and 17 digits that reads back as the same value, so
 * that 0.1 stays 0.1 and nothing is lost.
 */
void
json_put_real(struct buf *b, double d)
{
	char	s[40];
	int	prec;

	if (!isfinite(d)) {
		buf_adds(b, "null");
		return;
	}
	for (prec = 15; prec <= 17; prec++) {
		snprintf(s, sizeof(s), "%.*g", prec, d);
		if (strtod(s, NULL) == d)
			break;
	}
	buf_adds(b, s);
	if (strpbrk(s, ".e") == NULL)
		buf_adds(b, ".0");
}

static void
put_object(struct buf *b, const json_t *v)
{
	void	*it;
	json_t	*o;
	int	 n = 0;

	/* jansson's iterators take no const, though they change nothing. */
	memcpy(&o, &v, sizeof(o));
	buf_addc(b, '{');
	for (it = json_object_iter(o); it != NULL;
	    it = json_object_iter_next(o, it)) {
		if (n++ != 0)
			buf_addc(b, ',');
		buf_add_json(b, json_object_iter_key(it),
		    strlen(json_object_iter_key(it)));
		buf_addc(b, ':');
		json_put(b, json_object_iter_value(it));
	}
	buf_addc(b, '}');
}

void
json_put(struct buf *b, const json_t *v)
{
	size_t	i;

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		put_object(b, v);
		break;
	case JSON_ARRAY:
		buf_addc(b, '[');
		for (i = 0; i < json_array_size(v); i++) {
			if (i != 0)
				buf_addc(b, ',');
			json_put(b, json_array_get(v, i));
		}
		buf_addc(b, ']');
		break;
	case JSON_STRING:
		buf_add_json(b, json_string_value(v), json_string_length(v));
		break;
	case JSON_INTEGER:
		buf_addf(b, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		json_put_real(b, json_real_value(v));
		break;
	case JSON_TRUE:
		buf_adds(b, "true");
		break;
	case JSON_FALSE:
		buf_adds(b, "false");
		break;
	default:
		buf_adds(b, "null");
		break;
	}
}

void
json_put_str(struct buf *b, const char *key, const char *val)
{
	buf_adds(b, ",\"");
	buf_adds(b, key);
	buf_adds(b, "\":");
	buf_add_json(b, val, strlen(val));
}

const char *
json_unknown(const json_t *obj, const char *const *known)
{
	const char	*key;
	json_t		*o;
	void		*it;
	size_t		 i;

	memcpy(&o, &obj, sizeof(o));
	for (it = json_object_iter(o); it != NULL;
	    it = json_object_iter_next(o, it)) {
		key = json_object_iter_key(it);
		for (i = 0; known[i] != NULL; i++)
			if (strcmp(known[i], key) == 0)
				break;
		if (known[i] == NULL)
			return (key);
	}
	return (NULL);
}

int
json_str(struct call *c, const json_t *obj, const char *path, const char *key,
    size_t max, const char **out)
{
	const json_t	*v = json_object_get(obj, key);
	char		 where[160];

	*out = NULL;
	if (v == NULL || json_is_null(v))
		return (0);
	snprintf(where, sizeof(where), "%s.%s", path, key);
	if (!json_is_string(v)) {
		call_invalid(c, where, "must be a string");
		return (-1);
	}
	if (json_string_length(v) > max) {
		call_invalid(c, where, "must not be longer than %zu bytes",
		    max);
		return (-1);
	}
	if (strlen(json_string_value(v)) != json_string_length(v)) {
		call_invalid(c, where, "must not hold U+0000");
		return (-1);
	}
	*out = json_string_value(v);
	return (1);
}

int
json_bool(struct call *c, const json_t *obj, const char *path,
    const char *key, int *out)
{
	const json_t	*v = json_object_get(obj, key);
	char		 where[160];

	if (v == NULL || json_is_null(v))
		return (0);
	if (!json_is_boolean(v)) {
		snprintf(where, sizeof(where), "%s.%s", path, key);
		call_invalid(c, where, "must be true or false");
		return (-1);
	}
	*out = json_is_true(v);
	return (1);
}

int
id_lower(char *out, const char *in)
{
	if (in == NULL || !uuid_valid(in, strlen(in)))
		return (-1);
	memcpy(out, in, UUID_LEN + 1);
	ascii_lower(out);
	return (0);
}

/* ---- dates ---- */

/* What iso_print can write with four digits of the year, in wall ms. */
#define YEAR_1		(-INT64_C(62135596800000))
#define YEAR_10000	INT64_C(253402300800000)

/* Days from 1970-01-01 of a date of the proleptic Gregorian calendar. */
static int64_t
days_of(int64_t y, int m, int d)
{
	int64_t	era, doe;
	int	yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = (int)(y - era * 400);
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return (era * 146097 + doe - 719468);
}

static void
date_of(int64_t days, int *y, int *m, int *d)
{
	int64_t	era;
	int	doe, yoe, doy, mp;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = (int)(days - era * 146097);
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp + (mp < 10 ? 3 : -9);
	*y = (int)(yoe + era * 400) + (*m <= 2);
}

/* Exactly n digits at s, inside lo..hi: 0 or -1. */
static int
digits(const char *s, int n, int lo, int hi, int *out)
{
	int	i, v = 0;

	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return (-1);
		v = v * 10 + (s[i] - '0');
	}
	*out = v;
	return (v >= lo && v <= hi ? 0 : -1);
}

static int
month_days(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };

	if (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0))
		return (29);
	return (days[m - 1]);
}

/* "Z", "+hh:mm" or nothing: minutes in *off.  0 or -1. */
static int
zone_parse(const char *s, size_t len, int zone, int *off)
{
	int	h, m;

	*off = 0;
	if (len == 0)
		return (zone ? -1 : 0);
	if (!zone)
		return (-1);
	if (len == 1 && (*s == 'Z' || *s == 'z'))
		return (0);
	if (len != 6 || (*s != '+' && *s != '-') || s[3] != ':' ||
	    digits(s + 1, 2, 0, 23, &h) == -1 ||
	    digits(s + 4, 2, 0, 59, &m) == -1)
		return (-1);
	*off = (h * 60 + m) * (*s == '-' ? -1 : 1);
	return (0);
}

/* YYYY-MM-DDTHH:MM:SS[.f..fff][zone]; a blank instead of T is taken too. */
int
iso_parse(const char *s, size_t len, int zone, int64_t *ms)
{
	int	y, mo, d, h, mi, sec, off, frac = 0, n = 0;
	size_t	i;

	if (len < 19 || digits(s, 4, 1, 9999, &y) == -1 || s[4] != '-' ||
	    digits(s + 5, 2, 1, 12, &mo) == -1 || s[7] != '-' ||
	    digits(s + 8, 2, 1, month_days(y, mo), &d) == -1 ||
	    (s[10] != 'T' && s[10] != ' ') ||
	    digits(s + 11, 2, 0, 23, &h) == -1 || s[13] != ':' ||
	    digits(s + 14, 2, 0, 59, &mi) == -1 || s[16] != ':' ||
	    digits(s + 17, 2, 0, 59, &sec) == -1)
		return (-1);
	i = 19;
	if (i < len && s[i] == '.') {
		for (i++; i < len && s[i] >= '0' && s[i] <= '9'; i++, n++)
			if (n < 3)
				frac = frac * 10 + (s[i] - '0');
			else if (s[i] != '0')
				return (-1);	/* finer than we keep */
		if (n == 0)
			return (-1);
		for (; n < 3; n++)
			frac *= 10;
	}
	if (zone_parse(s + i, len - i, zone, &off) == -1)
		return (-1);
	*ms = ((days_of(y, mo, d) * 24 + h) * 60 + mi - off) * 60000 +
	    sec * 1000 + frac;
	return (*ms >= YEAR_1 && *ms < YEAR_10000 ? 0 : -1);
}

void
iso_print(int64_t ms, int zone, char *out)
{
	int64_t	days = ms / 86400000;
	int	rest = (int)(ms % 86400000), y, m, d;

	if (rest < 0) {
		rest += 86400000;
		days--;
	}
	date_of(days, &y, &m, &d);
	snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%s", y, m, d,
	    rest / 3600000, rest / 60000 % 60, rest / 1000 % 60, rest % 1000,
	    zone ? "Z" : "");
}
