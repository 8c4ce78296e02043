/* SPDX-License-Identifier: ISC */
/*
 * http.c: the request parser of the listener.  It runs on bytes straight
 * from the network and trusts none of them; it touches no file, socket,
 * clock or global and takes no memory.  See http.h.
 */
#include <string.h>

#include "text.h"
#include "http.h"

/* Classes of bytes. */
#define C_TOKEN		1		/* tchar, RFC 9110 5.6.2 */
#define C_VALUE		2		/* field value, with obs-text */
#define C_PATH		4		/* pchar and slash */
#define C_QUERY		8		/* what clients put there */
#define C_HEX		16
#define C_HOST		32		/* of a Host value */
#define C_DIGIT		64

#define T	(C_TOKEN | C_VALUE | C_QUERY)
#define A	(T | C_PATH | C_HOST)
#define X	(A | C_HEX)
#define D	(X | C_DIGIT)
static const unsigned char class[128] = {
	['\t'] = C_VALUE, [' '] = C_VALUE,
	['!'] = T | C_PATH, ['"'] = C_VALUE, ['#'] = T & ~C_QUERY,
	['$'] = T | C_PATH, ['%'] = T | C_PATH, ['&'] = T | C_PATH,
	['\''] = T | C_PATH, ['('] = C_VALUE | C_PATH | C_QUERY,
	[')'] = C_VALUE | C_PATH | C_QUERY, ['*'] = T | C_PATH,
	['+'] = T | C_PATH, [','] = C_VALUE | C_PATH | C_QUERY,
	['-'] = A, ['.'] = A, ['/'] = C_VALUE | C_PATH | C_QUERY,
	['0'] = D, ['1'] = D, ['2'] = D, ['3'] = D, ['4'] = D, ['5'] = D,
	['6'] = D, ['7'] = D, ['8'] = D, ['9'] = D,
	[':'] = C_VALUE | C_PATH | C_QUERY | C_HOST,
	[';'] = C_VALUE | C_PATH | C_QUERY, ['<'] = C_VALUE,
	['='] = C_VALUE | C_PATH | C_QUERY, ['>'] = C_VALUE,
	['?'] = C_VALUE | C_QUERY, ['@'] = C_VALUE | C_PATH | C_QUERY,
	['A'] = X, ['B'] = X, ['C'] = X, ['D'] = X, ['E'] = X, ['F'] = X,
	['G'] = A, ['H'] = A, ['I'] = A, ['J'] = A, ['K'] = A, ['L'] = A,
	['M'] = A, ['N'] = A, ['O'] = A, ['P'] = A, ['Q'] = A, ['R'] = A,
	['S'] = A, ['T'] = A, ['U'] = A, ['V'] = A, ['W'] = A, ['X'] = A,
	['Y'] = A, ['Z'] = A,
	['['] = C_VALUE | C_QUERY | C_HOST, ['\\'] = C_VALUE,
	[']'] = C_VALUE | C_QUERY | C_HOST, ['^'] = T, ['_'] = A, ['`'] = T,
	['a'] = X, ['b'] = X, ['c'] = X, ['d'] = X, ['e'] = X, ['f'] = X,
	['g'] = A, ['h'] = A, ['i'] = A, ['j'] = A, ['k'] = A, ['l'] = A,
	['m'] = A, ['n'] = A, ['o'] = A, ['p'] = A, ['q'] = A, ['r'] = A,
	['s'] = A, ['t'] = A, ['u'] = A, ['v'] = A, ['w'] = A, ['x'] = A,
	['y'] = A, ['z'] = A,
	['{'] = C_VALUE | C_QUERY, ['|'] = T, ['}'] = C_VALUE | C_QUERY,
	['~'] = T | C_PATH
};
#undef T
#undef A
#undef X
#undef D

