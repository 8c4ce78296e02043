/* SPDX-License-Identifier: ISC */
/*
 * keysign.c: the signing keys of access tokens, and the only place where
 * anything is signed.  Runs in authd only.  It signs what it has built from
 * authd's own records: there is no function that takes bytes to sign, and no
 * message that carries claims.
 *
 * Tokens are RFC 9068 (typ at+jwt), ES256 (RFC 7518, 3.4).  keepd itself
 * never verifies one: it looks the digest of the whole string up.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "authd.h"
#include "keys.h"
#include "keysign.h"

#define COORD	32			/* bytes of a P-256 coordinate */
/* A line above the PEM text, which readers of PEM skip. */
#define KEY_HEAD	"keepd signing key %u made %lld"

struct sign_key {
	EVP_PKEY	*pkey;
	int64_t		 made;
	uint32_t	 generation;
	unsigned int	 slot;
	char		 x[B64URL_LEN(COORD) + 1], y[B64URL_LEN(COORD) + 1];
	char		 kid[B64URL_LEN(DIGEST_LEN) + 1];
	char		 head[192];	/* the header, encoded */
};
static struct sign_key	 keys[SIGN_SLOTS];	/* oldest first */
static unsigned int	 nkeys;
static EVP_MD		*sha256;
static EVP_MD_CTX	*sign_ctx;		/* of the newest key */

/* RFC 7638: members in this order, no blanks. */
static void
key_thumbprint(struct sign_key *k)
{
	char		text[256];
	uint8_t		md[DIGEST_LEN];
	unsigned int	n;

	snprintf(text, sizeof(text),
	    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
	    k->x, k->y);
	if (EVP_Digest(text, strlen(text), md, &n, sha256, NULL) != 1)
		fatalx("keys: SHA-256");
	b64url_encode(md, sizeof(md), k->kid);
}

static void
key_coordinate(const EVP_PKEY *p, const char *param, char *out)
{
	BIGNUM	*bn = NULL;
	uint8_t	 b[COORD];

	if (EVP_PKEY_get_bn_param(p, param, &bn) != 1 ||
	    BN_bn2binpad(bn, b, COORD) != COORD)
		fatalx("keys: signing key has no public part");
	BN_free(bn);
	b64url_encode(b, COORD, out);
}

static void
key_describe(struct sign_key *k)
{
	char	text[160];

	if (EVP_PKEY_is_a(k->pkey, "EC") != 1 ||
	    EVP_PKEY_get_bits(k->pkey) != 256)
		fatalx("keys: sign-%u.pem: must be a P-256 key",
		    k->slot + 1);
	key_coordinate(k->pkey, OSSL_PKEY_PARAM_EC_PUB_X, k->x);
	key_coordinate(k->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, k->y);
	key_thumbprint(k);
	snprintf(text, sizeof(text),
	    "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", k->kid);
	b64url_encode(text, strlen(text), k->head);
}

/* Above the key stands which one it is; before that was so, its place was. */
static void
key_read_head(struct sign_key *k, const uint8_t *text, size_t len,
    int64_t written)
{
	char			 head[96];
	unsigned int		 g;
	long long		 made;

	memset(head, 0, sizeof(head));
	memcpy(head, text, len < sizeof(head) - 1 ? len : sizeof(head) - 1);
	k->generation = k->slot + 1;
	k->made = written;
	if (sscanf(head, KEY_HEAD, &g, &made) == 2 && g > 0) {
		k->generation = g;
		k->made = made;
	}
}

/* The text of the key lies in locked memory and is wiped. */
static void
key_load(unsigned int slot)
{
	struct sign_key	 k, *at;
	char		 name[32];
	uint8_t		*pem;
	size_t		 len;
	int64_t		 written;

	slot_name(slot, name, sizeof(name));
	if ((pem = OPENSSL_secure_malloc(KEYFILE_MAX)) == NULL)
		fatalx("keys: locked memory is used up");
	if (slot_load(slot, pem, KEYFILE_MAX, &len, &written) == -1) {
		OPENSSL_secure_clear_free(pem, KEYFILE_MAX);
		return;
	}
	memset(&k, 0, sizeof(k));
	k.slot = slot;
	key_read_head(&k, pem, len, written);
	k.pkey = key_from_pem(pem, len);
	OPENSSL_secure_clear_free(pem, KEYFILE_MAX);
	if (k.pkey == NULL)
		fatalx("keys: %s: not a private key in PEM", name);
	key_describe(&k);
	for (at = keys + nkeys; at > keys && at[-1].generation > k.generation;
	    at--)
		at[0] = at[-1];
	*at = k;
	nkeys++;
}

