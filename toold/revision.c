/* SPDX-License-Identifier: ISC */
/*
 * revision.c: earlier revisions of artifacts: list, get, compare, restore.
 * Runs in keepd-toold.  Who may see an artifact sees those of its revisions
 * whose package may be seen now; restoring is a save like any other, with
 * the rules and the data-loss check of the type.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "artifact.h"
#include "pkg.h"
#include "table.h"

#define TAKE_DEFAULT	100
#define TAKE_MAX	1000

static struct query	q_list = QUERY(
    "SELECT revision, ver, name, package, updated_at, changed_by, 0"
    " FROM revision WHERE type = ?1 AND id = ?2 AND revision < ?3"
    " ORDER BY revision DESC");
static struct query	q_where = QUERY(
    "SELECT package FROM revision WHERE type = ?1 AND id = ?2"
    " AND revision = ?3");
static struct query	q_get = QUERY(
    "SELECT def FROM revision WHERE type = ?1 AND id = ?2"
    " AND revision = ?3");

/* Types that have a save here; the others come with their tools. */
static const struct restore_row {
	enum art_type	 type;
	enum tool_err	(*rules)(struct call *, const json_t *);
	tool_fn		*save;
} restores[] = {
	{ ART_PACKAGE,	pkg_rules,	pkg_save },
	{ ART_TABLE,	table_rules,	table_save },
	{ ART_APP,	artifact_rules,	artifact_save },
	{ ART_WEBAPP,	artifact_rules,	artifact_save },
	{ ART_SCRIPT,	artifact_rules,	artifact_save },
	{ ART_PROJECT,	artifact_rules,	artifact_save },
	{ ART_ADAPTIVE,	artifact_rules,	artifact_save },
	{ ART_API,	artifact_rules,	artifact_save }
};

static const struct restore_row *
restore_row(enum art_type type)
{
	size_t	i;

	for (i = 0; i < sizeof(restores) / sizeof(restores[0]); i++)
		if (restores[i].type == type)
			return (&restores[i]);
	return (NULL);
}

/* ---- finding ---- */

/* The artifact that is asked for, if the caller may see it. */
static enum tool_err
find(struct call *c, int flags, struct art *a)
{
	const char	*id;
	enum art_type	 type;
	enum tool_err	 e;
	int		 r;

	memset(a, 0, sizeof(*a));
	type = art_find(json_string_value(json_object_get(c->args, "type")));
	if (type == 0)
		return (call_invalid(c, "type", "is no type of artifact"));
	if ((e = art_perm(c, type, TL_DISPLAY)) != TE_OK)
		return (e);
	id = json_string_value(json_object_get(c->args, "id"));
	call_target(c, id != NULL ? id : "");
	if ((r = art_load(c->who, type, id, flags, a)) == 0)
		r = art_load_deleted(c->who, type, id, flags, a);
	if (r == -1)
		return (store_fail(c));
	if (r == 0 || a->level == PL_NONE) {
		art_free(a);
		return (call_fail(c, "Not Found"));
	}
	call_target(c, a->name);
	return (TE_OK);
}

static int
may_see(const struct caller *who, const struct art *a, const char *package)
{
	return (a->type == ART_PACKAGE ||
	    strcmp(a->package, package) == 0 ||
	    pkg_allows(who, package, PL_READ));
}

/* 1: a row, to be done; 0 none, -1 */
static int
revision_row(struct query *q, const struct art *a, int64_t n,
    struct stmt **st)
{
	if ((*st = query_get(q)) == NULL)
		return (-1);
	sql_bind_int(*st, 1, a->type);
	sql_bind_str(*st, 2, a->id);
	sql_bind_int(*st, 3, n);
	return (sql_step(*st));
}

/* The text of one revision into b; the current one has been loaded. */
static enum tool_err
revision_text(struct call *c, const struct art *a, int64_t n, struct buf *b)
{
	struct stmt	*st;
	int		 r;

	if (n == a->revision) {
		buf_add(b, a->def, a->def_len);
		return (b->failed ? call_fail(c, "out of memory") : TE_OK);
	}
	/* The text is read only where it may be seen: time tells, too. */
	if ((r = revision_row(&q_where, a, n, &st)) == 1) {
		r = may_see(c->who, a, sql_str(st, 0));
		sql_done(st);
	}
	if (r == 1 && (r = revision_row(&q_get, a, n, &st)) == 1) {
		buf_add(b, sql_str(st, 0), sql_len(st, 0));
		sql_done(st);
	}
	if (r != 1)
		return (r == -1 ? store_fail(c) : call_fail(c,
		    "Not Found: revision %lld", (long long)n));
	return (b->failed ? call_fail(c, "out of memory") : TE_OK);
}

