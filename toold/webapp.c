/* SPDX-License-Identifier: ISC */
/*
 * webapp.c: web apps: the record, and what a save does to its files.  Runs
 * in keepd-toold.  Content of files is checked to be base64 and never looked
 * into.  A list of files means one thing only: when it leaves out a file
 * that is there, the call has to say whether that file goes or stays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "webapp.h"

#define PLACEHOLDER							\
	"<!DOCTYPE html><html><head><title>Web Application</title></head>" \
	"<body>Please upload assets to your Web Application</body></html>"
#define PAGE_MAX	524288

static const struct art_field fields[] = {
	{ "type", AF_TEXT, AF_SUMMARY | AF_REQUIRED, 16, "\"react\"", NULL },
	{ "onlyRuntime", AF_BOOL, AF_SUMMARY, 0, "false", NULL },
	{ "settings", AF_OBJECT, 0, 0,
	    "{\"mainFilePath\":\"index.html\"}", NULL },
	{ "apis", AF_ARRAY, 0, 500, "[]", NULL },
	{ "roles", AF_ARRAY, 0, 64, "[]", NULL },
	{ "runtime", AF_OBJECT, 0, 0, "null", NULL },
	{ NULL, AF_ANY, 0, 0, NULL, NULL }
};

static const struct art_ref refs[] = {
	{ "apis", "parent", "id", 0, ART_API, "API" },
	{ NULL, NULL, NULL, 0, ART_APP, NULL }
};

/* ---- files ---- */

const char *
asset_path_check(const char *path)
{
	const char	*p;
	size_t		 n;

	if (path[0] != '/' || strlen(path) < 2 || strlen(path) > 256)
		return ("must begin with / and have 2 to 256 bytes");
	if (!text_printable(path, strlen(path)) || strpbrk(path, "\\?#"))
		return ("must be printable text without \\, ? and #");
	for (p = path; *p != '\0'; p += n + 1) {
		n = strcspn(p + 1, "/");
		if (n == 0 || (n == 1 && p[1] == '.') ||
		    (n == 2 && p[1] == '.' && p[2] == '.'))
			return ("must not have empty, . or .. parts");
		if (p[n + 1] == '\0')
			break;
	}
	return (NULL);
}

int64_t
asset_size(const char *b64, size_t len)
{
	uint8_t	*raw;
	int	 n;

	if (len == 0)
		return (0);
	if ((raw = malloc(len)) == NULL)
		return (-1);
	n = b64_decode(b64, len, raw, len);
	free(raw);
	return (n);
}

int
asset_find(const json_t *assets, const char *path)
{
	const char	*s;
	size_t		 i;

	for (i = 0; i < json_array_size(assets); i++) {
		s = json_string_value(json_object_get(json_array_get(assets,
		    i), "path"));
		if (s != NULL && strcmp(s, path) == 0)
			return ((int)i);
	}
	return (-1);
}

/* A save's work on the files. */
struct files {
	struct call	*c;
	const json_t	*old;		/* runtime.assets as stored */
	const json_t	*old_sources;
	json_t		*assets;	/* as they will be */
	json_t		*index;		/* path: true, of assets */
	json_t		*sources;
	json_t		*written, *removed;
	size_t		 total;
};

static enum tool_err
bad_file(struct files *f, size_t i, const char *key, const char *why)
{
	return (artifact_bad(f->c, &webapp_group, why, "runtime.assets.%zu.%s",
	    i, key));
}

/* One file into the new lists; entry is borrowed. */
static enum tool_err
file_put(struct files *f, const char *path, json_t *source,
    const json_t *old, int64_t size)
{
	const char	*made = json_string_value(json_object_get(old,
			    "createdAt"));
	const json_t	*kept = json_object_get(old, "updatedAt");
	char		 now[32];

	iso_print(f->c->now_ms, 1, now);
	f->total += json_string_length(source);
	if (f->total > ASSETS_TOTAL)
		return (artifact_bad(f->c, &webapp_group, "are more than 6 "
		    "MiB in base64 altogether", "runtime.assets"));
	json_object_set(f->sources, path, source);
	json_object_set_new(f->index, path, json_true());
	json_array_append_new(f->assets, json_pack("{s:s, s:I, s:s, s:s}",
	    "path", path, "size", (json_int_t)size, "createdAt",
	    made != NULL ? made : now, "updatedAt", size == -1 || kept == NULL
	    ? now : json_string_value(kept)));
	return (TE_OK);
}

