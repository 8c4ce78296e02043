/* SPDX-License-Identifier: ISC */
/*
 * log.h: one line, one event, made safe before it leaves the process.
 *
 * Before log_to_chan() (and in master and keepctl) lines go to standard
 * error; after it they go to master as MSG_LOG, which adds the prefix of the
 * channel they came in on and writes them: a role cannot forge another's
 * line.  Text is vis(3)-encoded and cut at LOG_TEXT_MAX bytes.  Never put a
 * secret in a log line.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdarg.h>
#include <stddef.h>

#define LOG_TEXT_MAX	1024

/* Levels and categories are those of the system logs (numbers on the wire). */
enum log_level { LL_DEBUG, LL_INFO, LL_WARN, LL_ERROR, LL_CRIT, LL_MAX };
enum log_cat { LC_SERVER, LC_EXCEPTIONS, LC_SCRIPTS, LC_REQUESTS, LC_VAULT,
	LC_MAX };

struct chan;

void	log_init(const char *name, enum log_level least);
void	log_setlevel(enum log_level least);
enum log_level log_getlevel(void);
/* From now on lines go to master over this channel; NULL: back to stderr. */
void	log_to_chan(struct chan *);
/* master only: called for each of its own lines instead of stderr. */
void	log_to_func(void (*)(enum log_cat, enum log_level, const char *));

void	log_line(enum log_cat, enum log_level, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
void	log_debug(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void	log_info(const char *, ...) __attribute__((__format__(printf, 1, 2)));
/* log_warn adds ": strerror(errno)", log_warnx does not. */
void	log_warn(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void	log_warnx(const char *, ...) __attribute__((__format__(printf, 1, 2)));
/*
 * Log at LL_CRIT and leave with status 1, by _exit in a child: a child must
 * not run exit handlers it shares with nobody.
 */
void	fatal(const char *, ...)
	    __attribute__((__noreturn__, __format__(printf, 1, 2)));
void	fatalx(const char *, ...)
	    __attribute__((__noreturn__, __format__(printf, 1, 2)));

const char *log_level_name(enum log_level);
const char *log_cat_name(enum log_cat);

/*
 * Encode src for a line: printable ASCII and valid UTF-8 as they are, a
 * backslash doubled, everything else as \ooo or \n.  Cut at size - 1.
 */
void	log_vis(char *out, size_t size, const char *src);

#endif
