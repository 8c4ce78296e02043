/* SPDX-License-Identifier: ISC */
/*
 * keybackup.c: the key files as one archive, for keepctl key backup.
 * Runs in authd only.  The bytes go from locked memory to the descriptor of
 * a file that keepctl made: no other process ever has them.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "../common/clock.h"
#include "../common/log.h"
#include "keys.h"

#define BLOCK	512

/* POSIX.1-1988 ustar, the fields we fill. */
struct tar_head {
	char	name[100], mode[8], uid[8], gid[8], size[12], mtime[12];
	char	sum[8], type, link[100], magic[6], version[2];
	char	uname[32], gname[32], major[8], minor[8], prefix[155];
	char	pad[12];
};

static void
head_fill(struct tar_head *h, const char *name, size_t len)
{
	const uint8_t	*p = (const uint8_t *)h;
	unsigned int	 sum = 0;
	size_t		 i;

	memset(h, 0, sizeof(*h));
	snprintf(h->name, sizeof(h->name), "keys/%s", name);
	snprintf(h->mode, sizeof(h->mode), "%07o", 0600U);
	snprintf(h->uid, sizeof(h->uid), "%07o", 0U);
	snprintf(h->gid, sizeof(h->gid), "%07o", 0U);
	snprintf(h->size, sizeof(h->size), "%011o", (unsigned int)len);
	snprintf(h->mtime, sizeof(h->mtime), "%011llo",
	    (unsigned long long)(wall_ms() / 1000));
	memset(h->sum, ' ', sizeof(h->sum));
	h->type = '0';
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	for (i = 0; i < sizeof(*h); i++)
		sum += p[i];
	snprintf(h->sum, 7, "%06o", sum);
}

static int
out(int fd, const void *bytes, size_t len)
{
	const uint8_t	*p = bytes;
	ssize_t		 n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(fd, p, len)) <= 0)
			return (-1);
	return (0);
}

static int
entry_write(int fd, const char *name, const uint8_t *bytes, size_t len)
{
	static const uint8_t	zero[BLOCK];
	struct tar_head		h;

	head_fill(&h, name, len);
	if (out(fd, &h, sizeof(h)) == -1 || out(fd, bytes, len) == -1)
		return (-1);
	return (out(fd, zero, (BLOCK - len % BLOCK) % BLOCK));
}

/* The signing keys lie in their files as they are to be restored. */
static int
signing_write(int fd, int *count)
{
	uint8_t		*text;
	unsigned int	 i;
	size_t		 len;
	int64_t		 written;
	char		 name[32];
	int		 rv = 0;

	if ((text = OPENSSL_secure_malloc(KEYFILE_MAX)) == NULL)
		fatalx("keys: locked memory is used up");
	for (i = 0; i < SIGN_SLOTS && rv == 0; i++) {
		if (slot_load(i, text, KEYFILE_MAX, &len, &written) == -1)
			continue;
		slot_name(i, name, sizeof(name));
		rv = entry_write(fd, name, text, len);
		(*count)++;
	}
	OPENSSL_secure_clear_free(text, KEYFILE_MAX);
	return (rv);
}

int
keys_archive(int fd)
{
	static const uint8_t	 zero[2 * BLOCK];
	const uint8_t		*b;
	struct stat		 st;
	char			 name[32];
	int			 count = 0;

	/* Anything else could make us wait for its reader. */
	if (fstat(fd, &st) == -1)
		return (-1);
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return (-1);
	}
	while ((b = keys_bytes((unsigned int)count, name,
	    sizeof(name))) != NULL) {
		if (entry_write(fd, name, b, KEY_LEN) == -1)
			return (-1);
		count++;
	}
	if (signing_write(fd, &count) == -1 ||
	    out(fd, zero, sizeof(zero)) == -1 || fsync(fd) == -1)
		return (-1);
	return (count);
}
