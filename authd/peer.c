/* SPDX-License-Identifier: ISC */
/*
 * peer.c: the channels to toold and pwhash.  Runs in authd.  Both are ours,
 * both may be hijacked: toold can acknowledge closings and send audit events
 * of its own doings, pwhash can answer a hash; neither can ask for anything.
 *
 * Nothing that needs handles is answered before toold has taken our channel:
 * it drops the handles of every earlier one before it says so.
 */
#include <stdio.h>
#include <string.h>

#include "../common/child.h"
#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "handle.h"
#include "keys.h"
#include "worker.h"

#define REST_MS		4

static struct chan	*toold, *pwhash;
static uint64_t		 toold_generation, pwhash_generation;
static int		 toold_ready;
static struct ev_timer	 rest_timer;

struct chan *
auth_toold(void)
{
	return (toold);
}

static void
on_rested(struct ev_timer *t)
{
	auth_toold_wake();
}

/*
 * Audit records of reads come with each turn of toold and nobody waits for
 * them: woken for each, authd would spend more on waking than on the records.
 * They lie in the socket meanwhile, out of toold's reach.
 */
void
auth_toold_rest(void)
{
	if (toold == NULL || rest_timer.pos != 0 || handle_closing())
		return;
	if (rest_timer.cb == NULL)
		ev_timer_init(&rest_timer, on_rested, NULL);
	chan_rest(toold, 1);
	ev_timer_set(&rest_timer, REST_MS);
}

void
auth_toold_wake(void)
{
	ev_timer_del(&rest_timer);
	if (toold != NULL)
		chan_rest(toold, 0);
}

uint64_t
auth_toold_generation(void)
{
	return (toold_generation);
}

int
auth_ready(void)
{
	return (toold != NULL && toold_ready);
}

static int
role_send(const struct role *r, void *arg)
{
	struct msg_role	m;

	memset(&m, 0, sizeof(m));
	memcpy(m.role.id, r->id, sizeof(m.role.id));
	memcpy(m.role.name, r->name, sizeof(m.role.name));
	chan_send(toold, MSG_ROLE, 0, &m);
	return (0);
}

void
auth_send_roles(void)
{
	struct msg_hello	m;

	if (!auth_ready())
		return;
	role_each(role_send, NULL);
	m.generation = toold_generation;
	chan_send(toold, MSG_ROLES_END, 0, &m);
}

static void
on_hello_ack(struct chan *ch, struct msg *msg)
{
	const struct msg_hello	*m = msg->data;
	struct msg_mackeys	 keys;

	if (toold_ready || m->generation != toold_generation) {
		chan_violation(ch, "HELLO_ACK of another generation");
		return;
	}
	toold_ready = 1;
	chan_setstate(ch, CS_RUN);
	memset(&keys, 0, sizeof(keys));
	keys_toold(&keys);
	chan_send(ch, MSG_MACKEYS, 0, &keys);
	secret_wipe(&keys, sizeof(keys));
	auth_send_roles();
	handle_toold_up();
}

static const struct chan_handler toold_handlers[] = {
	{ MSG_HELLO_ACK, on_hello_ack },
	{ MSG_CLOSE_ACK, handle_on_close_ack },
	{ MSG_AUDIT, audit_on_batch },
	{ 0, NULL }
};

static void
toold_down(struct chan *ch)
{
	auth_toold_wake();
	toold = NULL;
	toold_ready = 0;
	audit_peer_gone(ch);
	handle_toold_down();
}

/* It goes on record, and master ends it: its other channels must not live. */
static void
violation(enum peer_role role, uint64_t generation, const char *who,
    const char *why)
{
	struct audit_own	a;
	struct msg_peer		m;

	memset(&a, 0, sizeof(a));
	a.kind = AK_VIOLATION;
	a.outcome = AO_DENIED;
	a.target = who;
	a.detail = why;
	audit_add(&a);
	memset(&m, 0, sizeof(m));
	m.role = role;
	m.broke = 1;
	m.generation = generation;
	if (child_master() != NULL)
		chan_send(child_master(), MSG_PEER_STUCK, 0, &m);
}

static void
toold_end(struct chan *ch, enum chan_end end, const char *why)
{
	if (ch != toold)
		return;
	if (end == CE_VIOLATION)
		violation(PR_TOOLD, toold_generation, "toold", why);
	toold_down(ch);
}

static const struct chan_ops toold_ops = { toold_handlers, toold_end };

static const struct chan_handler pwhash_handlers[] = {
	{ MSG_HASHED, user_on_hashed },
	{ 0, NULL }
};

static void
pwhash_end(struct chan *ch, enum chan_end end, const char *why)
{
	if (ch != pwhash)
		return;
	if (end == CE_VIOLATION)
		violation(PR_PWHASH, pwhash_generation, "pwhash",
		    why);
	pwhash = NULL;
	user_pwhash_down();
}

static const struct chan_ops pwhash_ops = { pwhash_handlers, pwhash_end };

/* The pair's generation is authd's own: both ends name the same number. */
static void
toold_new(const struct msg_peer *m, int fd)
{
	struct msg_hello	 hello;
	struct chan		*old = toold;

	if (old != NULL) {
		toold_down(old);
		chan_close(old);
	}
	toold_generation = m->generation;
	toold = chan_new(fd, CK_AUTHD_TOOLD, SIDE_FIRST, &toold_ops, NULL);
	chan_setname(toold, "toold");
	hello.generation = m->generation;
	chan_send(toold, MSG_HELLO, 0, &hello);
}

static void
pwhash_new(const struct msg_peer *m, int fd)
{
	struct chan	*old = pwhash;

	if (old != NULL) {
		pwhash = NULL;
		user_pwhash_down();
		chan_close(old);
	}
	pwhash_generation = m->generation;
	pwhash = chan_new(fd, CK_AUTHD_PWHASH, SIDE_FIRST, &pwhash_ops, NULL);
	chan_setname(pwhash, "pwhash");
	chan_setstate(pwhash, CS_RUN);
	user_pwhash_up(pwhash);
}

void
peer_new(const struct msg_peer *m, int fd)
{
	switch (m->role) {
	case PR_TOOLD:
		toold_new(m, fd);
		break;
	case PR_PWHASH:
		pwhash_new(m, fd);
		break;
	default:
		fatalx("master: a peer authd has no channel to");
	}
}
