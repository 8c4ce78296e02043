/* SPDX-License-Identifier: ISC */
/*
 * certverify.h: what may be signed with a TLS key.  Runs in keepd-signd.
 * Pure: bytes in, verdict out.
 */
#ifndef SIGND_CERTVERIFY_H
#define SIGND_CERTVERIFY_H

#include <stddef.h>
#include <stdint.h>

enum key_kind { KEY_NONE, KEY_P256, KEY_P384, KEY_RSA, KEY_ED25519 };

enum cv_verdict {
	CV_GOOD,
	CV_SCHEME,		/* not one of ours, or not for this key */
	CV_CONTENT		/* not a TLS 1.3 server CertificateVerify */
};

/*
 * RFC 8446, 4.4.3: 64 blanks, "TLS 1.3, server CertificateVerify", a zero
 * byte and a transcript hash of 32 or 48 bytes.  Nothing else is signed: no
 * client CertificateVerify, no TLS 1.2 parameters, no token, no certificate.
 */
enum cv_verdict	 certverify_judge(enum key_kind, uint16_t scheme,
		    const uint8_t *tbs, size_t len);
/* Hash of the scheme ("SHA256"), NULL for Ed25519; *pss for RSA. */
const char	*certverify_md(uint16_t scheme, int *pss);

#endif
