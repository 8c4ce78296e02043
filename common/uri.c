/* SPDX-License-Identifier: ISC */
/*
 * uri.c: strict URI and form parsing.  Linked into the listener and authd.
 * Trusts nothing it is given; touches no file, clock, socket or global.
 * RFC 3986 (syntax), RFC 8252 section 7.3 (loopback redirects), RFC 8707
 * (resource), WHATWG URL (form decoding).
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "text.h"
#include "uri.h"

#define U_ALPHA		1
#define U_DIGIT		2
#define U_MARK		4		/* unreserved marks - . _ ~ */
#define U_SUB		8		/* sub-delims */
#define U_PATH		16		/* : @ / */
#define U_QUERY		32		/* ? */
#define U_UNRES		(U_ALPHA | U_DIGIT | U_MARK)

static int
char_class(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return (U_ALPHA);
	if (c >= '0' && c <= '9')
		return (U_DIGIT);
	if (c == '\0')
		return (0);
	if (strchr("-._~", c) != NULL)
		return (U_MARK);
	if (strchr("!$&'()*+,;=", c) != NULL)
		return (U_SUB);
	if (strchr(":@/", c) != NULL)
		return (U_PATH);
	return (c == '?' ? U_QUERY : 0);
}

static int
hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

static char
lower(char c)
{
	return (c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
}

static const char *
check_whole(const char *s)
{
	const unsigned char *p;

	for (p = (const unsigned char *)s; *p != '\0'; p++) {
		if (*p >= 0x80)
			return ("has a character that is not ASCII");
		if (*p <= 0x20 || *p == 0x7f)
			return ("has a blank or control character");
		if (*p == '\\')
			return ("has a backslash");
		if (*p == '#')
			return ("has a fragment");
	}
	return (NULL);
}

/* scheme ":"; *rest is set behind the colon. */
static const char *
parse_scheme(const char *s, struct uri *u, const char **rest)
{
	size_t n;

	if ((char_class((unsigned char)s[0]) & U_ALPHA) == 0)
		return ("has no scheme");
	for (n = 0; s[n] != ':'; n++) {
		if ((char_class((unsigned char)s[n]) & (U_ALPHA | U_DIGIT)) ==
		    0 && s[n] != '+' && s[n] != '-' && s[n] != '.')
			return ("has no scheme");
		if (n >= sizeof(u->scheme) - 1)
			return ("has a scheme that is too long");
		u->scheme[n] = lower(s[n]);
	}
	u->scheme[n] = '\0';
	*rest = s + n + 1;
	return (NULL);
}

static const char *
check_name(const char *h)
{
	size_t i;
	int dot = 1;

	if (h[0] == '\0')
		return (NULL);
	for (i = 0; h[i] != '\0'; i++) {
		if (h[i] == '.') {
			if (dot)
				return ("has an empty label in its host");
			dot = 1;
			continue;
		}
		dot = 0;
		if ((char_class((unsigned char)h[i]) & (U_ALPHA | U_DIGIT)) ==
		    0 && h[i] != '-' && h[i] != '_')
			return ("has a bad character in its host");
	}
	return (dot ? "has an empty label in its host" : NULL);
}

static const char *
check_v6(const char *h, size_t len)
{
	char t[INET6_ADDRSTRLEN + 1];
	struct in6_addr a;

	if (len < 4 || h[len - 1] != ']' || len - 2 >= sizeof(t))
		return ("has a bad IPv6 address");
	memcpy(t, h + 1, len - 2);
	t[len - 2] = '\0';
	if (inet_pton(AF_INET6, t, &a) != 1)
		return ("has a bad IPv6 address");
	return (NULL);
}

static const char *
parse_port(const char *s, size_t len, int *port)
{
	uint64_t n;

	if (len == 0 || len > 5 || s[0] == '0' ||
	    num_parse(s, len, 65535, &n) == -1)
		return ("has a bad port");
	*port = (int)n;
	return (NULL);
}

/* host [":" port] of len bytes, no userinfo. */
static const char *
parse_authority(const char *s, size_t len, struct uri *u)
{
	const char *why, *colon;
	size_t hlen, i;

	if (memchr(s, '@', len) != NULL)
		return ("has user information");
	if (len > 0 && s[0] == '[') {
		colon = memchr(s, ']', len);
		if (colon == NULL)
			return ("has a bad IPv6 address");
		hlen = (size_t)(colon - s) + 1;
	} else {
		colon = memchr(s, ':', len);
		hlen = colon == NULL ? len : (size_t)(colon - s);
	}
	if (hlen >= sizeof(u->host))
		return ("has a host that is too long");
	for (i = 0; i < hlen; i++)
		u->host[i] = lower(s[i]);
	u->host[hlen] = '\0';
	why = u->host[0] == '[' ? check_v6(u->host, hlen) :
	    check_name(u->host);
	if (why != NULL || hlen == len)
		return (why);
	if (s[hlen] != ':')
		return ("has a bad character behind its host");
	return (parse_port(s + hlen + 1, len - hlen - 1, &u->port));
}

/* Characters of a path or query; each % must start two hex digits. */
static const char *
check_chars(const char *s, size_t len, int classes)
{
	size_t i;
	int hi, lo;

	for (i = 0; i < len; i++) {
		if (s[i] == '%') {
			if (i + 2 >= len)
				return ("has bad percent-encoding");
			hi = hex_value((unsigned char)s[i + 1]);
			lo = hex_value((unsigned char)s[i + 2]);
			if (hi == -1 || lo == -1)
				return ("has bad percent-encoding");
			if (hi * 16 + lo < 0x20 || hi * 16 + lo == 0x7f)
				return ("has an encoded control character");
			i += 2;
		} else if ((char_class((unsigned char)s[i]) & classes) == 0)
			return ("has a character that must be encoded");
	}
	return (NULL);
}

/* Is the segment "." or "..", also with %2e for a dot. */
static int
is_dots(const char *s, size_t len)
{
	size_t i, dots = 0;

	for (i = 0; i < len; dots++) {
		if (s[i] == '.')
			i++;
		else if (len - i >= 3 && s[i] == '%' && s[i + 1] == '2' &&
		    lower(s[i + 2]) == 'e')
			i += 3;
		else
			return (0);
	}
	return (dots == 1 || dots == 2);
}

static const char *
check_segments(const char *s, size_t len)
{
	size_t i, start = 0;

	for (i = 0; i <= len; i++) {
		if (i < len && s[i] != '/')
			continue;
		if (is_dots(s + start, i - start))
			return ("has a dot segment");
		start = i + 1;
	}
	return (NULL);
}

static const char *
parse_path_query(const char *s, struct uri *u)
{
	const char *why, *q;
	size_t plen;

	q = strchr(s, '?');
	plen = q == NULL ? strlen(s) : (size_t)(q - s);
	if ((why = check_chars(s, plen, U_UNRES | U_SUB | U_PATH)) != NULL ||
	    (why = check_segments(s, plen)) != NULL)
		return (why);
	if (text_setn(u->path, sizeof(u->path), s, plen) == -1)
		return ("has a path that is too long");
	if (q == NULL)
		return (NULL);
	u->has_query = 1;
	q++;
	why = check_chars(q, strlen(q), U_UNRES | U_SUB | U_PATH | U_QUERY);
	if (why != NULL)
		return (why);
	if (text_set(u->query, sizeof(u->query), q) == -1)
		return ("has a query that is too long");
	return (NULL);
}

static int
is_http(const struct uri *u)
{
	return (strcmp(u->scheme, "http") == 0 ||
	    strcmp(u->scheme, "https") == 0);
}

const char *
uri_parse(const char *s, struct uri *u)
{
	const char *why;
	size_t n;

	memset(u, 0, sizeof(*u));
	u->port = -1;
	if ((why = check_whole(s)) != NULL ||
	    (why = parse_scheme(s, u, &s)) != NULL)
		return (why);
	if (s[0] == '/' && s[1] == '/') {
		s += 2;
		n = strcspn(s, "/?");
		u->has_authority = 1;
		if ((why = parse_authority(s, n, u)) != NULL)
			return (why);
		s += n;
	}
	if (is_http(u) && u->host[0] == '\0')
		return ("has no host");
	if (!u->has_authority && s[0] == '\0')
		return ("has nothing behind its scheme");
	return (parse_path_query(s, u));
}

int
uri_is_loopback(const struct uri *u)
{
	return (is_http(u) && (strcmp(u->host, "localhost") == 0 ||
	    strcmp(u->host, "127.0.0.1") == 0 ||
	    strcmp(u->host, "[::1]") == 0));
}

/* Schemes that a browser runs or reads locally: never, whatever the list. */
static int
is_dangerous(const char *scheme)
{
	static const char *const bad[] = { "javascript", "data", "file",
	    "blob", "vbscript", "about", "view-source", "filesystem",
	    "ws", "wss", "ftp" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (strcmp(scheme, bad[i]) == 0)
			return (1);
	}
	return (0);
}

/*
 * A list entry with a colon is one whole URI and is compared byte for byte;
 * one without is a scheme.
 */
static int
scheme_listed(const char *s, const char *scheme, const char *const *list,
    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (strchr(list[i], ':') != NULL) {
			if (strcmp(list[i], s) == 0)
				return (1);
		} else if (ascii_casecmp(list[i], scheme) == 0)
			return (1);
	}
	return (0);
}

