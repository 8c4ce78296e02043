/* SPDX-License-Identifier: ISC */
/*
 * store_list.c: lists of artifacts by listOptions: filter, select, order,
 * page.  Runs in keepd-toold.  What the caller may not see is neither listed
 * nor counted.  Field names are rows of a table; values are bound.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "reader.h"
#include "store_art.h"

#define LIST_PARAMS	200		/* bound values of one list */
#define LIST_IN_MAX	100
#define LIST_TAKE	100
#define LIST_TAKE_MAX	1000

enum list_kind { LK_TEXT, LK_NAME, LK_ID, LK_PACKAGE, LK_INT, LK_DATE,
	LK_MORE };

/* Columns stand in this order in every list's SELECT. */
static const struct list_field {
	const char	*name;
	enum list_kind	 kind;
} list_fields[] = {
	{ "id",		 LK_ID },
	{ "name",	 LK_NAME },
	{ "description", LK_TEXT },
	{ "package",	 LK_PACKAGE },
	{ "ver",	 LK_TEXT },
	{ "revision",	 LK_INT },
	{ "createdAt",	 LK_DATE },
	{ "updatedAt",	 LK_DATE },
	{ "createdBy",	 LK_TEXT },
	{ "changedBy",	 LK_TEXT }
};
#define NFIELDS		(sizeof(list_fields) / sizeof(list_fields[0]))
#define FIELD_NAMES	"id, name, description, package, ver, revision, " \
			"createdAt, updatedAt, createdBy, changedBy"

enum list_op { LO_EQ, LO_NOT, LO_LIKE, LO_ILIKE, LO_IN, LO_NULL, LO_BETWEEN,
	LO_LT, LO_LE, LO_GT, LO_GE };
static const struct {
	const char	*name;
	enum list_op	 op;
} list_ops[] = {
	{ "Equal",		LO_EQ },
	{ "Not",		LO_NOT },
	{ "Like",		LO_LIKE },
	{ "ILike",		LO_ILIKE },
	{ "In",			LO_IN },
	{ "IsNull",		LO_NULL },
	{ "Between",		LO_BETWEEN },
	{ "LessThan",		LO_LT },
	{ "LessThanOrEqual",	LO_LE },
	{ "MoreThan",		LO_GT },
	{ "MoreThanOrEqual",	LO_GE }
};

struct list_value {
	int64_t		 n;
	char		*s;		/* owned; NULL: n counts */
};

struct list {
	struct call	*c;
	enum art_type	 type;
	struct buf	 where, order;
	struct list_value val[LIST_PARAMS];
	unsigned int	 nval;
	const char *const *more;	/* numbered behind list_fields */
	unsigned int	 without;	/* RF_GROUPED, or 0 */
	int		 all;		/* the caller sees every package */
	int		 filtered;
	uint32_t	 select;	/* bits of list_fields */
	int64_t		 take, skip;
	int		 take_given;
	/* the work, over several turns if it takes long */
	struct read	 read;
	struct stmt	*st;		/* that is being stepped; NULL: none */
	int		 counting;	/* items are done, total is wanted */
	struct buf	 items;
	int64_t		 n, total;
	int		 cut;		/* the size bound was met */
};

/* Whose eyes kd_sees() has: set while a list runs. */
static const struct caller	*viewer;

/* ---- SQL functions ---- */

/* kd_sees(package, acl): may the viewer see artifacts of the package. */
static void
fn_sees(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const char	*id, *acl;

	(void)argc;
	id = (const char *)sqlite3_value_text(argv[0]);
	acl = (const char *)sqlite3_value_text(argv[1]);
	sqlite3_result_int(ctx, viewer != NULL && pkg_level(viewer,
	    id != NULL ? id : "", acl != NULL ? acl : "",
	    (size_t)sqlite3_value_bytes(argv[1]), 0, 0) >= PL_READ);
}

static unsigned char
fold(unsigned char ch, int on)
{
	return (on && ch >= 'A' && ch <= 'Z' ? (unsigned char)(ch | 32) : ch);
}

