/* SPDX-License-Identifier: ISC */
/*
 * puppet.c: a hijacked role.  Started by master in place of a role's
 * program, it goes through the role's real start: the same channel, the
 * same configuration, the same sandbox, the same introductions.  Then it
 * does whatever the test tells it (puppet.h).  The one thing an attacker
 * would not have is the test's socket, on descriptor 0.
 *
 * Where no test listens, or the test says so, the honest program (NAME.real
 * beside this one) is executed instead.
 */
/* link: master/listener/policy.o toold/policy.o toold/logdir.o authd/pwhash/policy.o */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../toold/logdir.h"
#include "child.h"
#include "ev.h"
#include "log.h"
#include "puppet.h"

const struct sandbox_policy *listener_policy(void);
extern const struct sandbox_policy toold_policy, pwhash_policy;

#define CMD_FD	0
#define BUF_MAX	(256U << 10)

struct pchan {				/* a channel, raw */
	int		 fd;
	uint64_t	 generation;
	uint8_t		*in;		/* what came, when we read ourselves */
	size_t		 len;
	struct ev_io	 io;
};

static struct pchan	 chans[PC_MAX];
static int		 honest = 1;	/* answer what must be answered */
static uint8_t		 hash_byte = 0x5a;
static enum chan_kind	 kind;
static uint8_t		*last[MSG_MAX];
static size_t		 last_len[MSG_MAX];
static uint8_t		 data[PUPPET_DATA_MAX];
static struct ev_io	 cmd_io;

/* ---- frames, as far as a lazy attacker needs them ---- */

static ssize_t
raw_send(int fd, const void *p, size_t len, int nfds)
{
	union {
		struct cmsghdr	hdr;
		char		space[CMSG_SPACE(sizeof(int) * 16)];
	}		 ctl;
	struct msghdr	 mh;
	struct iovec	 iov;
	int		 i, one = CMD_FD;

	memset(&mh, 0, sizeof(mh));
	memset(&ctl, 0, sizeof(ctl));
	iov.iov_base = (void *)(uintptr_t)p;
	iov.iov_len = len;
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
			    &one, sizeof(int));
	}
	return (sendmsg(fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT));
}

static void
frame_send(int fd, uint32_t type, uint32_t id, const void *body, size_t len)
{
	struct chan_hdr	 h;
	uint8_t		 frame[sizeof(h) + 2048];

	memset(frame, 0, sizeof(frame));
	h.type = type;
	h.len = (uint32_t)len;
	h.id = id;
	h.flags = 0;
	memcpy(frame, &h, sizeof(h));
	memcpy(frame + sizeof(h), body, len);
	(void)raw_send(fd, frame, sizeof(h) + ((len + 7) & ~(size_t)7), 0);
}

/* What keeps the others content while the test is busy elsewhere. */
static void
frame_honest(struct pchan *pc, const struct chan_hdr *h, const uint8_t *body)
{
	struct msg_close_ack	ack = { 0, 0 };
	struct msg_hashed	hashed;
	struct msg_credit	credit = { h->len, 0 };

	switch (h->type) {
	case MSG_HELLO:
		frame_send(pc->fd, MSG_HELLO_ACK, h->id, body, h->len);
		break;
	case MSG_CLOSE:
		frame_send(pc->fd, MSG_CLOSE_ACK, h->id, &ack, sizeof(ack));
		break;
	case MSG_HEALTH:
		frame_send(pc->fd, MSG_HEALTH_OK, h->id, "", 0);
		break;
	case MSG_CALL:
		frame_send(pc->fd, MSG_CREDIT, 0, &credit, sizeof(credit));
		break;
	case MSG_HASH:
		memset(&hashed, 0, sizeof(hashed));
		hashed.ok = 1;
		memset(hashed.hash, hash_byte, sizeof(hashed.hash));
		frame_send(pc->fd, MSG_HASHED, h->id, &hashed,
		    sizeof(hashed));
		break;
	}
}

static void
frame_keep(const struct chan_hdr *h, const uint8_t *body)
{
	if (h->type >= MSG_MAX)
		return;
	free(last[h->type]);
	if ((last[h->type] = malloc(h->len + sizeof(h->id))) == NULL)
		fatal("puppet");
	memcpy(last[h->type], &h->id, sizeof(h->id));
	memcpy(last[h->type] + sizeof(h->id), body, h->len);
	last_len[h->type] = h->len + sizeof(h->id);
}

static void
chan_forget(struct pchan *pc)
{
	if (pc->fd == -1)
		return;
	if (pc->io.fd != -1)
		ev_io_del(&pc->io);
	close(pc->fd);
	pc->fd = pc->io.fd = -1;
	pc->len = 0;
}