#define F_ALONE		1		/* may stand in one line only */
#define F_ASCII		2		/* no bytes above 0x7e */
static const struct field_row {
	const char	*name;		/* lower case */
	size_t		 len;
	int		 flags;
} fields[HF_MAX] = {
#define ROW(n, f)	{ n, sizeof(n) - 1, f }
	[HF_OTHER] =		 { NULL, 0, 0 },
	[HF_HOST] =		 ROW("host", F_ALONE | F_ASCII),
	[HF_ACCEPT] =		 ROW("accept", 0),
	[HF_COOKIE] =		 ROW("cookie", 0),
	[HF_EXPECT] =		 ROW("expect", F_ALONE | F_ASCII),
	[HF_ORIGIN] =		 ROW("origin", F_ALONE | F_ASCII),
	[HF_CONNECTION] =	 ROW("connection", F_ASCII),
	[HF_CONTENT_TYPE] =	 ROW("content-type", F_ALONE | F_ASCII),
	[HF_CONTENT_LENGTH] =	 ROW("content-length", F_ALONE | F_ASCII),
	[HF_CONTENT_ENCODING] =	 ROW("content-encoding", F_ALONE | F_ASCII),
	[HF_TRANSFER_ENCODING] = ROW("transfer-encoding", F_ALONE | F_ASCII),
	[HF_AUTHORIZATION] =	 ROW("authorization", F_ALONE | F_ASCII),
	[HF_MCP_NAME] =		 ROW("mcp-name", F_ALONE),
	[HF_MCP_METHOD] =	 ROW("mcp-method", F_ALONE | F_ASCII),
	[HF_MCP_VERSION] =	 ROW("mcp-protocol-version",
				    F_ALONE | F_ASCII),
	[HF_MCP_SESSION] =	 ROW("mcp-session-id", F_ALONE | F_ASCII),
	[HF_LAST_EVENT] =	 ROW("last-event-id", F_ALONE),
	[HF_FORWARDED_FOR] =	 ROW("x-forwarded-for", 0),
	[HF_FETCH_SITE] =	 ROW("sec-fetch-site", F_ALONE | F_ASCII),
	[HF_CORS_METHOD] =	 ROW("access-control-request-method",
				    F_ALONE | F_ASCII)
#undef ROW
};

static const char *const methods[HTTP_METHODS] = {
	NULL, "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS",
	"TRACE"
};

