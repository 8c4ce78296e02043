/* SPDX-License-Identifier: ISC */
/*
 * groups_test.c: the rows of all real tools keep the rules of tools.h, and
 * their schemas compile: a tool without a permission does not get past here.
 */
/* link: TOOLD -lsqlite3 -ljansson -lmd -lm */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "toold/extension.h"
#include "toold/prompt.h"
#include "toold/tools.h"

static void
test_rows(void **state)
{
	const struct tool *t;
	const char *bad;
	size_t i, n = 0;

	for (i = 0; tool_groups[i] != NULL; i++)
		for (t = tool_groups[i]; t->name != NULL; t++, n++)
			if ((bad = tool_lint(t)) != NULL)
				fail_msg("%s: %s", t->name, bad);
	assert_true(n >= 12);
}

static void
test_prompts(void **state)
{
	const struct prompt *p;
	struct prompt bad = prompt_rows[0];
	const char *why;
	size_t n = 0;

	for (p = prompt_rows; p->name != NULL; p++, n++)
		if ((why = prompt_lint(p)) != NULL)
			fail_msg("%s: %s", p->name, why);
	assert_true(n >= 5);
	bad.text = "about {nothing}";
	assert_non_null(prompt_lint(&bad));
	bad.text = "about {name";
	assert_non_null(prompt_lint(&bad));
	bad = prompt_rows[0];
	bad.shows = "purpose";
	assert_non_null(prompt_lint(&bad));
	bad = prompt_rows[0];
	bad.name = "Design";
	assert_non_null(prompt_lint(&bad));
}

/* The program that is installed has no extension. */
static void
test_no_extension(void **state)
{
	assert_null(extension_tools());
	assert_null(extension_prompts());
	assert_null(extension_resources());
}

/* Ends the process when a schema does not compile or a name comes twice. */
static void
test_init(void **state)
{
	static const char *const must[] = { "list_tables", "get_table",
	    "save_table", "delete_table", "query_entity_table",
	    "insert_entity_rows", "update_entity_rows", "delete_entity_rows",
	    "list_packages", "get_package", "save_package",
	    "delete_package" };
	const struct tool_entry *e;
	size_t i;

	tools_init(tool_groups);
	for (i = 0; i < sizeof(must) / sizeof(must[0]); i++) {
		e = tool_find(must[i], strlen(must[i]));
		if (e == NULL)
			fail_msg("no tool %s", must[i]);
	}
	tools_free();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_prompts),
		cmocka_unit_test(test_no_extension),
		cmocka_unit_test(test_init),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
