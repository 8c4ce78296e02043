/* SPDX-License-Identifier: ISC */
/*
 * resource.c: see resource.h.  Runs in toold.  URIs and cursors come from
 * the network; a cursor is believed when its MAC is right and then only says
 * where a list goes on.
 */
#include <stdio.h>
#include <string.h>

#include "../common/text.h"
#include "extension.h"
#include "opaque.h"
#include "pipe.h"
#include "resource.h"
#include "rpc.h"
#include "tools.h"
#include "watch.h"

#define SCHEME		"keepd://"
#define VARIABLE	"{name}"
#define MIME		"application/json"
#define READ_TTL_MS	5000

static const struct resource_row {
	enum art_type	 type;
	const char	*tool;		/* reads it */
	const char	*title;
	const char	*what;
} rows[] = {
	{ ART_PACKAGE, "get_package", "Development package",
	    "A development package with its roles and members" },
	{ ART_TABLE, "get_table", "Table definition",
	    "A table definition: fields, indices, foreign keys, roles" },
	{ ART_APP, "get_app", "Application",
	    "An application with its tree of objects" },
	{ ART_WEBAPP, "get_webapp", "Web app",
	    "A web app with its settings and assets" },
	{ ART_SCRIPT, "get_server_script", "Server script",
	    "A server script with its source text" },
	{ ART_PROJECT, "get_script_project", "Script project",
	    "A script project with its scripts" },
	{ ART_ADAPTIVE, "get_adaptive", "Adaptive entity",
	    "An adaptive entity with its settings" },
	{ ART_API, "get_api", "API",
	    "An API definition: paths, definitions, endpoints" },
};
#define NROWS		(sizeof(rows) / sizeof(rows[0]))

static const struct resource_row *
row_find(enum art_type type)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		if (rows[i].type == type)
			return (&rows[i]);
	return (NULL);
}

static const struct tool_entry *
row_tool(const struct resource_row *row)
{
	return (tool_find(row->tool, strlen(row->tool)));
}

int
resource_type_allowed(const struct caller *who, enum art_type type)
{
	const struct resource_row *row = row_find(type);
	const struct tool_entry *t = row != NULL ? row_tool(row) : NULL;

	return (t != NULL && tool_allowed(t->tool, who));
}

/* ---- URIs ---- */

static int
plain(unsigned char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~');
}

void
resource_uri(enum art_type type, const char *name, char *out)
{
	size_t n;

	n = (size_t)snprintf(out, RESOURCE_URI_MAX, SCHEME "%s/",
	    art_kind(type)->word);
	for (; *name != '\0' && n + 4 < RESOURCE_URI_MAX; name++)
		if (plain((unsigned char)*name))
			out[n++] = *name;
		else
			n += (size_t)snprintf(out + n, RESOURCE_URI_MAX - n,
			    "%%%02X", (unsigned char)*name);
	out[n] = '\0';
}

/* Percent-decoding of the whole rest: 0, or -1. */
static int
name_decode(const char *p, char *out, size_t cap)
{
	uint8_t byte;
	size_t n = 0;

	for (; *p != '\0'; p++) {
		byte = (uint8_t)*p;
		if (*p == '%') {
			if (strlen(p) < 3 ||
			    hex_decode(p + 1, 2, &byte, 1) == -1)
				return (-1);
			p += 2;
		} else if (*p == '/' || *p == '?' || *p == '#')
			return (-1);
		if (byte == 0 || n + 1 >= cap)
			return (-1);
		out[n++] = (char)byte;
	}
	out[n] = '\0';
	return (n > 0 && utf8_valid(out, n) ? 0 : -1);
}

/* keepd://TYPE/NAME: the type, 0 when it is no URI of ours. */
static enum art_type
uri_parse(const char *uri, char *name, size_t cap)
{
	size_t skip = sizeof(SCHEME) - 1, n;
	char word[16];

	if (strncmp(uri, SCHEME, skip) != 0)
		return ((enum art_type)0);
	uri += skip;
	n = strcspn(uri, "/");
	if (uri[n] != '/' || text_setn(word, sizeof(word), uri, n) == -1 ||
	    name_decode(uri + n + 1, name, cap) == -1)
		return ((enum art_type)0);
	return (art_find(word));
}

