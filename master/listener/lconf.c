/* SPDX-License-Identifier: ISC */
/*
 * lconf.c: the listener's configuration: staged while master sends it,
 * current after its commit, and the lists that a request is held against.
 * Rows come from master only; request values are compared, never kept.
 */
#include <sys/types.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "text.h"
#include "uri.h"
#include "listener.h"

#define NAMES_MAX	1024		/* rows of one kind */

const struct lconf *lconf;
static struct lconf *staged, *live;
static const char *staged_bad;		/* first thing wrong with a row */

static void
lconf_free(struct lconf *l)
{
	if (l == NULL)
		return;
	free(l->hosts);
	free(l->origins);
	free(l->proxies);
	buf_free(&l->resource_doc);
	buf_free(&l->server_doc);
	free(l);
}

void
lconf_begin(void)
{
	lconf_free(staged);
	staged_bad = NULL;
	if ((staged = calloc(1, sizeof(*staged))) == NULL)
		fatal("configuration");
	buf_init(&staged->resource_doc, 0);
	buf_init(&staged->server_doc, 0);
}

void
lconf_listener(const struct msg_conf_listener *m)
{
	if (staged == NULL)
		fatalx("configuration rows without a begin");
	staged->l = *m;
}

static void *
row_add(void *list, size_t *n, size_t size)
{
	if (*n == NAMES_MAX) {
		staged_bad = "too many hosts, origins or proxies";
		return (list);
	}
	if ((list = realloc(list, (*n + 1) * size)) == NULL)
		fatal("configuration");
	memset((char *)list + *n * size, 0, size);
	++*n;
	return (list);
}

static void
add_host(const char *text)
{
	size_t n = staged->nhosts;

	if (strlen(text) >= HOST_LEN || text[0] == '\0') {
		staged_bad = "hosts: a name is empty or too long";
		return;
	}
	staged->hosts = row_add(staged->hosts, &staged->nhosts, HOST_LEN);
	if (staged->nhosts > n) {
		text_set(staged->hosts[n], HOST_LEN, text);
		ascii_lower(staged->hosts[n]);
	}
}

static void
add_origin(const char *text)
{
	struct uri u;
	size_t n = staged->norigins;
	char origin[URI_MAX];

	if (uri_parse(text, &u) != NULL || u.has_query ||
	    (u.path[0] != '\0' && strcmp(u.path, "/") != 0) ||
	    uri_origin(&u, origin, sizeof(origin)) == -1) {
		staged_bad = "allow-origin: one is not scheme://host[:port]";
		return;
	}
	staged->origins = row_add(staged->origins, &staged->norigins,
	    URI_MAX);
	if (staged->norigins > n)
		text_set(staged->origins[n], URI_MAX, origin);
}

/* "unix", an address, or an address and a prefix length. */
static int
net_parse(const char *text, struct net *net)
{
	struct msg_from f;
	struct http_str s;
	const char *slash;
	uint64_t bits;

	if (strcmp(text, "unix") == 0) {
		net->is_unix = 1;
		return (0);
	}
	slash = strchr(text, '/');
	s.p = text;
	s.len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	if (from_text(&f, s) == -1)
		return (-1);
	memcpy(net->addr, f.addr, sizeof(net->addr));
	bits = f.family == 4 ? 32 : 128;
	if (slash != NULL && num_parse(slash + 1, strlen(slash + 1), bits,
	    &bits) == -1)
		return (-1);
	net->bits = (unsigned int)bits + (f.family == 4 ? 96 : 0);
	return (0);
}

static void
add_proxy(const char *text)
{
	struct net net;
	size_t n = staged->nproxies;

	memset(&net, 0, sizeof(net));
	if (net_parse(text, &net) == -1) {
		staged_bad = "trusted-proxy: not an address or network";
		return;
	}
	staged->proxies = row_add(staged->proxies, &staged->nproxies,
	    sizeof(net));
	if (staged->nproxies > n)
		staged->proxies[n] = net;
}

void
lconf_name(const struct msg_conf_name *m)
{
	static const struct {
		enum conf_name	what;
		void		(*add)(const char *);
	} kinds[] = {
		{ CN_HOST, add_host },
		{ CN_ORIGIN, add_origin },
		{ CN_PROXY, add_proxy },
		{ CN_SCHEME, NULL }	/* authd's */
	};
	size_t i;

	if (staged == NULL)
		fatalx("configuration rows without a begin");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].what == (enum conf_name)m->what &&
		    kinds[i].add != NULL)
			kinds[i].add(m->text);
	}
}

