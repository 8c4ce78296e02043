/* SPDX-License-Identifier: ISC */
/*
 * sandbox_linux.c: uid, chroot, namespaces, rlimits, Landlock and seccomp.
 * Runs in every process at its start.  Holds no policy: the lists are the
 * role's.  A layer that fails is fatal unless the configuration says
 * degraded; what was had is measured here and told to master.
 */
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "msg.h"
#include "sandbox.h"
#include "sandbox_linux.h"

static char	root_prefix[256];
static unsigned int opt_flags;
static uid_t	 own_uid;		/* asked before the filter is on */

const char *
sandbox_root(void)
{
	return (root_prefix);
}

int
sandbox_traced(void)
{
	char	 text[4096], *p;
	ssize_t	 n;
	int	 fd;

	if ((fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC)) == -1)
		return (errno != ENOENT);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return (1);
	text[n] = '\0';
	p = strstr(text, "TracerPid:");
	return (p == NULL || atoi(p + strlen("TracerPid:")) != 0);
}

void
sandbox_missing(struct sandbox_got *got, uint32_t layer, const char *what,
    int required)
{
	got->missing |= layer;
	if (required && !(opt_flags & SBO_DEGRADED))
		fatal("sandbox: no %s (\"sandbox degraded\" starts without)",
		    what);
	log_warnx("sandbox: no %s: %s", what, strerror(errno));
}

static void
limit_set(int what, rlim_t n, const char *name)
{
	struct rlimit	rl = { n, n }, old;

	if (getrlimit(what, &old) == 0 && old.rlim_max < n)
		rl.rlim_cur = rl.rlim_max = old.rlim_max;
	if (setrlimit(what, &rl) == -1)
		fatal("setrlimit %s", name);
}

static void
limits_apply(const struct sandbox_policy *p, struct sandbox_got *got)
{
	limit_set(RLIMIT_CORE, 0, "core");
	limit_set(RLIMIT_NPROC, 0, "nproc");
	if (p->nofile != 0)
		limit_set(RLIMIT_NOFILE, p->nofile, "nofile");
	/* Reports of forbidden calls may go to a file. */
	if (!p->writes_files && !(opt_flags & SBO_TRAP))
		limit_set(RLIMIT_FSIZE, 0, "fsize");
	got->have |= LAYER_RLIMIT;
}

static int
proc_write(const char *path, const char *text)
{
	ssize_t	n;
	int	fd;

	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) == -1)
		return (-1);
	n = write(fd, text, strlen(text));
	close(fd);
	return (n == (ssize_t)strlen(text) ? 0 : -1);
}

/* Without this the process keeps every capability inside its namespace. */
static void
caps_drop(void)
{
	struct __user_cap_header_struct	h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct	d[2];

	memset(d, 0, sizeof(d));
	if (syscall(SYS_capset, &h, d) == -1)
		fatal("capset");
}

static int
userns_enter(void)
{
	uid_t	uid = getuid();
	gid_t	gid = getgid();
	char	map[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC |
	    CLONE_NEWNS | CLONE_NEWUTS) == -1)
		return (-1);
	/* The maps can be written only while the process is dumpable. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (proc_write("/proc/self/setgroups", "deny") == -1)
		return (-1);
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	if (proc_write("/proc/self/uid_map", map) == -1)
		return (-1);
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return (proc_write("/proc/self/gid_map", map));
}

static void
root_drop(const struct sandbox_opts *o, struct sandbox_got *got)
{
	if (o->uid == 0 || o->gid == 0)
		fatalx("sandbox: a role must not run as root");
	/* Its own network, IPC and mounts; containers may refuse. */
	if (unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWNS |
	    CLONE_NEWUTS) == 0)
		got->have |= LAYER_USERNS;
	if (chroot(o->dir) == -1 || chdir("/") == -1)
		fatal("chroot %s", o->dir);
	got->have |= LAYER_CHROOT;
	if (setgroups(0, NULL) == -1 ||
	    setresgid(o->gid, o->gid, o->gid) == -1 ||
	    setresuid(o->uid, o->uid, o->uid) == -1)
		fatal("cannot become uid %u gid %u", o->uid, o->gid);
	if (setuid(0) != -1 || setgid(0) != -1)
		fatalx("sandbox: root came back");
	got->have |= LAYER_UID;
	root_prefix[0] = '\0';
}

