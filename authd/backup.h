/* SPDX-License-Identifier: ISC */
/*
 * backup.h: the store of authd as one file, and back.  The file holds every
 * record and no key; it tells by MACs with which keys it was written.
 *
 *	struct backup_head
 *	'D' name		a database begins
 *	'R' key value		a record of it
 *	'E' digest		the end: SHA-256 of all bytes before
 * each behind a struct backup_item.  Integers are in host order, which the
 * head's `order' tells.
 */
#ifndef AUTHD_BACKUP_H
#define AUTHD_BACKUP_H

#include <stdint.h>

#define BACKUP_MAGIC	"keepd authd 1\n"
#define BACKUP_ORDER	0x01020304U

struct backup_head {
	char		magic[16];	/* BACKUP_MAGIC, zeroes */
	uint32_t	order;
	uint32_t	format;		/* store_format of its records */
	int64_t		made_ms;	/* wall */
};

struct backup_item {
	uint8_t		kind;		/* 'D', 'R', 'E' */
	uint8_t		zero;
	uint16_t	keylen;
	uint32_t	vallen;
};

#endif
