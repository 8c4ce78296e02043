/* SPDX-License-Identifier: ISC */
/*
 * keepd.c: the start of the server: options, configuration, directories,
 * sockets, daemon.
 * Runs as root (or as the one user of an unprivileged run).  Trusts its
 * command line and keepd.conf; refuses to start when anything is not as it
 * must be, and says what to do.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/compat.h"
#include "keepd.h"
#include "sandbox.h"
#include "text.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR	"/etc"
#endif
#ifndef LIBEXECDIR
#define LIBEXECDIR	"/usr/local/libexec/keepd"
#endif

struct master	master;

extern char	**environ;

static char	*no_environ[] = { NULL };
static int	 daemon_fd = -1;	/* to the process that was started */

static void
usage(void)
{
	fprintf(stderr, "usage: keepd [-dnvV] [-D macro=value] [-f file]\n");
	exit(2);
}

/* ---- what the machine says ---- */

static void
host_look(struct conf_host *h)
{
	const char	*env;
	long		 n;

	h->privileged = geteuid() == 0;
	n = sysconf(_SC_NPROCESSORS_ONLN);
	h->cores = n < 1 ? 1 : (uint32_t)n;
	env = getenv("NODE_ENV");
	h->env_development = env != NULL && strcmp(env, "development") == 0;
	env = getenv("MCP_DANGEROUSLY_ALLOW_INSECURE_ISSUER_URL");
	h->env_insecure = env != NULL &&
	    (strcmp(env, "1") == 0 || strcmp(env, "true") == 0);
}

/* Where this program lies, or -1. */
static int
own_dir(const char *argv0, char *out, size_t size)
{
	char	 path[PATH_MAX], *slash;
	ssize_t	 n;

	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n > 0)
		path[n] = '\0';
	else if (strchr(argv0, '/') == NULL || realpath(argv0, path) == NULL)
		return (-1);
	if ((slash = strrchr(path, '/')) == NULL)
		return (-1);
	*slash = '\0';
	return (text_set(out, size, path));
}

static int
dir_has_programs(const char *dir)
{
	static const char *const names[] = { "keepd-listener", "keepd-authd",
	    "keepd-pwhash", "keepd-toold", "keepd-signd" };
	char	path[CONF_PATH_MAX + 32];
	size_t	i;

	/* The last one runs only where there are keys to sign with. */
	for (i = 0; i < 4U + (unsigned int)conf_tls(master.conf); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (access(path, X_OK) == -1)
			return (0);
	}
	return (1);
}

/* The setting; beside us when run by hand; else where they are installed. */
static void
programs_find(const char *argv0)
{
	char	dir[CONF_PATH_MAX];

	if (master.conf->programs[0] != '\0')
		snprintf(dir, sizeof(dir), "%s", master.conf->programs);
	else if ((!master.debug && master.host.privileged) ||
	    own_dir(argv0, dir, sizeof(dir)) == -1 || !dir_has_programs(dir))
		snprintf(dir, sizeof(dir), "%s", LIBEXECDIR);
	if (!dir_has_programs(dir))
		fatalx("%s does not hold keepd-listener, keepd-authd, "
		    "keepd-pwhash, keepd-toold and (for TLS) keepd-signd: "
		    "set programs in %s", dir,
		    master.conf_path);
	memcpy(master.programs, dir, sizeof(master.programs));
}

/* ---- configuration ---- */

