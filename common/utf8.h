/* SPDX-License-Identifier: ISC */
/* utf8.h: one character of UTF-8 (RFC 3629), for text.c, buf and parsers. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Length of the character at p and its code point in *cp; 0 if the bytes are
 * not valid: overlong, surrogate, above U+10FFFF, or cut off.
 */
size_t	utf8_next(const uint8_t *p, size_t len, uint32_t *cp);

#endif
