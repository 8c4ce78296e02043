/* SPDX-License-Identifier: ISC */
/*
 * pwhash_test.c: parameters that keepd-pwhash takes, and its memory.
 */
/* link: authd/pwhash/hash.o -lcrypto */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "authd/pwhash/pwhash.h"
#include "ev.h"

static struct msg_hash
question(void)
{
	struct msg_hash	 q;

	memset(&q, 0, sizeof(q));
	q.ln = 15;
	q.r = 8;
	q.p = 1;
	memcpy(q.password, "correct horse battery", 21);
	q.len = 21;
	memset(q.salt, 7, sizeof(q.salt));
	return (q);
}

static void
hash_is_scrypt(void **state)
{
	struct msg_hash	 q = question();
	uint8_t		 out[DIGEST_LEN], want[DIGEST_LEN];

	assert_int_equal(hash_password(&q, 16, out), 0);
	assert_int_equal(EVP_PBE_scrypt(q.password, q.len, q.salt,
	    sizeof(q.salt), 1 << 15, 8, 1, 1 << 27, want, sizeof(want)), 1);
	assert_memory_equal(out, want, sizeof(want));
	/* Each part of the question counts. */
	q.salt[3] ^= 1;
	assert_int_equal(hash_password(&q, 16, out), 0);
	assert_memory_not_equal(out, want, sizeof(want));
	q = question();
	q.len--;
	assert_int_equal(hash_password(&q, 16, out), 0);
	assert_memory_not_equal(out, want, sizeof(want));
}

static void
range_is_checked(void **state)
{
	struct msg_hash	 q;
	uint8_t		 out[DIGEST_LEN];

#define REFUSED(member, v, max) do {					\
	q = question();							\
	q.member = (v);							\
	assert_int_equal(hash_password(&q, (max), out), -1);		\
} while (0)
	REFUSED(ln, 14, 20);
	REFUSED(ln, 17, 16);
	REFUSED(ln, 21, 21);
	REFUSED(ln, 0, 20);
	REFUSED(ln, UINT32_MAX, UINT32_MAX);
	REFUSED(r, 7, 20);
	REFUSED(r, 0, 20);
	REFUSED(p, 0, 20);
	REFUSED(p, 2, 20);
	REFUSED(len, sizeof(q.password), 20);
#undef REFUSED
}

static void
memory_is_kept_and_given_back(void **state)
{
	struct msg_hash	 q = question();
	uint8_t		 out[DIGEST_LEN];
	size_t		 kept;

	assert_int_equal(hash_password(&q, 16, out), 0);
	kept = hash_kept();
	assert_true(kept >= (size_t)128 * 8 << 15);
	assert_int_equal(hash_password(&q, 16, out), 0);
	assert_int_equal(hash_kept(), kept);
	q.ln = 16;
	assert_int_equal(hash_password(&q, 16, out), 0);
	assert_true(hash_kept() > kept);
	hash_drop();
	assert_int_equal(hash_kept(), 0);
	assert_int_equal(hash_password(&q, 16, out), 0);
	assert_true(hash_kept() > kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_scrypt),
		cmocka_unit_test(range_is_checked),
		cmocka_unit_test(memory_is_kept_and_given_back),
	};

	ev_init();
	hash_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