/* A reload comes after chdir: keep the full name. */
static void
conf_name(const char *path)
{
	char	full[PATH_MAX];

	if (realpath(path, full) == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	if (text_set(master.conf_path, sizeof(master.conf_path), full) == -1) {
		fprintf(stderr, "%s: the path is too long\n", full);
		exit(1);
	}
}

static void
conf_load(void)
{
	const char	*why;
	uint32_t	 line = 0;

	if ((master.conf = calloc(1, sizeof(*master.conf))) == NULL)
		fatal("configuration");
	conf_init(master.conf);
	if (conf_parse(master.conf, master.conf_path, stderr) == -1)
		exit(1);
	why = conf_check(master.conf, &master.host, &line);
	if (why == NULL)
		return;
	if (line != 0)
		fprintf(stderr, "%s:%u: %s\n", master.conf_path, line, why);
	else
		fprintf(stderr, "%s: %s\n", master.conf_path, why);
	exit(1);
}

static void
users_load(void)
{
	const char	*why;

	if (master.host.privileged && (why = conf_users(master.conf)) != NULL)
		fatalx("%s: %s", master.conf_path, why);
}

/* Before anything is started: what is wrong is said at once. */
static void
certs_look(void)
{
	char	why[CONF_PATH_MAX + 128];

	if (tls_files_look(master.conf, 1, why, sizeof(why)) == -1)
		fatalx("%s: certificate: %s", master.conf_path, why);
}

/* ---- daemon ---- */

/*
 * The process that was started waits until everything serves, so that its
 * exit status says whether the start went well.
 */
static void
daemon_start(void)
{
	int	fds[2], fd;
	char	ok;
	pid_t	pid;

	if (pipe(fds) == -1 || fcntl(fds[0], F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fds[1], F_SETFD, FD_CLOEXEC) == -1)
		fatal("pipe");
	if ((pid = fork()) == -1)
		fatal("fork");
	if (pid != 0) {
		close(fds[1]);
		_exit(read(fds[0], &ok, 1) == 1 ? 0 : 1);
	}
	close(fds[0]);
	daemon_fd = fds[1];
	if (setsid() == -1 || chdir("/") == -1)
		fatal("setsid");
	if ((fd = open("/dev/null", O_RDWR)) == -1)
		fatal("/dev/null");
	/* Standard error stays until all serves: it may have to say why not. */
	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(fd, STDOUT_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static void
daemon_ready(void)
{
	int	fd;

	if (daemon_fd == -1)
		return;
	if (write(daemon_fd, "", 1) != 1)
		log_warn("daemon");
	close(daemon_fd);
	daemon_fd = -1;
	if ((fd = open("/dev/null", O_RDWR)) != -1) {
		(void)dup2(fd, STDERR_FILENO);
		if (fd > STDERR_FILENO)
			close(fd);
	}
	logfile_open(master.conf, LOG_QUIET,
	    master.conf->user[CR_TOOLD].gid);
}

/* ---- in service ---- */

void
master_report(void)
{
	char	lost[80];

	if (promises_lost(NULL, lost, sizeof(lost))[0] != '\0')
		log_warnx("promises not kept: %s (keepctl status says why)",
		    lost);
	conf_warn(master.conf, &master.host);
}

void
master_ready(void)
{
	uint32_t	i;

	master_report();
	for (i = 0; i < master.conf->nlisten; i++)
		log_info("listening on %s", master.conf->listen[i].text);
	log_info("serving %s/mcp with %u listeners", master.conf->public_url,
	    master.conf->prefork);
	if (master.host.privileged)
		master_confine(master.conf,
		    master.conf->sandbox == SB_DEGRADED);
	daemon_ready();
	notify_ready();
	notify_status("serving %s/mcp", master.conf->public_url);
}

static void
on_signal(int sig)
{
	switch (sig) {
	case SIGCHLD:
		procs_reap();
		break;
	case SIGHUP:
		reload_start(NULL);
		break;
	case SIGUSR1:
		logfile_reopen();
		log_info("log files are opened anew");
		break;
	default:
		stop_all(0);
	}
}

static void
signals_set(void)
{
	static const int sigs[] = { SIGCHLD, SIGHUP, SIGUSR1, SIGTERM,
	    SIGINT };
	size_t	i;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		ev_signal(sigs[i], on_signal);
}

static void
master_harden(void)
{
	struct rlimit	none = { 0, 0 }, files;

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("RLIMIT_CORE");
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (sandbox_traced())
		fatalx("refusing to run under a debugger");
	process_nodump();
	umask(022);
	closefrom(STDERR_FILENO + 1);
}

static int
master_run(const char *argv0)
{
	int	managed, status;

	master_harden();
	programs_find(argv0);
	users_load();
	certs_look();
	managed = notify_open();
	if (!master.debug && !managed)
		daemon_start();
	environ = no_environ;
	dirs_make(master.conf, master.host.privileged);
	logfile_open(master.conf, master.debug ? LOG_STDERR :
	    daemon_fd != -1 ? LOG_STDERR_WARN : LOG_QUIET,
	    master.conf->user[CR_TOOLD].gid);
	log_info("keepd %s starting as process %d", KEEPD_VERSION,
	    (int)getpid());
	listen_open(master.conf, master.conf->prefork);
	ctl_open(master.conf);
	ev_init();
	master.since = mono_now();
	signals_set();
	pidfile_write(master.conf);
	control_start(ctl_fd(CS_MASTER));
	procs_start();
	status = ev_run();
	listen_unlink(master.conf);
	ctl_unlink(master.conf);
	pidfile_remove(master.conf);
	log_info("ended");
	return (status);
}

int
main(int argc, char **argv)
{
	const char	*path = SYSCONFDIR "/keepd.conf";
	int		 ch, check = 0;

	log_init("keepd", LL_INFO);
	while ((ch = getopt(argc, argv, "D:df:nTvV")) != -1)
		switch (ch) {
		case 'D':
			if (conf_macro(optarg) == -1)
				usage();
			break;
		case 'd':
			master.debug = 1;
			break;
		case 'f':
			path = optarg;
			break;
		case 'n':
			check = 1;
			break;
		case 'T':
			master.trap = 1;
			break;
		case 'v':
			master.verbose = 1;
			break;
		case 'V':
			printf("keepd %s\n", KEEPD_VERSION);
			return (0);
		default:
			usage();
		}
	if (optind != argc)
		usage();
	host_look(&master.host);
	conf_name(path);
	conf_load();
	if (check) {
		if (master.verbose)
			conf_print(master.conf, stdout);
		fprintf(stderr, "configuration OK\n");
		return (0);
	}
	if (master.verbose && master.conf->log_level > LL_DEBUG)
		master.conf->log_level = LL_DEBUG;
	log_setlevel((enum log_level)master.conf->log_level);
	return (master_run(argv[0]));
}
