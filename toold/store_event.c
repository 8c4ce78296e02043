/* SPDX-License-Identifier: ISC */
/*
 * store_event.c: what the store keeps besides artifacts: the audit outbox
 * and the answers to requestIds, and counts and a dump for keepctl and
 * tests.  Runs in keepd-toold.  Texts of events were cleaned by the
 * pipeline; they are stored and handed back as they are.
 */
#include <stdio.h>
#include <string.h>

#include "../common/text.h"
#include "sql.h"
#include "store.h"

static struct query	q_out_num = QUERY(
    "UPDATE meta SET v = v + 1 WHERE k = 'outbox' RETURNING v");
static struct query	q_out_add = QUERY(
    "INSERT INTO outbox (num, head, tool, target, detail)"
    " VALUES (?1, ?2, ?3, ?4, ?5)");
static struct query	q_out_next = QUERY(
    "SELECT num, head, tool, target, detail FROM outbox WHERE num > ?1"
    " ORDER BY num LIMIT 1");
static struct query	q_out_del = QUERY("DELETE FROM outbox WHERE num <= ?1");
static struct query	q_req_find = QUERY(
    "SELECT tool, args, answer FROM request WHERE user = ?1 AND id = ?2"
    " AND expires > ?3");
static struct query	q_req_purge = QUERY(
    "DELETE FROM request WHERE expires <= ?1");
