/* SPDX-License-Identifier: ISC */
/*
 * policy.c: all that keepd-listener may do, on all systems side by side.
 * Runs in keepd-listener only.  Data: it touches nothing.  There is no way
 * in this list to open a file, make a socket, run a program, signal, or
 * disturb a listening socket that others share.
 */
#include <stddef.h>

#include "sandbox.h"
#include "listener.h"

static const struct sc_rule calls[] = {
	/* the loop */
	{ "epoll_wait", SC_RUN, SA_ANY },
	{ "epoll_pwait", SC_RUN, SA_ANY },
	{ "epoll_ctl", SC_RUN, SA_ANY },
	{ "clock_gettime", SC_RUN, SA_CLOCK },	/* hosts without a vdso clock */
	{ "gettimeofday", SC_RUN, SA_ANY },
	{ "restart_syscall", SC_RUN, SA_ANY },	/* stopped and continued */
	{ "rt_sigreturn", SC_RUN, SA_ANY },
	/* connections */
	{ "accept4", SC_RUN, SA_ANY },
	{ "setsockopt", SC_RUN, SA_TCP_NODELAY },
	{ "read", SC_RUN, SA_ANY },
	{ "write", SC_RUN, SA_ANY },
	{ "recvfrom", SC_RUN, SA_ANY },
	{ "sendto", SC_RUN, SA_ANY },
	{ "close", SC_RUN, SA_ANY },
	/* channels */
	{ "recvmsg", SC_RUN, SA_ANY },
	{ "sendmsg", SC_RUN, SA_ANY },
	/* random bytes, run-once in libcrypto and its fork check */
	{ "getrandom", SC_RUN, SA_ANY },
	{ "getpid", SC_RUN, SA_ANY },
	{ "futex", SC_RUN, SA_ANY },
	/* handshakes that wait: libc changes stacks with their masks */
	{ "rt_sigprocmask", SC_RUN, SA_ANY },
	/* memory */
	{ "mmap", SC_RUN, SA_NO_EXEC },
	{ "munmap", SC_RUN, SA_ANY },
	{ "mremap", SC_RUN, SA_ANY },
	{ "madvise", SC_RUN, SA_MADV_FREE },
	{ "brk", SC_RUN, SA_ANY },
	{ "exit_group", SC_RUN, SA_ANY },
	{ NULL, 0, SA_ANY }
};

static const struct fs_rule files[] = {
	{ NULL, 0 }
};

static const struct sandbox_policy policy = {
	.role = "keepd-listener",
	.calls = calls,
	.files = files,
	.pledge_enter = "stdio inet recvfd",
	.pledge_run = "stdio inet recvfd",
	.capsicum = 1,
	.nofile = 65536,
	.writes_files = 0,
};

const struct sandbox_policy *
listener_policy(void)
{
	return (&policy);
}
