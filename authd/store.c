/* SPDX-License-Identifier: ISC */
/*
 * store.c: authd's store, on LMDB.  Runs in authd only; the file is readable
 * by nobody else.  Trusts the file (its owner and mode are checked), never a
 * value pointer over a commit.  Touches no key and no channel.
 *
 * One process, one thread: LMDB's own locks are off (NOLOCK) and an flock on
 * the data file keeps a second process out.  Without a reader table a commit
 * may reuse pages that an older reader still sees, so the one read
 * transaction is put down whenever a write transaction begins.
 *
 * The writes of a turn are kept in a journal until they are committed: when
 * the map is full they are done again in a larger one, whole.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../common/buf.h"
#include "../common/clock.h"
#include "../common/ev.h"
#include "../common/log.h"
#include "../common/secret.h"
#include "store.h"

/*
 * Space that is allocated beyond what LMDB uses: kept for revocations, so
 * that they commit on a full disk.  LMDB copies pages on write, and its free
 * pages lie inside the file, so this bounds what a small commit can need.
 */
#define RESERVE		((uint64_t)4 << 20)
#define CHUNK		((uint64_t)8 << 20)
#define MAP_MIN		((uint64_t)16 << 20)
#define MAP_LIMIT	((uint64_t)1 << 40)
#define VALUE_MAX	STORE_VALUE_MAX
#define KEY_MAX		STORE_KEY_MAX

struct db_row {
	const char	*name;
	uint8_t		 version;	/* first byte of its records, 0: none */
};
static const struct db_row db_rows[DB_MAX] = {
	[DB_META] =		{ "meta", 0 },
	[DB_USERS] =		{ "user", 0 },
	[DB_USER_NAMES] =	{ "username", 0 },
	[DB_ROLES] =		{ "role", 0 },
	[DB_ROLE_NAMES] =	{ "rolename", 0 },
	[DB_CLIENTS] =		{ "client", CLIENT_REC_V },
	[DB_CLIENT_IDEM] =	{ "clientidem", 0 },
	[DB_CLIENT_UNUSED] =	{ "clientunused", 0 },
	[DB_GRANTS] =		{ "grant", GRANT_REC_V },
	[DB_FAMILIES] =		{ "family", FAMILY_REC_V },
	[DB_GRANT_INDEX] =	{ "grantindex", 0 },
	[DB_ACCESS] =		{ "access", ACCESS_REC_V },
	[DB_REFRESH] =		{ "refresh", REFRESH_REC_V },
	[DB_CODES] =		{ "code", CODE_REC_V },
	[DB_SESSIONS] =		{ "session", SESSION_REC_V },
	[DB_CONSUMED] =		{ "consumed", 0 },
	[DB_EXPIRY] =		{ "expiry", EXPIRY_REC_V },
	[DB_AUDIT] =		{ "audit", 0 },
};

enum op_kind { OP_PUT, OP_APPEND, OP_DEL };
struct op {			/* in the journal, key and value behind it */
	uint8_t		kind;
	uint8_t		db;
	uint16_t	keylen;
	uint32_t	vallen;
};

struct after {
	store_after_fn	*fn;
	void		*arg;
};

static MDB_env		*env;
static MDB_dbi		 dbis[DB_MAX];
static MDB_txn		*wtx, *rtx;
static int		 rtx_live, failed, lock_fd = -1;
static struct buf	 journal;
static struct after	*afters;
static size_t		 nafters, cap_afters;
static struct ev_hook	 commit_hook;
static int		 hooked;
static struct store_stat stat_now;
static uint64_t		 alloc_end, expiry_count;
static struct mono	 alloc_tried;

void
be64_put(uint8_t out[8], uint64_t v)
{
	int	i;

	for (i = 7; i >= 0; i--) {
		out[i] = (uint8_t)v;
		v >>= 8;
	}
}

