/* SPDX-License-Identifier: ISC */
/*
 * keylink.c: the listener's channel to signd, and the handshakes that wait
 * for a signature.  Trusts signd for nothing but signatures, which the
 * client checks.  Never blocks: the handshake is an ASYNC job of OpenSSL that
 * is paused here and run again when the answer is there.  When signd ends,
 * the questions wait for the next channel and are asked again; the deadline
 * of the connection ends a wait that is too long.
 */
#include <openssl/async.h>

#include <string.h>

#include "chan.h"
#include "child.h"
#include "log.h"
#include "secret.h"
#include "tls.h"

TAILQ_HEAD(signing_list, signing);

static struct chan	*signd;
static struct msg_worker worker;	/* of that channel */
static struct signing_list waits = TAILQ_HEAD_INITIALIZER(waits);
static struct signing	*asker;		/* whose handshake runs now */
static uint32_t		 last_id;

/* signd answers in the order of the questions: mostly it is the first. */
static struct signing *
signing_find(uint32_t id)
{
	struct signing	*s;

	TAILQ_FOREACH(s, &waits, entry)
		if (s->id == id)
			break;
	return (s);
}

static void
on_signature(struct chan *ch, struct msg *m)
{
	struct signing	*s;

	/* Of a connection that is gone: nobody waits. */
	if ((s = signing_find(m->id)) == NULL)
		return;
	TAILQ_REMOVE(&waits, s, entry);
	memcpy(&s->answer, m->data, sizeof(s->answer));
	s->state = s->answer.ok ? SIGN_GOOD : SIGN_BAD;
	s->cb(s->arg);
}

static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	if (ch != signd)
		return;
	if (end != CE_EOF)
		log_warnx("%s: %s", chan_name(ch), why);
	signd = NULL;
	chan_send(child_master(), MSG_WORKER_GONE, 0, &worker);
}

static const struct chan_handler handlers[] = {
	{ MSG_SIGNATURE, on_signature },
	{ 0, NULL }
};
static const struct chan_ops ops = { handlers, on_end };

void
keylink(int fd, const struct msg_worker *w)
{
	struct signing	*s;

	if (signd != NULL)
		chan_close(signd);
	worker = *w;
	signd = chan_new(fd, CK_LISTENER_SIGND, SIDE_FIRST, &ops, NULL);
	chan_setname(signd, "signd");
	chan_setstate(signd, CS_RUN);
	TAILQ_FOREACH(s, &waits, entry)
		chan_send(signd, MSG_SIGN, s->id, &s->question);
}

void
keylink_for(struct signing *s)
{
	asker = s;
}

void
keylink_fail(struct signing *s)
{
	if (s->state == SIGN_WAIT)
		TAILQ_REMOVE(&waits, s, entry);
	s->state = SIGN_BAD;
}

static void
signing_ask(struct signing *s, unsigned int slot, uint16_t scheme,
    const uint8_t *tbs, size_t len)
{
	memset(&s->question, 0, sizeof(s->question));
	s->question.slot = slot;
	s->question.scheme = scheme;
	s->question.tbs_len = (uint16_t)len;
	memcpy(s->question.tbs, tbs, len);
	s->id = ++last_id;
	s->state = SIGN_WAIT;
	TAILQ_INSERT_TAIL(&waits, s, entry);
	if (signd != NULL)
		chan_send(signd, MSG_SIGN, s->id, &s->question);
}

/* Runs on the small stack of an ASYNC job. */
int
keylink_sign(unsigned int slot, uint16_t scheme, const uint8_t *tbs,
    size_t len, uint8_t *sig, size_t cap, size_t *siglen)
{
	struct signing	*s = asker;

	if (s == NULL || s->state != SIGN_NONE || slot >= TLS_SLOTS ||
	    (len != TBS_SHA256 && len != TBS_SHA384) ||
	    ASYNC_get_current_job() == NULL)
		return (-1);
	signing_ask(s, slot, scheme, tbs, len);
	while (s->state == SIGN_WAIT)
		if (ASYNC_pause_job() == 0)
			keylink_fail(s);
	if (s->state != SIGN_GOOD || s->answer.sig_len > cap)
		return (-1);
	memcpy(sig, s->answer.sig, s->answer.sig_len);
	*siglen = s->answer.sig_len;
	return (0);
}
