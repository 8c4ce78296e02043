/* SPDX-License-Identifier: ISC */
/*
 * tls.c: one TLS connection of the listener, between its socket and conn.c.
 * Bytes come from the network and go to OpenSSL; whatever that says is an
 * end of the connection, never of the process.  Never blocks, and never
 * touches a private key: there is none in this process.
 */
#include <sys/uio.h>

#include <openssl/async.h>
#include <openssl/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "secret.h"
#include "listener.h"
#include "tls.h"

#define RECORD_MAX	16384
#define JOBS_MAX	256		/* handshakes that wait for signd */

struct tls {
	SSL		*ssl;
	struct conn	*conn;
	struct signing	*sign;		/* NULL when the handshake is over */
	TAILQ_ENTRY(tls) entry;		/* while jobless */
	int		 events;	/* that the handshake waits for */
	int		 jobless;
	int		 read_writes;	/* reading waits for room to write */
	int		 more;
	int		 broken;
	int		 bye;
};
TAILQ_HEAD(tls_list, tls);

static struct tls_list	 jobless = TAILQ_HEAD_INITIALIZER(jobless);
static struct ev_hook	 jobless_hook;
static uint64_t		 done, failed;

/* ---- handshake ---- */

static void
on_signed(void *arg)
{
	struct tls	*t = arg;

	conn_wake(t->conn);
}

/* A job is free: the handshake that waits longest goes on. */
static void
jobless_run(struct ev_hook *h)
{
	struct tls	*t;

	if ((t = TAILQ_FIRST(&jobless)) == NULL)
		return;
	TAILQ_REMOVE(&jobless, t, entry);
	t->jobless = 0;
	conn_wake(t->conn);
}

static void
jobless_enter(struct tls *t)
{
	TAILQ_INSERT_TAIL(&jobless, t, entry);
	t->jobless = 1;
}

static void
handshake_over(struct tls *t)
{
	free(t->sign);
	t->sign = NULL;
	/* From now on no call has anything to wait for but the socket. */
	SSL_clear_mode(t->ssl, SSL_MODE_ASYNC);
	done++;
}

static int
handshake_failed(struct tls *t, int how)
{
	char		 addr[48];
	unsigned long	 e = ERR_peek_error();

	if (how == SSL_ERROR_SSL) {
		failed++;
		from_print(conn_peer(t->conn), addr, sizeof(addr));
		log_debug("%s: TLS handshake: %s", addr,
		    ERR_reason_error_string(e) != NULL ?
		    ERR_reason_error_string(e) : "failed");
	}
	ERR_clear_error();
	t->broken = 1;
	errno = ECONNABORTED;
	return (-1);
}

/* 0 when it is over; -1 and EAGAIN, or what ends the connection. */
static int
handshake(struct tls *t)
{
	int	n, how;

	if (t->jobless || t->sign->state == SIGN_WAIT) {
		/* The client may not be answered: what it sends waits. */
		t->events = 0;
		errno = EAGAIN;
		return (-1);
	}
	ERR_clear_error();
	keylink_for(t->sign);
	n = SSL_do_handshake(t->ssl);
	keylink_for(NULL);
	how = n == 1 ? SSL_ERROR_NONE : SSL_get_error(t->ssl, n);
	/* In all other cases its job is free again. */
	if (how != SSL_ERROR_WANT_ASYNC && how != SSL_ERROR_WANT_ASYNC_JOB &&
	    !TAILQ_EMPTY(&jobless))
		ev_hook_arm(&jobless_hook);
	/* While a job waits for signd the client mostly sends nothing. */
	t->events = how == SSL_ERROR_WANT_WRITE ? EV_WRITE : EV_READ;
	switch (how) {
	case SSL_ERROR_NONE:
		handshake_over(t);
		return (0);
	case SSL_ERROR_WANT_ASYNC_JOB:
		jobless_enter(t);
		break;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
	case SSL_ERROR_WANT_ASYNC:
		break;
	default:
		return (handshake_failed(t, how));
	}
	errno = EAGAIN;
	return (-1);
}

/* ---- records ---- */

/* 0 at the end, -1 with errno set otherwise. */
static ssize_t
read_failed(struct tls *t)
{
	switch (SSL_get_error(t->ssl, 0)) {
	case SSL_ERROR_ZERO_RETURN:
		return (0);
	case SSL_ERROR_WANT_WRITE:
		t->read_writes = 1;
		/* FALLTHROUGH */
	case SSL_ERROR_WANT_READ:
		errno = EAGAIN;
		return (-1);
	}
	ERR_clear_error();
	t->broken = 1;
	errno = ECONNRESET;
	return (-1);
}