uint64_t
be64_get(const uint8_t in[8])
{
	uint64_t	v = 0;
	int		i;

	for (i = 0; i < 8; i++)
		v = v << 8 | in[i];
	return (v);
}

/* ---- space on the disk ---- */

static uint64_t
space_used(void)
{
	MDB_envinfo	info;
	MDB_stat	st;

	if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &st) != 0)
		fatalx("store: no information from LMDB");
	stat_now.map_bytes = info.me_mapsize;
	stat_now.used_bytes = (uint64_t)(info.me_last_pgno + 1) * st.ms_psize;
	return (stat_now.used_bytes);
}

/* Zeroes where there is no file yet: as good as an allocation. */
static int
space_write(uint64_t to)
{
	static const uint8_t	zero[65536];
	struct stat		st;
	uint64_t		at;
	size_t			n;
	ssize_t			w;

	if (fstat(lock_fd, &st) == -1)
		return (-1);
	for (at = (uint64_t)st.st_size; at < to; at += (uint64_t)w) {
		n = to - at < sizeof(zero) ? (size_t)(to - at) : sizeof(zero);
		if ((w = pwrite(lock_fd, zero, n, (off_t)at)) <= 0)
			return (-1);
	}
	return (0);
}

static int
space_extend(uint64_t to)
{
#ifdef __OpenBSD__
	/* WRITEMAP: a hole in the file would be a SIGBUS on a full disk. */
	return (space_write(to));
#else
	int	rc;

	rc = posix_fallocate(lock_fd, 0, (off_t)to);
	if (rc == EINVAL || rc == EOPNOTSUPP)
		return (space_write(to));
	if (rc != 0)
		errno = rc;
	return (rc == 0 ? 0 : -1);
#endif
}

/* Keep RESERVE bytes allocated behind what is in use. */
static void
space_check(void)
{
	uint64_t	used = space_used();
	int		was = stat_now.low;

	if (alloc_end < used + RESERVE) {
		if (alloc_tried.ms != 0 && stat_now.low &&
		    mono_before(mono_now(), mono_add(alloc_tried, 1000)))
			goto done;
		alloc_tried = mono_now();
		if (space_extend(used + RESERVE + CHUNK) == 0)
			alloc_end = used + RESERVE + CHUNK;
		else if (space_extend(used + RESERVE) == 0)
			alloc_end = used + RESERVE;
		else if (!was)
			log_warn("store: no space to grow; only revocations "
			    "and removals are taken until there is room");
	}
 done:
	stat_now.low = alloc_end < used + RESERVE;
	stat_now.reserve_bytes = alloc_end > used ? alloc_end - used : 0;
	if (was && !stat_now.low)
		log_info("store: there is room again, all writes are taken");
}

int
store_writable(void)
{
	if (stat_now.low)
		space_check();
	return (stat_now.low ? -1 : 0);
}

/* ---- transactions ---- */

static void
reader_down(void)
{
	if (rtx != NULL && rtx_live)
		mdb_txn_reset(rtx);
	rtx_live = 0;
}

/* After these LMDB takes no further transaction: only a new start helps. */
static void
panic_check(int rc)
{
	if (rc == MDB_PANIC || rc == MDB_CORRUPTED ||
	    rc == MDB_PAGE_NOTFOUND)
		fatalx("store: %s", mdb_strerror(rc));
}

/* What reads use: the turn's own writes, or the last commit. */
static MDB_txn *
txn_read(void)
{
	int	rc;

	if (wtx != NULL)
		return (wtx);
	if (rtx_live)
		return (rtx);
	rc = rtx == NULL ? mdb_txn_begin(env, NULL, MDB_RDONLY, &rtx) :
	    mdb_txn_renew(rtx);
	if (rc != 0)
		fatalx("store: read: %s", mdb_strerror(rc));
	rtx_live = 1;
	return (rtx);
}

