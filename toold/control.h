/* SPDX-License-Identifier: ISC */
/*
 * control.h: what keepctl may ask of toold beside calls.  No command here
 * names a user.
 */
#ifndef TOOLD_CONTROL_H
#define TOOLD_CONTROL_H

#include "../common/chan.h"
#include "../common/msg.h"

/*
 * Who connected: root, or (an unprivileged run) the same user as this
 * process.  1 or 0.
 */
int	control_peer_ok(int fd, int root_only);
void	control_command(struct chan *, uint32_t id, const struct msg_ctl *);
/* Parts of an answer: a line, and the end with keepctl's exit status. */
void	control_line(struct chan *, uint32_t id, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
void	control_done(struct chan *, uint32_t id, uint32_t status,
	    const char *text);

#endif
