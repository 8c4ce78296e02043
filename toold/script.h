/* SPDX-License-Identifier: ISC */
/*
 * script.h: handlers of the server script tools: script.c has the two
 * records, script_project.c projects with their scripts, script_tools.c the
 * rows.  Scripts are kept, never run: execution needs a jail of its own.
 */
#ifndef TOOLD_SCRIPT_H
#define TOOLD_SCRIPT_H

#include "artifact.h"

tool_fn	script_run, script_run_stage;
tool_fn	script_list_ungrouped;
tool_fn	project_list, project_get;
tool_fn	project_stage_delete_rules, project_delete;

#endif
