/* SPDX-License-Identifier: ISC */
/*
 * pwrules.c: what user names, role names and passwords may be.
 * Runs in authd only.  Pure: text in, verdict out.
 */
#include <string.h>

#include "../common/secret.h"
#include "../common/text.h"
#include "authd.h"

#define PASSWORD_CHARS_MIN	10
#define PASSWORD_OWN_MIN	6	/* characters beside the user name */
#define PASSWORD_KINDS_MIN	4	/* different bytes */

static const char *
name_bad(const char *name, size_t max, const char *long_text)
{
	size_t	 len = strlen(name);

	if (len == 0)
		return ("a name is missing");
	if (len >= max)
		return (long_text);
	if (!text_printable(name, len))
		return ("a name must be printable text");
	if (name[0] == ' ' || name[len - 1] == ' ')
		return ("a name must not begin or end with a blank");
	if (name[0] == '-')
		return ("a name must not begin with '-'");
	return (NULL);
}

/*
 * User names stand in logs, messages and shell lines: of ASCII only what
 * needs no quoting anywhere.  Letters beyond ASCII are theirs.
 */
const char *
user_name_bad(const char *name)
{
	static const char	 good[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@+";
	const unsigned char	*p;
	const char		*why;

	why = name_bad(name, USER_MAX, "a user name has at most 63 bytes");
	if (why != NULL)
		return (why);
	for (p = (const unsigned char *)name; *p != '\0'; p++)
		if (*p < 0x80 && strchr(good, *p) == NULL)
			return ("a user name has letters, digits and . - _ @ "
			    "+ only");
	return (name[0] == '.' ? "a user name must not begin with '.'" : NULL);
}

const char *
role_name_bad(const char *name)
{
	return (name_bad(name, NAME_MAX_LEN,
	    "a role name has at most 127 bytes"));
}

/* Characters, not bytes: continuation bytes of UTF-8 do not count. */
static size_t
chars(const char *s)
{
	size_t	 n = 0;

	for (; *s != '\0'; s++)
		if (((unsigned char)*s & 0xc0) != 0x80)
			n++;
	return (n);
}

static size_t
kinds(const char *s)
{
	unsigned char	 seen[256];
	size_t		 n = 0;

	memset(seen, 0, sizeof(seen));
	for (; *s != '\0'; s++)
		if (seen[(unsigned char)*s]++ == 0)
			n++;
	return (n);
}

/* Characters of the password that are not the user name repeated. */
static size_t
chars_beside(const char *password, const char *name)
{
	char	 low[SECRET_MAX], lname[USER_MAX], *p;
	size_t	 len, n;

	if (text_set(low, sizeof(low), password) == -1 ||
	    text_set(lname, sizeof(lname), name) == -1)
		return (0);
	ascii_lower(low);
	ascii_lower(lname);
	if ((len = strlen(lname)) != 0)
		while ((p = strstr(low, lname)) != NULL)
			memmove(p, p + len, strlen(p + len) + 1);
	n = chars(low);
	secret_wipe(low, sizeof(low));
	return (n);
}

static int
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return (1);
	return (0);
}

const char *
user_password_bad(const char *password, const char *name)
{
	size_t	 len = strlen(password);

	if (len >= SECRET_MAX)
		return ("the password has more than 255 bytes");
	if (!utf8_valid(password, len) || has_control(password))
		return ("the password has control characters or is not UTF-8");
	if (chars(password) < PASSWORD_CHARS_MIN)
		return ("the password needs at least 10 characters");
	if (kinds(password) < PASSWORD_KINDS_MIN)
		return ("the password repeats too few different characters");
	if (chars_beside(password, name) < PASSWORD_OWN_MIN)
		return ("the password is little more than the user name");
	return (NULL);
}
