/* SPDX-License-Identifier: ISC */
/*
 * keepctl.h: between the files of the control tool.  It runs as whoever
 * typed the command, links only common/, and holds a secret only between
 * the terminal and the socket.
 */
#ifndef KEEPCTL_H
#define KEEPCTL_H

#include <stdint.h>

#include "chan.h"
#include "ctl.h"
#include "msg.h"

#define EXIT_DONE	0
#define EXIT_REFUSED	1	/* by the server, or it cannot be reached */
#define EXIT_USAGE	2

struct options {
	const char	*run;		/* directory of the sockets */
	int		 json;
};
extern struct options options;

void	 quit(int status) __attribute__((__noreturn__));
/* With a message. */
void	 die(int status, const char *, ...)
	    __attribute__((__noreturn__, __format__(printf, 2, 3)));

/* args.c: typed words into the struct of a command, by its row. */
/* The row whose words begin argv; *used is how many words those are. */
const struct ctl_row *row_find(int argc, char **argv, int *used);
/* Prints the usage of the row and leaves with EXIT_USAGE. */
void	 row_usage(const struct ctl_row *) __attribute__((__noreturn__));
/* May ask for a password.  Leaves on wrong use. */
void	 row_fill(const struct ctl_row *, int argc, char **argv,
	    struct msg_ctl *);

/* secret.c */
/* Twice from the terminal without echo, or one line of standard input. */
void	 secret_ask(int from_stdin, char *out, size_t size);

/* table.c: lines of fields into columns or JSON. */
/* Headings, separated by tabs; NULL: the lines are plain text. */
void	 table_heads(const char *);
void	 table_line(const char *);
/* Print each line as it comes, in columns of fixed width. */
void	 table_stream(void);
/* What is left to print. */
void	 table_end(void);
/* Control characters replaced, for a terminal. */
void	 print_safe(const char *, size_t);

/* connect.c */
/* Channel to the socket of that kind, ready for commands. */
struct chan *ctl_connect(enum chan_kind, const struct chan_ops *);
/* Send one command of a row, print its lines: its exit status. */
int	 ctl_run(const struct ctl_row *, const struct msg_ctl *,
	    uint8_t *handle);

/*
 * The same for a command on an open file, without printing: lines go to line,
 * the last words to text.
 */
int	 ctl_run_file(const struct ctl_row *, const struct msg_ctl *, int fd,
	    void (*line)(const char *), char *text, size_t);

/* Ask until there is an answer, which does not matter: 0 or -1. */
int	 ctl_wait_for(const struct ctl_row *, const struct msg_ctl *);

/* backup.c */
int	 cmd_backup(int argc, char **argv);
int	 cmd_key_backup(int argc, char **argv);
int	 cmd_restore(int argc, char **argv);

/* transfer.c */
int	 cmd_export(int argc, char **argv);
int	 cmd_import(int argc, char **argv);

/* call.c */
/* A handle of authd's for calls as that user, or the end. */
void	 handle_get(const char *user, uint8_t *handle);
int	 cmd_call(int argc, char **argv);
int	 cmd_lock_list(int argc, char **argv);
int	 cmd_lock_remove(int argc, char **argv);

/* json.c: just enough to take an answer apart. */
struct json {
	const char	*p;
	size_t		 len;
};
/* Member of an object: 0, or -1 if there is none or it is no JSON. */
int	 json_member(struct json, const char *name, struct json *);
/* Element i of an array: the same. */
int	 json_element(struct json, unsigned int, struct json *);
/* A string's text into out (cut, terminated): 0, or -1 if it is none. */
int	 json_string(struct json, char *out, size_t);
int	 json_is(struct json, const char *literal);
/* One whole value and nothing behind it. */
int	 json_valid(struct json);

#endif
