/* SPDX-License-Identifier: ISC */
/*
 * text.c: encodings and text checks.  Runs in every program; every input is
 * taken as hostile; pure.
 */
#include <string.h>

#include "secret.h"
#include "text.h"
#include "utf8.h"

void
hex_encode(const void *src, size_t n, char *out)
{
	static const char	 digit[] = "0123456789abcdef";
	const uint8_t		*p = src;
	size_t			 i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digit[p[i] >> 4];
		out[2 * i + 1] = digit[p[i] & 15];
	}
	out[2 * n] = '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

int
hex_decode(const char *s, size_t len, void *out, size_t n)
{
	uint8_t	*p = out;
	size_t	 i;
	int	 hi, lo;

	if (len != 2 * n)
		return (-1);
	for (i = 0; i < n; i++) {
		hi = hex_value(s[2 * i]);
		lo = hex_value(s[2 * i + 1]);
		if (hi == -1 || lo == -1)
			return (-1);
		p[i] = (uint8_t)(hi << 4 | lo);
	}
	return (0);
}

static const char b64url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789-_";

void
b64url_encode(const void *src, size_t n, char *out)
{
	const uint8_t	*p = src;
	uint32_t	 acc = 0;
	int		 bits = 0;

	while (n-- > 0) {
		acc = acc << 8 | *p++;
		for (bits += 8; bits >= 6; bits -= 6)
			*out++ = b64url_alphabet[acc >> (bits - 6) & 63];
	}
	if (bits > 0)
		*out++ = b64url_alphabet[acc << (6 - bits) & 63];
	*out = '\0';
}

/* One value of either alphabet: c62 and c63 are its last two letters. */
static int
b64_value(char c, char c62, char c63)
{
	if (c >= 'A' && c <= 'Z')
		return (c - 'A');
	if (c >= 'a' && c <= 'z')
		return (c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (c - '0' + 52);
	if (c == c62)
		return (62);
	return (c == c63 ? 63 : -1);
}

static int
b64_core(const char *s, size_t len, void *dst, size_t cap, char c62, char c63)
{
	uint8_t		*out = dst;
	uint32_t	 acc = 0;
	size_t		 i, n = 0;
	int		 v, bits = 0;

	if (len % 4 == 1)
		return (-1);
	for (i = 0; i < len; i++) {
		if ((v = b64_value(s[i], c62, c63)) == -1)
			return (-1);
		acc = acc << 6 | (uint32_t)v;
		if ((bits += 6) < 8)
			continue;
		bits -= 8;
		if (n == cap)
			return (-1);
		out[n++] = (uint8_t)(acc >> bits);
	}
	if ((acc & ((1U << bits) - 1)) != 0)
		return (-1);
	return ((int)n);
}

int
b64url_decode(const char *s, size_t len, void *out, size_t cap)
{
	return (b64_core(s, len, out, cap, '-', '_'));
}

int
b64_decode(const char *s, size_t len, void *out, size_t cap)
{
	if (len % 4 != 0)
		return (-1);
	if (len != 0 && s[len - 1] == '=')
		len -= s[len - 2] == '=' ? 2 : 1;
	return (b64_core(s, len, out, cap, '+', '/'));
}

size_t
utf8_next(const uint8_t *p, size_t len, uint32_t *cp)
{
	static const uint32_t	least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t			n, i;

	if (len == 0)
		return (0);
	if (p[0] < 0x80) {
		*cp = p[0];
		return (1);
	}
	n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n > len)
		return (0);
	*cp = p[0] & (0xffU >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return (0);
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	if (*cp < least[n] || *cp > 0x10ffff ||
	    (*cp >= 0xd800 && *cp <= 0xdfff))
		return (0);
	return (n);
}

int
utf8_valid(const void *s, size_t len)
{
	const uint8_t	*p = s;
	uint32_t	 cp;
	size_t		 n;

	while (len > 0) {
		if (p[0] < 0x80)
			n = 1;
		else if ((n = utf8_next(p, len, &cp)) == 0)
			return (0);
		p += n;
		len -= n;
	}
	return (1);
}

/*
 * Characters that show nothing or change how others are shown: controls,
 * bidirectional and zero-width characters, interlinear and tag characters,
 * variation selectors, non-characters, private use.
 */
static int
cp_hidden(uint32_t cp)
{
	static const struct { uint32_t from, to; } hidden[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad },
		{ 0x34f, 0x34f }, { 0x61c, 0x61c }, { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x2800, 0x2800 },
		{ 0x3164, 0x3164 },
		{ 0xe000, 0xf8ff }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xfffe, 0xffff },
		{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0x10ffff }
	};
	size_t	i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (cp < hidden[i].from)
			return (0);
		if (cp <= hidden[i].to)
			return (1);
	}
	return (0);
}

