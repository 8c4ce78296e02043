/* SPDX-License-Identifier: ISC */
/*
 * connect.c: one command over one control socket.  Runs in keepctl as the
 * admin; the server asks the kernel who that is.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keepctl.h"
#include "secret.h"

#define WAIT_MS		60000

static struct {
	const struct ctl_row *row;
	struct msg_ctl_done done;
	int		 raw;		/* lines are JSON objects already */
	void		(*line)(const char *);	/* takes lines, or NULL */
	int		 over;
} ask;

static const struct {
	enum chan_kind	 kind;
	const char	*name;
} sockets[] = {
	{ CK_CTL_MASTER, "master.sock" },
	{ CK_CTL_AUTHD, "authd.sock" },
	{ CK_CTL_TOOLD, "toold.sock" }
};

static void
socket_name(enum chan_kind kind, struct sockaddr_un *sun)
{
	size_t	i;
	int	n;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	for (i = 0; sockets[i].kind != kind; i++)
		;
	n = snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/%s",
	    options.run, sockets[i].name);
	if (n < 0 || (size_t)n >= sizeof(sun->sun_path))
		die(EXIT_USAGE, "%s: the path is too long for a socket",
		    options.run);
}

struct chan *
ctl_connect(enum chan_kind kind, const struct chan_ops *ops)
{
	struct sockaddr_un sun;
	struct chan	*ch;
	int		 fd;

	socket_name(kind, &sun);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		die(EXIT_REFUSED, "socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		die(EXIT_REFUSED, "%s: %s (%s)", sun.sun_path,
		    strerror(errno), errno == EACCES || errno == EPERM ?
		    "run keepctl as root or as the user that runs keepd" :
		    "is keepd running? -s names another directory");
	if (fd_nonblock(fd) == -1)
		die(EXIT_REFUSED, "socket: %s", strerror(errno));
	ch = chan_new(fd, kind, SIDE_FIRST, ops, NULL);
	chan_setname(ch, "keepd");
	chan_setstate(ch, CS_RUN);
	return (ch);
}

static void
on_line(struct chan *ch, struct msg *m)
{
	const struct msg_ctl_line *l = m->data;

	if (ask.line != NULL) {
		ask.line(l->text);
		return;
	}
	/* master sends several tables, each behind its own headings. */
	if (ask.row->kind == CK_CTL_MASTER && l->text[0] == '#')
		table_heads(l->text + 1);
	else if (ask.row->kind == CK_CTL_MASTER && l->text[0] == '!')
		fprintf(stderr, "%s\n", l->text + 1);
	else if (ask.raw) {
		print_safe(l->text, strlen(l->text));
		putchar('\n');
		fflush(stdout);
	} else
		table_line(l->text);
}

static void
on_done(struct chan *ch, struct msg *m)
{
	memcpy(&ask.done, m->data, sizeof(ask.done));
	ask.over = 1;
}

/* Rows of toold's socket that belong to calls (call.c). */
static void
on_stray(struct chan *ch, struct msg *m)
{
	chan_violation(ch, "an answer to nothing");
}

static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	if (!ask.over)
		die(EXIT_REFUSED, "the connection ended before the answer "
		    "(%s): nobody knows whether it was done", why);
}

static const struct chan_handler handlers[] = {
	{ MSG_CTL_LINE, on_line },
	{ MSG_CTL_DONE, on_done },
	{ 0, NULL }
};
static const struct chan_handler toold_handlers[] = {
	{ MSG_CTL_LINE, on_line },
	{ MSG_CTL_DONE, on_done },
	{ MSG_ANSWER, on_stray },
	{ MSG_HANDLE_UNKNOWN, on_stray },
	{ 0, NULL }
};

/* Words of the answer: what was done, or why not. */
static int
ask_finish(uint8_t *handle)
{
	int	status = (int)ask.done.status;

	table_end();
	if (status != 0)
		fprintf(stderr, "keepctl: %s\n", ask.done.text[0] != '\0' ?
		    ask.done.text : "refused");
	else if (ask.done.text[0] != '\0') {
		print_safe(ask.done.text, strlen(ask.done.text));
		putchar('\n');
	}
	if (handle != NULL)
		memcpy(handle, ask.done.handle, HANDLE_LEN);
	secret_wipe(&ask.done, sizeof(ask.done));
	return (status > EXIT_USAGE ? EXIT_REFUSED : status);
}

static void
line_ignore(const char *text)
{
}

static const struct chan_ops ops = { handlers, on_end };
static const struct chan_ops toold_ops = { toold_handlers, on_end };

int
ctl_run_file(const struct ctl_row *row, const struct msg_ctl *m, int fd,
    void (*line)(const char *), char *text, size_t size)
{
	struct chan	*ch;
	int		 n = 1, own;

	memset(&ask, 0, sizeof(ask));
	ask.row = row;
	ask.line = line;
	if ((own = dup(fd)) == -1)
		die(EXIT_REFUSED, "dup: %s", strerror(errno));
	ch = ctl_connect(row->kind, row->kind == CK_CTL_TOOLD ? &toold_ops :
	    &ops);
	chan_send_fd(ch, MSG_CTL_FILE, 1, m, own);
	while (!ask.over && n == 1)
		n = chan_wait(ch, -1);
	if (!ask.over)
		return (EXIT_REFUSED);
	/* A process that starts anew has closed its end by now. */
	if (m->command == CTL_AUTHD_RESTORE || m->command ==
	    CTL_TOOLD_RESTORE)
		while (n == 1 && ask.done.status == 0)
			n = chan_wait(ch, WAIT_MS);
	if (n != -1)
		chan_close(ch);
	snprintf(text, size, "%s", ask.done.text);
	n = (int)ask.done.status;
	return (n > EXIT_USAGE ? EXIT_REFUSED : n);
}

int
ctl_wait_for(const struct ctl_row *row, const struct msg_ctl *m)
{
	struct chan	*ch;
	int		 n = 1;

	memset(&ask, 0, sizeof(ask));
	ask.row = row;
	ask.line = line_ignore;
	ch = ctl_connect(row->kind, row->kind == CK_CTL_TOOLD ? &toold_ops :
	    &ops);
	chan_send(ch, MSG_CTL, 1, m);
	while (!ask.over && n == 1)
		n = chan_wait(ch, WAIT_MS);
	if (n == 1)
		chan_close(ch);
	return (ask.over ? 0 : -1);
}

int
ctl_run(const struct ctl_row *row, const struct msg_ctl *m, uint8_t *handle)
{
	struct chan	*ch;
	int		 follow = row->command == CTL_AUDIT_FOLLOW, n = 1;

	memset(&ask, 0, sizeof(ask));
	ask.row = row;
	ask.raw = (row->command == CTL_AUDIT || follow) &&
	    (m->flags & CTLF_AUDIT_JSON);
	table_heads(row->heads);
	if (follow && !ask.raw)
		table_stream();
	ch = ctl_connect(row->kind, row->kind == CK_CTL_TOOLD ? &toold_ops :
	    &ops);
	chan_send(ch, MSG_CTL, 1, m);
	while (!ask.over) {
		if ((n = chan_wait(ch, follow ? -1 : WAIT_MS)) == 0)
			die(EXIT_REFUSED, "no answer in %d seconds",
			    WAIT_MS / 1000);
		if (n == -1)
			break;
	}
	if (!ask.over)
		return (EXIT_REFUSED);
	if (n != -1)
		chan_close(ch);
	return (ask_finish(handle));
}
