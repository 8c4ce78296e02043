/* SPDX-License-Identifier: ISC */
/*
 * audit_rec_test.c: batches of toold checked, records made and taken apart.
 */
/* link: authd/audit_rec.o */
#include "t.h"

#include "authd/audit_rec.h"

static uint8_t	batch[4096];
static size_t	batch_len;

static void
event_add(uint64_t num, const char *tool, const char *target,
    const char *detail)
{
	struct audit_event	e;

	memset(&e, 0, sizeof(e));
	e.num = num;
	e.time_ms = 1764000000123LL;
	memset(e.grant, 0x5a, sizeof(e.grant));
	e.dur_us = 42;
	e.event = num != 0 ? AK_CHANGE : AK_TOOL_CALL;
	e.outcome = AO_OK;
	e.tool_len = (uint16_t)strlen(tool);
	e.target_len = (uint16_t)strlen(target);
	e.detail_len = (uint16_t)strlen(detail);
	memcpy(batch + batch_len, &e, sizeof(e));
	batch_len += sizeof(e);
	memcpy(batch + batch_len, tool, e.tool_len);
	batch_len += e.tool_len;
	memcpy(batch + batch_len, target, e.target_len);
	batch_len += e.target_len;
	memcpy(batch + batch_len, detail, e.detail_len);
	batch_len += e.detail_len;
}

static int
setup(void **state)
{
	batch_len = 0;
	event_add(0, "get_table", "orders", "");
	event_add(17, "save_table", "Kunden\xc3\xbc", "2 fields added");
	event_add(0, "list_tables", "", "");
	return (0);
}

static void
good_batch_is_taken_apart(void **state)
{
	struct audit_event	 e;
	const char		*t;
	size_t			 off = 0;

	assert_null(audit_batch_bad(batch, batch_len, 3));
	audit_batch_next(batch, &off, &e, &t);
	assert_int_equal(e.num, 0);
	assert_memory_equal(t, "get_tableorders", 15);
	audit_batch_next(batch, &off, &e, &t);
	assert_int_equal(e.num, 17);
	audit_batch_next(batch, &off, &e, &t);
	assert_int_equal(off, batch_len);
}

static void
cut_is_bad(const uint8_t *p, size_t n, void *arg)
{
	assert_non_null(audit_batch_bad(p, n, 3));
}

/* What passes must be safe to take apart: the sanitizers watch. */
static void
flip_is_safe(const uint8_t *p, size_t n, void *arg)
{
	struct audit_event	 e;
	const char		*t;
	size_t			 off = 0;
	int			 i;

	if (audit_batch_bad(p, n, 3) != NULL) {
		++*(int *)arg;
		return;
	}
	for (i = 0; i < 3; i++)
		audit_batch_next(p, &off, &e, &t);
	assert_int_equal(off, n);
}

static void
spoiled_batches(void **state)
{
	int	refused = 0;

	each_cut(batch, batch_len, cut_is_bad, NULL);
	each_flip(batch, batch_len, flip_is_safe, &refused);
	assert_true(refused > 500);
	assert_non_null(audit_batch_bad(batch, batch_len, 2));
	assert_non_null(audit_batch_bad(batch, batch_len, 4));
	assert_non_null(audit_batch_bad(batch, batch_len, UINT32_MAX));
}

#define SPOIL(member, v) do {						\
	struct audit_event	e;					\
	memcpy(&e, batch, sizeof(e));					\
	e.member = (v);							\
	memcpy(batch, &e, sizeof(e));					\
	assert_non_null(audit_batch_bad(batch, batch_len, 3));		\
	setup(NULL);							\
	assert_null(audit_batch_bad(batch, batch_len, 3));		\
} while (0)

static void
fields_are_checked(void **state)
{
	/* Events that are authd's own to write. */
	SPOIL(event, AK_SIGNIN);
	SPOIL(event, AK_ADMIN);
	SPOIL(event, AK_REVOKE);
	SPOIL(event, AK_VIOLATION);
	SPOIL(event, 0);
	SPOIL(event, AK_MAX);
	SPOIL(outcome, 0);
	SPOIL(outcome, AO_MAX);
	SPOIL(time_ms, 0);
	SPOIL(time_ms, -5);
	SPOIL(zero[0], 1);
	SPOIL(zero[4], 1);
	SPOIL(tool_len, AUDIT_TOOL_MAX + 1);
	SPOIL(target_len, AUDIT_TARGET_MAX + 1);
	SPOIL(detail_len, AUDIT_DETAIL_MAX + 1);
	batch[sizeof(struct audit_event)] = 0xff;
	assert_non_null(audit_batch_bad(batch, batch_len, 3));
	batch[sizeof(struct audit_event)] = '\0';
	assert_non_null(audit_batch_bad(batch, batch_len, 3));
}

/* ---- values ---- */