/* One step over a character of UTF-8. */
static const char *
next_char(const char *s)
{
	s++;
	while (((unsigned char)*s & 0xc0) == 0x80)
		s++;
	return (s);
}

/*
 * % and _ as in SQL.  Only the last % is ever returned to, so the work is
 * bounded by the product of the lengths.
 */
static int
like(const char *s, const char *p, int ci)
{
	const char	*star = NULL, *back = NULL;

	while (*s != '\0') {
		if (*p == '%') {
			star = ++p;
			back = s;
		} else if (*p == '_') {
			s = next_char(s);
			p++;
		} else if (*p != '\0' && fold((unsigned char)*p, ci) ==
		    fold((unsigned char)*s, ci)) {
			s++;
			p++;
		} else if (star != NULL) {
			p = star;
			s = back = next_char(back);
		} else
			return (0);
	}
	while (*p == '%')
		p++;
	return (*p == '\0');
}

const char *
art_summary_next(const char *p, const char *end, const char **value)
{
	if (end - p < 4 || (p = memchr(p + 2, '"', (size_t)(end - p - 2))) ==
	    NULL || end - p < 3)
		return (NULL);
	p += 2;
	*value = p;
	if (*p == '"') {
		for (p++; p < end && *p != '"'; p++)
			if (*p == '\\')
				p++;
		return (p < end ? p + 1 : NULL);
	}
	if (*p == '{' || *p == '[')
		return (NULL);
	while (p < end && *p != ',' && *p != '}')
		p++;
	return (p);
}

static void
result_json(sqlite3_context *ctx, const char *s, size_t len)
{
	json_t	*v;

	/* Most are plain, and a list may look at very many. */
	if (len > 1 && s[0] == '"' && memchr(s, '\\', len) == NULL) {
		sqlite3_result_text(ctx, s + 1, (int)len - 2,
		    SQLITE_TRANSIENT);
		return;
	}
	if (len == 4 && memcmp(s, "null", 4) == 0)
		return;
	v = json_loadb(s, len, JSON_DECODE_ANY, NULL);
	if (json_is_string(v))
		sqlite3_result_text(ctx, json_string_value(v),
		    (int)json_string_length(v), SQLITE_TRANSIENT);
	else if (json_is_integer(v))
		sqlite3_result_int64(ctx, json_integer_value(v));
	else if (json_is_boolean(v))
		sqlite3_result_int(ctx, json_is_true(v));
	json_decref(v);
}

/* kd_summary(text, n): the n-th member, from 0; booleans are 0 and 1. */
static void
fn_summary(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const char	*p, *end, *v = NULL;
	int		 n = sqlite3_value_int(argv[1]);

	(void)argc;
	if ((p = sqlite3_value_blob(argv[0])) == NULL)
		return;
	end = p + sqlite3_value_bytes(argv[0]);
	for (; n >= 0; n--)
		if ((p = art_summary_next(p, end, &v)) == NULL)
			return;
	if (v != NULL)
		result_json(ctx, v, (size_t)(p - v));
}

/* kd_like(value, pattern, fold) */
static void
fn_like(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const char	*s, *p;

	(void)argc;
	s = (const char *)sqlite3_value_text(argv[0]);
	p = (const char *)sqlite3_value_text(argv[1]);
	sqlite3_result_int(ctx, s != NULL && p != NULL &&
	    like(s, p, sqlite3_value_int(argv[2])));
}

