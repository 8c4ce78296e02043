/* SPDX-License-Identifier: ISC */
/* schema_test.c: JSON Schema 2020-12 beyond the public suite. */
/* link: toold/schema.o toold/schema_build.o toold/schema_uri.o */
/* link: toold/schema_key.o toold/schema_rule.o toold/schema_apply.o */
/* link: toold/schema_value.o toold/pattern.o toold/pattern_parse.o */
/* link: toold/pattern_class.o toold/pattern_ucd.o -ljansson -lm */
/* link: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "buf.h"
#include "text.h"
#include "toold/schema.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Calls of the checker into the allocator. */
static unsigned long allocs;

void	*__real_malloc(size_t);
void	*__real_calloc(size_t, size_t);
void	*__real_realloc(void *, size_t);
void	*__wrap_malloc(size_t);
void	*__wrap_calloc(size_t, size_t);
void	*__wrap_realloc(void *, size_t);

void *
__wrap_malloc(size_t n)
{
	allocs++;
	return (__real_malloc(n));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	allocs++;
	return (__real_calloc(n, size));
}

void *
__wrap_realloc(void *p, size_t n)
{
	allocs++;
	return (__real_realloc(p, n));
}

static json_t *
value(const char *text)
{
	json_error_t je;
	json_t *v;

	v = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);
	if (v == NULL)
		fail_msg("%s: %s", text, je.text);
	return (v);
}

static struct schema *
build(const char *text)
{
	char err[512] = "";
	struct schema *s;

	s = schema_compile(text, strlen(text), err, sizeof(err));
	if (s == NULL)
		fail_msg("%s: %s", text, err);
	return (s);
}

static int
check(const char *schema, const char *text, struct schema_error *e)
{
	struct schema *s = build(schema);
	json_t *v = value(text);
	int rv;

	rv = schema_check(s, v, e);
	json_decref(v);
	schema_free(s);
	return (rv);
}

/* pointer, rule, type and message of what is wrong */
static const struct {
	const char	*schema, *value, *pointer, *rule, *type, *message;
} errors[] = {
	{ "false", "1", "", "false", "integer", "is not allowed here" },
	{ "{\"type\":\"string\"}", "1", "", "type", "integer",
	    "must be of type string" },
	{ "{\"type\":[\"string\",\"null\",\"array\"]}", "1.5", "", "type",
	    "number", "must be of type string, null or array" },
	{ "{\"type\":\"integer\"}", "1.5", "", "type", "number",
	    "must be of type integer" },
	{ "{\"enum\":[\"T\",\"S\",\"C\"]}", "\"X\"", "", "enum", "string",
	    "must be \"T\", \"S\" or \"C\"" },
	{ "{\"enum\":[1,\"S\"]}", "null", "", "enum", "null",
	    "is none of the 2 allowed values" },
	{ "{\"const\":\"a\\\"\"}", "true", "", "const", "boolean",
	    "must be \"a\"\"" },
	{ "{\"const\":[]}", "{}", "", "const", "object",
	    "is not the one allowed value" },
	{ "{\"minimum\":3}", "2", "", "minimum", "integer",
	    "must be at least 3" },
	{ "{\"exclusiveMaximum\":2.5}", "3", "", "exclusiveMaximum",
	    "integer", "must be less than 2.5" },
	{ "{\"multipleOf\":5}", "7", "", "multipleOf", "integer",
	    "must be a multiple of 5" },
	{ "{\"multipleOf\":0.1}", "0.25", "", "multipleOf", "number",
	    "must be a multiple of 0.1" },
	{ "{\"minLength\":2}", "\"\\ud83d\\ude00\"", "", "minLength",
	    "string", "must have at least 2 characters" },
	{ "{\"pattern\":\"^a\"}", "\"b\"", "", "pattern", "string",
	    "must match the pattern \"^a\"" },
	{ "{\"properties\":{\"a\":{\"items\":{\"type\":\"string\"}}}}",
	    "{\"a\":[\"x\",7]}", "/a/1", "type", "integer",
	    "must be of type string" },
	{ "{\"properties\":{\"a\":false}}", "{\"a\":1}", "/a", "properties",
	    "integer", "is not allowed here" },
	{ "{\"required\":[\"a\",\"b\"]}", "{\"a\":1}", "", "required",
	    "object", "property \"b\" is missing" },
	{ "{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", "",
	    "dependentRequired", "object",
	    "property \"b\" is missing, which goes with \"a\"" },
	{ "{\"properties\":{\"a\":true},\"additionalProperties\":false}",
	    "{\"a\":1,\"b/~\\n\":\"x\"}", "/b~1~0?", "additionalProperties",
	    "string", "is not a known property" },
	{ "{\"propertyNames\":{\"maxLength\":1}}", "{\"ab\":1}", "/ab",
	    "maxLength", "string", "must have at most 1 characters" },
	{ "{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":5}]}", "1", "",
	    "anyOf", "integer", "matches none of the 2 allowed forms" },
	{ "{\"oneOf\":[true,{\"minimum\":0}]}", "1", "", "oneOf", "integer",
	    "matches more than one of the 2 forms, of which only one may "
	    "match" },
	{ "{\"not\":{}}", "1", "", "not", "integer",
	    "has a form that is not allowed" },
	{ "{\"if\":true,\"then\":{\"type\":\"null\"}}", "1", "", "type",
	    "integer", "must be of type null" },
	{ "{\"contains\":{\"type\":\"null\"}}", "[1]", "", "contains",
	    "array", "must contain at least 1 matching items" },
	{ "{\"uniqueItems\":true}", "[1,2,1.0]", "", "uniqueItems", "array",
	    "items 0 and 2 are equal" },
	{ "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"minItems\":1}}}",
	    "[]", "", "minItems", "array", "must have at least 1 items" },
	{ "{\"properties\":{\"a\":true},\"unevaluatedProperties\":false}",
	    "{\"b\":[]}", "/b", "unevaluatedProperties", "array",
	    "is not a known property" },
	{ "{\"prefixItems\":[true],\"unevaluatedItems\":false}", "[1,2]",
	    "/1", "unevaluatedItems", "integer", "is not allowed here" },
};