static enum tool_err
revision_tree(struct call *c, const struct art *a, int64_t n, json_t **out)
{
	struct buf	b;
	enum tool_err	e;

	buf_init(&b, STORE_TEXT_MAX);
	if ((e = revision_text(c, a, n, &b)) == TE_OK &&
	    (*out = json_loadb((const char *)b.data, b.len, 0, NULL)) == NULL)
		e = call_fail(c, "Revision %lld cannot be read",
		    (long long)n);
	buf_free(&b);
	return (e);
}

static int64_t
arg_number(const struct call *c, const char *key, int64_t otherwise)
{
	const json_t	*v = json_object_get(c->args, key);

	return (json_is_integer(v) ? (int64_t)json_integer_value(v) :
	    otherwise);
}

/* ---- list and get ---- */

static void
put_entry(struct buf *b, int n, int64_t revision, const char *ver,
    const char *name, int64_t at, const char *by, int current)
{
	char	iso[32];

	buf_addf(b, "%s{\"revision\":%lld", n != 0 ? "," : "",
	    (long long)revision);
	json_put_str(b, "ver", ver);
	json_put_str(b, "name", name);
	iso_print(at, 1, iso);
	json_put_str(b, "updatedAt", iso);
	json_put_str(b, "changedBy", by);
	buf_addf(b, ",\"current\":%s}", current ? "true" : "false");
}

static enum tool_err
revision_list(struct call *c)
{
	struct stmt	*st;
	struct art	 a;
	enum tool_err	 e;
	int64_t		 take, before;
	int		 n = 0, r, more = 0;

	store_read_begin();
	take = arg_number(c, "take", TAKE_DEFAULT);
	before = arg_number(c, "before", INT64_MAX);
	if ((e = find(c, 0, &a)) != TE_OK)
		return (e);
	buf_addf(c->out, "{\"type\":\"%s\",\"id\":\"%s\",\"revisions\":[",
	    art_kind(a.type)->word, a.id);
	if (a.revision < before && take > 0)
		put_entry(c->out, n++, a.revision, a.ver, a.name,
		    a.updated_at, a.changed_by, a.num != 0);
	if ((st = query_get(&q_list)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, a.type);
	sql_bind_str(st, 2, a.id);
	sql_bind_int(st, 3, before < a.revision ? before : a.revision);
	while ((r = sql_step(st)) == 1) {
		if (!may_see(c->who, &a, sql_str(st, 3)))
			continue;
		if (n >= take) {
			more = 1;
			sql_done(st);
			break;
		}
		put_entry(c->out, n++, sql_int(st, 0), sql_str(st, 1),
		    sql_str(st, 2), sql_int(st, 4), sql_str(st, 5), 0);
	}
	buf_addf(c->out, "],\"count\":%d,\"more\":%s}", n,
	    more ? "true" : "false");
	return (r == -1 ? store_fail(c) : TE_OK);
}

/* As its get tool shows a record. */
static enum tool_err
put_definition(struct call *c, const struct art *a, const struct buf *text)
{
	const struct art_group	*g = artifact_group_of(a->type);
	struct art		 then = *a;
	enum tool_err		 e;

	if (g == NULL) {
		buf_add(c->out, text->data, text->len);
		return (TE_OK);
	}
	then.def = (char *)text->data;
	then.def_len = text->len;
	if ((e = artifact_show(c, g, &then)) == TE_OK)
		buf_addc(c->out, '}');
	return (e);
}

static enum tool_err
revision_get(struct call *c)
{
	struct art	 a;
	struct buf	 b;
	enum tool_err	 e;
	int64_t		 n = arg_number(c, "revision", 0);

	store_read_begin();
	if ((e = find(c, ART_DEF, &a)) != TE_OK)
		return (e);
	buf_init(&b, STORE_TEXT_MAX);
	if ((e = revision_text(c, &a, n, &b)) == TE_OK) {
		buf_addf(c->out, "{\"type\":\"%s\",\"id\":\"%s\","
		    "\"revision\":%lld,\"current\":%s,\"definition\":",
		    art_kind(a.type)->word, a.id, (long long)n,
		    n == a.revision && a.num != 0 ? "true" : "false");
		e = put_definition(c, &a, &b);
		buf_addc(c->out, '}');
	}
	buf_free(&b);
	art_free(&a);
	return (e);
}

/* ---- diff ---- */

#define DIFF_DEPTH	32
#define DIFF_VALUE	8192		/* bytes of JSON */

struct diff {
	struct buf	*out;
	size_t		 start;
	int		 n, cut;
	char		 path[512];
};

/* A large value is only counted: get_revision has it. */
static void
diff_value(struct diff *d, const char *key, const json_t *v)
{
	size_t	n = json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);

	if (n > DIFF_VALUE) {
		buf_addf(d->out, ",\"%sBytes\":%zu", key, n);
		d->cut = 1;
		return;
	}
	buf_addf(d->out, ",\"%s\":", key);
	json_put(d->out, v);
}