int
art_functions(sqlite3 *db)
{
	int	rc;

	rc = sqlite3_create_function_v2(db, "kd_sees", 2, SQLITE_UTF8 |
	    SQLITE_DIRECTONLY, NULL, fn_sees, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "kd_summary", 2,
		    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
		    NULL, fn_summary, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(db, "kd_like", 3,
		    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
		    NULL, fn_like, NULL, NULL, NULL);
	return (rc);
}

/* ---- text of the statement ---- */

static void
put_column(struct buf *b, size_t field, int order)
{
	switch (field) {
	case 0: SQL(b, "a.id"); break;
	case 1:
		if (order)
			SQL(b, "a.name_key");
		else
			SQL(b, "a.name");
		break;
	case 2: SQL(b, "a.description"); break;
	case 3: SQL(b, "a.package"); break;
	case 4: SQL(b, "a.ver"); break;
	case 5: SQL(b, "a.revision"); break;
	case 6: SQL(b, "a.created_at"); break;
	case 7: SQL(b, "a.updated_at"); break;
	case 8: SQL(b, "a.created_by"); break;
	case 9: SQL(b, "a.changed_by"); break;
	default:
		SQL(b, "kd_summary(" SQL_SUMMARY ", ");
		sql_num(b, (int64_t)(field - NFIELDS));
		SQL(b, ")");
	}
}

static int
field_find(const char *name)
{
	size_t	i;

	for (i = 0; i < NFIELDS; i++)
		if (strcmp(list_fields[i].name, name) == 0)
			return ((int)i);
	return (-1);
}

/* The same, or a member of the type's summary. */
static int
any_find(const struct list *l, const char *name)
{
	int	i;

	for (i = 0; l->more != NULL && l->more[i] != NULL; i++)
		if (strcmp(l->more[i], name) == 0)
			return ((int)NFIELDS + i);
	return (field_find(name));
}

static enum list_kind
field_kind(size_t field)
{
	return (field < NFIELDS ? list_fields[field].kind : LK_MORE);
}

static const char *
field_name(const struct list *l, size_t field)
{
	return (field < NFIELDS ? list_fields[field].name :
	    l->more[field - NFIELDS]);
}

static int
bad(struct list *l, const char *path, const char *key, const char *why)
{
	char	where[160];

	snprintf(where, sizeof(where), "listOptions.%s%s%.100s", path,
	    key != NULL ? "." : "", key != NULL ? key : "");
	call_invalid(l->c, where, "%s", why);
	return (-1);
}

static int
no_field(struct list *l, const char *path, const char *key, const char *what)
{
	char	why[512];
	size_t	n;
	int	i;

	n = (size_t)snprintf(why, sizeof(why), "%s; there are: " FIELD_NAMES,
	    what);
	for (i = 0; l->more != NULL && l->more[i] != NULL && n < sizeof(why);
	    i++)
		n += (size_t)snprintf(why + n, sizeof(why) - n, ", %s",
		    l->more[i]);
	return (bad(l, path, key, why));
}

/* Take a value for a field: its parameter is appended to where. */
static int
add_value(struct list *l, size_t field, const json_t *v)
{
	const char		*name = field_name(l, field);
	enum list_kind		 kind = field_kind(field);
	struct list_value	*o;
	const char		*s = json_string_value(v);
	size_t			 len;

	if (l->nval + 2 >= LIST_PARAMS)
		return (bad(l, "where", name, "has too many values"));
	o = &l->val[l->nval];
	if (kind == LK_MORE && s == NULL) {
		if (!json_is_boolean(v) && !json_is_integer(v))
			return (bad(l, "where", name, "must be a string, an "
			    "integer or a boolean"));
		o->n = json_is_boolean(v) ? json_is_true(v) :
		    (int64_t)json_integer_value(v);
	} else if (kind == LK_INT || kind == LK_DATE) {
		if (json_is_integer(v))
			o->n = (int64_t)json_integer_value(v);
		else if (kind == LK_INT || s == NULL || iso_parse(s,
		    strlen(s), 1, &o->n) == -1)
			return (bad(l, "where", name, kind == LK_INT ?
			    "must be an integer" : "must be a time such as "
			    "2026-01-31T12:00:00Z"));
	} else {
		if (kind == LK_PACKAGE && json_is_null(v))
			s = "";
		if (s == NULL)
			return (bad(l, "where", name, "must be a string"));
		len = strlen(s);
		if (!json_is_null(v) && len != json_string_length(v))
			return (bad(l, "where", name,
			    "must not hold U+0000"));
		if ((o->s = strdup(s)) == NULL)
			return (bad(l, "where", name, "is too long"));
		if (kind == LK_ID || kind == LK_PACKAGE)
			ascii_lower(o->s);
	}
	sql_par(&l->where, ++l->nval + 1);
	return (0);
}

/* An exact name is looked up by its folded form first: that is indexed. */
static int
add_name_key(struct list *l, const json_t *v)
{
	const char	*s = json_string_value(v);
	char		*key;

	if (s == NULL || (key = strdup(s)) == NULL)
		return (0);	/* the value itself is refused next */
	ascii_lower(key);
	l->val[l->nval].s = key;
	SQL(&l->where, " AND a.name_key = ");
	sql_par(&l->where, ++l->nval + 1);
	return (0);
}

static int
add_array(struct list *l, size_t field, const json_t *v, enum list_op op)
{
	size_t	i, n = json_array_size(v);

	if (!json_is_array(v) || (op == LO_BETWEEN ? n != 2 : n == 0 ||
	    n > LIST_IN_MAX))
		return (bad(l, "where", field_name(l, field),
		    op == LO_BETWEEN ? "needs an array of two values" :
		    "needs an array of 1 to 100 values"));
	if (op == LO_IN)
		SQL(&l->where, " IN (");
	else
		SQL(&l->where, " BETWEEN ");
	for (i = 0; i < n; i++) {
		if (i != 0 && op == LO_IN)
			SQL(&l->where, ", ");
		else if (i != 0)
			SQL(&l->where, " AND ");
		if (add_value(l, field, json_array_get(v, i)) == -1)
			return (-1);
	}
	if (op == LO_IN)
		SQL(&l->where, ")");
	return (0);
}

static int
add_like(struct list *l, size_t field, const json_t *v, enum list_op op)
{
	enum list_kind	k = field_kind(field);

	if (k == LK_INT || k == LK_DATE || !json_is_string(v) ||
	    json_string_length(v) > 256)
		return (bad(l, "where", field_name(l, field), "Like and "
		    "ILike take a string of up to 256 bytes, for text"));
	SQL(&l->where, " AND kd_like(");
	put_column(&l->where, field, 0);
	SQL(&l->where, ", ");
	if (add_value(l, field, v) == -1)
		return (-1);
	if (op == LO_ILIKE)
		SQL(&l->where, ", 1)");
	else
		SQL(&l->where, ", 0)");
	return (0);
}

static int
add_compare(struct list *l, size_t field, const json_t *v, enum list_op op)
{
	SQL(&l->where, " AND ");
	put_column(&l->where, field, 0);
	switch (op) {
	case LO_IN:
	case LO_BETWEEN:
		return (add_array(l, field, v, op));
	case LO_NULL:
		if (v != NULL && !json_is_true(v) && !json_is_null(v))
			return (bad(l, "where", field_name(l, field),
			    "IsNull takes no value"));
		/* Only package can be without a value. */
		if (field_kind(field) == LK_PACKAGE)
			SQL(&l->where, " = ''");
		else
			SQL(&l->where, " IS NULL");
		return (0);
	case LO_EQ: SQL(&l->where, " = "); break;
	case LO_NOT:
		/* Of a member that is null too. */
		if (field_kind(field) == LK_MORE)
			SQL(&l->where, " IS NOT ");
		else
			SQL(&l->where, " <> ");
		break;
	case LO_LT: SQL(&l->where, " < "); break;
	case LO_LE: SQL(&l->where, " <= "); break;
	case LO_GT: SQL(&l->where, " > "); break;
	default: SQL(&l->where, " >= "); break;
	}
	return (add_value(l, field, v));
}

static int
add_filter(struct list *l, const char *key, const json_t *v)
{
	static const char *const known[] = { "operation", "value", NULL };
	enum list_op	 op = LO_EQ;
	const char	*name;
	size_t		 i;
	int		 f;

	if ((f = any_find(l, key)) == -1)
		return (no_field(l, "where", key,
		    "is not a field to filter by"));
	if (json_is_object(v)) {
		if ((name = json_unknown(v, known)) != NULL)
			return (bad(l, "where", name, "is not a known key; "
			    "use operation and value"));
		name = json_string_value(json_object_get(v, "operation"));
		for (i = 0; i < sizeof(list_ops) / sizeof(list_ops[0]); i++)
			if (name != NULL &&
			    strcmp(list_ops[i].name, name) == 0)
				break;
		if (i == sizeof(list_ops) / sizeof(list_ops[0]))
			return (bad(l, "where", key, "has an unknown "
			    "operation; see the tool's description"));
		op = list_ops[i].op;
		v = json_object_get(v, "value");
	}
	l->filtered = 1;
	if (op == LO_EQ && field_kind((size_t)f) == LK_NAME)
		add_name_key(l, v);
	if (op == LO_LIKE || op == LO_ILIKE)
		return (add_like(l, (size_t)f, v, op));
	return (add_compare(l, (size_t)f, v, op));
}

/* ---- options ---- */

static int
get_number(struct list *l, json_t *o, const char *key, int64_t max,
    int64_t *out)
{
	const json_t	*v = json_object_get(o, key);
	char		 why[64];

	if (v == NULL || json_is_null(v))
		return (0);
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    json_integer_value(v) > max) {
		snprintf(why, sizeof(why), "must be an integer from 0 to "
		    "%lld", (long long)max);
		return (bad(l, key, NULL, why));
	}
	*out = (int64_t)json_integer_value(v);
	return (1);
}

