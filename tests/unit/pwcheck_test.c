/* SPDX-License-Identifier: ISC */
/*
 * pwcheck_test.c: sign-ins, new passwords and device cookies, with a false
 * keepd-pwhash at the other end of a real channel.
 */
/* link: authd/pwcheck.o authd/pwrules.o authd/user.o authd/limit.o */
/* link: authd/store.o authd/audit.o authd/audit_toold.o authd/audit_read.o */
/* link: authd/store_format.o authd/store_steps.o */
/* link: authd/audit_rec.o -llmdb */
#include "t.h"

#include <stdio.h>
#include <unistd.h>

#include "authd/authd.h"
#include "common/text.h"
#include "log.h"

static char		 dir[64];
static struct chan	*authd_end, *pwhash_end;
static int		 deaf;		/* the false pwhash does not answer */
static unsigned int	 asked;
static struct msg_hash	 last;
static uint32_t		 pepper = 1;
static int64_t		 now_s = 1764000000;

void
auth_toold_rest(void)
{
}

int64_t
auth_now(void)
{
	return (now_s);
}

int64_t
auth_now_ms(void)
{
	return (now_s * 1000);
}

uint32_t
pepper_gen(void)
{
	return (pepper);
}

int
pepper_mac(uint32_t gen, const uint8_t derived[DIGEST_LEN],
    uint8_t out[DIGEST_LEN])
{
	size_t	i;

	if (gen > 2)
		return (-1);
	for (i = 0; i < DIGEST_LEN; i++)
		out[i] = (uint8_t)(derived[i] ^ (0x40 + gen));
	return (0);
}

/* Not a MAC, but it depends on every byte. */
void
mac_make(enum mac_kind kind, const void *p, size_t n,
    uint8_t out[DIGEST_LEN])
{
	uint64_t	h = 1469598103934665603ULL + kind;
	size_t		i;

	for (i = 0; i < n; i++)
		h = (h ^ ((const uint8_t *)p)[i]) * 1099511628211ULL;
	for (i = 0; i < DIGEST_LEN; i++) {
		h = (h ^ i) * 1099511628211ULL;
		out[i] = (uint8_t)(h >> 32);
	}
}

static void
tick(struct ev_timer *t)
{
	ev_stop(0);
}

static void
run(uint64_t ms)
{
	struct ev_timer	t;

	ev_timer_init(&t, tick, NULL);
	ev_timer_set(&t, ms);
	ev_run();
	ev_timer_del(&t);
}

/* Let the loop run until it is so; not for ever. */
#define WAIT(cond) do {							\
	int	turn_;							\
									\
	for (turn_ = 0; turn_ < 4000 && !(cond); turn_++)		\
		run(2);							\
	assert_true(cond);						\
} while (0)

/* ---- the false pwhash: a sum of all that is asked ---- */

static void
on_hash(struct chan *c, struct msg *m)
{
	struct msg_hashed	a;
	size_t			i;

	memcpy(&last, m->data, sizeof(last));
	asked++;
	if (deaf)
		return;
	memset(&a, 0, sizeof(a));
	a.ok = 1;
	for (i = 0; i < DIGEST_LEN; i++)
		a.hash[i] = (uint8_t)(last.salt[i % 16] + last.ln);
	for (i = 0; i < last.len; i++)
		a.hash[i % DIGEST_LEN] ^= (uint8_t)(last.password[i] + i);
	chan_send(c, MSG_HASHED, m->id, &a);
}

static void
on_end(struct chan *c, enum chan_end how, const char *why)
{
	if (c == authd_end) {
		authd_end = NULL;
		user_pwhash_down();
	} else
		pwhash_end = NULL;
}

static const struct chan_handler authd_h[] = {
	{ MSG_HASHED, user_on_hashed }, { 0, NULL }
};
static const struct chan_handler pwhash_h[] = {
	{ MSG_HASH, on_hash }, { 0, NULL }
};
static const struct chan_ops authd_ops = { authd_h, on_end };
static const struct chan_ops pwhash_ops = { pwhash_h, on_end };

