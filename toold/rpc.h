/* SPDX-License-Identifier: ISC */
/*
 * rpc.h: JSON-RPC 2.0 answers as text, in the form that each revision of the
 * protocol asks for.  Written straight into a buffer.
 */
#ifndef TOOLD_RPC_H
#define TOOLD_RPC_H

#include "../common/buf.h"
#include "era.h"
#include "scan.h"

#define RPC_PARSE		(-32700)
#define RPC_INVALID_REQUEST	(-32600)
#define RPC_NO_METHOD		(-32601)
#define RPC_INVALID_PARAMS	(-32602)
#define RPC_INTERNAL		(-32603)
#define RPC_NOT_FOUND		(-32002)	/* a resource, until 2025-11 */
#define RPC_HEADER_MISMATCH	(-32020)	/* 2026-07-28 */
#define RPC_NO_CAPABILITY	(-32021)	/* 2026-07-28 */
#define RPC_NO_VERSION		(-32022)	/* 2026-07-28 */

#define SERVER_INFO							\
	"{\"name\":\"keepd\",\"title\":\"keepd\",\"version\":\""	\
	KEEPD_VERSION "\"}"
/* 2025-03-26 knows no title. */
#define SERVER_INFO_PLAIN						\
	"{\"name\":\"keepd\",\"version\":\"" KEEPD_VERSION "\"}"

/*
 * A text that many answers share.  Another one in the same slot has another
 * version; versions begin at 1.
 */
struct shared {
	struct buf	 text;
	uint32_t	 slot;		/* below TEXT_SLOTS */
	uint64_t	 version;
};

/*
 * {"jsonrpc":"2.0","id":ID,"result":{ with what every result of the revision
 * begins with; at least one more member must follow where that is something
 * (EF_RESULT_TYPE).  rpc_close ends it.
 */
void	rpc_open(struct buf *, const struct era_row *, const struct span *id);
void	rpc_close(struct buf *);
/* The same with another resultType than "complete". */
void	rpc_open_as(struct buf *, const struct era_row *, const struct span *id,
	    const char *type);
/*
 * A whole error answer.  An id that is not known (absent span) is left out
 * or null, as the revision has it.  data is JSON text or NULL.
 */
void	rpc_error(struct buf *, const struct era_row *, const struct span *id,
	    int code, const char *data, const char *, ...)
	    __attribute__((__format__(printf, 6, 7)));

#endif
