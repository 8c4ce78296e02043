/* SPDX-License-Identifier: ISC */
/*
 * register.c: /register (RFC 7591), the one place where the listener reads
 * JSON.  Size is bounded by the route, depth and tokens before jansson sees
 * the text.  Clients send nulls and members nobody knows: both are passed
 * over.  The answer never holds null, and arrays are always arrays.
 */
#include <jansson.h>

#include <stdio.h>
#include <string.h>

#include "secret.h"
#include "text.h"
#include "listener.h"

#define DEPTH_MAX	8
#define TOKENS_MAX	512
#define BAD		"invalid_client_metadata"
#define BAD_URI		"invalid_redirect_uri"

int
register_head(struct req *r, const struct http_head *h)
{
	if (!http_media_is(h->one[HF_CONTENT_TYPE], "application/json")) {
		reply_error(r, 400, BAD,
		    "Content-Type must be application/json");
		return (-1);
	}
	return (0);
}

/* Structure only: jansson judges the rest.  0, or -1 when it is too much. */
static int
json_prescan(const char *p, size_t len)
{
	unsigned int	depth = 0, tokens = 0;
	int		text = 0;
	size_t		i;

	for (i = 0; i < len; i++) {
		if (text) {
			if (p[i] == '\\')
				i++;
			else if (p[i] == '"')
				text = 0;
			continue;
		}
		text = p[i] == '"';
		if (p[i] == '{' || p[i] == '[')
			depth++;
		else if ((p[i] == '}' || p[i] == ']') && depth > 0)
			depth--;
		if (strchr("{[,:", p[i]) != NULL && p[i] != '\0')
			tokens++;
		if (depth > DEPTH_MAX || tokens > TOKENS_MAX)
			return (-1);
	}
	return (0);
}

static const char *
uris_take(const json_t *list, struct msg_register *m, const char **why)
{
	const char	*uri;
	size_t		 i, n = json_array_size(list);

	if (!json_is_array(list) || n == 0) {
		*why = "redirect_uris must be an array with a URI in it";
		return (BAD_URI);
	}
	if (n > REDIRECTS_MAX) {
		*why = "redirect_uris has more than 8 entries";
		return (BAD_URI);
	}
	for (i = 0; i < n; i++) {
		uri = json_string_value(json_array_get(list, i));
		if (uri == NULL || uri[0] == '\0' ||
		    text_set(m->redirect[i], URI_MAX, uri) == -1) {
			*why = "redirect_uris: each must be a string of at "
			    "most 511 bytes";
			return (BAD_URI);
		}
	}
	m->nredirects = (uint32_t)n;
	return (NULL);
}

static const char *
method_take(const json_t *v, struct msg_register *m, const char **why)
{
	static const struct {
		const char	*name;
		uint32_t	 method;
	} methods[] = {
		{ "none", AM_NONE }, { "client_secret_post", AM_POST },
		{ "client_secret_basic", AM_BASIC }
	};
	const char	*text;
	size_t		 i;

	if (v == NULL || json_is_null(v))
		return (NULL);
	text = json_string_value(v);
	for (i = 0; text != NULL &&
	    i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, text) == 0) {
			m->auth_method = methods[i].method;
			return (NULL);
		}
	*why = "token_endpoint_auth_method must be none, client_secret_post "
	    "or client_secret_basic";
	return (BAD);
}

static const char *
grants_take(const json_t *v, struct msg_register *m, const char **why)
{
	const char	*text;
	size_t		 i;

	if (v == NULL || json_is_null(v))
		return (NULL);
	if (!json_is_array(v)) {
		*why = "grant_types must be an array";
		return (BAD);
	}
	for (i = 0; i < json_array_size(v); i++) {
		text = json_string_value(json_array_get(v, i));
		if (text == NULL) {
			*why = "grant_types: each must be a string";
			return (BAD);
		}
		if (strcmp(text, "authorization_code") == 0)
			m->grant_types |= GT_CODE;
		else if (strcmp(text, "refresh_token") == 0)
			m->grant_types |= GT_REFRESH;
	}
	if (json_array_size(v) != 0 && !(m->grant_types & GT_CODE)) {
		*why = "grant_types must hold authorization_code";
		return (BAD);
	}
	return (NULL);
}

static const char *
responses_take(const json_t *v, const char **why)
{
	const char	*text;
	size_t		 i;

	if (v == NULL || json_is_null(v))
		return (NULL);
	if (json_is_array(v) && json_array_size(v) == 0)
		return (NULL);
	for (i = 0; i < json_array_size(v); i++) {
		text = json_string_value(json_array_get(v, i));
		if (text != NULL && strcmp(text, "code") == 0)
			return (NULL);
	}
	*why = "response_types must hold code";
	return (BAD);
}

