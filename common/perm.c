/* SPDX-License-Identifier: ISC */
/* perm.c: the rows of perm.h.  Runs in authd, toold and keepctl; pure. */
#include <string.h>

#include "perm.h"

static const struct perm_row rows[PERM_MAX] = {
	[PERM_APPDESIGNER] = { "appdesigner", NULL,
	    "developmentappdesigner", "Applications" },
	[PERM_WEBAPP] = { "webapp", NULL, "runwebapp", "Web apps" },
	[PERM_SCRIPTEDITOR] = { "scripteditor", NULL,
	    "toolsscripteditor", "Server scripts" },
	[PERM_ADAPTIVEDESIGNER] = { "adaptivedesigner", NULL,
	    "developmentadaptivedesigner", "Adaptive entities" },
	[PERM_TABLEDEFINITION] = { "tabledefinition", NULL,
	    "toolsdbdefinition", "Table definitions" },
	[PERM_TABLEBROWSER] = { "tablebrowser", NULL,
	    "toolsdbbrowser", "Table rows" },
	[PERM_APIDESIGNER] = { "apidesigner", NULL,
	    "connectivityapidesigner", "APIs" },
	[PERM_PACKAGE] = { "package", NULL,
	    "developmentpackage", "Development packages" },
	[PERM_NPMMODULES] = { "npmmodules", NULL,
	    "toolsnpmmodules", "npm modules" },
	[PERM_SYSTEMLOGS] = { "system-logs", "syslog",
	    "monitorsystemlogs", "System logs" },
	[PERM_LOCKS] = { "locks", NULL, "monitorlocking", "Edit locks" },
};

const struct perm_row *
perm_row(enum perm p)
{
	return ((unsigned int)p < PERM_MAX ? &rows[p] : NULL);
}

static int
name_is(const char *name, const char *s, size_t len)
{
	return (name != NULL && strlen(name) == len &&
	    memcmp(name, s, len) == 0);
}

int
perm_find(const char *s, size_t len)
{
	int	i;

	for (i = 0; i < PERM_MAX; i++)
		if (name_is(rows[i].name, s, len) ||
		    name_is(rows[i].alias, s, len) ||
		    name_is(rows[i].acl, s, len))
			return (i);
	return (-1);
}