static int
get_select(struct list *l, const json_t *v)
{
	const char	*s;
	size_t		 i;
	int		 f;

	if (v == NULL || json_is_null(v))
		return (0);
	if (!json_is_array(v))
		return (bad(l, "select", NULL, "must be an array of fields"));
	l->select = 0;
	for (i = 0; i < json_array_size(v); i++) {
		s = json_string_value(json_array_get(v, i));
		if (s == NULL || (f = field_find(s)) == -1)
			return (bad(l, "select", s, "is not a field of this "
			    "list; there are: " FIELD_NAMES));
		l->select |= 1U << f;
	}
	return (0);
}

static int
get_order(struct list *l, json_t *v)
{
	const char	*s;
	void		*it;
	int		 f, n = 0;

	if (v != NULL && !json_is_null(v) && !json_is_object(v))
		return (bad(l, "order", NULL, "must be an object of fields"));
	SQL(&l->order, " ORDER BY ");
	for (it = json_object_iter(v); it != NULL;
	    it = json_object_iter_next(v, it)) {
		s = json_string_value(json_object_iter_value(it));
		f = any_find(l, json_object_iter_key(it));
		if (f == -1)
			return (no_field(l, "order", json_object_iter_key(it),
			    "is not a field to order by"));
		if (s == NULL || (ascii_casecmp(s, "asc") != 0 &&
		    ascii_casecmp(s, "desc") != 0))
			return (bad(l, "order", json_object_iter_key(it),
			    "must be ASC or DESC"));
		put_column(&l->order, (size_t)f, 1);
		if (ascii_casecmp(s, "desc") == 0)
			SQL(&l->order, " DESC");
		SQL(&l->order, ", ");
		n++;
	}
	if (n == 0)
		SQL(&l->order, "a.name_key");
	else
		SQL(&l->order, "a.num");
	return (0);
}

