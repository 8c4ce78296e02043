/* SPDX-License-Identifier: ISC */
/*
 * tls.h: TLS 1.3 on connections of the listener.  No private key is in this
 * process: signatures are asked of signd (keylink.c), and a handshake waits
 * for one as an OpenSSL ASYNC job, without holding up anybody else.
 */
#ifndef LISTENER_TLS_H
#define LISTENER_TLS_H

#include <sys/types.h>
#include <sys/queue.h>

#include <openssl/ssl.h>

#include <stddef.h>
#include <stdint.h>

#include "msg.h"

struct conn;
struct iovec;
struct tls;

/* ---- tlsconf.c: certificates, staged and current ---- */

void	 tls_stage_begin(void);
/* Read a file that master opened, for the slot it names; closes fd. */
void	 tls_stage_cert(const struct msg_tls_file *, int fd);
void	 tls_stage_ocsp(const struct msg_tls_file *, int fd);
/* NULL if good, else why not; wanted: a listen line says tls. */
const char *tls_stage_check(int wanted);
void	 tls_commit(void);
/* For a new connection, the caller's; or NULL. */
SSL	*tls_ssl(void);

/* ---- tls.c: connections ---- */

void	 tls_init(void);
/* For an accepted socket; NULL when there is no certificate. */
struct tls *tls_new(int fd, struct conn *);
/* Says goodbye where that is possible; the socket stays the caller's. */
void	 tls_free(struct tls *);
/*
 * As recv(2) and send(2) on a non-blocking socket: EAGAIN until the
 * handshake is over.  An end without close_notify is ECONNRESET.  What was
 * not written must be given again, with the same bytes first.
 */
ssize_t	 tls_read(struct tls *, void *, size_t);
ssize_t	 tls_write(struct tls *, const void *, size_t);
ssize_t	 tls_writev(struct tls *, const struct iovec *, int);
/* All is said on our side: close_notify. */
void	 tls_goodbye(struct tls *);
/* What to wait for on the socket when the connection wants w (EV_ bits). */
int	 tls_want(const struct tls *, int w);
/* Bytes lie here that no event of the socket will tell of. */
int	 tls_more(const struct tls *);
void	 tls_stat(struct msg_stat *);

/* ---- keylink.c: the channel to signd ---- */

enum sign_state { SIGN_NONE, SIGN_WAIT, SIGN_GOOD, SIGN_BAD };
struct signing {			/* of one handshake */
	TAILQ_ENTRY(signing) entry;
	enum sign_state	 state;
	uint32_t	 id;
	struct msg_sign	 question;	/* asked again of a new signd */
	struct msg_signature answer;
	void		(*cb)(void *);	/* the answer is there */
	void		*arg;
};

/* The channel to signd; the one before ends. */
void	 keylink(int fd, const struct msg_worker *);
/* Signatures asked for until the next call are for s (NULL: nobody). */
void	 keylink_for(struct signing *s);
/* The job that waits for s fails when it is run again. */
void	 keylink_fail(struct signing *s);
/* The function for keyprov_init(). */
int	 keylink_sign(unsigned int slot, uint16_t scheme, const uint8_t *tbs,
	    size_t len, uint8_t *sig, size_t cap, size_t *siglen);

#endif
