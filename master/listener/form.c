/* SPDX-License-Identifier: ISC */
/*
 * form.c: forms and queries into structs, by a table of their fields.  Runs
 * in the listener; the bytes come from the network.  A parameter that comes
 * twice is refused (RFC 6749 3.1), one that is not in the table is ignored,
 * and one without a value counts as left out (the same section).
 */
#include <stdio.h>
#include <string.h>

#include "secret.h"
#include "text.h"
#include "uri.h"
#include "listener.h"

#define SCRATCH		32768		/* the largest body of a form route */
#define PAIRS_MAX	64

struct fill {
	const struct form_field	*fields;
	uint8_t			*out;
	uint32_t		 seen, has;
	const char		*why;
};

static char	scratch[SCRATCH];
static char	why_text[96];

static int
refuse(struct fill *f, const char *name, const char *what)
{
	snprintf(why_text, sizeof(why_text), "parameter %s %s", name, what);
	f->why = why_text;
	return (-1);
}

static int
pair(void *arg, const char *key, const char *val, size_t len)
{
	struct fill			*f = arg;
	const struct form_field		*row;

	for (row = f->fields; row->bit != 0; row++)
		if (strcmp(row->name, key) == 0)
			break;
	if (row->bit == 0)
		return (0);
	if (f->seen & row->bit)
		return (refuse(f, row->name, "is given twice"));
	if (text_setn((char *)f->out + row->off, row->size, val, len) == -1)
		return (refuse(f, row->name, "is too long"));
	f->seen |= row->bit;
	if (len > 0)
		f->has |= row->bit;
	return (0);
}

int
form_fill(const struct form_field *fields, const char *text, size_t len,
    void *out, uint32_t *has, const char **why)
{
	struct fill	f = { fields, out, 0, 0, NULL };
	int		rv;

	*has = 0;
	*why = NULL;
	if (len == 0)
		return (0);
	rv = form_parse(text, len, scratch, sizeof(scratch), PAIRS_MAX, pair,
	    &f);
	secret_wipe(scratch, len < sizeof(scratch) ? len : sizeof(scratch));
	if (rv == -1)
		*why = f.why != NULL ? f.why :
		    "the form is not application/x-www-form-urlencoded";
	*has = f.has;
	return (rv == -1 ? -1 : 0);
}

int
form_refused(struct req *r, const struct form_field *fields, void *out,
    uint32_t *has)
{
	const char	*text, *why;
	size_t		 len;

	text = req_body(r, &len);
	if (form_fill(fields, text, len, out, has, &why) == 0)
		return (0);
	reply_error(r, 400, "invalid_request", why);
	return (1);
}