static const struct {
	int		 status;
	const char	*text;
} reasons[] = {
	{ 200, "OK" }, { 100, "Continue" }, { 201, "Created" },
	{ 202, "Accepted" }, { 204, "No Content" }, { 302, "Found" },
	{ 303, "See Other" }, { 304, "Not Modified" },
	{ 400, "Bad Request" }, { 401, "Unauthorized" },
	{ 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 408, "Request Timeout" },
	{ 409, "Conflict" }, { 411, "Length Required" },
	{ 413, "Content Too Large" }, { 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" }, { 417, "Expectation Failed" },
	{ 421, "Misdirected Request" }, { 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
	{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" }
};

const char *
http_reason(int status)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return (reasons[i].text);
	}
	return ("Status");
}

const char *
http_method_name(enum http_method m)
{
	return (m > HTTP_NONE && m < HTTP_METHODS ? methods[m] : "-");
}

static int
is(char c, int mask)
{
	if ((unsigned char)c >= 0x80)
		return ((mask & C_VALUE) != 0);
	return ((class[(unsigned char)c] & mask) != 0);
}

static char
lower(char c)
{
	return (c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
}

/* b is lower case and len long. */
static int
case_same(const char *a, const char *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (lower(a[i]) != b[i])
			return (0);
	}
	return (1);
}

static int
bad(struct http_error *e, int status, const char *why)
{
	e->status = status;
	e->why = why;
	return (-1);
}

static enum http_verdict
bad_v(struct http_error *e, int status, const char *why)
{
	e->status = status;
	e->why = why;
	return (HTTP_BAD);
}

int
http_eq(struct http_str s, const char *t)
{
	return (s.p != NULL && s.len == strlen(t) &&
	    memcmp(s.p, t, s.len) == 0);
}

static int
same_case(struct http_str a, struct http_str b)
{
	size_t i;

	if (a.p == NULL || a.len != b.len)
		return (0);
	for (i = 0; i < a.len; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return (0);
	}
	return (1);
}

int
http_caseeq(struct http_str s, const char *t)
{
	struct http_str u = { t, strlen(t) };

	return (same_case(s, u));
}

static struct http_str
trim(const char *p, size_t len)
{
	struct http_str s;

	while (len > 0 && (p[0] == ' ' || p[0] == '\t')) {
		p++;
		len--;
	}
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	s.p = p;
	s.len = len;
	return (s);
}

/* The next comma separated element of *rest, trimmed: 1, or 0 at the end. */
static int
list_next(struct http_str *rest, struct http_str *el)
{
	const char *comma;
	size_t n;

	if (rest->p == NULL)
		return (0);
	comma = memchr(rest->p, ',', rest->len);
	n = comma == NULL ? rest->len : (size_t)(comma - rest->p);
	*el = trim(rest->p, n);
	if (comma == NULL)
		rest->p = NULL;
	else {
		rest->p += n + 1;
		rest->len -= n + 1;
	}
	return (1);
}

int
http_list_has(struct http_str s, const char *token)
{
	struct http_str el;

	while (list_next(&s, &el)) {
		if (http_caseeq(el, token))
			return (1);
	}
	return (0);
}

/* ---- the end of the header section ---- */

/* One whole line without its CRLF ended at s->pos: 1 at the last line. */
static int
scan_line(struct http_scan *s, const struct http_limits *lim, size_t len,
    struct http_error *e)
{
	if (len == 0) {
		if (s->lines == 0 && s->line == 0)
			return (0);		/* one empty line in front */
		if (s->lines == 0)
			return (bad(e, 400, "two empty lines before the "
			    "request line"));
		return (1);
	}
	if (s->lines == 0 && len > lim->max_line)
		return (bad(e, 414, "the request line is too long"));
	if (s->lines++ > lim->max_lines)
		return (bad(e, 431, "too many header lines"));
	return (0);
}

/* What is known of a line that has not ended. */
static enum http_verdict
scan_partial(const struct http_scan *s, const struct http_limits *lim,
    const char *buf, size_t len, struct http_error *e)
{
	if (s->lines == 0 && len - s->line > lim->max_line + 1)
		return (bad_v(e, 414, "the request line is too long"));
	if (len > lim->max_header)
		return (bad_v(e, 431, "the header section is too long"));
	return (HTTP_MORE);
}

enum http_verdict
http_scan(struct http_scan *s, const struct http_limits *lim,
    const char *buf, size_t len, struct http_error *e)
{
	const char *nl;
	size_t end;

	/* At once, so that a TLS client need not wait to be told. */
	if (len > 0 && !is(buf[0], C_TOKEN) && buf[0] != '\r')
		return (bad_v(e, 400, "this is not HTTP"));
	while (s->pos < len) {
		nl = memchr(buf + s->pos, '\n', len - s->pos);
		if (nl == NULL) {
			s->pos = len;
			break;
		}
		end = (size_t)(nl - buf);
		if (end == s->line || buf[end - 1] != '\r')
			return (bad_v(e, 400, "a line ends without CR"));
		if (end + 1 > lim->max_header)
			return (bad_v(e, 431,
			    "the header section is too long"));
		switch (scan_line(s, lim, end - 1 - s->line, e)) {
		case -1:
			return (HTTP_BAD);
		case 1:
			s->pos = end + 1;
			return (HTTP_DONE);
		}
		s->pos = s->line = end + 1;
	}
	return (scan_partial(s, lim, buf, len, e));
}

/* ---- the request line ---- */

static int
parse_method(struct http_str s, enum http_method *m, struct http_error *e)
{
	size_t i;
	int k;

	for (i = 0; i < s.len; i++) {
		if (!is(s.p[i], C_TOKEN))
			return (bad(e, 400, "the method has a bad character"));
	}
	if (s.len == 0)
		return (bad(e, 400, "there is no method"));
	for (k = HTTP_GET; k < HTTP_METHODS; k++) {
		if (http_eq(s, methods[k])) {
			*m = (enum http_method)k;
			return (0);
		}
	}
	return (bad(e, 501, "the method is not known here"));
}

static int
parse_version(struct http_str s, int *minor, struct http_error *e)
{
	if (s.len != 8 || memcmp(s.p, "HTTP/", 5) != 0 ||
	    !is(s.p[5], C_DIGIT) || s.p[6] != '.' || !is(s.p[7], C_DIGIT))
		return (bad(e, 400, "the request line has no HTTP version"));
	if (s.p[5] != '1' || s.p[7] > '1')
		return (bad(e, 505, "only HTTP/1.1 and HTTP/1.0 are spoken"));
	*minor = s.p[7] - '0';
	return (0);
}

static int
check_span(struct http_str s, int mask, struct http_error *e,
    const char *why)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (!is(s.p[i], mask))
			return (bad(e, 400, why));
		if (s.p[i] == '%' && (s.len - i < 3 ||
		    !is(s.p[i + 1], C_HEX) || !is(s.p[i + 2], C_HEX)))
			return (bad(e, 400, "bad percent-encoding"));
	}
	return (0);
}

