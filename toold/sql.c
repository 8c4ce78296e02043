/* SPDX-License-Identifier: ISC */
/*
 * sql.c: SQL text from server-made identifiers, and the statements made of
 * it.  Runs in keepd-toold.  Trusts its callers for numbers only: no string
 * from outside can reach a text here.  Never reads a row's meaning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "sql.h"

/* A built statement in the cache; the text is its key. */
struct cached {
	struct stmt	 st;
	char		*text;
	size_t		 len;
	uint64_t	 used;		/* turn of the last use */
	int		 busy;
};

static struct cached	 cache[SQL_CACHE];
static uint64_t		 cache_turn;
static struct query	*queries;	/* those that were prepared */

static const struct {
	int		 n;
	const char	*name;
} implicit_names[] = {
	{ IC_ROWID,		"r" },
	{ IC_ID,		"id" },
	{ IC_CREATED_AT,	"ca" },
	{ IC_UPDATED_AT,	"ua" },
	{ IC_CREATED_BY,	"cb" },
	{ IC_UPDATED_BY,	"ub" }
};

/* ---- text ---- */

void
sql_tab(struct buf *b, unsigned int n)
{
	SQL(b, "t_");
	buf_addu(b, n);
}

void
sql_col(struct buf *b, int n)
{
	if (n < 0 && n >= IC_LAST) {
		buf_adds(b, implicit_names[-n - 1].name);
		return;
	}
	SQL(b, "c_");
	buf_addu(b, (uint64_t)n);
}

void
sql_idx(struct buf *b, unsigned int n)
{
	SQL(b, "i_");
	buf_addu(b, n);
}

void
sql_par(struct buf *b, unsigned int n)
{
	SQL(b, "?");
	buf_addu(b, n);
}

void
sql_num(struct buf *b, int64_t n)
{
	buf_addf(b, "%lld", (long long)n);
}

int
sql_parse_col(const char *s, size_t len)
{
	uint64_t	n;
	size_t		i;

	for (i = 0; i < sizeof(implicit_names) / sizeof(*implicit_names); i++)
		if (strlen(implicit_names[i].name) == len &&
		    memcmp(implicit_names[i].name, s, len) == 0)
			return (implicit_names[i].n);
	if (len < 3 || memcmp(s, "c_", 2) != 0 ||
	    num_parse(s + 2, len - 2, INT32_MAX, &n) == -1)
		return (0);
	return ((int)n);
}

/* ---- statements ---- */

int
sql_one(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt	*s;
	int		 r = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		return (-1);
	if (sqlite3_step(s) == SQLITE_ROW) {
		*out = sqlite3_column_int64(s, 0);
		r = 0;
	}
	sqlite3_finalize(s);
	return (r);
}

static sqlite3_stmt *
prepare(enum sql_profile profile, const char *text, size_t len)
{
	sqlite3_stmt	*s = NULL;
	int		 rc;

	sql_profile(profile);
	rc = sqlite3_prepare_v3(store_db(), text, (int)len,
	    SQLITE_PREPARE_PERSISTENT, &s, NULL);
	sql_profile(SP_NONE);
	if (rc != SQLITE_OK) {
		store_setfail(rc);
		return (NULL);
	}
	return (s);
}

struct stmt *
query_get(struct query *q)
{
	if (q->st.s == NULL) {
		q->st.s = prepare(SP_OWN, q->text, strlen(q->text));
		if (q->st.s == NULL)
			return (NULL);
		q->next = queries;
		queries = q;
	}
	return (&q->st);
}

static void
cached_free(struct cached *c)
{
	sqlite3_finalize(c->st.s);
	free(c->text);
	memset(c, 0, sizeof(*c));
}

/* The entry to give up: a free one, else the one unused for longest. */
static struct cached *
cached_victim(void)
{
	struct cached	*best = NULL;
	size_t		 i;

	for (i = 0; i < SQL_CACHE; i++) {
		if (cache[i].text == NULL)
			return (&cache[i]);
		if (!cache[i].busy &&
		    (best == NULL || cache[i].used < best->used))
			best = &cache[i];
	}
	return (best);
}

