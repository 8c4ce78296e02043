/* SPDX-License-Identifier: ISC */
/*
 * cache.c: which handle stands for a bearer token on this worker's channel.
 * Tokens are kept as SHA-256 under a random key of this process, so a copy
 * of the memory gives none away and nobody outside can choose what collides.
 * Bounded; the entry that was used longest ago goes first.  An entry never
 * outlives the channel its handle came for.
 */
#include <sys/types.h>
#include <sys/queue.h>

#include <openssl/evp.h>

#include <string.h>

#include "log.h"
#include "secret.h"
#include "listener.h"

#define ENTRIES		4096
#define CHAINS		4096		/* a power of two */
#define MARGIN_MS	250		/* gone before toold drops it */

struct entry {
	uint8_t		 digest[DIGEST_LEN];
	uint8_t		 handle[HANDLE_LEN];
	struct mono	 ends;
	LIST_ENTRY(entry) chain;
	TAILQ_ENTRY(entry) lru;		/* oldest first; or free */
};

static struct entry	 entries[ENTRIES];
static LIST_HEAD(, entry) chains[CHAINS];
static TAILQ_HEAD(, entry) lru = TAILQ_HEAD_INITIALIZER(lru);
static TAILQ_HEAD(, entry) unused = TAILQ_HEAD_INITIALIZER(unused);
static unsigned int	 fresh, count;	/* entries never used yet */
static uint8_t		 key[64];	/* one block of the digest */
static EVP_MD		*md;
static EVP_MD_CTX	*ctx;

void
cache_init(void)
{
	random_bytes(key, sizeof(key));
	md = EVP_MD_fetch(NULL, "SHA256", NULL);
	ctx = EVP_MD_CTX_new();
	if (md == NULL || ctx == NULL)
		fatalx("no SHA-256 in libcrypto");
}

void
cache_digest(const char *token, size_t len, uint8_t *digest)
{
	if (EVP_DigestInit_ex2(ctx, md, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, key, sizeof(key)) != 1 ||
	    EVP_DigestUpdate(ctx, token, len) != 1 ||
	    EVP_DigestFinal_ex(ctx, digest, NULL) != 1)
		fatalx("SHA-256 failed");
}

static unsigned int
chain_of(const uint8_t *digest)
{
	return (((unsigned int)digest[0] << 8 | digest[1]) & (CHAINS - 1));
}

static struct entry *
find(const uint8_t *digest)
{
	struct entry *e;

	LIST_FOREACH(e, &chains[chain_of(digest)], chain) {
		if (secret_eq(e->digest, digest, DIGEST_LEN))
			return (e);
	}
	return (NULL);
}

static void
drop(struct entry *e)
{
	LIST_REMOVE(e, chain);
	TAILQ_REMOVE(&lru, e, lru);
	secret_wipe(e->digest, sizeof(e->digest));
	secret_wipe(e->handle, sizeof(e->handle));
	TAILQ_INSERT_HEAD(&unused, e, lru);
	count--;
}

int
cache_get(const uint8_t *digest, uint8_t *handle)
{
	struct entry *e;

	if ((e = find(digest)) == NULL)
		return (-1);
	if (!mono_before(ev_now(), e->ends)) {
		drop(e);
		return (-1);
	}
	TAILQ_REMOVE(&lru, e, lru);
	TAILQ_INSERT_TAIL(&lru, e, lru);
	memcpy(handle, e->handle, HANDLE_LEN);
	return (0);
}

void
cache_put(const uint8_t *digest, const uint8_t *handle, uint32_t ttl_s)
{
	struct entry *e;

	if ((e = find(digest)) != NULL)
		drop(e);
	if (TAILQ_EMPTY(&unused) && fresh == ENTRIES)
		drop(TAILQ_FIRST(&lru));
	if ((e = TAILQ_FIRST(&unused)) != NULL)
		TAILQ_REMOVE(&unused, e, lru);
	else
		e = &entries[fresh++];
	memcpy(e->digest, digest, DIGEST_LEN);
	memcpy(e->handle, handle, HANDLE_LEN);
	e->ends = mono_add(ev_now(), (uint64_t)ttl_s * 1000 - MARGIN_MS);
	LIST_INSERT_HEAD(&chains[chain_of(digest)], e, chain);
	TAILQ_INSERT_TAIL(&lru, e, lru);
	count++;
}

void
cache_drop(const uint8_t *digest)
{
	struct entry *e;

	if ((e = find(digest)) != NULL)
		drop(e);
}

void
cache_flush(void)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&lru)) != NULL)
		drop(e);
}

unsigned int
cache_count(void)
{
	return (count);
}
