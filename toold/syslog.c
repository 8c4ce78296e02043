/* SPDX-License-Identifier: ISC */
/*
 * syslog.c: list and read the server's log files.  Runs in keepd-toold; has
 * one descriptor, the directory, opened by master for reading.  A file is
 * opened by a name of the one form that master gives, so no name leads out
 * of the directory.  Lines are other people's text: they are passed on as
 * text and never acted on.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/text.h"
#include "logdir.h"
#include "store_art.h"
#include "systemlog.h"

#define NAME_LEN	64
#define CHUNK		65536
#define PROBE		(2 * LINE_LEN)	/* holds a whole line */
#define LINE_LEN	8192		/* a longer line is cut */

/* Types of the tools, keys of the list, endings of the file names. */
static const struct category {
	const char	*type, *key, *ending;
} categories[] = {
	{ "server", "serverFiles", "-keepd.log" },
	{ "exceptions", "exceptionFiles", "-exceptions.log" },
	{ "scripts", "scriptFiles", "-scripts.log" },
	{ "requests", "requestFiles", "-requests.log" },
	{ "vault", "vaultFiles", "-vault.log" }
};
#define NCATEGORIES	(sizeof(categories) / sizeof(categories[0]))
#define DATE_LEN	10

static const struct category *
category_find(const char *type)
{
	size_t	i;

	for (i = 0; i < NCATEGORIES; i++)
		if (type != NULL && strcmp(categories[i].type, type) == 0)
			return (&categories[i]);
	return (NULL);
}

/* YYYY-MM-DD at the beginning of s. */
static int
date_ok(const char *s)
{
	char	iso[24];
	int64_t	ms;

	if (strlen(s) < DATE_LEN)
		return (0);
	snprintf(iso, sizeof(iso), "%.10sT00:00:00", s);
	return (iso_parse(iso, strlen(iso), 0, &ms) == 0);
}

static int
name_ok(const struct category *cat, const char *name)
{
	return (date_ok(name) && strcmp(name + DATE_LEN, cat->ending) == 0);
}

static const char *
arg_str(const struct call *c, const char *key)
{
	return (json_string_value(json_object_get(c->args, key)));
}

/*
 * A day, or a time with its zone, as what lines begin with: compared as
 * text.  end: a day means its last moment.
 */
static enum tool_err
arg_time(struct call *c, const char *key, int end, char *out)
{
	const char	*s = arg_str(c, key);
	int64_t		 ms;

	out[0] = '\0';
	if (s == NULL)
		return (TE_OK);
	if (strlen(s) == DATE_LEN && date_ok(s))
		snprintf(out, 32, "%.10sT%s", s, end ? "23:59:59.999Z" :
		    "00:00:00.000Z");
	else if (iso_parse(s, strlen(s), 1, &ms) == 0)
		iso_print(ms, 1, out);
	else
		return (call_invalid(c, key, "must be a day such as "
		    "2026-01-31, or a time such as 2026-01-31T12:00:00Z"));
	return (TE_OK);
}

/* ---- list ---- */

struct file {
	char	name[NAME_LEN];
	off_t	size;
};

struct files {
	struct file	*file;
	size_t		 n, cap;
};

static int
by_name(const void *a, const void *b)
{
	/* The newest first. */
	return (strcmp(((const struct file *)b)->name,
	    ((const struct file *)a)->name));
}

static int
files_add(struct files *f, int dir, const char *name)
{
	struct stat	 st;
	struct file	*p;
	size_t		 cap;

	if (strlen(name) >= NAME_LEN || fstatat(dir, name, &st,
	    AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode))
		return (0);
	if (f->n == f->cap) {
		cap = f->cap != 0 ? f->cap * 2 : 64;
		if ((p = reallocarray(f->file, cap, sizeof(*p))) == NULL)
			return (-1);
		f->file = p;
		f->cap = cap;
	}
	snprintf(f->file[f->n].name, NAME_LEN, "%s", name);
	f->file[f->n++].size = st.st_size;
	return (0);
}

