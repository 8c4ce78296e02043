/* SPDX-License-Identifier: ISC */
/* policy.h: what keepd-authd may do. */
#ifndef AUTHD_POLICY_H
#define AUTHD_POLICY_H

#include "../common/sandbox.h"

extern const struct sandbox_policy authd_policy;

#endif
