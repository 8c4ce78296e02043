/* SPDX-License-Identifier: ISC */
/*
 * app.h: handlers of the application tools: app.c has the record and the
 * trash, app_run.c what happens on the way to run time, app_tools.c the rows.
 *
 * Run time is a revision: activating saves a new one whose `activation'
 * names itself.  Later saves make further revisions and leave that one as it
 * is, so nothing reaches run time without activate_app.
 */
#ifndef TOOLD_APP_H
#define TOOLD_APP_H

#include "artifact.h"

#define APP_COMPONENT	"E"		/* appType of a custom component */

tool_fn	app_list, app_get, app_delete;
tool_fn	app_stage_delete, app_stage_delete_rules;
tool_fn	app_stage_activate, app_stage_activate_rules, app_activate;
/*
 * What is wrong with a style sheet, and in which line: NULL if nothing.
 * Plain CSS only: what would need a Sass compiler is refused.
 */
const char	*app_css_check(const char *, unsigned int *line);

#endif