/* scheme "://" authority of an absolute-form target; leaves the rest. */
static int
parse_absolute(struct http_str *t, struct http_head *h, struct http_error *e)
{
	size_t n, skip;

	if (t->len > 7 && case_same(t->p, "http://", 7))
		skip = 7;
	else if (t->len > 8 && case_same(t->p, "https://", 8))
		skip = 8;
	else
		return (bad(e, 400, "the target is not a path"));
	for (n = skip; n < t->len && t->p[n] != '/' && t->p[n] != '?'; n++) {
		if (!is(t->p[n], C_HOST))
			return (bad(e, 400, "the target has a bad host"));
	}
	h->authority.p = t->p + skip;
	h->authority.len = n - skip;
	if (h->authority.len == 0)
		return (bad(e, 400, "the target has no host"));
	t->p += n;
	t->len -= n;
	return (0);
}

static int
parse_target(struct http_str t, struct http_head *h, struct http_error *e)
{
	const char *q;

	if (http_eq(t, "*")) {
		if (h->method != HTTP_OPTIONS)
			return (bad(e, 400, "the target * is for OPTIONS"));
		h->path = t;
		return (0);
	}
	if (t.len == 0)
		return (bad(e, 400, "there is no target"));
	if (t.p[0] != '/' && parse_absolute(&t, h, e) == -1)
		return (-1);
	h->path = t;
	q = t.len == 0 ? NULL : memchr(t.p, '?', t.len);
	if (q != NULL) {
		h->path.len = (size_t)(q - t.p);
		h->query.p = q + 1;
		h->query.len = t.len - h->path.len - 1;
	}
	if (h->path.len == 0) {
		h->path.p = "/";
		h->path.len = 1;
	}
	if (check_span(h->path, C_PATH, e, "the path has a bad character") ==
	    -1)
		return (-1);
	return (check_span(h->query, C_QUERY, e,
	    "the query has a bad character"));
}

static int
parse_line(const char *p, size_t len, struct http_head *h,
    struct http_error *e)
{
	struct http_str m, t, v;
	const char *sp;

	if (len == 14 && memcmp(p, "PRI * HTTP/2.0", 14) == 0)
		return (bad(e, 505, "only HTTP/1.1 and HTTP/1.0 are spoken"));
	sp = memchr(p, ' ', len);
	if (sp == NULL)
		return (bad(e, 400, "the request line has no target"));
	m.p = p;
	m.len = (size_t)(sp - p);
	t.p = sp + 1;
	t.len = len - m.len - 1;
	sp = memchr(t.p, ' ', t.len);
	if (sp == NULL)
		return (bad(e, 400, "the request line has no HTTP version"));
	v.p = sp + 1;
	v.len = t.len - (size_t)(sp - t.p) - 1;
	t.len = (size_t)(sp - t.p);
	if (parse_version(v, &h->minor, e) == -1 ||
	    parse_method(m, &h->method, e) == -1)
		return (-1);
	return (parse_target(t, h, e));
}

/* ---- header lines ---- */

