/* SPDX-License-Identifier: ISC */
/*
 * artifact.h: groups of artifacts that are records of fields and nothing
 * else: applications, web apps, scripts, projects, adaptive entities, APIs.
 * A group is a table of its fields, a table of what they point to, and
 * hooks for rules of its own; the tools of all groups share the code here.
 *
 * A save merges: a field that is given replaces the stored one as a whole
 * (arrays too), one that is absent is kept, null puts the default back.
 * What no row knows is an error that names it.  Text of a record: the head
 * of store_art.h, then the fields in the order of the table.  Fields marked
 * AF_SUMMARY come first and are scalars: list tools read them from the
 * beginning of the text.
 *
 * The acl column of such a record (packages keep their roles in it) holds
 * what the record points to: ACL_ENTRY bytes each, a letter for the type and
 * an id.  The store keeps them in a table of references too: that is how
 * where-used is answered and deleting in use refused.
 */
#ifndef TOOLD_ARTIFACT_H
#define TOOLD_ARTIFACT_H

#include "store_art.h"

enum af_kind { AF_TEXT, AF_BOOL, AF_INT, AF_ID, AF_ARRAY, AF_OBJECT, AF_ANY };

#define AF_SUMMARY	1	/* in lists; a scalar, first in the table */
#define AF_REQUIRED	2	/* to create, and never null */
#define AF_SERVER	4	/* ours: given, it must be the stored value */

struct art_field {
	const char	*name;
	enum af_kind	 kind;
	unsigned int	 flags;
	size_t		 max;		/* bytes of a text, items of an array */
	const char	*dflt;		/* JSON; "null": null is a value */
	const char	*listed;	/* name in lists, NULL: the same */
};

/* A field that points to other artifacts. */
#define RM_NAME		1		/* the item's name counts, then sub */
#define RM_EITHER	2		/* the value is an id or a name */
#define RM_LENIENT	4		/* nothing there is no error */
#define RM_PART		8		/* a small part of its item: an import
					 * leaves that out, else the item */
struct art_ref {
	const char	*field;		/* a value, or an array of items */
	const char	*sub;		/* member of an item; NULL: itself */
	const char	*alt;		/* member used when there is no sub */
	unsigned int	 mode;
	enum art_type	 to;
	const char	*what;		/* "server script": for messages */
};
#define REFS_MAX	1000		/* of one record */

/* A save under way. */
struct art_group;
struct art_doc {
	const struct art_group	*group;
	json_t			*obj;	/* the argument, as prepared */
	json_t			*doc;	/* field to value, all fields */
	json_t			*echo;	/* more members of the answer */
	const char		*name, *description;
	char			 id[ID_SIZE];	/* of a new one; "": made */
	struct buf		 refs;	/* for the acl column */
	unsigned int		 flags;	/* RF_, of the new revision */
};

struct art_group {
	enum art_type	 type;
	const char	*nouns[4];	/* of its tools: save_NOUN, list_NOUN */
	const char	*arg;		/* argument of save; NULL: flat */
	const char	*what;		/* "Web app": for messages */
	const char	*deleted;	/* message of delete, with %s the id */
	const char	*hidden;	/* last member, which get leaves out */
	const struct art_field *fields;	/* ended by a row without a name */
	const struct art_ref *refs;	/* the same; may be NULL */
	/* Keys of the argument that are no fields: handled by prepare. */
	const char *const *more_keys;
	/* obj is a shallow copy: rename, add, take out members. */
	enum tool_err	(*prepare)(struct call *, json_t *obj);
	/* Rules over the merged record; may change d->doc. */
	enum tool_err	(*check)(struct call *, struct art_doc *d);
	/* In the transaction, after the record was written. */
	enum tool_err	(*saved)(struct call *, struct art_doc *d,
			    const char *id);
	/* Before deleting: rules beyond where-used; then, in the change. */
	enum tool_err	(*delete_check)(struct call *);
	enum tool_err	(*deleting)(struct call *);
};
extern const struct art_group app_group, webapp_group, script_group,
    project_group, adaptive_group, api_group;

/* Rows, each ended by one without a name; see tools.h for their rules. */
extern const struct tool app_tools[], webapp_tools[], script_tools[],
    adaptive_tools[], api_tools[];

/* Stages and functions of the tools of all groups. */
tool_fn		artifact_list, artifact_get, artifact_save, artifact_delete;
/* The list without records that have the flag, RF_GROUPED. */
enum tool_err	artifact_list_without(struct call *, unsigned int flags);
tool_fn		artifact_stage_save, artifact_stage_rules;
tool_fn		artifact_stage_delete, artifact_stage_delete_rules;
/* The same for a definition that is not in the arguments (revision.c). */
enum tool_err	artifact_rules(struct call *, const json_t *obj);

/* Of a type; NULL: tables and packages are made otherwise. */
const struct art_group *artifact_group_of(enum art_type);
/* Of the call's tool, or of the record that was found. */
const struct art_group *artifact_group(struct call *);
/*
 * "Input validation error" under the group's argument; the path is a printf
 * format: artifact_bad(c, g, "is no number", "objects.%zu.fieldNo", i).
 */
enum tool_err	artifact_bad(struct call *, const struct art_group *,
		    const char *why, const char *fmt, ...)
		    __attribute__((__format__(printf, 4, 5)));
/* Find by id for reading, with the text: TE_OK, or Not Found. */
enum tool_err	artifact_find(struct call *, enum art_type, const char *id,
		    struct art *);