static int
key_store(EVP_PKEY *p, unsigned int slot, uint32_t generation, int64_t made)
{
	char	 head[96], *pem;
	size_t	 len;
	int	 rv;

	if ((pem = OPENSSL_secure_malloc(KEYFILE_MAX)) == NULL)
		fatalx("keys: locked memory is used up");
	snprintf(head, sizeof(head), KEY_HEAD, generation, (long long)made);
	if (key_to_pem(p, head, pem, KEYFILE_MAX, &len) == -1)
		fatalx("keys: cannot write a signing key");
	rv = slot_store(slot, pem, len);
	OPENSSL_secure_clear_free(pem, KEYFILE_MAX);
	return (rv);
}

static void
key_make(void)
{
	EVP_PKEY	*p;

	if ((p = EVP_EC_gen("P-256")) == NULL)
		fatalx("keys: cannot make a signing key");
	if (key_store(p, 0, 1, wall_ms() / 1000) == -1)
		fatal("keys: sign-1.pem");
	EVP_PKEY_free(p);
	log_info("keys: made sign-1.pem");
}

/* Signing once sets up all that libcrypto does lazily. */
static void
ctx_set(EVP_PKEY *p)
{
	uint8_t	sig[128];
	size_t	n = sizeof(sig);

	if (sign_ctx != NULL)
		EVP_MD_CTX_free(sign_ctx);
	if ((sign_ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestSignInit_ex(sign_ctx, NULL, "SHA256", NULL, NULL, p,
	    NULL) != 1 ||
	    EVP_DigestSign(sign_ctx, sig, &n, (const uint8_t *)"", 0) != 1)
		fatalx("keys: cannot sign");
}

void
sign_early(void)
{
	EVP_PKEY	*p;

	if ((sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)) == NULL)
		fatalx("libcrypto: no SHA-256");
	if ((p = EVP_EC_gen("P-256")) == NULL)
		fatalx("libcrypto: no P-256");
	ctx_set(p);
	EVP_PKEY_free(p);
}

void
sign_open(int dir)
{
	unsigned int	i;

	slots_open(dir);
	for (i = 0; i < SIGN_SLOTS; i++)
		key_load(i);
	if (nkeys == 0) {
		key_make();
		key_load(0);
	}
	if (nkeys == 0)
		fatalx("keys: sign-1.pem is gone again");
	ctx_set(keys[nkeys - 1].pkey);
}

void
sign_close(void)
{
	EVP_MD_CTX_free(sign_ctx);
	sign_ctx = NULL;
	while (nkeys > 0)
		EVP_PKEY_free(keys[--nkeys].pkey);
	slots_close();
}

/* ---- one key after the other ---- */

static int
slot_free(void)
{
	unsigned int	i, j;

	for (i = 0; i < SIGN_SLOTS; i++) {
		for (j = 0; j < nkeys && keys[j].slot != i; j++)
			;
		if (j == nkeys)
			return ((int)i);
	}
	return (-1);
}

const char *
sign_rotate(int64_t now, char kid[48])
{
	struct sign_key	*k;
	EVP_PKEY	*p;
	int		 slot;

	if ((slot = slot_free()) == -1)
		return ("too many keys are still known: wait until the "
		    "tokens of the oldest have ended");
	if ((p = EVP_EC_gen("P-256")) == NULL)
		return ("libcrypto cannot make a key");
	k = &keys[nkeys];
	memset(k, 0, sizeof(*k));
	k->slot = (unsigned int)slot;
	k->generation = keys[nkeys - 1].generation + 1;
	k->made = now;
	k->pkey = p;
	/* On the disk before it signs: a restart must know it. */
	if (key_store(p, k->slot, k->generation, k->made) == -1) {
		EVP_PKEY_free(p);
		memset(k, 0, sizeof(*k));
		return ("its file cannot be written");
	}
	key_describe(k);
	nkeys++;
	ctx_set(p);
	snprintf(kid, 48, "%s", k->kid);
	return (NULL);
}

int
sign_retire(int64_t now, int64_t overlap, char kid[48])
{
	if (nkeys < 2 || now < keys[1].made + overlap)
		return (0);
	snprintf(kid, 48, "%s", keys[0].kid);
	if (slot_wipe(keys[0].slot) == -1)
		log_warn("keys: a retired signing key is still on the disk");
	/* libcrypto clears the private number. */
	EVP_PKEY_free(keys[0].pkey);
	nkeys--;
	memmove(keys, keys + 1, nkeys * sizeof(keys[0]));
	memset(&keys[nkeys], 0, sizeof(keys[0]));
	return (1);
}

