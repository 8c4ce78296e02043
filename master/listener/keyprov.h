/* SPDX-License-Identifier: ISC */
/*
 * keyprov.h: an OpenSSL provider for keys that live in another process.
 * Runs in the listener.  A key here is a slot number and a public key; there
 * is no export, no import of private parts, and nothing to decrypt with.
 */
#ifndef LISTENER_KEYPROV_H
#define LISTENER_KEYPROV_H

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <stddef.h>
#include <stdint.h>

/*
 * Called to have a TLS 1.3 CertificateVerify signed: tbs is the whole
 * content to be signed (RFC 8446, 4.4.3), scheme a SignatureScheme.  May
 * pause the ASYNC job it runs in.  Returns 0 and *siglen (at most cap), or -1.
 */
typedef int keyprov_sign_fn(unsigned int slot, uint16_t scheme,
	    const uint8_t *tbs, size_t len, uint8_t *sig, size_t cap,
	    size_t *siglen);

/*
 * A library context of our own with the default provider and ours in it; no
 * configuration file is read.  Once.  Ends the process on failure.
 */
OSSL_LIB_CTX	*keyprov_init(keyprov_sign_fn *);
/* The key of a slot, made from its certificate's public half; or NULL. */
EVP_PKEY	*keyprov_key(unsigned int slot, X509 *cert);

#endif
