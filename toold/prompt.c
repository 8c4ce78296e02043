/* SPDX-License-Identifier: ISC */
/*
 * prompt.c: see prompt.h.  Runs in toold.  Rows are compiled in; values of
 * arguments come from the network and only ever become text of a message or
 * the name of what is looked for.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "extension.h"
#include "pipe.h"
#include "prompt.h"
#include "resource.h"
#include "rpc.h"
#include "tools.h"
#include "watch.h"

/* ---- rows ---- */

const struct prompt_arg *
prompt_arg(const struct prompt *p, const char *name)
{
	size_t i;

	for (i = 0; i < PROMPT_ARGS && p->args[i].name != NULL; i++)
		if (strcmp(p->args[i].name, name) == 0)
			return (&p->args[i]);
	return (NULL);
}

/* Each {word} of the text is an argument. */
static const char *
text_lint(const struct prompt *p)
{
	const char *s, *end;
	char word[64];

	for (s = strchr(p->text, '{'); s != NULL; s = strchr(end, '{')) {
		if ((end = strchr(s, '}')) == NULL ||
		    text_setn(word, sizeof(word), s + 1,
		    (size_t)(end - s) - 1) == -1 ||
		    prompt_arg(p, word) == NULL)
			return ("the text names an argument that is not "
			    "there");
	}
	return (NULL);
}

const char *
prompt_lint(const struct prompt *p)
{
	const struct prompt_arg *a;
	size_t i;

	if (!row_name_ok(p->name))
		return ("the name is not [a-z0-9_]{1,48}");
	if (p->title == NULL || p->description == NULL ||
	    strlen(p->description) < 20)
		return ("no title, or a description that says little");
	if ((p->text == NULL) == (p->fn == NULL))
		return ("neither text nor function, or both");
	for (i = 0; i < PROMPT_ARGS && p->args[i].name != NULL; i++) {
		a = &p->args[i];
		if (a->description == NULL)
			return ("an argument without a description");
		if (a->type_arg != NULL && prompt_arg(p, a->type_arg) == NULL)
			return ("type_arg names no argument");
	}
	if (p->shows != NULL && ((a = prompt_arg(p, p->shows)) == NULL ||
	    (a->of == 0 && a->type_arg == NULL)))
		return ("shows names no argument that names an artifact");
	return (p->text != NULL ? text_lint(p) : NULL);
}