static int
name_known(const char *name)
{
	size_t	i;

	for (i = 0; i < NCATEGORIES; i++)
		if (name_ok(&categories[i], name))
			return (1);
	return (0);
}

static int
files_read(struct files *f)
{
	struct dirent	*e;
	DIR		*d;
	int		 fd, rv = 0;

	/* The filter allows no openat without O_NOFOLLOW. */
	fd = openat(log_dir(), ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd == -1)
		return (-1);
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return (-1);
	}
	while (rv == 0 && (e = readdir(d)) != NULL)
		if (name_known(e->d_name))
			rv = files_add(f, log_dir(), e->d_name);
	closedir(d);
	if (f->n != 0)
		qsort(f->file, f->n, sizeof(*f->file), by_name);
	return (rv);
}

static size_t
put_files(struct buf *b, const struct category *cat, const struct files *f,
    const char *from, const char *to, size_t left)
{
	size_t	i, n = 0;

	for (i = 0; i < f->n && n < left; i++) {
		if (!name_ok(cat, f->file[i].name) ||
		    (from[0] != '\0' && strncmp(f->file[i].name, from,
		    DATE_LEN) < 0) || (to[0] != '\0' &&
		    strncmp(f->file[i].name, to, DATE_LEN) > 0))
			continue;
		buf_addf(b, "%s{\"name\":\"%s\",\"size\":%lld}",
		    n++ != 0 ? "," : "", f->file[i].name,
		    (long long)f->file[i].size);
	}
	return (n);
}

enum tool_err
syslog_list(struct call *c)
{
	const char	*type = arg_str(c, "type");
	char		 from[32], to[32];
	struct files	 f = { NULL, 0, 0 };
	enum tool_err	 e;
	size_t		 i, n = 0;

	call_target(c, type != NULL ? type : "");
	if (type != NULL && category_find(type) == NULL)
		return (call_invalid(c, "type", "must be server, exceptions, "
		    "scripts, requests or vault"));
	if ((e = arg_time(c, "dateFrom", 0, from)) != TE_OK ||
	    (e = arg_time(c, "dateTo", 1, to)) != TE_OK)
		return (e);
	if (log_dir() == -1 || files_read(&f) == -1) {
		free(f.file);
		return (call_fail(c, "The log directory cannot be read"));
	}
	for (i = 0; i < NCATEGORIES; i++) {
		buf_addf(c->out, "%c\"%s\":[", i == 0 ? '{' : ',',
		    categories[i].key);
		if (type == NULL || strcmp(type, categories[i].type) == 0)
			n += put_files(c->out, &categories[i], &f, from, to,
			    SYSLOG_FILES - n);
		buf_addc(c->out, ']');
	}
	if (n >= SYSLOG_FILES)
		buf_adds(c->out, ",\"truncated\":true");
	buf_addc(c->out, '}');
	free(f.file);
	return (TE_OK);
}

/* ---- lines ---- */

static int
is_time(const char *s, size_t len)
{
	int64_t	ms;

	return (len == 24 && iso_parse(s, len, 1, &ms) == 0);
}

int
log_entry_parse(const char *line, size_t len, struct log_entry *e)
{
	const char	*p = line, *end = line + len, *q;

	memset(e, 0, sizeof(*e));
	e->message.s = line;
	e->message.len = len;
	if ((q = memchr(p, ' ', len)) == NULL || !is_time(p, (size_t)(q - p)))
		return (-1);
	e->time.s = p;
	e->time.len = (size_t)(q - p);
	p = q + 1;
	if ((q = memchr(p, ' ', (size_t)(end - p))) == NULL)
		return (-1);
	e->level.s = p;
	e->level.len = (size_t)(q - p);
	p = q + 1;
	for (q = p; q + 1 < end && !(q[0] == ':' && q[1] == ' '); q++)
		;
	if (q + 1 >= end)
		return (-1);
	e->process.s = p;
	e->process.len = (size_t)(q - p);
	e->message.s = q + 2;
	e->message.len = (size_t)(end - e->message.s);
	return (0);
}

