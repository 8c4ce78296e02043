/* SPDX-License-Identifier: ISC */
/*
 * pwcheck.c: passwords tried and passwords set.
 * Runs in authd only.  Trusts its store; trusts keepd-pwhash for nothing but
 * the time it takes: wrong bytes fit no verifier.  Names, passwords and
 * cookies come from the network.  Touches: the store, the pwhash channel.
 *
 * A try against an unknown or disabled user takes the same road as any
 * other: the same limits, a hash of the same cost, a comparison, and no write
 * that its answer waits for.  Failures are counted and audited behind it, with
 * a commit at the same moments whoever it was: a commit holds others up, and
 * they could tell.
 *
 * The queue is here, not in the socket: two requests are under way, so that
 * keepd-pwhash can end in an orderly way, and what it had not answered when
 * it dies is asked again of the next one.
 */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "authd.h"

#define JOBS_MAX	64		/* waiting and under way */
#define JOBS_WORKER	40		/* of one worker */
#define JOBS_SENT	2
#define JOB_LIFE_MS	9000		/* then the answer is "busy" */
#define JOB_DEATHS	3		/* of pwhash, with this job sent */
#define FAILS_MAX	64		/* users with failures to write down */
#define FAILS_MS	AUDIT_GATHER_MS
#define FAILED_UNKNOWN	"failed unknown"	/* in DB_META: how many */
#define FAILED_KNOWN	"failed known"		/* in DB_META: when */
#define DEVICE_DAYS	180		/* a device cookie is good for */
#define DAY_S		86400
#define NOBODY		"00000000-0000-0000-0000-000000000000"

enum job_what { JOB_TRY, JOB_SET, JOB_RENEW };

struct job {
	TAILQ_ENTRY(job) entry;
	enum job_what	 what;
	uint32_t	 id;		/* of the message */
	int		 sent;
	unsigned int	 deaths;
	struct mono	 until;
	struct msg_hash	 q;
	uint32_t	 pepper;	/* of the verifier (to be) */
	/* JOB_TRY; user_id for JOB_RENEW too */
	char		 user_id[40];	/* NOBODY: unknown */
	struct limit_try try;
	char		 client_id[40];
	user_done_fn	*tried;		/* NULL: the asker is gone */
	/* JOB_SET */
	user_hashed_fn	*hashed;
	void		*arg;
};
TAILQ_HEAD(job_list, job);

/* Failures that were answered and are not in the user's record yet. */
struct fail {
	char		 user_id[40];
	uint32_t	 count;
	int64_t		 at;
};

static struct job_list	 jobs = TAILQ_HEAD_INITIALIZER(jobs);
static unsigned int	 njobs, nsent;
static uint32_t		 next_id;
static uint32_t		 cost_ln = 16;
static struct chan	*pwhash;
static struct ev_timer	 life_timer, fail_timer, known_timer;
static int		 timers_ready;
static struct fail	 fails[FAILS_MAX];
static unsigned int	 nfails;

static void	 jobs_send(void);
static void	 job_done(struct job *, const uint8_t *);
static void	 jobs_expire(struct ev_timer *);
static void	 fails_write(struct ev_timer *);
static void	 known_write(struct ev_timer *);

void
user_conf(uint32_t scrypt_ln)
{
	cost_ln = scrypt_ln;
}

/* ---- the queue ---- */

static void
timers_init(void)
{
	if (timers_ready)
		return;
	ev_timer_init(&life_timer, jobs_expire, NULL);
	ev_timer_init(&fail_timer, fails_write, NULL);
	ev_timer_init(&known_timer, known_write, NULL);
	timers_ready = 1;
}

static struct job *
job_new(enum job_what what, const char *password)
{
	struct job	*j;

	if (njobs >= JOBS_MAX || (j = calloc(1, sizeof(*j))) == NULL)
		return (NULL);
	timers_init();
	if (text_set(j->q.password, sizeof(j->q.password), password) == -1) {
		free(j);
		return (NULL);
	}
	j->what = what;
	j->q.len = (uint32_t)strlen(j->q.password);
	j->q.ln = cost_ln;
	j->q.r = 8;
	j->q.p = 1;
	j->pepper = pepper_gen();
	j->until = mono_add(ev_now(), JOB_LIFE_MS);
	if (++next_id == 0)
		next_id = 1;
	j->id = next_id;
	return (j);
}

