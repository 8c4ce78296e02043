/* SPDX-License-Identifier: ISC */
/*
 * art_rig.h: the row of tests that every group of artifact tools has to
 * pass, over the texts of one group: unknown ids, unknown keys, packages and
 * levels, locks, revisions, dry run, hidden equals missing, earlier
 * revisions, lists.
 */
#ifndef TESTS_ART_RIG_H
#define TESTS_ART_RIG_H

#include "store_rig.h"

#define MISSING	"12345678-1234-4234-8234-123456789012"
#define IN_CLOSED(id)	",\"package\":\"%s\"", (id)

struct art_case {
	const char	*type;		/* of revisions and locks */
	const char	*list, *get, *save, *del;
	const char	*open, *close;	/* of the artifact in save's args */
	const char	*create;	/* members to create one, name "one" */
	const char	*change;	/* a member to change */
	const char	*perm;		/* name of the permission */
	enum perm	 bit;
	const char	*envelope;	/* member of get that is the record */
};

static char	art_pkg[64], art_id[64];

static void
keep(char *out, const char *json)
{
	snprintf(out, 40, "%s", rig_id(json));
}

static const char *
art_create(const struct caller *who, const struct art_case *t,
    const char *more)
{
	return (rig_run(who, t->save, "{%s%s%s%s}", t->open, t->create, more,
	    t->close));
}

static const char *
art_get(const struct caller *who, const struct art_case *t, const char *id)
{
	const char	*r = rig_run(who, t->get, "{\"id\":\"%s\"}", id);

	return (r[0] == '!' || t->envelope == NULL ? r :
	    rig_member(r, t->envelope));
}

/* A package of role alpha (Edit), and of beta (Read) if so. */
static void
art_closed(const struct art_case *t, const char *beta)
{
	char	more[96];

	keep(art_pkg, rig_run(&ann, "save_package", "{\"pkg\":{\"name\":"
	    "\"closed\",\"roles\":[{\"name\":\"alpha\",\"accessLevel\":"
	    "\"EDIT\"}%s]}}", beta));
	snprintf(more, sizeof(more), ",\"package\":\"%s\"", art_pkg);
	keep(art_id, art_create(&ann, t, more));
}

/* The record's own text, without what differs from save to save. */
static void
art_unknown_ids(const struct art_case *t)
{
	rig_fails("Not Found", &ann, t->get, "{\"id\":\"" MISSING "\"}");
	rig_fails("Not Found", &ann, t->del, "{\"id\":\"" MISSING "\"}");
	rig_fails("Not Found", &ann, t->save, "{%s\"id\":\"" MISSING
	    "\",%s%s}", t->open, t->change, t->close);
	rig_fails("Not Found", &ann, t->get, "{\"id\":\"no id\"}");
}

static void
art_unknown_keys(const struct art_case *t)
{
	assert_non_null(strstr(rig_run(&ann, t->save, "{%s%s,\"bogus\":1%s}",
	    t->open, t->create, t->close), "bogus is not a known property"));
	assert_string_equal(rig_stage, "arguments");
	assert_non_null(strstr(rig_run(&ann, t->get, "{\"id\":\"" MISSING
	    "\",\"bogus\":1}"), "bogus is not a known property"));
	assert_non_null(strstr(rig_run(&ann, t->list, "{\"listOptions\":{"
	    "\"bogus\":1}}"), "bogus is not a known property"));
	assert_non_null(strstr(rig_run(&ann, t->list, "{\"listOptions\":{"
	    "\"where\":{\"bogus\":1}}}"), "!listOptions.where.bogus is not "
	    "a field to filter by; there are: id, name, description, "
	    "package, ver, revision, createdAt, updatedAt, createdBy, "
	    "changedBy"));
}

