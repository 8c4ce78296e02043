/* SPDX-License-Identifier: ISC */
/*
 * Checks of JSON values against compiled schemas: the walk, its limits and
 * its errors.  Runs in toold.  The schema is our own; the value comes from a
 * client and is not trusted.  Touches no files, channels or globals.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema_int.h"

/* Text that grows in a fixed array and ends in "..." where it is cut. */
struct line {
	char	*s;
	size_t	 size, len;
	int	 full;
};

static void
line_cut(struct line *l)
{
	size_t at = l->len;

	l->full = 1;
	while (at + 4 > l->size || (at > 0 && (l->s[at] & 0xc0) == 0x80))
		at--;
	memcpy(l->s + at, "...", 4);
	l->len = at + 3;
}

static void
line_add(struct line *l, const char *s, size_t n)
{
	if (l->full)
		return;
	if (l->len + n >= l->size) {
		l->s[l->len] = '\0';
		line_cut(l);
		return;
	}
	memcpy(l->s + l->len, s, n);
	l->len += n;
	l->s[l->len] = '\0';
}

/* Controls, line separators and marks of direction. */
static int
cp_unfit(uint32_t cp)
{
	return (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ||
	    (cp >= 0x200e && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfffd);
}

/* Text of others; in a pointer '~' and '/' are escaped, RFC 6901. */
static void
line_add_text(struct line *l, const char *s, size_t len, int pointer)
{
	uint32_t cp;
	size_t n;

	for (; len > 0 && !l->full; s += n, len -= n) {
		n = cp_decode(s, len, &cp);
		if (cp_unfit(cp))
			line_add(l, "?", 1);
		else if (pointer && cp == '~')
			line_add(l, "~0", 2);
		else if (pointer && cp == '/')
			line_add(l, "~1", 2);
		else
			line_add(l, s, n);
	}
}

void
schema_quote(char *out, size_t size, const char *s, size_t len)
{
	struct line l = { out, size - 1, 0, 0 };

	line_add(&l, "\"", 1);
	line_add_text(&l, s, len, 0);
	memcpy(out + l.len, "\"", 2);
}

static void
pointer_add(struct line *l, const struct at *at)
{
	char num[24];
	int n;

	if (at->up == NULL)
		return;
	pointer_add(l, at->up);
	line_add(l, "/", 1);
	if (at->key != NULL)
		line_add_text(l, at->key, at->keylen, 1);
	else {
		n = snprintf(num, sizeof(num), "%zu", at->index);
		line_add(l, num, (size_t)n);
	}
}

const char *
schema_type_name(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "object", [JSON_ARRAY] = "array",
		[JSON_STRING] = "string", [JSON_INTEGER] = "integer",
		[JSON_REAL] = "number", [JSON_TRUE] = "boolean",
		[JSON_FALSE] = "boolean", [JSON_NULL] = "null"
	};

	return (names[json_typeof(v)]);
}

static void
error_set(struct run *r, const struct at *at, const char *rule,
    const char *fmt, va_list ap)
{
	struct schema_error *e = r->err;
	struct line l;

	if (e == NULL)
		return;
	memset(e, 0, sizeof(*e));
	l = (struct line){ e->pointer, sizeof(e->pointer), 0, 0 };
	pointer_add(&l, at);
	e->rule = rule;
	e->type = schema_type_name(at->value);
	(void)vsnprintf(e->message, sizeof(e->message), fmt, ap);
}

/* Always -1.  The rule is the keyword that is being checked. */
int
run_fail(struct run *r, const struct at *at, const char *fmt, ...)
{
	va_list ap;

	if (r->quiet > 0 || r->limited)
		return (-1);
	va_start(ap, fmt);
	error_set(r, at, r->rule, fmt, ap);
	va_end(ap);
	return (-1);
}

static void
error_limit(struct run *r, const struct at *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_set(r, at, "limit", fmt, ap);
	va_end(ap);
}

/* Always -1; from now on every check of this run fails. */
int
run_limit(struct run *r, const struct at *at, const char *what)
{
	if (!r->limited) {
		r->limited = 1;
		error_limit(r, at, "%s", what);
	}
	return (-1);
}

/* Take n steps of work: 0, or -1 past the limit. */
int
run_step(struct run *r, const struct at *at, uint64_t n)
{
	if (r->limited)
		return (-1);
	if (r->work < n) {
		r->work = 0;
		return (run_limit(r, at, "takes too much work to check; "
		    "send less at once"));
	}
	r->work -= n;
	return (0);
}

/* Marks for n members, all clear. */
int
eval_open(struct run *r, const struct at *at, struct eval *ev, size_t n)
{
	size_t words = (n + 63) / 64;

	memset(ev, 0, sizeof(*ev));
	if (run_step(r, at, 1 + words / 8) == -1)
		return (-1);
	ev->n = n;
	if (words <= EVAL_WORDS - r->used) {
		ev->bits = r->pool + r->used;
		ev->used = words;
		r->used += words;
		memset(ev->bits, 0, words * sizeof(*ev->bits));
		return (0);
	}
	if ((ev->bits = calloc(words, sizeof(*ev->bits))) == NULL)
		return (run_limit(r, at, "takes too much memory to check"));
	ev->heap = 1;
	return (0);
}

