/* SPDX-License-Identifier: ISC */
/*
 * extension.h: what one further object can add to this program.  The
 * installed program has none: the symbol is weak and nothing defines it.
 * The program that the official conformance suite runs against is linked of
 * the same objects and one more, from tests/, which does.
 */
#ifndef TOOLD_EXTENSION_H
#define TOOLD_EXTENSION_H

struct tool;
struct prompt;
struct resource_more;

struct extension {
	const struct tool	*tools;		/* rows, as in a group */
	const struct prompt	*prompts;
	const struct resource_more *resources;
};

extern const struct extension toold_extension __attribute__((__weak__));

/* NULL without an extension. */
const struct tool *extension_tools(void);
const struct prompt *extension_prompts(void);
const struct resource_more *extension_resources(void);

#endif
