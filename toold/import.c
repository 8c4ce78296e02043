/* SPDX-License-Identifier: ISC */
/*
 * import.c: artifacts from a file into the store.  Runs in keepd-toold under
 * a user's handle: each artifact is one call of its save tool, with all that
 * such a call is checked for, in a transaction of its own, with its own audit
 * record.  What is there already as it stands in the file is left alone, so
 * an import that was cut off is simply begun again.
 *
 * An import gives nobody a right: it makes no role and no user, never changes
 * the roles of a package or of an artifact that is here, puts nothing into
 * another package than it lies in, and a package that is new gets the role
 * that the operator named, or is refused.
 *
 * Artifacts that point to others wait for them: rounds are made as long as
 * one brings something; in the last one references that name nothing here
 * are left out, and named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/text.h"
#include "role.h"
#include "table.h"
#include "transfer.h"

#define READ_STEP	(4U << 20)
#define DROPPED_SHOWN	40		/* paths of one artifact */

enum item_state { IS_WAITS, IS_DONE, IS_FAILED };
struct item {
	struct span		 text;
	const struct transfer_kind *kind;	/* NULL: rows */
	enum item_state		 state;
};

struct work {
	struct buf	 file;
	struct item	*item;
	size_t		 n, cap, at;
	char		 package[ID_SIZE];	/* "": none was found */
	char		 file_package[ID_SIZE];	/* that the file names */
	int		 have_package;
	int		 loose;		/* the last round */
	struct item	*close;		/* a package to be read only, later */
	size_t		 progress;	/* of this round */
	uint64_t	 saved, same, failed, rows;
	json_t		*rows_at;	/* by table: rows in; -1: none go in */
	json_t		*api_groups;	/* ids that APIs of the file name */
};

static void
work_free(struct transfer *t)
{
	struct work	*w = t->state;

	free(w->item);
	json_decref(w->api_groups);
	json_decref(w->rows_at);
	buf_free(&w->file);
	free(w);
}

/* ---- the file ---- */

static const char *
blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' ||
	    *p == '\r'))
		p++;
	return (p);
}

static int
item_add(struct work *w, const char *p, size_t len)
{
	struct item	*q;

	if (w->n == w->cap) {
		w->cap = w->cap != 0 ? w->cap * 2 : 256;
		if ((q = realloc(w->item, w->cap * sizeof(*q))) == NULL)
			return (-1);
		w->item = q;
	}
	memset(&w->item[w->n], 0, sizeof(w->item[0]));
	w->item[w->n].text.p = p;
	w->item[w->n++].text.len = len;
	return (0);
}

/* Behind an element: at the next one, or at the bracket; or NULL. */
static const char *
next_item(const char *p, const char *end, char bracket)
{
	p = blanks(p, end);
	if (p == end || *p == bracket)
		return (p < end ? p : NULL);
	if (*p != ',')
		return (NULL);
	p = blanks(p + 1, end);
	return (p < end && *p != bracket ? p : NULL);
}

/* Elements of an array that begins at p: its end, or NULL. */
static const char *
array_items(struct work *w, const char *p, const char *end)
{
	const char	*q;

	for (p = blanks(p + 1, end); p < end && *p != ']';)
		if ((q = value_end(p, end)) == NULL ||
		    (size_t)(q - p) > TRANSFER_ITEM_MAX ||
		    item_add(w, p, (size_t)(q - p)) == -1 ||
		    (p = next_item(q, end, ']')) == NULL)
			return (NULL);
	return (p < end ? p + 1 : NULL);
}

static int
bucket_known(const char *key, size_t len)
{
	const struct transfer_kind	*k;

	for (k = transfer_kinds; k->type != 0; k++)
		if (k->bucket != NULL && strlen(k->bucket) == len &&
		    memcmp(k->bucket, key, len) == 0)
			return (1);
	return (len == 9 && memcmp(key, "artifacts", 9) == 0);
}

/*
 * Members of the object at p.  Those that hold artifacts become items; a
 * `package' that is an object is one too.  *own: it holds such members, so
 * the object is a container.
 */
