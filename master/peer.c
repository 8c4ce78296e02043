/* SPDX-License-Identifier: ISC */
/*
 * peer.c: the fixed channels, authd with toold and authd with pwhash.
 * Runs in master.  Both ends of a pair leave this process in the turn in
 * which it is made: a third copy would keep the end of the channel from
 * ever being seen.
 */
#include <string.h>
#include <unistd.h>

#include "keepd.h"

static struct pair {
	enum conf_role	 role;		/* authd's partner */
	enum peer_role	 name;
	int		 joined;
	uint64_t	 generation;
} pairs[] = {
	{ CR_TOOLD, PR_TOOLD, 0, 0 },
	{ CR_PWHASH, PR_PWHASH, 0, 0 }
};
#define NPAIRS	(sizeof(pairs) / sizeof(pairs[0]))

static void
peer_send(struct proc *to, enum peer_role who, uint64_t generation, int fd)
{
	struct msg_peer	m;

	memset(&m, 0, sizeof(m));
	m.role = who;
	m.generation = generation;
	chan_send_fd(to->ch, MSG_PEER, 0, &m, fd);
	(void)chan_flush(to->ch);
}

static void
pair_join(struct pair *pair, struct proc *authd, struct proc *other)
{
	uint64_t	generation;
	int		sv[2];

	if (chan_pair(sv) == -1) {
		log_warn("no channel between authd and %s", other->name);
		return;
	}
	generation = pair->generation = generation_next();
	pair->joined = 1;
	peer_send(other, PR_AUTHD, generation, sv[1]);
	peer_send(authd, pair->name, generation, sv[0]);
}

void
peers_update(void)
{
	struct proc	*authd = proc_get(CR_AUTHD), *other;
	size_t		 i;

	if (master.stopping || !proc_serves(authd))
		return;
	for (i = 0; i < NPAIRS; i++) {
		other = proc_get(pairs[i].role);
		if (!pairs[i].joined && proc_serves(other))
			pair_join(&pairs[i], authd, other);
	}
}

void
peers_lost(const struct proc *p)
{
	size_t	i;

	for (i = 0; i < NPAIRS; i++)
		if (p->role == CR_AUTHD || p->role == pairs[i].role)
			pairs[i].joined = 0;
}

int
peer_current(enum conf_role role, uint64_t generation)
{
	size_t	i;

	for (i = 0; i < NPAIRS; i++)
		if (pairs[i].role == role)
			return (pairs[i].joined &&
			    pairs[i].generation == generation);
	return (0);
}
