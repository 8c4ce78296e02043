/* SPDX-License-Identifier: ISC */
/*
 * backup.c: the store written to a file that keepctl opened, and read back.
 * Runs in authd only, for root or our own user (ctl.c).  Trusts neither the
 * file nor its kind: it must be a regular one, and what is read is checked to
 * its last byte before the first record is believed.  Opens nothing; writes
 * no key.
 *
 * All databases but the audit records are written within one turn, so they
 * fit each other.  Audit records are never changed, only added and dropped
 * at their end of life: those up to the last number of that turn follow a
 * few at a time, so that a long history holds nobody up.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "../common/buf.h"
#include "../common/child.h"
#include "../common/ctl.h"
#include "../common/log.h"
#include "../common/secret.h"
#include "../common/text.h"
#include "authtime.h"
#include "backup.h"
#include "ctlconn.h"
#include "keys.h"

#define BLOCK		65536
#define AUDIT_STEP	64		/* records of one step */
#define EXIT_MS		20		/* for the answer to leave */

/* One at a time: a file being written or read. */
static struct job {
	struct ctl_conn	*c;
	int		 fd;
	EVP_MD_CTX	*md;
	struct buf	 buf;		/* to be written; or a block read */
	size_t		 at;		/* of the block read */
	uint64_t	 bytes, records;
	int		 failed;	/* errno, or -1 */
	uint8_t		 last[8];	/* audit record to end with */
	uint8_t		 from[9];	/* go on here */
	size_t		 fromlen;
} job = { .fd = -1 };

static struct ev_timer	exit_timer;

static void
job_end(void)
{
	if (job.fd != -1)
		close(job.fd);
	EVP_MD_CTX_free(job.md);
	if (job.buf.data != NULL)
		secret_wipe(job.buf.data, job.buf.cap);
	buf_free(&job.buf);
	memset(&job, 0, sizeof(job));
	job.fd = -1;
}