static void
diff_put(struct diff *d, const char *op, const json_t *from,
    const json_t *to)
{
	if (d->out->len - d->start > STORE_ANSWER_SOFT) {
		d->cut = 1;
		return;
	}
	buf_addf(d->out, "%s{\"op\":\"%s\"", d->n++ != 0 ? "," : "", op);
	json_put_str(d->out, "path", d->path);
	if (from != NULL)
		diff_value(d, "from", from);
	if (to != NULL)
		diff_value(d, "to", to);
	buf_addc(d->out, '}');
}

static void diff_any(struct diff *, const json_t *, const json_t *, int);

/* Compare one member; the path grows by its name meanwhile. */
static void
diff_member(struct diff *d, const char *name, const json_t *from,
    const json_t *to, int depth)
{
	size_t	len = strlen(d->path);

	snprintf(d->path + len, sizeof(d->path) - len, "/%s", name);
	if (from == NULL)
		diff_put(d, "added", NULL, to);
	else if (to == NULL)
		diff_put(d, "removed", from, NULL);
	else
		diff_any(d, from, to, depth + 1);
	d->path[len] = '\0';
}

static void
diff_object(struct diff *d, json_t *from, json_t *to, int depth)
{
	const char	*key;
	void		*it;

	for (it = json_object_iter(from); it != NULL;
	    it = json_object_iter_next(from, it)) {
		key = json_object_iter_key(it);
		diff_member(d, key, json_object_iter_value(it),
		    json_object_get(to, key), depth);
	}
	for (it = json_object_iter(to); it != NULL;
	    it = json_object_iter_next(to, it)) {
		key = json_object_iter_key(it);
		if (json_object_get(from, key) == NULL)
			diff_member(d, key, NULL, json_object_iter_value(it),
			    depth);
	}
}

/* What an item of an array is known by: its id, else its name. */
static const char *
item_key(const json_t *v)
{
	const char	*s = json_string_value(json_object_get(v, "id"));

	return (s != NULL ? s : json_string_value(json_object_get(v,
	    "name")));
}

static const char *
item_name(const json_t *v)
{
	const char	*s;

	if ((s = json_string_value(json_object_get(v, "fieldName"))) == NULL)
		s = json_string_value(json_object_get(v, "name"));
	return (s != NULL ? s : item_key(v));
}

static const json_t *
item_find(const json_t *array, const char *key)
{
	const json_t	*v;
	size_t		 i;

	for (i = 0; i < json_array_size(array); i++) {
		v = json_array_get(array, i);
		if (item_key(v) != NULL && strcmp(item_key(v), key) == 0)
			return (v);
	}
	return (NULL);
}

static int
all_keyed(const json_t *array)
{
	size_t	i;

	for (i = 0; i < json_array_size(array); i++)
		if (item_key(json_array_get(array, i)) == NULL)
			return (0);
	return (1);
}

static void
diff_array(struct diff *d, const json_t *from, const json_t *to, int depth)
{
	const json_t	*v, *w;
	size_t		 i;

	if (!all_keyed(from) || !all_keyed(to)) {
		diff_put(d, "changed", from, to);
		return;
	}
	for (i = 0; i < json_array_size(from); i++) {
		v = json_array_get(from, i);
		w = item_find(to, item_key(v));
		diff_member(d, item_name(w != NULL ? w : v), v, w, depth);
	}
	for (i = 0; i < json_array_size(to); i++) {
		v = json_array_get(to, i);
		if (item_find(from, item_key(v)) == NULL)
			diff_member(d, item_name(v), NULL, v, depth);
	}
}

static void
diff_any(struct diff *d, const json_t *from, const json_t *to, int depth)
{
	json_t	*a, *b;

	if (json_equal(from, to))
		return;
	memcpy(&a, &from, sizeof(a));	/* jansson iterates non-const only */
	memcpy(&b, &to, sizeof(b));
	if (depth < DIFF_DEPTH && json_is_object(from) && json_is_object(to))
		diff_object(d, a, b, depth);
	else if (depth < DIFF_DEPTH && json_is_array(from) &&
	    json_is_array(to))
		diff_array(d, from, to, depth);
	else
		diff_put(d, "changed", from, to);
}