/* Marks are closed in the reverse order of their opening. */
void
eval_close(struct run *r, struct eval *ev)
{
	if (ev->heap)
		free(ev->bits);
	else
		r->used -= ev->used;
}

void
eval_merge(struct eval *to, const struct eval *from)
{
	size_t i;

	for (i = 0; i < (to->n + 63) / 64; i++)
		to->bits[i] |= from->bits[i];
}

void
eval_mark(struct eval *ev, size_t i)
{
	ev->bits[i / 64] |= UINT64_C(1) << i % 64;
}

int
eval_has(const struct eval *ev, size_t i)
{
	return (ev->bits[i / 64] >> i % 64 & 1);
}

static int
rules_check(struct run *r, const struct node *n, const struct at *at,
    struct eval *ev)
{
	const char *outer = r->rule;
	const struct rule *rule;
	unsigned int type = T(json_typeof(at->value));
	int rv = 0;

	for (rule = n->rules; rule < n->rules + n->nrules; rule++) {
		if ((rule->types & type) == 0)
			continue;
		r->rule = rule->kw->name;
		if ((rv = rule->kw->check(r, rule, at, ev)) != 0)
			break;
	}
	r->rule = outer;
	return (rv);
}

/* As rules_check, for a subschema that asks what it left unevaluated. */
static int
marked_check(struct run *r, const struct node *n, const struct at *at,
    struct eval *outer)
{
	struct eval ev;
	size_t size;
	int rv;

	size = json_is_object(at->value) ? json_object_size(at->value) :
	    json_array_size(at->value);
	if (eval_open(r, at, &ev, size) == -1)
		return (-1);
	rv = rules_check(r, n, at, &ev);
	if (rv == 0 && outer != NULL)
		eval_merge(outer, &ev);
	eval_close(r, &ev);
	return (rv);
}

int
node_check(struct run *r, const struct node *n, const struct at *at,
    struct eval *ev)
{
	struct scope here = { r->scope, n->res };
	int rv;

	if (n->kind == NODE_TRUE)
		return (0);
	if (n->kind == NODE_FALSE)
		return (run_fail(r, at, "is not allowed here"));
	if (run_step(r, at, 1 + n->nrules) == -1)
		return (-1);
	if (r->depth >= SCHEMA_DEPTH_MAX)
		return (run_limit(r, at, "is nested too deeply"));
	r->depth++;
	if (here.up == NULL || here.up->res != here.res)
		r->scope = &here;
	if (n->uneval & T(json_typeof(at->value)))
		rv = marked_check(r, n, at, ev);
	else
		rv = rules_check(r, n, at, ev);
	r->scope = here.up;
	r->depth--;
	return (rv);
}

int
branch_check(struct run *r, const struct node *n, const struct at *at,
    struct eval *ev)
{
	struct eval own;
	int rv;

	if (ev != NULL && eval_open(r, at, &own, ev->n) == -1)
		return (-1);
	r->quiet++;
	rv = node_check(r, n, at, ev == NULL ? NULL : &own);
	r->quiet--;
	if (ev != NULL) {
		if (rv == 0)
			eval_merge(ev, &own);
		eval_close(r, &own);
	}
	return (rv);
}

int
schema_check(const struct schema *s, const json_t *value,
    struct schema_error *err)
{
	struct run r;
	/* jansson iterates over objects that are not const only. */
	struct at at = { NULL, (json_t *)(uintptr_t)value, NULL, 0, 0 };

	r.err = err;
	r.scope = NULL;
	r.rule = "false";
	r.work = SCHEMA_WORK_MAX;
	r.depth = r.quiet = 0;
	r.limited = 0;
	r.used = 0;
	return (node_check(&r, s->root, &at, NULL));
}

struct schema *
schema_compile(const char *json, size_t len, char *err, size_t errlen)
{
	struct build b;
	json_error_t je;

	memset(&b, 0, sizeof(b));
	b.err = err;
	b.errlen = errlen;
	if (len > SCHEMA_TEXT_MAX) {
		(void)snprintf(err, errlen, "schema is longer than %d bytes",
		    SCHEMA_TEXT_MAX);
		return (NULL);
	}
	if ((b.s = calloc(1, sizeof(*b.s))) == NULL) {
		(void)snprintf(err, errlen, "out of memory");
		return (NULL);
	}
	b.s->doc = json_loadb(json, len, JSON_DECODE_ANY | JSON_ALLOW_NUL |
	    JSON_REJECT_DUPLICATES, &je);
	if (b.s->doc == NULL)
		(void)snprintf(err, errlen, "schema is not JSON: %s, line %d",
		    je.text, je.line);
	else if (schema_build(&b) == 0) {
		free(b.nodes);
		return (b.s);
	}
	free(b.nodes);
	schema_free(b.s);
	return (NULL);
}

void
schema_free(struct schema *s)
{
	struct chunk *c;
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->npatterns; i++)
		pattern_free(s->patterns[i]);
	free(s->patterns);
	while ((c = s->chunks) != NULL) {
		s->chunks = c->next;
		free(c);
	}
	json_decref(s->doc);
	free(s);
}
