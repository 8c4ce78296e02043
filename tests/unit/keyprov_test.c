/* SPDX-License-Identifier: ISC */
/* link: master/listener/keyprov.o -lssl -lcrypto */
/*
 * keyprov_test.c: TLS 1.3 handshakes in memory with the key on the other
 * side of keyprov_sign_fn: all key types, then a signer that lies.
 */
#include "t.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "../../master/listener/keyprov.h"

enum lie { HONEST, REFUSES, WRONG_KEY, TOO_LONG, EMPTY };

static OSSL_LIB_CTX	*lib;
static EVP_PKEY		*real, *other;
static enum lie		 lie;
static unsigned int	 signed_n, refused_n;
static size_t		 tbs_len;

static const EVP_MD *
scheme_md(uint16_t scheme)
{
	switch (scheme) {
	case 0x0403: case 0x0804:
		return (EVP_sha256());
	case 0x0503: case 0x0805:
		return (EVP_sha384());
	case 0x0806:
		return (EVP_sha512());
	}
	return (NULL);
}

/* What the signing process will do, without its checks. */
static int
signer(unsigned int slot, uint16_t scheme, const uint8_t *tbs, size_t len,
    uint8_t *sig, size_t cap, size_t *siglen)
{
	EVP_MD_CTX	*md = EVP_MD_CTX_new();
	EVP_PKEY_CTX	*pc = NULL;
	int		 ok;

	assert_int_equal(slot, 7);
	tbs_len = len;
	if (lie == REFUSES) {
		refused_n++;
		EVP_MD_CTX_free(md);
		return (-1);
	}
	*siglen = cap;
	ok = EVP_DigestSignInit(md, &pc, scheme_md(scheme), NULL,
	    lie == WRONG_KEY ? other : real) == 1;
	if (ok && scheme >= 0x0804 && scheme <= 0x0806)
		ok = EVP_PKEY_CTX_set_rsa_padding(pc,
		    RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(pc, -1) == 1;
	ok = ok && EVP_DigestSign(md, sig, siglen, tbs, len) == 1;
	EVP_MD_CTX_free(md);
	if (lie == EMPTY)
		*siglen = 0;
	if (lie == TOO_LONG)
		*siglen = cap + 100;
	signed_n++;
	return (ok ? 0 : -1);
}

static EVP_PKEY *
key_make(const char *type)
{
	if (strncmp(type, "P-", 2) == 0)
		return (EVP_EC_gen(type));
	if (strcmp(type, "RSA") == 0)
		return (EVP_RSA_gen(2048));
	return (EVP_PKEY_Q_keygen(NULL, NULL, type));
}

/* Self-signed, and read back inside the provider's library context. */
static X509 *
cert_make(EVP_PKEY *key, const char *type)
{
	X509		*plain = X509_new(), *c;
	X509_NAME	*name;
	unsigned char	*der = NULL;
	const unsigned char *p;
	int		 n;

	X509_set_version(plain, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(plain), 1);
	X509_gmtime_adj(X509_getm_notBefore(plain), -60);
	X509_gmtime_adj(X509_getm_notAfter(plain), 3600);
	name = X509_get_subject_name(plain);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(plain, name);
	X509_set_pubkey(plain, key);
	assert_true(X509_sign(plain, key, strcmp(type, "ED25519") == 0 ?
	    NULL : EVP_sha256()) > 0);
	n = i2d_X509(plain, &der);
	assert_true(n > 0);
	p = der;
	c = X509_new_ex(lib, NULL);
	assert_non_null(d2i_X509(&c, &p, n));
	OPENSSL_free(der);
	X509_free(plain);
	return (c);
}

static SSL_CTX *
server_make(X509 *cert)
{
	SSL_CTX		*ctx = SSL_CTX_new_ex(lib, NULL, TLS_server_method());
	EVP_PKEY	*key = keyprov_key(7, cert);

	assert_non_null(ctx);
	assert_non_null(key);
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_num_tickets(ctx, 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	assert_int_equal(SSL_CTX_check_private_key(ctx), 1);
	EVP_PKEY_free(key);
	return (ctx);
}

/* 1 if both ends came to an agreement and the client checked the key. */
static int
handshake(SSL_CTX *server, X509 *cert, const char *groups, int version)
{
	SSL_CTX	*cctx = SSL_CTX_new(TLS_client_method());
	SSL	*s, *c;
	BIO	*sb, *cb;
	int	 i, ok = 0;

	SSL_CTX_set_max_proto_version(cctx, version);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(cctx), cert);
	SSL_CTX_set_verify(cctx, SSL_VERIFY_PEER, NULL);
	s = SSL_new(server);
	c = SSL_new(cctx);
	if (groups != NULL)
		SSL_set1_groups_list(c, groups);
	assert_int_equal(BIO_new_bio_pair(&sb, 0, &cb, 0), 1);
	SSL_set_bio(s, sb, sb);
	SSL_set_bio(c, cb, cb);
	SSL_set_accept_state(s);
	SSL_set_connect_state(c);
	for (i = 0; i < 20 && !ok; i++) {
		SSL_do_handshake(c);
		SSL_do_handshake(s);
		ok = SSL_is_init_finished(c) && SSL_is_init_finished(s);
	}
	SSL_free(s);
	SSL_free(c);
	SSL_CTX_free(cctx);
	return (ok);
}

static void
all_key_types(void **state)
{
	static const char *const types[] = { "P-256", "P-384", "RSA",
	    "ED25519" };
	static const char *const groups[] = { "X25519", "P-256", "P-384" };
	X509	*cert;
	SSL_CTX	*ctx;
	size_t	 i, j;

	lie = HONEST;
	for (i = 0; i < COUNT(types); i++) {
		real = key_make(types[i]);
		cert = cert_make(real, types[i]);
		ctx = server_make(cert);
		for (j = 0; j < COUNT(groups); j++) {
			signed_n = 0;
			assert_int_equal(handshake(ctx, cert, groups[j],
			    TLS1_3_VERSION), 1);
			assert_int_equal(signed_n, 1);
			assert_true(tbs_len == 130 || tbs_len == 146);
		}
		SSL_CTX_free(ctx);
		X509_free(cert);
		EVP_PKEY_free(real);
	}
}

static void
tls12_gets_nothing_signed(void **state)
{
	X509	*cert;
	SSL_CTX	*ctx;

	lie = HONEST;
	real = key_make("P-256");
	cert = cert_make(real, "P-256");
	ctx = server_make(cert);
	signed_n = 0;
	assert_int_equal(handshake(ctx, cert, NULL, TLS1_2_VERSION), 0);
	assert_int_equal(signed_n, 0);
	SSL_CTX_free(ctx);
	X509_free(cert);
	EVP_PKEY_free(real);
}

static void
lies_end_the_handshake(void **state)
{
	static const enum lie lies[] = { REFUSES, WRONG_KEY, EMPTY,
	    TOO_LONG };
	X509	*cert;
	SSL_CTX	*ctx;
	size_t	 i;

	real = key_make("P-256");
	other = key_make("P-256");
	cert = cert_make(real, "P-256");
	ctx = server_make(cert);
	for (i = 0; i < COUNT(lies); i++) {
		lie = lies[i];
		assert_int_equal(handshake(ctx, cert, NULL, TLS1_3_VERSION),
		    0);
	}
	lie = HONEST;
	assert_int_equal(handshake(ctx, cert, NULL, TLS1_3_VERSION), 1);
	SSL_CTX_free(ctx);
	X509_free(cert);
	EVP_PKEY_free(real);
	EVP_PKEY_free(other);
	other = NULL;
}

/* No way in and no way out for a private key. */
static void
private_keys_do_not_enter(void **state)
{
	static const char *const types[] = { "EC", "RSA", "ED25519" };
	static const char *const make[] = { "P-256", "RSA", "ED25519" };
	EVP_PKEY_CTX	*pc;
	EVP_PKEY	*k, *in;
	OSSL_PARAM	*p;
	size_t		 i;

	for (i = 0; i < COUNT(types); i++) {
		k = key_make(make[i]);
		assert_int_equal(EVP_PKEY_todata(k, EVP_PKEY_KEYPAIR, &p), 1);
		pc = EVP_PKEY_CTX_new_from_name(lib, types[i],
		    "provider=keepd");
		assert_non_null(pc);
		in = NULL;
		assert_int_equal(EVP_PKEY_fromdata_init(pc), 1);
		assert_int_not_equal(EVP_PKEY_fromdata(pc, &in,
		    EVP_PKEY_KEYPAIR, p), 1);
		EVP_PKEY_free(in);
		EVP_PKEY_CTX_free(pc);
		OSSL_PARAM_free(p);
		EVP_PKEY_free(k);
	}
}

static void
nothing_to_export(void **state)
{
	X509		*cert;
	EVP_PKEY	*k;
	OSSL_PARAM	*p = NULL;

	real = key_make("P-256");
	cert = cert_make(real, "P-256");
	k = keyprov_key(7, cert);
	assert_non_null(k);
	assert_int_not_equal(EVP_PKEY_todata(k, EVP_PKEY_KEYPAIR, &p), 1);
	EVP_PKEY_free(k);
	X509_free(cert);
	EVP_PKEY_free(real);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_key_types),
		cmocka_unit_test(tls12_gets_nothing_signed),
		cmocka_unit_test(lies_end_the_handshake),
		cmocka_unit_test(private_keys_do_not_enter),
		cmocka_unit_test(nothing_to_export),
	};

	lib = keyprov_init(signer);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
