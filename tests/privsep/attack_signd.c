/* SPDX-License-Identifier: ISC */
/*
 * attack_signd.c: what a hijacked listener may try with the TLS keys: have
 * anything but a server handshake signed, reach slots that are not there,
 * break the channel's rules, sign more than it is allowed.  It gets
 * signatures over server CertificateVerify contents and nothing else.
 *	attack_signd [limits]
 */
/* link: -lcrypto */
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <signal.h>

#include "rig.h"

#define P256	0x0403

static long	expect_refused, expect_broke;

/* A puppet with its channel to signd. */
static struct puppet *
signer_get(void)
{
	struct puppet	*p = puppet_get();
	int		 i;

	for (i = 0; i < 1000; i++) {
		if (puppet_op(p, PO_INFO, PC_SIGND, 0, NULL) >= 0)
			return (p);
		nap(10);
	}
	die("no channel to signd");
	return (NULL);
}

static struct msg_sign
question(void)
{
	struct msg_sign	q;

	memset(&q, 0, sizeof(q));
	q.scheme = P256;
	q.tbs_len = TBS_SHA256;
	memset(q.tbs, ' ', 64);
	memcpy(q.tbs + 64, "TLS 1.3, server CertificateVerify", 34);
	memset(q.tbs + 98, 0x11, 32);
	return (q);
}

/* 1 with a signature, 0 refused, -1 no answer. */
static int
ask(struct puppet *p, const struct msg_sign *q, struct msg_signature *a)
{
	if (frame_ask(p, PC_SIGND, MSG_SIGN, q, sizeof(*q), a,
	    sizeof(*a)) != MSG_SIGNATURE)
		return (-1);
	return (a->ok != 0);
}

/* Is it the certificate's key, over these bytes? */
static int
verifies(const struct msg_sign *q, const struct msg_signature *a)
{
	char		 path[512];
	X509		*cert = NULL;
	EVP_MD_CTX	*md = EVP_MD_CTX_new();
	FILE		*f;
	int		 good;

	snprintf(path, sizeof(path), "%s/p256.pem", getenv("C"));
	if ((f = fopen(path, "r")) == NULL ||
	    (cert = PEM_read_X509(f, NULL, NULL, NULL)) == NULL)
		die(path);
	fclose(f);
	good = EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL,
	    X509_get0_pubkey(cert)) == 1 && EVP_DigestVerify(md, a->sig,
	    a->sig_len, q->tbs, q->tbs_len) == 1;
	EVP_MD_CTX_free(md);
	X509_free(cert);
	return (good);
}

/* ---- content ---- */

static void
refused(struct puppet *p, const struct msg_sign *q, const char *what)
{
	static const struct msg_signature none;
	struct msg_signature	a;
	int			rv;

	memset(&a, 0xff, sizeof(a));
	rv = ask(p, q, &a);
	ok(rv == 0 && memcmp(&a, &none, sizeof(a)) == 0,
	    "not signed: %s", what);
	expect_refused++;
}

static void
contents(struct puppet *p)
{
	static const char jwt[] = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9."
	    "eyJzdWIiOiJhZG1pbiIsInNjb3BlIjoibWNwOnRvb2xzIiwiYXVkIjoieCIs"
	    "ImV4cCI6OTk5OTk5OTk5OX0";
	struct msg_sign		q = question();
	struct msg_signature	a;
	unsigned int		i;

	ok(ask(p, &q, &a) == 1 && verifies(&q, &a),
	    "control: a server's CertificateVerify is signed");
	memset(q.tbs, 0, sizeof(q.tbs));
	memcpy(q.tbs, jwt, sizeof(jwt) - 1 < TBS_SHA256 ? sizeof(jwt) - 1 :
	    TBS_SHA256);
	refused(p, &q, "the text of a token");
	memset(q.tbs, 0, sizeof(q.tbs));
	refused(p, &q, "zeroes");
	for (i = 0; i < TBS_SHA256; i++)
		q.tbs[i] = (uint8_t)(i * 37);
	q.tbs[64] = 3;			/* named curve, P-256, a point */
	q.tbs[65] = 0;
	q.tbs[66] = 0x17;
	refused(p, &q, "parameters of TLS 1.2");
	q = question();
	memcpy(q.tbs + 64, "TLS 1.3, client CertificateVerify", 34);
	refused(p, &q, "a client's CertificateVerify");
	q = question();
	q.tbs[0] = '!';
	refused(p, &q, "a blank that is none");
	q = question();
	q.tbs[97] = 1;
	refused(p, &q, "no zero byte behind the context");
	q = question();
	q.tbs_len = TBS_SHA384;
	ok(ask(p, &q, &a) == 1, "control: a hash of 48 bytes is as good");
	ok(ask(p, &q, &a) == 1, "and the same question again");
}

static void
schemes(struct puppet *p)
{
	static const uint16_t others[] = { 0x0503, 0x0804, 0x0805, 0x0806,
	    0x0807, 0x0401, 0x0203, 0x0603, 0x0809, 0, 0xffff };
	struct msg_sign		q = question();
	size_t			i;
	char			what[64];

	for (i = 0; i < COUNT(others); i++) {
		q.scheme = others[i];
		snprintf(what, sizeof(what), "scheme %04x with that key",
		    others[i]);
		refused(p, &q, what);
	}
	for (i = 1; i < TLS_SLOTS; i++) {
		q = question();
		q.slot = (uint32_t)i;
		snprintf(what, sizeof(what), "slot %zu, which is empty", i);
		refused(p, &q, what);
	}
}

/* ---- shapes: each costs the worker its life ---- */