static int
object_items(struct work *w, const char *p, const char *end, int *own)
{
	const char	*key, *q;
	size_t		 len;

	*own = 0;
	for (p = blanks(p + 1, end); p < end && *p == '"';) {
		key = p + 1;
		if ((q = value_end(p, end)) == NULL)
			return (-1);
		len = (size_t)(q - key) - 1;
		p = blanks(q, end);
		if (p == end || *p++ != ':')
			return (-1);
		p = blanks(p, end);
		if (p < end && *p == '[' && bucket_known(key, len)) {
			*own = 1;
			q = array_items(w, p, end);
		} else if ((q = value_end(p, end)) != NULL && *p == '{' &&
		    len == 7 && memcmp(key, "package", 7) == 0 &&
		    item_add(w, p, (size_t)(q - p)) == -1)
			return (-1);
		if (q == NULL || (p = next_item(q, end, '}')) == NULL)
			return (-1);
	}
	return (p < end && *p == '}' && blanks(p + 1, end) == end ? 0 : -1);
}

/* A bucket of a package lists members; without content they are nothing. */
static int
is_listing(const json_t *o)
{
	static const char *const listing[] = { "id", "name", "application",
	    "title", "description", "package", "ver", "type", NULL };

	return (json_unknown(o, listing) == NULL);
}

static int
begins(const char *p, const char *end, const char *with)
{
	return ((size_t)(end - p) >= strlen(with) &&
	    memcmp(p, with, strlen(with)) == 0);
}

static const char	bad_file[] = "the file is not JSON, or one artifact "
			    "in it is larger than 12 MiB, or too deep";

#define OURS	"{\"format\":\"" TRANSFER_FORMAT "\","
#define OURS_1	OURS "\"version\":1,"

/* The items of an object: of ours, a package with its members, or itself. */
static const char *
object_split(struct work *w, const char *p, const char *end)
{
	int	own;

	if (begins(p, end, OURS) && !begins(p, end, OURS_1))
		return ("the file has another version of the format: install "
		    "the keepd that wrote it");
	if (object_items(w, p, end, &own) == -1)
		return (bad_file);
	if (begins(p, end, OURS_1))
		return (NULL);
	if (!own)
		w->n = 0;
	if (value_end(p, end) == NULL || end - p > TRANSFER_ITEM_MAX ||
	    item_add(w, p, (size_t)(end - p)) == -1)
		return (bad_file);
	return (NULL);
}

static const char *
file_split(struct work *w)
{
	const char	*p = (const char *)w->file.data;
	const char	*end = p + w->file.len, *q;

	if (begins(p, end, "\xef\xbb\xbf"))
		p += 3;
	p = blanks(p, end);
	if (p < end && *p == '{')
		return (object_split(w, p, end));
	if (p == end || *p != '[' || (q = array_items(w, p, end)) == NULL ||
	    blanks(q, end) != end)
		return (bad_file);
	return (NULL);
}

static int
read_step(struct transfer *t, const char **why)
{
	struct work	*w = t->state;
	uint8_t		*p;
	ssize_t		 n;

	if ((p = buf_reserve(&w->file, READ_STEP)) == NULL) {
		*why = "the file is larger than 256 MiB";
		return (1);
	}
	n = read(t->fd, p, READ_STEP);
	if (n == -1)
		*why = "the file cannot be read";
	if (n > 0)
		w->file.len += (size_t)n;
	return (n <= 0);
}

/* ---- one artifact ---- */

static json_t *
item_parse(const struct item *it, const char **why)
{
	static char	 text[160];
	json_error_t	 err;
	json_t		*o;

	o = json_loadb(it->text.p, it->text.len, JSON_REJECT_DUPLICATES, &err);
	if (o != NULL && json_is_object(o))
		return (o);
	json_decref(o);
	snprintf(text, sizeof(text), "not JSON: %.120s", o == NULL ?
	    err.text : "no object");
	*why = text;
	return (NULL);
}

static const char *
name_of(const json_t *o)
{
	const char	*s = json_string_value(json_object_get(o, "name"));

	if (s == NULL)
		s = json_string_value(json_object_get(o, "application"));
	if (s == NULL)
		s = json_string_value(json_object_get(o, "table"));
	return (s != NULL ? s : "without a name");
}

