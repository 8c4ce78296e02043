/* SPDX-License-Identifier: ISC */
/*
 * slot.c: the only code that reads a TLS private key, and the only code that
 * signs with one.  Runs in keepd-signd.  Trusts master for the descriptors;
 * never opens a file, never writes, has no function that hands a key out.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../common/log.h"
#include "../../common/msg.h"
#include "../../common/secret.h"
#include "slot.h"

#define PEM_MAX		32768
#define SECURE_HEAP	262144

struct slot {
	EVP_PKEY	*key;
	X509		*cert;
	enum key_kind	 kind;
};

static struct slot	staged[TLS_SLOTS], current[TLS_SLOTS];

/*
 * All memory that libcrypto gives back is wiped: in reading a key it makes
 * copies that are neither in secure memory nor cleaned by itself.
 */
union head {
	size_t		size;
	max_align_t	align;
};

static void *
wiped_malloc(size_t n, const char *file, int line)
{
	union head	*h;

	if (n == 0 || n > SIZE_MAX - sizeof(*h) ||
	    (h = malloc(sizeof(*h) + n)) == NULL)
		return (NULL);
	h->size = n;
	return (h + 1);
}

static void
wiped_free(void *p, const char *file, int line)
{
	union head	*h = p;

	if (h == NULL)
		return;
	h--;
	secret_wipe(h + 1, h->size);
	free(h);
}

static void *
wiped_realloc(void *p, size_t n, const char *file, int line)
{
	union head	*h = p;
	void		*q;

	if (p == NULL)
		return (wiped_malloc(n, file, line));
	if (n == 0) {
		wiped_free(p, file, line);
		return (NULL);
	}
	if ((q = wiped_malloc(n, file, line)) == NULL)
		return (NULL);
	memcpy(q, p, h[-1].size < n ? h[-1].size : n);
	wiped_free(p, file, line);
	return (q);
}

void
slot_init(void)
{
	if (CRYPTO_set_mem_functions(wiped_malloc, wiped_realloc,
	    wiped_free) != 1)
		fatalx("OpenSSL: it has taken memory already");
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1 ||
	    CRYPTO_secure_malloc_init(SECURE_HEAP, 32) == 0)
		fatalx("OpenSSL: no secure memory");
}

static void
slots_free(struct slot *s, size_t n)
{
	size_t	i;

	for (i = 0; i < n; i++) {
		EVP_PKEY_free(s[i].key);
		X509_free(s[i].cert);
	}
	memset(s, 0, n * sizeof(*s));
}

void
slot_stage_begin(void)
{
	slots_free(staged, TLS_SLOTS);
}

