/* SPDX-License-Identifier: ISC */
/*
 * store_format.c: is the store of a format we know, and if it is of an
 * earlier one, its upgrade.  Runs in authd only, at the start, while files
 * can still be made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "store.h"

static void
path_sync(const char *path)
{
	int	fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || fsync(fd) == -1)
		fatal("store: %s", path);
	close(fd);
}

/* DIR/store.mdb.format-N, whole under that name or not there. */
static void
copy_make(const char *dir, uint32_t format)
{
	char	name[512], part[520];
	int	fd;

	if ((size_t)snprintf(name, sizeof(name), "%s/store.mdb.format-%u",
	    dir, format) >= sizeof(name))
		fatalx("store: path too long");
	snprintf(part, sizeof(part), "%s.part", name);
	if (unlink(part) == -1 && errno != ENOENT)
		fatal("store: %s", part);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		fatal("store: %s: no copy before the upgrade", part);
	if (store_copy(fd) == -1 || fsync(fd) == -1) {
		(void)unlink(part);
		fatalx("store: %s: no copy before the upgrade: make room for "
		    "one, the store was not changed", part);
	}
	close(fd);
	if (rename(part, name) == -1)
		fatal("store: %s", name);
	path_sync(dir);
	log_info("store: copied to %s before its upgrade", name);
}

static void
format_put(uint32_t v)
{
	store_put(DB_META, "format", 6, &v, sizeof(v));
}

static void
upgrade(uint32_t from)
{
	const struct store_step	*s;
	uint32_t		 v;

	for (v = from; v < store_format; v++) {
		for (s = store_steps; s->fn != NULL && s->from != v; s++)
			;
		if (s->fn == NULL)
			fatalx("store: no way from format %u", v);
		if (s->fn() == -1)
			fatalx("store: the upgrade from format %u failed: the "
			    "store was not changed", v);
	}
	format_put(store_format);
	if (store_commit() == -1)
		fatalx("store: the upgrade cannot be written: make room on "
		    "its disk, the store was not changed");
	log_info("store: upgraded from format %u to %u", from, store_format);
}

void
store_format_check(const char *dir)
{
	uint32_t	v;
	long		n;

	n = store_get_any(DB_META, "format", 6, &v, sizeof(v));
	if (n == -1) {
		format_put(store_format);
		if (store_commit() == -1)
			fatalx("store: cannot write");
		return;
	}
	if (n != (long)sizeof(v) || v < 1)
		fatalx("store: no known format");
	if (v > store_format)
		fatalx("store: %s/store.mdb has format %u, this keepd knows "
		    "formats up to %u: install the newer keepd that wrote it",
		    dir, v, store_format);
	if (v == store_format)
		return;
	copy_make(dir, v);
	upgrade(v);
}
