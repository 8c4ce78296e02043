/* SPDX-License-Identifier: ISC */
/*
 * generation.c: numbers for workers and peers that are never given twice,
 * over restarts and clock jumps too.  Runs in master; touches one file of
 * the state directory, root's own.
 *
 * The file holds a bound that no number given out has reached.  A start
 * begins at the later of that bound and the time, and moves the bound up
 * before it gives out the first number.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "keepd.h"
#include "text.h"

#define TIME_SHIFT	20
#define RESERVE		((uint64_t)1 << TIME_SHIFT)

static uint64_t	next, bound;

static uint64_t
bound_read(const char *path)
{
	char		text[32];
	uint64_t	n = 0;
	ssize_t		len;
	int		fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return (0);
	len = read(fd, text, sizeof(text));
	close(fd);
	if (len < 1 || text[len - 1] != '\n' || num_parse(text,
	    (size_t)len - 1, INT64_MAX - RESERVE, &n) == -1)
		fatalx("%s does not hold a number: remove it if keepd was not "
		    "running with its clock ahead", path);
	return (n);
}

/* A new file moved over the old one: a crash leaves one or the other. */
static void
bound_write(const char *path, uint64_t n)
{
	char	fresh[CONF_PATH_MAX + 40], text[32];
	int	fd, len;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0600);
	if (fd == -1)
		fatal("%s", fresh);
	len = snprintf(text, sizeof(text), "%" PRIu64 "\n", n);
	if (write(fd, text, (size_t)len) != len || fsync(fd) == -1)
		fatal("%s", fresh);
	close(fd);
	if (rename(fresh, path) == -1)
		fatal("%s", path);
}

uint64_t
generation_next(void)
{
	char		path[CONF_PATH_MAX + 16];
	uint64_t	now;

	if (next < bound)
		return (next++);
	snprintf(path, sizeof(path), "%s/generation", master.conf->state);
	if (bound == 0) {
		next = bound_read(path);
		now = (uint64_t)wall_s() << TIME_SHIFT;
		if (next < now)
			next = now;
	}
	bound = next + RESERVE;
	bound_write(path, bound);
	return (next++);
}
