/* SPDX-License-Identifier: ISC */
/*
 * Schema documents to nodes.  First every subschema is indexed with its base
 * URI and anchors, then its keywords become rules and references find their
 * targets.  Runs in toold, when a schema is built.  Trusts nothing in the
 * document; never fetches anything; touches no files, channels or globals.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema_int.h"

#define DIALECT	"https://json-schema.org/draft/2020-12/schema"

static struct rule no_rules[1];
static const struct node node_true = { .kind = NODE_TRUE };
static const struct node node_false = { .kind = NODE_FALSE };

static int	index_value(struct build *, json_t *, struct node *,
		    unsigned int);

/* Write the place of a node into out, of at least one byte: its length. */
static size_t
place_print(char *out, size_t size, const struct node *n)
{
	size_t len;
	int add;

	if (n == NULL || n->up == NULL) {
		out[0] = '\0';
		return (0);
	}
	len = place_print(out, size, n->up);
	if (n->key != NULL)
		add = snprintf(out + len, size - len, "/%s/%s", n->via,
		    n->key);
	else if (n->index != SIZE_MAX)
		add = snprintf(out + len, size - len, "/%s/%zu", n->via,
		    n->index);
	else
		add = snprintf(out + len, size - len, "/%s", n->via);
	if (add < 0 || (size_t)add >= size - len)
		return (size - 1);
	return (len + (size_t)add);
}