static void
chan_in(struct ev_io *io, int got)
{
	struct pchan	*pc = io->arg;
	struct chan_hdr	 h;
	struct msghdr	 mh;
	struct iovec	 iov;
	size_t		 off = 0, full;
	ssize_t		 n;

	memset(&mh, 0, sizeof(mh));
	iov.iov_base = pc->in + pc->len;
	iov.iov_len = BUF_MAX - pc->len;
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	n = recvmsg(pc->fd, &mh, 0);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		chan_forget(pc);
		return;
	}
	pc->len += n > 0 ? (size_t)n : 0;
	while (pc->len - off >= sizeof(h)) {
		memcpy(&h, pc->in + off, sizeof(h));
		full = sizeof(h) + ((h.len + 7) & ~(size_t)7);
		if (pc->len - off < full)
			break;
		frame_keep(&h, pc->in + off + sizeof(h));
		if (honest)
			frame_honest(pc, &h, pc->in + off + sizeof(h));
		off += full;
	}
	pc->len -= off;
	memmove(pc->in, pc->in + off, pc->len);
}

/* A listener's channels are left alone: the test reads them, or nobody. */
static void
chan_take(enum puppet_chan i, int fd, uint64_t generation)
{
	struct pchan	*pc = &chans[i];

	chan_forget(pc);
	pc->fd = fd;
	pc->generation = generation;
	if (kind == CK_MASTER_LISTENER || i == PC_CTL || i == PC_LISTEN)
		return;
	if (pc->in == NULL && (pc->in = malloc(BUF_MAX)) == NULL)
		fatal("puppet");
	ev_io_add(&pc->io, fd, EV_READ, chan_in, pc);
}

/* ---- commands ---- */

static void
exactly(void *p, size_t len)
{
	uint8_t	*b = p;
	ssize_t	 n;

	for (; len > 0; b += n, len -= (size_t)n)
		if ((n = read(CMD_FD, b, len)) <= 0)
			_exit(0);
}

static void
reply(int64_t rv, int64_t arg, const void *p, size_t len)
{
	struct puppet_reply r;
	const uint8_t	*b = p;
	ssize_t		 n;

	memset(&r, 0, sizeof(r));
	r.rv = rv;
	r.arg = arg;
	r.err = rv == -1 ? errno : 0;
	r.len = (uint32_t)len;
	if (write(CMD_FD, &r, sizeof(r)) != (ssize_t)sizeof(r))
		_exit(0);
	for (; len > 0; b += n, len -= (size_t)n)
		if ((n = write(CMD_FD, b, len)) <= 0)
			_exit(0);
}

static void
do_recv(const struct pchan *pc)
{
	union {
		struct cmsghdr	hdr;
		char		space[CMSG_SPACE(sizeof(int) * 16)];
	}		 ctl;
	struct msghdr	 mh;
	struct iovec	 iov;
	ssize_t		 n;

	memset(&mh, 0, sizeof(mh));
	iov.iov_base = data;
	iov.iov_len = 65536;
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	mh.msg_control = ctl.space;
	mh.msg_controllen = sizeof(ctl.space);
	n = recvmsg(pc->fd, &mh, MSG_DONTWAIT);
	reply(n, 0, data, n > 0 ? (size_t)n : 0);
}

static void
do_call(const struct puppet_cmd *c)
{
	long	a[7];
	int	i;

	for (i = 0; i < 7; i++)
		a[i] = c->arg[i] >= PUPPET_DATA ? (long)(uintptr_t)
		    (data + (c->arg[i] - PUPPET_DATA)) : (long)c->arg[i];
	reply(syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]), 0, NULL, 0);
}

static void
do_last(uint64_t type)
{
	if (type >= MSG_MAX || last[type] == NULL) {
		errno = ENOENT;
		reply(-1, 0, NULL, 0);
		return;
	}
	reply((int64_t)last_len[type], 0, last[type], last_len[type]);
	free(last[type]);
	last[type] = NULL;
}

static void
on_cmd(struct ev_io *io, int got)
{
	struct puppet_cmd c;
	struct pchan	*pc;

	exactly(&c, sizeof(c));
	if (c.len > sizeof(data) || c.ch >= PC_MAX)
		_exit(0);
	exactly(data, c.len);
	pc = &chans[c.ch];
	switch (c.op) {
	case PO_SEND:
		reply(raw_send(pc->fd, data, c.len, (int)c.arg[0]), 0, NULL,
		    0);
		break;
	case PO_RECV:
		do_recv(pc);
		break;
	case PO_CALL:
		do_call(&c);
		break;
	case PO_CLOSE:
		chan_forget(pc);
		reply(0, 0, NULL, 0);
		break;
	case PO_INFO:
		reply(pc->fd, (int64_t)pc->generation, NULL, 0);
		break;
	case PO_AUTO:
		honest = (int)c.arg[0];
		reply(0, 0, NULL, 0);
		break;
	case PO_HASH:
		hash_byte = (uint8_t)c.arg[0];
		reply(0, 0, NULL, 0);
		break;
	case PO_LAST:
		do_last((uint64_t)c.arg[0]);
		break;
	default:
		_exit(0);
	}
}