/* ---- get ---- */

struct reading {
	struct call	*c;
	char		 from[32], to[32];
	int64_t		 start, end;	/* window over what matches */
	int64_t		 total, count;
	char		 last[32];	/* time of the last line looked at */
	json_t		*want;		/* texts, by the argument's name */
	uint64_t	 bytes;		/* of the file to look at */
	size_t		 begin;		/* of the answer */
	int		 cut;
};

static int
part_is(const struct log_part *p, const char *s)
{
	return (s != NULL && strlen(s) == p->len &&
	    memcmp(s, p->s, p->len) == 0);
}

static int
level_fits(const struct call *c, const struct log_entry *e)
{
	const json_t	*list = json_object_get(c->args, "level");
	size_t		 i;

	if (json_array_size(list) == 0)
		return (1);
	for (i = 0; i < json_array_size(list); i++)
		if (part_is(&e->level, json_string_value(json_array_get(list,
		    i))))
			return (1);
	return (0);
}

/* A text to look for, with its ASCII letters lower; an array of them. */
static json_t *
lowered(const json_t *v)
{
	json_t	*out;
	char	*s;
	size_t	 i;

	if (json_is_array(v)) {
		out = json_array();
		for (i = 0; i < json_array_size(v); i++)
			if (json_array_append_new(out,
			    lowered(json_array_get(v, i))) == -1) {
				json_decref(out);
				return (NULL);
			}
		return (out);
	}
	if (!json_is_string(v) ||
	    (s = strdup(json_string_value(v))) == NULL)
		return (NULL);
	ascii_lower(s);
	out = json_string(s);
	free(s);
	return (out);
}

/* What texts the call looks for: 0 or -1. */
static int
wanted(struct reading *r)
{
	static const char *const keys[] = { "message", "scriptName",
	    "scriptGroup", NULL };
	const json_t	*v;
	size_t		 i, n;

	if ((r->want = json_object()) == NULL)
		return (-1);
	for (i = 0; keys[i] != NULL; i++)
		if ((v = json_object_get(r->c->args, keys[i])) != NULL &&
		    json_object_set_new(r->want, keys[i], lowered(v)) == -1)
			return (-1);
	/* More to look for, less to look at: what a call costs is bounded. */
	n = json_array_size(json_object_get(r->want, "scriptGroup")) +
	    (json_object_get(r->want, "message") != NULL) +
	    (json_object_get(r->want, "scriptName") != NULL);
	r->bytes = SYSLOG_BYTES / (1 + 2 * n);
	return (0);
}

/* In time that grows with the text only, whatever the two are. */
static int
contains(const char *low, size_t len, const json_t *what)
{
	return (what == NULL || memmem(low, len, json_string_value(what),
	    json_string_length(what)) != NULL);
}

/* Texts, whatever the case of ASCII letters. */
static int
text_fits(const struct reading *r, const struct log_part *t)
{
	static char	 low[CHUNK];
	const json_t	*groups = json_object_get(r->want, "scriptGroup");
	size_t		 i, n;

	if (json_object_size(r->want) == 0)
		return (1);
	n = t->len < sizeof(low) ? t->len : sizeof(low) - 1;
	memcpy(low, t->s, n);
	for (i = 0; i < n; i++)
		if (low[i] >= 'A' && low[i] <= 'Z')
			low[i] |= 32;
	/* Scripts name themselves in their lines. */
	if (!contains(low, n, json_object_get(r->want, "message")) ||
	    !contains(low, n, json_object_get(r->want, "scriptName")))
		return (0);
	for (i = 0; i < json_array_size(groups); i++)
		if (contains(low, n, json_array_get(groups, i)))
			return (1);
	return (json_array_size(groups) == 0);
}

