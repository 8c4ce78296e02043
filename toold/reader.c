/* SPDX-License-Identifier: ISC */
/*
 * reader.c: see reader.h.  Runs in keepd-toold, in one thread: a reader is a
 * stack that is switched to, never a thread.  It is left in SQLite's progress
 * handler only, where the library is at rest, and while it waits other
 * connections are used, never its own.
 */
#include <sys/mman.h>

#include <string.h>

#if !defined(__OpenBSD__) && !defined(KEEPD_SANITIZED) && \
    (!defined(__linux__) || defined(__GLIBC__))
#define HAVE_CONTEXTS
#include <ucontext.h>
#endif

#include "../common/clock.h"
#include "../common/log.h"
#include "../common/text.h"
#include "reader.h"
#include "store.h"

#define STACK		(256U << 10)
#define GUARD		(64U << 10)	/* at its end: no access */
#define SLICE_MIN_US	500
#define WAIT_MS		10		/* until a reader is free */

struct reader {
	sqlite3		*db;
	struct stmt	 st;
	int		 busy;
	int		 inside;	/* a step was begun and is not over */
	int		 stop;		/* give it up */
	int		 late;
	int		 fresh;		/* no step was made in this slice */
	int		 rc;		/* of the step */
	uint64_t	 limit_us, used_us;
	uint64_t	 from;		/* when it went on */
	uint64_t	 slice_to;
	char		 user[40];
#ifdef HAVE_CONTEXTS
	ucontext_t	 ctx;
	uint8_t		*stack;
	int		 begun;
#endif
};
static struct reader	 readers[READERS];
static struct reader	*current;	/* whose stack we are on */
static unsigned int	 nbusy;

#ifdef HAVE_CONTEXTS
static ucontext_t	 loop;		/* the stack of everything else */

static void
entry(void)
{
	struct reader	*r = current;

	for (;;) {
		r->rc = sqlite3_step(r->st.s);
		r->inside = 0;
		(void)swapcontext(&r->ctx, &loop);
	}
}

static void
put_down(struct reader *r)
{
	(void)swapcontext(&r->ctx, &loop);
}

/* Until the step is over, or put down. */
static void
take_up(struct reader *r)
{
	enum sql_profile	was = sql_profile_now();

	sql_profile(r->st.profile);
	current = r;
	if (!r->begun) {
		if (getcontext(&r->ctx) == -1)
			fatal("reader");
		r->ctx.uc_stack.ss_sp = r->stack + GUARD;
		r->ctx.uc_stack.ss_size = STACK;
		r->ctx.uc_link = NULL;
		makecontext(&r->ctx, entry, 0);
		r->begun = 1;
	}
	(void)swapcontext(&loop, &r->ctx);
	current = NULL;
	sql_profile(was);
}

static void
stack_make(struct reader *r)
{
	uint8_t	*p;

	p = mmap(NULL, GUARD + STACK, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1,
	    0);
	if (p == MAP_FAILED || mmap(p + GUARD, STACK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0) == MAP_FAILED)
		fatal("reader");
	r->stack = p;
}
#else
static void
put_down(struct reader *r)
{
}

static void
take_up(struct reader *r)
{
	enum sql_profile	was = sql_profile_now();

	sql_profile(r->st.profile);
	current = r;
	r->rc = sqlite3_step(r->st.s);
	r->inside = 0;
	current = NULL;
	sql_profile(was);
}

static void
stack_make(struct reader *r)
{
}
#endif

/* ---- slices ---- */

static void
slice_begin(struct reader *r)
{
	uint64_t	us = READER_TURN_US / (nbusy != 0 ? nbusy : 1);

	r->slice_to = mono_us() + (us < SLICE_MIN_US ? SLICE_MIN_US : us);
	r->fresh = 1;
}

static int
progress(void *arg)
{
	struct reader	*r = arg;
	uint64_t	 now = mono_us();

	if (r->stop)
		return (1);
	if (r->used_us + (now - r->from) > r->limit_us) {
		r->late = 1;
		return (1);
	}
	if (now < r->slice_to)
		return (0);
	r->used_us += now - r->from;
	put_down(r);
	r->from = mono_us();
	return (r->stop);
}

/* ---- connections ---- */

static int
reader_exec(struct reader *r, const char *sql)
{
	enum sql_profile	was = sql_profile_now();
	int			rc;

	sql_profile(SP_OPEN);
	rc = sqlite3_exec(r->db, sql, NULL, NULL, NULL);
	sql_profile(was);
	return (rc == SQLITE_OK ? 0 : -1);
}

