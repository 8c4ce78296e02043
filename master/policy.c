/* SPDX-License-Identifier: ISC */
/*
 * policy.c: what master keeps once everything runs: starting its own
 * programs, killing them, writing the logs, reading keepd.conf again.
 * Runs in master as root.  Children that are started later inherit these
 * limits, so the lists are theirs put together; each child then narrows
 * them to its own, which kills where this one refuses.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keepd.h"
#include "sandbox.h"

#define R(name)	{ name, SC_RUN, SA_ANY }

static const struct sc_rule calls[] = {
	/* start, watch and kill children; what exec and libc do first */
	R("clone"), R("clone3"), R("fork"), R("vfork"), R("execve"),
	R("wait4"), R("waitid"), R("kill"), R("tgkill"), R("exit"),
	R("exit_group"), R("set_tid_address"), R("set_robust_list"),
	R("rseq"), R("arch_prctl"), R("prctl"), R("prlimit64"),
	R("getrlimit"), R("setrlimit"), R("getrusage"), R("uname"),
	R("sysinfo"), R("getpid"), R("getppid"), R("gettid"),
	R("getpgrp"), R("getpgid"), R("getsid"), R("futex"),
	R("sched_yield"), R("sched_getaffinity"), R("getrandom"),
	R("getcpu"), R("membarrier"), R("restart_syscall"),
	/* what children do to become less */
	R("chroot"), R("chdir"), R("fchdir"), R("unshare"), R("seccomp"),
	R("landlock_create_ruleset"), R("landlock_add_rule"),
	R("landlock_restrict_self"), R("capget"), R("capset"),
	R("setgroups"), R("setresuid"), R("setresgid"), R("setuid"),
	R("setgid"), R("getuid"), R("geteuid"), R("getgid"), R("getegid"),
	R("getresuid"), R("getresgid"), R("getgroups"), R("umask"),
	/* memory */
	R("brk"), R("mmap"), R("munmap"), R("mremap"), R("mprotect"),
	R("madvise"), R("mlock"), R("mlock2"), R("munlock"), R("msync"),
	R("mincore"),
	/* files; which ones is Landlock's part */
	R("open"), R("openat"), R("openat2"), R("close"), R("close_range"),
	R("read"), R("write"), R("readv"), R("writev"), R("pread64"),
	R("pwrite64"), R("preadv"), R("pwritev"), R("lseek"), R("stat"),
	R("lstat"), R("fstat"), R("newfstatat"), R("statx"), R("statfs"),
	R("fstatfs"), R("access"), R("faccessat"), R("faccessat2"),
	R("readlink"), R("readlinkat"), R("getcwd"), R("getdents64"),
	R("ftruncate"), R("fallocate"), R("fadvise64"), R("fsync"),
	R("fdatasync"), R("rename"), R("renameat"), R("renameat2"),
	R("link"), R("linkat"), R("unlink"), R("unlinkat"), R("mkdir"),
	R("mkdirat"), R("rmdir"), R("chmod"), R("fchmod"), R("fchmodat"),
	R("fchown"), R("fcntl"), R("flock"), R("dup"), R("dup2"),
	R("dup3"), R("pipe"), R("pipe2"), R("ioctl"), R("utimensat"),
	/* channels, the control socket, syslog, the service manager */
	{ "socket", SC_RUN, SA_UNIX }, { "socketpair", SC_RUN, SA_UNIX },
	R("connect"), R("accept"), R("accept4"), R("sendto"), R("sendmsg"),
	R("recvfrom"), R("recvmsg"), R("shutdown"), R("getsockopt"),
	R("setsockopt"), R("getsockname"), R("getpeername"),
	/* the loop */
	R("epoll_create"), R("epoll_create1"), R("epoll_ctl"),
	R("epoll_wait"), R("epoll_pwait"), R("epoll_pwait2"), R("poll"),
	R("ppoll"), R("select"), R("pselect6"), R("eventfd2"),
	R("rt_sigaction"), R("rt_sigprocmask"), R("rt_sigreturn"),
	R("rt_sigtimedwait"), R("sigaltstack"), R("signalfd4"),
	R("clock_gettime"), R("clock_getres"), R("clock_nanosleep"),
	R("nanosleep"), R("gettimeofday"), R("time"), R("alarm"),
	R("setitimer"),
	{ NULL, 0, SA_ANY }
};

