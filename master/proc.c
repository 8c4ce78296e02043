/* SPDX-License-Identifier: ISC */
/*
 * proc.c: the children: start, watch, start again.
 * Runs in master as root.  Trusts no child: its channel says who it is, and
 * what may come over it in which state is decided by rows, here and in
 * msg.c.  A child gets an empty environment, no argument but its path, and
 * one descriptor: fd 3, its channel to us.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "compat/compat.h"
#include "keepd.h"

#define BACKOFF_FIRST	50		/* ms */
#define BACKOFF_MAX	5000
#define START_DEADLINE	30000		/* for CONF and START */

static const struct role_row {
	const char	*program;
	const char	*name;
	enum chan_kind	 kind;
} roles[CR_MAX] = {
	[CR_LISTENER] = { "keepd-listener", "listener", CK_MASTER_LISTENER },
	[CR_AUTHD] = { "keepd-authd", "authd", CK_MASTER_AUTHD },
	[CR_PWHASH] = { "keepd-pwhash", "pwhash", CK_MASTER_PWHASH },
	[CR_TOOLD] = { "keepd-toold", "toold", CK_MASTER_TOOLD },
	[CR_SIGND] = { "keepd-signd", "signd", CK_MASTER_SIGND }
};
static const char *const state_names[PS_MAX] = {
	[PS_DOWN] = "down", [PS_CONF] = "configuring",
	[PS_START] = "starting", [PS_RUN] = "running", [PS_STOP] = "stopping"
};

static struct proc	procs[CR_MAX + CONF_PREFORK_MAX];
static unsigned int	nprocs;
static void		(*stat_done)(void);
static struct ev_timer	stat_timer;

static void	act_spawn(struct proc *);
static void	act_commit(struct proc *);
static void	act_refused(struct proc *);
static void	act_ready(struct proc *);
static void	act_late(struct proc *);
static void	act_term(struct proc *);
static void	act_gone(struct proc *);

/*
 * The life of a child.  An event without a row means nothing in that state;
 * what the child itself may send when is checked before (proc_msg.c).
 */
static const struct step {
	void		(*act)(struct proc *);
	enum proc_state	 next;
} steps[PS_MAX][PE_MAX] = {
	[PS_DOWN] = {
		[PE_TIMEOUT] = { act_spawn, PS_CONF }
	},
	[PS_CONF] = {
		[PE_CONF_READY] = { act_commit, PS_START },
		[PE_CONF_REFUSED] = { act_refused, PS_STOP },
		[PE_TIMEOUT] = { act_late, PS_STOP },
		[PE_STOP] = { act_term, PS_STOP },
		[PE_GONE] = { act_gone, PS_DOWN }
	},
	[PS_START] = {
		[PE_READY] = { act_ready, PS_RUN },
		[PE_TIMEOUT] = { act_late, PS_STOP },
		[PE_STOP] = { act_term, PS_STOP },
		[PE_GONE] = { act_gone, PS_DOWN }
	},
	[PS_RUN] = {
		[PE_STOP] = { act_term, PS_STOP },
		[PE_GONE] = { act_gone, PS_DOWN }
	},
	[PS_STOP] = {
		[PE_GONE] = { act_gone, PS_DOWN }
	}
};

void
proc_event(struct proc *p, enum proc_event e)
{
	const struct step *s = &steps[p->state][e];

	if (s->act == NULL)
		return;
	/* First the state, so that what the action sets off sees it. */
	p->state = s->next;
	s->act(p);
}

struct proc *
proc_at(unsigned int i)
{
	return (i < nprocs ? &procs[i] : NULL);
}

struct proc *
proc_get(enum conf_role role)
{
	unsigned int	i;

	for (i = 0; i < nprocs; i++)
		if (procs[i].role == role)
			return (&procs[i]);
	fatalx("no process of role %d", role);
}

struct proc *
proc_signd(void)
{
	unsigned int	i;

	for (i = 0; i < nprocs; i++)
		if (procs[i].role == CR_SIGND)
			return (&procs[i]);
	return (NULL);
}

const char *
proc_state_name(enum proc_state s)
{
	return (state_names[s]);
}

int
proc_serves(const struct proc *p)
{
	return (p->ch != NULL && (p->state == PS_START || p->state == PS_RUN));
}

/* ---- starting ---- */

