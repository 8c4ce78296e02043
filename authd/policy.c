/* SPDX-License-Identifier: ISC */
/*
 * policy.c: all that keepd-authd may do, on all systems side by side.  Runs
 * in keepd-authd only.  Data: it trusts nobody and touches nothing.
 *
 * Its own directory and the descriptors it was given: no socket is made, no
 * program started, no file outside opened.  After the seal not even a file
 * inside is opened.
 */
#include <stddef.h>

#include "policy.h"

static const struct sc_rule calls[] = {
	/* the loop */
	{ "epoll_wait", SC_RUN, SA_ANY },
	{ "epoll_pwait", SC_RUN, SA_ANY },
	{ "epoll_ctl", SC_RUN, SA_ANY },
	{ "clock_gettime", SC_RUN, SA_CLOCK },
	{ "gettimeofday", SC_RUN, SA_ANY },
	{ "restart_syscall", SC_RUN, SA_ANY },
	{ "rt_sigreturn", SC_RUN, SA_ANY },
	/* channels; descriptors of new workers and of keepctl's connections */
	{ "recvmsg", SC_RUN, SA_ANY },
	{ "sendmsg", SC_RUN, SA_ANY },
	{ "accept4", SC_RUN, SA_ANY },
	{ "getsockopt", SC_RUN, SA_GETERR },	/* who is at the other end */
	{ "fcntl", SC_RUN, SA_FCNTL_FL },
	{ "close", SC_RUN, SA_ANY },
	/* the store */
	{ "read", SC_RUN, SA_ANY },
	{ "write", SC_RUN, SA_ANY },
	{ "pread64", SC_RUN, SA_ANY },
	{ "pwrite64", SC_RUN, SA_ANY },
	{ "pwritev", SC_RUN, SA_ANY },
	{ "writev", SC_RUN, SA_ANY },
	{ "lseek", SC_RUN, SA_ANY },
	{ "fdatasync", SC_RUN, SA_ANY },
	{ "fsync", SC_RUN, SA_ANY },
	{ "msync", SC_RUN, SA_ANY },
	{ "fallocate", SC_RUN, SA_ANY },	/* the reserve */
	{ "ftruncate", SC_RUN, SA_ANY },
	{ "fstat", SC_RUN, SA_ANY },
	{ "newfstatat", SC_RUN, SA_ANY },	/* fstat of newer libcs */
	{ "fstatfs", SC_RUN, SA_ANY },
	/* memory; the map grows */
	{ "mmap", SC_RUN, SA_NO_EXEC },
	{ "munmap", SC_RUN, SA_ANY },
	{ "mremap", SC_RUN, SA_ANY },
	{ "madvise", SC_RUN, SA_MADV_FREE },
	{ "brk", SC_RUN, SA_ANY },
	/* libcrypto: random numbers, fork check, run-once */
	{ "getrandom", SC_RUN, SA_ANY },
	{ "getpid", SC_RUN, SA_ANY },
	{ "futex", SC_RUN, SA_ANY },
	{ "exit_group", SC_RUN, SA_ANY },
	/* start only: keys and store are opened */
	{ "open", SC_ENTER, SA_ANY },
	{ "openat", SC_ENTER, SA_ANY },
	{ "mkdir", SC_ENTER, SA_ANY },
	{ "mkdirat", SC_ENTER, SA_ANY },
	{ "unlink", SC_ENTER, SA_ANY },
	{ "unlinkat", SC_ENTER, SA_ANY },
	{ "rename", SC_ENTER, SA_ANY },
	{ "renameat", SC_ENTER, SA_ANY },
	{ "renameat2", SC_ENTER, SA_ANY },
	{ "stat", SC_ENTER, SA_ANY },
	{ "statx", SC_ENTER, SA_ANY },
	{ "flock", SC_ENTER, SA_ANY },
	{ "fcntl", SC_ENTER, SA_ANY },		/* close-on-exec of LMDB's */
	{ "fadvise64", SC_ENTER, SA_ANY },
	{ "geteuid", SC_ENTER, SA_ANY },
	{ "clock_nanosleep", SC_ENTER, SA_ANY },
	{ "nanosleep", SC_ENTER, SA_ANY },
	{ "uname", SC_ENTER, SA_ANY },		/* LMDB asks for the kernel */
	{ "mprotect", SC_ENTER, SA_NO_EXEC },
	{ "mlock", SC_ENTER, SA_ANY },
	{ "mlock2", SC_ENTER, SA_ANY },
	{ NULL, 0, SA_ANY }
};

static const struct fs_rule files[] = {
	{ "", FS_READ | FS_WRITE },
	{ NULL, 0 }
};

const struct sandbox_policy authd_policy = {
	.role = "keepd-authd",
	.calls = calls,
	.files = files,
	.pledge_enter = "stdio rpath wpath cpath flock unix recvfd",
	.pledge_run = "stdio unix recvfd",
	.capsicum = 1,
	.nofile = 256,
	.writes_files = 1,
};
