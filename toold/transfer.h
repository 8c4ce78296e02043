/* SPDX-License-Identifier: ISC */
/*
 * transfer.h: packages as JSON files and rows of tables as CSV, out of the
 * store and into it, for keepctl export and import.
 *
 * keepctl opens the file, authd makes a handle for the user who is to do it,
 * and the work runs under that handle a step at a time between the calls of
 * others.  What an import writes goes through the same tools and stages as a
 * call of that user.
 *
 * A file of ours (one artifact a line, in a fixed order, so that exporting
 * what was imported gives the same bytes):
 *
 *	{"format":"keepd package","version":1,
 *	"package":{..},
 *	"artifacts":[
 *	{"artifact":"table",..},
 *	{"artifact":"rows","table":"orders","from":0,"rows":[..]}
 *	]}
 *
 * What the server sets (revision, ver, who and when, activation) and the
 * roles of the package are not in it.
 */
#ifndef TOOLD_TRANSFER_H
#define TOOLD_TRANSFER_H

#include <jansson.h>

#include "../common/ev.h"
#include "../common/msg.h"
#include "artifact.h"
#include "handle.h"
#include "scan.h"

struct table;

#define TRANSFER_FORMAT		"keepd package"
#define TRANSFER_VERSION	1
#define TRANSFER_FILE_MAX	(256U << 20)	/* a JSON file */
#define TRANSFER_ITEM_MAX	(12U << 20)	/* one artifact of it */
#define TRANSFER_TOKENS_MAX	500000		/* and its values and keys */
#define TRANSFER_ROWS		500		/* of one batch */

/* One transfer under way; there is at most one. */
struct transfer {
	struct chan	*ch;		/* NULL: none */
	uint32_t	 id;
	struct msg_ctl	 cmd;
	int		 fd;
	struct handle	*handle;	/* held */
	const struct caller *who;
	int		 (*step)(struct transfer *);	/* 1: at its end */
	void		 (*end)(struct transfer *);	/* frees state */
	void		*state;
	struct buf	 out;		/* to be written to fd */
	uint64_t	 done, all;	/* for progress; all 0: not known */
	const char	*unit;
	struct mono	 told;
	int		 failed;	/* exit status of keepctl */
	char		 text[480];	/* its last words */
};

/* A command with an open file, which is taken; h: of the user who does it. */
void	transfer_command(struct chan *, uint32_t id, const struct msg_ctl *,
	    int fd, struct handle *h);
void	transfer_gone(const struct chan *);
void	transfer_stop(void);

/* For the parts: a line for people; the end, badly (returns 1). */
void	transfer_line(struct transfer *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
int	transfer_fail(struct transfer *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
/* Write what is in out: 0, or -1 and failed. */
int	transfer_flush(struct transfer *);
/* One call of a tool as the user: TE text in err (NULL: it was done). */
const char *transfer_call(struct transfer *, const char *tool, json_t *args,
	    const char *import_id, json_t *dropped);
/* Does the handle still live; if not, the transfer has failed. */
int	transfer_live(struct transfer *);
/* The package by id or name: 0 and its record, or -1 and failed. */
int	transfer_package(struct transfer *, const char *, struct art *);

/* How each type is saved and told apart. */
struct transfer_kind {
	enum art_type	 type;
	const char	*word;		/* in the file: "table" */
	const char	*tool;		/* that saves it */
	const char	*arg;		/* of that tool; NULL: flat */
	const char	*bucket;	/* of a package of the platform */
};
/* In the order in which they are written and saved; ended by type 0. */
extern const struct transfer_kind transfer_kinds[];
/* A stored record as it stands in a file; NULL: store_error(). */
json_t	*transfer_tree(const struct art *);

/* Starts of the four, NULL or why not. */
const char *export_package(struct transfer *);
const char *import_package(struct transfer *);
const char *export_rows(struct transfer *);
/*
 * The rows of a table behind a row number, in order, at most TRANSFER_ROWS:
 * number, id and fields of each.  NULL: store_error().
 */
struct stmt *transfer_select(const struct table *, int64_t last);
const char *import_rows(struct transfer *);

/* ---- import_shape.c: what comes from elsewhere ---- */

/*
 * Of which kind an artifact is: by `artifact' of ours, else by its keys.
 * NULL: none that is kept here, and *what says what it looks like.
 */
const struct transfer_kind *shape_kind(const json_t *, const char **what);
/*
 * Make the argument of the kind's save tool of it, in place: members that
 * the tool does not know are taken out, and so is what only the server sets.
 * The path of each that held something is appended to dropped.
 */
void	shape_fit(const struct transfer_kind *, json_t *, json_t *dropped);
/* Take out what only the server sets; dropped as above, or NULL. */
void	shape_strip(enum art_type, json_t *, json_t *dropped);

/* ---- span.c: a file as a whole ---- */

/*
 * The end of the JSON value at p, or NULL if it is none, too deep or has
 * more tokens than TRANSFER_TOKENS_MAX.
 */
const char *value_end(const char *p, const char *end);

#endif
