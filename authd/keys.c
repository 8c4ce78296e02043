/* SPDX-License-Identifier: ISC */
/*
 * keys.c: authd's symmetric keys: digests of what clients hold, MACs of
 * forms, the pepper of passwords.  Runs in authd only.  Trusts its key
 * directory.  No function here gives a key byte to another file, but those
 * of the seal to seal.c and toold's derived keys to its channel.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "authd.h"
#include "keys.h"

#define SECURE_HEAP	65536
#define SECURE_LEAST	32

enum set_id { SET_DIGEST, SET_PEPPER, SET_SEAL, SET_MAX };
struct key_set {
	const char	*name;
	uint32_t	 newest;
	uint8_t		*bytes[KEY_GENERATIONS + 1];	/* secure heap */
	EVP_MAC_CTX	*ctx[KEY_GENERATIONS + 1];
	int64_t		 made[KEY_GENERATIONS + 1];
};
static struct key_set	 sets[SET_MAX] = {
	[SET_DIGEST] = { .name = "digest" },
	[SET_PEPPER] = { .name = "pepper" },
	[SET_SEAL] = { .name = "seal" },
};
static EVP_MAC		*hmac;

static EVP_MAC_CTX *
mac_new(const uint8_t key[KEY_LEN])
{
	OSSL_PARAM	 p[2];
	EVP_MAC_CTX	*c;
	char		 md[] = "SHA256";

	p[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, md, 0);
	p[1] = OSSL_PARAM_construct_end();
	if ((c = EVP_MAC_CTX_new(hmac)) == NULL ||
	    EVP_MAC_init(c, key, KEY_LEN, p) != 1)
		fatalx("keys: HMAC");
	return (c);
}

/* HMAC-SHA256 over the two parts; the context keeps its key. */
static void
mac_run(EVP_MAC_CTX *c, const void *a, size_t alen, const void *b,
    size_t blen, uint8_t out[DIGEST_LEN])
{
	size_t	n;

	if (EVP_MAC_init(c, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(c, a, alen) != 1 ||
	    (blen != 0 && EVP_MAC_update(c, b, blen) != 1) ||
	    EVP_MAC_final(c, out, &n, DIGEST_LEN) != 1 || n != DIGEST_LEN)
		fatalx("keys: HMAC");
}

static EVP_MAC_CTX *
set_ctx(enum set_id id, uint32_t generation)
{
	if (generation == 0 || generation > KEY_GENERATIONS)
		return (NULL);
	return (sets[id].ctx[generation]);
}

void
keys_early(void)
{
	uint8_t		 key[KEY_LEN], out[DIGEST_LEN];
	EVP_MAC_CTX	*c;

	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		fatalx("libcrypto: cannot start");
	if (CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_LEAST) == 0)
		fatalx("libcrypto: no locked memory for keys: raise the "
		    "limit of locked memory (RLIMIT_MEMLOCK) to 128 KiB");
	if ((hmac = EVP_MAC_fetch(NULL, "HMAC", NULL)) == NULL)
		fatalx("libcrypto: no HMAC");
	memset(key, 1, sizeof(key));
	c = mac_new(key);
	mac_run(c, "x", 1, "y", 1, out);
	EVP_MAC_CTX_free(c);
	sign_early();
}

static void
set_name(const struct key_set *s, uint32_t generation, char *out, size_t size)
{
	snprintf(out, size, "%s-%u", s->name, generation);
}

static void
set_load(struct key_set *s, int dir, uint32_t generation)
{
	char	 name[32];
	uint8_t	*b;
	size_t	 len;

	set_name(s, generation, name, sizeof(name));
	if ((b = OPENSSL_secure_malloc(KEY_LEN)) == NULL)
		fatalx("keys: locked memory is used up");
	if (keyfile_load(dir, name, b, KEY_LEN, &len) == -1) {
		OPENSSL_secure_free(b);
		return;
	}
	if (len != KEY_LEN)
		fatalx("keys: %s: must be %d bytes", name, KEY_LEN);
	s->bytes[generation] = b;
	s->ctx[generation] = mac_new(b);
	s->made[generation] = keyfile_time(dir, name);
	s->newest = generation;
}

