/* SPDX-License-Identifier: ISC */
/*
 * rig.h: what the attack programs share: puppets (puppet.h), frames over
 * their channels, and statements as tests/lib.sh counts them.
 */
#ifndef TESTS_PRIVSEP_RIG_H
#define TESTS_PRIVSEP_RIG_H

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chan.h"
#include "msg.h"
#include "puppet.h"
#include "text.h"

#define POOL_MAX	80
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define UNUSED		__attribute__((__unused__))

struct puppet {
	int	fd;			/* -1: free */
	int	taken;
	struct puppet_hello hello;
	uint8_t	in[PC_MAX][300000];	/* frames not yet read */
	size_t	inlen[PC_MAX];
	int	ended[PC_MAX];
};

static UNUSED struct puppet	*pool[POOL_MAX];
static UNUSED int	 rig_fd = -1;
static UNUSED int	 rig_honest;	/* listeners still to be honest */
static UNUSED const char	*rig_role = "listener";
static unsigned int	 nstatements, nfailed;

/* ---- statements ---- */

static void ok(int good, const char *fmt, ...)
    __attribute__((__format__(printf, 2, 3)));

static void
ok(int good, const char *fmt, ...)
{
	va_list	ap;

	printf("%s", good ? "ok " : "not ok ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("%s\n", good ? "" : ": it did not hold");
	fflush(stdout);
	nstatements++;
	nfailed += !good;
}

static UNUSED void
equal(const char *what, long got, long want)
{
	if (got == want)
		ok(1, "%s: %ld", what, got);
	else
		ok(0, "%s: got %ld, want %ld", what, got, want);
}

static UNUSED int
done(void)
{
	printf("# done %u\n", nstatements);
	return (nfailed != 0);
}

static void
die(const char *what)
{
	printf("# %s: %s\n", what, strerror(errno));
	fflush(stdout);
	exit(2);
}

static void
nap(unsigned int ms)
{
	struct timespec	t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* What a command prints, in a buffer that the next call takes again. */
static UNUSED const char *
shell(const char *fmt, ...)
{
	static char	 out[1 << 20];
	char		 cmd[2048];
	va_list		 ap;
	FILE		*f;
	size_t		 n;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	if ((f = popen(cmd, "r")) == NULL)
		die(cmd);
	n = fread(out, 1, sizeof(out) - 1, f);
	out[n] = '\0';
	pclose(f);
	return (out);
}

static UNUSED long
shell_number(const char *fmt, ...)
{
	char	cmd[2048];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	return (strtol(shell("%s", cmd), NULL, 10));
}

/* ---- puppets ---- */

static UNUSED void
rig_listen(const char *role, int honest)
{
	struct sockaddr_un	sun;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/bin/puppet.sock",
	    getenv("K_DIR") != NULL ? getenv("K_DIR") : ".");
	unlink(sun.sun_path);
	rig_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (rig_fd == -1 ||
	    bind(rig_fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    chmod(sun.sun_path, 0777) == -1 || listen(rig_fd, 64) == -1)
		die(sun.sun_path);
	rig_role = role;
	rig_honest = honest;
}

static UNUSED void
puppet_free(struct puppet *p)
{
	int	i;

	for (i = 0; i < POOL_MAX; i++)
		if (pool[i] == p)
			pool[i] = NULL;
	close(p->fd);
	free(p);
}

static UNUSED void
rig_accept(void)
{
	struct pollfd		pf = { rig_fd, POLLIN, 0 };
	struct puppet_hello	h;
	struct puppet		*p;
	int			 fd, i, mine;

	while (poll(&pf, 1, 0) == 1) {
		if ((fd = accept(rig_fd, NULL, NULL)) == -1 ||
		    read(fd, &h, sizeof(h)) != (ssize_t)sizeof(h)) {
			close(fd);
			continue;
		}
		mine = strcmp(h.role, rig_role) == 0 && rig_honest-- <= 0;
		for (i = 0; i < POOL_MAX && pool[i] != NULL; i++)
			;
		if (i == POOL_MAX)
			die("pool");
		if (write(fd, mine ? "p" : "h", 1) != 1 || !mine) {
			close(fd);
			continue;
		}
		if ((p = calloc(1, sizeof(*p))) == NULL)
			die("memory");
		p->fd = fd;
		p->hello = h;
		pool[i] = p;
	}
}

static UNUSED int
fully(int fd, void *buf, size_t len)
{
	uint8_t	*b = buf;
	ssize_t	 n;

	for (; len > 0; b += n, len -= (size_t)n)
		if ((n = read(fd, b, len)) <= 0)
			return (-1);
	return (0);
}

/* One command; *out (cap bytes) gets the data.  0, or -1: it is dead. */
static UNUSED int
puppet_do(struct puppet *p, struct puppet_cmd *c, const void *data,
    struct puppet_reply *r, void *out, size_t cap)
{
	static uint8_t	scrap[PUPPET_DATA_MAX];

	if (send(p->fd, c, sizeof(*c), MSG_NOSIGNAL) == -1 || (c->len > 0 &&
	    send(p->fd, data, c->len, MSG_NOSIGNAL) != (ssize_t)c->len) ||
	    fully(p->fd, r, sizeof(*r)) == -1 || r->len > sizeof(scrap) ||
	    fully(p->fd, scrap, r->len) == -1)
		return (-1);
	if (out != NULL)
		memcpy(out, scrap, r->len < cap ? r->len : cap);
	return (0);
}

static UNUSED int64_t
puppet_op(struct puppet *p, uint32_t op, uint32_t ch, int64_t arg,
    int64_t *back)
{
	struct puppet_cmd	c;
	struct puppet_reply	r;

	memset(&c, 0, sizeof(c));
	c.op = op;
	c.ch = ch;
	c.arg[0] = arg;
	if (puppet_do(p, &c, NULL, &r, NULL, 0) == -1)
		return (-2);
	if (back != NULL)
		*back = r.arg;
	return (r.rv);
}

/* A puppet with its channels that no other attack uses. */
static UNUSED struct puppet *
puppet_get(void)
{
	struct puppet	*p;
	int		 i, tries;
	int64_t		 a, t;

	for (tries = 0; tries < 3000; tries++) {
		rig_accept();
		for (i = 0; i < POOL_MAX; i++) {
			if ((p = pool[i]) == NULL || p->taken)
				continue;
			a = puppet_op(p, PO_INFO, PC_AUTHD, 0, NULL);
			t = strcmp(rig_role, "listener") != 0 ? 0 :
			    puppet_op(p, PO_INFO, PC_TOOLD, 0, NULL);
			if (a == -2 || t == -2) {
				puppet_free(p);
				continue;
			}
			if (a != -1 && t != -1) {
				p->taken = 1;
				return (p);
			}
		}
		nap(10);
	}
	die("no puppet came up");
	return (NULL);
}

static UNUSED void
puppet_put(struct puppet *p)
{
	p->taken = 0;
}

/* Does its process end within five seconds? */
static UNUSED int
puppet_dies(struct puppet *p)
{
	struct pollfd	pf = { p->fd, POLLIN, 0 };
	char		c;
	int		gone;

	gone = poll(&pf, 1, 5000) == 1 && read(p->fd, &c, 1) <= 0;
	if (gone)
		puppet_free(p);
	return (gone);
}

static UNUSED int64_t
puppet_generation(struct puppet *p, uint32_t ch)
{
	int64_t	g = 0;

	(void)puppet_op(p, PO_INFO, ch, 0, &g);
	return (g);
}

/* A system call: 0 with *rv and *err, or -1: it killed the puppet. */
static UNUSED int
puppet_call(struct puppet *p, const int64_t arg[7], const void *data,
    size_t len, int64_t *rv, int *err)
{
	struct puppet_cmd	c;
	struct puppet_reply	r;

	memset(&c, 0, sizeof(c));
	c.op = PO_CALL;
	c.len = (uint32_t)len;
	memcpy(c.arg, arg, sizeof(c.arg));
	if (puppet_do(p, &c, data, &r, NULL, 0) == -1)
		return (-1);
	*rv = r.rv;
	*err = r.err;
	return (0);
}

/* ---- frames ---- */

static UNUSED int64_t
raw_send(struct puppet *p, uint32_t ch, const void *bytes, size_t len,
    int nfds)
{
	struct puppet_cmd	c;
	struct puppet_reply	r;

	memset(&c, 0, sizeof(c));
	c.op = PO_SEND;
	c.ch = ch;
	c.len = (uint32_t)len;
	c.arg[0] = nfds;
	if (puppet_do(p, &c, bytes, &r, NULL, 0) == -1)
		return (-2);
	return (r.rv);
}

/* flags as they are; nfds descriptors go along. */
static UNUSED int64_t
frame_raw(struct puppet *p, uint32_t ch, uint32_t type, uint32_t id,
    const void *body, size_t len, uint32_t flags, int nfds)
{
	static uint8_t	f[PUPPET_DATA_MAX];
	struct chan_hdr	h = { type, (uint32_t)len, id, flags };

	memset(f, 0, sizeof(h) + len + 8);
	memcpy(f, &h, sizeof(h));
	if (body != NULL)
		memcpy(f + sizeof(h), body, len);
	return (raw_send(p, ch, f, sizeof(h) + ((len + 7) & ~(size_t)7),
	    nfds));
}

static UNUSED int64_t
frame_send(struct puppet *p, uint32_t ch, uint32_t type, uint32_t id,
    const void *body, size_t len)
{
	return (frame_raw(p, ch, type, id, body, len, 0, 0));
}

static UNUSED void
chan_fill(struct puppet *p, uint32_t ch)
{
	struct puppet_cmd	c;
	struct puppet_reply	r;

	if (p->ended[ch] || p->inlen[ch] > sizeof(p->in[ch]) - 65536)
		return;
	memset(&c, 0, sizeof(c));
	c.op = PO_RECV;
	c.ch = ch;
	if (puppet_do(p, &c, NULL, &r, p->in[ch] + p->inlen[ch],
	    65536) == -1 || r.rv == 0 || (r.rv == -1 && r.err != EAGAIN))
		p->ended[ch] = 1;
	else if (r.rv > 0)
		p->inlen[ch] += (size_t)r.rv;
}

/* The next whole frame that came: 1, or 0. */
static UNUSED int
frame_next(struct puppet *p, uint32_t ch, struct chan_hdr *h, void *out,
    size_t cap)
{
	size_t	full;

	if (p->inlen[ch] < sizeof(*h))
		return (0);
	memcpy(h, p->in[ch], sizeof(*h));
	full = sizeof(*h) + ((h->len + 7) & ~(size_t)7);
	if (p->inlen[ch] < full)
		return (0);
	if (out != NULL)
		memcpy(out, p->in[ch] + sizeof(*h),
		    h->len < cap ? h->len : cap);
	p->inlen[ch] -= full;
	memmove(p->in[ch], p->in[ch] + full, p->inlen[ch]);
	return (1);
}

/* Wait for the answer to id: its type, or 0 when none comes or it ends. */
static UNUSED uint32_t
frame_wait(struct puppet *p, uint32_t ch, uint32_t id, void *out, size_t cap)
{
	struct chan_hdr	h;
	int		i;

	for (i = 0; i < 800; i++) {
		while (frame_next(p, ch, &h, out, cap))
			if (h.id == id && h.type != MSG_JWKS &&
			    h.type != MSG_CREDIT && h.type != MSG_TEXT)
				return (h.type);
		if (p->ended[ch])
			return (0);
		chan_fill(p, ch);
		if (p->inlen[ch] == 0)
			nap(5);
	}
	return (0);
}

static UNUSED uint32_t
frame_ask(struct puppet *p, uint32_t ch, uint32_t type, const void *body,
    size_t len, void *out, size_t cap)
{
	static uint32_t	id = 1000;

	if (frame_send(p, ch, type, ++id, body, len) < 0)
		return (0);
	return (frame_wait(p, ch, id, out, cap));
}

/* Was the channel closed by the other side?  Waits up to two seconds. */
static UNUSED int
chan_cut(struct puppet *p, uint32_t ch)
{
	int	i;

	for (i = 0; i < 400 && !p->ended[ch]; i++) {
		p->inlen[ch] = 0;
		chan_fill(p, ch);
		if (!p->ended[ch])
			nap(5);
	}
	return (p->ended[ch]);
}

/* The last message of a type that a puppet read by itself: 1, or 0. */
static UNUSED int
puppet_last(struct puppet *p, uint32_t type, uint32_t *id, void *out,
    size_t cap)
{
	struct puppet_cmd	c;
	struct puppet_reply	r;
	static uint8_t		b[PUPPET_DATA_MAX];
	int			i;

	memset(&c, 0, sizeof(c));
	c.op = PO_LAST;
	c.arg[0] = type;
	for (i = 0; i < 500; i++) {
		if (puppet_do(p, &c, NULL, &r, b, sizeof(b)) == -1)
			return (0);
		if (r.rv >= (int64_t)sizeof(*id)) {
			if (id != NULL)
				memcpy(id, b, sizeof(*id));
			if (out != NULL)
				memcpy(out, b + sizeof(*id), cap);
			return (1);
		}
		nap(10);
	}
	return (0);
}

/* System calls that must kill; -1001: authd's process, -1000: master's. */
struct sysrow {
	const char	*name;
	int64_t		 arg[7];
	const char	*data;
};

static UNUSED int
calls_kill(const struct sysrow *rows, size_t n)
{
	struct puppet	*p = NULL;
	int64_t		 a[7], rv;
	char		 data[64];
	int		 err, killed = 0;
	size_t		 i, j;

	for (i = 0; i < n; i++) {
		if (p == NULL)
			p = puppet_get();
		for (j = 0; j < 7; j++) {
			a[j] = rows[i].arg[j];
			if (a[j] == -4)
				a[j] = puppet_op(p, PO_INFO, PC_LISTEN, 0,
				    NULL);
			if (a[j] == -1000 || a[j] == -1001)
				a[j] = atoi(getenv(a[j] == -1000 ?
				    "K_MASTER" : "K_AUTHD"));
		}
		memset(data, 0, sizeof(data));
		snprintf(data, sizeof(data), "%s", rows[i].data);
		rv = err = 0;
		if (puppet_call(p, a, data, sizeof(data), &rv, &err) == -1 &&
		    puppet_dies(p)) {
			ok(1, "%s kills it", rows[i].name);
			killed++;
			p = NULL;
		} else
			ok(0, "%s kills it (it gave %lld, errno %d)",
			    rows[i].name, (long long)rv, err);
	}
	if (p != NULL)
		p->taken = 0;
	return (killed);
}

/* ---- what the other processes say ---- */

static UNUSED long
audits(const char *kind)
{
	return (shell_number("$K_CTL -j audit tail -n 100000 | "
	    "grep -c '\"event\":\"%s\"'", kind));
}

/* Violations that a process has counted since it started. */
static UNUSED long
violations(const char *process)
{
	return (shell_number("$K_CTL -j status | sed -n 's/.*\"process\":"
	    "\"%s\",\"counter\":\"violations\",\"value\":\"\\([0-9]*\\)\""
	    ".*/\\1/p'", process));
}

/* The honest worker, by the Unix socket that all share. */
static UNUSED int
serves(void)
{
	return (shell_number("curl -s -m 5 --unix-socket $K_DIR/http.sock "
	    "-o /dev/null -w '%%{http_code}' http://127.0.0.1/healthz") ==
	    200);
}

#endif
