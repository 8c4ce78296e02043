/* SPDX-License-Identifier: ISC */
/*
 * store_art.h: artifacts: records of every type in one table, with name,
 * package, who and when, `ver' and `revision', and the definition's JSON
 * text kept ready to send.  Stages of the pipeline that are the same for all
 * types are here; a type adds its own rules and its change.
 *
 * Text of a record: the head (id, name, description, package, ver, revision,
 * times, people) is written here; the body is what the type appends, as
 * further members with a comma in front, or nothing:
 *
 *	{"id":"..",...,"changedBy":".."	,"fields":[..],...	}
 *	|------------- head ----------|	|----- body ------|
 *
 * Visibility: an artifact lies in a package or in none; a package lies in
 * itself.  What pkg_level() calls PL_NONE must look like what is not there.
 */
#ifndef TOOLD_STORE_ART_H
#define TOOLD_STORE_ART_H

#include <stddef.h>
#include <stdint.h>

#include "sql.h"
#include "store.h"

/* Numbers are in the file: never change one. */
enum art_type { ART_PACKAGE = 1, ART_TABLE, ART_APP, ART_WEBAPP, ART_SCRIPT,
	ART_PROJECT, ART_ADAPTIVE, ART_API, ART_MAX };

struct art_kind {
	const char	*word;		/* "table": in type parameters */
	const char	*arg;		/* of the save tool: "pkg" */
	const char	*plural;	/* "tables": of list answers */
	const char	*bucket;	/* of get_package; NULL: none */
	enum perm	 perm;
};
const struct art_kind *art_kind(enum art_type);
enum art_type	 art_find(const char *word);	/* 0: none */

#define ID_SIZE		40		/* a UUID, a NUL, as in msg.h */
#define ART_NAME_MAX	128		/* bytes */
#define ART_DESCR_MAX	1024

/* Flags of a package, kept beside its record. */
#define PF_SYSTEM	1		/* takes no assignments */
#define PF_TEMPLATE	2		/* takes them from Global Admins */
#define PF_READ_ONLY	4		/* members cannot be changed */

/* Flags of the revision of an app, */
#define RF_GIVEN_UP	1		/* of a deleted one: the name is free */
#define RF_ACTIVATED	2		/* run time is, or was, this */
/* and of a script; the numbers stand in the store's indices. */
#define RF_GROUPED	4		/* it is in a project */

enum pkg_level { PL_NONE, PL_READ, PL_EDIT };

/* Roles of a package: fixed-width entries, level letter and role id. */
#define ACL_ENTRY	37
#define ACL_READ	'R'
#define ACL_EDIT	'E'

/*
 * What the caller may do with artifacts of the package (id "" is none; acl
 * and flags as stored).  own: for the package's own record, to which
 * PF_READ_ONLY does not apply.
 */
enum pkg_level	 pkg_level(const struct caller *, const char *id,
		    const char *acl, size_t acl_len, unsigned int flags,
		    int own);
/* The same as a question: may the caller use it at that level. */
int		 pkg_allows(const struct caller *, const char *package_id,
		    enum pkg_level);
/* Does a list of fixed-width role ids (36 each) hold one of the caller's;
 * an empty list holds everybody. */
int		 roles_allow(const struct caller *, const char *ids,
		    size_t len);

/*
 * The id of a role that exists, by id or by name; either may be NULL, and
 * either may be the other (a string that is one of the two).  NULL: none.
 */
const char	*role_resolve(const char *id, const char *name);

struct art {
	enum art_type	 type;
	int64_t		 num;
	char		 id[ID_SIZE];
	char		 package[ID_SIZE];
	char		 name[ART_NAME_MAX + 1];
	char		 ver[16];
	int64_t		 revision;
	int64_t		 created_at, updated_at;	/* wall ms */
	char		 created_by[USER_MAX];
	char		 changed_by[USER_MAX];
	unsigned int	 flags;		/* of a package itself */
	enum pkg_level	 level;		/* of the caller */
	char		*def;		/* owned; NULL unless asked for */
	size_t		 def_len;
	size_t		 head;		/* bytes of def before the body */
};
void		 art_free(struct art *);
/*
 * By id (any case) or by name (ASCII case does not count).  1 found, also
 * when level is PL_NONE; 0 none; -1 store failure.
 */
#define ART_DEF		1		/* with the text, if it may be seen */
#define ART_HIDDEN	2		/* the text even if it may not */
int		 art_load(const struct caller *, enum art_type,
		    const char *id, int flags, struct art *);
int		 art_load_name(const struct caller *, enum art_type,
		    const char *name, int flags, struct art *);
/*
 * The same for one that was deleted, as it was last: num is 0.  None when an
 * app was purged.  What lay in a package that is gone since is for Global
 * Admins only, and has no package.
 */
