/* SPDX-License-Identifier: ISC */
/* link: -lssl -lcrypto */
/*
 * handshake.c: load of full TLS 1.3 handshakes, each on a connection of its
 * own that ends with a reset as soon as the server is known to be done.
 *	handshake HOST PORT SECONDS CONNECTIONS
 * Prints: handshakes, handshakes a second, failures, p50 and p99 in
 * microseconds from connect to the client's Finished.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define CONNS_MAX	256
#define SAMPLES_MAX	(1 << 20)

struct conn {
	SSL		*ssl;
	int		 fd;
	uint64_t	 began_us;
};

static struct conn		conns[CONNS_MAX];
static struct sockaddr_in	server;
static SSL_CTX			*ctx;
static uint32_t			samples[SAMPLES_MAX];
static size_t			nsamples, failures;
static int			ep;

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static void	conn_step(struct conn *);

static void
conn_open(struct conn *c)
{
	struct epoll_event	e;

	c->began_us = mono_us();
	if ((c->fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    fcntl(c->fd, F_SETFL, O_NONBLOCK) == -1)
		die("socket");
	if (connect(c->fd, (struct sockaddr *)&server, sizeof(server)) == -1 &&
	    errno != EINPROGRESS)
		die("connect");
	if ((c->ssl = SSL_new(ctx)) == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
		die("SSL_new");
	SSL_set_connect_state(c->ssl);
	memset(&e, 0, sizeof(e));
	e.events = EPOLLIN | EPOLLOUT | EPOLLET;
	e.data.ptr = c;
	if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e) == -1)
		die("epoll_ctl");
}

/* No port stays behind waiting. */
static void
conn_close(struct conn *c)
{
	struct linger	reset = { 1, 0 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	SSL_free(c->ssl);
	close(c->fd);
}

static void
conn_step(struct conn *c)
{
	int	n, how;

	if ((n = SSL_do_handshake(c->ssl)) == 1) {
		if (nsamples < SAMPLES_MAX)
			samples[nsamples++] = (uint32_t)(mono_us() -
			    c->began_us);
	} else {
		how = SSL_get_error(c->ssl, n);
		if (how == SSL_ERROR_WANT_READ || how == SSL_ERROR_WANT_WRITE)
			return;
		failures++;
	}
	conn_close(c);
	conn_open(c);
}

static int
by_value(const void *a, const void *b)
{
	uint32_t	x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x < y ? -1 : x > y);
}

int
main(int argc, char **argv)
{
	struct epoll_event	e[64];
	uint64_t		start, end;
	int			i, n, nconns;

	if (argc != 5 || (nconns = atoi(argv[4])) < 1 || nconns > CONNS_MAX) {
		fprintf(stderr, "usage: handshake HOST PORT SECONDS CONNS\n");
		return (2);
	}
	server.sin_family = AF_INET;
	server.sin_port = htons((uint16_t)atoi(argv[2]));
	if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 ||
	    (ep = epoll_create1(0)) == -1 ||
	    (ctx = SSL_CTX_new(TLS_client_method())) == NULL)
		die("start");
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set1_groups_list(ctx, "X25519");
	start = mono_us();
	end = start + strtoul(argv[3], NULL, 10) * 1000000;
	for (i = 0; i < nconns; i++)
		conn_open(&conns[i]);
	while (mono_us() < end) {
		if ((n = epoll_wait(ep, e, 64, 100)) == -1 && errno != EINTR)
			die("epoll_wait");
		for (i = 0; i < n; i++)
			conn_step(e[i].data.ptr);
	}
	if (nsamples == 0)
		die("no handshake");
	qsort(samples, nsamples, sizeof(samples[0]), by_value);
	printf("%zu %.0f %zu %u %u\n", nsamples, (double)nsamples * 1e6 /
	    (double)(mono_us() - start), failures, samples[nsamples / 2],
	    samples[nsamples * 99 / 100]);
	return (failures != 0);
}
