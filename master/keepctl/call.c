/* SPDX-License-Identifier: ISC */
/*
 * call.c: a tool, called as a user: authd makes a handle for that user, and
 * toold takes it on its own socket.  Runs in keepctl as the admin, who
 * could do the same through a client; the call passes the same checks and
 * leaves the same audit record.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "keepctl.h"
#include "secret.h"
#include "text.h"

#define CALL_MAX	(4U << 20)
#define WAIT_MS		60000
#define VERSION		"2025-11-25"

static struct {
	struct buf	body;
	uint32_t	status;
	int		over, unknown;
} got;

static void
on_answer(struct chan *ch, struct msg *m)
{
	const struct msg_answer *a = m->data;

	if (a->text != 0) {
		chan_violation(ch, "an answer with a text that was not sent");
		return;
	}
	got.status = a->status;
	buf_add(&got.body, m->tail + a->session_len, a->body_len);
	chan_credit(ch, msg_bulk_len(m));
	got.over = 1;
}

static void
on_unknown(struct chan *ch, struct msg *m)
{
	got.unknown = got.over = 1;
}

static void
on_stray(struct chan *ch, struct msg *m)
{
	chan_violation(ch, "an answer to nothing");
}

static void
on_end(struct chan *ch, enum chan_end end, const char *why)
{
	if (!got.over)
		die(EXIT_REFUSED, "the connection ended before the answer "
		    "(%s): nobody knows whether it was done", why);
}

static const struct chan_handler handlers[] = {
	{ MSG_ANSWER, on_answer },
	{ MSG_HANDLE_UNKNOWN, on_unknown },
	{ MSG_CTL_LINE, on_stray },
	{ MSG_CTL_DONE, on_stray },
	{ 0, NULL }
};

void
handle_get(const char *user, uint8_t *handle)
{
	struct msg_ctl	m;
	int		status;

	memset(&m, 0, sizeof(m));
	m.command = CTL_OPERATOR;
	if (text_set(m.name, sizeof(m.name), user) == -1)
		die(EXIT_USAGE, "the user name is too long");
	if (!text_field_ok(m.name, sizeof(m.name)))
		die(EXIT_USAGE, "the user name is not valid UTF-8");
	status = ctl_run(ctl_row(CTL_OPERATOR), &m, handle);
	if (status != EXIT_DONE)
		exit(status);
}

static void
call_send(struct chan *ch, const uint8_t *handle, const char *tool,
    const struct buf *args)
{
	struct msg_call	m;
	struct buf	tail;

	buf_init(&tail, 0);
	buf_adds(&tail, VERSION);
	buf_adds(&tail, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"tools/call\",\"params\":{\"name\":");
	buf_add_json(&tail, tool, strlen(tool));
	buf_adds(&tail, ",\"arguments\":");
	buf_add(&tail, args->data, args->len);
	buf_adds(&tail, "}}");
	if (tail.failed || tail.len > CALL_MAX)
		die(EXIT_USAGE, "the arguments are too large");
	memset(&m, 0, sizeof(m));
	memcpy(m.handle, handle, sizeof(m.handle));
	m.method = HM_POST;
	m.flags = CF_VERSION;
	m.version_len = sizeof(VERSION) - 1;
	m.body_len = (uint32_t)tail.len - m.version_len;
	chan_send_tail(ch, MSG_CALL, 1, &m, tail.data, tail.len);
	buf_free(&tail);
}

static void
raw_print(struct json j, FILE *fp)
{
	fwrite(j.p, 1, j.len, fp);
	fputc('\n', fp);
}

/* An error of the protocol or of the tool: its text, on standard error. */
static int
error_print(struct json result, struct json error)
{
	struct json	list, one, text = { NULL, 0 };
	char		buf[8192];

	if (error.p != NULL)
		(void)json_member(error, "message", &text);
	else if (json_member(result, "content", &list) == 0 &&
	    json_element(list, 0, &one) == 0)
		(void)json_member(one, "text", &text);
	if (text.p == NULL || json_string(text, buf, sizeof(buf)) == -1)
		snprintf(buf, sizeof(buf), "status %u without a text",
		    got.status);
	fprintf(stderr, "keepctl: %s\n", buf);
	return (EXIT_REFUSED);
}

