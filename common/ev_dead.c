/* SPDX-License-Identifier: ISC */
/* ev_dead.c: slots of the event loop that died in this turn. */
#include <stdlib.h>

#include "ev_back.h"
#include "log.h"

static int	*dead, dead_n, dead_cap;

void
back_dead(int slot)
{
	int	*p;

	if (dead_n == dead_cap) {
		dead_cap = dead_cap != 0 ? dead_cap * 2 : 64;
		p = realloc(dead, (size_t)dead_cap * sizeof(*dead));
		if (p == NULL)
			fatal("event slots");
		dead = p;
	}
	dead[dead_n++] = slot;
}

void
back_recycle(void)
{
	while (dead_n > 0)
		ev_slot_free(dead[--dead_n]);
}
