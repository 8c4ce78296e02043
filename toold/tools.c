/* SPDX-License-Identifier: ISC */
/*
 * tools.c: see tools.h.  Runs in toold.  Everything here comes from rows
 * that are compiled in; only names to look up come from the network.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "tools.h"

#define SLOTS		512		/* power of two, over 2 * TOOLS_MAX */

struct list {				/* of one set of rights */
	uint32_t	display, edit;
	unsigned int	form;		/* EF_STRUCTURED or 0 */
	struct shared	text;
};

static struct tool_entry entries[TOOLS_MAX];
static unsigned char slots[SLOTS];	/* index + 1 into entries */
static size_t nentries;
static struct list lists[TEXT_SLOTS];
static size_t nlists, next_list;
static uint64_t version;

/* ---- rules ---- */

int
row_name_ok(const char *name)
{
	size_t n = name != NULL ? strlen(name) : 0;

	return (n >= 1 && n <= 48 &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n);
}

/* No key of this name anywhere below. */
static int
key_absent(const json_t *v, const char *key)
{
	const char *k;
	json_t *sub;
	size_t i;

	if (json_is_array(v)) {
		json_array_foreach(v, i, sub)
			if (!key_absent(sub, key))
				return (0);
		return (1);
	}
	/* json_object_foreach wants an object it may change */
	for (void *it = json_object_iter((json_t *)(uintptr_t)v); it != NULL;
	    it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
		k = json_object_iter_key(it);
		sub = json_object_iter_value(it);
		if (strcmp(k, key) == 0 || !key_absent(sub, key))
			return (0);
	}
	return (1);
}

static const char *
root_lint(const json_t *root)
{
	static const char *const refused[] = { "oneOf", "anyOf", "allOf",
	    "not", "if", "then", "else" };
	const char *type = json_string_value(json_object_get(root, "type"));
	size_t i;

	if (type == NULL || strcmp(type, "object") != 0)
		return ("the root of a schema is not \"type\": \"object\"");
	if (!json_is_object(json_object_get(root, "properties")))
		return ("a schema has no \"properties\" at its root");
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (json_object_get(root, refused[i]) != NULL)
			return ("a combining keyword at the root of a schema");
	if (!key_absent(root, "$ref") || !key_absent(root, "$schema"))
		return ("$ref or $schema in a schema");
	if (!key_absent(root, "x-mcp-header"))
		return ("x-mcp-header, which not all clients know");
	return (NULL);
}

/* Arguments: nothing unknown is taken, everything is described. */
static const char *
input_lint(const struct tool *t, json_t *root)
{
	json_t *props = json_object_get(root, "properties"), *p;
	const char *key;

	if (!json_is_false(json_object_get(root, "additionalProperties")))
		return ("arguments without \"additionalProperties\": false");
	json_object_foreach(props, key, p)
		if (json_object_get(p, "description") == NULL)
			return ("an argument without a description");
	if (t->writes && (json_object_get(props, "dryRun") == NULL ||
	    json_object_get(props, "requestId") == NULL))
		return ("writes, but takes no dryRun and requestId "
		    "(SCHEMA_WRITE_PROPS)");
	return (NULL);
}

static const char *
schema_lint(const struct tool *t, const char *text, int input)
{
	const char *bad;
	json_t *root;

	if (text == NULL || (root = json_loads(text, JSON_REJECT_DUPLICATES,
	    NULL)) == NULL)
		return (input ? "the input schema is not JSON" :
		    "the output schema is not JSON");
	if ((bad = root_lint(root)) == NULL && input)
		bad = input_lint(t, root);
	json_decref(root);
	return (bad);
}

