/* SPDX-License-Identifier: ISC */
/* signd.h: between the files of keepd-signd. */
#ifndef SIGND_SIGND_H
#define SIGND_SIGND_H

#include "../../common/sandbox.h"

/* policy.c */
extern const struct sandbox_policy signd_policy;

#endif
