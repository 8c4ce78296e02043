/* SPDX-License-Identifier: ISC */
/*
 * logging.c: which log messages a client wants to be sent about its own
 * calls.  Runs in toold.  The handshake revisions say it with
 * logging/setLevel, for a session, or for the grant where there is none;
 * 2026-07-28 says it with each request.
 *
 * The levels are kept while this process lives, in a table of fixed size: a
 * later session may push an earlier one out, which then has the default.
 */
#include <string.h>

#include "logging.h"
#include "rpc.h"
#include "stream.h"

#define LEVELS		4096
#define KEY_LEN		STREAM_KEY_LEN

static struct level_row {
	uint8_t		key[KEY_LEN];
	uint8_t		level;		/* plus one; 0: free */
} levels[LEVELS];

static struct level_row *
level_place(const uint8_t key[KEY_LEN])
{
	uint32_t h = 2166136261U;
	size_t i;

	for (i = 0; i < KEY_LEN; i++)
		h = (h ^ key[i]) * 16777619U;
	return (&levels[h % LEVELS]);
}

enum stream_level
logging_level(const struct mcp *m)
{
	const struct level_row *row;
	uint8_t key[KEY_LEN];

	if (m->era->flags & EF_STATELESS)
		return (stream_level(&m->scan.meta_log_level));
	mcp_session_key(m, key);
	row = level_place(key);
	return (row->level != 0 && memcmp(row->key, key, KEY_LEN) == 0 ?
	    (enum stream_level)(row->level - 1) : SL_INFO);
}

static void
method_setlevel(struct mcp *m)
{
	enum stream_level level = stream_level(&m->scan.level);
	struct level_row *row;
	uint8_t key[KEY_LEN];

	if (level == SL_OFF) {
		mcp_error(m, RPC_INVALID_PARAMS, NULL, "Invalid params: level "
		    "is required, one of debug, info, notice, warning, "
		    "error, critical, alert, emergency");
		return;
	}
	mcp_session_key(m, key);
	row = level_place(key);
	memcpy(row->key, key, KEY_LEN);
	row->level = (uint8_t)(level + 1);
	rpc_open(m->reply->body, m->era, &m->scan.id);
	rpc_close(m->reply->body);
}

static int
offered(const struct caller *who)
{
	return (1);
}

static void
declare(struct buf *b, const struct era_row *era)
{
	buf_adds(b, ",\"logging\":{}");
}

static const struct method methods[] = {
	{ "logging/setLevel", ERA_LEGACY, MF_REQUEST, method_setlevel },
	{ NULL, 0, 0, NULL }
};

const struct feature logging_feature = { methods, offered, declare };