const char *
tool_lint(const struct tool *t)
{
	const char *bad;

	if (!row_name_ok(t->name))
		return ("the name is not [a-z0-9_]{1,48}");
	if (t->title == NULL || t->description == NULL ||
	    t->title[0] == '\0' || strlen(t->description) < 20)
		return ("no title, or a description that says little");
	if (t->perm < 0 || t->perm >= PERM_MAX ||
	    (t->level != TL_DISPLAY && t->level != TL_EDIT))
		return ("no permission and level");
	if (t->fn == NULL)
		return ("no function");
	if (t->writes && t->level != TL_EDIT)
		return ("writes without asking for Edit");
	if (t->writes == !!(t->annotations & TA_READ_ONLY))
		return ("readOnlyHint does not fit");
	if ((bad = schema_lint(t, t->input_schema, 1)) == NULL)
		bad = schema_lint(t, t->output_schema, 0);
	return (bad);
}

/* ---- finding ---- */

static size_t
name_slot(const char *name, size_t len)
{
	uint32_t h = 2166136261U;

	while (len-- > 0)
		h = (h ^ (unsigned char)*name++) * 16777619U;
	return ((h ^ h >> 15) & (SLOTS - 1));
}

const struct tool_entry *
tool_find(const char *name, size_t len)
{
	size_t i = name_slot(name, len);
	const struct tool_entry *e;

	for (; slots[i] != 0; i = (i + 1) & (SLOTS - 1)) {
		e = &entries[slots[i] - 1];
		if (strlen(e->tool->name) == len &&
		    memcmp(e->tool->name, name, len) == 0)
			return (e);
	}
	return (NULL);
}

/* Properties with x-mcp-header: that name to the keys that lead there. */
static void
find_mirrors(json_t *schema, json_t *path, json_t *found)
{
	json_t *props = json_object_get(schema, "properties"), *p, *here;
	const char *key, *name;

	json_object_foreach(props, key, p) {
		if ((here = json_copy(path)) == NULL ||
		    json_array_append_new(here, json_string(key)) == -1)
			fatalx("no memory for a schema");
		name = json_string_value(json_object_get(p, "x-mcp-header"));
		if (name != NULL)
			json_object_set(found, name, here);
		find_mirrors(p, here, found);
		json_decref(here);
	}
}

static json_t *
mirrors_of(const struct tool *t)
{
	json_t *schema = json_loads(t->input_schema, 0, NULL);
	json_t *found = json_object(), *path = json_array();

	find_mirrors(schema, path, found);
	json_decref(path);
	json_decref(schema);
	if (json_object_size(found) > 0)
		return (found);
	json_decref(found);
	return (NULL);
}

static void
tool_add(const struct tool *t, int lint)
{
	size_t len = strlen(t->name), i;
	struct tool_entry *e;
	const char *bad;
	char err[256];

	if (lint && (bad = tool_lint(t)) != NULL)
		fatalx("tool %s: %s", t->name, bad);
	if (nentries == TOOLS_MAX)
		fatalx("tool %s: more than %d tools", t->name, TOOLS_MAX);
	if (tool_find(t->name, len) != NULL)
		fatalx("tool %s: there are two of that name", t->name);
	e = &entries[nentries++];
	e->tool = t;
	e->input = schema_compile(t->input_schema, strlen(t->input_schema),
	    err, sizeof(err));
	if (e->input == NULL)
		fatalx("tool %s: input schema: %s", t->name, err);
	e->mirrors = lint ? NULL : mirrors_of(t);
	for (i = name_slot(t->name, len); slots[i] != 0; )
		i = (i + 1) & (SLOTS - 1);
	slots[i] = (unsigned char)nentries;
}

void
tools_init(const struct tool *const groups[])
{
	const struct tool *t;
	size_t i;

	for (i = 0; groups[i] != NULL; i++)
		for (t = groups[i]; t->name != NULL; t++)
			tool_add(t, 1);
}

void
tools_more(const struct tool *t)
{
	for (; t != NULL && t->name != NULL; t++)
		tool_add(t, 0);
}

