/* SPDX-License-Identifier: ISC */
/*
 * extension.c: see extension.h.  Runs in toold.
 */
#include <stddef.h>

#include "extension.h"

const struct tool *
extension_tools(void)
{
	return (&toold_extension != NULL ? toold_extension.tools : NULL);
}

const struct prompt *
extension_prompts(void)
{
	return (&toold_extension != NULL ? toold_extension.prompts : NULL);
}

const struct resource_more *
extension_resources(void)
{
	return (&toold_extension != NULL ? toold_extension.resources : NULL);
}