static void
set_open(struct key_set *s, int dir)
{
	char		 name[32];
	uint8_t		*b;
	uint32_t	 g;

	for (g = 1; g <= KEY_GENERATIONS; g++)
		set_load(s, dir, g);
	if (s->newest != 0)
		return;
	if ((b = OPENSSL_secure_malloc(KEY_LEN)) == NULL)
		fatalx("keys: locked memory is used up");
	random_bytes(b, KEY_LEN);
	set_name(s, 1, name, sizeof(name));
	keyfile_make(dir, name, b, KEY_LEN);
	OPENSSL_secure_clear_free(b, KEY_LEN);
	set_load(s, dir, 1);
}

void
keys_open(const char *path)
{
	int	dir, i;

	dir = keydir_open(path);
	for (i = 0; i < SET_MAX; i++)
		set_open(&sets[i], dir);
	sign_open(dir);
	close(dir);
}

/*
 * A store without its keys would only log everybody out and make every
 * password wrong, without saying why: so it is said.
 */
void
keys_bind_store(void)
{
	uint8_t		want[DIGEST_LEN], have[DIGEST_LEN];
	char		name[32];
	uint32_t	g;
	int		i;

	for (i = 0; i < SET_MAX; i++)
		for (g = 1; g <= KEY_GENERATIONS; g++) {
			snprintf(name, sizeof(name), "key %s-%u",
			    sets[i].name, g);
			if (sets[i].ctx[g] == NULL) {
				if (g == 1 && store_has(DB_META, name,
				    strlen(name)) && sets[i].newest == 0)
					fatalx("keys: %s is missing", name);
				continue;
			}
			mac_run(sets[i].ctx[g], "keepd store", 11, NULL, 0,
			    want);
			if (store_get(DB_META, name, strlen(name), have,
			    sizeof(have)) == -1)
				store_put(DB_META, name, strlen(name), want,
				    sizeof(want));
			else if (!secret_eq(want, have, sizeof(want)))
				fatalx("keys: %s is not the key this store "
				    "was written with: bring keys/ back from "
				    "its own backup", name + 4);
		}
}

int
keys_known(const char *name, size_t namelen, const void *mac, size_t maclen)
{
	uint8_t		want[DIGEST_LEN];
	char		known[32];
	uint32_t	g;
	int		i, n;

	for (i = 0; i < SET_MAX; i++)
		for (g = 1; g <= KEY_GENERATIONS; g++) {
			n = snprintf(known, sizeof(known), "key %s-%u",
			    sets[i].name, g);
			if (n != (int)namelen ||
			    memcmp(known, name, namelen) != 0)
				continue;
			if (sets[i].ctx[g] == NULL)
				return (g < sets[i].newest ? 0 : -1);
			mac_run(sets[i].ctx[g], "keepd store", 11, NULL, 0,
			    want);
			return (maclen == sizeof(want) &&
			    secret_eq(want, mac, maclen) ? 0 : -1);
		}
	return (-1);
}

void
keys_close(void)
{
	int	i, g;

	for (i = 0; i < SET_MAX; i++)
		for (g = 1; g <= KEY_GENERATIONS; g++) {
			EVP_MAC_CTX_free(sets[i].ctx[g]);
			OPENSSL_secure_clear_free(sets[i].bytes[g], KEY_LEN);
			sets[i].ctx[g] = NULL;
			sets[i].bytes[g] = NULL;
			sets[i].newest = 0;
		}
	sign_close();
}

uint32_t
digest_gen(void)
{
	return (sets[SET_DIGEST].newest);
}

/* The kind goes first: a refresh token never passes for a session. */
int
digest_make(uint32_t generation, enum digest_kind kind, const void *text,
    size_t len, uint8_t out[DIGEST_LEN])
{
	EVP_MAC_CTX	*c = set_ctx(SET_DIGEST, generation);
	uint8_t		 k = (uint8_t)kind;

	if (c == NULL)
		return (-1);
	mac_run(c, &k, 1, text, len, out);
	return (0);
}