/* A file that stays as it is. */
static enum tool_err
file_keep(struct files *f, const json_t *old)
{
	const char	*path = json_string_value(json_object_get(old,
			    "path"));

	return (file_put(f, path, json_object_get(f->old_sources, path), old,
	    (int64_t)json_integer_value(json_object_get(old, "size"))));
}

static enum tool_err
file_write(struct files *f, size_t i, const char *path, json_t *source,
    const json_t *old)
{
	size_t		len = json_string_length(source);
	int64_t		size;
	enum tool_err	e;

	if (len > ASSET_MAX)
		return (bad_file(f, i, "source", "must not be longer than 1 "
		    "MiB of base64"));
	if ((size = asset_size(json_string_value(source), len)) == -1)
		return (bad_file(f, i, "source", "is not base64 (RFC 4648 "
		    "section 4, with padding, without line breaks)"));
	if (old != NULL && json_equal(source, json_object_get(f->old_sources,
	    path)))
		return (file_keep(f, old));
	if ((e = file_put(f, path, source, old, -1)) != TE_OK)
		return (e);
	json_object_set_new(json_array_get(f->assets,
	    json_array_size(f->assets) - 1), "size",
	    json_integer((json_int_t)size));
	json_array_append_new(f->written, json_string(path));
	return (TE_OK);
}

static enum tool_err
file_given(struct files *f, size_t i, const json_t *entry)
{
	const char	*path, *why;
	json_t		*source = json_object_get(entry, "source");
	const json_t	*old = NULL;
	int		 at;

	path = json_string_value(json_object_get(entry, "path"));
	if (path == NULL)
		return (bad_file(f, i, "path", "Required"));
	if (strlen(path) != json_string_length(json_object_get(entry,
	    "path")))
		return (bad_file(f, i, "path", "must not hold U+0000"));
	if ((why = asset_path_check(path)) != NULL)
		return (bad_file(f, i, "path", why));
	if (json_object_get(f->index, path) != NULL)
		return (bad_file(f, i, "path", "is there for the second "
		    "time"));
	if ((at = asset_find(f->old, path)) != -1)
		old = json_array_get(f->old, (size_t)at);
	if (source == NULL && old == NULL)
		return (bad_file(f, i, "source", "Required: there is no such "
		    "file yet"));
	return (source == NULL ? file_keep(f, old) :
	    file_write(f, i, path, source, old));
}

/* Files that the list leaves out. */
static enum tool_err
files_left(struct files *f, const char *mode)
{
	const json_t	*old;
	const char	*path;
	char		 why[512];
	enum tool_err	 e;
	size_t		 i;

	json_array_foreach(f->old, i, old) {
		path = json_string_value(json_object_get(old, "path"));
		if (json_object_get(f->index, path) != NULL)
			continue;
		if (mode == NULL) {
			snprintf(why, sizeof(why), "leaves out '%s', which "
			    "is there: say assetMode replace to remove what "
			    "is not listed, or merge to keep it", path);
			return (artifact_bad(f->c, &webapp_group, why,
			    "runtime.assets"));
		}
		if (strcmp(mode, "merge") != 0) {
			json_array_append_new(f->removed, json_string(path));
			continue;
		}
		if ((e = file_keep(f, old)) != TE_OK)
			return (e);
	}
	return (TE_OK);
}

static enum tool_err
files_merge(struct call *c, struct art_doc *d, const json_t *given,
    const json_t *tree, json_t *runtime)
{
	struct files	 f;
	enum tool_err	 e = TE_OK;
	size_t		 i;

	memset(&f, 0, sizeof(f));
	f.c = c;
	f.old = json_object_get(json_object_get(tree, "runtime"), "assets");
	f.old_sources = json_object_get(tree, WEBAPP_HIDDEN);
	f.assets = json_array();
	f.index = json_object();
	f.sources = json_object();
	f.written = json_array();
	f.removed = json_array();
	for (i = 0; e == TE_OK && i < json_array_size(given); i++)
		e = file_given(&f, i, json_array_get(given, i));
	if (e == TE_OK)
		e = files_left(&f, given == NULL ? "merge" :
		    json_string_value(json_object_get(c->args, "assetMode")));
	if (e == TE_OK && json_array_size(f.assets) > ASSETS_MAX)
		e = artifact_bad(c, d->group, "are more than 2000",
		    "runtime.assets");
	json_object_set_new(runtime, "assets", f.assets);
	json_object_set_new(d->doc, WEBAPP_HIDDEN, f.sources);
	d->echo = json_pack("{s:o, s:o}", "written", f.written, "removed",
	    f.removed);
	json_decref(f.index);
	return (e);
}

/* ---- runtime ---- */

