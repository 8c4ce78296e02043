/* SPDX-License-Identifier: ISC */
/*
 * backup.c: both stores into a directory, and back.  Runs in keepctl with
 * the rights of who typed the command: it makes and opens the files, and
 * hands each to the process whose store it is, which is in its sandbox and
 * opens nothing.  Reads no record itself.  Keys are in no backup.
 *
 *	tool.db		toold's store, a SQLite database
 *	auth.dump	authd's store
 *	complete	says that both are whole; written last
 *
 * toold's store is copied first: authd's then knows every change that it
 * holds, and toold reports again those it has not heard acknowledged.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "keepctl.h"

#define COMPLETE	"complete"
#define COMPLETE_HEAD	"keepd backup 1\n"

static const struct part {
	const char		*name;		/* of the file */
	const char		*what;
	enum ctl_command	 backup, check, restore, status;
} parts[] = {
	{ "tool.db", "artifacts and rows", CTL_TOOLD_BACKUP, CTL_TOOLD_CHECK,
	    CTL_TOOLD_RESTORE, CTL_TOOLD_STATUS },
	{ "auth.dump", "users, grants and records", CTL_AUTHD_BACKUP,
	    CTL_AUTHD_CHECK, CTL_AUTHD_RESTORE, CTL_AUTHD_STATUS }
};
#define NPARTS	(sizeof(parts) / sizeof(parts[0]))

static const struct part	*now;	/* whose progress is shown */

/* "DONE TAB ALL", in bytes; only for somebody who watches. */
static void
on_progress(const char *text)
{
	unsigned long long	done, all;

	if (!isatty(STDERR_FILENO) ||
	    sscanf(text, "%llu\t%llu", &done, &all) != 2 || all == 0)
		return;
	fprintf(stderr, "\r%s: %llu of %llu MiB ", now->what, done >> 20,
	    all >> 20);
	if (done == all)
		fputc('\n', stderr);
}

static void
on_nothing(const char *text)
{
}

/* ---- backup ---- */

static void
backup_undo(int dir, const char *path)
{
	char	part[64];
	size_t	i;

	for (i = 0; i < NPARTS; i++) {
		snprintf(part, sizeof(part), "%s.part", parts[i].name);
		(void)unlinkat(dir, part, 0);
		(void)unlinkat(dir, parts[i].name, 0);
	}
	(void)unlinkat(dir, COMPLETE ".part", 0);
	(void)rmdir(path);
}

static int
file_finish(int dir, int fd, const char *part, const char *name)
{
	int	rv = 0;

	if (fsync(fd) == -1 || renameat(dir, part, dir, name) == -1) {
		fprintf(stderr, "keepctl: %s: %s\n", name, strerror(errno));
		rv = -1;
	}
	close(fd);
	return (rv);
}

static int
part_backup(int dir, const struct part *p)
{
	struct msg_ctl	m;
	char		part[64], text[512];
	int		fd, status;

	snprintf(part, sizeof(part), "%s.part", p->name);
	fd = openat(dir, part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1) {
		fprintf(stderr, "keepctl: %s: %s\n", part, strerror(errno));
		return (-1);
	}
	memset(&m, 0, sizeof(m));
	m.command = p->backup;
	now = p;
	status = ctl_run_file(ctl_row(p->backup), &m, fd, on_progress, text,
	    sizeof(text));
	if (status != EXIT_DONE) {
		fprintf(stderr, "keepctl: %s: %s\n", p->name, text);
		close(fd);
		return (-1);
	}
	printf("%s: %s, %s\n", p->name, p->what, text);
	return (file_finish(dir, fd, part, p->name));
}

static int
complete_write(int dir)
{
	char	text[160], when[25];
	int	fd, n;

	wall_iso(wall_ms(), when);
	n = snprintf(text, sizeof(text), COMPLETE_HEAD "made %s by keepctl "
	    "%s\n", when, KEEPD_VERSION);
	fd = openat(dir, COMPLETE ".part", O_WRONLY | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, text, (size_t)n) != n) {
		fprintf(stderr, "keepctl: %s: %s\n", COMPLETE,
		    strerror(errno));
		if (fd != -1)
			close(fd);
		return (-1);
	}
	return (file_finish(dir, fd, COMPLETE ".part", COMPLETE));
}

int
cmd_backup(int argc, char **argv)
{
	const char	*path;
	size_t		 i;
	int		 dir;

	if (argc != 1 || argv[0][0] == '-' || argv[0][0] == '\0')
		return (EXIT_USAGE);
	path = argv[0];
	umask(077);
	if (mkdir(path, 0700) == -1)
		die(EXIT_REFUSED, "%s: %s: a backup makes a new directory",
		    path, strerror(errno));
	if ((dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC)) == -1)
		die(EXIT_REFUSED, "%s: %s", path, strerror(errno));
	for (i = 0; i < NPARTS; i++)
		if (part_backup(dir, &parts[i]) == -1)
			break;
	if (i < NPARTS || complete_write(dir) == -1 || fsync(dir) == -1) {
		backup_undo(dir, path);
		die(EXIT_REFUSED, "there is no backup");
	}
	close(dir);
	printf("%s: complete, without the keys\n", path);
	return (EXIT_DONE);
}