struct stmt *
sql_get(enum sql_profile profile, const struct buf *text)
{
	struct cached	*c;
	size_t		 i;

	if (text->failed) {
		store_setfailx("out of memory");
		return (NULL);
	}
	for (i = 0; i < SQL_CACHE; i++) {
		c = &cache[i];
		if (c->text == NULL || c->busy || c->len != text->len ||
		    c->st.profile != profile ||
		    memcmp(c->text, text->data, c->len) != 0)
			continue;
		c->used = ++cache_turn;
		c->busy = 1;
		return (&c->st);
	}
	if ((c = cached_victim()) == NULL) {
		store_setfailx("too many statements at once");
		return (NULL);
	}
	cached_free(c);
	if ((c->text = malloc(text->len + 1)) == NULL) {
		store_setfail(SQLITE_NOMEM);
		return (NULL);
	}
	memcpy(c->text, text->data, text->len);
	c->text[text->len] = '\0';
	c->len = text->len;
	c->st.profile = profile;
	c->st.s = prepare(profile, c->text, c->len);
	if (c->st.s == NULL) {
		cached_free(c);
		return (NULL);
	}
	c->used = ++cache_turn;
	c->busy = 1;
	return (&c->st);
}

int
sql_exec(enum sql_profile profile, const struct buf *text)
{
	struct stmt	 st;
	int		 r;

	if (text->failed) {
		store_setfailx("out of memory");
		return (-1);
	}
	st.profile = profile;
	st.s = prepare(profile, (const char *)text->data, text->len);
	if (st.s == NULL)
		return (-1);
	while ((r = sql_step(&st)) == 1)
		;
	sqlite3_finalize(st.s);
	return (r);
}

void
sql_bind_int(struct stmt *st, int i, int64_t v)
{
	sqlite3_bind_int64(st->s, i, v);
}

void
sql_bind_str(struct stmt *st, int i, const char *s)
{
	sqlite3_bind_text(st->s, i, s, -1, SQLITE_STATIC);
}

void
sql_bind_text(struct stmt *st, int i, const char *s, size_t len)
{
	sqlite3_bind_text(st->s, i, s, (int)len, SQLITE_STATIC);
}

void
sql_bind_blob(struct stmt *st, int i, const void *p, size_t len)
{
	sqlite3_bind_blob(st->s, i, p, (int)len, SQLITE_STATIC);
}

void
sql_bind_null(struct stmt *st, int i)
{
	sqlite3_bind_null(st->s, i);
}

int
sql_step(struct stmt *st)
{
	int	rc;

	sql_profile(st->profile);
	rc = sqlite3_step(st->s);
	sql_profile(SP_NONE);
	if (rc == SQLITE_ROW)
		return (1);
	if (rc != SQLITE_DONE)
		store_setfail(rc);
	sql_done(st);
	return (rc == SQLITE_DONE ? 0 : -1);
}

int
sql_run(struct stmt *st)
{
	int	r;

	r = sql_step(st);
	if (r == 1)
		sql_done(st);
	return (r == -1 ? -1 : 0);
}

void
sql_done(struct stmt *st)
{
	sqlite3_reset(st->s);
	sqlite3_clear_bindings(st->s);
	if ((char *)st >= (char *)cache &&
	    (char *)st < (char *)(cache + SQL_CACHE))
		((struct cached *)(void *)st)->busy = 0;
}

int64_t
sql_changes(void)
{
	return (sqlite3_changes64(store_db()));
}

const char *
sql_str(struct stmt *st, int col)
{
	const unsigned char *s = sqlite3_column_text(st->s, col);

	return (s != NULL ? (const char *)s : "");
}

size_t
sql_len(struct stmt *st, int col)
{
	return ((size_t)sqlite3_column_bytes(st->s, col));
}

int64_t
sql_int(struct stmt *st, int col)
{
	return (sqlite3_column_int64(st->s, col));
}

void
sql_forget(void)
{
	struct query	*q;
	size_t		 i;

	while ((q = queries) != NULL) {
		queries = q->next;
		sqlite3_finalize(q->st.s);
		q->st.s = NULL;
		q->next = NULL;
	}
	for (i = 0; i < SQL_CACHE; i++)
		cached_free(&cache[i]);
}
