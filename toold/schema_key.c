/* SPDX-License-Identifier: ISC */
/*
 * The keywords of JSON Schema 2020-12 (core and validation), and how each
 * becomes a rule.  Runs in toold, when a schema is built.  Trusts nothing in
 * the document; touches no files, channels or globals.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema_int.h"

#define COUNT_MAX	9007199254740992.0	/* 2^53 */

static const struct type_name {
	const char	*name;
	unsigned int	 mask;
} type_names[] = {
	{ "null", T(JSON_NULL) },
	{ "boolean", T_BOOLEAN },
	{ "integer", T(JSON_INTEGER) | T_INTEGRAL },
	{ "number", T_NUMBER | T_INTEGRAL },
	{ "string", T(JSON_STRING) },
	{ "array", T(JSON_ARRAY) },
	{ "object", T(JSON_OBJECT) },
};

/* The types of one name, 0 if there are none. */
static unsigned int
type_mask(const json_t *v)
{
	const char *name = json_string_value(v);
	size_t i;

	for (i = 0; name != NULL &&
	    i < sizeof(type_names) / sizeof(type_names[0]); i++)
		if (strcmp(type_names[i].name, name) == 0)
			return (type_names[i].mask);
	return (0);
}

static int
compile_type(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	unsigned int mask;
	size_t i;

	rule->value = v;
	if (json_is_string(v)) {
		if ((rule->mask = type_mask(v)) == 0)
			return (build_fail(b, n, "type", "is not a type"));
		return (0);
	}
	if (json_array_size(v) == 0)
		return (build_fail(b, n, "type", "must be a type or a "
		    "non-empty array of types"));
	for (i = 0; i < json_array_size(v); i++) {
		if ((mask = type_mask(json_array_get(v, i))) == 0)
			return (build_fail(b, n, "type",
			    "item %zu is not a type", i));
		rule->mask |= mask;
	}
	return (0);
}

static int
compile_value(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	rule->value = v;
	return (0);
}

static int
compile_enum(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	if (!json_is_array(v))
		return (build_fail(b, n, "enum", "must be an array"));
	rule->value = v;
	return (0);
}

static int
compile_number(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	if (!json_is_number(v))
		return (build_fail(b, n, rule->kw->name, "must be a number"));
	rule->value = v;
	return (0);
}

static int
compile_multiple(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	if (!json_is_number(v) || json_number_value(v) <= 0)
		return (build_fail(b, n, "multipleOf",
		    "must be a number over 0"));
	rule->value = v;
	return (0);
}

static int
count_read(struct build *b, const struct node *n, const char *kw,
    const json_t *v, uint64_t *out)
{
	double d = json_number_value(v);

	if (!json_is_number(v) || d < 0 || d > COUNT_MAX || d != trunc(d))
		return (build_fail(b, n, kw, "must be an integer of 0 or "
		    "more"));
	*out = (uint64_t)d;
	return (0);
}

static int
compile_count(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	return (count_read(b, n, rule->kw->name, v, &rule->min));
}

static int
compile_pattern(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	if (!json_is_string(v))
		return (build_fail(b, n, "pattern", "must be a string"));
	rule->value = v;
	rule->pattern = build_pattern(b, n, "pattern", json_string_value(v),
	    json_string_length(v));
	return (rule->pattern == NULL ? -1 : 0);
}

static int
compile_unique(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	if (!json_is_boolean(v))
		return (build_fail(b, n, "uniqueItems", "must be a boolean"));
	if (json_is_false(v))
		rule->types = 0;
	return (0);
}

/* An array of names without repeats. */
static int
names_read(struct build *b, const struct node *n, const char *kw,
    const json_t *v, struct entry **out, size_t *nout)
{
	struct entry *e;
	json_t *name;
	size_t i;

	if (!json_is_array(v))
		return (build_fail(b, n, kw, "must be an array of names"));
	*nout = json_array_size(v);
	if ((e = *out = build_alloc(b, *nout, sizeof(*e))) == NULL)
		return (-1);
	for (i = 0; i < *nout; i++) {
		name = json_array_get(v, i);
		if (!json_is_string(name))
			return (build_fail(b, n, kw, "must be an array of "
			    "names"));
		e[i].key = json_string_value(name);
		e[i].len = json_string_length(name);
	}
	return (0);
}

