/* SPDX-License-Identifier: ISC */
/*
 * logging.h: log messages of a call for its client (stream_log).
 */
#ifndef TOOLD_LOGGING_H
#define TOOLD_LOGGING_H

#include "mcp.h"
#include "stream.h"

extern const struct feature logging_feature;

/* The least level that this request is to be told of; SL_OFF: none. */
enum stream_level logging_level(const struct mcp *);

#endif
