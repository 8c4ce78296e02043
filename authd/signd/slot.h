/* SPDX-License-Identifier: ISC */
/*
 * slot.h: the TLS private keys, by slot.  Runs in keepd-signd, the only
 * process that has them.  Staged while a configuration is prepared, swapped
 * in when it is committed.  The slots are two halves of TLS_CERTS; a commit
 * changes one of them, so that handshakes under way can end with the other.
 */
#ifndef SIGND_SLOT_H
#define SIGND_SLOT_H

#include <stddef.h>
#include <stdint.h>

#include "../../common/msg.h"
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
/* Slots base to base + n - 1 alone are there, each key fits: NULL. */
const char *slot_stage_check(unsigned int base, unsigned int n);
/* The staged half that begins at base is in force; the other one stays. */
void	slot_commit(unsigned int base);
/* Free the keys of the half that begins at base. */
void	slot_retire(unsigned int base);
/* What people may know of the certificate of a slot in force: 0, or -1. */
int	slot_info(unsigned int slot, struct msg_tls_info *);

enum key_kind	slot_kind(unsigned int slot);
/*
 * Sign what certverify_judge() found good.  0 and *siglen, or -1.  The size
 * of sig comes from our key, never from the asking.
 */
int	slot_sign(unsigned int slot, uint16_t scheme, const uint8_t *tbs,
	    size_t len, uint8_t *sig, size_t cap, size_t *siglen);

#endif
