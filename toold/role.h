/* SPDX-License-Identifier: ISC */
/*
 * role.h: the roles there are, as authd lists them: to check and name the
 * roles that artifacts refer to.  Who holds one is in struct caller.
 * role_known(), role_name() and role_id() are in toold.h.
 */
#ifndef TOOLD_ROLE_H
#define TOOLD_ROLE_H

#include "../common/msg.h"

/* One row of a new list; it is used from roles_commit() on. */
void	role_stage(const struct role_ref *);
void	roles_commit(void);

#endif