/* Always -1. */
int
build_fail(struct build *b, const struct node *n, const char *kw,
    const char *fmt, ...)
{
	char place[256], why[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	(void)place_print(place, sizeof(place), n);
	if (b->errlen > 0)
		(void)snprintf(b->err, b->errlen, "#%s%s%s: %s", place,
		    kw == NULL ? "" : "/", kw == NULL ? "" : kw, why);
	return (-1);
}

/* Zeroed memory that lives as long as the schema, or NULL with a message. */
void *
build_alloc(struct build *b, size_t n, size_t size)
{
	struct chunk *c;

	if (size != 0 && n > (SIZE_MAX - sizeof(*c)) / size)
		c = NULL;
	else
		c = calloc(1, sizeof(*c) + n * size);
	if (c == NULL) {
		(void)build_fail(b, NULL, NULL, "out of memory");
		return (NULL);
	}
	c->next = b->s->chunks;
	b->s->chunks = c;
	return (c->data);
}

static char *
build_strdup(struct build *b, const char *s)
{
	size_t n = strlen(s) + 1;
	char *p;

	if ((p = build_alloc(b, n, 1)) != NULL)
		memcpy(p, s, n);
	return (p);
}

struct pattern *
build_pattern(struct build *b, const struct node *n, const char *kw,
    const char *text, size_t len)
{
	struct schema *s = b->s;
	struct pattern **v, *p;
	char why[160];

	v = realloc(s->patterns, (s->npatterns + 1) * sizeof(struct pattern *));
	if (v == NULL) {
		(void)build_fail(b, n, kw, "out of memory");
		return (NULL);
	}
	s->patterns = v;
	if ((p = pattern_compile(text, len, why, sizeof(why))) == NULL) {
		(void)build_fail(b, n, kw, "%s", why);
		return (NULL);
	}
	v[s->npatterns++] = p;
	return (p);
}

static struct node *
node_new(struct build *b, json_t *src)
{
	struct node **v, *n;
	size_t cap;

	if (b->n >= SCHEMA_NODES_MAX) {
		(void)build_fail(b, NULL, NULL, "more than %d subschemas",
		    SCHEMA_NODES_MAX);
		return (NULL);
	}
	if (b->n == b->cap) {
		cap = b->cap == 0 ? 64 : b->cap * 2;
		v = realloc(b->nodes, cap * sizeof(struct node *));
		if (v == NULL) {
			(void)build_fail(b, NULL, NULL, "out of memory");
			return (NULL);
		}
		b->nodes = v;
		b->cap = cap;
	}
	if ((n = build_alloc(b, 1, sizeof(*n))) == NULL)
		return (NULL);
	n->src = src;
	n->index = SIZE_MAX;
	n->rules = no_rules;
	b->nodes[b->n++] = n;
	return (n);
}

static struct resource *
resource_find(struct build *b, const char *uri)
{
	struct resource *res;

	for (res = b->s->resources; res != NULL; res = res->next)
		if (strcmp(res->uri, uri) == 0)
			return (res);
	return (NULL);
}

static struct resource *
resource_new(struct build *b, const struct node *n, const char *uri)
{
	struct resource *res;

	if (resource_find(b, uri) != NULL) {
		(void)build_fail(b, n, "$id", "the same as another $id");
		return (NULL);
	}
	if ((res = build_alloc(b, 1, sizeof(*res))) == NULL ||
	    (res->uri = build_strdup(b, uri)) == NULL)
		return (NULL);
	res->node = n;
	res->next = b->s->resources;
	b->s->resources = res;
	return (res);
}

/* Text of a string member without NUL, or NULL; *rv is -1 if it is bad. */
static const char *
member_text(struct build *b, const struct node *n, const char *kw, int *rv)
{
	const json_t *v = json_object_get(n->src, kw);

	if (v == NULL)
		return (NULL);
	if (!json_is_string(v) ||
	    strlen(json_string_value(v)) != json_string_length(v)) {
		*rv = build_fail(b, n, kw, "must be a string");
		return (NULL);
	}
	return (json_string_value(v));
}

static int
index_dialect(struct build *b, struct node *n)
{
	const char *text;
	int rv = 0;

	text = member_text(b, n, "$schema", &rv);
	if (text != NULL && strcmp(text, DIALECT) != 0 &&
	    strcmp(text, DIALECT "#") != 0)
		return (build_fail(b, n, "$schema", "only %s is supported",
		    DIALECT));
	return (rv);
}

/* The node's resource: that of its parent unless it has an $id. */
static int
index_id(struct build *b, struct node *n)
{
	char uri[SCHEMA_URI_MAX];
	const char *base, *id, *fragment;
	int rv = 0;

	base = n->up == NULL ? "" : n->up->res->uri;
	id = member_text(b, n, "$id", &rv);
	if (rv == -1)
		return (-1);
	if (id == NULL && n->up != NULL) {
		n->res = n->up->res;
		return (0);
	}
	if (ref_resolve(base, id == NULL ? "" : id, uri, sizeof(uri),
	    &fragment) == -1)
		return (build_fail(b, n, "$id", "too long"));
	if (*fragment != '\0')
		return (build_fail(b, n, "$id", "must not have a fragment"));
	n->res = resource_new(b, n, uri);
	return (n->res == NULL ? -1 : 0);
}

static const struct anchor *
anchor_find(const struct resource *res, const char *name)
{
	const struct anchor *a;

	for (a = res->anchors; a != NULL; a = a->next)
		if (strcmp(a->name, name) == 0)
			return (a);
	return (NULL);
}

static int
anchor_valid(const char *s)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz_";

	if (*s == '\0' || strchr(first, *s) == NULL)
		return (0);
	while (*s != '\0' && (strchr(first, *s) != NULL ||
	    strchr("0123456789-.", *s) != NULL))
		s++;
	return (*s == '\0');
}

static int
index_anchor(struct build *b, struct node *n, const char *kw, int dynamic)
{
	struct resource *res = NULL, *it;
	struct anchor *a;
	const char *name;
	int rv = 0;

	if ((name = member_text(b, n, kw, &rv)) == NULL)
		return (rv);
	if (!anchor_valid(name))
		return (build_fail(b, n, kw, "must be a plain name"));
	for (it = b->s->resources; it != NULL; it = it->next)
		if (it == n->res)
			res = it;
	if (res == NULL || anchor_find(res, name) != NULL)
		return (build_fail(b, n, kw, "the same as another anchor"));
	if ((a = build_alloc(b, 1, sizeof(*a))) == NULL)
		return (-1);
	a->name = name;
	a->node = n;
	a->dynamic = dynamic;
	a->next = res->anchors;
	res->anchors = a;
	return (0);
}

