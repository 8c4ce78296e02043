/* SPDX-License-Identifier: ISC */
/*
 * Applicators of JSON Schema 2020-12 (core, sections 8.2.3, 10 and 11): each
 * function is one row of the keyword table.  Runs in toold.  The value comes
 * from a client and is not trusted; touches no files, channels or globals.
 *
 * ev, if not NULL, holds a mark for each member or item of the value; what a
 * keyword evaluated is marked, the rest is what unevaluatedProperties and
 * unevaluatedItems see.
 */
#include <string.h>

#include "schema_int.h"

static void
mark(struct eval *ev, size_t i)
{
	if (ev != NULL)
		eval_mark(ev, i);
}

/* One after the other: 1 and the member, 0 at the end. */
struct members {
	void	*it;
	size_t	 i;
};

static int
member_next(struct members *m, const struct at *at, struct at *child)
{
	if (m->it == NULL)
		m->it = json_object_iter(at->value);
	else {
		m->it = json_object_iter_next(at->value, m->it);
		m->i++;
	}
	if (m->it == NULL)
		return (0);
	child->up = at;
	child->value = json_object_iter_value(m->it);
	child->key = json_object_iter_key(m->it);
	child->keylen = json_object_iter_key_len(m->it);
	return (1);
}

static void
item_at(struct at *child, const struct at *at, size_t i)
{
	child->up = at;
	child->value = json_array_get(at->value, i);
	child->key = NULL;
	child->keylen = 0;
	child->index = i;
}

int
check_properties(struct run *r, const struct rule *rule,
    const struct at *at, struct eval *ev)
{
	struct members m = { NULL, 0 };
	const struct entry *e;
	struct at child;

	if (run_step(r, at, json_object_size(at->value) * STEP_LOOKUP) == -1)
		return (-1);
	while (member_next(&m, at, &child)) {
		e = entry_find(rule->entries, rule->n, child.key,
		    child.keylen);
		if (e == NULL)
			continue;
		if (node_check(r, e->node, &child, NULL) == -1)
			return (-1);
		mark(ev, m.i);
	}
	return (0);
}

/* Does the member's name match: 1, 0, or -1 past the limit. */
static int
name_matches(struct run *r, const struct entry *e, const struct at *child)
{
	switch (pattern_match(e->pattern, child->key, child->keylen,
	    &r->work)) {
	case PATTERN_YES:
		return (1);
	case PATTERN_LIMIT:
		return (run_limit(r, child, "has too long a name for the "
		    "patterns"));
	case PATTERN_NO:
		break;
	}
	return (0);
}

int
check_pattern_props(struct run *r, const struct rule *rule,
    const struct at *at, struct eval *ev)
{
	struct members m = { NULL, 0 };
	const struct entry *e;
	struct at child;
	int hit;

	while (member_next(&m, at, &child))
		for (e = rule->entries; e < rule->entries + rule->n; e++) {
			if (run_step(r, at, 1) == -1 ||
			    (hit = name_matches(r, e, &child)) == -1)
				return (-1);
			if (!hit)
				continue;
			if (node_check(r, e->node, &child, NULL) == -1)
				return (-1);
			mark(ev, m.i);
		}
	return (0);
}

/* Do the siblings of additionalProperties know the member: 1, 0 or -1. */
static int
member_known(struct run *r, const struct rule *rule, const struct at *child)
{
	const struct rule *s;
	size_t i;
	int hit;

	s = rule->named;
	if (s != NULL && entry_find(s->entries, s->n, child->key,
	    child->keylen) != NULL)
		return (1);
	s = rule->matched;
	for (i = 0; s != NULL && i < s->n; i++)
		if ((hit = name_matches(r, &s->entries[i], child)) != 0)
			return (hit);
	return (0);
}

int
check_additional(struct run *r, const struct rule *rule,
    const struct at *at, struct eval *ev)
{
	struct members m = { NULL, 0 };
	struct at child;
	int known;

	if (run_step(r, at, json_object_size(at->value) * STEP_LOOKUP) == -1)
		return (-1);
	while (member_next(&m, at, &child)) {
		if ((known = member_known(r, rule, &child)) == -1)
			return (-1);
		if (known)
			continue;
		if (rule->node->kind == NODE_FALSE)
			return (run_fail(r, &child, "is not a known "
			    "property"));
		if (node_check(r, rule->node, &child, NULL) == -1)
			return (-1);
		mark(ev, m.i);
	}
	return (0);
}

int
check_names(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	struct members m = { NULL, 0 };
	struct at child;
	int rv;

	while (member_next(&m, at, &child)) {
		child.value = json_stringn_nocheck(child.key, child.keylen);
		if (child.value == NULL) {
			child.value = at->value;
			return (run_limit(r, &child, "out of memory"));
		}
		rv = run_step(r, &child, STEP_ALLOC);
		if (rv == 0)
			rv = node_check(r, rule->node, &child, NULL);
		json_decref(child.value);
		if (rv == -1)
			return (-1);
	}
	return (0);
}

int
check_prefix(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	size_t i, n = json_array_size(at->value);
	struct at child;

	for (i = 0; i < n && i < rule->n; i++) {
		item_at(&child, at, i);
		if (node_check(r, rule->list[i], &child, NULL) == -1)
			return (-1);
		mark(ev, i);
	}
	return (0);
}

