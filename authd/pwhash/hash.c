/* SPDX-License-Identifier: ISC */
/*
 * hash.c: scrypt with working memory that is kept between passwords.
 * Runs in keepd-pwhash only.  Trusts nothing in a request: each parameter is
 * checked here.  Touches: anonymous memory.  Never touches: files, channels.
 *
 * Fresh memory doubles the cost of a hash (each page is faulted in and
 * zeroed), so libcrypto's one large block comes from an arena that is kept
 * while there is work and unmapped after HASH_IDLE_MS without any.
 */
#include <sys/mman.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

#include "ev.h"
#include "log.h"
#include "pwhash.h"

#define ARENA_MIN	(1U << 20)	/* smaller blocks come from malloc */

static struct {
	void		*mem;
	size_t		 size;
	int		 busy;
} arena;
static struct ev_timer	 idle;
static int		 idle_ready;

void
hash_drop(void)
{
	if (arena.mem == NULL || arena.busy)
		return;
	if (munmap(arena.mem, arena.size) == -1)
		fatal("munmap");
	arena.mem = NULL;
	arena.size = 0;
}

static void
arena_idle(struct ev_timer *t)
{
	hash_drop();
}

static void *
arena_take(size_t size)
{
	void	*p;

	if (arena.busy)
		return (malloc(size));
	if (arena.mem != NULL && arena.size != size)
		hash_drop();
	if (arena.mem == NULL) {
		p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return (NULL);
		arena.mem = p;
		arena.size = size;
	}
	arena.busy = 1;
	return (arena.mem);
}

/* The three functions of CRYPTO_set_mem_functions(3). */
static void *
mem_alloc(size_t size, const char *file, int line)
{
	if (size >= ARENA_MIN)
		return (arena_take(size));
	return (malloc(size));
}

static void
mem_free(void *p, const char *file, int line)
{
	if (p != NULL && p == arena.mem)
		arena.busy = 0;
	else
		free(p);
}

static void *
mem_realloc(void *p, size_t size, const char *file, int line)
{
	/* Never asked for: the block of scrypt does not grow. */
	if (p != NULL && p == arena.mem)
		return (NULL);
	return (realloc(p, size));
}

void
hash_init(void)
{
	uint8_t	 out[DIGEST_LEN];

	if (CRYPTO_set_mem_functions(mem_alloc, mem_realloc, mem_free) != 1)
		log_warnx("libcrypto keeps its own memory functions: "
		    "passwords take twice the time");
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_ATEXIT, NULL) != 1)
		fatalx("libcrypto does not start");
	/* All that it loads lazily is loaded before the sandbox is sealed. */
	if (EVP_PBE_scrypt("", 0, (const unsigned char *)"keepd", 5, 16,
	    HASH_R, HASH_P, 0, out, sizeof(out)) != 1)
		fatalx("libcrypto has no scrypt");
}

static int
params_ok(const struct msg_hash *q, uint32_t ln_max)
{
	return (q->ln >= HASH_LN_MIN && q->ln <= HASH_LN_MAX &&
	    q->ln <= ln_max && q->r == HASH_R && q->p == HASH_P &&
	    q->len < sizeof(q->password));
}

int
hash_password(const struct msg_hash *q, uint32_t ln_max,
    uint8_t out[DIGEST_LEN])
{
	uint64_t	 n, memory;
	int		 ok;

	if (!params_ok(q, ln_max))
		return (-1);
	n = 1ULL << q->ln;
	memory = 128ULL * q->r * (n + q->p + 2) + ARENA_MIN;
	ok = EVP_PBE_scrypt(q->password, q->len, q->salt, sizeof(q->salt), n,
	    q->r, q->p, memory, out, DIGEST_LEN);
	if (!idle_ready) {
		ev_timer_init(&idle, arena_idle, NULL);
		idle_ready = 1;
	}
	ev_timer_set(&idle, HASH_IDLE_MS);
	return (ok == 1 ? 0 : -1);
}

size_t
hash_kept(void)
{
	return (arena.size);
}
