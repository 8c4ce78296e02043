/* SPDX-License-Identifier: ISC */
/*
 * backup.c: the commands of keepctl that copy the whole store out and in.
 * Runs in keepd-toold, for root or our own user (control.c).  Reads and
 * writes only the descriptor it was handed, which must be a regular file.
 *
 * A copy is taken a few pages at a time between calls; SQLite puts into it
 * what is changed meanwhile, so that it is the store as it was when the last
 * page was written.  A restore is one transaction on the store: it is there
 * whole or not at all, whenever the process dies.  No call runs during it;
 * then the process ends, and a new one takes what is there.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/child.h"
#include "../common/ctl.h"
#include "../common/ev.h"
#include "../common/log.h"
#include "authdchan.h"
#include "backup.h"
#include "control.h"
#include "sql.h"
#include "store.h"

#define STEP_PAGES	64		/* of 4 KiB, then others get a turn */
#define STEP_US		4000
#define LINE_MS		500		/* how often keepctl hears of it */
#define EXIT_MS		20		/* for the answer to leave */

static struct job {
	struct chan	*ch;		/* NULL: no backup under way */
	uint32_t	 id;
	sqlite3		*file;
	sqlite3_backup	*copy;
	struct mono	 told;
} job;
static struct ev_timer	step_timer, exit_timer;

static void
job_end(void)
{
	ev_timer_del(&step_timer);
	if (job.copy != NULL)
		(void)sqlite3_backup_finish(job.copy);
	sqlite3_close(job.file);
	memset(&job, 0, sizeof(job));
}

/* ---- out ---- */

static void
tell_progress(void)
{
	int	all = sqlite3_backup_pagecount(job.copy);
	int	left = sqlite3_backup_remaining(job.copy);

	job.told = mono_now();
	control_line(job.ch, job.id, "%lld\t%lld", (long long)(all - left) *
	    4096, (long long)all * 4096);
}

static void
copy_end(int rc)
{
	struct chan	*ch = job.ch;
	uint32_t	 id = job.id;
	char		 text[256];
	int		 pages = sqlite3_backup_pagecount(job.copy);

	if (rc == SQLITE_DONE) {
		rc = sqlite3_backup_finish(job.copy);
		job.copy = NULL;
	}
	if (rc == SQLITE_OK)
		snprintf(text, sizeof(text), "%lld bytes",
		    (long long)pages * 4096);
	else
		snprintf(text, sizeof(text), "the file cannot be written: "
		    "%s", sqlite3_errstr(rc));
	job_end();
	control_done(ch, id, rc == SQLITE_OK ? 0 : 1, text);
}

static void
on_step(struct ev_timer *t)
{
	uint64_t	began = mono_us();
	int		rc;

	do
		rc = sqlite3_backup_step(job.copy, STEP_PAGES);
	while (rc == SQLITE_OK && mono_us() - began < STEP_US);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED) {
		copy_end(rc);
		return;
	}
	if (!mono_before(mono_now(), mono_add(job.told, LINE_MS)))
		tell_progress();
	ev_timer_set(&step_timer, 1);
}

static const char *
copy_begin(struct chan *ch, uint32_t id, int fd)
{
	if ((job.file = backup_open(fd, 1)) == NULL)
		return ("the file cannot be written");
	job.copy = sqlite3_backup_init(job.file, "main", store_db(), "main");
	if (job.copy == NULL) {
		job_end();
		return ("the file cannot be written");
	}
	job.ch = ch;
	job.id = id;
	job.told = mono_now();
	ev_timer_init(&step_timer, on_step, NULL);
	ev_timer_set(&step_timer, 0);
	return (NULL);
}

/* ---- in ---- */

/* Long work on another database: authd's word must be heard meanwhile. */
static int
on_progress(void *arg)
{
	(void)authd_poll();
	return (0);
}

static int
file_whole(sqlite3 *db)
{
	int64_t	n;

	return (sql_one(db, "SELECT count(*) FROM pragma_quick_check(1)"
	    " WHERE quick_check = 'ok'", &n) == 0 && n == 1);
}

