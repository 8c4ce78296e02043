/* SPDX-License-Identifier: ISC */
/*
 * pkg.h: handlers and stages of the package tools (pkg.c), for their rows
 * (pkg_tools.c) and tests.  Who may see and change what lies in a package is
 * in store_art.h: pkg_level() and pkg_allows().
 */
#ifndef TOOLD_PKG_H
#define TOOLD_PKG_H

#include "store_art.h"

tool_fn	pkg_list, pkg_get, pkg_save, pkg_delete;
tool_fn	pkg_stage_save;			/* package stage */
tool_fn	pkg_stage_rules;
/* The same for a definition that is not in the arguments (revision.c). */
enum tool_err	pkg_rules(struct call *, const json_t *obj);
tool_fn	pkg_stage_delete;
tool_fn	pkg_stage_delete_rules;

#endif