static enum key_kind
kind_of(EVP_PKEY *key)
{
	char	group[32] = "";

	if (EVP_PKEY_is_a(key, "ED25519"))
		return (KEY_ED25519);
	if (EVP_PKEY_is_a(key, "RSA"))
		return (EVP_PKEY_get_bits(key) >= 2048 &&
		    EVP_PKEY_get_bits(key) <= 4096 ? KEY_RSA : KEY_NONE);
	if (!EVP_PKEY_is_a(key, "EC") ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
		return (KEY_NONE);
	if (strcmp(group, "prime256v1") == 0)
		return (KEY_P256);
	return (strcmp(group, "secp384r1") == 0 ? KEY_P384 : KEY_NONE);
}

/* The whole file (a regular one: master looked): bytes, or -1. */
static int
pem_read(int fd, char *out)
{
	size_t	have = 0;
	ssize_t	n = 0;

	while (have < PEM_MAX) {
		n = read(fd, out + have, PEM_MAX - have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	return (n == -1 || have == 0 || have == PEM_MAX ? -1 : (int)have);
}

/* A key with a passphrase is refused: nobody is there to type it. */
static int
no_passphrase(char *buf, int size, int rw, void *arg)
{
	return (-1);
}

const char *
slot_stage_key(unsigned int slot, int fd)
{
	struct slot	*s = &staged[slot];
	const char	*bad = NULL;
	char		*text;
	BIO		*bio = NULL;
	int		 n;

	if ((text = OPENSSL_secure_malloc(PEM_MAX)) == NULL)
		fatalx("OpenSSL: no secure memory");
	EVP_PKEY_free(s->key);		/* a slot that is sent twice */
	s->key = NULL;
	s->kind = KEY_NONE;
	if ((n = pem_read(fd, text)) == -1)
		bad = "key file is empty, unreadable or too long";
	else if ((bio = BIO_new_mem_buf(text, n)) == NULL)
		fatalx("OpenSSL: BIO_new_mem_buf");
	else if ((s->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase,
	    NULL)) == NULL)
		bad = "key file holds no PEM private key without passphrase";
	else if ((s->kind = kind_of(s->key)) == KEY_NONE)
		bad = "key is none of P-256, P-384, RSA 2048 to 4096, Ed25519";
	BIO_free(bio);
	OPENSSL_secure_clear_free(text, PEM_MAX);
	ERR_clear_error();
	return (bad);
}

const char *
slot_stage_cert(unsigned int slot, int fd)
{
	char		 text[PEM_MAX];
	const char	*bad = NULL;
	BIO		*bio = NULL;
	int		 n;

	if ((n = pem_read(fd, text)) == -1)
		return ("certificate file is empty, unreadable or too long");
	if ((bio = BIO_new_mem_buf(text, n)) == NULL)
		fatalx("OpenSSL: BIO_new_mem_buf");
	X509_free(staged[slot].cert);
	staged[slot].cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	if (staged[slot].cert == NULL)
		bad = "certificate file holds no PEM certificate";
	BIO_free(bio);
	ERR_clear_error();
	return (bad);
}

const char *
slot_stage_check(unsigned int base, unsigned int n)
{
	unsigned int	i;

	for (i = 0; i < TLS_SLOTS; i++) {
		if (i < base || i >= base + n) {
			if (staged[i].key != NULL || staged[i].cert != NULL)
				return ("a certificate out of its half");
			continue;
		}
		if (staged[i].key == NULL || staged[i].cert == NULL)
			return ("a certificate without key, or the reverse");
		if (X509_check_private_key(staged[i].cert,
		    staged[i].key) != 1) {
			ERR_clear_error();
			return ("a certificate and its key do not belong "
			    "together");
		}
	}
	return (NULL);
}

void
slot_retire(unsigned int base)
{
	slots_free(&current[base], TLS_CERTS);
}

void
slot_commit(unsigned int base)
{
	slot_retire(base);
	memcpy(&current[base], &staged[base], TLS_CERTS * sizeof(*current));
	memset(&staged[base], 0, TLS_CERTS * sizeof(*staged));
}

/* ---- what people may know ---- */

static int64_t
when(const ASN1_TIME *t)
{
	struct tm	tm;

	return (ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0);
}

/* A name of a certificate behind the others; only what host names hold. */
static void
name_add(char *out, size_t size, const ASN1_STRING *s)
{
	static const char	ok[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*";
	const unsigned char	*p = ASN1_STRING_get0_data(s);
	size_t			 n = strlen(out), len, i;

	len = (size_t)ASN1_STRING_length(s);
	if (len == 0 || n + len + 2 > size)
		return;
	if (n > 0)
		out[n++] = ' ';
	for (i = 0; i < len; i++)
		out[n + i] = p[i] != 0 && strchr(ok, p[i]) != NULL ?
		    (char)p[i] : '?';
}

static void
names_add(char *out, size_t size, X509 *cert)
{
	GENERAL_NAMES	*names;
	GENERAL_NAME	*g;
	X509_NAME	*subject = X509_get_subject_name(cert);
	int		 i;

	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		g = sk_GENERAL_NAME_value(names, i);
		if (g->type == GEN_DNS)
			name_add(out, size, g->d.dNSName);
	}
	GENERAL_NAMES_free(names);
	if (out[0] == '\0' && (i = X509_NAME_get_index_by_NID(subject,
	    NID_commonName, -1)) >= 0)
		name_add(out, size, X509_NAME_ENTRY_get_data(
		    X509_NAME_get_entry(subject, i)));
	ERR_clear_error();
}

int
slot_info(unsigned int slot, struct msg_tls_info *m)
{
	static const char *const types[] = { [KEY_NONE] = "",
	    [KEY_P256] = "P-256", [KEY_P384] = "P-384", [KEY_RSA] = "RSA",
	    [KEY_ED25519] = "Ed25519" };
	const struct slot	*s = &current[slot];
	unsigned int		 n = sizeof(m->digest);

	if (s->cert == NULL)
		return (-1);
	memset(m, 0, sizeof(*m));
	m->slot = slot;
	m->not_before = when(X509_get0_notBefore(s->cert));
	m->not_after = when(X509_get0_notAfter(s->cert));
	if (X509_digest(s->cert, EVP_sha256(), m->digest, &n) != 1)
		memset(m->digest, 0, sizeof(m->digest));
	memcpy(m->type, types[s->kind], strlen(types[s->kind]));
	names_add(m->names, sizeof(m->names), s->cert);
	return (0);
}

/* ---- signing ---- */

enum key_kind
slot_kind(unsigned int slot)
{
	return (slot < TLS_SLOTS ? current[slot].kind : KEY_NONE);
}

int
slot_sign(unsigned int slot, uint16_t scheme, const uint8_t *tbs, size_t len,
    uint8_t *sig, size_t cap, size_t *siglen)
{
	EVP_PKEY	*key = slot < TLS_SLOTS ? current[slot].key : NULL;
	EVP_PKEY_CTX	*pc = NULL;
	EVP_MD_CTX	*md = NULL;
	const char	*name;
	int		 pss, rv = -1;

	if (key == NULL || (size_t)EVP_PKEY_get_size(key) > cap ||
	    (md = EVP_MD_CTX_new()) == NULL)
		return (-1);
	name = certverify_md(scheme, &pss);
	*siglen = cap;
	if (EVP_DigestSignInit_ex(md, &pc, name, NULL, NULL, key, NULL) != 1)
		goto out;
	if (pss && (EVP_PKEY_CTX_set_rsa_padding(pc,
	    RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pc,
	    RSA_PSS_SALTLEN_DIGEST) != 1))
		goto out;
	if (EVP_DigestSign(md, sig, siglen, tbs, len) == 1)
		rv = 0;
 out:
	EVP_MD_CTX_free(md);
	ERR_clear_error();
	return (rv);
}
