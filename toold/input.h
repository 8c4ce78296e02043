/* SPDX-License-Identifier: ISC */
/*
 * input.h: questions to the client's user before a request is done
 * (multi-round-trip requests).  A tool says what it needs to know with
 * call_input(); at 2026-07-28 the result says so and the client calls again
 * with the answers, in the revisions before the same questions go out on the
 * stream of the call, and the tool runs again, from the start, when they are
 * answered.  Either way nothing is kept open in the store meanwhile.
 *
 * What a client hands back with its answers is sealed: it is good for the
 * same user, client and grant, the same tool and arguments, and not for
 * long.  It conveys no right.
 */
#ifndef TOOLD_INPUT_H
#define TOOLD_INPUT_H

#include "mcp.h"

#define INPUT_TTL_MS	(15 * 60 * 1000)
#define INPUT_STATE_MAX	128		/* bytes of a tool's state, a NUL */
#define INPUT_TEXT_MAX	512		/* sealed, with a NUL */

/*
 * CC_ bits (toold.h) of a value of client capabilities; absent: 0.
 */
unsigned int input_capabilities(const struct span *);
/* What the client of this request said it can. */
unsigned int input_can(struct mcp *);

/*
 * Seal, for arguments with this args_hash(): out holds INPUT_TEXT_MAX.  0,
 * or -1.
 */
int	 input_seal(const struct caller *, const char *method,
	    const char *name, uint64_t hash, const char *state, char *out);
/*
 * requestState and inputResponses of a request, as state (holds
 * INPUT_STATE_MAX, "" when none) and *input (a new reference or NULL).
 * 0, or -1 and the error answer.
 */
int	 input_take(struct mcp *, const char *method, const char *name,
	    uint64_t hash, char *state, json_t **input);
/* A result that asks: requests is the text of an object. */
void	 input_answer(struct mcp *, const char *requests, size_t len,
	    const char *sealed);
/*
 * -32021 with the capabilities (CC_ bits) that the client would need.
 */
void	 input_needs(struct mcp *, unsigned int can);

#endif
