/* SPDX-License-Identifier: ISC */
/*
 * control.c: master's own control socket: what runs, reload, log reopen.
 * Runs in master as root.  Trusts nobody: the kernel says who connected
 * (root, or the user that runs keepd), a command is one fixed struct and a
 * row here, and no text of it is parsed.
 */
#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat/compat.h"
#include "ctl.h"
#include "keepd.h"
#include "text.h"

#define CLIENTS_MAX	16

struct client {
	struct chan	*ch;		/* NULL: free */
	int		 waits;		/* for the answer of a command */
};

static struct client	clients[CLIENTS_MAX];
static struct ev_io	listen_io;

void
control_line(struct chan *ch, const char *fmt, ...)
{
	struct msg_ctl_line m;
	va_list	ap;

	memset(&m, 0, sizeof(m));
	va_start(ap, fmt);
	vsnprintf(m.text, sizeof(m.text), fmt, ap);
	va_end(ap);
	chan_send(ch, MSG_CTL_LINE, 0, &m);
}

static void
reply_done(struct client *c, uint32_t status, const char *text)
{
	struct msg_ctl_done m;

	memset(&m, 0, sizeof(m));
	m.status = status;
	snprintf(m.text, sizeof(m.text), "%s", text);
	chan_send(c->ch, MSG_CTL_DONE, 0, &m);
	c->waits = 0;
}

/* ---- status ---- */

static const struct counter {
	const char	*name;
	size_t		 off;
	unsigned int	 roles;
} counters[] = {
#define C(field, roles)	{ #field, offsetof(struct msg_stat, field), (roles) }
	C(violations, (1U << CR_MAX) - 1),
	C(handshakes, 1U << CR_LISTENER),
	{ "handshakes failed", offsetof(struct msg_stat, handshakes_bad),
	    1U << CR_LISTENER },
	{ "signatures", offsetof(struct msg_stat, requests),
	    1U << CR_SIGND },
	C(conns, 1U << CR_LISTENER), C(requests, 1U << CR_LISTENER),
	C(refused, 1U << CR_LISTENER | 1U << CR_SIGND),
	C(handles, 1U << CR_TOOLD), C(calls, 1U << CR_TOOLD),
	C(writes, 1U << CR_TOOLD),
	C(tokens, 1U << CR_AUTHD), C(grants, 1U << CR_AUTHD),
	C(clients, 1U << CR_AUTHD), C(users, 1U << CR_AUTHD),
	C(commits, 1U << CR_AUTHD), C(audits, 1U << CR_AUTHD)
#undef C
};

static void
uptime_text(struct mono since, char *out, size_t size)
{
	uint64_t	s = (ev_now().ms - since.ms) / 1000;

	if (s < 3600)
		snprintf(out, size, "%um%02us", (unsigned int)(s / 60),
		    (unsigned int)(s % 60));
	else if (s < 86400)
		snprintf(out, size, "%uh%02um", (unsigned int)(s / 3600),
		    (unsigned int)(s / 60 % 60));
	else
		snprintf(out, size, "%ud%02uh", (unsigned int)(s / 86400),
		    (unsigned int)(s / 3600 % 24));
}

static void
status_proc(struct chan *ch, const struct proc *p)
{
	char	up[32], have[160], missing[160], lost[80];

	uptime_text(p->since, up, sizeof(up));
	control_line(ch, "%s\t%d\t%u\t%s\t%s\t%u\t%s\t%s\t%s", p->name,
	    (int)p->pid, master.host.privileged ?
	    master.conf->user[p->role].uid : geteuid(),
	    proc_state_name(p->state), p->pid != 0 ? up : "-", p->restarts,
	    layers_text(p->have_layers ? p->layers.have : 0, have,
	    sizeof(have)),
	    layers_text(p->have_layers ? p->layers.missing : 0, missing,
	    sizeof(missing)),
	    promises_lost(p, lost, sizeof(lost))[0] != '\0' ? lost : "-");
}

static void
status_master(struct chan *ch)
{
	const struct msg_layers *l = master_layers();
	char	up[32], have[160], missing[160];

	uptime_text(master.since, up, sizeof(up));
	control_line(ch, "keepd\t%d\t%u\t%s\t%s\t0\t%s\t%s\t-", (int)getpid(),
	    geteuid(), master.ready ? "running" : "starting", up,
	    layers_text(l->have, have, sizeof(have)),
	    layers_text(l->missing, missing, sizeof(missing)));
}

static void
status_counters(struct chan *ch, const struct proc *p)
{
	uint64_t	n;
	size_t		i;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if ((counters[i].roles & (1U << p->role)) == 0)
			continue;
		memcpy(&n, (const char *)&p->stat + counters[i].off,
		    sizeof(n));
		control_line(ch, "%s\t%s\t%" PRIu64, p->name, counters[i].name,
		    n);
	}
	if (p->bucket.dropped_all > 0)
		control_line(ch, "%s\tlog lines dropped\t%" PRIu64, p->name,
		    p->bucket.dropped_all);
}