static void
signals_default(void)
{
	struct sigaction sa;
	sigset_t none;
	int	 i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	for (i = 1; i < NSIG; i++)
		(void)sigaction(i, &sa, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Standard descriptors lead nowhere; tests want to see the sanitizers. */
static int
stdio_null(void)
{
	int	fd, i, last = STDERR_FILENO;

#ifdef KEEPD_SANITIZED
	last = STDOUT_FILENO;
#endif
	if (master.trap)
		last = STDOUT_FILENO;
	if ((fd = open("/dev/null", O_RDWR)) == -1)
		return (-1);
	for (i = 0; i <= last; i++)
		if (fd != i && dup2(fd, i) == -1)
			return (-1);
	if (fd > STDERR_FILENO)
		close(fd);
	return (0);
}

/* Between fork and exec: nothing here may use memory or locks of master. */
static void
child_exec(const char *path, int fd)
{
	char	*argv[2], *envp[1] = { NULL };

	argv[0] = strdup(path);
	argv[1] = NULL;
	if (argv[0] == NULL)
		_exit(127);
	/* Out of the way of the numbers that are set below. */
	if (fd <= CHILD_FD && (fd = fcntl(fd, F_DUPFD, CHILD_FD + 1)) == -1)
		_exit(127);
	if (stdio_null() == -1 || dup2(fd, CHILD_FD) == -1)
		_exit(127);
	closefrom(CHILD_FD + 1);
	signals_default();
	execve(argv[0], argv, envp);
	_exit(127);
}

static pid_t
proc_fork(const char *path, int fd)
{
	sigset_t all, old;
	pid_t	 pid;

	/* A signal to the child must not run master's handlers there. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	if ((pid = fork()) == 0)
		child_exec(path, fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return (pid);
}

/*
 * Twice as late after each death, and half as late for each second that it
 * lived: one that dies at once is started ever more rarely, one that was
 * killed in the middle of its work comes back at once.
 */
static void
proc_again(struct proc *p)
{
	uint64_t	lived = (ev_now().ms - p->since.ms) / 1000;

	p->wait_ms = lived > 31 ? 0 : p->wait_ms >> lived;
	p->wait_ms = p->wait_ms < BACKOFF_FIRST ? BACKOFF_FIRST :
	    p->wait_ms * 2;
	if (p->wait_ms > BACKOFF_MAX)
		p->wait_ms = BACKOFF_MAX;
	p->restarts++;
	ev_timer_set(&p->timer, p->wait_ms);
}

static void
act_spawn(struct proc *p)
{
	char	path[CONF_PATH_MAX + 32], why[CONF_PATH_MAX + 128];
	int	sv[2];

	snprintf(path, sizeof(path), "%s/%s", master.programs,
	    roles[p->role].program);
	p->since = ev_now();
	p->life = generation_next();
	p->have_layers = 0;
	p->conf_stale = 0;
	memset(&p->stat, 0, sizeof(p->stat));
	if (chan_pair(sv) == -1 || (p->pid = proc_fork(path, sv[1])) == -1) {
		log_warn("%s: cannot be started", p->name);
		p->pid = 0;
		p->state = PS_DOWN;
		proc_again(p);
		return;
	}
	close(sv[1]);
	p->ch = chan_new(sv[0], roles[p->role].kind, SIDE_FIRST,
	    proc_ops(p->role), p);
	chan_setname(p->ch, p->name);
	log_debug("%s: started as process %d", p->name, (int)p->pid);
	ev_timer_set(&p->timer, START_DEADLINE);
	/* It comes back with back-off, as after any other death. */
	if (conf_send(p, master.conf, 1, why, sizeof(why)) == -1)
		proc_kill(p, why);
}

static void
act_commit(struct proc *p)
{
	chan_send(p->ch, MSG_CONF_COMMIT, 0, NULL);
	chan_setstate(p->ch, CS_RUN);
	ev_timer_set(&p->timer, START_DEADLINE);
	peers_update();
}

static void
act_refused(struct proc *p)
{
	ev_timer_del(&p->timer);
	proc_kill(p, "it refused its configuration");
}

static void
act_late(struct proc *p)
{
	proc_kill(p, "it took too long to start");
}

static void
act_ready(struct proc *p)
{
	char	why[CONF_PATH_MAX + 128];

	ev_timer_del(&p->timer);
	broke_flush();
	peers_update();
	workers_update();
	/*
	 * It has read files that changed since the others did: a new
	 * certificate here, the old key there.  All read them again.
	 */
	if (master.ready && !reload_active() && (p->role == CR_LISTENER ||
	    p->role == CR_SIGND) &&
	    tls_files_look(master.conf, 0, why, sizeof(why)) == 1) {
		log_info("files of certificates have changed: reloading");
		reload_start(NULL);
	}
}

static void
act_term(struct proc *p)
{
	ev_timer_del(&p->timer);
	if (p->pid != 0 && kill(p->pid, SIGTERM) == -1 && errno != ESRCH)
		log_warn("%s: SIGTERM", p->name);
}

/* ---- ending ---- */

void
proc_kill(struct proc *p, const char *why)
{
	log_warnx("%s: killed: %s", p->name, why);
	if (p->pid != 0 && kill(p->pid, SIGKILL) == -1 && errno != ESRCH)
		log_warn("%s: SIGKILL", p->name);
}

static void
gone_log(const struct proc *p)
{
	int	st = p->exit_status;

	if (WIFEXITED(st) && WEXITSTATUS(st) == 0 &&
	    (master.stopping || p->draining))
		log_debug("%s: ended", p->name);
	else if (WIFEXITED(st) && WEXITSTATUS(st) == 127)
		log_line(LC_EXCEPTIONS, LL_ERROR, "%s: %s/%s cannot be "
		    "executed", p->name, master.programs,
		    roles[p->role].program);
	else if (WIFSIGNALED(st))
		log_line(LC_EXCEPTIONS, LL_ERROR, "%s: ended by signal %d "
		    "(%s)", p->name, WTERMSIG(st), strsignal(WTERMSIG(st)));
	else
		log_line(LC_EXCEPTIONS, LL_ERROR, "%s: ended with status %d",
		    p->name, WEXITSTATUS(st));
}

/* Reaped, and its channel read to the end (its last words are logged). */
static void
act_gone(struct proc *p)
{
	ev_timer_del(&p->timer);
	gone_log(p);
	if (WIFSIGNALED(p->exit_status) && WTERMSIG(p->exit_status) == SIGSYS)
		broke_tell(p, "a system call that is not in its list");
	p->stat_due = p->conf_due = 0;
	peers_lost(p);
	workers_lost(p);
	if (reload_active() && !p->draining)
		reload_answer(p, "it ended meanwhile");
	stat_answered();
	if (master.stopping) {
		stop_child_gone();
		return;
	}
	if (age_parks(p))
		return;
	if (!master.ready) {
		log_warnx("%s did not start: giving up", p->name);
		stop_all(1);
		return;
	}
	proc_again(p);
}

void
procs_reap(void)
{
	unsigned int	i;
	pid_t		pid;
	int		st;

	while ((pid = waitpid(-1, &st, WNOHANG)) > 0)
		for (i = 0; i < nprocs; i++) {
			if (procs[i].pid != pid)
				continue;
			procs[i].pid = 0;
			procs[i].exit_status = st;
			if (procs[i].ch == NULL)
				proc_event(&procs[i], PE_GONE);
		}
}

static void
on_timer(struct ev_timer *t)
{
	proc_event(t->arg, PE_TIMEOUT);
}

/* ---- counters ---- */

void
stat_answered(void)
{
	unsigned int	i;
	void		(*cb)(void);

	if (stat_done == NULL)
		return;
	for (i = 0; i < nprocs; i++)
		if (procs[i].stat_due)
			return;
	ev_timer_del(&stat_timer);
	cb = stat_done;
	stat_done = NULL;
	cb();
}

static void
on_stat_late(struct ev_timer *t)
{
	unsigned int	i;

	for (i = 0; i < nprocs; i++)
		procs[i].stat_due = 0;
	stat_answered();
}

void
procs_ask_stat(void (*cb)(void))
{
	unsigned int	i;

	stat_done = cb;
	for (i = 0; i < nprocs; i++) {
		if (procs[i].state != PS_RUN || procs[i].ch == NULL)
			continue;
		procs[i].stat_due = 1;
		chan_send(procs[i].ch, MSG_STAT_ASK, 0, NULL);
	}
	ev_timer_set(&stat_timer, 500);
}

/* ---- all of them ---- */

static void
proc_add(enum conf_role role, uint32_t slot)
{
	struct proc	*p = &procs[nprocs++];

	p->role = role;
	p->slot = slot;
	p->state = PS_DOWN;
	p->bucket.tokens = LOG_BURST;
	p->bucket.at = mono_now();
	if (role == CR_LISTENER)
		snprintf(p->name, sizeof(p->name), "%s[%u]", roles[role].name,
		    slot);
	else
		snprintf(p->name, sizeof(p->name), "%s", roles[role].name);
	ev_timer_init(&p->timer, on_timer, p);
	worker_init(p);
}

void
procs_start(void)
{
	unsigned int	i;

	ev_timer_init(&stat_timer, on_stat_late, NULL);
	proc_add(CR_AUTHD, 0);
	proc_add(CR_PWHASH, 0);
	proc_add(CR_TOOLD, 0);
	if (conf_tls(master.conf))
		proc_add(CR_SIGND, 0);
	for (i = 0; i < master.conf->prefork; i++)
		proc_add(CR_LISTENER, i);
	proc_add(CR_LISTENER, 0);
	procs[nprocs - 1].parked = 1;
	for (i = 0; i < nprocs; i++)
		if (!procs[i].parked)
			proc_event(&procs[i], PE_TIMEOUT);
	age_start();
}