static void
job_queue(struct job *j)
{
	TAILQ_INSERT_TAIL(&jobs, j, entry);
	njobs++;
	if (life_timer.pos == 0)
		ev_timer_set(&life_timer, JOB_LIFE_MS / 8);
	jobs_send();
}

static void
job_free(struct job *j)
{
	TAILQ_REMOVE(&jobs, j, entry);
	njobs--;
	if (j->sent)
		nsent--;
	secret_wipe(j, sizeof(*j));
	free(j);
}

/* Someone waits for a try or a new password; a renewal can wait. */
static struct job *
job_next(void)
{
	struct job	*j, *late = NULL;

	TAILQ_FOREACH(j, &jobs, entry) {
		if (j->sent)
			continue;
		if (j->what != JOB_RENEW)
			return (j);
		if (late == NULL)
			late = j;
	}
	return (late);
}

static void
jobs_send(void)
{
	struct job	*j;

	while (pwhash != NULL && nsent < JOBS_SENT &&
	    (j = job_next()) != NULL) {
		if (chan_send(pwhash, MSG_HASH, j->id, &j->q) == -1)
			return;
		j->sent = 1;
		nsent++;
	}
}

/* The hash is still owed to us, but nobody is kept waiting for it. */
static void
job_abandon(struct job *j)
{
	if (j->what == JOB_TRY && j->tried != NULL)
		j->tried(j->arg, UV_BUSY, NULL);
	if (j->what == JOB_SET && j->hashed != NULL)
		j->hashed(j->arg, NULL);
	j->tried = NULL;
	j->hashed = NULL;
}

static void
jobs_expire(struct ev_timer *t)
{
	struct job	*j, *next;

	for (j = TAILQ_FIRST(&jobs); j != NULL; j = next) {
		next = TAILQ_NEXT(j, entry);
		if (!mono_before(j->until, ev_now()))
			continue;
		if (j->sent)
			job_abandon(j);
		else
			job_done(j, NULL);
	}
	if (njobs != 0)
		ev_timer_set(t, JOB_LIFE_MS / 8);
	jobs_send();
}

void
user_pwhash_up(struct chan *c)
{
	pwhash = c;
	jobs_send();
}

void
user_pwhash_down(void)
{
	struct job	*j, *next;

	pwhash = NULL;
	for (j = TAILQ_FIRST(&jobs); j != NULL; j = next) {
		next = TAILQ_NEXT(j, entry);
		if (!j->sent)
			continue;
		j->sent = 0;
		nsent--;
		if (++j->deaths >= JOB_DEATHS)
			job_done(j, NULL);
	}
}

void
user_on_hashed(struct chan *c, struct msg *m)
{
	const struct msg_hashed *a = m->data;
	struct job	*j;

	TAILQ_FOREACH(j, &jobs, entry)
		if (j->sent && j->id == m->id)
			break;
	if (j == NULL) {
		chan_violation(c, "hash of a password that was not asked for");
		return;
	}
	if (!a->ok)
		log_warnx("keepd-pwhash refused a request of cost 2^%u",
		    j->q.ln);
	job_done(j, a->ok ? a->hash : NULL);
	jobs_send();
}

/* ---- device cookies ---- */

/*
 * 16 bytes of name, 8 of time made, and their MAC over the user's id:
 * nothing is stored, and the cookie gives no right but an own budget.
 */
struct device {
	uint8_t		 name[16];
	uint8_t		 made[8];
	uint8_t		 mac[DIGEST_LEN];
};

static void
device_mac(const char *user_id, const struct device *d,
    uint8_t out[DIGEST_LEN])
{
	uint8_t	 text[40 + sizeof(d->name) + sizeof(d->made)];

	memset(text, 0, sizeof(text));
	memcpy(text, user_id, strnlen(user_id, 40));
	memcpy(text + 40, d->name, sizeof(d->name));
	memcpy(text + 40 + sizeof(d->name), d->made, sizeof(d->made));
	mac_make(MK_DEVICE, text, sizeof(text), out);
}

void
user_device_make(const char *user_id, char out[96])
{
	struct device	 d;

	random_bytes(d.name, sizeof(d.name));
	be64_put(d.made, (uint64_t)auth_now());
	device_mac(user_id, &d, d.mac);
	memset(out, 0, 96);
	b64url_encode(&d, sizeof(d), out);
}

