/* SPDX-License-Identifier: ISC */
/*
 * keys.h: the key files of authd and what is done with them.  Only keys.c,
 * keyfile.c, keysign.c and seal.c include it; everybody else sees the
 * functions of authd.h, none of which hands out a key byte or signs or MACs
 * for a peer.
 *
 * keys/            0700, own user; never in an ordinary backup
 *   digest-N       32 bytes: digests of tokens, codes, secrets, sessions
 *   pepper-N       32 bytes: over password hashes
 *   seal-N         32 bytes: sealed pendings, forms, toold's MAC keys
 *   sign-N.pem     P-256, PKCS#8: access tokens
 * N is the generation; the highest one is used, the others still known.
 */
#ifndef AUTHD_KEYS_H
#define AUTHD_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "../common/buf.h"
#include "../common/msg.h"

#define KEY_LEN		32
#define KEY_GENERATIONS	16
#define KEYFILE_MAX	4096

/* ---- keyfile.c ---- */

/* Make (0700) or take the directory: descriptor.  Ends the process if it is
 * not ours alone. */
int	keydir_open(const char *path);
/* 0 and *len bytes, or -1 if there is no such file.  Ends the process for
 * anything else that is wrong with it. */
int	keyfile_load(int dir, const char *name, uint8_t *out, size_t cap,
	    size_t *len);
/* A new file, whole and durable, or the process ends. */
void	keyfile_make(int dir, const char *name, const void *, size_t);
/* When it was made, wall seconds. */
int64_t	keyfile_time(int dir, const char *name);

/* ---- keys.c ---- */

/* libcrypto: secure heap, no configuration file, all lazy set-up done. */
void	keys_early(void);
/* Load all keys of DIR, making the first generation where there is none. */
void	keys_open(const char *dir);
/* The store knows which keys it was written with: compare, or note them. */
void	keys_bind_store(void);
/*
 * Is a record of keys_bind_store() in another store of a key we have, or of
 * one that was given up long ago?  0, or -1: written with other keys.
 */
int	keys_known(const char *name, size_t namelen, const void *mac,
	    size_t maclen);
void	keys_close(void);
/* The MAC keys handed to toold; the same over restarts. */
void	keys_toold(struct msg_mackeys *);
/* Key of the seal, for seal.c; generation 0: the newest. */
const uint8_t *keys_seal(uint32_t generation, uint32_t *which);

/* ---- keysign.c ---- */

void	sign_open(int dir);
void	sign_close(void);
/* The public keys as a JWK set (RFC 7517). */
void	sign_jwks(struct buf *);
int	sign_line(unsigned int index, char *out, size_t size);
void	sign_early(void);

#endif
