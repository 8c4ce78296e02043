/* SPDX-License-Identifier: ISC */
/*
 * logdir.h: the directory of log files, read only, as master handed it over.
 */
#ifndef TOOLD_LOGDIR_H
#define TOOLD_LOGDIR_H

int	log_dir(void);			/* a descriptor, or -1 */
void	log_dir_set(int fd);		/* takes fd, closes the old one */

#endif
