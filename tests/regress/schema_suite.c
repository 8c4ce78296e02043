/* SPDX-License-Identifier: ISC */
/*
 * schema_suite tests-folder remotes-folder skip-file
 *
 * Run every required case of the JSON Schema Test Suite, draft 2020-12,
 * against toold/schema.c.  Where a schema refers to another document of the
 * suite, that document is bundled into it (core section 9.3); nothing is
 * ever fetched.  Status 1 if a case fails, if a case cannot be built and is
 * not in the skip file, or if a line of that is not needed any more.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "schema.h"

#define BASE	"http://localhost:1234/"
#define D12	"draft2020-12/"
#define FLAGS	(JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL)

static const char *const remotes[] = {
	D12 "integer.json", D12 "subSchemas-defs.json",
	D12 "locationIndependentIdentifier.json", D12 "name-defs.json",
	D12 "ref-and-defs.json", D12 "prefixItems.json", D12 "tree.json",
	D12 "extendible-dynamic-ref.json", D12 "nested/string.json",
	D12 "nested/foo-ref-string.json",
	D12 "baseUriChange/folderInteger.json",
	D12 "baseUriChangeFolder/folderInteger.json",
	D12 "baseUriChangeFolderInSubschema/folderInteger.json",
	"different-id-ref-string.json", "urn-ref-string.json",
	"nested-absolute-ref-to-string.json",
};

static unsigned int nrun, npassed, nskipped, nfailed;
static json_t *skips;		/* case name: true once it was met */

static json_t *
load(const char *dir, const char *name)
{
	char path[1024];
	json_error_t je;
	json_t *v;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((v = json_load_file(path, FLAGS, &je)) == NULL) {
		(void)fprintf(stderr, "%s: %s, line %d\n", path, je.text,
		    je.line);
		exit(1);
	}
	return (v);
}

static void
skips_load(const char *path)
{
	char line[512];
	FILE *f;

	skips = json_object();
	if ((f = fopen(path, "r")) == NULL) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0' && line[0] != '#')
			(void)json_object_set_new(skips, line, json_false());
	}
	(void)fclose(f);
}

/* Add one document under its address; under its own $id too if that differs. */
static void
bundle_one(json_t *defs, const char *dir, const char *name)
{
	char uri[256];
	const char *id;
	json_t *doc = load(dir, name);

	(void)snprintf(uri, sizeof(uri), BASE "%s", name);
	id = json_string_value(json_object_get(doc, "$id"));
	if (id == NULL)
		(void)json_object_set_new(doc, "$id", json_string(uri));
	else if (strcmp(id, uri) != 0)
		(void)json_object_set_new(defs, uri, json_pack("{ssss}",
		    "$id", uri, "$ref", id));
	(void)json_object_set_new(defs,
	    id != NULL && strcmp(id, uri) != 0 ? id : uri, doc);
}

static json_t *
bundle(const json_t *schema, const char *dir)
{
	json_t *all = json_deep_copy(schema), *defs;
	size_t i;

	if ((defs = json_object_get(all, "$defs")) == NULL) {
		defs = json_object();
		(void)json_object_set_new(all, "$defs", defs);
	}
	for (i = 0; i < sizeof(remotes) / sizeof(remotes[0]); i++)
		bundle_one(defs, dir, remotes[i]);
	return (all);
}

static struct schema *
compile(const json_t *schema, char *err, size_t errlen)
{
	struct schema *s;
	char *text = json_dumps(schema, JSON_ENCODE_ANY);

	s = schema_compile(text, strlen(text), err, errlen);
	free(text);
	return (s);
}

static struct schema *
compile_bundled(const json_t *schema, const char *dir, char *err,
    size_t errlen)
{
	struct schema *s;
	json_t *all;

	if ((s = compile(schema, err, errlen)) != NULL ||
	    !json_is_object(schema))
		return (s);
	all = bundle(schema, dir);
	s = compile(all, err, errlen);
	json_decref(all);
	return (s);
}

static void
run_case(const struct schema *s, const char *why, const char *name,
    const json_t *test)
{
	struct schema_error e;
	int want = json_is_true(json_object_get(test, "valid")) ? 0 : -1;
	int listed = json_object_get(skips, name) != NULL;

	if (s == NULL && listed) {
		nskipped++;
		(void)json_object_set_new(skips, name, json_true());
		return;
	}
	nrun++;
	if (s == NULL)
		(void)printf("not built: %s (%s)\n", name, why);
	else if (listed)
		(void)printf("listed as skipped, but it runs: %s\n", name);
	else if (schema_check(s, json_object_get(test, "data"), &e) != want)
		(void)printf("wrong, must be %svalid: %s\n",
		    want == 0 ? "" : "in", name);
	else {
		npassed++;
		return;
	}
	nfailed++;
}

static void
run_group(const char *file, const json_t *group, const char *remote_dir)
{
	char why[512], name[512];
	const json_t *tests = json_object_get(group, "tests");
	struct schema *s;
	size_t i;

	s = compile_bundled(json_object_get(group, "schema"), remote_dir, why,
	    sizeof(why));
	for (i = 0; i < json_array_size(tests); i++) {
		(void)snprintf(name, sizeof(name), "%s: %s: %s", file,
		    json_string_value(json_object_get(group, "description")),
		    json_string_value(json_object_get(json_array_get(tests,
		    i), "description")));
		run_case(s, why, name, json_array_get(tests, i));
	}
	schema_free(s);
}

static void
run_file(const char *dir, const char *file, const char *remote_dir)
{
	json_t *groups = load(dir, file);
	size_t i;

	for (i = 0; i < json_array_size(groups); i++)
		run_group(file, json_array_get(groups, i), remote_dir);
	json_decref(groups);
}

static void
skips_unused(void)
{
	const char *name;
	json_t *met;

	json_object_foreach(skips, name, met)
		if (!json_is_true(met)) {
			(void)printf("listed as skipped, but no such case: "
			    "%s\n", name);
			nfailed++;
		}
}

int
main(int argc, char **argv)
{
	struct dirent **names;
	size_t len;
	int i, n;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: schema_suite tests remotes "
		    "skips\n");
		return (2);
	}
	skips_load(argv[3]);
	if ((n = scandir(argv[1], &names, NULL, alphasort)) == -1) {
		perror(argv[1]);
		return (1);
	}
	for (i = 0; i < n; i++) {
		len = strlen(names[i]->d_name);
		if (len > 5 && strcmp(names[i]->d_name + len - 5,
		    ".json") == 0)
			run_file(argv[1], names[i]->d_name, argv[2]);
		free(names[i]);
	}
	free(names);
	skips_unused();
	(void)printf("schema-suite: run %u, passed %u, skipped %u, failed "
	    "%u\n", nrun, npassed, nskipped, nfailed);
	json_decref(skips);
	return (nfailed > 0 || nrun == 0);
}
