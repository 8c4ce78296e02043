/* SPDX-License-Identifier: ISC */
/*
 * Assertions of JSON Schema 2020-12 (validation, section 6): each function
 * is one row of the keyword table.  Runs in toold.  The value comes from a
 * client and is not trusted; touches no files, channels or globals.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema_int.h"

#define NAME_MAX_SHOWN	80	/* bytes of a name in a message */

/* "a", "b" or "c": the strings of an array, or NULL if they do not fit. */
static const char *
list_print(char *out, size_t size, const json_t *list, int quoted)
{
	char one[NAME_MAX_SHOWN];
	const json_t *v;
	size_t i, n = json_array_size(list), len = 0;
	int add;

	out[0] = '\0';
	for (i = 0; i < n; i++) {
		v = json_array_get(list, i);
		if (!json_is_string(v))
			return (NULL);
		if (quoted)
			schema_quote(one, sizeof(one), json_string_value(v),
			    json_string_length(v));
		add = snprintf(out + len, size - len, "%s%s", i == 0 ? "" :
		    i == n - 1 ? " or " : ", ",
		    quoted ? one : json_string_value(v));
		if (add < 0 || (size_t)add >= size - len)
			return (NULL);
		len += (size_t)add;
	}
	return (out);
}

int
check_type(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	char names[128];

	if (rule->mask & T(json_typeof(at->value)))
		return (0);
	if ((rule->mask & T_INTEGRAL) && number_integral(at->value))
		return (0);
	if (json_is_string(rule->value))
		return (run_fail(r, at, "must be of type %s",
		    json_string_value(rule->value)));
	return (run_fail(r, at, "must be of type %s",
	    list_print(names, sizeof(names), rule->value, 0)));
}

static int
same_value(struct run *r, const struct at *at, json_t *want)
{
	int same;

	if ((same = value_equal(at->value, want, &r->work)) == -1)
		return (run_limit(r, at, "takes too much work to compare"));
	return (same);
}

int
check_const(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	char text[128];
	int same;

	if ((same = same_value(r, at, rule->value)) != 0)
		return (same == 1 ? 0 : -1);
	if (!json_is_string(rule->value))
		return (run_fail(r, at, "is not the one allowed value"));
	schema_quote(text, sizeof(text), json_string_value(rule->value),
	    json_string_length(rule->value));
	return (run_fail(r, at, "must be %s", text));
}

int
check_enum(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	char names[SCHEMA_MESSAGE_MAX - 32];
	size_t i, n = json_array_size(rule->value);
	int same;

	for (i = 0; i < n; i++) {
		same = same_value(r, at, json_array_get(rule->value, i));
		if (same != 0)
			return (same == 1 ? 0 : -1);
	}
	if (n == 0 || r->quiet > 0 ||
	    list_print(names, sizeof(names), rule->value, 1) == NULL)
		return (run_fail(r, at, "is none of the %zu allowed values",
		    n));
	return (run_fail(r, at, "must be %s", names));
}

/* Fail with the number that the value was held against. */
static int
fail_number(struct run *r, const struct rule *rule, const struct at *at,
    const char *what)
{
	if (json_is_integer(rule->value))
		return (run_fail(r, at, "must be %s %" JSON_INTEGER_FORMAT,
		    what, json_integer_value(rule->value)));
	return (run_fail(r, at, "must be %s %.15g", what,
	    json_real_value(rule->value)));
}

int
check_min(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	if (number_cmp(at->value, rule->value) >= 0)
		return (0);
	return (fail_number(r, rule, at, "at least"));
}

int
check_max(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	if (number_cmp(at->value, rule->value) <= 0)
		return (0);
	return (fail_number(r, rule, at, "at most"));
}

int
check_xmin(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	if (number_cmp(at->value, rule->value) > 0)
		return (0);
	return (fail_number(r, rule, at, "more than"));
}

int
check_xmax(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	if (number_cmp(at->value, rule->value) < 0)
		return (0);
	return (fail_number(r, rule, at, "less than"));
}

int
check_multiple(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	switch (number_multiple(at->value, rule->value, &r->work)) {
	case 1:
		return (0);
	case -1:
		return (run_limit(r, at, "takes too much work to check"));
	default:
		break;
	}
	return (fail_number(r, rule, at, "a multiple of"));
}

/* Code points of a string: every byte but the continuation bytes. */
static uint64_t
string_points(const json_t *v)
{
	const char *s = json_string_value(v);
	size_t len = json_string_length(v);
	uint64_t n = 0;

	while (len-- > 0)
		n += (*s++ & 0xc0) != 0x80;
	return (n);
}

int
check_min_length(struct run *r, const struct rule *rule,
    const struct at *at, struct eval *ev)
{
	if (run_step(r, at, json_string_length(at->value) / 64) == -1)
		return (-1);
	if (string_points(at->value) >= rule->min)
		return (0);
	return (run_fail(r, at, "must have at least %llu characters",
	    (unsigned long long)rule->min));
}

int
check_max_length(struct run *r, const struct rule *rule,
    const struct at *at, struct eval *ev)
{
	if (json_string_length(at->value) <= rule->min)
		return (0);
	if (run_step(r, at, json_string_length(at->value) / 64) == -1)
		return (-1);
	if (string_points(at->value) <= rule->min)
		return (0);
	return (run_fail(r, at, "must have at most %llu characters",
	    (unsigned long long)rule->min));
}