static void
user_confine(const struct sandbox_opts *o, struct sandbox_got *got)
{
	if (geteuid() == 0)
		fatalx("sandbox: started as root without the privileged "
		    "arrangement");
	if (o->flags & SBO_NO_USERNS || userns_enter() == -1) {
		if (o->flags & SBO_NO_USERNS)
			errno = EPERM;
		sandbox_missing(got, LAYER_USERNS, "user namespace", 0);
		got->missing |= LAYER_CHROOT | LAYER_UID;
		snprintf(root_prefix, sizeof(root_prefix), "%s", o->dir);
		return;
	}
	got->have |= LAYER_USERNS;
	got->missing |= LAYER_UID;
	if (chroot(o->dir) == -1 || chdir("/") == -1)
		fatal("chroot %s", o->dir);
	got->have |= LAYER_CHROOT;
	caps_drop();
}

static void
layers_text(const struct sandbox_policy *p, struct sandbox_got *got)
{
	static const struct { uint32_t bit; const char *name; } names[] = {
		{ LAYER_CHROOT, "chroot" }, { LAYER_USERNS, "namespaces" },
		{ LAYER_NNP, "no-new-privs" }, { LAYER_NODUMP, "no-dump" },
		{ LAYER_RLIMIT, "rlimits" }
	};
	size_t	i, n;

	n = (size_t)snprintf(got->text, sizeof(got->text),
	    "uid %u%s", own_uid, got->have & LAYER_UID ||
	    opt_flags & SBO_SIGNALS ? "" : " (shared)");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (got->have & names[i].bit)
			n += (size_t)snprintf(got->text + n,
			    sizeof(got->text) - n, ", %s", names[i].name);
	if (got->have & LAYER_LANDLOCK)
		n += (size_t)snprintf(got->text + n, sizeof(got->text) - n,
		    ", landlock abi %u", got->landlock_abi);
	if (got->have & LAYER_SECCOMP)
		n += (size_t)snprintf(got->text + n, sizeof(got->text) - n,
		    ", seccomp %u calls %s", got->syscalls,
		    opt_flags & SBO_ERRNO ? "refuse" :
		    opt_flags & SBO_TRAP ? "trap" : "kill");
	if (got->missing & ~(uint32_t)LAYER_UID)
		snprintf(got->text + n, sizeof(got->text) - n,
		    ", layers missing 0x%x", got->missing);
}

void
sandbox_enter(const struct sandbox_policy *p, const struct sandbox_opts *o,
    struct sandbox_got *got)
{
	memset(got, 0, sizeof(*got));
	opt_flags = o->flags;
	umask(077);
	if (o->flags & SBO_PRIVILEGED)
		root_drop(o, got);
	else
		user_confine(o, got);
	limits_apply(p, got);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("PR_SET_NO_NEW_PRIVS");
	got->have |= LAYER_NNP;
	/* The change of uid and the maps above had turned it on again. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("PR_SET_DUMPABLE");
	got->have |= LAYER_NODUMP;
	own_uid = getuid();
	landlock_apply(p, o, got);
	seccomp_apply(p, o, SC_ENTER, got);
	layers_text(p, got);
}

void
sandbox_seal(const struct sandbox_policy *p, struct sandbox_got *got)
{
	struct sandbox_opts	o;

	memset(&o, 0, sizeof(o));
	o.flags = opt_flags;
	seccomp_apply(p, &o, SC_RUN, got);
	layers_text(p, got);
}
/* From the bounding set too, or an exec as root would bring them back. */
static void
caps_keep(uint64_t keep)
{
	struct __user_cap_header_struct	h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct	d[2];
	unsigned long	cap;

	for (cap = 0; cap < 64; cap++)
		if ((keep & (1ULL << cap)) == 0 &&
		    prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1 &&
		    errno != EINVAL) {
			log_warn("capability bounding set");
			break;
		}
	if (syscall(SYS_capget, &h, d) == -1)
		fatal("capget");
	d[0].effective &= (uint32_t)keep;
	d[0].permitted &= (uint32_t)keep;
	d[1].effective &= (uint32_t)(keep >> 32);
	d[1].permitted &= (uint32_t)(keep >> 32);
	d[0].inheritable = d[1].inheritable = 0;
	if (syscall(SYS_capset, &h, d) == -1)
		fatal("capset");
}

void
sandbox_confine(const struct sandbox_policy *p, const struct sandbox_opts *o,
    uint64_t keep, struct sandbox_got *got)
{
	struct sandbox_opts	refuse = *o;

	memset(got, 0, sizeof(*got));
	opt_flags = refuse.flags |= SBO_ERRNO | SBO_SIGNALS;
	if (geteuid() == 0)
		caps_keep(keep);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("PR_SET_NO_NEW_PRIVS");
	got->have |= LAYER_NNP;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("PR_SET_DUMPABLE");
	got->have |= LAYER_NODUMP;
	own_uid = getuid();
	landlock_apply(p, &refuse, got);
	/* Without rows of a first stage the list is final at once. */
	seccomp_apply(p, &refuse, SC_ENTER, got);
	layers_text(p, got);
}
#else
typedef int sandbox_linux_unused;
#endif