static int
device_check(const char *user_id, const char *cookie, uint8_t name[16])
{
	struct device	 d;
	uint8_t		 mac[DIGEST_LEN];
	int64_t		 made, now = auth_now();

	memset(&d, 0, sizeof(d));
	if (b64url_decode(cookie, strlen(cookie), &d, sizeof(d)) !=
	    (int)sizeof(d))
		return (-1);
	device_mac(user_id, &d, mac);
	if (!secret_eq(mac, d.mac, sizeof(mac)))
		return (-1);
	made = (int64_t)be64_get(d.made);
	if (made > now || now - made > (int64_t)DEVICE_DAYS * DAY_S)
		return (-1);
	memcpy(name, d.name, sizeof(d.name));
	return (0);
}

/* ---- a try ---- */

static unsigned int
jobs_of_worker(uint64_t worker)
{
	struct job	*j;
	unsigned int	 n = 0;

	TAILQ_FOREACH(j, &jobs, entry)
		if (j->what == JOB_TRY && j->try.worker == worker)
			n++;
	return (n);
}

static int
user_id_step(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	char	*id = arg;

	if (keylen >= 40)
		return (0);
	memset(id, 0, 40);
	memcpy(id, key, keylen);
	return (1);
}

/*
 * For a name nobody has: a salt, and the cost of some user's hash, chosen by
 * the name.  Both are the same each time, and after scrypt-cost was raised
 * the old cost tells of no user.
 */
static void
nobody_like(const char *name, struct msg_hash *q)
{
	struct user	 u;
	char		 low[USER_MAX], from[2 * 16 + 1], id[40];
	uint8_t		 mac[DIGEST_LEN];

	memset(low, 0, sizeof(low));
	(void)text_set(low, sizeof(low), name);
	ascii_lower(low);
	mac_make(MK_DEVICE, low, sizeof(low), mac);
	memcpy(q->salt, mac, sizeof(q->salt));
	hex_encode(mac + 16, 16, from);
	if ((store_walk(DB_USERS, NULL, 0, from, strlen(from), 0,
	    user_id_step, id) != 1 && store_walk(DB_USERS, NULL, 0, NULL, 0,
	    0, user_id_step, id) != 1) || user_get(id, &u) == -1)
		return;
	q->ln = u.ln;
	q->r = u.r;
	q->p = u.p;
	secret_wipe(&u, sizeof(u));
}

int
user_signin(const struct user_try *t, user_done_fn *done, void *arg,
    uint32_t *retry_after)
{
	struct user	 u;
	struct job	*j;
	enum limit	 which = LIM_SIGNIN_USER;
	int		 known;

	*retry_after = 0;
	if (jobs_of_worker(t->worker) >= JOBS_WORKER ||
	    (j = job_new(JOB_TRY, t->password)) == NULL)
		return (UV_BUSY);
	known = user_lookup(t->name, &u) == 0;
	text_set(j->user_id, sizeof(j->user_id), known ? u.id : NOBODY);
	text_set(j->try.user, sizeof(j->try.user), t->name);
	if (t->client_id != NULL)
		text_set(j->client_id, sizeof(j->client_id), t->client_id);
	j->try.worker = t->worker;
	j->try.life = t->life;
	j->try.from = t->from;
	j->try.has_device = t->device[0] != '\0' &&
	    device_check(j->user_id, t->device, j->try.device) == 0;
	*retry_after = limit_signin(&j->try, &which);
	if (*retry_after != 0) {
		audit_refused(AK_LIMITED, AO_DENIED, &t->from,
		    limit_row(which)->name);
		secret_wipe(j, sizeof(*j));
		free(j);
		return (UV_LIMITED);
	}
	if (known) {
		j->q.ln = u.ln;
		j->q.r = u.r;
		j->q.p = u.p;
		j->pepper = u.pepper;
		memcpy(j->q.salt, u.salt, sizeof(j->q.salt));
	} else
		nobody_like(t->name, &j->q);
	secret_wipe(&u, sizeof(u));
	j->tried = done;
	j->arg = arg;
	job_queue(j);
	return (0);
}

