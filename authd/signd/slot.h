/* SPDX-License-Identifier: ISC */
/*
 * slot.h: the TLS private keys, by slot.  Runs in keepd-signd, the only
 * process that has them.  Staged while a configuration is prepared, swapped
 * in when it is committed; the old ones are freed then.
 */
#ifndef SIGND_SLOT_H
#define SIGND_SLOT_H

#include <stddef.h>
#include <stdint.h>

#include "certverify.h"

/* Secure memory and the library, before the sandbox. */
void	slot_init(void);
/* Forget what was staged. */
void	slot_stage_begin(void);
/*
 * Read a PEM key or certificate from fd for a slot; closes fd.  NULL if
 * good, else what is wrong (static text).
 */
const char *slot_stage_key(unsigned int slot, int fd);
const char *slot_stage_cert(unsigned int slot, int fd);
/* Slots 0 to n - 1 are there and each key fits its certificate: NULL. */
const char *slot_stage_check(unsigned int n);
void	slot_commit(void);

enum key_kind	slot_kind(unsigned int slot);
/*
 * Sign what certverify_judge() found good.  0 and *siglen, or -1.  The size
 * of sig comes from our key, never from the asking.
 */
int	slot_sign(unsigned int slot, uint16_t scheme, const uint8_t *tbs,
	    size_t len, uint8_t *sig, size_t cap, size_t *siglen);

#endif