static struct query	q_req_add = QUERY(
    "INSERT INTO request (user, id, tool, args, expires, answer)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

/* ---- outbox ---- */

int
store_outbox_add(struct event *e)
{
	struct stmt	*st;

	if ((st = query_get(&q_out_num)) == NULL || sql_step(st) != 1)
		return (-1);
	e->head.num = (uint64_t)sql_int(st, 0);
	sql_done(st);
	if ((st = query_get(&q_out_add)) == NULL)
		return (-1);
	sql_bind_int(st, 1, (int64_t)e->head.num);
	sql_bind_blob(st, 2, &e->head, sizeof(e->head));
	sql_bind_str(st, 3, e->tool);
	sql_bind_str(st, 4, e->target);
	sql_bind_str(st, 5, e->detail);
	return (sql_run(st));
}

int
store_outbox_next(uint64_t after, struct event *e)
{
	struct stmt	*st;
	const void	*head;
	int		 r;

	if (after > INT64_MAX || (st = query_get(&q_out_next)) == NULL)
		return (-1);
	sql_bind_int(st, 1, (int64_t)after);
	if ((r = sql_step(st)) != 1)
		return (r);
	memset(e, 0, sizeof(*e));
	head = sqlite3_column_blob(st->s, 1);
	if (head == NULL || sql_len(st, 1) != sizeof(e->head) ||
	    text_set(e->tool, sizeof(e->tool), sql_str(st, 2)) == -1 ||
	    text_set(e->target, sizeof(e->target), sql_str(st, 3)) == -1 ||
	    text_set(e->detail, sizeof(e->detail), sql_str(st, 4)) == -1) {
		store_setfailx("an audit event in the outbox is damaged");
		r = -1;
	} else
		memcpy(&e->head, head, sizeof(e->head));
	e->head.num = (uint64_t)sql_int(st, 0);
	sql_done(st);
	return (r);
}

int
store_outbox_del(uint64_t upto)
{
	struct stmt	*st;
	int		 own = !store_in_tx();

	if (upto > INT64_MAX || (own && store_begin() == -1))
		return (-1);
	if ((st = query_get(&q_out_del)) != NULL) {
		sql_bind_int(st, 1, (int64_t)upto);
		if (sql_run(st) == 0)
			return (own ? store_commit() : 0);
	}
	if (own)
		store_rollback();
	return (-1);
}

/* ---- requestId ---- */

int
store_request_find(const struct caller *who, const char *request_id,
    const char *tool, uint64_t args_hash, struct buf *answer)
{
	struct stmt	*st;
	int		 r;

	if ((st = query_get(&q_req_find)) == NULL)
		return (-1);
	sql_bind_str(st, 1, who->user_id);
	sql_bind_str(st, 2, request_id);
	sql_bind_int(st, 3, wall_s());
	if ((r = sql_step(st)) != 1)
		return (r);
	if (strcmp(sql_str(st, 0), tool) != 0 ||
	    (uint64_t)sql_int(st, 1) != args_hash) {
		store_setfailx("requestId '%s' was already used for another "
		    "call: take a new one for each change", request_id);
		r = -1;
	} else if (buf_add(answer, sql_str(st, 2), sql_len(st, 2)) == -1) {
		store_setfail(SQLITE_NOMEM);
		r = -1;
	}
	sql_done(st);
	return (r);
}

int
store_request_add(const struct caller *who, const char *request_id,
    const char *tool, uint64_t args_hash, const struct buf *answer)
{
	struct stmt	*st;
	int64_t		 now = wall_s();

	if ((st = query_get(&q_req_purge)) == NULL)
		return (-1);
	sql_bind_int(st, 1, now);
	if (sql_run(st) == -1 || (st = query_get(&q_req_add)) == NULL)
		return (-1);
	sql_bind_str(st, 1, who->user_id);
	sql_bind_str(st, 2, request_id);
	sql_bind_str(st, 3, tool);
	sql_bind_int(st, 4, (int64_t)args_hash);
	sql_bind_int(st, 5, now + STORE_REQUEST_S);
	sql_bind_text(st, 6, answer->len != 0 ? (const char *)answer->data :
	    "", answer->len);
	return (sql_run(st));
}

/* ---- counts ---- */

static int
get_int(const char *sql, uint64_t *out)
{
	int64_t	n;
	int	r;

	store_read_begin();
	sql_profile(SP_OPEN);
	if ((r = sql_one(store_db(), sql, &n)) == 0)
		*out = (uint64_t)n;
	sql_profile(SP_NONE);
	return (r);
}

int
store_getstat(struct store_stat *o)
{
	memset(o, 0, sizeof(*o));
	o->memory = (uint64_t)sqlite3_memory_used();
	if (get_int("SELECT coalesce(sum(n), 0) FROM tally",
	    &o->artifacts) == -1 ||
	    get_int("SELECT coalesce(sum(n), 0) FROM tally WHERE type = 2",
	    &o->tables) == -1 ||
	    get_int("SELECT coalesce(sum(n), 0) FROM tally WHERE type = 1",
	    &o->packages) == -1 ||
	    get_int("SELECT count(*) FROM outbox", &o->outbox) == -1 ||
	    get_int("PRAGMA page_count", &o->pages) == -1 ||
	    get_int("PRAGMA freelist_count", &o->free_pages) == -1)
		return (-1);
	return (0);
}

/* ---- dump ---- */

static void
dump_value(struct buf *b, sqlite3_stmt *s, int i)
{
	const unsigned char	*p;
	int			 k, n;

	switch (sqlite3_column_type(s, i)) {
	case SQLITE_NULL:
		buf_adds(b, "NULL");
		break;
	case SQLITE_BLOB:
		p = sqlite3_column_blob(s, i);
		n = sqlite3_column_bytes(s, i);
		for (k = 0; k < n; k++)
			buf_addf(b, "%02x", p[k]);
		break;
	default:
		p = sqlite3_column_text(s, i);
		buf_add(b, p, (size_t)sqlite3_column_bytes(s, i));
		break;
	}
	buf_addc(b, '\t');
}

static int
dump_rows(struct buf *b, const char *sql)
{
	sqlite3_stmt	*s;
	int		 i, rc;

	if (sqlite3_prepare_v2(store_db(), sql, -1, &s, NULL) != SQLITE_OK)
		return (-1);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		for (i = 0; i < sqlite3_column_count(s); i++)
			dump_value(b, s, i);
		buf_addc(b, '\n');
	}
	sqlite3_finalize(s);
	return (rc == SQLITE_DONE ? 0 : -1);
}

int
store_dump(struct buf *b)
{
	sqlite3_stmt	*s;
	char		 sql[128];
	int		 r;

	sql_profile(SP_OPEN);
	r = dump_rows(b, "SELECT name, sql FROM sqlite_schema ORDER BY name");
	if (sqlite3_prepare_v2(store_db(), "SELECT name FROM sqlite_schema"
	    " WHERE type = 'table' ORDER BY name", -1, &s, NULL) !=
	    SQLITE_OK)
		r = -1;
	while (r == 0 && sqlite3_step(s) == SQLITE_ROW) {
		snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY 1, 2",
		    (const char *)sqlite3_column_text(s, 0));
		buf_addf(b, "-- %s\n", sql);
		r = dump_rows(b, sql);
	}
	sqlite3_finalize(s);
	sql_profile(SP_NONE);
	return (b->failed ? -1 : r);
}
