/* SPDX-License-Identifier: ISC */
/*
 * sandbox.h: how a process gives up rights.  Mechanism only: what a role may
 * keep is written in its policy.c, all platforms side by side.
 *
 * Two stages.  sandbox_enter(): after the configuration came, before the
 * first byte from anyone but master: rlimits, chroot or user namespace, own
 * uid, no_new_privs, not dumpable, Landlock, and the wide call list.
 * sandbox_seal(): after the last descriptor that start-up needs: the narrow
 * call list for good.
 *
 * A layer that cannot be had ends the process unless SBO_DEGRADED; then it
 * is named in sandbox_got.missing, and master lists the promises not kept.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SC_ENTER	1		/* allowed between enter and seal */
#define SC_RUN		2		/* allowed for good (and before) */
enum sc_arg {
	SA_ANY,
	SA_NO_EXEC,			/* mmap, mprotect: no PROT_EXEC */
	SA_TCP_NODELAY,			/* setsockopt: only that */
	SA_GETERR,			/* getsockopt: SO_ERROR, PEERCRED */
	SA_FCNTL_FL,			/* fcntl: GETFL, SETFL, GETFD, locks */
	SA_MADV_FREE,			/* madvise: DONTNEED, FREE */
	SA_CLOCK,			/* clock_gettime: any clock id */
	SA_UNIX,			/* socket: AF_UNIX only */
	SA_BELOW			/* openat: to read, below dirfd() */
};
struct sc_rule {
	const char	*name;		/* a name the system lacks is skipped */
	int		 when;		/* SC_ENTER or SC_RUN */
	enum sc_arg	 arg;
};

#define FS_READ		1		/* read files, list directories */
#define FS_WRITE	2		/* write, truncate, create, remove */
#define FS_EXEC		4		/* execute files */
struct fs_rule {
	const char	*path;		/* under the role's own root; "" = it */
	int		 rights;
};

struct sandbox_policy {
	const char		*role;	/* "keepd-authd" */
	const struct sc_rule	*calls;		/* ended by { NULL } */
	const struct fs_rule	*files;		/* ended by { NULL } */
	const char		*pledge_enter;	/* OpenBSD */
	const char		*pledge_run;
	int			 capsicum;	/* FreeBSD: capability mode */
	unsigned int		 nofile;	/* RLIMIT_NOFILE, 0: leave */
	int			 writes_files;	/* else RLIMIT_FSIZE is 0 */
	/*
	 * A directory of others that master handed over for reading, or -1;
	 * NULL: none.  Landlock lets it be read, and SA_BELOW names it.  A
	 * role without Landlock must give it up before sandbox_seal().
	 */
	int			(*dirfd)(void);
};

#define SBO_PRIVILEGED	1		/* started as root: must drop */
#define SBO_DEGRADED	2
#define SBO_TRAP	4		/* tests: report calls, do not kill */
#define SBO_NO_USERNS	8		/* tests: as if there were none */
#define SBO_NO_LANDLOCK	16
#define SBO_NO_SECCOMP	32
#define SBO_ERRNO	64		/* a call outside the list: EPERM */
#define SBO_SIGNALS	128		/* keep the right to send signals */
struct sandbox_opts {
	unsigned int	 flags;		/* SBO_ bits */
	uid_t		 uid;
	gid_t		 gid;
	const char	*dir;		/* own directory: becomes the root */
};

struct sandbox_got {
	uint32_t	have;		/* LAYER_ bits of msg.h */
	uint32_t	missing;
	uint32_t	landlock_abi;
	uint32_t	syscalls;
	char		text[256];	/* one line for the log */
};

/* The prefix for the role's own paths: "" when chrooted, else dir. */
const char *sandbox_root(void);

void	sandbox_enter(const struct sandbox_policy *,
	    const struct sandbox_opts *, struct sandbox_got *);
void	sandbox_seal(const struct sandbox_policy *, struct sandbox_got *);
/*
 * master only, once its children run: keeps uid and root.  Everything here
 * is inherited by the children it starts from now on, so the policy is a
 * superset of theirs and forbidden calls fail with EPERM: their own lists
 * kill.  Takes all capabilities but those of keep (bits 1 << number, Linux).
 */
void	sandbox_confine(const struct sandbox_policy *,
	    const struct sandbox_opts *, uint64_t keep, struct sandbox_got *);
/* 1 if a debugger is attached (or that cannot be told). */
int	sandbox_traced(void);

#endif
