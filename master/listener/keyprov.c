/* SPDX-License-Identifier: ISC */
/*
 * keyprov.c: the listener's half of the key boundary.  Runs in the listener,
 * which must be taken as hijacked: whatever this file refuses, the signer
 * refuses again.  Never touches a private key; there is none in this process.
 *
 * The algorithm names are those of the default provider with their aliases,
 * or the certificate's key would not be recognised as the same kind.
 */
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/param_build.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#include "../../common/log.h"
#include "keyprov.h"

#define PARAM_SLOT	"keepd-slot"
#define SIG_MAX		512

struct provkey {			/* of keymgmt; counted */
	int		 refs;
	int		 has_slot;
	unsigned int	 slot;
	EVP_PKEY	*pub;		/* of the default provider */
};

struct provsig {			/* one signature under way */
	struct provkey	*key;
	char		 mdname[32];
	int		 pss;
};

static OSSL_LIB_CTX	*lib;
static keyprov_sign_fn	*sign_fn;

/* ---- keys ---- */

static void *
provkey_new(void *provctx)
{
	struct provkey *k;

	if ((k = calloc(1, sizeof(*k))) != NULL)
		k->refs = 1;
	return (k);
}

static void
provkey_free(void *vk)
{
	struct provkey *k = vk;

	if (k == NULL || --k->refs > 0)
		return;
	EVP_PKEY_free(k->pub);
	free(k);
}

/* The private half counts as present: it is, elsewhere. */
static int
provkey_has(const void *vk, int selection)
{
	const struct provkey *k = vk;

	if (k == NULL || k->pub == NULL)
		return (0);
	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		return (k->has_slot);
	return (1);
}

static int
provkey_match(const void *va, const void *vb, int selection)
{
	const struct provkey	*a = va, *b = vb;

	return (a != NULL && b != NULL && a->pub != NULL && b->pub != NULL &&
	    EVP_PKEY_eq(a->pub, b->pub) == 1);
}

/* Names of parameters that only a private key has. */
static int
params_private(const OSSL_PARAM *p)
{
	static const char *const names[] = {
		OSSL_PKEY_PARAM_PRIV_KEY, OSSL_PKEY_PARAM_RSA_D,
		OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_EXPONENT1,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1
	};
	size_t	i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (OSSL_PARAM_locate_const(p, names[i]) != NULL)
			return (1);
	return (0);
}

static int
provkey_import_as(struct provkey *k, const char *type, const OSSL_PARAM p[])
{
	const OSSL_PARAM	*slot;
	EVP_PKEY_CTX		*ctx;
	int			 ok;

	if (k == NULL || k->pub != NULL || params_private(p))
		return (0);
	if ((slot = OSSL_PARAM_locate_const(p, PARAM_SLOT)) != NULL) {
		if (!OSSL_PARAM_get_uint(slot, &k->slot))
			return (0);
		k->has_slot = 1;
	}
	ctx = EVP_PKEY_CTX_new_from_name(lib, type, "provider=default");
	/* The default provider takes what it knows and skips the slot. */
	ok = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &k->pub, EVP_PKEY_PUBLIC_KEY,
	    (OSSL_PARAM *)(uintptr_t)p) == 1;
	EVP_PKEY_CTX_free(ctx);
	return (ok);
}

static int
ec_import(void *k, int selection, const OSSL_PARAM p[])
{
	return (provkey_import_as(k, "EC", p));
}

static int
rsa_import(void *k, int selection, const OSSL_PARAM p[])
{
	return (provkey_import_as(k, "RSA", p));
}

static int
ed25519_import(void *k, int selection, const OSSL_PARAM p[])
{
	return (provkey_import_as(k, "ED25519", p));
}

static const OSSL_PARAM *
provkey_import_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_uint(PARAM_SLOT, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_END
	};

	return (types);
}

/* bits, security bits, size, group name: all asked by libssl. */
static int
provkey_get_params(void *vk, OSSL_PARAM p[])
{
	struct provkey *k = vk;

	return (k != NULL && k->pub != NULL &&
	    EVP_PKEY_get_params(k->pub, p) == 1);
}

static const OSSL_PARAM *
provkey_gettable(void *provctx)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL,
		    0),
		OSSL_PARAM_END
	};

	return (types);
}

