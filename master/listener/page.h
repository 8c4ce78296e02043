/* SPDX-License-Identifier: ISC */
/*
 * page.h: the pages people see.  Pure: values in, HTML out.  Every value
 * goes through buf_add_html; there is no other way into a page.
 */
#ifndef LISTENER_PAGE_H
#define LISTENER_PAGE_H

#include "buf.h"
#include "msg.h"

struct page_view {
	const char	*host;		/* of public-url, shown at the top */
	const struct page_info *info;	/* client, redirect host, scope */
	const char	*txn, *csrf;	/* hidden fields */
	const char	*pending;	/* sign-in only */
	const char	*user;		/* typed before; consent: who */
	const char	*text;		/* sign-in: why again; or NULL */
};

/* 0, or -1 when the buffer failed. */
int	page_signin(struct buf *, const struct page_view *);
int	page_consent(struct buf *, const struct page_view *);
/* ref: short reference for the log, NULL: none. */
int	page_error(struct buf *, const char *host, const char *heading,
	    const char *text, const char *ref);
/* The style sheet, constant. */
const char *page_style(size_t *len);
/* A 32 by 32 icon, constant. */
const void *page_icon(size_t *len);

#endif
