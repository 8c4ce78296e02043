/* SPDX-License-Identifier: ISC */
/*
 * buf.h: a byte buffer that grows up to a bound its owner names.
 * Linked into every program; holds no policy.  Not thread safe, no globals.
 *
 * Errors are sticky: once an append would pass the bound (or memory ran
 * out), ->failed is set, later appends do nothing and return -1.  A caller
 * may append many times and test once.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t	*data;		/* len bytes used of cap; owned */
	size_t	 len;
	size_t	 cap;
	size_t	 max;		/* bound of len, 0 means 64 MiB */
	int	 failed;
	int	 secret;	/* wipe what is left behind, also in growing */
};

/* Empty buffer; no memory is taken before the first append. */
void	buf_init(struct buf *, size_t max);
/* Frees the memory; the buffer can be used again. */
void	buf_free(struct buf *);
/* As buf_free, but wipes the bytes first: for buffers that held secrets. */
void	buf_wipe(struct buf *);
/* len = 0 and failed = 0, memory is kept. */
void	buf_reset(struct buf *);
/* Drops the first n bytes (n <= len). */
void	buf_consume(struct buf *, size_t n);

/* Make room for n more bytes: pointer to them, or NULL.  len is unchanged. */
uint8_t	*buf_reserve(struct buf *, size_t n);
int	buf_add(struct buf *, const void *, size_t);
int	buf_addc(struct buf *, char);
int	buf_adds(struct buf *, const char *);
int	buf_addf(struct buf *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
int	buf_addu(struct buf *, uint64_t);		/* decimal */

/*
 * JSON string with its quotes.  Input is UTF-8; bytes that are not valid
 * UTF-8 become U+FFFD, so that the output is always valid JSON (RFC 8259).
 */
int	buf_add_json(struct buf *, const char *, size_t);
/*
 * "key":"val" of an object, with a comma in front unless the buffer ends
 * with its '{'; key is our own text.
 */
int	buf_add_member(struct buf *, const char *key, const char *val);
/* The string without the quotes. */
int	buf_add_json_body(struct buf *, const char *, size_t);
/* HTML text or attribute value: & < > " ' escaped (the one escape function). */
int	buf_add_html(struct buf *, const char *);
/* RFC 3986 percent-encoding of everything but unreserved characters. */
int	buf_add_urlenc(struct buf *, const char *);

#endif
