/* SPDX-License-Identifier: ISC */
/*
 * keyfile.c: the files of keys/.  Runs in authd, at start only.  Trusts no
 * file that is not a regular file of our own user with mode 0600 or less,
 * checked on the open descriptor.  Touches no network, no store.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "keys.h"

int
keydir_open(const char *path)
{
	struct stat	st;
	int		fd;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		fatal("keys: %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1)
		fatal("keys: %s", path);
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		fatalx("keys: %s: must be a directory of mode 0700 and of our "
		    "own user", path);
	return (fd);
}

int
keyfile_load(int dir, const char *name, uint8_t *out, size_t cap, size_t *len)
{
	struct stat	st;
	ssize_t		n;
	int		fd;

	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		return (-1);
	if (fd == -1 || fstat(fd, &st) == -1)
		fatal("keys: %s", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0)
		fatalx("keys: %s: must be a file of mode 0600 and of our own "
		    "user", name);
	if (st.st_size <= 0 || (size_t)st.st_size > cap)
		fatalx("keys: %s: has no key in it", name);
	n = read(fd, out, cap);
	if (n != (ssize_t)st.st_size)
		fatalx("keys: %s: short read", name);
	close(fd);
	*len = (size_t)n;
	return (0);
}

int64_t
keyfile_time(int dir, const char *name)
{
	struct stat	st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return (0);
	return ((int64_t)st.st_mtime);
}

/*
 * Written under another name first: a key file is there whole or not at
 * all, whenever the machine stops.
 */
void
keyfile_make(int dir, const char *name, const void *bytes, size_t len)
{
	char	tmp[64];
	int	fd;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.new", name) >= sizeof(tmp))
		fatalx("keys: name too long");
	if (unlinkat(dir, tmp, 0) == -1 && errno != ENOENT)
		fatal("keys: %s", tmp);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		fatal("keys: %s", tmp);
	if (write(fd, bytes, len) != (ssize_t)len || fsync(fd) == -1)
		fatal("keys: %s", tmp);
	close(fd);
	if (renameat(dir, tmp, dir, name) == -1 || fsync(dir) == -1)
		fatal("keys: %s", name);
	log_info("keys: made %s", name);
}
