/* SPDX-License-Identifier: ISC */
/*
 * compat.h: calls that the systems name differently, under one name each.
 * One missing function a file in this folder.
 */
#ifndef COMMON_COMPAT_H
#define COMMON_COMPAT_H

#include <sys/types.h>

/* glibc has it from 2.34 on, the BSDs always had. */
void	closefrom(int);

/* No core file and no debugger of the same user, where the system can. */
void	process_nodump(void);

/* Who is at the other end of a Unix socket: 0 or -1. */
int	peer_cred(int fd, uid_t *, gid_t *);

/*
 * Accept with the new descriptor close-on-exec and non-blocking; addr as
 * accept(2).
 */
struct sockaddr;
int	accept_nb(int fd, struct sockaddr *, unsigned int *len);

#endif
