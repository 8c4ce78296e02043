/* SPDX-License-Identifier: ISC */
/*
 * authtime.c: the time that lifetimes are counted in.  Runs in authd; trusts
 * the system's clock to go on, not to go on evenly.
 *
 * Lives begin and end by the wall clock.  What began in its future was made
 * before the clock was put back: it is judged by the time that the clock
 * would show had it gone on from before that jump.  So it lives as long as
 * it would have, not longer by the jump; what nothing is known about is
 * over.  What had ended before a jump was removed by the sweep within a
 * second or so and does not come back.  Over a restart the latest time that
 * was seen stands for all jumps; while keepd is down and the clock is
 * behind, nothing is counted, which the log says at the start.  When the
 * clock is put forward, lives end early: safe, and nobody can mend it.
 */
#include <string.h>

#include "../common/log.h"
#include "authd.h"
#include "authtime.h"

#define NOTE_EVERY_MS	60000

#define JUMPS_MAX	16
#define TOLERANCE_MS	2000		/* slower than the monotonic clock */
#define UNKNOWN_MS	((int64_t)3650 * 86400 * 1000)

struct jump {			/* the clock was put back */
	int64_t		from_ms;	/* what it would have shown, */
	struct mono	at;		/* then */
};
static struct jump	jumps[JUMPS_MAX];	/* from_ms ascending */
static unsigned int	njumps;
static int64_t		last_ms, noted_ms;
static struct mono	last_mono;

static int64_t
since(int64_t ms, struct mono then)
{
	return (ms + (int64_t)(mono_now().ms - then.ms));
}

/*
 * When there is no room the least is dropped: what it stood for is then
 * judged by the next, later one, and ends earlier.
 */
static void
jump_add(int64_t from_ms)
{
	unsigned int	i;

	if (njumps == JUMPS_MAX)
		memmove(&jumps[0], &jumps[1], --njumps * sizeof(jumps[0]));
	for (i = njumps++; i > 0 && jumps[i - 1].from_ms > from_ms; i--)
		jumps[i] = jumps[i - 1];
	jumps[i].from_ms = from_ms;
	jumps[i].at = mono_now();
}

/* The wall clock; takes note when it was put back, or caught up again. */
static int64_t
look(void)
{
	int64_t		w = wall_ms(), due = since(last_ms, last_mono);
	unsigned int	past = 0;

	if (w < last_ms || w + TOLERANCE_MS < due)
		jump_add(due);
	while (past < njumps && jumps[past].from_ms <= w)
		past++;
	njumps -= past;
	memmove(&jumps[0], &jumps[past], njumps * sizeof(jumps[0]));
	last_ms = w;
	last_mono = mono_now();
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

int64_t
auth_judge_ms(int64_t since_ms)
{
	int64_t		w = look();
	unsigned int	i;

	if (since_ms <= w)
		return (w);
	for (i = 0; i < njumps; i++)
		if (jumps[i].from_ms >= since_ms)
			return (since(jumps[i].from_ms, jumps[i].at));
	return (since_ms + UNKNOWN_MS);
}

int
auth_over(int64_t began_s, int64_t ends_s)
{
	return (ends_s * 1000 <= auth_judge_ms(began_s * 1000));
}

void
time_start(void)
{
	int64_t	seen;

	last_ms = wall_ms();
	last_mono = mono_now();
	njumps = 0;
	if (store_get(DB_META, "clock", 5, &seen, sizeof(seen)) == 0 &&
	    seen > last_ms) {
		log_warnx("the clock is %lld s behind what the last run saw: "
		    "what was issued then is judged from there on",
		    (long long)((seen - last_ms) / 1000));
		jump_add(seen);
	}
	time_note(1);
}

void
time_note(int must)
{
	int64_t		high = look();
	unsigned int	i;

	for (i = 0; i < njumps; i++)
		if (since(jumps[i].from_ms, jumps[i].at) > high)
			high = since(jumps[i].from_ms, jumps[i].at);
	if (!must && high - noted_ms < NOTE_EVERY_MS)
		return;
	noted_ms = high;
	store_put(DB_META, "clock", 5, &high, sizeof(high));
}
