/* SPDX-License-Identifier: ISC */
/*
 * control.h: what keepctl may ask of toold beside calls.  No command here
 * changes anything, and none names a user.
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

#endif