int64_t
sign_made(void)
{
	return (keys[nkeys - 1].made);
}

void
sign_jwks(struct buf *out)
{
	unsigned int	i;

	buf_adds(out, "{\"keys\":[");
	for (i = 0; i < nkeys; i++)
		buf_addf(out, "%s{\"kty\":\"EC\",\"crv\":\"P-256\","
		    "\"x\":\"%s\",\"y\":\"%s\",\"kid\":\"%s\","
		    "\"use\":\"sig\",\"alg\":\"ES256\"}", i != 0 ? "," : "",
		    keys[i].x, keys[i].y, keys[i].kid);
	buf_adds(out, "]}");
}

int
sign_line(unsigned int want, char *out, size_t size)
{
	const struct sign_key	*k;
	char			 when[25];

	if (want >= nkeys)
		return (-1);
	k = &keys[nkeys - 1 - want];
	wall_iso(k->made * 1000, when);
	snprintf(out, size, "sign\t%s\t%s\t%s", k->kid,
	    want == 0 ? "used" : "known", when);
	return (0);
}

/* ---- the token ---- */

static void
claim_text(struct buf *b, const char *name, const char *val)
{
	buf_addf(b, "\"%s\":", name);
	buf_add_json(b, val, strlen(val));
	buf_addc(b, ',');
}

static void
claims_build(struct buf *b, const struct grant_rec *g,
    const struct access_rec *a)
{
	char	scope[SCOPE_MAX], jti[B64URL_LEN(16) + 1];
	uint8_t	id[16];

	random_bytes(id, sizeof(id));
	b64url_encode(id, sizeof(id), jti);
	scope_text(a->scope, scope, sizeof(scope));
	buf_addc(b, '{');
	claim_text(b, "iss", auth_issuer());
	claim_text(b, "sub", g->user_id);
	claim_text(b, "aud", auth_resource());
	claim_text(b, "client_id", g->client_id);
	claim_text(b, "scope", scope);
	claim_text(b, "jti", jti);
	buf_addf(b, "\"iat\":%lld,\"exp\":%lld}", (long long)a->issued_s,
	    (long long)a->expires_s);
}

/* A DER integer of at most COORD bytes, right-aligned: bytes taken, or 0. */
static size_t
der_integer(const uint8_t *p, size_t left, uint8_t out[COORD])
{
	size_t	n;

	if (left < 2 || p[0] != 2 || p[1] > left - 2 || p[1] == 0)
		return (0);
	n = p[1];
	p += 2;
	if (n == COORD + 1 && p[0] == 0) {
		memcpy(out, p + 1, COORD);
		return (n + 2);
	}
	if (n > COORD)
		return (0);
	memset(out, 0, COORD - n);
	memcpy(out + COORD - n, p, n);
	return (n + 2);
}

/* ECDSA-Sig-Value to r || s (RFC 7518, 3.4). */
static int
der_to_raw(const uint8_t *der, size_t len, uint8_t out[2 * COORD])
{
	size_t	n;

	if (len < 2 || der[0] != 0x30 || (size_t)der[1] + 2 != len)
		return (-1);
	if ((n = der_integer(der + 2, len - 2, out)) == 0)
		return (-1);
	if (der_integer(der + 2 + n, len - 2 - n, out + COORD) !=
	    len - 2 - n)
		return (-1);
	return (0);
}

int
token_sign(const struct grant_rec *g, const struct access_rec *a, char *out,
    size_t size)
{
	const struct sign_key	*k = &keys[nkeys - 1];
	struct buf		 claims;
	uint8_t			 der[128], raw[2 * COORD];
	size_t			 n, derlen = sizeof(der);
	int			 rv = -1;

	buf_init(&claims, TOKEN_MAX);
	claims_build(&claims, g, a);
	n = strlen(k->head);
	if (claims.failed || n + 1 + B64URL_LEN(claims.len) + 1 +
	    B64URL_LEN(sizeof(raw)) + 1 > size)
		goto out;
	memcpy(out, k->head, n);
	out[n++] = '.';
	b64url_encode(claims.data, claims.len, out + n);
	n += B64URL_LEN(claims.len);
	if (EVP_DigestSignInit_ex(sign_ctx, NULL, NULL, NULL, NULL, NULL,
	    NULL) != 1 ||
	    EVP_DigestSign(sign_ctx, der, &derlen, (const uint8_t *)out,
	    n) != 1 || der_to_raw(der, derlen, raw) == -1)
		goto out;
	out[n++] = '.';
	b64url_encode(raw, sizeof(raw), out + n);
	rv = 0;
 out:
	buf_free(&claims);
	return (rv);
}
