/* SPDX-License-Identifier: ISC */
/*
 * conf_send.c: gives each role its own part of the configuration and no
 * other.  Runs in master.  The order is that of child.h: BEGIN, COMMON, the
 * role's rows, at the first start the descriptors, END.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "keepd.h"
#include "text.h"

static uint32_t
common_flags(const struct conf *c, int first)
{
	uint32_t	f = 0;

	f |= first ? CONF_FIRST_START : 0;
	f |= master.host.privileged ? CONF_PRIVILEGED : 0;
	f |= c->sandbox == SB_DEGRADED ? CONF_DEGRADED : 0;
	f |= master.debug ? CONF_DEBUG : 0;
	f |= c->rate_limits ? 0 : CONF_RATE_OFF;
	f |= c->mcp ? 0 : CONF_MCP_OFF;
	f |= c->registration == RG_PUBLIC ? CONF_REG_PUBLIC : 0;
	f |= c->replay == RP_REJECT ? CONF_REPLAY_REJECT : 0;
	f |= master.trap ? CONF_SYSCALL_TRAP : 0;
	return (f);
}

static void
send_common(struct proc *p, const struct conf *c, int first)
{
	struct msg_conf_common	m;

	memset(&m, 0, sizeof(m));
	m.flags = common_flags(c, first);
	m.uid = c->user[p->role].uid;
	m.gid = c->user[p->role].gid;
	m.worker = p->slot;
	m.log_level = c->log_level;
	dir_role(c, p->role, m.dir, sizeof(m.dir));
	(void)text_set(m.public_url, sizeof(m.public_url), c->public_url);
	snprintf(m.resource, sizeof(m.resource), "%s/mcp", c->public_url);
	chan_send(p->ch, MSG_CONF_COMMON, 0, &m);
}

static void
send_names(struct proc *p, const struct conf *c, int what)
{
	struct msg_conf_name	m;
	uint32_t		i;

	for (i = 0; i < c->names[what].n; i++) {
		memset(&m, 0, sizeof(m));
		m.what = (uint32_t)what;
		(void)text_set(m.text, sizeof(m.text), c->names[what].text[i]);
		chan_send(p->ch, MSG_CONF_NAME, 0, &m);
	}
}

/* A copy goes over the channel; ours stays open for the next worker. */
static void
send_copy(struct proc *p, uint32_t type, const void *m, int fd)
{
	int	copy;

	if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		fatal("descriptor for %s", p->name);
	chan_send_fd(p->ch, type, 0, m, copy);
	/* Few descriptors may wait in a queue: pass each on at once. */
	(void)chan_flush(p->ch);
}

static void
send_listener(struct proc *p, const struct conf *c, int first)
{
	struct msg_listen	m;
	uint32_t		i;
	int			what;

	chan_send(p->ch, MSG_CONF_LISTENER, 0, &c->listener);
	for (what = 1; what < CN_MAX; what++)
		send_names(p, c, what);
	for (i = 0; first && i < c->nlisten; i++) {
		memset(&m, 0, sizeof(m));
		m.flags = c->listen[i].flags;
		m.index = i;
		(void)text_set(m.text, sizeof(m.text), c->listen[i].text);
		send_copy(p, MSG_LISTEN, &m, listen_fd(i, p->slot));
	}
}

static void
send_authd(struct proc *p, const struct conf *c, int first)
{
	chan_send(p->ch, MSG_CONF_AUTHD, 0, &c->authd);
	send_names(p, c, CN_SCHEME);
	if (first)
		send_copy(p, MSG_CTL_LISTEN, NULL, ctl_fd(CS_AUTHD));
}

static void
send_pwhash(struct proc *p, const struct conf *c, int first)
{
	chan_send(p->ch, MSG_CONF_PWHASH, 0, &c->pwhash);
}

static void
send_toold(struct proc *p, const struct conf *c, int first)
{
	int	fd;

	chan_send(p->ch, MSG_CONF_TOOLD, 0, &c->toold);
	if (!first)
		return;
	send_copy(p, MSG_CTL_LISTEN, NULL, ctl_fd(CS_TOOLD));
	if ((fd = logfile_dirfd()) == -1)
		fatal("log directory");
	chan_send_fd(p->ch, MSG_LOG_DIR, 0, NULL, fd);
	(void)chan_flush(p->ch);
}

static void
send_signd(struct proc *p, const struct conf *c, int first)
{
	chan_send(p->ch, MSG_CONF_SIGND, 0, &c->signd);
}

int
conf_send(struct proc *p, const struct conf *c, int first, char *why,
    size_t size)
{
	static void (*const parts[CR_MAX])(struct proc *,
	    const struct conf *, int) = {
		[CR_LISTENER] = send_listener, [CR_AUTHD] = send_authd,
		[CR_PWHASH] = send_pwhash, [CR_TOOLD] = send_toold,
		[CR_SIGND] = send_signd
	};

	chan_send(p->ch, MSG_CONF_BEGIN, 0, NULL);
	send_common(p, c, first);
	parts[p->role](p, c, first);
	if (tls_files_send(p, c, why, size) == -1)
		return (-1);
	chan_send(p->ch, MSG_CONF_END, 0, NULL);
	return (0);
}