static const char *
name_take(const json_t *v, struct msg_register *m, const char **why)
{
	if (v == NULL || json_is_null(v))
		return (NULL);
	if (!json_is_string(v)) {
		*why = "client_name must be a string";
		return (BAD);
	}
	text_clean(m->client_name, sizeof(m->client_name),
	    json_string_value(v), json_string_length(v));
	return (NULL);
}

static const char *
members_take(const json_t *o, struct msg_register *m, const char **why)
{
	const char	*bad;

	if ((bad = uris_take(json_object_get(o, "redirect_uris"), m,
	    why)) != NULL)
		return (bad);
	if ((bad = method_take(json_object_get(o,
	    "token_endpoint_auth_method"), m, why)) != NULL)
		return (bad);
	if ((bad = grants_take(json_object_get(o, "grant_types"), m,
	    why)) != NULL)
		return (bad);
	if ((bad = responses_take(json_object_get(o, "response_types"),
	    why)) != NULL)
		return (bad);
	return (name_take(json_object_get(o, "client_name"), m, why));
}

const char *
register_parse(const char *text, size_t len, struct msg_register *m,
    const char **why)
{
	const char	*bad = BAD;
	json_t		*o = NULL;
	json_error_t	 e;

	memset(m, 0, sizeof(*m));
	if (json_prescan(text, len) == -1)
		*why = "the JSON is nested too deeply or too long";
	else if ((o = json_loadb(text, len, JSON_REJECT_DUPLICATES,
	    &e)) == NULL)
		*why = "the body is not JSON, or names a member twice";
	else if (!json_is_object(o))
		*why = "the body must be a JSON object";
	else
		bad = members_take(o, m, why);
	json_decref(o);
	return (bad);
}

static void
register_go(struct req *r)
{
	struct msg_register	 m;
	const char		*text, *bad, *why = NULL;
	size_t			 len;

	text = req_body(r, &len);
	if ((bad = register_parse(text, len, &m, &why)) != NULL) {
		reply_error(r, 400, bad, why);
		return;
	}
	m.from = r->from;
	link_ask_authd(r, MSG_REGISTER, &m);
}

void
register_run(struct req *r)
{
	req_step(r, register_go);
}

static void
answer_build(struct buf *b, const struct msg_registered *m)
{
	static const char *const methods[AM_MAX] = {
		[AM_ABSENT] = "none", [AM_NONE] = "none",
		[AM_POST] = "client_secret_post",
		[AM_BASIC] = "client_secret_basic"
	};
	uint32_t	i;

	buf_addc(b, '{');
	buf_add_member(b, "client_id", m->client_id);
	buf_addf(b, ",\"client_id_issued_at\":%lld",
	    (long long)m->issued_at);
	if (m->secret[0] != '\0') {
		buf_add_member(b, "client_secret", m->secret);
		buf_addf(b, ",\"client_secret_expires_at\":%lld",
		    (long long)m->secret_expires);
	}
	buf_add_member(b, "client_name", m->client_name);
	buf_adds(b, ",\"redirect_uris\":[");
	for (i = 0; i < m->nredirects; i++) {
		if (i > 0)
			buf_addc(b, ',');
		buf_add_json(b, m->redirect[i], strlen(m->redirect[i]));
	}
	buf_adds(b, "],\"grant_types\":[\"authorization_code\"");
	if (m->grant_types & GT_REFRESH)
		buf_adds(b, ",\"refresh_token\"");
	buf_adds(b, "],\"response_types\":[\"code\"]");
	buf_add_member(b, "token_endpoint_auth_method",
	    methods[m->auth_method]);
	buf_add_member(b, "scope", SCOPE);
	buf_addc(b, '}');
}

void
register_answer(struct req *r, const struct msg_registered *m)
{
	struct reply	p;
	struct buf	b;

	if (m->error[0] != '\0' || m->status >= 300) {
		reply_error_more(r, (int)m->status, m->error, m->error_text,
		    m->retry_after, NULL);
		return;
	}
	buf_init(&b, 0);
	b.secret = 1;
	answer_build(&b, m);
	memset(&p, 0, sizeof(p));
	p.status = (int)m->status;
	p.type = "application/json";
	p.body = b.data;
	p.len = b.len;
	p.flags = RP_PRAGMA;
	reply_send(r, &p);
	buf_wipe(&b);
}
