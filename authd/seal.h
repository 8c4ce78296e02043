/* SPDX-License-Identifier: ISC */
/*
 * seal.h: pending authorizations that travel through the browser instead of
 * lying in the store: sealed by AES-256-GCM under authd's seal key.
 */
#ifndef AUTHD_SEAL_H
#define AUTHD_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "../common/msg.h"

#define TXN_LEN		16
#define PENDING_S	600		/* a person has ten minutes */

struct pending {
	int64_t		created_s, expires_s;
	uint32_t	scope;		/* SCOPE_ bits */
	uint32_t	flags;		/* KF_URI_GIVEN */
	uint16_t	era;		/* of created_s */
	uint8_t		txn[TXN_LEN];
	uint8_t		cookie[DIGEST_LEN];	/* digest of this browser's */
	uint8_t		challenge[DIGEST_LEN];
	char		client_id[40];
	char		redirect[URI_MAX];
	int		has_state;
	char		state[STATE_MAX];
};

/* Fetch what libcrypto needs before the sandbox is closed. */
void	seal_early(void);
/* Text into out (size bytes): 0, or -1 if it would not fit. */
int	pending_seal(const struct pending *, char *out, size_t size);
/* 0 and the same again, or -1: forged, cut, changed, of another shape. */
int	pending_open(const char *text, struct pending *);

#endif