/* Members that differ between any two revisions say nothing. */
static void
drop_stamps(json_t *t)
{
	static const char *const keys[] = { "ver", "revision", "updatedAt",
	    "changedBy", NULL };
	size_t			 i;

	for (i = 0; keys[i] != NULL; i++)
		json_object_del(t, keys[i]);
}

static enum tool_err
revision_diff(struct call *c)
{
	struct diff	 d;
	struct art	 a;
	json_t		*from = NULL, *to = NULL;
	enum tool_err	 e;
	int64_t		 n, m;

	store_read_begin();
	if ((e = find(c, ART_DEF, &a)) != TE_OK)
		return (e);
	n = arg_number(c, "from", 0);
	m = arg_number(c, "to", a.revision);
	if ((e = revision_tree(c, &a, n, &from)) != TE_OK ||
	    (e = revision_tree(c, &a, m, &to)) != TE_OK)
		goto out;
	drop_stamps(from);
	drop_stamps(to);
	buf_addf(c->out, "{\"type\":\"%s\",\"id\":\"%s\",\"from\":%lld,"
	    "\"to\":%lld,\"changes\":[", art_kind(a.type)->word, a.id,
	    (long long)n, (long long)m);
	memset(&d, 0, sizeof(d));
	d.out = c->out;
	d.start = c->out->len;
	diff_any(&d, from, to, 0);
	buf_addf(c->out, "],\"truncated\":%s}", d.cut ? "true" : "false");
out:
	json_decref(from);
	json_decref(to);
	art_free(&a);
	return (e);
}

/* ---- restore ---- */

static enum tool_err
restore_stage(struct call *c)
{
	enum art_type	 type;
	enum tool_err	 e;

	type = art_find(json_string_value(json_object_get(c->args, "type")));
	if (type == 0 || restore_row(type) == NULL)
		return (call_invalid(c, "type", "is no type of artifact that "
		    "can be restored"));
	if ((e = art_perm(c, type, TL_EDIT)) != TE_OK)
		return (e);
	return (art_stage_find_deleted(c, type,
	    json_string_value(json_object_get(c->args, "id"))));
}

/* The definition of then, in the package of now. */
static enum tool_err
restore_rules(struct call *c)
{
	struct art_call	*ac = art_call(c);
	int64_t		 n = arg_number(c, "revision", 0);
	enum tool_err	 e;

	if (n == ac->old.revision && ac->old.num != 0)
		return (call_fail(c, "%s has revision %lld already",
		    ac->old.name, (long long)n));
	if ((e = revision_tree(c, &ac->old, n, &ac->given)) != TE_OK)
		return (e);
	drop_stamps(ac->given);
	json_object_del(ac->given, "package");
	return (restore_row(ac->old.type)->rules(c, ac->given));
}

static enum tool_err
restore_save(struct call *c)
{
	struct art_call	*ac = art_call(c);
	enum tool_err	 e;

	e = restore_row(ac->old.type)->save(c);
	call_detail(c, "revision %lld restored%s", (long long)arg_number(c,
	    "revision", 0), ac->old.num == 0 ? ", was deleted" : "");
	return (e);
}

/* ---- rows ---- */

#define TYPE_IN								\
	"\"type\":{\"type\":\"string\",\"enum\":[\"package\",\"table\"," \
	"\"app\",\"webapp\",\"script\",\"project\",\"adaptive\",\"api\"]," \
	"\"description\":\"Type of the artifact.\"},"			\
	SCHEMA_ID_IN("Id of the artifact, a UUID.")

#define NUMBER_IN(name, text)						\
	",\"" name "\":{\"type\":\"integer\",\"minimum\":1,"		\
	"\"description\":\"" text "\"}"

#define OBJ_IN	"{\"type\":\"object\",\"additionalProperties\":false,"

#define LIST_IN OBJ_IN "\"required\":[\"type\",\"id\"],\"properties\":{" \
	TYPE_IN NUMBER_IN("before", "Only revisions below this one: the " \
	"lowest of the answer before gives the next page.")		\
	",\"take\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000," \
	"\"description\":\"At most so many, default 100.\"}}}"

#define GET_IN OBJ_IN "\"required\":[\"type\",\"id\",\"revision\"],"	\
	"\"properties\":{" TYPE_IN NUMBER_IN("revision",		\
	"Number of the revision.") SCHEMA_SELECT "}}"

