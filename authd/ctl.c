/* SPDX-License-Identifier: ISC */
/*
 * ctl.c: authd's control socket.
 * Runs in authd only.  Believes the kernel about who is at the other end:
 * root, or authd's own user where keepd runs unprivileged.  What such a
 * person types is checked all the same.  Touches: the descriptor master
 * gave, and connections to it.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/compat/compat.h"
#include "../common/ctl.h"
#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "ctlconn.h"

#define CONNS_MAX	16
#define QUEUE_MAX	65536		/* bytes of a list that wait */
#define QUEUE_MS	5		/* then look again */
#define TURN_MS		1		/* not in this turn any more */
#define STEPS_TURN	4		/* of a list, in one turn */

TAILQ_HEAD(conn_list, ctl_conn);

static void	cmd_operator(struct ctl_conn *);
static void	on_ctl(struct chan *, struct msg *);
static void	on_ctl_file(struct chan *, struct msg *);
static void	on_end(struct chan *, enum chan_end, const char *);

static const struct chan_handler handlers[] = {
	{ MSG_CTL, on_ctl },
	{ MSG_CTL_FILE, on_ctl_file },
	{ 0, NULL }
};
static const struct chan_ops ops = { handlers, on_end };

static const struct ctl_handler own_handlers[] = {
	{ CTL_OPERATOR, cmd_operator, 1 },
	{ 0, NULL, 0 }
};
static const struct ctl_handler *const tables[] = {
	ctl_user_handlers, ctl_role_handlers, ctl_grant_handlers,
	ctl_list_handlers, ctl_backup_handlers, ctl_key_handlers,
	own_handlers
};

static struct ev_io	 listen_io = { .fd = -1 };
static uid_t		 own_uid;
static struct conn_list	 conns = TAILQ_HEAD_INITIALIZER(conns);
static unsigned int	 nconns;

static const struct ctl_handler *
handler_find(uint32_t command)
{
	const struct ctl_handler *h;
	size_t			  i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (h = tables[i]; h->fn != NULL; h++)
			if (h->command == command)
				return (h);
	return (NULL);
}

static const char *
cmd_words(const struct ctl_conn *c)
{
	const struct ctl_row	*row = ctl_row(c->cmd.command);

	if (row == NULL)
		return ("unknown command");
	return (row->words != NULL ? row->words : row->help);
}

/* ---- answers ---- */

void
ctl_line_buf(struct ctl_conn *c, const struct buf *b)
{
	struct msg_ctl_line	 l;
	size_t			 n = b->len;

	if (c->chan == NULL)
		return;
	memset(&l, 0, sizeof(l));
	if (n >= sizeof(l.text)) {
		n = sizeof(l.text) - 1;
		while (n > 0 && (b->data[n] & 0xc0) == 0x80)
			n--;
	}
	if (n != 0)
		memcpy(l.text, b->data, n);
	chan_send(c->chan, MSG_CTL_LINE, 0, &l);
	secret_wipe(&l, sizeof(l));
}

void
ctl_line(struct ctl_conn *c, const char *fmt, ...)
{
	struct buf	 b;
	char		 text[2048];
	va_list		 ap;
	int		 n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	buf_init(&b, 0);
	b.data = (uint8_t *)text;
	b.len = strlen(text);
	ctl_line_buf(c, &b);
	secret_wipe(text, sizeof(text));
}

static void
done_text(struct ctl_conn *c, int status, const uint8_t *handle,
    const char *text)
{
	struct msg_ctl_done	 d;

	c->busy = 0;
	c->step = NULL;
	c->follow = 0;
	ev_timer_del(&c->timer);
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	secret_wipe(&c->cmd, sizeof(c->cmd));
	if (c->chan == NULL)
		return;
	memset(&d, 0, sizeof(d));
	d.status = (uint32_t)status;
	if (handle != NULL)
		memcpy(d.handle, handle, sizeof(d.handle));
	text_clean(d.text, sizeof(d.text), text, strlen(text));
	chan_send(c->chan, MSG_CTL_DONE, 0, &d);
	secret_wipe(&d, sizeof(d));
}

void
ctl_done(struct ctl_conn *c, int status, const char *fmt, ...)
{
	char	 text[512];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	done_text(c, status, NULL, text);
}

/* Who acts is a user of this machine, not one of keepd's. */
static void
own_admin(struct ctl_conn *c, struct audit_own *o, enum audit_outcome outcome)
{
	snprintf(c->actor, sizeof(c->actor), "uid %u", (unsigned int)c->uid);
	memset(o, 0, sizeof(*o));
	o->kind = AK_ADMIN;
	o->outcome = outcome;
	o->user = c->actor;
	o->client_id = "keepctl";
}

void
ctl_refuse(struct ctl_conn *c, const char *fmt, ...)
{
	const struct ctl_handler *h = handler_find(c->cmd.command);
	struct audit_own	 o;
	char			 text[384], detail[512];
	va_list			 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (h != NULL && h->changes) {
		snprintf(detail, sizeof(detail), "%s: %s", cmd_words(c),
		    text);
		own_admin(c, &o, AO_INVALID);
		o.target = c->cmd.name;
		o.detail = detail;
		audit_later(&o);
	}
	done_text(c, CTL_FAILED, NULL, text);
}

