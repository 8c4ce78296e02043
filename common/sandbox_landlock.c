/* SPDX-License-Identifier: ISC */
/*
 * sandbox_landlock.c: files, TCP and signals, by Landlock.  Runs in every
 * process at its start.  The kernel's interface is asked for its version at
 * run time; numbers that older headers lack stand here.
 */
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "msg.h"
#include "sandbox_linux.h"

/* Access bits by the version that brought them. */
#define LL_EXECUTE	(1ULL << 0)
#define LL_WRITE_FILE	(1ULL << 1)
#define LL_READ_FILE	(1ULL << 2)
#define LL_READ_DIR	(1ULL << 3)
#define LL_REMOVE_FILE	(1ULL << 5)
#define LL_MAKE_DIR	(1ULL << 7)
#define LL_MAKE_REG	(1ULL << 8)
#define LL_TRUNCATE	(1ULL << 14)		/* 3 */
#define LL_OF_FILES	(LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | \
			    LL_TRUNCATE)
#define LL_NET_ALL	3ULL			/* 4: bind and connect */
#define LL_SCOPE_SOCKET	1ULL			/* 6: abstract sockets */
#define LL_SCOPE_SIGNAL	2ULL			/* 6 */

struct ll_ruleset {
	uint64_t	fs, net, scoped;
};
struct ll_path {
	uint64_t	allowed;
	int32_t		fd;
} __attribute__((__packed__));

static uint64_t
fs_mask(int abi)
{
	static const uint64_t mask[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff };

	return (abi < 5 ? mask[abi] : 0xffff);
}

static int
ruleset_make(int abi, unsigned int flags)
{
	struct ll_ruleset	r;
	size_t			size;

	memset(&r, 0, sizeof(r));
	r.fs = fs_mask(abi);
	size = sizeof(r.fs);
	if (abi >= 4) {
		r.net = LL_NET_ALL;
		size = 2 * sizeof(r.fs);
	}
	if (abi >= 6) {
		r.scoped = LL_SCOPE_SOCKET;
		if ((flags & SBO_SIGNALS) == 0)
			r.scoped |= LL_SCOPE_SIGNAL;
		size = sizeof(r);
	}
	return ((int)syscall(444, &r, size, 0));
}

static int
rule_add(int ruleset, const struct fs_rule *rule, int abi)
{
	struct ll_path	lp;
	struct stat	st;
	char		path[512];
	int		rv;

	snprintf(path, sizeof(path), "%s/%s", sandbox_root(), rule->path);
	memset(&lp, 0, sizeof(lp));
	if (rule->rights & FS_READ)
		lp.allowed |= LL_READ_FILE | LL_READ_DIR;
	if (rule->rights & FS_WRITE)
		lp.allowed |= LL_WRITE_FILE | LL_REMOVE_FILE | LL_MAKE_REG |
		    LL_MAKE_DIR | LL_TRUNCATE;
	if (rule->rights & FS_EXEC)
		lp.allowed |= LL_EXECUTE;
	lp.allowed &= fs_mask(abi);
	if ((lp.fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return (-1);
	if (fstat(lp.fd, &st) == -1 || !S_ISDIR(st.st_mode))
		lp.allowed &= LL_OF_FILES;
	rv = (int)syscall(445, ruleset, 1, &lp, 0);
	close(lp.fd);
	return (rv);
}

/* A directory that is open already: to be read, with what is in it. */
static int
dir_add(int ruleset, int dir, int abi)
{
	struct ll_path	lp;

	memset(&lp, 0, sizeof(lp));
	lp.allowed = (LL_READ_FILE | LL_READ_DIR) & fs_mask(abi);
	lp.fd = dir;
	return ((int)syscall(445, ruleset, 1, &lp, 0));
}

static int
landlock_try(const struct sandbox_policy *p, unsigned int flags, int *abi)
{
	const struct fs_rule	*rule;
	int			 fd, rv = -1;

	*abi = (int)syscall(444, NULL, 0, 1);
	if (*abi < 1 || (fd = ruleset_make(*abi, flags)) == -1)
		return (-1);
	for (rule = p->files; rule != NULL && rule->path != NULL; rule++)
		if (rule_add(fd, rule, *abi) == -1)
			goto out;
	if (p->dirfd != NULL && p->dirfd() != -1 &&
	    dir_add(fd, p->dirfd(), *abi) == -1)
		goto out;
	rv = (int)syscall(446, fd, 0);
 out:
	close(fd);
	return (rv);
}

void
landlock_apply(const struct sandbox_policy *p, const struct sandbox_opts *o,
    struct sandbox_got *got)
{
	int	abi = 0;

	errno = ENOSYS;
	if (o->flags & SBO_NO_LANDLOCK ||
	    landlock_try(p, o->flags, &abi) == -1) {
		sandbox_missing(got, LAYER_LANDLOCK, "Landlock", 1);
		return;
	}
	got->landlock_abi = (uint32_t)abi;
	got->have |= LAYER_LANDLOCK;
}
#else
typedef int sandbox_landlock_unused;
#endif
