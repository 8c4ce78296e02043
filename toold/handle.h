/* SPDX-License-Identifier: ISC */
/*
 * handle.h: grant handles and the channel to authd that makes and closes
 * them.  A handle is known only on the channel of the worker it was opened
 * for; what a listener sends can find one but never make, change or
 * describe one.
 *
 * Rules kept here (design: the grant handle): OPEN and CLOSE come in one
 * order; handles of an authd end with its channel, before a new one is
 * taken; CLOSE is acknowledged when no call can use the handle any more; a
 * handle that is not found is looked for again after authd's channel was
 * read; a call asks again just before it commits.
 */
#ifndef TOOLD_HANDLE_H
#define TOOLD_HANDLE_H

#include <sys/queue.h>

#include "../common/chan.h"
#include "../common/clock.h"
#include "era.h"
#include "toold.h"

#define HANDLES_WORKER_MAX	4096	/* oldest closed first */

struct stream;
LIST_HEAD(stream_list, stream);
struct worker;				/* a channel's view on the handles */
struct handle;

/*
 * A worker as master numbered it; generation 0 is the control socket.  The
 * worker's handles end with it.
 */
struct worker *worker_new(uint64_t generation);
void	 worker_free(struct worker *);
uint64_t worker_generation(const struct worker *);

/*
 * The live handle with these bytes on this worker, or NULL.  Reads authd's
 * channel first when it is not known.  May be closed by any later call that
 * serves authd's channel: handle_hold() keeps the memory, not the right.
 */
struct handle *handle_find(struct worker *, const uint8_t id[HANDLE_LEN]);
/* Keep until handle_release(); the caller struct stays valid. */
void	 handle_hold(struct handle *);
void	 handle_release(struct handle *);
/* Not closed and not expired, after reading what authd has to say: 1 or 0. */
int	 handle_live(struct handle *);
const struct caller *handle_caller(const struct handle *);
/*
 * One more call of its grant: 0, or the seconds after which to come back
 * when it made more than its calls a minute.
 */
unsigned int handle_count_call(struct handle *);
/* Revision of a session id of this user and client, or 0; remembers one. */
enum era handle_session(struct handle *, const char *id, size_t len);
/* What its client said it can (CC_ bits), 0 when the id is not good. */
unsigned int handle_session_can(struct handle *, const char *id, size_t len);

/* Closed or expired, as far as this process knows already: 1 or 0. */
int	 handle_ended(const struct handle *);
/* The same; and an expired one is closed now, not at the next sweep. */
int	 handle_check(struct handle *);

/* Streams under a handle, and how many its grant has. */
struct stream_list *handle_streams(struct handle *);
unsigned int *handle_nstreams(struct handle *);
/* Called for each handle that closes while it has streams. */
void	 handles_onclose(void (*)(struct handle *));

/* MSG_OPEN and MSG_CLOSE of authd's channel. */
void	 handle_on_open(struct chan *, struct msg *);
void	 handle_on_close(struct chan *, struct msg *);
/* authd's channel ended: every handle goes. */
void	 handles_drop(void);

void	 handles_setconf(const struct msg_conf_toold *);
uint64_t handles_count(void);
/* Drop everything, memory too (tests). */
void	 handles_clear(void);

#endif
