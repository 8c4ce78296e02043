/* SPDX-License-Identifier: ISC */
/*
 * policy.h: what keepd-toold may keep of its rights.
 */
#ifndef TOOLD_POLICY_H
#define TOOLD_POLICY_H

#include "../common/sandbox.h"

extern const struct sandbox_policy toold_policy;

#endif