static void
fail(struct transfer *t, struct item *it, const json_t *o, const char *why)
{
	struct work	*w = t->state;

	it->state = IS_FAILED;
	w->failed++;
	transfer_line(t, "%s '%s' is not imported: %s", it->kind != NULL ?
	    it->kind->word : "artifact", name_of(o), why);
}

static void
tell_dropped(struct transfer *t, const struct item *it, const json_t *o,
    const json_t *dropped)
{
	struct buf	b;
	size_t		i, n = json_array_size(dropped);

	if (n == 0)
		return;
	buf_init(&b, 0);
	for (i = 0; i < n; i++) {
		buf_addf(&b, "%s%s", b.len != 0 ? ", " : "",
		    json_string_value(json_array_get(dropped, i)));
		if (b.len < 640 && i + 1 < n)
			continue;
		buf_addc(&b, '\0');
		transfer_line(t, "%s '%s': not kept: %s", it->kind->word,
		    name_of(o), (const char *)b.data);
		buf_reset(&b);
	}
	buf_free(&b);
}

/* ---- roles ---- */

static const char *
stand_in(struct transfer *t)
{
	const char	*r = t->cmd.other;

	return (r[0] != '\0' ? role_resolve(r, r) : NULL);
}

/* Roles by id or name that this server has; others get the stand-in. */
static const char *
roles_fit(struct transfer *t, json_t *o, const char *key, json_t *dropped)
{
	static char	 why[160];
	const char	*id, *other = stand_in(t);
	json_t		*list = json_object_get(o, key), *v;
	char		 path[64];
	size_t		 i;

	json_array_foreach(list, i, v) {
		id = json_is_string(v) ? role_resolve(json_string_value(v),
		    NULL) : role_resolve(json_string_value(json_object_get(v,
		    "id")), json_string_value(json_object_get(v, "name")));
		if (id == NULL && other == NULL) {
			snprintf(why, sizeof(why), "%s.%zu names no role of "
			    "this server, and without it more people could "
			    "use this: add the role, or give one to stand in "
			    "with -r", key, i);
			return (why);
		}
		if (id == NULL) {
			snprintf(path, sizeof(path), "%s.%zu", key, i);
			json_array_append_new(dropped, json_string(path));
			id = other;
		}
		json_array_set_new(list, i, json_pack("{s:s}", "id", id));
	}
	return (NULL);
}

static const char *const role_keys[] = { "roles", "rolesRead", "rolesWrite",
	NULL };

/* ---- packages ---- */

static const char *
package_roles(struct transfer *t, json_t *o, json_t *dropped)
{
	const char	*id = stand_in(t);

	if (json_array_size(json_object_get(o, "roles")) != 0)
		json_array_append_new(dropped, json_string("roles"));
	if (id == NULL)
		return ("there is no such package here, and a new one must "
		    "not be open to everybody: name with -r a role of this "
		    "server that may edit it, or make it first");
	json_object_set_new(o, "roles", json_pack("[{s:s, s:s}]", "id", id,
	    "accessLevel", "EDIT"));
	return (NULL);
}

static void
package_note(struct work *w, const char *id)
{
	text_set(w->package, sizeof(w->package), id);
	w->have_package = 1;
}

/* Members must still go in: a new package is closed when they are. */
static void
hold_read_only(struct work *w, const struct item *it, json_t *o)
{
	if (!json_is_true(json_object_get(o, "internalReadOnly")))
		return;
	json_object_set_new(o, "internalReadOnly", json_false());
	w->close = &w->item[it - w->item];
}

/* Its members were made items of their own. */
static void
buckets_out(json_t *o)
{
	const struct transfer_kind	*k;

	for (k = transfer_kinds; k->type != 0; k++)
		if (k->bucket != NULL)
			json_object_del(o, k->bucket);
}

/* ---- saving ---- */

