/* SPDX-License-Identifier: ISC */
/*
 * seal_test.c: sealed pendings, PKCE, scopes and the shape of the JWT.
 */
/* link: authd/seal.o authd/keys.o authd/keysign.o authd/keyfile.o authd/keyslot.o authd/keypem.o */
/* link: authd/pkce.o authd/scope.o authd/store.o -llmdb -lcrypto */
/* link: authd/store_format.o authd/store_steps.o */
#include "t.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "authd_stub.h"
#include "authd/keys.h"
#include "authd/keysign.h"
#include "authd/pkce.h"
#include "authd/seal.h"
#include "ev.h"

static char sealed[BLOB_MAX];

static void
pending_fill(struct pending *p, size_t statelen)
{
	memset(p, 0, sizeof(*p));
	p->created_s = 1700000000;
	p->expires_s = 1700000600;
	p->scope = SCOPE_TOOLS;
	p->flags = KF_URI_GIVEN;
	p->era = 3;
	memset(p->txn, 1, sizeof(p->txn));
	memset(p->cookie, 2, sizeof(p->cookie));
	memset(p->challenge, 3, sizeof(p->challenge));
	strcpy(p->client_id, STUB_USER);
	strcpy(p->redirect, "http://127.0.0.1:4711/callback");
	p->has_state = statelen != 0;
	if (statelen != 0)
		memset(p->state, 's', statelen - 1);
}

static void
test_round_trip(void **state)
{
	const size_t	len[] = { 0, 1, 2, 100, STATE_MAX };
	struct pending	p, q;
	size_t		i;

	for (i = 0; i < COUNT(len); i++) {
		pending_fill(&p, len[i]);
		assert_int_equal(pending_seal(&p, sealed, sizeof(sealed)), 0);
		assert_int_equal(pending_open(sealed, &q), 0);
		assert_memory_equal(&p, &q, sizeof(p));
	}
}

/* The longest of everything fits the form field. */
static void
test_bound(void **state)
{
	struct pending	p;

	pending_fill(&p, STATE_MAX);
	memset(p.redirect, 'r', sizeof(p.redirect) - 1);
	assert_int_equal(pending_seal(&p, sealed, sizeof(sealed)), 0);
	assert_int_equal(pending_seal(&p, sealed, 100), -1);
}

static void
spoilt(const uint8_t *text, size_t len, void *arg)
{
	char		s[BLOB_MAX + 1];
	struct pending	p;

	memcpy(s, text, len);
	s[len] = '\0';
	if (strcmp(s, sealed) != 0)
		assert_int_equal(pending_open(s, &p), -1);
}

static void
test_tampering(void **state)
{
	struct pending	p;

	pending_fill(&p, 20);
	assert_int_equal(pending_seal(&p, sealed, sizeof(sealed)), 0);
	assert_int_equal(pending_open(sealed, &p), 0);
	each_flip(sealed, strlen(sealed), spoilt, NULL);
	each_cut(sealed, strlen(sealed), spoilt, NULL);
}

