/* SPDX-License-Identifier: ISC */
/*
 * t.h: cmocka in the right order, and the helpers that spoil good input:
 * every test of a parser runs over cuts and bit flips of what it accepts.
 */
#ifndef TESTS_UNIT_T_H
#define TESTS_UNIT_T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* fn gets an exact-size copy of the first n bytes, for each n < len. */
static inline void
each_cut(const void *data, size_t len, void (*fn)(const uint8_t *, size_t,
    void *), void *arg)
{
	uint8_t	*copy;
	size_t	 n;

	for (n = 0; n < len; n++) {
		copy = malloc(n != 0 ? n : 1);
		assert_non_null(copy);
		memcpy(copy, data, n);
		fn(copy, n, arg);
		free(copy);
	}
}

/* fn gets a copy with one bit turned, for each bit. */
static inline void
each_flip(const void *data, size_t len, void (*fn)(const uint8_t *, size_t,
    void *), void *arg)
{
	uint8_t	*copy;
	size_t	 bit;

	copy = malloc(len != 0 ? len : 1);
	assert_non_null(copy);
	for (bit = 0; bit < len * 8; bit++) {
		memcpy(copy, data, len);
		copy[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		fn(copy, len, arg);
	}
	free(copy);
}

#endif