static void
art_levels(const struct art_case *t)
{
	art_closed(t, ",{\"name\":\"beta\",\"accessLevel\":\"READ\"}");
	rig_ok(&bob, t->get, "{\"id\":\"%s\"}", art_id);
	rig_fails("No edit access to artifact", &bob, t->save,
	    "{%s\"id\":\"%s\",%s%s}", t->open, art_id, t->change, t->close);
	rig_fails("No edit access to artifact", &bob, t->del,
	    "{\"id\":\"%s\"}", art_id);
	rig_fails("No edit access to artifact", &bob, t->save,
	    "{%s%s,\"package\":\"%s\"%s}", t->open, t->create, art_pkg,
	    t->close);
	rig_fails("No access to artifact", &ann, t->save,
	    "{%s%s,\"package\":\"" MISSING "\"%s}", t->open, t->create,
	    t->close);
	rig_ok(&ann, t->save, "{%s\"id\":\"%s\",%s%s}", t->open, art_id,
	    t->change, t->close);
	assert_string_equal(rig_member(rig_run(&bob, t->list, "{}"), "count"),
	    "1");
}

/* What is hidden answers as what is missing, byte for byte. */
static void
art_hidden(const struct art_case *t)
{
	char	missing[4096];

	art_closed(t, "");
	snprintf(missing, sizeof(missing), "%s", rig_run(&bob, t->get,
	    "{\"id\":\"" MISSING "\"}"));
	assert_string_equal(rig_run(&bob, t->get, "{\"id\":\"%s\"}", art_id),
	    missing);
	rig_fails("Not Found", &bob, t->del, "{\"id\":\"%s\"}", art_id);
	rig_fails("Not Found", &bob, t->save, "{%s\"id\":\"%s\",%s%s}",
	    t->open, art_id, t->change, t->close);
	rig_fails("Not Found", &bob, "list_revisions",
	    "{\"type\":\"%s\",\"id\":\"%s\"}", t->type, art_id);
	rig_fails("Not Found", &bob, "acquire_lock",
	    "{\"type\":\"%s\",\"id\":\"%s\"}", t->type, art_id);
	assert_string_equal(rig_member(rig_run(&bob, t->list, "{}"), "total"),
	    "0");
	/* The positive control. */
	rig_ok(&ann, t->get, "{\"id\":\"%s\"}", art_id);
}

static void
art_locks(const struct art_case *t)
{
	keep(art_id, art_create(&ann, t, ""));
	rig_ok(&bob, "acquire_lock", "{\"type\":\"%s\",\"id\":\"%s\"}",
	    t->type, art_id);
	rig_fails("one is locked by bob since 2026-09-21T14:13:20.000Z", &ann,
	    t->save, "{%s\"id\":\"%s\",%s%s}", t->open, art_id, t->change,
	    t->close);
	rig_fails("one is locked by bob since 2026-09-21T14:13:20.000Z", &ann,
	    t->del, "{\"id\":\"%s\"}", art_id);
	/* One's own lock is no hindrance. */
	rig_ok(&bob, t->save, "{%s\"id\":\"%s\",%s%s}", t->open, art_id,
	    t->change, t->close);
}

/* Two edit the same revision: the second is told. */
static void
art_revisions(const struct art_case *t)
{
	char	first[65536];

	keep(art_id, art_create(&ann, t, ""));
	snprintf(first, sizeof(first), "%s", art_get(&ann, t, art_id));
	rig_ok(&bob, t->save, "{%s\"id\":\"%s\",%s%s,\"expectedRevision\":1}",
	    t->open, art_id, t->change, t->close);
	rig_fails("one has revision 2, not 1 as expectedRevision says: it was "
	    "changed by bob; read it again", &ann, t->save,
	    "{%s\"id\":\"%s\",%s%s,\"expectedRevision\":1}", t->open, art_id,
	    t->change, t->close);
	rig_fails("one has revision 2, not 1 as expectedRevision says: it was "
	    "changed by bob; read it again", &ann, t->del,
	    "{\"id\":\"%s\",\"expectedRevision\":1}", art_id);
	rig_ok(&ann, "restore_revision", "{\"type\":\"%s\",\"id\":\"%s\","
	    "\"revision\":1}", t->type, art_id);
	assert_string_equal(rig_member(art_get(&ann, t, art_id), "revision"),
	    "3");
	assert_string_equal(rig_member(rig_run(&ann, "diff_revisions",
	    "{\"type\":\"%s\",\"id\":\"%s\",\"from\":1}", t->type, art_id),
	    "changes"), "[]");
	assert_string_not_equal(rig_member(rig_run(&ann, "diff_revisions",
	    "{\"type\":\"%s\",\"id\":\"%s\",\"from\":2}", t->type, art_id),
	    "changes"), "[]");
}

