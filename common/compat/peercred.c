/* SPDX-License-Identifier: ISC */
/* peercred.c: the kernel's word on who is at the other end of a socket. */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include "compat.h"

int
peer_cred(int fd, uid_t *uid, gid_t *gid)
{
#ifdef __linux__
	struct ucred	u;
	socklen_t	len = sizeof(u);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &len) == -1)
		return (-1);
	if (len != sizeof(u)) {
		errno = EINVAL;
		return (-1);
	}
	*uid = u.uid;
	*gid = u.gid;
	return (0);
#else
	return (getpeereid(fd, uid, gid));
#endif
}
