/* SPDX-License-Identifier: ISC */
/*
 * mac.c: see mac.h.  Runs in toold; SHA-256 comes from libmd, or from libc
 * where the system has it there.
 */
#include <sys/types.h>

#include <sha2.h>
#include <string.h>

#include "../common/secret.h"
#include "mac.h"

#define BLOCK		64

static void
hash_part(SHA2_CTX *ctx, const struct mac_part *part)
{
	uint8_t len[8];
	size_t i;

	for (i = 0; i < sizeof(len); i++)
		len[i] = (uint8_t)((uint64_t)part->len >> (8 * (7 - i)));
	SHA256Update(ctx, len, sizeof(len));
	SHA256Update(ctx, part->data, part->len);
}

static void
start_pad(SHA2_CTX *ctx, const uint8_t key[MAC_LEN], uint8_t fill)
{
	uint8_t pad[BLOCK];
	size_t i;

	memset(pad, fill, sizeof(pad));
	for (i = 0; i < MAC_LEN; i++)
		pad[i] ^= key[i];
	SHA256Init(ctx);
	SHA256Update(ctx, pad, sizeof(pad));
	secret_wipe(pad, sizeof(pad));
}

void
mac_make(const uint8_t key[MAC_LEN], const struct mac_part *parts, size_t n,
    uint8_t out[MAC_LEN])
{
	uint8_t inner[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;
	size_t i;

	start_pad(&ctx, key, 0x36);
	for (i = 0; i < n; i++)
		hash_part(&ctx, &parts[i]);
	SHA256Final(inner, &ctx);
	start_pad(&ctx, key, 0x5c);
	SHA256Update(&ctx, inner, sizeof(inner));
	SHA256Final(out, &ctx);
	secret_wipe(&ctx, sizeof(ctx));
}