const char *
uri_redirect_ok(const char *s, const char *const *schemes, size_t nschemes)
{
	struct uri u;
	const char *why;

	if ((why = uri_parse(s, &u)) != NULL)
		return (why);
	if (strcmp(u.scheme, "https") == 0)
		return (NULL);
	if (strcmp(u.scheme, "http") == 0)
		return (uri_is_loopback(&u) ? NULL :
		    "is plain http to a host that is not this computer");
	if (is_dangerous(u.scheme))
		return ("has a scheme that is never allowed");
	if (!scheme_listed(s, u.scheme, schemes, nschemes))
		return ("has a scheme that is not in redirect-scheme");
	return (NULL);
}

int
uri_redirect_match(const char *registered, const char *asked)
{
	struct uri r, a;

	if (uri_parse(asked, &a) != NULL)
		return (0);
	if (strcmp(registered, asked) == 0)
		return (1);
	if (uri_parse(registered, &r) != NULL)
		return (0);
	return (strcmp(r.scheme, "http") == 0 &&
	    strcmp(a.scheme, "http") == 0 &&
	    uri_is_loopback(&r) && strcmp(r.host, a.host) == 0 &&
	    !r.has_query && !a.has_query && strcmp(r.path, a.path) == 0);
}

int
uri_origin(const struct uri *u, char *out, size_t size)
{
	int n, std;

	if (!is_http(u) || u->host[0] == '\0')
		return (-1);
	std = strcmp(u->scheme, "https") == 0 ? 443 : 80;
	if (u->port == -1 || u->port == std)
		n = snprintf(out, size, "%s://%s", u->scheme, u->host);
	else
		n = snprintf(out, size, "%s://%s:%d", u->scheme, u->host,
		    u->port);
	return (n < 0 || (size_t)n >= size ? -1 : 0);
}