static void
pair_make(void)
{
	int	sv[2];

	assert_int_equal(chan_pair(sv), 0);
	authd_end = chan_new(sv[0], CK_AUTHD_PWHASH, SIDE_FIRST, &authd_ops,
	    NULL);
	pwhash_end = chan_new(sv[1], CK_AUTHD_PWHASH, SIDE_SECOND,
	    &pwhash_ops, NULL);
	chan_setstate(authd_end, CS_RUN);
	chan_setstate(pwhash_end, CS_RUN);
	user_pwhash_up(authd_end);
}

/* ---- users ---- */

static const struct user_password *
password_of(const char *password, struct user_password *p)
{
	size_t	i;

	memset(p, 0, sizeof(*p));
	p->ln = 15;
	p->r = 8;
	p->p = 1;
	p->pepper = 1;
	memset(p->salt, 3, sizeof(p->salt));
	for (i = 0; i < DIGEST_LEN; i++)
		p->verifier[i] = (uint8_t)(3 + p->ln);
	for (i = 0; i < strlen(password); i++)
		p->verifier[i % DIGEST_LEN] ^= (uint8_t)(password[i] + i);
	for (i = 0; i < DIGEST_LEN; i++)
		p->verifier[i] ^= 0x41;
	return (p);
}

static void
user_make(const char *name, const char *password, uint32_t flags)
{
	struct user_password	p;
	struct user		u;

	assert_null(user_init(&u, name));
	user_set_password(&u, password_of(password, &p));
	u.flags = flags;
	user_put(&u);
}

static int
setup(void **state)
{
	strcpy(dir, "/tmp/keepd-unit.XXXXXX");
	assert_non_null(mkdtemp(dir));
	store_open(dir, 16);
	user_start(15);
	audit_start(30);
	user_make("Anna", "anna's password", 0);
	user_make("bert", "bert's password", USER_DISABLED);
	assert_int_equal(store_commit(), 0);
	limit_init(1, 0);
	deaf = 0;
	asked = 0;
	pepper = 1;
	pair_make();
	return (0);
}

static int
teardown(void **state)
{
	char	cmd[128];

	if (pwhash_end != NULL)
		chan_close(pwhash_end);
	if (authd_end != NULL) {
		chan_close(authd_end);
		user_pwhash_down();
	}
	authd_end = pwhash_end = NULL;
	audit_stop();
	store_close();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return (system(cmd));
}

struct result {
	unsigned int	 n;
	enum user_verdict v;
	char		 id[40];
};

static void
done(void *arg, enum user_verdict v, const struct user *u)
{
	struct result	*r = arg;

	r->n++;
	r->v = v;
	assert_int_equal(u != NULL, v == UV_OK);
	if (u != NULL)
		memcpy(r->id, u->id, sizeof(r->id));
}

static int
ask(const char *name, const char *password, const char *device,
    struct result *r)
{
	struct user_try	t;
	uint32_t	retry;
	int		rv;

	memset(r, 0, sizeof(*r));
	memset(&t, 0, sizeof(t));
	t.worker = 7;
	t.from.family = 4;
	t.from.addr[15] = 1;
	t.client_id = "c";
	t.name = name;
	t.password = password;
	t.device = device;
	rv = user_signin(&t, done, r, &retry);
	assert_int_equal(r->n, 0);	/* never from inside */
	assert_int_equal(retry != 0, rv == UV_LIMITED);
	return (rv);
}

static enum user_verdict
verdict(const char *name, const char *password)
{
	struct result	r;

	assert_int_equal(ask(name, password, "", &r), 0);
	WAIT(r.n != 0);
	assert_int_equal(r.n, 1);
	return (r.v);
}

/* ---- tests ---- */