static int
answer_print(void)
{
	struct json	all, result, error, part;

	all.p = (const char *)got.body.data;
	all.len = got.body.len;
	if (json_member(all, "error", &error) == 0)
		return (error_print(error, error));
	if (json_member(all, "result", &result) == -1)
		die(EXIT_REFUSED, "toold answered %u without a result",
		    got.status);
	error.p = NULL;
	if (json_member(result, "isError", &part) == 0 &&
	    json_is(part, "true"))
		return (error_print(result, error));
	if (json_member(result, "structuredContent", &part) == 0)
		raw_print(part, stdout);
	else
		raw_print(result, stdout);
	return (EXIT_DONE);
}

/* A handle for user, then the call; arguments are checked JSON. */
static int
call_run(const char *user, const char *tool, const struct buf *args)
{
	static const struct chan_ops ops = { handlers, on_end };
	struct chan	*ch;
	uint8_t		 handle[HANDLE_LEN];
	int		 n;

	handle_get(user, handle);
	buf_init(&got.body, 0);
	ch = ctl_connect(CK_CTL_TOOLD, &ops);
	call_send(ch, handle, tool, args);
	secret_wipe(handle, sizeof(handle));
	while (!got.over)
		if ((n = chan_wait(ch, WAIT_MS)) != 1 && !got.over)
			die(EXIT_REFUSED, n == 0 ? "no answer in 60 seconds" :
			    "the connection ended before the answer");
	if (got.unknown)
		die(EXIT_REFUSED, "toold does not know the handle that authd "
		    "made: try again");
	n = answer_print();
	buf_free(&got.body);
	return (n);
}

static void
stdin_read(struct buf *b)
{
	char	block[65536];
	size_t	n;

	while ((n = fread(block, 1, sizeof(block), stdin)) > 0)
		if (buf_add(b, block, n) == -1)
			die(EXIT_USAGE, "the arguments are too large");
	if (ferror(stdin))
		die(EXIT_REFUSED, "standard input: %s", strerror(errno));
}

static const char *
user_opt(int *argc, char ***argv)
{
	const char	*user = "admin";

	if (*argc >= 2 && strcmp((*argv)[0], "-u") == 0) {
		user = (*argv)[1];
		*argc -= 2;
		*argv += 2;
	}
	return (user);
}

int
cmd_call(int argc, char **argv)
{
	struct json	j;
	struct buf	args;
	const char	*user;
	int		 status;

	user = user_opt(&argc, &argv);
	if (argc < 1 || argc > 2 || argv[0][0] == '-')
		return (EXIT_USAGE);
	buf_init(&args, CALL_MAX);
	if (argc == 2 && strcmp(argv[1], "-") == 0)
		stdin_read(&args);
	else
		buf_adds(&args, argc == 2 ? argv[1] : "{}");
	j.p = (const char *)args.data;
	j.len = args.len;
	if (args.failed || j.len == 0 || !json_valid(j))
		die(EXIT_USAGE, "the arguments of %s are not JSON", argv[0]);
	status = call_run(user, argv[0], &args);
	buf_free(&args);
	return (status);
}

int
cmd_lock_list(int argc, char **argv)
{
	struct buf	args;
	const char	*user;
	int		 status;

	user = user_opt(&argc, &argv);
	if (argc != 0)
		return (EXIT_USAGE);
	buf_init(&args, 64);
	buf_adds(&args, "{}");
	status = call_run(user, "list_locks", &args);
	buf_free(&args);
	return (status);
}

int
cmd_lock_remove(int argc, char **argv)
{
	struct buf	args;
	const char	*user;
	int		 status;

	user = user_opt(&argc, &argv);
	if (argc != 1)
		return (EXIT_USAGE);
	buf_init(&args, 4096);
	buf_adds(&args, "{\"id\":");
	buf_add_json(&args, argv[0], strlen(argv[0]));
	buf_adds(&args, "}");
	status = call_run(user, "delete_lock", &args);
	buf_free(&args);
	return (status);
}
