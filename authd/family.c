/* SPDX-License-Identifier: ISC */
/*
 * family.c: the rules of refresh token rotation.  Runs in authd; pure, on a
 * record that the caller reads and writes.
 *
 * Clients refresh from several processes at once and lose answers; thieves
 * replay.  Each issue of tokens gets the next serial.  [cur, next) are the
 * tokens of the current generation, all unused (using one moves the family
 * on); [prev, prev_end) those of the generation before, one of which was
 * used.  Everything else was left behind or cancelled.
 */
#include <string.h>

#include "family.h"

void
family_init(struct family_rec *f, int64_t now_ms, uint16_t era,
    uint32_t *serial)
{
	memset(f, 0, sizeof(*f));
	f->v = FAMILY_REC_V;
	f->era = era;
	f->generation = 1;
	f->cur = 1;
	f->next = 2;
	f->rotated_ms = now_ms;
	*serial = 1;
}

/* Forget ranges whose access tokens have all expired by now. */
static void
ranges_trim(struct family_rec *f, int64_t now_s)
{
	uint32_t	i, n = 0;

	for (i = 0; i < f->nranges; i++)
		if (f->range[i].until_s > now_s)
			f->range[n++] = f->range[i];
	memset(&f->range[n], 0, (CANCEL_RANGES - n) * sizeof(f->range[0]));
	f->nranges = n;
}

/*
 * Remember serials [from, to) as cancelled.  When there is no room, the two
 * newest become one and what lies between them is cancelled too: an access
 * token more is refused and its owner refreshes, none is accepted wrongly.
 */
static void
range_add(struct family_rec *f, uint32_t from, uint32_t to, int64_t until_s)
{
	uint32_t	n = f->nranges;

	if (n > 0 && (f->range[n - 1].to == from || n == CANCEL_RANGES)) {
		f->range[n - 1].to = to;
		f->range[n - 1].until_s = until_s;
		return;
	}
	f->range[n].from = from;
	f->range[n].to = to;
	f->range[n].until_s = until_s;
	f->nranges++;
}

static uint32_t
family_next(struct family_rec *f, const struct family_time *t)
{
	f->cur = f->next++;
	f->generation++;
	f->rotated_ms = t->now_ms;
	f->era = t->era;
	return (f->cur);
}

enum family_verdict
family_use(struct family_rec *f, uint32_t serial,
    const struct family_time *t, uint32_t *out)
{
	int64_t	now_s = t->now_ms / 1000;

	if (f->next == UINT32_MAX)
		return (FV_REPLAY);
	ranges_trim(f, now_s);
	if (serial >= f->cur && serial < f->next) {
		f->prev = f->cur;
		f->prev_end = f->next;
		*out = family_next(f, t);
		return (FV_ROTATE);
	}
	if (serial < f->prev || serial >= f->prev_end)
		return (FV_REPLAY);
	if (t->since_ms <= t->grace_ms) {
		*out = f->next++;
		f->graced++;
		/* The oldest unused one makes room; its owner is not told. */
		if (f->next - f->cur > SIBLINGS_MAX) {
			range_add(f, f->cur, f->cur + 1, now_s + t->cancel_s);
			f->cur++;
		}
		return (FV_SIBLING);
	}
	range_add(f, f->cur, f->next, now_s + t->cancel_s);
	*out = family_next(f, t);
	return (FV_LOST);
}

int
family_cancelled(const struct family_rec *f, uint32_t serial)
{
	uint32_t	i;

	if (serial >= f->next)
		return (1);
	for (i = 0; i < f->nranges && i < CANCEL_RANGES; i++)
		if (serial >= f->range[i].from && serial < f->range[i].to)
			return (1);
	return (0);
}