static int
entry_fits(const struct reading *r, const struct log_entry *e)
{
	if (!level_fits(r->c, e))
		return (0);
	if (r->from[0] == '\0' && r->to[0] == '\0')
		return (text_fits(r, &e->message));
	if (e->time.len == 0)
		return (0);
	return ((r->from[0] == '\0' || memcmp(e->time.s, r->from, 24) >= 0) &&
	    (r->to[0] == '\0' || memcmp(e->time.s, r->to, 24) <= 0) &&
	    text_fits(r, &e->message));
}

static void
put_part(struct buf *b, const char *key, const struct log_part *p)
{
	buf_addf(b, "%s\"%s\":", key[0] == 't' ? "" : ",", key);
	if (p->s == NULL)
		buf_adds(b, "null");
	else
		buf_add_json(b, p->s, p->len);
}

static void
line_take(struct reading *r, const char *line, size_t len)
{
	struct log_entry	 e;
	struct buf		*b = r->c->out;

	(void)log_entry_parse(line, len, &e);
	if (e.time.len != 0)
		snprintf(r->last, sizeof(r->last), "%.24s", e.time.s);
	if (!entry_fits(r, &e))
		return;
	if (r->total++ < r->start || r->total > r->end || r->cut)
		return;
	if (b->len - r->begin > STORE_ANSWER_SOFT) {
		r->cut = 1;
		return;
	}
	buf_adds(b, r->count++ != 0 ? ",{" : "{");
	put_part(b, "timestamp", &e.time);
	put_part(b, "level", &e.level);
	put_part(b, "process", &e.process);
	put_part(b, "message", &e.message);
	buf_addc(b, '}');
}

/* Lines of a chunk; returns how many bytes were used. */
static size_t
chunk_take(struct reading *r, char *s, size_t len, int last)
{
	size_t	at = 0, n;
	char	*nl;

	while (at < len) {
		nl = memchr(s + at, '\n', len - at);
		if (nl == NULL && !last && !(at == 0 && len >= LINE_LEN))
			break;
		n = nl != NULL ? (size_t)(nl - s) - at : len - at;
		if (n > 0)
			line_take(r, s + at, n);
		at += n + (nl != NULL);
	}
	return (at);
}

/*
 * Lines are in the order of time: where to begin to read for those from
 * r->from on, or some before.  What is read too early is filtered out.
 */
static off_t
file_seek(const struct reading *r, int fd, off_t size)
{
	char	 s[PROBE];
	off_t	 lo = 0, hi = size, mid;
	ssize_t	 n;
	char	*nl;

	while (r->from[0] != '\0' && hi - lo > PROBE) {
		mid = lo + (hi - lo) / 2;
		n = pread(fd, s, sizeof(s), mid);
		nl = n > 0 ? memchr(s, '\n', (size_t)n) : NULL;
		if (nl != NULL && s + n - (nl + 1) >= 24 &&
		    is_time(nl + 1, 24) && memcmp(nl + 1, r->from, 24) < 0)
			lo = mid;
		else
			hi = mid;
	}
	return (lo);
}

/* Read to the end: 0; 1 when the bound stopped it; -1. */
static int
file_read(struct reading *r, int fd, off_t size)
{
	size_t	 have = 0, used;
	uint64_t all = 0;
	ssize_t	 n;
	char	*s;
	int	 rv = 0;

	if (lseek(fd, file_seek(r, fd, size), SEEK_SET) == -1 ||
	    (s = malloc(CHUNK)) == NULL)
		return (-1);
	while ((n = read(fd, s + have, CHUNK - have)) > 0) {
		have += (size_t)n;
		all += (uint64_t)n;
		used = chunk_take(r, s, have, 0);
		memmove(s, s + used, have - used);
		have -= used;
		if (all >= r->bytes) {
			rv = 1;
			break;
		}
	}
	if (n == -1)
		rv = -1;
	else if (rv == 0)
		chunk_take(r, s, have, 1);
	free(s);
	return (rv);
}