/* Origin and path with one trailing slash dropped: 0 or -1. */
static int
resource_form(const char *s, char *origin, size_t osize, char *path,
    size_t psize)
{
	struct uri u;
	size_t n;

	if (uri_parse(s, &u) != NULL || u.has_query ||
	    uri_origin(&u, origin, osize) == -1)
		return (-1);
	n = strlen(u.path);
	if (n > 0 && u.path[n - 1] == '/')
		u.path[n - 1] = '\0';
	return (text_set(path, psize, u.path));
}

int
uri_resource_match(const char *ours, const char *asked)
{
	char oo[300], ao[300], op[512], ap[512];

	if (resource_form(ours, oo, sizeof(oo), op, sizeof(op)) == -1 ||
	    resource_form(asked, ao, sizeof(ao), ap, sizeof(ap)) == -1)
		return (0);
	return (strcmp(oo, ao) == 0 &&
	    (ap[0] == '\0' || strcmp(op, ap) == 0));
}

/* Decode len bytes and a NUL to out: bytes written without it, or -1. */
static ssize_t
form_decode(const char *s, size_t len, char *out, size_t size)
{
	size_t i, n = 0;
	int hi, lo, c;

	for (i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c == '+')
			c = ' ';
		else if (c == '%') {
			if (len - i < 3)
				return (-1);
			hi = hex_value((unsigned char)s[i + 1]);
			lo = hex_value((unsigned char)s[i + 2]);
			if (hi == -1 || lo == -1)
				return (-1);
			c = hi * 16 + lo;
			i += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return (-1);
		out[n++] = (char)c;
	}
	if (n >= size || !utf8_valid(out, n))
		return (-1);
	out[n] = '\0';
	return ((ssize_t)n);
}

int
form_parse(const char *s, size_t len, char *scratch, size_t size,
    unsigned int max, int (*fn)(void *, const char *, const char *, size_t),
    void *arg)
{
	const char *end = s + len, *amp, *eq, *val;
	ssize_t kn, vn;

	for (; s < end; s = amp < end ? amp + 1 : end) {
		amp = memchr(s, '&', (size_t)(end - s));
		if (amp == NULL)
			amp = end;
		if (amp == s)
			continue;
		if (max-- == 0)
			return (-1);
		eq = memchr(s, '=', (size_t)(amp - s));
		val = eq == NULL ? amp : eq + 1;
		if (eq == NULL)
			eq = amp;
		kn = form_decode(s, (size_t)(eq - s), scratch, size);
		if (kn == -1)
			return (-1);
		vn = form_decode(val, (size_t)(amp - val), scratch + kn + 1,
		    size - (size_t)kn - 1);
		if (vn == -1 || fn(arg, scratch, scratch + kn + 1,
		    (size_t)vn) != 0)
			return (-1);
	}
	return (0);
}