/* What is stored under the id: 1, 0 nothing, -1 and why. */
static int
stored(struct transfer *t, const struct item *it, const char *id,
    struct art *a, const char **why)
{
	struct work	*w = t->state;
	int		 r;

	if (id == NULL)
		return (0);
	r = art_load(t->who, it->kind->type, id, ART_DEF, a);
	if (r == -1)
		*why = store_error();
	if (r != 1)
		return (r);
	if (a->level == PL_NONE)
		*why = "its id is in use";
	else if (it->kind->type != ART_PACKAGE &&
	    strcmp(a->package, w->package) != 0)
		*why = "it is here, in another package, and stays there";
	else
		return (1);
	art_free(a);
	return (-1);
}

/* The roles of what is here stay as they are. */
static void
roles_keep(json_t *o, const json_t *tree, json_t *dropped)
{
	const json_t	*v;
	size_t		 i;

	for (i = 0; role_keys[i] != NULL; i++) {
		v = json_object_get(tree, role_keys[i]);
		if (json_object_get(o, role_keys[i]) == NULL)
			continue;
		if (v == NULL || !json_equal(v, json_object_get(o,
		    role_keys[i])))
			json_array_append_new(dropped,
			    json_string(role_keys[i]));
		json_object_del(o, role_keys[i]);
	}
}

/* No value, in any of the ways in which files say so. */
static int
is_nothing(const json_t *v)
{
	return (v == NULL || json_is_null(v) || (json_is_string(v) &&
	    json_string_length(v) == 0));
}

/* Is everything that the file says of it already so. */
static int
is_same(const json_t *o, const json_t *tree)
{
	const char	*key;
	json_t		*obj, *v;

	memcpy(&obj, &o, sizeof(obj));
	json_object_foreach(obj, key, v)
		if (strcmp(key, "package") != 0 && !json_equal(v,
		    json_object_get(tree, key)) && !(is_nothing(v) &&
		    is_nothing(json_object_get(tree, key))))
			return (0);
	return (1);
}

static json_t *
args_make(const struct transfer_kind *k, json_t *o)
{
	if (k->arg == NULL)
		return (json_incref(o));
	if (k->type == ART_WEBAPP)
		return (json_pack("{s:O, s:s}", k->arg, o, "assetMode",
		    "replace"));
	return (json_pack("{s:O}", k->arg, o));
}

static const char *
save(struct transfer *t, const struct item *it, json_t *o, const char *id,
    json_t *dropped)
{
	struct work	*w = t->state;
	const char	*why;
	json_t		*args, *loose = w->loose ? json_array() : NULL;

	if ((args = args_make(it->kind, o)) == NULL)
		return ("out of memory");
	why = transfer_call(t, it->kind->tool, args, id, loose);
	if (why == NULL && loose != NULL)
		json_array_extend(dropped, loose);
	json_decref(loose);
	json_decref(args);
	return (why);
}

/* A record that is here: *same when there is nothing to do. */
static const char *
update(struct transfer *t, const struct item *it, json_t *o, struct art *a,
    json_t *dropped, int *same)
{
	json_t	*tree = transfer_tree(a);

	if (tree == NULL)
		return (store_error());
	if (it->kind->type == ART_PACKAGE)
		json_object_del(o, "roles");
	roles_keep(o, tree, dropped);
	*same = is_same(o, tree);
	json_decref(tree);
	if (*same)
		return (NULL);
	if (it->kind->type == ART_PROJECT)
		return ("a project of that id is here and stays as it is");
	json_object_set_new(o, "id", json_string(a->id));
	return (save(t, it, o, NULL, dropped));
}

static const char *
create(struct transfer *t, const struct item *it, json_t *o, const char *id,
    json_t *dropped)
{
	const char	*why = NULL;
	size_t		 i;

	if (it->kind->type == ART_PACKAGE) {
		why = package_roles(t, o, dropped);
		hold_read_only(t->state, it, o);
	} else
		for (i = 0; why == NULL && role_keys[i] != NULL; i++)
			why = roles_fit(t, o, role_keys[i], dropped);
	return (why != NULL ? why : save(t, it, o, id, dropped));
}

