/* SPDX-License-Identifier: ISC */
/*
 * dirs.c: directories of state, logs and control sockets, the pid file, and
 * the lock that lets one master use a state directory.
 * Runs in master before the children start.  Makes what is missing, and
 * refuses what belongs to somebody else: it never changes an owner of
 * something that was there.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "keepd.h"
#include "text.h"

static const char *const role_dirs[CR_MAX] = {
	[CR_LISTENER] = "empty", [CR_AUTHD] = "auth", [CR_PWHASH] = "empty",
	[CR_TOOLD] = "tool", [CR_SIGND] = "empty"
};

void
dir_role(const struct conf *c, enum conf_role role, char *out, size_t size)
{
	if ((size_t)snprintf(out, size, "%s/%s", c->state, role_dirs[role]) >=
	    size)
		fatalx("state: the path is too long");
}

static void
dir_make(const char *what, const char *path, mode_t mode, uid_t uid,
    gid_t gid)
{
	struct stat	st;

	if (mkdir(path, mode) == 0) {
		if (chmod(path, mode) == -1)
			fatal("%s %s: chmod", what, path);
		if (geteuid() == 0 && chown(path, uid, gid) == -1)
			fatal("%s %s: chown", what, path);
		return;
	}
	if (errno != EEXIST)
		fatal("%s %s", what, path);
	if (lstat(path, &st) == -1)
		fatal("%s %s", what, path);
	if (!S_ISDIR(st.st_mode))
		fatalx("%s %s is not a directory", what, path);
	if (st.st_uid != uid)
		fatalx("%s %s belongs to uid %u, not %u: chown -R it, or name "
		    "another one in keepd.conf", what, path, st.st_uid, uid);
	if (st.st_mode & S_IWOTH)
		fatalx("%s %s can be written by others: chmod o-w", what,
		    path);
}

/* One master a state directory: the stores below have one owner each. */
static void
lock_take(const struct conf *c)
{
	char	path[CONF_PATH_MAX + 16];
	int	fd;

	snprintf(path, sizeof(path), "%s/lock", c->state);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		fatal("%s", path);
	/* Held until this process ends. */
	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		fatal("%s: another keepd uses this state directory", c->state);
}

void
dirs_make(const struct conf *c, int privileged)
{
	const struct conf_user *u = c->user;
	uid_t	 me = geteuid();
	gid_t	 grp = getegid();
	char	 path[CONF_PATH_MAX + 16];

	dir_make("state", c->state, privileged ? 0711 : 0700, me, grp);
	lock_take(c);
	dir_role(c, CR_AUTHD, path, sizeof(path));
	dir_make("state", path, 0700, privileged ? u[CR_AUTHD].uid : me,
	    privileged ? u[CR_AUTHD].gid : grp);
	dir_role(c, CR_TOOLD, path, sizeof(path));
	dir_make("state", path, 0700, privileged ? u[CR_TOOLD].uid : me,
	    privileged ? u[CR_TOOLD].gid : grp);
	dir_role(c, CR_LISTENER, path, sizeof(path));
	dir_make("state", path, 0555, me, grp);
	dir_make("logs", c->logs, 0750, me,
	    privileged ? u[CR_TOOLD].gid : grp);
	/* The service manager made it for root alone; toold reads there. */
	if (privileged && chown(c->logs, (uid_t)-1, u[CR_TOOLD].gid) == -1)
		fatal("logs %s", c->logs);
	dir_make("run", c->run, 0755, me, grp);
}

void
pidfile_write(const struct conf *c)
{
	char	text[16];
	int	fd, n;

	if (c->pid_file[0] == '\0')
		return;
	(void)unlink(c->pid_file);
	fd = open(c->pid_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd == -1)
		fatal("pid-file %s", c->pid_file);
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (write(fd, text, (size_t)n) != n)
		fatal("pid-file %s", c->pid_file);
	close(fd);
}

void
pidfile_remove(const struct conf *c)
{
	if (c->pid_file[0] != '\0')
		(void)unlink(c->pid_file);
}
