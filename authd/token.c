/* SPDX-License-Identifier: ISC */
/*
 * token.c: making access and refresh tokens under a grant.  Runs in authd.
 * The texts exist here and in the answer only; the store gets their digests.
 */
#include <string.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "grant.h"
#include "keysign.h"

static int64_t
life(const struct issue *i, uint32_t seconds)
{
	int64_t	until = i->now + seconds;

	return (until < i->grant->end_s ? until : i->grant->end_s);
}

static int
access_make(const struct issue *i, struct access_rec *a,
    uint8_t key[DIGEST_LEN], struct msg_token_answer *out)
{
	memset(a, 0, sizeof(*a));
	a->v = ACCESS_REC_V;
	a->era = auth_era();
	a->digest_gen = digest_gen();
	a->serial = i->serial;
	a->scope = i->scope;
	a->audience = resource_tag();
	memcpy(a->grant, i->grant->id, sizeof(a->grant));
	a->issued_s = i->now;
	a->expires_s = life(i, auth_conf()->access_s);
	if (token_sign(i->grant, a, out->access, sizeof(out->access)) == -1)
		return (-1);
	return (digest_make(a->digest_gen, DK_ACCESS, out->access,
	    strlen(out->access), key));
}

static void
refresh_make(const struct issue *i, struct msg_token_answer *out)
{
	struct refresh_rec	r;
	uint8_t			key[DIGEST_LEN];

	memset(&r, 0, sizeof(r));
	r.v = REFRESH_REC_V;
	r.era = auth_era();
	r.digest_gen = digest_gen();
	r.serial = i->serial;
	memcpy(r.grant, i->grant->id, sizeof(r.grant));
	r.issued_s = i->now;
	r.expires_s = life(i, auth_conf()->refresh_s);
	secret_make("kr_", out->refresh, sizeof(out->refresh));
	digest_make(r.digest_gen, DK_REFRESH, out->refresh,
	    strlen(out->refresh), key);
	store_put(DB_REFRESH, key, sizeof(key), &r, sizeof(r));
	store_expire(r.expires_s, DB_REFRESH, key, sizeof(key));
	if (i->family->until_s < r.expires_s)
		i->family->until_s = r.expires_s;
}

int
token_issue(const struct issue *i, struct msg_token_answer *out)
{
	struct access_rec	a;
	uint8_t			key[DIGEST_LEN];
	uint64_t		carrier = i->family->worker;
	int			first = i->family->used_s == 0;

	memset(out, 0, sizeof(*out));
	if (access_make(i, &a, key, out) == -1) {
		log_warnx("an access token cannot be signed");
		return (-1);
	}
	store_put(DB_ACCESS, key, sizeof(key), &a, sizeof(a));
	store_expire(a.expires_s, DB_ACCESS, key, sizeof(key));
	if (i->family->until_s < a.expires_s)
		i->family->until_s = a.expires_s;
	if (i->refresh)
		refresh_make(i, out);
	i->family->used_s = i->now;
	i->family->worker = i->worker;
	store_put(DB_FAMILIES, i->grant->id, sizeof(i->grant->id), i->family,
	    sizeof(*i->family));
	grant_carried(i->grant, first ? i->grant->worker : carrier, i->worker);
	if (first)
		store_expire(i->family->until_s, DB_GRANTS, i->grant->id,
		    sizeof(i->grant->id));
	out->status = 200;
	out->expires_in = (uint32_t)(a.expires_s - i->now);
	scope_text(i->scope, out->scope, sizeof(out->scope));
	return (0);
}