static void
right_and_wrong(void **state)
{
	struct user	u;

	assert_int_equal(verdict("Anna", "anna's password"), UV_OK);
	assert_int_equal(verdict("aNNA", "anna's password"), UV_OK);
	assert_int_equal(verdict("Anna", "anna's passworD"), UV_BAD);
	assert_int_equal(verdict("Anna", ""), UV_BAD);
	assert_int_equal(verdict("bert", "bert's password"), UV_BAD);
	assert_int_equal(verdict("carl", "carl's password"), UV_BAD);
	assert_int_equal(verdict("", "x"), UV_BAD);
	WAIT(user_lookup("anna", &u) == 0 && u.failed == 2);
	assert_int_equal(u.signin_at, now_s);
	assert_int_equal(verdict("anna", "anna's password"), UV_OK);
	assert_int_equal(user_lookup("anna", &u), 0);
	assert_int_equal(u.failed, 0);
}

/* Whoever it is: one hash, of the same cost. */
static void
unknown_costs_the_same(void **state)
{
	static const char *const names[] = { "anna", "bert", "carl", "" };
	uint8_t	salt[16];
	size_t	i;

	for (i = 0; i < COUNT(names); i++) {
		asked = 0;
		(void)verdict(names[i], "some password");
		assert_int_equal(asked, 1);
		assert_int_equal(last.ln, 15);
		assert_int_equal(last.r, 8);
		assert_int_equal(last.p, 1);
	}
	/* A salt of nobody is as steady and as much his own as a real one. */
	(void)verdict("carl", "x");
	memcpy(salt, last.salt, sizeof(salt));
	(void)verdict("dora", "x");
	assert_memory_not_equal(salt, last.salt, sizeof(salt));
	(void)verdict("CARL", "y");
	assert_memory_equal(salt, last.salt, sizeof(salt));
}

/* A commit behind the answer holds others up: it tells of no user. */
static void
unknown_failure_is_written_too(void **state)
{
	struct user	u;
	uint64_t	n = 0, before = 0;

	run(200);			/* what earlier tests left to write */
	(void)store_get(DB_META, "failed unknown", 14, &before,
	    sizeof(before));
	assert_int_equal(verdict("anna", "wrong"), UV_BAD);
	WAIT(user_lookup("anna", &u) == 0 && u.failed == 1);
	(void)store_get(DB_META, "failed unknown", 14, &n, sizeof(n));
	assert_int_equal(n, before);
	assert_int_equal(verdict("carl", "wrong"), UV_BAD);
	WAIT(store_get(DB_META, "failed unknown", 14, &n, sizeof(n)) == 0 &&
	    n == before + 1);
}

/* A cost that was raised is not yet that of the users there are. */
static void
unknown_costs_the_same_after_a_raise(void **state)
{
	static const char *const names[] = { "carl", "dora", "emil", "fritz" };
	uint32_t	ln;
	size_t		i;

	user_conf(16);
	(void)verdict("anna", "wrong");
	assert_int_equal(last.ln, 15);
	for (i = 0; i < COUNT(names); i++) {
		(void)verdict(names[i], "wrong");
		assert_int_equal(last.ln, 15);
	}
	assert_int_equal(verdict("anna", "anna's password"), UV_OK);
	run(50);
	for (i = 0; i < COUNT(names); i++) {
		(void)verdict(names[i], "wrong");
		ln = last.ln;
		assert_true(ln == 15 || ln == 16);
		(void)verdict(names[i], "wrong again");
		assert_int_equal(last.ln, ln);
	}
	user_conf(15);
}

static void
wrong_bytes_are_no_sign_in(void **state)
{
	struct msg_hashed	a;
	struct result		r;

	deaf = 1;
	assert_int_equal(ask("anna", "anna's password", "", &r), 0);
	WAIT(asked == 1);
	memset(&a, 0, sizeof(a));
	a.ok = 1;
	/* An answer nobody waits for ends the channel. */
	chan_send(pwhash_end, MSG_HASHED, 99999, &a);
	WAIT(authd_end == NULL);
	assert_int_equal(r.n, 0);
	/* The next one is asked the same again. */
	deaf = 0;
	if (pwhash_end != NULL)
		chan_close(pwhash_end);
	pair_make();
	WAIT(r.n == 1);
	assert_int_equal(r.v, UV_OK);
}