static int
file_open(const char *name, off_t *size)
{
	struct stat	st;
	int		fd;

	fd = openat(log_dir(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd == -1)
		return (-1);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = ENOENT;
		return (-1);
	}
	*size = st.st_size;
	return (fd);
}

static enum tool_err
args_check(struct call *c, struct reading *r)
{
	static const char *const only[] = { "scriptName", "scriptGroup" };
	const json_t	*v;
	enum tool_err	 e;
	size_t		 i;

	for (i = 0; i < 2; i++)
		if (json_object_get(c->args, only[i]) != NULL &&
		    strcmp(arg_str(c, "type"), "scripts") != 0)
			return (call_invalid(c, only[i],
			    "is only for type scripts"));
	v = json_object_get(c->args, "start");
	r->start = v != NULL ? (int64_t)json_integer_value(v) : 0;
	v = json_object_get(c->args, "end");
	r->end = v != NULL ? (int64_t)json_integer_value(v) :
	    r->start + SYSLOG_END;
	if (r->end < r->start || r->end - r->start > SYSLOG_WINDOW)
		return (call_invalid(c, "end", "must be start or up to %d "
		    "above it", SYSLOG_WINDOW));
	if ((e = arg_time(c, "dateFrom", 0, r->from)) != TE_OK)
		return (e);
	return (arg_time(c, "dateTo", 1, r->to));
}

static void
put_end(struct reading *r, int stopped)
{
	struct buf	*b = r->c->out;
	long long	 next = r->start;

	next += r->count;
	buf_addf(b, "],\"total\":%lld,\"count\":%lld,\"start\":%lld,\"end\":"
	    "%lld", (long long)r->total, (long long)r->count,
	    (long long)r->start, (long long)r->end);
	if (r->cut || stopped)
		buf_adds(b, ",\"truncated\":true");
	if (r->cut)
		buf_addf(b, ",\"note\":\"The answer was cut at its size "
		    "limit: go on with start %lld.\"", next);
	else if (stopped)
		buf_addf(b, ",\"note\":\"The file is large and was read up to "
		    "%s, which total counts: go on with that as dateFrom, "
		    "from start 0.\"", r->last[0] != '\0' ? r->last : "here");
	buf_addc(b, '}');
}

enum tool_err
syslog_get(struct call *c)
{
	const struct category	*cat = category_find(arg_str(c, "type"));
	const char		*name = arg_str(c, "name");
	struct reading		 r;
	enum tool_err		 e;
	off_t			 size = 0;
	int			 fd, stopped;

	memset(&r, 0, sizeof(r));
	r.c = c;
	call_target(c, name);
	if (cat == NULL)
		return (call_invalid(c, "type", "must be server, exceptions, "
		    "scripts, requests or vault"));
	if ((e = args_check(c, &r)) != TE_OK)
		return (e);
	if (!name_ok(cat, name))
		return (call_fail(c, "Not Found"));
	/* ELOOP: a link, which no log file is. */
	if (log_dir() == -1 || ((fd = file_open(name, &size)) == -1 &&
	    errno != ENOENT && errno != ELOOP))
		return (call_fail(c, "The log directory cannot be read"));
	if (fd == -1)
		return (call_fail(c, "Not Found"));
	buf_addf(c->out, "{\"type\":\"%s\",\"name\":\"%s\",\"entries\":[",
	    cat->type, name);
	r.begin = c->out->len;
	stopped = wanted(&r) == -1 ? -1 : file_read(&r, fd, size);
	json_decref(r.want);
	close(fd);
	if (stopped == -1)
		return (call_fail(c, "The log file cannot be read"));
	put_end(&r, stopped);
	return (TE_OK);
}
