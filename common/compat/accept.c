/* SPDX-License-Identifier: ISC */
/* accept.c: accept4 where there is one. */
#include <sys/types.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <unistd.h>

#include "compat.h"

int
accept_nb(int fd, struct sockaddr *addr, unsigned int *len)
{
	socklen_t	n = *len;
	int		s;

	s = accept4(fd, addr, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	*len = n;
	return (s);
}
