/* SPDX-License-Identifier: ISC */
/*
 * ctl.h: the commands of the control sockets, one row each: which daemon
 * answers, what it takes.  keepctl and the daemons read the same rows.
 */
#ifndef COMMON_CTL_H
#define COMMON_CTL_H

#include <stdint.h>
#include "chan.h"

enum ctl_command {
	/* master */
	CTL_STATUS = 1, CTL_ISOLATION, CTL_RELOAD, CTL_LOG_REOPEN,
	/* authd */
	CTL_USER_ADD = 32, CTL_USER_PASSWD, CTL_USER_DISABLE, CTL_USER_ENABLE,
	CTL_USER_REMOVE, CTL_USER_LIST, CTL_USER_PACKAGE,
	CTL_ROLE_LIST, CTL_ROLE_ADD, CTL_ROLE_REMOVE, CTL_ROLE_ALLOW,
	CTL_ROLE_DENY, CTL_ROLE_GRANT, CTL_ROLE_REVOKE,
	CTL_CLIENT_LIST, CTL_CLIENT_REMOVE, CTL_CLIENT_ADD,
	CTL_GRANT_LIST, CTL_GRANT_REVOKE,
	CTL_REVOKE_WORKER, CTL_REVOKE_SINCE,
	CTL_AUDIT, CTL_AUDIT_FOLLOW,
	CTL_AUTHD_STATUS, CTL_KEY_LIST,
	CTL_OPERATOR,			/* a handle for keepctl call */
	/* toold: MSG_CALL with an operator's handle, and */
	CTL_TOOLD_STATUS = 96,
	CTL_MAX
};

struct ctl_row {
	enum ctl_command command;
	enum chan_kind	 kind;		/* who answers: CK_CTL_ */
	const char	*words;		/* "user add", as typed */
	const char	*args;		/* for usage: "[-g] NAME" */
	const char	*help;
	const char	*heads;		/* headings of the lines, TABs; or NULL */
};
const struct ctl_row *ctl_row_at(unsigned int);	/* NULL behind the last */
const struct ctl_row *ctl_row(uint32_t command);

#endif
