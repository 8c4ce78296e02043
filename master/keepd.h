/* SPDX-License-Identifier: ISC */
/*
 * keepd.h: what the files of master share.  Master is root (or the one user
 * of an unprivileged run); it parses keepd.conf and fixed structs, starts
 * and watches the children, and writes the logs.  It holds no key, no
 * token, no artifact and reads nothing from the network.
 */
#ifndef MASTER_KEEPD_H
#define MASTER_KEEPD_H

#include <sys/types.h>

#include <stdint.h>
#include <stdio.h>

#include "buf.h"
#include "chan.h"
#include "conf.h"
#include "ev.h"
#include "log.h"
#include "msg.h"
#include "sandbox.h"

/* ---- the start, as keepd.c found it ---- */

struct master {
	struct conf	*conf;		/* in force */
	struct conf_host host;
	int		 debug;		/* -d */
	int		 verbose;
	int		 trap;		/* tests: report calls, not kill */
	int		 ready;		/* all children served once */
	int		 stopping;
	int		 status;	/* to exit with */
	struct mono	 since;
	char		 conf_path[CONF_PATH_MAX];
	char		 programs[CONF_PATH_MAX];
};
extern struct master master;

/* keepd.c: everything serves for the first time. */
void	 master_ready(void);
/* What conf_check() warns of, the layers and the promises not kept. */
void	 master_report(void);

/* ---- proc.c: the children ---- */

enum proc_state {
	PS_DOWN,		/* not running; the timer starts it again */
	PS_CONF,		/* has the configuration, is judging it */
	PS_START,		/* committed, not yet in service */
	PS_RUN,
	PS_STOP,		/* told to end */
	PS_MAX
};

enum proc_event {
	PE_CONF_READY, PE_CONF_REFUSED, PE_READY, PE_TIMEOUT, PE_GONE,
	PE_STOP, PE_MAX
};

/* How far a listener is introduced to toold and authd (worker.c). */
enum worker_state { WS_NONE, WS_TOOLD, WS_AUTHD, WS_UP };
enum keyend_state { KS_NONE, KS_SIGND, KS_UP };
struct keyend {			/* of a listener: its channel to signd */
	enum keyend_state state;
	uint64_t	 generation;	/* its own, 0 while not introduced */
	uint64_t	 last;		/* the one before that ended */
	int		 fd;		/* listener's end, -1 when sent */
	uint32_t	 wait_ms;
	struct mono	 up_since;
	struct ev_timer	 timer;
};
struct worker {
	enum worker_state state;
	uint64_t	 generation;	/* 0 while not introduced */
	uint64_t	 last;		/* of this process, that ended */
	int		 authd_fd;	/* listener's ends, -1 when sent */
	int		 toold_fd;
	uint32_t	 wait_ms;	/* before the next try */
	struct mono	 up_since;
	struct ev_timer	 timer;
	struct keyend	 key;
};

#define LOG_BURST	400		/* lines at once from one process */
#define LOG_RATE	100		/* lines a second */
struct log_bucket {
	uint32_t	 tokens;
	uint64_t	 dropped;	/* not yet told */
	uint64_t	 dropped_all;
	struct mono	 at;
};

struct proc {
	enum conf_role	 role;
	uint32_t	 slot;		/* listener: 0 .. prefork - 1 */
	char		 name[32];	/* "authd", "listener[0]" */
	enum proc_state	 state;
	pid_t		 pid;		/* 0 when reaped */
	uint64_t	 life;		/* of this process; never reused */
	struct chan	*ch;		/* NULL when ended */
	int		 exit_status;	/* of wait */
	uint32_t	 restarts;
	uint32_t	 wait_ms;	/* back-off */
	struct mono	 since;		/* of this process */
	struct ev_timer	 timer;		/* back-off, or deadline of a state */
	struct msg_layers layers;
	int		 have_layers;
	struct msg_stat	 stat;
	int		 stat_due;	/* asked, not answered */
	int		 conf_due;	/* reload: not answered */
	unsigned int	 conf_stale;	/* answers to aborted reloads to come */
	struct log_bucket bucket;
	uint64_t	 broke;		/* rules, over all its restarts */
	int		 parked;	/* listener: an entry without a slot */
	int		 draining;	/* told to finish */
	struct worker	 worker;	/* of a listener */
};

/* Make the table and start all of them. */
void	 procs_start(void);
/* Process i, or NULL behind the last; listeners come last. */
struct proc *proc_at(unsigned int i);
/* authd, pwhash, toold. */
struct proc *proc_get(enum conf_role);
/* signd; NULL when it does not run in this configuration. */
struct proc *proc_signd(void);
const char *proc_state_name(enum proc_state);
/* Committed: the rows of a running channel may be sent. */
int	 proc_serves(const struct proc *);
/* Take the table's step for an event. */
void	 proc_event(struct proc *, enum proc_event);
/* SIGKILL, with the reason logged; it is started anew with back-off. */
void	 proc_kill(struct proc *, const char *why);
/* SIGCHLD. */
void	 procs_reap(void);
/* A number that no start before or after this one gives out. */
uint64_t generation_next(void);
/* Handlers of the kinds of master's channels (proc_msg.c). */
const struct chan_ops *proc_ops(enum conf_role);
/* A command of the control socket waits for counters: cb when they came. */
void	 procs_ask_stat(void (*cb)(void));
void	 stat_answered(void);

