/* SPDX-License-Identifier: ISC */
/* keysign.h: signing, from records only. */
#ifndef AUTHD_KEYSIGN_H
#define AUTHD_KEYSIGN_H

#include <stddef.h>

#include "store.h"

/*
 * The access token of a grant: claims from the two records and from the
 * configuration.  0, or -1 (it would not fit, libcrypto failed).
 */
int	token_sign(const struct grant_rec *, const struct access_rec *,
	    char *out, size_t size);

#endif
