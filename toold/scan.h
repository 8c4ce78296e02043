/* SPDX-License-Identifier: ISC */
/*
 * scan.h: one pass over the bytes of a JSON-RPC message, before any parser
 * that allocates sees them.  Pure: bytes in, verdict and spans out; no
 * memory is taken, nothing is copied, the input is not changed.
 *
 * The whole input is checked: JSON syntax (RFC 8259), UTF-8 (RFC 3629),
 * surrogate pairs of \u escapes, depth, number of tokens (values and keys).
 * In the message, its params and their _meta no key may come twice, however
 * it is written; other objects are left to the parser that reads them.
 */
#ifndef TOOLD_SCAN_H
#define TOOLD_SCAN_H

#include <stddef.h>
#include <stdint.h>

#define SCAN_DEPTH_MAX	32
/*
 * Values and keys together: 20,000, and in longer bodies one for each eight
 * bytes up to 100,000.  So a thousand rows of forty fields fit, while a body
 * of nothing but braces cannot cost much more memory than it is long.
 */
#define SCAN_TOKENS_MIN	20000
#define SCAN_TOKENS_MAX	100000
#define SCAN_TOKEN_LEN	8
#define SCAN_KEYS_MAX	64		/* members of a looked-at object */
#define SCAN_BATCH_MAX	32		/* messages of a batch */

/* Bytes of the input, a JSON value as written; p is NULL where absent. */
struct span {
	const char	*p;
	size_t		 len;
};

enum scan_verdict {
	SCAN_OK,
	SCAN_SYNTAX,			/* not JSON: -32700 */
	SCAN_UTF8,			/* -32700 */
	SCAN_DEPTH,			/* the rest: -32600 */
	SCAN_TOKENS,
	SCAN_DUPLICATE,
	SCAN_KEYS,
	SCAN_BATCH,			/* too many messages, or none */
	SCAN_SHAPE			/* neither an object nor an array */
};

struct scan {
	/* the message */
	struct span	 jsonrpc, id, method, params, result, error;
	/* params */
	struct span	 name, uri, arguments, meta, cursor;
	struct span	 version, capabilities, client_info;
	struct span	 level, request_id, notifications;
	struct span	 input_responses, request_state;
	/* params._meta */
	struct span	 meta_version, meta_capabilities, meta_client_info;
	struct span	 meta_progress, meta_log_level;
	/* a batch: its elements, not looked into */
	int		 batch;
	unsigned int	 nitems;
	struct span	 item[SCAN_BATCH_MAX];
	size_t		 at;		/* where it stopped, for the error */
};

enum scan_verdict scan_message(const char *, size_t, struct scan *);
/* A sentence for the client. */
const char *scan_text(enum scan_verdict);

/* What a value is, by its first byte: { [ " t f n 0 (number), 0: absent. */
int	 span_type(const struct span *);
/*
 * A JSON string as written, decoded: its length, without the NUL that is
 * added, or -1 if it is no string, holds a NUL or needs more than cap - 1.
 */
long	 span_string(const struct span *, char *out, size_t cap);
/* Is it a string equal to this text: 1 or 0. */
int	 span_is(const struct span *, const char *);

#endif