int		 art_load_deleted(const struct caller *, enum art_type,
		    const char *id, int flags, struct art *);
/*
 * The whole answer of a get tool: one statement, one copy of the text
 * without its last brace, so that the tool can append members.
 */
enum tool_err	 art_send(struct call *, enum art_type, const char *id);

/*
 * The artifacts of a type that the caller may see, by the key of their name
 * (the name in lower case), from behind one key ("": from the start), only
 * those whose key begins with a prefix.  fn returns 0 to go on.  0, or -1:
 * store failure.
 */
struct art_brief {
	enum art_type	 type;
	const char	*id, *name, *key, *description;
	int64_t		 updated_at;
};
int		 art_walk(const struct caller *, enum art_type,
		    const char *after, const char *prefix,
		    int (*fn)(const struct art_brief *, void *), void *arg);

/* ---- stages ---- */

/* c->state of every tool that changes artifacts. */
struct art_call {
	struct art	 old;
	int		 has_old;
	int		 target_set;	/* package is given or defaulted */
	char		 target[ID_SIZE];	/* "": none */
	json_t		*tree;		/* of old, made by art_head */
	json_t		*given;		/* a definition to save, if not args */
	void		*more;		/* the type's */
	void		(*more_free)(void *);
};
struct art_call	*art_call(struct call *);	/* made at first use */
/* Find the record to be deleted or restored; needs Edit. */
enum tool_err	 art_stage_find(struct call *, enum art_type, const char *id);
/* The same, or one that was deleted. */
enum tool_err	 art_stage_find_deleted(struct call *, enum art_type,
		    const char *id);
/*
 * Package stage of a save: obj is the artifact's argument with `id' and
 * `package'.  Sets old and target.
 */
enum tool_err	 art_stage_package(struct call *, enum art_type,
		    const json_t *obj);
tool_fn		 art_stage_lock;
/* expectedRevision, or else `revision' inside the artifact's argument. */
tool_fn		 art_stage_revision;
/*
 * Name and description of a save: those given, else the old record's.  The
 * name is required on create, printable, without blanks at its ends.  The
 * strings live as long as args and c->state.
 */
enum tool_err	 art_head(struct call *, enum art_type, const json_t *obj,
		    const char **name, const char **description);
/* The stored definition as a tree (caller's reference); NULL on failure. */
json_t		*art_tree(const struct art *);

/* ---- changes, inside the transaction ---- */

/* Told of each: what it was, what it is; NULL: it came, or goes. */
void		 art_onchange(void (*)(const struct art *was,
		    const struct art *is));

struct art_save {
	enum art_type	 type;
	const char	*id;		/* of a new record; NULL: made */
	const char	*name;
	const char	*description;
	const char	*package;	/* "": none */
	const struct buf *body;
	/* Packages: their roles; others: what they point to; or NULL. */
	const char	*acl;
	unsigned int	 flags;
	size_t		 summary;	/* bytes of body that lists show */
};
/*
 * Insert (old NULL, or a deleted record with num 0) or update, keeping the
 * earlier revision.  A name that is taken is call_fail'ed.  id_out (ID_SIZE)
 * gets the id.
 */
enum tool_err	 art_put(struct call *, const struct art_save *,
		    const struct art *old, char *id_out);
/* Replace the body in place: no revision; for names that others changed. */
int		 art_patch(const struct art *, const struct buf *body);
/* Put into another package ("": none): a new revision, same body. */
int		 art_move(struct call *, struct art *, const char *package);
int		 art_delete(struct call *, const struct art *);
/* Append the stored text of a record just written, without its last brace. */
enum tool_err	 art_echo(struct call *, enum art_type, const char *id);
/* Body part of a record's text. */
const char	*art_body(const struct art *, size_t *len);

/* ---- lists ---- */

/*
 * The whole answer of a list tool from its listOptions: visible artifacts
 * only, {"<plural>":[..],"total":..,"count":..,"skip":..,"take":..
 * more: names of the members of the type's summaries in their order, ended
 * by NULL, to filter and order by; or NULL.  without: RF_GROUPED, or 0.
 */
#define ART_SUMMARY_MAX	16
enum tool_err	 art_list(struct call *, enum art_type,
		    const char *const *more, unsigned int without);
/*
 * Step over one ,"name":scalar of a summary: the end of the scalar, which
 * begins at *value; NULL when there is none, or none that is whole.
 */
const char	*art_summary_next(const char *p, const char *end,
		    const char **value);
/* A record's summary; the body's beginning where an old format had none. */
#define SQL_SUMMARY							\
	"CASE a.summary WHEN '' THEN substr(CAST(a.def AS BLOB),"	\
	" a.head + 1, 16384) ELSE a.summary END"
