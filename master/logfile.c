/* SPDX-License-Identifier: ISC */
/*
 * logfile.c: where log lines end: standard error, syslog, the day files.
 * Runs in master.  Trusts no child: the prefix comes from the channel, text
 * that is not printable is encoded again, and each child has a bucket.
 * Touches: the log directory and one datagram socket.  Nothing here waits.
 *
 * A line is:  2026-01-31T12:00:00.123Z info listener[0]: text
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "keepd.h"
#include "text.h"

#define LINE_MAX_LEN	(LOG_TEXT_MAX + 128)

/* One file a day and category; these names are what the log tools list. */
static const char *const suffixes[LC_MAX] = {
	[LC_SERVER] = "keepd", [LC_EXCEPTIONS] = "exceptions",
	[LC_SCRIPTS] = "scripts", [LC_REQUESTS] = "requests",
	[LC_VAULT] = "vault"
};
static const int priorities[LL_MAX] = {
	[LL_DEBUG] = 7, [LL_INFO] = 6, [LL_WARN] = 4, [LL_ERROR] = 3,
	[LL_CRIT] = 2
};

static struct {
	int		 to_stderr, to_syslog, to_files;
	int		 dir;			/* of the log files, or -1 */
	gid_t		 reader;
	int		 privileged;
	int		 fd[LC_MAX];
	char		 day[LC_MAX][12];	/* 2026-01-31 */
	uint64_t	 failed;		/* lines that went nowhere */
} lg = { .dir = -1, .fd = { -1, -1, -1, -1, -1 } };

static void
files_close(void)
{
	int	i;

	for (i = 0; i < LC_MAX; i++) {
		if (lg.fd[i] != -1)
			close(lg.fd[i]);
		lg.fd[i] = -1;
	}
}

void
logfile_open(const struct conf *c, int to_stderr, gid_t reader)
{
	lg.to_stderr = to_stderr;
	lg.to_syslog = to_stderr == LOG_QUIET && c->log_syslog;
	lg.to_files = (int)c->log_files;
	lg.reader = reader;
	lg.privileged = geteuid() == 0;
	if (lg.dir == -1)
		lg.dir = open(c->logs, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
		    O_NOFOLLOW);
	if (lg.dir == -1)
		fatal("logs %s", c->logs);
	files_close();
	tzset();
	log_to_func(logfile_own);
}

void
logfile_reopen(void)
{
	files_close();
}

int
logfile_dirfd(void)
{
	return (fcntl(lg.dir, F_DUPFD_CLOEXEC, 0));
}

uint64_t
logfile_failed(void)
{
	return (lg.failed);
}

/* ---- the three places ---- */

/* The file of this day, opened anew when the day changed. */
static int
file_ready(enum log_cat cat, const char *day)
{
	char	name[40];
	int	fd;

	if (lg.fd[cat] != -1 && strcmp(lg.day[cat], day) == 0)
		return (lg.fd[cat]);
	if (lg.fd[cat] != -1)
		close(lg.fd[cat]);
	lg.fd[cat] = -1;
	snprintf(name, sizeof(name), "%s-%s.log", day, suffixes[cat]);
	fd = openat(lg.dir, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0640);
	if (fd == -1)
		return (-1);
	/* Readable for the log tools of toold, writable for nobody else. */
	if (lg.privileged && fchown(fd, (uid_t)-1, lg.reader) == -1) {
		close(fd);
		return (-1);
	}
	snprintf(lg.day[cat], sizeof(lg.day[cat]), "%s", day);
	lg.fd[cat] = fd;
	return (fd);
}

static void
file_write(enum log_cat cat, const char *line, size_t len)
{
	char	day[12];
	int	fd;

	snprintf(day, sizeof(day), "%.10s", line);
	if ((fd = file_ready(cat, day)) == -1 ||
	    write(fd, line, len) != (ssize_t)len)
		lg.failed++;
}

