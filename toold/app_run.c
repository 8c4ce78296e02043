/* SPDX-License-Identifier: ISC */
/*
 * app_run.c: applications on their way to run time: activation with its
 * checks, and the run-time version.  Runs in keepd-toold.  Nothing is
 * compiled or run here; style sheets are checked and passed on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "app.h"

#define COMPONENTS_MAX	200		/* of one app, all levels */

static struct query	q_revision = QUERY(
    "SELECT package, def FROM revision WHERE type = 3 AND id = ?1"
    " AND revision = ?2");

/* ---- style sheets ---- */

struct css {
	const char	*p;
	unsigned int	 line;
	int		 braces, parens;
};

/* Step over a comment or a string; what is wrong, or NULL. */
static const char *
css_skip(struct css *s)
{
	char	quote = *s->p;

	if (quote == '/') {
		for (s->p += 2; *s->p != '\0'; s->p++) {
			if (*s->p == '\n')
				s->line++;
			if (s->p[0] == '*' && s->p[1] == '/') {
				s->p++;
				return (NULL);
			}
		}
		return ("a comment does not end");
	}
	for (s->p++; *s->p != quote; s->p++) {
		if (*s->p == '\\' && s->p[1] != '\0')
			s->p++;
		else if (*s->p == '\0' || *s->p == '\n')
			return ("a string does not end");
	}
	return (NULL);
}

static int
word_is(const char *p, const char *word)
{
	size_t	n = strlen(word);

	return (strncmp(p, word, n) == 0 && !((p[n] >= 'a' && p[n] <= 'z') ||
	    p[n] == '-'));
}

/* What only a Sass compiler understands. */
static const char *
css_sass(const char *p)
{
	static const char *const rules[] = { "mixin", "include", "extend",
	    "use", "forward", "function", "return", "if", "else", "each",
	    "for", "while", NULL };
	size_t			 i;

	if (p[0] == '$')
		return ("a Sass variable: this server takes plain CSS");
	if (p[0] == '#' && p[1] == '{')
		return ("a Sass interpolation: this server takes plain CSS");
	if (p[0] != '@')
		return (NULL);
	for (i = 0; rules[i] != NULL; i++)
		if (word_is(p + 1, rules[i]))
			return ("a Sass rule: this server takes plain CSS");
	return (NULL);
}

static const char *
css_count(struct css *s)
{
	switch (*s->p) {
	case '{': s->braces++; break;
	case '}': s->braces--; break;
	case '(': s->parens++; break;
	case ')': s->parens--; break;
	case '\n': s->line++; break;
	}
	if (s->braces < 0)
		return ("a } without a {");
	if (s->parens < 0)
		return ("a ) without a (");
	return (NULL);
}

const char *
app_css_check(const char *text, unsigned int *line)
{
	struct css	 s = { text, 1, 0, 0 };
	const char	*why = NULL;

	for (; why == NULL && *s.p != '\0'; s.p++) {
		if (*s.p == '\\' && s.p[1] != '\0') {
			s.p++;
			continue;
		}
		if (*s.p == '"' || *s.p == '\'' ||
		    (s.p[0] == '/' && s.p[1] == '*')) {
			if ((why = css_skip(&s)) != NULL)
				break;
			continue;
		}
		if ((why = css_sass(s.p)) == NULL)
			why = css_count(&s);
	}
	if (why == NULL && s.braces != 0)
		why = "a { without a }";
	if (why == NULL && s.parens != 0)
		why = "a ( without a )";
	*line = s.line;
	return (why);
}

/* ---- components ---- */

/* Depth first over components, by what is designed now. */
struct walk {
	struct call	*c;
	json_t		*done;		/* ids that were looked into */
	json_t		*path;		/* names from the app down here */
	json_t		*missing;	/* names, as an object */
	int		 n;
};

static enum tool_err walk_objects(struct walk *, const json_t *objects);

static int
path_has(const struct walk *w, const char *name)
{
	size_t	i;

	for (i = 0; i < json_array_size(w->path); i++)
		if (strcmp(json_string_value(json_array_get(w->path, i)),
		    name) == 0)
			return (1);
	return (0);
}

static enum tool_err
walk_cycle(struct walk *w, const char *name)
{
	struct buf	b;
	enum tool_err	e;
	size_t		i;

	buf_init(&b, 800);
	for (i = 0; i < json_array_size(w->path); i++)
		buf_addf(&b, "%s -> ", json_string_value(json_array_get(
		    w->path, i)));
	buf_addc(&b, '\0');
	e = call_fail(w->c, "cyclic_dependency: %s%s", b.failed ? "... -> " :
	    (const char *)b.data, name);
	buf_free(&b);
	return (e);
}