/* ---- records ---- */

void
ctl_audit(struct ctl_conn *c, const char *user_id, const char *target,
    const char *detail)
{
	struct audit_own	 o;
	char			 text[AUDIT_DETAIL_MAX + 1];

	snprintf(text, sizeof(text), "%s%s%s%s%s", cmd_words(c),
	    detail != NULL ? " " : "", detail != NULL ? detail : "",
	    user_id != NULL ? ", user " : "", user_id != NULL ? user_id : "");
	own_admin(c, &o, AO_OK);
	o.target = target;
	o.detail = text;
	audit_add(&o);
}

void
ctl_by(struct ctl_conn *c, struct audit_own *o, char *detail, size_t size)
{
	snprintf(detail, size, "keepctl %s by uid %u", cmd_words(c),
	    (unsigned int)c->uid);
	memset(o, 0, sizeof(*o));
	o->kind = AK_REVOKE;
	o->outcome = AO_OK;
	o->detail = detail;
}

/* ---- waiting ---- */

static void
conn_free(struct ctl_conn *c)
{
	ev_timer_del(&c->timer);
	secret_wipe(c, sizeof(*c));
	free(c);
}

void
ctl_wait(struct ctl_conn *c)
{
	c->waits++;
}

int
ctl_came(struct ctl_conn *c)
{
	c->waits--;
	if (c->chan != NULL)
		return (1);
	if (c->waits == 0)
		conn_free(c);
	return (0);
}

static void
committed(void *arg, int ok)
{
	struct ctl_conn	*c = arg;

	if (!ctl_came(c))
		return;
	if (ok)
		ctl_done(c, CTL_OK, "%s", c->remark);
	else
		ctl_done(c, CTL_FAILED, "nothing was changed: the store "
		    "cannot be written; see the log, and make room on its "
		    "disk");
}

void
ctl_done_after(struct ctl_conn *c)
{
	ctl_wait(c);
	store_after(committed, c);
}

void
ctl_closed(void *arg, enum close_result res)
{
	struct ctl_conn	*c = arg;

	if (!ctl_came(c))
		return;
	switch (res) {
	case CLOSED_DONE:
		ctl_done(c, CTL_OK, "%s", c->remark);
		break;
	case CLOSED_NOT_DURABLE:
		ctl_done(c, CTL_NOT_DURABLE, "not durable: in force until "
		    "keepd-authd ends, but not stored; make room on the disk "
		    "and give the command again");
		break;
	case CLOSED_NO_TOOLD:
		ctl_done(c, CTL_NO_TOOLD, "stored, but keepd-toold is away and "
		    "did not confirm it; give the command again");
		break;
	}
}

int
ctl_disk_full(struct ctl_conn *c)
{
	if (store_writable() == 0)
		return (0);
	ctl_refuse(c, "the disk of the store is nearly full: only "
	    "revocations and removals are taken");
	return (1);
}

/* ---- lists ---- */

void
ctl_pump(struct ctl_conn *c)
{
	int	 i;

	for (i = 0; i < STEPS_TURN && c->step != NULL && c->chan != NULL;
	    i++) {
		if (chan_queued(c->chan) > QUEUE_MAX)
			break;
		if (c->step(c)) {
			if (c->failure[0] != '\0')
				ctl_refuse(c, "%s", c->failure);
			else if (!c->follow)
				ctl_done(c, CTL_OK, "%s", c->remark);
			return;
		}
	}
	if (c->step != NULL && c->chan != NULL)
		ev_timer_set(&c->timer,
		    chan_queued(c->chan) > QUEUE_MAX ? QUEUE_MS : TURN_MS);
}

static void
pump_timer(struct ev_timer *t)
{
	ctl_pump(t->arg);
}

void
ctl_list(struct ctl_conn *c, int (*step)(struct ctl_conn *))
{
	c->step = step;
	ctl_pump(c);
}

void
ctl_each(void (*fn)(struct ctl_conn *))
{
	struct ctl_conn	*c, *next;

	TAILQ_FOREACH_SAFE(c, &conns, entry, next)
		fn(c);
}

/* ---- operator handles ---- */

static void
operator_opened(void *arg, const uint8_t *handle, const char *why)
{
	struct ctl_conn	*c = arg;

	if (!ctl_came(c))
		return;
	if (handle != NULL)
		done_text(c, CTL_OK, handle, "");
	else
		ctl_refuse(c, "%s", why);
}

static void
cmd_operator(struct ctl_conn *c)
{
	struct user	 u;

	if (ctl_disk_full(c))
		return;
	if (user_lookup(c->cmd.name, &u) == -1 ||
	    (u.flags & USER_DISABLED) != 0) {
		ctl_refuse(c, "%s: no such user, or disabled", c->cmd.name);
		return;
	}
	ctl_audit(c, u.id, u.name, NULL);
	secret_wipe(&u, sizeof(u));
	ctl_wait(c);
	handle_operator(c->cmd.name, operator_opened, c);
}

