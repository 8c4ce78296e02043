/* SPDX-License-Identifier: ISC */
/* clock.c: the monotonic and the wall clock.  Runs in every program. */
#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "log.h"

static struct timespec
clock_read(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) == -1)
		fatal("clock_gettime");
	return (ts);
}

struct mono
mono_now(void)
{
	struct timespec	ts = clock_read(CLOCK_MONOTONIC);
	struct mono	m;

	m.ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	return (m);
}

uint64_t
mono_us(void)
{
	struct timespec	ts = clock_read(CLOCK_MONOTONIC);

	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

int64_t
wall_ms(void)
{
	struct timespec	ts = clock_read(CLOCK_REALTIME);

	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

int64_t
wall_s(void)
{
	return (wall_ms() / 1000);
}

void
wall_ver(int64_t ms, char *out)
{
	time_t		t = (time_t)(ms / 1000);
	struct tm	tm;

	gmtime_r(&t, &tm);
	strftime(out, 14, "%y.%m.%d.%H%M", &tm);
}

void
wall_iso(int64_t ms, char *out)
{
	time_t		t = (time_t)(ms / 1000);
	struct tm	tm;
	char		day[24];

	gmtime_r(&t, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, 25, "%.19s.%03dZ", day, (int)(ms % 1000));
}