static enum http_field
find_field(struct http_str n)
{
	int k;

	for (k = HF_OTHER + 1; k < HF_MAX; k++) {
		if (fields[k].len == n.len &&
		    case_same(n.p, fields[k].name, n.len))
			return ((enum http_field)k);
	}
	return (HF_OTHER);
}

/*
 * How many bytes from p on are printable ASCII, eight at a time and rounded
 * down: a bearer token is most of a request.
 */
static size_t
plain_run(const char *p, size_t len)
{
	const uint64_t	one = 0x0101010101010101ULL, top = one << 7;
	uint64_t	x;
	size_t		n;

	for (n = 0; len - n >= sizeof(x); n += sizeof(x)) {
		memcpy(&x, p + n, sizeof(x));
		/* Below 0x80, below 0x7f, from 0x20 on, in each byte. */
		if ((x & top) != 0 || ((x + one) & top) != 0 ||
		    ((x + one * 0x60) & top) != top)
			break;
	}
	return (n);
}

/* field-name ":" OWS field-value OWS */
static int
split_header(const char *p, size_t len, struct http_hdr *out,
    struct http_error *e)
{
	size_t n, i;
	int high = 0;

	if (p[0] == ' ' || p[0] == '\t')
		return (bad(e, 400, "a header line is folded"));
	for (n = 0; n < len && is(p[n], C_TOKEN); n++)
		;
	if (n == 0)
		return (bad(e, 400, "a header line has no name"));
	if (n == len)
		return (bad(e, 400, "a header line has no colon"));
	if (p[n] != ':')
		return (bad(e, 400, p[n] == ' ' || p[n] == '\t' ?
		    "a blank before the colon of a header line" :
		    "a header name has a bad character"));
	out->name.p = p;
	out->name.len = n;
	for (i = n + 1 + plain_run(p + n + 1, len - n - 1); i < len; i++) {
		if (!is(p[i], C_VALUE))
			return (bad(e, 400,
			    "a header value has a bad character"));
		high |= p[i] & 0x80;
	}
	out->value = trim(p + n + 1, len - n - 1);
	out->field = find_field(out->name);
	if (high && (fields[out->field].flags & F_ASCII))
		return (bad(e, 400, "a header value is not ASCII"));
	return (0);
}

static int
parse_header(const char *p, size_t len, struct http_head *h,
    struct http_error *e)
{
	struct http_hdr *x;

	if (h->nhdr == HTTP_HDRS_MAX)
		return (bad(e, 431, "too many header lines"));
	x = &h->hdr[h->nhdr];
	if (split_header(p, len, x, e) == -1)
		return (-1);
	h->nhdr++;
	if (x->field == HF_OTHER)
		return (0);
	if (h->one[x->field].p != NULL && (fields[x->field].flags & F_ALONE))
		return (bad(e, 400, "a header that must be alone stands "
		    "there twice"));
	h->one[x->field] = x->value;
	return (0);
}

/* ---- framing ---- */

static int
check_length(struct http_head *h, struct http_error *e)
{
	struct http_str s = h->one[HF_CONTENT_LENGTH];
	uint64_t n;
	size_t i;

	if (s.p == NULL)
		return (0);
	if (s.len == 0)
		return (bad(e, 400, "Content-Length is empty"));
	for (i = 0; i < s.len; i++) {
		if (!is(s.p[i], C_DIGIT))
			return (bad(e, 400, "Content-Length is not a number"));
	}
	if (s.len > 18 || num_parse(s.p, s.len, INT64_MAX, &n) == -1)
		return (bad(e, 413, "Content-Length is too large"));
	h->length = n;
	h->has_length = 1;
	return (0);
}

static int
check_coding(struct http_head *h, struct http_error *e)
{
	struct http_str s = h->one[HF_TRANSFER_ENCODING];

	if (s.p == NULL)
		return (0);
	if (h->one[HF_CONTENT_LENGTH].p != NULL)
		return (bad(e, 400,
		    "Content-Length and Transfer-Encoding together"));
	if (h->minor == 0)
		return (bad(e, 400, "Transfer-Encoding in HTTP/1.0"));
	if (!http_caseeq(s, "chunked"))
		return (bad(e, 501,
		    "only the transfer coding chunked is spoken"));
	h->chunked = 1;
	return (0);
}

