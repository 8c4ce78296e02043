/* SPDX-License-Identifier: ISC */
/*
 * watch.h: who is told when artifacts, or the lists of tools, prompts and
 * resources, change.
 *
 * 2026-07-28: a subscriptions/listen request, whose answer is a long stream
 * that begins with what was accepted.  Before: resources/subscribe for a
 * session, and the stream that GET opens for it (configuration: get-stream).
 *
 * Changes count when their transaction is committed.  Whether the caller may
 * see the artifact is asked when the subscription is made and again when the
 * word goes out, under the handle that is live then.  What happens while a
 * stream has no handle, or while a session has no stream, is told after.
 */
#ifndef TOOLD_WATCH_H
#define TOOLD_WATCH_H

#include "mcp.h"
#include "store_art.h"

#define WATCH_URIS_MAX		64	/* of one subscription or session */
#define WATCH_SESSIONS_MAX	1024	/* without a stream, in all */
#define WATCH_SESSIONS_GRANT	16	/* ... and of one grant */
#define WATCH_CHANGES_MAX	64	/* told singly in one turn */

extern const struct feature watch_feature;

void	watch_init(void);
void	watch_setconf(const struct msg_conf_toold *);
/* Has the revision changes to tell of, as configured: 1 or 0. */
int	watch_offered(const struct era_row *);
/*
 * The lists of tools (1) or prompts (2) are not what they were, for all
 * callers; what a change of rights does for one.
 */
void	watch_lists(unsigned int);

#endif
