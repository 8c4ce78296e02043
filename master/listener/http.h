/* SPDX-License-Identifier: ISC */
/*
 * http.h: a strict HTTP/1.1 request parser.  Pure: bytes in, verdict out.
 * It takes no memory, keeps no global and calls nothing but string
 * functions.  Spans point into the caller's bytes and live as long as they.
 *
 * RFC 9112 (syntax, framing), RFC 9110 (fields).  Where the RFC lets a
 * server repair what it got, this one refuses: bare CR or LF, line folding,
 * blanks before a colon, two lengths, a length beside chunks, any transfer
 * coding but chunked, fields that must be alone but are not.
 */
#ifndef LISTENER_HTTP_H
#define LISTENER_HTTP_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_HDRS_MAX	64		/* header lines of one request */
#define HTTP_LINE_MAX	8192		/* request line: 414 beyond */

enum http_verdict {
	HTTP_MORE,			/* not all of it is here yet */
	HTTP_DONE,
	HTTP_BAD			/* answer http_error and close */
};

enum http_method {
	HTTP_NONE, HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE,
	HTTP_PATCH, HTTP_OPTIONS, HTTP_TRACE, HTTP_METHODS
};
#define HTTP_BIT(m)	(1U << (m))

/* Fields we read; the order is that of the table in http.c. */
enum http_field {
	HF_OTHER, HF_HOST, HF_ACCEPT, HF_COOKIE, HF_EXPECT, HF_ORIGIN,
	HF_CONNECTION, HF_CONTENT_TYPE, HF_CONTENT_LENGTH,
	HF_CONTENT_ENCODING, HF_TRANSFER_ENCODING, HF_AUTHORIZATION,
	HF_MCP_NAME, HF_MCP_METHOD, HF_MCP_VERSION, HF_MCP_SESSION,
	HF_LAST_EVENT, HF_FORWARDED_FOR, HF_FETCH_SITE, HF_CORS_METHOD, HF_MAX
};

struct http_str {
	const char	*p;		/* NULL: not there */
	size_t		 len;
};

struct http_hdr {
	enum http_field	field;
	struct http_str	name, value;	/* value without outer blanks */
};

struct http_error {
	int		 status;	/* 400 414 417 413 431 501 505 */
	const char	*why;
};

struct http_limits {
	size_t		max_header;	/* bytes of the whole section */
	size_t		max_line;	/* bytes of the request line */
	unsigned int	max_lines;	/* header lines, <= HTTP_HDRS_MAX */
};

/* Where the search for the end of a header section stands; zero to start. */
struct http_scan {
	size_t		line;		/* start of the line under way */
	size_t		pos;		/* bytes seen; at DONE: its length */
	unsigned int	lines;		/* lines that ended */
};

struct http_head {
	enum http_method method;
	int		 minor;		/* HTTP/1.minor, 0 or 1 */
	struct http_str	 path;		/* as sent; "*" for OPTIONS * */
	struct http_str	 query;		/* behind '?' */
	struct http_str	 authority;	/* of an absolute-form target */
	struct http_str	 one[HF_MAX];	/* last value of each field */
	struct http_hdr	 hdr[HTTP_HDRS_MAX];
	size_t		 nhdr;
	uint64_t	 length;	/* Content-Length */
	int		 has_length;
	int		 chunked;
	int		 close;		/* the connection ends behind it */
	int		 expect;	/* 100-continue */
};

/*
 * Find the end of the header section in buf.  Call again with the same scan
 * and a longer buffer; each byte is looked at once.  One empty line before
 * the request line is skipped (RFC 9112 2.2).
 */
enum http_verdict http_scan(struct http_scan *, const struct http_limits *,
	    const char *buf, size_t len, struct http_error *);
/* Parse a whole section of len bytes as http_scan measured it: 0 or -1. */
int	 http_parse(const char *buf, size_t len, struct http_head *,
	    struct http_error *);

/*
 * A path into out with a NUL, percent-decoded once.  -1: bad encoding, NUL,
 * control byte, encoded slash or backslash, bad UTF-8, dot segment, too long.
 */
int	 http_path(struct http_str, char *out, size_t size);

/* Chunked coding (RFC 9112 7.1); zero to start. */
struct http_chunk {
	int		state;
	unsigned int	digits;		/* of the size line */
	size_t		line;		/* bytes of extension or trailer line */
	size_t		extra;		/* bytes of all of them */
	size_t		name;		/* 1: a trailer name goes on */
	uint64_t	left;		/* of the chunk under way */
};
#define HTTP_CHUNK_LINE	256		/* one extension or trailer line */
#define HTTP_CHUNK_EXTRA 4096		/* extensions and trailers, all */

/*
 * Take bytes until a piece of data or the end.  *used is what was consumed,
 * *data the piece (len 0: none).  HTTP_MORE with used == len: feed on.
 */
enum http_verdict http_chunk(struct http_chunk *, const char *, size_t len,
	    size_t *used, struct http_str *data, struct http_error *);

/* Exact comparison of a span, and without regard to ASCII case. */
int	 http_eq(struct http_str, const char *);
int	 http_caseeq(struct http_str, const char *);
/* Is token an element of a comma separated list. */
int	 http_list_has(struct http_str, const char *token);
/*
 * 1 if the value of Content-Type is that media type (lower case), with no
 * charset or utf-8.
 */
int	 http_media_is(struct http_str, const char *type);
/* Does any Accept line name exactly that type with a weight above 0. */
int	 http_accepts(const struct http_head *, const char *type);
/*
 * Value of a cookie: 0; -1 when it is not there, does not fit, or is there
 * twice with different values.
 */
int	 http_cookie(const struct http_head *, const char *name, char *out,
	    size_t size);
/* The same in the text of one Cookie field. */
int	 http_cookie_in(struct http_str, const char *name, char *out,
	    size_t size);

const char *http_method_name(enum http_method);
const char *http_reason(int status);

#endif