static enum tool_err
walk_into(struct walk *w, const struct art *a, const json_t *tree)
{
	enum tool_err	e;

	if (++w->n > COMPONENTS_MAX)
		return (call_fail(w->c, "cyclic_dependency: more than %d "
		    "custom components", COMPONENTS_MAX));
	json_object_set_new(w->done, a->id, json_true());
	json_array_append_new(w->path, json_string(a->name));
	e = walk_objects(w, json_object_get(tree, "objects"));
	json_array_remove(w->path, json_array_size(w->path) - 1);
	return (e);
}

static enum tool_err
walk_component(struct walk *w, const char *name)
{
	struct art	 a;
	json_t		*tree;
	const char	*type;
	enum tool_err	 e = TE_OK;
	int		 r;

	r = art_load(w->c->who, ART_APP, name, ART_DEF, &a);
	if (r == 0)
		r = art_load_name(w->c->who, ART_APP, name, ART_DEF, &a);
	if (r == -1)
		return (store_fail(w->c));
	if (r == 0 || a.level == PL_NONE) {
		art_free(&a);
		json_object_set_new(w->missing, name, json_true());
		return (TE_OK);
	}
	if ((tree = art_tree(&a)) == NULL)
		e = store_fail(w->c);
	type = json_string_value(json_object_get(tree, "appType"));
	if (e == TE_OK && path_has(w, a.name))
		e = walk_cycle(w, a.name);
	else if (e == TE_OK && (type == NULL ||
	    strcmp(type, APP_COMPONENT) != 0))
		json_object_set_new(w->missing, name, json_true());
	else if (e == TE_OK && json_object_get(w->done, a.id) == NULL)
		e = walk_into(w, &a, tree);
	json_decref(tree);
	art_free(&a);
	return (e);
}

static enum tool_err
walk_objects(struct walk *w, const json_t *objects)
{
	const json_t	*o;
	const char	*name;
	enum tool_err	 e;
	size_t		 i;

	json_array_foreach(objects, i, o) {
		name = json_string_value(json_object_get(o,
		    "customComponent"));
		if (name != NULL && name[0] != '\0' &&
		    (e = walk_component(w, name)) != TE_OK)
			return (e);
	}
	return (TE_OK);
}

static enum tool_err
missing_fail(struct call *c, json_t *missing)
{
	struct buf	 b;
	const char	*name;
	enum tool_err	 e;
	json_t		*v;
	int		 n = 0;

	if (json_object_size(missing) == 0)
		return (TE_OK);
	buf_init(&b, 800);
	json_object_foreach(missing, name, v)
		if (b.len < 700)
			buf_addf(&b, "%s%.64s", n++ != 0 ? ", " : "", name);
	buf_addc(&b, '\0');
	e = call_fail(c, "missing_custom_component: %s", b.failed ? "" :
	    (const char *)b.data);
	buf_free(&b);
	return (e);
}

static enum tool_err
components_check(struct call *c, const struct art *a, const json_t *tree)
{
	struct walk	w;
	enum tool_err	e;

	w.c = c;
	w.n = 0;
	w.done = json_object();
	w.path = json_array();
	w.missing = json_object();
	e = walk_into(&w, a, tree);
	if (e == TE_OK)
		e = missing_fail(c, w.missing);
	json_decref(w.done);
	json_decref(w.path);
	json_decref(w.missing);
	return (e);
}

/* ---- activation ---- */

enum tool_err
app_stage_activate(struct call *c)
{
	return (art_stage_find(c, ART_APP,
	    json_string_value(json_object_get(c->args, "id"))));
}

/* Somebody else's last change goes live only when the caller names it. */
static enum tool_err
others_check(struct call *c, const struct art *a)
{
	const json_t	*v = json_object_get(c->args, "expectedRevision");
	char		 when[32];

	if (json_is_integer(v) || strcmp(a->changed_by, c->who->user) == 0)
		return (TE_OK);
	iso_print(a->updated_at, 1, when);
	return (call_fail(c, "multi_dev_conflict: %s was last changed by %s "
	    "at %s: look at it, then activate with expectedRevision %lld",
	    a->name, a->changed_by, when, (long long)a->revision));
}

