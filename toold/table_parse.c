/* SPDX-License-Identifier: ISC */
/*
 * table_parse.c: the definition of a user table from JSON, every rule that
 * needs nothing but the definition itself.  Runs in keepd-toold on arguments
 * from the network; the stored text is read by the same code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"
#include "table.h"

const char *const on_delete_names[OD_MAX] = {
	"NO ACTION", "RESTRICT", "CASCADE", "SET NULL"
};

static const char *const table_keys[] = { HEAD_KEYS, "package", "fields",
	"indices", "foreignKeys", "enableAudit", "includeDataInPackage",
	"generationStrategy", "rolesRead", "rolesWrite", NULL };
static const char *const field_keys[] = { "id", "fieldName", "fieldType",
	"isUnique", "isNullable", "description", "default", "length",
	"minLength", "maxLength", "example", "enum", NULL };
static const char *const index_keys[] = { "id", "name", "columns",
	"isUnique", "isVector", NULL };
static const char *const key_keys[] = { "id", "name", "referencedTable",
	"columns", "referencedTableColumns", "onDelete", NULL };
static const char *const role_keys[] = { "id", "name", "ver", NULL };

#define PATH_MAX_LEN	160

void
table_hold(struct table *t)
{
	t->holds++;
}

void
table_free(void *p)
{
	struct table	*t = p;
	unsigned int	 i;

	if (t == NULL || t->holds-- != 0)
		return;
	for (i = 0; i < t->nfields; i++)
		json_decref(t->field[i].dflt);
	free(t->field);
	free(t->index);
	free(t->key);
	json_decref(t->tree);
	free(t);
}

/* ---- columns ---- */

static const char *const implicit_cols[] = { "id", "createdAt", "updatedAt",
	"createdBy", "updatedBy" };
#define NIMPLICIT	(sizeof(implicit_cols) / sizeof(implicit_cols[0]))

colref
table_col(const struct table *t, const char *name)
{
	unsigned int	i;

	for (i = 0; i < t->nfields; i++)
		if (strcmp(t->field[i].name, name) == 0)
			return ((colref)i);
	for (i = 0; i < NIMPLICIT; i++)
		if (strcmp(implicit_cols[i], name) == 0)
			return (IC_ID - (colref)i);
	return (FIELD_NONE);
}

const char *
table_colname(const struct table *t, colref c)
{
	if (c >= 0 && (unsigned int)c < t->nfields)
		return (t->field[c].name);
	if (c <= IC_ID && c >= IC_LAST)
		return (implicit_cols[IC_ID - c]);
	return ("?");
}

int
table_phys(const struct table *t, colref c)
{
	return (c >= 0 ? (int)t->field[c].col : c);
}

colref
table_byphys(const struct table *t, int phys)
{
	unsigned int	i;

	if (phys < 0)
		return (phys);
	for (i = 0; i < t->nfields; i++)
		if ((int)t->field[i].col == phys)
			return ((colref)i);
	return (FIELD_NONE);
}

enum ftype
table_coltype(const struct table *t, colref c)
{
	return (c >= 0 ? t->field[c].type : implicit_field(c)->type);
}

static int
same_cols(const colref *a, size_t na, const colref *b, size_t nb)
{
	size_t	i, k;

	if (na != nb)
		return (0);
	for (i = 0; i < na; i++) {
		for (k = 0; k < nb && a[i] != b[k]; k++)
			;
		if (k == nb)
			return (0);
	}
	return (1);
}

int
table_unique(const struct table *t, const colref *c, size_t n)
{
	unsigned int	i;

	if (n == 1 && (c[0] == IC_ID || (c[0] >= 0 && t->field[c[0]].unique)))
		return (1);
	for (i = 0; i < t->nindices; i++)
		if (t->index[i].unique && !t->index[i].vector &&
		    same_cols(t->index[i].col, t->index[i].ncols, c, n))
			return (1);
	return (0);
}

/* ---- names ---- */

static int
bad(struct call *c, const char *path, const char *why)
{
	call_invalid(c, path, "%s", why);
	return (-1);
}

static int
bad_key(struct call *c, const char *path, const char *key)
{
	char	where[PATH_MAX_LEN * 2];

	snprintf(where, sizeof(where), "%s.%.60s", path, key);
	return (bad(c, where, "is not a known key"));
}