static int
digest_begin(void)
{
	if ((job.md = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(job.md, EVP_sha256(), NULL) != 1)
		fatalx("libcrypto: SHA-256");
	return (0);
}

/* 0 and the file is ours, or -1 and the command is refused. */
static int
job_begin(struct ctl_conn *c)
{
	struct stat	st;
	int		fd = c->fd;

	c->fd = -1;
	if (job.fd != -1) {
		close(fd);
		ctl_refuse(c, "another backup or restore is under way");
		return (-1);
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		ctl_refuse(c, "not a regular file");
		return (-1);
	}
	job.c = c;
	job.fd = fd;
	job.bytes = (uint64_t)st.st_size;
	buf_init(&job.buf, 0);
	digest_begin();
	return (0);
}

/* ---- writing ---- */

static void
out_flush(void)
{
	size_t	n = 0;
	ssize_t	w;

	while (n < job.buf.len && !job.failed) {
		w = write(job.fd, job.buf.data + n, job.buf.len - n);
		if (w == -1 && errno != EINTR)
			job.failed = errno;
		if (w > 0)
			n += (size_t)w;
	}
	buf_reset(&job.buf);
}

static void
out(const void *p, size_t len)
{
	if (len == 0 || job.failed)
		return;
	if (EVP_DigestUpdate(job.md, p, len) != 1)
		fatalx("libcrypto: SHA-256");
	if (buf_add(&job.buf, p, len) == -1)
		job.failed = ENOMEM;
	job.bytes += len;
	if (job.buf.len >= BLOCK)
		out_flush();
}

static void
out_item(char kind, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct backup_item	i;

	memset(&i, 0, sizeof(i));
	i.kind = (uint8_t)kind;
	i.keylen = (uint16_t)keylen;
	i.vallen = (uint32_t)vallen;
	out(&i, sizeof(i));
	out(key, keylen);
	out(val, vallen);
}

static int
out_record(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	out_item('R', key, keylen, val, vallen);
	job.records++;
	return (job.failed);
}

static int
last_key(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	if (keylen == sizeof(job.last))
		memcpy(job.last, key, keylen);
	return (1);
}

static void
out_small(void)
{
	struct backup_head	h;
	const char		*name;
	int			 i;

	memset(&h, 0, sizeof(h));
	memcpy(h.magic, BACKUP_MAGIC, sizeof(BACKUP_MAGIC));
	h.order = BACKUP_ORDER;
	h.format = store_format;
	h.made_ms = auth_now_ms();
	out(&h, sizeof(h));
	for (i = 0; i < DB_MAX; i++) {
		if (i == DB_AUDIT)
			continue;
		name = store_db_name((enum store_db)i);
		out_item('D', name, strlen(name), NULL, 0);
		(void)store_walk((enum store_db)i, NULL, 0, NULL, 0, 0,
		    out_record, NULL);
	}
	name = store_db_name(DB_AUDIT);
	out_item('D', name, strlen(name), NULL, 0);
	(void)store_walk(DB_AUDIT, NULL, 0, NULL, 0, 1, last_key, NULL);
}

static int
out_audit(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	unsigned int	*left = arg;

	if (keylen != sizeof(job.last) ||
	    memcmp(key, job.last, keylen) > 0)
		return (2);
	memcpy(job.from, key, keylen);
	job.from[keylen] = 0;
	job.fromlen = keylen + 1;
	(void)out_record(NULL, key, keylen, val, vallen);
	if (job.failed)
		return (3);
	return (--*left == 0);
}

static void
out_end(void)
{
	uint8_t		digest[EVP_MAX_MD_SIZE];
	unsigned int	len = 0;

	if (EVP_DigestFinal_ex(job.md, digest, &len) != 1 ||
	    EVP_DigestInit_ex(job.md, EVP_sha256(), NULL) != 1)
		fatalx("libcrypto: SHA-256");
	out_item('E', digest, len, NULL, 0);
	out_flush();
}

/* A step of the list of audit records: 1 at the end. */
static int
backup_step(struct ctl_conn *c)
{
	unsigned int	left = AUDIT_STEP;
	int		rv;

	if (job.c != c)
		return (1);
	rv = store_walk(DB_AUDIT, NULL, 0, job.fromlen != 0 ? job.from : NULL,
	    job.fromlen, 0, out_audit, &left);
	if (rv == 1)
		return (0);
	out_end();
	if (job.failed)
		snprintf(c->failure, sizeof(c->failure), "the file cannot be "
		    "written: %s", strerror(job.failed));
	else
		snprintf(c->remark, sizeof(c->remark), "%llu records, %llu "
		    "bytes", (unsigned long long)job.records,
		    (unsigned long long)job.bytes);
	job_end();
	return (1);
}

/* Behind the commit of the turn, so that nothing written is half done. */
static void
backup_begin(void *arg, int ok)
{
	struct ctl_conn	*c = arg;

	if (!ctl_came(c)) {
		job_end();
		return;
	}
	if (store_dirty()) {
		ctl_wait(c);
		store_after(backup_begin, c);
		return;
	}
	job.bytes = 0;
	out_small();
	ctl_list(c, backup_step);
}

static void
cmd_backup(struct ctl_conn *c)
{
	if (job_begin(c) == -1)
		return;
	audit_sync();
	ctl_audit(c, NULL, NULL, NULL);
	ctl_wait(c);
	store_after(backup_begin, c);
}

/* ---- reading ---- */

static int
in(void *out_p, size_t len)
{
	uint8_t	*p = out_p;
	size_t	 n;
	ssize_t	 r;

	while (len != 0) {
		if (job.at == job.buf.len) {
			buf_reset(&job.buf);
			if (buf_reserve(&job.buf, BLOCK) == NULL)
				return (-1);
			r = read(job.fd, job.buf.data, BLOCK);
			if (r <= 0)
				return (-1);
			job.buf.len = (size_t)r;
			job.at = 0;
		}
		n = job.buf.len - job.at < len ? job.buf.len - job.at : len;
		memcpy(p, job.buf.data + job.at, n);
		job.at += n;
		p += n;
		len -= n;
	}
	return (0);
}

/* The same, and counted in the digest. */
static int
in_sum(void *p, size_t len)
{
	if (in(p, len) == -1)
		return (-1);
	if (EVP_DigestUpdate(job.md, p, len) != 1)
		fatalx("libcrypto: SHA-256");
	return (0);
}

struct reading {
	int		 load;		/* put what is read */
	uint32_t	 flags;		/* CTLF_RESTORE_ */
	enum store_db	 db;
	uint64_t	 records, users;
	int		 foreign;	/* keys that are not ours */
	int		 ended;
	char		 why[256];
};
static uint8_t	key_buf[STORE_KEY_MAX], val_buf[STORE_VALUE_MAX];

static int
bad(struct reading *r, const char *why)
{
	if (r->why[0] == '\0')
		snprintf(r->why, sizeof(r->why), "%s", why);
	return (-1);
}

static int
read_head(struct reading *r)
{
	struct backup_head	h;

	if (in_sum(&h, sizeof(h)) == -1 ||
	    strncmp(h.magic, BACKUP_MAGIC, sizeof(h.magic)) != 0)
		return (bad(r, "not a backup of authd's store"));
	if (h.order != BACKUP_ORDER)
		return (bad(r, "written on a machine of other byte order"));
	if (h.format > store_format) {
		snprintf(r->why, sizeof(r->why), "the backup has store format "
		    "%u, this keepd knows formats up to %u: install the newer "
		    "keepd that wrote it", h.format, store_format);
		return (-1);
	}
	if (h.format < 1)
		return (bad(r, "the backup has no store format"));
	return (0);
}

/* ---- grants that were revoked since ---- */

static struct ended {
	uint8_t	 id[GRANT_LEN];
} *ended;				/* in the order of their ids */
static size_t	nended, ended_cap;

static int
ended_step(void *arg, const void *key, size_t keylen, const void *val,
    size_t vallen)
{
	struct grant_rec	 g;
	struct ended		*p;
	size_t			 cap;

	if (keylen != GRANT_LEN || vallen != sizeof(g))
		return (0);
	memcpy(&g, val, sizeof(g));
	if (g.state != GS_REVOKED)
		return (0);
	if (nended == ended_cap) {
		cap = ended_cap != 0 ? ended_cap * 2 : 64;
		if ((p = realloc(ended, cap * sizeof(*p))) == NULL)
			fatal("restore");
		ended = p;
		ended_cap = cap;
	}
	memcpy(ended[nended++].id, key, GRANT_LEN);
	return (0);
}

static int
ended_cmp(const void *a, const void *b)
{
	return (memcmp(a, b, GRANT_LEN));
}

static int
is_ended(const uint8_t *id)
{
	return (nended != 0 && bsearch(id, ended, nended, sizeof(*ended),
	    ended_cmp) != NULL);
}

static void
ended_free(void)
{
	free(ended);
	ended = NULL;
	nended = ended_cap = 0;
}

/*
 * A grant revoked since the backup stays so: who revoked it was told that no
 * token of it will ever work.  1: the record is left out.
 */
static int
stays_ended(const struct reading *r, size_t keylen, size_t vallen)
{
	struct grant_rec	g;

	if (r->db == DB_GRANT_INDEX)
		return (keylen > GRANT_LEN &&
		    is_ended(&key_buf[keylen - GRANT_LEN]));
	if (r->db != DB_GRANTS || keylen != GRANT_LEN ||
	    vallen != sizeof(g) || !is_ended(key_buf))
		return (0);
	memcpy(&g, val_buf, sizeof(g));
	if (g.state == GS_LIVE) {
		g.state = GS_REVOKED;
		g.revoked_s = auth_now();
		memcpy(val_buf, &g, sizeof(g));
	}
	return (0);
}

/* With other keys than ours no token, secret or password can be right. */
static int
other_keys(struct reading *r, size_t *vallen)
{
	struct grant_rec	g;
	struct user		u;

	switch (r->db) {
	case DB_ACCESS:
	case DB_REFRESH:
	case DB_CODES:
	case DB_SESSIONS:
	case DB_CLIENT_IDEM:
		return (1);
	case DB_GRANTS:
		if (*vallen != sizeof(g))
			return (1);
		memcpy(&g, val_buf, sizeof(g));
		g.state = GS_REVOKED;
		g.revoked_s = auth_now();
		memcpy(val_buf, &g, sizeof(g));
		return (0);
	case DB_USERS:
		if (*vallen < offsetof(struct user, role) ||
		    *vallen > sizeof(u))
			return (1);
		memcpy(&u, val_buf, *vallen);
		u.pepper = 0;
		u.password_at = 0;
		u.epoch++;
		memcpy(val_buf, &u, *vallen);
		secret_wipe(&u, sizeof(u));
		return (0);
	default:
		return (0);
	}
}

static int
read_record(struct reading *r, size_t keylen, size_t vallen)
{
	int	key;

	if (r->db == DB_MAX || keylen == 0)
		return (bad(r, "a record outside a database"));
	r->records++;
	if (r->db == DB_USERS)
		r->users++;
	key = r->db == DB_META && keylen > 4 && memcmp(key_buf, "key ",
	    4) == 0;
	if (key && keys_known((const char *)key_buf, keylen, val_buf,
	    vallen) == -1)
		r->foreign = 1;
	if (!r->load)
		return (0);
	if ((r->flags & CTLF_RESTORE_KEYS) &&
	    (key || other_keys(r, &vallen)))
		return (0);
	if (stays_ended(r, keylen, vallen))
		return (0);
	if (store_load_put(r->db, key_buf, keylen, val_buf, vallen) == -1)
		return (bad(r, "the store cannot be written; see the log, and "
		    "make room on its disk"));
	return (0);
}

static int
read_end(struct reading *r, const uint8_t *want)
{
	uint8_t		have[EVP_MAX_MD_SIZE], more;
	unsigned int	len = 0;

	if (EVP_DigestFinal_ex(job.md, have, &len) != 1)
		fatalx("libcrypto: SHA-256");
	if (memcmp(have, want, DIGEST_LEN) != 0)
		return (bad(r, "the backup is damaged: its digest is wrong"));
	if (in(&more, 1) == 0)
		return (bad(r, "something lies behind the end of the backup"));
	r->ended = 1;
	return (0);
}

static int
read_item(struct reading *r)
{
	struct backup_item	i;
	uint8_t			digest[DIGEST_LEN];

	/* What the last item holds is not in the digest that it holds. */
	if (in(&i, sizeof(i)) == -1)
		return (bad(r, "the backup is cut short"));
	if (i.zero != 0 || i.keylen > sizeof(key_buf) ||
	    i.vallen > sizeof(val_buf))
		return (bad(r, "the backup is damaged: impossible size"));
	if (i.kind == 'E') {
		if (i.keylen != DIGEST_LEN || i.vallen != 0 ||
		    in(digest, sizeof(digest)) == -1)
			return (bad(r, "the backup is cut short"));
		return (read_end(r, digest));
	}
	if (EVP_DigestUpdate(job.md, &i, sizeof(i)) != 1)
		fatalx("libcrypto: SHA-256");
	if (in_sum(key_buf, i.keylen) == -1 || in_sum(val_buf, i.vallen) == -1)
		return (bad(r, "the backup is cut short"));
	if (i.kind == 'R')
		return (read_record(r, i.keylen, i.vallen));
	if (i.kind != 'D')
		return (bad(r, "the backup is damaged: unknown item"));
	r->db = store_db_find((const char *)key_buf, i.keylen);
	return (r->db == DB_MAX ? bad(r, "an unknown database") : 0);
}

/* The whole file once: 0, or -1 with r->why. */
static int
read_all(struct reading *r)
{
	int	rv;

	r->db = DB_MAX;
	EVP_MD_CTX_free(job.md);
	digest_begin();
	buf_reset(&job.buf);
	job.at = 0;
	if (lseek(job.fd, 0, SEEK_SET) != 0)
		return (bad(r, "the file cannot be read from its begin"));
	if ((rv = read_head(r)) == 0)
		while (!r->ended && (rv = read_item(r)) == 0)
			;
	secret_wipe(val_buf, sizeof(val_buf));
	return (rv);
}

/* Why the backup that was just read must not be taken, or NULL. */
static const char *
restore_refused(const struct ctl_conn *c, const struct reading *r)
{
	if (r->foreign && !(c->cmd.flags & CTLF_RESTORE_KEYS))
		return ("the backup was written with other keys than this "
		    "server has: bring keys/ back from its own backup and "
		    "start keepd with it, or give -k: then every user needs "
		    "a new password and must sign in again");
	if (user_count() != 0 && !(c->cmd.flags & CTLF_RESTORE_OVER))
		return ("this server has users already: -f replaces all it "
		    "has");
	return (NULL);
}

/* Read through: 0 when it may be restored; else the command is refused. */
static int
check(struct ctl_conn *c, struct reading *r)
{
	const char	*why;

	memset(r, 0, sizeof(*r));
	if (job_begin(c) == -1)
		return (-1);
	why = read_all(r) == -1 ? r->why : restore_refused(c, r);
	if (why == NULL)
		return (0);
	job_end();
	ctl_refuse(c, "%s", why);
	return (-1);
}

static void
cmd_check(struct ctl_conn *c)
{
	struct reading	 r;

	if (check(c, &r) == -1)
		return;
	job_end();
	ctl_done(c, CTL_OK, "%llu users, %llu records",
	    (unsigned long long)r.users, (unsigned long long)r.records);
}

static void
on_exit_timer(struct ev_timer *t)
{
	log_info("the store was restored: starting anew");
	child_exit(0);
}

/* The new store has its own clock, record numbers and keys. */
static void
restored(struct ctl_conn *c)
{
	time_start();
	audit_restored();
	keys_bind_store();
	ctl_audit(c, NULL, NULL, (c->cmd.flags & CTLF_RESTORE_KEYS) != 0 ?
	    "with other keys" : NULL);
	ev_timer_init(&exit_timer, on_exit_timer, NULL);
	ev_timer_set(&exit_timer, EXIT_MS);
	ctl_done_after(c);
}

static void
restore_begin(void *arg, int ok)
{
	struct ctl_conn	*c = arg;
	struct reading	 r;
	uint64_t	 size = job.bytes;
	int		 rv;

	if (!ctl_came(c)) {
		job_end();
		return;
	}
	memset(&r, 0, sizeof(r));
	r.load = 1;
	r.flags = c->cmd.flags;
	(void)store_walk(DB_GRANTS, NULL, 0, NULL, 0, 0, ended_step, NULL);
	if ((rv = store_load_begin(size)) == 0)
		rv = read_all(&r);
	else
		(void)bad(&r, "the store has no room for the backup");
	if (store_load_end(rv == 0) == -1 && rv == 0)
		rv = bad(&r, "the store cannot be written; see the log");
	job_end();
	ended_free();
	if (rv == -1)
		ctl_refuse(c, "nothing was changed: %s", r.why);
	else
		restored(c);
}

static void
cmd_restore(struct ctl_conn *c)
{
	struct reading	 r;

	if (check(c, &r) == -1)
		return;
	audit_sync();
	ctl_wait(c);
	store_after(restore_begin, c);
}

void
backup_gone(struct ctl_conn *c)
{
	if (job.c == c && c->waits == 0)
		job_end();
}

const struct ctl_handler ctl_backup_handlers[] = {
	{ CTL_AUTHD_BACKUP, cmd_backup, 1 },
	{ CTL_AUTHD_CHECK, cmd_check, 0 },
	{ CTL_AUTHD_RESTORE, cmd_restore, 1 },
	{ 0, NULL, 0 }
};