static int
list_parse(struct list *l, json_t *o)
{
	static const char *const known[] = { "where", "select", "take",
	    "skip", "order", NULL };
	const char	*s;
	json_t		*w;
	void		*it;

	if (o != NULL && !json_is_object(o))
		return (call_invalid(l->c, "listOptions",
		    "must be an object"), -1);
	if (o != NULL && (s = json_unknown(o, known)) != NULL)
		return (bad(l, s, NULL, "is not a known key; there are: "
		    "where, select, take, skip, order"));
	w = json_object_get(o, "where");
	if (w != NULL && !json_is_null(w) && !json_is_object(w))
		return (bad(l, "where", NULL, "must be an object"));
	for (it = json_object_iter(w); it != NULL;
	    it = json_object_iter_next(w, it))
		if (add_filter(l, json_object_iter_key(it),
		    json_object_iter_value(it)) == -1)
			return (-1);
	l->take_given = get_number(l, o, "take", LIST_TAKE_MAX, &l->take);
	if (l->take_given == -1 || get_number(l, o, "skip", INT32_MAX,
	    &l->skip) == -1 || get_select(l, json_object_get(o,
	    "select")) == -1)
		return (-1);
	return (get_order(l, json_object_get(o, "order")));
}

/* ---- running ---- */

/*
 * The type and flags as literals: only so the index with that condition is
 * used, and nothing but it read for a count.
 */
