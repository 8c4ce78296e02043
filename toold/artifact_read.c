/* SPDX-License-Identifier: ISC */
/*
 * artifact_read.c: get and list of the artifacts of artifact.h.  Runs in
 * keepd-toold.  Answers stay under what clients take in: a record's largest
 * members are left out, and named, unless they are asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "artifact.h"

#define SELECT_MAX	64

static const char *const head_names[] = { "id", "name", "description",
	"package", "ver", "revision", "createdAt", "updatedAt", "createdBy",
	"changedBy", NULL };

static struct query	q_begin = QUERY(
    "SELECT " SQL_SUMMARY " FROM artifact a"
    " WHERE a.type = ?1 AND a.id = ?2");

enum tool_err
artifact_find(struct call *c, enum art_type type, const char *id,
    struct art *a)
{
	int	r;

	call_target(c, id != NULL ? id : "");
	if ((r = art_load(c->who, type, id, ART_DEF, a)) == -1)
		return (store_fail(c));
	if (r == 0 || a->level == PL_NONE) {
		art_free(a);
		return (call_fail(c, "Not Found"));
	}
	call_target(c, a->name);
	return (TE_OK);
}

/* ---- get ---- */

static int
listed(const char *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return (1);
	return (0);
}

/*
 * Bytes of the text before the hidden member.  It is the last one, and its
 * own content holds no such key: the last place is the right one.
 */
static size_t
shown_len(const struct art_group *g, const struct art *a)
{
	char	key[64];
	size_t	n, i;

	if (g->hidden == NULL)
		return (a->def_len - 1);
	n = (size_t)snprintf(key, sizeof(key), ",\"%s\":{", g->hidden);
	for (i = a->def_len - n; i > 0; i--)
		if (a->def[i] == ',' && memcmp(a->def + i, key, n) == 0)
			return (i);
	return (a->def_len - 1);
}