static struct buf
value_make(void)
{
	struct audit_value	 v;
	struct audit_subject	 s;
	struct audit_event	 e;
	struct buf		 out;
	const char		*t;
	size_t			 off = 0;
	unsigned int		 a, b;

	audit_value_init(&v);
	memset(&s, 0, sizeof(s));
	s.has_grant = 1;
	memset(s.grant, 0x5a, sizeof(s.grant));
	s.user_id = "6f1c5c10-93d6-4c6e-8a52-0f3f1e5f6a01";
	s.user_id_len = 36;
	s.user = "anna";
	s.user_len = 4;
	s.client_id = "c1";
	s.client_len = 2;
	a = audit_value_subject(&v, &s);
	memset(&s, 0, sizeof(s));
	s.worker = 99;
	s.from.family = 4;
	s.from.addr[12] = 10;
	s.from.addr[15] = 7;
	b = audit_value_subject(&v, &s);
	audit_batch_next(batch, &off, &e, &t);
	audit_value_event(&v, a, &e, t);
	audit_batch_next(batch, &off, &e, &t);
	audit_value_event(&v, b, &e, t);
	buf_init(&out, 0);
	audit_value_seal(&v, &out);
	audit_value_free(&v);
	assert_false(out.failed);
	return (out);
}

static void
value_round_trip(void **state)
{
	struct buf		v = value_make();
	struct audit_item	it;
	int64_t			ms;

	assert_int_equal(audit_value_events(v.data, v.len, &ms), 2);
	assert_int_equal(ms, 1764000000123LL);
	assert_int_equal(audit_value_item(v.data, v.len, 100, 0, &it), 0);
	assert_int_equal(it.number, 100);
	assert_int_equal(it.kind, AK_TOOL_CALL);
	assert_string_equal(it.user, "anna");
	assert_string_equal(it.client_id, "c1");
	assert_string_equal(it.tool, "get_table");
	assert_string_equal(it.target, "orders");
	assert_true(it.has_grant);
	assert_int_equal(it.dur_us, 42);
	assert_int_equal(audit_value_item(v.data, v.len, 100, 1, &it), 0);
	assert_int_equal(it.number, 101);
	assert_int_equal(it.outbox, 17);
	assert_int_equal(it.worker, 99);
	assert_string_equal(it.user, "");
	assert_string_equal(it.detail, "2 fields added");
	assert_int_equal(audit_value_item(v.data, v.len, 100, 2, &it), -1);
	buf_free(&v);
}

static void
value_is_safe(const uint8_t *p, size_t n, void *arg)
{
	struct audit_item	it;
	unsigned int		i, have;

	have = audit_value_events(p, n, NULL);
	for (i = 0; i < have && i < 8; i++)
		(void)audit_value_item(p, n, 1, i, &it);
}

static void
damaged_values(void **state)
{
	struct buf	v = value_make();

	each_cut(v.data, v.len, value_is_safe, NULL);
	each_flip(v.data, v.len, value_is_safe, NULL);
	buf_free(&v);
}

/* ---- showing ---- */

static void
lines_keep_their_fields(void **state)
{
	struct buf		v = value_make(), b;
	struct audit_item	it;
	size_t			i, tabs = 0;

	assert_int_equal(audit_value_item(v.data, v.len, 5, 1, &it), 0);
	strcpy(it.detail, "a\tb\nc\x1b[31m");
	strcpy(it.user, "eve\tadmin");
	buf_init(&b, 0);
	audit_line(&it, &b);
	buf_addc(&b, '\0');
	for (i = 0; i < b.len; i++)
		tabs += b.data[i] == '\t';
	assert_int_equal(tabs, 11);
	assert_null(strchr((char *)b.data, '\n'));
	assert_null(strchr((char *)b.data, '\x1b'));
	assert_non_null(strstr((char *)b.data, "\tchange\tok\t"));
	assert_non_null(strstr((char *)b.data, "\t10.0.0.7 worker 99\t"));
	buf_free(&b);
	buf_free(&v);
}

static void
json_is_json(void **state)
{
	struct buf		v = value_make(), b;
	struct audit_item	it;

	assert_int_equal(audit_value_item(v.data, v.len, 5, 0, &it), 0);
	strcpy(it.target, "a\"b\\c\n");
	buf_init(&b, 0);
	audit_json(&it, &b);
	buf_addc(&b, '\0');
	assert_string_equal((char *)b.data,
	    "{\"number\":5,\"time\":\"2025-11-24T16:00:00.123Z\","
	    "\"event\":\"tool-call\",\"outcome\":\"ok\","
	    "\"userId\":\"6f1c5c10-93d6-4c6e-8a52-0f3f1e5f6a01\","
	    "\"user\":\"anna\",\"clientId\":\"c1\","
	    "\"grant\":\"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\","
	    "\"tool\":\"get_table\",\"target\":\"a\\\"b\\\\c\\n\","
	    "\"microseconds\":42}");
	buf_free(&b);
	buf_free(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good_batch_is_taken_apart, setup),
		cmocka_unit_test_setup(spoiled_batches, setup),
		cmocka_unit_test_setup(fields_are_checked, setup),
		cmocka_unit_test_setup(value_round_trip, setup),
		cmocka_unit_test_setup(damaged_values, setup),
		cmocka_unit_test_setup(lines_keep_their_fields, setup),
		cmocka_unit_test_setup(json_is_json, setup),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