/* May artifacts go where this import puts them. */
static const char *
package_missing(struct transfer *t)
{
	struct work	*w = t->state;
	struct art	 a;

	if (w->have_package && art_load(t->who, ART_PACKAGE, w->package, 0,
	    &a) == 1 && a.level != PL_NONE)
		return (NULL);
	return ("its package is not on this server, or hidden from the user: "
	    "name one with -p");
}

/* NULL: done; else why not, or why not yet. */
static const char *
artifact_take(struct transfer *t, const struct item *it, json_t *o,
    json_t *dropped, int *same)
{
	struct work	*w = t->state;
	const char	*why = NULL, *id;
	struct art	 a;
	char		 key[ID_SIZE];
	int		 r;

	id = json_string_value(json_object_get(o, "id"));
	id = id != NULL && id_lower(key, id) == 0 ? key : NULL;
	json_object_del(o, "id");
	json_object_del(o, "package");
	if (it->kind->type == ART_PACKAGE)
		buckets_out(o);
	else if ((why = package_missing(t)) != NULL)
		return (why);
	shape_fit(it->kind, o, dropped);
	if (it->kind->type != ART_PACKAGE)
		json_object_set_new(o, "package", json_string(w->package));
	if ((r = stored(t, it, id, &a, &why)) == -1)
		return (why);
	if (r == 0)
		return (create(t, it, o, id, dropped));
	why = update(t, it, o, &a, dropped, same);
	art_free(&a);
	return (why);
}

/* ---- rows ---- */

/* The table of rows, in the package of this import; NULL in tab: none. */
static const char *
rows_table(struct transfer *t, const char *name, struct table **tab)
{
	struct work	*w = t->state;
	struct art	 a;
	const char	*why;
	int		 r, here;

	*tab = NULL;
	if ((why = package_missing(t)) != NULL)
		return (why);
	if ((r = art_load_name(t->who, ART_TABLE, name, 0, &a)) == 1) {
		here = strcmp(a.package, w->package) == 0;
		art_free(&a);
		r = table_find(t->who, name, tab);
		if (r == 1 && !here)
			return ("the table lies in another package, and its "
			    "rows stay as they are");
	}
	return (r == -1 ? store_error() : NULL);
}

/* How many rows this import has put into the table; -1: none go in. */
static json_int_t
rows_begin(struct transfer *t, const char *name, const struct table *tab)
{
	struct work	*w = t->state;
	const json_t	*at = json_object_get(w->rows_at, name);

	if (at != NULL)
		return (json_integer_value(at));
	if (table_has_rows(tab->tab) == 0)
		return (0);
	json_object_set_new(w->rows_at, name, json_integer(-1));
	transfer_line(t, "rows of table '%s' are not imported: it has rows, "
	    "which stay as they are", name);
	return (-1);
}

/*
 * Rows go into a table that has none: else they stay what they are.  Each
 * batch waits for the one before it, or that would find rows in the table.
 */
static const char *
rows_take(struct transfer *t, json_t *o)
{
	struct work	*w = t->state;
	const char	*name = json_string_value(json_object_get(o,
			    "table")), *why;
	json_t		*args, *rows = json_object_get(o, "rows");
	struct table	*tab;
	json_int_t	 at;

	if (name == NULL || !json_is_array(rows))
		return ("it has no table and rows");
	if ((why = rows_table(t, name, &tab)) != NULL)
		return (why);
	if (tab == NULL)
		return ("there is no such table");
	if ((at = rows_begin(t, name, tab)) == -1)
		return (NULL);
	if (json_integer_value(json_object_get(o, "from")) != at)
		return ("the rows before these are not in");
	if ((args = json_pack("{s:s, s:O}", "table", name, "rows",
	    rows)) == NULL)
		return ("out of memory");
	why = transfer_call(t, "insert_entity_rows", args, NULL, NULL);
	json_decref(args);
	if (why != NULL)
		return (why);
	w->rows += json_array_size(rows);
	json_object_set_new(w->rows_at, name, json_integer(at +
	    (json_int_t)json_array_size(rows)));
	return (NULL);
}

/* ---- steps ---- */