static const char *
ec_operation(int op)
{
	return (op == OSSL_OP_SIGNATURE ? "ECDSA" : NULL);
}

/* ---- signatures ---- */

static void *
provsig_new(void *provctx, const char *propq)
{
	return (calloc(1, sizeof(struct provsig)));
}

static void
provsig_free(void *vs)
{
	struct provsig *s = vs;

	if (s != NULL)
		provkey_free(s->key);
	free(s);
}

static int
provsig_set_params(void *vs, const OSSL_PARAM p[])
{
	struct provsig		*s = vs;
	const OSSL_PARAM	*pad;
	const char		*text;
	int			 mode;

	if (p == NULL ||
	    (pad = OSSL_PARAM_locate_const(p,
	    OSSL_SIGNATURE_PARAM_PAD_MODE)) == NULL)
		return (1);
	/* It comes as a number or as text, as the caller likes. */
	if (pad->data_type == OSSL_PARAM_UTF8_STRING)
		s->pss = OSSL_PARAM_get_utf8_string_ptr(pad, &text) &&
		    strcmp(text, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	else
		s->pss = OSSL_PARAM_get_int(pad, &mode) &&
		    mode == RSA_PKCS1_PSS_PADDING;
	return (1);
}

static const OSSL_PARAM *
provsig_settable(void *vs, void *provctx)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL,
		    0),
		OSSL_PARAM_END
	};

	return (types);
}

static int
provsig_init(void *vs, const char *mdname, void *vk, const OSSL_PARAM p[])
{
	struct provsig	*s = vs;
	struct provkey	*k = vk;

	if (k == NULL || !k->has_slot)
		return (0);
	k->refs++;
	provkey_free(s->key);
	s->key = k;
	s->mdname[0] = '\0';
	if (mdname != NULL && strlen(mdname) < sizeof(s->mdname))
		memcpy(s->mdname, mdname, strlen(mdname) + 1);
	return (provsig_set_params(s, p));
}

/* The SignatureScheme that this key, hash and padding amount to; 0: none. */
static uint16_t
provsig_scheme(const struct provsig *s)
{
	static const struct {
		const char	*type, *md, *alias;
		int		 pss;
		uint16_t	 scheme;
	} rows[] = {
		{ "EC", "SHA256", "SHA2-256", 0, 0x0403 },
		{ "EC", "SHA384", "SHA2-384", 0, 0x0503 },
		{ "RSA", "SHA256", "SHA2-256", 1, 0x0804 },
		{ "RSA", "SHA384", "SHA2-384", 1, 0x0805 },
		{ "RSA", "SHA512", "SHA2-512", 1, 0x0806 },
		{ "ED25519", "", "", 0, 0x0807 }
	};
	size_t	i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (EVP_PKEY_is_a(s->key->pub, rows[i].type) &&
		    (OPENSSL_strcasecmp(s->mdname, rows[i].md) == 0 ||
		    OPENSSL_strcasecmp(s->mdname, rows[i].alias) == 0) &&
		    s->pss == rows[i].pss)
			return (rows[i].scheme);
	return (0);
}

static int
provsig_sign(void *vs, unsigned char *sig, size_t *siglen, size_t sigsize,
    const unsigned char *tbs, size_t len)
{
	struct provsig	*s = vs;
	uint16_t	 scheme;
	int		 size;

	size = EVP_PKEY_get_size(s->key->pub);
	if (size <= 0 || size > SIG_MAX || (scheme = provsig_scheme(s)) == 0)
		return (0);
	if (sig == NULL) {		/* only the size is asked */
		*siglen = (size_t)size;
		return (1);
	}
	return (sign_fn(s->key->slot, scheme, tbs, len, sig, sigsize,
	    siglen) == 0 && *siglen <= sigsize);
}

/* ---- tables ---- */

