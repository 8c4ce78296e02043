/* SPDX-License-Identifier: ISC */
/*
 * addr.c: client addresses of the listener, and per prefix (/32 of IPv4, /64
 * of IPv6) how many connections it holds and how fast it asks.  The table is
 * fixed in size: an address without connections is forgotten when its place
 * is needed, oldest first.  Hashed with a random key, so that nobody chooses
 * who shares a chain.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "secret.h"
#include "listener.h"

#define ADDRS		8192
#define CHAINS		4096		/* a power of two */
#define RATE_SCALE	60000		/* a minute in milliseconds */

struct addr {
	uint64_t	 prefix[2];	/* 8 or 16 bytes; zero: Unix */
	uint32_t	 conns;
	int		 used;
	/* Requests that may come at once, in 1/RATE_SCALE of one. */
	uint64_t	 credit;
	struct mono	 seen;
	LIST_ENTRY(addr) chain;
	TAILQ_ENTRY(addr) idle;		/* without connections, oldest first */
};

static struct addr	 pool[ADDRS];
static unsigned int	 pool_used;
static LIST_HEAD(, addr) chains[CHAINS];
static TAILQ_HEAD(, addr) idle = TAILQ_HEAD_INITIALIZER(idle);
static uint64_t		 hash_key[2];

void
from_sockaddr(struct msg_from *f, const struct sockaddr *sa)
{
	const struct sockaddr_in *in;
	const struct sockaddr_in6 *in6;

	memset(f, 0, sizeof(*f));
	if (sa->sa_family == AF_INET) {
		in = (const struct sockaddr_in *)(const void *)sa;
		f->family = 4;
		f->addr[10] = f->addr[11] = 0xff;
		memcpy(f->addr + 12, &in->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		in6 = (const struct sockaddr_in6 *)(const void *)sa;
		f->family = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) ? 4 : 6;
		memcpy(f->addr, &in6->sin6_addr, 16);
	}
}

/* Cut brackets and a port off: 1.2.3.4:5, [::1], [::1]:5. */
static struct http_str
strip_port(struct http_str s)
{
	const char *p;

	if (s.len > 0 && s.p[0] == '[') {
		p = memchr(s.p, ']', s.len);
		s.p++;
		s.len = p == NULL ? 0 : (size_t)(p - s.p);
	} else if ((p = memchr(s.p, ':', s.len)) != NULL &&
	    memchr(p + 1, ':', s.len - (size_t)(p - s.p) - 1) == NULL)
		s.len = (size_t)(p - s.p);
	return (s);
}

int
from_text(struct msg_from *f, struct http_str s)
{
	char t[INET6_ADDRSTRLEN + 1];
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(&in, 0, sizeof(in));
	memset(&in6, 0, sizeof(in6));
	s = strip_port(s);
	if (s.len == 0 || s.len >= sizeof(t))
		return (-1);
	memcpy(t, s.p, s.len);
	t[s.len] = '\0';
	in.sin_family = AF_INET;
	in6.sin6_family = AF_INET6;
	if (inet_pton(AF_INET, t, &in.sin_addr) == 1)
		from_sockaddr(f, (struct sockaddr *)&in);
	else if (inet_pton(AF_INET6, t, &in6.sin6_addr) == 1)
		from_sockaddr(f, (struct sockaddr *)&in6);
	else
		return (-1);
	return (0);
}

void
from_print(const struct msg_from *f, char *out, size_t size)
{
	if (f->family == 4)
		inet_ntop(AF_INET, f->addr + 12, out, (socklen_t)size);
	else if (f->family == 6)
		inet_ntop(AF_INET6, f->addr, out, (socklen_t)size);
	else
		snprintf(out, size, "unix");
}

static unsigned int
hash(const uint64_t *p)
{
	uint64_t h;

	if (hash_key[0] == 0)
		random_bytes(hash_key, sizeof(hash_key));
	h = (p[0] ^ hash_key[0]) * 0x9e3779b97f4a7c15ULL;
	h ^= h >> 29;
	h = (h ^ p[1] ^ hash_key[1]) * 0xbf58476d1ce4e5b9ULL;
	return ((unsigned int)(h >> 40) & (CHAINS - 1));
}

/* A free record, or the one that has been idle longest. */
static struct addr *
addr_take(void)
{
	struct addr *a;

	if (pool_used < ADDRS)
		return (&pool[pool_used++]);
	if ((a = TAILQ_FIRST(&idle)) == NULL)
		return (NULL);
	TAILQ_REMOVE(&idle, a, idle);
	LIST_REMOVE(a, chain);
	return (a);
}

struct addr *
addr_get(const struct msg_from *f)
{
	uint64_t prefix[2];
	struct addr *a;
	unsigned int h;

	memcpy(prefix, f->addr, sizeof(prefix));
	if (f->family != 4)
		prefix[1] = f->family;
	h = hash(prefix);
	LIST_FOREACH(a, &chains[h], chain) {
		if (memcmp(a->prefix, prefix, sizeof(prefix)) == 0)
			break;
	}
	if (a == NULL) {
		if ((a = addr_take()) == NULL)
			return (NULL);
		memset(a, 0, sizeof(*a));
		memcpy(a->prefix, prefix, sizeof(prefix));
		a->credit = UINT64_MAX;
		LIST_INSERT_HEAD(&chains[h], a, chain);
	} else if (a->conns == 0)
		TAILQ_REMOVE(&idle, a, idle);
	if (a->conns == 0)
		TAILQ_INSERT_TAIL(&idle, a, idle);
	return (a);
}

int
addr_enter(struct addr *a, uint32_t max)
{
	if (max != 0 && a->conns >= max)
		return (-1);
	if (a->conns++ == 0)
		TAILQ_REMOVE(&idle, a, idle);
	return (0);
}

void
addr_leave(struct addr *a)
{
	if (--a->conns == 0)
		TAILQ_INSERT_TAIL(&idle, a, idle);
}

unsigned int
addr_rate(struct addr *a, uint32_t per_minute)
{
	uint64_t full, gone, need;

	if (per_minute == 0)
		return (0);
	/* A burst of a quarter of a minute, at least ten. */
	full = (uint64_t)(per_minute / 4 > 10 ? per_minute / 4 : 10) *
	    RATE_SCALE;
	gone = ev_now().ms - a->seen.ms;
	a->seen = ev_now();
	if (a->credit > full || gone > RATE_SCALE)
		a->credit = full;
	else if ((a->credit += gone * per_minute) > full)
		a->credit = full;
	if (a->credit >= RATE_SCALE) {
		a->credit -= RATE_SCALE;
		return (0);
	}
	need = RATE_SCALE - a->credit;
	return ((unsigned int)(need / per_minute / 1000) + 1);
}
