/* SPDX-License-Identifier: ISC */
/*
 * conf_check.c: addresses and names of keepd.conf, and the rules that need
 * the whole file: the public URL, what plain HTTP may listen on, what a run
 * with fewer rights refuses.
 * Runs in master, as root until it starts the children.  Trusts the owner
 * of keepd.conf; looks up users, touches nothing else.
 */
#include <sys/un.h>

#include <netinet/in.h>
#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>

#include "conf.h"
#include "text.h"
#include "uri.h"

/* ---- addresses ---- */

static int
addr_loopback(const struct sockaddr *sa)
{
	const struct sockaddr_in *in4 = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;

	if (sa->sa_family == AF_INET)
		return (ntohl(in4->sin_addr.s_addr) >> 24 == 127);
	return (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr));
}

static const char *
listen_known(struct conf *c, const char *text)
{
	uint32_t	i;

	for (i = 0; i < c->nlisten; i++)
		if (strcmp(c->listen[i].text, text) == 0)
			return ("this address is listed twice");
	return (NULL);
}

const char *
conf_add_listen(struct conf *c, const char *addr, const char *port,
    int tls, uint32_t line)
{
	struct addrinfo	 hints, *ai;
	struct conf_listen *l;
	const char	*why;
	uint64_t	 num;

	if (c->nlisten == CONF_LISTEN_MAX)
		return ("too many listen addresses");
	if (num_parse(port, strlen(port), 65535, &num) == -1 || num == 0)
		return ("port must be a number from 1 to 65535");
	memset(&hints, 0, sizeof(hints));
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo(strcmp(addr, "*") == 0 ? "0.0.0.0" : addr, port,
	    &hints, &ai) != 0)
		return ("write a numeric IPv4 or IPv6 address, * or unix PATH");
	l = &c->listen[c->nlisten];
	memset(l, 0, sizeof(*l));
	memcpy(&l->ss, ai->ai_addr, ai->ai_addrlen);
	l->ss_len = ai->ai_addrlen;
	freeaddrinfo(ai);
	l->flags = addr_loopback((struct sockaddr *)&l->ss) ?
	    LISTEN_LOOPBACK : 0;
	l->flags |= tls ? LISTEN_TLS : 0;
	l->line = line;
	l->port = (uint16_t)num;
	snprintf(l->text, sizeof(l->text),
	    l->ss.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", addr, port);
	if ((why = listen_known(c, l->text)) == NULL)
		c->nlisten++;
	return (why);
}

const char *
conf_add_unix(struct conf *c, const char *path, uint32_t line)
{
	struct sockaddr_un *sun;
	struct conf_listen *l;
	const char	*why;

	if (c->nlisten == CONF_LISTEN_MAX)
		return ("too many listen addresses");
	l = &c->listen[c->nlisten];
	memset(l, 0, sizeof(*l));
	sun = (struct sockaddr_un *)&l->ss;
	if (path[0] != '/')
		return ("the path of a Unix socket must be absolute");
	if (strlen(path) >= sizeof(sun->sun_path))
		return ("the path of the Unix socket is too long");
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, path, strlen(path) + 1);
	l->ss_len = sizeof(*sun);
	l->flags = LISTEN_UNIX | LISTEN_LOOPBACK;
	l->line = line;
	snprintf(l->text, sizeof(l->text), "%s", path);
	if ((why = listen_known(c, l->text)) == NULL)
		c->nlisten++;
	return (why);
}

/* ---- certificates ---- */

int
conf_tls(const struct conf *c)
{
	uint32_t	i;

	for (i = 0; i < c->nlisten; i++)
		if (c->listen[i].flags & LISTEN_TLS)
			return (1);
	return (0);
}

static int
path_set(char *out, const char *path)
{
	if (path[0] != '/' || strstr(path, "/../") != NULL)
		return (-1);
	return (text_set(out, CONF_PATH_MAX, path));
}