/* ---- master's messages: all that the rows allow ---- */

static void
on_any(struct chan *ch, struct msg *m)
{
	const struct msg_worker	*w = m->data;
	const struct msg_peer	*p = m->data;
	struct msg_stat		 st;

	switch (m->type) {
	case MSG_WORKER_ENDS:
		chan_take(PC_AUTHD, m->fd, w->generation);
		return;
	case MSG_WORKER_ENDT:
		chan_take(PC_TOOLD, m->fd, w->generation);
		return;
	case MSG_WORKER_ENDK:
		chan_take(PC_SIGND, m->fd, w->generation);
		return;
	case MSG_WORKER_NEW:
		chan_take(PC_WORKER + w->slot % 8, m->fd, w->generation);
		chan_send(ch, MSG_WORKER_ACK, m->id, w);
		return;
	case MSG_PEER:
		chan_take(PC_AUTHD, m->fd, p->generation);
		return;
	case MSG_LISTEN:
		chan_take(PC_LISTEN, m->fd, 0);
		return;
	case MSG_CTL_LISTEN:
		chan_take(PC_CTL, m->fd, 0);
		return;
	case MSG_LOG_DIR:
		log_dir_set(m->fd);
		return;
	case MSG_STAT_ASK:
		memset(&st, 0, sizeof(st));
		chan_send(ch, MSG_STAT, m->id, &st);
		break;
	}
	if (m->fd != -1)
		close(m->fd);
}

static struct chan_handler handlers[MSG_MAX];

/* Those that child.c does not take. */
static void
handlers_fill(void)
{
	const struct msg_row	*row;
	size_t			 i, n = 0;

	for (i = 0; (row = msg_row_at(i)) != NULL; i++) {
		if (!msg_allowed(row, kind, SIDE_SECOND, CS_ANY) ||
		    row->type == MSG_CREDIT ||
		    row->type == MSG_CONF_BEGIN ||
		    row->type == MSG_CONF_COMMON ||
		    row->type == MSG_CONF_END ||
		    row->type == MSG_CONF_COMMIT ||
		    row->type == MSG_CONF_ABORT)
			continue;
		handlers[n].type = row->type;
		handlers[n++].fn = on_any;
	}
}

static void
conf_commit(const struct msg_conf_common *c, int first)
{
	if (!first)
		return;
	chans[PC_MASTER].fd = CHILD_FD;
	ev_io_add(&cmd_io, CMD_FD, EV_READ, on_cmd, NULL);
	child_ready();
}

/* ---- the start ---- */

static int
driver_connect(const char *path)
{
	struct sockaddr_un	sun;
	char			dir[80], *slash;
	int			fd;

	if (strlen(path) >= sizeof(dir))
		return (-1);
	memcpy(dir, path, strlen(path) + 1);
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s" PUPPET_SOCK, dir);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		return (-1);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

/* 1: the test wants a puppet. */
static int
driver_asks(const char *path, const char *role)
{
	struct puppet_hello	h;
	char			c = 'h';
	int			fd;

	if ((fd = driver_connect(path)) == -1)
		return (0);
	memset(&h, 0, sizeof(h));
	snprintf(h.role, sizeof(h.role), "%s", role);
	h.pid = getpid();
	if (write(fd, &h, sizeof(h)) != (ssize_t)sizeof(h) ||
	    read(fd, &c, 1) != 1 || c != 'p' || dup2(fd, CMD_FD) == -1)
		c = 'h';
	close(fd);
	return (c == 'p');
}

int
main(int argc, char **argv)
{
	static struct child_role	 role;
	char				 honest_path[512];
	const char			*name = strrchr(argv[0], '-');
	size_t				 i;

	name = name != NULL ? name + 1 : "";
	if (!driver_asks(argv[0], name)) {
		snprintf(honest_path, sizeof(honest_path), "%s.real",
		    argv[0]);
		execv(honest_path, argv);
		return (127);
	}
	for (i = 0; i < PC_MAX; i++)
		chans[i].fd = chans[i].io.fd = -1;
	role.name = argv[0];
	kind = strcmp(name, "listener") == 0 ? CK_MASTER_LISTENER :
	    strcmp(name, "toold") == 0 ? CK_MASTER_TOOLD : CK_MASTER_PWHASH;
	role.kind = kind;
	role.policy = kind == CK_MASTER_LISTENER ? listener_policy() :
	    kind == CK_MASTER_TOOLD ? &toold_policy : &pwhash_policy;
	handlers_fill();
	role.handlers = handlers;
	role.conf_commit = conf_commit;
	child_run(&role, argc, argv);
}
