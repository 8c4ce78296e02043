/* SPDX-License-Identifier: ISC */
/*
 * mac.h: HMAC-SHA-256 (RFC 2104, FIPS 180-4) with the keys authd hands over.
 * A key conveys no authority: it only lets toold know its own session ids
 * and cursors again.
 */
#ifndef TOOLD_MAC_H
#define TOOLD_MAC_H

#include <stddef.h>
#include <stdint.h>

#define MAC_LEN		32

struct mac_part {
	const void	*data;
	size_t		 len;
};

/*
 * MAC of n parts, each preceded by its length so that parts cannot flow
 * into one another.
 */
void	mac_make(const uint8_t key[MAC_LEN], const struct mac_part *,
	    size_t n, uint8_t out[MAC_LEN]);

#endif