static int
check_host(const struct http_head *h, struct http_error *e)
{
	struct http_str s = h->one[HF_HOST];
	size_t i;

	if (s.p == NULL)
		return (h->minor == 0 ? 0 : bad(e, 400, "there is no Host"));
	if (s.len == 0)
		return (bad(e, 400, "Host is empty"));
	for (i = 0; i < s.len; i++) {
		if (!is(s.p[i], C_HOST))
			return (bad(e, 400, "Host has a bad character"));
	}
	if (h->authority.p != NULL && !same_case(h->authority, s))
		return (bad(e, 400, "Host is not that of the target"));
	return (0);
}

static int
check_rest(struct http_head *h, struct http_error *e)
{
	size_t i;

	h->close = h->minor == 0;
	for (i = 0; i < h->nhdr; i++) {
		if (h->hdr[i].field == HF_CONNECTION &&
		    http_list_has(h->hdr[i].value, "close"))
			h->close = 1;
	}
	if (h->one[HF_EXPECT].p != NULL && h->minor == 1) {
		if (!http_caseeq(h->one[HF_EXPECT], "100-continue"))
			return (bad(e, 417, "only 100-continue can be "
			    "expected"));
		h->expect = 1;
	}
	if (h->one[HF_CONTENT_ENCODING].p != NULL &&
	    !http_caseeq(h->one[HF_CONTENT_ENCODING], "identity"))
		return (bad(e, 415, "a body must not be compressed"));
	return (0);
}

int
http_parse(const char *buf, size_t len, struct http_head *h,
    struct http_error *e)
{
	const char *p = buf, *end = buf + len, *cr;
	int first = 1;

	memset(h, 0, offsetof(struct http_head, hdr));
	h->nhdr = 0;
	h->length = 0;
	h->has_length = h->chunked = h->close = h->expect = 0;
	if (len >= 2 && p[0] == '\r' && p[1] == '\n')
		p += 2;
	while (end - p > 2) {
		cr = memchr(p, '\n', (size_t)(end - p));
		if (cr == NULL || cr == p || *--cr != '\r')
			return (bad(e, 400, "a line ends without CR"));
		if (cr == p)
			return (bad(e, 400, "an empty line"));
		if (first ? parse_line(p, (size_t)(cr - p), h, e) :
		    parse_header(p, (size_t)(cr - p), h, e))
			return (-1);
		first = 0;
		p = cr + 2;
	}
	if (first || end - p != 2 || p[0] != '\r' || p[1] != '\n')
		return (bad(e, 400, "the header section has no end"));
	if (check_host(h, e) == -1 || check_length(h, e) == -1 ||
	    check_coding(h, e) == -1)
		return (-1);
	return (check_rest(h, e));
}

/* ---- paths ---- */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	return (lower(c) - 'a' + 10);
}

static int
has_dots(const char *s)
{
	const char *seg;
	size_t n;

	for (seg = s; *seg != '\0'; seg += n) {
		while (*seg == '/')
			seg++;
		n = strcspn(seg, "/");
		if ((n == 1 && seg[0] == '.') ||
		    (n == 2 && seg[0] == '.' && seg[1] == '.'))
			return (1);
	}
	return (0);
}

int
http_path(struct http_str s, char *out, size_t size)
{
	size_t i, n = 0;
	unsigned char c;

	for (i = 0; i < s.len; i++) {
		c = (unsigned char)s.p[i];
		if (c == '%') {
			if (s.len - i < 3 || !is(s.p[i + 1], C_HEX) ||
			    !is(s.p[i + 2], C_HEX))
				return (-1);
			c = (unsigned char)(hex(s.p[i + 1]) * 16 +
			    hex(s.p[i + 2]));
			if (c == '/' || c == '\\' || c == '%')
				return (-1);
			i += 2;
		}
		if (c < 0x20 || c == 0x7f || n + 1 >= size)
			return (-1);
		out[n++] = (char)c;
	}
	if (n >= size)
		return (-1);
	out[n] = '\0';
	return (!utf8_valid(out, n) || has_dots(out) ? -1 : 0);
}