/* 1 to 63 of [A-Za-z0-9_], and - where hyphen is set. */
static int
name_ok(const char *s, int hyphen)
{
	size_t	i, len = strlen(s);

	if (len == 0 || len > TAB_NAME_MAX)
		return (0);
	for (i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z') ||
		    (s[i] >= '0' && s[i] <= '9') || s[i] == '_' ||
		    (hyphen && s[i] == '-')))
			return (0);
	return (1);
}

#define NAME_RULE	"must be 1 to 63 ASCII letters, digits and _"

static int
implicit_twin(const char *name)
{
	size_t	i;

	for (i = 0; i < NIMPLICIT; i++)
		if (ascii_casecmp(implicit_cols[i], name) == 0)
			return (1);
	return (0);
}

/* A name made from what it names, the same at each save. */
static void
made_name(char *out, const char *prefix, const struct table *t,
    const colref *c, size_t n)
{
	uint32_t	 h = 2166136261U;
	const char	*s;
	size_t		 i;

	for (i = 0; i < n; i++) {
		for (s = table_colname(t, c[i]); *s != '\0'; s++)
			h = (h ^ (unsigned char)*s) * 16777619U;
		h = (h ^ ',') * 16777619U;
	}
	snprintf(out, TAB_NAME_MAX + 1, "%s_%08x", prefix, h);
}

/* ---- fields ---- */

/* length, minLength, maxLength: a number or digits in a string. */
static int
get_length(struct call *c, const json_t *o, const char *path,
    const char *key, unsigned int *out)
{
	const json_t	*v = json_object_get(o, key);
	char		 where[PATH_MAX_LEN * 2];
	uint64_t	 n = 0;

	*out = 0;
	if (v == NULL || json_is_null(v) ||
	    (json_is_string(v) && json_string_length(v) == 0))
		return (0);
	if (json_is_integer(v) && json_integer_value(v) >= 0)
		n = (uint64_t)json_integer_value(v);
	else if (!json_is_string(v) || num_parse(json_string_value(v),
	    json_string_length(v), STORE_ROW_MAX, &n) == -1)
		n = UINT64_MAX;
	if (n > STORE_ROW_MAX) {
		snprintf(where, sizeof(where), "%s.%s", path, key);
		call_invalid(c, where, "must be a number of characters, at "
		    "most %u", STORE_ROW_MAX);
		return (-1);
	}
	*out = (unsigned int)n;
	return (n != 0);
}

static int
field_length(struct call *c, const json_t *o, const char *path,
    struct field *f)
{
	unsigned int	flags = ftype_row(f->type)->flags;
	int		has, lo, hi;

	has = get_length(c, o, path, "length", &f->length);
	lo = get_length(c, o, path, "minLength", &f->min);
	hi = get_length(c, o, path, "maxLength", &f->max);
	if (has == -1 || lo == -1 || hi == -1)
		return (-1);
	if (has && !(flags & FF_LENGTH))
		return (call_fail(c, "Column '%s' does not support length "
		    "property", f->name), -1);
	if ((lo || hi) && !(flags & FF_TEXT))
		return (call_fail(c, "Column '%s' does not support minLength "
		    "and maxLength", f->name), -1);
	if (hi && f->min > f->max)
		return (call_fail(c, "Column '%s' has a minLength above its "
		    "maxLength", f->name), -1);
	return (0);
}

static int
field_enum(struct call *c, const json_t *o, struct field *f)
{
	const json_t	*v = json_object_get(o, "enum"), *e;
	size_t		 i, k, n = json_array_size(v);

	if (f->type != FT_ENUM) {
		if (v == NULL || json_is_null(v) ||
		    (json_is_array(v) && n == 0))
			return (0);
		return (call_fail(c, "Column '%s' does not support enum: its "
		    "type is not enum", f->name), -1);
	}
	if (!json_is_array(v) || n == 0 || n > TAB_ENUM_MAX)
		return (call_fail(c, "Column '%s' needs an enum of 1 to %d "
		    "strings", f->name, TAB_ENUM_MAX), -1);
	for (i = 0; i < n; i++) {
		e = json_array_get(v, i);
		if (!json_is_string(e) || json_string_length(e) > 255)
			return (call_fail(c, "Column '%s' has an enum value "
			    "that is not a string of up to 255 bytes",
			    f->name), -1);
		for (k = 0; k < i; k++)
			if (json_equal(e, json_array_get(v, k)))
				return (call_fail(c, "Column '%s' has an "
				    "enum value twice", f->name), -1);
	}
	f->enums = v;
	return (0);
}