static void
pwhash_that_dies_on_it_again_and_again(void **state)
{
	struct result	r;
	int		i;

	deaf = 1;
	assert_int_equal(ask("anna", "anna's password", "", &r), 0);
	for (i = 0; i < 3; i++) {
		WAIT(asked == (unsigned int)i + 1);
		assert_int_equal(r.n, 0);
		chan_close(pwhash_end);
		pwhash_end = NULL;
		WAIT(authd_end == NULL);
		if (i < 2)
			pair_make();
	}
	assert_int_equal(r.n, 1);
	assert_int_equal(r.v, UV_BUSY);
}

static void
queue_is_bounded(void **state)
{
	static struct result	r[64];
	struct result		one;
	unsigned int		i, n;
	int			rv = 0;

	deaf = 1;
	for (n = 0; n < COUNT(r) && rv == 0; n++)
		rv = ask("anna", "anna's password", "", &r[n]);
	assert_int_equal(rv, UV_BUSY);
	assert_true(n < COUNT(r));
	WAIT(asked == 2);
	run(20);
	assert_int_equal(asked, 2);	/* under way at once */
	for (i = 0; i < n; i++)
		user_signin_forget(&r[i]);
	chan_close(pwhash_end);
	pwhash_end = NULL;
	WAIT(authd_end == NULL);
	deaf = 0;
	asked = 0;
	pair_make();
	WAIT(asked == n - 1);
	run(20);
	assert_int_equal(ask("anna", "anna's password", "", &one), 0);
	WAIT(one.n == 1);
	assert_int_equal(one.v, UV_OK);
	for (i = 0; i < n; i++)
		assert_int_equal(r[i].n, 0);
}

static void
verifier_is_renewed(void **state)
{
	struct user	a, b;

	assert_int_equal(user_lookup("anna", &a), 0);
	user_conf(16);
	pepper = 2;
	assert_int_equal(verdict("anna", "not hers, anyway"), UV_BAD);
	run(50);
	assert_int_equal(user_lookup("anna", &b), 0);
	assert_int_equal(b.ln, 15);
	assert_int_equal(verdict("anna", "anna's password"), UV_OK);
	WAIT(user_lookup("anna", &b) == 0 && b.ln == 16);
	assert_int_equal(b.pepper, 2);
	assert_int_equal(b.epoch, a.epoch);
	assert_int_equal(b.password_at, a.password_at);
	assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
	assert_int_equal(verdict("anna", "anna's password"), UV_OK);
	assert_int_equal(last.ln, 16);
	user_conf(15);
}

static void
missing_pepper_signs_nobody_in(void **state)
{
	struct user	u;

	assert_int_equal(user_lookup("anna", &u), 0);
	u.pepper = 9;
	user_put(&u);
	assert_int_equal(verdict("anna", "anna's password"), UV_BAD);
}

static void
password_changed_meanwhile(void **state)
{
	struct user_password	p;
	struct result		r;
	struct user		u;

	assert_int_equal(ask("anna", "anna's password", "", &r), 0);
	assert_int_equal(user_lookup("anna", &u), 0);
	user_set_password(&u, password_of("another password", &p));
	memset(u.salt, 9, sizeof(u.salt));
	user_put(&u);
	WAIT(r.n == 1);
	assert_int_equal(r.v, UV_BAD);
}

static void
device_has_its_own_budget(void **state)
{
	struct result	r;
	struct user	u;
	char		cookie[96], other[96];
	int		i;

	limit_init(0, 0);
	assert_int_equal(user_lookup("anna", &u), 0);
	user_device_make(u.id, cookie);
	assert_true(strlen(cookie) > 60);
	for (i = 0; i < 100 && ask("anna", "wrong password", "", &r) == 0;
	    i++)
		WAIT(r.n == 1);
	assert_true(i < 100);
	assert_int_equal(ask("anna", "anna's password", "", &r), UV_LIMITED);
	/* A spoiled cookie, or one of another user, is none. */
	strcpy(other, cookie);
	other[5] = other[5] == 'A' ? 'B' : 'A';
	assert_int_equal(ask("anna", "anna's password", other, &r),
	    UV_LIMITED);
	user_device_make("00000000-0000-0000-0000-000000000001", other);
	assert_int_equal(ask("anna", "anna's password", other, &r),
	    UV_LIMITED);
	assert_int_equal(ask("anna", "anna's password", "x", &r), UV_LIMITED);
	assert_int_equal(ask("anna", "anna's password", cookie, &r), 0);
	WAIT(r.n == 1);
	assert_int_equal(r.v, UV_OK);
	/* Not for ever. */
	now_s += 181 * 86400;
	assert_int_equal(ask("anna", "anna's password", cookie, &r),
	    UV_LIMITED);
	now_s -= 181 * 86400;
}

