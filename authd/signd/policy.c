/* SPDX-License-Identifier: ISC */
/*
 * policy.c: all that keepd-signd may do, on all systems side by side.  Runs
 * in keepd-signd only.  Data: it trusts nobody and touches nothing.  Key
 * files come as descriptors, so it needs no right to open anything.
 */
#include <stddef.h>

#include "../../common/sandbox.h"
#include "signd.h"

static const struct sc_rule calls[] = {
	/* the loop */
	{ "epoll_wait", SC_RUN, SA_ANY },
	{ "epoll_pwait", SC_RUN, SA_ANY },
	{ "epoll_ctl", SC_RUN, SA_ANY },
	{ "clock_gettime", SC_RUN, SA_CLOCK },	/* hosts without a vdso clock */
	{ "gettimeofday", SC_RUN, SA_ANY },
	{ "restart_syscall", SC_RUN, SA_ANY },	/* stopped and continued */
	{ "rt_sigreturn", SC_RUN, SA_ANY },
	/* channels; key files at a reload are read the same way */
	{ "read", SC_RUN, SA_ANY },
	{ "write", SC_RUN, SA_ANY },
	{ "recvmsg", SC_RUN, SA_ANY },
	{ "sendmsg", SC_RUN, SA_ANY },
	{ "close", SC_RUN, SA_ANY },
	/* libcrypto: run-once, fork check and reseeding of its generator */
	{ "futex", SC_RUN, SA_ANY },
	{ "getpid", SC_RUN, SA_ANY },
	{ "getrandom", SC_RUN, SA_ANY },
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

const struct sandbox_policy signd_policy = {
	.role = "keepd-signd",
	.calls = calls,
	.files = files,
	.pledge_enter = "stdio recvfd",
	.pledge_run = "stdio recvfd",
	.capsicum = 1,
	.nofile = 256,
	.writes_files = 0,
};