/* Back to JSON, so that the definition holds one form of each value. */
static json_t *
value_json(const struct field *f, const struct value *v)
{
	char	iso[32];

	switch (f->type) {
	case FT_BOOLEAN:
		return (json_boolean(v->n));
	case FT_SMALLINT:
	case FT_INTEGER:
	case FT_BIGINT:
		return (json_integer(v->n));
	case FT_TIMESTAMP:
	case FT_TIMESTAMPTZ:
		iso_print(v->n, f->type == FT_TIMESTAMPTZ, iso);
		return (json_string(iso));
	default:
		return (json_stringn(v->s, v->len));
	}
}

static int
field_default(struct call *c, const json_t *o, struct field *f)
{
	const json_t	*d = json_object_get(o, "default");
	struct value	 v;
	char		 why[128];
	int		 text, r;

	text = ftype_row(f->type)->flags & FF_TEXT || f->type == FT_ENUM;
	if (d == NULL || json_is_null(d) || (!text && json_is_string(d) &&
	    json_string_length(d) == 0 && f->type != FT_JSON))
		return (0);
	if (f->type == FT_JSON) {
		f->dflt = json_deep_copy(d);
		return (f->dflt != NULL ? 0 : -1);
	}
	if (f->type == FT_VECTOR)
		return (call_fail(c, "Column '%s' does not support default: "
		    "its type is vector", f->name), -1);
	r = json_is_string(d) ? value_from_text(f, json_string_value(d),
	    json_string_length(d), &v, why, sizeof(why)) :
	    value_from_json(f, d, &v, why, sizeof(why));
	if (r == 0)
		f->dflt = value_json(f, &v);
	value_free(&v);
	if (r == -1 || f->dflt == NULL)
		return (call_fail(c, "Invalid default for column '%s': it %s",
		    f->name, r == -1 ? why : "is too large"), -1);
	return (0);
}

static int
field_name(struct call *c, const json_t *o, const char *path,
    struct table *t, struct field *f)
{
	const char	*s = json_string_value(json_object_get(o,
			    "fieldName"));
	char		 where[PATH_MAX_LEN * 2];
	unsigned int	 i;

	snprintf(where, sizeof(where), "%s.fieldName", path);
	if (s == NULL)
		return (bad(c, where, "Required"));
	if (!name_ok(s, 0))
		return (bad(c, where, NAME_RULE));
	if (implicit_twin(s)) {
		call_invalid(c, where, "'%s' is a column that every table "
		    "has: take another name", s);
		return (-1);
	}
	for (i = 0; i < t->nfields; i++)
		if (ascii_casecmp(t->field[i].name, s) == 0) {
			call_invalid(c, where, "'%s' stands twice: upper and "
			    "lower case do not make two columns", s);
			return (-1);
		}
	text_set(f->name, sizeof(f->name), s);
	return (0);
}

static int
field_id(struct call *c, const json_t *o, const char *path,
    const struct table *t, struct field *f)
{
	const json_t	*v = json_object_get(o, "id");
	char		 where[PATH_MAX_LEN * 2];
	unsigned int	 i;

	if (v == NULL || json_is_null(v))
		return (0);
	snprintf(where, sizeof(where), "%s.id", path);
	if (id_lower(f->id, json_string_value(v)) == -1)
		return (bad(c, where, "must be a UUID"));
	for (i = 0; i < t->nfields; i++)
		if (strcmp(t->field[i].id, f->id) == 0)
			return (bad(c, where, "stands twice"));
	return (0);
}

static int
field_type(struct call *c, const json_t *o, const char *path,
    struct field *f)
{
	const json_t	*v = json_object_get(o, "fieldType");
	char		 where[PATH_MAX_LEN * 2];
	int		 type;

