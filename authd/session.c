/* SPDX-License-Identifier: ISC */
/*
 * session.c: sign-in sessions.  Runs in authd.  A session belongs to one
 * pending authorization and the browser that started it; it conveys nothing
 * but the right to answer that one consent page.
 */
#include <string.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "oauth.h"

struct stored {
	struct session_rec	rec;
	char			tail[URI_MAX + STATE_MAX];
};

void
session_put(const struct session *s)
{
	struct stored	st;

	st.rec = s->rec;
	memcpy(st.tail, s->redirect, s->rec.redirect_len);
	memcpy(st.tail + s->rec.redirect_len, s->state, s->rec.state_len);
	store_put(DB_SESSIONS, s->key, sizeof(s->key), &st,
	    sizeof(st.rec) + s->rec.redirect_len + s->rec.state_len);
}

void
session_make(const struct pending *p, const char *user_id, uint64_t worker,
    char text[48])
{
	struct session	s;

	memset(&s, 0, sizeof(s));
	memset(text, 0, 48);
	secret_make("kn_", text, 48);
	s.rec.v = SESSION_REC_V;
	s.rec.state = SS_OPEN;
	s.rec.flags = p->flags;
	s.rec.digest_gen = digest_gen();
	s.rec.scope = p->scope;
	s.rec.redirect_len = (uint32_t)strlen(p->redirect) + 1;
	s.rec.state_len = p->has_state ? (uint32_t)strlen(p->state) + 1 : 0;
	memcpy(s.rec.txn, p->txn, sizeof(s.rec.txn));
	text_set(s.rec.user_id, sizeof(s.rec.user_id), user_id);
	memcpy(s.rec.client_id, p->client_id, sizeof(s.rec.client_id));
	memcpy(s.rec.challenge, p->challenge, sizeof(s.rec.challenge));
	s.rec.worker = worker;
	s.rec.created_s = auth_now();
	s.rec.era = auth_era();
	s.rec.expires_s = s.rec.created_s + PENDING_S;
	memcpy(s.redirect, p->redirect, s.rec.redirect_len);
	memcpy(s.state, p->state, s.rec.state_len);
	digest_make(s.rec.digest_gen, DK_SESSION, text, strlen(text), s.key);
	session_put(&s);
	store_expire(s.rec.expires_s, DB_SESSIONS, s.key, sizeof(s.key));
}

static int
session_load(const char *text, struct session *s)
{
	struct stored	st;
	uint32_t	g;
	long		n = -1;

	for (g = digest_gen(); g > 0 && n == -1; g--)
		if (digest_make(g, DK_SESSION, text, strlen(text),
		    s->key) == 0)
			n = store_get_any(DB_SESSIONS, s->key,
			    sizeof(s->key), &st, sizeof(st));
	if (n < (long)sizeof(st.rec))
		return (-1);
	s->rec = st.rec;
	if (s->rec.v != SESSION_REC_V || s->rec.redirect_len == 0 ||
	    s->rec.redirect_len > URI_MAX || s->rec.state_len > STATE_MAX ||
	    (size_t)n != sizeof(st.rec) + s->rec.redirect_len +
	    s->rec.state_len)
		return (-1);
	memset(s->redirect, 0, sizeof(s->redirect));
	memset(s->state, 0, sizeof(s->state));
	memcpy(s->redirect, st.tail, s->rec.redirect_len);
	memcpy(s->state, st.tail + s->rec.redirect_len, s->rec.state_len);
	return (0);
}

int
session_find(const char *text, const char *txn, struct session *s)
{
	struct user	u;
	char		want[24];

	if (session_load(text, s) == -1)
		return (-1);
	memset(want, 0, sizeof(want));
	b64url_encode(s->rec.txn, sizeof(s->rec.txn), want);
	if (strcmp(want, txn) != 0 || auth_over(s->rec.era,
	    s->rec.expires_s))
		return (-1);
	if (user_get(s->rec.user_id, &u) == -1 || u.flags & USER_DISABLED)
		return (-1);
	return (0);
}
