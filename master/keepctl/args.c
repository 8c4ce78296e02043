/* SPDX-License-Identifier: ISC */
/*
 * args.c: typed words into the one struct that crosses the socket, by the
 * rows of ctl.c alone.  Runs in keepctl as the admin; touches the terminal
 * only to ask for a password.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keepctl.h"
#include "text.h"

/* How many words of argv the words of a row are, 0 if they are others. */
static int
words_match(const char *words, int argc, char **argv)
{
	size_t	len;
	int	n = 0;

	while (*words != '\0') {
		len = strcspn(words, " ");
		if (n == argc || strlen(argv[n]) != len ||
		    memcmp(argv[n], words, len) != 0)
			return (0);
		n++;
		words += len;
		words += *words == ' ';
	}
	return (n);
}

const struct ctl_row *
row_find(int argc, char **argv, int *used)
{
	const struct ctl_row *r, *best = NULL;
	unsigned int	 i;
	int		 n;

	*used = 0;
	for (i = 0; (r = ctl_row_at(i)) != NULL; i++) {
		n = r->words != NULL ? words_match(r->words, argc, argv) : 0;
		if (n > *used) {
			*used = n;
			best = r;
		}
	}
	return (best);
}

void
row_usage(const struct ctl_row *r)
{
	fprintf(stderr, "usage: keepctl [-j] [-s directory] %s%s%s\n",
	    r->words, r->args[0] != '\0' ? " " : "", r->args);
	quit(EXIT_USAGE);
}

static void
field_set(const char *what, char *out, size_t size, const char *value)
{
	if (value[0] == '\0')
		die(EXIT_USAGE, "%s is empty", what);
	if (text_set(out, size, value) == -1)
		die(EXIT_USAGE, "%s is longer than %zu bytes", what, size - 1);
	if (!text_field_ok(out, size))
		die(EXIT_USAGE, "%s is not valid UTF-8", what);
}

static void
number_set(struct msg_ctl *m, const char *value)
{
	uint64_t	n;

	if (num_parse(value, strlen(value), INT64_MAX, &n) == -1)
		die(EXIT_USAGE, "\"%s\" is not a number", value);
	m->number = (int64_t)n;
}

/* One argument of the kind that a letter of take (or opts) says. */
static void
arg_set(struct msg_ctl *m, char kind, const char *value)
{
	switch (kind) {
	case 'n':
		field_set("the name", m->name, sizeof(m->name), value);
		break;
	case 'o':
		field_set("the second name", m->other, sizeof(m->other),
		    value);
		break;
	case 't':
		field_set("the text", m->text, sizeof(m->text), value);
		break;
	default:
		number_set(m, value);
	}
}

/* All that is left, joined by one blank each. */
static void
rest_set(struct msg_ctl *m, int argc, char **argv)
{
	size_t	n = 0;
	int	i;

	for (i = 0; i < argc; i++) {
		n += (size_t)snprintf(m->text + n, sizeof(m->text) - n,
		    "%s%s", i > 0 ? " " : "", argv[i]);
		if (n >= sizeof(m->text))
			die(EXIT_USAGE, "the text is longer than %zu bytes",
			    sizeof(m->text) - 1);
	}
	if (!text_field_ok(m->text, sizeof(m->text)))
		die(EXIT_USAGE, "the text is not valid UTF-8");
}

/* The letters of opts without their fields, as getopt(3) wants them. */
static void
opts_letters(const char *opts, char *out, size_t size)
{
	size_t	n = 0;

	for (; *opts != '\0' && n + 3 < size; opts++) {
		if (n == 0)
			out[n++] = '+';
		out[n++] = *opts;
		if (opts[1] == ':' && opts[2] != '\0') {
			out[n++] = ':';
			opts += 2;
		}
	}
	out[n] = '\0';
}

static void
opt_set(const struct ctl_row *r, struct msg_ctl *m, int letter)
{
	const char	*p;
	uint32_t	 bit = 1;

	for (p = r->opts; *p != '\0'; p++, bit <<= 1) {
		if (*p == letter) {
			m->flags |= bit;
			if (p[1] == ':')
				arg_set(m, p[2], optarg);
			return;
		}
		if (p[1] == ':')
			p += 2;
	}
}

static int
opts_take(const struct ctl_row *r, struct msg_ctl *m, int argc, char **argv)
{
	char	letters[32];
	int	c;

	opts_letters(r->opts, letters, sizeof(letters));
	if (letters[0] == '\0')
		snprintf(letters, sizeof(letters), "+");
	/* The word before the options stands where getopt expects argv[0]. */
#ifdef __GLIBC__
	optind = 0;
#else
	optind = optreset = 1;
#endif
	while ((c = getopt(argc + 1, argv - 1, letters)) != -1) {
		if (c == '?')
			row_usage(r);
		opt_set(r, m, c);
	}
	return (optind - 1);
}

static void
args_take(const struct ctl_row *r, struct msg_ctl *m, int argc, char **argv)
{
	const char	*p;
	int		 optional = 0, i = 0;

	for (p = r->take; *p != '\0'; p++) {
		if (*p == '?')
			optional = 1;
		if (*p == '?' || *p == 'p')
			continue;
		if (i == argc) {
			if (!optional)
				row_usage(r);
			return;
		}
		if (*p == 'T') {
			rest_set(m, argc - i, argv + i);
			return;
		}
		arg_set(m, *p, argv[i++]);
	}
	if (i != argc)
		row_usage(r);
}

void
row_fill(const struct ctl_row *r, int argc, char **argv, struct msg_ctl *m)
{
	int	n, from_stdin = 0, wants_secret;

	memset(m, 0, sizeof(*m));
	m->command = r->command;
	n = opts_take(r, m, argc, argv);
	argc -= n;
	argv += n;
	/* Of several ways to say whom, one is needed. */
	if (argc == 0 && m->flags == 0 && strchr(r->args, '|') != NULL &&
	    r->take[0] == '?')
		row_usage(r);
	wants_secret = strchr(r->take, 'p') != NULL;
	if (wants_secret && argc > 0 && strcmp(argv[argc - 1], "-") == 0) {
		from_stdin = 1;
		argc--;
	}
	args_take(r, m, argc, argv);
	if (wants_secret)
		secret_ask(from_stdin, m->secret, sizeof(m->secret));
}