	if (v == NULL || json_is_null(v)) {
		snprintf(where, sizeof(where), "%s.fieldType", path);
		return (bad(c, where, "Required"));
	}
	type = json_is_string(v) ? ftype_find(json_string_value(v)) : -1;
	if (type == -1)
		return (call_fail(c, "Invalid field type '%.100s' for column "
		    "'%s'", json_is_string(v) ? json_string_value(v) : "?",
		    f->name), -1);
	f->type = (enum ftype)type;
	return (0);
}

static int
field_parse(struct call *c, const json_t *o, size_t n, struct table *t)
{
	struct field	*f = &t->field[t->nfields];
	const char	*s;
	char		 path[PATH_MAX_LEN];

	snprintf(path, sizeof(path), "table.fields.%zu", n);
	if (!json_is_object(o))
		return (bad(c, path, "must be an object"));
	f->nullable = 1;
	f->old = -1;
	if (field_name(c, o, path, t, f) == -1 ||
	    field_id(c, o, path, t, f) == -1)
		return (-1);
	if ((s = json_unknown(o, field_keys)) != NULL)
		return (bad_key(c, path, s));
	if (field_type(c, o, path, f) == -1 ||
	    json_bool(c, o, path, "isUnique", &f->unique) == -1 ||
	    json_bool(c, o, path, "isNullable", &f->nullable) == -1 ||
	    json_str(c, o, path, "description", ART_DESCR_MAX, &s) == -1 ||
	    field_length(c, o, path, f) == -1 || field_enum(c, o, f) == -1)
		return (-1);
	f->descr = json_object_get(o, "description");
	f->example = json_object_get(o, "example");
	t->nfields++;		/* from here on dflt is freed */
	if (field_default(c, o, f) == -1)
		return (-1);
	if (f->unique && !(ftype_row(f->type)->flags & FF_COMPARE))
		return (call_fail(c, "Column '%s' cannot be unique: its type "
		    "is %s", f->name, ftype_row(f->type)->name), -1);
	return (0);
}

static int
fields_parse(struct call *c, const json_t *v, struct table *t)
{
	size_t	i, n = json_array_size(v);

	if (v == NULL)
		return (bad(c, "table.fields", "Required"));
	if (!json_is_array(v) || n == 0)
		return (bad(c, "table.fields", "must be an array with at "
		    "least one field"));
	if (n > TAB_FIELDS_MAX)
		return (bad(c, "table.fields", "must not have more than 150 "
		    "entries"));
	if ((t->field = calloc(n, sizeof(*t->field))) == NULL)
		return (bad(c, "table.fields", "is too large"));
	for (i = 0; i < n; i++)
		if (field_parse(c, json_array_get(v, i), i, t) == -1)
			return (-1);
	return (0);
}

/* ---- indices and foreign keys ---- */

/* A column by name, or by the field object that exports hold. */
static const char *
col_name(const json_t *v)
{
	if (json_is_object(v))
		v = json_object_get(v, "fieldName");
	return (json_string_value(v));
}

static int
cols_parse(struct call *c, const json_t *v, const char *path,
    const struct table *t, colref *cols, unsigned int *ncols, int comparable)
{
	const char	*s;
	char		 where[PATH_MAX_LEN * 2];
	size_t		 i, k, n = json_array_size(v);

	snprintf(where, sizeof(where), "%s.columns", path);
	if (!json_is_array(v) || n == 0 || n > TAB_COLS_MAX)
		return (bad(c, where, "must name 1 to 8 columns"));
	for (i = 0; i < n; i++) {
		s = col_name(json_array_get(v, i));
		snprintf(where, sizeof(where), "%s.columns.%zu", path, i);
		if (s == NULL || (cols[i] = table_col(t, s)) == FIELD_NONE) {
			call_invalid(c, where, "'%.64s' is not a column of "
			    "the table", s != NULL ? s : "?");
			return (-1);
		}
		if (comparable && !(ftype_row(table_coltype(t,
		    cols[i]))->flags & FF_COMPARE)) {
			call_invalid(c, where, "'%s' cannot be indexed: its "
			    "type is %s", s, ftype_row(table_coltype(t,
			    cols[i]))->name);
			return (-1);
		}
		for (k = 0; k < i; k++)
			if (cols[k] == cols[i])
				return (bad(c, where, "names a column "
				    "twice"));
	}
	*ncols = (unsigned int)n;
	return (0);
}