void
user_signin_forget(void *arg)
{
	struct job	*j;

	TAILQ_FOREACH(j, &jobs, entry)
		if (j->what == JOB_TRY && j->arg == arg)
			j->tried = NULL;
}

static void
fail_note(const char *user_id)
{
	unsigned int	 i;

	for (i = 0; i < nfails; i++)
		if (strcmp(fails[i].user_id, user_id) == 0)
			break;
	if (i == FAILS_MAX)
		return;			/* audited all the same */
	if (i == nfails) {
		nfails++;
		fails[i].count = 0;
		text_set(fails[i].user_id, sizeof(fails[i].user_id), user_id);
	}
	fails[i].count++;
	fails[i].at = auth_now();
	if (fail_timer.pos == 0)
		ev_timer_set(&fail_timer, FAILS_MS);
}

static void
unknown_failed(uint32_t more)
{
	uint64_t	 n = 0;

	(void)store_get(DB_META, FAILED_UNKNOWN, strlen(FAILED_UNKNOWN), &n,
	    sizeof(n));
	n += more;
	store_put(DB_META, FAILED_UNKNOWN, strlen(FAILED_UNKNOWN), &n,
	    sizeof(n));
}

/* When the record of an unknown name's failures would be committed. */
static void
known_write(struct ev_timer *t)
{
	int64_t	 now = auth_now();

	if (store_writable() == 0)
		store_put(DB_META, FAILED_KNOWN, strlen(FAILED_KNOWN), &now,
		    sizeof(now));
}

static void
fails_write(struct ev_timer *t)
{
	struct user	 u;
	unsigned int	 i;

	for (i = 0; i < nfails && store_writable() == 0; i++) {
		if (strcmp(fails[i].user_id, NOBODY) == 0)
			unknown_failed(fails[i].count);
		if (user_get(fails[i].user_id, &u) == -1)
			continue;
		u.failed += fails[i].count;
		u.failed_at = fails[i].at;
		user_put(&u);
	}
	nfails = 0;
	secret_wipe(&u, sizeof(u));
}

/* Unknown users are counted, known ones recorded; neither holds the answer. */
static void
try_bad(const struct job *j, const char *why)
{
	struct audit_own	 e;

	if (strcmp(j->user_id, NOBODY) == 0) {
		audit_refused(AK_SIGNIN_BAD, AO_DENIED, &j->try.from,
		    "unknown user");
		fail_note(NOBODY);
		return;
	}
	memset(&e, 0, sizeof(e));
	e.kind = AK_SIGNIN_BAD;
	e.outcome = AO_DENIED;
	e.worker = j->try.worker;
	e.from = &j->try.from;
	e.user_id = j->user_id;
	e.user = j->try.user;
	e.client_id = j->client_id;
	e.detail = why;
	audit_later(&e);
	fail_note(j->user_id);
	if (known_timer.pos == 0)
		ev_timer_set(&known_timer, AUDIT_REFUSALS_MS +
		    AUDIT_GATHER_MS);
}

static void
try_good(const struct job *j, struct user *u)
{
	struct audit_own	 e;

	limit_signin_good(&j->try);
	u->signin_at = auth_now();
	u->failed = 0;
	user_put(u);
	memset(&e, 0, sizeof(e));
	e.kind = AK_SIGNIN;
	e.outcome = AO_OK;
	e.worker = j->try.worker;
	e.from = &j->try.from;
	e.user_id = u->id;
	e.user = u->name;
	e.client_id = j->client_id;
	e.detail = j->try.has_device ? "known device" : NULL;
	audit_add(&e);
}

/* The verifier again, with the cost and pepper of today. */
static void
renew_queue(const struct job *tried, const struct user *u)
{
	struct job	*j;

	if (u->ln == cost_ln && u->pepper == pepper_gen())
		return;
	if ((j = job_new(JOB_RENEW, tried->q.password)) == NULL)
		return;			/* at the next sign-in, then */
	text_set(j->user_id, sizeof(j->user_id), u->id);
	/* What it replaces: a password set meanwhile must stay. */
	j->try.worker = u->epoch;
	random_bytes(j->q.salt, sizeof(j->q.salt));
	job_queue(j);
}

