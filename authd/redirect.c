/* SPDX-License-Identifier: ISC */
/*
 * redirect.c: where the browser is sent, what the pages show, and the value
 * that protects the forms.  Runs in authd on registered URIs and on values
 * that were checked; touches no store.
 */
#include <stdio.h>
#include <string.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "../common/uri.h"
#include "oauth.h"

static void
param_add(struct buf *b, const char *name, const char *val, char *sep)
{
	if (val == NULL)
		return;
	buf_addc(b, *sep);
	buf_adds(b, name);
	buf_addc(b, '=');
	buf_add_urlenc(b, val);
	*sep = '&';
}

int
redirect_build(const struct redirect *r, char *out, size_t size)
{
	struct buf	b;
	char		sep = strchr(r->uri, '?') != NULL ? '&' : '?';
	int		rv = -1;

	buf_init(&b, size - 1);
	buf_adds(&b, r->uri);
	param_add(&b, "code", r->code, &sep);
	param_add(&b, "error", r->error, &sep);
	param_add(&b, "error_description", r->description, &sep);
	param_add(&b, "state", r->state, &sep);
	param_add(&b, "iss", auth_issuer(), &sep);
	if (!b.failed) {
		memset(out, 0, size);
		memcpy(out, b.data, b.len);
		rv = 0;
	}
	buf_wipe(&b);
	return (rv);
}

void
page_fill(struct page_info *p, const struct client *c, const char *redirect,
    uint32_t scope)
{
	struct uri	u;

	memset(p, 0, sizeof(*p));
	text_clean(p->client_name, sizeof(p->client_name), c->rec.name,
	    strlen(c->rec.name));
	if ((c->rec.flags & CR_PINNED) == 0)
		p->flags |= PG_UNVERIFIED;
	if (uri_parse(redirect, &u) == NULL) {
		if (uri_is_loopback(&u))
			p->flags |= PG_LOOPBACK;
		if (strcmp(u.scheme, "https") == 0 ||
		    strcmp(u.scheme, "http") == 0)
			text_set(p->redirect_host, sizeof(p->redirect_host),
			    u.host);
		else {
			p->flags |= PG_CUSTOM;
			snprintf(p->redirect_host, sizeof(p->redirect_host),
			    "%s:", u.scheme);
		}
	}
	scope_text(scope, p->scope, sizeof(p->scope));
}

void
csrf_make(enum form_action action, const uint8_t txn[TXN_LEN],
    const char *secret, char out[48])
{
	uint8_t	in[1 + TXN_LEN + 64], mac[DIGEST_LEN];
	size_t	n = strnlen(secret, 64);

	in[0] = (uint8_t)action;
	memcpy(in + 1, txn, TXN_LEN);
	memcpy(in + 1 + TXN_LEN, secret, n);
	mac_make(MK_CSRF, in, 1 + TXN_LEN + n, mac);
	memset(out, 0, 48);
	b64url_encode(mac, sizeof(mac), out);
	secret_wipe(in, sizeof(in));
}

int
csrf_ok(enum form_action action, const uint8_t txn[TXN_LEN],
    const char *secret, const char *given)
{
	char	want[48], have[48];

	csrf_make(action, txn, secret, want);
	return (text_set(have, sizeof(have), given) == 0 &&
	    secret_eq(want, have, sizeof(want)));
}
