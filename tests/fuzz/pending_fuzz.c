/* SPDX-License-Identifier: ISC */
/*
 * pending_fuzz.c: what a browser hands back as a pending authorization.
 * The first byte chooses: even, the rest is the text itself; odd, the rest
 * is what lies under the seal, sealed here with the right key, so that the
 * check behind the tag is reached too.  Beyond not crashing: a text that is
 * not ours never opens, and one that opens seals to the same again.
 */
/* link: authd/seal.o -lcrypto */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "authd/keys.h"
#include "authd/seal.h"
#include "text.h"

static const uint8_t	key[KEY_LEN] = "0123456789abcdef0123456789abcde";

const uint8_t *
keys_seal(uint32_t generation, uint32_t *which)
{
	if (generation > 1)
		return (NULL);
	*which = 1;
	return (key);
}

static int
seal_any(const uint8_t *plain, size_t len, char *out)
{
	static uint8_t	 raw[8192];
	EVP_CIPHER_CTX	*c = EVP_CIPHER_CTX_new();
	int		 n;

	memset(raw, 0, 14);
	raw[0] = raw[1] = 1;
	if (c == NULL ||
	    !EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, raw + 2) ||
	    !EVP_EncryptUpdate(c, NULL, &n, raw, 14) ||
	    !EVP_EncryptUpdate(c, raw + 14, &n, plain, (int)len) ||
	    !EVP_EncryptFinal_ex(c, raw + 14 + len, &n) ||
	    !EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16,
	    raw + 14 + len))
		abort();
	EVP_CIPHER_CTX_free(c);
	b64url_encode(raw, 14 + len + 16, out);
	return (0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char	text[16384], again[BLOB_MAX];
	static int	started;
	struct pending	p, q;

	if (!started)
		seal_early();
	started = 1;
	if (len < 1 || len > 4096)
		return (0);
	if (data[0] & 1)
		seal_any(data + 1, len - 1, text);
	else {
		memcpy(text, data + 1, len - 1);
		text[len - 1] = '\0';
	}
	if (pending_open(text, &p) == -1)
		return (0);
	if ((data[0] & 1) == 0)
		abort();
	if (strlen(p.redirect) >= sizeof(p.redirect) ||
	    strlen(p.state) >= sizeof(p.state) ||
	    strlen(p.client_id) >= sizeof(p.client_id))
		abort();
	if (pending_seal(&p, again, sizeof(again)) == -1 ||
	    pending_open(again, &q) == -1 || memcmp(&p, &q, sizeof(p)) != 0)
		abort();
	return (0);
}
