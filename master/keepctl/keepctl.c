/* SPDX-License-Identifier: ISC */
/*
 * keepctl.c: the control tool.  Runs as the admin, from the command line.
 * Commands are the rows of ctl.c and the few below; each goes as a fixed
 * struct to the socket of the process that answers it, so passwords and
 * artifacts never pass through master.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ev.h"
#include "keepctl.h"
#include "log.h"
#include "secret.h"

#ifndef RUNDIR
#define RUNDIR	"/run/keepd"
#endif

struct options	options = { RUNDIR, 0 };

static int	cmd_version(int, char **);
static int	cmd_help(int, char **);

static const struct local {
	const char	*words;
	const char	*args;
	const char	*help;
	int		(*fn)(int argc, char **argv);	/* words taken off */
} locals[] = {
	{ "call", "[-u USER] TOOL [JSON | -]",
	    "call a tool as a user (admin when not said)", cmd_call },
	{ "lock list", "[-u USER]", "list edit locks", cmd_lock_list },
	{ "lock remove", "[-u USER] LOCK-ID",
	    "remove an edit lock; unsaved work under it is lost",
	    cmd_lock_remove },
	{ "export", "[-u USER] PACKAGE FILE",
	    "write a package as JSON; -t TABLE FILE: the rows of a table as "
	    "CSV", cmd_export },
	{ "import", "[-u USER] [-p PACKAGE] [-r ROLE] FILE ...",
	    "save the artifacts of JSON files; -t TABLE FILE: insert rows "
	    "from CSV", cmd_import },
	{ "backup", "DIRECTORY",
	    "copy both stores, not the keys, into a new directory",
	    cmd_backup },
	{ "restore", "[-fk] DIRECTORY",
	    "replace both stores; -f: though they hold something; -k: though "
	    "the keys are others", cmd_restore },
	{ "key backup", "FILE",
	    "write the keys to a new file, a tar archive of mode 0600",
	    cmd_key_backup },
	{ "version", "", "print the version", cmd_version },
	{ "help", "[COMMAND]", "list the commands, or explain one", cmd_help }
};
#define NLOCALS	(sizeof(locals) / sizeof(locals[0]))

void
quit(int status)
{
	exit(status);
}

void
die(int status, const char *fmt, ...)
{
	va_list	ap;

	fputs("keepctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	quit(status);
}

/* ---- help ---- */

static void
help_row(FILE *fp, const char *words, const char *args, const char *help)
{
	char	left[160];

	snprintf(left, sizeof(left), "%s %s", words, args);
	if (strlen(left) > 34)
		fprintf(fp, "  %s\n  %34s  %s\n", left, "", help);
	else
		fprintf(fp, "  %-34s  %s\n", left, help);
}

/* Commands that begin with a word; all of them for "". */
static int
help_list(FILE *fp, const char *first)
{
	const struct ctl_row *r;
	size_t		 len = strlen(first), k;
	unsigned int	 i;
	int		 n = 0;

	for (i = 0; (r = ctl_row_at(i)) != NULL; i++)
		if (r->words != NULL && strncmp(r->words, first, len) == 0) {
			help_row(fp, r->words, r->args, r->help);
			n++;
		}
	for (k = 0; k < NLOCALS; k++)
		if (strncmp(locals[k].words, first, len) == 0) {
			help_row(fp, locals[k].words, locals[k].args,
			    locals[k].help);
			n++;
		}
	return (n);
}

static void
usage_head(FILE *fp)
{
	fprintf(fp, "usage: keepctl [-j] [-s directory] command "
	    "[argument ...]\n");
}

static int
cmd_version(int argc, char **argv)
{
	printf("keepctl %s\n", KEEPD_VERSION);
	return (EXIT_DONE);
}

static int
cmd_help(int argc, char **argv)
{
	char	words[80];

	snprintf(words, sizeof(words), "%s%s%s", argc > 0 ? argv[0] : "",
	    argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	usage_head(stdout);
	if (help_list(stdout, words) == 0)
		die(EXIT_USAGE, "no command %s", words);
	return (EXIT_DONE);
}

/* ---- commands ---- */

static const struct local *
local_find(int argc, char **argv, int *used)
{
	char	two[80];
	size_t	i;

	snprintf(two, sizeof(two), "%s %s", argv[0], argc > 1 ? argv[1] : "");
	for (i = 0; i < NLOCALS; i++) {
		*used = strchr(locals[i].words, ' ') != NULL ? 2 : 1;
		if (strcmp(locals[i].words, *used == 2 ? two : argv[0]) == 0)
			return (&locals[i]);
	}
	return (NULL);
}

static int
local_run(const struct local *l, int argc, char **argv)
{
	int	status;

	if ((status = l->fn(argc, argv)) == EXIT_USAGE)
		fprintf(stderr, "usage: keepctl [-s directory] %s %s\n",
		    l->words, l->args);
	return (status);
}

/* "audit tail -f" is what hands type for "audit follow". */
static int
wants_follow(const struct ctl_row *r, int *argc, char **argv)
{
	int	i;

	if (r->command != CTL_AUDIT)
		return (0);
	for (i = 0; i < *argc; i++)
		if (strcmp(argv[i], "-f") == 0) {
			memmove(&argv[i], &argv[i + 1],
			    (size_t)(*argc - i) * sizeof(*argv));
			(*argc)--;
			return (1);
		}
	return (0);
}

static int
row_run(const struct ctl_row *r, int argc, char **argv)
{
	struct msg_ctl	m;
	int		status;

	if (wants_follow(r, &argc, argv))
		r = ctl_row(CTL_AUDIT_FOLLOW);
	row_fill(r, argc, argv, &m);
	if (options.json && (r->command == CTL_AUDIT ||
	    r->command == CTL_AUDIT_FOLLOW))
		m.flags |= CTLF_AUDIT_JSON;
	status = ctl_run(r, &m, NULL);
	secret_wipe(&m, sizeof(m));
	return (status);
}

static int
command_run(int argc, char **argv)
{
	const struct ctl_row	*r;
	const struct local	*l;
	int			 used;

	if ((l = local_find(argc, argv, &used)) != NULL)
		return (local_run(l, argc - used, argv + used));
	if ((r = row_find(argc, argv, &used)) != NULL)
		return (row_run(r, argc - used, argv + used));
	usage_head(stderr);
	if (help_list(stderr, argv[0]) == 0)
		fprintf(stderr, "keepctl: no command %s: keepctl help lists "
		    "them\n", argv[0]);
	return (EXIT_USAGE);
}

int
main(int argc, char **argv)
{
	int	c;

	log_init("keepctl", LL_WARN);
	while ((c = getopt(argc, argv, "+d:js:")) != -1)
		switch (c) {
		case 'd':
		case 's':
			options.run = optarg;
			break;
		case 'j':
			options.json = 1;
			break;
		default:
			usage_head(stderr);
			return (EXIT_USAGE);
		}
	if (optind == argc) {
		usage_head(stderr);
		help_list(stderr, "");
		return (EXIT_USAGE);
	}
	ev_init();
	return (command_run(argc - optind, argv + optind));
}
