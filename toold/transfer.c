/* SPDX-License-Identifier: ISC */
/*
 * transfer.c: see transfer.h.  Runs in keepd-toold.  The descriptor is
 * keepctl's, who asks is known from the handle that authd made; a transfer
 * ends with that handle, with its connection and with the process.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../common/ctl.h"
#include "../common/text.h"
#include "control.h"
#include "pipe.h"
#include "transfer.h"

#define LINE_MS		500		/* how often keepctl hears of it */
#define FLUSH		(256U << 10)

const struct transfer_kind transfer_kinds[] = {
	{ ART_PACKAGE, "package", "save_package", "pkg", NULL },
	{ ART_PROJECT, "project", "create_script_project", NULL,
	    "jsscript_group" },
	{ ART_TABLE, "table", "save_table", "table", "dictionary" },
	{ ART_SCRIPT, "script", "save_server_script", NULL, "jsclass" },
	{ ART_API, "api", "save_api", "api", "api" },
	{ ART_APP, "app", "save_app", "app", "apps" },
	{ ART_WEBAPP, "webapp", "save_webapp", "webapp", "webapp" },
	{ ART_ADAPTIVE, "adaptive", "save_adaptive", "adaptive", "reports" },
	{ 0, NULL, NULL, NULL, NULL }
};

static struct transfer	now = { .fd = -1 };
static struct ev_timer	step_timer;
static struct buf	answer;		/* of the calls; not looked at */

/* ---- for the parts ---- */

void
transfer_line(struct transfer *t, const char *fmt, ...)
{
	char	text[1024], clean[1024];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean(clean, sizeof(clean), text, strlen(text));
	control_line(t->ch, t->id, "%s", clean);
}

int
transfer_fail(struct transfer *t, const char *fmt, ...)
{
	char	text[1024];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean(t->text, sizeof(t->text), text, strlen(text));
	t->failed = 1;
	return (1);
}

int
transfer_flush(struct transfer *t)
{
	size_t	n = 0;
	ssize_t	w;

	if (t->out.failed)
		return (transfer_fail(t, "out of memory"), -1);
	while (n < t->out.len) {
		w = write(t->fd, t->out.data + n, t->out.len - n);
		if (w == -1 && errno != EINTR)
			return (transfer_fail(t, "the file cannot be written: "
			    "%s", strerror(errno)), -1);
		if (w > 0)
			n += (size_t)w;
	}
	buf_reset(&t->out);
	return (0);
}

int
transfer_live(struct transfer *t)
{
	if (handle_live(t->handle))
		return (1);
	transfer_fail(t, "the authorization ended after %llu %s: begin again "
	    "to go on", (unsigned long long)t->done, t->unit);
	return (0);
}

const char *
transfer_call(struct transfer *t, const char *tool, json_t *args,
    const char *import_id, json_t *dropped)
{
	static char		 err[sizeof(((struct call *)0)->err)];
	const struct tool_entry	*e = tool_find(tool, strlen(tool));
	struct call		 c;
	enum pipe_end		 end;

	memset(&c, 0, sizeof(c));
	if (e == NULL)
		return ("there is no such tool");
	if (answer.max == 0)
		buf_init(&answer, PIPE_OUT_MAX);
	buf_reset(&answer);
	c.who = t->who;
	c.args = args;
	c.out = &answer;
	end = pipe_import(&c, e, t->handle, import_id, dropped);
	if (answer.cap > FLUSH)
		buf_free(&answer);
	if (end == PIPE_OK)
		return (NULL);
	if (end == PIPE_BUSY)
		return ("the server is busy: begin again");
	snprintf(err, sizeof(err), "%s", c.err);
	return (err);
}

int
transfer_package(struct transfer *t, const char *which, struct art *a)
{
	int	r;

	r = art_load(t->who, ART_PACKAGE, which, ART_DEF, a);
	if (r == 0)
		r = art_load_name(t->who, ART_PACKAGE, which, ART_DEF, a);
	if (r == 1 && a->level != PL_NONE)
		return (0);
	art_free(a);
	transfer_fail(t, "%s", r == -1 ? store_error() :
	    "there is no such package, or it is hidden from the user");
	return (-1);
}

/* ---- a record as it stands in a file ---- */