/* A terminal or pipe that nobody reads must not stop the server. */
static void
stderr_write(const char *line, size_t len)
{
	struct pollfd	p = { STDERR_FILENO, POLLOUT, 0 };

	if (poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0 ||
	    write(STDERR_FILENO, line, len) == -1)
		lg.failed++;
}

#ifdef __linux__
/* syslog(3) waits when the log daemon does; this does not. */
static int
syslog_socket(void)
{
	struct sockaddr_un sun;
	int	fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	memcpy(sun.sun_path, "/dev/log", sizeof("/dev/log"));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd != -1 && connect(fd, (struct sockaddr *)&sun,
	    sizeof(sun)) == -1) {
		close(fd);
		fd = -1;
	}
	return (fd);
}

static void
syslog_write(enum log_level level, const char *who, const char *text)
{
	static int	fd = -1;
	char		line[LINE_MAX_LEN + 64], when[32];
	struct tm	tm;
	time_t		now;
	int		n, again;

	now = time(NULL);
	/* The one place that wants local time: what syslog readers expect. */
	if (localtime_r(&now, &tm) == NULL || strftime(when, sizeof(when),
	    "%b %e %H:%M:%S", &tm) == 0)
		return;
	n = snprintf(line, sizeof(line), "<%d>%s keepd[%d]: %s: %s",
	    LOG_DAEMON | priorities[level], when, (int)getpid(), who, text);
	for (again = 0; again < 2; again++) {
		if (fd == -1 && (fd = syslog_socket()) == -1)
			break;
		if (send(fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL)
		    == n)
			return;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		close(fd);
		fd = -1;
	}
	lg.failed++;
}
#else
static void
syslog_write(enum log_level level, const char *who, const char *text)
{
	static int	opened;

	if (!opened++)
		openlog("keepd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	syslog(priorities[level], "%s: %s", who, text);
}
#endif

static void
line_write(enum log_cat cat, enum log_level level, const char *who,
    const char *text)
{
	char	line[LINE_MAX_LEN], when[25];
	int	n;

	wall_iso(wall_ms(), when);
	n = snprintf(line, sizeof(line) - 1, "%s %s %s: %s", when,
	    log_level_name(level), who, text);
	if (n < 0)
		return;
	if ((size_t)n > sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	if (lg.to_stderr == LOG_STDERR ||
	    (lg.to_stderr == LOG_STDERR_WARN && level >= LL_WARN))
		stderr_write(line, (size_t)n);
	if (lg.to_files)
		file_write(cat, line, (size_t)n);
	if (lg.to_syslog)
		syslog_write(level, who, text);
}

void
logfile_own(enum log_cat cat, enum log_level level, const char *text)
{
	line_write(cat, level, "keepd", text);
}

/* ---- children ---- */

static int
bucket_take(struct log_bucket *b)
{
	struct mono	now = ev_now();
	uint64_t	more;

	more = (now.ms - b->at.ms) * LOG_RATE / 1000;
	if (more > 0) {
		b->tokens = more + b->tokens > LOG_BURST ? LOG_BURST :
		    b->tokens + (uint32_t)more;
		b->at = now;
	}
	if (b->tokens == 0) {
		b->dropped++;
		b->dropped_all++;
		return (-1);
	}
	b->tokens--;
	return (0);
}

void
logfile_child(struct proc *p, const struct msg_log *m)
{
	char	text[LOG_TEXT_MAX];

	if ((enum log_level)m->level < log_getlevel() ||
	    bucket_take(&p->bucket) == -1)
		return;
	if (p->bucket.dropped > 0) {
		log_warnx("%s: %llu log lines dropped", p->name,
		    (unsigned long long)p->bucket.dropped);
		p->bucket.dropped = 0;
	}
	/* An honest child has encoded it already. */
	if (text_printable(m->text, strlen(m->text)))
		snprintf(text, sizeof(text), "%s", m->text);
	else
		log_vis(text, sizeof(text), m->text);
	line_write((enum log_cat)m->cat, (enum log_level)m->level, p->name,
	    text);
}
