/* SPDX-License-Identifier: ISC */
/*
 * pwhash.h: what the files of keepd-pwhash share.
 */
#ifndef PWHASH_H
#define PWHASH_H

#include <stdint.h>

#include "msg.h"
#include "sandbox.h"

/* Parameters taken: N = 2^15 to 2^20, r = 8, p = 1 (RFC 7914). */
#define HASH_LN_MIN	15
#define HASH_LN_MAX	20
#define HASH_R		8
#define HASH_P		1
#define HASH_IDLE_MS	10000		/* then the memory goes back */

/* hash.c */
/* Before anything else of libcrypto: own memory for scrypt, warm-up. */
void	 hash_init(void);
/*
 * scrypt of q into out.  -1: a parameter is out of range (ln_max is the
 * configured bound), or there is no memory.
 */
int	 hash_password(const struct msg_hash *q, uint32_t ln_max,
	    uint8_t out[DIGEST_LEN]);
/* Bytes of working memory kept now. */
size_t	 hash_kept(void);
/* Give them back now (what the timer does). */
void	 hash_drop(void);

/* policy.c */
extern const struct sandbox_policy pwhash_policy;

#endif