/* The listOptions property of the input schemas, and the output's. */
#define SCHEMA_LIST_OPTIONS						\
	"\"listOptions\":{\"type\":\"object\",\"description\":\"An "	\
	"unknown key is an error.\",\"additionalProperties\":false,"	\
	"\"properties\":{"						\
	"\"where\":{\"type\":\"object\",\"description\":\"All must hold. " \
	"Field of the list to its value, or to {operation, value}: Equal, " \
	"Not, Like, ILike, In, IsNull, Between, LessThan, LessThanOrEqual, " \
	"MoreThan, MoreThanOrEqual.\"},"				\
	"\"select\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}," \
	"\"description\":\"Fields to return; absent: all.\"},"	\
	"\"take\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000," \
	"\"description\":\"Default 100.\"},"				\
	"\"skip\":{\"type\":\"integer\",\"minimum\":0},"		\
	"\"order\":{\"type\":\"object\",\"description\":\"Field to ASC or " \
	"DESC; absent: by name.\"}}}"
#define SCHEMA_LIST_OUT(plural)						\
	"{\"type\":\"object\",\"required\":[\"" plural "\",\"total\","	\
	"\"count\",\"skip\",\"take\"],\"properties\":{\"" plural "\":"	\
	"{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"		\
	"\"total\":{\"type\":\"integer\"},\"count\":{\"type\":\"integer\"}," \
	"\"skip\":{\"type\":\"integer\"},\"take\":{\"type\":\"integer\"}," \
	"\"truncated\":{\"type\":\"boolean\"},"				\
	"\"note\":{\"type\":\"string\"}}}"
/*
 * Head members of every record, for output schemas, no comma at the end:
 * those that calls depend on.  The list of tools is read before any work.
 */
#define SCHEMA_HEAD_OUT							\
	"\"id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"	\
	"\"package\":{\"type\":[\"string\",\"null\"]},"			\
	"\"ver\":{\"type\":\"string\"},\"revision\":{\"type\":\"integer\"}"
/* Members that get tools return and save tools take back and ignore. */
#define SCHEMA_IGNORED(name)						\
	"\"" name "\":{\"type\":\"string\",\"description\":\"Ignored.\"}"
#define SCHEMA_HEAD_IN							\
	"\"id\":{\"type\":\"string\",\"description\":\"Of the record "	\
	"to update; absent: a new one.\"},"				\
	SCHEMA_IGNORED("ver") ","					\
	"\"revision\":{\"type\":\"integer\",\"description\":\"The save is " \
	"refused unless the stored record still has it.\"},"		\
	SCHEMA_IGNORED("createdAt") "," SCHEMA_IGNORED("updatedAt") ","	\
	SCHEMA_IGNORED("createdBy") "," SCHEMA_IGNORED("changedBy")
#define HEAD_KEYS	"id", "ver", "revision", "createdAt", "updatedAt", \
			"createdBy", "changedBy", "name", "description"
/* Top-level members of save tools that the store looks at. */
#define SCHEMA_PACKAGE_IN						\
	"\"package\":{\"type\":[\"string\",\"null\"],\"description\":\"Id; " \
	"null: none; absent: kept, or your default package if new.\"}"
#define SCHEMA_ID_IN(what)						\
	"\"id\":{\"type\":\"string\",\"description\":\"" what "\"}"
#define SCHEMA_EXPECTED_REVISION					\
	"\"expectedRevision\":{\"type\":\"integer\",\"minimum\":1,"	\
	"\"description\":\"Refuse unless the record still has it.\"}"

/* ---- JSON ---- */

/* The permission of a type at a level, or the call's error. */
enum tool_err	 art_perm(struct call *, enum art_type, int level);

/* A value as compact text; reals in their shortest exact form. */
void		 json_put(struct buf *, const json_t *);
void		 json_put_real(struct buf *, double);
/* ,"key": and a string value */
void		 json_put_str(struct buf *, const char *key, const char *);
/*
 * All keys of obj are in the list (ended by NULL): NULL, else the first
 * that is not.
 */
const char	*json_unknown(const json_t *obj, const char *const *known);
/*
 * A member that is a string, by key: 1 and *out, 0 absent or null; -1 and an
 * error under path when it is something else or longer than max bytes.
 */
int		 json_str(struct call *, const json_t *obj, const char *path,
		    const char *key, size_t max, const char **out);
int		 json_bool(struct call *, const json_t *obj, const char *path,
		    const char *key, int *out);
/* Lower-case a UUID into out[ID_SIZE]: 0, or -1 when it is none. */
int		 id_lower(char *out, const char *in);

/* ISO 8601 to wall ms: 0 or -1.  zone: 1 required, 0 forbidden. */
int		 iso_parse(const char *, size_t len, int zone, int64_t *ms);
/* The other way: out holds 32; zone adds the Z. */
void		 iso_print(int64_t ms, int zone, char *out);

#endif
