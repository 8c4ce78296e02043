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
	socklen_t	n = len != NULL ? *len : 0;
	int		s;

	s = accept4(fd, addr, len != NULL ? &n : NULL,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (len != NULL)
		*len = n;
	return (s);
}
