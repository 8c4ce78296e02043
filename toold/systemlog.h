/* SPDX-License-Identifier: ISC */
/*
 * systemlog.h: handlers of the system log tools: the files of the directory
 * that master handed over (logdir.h), one a day and category, read only.
 * A line is:  2026-01-31T12:00:00.123Z info listener[0]: text
 */
#ifndef TOOLD_SYSTEMLOG_H
#define TOOLD_SYSTEMLOG_H

#include "toold.h"

#define SYSLOG_END	100		/* of the window, by default */
#define SYSLOG_WINDOW	1000		/* entries of one answer */
#define SYSLOG_BYTES	(8U << 20)	/* of a file, looked at in one call */
#define SYSLOG_FILES	500		/* named in one answer */

extern const struct tool syslog_tools[];

tool_fn	syslog_list, syslog_get;

/* One line taken apart; parts that it does not have are empty. */
struct log_part {
	const char	*s;
	size_t		 len;
};
struct log_entry {
	struct log_part	 time, level, process, message;
};
/* A line without its end; 0 when it has the form above, else -1. */
int	log_entry_parse(const char *, size_t, struct log_entry *);

#endif