/* ---- chunked bodies ---- */

enum {
	CH_SIZE, CH_EXT, CH_SIZE_LF, CH_DATA, CH_DATA_CR, CH_DATA_LF,
	CH_TRAILER, CH_TRAILER_LF, CH_END_LF, CH_DONE
};

static int
chunk_size(struct http_chunk *c, char ch, struct http_error *e)
{
	if (is(ch, C_HEX)) {
		if (++c->digits > 8)
			return (bad(e, 413, "a chunk is too large"));
		c->left = c->left * 16 + (uint64_t)hex(ch);
		return (0);
	}
	if (c->digits == 0 || (ch != ';' && ch != '\r'))
		return (bad(e, 400, "a chunk size is not a number"));
	c->line = 0;
	c->state = ch == ';' ? CH_EXT : CH_SIZE_LF;
	return (0);
}

/* A byte of an extension or trailer line that is read and dropped. */
static int
chunk_extra(struct http_chunk *c, char ch, struct http_error *e)
{
	if (!is(ch, C_VALUE))
		return (bad(e, 400, "a chunk line has a bad character"));
	if (++c->line > HTTP_CHUNK_LINE || ++c->extra > HTTP_CHUNK_EXTRA)
		return (bad(e, 413, "chunk extensions or trailers are too "
		    "long"));
	return (0);
}

static int
chunk_trailer(struct http_chunk *c, char ch, struct http_error *e)
{
	if (ch == '\r') {
		if (c->line != 0 && c->name)
			return (bad(e, 400, "a trailer has no colon"));
		c->state = c->line == 0 ? CH_END_LF : CH_TRAILER_LF;
		return (0);
	}
	if (c->name && ch == ':' && c->line > 0)
		c->name = 0;
	else if (c->name && !is(ch, C_TOKEN))
		return (bad(e, 400, "a trailer name has a bad character"));
	return (chunk_extra(c, ch, e));
}

static int
chunk_byte(struct http_chunk *c, char ch, struct http_error *e)
{
	static const struct {
		int	now;
		char	want;
		int	next;
	} steps[] = {
		{ CH_DATA_CR, '\r', CH_DATA_LF },
		{ CH_DATA_LF, '\n', CH_SIZE },
		{ CH_TRAILER_LF, '\n', CH_TRAILER },
		{ CH_END_LF, '\n', CH_DONE },
		{ CH_SIZE_LF, '\n', CH_DATA }
	};
	size_t i;

	if (c->state == CH_SIZE)
		return (chunk_size(c, ch, e));
	if (c->state == CH_TRAILER)
		return (chunk_trailer(c, ch, e));
	if (c->state == CH_EXT) {
		if (ch != '\r')
			return (chunk_extra(c, ch, e));
		c->state = CH_SIZE_LF;
		return (0);
	}
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].now == c->state)
			break;
	}
	if (i == sizeof(steps) / sizeof(steps[0]) || ch != steps[i].want)
		return (bad(e, 400, "a chunk ends in the wrong place"));
	c->state = steps[i].next;
	if (c->state == CH_DATA && c->left == 0)
		c->state = CH_TRAILER;
	if (c->state == CH_SIZE)
		c->digits = 0;
	c->line = 0;
	c->name = 1;
	return (0);
}

enum http_verdict
http_chunk(struct http_chunk *c, const char *p, size_t len, size_t *used,
    struct http_str *data, struct http_error *e)
{
	size_t n = 0;

	data->p = NULL;
	data->len = 0;
	while (n < len && c->state != CH_DONE && c->state != CH_DATA) {
		if (chunk_byte(c, p[n], e) == -1)
			return (HTTP_BAD);
		n++;
	}
	if (c->state == CH_DATA && n < len) {
		data->p = p + n;
		data->len = c->left < len - n ? (size_t)c->left : len - n;
		c->left -= data->len;
		n += data->len;
		if (c->left == 0)
			c->state = CH_DATA_CR;
	}
	*used = n;
	return (c->state == CH_DONE ? HTTP_DONE : HTTP_MORE);
}