static void
test_errors(void **state)
{
	struct schema_error e;
	size_t i;

	for (i = 0; i < COUNT(errors); i++) {
		assert_int_equal(check(errors[i].schema, errors[i].value, &e),
		    -1);
		assert_string_equal(e.message, errors[i].message);
		assert_string_equal(e.pointer, errors[i].pointer);
		assert_string_equal(e.rule, errors[i].rule);
		assert_string_equal(e.type, errors[i].type);
		assert_int_equal(check(errors[i].schema, errors[i].value,
		    NULL), -1);
	}
}

static void
test_error_untouched(void **state)
{
	struct schema_error e;

	memset(&e, 'x', sizeof(e));
	assert_int_equal(check("{\"anyOf\":[{\"type\":\"null\"},{}]}", "1",
	    &e), 0);
	assert_int_equal(e.message[0], 'x');
	assert_int_equal(e.pointer[0], 'x');
}

/* Long and odd names are cut between characters. */
static void
test_error_cut(void **state)
{
	struct schema_error e;
	struct schema *s;
	json_t *v;
	char key[1200];
	size_t i, pad;

	s = build("{\"additionalProperties\":false}");
	for (pad = 0; pad < 4; pad++) {
		memset(key, 'x', pad);
		for (i = pad; i + 4 < sizeof(key); i += 4)
			memcpy(key + i, "\xf0\x9f\x98\x80", 5);
		v = json_object();
		assert_int_equal(json_object_set_new(v, key, json_null()), 0);
		assert_int_equal(schema_check(s, v, &e), -1);
		assert_true(utf8_valid(e.pointer, strlen(e.pointer)));
		assert_true(strlen(e.pointer) > sizeof(e.pointer) - 8);
		assert_string_equal(e.pointer + strlen(e.pointer) - 3, "...");
		json_decref(v);
	}
	schema_free(s);
}

