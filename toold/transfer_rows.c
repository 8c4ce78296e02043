/* SPDX-License-Identifier: ISC */
/*
 * transfer_rows.c: rows of a table as CSV (RFC 4180), out and in.  Runs in
 * keepd-toold under a user's handle.  The first line names the columns.  An
 * empty value without quotes is null, one in quotes is an empty text, so
 * that all comes back as it was.
 *
 * An import inserts as a call does, a batch in each transaction.  What comes
 * before the line that is refused is in; it says which line that is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "pipe.h"
#include "row.h"
#include "transfer.h"

#define READ_BYTES	65536
#define RECORD_MAX	(4U << 20)	/* bytes of one line */
#define BATCH_BYTES	(1U << 20)

/* The table of the command: NULL, or why not. */
static const char *
table_open(struct transfer *t, int write, struct table **out)
{
	static char	err[sizeof(((struct call *)0)->err)];
	struct call	c;
	json_t		*args;
	enum tool_err	e;

	memset(&c, 0, sizeof(c));
	c.who = t->who;
	args = json_pack("{s:s}", "table", t->cmd.text);
	c.args = args;
	e = row_table(&c, 1, write, out);
	json_decref(args);
	if (e == TE_OK && ((write ? t->who->edit : t->who->display) &
	    PERM_BIT(PERM_TABLEBROWSER)) == 0)
		return ("Access denied: no permission for tablebrowser");
	snprintf(err, sizeof(err), "%s", c.err);
	return (e == TE_OK ? NULL : err);
}

/* ---- out ---- */

struct out_work {
	int64_t		 last;
	uint64_t	 began;
};

static void
work_free(struct transfer *t)
{
	free(t->state);
}

static void
csv_put(struct buf *b, const char *s, size_t len)
{
	size_t	i;

	if (len != 0 && strcspn(s, ",\"\r\n") >= len && s[0] != ' ' &&
	    s[len - 1] != ' ') {
		buf_add(b, s, len);
		return;
	}
	buf_addc(b, '"');
	for (i = 0; i < len; i++) {
		if (s[i] == '"')
			buf_addc(b, '"');
		buf_addc(b, s[i]);
	}
	buf_addc(b, '"');
}

static void
select_put(struct buf *b, const struct table *tab)
{
	unsigned int	i;

	SQL(b, "SELECT ");
	sql_col(b, IC_ROWID);
	SQL(b, ", ");
	sql_col(b, IC_ID);
	for (i = 0; i < tab->nfields; i++) {
		SQL(b, ", ");
		sql_col(b, (int)tab->field[i].col);
	}
	SQL(b, " FROM ");
	sql_tab(b, tab->tab);
	SQL(b, " WHERE ");
	sql_col(b, IC_ROWID);
	SQL(b, " > ?1 ORDER BY ");
	sql_col(b, IC_ROWID);
	SQL(b, " LIMIT ?2");
}

struct stmt *
transfer_select(const struct table *tab, int64_t last)
{
	struct stmt	*st;
	struct buf	 text;

	buf_init(&text, 65536);
	select_put(&text, tab);
	st = sql_get(SP_ROW, &text);
	buf_free(&text);
	if (st == NULL)
		return (NULL);
	sql_bind_int(st, 1, last);
	sql_bind_int(st, 2, TRANSFER_ROWS);
	return (st);
}

static int
cell_put(struct buf *b, enum ftype type, sqlite3_value *v)
{
	struct buf	text;
	int		r;

	if (sqlite3_value_type(v) == SQLITE_NULL)
		return (0);
	buf_init(&text, 0);
	r = value_text(&text, type, v);
	buf_addc(&text, '\0');
	if (r == 0 && !text.failed)
		csv_put(b, (const char *)text.data, text.len - 1);
	buf_free(&text);
	return (r);
}

static int
line_put(struct buf *b, const struct table *tab, struct stmt *st)
{
	unsigned int	i;

	if (cell_put(b, implicit_field(IC_ID)->type,
	    sqlite3_column_value(st->s, 1)) == -1)
		return (-1);
	for (i = 0; i < tab->nfields; i++) {
		buf_addc(b, ',');
		if (cell_put(b, tab->field[i].type,
		    sqlite3_column_value(st->s, (int)i + 2)) == -1)
			return (-1);
	}
	buf_adds(b, "\r\n");
	return (0);
}

