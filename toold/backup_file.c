/* SPDX-License-Identifier: ISC */
/*
 * backup_file.c: SQLite on a descriptor.  Runs in keepd-toold, which opens no
 * file once it is sealed: keepctl opens the file of a backup and hands it
 * over.  One file, one user, no journal and no locks: whoever made the file
 * throws it away when it was not finished.
 */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "backup.h"

#define VFS_NAME	"descriptor"
#define SECTOR		4096
#define ALL_PAGES	64		/* of backup_all(), at once */

struct fd_file {
	sqlite3_file	 base;
	int		 fd;
};

static sqlite3_vfs	 vfs;
static int		 next_fd = -1;	/* of the open that comes */

static int
file_close(sqlite3_file *f)
{
	struct fd_file	*d = (struct fd_file *)(void *)f;

	if (d->fd != -1)
		close(d->fd);
	d->fd = -1;
	return (SQLITE_OK);
}

static int
file_read(sqlite3_file *f, void *out, int len, sqlite3_int64 off)
{
	struct fd_file	*d = (struct fd_file *)(void *)f;
	size_t		 n = 0, want = (size_t)len;
	ssize_t		 r;

	while (n < want) {
		r = pread(d->fd, (char *)out + n, want - n,
		    (off_t)off + (off_t)n);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return (SQLITE_IOERR_READ);
		if (r == 0) {
			memset((char *)out + n, 0, want - n);
			return (SQLITE_IOERR_SHORT_READ);
		}
		n += (size_t)r;
	}
	return (SQLITE_OK);
}

static int
write_at(int fd, const void *p, size_t want, off_t off)
{
	size_t	n = 0;
	ssize_t	w;

	while (n < want) {
		w = pwrite(fd, (const char *)p + n, want - n, off + (off_t)n);
		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			return (errno == ENOSPC || errno == EDQUOT ?
			    SQLITE_FULL : SQLITE_IOERR_WRITE);
		n += (size_t)w;
	}
	return (SQLITE_OK);
}

/*
 * The first page says that the store has a write-ahead log (two bytes at 18,
 * SQLite file format 1.3.3).  The copy has none, and is read without.
 */
static int
file_write(sqlite3_file *f, const void *p, int len, sqlite3_int64 off)
{
	struct fd_file	*d = (struct fd_file *)(void *)f;
	int		 rc;

	rc = write_at(d->fd, p, (size_t)len, (off_t)off);
	if (rc == SQLITE_OK && off == 0 && len > 20)
		rc = write_at(d->fd, "\1\1", 2, 18);
	return (rc);
}

static int
file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct fd_file	*d = (struct fd_file *)(void *)f;

	return (ftruncate(d->fd, (off_t)size) == -1 ?
	    SQLITE_IOERR_TRUNCATE : SQLITE_OK);
}

/* keepctl does it, which has time to wait. */
static int
file_sync(sqlite3_file *f, int flags)
{
	return (SQLITE_OK);
}

static int
file_size(sqlite3_file *f, sqlite3_int64 *out)
{
	struct fd_file	*d = (struct fd_file *)(void *)f;
	struct stat	 st;

	if (fstat(d->fd, &st) == -1)
		return (SQLITE_IOERR_FSTAT);
	*out = st.st_size;
	return (SQLITE_OK);
}

static int
file_lock(sqlite3_file *f, int level)
{
	return (SQLITE_OK);
}

static int
file_reserved(sqlite3_file *f, int *out)
{
	*out = 0;
	return (SQLITE_OK);
}

static int
file_control(sqlite3_file *f, int op, void *arg)
{
	return (SQLITE_NOTFOUND);
}

static int
file_sector(sqlite3_file *f)
{
	return (SECTOR);
}

static int
file_traits(sqlite3_file *f)
{
	return (0);
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits
};

/* Only the database itself: a journal or anything else is not there. */
static int
vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags,
    int *out)
{
	struct fd_file	*d = (struct fd_file *)(void *)f;

	memset(d, 0, sizeof(*d));
	d->fd = -1;
	if (!(flags & SQLITE_OPEN_MAIN_DB) || next_fd == -1)
		return (SQLITE_CANTOPEN);
	d->fd = next_fd;
	next_fd = -1;
	d->base.pMethods = &methods;
	if (out != NULL)
		*out = flags;
	return (SQLITE_OK);
}

static int
vfs_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
	return (SQLITE_OK);
}

static int
vfs_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	*out = 0;
	return (SQLITE_OK);
}

static int
vfs_path(sqlite3_vfs *v, const char *name, int size, char *out)
{
	sqlite3_snprintf(size, out, "%s", name);
	return (SQLITE_OK);
}

void
backup_init(void)
{
	sqlite3_vfs	*base = sqlite3_vfs_find(NULL);

	if (vfs.zName != NULL || base == NULL)
		return;
	vfs = *base;
	vfs.szOsFile = (int)sizeof(struct fd_file);
	vfs.pNext = NULL;
	vfs.zName = VFS_NAME;
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	vfs.xAccess = vfs_access;
	vfs.xFullPathname = vfs_path;
	if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
		fatalx("store: SQLite takes no file system of ours");
}

sqlite3 *
backup_open(int fd, int write)
{
	sqlite3	*db = NULL;
	int	 rc;

	next_fd = fd;
	rc = sqlite3_open_v2("backup", &db, (write ? SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, VFS_NAME);
	if (rc == SQLITE_OK && sqlite3_exec(db, write ?
	    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF" :
	    "PRAGMA cell_size_check = ON", NULL, NULL, NULL) == SQLITE_OK)
		return (db);
	log_warnx("store: the file of a backup: %s", sqlite3_errmsg(db));
	sqlite3_close(db);
	if (next_fd != -1)
		close(next_fd);
	next_fd = -1;
	return (NULL);
}

int
backup_all(sqlite3 *to, sqlite3 *from, int (*between)(void))
{
	sqlite3_backup	*b;
	int		 rc;

	if ((b = sqlite3_backup_init(to, "main", from, "main")) == NULL)
		return (sqlite3_errcode(to));
	while ((rc = sqlite3_backup_step(b, ALL_PAGES)) == SQLITE_OK)
		if (between != NULL)
			(void)between();
	if (rc != SQLITE_DONE) {
		(void)sqlite3_backup_finish(b);
		return (rc);
	}
	return (sqlite3_backup_finish(b));
}