/* schema text and what its refusal must say */
static const struct {
	const char	*schema, *why;
} refused[] = {
	{ "", "not JSON" }, { "{", "not JSON" }, { "{} x", "not JSON" },
	{ "{\"a\":1,\"a\":2}", "duplicate" }, { "1", "object or a boolean" },
	{ "[]", "object or a boolean" },
	{ "{\"type\":\"strnig\"}", "#/type: is not a type" },
	{ "{\"type\":[]}", "#/type" }, { "{\"type\":[\"x\"]}", "item 0" },
	{ "{\"enum\":1}", "#/enum" }, { "{\"minimum\":\"1\"}", "#/minimum" },
	{ "{\"multipleOf\":0}", "over 0" }, { "{\"multipleOf\":-1}",
	    "over 0" },
	{ "{\"minLength\":-1}", "#/minLength" },
	{ "{\"maxLength\":1.5}", "#/maxLength" },
	{ "{\"maxItems\":1e300}", "#/maxItems" },
	{ "{\"minContains\":true}", "#/minContains" },
	{ "{\"pattern\":1}", "#/pattern" },
	{ "{\"pattern\":\"(a)\\\\1\"}", "back-references" },
	{ "{\"properties\":{\"x\":{\"pattern\":\"(?=a)\"}}}",
	    "#/properties/x/pattern: lookahead" },
	{ "{\"patternProperties\":{\"(\":true}}", "without )" },
	{ "{\"required\":[1]}", "#/required" },
	{ "{\"required\":\"a\"}", "#/required" },
	{ "{\"dependentRequired\":{\"a\":1}}", "#/dependentRequired" },
	{ "{\"dependentRequired\":[]}", "#/dependentRequired" },
	{ "{\"uniqueItems\":1}", "#/uniqueItems" },
	{ "{\"properties\":[]}", "#/properties" },
	{ "{\"properties\":{\"a\":1}}", "#/properties/a" },
	{ "{\"items\":[{}]}", "#/items: must be an object" },
	{ "{\"allOf\":{}}", "#/allOf" }, { "{\"anyOf\":[]}", "#/anyOf" },
	{ "{\"oneOf\":[{},3]}", "#/oneOf/1" }, { "{\"not\":null}", "#/not" },
	{ "{\"then\":7}", "#/then" }, { "{\"$ref\":1}", "#/$ref" },
	{ "{\"$ref\":\"#/$defs/a\"}", "no subschema" },
	{ "{\"$ref\":\"#a\"}", "no subschema" },
	{ "{\"$ref\":\"http://example.org/\"}", "no subschema" },
	{ "{\"$ref\":\"#/%zz\"}", "no subschema" },
	{ "{\"$ref\":\"#/enum/0\",\"enum\":[{}]}", "no subschema" },
	{ "{\"$ref\":\"#/$defs\",\"$defs\":{}}", "no subschema" },
	{ "{\"$dynamicRef\":\"#x\"}", "no subschema" },
	{ "{\"$id\":\"#a\"}", "fragment" }, { "{\"$id\":7}", "#/$id" },
	{ "{\"$id\":\"http://a/\",\"$defs\":{\"b\":{\"$id\":\"/\"}}}",
	    "the same as another $id" },
	{ "{\"$anchor\":\"1\"}", "plain name" },
	{ "{\"$anchor\":\"a/b\"}", "plain name" },
	{ "{\"$anchor\":\"a\",\"$defs\":{\"b\":{\"$anchor\":\"a\"}}}",
	    "another anchor" },
	{ "{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}",
	    "only https://json-schema.org/draft/2020-12/schema" },
};

static void
test_refused(void **state)
{
	char err[512], tiny[8];
	size_t i;

	for (i = 0; i < COUNT(refused); i++) {
		err[0] = '\0';
		assert_null(schema_compile(refused[i].schema,
		    strlen(refused[i].schema), err, sizeof(err)));
		if (strstr(err, refused[i].why) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"",
			    refused[i].schema, err, refused[i].why);
		assert_null(schema_compile(refused[i].schema,
		    strlen(refused[i].schema), tiny, sizeof(tiny)));
		assert_true(strlen(tiny) < sizeof(tiny));
	}
}