static const char *
set_public_url(struct lconf *l, const char *url)
{
	struct uri u;
	const char *host;

	if (uri_parse(url, &u) != NULL || u.has_query || u.path[0] != '\0' ||
	    uri_origin(&u, l->origin, sizeof(l->origin)) == -1)
		return ("public-url is not scheme://host[:port]");
	host = strstr(l->origin, "://") + 3;
	if (text_set(l->public_url, sizeof(l->public_url), url) == -1 ||
	    text_set(l->host, sizeof(l->host), host) == -1)
		return ("public-url is too long");
	l->https = strcmp(u.scheme, "https") == 0;
	l->hsts = l->https && !uri_is_loopback(&u);
	return (NULL);
}

const char *
lconf_check(const struct msg_conf_common *c)
{
	struct lconf *l = staged;
	const char *why;

	if (l == NULL || l->l.max_conns == 0)
		return ("the listener's limits are missing");
	if (staged_bad != NULL)
		return (staged_bad);
	if (l->l.max_conns > 100000)
		return ("more than 100000 connections for one listener");
	if (l->l.max_body > (4U << 20))
		return ("max-body is more than 4 MiB");
	if ((why = set_public_url(l, c->public_url)) != NULL)
		return (why);
	l->rate_off = (c->flags & CONF_RATE_OFF) != 0;
	l->mcp_off = (c->flags & CONF_MCP_OFF) != 0;
	l->limits.max_header = l->l.max_header;
	l->limits.max_line = l->l.max_header < HTTP_LINE_MAX ?
	    l->l.max_header : HTTP_LINE_MAX;
	l->limits.max_lines = HTTP_HDRS_MAX;
	return (meta_build(l) == 0 ? NULL : "no memory for metadata");
}

void
lconf_commit(void)
{
	lconf_free(live);
	lconf = live = staged;
	staged = NULL;
}

/* Does a Host value name that host.  An entry without port: any port. */
static int
host_same(struct http_str v, const char *entry)
{
	size_t n = strlen(entry);
	const char *close;

	if (v.len < n || strncasecmp(v.p, entry, n) != 0)
		return (0);
	if (v.len == n)
		return (1);
	close = strrchr(entry, ']');
	if (v.p[n] != ':' ||
	    strchr(close != NULL ? close : entry, ':') != NULL)
		return (0);
	return (memchr(v.p + n + 1, ':', v.len - n - 1) == NULL);
}

/* public-url's host: the port has to be its own, or its scheme's. */
static int
host_public(struct http_str v)
{
	size_t n = strlen(lconf->host);
	const char *std = lconf->https ? ":443" : ":80";

	if (v.len < n || strncasecmp(v.p, lconf->host, n) != 0)
		return (0);
	return (v.len == n || (v.len == n + strlen(std) &&
	    memcmp(v.p + n, std, strlen(std)) == 0));
}

int
host_allowed(struct http_str v)
{
	size_t i;

	if (v.p == NULL)
		return (0);
	if (host_public(v))
		return (1);
	for (i = 0; i < lconf->nhosts; i++) {
		if (host_same(v, lconf->hosts[i]))
			return (1);
	}
	return (0);
}

int
origin_own(struct http_str v)
{
	return (http_eq(v, lconf->origin));
}

int
origin_allowed(struct http_str v)
{
	struct uri u;
	char text[URI_MAX];
	size_t i;

	if (origin_own(v))
		return (1);
	for (i = 0; i < lconf->norigins; i++) {
		if (http_eq(v, lconf->origins[i]))
			return (1);
	}
	if (text_setn(text, sizeof(text), v.p, v.len) == -1 ||
	    uri_parse(text, &u) != NULL)
		return (0);
	return (uri_is_loopback(&u) && u.path[0] == '\0' && !u.has_query);
}

static int
net_has(const struct net *net, const struct msg_from *f)
{
	unsigned int bytes = net->bits / 8, rest = net->bits % 8;
	uint8_t mask;

	if (net->is_unix || f->family == 0)
		return (net->is_unix && f->family == 0);
	if (memcmp(net->addr, f->addr, bytes) != 0)
		return (0);
	if (rest == 0)
		return (1);
	mask = (uint8_t)(0xff << (8 - rest));
	return (((net->addr[bytes] ^ f->addr[bytes]) & mask) == 0);
}

int
proxy_trusted(const struct msg_from *f)
{
	size_t i;

	for (i = 0; i < lconf->nproxies; i++) {
		if (net_has(&lconf->proxies[i], f))
			return (1);
	}
	return (0);
}