static void
put_ungrouped(struct list *l, struct buf *b)
{
	SQL(b, " INDEXED BY artifact_ungrouped");
	if (!l->all)
		SQL(b, " LEFT JOIN artifact p ON p.type = 1"
		    " AND p.id = a.package");
	SQL(b, " WHERE ?1 AND a.type = 5 AND (a.flags & 4) = 0");
	if (!l->all)
		SQL(b, " AND kd_sees(a.package, p.acl)");
}

static void
put_from(struct list *l, struct buf *b)
{
	SQL(b, " FROM artifact a");
	if (l->without == RF_GROUPED)
		put_ungrouped(l, b);
	else if (l->all)
		SQL(b, " WHERE a.type = ?1");
	else if (l->type == ART_PACKAGE)
		SQL(b, " WHERE a.type = ?1 AND kd_sees(a.id, a.acl)");
	else
		SQL(b, " LEFT JOIN artifact p ON p.type = 1"
		    " AND p.id = a.package WHERE a.type = ?1"
		    " AND kd_sees(a.package, p.acl)");
	buf_add(b, l->where.data, l->where.len);
}

static struct stmt *
list_get(struct list *l, const struct buf *text)
{
	struct stmt	*st;
	unsigned int	 i;

	if ((st = read_get(l->read.r, SP_OWN, text)) == NULL)
		return (NULL);
	sql_bind_int(st, 1, l->type);
	for (i = 0; i < l->nval; i++) {
		if (l->val[i].s != NULL)
			sql_bind_str(st, (int)i + 2, l->val[i].s);
		else
			sql_bind_int(st, (int)i + 2, l->val[i].n);
	}
	return (st);
}

static struct query	q_tally = QUERY(
    "SELECT t.package, p.acl, t.n FROM tally t LEFT JOIN artifact p"
    " ON p.type = 1 AND p.id = t.package WHERE t.type = ?1");

/* Without a filter: the sum over the packages the caller sees. */
static int
total_tally(struct list *l, int64_t *total)
{
	struct stmt	*st;
	int		 r;

	*total = 0;
	if ((st = query_get(&q_tally)) == NULL)
		return (-1);
	sql_bind_int(st, 1, l->type);
	while ((r = sql_step(st)) == 1)
		if (pkg_level(l->c->who, sql_str(st, 0), sql_str(st, 1),
		    sql_len(st, 1), 0, 0) >= PL_READ)
			*total += sql_int(st, 2);
	return (r);
}

/* How many in all: 0, -1, or READ_ON. */
static int
list_total(struct list *l)
{
	struct buf	 b;
	int		 r;

	if (!l->filtered && l->without == 0 && l->type != ART_PACKAGE)
		return (total_tally(l, &l->total));
	if (l->st == NULL) {
		buf_init(&b, 65536);
		SQL(&b, "SELECT count(*)");
		put_from(l, &b);
		l->st = list_get(l, &b);
		buf_free(&b);
		if (l->st == NULL)
			return (-1);
	}
	if ((r = read_step(l->read.r, l->st)) == READ_ON)
		return (r);
	if (r == 1) {
		l->total = sql_int(l->st, 0);
		sql_done(l->st);
	}
	l->st = NULL;
	return (r == 1 ? 0 : -1);
}

