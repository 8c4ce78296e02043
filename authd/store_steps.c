/* SPDX-License-Identifier: ISC */
/*
 * store_steps.c: the format of authd's records, and the steps to it from
 * those of earlier ones.  Data, for authd only.
 */
#include <stddef.h>

#include "store.h"

const uint32_t	store_format = 1;

const struct store_step	store_steps[] = {
	{ 0, NULL }
};