static int
is_rows(const json_t *o)
{
	const char	*s = json_string_value(json_object_get(o,
			    "artifact"));

	return (s != NULL && strcmp(s, "rows") == 0);
}

static void
item_done(struct transfer *t, struct item *it, const json_t *o,
    const json_t *dropped, int same)
{
	struct work	*w = t->state;

	it->state = IS_DONE;
	w->progress++;
	t->done++;
	if (it->kind == NULL)
		return;
	if (same)
		w->same++;
	else
		w->saved++;
	tell_dropped(t, it, o, dropped);
}

static void
item_step(struct transfer *t, struct item *it)
{
	struct work	*w = t->state;
	const char	*why = NULL;
	json_t		*o, *dropped, *label;
	int		 same = 0;

	if ((o = item_parse(it, &why)) == NULL) {
		fail(t, it, NULL, why);
		return;
	}
	dropped = json_array();
	label = json_pack("{s:s}", "name", name_of(o));
	if (is_rows(o))
		why = rows_take(t, o);
	else
		why = artifact_take(t, it, o, dropped, &same);
	if (why == NULL)
		item_done(t, it, label, dropped, same);
	else if (w->loose)
		fail(t, it, label, why);
	json_decref(label);
	json_decref(dropped);
	json_decref(o);
}

/* A round is over: another one, or the end. */
static int
round_over(struct transfer *t)
{
	struct work	*w = t->state;
	size_t		 i;
	int		 waits = 0;

	for (i = 0; i < w->n; i++)
		waits |= w->item[i].state == IS_WAITS;
	if (waits && (w->progress != 0 || !w->loose)) {
		w->loose = w->progress == 0;
		w->progress = 0;
		w->at = 0;
		return (0);
	}
	if (w->close != NULL) {
		w->close->state = IS_WAITS;
		w->close = NULL;
		w->loose = 1;
		w->at = 0;
		w->saved--;
		t->done--;
		return (0);
	}
	snprintf(t->text, sizeof(t->text), "%llu saved, %llu as they were, "
	    "%llu rows, %llu not imported",
	    (unsigned long long)w->saved, (unsigned long long)w->same,
	    (unsigned long long)w->rows, (unsigned long long)w->failed);
	t->failed = w->failed != 0;
	return (1);
}

static int
step(struct transfer *t)
{
	struct work	*w = t->state;

	while (w->at < w->n && w->item[w->at].state != IS_WAITS)
		w->at++;
	if (w->at == w->n)
		return (round_over(t));
	item_step(t, &w->item[w->at++]);
	return (0);
}

/* ---- sorting: packages first, then kind by kind, rows last ---- */

static int
rank(const struct item *it)
{
	return (it->kind != NULL ? (int)(it->kind - transfer_kinds) : 1000);
}

/* By rank, else in the order of the file: 0 or -1. */
static int
items_sort(struct work *w)
{
	struct item	*list;
	size_t		 i, n = 0;
	int		 r, next, at = -1;

	if ((list = calloc(w->n + 1, sizeof(*list))) == NULL)
		return (-1);
	do {
		next = INT32_MAX;
		for (i = 0; i < w->n; i++) {
			r = rank(&w->item[i]);
			if (r == at)
				list[n++] = w->item[i];
			else if (r > at && r < next)
				next = r;
		}
		at = next;
	} while (next != INT32_MAX);
	free(w->item);
	w->item = list;
	return (0);
}

/* The package that a file's artifacts say they lie in. */
static void
package_of(struct work *w, const json_t *o)
{
	const json_t	*v = json_object_get(o, "package");

	if (json_is_object(v))
		v = json_object_get(v, "id");
	if (w->file_package[0] == '\0' && json_is_string(v))
		(void)id_lower(w->file_package, json_string_value(v));
}

