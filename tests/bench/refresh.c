/* SPDX-License-Identifier: ISC */
/*
 * refresh.c: load of refresh_token grants, each connection rotating a family
 * of its own.
 *	refresh HOST PORT SECONDS FILE
 * FILE holds a line a connection: CLIENT_ID REFRESH_TOKEN.
 * Prints: grants, grants a second, failures, p50 and p99 in microseconds.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define CONNS_MAX	256
#define SAMPLES_MAX	(1 << 20)

struct conn {
	int		fd;
	char		client[64], token[128];
	char		in[8192];
	size_t		in_len;
	uint64_t	sent_us;
};

static struct conn	conns[CONNS_MAX];
static int		nconns, ep;
static uint32_t		samples[SAMPLES_MAX];
static size_t		nsamples, failures;
static const char	*host, *port;

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static void
ask(struct conn *c)
{
	char	body[512], req[1024];
	int	n;

	snprintf(body, sizeof(body),
	    "grant_type=refresh_token&client_id=%s&refresh_token=%s",
	    c->client, c->token);
	n = snprintf(req, sizeof(req), "POST /token HTTP/1.1\r\n"
	    "Host: %s:%s\r\nContent-Type: application/x-www-form-urlencoded"
	    "\r\nContent-Length: %zu\r\n\r\n%s", host, port, strlen(body),
	    body);
	c->in_len = 0;
	c->sent_us = mono_us();
	if (write(c->fd, req, (size_t)n) != n)
		die("write");
}

static void
conn_open(struct conn *c)
{
	struct sockaddr_in	sin;
	struct epoll_event	e;
	int			one = 1;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1 ||
	    (c->fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    connect(c->fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	memset(&e, 0, sizeof(e));
	e.events = EPOLLIN;
	e.data.ptr = c;
	if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e) == -1)
		die("epoll_ctl");
}

/* 1 when the whole answer is there. */
static int
answer_whole(struct conn *c)
{
	char	*end, *cl;

	c->in[c->in_len] = '\0';
	if ((end = strstr(c->in, "\r\n\r\n")) == NULL)
		return (0);
	if ((cl = strcasestr(c->in, "content-length:")) == NULL)
		die("no content-length");
	return (c->in_len >= (size_t)(end + 4 - c->in) +
	    strtoul(cl + 15, NULL, 10));
}

static void
answer_take(struct conn *c)
{
	char	*p, *q;

	if (nsamples < SAMPLES_MAX)
		samples[nsamples++] = (uint32_t)(mono_us() - c->sent_us);
	p = strstr(c->in, "\"refresh_token\":\"");
	if (strncmp(c->in, "HTTP/1.1 200", 12) != 0 || p == NULL) {
		if (failures++ == 0)
			fprintf(stderr, "%s\n", c->in);
		return;
	}
	p += strlen("\"refresh_token\":\"");
	if ((q = strchr(p, '"')) == NULL ||
	    (size_t)(q - p) >= sizeof(c->token))
		die("token");
	memcpy(c->token, p, (size_t)(q - p));
	c->token[q - p] = '\0';
}

static void
conn_ready(struct conn *c)
{
	ssize_t	n;

	n = read(c->fd, c->in + c->in_len, sizeof(c->in) - 1 - c->in_len);
	if (n <= 0)
		die("read");
	c->in_len += (size_t)n;
	if (!answer_whole(c))
		return;
	answer_take(c);
	ask(c);
}

static void
conns_read(const char *file)
{
	FILE	*f;

	if ((f = fopen(file, "r")) == NULL)
		die(file);
	while (nconns < CONNS_MAX && fscanf(f, "%63s %127s",
	    conns[nconns].client, conns[nconns].token) == 2)
		conn_open(&conns[nconns++]);
	fclose(f);
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
	int			i, n;

	if (argc != 5) {
		fprintf(stderr, "usage: refresh HOST PORT SECONDS FILE\n");
		return (2);
	}
	host = argv[1];
	port = argv[2];
	if ((ep = epoll_create1(0)) == -1)
		die("epoll");
	conns_read(argv[4]);
	start = mono_us();
	end = start + strtoul(argv[3], NULL, 10) * 1000000;
	for (i = 0; i < nconns; i++)
		ask(&conns[i]);
	while (mono_us() < end) {
		if ((n = epoll_wait(ep, e, 64, 100)) == -1 && errno != EINTR)
			die("epoll_wait");
		for (i = 0; i < n; i++)
			conn_ready(e[i].data.ptr);
	}
	if (nsamples == 0)
		die("no answer");
	qsort(samples, nsamples, sizeof(samples[0]), by_value);
	printf("%zu %.0f %zu %u %u\n", nsamples, (double)nsamples * 1e6 /
	    (double)(mono_us() - start), failures, samples[nsamples / 2],
	    samples[nsamples * 99 / 100]);
	return (failures != 0);
}