/* ---- peer.c, worker.c: introductions ---- */

/* Connect authd with toold and pwhash where both serve and are not yet. */
void	 peers_update(void);
void	 peers_lost(const struct proc *);
/* Is that the number of the pair that authd has with that role now? */
int	 peer_current(enum conf_role, uint64_t generation);
void	 workers_update(void);
/* Has it all its channels? */
int	 worker_complete(const struct proc *);
void	 worker_init(struct proc *);
/* The process ended: its introductions end with it. */
void	 workers_lost(const struct proc *);
void	 worker_ack(const struct proc *, const struct msg_worker *);
void	 worker_gone(const struct proc *, const struct msg_worker *);

/* ---- broke.c: broken rules, for authd's audit records ---- */

void	 broke_tell(struct proc *, const char *why);
/* authd serves (again): tell it what waits. */
void	 broke_flush(void);
/* How many since the start. */
uint64_t broke_count(void);

/* ---- age.c: listeners are started anew now and then ---- */

void	 age_start(void);
/* p ended: 1 if it is parked, not started again. */
int	 age_parks(struct proc *);

/* ---- conf_send.c: each role gets its own part only ---- */

/* 0, or -1 and why: a file of a certificate cannot be opened. */
int	 conf_send(struct proc *, const struct conf *, int first, char *why,
	    size_t);

/* ---- tlsfile.c: the files of certificates ---- */

/*
 * Open and close each: -1 and why, 1 if one is not what it was when last
 * kept, else 0.  keep: remember them as they are.
 */
int	 tls_files_look(const struct conf *, int keep, char *why, size_t);
/* The files of a role, in order: 0, or -1 and why. */
int	 tls_files_send(struct proc *, const struct conf *, char *why,
	    size_t);
/* What signd says of its slots, for keepctl. */
void	 tls_info(const struct msg_tls_info *);
const struct msg_tls_info *tls_info_at(uint32_t slot);

/* ---- reload.c ---- */

/* done is called once with NULL or the reason it was refused; may be NULL. */
void	 reload_start(void (*done)(const char *why));
/* A child answered, or died (why set). */
void	 reload_answer(struct proc *, const char *why);
int	 reload_active(void);

/* ---- stop.c: an orderly end within five seconds ---- */

void	 stop_all(int status);
/* A child ended while stopping. */
void	 stop_child_gone(void);

/* ---- listen.c: sockets ---- */

/* Bind everything, a socket for each worker where the system can. */
void	 listen_open(const struct conf *, uint32_t workers);
/* Descriptor of listen line i for a worker; stays ours. */
int	 listen_fd(uint32_t i, uint32_t slot);
void	 listen_unlink(const struct conf *);
enum ctl_sock { CS_MASTER, CS_AUTHD, CS_TOOLD, CS_COUNT };
void	 ctl_open(const struct conf *);
int	 ctl_fd(enum ctl_sock);
void	 ctl_unlink(const struct conf *);

/* ---- dirs.c: directories and the lock of one master a state ---- */

void	 dirs_make(const struct conf *, int privileged);
/* Own directory of a role, as the child will be told. */
void	 dir_role(const struct conf *, enum conf_role, char *out, size_t);
void	 pidfile_write(const struct conf *);
void	 pidfile_remove(const struct conf *);

/* ---- logfile.c ---- */

enum { LOG_QUIET, LOG_STDERR, LOG_STDERR_WARN };
/* To standard error (all, or warnings), else to syslog; and to the files. */
void	 logfile_open(const struct conf *, int to_stderr, gid_t reader);
/* Close; the next line opens them again. */
void	 logfile_reopen(void);
/* Lines of one child, through its bucket. */
void	 logfile_child(struct proc *, const struct msg_log *);
/* Lines of master: for log_to_func(). */
void	 logfile_own(enum log_cat, enum log_level, const char *);
/* Read-only descriptor of the directory, the caller's; or -1. */
int	 logfile_dirfd(void);
uint64_t logfile_failed(void);

/* ---- notify.c: the service manager ---- */

int	 notify_open(void);		/* 1 if there is one */
void	 notify_ready(void);
void	 notify_reloading(void);
void	 notify_stopping(void);
void	 notify_status(const char *, ...)
	    __attribute__((__format__(printf, 1, 2)));

/* ---- control.c ---- */

void	 control_start(int fd);
/* One line of an answer: fields separated by TABs, '#' before headings. */
void	 control_line(struct chan *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));

/* ---- isolation.c: show isolation, from reports and the message rows ---- */

void	 isolation_write(struct chan *);

/* ---- promise.c: what a missing layer costs ---- */

/* "P5 P11", or "" if all are kept, of one process or (NULL) of all. */
const char *promises_lost(const struct proc *, char *out, size_t);
/* "chroot, landlock", or "-". */
const char *layers_text(uint32_t layers, char *out, size_t);

/* ---- policy.c: what master gives up once everything runs ---- */

extern const struct sandbox_policy master_policy;
void	 master_confine(const struct conf *, int degraded);
const struct msg_layers *master_layers(void);

#endif
