/* SPDX-License-Identifier: ISC */
/*
 * secret.c: asks for a password.  Runs in keepctl as the admin.  It never
 * comes from the command line or the environment, where others could see
 * it, and is wiped when the command was sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../../common/secret.h"
#include "../../common/text.h"
#include "keepctl.h"

static struct termios	saved;
static int		tty = -1;

/* The terminal must not stay silent when the admin gives up. */
static void
on_signal(int sig)
{
	(void)tcsetattr(tty, TCSAFLUSH, &saved);
	_exit(EXIT_REFUSED);
}

static void
line_bad(const char *why)
{
	if (tty != -1)
		(void)tcsetattr(tty, TCSAFLUSH, &saved);
	die(EXIT_USAGE, "the password %s", why);
}

/* One line without its end: its length, or -1 when there is none. */
static ssize_t
line_read(int fd, char *out, size_t size)
{
	ssize_t	n;
	size_t	len = 0;
	char	c;

	for (;;) {
		n = read(fd, &c, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n != 1 || c == '\n' || c == '\r')
			break;
		if (len + 1 >= size)
			line_bad("is longer than 255 bytes");
		if (c == '\0')
			line_bad("holds a zero byte");
		out[len++] = c;
	}
	out[len] = '\0';
	if (!utf8_valid(out, len))
		line_bad("is not valid UTF-8");
	return (n == -1 || (n == 0 && len == 0) ? -1 : (ssize_t)len);
}

static void
prompt(const char *text)
{
	if (write(tty, text, strlen(text)) == -1)
		die(EXIT_REFUSED, "the terminal: %s", strerror(errno));
}

static void
echo_off(void)
{
	struct termios	quiet;

	if ((tty = open("/dev/tty", O_RDWR | O_CLOEXEC)) == -1 ||
	    tcgetattr(tty, &saved) == -1)
		die(EXIT_REFUSED, "no terminal to ask for the password on: "
		    "give it on standard input and write - as the last "
		    "argument");
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGHUP, on_signal);
	quiet = saved;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	if (tcsetattr(tty, TCSAFLUSH, &quiet) == -1)
		die(EXIT_REFUSED, "the terminal: %s", strerror(errno));
}

static void
terminal_ask(char *out, size_t size)
{
	char	again[SECRET_MAX];
	ssize_t	n, m;

	echo_off();
	prompt("Password: ");
	n = line_read(tty, out, size);
	prompt("\nAgain: ");
	m = line_read(tty, again, sizeof(again));
	prompt("\n");
	(void)tcsetattr(tty, TCSAFLUSH, &saved);
	close(tty);
	if (n < 1 || n != m || memcmp(out, again, (size_t)n) != 0) {
		secret_wipe(again, sizeof(again));
		secret_wipe(out, size);
		die(EXIT_REFUSED, n < 1 ? "no password was given" :
		    "the two passwords differ");
	}
	secret_wipe(again, sizeof(again));
}

void
secret_ask(int from_stdin, char *out, size_t size)
{
	if (!from_stdin)
		terminal_ask(out, size);
	else if (line_read(STDIN_FILENO, out, size) < 1)
		die(EXIT_REFUSED, "no password on standard input");
}