static struct user_password	set;
static unsigned int		sets;

static void
hashed(void *arg, const struct user_password *p)
{
	sets++;
	if (p != NULL)
		set = *p;
}

static void
password_is_set(void **state)
{
	struct user	u;
	uint32_t	epoch;
	int		me;

	sets = 0;
	assert_int_equal(user_hash("a new password", hashed, &me), 0);
	assert_int_equal(sets, 0);
	WAIT(sets == 1);
	assert_int_equal(user_lookup("anna", &u), 0);
	epoch = u.epoch;
	user_set_password(&u, &set);
	assert_true(u.epoch > epoch);
	user_put(&u);
	assert_int_equal(verdict("anna", "a new password"), UV_OK);
	assert_int_equal(verdict("anna", "anna's password"), UV_BAD);
	/* Nobody waits any more. */
	assert_int_equal(user_hash("a new password", hashed, &me), 0);
	user_hash_forget(&me);
	asked = 0;
	WAIT(asked == 1);
	run(20);
	assert_int_equal(sets, 1);
}

static void
rights_follow_roles(void **state)
{
	struct msg_open	o;
	struct user	u;
	struct role	r, v;

	assert_int_equal(role_lookup("DESIGNER", &r), 0);
	assert_int_equal(role_lookup("viewer", &v), 0);
	assert_int_equal(user_lookup("anna", &u), 0);
	memset(&o, 0xff, sizeof(o));
	o.flags = OF_ALL;
	assert_int_equal(user_perms(u.id, &o), 0);
	assert_int_equal(o.flags, OF_READ_ONLY);
	assert_int_equal(o.display | o.edit | o.nroles, 0);
	strcpy(u.role[0], r.id);
	strcpy(u.role[1], v.id);
	u.nroles = 2;
	user_put(&u);
	assert_int_equal(user_perms(u.id, &o), 0);
	assert_int_equal(o.nroles, 2);
	assert_int_equal(o.edit, r.edit);
	assert_int_equal(o.display, PERM_ALL);
	assert_true((o.edit & PERM_BIT(PERM_SYSTEMLOGS)) == 0);
	/* A removed role counts for nothing, and goes with the next write. */
	role_del(&r);
	assert_int_equal(user_perms(u.id, &o), 0);
	assert_int_equal(o.nroles, 1);
	assert_int_equal(o.edit, 0);
	user_put(&u);
	assert_int_equal(user_lookup("anna", &u), 0);
	assert_int_equal(u.nroles, 1);
	assert_int_equal(user_has_role(&u, v.id), 0);
	u.flags |= USER_DISABLED;
	user_put(&u);
	assert_int_equal(user_perms(u.id, &o), -1);
	user_del(&u);
	assert_int_equal(user_lookup("anna", &u), -1);
	assert_int_equal(user_perms(u.id, &o), -1);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(right_and_wrong), T(unknown_costs_the_same),
		T(unknown_costs_the_same_after_a_raise),
		T(unknown_failure_is_written_too),
		T(wrong_bytes_are_no_sign_in),
		T(pwhash_that_dies_on_it_again_and_again),
		T(queue_is_bounded), T(verifier_is_renewed),
		T(missing_pepper_signs_nobody_in),
		T(password_changed_meanwhile), T(device_has_its_own_budget),
		T(password_is_set), T(rights_follow_roles),
	};

	log_init("pwcheck_test", LL_CRIT);
	ev_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
