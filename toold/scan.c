/* SPDX-License-Identifier: ISC */
/*
 * scan.c: see scan.h.  Runs in toold, on bytes that come from the network;
 * trusts nothing, calls nothing but memory functions.  What it lets through
 * is what mcp.c and jansson get to see.
 */
#include <string.h>

#include "scan.h"

/* Levels whose keys are looked at; a key's row says where it leads. */
enum level { LV_OTHER, LV_MESSAGE, LV_PARAMS, LV_META, LV_ITEMS };

struct scanner {
	const char	*p, *start, *end;
	struct scan	*out;
	size_t		 tokens, max_tokens;
	unsigned int	 depth;
};

#define OFF(field)	offsetof(struct scan, field)
static const struct key_row {
	const char	*name;
	unsigned int	 len;
	enum level	 level;
	enum level	 child;
	size_t		 off;
} key_rows[] = {
	{ "jsonrpc", 7, LV_MESSAGE, LV_OTHER, OFF(jsonrpc) },
	{ "id", 2, LV_MESSAGE, LV_OTHER, OFF(id) },
	{ "method", 6, LV_MESSAGE, LV_OTHER, OFF(method) },
	{ "params", 6, LV_MESSAGE, LV_PARAMS, OFF(params) },
	{ "result", 6, LV_MESSAGE, LV_OTHER, OFF(result) },
	{ "error", 5, LV_MESSAGE, LV_OTHER, OFF(error) },
	{ "name", 4, LV_PARAMS, LV_OTHER, OFF(name) },
	{ "uri", 3, LV_PARAMS, LV_OTHER, OFF(uri) },
	{ "arguments", 9, LV_PARAMS, LV_OTHER, OFF(arguments) },
	{ "_meta", 5, LV_PARAMS, LV_META, OFF(meta) },
	{ "inputResponses", 14, LV_PARAMS, LV_OTHER, OFF(input_responses) },
	{ "requestState", 12, LV_PARAMS, LV_OTHER, OFF(request_state) },
	{ "cursor", 6, LV_PARAMS, LV_OTHER, OFF(cursor) },
	{ "protocolVersion", 15, LV_PARAMS, LV_OTHER, OFF(version) },
	{ "capabilities", 12, LV_PARAMS, LV_OTHER, OFF(capabilities) },
	{ "clientInfo", 10, LV_PARAMS, LV_OTHER, OFF(client_info) },
	{ "io.modelcontextprotocol/protocolVersion", 39, LV_META, LV_OTHER,
	    OFF(meta_version) },
	{ "io.modelcontextprotocol/clientCapabilities", 42, LV_META,
	    LV_OTHER, OFF(meta_capabilities) },
	{ "io.modelcontextprotocol/clientInfo", 34, LV_META, LV_OTHER,
	    OFF(meta_client_info) },
	{ "progressToken", 13, LV_META, LV_OTHER, OFF(meta_progress) },
	{ "io.modelcontextprotocol/logLevel", 32, LV_META, LV_OTHER,
	    OFF(meta_log_level) },
	{ "level", 5, LV_PARAMS, LV_OTHER, OFF(level) },
	{ "requestId", 9, LV_PARAMS, LV_OTHER, OFF(request_id) },
	{ "notifications", 13, LV_PARAMS, LV_OTHER, OFF(notifications) },
};

static enum scan_verdict	 scan_value(struct scanner *, enum level);

