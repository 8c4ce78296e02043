/* SPDX-License-Identifier: ISC */
/*
 * app.c: applications at design time: the record, its rules, the trash.
 * Runs in keepd-toold.  Trusts the schema for the shape of objects; control
 * classes, scripts and styles are text that nothing here runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "app.h"
#include "reader.h"

#define APP_NAME_MAX	64

/*
 * Deleted apps: the last revision of an id that has no record any more, if
 * it is not RF_GIVEN_UP.
 */
#define TRASH								\
	" FROM revision r LEFT JOIN artifact p ON p.type = 1"		\
	" AND p.id = r.package WHERE r.type = 3"
#define TRASHED								\
	" AND (r.flags & 1) = 0"					\
	" AND r.revision = (SELECT max(x.revision) FROM revision x"	\
	" WHERE x.type = 3 AND x.id = r.id)"				\
	" AND NOT EXISTS (SELECT 1 FROM artifact a WHERE a.type = 3"	\
	" AND a.id = r.id)"
#define SEL_TRASH "SELECT r.id, r.name, r.package, p.acl, p.flags,"	\
	" r.updated_at, r.changed_by, r.ver, coalesce(p.num, 0), r.revision"
static struct query	q_trash_name = QUERY(
    SEL_TRASH TRASH " AND r.name = ?1" TRASHED);
static struct query	q_trash_id = QUERY(
    SEL_TRASH TRASH " AND r.id = ?1" TRASHED);
#define ALL_TRASH SEL_TRASH TRASH TRASHED " ORDER BY r.name, r.id"
static struct query	q_give_up = QUERY(
    "UPDATE revision SET flags = flags | 1 WHERE type = 3 AND id = ?1");

static const struct art_field fields[] = {
	{ "title", AF_TEXT, AF_SUMMARY, 256, "\"\"", NULL },
	{ "appType", AF_TEXT, AF_SUMMARY | AF_REQUIRED, 1, "\"A\"", "type" },
	{ "status", AF_TEXT, AF_SUMMARY | AF_SERVER, 0, "null", NULL },
	{ "disabled", AF_BOOL, AF_SUMMARY, 0, "false", NULL },
	{ "application", AF_TEXT, 0, APP_NAME_MAX, "\"\"", NULL },
	{ "activation", AF_OBJECT, AF_SERVER, 0, "null", NULL },
	{ "activationHistoryCount", AF_INT, AF_SERVER, 0, "0", NULL },
	{ "enableFileStorage", AF_BOOL, 0, 0, "false", NULL },
	{ "enableManifest", AF_BOOL, 0, 0, "false", NULL },
	{ "enableStylesheet", AF_BOOL, 0, 0, "false", NULL },
	{ "enableObfuscate", AF_BOOL, 0, 0, "false", NULL },
	{ "onlyRunLaunchpad", AF_BOOL, 0, 0, "false", NULL },
	{ "loadLaunchpadCode", AF_BOOL, 0, 0, "false", NULL },
	{ "loadApplicationCode", AF_BOOL, 0, 0, "false", NULL },
	{ "publicAccess", AF_BOOL, 0, 0, "false", NULL },
	{ "generateVersionOnActivation", AF_BOOL, 0, 0, "false", NULL },
	{ "useV2AppHandler", AF_BOOL, 0, 0, "false", NULL },
	{ "libHighchart", AF_BOOL, 0, 0, "false", NULL },
	{ "libHighmap", AF_BOOL, 0, 0, "false", NULL },
	{ "ui5_m", AF_BOOL, 0, 0, "false", NULL },
	{ "ui5_f", AF_BOOL, 0, 0, "false", NULL },
	{ "ui5_table", AF_BOOL, 0, 0, "false", NULL },
	{ "ui5_tnt", AF_BOOL, 0, 0, "false", NULL },
	{ "ui5_uxap", AF_BOOL, 0, 0, "false", NULL },
	{ "ui5_chart", AF_BOOL, 0, 0, "false", NULL },
	{ "ui5_bootstrap", AF_BOOL, 0, 0, "false", NULL },
	{ "ui5_ionic", AF_BOOL, 0, 0, "false", NULL },
	{ "ui5_integration", AF_BOOL, 0, 0, "false", NULL },
	{ "ui5_theme", AF_TEXT, 0, 128, "null", NULL },
	{ "ui5_version", AF_TEXT, 0, 128, "null", NULL },
	{ "ui5_language", AF_TEXT, 0, 128, "null", NULL },
	{ "ui5_url", AF_TEXT, 0, 1024, "null", NULL },
	{ "compilerTarget", AF_TEXT, 0, 128, "null", NULL },
	{ "tabWidth", AF_INT, 0, 0, "null", NULL },
	{ "printWidth", AF_INT, 0, 0, "null", NULL },
	{ "cus_theme", AF_ANY, 0, 0, "null", NULL },
	{ "manifest", AF_ANY, 0, 0, "null", NULL },
	{ "i18n", AF_ANY, 0, 0, "null", NULL },
	{ "header", AF_TEXT, 0, 262144, "null", NULL },
	{ "globalScript", AF_TEXT, 0, 524288, "null", NULL },
	{ "css", AF_TEXT, 0, 524288, "null", NULL },
	{ "compiledCss", AF_TEXT, AF_SERVER, 0, "null", NULL },
	{ "apis", AF_ARRAY, 0, 500, "[]", NULL },
	{ "componentInterface", AF_ARRAY, 0, 500, "[]", NULL },
	{ "objects", AF_ARRAY, 0, 20000, "[]", NULL },
	{ NULL, AF_ANY, 0, 0, NULL, NULL }
};