/* ---- fields with structure ---- */

/* Splits "type;params": the type trimmed, params behind the semicolon. */
static struct http_str
media_type(struct http_str v, struct http_str *params)
{
	const char *semi;

	params->p = NULL;
	params->len = 0;
	if (v.p == NULL)
		return (v);
	semi = memchr(v.p, ';', v.len);
	if (semi == NULL)
		return (trim(v.p, v.len));
	params->p = semi + 1;
	params->len = v.len - (size_t)(semi - v.p) - 1;
	return (trim(v.p, (size_t)(semi - v.p)));
}

/* Value of a parameter, quotes dropped; p is NULL when it is not there. */
static struct http_str
media_param(struct http_str params, const char *name)
{
	struct http_str one, rest, key, none = { NULL, 0 };
	const char *eq;

	while (params.p != NULL) {
		one = media_type(params, &rest);
		params = rest;
		eq = memchr(one.p, '=', one.len);
		if (eq == NULL)
			continue;
		key = trim(one.p, (size_t)(eq - one.p));
		if (!http_caseeq(key, name))
			continue;
		one = trim(eq + 1, one.len - (size_t)(eq - one.p) - 1);
		if (one.len >= 2 && one.p[0] == '"' &&
		    one.p[one.len - 1] == '"') {
			one.p++;
			one.len -= 2;
		}
		return (one);
	}
	return (none);
}

int
http_media_is(struct http_str v, const char *type)
{
	struct http_str params, cs;

	if (!http_caseeq(media_type(v, &params), type))
		return (0);
	cs = media_param(params, "charset");
	return (cs.p == NULL || http_caseeq(cs, "utf-8") ||
	    http_caseeq(cs, "utf8"));
}

static int
weight_is_zero(struct http_str params)
{
	struct http_str q = media_param(params, "q");
	size_t i;

	if (q.p == NULL || q.len == 0)
		return (0);
	for (i = 0; i < q.len; i++) {
		if (q.p[i] != '0' && q.p[i] != '.')
			return (0);
	}
	return (1);
}

int
http_accepts(const struct http_head *h, const char *type)
{
	struct http_str rest, el, params;
	size_t i;

	for (i = 0; i < h->nhdr; i++) {
		if (h->hdr[i].field != HF_ACCEPT)
			continue;
		rest = h->hdr[i].value;
		while (list_next(&rest, &el)) {
			if (http_caseeq(media_type(el, &params), type) &&
			    !weight_is_zero(params))
				return (1);
		}
	}
	return (0);
}

/* One Cookie line: 0 found, 1 not there, -1 refused. */
static int
cookie_line(struct http_str v, const char *name, char *out, size_t size,
    int *found)
{
	struct http_str one, rest;
	const char *eq;
	size_t n;

	for (; v.p != NULL; v = rest) {
		one = media_type(v, &rest);
		eq = memchr(one.p, '=', one.len);
		if (eq == NULL)
			continue;
		n = (size_t)(eq - one.p);
		if (n != strlen(name) || memcmp(one.p, name, n) != 0)
			continue;
		one.p = eq + 1;
		one.len -= n + 1;
		if (one.len >= size)
			return (-1);
		if (*found && (strlen(out) != one.len ||
		    memcmp(out, one.p, one.len) != 0))
			return (-1);
		memcpy(out, one.p, one.len);
		out[one.len] = '\0';
		*found = 1;
	}
	return (0);
}

int
http_cookie_in(struct http_str v, const char *name, char *out, size_t size)
{
	int found = 0;

	if (cookie_line(v, name, out, size, &found) == -1)
		return (-1);
	return (found ? 0 : -1);
}

int
http_cookie(const struct http_head *h, const char *name, char *out,
    size_t size)
{
	size_t i;
	int found = 0;

	for (i = 0; i < h->nhdr; i++) {
		if (h->hdr[i].field == HF_COOKIE && cookie_line(
		    h->hdr[i].value, name, out, size, &found) == -1)
			return (-1);
	}
	return (found ? 0 : -1);
}
