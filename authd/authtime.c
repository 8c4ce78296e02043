/* SPDX-License-Identifier: ISC */
/*
 * authtime.c: the time that lifetimes are counted in.  Runs in authd; trusts
 * the system's clock to go on, not to go on evenly.
 *
 * It is the wall clock, but never less than the last value plus the
 * monotonic time since then, and after a restart never less than what the
 * last process had noted.  So when the clock is put back, no code, token or
 * session lives a second longer than it would have; what is lost while keepd
 * is down and the clock is behind is not counted, which is said in the log.
 * When the clock is put forward, lives end early: safe, and nobody can mend
 * it.
 */
#include <string.h>

#include "../common/log.h"
#include "authd.h"
#include "authtime.h"

#define NOTE_EVERY_MS	60000
#define BEHIND_MS	60000		/* worth a word */

static int64_t		last_ms;
static struct mono	last_mono;
static int64_t		noted_ms;

int64_t
auth_now_ms(void)
{
	struct mono	m = mono_now();
	int64_t		w = wall_ms(), least;

	least = last_ms + (int64_t)(m.ms - last_mono.ms);
	if (w < least)
		w = least;
	last_ms = w;
	last_mono = m;
	return (w);
}

int64_t
auth_now(void)
{
	return (auth_now_ms() / 1000);
}

void
time_start(void)
{
	int64_t	seen, now = wall_ms();

	last_mono = mono_now();
	last_ms = now;
	noted_ms = 0;
	if (store_get(DB_META, "clock", 5, &seen, sizeof(seen)) == 0) {
		if (seen > now + BEHIND_MS)
			log_warnx("the clock is %lld s behind what the last "
			    "run saw: lifetimes go on from there",
			    (long long)((seen - now) / 1000));
		if (seen > now)
			last_ms = seen;
	}
	time_note(1);
}

void
time_note(int must)
{
	int64_t	now = auth_now_ms();

	if (!must && now - noted_ms < NOTE_EVERY_MS)
		return;
	noted_ms = now;
	store_put(DB_META, "clock", 5, &now, sizeof(now));
}