/* Bits of the bytes themselves, not of the letters that carry them. */
static void
test_tampering_raw(void **state)
{
	struct pending	p;
	uint8_t		raw[BLOB_MAX];
	char		text[BLOB_MAX];
	int		n, bit;

	pending_fill(&p, 20);
	assert_int_equal(pending_seal(&p, sealed, sizeof(sealed)), 0);
	n = b64url_decode(sealed, strlen(sealed), raw, sizeof(raw));
	assert_true(n > 0);
	for (bit = 0; bit < n * 8; bit++) {
		raw[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		b64url_encode(raw, (size_t)n, text);
		assert_int_equal(pending_open(text, &p), -1);
		raw[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
}

static void
test_nonces_differ(void **state)
{
	struct pending	p;
	char		other[BLOB_MAX];

	pending_fill(&p, 20);
	assert_int_equal(pending_seal(&p, sealed, sizeof(sealed)), 0);
	assert_int_equal(pending_seal(&p, other, sizeof(other)), 0);
	assert_string_not_equal(sealed, other);
}

/* RFC 7636, appendix B. */
static void
test_pkce(void **state)
{
	const char	*v = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	const char	*c = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
	char		 longest[130];
	uint8_t		 d[DIGEST_LEN];

	assert_int_equal(b64url_decode(c, strlen(c), d, sizeof(d)), 32);
	assert_true(pkce_ok(v, d));
	assert_false(pkce_ok("", d));
	assert_false(pkce_ok(c, d));
	assert_false(pkce_ok("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK",
	    d));
	memset(longest, 'a', sizeof(longest));
	longest[129] = '\0';
	assert_false(pkce_ok(longest, d));
	EVP_Digest(longest, 129, d, NULL, EVP_sha256(), NULL);
	assert_false(pkce_ok(longest, d));
	longest[128] = '\0';
	EVP_Digest(longest, 128, d, NULL, EVP_sha256(), NULL);
	assert_true(pkce_ok(longest, d));
	longest[42] = '\0';
	EVP_Digest(longest, 42, d, NULL, EVP_sha256(), NULL);
	assert_false(pkce_ok(longest, d));
	longest[42] = ' ';
	longest[50] = '\0';
	EVP_Digest(longest, 50, d, NULL, EVP_sha256(), NULL);
	assert_false(pkce_ok(longest, d));
}

static void
test_scope(void **state)
{
	static const struct {
		const char	*ask, *get;
	} rows[] = {
		{ NULL, "mcp:tools" }, { "", "mcp:tools" },
		{ " ", "mcp:tools" }, { "mcp:tools", "mcp:tools" },
		{ "claudeai", "mcp:tools" },
		{ "mcp:tools offline_access", "mcp:tools" },
		{ "openid profile", "openid profile" },
		{ "offline_access", "offline_access" },
		{ "email  openid", "openid email" },
		{ "openid claudeai", "mcp:tools" },
		{ "MCP:TOOLS", "mcp:tools" }, { "openidx", "mcp:tools" }
	};
	char	out[SCOPE_MAX];
	size_t	i;

	for (i = 0; i < COUNT(rows); i++) {
		scope_text(scope_parse(rows[i].ask), out, sizeof(out));
		assert_string_equal(out, rows[i].get);
	}
}

static void
test_digests_are_of_their_kind(void **state)
{
	uint8_t	a[DIGEST_LEN], b[DIGEST_LEN];

	assert_int_equal(digest_make(1, DK_ACCESS, "x", 1, a), 0);
	assert_int_equal(digest_make(1, DK_ACCESS, "x", 1, b), 0);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(digest_make(1, DK_REFRESH, "x", 1, b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(digest_make(2, DK_ACCESS, "x", 1, b), -1);
	assert_int_equal(digest_make(0, DK_ACCESS, "x", 1, b), -1);
}

/* ---- the access token, checked as an outsider would ---- */

static EVP_PKEY *
public_key(void)
{
	char		 path[128];
	FILE		*fp;
	EVP_PKEY	*p;

	snprintf(path, sizeof(path), "%s/keys/sign-1.pem", stub_dir);
	assert_non_null(fp = fopen(path, "r"));
	assert_non_null(p = PEM_read_PrivateKey(fp, NULL, NULL, NULL));
	fclose(fp);
	return (p);
}

static int
jwt_verify(const char *jwt, size_t signed_len, const char *sig)
{
	uint8_t		 raw[64], *der = NULL;
	ECDSA_SIG	*es;
	EVP_PKEY	*p = public_key();
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	int		 n, ok;

	assert_int_equal(b64url_decode(sig, strlen(sig), raw, sizeof(raw)),
	    64);
	assert_non_null(es = ECDSA_SIG_new());
	ECDSA_SIG_set0(es, BN_bin2bn(raw, 32, NULL),
	    BN_bin2bn(raw + 32, 32, NULL));
	assert_true((n = i2d_ECDSA_SIG(es, &der)) > 0);
	EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, p);
	ok = EVP_DigestVerify(ctx, der, (size_t)n, (const uint8_t *)jwt,
	    signed_len);
	ECDSA_SIG_free(es);
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(p);
	return (ok == 1);
}

static void
part(const char *from, const char *end, char *out, size_t size)
{
	int	n;

	n = b64url_decode(from, (size_t)(end - from), out, size - 1);
	assert_true(n > 0);
	out[n] = '\0';
}

static void
test_jwt(void **state)
{
	struct grant_rec	g;
	struct access_rec	a;
	char			jwt[TOKEN_MAX], text[1024], *dot1, *dot2;
	int			i;

	memset(&g, 0, sizeof(g));
	memset(&a, 0, sizeof(a));
	strcpy(g.user_id, STUB_USER);
	strcpy(g.client_id, STUB_OTHER);
	a.scope = SCOPE_TOOLS;
	a.issued_s = 1700000000;
	a.expires_s = 1700003600;
	for (i = 0; i < 200; i++) {
		assert_int_equal(token_sign(&g, &a, jwt, sizeof(jwt)), 0);
		assert_non_null(dot1 = strchr(jwt, '.'));
		assert_non_null(dot2 = strchr(dot1 + 1, '.'));
		assert_null(strchr(dot2 + 1, '.'));
		assert_true(jwt_verify(jwt, (size_t)(dot2 - jwt), dot2 + 1));
		assert_false(jwt_verify(jwt, (size_t)(dot2 - jwt) - 1,
		    dot2 + 1));
	}
	part(jwt, dot1, text, sizeof(text));
	assert_non_null(strstr(text, "\"typ\":\"at+jwt\""));
	assert_non_null(strstr(text, "\"alg\":\"ES256\""));
	assert_non_null(strstr(text, "\"kid\":\""));
	part(dot1 + 1, dot2, text, sizeof(text));
	assert_non_null(strstr(text, "{\"iss\":\"http://127.0.0.1:8080\","
	    "\"sub\":\"" STUB_USER "\","
	    "\"aud\":\"http://127.0.0.1:8080/mcp\","
	    "\"client_id\":\"" STUB_OTHER "\",\"scope\":\"mcp:tools\","
	    "\"jti\":\""));
	assert_non_null(strstr(text,
	    "\"iat\":1700000000,\"exp\":1700003600}"));
	assert_int_equal(token_sign(&g, &a, jwt, 300), -1);
}

static void
test_jwks_names_the_key(void **state)
{
	struct grant_rec	g;
	struct access_rec	a;
	struct buf		b;
	char			jwt[TOKEN_MAX], head[256], *kid;

	memset(&g, 0, sizeof(g));
	memset(&a, 0, sizeof(a));
	assert_int_equal(token_sign(&g, &a, jwt, sizeof(jwt)), 0);
	part(jwt, strchr(jwt, '.'), head, sizeof(head));
	assert_non_null(kid = strstr(head, "\"kid\":\""));
	kid[50] = '\0';
	buf_init(&b, 0);
	sign_jwks(&b);
	buf_addc(&b, '\0');
	assert_non_null(strstr((char *)b.data, kid));
	assert_null(strstr((char *)b.data, "\"d\""));
	buf_free(&b);
}

/* Keys are found again, and bad modes are not accepted (in a child). */
static void
test_keys_are_kept(void **state)
{
	char	path[128];
	uint8_t	a[DIGEST_LEN], b[DIGEST_LEN];

	assert_int_equal(digest_make(1, DK_CODE, "x", 1, a), 0);
	keys_close();
	snprintf(path, sizeof(path), "%s/keys", stub_dir);
	keys_open(path);
	assert_int_equal(digest_make(1, DK_CODE, "x", 1, b), 0);
	assert_memory_equal(a, b, sizeof(a));
	snprintf(path, sizeof(path), "stat -c %%a %s/keys/* | sort -u | "
	    "grep -qx 600", stub_dir);
	assert_int_equal(system(path), 0);
}

static int
setup(void **state)
{
	char	path[128];

	stub_tmp();
	ev_init();
	keys_early();
	seal_early();
	snprintf(path, sizeof(path), "%s/keys", stub_dir);
	keys_open(path);
	return (0);
}

static int
teardown(void **state)
{
	keys_close();
	stub_clean();
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_tampering_raw),
		cmocka_unit_test(test_nonces_differ),
		cmocka_unit_test(test_pkce),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_digests_are_of_their_kind),
		cmocka_unit_test(test_jwt),
		cmocka_unit_test(test_jwks_names_the_key),
		cmocka_unit_test(test_keys_are_kept)
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
