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

struct request {
	struct handle	*handle;	/* held by the caller of mcp_serve */
	enum call_method method;
	unsigned int	 flags;		/* CF_ bits */
	struct span	 version, mcp_method, mcp_name, session, body;
};

struct reply {
	unsigned int	 status;	/* HTTP */
	unsigned int	 retry_after;
	int		 gone;		/* the handle ended: no answer */
	char		 session[SESSION_LEN + 1];	/* "" if none */
	struct buf	*body;		/* JSON text, empty: no body */
	const struct shared *text;	/* belongs into it at text_at, or NULL */
	size_t		 text_at;
};

/* One message under way; shared with call.c. */
struct mcp {
	const struct request	*req;
	struct reply		*reply;
	const struct era_row	*era;
	struct scan		 scan;
	struct caller		 who;	/* narrowed by this request */
};

/* Fills the reply in; the body buffer is the caller's and is empty. */
void	mcp_serve(const struct request *, struct reply *);

/* tools/call (call.c): writes the answer or sets status and gone. */
void	mcp_tools_call(struct mcp *);
/* An error answer; the status stays what it is. */
#define mcp_error(m, code, data, ...)					\
	rpc_error((m)->reply->body, (m)->era, &(m)->scan.id, (code),	\
	    (data), __VA_ARGS__)

#endif
