/* SPDX-License-Identifier: ISC */
/*
 * mirror.h: arguments of a tool that the client repeats in header fields,
 * Mcp-Param-NAME, so that something on the way can read them (2026-07-28,
 * Streamable HTTP, custom headers).  A property of the input schema asks for
 * it with "x-mcp-header".  No tool of keepd does: clients that know nothing
 * of it would be turned away.
 */
#ifndef TOOLD_MIRROR_H
#define TOOLD_MIRROR_H

#include "mcp.h"

/*
 * Header fields of the request against its arguments: 0, or -1 and the
 * whole error answer (status 400, -32020).  mirrors: header to array of
 * keys that lead to the value (tools.h).
 */
int	 mirror_check(struct mcp *, const json_t *mirrors,
	    const json_t *args);

#endif
