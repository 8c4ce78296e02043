/* SPDX-License-Identifier: ISC */
/*
 * child.c: the start and the end of every role.  Runs in the listener,
 * authd, pwhash and toold before anything else.  Trusts master, and only by
 * the channel on fd 3; refuses to run when it was not started by it.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "compat/compat.h"
#include "ev.h"
#include "log.h"

#define HANDLERS_MAX	48

static const struct child_role	*role;
static struct chan		*master;
static struct msg_conf_common	 staged, current;
static int			 have_staged, committed, sealed;
static struct sandbox_got	 got;

static void	on_conf_begin(struct chan *, struct msg *);
static void	on_conf_common(struct chan *, struct msg *);
static void	on_conf_end(struct chan *, struct msg *);
static void	on_conf_commit(struct chan *, struct msg *);
static void	on_conf_abort(struct chan *, struct msg *);

static const struct chan_handler base_handlers[] = {
	{ MSG_CONF_BEGIN, on_conf_begin },
	{ MSG_CONF_COMMON, on_conf_common },
	{ MSG_CONF_END, on_conf_end },
	{ MSG_CONF_COMMIT, on_conf_commit },
	{ MSG_CONF_ABORT, on_conf_abort },
	{ 0, NULL }
};

struct chan *
child_master(void)
{
	return (master);
}

const struct msg_conf_common *
child_conf(void)
{
	return (&current);
}

uint32_t
child_missing(void)
{
	return (got.missing);
}

void
child_exit(int status)
{
	if (role->stop != NULL && committed)
		role->stop();
	if (master != NULL)
		chan_flush(master);
	_exit(status);
}

static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	log_to_chan(NULL);
	master = NULL;
	child_exit(end == CE_EOF ? 0 : 1);
}

static void
on_conf_begin(struct chan *ch, struct msg *m)
{
	memset(&staged, 0, sizeof(staged));
	have_staged = 0;
	if (role->conf_begin != NULL)
		role->conf_begin();
}

static void
on_conf_common(struct chan *ch, struct msg *m)
{
	memcpy(&staged, m->data, sizeof(staged));
	have_staged = 1;
}

/* What a reload cannot change; the rest is the role's to judge. */
static const char *
common_check(void)
{
	if (!have_staged)
		return ("incomplete configuration");
	if (!committed)
		return (NULL);
	if (strcmp(staged.dir, current.dir) != 0 ||
	    staged.uid != current.uid || staged.gid != current.gid)
		return ("paths and users need a restart");
	if (strcmp(staged.public_url, current.public_url) != 0)
		return ("public-url needs a restart");
	return (NULL);
}

static void
on_conf_end(struct chan *ch, struct msg *m)
{
	struct msg_conf_refused	 no;
	const char		*why;

	why = common_check();
	if (why == NULL && role->conf_check != NULL)
		why = role->conf_check(&staged);
	if (why == NULL) {
		chan_send(ch, MSG_CONF_READY, 0, NULL);
		return;
	}
	memset(&no, 0, sizeof(no));
	snprintf(no.why, sizeof(no.why), "%s: %s", role->name, why);
	have_staged = 0;
	chan_send(ch, MSG_CONF_REFUSED, 0, &no);
}

static void
sandbox_start(void)
{
	struct sandbox_opts	o;

	memset(&o, 0, sizeof(o));
	if (current.flags & CONF_PRIVILEGED)
		o.flags |= SBO_PRIVILEGED;
	if (current.flags & CONF_DEGRADED)
		o.flags |= SBO_DEGRADED;
	if (current.flags & CONF_SYSCALL_TRAP)
		o.flags |= SBO_TRAP;
	o.uid = current.uid;
	o.gid = current.gid;
	o.dir = current.dir;
	sandbox_enter(role->policy, &o, &got);
}

static void
on_conf_commit(struct chan *ch, struct msg *m)
{
	int	first = !committed;

	if (!have_staged)
		fatalx("commit of a configuration that was refused");
	memcpy(&current, &staged, sizeof(current));
	have_staged = 0;
	log_setlevel((enum log_level)current.log_level);
	if (first) {
		sandbox_start();
		chan_setstate(ch, CS_RUN);
		committed = 1;
	}
	role->conf_commit(&current, first);
}

static void
on_conf_abort(struct chan *ch, struct msg *m)
{
	have_staged = 0;
	if (role->conf_begin != NULL)
		role->conf_begin();
}

void
child_ready(void)
{
	struct msg_layers	l;

	if (sealed)
		return;
	sealed = 1;
	sandbox_seal(role->policy, &got);
	memset(&l, 0, sizeof(l));
	l.have = got.have;
	l.missing = got.missing;
	l.landlock_abi = got.landlock_abi;
	l.syscalls = got.syscalls;
	snprintf(l.text, sizeof(l.text), "%s", got.text);
	chan_send(master, MSG_LAYERS, 0, &l);
	chan_send(master, MSG_READY, 0, NULL);
	log_info("sandbox: %s", got.text);
}

static void
on_term(int sig)
{
	child_exit(0);
}

/* Before memory holds anything worth taking. */
static void
child_harden(void)
{
	struct rlimit	none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("RLIMIT_CORE");
	if (sandbox_traced())
		fatalx("refusing to run under a debugger");
	process_nodump();
}

static void
child_fds(void)
{
	struct stat	st;

	if (fstat(CHILD_FD, &st) == -1 || !S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "%s: is started by keepd, not by hand\n",
		    role->name);
		_exit(2);
	}
	closefrom(CHILD_FD + 1);
	if (fcntl(CHILD_FD, F_SETFD, FD_CLOEXEC) == -1)
		fatal("fcntl");
}

/*
 * Nothing is read or written: only a number that is no descriptor gives EBADF
 * to both.  No role has to be allowed a call for it.
 */
uint64_t
child_descriptors(void)
{
	uint64_t	n = 0;
	int		fd, gap = 0;
	char		none[1] = { 0 };

	for (fd = 0; gap < 64; fd++) {
		if (read(fd, none, 0) == -1 && errno == EBADF &&
		    write(fd, none, 0) == -1 && errno == EBADF) {
			gap++;
			continue;
		}
		gap = 0;
		n++;
	}
	return (n);
}

static const struct chan_handler *
child_handlers(void)
{
	static struct chan_handler	 all[HANDLERS_MAX];
	const struct chan_handler	*h;
	size_t				 n = 0;

	for (h = base_handlers; h->fn != NULL; h++)
		all[n++] = *h;
	for (h = role->handlers; h != NULL && h->fn != NULL; h++) {
		if (n == HANDLERS_MAX - 1)
			fatalx("too many handlers");
		all[n++] = *h;
	}
	return (all);
}

void
child_run(const struct child_role *r, int argc, char **argv)
{
	static struct chan_ops	ops;

	role = r;
	log_init(role->name, LL_INFO);
	if (argc != 1) {
		fprintf(stderr, "usage: %s takes no arguments and is started "
		    "by keepd\n", role->name);
		_exit(2);
	}
	child_fds();
	child_harden();
	tzset();		/* gmtime_r reads a zone file once */
	if (role->early != NULL)
		role->early();
	ev_init();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	ev_signal(SIGTERM, on_term);
	ops.handlers = child_handlers();
	ops.on_end = on_end;
	master = chan_new(CHILD_FD, role->kind, SIDE_SECOND, &ops, NULL);
	chan_setname(master, "master");
	log_to_chan(master);
	_exit(ev_run());
}