static enum tool_err
name_check(struct call *c, struct art_doc *d, const json_t *given)
{
	const char	*name = json_string_value(json_object_get(given,
			    "name"));
	char		 why[320];

	if (strspn(d->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
	    "UVWXYZ0123456789-_") != strlen(d->name))
		return (call_fail(c, "WebApp names can only contain letters, "
		    "numbers, hyphens (-), and underscores (_)."));
	if (name == NULL || strcmp(name, d->name) == 0)
		return (TE_OK);
	snprintf(why, sizeof(why), "must be the name of the web app, '%s': it "
	    "would be served under another name", d->name);
	return (artifact_bad(c, d->group, why, "runtime.name"));
}

/* The key of what is given, else of what is stored, else a default. */
static json_t *
either(const json_t *given, const json_t *old, const char *key,
    json_t *(*dflt)(void))
{
	json_t	*v = json_object_get(given, key);

	if (v == NULL || json_is_null(v))
		v = json_object_get(old, key);
	return (v != NULL ? json_incref(v) : dflt());
}

static json_t *
dflt_page(void)
{
	return (json_string(PLACEHOLDER));
}

static json_t *
dflt_private(void)
{
	return (json_false());
}

static enum tool_err
runtime_check(struct call *c, struct art_doc *d, const json_t *given)
{
	const char	*id, *page;

	id = json_string_value(json_object_get(given, "id"));
	if (id != NULL && ascii_casecmp(id, d->id) != 0)
		return (artifact_bad(c, d->group, "is not the id of this web "
		    "app", "runtime.id"));
	page = json_string_value(json_object_get(given, "page"));
	if (page != NULL && (strlen(page) > PAGE_MAX || strlen(page) !=
	    json_string_length(json_object_get(given, "page"))))
		return (artifact_bad(c, d->group, "must not be longer than "
		    "512 KiB, nor hold U+0000", "runtime.page"));
	return (TE_OK);
}

/* An earlier revision comes with all its files. */
static json_t *
files_restored(const struct art_call *ac, struct art_doc *d, json_t *runtime)
{
	json_object_set(runtime, "assets", json_object_get(json_object_get(
	    ac->given, "runtime"), "assets"));
	json_object_set(d->doc, WEBAPP_HIDDEN, json_object_get(ac->given,
	    WEBAPP_HIDDEN));
	return (runtime);
}

static enum tool_err
runtime_make(struct call *c, struct art_doc *d, const json_t *given)
{
	struct art_call	*ac = art_call(c);
	const json_t	*old = json_object_get(ac->tree, "runtime");
	json_t		*r = json_object();
	enum tool_err	 e = TE_OK;

	if (r == NULL)
		return (call_fail(c, "out of memory"));
	json_object_set_new(r, "id", json_string(d->id));
	json_object_set_new(r, "name", json_string(d->name));
	json_object_set_new(r, "publicAccess", either(given, old,
	    "publicAccess", dflt_private));
	json_object_set_new(r, "page", either(given, old, "page", dflt_page));
	if (ac->given != NULL)
		files_restored(ac, d, r);
	else
		e = files_merge(c, d, json_object_get(given, "assets"),
		    ac->tree, r);
	json_object_set_new(d->doc, "runtime", r);
	return (e);
}

static enum tool_err
check(struct call *c, struct art_doc *d)
{
	struct art_call	*ac = art_call(c);
	const json_t	*given = json_object_get(d->obj, "runtime");
	const char	*type;
	enum tool_err	 e;

	if (json_is_null(json_object_get(d->doc, "runtime")))
		return (call_fail(c, "WebApp must have a runtime"));
	if (ac->has_old)
		text_set(d->id, sizeof(d->id), ac->old.id);
	else if (c->import_id == NULL || id_lower(d->id,
	    c->import_id) == -1)
		uuid_make(d->id);
	type = json_string_value(json_object_get(d->doc, "type"));
	if (strcmp(type, "react") != 0 && strcmp(type, "vue") != 0)
		return (artifact_bad(c, d->group, "must be react or vue",
		    "type"));
	if ((e = name_check(c, d, ac->given != NULL ? NULL : given)) !=
	    TE_OK || (e = runtime_check(c, d, given)) != TE_OK ||
	    (e = artifact_roles(c, d)) != TE_OK)
		return (e);
	return (runtime_make(c, d, given));
}

const struct art_group webapp_group = {
	.type = ART_WEBAPP,
	.nouns = { "webapp", "webapps", "webapp_asset" },
	.arg = "webapp",
	.what = "Web app",
	.deleted = "Successfully deleted WebApp",
	.hidden = WEBAPP_HIDDEN,
	.fields = fields,
	.refs = refs,
	.check = check
};
