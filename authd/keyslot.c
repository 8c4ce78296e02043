/* SPDX-License-Identifier: ISC */
/*
 * keyslot.c: the files of the signing keys, made and opened at the start and
 * held: a new key can be stored, and an old one wiped, by a process that
 * opens nothing any more.  Runs in authd only.  Trusts no file that is not a
 * regular file of our own user with mode 0600 or less.
 *
 * A file without a whole key in it is free: it is new, was wiped, or the
 * machine stopped before the key in it was ever used.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "keys.h"

#define LAST_LINE	"-----END PRIVATE KEY-----\n"

static int	slots[SIGN_SLOTS] = { -1, -1, -1, -1, -1, -1, -1, -1 };

void
slot_name(unsigned int i, char *out, size_t size)
{
	snprintf(out, size, "sign-%u.pem", i + 1);
}

static int
slot_open(int dir, unsigned int i)
{
	struct stat	st;
	char		name[32];
	int		fd;

	slot_name(i, name, sizeof(name));
	fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1 || fstat(fd, &st) == -1)
		fatal("keys: %s", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0)
		fatalx("keys: %s: must be a file of mode 0600 and of our own "
		    "user", name);
	return (fd);
}

void
slots_open(int dir)
{
	unsigned int	i;

	for (i = 0; i < SIGN_SLOTS; i++)
		slots[i] = slot_open(dir, i);
	if (fsync(dir) == -1)
		fatal("keys");
}

int
slot_load(unsigned int i, uint8_t *out, size_t cap, size_t *len,
    int64_t *written)
{
	struct stat	st;
	ssize_t		n;
	size_t		end = sizeof(LAST_LINE) - 1;
	char		name[32];

	slot_name(i, name, sizeof(name));
	if (fstat(slots[i], &st) == -1)
		fatal("keys: %s", name);
	if (st.st_size == 0)
		return (-1);
	if ((size_t)st.st_size >= cap)
		fatalx("keys: %s: too long for a key", name);
	n = pread(slots[i], out, cap, 0);
	if (n != (ssize_t)st.st_size)
		fatalx("keys: %s: short read", name);
	*len = (size_t)n;
	*written = (int64_t)st.st_mtime;
	if (*len >= end && memcmp(out + *len - end, LAST_LINE, end) == 0)
		return (0);
	log_warnx("keys: %s: no whole key in PEM, PKCS#8: not used", name);
	return (-1);
}

int
slot_store(unsigned int i, const void *bytes, size_t len)
{
	if (ftruncate(slots[i], 0) == -1 ||
	    pwrite(slots[i], bytes, len, 0) != (ssize_t)len ||
	    fsync(slots[i]) == -1)
		return (-1);
	return (0);
}

int
slot_wipe(unsigned int i)
{
	static const uint8_t	zero[KEYFILE_MAX];
	struct stat		st;

	if (fstat(slots[i], &st) == -1 || st.st_size > KEYFILE_MAX ||
	    pwrite(slots[i], zero, (size_t)st.st_size, 0) !=
	    (ssize_t)st.st_size || fsync(slots[i]) == -1 ||
	    ftruncate(slots[i], 0) == -1 || fsync(slots[i]) == -1)
		return (-1);
	return (0);
}

void
slots_close(void)
{
	unsigned int	i;

	for (i = 0; i < SIGN_SLOTS; i++) {
		if (slots[i] != -1)
			close(slots[i]);
		slots[i] = -1;
	}
}