const char *
conf_add_cert(struct conf *c, const char *cert, const char *key,
    const char *ocsp)
{
	struct conf_cert *n = &c->cert[c->ncert];

	if (c->ncert == TLS_CERTS)
		return ("too many certificates (8)");
	memset(n, 0, sizeof(*n));
	if (path_set(n->cert, cert) == -1 || path_set(n->key, key) == -1 ||
	    (ocsp != NULL && path_set(n->ocsp, ocsp) == -1))
		return ("write absolute paths without ..");
	c->ncert++;
	return (NULL);
}

/* ---- names ---- */

static const char *
name_host(const char *s)
{
	struct uri	u;
	char		url[URI_MAX];

	if (snprintf(url, sizeof(url), "https://%s", s) >= (int)sizeof(url) ||
	    uri_parse(url, &u) != NULL || u.path[0] != '\0' || u.has_query)
		return ("write a host name or address, with :PORT if needed");
	return (NULL);
}

static const char *
name_origin(const char *s)
{
	struct uri	u;

	if (uri_parse(s, &u) != NULL || u.path[0] != '\0' || u.has_query ||
	    (strcmp(u.scheme, "https") != 0 && strcmp(u.scheme, "http") != 0))
		return ("write an origin such as https://app.example.org");
	return (NULL);
}

static const char *
name_proxy(const char *s)
{
	uint8_t		addr[16];
	uint64_t	bits;
	char		host[64];
	const char	*slash;
	size_t		n;
	int		v6;

	if (strcmp(s, "unix") == 0)
		return (NULL);
	slash = strchr(s, '/');
	n = slash != NULL ? (size_t)(slash - s) : strlen(s);
	if (text_setn(host, sizeof(host), s, n) == -1)
		return ("write an address, ADDRESS/BITS or unix");
	v6 = strchr(host, ':') != NULL;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, host, addr) != 1 ||
	    (slash != NULL && num_parse(slash + 1, strlen(slash + 1),
	    v6 ? 128 : 32, &bits) == -1))
		return ("write an address, ADDRESS/BITS or unix");
	return (NULL);
}

