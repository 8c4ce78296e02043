/* SPDX-License-Identifier: ISC */
/*
 * keypem.c: a P-256 private key to and from PEM, PKCS#8 (RFC 5958, RFC 5915).
 * Runs in authd only.  libcrypto could do both, but leaves copies of the key
 * behind in ordinary memory, where they outlive it.  Here every byte of it is
 * in locked memory, and wiped.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "../common/log.h"
#include "../common/text.h"
#include "keys.h"

#define BEGIN		"-----BEGIN PRIVATE KEY-----\n"
#define END		"-----END PRIVATE KEY-----\n"
#define COORD		32
#define POINT		(1 + 2 * COORD)
#define LINE		64

/* All that stands before the private number, and between it and the point. */
static const uint8_t	der_head[] = {
	0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a,
	0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
	0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01,
	0x01, 0x04, 0x20
};
static const uint8_t	der_middle[] = { 0xa1, 0x44, 0x03, 0x42, 0x00 };
#define AT_PRIVATE	sizeof(der_head)
#define AT_MIDDLE	(AT_PRIVATE + COORD)
#define AT_POINT	(AT_MIDDLE + sizeof(der_middle))
#define DER_LEN		(AT_POINT + POINT)	/* 138: no padding */

/* libcrypto's numbers are in the order of the machine. */
static void
native(uint8_t *out, const uint8_t *in)
{
	static const uint16_t	one = 1;
	size_t			i;

	for (i = 0; i < COORD; i++)
		out[i] = *(const uint8_t *)&one == 1 ? in[COORD - 1 - i] :
		    in[i];
}

static EVP_PKEY *
key_build(uint8_t *der)
{
	EVP_PKEY_CTX	*c;
	EVP_PKEY	*p = NULL;
	OSSL_PARAM	 params[4];
	char		 group[] = "P-256";
	uint8_t		*number = der + DER_LEN;	/* room behind it */

	native(number, der + AT_PRIVATE);
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, der + AT_POINT, POINT);
	params[2] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number,
	    COORD);
	params[3] = OSSL_PARAM_construct_end();
	if ((c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL)) != NULL &&
	    EVP_PKEY_fromdata_init(c) == 1 &&
	    EVP_PKEY_fromdata(c, &p, EVP_PKEY_KEYPAIR, params) != 1)
		p = NULL;
	EVP_PKEY_CTX_free(c);
	return (p);
}

/* The base64 text between the marks, without its line ends: its length. */
static size_t
body_copy(const char *pem, size_t len, char *out, size_t cap)
{
	const char	*from, *to, *end = pem + len;
	size_t		 n = 0;

	from = memmem(pem, len, BEGIN, sizeof(BEGIN) - 1);
	if (from == NULL)
		return (0);
	from += sizeof(BEGIN) - 1;
	to = memmem(from, (size_t)(end - from), END, sizeof(END) - 1);
	for (; to != NULL && from < to && n < cap; from++)
		if (*from != '\n')
			out[n++] = *from;
	return (n);
}

/* A key of another shape, made by somebody else: by libcrypto after all. */
static EVP_PKEY *
key_other(const void *pem, size_t len)
{
	EVP_PKEY	*p;
	BIO		*b;

	if ((b = BIO_new_mem_buf(pem, (int)len)) == NULL)
		fatalx("keys: memory");
	p = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
	BIO_free(b);
	return (p);
}

EVP_PKEY *
key_from_pem(const void *pem, size_t len)
{
	EVP_PKEY	*p = NULL;
	char		*body;
	uint8_t		*der;
	size_t		 n;

	if ((body = OPENSSL_secure_malloc(KEYFILE_MAX)) == NULL ||
	    (der = OPENSSL_secure_malloc(DER_LEN + COORD)) == NULL)
		fatalx("keys: locked memory is used up");
	n = body_copy(pem, len, body, KEYFILE_MAX);
	if (n == DER_LEN / 3 * 4 &&
	    b64_decode(body, n, der, DER_LEN) == (int)DER_LEN &&
	    memcmp(der, der_head, sizeof(der_head)) == 0 &&
	    memcmp(der + AT_MIDDLE, der_middle, sizeof(der_middle)) == 0)
		p = key_build(der);
	OPENSSL_secure_clear_free(body, KEYFILE_MAX);
	OPENSSL_secure_clear_free(der, DER_LEN + COORD);
	return (p != NULL ? p : key_other(pem, len));
}

/* The private number and the point, where they belong in der. */
static int
key_take(const EVP_PKEY *p, uint8_t *der)
{
	OSSL_PARAM	 params[2];
	uint8_t		*number = der + DER_LEN;
	size_t		 n;

	memset(number, 0, COORD);
	params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number,
	    COORD);
	params[1] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_get_params(p, params) != 1)
		return (-1);
	native(der + AT_PRIVATE, number);
	if (EVP_PKEY_get_octet_string_param(p, OSSL_PKEY_PARAM_PUB_KEY,
	    der + AT_POINT, POINT, &n) != 1 || n != POINT ||
	    der[AT_POINT] != 4)
		return (-1);
	return (0);
}

static size_t
pem_write(char *out, const char *head, const char *body, size_t len)
{
	size_t	n, i;

	n = (size_t)sprintf(out, "%s\n" BEGIN, head);
	for (i = 0; i < len; i++) {
		out[n++] = body[i] == '-' ? '+' : body[i] == '_' ? '/' :
		    body[i];
		if (i % LINE == LINE - 1 || i == len - 1)
			out[n++] = '\n';
	}
	return (n + (size_t)sprintf(out + n, END));
}

int
key_to_pem(const EVP_PKEY *p, const char *head, char *out, size_t cap,
    size_t *len)
{
	char	*body;
	uint8_t	*der;
	int	 rv = -1;

	if (strlen(head) + 512 > cap)
		return (-1);
	if ((body = OPENSSL_secure_malloc(DER_LEN / 3 * 4 + 1)) == NULL ||
	    (der = OPENSSL_secure_malloc(DER_LEN + COORD)) == NULL)
		fatalx("keys: locked memory is used up");
	memcpy(der, der_head, sizeof(der_head));
	memcpy(der + AT_MIDDLE, der_middle, sizeof(der_middle));
	if (key_take(p, der) == 0) {
		b64url_encode(der, DER_LEN, body);
		*len = pem_write(out, head, body, DER_LEN / 3 * 4);
		rv = 0;
	}
	OPENSSL_secure_clear_free(body, DER_LEN / 3 * 4 + 1);
	OPENSSL_secure_clear_free(der, DER_LEN + COORD);
	return (rv);
}
