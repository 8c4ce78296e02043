/* SPDX-License-Identifier: ISC */
/* nodump.c: runs first in every role, before secrets are in memory. */
#include <sys/types.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef __FreeBSD__
#include <sys/procctl.h>
#include <unistd.h>
#endif

#include "../log.h"
#include "compat.h"

void
process_nodump(void)
{
#if defined(__linux__)
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("PR_SET_DUMPABLE");
#elif defined(__FreeBSD__)
	int	off = PROC_TRACE_CTL_DISABLE;

	if (procctl(P_PID, getpid(), PROC_TRACE_CTL, &off) == -1)
		fatal("PROC_TRACE_CTL");
#endif
	/* OpenBSD and NetBSD: a process that changed its uid dumps no core. */
}
