/* SPDX-License-Identifier: ISC */
/* worker.h: the channels of authd, inside authd.  See authd.h for the rest. */
#ifndef AUTHD_WORKER_H
#define AUTHD_WORKER_H

#include "authd.h"

/* ---- worker.c: listeners ---- */

/* Takes fd: a new worker under its generation; acknowledged to master. */
void	worker_new(const struct msg_worker *, int fd);
void	worker_init(void);
/* Push the public keys to every listener. */
void	workers_jwks(void);

/* ---- peer.c: toold and pwhash ---- */

/* Takes fd: the channel of a (new) peer replaces the old one's. */
void	peer_new(const struct msg_peer *, int fd);

#endif