static const struct art_ref refs[] = {
	{ "objects", "customComponent", NULL, RM_EITHER | RM_LENIENT, ART_APP,
	    "custom component" },
	{ "apis", "parent", "id", 0, ART_API, "API" },
	{ NULL, NULL, NULL, 0, ART_APP, NULL }
};

/* ---- name ---- */

/* The name of the record is the technical name, `application'. */
static enum tool_err
prepare(struct call *c, json_t *obj)
{
	json_t	*app = json_object_get(obj, "application");
	json_t	*name = json_object_get(obj, "name");
	json_t	*id = json_object_get(obj, "id");

	if (app == NULL && (id == NULL || json_is_null(id)))
		return (call_fail(c, "save_app requires an \"application\" "
		    "field for new apps"));
	if (app != NULL && name != NULL && !json_equal(app, name))
		return (call_invalid(c, "app.name", "is another than "
		    "application: they are one, give application only"));
	if (app != NULL) {
		json_object_set(obj, "name", app);
		json_object_del(obj, "application");
	}
	return (TE_OK);
}

static enum tool_err
name_check(struct call *c, const char *name)
{
	char	lower[ART_NAME_MAX + 1];

	text_set(lower, sizeof(lower), name);
	ascii_lower(lower);
	if (strlen(name) > APP_NAME_MAX || strspn(lower,
	    "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
		return (call_invalid(c, "app.application", "must be 1 to 64 "
		    "of a to z, 0 to 9 and _"));
	if (strcmp(lower, name) != 0)
		return (call_invalid(c, "app.application", "must be lower "
		    "case: use '%s'", lower));
	return (TE_OK);
}

struct trash {
	char		 id[ID_SIZE];
	char		 name[ART_NAME_MAX + 1];
	char		 package[ID_SIZE];
	enum pkg_level	 level;
	int64_t		 revision;
};

static void
trash_row(const struct caller *who, struct stmt *st, struct trash *t)
{
	text_set(t->id, sizeof(t->id), sql_str(st, 0));
	text_set(t->name, sizeof(t->name), sql_str(st, 1));
	text_set(t->package, sizeof(t->package), sql_str(st, 2));
	t->level = pkg_level(who, t->package, sql_str(st, 3), sql_len(st, 3),
	    (unsigned int)sql_int(st, 4), 0);
	/* Nobody knows any more who might see what its package held. */
	if (t->package[0] != '\0' && sql_int(st, 8) == 0 &&
	    !who->global_admin)
		t->level = PL_NONE;
	t->revision = sql_int(st, 9);
}

/* 1 found, 0 none, -1 */
static int
trash_find(const struct caller *who, struct query *q, const char *key,
    struct trash *t)
{
	struct stmt	*st;
	int		 r;

	if ((st = query_get(q)) == NULL)
		return (-1);
	sql_bind_str(st, 1, key);
	if ((r = sql_step(st)) != 1)
		return (r);
	trash_row(who, st, t);
	sql_done(st);
	return (1);
}

static enum tool_err
name_free(struct call *c, const char *name)
{
	struct art_call	*ac = art_call(c);
	struct trash	 t;
	struct art	 a;
	int		 r;

	memset(&t, 0, sizeof(t));
	if (ac->has_old && strcmp(ac->old.name, name) == 0)
		return (TE_OK);
	if ((r = art_load_name(c->who, ART_APP, name, 0, &a)) == -1)
		return (store_fail(c));
	if (r == 1)
		return (call_fail(c, "An application named \"%s\" already "
		    "exists", name));
	if ((r = trash_find(c->who, &q_trash_name, name, &t)) == -1)
		return (store_fail(c));
	if (r == 0)
		return (TE_OK);
	return (call_fail(c, "An application named \"%s\" already exists%s",
	    name, t.level != PL_NONE ? " (soft-deleted)" : ""));
}

/* ---- objects ---- */

/* Numbers and strings alike, as text: 7 and "7" are one. */
static const char *
number_text(const json_t *v, char *out, size_t size)
{
	if (json_is_string(v))
		return (json_string_value(v));
	if (!json_is_integer(v))
		return (NULL);
	snprintf(out, size, "%lld", (long long)json_integer_value(v));
	return (out);
}

static int
is_root(const char *s)
{
	return (s == NULL || s[0] == '\0' || strcmp(s, "0") == 0);
}

static enum tool_err
numbers_take(struct call *c, const json_t *objects, json_t *parents)
{
	const char	*no, *parent;
	const json_t	*o;
	char		 a[24], b[24];
	size_t		 i;

	json_array_foreach(objects, i, o) {
		no = number_text(json_object_get(o, "fieldNo"), a, sizeof(a));
		parent = number_text(json_object_get(o, "fieldParent"), b,
		    sizeof(b));
		if (is_root(no))
			return (artifact_bad(c, &app_group, "Required",
			    "objects.%zu.fieldNo", i));
		if (json_object_get(parents, no) != NULL)
			return (artifact_bad(c, &app_group, "is there for "
			    "the second time", "objects.%zu.fieldNo", i));
		json_object_set_new(parents, no, json_string(is_root(parent) ?
		    "0" : parent));
	}
	return (TE_OK);
}

/*
 * Walk up from each object until the root or something seen before, so the
 * whole is linear.  A walk that meets itself has found a circle.
 */
static enum tool_err
tree_check(struct call *c, const json_t *objects, json_t *parents)
{
	json_t		*seen = json_object();
	const json_t	*o, *mark;
	enum tool_err	 e = TE_OK;
	const char	*no, *up;
	char		 a[24];
	size_t		 i;

	json_array_foreach(objects, i, o) {
		no = number_text(json_object_get(o, "fieldNo"), a, sizeof(a));
		for (; e == TE_OK && strcmp(no, "0") != 0; no = up) {
			mark = json_object_get(seen, no);
			if (mark != NULL && (size_t)json_integer_value(mark)
			    == i)
				e = artifact_bad(c, &app_group, "leads back "
				    "to the object itself", "objects.%zu."
				    "fieldParent", i);
			if (mark != NULL)
				break;
			json_object_set_new(seen, no,
			    json_integer((json_int_t)i));
			up = json_string_value(json_object_get(parents, no));
			if (up == NULL)
				e = artifact_bad(c, &app_group, "is no "
				    "fieldNo of objects", "objects.%zu."
				    "fieldParent", i);
			if (up == NULL)
				break;
		}
		if (e != TE_OK)
			break;
	}
	json_decref(seen);
	return (e);
}

static enum tool_err
objects_check(struct call *c, const json_t *objects)
{
	json_t		*parents = json_object();
	enum tool_err	 e;

	if (parents == NULL)
		return (call_fail(c, "out of memory"));
	if ((e = numbers_take(c, objects, parents)) == TE_OK)
		e = tree_check(c, objects, parents);
	json_decref(parents);
	return (e);
}

/* ---- rules ---- */

static enum tool_err
check(struct call *c, struct art_doc *d)
{
	const char	*type;
	enum tool_err	 e;

	if ((e = name_check(c, d->name)) != TE_OK ||
	    (e = name_free(c, d->name)) != TE_OK)
		return (e);
	type = json_string_value(json_object_get(d->doc, "appType"));
	if (type == NULL || strlen(type) != 1 || strchr("ACLFE",
	    type[0]) == NULL)
		return (artifact_bad(c, d->group, "must be A (application), "
		    "C (building block), L (launchpad), F (adaptive) or E "
		    "(custom component)", "appType"));
	e = objects_check(c, json_object_get(d->doc, "objects"));
	if (e != TE_OK)
		return (e);
	json_object_set_new(d->doc, "application", json_string(d->name));
	/* What was activated is not what is saved now. */
	if (!json_is_null(json_object_get(d->doc, "status")))
		json_object_set_new(d->doc, "status",
		    json_string("Inactive (Revised)"));
	return (TE_OK);
}

const struct art_group app_group = {
	.type = ART_APP,
	.nouns = { "app", "apps" },
	.arg = "app",
	.what = "App",
	.fields = fields,
	.refs = refs,
	.prepare = prepare,
	.check = check
};

/* ---- list ---- */

static void
put_trashed(struct buf *b, int n, const struct trash *t, struct stmt *st)
{
	char	iso[32];

	buf_addf(b, "%s{\"id\":\"%s\"", n != 0 ? "," : "", t->id);
	json_put_str(b, "name", t->name);
	json_put_str(b, "ver", sql_str(st, 7));
	buf_addf(b, ",\"revision\":%lld", (long long)t->revision);
	iso_print(sql_int(st, 5), 1, iso);
	json_put_str(b, "updatedAt", iso);
	json_put_str(b, "changedBy", sql_str(st, 6));
	buf_adds(b, ",\"deleted\":true}");
}

/* Every revision of an app is looked at: that may take several turns. */
struct trash_work {
	struct read	 read;
	struct stmt	*st;
	struct buf	 items;
	int		 n, cut;
};

static void
trash_free(void *p)
{
	struct trash_work	*w = p;

	read_end(&w->read);
	buf_free(&w->items);
	free(w);
}

/* The apps of this turn: 0 at the end, -1, or READ_ON. */
static int
trash_turn(struct call *c, struct trash_work *w)
{
	struct trash	t;
	struct buf	text;
	int		r;

	if (w->st == NULL) {
		buf_init(&text, 0);
		SQL(&text, ALL_TRASH);
		w->st = read_get(w->read.r, SP_OWN, &text);
		buf_free(&text);
		if (w->st == NULL)
			return (-1);
	}
	while ((r = read_step(w->read.r, w->st)) == 1) {
		trash_row(c->who, w->st, &t);
		if (t.level == PL_NONE)
			continue;
		put_trashed(&w->items, w->n++, &t, w->st);
		if (w->items.len > STORE_ANSWER_SOFT) {
			w->cut = 1;
			sql_done(w->st);
			r = 0;
			break;
		}
	}
	if (r != READ_ON)
		w->st = NULL;
	return (r);
}

static enum tool_err
trash_run(struct call *c, struct trash_work *w)
{
	int	r;

	if (read_begin(c, &w->read) == -1)
		return (read_later(c, &w->read));
	if ((r = trash_turn(c, w)) == READ_ON)
		return (read_later(c, &w->read));
	if (r == -1) {
		if (!read_again(c, &w->read))
			return (store_fail(c));
		buf_reset(&w->items);
		w->st = NULL;
		w->n = 0;
		return (read_later(c, &w->read));
	}
	buf_adds(c->out, "{\"apps\":[");
	buf_add(c->out, w->items.data, w->items.len);
	buf_addf(c->out, "],\"total\":%d,\"count\":%d,\"skip\":0,\"take\":"
	    "%d%s}", w->n, w->n, w->n, w->cut ? ",\"truncated\":true" : "");
	return (TE_OK);
}

static enum tool_err
trash_list(struct call *c)
{
	struct trash_work	*w;

	if (c->turn != 0)
		return (trash_run(c, c->state));
	if (json_object_get(c->args, "listOptions") != NULL)
		return (call_invalid(c, "listOptions", "cannot be combined "
		    "with deleted"));
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return (call_fail(c, "out of memory"));
	buf_init(&w->items, 2 * STORE_ANSWER_MAX);
	c->state = w;
	c->state_free = trash_free;
	return (trash_run(c, w));
}

enum tool_err
app_list(struct call *c)
{
	if (json_is_true(json_object_get(c->args, "deleted")))
		return (trash_list(c));
	return (artifact_list(c));
}

/* ---- delete ---- */

static int
purging(const struct call *c)
{
	return (json_is_true(json_object_get(c->args, "purge")));
}

/* A deleted app has no record; only purge still reaches it. */
enum tool_err
app_stage_delete(struct call *c)
{
	const char	*id = json_string_value(json_object_get(c->args,
			    "id"));
	struct art_call	*ac = art_call(c);
	struct trash	*t;
	char		 key[ID_SIZE];
	int		 r;

	if (ac == NULL)
		return (call_fail(c, "out of memory"));
	if (!purging(c) || id_lower(key, id) == -1)
		return (artifact_stage_delete(c));
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return (call_fail(c, "out of memory"));
	ac->more = t;
	ac->more_free = free;
	if ((r = trash_find(c->who, &q_trash_id, key, t)) == -1)
		return (store_fail(c));
	if (r == 0)
		return (artifact_stage_delete(c));
	call_target(c, key);
	if (t->level == PL_NONE)
		return (call_fail(c, "Not Found"));
	call_target(c, t->name);
	if (t->level < PL_EDIT)
		return (call_denied(c, "No edit access to artifact"));
	return (TE_OK);
}

enum tool_err
app_stage_delete_rules(struct call *c)
{
	return (art_call(c)->has_old ? artifact_stage_delete_rules(c) :
	    TE_OK);
}

static int
give_up(const char *id)
{
	struct stmt	*st;

	if ((st = query_get(&q_give_up)) == NULL)
		return (-1);
	sql_bind_str(st, 1, id);
	return (sql_run(st));
}

enum tool_err
app_delete(struct call *c)
{
	struct art_call		*ac = art_call(c);
	const struct trash	*t = ac->more;
	const char		*id, *name;

	id = ac->has_old ? ac->old.id : t->id;
	name = ac->has_old ? ac->old.name : t->name;
	if ((ac->has_old && art_delete(c, &ac->old) == -1) ||
	    (purging(c) && give_up(id) == -1))
		return (store_fail(c));
	buf_addf(c->out, "{\"id\":\"%s\"", id);
	json_put_str(c->out, "name", name);
	buf_addf(c->out, ",\"deleted\":true,\"purged\":%s",
	    purging(c) ? "true" : "false");
	if (!purging(c))
		json_put_str(c->out, "message", "The app lies in the trash "
		    "and keeps its name: restore_revision brings it back, "
		    "delete_app with purge true frees the name");
	buf_addc(c->out, '}');
	return (TE_OK);
}