ssize_t
tls_read(struct tls *t, void *p, size_t n)
{
	size_t	got, sum = 0;
	ssize_t	rv;

	if (t->broken) {
		errno = ECONNRESET;
		return (-1);
	}
	if (t->sign != NULL && handshake(t) == -1)
		return (-1);
	t->more = t->read_writes = 0;
	ERR_clear_error();
	while (sum < n) {
		if (SSL_read_ex(t->ssl, (char *)p + sum, n - sum, &got) != 1) {
			rv = read_failed(t);
			if (sum == 0)
				return (rv);
			/* An end that was seen is reported the next time. */
			t->more = rv == 0 || errno != EAGAIN;
			return ((ssize_t)sum);
		}
		sum += got;
		if (SSL_has_pending(t->ssl) == 0)
			break;
		t->more = sum == n;
	}
	return ((ssize_t)sum);
}

ssize_t
tls_write(struct tls *t, const void *p, size_t n)
{
	size_t	put, sum = 0;
	int	how;

	if (t->broken || t->sign != NULL) {
		errno = EPIPE;
		return (-1);
	}
	ERR_clear_error();
	while (sum < n) {
		if (SSL_write_ex(t->ssl, (const char *)p + sum, n - sum,
		    &put) == 1) {
			sum += put;
			continue;
		}
		how = SSL_get_error(t->ssl, 0);
		errno = EAGAIN;
		if (how != SSL_ERROR_WANT_WRITE && how != SSL_ERROR_WANT_READ) {
			ERR_clear_error();
			t->broken = 1;
			errno = EPIPE;
		}
		break;
	}
	return (sum > 0 ? (ssize_t)sum : -1);
}

/* What fits in one record of what iov points to. */
static size_t
gather(const struct iovec *iov, int n, uint8_t *out)
{
	size_t	sum = 0, part;
	int	i;

	for (i = 0; i < n && sum < RECORD_MAX; i++) {
		part = iov[i].iov_len < RECORD_MAX - sum ? iov[i].iov_len :
		    RECORD_MAX - sum;
		memcpy(out + sum, iov[i].iov_base, part);
		sum += part;
	}
	return (sum);
}

/* The parts of a small answer are one record and one system call. */
ssize_t
tls_writev(struct tls *t, const struct iovec *iov, int n)
{
	static uint8_t	one[RECORD_MAX];
	size_t		len, skip;
	ssize_t		sum, more;
	int		i;

	if (n == 1)
		return (tls_write(t, iov[0].iov_base, iov[0].iov_len));
	skip = len = gather(iov, n, one);
	sum = tls_write(t, one, len);
	secret_wipe(one, len);
	if (sum != (ssize_t)len)
		return (sum);
	for (i = 0; i < n; i++) {
		if (skip >= iov[i].iov_len) {
			skip -= iov[i].iov_len;
			continue;
		}
		len = iov[i].iov_len - skip;
		more = tls_write(t, (const char *)iov[i].iov_base + skip, len);
		skip = 0;
		sum += more > 0 ? more : 0;
		if (more != (ssize_t)len)
			break;
	}
	return (sum);
}

int
tls_want(const struct tls *t, int w)
{
	if (t->sign != NULL)
		return (t->events);
	return (t->read_writes ? w | EV_WRITE : w);
}

int
tls_more(const struct tls *t)
{
	return (t->more);
}

/* ---- life ---- */

struct tls *
tls_new(int fd, struct conn *c)
{
	struct tls	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL ||
	    (t->sign = calloc(1, sizeof(*t->sign))) == NULL ||
	    (t->ssl = tls_ssl()) == NULL || SSL_set_fd(t->ssl, fd) != 1) {
		if (t != NULL) {
			SSL_free(t->ssl);
			free(t->sign);
		}
		free(t);
		ERR_clear_error();
		return (NULL);
	}
	t->conn = c;
	t->events = EV_READ;
	t->sign->cb = on_signed;
	t->sign->arg = t;
	SSL_set_accept_state(t->ssl);
	return (t);
}

void
tls_goodbye(struct tls *t)
{
	if (t->bye || t->broken || t->sign != NULL)
		return;
	t->bye = 1;
	ERR_clear_error();
	(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	if (t->jobless)
		TAILQ_REMOVE(&jobless, t, entry);
	t->jobless = 0;
	/* SSL_free does not end a paused job: let it fail first. */
	if (t->sign != NULL && t->sign->state == SIGN_WAIT) {
		keylink_fail(t->sign);
		(void)handshake(t);
	}
	tls_goodbye(t);
	ERR_clear_error();
	SSL_free(t->ssl);
	free(t->sign);
	free(t);
}

void
tls_stat(struct msg_stat *s)
{
	s->handshakes = done;
	s->handshakes_bad = failed;
}

void
tls_init(void)
{
	ev_hook_add(&jobless_hook, EV_ORDER_FLUSH - 6, jobless_run, NULL);
	if (ASYNC_init_thread(JOBS_MAX, 0) != 1)
		fatalx("OpenSSL: no jobs for handshakes");
}
