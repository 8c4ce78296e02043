/* SPDX-License-Identifier: ISC */
/*
 * sandbox_openbsd.c: chroot, uid, unveil and pledge.  Runs in every process
 * at its start.  Written, not run: see the README.
 */
#ifdef __OpenBSD__
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "msg.h"
#include "sandbox.h"

static char	root_prefix[256];

const char *
sandbox_root(void)
{
	return (root_prefix);
}

/* The system gives an unprivileged debugger no process that changed uid. */
int
sandbox_traced(void)
{
	return (0);
}

static void
files_unveil(const struct sandbox_policy *p)
{
	const struct fs_rule	*f;
	char			 path[512];

	for (f = p->files; f != NULL && f->path != NULL; f++) {
		snprintf(path, sizeof(path), "%s/%s", root_prefix, f->path);
		if (unveil(path, f->rights & FS_WRITE ? "rwc" : "r") == -1)
			fatal("unveil %s", path);
	}
	if (unveil(NULL, NULL) == -1)
		fatal("unveil");
}

void
sandbox_enter(const struct sandbox_policy *p, const struct sandbox_opts *o,
    struct sandbox_got *got)
{
	struct rlimit	none = { 0, 0 };

	memset(got, 0, sizeof(*got));
	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	if (o->flags & SBO_PRIVILEGED) {
		if (chroot(o->dir) == -1 || chdir("/") == -1)
			fatal("chroot %s", o->dir);
		if (setgroups(1, &o->gid) == -1 ||
		    setresgid(o->gid, o->gid, o->gid) == -1 ||
		    setresuid(o->uid, o->uid, o->uid) == -1)
			fatal("cannot become uid %u", o->uid);
		got->have |= LAYER_CHROOT | LAYER_UID;
	} else {
		snprintf(root_prefix, sizeof(root_prefix), "%s", o->dir);
		got->missing |= LAYER_CHROOT | LAYER_UID;
	}
	files_unveil(p);
	if (pledge(p->pledge_enter, NULL) == -1)
		fatal("pledge");
	got->have |= LAYER_PLEDGE | LAYER_NODUMP | LAYER_RLIMIT;
	snprintf(got->text, sizeof(got->text), "uid %u, pledge \"%s\"",
	    getuid(), p->pledge_enter);
}

void
sandbox_seal(const struct sandbox_policy *p, struct sandbox_got *got)
{
	if (pledge(p->pledge_run, NULL) == -1)
		fatal("pledge");
	snprintf(got->text, sizeof(got->text), "uid %u, %spledge \"%s\"",
	    getuid(), got->have & LAYER_CHROOT ? "chroot, " : "",
	    p->pledge_run);
}
/* Children get their own promises after exec. */
void
sandbox_confine(const struct sandbox_policy *p, const struct sandbox_opts *o,
    uint64_t keep, struct sandbox_got *got)
{
	memset(got, 0, sizeof(*got));
	if (pledge(p->pledge_run, NULL) == -1)
		fatal("pledge");
	got->have |= LAYER_PLEDGE;
	snprintf(got->text, sizeof(got->text), "uid %u, pledge \"%s\"",
	    getuid(), p->pledge_run);
}
#else
typedef int sandbox_openbsd_unused;
#endif