static void
art_store(struct buf *b)
{
	buf_init(b, 0);
	assert_int_equal(store_dump(b), 0);
}

static void
art_dry(const struct art_case *t)
{
	struct buf	before, after;
	char		would[65536];

	keep(art_id, art_create(&ann, t, ""));
	art_store(&before);
	assert_non_null(strstr(rig_run(&bob, t->save, "{%s\"id\":\"%s\",%s%s,"
	    "\"dryRun\":true}", t->open, art_id, t->change, t->close),
	    "\"revision\":2"));
	snprintf(would, sizeof(would), "%s", rig_text);
	rig_ok(&bob, t->del, "{\"id\":\"%s\",\"dryRun\":true}", art_id);
	art_store(&after);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, before.len);
	buf_free(&before);
	buf_free(&after);
	/* Applied, it does what was announced. */
	assert_string_equal(rig_run(&bob, t->save, "{%s\"id\":\"%s\",%s%s}",
	    t->open, art_id, t->change, t->close), would);
}

/* What get returns can be saved again as it is, and changes nothing. */
static void
art_round(const struct art_case *t)
{
	char	record[65536];

	keep(art_id, art_create(&ann, t, ""));
	rig_ok(&bob, t->save, "{%s\"id\":\"%s\",%s%s}", t->open, art_id,
	    t->change, t->close);
	snprintf(record, sizeof(record), "%s", art_get(&ann, t, art_id));
	record[strlen(record) - 1] = '\0';	/* without its last brace */
	rig_ok(&ann, t->save, "{%s%s%s}", t->open, record + 1, t->close);
	assert_string_equal(rig_member(rig_run(&ann, "diff_revisions",
	    "{\"type\":\"%s\",\"id\":\"%s\",\"from\":2}", t->type, art_id),
	    "changes"), "[]");
}

static void
art_role(const struct art_case *t)
{
	bob.display &= ~PERM_BIT(t->bit);
	assert_int_equal(rig_tool(t->list)->perm, t->bit);
	assert_int_equal(rig_tool(t->get)->perm, t->bit);
	assert_int_equal(rig_tool(t->save)->perm, t->bit);
	assert_int_equal(rig_tool(t->del)->perm, t->bit);
	assert_int_equal(rig_tool(t->list)->level, TL_DISPLAY);
	assert_int_equal(rig_tool(t->get)->level, TL_DISPLAY);
	assert_int_equal(rig_tool(t->save)->level, TL_EDIT);
	assert_int_equal(rig_tool(t->del)->level, TL_EDIT);
	assert_string_equal(perm_row(t->bit)->name, t->perm);
	bob.display = PERM_ALL;
}

static void
art_delete_it(const struct art_case *t)
{
	keep(art_id, art_create(&ann, t, ""));
	assert_string_equal(rig_member(rig_run(&ann, t->del, "{\"id\":\"%s\"}",
	    art_id), "deleted"), "true");
	rig_fails("Not Found", &ann, t->get, "{\"id\":\"%s\"}", art_id);
	rig_fails("Not Found", &ann, t->del, "{\"id\":\"%s\"}", art_id);
}

static void
art_all(const struct art_case *t)
{
	static void (*const rows[])(const struct art_case *) = {
		art_unknown_ids, art_unknown_keys, art_levels, art_hidden,
		art_locks, art_revisions, art_dry, art_round, art_role,
		art_delete_it };
	size_t	i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		store_close();
		store_open(NULL);
		rows[i](t);
	}
}

#endif
