/* SPDX-License-Identifier: ISC */
/*
 * tlsconf.c: the certificates of the listener and what TLS it speaks.
 * Certificates and OCSP responses are public files that master opened; they
 * are staged while a configuration is prepared and current after its commit.
 * A key is a slot number of signd.  Which certificate a client gets is said
 * by the names in the certificates.  Touches: descriptors from master.
 */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "keyprov.h"
#include "tls.h"

#define FILE_MAX	65536
#define CHAIN_MAX	10
#define GROUPS		"X25519:P-256:P-384"

struct cert {
	unsigned int	 slot;
	X509		*leaf;
	STACK_OF(X509)	*chain;
	EVP_PKEY	*key;		/* public half and the slot */
	SSL_CTX		*ctx;		/* of clients that ask for its names */
	uint8_t		*ocsp;
	int		 ocsp_len;
	int64_t		 ocsp_until;	/* wall, seconds */
};
struct certs {
	unsigned int	 n;
	struct cert	 c[TLS_CERTS];
};

static OSSL_LIB_CTX	*lib;
static struct certs	 staged, live;
static char		 staged_bad[400];

static void
certs_free(struct certs *s)
{
	unsigned int	i;

	for (i = 0; i < TLS_CERTS; i++) {
		SSL_CTX_free(s->c[i].ctx);
		X509_free(s->c[i].leaf);
		sk_X509_pop_free(s->c[i].chain, X509_free);
		EVP_PKEY_free(s->c[i].key);
		free(s->c[i].ocsp);
	}
	memset(s, 0, sizeof(*s));
}

void
tls_stage_begin(void)
{
	certs_free(&staged);
	staged_bad[0] = '\0';
}

static void
stage_bad(const struct msg_tls_file *q, const char *why)
{
	if (staged_bad[0] == '\0')
		snprintf(staged_bad, sizeof(staged_bad), "%s: %s", q->path,
		    why);
	ERR_clear_error();
}

/* ---- files ---- */

