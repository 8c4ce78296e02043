/* SPDX-License-Identifier: ISC */
/*
 * clock.c: a wall clock that a test can move while keepd runs.  Test only:
 * added to copies of the programs as a needed library, because they start
 * with an empty environment and a preloaded one would not reach them.
 *
 * The offset in seconds is a 64-bit integer in the file CLOCK_FILE, mapped
 * before the sandbox is entered; reading it later is no system call.  Only
 * the wall clock moves, the monotonic one stays true.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/time.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t	*offset;
static int (*real_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void
map_offset(void)
{
	void	*p;
	int	 fd;

	*(void **)&real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	if (real_gettime == NULL)
		abort();
	if ((fd = open(CLOCK_FILE, O_RDONLY | O_CLOEXEC)) == -1)
		abort();
	p = mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		abort();
	close(fd);
	offset = p;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int	 r;

	if ((r = real_gettime(id, ts)) == 0 &&
	    (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ts->tv_sec += *offset;
	return (r);
}

time_t
time(time_t *t)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (t != NULL)
		*t = ts.tv_sec;
	return (ts.tv_sec);
}

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec	 ts;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return (0);
}