int
check_items(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	size_t i, n = json_array_size(at->value);
	struct at child;

	if (run_step(r, at, n) == -1)
		return (-1);
	for (i = (size_t)rule->min; i < n; i++) {
		item_at(&child, at, i);
		if (node_check(r, rule->node, &child, NULL) == -1)
			return (-1);
		mark(ev, i);
	}
	return (0);
}

/* Without marks to make the count can stop once it is decided. */
static int
contains_decided(const struct rule *rule, uint64_t count)
{
	return (count > rule->max ||
	    (count >= rule->min && rule->max == UINT64_MAX));
}

int
check_contains(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	size_t i, n = json_array_size(at->value);
	uint64_t count = 0;
	struct at child;

	if (run_step(r, at, n) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		if (ev == NULL && contains_decided(rule, count))
			break;
		item_at(&child, at, i);
		if (branch_check(r, rule->node, &child, NULL) == 0) {
			mark(ev, i);
			count++;
		} else if (r->limited)
			return (-1);
	}
	if (count < rule->min)
		return (run_fail(r, at, "must contain at least %llu matching "
		    "items", (unsigned long long)rule->min));
	if (count > rule->max)
		return (run_fail(r, at, "must contain at most %llu matching "
		    "items", (unsigned long long)rule->max));
	return (0);
}

int
check_dep_schemas(struct run *r, const struct rule *rule,
    const struct at *at, struct eval *ev)
{
	const struct entry *e;

	if (run_step(r, at, rule->n * STEP_LOOKUP) == -1)
		return (-1);
	for (e = rule->entries; e < rule->entries + rule->n; e++)
		if (json_object_getn(at->value, e->key, e->len) != NULL &&
		    node_check(r, e->node, at, ev) == -1)
			return (-1);
	return (0);
}

int
check_all(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	size_t i;

	for (i = 0; i < rule->n; i++)
		if (node_check(r, rule->list[i], at, ev) == -1)
			return (-1);
	return (0);
}

int
check_any(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	size_t i, hits = 0;

	/* With marks to make every alternative is looked at. */
	for (i = 0; i < rule->n && (hits == 0 || ev != NULL); i++) {
		if (branch_check(r, rule->list[i], at, ev) == 0)
			hits++;
		else if (r->limited)
			return (-1);
	}
	if (hits == 0)
		return (run_fail(r, at, "matches none of the %zu allowed "
		    "forms", rule->n));
	return (0);
}

int
check_one(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	size_t i, hits = 0;

	for (i = 0; i < rule->n && hits < 2; i++) {
		if (branch_check(r, rule->list[i], at, ev) == 0)
			hits++;
		else if (r->limited)
			return (-1);
	}
	if (hits == 0)
		return (run_fail(r, at, "matches none of the %zu allowed "
		    "forms", rule->n));
	if (hits > 1)
		return (run_fail(r, at, "matches more than one of the %zu "
		    "forms, of which only one may match", rule->n));
	return (0);
}

int
check_not(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	if (branch_check(r, rule->node, at, NULL) == 0)
		return (run_fail(r, at, "has a form that is not allowed"));
	return (r->limited ? -1 : 0);
}

int
check_if(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	const struct node *next;

	next = branch_check(r, rule->node, at, ev) == 0 ? rule->yes : rule->no;
	if (r->limited)
		return (-1);
	return (next == NULL ? 0 : node_check(r, next, at, ev));
}

int
check_ref(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	return (node_check(r, rule->node, at, ev));
}

static const struct node *
anchor_dynamic(const struct resource *res, const char *name)
{
	const struct anchor *a;

	for (a = res->anchors; a != NULL; a = a->next)
		if (a->dynamic && strcmp(a->name, name) == 0)
			return (a->node);
	return (NULL);
}

/* Core section 8.2.3.2: the outermost resource in scope with the anchor. */
int
check_dynref(struct run *r, const struct rule *rule, const struct at *at,
    struct eval *ev)
{
	const struct node *to = rule->node, *found;
	const struct scope *s;

	for (s = r->scope; s != NULL && rule->anchor != NULL; s = s->up) {
		if (run_step(r, at, 1) == -1)
			return (-1);
		if ((found = anchor_dynamic(s->res, rule->anchor)) != NULL)
			to = found;
	}
	return (node_check(r, to, at, ev));
}

/* ev is never NULL where a subschema has one of the next two. */
int
check_uneval_items(struct run *r, const struct rule *rule,
    const struct at *at, struct eval *ev)
{
	size_t i, n = json_array_size(at->value);
	struct at child;

	if (run_step(r, at, n) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		if (eval_has(ev, i))
			continue;
		item_at(&child, at, i);
		if (node_check(r, rule->node, &child, NULL) == -1)
			return (-1);
		eval_mark(ev, i);
	}
	return (0);
}

int
check_uneval_props(struct run *r, const struct rule *rule,
    const struct at *at, struct eval *ev)
{
	struct members m = { NULL, 0 };
	struct at child;

	if (run_step(r, at, json_object_size(at->value)) == -1)
		return (-1);
	while (member_next(&m, at, &child)) {
		if (eval_has(ev, m.i))
			continue;
		if (rule->node->kind == NODE_FALSE)
			return (run_fail(r, &child, "is not a known "
			    "property"));
		if (node_check(r, rule->node, &child, NULL) == -1)
			return (-1);
		eval_mark(ev, m.i);
	}
	return (0);
}
