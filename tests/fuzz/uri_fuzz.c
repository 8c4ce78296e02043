/* SPDX-License-Identifier: ISC */
/* uri_fuzz.c: URIs; what was accepted must hold what uri.h promises. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "uri.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const list[] = { "cursor", "app:/cb" };
	struct uri u, v;
	char s[1024], origin[512];

	if (len >= sizeof(s))
		len = sizeof(s) - 1;
	memcpy(s, data, len);
	s[len] = '\0';
	uri_resource_match("https://keep.example/mcp", s);
	if (uri_redirect_ok(s, list, 2) == NULL && !uri_redirect_match(s, s))
		abort();
	if (uri_parse(s, &u) != NULL)
		return (0);
	if (strpbrk(s, "#\\ \t\r\n") != NULL || strchr(u.host, '@') != NULL ||
	    u.port == 0 || u.port > 65535)
		abort();
	if (uri_origin(&u, origin, sizeof(origin)) == 0 &&
	    (uri_parse(origin, &v) != NULL || strcmp(u.host, v.host) != 0))
		abort();
	return (0);
}
