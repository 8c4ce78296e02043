/* SPDX-License-Identifier: ISC */
/*
 * policy.c: all that keepd-pwhash may do, on all systems side by side.
 * Runs in keepd-pwhash only.  Data: it trusts nobody and touches nothing.
 */
#include <stddef.h>

#include "pwhash.h"

static const struct sc_rule calls[] = {
	/* the loop */
	{ "epoll_wait", SC_RUN, SA_ANY },
	{ "epoll_pwait", SC_RUN, SA_ANY },
	{ "epoll_ctl", SC_RUN, SA_ANY },
	{ "clock_gettime", SC_RUN, SA_CLOCK },	/* hosts without a vdso clock */
	{ "gettimeofday", SC_RUN, SA_ANY },
	{ "restart_syscall", SC_RUN, SA_ANY },	/* stopped and continued */
	/* SIGTERM: a byte through the loop's own pipe */
	{ "read", SC_RUN, SA_ANY },
	{ "write", SC_RUN, SA_ANY },
	{ "rt_sigreturn", SC_RUN, SA_ANY },
	/* channels; a new authd's end comes as a descriptor */
	{ "recvmsg", SC_RUN, SA_ANY },
	{ "sendmsg", SC_RUN, SA_ANY },
	{ "fcntl", SC_RUN, SA_FCNTL_FL },
	{ "close", SC_RUN, SA_ANY },
	/* memory of scrypt and malloc */
	{ "mmap", SC_RUN, SA_NO_EXEC },
	{ "munmap", SC_RUN, SA_ANY },
	{ "mremap", SC_RUN, SA_ANY },
	{ "madvise", SC_RUN, SA_MADV_FREE },
	{ "brk", SC_RUN, SA_ANY },
	{ "futex", SC_RUN, SA_ANY },		/* run-once in libcrypto */
	{ "exit_group", SC_RUN, SA_ANY },
	{ NULL, 0, SA_ANY }
};

static const struct fs_rule files[] = {
	{ NULL, 0 }
};

const struct sandbox_policy pwhash_policy = {
	.role = "keepd-pwhash",
	.calls = calls,
	.files = files,
	.pledge_enter = "stdio recvfd",
	.pledge_run = "stdio recvfd",
	.capsicum = 1,
	.nofile = 16,
	.writes_files = 0,
};
