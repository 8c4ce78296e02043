/* SPDX-License-Identifier: ISC */
/*
 * opaque.h: values that a client is handed to bring back: cursors of lists,
 * the state of a request that waits for input.  The content is not secret
 * (the client could know it all); a MAC over it, over what it is for and
 * over user, client and grant keeps it as it was and with whom it was.  It
 * conveys no authority: each request still needs its own token.
 */
#ifndef TOOLD_OPAQUE_H
#define TOOLD_OPAQUE_H

#include <stddef.h>
#include <stdint.h>

#include "../common/text.h"
#include "toold.h"

#define OPAQUE_DATA_MAX	256
#define OPAQUE_MAC	16
#define OPAQUE_TEXT_MAX	B64URL_LEN(OPAQUE_DATA_MAX + OPAQUE_MAC)

/* The key from authd; NULL wipes it (nothing is good then). */
void	opaque_setkey(const uint8_t *key);
/*
 * Text of len bytes of data for a purpose: out holds OPAQUE_TEXT_MAX + 1.
 * 0, or -1 without a key or when it is too long.
 */
int	opaque_make(const char *purpose, const struct caller *,
	    const void *data, size_t len, char *out);
/* The data of a good text, at most cap bytes: their number, or -1. */
long	opaque_open(const char *purpose, const struct caller *,
	    const char *text, size_t text_len, void *data, size_t cap);

#endif