/* The name of an index or key: given, and right, or left out. */
static int
thing_name(struct call *c, const json_t *o, const char *path, char *out)
{
	const json_t	*v = json_object_get(o, "name");
	char		 where[PATH_MAX_LEN * 2];

	if (v == NULL || json_is_null(v))
		return (0);
	snprintf(where, sizeof(where), "%s.name", path);
	if (!json_is_string(v) || !name_ok(json_string_value(v), 1))
		return (bad(c, where, "must be 1 to 63 ASCII letters, "
		    "digits, _ and -"));
	text_set(out, TAB_NAME_MAX + 1, json_string_value(v));
	return (0);
}

static int
index_parse(struct call *c, const json_t *o, size_t n, struct table *t)
{
	struct tindex	*x = &t->index[t->nindices];
	const json_t	*v;
	const char	*s;
	char		 path[PATH_MAX_LEN];
	unsigned int	 i;

	snprintf(path, sizeof(path), "table.indices.%zu", n);
	if (!json_is_object(o))
		return (bad(c, path, "must be an object"));
	if ((s = json_unknown(o, index_keys)) != NULL)
		return (bad_key(c, path, s));
	v = json_object_get(o, "id");
	if (v != NULL && !json_is_null(v) &&
	    id_lower(x->id, json_string_value(v)) == -1)
		return (bad(c, path, "has an id that is not a UUID"));
	if (thing_name(c, o, path, x->name) == -1 ||
	    json_bool(c, o, path, "isUnique", &x->unique) == -1 ||
	    json_bool(c, o, path, "isVector", &x->vector) == -1 ||
	    cols_parse(c, json_object_get(o, "columns"), path, t, x->col,
	    &x->ncols, !x->vector) == -1)
		return (-1);
	if (x->vector && (x->ncols != 1 || x->unique ||
	    table_coltype(t, x->col[0]) != FT_VECTOR))
		return (bad(c, path, "isVector takes one column of type "
		    "vector, and not isUnique"));
	if (x->name[0] == '\0')
		made_name(x->name, "IDX", t, x->col, x->ncols);
	for (i = 0; i < t->nindices; i++)
		if (ascii_casecmp(t->index[i].name, x->name) == 0)
			return (bad(c, path, "has the name of another "
			    "index"));
	t->nindices++;
	return (0);
}

static int
on_delete_parse(const json_t *v, enum on_delete *out)
{
	int	i;

	*out = OD_NO_ACTION;
	if (v == NULL || json_is_null(v))
		return (0);
	for (i = 0; i < OD_MAX && json_is_string(v); i++)
		if (ascii_casecmp(on_delete_names[i],
		    json_string_value(v)) == 0) {
			*out = (enum on_delete)i;
			return (0);
		}
	return (-1);
}

static int
key_refs(struct call *c, const json_t *v, const char *path, struct fkey *k)
{
	const char	*s;
	char		 where[PATH_MAX_LEN * 2];
	unsigned int	 i;

	snprintf(where, sizeof(where), "%s.referencedTableColumns", path);
	if (v == NULL && k->ncols == 1) {
		text_set(k->ref[0], sizeof(k->ref[0]), "id");
		return (0);
	}
	if (!json_is_array(v) || json_array_size(v) != k->ncols)
		return (bad(c, where, "must name as many columns as "
		    "columns"));
	for (i = 0; i < k->ncols; i++) {
		s = col_name(json_array_get(v, i));
		if (s == NULL || text_set(k->ref[i], sizeof(k->ref[i]),
		    s) == -1)
			return (bad(c, where, "must hold names of columns"));
	}
	return (0);
}

static int
key_nullable(struct call *c, const char *path, const struct table *t,
    const struct fkey *k)
{
	unsigned int	i;

	for (i = 0; i < k->ncols; i++) {
		if (k->col[i] < 0)
			return (bad(c, path, "cannot start at a column that "
			    "every table has"));
		if (k->on_delete == OD_SET_NULL &&
		    !t->field[k->col[i]].nullable)
			return (bad(c, path, "onDelete SET NULL needs "
			    "columns with isNullable"));
	}
	return (0);
}

