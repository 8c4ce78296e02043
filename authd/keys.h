/* SPDX-License-Identifier: ISC */
/*
 * keys.h: the key files of authd and what is done with them.  Only keys.c,
 * keyfile.c, keyslot.c, keybackup.c, keysign.c and seal.c use what handles
 * key bytes; everybody else sees the functions of authd.h, none of which
 * hands out a key byte or signs or MACs for a peer.
 *
 * keys/            0700, own user; never in an ordinary backup
 *   digest-N       32 bytes: digests of tokens, codes, secrets, sessions
 *   pepper-N       32 bytes: over password hashes
 *   seal-N         32 bytes: sealed pendings, forms, toold's MAC keys
 *   sign-N.pem     P-256, PKCS#8: access tokens
 * N is the generation; the highest one is used, the others still known.  Of
 * signing keys N is only a place: the generation stands above the key, and
 * places are used again.
 */
#ifndef AUTHD_KEYS_H
#define AUTHD_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "../common/buf.h"
#include "../common/msg.h"

#define KEY_LEN		32
#define KEY_GENERATIONS	16
#define KEYFILE_MAX	4096
#define SIGN_SLOTS	8

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

/* ---- keyslot.c: the places of signing keys, 0 to SIGN_SLOTS - 1 ---- */

void	slots_open(int dir);
void	slots_close(void);
void	slot_name(unsigned int, char *out, size_t);
/* 0, the text and when it was written; -1: free. */
int	slot_load(unsigned int, uint8_t *out, size_t cap, size_t *len,
	    int64_t *written);
/* Whole and durable, or -1 with errno. */
int	slot_store(unsigned int, const void *, size_t len);
/* Overwritten and emptied, or -1 with errno. */
int	slot_wipe(unsigned int);

/* ---- keypem.c ---- */

/* A private key from its PEM text, or NULL. */
EVP_PKEY *key_from_pem(const void *, size_t len);
/* A P-256 key as PEM, head above it, into locked memory: 0, or -1. */
int	key_to_pem(const EVP_PKEY *, const char *head, char *out, size_t cap,
	    size_t *len);

/* ---- keybackup.c ---- */

/*
 * Write all key files to fd as a tar archive (POSIX ustar): their number,
 * or -1 with errno.
 */
int	keys_archive(int fd);

/* ---- keys.c ---- */

/* The bytes (KEY_LEN) and the file's name of the i-th symmetric key; NULL
 * behind the last. */
const uint8_t *keys_bytes(unsigned int i, char *name, size_t size);

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
/*
 * Sign with a new key from now on: NULL and its id, or why not.  The ones
 * before stay in the JWK set until sign_retire().
 */
const char *sign_rotate(int64_t now, char kid[48]);
/*
 * Wipe the oldest key, in memory and on disk, if another has replaced it for
 * longer than overlap seconds: 1 and its id, else 0.
 */
int	sign_retire(int64_t now, int64_t overlap, char kid[48]);
/* When the one in use was made, wall seconds. */
int64_t	sign_made(void);

/* ---- rotate.c ---- */

void	rotate_start(void);

#endif