static void
skip_blanks(struct scanner *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' ||
	    *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static int
hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

/* Four hex digits at p: their value, or -1. */
static long
hex4(const char *p, const char *end)
{
	long v = 0;
	int i, d;

	if (end - p < 4)
		return (-1);
	for (i = 0; i < 4; i++) {
		if ((d = hex_digit((unsigned char)p[i])) == -1)
			return (-1);
		v = v << 4 | d;
	}
	return (v);
}

/* The code point of the \u escape at p ("\uXXXX"), its length; or -1. */
static long
unicode_escape(const char *p, const char *end, size_t *len)
{
	long hi, lo;

	*len = 6;
	if ((hi = hex4(p + 2, end)) == -1)
		return (-1);
	if (hi < 0xd800 || hi > 0xdfff)
		return (hi);
	if (hi > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return (-1);
	if ((lo = hex4(p + 8, end)) < 0xdc00 || lo > 0xdfff)
		return (-1);
	*len = 12;
	return (0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00));
}

/* Length of the UTF-8 sequence at p, which begins with a byte >= 0x80; or 0. */
static size_t
utf8_len(const unsigned char *p, const unsigned char *end)
{
	size_t n, i;
	unsigned int lo = 0x80, hi = 0xbf;

	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return (0);
	if ((size_t)(end - p) < n)
		return (0);
	/* No overlong form, no surrogate, nothing above U+10FFFF. */
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return (0);
	for (i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return (0);
	return (n);
}

/* Eight bytes that need no look of their own: no ", \, control, high bit. */
static int
plain8(const char *p)
{
	uint64_t v, q, b;

	memcpy(&v, p, sizeof(v));
	q = v ^ 0x2222222222222222ULL;
	b = v ^ 0x5c5c5c5c5c5c5c5cULL;
	q = (q - 0x0101010101010101ULL) & ~q;
	b = (b - 0x0101010101010101ULL) & ~b;
	return (((q | b | v | (v - 0x2020202020202020ULL)) &
	    0x8080808080808080ULL) == 0);
}

static enum scan_verdict
scan_escape(struct scanner *s)
{
	size_t len;

	if (s->end - s->p < 2)
		return (SCAN_SYNTAX);
	if (s->p[1] == 'u') {
		if (unicode_escape(s->p, s->end, &len) == -1)
			return (SCAN_SYNTAX);
		s->p += len;
		return (SCAN_OK);
	}
	if (s->p[1] == '\0' || strchr("\"\\/bfnrt", s->p[1]) == NULL)
		return (SCAN_SYNTAX);
	s->p += 2;
	return (SCAN_OK);
}

static enum scan_verdict
scan_string(struct scanner *s)
{
	enum scan_verdict v;
	unsigned char c;
	size_t n;

	for (s->p++; s->p < s->end; ) {
		while (s->end - s->p >= 8 && plain8(s->p))
			s->p += 8;
		if (s->p == s->end)
			break;
		c = (unsigned char)*s->p;
		if (c == '"') {
			s->p++;
			return (SCAN_OK);
		}
		if (c < 0x20)
			return (SCAN_SYNTAX);
		if (c == '\\') {
			if ((v = scan_escape(s)) != SCAN_OK)
				return (v);
			continue;
		}
		n = 1;
		if (c >= 0x80 && (n = utf8_len((const unsigned char *)s->p,
		    (const unsigned char *)s->end)) == 0)
			return (SCAN_UTF8);
		s->p += n;
	}
	return (SCAN_SYNTAX);
}

/* One digit or more. */
static int
scan_digits(struct scanner *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (s->p > from);
}

static enum scan_verdict
scan_number(struct scanner *s)
{
	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;
	else if (!scan_digits(s))
		return (SCAN_SYNTAX);
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!scan_digits(s))
			return (SCAN_SYNTAX);
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!scan_digits(s))
			return (SCAN_SYNTAX);
	}
	return (SCAN_OK);
}

static enum scan_verdict
scan_word(struct scanner *s, const char *word, size_t len)
{
	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
		return (SCAN_SYNTAX);
	s->p += len;
	return (SCAN_OK);
}

/* FNV-1a over the decoded key: equal keys have equal numbers. */
static uint64_t
key_hash(const char *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	while (len-- > 0)
		h = (h ^ (unsigned char)*p++) * 0x100000001b3ULL;
	return (h);
}

/*
 * A key of a looked-at object: find its row and see that it is new.  A key
 * too long to decode here is no key of ours, and is taken as written.
 */
static enum scan_verdict
look_at_key(const struct span *raw, enum level lv, uint64_t *seen,
    unsigned int *nseen, const struct key_row **row)
{
	char text[128];
	const char *key = raw->p + 1;
	size_t len = raw->len - 2, i;
	uint64_t h;
	long n;

	*row = NULL;
	if (memchr(key, '\\', len) != NULL &&
	    (n = span_string(raw, text, sizeof(text))) != -1) {
		key = text;
		len = (size_t)n;
	}
	h = key_hash(key, len);
	for (i = 0; i < *nseen; i++)
		if (seen[i] == h)
			return (SCAN_DUPLICATE);
	if (*nseen == SCAN_KEYS_MAX)
		return (SCAN_KEYS);
	seen[(*nseen)++] = h;
	for (i = 0; i < sizeof(key_rows) / sizeof(key_rows[0]); i++)
		if (key_rows[i].level == lv && key_rows[i].len == len &&
		    memcmp(key_rows[i].name, key, len) == 0)
			*row = &key_rows[i];
	return (SCAN_OK);
}