static void
put_item(struct list *l, struct stmt *st)
{
	struct buf	*b = &l->items;
	char		 iso[32];
	size_t		 i;
	int		 n = 0;

	buf_addc(b, '{');
	for (i = 0; i < NFIELDS; i++) {
		if (!(l->select & (1U << i)))
			continue;
		buf_addf(b, "%s\"%s\":", n++ != 0 ? "," : "",
		    list_fields[i].name);
		if (list_fields[i].kind == LK_INT)
			buf_addf(b, "%lld", (long long)sql_int(st, (int)i));
		else if (list_fields[i].kind == LK_DATE) {
			iso_print(sql_int(st, (int)i), 1, iso);
			buf_add_json(b, iso, strlen(iso));
		} else if (list_fields[i].kind == LK_PACKAGE &&
		    sql_len(st, (int)i) == 0)
			buf_adds(b, "null");
		else
			buf_add_json(b, sql_str(st, (int)i),
			    sql_len(st, (int)i));
	}
	buf_addc(b, '}');
}

static int
items_begin(struct list *l)
{
	struct buf	b;
	size_t		i;

	buf_init(&b, 65536);
	SQL(&b, "SELECT ");
	for (i = 0; i < NFIELDS; i++) {
		if (i != 0)
			SQL(&b, ", ");
		put_column(&b, i, 0);
	}
	put_from(l, &b);
	buf_add(&b, l->order.data, l->order.len);
	SQL(&b, " LIMIT ");
	sql_par(&b, l->nval + 2);
	SQL(&b, " OFFSET ");
	sql_par(&b, l->nval + 3);
	l->st = list_get(l, &b);
	buf_free(&b);
	if (l->st == NULL)
		return (-1);
	sql_bind_int(l->st, (int)l->nval + 2, l->take);
	sql_bind_int(l->st, (int)l->nval + 3, l->skip);
	return (0);
}

/* The page's items: 0 when they are there, -1, or READ_ON. */
static int
list_items(struct list *l)
{
	size_t	max;
	int	r;

	max = l->take_given ? STORE_ANSWER_MAX : STORE_ANSWER_SOFT;
	if (l->st == NULL && items_begin(l) == -1)
		return (-1);
	while ((r = read_step(l->read.r, l->st)) == 1) {
		if (l->items.len > max) {
			l->cut = 1;
			sql_done(l->st);
			r = 0;
			break;
		}
		if (l->n++ != 0)
			buf_addc(&l->items, ',');
		put_item(l, l->st);
	}
	if (r != READ_ON)
		l->st = NULL;
	return (r);
}

static enum tool_err
list_answer(struct list *l)
{
	struct buf	*b = l->c->out;

	buf_addf(b, "{\"%s\":[", art_kind(l->type)->plural);
	buf_add(b, l->items.data, l->items.len);
	buf_addf(b, "],\"total\":%lld,\"count\":%lld,\"skip\":%lld,"
	    "\"take\":%lld", (long long)l->total, (long long)l->n,
	    (long long)l->skip, (long long)l->take);
	if (l->cut)
		buf_addf(b, ",\"truncated\":true,\"note\":\"The answer was "
		    "cut at its size limit: go on with listOptions.skip %lld, "
		    "or narrow it by where or select.\"",
		    (long long)l->skip + (long long)l->n);
	buf_addc(b, '}');
	if (b->failed || l->items.failed)
		return (call_fail(l->c, "The answer is too large: narrow it "
		    "by listOptions.take or select"));
	return (TE_OK);
}

/* The steps of this turn: 0 at the end, -1, or READ_ON. */
static int
list_turn(struct list *l)
{
	int	r = 0;

	viewer = l->c->who;
	if (!l->counting && (r = list_items(l)) == 0)
		l->counting = 1;
	if (r == 0)
		r = list_total(l);
	viewer = NULL;
	return (r);
}

