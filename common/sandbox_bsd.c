/* SPDX-License-Identifier: ISC */
/*
 * sandbox_bsd.c: FreeBSD (chroot, uid, rlimits, Capsicum) and NetBSD (the
 * same without Capsicum).  Runs in every process at its start.  Written,
 * not run: see the README.
 */
#if defined(__FreeBSD__) || defined(__NetBSD__)
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>
#ifdef __FreeBSD__
#include <sys/capsicum.h>
#endif

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "msg.h"
#include "sandbox.h"

static char		root_prefix[256];
static unsigned int	opt_flags;

const char *
sandbox_root(void)
{
	return (root_prefix);
}

int
sandbox_traced(void)
{
	return (0);
}

void
sandbox_enter(const struct sandbox_policy *p, const struct sandbox_opts *o,
    struct sandbox_got *got)
{
	struct rlimit	none = { 0, 0 };

	memset(got, 0, sizeof(*got));
	opt_flags = o->flags;
	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	if (o->flags & SBO_PRIVILEGED) {
		if (chroot(o->dir) == -1 || chdir("/") == -1)
			fatal("chroot %s", o->dir);
		if (setgroups(1, &o->gid) == -1 || setgid(o->gid) == -1 ||
		    setuid(o->uid) == -1 || setuid(0) != -1)
			fatal("cannot become uid %u", o->uid);
		setrlimit(RLIMIT_NPROC, &none);
		got->have |= LAYER_CHROOT | LAYER_UID;
	} else {
		snprintf(root_prefix, sizeof(root_prefix), "%s", o->dir);
		got->missing |= LAYER_CHROOT | LAYER_UID;
	}
	got->have |= LAYER_RLIMIT | LAYER_NODUMP;
}

void
sandbox_seal(const struct sandbox_policy *p, struct sandbox_got *got)
{
#ifdef __FreeBSD__
	if (p->capsicum && cap_enter() == 0)
		got->have |= LAYER_CAPSICUM;
#endif
	if (p->capsicum && !(got->have & LAYER_CAPSICUM)) {
		got->missing |= LAYER_CAPSICUM;
		if (!(opt_flags & SBO_DEGRADED))
			fatalx("sandbox: no capability mode (\"sandbox "
			    "degraded\" starts without)");
	}
	snprintf(got->text, sizeof(got->text), "uid %u%s%s", getuid(),
	    got->have & LAYER_CHROOT ? ", chroot" : "",
	    got->have & LAYER_CAPSICUM ? ", capsicum" : "");
}
/* Capability mode would keep master from starting anything. */
void
sandbox_confine(const struct sandbox_policy *p, const struct sandbox_opts *o,
    uint64_t keep, struct sandbox_got *got)
{
	memset(got, 0, sizeof(*got));
	snprintf(got->text, sizeof(got->text), "uid %u", getuid());
}
#else
typedef int sandbox_bsd_unused;
#endif