static const struct art_field *
field_find(const struct art_group *g, const char *name)
{
	const struct art_field	*f;

	for (f = g->fields; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return (f);
	return (NULL);
}

static enum tool_err
select_check(struct call *c, const struct art_group *g, const json_t *select)
{
	const char	*name;
	char		 path[64];
	size_t		 i;

	for (i = 0; i < json_array_size(select); i++) {
		name = json_string_value(json_array_get(select, i));
		if (name != NULL && (listed(head_names, name) ||
		    field_find(g, name) != NULL))
			continue;
		snprintf(path, sizeof(path), "select.%zu", i);
		return (call_invalid(c, path, "'%.64s' is not a member of "
		    "this record", name != NULL ? name : ""));
	}
	return (TE_OK);
}

static int
selected(const json_t *select, const char *name)
{
	const char	*s;
	size_t		 i;

	for (i = 0; i < json_array_size(select); i++) {
		s = json_string_value(json_array_get(select, i));
		if (s != NULL && strcmp(s, name) == 0)
			return (1);
	}
	return (0);
}

/* A record of which only some members are wanted. */
static enum tool_err
show_selected(struct call *c, const json_t *tree, const json_t *select)
{
	static const char *const always[] = { "id", "name", "ver",
	    "revision", NULL };
	const char	*key;
	json_t		*t, *v;
	int		 n = 0;

	memcpy(&t, &tree, sizeof(t));
	buf_addc(c->out, '{');
	json_object_foreach(t, key, v) {
		if (!listed(always, key) && !selected(select, key))
			continue;
		buf_addf(c->out, "%s\"%s\":", n++ != 0 ? "," : "", key);
		json_put(c->out, v);
	}
	return (TE_OK);
}

struct member {
	const char	*key;
	size_t		 at, len;	/* in the buffer of texts */
	int		 out;
};

static int
larger(const void *a, const void *b)
{
	const struct member	*const *x = a, *const *y = b;

	return ((*x)->len > (*y)->len ? -1 : (*x)->len < (*y)->len);
}

static void
put_omitted(struct buf *b, const struct member *m, size_t n)
{
	size_t	i, k = 0;

	buf_adds(b, ",\"truncated\":true,\"omitted\":[");
	for (i = 0; i < n; i++)
		if (m[i].out)
			buf_addf(b, "%s{\"member\":\"%s\",\"bytes\":%zu}",
			    k++ != 0 ? "," : "", m[i].key, m[i].len);
	buf_adds(b, "],\"note\":\"The record is large: get the omitted "
	    "members with select, or all of it with full true. Saving the "
	    "rest keeps them as they are.\"");
}

/* The largest members are left out until the rest fits. */
static enum tool_err
show_cut(struct call *c, json_t *tree)
{
	struct member	*m, **by;
	struct buf	 text;
	const char	*key;
	json_t		*v;
	size_t		 n = json_object_size(tree), i = 0, total;

	m = calloc(n + 1, sizeof(*m));
	by = calloc(n + 1, sizeof(*by));
	buf_init(&text, STORE_TEXT_MAX);
	json_object_foreach(tree, key, v) {
		if (m == NULL || by == NULL)
			break;
		by[i] = &m[i];
		m[i].key = key;
		m[i].at = text.len;
		json_put(&text, v);
		m[i].len = text.len - m[i].at;
		i++;
	}
	if (by != NULL && i == n && !text.failed) {
		qsort(by, n, sizeof(*by), larger);
		total = text.len + n * 32;
		for (i = 0; i < n && total > STORE_ANSWER_SOFT; i++) {
			by[i]->out = 1;
			total -= by[i]->len;
		}
		for (i = 0; i < n; i++) {
			if (m[i].out)
				continue;
			buf_addf(c->out, "%c\"%s\":", i == 0 ? '{' : ',',
			    m[i].key);	/* the first, id, is never large */
			buf_add(c->out, text.data + m[i].at, m[i].len);
		}
		put_omitted(c->out, m, n);
	} else
		text.failed = 1;
	free(m);
	free(by);
	i = (size_t)text.failed;
	buf_free(&text);
	return (i != 0 ? call_fail(c, "out of memory") : TE_OK);
}

enum tool_err
artifact_show(struct call *c, const struct art_group *g,
    const struct art *a)
{
	const json_t	*select = json_object_get(c->args, "select");
	enum tool_err	 e;
	json_t		*tree;
	size_t		 len = shown_len(g, a);

	if (select == NULL && (len <= STORE_ANSWER_SOFT ||
	    json_is_true(json_object_get(c->args, "full")))) {
		buf_add(c->out, a->def, len);
		return (TE_OK);
	}
	if ((e = select_check(c, g, select)) != TE_OK)
		return (e);
	if ((tree = art_tree(a)) == NULL)
		return (store_fail(c));
	if (g->hidden != NULL)
		json_object_del(tree, g->hidden);
	if (select != NULL)
		e = show_selected(c, tree, select);
	else
		e = show_cut(c, tree);
	json_decref(tree);
	return (e);
}

enum tool_err
artifact_get(struct call *c)
{
	const struct art_group	*g = artifact_group(c);
	struct art		 a;
	enum tool_err		 e;

	store_read_begin();
	e = artifact_find(c, g->type,
	    json_string_value(json_object_get(c->args, "id")), &a);
	if (e != TE_OK)
		return (e);
	if ((e = artifact_show(c, g, &a)) == TE_OK)
		buf_addc(c->out, '}');
	art_free(&a);
	return (e);
}

/* ---- lists ---- */

/* What a list asks of the fields that are marked AF_SUMMARY. */
struct summary {
	const struct art_group	*g;
	uint64_t		 want;		/* bits of g->fields */
	int			 hide_id;
};

static const char *
list_name(const struct art_field *f)
{
	return (f->listed != NULL ? f->listed : f->name);
}

static int
summary_find(const struct art_group *g, const char *name)
{
	int	i;

	for (i = 0; g->fields[i].name != NULL &&
	    (g->fields[i].flags & AF_SUMMARY); i++)
		if (strcmp(list_name(&g->fields[i]), name) == 0)
			return (i);
	return (-1);
}

static enum tool_err
select_unknown(struct call *c, const struct art_group *g, const char *name)
{
	struct buf	 b;
	char		 path[160];
	enum tool_err	 e;
	int		 i;

	buf_init(&b, 4096);
	for (i = 0; head_names[i] != NULL; i++)
		buf_addf(&b, "%s%s", i != 0 ? ", " : "", head_names[i]);
	for (i = 0; g->fields[i].name != NULL &&
	    (g->fields[i].flags & AF_SUMMARY); i++)
		buf_addf(&b, ", %s", list_name(&g->fields[i]));
	buf_addc(&b, '\0');
	snprintf(path, sizeof(path), "listOptions.select.%.100s", name);
	e = call_invalid(c, path, "is not a field of this list; there are: "
	    "%s", b.failed ? "" : (const char *)b.data);
	buf_free(&b);
	return (e);
}

/*
 * Split select into what the store knows and what is in the records; *args
 * gets arguments for the store, or NULL to take them as they are.
 */
static enum tool_err
list_split(struct call *c, struct summary *s, json_t **args)
{
	json_t		*opts = json_object_get(c->args, "listOptions"), *head;
	const json_t	*select = json_object_get(opts, "select");
	const char	*name;
	size_t		 i;
	int		 f;

	*args = NULL;
	s->want = ~UINT64_C(0);
	if (!json_is_array(select))
		return (TE_OK);
	s->want = 0;
	if ((head = json_array()) == NULL)
		return (call_fail(c, "out of memory"));
	for (i = 0; i < json_array_size(select); i++) {
		name = json_string_value(json_array_get(select, i));
		if (name != NULL && listed(head_names, name))
			json_array_append(head, json_array_get(select, i));
		else if (name != NULL && (f = summary_find(s->g, name)) != -1)
			s->want |= UINT64_C(1) << f;
		else {
			json_decref(head);
			return (select_unknown(c, s->g, name != NULL ? name :
			    ""));
		}
	}
	if (s->want != 0 && !selected(head, "id")) {
		s->hide_id = 1;
		json_array_append_new(head, json_string("id"));
	}
	opts = json_copy(opts);
	if (opts != NULL)
		json_object_set_new(opts, "select", head);
	if ((*args = json_copy(c->args)) == NULL || opts == NULL)
		return (call_fail(c, "out of memory"));
	json_object_set_new(*args, "listOptions", opts);
	return (TE_OK);
}

/* The members of a summary are in the order of the fields. */
static void
summary_add(const struct summary *s, json_t *item, const char *p,
    const char *end)
{
	const struct art_field	*f = s->g->fields;
	const char		*v;
	int			 i;

	for (i = 0; f[i].name != NULL && (f[i].flags & AF_SUMMARY); i++) {
		if ((p = art_summary_next(p, end, &v)) == NULL)
			return;
		if (s->want & (UINT64_C(1) << i))
			json_object_set_new(item, list_name(&f[i]),
			    json_loadb(v, (size_t)(p - v), JSON_DECODE_ANY,
			    NULL));
	}
}

static enum tool_err
summary_items(struct call *c, json_t *items, void *arg)
{
	struct summary	*s = arg;
	struct stmt	*st;
	json_t		*item;
	size_t		 i;

	json_array_foreach(items, i, item) {
		if ((st = query_get(&q_begin)) == NULL)
			return (store_fail(c));
		sql_bind_int(st, 1, s->g->type);
		sql_bind_str(st, 2, json_string_value(json_object_get(item,
		    "id")));
		if (sql_step(st) != 1)
			return (store_fail(c));
		summary_add(s, item, sql_str(st, 0), sql_str(st, 0) +
		    sql_len(st, 0));
		sql_done(st);
		if (s->hide_id)
			json_object_del(item, "id");
	}
	return (TE_OK);
}

/* Items as they are, up to a bound; returns how many. */
static size_t
put_items(struct buf *b, const json_t *items, size_t max)
{
	size_t	i, start = b->len;

	for (i = 0; i < json_array_size(items) && b->len - start <= max; i++) {
		if (i != 0)
			buf_addc(b, ',');
		json_put(b, json_array_get(items, i));
	}
	return (i);
}

static void
put_relist(struct call *c, json_t *list, const char *plural)
{
	json_t	*items = json_object_get(list, plural), *take;
	int64_t	 skip = json_integer_value(json_object_get(list, "skip"));
	size_t	 n;

	take = json_object_get(json_object_get(c->args, "listOptions"),
	    "take");
	buf_addf(c->out, "{\"%s\":[", plural);
	n = put_items(c->out, items, take != NULL ? STORE_ANSWER_MAX :
	    STORE_ANSWER_SOFT);
	buf_addf(c->out, "],\"total\":%lld,\"count\":%zu,\"skip\":%lld,"
	    "\"take\":%lld", (long long)json_integer_value(json_object_get(
	    list, "total")), n, (long long)skip, (long long)
	    json_integer_value(json_object_get(list, "take")));
	if (n < json_array_size(items) || json_is_true(json_object_get(list,
	    "truncated")))
		buf_addf(c->out, ",\"truncated\":true,\"note\":\"The answer "
		    "was cut at its size limit: go on with listOptions.skip "
		    "%lld, or narrow it by where or select.\"",
		    (long long)skip + (long long)n);
	buf_addc(c->out, '}');
}

enum tool_err
artifact_relist(struct call *c, size_t start, enum tool_err (*fn)(
    struct call *, json_t *, void *), void *arg)
{
	const char	*plural = art_kind(artifact_group(c)->type)->plural;
	enum tool_err	 e;
	json_t		*list;

	list = json_loadb((const char *)c->out->data + start,
	    c->out->len - start, 0, NULL);
	if (list == NULL)
		return (call_fail(c, "out of memory"));
	e = fn(c, json_object_get(list, plural), arg);
	if (e == TE_OK) {
		c->out->len = start;
		put_relist(c, list, plural);
	}
	json_decref(list);
	return (e);
}

enum tool_err
artifact_list_without(struct call *c, unsigned int flags)
{
	const char	*names[ART_SUMMARY_MAX + 1];
	struct summary	 s;
	enum tool_err	 e;
	json_t		*args, *given = c->args;
	size_t		 start = c->out->len, i;

	memset(&s, 0, sizeof(s));
	s.g = artifact_group(c);
	for (i = 0; i < ART_SUMMARY_MAX && s.g->fields[i].name != NULL &&
	    (s.g->fields[i].flags & AF_SUMMARY); i++)
		names[i] = list_name(&s.g->fields[i]);
	names[i] = NULL;
	if ((e = list_split(c, &s, &args)) == TE_OK) {
		if (args != NULL)
			c->args = args;
		e = art_list(c, s.g->type, names, flags);
		c->args = given;
	}
	json_decref(args);
	if (e == TE_OK && s.want != 0)
		e = artifact_relist(c, start, summary_items, &s);
	return (e);
}

enum tool_err
artifact_list(struct call *c)
{
	return (artifact_list_without(c, 0));
}