enum tool_err
app_stage_activate_rules(struct call *c)
{
	struct art_call	*ac = art_call(c);
	const char	*css, *why;
	enum tool_err	 e;
	unsigned int	 line;

	if ((e = others_check(c, &ac->old)) != TE_OK)
		return (e);
	if ((ac->tree = art_tree(&ac->old)) == NULL)
		return (store_fail(c));
	if ((e = components_check(c, &ac->old, ac->tree)) != TE_OK)
		return (e);
	css = json_string_value(json_object_get(ac->tree, "css"));
	if (css != NULL && (why = app_css_check(css, &line)) != NULL)
		return (call_fail(c, "sass_compilation_error: css line %u: "
		    "%s", line, why));
	return (TE_OK);
}

/* Change the tree into that of the activated revision. */
static void
tree_activate(struct call *c, const struct art *a, json_t *tree)
{
	json_int_t	 n = json_integer_value(json_object_get(tree,
			    "activationHistoryCount"));
	char		 when[32];

	iso_print(c->now_ms, 1, when);
	json_object_set_new(tree, "status", json_string("Active"));
	json_object_set_new(tree, "activationHistoryCount",
	    json_integer(n + 1));
	json_object_set_new(tree, "activation", json_pack("{s:I, s:s, s:s}",
	    "revision", (json_int_t)a->revision + 1, "activatedAt", when,
	    "activatedBy", c->who->user));
	if (json_object_get(tree, "css") != NULL)
		json_object_set(tree, "compiledCss", json_object_get(tree,
		    "css"));
}

enum tool_err
app_activate(struct call *c)
{
	struct art_call	*ac = art_call(c);
	struct art	 a;
	enum tool_err	 e;
	char		 why[900];

	tree_activate(c, &ac->old, ac->tree);
	e = artifact_rewrite(c, &app_group, &ac->old, ac->tree,
	    RF_ACTIVATED);
	if (e == TE_FAIL) {
		snprintf(why, sizeof(why), "%s", c->err);
		return (call_fail(c, "persistence_error: %s", why));
	}
	if (e != TE_OK || (e = artifact_find(c, ART_APP, ac->old.id,
	    &a)) != TE_OK)
		return (e);
	buf_addf(c->out, "{\"id\":\"%s\",\"application\":\"%s\",\"status\":"
	    "\"activated\",\"ver\":\"%s\",\"revision\":%lld}", a.id, a.name,
	    a.ver, (long long)a.revision);
	art_free(&a);
	return (TE_OK);
}

/* ---- the run-time version ---- */

/* Put the text of an earlier revision in the place of the current one. */
static enum tool_err
load_revision(struct call *c, struct art *a, int64_t revision)
{
	struct stmt	*st;
	char		*def = NULL;
	size_t		 len = 0;
	int		 r;

	if ((st = query_get(&q_revision)) == NULL)
		return (store_fail(c));
	sql_bind_str(st, 1, a->id);
	sql_bind_int(st, 2, revision);
	if ((r = sql_step(st)) != 1)
		return (r == 0 ? call_fail(c, "Not Found") : store_fail(c));
	if (strcmp(sql_str(st, 0), a->package) == 0 ||
	    pkg_allows(c->who, sql_str(st, 0), PL_READ)) {
		len = sql_len(st, 1);
		if ((def = malloc(len + 1)) != NULL)
			memcpy(def, sql_str(st, 1), len + 1);
	}
	sql_done(st);
	if (def == NULL)
		return (call_fail(c, "Not Found"));
	free(a->def);
	a->def = def;
	a->def_len = len;
	return (TE_OK);
}

static enum tool_err
load_active(struct call *c, struct art *a)
{
	const json_t	*n;
	json_t		*tree;
	int64_t		 revision;

	if ((tree = art_tree(a)) == NULL)
		return (store_fail(c));
	n = json_object_get(json_object_get(tree, "activation"), "revision");
	revision = (int64_t)json_integer_value(n);
	json_decref(tree);
	if (revision == 0)
		return (call_fail(c, "%s was never activated: it has no "
		    "run-time version", a->name));
	return (revision == a->revision ? TE_OK :
	    load_revision(c, a, revision));
}

enum tool_err
app_get(struct call *c)
{
	struct art	a;
	enum tool_err	e;

	if (!json_is_true(json_object_get(c->args, "runtime")))
		return (artifact_get(c));
	store_read_begin();
	e = artifact_find(c, ART_APP,
	    json_string_value(json_object_get(c->args, "id")), &a);
	if (e != TE_OK)
		return (e);
	if ((e = load_active(c, &a)) == TE_OK &&
	    (e = artifact_show(c, &app_group, &a)) == TE_OK)
		buf_addc(c->out, '}');
	art_free(&a);
	return (e);
}
