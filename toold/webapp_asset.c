/* SPDX-License-Identifier: ISC */
/*
 * webapp_asset.c: one file of a web app: read it, in pieces, and remove it.
 * Runs in keepd-toold.  The text of a record is read where it lies: files
 * are never made into a tree for reading.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "webapp.h"

#define PIECE		30000		/* bytes, by default; divisible by 3 */
#define PIECE_MAX	600000

/* ---- finding ---- */

/*
 * The hidden member is the last thing in the text: {"path":"base64",..}}.
 * Base64 has no escapes; a path is compared in its escaped form.
 */
static const char *
sources_begin(const struct art *a)
{
	static const char	key[] = ",\"" WEBAPP_HIDDEN "\":{";
	size_t			i, n = sizeof(key) - 1;

	for (i = a->def_len - n; i > 0; i--)
		if (a->def[i] == ',' && memcmp(a->def + i, key, n) == 0)
			return (a->def + i + n);
	return (NULL);
}

/* Past the closing quote of a string at p. */
static const char *
string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return (p < end ? p + 1 : end);
}

static const char *
source_find(const struct art *a, const char *path, size_t *len)
{
	const char	*p = sources_begin(a), *end = a->def + a->def_len;
	const char	*k, *v;
	struct buf	 key;

	buf_init(&key, 4096);
	buf_add_json(&key, path, strlen(path));
	for (; p != NULL && p < end && *p == '"'; p = v + *len + 2) {
		k = string_end(p, end);		/* ":" and a quote follow */
		v = k + 2;
		if (v >= end)
			break;
		*len = (size_t)(string_end(k + 1, end) - v) - 1;
		if ((size_t)(k - p) == key.len && memcmp(p, key.data,
		    key.len) == 0) {
			buf_free(&key);
			return (v);
		}
	}
	buf_free(&key);
	return (NULL);
}

/* ---- get ---- */

struct piece {
	const char	*b64;
	size_t		 len;		/* of the text */
	int64_t		 size;		/* bytes of the file */
	int64_t		 from, n;	/* bytes wanted */
};

static enum tool_err
put_base64(struct call *c, const struct piece *p)
{
	size_t	at = (size_t)p->from / 3 * 4, n;

	if (p->from % 3 != 0)
		return (call_invalid(c, "offset", "must be divisible by 3 "
		    "for base64"));
	n = ((size_t)p->n + 2) / 3 * 4;
	if (n > p->len - at)
		n = p->len - at;
	buf_adds(c->out, ",\"encoding\":\"base64\",\"source\":\"");
	buf_add(c->out, p->b64 + at, n);
	buf_addc(c->out, '"');
	return (TE_OK);
}

/*
 * The longest beginning that does not end inside a character; the last piece
 * of a file must end with one.  SIZE_MAX: that is no text.
 */
static size_t
whole_chars(const uint8_t *s, size_t len, int last)
{
	size_t	n;

	if (memchr(s, '\0', len) != NULL)
		return (SIZE_MAX);
	if (utf8_valid(s, len))
		return (len);
	for (n = len; !last && n > 1 && len - n < 3; n--)
		if (s[n - 1] >= 0xc0 && utf8_valid(s, n - 1))
			return (n - 1);
	return (SIZE_MAX);
}

static enum tool_err
put_text(struct call *c, struct piece *p)
{
	size_t		 at = (size_t)p->from / 3 * 4, n, skip;
	uint8_t		*raw;
	int		 got;

	skip = (size_t)p->from % 3;
	n = ((size_t)p->n + skip + 2) / 3 * 4;
	if (n > p->len - at)
		n = p->len - at;
	if ((raw = malloc(n + 1)) == NULL)
		return (call_fail(c, "out of memory"));
	got = n == 0 ? 0 : b64_decode(p->b64 + at, n, raw, n);
	if (got > (int)(skip + (size_t)p->n))
		got = (int)(skip + (size_t)p->n);
	n = got >= (int)skip ? whole_chars(raw + skip, (size_t)got - skip,
	    p->from + p->n >= p->size) : 0;
	if (n == SIZE_MAX) {
		free(raw);
		return (call_fail(c, "The file is not UTF-8 text here: read "
		    "it with encoding base64"));
	}
	p->n = (int64_t)n;
	buf_adds(c->out, ",\"encoding\":\"text\",\"source\":");
	buf_add_json(c->out, (const char *)raw + skip, n);
	free(raw);
	return (TE_OK);
}

