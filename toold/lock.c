/* SPDX-License-Identifier: ISC */
/*
 * lock.c: edit locks on artifacts: list, take, give back, remove.  Runs in
 * keepd-toold.  A lock belongs to a user, not to a session, and ends by
 * itself after lock_s seconds; art_stage_lock() is where it is obeyed.
 */
#include <stdio.h>
#include <string.h>

#include "../common/text.h"
#include "store_art.h"

#define LIST_MAX	1000

static struct query	q_list = QUERY(
    "SELECT type, id, user_id, user, at, expires FROM lock"
    " WHERE expires > ?1 ORDER BY at, type, id");
static struct query	q_own = QUERY(
    "SELECT user_id, user, at FROM lock WHERE type = ?1 AND id = ?2"
    " AND expires > ?3");
static struct query	q_type = QUERY(
    "SELECT type FROM lock WHERE id = ?1 AND expires > ?2");
static struct query	q_take = QUERY(
    "INSERT INTO lock (type, id, name, user_id, user, at, expires)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (type, id)"
    " DO UPDATE SET name = excluded.name, user_id = excluded.user_id,"
    " user = excluded.user, expires = excluded.expires, at ="
    " CASE WHEN lock.user_id = excluded.user_id AND lock.expires > ?6"
    " THEN lock.at ELSE excluded.at END RETURNING at, expires");
static struct query	q_drop = QUERY(
    "DELETE FROM lock WHERE type = ?1 AND id = ?2");

static tool_fn	lock_acquire;

static void
put_lock(struct call *c, const struct art *a, const char *user, int64_t at,
    int64_t expires, int own)
{
	char	iso[32];

	buf_addf(c->out, "{\"type\":\"%s\",\"id\":\"%s\"",
	    art_kind(a->type)->word, a->id);
	json_put_str(c->out, "name", a->name);
	json_put_str(c->out, "user", user);
	iso_print(at, 1, iso);
	json_put_str(c->out, "since", iso);
	iso_print(expires, 1, iso);
	json_put_str(c->out, "expires", iso);
	buf_addf(c->out, ",\"own\":%s", own ? "true" : "false");
}

