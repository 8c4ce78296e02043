/* SPDX-License-Identifier: ISC */
/* pkce.h: proof keys of codes (RFC 7636), S256 only.  Pure. */
#ifndef AUTHD_PKCE_H
#define AUTHD_PKCE_H

#include <stdint.h>

#include "../common/msg.h"

/* Is it 43 to 128 unreserved characters whose SHA-256 is the challenge? */
int	pkce_ok(const char *verifier, const uint8_t challenge[DIGEST_LEN]);

#endif
