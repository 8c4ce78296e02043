/* SPDX-License-Identifier: ISC */
/*
 * scope.c: which scopes a request gets.  Runs in authd on text of a client:
 * pure, bytes in, bits out.
 *
 * keepd has one scope.  The names of OpenID are accepted and worth nothing;
 * unknown names are dropped, never an error: clients ask for what other
 * servers have, and refusing them helps nobody.
 */
#include <stdio.h>
#include <string.h>

#include "authd.h"

struct scope_row {
	const char	*name;
	uint32_t	 bit;
};
static const struct scope_row scope_rows[] = {
	{ "mcp:tools", SCOPE_TOOLS },
	{ "openid", SCOPE_OPENID },
	{ "profile", SCOPE_PROFILE },
	{ "email", SCOPE_EMAIL },
	{ "offline_access", SCOPE_OFFLINE },
};
#define NROWS	(sizeof(scope_rows) / sizeof(scope_rows[0]))

static uint32_t
scope_bit(const char *name, size_t len)
{
	size_t	i;

	for (i = 0; i < NROWS; i++)
		if (strlen(scope_rows[i].name) == len &&
		    memcmp(scope_rows[i].name, name, len) == 0)
			return (scope_rows[i].bit);
	return (0);
}

/*
 * Only names of OpenID: what was asked, so without mcp:tools.  Anything else
 * (nothing, an unknown name, mcp:tools itself): mcp:tools.
 */
uint32_t
scope_parse(const char *s)
{
	uint32_t	bits = 0, bit;
	size_t		n;

	if (s == NULL)
		return (SCOPE_TOOLS);
	for (; *s != '\0'; s += n) {
		if (*s == ' ') {
			n = 1;
			continue;
		}
		n = strcspn(s, " ");
		if ((bit = scope_bit(s, n)) == 0)
			bit = SCOPE_TOOLS;
		bits |= bit;
	}
	if (bits == 0 || bits & SCOPE_TOOLS)
		return (SCOPE_TOOLS);
	return (bits);
}

void
scope_text(uint32_t bits, char *out, size_t size)
{
	size_t	i, n = 0;
	int	w;

	out[0] = '\0';
	for (i = 0; i < NROWS; i++) {
		if ((bits & scope_rows[i].bit) == 0)
			continue;
		w = snprintf(out + n, size - n, "%s%s", n != 0 ? " " : "",
		    scope_rows[i].name);
		if (w < 0 || (size_t)w >= size - n)
			return;
		n += (size_t)w;
	}
}