static int
out_step(struct transfer *t)
{
	struct out_work	*w = t->state;
	struct table	*tab;
	struct stmt	*st;
	const char	*why;
	int		 n = 0, r;

	if ((why = table_open(t, 0, &tab)) != NULL)
		return (transfer_fail(t, "%s", why));
	if ((st = transfer_select(tab, w->last)) == NULL)
		return (transfer_fail(t, "%s", store_error()));
	while ((r = sql_step(st)) == 1) {
		w->last = sql_int(st, 0);
		n++;
		if (line_put(&t->out, tab, st) == -1) {
			sql_done(st);
			return (transfer_fail(t, "out of memory"));
		}
	}
	if (r == -1)
		return (transfer_fail(t, "%s", store_error()));
	t->done += (uint64_t)n;
	if (n != 0)
		return (0);
	pipe_audit(t->who, "export rows", tab->name, AO_OK, w->began);
	snprintf(t->text, sizeof(t->text), "table '%s': %llu rows", tab->name,
	    (unsigned long long)t->done);
	return (1);
}

const char *
export_rows(struct transfer *t)
{
	struct out_work	*w;
	struct table	*tab;
	const char	*why;
	unsigned int	 i;
	int64_t		 n;

	if ((why = table_open(t, 0, &tab)) != NULL)
		return (why);
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return ("out of memory");
	w->began = mono_us();
	t->state = w;
	t->end = work_free;
	t->step = out_step;
	t->unit = "rows";
	if (table_count(tab->tab, &n) == 0)
		t->all = (uint64_t)n;
	buf_adds(&t->out, "id");
	for (i = 0; i < tab->nfields; i++) {
		buf_addc(&t->out, ',');
		buf_adds(&t->out, tab->field[i].name);
	}
	buf_adds(&t->out, "\r\n");
	return (NULL);
}

/* ---- in: records ---- */

struct in_work {
	struct buf	 in;		/* read; used up to at */
	size_t		 at;
	int		 eof;
	uint64_t	 line;		/* of the record that comes */
	unsigned int	 ncols;
	colref		 col[TAB_FIELDS_MAX + 1];
	/* the record: values one behind the other, each with a NUL */
	struct buf	 cells;
	size_t		 cell[TAB_FIELDS_MAX + 1];
	size_t		 cell_len[TAB_FIELDS_MAX + 1];
	int		 quoted[TAB_FIELDS_MAX + 1];
	unsigned int	 ncells;
	/* the batch */
	json_t		*rows;
	size_t		 bytes;
	uint64_t	 first;		/* line of its first row */
};

static void
in_free(struct transfer *t)
{
	struct in_work	*w = t->state;

	buf_free(&w->in);
	buf_free(&w->cells);
	json_decref(w->rows);
	free(w);
}

/* How many bytes the first record has; 0: it is not there as a whole. */
static size_t
record_len(const struct in_work *w, uint64_t *lines)
{
	const char	*p = (const char *)w->in.data + w->at;
	size_t		 i, left = w->in.len - w->at;
	int		 quotes = 0;

	*lines = 1;
	for (i = 0; i < left; i++) {
		if (p[i] == '"')
			quotes = !quotes;
		if (p[i] != '\n')
			continue;
		if (!quotes)
			return (i + 1);
		(*lines)++;
	}
	return (w->eof && !quotes ? left : 0);
}

static const char *
cell_add(struct in_work *w, size_t start, int quoted)
{
	if (w->ncells > TAB_FIELDS_MAX)
		return ("has too many values");
	w->cell[w->ncells] = start;
	w->cell_len[w->ncells] = w->cells.len - start;
	w->quoted[w->ncells++] = quoted;
	buf_addc(&w->cells, '\0');
	return (w->cells.failed ? "is too long" : NULL);
}

/* One record's bytes, without its line end, into cells: NULL or what is. */
static const char *
record_split(struct in_work *w, const char *p, size_t len)
{
	const char	*why;
	size_t		 i = 0, start;
	int		 quoted;

	w->ncells = 0;
	buf_reset(&w->cells);
	for (;;) {
		start = w->cells.len;
		quoted = i < len && p[i] == '"';
		if (quoted)
			for (i++;; i++) {
				if (i == len)
					return ("has a quote without an end");
				if (p[i] == '"' && (++i == len || p[i] !=
				    '"'))
					break;
				buf_addc(&w->cells, p[i]);
			}
		else
			for (; i < len && p[i] != ','; i++) {
				if (p[i] == '"')
					return ("has a quote inside a value "
					    "without quotes");
				buf_addc(&w->cells, p[i]);
			}
		if ((why = cell_add(w, start, quoted)) != NULL)
			return (why);
		if (i == len)
			return (NULL);
		if (p[i++] != ',')
			return ("has something behind a closing quote");
	}
}