static int
txn_write(void)
{
	int	rc;

	if (wtx != NULL)
		return (0);
	reader_down();
	if ((rc = mdb_txn_begin(env, NULL, 0, &wtx)) != 0) {
		panic_check(rc);
		log_warnx("store: begin: %s", mdb_strerror(rc));
		wtx = NULL;
	}
	return (rc);
}

static void
turn_fail(int rc, const char *what)
{
	panic_check(rc);
	if (!failed)
		log_warnx("store: %s: %s", what, mdb_strerror(rc));
	failed = 1;
	stat_now.failed++;
	if (wtx != NULL)
		mdb_txn_abort(wtx);
	wtx = NULL;
}

static int
op_apply(const struct op *op, const uint8_t *body)
{
	MDB_val	key, val;
	int	rc;

	key.mv_size = op->keylen;
	key.mv_data = (void *)(uintptr_t)body;
	val.mv_size = op->vallen;
	val.mv_data = (void *)(uintptr_t)(body + op->keylen);
	if (op->kind == OP_DEL) {
		rc = mdb_del(wtx, dbis[op->db], &key, NULL);
		return (rc == MDB_NOTFOUND ? 0 : rc);
	}
	rc = MDB_KEYEXIST;
	if (op->kind == OP_APPEND)
		rc = mdb_put(wtx, dbis[op->db], &key, &val, MDB_APPEND);
	if (rc == MDB_KEYEXIST)
		rc = mdb_put(wtx, dbis[op->db], &key, &val, 0);
	return (rc);
}

/* A larger map; no transaction may live meanwhile. */
static int
map_grow(void)
{
	MDB_envinfo	info;
	uint64_t	size;
	int		rc;

	if (wtx != NULL)
		mdb_txn_abort(wtx);
	wtx = NULL;
	if (rtx != NULL)
		mdb_txn_abort(rtx);
	rtx = NULL;
	rtx_live = 0;
	if ((rc = mdb_env_info(env, &info)) != 0)
		return (rc);
	size = (uint64_t)info.me_mapsize * 2;
	if (size > MAP_LIMIT)
		return (MDB_MAP_FULL);
#ifdef __OpenBSD__
	if (space_extend(size) == -1)
		return (ENOSPC);
#endif
	if ((rc = mdb_env_set_mapsize(env, (size_t)size)) != 0)
		return (rc);
	stat_now.grown++;
	log_info("store: map grown to %llu MiB",
	    (unsigned long long)(size >> 20));
	return (0);
}

/* Do the whole journal in a fresh transaction. */
static int
journal_replay(void)
{
	struct op	 op;
	const uint8_t	*p = journal.data;
	size_t		 left = journal.len;
	int		 rc;

	if ((rc = txn_write()) != 0)
		return (rc);
	while (left != 0) {
		memcpy(&op, p, sizeof(op));
		p += sizeof(op);
		if ((rc = op_apply(&op, p)) != 0)
			return (rc);
		p += op.keylen + op.vallen;
		left -= sizeof(op) + op.keylen + op.vallen;
	}
	return (0);
}

/* Until it fits, or growing does not help. */
static int
journal_redo(void)
{
	int	rc, tries;

	for (tries = 0; tries < 8; tries++) {
		if ((rc = map_grow()) != 0)
			return (rc);
		if ((rc = journal_replay()) != MDB_MAP_FULL)
			return (rc);
	}
	return (MDB_MAP_FULL);
}

