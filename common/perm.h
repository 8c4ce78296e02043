/* SPDX-License-Identifier: ISC */
/*
 * perm.h: the permissions a role can hold, one row a tool group.  authd
 * turns a user's roles into two masks (Display, Edit; Edit implies Display),
 * toold checks a tool's row against them.  Names as in the platform: the
 * short name stands in messages to users, the acl key (with _D or _E) in
 * role artifacts.
 */
#ifndef COMMON_PERM_H
#define COMMON_PERM_H

#include <stddef.h>
#include <stdint.h>

enum perm {
	PERM_APPDESIGNER, PERM_WEBAPP, PERM_SCRIPTEDITOR,
	PERM_ADAPTIVEDESIGNER, PERM_TABLEDEFINITION, PERM_TABLEBROWSER,
	PERM_APIDESIGNER, PERM_PACKAGE, PERM_NPMMODULES, PERM_SYSTEMLOGS,
	PERM_LOCKS, PERM_MAX
};
#define PERM_BIT(p)	(1U << (p))
#define PERM_ALL	((1U << PERM_MAX) - 1)

struct perm_row {
	const char	*name;		/* "tabledefinition" */
	const char	*alias;		/* "syslog" beside "system-logs" */
	const char	*acl;		/* "toolsdbdefinition" */
	const char	*title;		/* for keepctl */
};
const struct perm_row *perm_row(enum perm);
/* By name, alias or acl key, without suffix: the perm, or -1. */
int	perm_find(const char *, size_t len);

#endif