enum art_type
resource_template(const char *uri, size_t len)
{
	char want[64];
	size_t i;

	for (i = 0; i < NROWS; i++) {
		snprintf(want, sizeof(want), SCHEME "%s/" VARIABLE,
		    art_kind(rows[i].type)->word);
		if (strlen(want) == len && memcmp(want, uri, len) == 0)
			return (rows[i].type);
	}
	return ((enum art_type)0);
}

/* ---- reading ---- */

/* The id of what the caller means; missing and hidden look the same. */
static int
find_id(const struct caller *who, enum art_type type, const char *name,
    char *id)
{
	struct art a;
	int r = art_load_name(who, type, name, 0, &a);

	if (r == 0 || (r == 1 && a.level == PL_NONE))
		r = art_load(who, type, name, 0, &a);
	if (r == 1 && a.level == PL_NONE)
		r = 0;
	/* An id that none has: the tool then says and audits Not Found. */
	text_set(id, ID_SIZE, r == 1 ? a.id : "");
	return (r);
}

int
resource_visible(const struct caller *who, enum art_type type, const char *id)
{
	struct art a;

	return (resource_type_allowed(who, type) &&
	    art_load(who, type, id, 0, &a) == 1 && a.level != PL_NONE);
}

int
resource_watch(const struct caller *who, const char *uri, enum art_type *type,
    char *id)
{
	const struct resource_more *more = extension_resources();
	char name[RESOURCE_URI_MAX];
	struct buf b;
	int r;

	buf_init(&b, 0);
	r = more != NULL && more->read(uri, &b);
	buf_free(&b);
	*type = r ? (enum art_type)0 : uri_parse(uri, name, sizeof(name));
	id[0] = '\0';
	if (*type == 0 || !resource_type_allowed(who, *type))
		return (r);
	return (find_id(who, *type, name, id));
}

enum resource_end
resource_load(struct mcp *m, enum art_type type, const char *name,
    struct buf *out, char *err)
{
	const struct tool_entry *t = row_tool(row_find(type));
	enum pipe_end end;
	char id[ID_SIZE];
	struct call c;
	int seen;

	store_read_begin();
	seen = find_id(&m->who, type, name, id) == 1 &&
	    tool_allowed(t->tool, &m->who);
	memset(&c, 0, sizeof(c));
	c.who = &m->who;
	c.out = out;
	c.stream = m->stream;
	c.era = m->era;
	c.args = json_pack("{s:s}", "id", seen ? id : name);
	if (c.args == NULL) {
		text_set(err, 1024, "out of memory");
		return (RES_ERROR);
	}
	end = pipe_run(&c, t, m->req->handle);
	json_decref(c.args);
	text_set(err, 1024, c.err);
	switch (end) {
	case PIPE_OK:
		return (RES_OK);
	case PIPE_BUSY:
		return (RES_BUSY);
	case PIPE_GONE:
		return (RES_GONE);
	default:
		return (seen ? RES_ERROR : RES_NONE);
	}
}

static void
not_found(struct mcp *m, const char *uri)
{
	struct buf data;

	buf_init(&data, 0);
	buf_adds(&data, "{\"uri\":");
	buf_add_json(&data, uri, strlen(uri));
	buf_addc(&data, '}');
	buf_addc(&data, '\0');
	mcp_error(m, m->era->flags & EF_RESULT_TYPE ? RPC_INVALID_PARAMS :
	    RPC_NOT_FOUND, data.failed ? NULL : (const char *)data.data,
	    "Resource not found");
	buf_free(&data);
}

void
resource_refuse(struct mcp *m, enum resource_end end, const char *uri,
    const char *err)
{
	switch (end) {
	case RES_OK:
		break;
	case RES_NONE:
		not_found(m, uri);
		break;
	case RES_ERROR:
		mcp_error(m, RPC_INTERNAL, NULL, "%s", err);
		break;
	case RES_BUSY:
		mcp_busy(m);
		break;
	case RES_GONE:
		m->reply->gone = 1;
		break;
	}
}

static void
put_contents(struct mcp *m, const char *uri, const struct buf *members)
{
	struct buf *b = m->reply->body;

	rpc_open(b, m->era, &m->scan.id);
	buf_adds(b, "\"contents\":[{\"uri\":");
	buf_add_json(b, uri, strlen(uri));
	buf_add(b, members->data, members->len);
	buf_adds(b, "}]");
	mcp_cache_hints(m, READ_TTL_MS);
	rpc_close(b);
}