/* schema, value, valid */
static const struct {
	const char	*schema, *value;
	int		 valid;
} numbers[] = {
	{ "{\"const\":1}", "1.0", 1 }, { "{\"const\":-0.0}", "0", 1 },
	{ "{\"const\":9007199254740993}", "9007199254740992.0", 0 },
	{ "{\"const\":9007199254740992}", "9007199254740992.0", 1 },
	{ "{\"minimum\":9007199254740993}", "9007199254740992.0", 0 },
	{ "{\"maximum\":9007199254740992.0}", "9007199254740993", 0 },
	{ "{\"maximum\":9223372036854775807}", "9223372036854775808.0", 0 },
	{ "{\"minimum\":-9223372036854775808}", "-9223372036854775808.0", 1 },
	{ "{\"exclusiveMinimum\":-9223372036854775808}",
	    "-9223372036854775808.0", 0 },
	{ "{\"maximum\":9223372036854775807}", "1e300", 0 },
	{ "{\"minimum\":-9223372036854775808}", "-1e300", 0 },
	{ "{\"exclusiveMinimum\":2}", "2.0000000000000004", 1 },
	{ "{\"exclusiveMaximum\":-2}", "-2.0000000000000004", 1 },
	{ "{\"multipleOf\":0.01}", "19.99", 1 },
	{ "{\"multipleOf\":0.01}", "-0.07", 1 },
	{ "{\"multipleOf\":0.01}", "19.999", 0 },
	{ "{\"multipleOf\":0.1}", "0.30000000000000004", 0 },
	{ "{\"multipleOf\":0.1}", "3", 1 }, { "{\"multipleOf\":3}", "1e20",
	    0 }, { "{\"multipleOf\":7}", "0", 1 },
	{ "{\"multipleOf\":2.5}", "1e308", 1 },
	{ "{\"multipleOf\":1e308}", "1", 0 },
	{ "{\"multipleOf\":1e-308}", "1e308", 1 },
	{ "{\"multipleOf\":9223372036854775807}", "-9223372036854775807", 1 },
	{ "{\"multipleOf\":9223372036854775807}", "-9223372036854775808", 0 },
	{ "{\"multipleOf\":2}", "-9223372036854775808", 1 },
	{ "{\"type\":\"integer\"}", "1e20", 1 },
	{ "{\"type\":[\"integer\",\"null\"]}", "0.5", 0 },
	{ "{\"uniqueItems\":true}", "[1,true,[1],{\"a\":1},\"1\",null,0,"
	    "false,[true],{\"a\":true},{},[],\"\",2,3,4,5]", 1 },
	{ "{\"uniqueItems\":true}", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,"
	    "15,16,{\"a\":1,\"b\":[2]},{\"b\":[2.0],\"a\":1.0}]", 0 },
	{ "{\"uniqueItems\":true}", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,"
	    "15,16,{\"a\":1,\"b\":[2]},{\"b\":[1],\"a\":2}]", 1 },
	{ "{\"const\":{\"a\":[1,{\"b\":2}]}}", "{\"a\":[1.0,{\"b\":2}]}", 1 },
	{ "{\"enum\":[\"a\\u0000b\"]}", "\"a\\u0000c\"", 0 },
	{ "{\"enum\":[\"a\\u0000b\"]}", "\"a\\u0000b\"", 1 },
	{ "{\"minLength\":3}", "\"a\\u0000b\"", 1 },
};

static void
test_numbers(void **state)
{
	struct schema_error e;
	size_t i;

	for (i = 0; i < COUNT(numbers); i++)
		if (check(numbers[i].schema, numbers[i].value, &e) !=
		    (numbers[i].valid ? 0 : -1))
			fail_msg("%s with %s must be %svalid",
			    numbers[i].schema, numbers[i].value,
			    numbers[i].valid ? "" : "in");
}

/* Base URIs: reference in a subschema with $id against what it must find. */
static void
test_references(void **state)
{
	static const struct {
		const char *base, *ref, *target;
	} uris[] = {
		{ "http://a/b/c/d;p?q", "g", "http://a/b/c/g" },
		{ "http://a/b/c/d;p?q", "./g", "http://a/b/c/g" },
		{ "http://a/b/c/d;p?q", "g/", "http://a/b/c/g/" },
		{ "http://a/b/c/d;p?q", "/g", "http://a/g" },
		{ "http://a/b/c/d;p?q", "//g", "http://g" },
		{ "http://a/b/c/d;p?q", "?y", "http://a/b/c/d;p?y" },
		{ "http://a/b/c/d;p?q", "g?y", "http://a/b/c/g?y" },
		{ "http://a/b/c/d;p?q", ";x", "http://a/b/c/;x" },
		{ "http://a/b/c/d;p?q", ".", "http://a/b/c/" },
		{ "http://a/b/c/d;p?q", "..", "http://a/b/" },
		{ "http://a/b/c/d;p?q", "../g", "http://a/b/g" },
		{ "http://a/b/c/d;p?q", "../..", "http://a/" },
		{ "http://a/b/c/d;p?q", "../../../g", "http://a/g" },
		{ "http://a/b/c/d;p?q", "/./g", "http://a/g" },
		{ "http://a/b/c/d;p?q", "g..", "http://a/b/c/g.." },
		{ "http://a/b/c/d;p?q", "g/./h", "http://a/b/c/g/h" },
		{ "http://a/b/c/d;p?q", "g/../h", "http://a/b/c/h" },
		{ "http://a/b/c/d;p?q", "g?y/../x", "http://a/b/c/g?y/../x" },
		{ "http://a", "g", "http://a/g" },
		{ "urn:a:b", "urn:a:c", "urn:a:c" },
		{ "file:///c:/x/y", "z", "file:///c:/x/z" },
	};
	char schema[512];
	size_t i;

	for (i = 0; i < COUNT(uris); i++) {
		(void)snprintf(schema, sizeof(schema), "{\"$id\":\"%s\","
		    "\"$ref\":\"%s\",\"$defs\":{\"t\":{\"$id\":\"%s\","
		    "\"type\":\"null\"}}}", uris[i].base, uris[i].ref,
		    uris[i].target);
		assert_int_equal(check(schema, "null", NULL), 0);
		assert_int_equal(check(schema, "1", NULL), -1);
	}
}