int
check_pattern(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	char text[160];

	switch (pattern_match(rule->pattern, json_string_value(at->value),
	    json_string_length(at->value), &r->work)) {
	case PATTERN_YES:
		return (0);
	case PATTERN_LIMIT:
		return (run_limit(r, at, "is too long for its pattern"));
	case PATTERN_NO:
		break;
	}
	if (r->quiet > 0)
		return (-1);
	schema_quote(text, sizeof(text), json_string_value(rule->value),
	    json_string_length(rule->value));
	return (run_fail(r, at, "must match the pattern %s", text));
}

int
check_min_items(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	if (json_array_size(at->value) >= rule->min)
		return (0);
	return (run_fail(r, at, "must have at least %llu items",
	    (unsigned long long)rule->min));
}

int
check_max_items(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	if (json_array_size(at->value) <= rule->min)
		return (0);
	return (run_fail(r, at, "must have at most %llu items",
	    (unsigned long long)rule->min));
}

int
check_min_props(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	if (json_object_size(at->value) >= rule->min)
		return (0);
	return (run_fail(r, at, "must have at least %llu properties",
	    (unsigned long long)rule->min));
}

int
check_max_props(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	if (json_object_size(at->value) <= rule->min)
		return (0);
	return (run_fail(r, at, "must have at most %llu properties",
	    (unsigned long long)rule->min));
}

int
check_required(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	char name[NAME_MAX_SHOWN];
	const struct entry *e;

	if (run_step(r, at, rule->n * STEP_LOOKUP) == -1)
		return (-1);
	for (e = rule->entries; e < rule->entries + rule->n; e++) {
		if (json_object_getn(at->value, e->key, e->len) != NULL)
			continue;
		schema_quote(name, sizeof(name), e->key, e->len);
		return (run_fail(r, at, "property %s is missing", name));
	}
	return (0);
}

int
check_dep_required(struct run *r, const struct rule *rule,
    const struct at *at, struct eval *ev)
{
	char name[NAME_MAX_SHOWN], other[NAME_MAX_SHOWN];
	const struct entry *e, *d;

	for (e = rule->entries; e < rule->entries + rule->n; e++) {
		if (run_step(r, at, STEP_LOOKUP * (1 + e->nnames)) == -1)
			return (-1);
		if (json_object_getn(at->value, e->key, e->len) == NULL)
			continue;
		for (d = e->names; d < e->names + e->nnames; d++) {
			if (json_object_getn(at->value, d->key, d->len) !=
			    NULL)
				continue;
			schema_quote(name, sizeof(name), d->key, d->len);
			schema_quote(other, sizeof(other), e->key, e->len);
			return (run_fail(r, at, "property %s is missing, "
			    "which goes with %s", name, other));
		}
	}
	return (0);
}

static int
fail_twins(struct run *r, const struct at *at, size_t i, size_t j)
{
	return (run_fail(r, at, "items %zu and %zu are equal",
	    i < j ? i : j, i < j ? j : i));
}

/* Every pair, for short arrays. */
static int
unique_pairs(struct run *r, const struct at *at, size_t n)
{
	size_t i, j;
	int same;

	for (i = 1; i < n; i++)
		for (j = 0; j < i; j++) {
			same = value_equal(json_array_get(at->value, i),
			    json_array_get(at->value, j), &r->work);
			if (same == -1)
				return (run_limit(r, at, "takes too much "
				    "work to compare"));
			if (same)
				return (fail_twins(r, at, j, i));
		}
	return (0);
}

struct hashed {
	uint64_t	hash;
	size_t		index;
};

static int
hashed_cmp(const void *va, const void *vb)
{
	const struct hashed *a = va, *b = vb;

	if (a->hash != b->hash)
		return (a->hash < b->hash ? -1 : 1);
	return (a->index < b->index ? -1 : a->index > b->index);
}

/* Pairs of equal hashes only.  A run of many is bounded by the work. */
static int
unique_hashed(struct run *r, const struct at *at, const struct hashed *h,
    size_t n)
{
	size_t i, j;
	int same;

	for (i = 1; i < n; i++)
		for (j = i; j-- > 0 && h[j].hash == h[i].hash;) {
			same = value_equal(
			    json_array_get(at->value, h[i].index),
			    json_array_get(at->value, h[j].index), &r->work);
			if (same == -1)
				return (run_limit(r, at, "takes too much "
				    "work to compare"));
			if (same)
				return (fail_twins(r, at, h[j].index,
				    h[i].index));
		}
	return (0);
}

static int
unique_sorted(struct run *r, const struct at *at, size_t n)
{
	struct hashed *h;
	size_t i;
	int rv = -1;

	if (run_step(r, at, n * STEP_ALLOC) == -1)
		return (-1);
	if ((h = calloc(n, sizeof(*h))) == NULL)
		return (run_limit(r, at, "takes too much memory to check"));
	for (i = 0; i < n; i++) {
		h[i].index = i;
		if (value_hash(json_array_get(at->value, i), &h[i].hash,
		    &r->work) == -1) {
			(void)run_limit(r, at, "takes too much work to "
			    "compare");
			goto out;
		}
	}
	qsort(h, n, sizeof(*h), hashed_cmp);
	rv = unique_hashed(r, at, h, n);
out:
	free(h);
	return (rv);
}

int
check_unique(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	size_t n = json_array_size(at->value);

	if (n <= SCHEMA_UNIQUE_SMALL)
		return (unique_pairs(r, at, n));
	return (unique_sorted(r, at, n));
}