/* Files of a web app with their content, without size and times. */
static void
assets_fill(json_t *tree)
{
	json_t	*runtime = json_object_get(tree, "runtime");
	json_t	*sources = json_object_get(tree, "assetSources");
	json_t	*list = json_object_get(runtime, "assets"), *a, *out;
	size_t	 i;

	if ((out = json_array()) == NULL)
		return;
	json_array_foreach(list, i, a) {
		json_array_append_new(out, json_pack("{s:O, s:O}", "path",
		    json_object_get(a, "path"), "source",
		    json_object_get(sources, json_string_value(
		    json_object_get(a, "path")))));
	}
	json_object_set_new(runtime, "assets", out);
	json_object_del(runtime, "id");
	json_object_del(runtime, "name");
	json_object_del(tree, "assetSources");
}

json_t *
transfer_tree(const struct art *a)
{
	json_t	*tree = art_tree(a);

	if (tree == NULL)
		return (NULL);
	shape_strip(a->type, tree, NULL);
	json_object_del(tree, "package");
	/* Whose package it is here, is for this server to say. */
	if (a->type == ART_PACKAGE)
		json_object_del(tree, "roles");
	if (a->type == ART_WEBAPP)
		assets_fill(tree);
	return (tree);
}

/* ---- steps ---- */

static void
transfer_end(void)
{
	ev_timer_del(&step_timer);
	if (now.end != NULL)
		now.end(&now);
	if (now.fd != -1)
		close(now.fd);
	buf_free(&now.out);
	if (now.handle != NULL)
		handle_release(now.handle);
	explicit_bzero(&now, sizeof(now));
	now.fd = -1;
}

static void
tell_progress(void)
{
	now.told = mono_now();
	control_line(now.ch, now.id, "\t%llu\t%llu\t%s",
	    (unsigned long long)now.done, (unsigned long long)now.all,
	    now.unit);
}

static void
finish(void)
{
	struct chan	*ch = now.ch;
	uint32_t	 id = now.id;
	int		 failed = now.failed;
	char		 text[sizeof(now.text)];

	tell_progress();
	memcpy(text, now.text, sizeof(text));
	transfer_end();
	control_done(ch, id, failed ? 1 : 0, text);
}

static void
on_step(struct ev_timer *t)
{
	int	over;

	store_read_begin();
	over = !transfer_live(&now) || now.step(&now);
	if (!over && now.out.len >= FLUSH && transfer_flush(&now) == -1)
		over = 1;
	if (over) {
		if (!now.failed)
			(void)transfer_flush(&now);
		finish();
		return;
	}
	if (!mono_before(mono_now(), mono_add(now.told, LINE_MS)))
		tell_progress();
	ev_timer_set(&step_timer, 0);
}

static const struct {
	enum ctl_command	 command;
	int			 rows;
	const char		*(*start)(struct transfer *);
} starts[] = {
	{ CTL_TOOLD_EXPORT, 0, export_package },
	{ CTL_TOOLD_EXPORT, 1, export_rows },
	{ CTL_TOOLD_IMPORT, 0, import_package },
	{ CTL_TOOLD_IMPORT, 1, import_rows }
};

static const char *
transfer_start(void)
{
	int	rows = (now.cmd.flags & CTLF_TRANSFER_ROWS) != 0;
	size_t	i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (starts[i].command == now.cmd.command &&
		    starts[i].rows == rows)
			return (starts[i].start(&now));
	return ("toold has no such command");
}

void
transfer_command(struct chan *ch, uint32_t id, const struct msg_ctl *m,
    int fd, struct handle *h)
{
	struct stat	 st;
	const char	*why = NULL;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		why = "not a regular file";
	else if (now.ch != NULL)
		why = "another export or import is under way";
	if (why != NULL) {
		close(fd);
		control_done(ch, id, 1, why);
		return;
	}
	now.ch = ch;
	now.id = id;
	now.cmd = *m;
	now.fd = fd;
	now.handle = h;
	handle_hold(h);
	now.who = handle_caller(h);
	now.unit = "";
	now.told = mono_now();
	buf_init(&now.out, 0);
	ev_timer_init(&step_timer, on_step, NULL);
	if ((why = transfer_start()) != NULL) {
		transfer_fail(&now, "%s", why);
		finish();
		return;
	}
	ev_timer_set(&step_timer, 0);
}

void
transfer_gone(const struct chan *ch)
{
	if (now.ch == ch)
		transfer_end();
}

void
transfer_stop(void)
{
	if (now.ch != NULL)
		transfer_end();
	buf_free(&answer);
}
