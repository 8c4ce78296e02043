/* SPDX-License-Identifier: ISC */
/*
 * text.h: pure text and encoding helpers, bytes in, verdict out.
 * Linked into every program.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Lower-case hex of n bytes and a NUL: out holds 2n + 1. */
void	hex_encode(const void *, size_t n, char *out);
/* Exactly 2n hex digits (either case) into n bytes: 0, or -1. */
int	hex_decode(const char *, size_t len, void *out, size_t n);

#define B64URL_LEN(n)	(((n) * 4 + 2) / 3)	/* without padding, no NUL */
/* RFC 4648 section 5 without padding and a NUL: out holds B64URL_LEN + 1. */
void	b64url_encode(const void *, size_t n, char *out);
/*
 * Strict: only the alphabet, no padding, unused bits zero.  Returns the
 * number of bytes written (at most cap), or -1.
 */
int	b64url_decode(const char *, size_t len, void *out, size_t cap);
/* RFC 4648 section 4 with padding, strict as above. */
int	b64_decode(const char *, size_t len, void *out, size_t cap);

/* Valid UTF-8 (RFC 3629: no overlong forms, no surrogates): 1 or 0. */
int	utf8_valid(const void *, size_t);
/*
 * For names shown to people: valid UTF-8 without control characters,
 * bidirectional controls, zero-width or unassigned-format characters.
 */
int	text_printable(const char *, size_t);
/*
 * Copy at most cap - 1 bytes of a name for display: unprintable and
 * bidirectional characters are dropped, runs of white space become one
 * blank, a cut never splits a character.  Always terminated.
 */
void	text_clean(char *out, size_t cap, const char *, size_t len);
/*
 * A fixed array as it crosses a channel: a NUL inside, zeroes behind it,
 * valid UTF-8 before it.  1 or 0.
 */
int	text_field_ok(const char *, size_t size);
/* Copy into a fixed array and zero the rest: 0, or -1 if it does not fit. */
int	text_set(char *out, size_t size, const char *);
int	text_setn(char *out, size_t size, const char *, size_t len);

/* ASCII case folding only, whatever the locale. */
int	ascii_casecmp(const char *, const char *);
void	ascii_lower(char *);

/*
 * Decimal digits only, no sign, no blanks, at most max: 0 and *out, or -1.
 */
int	num_parse(const char *, size_t len, uint64_t max, uint64_t *out);

#define UUID_LEN	36
/* Random version 4 UUID, lower case, and a NUL: out holds 37. */
void	uuid_make(char *out);
/* 8-4-4-4-12 hex digits of either case: 1 or 0. */
int	uuid_valid(const char *, size_t);

#endif
