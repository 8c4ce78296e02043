/* SPDX-License-Identifier: ISC */
/*
 * table.c: lines of fields, separated by tabs, into aligned columns or into
 * JSON, an object a line.  Runs in keepctl as the admin.  What the server
 * sends may hold names that strangers chose: control characters never reach
 * the terminal.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "keepctl.h"

#define COLUMNS_MAX	16
#define STREAM_WIDTH	12

static char		*heads;
static char		**lines;
static size_t		 nlines;
static int		 streaming;

void
print_safe(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t	i;

	for (i = 0; i < len; i++)
		if (p[i] == 0xc2 && i + 1 < len && p[i + 1] < 0xa0) {
			putchar('?');
			i++;
		} else
			putchar(p[i] < 0x20 || p[i] == 0x7f ? '?' : p[i]);
}

/* Characters, not bytes. */
static size_t
text_width(const char *s, size_t len)
{
	size_t	i, n = 0;

	for (i = 0; i < len; i++)
		n += (s[i] & 0xc0) != 0x80;
	return (n);
}

/* Field i of a line: its length, with *p set; -1 behind the last. */
static long
field_at(const char *line, unsigned int i, const char **p)
{
	for (; i > 0; i--) {
		if ((line = strchr(line, '\t')) == NULL)
			return (-1);
		line++;
	}
	*p = line;
	return ((long)strcspn(line, "\t"));
}

static void
json_key(struct buf *b, const char *s, size_t len)
{
	size_t	i;

	buf_addc(b, '"');
	for (i = 0; i < len; i++)
		buf_addc(b, s[i] == ' ' || s[i] == '-' ? '_' :
		    (char)tolower((unsigned char)s[i]));
	buf_adds(b, "\":");
}

static void
line_json(const char *line)
{
	struct buf	 b;
	const char	*h, *f;
	long		 hl, fl;
	unsigned int	 i;

	buf_init(&b, 0);
	buf_addc(&b, '{');
	for (i = 0; (fl = field_at(line, i, &f)) != -1; i++) {
		if (i > 0)
			buf_addc(&b, ',');
		hl = heads != NULL ? field_at(heads, i, &h) : -1;
		if (hl != -1)
			json_key(&b, h, (size_t)hl);
		else
			buf_addf(&b, i == 0 ? "\"text\":" : "\"text%u\":", i);
		buf_add_json(&b, f, (size_t)fl);
	}
	buf_adds(&b, "}\n");
	fwrite(b.data, 1, b.len, stdout);
	buf_free(&b);
}

static void
line_print(const char *line, const size_t *width)
{
	const char	*f, *next;
	long		 fl;
	size_t		 w;
	unsigned int	 i;

	for (i = 0; (fl = field_at(line, i, &f)) != -1; i++) {
		print_safe(f, (size_t)fl);
		if (field_at(line, i + 1, &next) == -1)
			break;
		w = text_width(f, (size_t)fl);
		do
			putchar(' ');
		while (i < COLUMNS_MAX && ++w < width[i] + 2);
	}
	putchar('\n');
}

static void
widths_of(const char *line, size_t *width)
{
	const char	*f;
	long		 fl;
	size_t		 w;
	unsigned int	 i;

	for (i = 0; i < COLUMNS_MAX &&
	    (fl = field_at(line, i, &f)) != -1; i++)
		if ((w = text_width(f, (size_t)fl)) > width[i])
			width[i] = w;
}

static void
lines_print(void)
{
	size_t	width[COLUMNS_MAX] = { 0 }, i;

	if (nlines == 0)
		return;
	if (heads != NULL)
		widths_of(heads, width);
	for (i = 0; i < nlines; i++)
		widths_of(lines[i], width);
	if (heads != NULL)
		line_print(heads, width);
	for (i = 0; i < nlines; i++) {
		line_print(lines[i], width);
		free(lines[i]);
	}
	free(lines);
	lines = NULL;
	nlines = 0;
}

static char *
text_copy(const char *s)
{
	char	*copy;

	if ((copy = strdup(s)) == NULL)
		die(EXIT_REFUSED, "no memory");
	return (copy);
}

void
table_heads(const char *text)
{
	if (nlines > 0) {
		lines_print();
		putchar('\n');
	}
	free(heads);
	heads = text != NULL ? text_copy(text) : NULL;
}

void
table_stream(void)
{
	size_t	width[COLUMNS_MAX], i;

	streaming = 1;
	for (i = 0; i < COLUMNS_MAX; i++)
		width[i] = STREAM_WIDTH;
	if (heads != NULL && !options.json)
		line_print(heads, width);
	fflush(stdout);
}

void
table_line(const char *line)
{
	size_t	width[COLUMNS_MAX], i;
	char	**p;

	if (options.json) {
		line_json(line);
	} else if (streaming) {
		for (i = 0; i < COLUMNS_MAX; i++)
			width[i] = STREAM_WIDTH;
		line_print(line, width);
	} else {
		p = realloc(lines, (nlines + 1) * sizeof(*lines));
		if (p == NULL)
			die(EXIT_REFUSED, "no memory");
		lines = p;
		lines[nlines++] = text_copy(line);
	}
	if (streaming)
		fflush(stdout);
}

void
table_end(void)
{
	lines_print();
	free(heads);
	heads = NULL;
	fflush(stdout);
}
