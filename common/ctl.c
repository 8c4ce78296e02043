/* SPDX-License-Identifier: ISC */
/*
 * ctl.c: the table of control commands.
 * Linked into keepctl and the daemons with a control socket.  Data only: it
 * trusts nobody because it reads nothing, and touches nothing.
 */
#include <stddef.h>

#include "ctl.h"

static const struct ctl_row rows[] = {
	/* master */
	{ CTL_STATUS, CK_CTL_MASTER, "status", "",
	    "what runs, since when, with which layers", NULL, "", "" },
	{ CTL_ISOLATION, CK_CTL_MASTER, "show isolation", "",
	    "users, roots, filters and messages of each process", NULL,
	    "", "" },
	{ CTL_TLS_SHOW, CK_CTL_MASTER, "tls show", "",
	    "certificates in force, until when, for which names", NULL,
	    "", "" },
	{ CTL_RELOAD, CK_CTL_MASTER, "reload", "",
	    "read keepd.conf again; on an error the old one stays", NULL,
	    "", "" },
	{ CTL_LOG_REOPEN, CK_CTL_MASTER, "log reopen", "",
	    "close and open the log files", NULL, "", "" },

	/* authd: users */
	{ CTL_USER_ADD, CK_CTL_AUTHD, "user add", "NAME [ROLE] [-]",
	    "add a user; the password is asked for, or read with -", NULL,
	    "np?o", "" },
	{ CTL_USER_PASSWD, CK_CTL_AUTHD, "user passwd", "NAME [-]",
	    "set the password and end all grants of the user", NULL,
	    "np", "" },
	{ CTL_USER_DISABLE, CK_CTL_AUTHD, "user disable", "NAME",
	    "refuse sign-in and end all grants of the user", NULL, "n", "" },
	{ CTL_USER_ENABLE, CK_CTL_AUTHD, "user enable", "NAME",
	    "allow sign-in again", NULL, "n", "" },
	{ CTL_USER_REMOVE, CK_CTL_AUTHD, "user remove", "NAME",
	    "remove the user and end all grants", NULL, "n", "" },
	{ CTL_USER_LIST, CK_CTL_AUTHD, "user list", "",
	    "list users",
	    "NAME\tSTATE\tROLES\tPACKAGE\tCREATED\tPASSWORD\tFAILED\tID",
	    "", "" },
	{ CTL_USER_PACKAGE, CK_CTL_AUTHD, "user package", "NAME [PACKAGE-ID]",
	    "set or clear the default package of the user", NULL,
	    "n?o", "" },

	/* authd: roles */
	{ CTL_ROLE_LIST, CK_CTL_AUTHD, "role list", "",
	    "list roles", "NAME\tADMIN\tDISPLAY\tEDIT\tDESCRIPTION\tID",
	    "", "" },
	{ CTL_ROLE_ADD, CK_CTL_AUTHD, "role add", "[-g] ROLE [DESCRIPTION]",
	    "add a role without permissions; -g: Global Admin", NULL,
	    "n?T", "g" },
	{ CTL_ROLE_REMOVE, CK_CTL_AUTHD, "role remove", "ROLE",
	    "take the role from everybody and remove it", NULL, "n", "" },
	{ CTL_ROLE_ALLOW, CK_CTL_AUTHD, "role allow",
	    "ROLE PERMISSION [display|edit]",
	    "set a permission of a role (edit when not said), or all", NULL,
	    "no?t", "" },
	{ CTL_ROLE_DENY, CK_CTL_AUTHD, "role deny", "ROLE PERMISSION",
	    "take a permission from a role", NULL, "no", "" },
	{ CTL_ROLE_GRANT, CK_CTL_AUTHD, "role grant", "ROLE USER",
	    "give a role to a user", NULL, "no", "" },
	{ CTL_ROLE_REVOKE, CK_CTL_AUTHD, "role revoke", "ROLE USER",
	    "take a role from a user", NULL, "no", "" },

	/* authd: clients and grants */
	{ CTL_CLIENT_LIST, CK_CTL_AUTHD, "client list", "",
	    "list registered clients",
	    "ID\tNAME\tMETHOD\tCREATED\tUSED\tGRANTS\tREDIRECT", "", "" },
	{ CTL_CLIENT_REMOVE, CK_CTL_AUTHD, "client remove", "CLIENT-ID",
	    "remove a client and end all its grants", NULL, "n", "" },
	{ CTL_CLIENT_ADD, CK_CTL_AUTHD, "client add",
	    "[-p] NAME REDIRECT-URI ...",
	    "register a client; -p: public, without a secret", NULL,
	    "nT", "p" },
	{ CTL_GRANT_LIST, CK_CTL_AUTHD, "grant list", "[USER]",
	    "list grants: who let which client in",
	    "GRANT\tUSER\tCLIENT\tSCOPE\tCREATED\tUSED\tENDS\tWORKER\tFLAGS",
	    "?n", "" },
	{ CTL_GRANT_REVOKE, CK_CTL_AUTHD, "grant revoke",
	    "GRANT | -u USER | -c CLIENT-ID | -a",
	    "end grants; no token of theirs is accepted afterwards", NULL,
	    "?n", "uca" },
	{ CTL_REVOKE_WORKER, CK_CTL_AUTHD, "revoke --worker", "GENERATION",
	    "end all that was granted through one worker", NULL, "#", "" },
	{ CTL_REVOKE_SINCE, CK_CTL_AUTHD, "revoke --since", "TIME",
	    "end what was granted since (2026-01-31T12:00:00Z, 90m, 1d)",
	    NULL, "n", "" },

	/* authd: records, keys, itself */
	{ CTL_AUDIT, CK_CTL_AUTHD, "audit tail", "[-j] [-n COUNT]",
	    "show the last records (20 when not said)",
	    "NUMBER\tTIME\tEVENT\tOUTCOME\tUSER\tCLIENT\tGRANT\tFROM\tTOOL\t"
	    "TARGET\tUSEC\tDETAIL", "", "jn:#" },
	{ CTL_AUDIT_FOLLOW, CK_CTL_AUTHD, "audit follow", "[-j]",
	    "show records as they are written",
	    "NUMBER\tTIME\tEVENT\tOUTCOME\tUSER\tCLIENT\tGRANT\tFROM\tTOOL\t"
	    "TARGET\tUSEC\tDETAIL", "", "j" },
	{ CTL_AUTHD_STATUS, CK_CTL_AUTHD, "status authd", "",
	    "counters of authd", "WHAT\tVALUE", "", "" },
	{ CTL_KEY_LIST, CK_CTL_AUTHD, "key list", "",
	    "list signing and digest keys (never their bytes)",
	    "KIND\tID\tSTATE\tCREATED", "", "" },
	{ CTL_KEY_ROTATE, CK_CTL_AUTHD, "key rotate", "",
	    "sign access tokens with a new key from now on", NULL, "", "" },
	{ CTL_KEY_BACKUP, CK_CTL_AUTHD, NULL, "",
	    "key backup", NULL, "f", "" },
	{ CTL_OPERATOR, CK_CTL_AUTHD, NULL, "USER",
	    "operator handle", NULL, "n", "" },
	{ CTL_AUTHD_BACKUP, CK_CTL_AUTHD, NULL, "",
	    "backup of authd", NULL, "f", "" },
	{ CTL_AUTHD_CHECK, CK_CTL_AUTHD, NULL, "",
	    "check of a backup of authd", NULL, "f", "" },
	{ CTL_AUTHD_RESTORE, CK_CTL_AUTHD, NULL, "",
	    "restore of authd", NULL, "f", "" },

	/* toold */
	{ CTL_TOOLD_STATUS, CK_CTL_TOOLD, "status toold", "",
	    "counters of toold", "WHAT\tVALUE", "", "" },
	{ CTL_TOOLD_BACKUP, CK_CTL_TOOLD, NULL, "",
	    "backup of toold", NULL, "f", "" },
	{ CTL_TOOLD_CHECK, CK_CTL_TOOLD, NULL, "",
	    "check of a backup of toold", NULL, "f", "" },
	{ CTL_TOOLD_RESTORE, CK_CTL_TOOLD, NULL, "",
	    "restore of toold", NULL, "f", "" },
	{ CTL_TOOLD_EXPORT, CK_CTL_TOOLD, NULL, "",
	    "export", NULL, "f", "" },
	{ CTL_TOOLD_IMPORT, CK_CTL_TOOLD, NULL, "",
	    "import", NULL, "f", "" }
};

const struct ctl_row *
ctl_row_at(unsigned int i)
{
	if (i >= sizeof(rows) / sizeof(rows[0]))
		return (NULL);
	return (&rows[i]);
}

const struct ctl_row *
ctl_row(uint32_t command)
{
	unsigned int	 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].command == command)
			return (&rows[i]);
	return (NULL);
}