/* What follows from index_value for one subschema below n. */
static int
index_below(struct build *b, json_t *v, const struct node *n,
    const char *via, const char *key, size_t i, unsigned int nest)
{
	struct node *sub;

	if (json_is_boolean(v))
		return (0);
	if ((sub = node_new(b, v)) == NULL)
		return (-1);
	sub->up = n;
	sub->via = via;
	sub->key = key;
	sub->index = i;
	return (index_value(b, v, sub, nest));
}

static int
index_list(struct build *b, const struct node *n, const char *via, json_t *v,
    unsigned int nest)
{
	size_t i;

	if (!json_is_array(v) || json_array_size(v) == 0)
		return (build_fail(b, n, via, "must be a non-empty array"));
	for (i = 0; i < json_array_size(v); i++)
		if (index_below(b, json_array_get(v, i), n, via, NULL, i,
		    nest) == -1)
			return (-1);
	return (0);
}

static int
index_map(struct build *b, const struct node *n, const char *via, json_t *v,
    unsigned int nest)
{
	void *it;

	if (!json_is_object(v))
		return (build_fail(b, n, via, "must be an object"));
	for (it = json_object_iter(v); it != NULL;
	    it = json_object_iter_next(v, it))
		if (index_below(b, json_object_iter_value(it), n, via,
		    json_object_iter_key(it), SIZE_MAX, nest) == -1)
			return (-1);
	return (0);
}

static int
index_keyword(struct build *b, const struct node *n, const struct keyword *kw,
    json_t *v, unsigned int nest)
{
	switch (kw->sub) {
	case SUB_NONE:
		return (0);
	case SUB_ONE:
		return (index_below(b, v, n, kw->name, NULL, SIZE_MAX, nest));
	case SUB_LIST:
		return (index_list(b, n, kw->name, v, nest));
	case SUB_MAP:
		return (index_map(b, n, kw->name, v, nest));
	}
	return (-1);
}

static int
index_value(struct build *b, json_t *v, struct node *n, unsigned int nest)
{
	const struct keyword *kw;
	json_t *sub;

	if (!json_is_object(v))
		return (build_fail(b, n, NULL,
		    "must be an object or a boolean"));
	if (nest >= SCHEMA_NEST_MAX)
		return (build_fail(b, n, NULL, "is nested too deeply"));
	if (index_dialect(b, n) == -1 || index_id(b, n) == -1 ||
	    index_anchor(b, n, "$anchor", 0) == -1 ||
	    index_anchor(b, n, "$dynamicAnchor", 1) == -1)
		return (-1);
	for (kw = schema_keywords; kw->name != NULL; kw++) {
		sub = json_object_get(v, kw->name);
		if (sub != NULL && index_keyword(b, n, kw, sub,
		    nest + 1) == -1)
			return (-1);
	}
	return (0);
}

static int
node_cmp(const void *va, const void *vb)
{
	uintptr_t a = (uintptr_t)(*(struct node *const *)va)->src;
	uintptr_t b = (uintptr_t)(*(struct node *const *)vb)->src;

	return (a < b ? -1 : a > b);
}

/* The node of an indexed subschema, or NULL. */
const struct node *
build_node(struct build *b, const json_t *v)
{
	struct node key, *keyp = &key, **found;

	if (v == NULL)
		return (NULL);
	if (json_is_boolean(v))
		return (json_is_true(v) ? &node_true : &node_false);
	memset(&key, 0, sizeof(key));
	key.src = (json_t *)(uintptr_t)v;
	found = bsearch(&keyp, b->nodes, b->n, sizeof(struct node *),
	    node_cmp);
	return (found == NULL ? NULL : *found);
}

/* The next token of a JSON pointer, unescaped in place; *p moves behind it. */
static char *
token_next(char **p)
{
	char *token = *p, *in, *out;

	for (in = out = token; *in != '\0' && *in != '/'; in++)
		if (in[0] == '~' && (in[1] == '0' || in[1] == '1'))
			*out++ = *++in == '0' ? '~' : '/';
		else
			*out++ = *in;
	*p = *in == '/' ? in + 1 : NULL;
	*out = '\0';
	return (token);
}