static void
op_do(enum op_kind kind, enum store_db db, const void *key, size_t keylen,
    const void *val, size_t vallen)
{
	struct op	op;
	size_t		at = journal.len;
	int		rc;

	if (db >= DB_MAX)
		fatalx("store: no database %d", (int)db);
	if (keylen == 0 || keylen > KEY_MAX || vallen > VALUE_MAX)
		fatalx("store: %s: impossible size", db_rows[db].name);
	ev_hook_arm(&commit_hook);
	if (failed)
		return;
	op.kind = (uint8_t)kind;
	op.db = (uint8_t)db;
	op.keylen = (uint16_t)keylen;
	op.vallen = (uint32_t)vallen;
	buf_add(&journal, &op, sizeof(op));
	buf_add(&journal, key, keylen);
	if (vallen != 0)
		buf_add(&journal, val, vallen);
	if (journal.failed) {
		turn_fail(ENOMEM, "journal");
		return;
	}
	if ((rc = txn_write()) == 0)
		rc = op_apply(&op, journal.data + at + sizeof(op));
	if (rc == MDB_MAP_FULL)
		rc = journal_redo();
	if (rc != 0)
		turn_fail(rc, db_rows[db].name);
}

void
store_put(enum store_db db, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	op_do(OP_PUT, db, key, keylen, val, vallen);
}

void
store_append(enum store_db db, const void *key, size_t keylen,
    const void *val, size_t vallen)
{
	op_do(OP_APPEND, db, key, keylen, val, vallen);
}

void
store_del(enum store_db db, const void *key, size_t keylen)
{
	op_do(OP_DEL, db, key, keylen, NULL, 0);
}

void
store_expire(int64_t when_s, enum store_db db, const void *key, size_t keylen)
{
	struct expiry_rec	r;
	uint8_t			k[16];

	memset(&r, 0, sizeof(r));
	if (keylen > sizeof(r.key))
		fatalx("store: %s: key too long to expire", db_rows[db].name);
	r.v = EXPIRY_REC_V;
	r.db = (uint8_t)db;
	r.keylen = (uint8_t)keylen;
	memcpy(r.key, key, keylen);
	be64_put(k, when_s < 0 ? 0 : (uint64_t)when_s);
	be64_put(k + 8, expiry_count++);
	store_put(DB_EXPIRY, k, sizeof(k), &r, sizeof(r));
}

int
store_dirty(void)
{
	return (wtx != NULL || failed);
}

void
store_after(store_after_fn *fn, void *arg)
{
	struct after	*p;
	size_t		 cap;

	if (nafters == cap_afters) {
		cap = cap_afters != 0 ? cap_afters * 2 : 64;
		if ((p = realloc(afters, cap * sizeof(*p))) == NULL)
			fatal("store");
		afters = p;
		cap_afters = cap;
	}
	afters[nafters].fn = fn;
	afters[nafters++].arg = arg;
	ev_hook_arm(&commit_hook);
}

/* Callbacks may register others: those belong to the next commit. */
static void
afters_run(int ok)
{
	struct after	*list = afters;
	size_t		 i, n = nafters;

	afters = NULL;
	nafters = cap_afters = 0;
	for (i = 0; i < n; i++)
		list[i].fn(list[i].arg, ok);
	free(list);
}

int
store_commit(void)
{
	MDB_txn	*t;
	int	 rc = 0, ok;

	if (wtx != NULL) {
		t = wtx;
		wtx = NULL;
		rc = mdb_txn_commit(t);
		if (rc == MDB_MAP_FULL && (rc = journal_redo()) == 0) {
			t = wtx;
			wtx = NULL;
			rc = mdb_txn_commit(t);
		}
		if (rc != 0)
			turn_fail(rc, "commit");
		else
			stat_now.commits++;
		space_check();
	}
	ok = !failed;
	failed = 0;
	if (journal.len != 0)
		secret_wipe(journal.data, journal.len);
	buf_reset(&journal);
	afters_run(ok);
	return (ok ? 0 : -1);
}

static void
on_turn_end(struct ev_hook *h)
{
	store_commit();
}

/* ---- reading ---- */

static int
value_get(enum store_db db, const void *key, size_t keylen, MDB_val *val)
{
	MDB_val	k;
	int	rc;

	k.mv_size = keylen;
	k.mv_data = (void *)(uintptr_t)key;
	rc = mdb_get(txn_read(), dbis[db], &k, val);
	if (rc != 0 && rc != MDB_NOTFOUND)
		panic_check(rc);
	return (rc == 0 ? 0 : -1);
}

