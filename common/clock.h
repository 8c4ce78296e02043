/* SPDX-License-Identifier: ISC */
/*
 * clock.h: the two clocks, kept apart by type so that they cannot be mixed.
 * Deadlines and rates use struct mono (never jumps); lifetimes of tokens and
 * records use wall seconds or milliseconds (they must survive a restart).
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

struct mono {
	uint64_t ms;		/* since an unspecified start */
};

struct mono	 mono_now(void);
uint64_t	 mono_us(void);			/* for durations only */
int64_t		 wall_ms(void);			/* since 1970, UTC */
int64_t		 wall_s(void);
/* YY.MM.DD.HHMM, the platform's `ver` field; out holds 14. */
void		 wall_ver(int64_t ms, char *out);
/* 2026-11-24T08:09:10.123Z; out holds 25. */
void		 wall_iso(int64_t ms, char *out);

static inline struct mono
mono_add(struct mono m, uint64_t ms)
{
	m.ms += ms;
	return (m);
}

static inline int
mono_before(struct mono a, struct mono b)
{
	return (a.ms < b.ms);
}

#endif