static int
compile_required(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	return (names_read(b, n, "required", v, &rule->entries, &rule->n));
}

/* One entry for each member, in the document's order, names only. */
static int
entries_make(struct build *b, struct rule *rule, json_t *v)
{
	struct entry *e;
	void *it;

	rule->n = json_object_size(v);
	e = rule->entries = build_alloc(b, rule->n, sizeof(*e));
	if (e == NULL)
		return (-1);
	for (it = json_object_iter(v); it != NULL;
	    it = json_object_iter_next(v, it), e++) {
		e->key = json_object_iter_key(it);
		e->len = json_object_iter_key_len(it);
		e->node = build_node(b, json_object_iter_value(it));
	}
	return (0);
}

static int
entry_cmp(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;

	if (a->len != b->len)
		return (a->len < b->len ? -1 : 1);
	return (memcmp(a->key, b->key, a->len));
}

static int
compile_properties(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	if (entries_make(b, rule, v) == -1)
		return (-1);
	qsort(rule->entries, rule->n, sizeof(*rule->entries), entry_cmp);
	return (0);
}

static int
compile_entries(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	return (entries_make(b, rule, v));
}

static int
compile_patterns(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	struct entry *e;

	if (entries_make(b, rule, v) == -1)
		return (-1);
	for (e = rule->entries; e < rule->entries + rule->n; e++)
		if ((e->pattern = build_pattern(b, n, rule->kw->name, e->key,
		    e->len)) == NULL)
			return (-1);
	return (0);
}

static int
compile_dep_required(struct build *b, const struct node *n,
    struct rule *rule, json_t *v)
{
	struct entry *e;
	void *it;

	if (!json_is_object(v))
		return (build_fail(b, n, rule->kw->name,
		    "must be an object"));
	if (entries_make(b, rule, v) == -1)
		return (-1);
	e = rule->entries;
	for (it = json_object_iter(v); it != NULL;
	    it = json_object_iter_next(v, it), e++)
		if (names_read(b, n, rule->kw->name,
		    json_object_iter_value(it), &e->names, &e->nnames) == -1)
			return (-1);
	return (0);
}

static int
compile_one(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	rule->node = build_node(b, v);
	return (0);
}

static int
compile_list(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	size_t i;

	rule->n = json_array_size(v);
	rule->list = build_alloc(b, rule->n, sizeof(const struct node *));
	if (rule->list == NULL)
		return (-1);
	for (i = 0; i < rule->n; i++)
		rule->list[i] = build_node(b, json_array_get(v, i));
	return (0);
}

static int
compile_additional(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	rule->node = build_node(b, v);
	rule->named = node_rule(n, "properties");
	rule->matched = node_rule(n, "patternProperties");
	return (0);
}

static int
compile_items(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	rule->node = build_node(b, v);
	rule->min = json_array_size(json_object_get(n->src, "prefixItems"));
	return (0);
}

static int
compile_contains(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	const json_t *min = json_object_get(n->src, "minContains");
	const json_t *max = json_object_get(n->src, "maxContains");

	rule->node = build_node(b, v);
	rule->min = 1;
	rule->max = UINT64_MAX;
	if (min != NULL &&
	    count_read(b, n, "minContains", min, &rule->min) == -1)
		return (-1);
	if (max != NULL &&
	    count_read(b, n, "maxContains", max, &rule->max) == -1)
		return (-1);
	return (0);
}

static int
compile_if(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	rule->node = build_node(b, v);
	rule->yes = build_node(b, json_object_get(n->src, "then"));
	rule->no = build_node(b, json_object_get(n->src, "else"));
	return (0);
}

/* $ref and $dynamicRef; only the latter looks at the anchor. */
static int
compile_ref(struct build *b, const struct node *n, struct rule *rule,
    json_t *v)
{
	const char *ref = json_string_value(v);

	if (ref == NULL || strlen(ref) != json_string_length(v))
		return (build_fail(b, n, rule->kw->name, "must be a string"));
	rule->node = build_target(b, n, rule->kw->name, ref, &rule->anchor);
	return (rule->node == NULL ? -1 : 0);
}

