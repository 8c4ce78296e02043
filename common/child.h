/* SPDX-License-Identifier: ISC */
/*
 * child.h: what every role does first.  A child is started by master with
 * an empty environment, a fixed argument list and one descriptor, fd 3, its
 * channel to master.  child_run() checks that start, keeps nothing else
 * open, turns core files and debuggers off, sets the log up, speaks the
 * configuration protocol and hands the rest to the role's table.
 *
 *   master: CONF_BEGIN, CONF_COMMON, rows of the role, [descriptors,] CONF_END
 *   child:  checks all of it; CONF_READY or CONF_REFUSED (why)
 *   master: CONF_COMMIT or CONF_ABORT
 *   child:  at the first commit enters the sandbox, sends LAYERS, serves;
 *           READY when it can take requests.
 * A reload is the same again with CONF_FIRST_START unset; one refusal in any
 * child means CONF_ABORT to all and the old configuration stays.
 */
#ifndef COMMON_CHILD_H
#define COMMON_CHILD_H

#include "chan.h"
#include "msg.h"
#include "sandbox.h"

#define CHILD_FD	3

struct child_role {
	const char	*name;			/* "keepd-authd" */
	enum chan_kind	 kind;			/* of the channel to master */
	const struct sandbox_policy *policy;
	/*
	 * Further messages of master's channel (PEER, WORKER_NEW, LISTEN,
	 * role's CONF_ rows, STAT_ASK ...); ended by { 0, NULL }.
	 */
	const struct chan_handler *handlers;
	/* CONF_BEGIN: forget what an earlier, aborted prepare left. */
	void		(*conf_begin)(void);
	/* CONF_END: NULL if the staged configuration is good, else why. */
	const char	*(*conf_check)(const struct msg_conf_common *);
	/* CONF_COMMIT: make it the current one. first: at start, already
	 * inside the sandbox's enter stage; open stores here, then the
	 * library calls sandbox_seal() when child_ready() is called. */
	void		(*conf_commit)(const struct msg_conf_common *,
			    int first);
	/* Before the process ends in an orderly way; may be NULL. */
	void		(*stop)(void);
	/* Before the sandbox, as started (lazy library set-up); or NULL. */
	void		(*early)(void);
};

/* Does not return: exits when master's channel ends or on SIGTERM. */
void	child_run(const struct child_role *, int argc, char **argv)
	    __attribute__((__noreturn__));
/* The channel to master. */
struct chan *child_master(void);
/* How many descriptors are open, asked without any call of its own. */
uint64_t child_descriptors(void);
/* Seal the sandbox and tell master that requests can come. */
void	child_ready(void);
const struct msg_conf_common *child_conf(void);	/* current */
/* LAYER_ bits that this process had to start without. */
uint32_t child_missing(void);
/* Orderly end: stop(), flush, _exit. */
void	child_exit(int status) __attribute__((__noreturn__));

#endif
