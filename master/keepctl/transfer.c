/* SPDX-License-Identifier: ISC */
/*
 * transfer.c: packages and rows out of the server and into it.  Runs in
 * keepctl with the rights of who typed the command: it opens the files and
 * hands each to toold with a handle that authd made for a user.  It judges
 * nothing in them; of several files it makes one list, and puts in the text
 * of files that an artifact points to, as checkouts of the platform's
 * packages have them.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "keepctl.h"
#include "secret.h"
#include "text.h"

#define FILES_MAX	(256U << 20)	/* bytes of all, as toold takes them */
#define POINTER		"\"file:///"

struct opts {
	const char	*user;
	const char	*table;
	const char	*package;
	const char	*role;
};

/* ---- talking to toold ---- */

/* TAB DONE TAB ALL TAB UNIT is progress; all else is for people. */
static void
on_line(const char *text)
{
	unsigned long long	done, all;
	char			unit[64];

	if (text[0] != '\t') {
		print_safe(text, strlen(text));
		putchar('\n');
		return;
	}
	if (!isatty(STDERR_FILENO) || sscanf(text, "\t%llu\t%llu\t%63[^\t]",
	    &done, &all, unit) != 3)
		return;
	if (all >= done)
		fprintf(stderr, "\r%llu of %llu %s ", done, all, unit);
	else
		fprintf(stderr, "\r%llu %s ", done, unit);
}

static int
transfer(enum ctl_command command, const struct opts *o, const char *text,
    int fd)
{
	struct msg_ctl	m;
	char		words[512];
	uint8_t		handle[HANDLE_LEN];
	int		status;

	memset(&m, 0, sizeof(m));
	m.command = command;
	m.flags = o->table != NULL ? CTLF_TRANSFER_ROWS : 0;
	if (text_set(m.text, sizeof(m.text), text) == -1 ||
	    text_set(m.other, sizeof(m.other), o->role) == -1)
		die(EXIT_USAGE, "a name is too long");
	if (!text_field_ok(m.text, sizeof(m.text)) ||
	    !text_field_ok(m.other, sizeof(m.other)))
		die(EXIT_USAGE, "a name is not valid UTF-8");
	handle_get(o->user, handle);
	hex_encode(handle, sizeof(handle), m.secret);
	secret_wipe(handle, sizeof(handle));
	status = ctl_run_file(ctl_row(command), &m, fd, on_line, words,
	    sizeof(words));
	secret_wipe(&m, sizeof(m));
	if (isatty(STDERR_FILENO))
		fputc('\n', stderr);
	if (words[0] != '\0' && status == EXIT_DONE) {
		print_safe(words, strlen(words));
		putchar('\n');
	} else if (words[0] != '\0')
		fprintf(stderr, "keepctl: %s\n", words);
	return (status);
}

/* Options in front of the words: 0, or -1. */
static int
opts_take(const char *letters, int *argc, char ***argv, struct opts *o)
{
	const char	**to;

	memset(o, 0, sizeof(*o));
	o->user = "admin";
	o->package = o->role = "";
	while (*argc >= 2 && (*argv)[0][0] == '-' && (*argv)[0][1] != '\0') {
		switch (strlen((*argv)[0]) == 2 && strchr(letters,
		    (*argv)[0][1]) != NULL ? (*argv)[0][1] : '?') {
		case 'u': to = &o->user; break;
		case 't': to = &o->table; break;
		case 'p': to = &o->package; break;
		case 'r': to = &o->role; break;
		default: return (-1);
		}
		*to = (*argv)[1];
		*argc -= 2;
		*argv += 2;
	}
	return (*argc > 0 && (*argv)[0][0] == '-' ? -1 : 0);
}

/* ---- export ---- */

int
cmd_export(int argc, char **argv)
{
	struct opts	 o;
	const char	*what, *file;
	char		 part[PATH_MAX];
	int		 fd, status;

	if (opts_take("ut", &argc, &argv, &o) == -1 ||
	    argc != (o.table != NULL ? 1 : 2))
		return (EXIT_USAGE);
	what = o.table != NULL ? o.table : argv[0];
	file = argv[argc - 1];
	if (snprintf(part, sizeof(part), "%s.part", file) >=
	    (int)sizeof(part))
		die(EXIT_USAGE, "%s: the path is too long", file);
	(void)unlink(part);
	fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		die(EXIT_REFUSED, "%s: %s", part, strerror(errno));
	status = transfer(CTL_TOOLD_EXPORT, &o, what, fd);
	if (status == EXIT_DONE && (fsync(fd) == -1 ||
	    rename(part, file) == -1)) {
		fprintf(stderr, "keepctl: %s: %s\n", file, strerror(errno));
		status = EXIT_REFUSED;
	}
	close(fd);
	if (status != EXIT_DONE)
		(void)unlink(part);
	return (status);
}

/* ---- import ---- */

/* All of a file, which is closed; path is for messages. */
static void
file_read(int fd, const char *path, struct buf *b)
{
	uint8_t	*p;
	ssize_t	 n;

	if (fd == -1)
		die(EXIT_REFUSED, "%s: %s", path, strerror(errno));
	for (;;) {
		if ((p = buf_reserve(b, 65536)) == NULL)
			die(EXIT_REFUSED, "%s: the files are larger than 256 "
			    "MiB", path);
		if ((n = read(fd, p, 65536)) == -1)
			die(EXIT_REFUSED, "%s: %s", path, strerror(errno));
		if (n == 0)
			break;
		b->len += (size_t)n;
	}
	close(fd);
}

