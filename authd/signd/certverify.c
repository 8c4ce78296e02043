/* SPDX-License-Identifier: ISC */
/*
 * certverify.c: the conditions of a signature.  Runs in keepd-signd.  The
 * bytes come from a listener that may be hijacked; nothing in them is
 * trusted, and everything but the transcript hash is compared.  Pure.
 */
#include <string.h>

#include "certverify.h"

#define BLANKS		64
static const char context[] = "TLS 1.3, server CertificateVerify";

static const struct scheme {
	uint16_t	 number;
	enum key_kind	 kind;
	const char	*md;
	int		 pss;
} schemes[] = {
	{ 0x0403, KEY_P256, "SHA256", 0 },	/* ecdsa_secp256r1_sha256 */
	{ 0x0503, KEY_P384, "SHA384", 0 },	/* ecdsa_secp384r1_sha384 */
	{ 0x0804, KEY_RSA, "SHA256", 1 },	/* rsa_pss_rsae_sha256 */
	{ 0x0805, KEY_RSA, "SHA384", 1 },
	{ 0x0806, KEY_RSA, "SHA512", 1 },
	{ 0x0807, KEY_ED25519, NULL, 0 }	/* ed25519 */
};

static const struct scheme *
scheme_find(uint16_t number)
{
	size_t	i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (schemes[i].number == number)
			return (&schemes[i]);
	return (NULL);
}

const char *
certverify_md(uint16_t number, int *pss)
{
	const struct scheme *s = scheme_find(number);

	*pss = s != NULL && s->pss;
	return (s != NULL ? s->md : NULL);
}

enum cv_verdict
certverify_judge(enum key_kind kind, uint16_t number, const uint8_t *tbs,
    size_t len)
{
	const struct scheme	*s = scheme_find(number);
	size_t			 i, head = BLANKS + sizeof(context);

	if (s == NULL || s->kind != kind)
		return (CV_SCHEME);
	if (len != head + 32 && len != head + 48)
		return (CV_CONTENT);
	for (i = 0; i < BLANKS; i++)
		if (tbs[i] != ' ')
			return (CV_CONTENT);
	/* With its terminator: that is the zero byte of the RFC. */
	if (memcmp(tbs + BLANKS, context, sizeof(context)) != 0)
		return (CV_CONTENT);
	return (CV_GOOD);
}
