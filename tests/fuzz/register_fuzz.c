/* SPDX-License-Identifier: ISC */
/*
 * register_fuzz.c: the JSON of a registration.  What is accepted must fit
 * the message that authd will check; what is refused has a reason.
 */
/* link: master/listener/register.o -ljansson */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "master/listener/listener.h"

/* The parts of the listener that the parser itself does not call. */
void
reply_error(struct req *r, int status, const char *code, const char *text)
{
	abort();
}

void
reply_error_more(struct req *r, int status, const char *code,
    const char *text, unsigned int retry, const char *extra)
{
	abort();
}

void
reply_send(struct req *r, const struct reply *p)
{
	abort();
}

int
link_ask_authd(struct req *r, uint32_t type, const void *data)
{
	abort();
}

void
req_step(struct req *r, void (*go)(struct req *))
{
	abort();
}

const char *
req_body(const struct req *r, size_t *len)
{
	abort();
}

int
http_media_is(struct http_str v, const char *type)
{
	abort();
}

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct msg_register m;
	const struct msg_row *row = msg_row(MSG_REGISTER);
	const char *why = NULL;

	if (len > 8192)
		return (0);
	if (register_parse((const char *)data, len, &m, &why) == NULL) {
		if (msg_check(row, sizeof(m), 0, &m) != NULL ||
		    m.nredirects == 0)
			abort();
	} else if (why == NULL)
		abort();
	return (0);
}
