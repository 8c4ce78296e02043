/* SPDX-License-Identifier: ISC */
/*
 * accept.c: listening sockets of the listener and who may connect.  The
 * sockets come from master; nothing is done to them but accept.  Whoever is
 * turned away is told so in one constant answer.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "compat/compat.h"
#include "log.h"
#include "listener.h"

#define ACCEPT_MAX	32		/* connections a turn */
#define ACCEPT_PAUSE_MS	100
#define LSOCKS		32

struct lsock {
	struct ev_io	 io;
	struct msg_listen l;
	int		 fd;		/* -1: free */
};

static struct lsock	 lsocks[LSOCKS], lstaged[LSOCKS];
static struct ev_timer	 accept_timer;
static uint64_t		 turned_away;

static void
turn_away(int fd, const struct lsock *ls, int status)
{
	char unread[4096];
	const char *s;
	size_t len;

	turned_away++;
	if (ls->l.flags & LISTEN_TLS) {
		/* No word of HTTP before a handshake, which costs too much. */
		close(fd);
		return;
	}
	s = reply_full(status, &len);
	/* A request that is here already would make the close a reset. */
	(void)recv(fd, unread, sizeof(unread), 0);
	if (send(fd, s, len, MSG_NOSIGNAL) == -1)
		log_debug("turning a connection away: %s", strerror(errno));
	close(fd);
}

static void
lsock_take(int fd, const struct lsock *ls, const struct sockaddr *sa)
{
	struct msg_from f;
	struct addr *a = NULL;

	from_sockaddr(&f, sa);
	if (conn_room() == -1) {
		turn_away(fd, ls, 503);
		return;
	}
	if (!proxy_trusted(&f) && f.family != 0) {
		a = addr_get(&f);
		if (a == NULL ||
		    addr_enter(a, lconf->l.max_conns_addr) == -1) {
			turn_away(fd, ls, 429);
			return;
		}
	}
	conn_new(fd, ls->l.flags, &f, a);
}

static void
accept_pause(void)
{
	size_t i;

	for (i = 0; i < LSOCKS; i++) {
		if (lsocks[i].io.fd != -1)
			ev_io_want(&lsocks[i].io, 0);
	}
	ev_timer_set(&accept_timer, ACCEPT_PAUSE_MS);
}

static void
accept_again(struct ev_timer *t)
{
	size_t i;

	for (i = 0; i < LSOCKS; i++) {
		if (lsocks[i].io.fd != -1)
			ev_io_want(&lsocks[i].io, EV_READ);
	}
}

static void
accept_ready(struct ev_io *io, int got)
{
	struct lsock *ls = io->arg;
	struct sockaddr_storage ss;
	socklen_t len;
	int i, fd;

	for (i = 0; i < ACCEPT_MAX && io->fd != -1; i++) {
		len = sizeof(ss);
		ss.ss_family = AF_UNSPEC;
		fd = accept_nb(io->fd, (struct sockaddr *)&ss, &len);
		if (fd != -1) {
			lsock_take(fd, ls, (struct sockaddr *)&ss);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			log_warn("%s: accept", ls->l.text);
			accept_pause();
		} else if (errno != EAGAIN && errno != EINTR &&
		    errno != ECONNABORTED)
			log_warn("%s: accept", ls->l.text);
		return;
	}
}

void
lsock_stage(int fd, const struct msg_listen *l)
{
	size_t i;

	for (i = 0; i < LSOCKS; i++) {
		if (lstaged[i].fd == -1)
			break;
	}
	if (i == LSOCKS)
		fatalx("more than %d listening sockets", LSOCKS);
	lstaged[i].fd = fd;
	lstaged[i].l = *l;
}

void
lsock_forget(void)
{
	size_t i;

	for (i = 0; i < LSOCKS; i++) {
		if (lstaged[i].fd != -1)
			close(lstaged[i].fd);
		lstaged[i].fd = -1;
	}
}

void
lsock_close(void)
{
	size_t i;

	for (i = 0; i < LSOCKS; i++) {
		if (lsocks[i].fd == -1)
			continue;
		ev_io_del(&lsocks[i].io);
		close(lsocks[i].fd);
		lsocks[i].fd = -1;
	}
}

/* The staged sockets replace the current ones; none staged: they stay. */
void
lsock_commit(void)
{
	size_t i;

	if (lstaged[0].fd == -1)
		return;
	lsock_close();
	for (i = 0; i < LSOCKS; i++) {
		lsocks[i].fd = lstaged[i].fd;
		lsocks[i].l = lstaged[i].l;
		lstaged[i].fd = -1;
		if (lsocks[i].fd != -1)
			ev_io_add(&lsocks[i].io, lsocks[i].fd, EV_READ,
			    accept_ready, &lsocks[i]);
	}
}

int
lsock_tls(void)
{
	size_t i;

	for (i = 0; i < LSOCKS; i++) {
		if ((lsocks[i].fd != -1 && lsocks[i].l.flags & LISTEN_TLS) ||
		    (lstaged[i].fd != -1 && lstaged[i].l.flags & LISTEN_TLS))
			return (1);
	}
	return (0);
}

uint64_t
lsock_refused(void)
{
	return (turned_away);
}

void
lsock_init(void)
{
	size_t i;

	for (i = 0; i < LSOCKS; i++)
		lsocks[i].fd = lsocks[i].io.fd = lstaged[i].fd = -1;
	ev_timer_init(&accept_timer, accept_again, NULL);
}
