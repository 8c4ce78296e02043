/* SPDX-License-Identifier: ISC */
/*
 * complete.c: completion/complete: values for an argument of a prompt or of
 * a resource template.  Runs in toold.  Names are offered only of artifacts
 * that the caller may see.
 */
#include <string.h>

#include "../common/text.h"
#include "prompt.h"
#include "resource.h"
#include "rpc.h"

#define VALUES_MAX	100		/* what the protocol allows */

struct values {
	struct buf	*out;
	unsigned int	 n;
	int		 more;
};

static int
value_add(struct values *v, const char *text, size_t len)
{
	if (v->n == VALUES_MAX) {
		v->more = 1;
		return (1);
	}
	if (v->n++ > 0)
		buf_addc(v->out, ',');
	buf_add_json(v->out, text, len);
	return (0);
}

static int
on_name(const struct art_brief *a, void *arg)
{
	return (value_add(arg, a->name, strlen(a->name)));
}

/* Names that begin with what is there, whatever the case of ASCII. */
static void
add_names(struct mcp *m, enum art_type type, const char *begin,
    struct values *v)
{
	char prefix[ART_NAME_MAX + 1];

	if (!resource_type_allowed(&m->who, type) ||
	    text_set(prefix, sizeof(prefix), begin) == -1)
		return;
	ascii_lower(prefix);
	store_read_begin();
	art_walk(&m->who, type, "", prefix, on_name, v);
}

/* Words of a list with blanks between them. */
static void
add_words(const char *words, const char *begin, struct values *v)
{
	size_t len = strlen(begin), n;

	for (; *words != '\0'; words += n + (words[n] != '\0')) {
		n = strcspn(words, " ");
		if (n >= len && memcmp(words, begin, len) == 0)
			value_add(v, words, n);
	}
}

static void
complete_prompt(struct mcp *m, const struct prompt *p, const char *name,
    const char *begin, const json_t *context, struct values *v)
{
	const struct prompt_arg *a = prompt_arg(p, name);
	enum art_type type;

	if (a == NULL)
		return;
	type = a->of;
	if (a->type_arg != NULL)
		type = art_find(json_string_value(json_object_get(context,
		    a->type_arg)));
	if (a->words != NULL)
		add_words(a->words, begin, v);
	else if (type != 0)
		add_names(m, type, begin, v);
}

static void
answer_values(struct mcp *m, const struct values *v)
{
	struct buf *b = m->reply->body;

	rpc_open(b, m->era, &m->scan.id);
	buf_adds(b, "\"completion\":{\"values\":[");
	buf_add(b, v->out->data, v->out->len);
	buf_adds(b, "]");
	if (!v->more)
		buf_addf(b, ",\"total\":%u", v->n);
	buf_addf(b, ",\"hasMore\":%s}", v->more ? "true" : "false");
	rpc_close(b);
}

/* What is completed, or the answer that says what is wrong: 0 or -1. */
static int
complete(struct mcp *m, json_t *params, struct values *v)
{
	const json_t *ref = json_object_get(params, "ref");
	const json_t *arg = json_object_get(params, "argument");
	const char *kind = json_string_value(json_object_get(ref, "type"));
	const char *what = json_string_value(json_object_get(ref, "name"));
	const char *uri = json_string_value(json_object_get(ref, "uri"));
	const char *name = json_string_value(json_object_get(arg, "name"));
	const char *begin = json_string_value(json_object_get(arg, "value"));
	const struct prompt *p;
	enum art_type type;

	if (kind == NULL || name == NULL || begin == NULL) {
		mcp_error(m, RPC_INVALID_PARAMS, NULL, "Invalid params: "
		    "ref.type, argument.name and argument.value are "
		    "required, strings");
		return (-1);
	}
	if (strcmp(kind, "ref/prompt") == 0 && what != NULL &&
	    (p = prompt_find(what)) != NULL && prompt_allowed(p, &m->who)) {
		complete_prompt(m, p, name, begin, json_object_get(
		    json_object_get(params, "context"), "arguments"), v);
		return (0);
	}
	if (strcmp(kind, "ref/resource") == 0 && uri != NULL &&
	    (type = resource_template(uri, strlen(uri))) != 0) {
		if (strcmp(name, "name") == 0)
			add_names(m, type, begin, v);
		return (0);
	}
	mcp_error(m, RPC_INVALID_PARAMS, NULL, "Invalid params: ref names no "
	    "prompt and no resource template that there is");
	return (-1);
}

void
mcp_complete(struct mcp *m)
{
	struct values v;
	struct buf out;
	json_t *params;

	if (mcp_count_call(m) == -1)
		return;
	params = m->scan.params.p == NULL ? json_object() :
	    json_loadb(m->scan.params.p, m->scan.params.len,
	    JSON_REJECT_DUPLICATES, NULL);
	if (params == NULL) {
		mcp_error(m, RPC_INVALID_PARAMS, NULL,
		    "Invalid params: they cannot be read");
		return;
	}
	memset(&v, 0, sizeof(v));
	buf_init(&out, 0);
	v.out = &out;
	if (complete(m, params, &v) == 0)
		answer_values(m, &v);
	buf_free(&out);
	json_decref(params);
}
