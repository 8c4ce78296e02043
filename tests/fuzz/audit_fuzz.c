/* SPDX-License-Identifier: ISC */
/*
 * audit_fuzz.c: audit records.  Input: a byte chooses.  0: the rest is the
 * tail of a batch as toold sends it (the second byte is the number of
 * events); what passes is stored, read back and shown.  1: the rest is a
 * stored value.
 */
/* link: authd/audit_rec.o */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "authd/audit_rec.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
value_show(const uint8_t *data, size_t len)
{
	struct audit_item	it;
	struct buf		b;
	unsigned int		i, n;

	n = audit_value_events(data, len, NULL);
	buf_init(&b, 0);
	for (i = 0; i < n && i < 64; i++) {
		if (audit_value_item(data, len, 1, i, &it) == -1)
			continue;
		buf_reset(&b);
		audit_line(&it, &b);
		if (memchr(b.data, '\n', b.len) != NULL)
			abort();
		audit_json(&it, &b);
	}
	buf_free(&b);
}

static void
batch_store(const uint8_t *data, size_t len, uint32_t n)
{
	struct audit_value	 v;
	struct audit_subject	 s;
	struct audit_event	 e;
	struct buf		 out;
	const char		*t;
	size_t			 off = 0;
	uint32_t		 i;

	if (audit_batch_bad(data, len, n) != NULL)
		return;
	memset(&s, 0, sizeof(s));
	audit_value_init(&v);
	for (i = 0; i < n; i++) {
		audit_batch_next(data, &off, &e, &t);
		audit_value_event(&v, audit_value_subject(&v, &s), &e, t);
	}
	if (off != len)
		abort();
	buf_init(&out, 0);
	audit_value_seal(&v, &out);
	if (audit_value_events(out.data, out.len, NULL) != n)
		abort();
	value_show(out.data, out.len);
	buf_free(&out);
	audit_value_free(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 2)
		return (0);
	if (data[0] & 1)
		value_show(data + 1, len - 1);
	else if (data[1] != 0)
		batch_store(data + 2, len - 2, data[1]);
	return (0);
}