/* ---- keys: apart from the stores, and never through our memory ---- */

int
cmd_key_backup(int argc, char **argv)
{
	struct msg_ctl	m;
	char		text[512];
	int		fd, status;

	if (argc != 1 || argv[0][0] == '-' || argv[0][0] == '\0')
		return (EXIT_USAGE);
	umask(077);
	fd = open(argv[0], O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		die(EXIT_REFUSED, "%s: %s: a backup makes a new file", argv[0],
		    strerror(errno));
	memset(&m, 0, sizeof(m));
	m.command = CTL_KEY_BACKUP;
	status = ctl_run_file(ctl_row(m.command), &m, fd, on_nothing, text,
	    sizeof(text));
	close(fd);
	if (status != EXIT_DONE) {
		(void)unlink(argv[0]);
		die(EXIT_REFUSED, "%s", text);
	}
	printf("%s: %s; whoever has it can sign as this server\n", argv[0],
	    text);
	return (EXIT_DONE);
}

/* ---- restore ---- */

static int
part_open(const char *path, const char *name)
{
	char	full[PATH_MAX];
	int	fd;

	if (snprintf(full, sizeof(full), "%s/%s", path, name) >=
	    (int)sizeof(full))
		die(EXIT_USAGE, "%s: the path is too long", path);
	if ((fd = open(full, O_RDONLY | O_CLOEXEC)) == -1)
		die(EXIT_REFUSED, "%s: %s: this is no complete backup", full,
		    strerror(errno));
	return (fd);
}

static void
complete_check(const char *path)
{
	char	text[sizeof(COMPLETE_HEAD)];
	ssize_t	n;
	int	fd = part_open(path, COMPLETE);

	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n != (ssize_t)sizeof(text) - 1 ||
	    memcmp(text, COMPLETE_HEAD, sizeof(text) - 1) != 0)
		die(EXIT_REFUSED, "%s/%s: not of a backup this keepctl knows",
		    path, COMPLETE);
}

static void
part_do(const struct part *p, enum ctl_command command, int fd,
    uint32_t flags)
{
	struct msg_ctl	m;
	char		text[512];
	int		status;

	memset(&m, 0, sizeof(m));
	m.command = command;
	m.flags = flags;
	now = p;
	status = ctl_run_file(ctl_row(command), &m, fd, on_nothing, text,
	    sizeof(text));
	if (status != EXIT_DONE)
		die(EXIT_REFUSED, "%s: %s", p->name, text);
	if (command == p->check)
		printf("%s: %s\n", p->name, text);
}

/* The process that took a store has ended: wait for the next to serve it. */
static void
part_wait(const struct part *p)
{
	struct msg_ctl	m;

	memset(&m, 0, sizeof(m));
	m.command = p->status;
	(void)ctl_wait_for(ctl_row(p->status), &m);
}

static int
restore_opts(int *argc, char ***argv, uint32_t *flags)
{
	const char	*p;

	*flags = 0;
	for (; *argc > 0 && (*argv)[0][0] == '-'; (*argc)--, (*argv)++)
		for (p = (*argv)[0] + 1; *p != '\0'; p++) {
			if (*p == 'f')
				*flags |= CTLF_RESTORE_OVER;
			else if (*p == 'k')
				*flags |= CTLF_RESTORE_KEYS;
			else
				return (-1);
		}
	return (*argc == 1 ? 0 : -1);
}

int
cmd_restore(int argc, char **argv)
{
	uint32_t	flags;
	size_t		i;
	int		fd[NPARTS];

	if (restore_opts(&argc, &argv, &flags) == -1)
		return (EXIT_USAGE);
	complete_check(argv[0]);
	for (i = 0; i < NPARTS; i++) {
		fd[i] = part_open(argv[0], parts[i].name);
		part_do(&parts[i], parts[i].check, fd[i], flags);
	}
	/* Both can be restored. */
	for (i = 0; i < NPARTS; i++) {
		part_do(&parts[i], parts[i].restore, fd[i], flags);
		close(fd[i]);
		part_wait(&parts[i]);
	}
	printf("%s: restored\n", argv[0]);
	if (flags & CTLF_RESTORE_KEYS)
		printf("With other keys: give each user a new password "
		    "(keepctl user passwd), and everybody signs in again.\n");
	return (EXIT_DONE);
}