static int64_t
arg_int(const struct call *c, const char *key, int64_t dflt)
{
	const json_t	*v = json_object_get(c->args, key);

	return (json_is_integer(v) ? (int64_t)json_integer_value(v) : dflt);
}

static enum tool_err
put_piece(struct call *c, const char *path, struct piece *p)
{
	const char	*enc = json_string_value(json_object_get(c->args,
			    "encoding"));
	enum tool_err	 e;
	long long	 next;

	p->size = (int64_t)(p->len / 4 * 3);
	if (p->len > 0)
		p->size -= (p->b64[p->len - 1] == '=') +
		    (p->b64[p->len - 2] == '=');
	p->from = arg_int(c, "offset", 0);
	p->n = arg_int(c, "length", PIECE);
	if (p->from > p->size)
		p->from = p->size - p->size % 3;
	if (p->n > p->size - p->from)
		p->n = p->size - p->from;
	json_put_str(c->out, "path", path);
	buf_addf(c->out, ",\"size\":%lld,\"offset\":%lld",
	    (long long)p->size, (long long)p->from);
	e = enc != NULL && strcmp(enc, "text") == 0 ? put_text(c, p) :
	    put_base64(c, p);
	if (e != TE_OK)
		return (e);
	/* Base64 goes on at a multiple of three. */
	next = enc != NULL && strcmp(enc, "text") == 0 ? p->n :
	    (p->n + 2) / 3 * 3;
	next += p->from;
	if (p->from + p->n < p->size)
		buf_addf(c->out, ",\"next\":%lld", next);
	buf_addc(c->out, '}');
	return (TE_OK);
}

enum tool_err
webapp_asset_get(struct call *c)
{
	const char	*path = json_string_value(json_object_get(c->args,
			    "path"));
	struct piece	 p;
	struct art	 a;
	enum tool_err	 e;

	store_read_begin();
	e = artifact_find(c, ART_WEBAPP,
	    json_string_value(json_object_get(c->args, "id")), &a);
	if (e != TE_OK)
		return (e);
	memset(&p, 0, sizeof(p));
	if ((p.b64 = source_find(&a, path, &p.len)) == NULL)
		e = call_fail(c, "Not Found: asset '%.256s'", path);
	else {
		buf_addf(c->out, "{\"id\":\"%s\"", a.id);
		e = put_piece(c, path, &p);
	}
	art_free(&a);
	return (e);
}

/* ---- delete ---- */

enum tool_err
webapp_stage_find(struct call *c)
{
	return (art_stage_find(c, ART_WEBAPP,
	    json_string_value(json_object_get(c->args, "id"))));
}

enum tool_err
webapp_stage_asset(struct call *c)
{
	struct art_call	*ac = art_call(c);
	const char	*path = json_string_value(json_object_get(c->args,
			    "path"));

	if ((ac->tree = art_tree(&ac->old)) == NULL)
		return (store_fail(c));
	if (asset_find(json_object_get(json_object_get(ac->tree, "runtime"),
	    "assets"), path) == -1)
		return (call_fail(c, "Not Found: asset '%.256s'", path));
	return (TE_OK);
}

enum tool_err
webapp_asset_delete(struct call *c)
{
	struct art_call	*ac = art_call(c);
	const char	*path = json_string_value(json_object_get(c->args,
			    "path"));
	json_t		*assets;
	enum tool_err	 e;

	assets = json_object_get(json_object_get(ac->tree, "runtime"),
	    "assets");
	json_array_remove(assets, (size_t)asset_find(assets, path));
	json_object_del(json_object_get(ac->tree, WEBAPP_HIDDEN), path);
	e = artifact_rewrite(c, &webapp_group, &ac->old, ac->tree, 0);
	if (e != TE_OK)
		return (e);
	call_detail(c, "asset %.200s", path);
	buf_addf(c->out, "{\"id\":\"%s\"", ac->old.id);
	json_put_str(c->out, "path", path);
	buf_addf(c->out, ",\"deleted\":true,\"revision\":%lld,\"remaining\":"
	    "%zu}", (long long)ac->old.revision + 1, json_array_size(assets));
	return (TE_OK);
}
