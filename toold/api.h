/* SPDX-License-Identifier: ISC */
/*
 * api.h: handlers of the API tools: api.c has the record and its rules,
 * api_tools.c the rows.
 */
#ifndef TOOLD_API_H
#define TOOLD_API_H

#include "artifact.h"

tool_fn	api_get;

#endif