int
text_printable(const char *s, size_t len)
{
	const uint8_t	*p = (const uint8_t *)s;
	uint32_t	 cp;
	size_t		 n;

	for (; len > 0; p += n, len -= n) {
		if ((n = utf8_next(p, len, &cp)) == 0 || cp_hidden(cp))
			return (0);
	}
	return (1);
}

static int
cp_blank(uint32_t cp)
{
	return (cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0xa0 ||
	    cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x202f ||
	    cp == 0x205f || cp == 0x3000);
}

void
text_clean(char *out, size_t cap, const char *s, size_t len)
{
	const uint8_t	*p = (const uint8_t *)s;
	uint32_t	 cp;
	size_t		 n, o = 0;
	int		 gap = 0;

	for (; len > 0; p += n, len -= n) {
		if (*p > ' ' && *p < 0x7f) {	/* most of what is cleaned */
			n = 1;
			cp = *p;
		} else if ((n = utf8_next(p, len, &cp)) == 0) {
			n = 1;
			continue;
		}
		if (cp_blank(cp)) {
			gap = o != 0;
			continue;
		}
		if (cp_hidden(cp))
			continue;
		if (o + n + (gap ? 1 : 0) >= cap)
			break;
		if (gap)
			out[o++] = ' ';
		gap = 0;
		memcpy(out + o, p, n);
		o += n;
	}
	out[o] = '\0';
}

int
text_field_ok(const char *s, size_t size)
{
	const char	*nul;
	size_t		 i;

	if ((nul = memchr(s, '\0', size)) == NULL)
		return (0);
	for (i = (size_t)(nul - s); i < size; i++)
		if (s[i] != '\0')
			return (0);
	return (utf8_valid(s, (size_t)(nul - s)));
}

int
text_setn(char *out, size_t size, const char *s, size_t len)
{
	if (len >= size || memchr(s, '\0', len) != NULL) {
		memset(out, 0, size);
		return (-1);
	}
	memcpy(out, s, len);
	memset(out + len, 0, size - len);
	return (0);
}

int
text_set(char *out, size_t size, const char *s)
{
	return (text_setn(out, size, s, strlen(s)));
}

static int
ascii_fold(int c)
{
	return (c >= 'A' && c <= 'Z' ? c + 32 : c);
}

int
ascii_casecmp(const char *a, const char *b)
{
	const uint8_t	*p = (const uint8_t *)a, *q = (const uint8_t *)b;

	while (*p != '\0' && ascii_fold(*p) == ascii_fold(*q)) {
		p++;
		q++;
	}
	return (ascii_fold(*p) - ascii_fold(*q));
}

void
ascii_lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = (char)ascii_fold((uint8_t)*s);
}

int
num_parse(const char *s, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t	v = 0, d;

	if (len == 0 || len > 20)
		return (-1);
	for (; len > 0; s++, len--) {
		if (*s < '0' || *s > '9')
			return (-1);
		d = (uint64_t)(*s - '0');
		if (v > (UINT64_MAX - d) / 10)
			return (-1);
		v = v * 10 + d;
	}
	if (v > max)
		return (-1);
	*out = v;
	return (0);
}

void
uuid_make(char *out)
{
	uint8_t	b[16];
	char	h[33];
	int	i, o = 0;

	random_bytes(b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	hex_encode(b, sizeof(b), h);
	for (i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[o++] = '-';
		out[o++] = h[i];
	}
	out[o] = '\0';
}

int
uuid_valid(const char *s, size_t len)
{
	size_t	i;

	if (len != UUID_LEN)
		return (0);
	for (i = 0; i < len; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return (0);
		} else if (hex_value(s[i]) == -1)
			return (0);
	}
	return (1);
}
