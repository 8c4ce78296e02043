/* SPDX-License-Identifier: ISC */
/* pkce.c: checks a code_verifier.  Runs in authd on text of a client. */
#include <string.h>

#include <openssl/evp.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "pkce.h"

#define VERIFIER_CHARS	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
			"abcdefghijklmnopqrstuvwxyz0123456789-._~"

int
pkce_ok(const char *verifier, const uint8_t challenge[DIGEST_LEN])
{
	static EVP_MD	*md;
	uint8_t		 d[DIGEST_LEN];
	size_t		 n = strlen(verifier);
	unsigned int	 len;

	if (n < 43 || n > 128 || strspn(verifier, VERIFIER_CHARS) != n)
		return (0);
	if (md == NULL && (md = EVP_MD_fetch(NULL, "SHA256", NULL)) == NULL)
		fatalx("libcrypto: no SHA-256");
	if (EVP_Digest(verifier, n, d, &len, md, NULL) != 1)
		fatalx("libcrypto: SHA-256");
	return (secret_eq(d, challenge, sizeof(d)));
}
