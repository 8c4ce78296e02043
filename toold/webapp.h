/* SPDX-License-Identifier: ISC */
/*
 * webapp.h: handlers of the web app tools: webapp.c has the record and what
 * a save does to its files, webapp_asset.c single files, webapp_tools.c the
 * rows.
 *
 * runtime.assets lists the files by path, size and times; their content, in
 * base64, is the record's hidden last member, path to text, which only
 * get_webapp_asset reads.
 */
#ifndef TOOLD_WEBAPP_H
#define TOOLD_WEBAPP_H

#include "artifact.h"

#define WEBAPP_HIDDEN	"assetSources"
#define ASSETS_MAX	2000
#define ASSET_MAX	(1U << 20)	/* bytes of base64 of one file */
#define ASSETS_TOTAL	(6U << 20)	/* of all files of a web app */

tool_fn	webapp_asset_get, webapp_asset_delete;
tool_fn	webapp_stage_find, webapp_stage_asset;
/* What is wrong with the path of a file, or NULL. */
const char	*asset_path_check(const char *);
/* Bytes that base64 text stands for; -1 when it is none. */
int64_t		 asset_size(const char *b64, size_t len);
/* The index of a path in runtime.assets, or -1. */
int		 asset_find(const json_t *assets, const char *path);

#endif