static enum tool_err
list_run(struct list *l)
{
	struct call	*c = l->c;
	int		 r;

	if (read_begin(c, &l->read) == -1)
		return (read_later(c, &l->read));
	r = list_turn(l);
	if (r == READ_ON)
		return (read_later(c, &l->read));
	if (r == 0)
		return (list_answer(l));
	if (!read_again(c, &l->read))
		return (store_fail(c));
	/* From the start, on a reader. */
	buf_reset(&l->items);
	l->st = NULL;
	l->n = 0;
	l->cut = l->counting = 0;
	return (read_later(c, &l->read));
}

static void
list_free(void *p)
{
	struct list	*l = p;
	unsigned int	 i;

	/* kd_sees() may be asked once more. */
	viewer = NULL;
	read_end(&l->read);
	for (i = 0; i < LIST_PARAMS; i++)
		free(l->val[i].s);
	buf_free(&l->where);
	buf_free(&l->order);
	buf_free(&l->items);
	free(l);
}

static struct list *
list_new(enum art_type type)
{
	struct list	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return (NULL);
	l->type = type;
	l->take = LIST_TAKE;
	l->select = (1U << NFIELDS) - 1;
	if (type == ART_PACKAGE)
		l->select &= ~(1U << 3);
	buf_init(&l->where, 32768);
	buf_init(&l->order, 4096);
	buf_init(&l->items, 2 * STORE_ANSWER_MAX);
	return (l);
}

enum tool_err
art_list(struct call *c, enum art_type type, const char *const *more,
    unsigned int without)
{
	struct art_call	*ac = art_call(c);
	struct list	*l;

	if (ac == NULL)
		return (call_fail(c, "out of memory"));
	if (c->turn == 0) {
		if ((l = list_new(type)) == NULL)
			return (call_fail(c, "out of memory"));
		ac->more = l;
		ac->more_free = list_free;
	}
	l = ac->more;
	l->c = c;
	l->more = more;
	l->without = without;
	l->all = c->who->global_admin && c->who->npackages == 0;
	if (c->turn == 0) {
		store_read_begin();
		if (list_parse(l, json_object_get(c->args,
		    "listOptions")) == -1)
			return (TE_INVALID);
	}
	return (list_run(l));
}

/* ---- walking by name ---- */

static struct query	q_walk = QUERY(
    "SELECT a.id, a.name, a.name_key, a.description, a.updated_at,"
    " a.package, p.acl FROM artifact a LEFT JOIN artifact p ON p.type = 1"
    " AND p.id = CASE a.type WHEN 1 THEN a.id ELSE a.package END"
    " WHERE a.type = ?1 AND a.name_key > ?2 AND a.name_key >= ?3"
    " AND a.name_key < ?3 || x'f48fbfbf' ORDER BY a.name_key");

int
art_walk(const struct caller *who, enum art_type type, const char *after,
    const char *prefix, int (*fn)(const struct art_brief *, void *), void *arg)
{
	struct art_brief b;
	struct stmt	*st;
	const char	*in;
	int		 r;

	if ((st = query_get(&q_walk)) == NULL)
		return (-1);
	sql_bind_int(st, 1, type);
	sql_bind_str(st, 2, after);
	sql_bind_str(st, 3, prefix);
	b.type = type;
	while ((r = sql_step(st)) == 1) {
		b.id = sql_str(st, 0);
		b.name = sql_str(st, 1);
		b.key = sql_str(st, 2);
		b.description = sql_str(st, 3);
		b.updated_at = sql_int(st, 4);
		in = type == ART_PACKAGE ? b.id : sql_str(st, 5);
		if (pkg_level(who, in, sql_str(st, 6), sql_len(st, 6), 0,
		    type == ART_PACKAGE) == PL_NONE || fn(&b, arg) == 0)
			continue;
		sql_done(st);
		return (0);
	}
	return (r);
}