static const char *
name_scheme(const char *s)
{
	static const char *const never[] = { "http", "https", "javascript",
	    "data", "file", "blob", "vbscript", "about", NULL };
	size_t	i;

	if (s[0] < 'a' || s[0] > 'z' || strlen(s) > 31 ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") != strlen(s))
		return ("write a URI scheme in small letters, such as cursor");
	for (i = 0; never[i] != NULL; i++)
		if (strcmp(never[i], s) == 0)
			return ("this scheme can never be a redirect target");
	return (NULL);
}

const char *
conf_add_name(struct conf *c, enum conf_name what, const char *s)
{
	static const char *(*const checks[CN_MAX])(const char *) = {
		[CN_HOST] = name_host, [CN_ORIGIN] = name_origin,
		[CN_PROXY] = name_proxy, [CN_SCHEME] = name_scheme
	};
	struct conf_names *names = &c->names[what];
	const char	*why;

	if (names->n == CONF_NAMES_MAX)
		return ("too many names in this list (64)");
	if ((why = checks[what](s)) != NULL)
		return (why);
	if (text_set(names->text[names->n], URI_MAX, s) == -1)
		return ("the name is too long");
	if (what == CN_HOST || what == CN_ORIGIN)
		ascii_lower(names->text[names->n]);
	names->n++;
	return (NULL);
}

/* ---- the public URL ---- */

/* Both development switches, from the file or from the environment. */
static int
insecure_allowed(const struct conf *c, const struct conf_host *h)
{
	return ((c->development || h->env_development) &&
	    (c->insecure_issuer || h->env_insecure));
}

static const char *
url_derive(struct conf *c)
{
	const struct conf_listen *l = &c->listen[0];
	const char	*host;

	if ((l->flags & LISTEN_UNIX) || !(l->flags & LISTEN_LOOPBACK))
		return ("public-url is not set, and the first listen line is "
		    "not a loopback address to take it from: add public-url "
		    "\"https://HOST\"");
	host = l->ss.ss_family == AF_INET6 || l->flags & LISTEN_TLS ?
	    "localhost" : "127.0.0.1";
	snprintf(c->public_url, sizeof(c->public_url), "http%s://%s:%u",
	    l->flags & LISTEN_TLS ? "s" : "", host, l->port);
	return (NULL);
}

static const char *
url_https(struct conf *c, const struct conf_host *h, const struct uri *u)
{
	if (strcmp(u->scheme, "https") == 0)
		return (NULL);
	if (strcmp(u->scheme, "http") != 0)
		return ("public-url must begin with https://");
	if (strcmp(u->host, "localhost") == 0 ||
	    strcmp(u->host, "127.0.0.1") == 0 || insecure_allowed(c, h))
		return (NULL);
	return ("public-url: Issuer URL must be HTTPS (plain http only for "
	    "localhost and 127.0.0.1, or with both development and "
	    "dangerously-allow-insecure-issuer-url set to yes)");
}

static const char *
url_check(struct conf *c, const struct conf_host *h)
{
	struct uri	 u;
	const char	*why;
	size_t		 n;

	if (strchr(c->public_url, '#') != NULL)
		return ("public-url: Issuer URL must not have a fragment");
	if (strchr(c->public_url, '?') != NULL)
		return ("public-url: Issuer URL must not have a query string");
	n = strlen(c->public_url);
	if (n > 0 && c->public_url[n - 1] == '/')
		c->public_url[n - 1] = '\0';
	if ((why = uri_parse(c->public_url, &u)) != NULL) {
		snprintf(c->why, sizeof(c->why), "public-url: %s", why);
		return (c->why);
	}
	if (!u.has_authority || u.path[0] != '\0')
		return ("public-url must be a scheme and a host without a "
		    "path, such as https://mcp.example.org");
	return (url_https(c, h, &u));
}

static int
url_loopback(const struct conf *c)
{
	struct uri	u;

	return (uri_parse(c->public_url, &u) == NULL && uri_is_loopback(&u));
}

/* ---- rules over the whole file ---- */

int
conf_all_loopback(const struct conf *c)
{
	uint32_t	i;

	for (i = 0; i < c->nlisten; i++)
		if (!(c->listen[i].flags & LISTEN_LOOPBACK))
			return (0);
	return (1);
}

static const char *
check_listen(struct conf *c, const struct conf_host *h, uint32_t *line)
{
	const char	*why = NULL;
	uint32_t	 i;

	for (i = 0; i < c->nlisten; i++) {
		if (c->listen[i].flags & LISTEN_LOOPBACK)
			continue;
		*line = c->listen[i].line;
		if (!(c->listen[i].flags & LISTEN_TLS) &&
		    !insecure_allowed(c, h))
			why = "plain HTTP is for loopback and Unix sockets "
			    "only: add tls at the end of the line, or listen "
			    "on loopback behind a proxy that speaks TLS (any "
			    "other way needs both development and "
			    "dangerously-allow-insecure-issuer-url set to "
			    "yes)";
		else if (!h->privileged && c->sandbox != SB_DEGRADED)
			why = "a run without root listens on loopback and "
			    "Unix sockets only, unless sandbox degraded is set";
		if (why != NULL)
			break;
	}
	return (why);
}

static const char *
check_tls(struct conf *c, uint32_t *line)
{
	uint32_t	i;

	if (!conf_tls(c))
		return (NULL);
	for (i = 0; !(c->listen[i].flags & LISTEN_TLS); i++)
		;
	*line = c->listen[i].line;
	if (c->ncert == 0)
		return ("listen ... tls needs a certificate: add certificate "
		    "\"FILE\" key \"FILE\"");
	if (strncmp(c->public_url, "https://", 8) != 0)
		return ("with listen ... tls, public-url must begin with "
		    "https://");
	c->signd.nslots = c->ncert;
	c->signd.grace_ms = c->listener.header_timeout_ms;
	*line = 0;
	return (NULL);
}

static const char *
check_url(struct conf *c, const struct conf_host *h, uint32_t *line)
{
	const char	*why;

	*line = c->public_url_line;
	if (c->public_url[0] == '\0' && (why = url_derive(c)) != NULL)
		return (why);
	if ((why = url_check(c, h)) != NULL)
		return (why);
	if (!h->privileged && c->sandbox != SB_DEGRADED && !url_loopback(c))
		return ("a run without root serves a loopback public-url only,"
		    " unless sandbox degraded is set");
	*line = 0;
	return (NULL);
}

static const char *
check_rest(struct conf *c)
{
	if (!c->rate_limits && !(conf_all_loopback(c) && url_loopback(c)))
		return ("rate-limits off is for test rigs: every listen line "
		    "and public-url must be loopback");
	if (c->authd.access_s > c->authd.refresh_s)
		return ("lifetimes access must not be longer than refresh");
	if (c->authd.refresh_s > c->authd.family_s)
		return ("lifetimes refresh must not be longer than family");
	if (c->authd.scrypt_ln > c->pwhash.ln_max)
		return ("scrypt-cost must not be above limits scrypt-max");
	if (c->listener.max_body > c->listener.max_memory)
		return ("limits body-size must not be above limits memory");
	return (NULL);
}

const char *
conf_check(struct conf *c, const struct conf_host *h, uint32_t *line)
{
	const char	*why;

	*line = 0;
	if (c->nlisten == 0)
		return ("no listen address: add listen on 127.0.0.1 port 8080");
	if ((why = check_url(c, h, line)) != NULL ||
	    (why = check_listen(c, h, line)) != NULL ||
	    (why = check_tls(c, line)) != NULL ||
	    (why = check_rest(c)) != NULL)
		return (why);
	if (c->prefork == 0)
		c->prefork = h->cores < CONF_PREFORK_MAX ? h->cores :
		    CONF_PREFORK_MAX;
	return (NULL);
}

void
conf_warn(const struct conf *c, const struct conf_host *h)
{
	if (!c->rate_limits)
		log_warnx("rate-limits off: passwords can be guessed and the "
		    "server flooded; for test rigs only");
	if (c->ncert > 0 && !conf_tls(c))
		log_warnx("certificate: no listen line says tls, so it is "
		    "not used");
	if (c->sandbox == SB_DEGRADED)
		log_warnx("sandbox degraded: missing layers are only reported");
	if (insecure_allowed(c, h))
		log_warnx("MCP_DANGEROUSLY_ALLOW_INSECURE_ISSUER_URL is "
		    "enabled - HTTP issuer URLs are allowed. Do not use in "
		    "production.");
}

/* ---- users ---- */

/* uid, uid:gid or a name of the password file. */
static int
user_resolve(struct conf_user *u)
{
	struct passwd	*pw;
	const char	*colon;
	uint64_t	 uid, gid;
	size_t		 n;

	colon = strchr(u->name, ':');
	n = colon != NULL ? (size_t)(colon - u->name) : strlen(u->name);
	if (num_parse(u->name, n, 0xfffffffe, &uid) == 0) {
		gid = uid;
		if (colon != NULL && num_parse(colon + 1, strlen(colon + 1),
		    0xfffffffe, &gid) == -1)
			return (-1);
		u->uid = (uid_t)uid;
		u->gid = (gid_t)gid;
		return (0);
	}
	if ((pw = getpwnam(u->name)) == NULL)
		return (-1);
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	return (0);
}

static const char *
user_check(struct conf *c, int i)
{
	struct conf_user *u = c->user;
	int	 k;

	if (u[i].uid == 0 || u[i].gid == 0) {
		snprintf(c->why, sizeof(c->why), "user \"%.63s\" is root: each "
		    "role needs an account of its own", u[i].name);
		return (c->why);
	}
	for (k = 0; k < i; k++) {
		if (u[k].uid != u[i].uid || c->sandbox == SB_DEGRADED)
			continue;
		snprintf(c->why, sizeof(c->why), "users \"%.63s\" and "
		    "\"%.63s\" are the same: each role needs an account of "
		    "its own", u[k].name, u[i].name);
		return (c->why);
	}
	return (NULL);
}

const char *
conf_users(struct conf *c)
{
	const char	*why;
	int		 i;

	for (i = 0; i < CR_MAX; i++) {
		if (i == CR_SIGND && !conf_tls(c))
			continue;
		if (user_resolve(&c->user[i]) == -1) {
			snprintf(c->why, sizeof(c->why), "user \"%.63s\": no "
			    "such account (make it, or write a uid)",
			    c->user[i].name);
			return (c->why);
		}
		if ((why = user_check(c, i)) != NULL)
			return (why);
	}
	return (NULL);
}
