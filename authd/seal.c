/* SPDX-License-Identifier: ISC */
/*
 * seal.c: sealing and opening of pending authorizations.  Runs in authd on
 * text that a browser hands back: nothing of it is believed before the tag
 * of AES-256-GCM fits, and its shape is checked afterwards all the same.
 * Never touches the store.
 *
 *   blob:  version, key generation, nonce (12), ciphertext, tag (16)
 *   plain: struct plain, redirect NUL [state NUL]
 */
#include <string.h>

#include <openssl/evp.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "keys.h"
#include "seal.h"

#define SEAL_VERSION	1
#define NONCE_LEN	12
#define TAG_LEN		16
#define HEAD_LEN	(2 + NONCE_LEN)

struct plain {
	int64_t		created_s, expires_s;
	uint32_t	scope, flags;
	uint32_t	redirect_len, state_len;	/* with NUL; 0: none */
	uint16_t	era, zero[3];
	uint8_t		txn[TXN_LEN];
	uint8_t		cookie[DIGEST_LEN];
	uint8_t		challenge[DIGEST_LEN];
	char		client_id[40];
};
#define PLAIN_MAX	(sizeof(struct plain) + URI_MAX + STATE_MAX)
#define RAW_MAX		(HEAD_LEN + PLAIN_MAX + TAG_LEN)

static EVP_CIPHER	*gcm;
static EVP_CIPHER_CTX	*ctx;

void
seal_early(void)
{
	uint8_t	key[KEY_LEN], b[32];
	int	n;

	if ((gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL)) == NULL ||
	    (ctx = EVP_CIPHER_CTX_new()) == NULL)
		fatalx("libcrypto: no AES-256-GCM");
	memset(key, 1, sizeof(key));
	if (EVP_EncryptInit_ex2(ctx, gcm, key, key, NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, b, &n, key, 16) != 1)
		fatalx("libcrypto: AES-256-GCM does not work");
}

static int
gcm_seal(const uint8_t *key, uint8_t *raw, const uint8_t *plain, size_t len)
{
	uint8_t	*body = raw + HEAD_LEN;
	int	 n;

	if (EVP_EncryptInit_ex2(ctx, gcm, key, raw + 2, NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &n, raw, HEAD_LEN) != 1 ||
	    EVP_EncryptUpdate(ctx, body, &n, plain, (int)len) != 1 ||
	    (size_t)n != len ||
	    EVP_EncryptFinal_ex(ctx, body + len, &n) != 1 || n != 0 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN,
	    body + len) != 1)
		return (-1);
	return (0);
}

static int
gcm_open(const uint8_t *key, uint8_t *raw, uint8_t *plain, size_t len)
{
	uint8_t	*body = raw + HEAD_LEN, last[TAG_LEN];
	int	 n;

	if (EVP_DecryptInit_ex2(ctx, gcm, key, raw + 2, NULL) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &n, raw, HEAD_LEN) != 1 ||
	    EVP_DecryptUpdate(ctx, plain, &n, body, (int)len) != 1 ||
	    (size_t)n != len ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN,
	    body + len) != 1 || EVP_DecryptFinal_ex(ctx, last, &n) != 1)
		return (-1);
	return (0);
}

int
pending_seal(const struct pending *p, char *out, size_t size)
{
	struct plain	 h;
	uint8_t		 plain[PLAIN_MAX], raw[RAW_MAX];
	const uint8_t	*key;
	uint32_t	 generation;
	size_t		 len;
	int		 rv = -1;

	memset(&h, 0, sizeof(h));
	h.created_s = p->created_s;
	h.expires_s = p->expires_s;
	h.scope = p->scope;
	h.flags = p->flags;
	h.era = p->era;
	h.redirect_len = (uint32_t)strlen(p->redirect) + 1;
	h.state_len = p->has_state ? (uint32_t)strlen(p->state) + 1 : 0;
	memcpy(h.txn, p->txn, sizeof(h.txn));
	memcpy(h.cookie, p->cookie, sizeof(h.cookie));
	memcpy(h.challenge, p->challenge, sizeof(h.challenge));
	memcpy(h.client_id, p->client_id, sizeof(h.client_id));
	memcpy(plain, &h, sizeof(h));
	memcpy(plain + sizeof(h), p->redirect, h.redirect_len);
	memcpy(plain + sizeof(h) + h.redirect_len, p->state, h.state_len);
	len = sizeof(h) + h.redirect_len + h.state_len;
	if (B64URL_LEN(HEAD_LEN + len + TAG_LEN) + 1 > size ||
	    (key = keys_seal(0, &generation)) == NULL)
		goto out;
	raw[0] = SEAL_VERSION;
	raw[1] = (uint8_t)generation;
	random_bytes(raw + 2, NONCE_LEN);
	if (gcm_seal(key, raw, plain, len) == -1)
		goto out;
	b64url_encode(raw, HEAD_LEN + len + TAG_LEN, out);
	rv = 0;
 out:
	secret_wipe(plain, sizeof(plain));
	return (rv);
}

/* The tag fitted: only a program of another shape could fail here. */
static int
plain_unpack(const uint8_t *plain, size_t len, struct pending *p)
{
	struct plain	 h;
	const char	*redirect, *state;

	memcpy(&h, plain, sizeof(h));
	if (h.redirect_len == 0 || h.redirect_len > URI_MAX ||
	    h.state_len > STATE_MAX ||
	    sizeof(h) + h.redirect_len + h.state_len != len ||
	    !text_field_ok(h.client_id, sizeof(h.client_id)))
		return (-1);
	redirect = (const char *)plain + sizeof(h);
	state = redirect + h.redirect_len;
	if (strnlen(redirect, h.redirect_len) != h.redirect_len - 1 ||
	    (h.state_len != 0 &&
	    strnlen(state, h.state_len) != h.state_len - 1))
		return (-1);
	memset(p, 0, sizeof(*p));
	p->created_s = h.created_s;
	p->expires_s = h.expires_s;
	p->scope = h.scope;
	p->flags = h.flags;
	p->era = h.era;
	memcpy(p->txn, h.txn, sizeof(p->txn));
	memcpy(p->cookie, h.cookie, sizeof(p->cookie));
	memcpy(p->challenge, h.challenge, sizeof(p->challenge));
	memcpy(p->client_id, h.client_id, sizeof(p->client_id));
	memcpy(p->redirect, redirect, h.redirect_len);
	p->has_state = h.state_len != 0;
	memcpy(p->state, state, h.state_len);
	return (0);
}

int
pending_open(const char *text, struct pending *p)
{
	uint8_t		 plain[PLAIN_MAX], raw[RAW_MAX];
	const uint8_t	*key;
	uint32_t	 generation;
	size_t		 len;
	int		 n, rv = -1;

	n = b64url_decode(text, strlen(text), raw, sizeof(raw));
	if (n < (int)(HEAD_LEN + sizeof(struct plain) + TAG_LEN) ||
	    raw[0] != SEAL_VERSION || raw[1] == 0 ||
	    (key = keys_seal(raw[1], &generation)) == NULL)
		return (-1);
	len = (size_t)n - HEAD_LEN - TAG_LEN;
	if (gcm_open(key, raw, plain, len) == 0)
		rv = plain_unpack(plain, len, p);
	secret_wipe(plain, sizeof(plain));
	return (rv);
}