void
tools_free(void)
{
	size_t i;

	for (i = 0; i < nentries; i++) {
		schema_free(entries[i].input);
		json_decref(entries[i].mirrors);
	}
	for (i = 0; i < nlists; i++)
		buf_free(&lists[i].text.text);
	memset(slots, 0, sizeof(slots));
	nentries = nlists = next_list = 0;
}

size_t
tools_count(void)
{
	return (nentries);
}

uint32_t
level_mask(const struct caller *who, int level)
{
	if (level == TL_EDIT)
		return (who->read_only ? 0 : who->edit);
	return (who->display);
}

int
tool_allowed(const struct tool *t, const struct caller *who)
{
	return ((level_mask(who, t->level) & (PERM_BIT(t->perm) | t->any)) !=
	    0);
}

/* ---- lists ---- */

static void
add_bool(struct buf *b, const char *key, int on)
{
	buf_addf(b, "\"%s\":%s", key, on ? "true" : "false");
}

/* Where the tool has its title, annotations need none. */
static void
add_annotations(struct buf *b, const struct tool *t, unsigned int form)
{
	buf_adds(b, "\"annotations\":{");
	if ((form & EF_STRUCTURED) == 0) {
		buf_add_member(b, "title", t->title);
		buf_addc(b, ',');
	}
	add_bool(b, "readOnlyHint", t->annotations & TA_READ_ONLY);
	buf_addc(b, ',');
	if ((t->annotations & TA_READ_ONLY) == 0) {
		add_bool(b, "destructiveHint",
		    t->annotations & TA_DESTRUCTIVE);
		buf_addc(b, ',');
	}
	add_bool(b, "idempotentHint", t->annotations & TA_IDEMPOTENT);
	buf_addc(b, ',');
	add_bool(b, "openWorldHint", 0);
	buf_addc(b, '}');
}

static void
add_tool(struct buf *b, const struct tool *t, unsigned int form)
{
	buf_addc(b, '{');
	buf_add_member(b, "name", t->name);
	if (form & EF_STRUCTURED)
		buf_add_member(b, "title", t->title);
	buf_add_member(b, "description", t->description);
	buf_adds(b, ",\"inputSchema\":");
	buf_adds(b, t->input_schema);
	if (form & EF_STRUCTURED && t->output_schema != NULL) {
		buf_adds(b, ",\"outputSchema\":");
		buf_adds(b, t->output_schema);
	}
	buf_addc(b, ',');
	add_annotations(b, t, form);
	buf_addc(b, '}');
}

static void
list_make(struct list *l, const struct caller *who)
{
	struct buf *b = &l->text.text;
	size_t i, n = 0;

	l->text.slot = (uint32_t)(l - lists);
	l->text.version = ++version;
	buf_init(b, 0);
	buf_addc(b, '[');
	for (i = 0; i < nentries; i++) {
		if (!tool_allowed(entries[i].tool, who))
			continue;
		if (n++ > 0)
			buf_addc(b, ',');
		add_tool(b, entries[i].tool, l->form);
	}
	buf_addc(b, ']');
	if (b->failed)
		fatalx("no memory for the list of tools");
}

const struct shared *
tools_list(const struct caller *who, const struct era_row *era)
{
	unsigned int form = era->flags & EF_STRUCTURED;
	uint32_t edit = level_mask(who, TL_EDIT);
	struct caller narrowed = *who;
	struct list *l;
	size_t i;

	for (i = 0; i < nlists; i++) {
		l = &lists[i];
		if (l->display == who->display && l->edit == edit &&
		    l->form == form)
			return (&l->text);
	}
	if (nlists < TEXT_SLOTS)
		l = &lists[nlists++];
	else {
		l = &lists[next_list];
		next_list = (next_list + 1) % TEXT_SLOTS;
		buf_free(&l->text.text);
	}
	narrowed.edit = edit;
	narrowed.read_only = 0;
	l->display = who->display;
	l->edit = edit;
	l->form = form;
	list_make(l, &narrowed);
	return (&l->text);
}