/* A record of another size or version is a damaged or foreign store. */
int
store_get(enum store_db db, const void *key, size_t keylen, void *rec,
    size_t size)
{
	MDB_val	v;

	if (value_get(db, key, keylen, &v) == -1)
		return (-1);
	if (v.mv_size != size || (db_rows[db].version != 0 &&
	    *(const uint8_t *)v.mv_data != db_rows[db].version)) {
		log_warnx("store: %s: a record of foreign shape is ignored",
		    db_rows[db].name);
		return (-1);
	}
	memcpy(rec, v.mv_data, size);
	return (0);
}

long
store_get_any(enum store_db db, const void *key, size_t keylen, void *out,
    size_t cap)
{
	MDB_val	v;

	if (value_get(db, key, keylen, &v) == -1 || v.mv_size > cap)
		return (-1);
	memcpy(out, v.mv_data, v.mv_size);
	return ((long)v.mv_size);
}

int
store_has(enum store_db db, const void *key, size_t keylen)
{
	MDB_val	v;

	return (value_get(db, key, keylen, &v) == 0);
}

uint64_t
store_count(enum store_db db)
{
	MDB_stat	st;

	if (mdb_stat(txn_read(), dbis[db], &st) != 0)
		return (0);
	return (st.ms_entries);
}

struct step {			/* one place of a walk, copied */
	uint8_t	key[KEY_MAX];
	size_t	keylen;
	uint8_t	val[VALUE_MAX];
	size_t	vallen;
};

/* The first key at or behind s->key, or with past set, behind it. */
static int
step_forward(MDB_cursor *cur, const struct step *s, int past, MDB_val *k,
    MDB_val *v)
{
	int	rc;

	if (s->keylen == 0)
		return (mdb_cursor_get(cur, k, v, MDB_FIRST));
	k->mv_size = s->keylen;
	k->mv_data = (void *)(uintptr_t)s->key;
	rc = mdb_cursor_get(cur, k, v, MDB_SET_RANGE);
	if (rc == 0 && past && k->mv_size == s->keylen &&
	    memcmp(k->mv_data, s->key, s->keylen) == 0)
		rc = mdb_cursor_get(cur, k, v, MDB_NEXT);
	return (rc);
}

/* The last key before s->key; with an empty key, the last of all. */
static int
step_back(MDB_cursor *cur, const struct step *s, MDB_val *k, MDB_val *v)
{
	if (s->keylen == 0)
		return (mdb_cursor_get(cur, k, v, MDB_LAST));
	k->mv_size = s->keylen;
	k->mv_data = (void *)(uintptr_t)s->key;
	if (mdb_cursor_get(cur, k, v, MDB_SET_RANGE) != 0)
		return (mdb_cursor_get(cur, k, v, MDB_LAST));
	return (mdb_cursor_get(cur, k, v, MDB_PREV));
}

/*
 * Each step looks its place up again: the callback may have written, grown
 * the map, or begun a transaction.
 */
static int
step_take(enum store_db db, struct step *s, int back, int past)
{
	MDB_cursor	*cur;
	MDB_val		 k, v;
	int		 rc;

	if (mdb_cursor_open(txn_read(), dbis[db], &cur) != 0)
		return (-1);
	rc = back ? step_back(cur, s, &k, &v) :
	    step_forward(cur, s, past, &k, &v);
	mdb_cursor_close(cur);
	if (rc != 0 || k.mv_size > sizeof(s->key) ||
	    v.mv_size > sizeof(s->val))
		return (-1);
	/* k may lie in s->key itself when nothing was found in between. */
	memmove(s->key, k.mv_data, k.mv_size);
	s->keylen = k.mv_size;
	memcpy(s->val, v.mv_data, v.mv_size);
	s->vallen = v.mv_size;
	return (0);
}