static const struct prompt *
find_in(const struct prompt *p, const char *name)
{
	for (; p != NULL && p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return (p);
	return (NULL);
}

const struct prompt *
prompt_find(const char *name)
{
	const struct prompt *p = find_in(prompt_rows, name);

	return (p != NULL ? p : find_in(extension_prompts(), name));
}

int
prompt_allowed(const struct prompt *p, const struct caller *who)
{
	if (p->level == 0)
		return (resource_feature.offered(who));
	return ((level_mask(who, p->level) & PERM_BIT(p->perm)) != 0);
}

/* ---- prompts/list ---- */

static void
put_prompt(struct buf *b, const struct prompt *p, int title)
{
	size_t i;

	buf_addc(b, '{');
	buf_add_member(b, "name", p->name);
	if (title)
		buf_add_member(b, "title", p->title);
	buf_add_member(b, "description", p->description);
	for (i = 0; i < PROMPT_ARGS && p->args[i].name != NULL; i++) {
		buf_adds(b, i == 0 ? ",\"arguments\":[{" : ",{");
		buf_add_member(b, "name", p->args[i].name);
		buf_add_member(b, "description", p->args[i].description);
		buf_addf(b, ",\"required\":%s}", p->args[i].required ?
		    "true" : "false");
	}
	buf_adds(b, i > 0 ? "]}" : "}");
}

static size_t
put_prompts(struct mcp *m, const struct prompt *p, size_t n)
{
	struct buf *b = m->reply->body;

	for (; p != NULL && p->name != NULL; p++) {
		if (!prompt_allowed(p, &m->who))
			continue;
		if (n++ > 0)
			buf_addc(b, ',');
		put_prompt(b, p, m->era->flags & EF_STRUCTURED);
	}
	return (n);
}

static void
method_list(struct mcp *m)
{
	struct buf *b = m->reply->body;

	if (mcp_first_page(m, "prompts") == -1)
		return;
	rpc_open(b, m->era, &m->scan.id);
	buf_adds(b, "\"prompts\":[");
	put_prompts(m, extension_prompts(), put_prompts(m, prompt_rows, 0));
	buf_addc(b, ']');
	mcp_cache_hints(m, MCP_LIST_TTL_MS);
	rpc_close(b);
}

/* ---- prompts/get ---- */

const char *
prompt_value(const struct prompt_call *c, const char *name)
{
	const struct prompt_arg *a = prompt_arg(c->prompt, name);

	return (a != NULL ? c->value[a - c->prompt->args] : "");
}

static int
bad_params(struct mcp *m, const char *what, const char *name)
{
	mcp_error(m, RPC_INVALID_PARAMS, NULL, "Invalid params: %s%s", what,
	    name);
	return (-1);
}

/* Values by name: 0, or -1 and the answer. */
static int
take_values(struct prompt_call *c, json_t *args)
{
	const struct prompt_arg *a;
	const char *key, *s;
	json_t *v;
	size_t i;

	json_object_foreach(args, key, v) {
		if ((a = prompt_arg(c->prompt, key)) == NULL)
			return (bad_params(c->m, "the prompt has no argument ",
			    key));
		i = (size_t)(a - c->prompt->args);
		if ((s = json_string_value(v)) == NULL ||
		    strlen(s) != json_string_length(v) ||
		    text_set(c->value[i], PROMPT_ARG_MAX, s) == -1)
			return (bad_params(c->m, "no string of at most 2047 "
			    "bytes: arguments.", key));
		c->given[i] = 1;
	}
	for (i = 0; i < PROMPT_ARGS && c->prompt->args[i].name != NULL; i++)
		if (c->prompt->args[i].required && !c->given[i])
			return (bad_params(c->m, "missing required argument ",
			    c->prompt->args[i].name));
	return (0);
}

static int
read_values(struct prompt_call *c)
{
	const struct span *sp = &c->m->scan.arguments;
	json_t *args;
	int r;

	if (sp->p == NULL || span_type(sp) == 'n')
		args = json_object();
	else if (span_type(sp) != '{')
		return (bad_params(c->m, "arguments is not an object", ""));
	else
		args = json_loadb(sp->p, sp->len, JSON_REJECT_DUPLICATES,
		    NULL);
	if (args == NULL)
		return (bad_params(c->m, "arguments cannot be read", ""));
	r = take_values(c, args);
	json_decref(args);
	return (r);
}

/* The text with the values in their places, as content of a JSON string. */
static void
put_filled(struct buf *b, const struct prompt_call *c)
{
	const char *s = c->prompt->text, *open, *close, *v;
	char word[64];

	while ((open = strchr(s, '{')) != NULL) {
		close = strchr(open, '}');
		buf_add_json_body(b, s, (size_t)(open - s));
		text_setn(word, sizeof(word), open + 1,
		    (size_t)(close - open) - 1);
		v = prompt_value(c, word);
		if (v[0] == '\0')
			v = "(not given)";
		buf_add_json_body(b, v, strlen(v));
		s = close + 1;
	}
	buf_add_json_body(b, s, strlen(s));
}

/* The artifact that is shown, as an embedded resource: 0, or -1 answered. */
static int
put_shown(struct prompt_call *c, struct buf *b)
{
	const struct prompt_arg *a = prompt_arg(c->prompt, c->prompt->shows);
	const char *name = prompt_value(c, a->name);
	char uri[RESOURCE_URI_MAX], err[1024] = "";
	enum resource_end end = RES_NONE;
	enum art_type type = a->of;
	struct buf text;

	if (type == 0)
		type = art_find(prompt_value(c, a->type_arg));
	if (type == 0)
		return (bad_params(c->m, "no type of artifact: arguments.",
		    a->type_arg));
	resource_uri(type, name, uri);
	buf_init(&text, PIPE_OUT_MAX);
	end = resource_load(c->m, type, name, &text, err);
	if (end == RES_OK) {
		buf_adds(b, ",{\"role\":\"user\",\"content\":{\"type\":"
		    "\"resource\",\"resource\":{");
		buf_add_member(b, "uri", uri);
		buf_adds(b, ",\"mimeType\":\"application/json\",\"text\":");
		buf_add_json(b, (const char *)text.data, text.len);
		buf_adds(b, "}}}");
	}
	buf_free(&text);
	if (end == RES_OK)
		return (0);
	resource_refuse(c->m, end, uri, err);
	return (-1);
}

static void
answer_text(struct prompt_call *c)
{
	struct buf *b = c->m->reply->body, shown;

	buf_init(&shown, 0);
	if (c->prompt->shows != NULL && put_shown(c, &shown) == -1) {
		buf_free(&shown);
		return;
	}
	rpc_open(b, c->m->era, &c->m->scan.id);
	buf_adds(b, "\"description\":");
	buf_add_json(b, c->prompt->description, strlen(c->prompt->description));
	buf_adds(b, ",\"messages\":[{\"role\":\"user\",\"content\":{"
	    "\"type\":\"text\",\"text\":\"");
	put_filled(b, c);
	buf_adds(b, "\"}}");
	buf_add(b, shown.data, shown.len);
	buf_addc(b, ']');
	rpc_close(b);
	buf_free(&shown);
}

/* The prompt that is asked for, or NULL and the answer. */
static const struct prompt *
named_prompt(struct mcp *m)
{
	const struct prompt *p;
	char name[128];

	if (span_type(&m->scan.name) != '"') {
		bad_params(m, "name is required, a string", "");
		return (NULL);
	}
	if (span_string(&m->scan.name, name, sizeof(name)) == -1)
		text_set(name, sizeof(name), "?");
	p = prompt_find(name);
	if (p != NULL && prompt_allowed(p, &m->who))
		return (p);
	mcp_error(m, RPC_INVALID_PARAMS, NULL, "Prompt %s not found", name);
	return (NULL);
}

static void
method_get(struct mcp *m)
{
	struct prompt_call *c;
	const struct prompt *p;

	if (mcp_count_call(m) == -1 || (p = named_prompt(m)) == NULL)
		return;
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		mcp_error(m, RPC_INTERNAL, NULL, "out of memory");
		return;
	}
	c->m = m;
	c->prompt = p;
	if (read_values(c) == 0) {
		if (p->fn != NULL)
			p->fn(c);
		else
			answer_text(c);
	}
	free(c);
}

/* ---- the feature ---- */

static int
offered(const struct caller *who)
{
	const struct prompt *p;

	for (p = prompt_rows; p->name != NULL; p++)
		if (prompt_allowed(p, who))
			return (1);
	return (extension_prompts() != NULL);
}

static void
declare(struct buf *b, const struct era_row *era)
{
	buf_addf(b, ",\"prompts\":{\"listChanged\":%s},\"completions\":{}",
	    watch_offered(era) ? "true" : "false");
}

static const struct method methods[] = {
	{ "prompts/list", ERA_ALL, MF_REQUEST, method_list },
	{ "prompts/get", ERA_ALL, MF_REQUEST | MF_NAME, method_get },
	{ "completion/complete", ERA_ALL, MF_REQUEST, mcp_complete },
	{ NULL, 0, 0, NULL }
};

const struct feature prompt_feature = { methods, offered, declare };