#define ARRAY	T(JSON_ARRAY)
#define OBJECT	T(JSON_OBJECT)
#define STRING	T(JSON_STRING)

/*
 * Cheap rules come first.  patternProperties and properties come before
 * additionalProperties, which asks for them; what counts evaluated members
 * comes last.
 */
const struct keyword schema_keywords[] = {
	{ "type", T_ANY, SUB_NONE, compile_type, check_type },
	{ "const", T_ANY, SUB_NONE, compile_value, check_const },
	{ "enum", T_ANY, SUB_NONE, compile_enum, check_enum },
	{ "minimum", T_NUMBER, SUB_NONE, compile_number, check_min },
	{ "maximum", T_NUMBER, SUB_NONE, compile_number, check_max },
	{ "exclusiveMinimum", T_NUMBER, SUB_NONE, compile_number,
	    check_xmin },
	{ "exclusiveMaximum", T_NUMBER, SUB_NONE, compile_number,
	    check_xmax },
	{ "multipleOf", T_NUMBER, SUB_NONE, compile_multiple,
	    check_multiple },
	{ "minLength", STRING, SUB_NONE, compile_count, check_min_length },
	{ "maxLength", STRING, SUB_NONE, compile_count, check_max_length },
	{ "pattern", STRING, SUB_NONE, compile_pattern, check_pattern },
	{ "minItems", ARRAY, SUB_NONE, compile_count, check_min_items },
	{ "maxItems", ARRAY, SUB_NONE, compile_count, check_max_items },
	{ "minProperties", OBJECT, SUB_NONE, compile_count,
	    check_min_props },
	{ "maxProperties", OBJECT, SUB_NONE, compile_count,
	    check_max_props },
	{ "required", OBJECT, SUB_NONE, compile_required, check_required },
	{ "dependentRequired", OBJECT, SUB_NONE, compile_dep_required,
	    check_dep_required },
	{ "properties", OBJECT, SUB_MAP, compile_properties,
	    check_properties },
	{ "patternProperties", OBJECT, SUB_MAP, compile_patterns,
	    check_pattern_props },
	{ "additionalProperties", OBJECT, SUB_ONE, compile_additional,
	    check_additional },
	{ "propertyNames", OBJECT, SUB_ONE, compile_one, check_names },
	{ "prefixItems", ARRAY, SUB_LIST, compile_list, check_prefix },
	{ "items", ARRAY, SUB_ONE, compile_items, check_items },
	{ "contains", ARRAY, SUB_ONE, compile_contains, check_contains },
	{ "minContains", ARRAY, SUB_NONE, compile_count, NULL },
	{ "maxContains", ARRAY, SUB_NONE, compile_count, NULL },
	{ "uniqueItems", ARRAY, SUB_NONE, compile_unique, check_unique },
	{ "$defs", T_ANY, SUB_MAP, NULL, NULL },
	{ "definitions", T_ANY, SUB_MAP, NULL, NULL },
	{ "$ref", T_ANY, SUB_NONE, compile_ref, check_ref },
	{ "$dynamicRef", T_ANY, SUB_NONE, compile_ref, check_dynref },
	{ "allOf", T_ANY, SUB_LIST, compile_list, check_all },
	{ "anyOf", T_ANY, SUB_LIST, compile_list, check_any },
	{ "oneOf", T_ANY, SUB_LIST, compile_list, check_one },
	{ "not", T_ANY, SUB_ONE, compile_one, check_not },
	{ "if", T_ANY, SUB_ONE, compile_if, check_if },
	{ "then", T_ANY, SUB_ONE, NULL, NULL },
	{ "else", T_ANY, SUB_ONE, NULL, NULL },
	{ "dependentSchemas", OBJECT, SUB_MAP, compile_entries,
	    check_dep_schemas },
	{ "unevaluatedItems", ARRAY, SUB_ONE, compile_one,
	    check_uneval_items },
	{ "unevaluatedProperties", OBJECT, SUB_ONE, compile_one,
	    check_uneval_props },
	{ NULL, 0, SUB_NONE, NULL, NULL }
};
