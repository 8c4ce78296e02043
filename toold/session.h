/* SPDX-License-Identifier: ISC */
/*
 * session.h: session ids of the handshake revisions.  An id is a nonce and
 * the negotiated revision under a MAC that covers user and client, so it is
 * known again after a restart, fits nobody else, and gives no right: every
 * request still needs its own token.  It also says what the client said it
 * can when the session began.
 *
 * An id that its client ended with DELETE is refused while this process
 * lives, or until SESSION_ENDED_MAX others were (about).
 */
#ifndef TOOLD_SESSION_H
#define TOOLD_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "era.h"
#include "mac.h"

#define SESSION_LEN		48	/* characters of an id, no NUL */
#define SESSION_ENDED_MAX	4096

/* The key from authd; NULL wipes it (no id is good then). */
void	session_setkey(const uint8_t *key);
/* Make an id: out holds SESSION_LEN + 1.  0, or -1 without a key. */
int	session_make(const char *user_id, const char *client_id, enum era,
	    unsigned int can, char *out);
/* The revision of a good id of this user and client, or 0. */
enum era session_check(const char *user_id, const char *client_id,
	    const char *id, size_t len);
/* CC_ bits of a (checked) id. */
unsigned int session_can(const char *id);
/* The client is done with this (checked) id. */
void	session_end(const char *id);
/* Was this (checked) id ended: 1 or 0. */
int	session_ended(const char *id);

#endif
