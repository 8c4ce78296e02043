/* SPDX-License-Identifier: ISC */
/*
 * authtime.c: the time that lifetimes are counted in.  Runs in authd; trusts
 * the system's clock to go on, not to go on evenly.
 *
 * Lives begin and end by the wall clock.  When the clock is put back a new
 * era begins, and what was issued in an earlier one is judged by what that
 * era's clock would show: it lives as long as it would have, not longer by
 * the jump.  Records keep their era, so that this holds also when the clock
 * has caught up.  Of eras long gone nothing is known: what is left of them
 * is over.  The eras are noted in the store when one begins and about once a
 * minute; while keepd is down and the clock is behind, nothing is counted,
 * which the log says.  When the clock is put forward, lives end early: safe,
 * and nobody can mend it.
 */
#include <string.h>

#include "../common/log.h"
#include "authd.h"
#include "authtime.h"

#define NOTE_EVERY_MS	60000
#define TOLERANCE_MS	2000		/* a step back so small is none */
#define ERAS		32		/* that are remembered */
#define UNKNOWN_MS	(INT64_MAX / 4)

struct shown {			/* what a clock showed, and when */
	int64_t		ms;
	struct mono	at;
};
struct note {			/* as it is stored */
	uint32_t	era;
	uint32_t	zero;
	int64_t		ms[ERAS];	/* of each era, by its number */
};
static struct shown	eras[ERAS];	/* by number; the present one too */
static uint16_t		era;
static int64_t		noted_ms;
static int		started;

static int64_t
shows(uint16_t number)
{
	const struct shown	*s = &eras[number % ERAS];

	return (s->ms + (int64_t)(mono_now().ms - s->at.ms));
}

static void
show(uint16_t number, int64_t ms)
{
	eras[number % ERAS].ms = ms;
	eras[number % ERAS].at = mono_now();
}

/* The wall clock; a new era when it fell behind what it should show. */
static int64_t
look(void)
{
	int64_t		w = wall_ms(), due = shows(era);

	if (w > due)
		show(era, w);
	else if (started && w + TOLERANCE_MS < due) {
		log_warnx("the clock was put back by %lld s: what was issued "
		    "before lives as long as it would have",
		    (long long)((due - w) / 1000));
		show(era, due);
		show(++era, w);
		time_note(1);
	}
	return (w);
}

int64_t
auth_now_ms(void)
{
	return (look());
}

int64_t
auth_now(void)
{
	return (look() / 1000);
}

uint16_t
auth_era(void)
{
	(void)look();
	return (era);
}

int64_t
auth_judge_ms(uint16_t of)
{
	int64_t		w = look();
	uint16_t	ago = (uint16_t)(era - of);

	if (ago == 0)
		return (w);
	if (ago >= ERAS || eras[of % ERAS].ms == 0)
		return (UNKNOWN_MS);
	return (shows(of));
}

int
auth_over(uint16_t of, int64_t ends_s)
{
	return (ends_s <= auth_judge_ms(of) / 1000);
}

void
time_start(void)
{
	struct note	n;
	unsigned int	i;

	memset(eras, 0, sizeof(eras));
	era = 1;
	started = 0;
	if (store_get(DB_META, "clock", 5, &n, sizeof(n)) == 0) {
		era = (uint16_t)n.era;
		for (i = 0; i < ERAS; i++)
			if (n.ms[i] != 0)
				show((uint16_t)i, n.ms[i]);
	} else
		show(era, wall_ms());
	started = 1;
	(void)look();
	time_note(1);
}

void
time_note(int must)
{
	struct note	n;
	unsigned int	i;
	int64_t		now = shows(era);

	if (!must && now - noted_ms < NOTE_EVERY_MS && now >= noted_ms)
		return;
	noted_ms = now;
	memset(&n, 0, sizeof(n));
	n.era = era;
	for (i = 0; i < ERAS; i++)
		if (eras[i].ms != 0)
			n.ms[i] = shows((uint16_t)i);
	store_put(DB_META, "clock", 5, &n, sizeof(n));
}