static json_t *
array_member(const json_t *v, const char *token)
{
	size_t i = 0, n = strlen(token);

	if (n == 0 || n > 9 || strspn(token, "0123456789") != n ||
	    (n > 1 && token[0] == '0'))
		return (NULL);
	for (; *token != '\0'; token++)
		i = i * 10 + (size_t)(*token - '0');
	return (json_array_get(v, i));
}

/* RFC 6901 section 4, from a resource's root; NULL if nothing is there. */
static json_t *
pointer_follow(json_t *v, char *pointer)
{
	char *token;

	for (pointer++; pointer != NULL && v != NULL;) {
		token = token_next(&pointer);
		if (json_is_object(v))
			v = json_object_get(v, token);
		else
			v = array_member(v, token);
	}
	return (v);
}

/*
 * The subschema that ref means at node n, or NULL with a message.  *anchor
 * is the name of the fragment if that is a dynamic anchor.
 */
const struct node *
build_target(struct build *b, const struct node *n, const char *kw,
    const char *ref, const char **anchor)
{
	char uri[SCHEMA_URI_MAX], fragment[SCHEMA_URI_MAX];
	const struct anchor *a;
	const struct resource *res;
	const struct node *to = NULL;
	const char *frag;

	*anchor = NULL;
	if (ref_resolve(n->res->uri, ref, uri, sizeof(uri), &frag) == -1 ||
	    strlen(frag) >= sizeof(fragment))
		goto fail;
	memcpy(fragment, frag, strlen(frag) + 1);
	if (ref_unescape(fragment) == -1 ||
	    (res = resource_find(b, uri)) == NULL)
		goto fail;
	if (fragment[0] == '\0')
		to = res->node;
	else if (fragment[0] == '/')
		to = build_node(b, pointer_follow(res->node->src, fragment));
	else if ((a = anchor_find(res, fragment)) != NULL) {
		to = a->node;
		*anchor = a->dynamic ? a->name : NULL;
	}
	if (to != NULL)
		return (to);
fail:
	(void)build_fail(b, n, kw, "names no subschema of this document");
	return (NULL);
}

const struct rule *
node_rule(const struct node *n, const char *kw)
{
	unsigned int i;

	for (i = 0; i < n->nrules; i++)
		if (strcmp(n->rules[i].kw->name, kw) == 0)
			return (&n->rules[i]);
	return (NULL);
}

static int
node_compile(struct build *b, struct node *n)
{
	const struct keyword *kw;
	struct rule *rule;
	json_t *v;

	n->rules = build_alloc(b, json_object_size(n->src) + 1, sizeof(*rule));
	if (n->rules == NULL)
		return (-1);
	for (kw = schema_keywords; kw->name != NULL; kw++) {
		if ((v = json_object_get(n->src, kw->name)) == NULL)
			continue;
		rule = &n->rules[n->nrules];
		memset(rule, 0, sizeof(*rule));
		rule->kw = kw;
		rule->types = kw->types;
		if (kw->compile != NULL && kw->compile(b, n, rule, v) == -1)
			return (-1);
		if (kw->check == NULL)
			continue;
		if (kw->check == check_uneval_items ||
		    kw->check == check_uneval_props)
			n->uneval |= kw->types;
		n->nrules++;
	}
	return (0);
}

int
schema_build(struct build *b)
{
	struct node *root;
	size_t i;

	if (json_is_boolean(b->s->doc)) {
		b->s->root = build_node(b, b->s->doc);
		return (0);
	}
	if ((root = node_new(b, b->s->doc)) == NULL ||
	    index_value(b, b->s->doc, root, 0) == -1)
		return (-1);
	b->s->root = root;
	qsort(b->nodes, b->n, sizeof(struct node *), node_cmp);
	for (i = 0; i < b->n; i++)
		if (node_compile(b, b->nodes[i]) == -1)
			return (-1);
	return (0);
}
