/* SPDX-License-Identifier: ISC */
/*
 * conf_value.c: numbers with units, as keepd.conf writes them.
 * Runs in master as root.  Pure: text in, number out; touches nothing.
 */
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "text.h"

#define VALUE_MAX	(1ULL << 53)	/* before the unit is applied */

struct unit {
	const char	*suffix;
	uint64_t	 factor;
};

static const struct unit time_units[] = {	/* in milliseconds */
	{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
	{ "h", 3600000 }, { "d", 86400000 }, { "w", 604800000 }, { NULL, 0 }
};
static const struct unit size_units[] = {
	{ "", 1 }, { "k", 1ULL << 10 }, { "M", 1ULL << 20 },
	{ "G", 1ULL << 30 }, { NULL, 0 }
};
static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };

static const struct kind_row {
	const struct unit *units;
	uint64_t	 scale;		/* kept = value / scale */
	const char	*shape;
} kinds[] = {
	[CT_WORD] = { NULL, 1, "one of the words" },
	[CT_COUNT] = { no_units, 1, "a number" },
	[CT_SECONDS] = { time_units, 1000, "a time such as 90s, 15m or 7d" },
	[CT_MSECS] = { time_units, 1, "a time such as 500ms, 10s or 2m" },
	[CT_BYTES] = { size_units, 1, "a size such as 64k, 4M or 1G" },
	[CT_MBYTES] = { size_units, 1ULL << 20, "a size such as 256M or 4G" },
	[CT_DAYS] = { time_units, 86400000, "a number of days such as 90d" },
	[CT_COST] = { NULL, 1, "2^16, 65536 or the exponent 16" },
	[CT_PATH] = { NULL, 1, "an absolute path" },
	[CT_URL] = { NULL, 1, "a URL such as https://mcp.example.org" },
	[CT_USER] = { NULL, 1, "a user name, a uid or uid:gid" }
};

const char *
value_shape(enum conf_kind kind)
{
	return (kinds[kind].shape);
}

/* 2^16, a power of two, or its exponent: the exponent. */
static int
value_cost(const char *s, uint64_t *out)
{
	uint64_t	n, ln;

	if (strncmp(s, "2^", 2) == 0)
		return (num_parse(s + 2, strlen(s + 2), 63, out));
	if (num_parse(s, strlen(s), 1ULL << 62, &n) == -1 || n == 0)
		return (-1);
	if (n < 64) {
		*out = n;
		return (0);
	}
	if ((n & (n - 1)) != 0)
		return (-1);
	for (ln = 0; n > 1; n >>= 1)
		ln++;
	*out = ln;
	return (0);
}

static int
value_scaled(const struct kind_row *k, const char *s, uint64_t *out)
{
	const struct unit *u;
	uint64_t	 n;
	size_t		 digits;

	digits = strspn(s, "0123456789");
	if (digits == 0 || num_parse(s, digits, VALUE_MAX, &n) == -1)
		return (-1);
	for (u = k->units; u->suffix != NULL; u++)
		if (ascii_casecmp(s + digits, u->suffix) == 0)
			break;
	if (u->suffix == NULL || (n != 0 && u->factor > UINT64_MAX / n))
		return (-1);
	n *= u->factor;
	if (n % k->scale != 0)
		return (-1);
	*out = n / k->scale;
	return (0);
}

int
value_number(enum conf_kind kind, const char *s, uint64_t *out)
{
	if (kind == CT_COST)
		return (value_cost(s, out));
	if (kinds[kind].units == NULL)
		return (-1);
	return (value_scaled(&kinds[kind], s, out));
}

/* In the largest unit that divides it, so that 3600 s is printed as 1h. */
static char *
text_scaled(const struct kind_row *k, uint64_t n, char *buf, size_t size)
{
	const struct unit *u, *best = k->units;

	n *= k->scale;
	for (u = k->units; u->suffix != NULL; u++) {
		if (strcmp(u->suffix, "w") == 0 || n % u->factor != 0)
			continue;
		if (n % best->factor != 0 || u->factor >= best->factor)
			best = u;
	}
	if (n == 0)
		snprintf(buf, size, "0");
	else
		snprintf(buf, size, "%llu%s",
		    (unsigned long long)(n / best->factor), best->suffix);
	return (buf);
}

char *
value_text(enum conf_kind kind, uint64_t n, char *buf, size_t size)
{
	if (kind == CT_COST)
		snprintf(buf, size, "2^%llu", (unsigned long long)n);
	else if (kinds[kind].units == NULL)
		snprintf(buf, size, "%llu", (unsigned long long)n);
	else
		return (text_scaled(&kinds[kind], n, buf, size));
	return (buf);
}
