/* SPDX-License-Identifier: ISC */
/*
 * ctl.h: the commands of the control sockets, one row each: which daemon
 * answers, what it takes.  keepctl and the daemons read the same rows.
 *
 * keepctl turns typed words into struct msg_ctl by the row alone:
 *
 * take: a letter for each argument, in order.
 *	n	name		o	other		# number
 *	t	text		T	text, all further arguments joined by
 *				one blank each
 *	p	secret: asked on the terminal, or read from standard input
 *		with "-" as the last argument (it takes no argument itself)
 *	f	an open file: the command comes as MSG_CTL_FILE
 *	?	all behind it may be left out
 * opts: a letter for each option; the k-th letter sets flag 1 << k.
 *	A letter with '#', 'o' or 't' behind a ':' takes a value for the
 *	field of that letter as well ("n:#" is -n NUMBER).
 * A field that was not given is empty, or 0.
 */
#ifndef COMMON_CTL_H
#define COMMON_CTL_H

#include <stdint.h>
#include "chan.h"

enum ctl_command {
	/* master */
	CTL_STATUS = 1, CTL_ISOLATION, CTL_RELOAD, CTL_LOG_REOPEN,
	CTL_TLS_SHOW,
	/* authd */
	CTL_USER_ADD = 32, CTL_USER_PASSWD, CTL_USER_DISABLE, CTL_USER_ENABLE,
	CTL_USER_REMOVE, CTL_USER_LIST, CTL_USER_PACKAGE,
	CTL_ROLE_LIST, CTL_ROLE_ADD, CTL_ROLE_REMOVE, CTL_ROLE_ALLOW,
	CTL_ROLE_DENY, CTL_ROLE_GRANT, CTL_ROLE_REVOKE,
	CTL_CLIENT_LIST, CTL_CLIENT_REMOVE, CTL_CLIENT_ADD,
	CTL_GRANT_LIST, CTL_GRANT_REVOKE,
	CTL_REVOKE_WORKER, CTL_REVOKE_SINCE,
	CTL_AUDIT, CTL_AUDIT_FOLLOW,
	CTL_AUTHD_STATUS, CTL_KEY_LIST, CTL_KEY_ROTATE, CTL_KEY_BACKUP,
	CTL_OPERATOR,			/* a handle for keepctl call */
	CTL_AUTHD_BACKUP, CTL_AUTHD_CHECK, CTL_AUTHD_RESTORE,
	/* toold: MSG_CALL with an operator's handle, and */
	CTL_TOOLD_STATUS = 96,
	CTL_TOOLD_BACKUP, CTL_TOOLD_CHECK, CTL_TOOLD_RESTORE,
	CTL_TOOLD_EXPORT, CTL_TOOLD_IMPORT,	/* handle: hex in secret */
	CTL_MAX
};

/* Flags, by the order of the letters in opts of their row. */
#define CTLF_ROLE_GLOBAL	1	/* role add -g: Global Admin */
#define CTLF_CLIENT_PUBLIC	1	/* client add -p: no secret */
#define CTLF_GRANT_USER		1	/* grant revoke -u: name is a user */
#define CTLF_GRANT_CLIENT	2	/* grant revoke -c: name is a client */
#define CTLF_GRANT_ALL		4	/* grant revoke -a: every grant */
#define CTLF_RESTORE_OVER	1	/* restore -f: over what is there */
#define CTLF_RESTORE_KEYS	2	/* restore -k: with other keys */
#define CTLF_TRANSFER_ROWS	1	/* -t: text is a table, CSV */
#define CTLF_AUDIT_JSON		1	/* audit -j: a JSON object a line */
#define CTLF_AUDIT_COUNT	2	/* audit tail -n: number is given */

struct ctl_row {
	enum ctl_command command;
	enum chan_kind	 kind;		/* who answers: CK_CTL_ */
	const char	*words;		/* "user add", as typed; NULL: never */
	const char	*args;		/* for usage: "[-g] NAME" */
	const char	*help;
	const char	*heads;		/* headings, TABs; or NULL */
	const char	*take;		/* "" when none */
	const char	*opts;		/* "" when none */
};
const struct ctl_row *ctl_row_at(unsigned int);	/* NULL behind the last */
const struct ctl_row *ctl_row(uint32_t command);

#endif
