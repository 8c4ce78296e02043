/* SPDX-License-Identifier: ISC */
/*
 * authdchan.c: see authdchan.h.  Runs in toold.  What comes here decides
 * who may do what; it was checked field by field in msg.c.
 */
#include "../common/log.h"
#include "../common/msg.h"
#include "audit.h"
#include "authdchan.h"
#include "handle.h"
#include "role.h"
#include "opaque.h"
#include "session.h"
#include "toold.h"

static struct chan *authd;
static uint64_t authd_generation;
static int greeted;
static const struct handle *watched;
static struct mono watched_until;
static void (*broken)(const char *);

static void
on_hello(struct chan *ch, struct msg *msg)
{
	const struct msg_hello *m = msg->data;
	struct msg_hello ack = { m->generation };

	if (m->generation != authd_generation || greeted) {
		chan_violation(ch, "HELLO of another generation, or twice");
		return;
	}
	greeted = 1;
	chan_setstate(ch, CS_RUN);
	chan_send(ch, MSG_HELLO_ACK, msg->id, &ack);
	audit_connect(ch);
}

static void
on_mackeys(struct chan *ch, struct msg *msg)
{
	const struct msg_mackeys *m = msg->data;

	session_setkey(m->session);
	opaque_setkey(m->session);
}

static void
on_role(struct chan *ch, struct msg *msg)
{
	const struct msg_role *m = msg->data;

	role_stage(&m->role);
}

static void
on_roles_end(struct chan *ch, struct msg *msg)
{
	roles_commit();
}

static void
on_audit_ack(struct chan *ch, struct msg *msg)
{
	audit_ack(msg->data);
}

static void
forget(void)
{
	handles_drop();
	audit_disconnect();
	session_setkey(NULL);
	opaque_setkey(NULL);
	authd = NULL;
	greeted = 0;
}

static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	if (ch != authd)
		return;
	log_info("channel to authd ended (%s): all handles dropped", why);
	forget();
	if (end != CE_EOF && broken != NULL)
		broken(why);
}

void
authd_onbroken(void (*fn)(const char *))
{
	broken = fn;
}

static const struct chan_handler handlers[] = {
	{ MSG_HELLO, on_hello },
	{ MSG_MACKEYS, on_mackeys },
	{ MSG_ROLE, on_role },
	{ MSG_ROLES_END, on_roles_end },
	{ MSG_OPEN, handle_on_open },
	{ MSG_CLOSE, handle_on_close },
	{ MSG_AUDIT_ACK, on_audit_ack },
	{ 0, NULL }
};

static const struct chan_ops ops = { handlers, on_end };

void
authd_peer(int fd, uint64_t generation)
{
	authd_close();
	authd_generation = generation;
	authd = chan_new(fd, CK_AUTHD_TOOLD, SIDE_SECOND, &ops, NULL);
	chan_setname(authd, "authd");
}

void
authd_close(void)
{
	struct chan *old = authd;

	if (old == NULL)
		return;
	forget();
	chan_close(old);
}

void
authd_drain(void)
{
	while (authd != NULL && chan_wait(authd, 0) == 1)
		;
}

struct chan *
authd_chan(void)
{
	return (greeted ? authd : NULL);
}

void
authd_watch(const struct handle *h, struct mono deadline)
{
	watched = h;
	watched_until = deadline;
}

int
authd_poll(void)
{
	authd_drain();
	if (watched == NULL)
		return (0);
	return (handle_ended(watched) ||
	    !mono_before(mono_now(), watched_until));
}