int
digest_find(enum store_db db, enum digest_kind kind, const char *secret,
    size_t len, void *rec, size_t size, uint8_t key[DIGEST_LEN])
{
	uint32_t	g;

	for (g = sets[SET_DIGEST].newest; g > 0; g--) {
		if (digest_make(g, kind, secret, len, key) == -1)
			continue;
		if (store_get(db, key, DIGEST_LEN, rec, size) == 0)
			return (0);
	}
	return (-1);
}

void
secret_make(const char *prefix, char *out, size_t size)
{
	uint8_t	b[32];
	size_t	n = strlen(prefix);

	if (n + B64URL_LEN(sizeof(b)) + 1 > size)
		fatalx("%s: no room", __func__);
	random_bytes(b, sizeof(b));
	memcpy(out, prefix, n);
	b64url_encode(b, sizeof(b), out + n);
	secret_wipe(b, sizeof(b));
}

void
mac_make(enum mac_kind kind, const void *data, size_t len,
    uint8_t out[DIGEST_LEN])
{
	uint8_t	label[8] = { 'f', 'o', 'r', 'm', ' ', 0, 0, 0 };

	label[5] = (uint8_t)kind;
	mac_run(sets[SET_SEAL].ctx[sets[SET_SEAL].newest], label,
	    sizeof(label), data, len, out);
}

uint32_t
pepper_gen(void)
{
	return (sets[SET_PEPPER].newest);
}

int
pepper_mac(uint32_t generation, const uint8_t derived[DIGEST_LEN],
    uint8_t out[DIGEST_LEN])
{
	EVP_MAC_CTX	*c = set_ctx(SET_PEPPER, generation);

	if (c == NULL)
		return (-1);
	mac_run(c, "password", 8, derived, DIGEST_LEN, out);
	return (0);
}

/* Derived from the first seal key: cursors outlive a change of the seal. */
void
keys_toold(struct msg_mackeys *m)
{
	EVP_MAC_CTX	*c;
	uint32_t	 g = 1;

	while ((c = set_ctx(SET_SEAL, g)) == NULL && g < KEY_GENERATIONS)
		g++;
	if (c == NULL)
		fatalx("keys: no seal key");
	mac_run(c, "toold cursor", 12, NULL, 0, m->cursor);
	mac_run(c, "toold session", 13, NULL, 0, m->session);
	mac_run(c, "toold state", 11, NULL, 0, m->state);
}

const uint8_t *
keys_seal(uint32_t generation, uint32_t *which)
{
	if (generation == 0)
		generation = sets[SET_SEAL].newest;
	if (generation == 0 || generation > KEY_GENERATIONS)
		return (NULL);
	*which = generation;
	return (sets[SET_SEAL].bytes[generation]);
}

int
keys_line(unsigned int want, char *out, size_t size)
{
	char		when[25];
	unsigned int	i, g, at = 0;

	for (i = 0; i < SET_MAX; i++)
		for (g = KEY_GENERATIONS; g > 0; g--) {
			if (sets[i].ctx[g] == NULL || at++ != want)
				continue;
			wall_iso(sets[i].made[g] * 1000, when);
			snprintf(out, size, "%s\t%s-%u\t%s\t%s", sets[i].name,
			    sets[i].name, g, g == sets[i].newest ? "used" :
			    "known", when);
			return (0);
		}
	return (sign_line(want - at, out, size));
}

const uint8_t *
keys_bytes(unsigned int want, char *name, size_t size)
{
	unsigned int	i, g;

	for (i = 0; i < SET_MAX; i++)
		for (g = 1; g <= KEY_GENERATIONS; g++)
			if (sets[i].bytes[g] != NULL && want-- == 0) {
				set_name(&sets[i], g, name, size);
				return (sets[i].bytes[g]);
			}
	return (NULL);
}
