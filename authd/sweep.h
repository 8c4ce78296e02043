/* SPDX-License-Identifier: ISC */
/* sweep.h: removal of what has expired. */
#ifndef AUTHD_SWEEP_H
#define AUTHD_SWEEP_H

void	sweep_start(void);

#endif
