/* SPDX-License-Identifier: ISC */
/*
 * link.c: the listener's channels to authd and toold.  They come from master
 * in pairs under one worker generation and end together; handles are good
 * for one pair only.  What arrives was checked against the rows of msg.c;
 * here it is matched with the question it answers.
 */
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "child.h"
#include "log.h"
#include "listener.h"

#define CROWDED		(8U << 20)	/* bytes that wait for toold */

static struct chan	*authd, *toold;
static struct msg_worker worker;	/* of the channels that are open */

/* What toold sent once for many answers (TEXT); empty: not sent. */
static struct buf texts[TEXT_SLOTS];

static void	link_end(struct chan *, enum chan_end, const char *);

/* ---- answers ---- */

/* Who asked, or NULL when nobody waits any more. */
static struct req *
asked_by(struct chan *ch, const struct msg *m, enum req_state state,
    uint32_t question)
{
	struct req *r = req_find(m->id);

	if (r == NULL)
		return (NULL);
	if (r->state != state || r->asked != question) {
		chan_violation(ch, "answers what was not asked");
		return (NULL);
	}
	return (r);
}

#define ANSWER(fn, question, type, then)				\
static void								\
fn(struct chan *ch, struct msg *m)					\
{									\
	struct req *r = asked_by(ch, m, RS_AUTHD, question);		\
									\
	if (r != NULL)							\
		then(r, (const struct type *)m->data);			\
}
ANSWER(on_token_ok, MSG_TOKEN_CHECK, msg_token_ok, mcp_token_ok)
ANSWER(on_token_bad, MSG_TOKEN_CHECK, msg_token_bad, mcp_token_bad)
ANSWER(on_registered, MSG_REGISTER, msg_registered, register_answer)
ANSWER(on_authorize, MSG_AUTHORIZE, msg_authorize_answer,
    signin_authorize_answer)
ANSWER(on_signin, MSG_SIGNIN, msg_signin_answer, signin_answer)
ANSWER(on_consent_page, MSG_CONSENT_VIEW, msg_consent_page,
    signin_consent_page)
ANSWER(on_consent, MSG_CONSENT, msg_consent_answer, signin_consent_answer)
ANSWER(on_token, MSG_TOKEN, msg_token_answer, oauth_token_answer)
ANSWER(on_revoke, MSG_REVOKE, msg_revoke_answer, oauth_revoke_answer)
#undef ANSWER

static void
on_health(struct chan *ch, struct msg *m)
{
	struct req *r = asked_by(ch, m, RS_HEALTH, MSG_HEALTH);

	if (r != NULL)
		meta_health_answer(r, ch == authd ? 1 : 2);
}

static void
on_jwks(struct chan *ch, struct msg *m)
{
	if (meta_set_jwks(m->tail, m->tail_len) == -1)
		chan_violation(ch, "JWKS is not JSON text");
}

/* Who made the call; its answer may have begun. */
static struct req *
called_by(struct chan *ch, const struct msg *m)
{
	struct req *r = req_find(m->id);

	if (r != NULL && (r->state == RS_STREAM || r->flags & RQ_STREAM))
		return (r);
	return (asked_by(ch, m, RS_TOOLD, MSG_CALL));
}

static void
on_event(struct chan *ch, struct msg *m)
{
	struct req *r = called_by(ch, m);

	if (r != NULL && (r->u.mcp.flags & CF_SSE) == 0)
		chan_violation(ch, "an event for one who takes none");
	else if (r != NULL)
		stream_event(r, m->data, m->tail);
	chan_credit(ch, msg_bulk_len(m));
}

static void
on_answer(struct chan *ch, struct msg *m)
{
	struct req *r = called_by(ch, m);
	const struct msg_answer *a = m->data;
	const struct buf *text = NULL;

	if (a->text != 0 && ((text = &texts[a->text - 1])->len == 0 ||
	    (r != NULL && r->flags & RQ_STREAM))) {
		chan_violation(ch, "an answer with a text that was not sent");
		return;
	}
	if (r != NULL)
		mcp_answer(r, a, m->tail, text);
	else
		req_settled(m->id);
	chan_credit(ch, msg_bulk_len(m));
}

static void
on_text(struct chan *ch, struct msg *m)
{
	const struct msg_text *t = m->data;
	struct buf *b = &texts[t->slot];

	buf_free(b);
	buf_init(b, 0);
	buf_add(b, m->tail, m->tail_len);
	if (b->failed)
		fatalx("no memory for a text");
	chan_credit(ch, msg_bulk_len(m));
}

static void
texts_drop(void)
{
	size_t i;

	for (i = 0; i < TEXT_SLOTS; i++)
		buf_free(&texts[i]);
}