/*
 * The next record: 1; 0 when there is none, or not yet (then *more), -1 and
 * *why.
 */
static int
record_next(struct in_work *w, int *more, const char **why)
{
	const char	*p;
	uint64_t	 lines;
	size_t		 n, len;

	*more = 0;
	if ((n = record_len(w, &lines)) == 0) {
		*more = !w->eof;
		if (w->in.len - w->at > RECORD_MAX)
			*why = "is longer than 4 MiB, or its quotes do not "
			    "end";
		else if (w->eof && w->in.len != w->at)
			*why = "has a quote without an end";
		return (*why != NULL ? -1 : 0);
	}
	p = (const char *)w->in.data + w->at;
	len = n;
	if (len != 0 && p[len - 1] == '\n')
		len--;
	if (len != 0 && p[len - 1] == '\r')
		len--;
	if ((*why = record_split(w, p, len)) != NULL)
		return (-1);
	w->at += n;
	w->line += lines;
	return (1);
}

static int
fill(struct transfer *t)
{
	struct in_work	*w = t->state;
	uint8_t		*p;
	ssize_t		 n;

	buf_consume(&w->in, w->at);
	w->at = 0;
	if ((p = buf_reserve(&w->in, READ_BYTES)) == NULL)
		return (transfer_fail(t, "out of memory"));
	n = read(t->fd, p, READ_BYTES);
	if (n == -1 && errno != EINTR)
		return (transfer_fail(t, "the file cannot be read: %s",
		    strerror(errno)));
	if (n == 0)
		w->eof = 1;
	if (n > 0) {
		w->in.len += (size_t)n;
		t->done += (uint64_t)n;
	}
	return (0);
}

/* ---- in: values ---- */

static const struct field *
col_field(const struct table *tab, colref c)
{
	return (c >= 0 ? &tab->field[c] : implicit_field(c));
}

/* A value of the file as a call would give it: NULL and *why. */
static json_t *
cell_json(const struct field *f, const char *s, size_t len, int quoted,
    const char **why)
{
	json_t	*v;

	if (len == 0 && !quoted)
		return (json_null());
	switch (f->type) {
	case FT_BOOLEAN:
	case FT_SMALLINT:
	case FT_INTEGER:
	case FT_JSON:
	case FT_VECTOR:
		v = json_loadb(s, len, JSON_DECODE_ANY |
		    JSON_REJECT_DUPLICATES, NULL);
		*why = "is no value of the column's type";
		return (v);
	default:
		*why = "is no valid UTF-8";
		return (json_stringn(s, len));
	}
}

static json_t *
row_make(const struct in_work *w, const struct table *tab, char *err,
    size_t size)
{
	const char	*why = NULL;
	json_t		*row = json_object(), *v;
	unsigned int	 i;

	for (i = 0; row != NULL && i < w->ncells; i++) {
		v = cell_json(col_field(tab, w->col[i]), (const char *)
		    w->cells.data + w->cell[i], w->cell_len[i], w->quoted[i],
		    &why);
		if (v == NULL) {
			snprintf(err, size, "column '%s' %s", table_colname(
			    tab, w->col[i]), why);
			json_decref(row);
			return (NULL);
		}
		/* An id that is not given is made. */
		if (w->col[i] == IC_ID && json_is_null(v))
			json_decref(v);
		else
			json_object_set_new(row, table_colname(tab,
			    w->col[i]), v);
	}
	return (row);
}

static int
header_take(struct transfer *t, const struct table *tab)
{
	struct in_work	*w = t->state;
	const char	*name;
	size_t		 skip;
	unsigned int	 i, k;

	for (i = 0; i < w->ncells; i++) {
		name = (const char *)w->cells.data + w->cell[i];
		skip = i == 0 && strncmp(name, "\xef\xbb\xbf", 3) == 0 ? 3 :
		    0;
		name += skip;
		/* Shorter than the value: there is a NUL in it. */
		w->col[i] = strlen(name) == w->cell_len[i] - skip ?
		    table_col(tab, name) : FIELD_NONE;
		if (w->col[i] == FIELD_NONE || w->col[i] < IC_ID)
			return (transfer_fail(t, "line 1: '%.64s' is not a "
			    "column of table '%s' that can be given", name,
			    tab->name));
		for (k = 0; k < i; k++)
			if (w->col[k] == w->col[i])
				return (transfer_fail(t, "line 1: '%.64s' "
				    "stands twice", name));
	}
	w->ncols = w->ncells;
	return (0);
}

