/* SPDX-License-Identifier: ISC */
/*
 * notify.c: tells the service manager how far we are, by the datagrams of
 * sd_notify(3), without its library.
 * Runs in master.  Trusts the manager's address in NOTIFY_SOCKET; touches
 * one datagram socket, connected before master confines itself.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "keepd.h"

static int	notify_fd = -1;

int
notify_open(void)
{
	struct sockaddr_un sun;
	const char	*path;
	socklen_t	 len;

	path = getenv("NOTIFY_SOCKET");
	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return (0);
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun.sun_path))
		return (0);
	memcpy(sun.sun_path, path, strlen(path));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    strlen(path));
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	if ((notify_fd = socket(AF_UNIX, SOCK_DGRAM, 0)) == -1)
		return (0);
	if (fd_nonblock(notify_fd) == -1 ||
	    fcntl(notify_fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    connect(notify_fd, (struct sockaddr *)&sun, len) == -1) {
		log_warn("NOTIFY_SOCKET %s", path);
		close(notify_fd);
		notify_fd = -1;
	}
	return (1);
}

static void
notify_send(const char *text)
{
	if (notify_fd == -1)
		return;
	if (send(notify_fd, text, strlen(text), MSG_NOSIGNAL) == -1)
		log_warn("service manager");
}

void
notify_ready(void)
{
	char	text[64];

	snprintf(text, sizeof(text), "READY=1\nMAINPID=%d", (int)getpid());
	notify_send(text);
}

void
notify_reloading(void)
{
	struct timespec	ts;
	char		text[80];

	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	    (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
	notify_send(text);
}

void
notify_stopping(void)
{
	notify_send("STOPPING=1");
}

void
notify_status(const char *fmt, ...)
{
	char	text[256] = "STATUS=";
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text + 7, sizeof(text) - 7, fmt, ap);
	va_end(ap);
	notify_send(text);
}
