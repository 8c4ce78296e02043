/* SPDX-License-Identifier: ISC */
/*
 * attack_ctl.c: a hostile client of each control socket.  As root it is let
 * in and may then only send commands: everything else ends the connection,
 * and only that.  As anybody else it is not let in.
 *	attack_ctl root	| attack_ctl other
 */
#include <signal.h>

#include "ctl.h"
#include "rig.h"

static uint8_t	zeroes[70000], ones[70000];

static const struct sock {
	const char	*name;
	enum chan_kind	 kind;
	uint32_t	 command;	/* one that it answers */
} socks[] = {
	{ "master", CK_CTL_MASTER, CTL_STATUS },
	{ "authd", CK_CTL_AUTHD, CTL_ROLE_LIST },
	{ "toold", CK_CTL_TOOLD, CTL_TOOLD_STATUS }
};

static int
sock_open(const char *name)
{
	struct sockaddr_un	sun;
	struct timeval		tv = { 5, 0 };
	int			fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/run/%s.sock",
	    getenv("K_DIR"), name);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == -1)
		die("socket");
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

static void
send_frame(int fd, uint32_t type, const void *body, size_t len,
    uint32_t flags, int nfds)
{
	static uint8_t	f[80000];
	struct chan_hdr	h = { type, (uint32_t)len, 1, flags };
	union {
		struct cmsghdr	hdr;
		char		space[CMSG_SPACE(sizeof(int) * 16)];
	}		 ctl;
	struct msghdr	 mh;
	struct iovec	 iov;
	int		 i;

	memset(f, 0, sizeof(f));
	memcpy(f, &h, sizeof(h));
	memcpy(f + sizeof(h), body, len);
	memset(&mh, 0, sizeof(mh));
	memset(&ctl, 0, sizeof(ctl));
	iov.iov_base = f;
	iov.iov_len = sizeof(h) + ((len + 7) & ~(size_t)7);
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	if (nfds > 0) {
		mh.msg_control = ctl.space;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)nfds);
		ctl.hdr.cmsg_level = SOL_SOCKET;
		ctl.hdr.cmsg_type = SCM_RIGHTS;
		ctl.hdr.cmsg_len = CMSG_LEN(sizeof(int) * (size_t)nfds);
		for (i = 0; i < nfds; i++)
			memcpy(CMSG_DATA(&ctl.hdr) + (size_t)i * sizeof(int),
			    &fd, sizeof(int));
	}
	(void)sendmsg(fd, &mh, MSG_NOSIGNAL);
}

/* 1: it was cut off, within five seconds. */
static int
cut_off(int fd)
{
	char	b[65536];
	ssize_t	n;

	while ((n = read(fd, b, sizeof(b))) > 0)
		;
	return (n == 0 || errno == ECONNRESET);
}

static int
answers(int fd, uint32_t command)
{
	static struct msg_ctl	q;
	struct chan_hdr		h;

	memset(&q, 0, sizeof(q));
	q.command = command;
	send_frame(fd, MSG_CTL, &q, sizeof(q), 0, 0);
	return (read(fd, &h, sizeof(h)) == (ssize_t)sizeof(h) &&
	    (h.type == MSG_CTL_LINE || h.type == MSG_CTL_DONE));
}

static void
unlisted(const struct sock *s)
{
	const struct msg_row	*r;
	size_t			 i;
	int			 fd, tried = 0, good = 0;

	for (i = 0; (r = msg_row_at(i)) != NULL; i++) {
		if (msg_allowed(r, s->kind, SIDE_SECOND, CS_ANY))
			continue;
		fd = sock_open(s->name);
		send_frame(fd, r->type, zeroes, r->size > 65536 ? 65536 :
		    r->size, 0, 0);
		tried++;
		good += cut_off(fd);
		close(fd);
	}
	ok(tried > 40 && good == tried, "%s.sock: each of %d messages that "
	    "are not for it ends the connection", s->name, tried);
}

static void
shapes(const struct sock *s)
{
	static const struct {
		const char	*what;
		const uint8_t	*body;
		size_t		 len;
		uint32_t	 flags;
		int		 nfds;
	} t[] = {
		{ "a command too short", zeroes, sizeof(struct msg_ctl) - 1,
		    0, 0 },
		{ "a command too long", zeroes, sizeof(struct msg_ctl) + 1, 0,
		    0 },
		{ "text without an end", ones, sizeof(struct msg_ctl), 0, 0 },
		{ "a descriptor", zeroes, sizeof(struct msg_ctl), 1, 1 },
		{ "a descriptor that is denied", zeroes,
		    sizeof(struct msg_ctl), 0, 1 },
		{ "a frame too long", zeroes, 66000, 0, 0 }
	};
	size_t	i;
	int	fd;

	for (i = 0; i < COUNT(t); i++) {
		fd = sock_open(s->name);
		send_frame(fd, MSG_CTL, t[i].body, t[i].len, t[i].flags,
		    t[i].nfds);
		ok(cut_off(fd), "%s.sock: %s ends the connection", s->name,
		    t[i].what);
		close(fd);
	}
}

static void
crowd(const struct sock *s)
{
	int	fd[64], i, mine;

	for (i = 0; i < 64; i++)
		fd[i] = sock_open(s->name);
	/* One that asks for much and reads nothing. */
	for (i = 0; i < 8; i++)
		if (fd[0] != -1) {
			struct msg_ctl q;

			memset(&q, 0, sizeof(q));
			q.command = s->command;
			send_frame(fd[0], MSG_CTL, &q, sizeof(q), 0, 0);
		}
	for (i = 0; i < 64; i++)
		if (fd[i] != -1)
			close(fd[i]);
	nap(200);
	mine = sock_open(s->name);
	ok(mine != -1 && answers(mine, s->command),
	    "%s.sock: 64 connections at once leave it able to serve",
	    s->name);
	close(mine);
}

static void
as_root(void)
{
	size_t	i;
	int	fd;

	for (i = 0; i < COUNT(socks); i++) {
		fd = sock_open(socks[i].name);
		ok(fd != -1 && answers(fd, socks[i].command),
		    "%s.sock: control: a command is answered", socks[i].name);
		close(fd);
		fd = sock_open(socks[i].name);
		ok(answers(fd, 9999), "%s.sock: an unknown command is "
		    "answered, and does nothing", socks[i].name);
		close(fd);
		unlisted(&socks[i]);
		shapes(&socks[i]);
		crowd(&socks[i]);
	}
	ok(shell_number("curl -s -m 5 -o /dev/null -w '%%{http_code}' "
	    "$K_URL/healthz") == 200, "and the service goes on");
}

static void
as_other(void)
{
	size_t	i;
	int	fd;

	for (i = 0; i < COUNT(socks); i++) {
		fd = sock_open(socks[i].name);
		ok(fd == -1 || !answers(fd, socks[i].command),
		    "%s.sock: another user gets no answer", socks[i].name);
		if (fd != -1)
			close(fd);
	}
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	memset(ones, 0xff, sizeof(ones));
	if (argc > 1 && strcmp(argv[1], "other") == 0)
		as_other();
	else
		as_root();
	return (done());
}
