/* SPDX-License-Identifier: ISC */
/*
 * table_text.c: the stored text of a table's definition.  Runs in
 * keepd-toold.  table_parse() reads back exactly what is written here.
 */
#include <string.h>

#include "table.h"

static void
put_bool(struct buf *b, const char *key, int on)
{
	buf_addf(b, ",\"%s\":%s", key, on ? "true" : "false");
}

static void
put_json(struct buf *b, const char *key, const json_t *v)
{
	buf_addf(b, ",\"%s\":", key);
	if (v != NULL)
		json_put(b, v);
	else
		buf_adds(b, "null");
}

static void
put_field(struct buf *b, const struct field *f)
{
	buf_addf(b, "{\"id\":\"%s\"", f->id);
	json_put_str(b, "fieldName", f->name);
	json_put_str(b, "fieldType", ftype_row(f->type)->name);
	put_bool(b, "isUnique", f->unique);
	put_bool(b, "isNullable", f->nullable);
	json_put_str(b, "description", json_is_string(f->descr) ?
	    json_string_value(f->descr) : "");
	put_json(b, "default", f->dflt);
	if (f->length != 0)
		buf_addf(b, ",\"length\":\"%u\"", f->length);
	if (f->min != 0)
		buf_addf(b, ",\"minLength\":%u", f->min);
	if (f->max != 0)
		buf_addf(b, ",\"maxLength\":%u", f->max);
	if (f->example != NULL && !json_is_null(f->example))
		put_json(b, "example", f->example);
	if (f->enums != NULL)
		put_json(b, "enum", f->enums);
	buf_addc(b, '}');
}

void
table_put_cols(struct buf *b, const struct table *t, const colref *c,
    size_t n)
{
	const char	*s;
	size_t		 i;

	buf_addc(b, '[');
	for (i = 0; i < n; i++) {
		if (i != 0)
			buf_addc(b, ',');
		s = table_colname(t, c[i]);
		buf_add_json(b, s, strlen(s));
	}
	buf_addc(b, ']');
}

static void
put_index(struct buf *b, const struct table *t, const struct tindex *x)
{
	buf_adds(b, "{\"name\":");
	buf_add_json(b, x->name, strlen(x->name));
	if (x->id[0] != '\0')
		json_put_str(b, "id", x->id);
	buf_adds(b, ",\"columns\":");
	table_put_cols(b, t, x->col, x->ncols);
	put_bool(b, "isUnique", x->unique);
	put_bool(b, "isVector", x->vector);
	buf_addc(b, '}');
}

static void
put_key(struct buf *b, const struct table *t, const struct fkey *k)
{
	unsigned int	i;

	buf_adds(b, "{\"name\":");
	buf_add_json(b, k->name, strlen(k->name));
	json_put_str(b, "referencedTable", k->parent);
	buf_adds(b, ",\"columns\":");
	table_put_cols(b, t, k->col, k->ncols);
	buf_adds(b, ",\"referencedTableColumns\":[");
	for (i = 0; i < k->ncols; i++) {
		if (i != 0)
			buf_addc(b, ',');
		buf_add_json(b, k->ref[i], strlen(k->ref[i]));
	}
	buf_addc(b, ']');
	json_put_str(b, "onDelete", on_delete_names[k->on_delete]);
	buf_addc(b, '}');
}

static void
put_roles(struct buf *b, const char *key, const struct role_list *l)
{
	unsigned int	i;

	buf_addf(b, ",\"%s\":[", key);
	for (i = 0; i < l->n; i++) {
		buf_addf(b, "%s{\"id\":\"%s\"", i != 0 ? "," : "", l->id[i]);
		json_put_str(b, "name", l->name[i]);
		buf_addc(b, '}');
	}
	buf_addc(b, ']');
}

void
table_body(struct buf *b, const struct table *t)
{
	unsigned int	i;

	buf_adds(b, ",\"fields\":[");
	for (i = 0; i < t->nfields; i++) {
		if (i != 0)
			buf_addc(b, ',');
		put_field(b, &t->field[i]);
	}
	buf_adds(b, "],\"indices\":[");
	for (i = 0; i < t->nindices; i++) {
		if (i != 0)
			buf_addc(b, ',');
		put_index(b, t, &t->index[i]);
	}
	buf_adds(b, "],\"foreignKeys\":[");
	for (i = 0; i < t->nkeys; i++) {
		if (i != 0)
			buf_addc(b, ',');
		put_key(b, t, &t->key[i]);
	}
	buf_addc(b, ']');
	put_bool(b, "enableAudit", t->audit);
	put_bool(b, "includeDataInPackage", t->with_data);
	json_put_str(b, "generationStrategy",
	    t->incremental ? "incremental" : "uuid");
	put_roles(b, "rolesRead", &t->read);
	put_roles(b, "rolesWrite", &t->write);
}