static enum resource_end
read_artifact(struct mcp *m, const char *uri, struct buf *members, char *err)
{
	char name[ART_NAME_MAX + 1];
	enum resource_end end;
	enum art_type type;
	struct buf text;

	if ((type = uri_parse(uri, name, sizeof(name))) == 0)
		return (RES_NONE);
	buf_init(&text, PIPE_OUT_MAX);
	end = resource_load(m, type, name, &text, err);
	if (end == RES_OK) {
		buf_adds(members, ",\"mimeType\":\"" MIME "\",\"text\":");
		buf_add_json(members, (const char *)text.data, text.len);
	}
	buf_free(&text);
	return (end);
}

static void
method_read(struct mcp *m)
{
	const struct resource_more *more = extension_resources();
	char uri[RESOURCE_URI_MAX], err[1024] = "";
	enum resource_end end = RES_OK;
	struct buf members;

	if (mcp_count_call(m) == -1)
		return;
	if (span_type(&m->scan.uri) != '"') {
		mcp_error(m, RPC_INVALID_PARAMS, NULL,
		    "Invalid params: uri is required, a string");
		return;
	}
	if (span_string(&m->scan.uri, uri, sizeof(uri)) == -1) {
		text_clean(uri, sizeof(uri), m->scan.uri.p, m->scan.uri.len);
		not_found(m, uri);
		return;
	}
	buf_init(&members, 0);
	if (more == NULL || !more->read(uri, &members))
		end = read_artifact(m, uri, &members, err);
	if (end == RES_OK)
		put_contents(m, uri, &members);
	else
		resource_refuse(m, end, uri, err);
	buf_free(&members);
}

/* ---- lists ---- */

struct page {
	struct mcp	*m;
	unsigned int	 n;
	int		 full;
	enum art_type	 type;		/* of the last item */
	char		 key[ART_NAME_MAX + 1];
};

static void
put_item(struct mcp *m, const struct art_brief *a)
{
	const struct resource_row *row = row_find(a->type);
	struct buf *b = m->reply->body;
	char uri[RESOURCE_URI_MAX], text[64 + ART_NAME_MAX], iso[32];

	resource_uri(a->type, a->name, uri);
	buf_addc(b, '{');
	buf_add_member(b, "uri", uri);
	buf_add_member(b, "name", a->name);
	snprintf(text, sizeof(text), "%s %s", row->title, a->name);
	if (m->era->flags & EF_STRUCTURED)
		buf_add_member(b, "title", text);
	buf_add_member(b, "description", a->description[0] != '\0' ?
	    a->description : text);
	buf_adds(b, ",\"mimeType\":\"" MIME "\"");
	if (m->era->flags & EF_STRUCTURED) {
		iso_print(a->updated_at, 1, iso);
		buf_addf(b, ",\"annotations\":{\"lastModified\":\"%s\"}",
		    iso);
	}
	buf_addc(b, '}');
}

static int
on_item(const struct art_brief *a, void *arg)
{
	struct page *p = arg;

	if (p->n == RESOURCE_PAGE) {
		p->full = 1;
		return (1);
	}
	if (p->n++ > 0)
		buf_addc(p->m->reply->body, ',');
	put_item(p->m, a);
	p->type = a->type;
	text_set(p->key, sizeof(p->key), a->key);
	return (0);
}

/* Where to go on: 0, or -1 and the answer. */
static int
cursor_read(struct mcp *m, struct page *p)
{
	char text[OPAQUE_TEXT_MAX + 1], data[1 + ART_NAME_MAX + 1] = "";
	long n;

	p->type = ART_PACKAGE;
	if (m->scan.cursor.p == NULL)
		return (0);
	if ((n = span_string(&m->scan.cursor, text, sizeof(text))) != -1)
		n = opaque_open("resources/list", &m->who, text, (size_t)n,
		    data, sizeof(data));
	if (n < 2 || data[n - 1] != '\0') {
		mcp_error(m, RPC_INVALID_PARAMS, NULL, "Invalid params: no "
		    "such cursor; start the list anew, without one");
		return (-1);
	}
	p->type = (enum art_type)data[0];
	text_set(p->key, sizeof(p->key), data + 1);
	return (0);
}