static enum tool_err
lock_list(struct call *c)
{
	struct stmt	*st;
	struct art	 a;
	int		 r, n = 0, cut = 0;

	store_read_begin();
	if ((st = query_get(&q_list)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, c->now_ms);
	buf_adds(c->out, "{\"locks\":[");
	while ((r = sql_step(st)) == 1) {
		/* A lock on what may not be seen may not be seen either. */
		if (art_perm(c, (enum art_type)sql_int(st, 0),
		    TL_DISPLAY) != TE_OK)
			continue;
		if (art_load(c->who, (enum art_type)sql_int(st, 0),
		    sql_str(st, 1), 0, &a) != 1 || a.level == PL_NONE)
			continue;
		if (n == LIST_MAX || c->out->len > STORE_ANSWER_SOFT) {
			cut = 1;
			sql_done(st);
			break;
		}
		if (n++ != 0)
			buf_addc(c->out, ',');
		put_lock(c, &a, sql_str(st, 3), sql_int(st, 4),
		    sql_int(st, 5), strcmp(sql_str(st, 2),
		    c->who->user_id) == 0);
		buf_addc(c->out, '}');
	}
	buf_addf(c->out, "],\"count\":%d,\"truncated\":%s}", n,
	    cut ? "true" : "false");
	return (r == -1 ? store_fail(c) : TE_OK);
}

/* The type of what is locked under an id; 0: nothing is. */
static enum art_type
locked_type(struct call *c)
{
	struct stmt	*st;
	enum art_type	 type;
	char		 id[ID_SIZE];

	if (id_lower(id, json_string_value(json_object_get(c->args,
	    "id"))) == -1 || (st = query_get(&q_type)) == NULL)
		return ((enum art_type)0);
	sql_bind_str(st, 1, id);
	sql_bind_int(st, 2, c->now_ms);
	if (sql_step(st) != 1)
		return ((enum art_type)0);
	type = (enum art_type)sql_int(st, 0);
	sql_done(st);
	return (type);
}

/* Package stage of all that change locks: what is meant, and may it be. */
static enum tool_err
lock_stage(struct call *c)
{
	enum art_type	 type;
	enum tool_err	 e;

	if (json_object_get(c->args, "type") == NULL &&
	    c->tool->fn != lock_acquire) {
		if ((type = locked_type(c)) == 0)
			return (call_fail(c, "Not Found"));
	} else
		type = art_find(json_string_value(json_object_get(c->args,
		    "type")));
	if (type == 0)
		return (call_invalid(c, "type", "is no type of artifact"));
	if ((e = art_perm(c, type, TL_EDIT)) != TE_OK)
		return (e);
	return (art_stage_find(c, type,
	    json_string_value(json_object_get(c->args, "id"))));
}

static enum tool_err
lock_acquire(struct call *c)
{
	struct art_call	*ac = art_call(c);
	struct stmt	*st;

	if ((st = query_get(&q_take)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, ac->old.type);
	sql_bind_str(st, 2, ac->old.id);
	sql_bind_str(st, 3, ac->old.name);
	sql_bind_str(st, 4, c->who->user_id);
	sql_bind_str(st, 5, c->who->user);
	sql_bind_int(st, 6, c->now_ms);
	sql_bind_int(st, 7, c->now_ms + (int64_t)store_conf()->lock_s * 1000);
	if (sql_step(st) != 1)
		return (store_fail(c));
	put_lock(c, &ac->old, c->who->user, sql_int(st, 0), sql_int(st, 1),
	    1);
	sql_done(st);
	buf_adds(c->out, ",\"locked\":true}");
	return (TE_OK);
}

/* Remove the lock of an artifact; own: only the caller's. */
static enum tool_err
lock_remove(struct call *c, int own)
{
	struct art_call	*ac = art_call(c);
	struct stmt	*st;
	char		 user[USER_MAX];
	int64_t		 at;
	int		 r, mine;

	if ((st = query_get(&q_own)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, ac->old.type);
	sql_bind_str(st, 2, ac->old.id);
	sql_bind_int(st, 3, c->now_ms);
	if ((r = sql_step(st)) == -1)
		return (store_fail(c));
	if (r == 0)
		return (call_fail(c, "%s is not locked", ac->old.name));
	mine = strcmp(sql_str(st, 0), c->who->user_id) == 0;
	text_set(user, sizeof(user), sql_str(st, 1));
	at = sql_int(st, 2);
	sql_done(st);
	if (own && !mine)	/* the lock stage said so already */
		return (call_fail(c, "%s is locked by %s", ac->old.name,
		    user));
	if ((st = query_get(&q_drop)) == NULL)
		return (store_fail(c));
	sql_bind_int(st, 1, ac->old.type);
	sql_bind_str(st, 2, ac->old.id);
	if (sql_run(st) == -1)
		return (store_fail(c));
	call_detail(c, "lock of %s", user);
	put_lock(c, &ac->old, user, at, c->now_ms, mine);
	buf_adds(c->out, ",\"locked\":false}");
	return (TE_OK);
}

static enum tool_err
lock_release(struct call *c)
{
	return (lock_remove(c, 1));
}

static enum tool_err
lock_stage_admin(struct call *c)
{
	if (!c->who->global_admin)
		return (call_denied(c, "Only Global Admins can delete locks; "
		    "release_lock gives back your own"));
	return (lock_stage(c));
}

static enum tool_err
lock_delete(struct call *c)
{
	return (lock_remove(c, 0));
}

/* ---- rows ---- */

#define TYPE_IN								\
	"\"type\":{\"type\":\"string\",\"enum\":[\"package\",\"table\"," \
	"\"app\",\"webapp\",\"script\",\"project\",\"adaptive\",\"api\"]," \
	"\"description\":\"Type of the artifact.\"},"

#define LOCK_IN								\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"type\",\"id\"],\"properties\":{" TYPE_IN	\
	SCHEMA_ID_IN("Id of the artifact, a UUID.")			\
	SCHEMA_WRITE_PROPS "}}"

#define UNLOCK_IN							\
	"{\"type\":\"object\",\"additionalProperties\":false,"		\
	"\"required\":[\"id\"],\"properties\":{" TYPE_IN		\
	SCHEMA_ID_IN("Id of the artifact that is locked.")		\
	SCHEMA_WRITE_PROPS "}}"

#define LOCK_PROPS							\
	"\"type\":{\"type\":\"string\"},\"id\":{\"type\":\"string\"},"	\
	"\"name\":{\"type\":\"string\"},\"user\":{\"type\":\"string\"}," \
	"\"since\":{\"type\":\"string\"},\"expires\":{\"type\":\"string\"}," \
	"\"own\":{\"type\":\"boolean\"}"

#define LOCK_OUT							\
	"{\"type\":\"object\",\"required\":[\"type\",\"id\",\"locked\"]," \
	"\"properties\":{" LOCK_PROPS ",\"locked\":{\"type\":\"boolean\"}" \
	SCHEMA_DRY_RUN_OUT "}}"

#define LIST_OUT							\
	"{\"type\":\"object\",\"required\":[\"locks\",\"count\"],"	\
	"\"properties\":{\"locks\":{\"type\":\"array\",\"items\":"	\
	"{\"type\":\"object\",\"properties\":{" LOCK_PROPS "}}},"	\
	"\"count\":{\"type\":\"integer\"},"				\
	"\"truncated\":{\"type\":\"boolean\"}}}"

const struct tool lock_tools[] = {
	{
		.name = "list_locks",
		.title = "List edit locks",
		.description = "Lists the edit locks in force on artifacts "
		    "that you may see: type, id, name, user, since, expires, "
		    "and whether it is your own.",
		.perm = PERM_LOCKS, .level = TL_DISPLAY,
		.annotations = TA_READ_ONLY | TA_IDEMPOTENT,
		.input_schema = "{\"type\":\"object\","
		    "\"additionalProperties\":false,\"properties\":{}}",
		.output_schema = LIST_OUT, .fn = lock_list
	},
	{
		.name = "acquire_lock",
		.title = "Take an edit lock",
		.description = "Takes or prolongs your edit lock on an "
		    "artifact: until it expires nobody else can save or "
		    "delete it. Takes the Edit permission of the artifact's "
		    "type. A lock is not needed to save.",
		.perm = PERM_LOCKS, .level = TL_EDIT,
		.annotations = TA_IDEMPOTENT, .writes = 1,
		.input_schema = LOCK_IN, .output_schema = LOCK_OUT,
		.package = lock_stage, .lock = art_stage_lock,
		.fn = lock_acquire
	},
	{
		.name = "release_lock",
		.title = "Give an edit lock back",
		.description = "Gives back your own edit lock on an artifact. "
		    "Fails if it is not locked or locked by somebody else.",
		.perm = PERM_LOCKS, .level = TL_EDIT,
		.annotations = 0, .writes = 1,
		.input_schema = UNLOCK_IN, .output_schema = LOCK_OUT,
		.package = lock_stage, .lock = art_stage_lock,
		.fn = lock_release
	},
	{
		.name = "delete_lock",
		.title = "Remove anybody's edit lock",
		.description = "Removes the edit lock of any user; only for "
		    "Global Admins. What that user was editing may then be "
		    "overwritten.",
		.perm = PERM_LOCKS, .level = TL_EDIT,
		.annotations = TA_DESTRUCTIVE, .writes = 1,
		.input_schema = UNLOCK_IN, .output_schema = LOCK_OUT,
		.package = lock_stage_admin, .fn = lock_delete
	},
	{ .name = NULL }
};