static void
status_write(struct client *c)
{
	const struct proc *p;
	unsigned int	 i;
	char		 lost[80];

	control_line(c->ch, "#PROCESS\tPID\tUID\tSTATE\tUP\tRESTARTS\tLAYERS\t"
	    "MISSING\tPROMISES NOT KEPT");
	status_master(c->ch);
	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (!p->parked)
			status_proc(c->ch, p);
	control_line(c->ch, "#PROCESS\tCOUNTER\tVALUE");
	control_line(c->ch, "keepd\tlog lines lost\t%" PRIu64,
	    logfile_failed());
	control_line(c->ch, "keepd\tviolations\t%" PRIu64, broke_count());
	for (i = 0; (p = proc_at(i)) != NULL; i++)
		if (!p->parked)
			status_counters(c->ch, p);
	if (promises_lost(NULL, lost, sizeof(lost))[0] != '\0')
		control_line(c->ch, "!promises not kept: %s", lost);
	reply_done(c, 0, "");
}

/* The counters came: for all that wait for them. */
static void
stat_ready(void)
{
	int	i;

	for (i = 0; i < CLIENTS_MAX; i++) {
		if (clients[i].ch == NULL)
			continue;
		if (clients[i].waits == CTL_STATUS)
			status_write(&clients[i]);
		else if (clients[i].waits == CTL_ISOLATION) {
			isolation_write(clients[i].ch);
			reply_done(&clients[i], 0, "");
		}
	}
}

static void
cmd_stat(struct client *c)
{
	procs_ask_stat(stat_ready);
}

/* ---- tls show ---- */

static void
time_text(int64_t at, char *out, size_t size)
{
	time_t		t = (time_t)at;
	struct tm	tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, size, "?");
}

static void
tls_line(struct chan *ch, const struct conf_cert *cert,
    const struct msg_tls_info *i)
{
	char	until[32], hex[2 * DIGEST_LEN + 1], names[sizeof(i->names)];

	log_vis(names, sizeof(names), i->names);
	time_text(i->not_after, until, sizeof(until));
	hex_encode(i->digest, sizeof(i->digest), hex);
	control_line(ch, "%s\t%s\t%s\t%s\t%" PRId64 "\t%s\t%s", cert->cert,
	    i->type[0] != '\0' ? i->type : "-",
	    names[0] != '\0' ? names : "-", until,
	    (i->not_after - wall_s()) / 86400,
	    cert->ocsp[0] != '\0' ? cert->ocsp : "-", hex);
}

static void
cmd_tls_show(struct client *c)
{
	const struct conf	*conf = master.conf;
	uint32_t		 i;

	if (!conf_tls(conf)) {
		reply_done(c, 1, "no listen line says tls");
		return;
	}
	control_line(c->ch, "#CERTIFICATE\tKEY\tNAMES\tNOT AFTER\tDAYS LEFT\t"
	    "OCSP\tSHA-256");
	for (i = 0; i < conf->ncert; i++)
		tls_line(c->ch, &conf->cert[i],
		    tls_info_at(conf->signd.base + i));
	reply_done(c, 0, "");
}

/* ---- reload, log reopen ---- */

static void
reload_done(const char *why)
{
	int	i;

	for (i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].ch != NULL && clients[i].waits == CTL_RELOAD)
			reply_done(&clients[i], why != NULL, why != NULL ?
			    why : "");
}

static void
cmd_reload(struct client *c)
{
	reload_start(reload_done);
}

static void
cmd_log_reopen(struct client *c)
{
	logfile_reopen();
	log_info("log files are opened anew");
	reply_done(c, 0, "");
}

static const struct command {
	uint32_t	 command;
	void		(*fn)(struct client *);
} commands[] = {
	{ CTL_STATUS, cmd_stat },
	{ CTL_ISOLATION, cmd_stat },
	{ CTL_TLS_SHOW, cmd_tls_show },
	{ CTL_RELOAD, cmd_reload },
	{ CTL_LOG_REOPEN, cmd_log_reopen }
};

/* ---- connections ---- */

static void
on_ctl(struct chan *ch, struct msg *m)
{
	const struct msg_ctl *q = m->data;
	struct client	*c = chan_arg(ch);
	size_t		 i;

	if (c->waits) {
		chan_violation(ch, "a command before the last was answered");
		return;
	}
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].command == q->command) {
			c->waits = (int)q->command;
			commands[i].fn(c);
			return;
		}
	reply_done(c, 2, "keepd does not know this command");
}

static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	struct client	*c = chan_arg(ch);

	c->ch = NULL;
	c->waits = 0;
}

static const struct chan_handler handlers[] = {
	{ MSG_CTL, on_ctl },
	{ 0, NULL }
};
static const struct chan_ops ctl_ops = { handlers, on_end };

static void
client_add(int fd)
{
	uid_t	uid;
	gid_t	gid;
	int	i;

	for (i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].ch == NULL)
			break;
	if (i == CLIENTS_MAX || peer_cred(fd, &uid, &gid) == -1 ||
	    (uid != 0 && uid != geteuid())) {
		log_warnx("control socket: connection refused");
		close(fd);
		return;
	}
	clients[i].ch = chan_new(fd, CK_CTL_MASTER, SIDE_SECOND, &ctl_ops,
	    &clients[i]);
	chan_setname(clients[i].ch, "keepctl");
	chan_setstate(clients[i].ch, CS_RUN);
}

static void
on_accept(struct ev_io *io, int got)
{
	unsigned int	len = 0;
	int		fd;

	if ((fd = accept_nb(io->fd, NULL, &len)) == -1) {
		if (errno != EAGAIN && errno != EINTR &&
		    errno != ECONNABORTED)
			log_warn("control socket: accept");
		return;
	}
	client_add(fd);
}

void
control_start(int fd)
{
	ev_io_add(&listen_io, fd, EV_READ, on_accept, NULL);
}