static void
test_recursive(void **state)
{
	static const char tree[] = "{\"type\":\"object\",\"properties\":"
	    "{\"down\":{\"$ref\":\"#\"}},\"additionalProperties\":false}";
	struct schema_error e;
	struct schema *s;
	json_t *v;
	int i;

	s = build(tree);
	v = json_object();
	for (i = 0; i < 100; i++)
		v = json_pack("{so}", "down", v);
	assert_int_equal(schema_check(s, v, &e), 0);
	for (; i < 1000; i++)
		v = json_pack("{so}", "down", v);
	assert_int_equal(schema_check(s, v, &e), -1);
	assert_string_equal(e.rule, "limit");
	json_decref(v);
	schema_free(s);
}

/* Each would never end, or not soon, without the limits. */
static void
test_endless(void **state)
{
	static const char *const endless[] = {
		"{\"$ref\":\"#\"}",
		"{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}",
		"{\"anyOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}",
		"{\"oneOf\":[true,{\"$ref\":\"#\"}]}",
		"{\"not\":{\"$ref\":\"#\"}}",
		"{\"if\":{\"$ref\":\"#\"},\"else\":true}",
		"{\"$dynamicAnchor\":\"a\",\"$dynamicRef\":\"#a\"}",
		"{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":"
		    "\"#/$defs/b\"},\"b\":{\"$ref\":\"#/$defs/a\"}}}",
	};
	struct schema_error e;
	size_t i;

	for (i = 0; i < COUNT(endless); i++) {
		assert_int_equal(check(endless[i], "[1]", &e), -1);
		assert_string_equal(e.rule, "limit");
		assert_true(strlen(e.message) > 0);
	}
}