/* "key" : at p. */
static enum scan_verdict
scan_key(struct scanner *s, struct span *raw)
{
	enum scan_verdict v;

	skip_blanks(s);
	if (s->p == s->end || *s->p != '"')
		return (SCAN_SYNTAX);
	if (++s->tokens > s->max_tokens)
		return (SCAN_TOKENS);
	raw->p = s->p;
	if ((v = scan_string(s)) != SCAN_OK)
		return (v);
	raw->len = (size_t)(s->p - raw->p);
	skip_blanks(s);
	if (s->p == s->end || *s->p++ != ':')
		return (SCAN_SYNTAX);
	return (SCAN_OK);
}

/* The value of a member whose key has a row: keep where it is. */
static enum scan_verdict
scan_known(struct scanner *s, const struct key_row *row)
{
	struct span *sp = (struct span *)(void *)((char *)s->out + row->off);
	enum scan_verdict v;

	skip_blanks(s);
	sp->p = s->p;
	if ((v = scan_value(s, row->child)) != SCAN_OK)
		return (v);
	sp->len = (size_t)(s->p - sp->p);
	return (SCAN_OK);
}

/* After a value in a container: 1 go on, 0 closed, -1 neither. */
static int
scan_next(struct scanner *s, char close)
{
	skip_blanks(s);
	if (s->p == s->end)
		return (-1);
	if (*s->p == ',') {
		s->p++;
		return (1);
	}
	if (*s->p != close)
		return (-1);
	s->p++;
	return (0);
}

/* Is the container that was just opened closed at once? */
static int
scan_empty(struct scanner *s, char close)
{
	s->p++;
	skip_blanks(s);
	if (s->p == s->end || *s->p != close)
		return (0);
	s->p++;
	return (1);
}

static enum scan_verdict
scan_plain_object(struct scanner *s)
{
	struct span raw;
	enum scan_verdict v;
	int more;

	if (scan_empty(s, '}'))
		return (SCAN_OK);
	do {
		if ((v = scan_key(s, &raw)) != SCAN_OK ||
		    (v = scan_value(s, LV_OTHER)) != SCAN_OK)
			return (v);
		if ((more = scan_next(s, '}')) == -1)
			return (SCAN_SYNTAX);
	} while (more);
	return (SCAN_OK);
}

static enum scan_verdict
scan_object(struct scanner *s, enum level lv)
{
	uint64_t seen[SCAN_KEYS_MAX];
	const struct key_row *row;
	unsigned int nseen = 0;
	struct span raw;
	enum scan_verdict v;
	int more;

	if (lv == LV_OTHER)
		return (scan_plain_object(s));
	if (scan_empty(s, '}'))
		return (SCAN_OK);
	do {
		if ((v = scan_key(s, &raw)) != SCAN_OK ||
		    (v = look_at_key(&raw, lv, seen, &nseen, &row)) !=
		    SCAN_OK)
			return (v);
		v = row != NULL ? scan_known(s, row) :
		    scan_value(s, LV_OTHER);
		if (v != SCAN_OK)
			return (v);
		if ((more = scan_next(s, '}')) == -1)
			return (SCAN_SYNTAX);
	} while (more);
	return (SCAN_OK);
}

static enum scan_verdict
scan_array(struct scanner *s, int items)
{
	struct span *sp = NULL;
	enum scan_verdict v;
	int more;

	if (scan_empty(s, ']'))
		return (items ? SCAN_BATCH : SCAN_OK);
	do {
		skip_blanks(s);
		if (items) {
			if (s->out->nitems == SCAN_BATCH_MAX)
				return (SCAN_BATCH);
			sp = &s->out->item[s->out->nitems++];
			sp->p = s->p;
		}
		if ((v = scan_value(s, LV_OTHER)) != SCAN_OK)
			return (v);
		if (sp != NULL)
			sp->len = (size_t)(s->p - sp->p);
		if ((more = scan_next(s, ']')) == -1)
			return (SCAN_SYNTAX);
	} while (more);
	return (SCAN_OK);
}

static enum scan_verdict
scan_container(struct scanner *s, enum level lv)
{
	enum scan_verdict v;

	if (++s->depth > SCAN_DEPTH_MAX)
		return (SCAN_DEPTH);
	v = *s->p == '{' ? scan_object(s, lv == LV_ITEMS ? LV_OTHER : lv) :
	    scan_array(s, lv == LV_ITEMS);
	s->depth--;
	return (v);
}

static enum scan_verdict
scan_value(struct scanner *s, enum level lv)
{
	skip_blanks(s);
	if (s->p == s->end)
		return (SCAN_SYNTAX);
	if (++s->tokens > s->max_tokens)
		return (SCAN_TOKENS);
	switch (*s->p) {
	case '{':
	case '[':
		return (scan_container(s, lv));
	case '"':
		return (scan_string(s));
	case 't':
		return (scan_word(s, "true", 4));
	case 'f':
		return (scan_word(s, "false", 5));
	case 'n':
		return (scan_word(s, "null", 4));
	default:
		return (scan_number(s));
	}
}

