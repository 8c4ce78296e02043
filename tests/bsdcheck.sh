#!/bin/sh
# SPDX-License-Identifier: ISC
# bsdcheck.sh OS: parse the files of common/ as on that system, with empty
# stand-ins for its headers.  It shows that braces, names of our own and
# conditionals fit; it is no substitute for a machine.
cd "$(dirname "$0")/.." || exit 2
os=$1
dir=obj/bsd/$os
mkdir -p "$dir/sys"
cat >"$dir/sys/event.h" <<-'EOT'
	#include <stdint.h>
	#include <time.h>
	struct kevent { uintptr_t ident; short filter; unsigned short flags;
	    unsigned int fflags; int64_t data; void *udata; };
	#define EV_SET(k, a, b, c, d, e, f) ((k)->ident = (uintptr_t)(a), \
	    (k)->filter = (b), (k)->flags = (c), (k)->fflags = (d), \
	    (k)->data = (e), (k)->udata = (f))
	#define EVFILT_READ (-1)
	#define EVFILT_WRITE (-2)
	#define EV_ADD 1
	#define EV_DELETE 2
	#define EV_EOF 0x8000
	int kqueue(void);
	int kevent(int, const struct kevent *, int, struct kevent *, int,
	    const struct timespec *);
EOT
cat >"$dir/sys/capsicum.h" <<-'EOT'
	int cap_enter(void);
EOT
cat >"$dir/sys/procctl.h" <<-'EOT'
	#define PROC_TRACE_CTL 7
	#define PROC_TRACE_CTL_DISABLE 2
	int procctl(int, int, int, void *);
EOT
mkdir -p "$dir/machine"
: >"$dir/sys/_types.h"
: >"$dir/machine/ansi.h"
cat >"$dir/bsd.h" <<-'EOT'
	#include <sys/types.h>
	#include <sys/resource.h>
	#include <sys/socket.h>
	#include <sys/stat.h>
	#include <sys/wait.h>
	#include <errno.h>
	#include <fcntl.h>
	#include <grp.h>
	#include <poll.h>
	#include <signal.h>
	#include <stdarg.h>
	#include <stddef.h>
	#include <stdint.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <time.h>
	#include <unistd.h>
	#undef __linux__
	int pledge(const char *, const char *);
	int unveil(const char *, const char *);
	int getpeereid(int, uid_t *, gid_t *);
EOT
echo "#define __${os}__ 1" >"$dir/os.h"
for f in common/*.c common/compat/*.c; do
	${CC:-cc} -std=c11 -fsyntax-only -Wall -Wextra -Wno-unused-parameter \
	    -D_GNU_SOURCE -Icommon "-I$dir" -include "$dir/bsd.h" \
	    -include "$dir/os.h" "$f" || exit 1
done
