/* SPDX-License-Identifier: ISC */
/*
 * logdir.c: see logdir.h.  Runs in toold; the descriptor is master's, opened
 * for reading only.
 */
#include <unistd.h>

#include "logdir.h"

static int dir_fd = -1;

int
log_dir(void)
{
	return (dir_fd);
}

void
log_dir_set(int fd)
{
	if (dir_fd != -1)
		close(dir_fd);
	dir_fd = fd;
}
