/* SPDX-License-Identifier: ISC */
/* link: authd/signd/certverify.o authd/signd/slot.o -lcrypto */
/*
 * certverify_test.c: what the TLS key signs.  The good bytes first, then
 * every bit of them turned, and the things an attacker would like signed.
 */
#include <sys/socket.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <unistd.h>

#include "t.h"

#include "../../authd/signd/certverify.h"
#include "../../authd/signd/slot.h"

static uint8_t	good[146];

static void
good_make(void)
{
	memset(good, ' ', 64);
	memcpy(good + 64, "TLS 1.3, server CertificateVerify", 34);
	memset(good + 98, 0x5a, 48);
}

static void
only_the_fitting_scheme(void **state)
{
	static const struct { enum key_kind k; uint16_t s; int ok; } c[] = {
		{ KEY_P256, 0x0403, 1 }, { KEY_P384, 0x0503, 1 },
		{ KEY_RSA, 0x0804, 1 }, { KEY_RSA, 0x0805, 1 },
		{ KEY_RSA, 0x0806, 1 }, { KEY_ED25519, 0x0807, 1 },
		{ KEY_P256, 0x0503, 0 }, { KEY_P384, 0x0403, 0 },
		{ KEY_RSA, 0x0403, 0 }, { KEY_P256, 0x0804, 0 },
		{ KEY_RSA, 0x0401, 0 },		/* PKCS#1 v1.5 */
		{ KEY_RSA, 0x0809, 0 }, { KEY_P256, 0x0203, 0 },
		{ KEY_NONE, 0x0403, 0 }, { KEY_P256, 0, 0 },
		{ KEY_ED25519, 0x0808, 0 }
	};
	size_t	i;

	for (i = 0; i < COUNT(c); i++)
		assert_int_equal(certverify_judge(c[i].k, c[i].s, good, 130),
		    c[i].ok ? CV_GOOD : CV_SCHEME);
}

static void
lengths(void **state)
{
	size_t	n;

	for (n = 0; n <= sizeof(good); n++)
		assert_int_equal(certverify_judge(KEY_P256, 0x0403, good, n),
		    n == 130 || n == 146 ? CV_GOOD : CV_CONTENT);
}

static void
flipped(const uint8_t *p, size_t n, void *arg)
{
	size_t	*turn = arg;

	/* Only the transcript hash may be anything. */
	assert_int_equal(certverify_judge(KEY_P256, 0x0403, p, n),
	    (*turn)++ < 98 * 8 ? CV_CONTENT : CV_GOOD);
}

static void
every_bit_counts(void **state)
{
	size_t	turn = 0;

	each_flip(good, 130, flipped, &turn);
}

static void
what_attackers_want(void **state)
{
	uint8_t	b[146];

	/* client authentication */
	memcpy(b, good, sizeof(b));
	memcpy(b + 64, "TLS 1.3, client CertificateVerify", 34);
	assert_int_equal(certverify_judge(KEY_P256, 0x0403, b, 146),
	    CV_CONTENT);
	/* a token, zeroes, TLS 1.2 parameters */
	memset(b, 'e', sizeof(b));
	assert_int_equal(certverify_judge(KEY_P256, 0x0403, b, 146),
	    CV_CONTENT);
	memset(b, 0, sizeof(b));
	assert_int_equal(certverify_judge(KEY_P256, 0x0403, b, 130),
	    CV_CONTENT);
	assert_int_equal(certverify_judge(KEY_P256, 0x0403, b, 100),
	    CV_CONTENT);
}

/* ---- keys ---- */

static int
fd_with(EVP_PKEY *key, X509 *cert, const char *text)
{
	BIO	*b = BIO_new(BIO_s_mem());
	char	*p;
	long	 n;
	int	 sv[2];

	if (key != NULL)
		PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL);
	if (cert != NULL)
		PEM_write_bio_X509(b, cert);
	if (text != NULL)
		BIO_puts(b, text);
	n = BIO_get_mem_data(b, &p);
	assert_int_equal(pipe(sv), 0);
	assert_int_equal(write(sv[1], p, (size_t)n), n);
	close(sv[1]);
	BIO_free(b);
	return (sv[0]);
}

static X509 *
cert_for(EVP_PKEY *key)
{
	X509	*c = X509_new();

	X509_gmtime_adj(X509_getm_notBefore(c), 0);
	X509_gmtime_adj(X509_getm_notAfter(c), 60);
	X509_set_pubkey(c, key);
	X509_sign(c, key, EVP_sha256());
	return (c);
}