/* Why the file must not be taken for a store, or NULL. */
static const char *
file_refused(sqlite3 *db, char *why, size_t size)
{
	int64_t	app, format, pages;

	sqlite3_progress_handler(db, STORE_PROGRESS_OPS, on_progress, NULL);
	if (sql_one(db, "PRAGMA application_id", &app) == -1 ||
	    sql_one(db, "PRAGMA user_version", &format) == -1 ||
	    sql_one(db, "PRAGMA page_size", &pages) == -1)
		return ((sqlite3_errcode(db) & 0xff) == SQLITE_CORRUPT ?
		    "the backup is damaged" : "not a backup of toold's store");
	if (app != STORE_APPLICATION)
		return ("not a backup of toold's store");
	if (format > STORE_FORMAT) {
		snprintf(why, size, "the backup has store format %lld, this "
		    "keepd knows formats up to %d: install the newer keepd "
		    "that wrote it", (long long)format, STORE_FORMAT);
		return (why);
	}
	if (format < 1 || pages != 4096)
		return ("the backup has no known store format");
	if (!file_whole(db))
		return ("the backup is damaged");
	return (NULL);
}

static const char *
restore_refused(sqlite3 *db, const struct msg_ctl *m, char *why, size_t size)
{
	struct store_stat	st;
	const char		*text;

	if ((text = file_refused(db, why, size)) != NULL)
		return (text);
	/* One that cannot even be counted is to be replaced all the more. */
	if (m->flags & CTLF_RESTORE_OVER)
		return (NULL);
	if (store_getstat(&st) == -1)
		return ("this server's store cannot be read: -f replaces it");
	if (st.artifacts != 0)
		return ("this server has artifacts already: -f replaces all "
		    "it has");
	return (NULL);
}

static void
on_exit_timer(struct ev_timer *t)
{
	log_info("the store was restored: starting anew");
	child_exit(0);
}

static const char *
restore(struct chan *ch, uint32_t id, const struct msg_ctl *m, int fd)
{
	static char	 why[256];
	const char	*text;
	sqlite3		*from;
	int64_t		 n = 0;
	int		 rc;

	if ((from = backup_open(fd, 0)) == NULL)
		return ("the file cannot be read as a store");
	text = restore_refused(from, m, why, sizeof(why));
	if (text != NULL || m->command == CTL_TOOLD_CHECK) {
		(void)sql_one(from, "SELECT coalesce(sum(n), 0) FROM tally",
		    &n);
		sqlite3_close(from);
		if (text == NULL) {
			snprintf(why, sizeof(why), "%lld artifacts",
			    (long long)n);
			control_done(ch, id, 0, why);
		}
		return (text);
	}
	/* The whole file over the store, as one transaction of it. */
	store_forget();
	rc = backup_all(store_db(), from, authd_poll);
	sqlite3_close(from);
	if (rc != SQLITE_OK) {
		snprintf(why, sizeof(why), "nothing was changed: the store "
		    "cannot be written: %s", sqlite3_errstr(rc));
		return (why);
	}
	control_done(ch, id, 0, "");
	ev_timer_init(&exit_timer, on_exit_timer, NULL);
	ev_timer_set(&exit_timer, EXIT_MS);
	return (NULL);
}

/* ---- the control socket ---- */

void
backup_command(struct chan *ch, uint32_t id, const struct msg_ctl *m, int fd)
{
	struct stat	 st;
	const char	*why;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		why = "not a regular file";
	} else if (job.ch != NULL) {
		close(fd);
		why = "another backup is under way";
	} else if (m->command == CTL_TOOLD_BACKUP)
		why = copy_begin(ch, id, fd);
	else
		why = restore(ch, id, m, fd);
	if (why != NULL)
		control_done(ch, id, 1, why);
}

void
backup_stop(void)
{
	job_end();
}

void
backup_gone(const struct chan *ch)
{
	if (job.ch == ch)
		job_end();
}