/* A name below the directory of the file that points to it. */
static int
name_ok(const char *s, size_t len)
{
	size_t	i;

	if (len == 0 || s[0] == '/')
		return (0);
	for (i = 0; i < len; i++) {
		if (s[i] == '\\' || (unsigned char)s[i] < ' ')
			return (0);
		if (s[i] == '.' && i + 1 < len && s[i + 1] == '.' &&
		    (i == 0 || s[i - 1] == '/'))
			return (0);
	}
	return (1);
}

/*
 * Open a file by its name below a directory, or -1.  No link is followed on
 * the way: who wrote the checkout does not choose what else we read.
 */
static int
below_open(const char *dir, const char *name, size_t len)
{
	struct stat	 st;
	const char	*end = name + len, *slash;
	char		 part[NAME_MAX + 1];
	int		 at, fd;

	if ((at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (-1);
	for (;; name = slash + 1) {
		if ((slash = memchr(name, '/', (size_t)(end - name))) == NULL)
			slash = end;
		if (snprintf(part, sizeof(part), "%.*s", (int)(slash - name),
		    name) >= (int)sizeof(part))
			fd = -1;
		else
			fd = openat(at, part, O_RDONLY | O_NOFOLLOW |
			    O_NONBLOCK | O_CLOEXEC | (slash != end ?
			    O_DIRECTORY : 0));
		close(at);
		if (fd == -1 || slash == end)
			break;
		at = fd;
	}
	if (fd != -1 && (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))) {
		close(fd);
		return (-1);
	}
	return (fd);
}

/* The text of a file that is pointed to, as a JSON string: 0, or -1. */
static int
pointed(const char *path, const char *name, size_t len, struct buf *out)
{
	const char	*slash = strrchr(path, '/');
	struct buf	 b;
	char		 dir[PATH_MAX];
	int		 fd, n;

	if (slash == NULL)
		n = snprintf(dir, sizeof(dir), ".");
	else
		n = snprintf(dir, sizeof(dir), "%.*s",
		    (int)(slash - path) + 1, path);
	if (!name_ok(name, len) || n >= (int)sizeof(dir) ||
	    (fd = below_open(dir, name, len)) == -1)
		return (-1);
	buf_init(&b, FILES_MAX);
	file_read(fd, path, &b);
	n = buf_add_json(out, (const char *)b.data, b.len);
	buf_free(&b);
	return (n);
}

/* One file behind what is there. */
static void
file_add(const char *path, struct buf *out)
{
	const char	*p, *end, *q, *name;
	struct buf	 b;

	buf_init(&b, FILES_MAX);
	file_read(open(path, O_RDONLY | O_CLOEXEC), path, &b);
	p = (const char *)b.data;
	end = p + b.len;
	while (b.len != 0 && (q = memmem(p, (size_t)(end - p), POINTER,
	    sizeof(POINTER) - 1)) != NULL) {
		buf_add(out, p, (size_t)(q - p));
		name = q + sizeof(POINTER) - 1;
		if ((p = memchr(name, '"', (size_t)(end - name))) == NULL)
			p = end;
		else if (pointed(path, name, (size_t)(p - name), out) == 0) {
			p++;
			continue;
		}
		buf_add(out, q, (size_t)(p - q));
	}
	buf_add(out, p, (size_t)(end - p));
	buf_free(&b);
	if (out->failed)
		die(EXIT_REFUSED, "%s: the files are larger than 256 MiB",
		    path);
}

/* All files as one, in a file without a name. */
static int
files_join(int argc, char **argv)
{
	struct buf	b;
	FILE		*fp;
	int		i, fd;

	buf_init(&b, FILES_MAX);
	for (i = 0; i < argc; i++) {
		if (argc > 1)
			buf_adds(&b, i == 0 ? "[" : ",");
		file_add(argv[i], &b);
	}
	if (argc > 1)
		buf_adds(&b, "]");
	if ((fp = tmpfile()) == NULL || fwrite(b.data, 1, b.len, fp) !=
	    b.len || fflush(fp) == EOF || (fd = dup(fileno(fp))) == -1 ||
	    lseek(fd, 0, SEEK_SET) != 0)
		die(EXIT_REFUSED, "a file for the import: %s",
		    strerror(errno));
	fclose(fp);
	buf_free(&b);
	return (fd);
}

int
cmd_import(int argc, char **argv)
{
	struct opts	o;
	int		fd, status;

	if (opts_take("utpr", &argc, &argv, &o) == -1 || argc < 1 ||
	    (o.table != NULL && argc != 1))
		return (EXIT_USAGE);
	if (o.table == NULL)
		fd = files_join(argc, argv);
	else if ((fd = open(argv[0], O_RDONLY | O_CLOEXEC)) == -1)
		die(EXIT_REFUSED, "%s: %s", argv[0], strerror(errno));
	status = transfer(CTL_TOOLD_IMPORT, &o, o.table != NULL ? o.table :
	    o.package, fd);
	close(fd);
	return (status);
}
