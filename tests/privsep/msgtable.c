/* SPDX-License-Identifier: ISC */
/*
 * msgtable.c: the rows of common/msg.c as the MESSAGES section of
 * keepd-privsep.7.  lint.sh compares; run with -w FILE to write it anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

static const struct {
	uint32_t	 kind;
	const char	*first, *second;
} kinds[] = {
	{ CK_MASTER_LISTENER, "master", "listener" },
	{ CK_MASTER_AUTHD, "master", "authd" },
	{ CK_MASTER_PWHASH, "master", "pwhash" },
	{ CK_MASTER_TOOLD, "master", "toold" },
	{ CK_MASTER_SIGND, "master", "signd" },
	{ CK_LISTENER_AUTHD, "listener", "authd" },
	{ CK_LISTENER_TOOLD, "listener", "toold" },
	{ CK_LISTENER_SIGND, "listener", "signd" },
	{ CK_AUTHD_TOOLD, "authd", "toold" },
	{ CK_AUTHD_PWHASH, "authd", "pwhash" },
	{ CK_CTL_MASTER, "keepctl", "master" },
	{ CK_CTL_AUTHD, "keepctl", "authd" },
	{ CK_CTL_TOOLD, "keepctl", "toold" },
};

static void
row_print(FILE *f, const struct msg_row *r)
{
	fprintf(f, ".It %s\n%zu bytes", r->name, r->size);
	if (r->tail_max != 0)
		fprintf(f, " and at most %zu behind them", r->tail_max);
	if (r->flags & MSG_FD)
		fprintf(f, ", one descriptor");
	if (r->flags & MSG_BULK)
		fprintf(f, ", under credit");
	if (r->flags & MSG_SECRET)
		fprintf(f, ", wiped when handled");
	if (r->states == CS_RUN)
		fprintf(f, ", in service only");
	fprintf(f, "\n");
}

static void
direction_print(FILE *f, size_t k, enum msg_dir dir)
{
	const struct msg_row	*r;
	size_t			 i, n = 0;

	for (i = 0; (r = msg_row_at(i)) != NULL; i++) {
		if (!(r->kinds & kinds[k].kind) || !(r->dir & dir))
			continue;
		if (n++ == 0)
			fprintf(f, ".Ss %s to %s\n.Bl -tag -width Ds "
			    "-compact\n", dir == DIR_DOWN ? kinds[k].first :
			    kinds[k].second, dir == DIR_DOWN ?
			    kinds[k].second : kinds[k].first);
		row_print(f, r);
	}
	if (n != 0)
		fprintf(f, ".El\n");
}

static void
table_print(FILE *f)
{
	size_t	k;

	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		direction_print(f, k, DIR_DOWN);
		direction_print(f, k, DIR_UP);
	}
}

static const char begin[] = ".\\\" generated: begin\n";
static const char end[] = ".\\\" generated: end\n";

/* The text of file with the section between the marks made anew. */
static char *
page_make(const char *file, char **old)
{
	char	*text, *a, *b, *section;
	size_t	 n, size;
	FILE	*f;

	if ((f = fopen(file, "r")) == NULL ||
	    (text = calloc(1, 1 << 20)) == NULL)
		return (NULL);
	n = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	text[n] = '\0';
	if ((a = strstr(text, begin)) == NULL ||
	    (b = strstr(text, end)) == NULL)
		return (NULL);
	f = open_memstream(&section, &size);
	if (f == NULL)
		return (NULL);
	fwrite(text, 1, (size_t)(a - text) + strlen(begin), f);
	table_print(f);
	fputs(b, f);
	fclose(f);
	*old = text;
	return (section);
}

int
main(int argc, char **argv)
{
	char	*old, *new;
	FILE	*f;
	int	 write_it;

	if (argc == 1) {
		table_print(stdout);
		return (0);
	}
	write_it = argc == 3 && strcmp(argv[1], "-w") == 0;
	if (argc > 3 || (argc == 3 && !write_it)) {
		fprintf(stderr, "usage: msgtable [[-w] FILE]\n");
		return (2);
	}
	if ((new = page_make(argv[argc - 1], &old)) == NULL) {
		perror(argv[argc - 1]);
		return (2);
	}
	if (strcmp(old, new) == 0)
		return (0);
	if (!write_it) {
		fprintf(stderr, "%s differs from common/msg.c: run "
		    "msgtable -w\n", argv[1]);
		return (1);
	}
	if ((f = fopen(argv[2], "w")) == NULL)
		return (2);
	fputs(new, f);
	return (fclose(f) != 0);
}