static int
key_parse(struct call *c, const json_t *o, size_t n, struct table *t)
{
	struct fkey	*k = &t->key[t->nkeys];
	const char	*s;
	char		 path[PATH_MAX_LEN], where[PATH_MAX_LEN * 2];
	unsigned int	 i;

	snprintf(path, sizeof(path), "table.foreignKeys.%zu", n);
	if (!json_is_object(o))
		return (bad(c, path, "must be an object"));
	if ((s = json_unknown(o, key_keys)) != NULL)
		return (bad_key(c, path, s));
	s = json_string_value(json_object_get(o, "referencedTable"));
	snprintf(where, sizeof(where), "%s.referencedTable", path);
	if (s == NULL || text_set(k->parent, sizeof(k->parent), s) == -1)
		return (bad(c, where, "must be the name or id of a table"));
	if (thing_name(c, o, path, k->name) == -1 ||
	    cols_parse(c, json_object_get(o, "columns"), path, t, k->col,
	    &k->ncols, 1) == -1 || key_refs(c, json_object_get(o,
	    "referencedTableColumns"), path, k) == -1)
		return (-1);
	if (on_delete_parse(json_object_get(o, "onDelete"),
	    &k->on_delete) == -1) {
		snprintf(where, sizeof(where), "%s.onDelete", path);
		return (bad(c, where, "must be NO ACTION, RESTRICT, CASCADE "
		    "or SET NULL"));
	}
	if (key_nullable(c, path, t, k) == -1)
		return (-1);
	if (k->name[0] == '\0')
		made_name(k->name, "FK", t, k->col, k->ncols);
	for (i = 0; i < t->nkeys; i++)
		if (ascii_casecmp(t->key[i].name, k->name) == 0)
			return (bad(c, path, "has the name of another "
			    "foreign key"));
	t->nkeys++;
	return (0);
}

typedef int thing_fn(struct call *, const json_t *, size_t, struct table *);

static int
things_parse(struct call *c, const json_t *v, const char *path, size_t max,
    struct table *t, thing_fn *fn)
{
	size_t	i;

	if (v == NULL || json_is_null(v))
		return (0);
	if (!json_is_array(v))
		return (bad(c, path, "must be an array"));
	if (json_array_size(v) > max) {
		call_invalid(c, path, "must not have more than %zu entries",
		    max);
		return (-1);
	}
	for (i = 0; i < json_array_size(v); i++)
		if (fn(c, json_array_get(v, i), i, t) == -1)
			return (-1);
	return (0);
}

static int
indices_parse(struct call *c, const json_t *v, struct table *t)
{
	t->index = calloc(json_array_size(v) + 1, sizeof(*t->index));
	if (t->index == NULL)
		return (bad(c, "table.indices", "is too large"));
	return (things_parse(c, v, "table.indices", TAB_INDICES_MAX, t,
	    index_parse));
}

static int
keys_parse(struct call *c, const json_t *v, struct table *t)
{
	t->key = calloc(json_array_size(v) + 1, sizeof(*t->key));
	if (t->key == NULL)
		return (bad(c, "table.foreignKeys", "is too large"));
	return (things_parse(c, v, "table.foreignKeys", TAB_KEYS_MAX, t,
	    key_parse));
}

/* ---- roles ---- */

static int
role_parse(struct call *c, const json_t *o, const char *path,
    struct role_list *l, int stored)
{
	const char	*id, *name, *s;

	if (json_is_object(o) && (s = json_unknown(o, role_keys)) != NULL)
		return (bad_key(c, path, s));
	id = json_string_value(json_is_object(o) ? json_object_get(o, "id") :
	    o);
	name = json_string_value(json_object_get(o, "name"));
	if (!stored) {
		id = role_resolve(id, name);
		name = id != NULL ? role_name(id) : NULL;
	}
	if (id == NULL || id_lower(l->id[l->n], id) == -1) {
		call_invalid(c, path, "names no role of this server: give "
		    "the id or name of an existing role");
		return (-1);
	}
	text_set(l->name[l->n], sizeof(l->name[0]), name != NULL ? name : "");
	l->n++;
	return (0);
}

