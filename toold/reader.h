/* SPDX-License-Identifier: ISC */
/*
 * reader.h: reads that take long, without holding up anybody.
 *
 * A read is first tried on the one connection that also writes, for READ_TRY
 * milliseconds: nearly all end there.  One that does not is begun again on
 * a connection of its own, on a stack of its own, where it is put down after
 * a slice and taken up in a later turn of the loop.  It sees the store as it
 * was when it began, however long it takes and whatever is written meanwhile.
 *
 * The slices of all readers together take READER_TURN_US of a turn.  A user
 * has at most READER_USER of the readers.  Time limits count the time in
 * which the read really ran.
 *
 * Where the system has no contexts (ucontext.h) a read runs to its end.
 */
#ifndef TOOLD_READER_H
#define TOOLD_READER_H

#include "sql.h"
#include "toold.h"

#define READERS		12
#define READER_USER	2		/* of one user at a time */
#define READER_TURN_US	3000		/* of all in one turn of the loop */
#define READ_TRY_MS	3
#define READ_ALONE_MS	45		/* where there is no later turn */

/* Open the connections: before the sandbox is sealed.  NULL: none (tests). */
void		 reader_open(const char *path);
void		 reader_close(void);
/* How many are in use, for status. */
unsigned int	 reader_count(void);

struct reader;
/*
 * One that is free, with a view of the store as it is now, or NULL.  limit:
 * milliseconds that it may run.
 */
struct reader	*reader_get(const struct caller *, uint32_t limit);
/* Give it back, whatever it is doing.  NULL: nothing. */
void		 reader_put(struct reader *);

/*
 * A statement and its steps: of the reader, or (NULL) of the connection for
 * all, as sql_get() and sql_step().  A reader has one statement at a time.
 * READ_ON: the slice is over, step again in a later turn.
 */
#define READ_ON	2
struct stmt	*read_get(struct reader *, enum sql_profile,
		    const struct buf *text);
int		 read_step(struct reader *, struct stmt *);

/*
 * How a tool goes about it, with one of these in its state, zero at first:
 *
 *	in each turn: if (read_begin(c, &w->read) == -1) nothing can be done
 *	    yet: return (read_later(c, &w->read));
 *	e = ... read_get(w->read.r), read_step() ...
 *	on READ_ON: return (read_later(c, &w->read));
 *	on failure: if (read_again(c, &w->read)) forget what was read and
 *	    return (read_later(c, &w->read)), to begin anew;
 *	at the end: read_end(&w->read);
 */
struct read {
	struct reader	*r;
	int		 tried;		/* it will take long */
};
int		 read_begin(const struct call *, struct read *);
int		 read_again(const struct call *, struct read *);
enum tool_err	 read_later(struct call *, const struct read *);
void		 read_end(struct read *);

#endif
