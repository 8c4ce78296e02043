/* SPDX-License-Identifier: ISC */
/*
 * backup.h: the artifact store copied to a file that keepctl opened, and
 * back.  The file is a SQLite database and nothing else.
 */
#ifndef TOOLD_BACKUP_H
#define TOOLD_BACKUP_H

#include <sqlite3.h>

#include "../common/chan.h"
#include "../common/msg.h"

/* Once, before the first database is opened. */
void	backup_init(void);
/* A command with an open file, which is taken. */
void	backup_command(struct chan *, uint32_t id, const struct msg_ctl *,
	    int fd);
/* Nobody waits any more on this channel. */
void	backup_gone(const struct chan *);
/* Give up what is under way, before the store is closed. */
void	backup_stop(void);
/*
 * A database that lies in an open file, which it closes with itself; NULL:
 * it cannot be had.
 */
sqlite3	*backup_open(int fd, int write);
/*
 * All pages of one into the other: SQLITE_OK or SQLite's code.  between, if
 * not NULL, is called every few pages.
 */
int	backup_all(sqlite3 *to, sqlite3 *from, int (*between)(void));

#endif
