/* SPDX-License-Identifier: ISC */
/*
 * rpc.c: see rpc.h.  Runs in toold; pure but for the buffer.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rpc.h"

#define LITERAL(b, s)	buf_add((b), (s), sizeof(s) - 1)

static void
add_id(struct buf *b, const struct era_row *era, const struct span *id)
{
	if (id != NULL && id->p != NULL) {
		LITERAL(b, ",\"id\":");
		buf_add(b, id->p, id->len);
	} else if ((era->flags & EF_ID_OPTIONAL) == 0)
		LITERAL(b, ",\"id\":null");
}

void
rpc_open_as(struct buf *b, const struct era_row *era, const struct span *id,
    const char *type)
{
	LITERAL(b, "{\"jsonrpc\":\"2.0\"");
	add_id(b, era, id);
	LITERAL(b, ",\"result\":{");
	if ((era->flags & EF_RESULT_TYPE) == 0)
		return;
	LITERAL(b, "\"resultType\":\"");
	buf_adds(b, type);
	LITERAL(b, "\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":"
	    SERVER_INFO "},");
}

void
rpc_open(struct buf *b, const struct era_row *era, const struct span *id)
{
	rpc_open_as(b, era, id, "complete");
}

void
rpc_close(struct buf *b)
{
	LITERAL(b, "}}");
}

void
rpc_error(struct buf *b, const struct era_row *era, const struct span *id,
    int code, const char *data, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	LITERAL(b, "{\"jsonrpc\":\"2.0\"");
	add_id(b, era, id);
	buf_addf(b, ",\"error\":{\"code\":%d,\"message\":", code);
	buf_add_json(b, text, strlen(text));
	if (data != NULL) {
		LITERAL(b, ",\"data\":");
		buf_adds(b, data);
	}
	LITERAL(b, "}}");
}
