/* SPDX-License-Identifier: ISC */
/*
 * groups.c: the tool groups of keepd-toold, and what it serves beside tools.
 * Adding a group is a line here.
 */
#include "artifact.h"
#include "logging.h"
#include "mcp.h"
#include "prompt.h"
#include "resource.h"
#include "systemlog.h"
#include "tools.h"
#include "watch.h"

const struct tool *const tool_groups[] = {
	pkg_tools,
	table_tools,
	row_tools,
	lock_tools,
	revision_tools,
	app_tools,
	webapp_tools,
	script_tools,
	adaptive_tools,
	api_tools,
	syslog_tools,
	NULL
};

const struct feature *const feature_groups[] = {
	&resource_feature,
	&prompt_feature,
	&logging_feature,
	&watch_feature,
	NULL
};
