/* SPDX-License-Identifier: ISC */
/*
 * policy.c: the rights of keepd-toold, all platforms side by side.  After
 * start it has one directory, opens no file in it, makes no socket, and
 * talks over the channels it was given.  The one thing it opens later are
 * log files, to read, below the descriptor of their directory.
 */
#include <stddef.h>

#include "logdir.h"
#include "policy.h"

static const struct sc_rule calls[] = {
	/* opening the store */
	{ "openat", SC_ENTER, SA_ANY },
	{ "open", SC_ENTER, SA_ANY },
	{ "access", SC_ENTER, SA_ANY },
	{ "faccessat", SC_ENTER, SA_ANY },
	{ "faccessat2", SC_ENTER, SA_ANY },
	{ "mkdirat", SC_ENTER, SA_ANY },
	{ "getcwd", SC_ENTER, SA_ANY },
	{ "readlink", SC_ENTER, SA_ANY },
	{ "readlinkat", SC_ENTER, SA_ANY },
	{ "lstat", SC_ENTER, SA_ANY },
	{ "fchmod", SC_ENTER, SA_ANY },
	{ "fchown", SC_ENTER, SA_ANY },
	{ "flock", SC_ENTER, SA_ANY },
	{ "umask", SC_ENTER, SA_ANY },
	{ "rename", SC_ENTER, SA_ANY },		/* a copy before an upgrade */
	{ "renameat", SC_ENTER, SA_ANY },
	{ "renameat2", SC_ENTER, SA_ANY },
	{ "statfs", SC_ENTER, SA_ANY },
	{ "fstatfs", SC_ENTER, SA_ANY },
	/* the store: one file and its log, open all the time */
	{ "pread64", SC_RUN, SA_ANY },
	{ "pwrite64", SC_RUN, SA_ANY },
	{ "read", SC_RUN, SA_ANY },
	{ "write", SC_RUN, SA_ANY },
	{ "lseek", SC_RUN, SA_ANY },
	{ "fstat", SC_RUN, SA_ANY },
	{ "stat", SC_RUN, SA_ANY },
	{ "newfstatat", SC_RUN, SA_ANY },
	{ "fdatasync", SC_RUN, SA_ANY },
	{ "fsync", SC_RUN, SA_ANY },
	{ "ftruncate", SC_RUN, SA_ANY },
	{ "fcntl", SC_RUN, SA_FCNTL_FL },
	{ "unlink", SC_RUN, SA_ANY },
	{ "unlinkat", SC_RUN, SA_ANY },
	/* log files, for the log tools */
	{ "openat", SC_RUN, SA_BELOW },
	{ "getdents64", SC_RUN, SA_ANY },
	/* channels and the control socket */
	{ "epoll_wait", SC_RUN, SA_ANY },
	{ "epoll_pwait", SC_RUN, SA_ANY },
	{ "epoll_ctl", SC_RUN, SA_ANY },
	{ "poll", SC_RUN, SA_ANY },
	{ "ppoll", SC_RUN, SA_ANY },
	{ "recvmsg", SC_RUN, SA_ANY },
	{ "sendmsg", SC_RUN, SA_ANY },
	{ "accept4", SC_RUN, SA_ANY },
	{ "getsockopt", SC_RUN, SA_GETERR },
	{ "close", SC_RUN, SA_ANY },
	/* memory, time, the end */
	{ "brk", SC_RUN, SA_ANY },
	{ "mmap", SC_RUN, SA_NO_EXEC },
	{ "munmap", SC_RUN, SA_ANY },
	{ "mremap", SC_RUN, SA_ANY },
	{ "madvise", SC_RUN, SA_MADV_FREE },
	{ "getrandom", SC_RUN, SA_ANY },
	{ "getpid", SC_RUN, SA_ANY },
	{ "getuid", SC_RUN, SA_ANY },
	{ "geteuid", SC_RUN, SA_ANY },
	{ "clock_gettime", SC_RUN, SA_CLOCK },
	{ "gettimeofday", SC_RUN, SA_ANY },
	{ "clock_nanosleep", SC_RUN, SA_ANY },
	{ "nanosleep", SC_RUN, SA_ANY },
	{ "futex", SC_RUN, SA_ANY },
	{ "rt_sigreturn", SC_RUN, SA_ANY },
	{ "rt_sigprocmask", SC_RUN, SA_ANY },	/* another stack (reader.c) */
	{ "restart_syscall", SC_RUN, SA_ANY },
	{ "exit", SC_RUN, SA_ANY },
	{ "exit_group", SC_RUN, SA_ANY },
	{ NULL, 0, SA_ANY }
};

static const struct fs_rule files[] = {
	{ "", FS_READ | FS_WRITE },
	{ NULL, 0 }
};

const struct sandbox_policy toold_policy = {
	.role = "keepd-toold",
	.calls = calls,
	.files = files,
	.pledge_enter = "stdio rpath wpath cpath flock unix recvfd",
	.pledge_run = "stdio rpath wpath cpath flock unix recvfd",
	.capsicum = 1,
	.nofile = 1024,
	.writes_files = 1,
	.dirfd = log_dir,
};