/* Two to the power of n subschema checks. */
static void
test_explosion(void **state)
{
	struct schema_error e;
	struct buf b;
	int i;

	buf_init(&b, 0);
	(void)buf_adds(&b, "{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
	for (i = 0; i < 60; i++)
		(void)buf_addf(&b, "\"d%d\":{\"allOf\":[{\"$ref\":"
		    "\"#/$defs/d%d\"},{\"$ref\":\"#/$defs/d%d\"}]},", i,
		    i + 1, i + 1);
	(void)buf_addf(&b, "\"d%d\":true}}", i);
	(void)buf_addc(&b, '\0');
	assert_int_equal(check((char *)b.data, "1", &e), -1);
	assert_string_equal(e.rule, "limit");
	assert_non_null(strstr(e.message, "too much work"));
	buf_free(&b);
}

static void
test_work(void **state)
{
	struct schema_error e;
	struct schema *s;
	json_t *v;
	char *text;
	size_t i, n = 1000000;

	/* A pattern of many states against a long text. */
	text = malloc(n + 1);
	assert_non_null(text);
	memset(text, 'a', n);
	text[n] = '\0';
	v = json_stringn(text, n);
	free(text);
	s = build("{\"pattern\":\"a{50}b\"}");
	assert_int_equal(schema_check(s, v, &e), -1);
	assert_string_equal(e.rule, "limit");
	schema_free(s);
	/* Control: the same text is fine for a pattern that costs little. */
	s = build("{\"pattern\":\"^a*$\",\"maxLength\":1000000}");
	assert_int_equal(schema_check(s, v, &e), 0);
	schema_free(s);
	json_decref(v);

	/* Many different items are unique within the work. */
	v = json_array();
	for (i = 0; i < 100000; i++)
		(void)json_array_append_new(v, json_integer((json_int_t)i));
	s = build("{\"uniqueItems\":true,\"items\":{\"type\":\"integer\"}}");
	assert_int_equal(schema_check(s, v, &e), 0);
	(void)json_array_append_new(v, json_real(4711.0));
	assert_int_equal(schema_check(s, v, &e), -1);
	assert_string_equal(e.message, "items 4711 and 100000 are equal");
	schema_free(s);
	json_decref(v);
}

static void
test_deep_document(void **state)
{
	char err[512], text[3000];
	size_t i, n = 0;

	for (i = 0; i < 200; i++)
		n += (size_t)sprintf(text + n, "{\"not\":");
	n += (size_t)sprintf(text + n, "{}");
	for (i = 0; i < 200; i++)
		text[n++] = '}';
	assert_null(schema_compile(text, n, err, sizeof(err)));
	assert_non_null(strstr(err, "nested too deeply"));
}

static const char tool[] =
    "{\"type\":\"object\",\"required\":[\"name\",\"fields\"],"
    "\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1,"
    "\"maxLength\":64,\"pattern\":\"^[A-Za-z][A-Za-z0-9_]*$\"},"
    "\"packageName\":{\"type\":\"string\"},"
    "\"dryRun\":{\"type\":\"boolean\"},"
    "\"fields\":{\"type\":\"array\",\"minItems\":1,\"items\":{"
    "\"type\":\"object\",\"required\":[\"name\",\"type\"],"
    "\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1},"
    "\"type\":{\"enum\":[\"string\",\"integer\",\"number\",\"boolean\"]},"
    "\"length\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":4000}},"
    "\"additionalProperties\":false}}},"
    "\"unevaluatedProperties\":false}";

/* The way of every call: a valid value takes no memory. */
static void
test_no_alloc(void **state)
{
	struct schema *s = build(tool);
	struct schema_error e;
	unsigned long before;
	json_t *v;
	int rv;

	v = value("{\"name\":\"customers\",\"dryRun\":true,\"fields\":["
	    "{\"name\":\"id\",\"type\":\"integer\"},{\"name\":\"city\","
	    "\"type\":\"string\",\"length\":80}]}");
	assert_true(allocs > 0);
	before = allocs;
	rv = schema_check(s, v, &e);
	assert_int_equal(allocs, before);
	assert_int_equal(rv, 0);
	(void)json_object_set_new(v, "extra", json_true());
	assert_int_equal(schema_check(s, v, &e), -1);
	assert_string_equal(e.pointer, "/extra");
	json_decref(v);
	schema_free(s);
}

/* More members than the pool has marks for. */
static void
test_many_members(void **state)
{
	static const char schema[] = "{\"anyOf\":[{\"anyOf\":[{"
	    "\"patternProperties\":{\"^k[0-9]*$\":{\"type\":\"integer\"}},"
	    "\"prefixItems\":[true],\"contains\":{\"type\":\"integer\"}}],"
	    "\"unevaluatedItems\":false,\"unevaluatedProperties\":false}],"
	    "\"unevaluatedProperties\":false}";
	struct schema *s = build(schema);
	struct schema_error e;
	json_t *o = json_object(), *a = json_array();
	char key[16];
	int i;

	for (i = 0; i < 50000; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		(void)json_object_set_new(o, key, json_integer(i));
		(void)json_array_append_new(a, json_integer(i));
	}
	assert_int_equal(schema_check(s, o, &e), 0);
	assert_int_equal(schema_check(s, a, &e), 0);
	(void)json_object_set_new(o, "other", json_integer(i));
	assert_int_equal(schema_check(s, o, &e), -1);
	(void)json_array_append_new(a, json_null());
	assert_int_equal(schema_check(s, a, &e), -1);
	json_decref(o);
	json_decref(a);
	schema_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_error_untouched),
		cmocka_unit_test(test_error_cut),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_recursive),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_explosion),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_deep_document),
		cmocka_unit_test(test_no_alloc),
		cmocka_unit_test(test_many_members),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