static size_t
tokens_allowed(size_t len)
{
	size_t n = len / SCAN_TOKEN_LEN;

	if (n < SCAN_TOKENS_MIN)
		return (SCAN_TOKENS_MIN);
	return (n > SCAN_TOKENS_MAX ? SCAN_TOKENS_MAX : n);
}

/*
 * Check a whole body.  The spans point into it.
 */
enum scan_verdict
scan_message(const char *text, size_t len, struct scan *out)
{
	struct scanner s = { text, text, text + len, out, 0,
	    tokens_allowed(len), 0 };
	enum scan_verdict v;
	enum level lv;

	memset(out, 0, offsetof(struct scan, item));
	out->at = 0;
	skip_blanks(&s);
	if (s.p == s.end)
		return (SCAN_SYNTAX);
	out->batch = *s.p == '[';
	lv = out->batch ? LV_ITEMS : LV_MESSAGE;
	if (!out->batch && *s.p != '{') {
		v = scan_value(&s, LV_OTHER);
		if (v == SCAN_OK)
			v = SCAN_SHAPE;
	} else
		v = scan_value(&s, lv);
	skip_blanks(&s);
	if (v == SCAN_OK && s.p != s.end)
		v = SCAN_SYNTAX;
	out->at = (size_t)(s.p - s.start);
	return (v);
}

const char *
scan_text(enum scan_verdict v)
{
	static const char *const text[] = {
		[SCAN_OK] = "OK",
		[SCAN_SYNTAX] = "Parse error: the body is not valid JSON",
		[SCAN_UTF8] = "Parse error: the body is not valid UTF-8",
		[SCAN_DEPTH] = "Invalid Request: nested deeper than 32 levels",
		[SCAN_TOKENS] = "Invalid Request: too many values and keys "
		    "(20000, or one for 8 bytes up to 100000): send less at "
		    "once",
		[SCAN_DUPLICATE] = "Invalid Request: a key comes twice in the "
		    "message, its params or _meta",
		[SCAN_KEYS] = "Invalid Request: more than 64 members in the "
		    "message, its params or _meta",
		[SCAN_BATCH] = "Invalid Request: a batch has 1 to 32 messages",
		[SCAN_SHAPE] = "Invalid Request: the body is not an object",
	};

	return (text[v]);
}

int
span_type(const struct span *sp)
{
	if (sp->p == NULL)
		return (0);
	if (*sp->p == '-' || (*sp->p >= '0' && *sp->p <= '9'))
		return ('0');
	return (*sp->p);
}

/* UTF-8 of a code point: its length. */
static size_t
utf8_put(char *out, long cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return (1);
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return (2);
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return (3);
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return (4);
}

/* Decode the escape at *p and pass it: bytes in out, their number, or 0. */
static size_t
put_escape(const char **p, const char *end, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *f;
	size_t len;
	long cp;

	if (end - *p >= 2 && (*p)[1] != 'u') {
		if ((*p)[1] == '\0' || (f = strchr(from, (*p)[1])) == NULL)
			return (0);
		out[0] = to[f - from];
		*p += 2;
		return (1);
	}
	if (end - *p < 6 || (cp = unicode_escape(*p, end, &len)) <= 0)
		return (0);
	*p += len;
	return (utf8_put(out, cp));
}

long
span_string(const struct span *sp, char *out, size_t cap)
{
	const char *p, *end;
	char one[4];
	size_t n = 0, k;

	if (span_type(sp) != '"' || sp->len < 2)
		return (-1);
	end = sp->p + sp->len - 1;
	for (p = sp->p + 1; p < end; n += k) {
		if (*p == '\\')
			k = put_escape(&p, end, one);
		else {
			one[0] = *p++;
			k = 1;
		}
		if (k == 0 || n + k >= cap)
			return (-1);
		memcpy(out + n, one, k);
	}
	if (n >= cap)
		return (-1);
	out[n] = '\0';
	return ((long)n);
}

int
span_is(const struct span *sp, const char *text)
{
	char copy[128];
	size_t len = strlen(text);
	long n;

	if (span_type(sp) != '"')
		return (0);
	if (sp->len == len + 2 && memcmp(sp->p + 1, text, len) == 0)
		return (1);
	n = span_string(sp, copy, sizeof(copy));
	return (n == (long)len && memcmp(copy, text, len) == 0);
}