/* What the loader, libc and libcrypto read when a child starts. */
static const struct {
	const char	*path;
	int		 rights;
} system_files[] = {
	{ "/lib", FS_READ | FS_EXEC }, { "/lib64", FS_READ | FS_EXEC },
	{ "/usr/lib", FS_READ | FS_EXEC }, { "/usr/lib64", FS_READ | FS_EXEC },
	{ "/usr/local/lib", FS_READ | FS_EXEC },
	{ "/etc/ld.so.cache", FS_READ }, { "/etc/ld.so.preload", FS_READ },
	{ "/etc/ssl", FS_READ }, { "/etc/pki", FS_READ },
	{ "/proc", FS_READ }, { "/dev/null", FS_READ | FS_WRITE },
	{ "/dev/urandom", FS_READ }, { "/sys/devices/system/cpu", FS_READ }
};

#define FILES_MAX	96
static struct fs_rule	files[FILES_MAX + 1];
static char		paths[FILES_MAX][CONF_PATH_MAX];
static unsigned int	nfiles;
static struct msg_layers layers;

/* Capabilities, by number: what starting a child takes. */
#define CAP(n)	(1ULL << (n))
#define CAPS_KEPT							\
	(CAP(1)		/* DAC_OVERRIDE: into 0700 directories of roles */ | \
	CAP(2)		/* DAC_READ_SEARCH */ |				\
	CAP(0)		/* CHOWN: new log files */ |			\
	CAP(5)		/* KILL */ | CAP(6) /* SETGID */ |		\
	CAP(7)		/* SETUID */ | CAP(8) /* SETPCAP */ |		\
	CAP(18)		/* SYS_CHROOT */ |				\
	CAP(21)		/* SYS_ADMIN: namespaces of children */)

/* Paths without their first slash: rules are relative to the root. */
static void
file_allow(const char *path, int rights)
{
	if (nfiles == FILES_MAX || path[0] != '/' || access(path, F_OK) == -1)
		return;
	snprintf(paths[nfiles], sizeof(paths[nfiles]), "%s", path + 1);
	files[nfiles].path = paths[nfiles];
	files[nfiles].rights = rights;
	nfiles++;
}

static void
dir_allow(const char *file, int rights)
{
	char	dir[CONF_PATH_MAX], *slash;

	snprintf(dir, sizeof(dir), "%s", file);
	if ((slash = strrchr(dir, '/')) == NULL || slash == dir)
		return;
	*slash = '\0';
	file_allow(dir, rights);
}

/* Where it is, and where a link leads: certificates are often links. */
static void
tls_allow(const char *file)
{
	char	real[PATH_MAX];

	dir_allow(file, FS_READ);
	if (realpath(file, real) != NULL && strlen(real) < CONF_PATH_MAX)
		dir_allow(real, FS_READ);
}

static void
files_collect(const struct conf *c)
{
	uint32_t	i;

	for (i = 0; i < sizeof(system_files) / sizeof(system_files[0]); i++)
		file_allow(system_files[i].path, system_files[i].rights);
	file_allow(master.programs, FS_READ | FS_EXEC);
	file_allow(c->state, FS_READ | FS_WRITE);
	file_allow(c->logs, FS_READ | FS_WRITE);
	file_allow(c->run, FS_READ | FS_WRITE);
	/* The directory: editors replace a file by a new one. */
	for (i = 0; i < c->nfiles; i++)
		dir_allow(c->file[i], FS_READ);
	if (c->pid_file[0] != '\0')
		dir_allow(c->pid_file, FS_READ | FS_WRITE);
	for (i = 0; conf_tls(c) && i < c->ncert; i++) {
		tls_allow(c->cert[i].cert);
		tls_allow(c->cert[i].key);
		tls_allow(c->cert[i].ocsp);
	}
	for (i = 0; i < c->nlisten; i++)
		if (c->listen[i].flags & LISTEN_UNIX)
			dir_allow(c->listen[i].text, FS_READ | FS_WRITE);
}

const struct sandbox_policy master_policy = {
	.role = "keepd", .calls = calls, .files = files,
	.pledge_run = "stdio rpath wpath cpath fattr proc exec unix sendfd "
	    "recvfd",
};

void
master_confine(const struct conf *c, int degraded)
{
	struct sandbox_opts	o;
	struct sandbox_got	got;

	files_collect(c);
	memset(&o, 0, sizeof(o));
	o.flags = degraded ? SBO_DEGRADED : 0;
	sandbox_confine(&master_policy, &o, CAPS_KEPT, &got);
	layers.have = got.have;
	layers.missing = got.missing;
	layers.landlock_abi = got.landlock_abi;
	layers.syscalls = got.syscalls;
	snprintf(layers.text, sizeof(layers.text), "%s", got.text);
	log_info("sandbox: %s", layers.text);
}

const struct msg_layers *
master_layers(void)
{
	return (&layers);
}