/* ---- connections ---- */

static void
command_run(struct chan *ch, struct msg *m, int fd)
{
	struct ctl_conn		 *c = chan_arg(ch);
	const struct ctl_handler *h;
	const struct ctl_row	 *row;

	if (c->busy) {
		if (fd != -1)
			close(fd);
		chan_violation(ch, "command while another is under way");
		return;
	}
	memcpy(&c->cmd, m->data, sizeof(c->cmd));
	c->busy = 1;
	c->remark[0] = '\0';
	c->keylen = 0;
	c->subject[0] = c->shown[0] = '\0';
	c->failure[0] = '\0';
	c->fd = fd;
	h = handler_find(c->cmd.command);
	row = ctl_row(c->cmd.command);
	if (h == NULL || row == NULL || (fd != -1) != (row->take[0] == 'f')) {
		ctl_done(c, CTL_USAGE, "keepd-authd has no command %u",
		    c->cmd.command);
		return;
	}
	h->fn(c);
	secret_wipe(c->cmd.secret, sizeof(c->cmd.secret));
}

static void
on_ctl(struct chan *ch, struct msg *m)
{
	command_run(ch, m, -1);
}

static void
on_ctl_file(struct chan *ch, struct msg *m)
{
	command_run(ch, m, m->fd);
}

static void
conn_drop(struct ctl_conn *c)
{
	TAILQ_REMOVE(&conns, c, entry);
	nconns--;
	c->chan = NULL;
	c->step = NULL;
	c->follow = 0;
	ev_timer_del(&c->timer);
	backup_gone(c);
	if (c->waits == 0)
		conn_free(c);
}

static void
on_end(struct chan *ch, enum chan_end how, const char *why)
{
	struct ctl_conn	*c = chan_arg(ch);

	if (how == CE_VIOLATION)
		log_warnx("control connection of uid %u ended: %s",
		    (unsigned int)c->uid, why);
	conn_drop(c);
}

/* Somebody who holds connections open must not keep the others out. */
static int
conn_room(void)
{
	struct ctl_conn	*c;

	if (nconns < CONNS_MAX)
		return (0);
	TAILQ_FOREACH(c, &conns, entry)
		if (!c->busy || c->follow)
			break;
	if (c == NULL)
		return (-1);
	chan_close(c->chan);
	conn_drop(c);
	return (0);
}

static void
conn_new(int fd, uid_t uid)
{
	struct ctl_conn	*c;
	char		 name[48];

	if (conn_room() == -1 || (c = calloc(1, sizeof(*c))) == NULL) {
		log_warnx("control socket: too many connections");
		close(fd);
		return;
	}
	c->uid = uid;
	c->fd = -1;
	ev_timer_init(&c->timer, pump_timer, c);
	c->chan = chan_new(fd, CK_CTL_AUTHD, SIDE_SECOND, &ops, c);
	snprintf(name, sizeof(name), "keepctl of uid %u", (unsigned int)uid);
	chan_setname(c->chan, name);
	chan_setstate(c->chan, CS_RUN);
	TAILQ_INSERT_TAIL(&conns, c, entry);
	nconns++;
}

/* Root; and where keepd was not started by root, whoever started it. */
static int
uid_allowed(uid_t uid)
{
	if (uid == 0)
		return (1);
	return ((auth_flags() & CONF_PRIVILEGED) == 0 && uid == own_uid);
}

static void
on_accept(struct ev_io *io, int got)
{
	uid_t	 uid;
	gid_t	 gid;
	int	 fd;

	while ((fd = accept_nb(io->fd, NULL, NULL)) != -1) {
		if (peer_cred(fd, &uid, &gid) == -1) {
			log_warn("control socket: peer credentials");
			close(fd);
		} else if (!uid_allowed(uid)) {
			log_warnx("control socket: uid %u was refused",
			    (unsigned int)uid);
			audit_refused(AK_ADMIN, AO_DENIED, NULL,
			    "control socket, by another user");
			close(fd);
		} else
			conn_new(fd, uid);
	}
	if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR &&
	    errno != ECONNABORTED)
		log_warn("control socket: accept");
}

/* Every row that names us has a function, and only one. */
static void
tables_check(void)
{
	const struct ctl_row	*row;
	unsigned int		 i;

	for (i = 0; (row = ctl_row_at(i)) != NULL; i++)
		if (row->kind == CK_CTL_AUTHD &&
		    handler_find(row->command) == NULL)
			fatalx("control command %u has no function",
			    (unsigned int)row->command);
}

void
ctl_listen(int fd)
{
	int	 old;

	tables_check();
	/* Asked here: the call is not in the list of a running authd. */
	own_uid = geteuid();
	if ((old = listen_io.fd) != -1) {
		ev_io_del(&listen_io);
		close(old);
	}
	if (fd_nonblock(fd) == -1)
		fatal("control socket");
	audit_watch(ctl_pump_followers);
	ev_io_add(&listen_io, fd, EV_READ, on_accept, NULL);
}
