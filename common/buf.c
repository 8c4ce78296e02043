/* SPDX-License-Identifier: ISC */
/*
 * buf.c: growable byte buffers.  Runs in every program; trusts its caller
 * for lengths, never touches files or descriptors.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "secret.h"

#define BUF_MAX_DEFAULT	((size_t)64 << 20)

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max != 0 ? max : BUF_MAX_DEFAULT;
}

void
buf_free(struct buf *b)
{
	size_t	max = b->max;
	int	secret = b->secret;

	if (secret && b->data != NULL)
		secret_wipe(b->data, b->cap);
	free(b->data);
	buf_init(b, max);
	b->secret = secret;
}

void
buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		secret_wipe(b->data, b->cap);
	buf_free(b);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = 0;
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	b->len -= n;
	if (b->len != 0 && n != 0)
		memmove(b->data, b->data + n, b->len);
}

/* realloc would leave the old bytes where nobody wipes them. */
static uint8_t *
block_grow(struct buf *b, size_t cap)
{
	uint8_t *p;

	if (!b->secret || b->data == NULL)
		return (realloc(b->data, cap));
	if ((p = malloc(cap)) == NULL)
		return (NULL);
	memcpy(p, b->data, b->len);
	secret_wipe(b->data, b->cap);
	free(b->data);
	return (p);
}

uint8_t *
buf_reserve(struct buf *b, size_t n)
{
	size_t	 cap;
	uint8_t	*p;

	if (b->max == 0)	/* a static one that nobody initialised */
		b->max = BUF_MAX_DEFAULT;
	if (b->failed)
		return (NULL);
	/* A static buffer that nobody initialised is an empty one. */
	if (b->max == 0)
		b->max = BUF_MAX_DEFAULT;
	if (n > b->max || b->len > b->max - n) {
		b->failed = 1;
		return (NULL);
	}
	if (b->len + n <= b->cap)
		return (b->data + b->len);
	cap = b->cap != 0 ? b->cap : 256;
	while (cap < b->len + n)
		cap *= 2;
	if (cap > b->max)
		cap = b->max;
	if ((p = block_grow(b, cap)) == NULL) {
		b->failed = 1;
		return (NULL);
	}
	b->data = p;
	b->cap = cap;
	return (b->data + b->len);
}

int
buf_add(struct buf *b, const void *data, size_t n)
{
	uint8_t *p;

	if (n == 0)
		return (b->failed ? -1 : 0);
	if ((p = buf_reserve(b, n)) == NULL)
		return (-1);
	memcpy(p, data, n);
	b->len += n;
	return (0);
}

int
buf_addc(struct buf *b, char c)
{
	return (buf_add(b, &c, 1));
}

int
buf_adds(struct buf *b, const char *s)
{
	return (buf_add(b, s, strlen(s)));
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list	 ap;
	uint8_t	*p;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (p = buf_reserve(b, (size_t)n + 1)) == NULL) {
		b->failed = 1;
		return (-1);
	}
	va_start(ap, fmt);
	vsnprintf((char *)p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return (0);
}

int
buf_addu(struct buf *b, uint64_t v)
{
	char	 tmp[24];
	size_t	 i = sizeof(tmp);

	do {
		tmp[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	return (buf_add(b, tmp + i, sizeof(tmp) - i));
}