static int
roles_parse(struct call *c, const json_t *v, const char *key,
    struct role_list *l, int stored)
{
	char		path[PATH_MAX_LEN];
	size_t		i;
	unsigned int	k;

	if (v == NULL || json_is_null(v))
		return (0);
	snprintf(path, sizeof(path), "table.%s", key);
	if (!json_is_array(v) || json_array_size(v) > TAB_ROLES_MAX)
		return (bad(c, path, "must be an array of up to 32 roles"));
	for (i = 0; i < json_array_size(v); i++) {
		snprintf(path, sizeof(path), "table.%s.%zu", key, i);
		if (role_parse(c, json_array_get(v, i), path, l,
		    stored) == -1)
			return (-1);
		for (k = 0; k + 1 < l->n; k++)
			if (strcmp(l->id[k], l->id[l->n - 1]) == 0)
				return (bad(c, path, "stands twice"));
	}
	return (0);
}

/* ---- the whole ---- */

static int
strategy_parse(struct call *c, const json_t *v, struct table *t)
{
	const char	*s = json_string_value(v);

	if (v == NULL || json_is_null(v))
		return (0);
	t->incremental = s != NULL && strcmp(s, "incremental") == 0;
	if (t->incremental || (s != NULL && strcmp(s, "uuid") == 0))
		return (0);
	return (bad(c, "table.generationStrategy",
	    "must be uuid or incremental"));
}

static const json_t *
pick(const json_t *obj, const json_t *old, const char *key)
{
	const json_t	*v = json_object_get(obj, key);

	return (v != NULL ? v : json_object_get(old, key));
}

static const json_t *
source(const json_t *obj, const json_t *old, const char *key)
{
	return (json_object_get(obj, key) != NULL ? obj : old);
}

/* What points into the trees must outlive both: t->tree refers to them. */
static int
tree_make(struct table *t, const json_t *obj, const json_t *old)
{
	static const char *const keys[] = { "fields", "description", NULL };
	json_t			*v;
	size_t			 i;

	if ((t->tree = json_object()) == NULL)
		return (-1);
	for (i = 0; keys[i] != NULL; i++) {
		memcpy(&v, &(const json_t *){ pick(obj, old, keys[i]) },
		    sizeof(v));
		if (v != NULL && json_object_set(t->tree, keys[i], v) == -1)
			return (-1);
	}
	return (0);
}

int
table_parse(struct call *c, const json_t *obj, const json_t *old,
    struct table *t)
{
	const char	*s;
	int		 stored = obj == old;

	if (!json_is_object(obj))
		return (bad(c, "table", "must be an object"));
	if ((s = json_unknown(obj, table_keys)) != NULL)
		return (bad_key(c, "table", s));
	if (tree_make(t, obj, old) == -1)
		return (bad(c, "table", "is too large"));
	s = json_string_value(pick(obj, old, "name"));
	if (s == NULL)
		return (bad(c, "table.name", "Required"));
	if (!name_ok(s, 1))
		return (bad(c, "table.name", "must be 1 to 63 ASCII letters, "
		    "digits, _ and -"));
	text_set(t->name, sizeof(t->name), s);
	if (fields_parse(c, json_object_get(t->tree, "fields"), t) == -1 ||
	    indices_parse(c, pick(obj, old, "indices"), t) == -1 ||
	    keys_parse(c, pick(obj, old, "foreignKeys"), t) == -1 ||
	    json_bool(c, source(obj, old, "enableAudit"), "table",
	    "enableAudit", &t->audit) == -1 ||
	    json_bool(c, source(obj, old, "includeDataInPackage"), "table",
	    "includeDataInPackage", &t->with_data) == -1 ||
	    strategy_parse(c, pick(obj, old, "generationStrategy"), t) == -1)
		return (-1);
	if (roles_parse(c, pick(obj, old, "rolesRead"), "rolesRead", &t->read,
	    stored || json_object_get(obj, "rolesRead") == NULL) == -1 ||
	    roles_parse(c, pick(obj, old, "rolesWrite"), "rolesWrite",
	    &t->write, stored || json_object_get(obj, "rolesWrite") ==
	    NULL) == -1)
		return (-1);
	return (0);
}