/* What an item is: 0, or -1 when it is nothing to be saved. */
static int
item_look(struct transfer *t, struct item *it)
{
	struct work	*w = t->state;
	const char	*why = NULL;
	json_t		*o = item_parse(it, &why);

	if (o == NULL) {
		fail(t, it, NULL, why);
		return (-1);
	}
	if (is_rows(o)) {
		json_decref(o);
		return (0);
	}
	if (is_listing(o) && json_object_get(o, "artifact") == NULL &&
	    json_is_object(json_object_get(o, "package"))) {
		transfer_line(t, "a package's list names '%s': its content is "
		    "not in the file", name_of(o));
		it->state = IS_DONE;
	} else if ((it->kind = shape_kind(o, &why)) == NULL) {
		transfer_line(t, "'%s' is not imported: it is %s",
		    name_of(o), why);
		it->state = IS_FAILED;
		w->failed++;
	} else if (it->kind->type == ART_PACKAGE &&
	    t->cmd.text[0] != '\0') {
		transfer_line(t, "package '%s' is not imported: its artifacts "
		    "go into the one given with -p", name_of(o));
		it->state = IS_DONE;
	} else if (it->kind->type == ART_PACKAGE)
		(void)id_lower(w->file_package, json_string_value(
		    json_object_get(o, "id")));
	else
		package_of(w, o);
	if (it->kind != NULL && it->kind->type == ART_API && json_is_string(
	    json_object_get(o, "apiGroup")))
		json_object_set_new(w->api_groups, json_string_value(
		    json_object_get(o, "apiGroup")), json_true());
	json_decref(o);
	return (0);
}

/* A group of APIs looks like a script project, but for who points to it. */
static void
groups_out(struct transfer *t)
{
	struct work	*w = t->state;
	struct item	*it;
	const char	*id, *why;
	json_t		*o;
	size_t		 i;

	for (i = 0; i < w->n; i++) {
		it = &w->item[i];
		if (it->kind == NULL || it->kind->type != ART_PROJECT ||
		    it->state != IS_WAITS || (o = item_parse(it,
		    &why)) == NULL)
			continue;
		id = json_string_value(json_object_get(o, "id"));
		if (json_object_get(o, "artifact") == NULL && id != NULL &&
		    json_object_get(w->api_groups, id) != NULL) {
			transfer_line(t, "'%s' is not imported: it is a group "
			    "of APIs", name_of(o));
			it->state = IS_FAILED;
			w->failed++;
		}
		json_decref(o);
	}
}

/* Where the artifacts go: -p, else the file's own package. */
static const char *
target_find(struct transfer *t)
{
	struct work	*w = t->state;
	struct art	 a;

	if (t->cmd.text[0] != '\0') {
		if (transfer_package(t, t->cmd.text, &a) == -1)
			return (t->text);
		package_note(w, a.id);
		art_free(&a);
		return (NULL);
	}
	/* It may be made in this import: saving says if it was not. */
	if (w->file_package[0] != '\0')
		package_note(w, w->file_package);
	return (NULL);
}

static int
step_look(struct transfer *t)
{
	struct work	*w = t->state;
	const char	*why;
	size_t		 i;

	for (i = 0; i < 64 && w->at < w->n; i++)
		(void)item_look(t, &w->item[w->at++]);
	if (w->at < w->n)
		return (0);
	groups_out(t);
	if ((why = target_find(t)) != NULL)
		return (transfer_fail(t, "%s", why));
	if (items_sort(w) == -1)
		return (transfer_fail(t, "out of memory"));
	w->at = 0;
	t->step = step;
	return (0);
}

static int
step_read(struct transfer *t)
{
	struct work	*w = t->state;
	const char	*why = NULL;

	if (!read_step(t, &why))
		return (0);
	if (why == NULL)
		why = file_split(w);
	if (why != NULL)
		return (transfer_fail(t, "%s", why));
	t->all = w->n;
	t->step = step_look;
	return (0);
}

const char *
import_package(struct transfer *t)
{
	struct work	*w;

	if (t->cmd.other[0] != '\0' && stand_in(t) == NULL)
		return ("there is no role of that name to stand in");
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return ("out of memory");
	w->api_groups = json_object();
	w->rows_at = json_object();
	buf_init(&w->file, TRANSFER_FILE_MAX);
	t->state = w;
	t->end = work_free;
	t->step = step_read;
	t->unit = "artifacts";
	return (NULL);
}