static void
cursor_write(struct page *p)
{
	char text[OPAQUE_TEXT_MAX + 1], data[1 + ART_NAME_MAX + 1];

	data[0] = (char)p->type;
	text_set(data + 1, sizeof(data) - 1, p->key);
	if (opaque_make("resources/list", &p->m->who, data, 1 +
	    strlen(p->key) + 1, text) == 0)
		buf_addf(p->m->reply->body, ",\"nextCursor\":\"%s\"", text);
}

static int
list_items(struct page *p)
{
	const struct caller *who = &p->m->who;
	char after[ART_NAME_MAX + 1];
	size_t i;

	store_read_begin();
	text_set(after, sizeof(after), p->key);
	for (i = 0; i < NROWS && !p->full; i++) {
		if (rows[i].type < p->type ||
		    !resource_type_allowed(who, rows[i].type))
			continue;
		if (rows[i].type != p->type)
			after[0] = '\0';
		p->type = rows[i].type;
		if (art_walk(who, rows[i].type, after, "", on_item, p) == -1)
			return (-1);
	}
	return (0);
}

/* Drop a comma that stands behind the last item. */
static void
end_items(struct buf *b)
{
	if (b->len > 0 && b->data[b->len - 1] == ',')
		b->len--;
	buf_addc(b, ']');
}

static void
method_list(struct mcp *m)
{
	const struct resource_more *more = extension_resources();
	struct buf *b = m->reply->body;
	uint64_t began = mono_us();
	size_t start = b->len;
	struct page p = { .m = m };

	if (mcp_count_call(m) == -1 || cursor_read(m, &p) == -1)
		return;
	rpc_open(b, m->era, &m->scan.id);
	buf_adds(b, "\"resources\":[");
	if (more != NULL && m->scan.cursor.p == NULL)
		more->list(b, m->era);
	if (list_items(&p) == -1) {
		b->len = start;
		mcp_error(m, RPC_INTERNAL, NULL, "%s", store_error());
		return;
	}
	end_items(b);
	if (p.full)
		cursor_write(&p);
	mcp_cache_hints(m, MCP_LIST_TTL_MS);
	rpc_close(b);
	pipe_audit(&m->who, "resources/list", "", AO_OK, began);
}

static void
put_template(struct buf *b, const struct resource_row *row, int title)
{
	buf_addf(b, "{\"uriTemplate\":\"" SCHEME "%s/" VARIABLE "\"",
	    art_kind(row->type)->word);
	buf_add_member(b, "name", art_kind(row->type)->word);
	if (title)
		buf_add_member(b, "title", row->title);
	buf_add_member(b, "description", row->what);
	buf_adds(b, ",\"mimeType\":\"" MIME "\"},");
}

static void
method_templates(struct mcp *m)
{
	const struct resource_more *more = extension_resources();
	struct buf *b = m->reply->body;
	size_t i;

	if (mcp_first_page(m, "templates") == -1)
		return;
	rpc_open(b, m->era, &m->scan.id);
	buf_adds(b, "\"resourceTemplates\":[");
	for (i = 0; i < NROWS; i++)
		if (resource_type_allowed(&m->who, rows[i].type))
			put_template(b, &rows[i], m->era->flags &
			    EF_STRUCTURED);
	if (more != NULL)
		more->templates(b, m->era);
	end_items(b);
	mcp_cache_hints(m, MCP_LIST_TTL_MS);
	rpc_close(b);
}

/* ---- the feature ---- */

static int
offered(const struct caller *who)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		if (resource_type_allowed(who, rows[i].type))
			return (1);
	return (extension_resources() != NULL);
}

static void
declare(struct buf *b, const struct era_row *era)
{
	buf_adds(b, watch_offered(era) ? ",\"resources\":{"
	    "\"listChanged\":true,\"subscribe\":true}" :
	    ",\"resources\":{\"listChanged\":false,\"subscribe\":false}");
}

static const struct method methods[] = {
	{ "resources/list", ERA_ALL, MF_REQUEST, method_list },
	{ "resources/templates/list", ERA_ALL, MF_REQUEST, method_templates },
	{ "resources/read", ERA_ALL, MF_REQUEST | MF_NAME_URI, method_read },
	{ NULL, 0, 0, NULL }
};

const struct feature resource_feature = { methods, offered, declare };
