/* SPDX-License-Identifier: ISC */
/*
 * ctl_when.c: times as people type them.
 * Runs in authd only.  Pure: text in, seconds out.
 */
#include <string.h>

#include "../common/text.h"
#include "ctlconn.h"

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t
days_of(int64_t y, int64_t m, int64_t d)
{
	/* Count from March, so that the leap day ends the year. */
	if (m <= 2) {
		y--;
		m += 12;
	}
	return (365 * y + y / 4 - y / 100 + y / 400 + (153 * (m - 3) + 2) / 5 +
	    d - 1 - 719468);
}

static int
days_in(uint64_t y, uint64_t m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };

	if (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0))
		return (29);
	return (days[m - 1]);
}

/* 2026-01-31T12:00:00Z, to the letter. */
static int64_t
iso_parse(const char *s)
{
	static const struct { size_t off, len; uint64_t max; } part[] = {
		{ 0, 4, 9999 }, { 5, 2, 12 }, { 8, 2, 31 }, { 11, 2, 23 },
		{ 14, 2, 59 }, { 17, 2, 59 }
	};
	uint64_t	 v[6];
	size_t		 i;

	if (strlen(s) != 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' ||
	    s[13] != ':' || s[16] != ':' || s[19] != 'Z')
		return (-1);
	for (i = 0; i < 6; i++)
		if (num_parse(s + part[i].off, part[i].len, part[i].max,
		    &v[i]) == -1)
			return (-1);
	if (v[0] < 1970 || v[1] == 0 || v[2] == 0 ||
	    v[2] > (uint64_t)days_in(v[0], v[1]))
		return (-1);
	return (days_of((int64_t)v[0], (int64_t)v[1], (int64_t)v[2]) * 86400 +
	    (int64_t)(v[3] * 3600 + v[4] * 60 + v[5]));
}

int64_t
ctl_when(const char *s, int64_t now)
{
	static const struct { char unit; int64_t s; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }
	};
	uint64_t	 n;
	size_t		 i, len = strlen(s);

	if (len == 0)
		return (-1);
	if (num_parse(s, len, INT32_MAX * 64ULL, &n) == 0)
		return ((int64_t)n);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (s[len - 1] == units[i].unit && num_parse(s, len - 1,
		    100000000, &n) == 0)
			return (now > (int64_t)n * units[i].s ?
			    now - (int64_t)n * units[i].s : 0);
	return (iso_parse(s));
}
