/* SPDX-License-Identifier: ISC */
/*
 * without.c: run a program on a kernel that seems to lack something.
 *	without LAYER PROGRAM [ARGUMENT...]
 * landlock, seccomp, namespaces: the calls that make it fail as they do
 * where it is not there.  none: nothing is taken (the control).
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct {
	const char	*layer;
	const char	*call;
	int		 err;
} rows[] = {
	{ "landlock", "landlock_create_ruleset", ENOSYS },
	{ "seccomp", "seccomp", EINVAL },
	{ "namespaces", "unshare", EPERM }
};

int
main(int argc, char **argv)
{
	scmp_filter_ctx	c;
	size_t		i;

	if (argc < 3) {
		fprintf(stderr, "usage: without LAYER PROGRAM...\n");
		return (2);
	}
	if ((c = seccomp_init(SCMP_ACT_ALLOW)) == NULL)
		return (2);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(argv[1], rows[i].layer) == 0 &&
		    seccomp_rule_add(c, SCMP_ACT_ERRNO(
		    (unsigned int)rows[i].err),
		    seccomp_syscall_resolve_name(rows[i].call), 0) != 0)
			return (2);
	/* The other way to load a filter. */
	if (strcmp(argv[1], "seccomp") == 0 && seccomp_rule_add(c,
	    SCMP_ACT_ERRNO(EINVAL), seccomp_syscall_resolve_name("prctl"), 1,
	    SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) != 0)
		return (2);
	/* Root keeps what it has: no_new_privs is keepd's to set. */
	seccomp_attr_set(c, SCMP_FLTATR_CTL_NNP, geteuid() != 0);
	if (seccomp_load(c) != 0)
		return (2);
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return (2);
}