/* Behind the last possible key of a prefix: where a backward walk starts. */
static void
prefix_end(struct step *s, const void *prefix, size_t n)
{
	if (n != 0)
		memcpy(s->key, prefix, n);
	memset(s->key + n, 0xff, sizeof(s->key) - n);
	s->keylen = n == 0 ? 0 : sizeof(s->key);
}

int
store_walk(enum store_db db, const void *prefix, size_t prefixlen,
    const void *from, size_t fromlen, int back, store_walk_fn *fn, void *arg)
{
	struct step	*s;
	int		 rv = 0, past = 0;

	if (prefixlen > KEY_MAX || fromlen > KEY_MAX)
		fatalx("store: %s: key too long", db_rows[db].name);
	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal("store");
	if (back)
		prefix_end(s, prefix, prefixlen);
	else {
		s->keylen = from != NULL ? fromlen : prefixlen;
		if (s->keylen != 0)
			memcpy(s->key, from != NULL ? from : prefix,
			    s->keylen);
	}
	while (rv == 0 && step_take(db, s, back, past) == 0) {
		if (s->keylen < prefixlen ||
		    (prefixlen != 0 && memcmp(s->key, prefix, prefixlen) != 0))
			break;
		past = 1;
		rv = fn(arg, s->key, s->keylen, s->val, s->vallen);
	}
	free(s);
	return (rv);
}

/* ---- a whole store ---- */

const char *
store_db_name(enum store_db db)
{
	return (db_rows[db].name);
}

enum store_db
store_db_find(const char *name, size_t len)
{
	int	i;

	for (i = 0; i < DB_MAX; i++)
		if (strlen(db_rows[i].name) == len &&
		    memcmp(db_rows[i].name, name, len) == 0)
			break;
	return ((enum store_db)i);
}

static int
load_failed(int rc, const char *what)
{
	panic_check(rc);
	log_warnx("store: %s: %s", what, mdb_strerror(rc));
	return (-1);
}

/* The old pages stay until the commit, so there must be room for both. */
int
store_load_begin(uint64_t size)
{
	int	i, rc;

	/* Those who waited for a commit may write again. */
	for (i = 0; i < 8 && (i == 0 || store_dirty()); i++)
		if (store_commit() == -1)
			return (-1);
	if (store_dirty())
		return (-1);
	if (rtx != NULL)
		mdb_txn_abort(rtx);
	rtx = NULL;
	rtx_live = 0;
	while (stat_now.map_bytes < space_used() + 3 * size + MAP_MIN)
		if ((rc = map_grow()) != 0)
			return (load_failed(rc, "map"));
	if (txn_write() != 0)
		return (-1);
	for (i = 0; i < DB_MAX; i++)
		if ((rc = mdb_drop(wtx, dbis[i], 0)) != 0)
			return (load_failed(rc, db_rows[i].name));
	return (0);
}

int
store_load_put(enum store_db db, const void *key, size_t keylen,
    const void *val, size_t vallen)
{
	MDB_val	k, v;
	int	rc;

	if (wtx == NULL)
		return (-1);
	k.mv_size = keylen;
	k.mv_data = (void *)(uintptr_t)key;
	v.mv_size = vallen;
	v.mv_data = (void *)(uintptr_t)val;
	rc = mdb_put(wtx, dbis[db], &k, &v, MDB_APPEND);
	if (rc == MDB_KEYEXIST)
		rc = mdb_put(wtx, dbis[db], &k, &v, 0);
	return (rc == 0 ? 0 : load_failed(rc, db_rows[db].name));
}

int
store_load_end(int commit)
{
	MDB_txn	*t = wtx;
	int	 rc;

	if (t == NULL)
		return (-1);
	wtx = NULL;
	if (!commit) {
		mdb_txn_abort(t);
		return (0);
	}
	if ((rc = mdb_txn_commit(t)) != 0)
		return (load_failed(rc, "commit"));
	space_check();
	return (0);
}

/* ---- opening and closing ---- */

