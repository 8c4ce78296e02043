/* SPDX-License-Identifier: ISC */
/*
 * adaptive.h: handlers of the adaptive entity tools: adaptive.c has the
 * record, adaptive_tools.c the rows.
 */
#ifndef TOOLD_ADAPTIVE_H
#define TOOLD_ADAPTIVE_H

#include "artifact.h"

tool_fn	adaptive_get;

#endif
