/* SPDX-License-Identifier: ISC */
/*
 * msg_fuzz.c: the checks of every message.  Input: two bytes choose the row,
 * the rest is the body (padded with zeroes to the row's size).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct msg_row	*r;
	uint8_t			*body;
	size_t			 n;

	if (len < 2)
		return (0);
	r = msg_row_at((size_t)(data[0] | data[1] << 8) % msg_rows());
	data += 2;
	len -= 2;
	n = r->tail_max != 0 && len > r->size ? len : r->size;
	if ((body = calloc(1, n != 0 ? n : 1)) == NULL)
		abort();
	memcpy(body, data, len < n ? len : n);
	(void)msg_check(r, n, (r->flags & MSG_FD) != 0, body);
	free(body);
	return (0);
}
