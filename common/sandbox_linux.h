/* SPDX-License-Identifier: ISC */
/* sandbox_linux.h: between the three files of the Linux sandbox. */
#ifndef COMMON_SANDBOX_LINUX_H
#define COMMON_SANDBOX_LINUX_H

#include "sandbox.h"

void	landlock_apply(const struct sandbox_policy *,
	    const struct sandbox_opts *, struct sandbox_got *);
/* stage SC_ENTER: rows of both stages; SC_RUN: only the lasting ones. */
void	seccomp_apply(const struct sandbox_policy *,
	    const struct sandbox_opts *, int stage, struct sandbox_got *);
/* Note a missing layer; fatal if it is required. errno says why. */
void	sandbox_missing(struct sandbox_got *, uint32_t layer,
	    const char *what, int required);

#endif