/* The data file: ours, nobody else's, and nobody else has it open. */
static int
file_open(const char *path)
{
	struct timespec	 wait = { 0, 100000000 };
	struct stat	 st;
	int		 fd, i;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		fatal("store: %s", path);
	if (fstat(fd, &st) == -1)
		fatal("store: %s", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0)
		fatalx("store: %s: must be a file of mode 0600 and of our own "
		    "user", path);
	/* A predecessor that was just killed may need a moment to go. */
	for (i = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; i++) {
		if (errno != EWOULDBLOCK || i == 30)
			fatalx("store: %s: held by another process", path);
		nanosleep(&wait, NULL);
	}
	return (fd);
}

/* The new name must survive a crash as well as the bytes. */
static void
dir_sync(const char *dir)
{
	int	fd;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fsync(fd) == -1)
		fatal("store: %s", dir);
	close(fd);
}

static void
dbs_open(void)
{
	int	i, rc;

	if ((rc = txn_write()) != 0)
		fatalx("store: %s", mdb_strerror(rc));
	for (i = 0; i < DB_MAX; i++) {
		rc = mdb_dbi_open(wtx, db_rows[i].name, MDB_CREATE, &dbis[i]);
		if (rc != 0)
			fatalx("store: %s: %s", db_rows[i].name,
			    mdb_strerror(rc));
	}
	if ((rc = mdb_txn_commit(wtx)) != 0)
		fatalx("store: first commit: %s", mdb_strerror(rc));
	wtx = NULL;
}

int
store_copy(int fd)
{
	int	rc;

	reader_down();
	if ((rc = mdb_env_copyfd2(env, fd, 0)) != 0) {
		log_warnx("store: copy: %s", mdb_strerror(rc));
		return (-1);
	}
	return (0);
}

void
store_open(const char *dir, uint32_t map_mb)
{
	char		path[512];
	uint64_t	map = (uint64_t)map_mb << 20;
	unsigned int	flags = MDB_NOLOCK | MDB_NOTLS | MDB_NOSUBDIR;
	int		rc, fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/store.mdb", dir) >=
	    sizeof(path))
		fatalx("store: path too long");
	lock_fd = file_open(path);
	dir_sync(dir);
	if (map < MAP_MIN)
		map = MAP_MIN;
#ifdef __OpenBSD__
	flags |= MDB_WRITEMAP;	/* no unified buffer cache there */
	if (space_extend(map) == -1)
		fatal("store: %s: no space for %u MiB", path, map_mb);
#endif
	buf_init(&journal, 0);
	random_bytes(&expiry_count, sizeof(expiry_count));
	expiry_count >>= 2;
	if ((rc = mdb_env_create(&env)) != 0 ||
	    (rc = mdb_env_set_maxdbs(env, DB_MAX)) != 0 ||
	    (rc = mdb_env_set_mapsize(env, (size_t)map)) != 0 ||
	    (rc = mdb_env_open(env, path, flags, 0600)) != 0)
		fatalx("store: %s: %s", path, mdb_strerror(rc));
	/* LMDB opens the data file without it. */
	if (mdb_env_get_fd(env, &fd) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		fatal("store: %s", path);
	if (!hooked)
		ev_hook_add(&commit_hook, EV_ORDER_COMMIT, on_turn_end, NULL);
	hooked = 1;
	alloc_end = 0;
	dbs_open();
	store_format_check(dir);
	space_check();
}

void
store_close(void)
{
	if (env == NULL)
		return;
	store_commit();
	if (rtx != NULL)
		mdb_txn_abort(rtx);
	rtx = NULL;
	rtx_live = 0;
	mdb_env_close(env);
	env = NULL;
	close(lock_fd);
	lock_fd = -1;
	buf_free(&journal);
	memset(&stat_now, 0, sizeof(stat_now));
}

void
store_stat(struct store_stat *out)
{
	space_used();
	*out = stat_now;
}
