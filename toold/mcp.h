/* SPDX-License-Identifier: ISC */
/*
 * mcp.h: one HTTP request of the MCP endpoint, from a handle that is live,
 * to the answer.  Both eras: the version header, the session id and the
 * body's _meta say which rules hold (interop rows 10 to 17).
 */
#ifndef TOOLD_MCP_H
#define TOOLD_MCP_H

#include "../common/buf.h"
#include "../common/msg.h"
#include "era.h"
#include "handle.h"
#include "rpc.h"
#include "scan.h"
#include "session.h"

struct stream;
struct request {
	struct handle	*handle;	/* held by the caller of mcp_serve */
	enum call_method method;
	unsigned int	 flags;		/* CF_ bits */
	struct stream	*stream;	/* for events, and later answers */
	struct span	 version, mcp_method, mcp_name, session, params,
			 body;
};

struct reply {
	unsigned int	 status;	/* HTTP */
	unsigned int	 retry_after;
	int		 gone;		/* the handle ended: no answer */
	int		 later;		/* stream_later() was called */
	char		 session[SESSION_LEN + 1];	/* "" if none */
	struct buf	*body;		/* JSON text, empty: no body */
	const struct shared *text;	/* goes to text_at; NULL: none */
	size_t		 text_at;
};

/* One message under way; shared with call.c. */
struct mcp {
	const struct request	*req;
	struct reply		*reply;
	const struct era_row	*era;
	struct scan		 scan;
	struct stream		*stream;	/* NULL: in a batch */
	struct caller		 who;	/* narrowed by this request */
};

/* What a method asks of its request. */
#define MF_REQUEST	1		/* has an id */
#define MF_NOTE		2		/* has none: answered 202 */
#define MF_NAME		4		/* Mcp-Name mirrors params.name */
#define MF_NAME_URI	8		/* ... or params.uri */
#define MF_FIRST	16		/* no session is asked for, no batch */

struct method {
	const char	*name;
	unsigned int	 eras;		/* ERA_ bits */
	unsigned int	 flags;		/* MF_ bits */
	void		(*fn)(struct mcp *);	/* NULL: nothing to do */
};

/* Methods beside those for tools, and the capability that announces them. */
struct feature {
	const struct method *methods;	/* ended by a row without a name */
	/* Has the caller any use for it: 1 or 0. */
	int		(*offered)(const struct caller *);
	/* Append ,"name":{..} as the revision has it. */
	void		(*declare)(struct buf *, const struct era_row *);
};
/* Those of this program, ended by NULL (groups.c). */
extern const struct feature *const feature_groups[];
/* To be served from now on; NULL: none. */
void	mcp_features(const struct feature *const *);

/*
 * What the session of a request is known by in tables; its grant's id where
 * there is no session.
 */
#define MCP_KEY_LEN	16
void	mcp_session_key(const struct mcp *, uint8_t key[MCP_KEY_LEN]);

/* What tells of changes (watch.h). */
struct mcp_watch {
	int		(*offered)(const struct era_row *);
	void		(*get)(struct mcp *);	/* status 405: no stream */
	void		(*session_end)(struct mcp *);
};
void	mcp_watches(const struct mcp_watch *);

/* Fills the reply in; the body buffer is the caller's and is empty. */
void	mcp_serve(const struct request *, struct reply *);

/* tools/call (call.c): writes the answer or sets status and gone. */
void	mcp_tools_call(struct mcp *);
/*
 * One more call of its grant: 0; or -1 and a whole answer with status 429
 * when it made more than its calls a minute.
 */
int	mcp_count_call(struct mcp *);
/* The answer with status 503 for what was not begun or was taken back. */
void	mcp_busy(struct mcp *);
/*
 * The whole list of `what' is its first page: 0, or -1 and the error answer
 * when the request has a cursor.
 */
int	mcp_first_page(struct mcp *, const char *what);
/* ,"ttlMs":..,"cacheScope":"private" where the revision has caching. */
#define MCP_LIST_TTL_MS	60000
void	mcp_cache_hints(struct mcp *, unsigned int ttl_ms);
/*
 * A header value, decoded if it is of the form =?base64?...?=: its length,
 * or -1 when it is badly encoded or longer than cap.
 */
long	mcp_header_value(const struct span *, char *out, size_t cap);
/* An error answer; the status stays what it is. */
#define mcp_error(m, code, data, ...)					\
	rpc_error((m)->reply->body, (m)->era, &(m)->scan.id, (code),	\
	    (data), __VA_ARGS__)

#endif