static int
batch_send(struct transfer *t)
{
	struct in_work	*w = t->state;
	const char	*why;
	json_t		*args;
	size_t		 n = json_array_size(w->rows);

	if (n == 0)
		return (0);
	args = json_pack("{s:s, s:O}", "table", t->cmd.text, "rows", w->rows);
	if (args == NULL)
		return (transfer_fail(t, "out of memory"));
	why = transfer_call(t, "insert_entity_rows", args, NULL, NULL);
	json_decref(args);
	if (why != NULL)
		return (transfer_fail(t, "refused in the %zu rows from line "
		    "%llu on: %s; all before line %llu are in", n,
		    (unsigned long long)w->first, why,
		    (unsigned long long)w->first));
	json_array_clear(w->rows);
	w->bytes = 0;
	return (0);
}

static int
row_take(struct transfer *t, const struct table *tab, uint64_t line)
{
	struct in_work	*w = t->state;
	json_t		*row;
	char		 err[256];

	if (w->ncells == 1 && w->cell_len[0] == 0 && w->ncols != 1)
		return (0);		/* an empty line */
	if (w->ncells != w->ncols)
		return (transfer_fail(t, "line %llu has %u values for %u "
		    "columns; all before line %llu are in",
		    (unsigned long long)line, w->ncells, w->ncols,
		    (unsigned long long)w->first));
	if ((row = row_make(w, tab, err, sizeof(err))) == NULL)
		return (transfer_fail(t, "line %llu: %s; all before line "
		    "%llu are in", (unsigned long long)line, err,
		    (unsigned long long)w->first));
	if (json_array_size(w->rows) == 0)
		w->first = line;
	json_array_append_new(w->rows, row);
	w->bytes += w->cells.len;
	return (0);
}

/* Records until a batch is full, then that batch. */
static int
in_step(struct transfer *t)
{
	struct in_work	*w = t->state;
	struct table	*tab;
	const char	*why;
	uint64_t	 line;
	int		 more, r;

	if ((why = table_open(t, 1, &tab)) != NULL)
		return (transfer_fail(t, "%s", why));
	for (;;) {
		why = NULL;
		line = w->line;
		if ((r = record_next(w, &more, &why)) == -1)
			return (transfer_fail(t, "line %llu %s; all before "
			    "line %llu are in", (unsigned long long)line, why,
			    (unsigned long long)w->first));
		if (r == 0 && more) {
			if (fill(t))
				return (1);
			continue;
		}
		if (r == 0)
			break;
		if (w->ncols == 0 ? header_take(t, tab) : row_take(t, tab,
		    line))
			return (1);
		if (json_array_size(w->rows) >= TRANSFER_ROWS ||
		    w->bytes > BATCH_BYTES)
			return (batch_send(t));
	}
	if (w->ncols == 0)
		return (transfer_fail(t, "line 1: the file names no "
		    "columns"));
	if (batch_send(t))
		return (1);
	snprintf(t->text, sizeof(t->text), "table '%s': imported to the end, "
	    "line %llu", tab->name, (unsigned long long)w->line - 1);
	return (1);
}

const char *
import_rows(struct transfer *t)
{
	struct in_work	*w;
	struct table	*tab;
	const char	*why;
	off_t		 size;

	if ((why = table_open(t, 1, &tab)) != NULL)
		return (why);
	if ((w = calloc(1, sizeof(*w))) == NULL ||
	    (w->rows = json_array()) == NULL) {
		free(w);
		return ("out of memory");
	}
	buf_init(&w->in, 0);
	buf_init(&w->cells, RECORD_MAX);
	w->line = 1;
	w->first = 2;
	t->state = w;
	t->end = in_free;
	t->step = in_step;
	t->unit = "bytes";
	if ((size = lseek(t->fd, 0, SEEK_END)) > 0)
		t->all = (uint64_t)size;
	if (lseek(t->fd, 0, SEEK_SET) != 0)
		return ("the file cannot be read from its begin");
	return (NULL);
}