static void
keys_sign_and_verify(void **state)
{
	EVP_PKEY	*key = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048);
	X509		*c = cert_for(key), *rc = cert_for(rsa);
	EVP_MD_CTX	*md = EVP_MD_CTX_new();
	uint8_t		 sig[512];
	size_t		 n;

	slot_stage_begin();
	assert_null(slot_stage_key(0, fd_with(key, NULL, NULL)));
	assert_null(slot_stage_cert(0, fd_with(NULL, c, NULL)));
	assert_null(slot_stage_key(1, fd_with(rsa, NULL, NULL)));
	assert_null(slot_stage_cert(1, fd_with(NULL, rc, NULL)));
	assert_null(slot_stage_check(0, 2));
	assert_non_null(slot_stage_check(0, 1));
	assert_non_null(slot_stage_check(TLS_CERTS, 2));
	/* Not before the commit. */
	assert_int_equal(slot_kind(0), KEY_NONE);
	assert_int_equal(slot_sign(0, 0x0403, good, 130, sig, 512, &n), -1);
	slot_commit(0);
	assert_int_equal(slot_kind(0), KEY_P256);
	assert_int_equal(slot_kind(1), KEY_RSA);
	assert_int_equal(slot_sign(0, 0x0403, good, 130, sig, 512, &n), 0);
	assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL,
	    key), 1);
	assert_int_equal(EVP_DigestVerify(md, sig, n, good, 130), 1);
	sig[n / 2] ^= 1;
	EVP_MD_CTX_reset(md);
	EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key);
	assert_int_not_equal(EVP_DigestVerify(md, sig, n, good, 130), 1);
	/* The room comes from the key, not from the asking. */
	assert_int_equal(slot_sign(1, 0x0804, good, 130, sig, 100, &n), -1);
	assert_int_equal(slot_sign(1, 0x0804, good, 130, sig, 512, &n), 0);
	assert_int_equal(n, 256);
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	EVP_PKEY_free(rsa);
	X509_free(c);
	X509_free(rc);
}

/* A reload leaves the keys of before in the other half for a while. */
static void
halves_take_turns(void **state)
{
	EVP_PKEY		*key = EVP_EC_gen("P-384");
	X509			*c = cert_for(key);
	struct msg_tls_info	 info;
	uint8_t			 sig[512];
	size_t			 n;

	assert_int_equal(slot_kind(0), KEY_P256);
	slot_stage_begin();
	assert_null(slot_stage_key(TLS_CERTS, fd_with(key, NULL, NULL)));
	assert_null(slot_stage_cert(TLS_CERTS, fd_with(NULL, c, NULL)));
	assert_null(slot_stage_check(TLS_CERTS, 1));
	slot_commit(TLS_CERTS);
	assert_int_equal(slot_kind(0), KEY_P256);
	assert_int_equal(slot_kind(TLS_CERTS), KEY_P384);
	assert_int_equal(slot_sign(0, 0x0403, good, 130, sig, 512, &n), 0);
	assert_int_equal(slot_sign(TLS_CERTS, 0x0503, good, 146, sig, 512,
	    &n), 0);
	assert_int_equal(slot_info(TLS_CERTS, &info), 0);
	assert_string_equal(info.type, "P-384");
	assert_int_equal(info.not_after - info.not_before, 60);
	assert_int_equal(slot_info(TLS_CERTS + 1, &info), -1);
	slot_retire(TLS_CERTS);
	assert_int_equal(slot_kind(TLS_CERTS), KEY_NONE);
	assert_int_equal(slot_sign(TLS_CERTS, 0x0503, good, 146, sig, 512,
	    &n), -1);
	assert_int_equal(slot_kind(0), KEY_P256);
	EVP_PKEY_free(key);
	X509_free(c);
}

static void
bad_files_are_named(void **state)
{
	EVP_PKEY	*a = EVP_EC_gen("P-256"), *b = EVP_EC_gen("P-256");
	EVP_PKEY	*odd = EVP_EC_gen("secp256k1");
	X509		*c = cert_for(a);

	slot_stage_begin();
	assert_non_null(slot_stage_key(0, fd_with(NULL, NULL, "no key\n")));
	assert_non_null(slot_stage_key(0, fd_with(NULL, NULL, "")));
	assert_non_null(slot_stage_key(0, fd_with(odd, NULL, NULL)));
	slot_stage_begin();
	assert_null(slot_stage_key(0, fd_with(b, NULL, NULL)));
	assert_non_null(slot_stage_check(0, 1));
	assert_null(slot_stage_cert(0, fd_with(NULL, c, NULL)));
	assert_string_equal(slot_stage_check(0, 1),
	    "a certificate and its key do not belong together");
	/* What was refused does not disturb what is in force. */
	assert_int_equal(slot_kind(0), KEY_P256);
	slot_stage_begin();
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
	EVP_PKEY_free(odd);
	X509_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_fitting_scheme),
		cmocka_unit_test(lengths),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(what_attackers_want),
		cmocka_unit_test(keys_sign_and_verify),
		cmocka_unit_test(halves_take_turns),
		cmocka_unit_test(bad_files_are_named),
	};

	good_make();
	slot_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
