/* SPDX-License-Identifier: ISC */
/*
 * uri.h: strict URI parsing for redirect URIs, resources and origins, and
 * form decoding.  Pure: bytes in, verdict out.  RFC 3986, RFC 8252.
 */
#ifndef COMMON_URI_H
#define COMMON_URI_H

#include <stddef.h>
#include <stdint.h>

struct uri {
	char		scheme[32];	/* lower case */
	char		host[256];	/* lower case; IPv6 with brackets */
	int		port;		/* -1: none given */
	char		path[512];	/* as given; "" if none */
	char		query[512];	/* without '?' */
	int		has_authority, has_query;
};

/*
 * Refuses: non-ASCII, controls, blanks, backslash, userinfo, fragment, bad
 * percent-encoding, dot segments, empty host of http(s), port 0 or > 65535.
 * NULL if good, else what is wrong.
 */
const char *uri_parse(const char *, struct uri *);
/* http or https to localhost, 127.0.0.1 or [::1]: 1 or 0. */
int	uri_is_loopback(const struct uri *);
/*
 * May this be registered as a redirect URI?  https anywhere, http on
 * loopback only, custom schemes of an exact list; never javascript, data,
 * file, blob, vbscript, about.  NULL if so, else why not.
 */
const char *uri_redirect_ok(const char *, const char *const *schemes,
	    size_t nschemes);
/* interop row 21: byte equality, or loopback http with any port. */
int	uri_redirect_match(const char *registered, const char *asked);
/*
 * RFC 8707 resource, interop row 5: scheme and host folded, default port
 * and one trailing slash dropped; equal to ours or to its bare origin.
 */
int	uri_resource_match(const char *ours, const char *asked);
/* scheme://host[:port] of an http(s) URI, default ports dropped. */
int	uri_origin(const struct uri *, char *out, size_t size);

/*
 * application/x-www-form-urlencoded or a query: calls fn for each pair,
 * decoded in place into scratch.  -1: bad encoding, NUL, invalid UTF-8, more
 * than max pairs, or fn returned non-zero.
 */
int	form_parse(const char *, size_t len, char *scratch, size_t size,
	    unsigned int max, int (*fn)(void *arg, const char *key,
	    const char *val, size_t vallen), void *arg);

#endif
