/* SPDX-License-Identifier: ISC */
/*
 * secret.c: randomness, constant-time comparison, wiping.  Runs in every
 * program; the kernel is the only source of randomness it trusts.
 */
#include <sys/types.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/random.h>
#endif

#include "log.h"
#include "secret.h"

void
random_bytes(void *out, size_t n)
{
	uint8_t	*p = out;
	size_t	 want;

	while (n > 0) {
		want = n > 256 ? 256 : n;
		if (getentropy(p, want) == -1) {
			if (errno == EINTR)
				continue;
			fatal("no random bytes from the kernel");
		}
		p += want;
		n -= want;
	}
}

int
secret_eq(const void *a, const void *b, size_t n)
{
	const volatile uint8_t	*p = a, *q = b;
	uint8_t			 d = 0;

	while (n-- > 0)
		d |= (uint8_t)(*p++ ^ *q++);
	return (d == 0);
}

void
secret_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}
