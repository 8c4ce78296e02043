/* SPDX-License-Identifier: ISC */
/*
 * Base URIs of schemas, RFC 3986 section 5.2, as text: nothing is ever
 * fetched.  Runs in toold, when a schema is built.  Pure.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "schema_int.h"

struct part {
	const char	*s;
	size_t		 len;
	int		 there;
};

struct parts {
	struct part	scheme, authority, path, query;
};

static size_t
scheme_len(const char *s)
{
	size_t n;

	if (!isalpha((unsigned char)s[0]))
		return (0);
	for (n = 1; isalnum((unsigned char)s[n]) || s[n] == '+' ||
	    s[n] == '-' || s[n] == '.'; n++)
		;
	return (s[n] == ':' ? n : 0);
}

static const char *
part_take(struct part *out, const char *s, const char *ends)
{
	out->s = s;
	out->len = strcspn(s, ends);
	out->there = 1;
	return (s + out->len);
}

/* Split into parts; returns the fragment, "" if there is none. */
static const char *
uri_split(const char *s, struct parts *out)
{
	memset(out, 0, sizeof(*out));
	if (scheme_len(s) != 0)
		s = part_take(&out->scheme, s, ":") + 1;
	if (s[0] == '/' && s[1] == '/')
		s = part_take(&out->authority, s + 2, "/?#");
	s = part_take(&out->path, s, "?#");
	if (*s == '?')
		s = part_take(&out->query, s + 1, "#");
	return (*s == '#' ? s + 1 : "");
}

/* Section 5.2.3: the reference's path behind the directory of the base's. */
static int
path_merge(const struct parts *base, const struct part *ref, char *out,
    size_t size)
{
	size_t n = base->path.len;
	int len;

	while (n > 0 && base->path.s[n - 1] != '/')
		n--;
	if (base->authority.there && base->path.len == 0)
		len = snprintf(out, size, "/%.*s", (int)ref->len, ref->s);
	else
		len = snprintf(out, size, "%.*s%.*s", (int)n, base->path.s,
		    (int)ref->len, ref->s);
	return (len < 0 || (size_t)len >= size ? -1 : 0);
}

/* Section 5.2.4, in place, segment by segment. */
static void
path_clean(char *path)
{
	char *in = path, *out = path;
	size_t n;

	while (*in != '\0') {
		n = in[0] == '/' ? 1 : 0;
		n += strcspn(in + n, "/");
		if ((n == 2 && memcmp(in, "/.", 2) == 0) ||
		    (n == 3 && memcmp(in, "/..", 3) == 0)) {
			while (n == 3 && out > path && *--out != '/')
				;
			if (in[n] == '\0')
				*out++ = '/';
		} else {
			memmove(out, in, n);
			out += n;
		}
		in += n;
	}
	*out = '\0';
}

/* Section 5.3. */
static int
uri_join(const struct parts *p, const char *path, char *out, size_t size)
{
	int n;

	n = snprintf(out, size, "%.*s%s%s%.*s%s%s%.*s",
	    (int)p->scheme.len, p->scheme.there ? p->scheme.s : "",
	    p->scheme.there ? ":" : "", p->authority.there ? "//" : "",
	    (int)p->authority.len, p->authority.there ? p->authority.s : "",
	    path, p->query.there ? "?" : "",
	    (int)p->query.len, p->query.there ? p->query.s : "");
	return (n < 0 || (size_t)n >= size ? -1 : 0);
}

int
ref_resolve(const char *base, const char *ref, char *out, size_t size,
    const char **fragment)
{
	struct parts b, r;
	char path[SCHEMA_URI_MAX];
	int rv = 0;

	if (strlen(base) >= sizeof(path) || strlen(ref) >= sizeof(path))
		return (-1);
	(void)uri_split(base, &b);
	*fragment = uri_split(ref, &r);
	(void)snprintf(path, sizeof(path), "%.*s", (int)r.path.len, r.path.s);
	if (!r.scheme.there) {
		r.scheme = b.scheme;
		if (!r.authority.there) {
			r.authority = b.authority;
			if (r.path.len == 0) {
				(void)snprintf(path, sizeof(path), "%.*s",
				    (int)b.path.len, b.path.s);
				if (!r.query.there)
					r.query = b.query;
			} else if (path[0] != '/')
				rv = path_merge(&b, &r.path, path,
				    sizeof(path));
		}
	}
	if (r.path.len > 0)
		path_clean(path);
	return (rv == 0 ? uri_join(&r, path, out, size) : -1);
}

static int
hex_value(int c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	c = tolower(c);
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

int
ref_unescape(char *s)
{
	char *out = s;
	int hi, lo;

	for (; *s != '\0'; s++) {
		if (*s != '%') {
			*out++ = *s;
			continue;
		}
		if ((hi = hex_value((unsigned char)s[1])) == -1 ||
		    (lo = hex_value((unsigned char)s[2])) == -1 ||
		    hi + lo == 0)
			return (-1);
		*out++ = (char)(hi * 16 + lo);
		s += 2;
	}
	*out = '\0';
	return (0);
}