/*
 * Append a record without its last brace: arguments `select' and `full'
 * say how much; a large one is cut to STORE_ANSWER_SOFT otherwise.
 */
enum tool_err	artifact_show(struct call *, const struct art_group *,
		    const struct art *);
/* Replace `roles' of a merged record by the roles they name. */
enum tool_err	artifact_roles(struct call *, struct art_doc *);
/*
 * Text of a merged record's fields, and its references; returns how much of
 * the text are the fields of lists.
 */
size_t		artifact_body(struct buf *, const struct art_group *,
		    const json_t *doc);
enum tool_err	artifact_refs(struct call *, struct art_doc *,
		    const json_t *old);
/*
 * Write a record that exists again with another doc (its tree changed);
 * flags are RF_ flags of the new revision.
 */
enum tool_err	artifact_rewrite(struct call *, const struct art_group *,
		    const struct art *, json_t *tree, unsigned int flags);
/*
 * A list answer made by art_list() is in c->out from start on: hand each
 * item to fn, then write it again within the bound of answers.
 */
enum tool_err	artifact_relist(struct call *, size_t start,
		    enum tool_err (*fn)(struct call *, json_t *items,
		    void *), void *arg);

/* ---- where used ---- */

/*
 * Call fn for each artifact of type `by' that points to the one given; seen:
 * whether the caller may know of it.  fn returns 0 to go on.  -1: store
 * failure.
 */
struct art_user {
	enum art_type	 type;
	char		 id[ID_SIZE];
	char		 name[ART_NAME_MAX + 1];
	const char	*description;
	int		 seen;
};
int		artifact_users(const struct caller *, enum art_type by,
		    enum art_type to, const char *id,
		    int (*fn)(const struct art_user *, void *), void *arg);
/* call_fail when anything points to the record: "... is in use by ...". */
enum tool_err	artifact_unused(struct call *, enum art_type, const char *id,
		    const char *what, const char *name);
/* ,"key":{"children":[{"id","name"}..]} of the visible users. */
enum tool_err	artifact_put_users(struct call *, const char *key,
		    enum art_type by, enum art_type to, const char *id);
/* somebody else's lock on a record that is not the call's own */
enum tool_err	artifact_locked(struct call *, const struct art *);

/* ---- parts of schemas ---- */

#define OBJ_OPEN	"{\"type\":\"object\",\"additionalProperties\":false,"
#define SCHEMA_ARTIFACT_LIST						\
	OBJ_OPEN "\"properties\":{" SCHEMA_LIST_OPTIONS "}}"
#define SCHEMA_SELECT							\
	",\"select\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}," \
	"\"description\":\"Members to return; absent: all.\"},"	\
	"\"full\":{\"type\":\"boolean\",\"description\":\"Return large " \
	"members of a record over 64,000 bytes too; else `omitted' "	\
	"names them.\"}"
#define SCHEMA_OMITTED_OUT						\
	",\"omitted\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}," \
	"\"truncated\":{\"type\":\"boolean\"},\"note\":{\"type\":\"string\"}"
#define SCHEMA_ARTIFACT_GET(what)					\
	OBJ_OPEN "\"required\":[\"id\"],\"properties\":{"		\
	SCHEMA_ID_IN("Id of the " what ", a UUID.") SCHEMA_SELECT "}}"
#define SCHEMA_ARTIFACT_DELETE(what)					\
	OBJ_OPEN "\"required\":[\"id\"],\"properties\":{"		\
	SCHEMA_ID_IN("Id of the " what ", a UUID.") ","			\
	SCHEMA_EXPECTED_REVISION SCHEMA_WRITE_PROPS "}}"
#define SCHEMA_DELETED_OUT						\
	"{\"type\":\"object\",\"required\":[\"id\",\"deleted\"],"	\
	"\"properties\":{\"id\":{\"type\":\"string\"},"			\
	"\"name\":{\"type\":\"string\"},\"deleted\":{\"type\":\"boolean\"}," \
	"\"message\":{\"type\":\"string\"}" SCHEMA_DRY_RUN_OUT "}}"
#define SCHEMA_NAME_IN(max, text)					\
	"\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":" #max \
	",\"description\":\"" text "\"}"
#define SCHEMA_DESCR_IN							\
	"\"description\":{\"type\":[\"string\",\"null\"],\"maxLength\":1024," \
	"\"description\":\"Free text.\"}"
/* Members without a description of their own. */
#define P_BOOL(n)	"\"" n "\":{\"type\":[\"boolean\",\"null\"]},"
#define P_TEXT(n)	"\"" n "\":{\"type\":[\"string\",\"null\"]},"
#define P_INT(n)	"\"" n "\":{\"type\":[\"integer\",\"null\"]},"
#define P_ANY(n)	"\"" n "\":{},"
#define P_LIST(n)	"\"" n "\":{\"type\":[\"array\",\"null\"]},"
#define SCHEMA_ROLES_IN							\
	"\"roles\":{\"type\":[\"array\",\"null\"],\"maxItems\":64,"	\
	"\"items\":{\"type\":[\"string\",\"object\"],"			\
	"\"additionalProperties\":false,\"properties\":{\"id\":{\"type\":" \
	"\"string\"},\"name\":{\"type\":\"string\"},\"ver\":{\"type\":"	\
	"\"string\"}}},\"description\":\"Roles (id, name, or object with " \
	"one of them) that may use it at run time; empty: no limit.\"}"

#endif
