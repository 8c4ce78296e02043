/* SPDX-License-Identifier: ISC */
/*
 * secret.h: randomness, comparison and wiping of secrets.
 * Linked into every program.  Digests are not here: authd and the listener
 * take them from libcrypto, toold from libmd.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include <stddef.h>

/* n random bytes from the kernel; ends the process when there are none. */
void	random_bytes(void *, size_t n);
/* Constant time for a given n: 1 if equal, else 0. */
int	secret_eq(const void *, const void *, size_t n);
/* explicit_bzero under a name that the linter looks for. */
void	secret_wipe(void *, size_t n);

#endif
