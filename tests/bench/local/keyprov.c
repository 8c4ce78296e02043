/* SPDX-License-Identifier: ISC */
/*
 * keyprov.c: for tests/bench/tls.sh, in the place of the listener's file of
 * that name: the private key in the listener itself, read from LOCAL_KEY
 * before the sandbox.  What the isolation of the key costs is measured
 * against this.  Linked with --wrap=SSL_CTX_ctrl, so that handshakes are no
 * jobs either.
 */
#include <openssl/pem.h>
#include <openssl/provider.h>

#include <stdio.h>

#include "log.h"
#include "../../../master/listener/keyprov.h"

static OSSL_LIB_CTX	*lib;
static EVP_PKEY		*key;

long	__real_SSL_CTX_ctrl(SSL_CTX *, int, long, void *);
long	__wrap_SSL_CTX_ctrl(SSL_CTX *, int, long, void *);

long
__wrap_SSL_CTX_ctrl(SSL_CTX *ctx, int cmd, long larg, void *parg)
{
	if (cmd == SSL_CTRL_MODE)
		larg &= ~(long)SSL_MODE_ASYNC;
	return (__real_SSL_CTX_ctrl(ctx, cmd, larg, parg));
}

OSSL_LIB_CTX *
keyprov_init(keyprov_sign_fn *fn)
{
	FILE	*f;

	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if ((lib = OSSL_LIB_CTX_new()) == NULL ||
	    OSSL_PROVIDER_load(lib, "default") == NULL ||
	    (f = fopen(LOCAL_KEY, "r")) == NULL ||
	    (key = PEM_read_PrivateKey_ex(f, NULL, NULL, NULL, lib,
	    NULL)) == NULL)
		fatalx("%s: no key", LOCAL_KEY);
	fclose(f);
	return (lib);
}

EVP_PKEY *
keyprov_key(unsigned int slot, X509 *cert)
{
	EVP_PKEY_up_ref(key);
	return (key);
}