/* NULL: the password is right.  Else why not, for the audit record. */
static const char *
try_judge(const struct job *j, const uint8_t *hash, struct user *u)
{
	uint8_t	 mac[DIGEST_LEN];
	int	 known, equal;

	known = user_get(j->user_id, u) == 0;
	if (pepper_mac(j->pepper, hash, mac) == -1) {
		log_warnx("pepper %u is missing in keys: user %s cannot sign "
		    "in before a new password is set", j->pepper, j->user_id);
		return ("pepper of the password is missing");
	}
	equal = secret_eq(mac, u->verifier, sizeof(mac)) &
	    secret_eq(j->q.salt, u->salt, sizeof(u->salt));
	secret_wipe(mac, sizeof(mac));
	if (!known || !equal)
		return ("wrong password");
	return ((u->flags & USER_DISABLED) != 0 ? "user is disabled" : NULL);
}

static void
try_done(struct job *j, const uint8_t *hash)
{
	struct user	 u;
	const char	*why;

	if (j->tried == NULL) {		/* a guess is a guess all the same */
		if (hash != NULL && try_judge(j, hash, &u) != NULL)
			try_bad(j, "wrong password, nobody waited");
		else
			limit_signin_good(&j->try);
		secret_wipe(&u, sizeof(u));
		return;
	}
	if (hash == NULL) {
		limit_signin_good(&j->try);
		j->tried(j->arg, UV_BUSY, NULL);
		return;
	}
	if ((why = try_judge(j, hash, &u)) != NULL) {
		try_bad(j, why);
		j->tried(j->arg, UV_BAD, NULL);
	} else {
		try_good(j, &u);
		renew_queue(j, &u);
		j->tried(j->arg, UV_OK, &u);
	}
	secret_wipe(&u, sizeof(u));
}

/* ---- a new password ---- */

int
user_hash(const char *password, user_hashed_fn *done, void *arg)
{
	struct job	*j;

	if ((j = job_new(JOB_SET, password)) == NULL)
		return (-1);
	random_bytes(j->q.salt, sizeof(j->q.salt));
	j->hashed = done;
	j->arg = arg;
	job_queue(j);
	return (0);
}

void
user_hash_forget(void *arg)
{
	struct job	*j;

	TAILQ_FOREACH(j, &jobs, entry)
		if (j->what == JOB_SET && j->arg == arg)
			j->hashed = NULL;
}

static int
job_password(const struct job *j, const uint8_t *hash,
    struct user_password *p)
{
	memset(p, 0, sizeof(*p));
	p->ln = j->q.ln;
	p->r = j->q.r;
	p->p = j->q.p;
	p->pepper = j->pepper;
	memcpy(p->salt, j->q.salt, sizeof(p->salt));
	return (pepper_mac(j->pepper, hash, p->verifier));
}

static void
password_put(struct user *u, const struct user_password *p)
{
	u->ln = p->ln;
	u->r = p->r;
	u->p = p->p;
	u->pepper = p->pepper;
	memcpy(u->salt, p->salt, sizeof(u->salt));
	memcpy(u->verifier, p->verifier, sizeof(u->verifier));
}

void
user_set_password(struct user *u, const struct user_password *p)
{
	password_put(u, p);
	u->password_at = auth_now();
	u->epoch++;
	u->failed = 0;
	u->failed_at = 0;
}

static void
set_done(struct job *j, const uint8_t *hash)
{
	struct user_password	 p;

	if (j->hashed == NULL)
		return;
	if (hash == NULL || job_password(j, hash, &p) == -1)
		j->hashed(j->arg, NULL);
	else
		j->hashed(j->arg, &p);
	secret_wipe(&p, sizeof(p));
}

static void
renew_done(struct job *j, const uint8_t *hash)
{
	struct user_password	 p;
	struct user		 u;

	if (hash == NULL || user_get(j->user_id, &u) == -1 ||
	    u.epoch != j->try.worker || job_password(j, hash, &p) == -1)
		return;
	password_put(&u, &p);
	user_put(&u);
	secret_wipe(&u, sizeof(u));
	secret_wipe(&p, sizeof(p));
}

/* hash: DIGEST_LEN bytes, or NULL when there will be none. */
static void
job_done(struct job *j, const uint8_t *hash)
{
	switch (j->what) {
	case JOB_TRY:
		try_done(j, hash);
		break;
	case JOB_SET:
		set_done(j, hash);
		break;
	case JOB_RENEW:
		renew_done(j, hash);
		break;
	}
	job_free(j);
}