/* The bytes of a file, in a buffer of ours; -1 when there are none. */
static int
file_read(int fd, const uint8_t **out)
{
	static uint8_t	buf[FILE_MAX];
	size_t		have = 0;
	ssize_t		n = 0;

	while (have < sizeof(buf)) {
		n = read(fd, buf + have, sizeof(buf) - have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	*out = buf;
	return (n == -1 || have == 0 || have == sizeof(buf) ? -1 : (int)have);
}

static int
no_passphrase(char *buf, int size, int rw, void *arg)
{
	return (-1);
}

/* The next certificate of a file; made inside our library context. */
static X509 *
pem_next(BIO *bio)
{
	X509	*x = X509_new_ex(lib, NULL);

	if (x != NULL && PEM_read_bio_X509(bio, &x, no_passphrase,
	    NULL) == NULL) {
		X509_free(x);
		x = NULL;
	}
	return (x);
}

static const char *
chain_read(struct cert *c, BIO *bio)
{
	X509	*x;

	if ((c->leaf = pem_next(bio)) == NULL)
		return ("no PEM certificate in it");
	if ((c->chain = sk_X509_new_null()) == NULL)
		fatalx("OpenSSL: no memory");
	while ((x = pem_next(bio)) != NULL)
		if (sk_X509_push(c->chain, x) == 0)
			fatalx("OpenSSL: no memory");
	ERR_clear_error();
	if (sk_X509_num(c->chain) > CHAIN_MAX)
		return ("too many certificates in it");
	if ((c->key = keyprov_key(c->slot, c->leaf)) == NULL)
		return ("its key is none of P-256, P-384, RSA, Ed25519");
	return (NULL);
}

void
tls_stage_cert(const struct msg_tls_file *q, int fd)
{
	const uint8_t	*text;
	const char	*bad;
	struct cert	*c;
	BIO		*bio;
	int		 n;

	if (lib == NULL) {
		lib = keyprov_init(keylink_sign);
		tls_init();
	}
	if ((n = file_read(fd, &text)) == -1) {
		stage_bad(q, "empty, unreadable or too long");
		return;
	}
	if (staged.n == TLS_CERTS || q->slot % TLS_CERTS != staged.n) {
		stage_bad(q, "out of its place");
		return;
	}
	c = &staged.c[staged.n++];
	c->slot = q->slot;
	if ((bio = BIO_new_mem_buf(text, n)) == NULL)
		fatalx("OpenSSL: no memory");
	if ((bad = chain_read(c, bio)) != NULL)
		stage_bad(q, bad);
	BIO_free(bio);
}

/* ---- OCSP ---- */

static int64_t
when(const ASN1_TIME *t)
{
	struct tm	tm;

	if (t == NULL)
		return (INT64_MAX);
	return (ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0);
}

/* Until when it speaks of that certificate; -1 if it does not at all. */
static int64_t
ocsp_until(OCSP_BASICRESP *basic, X509 *leaf)
{
	ASN1_GENERALIZEDTIME	*next;
	ASN1_INTEGER		*serial;
	OCSP_SINGLERESP		*one;
	int			 i;

	for (i = 0; i < OCSP_resp_count(basic); i++) {
		one = OCSP_resp_get0(basic, i);
		OCSP_id_get0_info(NULL, NULL, NULL, &serial,
		    (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(one));
		if (serial == NULL || ASN1_INTEGER_cmp(serial,
		    X509_get0_serialNumber(leaf)) != 0)
			continue;
		next = NULL;
		(void)OCSP_single_get0_status(one, NULL, NULL, NULL, &next);
		return (when(next));
	}
	return (-1);
}

static const char *
ocsp_check(struct cert *c, const uint8_t *der, int len)
{
	const unsigned char	*p = der;
	OCSP_RESPONSE		*r;
	OCSP_BASICRESP		*basic = NULL;
	const char		*bad = NULL;

	if ((r = d2i_OCSP_RESPONSE(NULL, &p, len)) == NULL ||
	    p != der + len)
		bad = "not an OCSP response in DER";
	else if (OCSP_response_status(r) != OCSP_RESPONSE_STATUS_SUCCESSFUL ||
	    (basic = OCSP_response_get1_basic(r)) == NULL)
		bad = "an OCSP response that is an error";
	else if ((c->ocsp_until = ocsp_until(basic, c->leaf)) == -1)
		bad = "an OCSP response for another certificate";
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	return (bad);
}

void
tls_stage_ocsp(const struct msg_tls_file *q, int fd)
{
	struct cert	*c;
	const uint8_t	*der;
	const char	*bad;
	int		 n;

	n = file_read(fd, &der);
	if (staged.n == 0 || staged.c[staged.n - 1].slot != q->slot ||
	    staged.c[staged.n - 1].leaf == NULL) {
		stage_bad(q, "out of its place");
		return;
	}
	c = &staged.c[staged.n - 1];
	bad = n == -1 ? "empty, unreadable or too long" :
	    ocsp_check(c, der, n);
	if (bad != NULL) {
		stage_bad(q, bad);
		return;
	}
	if (c->ocsp_until <= wall_s())
		log_warnx("%s: the OCSP response is over: not sent", q->path);
	free(c->ocsp);
	if ((c->ocsp = malloc((size_t)n)) == NULL)
		fatal("OCSP response");
	memcpy(c->ocsp, der, (size_t)n);
	c->ocsp_len = n;
}

/* ---- what a handshake asks ---- */

/* The first certificate with that name, else the first of all. */
static struct cert *
cert_for(const char *name, int *known)
{
	unsigned int	i;

	for (i = 0; name != NULL && i < live.n; i++)
		if (X509_check_host(live.c[i].leaf, name, strlen(name),
		    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1) {
			*known = 1;
			return (&live.c[i]);
		}
	*known = 0;
	return (&live.c[0]);
}

/* Called for every client, with a name or without one. */
static int
on_servername(SSL *ssl, int *alert, void *arg)
{
	struct cert	*c;
	int		 known;

	c = cert_for(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name),
	    &known);
	/* Also when a reload came between: the keys of now are used. */
	if (SSL_get_SSL_CTX(ssl) != c->ctx &&
	    SSL_set_SSL_CTX(ssl, c->ctx) == NULL)
		return (SSL_TLSEXT_ERR_ALERT_FATAL);
	return (known ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK);
}

static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned int inlen, void *arg)
{
	static const unsigned char ours[] = "http/1.1";
	unsigned int	off;

	for (off = 0; off < inlen && in[off] <= inlen - off - 1;
	    off += 1U + in[off])
		if (in[off] == sizeof(ours) - 1 &&
		    memcmp(in + off + 1, ours, sizeof(ours) - 1) == 0) {
			*out = in + off + 1;
			*outlen = in[off];
			return (SSL_TLSEXT_ERR_OK);
		}
	return (SSL_TLSEXT_ERR_ALERT_FATAL);
}

static int
on_status(SSL *ssl, void *arg)
{
	const X509	*leaf = SSL_get_certificate(ssl);
	unsigned char	*copy;
	unsigned int	 i;

	for (i = 0; i < live.n; i++)
		if (live.c[i].leaf == leaf)
			break;
	if (i == live.n || live.c[i].ocsp == NULL ||
	    live.c[i].ocsp_until <= wall_s())
		return (SSL_TLSEXT_ERR_NOACK);
	copy = OPENSSL_memdup(live.c[i].ocsp, (size_t)live.c[i].ocsp_len);
	if (copy == NULL || SSL_set_tlsext_status_ocsp_resp(ssl, copy,
	    live.c[i].ocsp_len) != 1) {
		OPENSSL_free(copy);
		return (SSL_TLSEXT_ERR_NOACK);
	}
	return (SSL_TLSEXT_ERR_OK);
}

/* ---- contexts ---- */

static int
ctx_add(SSL_CTX *ctx, struct cert *c)
{
	return (SSL_CTX_use_certificate(ctx, c->leaf) == 1 &&
	    SSL_CTX_use_PrivateKey(ctx, c->key) == 1 &&
	    SSL_CTX_check_private_key(ctx) == 1 &&
	    SSL_CTX_set1_chain(ctx, c->chain) == 1 ? 0 : -1);
}

/* May b stand in for a: another kind of key, and all the names of a. */
static int
cert_beside(const struct cert *a, const struct cert *b)
{
	GENERAL_NAMES	*names;
	GENERAL_NAME	*g;
	ASN1_IA5STRING	*s;
	int		 i, all = 1;

	if (EVP_PKEY_get_id(X509_get0_pubkey(a->leaf)) ==
	    EVP_PKEY_get_id(X509_get0_pubkey(b->leaf)))
		return (0);
	names = X509_get_ext_d2i(a->leaf, NID_subject_alt_name, NULL, NULL);
	if (sk_GENERAL_NAME_num(names) <= 0)
		all = 0;
	for (i = 0; all && i < sk_GENERAL_NAME_num(names); i++) {
		g = sk_GENERAL_NAME_value(names, i);
		if (g->type != GEN_DNS)
			continue;
		s = g->d.dNSName;
		all = X509_check_host(b->leaf,
		    (const char *)ASN1_STRING_get0_data(s),
		    (size_t)ASN1_STRING_length(s),
		    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return (all);
}

/*
 * TLS 1.3 only.  No tickets and no cache of sessions: a key for tickets
 * would be a second lasting secret, in the process that is exposed.
 */
static SSL_CTX *
ctx_new(void)
{
	SSL_CTX	*ctx;

	if ((ctx = SSL_CTX_new_ex(lib, NULL, TLS_server_method())) == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, GROUPS) != 1 ||
	    SSL_CTX_set_num_tickets(ctx, 0) != 1)
		return (NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
	    SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_mode(ctx, SSL_MODE_ASYNC | SSL_MODE_NO_AUTO_CHAIN |
	    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* A flood of records without data must come back to the loop. */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_tlsext_servername_callback(ctx, on_servername);
	SSL_CTX_set_tlsext_status_cb(ctx, on_status);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	return (ctx);
}

/* The certificate itself, and those with other keys for the same names. */
static int
ctx_make(struct certs *s, unsigned int i)
{
	SSL_CTX		*ctx;
	unsigned int	 k;
	int		 bad;

	if ((ctx = s->c[i].ctx = ctx_new()) == NULL)
		return (-1);
	bad = 0;
	for (k = s->n; k-- > 0;)
		if (k != i && cert_beside(&s->c[i], &s->c[k]))
			bad |= ctx_add(ctx, &s->c[k]);
	return (bad | ctx_add(ctx, &s->c[i]));
}

const char *
tls_stage_check(int wanted)
{
	unsigned int	i;

	if (staged_bad[0] != '\0')
		return (staged_bad);
	if (wanted && staged.n == 0)
		return ("listen ... tls without a certificate");
	for (i = 0; i < staged.n; i++)
		if (ctx_make(&staged, i) != 0) {
			snprintf(staged_bad, sizeof(staged_bad),
			    "certificate %u: %s", i + 1,
			    ERR_reason_error_string(ERR_peek_error()));
			ERR_clear_error();
			return (staged_bad);
		}
	return (NULL);
}

void
tls_commit(void)
{
	certs_free(&live);
	live = staged;
	memset(&staged, 0, sizeof(staged));
}

SSL *
tls_ssl(void)
{
	return (live.n > 0 ? SSL_new(live.c[0].ctx) : NULL);
}