static void
on_unknown(struct chan *ch, struct msg *m)
{
	struct req *r = called_by(ch, m);

	if (r != NULL)
		mcp_unknown(r);
	else
		req_settled(m->id);
}

static const struct chan_handler authd_handlers[] = {
	{ MSG_HEALTH_OK, on_health },
	{ MSG_TOKEN_OK, on_token_ok },
	{ MSG_TOKEN_BAD, on_token_bad },
	{ MSG_REGISTERED, on_registered },
	{ MSG_AUTHORIZE_ANSWER, on_authorize },
	{ MSG_SIGNIN_ANSWER, on_signin },
	{ MSG_CONSENT_PAGE, on_consent_page },
	{ MSG_CONSENT_ANSWER, on_consent },
	{ MSG_TOKEN_ANSWER, on_token },
	{ MSG_REVOKE_ANSWER, on_revoke },
	{ MSG_JWKS, on_jwks },
	{ 0, NULL }
};
static const struct chan_handler toold_handlers[] = {
	{ MSG_HEALTH_OK, on_health },
	{ MSG_ANSWER, on_answer },
	{ MSG_EVENT, on_event },
	{ MSG_HANDLE_UNKNOWN, on_unknown },
	{ MSG_TEXT, on_text },
	{ 0, NULL }
};
static const struct chan_ops authd_ops = { authd_handlers, link_end };
static const struct chan_ops toold_ops = { toold_handlers, link_end };

/* ---- coming and going ---- */

static void
link_drop(const struct chan *ending)
{
	struct chan *a = authd, *t = toold;

	authd = toold = NULL;
	if (a != NULL && a != ending)
		chan_close(a);
	if (t != NULL && t != ending)
		chan_close(t);
	cache_flush();
	texts_drop();
	req_link_lost();
}

/* One end is the end of both; master makes a new pair. */
static void
link_end(struct chan *ch, enum chan_end end, const char *why)
{
	if (ch != authd && ch != toold)
		return;
	if (end != CE_EOF)
		log_warnx("%s: %s", chan_name(ch), why);
	link_drop(ch);
	chan_send(child_master(), MSG_WORKER_GONE, 0, &worker);
}

void
link_authd(int fd, const struct msg_worker *w)
{
	if (authd != NULL || toold != NULL)
		link_drop(NULL);
	worker = *w;
	authd = chan_new(fd, CK_LISTENER_AUTHD, SIDE_FIRST, &authd_ops,
	    NULL);
	chan_setname(authd, "authd");
	chan_setstate(authd, CS_RUN);
}

void
link_toold(int fd, const struct msg_worker *w)
{
	/* The other half may have ended since master sent this one. */
	if (authd == NULL || toold != NULL ||
	    w->generation != worker.generation) {
		close(fd);
		return;
	}
	toold = chan_new(fd, CK_LISTENER_TOOLD, SIDE_FIRST, &toold_ops,
	    NULL);
	chan_setname(toold, "toold");
	chan_setstate(toold, CS_RUN);
	req_link_up();
}

int
link_up(void)
{
	return (authd != NULL && toold != NULL);
}

uint64_t
link_generation(void)
{
	return (worker.generation);
}

/* ---- questions ---- */

int
link_ask_authd(struct req *r, uint32_t type, const void *data)
{
	return (chan_send(authd, type, req_ask(r, RS_AUTHD, type), data));
}

int
link_call(struct req *r, const struct msg_call *m)
{
	return (chan_send_tail(toold, MSG_CALL,
	    req_ask(r, RS_TOOLD, MSG_CALL), m, r->body.data, r->body.len));
}

/* The number stays: toold knows the stream by it. */
void
link_recheck(struct req *r, const struct msg_token_check *q)
{
	r->state = RS_AUTHD;
	r->asked = MSG_TOKEN_CHECK;
	conn_wait(r->c, lconf->l.answer_timeout_ms);
	chan_send(authd, MSG_TOKEN_CHECK, r->id, q);
}

void
link_handle_new(struct req *r)
{
	struct msg_handle m;

	memcpy(m.handle, r->u.mcp.handle, sizeof(m.handle));
	r->state = RS_STREAM;
	r->asked = MSG_CALL;
	chan_send(toold, MSG_HANDLE_NEW, r->id, &m);
}

void
link_cancel(uint32_t id)
{
	if (toold != NULL)
		chan_send(toold, MSG_CANCEL, id, NULL);
}

void
link_health(struct req *r)
{
	uint32_t id = req_ask(r, RS_HEALTH, MSG_HEALTH);

	chan_send(authd, MSG_HEALTH, id, NULL);
	chan_send(toold, MSG_HEALTH, id, NULL);
}

int
link_crowded(void)
{
	return (toold != NULL && chan_queued(toold) > CROWDED);
}