#define DIFF_IN OBJ_IN "\"required\":[\"type\",\"id\",\"from\"],"	\
	"\"properties\":{" TYPE_IN NUMBER_IN("from", "Revision to start " \
	"from.") NUMBER_IN("to", "Revision to compare with, default the " \
	"current one.") "}}"

#define RESTORE_IN OBJ_IN "\"required\":[\"type\",\"id\",\"revision\"]," \
	"\"properties\":{" TYPE_IN NUMBER_IN("revision", "Number of the " \
	"revision to bring back.") ",\"ignoreWarning\":{\"type\":"	\
	"\"boolean\",\"description\":\"true: do it although data is lost, as " \
	"with the save tool of the type.\"}," SCHEMA_EXPECTED_REVISION	\
	SCHEMA_WRITE_PROPS "}}"

#define HEAD	"\"type\":{\"type\":\"string\"},\"id\":{\"type\":\"string\"}"
#define DEF	"{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{"

#define LIST_OUT DEF HEAD ",\"revisions\":{\"type\":\"array\",\"items\":" \
	"{\"type\":\"object\"}},\"count\":{\"type\":\"integer\"},"	\
	"\"more\":{\"type\":\"boolean\"}}}"
#define GET_OUT DEF HEAD ",\"revision\":{\"type\":\"integer\"},"	\
	"\"current\":{\"type\":\"boolean\"},\"definition\":{\"type\":"	\
	"\"object\"}}}"
#define DIFF_OUT DEF HEAD ",\"from\":{\"type\":\"integer\"},\"to\":"	\
	"{\"type\":\"integer\"},\"changes\":{\"type\":\"array\",\"items\":" \
	"{\"type\":\"object\"}},\"truncated\":{\"type\":\"boolean\"}}}"
#define RESTORE_OUT DEF SCHEMA_HEAD_OUT SCHEMA_DRY_RUN_OUT "}}"

#define DESIGN_PERMS							\
	(PERM_BIT(PERM_APPDESIGNER) | PERM_BIT(PERM_WEBAPP) |		\
	PERM_BIT(PERM_SCRIPTEDITOR) | PERM_BIT(PERM_ADAPTIVEDESIGNER) |	\
	PERM_BIT(PERM_APIDESIGNER) | PERM_BIT(PERM_PACKAGE))

const struct tool revision_tools[] = {
	{
		.name = "list_revisions",
		.title = "List the revisions of an artifact",
		.description = "Lists the revisions of a table, package or "
		    "other artifact, newest first: revision, ver, name, "
		    "updatedAt, changedBy. Every save keeps the earlier one. "
		    "Takes the permission of the artifact's type.",
		.perm = PERM_TABLEDEFINITION, .any = DESIGN_PERMS,
		.level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = LIST_IN, .output_schema = LIST_OUT,
		.fn = revision_list
	},
	{
		.name = "get_revision",
		.title = "Get a revision of an artifact",
		.description = "Returns the definition of an artifact as it "
		    "was at a revision, as its get tool does.",
		.perm = PERM_TABLEDEFINITION, .any = DESIGN_PERMS,
		.level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = GET_IN, .output_schema = GET_OUT,
		.fn = revision_get
	},
	{
		.name = "diff_revisions",
		.title = "Compare two revisions of an artifact",
		.description = "Lists what differs between two revisions of "
		    "an artifact: op (added, removed, changed), path, from, "
		    "to (of large values fromBytes, toBytes). Fields are "
		    "matched by id, so that a rename shows as one change.",
		.perm = PERM_TABLEDEFINITION, .any = DESIGN_PERMS,
		.level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = DIFF_IN, .output_schema = DIFF_OUT,
		.fn = revision_diff
	},
	{
		.name = "restore_revision",
		.title = "Restore a revision of an artifact",
		.description = "Saves the definition of an earlier revision "
		    "again, as a new revision and with all rules of a save; "
		    "the package stays as it is now. Restoring a table "
		    "changes its columns, not the rows that were in dropped "
		    "ones; data loss is refused unless ignoreWarning. Other "
		    "types come back so after they were deleted too.",
		.perm = PERM_TABLEDEFINITION, .any = DESIGN_PERMS,
		.level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE, .writes = 1,
		.input_schema = RESTORE_IN, .output_schema = RESTORE_OUT,
		.package = restore_stage, .lock = art_stage_lock,
		.revision = art_stage_revision, .rules = restore_rules,
		.fn = restore_save
	},
	{ .name = NULL }
};
