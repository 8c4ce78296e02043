/* SPDX-License-Identifier: ISC */
/*
 * listen.c: the listening sockets, of the network and of the control tool.
 * Runs in master before it confines itself.  Touches: sockets and the files
 * of Unix sockets.  Master never accepts on a network socket; it keeps them
 * so that the queue of a worker that died waits for the next one.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keepd.h"

#define BACKLOG	512

#if defined(SO_REUSEPORT_LB)		/* FreeBSD: the one that balances */
#define REUSEPORT	SO_REUSEPORT_LB
#elif defined(__linux__)
#define REUSEPORT	SO_REUSEPORT
#endif

static int	fds[CONF_LISTEN_MAX][CONF_PREFORK_MAX];
static int	ctl_fds[CS_COUNT] = { -1, -1, -1 };
static const char *const ctl_names[CS_COUNT] = {
	[CS_MASTER] = "master.sock", [CS_AUTHD] = "authd.sock",
	[CS_TOOLD] = "toold.sock"
};

/* A socket file that nobody listens on is left over from a hard end. */
static void
unix_clear(const struct sockaddr_un *sun)
{
	struct stat	st;
	int		fd, busy;

	if (lstat(sun->sun_path, &st) == -1)
		return;
	if (!S_ISSOCK(st.st_mode))
		fatalx("%s is in the way: not a socket", sun->sun_path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		fatal("socket");
	busy = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0;
	close(fd);
	if (busy)
		fatalx("%s: another process listens there", sun->sun_path);
	if (unlink(sun->sun_path) == -1)
		fatal("%s", sun->sun_path);
}

static int
unix_open(const char *path, mode_t mode)
{
	struct sockaddr_un sun;
	mode_t	 old;
	int	 fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun.sun_path))
		fatalx("%s: the path is too long for a socket", path);
	memcpy(sun.sun_path, path, strlen(path));
	unix_clear(&sun);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		fatal("socket");
	old = umask(~mode & 0777);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		fatal("bind %s", path);
	umask(old);
	if (listen(fd, BACKLOG) == -1 || fd_nonblock(fd) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		fatal("listen %s", path);
	return (fd);
}

static int
inet_open(const struct conf_listen *l)
{
	int	fd, on = 1;

	if ((fd = socket(l->ss.ss_family, SOCK_STREAM, 0)) == -1)
		fatal("listen on %s: socket", l->text);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		fatal("listen on %s: SO_REUSEADDR", l->text);
#ifdef REUSEPORT
	if (setsockopt(fd, SOL_SOCKET, REUSEPORT, &on, sizeof(on)) == -1)
		fatal("listen on %s: SO_REUSEPORT", l->text);
#endif
	if (l->ss.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) == -1)
		fatal("listen on %s: IPV6_V6ONLY", l->text);
	if (bind(fd, (const struct sockaddr *)&l->ss, l->ss_len) == -1)
		fatal("listen on %s: bind", l->text);
	if (listen(fd, BACKLOG) == -1 || fd_nonblock(fd) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		fatal("listen on %s", l->text);
	return (fd);
}

/*
 * SO_REUSEPORT lets any process of our uid join the group: look first
 * whether another server is there, or two of them would share the clients.
 */
static void
inet_probe(const struct conf_listen *l)
{
	int	fd, on = 1;

	if ((fd = socket(l->ss.ss_family, SOCK_STREAM, 0)) == -1)
		fatal("listen on %s: socket", l->text);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (l->ss.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
		    sizeof(on));
	if (bind(fd, (const struct sockaddr *)&l->ss, l->ss_len) == -1)
		fatal("listen on %s: bind", l->text);
	close(fd);
}

void
listen_open(const struct conf *c, uint32_t workers)
{
	const struct conf_listen *l;
	uint32_t	 i, k;

	for (i = 0; i < c->nlisten; i++) {
		l = &c->listen[i];
		if (l->flags & LISTEN_UNIX) {
			fds[i][0] = unix_open(l->text, 0666);
			for (k = 1; k < workers; k++)
				fds[i][k] = fds[i][0];
			continue;
		}
		inet_probe(l);
		fds[i][0] = inet_open(l);
		for (k = 1; k < workers; k++)
#ifdef REUSEPORT
			fds[i][k] = inet_open(l);
#else
			fds[i][k] = fds[i][0];
#endif
	}
}

int
listen_fd(uint32_t i, uint32_t slot)
{
	return (fds[i][slot]);
}

void
listen_unlink(const struct conf *c)
{
	uint32_t	i;

	for (i = 0; i < c->nlisten; i++)
		if (c->listen[i].flags & LISTEN_UNIX)
			(void)unlink(c->listen[i].text);
}

static void
ctl_path(const struct conf *c, enum ctl_sock which, char *out, size_t size)
{
	snprintf(out, size, "%s/%s", c->run, ctl_names[which]);
}

void
ctl_open(const struct conf *c)
{
	char	path[CONF_PATH_MAX + 16];
	int	i;

	for (i = 0; i < CS_COUNT; i++) {
		ctl_path(c, (enum ctl_sock)i, path, sizeof(path));
		ctl_fds[i] = unix_open(path, 0600);
	}
}

int
ctl_fd(enum ctl_sock which)
{
	return (ctl_fds[which]);
}

void
ctl_unlink(const struct conf *c)
{
	char	path[CONF_PATH_MAX + 16];
	int	i;

	for (i = 0; i < CS_COUNT; i++) {
		if (ctl_fds[i] == -1)
			continue;
		ctl_path(c, (enum ctl_sock)i, path, sizeof(path));
		(void)unlink(path);
	}
}