void
reader_open(const char *path)
{
	struct reader	*r;
	size_t		 i;

	for (i = 0; i < READERS; i++) {
		r = &readers[i];
		r->db = store_connect(path);
		if (reader_exec(r, "PRAGMA query_only = ON;"
		    "PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY;"
		    /* The log and its index are opened by a first read. */
		    "SELECT count(*) FROM meta") == -1)
			fatalx("store: a connection for reading: %s",
			    sqlite3_errmsg(r->db));
		sqlite3_progress_handler(r->db, STORE_PROGRESS_OPS / 4,
		    progress, r);
		stack_make(r);
	}
}

void
reader_close(void)
{
	size_t	i;

	for (i = 0; i < READERS; i++) {
		if (readers[i].db == NULL)
			continue;
		if (readers[i].busy)
			reader_put(&readers[i]);
		sqlite3_close(readers[i].db);
#ifdef HAVE_CONTEXTS
		munmap(readers[i].stack, GUARD + STACK);
#endif
		memset(&readers[i], 0, sizeof(readers[i]));
	}
}

unsigned int
reader_count(void)
{
	return (nbusy);
}

struct reader *
reader_get(const struct caller *who, uint32_t limit)
{
	struct reader	*r = NULL;
	unsigned int	 mine = 0;
	size_t		 i;

	for (i = 0; i < READERS; i++) {
		if (readers[i].busy && strcmp(readers[i].user,
		    who->user_id) == 0)
			mine++;
		else if (!readers[i].busy && readers[i].db != NULL)
			r = &readers[i];
	}
	if (r == NULL || mine >= READER_USER || reader_exec(r, "BEGIN;"
	    "SELECT count(*) FROM meta") == -1)
		return (NULL);
	r->busy = 1;
	r->stop = r->late = r->inside = 0;
	r->used_us = 0;
	r->limit_us = (uint64_t)limit * 1000;
	text_set(r->user, sizeof(r->user), who->user_id);
	nbusy++;
	return (r);
}

/* A step that was put down ends at once: the next look says so. */
static void
give_up(struct reader *r)
{
	r->stop = 1;
	while (r->inside)
		take_up(r);
}

void
reader_put(struct reader *r)
{
	if (r == NULL)
		return;
	give_up(r);
	sqlite3_finalize(r->st.s);
	r->st.s = NULL;
	(void)reader_exec(r, "ROLLBACK");
	r->busy = 0;
	nbusy--;
}

/* ---- statements ---- */

struct stmt *
read_get(struct reader *r, enum sql_profile profile, const struct buf *text)
{
	int	rc;

	if (r == NULL)
		return (sql_get(profile, text));
	if (text->failed) {
		store_setfailx("out of memory");
		return (NULL);
	}
	sqlite3_finalize(r->st.s);
	r->st.s = NULL;
	r->st.profile = profile;
	sql_profile(profile);
	rc = sqlite3_prepare_v3(r->db, (const char *)text->data,
	    (int)text->len, SQLITE_PREPARE_PERSISTENT, &r->st.s, NULL);
	sql_profile(SP_NONE);
	if (rc != SQLITE_OK) {
		store_setfail_db(r->db, rc, 0);
		return (NULL);
	}
	return (&r->st);
}

int
read_step(struct reader *r, struct stmt *st)
{
	if (r == NULL)
		return (sql_step(st));
	r->from = mono_us();
	/* Rows that each come quickly fill the slice together. */
	if (!r->fresh && r->from >= r->slice_to)
		return (READ_ON);
	r->fresh = 0;
	r->inside = 1;
	take_up(r);
	if (r->inside)
		return (READ_ON);
	r->used_us += mono_us() - r->from;
	if (r->rc == SQLITE_ROW)
		return (1);
	if (r->rc == SQLITE_DONE)
		return (0);
	store_setfail_db(r->db, r->rc, r->late);
	return (-1);
}

/* ---- how a tool goes about it ---- */

/* Are there readers for this call. */
static int
has_readers(const struct call *c)
{
	return (readers[0].db != NULL && !c->who->operator &&
	    !store_in_tx());
}

int
read_begin(const struct call *c, struct read *w)
{
	if (w->tried && w->r == NULL)
		w->r = reader_get(c->who, store_conf()->read_ms);
	if (w->r != NULL)
		slice_begin(w->r);
	else if (w->tried)
		return (-1);
	else if (has_readers(c))
		store_deadline(c->stream != NULL ? READ_TRY_MS :
		    READ_ALONE_MS);
	return (0);
}

int
read_again(const struct call *c, struct read *w)
{
	if (w->tried || store_late() != 1 || c->stream == NULL ||
	    !has_readers(c))
		return (0);
	w->tried = 1;
	w->r = reader_get(c->who, store_conf()->read_ms);
	return (1);
}

enum tool_err
read_later(struct call *c, const struct read *w)
{
	return (call_later(c, w->r != NULL ? 0 : WAIT_MS));
}

void
read_end(struct read *w)
{
	reader_put(w->r);
	w->r = NULL;
}