static void
shape(const char *what, uint32_t type, const void *body, size_t len, int nfds)
{
	struct puppet	*p = signer_get();

	frame_raw(p, PC_SIGND, type, 5, body, len, 0, nfds);
	ok(puppet_dies(p), "it dies of %s", what);
	expect_broke++;
}

static void
shapes(void)
{
	static const uint16_t	lens[] = { 0, 1, 100, 129, 131, 145, 147,
				    152, 0xffff };
	static uint8_t		zeroes[4096];
	struct msg_sign		q = question();
	char			what[64];
	size_t			i;

	for (i = 0; i < COUNT(lens); i++) {
		q.tbs_len = lens[i];
		snprintf(what, sizeof(what), "a content of %u bytes", lens[i]);
		shape(what, MSG_SIGN, &q, sizeof(q), 0);
	}
	q = question();
	q.tbs[TBS_SHA256] = 1;
	shape("bytes behind the content", MSG_SIGN, &q, sizeof(q), 0);
	q = question();
	q.slot = TLS_SLOTS;
	shape("a slot beyond the last", MSG_SIGN, &q, sizeof(q), 0);
	q = question();
	shape("a question too short", MSG_SIGN, &q, sizeof(q) - 8, 0);
	shape("a question with a descriptor", MSG_SIGN, &q, sizeof(q), 1);
	shape("a signature of its own", MSG_SIGNATURE, zeroes,
	    sizeof(struct msg_signature), 0);
	shape("a key of its own", MSG_TLS_KEY, zeroes,
	    sizeof(struct msg_tls_file), 1);
	shape("another configuration", MSG_CONF_SIGND, zeroes,
	    sizeof(struct msg_conf_signd), 0);
	shape("a worker of its own", MSG_WORKER_NEW, zeroes,
	    sizeof(struct msg_worker), 1);
	shape("no message at all", 9999, zeroes, 64, 0);
}

/* Questions without end, and not one answer read. */
static void
flood(void)
{
	struct puppet		*p = signer_get(), *other = signer_get();
	struct msg_sign		 q = question();
	struct msg_signature	 a;
	int64_t			 n = 0;
	int			 i;

	for (i = 0; i < 20000 && n >= 0; i++)
		n = frame_send(p, PC_SIGND, MSG_SIGN, (uint32_t)i, &q,
		    sizeof(q));
	ok(ask(other, &q, &a) == 1 && verifies(&q, &a),
	    "a flood from one worker leaves signatures to others");
	puppet_op(p, PO_CLOSE, PC_SIGND, 0, NULL);
	puppet_put(p);
	puppet_put(other);
}

/* ---- limits ---- */

/* Signatures that it gets for n questions sent at once. */
static int
burst(struct puppet *p, int n)
{
	struct msg_sign		q = question();
	struct msg_signature	a;
	int			i, got = 0;

	for (i = 0; i < n; i++)
		frame_send(p, PC_SIGND, MSG_SIGN, (uint32_t)(5000 + i), &q,
		    sizeof(q));
	for (i = 0; i < n; i++)
		if (frame_wait(p, PC_SIGND, (uint32_t)(5000 + i), &a,
		    sizeof(a)) == MSG_SIGNATURE)
			got += a.ok != 0;
	return (got);
}

static void
limits(void)
{
	struct puppet		*p = signer_get();
	struct msg_sign		 q = question();
	struct msg_signature	 a;
	int64_t			 old, new;
	int			 got, i, n = 0;

	got = burst(p, 200);
	/* 20 a second; a slow machine may need more than one for 200. */
	ok(got >= 20 && got < 100, "control: %s",
	    "the first of 200 questions are answered, the rest refused");
	old = puppet_generation(p, PC_SIGND);
	puppet_op(p, PO_CLOSE, PC_SIGND, 0, NULL);
	p->inlen[PC_SIGND] = 0;
	p->ended[PC_SIGND] = 0;
	/* As the honest one says when its channel is gone. */
	for (i = 0, new = old; i < 500 && new == old; i++) {
		nap(10);
		if (puppet_op(p, PO_INFO, PC_SIGND, 0, &new) < 0)
			new = old;
	}
	ok(new != old, "a channel that it closed is made again");
	/* Within its life of 60, over as many channels as it likes. */
	for (i = 0; i < 60 && !p->ended[PC_SIGND]; i++) {
		got = burst(p, 30);
		n += got;
		if (puppet_op(p, PO_INFO, PC_MASTER, 0, NULL) == -2)
			break;
		nap(300);
	}
	ok(n <= 40, "no more than its life is allowed");
	ok(puppet_dies(p), "and then it is ended");
	p = signer_get();
	nap(1100);			/* the second is that of its place */
	ok(ask(p, &q, &a) == 1, "the next one in its place begins anew");
	puppet_put(p);
}

int
main(int argc, char **argv)
{
	struct puppet	*p;

	signal(SIGPIPE, SIG_IGN);
	rig_listen("listener", 0);
	shell("kill -9 $K_VICTIMS");
	if (argc > 1) {
		limits();
		return (done());
	}
	p = signer_get();
	contents(p);
	schemes(p);
	equal("signd counted each refusal", shell_number("$K_CTL -j status | "
	    "sed -n 's/.*\"process\":\"signd\",\"counter\":\"refused\","
	    "\"value\":\"\\([0-9]*\\)\".*/\\1/p'"), expect_refused);
	ok(shell_number("cat $K_DIR/logs/*exceptions* $K_DIR/out | grep -c "
	    "'signature refused: not a TLS 1.3 server CertificateVerify'") > 0,
	    "and it is in the log");
	puppet_put(p);
	shapes();
	flood();
	nap(300);
	equal("signd counted each broken rule", violations("signd"),
	    expect_broke);
	equal("and each left one audit record", audits("violation"),
	    expect_broke);
	return (done());
}