#define FN(id, f)	{ (id), (void (*)(void))(f) }
#define KEYMGMT(import)							\
	FN(OSSL_FUNC_KEYMGMT_NEW, provkey_new),				\
	FN(OSSL_FUNC_KEYMGMT_FREE, provkey_free),			\
	FN(OSSL_FUNC_KEYMGMT_HAS, provkey_has),				\
	FN(OSSL_FUNC_KEYMGMT_MATCH, provkey_match),			\
	FN(OSSL_FUNC_KEYMGMT_IMPORT, import),				\
	FN(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, provkey_import_types),	\
	FN(OSSL_FUNC_KEYMGMT_GET_PARAMS, provkey_get_params),		\
	FN(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, provkey_gettable)

static const OSSL_DISPATCH ec_keymgmt[] = {
	KEYMGMT(ec_import),
	FN(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, ec_operation),
	{ 0, NULL }
};
static const OSSL_DISPATCH rsa_keymgmt[] = {
	KEYMGMT(rsa_import), { 0, NULL }
};
static const OSSL_DISPATCH ed25519_keymgmt[] = {
	KEYMGMT(ed25519_import), { 0, NULL }
};
static const OSSL_DISPATCH signature[] = {
	FN(OSSL_FUNC_SIGNATURE_NEWCTX, provsig_new),
	FN(OSSL_FUNC_SIGNATURE_FREECTX, provsig_free),
	FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, provsig_init),
	FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, provsig_sign),
	FN(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, provsig_set_params),
	FN(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, provsig_settable),
	{ 0, NULL }
};

#define PROP	"provider=keepd"
static const OSSL_ALGORITHM keymgmts[] = {
	{ "EC:id-ecPublicKey:1.2.840.10045.2.1", PROP, ec_keymgmt, NULL },
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", PROP, rsa_keymgmt, NULL },
	{ "ED25519:1.3.101.112", PROP, ed25519_keymgmt, NULL },
	{ NULL, NULL, NULL, NULL }
};
static const OSSL_ALGORITHM signatures[] = {
	{ "ECDSA", PROP, signature, NULL },
	{ "RSA:rsaEncryption:1.2.840.113549.1.1.1", PROP, signature, NULL },
	{ "ED25519:1.3.101.112", PROP, signature, NULL },
	{ NULL, NULL, NULL, NULL }
};

static const OSSL_ALGORITHM *
prov_query(void *provctx, int op, int *no_cache)
{
	*no_cache = 0;
	if (op == OSSL_OP_KEYMGMT)
		return (keymgmts);
	return (op == OSSL_OP_SIGNATURE ? signatures : NULL);
}

static void
prov_teardown(void *provctx)
{
}

static int
prov_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provctx)
{
	static const OSSL_DISPATCH fns[] = {
		FN(OSSL_FUNC_PROVIDER_QUERY_OPERATION, prov_query),
		FN(OSSL_FUNC_PROVIDER_TEARDOWN, prov_teardown),
		{ 0, NULL }
	};

	*out = fns;
	*provctx = lib;
	return (1);
}

OSSL_LIB_CTX *
keyprov_init(keyprov_sign_fn *fn)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	sign_fn = fn;
	if ((lib = OSSL_LIB_CTX_new()) == NULL ||
	    OSSL_PROVIDER_load(lib, "default") == NULL ||
	    OSSL_PROVIDER_add_builtin(lib, "keepd", prov_init) != 1 ||
	    OSSL_PROVIDER_load(lib, "keepd") == NULL)
		fatalx("OpenSSL: cannot set the provider up");
	return (lib);
}

EVP_PKEY *
keyprov_key(unsigned int slot, X509 *cert)
{
	EVP_PKEY	*pub = X509_get0_pubkey(cert), *key = NULL;
	EVP_PKEY_CTX	*ctx = NULL;
	OSSL_PARAM	*params = NULL, *all = NULL;
	OSSL_PARAM	 mine[] = { OSSL_PARAM_uint(PARAM_SLOT, &slot),
	    OSSL_PARAM_END };

	if (pub == NULL ||
	    EVP_PKEY_todata(pub, EVP_PKEY_PUBLIC_KEY, &params) != 1 ||
	    (all = OSSL_PARAM_merge(params, mine)) == NULL)
		goto out;
	ctx = EVP_PKEY_CTX_new_from_name(lib, EVP_PKEY_get0_type_name(pub),
	    PROP);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, all) != 1)
		key = NULL;
 out:
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(all);
	OSSL_PARAM_free(params);
	return (key);
}
